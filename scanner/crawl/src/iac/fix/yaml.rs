//! Edits of YAML and JSON: keys of mappings and items of sequences, with comments, quotes and indentation kept.

use std::collections::BTreeMap;

use aedile_model::Patch;

use super::path::Segment;
use super::text::{Text, indented};
use crate::yaml::{self, Entry, Kind, Node};

/// A value as it will stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A scalar that needs no quotes: a number, a truth value, an expression.
    Plain(String),
    /// Text.
    Text(String),
    /// A sequence.
    List(Vec<Value>),
    /// A mapping.
    Map(BTreeMap<String, Value>),
}

type Edits = Result<Vec<Patch>, String>;

/// A file with its documents.
pub(crate) struct Yaml<'t> {
    file: Text<'t>,
    documents: Vec<Node>,
    /// Blanks by which a mapping stands in the one around it.
    step: usize,
}

impl<'t> Yaml<'t> {
    /// The file, if all of it parses and it is no template.
    pub(crate) fn new(file: Text<'t>, nesting: usize) -> Result<Yaml<'t>, String> {
        let mut actions = file.text.match_indices("{{").map(|(at, _)| file.slice(at.saturating_sub(1), at));
        if actions.any(|before| before != "$") {
            return Err("its file is a template".to_owned());
        }
        let (documents, error) = yaml::parse(file.text, nesting);
        if error.is_some() {
            return Err("its file does not parse".to_owned());
        }
        let step = documents.iter().find_map(|node| step(&file, node)).unwrap_or(2);
        Ok(Yaml { file, documents, step })
    }

    /// The node that covers exactly `start..end`, alone or together with its key.
    pub(crate) fn node(&self, start: usize, end: usize) -> Result<&Node, String> {
        let found = self.documents.iter().find_map(|node| covering(node, start, end));
        found.ok_or_else(|| "it is not written out in its file".to_owned())
    }

    /// The place of the resource of a template whose name stands at `start`, if the template declares it as
    /// `type_name`: what a transform makes of others has other properties.
    pub(crate) fn declared(&self, start: usize, type_name: &str) -> Result<(usize, usize), String> {
        let found =
            self.documents.iter().find_map(|node| named_at(node, start)).ok_or("its file names it otherwise")?;
        if found.get("Type").and_then(Node::str) != Some(type_name) {
            return Err("a transform makes it".to_owned());
        }
        Ok((found.span.start as usize, found.span.end as usize))
    }

    /// Writes `value` at `path` under `node`.
    pub(crate) fn set(&self, node: &Node, path: &[Segment], value: &Value) -> Edits {
        let Some((head, rest)) = path.split_first() else { return Err("the path is empty".to_owned()) };
        match &node.kind {
            Kind::List(items) => {
                if items.is_empty() {
                    return Err(format!("there is nothing that `{}` could stand in", head.key));
                }
                let mut edits = Vec::new();
                for item in items {
                    edits.extend(self.set(item, path, value)?);
                }
                return Ok(edits);
            }
            Kind::Scalar { .. } => return Err(format!("there is no mapping that `{}` could stand in", head.key)),
            Kind::Map(_) => {}
        }
        if node.shared && self.file.slice(node.span.start as usize, node.span.start as usize + 1) == "*" {
            return Err("it is an alias".to_owned());
        }
        let Some(entry) = self.own(node, &head.key) else {
            if head.required {
                return Err(format!("there is no `{}`", head.key));
            }
            return self.insert(node, &head.key, &deep(rest, value));
        };
        match (rest, &entry.value.kind) {
            ([], _) => self.replace(node, entry, value),
            (rest, Kind::Scalar { .. }) if is_null(&entry.value) => self.replace(node, entry, &deep(rest, value)),
            (rest, _) => self.set(&entry.value, rest, value),
        }
    }

    /// Adds an item to the sequence at `path`.
    pub(crate) fn append(&self, node: &Node, path: &[Segment], item: &Value) -> Edits {
        let Some((head, rest)) = path.split_first() else { return Err("the path is empty".to_owned()) };
        if let Kind::List(items) = &node.kind {
            let mut edits = Vec::new();
            for inner in items {
                edits.extend(self.append(inner, path, item)?);
            }
            return if items.is_empty() { Err(format!("there is no `{}`", head.key)) } else { Ok(edits) };
        }
        match (self.own(node, &head.key), rest) {
            (None, _) => self.set(node, path, &Value::List(vec![item.clone()])),
            (Some(entry), []) => self.append_to(node, entry, item),
            (Some(entry), rest) if is_null(&entry.value) => {
                self.replace(node, entry, &deep(rest, &Value::List(vec![item.clone()])))
            }
            (Some(entry), rest) => self.append(&entry.value, rest, item),
        }
    }

    fn append_to(&self, node: &Node, entry: &Entry, item: &Value) -> Edits {
        let items = entry.value.items();
        if matches!(&item, Value::Text(text) if items.iter().any(|held| held.str() == Some(text))) {
            return Ok(Vec::new());
        }
        let Some(last) = items.last() else {
            return self.replace(node, entry, &Value::List(vec![item.clone()]));
        };
        let end = last.span.end as usize;
        let text = self.flow(item, self.is_json(&entry.value));
        if self.is_flow(&entry.value) {
            let several = self.file.slice(entry.value.span.start as usize, end).contains('\n');
            let gap =
                if several { format!("\n{}", self.file.indent(last.span.start as usize)) } else { " ".to_owned() };
            return Ok(vec![self.file.edit(end, end, format!(",{gap}{text}"))]);
        }
        let at = self.file.line_end(end);
        let start = self.file.line_start(last.span.start as usize);
        let before = self.file.slice(start, last.span.start as usize);
        let dash = before.rfind('-').map_or(0, |dash| self.file.slice(start, start + dash).chars().count());
        Ok(vec![self.file.edit(at, at, format!("\n{}- {text}", " ".repeat(dash)))])
    }

    /// Takes the key at `path` away; one that is not there is no obstacle.
    pub(crate) fn remove(&self, node: &Node, path: &[Segment]) -> Edits {
        let Some((head, rest)) = path.split_first() else { return Err("the path is empty".to_owned()) };
        let mut edits = Vec::new();
        if let Kind::List(items) = &node.kind {
            for item in items {
                edits.extend(self.remove(item, path)?);
            }
            return Ok(edits);
        }
        match (self.own(node, &head.key), rest) {
            (None, _) => {}
            (Some(entry), []) => edits.push(self.without(node, entry)?),
            (Some(entry), rest) => edits.extend(self.remove(&entry.value, rest)?),
        }
        Ok(edits)
    }

    fn without(&self, node: &Node, entry: &Entry) -> Result<Patch, String> {
        let (start, end) = (entry.key.span.start as usize, self.value_end(entry));
        let entries: Vec<&Entry> = self.all(node).collect();
        let next = entries.iter().find(|other| other.key.span.start > entry.key.span.start);
        let previous = entries.iter().rev().find(|other| other.key.span.start < entry.key.span.start);
        if self.is_flow(node) {
            return match (previous, next) {
                (_, Some(next)) => Ok(self.file.edit(start, next.key.span.start as usize, "")),
                (Some(previous), None) => Ok(self.file.edit(self.value_end(previous), end, "")),
                (None, None) => Ok(self.file.edit(start, end, "")),
            };
        }
        let (from, to) = self.file.lines(start, end);
        match (self.file.slice(from, start).trim().is_empty(), next) {
            (true, _) if entries.len() > 1 => Ok(self.file.edit(from, to, "")),
            // The first key of an item of a sequence stands behind its dash.
            (false, Some(next)) => Ok(self.file.edit(start, next.key.span.start as usize, "")),
            _ => Err(format!("`{}` is all that stands there", entry.key.str().unwrap_or_default())),
        }
    }

    /// Adds `members` beside the entry `name`, somewhere around `node`.
    pub(crate) fn add_beside(&self, node: &Node, name: &str, members: &BTreeMap<String, Value>) -> Edits {
        let parent = self.documents.iter().find_map(|root| holding(root, node, name));
        let Some(parent) = parent else { return Err("it stands in no mapping of resources".to_owned()) };
        let mut edits = Vec::new();
        for (key, value) in members {
            if self.own(parent, key).is_some() {
                return Err(format!("there is another `{key}`"));
            }
            let entry = self.own(parent, name).ok_or("it has no name")?;
            edits.extend(self.insert_after(parent, entry, key, value)?);
        }
        Ok(edits)
    }

    /// The entries of `node` that stand in it, not those that `<<` brings.
    fn all<'n>(&self, node: &'n Node) -> impl Iterator<Item = &'n Entry> {
        node.entries()
            .iter()
            .filter(|entry| node.span.start <= entry.key.span.start && entry.key.span.end <= node.span.end)
    }

    fn own<'n>(&self, node: &'n Node, key: &str) -> Option<&'n Entry> {
        self.all(node).filter(|entry| entry.key.str() == Some(key)).last()
    }

    /// Where the value of `entry` ends; a value that is left out ends with its key.
    fn value_end(&self, entry: &Entry) -> usize {
        if entry.value.span.end > entry.value.span.start {
            entry.value.span.end as usize
        } else {
            let key = entry.key.span.end as usize;
            let rest = self.file.text.get(key..).unwrap_or_default();
            key + rest.find(':').map_or(0, |colon| colon + 1)
        }
    }

    fn replace(&self, node: &Node, entry: &Entry, value: &Value) -> Edits {
        let (start, end) = (entry.value.span.start as usize, entry.value.span.end as usize);
        if entry.value.shared && self.file.slice(start, start + 1) == "*" {
            return Err("it is an alias".to_owned());
        }
        let nothing = entry.value.span.end <= entry.value.span.start;
        let (start, end) = if nothing { (self.value_end(entry), self.value_end(entry)) } else { (start, end) };
        if let Kind::Scalar { .. } = entry.value.kind {
            let raw = self.file.slice(start, end);
            if raw.starts_with(['|', '>', '&', '!']) {
                return Err(format!("`{}` is no simple value", entry.key.str().unwrap_or_default()));
            }
        }
        let json = self.is_json(node);
        let text = match (value, self.file.slice(start, start + 1)) {
            (Value::Text(text), "'") => format!("'{}'", text.replace('\'', "''")),
            (Value::Text(text), "\"") => quoted(text),
            (Value::Map(_), _) if !self.is_flow(node) && !json => {
                let column = self.column(entry.key.span.start as usize);
                let block = self.block(value, column + self.step);
                return if nothing || self.file.slice(start, end).trim().is_empty() {
                    Ok(vec![self.file.edit(start, end, block)])
                } else if matches!(&entry.value.kind, Kind::Map(members) if members.is_empty()) || is_null(&entry.value)
                {
                    let from = start - (self.file.slice(0, start).len() - self.file.slice(0, start).trim_end().len());
                    Ok(vec![self.file.edit(from, end, block)])
                } else {
                    Err(format!("`{}` holds something else", entry.key.str().unwrap_or_default()))
                };
            }
            (value, _) => self.flow(value, json),
        };
        let blank = if nothing { " " } else { "" };
        Ok(vec![self.file.edit(start, end, format!("{blank}{text}"))])
    }

    fn insert(&self, node: &Node, key: &str, value: &Value) -> Edits {
        match self.all(node).max_by_key(|entry| entry.key.span.start) {
            Some(last) => self.insert_after(node, last, key, value),
            None if self.is_flow(node) => {
                let json = self.is_json(node);
                let text = format!("{}: {}", self.key(key, json), self.flow(value, json));
                Ok(vec![self.file.edit(node.span.start as usize, node.span.end as usize, format!("{{{text}}}"))])
            }
            None => Err(format!("there is no mapping that `{key}` could stand in")),
        }
    }

    fn insert_after(&self, node: &Node, last: &Entry, key: &str, value: &Value) -> Edits {
        let json = self.is_json(node);
        let end = self.value_end(last);
        if self.is_flow(node) {
            let several = self.file.slice(node.span.start as usize, node.span.end as usize).contains('\n');
            let indent = self.file.indent(last.key.span.start as usize);
            let (gap, text) = match several {
                true => (format!("\n{indent}"), indented(&self.pretty(value, json), indent)),
                false => (" ".to_owned(), self.flow(value, json)),
            };
            return Ok(vec![self.file.edit(end, end, format!(",{gap}{}: {text}", self.key(key, json)))]);
        }
        let column = self.column(last.key.span.start as usize);
        let at = self.file.line_end(end);
        let blanks = " ".repeat(column);
        let text = match value {
            Value::Map(_) => self.block(value, column + self.step),
            value => format!(" {}", self.flow(value, json)),
        };
        Ok(vec![self.file.edit(at, at, format!("\n{blanks}{}:{text}", self.key(key, json)))])
    }

    /// `value` as a block mapping that begins on the next line, indented by `column`.
    fn block(&self, value: &Value, column: usize) -> String {
        let Value::Map(members) = value else { return format!(" {}", self.flow(value, false)) };
        let lines = members.iter().map(|(key, value)| {
            format!("\n{}{}:{}", " ".repeat(column), self.key(key, false), self.block(value, column + self.step))
        });
        lines.collect()
    }

    fn flow(&self, value: &Value, json: bool) -> String {
        match value {
            Value::Plain(text) => text.clone(),
            Value::Text(text) if !json && is_plain(text) => text.clone(),
            Value::Text(text) => quoted(text),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item, json)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.key(key, json), self.flow(value, json)))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
        }
    }

    /// A flow mapping over several lines, as JSON is commonly written.
    fn pretty(&self, value: &Value, json: bool) -> String {
        match value {
            Value::Map(members) if !members.is_empty() => {
                let blanks = " ".repeat(self.step);
                let lines: Vec<String> = members
                    .iter()
                    .map(|(key, value)| {
                        format!("\n{blanks}{}: {}", self.key(key, json), indented(&self.pretty(value, json), &blanks))
                    })
                    .collect();
                format!("{{{}\n}}", lines.join(","))
            }
            value => self.flow(value, json),
        }
    }

    fn key(&self, key: &str, json: bool) -> String {
        if !json && is_plain(key) { key.to_owned() } else { quoted(key) }
    }

    fn is_flow(&self, node: &Node) -> bool {
        matches!(self.file.slice(node.span.start as usize, node.span.start as usize + 1), "{" | "[")
    }

    /// Whether the file writes JSON: its keys are quoted and its mappings in braces.
    fn is_json(&self, _: &Node) -> bool {
        self.file.text.trim_start().starts_with(['{', '['])
            && self
                .documents
                .iter()
                .flat_map(Node::entries)
                .all(|entry| self.file.slice(entry.key.span.start as usize, entry.key.span.start as usize + 1) == "\"")
    }

    fn column(&self, at: usize) -> usize {
        self.file.slice(self.file.line_start(at), at).chars().count()
    }
}

