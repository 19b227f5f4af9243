//! Functions of texts.

use std::collections::BTreeMap;

use regex::{Captures, Regex, RegexBuilder};

use super::{Arguments, LIMIT, Outcome, TEXT_BYTES, list};
use crate::iac::datum::{Datum, Kind};

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

/// Functions of arguments that are all known.
pub(super) fn call(name: &str, arguments: Arguments<'_>) -> Option<Outcome> {
    let one = |form: &dyn Fn(&str) -> String| arguments.text(0).map(|text| Datum::from_text(form(&text)));
    let two =
        |form: &dyn Fn(&str, &str) -> String| Ok(Datum::from_text(form(&arguments.text(0)?, &arguments.text(1)?)));
    let test =
        |form: &dyn Fn(&str, &str) -> bool| Ok(Kind::Bool(form(&arguments.text(0)?, &arguments.text(1)?)).into());
    Some(match name {
        "lower" => one(&str::to_lowercase),
        "upper" => one(&str::to_uppercase),
        "title" => one(&title),
        "trimspace" => one(&|text| text.trim().to_owned()),
        "chomp" => one(&|text| text.trim_end_matches(['\r', '\n']).to_owned()),
        "strrev" => one(&|text| text.chars().rev().collect()),
        "basename" => one(&|path| base(path).to_owned()),
        "dirname" => one(&folder),
        "trim" => two(&|text, set| text.trim_matches(|c| set.contains(c)).to_owned()),
        "trimprefix" => two(&|text, cut| text.strip_prefix(cut).unwrap_or(text).to_owned()),
        "trimsuffix" => two(&|text, cut| text.strip_suffix(cut).unwrap_or(text).to_owned()),
        "startswith" => test(&|text, start| text.starts_with(start)),
        "endswith" => test(&|text, end| text.ends_with(end)),
        "strcontains" => test(&|text, part| text.contains(part)),
        "replace" => replace(arguments),
        "split" => split(arguments),
        "substr" => substr(arguments),
        "indent" => indent(arguments),
        "regex" => regex(arguments),
        "regexall" => regexall(arguments),
        _ => return None,
    })
}

fn split(arguments: Arguments<'_>) -> Outcome {
    let (separator, text) = (arguments.text(0)?, arguments.text(1)?);
    if separator.is_empty() {
        return Ok(list(text.chars().take(LIMIT).map(String::from).map(Datum::from_text)));
    }
    Ok(list(text.split(&separator).take(LIMIT).map(Datum::from_text)))
}

fn indent(arguments: Arguments<'_>) -> Outcome {
    let spaces = usize::try_from(arguments.number(0)?.clamp(0, 256)).unwrap_or(0);
    let text = arguments.text(1)?;
    if text.matches('\n').count().saturating_mul(spaces) > TEXT_BYTES {
        return Ok(Datum::unknown("indent", "the text grows beyond a limit"));
    }
    Ok(Datum::from_text(text.replace('\n', &format!("\n{}", " ".repeat(spaces)))))
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build().map_err(|_| "the pattern does not compile".to_owned())
}

fn regex(arguments: Arguments<'_>) -> Outcome {
    let pattern = compiled(&arguments.text(0)?)?;
    let text = arguments.text(1)?;
    match pattern.captures(&text) {
        Some(captures) => Ok(captured(&pattern, &captures)),
        None => Err("the pattern does not match".to_owned()),
    }
}

fn regexall(arguments: Arguments<'_>) -> Outcome {
    let pattern = compiled(&arguments.text(0)?)?;
    let text = arguments.text(1)?;
    Ok(list(pattern.captures_iter(&text).take(LIMIT).map(|captures| captured(&pattern, &captures))))
}

/// The match: as text without groups, as a list of unnamed groups, as a map of named ones.
fn captured(pattern: &Regex, captures: &Captures<'_>) -> Datum {
    let group = |found: Option<regex::Match<'_>>| match found {
        Some(found) => Datum::from_text(found.as_str()),
        None => Kind::Null.into(),
    };
    if captures.len() == 1 {
        return group(captures.get(0));
    }
    let named: BTreeMap<String, Datum> =
        pattern.capture_names().flatten().map(|name| (name.to_owned(), group(captures.name(name)))).collect();
    if named.is_empty() { list(captures.iter().skip(1).map(group)) } else { named.into() }
}

fn replace(arguments: Arguments<'_>) -> Outcome {
    let (text, what, with) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    let pattern = what.strip_prefix('/').and_then(|inner| inner.strip_suffix('/'));
    let too_long = |hits: usize| text.len().saturating_add(hits.saturating_mul(with.len().max(1))) > TEXT_BYTES;
    match pattern {
        Some(pattern) => {
            let pattern = compiled(pattern)?;
            // A replacement may repeat what was matched.
            if too_long(pattern.find_iter(&text).count()) || text.len().saturating_mul(with.len()) > TEXT_BYTES {
                return Ok(Datum::unknown("replace", "the text grows beyond a limit"));
            }
            Ok(Datum::from_text(pattern.replace_all(&text, with.as_str()).into_owned()))
        }
        None if too_long(text.matches(&what).count()) => Ok(Datum::unknown("replace", "the text grows beyond a limit")),
        None => Ok(Datum::from_text(text.replace(&what, &with))),
    }
}

fn substr(arguments: Arguments<'_>) -> Outcome {
    let (text, start, length) = (arguments.text(0)?, arguments.number(1)?, arguments.number(2)?);
    let count = text.chars().count();
    let start = if start < 0 {
        count.saturating_sub(usize::try_from(start.unsigned_abs()).unwrap_or(count))
    } else {
        usize::try_from(start).unwrap_or(count)
    };
    let length = usize::try_from(length).unwrap_or(count);
    Ok(Datum::from_text(text.chars().skip(start).take(length).collect::<String>()))
}

/// The first letter of each word as a capital.
fn title(text: &str) -> String {
    let mut start = true;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        start = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    out
}

fn base(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

fn folder(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
        None => ".".to_owned(),
    }
}
