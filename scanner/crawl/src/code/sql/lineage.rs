//! What a query gives: for every output column the source columns it is made of, and what decides over it.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::Protection;
use sqlparser::ast::{
    Distinct, ExcludeSelectItem, Expr, FromTable, GroupByExpr, Ident, NamedWindowExpr, OrderBy, OrderByKind,
    PipeOperator, Query, RenameSelectItem, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    SetOperator, SetQuantifier, Statement, TableObject, Value, WildcardAdditionalOptions, WindowSpec, With,
};

use super::name::{column, last_column, last_part, lower, name_of, output_name, plain};
use super::relation::{Found, Influence, Item, Made, Relation, unite};
use super::{Dialect, Schemas};
use crate::Ref;
use crate::code::flow::Data;

/// Queries inside each other that are followed.
const DEPTH: usize = 60;

/// Selects of one statement that are followed.
const SELECTS: usize = 20_000;

/// Columns of a relation that are followed.
const COLUMNS: usize = 4_000;

/// Tables that scripts before this statement made: temporary ones and those whose columns are known.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// What stands under a temporary name.
    pub(super) temporary: BTreeMap<String, Relation>,
    /// The columns of tables and views that the script made, in order.
    pub(super) made: BTreeMap<String, Vec<String>>,
}

/// The names that an expression can see.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Relations by alias, in the order of `FROM`.
    pub(super) relations: Vec<(String, Relation)>,
    /// Columns that a `USING` made one.
    pub(super) merged: Vec<(String, Made)>,
    /// Parameters of functions inside the expression.
    pub(super) locals: BTreeSet<String>,
    /// Output columns that later expressions may name.
    pub(super) aliases: BTreeMap<String, Made>,
    /// Named windows.
    pub(super) windows: BTreeMap<String, WindowSpec>,
    /// What decides over the rows.
    pub(super) influences: super::relation::Influences,
}

/// Follows queries.
pub(super) struct Lineage<'a> {
    pub(super) schemas: &'a Schemas,
    pub(super) views: &'a BTreeMap<String, Data>,
    pub(super) session: &'a Session,
    pub(super) dialect: Option<Dialect>,
    /// Common table expressions in sight.
    pub(super) ctes: BTreeMap<String, Relation>,
    /// Scopes of the queries around this one, the innermost last.
    pub(super) outer: Vec<Scope>,
    /// Every dataset named anywhere.
    pub(super) touched: BTreeSet<Ref>,
    depth: usize,
    selects: usize,
    /// Whether a bound was reached, so that something is left out.
    pub(super) cut: bool,
}