/// `value` under the keys of `path`.
fn deep(path: &[Segment], value: &Value) -> Value {
    path.iter().rev().fold(value.clone(), |value, segment| Value::Map(BTreeMap::from([(segment.key.clone(), value)])))
}

fn is_null(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
        || matches!(&node.kind, Kind::Map(members) if members.is_empty())
}

/// Whether `text` needs no quotes to be read as text by YAML 1.1 and 1.2.
pub(crate) fn is_plain(text: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/'))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':'))
        && !text.ends_with(':')
        && !words.contains(&text.to_ascii_lowercase().as_str())
}

/// `text` in double quotes.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn covering(node: &Node, start: usize, end: usize) -> Option<&Node> {
    let is = |from: u32, to: u32| (from as usize, to as usize) == (start, end);
    if is(node.span.start, node.span.end) {
        return Some(node);
    }
    let inside = |node: &Node| node.span.start as usize <= end && start <= node.span.end as usize;
    for entry in node.entries() {
        if is(entry.key.span.start, entry.value.span.end) {
            return Some(&entry.value);
        }
        if inside(&entry.value)
            && let Some(found) = covering(&entry.value, start, end)
        {
            return Some(found);
        }
    }
    node.items().iter().filter(|item| inside(item)).find_map(|item| covering(item, start, end))
}

