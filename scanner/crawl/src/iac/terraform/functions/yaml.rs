//! `yamlencode`, in the form that Terraform writes: every text quoted, no indent before the items of a list.

use crate::iac::datum::{Datum, Kind};

/// The YAML of `value`.
pub(super) fn encoded(value: &Datum) -> String {
    let mut out = String::new();
    write(value, 0, Start::Line, &mut out);
    out
}

/// What stands before a value.
#[derive(Clone, Copy, PartialEq)]
enum Start {
    /// Nothing on its line.
    Line,
    /// `key:`
    Key,
    /// `- `
    Item,
}

fn write(value: &Datum, indent: usize, start: Start, out: &mut String) {
    match &value.kind {
        Kind::List(items) if !items.is_empty() => {
            if start == Start::Key {
                out.push('\n');
            }
            for (at, item) in items.iter().enumerate() {
                if at > 0 || start != Start::Item {
                    out.push_str(&" ".repeat(indent));
                }
                out.push_str("- ");
                write(item, indent + 2, Start::Item, out);
            }
        }
        Kind::Map(map) if !map.members.is_empty() => {
            if start == Start::Key {
                out.push('\n');
            }
            for (at, (key, member)) in map.members.iter().enumerate() {
                if at > 0 || start != Start::Item {
                    out.push_str(&" ".repeat(indent));
                }
                out.push_str(&serde_json::Value::String(key.clone()).to_string());
                out.push(':');
                let inner = if matches!(member.kind, Kind::List(_)) { indent } else { indent + 2 };
                write(member, inner, Start::Key, out);
            }
        }
        _ => {
            if start == Start::Key {
                out.push(' ');
            }
            out.push_str(&value.json_holed().to_string());
            out.push('\n');
        }
    }
}