impl<'a> Lineage<'a> {
    pub(super) fn new(
        schemas: &'a Schemas,
        views: &'a BTreeMap<String, Data>,
        session: &'a Session,
        dialect: Option<Dialect>,
    ) -> Lineage<'a> {
        Lineage {
            schemas,
            views,
            session,
            dialect,
            ctes: BTreeMap::new(),
            outer: Vec::new(),
            touched: BTreeSet::new(),
            depth: 0,
            selects: 0,
            cut: false,
        }
    }

    /// What `query` gives.
    pub(super) fn query(&mut self, query: &Query) -> Relation {
        if self.depth >= DEPTH || self.selects >= SELECTS {
            self.cut = true;
            return Relation::default();
        }
        self.depth += 1;
        let outer = self.ctes.clone();
        if let Some(with) = &query.with {
            self.with(with);
        }
        let mut relation = self.body(&query.body, query.order_by.as_ref());
        for pipe in &query.pipe_operators {
            self.pipe(&mut relation, pipe);
        }
        self.ctes = outer;
        self.depth -= 1;
        self.bound(&mut relation);
        relation
    }

    fn bound(&mut self, relation: &mut Relation) {
        if relation.items.len() > COLUMNS || relation.influences.len() > COLUMNS {
            self.cut = true;
            relation.items.truncate(COLUMNS);
            relation.influences = std::mem::take(&mut relation.influences).into_iter().take(COLUMNS).collect();
        }
    }

    /// Makes the common table expressions of `with` known.
    pub(super) fn with(&mut self, with: &With) {
        for cte in &with.cte_tables {
            let name = lower(&cte.alias.name);
            let columns: Vec<String> = cte.alias.columns.iter().map(|held| column(&held.name)).collect();
            // T-SQL has no word for recursion.
            let may_recur = with.recursive || self.dialect.is_none_or(|dialect| dialect == Dialect::Tsql);
            let relation = match &*cte.query.body {
                SetExpr::SetOperation { op: SetOperator::Union, left, right, set_quantifier }
                    if may_recur && cte.query.with.is_none() && mentions(right, &name) && !mentions(left, &name) =>
                {
                    let mut first = self.body(left, None);
                    first.rename_in_order(columns.iter().map(String::as_str));
                    self.ctes.insert(name.clone(), first.clone());
                    let more = self.body(right, None);
                    first.stack(more, by_name(*set_quantifier));
                    first
                }
                _ => {
                    let mut relation = self.query(&cte.query);
                    relation.rename_in_order(columns.iter().map(String::as_str));
                    relation
                }
            };
            self.ctes.insert(name, relation);
        }
    }

    fn body(&mut self, body: &SetExpr, order: Option<&OrderBy>) -> Relation {
        match body {
            SetExpr::Select(select) => self.select(select, order),
            SetExpr::Query(query) => {
                let mut relation = self.query(query);
                self.order(&mut relation, order, &Scope::default());
                relation
            }
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                self.depth += 1;
                if self.depth >= DEPTH * 30 {
                    self.cut = true;
                    self.depth -= 1;
                    return Relation::default();
                }
                let mut relation = self.body(left, None);
                let more = self.body(right, None);
                self.depth -= 1;
                match op {
                    SetOperator::Union => relation.stack(more, by_name(*set_quantifier)),
                    // The rows of the right side only decide which of the left are there.
                    SetOperator::Except | SetOperator::Intersect | SetOperator::Minus => {
                        unite(&mut relation.influences, more.row().deciding(Influence::Filter));
                        unite(&mut relation.influences, more.influences);
                    }
                }
                self.order(&mut relation, order, &Scope::default());
                relation
            }
            SetExpr::Table(table) => match &table.table_name {
                Some(name) => {
                    let name = match &table.schema_name {
                        Some(schema) => format!("{schema}.{name}"),
                        None => name.clone(),
                    };
                    self.table(&name.to_lowercase())
                }
                None => Relation::default(),
            },
            SetExpr::Values(values) => {
                let mut relation = Relation::default();
                for row in &values.rows {
                    for (at, value) in row.content.iter().enumerate() {
                        let made = self.expression(value, &Scope::default());
                        match relation.items.get_mut(at) {
                            Some(Item::Column { made: held, .. }) => held.unite(made),
                            _ => relation.items.push(Item::Column { name: format!("column{}", at + 1), made }),
                        }
                    }
                }
                relation
            }
            SetExpr::Insert(change) | SetExpr::Update(change) | SetExpr::Delete(change) | SetExpr::Merge(change) => {
                self.returned(change)
            }
        }
    }

    /// What a change of rows gives back (`RETURNING`).
    fn returned(&mut self, change: &Statement) -> Relation {
        let (scope, items) = match change {
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                (self.scope(from), delete.returning.as_ref())
            }
            Statement::Update(update) => (self.scope(std::slice::from_ref(&update.table)), update.returning.as_ref()),
            Statement::Insert(insert) => {
                let TableObject::TableName(name) = &insert.table else { return Relation::default() };
                let name = name_of(name);
                let relation = self.table(&name);
                (Scope { relations: vec![(name, relation)], ..Scope::default() }, insert.returning.as_ref())
            }
            _ => return Relation::default(),
        };
        let (mut scope, mut relation) = (scope, Relation::default());
        for item in items.into_iter().flatten() {
            self.item(item, &mut scope, &mut relation);
        }
        relation
    }

    fn select(&mut self, select: &Select, order: Option<&OrderBy>) -> Relation {
        self.selects += 1;
        if self.selects > SELECTS {
            self.cut = true;
            return Relation::default();
        }
        let mut scope = self.scope(&select.from);
        for view in &select.lateral_views {
            self.lateral_view(view, &mut scope);
        }
        for definition in &select.named_window {
            let spec = match &definition.1 {
                NamedWindowExpr::WindowSpec(spec) => Some(spec.clone()),
                NamedWindowExpr::NamedWindow(name) => scope.windows.get(&lower(name)).cloned(),
            };
            scope.windows.extend(spec.map(|spec| (lower(&definition.0), spec)));
        }
        let mut relation = Relation::default();
        for item in &select.projection {
            self.item(item, &mut scope, &mut relation);
            self.bound(&mut relation);
        }
        if select.flavor == SelectFlavor::FromFirstNoSelect {
            let all = SelectItem::Wildcard(WildcardAdditionalOptions::default());
            self.item(&all, &mut scope, &mut relation);
        }
        relation.hide(&excluded(select.exclude.as_ref()));
        for condition in [&select.selection, &select.prewhere].into_iter().flatten() {
            self.decide(condition, Influence::Filter, &mut scope);
        }
        // Snowflake, MySQL, DuckDB and others let these name output columns.
        for condition in [&select.having, &select.qualify].into_iter().flatten() {
            self.decide(condition, Influence::Filter, &mut scope);
        }
        if let Some(Distinct::On(expressions)) = &select.distinct {
            for expression in expressions {
                self.decide(expression, Influence::GroupBy, &mut scope);
            }
        }
        self.group(&select.group_by, &relation, &mut scope);
        for expression in select.sort_by.iter().map(|order| &order.expr).chain(&select.cluster_by) {
            self.decide(expression, Influence::Sort, &mut scope);
        }
        for connect in &select.connect_by {
            match connect {
                sqlparser::ast::ConnectByKind::ConnectBy { relationships, .. } => {
                    for condition in relationships {
                        self.decide(condition, Influence::Join, &mut scope);
                    }
                }
                sqlparser::ast::ConnectByKind::StartWith { condition, .. } => {
                    self.decide(condition, Influence::Filter, &mut scope);
                }
            }
        }
        self.order(&mut relation, order, &scope);
        unite(&mut relation.influences, scope.influences);
        relation
    }

    /// Lets what `condition` is made of decide over the rows of `scope`.
    pub(super) fn decide(&mut self, condition: &Expr, influence: Influence, scope: &mut Scope) {
        let made = self.expression(condition, scope);
        unite(&mut scope.influences, made.deciding(influence));
    }

    fn group(&mut self, group: &GroupByExpr, relation: &Relation, scope: &mut Scope) {
        let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) = group;
        let mut expressions: Vec<&Expr> = Vec::new();
        if let GroupByExpr::Expressions(list, _) = group {
            expressions.extend(list);
        }
        for modifier in modifiers {
            if let sqlparser::ast::GroupByWithModifier::GroupingSets(sets) = modifier {
                expressions.push(sets);
            }
        }
        if matches!(group, GroupByExpr::All(_)) {
            // Every output column that is no aggregate.
            for item in &relation.items {
                let Item::Column { made, .. } = item else { continue };
                let grouped = made.direct.values().all(|how| how.transform < super::relation::Transform::Aggregation);
                if grouped {
                    unite(&mut scope.influences, made.clone().deciding(Influence::GroupBy));
                }
            }
        }
        for expression in expressions {
            match ordinal(expression, relation) {
                Some(made) => unite(&mut scope.influences, made.deciding(Influence::GroupBy)),
                None => self.decide(expression, Influence::GroupBy, scope),
            }
        }
    }

    /// Lets what `order` names decide over the order of the rows: an output column first, then what `scope` has.
    fn order(&mut self, relation: &mut Relation, order: Option<&OrderBy>, scope: &Scope) {
        let Some(OrderBy { kind: OrderByKind::Expressions(expressions), .. }) = order else {
            if order.is_some() {
                let row = relation.row();
                unite(&mut relation.influences, row.deciding(Influence::Sort));
            }
            return;
        };
        for expression in expressions {
            let output = match &expression.expr {
                Expr::Identifier(ident) => match relation.find(&column(ident)) {
                    Some(Found::Listed(made)) => Some(made),
                    _ => None,
                },
                _ => None,
            };
            let made = ordinal(&expression.expr, relation).or(output);
            let made = made.unwrap_or_else(|| self.expression(&expression.expr, scope));
            unite(&mut relation.influences, made.deciding(Influence::Sort));
        }
    }

    pub(super) fn item(&mut self, item: &SelectItem, scope: &mut Scope, relation: &mut Relation) {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let made = self.expression(expr, scope);
                relation.items.push(Item::Column { name: output_name(expr), made });
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let made = self.expression(expr, scope);
                scope.aliases.insert(column(alias), made.clone());
                relation.items.push(Item::Column { name: column(alias), made });
            }
            SelectItem::ExprWithAliases { expr, aliases } => {
                let made = self.expression(expr, scope);
                for alias in aliases {
                    relation.items.push(Item::Column { name: column(alias), made: made.clone() });
                }
            }
            SelectItem::Wildcard(options) => {
                let mut items: Vec<Item> = scope
                    .merged
                    .iter()
                    .map(|(name, made)| Item::Column { name: name.clone(), made: made.clone() })
                    .collect();
                let merged: Vec<String> = scope.merged.iter().map(|(name, _)| name.clone()).collect();
                for (_, held) in &scope.relations {
                    let mut held = held.clone();
                    held.hide(&merged);
                    items.extend(held.items);
                }
                self.star(items, options, scope, relation);
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                let name = name_of(name);
                let items = match scope.relation(&name) {
                    Some(held) => held.items.clone(),
                    // `struct_column.*`
                    None => {
                        let made = self.column(None, last_part(&name), scope);
                        vec![Item::Any(made.done(super::relation::Transform::Transformation, Protection::None))]
                    }
                };
                self.star(items, options, scope, relation);
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), options) => {
                let made = self.expression(expr, scope);
                self.star(vec![Item::Any(made)], options, scope, relation);
            }
        }
    }

    /// Adds `items` to the outputs, after `EXCLUDE`, `EXCEPT`, `REPLACE`, `RENAME` and `ILIKE`.
    fn star(&mut self, items: Vec<Item>, options: &WildcardAdditionalOptions, scope: &Scope, relation: &mut Relation) {
        let mut starred = Relation { items, influences: BTreeMap::new() };
        let mut gone = excluded(options.opt_exclude.as_ref());
        if let Some(except) = &options.opt_except {
            gone.push(column(&except.first_element));
            gone.extend(except.additional_elements.iter().map(column));
        }
        starred.hide(&gone);
        if let Some(ilike) = &options.opt_ilike {
            let pattern = ilike.pattern.to_lowercase();
            starred.items.retain(|item| match item {
                Item::Column { name, .. } => like(&pattern, name),
                Item::Rest { .. } | Item::Any(_) => true,
            });
        }
        for item in options.opt_replace.iter().flat_map(|replace| &replace.items) {
            let (name, made) = (starred.held(&column(&item.column_name)), self.expression(&item.expr, scope));
            let held = starred.items.iter_mut().find_map(|held| match held {
                Item::Column { name: held, made } if *held == name => Some(made),
                _ => None,
            });
            match held {
                Some(held) => *held = made,
                None => {
                    starred.hide(std::slice::from_ref(&name));
                    starred.items.push(Item::Column { name, made });
                }
            }
        }
        let pairs: Vec<(String, String)> = match &options.opt_rename {
            Some(RenameSelectItem::Single(pair)) => vec![(column(&pair.ident), column(&pair.alias))],
            Some(RenameSelectItem::Multiple(pairs)) => {
                pairs.iter().map(|pair| (column(&pair.ident), column(&pair.alias))).collect()
            }
            None => Vec::new(),
        };
        for (old, new) in pairs {
            rename(&mut starred, &old, &new);
        }
        relation.items.extend(starred.items);
    }

    /// One step of a query in pipe syntax (BigQuery, Databricks).
    fn pipe(&mut self, relation: &mut Relation, pipe: &PipeOperator) {
        let mut scope = Scope::default();
        scope.relations.push((String::new(), std::mem::take(relation)));
        if let Some((_, held)) = scope.relations.first_mut() {
            scope.influences = std::mem::take(&mut held.influences);
        }
        match pipe {
            PipeOperator::Select { exprs } => {
                for item in exprs {
                    self.item(item, &mut scope, relation);
                }
            }
            PipeOperator::Extend { exprs } => {
                relation.items.extend(scope.relations.iter().flat_map(|(_, held)| held.items.clone()));
                for item in exprs {
                    self.item(item, &mut scope, relation);
                }
            }
            PipeOperator::Aggregate { full_table_exprs, group_by_expr } => {
                for (expr, grouped) in group_by_expr
                    .iter()
                    .map(|expr| (&expr.expr, true))
                    .chain(full_table_exprs.iter().map(|expr| (&expr.expr, false)))
                {
                    let made = self.expression(&expr.expr, &scope);
                    if grouped {
                        unite(&mut scope.influences, made.clone().deciding(Influence::GroupBy));
                    }
                    let name = expr.alias.as_ref().map_or_else(|| output_name(&expr.expr), lower);
                    relation.items.push(Item::Column { name, made });
                }
            }
            other => {
                relation.items.extend(scope.relations.iter().flat_map(|(_, held)| held.items.clone()));
                match other {
                    PipeOperator::Where { expr } => self.decide(expr, Influence::Filter, &mut scope),
                    PipeOperator::OrderBy { exprs } => {
                        for order in exprs {
                            self.decide(&order.expr, Influence::Sort, &mut scope);
                        }
                    }
                    PipeOperator::Drop { columns } => {
                        relation.hide(&columns.iter().map(lower).collect::<Vec<_>>());
                    }
                    PipeOperator::Set { assignments } => {
                        for assignment in assignments {
                            let made = self.expression(&assignment.value, &scope);
                            if let sqlparser::ast::AssignmentTarget::ColumnName(name) = &assignment.target {
                                let name = last_column(name);
                                relation.hide(std::slice::from_ref(&name));
                                relation.items.push(Item::Column { name, made });
                            }
                        }
                    }
                    PipeOperator::Rename { mappings } => {
                        for mapping in mappings {
                            rename(relation, &column(&mapping.ident), &column(&mapping.alias));
                        }
                    }
                    PipeOperator::Join(join) => {
                        self.join(join, &mut scope);
                        relation.items = scope.relations.iter().flat_map(|(_, held)| held.items.clone()).collect();
                    }
                    PipeOperator::Union { queries, .. } => {
                        for query in queries {
                            let more = self.query(query);
                            relation.stack(more, false);
                        }
                    }
                    _ => {}
                }
            }
        }
        unite(&mut relation.influences, scope.influences);
    }
}

