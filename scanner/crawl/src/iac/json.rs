//! JSON as a tree with byte spans, for files whose places count.
//!
//! Reading never goes deeper than it is told and takes a bounded number of values. Numbers keep what they say; of
//! duplicate keys both stay, and [`Node::get`] gives the last, as most readers do. [`parse_relaxed`] also takes what
//! Azure's tools take: comments, and commas before a closing bracket.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Place, Span};

use super::datum::{self, Datum};

/// Values of one text.
const VALUES: usize = 2_000_000;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

/// Why a text is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// Where that was noticed.
    pub(crate) span: Span,
    /// Lower case, no final period.
    pub(crate) message: String,
    /// Whether it nests deeper than is followed.
    pub(crate) limit: bool,
}

/// The value that `text` is; `nesting` bounds lists and objects in each other.
pub(crate) fn parse(text: &str, nesting: usize) -> Result<Node, JsonError> {
    read(text, nesting, Dialect::Plain)
}

/// The value of a text with comments (`//`, `/* */`) and commas before closing brackets.
pub(crate) fn parse_relaxed(text: &str, nesting: usize) -> Result<Node, JsonError> {
    read(text, nesting, Dialect::Relaxed)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Plain,
    Relaxed,
}

fn read(text: &str, nesting: usize, dialect: Dialect) -> Result<Node, JsonError> {
    let mut reader = Reader { text, at: 0, left: nesting, values: VALUES, dialect };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    let node = reader.value()?;
    reader.space()?;
    if reader.at < text.len() { Err(reader.error("there is more after the value")) } else { Ok(node) }
}

impl Node {
    /// The value under `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.members().iter().rev().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Map(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The value with its places in the file at `path`; a member stands from its key to the end of its value.
    pub(crate) fn datum(&self, path: &Arc<str>) -> Datum {
        let place = |span: Span| Some(Place { path: Arc::clone(path), span, cell: None });
        let kind = match &self.kind {
            Kind::Null => datum::Kind::Null,
            Kind::Bool(truth) => datum::Kind::Bool(*truth),
            Kind::Int(number) => datum::Kind::Int(*number),
            Kind::Float(number) => datum::Kind::Float(*number),
            Kind::Text(text) => datum::Kind::Text(text.clone()),
            Kind::List(items) => datum::Kind::List(items.iter().map(|item| item.datum(path)).collect()),
            Kind::Map(members) => {
                let members = members
                    .iter()
                    .map(|member| (member.key.clone(), member.value.datum(path).at(place(member.span()))))
                    .collect::<BTreeMap<String, Datum>>();
                return Datum::from(members).at(place(self.span));
            }
        };
        Datum::new(kind, place(self.span))
    }

    /// Every key in it that a later equal key of its object hides, with the place of the hidden one.
    pub(crate) fn duplicates(&self) -> Vec<(&str, Span)> {
        let (mut found, mut open) = (Vec::new(), vec![self]);
        while let Some(node) = open.pop() {
            let mut seen = BTreeSet::new();
            for member in node.members().iter().rev() {
                if !seen.insert(member.key.as_str()) {
                    found.push((member.key.as_str(), member.key_span));
                }
                open.push(&member.value);
            }
            open.extend(node.items());
        }
        found
    }

    /// The text of a string.
    pub(crate) fn str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Member {
    /// From the key to the end of the value.
    pub(crate) fn span(&self) -> Span {
        Span { start: self.key_span.start, end: self.value.span.end }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    left: usize,
    values: usize,
    dialect: Dialect,
}

impl Reader<'_> {
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn error(&self, message: &str) -> JsonError {
        JsonError { span: Span::new(self.at, self.at), message: message.to_owned(), limit: false }
    }

    /// Goes over blanks, and over comments where there may be some.
    fn space(&mut self) -> Result<(), JsonError> {
        loop {
            while matches!(self.byte(), b' ' | b'\t' | b'\r' | b'\n') {
                self.at += 1;
            }
            if self.dialect == Dialect::Plain || self.byte() != b'/' {
                return Ok(());
            }
            let rest = self.text.get(self.at..).unwrap_or_default();
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").ok_or_else(|| self.error("a comment does not end"))? + 2
            } else {
                return Err(self.error("expected a comment"));
            };
            self.at += length;
        }
    }

    /// Whether the next thing is that closing bracket, which is taken.
    fn closes(&mut self, bracket: u8) -> Result<bool, JsonError> {
        self.space()?;
        Ok(self.take(bracket))
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.byte() == byte;
        self.at += usize::from(there);
        there
    }

