//! Values as YAML and JSON, as `toYaml` and `toJson` write them, with the origin of every part.

use super::text::Rich;
use super::value::{DEPTH, Fault, Heap, V, Val, json_float};

/// Bytes that one value may give.
const LIMIT: usize = 8 << 20;

/// `value` as YAML in blocks, without the last line break.
pub(super) fn yaml(heap: &Heap, value: &Val) -> Result<Rich, Fault> {
    let mut out = Rich::default();
    block(heap, value, 0, 0, &mut out)?;
    let end = out.text.trim_end_matches('\n').len();
    out.text.truncate(end);
    out.marks.retain(|(at, _)| *at <= end);
    Ok(out)
}

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Without blanks; `<`, `>` and `&` as escapes.
    Escaped,
    /// Without blanks.
    Raw,
    /// On lines of their own, moved right by two blanks a level, with escapes.
    Pretty,
}

/// `value` as JSON.
pub(super) fn json(heap: &Heap, value: &Val, style: Style) -> Result<Rich, Fault> {
    let mut out = Rich::default();
    flow(heap, value, style, 0, &mut out)?;
    Ok(out)
}

/// A text as JSON.
fn quoted(text: &str, style: Style) -> String {
    let text = serde_json::Value::String(text.to_owned()).to_string();
    match style {
        Style::Raw => text,
        _ => text
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029"),
    }
}

/// A line break where JSON is written on lines.
fn broken(style: Style, depth: usize, out: &mut Rich) {
    if style == Style::Pretty {
        out.push(&format!("\n{}", "  ".repeat(depth)), None);
    }
}

fn bounded(out: &Rich, depth: usize) -> Result<(), Fault> {
    if depth > DEPTH {
        return Err(Fault::limit(format!("a value nests more than {DEPTH} levels deep")));
    }
    if out.text.len() > LIMIT {
        return Err(Fault::limit("a value is longer than we write"));
    }
    Ok(())
}

/// A value on lines of its own, each moved right by `indent`.
fn block(heap: &Heap, value: &Val, indent: usize, depth: usize, out: &mut Rich) -> Result<(), Fault> {
    bounded(out, depth)?;
    let pad = " ".repeat(indent);
    match &value.kind {
        V::Map(id) if !heap.members(*id).is_empty() => {
            for (key, member) in heap.members(*id).iter() {
                out.push(&pad, member.from.or(value.from));
                out.push(&plain_or_quoted(key), member.from.or(value.from));
                out.push(":", None);
                entry(heap, member, indent, false, depth, out)?;
            }
        }
        V::List(id) if !heap.items(*id).is_empty() => {
            for item in heap.items(*id).iter() {
                out.push(&pad, item.from.or(value.from));
                out.push("-", item.from.or(value.from));
                entry(heap, item, indent, true, depth, out)?;
            }
        }
        _ => {
            out.push(&pad, value.from);
            scalar(heap, value, indent, out);
            out.push("\n", None);
        }
    }
    Ok(())
}

/// What stands after a key or a dash.
fn entry(heap: &Heap, value: &Val, indent: usize, dash: bool, depth: usize, out: &mut Rich) -> Result<(), Fault> {
    // A list stands under its key without being moved in, a mapping two blanks further.
    let below = match &value.kind {
        V::Map(id) if !heap.members(*id).is_empty() => Some(indent + 2),
        V::List(id) if !heap.items(*id).is_empty() => Some(indent),
        _ => None,
    };
    match below {
        Some(_) if dash => {
            // The first member stands behind the dash.
            let mut inner = Rich::default();
            block(heap, value, indent + 2, depth + 1, &mut inner)?;
            out.push(" ", None);
            out.append(&inner.slice(indent + 2, inner.text.len()), value.from);
        }
        Some(below) => {
            out.push("\n", None);
            block(heap, value, below, depth + 1, out)?;
        }
        None => {
            out.push(" ", None);
            scalar(heap, value, indent + 2, out);
            out.push("\n", None);
        }
    }
    Ok(())
}

fn scalar(heap: &Heap, value: &Val, indent: usize, out: &mut Rich) {
    let from = value.from;
    match &value.kind {
        V::Nil => out.push("null", from),
        V::Map(_) | V::Files(_) => out.push("{}", from),
        V::List(_) => out.push("[]", from),
        V::Text(rich) if rich.text.trim_end_matches('\n').contains('\n') && can_be_block(&rich.text) => {
            literal(rich, indent.max(2), out, from);
        }
        V::Text(rich) => {
            let text = plain_or_quoted(&rich.text);
            if text == rich.text {
                out.append(rich, from);
            } else {
                out.push(&text, from.or_else(|| rich.at(0)));
            }
        }
        V::Float(number) => out.push(&json_float(*number + 0.0), from),
        V::Cluster | V::Versions => out.push(&plain_or_quoted(&heap.string(value)), from),
        V::Bool(_) | V::Int(_) | V::Unknown(_) => out.append(&heap.rich(value), from),
    }
}