fn rename(relation: &mut Relation, old: &str, new: &str) {
    let mut added = Vec::new();
    let old = &relation.held(old);
    for item in &mut relation.items {
        match item {
            Item::Column { name, .. } if name == old => new.clone_into(name),
            Item::Rest { source, hidden, least } if !hidden.contains(old) => {
                hidden.insert(old.to_owned());
                let made = Made::column((source.clone(), plain(old)));
                let made = made.done(super::relation::Transform::Identity, *least);
                added.push(Item::Column { name: new.to_owned(), made });
            }
            Item::Column { .. } | Item::Rest { .. } | Item::Any(_) => {}
        }
    }
    relation.items.extend(added);
}

/// The names that an `EXCLUDE` takes away.
fn excluded(exclude: Option<&ExcludeSelectItem>) -> Vec<String> {
    match exclude {
        Some(ExcludeSelectItem::Single(name)) => vec![last_column(name)],
        Some(ExcludeSelectItem::Multiple(names)) => names.iter().map(last_column).collect(),
        None => Vec::new(),
    }
}

/// The output column that a bare number names.
fn ordinal(expression: &Expr, relation: &Relation) -> Option<Made> {
    let Expr::Value(value) = expression else { return None };
    let Value::Number(number, _) = &value.value else { return None };
    let at = number.to_string().parse::<usize>().ok()?.checked_sub(1)?;
    match relation.items.get(at) {
        Some(Item::Column { made, .. }) => Some(made.clone()),
        _ => Some(Made::default()),
    }
}

