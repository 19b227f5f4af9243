//! Statements that change rows: `INSERT`, `UPDATE`, `DELETE`, `MERGE`.

use std::collections::BTreeMap;

use sqlparser::ast::{
    self, Assignment, AssignmentTarget, FromTable, MergeAction, MergeInsertKind, MergeUpdateKind,
    MultiTableInsertValue, OnConflictAction, OnInsert, OutputClause, TableFactor, TableObject, TableWithJoins,
    UpdateTableFromKind,
};

use super::lineage::{Lineage, Scope};
use super::name::{column, last_column, last_part, lower, name_of, output_name};
use super::relation::{Influence, Item, Made, Relation, unite};
use super::run::{Step, decide, uses};
use super::written::table_ref;
use crate::code::flow::Data;

impl Step<'_> {
    pub(super) fn insert(&mut self, insert: &ast::Insert, views: &mut BTreeMap<String, Data>) {
        let Some(query) = &insert.source else {
            self.insert_set(insert, views);
            return;
        };
        let relation = self.source(query, views);
        self.insert_many(insert, &relation, views);
        let TableObject::TableName(target) = &insert.table else { return };
        let written = name_of(target);
        if written.is_empty()
            || (!insert.multi_table_into_clauses.is_empty() && insert.multi_table_insert_type.is_some())
        {
            return;
        }
        let name = self.schemas.canonical(&written);
        let columns: Vec<String> =
            insert.columns.iter().map(last_column).chain(insert.after_columns.iter().map(column)).collect();
        self.put(&written, &name, columns, relation, insert, views);
    }

    /// The rows of `relation` go into a table; on a conflict other columns may be set.
    fn put(
        &mut self,
        written: &str,
        name: &str,
        columns: Vec<String>,
        mut relation: Relation,
        insert: &ast::Insert,
        views: &mut BTreeMap<String, Data>,
    ) {
        let held = self.session.temporary.get(written).and_then(Relation::names);
        let known = || held.or_else(|| self.target_columns(name)).unwrap_or_default();
        let columns = if columns.is_empty() { known() } else { columns };
        if !self.statement.by_name {
            relation.rename_in_order(columns.iter().map(String::as_str));
        }
        if let Some(held) = self.session.temporary.get_mut(written) {
            held.stack(relation, true);
            views.insert(written.to_owned(), held.data());
            return;
        }
        let conflict: &[Assignment] = match &insert.on {
            Some(OnInsert::DuplicateKeyUpdate(assignments)) => assignments,
            Some(OnInsert::OnConflict(conflict)) => match &conflict.action {
                OnConflictAction::DoUpdate(update) => &update.assignments,
                OnConflictAction::DoNothing => &[],
            },
            _ => &[],
        };
        if !conflict.is_empty() {
            let mut scope = Scope::default();
            let alias = insert.insert_alias.as_ref().map(|alias| name_of(&alias.row_alias));
            scope.relations.push((alias.unwrap_or_else(|| "excluded".to_owned()), relation.clone()));
            let own = insert.table_alias.as_ref().map_or_else(|| written.to_owned(), |alias| lower(&alias.alias));
            let known = self.target_columns(name);
            scope.relations.push((own, Relation::of(&table_ref(name), known.as_deref())));
            let mut lineage = self.lineage(views);
            for assignment in conflict {
                let AssignmentTarget::ColumnName(target) = &assignment.target else { continue };
                // MySQL's `VALUES(column)` is the row that was to be inserted.
                let made = match &assignment.value {
                    ast::Expr::Function(function) if name_of(&function.name) == "values" => {
                        let mut inner = Scope::default();
                        inner.relations.extend(scope.relations.first().cloned());
                        match &function.args {
                            ast::FunctionArguments::List(list) => match list.args.first() {
                                Some(ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr))) => {
                                    lineage.expression(expr, &inner)
                                }
                                _ => Made::default(),
                            },
                            _ => Made::default(),
                        }
                    }
                    value => lineage.expression(value, &scope),
                };
                give(&mut relation, &last_column(target), made);
            }
        }
        self.written(name, &relation);
        if let Some(OutputClause::Output { select_items, into_table: Some(into), .. }) = &insert.output {
            let row = Relation { items: relation.items.clone(), ..Relation::default() };
            self.output(select_items, into, vec![("inserted".to_owned(), row)], views);
        }
    }

    /// MySQL's `INSERT INTO t SET a = …`.
    fn insert_set(&mut self, insert: &ast::Insert, views: &mut BTreeMap<String, Data>) {
        let TableObject::TableName(target) = &insert.table else { return };
        let mut relation = Relation::default();
        let mut lineage = self.lineage(views);
        assign(&mut lineage, &insert.assignments, &Scope::default(), &mut relation);
        let touched = lineage.touched;
        self.reads(&relation, touched);
        let name = self.schemas.canonical(&name_of(target));
        self.written(&name, &relation);
    }

    /// `INSERT ALL` and `INSERT FIRST`: the rows of one query into several tables.
    fn insert_many(&mut self, insert: &ast::Insert, relation: &Relation, views: &mut BTreeMap<String, Data>) {
        let mut clauses: Vec<(&ast::MultiTableInsertIntoClause, Vec<&ast::Expr>)> =
            insert.multi_table_into_clauses.iter().map(|clause| (clause, Vec::new())).collect();
        let mut before: Vec<&ast::Expr> = Vec::new();
        for when in &insert.multi_table_when_clauses {
            before.push(&when.condition);
            clauses.extend(when.into_clauses.iter().map(|clause| (clause, vec![&when.condition])));
        }
        for clause in insert.multi_table_else_clause.iter().flatten() {
            clauses.push((clause, before.clone()));
        }
        let mut scope = Scope::default();
        scope.relations.push((String::new(), relation.clone()));
        for (clause, conditions) in clauses {
            let name = self.schemas.canonical(&name_of(&clause.table_name));
            let mut lineage = self.lineage(views);
            let mut into = match &clause.values {
                None => relation.clone(),
                Some(values) => {
                    let mut into = Relation { items: Vec::new(), influences: relation.influences.clone() };
                    for value in &values.values {
                        let (name, made) = match value {
                            MultiTableInsertValue::Expr(expr) => (output_name(expr), lineage.expression(expr, &scope)),
                            MultiTableInsertValue::Default => ("?".to_owned(), Made::default()),
                        };
                        into.items.push(Item::Column { name, made });
                    }
                    into
                }
            };
            for condition in conditions {
                let made = lineage.expression(condition, &scope);
                decide(&mut into, made, Influence::Filter);
            }
            let columns: Vec<String> = match clause.columns.as_slice() {
                [] => self.target_columns(&name).unwrap_or_default(),
                columns => columns.iter().map(column).collect(),
            };
            into.rename_in_order(columns.iter().map(String::as_str));
            self.written(&name, &into);
        }
    }

    pub(super) fn merge(&mut self, merge: &ast::Merge, views: &mut BTreeMap<String, Data>) {
        let Some(written) = factor_name(&merge.table) else { return };
        let name = self.schemas.canonical(&written);
        let known = self.target_columns(&name);
        let mut lineage = self.lineage(views);
        let mut source = Scope::default();
        lineage.add(&merge.source, &mut source);
        let mut both = source.clone();
        lineage.add(&merge.table, &mut both);
        let mut relation = Relation::default();
        lineage.decide(&merge.on, Influence::Join, &mut both);
        for clause in &merge.clauses {
            if let Some(predicate) = &clause.predicate {
                lineage.decide(predicate, Influence::Filter, &mut both);
            }
            match &clause.action {
                MergeAction::Insert(insert) => match &insert.kind {
                    MergeInsertKind::Values(values) => {
                        for row in &values.rows {
                            for (at, value) in row.content.iter().enumerate() {
                                let made = lineage.expression(value, &source);
                                let column = match insert.columns.get(at) {
                                    Some(column) => last_column(column),
                                    None => known
                                        .as_ref()
                                        .and_then(|known| known.get(at).cloned())
                                        .unwrap_or_else(|| output_name(value)),
                                };
                                give(&mut relation, &column, made);
                            }
                        }
                    }
                    MergeInsertKind::Row | MergeInsertKind::Wildcard => {
                        relation.stack(Lineage::all_of(&source), true);
                    }
                },
                MergeAction::Update(update) => match &update.kind {
                    MergeUpdateKind::Set(assignments) => assign(&mut lineage, assignments, &both, &mut relation),
                    _ => relation.stack(Lineage::all_of(&source), true),
                },
                MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => {}
            }
        }
        unite(&mut relation.influences, both.influences);
        let (mut touched, cut) = (lineage.touched, lineage.cut);
        if !uses(&relation, &name) {
            touched.remove(&table_ref(&name));
        }
        self.reads(&relation, touched);
        self.cut(cut);
        self.written(&name, &relation);
    }

    pub(super) fn update(&mut self, update: &ast::Update, views: &mut BTreeMap<String, Data>) {
        let Some(written) = factor_name(&update.table.relation) else { return };
        let from: &[TableWithJoins] = match &update.from {
            Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from,
            None => &[],
        };
        let meant = meant(&written, from);
        let name = self.schemas.canonical(meant.as_deref().unwrap_or(&written));
        let mut lineage = self.lineage(views);
        let mut scope = lineage.scope(from);
        if meant.is_none() {
            lineage.add(&update.table.relation, &mut scope);
        }
        for join in &update.table.joins {
            lineage.join(join, &mut scope);
        }
        let mut relation = Relation::default();
        assign(&mut lineage, &update.assignments, &scope, &mut relation);
        if let Some(condition) = &update.selection {
            lineage.decide(condition, Influence::Filter, &mut scope);
        }
        unite(&mut relation.influences, std::mem::take(&mut scope.influences));
        let (mut touched, cut) = (lineage.touched, lineage.cut);
        if !uses(&relation, &name) {
            touched.remove(&table_ref(&name));
        }
        self.reads(&relation, touched);
        self.cut(cut);
        if let Some(held) = self.session.temporary.get_mut(&written) {
            for item in relation.items {
                if let Item::Column { name, made } = item {
                    give(held, &name, made);
                }
            }
            unite(&mut held.influences, relation.influences);
            views.insert(written, held.data());
            return;
        }
        self.written(&name, &relation);
        self.output_of(update.output.as_ref(), &name, views);
    }

    pub(super) fn delete(&mut self, delete: &ast::Delete, views: &mut BTreeMap<String, Data>) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let mut targets: Vec<String> = delete
            .tables
            .iter()
            .map(|table| {
                let written = name_of(table);
                meant(&written, from).unwrap_or(written)
            })
            .collect();
        if targets.is_empty() {
            // MySQL's and PostgreSQL's `DELETE FROM t USING …`
            targets.extend(from.iter().filter_map(|table| factor_name(&table.relation)));
            if let Some(using) = &delete.using {
                targets = targets.into_iter().map(|target| meant(&target, using).unwrap_or(target)).collect();
            }
        }
        // An alias of what stands behind `USING` is no table of its own.
        let using = delete.using.as_deref().unwrap_or_default();
        let own: Vec<TableWithJoins> = from
            .iter()
            .filter(|table| factor_name(&table.relation).is_none_or(|name| meant(&name, using).is_none()))
            .cloned()
            .collect();
        let mut lineage = self.lineage(views);
        let mut scope = lineage.scope(&own);
        for table in delete.using.iter().flatten() {
            lineage.add(&table.relation, &mut scope);
            for join in &table.joins {
                lineage.join(join, &mut scope);
            }
        }
        if let Some(condition) = &delete.selection {
            lineage.decide(condition, Influence::Filter, &mut scope);
        }
        let relation = Relation { items: Vec::new(), influences: scope.influences };
        let (mut touched, cut) = (lineage.touched, lineage.cut);
        let targets: Vec<String> = targets.iter().map(|target| self.schemas.canonical(target)).collect();
        for name in &targets {
            if !uses(&relation, name) {
                touched.remove(&table_ref(name));
            }
        }
        self.reads(&relation, touched);
        self.cut(cut);
        for name in &targets {
            self.written(name, &relation);
            self.output_of(delete.output.as_ref(), name, views);
        }
    }

    /// `OUTPUT deleted.email INTO audit` of a change to the table `name`.
    fn output_of(&mut self, output: Option<&OutputClause>, name: &str, views: &mut BTreeMap<String, Data>) {
        let Some(OutputClause::Output { select_items, into_table: Some(into), .. }) = output else { return };
        let known = self.target_columns(name);
        let own = Relation::of(&table_ref(name), known.as_deref());
        let rows = vec![("deleted".to_owned(), own.clone()), ("inserted".to_owned(), own)];
        self.output(select_items, into, rows, views);
    }

    fn output(
        &mut self,
        items: &[ast::SelectItem],
        into: &ast::SelectInto,
        rows: Vec<(String, Relation)>,
        views: &BTreeMap<String, Data>,
    ) {
        let mut scope = Scope { relations: rows, ..Scope::default() };
        let mut relation = Relation::default();
        let mut lineage = self.lineage(views);
        for item in items {
            lineage.item(item, &mut scope, &mut relation);
        }
        for target in &into.targets {
            let name = match target {
                ast::Expr::Identifier(ident) => lower(ident),
                ast::Expr::CompoundIdentifier(parts) => parts.iter().map(lower).collect::<Vec<_>>().join("."),
                _ => continue,
            };
            if name.starts_with(['@', '#']) {
                continue;
            }
            let name = self.schemas.canonical(&name);
            let mut relation = relation.clone();
            let columns = self.target_columns(&name).unwrap_or_default();
            relation.rename_in_order(columns.iter().map(String::as_str));
            self.written(&name, &relation);
        }
    }
}

