//! JSON with comments, as deployment templates are written, with the place of every value.
//!
//! Comments (`//`, `/* */`), commas before a closing bracket and line breaks in strings are taken as the
//! provider's tools take them. Of duplicate keys the last one counts. Depth and number of values are bounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::Place;

use crate::iac::datum::{Datum, Kind, Map};

/// Values of one file.
const VALUES: usize = 500_000;

/// Why a text was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The byte where it was noticed.
    pub(super) at: usize,
    /// Lower case, no final period.
    pub(super) message: &'static str,
    /// Whether a bound of ours is the reason.
    pub(super) limit: bool,
}

/// The value of `text`, which stands in the file at `path`.
///
/// # Errors
/// It is no JSON, nests deeper than `nesting` or holds more values than we read.
pub(super) fn parse(text: &str, path: &Arc<str>, nesting: usize) -> Result<Datum, Fault> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, at: start, path, nesting, values: 0 };
    let value = reader.value(0)?;
    reader.blank()?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.broken("something follows the value")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    path: &'a Arc<str>,
    nesting: usize,
    values: usize,
}

impl Reader<'_> {
    fn broken(&self, message: &'static str) -> Fault {
        Fault { at: self.at, message, limit: false }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn takes(&mut self, wanted: u8) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes over blanks and comments.
    fn blank(&mut self) -> Result<(), Fault> {
        loop {
            while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.at += 1;
            }
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.rest().starts_with("/*") {
                match self.rest().find("*/") {
                    Some(end) => self.at += end + 2,
                    None => return Err(self.broken("a comment does not end")),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Datum, Fault> {
        self.blank()?;
        self.values += 1;
        if depth > self.nesting {
            return Err(Fault { at: self.at, message: "it nests too deep", limit: true });
        }
        if self.values > VALUES {
            return Err(Fault { at: self.at, message: "it holds too many values", limit: true });
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
            None => return Err(self.broken("the text ends where a value is expected")),
        };
        Ok(Datum { kind, place: Some(Place::new(self.path, start, self.at)), of: None, written: None })
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.at += 1;
        let mut members = BTreeMap::new();
        loop {
            self.blank()?;
            if self.takes(b'}') {
                return Ok(Kind::Map(Map { members, open: None }));
            }
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.broken("a key or `}` is expected"));
            }
            let key = self.string()?;
            self.blank()?;
            if !self.takes(b':') {
                return Err(self.broken("`:` is expected"));
            }
            let mut value = self.value(depth + 1)?;
            value.place = Some(Place::new(self.path, start, self.at));
            members.insert(key, value);
            self.blank()?;
            if !self.takes(b',') && self.peek() != Some(b'}') {
                return Err(self.broken("`,` or `}` is expected"));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blank()?;
            if self.takes(b']') {
                return Ok(Kind::List(items));
            }
            items.push(self.value(depth + 1)?);
            self.blank()?;
            if !self.takes(b',') && self.peek() != Some(b']') {
                return Err(self.broken("`,` or `]` is expected"));
            }
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(end) = self.rest().find(['"', '\\']) else {
                return Err(self.broken("a string does not end"));
            };
            out.push_str(self.rest().get(..end).unwrap_or_default());
            self.at += end;
            if self.takes(b'"') {
                return Ok(out);
            }
            self.at += 1;
            let escape = self.peek().ok_or_else(|| self.broken("a string does not end"))?;
            match escape {
                b'"' | b'\\' | b'/' => out.push(char::from(escape)),
                b'b' => out.push('\u{8}'),
                b'f' => out.push('\u{c}'),
                b'n' => out.push('\n'),
                b'r' => out.push('\r'),
                b't' => out.push('\t'),
                b'u' => {
                    self.at += 1;
                    out.push(self.unicode()?);
                    continue;
                }
                _ => return Err(self.broken("an escape that JSON does not have")),
            }
            self.at += 1;
        }
    }

    /// The character of `\uXXXX`, of which `XXXX` comes next, or of a pair of them.
    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.four()?;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            let second = self.four()?;
            let joined = (first - 0xD800) * 0x400 + second.wrapping_sub(0xDC00).min(0x3FF) + 0x10000;
            return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four(&mut self) -> Result<u32, Fault> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        code.ok_or_else(|| Fault {
            at: self.at.min(self.text.len()),
            message: "four digits are expected",
            limit: false,
        })
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        let in_number = |c: char| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
        let rest = self.rest();
        let text = rest.get(..rest.find(|c| !in_number(c)).unwrap_or(rest.len())).unwrap_or_default().to_owned();
        self.at += text.len();
        match text.parse::<i64>() {
            Ok(whole) => Ok(Kind::Int(whole)),
            Err(_) => text.parse::<f64>().map(Kind::Float).map_err(|_| self.broken("this is no number")),
        }
    }

    fn word(&mut self) -> Result<Kind, Fault> {
        for (word, kind) in [("true", Kind::Bool(true)), ("false", Kind::Bool(false)), ("null", Kind::Null)] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.broken("a value is expected"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Datum, Fault> {
        parse(text, &"a.json".into(), 16)
    }

    #[test]
    fn comments_and_trailing_commas_are_taken() {
        let datum =
            read("\u{feff}{ // one\n \"a\": [1, -2.5, \"x\\n\\u00e9\\ud83d\\ude00\",], /* two */ \"b\": null }")
                .unwrap();
        assert_eq!(datum.json().unwrap(), serde_json::json!({"a": [1, -2.5, "x\né😀"], "b": null}));
    }

    #[test]
    fn a_member_stands_from_its_key_to_the_end_of_its_value() {
        let text = r#"{"a": {"b": true}}"#;
        let place = read(text).unwrap().member("a").unwrap().member("b").unwrap().place.clone().unwrap();
        assert_eq!(place, Place::new(&"a.json".into(), 7, 16));
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_refused() {
        for text in
            ["", "{", "[1", "{\"a\" 1}", "\"a", "\"\\u12\"", "1 2", "/* ", "{\"a\": .}", "\"\\", "\"\\x\"", "tru"]
        {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"[".repeat(40)).unwrap_err().limit);
    }
}