/// The value of the entry whose key stands at `start`.
fn named_at(node: &Node, start: usize) -> Option<&Node> {
    let here = node.entries().iter().find(|entry| entry.key.span.start as usize == start);
    here.map(|entry| &entry.value).or_else(|| {
        let inner = node.entries().iter().map(|entry| &entry.value).chain(node.items());
        inner
            .filter(|inner| inner.span.start as usize <= start && start <= inner.span.end as usize)
            .find_map(|inner| named_at(inner, start))
    })
}

/// The innermost mapping around `node` in `root` that has an entry `name` around it.
fn holding<'n>(root: &'n Node, node: &Node, name: &str) -> Option<&'n Node> {
    let around = |outer: &Node| outer.span.start <= node.span.start && node.span.end <= outer.span.end;
    for entry in root.entries().iter().filter(|entry| around(&entry.value)) {
        if let Some(found) = holding(&entry.value, node, name) {
            return Some(found);
        }
        if entry.key.str() == Some(name) {
            return Some(root);
        }
    }
    root.items().iter().filter(|item| around(item)).find_map(|item| holding(item, node, name))
}

/// By how many blanks the first mapping in a mapping is indented.
fn step(file: &Text<'_>, node: &Node) -> Option<usize> {
    let column = |at: u32| file.slice(file.line_start(at as usize), at as usize).chars().count();
    for entry in node.entries() {
        if let Some(inner) = entry.value.entries().first() {
            let (outer, inner_at) = (column(entry.key.span.start), column(inner.key.span.start));
            let next_line = file.slice(entry.key.span.start as usize, inner.key.span.start as usize).contains('\n');
            if next_line && inner_at > outer {
                return Some(inner_at - outer);
            }
        }
        if let Some(found) = step(file, &entry.value) {
            return Some(found);
        }
    }
    node.items().iter().find_map(|item| step(file, item))
}