/// The table that the alias `name` stands for in `from`.
fn meant(name: &str, from: &[TableWithJoins]) -> Option<String> {
    let factors = from
        .iter()
        .flat_map(|table| std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation)));
    for factor in factors {
        if let TableFactor::Table { name: table, alias, .. } = factor {
            let full = name_of(table);
            let called = alias.as_ref().map_or_else(|| full.clone(), |alias| lower(&alias.name));
            if called == name || (alias.is_none() && last_part(&full) == name) {
                return Some(full);
            }
        }
    }
    None
}

fn factor_name(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, .. } => Some(name_of(name)),
        _ => None,
    }
}

/// Gives the column `name` what it is made of, beside what it is made of already.
pub(super) fn give(relation: &mut Relation, name: &str, made: Made) {
    let held = relation.items.iter_mut().find_map(|item| match item {
        Item::Column { name: held, made } if held == name => Some(made),
        _ => None,
    });
    match held {
        Some(held) => held.unite(made),
        None => relation.items.push(Item::Column { name: name.to_owned(), made }),
    }
}

fn assign(lineage: &mut Lineage<'_>, assignments: &[Assignment], scope: &Scope, relation: &mut Relation) {
    for assignment in assignments {
        match &assignment.target {
            AssignmentTarget::ColumnName(name) => {
                let made = lineage.expression(&assignment.value, scope);
                give(relation, &last_column(name), made);
            }
            AssignmentTarget::Tuple(names) => {
                let names: Vec<String> = names.iter().map(last_column).collect();
                let parts: Vec<Made> = match &assignment.value {
                    ast::Expr::Tuple(values) => values.iter().map(|value| lineage.expression(value, scope)).collect(),
                    ast::Expr::Subquery(query) => lineage.each(query, scope),
                    value => vec![lineage.expression(value, scope); names.len()],
                };
                for (name, made) in names.iter().zip(parts) {
                    give(relation, name, made);
                }
            }
        }
    }
}