fn by_name(quantifier: SetQuantifier) -> bool {
    matches!(quantifier, SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName)
}

/// Whether `body` names the table `name` anywhere.
fn mentions(body: &SetExpr, name: &str) -> bool {
    sqlparser::ast::visit_relations(body, |relation| {
        let found = relation.0.len() == 1 && name_of(relation) == name;
        if found { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    })
    .is_break()
}

/// `name` by a pattern of `LIKE`.
fn like(pattern: &str, name: &str) -> bool {
    match pattern.split_once('%') {
        None => pattern.len() == name.len() && pattern.bytes().zip(name.bytes()).all(|(p, n)| p == b'_' || p == n),
        Some((head, rest)) => {
            let Some(tail) = name.get(head.len()..) else { return false };
            let fits = head.bytes().zip(name.bytes()).all(|(p, n)| p == b'_' || p == n);
            let rest = rest.trim_start_matches('%');
            fits && (rest.is_empty()
                || tail.char_indices().any(|(at, _)| tail.get(at..).is_some_and(|t| like(rest, t))))
        }
    }
}

impl Scope {
    /// The relation of that alias or table name.
    pub(super) fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations
            .iter()
            .find(|(alias, _)| alias == name)
            .or_else(|| self.relations.iter().find(|(alias, _)| last_part(alias) == name || last_part(name) == alias))
            .map(|(_, relation)| relation)
    }

    /// Everything that the relations hold, as one value.
    pub(super) fn row(&self) -> Made {
        let mut made = Made::default();
        for (_, relation) in &self.relations {
            made.unite(relation.row());
        }
        made
    }
}

/// Identifiers in lower case.
pub(super) fn lowered(idents: &[Ident]) -> Vec<String> {
    idents.iter().map(lower).collect()
}
