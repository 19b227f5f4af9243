//! The structure of a template: text, outputs, and blocks inside each other.

use super::expression::{Expr, read, signature};

/// Blocks inside each other that are read.
const DEPTH: usize = 60;

/// A part of a template; `start..end` are its bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Text as it is.
    Text,
    /// `{{ … }}`
    Output(Expr),
    /// `{% if … %}`: conditions with what stands below them; none for `else`.
    If(Vec<(Option<Expr>, Vec<Node>)>),
    /// Names, what is gone over, body, body for nothing.
    For(Vec<String>, Expr, Vec<Node>, Vec<Node>),
    /// Names and value.
    Set(Vec<String>, Expr),
    /// A name and a body whose text it gets.
    SetBlock(String, Vec<Node>),
    /// `{% do … %}`
    Do(Expr),
    Macro(Macro),
    /// `{% call f() %} … {% endcall %}`
    Call(Expr, Vec<Node>),
    /// `{% snapshot name %} … {% endsnapshot %}`
    Snapshot(String, Vec<Node>),
    /// Something that is not understood.
    Unread(String),
}

/// A macro: parameters with defaults, and body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Macro {
    pub(super) name: String,
    pub(super) parameters: Vec<(String, Option<Expr>)>,
    pub(super) body: Vec<Node>,
}

/// The parts of `text`.
pub(super) fn parse(text: &str) -> Vec<Node> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let mut nodes = Vec::new();
    while reader.at < text.len() {
        let (more, closed) = reader.nodes(&[]);
        nodes.extend(more);
        // An end of nothing.
        if let Some((word, start)) = closed {
            nodes.push(Node { start, end: reader.at, kind: Kind::Unread(format!("`{word}` ends nothing")) });
        }
    }
    nodes
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    /// Parts until one of the statements `until`, with that statement's words and start.
    fn nodes(&mut self, until: &[&str]) -> (Vec<Node>, Option<(String, usize)>) {
        let mut nodes = Vec::new();
        while self.at < self.text.len() {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(open) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min() else {
                nodes.push(Node { start: self.at, end: self.text.len(), kind: Kind::Text });
                self.at = self.text.len();
                break;
            };
            let start = self.at + open;
            if open > 0 {
                nodes.push(Node { start: self.at, end: start, kind: Kind::Text });
            }
            let tag = self.text.get(start..).unwrap_or_default();
            let close = match tag.as_bytes().get(1) {
                Some(b'{') => "}}",
                Some(b'%') => "%}",
                _ => "#}",
            };
            let Some(len) = end_of(tag, close) else {
                nodes.push(Node {
                    start,
                    end: self.text.len(),
                    kind: Kind::Unread("a template tag is not closed".to_owned()),
                });
                self.at = self.text.len();
                break;
            };
            self.at = start + len;
            let inner = tag.get(2..len - 2).unwrap_or_default();
            let inner = inner.trim_start_matches(['-', '+']).trim_end_matches(['-', '+']).trim();
            match close {
                "}}" => {
                    let kind = read(inner).map_or_else(|| unread(inner), Kind::Output);
                    nodes.push(Node { start, end: self.at, kind });
                }
                "%}" => {
                    let word = inner.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                    if until.contains(&word) {
                        return (nodes, Some((inner.to_owned(), start)));
                    }
                    if until.is_empty() && (word.starts_with("end") || matches!(word, "else" | "elif")) {
                        return (nodes, Some((inner.to_owned(), start)));
                    }
                    if let Some(kind) = self.statement(word, inner) {
                        nodes.push(Node { start, end: self.at, kind });
                    }
                }
                _ => {}
            }
        }
        (nodes, None)
    }

    /// What the statement `inner` and the block that it opens are; nothing for what gives nothing.
    fn statement(&mut self, word: &str, inner: &str) -> Option<Kind> {
        self.depth += 1;
        let kind = if self.depth > DEPTH { Some(unread("blocks inside each other")) } else { self.block(word, inner) };
        self.depth -= 1;
        kind
    }

    fn block(&mut self, word: &str, inner: &str) -> Option<Kind> {
        let rest = inner.get(word.len()..).unwrap_or_default().trim();
        Some(match word {
            "if" => {
                let mut branches = Vec::new();
                let mut condition = read(rest);
                loop {
                    let known = condition.is_some();
                    let (body, closed) = self.nodes(&["elif", "else", "endif"]);
                    branches.push((condition.or_else(|| (!known).then(|| Expr::Name("?".to_owned()))), body));
                    match closed {
                        Some((word, _)) if word.starts_with("elif") => {
                            condition = read(word.get(4..).unwrap_or_default().trim());
                        }
                        Some((word, _)) if word == "else" => {
                            let (body, _) = self.nodes(&["endif"]);
                            branches.push((None, body));
                            break;
                        }
                        _ => break,
                    }
                }
                Kind::If(branches)
            }
            "for" => {
                let (body, closed) = self.nodes(&["else", "endfor"]);
                let otherwise = match closed {
                    Some((word, _)) if word == "else" => self.nodes(&["endfor"]).0,
                    _ => Vec::new(),
                };
                let (names, over) = rest.split_once(" in ").unwrap_or(("", ""));
                let names =
                    names.trim().trim_matches(['(', ')']).split(',').map(|name| name.trim().to_owned()).collect();
                match read(over) {
                    Some(over) => Kind::For(names, over, body, otherwise),
                    None => unread(inner),
                }
            }
            "set" => match assignment(rest) {
                Some((names, value)) => match read(value) {
                    Some(value) => Kind::Set(names, value),
                    None => unread(inner),
                },
                None => Kind::SetBlock(rest.to_owned(), self.nodes(&["endset"]).0),
            },
            "do" => read(rest).map_or_else(|| unread(inner), Kind::Do),
            "macro" => {
                let body = self.nodes(&["endmacro"]).0;
                match signature(rest) {
                    Some((name, parameters)) => Kind::Macro(Macro { name, parameters, body }),
                    None => unread(inner),
                }
            }
            "call" => {
                let body = self.nodes(&["endcall"]).0;
                let rest = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest);
                read(rest).map_or_else(|| unread(inner), |expr| Kind::Call(expr, body))
            }
            "filter" => {
                self.nodes(&["endfilter"]);
                unread(inner)
            }
            "snapshot" => Kind::Snapshot(rest.to_owned(), self.nodes(&["endsnapshot"]).0),
            "raw" => {
                let from = self.at;
                let body = self.text.get(from..).unwrap_or_default();
                let end = body.find("{% endraw").or_else(|| body.find("{%- endraw")).unwrap_or(body.len());
                let after = body.get(end..).unwrap_or_default();
                self.at = from + end + after.find("%}").map_or(after.len(), |at| at + 2);
                unread("raw")
            }
            // They define what dbt runs elsewhere.
            "test" | "data_test" => {
                self.nodes(&["endtest", "enddata_test"]);
                return None;
            }
            "materialization" => {
                self.nodes(&["endmaterialization"]);
                return None;
            }
            "docs" => {
                self.nodes(&["enddocs"]);
                return None;
            }
            "import" | "from" | "include" | "extends" => return None,
            _ => unread(inner),
        })
    }
}

