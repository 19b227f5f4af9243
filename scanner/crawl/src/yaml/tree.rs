//! Builds the tree of a text from the parser's events, within bounds of depth and expansion.

use std::collections::BTreeMap;

use aedile_model::Span;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::{EXPANSION, Entry, Kind, Node};

/// A sequence or mapping that is still open.
struct Open {
    start: usize,
    tag: Option<String>,
    anchor: usize,
    mapping: bool,
    children: Vec<Node>,
}

/// Why a document is not read.
pub(super) struct Fault {
    pub(super) message: String,
    /// Whether one of our bounds, or the parser's, is the reason.
    pub(super) limit: bool,
}

impl Fault {
    fn limit(message: String) -> Fault {
        Fault { message, limit: true }
    }

    fn broken(message: &str) -> Fault {
        Fault { message: message.to_owned(), limit: message.starts_with("recursion limit") }
    }
}

/// Builds nodes from the parser's events.
pub(super) struct Tree<'a> {
    text: &'a str,
    /// Where `text` begins in the file.
    base: usize,
    /// Where the document that is being read begins in the file, after its `---`.
    pub(super) document: usize,
    /// Byte offset of every character; empty where characters are bytes.
    bytes: Vec<usize>,
    nesting: usize,
    budget: &'a mut usize,
    anchors: BTreeMap<usize, Node>,
    open: Vec<Open>,
    pub(super) documents: Vec<Node>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(text: &'a str, base: usize, nesting: usize, budget: &'a mut usize) -> Tree<'a> {
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        Tree {
            text,
            base,
            document: base,
            bytes,
            nesting,
            budget,
            anchors: BTreeMap::new(),
            open: Vec::new(),
            documents: Vec::new(),
        }
    }

    /// Reads documents until the end or the first error, whose offset in the file is given.
    pub(super) fn read(&mut self) -> Option<(usize, Fault)> {
        let mut parser = Parser::new_from_str(self.text);
        while let Some(event) = parser.next_event() {
            match event {
                Err(error) => {
                    return Some((self.base + self.byte(error.marker().index()), Fault::broken(error.info())));
                }
                Ok((event, span)) => {
                    let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
                    if let Err(fault) = self.event(event, start, end) {
                        return Some((self.base + start, fault));
                    }
                }
            }
        }
        None
    }

    fn event(&mut self, event: Event<'_>, start: usize, end: usize) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.as_ref().is_none_or(|tag| !tag.is_yaml_core_schema());
                let end = start + self.text.get(start..end).map_or(0, |raw| raw.trim_end().len());
                let kind = Kind::Scalar { text: text.into_owned(), plain };
                let tag = tag.and_then(|tag| local_tag(&tag));
                let node = Node { span: self.span(start, end), tag, shared: anchor > 0, kind, size: 1, height: 0 };
                self.put(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.enter(start, anchor, tag.as_deref(), false),
            Event::MappingStart(anchor, tag) => self.enter(start, anchor, tag.as_deref(), true),
            Event::SequenceEnd | Event::MappingEnd => self.leave(start, end),
            Event::Alias(anchor) => self.alias(anchor, start, end),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.document = self.base + end;
                self.anchors.clear();
                self.open.clear();
                Ok(())
            }
        }
    }

    fn enter(
        &mut self,
        start: usize,
        anchor: usize,
        tag: Option<&saphyr_parser::Tag>,
        mapping: bool,
    ) -> Result<(), Fault> {
        if self.open.len() >= self.nesting {
            return Err(Fault::limit(format!("nested more than {} levels deep", self.nesting)));
        }
        self.open.push(Open { start, tag: tag.and_then(local_tag), anchor, mapping, children: Vec::new() });
        Ok(())
    }

    fn leave(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        // The end of a block collection is where the next thing begins: its last child ends it.
        let closed_by_bracket = self.text.get(start..end).is_some_and(|raw| raw == "]" || raw == "}");
        let last = open.children.last().map_or(open.start, |child| child.span.end as usize - self.base);
        let span = self.span(open.start, if closed_by_bracket { end } else { last.max(open.start) });
        let size = 1 + open.children.iter().map(|child| child.size).sum::<usize>();
        let height = 1 + open.children.iter().map(|child| child.height).max().unwrap_or(0);
        let kind = if open.mapping { Kind::Map(self.merged(pairs(open.children))?) } else { Kind::List(open.children) };
        self.put(Node { span, tag: open.tag, shared: open.anchor > 0, kind, size, height }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, start: usize, end: usize) -> Result<(), Fault> {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(Fault::broken("an alias stands inside its own anchor"));
        };
        let (size, height) = (target.size, target.height);
        if self.open.len() + height > self.nesting {
            return Err(Fault::limit(format!("aliases nest more than {} levels deep", self.nesting)));
        }
        self.spend(size)?;
        let mut node = self.anchors.get(&anchor).cloned().unwrap_or_else(|| empty(Span::default()));
        node.span = self.span(start, end);
        node.shared = true;
        self.put(node, 0)
    }

    /// Applies `<<`: members of the merged mappings that the mapping itself does not have.
    fn merged(&mut self, entries: Vec<Entry>) -> Result<Vec<Entry>, Fault> {
        let is_merge = |entry: &Entry| matches!(&entry.key.kind, Kind::Scalar { text, plain: true } if text == "<<");
        if !entries.iter().any(is_merge) {
            return Ok(entries);
        }
        let (merges, mut own): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_merge);
        for merge in &merges {
            let sources =
                if merge.value.entries().is_empty() { merge.value.items() } else { std::slice::from_ref(&merge.value) };
            for entry in sources.iter().flat_map(Node::entries) {
                if !own.iter().any(|held| held.key.kind == entry.key.kind) {
                    self.spend(entry.key.size + entry.value.size)?;
                    own.push(entry.clone());
                }
            }
        }
        Ok(own)
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor > 0 {
            self.spend(node.size)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.children.push(node),
            None => self.documents.push(node),
        }
        Ok(())
    }

    fn spend(&mut self, nodes: usize) -> Result<(), Fault> {
        *self.budget = self
            .budget
            .checked_sub(nodes)
            .ok_or_else(|| Fault::limit(format!("aliases expand to more than {EXPANSION} nodes")))?;
        Ok(())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.base + start, self.base + end)
    }

    /// The byte at which the character `index` begins.
    fn byte(&self, index: usize) -> usize {
        if self.bytes.is_empty() {
            index.min(self.text.len())
        } else {
            self.bytes.get(index).copied().unwrap_or(self.text.len())
        }
    }
}

fn pairs(children: Vec<Node>) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(children.len() / 2);
    let mut children = children.into_iter();
    while let Some(key) = children.next() {
        let value = children.next().unwrap_or_else(|| empty(key.span));
        entries.push(Entry { key, value });
    }
    entries
}

fn empty(span: Span) -> Node {
    let kind = Kind::Scalar { text: String::new(), plain: true };
    Node { span, tag: None, shared: false, kind, size: 1, height: 0 }
}

fn local_tag(tag: &saphyr_parser::Tag) -> Option<String> {
    match tag {
        tag if tag.is_yaml_core_schema() => None,
        tag if tag.handle == "!" => Some(tag.suffix.clone()),
        tag => Some(format!("{}{}", tag.handle, tag.suffix)),
    }
}
