//! `format` and `formatlist`.

use super::super::operator;
use super::{Arguments, LIMIT, Outcome, concatenate, list};
use crate::iac::datum::{Datum, Kind};

/// Characters that a width or precision may ask for.
const WIDTH: usize = 256;

/// Functions of arguments that are all known.
pub(super) fn call(name: &str, arguments: Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "format" => arguments.text(0).and_then(|pattern| formatted(&pattern, arguments.rest(1))),
        "formatlist" => arguments.text(0).and_then(|pattern| each(&pattern, arguments.rest(1))),
        _ => return None,
    })
}

/// One text for each item; what is no list is the same in all.
fn each(pattern: &str, arguments: &[&Datum]) -> Outcome {
    let lists = arguments.iter().filter(|argument| matches!(argument.kind, Kind::List(_)));
    let lengths: Vec<usize> = lists.map(|argument| argument.items().len()).collect();
    let length = lengths.first().copied().unwrap_or(1);
    if lengths.iter().any(|other| *other != length) {
        return Err("the lists are of different lengths".to_owned());
    }
    let mut out = Vec::new();
    for at in 0..length.min(LIMIT) {
        let row: Vec<&Datum> = arguments
            .iter()
            .filter_map(|argument| match &argument.kind {
                Kind::List(items) => items.get(at),
                _ => Some(*argument),
            })
            .collect();
        out.push(formatted(pattern, &row)?);
    }
    Ok(list(out))
}

/// A verb with what stands before it: `%[flags][width][.precision][[index]]verb`.
#[derive(Default)]
struct Verb {
    plus: bool,
    minus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
    index: Option<usize>,
}

impl Verb {
    /// Reads from after `%`; gives the verb's letter and the rest.
    fn read(text: &str) -> Option<(Verb, char, &str)> {
        let mut verb = Verb::default();
        let mut rest = text;
        loop {
            let flag = match rest.bytes().next()? {
                b'+' => &mut verb.plus,
                b'-' => &mut verb.minus,
                b' ' => &mut verb.space,
                b'0' => &mut verb.zero,
                b'#' => &mut verb.sharp,
                _ => break,
            };
            *flag = true;
            rest = rest.get(1..)?;
        }
        (verb.width, rest) = digits(rest)?;
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = digits(after)?;
            verb.precision = Some(precision);
            rest = after;
        }
        if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = digits(after)?;
            verb.index = Some(index);
            rest = after.strip_prefix(']')?;
        }
        let mut letters = rest.chars();
        let letter = letters.next()?;
        Some((verb, letter, letters.as_str()))
    }

    fn padded(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        if missing == 0 {
            return text;
        }
        if self.minus {
            return text + &" ".repeat(missing);
        }
        if !self.zero {
            return " ".repeat(missing) + &text;
        }
        let sign = text.len() - text.trim_start_matches(['+', '-', ' ']).len();
        let (sign, digits) = text.split_at_checked(sign).unwrap_or(("", &text));
        format!("{sign}{}{digits}", "0".repeat(missing))
    }

    /// With the sign that the flags ask for.
    fn signed(&self, text: String) -> String {
        match text.starts_with('-') {
            false if self.plus => self.padded(format!("+{text}")),
            false if self.space => self.padded(format!(" {text}")),
            _ => self.padded(text),
        }
    }

    fn apply(&self, letter: char, value: &Datum) -> Result<Datum, String> {
        let text = || value.text().ok_or("it needs text".to_owned());
        let whole = || value.int().or_else(|| truncated(value)).ok_or("it needs a number".to_owned());
        let float = || operator::float(value).ok_or("it needs a number".to_owned());
        let cut = |text: String| match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        };
        // Go writes negative numbers of other bases with a sign.
        let based = |number: i64, digits: String| if number < 0 { format!("-{digits}") } else { digits };
        Ok(Datum::from_text(match letter {
            'v' if self.sharp => self.padded(value.json_holed().to_string()),
            'v' => match &value.kind {
                Kind::List(_) | Kind::Map(_) | Kind::Null => self.padded(value.json_holed().to_string()),
                _ if value.text().is_none() || self.width == 0 => return Ok(value.clone()),
                _ => self.padded(text()?),
            },
            's' if self.width == 0 && self.precision.is_none() && value.text().is_none() => return Ok(value.clone()),
            's' => self.padded(cut(text()?)),
            'q' => self.padded(serde_json::Value::String(cut(text()?)).to_string()),
            't' => self.padded(value.bool().ok_or("it needs a truth value")?.to_string()),
            'd' => self.signed(whole()?.to_string()),
            'b' => whole().map(|number| self.signed(based(number, format!("{:b}", number.unsigned_abs()))))?,
            'o' => whole().map(|number| self.signed(based(number, format!("{:o}", number.unsigned_abs()))))?,
            'x' if matches!(value.kind, Kind::Text(_)) && value.int().is_none() => self.padded(hex(&text()?)),
            'x' => whole().map(|number| self.signed(based(number, format!("{:x}", number.unsigned_abs()))))?,
            'X' if matches!(value.kind, Kind::Text(_)) && value.int().is_none() => {
                self.padded(hex(&text()?).to_uppercase())
            }
            'X' => whole().map(|number| self.signed(based(number, format!("{:X}", number.unsigned_abs()))))?,
            'f' => self.signed(format!("{:.*}", self.precision.unwrap_or(6), float()?)),
            'e' => self.signed(scientific(float()?, self.precision.unwrap_or(6))),
            'E' => self.signed(scientific(float()?, self.precision.unwrap_or(6)).to_uppercase()),
            'g' | 'G' => self.signed(float()?.to_string()),
            _ => return Err(format!("there is no verb `%{letter}`")),
        }))
    }
}

fn digits(text: &str) -> Option<(usize, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    let number = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    (number <= WIDTH).then_some((number, rest))
}

fn truncated(value: &Datum) -> Option<i64> {
    format!("{:.0}", operator::float(value)?.trunc()).parse().ok()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// `1.500000e+02`, with at least two digits of exponent.
fn scientific(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{mantissa}e{sign}{exponent:0>2}")
}

fn formatted(pattern: &str, arguments: &[&Datum]) -> Outcome {
    let mut parts = Vec::new();
    let mut rest = pattern;
    let mut next = 0;
    while let Some((before, after)) = rest.split_once('%') {
        parts.push(Datum::from_text(before));
        if let Some(after) = after.strip_prefix('%') {
            parts.push(Datum::from_text("%"));
            rest = after;
            continue;
        }
        let (verb, letter, after) = Verb::read(after).ok_or("the pattern does not fit")?;
        if let Some(index) = verb.index {
            next = index.checked_sub(1).ok_or("arguments count from one")?;
        }
        let value = arguments.get(next).ok_or("there are too few arguments")?;
        next += 1;
        parts.push(verb.apply(letter, value)?);
        rest = after;
    }
    parts.push(Datum::from_text(rest));
    Ok(concatenate(&parts))
}

/// `format` where an argument is known only later: `%s` and `%v` leave holes.
pub(super) fn holed(pattern: &str, arguments: &[&Datum]) -> Option<Datum> {
    if arguments.iter().any(|argument| matches!(argument.kind, Kind::Unknown(_) | Kind::Fault(_))) {
        return None;
    }
    formatted(pattern, arguments).ok()
}
