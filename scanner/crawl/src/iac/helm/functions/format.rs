//! Go's `Sprintf`, for `printf`.
//!
//! Source: pkg.go.dev/fmt, "Printing", with its explicit argument indexes and its format errors.

use std::iter::Peekable;
use std::str::Chars;

use super::collection::type_of;
use crate::iac::helm::text::Rich;
use crate::iac::helm::value::{DEPTH, Fault, Heap, V, Val, float};

/// Bytes that one text may have.
const LIMIT: usize = 4 << 20;

/// The widest padding.
const WIDTH: usize = 1_000;

/// The most digits behind a point.
const PRECISION: usize = 100;

/// What stands between `%` and the verb.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Which operand comes next.
struct Operands<'v> {
    values: &'v [Val],
    next: usize,
    /// Whether a number in brackets has chosen one: then it is no error that others are left.
    chosen: bool,
    /// Whether the last such number was none.
    bad: bool,
}

impl Operands<'_> {
    /// Takes `[n]`; whether it stood there.
    fn index(&mut self, letters: &mut Peekable<Chars<'_>>) -> bool {
        if letters.next_if_eq(&'[').is_none() {
            return false;
        }
        self.chosen = true;
        let inside: String = std::iter::from_fn(|| letters.next_if(|letter| *letter != ']')).collect();
        letters.next();
        match inside.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|at| *at < self.values.len())
        {
            Some(at) => self.next = at,
            None => self.bad = true,
        }
        true
    }

    fn take(&mut self) -> Option<&Val> {
        let value = self.values.get(self.next);
        self.next += usize::from(value.is_some());
        value
    }

    /// The operand for `*`.
    fn number(&mut self) -> Option<i64> {
        match self.take()?.kind {
            V::Int(number) if number.unsigned_abs() <= 1_000_000 => Some(number),
            _ => None,
        }
    }
}

fn digits(letters: &mut Peekable<Chars<'_>>) -> Option<usize> {
    let text: String = std::iter::from_fn(|| letters.next_if(char::is_ascii_digit)).collect();
    (!text.is_empty()).then(|| text.parse().unwrap_or(usize::MAX))
}

/// `format` with `values` for its verbs.
pub(super) fn formatted(heap: &Heap, format: &str, values: &[Val]) -> Result<Rich, Fault> {
    let mut out = Rich::default();
    let mut operands = Operands { values, next: 0, chosen: false, bad: false };
    let mut letters = format.chars().peekable();
    while letters.peek().is_some() {
        let plain: String = std::iter::from_fn(|| letters.next_if(|letter| *letter != '%')).collect();
        out.push(&plain, None);
        if letters.next().is_none() {
            break;
        }
        operands.bad = false;
        let flags = flags(&mut letters, &mut operands, &mut out);
        let Some(verb) = letters.next() else {
            out.push("%!(NOVERB)", None);
            break;
        };
        if verb == '%' {
            out.push("%", None);
        } else if operands.bad {
            out.push(&format!("%!{verb}(BADINDEX)"), None);
        } else if let Some(value) = operands.take() {
            out.append(&shown(heap, value, verb, flags), value.from);
        } else {
            out.push(&format!("%!{verb}(MISSING)"), None);
        }
        if out.text.len() > LIMIT {
            return Err(Fault::limit("a text grows beyond our bounds"));
        }
    }
    let left = values.get(operands.next..).unwrap_or_default();
    if !operands.chosen && !left.is_empty() {
        let typed = |value: &Val| match value.kind {
            V::Nil => "<nil>".to_owned(),
            _ => format!("{}={}", type_of(value), printed(heap, value, 'v', Flags::default(), 0)),
        };
        let left: Vec<String> = left.iter().map(typed).collect();
        out.push(&format!("%!(EXTRA {})", left.join(", ")), None);
    }
    Ok(out)
}

/// Flags, width, precision and the number of the operand, in Go's order.
fn flags(letters: &mut Peekable<Chars<'_>>, operands: &mut Operands<'_>, out: &mut Rich) -> Flags {
    let mut flags = Flags::default();
    while let Some(letter) = letters.next_if(|letter| "+-# 0".contains(*letter)) {
        match letter {
            '+' => flags.plus = true,
            '-' => flags.minus = true,
            '#' => flags.sharp = true,
            ' ' => flags.space = true,
            _ => flags.zero = true,
        }
    }
    let mut indexed = operands.index(letters);
    if letters.next_if_eq(&'*').is_some() {
        indexed = false;
        match operands.number() {
            Some(number) => {
                flags.minus |= number < 0;
                flags.width = usize::try_from(number.unsigned_abs()).ok();
            }
            None => out.push("%!(BADWIDTH)", None),
        }
    } else {
        flags.width = digits(letters);
        operands.bad |= indexed && flags.width.is_some();
    }
    if letters.next_if_eq(&'.').is_some() {
        operands.bad |= indexed;
        indexed = operands.index(letters);
        if letters.next_if_eq(&'*').is_some() {
            indexed = false;
            match operands.number() {
                Some(number) => flags.precision = usize::try_from(number).ok(),
                None => out.push("%!(BADPREC)", None),
            }
        } else {
            flags.precision = Some(digits(letters).unwrap_or(0));
        }
    }
    if !indexed {
        operands.index(letters);
    }
    flags.zero &= !flags.minus;
    // With `%v` it asks for names of members, which mappings have anyway.
    flags.plus &= letters.peek() != Some(&'v');
    flags.width = flags.width.map(|width| width.min(WIDTH));
    flags.precision = flags.precision.map(|precision| precision.min(PRECISION));
    flags
}

