//! JSON with one spelling: the same value always gives the same bytes.
//!
//! Source: RFC 8785 (JSON Canonicalization Scheme), for integers, strings, literals, arrays and objects. Fractions are
//! refused: the one hard part of the RFC is how a double is printed, and a ledger has no need of them.

use serde_json::{Map, Number, Value};

use crate::shown::shown;

/// The largest integer that every JSON reader keeps exactly: 2^53 − 1. Source: RFC 8785 §3.1, RFC 7493 §2.2.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// How many arrays and objects may lie in one another. Our own limit: half of what JSON readers commonly accept (128).
pub const MAX_DEPTH: usize = 64;

/// Why a value has no canonical form. `at` is a JSON pointer, `` for the whole value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// A number with a fraction or an exponent.
    #[error("the number at `{at}` is not an integer")]
    Fraction {
        /// Where it is.
        at: String,
    },
    /// An integer beyond ±[`MAX_INTEGER`].
    #[error("the integer at `{at}` is beyond 2^53 - 1")]
    Range {
        /// Where it is.
        at: String,
    },
    /// More than [`MAX_DEPTH`] arrays and objects in one another.
    #[error("the value at `{at}` is nested too deeply")]
    Depth {
        /// Where it is.
        at: String,
    },
}

/// The canonical bytes of `value`, UTF-8. The order in which `value` keeps its members does not matter.
pub fn canonical(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut out = String::new();
    write(value, 0, &mut out)?;
    Ok(out.into_bytes())
}

/// Adds the canonical form of `value`, which lies in `depth` arrays and objects, to `out`.
pub(crate) fn write(value: &Value, depth: usize, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_integer(number, out)?,
        Value::String(text) => write_string(text, out),
        Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => {
            return Err(CanonicalError::Depth { at: String::new() });
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, depth + 1, out).map_err(|error| error.within(&i.to_string()))?;
            }
            out.push(']');
        }
        Value::Object(members) => write_object(members, depth, out)?,
    }
    Ok(())
}

/// Members sorted by the UTF-16 code units of their names. Source: RFC 8785 §3.2.3.
fn write_object(members: &Map<String, Value>, depth: usize, out: &mut String) -> Result<(), CanonicalError> {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (i, (name, member)) in sorted.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_string(name, out);
        out.push(':');
        write(member, depth + 1, out).map_err(|error| error.within(&shown(name)))?;
    }
    out.push('}');
    Ok(())
}

fn write_integer(number: &Number, out: &mut String) -> Result<(), CanonicalError> {
    let size = match (number.as_u64(), number.as_i64()) {
        (Some(n), _) => n,
        (None, Some(n)) => n.unsigned_abs(),
        (None, None) => return Err(CanonicalError::Fraction { at: String::new() }),
    };
    if size > MAX_INTEGER {
        return Err(CanonicalError::Range { at: String::new() });
    }
    out.push_str(&number.to_string());
    Ok(())
}

/// Only what must be escaped is escaped, in the shortest way. Source: RFC 8785 §3.2.2.2.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(plain..at).unwrap_or_default());
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0x0c => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            control => out.push_str(&format!("\\u{control:04x}")),
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}

impl CanonicalError {
    /// The same fault, seen from the value that has it in its member or item `name`.
    pub(crate) fn within(self, name: &str) -> CanonicalError {
        let longer = |at: String| format!("/{name}{at}");
        match self {
            CanonicalError::Fraction { at } => CanonicalError::Fraction { at: longer(at) },
            CanonicalError::Range { at } => CanonicalError::Range { at: longer(at) },
            CanonicalError::Depth { at } => CanonicalError::Depth { at: longer(at) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(value: &Value) -> String {
        String::from_utf8(canonical(value).unwrap()).unwrap()
    }

    #[test]
    fn rfc_8785_sorting_example() {
        let value: Value = serde_json::from_str(
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
                "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
        )
        .unwrap();
        assert_eq!(
            text(&value),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\
             \"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        );
    }

    #[test]
    fn rfc_8785_string_and_literals_example() {
        let value: Value = serde_json::from_str(
            r#"{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#,
        )
        .unwrap();
        assert_eq!(text(&value), r#"{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#);
    }

    #[test]
    fn integers_up_to_2_53_minus_1_only() {
        assert_eq!(
            text(&json!([9007199254740991i64, -9007199254740991i64, 0])),
            "[9007199254740991,-9007199254740991,0]"
        );
        for beyond in [json!(9007199254740992u64), json!(-9007199254740992i64), json!(u64::MAX), json!(i64::MIN)] {
            assert_eq!(canonical(&json!({"a": [beyond]})), Err(CanonicalError::Range { at: "/a/0".into() }));
        }
        assert_eq!(canonical(&json!({"rate": 1.0})), Err(CanonicalError::Fraction { at: "/rate".into() }));
    }

    #[test]
    fn deep_nesting_is_refused_not_overflowed() {
        let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| Value::Array(vec![inner]));
        assert!(canonical(&deep(MAX_DEPTH)).is_ok());
        assert!(matches!(canonical(&deep(MAX_DEPTH + 1)), Err(CanonicalError::Depth { .. })));
        assert!(matches!(canonical(&deep(2_000)), Err(CanonicalError::Depth { .. })));
    }

    #[test]
    fn order_of_insertion_does_not_matter() {
        let (one, two): (Value, Value) = (
            serde_json::from_str(r#"{"b":1,"a":{"d":[],"c":{}}}"#).unwrap(),
            serde_json::from_str(r#"{"a":{"c":{},"d":[]},"b":1}"#).unwrap(),
        );
        assert_eq!(text(&one), r#"{"a":{"c":{},"d":[]},"b":1}"#);
        assert_eq!(text(&one), text(&two));
    }

    proptest! {
        #[test]
        fn every_string_reads_back(name in ".*", string in any::<String>()) {
            let mut members = Map::new();
            members.insert(name, Value::String(string));
            let value = Value::Object(members);
            let bytes = canonical(&value).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
        }
    }
}
