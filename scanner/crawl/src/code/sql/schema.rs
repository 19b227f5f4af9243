//! Tables whose columns are known, and what functions do to values.

use std::collections::BTreeMap;

use aedile_model::Protection;
use aedile_rules::Apis;

/// What is known of a table beforehand.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableSchema {
    /// Its columns, in order.
    pub(crate) columns: Vec<String>,
}

/// Every table known in the repository, and the functions of the catalog.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    tables: BTreeMap<String, TableSchema>,
    /// Suffixes of names that only one table has.
    short: BTreeMap<String, Option<String>>,
    functions: BTreeMap<String, Protection>,
}

impl Schemas {
    /// The functions `sql.*` of the catalog, no table yet.
    pub(crate) fn new(apis: &Apis) -> Schemas {
        let functions = apis
            .rules()
            .filter_map(|rule| rule.protection.map(|protection| (rule, protection)))
            .flat_map(|(rule, protection)| {
                rule.call
                    .iter()
                    .filter_map(move |call| call.strip_prefix("sql.").map(|name| (name.to_owned(), protection)))
            })
            .collect();
        Schemas { functions, ..Schemas::default() }
    }

    /// How much is known: columns of all tables.
    pub(crate) fn known(&self) -> usize {
        self.tables.values().map(|table| table.columns.len()).sum()
    }

    /// Adds a table; columns of a table named twice are united.
    pub(crate) fn add(&mut self, name: &str, columns: impl IntoIterator<Item = String>) {
        let held = self.tables.entry(name.to_owned()).or_default();
        for column in columns {
            if !held.columns.contains(&column) {
                held.columns.push(column);
            }
        }
        let mut rest = name;
        while let Some((_, suffix)) = rest.split_once('.') {
            self.short
                .entry(suffix.to_owned())
                .and_modify(|held| {
                    if held.as_deref() != Some(name) {
                        *held = None;
                    }
                })
                .or_insert_with(|| Some(name.to_owned()));
            rest = suffix;
        }
    }

    /// The full name of the table that `name` means: itself, or the one known table that it is the end of.
    pub(crate) fn canonical(&self, name: &str) -> String {
        if self.tables.contains_key(name) {
            return name.to_owned();
        }
        if let Some(Some(full)) = self.short.get(name) {
            return full.clone();
        }
        // `prod.clinic.patients` where the DDL says `clinic.patients`.
        let mut rest = name;
        while let Some((_, suffix)) = rest.split_once('.') {
            if suffix.contains('.') && self.tables.contains_key(suffix) {
                return suffix.to_owned();
            }
            rest = suffix;
        }
        name.to_owned()
    }

    /// The columns of the table of that full name, if any are known.
    pub(crate) fn columns(&self, name: &str) -> Option<&[String]> {
        self.tables.get(name).map(|table| table.columns.as_slice()).filter(|columns| !columns.is_empty())
    }

    /// Every table with its columns, by name.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.tables.iter().map(|(name, table)| (name.as_str(), table.columns.as_slice()))
    }

    /// The rung that the result of a function stands on; `None` for functions without a rule.
    pub(super) fn function(&self, name: &str) -> Option<Protection> {
        self.functions.get(name).copied()
    }
}