fn can_be_block(text: &str) -> bool {
    !text.starts_with([' ', '\n', '\t'])
        && !text.contains(['\r', '\u{0}'])
        && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

/// A text of many lines after `|`.
fn literal(rich: &Rich, indent: usize, out: &mut Rich, from: Option<super::text::Origin>) {
    let body = rich.text.trim_end_matches('\n');
    let breaks = rich.text.len() - body.len();
    out.push(
        match breaks {
            0 => "|-",
            1 => "|",
            _ => "|+",
        },
        from,
    );
    let pad = " ".repeat(indent);
    let mut at = 0;
    for line in body.split('\n') {
        out.push("\n", None);
        if !line.is_empty() {
            out.push(&pad, None);
            out.append(&rich.slice(at, at + line.len()), from);
        }
        at += line.len() + 1;
    }
    if breaks > 1 {
        out.push(&"\n".repeat(breaks - 1), None);
    }
}

/// A text as a scalar on one line, quoted where it would be read as something else.
fn plain_or_quoted(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    if text.contains(['\n', '\t', '\r']) || text.chars().any(char::is_control) || resolves(text) {
        return serde_json::Value::String(text.to_owned()).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}

fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let dangerous = "-?:,[]{}#&*!|>'\"%@`".contains(first)
        && !(matches!(first, '-' | '?' | ':') && text.chars().nth(1).is_some_and(|c| !c.is_whitespace()));
    !dangerous
        && !first.is_whitespace()
        && !text.ends_with([' ', ':', '\t'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(char::is_control)
        && !resolves(text)
        && !text.starts_with("---")
        && !text.starts_with("...")
        && text != "<<"
}

/// Words that are no text to YAML 1.1, in the ways of writing them that it knows.
const WORDS: [&str; 37] = [
    "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES", "no",
    "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N", ".nan", ".NaN", ".NAN", ".inf", ".Inf",
    ".INF", "+.inf", "-.inf", "+.Inf", "-.Inf",
];

/// Whether a plain scalar would be read as something that is no text: a word, a number or a time of YAML 1.1.
fn resolves(text: &str) -> bool {
    if WORDS.contains(&text) || matches!(text, "+.INF" | "-.INF") {
        return true;
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return false;
    }
    let plain = text.replace('_', "");
    let digits = plain.trim_start_matches(['+', '-']);
    let signs = plain.len() - digits.len();
    signs < 2 && (is_integer(digits) || is_decimal(digits)) || is_date(text) || is_sexagesimal(text)
}

/// A whole number without sign, in any base; one that is too long is a float.
fn is_integer(digits: &str) -> bool {
    let based = [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8), ("0", 8), ("", 10)];
    based.iter().any(|(prefix, base)| {
        digits.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|c| c.is_digit(*base)) && u64::from_str_radix(rest, *base).is_ok()
        })
    })
}

/// A float without sign: `1.5`, `.5`, `5.`, `1e5`.
fn is_decimal(digits: &str) -> bool {
    let all = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (number, exponent) =
        digits.split_once(['e', 'E']).map_or((digits, None), |(number, rest)| (number, Some(rest)));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let has_exponent = exponent.is_none_or(|rest| {
        let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        !rest.is_empty() && all(rest)
    });
    all(whole) && all(part) && !(whole.is_empty() && part.is_empty()) && has_exponent
}

/// A date, or a time with its date before it: `2020-1-31T…`.
fn is_date(text: &str) -> bool {
    let date = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let within = |part: &str, most: u32| {
        (1..=2).contains(&part.len()) && digits(part) && part.parse().is_ok_and(|number| (1..=most).contains(&number))
    };
    let parts: Vec<&str> = date.split('-').collect();
    let dated =
        matches!(*parts, [year, month, day] if year.len() == 4 && digits(year) && within(month, 12) && within(day, 31));
    let rest = text.get(date.len()..).unwrap_or_default();
    let timed = rest.is_empty() || (rest.len() > 5 && rest.matches(':').count() >= 2);
    dated && timed
}

/// A number to the base 60, which older readers know: `1:30`.
fn is_sexagesimal(text: &str) -> bool {
    let mut parts = text.trim_start_matches(['+', '-']).split(':');
    let first = parts.next().is_some_and(|first| {
        first.starts_with(|c: char| c.is_ascii_digit()) && first.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    });
    let rest: Vec<&str> = parts.collect();
    let sixty = |part: &str| {
        let part = part.split('.').next().unwrap_or_default();
        part.len() < 3 && part.parse::<u8>().is_ok_and(|number| number < 60)
    };
    first && !rest.is_empty() && rest.iter().all(|part| sixty(part))
}

fn flow(heap: &Heap, value: &Val, style: Style, depth: usize, out: &mut Rich) -> Result<(), Fault> {
    bounded(out, depth)?;
    match &value.kind {
        V::Nil => out.push("null", value.from),
        V::Map(id) if heap.members(*id).is_empty() => out.push("{}", value.from),
        V::Map(id) => {
            out.push("{", value.from);
            let colon = if style == Style::Pretty { ": " } else { ":" };
            for (at, (key, member)) in heap.members(*id).iter().enumerate() {
                out.push(if at > 0 { "," } else { "" }, None);
                broken(style, depth + 1, out);
                out.push(&format!("{}{colon}", quoted(key, style)), member.from.or(value.from));
                flow(heap, member, style, depth + 1, out)?;
            }
            broken(style, depth, out);
            out.push("}", None);
        }
        V::List(id) if heap.items(*id).is_empty() => out.push("[]", value.from),
        V::List(id) => {
            out.push("[", value.from);
            for (at, item) in heap.items(*id).iter().enumerate() {
                out.push(if at > 0 { "," } else { "" }, None);
                broken(style, depth + 1, out);
                flow(heap, item, style, depth + 1, out)?;
            }
            broken(style, depth, out);
            out.push("]", None);
        }
        V::Text(rich) => out.push(&quoted(&rich.text, style), value.from.or_else(|| rich.at(0))),
        V::Unknown(_) => {
            let text = heap.rich(value).text;
            out.push(&format!("\"{text}\""), value.from);
        }
        V::Float(number) => out.push(&json_float(*number), value.from),
        V::Files(_) => out.push("{}", value.from),
        V::Cluster | V::Versions => out.push(&quoted(&heap.string(value), style), value.from),
        V::Bool(_) | V::Int(_) => out.append(&heap.rich(value), value.from),
    }
    Ok(())
}
