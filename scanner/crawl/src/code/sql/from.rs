//! The relations of a `FROM`: tables, files, subqueries, joins, unfolded values, pivots.

use std::collections::BTreeSet;

use aedile_model::{AssetKind, Protection};
use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Join, JoinConstraint, JoinOperator, LateralView, PivotValueSource, TableAlias,
    TableFactor, TableWithJoins,
};

use super::lineage::{Lineage, Scope, lowered};
use super::name::{column, last_column, last_part, lower, name_of, output_name};
use super::relation::{Found, Influence, Item, Made, Relation, Transform, unite};
use crate::Ref;
use crate::code::output::{dataset_name, table_name};

impl Lineage<'_> {
    /// The names that a `FROM` brings.
    pub(super) fn scope(&mut self, from: &[TableWithJoins]) -> Scope {
        let mut scope = Scope::default();
        for table in from {
            self.add(&table.relation, &mut scope);
            for join in &table.joins {
                self.join(join, &mut scope);
            }
        }
        scope
    }

    /// Adds a joined relation to `scope`.
    pub(super) fn join(&mut self, join: &Join, scope: &mut Scope) {
        use JoinOperator as Op;
        let before = scope.relations.len();
        self.add(&join.relation, scope);
        let constraint = match &join.join_operator {
            Op::Join(constraint)
            | Op::Inner(constraint)
            | Op::Left(constraint)
            | Op::LeftOuter(constraint)
            | Op::Right(constraint)
            | Op::RightOuter(constraint)
            | Op::FullOuter(constraint)
            | Op::CrossJoin(constraint)
            | Op::Semi(constraint)
            | Op::LeftSemi(constraint)
            | Op::RightSemi(constraint)
            | Op::Anti(constraint)
            | Op::LeftAnti(constraint)
            | Op::RightAnti(constraint)
            | Op::StraightJoin(constraint) => Some(constraint),
            Op::AsOf { match_condition, constraint } => {
                self.decide(match_condition, Influence::Join, scope);
                Some(constraint)
            }
            Op::CrossApply | Op::OuterApply | Op::ArrayJoin | Op::LeftArrayJoin | Op::InnerArrayJoin => None,
        };
        match constraint {
            Some(JoinConstraint::On(condition)) => self.decide(condition, Influence::Join, scope),
            Some(JoinConstraint::Using(names)) => {
                let names: Vec<String> = names.iter().map(last_column).collect();
                merge(&join.join_operator, &names, before, scope);
            }
            Some(JoinConstraint::Natural) => {
                let listed = |relations: &[(String, Relation)]| -> BTreeSet<String> {
                    relations.iter().filter_map(|(_, relation)| relation.names()).flatten().collect()
                };
                let (left, right) = scope.relations.split_at(before);
                let names: Vec<String> = listed(left).intersection(&listed(right)).cloned().collect();
                merge(&join.join_operator, &names, before, scope);
            }
            Some(JoinConstraint::None) | None => {}
        }
        // Of these only one side is in the result.
        match &join.join_operator {
            Op::Semi(_) | Op::LeftSemi(_) | Op::Anti(_) | Op::LeftAnti(_) => {
                scope.relations.truncate(before);
                scope.merged.clear();
            }
            Op::RightSemi(_) | Op::RightAnti(_) => {
                scope.relations.drain(..before.min(scope.relations.len()));
                scope.merged.clear();
            }
            _ => {}
        }
    }

    /// Adds one relation to `scope`.
    pub(super) fn add(&mut self, factor: &TableFactor, scope: &mut Scope) {
        let (relation, name) = match factor {
            TableFactor::Table { name, args, .. } => {
                let full = name_of(name);
                // T-SQL's hints in brackets look like arguments.
                let hints = args.as_ref().is_some_and(|args| {
                    !args.args.is_empty()
                        && args.args.iter().all(|arg| {
                            matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(ident)))
                                if matches!(lower(ident).as_str(), "nolock" | "holdlock" | "updlock" | "readpast"))
                        })
                });
                let relation = match args {
                    Some(args) if !hints => self.table_function(&full, &args.args, scope),
                    _ => match self.unfolded(&full, scope) {
                        Some(relation) => relation,
                        None => self.table(&full),
                    },
                };
                (relation, full)
            }
            TableFactor::Derived { subquery, .. } => {
                self.outer.push(scope.clone());
                let relation = self.query(subquery);
                self.outer.pop();
                (relation, String::new())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let mut inner = Scope::default();
                self.add(&table_with_joins.relation, &mut inner);
                for join in &table_with_joins.joins {
                    self.join(join, &mut inner);
                }
                unite(&mut scope.influences, inner.influences);
                if alias.is_none() {
                    scope.relations.extend(inner.relations);
                    scope.merged.extend(inner.merged);
                    return;
                }
                let items = inner.relations.into_iter().flat_map(|(_, relation)| relation.items).collect();
                (Relation { items, ..Relation::default() }, String::new())
            }
            TableFactor::UNNEST { array_exprs, .. } => {
                let mut made = Made::default();
                for array in array_exprs {
                    made.unite(self.expression(array, scope));
                }
                (fields(made), String::new())
            }
            TableFactor::Function { name, args, .. } => {
                let full = name_of(name);
                (self.table_function(&full, args, scope), full)
            }
            TableFactor::TableFunction { expr, .. } => match expr {
                Expr::Function(function) => {
                    let args = match &function.args {
                        sqlparser::ast::FunctionArguments::List(list) => list.args.as_slice(),
                        _ => &[],
                    };
                    (self.table_function(&name_of(&function.name), args, scope), String::new())
                }
                other => (fields(self.expression(other, scope)), String::new()),
            },
            TableFactor::JsonTable { json_expr: expr, .. }
            | TableFactor::OpenJsonTable { json_expr: expr, .. }
            | TableFactor::UnpivotExpr { expression: expr, .. } => {
                (fields(self.expression(expr, scope)), String::new())
            }
            TableFactor::XmlTable { passing, .. } => {
                let mut made = Made::default();
                for argument in &passing.arguments {
                    made.unite(self.expression(&argument.expr, scope));
                }
                (fields(made), String::new())
            }
            TableFactor::Pivot { table, aggregate_functions, value_column, value_source, .. } => {
                let inner = self.alone(table, scope);
                (self.pivot(inner, aggregate_functions, value_column, value_source), String::new())
            }
            TableFactor::Unpivot { table, value, name, columns, .. } => {
                let inner = self.alone(table, scope);
                (self.unpivot(inner, value, &lower(name), columns), String::new())
            }
            TableFactor::MatchRecognize { table, partition_by, order_by, measures, .. } => {
                let inner = self.alone(table, scope);
                let mut relation = Relation::default();
                for expression in partition_by {
                    let made = self.expression(expression, &inner);
                    relation.items.push(Item::Column { name: output_name(expression), made });
                }
                for measure in measures {
                    let mut made = Made::default();
                    for name in names_in(&measure.expr) {
                        made.unite(self.column(None, &name, &inner));
                    }
                    relation.items.push(Item::Column {
                        name: column(&measure.alias),
                        made: made.done(Transform::Transformation, Protection::None),
                    });
                }
                for order in order_by {
                    let made = self.expression(&order.expr, &inner);
                    unite(&mut scope.influences, made.deciding(Influence::Sort));
                }
                unite(&mut scope.influences, inner.influences);
                (relation, String::new())
            }
            TableFactor::SemanticView { name, .. } => {
                let full = name_of(name);
                (self.table(&full), full)
            }
        };
        self.named(relation, &name, alias_of(factor), scope);
        // The number of an unfolded element is nobody's value.
        if let TableFactor::UNNEST { with_offset: true, with_offset_alias, .. } = factor
            && let Some((_, relation)) = scope.relations.last_mut()
        {
            let name = with_offset_alias.as_ref().map_or_else(|| "offset".to_owned(), lower);
            relation.items.push(Item::Column { name, made: Made::default() });
        }
    }

    /// Adds `relation` under its alias.
    fn named(&mut self, mut relation: Relation, name: &str, alias: Option<&TableAlias>, scope: &mut Scope) {
        unite(&mut scope.influences, std::mem::take(&mut relation.influences));
        let Some(alias) = alias else {
            scope.relations.push((name.to_owned(), relation));
            return;
        };
        let names: Vec<String> = alias.columns.iter().map(|held| column(&held.name)).collect();
        if !names.is_empty() {
            // `AS e(a, b)` of an unfolded value: every name is a field of it.
            if let [Item::Any(made)] = relation.items.as_slice() {
                let made = made.clone();
                relation.items =
                    names.iter().map(|name| Item::Column { name: name.clone(), made: made.clone() }).collect();
            } else {
                relation.rename_in_order(names.iter().map(String::as_str));
            }
        }
        scope.relations.push((lower(&alias.name), relation));
    }

    /// What `factor` alone brings, with the scope around it for what it unfolds.
    fn alone(&mut self, factor: &TableFactor, around: &Scope) -> Scope {
        let mut inner = Scope::default();
        self.outer.push(around.clone());
        self.add(factor, &mut inner);
        self.outer.pop();
        inner
    }

    /// `FROM orders o, o.items`: an array of a relation before it.
    fn unfolded(&mut self, name: &str, scope: &Scope) -> Option<Relation> {
        let (first, rest) = name.split_once('.')?;
        let relation = scope.relations.iter().find(|(alias, _)| alias == first).map(|(_, relation)| relation)?;
        let column = rest.split('.').next()?;
        let (Found::Listed(made) | Found::Perhaps(made) | Found::Field(made)) = relation.find(column)?;
        Some(fields(made))
    }

    /// A table function: files that are read, or a value that is unfolded.
    fn table_function(&mut self, name: &str, args: &[FunctionArg], scope: &Scope) -> Relation {
        let short = last_part(name);
        // `STREAM(t)`, `TABLE(t)`: the table itself.
        if let ("stream" | "table", [FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))]) = (short, args) {
            match expr {
                Expr::Identifier(ident) => return self.table(&lower(ident)),
                Expr::CompoundIdentifier(parts) => return self.table(&lowered(parts).join(".")),
                _ => {}
            }
        }
        let expressions: Vec<&Expr> = args
            .iter()
            .filter_map(|arg| match arg {
                FunctionArg::Named { arg: FunctionArgExpr::Expr(expr), .. }
                | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(expr), .. }
                | FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect();
        let text = |expr: &Expr| match expr {
            Expr::Value(value) => value.value.clone().into_string(),
            _ => None,
        };
        let files = short.starts_with("read_")
            || short.ends_with("_scan")
            || short.ends_with("_scan_auto")
            || matches!(short, "openrowset" | "cloud_files" | "s3" | "infer_schema" | "directory");
        if files {
            // DuckDB takes a list of files too.
            let mut relation = Relation::default();
            for expr in expressions {
                let paths: Vec<String> = match expr {
                    Expr::Array(array) => array.elem.iter().filter_map(text).collect(),
                    other => text(other).into_iter().collect(),
                };
                let is_path = |path: &&String| path.contains('/') || path.contains('.') || path.starts_with('@');
                for path in paths.iter().filter(is_path) {
                    relation.items.extend(self.dataset(path).items);
                }
            }
            return relation;
        }
        let mut made = Made::default();
        for expr in expressions {
            // A bare subquery or table name (`TABLE(t)`) is a whole table.
            made.unite(self.expression(expr, scope));
        }
        if short == "flatten" {
            let columns = ["value", "key", "path", "index", "seq", "this"];
            let made = made.done(Transform::Transformation, Protection::None);
            return Relation {
                items: columns
                    .iter()
                    .map(|name| Item::Column { name: (*name).to_owned(), made: made.clone() })
                    .collect(),
                ..Relation::default()
            };
        }
        fields(made)
    }

    fn dataset(&mut self, path: &str) -> Relation {
        let target = Ref::named(AssetKind::Dataset, dataset_name(path));
        self.touched.insert(target.clone());
        Relation::of(&target, None)
    }

    /// The relation of that name: a common table expression, a temporary table, files, or a table.
    pub(super) fn table(&mut self, name: &str) -> Relation {
        if let Some(relation) = self.ctes.get(name).or_else(|| self.session.temporary.get(name)) {
            return relation.clone();
        }
        if let Some(data) = self.views.get(name) {
            return Relation::from_data(data);
        }
        // Spark's `csv.`/path``, DuckDB's `'x.parquet'`, Snowflake's `@stage/x`.
        let files = ["csv.", "parquet.", "json.", "delta.", "orc.", "avro.", "text."]
            .iter()
            .find_map(|format| name.strip_prefix(format))
            .filter(|rest| rest.contains('/'));
        if let Some(path) = files {
            return self.dataset(path);
        }
        if name.starts_with('@')
            || name.contains("://")
            || (name.contains('/') && !name.contains(' '))
            || [".csv", ".parquet", ".json"].iter().any(|end| name.ends_with(end))
        {
            return self.dataset(name);
        }
        // Databricks' pipelines call their own tables `LIVE.t`.
        let name = name.strip_prefix("live.").unwrap_or(name);
        let full = self.schemas.canonical(&table_name(name));
        let target = Ref::named(AssetKind::Table, full.clone());
        self.touched.insert(target.clone());
        let made = self.session.made.get(&full).map(Vec::as_slice);
        Relation::of(&target, made.or_else(|| self.schemas.columns(&full)))
    }

    /// `LATERAL VIEW explode(items) e AS item`.
    pub(super) fn lateral_view(&mut self, view: &LateralView, scope: &mut Scope) {
        let made = self.expression(&view.lateral_view, scope).done(Transform::Transformation, Protection::None);
        let items = match lowered(&view.lateral_col_alias) {
            names if names.is_empty() => ["col", "key", "value", "pos"]
                .iter()
                .map(|name| Item::Column { name: (*name).to_owned(), made: made.clone() })
                .collect(),
            names => names.into_iter().map(|name| Item::Column { name, made: made.clone() }).collect(),
        };
        scope.relations.push((name_of(&view.lateral_view_name), Relation { items, ..Relation::default() }));
    }

    /// A column for each value of the pivot column, and those that the pivot does not use.
    fn pivot(
        &mut self,
        mut inner: Scope,
        aggregates: &[sqlparser::ast::ExprWithAlias],
        by: &[Expr],
        source: &PivotValueSource,
    ) -> Relation {
        let mut used: Vec<String> = by.iter().map(output_name).collect();
        for aggregate in aggregates {
            used.extend(names_in(&aggregate.expr));
        }
        let mut decided = Made::default();
        for expr in by {
            decided.unite(self.expression(expr, &inner));
        }
        let made: Vec<(Option<String>, Made)> = aggregates
            .iter()
            .map(|aggregate| {
                let mut made = self.expression(&aggregate.expr, &inner);
                made.decided_by(decided.clone(), Influence::Conditional);
                (aggregate.alias.as_ref().map(lower), made)
            })
            .collect();
        let values: Option<Vec<String>> = match source {
            PivotValueSource::List(values) => Some(
                values.iter().map(|value| value.alias.as_ref().map_or_else(|| literal(&value.expr), lower)).collect(),
            ),
            PivotValueSource::Any(_) | PivotValueSource::Subquery(_) => None,
        };
        let mut relation = Relation::default();
        for (_, held) in &mut inner.relations {
            held.hide(&used);
            relation.items.append(&mut held.items);
        }
        relation.influences = inner.influences;
        match values {
            Some(values) => {
                for value in values {
                    for (alias, made) in &made {
                        let name = match alias {
                            // BigQuery writes the aggregate's alias first, the others behind.
                            Some(alias) if self.dialect == Some(super::Dialect::BigQuery) => format!("{alias}_{value}"),
                            Some(alias) if made_many(aggregates) => format!("{value}_{alias}"),
                            _ => value.clone(),
                        };
                        relation.items.push(Item::Column { name, made: made.clone() });
                    }
                }
            }
            // The columns are named by the data.
            None => relation.items.extend(made.into_iter().map(|(_, made)| Item::Any(made))),
        }
        relation
    }

    /// A column of names, a column of values, and those that are not unfolded.
    fn unpivot(
        &mut self,
        mut inner: Scope,
        value: &Expr,
        name: &str,
        columns: &[sqlparser::ast::ExprWithAlias],
    ) -> Relation {
        let values: Vec<String> = match value {
            Expr::Tuple(values) => values.iter().map(output_name).collect(),
            other => vec![output_name(other)],
        };
        let mut made = vec![Made::default(); values.len()];
        let mut used = Vec::new();
        for column in columns {
            let parts: Vec<&Expr> = match &column.expr {
                Expr::Tuple(parts) => parts.iter().collect(),
                other => vec![other],
            };
            for (part, made) in parts.into_iter().zip(&mut made) {
                used.push(output_name(part));
                made.unite(self.expression(part, &inner));
            }
        }
        let mut relation = Relation::default();
        for (_, held) in &mut inner.relations {
            held.hide(&used);
            relation.items.append(&mut held.items);
        }
        relation.influences = inner.influences;
        relation.items.push(Item::Column { name: name.to_owned(), made: Made::default() });
        relation.items.extend(values.into_iter().zip(made).map(|(name, made)| Item::Column { name, made }));
        relation
    }
}

