//! Functions on numbers, truth values and versions.

use super::Arguments;
use crate::iac::helm::evaluate::{Call, Machine};
use crate::iac::helm::value::{Fault, V, Val};

/// Items that a counting function may give.
const LIMIT: i64 = 100_000;

/// The value, if the function is one of numbers.
pub(super) fn call(machine: &mut Machine<'_>, arguments: &Arguments<'_>, _: &Call) -> Option<Result<Val, Fault>> {
    numbers(machine, arguments).transpose()
}

fn numbers(machine: &mut Machine<'_>, arguments: &Arguments<'_>) -> Result<Option<Val>, Fault> {
    let all = || arguments.all().iter().map(to_int);
    let two = || -> Result<(i64, i64), Fault> { Ok((arguments.int(0)?, arguments.int(1)?)) };
    let floats = |fold: fn(f64, f64) -> f64| -> Result<Val, Fault> {
        let first = to_float(arguments.get(0)?);
        let rest = arguments.all().get(1..).unwrap_or_default();
        Ok(V::Float(decimal(rest.iter().map(to_float).fold(first, fold))).into())
    };
    Ok(Some(match arguments.name {
        "toDecimal" => i64::from_str_radix(&arguments.text(&machine.heap, 0)?, 8).unwrap_or(0).into(),
        "atoi" => arguments.text(&machine.heap, 0)?.parse().unwrap_or(0_i64).into(),
        "int" | "int64" => Val { kind: V::Int(arguments.int(0)?), from: arguments.get(0)?.from },
        "float64" => Val { kind: V::Float(to_float(arguments.get(0)?)), from: arguments.get(0)?.from },
        "add" => all().fold(0_i64, i64::wrapping_add).into(),
        "add1" => arguments.int(0)?.wrapping_add(1).into(),
        "sub" => two().map(|(a, b)| a.wrapping_sub(b))?.into(),
        "mul" => all().fold(1_i64, i64::wrapping_mul).into(),
        "div" => two()?.0.checked_div(two()?.1).ok_or_else(|| Fault::new("a division by zero"))?.into(),
        "mod" => two()?.0.checked_rem(two()?.1).ok_or_else(|| Fault::new("a division by zero"))?.into(),
        "max" | "biggest" => all().max().unwrap_or(0).into(),
        "min" => all().min().unwrap_or(0).into(),
        "add1f" => V::Float(to_float(arguments.get(0)?) + 1.0).into(),
        "addf" => floats(|a, b| a + b)?,
        "subf" => floats(|a, b| a - b)?,
        "mulf" => floats(|a, b| a * b)?,
        "divf" => {
            let rest = arguments.all().get(1..).unwrap_or_default();
            // The decimal quotient has 16 digits behind its point.
            let quotient = rest.iter().map(to_float).fold(to_float(arguments.get(0)?), |a, b| a / b);
            V::Float(format!("{quotient:.16}").parse().unwrap_or(quotient)).into()
        }
        "maxf" => floats(f64::max)?,
        "minf" => floats(f64::min)?,
        "ceil" => V::Float(to_float(arguments.get(0)?).ceil()).into(),
        "floor" => V::Float(to_float(arguments.get(0)?).floor()).into(),
        "round" => {
            let places = i32::try_from(arguments.int(1).unwrap_or(0).clamp(0, 12)).unwrap_or(0);
            let scale = 10_f64.powi(places);
            let from = if arguments.is_missing(2) { 0.5 } else { to_float(arguments.get(2)?) };
            let scaled = to_float(arguments.get(0)?) * scale;
            // Sprig's rule, also for what is below zero.
            let whole = if scaled.fract() >= from { scaled.ceil() } else { scaled.floor() };
            V::Float(whole / scale).into()
        }
        "duration" => duration(arguments.text(&machine.heap, 0)?.parse().unwrap_or(0)).into(),
        "durationRound" => coarse(&arguments.text(&machine.heap, 0)?).into(),
        "until" => {
            let end = arguments.int(0)?;
            machine.heap.list(steps(0, end, if end < 0 { -1 } else { 1 })?)?
        }
        "untilStep" => machine.heap.list(steps(arguments.int(0)?, arguments.int(1)?, arguments.int(2)?)?)?,
        "seq" => {
            let numbers: Vec<i64> = all().collect();
            let (start, step, end) = match *numbers.as_slice() {
                [end] => (1, if end < 1 { -1 } else { 1 }, end),
                [start, end] => (start, if end < start { -1 } else { 1 }, end),
                [start, step, end] => (start, step, end),
                _ => (0, 1, -1),
            };
            let found = steps(start, end.saturating_add(step.signum()), step)?;
            let words: Vec<String> = found.iter().map(|value| to_int(value).to_string()).collect();
            words.join(" ").into()
        }
        "eq" => {
            let first = arguments.get(0)?;
            let others = arguments.all().get(1..).unwrap_or_default();
            others.iter().any(|other| alike(machine, first, other) == Some(true)).into()
        }
        "ne" => (alike(machine, arguments.get(0)?, arguments.get(1)?) == Some(false)).into(),
        "lt" | "le" | "gt" | "ge" => ordered(machine, arguments)?.into(),
        "not" => match machine.heap.truth(arguments.get(0)?) {
            Some(truth) => (!truth).into(),
            None => arguments.get(0)?.clone(),
        },
        "semverCompare" => {
            let (constraint, version) = (arguments.text(&machine.heap, 0)?, arguments.text(&machine.heap, 1)?);
            satisfied(&constraint, &version)
                .ok_or_else(|| Fault::new(format!("`{constraint}` or `{version}` is no version")))?
                .into()
        }
        "semver" => {
            let version = arguments.text(&machine.heap, 0)?;
            let metadata = version.split_once('+').map_or("", |(_, metadata)| metadata).to_owned();
            let (numbers, pre) = parse(&version).ok_or_else(|| Fault::new(format!("`{version}` is no version")))?;
            let [major, minor, patch] = numbers;
            let members = [
                ("Major", Val::from(number(major))),
                ("Minor", number(minor).into()),
                ("Patch", number(patch).into()),
                ("Prerelease", pre.as_str().into()),
                ("Original", version.as_str().into()),
                ("Metadata", metadata.into()),
            ];
            machine.heap.map(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())?
        }
        _ => return Ok(None),
    }))
}

