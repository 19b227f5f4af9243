//! YAML as a tree with byte spans, for every scanned file (our own packs go through serde).
//!
//! `parse(text, limits.nesting)` gives one [`Node`] a document and what did not parse. A document that
//! does not parse is left out; the next one, after a line `---`, is read again.
//!
//! - Spans count bytes of the whole text and cover key-to-value for mappings.
//! - Aliases are resolved by copying, within [`EXPANSION`] nodes a file; merge keys (`<<`) are applied.
//! - Of duplicate keys the last one counts, as in PyYAML and in Kubernetes' decoder;
//!   [`Node::duplicates`] names the others.
//! - Scalars keep their text as written; [`Node::value`] reads plain ones by YAML 1.1 words
//!   (`yes`, `on`), which is what the tools that read these files do.

use std::collections::BTreeMap;

use aedile_model::{Span, Value};
use tree::Tree;

#[cfg(test)]
mod tests;
mod tree;

/// Nodes that aliases and merge keys of one text may add, all together.
const EXPANSION: usize = 100_000;

/// Lines of one text that are read as if they stood further right.
const MOVED: usize = 64;

/// A value of a document and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its bytes; the place of use for an alias, the keys and values for a block mapping.
    pub(crate) span: Span,
    /// The local tag without `!` (`Ref` of `!Ref`), or the full name of a foreign one; core tags are left out.
    pub(crate) tag: Option<String>,
    /// Whether an anchor or an alias put it here.
    pub(crate) shared: bool,
    /// What it is.
    pub(crate) kind: Kind,
    /// Nodes in it, itself included.
    size: usize,
    /// Levels below it.
    height: usize,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text; `plain` if it stands without quotes and block markers.
    Scalar {
        /// Decoded text.
        text: String,
        /// Whether the reader may take it for a number, a truth value or null.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the text, duplicates included.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Node,
    /// The value.
    pub(crate) value: Node,
}

/// A document, or the rest of one, that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct YamlError {
    /// From where it was noticed to where reading goes on, or to the end.
    pub(crate) span: Span,
    /// Why, lower case, no final period.
    pub(crate) message: String,
    /// Whether it nests or expands beyond our bounds, rather than being no YAML.
    pub(crate) limit: bool,
}

/// The documents of `text`, and the first that did not parse.
///
/// `nesting` bounds the levels of sequences and mappings, aliases included.
pub(crate) fn parse(text: &str, nesting: usize) -> (Vec<Node>, Option<YamlError>) {
    let (documents, errors) = parse_all(text, nesting);
    let more = errors.len().saturating_sub(1);
    let first = errors.into_iter().next().map(|mut error| {
        if more > 0 {
            error.message = format!("{} (and {more} more in this file)", error.message);
        }
        error
    });
    (documents, first)
}

/// The documents of `text`, and every one that did not parse.
pub(crate) fn parse_all(text: &str, nesting: usize) -> (Vec<Node>, Vec<YamlError>) {
    let (mut documents, mut errors) = (Vec::new(), Vec::new());
    let mut budget = EXPANSION;
    let mut start = 0;
    let mut text = std::borrow::Cow::Borrowed(text);
    let mut moved = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let mut tree = Tree::new(rest, start, nesting, &mut budget);
        let failed = tree.read();
        if let Some((at, fault)) = &failed
            && matches!(&*fault.message, "invalid indentation" | "invalid indentation in flow construct")
            && moved < MOVED
            && let Some(whole) = joined(&text, *at)
        {
            moved += 1;
            text = whole.into();
            continue;
        }
        documents.append(&mut tree.documents);
        let Some((at, fault)) = failed else { break };
        let next = next_document(&text, tree.document.max(start + 1));
        errors.push(YamlError {
            span: Span::new(at, next.unwrap_or(text.len()).max(at)),
            message: fault.message,
            limit: fault.limit,
        });
        match next {
            Some(next) => start = next,
            None => break,
        }
    }
    (documents, errors)
}

/// `text` with the line at `at` behind the one before it, every byte at its offset; `None` if that one ends in a comment.
///
/// The parser wants what stands in brackets further right than the key before them, a bracket that closes them too. All
/// readers in use take it where it stands:
///
/// ```yaml
/// command: [
///   "serve"
/// ]
/// ```
fn joined(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?;
    let kept = before.trim_end_matches([' ', '\t', '\r', '\n']);
    let last = kept.rsplit('\n').next()?;
    if kept.len() == before.trim_end_matches([' ', '\t']).len() || last.contains(" #") || last.starts_with('#') {
        return None;
    }
    Some(format!("{kept}{}{}", " ".repeat(at - kept.len()), text.get(at..)?))
}

/// The offset of the first line `---` that starts after `from`.
fn next_document(text: &str, from: usize) -> Option<usize> {
    let mut from = from.min(text.len());
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.get(from..)?.find("\n---").map(|at| from + at + 1)
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The value under `key`; `None` for other kinds of nodes.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Where `key` itself stands.
    #[cfg(test)]
    pub(crate) fn key_span(&self, key: &str) -> Option<Span> {
        self.entry(key).map(|entry| entry.key.span)
    }

    /// The value at the dotted `path` of keys.
    pub(crate) fn at(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, key| node.get(key))
    }

    /// The items of a sequence; none for other kinds of nodes.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Scalar { .. } | Kind::Map(_) => &[],
        }
    }

    /// Keys and values of a mapping as written, duplicates included; none for other kinds of nodes.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            Kind::Scalar { .. } | Kind::List(_) => &[],
        }
    }

    /// The truth value of a plain scalar by YAML 1.1.
    pub(crate) fn bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => truth(text),
            _ => None,
        }
    }

    /// The node as a value; fractions stay text, a mapping's keys are its scalar keys.
    pub(crate) fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar { text, plain: false } => Value::Text(text.clone()),
            Kind::Scalar { text, plain: true } if is_null(text) => Value::Null,
            Kind::Scalar { text, plain: true } => truth(text)
                .map(Value::Bool)
                .or_else(|| text.parse().ok().map(Value::Int))
                .unwrap_or_else(|| Value::Text(text.clone())),
            Kind::List(items) => Value::List(items.iter().map(Node::value).collect()),
            Kind::Map(entries) => Value::Map(
                entries.iter().filter_map(|entry| Some((entry.key.str()?.to_owned(), entry.value.value()))).collect(),
            ),
        }
    }

    /// Every key in it that a later equal key hides, with the place of the hidden one.
    pub(crate) fn duplicates(&self) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        self.collect_duplicates(&mut found);
        found
    }

    fn collect_duplicates(&self, found: &mut Vec<(String, Span)>) {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for entry in self.entries() {
            if let Some(key) = entry.key.str()
                && let Some(hidden) = seen.insert(key, entry.key.span)
            {
                found.push((key.to_owned(), hidden));
            }
            entry.value.collect_duplicates(found);
        }
        self.items().iter().for_each(|item| item.collect_duplicates(found));
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| entry.key.str() == Some(key))
    }
}

fn is_null(plain: &str) -> bool {
    matches!(plain, "" | "~" | "null" | "Null" | "NULL")
}

/// YAML 1.1, type bool, without the single letters that no reader of ours accepts.
fn truth(plain: &str) -> Option<bool> {
    match plain {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}
