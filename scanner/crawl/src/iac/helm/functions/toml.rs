//! Values to and from TOML, for `toToml` and `fromToml`.
//!
//! Sources: toml.io/en/v1.0.0; helm.sh/docs/chart_template_guide/function_list, "Type Conversion Functions"; how the
//! encoder that Helm uses lays out what it writes: pkg.go.dev/github.com/BurntSushi/toml#Encoder.

use std::collections::BTreeMap;

use super::{Arguments, has_hole};
use crate::iac::helm::evaluate::Machine;
use crate::iac::helm::text::first_hole;
use crate::iac::helm::value::{DEPTH, Fault, Heap, V, Val, float};

/// Bytes that one value may give.
const LIMIT: usize = 8 << 20;

/// `value` as TOML; what is no mapping gives what the encoder says of it, as in Helm.
pub(super) fn written(heap: &Heap, value: &Val) -> Result<String, Fault> {
    let mut out = String::new();
    match &value.kind {
        V::Map(id) => table(heap, *id, &mut Vec::new(), &mut out)?,
        V::List(_) | V::Nil => out.push_str("toml: top-level values must be Go maps or structs"),
        _ => inline(heap, value, 0, &mut out)?,
    }
    Ok(out)
}

fn bounded(out: &str, depth: usize) -> Result<(), Fault> {
    if depth > DEPTH {
        return Err(Fault::limit(format!("a value nests more than {DEPTH} levels deep")));
    }
    if out.len() > LIMIT {
        return Err(Fault::limit("a value is longer than we write"));
    }
    Ok(())
}

/// Whether a value is a list of nothing but mappings.
fn is_tables(heap: &Heap, value: &Val) -> bool {
    let V::List(id) = value.kind else { return false };
    let items = heap.items(id);
    !items.is_empty() && items.iter().all(|item| matches!(item.kind, V::Map(_)))
}

/// The members of a table: those that stand on one line first.
fn table(heap: &Heap, id: usize, path: &mut Vec<String>, out: &mut String) -> Result<(), Fault> {
    bounded(out, path.len())?;
    let members = heap.members(id);
    let is_below = |member: &Val| matches!(member.kind, V::Map(_)) || is_tables(heap, member);
    let pad = "  ".repeat(path.len().saturating_sub(1));
    for (key, member) in members.iter().filter(|(_, member)| !is_below(member) && !matches!(member.kind, V::Nil)) {
        let pad = if path.is_empty() { "" } else { &*format!("{pad}  ") };
        out.push_str(&format!("{pad}{} = ", name(key)));
        inline(heap, member, path.len(), out)?;
        out.push('\n');
    }
    for (key, member) in members.iter().filter(|(_, member)| is_below(member)) {
        path.push(name(key));
        let pad = "  ".repeat(path.len() - 1);
        match &member.kind {
            V::Map(below) => {
                if path.len() == 1 && !out.is_empty() {
                    out.push('\n');
                }
                out.push_str(&format!("{pad}[{}]\n", path.join(".")));
                table(heap, *below, path, out)?;
            }
            V::List(items) => {
                for item in heap.items(*items).iter() {
                    let V::Map(below) = item.kind else { continue };
                    if !out.is_empty() {
                        out.push('\n');
                    }
                    out.push_str(&format!("{pad}[[{}]]\n", path.join(".")));
                    table(heap, below, path, out)?;
                }
            }
            _ => {}
        }
        path.pop();
    }
    Ok(())
}

/// A value on one line.
fn inline(heap: &Heap, value: &Val, depth: usize, out: &mut String) -> Result<(), Fault> {
    bounded(out, depth)?;
    match &value.kind {
        V::Map(id) => {
            out.push('{');
            let members = heap.members(*id);
            let held = members.iter().filter(|(_, member)| !matches!(member.kind, V::Nil));
            for (at, (key, member)) in held.enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                out.push_str(&format!("{} = ", name(key)));
                inline(heap, member, depth + 1, out)?;
            }
            out.push('}');
        }
        V::List(id) => {
            out.push('[');
            for (at, item) in heap.items(*id).iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                inline(heap, item, depth + 1, out)?;
            }
            out.push(']');
        }
        V::Float(number) => {
            let text = float(*number);
            out.push_str(&text);
            if !text.contains(['.', 'e', 'N', 'n']) {
                out.push_str(".0");
            }
        }
        V::Int(_) | V::Bool(_) => out.push_str(&heap.string(value)),
        _ => out.push_str(&quoted(&heap.string(value))),
    }
    Ok(())
}

/// A key, in quotes where it must be.
fn name(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            letter if letter.is_ascii_control() => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// The mapping of a text; what is no TOML is a mapping with the member `Error`, as in Helm.
pub(super) fn parsed(machine: &mut Machine<'_>, arguments: &Arguments<'_>) -> Result<Val, Fault> {
    let text = arguments.text(&machine.heap, 0)?;
    machine.heap.spend(1 + text.len() / 8)?;
    match text.parse::<::toml::Table>() {
        Ok(table) => value(machine, ::toml::Value::Table(table), 0),
        Err(error) => {
            let message = format!("toml: {}", error.message());
            machine.heap.map(BTreeMap::from([("Error".to_owned(), Val::from(message))]))
        }
    }
}

fn value(machine: &mut Machine<'_>, found: ::toml::Value, depth: usize) -> Result<Val, Fault> {
    machine.heap.spend(1)?;
    if depth > DEPTH {
        return Err(Fault::limit(format!("a value nests more than {DEPTH} levels deep")));
    }
    Ok(match found {
        ::toml::Value::String(text) if has_hole(&text) => match first_hole(&text) {
            Some(number) if crate::iac::helm::text::hole(number) == text => V::Unknown(number).into(),
            _ => text.into(),
        },
        ::toml::Value::String(text) => text.into(),
        ::toml::Value::Integer(number) => number.into(),
        ::toml::Value::Float(number) => V::Float(number).into(),
        ::toml::Value::Boolean(truth) => truth.into(),
        ::toml::Value::Datetime(time) => time.to_string().into(),
        ::toml::Value::Array(items) => {
            let items: Result<Vec<Val>, Fault> =
                items.into_iter().map(|item| value(machine, item, depth + 1)).collect();
            machine.heap.list(items?)?
        }
        ::toml::Value::Table(members) => {
            let mut held = BTreeMap::new();
            for (key, member) in members {
                held.insert(key, value(machine, member, depth + 1)?);
            }
            machine.heap.map(held)?
        }
    })
}