    fn value(&mut self) -> Result<Node, JsonError> {
        self.space()?;
        let start = self.at;
        self.values = self
            .values
            .checked_sub(1)
            .ok_or_else(|| JsonError { limit: true, ..self.error("it holds more values than are read") })?;
        let kind = match self.byte() {
            b'{' => self.deeper(Self::map)?,
            b'[' => self.deeper(Self::list)?,
            b'"' => Kind::Text(self.string()?),
            b'-' | b'0'..=b'9' => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { span: Span::new(start, self.at), kind })
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Result<Kind, JsonError>) -> Result<Kind, JsonError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(JsonError { limit: true, ..self.error("it nests deeper than is followed") });
        };
        self.left = left;
        self.at += 1;
        let kind = read(self);
        self.left += 1;
        kind
    }

    fn map(&mut self) -> Result<Kind, JsonError> {
        let mut members = Vec::new();
        if self.closes(b'}')? {
            return Ok(Kind::Map(members));
        }
        loop {
            self.space()?;
            let start = self.at;
            if self.byte() != b'"' {
                return Err(self.error("expected a key"));
            }
            let key = self.string()?;
            let key_span = Span::new(start, self.at);
            self.space()?;
            if !self.take(b':') {
                return Err(self.error("expected `:`"));
            }
            members.push(Member { key, key_span, value: self.value()? });
            if self.closes(b'}')? {
                return Ok(Kind::Map(members));
            }
            if !self.take(b',') {
                return Err(self.error("expected `,` or `}`"));
            }
            if self.dialect == Dialect::Relaxed && self.closes(b'}')? {
                return Ok(Kind::Map(members));
            }
        }
    }

    fn list(&mut self) -> Result<Kind, JsonError> {
        let mut items = Vec::new();
        if self.closes(b']')? {
            return Ok(Kind::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.closes(b']')? {
                return Ok(Kind::List(items));
            }
            if !self.take(b',') {
                return Err(self.error("expected `,` or `]`"));
            }
            if self.dialect == Dialect::Relaxed && self.closes(b']')? {
                return Ok(Kind::List(items));
            }
        }
    }

    fn word(&mut self) -> Result<Kind, JsonError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, kind) in [("null", Kind::Null), ("true", Kind::Bool(true)), ("false", Kind::Bool(false))] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.error("expected a value"))
    }

    fn number(&mut self) -> Result<Kind, JsonError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
        let text = self.text.get(self.at..self.at + length).unwrap_or_default();
        let kind = match text.parse() {
            Ok(whole) => Some(Kind::Int(whole)),
            Err(_) => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Kind::Float),
        };
        let kind = kind.ok_or_else(|| self.error("it is no number"))?;
        self.at += length;
        Ok(kind)
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(self.error("the text is not closed"));
            };
            out.push_str(self.text.get(self.at..self.at + length).unwrap_or_default());
            self.at += length + 1;
            if rest.get(length) == Some(&b'"') {
                return Ok(out);
            }
            self.escape(&mut out)?;
        }
    }

    /// What follows a backslash.
    fn escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        let letter = self.byte();
        let plain = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex(self.at + 1)?;
                self.at += 5;
                let second = self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"));
                let mut code = first;
                if (0xD800..0xDC00).contains(&first) && second {
                    let low = self.hex(self.at + 2)?;
                    if (0xDC00..0xE000).contains(&low) {
                        code = 0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00);
                        self.at += 6;
                    }
                }
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(());
            }
            _ => return Err(self.error("there is no such escape")),
        };
        out.push(plain);
        self.at += 1;
        Ok(())
    }

    fn hex(&self, at: usize) -> Result<u32, JsonError> {
        let digits = self.text.get(at..at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.error("expected four hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_another_reader() {
        let text = r#" {"a": [1, -2.5e3, true, null, "\u00e9\ud83d\ude00\n\"\/"], "b": {"c": {}}, "d": []} "#;
        let node = parse(text, 8).expect("it parses");
        fn plain(node: &Node) -> serde_json::Value {
            match &node.kind {
                Kind::Null => serde_json::Value::Null,
                Kind::Bool(truth) => (*truth).into(),
                Kind::Int(number) => (*number).into(),
                Kind::Float(number) => (*number).into(),
                Kind::Text(text) => text.clone().into(),
                Kind::List(items) => items.iter().map(plain).collect(),
                Kind::Map(members) => members.iter().map(|m| (m.key.clone(), plain(&m.value))).collect(),
            }
        }
        assert_eq!(plain(&node), serde_json::from_str::<serde_json::Value>(text).expect("it parses there"));
        let list = node.get("a").expect("there is a");
        let item = &list.items()[1];
        assert_eq!(&text[item.span.start as usize..item.span.end as usize], "-2.5e3");
    }

    #[test]
    fn what_is_no_json_is_an_error_with_its_place() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "\"x", "\"\\x\"", "tru", "1 2", "-", "\"\\ud8", "[", "{\"a\":"] {
            let error = parse(text, 8).expect_err(text);
            assert!(error.span.end as usize <= text.len() + 1 && !error.limit, "{text}: {error:?}");
        }
        assert!(parse(&"[".repeat(100_000), 64).expect_err("too deep").limit);
    }

    #[test]
    fn comments_and_trailing_commas_are_taken_where_asked() {
        let text = "\u{feff}{ // one\n \"a\": [1, -2.5, \"x\\n\\u00e9\\ud83d\\ude00\",], /* two */ \"b\": null, }";
        let datum = parse_relaxed(text, 16).expect("it parses").datum(&"a.json".into());
        assert_eq!(datum.json(), Some(serde_json::json!({"a": [1, -2.5, "x\né😀"], "b": null})));
        assert!(parse(text, 16).is_err());
        for text in ["/* ", "{,}", "[,]", "{\"a\": 1 / 2}", "{\"a\": .}"] {
            assert!(parse_relaxed(text, 16).is_err(), "{text}");
        }
    }

    #[test]
    fn a_member_stands_from_its_key_to_the_end_of_its_value() {
        let node = parse(r#"{"a": {"b": true}}"#, 8).expect("it parses");
        let datum = node.datum(&"a.json".into());
        let member = datum.member("a").and_then(|a| a.member("b")).expect("there is b");
        assert_eq!(member.place, Some(Place::new(&"a.json".into(), 7, 16)));
    }

    #[test]
    fn hidden_keys_are_told() {
        let node = parse(r#"{"a": [{"b": 1, "b": 2}]}"#, 8).expect("it parses");
        assert_eq!(node.duplicates(), [("b", Span::new(8, 11))]);
    }

    #[test]
    fn the_last_of_duplicate_keys_counts() {
        let node = parse("{\"a\": 1, \"a\": 2}", 8).expect("it parses");
        assert_eq!(node.get("a").map(|node| &node.kind), Some(&Kind::Int(2)));
        assert_eq!(node.members().len(), 2);
    }
}