fn unread(what: &str) -> Kind {
    let what: String = what.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    Kind::Unread(format!("a template expression is not rendered: `{what}`"))
}

/// `a, b = value`: the names and the value.
fn assignment(text: &str) -> Option<(Vec<String>, &str)> {
    let (names, value) = text.split_once('=')?;
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
    (names.iter().all(|name| plain(name)) && !value.starts_with('=')).then_some((names, value))
}

/// One past the end of the tag that `tag` starts with; its sign in quotes does not end it.
fn end_of(tag: &str, close: &str) -> Option<usize> {
    if close == "#}" {
        return tag.find(close).map(|at| at + 2);
    }
    let bytes = tag.as_bytes();
    let mut at = 2;
    while let Some(&byte) = bytes.get(at) {
        if bytes.get(at..at + 2) == Some(close.as_bytes()) {
            // `{{ {'a': {}}}` closes at the last brace.
            let more = close == "}}" && bytes.get(at + 2) == Some(&b'}');
            if !more {
                return Some(at + 2);
            }
        }
        if byte == b'\'' || byte == b'"' {
            let mut next = at + 1;
            while bytes.get(next).is_some_and(|held| *held != byte) {
                next += if bytes.get(next) == Some(&b'\\') { 2 } else { 1 };
            }
            if next < bytes.len() {
                at = next;
            }
        }
        at += 1;
    }
    None
}
