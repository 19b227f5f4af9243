//! Edits of HCL: attributes, blocks and objects, with the layout of the file kept.

use std::collections::BTreeMap;
use std::ops::Range;

use aedile_model::Patch;
use hcl_edit::Span;
use hcl_edit::expr::{Array, Expression, Object, ObjectKey};
use hcl_edit::structure::{Block, Body, Structure};

use super::align::group;
use super::path::Segment;
use super::text::{Text, indented};

/// A value in the language, as it will stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// On one line.
    Text(String),
    /// An object.
    Map(BTreeMap<String, Value>),
}

type Edits = Result<Vec<Patch>, String>;

/// A file with the block that is edited.
pub(crate) struct Hcl<'t> {
    file: Text<'t>,
    body: Body,
}

impl<'t> Hcl<'t> {
    /// The file, if all of it parses.
    pub(crate) fn new(file: Text<'t>) -> Result<Hcl<'t>, String> {
        let body = hcl_edit::parser::parse_body(file.text).map_err(|_| "its file does not parse".to_owned())?;
        Ok(Hcl { file, body })
    }

    /// The top-level block whose header begins at `start`.
    pub(crate) fn block(&self, start: usize) -> Result<&Block, String> {
        let found = self.body.blocks().find(|block| block.ident.span().is_some_and(|span| span.start == start));
        found.ok_or_else(|| "it is not written as a block".to_owned())
    }

    /// Writes `value` at `path` in `block`.
    pub(crate) fn set(&self, block: &Block, path: &[Segment], value: &Value) -> Edits {
        let Some((head, rest)) = path.split_first() else { return Err("the path is empty".to_owned()) };
        let key = head.key.as_str();
        let attribute = block.body.get_attribute(key);
        if rest.is_empty() {
            if named(&block.body, key).next().is_some() {
                return Err(format!("`{key}` is written as a block"));
            }
            return match attribute {
                Some(attribute) => {
                    let span = attribute.value.span().ok_or("it has no place")?;
                    let indent = self.file.indent(span.start);
                    Ok(vec![self.file.edit(span.start, span.end, indented(&value.render(), indent))])
                }
                None => self.insert_attribute(block, key, value),
            };
        }
        if let Some(attribute) = attribute {
            return self.set_in(&attribute.value, rest, value);
        }
        let mut edits = Vec::new();
        for inner in named(&block.body, key) {
            edits.extend(self.set(inner, rest, value)?);
        }
        if named(&block.body, key).next().is_some() {
            return Ok(edits);
        }
        if head.required {
            return Err(format!("there is no `{key}`"));
        }
        if head.map {
            let inner = rest
                .iter()
                .rev()
                .fold(value.clone(), |value, segment| Value::Map(BTreeMap::from([(segment.key.clone(), value)])));
            return self.insert_attribute(block, key, &inner);
        }
        self.insert_block(block, &nested(path, value))
    }

    /// Adds an item to the list at `path`.
    pub(crate) fn append(&self, block: &Block, path: &[Segment], item: &Value) -> Edits {
        let Some((last, way)) = path.split_last() else { return Err("the path is empty".to_owned()) };
        let mut at = vec![block];
        for segment in way {
            at = at.iter().flat_map(|block| named(&block.body, &segment.key)).collect();
        }
        let list = || Value::Text(format!("[{}]", item.render()));
        if at.is_empty() {
            return self.set(block, path, &list());
        }
        let mut edits = Vec::new();
        for block in at {
            match block.body.get_attribute(&last.key).map(|attribute| &attribute.value) {
                None => edits.extend(self.set(block, std::slice::from_ref(last), &list())?),
                Some(Expression::Array(array)) => edits.extend(self.append_to(array, item)?),
                Some(_) => return Err(format!("`{}` is not written out as a list", last.key)),
            }
        }
        Ok(edits)
    }

    fn append_to(&self, array: &Array, item: &Value) -> Edits {
        let span = array.span().ok_or("it has no place")?;
        let item = item.render();
        let Some(last) = array.iter().last().and_then(Span::span) else {
            return Ok(vec![self.file.edit(span.start, span.end, format!("[{item}]"))]);
        };
        let held = array.iter().filter_map(Span::span).any(|span| self.file.slice(span.start, span.end) == item);
        if held {
            return Ok(Vec::new());
        }
        let after = self.file.slice(last.end, span.end);
        if !after.contains('\n') {
            return Ok(vec![self.file.edit(last.end, last.end, format!(", {item}"))]);
        }
        let indent = self.file.indent(last.start);
        if after.trim_start().starts_with(',') {
            let comma = last.end + after.find(',').unwrap_or(0) + 1;
            Ok(vec![self.file.edit(comma, comma, format!("\n{indent}{item},"))])
        } else {
            Ok(vec![self.file.edit(last.end, last.end, format!(",\n{indent}{item}"))])
        }
    }

    /// Takes the attribute or the blocks at `path` away.
    pub(crate) fn remove(&self, block: &Block, path: &[Segment]) -> Edits {
        let Some((head, rest)) = path.split_first() else { return Err("the path is empty".to_owned()) };
        let mut edits = Vec::new();
        let attribute = block.body.get_attribute(&head.key);
        if let (Some(attribute), true) = (attribute, rest.is_empty()) {
            let span = attribute.span().ok_or("it has no place")?;
            edits.push(self.without(block, span)?);
        }
        for inner in named(&block.body, &head.key) {
            match rest {
                [] => edits.push(self.without(block, inner.span().ok_or("it has no place")?)?),
                rest => edits.extend(self.remove(inner, rest)?),
            }
        }
        if let (Some(_), false) = (attribute, rest.is_empty()) {
            return Err(format!("`{}` is not written as a block", head.key));
        }
        Ok(edits)
    }

    fn without(&self, block: &Block, span: Range<usize>) -> Result<Patch, String> {
        let (open, close) = self.braces(block)?;
        if self.file.slice(open, close).contains('\n') {
            let (start, end) = self.file.lines(span.start, span.end);
            let alone = self.file.slice(start, span.start).trim().is_empty();
            return if alone { Ok(self.file.edit(start, end, "")) } else { Err("it shares its line".to_owned()) };
        }
        Ok(self.file.edit(open + 1, close, ""))
    }

    /// Adds the text of another block after `block`.
    pub(crate) fn add_after(&self, block: &Block, text: &str) -> Edits {
        let end = self.file.line_end(block.span().ok_or("it has no place")?.end);
        Ok(vec![self.file.edit(end, end, format!("\n\n{}", text.trim_end()))])
    }

    /// The expression of an attribute as it is written, if it stands on one line.
    pub(crate) fn expression(&self, block: &Block, name: &str) -> Option<(&'t str, bool)> {
        let span = block.body.get_attribute(name)?.value.span()?;
        let text = self.file.slice(span.start, span.end);
        Some((text, !text.contains('\n')))
    }

    fn set_in(&self, value: &Expression, path: &[Segment], new: &Value) -> Edits {
        match value {
            Expression::Object(object) => self.set_in_object(object, path, new),
            Expression::Array(array) if array.iter().count() > 0 => {
                let mut edits = Vec::new();
                for item in array {
                    edits.extend(self.set_in(item, path, new)?);
                }
                Ok(edits)
            }
            _ => Err("its value is computed".to_owned()),
        }
    }

    fn set_in_object(&self, object: &Object, path: &[Segment], new: &Value) -> Edits {
        let Some((head, rest)) = path.split_first() else { return Err("the path is empty".to_owned()) };
        let found = object.iter().find(|(key, _)| object_key(key).as_deref() == Some(head.key.as_str()));
        match (found, rest) {
            (Some((_, held)), []) => {
                let span = held.expr().span().ok_or("it has no place")?;
                Ok(vec![self.file.edit(span.start, span.end, indented(&new.render(), self.file.indent(span.start)))])
            }
            (Some((_, held)), rest) => self.set_in(held.expr(), rest, new),
            (None, rest) => {
                let value = rest
                    .iter()
                    .rev()
                    .fold(new.clone(), |value, segment| Value::Map(BTreeMap::from([(segment.key.clone(), value)])));
                self.insert_in_object(object, &key(&head.key), &value)
            }
        }
    }

    fn insert_in_object(&self, object: &Object, key: &str, value: &Value) -> Edits {
        let span = object.span().ok_or("it has no place")?;
        let last = object.iter().filter_map(|(_, value)| value.expr().span()).last();
        let Some(last) = last else {
            return Ok(vec![self.file.edit(span.start, span.end, format!("{{ {key} = {} }}", value.render()))]);
        };
        if !self.file.slice(span.start, span.end).contains('\n') {
            return Ok(vec![self.file.edit(last.end, last.end, format!(", {key} = {}", value.render()))]);
        }
        let indent = self.file.indent(last.start);
        Ok(self.insert_line(last.end, last.start, indent, key, value))
    }

    fn insert_attribute(&self, block: &Block, key: &str, value: &Value) -> Edits {
        let (open, close) = self.braces(block)?;
        let indent = self.indent_in(block, open, close);
        let line = format!("{indent}{key} = {}", indented(&value.render(), &indent));
        if !self.file.slice(open, close).contains('\n') {
            return self.opened(block, open, close, &line);
        }
        let structures = block.body.iter().take_while(|structure| matches!(structure, Structure::Attribute(_)));
        match structures.last().and_then(Span::span) {
            Some(last) => Ok(self.insert_line(last.end, last.start, &indent, key, value)),
            None => {
                let at = self.file.line_end(open + 1);
                let gap = if block.body.is_empty() { "" } else { "\n" };
                Ok(vec![self.file.edit(at, at, format!("\n{line}{gap}"))])
            }
        }
    }

    /// A line `key = value` after the line of `end`, aligned with the group of the attribute at `start`.
    fn insert_line(&self, end: usize, start: usize, indent: &str, key: &str, value: &Value) -> Vec<Patch> {
        let at = self.file.line_end(end);
        let value = indented(&value.render(), indent);
        let mut edits = Vec::new();
        let group = if value.contains('\n') { Vec::new() } else { group(self.file.text, self.file.line_start(start)) };
        let own = indent.chars().count() + key.chars().count();
        let widest = group.iter().map(|line| line.width(self.file.text)).max().unwrap_or(0);
        let width = widest.max(own);
        for line in group.iter().filter(|_| own > widest) {
            let blanks = " ".repeat(width - line.width(self.file.text) + 1);
            edits.push(self.file.edit(line.key_end, line.equals, blanks));
        }
        let pad = if group.is_empty() { 0 } else { width - own };
        edits.push(self.file.edit(at, at, format!("\n{indent}{key}{} = {value}", " ".repeat(pad))));
        edits
    }

    fn insert_block(&self, block: &Block, text: &str) -> Edits {
        let (open, close) = self.braces(block)?;
        let indent = self.indent_in(block, open, close);
        let text = format!("{indent}{}", indented(text, &indent));
        if !self.file.slice(open, close).contains('\n') {
            let blank = if block.body.is_empty() { "" } else { "\n" };
            return self.opened(block, open, close, &format!("{blank}{text}"));
        }
        match block.body.iter().filter_map(Span::span).last() {
            Some(last) => {
                let at = self.file.line_end(last.end);
                Ok(vec![self.file.edit(at, at, format!("\n\n{text}"))])
            }
            None => {
                let at = self.file.line_end(open + 1);
                Ok(vec![self.file.edit(at, at, format!("\n{text}"))])
            }
        }
    }

    /// A block of one line (`{ a = 1 }`) opened to several, with `line` in it.
    fn opened(&self, block: &Block, open: usize, close: usize, line: &str) -> Edits {
        let outer = self.file.indent(open);
        let Some(held) = block.body.iter().filter_map(Span::span).last() else {
            return Ok(vec![self.file.edit(open, close + 1, format!("{{\n{line}\n{outer}}}"))]);
        };
        Ok(vec![
            self.file.edit(open + 1, held.start, format!("\n{outer}  ")),
            self.file.edit(held.end, close, format!("\n{line}\n{outer}")),
        ])
    }

    /// Offsets of `{` and `}`.
    fn braces(&self, block: &Block) -> Result<(usize, usize), String> {
        let span = block.span().ok_or("it has no place")?;
        let header = block.labels.last().and_then(Span::span).or_else(|| block.ident.span());
        let from = header.map_or(span.start, |header| header.end);
        let open = self.file.slice(from, span.end).find('{').map(|at| from + at);
        open.map(|open| (open, span.end.saturating_sub(1))).ok_or_else(|| "it has no place".to_owned())
    }

    fn indent_in(&self, block: &Block, open: usize, close: usize) -> String {
        let first = block.body.iter().next().and_then(Span::span);
        match first.filter(|_| self.file.slice(open, close).contains('\n')) {
            Some(first) => self.file.indent(first.start).to_owned(),
            None => format!("{}  ", self.file.indent(open)),
        }
    }
}

/// The blocks `name` in `body`, those that `dynamic` makes by their content.
fn named<'b>(body: &'b Body, name: &str) -> impl Iterator<Item = &'b Block> {
    body.blocks().filter_map(move |block| match block.ident.as_str() {
        "dynamic" => {
            let label = block.labels.first().map(|label| label.as_str());
            (label == Some(name)).then(|| block.body.get_blocks("content").next()).flatten()
        }
        ident => (ident == name).then_some(block),
    })
}

