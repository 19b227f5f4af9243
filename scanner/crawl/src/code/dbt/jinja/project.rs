//! What templates of one project share: its name, variables and macros.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::template::{Kind, Macro, Node, parse};
use super::value::Value;
use crate::yaml::Node as Yaml;

/// A project as its `dbt_project.yml` describes it.
#[derive(Debug, Clone, Default)]
pub(in crate::code::dbt) struct Project {
    pub(super) name: String,
    vars: BTreeMap<String, Value>,
    /// (source, table) → the table's name.
    pub(super) sources: BTreeMap<(String, String), String>,
}

impl Project {
    /// The project that `document` describes.
    pub(in crate::code::dbt) fn read(document: &Yaml) -> Project {
        let name = document.get("name").and_then(Yaml::str).unwrap_or_default().to_owned();
        let mut vars = BTreeMap::new();
        for entry in document.get("vars").map(Yaml::entries).unwrap_or_default() {
            let Some(key) = entry.key.str() else { continue };
            // Variables of one package stand below its name.
            if key == name {
                for inner in entry.value.entries() {
                    vars.extend(inner.key.str().map(|key| (key.to_owned(), value(&inner.value, 0))));
                }
            } else {
                vars.entry(key.to_owned()).or_insert_with(|| value(&entry.value, 0));
            }
        }
        Project { name, vars, sources: BTreeMap::new() }
    }

    /// The project's name.
    pub(in crate::code::dbt) fn name(&self) -> &str {
        &self.name
    }

    /// With the names of what `source('s', 't')` means.
    pub(in crate::code::dbt) fn with_sources(mut self, sources: BTreeMap<(String, String), String>) -> Project {
        self.sources = sources;
        self
    }

    pub(super) fn var(&self, name: &str) -> Option<Value> {
        self.vars.get(name).cloned()
    }
}

fn value(node: &Yaml, depth: usize) -> Value {
    if depth > 20 {
        return Value::None;
    }
    if let Some(truth) = node.bool() {
        return Value::Bool(truth);
    }
    if let Some(text) = node.str() {
        return text.parse().map_or_else(|_| Value::text(text), Value::Int);
    }
    if !node.items().is_empty() {
        return Value::List(node.items().iter().map(|item| value(item, depth + 1)).collect());
    }
    let entries = node.entries().iter();
    let map: BTreeMap<String, Value> =
        entries.filter_map(|entry| Some((entry.key.str()?.to_owned(), value(&entry.value, depth + 1)))).collect();
    if map.is_empty() { Value::None } else { Value::Map(map) }
}

/// A macro with the file and the text that it stands in.
pub(super) type Placed = (Arc<str>, Arc<str>, Arc<Macro>);

/// The macros of a project.
#[derive(Debug, Clone, Default)]
pub(in crate::code::dbt) struct Library {
    macros: BTreeMap<String, Placed>,
}

impl Library {
    /// Adds the macros of a file.
    pub(in crate::code::dbt) fn add(&mut self, path: &Arc<str>, text: &Arc<str>) {
        self.take(path, text, parse(text));
    }

    fn take(&mut self, path: &Arc<str>, text: &Arc<str>, nodes: Vec<Node>) {
        for node in nodes {
            match node.kind {
                Kind::Macro(found) => {
                    let name = found.name.clone();
                    self.macros.entry(name).or_insert_with(|| (Arc::clone(path), Arc::clone(text), Arc::new(found)));
                }
                Kind::If(branches) => branches.into_iter().for_each(|(_, body)| self.take(path, text, body)),
                _ => {}
            }
        }
    }

    /// These macros, and those of `other` that have another name.
    pub(super) fn with(mut self, other: &Library) -> Library {
        for (name, held) in &other.macros {
            self.macros.entry(name.clone()).or_insert_with(|| held.clone());
        }
        self
    }

    /// The macro of that name, or the default one of those that adapters may have of their own.
    pub(super) fn find(&self, name: &str) -> Option<Placed> {
        self.macros.get(name).or_else(|| self.macros.get(&format!("default__{name}"))).cloned()
    }
}
