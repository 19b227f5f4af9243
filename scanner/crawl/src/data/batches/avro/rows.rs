//! Where rows of Avro end in the bytes of a block (Avro specification 1.12, "Binary Encoding").
//!
//! The decoder waits for ever at a block that has more bytes than its rows, or rows than bytes: that is told before it gets one.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::data::claims::avro::{full, number};

/// Values inside values; what lies deeper is refused.
const DEPTH: usize = 64;

/// How a value lies. Others are named by their place.
#[derive(Debug)]
enum Lay {
    /// So many bytes.
    Fixed(usize),
    /// A number of as many bytes as it needs.
    Number,
    /// A length and so many bytes.
    Counted,
    /// The number of a branch, and a value of it.
    Union(Vec<usize>),
    /// Blocks of values.
    Array(usize),
    /// Blocks of texts, each with a value.
    Map(usize),
    Record(Vec<usize>),
}

/// How rows of one schema lie.
#[derive(Debug)]
pub(super) struct Rows {
    lays: Vec<Lay>,
    /// The place of a row.
    row: usize,
}

impl Rows {
    /// Rows of `schema`; `None` if it is none.
    pub(super) fn of(schema: &Value) -> Option<Rows> {
        let mut making = Making::default();
        let row = making.lay(schema, "", 0)?;
        Some(Rows { lays: making.lays, row })
    }

    /// Whether `bytes` are so many rows and nothing else.
    pub(super) fn are(&self, count: usize, bytes: &[u8]) -> bool {
        let mut left = bytes;
        // A row takes a byte at the least: schemas of others are refused.
        (0..count).all(|_| !left.is_empty() && self.pass(self.row, &mut left, 0).is_some()) && left.is_empty()
    }

    /// Passes over one value.
    fn pass(&self, at: usize, left: &mut &[u8], depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        match self.lays.get(at)? {
            Lay::Fixed(length) => skip(left, *length),
            Lay::Number => number(left).map(drop),
            Lay::Counted => counted(left),
            Lay::Union(branches) => {
                let branch = usize::try_from(number(left)?).ok()?;
                self.pass(*branches.get(branch)?, left, depth + 1)
            }
            Lay::Array(item) => blocks(left, |left| self.pass(*item, left, depth + 1)),
            Lay::Map(value) => blocks(left, |left| {
                counted(left)?;
                self.pass(*value, left, depth + 1)
            }),
            Lay::Record(fields) => fields.iter().try_for_each(|field| self.pass(*field, left, depth + 1)),
        }
    }
}

/// Passes over the items of an array or map.
fn blocks(left: &mut &[u8], mut item: impl FnMut(&mut &[u8]) -> Option<()>) -> Option<()> {
    loop {
        let count = number(left)?;
        if count == 0 {
            return Some(());
        }
        if count < 0 {
            number(left)?;
        }
        for _ in 0..count.unsigned_abs() {
            // An item takes a byte at the least: schemas of others are refused.
            if left.is_empty() {
                return None;
            }
            item(left)?;
        }
    }
}

fn counted(left: &mut &[u8]) -> Option<()> {
    let length = usize::try_from(number(left)?).ok()?;
    skip(left, length)
}

fn skip(left: &mut &[u8], length: usize) -> Option<()> {
    *left = left.get(length..)?;
    Some(())
}

/// The lays of a schema in the making.
#[derive(Default)]
struct Making {
    lays: Vec<Lay>,
    /// Places of named types.
    names: HashMap<String, usize>,
}

impl Making {
    fn add(&mut self, lay: Lay) -> usize {
        self.lays.push(lay);
        self.lays.len() - 1
    }

    /// The place of the lay of `schema`, in which names are of the namespace `space`.
    fn lay(&mut self, schema: &Value, space: &str, depth: usize) -> Option<usize> {
        if depth > DEPTH {
            return None;
        }
        match schema {
            Value::String(name) => {
                let lay = match name.as_str() {
                    "null" => Lay::Fixed(0),
                    "boolean" => Lay::Fixed(1),
                    "float" => Lay::Fixed(4),
                    "double" => Lay::Fixed(8),
                    "int" | "long" => Lay::Number,
                    "bytes" | "string" => Lay::Counted,
                    name => return self.names.get(&full(name, space)).or_else(|| self.names.get(name)).copied(),
                };
                Some(self.add(lay))
            }
            Value::Array(branches) => {
                let branches: Option<Vec<usize>> =
                    branches.iter().map(|branch| self.lay(branch, space, depth + 1)).collect();
                Some(self.add(Lay::Union(branches?)))
            }
            Value::Object(parts) => self.complex(parts, space, depth),
            _ => None,
        }
    }