fn made_many(aggregates: &[sqlparser::ast::ExprWithAlias]) -> bool {
    aggregates.len() > 1
}

/// A relation whose columns are fields of one value.
fn fields(made: Made) -> Relation {
    Relation { items: vec![Item::Any(made.done(Transform::Transformation, Protection::None))], ..Relation::default() }
}

/// Makes the columns `names` of what stood before and of what was joined one.
fn merge(operator: &JoinOperator, names: &[String], before: usize, scope: &mut Scope) {
    let (left, right) = scope.relations.split_at(before);
    for name in names {
        let of = |relations: &[(String, Relation)]| -> Made {
            let (mut listed, mut perhaps) = (Made::default(), Made::default());
            for (_, relation) in relations {
                match relation.find(name) {
                    Some(Found::Listed(made)) => listed.unite(made),
                    Some(Found::Perhaps(made) | Found::Field(made)) => perhaps.unite(made),
                    None => {}
                }
            }
            if listed.is_empty() { perhaps } else { listed }
        };
        let held = scope.merged.iter().find(|(held, _)| held == name).map(|(_, made)| made.clone());
        let (left, right) = (held.unwrap_or_else(|| of(left)), of(right));
        for side in [&left, &right] {
            unite(&mut scope.influences, side.clone().deciding(Influence::Join));
        }
        let made = match operator {
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => right,
            JoinOperator::FullOuter(_) => {
                let mut both = left;
                both.unite(right);
                both.done(Transform::Transformation, Protection::None)
            }
            _ => left,
        };
        match scope.merged.iter_mut().find(|(held, _)| held == name) {
            Some((_, held)) => *held = made,
            None => scope.merged.push((name.clone(), made)),
        }
    }
}

