//! The schema in the header of an Avro file.
//!
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Fault, File};

/// Bytes of the longest header, and how many are read first.
const LONGEST: u64 = 16 << 20;
const FIRST: u64 = 64 << 10;

/// Types of a schema, each name as often as it is used: decoders write them out.
const TYPES: u64 = 1 << 16;

/// Looks at the schema: it must not grow beyond measure where names in it are resolved, and what is repeated must take bytes.
pub(super) fn header(file: &mut File) -> Result<(), Fault> {
    let read = |file: &mut File, most: u64| file.at(0, file.length.min(most)).unwrap_or_default();
    let mut bytes = read(file, FIRST);
    if schema(&bytes).is_none() && file.length > FIRST {
        bytes = read(file, LONGEST);
    }
    let Some(schema) = schema(&bytes) else {
        return if file.length > LONGEST { Err(Fault::Excess) } else { Ok(()) };
    };
    let Ok(schema) = serde_json::from_slice::<Value>(schema) else { return Ok(()) };
    let weight = Names::default().weigh(&schema, "")?;
    if weight.empty { Err(Fault::Excess) } else { Ok(()) }
}

/// The JSON of the schema.
fn schema(bytes: &[u8]) -> Option<&[u8]> {
    let mut left = bytes.strip_prefix(b"Obj\x01")?;
    let mut found = None;
    loop {
        let count = number(&mut left)?;
        if count == 0 {
            return found;
        }
        if count < 0 {
            number(&mut left)?;
        }
        for _ in 0..count.unsigned_abs() {
            let (key, value) = (text(&mut left)?, text(&mut left)?);
            if key == b"avro.schema" {
                found = Some(value);
            }
        }
    }
}

/// The number that `left` begins with (Avro specification 1.12, "Binary Encoding"), passed over.
#[inline]
pub(in crate::data) fn number(left: &mut &[u8]) -> Option<i64> {
    if let [first @ ..0x80, rest @ ..] = *left {
        *left = rest;
        return Some(i64::from(first >> 1) ^ -i64::from(first & 1));
    }
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = left.split_first()?;
        *left = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
        }
    }
    None
}

fn text<'a>(left: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(left)?).ok()?;
    let (text, rest) = left.split_at_checked(length)?;
    *left = rest;
    Some(text)
}

/// How many types a type is written out, and whether its values take no byte.
#[derive(Debug, Clone, Copy)]
struct Weight {
    types: u64,
    empty: bool,
}

#[derive(Default)]
struct Names(BTreeMap<String, Weight>);

impl Names {
    fn weigh(&mut self, schema: &Value, space: &str) -> Result<Weight, Fault> {
        let weight = match schema {
            Value::String(name) => match self.0.get(&full(name, space)).or_else(|| self.0.get(name)) {
                Some(known) => *known,
                None => Weight { types: 1, empty: name == "null" },
            },
            Value::Array(members) => {
                let mut sum = Weight { types: 1, empty: false };
                for member in members {
                    let member = self.weigh(member, space)?;
                    sum = Weight {
                        types: sum.types.saturating_add(member.types),
                        empty: members.len() == 1 && member.empty,
                    };
                }
                sum
            }
            Value::Object(of) => self.complex(of, space)?,
            _ => Weight { types: 1, empty: false },
        };
        if weight.types > TYPES { Err(Fault::Excess) } else { Ok(weight) }
    }

    fn complex(&mut self, of: &serde_json::Map<String, Value>, space: &str) -> Result<Weight, Fault> {
        let text = |key: &str| of.get(key).and_then(Value::as_str);
        let name = full(text("name").unwrap_or_default(), text("namespace").unwrap_or(space));
        let weight = match text("type") {
            Some("record" | "error") => {
                let space = name.rsplit_once('.').map_or("", |(space, _)| space);
                let mut sum = Weight { types: 1, empty: true };
                for field in of.get("fields").and_then(Value::as_array).into_iter().flatten() {
                    let field = self.weigh(field.get("type").unwrap_or(&Value::Null), space)?;
                    sum = Weight { types: sum.types.saturating_add(field.types), empty: sum.empty && field.empty };
                    if sum.types > TYPES {
                        return Err(Fault::Excess);
                    }
                }
                sum
            }
            Some("enum") => Weight { types: 1, empty: false },
            Some("fixed") => Weight { types: 1, empty: of.get("size").and_then(Value::as_u64) == Some(0) },
            Some("array") => {
                let items = self.weigh(of.get("items").unwrap_or(&Value::Null), space)?;
                if items.empty {
                    return Err(Fault::Excess);
                }
                Weight { types: items.types.saturating_add(1), empty: false }
            }
            Some("map") => {
                let values = self.weigh(of.get("values").unwrap_or(&Value::Null), space)?;
                Weight { types: values.types.saturating_add(1), empty: false }
            }
            _ => return self.weigh(of.get("type").unwrap_or(&Value::Null), space),
        };
        if matches!(text("type"), Some("record" | "error" | "enum" | "fixed")) {
            self.0.insert(name, weight);
        }
        Ok(weight)
    }
}

/// `name` with its namespace.
pub(in crate::data) fn full(name: &str, space: &str) -> String {
    if name.contains('.') || space.is_empty() { name.to_owned() } else { format!("{space}.{name}") }
}
