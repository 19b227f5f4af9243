//! The lineage of SQL alone: which tables a script reads and writes, and which column goes where.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Gap, Place};
use aedile_rules::Rules;

use super::name::{Case, settled};
use super::written::Part;
use super::{Dialect, Schemas, Script, declare, run};
use crate::Ref;
use crate::code::origin::{Offsets, Origin};
use crate::code::output::table_name;

/// What a script of SQL does with data.
#[derive(Debug, Clone, Default)]
pub struct SqlLineage {
    /// Tables and files that are read, sorted. What a script makes and drops with its session is not among them.
    pub sources: BTreeSet<String>,
    /// Tables and files that are written, sorted.
    pub targets: BTreeSet<String>,
    /// Every way from a column to a column or table, sorted.
    pub edges: Vec<SqlEdge>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// A column of a table or of files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SqlColumn {
    /// The table or files.
    pub table: String,
    /// The column; `*` for those that are not known by name.
    pub column: String,
}

/// One way from a source column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SqlEdge {
    /// Where it comes from.
    pub from: SqlColumn,
    /// What it goes into; `None` for the result of a query.
    pub table: Option<String>,
    /// The column; `None` where it decides over all of them.
    pub column: Option<String>,
    /// Whether it gives its value; otherwise it only decides.
    pub direct: bool,
    /// `identity`, `transformation`, `aggregation`; `filter`, `join`, `group_by`, `sort`, `window`, `conditional`.
    pub transform: &'static str,
    /// A rung of the protection ladder.
    pub protection: &'static str,
    /// Where it is said.
    pub place: Place,
}

/// What the SQL in `text`, which is called `path`, does. `schema` says which tables there are with which columns, in
/// order; `dialect` is tried first, and its rules hold.
#[must_use]
pub fn sql_lineage(
    text: &str,
    path: &str,
    dialect: Option<Dialect>,
    schema: &[(String, Vec<String>)],
    rules: &Rules,
) -> SqlLineage {
    let mut schemas = Schemas::new(&rules.apis);
    let case = Case::of(dialect);
    for (table, columns) in schema {
        let keys: Vec<String> = columns.iter().map(|column| case.key(column)).collect();
        schemas.add(&table_name(table), settled(&keys));
    }
    let offsets = Offsets::origin(Origin::file(&path.into()));
    let mut lineage = SqlLineage::default();
    let script = Script::parse_as(text, offsets.clone(), dialect, &mut lineage.gaps);
    declare(&script, &mut schemas);
    let run = run(&script, &offsets, None, &schemas, &mut BTreeMap::new());
    lineage.gaps.extend(run.gaps);
    lineage.sources.extend(run.reads.iter().map(|(dataset, ..)| shown(dataset)));
    lineage.targets.extend(run.writes.iter().map(|(dataset, ..)| shown(dataset)));
    lineage.edges.extend(run.edges.into_iter().map(|edge| {
        let (direct, transform) = match edge.part {
            Part::Direct(transform) => (true, transform.as_str()),
            Part::Indirect(influence) => (false, influence.as_str()),
        };
        SqlEdge {
            from: SqlColumn { table: shown(&edge.source.0), column: edge.source.1 },
            table: edge.target.as_ref().map(shown),
            column: edge.column,
            direct,
            transform,
            protection: edge.protection.as_str(),
            place: edge.place,
        }
    }));
    lineage.edges.sort();
    lineage.edges.dedup();
    lineage
}

/// The tables that the SQL in `text` defines, with their columns in order, and what could not be read of it.
#[must_use]
pub fn sql_schema(text: &str, path: &str, rules: &Rules) -> (Vec<(String, Vec<String>)>, Vec<Gap>) {
    let mut schemas = Schemas::new(&rules.apis);
    let mut gaps = Vec::new();
    let script = Script::parse(text, Offsets::origin(Origin::file(&path.into())), &mut gaps);
    declare(&script, &mut schemas);
    let tables = schemas.tables().map(|(name, columns)| (name.to_owned(), columns.to_vec())).collect();
    (tables, gaps)
}

fn shown(dataset: &Ref) -> String {
    match dataset {
        Ref::Named { name, .. } => name.clone(),
        Ref::Id(id) => id.as_str().to_owned(),
    }
}