fn alias_of(factor: &TableFactor) -> Option<&TableAlias> {
    match factor {
        TableFactor::Table { alias, .. }
        | TableFactor::Derived { alias, .. }
        | TableFactor::TableFunction { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. }
        | TableFactor::JsonTable { alias, .. }
        | TableFactor::OpenJsonTable { alias, .. }
        | TableFactor::NestedJoin { alias, .. }
        | TableFactor::Pivot { alias, .. }
        | TableFactor::Unpivot { alias, .. }
        | TableFactor::MatchRecognize { alias, .. }
        | TableFactor::XmlTable { alias, .. }
        | TableFactor::SemanticView { alias, .. } => alias.as_ref(),
        TableFactor::UnpivotExpr { .. } => None,
    }
}

/// A literal as the name of the column that a pivot makes of it.
fn literal(expr: &Expr) -> String {
    match expr {
        Expr::Value(value) => value.value.to_string().trim_matches('\'').to_lowercase(),
        other => output_name(other),
    }
}

/// Every column named in `expr`, by its last part.
pub(super) fn names_in(expr: &Expr) -> Vec<String> {
    let mut names = Vec::new();
    let _ = sqlparser::ast::visit_expressions(expr, |inner: &Expr| {
        match inner {
            Expr::Identifier(ident) => names.push(column(ident)),
            Expr::CompoundIdentifier(parts) => names.extend(parts.last().map(column)),
            _ => {}
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    names
}