/// A value by a verb, with the origins of its text.
fn shown(heap: &Heap, value: &Val, verb: char, flags: Flags) -> Rich {
    let is_whole = flags.precision.is_none() && !(verb == 'v' && flags.sharp);
    match &value.kind {
        V::Unknown(_) => heap.rich(value),
        V::Text(_) if matches!(verb, 's' | 'v') && is_whole => {
            let text = heap.rich(value);
            let pad = padding(&text.text, flags);
            let mut out = Rich::default();
            if !flags.minus {
                out.push(&pad, value.from);
            }
            out.append(&text, value.from);
            if flags.minus {
                out.push(&pad, value.from);
            }
            out
        }
        _ => Rich::of(printed(heap, value, verb, flags, 0), value.from),
    }
}

/// A value by a verb. Those in lists and mappings are printed by the same verb.
fn printed(heap: &Heap, value: &Val, verb: char, flags: Flags, depth: usize) -> String {
    let sharp = flags.sharp && verb == 'v';
    let bad = || match value.kind {
        V::Nil => format!("%!{verb}(<nil>)"),
        _ => format!("%!{verb}({}={})", type_of(value), printed(heap, value, 'v', Flags::default(), depth + 1)),
    };
    if depth > DEPTH {
        return String::new();
    }
    if verb == 'T' {
        return padded(type_of(value), flags);
    }
    match &value.kind {
        V::Nil if verb == 'v' => padded("<nil>", flags),
        // Within a list nothing stays nothing, whatever the verb.
        V::Nil if depth > 0 => if sharp { "interface {}(nil)" } else { "<nil>" }.to_owned(),
        V::Nil => bad(),
        V::Bool(truth) if matches!(verb, 't' | 'v') => padded(&truth.to_string(), flags),
        V::Int(number) => integer(*number, verb, flags).unwrap_or_else(bad),
        V::Float(number) => fraction(*number, verb, flags).unwrap_or_else(bad),
        V::Text(_) | V::Cluster => text(&heap.string(value), verb, flags).unwrap_or_else(bad),
        V::Unknown(_) | V::Files(_) | V::Versions => heap.string(value),
        V::Bool(_) => bad(),
        V::List(id) => {
            let items = heap.items(*id);
            let parts = items.iter().map(|item| printed(heap, item, verb, flags, depth + 1));
            if sharp {
                format!("[]interface {{}}{{{}}}", joined(parts, ", "))
            } else {
                format!("[{}]", joined(parts, " "))
            }
        }
        V::Map(id) => {
            let members = heap.members(*id);
            let parts = members.iter().map(|(key, member)| {
                let key = text(key, verb, flags).unwrap_or_else(|| format!("%!{verb}(string={key})"));
                format!("{key}:{}", printed(heap, member, verb, flags, depth + 1))
            });
            if sharp {
                format!("map[string]interface {{}}{{{}}}", joined(parts, ", "))
            } else {
                format!("map[{}]", joined(parts, " "))
            }
        }
    }
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    let mut out = String::new();
    for part in parts {
        if out.len() > LIMIT {
            break;
        }
        if !out.is_empty() {
            out.push_str(between);
        }
        out.push_str(&part);
    }
    out
}

