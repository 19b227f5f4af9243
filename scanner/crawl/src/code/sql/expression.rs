//! What an expression is made of.

use aedile_model::Protection;
use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, JsonPathElem, OrderByExpr, Query, Subscript, Value, WindowSpec, WindowType,
};

use super::Dialect;
use super::function;
use super::lineage::{Lineage, Scope};
use super::name::{column, is_apart, last_part, lower, name_of, plain, same_letters};
use super::relation::{Found, Influence, Item, Made, Relation, STAR, Transform, unite};

impl Lineage<'_> {
    /// What `expr` is made of.
    pub(super) fn expression(&mut self, expr: &Expr, scope: &Scope) -> Made {
        match expr {
            Expr::Identifier(ident) => self.column(ident.quote_style, &column(ident), scope),
            Expr::CompoundIdentifier(parts) => {
                let parts: Vec<String> = parts.iter().map(column).collect();
                self.qualified(&parts, scope)
            }
            Expr::Nested(inner) | Expr::OuterJoin(inner) | Expr::Prior(inner) => self.expression(inner, scope),
            Expr::Named { expr, .. } => self.expression(expr, scope),
            Expr::Cast { expr, .. }
            | Expr::Collate { expr, .. }
            | Expr::Convert { expr, .. }
            | Expr::UnaryOp { expr, .. }
            | Expr::Prefixed { value: expr, .. }
            | Expr::AtTimeZone { timestamp: expr, .. } => self.changed(expr, scope),
            Expr::JsonAccess { value, path } => {
                let mut made = self.changed(value, scope);
                for element in &path.path {
                    if let JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } = element {
                        made.decided_by(self.expression(key, scope), Influence::Conditional);
                    }
                }
                made
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                let mut made = self.changed(root, scope);
                for access in access_chain {
                    if let AccessExpr::Subscript(Subscript::Index { index }) = access {
                        made.decided_by(self.expression(index, scope), Influence::Conditional);
                    }
                }
                made
            }
            Expr::Trim { expr, .. } => {
                self.expression(expr, scope).done(Transform::Transformation, Protection::Formatted)
            }
            Expr::Substring { expr, .. }
            | Expr::Extract { expr, .. }
            | Expr::Overlay { expr, .. }
            | Expr::Floor { expr, .. }
            | Expr::Ceil { expr, .. } => {
                self.expression(expr, scope).done(Transform::Transformation, Protection::Truncated)
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, scope),
            Expr::Case { operand, conditions, else_result, .. } => {
                let mut made = Made::default();
                if let Some(operand) = operand {
                    made.decided_by(self.expression(operand, scope), Influence::Conditional);
                }
                for when in conditions {
                    made.decided_by(self.expression(&when.condition, scope), Influence::Conditional);
                    made.unite(self.expression(&when.result, scope));
                }
                if let Some(otherwise) = else_result {
                    made.unite(self.expression(otherwise, scope));
                }
                made.done(Transform::Transformation, Protection::None)
            }
            Expr::Function(function) => self.function(function, scope),
            Expr::Subquery(query) => self.scalar(query, scope),
            Expr::Exists { subquery, .. } => {
                let relation = self.inner(subquery, scope);
                let mut made = Made::default();
                for ((source, _), protection) in relation.influences {
                    unite(&mut made.indirect, [((source, Influence::Conditional), protection)].into());
                }
                made
            }
            Expr::InSubquery { expr, subquery, .. } => {
                let mut made = Made::default();
                made.decided_by(self.expression(expr, scope), Influence::Conditional);
                made.decided_by(self.scalar(subquery, scope), Influence::Conditional);
                made
            }
            Expr::Value(value) => match &value.value {
                // Columns of staged files in Snowflake.
                Value::Placeholder(name) if name.get(1..).is_some_and(|n| n.parse::<u16>().is_ok()) => {
                    self.column(None, name, scope)
                }
                _ => Made::default(),
            },
            Expr::TypedString(_) | Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => Made::default(),
            Expr::Lambda(lambda) => {
                let mut inner = scope.clone();
                let params = match &lambda.params {
                    sqlparser::ast::OneOrManyWithParens::One(one) => vec![lower(&one.name)],
                    sqlparser::ast::OneOrManyWithParens::Many(many) => many.iter().map(|p| lower(&p.name)).collect(),
                };
                inner.locals.extend(params);
                self.expression(&lambda.body, &inner)
            }
            // What gives a truth value: the columns decide which.
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::IsJson { .. }
            | Expr::IsNormalized { .. }
            | Expr::InList { .. }
            | Expr::InUnnest { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::SimilarTo { .. }
            | Expr::RLike { .. }
            | Expr::AnyOp { .. }
            | Expr::AllOp { .. }
            | Expr::MemberOf(_) => {
                let mut made = Made::default();
                for part in parts_of(expr) {
                    made.decided_by(self.expression(part, scope), Influence::Conditional);
                }
                made
            }
            Expr::MatchAgainst { columns, .. } => {
                let mut made = Made::default();
                for column in columns {
                    let parts: Vec<String> = name_of(column).split('.').map(str::to_owned).collect();
                    made.decided_by(self.qualified(&parts, scope), Influence::Conditional);
                }
                made
            }
            Expr::Tuple(_)
            | Expr::Array(_)
            | Expr::Struct { .. }
            | Expr::Dictionary(_)
            | Expr::Map(_)
            | Expr::Interval(_)
            | Expr::Position { .. }
            | Expr::GroupingSets(_)
            | Expr::Cube(_)
            | Expr::Rollup(_) => {
                let mut made = Made::default();
                for part in parts_of(expr) {
                    made.unite(self.expression(part, scope));
                }
                made.done(Transform::Transformation, Protection::None)
            }
        }
    }

    fn changed(&mut self, expr: &Expr, scope: &Scope) -> Made {
        self.expression(expr, scope).done(Transform::Transformation, Protection::None)
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, scope: &Scope) -> Made {
        use BinaryOperator as Op;
        let (left, right) = (self.expression(left, scope), self.expression(right, scope));
        let mut made = Made::default();
        let is_test = matches!(
            op,
            Op::Eq
                | Op::NotEq
                | Op::Lt
                | Op::LtEq
                | Op::Gt
                | Op::GtEq
                | Op::Spaceship
                | Op::And
                | Op::Or
                | Op::Xor
                | Op::Match
                | Op::Regexp
                | Op::PGRegexMatch
                | Op::PGRegexIMatch
                | Op::PGRegexNotMatch
                | Op::PGRegexNotIMatch
                | Op::PGLikeMatch
                | Op::PGILikeMatch
                | Op::PGNotLikeMatch
                | Op::PGNotILikeMatch
                | Op::PGOverlap
                | Op::PGStartsWith
                | Op::AtArrow
                | Op::ArrowAt
                | Op::AtQuestion
                | Op::AtAt
                | Op::Question
                | Op::QuestionAnd
                | Op::QuestionPipe
                | Op::Overlaps
        );
        if is_test {
            made.decided_by(left, Influence::Conditional);
            made.decided_by(right, Influence::Conditional);
            return made;
        }
        made.unite(left);
        made.unite(right);
        made.done(Transform::Transformation, Protection::None)
    }

    /// What a subquery gives, with the columns around it in sight.
    fn inner(&mut self, query: &Query, scope: &Scope) -> Relation {
        self.outer.push(scope.clone());
        let relation = self.query(query);
        self.outer.pop();
        relation
    }

    /// A subquery as one value; what decides over its rows decides which value it is.
    fn scalar(&mut self, query: &Query, scope: &Scope) -> Made {
        let relation = self.inner(query, scope);
        let mut made = relation.row();
        for ((source, _), protection) in relation.influences {
            unite(&mut made.indirect, [((source, Influence::Conditional), protection)].into());
        }
        made
    }

    /// The columns of a subquery, each as one value.
    pub(super) fn each(&mut self, query: &Query, scope: &Scope) -> Vec<Made> {
        let relation = self.inner(query, scope);
        let decided = relation.influences;
        let columns = relation.items.into_iter().map(|item| match item {
            Item::Column { made, .. } | Item::Any(made) => made,
            Item::Rest { source, .. } => Made::column((source, STAR.to_owned())),
        });
        columns
            .map(|mut made| {
                for ((source, _), protection) in &decided {
                    unite(&mut made.indirect, [((source.clone(), Influence::Conditional), *protection)].into());
                }
                made
            })
            .collect()
    }

    /// `a.b.c`: a column of a relation, a field of a column, or a field of a field.
    fn qualified(&mut self, parts: &[String], scope: &Scope) -> Made {
        let found = |scope: &Scope| -> Option<Made> {
            for end in (1..parts.len()).rev() {
                let qualifier: Vec<String> =
                    parts.get(..end).unwrap_or_default().iter().map(|part| plain(part)).collect();
                let qualifier = qualifier.join(".");
                let Some(relation) = scope.relation(&qualifier) else { continue };
                let column = parts.get(end)?;
                return match relation.find(column)? {
                    Found::Listed(made) | Found::Perhaps(made) | Found::Field(made) => {
                        let deeper = parts.len() > end + 1;
                        Some(if deeper { made.done(Transform::Transformation, Protection::None) } else { made })
                    }
                };
            }
            None
        };
        if let Some(made) = found(scope).or_else(|| self.outer.iter().rev().find_map(found)) {
            return made;
        }
        match parts.first() {
            Some(first) => {
                let made = self.column(None, first, scope);
                made.done(Transform::Transformation, Protection::None)
            }
            None => Made::default(),
        }
    }

    /// The column `name` without a qualifier: of the relation that lists it, or of all that may have it.
    pub(super) fn column(&mut self, quote: Option<char>, name: &str, scope: &Scope) -> Made {
        let name = if is_apart(name) { name.to_owned() } else { name.to_lowercase() };
        if scope.locals.contains(&name) || (quote.is_none() && name.starts_with('@')) {
            return Made::default();
        }
        if let Some(made) = listed(&name, scope) {
            return made;
        }
        if let Some(made) = self.alias(&name, scope) {
            return made;
        }
        let mut perhaps = Made::default();
        let mut field = Made::default();
        for (_, relation) in &scope.relations {
            match relation.find(&name) {
                Some(Found::Perhaps(made)) => perhaps.unite(made),
                Some(Found::Field(made)) => field.unite(made),
                Some(Found::Listed(_)) | None => {}
            }
        }
        // The alias of a relation is its row.
        if let Some((_, relation)) = scope.relations.iter().find(|(alias, _)| *alias == plain(&name)) {
            return relation.row().done(Transform::Transformation, Protection::None);
        }
        if quote.is_none() && function::is_niladic(&name) {
            return Made::default();
        }
        if !perhaps.is_empty() {
            return perhaps;
        }
        let around = self.outer.iter().rev().find_map(|outer| {
            listed(&name, outer).or_else(|| {
                outer.relations.iter().find_map(|(_, relation)| match relation.find(&name) {
                    Some(Found::Perhaps(made)) => Some(made),
                    _ => None,
                })
            })
        });
        around.or_else(|| aliased(&name, scope).cloned()).unwrap_or(field)
    }

    /// An output column of the same select that its own later columns may name. Where the tables are not known, a name
    /// that its own expression reads is a column of theirs.
    fn alias(&self, name: &str, scope: &Scope) -> Option<Made> {
        let lateral = !matches!(
            self.dialect,
            Some(Dialect::Ansi | Dialect::Postgres | Dialect::Mysql | Dialect::Tsql | Dialect::BigQuery)
        );
        let made = aliased(name, scope).filter(|_| lateral)?;
        let reads_itself = made.direct.keys().chain(made.indirect.keys().map(|(source, _)| source));
        let reads_itself = reads_itself.into_iter().any(|(_, column)| column == name);
        (!reads_itself).then(|| made.clone())
    }

    fn function(&mut self, function: &Function, scope: &Scope) -> Made {
        let full = name_of(&function.name);
        let name = last_part(&full);
        let counts = matches!(name, "count" | "count_big" | "approx_count_distinct");
        let mut arguments = Vec::new();
        let mut made = Made::default();
        match &function.args {
            FunctionArguments::List(list) => {
                for argument in &list.args {
                    let (FunctionArg::Named { arg, .. }
                    | FunctionArg::ExprNamed { arg, .. }
                    | FunctionArg::Unnamed(arg)) = argument;
                    arguments.push(match arg {
                        FunctionArgExpr::Expr(Expr::Identifier(ident))
                            if ident.quote_style.is_none()
                                && function::takes_units(name)
                                && function::is_unit(&lower(ident))
                                && listed(&lower(ident), scope).is_none() =>
                        {
                            Made::default()
                        }
                        FunctionArgExpr::Expr(expr) => self.expression(expr, scope),
                        FunctionArgExpr::QualifiedWildcard(_)
                        | FunctionArgExpr::Wildcard
                        | FunctionArgExpr::WildcardWithOptions(_)
                            if counts =>
                        {
                            Made::default()
                        }
                        FunctionArgExpr::QualifiedWildcard(name) => {
                            scope.relation(&name_of(name)).map(Relation::row).unwrap_or_default()
                        }
                        FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_) => scope.row(),
                    });
                }
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(orders) => self.ordered(&mut made, orders, scope),
                        FunctionArgumentClause::Where(condition) => {
                            made.decided_by(self.expression(condition, scope), Influence::Conditional);
                        }
                        FunctionArgumentClause::Having(bound) => {
                            made.decided_by(self.expression(&bound.1, scope), Influence::Conditional);
                        }
                        _ => {}
                    }
                }
            }
            FunctionArguments::Subquery(query) => arguments.push(self.scalar(query, scope)),
            FunctionArguments::None => {}
        }
        let deciding = function::deciding(name, arguments.len());
        for (at, argument) in arguments.into_iter().enumerate() {
            if deciding.contains(&at) {
                made.decided_by(argument, Influence::Conditional);
            } else {
                made.unite(argument);
            }
        }
        if let FunctionArguments::List(list) = &function.parameters {
            for argument in &list.args {
                if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument {
                    made.unite(self.expression(expr, scope));
                }
            }
        }
        if function::orders_its_value(name) {
            for order in &function.within_group {
                made.unite(self.expression(&order.expr, scope));
            }
        } else {
            self.ordered(&mut made, &function.within_group, scope);
        }
        if let Some(condition) = &function.filter {
            made.decided_by(self.expression(condition, scope), Influence::Conditional);
        }
        let transform = if function::is_aggregate(name) { Transform::Aggregation } else { Transform::Transformation };
        let rung = self.schemas.function(name).unwrap_or_default();
        let mut made = made.done(transform, rung);
        match &function.over {
            Some(WindowType::WindowSpec(spec)) => self.window(&mut made, spec, scope),
            Some(WindowType::NamedWindow(name)) => {
                if let Some(spec) = scope.windows.get(&lower(name)).cloned() {
                    self.window(&mut made, &spec, scope);
                }
            }
            None => {}
        }
        made
    }

    fn ordered(&mut self, made: &mut Made, orders: &[OrderByExpr], scope: &Scope) {
        for order in orders {
            made.decided_by(self.expression(&order.expr, scope), Influence::Sort);
        }
    }

    fn window(&mut self, made: &mut Made, spec: &WindowSpec, scope: &Scope) {
        if let Some(base) = spec.window_name.as_ref().and_then(|name| scope.windows.get(&lower(name))).cloned() {
            // A window that refers to itself is no window.
            if base.window_name.is_none() {
                self.window(made, &base, scope);
            }
        }
        for expr in spec.partition_by.iter().chain(spec.order_by.iter().map(|order| &order.expr)) {
            made.decided_by(self.expression(expr, scope), Influence::Window);
        }
    }

    /// Everything that the relations of `scope` hold, as one relation.
    pub(super) fn all_of(scope: &Scope) -> Relation {
        let items = scope.relations.iter().flat_map(|(_, relation)| relation.items.clone()).collect();
        Relation { items, influences: scope.influences.clone() }
    }
}