fn object_key(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Ident(ident) => Some(ident.as_str().to_owned()),
        ObjectKey::Expression(Expression::Variable(ident)) => Some(ident.as_str().to_owned()),
        ObjectKey::Expression(expression) => expression.as_str().map(str::to_owned),
    }
}

/// `name` as a key of an object.
fn key(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { quoted(name) }
}

/// `text` as a string literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out.replace("${", "$${").replace("%{", "%%{")
}

/// Blocks in blocks with the attribute innermost.
fn nested(path: &[Segment], value: &Value) -> String {
    match path {
        [] => String::new(),
        [last] => format!("{} = {}", last.key, value.render()),
        [head, rest @ ..] if head.map => {
            let inner = rest
                .iter()
                .rev()
                .fold(value.clone(), |value, segment| Value::Map(BTreeMap::from([(segment.key.clone(), value)])));
            format!("{} = {}", head.key, inner.render())
        }
        [head, rest @ ..] => format!("{} {{\n  {}\n}}", head.key, indented(&nested(rest, value), "  ")),
    }
}

impl Value {
    /// The text, the first line without indent.
    pub(crate) fn render(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::Map(members) => {
                let width = members.keys().map(|name| key(name).chars().count()).max().unwrap_or(0);
                let lines: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("  {:<width$} = {}\n", key(name), indented(&value.render(), "  ")))
                    .collect();
                format!("{{\n{}}}", lines.concat())
            }
        }
    }
}