/// Whether two values are equal. Go compares no integer with a float; a value that is given on the command line is one,
/// where the same value in a file is the other, so we do.
fn alike(machine: &Machine<'_>, left: &Val, right: &Val) -> Option<bool> {
    #[expect(clippy::cast_precision_loss, reason = "Helm's own numbers are floats")]
    match (&left.kind, &right.kind) {
        (V::Int(a), V::Float(b)) | (V::Float(b), V::Int(a)) => Some((*a as f64) == *b),
        _ => machine.heap.equal(left, right, 0),
    }
}

/// A sum as decimal arithmetic gives it, which knows no `0.30000000000000004`: 15 digits are exact.
fn decimal(number: f64) -> f64 {
    format!("{number:.14e}").parse().unwrap_or(number)
}

/// So many seconds as Go writes a duration: `1m35s`.
fn duration(seconds: i64) -> String {
    let (sign, whole) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
    match (whole / 3_600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{sign}{seconds}s"),
        (0, minutes, seconds) => format!("{sign}{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

/// The greatest unit of a duration, as Sprig rounds it: `2h10m5s` is `2h`.
fn coarse(text: &str) -> String {
    let mut seconds = 0.0;
    let mut rest = text.trim_start_matches('-');
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, next) = tail.split_at(letters);
        let size = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return "0s".to_owned(),
        };
        seconds += number.parse::<f64>().unwrap_or(0.0) * size;
        rest = next;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole units are wanted")]
    let whole = seconds as i64;
    // A month has 30 days and a year 365 here.
    let units = [("y", 31_536_000), ("mo", 2_592_000), ("d", 86_400), ("h", 3_600), ("m", 60)];
    let found = units.iter().find(|(_, size)| whole > *size);
    found.map_or_else(|| format!("{whole}s"), |(name, size)| format!("{}{name}", whole / size))
}

/// A method of a version that `semver` gives; `None` if it has none of that name.
///
/// Source: pkg.go.dev/github.com/Masterminds/semver/v3#Version.
pub(in crate::iac::helm) fn compared(machine: &Machine<'_>, own: &Val, name: &str, other: &Val) -> Option<Val> {
    let version = |value: &Val| match value.kind {
        V::Map(id) => {
            machine.heap.member(id, "Prerelease")?;
            parse(&machine.heap.string(&machine.heap.member(id, "Original")?))
        }
        _ => None,
    };
    let order = order(&version(own)?, &version(other)?);
    Some(match name {
        "Compare" => (order as i64).into(),
        "LessThan" => order.is_lt().into(),
        "LessThanEqual" => order.is_le().into(),
        "GreaterThan" => order.is_gt().into(),
        "GreaterThanEqual" => order.is_ge().into(),
        "Equal" => order.is_eq().into(),
        _ => return None,
    })
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn steps(start: i64, end: i64, step: i64) -> Result<Vec<Val>, Fault> {
    let span = end.saturating_sub(start);
    if step == 0 || span.signum() != step.signum() {
        return Ok(Vec::new());
    }
    let count = span.checked_div(step).unwrap_or(0);
    if count > LIMIT {
        return Err(Fault::limit("a list of numbers is longer than we allow"));
    }
    let mut found = Vec::new();
    let mut at = start;
    while (step > 0 && at < end) || (step < 0 && at > end) {
        found.push(at.into());
        at = at.saturating_add(step);
    }
    Ok(found)
}

fn ordered(machine: &Machine<'_>, arguments: &Arguments<'_>) -> Result<bool, Fault> {
    let (left, right) = (arguments.get(0)?, arguments.get(1)?);
    let order = match (&left.kind, &right.kind) {
        (V::Text(a), V::Text(b)) => Some(a.text.cmp(&b.text)),
        (V::Int(a), V::Int(b)) => Some(a.cmp(b)),
        (V::Int(_) | V::Float(_), V::Int(_) | V::Float(_)) => to_float(left).partial_cmp(&to_float(right)),
        _ => return Err(Fault::new("values of different kinds are compared")),
    };
    let _ = machine;
    let Some(order) = order else { return Ok(false) };
    Ok(match arguments.name {
        "lt" => order.is_lt(),
        "le" => order.is_le(),
        "gt" => order.is_gt(),
        _ => order.is_ge(),
    })
}

/// A value as Sprig's `int` reads it.
pub(super) fn to_int(value: &Val) -> i64 {
    match &value.kind {
        V::Int(number) => *number,
        #[expect(clippy::cast_possible_truncation, reason = "a float that is no integer is cut, as in Sprig")]
        V::Float(number) => *number as i64,
        V::Bool(truth) => i64::from(*truth),
        V::Text(rich) => {
            let (sign, digits) = match rich.text.strip_prefix('-') {
                Some(digits) => (-1, digits),
                None => (1, rich.text.strip_prefix('+').unwrap_or(&rich.text)),
            };
            // Zeros behind a point are dropped; any other fraction is no number.
            let digits = digits
                .split_once('.')
                .filter(|(_, zeros)| zeros.bytes().all(|b| b == b'0'))
                .map_or(digits, |(whole, _)| whole);
            let based = [("0x", 16), ("0X", 16), ("0b", 2), ("0o", 8), ("0", 8)];
            let based = based.iter().find_map(|(prefix, base)| {
                let rest = digits.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
                Some(i64::from_str_radix(rest, *base).unwrap_or(0))
            });
            sign * based.unwrap_or_else(|| digits.parse().unwrap_or(0))
        }
        _ => 0,
    }
}

pub(super) fn to_float(value: &Val) -> f64 {
    match &value.kind {
        V::Float(number) => *number,
        V::Text(rich) => rich.text.trim().parse().unwrap_or(0.0),
        #[expect(clippy::cast_precision_loss, reason = "Sprig's own arithmetic is one of floats")]
        _ => to_int(value) as f64,
    }
}

type Version = ([u64; 3], String);

/// Numbers and pre-release of a version; missing numbers are zero.
fn parse(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['v', 'V', '=']);
    let text = text.split('+').next()?;
    let (numbers, pre) = text.split_once('-').unwrap_or((text, ""));
    let mut found = [0; 3];
    for (at, part) in numbers.split('.').enumerate() {
        *found.get_mut(at)? = part.parse().ok()?;
    }
    Some((found, pre.to_owned()))
}

/// Whether a version satisfies a constraint: `>=1.19-0`, `^1.2`, `~1.2.3`, `1.x`, `>1 <2`, `a || b`.
///
/// Source: github.com/Masterminds/semver, its constraints.
fn satisfied(constraint: &str, version: &str) -> Option<bool> {
    let version = parse(version)?;
    let mut any = false;
    for group in constraint.split("||") {
        let mut all = true;
        let spaced = group.replace(',', " ");
        let mut words = spaced.split_whitespace().peekable();
        while let Some(word) = words.next() {
            // An operator may stand apart from its version, and a hyphen may make a range.
            let mut part = word.to_owned();
            if part.chars().all(|c| "<>=!~^".contains(c)) {
                part.push_str(words.next()?);
            }
            if words.peek() == Some(&"-") {
                words.next();
                let end = words.next()?;
                all &= holds(&format!(">={part}"), &version)? && holds(&format!("<={end}"), &version)?;
            } else {
                all &= holds(&part, &version)?;
            }
        }
        any |= all;
    }
    Some(any)
}

fn holds(part: &str, version: &Version) -> Option<bool> {
    let end = part.find(|c: char| !"<>=!~^".contains(c)).unwrap_or(part.len());
    let (operator, wanted) = part.split_at(end);
    let wild = |text: &str| matches!(text, "x" | "X" | "*");
    let bare = wanted.trim_start_matches('v');
    let given: Vec<&str> = bare.split(['-', '+']).next()?.split('.').take_while(|part| !wild(part)).collect();
    if given.iter().all(|part| part.is_empty()) {
        return Some(true);
    }
    let pre = bare.split('+').next()?.split_once('-').map_or("", |(_, pre)| pre);
    let (low, _) = parse(&given.join("."))?;
    let low: Version = (low, pre.to_owned());
    // A version before its release satisfies only constraints that speak of such.
    if !version.1.is_empty() && pre.is_empty() {
        return Some(false);
    }
    let up = |at: usize| -> Version {
        let mut high = low.0;
        for (place, number) in high.iter_mut().enumerate() {
            match place.cmp(&at) {
                std::cmp::Ordering::Equal => *number += 1,
                std::cmp::Ordering::Greater => *number = 0,
                std::cmp::Ordering::Less => {}
            }
        }
        (high, "0".to_owned())
    };
    let below = |high: &Version| order(version, high).is_lt();
    let from_low = !order(version, &low).is_lt();
    Some(match operator {
        ">=" | "=>" => from_low,
        ">" if given.len() < 3 => !below(&up(given.len() - 1)),
        ">" => order(version, &low).is_gt(),
        "<" => order(version, &low).is_lt(),
        "<=" | "=<" if given.len() < 3 => below(&up(given.len() - 1)),
        "<=" | "=<" => order(version, &low).is_le(),
        "!=" if given.len() < 3 => !(from_low && below(&up(given.len() - 1))),
        "!=" => !order(version, &low).is_eq(),
        "~" | "~>" => from_low && below(&up(given.len().saturating_sub(1).clamp(0, 1))),
        "^" => {
            let first = low.0.iter().position(|number| *number > 0).unwrap_or(given.len() - 1);
            from_low && below(&up(first.min(2)))
        }
        "" | "=" if given.len() < 3 => from_low && below(&up(given.len() - 1)),
        "" | "=" => order(version, &low).is_eq(),
        _ => return None,
    })
}

fn order(left: &Version, right: &Version) -> std::cmp::Ordering {
    left.0.cmp(&right.0).then_with(|| match (left.1.is_empty(), right.1.is_empty()) {
        (true, true) => std::cmp::Ordering::Equal,
        (true, false) => std::cmp::Ordering::Greater,
        (false, true) => std::cmp::Ordering::Less,
        (false, false) => before_release(&left.1, &right.1),
    })
}

/// Source: semver.org, item 11.4: numbers by size and before words, what is longer comes last.
fn before_release(left: &str, right: &str) -> std::cmp::Ordering {
    let mut others = right.split('.');
    for part in left.split('.') {
        let Some(other) = others.next() else { return std::cmp::Ordering::Greater };
        let order = match (part.parse::<u64>(), other.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => std::cmp::Ordering::Less,
            (Err(_), Ok(_)) => std::cmp::Ordering::Greater,
            (Err(_), Err(_)) => part.cmp(other),
        };
        if order.is_ne() {
            return order;
        }
    }
    if others.next().is_some() { std::cmp::Ordering::Less } else { std::cmp::Ordering::Equal }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    #[test]
    fn versions_satisfy_constraints() {
        for (constraint, version, wanted) in [
            (">=1.19-0", "v1.31.0", true),
            (">= 1.21-0", "1.20.4", false),
            ("^1.2", "1.9.0", true),
            ("^0.2.3", "0.3.0", false),
            ("~1.2.3", "1.2.9", true),
            ("~1", "1.9.0", true),
            ("1.x", "1.4.2", true),
            (">1.20 <1.22", "1.21.3", true),
            ("<1.14-0 || >=1.30-0", "1.31.0", true),
            ("1.2 - 1.4", "1.3.0", true),
            (">=1.19", "1.20.0-rc.1", false),
            ("*", "1.0.0", true),
        ] {
            assert_eq!(satisfied(constraint, version), Some(wanted), "{constraint} {version}");
        }
        assert_eq!(satisfied(">=x.y", "one"), None);
    }
}