    fn complex(&mut self, parts: &Map<String, Value>, space: &str, depth: usize) -> Option<usize> {
        let text = |key: &str| parts.get(key).and_then(Value::as_str);
        let name = full(text("name").unwrap_or_default(), text("namespace").unwrap_or(space));
        match text("type") {
            Some("record" | "error") => {
                let at = self.add(Lay::Fixed(0));
                let space = name.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
                self.names.insert(name, at);
                let fields = parts.get("fields")?.as_array()?;
                let fields: Option<Vec<usize>> =
                    fields.iter().map(|field| self.lay(field.get("type")?, &space, depth + 1)).collect();
                *self.lays.get_mut(at)? = Lay::Record(fields?);
                Some(at)
            }
            Some("enum") => {
                let at = self.add(Lay::Number);
                self.names.insert(name, at);
                Some(at)
            }
            Some("fixed") => {
                let size = parts.get("size").and_then(Value::as_u64)?;
                let at = self.add(Lay::Fixed(usize::try_from(size).ok()?));
                self.names.insert(name, at);
                Some(at)
            }
            Some("array") => {
                let item = self.lay(parts.get("items")?, space, depth + 1)?;
                Some(self.add(Lay::Array(item)))
            }
            Some("map") => {
                let value = self.lay(parts.get("values")?, space, depth + 1)?;
                Some(self.add(Lay::Map(value)))
            }
            _ => self.lay(parts.get("type")?, space, depth + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(schema: &str) -> Option<Rows> {
        Rows::of(&serde_json::from_str(schema).unwrap())
    }

    #[test]
    fn a_block_is_its_rows_and_nothing_else() {
        let rows = rows(
            r#"{"type":"record","name":"a.r","fields":[
              {"name":"id","type":{"type":"long","logicalType":"timestamp-millis"}},
              {"name":"email","type":["null","string"]},
              {"name":"tags","type":{"type":"array","items":{"type":"enum","name":"e","symbols":["A","B"]}}},
              {"name":"more","type":{"type":"map","values":"e"}},
              {"name":"of","type":{"type":"record","name":"s","fields":[{"name":"x","type":{"type":"fixed","name":"f","size":3}}]}},
              {"name":"other","type":"a.f"}]}"#,
        )
        .unwrap();
        // 300; "ab"; [A, B] in a block of -2 items with its size, and [A]; {"k": B}; three bytes twice.
        let row = [
            0xd8, 0x04, 0x02, 0x04, b'a', b'b', 0x03, 0x04, 0x00, 0x02, 0x02, 0x00, 0x00, 0x02, 0x02, b'k', 0x02, 0x00,
            1, 2, 3, 4, 5, 6,
        ];
        let two = [row, row].concat();
        assert!(rows.are(1, &row) && rows.are(2, &two) && rows.are(0, &[]));
        assert!(!rows.are(1, &two) && !rows.are(2, &row) && !rows.are(0, &row) && !rows.are(3, &two));
        assert!((0..row.len()).all(|end| !rows.are(1, &row[..end])));
        let mut branch = row;
        branch[2] = 0x04;
        assert!(!rows.are(1, &branch));
    }

    #[test]
    fn numbers_are_as_the_specification_writes_them() {
        for (bytes, value) in [
            (&[0x00][..], 0),
            (&[0x01], -1),
            (&[0x02], 1),
            (&[0x7f], -64),
            (&[0x80, 0x01], 64),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], i64::MIN),
        ] {
            assert_eq!(number(&mut &*bytes), Some(value));
        }
        assert_eq!((number(&mut &[0x80][..]), number(&mut &[0xff; 11][..])), (None, None));
    }

    #[test]
    fn values_in_values_end_somewhere() {
        let list = r#"{"type":"record","name":"n","fields":[{"name":"next","type":["null","n"]}]}"#;
        let rows = rows(list).unwrap();
        assert!(rows.are(1, &[0x02, 0x02, 0x00]));
        assert!(!rows.are(1, &[0x02; 200_000]));
        assert!(self::rows(r#"{"type":"array"}"#).is_none() && self::rows(r#""unknown""#).is_none());
    }
}