fn integer(number: i64, verb: char, flags: Flags) -> Option<String> {
    let size = number.unsigned_abs();
    let character = || u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    let (digits, prefix) = match verb {
        'd' | 'v' => (size.to_string(), ""),
        'b' => (format!("{size:b}"), "0b"),
        'o' => (format!("{size:o}"), "0"),
        'O' => (format!("{size:o}"), "0o"),
        'x' => (format!("{size:x}"), "0x"),
        'X' => (format!("{size:X}"), "0X"),
        'c' => return Some(padded(&character().to_string(), flags)),
        'q' => return Some(padded(&format!("'{}'", escaped(&character().to_string(), '\'')), flags)),
        'U' => return Some(padded(&format!("U+{size:04X}"), Flags { zero: false, ..flags })),
        _ => return None,
    };
    let sign = match (number < 0, flags.plus, flags.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (.., true) => " ",
        _ => "",
    };
    let prefix = if verb == 'O' || (flags.sharp && verb != 'v') { prefix } else { "" };
    let least = match (flags.precision, flags.width) {
        (Some(0), _) if number == 0 => return Some(padded("", Flags { zero: false, ..flags })),
        (Some(precision), _) => precision,
        (None, Some(width)) if flags.zero => width.saturating_sub(sign.len()),
        _ => 0,
    };
    let digits = format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
    // The octal prefix is a zero, which may stand there already.
    let prefix = if prefix == "0" && digits.starts_with('0') { "" } else { prefix };
    Some(padded(&format!("{sign}{prefix}{digits}"), Flags { zero: false, ..flags }))
}

fn fraction(number: f64, verb: char, flags: Flags) -> Option<String> {
    let size = number.abs();
    let body = match verb {
        _ if !number.is_finite() => if number.is_nan() { "NaN" } else { "Inf" }.to_owned(),
        'f' | 'F' => format!("{size:.*}", flags.precision.unwrap_or(6)),
        'e' | 'E' => exponent(size, flags.precision.unwrap_or(6)),
        'g' | 'G' | 'v' => flags.precision.map_or_else(|| float(size), |precision| general(size, precision)),
        _ => return None,
    };
    let body = if verb.is_ascii_uppercase() && number.is_finite() { body.to_uppercase() } else { body };
    let sign = match (number.is_sign_negative() && !number.is_nan(), flags.plus, flags.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (.., true) => " ",
        _ => "",
    };
    let zeros = match flags.width {
        Some(width) if flags.zero && number.is_finite() => width.saturating_sub(sign.len() + body.len()),
        _ => 0,
    };
    Some(padded(&format!("{sign}{}{body}", "0".repeat(zeros)), Flags { zero: false, ..flags }))
}

/// `1.234568e+05`
fn exponent(size: f64, precision: usize) -> String {
    let text = format!("{size:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// So many digits at most, with an exponent for what is small or has more digits before its point.
fn general(size: f64, precision: usize) -> String {
    let precision = precision.max(1);
    let text = exponent(size, precision - 1);
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i64 = power.parse().unwrap_or(0);
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let held = i64::try_from(mantissa.bytes().filter(u8::is_ascii_digit).count()).unwrap_or(0);
    let wanted = i64::try_from(precision).unwrap_or(i64::MAX);
    let most = if wanted > held && held > power { held } else { wanted };
    if power < -4 || power >= most {
        let (sign, digits) = if power < 0 { ('-', -power) } else { ('+', power) };
        return format!("{mantissa}e{sign}{digits:02}");
    }
    let behind = usize::try_from((held - 1 - power).max(0)).unwrap_or(0);
    format!("{size:.behind$}")
}

fn text(whole: &str, verb: char, flags: Flags) -> Option<String> {
    let kept: String = match flags.precision {
        Some(most) => whole.chars().take(most).collect(),
        None => whole.to_owned(),
    };
    Some(match verb {
        'v' if flags.sharp => padded(&quoted(&kept), flags),
        's' | 'v' => padded(&kept, flags),
        'q' if flags.sharp && !kept.contains('`') && !kept.chars().any(|c| c.is_control() && c != '\t') => {
            padded(&format!("`{kept}`"), flags)
        }
        'q' => padded(&quoted(&kept), flags),
        'x' | 'X' => {
            let bytes = whole.bytes().take(flags.precision.unwrap_or(usize::MAX));
            let bytes: Vec<String> =
                bytes.map(|byte| if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") }).collect();
            let prefix = if flags.sharp && !bytes.is_empty() { format!("0{verb}") } else { String::new() };
            let between = if flags.space { format!(" {prefix}") } else { String::new() };
            padded(&format!("{prefix}{}", bytes.join(&between)), flags)
        }
        _ => return None,
    })
}

/// What is missing of the width.
fn padding(text: &str, flags: Flags) -> String {
    let missing = flags.width.unwrap_or(0).saturating_sub(text.chars().count());
    if flags.zero { "0" } else { " " }.repeat(missing)
}

fn padded(text: &str, flags: Flags) -> String {
    let pad = padding(text, flags);
    if flags.minus { format!("{text}{pad}") } else { format!("{pad}{text}") }
}

/// A text in quotes, as Go writes it.
///
/// Source: pkg.go.dev/strconv#Quote.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, '"'))
}

fn escaped(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter == quote => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(letter))),
            letter if letter != ' ' && (letter.is_control() || letter.is_whitespace() || letter == '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            letter => out.push(letter),
        }
    }
    out
}