/// What the output column `name` of the same select is made of; by its letters alone where no other has them.
fn aliased<'s>(name: &str, scope: &'s Scope) -> Option<&'s Made> {
    let by_letters = || scope.aliases.iter().find(|(held, _)| same_letters(held, name)).map(|(_, made)| made);
    scope.aliases.get(name).or_else(by_letters)
}

/// The column `name` where a relation of `scope` lists it.
fn listed(name: &str, scope: &Scope) -> Option<Made> {
    if let Some((_, made)) = scope.merged.iter().find(|(held, _)| held == name) {
        return Some(made.clone());
    }
    let mut all: Option<Made> = None;
    for (_, relation) in &scope.relations {
        if let Some(Found::Listed(made)) = relation.find(name) {
            all.get_or_insert_with(Made::default).unite(made);
        }
    }
    all
}

/// The expressions right below `expr`.
fn parts_of(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::IsNull(a)
        | Expr::IsNotNull(a)
        | Expr::IsTrue(a)
        | Expr::IsNotTrue(a)
        | Expr::IsFalse(a)
        | Expr::IsNotFalse(a)
        | Expr::IsUnknown(a)
        | Expr::IsNotUnknown(a)
        | Expr::IsJson { expr: a, .. }
        | Expr::IsNormalized { expr: a, .. } => vec![a],
        Expr::IsDistinctFrom(a, b)
        | Expr::IsNotDistinctFrom(a, b)
        | Expr::InUnnest { expr: a, array_expr: b, .. }
        | Expr::Like { expr: a, pattern: b, .. }
        | Expr::ILike { expr: a, pattern: b, .. }
        | Expr::SimilarTo { expr: a, pattern: b, .. }
        | Expr::RLike { expr: a, pattern: b, .. }
        | Expr::AnyOp { left: a, right: b, .. }
        | Expr::AllOp { left: a, right: b, .. }
        | Expr::Position { expr: a, r#in: b } => vec![a, b],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::InList { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
        Expr::MemberOf(member) => vec![&member.value, &member.array],
        Expr::Tuple(all) | Expr::Struct { values: all, .. } => all.iter().collect(),
        Expr::Array(array) => array.elem.iter().collect(),
        Expr::Dictionary(entries) => entries.iter().map(|entry| &*entry.value).collect(),
        Expr::Map(map) => map.entries.iter().map(|entry| &*entry.value).collect(),
        Expr::Interval(interval) => vec![&interval.value],
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => sets.iter().flatten().collect(),
        _ => Vec::new(),
    }
}
