//! Terraform's pure functions. Those that read files, the clock or chance are unknown.
//!
//! Source: developer.hashicorp.com/terraform/language/functions. The file is a table and longer than most.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::Unknown;

use super::evaluate::not_known;
use crate::iac::datum::{Datum, Kind, Map, hole_for};

/// Items or bytes that one call may make.
const LIMIT: usize = 100_000;

/// The value of `name(arguments…)`; `snippet` gives the expression's text.
pub(super) fn call(name: &str, arguments: Vec<Datum>, snippet: &dyn Fn() -> String) -> Datum {
    if let Some(datum) = lenient(name, &arguments, snippet) {
        return datum;
    }
    if IMPURE.contains(&name) {
        return Datum::unknown(snippet(), format!("`{name}` is not evaluated"));
    }
    if let Some(unknown) = arguments.iter().find(|argument| argument.why_unknown().is_some()) {
        // The result is of a type that cannot be null: it is given, though not known.
        return match unknown.kind {
            Kind::Computed { .. } if GIVEN.contains(&name) => computed(unknown, snippet),
            _ => not_known(unknown, &snippet()),
        };
    }
    let arguments: Vec<&Datum> = arguments.iter().collect();
    match strict(name, &arguments) {
        Some(Ok(datum)) => datum,
        Some(Err(why)) => Datum::fault(snippet(), why),
        None => Datum::unknown(snippet(), format!("`{name}` is not evaluated")),
    }
}

/// Functions whose result depends on more than their arguments, or that are not read yet.
const IMPURE: [&str; 19] = [
    "abspath",
    "bcrypt",
    "cidrhost",
    "cidrnetmask",
    "cidrsubnet",
    "cidrsubnets",
    "file",
    "filebase64",
    "fileexists",
    "fileset",
    "filesha256",
    "pathexpand",
    "plantimestamp",
    "rsadecrypt",
    "templatefile",
    "textdecodebase64",
    "timestamp",
    "uuid",
    "uuidv5",
];

/// Functions of texts: of something that is given they make something that is given.
const GIVEN: [&str; 14] = [
    "base64encode",
    "format",
    "join",
    "lower",
    "md5",
    "replace",
    "sha256",
    "substr",
    "title",
    "tostring",
    "trim",
    "trimprefix",
    "trimsuffix",
    "upper",
];

fn computed(unknown: &Datum, snippet: &dyn Fn() -> String) -> Datum {
    let why = unknown.why_unknown().cloned();
    let expression = snippet();
    let why = why.map_or("it is known only after apply".to_owned(), |why| why.to_string());
    Datum {
        kind: Kind::Computed { text: hole_for(&expression), why: Unknown { expression, why } },
        place: None,
        of: unknown.of.clone(),
    }
}

/// Texts one after the other, with holes for what is not known.
pub(super) fn concatenate(parts: &[Datum]) -> Datum {
    let (mut text, mut why) = (String::new(), None);
    for part in parts {
        match part.text() {
            Some(known) => text.push_str(&known),
            None => {
                let unknown = part.why_unknown().cloned().unwrap_or(Unknown {
                    expression: "template".to_owned(),
                    why: "a part of it is no text".to_owned(),
                });
                text.push_str(&part.holed().unwrap_or_else(|| hole_for(&unknown.expression)));
                why.get_or_insert(unknown);
            }
        }
    }
    match why {
        None => Datum::from_text(text),
        Some(why) => Kind::Computed { text, why }.into(),
    }
}

/// Functions that can say something although an argument is not known.
fn lenient(name: &str, arguments: &[Datum], snippet: &dyn Fn() -> String) -> Option<Datum> {
    let first = arguments.first();
    Some(match (name, first) {
        ("try", _) => {
            let found = arguments.iter().find(|argument| !matches!(argument.kind, Kind::Fault(_)));
            found.cloned().unwrap_or_else(|| Datum::fault(snippet(), "no argument can be evaluated"))
        }
        ("can", Some(first)) => match first.kind {
            Kind::Fault(_) => Kind::Bool(false).into(),
            Kind::Unknown(_) => not_known(first, &snippet()),
            _ => Kind::Bool(true).into(),
        },
        ("sensitive" | "nonsensitive" | "ephemeralasnull" | "tostring" | "toset" | "tolist", Some(first))
            if first.of.is_some() || matches!(first.kind, Kind::List(_)) && name != "toset" =>
        {
            first.clone()
        }
        ("sensitive" | "nonsensitive", Some(first)) => first.clone(),
        ("tomap" | "toobject", Some(first)) => first.clone(),
        ("toset", Some(Datum { kind: Kind::List(items), .. })) => Kind::List(distinct(items)).into(),
        ("jsonencode", Some(first)) => match first.kind {
            Kind::Unknown(_) | Kind::Fault(_) => not_known(first, &snippet()),
            _ => Kind::Json(Box::new(first.clone())).into(),
        },
        ("jsondecode", Some(Datum { kind: Kind::Json(inner), .. })) => (**inner).clone(),
        ("merge", _) => merge(arguments, snippet),
        ("concat", _) => {
            let mut all = Vec::new();
            for argument in arguments {
                match &argument.kind {
                    Kind::List(items) => all.extend(items.iter().cloned()),
                    Kind::Null => {}
                    _ => all.push(not_known(argument, &snippet())),
                }
            }
            Kind::List(all).into()
        }
        ("flatten", Some(Datum { kind: Kind::List(items), .. })) => {
            let mut all = Vec::new();
            flatten(items, &mut all, 0);
            Kind::List(all).into()
        }
        ("compact", Some(Datum { kind: Kind::List(items), .. })) => Kind::List(
            items.iter().filter(|item| !item.is_null() && item.text().as_deref() != Some("")).cloned().collect(),
        )
        .into(),
        ("coalesce" | "coalescelist", _) => {
            for argument in arguments {
                let empty = match &argument.kind {
                    Kind::Null => true,
                    Kind::Text(text) => text.is_empty() && name == "coalesce",
                    Kind::List(items) => items.is_empty(),
                    Kind::Unknown(_) | Kind::Fault(_) => return Some(not_known(argument, &snippet())),
                    _ => false,
                };
                if !empty {
                    return Some(argument.clone());
                }
            }
            Datum::fault(snippet(), "every argument is null or empty")
        }
        ("lookup", Some(first)) => {
            let key = arguments.get(1).and_then(Datum::text);
            match (&first.kind, key) {
                (Kind::Map(map), Some(key)) => match (map.members.get(&key), &map.open, arguments.get(2)) {
                    (Some(member), ..) => member.clone(),
                    (None, Some(_), _) => Datum::unknown(snippet(), "the map is not wholly known"),
                    (None, None, Some(default)) => default.clone(),
                    (None, None, None) => Datum::fault(snippet(), format!("there is no `{key}` in it")),
                },
                (Kind::Map(_), None) => not_known(arguments.get(1).unwrap_or(first), &snippet()),
                _ => not_known(first, &snippet()),
            }
        }
        ("element", Some(Datum { kind: Kind::List(items), .. })) => match arguments.get(1).and_then(Datum::int) {
            Some(index) if !items.is_empty() => {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = usize::try_from(index.rem_euclid(length)).unwrap_or(0);
                items.get(at).cloned().unwrap_or_else(|| Kind::Null.into())
            }
            Some(_) => Datum::fault(snippet(), "the list is empty"),
            None => Datum::unknown(snippet(), "the index is not known"),
        },
        ("one", Some(Datum { kind: Kind::List(items), .. })) => match items.as_slice() {
            [] => Kind::Null.into(),
            [single] => single.clone(),
            _ => Datum::fault(snippet(), "the list has more than one item"),
        },
        ("length", Some(Datum { kind: Kind::List(items), .. })) => int(items.len()),
        ("length", Some(Datum { kind: Kind::Map(Map { members, open: None }), .. })) => int(members.len()),
        ("keys", Some(Datum { kind: Kind::Map(Map { members, open: None }), .. })) => {
            Kind::List(members.keys().map(Datum::from_text).collect()).into()
        }
        ("values", Some(Datum { kind: Kind::Map(Map { members, open: None }), .. })) => {
            Kind::List(members.values().cloned().collect()).into()
        }
        ("values" | "one", Some(first @ Datum { kind: Kind::Resource(_) | Kind::Module(_), .. })) => {
            if name == "one" {
                first.clone()
            } else {
                Kind::List(vec![first.clone()]).into()
            }
        }
        ("zipmap", Some(Datum { kind: Kind::List(keys), .. })) => {
            let values = arguments.get(1).map(Datum::items).unwrap_or_default();
            let keys: Option<Vec<String>> = keys.iter().map(Datum::text).collect();
            match keys {
                Some(keys) => keys.into_iter().zip(values.iter().cloned()).collect::<BTreeMap<_, _>>().into(),
                None => Datum::unknown(snippet(), "a key is not known"),
            }
        }
        ("join", Some(separator)) => {
            let separator = separator.text()?;
            let items: Vec<&Datum> = arguments.iter().skip(1).flat_map(Datum::items).collect();
            if items.iter().any(|item| matches!(item.kind, Kind::Unknown(_) | Kind::Fault(_))) {
                return None;
            }
            let mut parts = Vec::new();
            for (at, item) in items.into_iter().enumerate() {
                if at > 0 {
                    parts.push(Datum::from_text(separator.clone()));
                }
                parts.push(item.clone());
            }
            concatenate(&parts)
        }
        ("format", Some(pattern)) => return format(&pattern.text()?, arguments.get(1..).unwrap_or_default()),
        ("range", _) => return range(arguments),
        _ => return None,
    })
}

fn merge(arguments: &[Datum], snippet: &dyn Fn() -> String) -> Datum {
    let mut merged = Map::default();
    for argument in arguments {
        match &argument.kind {
            Kind::Map(map) => {
                if map.open.is_some() {
                    conceal(&mut merged, map.open.clone());
                }
                merged.members.extend(map.members.iter().map(|(key, member)| (key.clone(), member.clone())));
            }
            Kind::Null => {}
            _ => {
                let (Kind::Unknown(why) | Kind::Fault(why)) = not_known(argument, &snippet()).kind else {
                    continue;
                };
                conceal(&mut merged, Some(why));
            }
        }
    }
    Kind::Map(merged).into()
}

/// After an unknown map, what came before may have been replaced.
fn conceal(map: &mut Map, why: Option<Unknown>) {
    if let Some(why) = &why {
        for member in map.members.values_mut() {
            member.kind = Kind::Unknown(why.clone());
        }
    }
    map.open = why;
}

fn flatten(items: &[Datum], all: &mut Vec<Datum>, depth: usize) {
    for item in items {
        match &item.kind {
            Kind::List(inner) if depth < 64 => flatten(inner, all, depth + 1),
            _ => all.push(item.clone()),
        }
    }
}

fn distinct(items: &[Datum]) -> Vec<Datum> {
    let mut seen = BTreeSet::new();
    items.iter().filter(|item| seen.insert(item.json_holed().to_string())).cloned().collect()
}

fn int(number: usize) -> Datum {
    Kind::Int(i64::try_from(number).unwrap_or(i64::MAX)).into()
}

/// `%s %d %v %q %t` and `%%`, with plain widths and zero padding for numbers; other verbs are unknown.
fn format(pattern: &str, arguments: &[Datum]) -> Option<Datum> {
    let mut arguments = arguments.iter();
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('%') {
        parts.push(Datum::from_text(before));
        let flags = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (width, verb) = after.split_at_checked(flags)?;
        let mut letters = verb.chars();
        match letters.next()? {
            '%' => parts.push(Datum::from_text("%")),
            's' | 'v' if width.is_empty() => {
                let argument = arguments.next()?;
                if matches!(argument.kind, Kind::Unknown(_) | Kind::Fault(_)) {
                    return None;
                }
                parts.push(argument.clone());
            }
            'q' => parts.push(Datum::from_text(format!("\"{}\"", arguments.next()?.text()?))),
            't' => parts.push(Datum::from_text(arguments.next()?.text()?)),
            'd' => {
                let number = arguments.next()?.int()?;
                let size: usize = if width.is_empty() { 0 } else { width.parse().ok()? };
                if size > 64 {
                    return None;
                }
                parts.push(Datum::from_text(if width.starts_with('0') {
                    format!("{number:0size$}")
                } else {
                    format!("{number:size$}")
                }));
            }
            _ => return None,
        }
        rest = letters.as_str();
    }
    parts.push(Datum::from_text(rest));
    Some(concatenate(&parts))
}

fn range(arguments: &[Datum]) -> Option<Datum> {
    let numbers: Vec<i64> = arguments.iter().map(Datum::int).collect::<Option<_>>()?;
    let (start, end, step) = match numbers.as_slice() {
        [end] => (0, *end, 1),
        [start, end] => (*start, *end, if start <= end { 1 } else { -1 }),
        [start, end, step] if *step != 0 => (*start, *end, *step),
        _ => return None,
    };
    let (mut items, mut at) = (Vec::new(), start);
    while (step > 0 && at < end) || (step < 0 && at > end) {
        if items.len() >= LIMIT {
            return Some(Datum::unknown("range", "the range is too long"));
        }
        items.push(Kind::Int(at).into());
        at = at.checked_add(step)?;
    }
    Some(Kind::List(items).into())
}

type Outcome = Result<Datum, String>;

/// Functions of arguments that are all known; `None` if there is no such function here.
fn strict(name: &str, arguments: &[&Datum]) -> Option<Outcome> {
    let text = |at: usize| arguments.get(at).and_then(|argument| argument.text()).ok_or("it needs text".to_owned());
    let list = |at: usize| arguments.get(at).map(|argument| argument.items()).ok_or("it needs a list".to_owned());
    let number =
        |at: usize| arguments.get(at).and_then(|argument| argument.int()).ok_or("it needs a number".to_owned());
    let of_text = |form: &dyn Fn(&str) -> String| text(0).map(|text| Datum::from_text(form(&text)));
    Some(match name {
        "lower" => of_text(&str::to_lowercase),
        "upper" => of_text(&str::to_uppercase),
        "title" => of_text(&title),
        "trimspace" => of_text(&|text| text.trim().to_owned()),
        "chomp" => of_text(&|text| text.trim_end_matches(['\r', '\n']).to_owned()),
        "strrev" => of_text(&|text| text.chars().rev().collect()),
        "trim" => two(text(0), text(1), |text, set| text.trim_matches(|c| set.contains(c)).to_owned()),
        "trimprefix" => two(text(0), text(1), |text, cut| text.strip_prefix(cut).unwrap_or(text).to_owned()),
        "trimsuffix" => two(text(0), text(1), |text, cut| text.strip_suffix(cut).unwrap_or(text).to_owned()),
        "startswith" => both(text(0), text(1), |text, start| text.starts_with(start)),
        "endswith" => both(text(0), text(1), |text, end| text.ends_with(end)),
        "strcontains" => both(text(0), text(1), |text, part| text.contains(part)),
        "replace" => replace(text(0), text(1), text(2)),
        "split" => two_lists(text(0), text(1)),
        "substr" => substr(text(0), number(1), number(2)),
        "indent" => text(1).and_then(|text| {
            let spaces = number(0)?.clamp(0, 256);
            let pad = " ".repeat(usize::try_from(spaces).unwrap_or(0));
            Ok(Datum::from_text(text.replace('\n', &format!("\n{pad}"))))
        }),
        "tostring" => match arguments.first() {
            Some(first) if first.is_null() => Ok(Kind::Null.into()),
            _ => text(0).map(Datum::from_text),
        },
        "tobool" => match arguments.first() {
            Some(first) if first.is_null() => Ok(Kind::Null.into()),
            first => first
                .and_then(|first| first.bool())
                .map(|truth| Kind::Bool(truth).into())
                .ok_or("it is no truth value".to_owned()),
        },
        "tonumber" => match arguments.first() {
            Some(first) if first.is_null() => Ok(Kind::Null.into()),
            _ => number(0).map(|number| Kind::Int(number).into()),
        },
        "length" => text(0).map(|text| int(text.chars().count())),
        "contains" => list(0).and_then(|items| {
            let wanted = arguments.get(1).ok_or("it needs a value")?.json_holed();
            let plain = arguments.get(1).and_then(|wanted| wanted.text());
            Ok(Kind::Bool(
                items.iter().any(|item| item.json_holed() == wanted || (plain.is_some() && item.text() == plain)),
            )
            .into())
        }),
        "index" => list(0).and_then(|items| {
            let wanted = arguments.get(1).ok_or("it needs a value")?.json_holed();
            let at = items.iter().position(|item| item.json_holed() == wanted).ok_or("it is not in the list")?;
            Ok(int(at))
        }),
        "distinct" => list(0).map(|items| Kind::List(distinct(items)).into()),
        "reverse" => list(0).map(|items| Kind::List(items.iter().rev().cloned().collect()).into()),
        "sort" => list(0).and_then(|items| {
            let mut texts: Vec<String> =
                items.iter().map(Datum::text).collect::<Option<_>>().ok_or("it needs texts")?;
            texts.sort();
            Ok(Kind::List(texts.into_iter().map(Datum::from_text).collect()).into())
        }),
        "slice" => list(0).and_then(|items| {
            let at = |index: i64| usize::try_from(index).map_err(|_| "the index is negative".to_owned());
            let part = items.get(at(number(1)?)?..at(number(2)?)?).ok_or("the range is beyond the list")?;
            Ok(Kind::List(part.to_vec()).into())
        }),
        "chunklist" => list(0).and_then(|items| {
            let size = usize::try_from(number(1)?).ok().filter(|&size| size > 0).ok_or("the size is not positive")?;
            Ok(Kind::List(items.chunks(size).map(|chunk| Kind::List(chunk.to_vec()).into()).collect()).into())
        }),
        "setunion" => {
            Ok(Kind::List(distinct(&arguments.iter().flat_map(|a| a.items()).cloned().collect::<Vec<_>>())).into())
        }
        "setintersection" | "setsubtract" => list(0).and_then(|items| {
            let other: BTreeSet<String> = list(1)?.iter().map(|item| item.json_holed().to_string()).collect();
            let keep = name == "setintersection";
            let kept = items.iter().filter(|item| other.contains(&item.json_holed().to_string()) == keep);
            Ok(Kind::List(kept.cloned().collect()).into())
        }),
        "setproduct" => product(arguments),
        "alltrue" => list(0).map(|items| Kind::Bool(items.iter().all(|item| item.bool() == Some(true))).into()),
        "anytrue" => list(0).map(|items| Kind::Bool(items.iter().any(|item| item.bool() == Some(true))).into()),
        "max" | "min" => {
            let numbers: Option<Vec<i64>> = arguments.iter().map(|argument| argument.int()).collect();
            let best = numbers
                .and_then(|numbers| if name == "max" { numbers.into_iter().max() } else { numbers.into_iter().min() });
            best.map(|best| Kind::Int(best).into()).ok_or("it needs whole numbers".to_owned())
        }
        "abs" => number(0).map(|number| Kind::Int(number.saturating_abs()).into()),
        "floor" | "ceil" => match arguments.first().map(|first| &first.kind) {
            Some(Kind::Float(number)) => {
                let rounded = if name == "floor" { number.floor() } else { number.ceil() };
                format!("{rounded:.0}")
                    .parse()
                    .map(|whole| Kind::Int(whole).into())
                    .map_err(|_| "it is too large".to_owned())
            }
            _ => number(0).map(|number| Kind::Int(number).into()),
        },
        "parseint" => text(0).and_then(|text| {
            let radix = u32::try_from(number(1)?)
                .ok()
                .filter(|radix| (2..=36).contains(radix))
                .ok_or("the base is not 2 to 36")?;
            i64::from_str_radix(&text, radix)
                .map(|number| Kind::Int(number).into())
                .map_err(|_| "it is no number".to_owned())
        }),
        "jsondecode" | "yamldecode" => text(0).and_then(|text| decode(name, &text)),
        "yamlencode" => Err("it is not evaluated".to_owned()),
        "base64encode" => of_text(&|text| base64(text.as_bytes())),
        "urlencode" => of_text(&percent),
        "transpose" | "matchkeys" | "regex" | "regexall" => return None,
        _ => return None,
    })
}

fn two(first: Result<String, String>, second: Result<String, String>, form: impl Fn(&str, &str) -> String) -> Outcome {
    Ok(Datum::from_text(form(&first?, &second?)))
}

fn both(first: Result<String, String>, second: Result<String, String>, test: impl Fn(&str, &str) -> bool) -> Outcome {
    Ok(Kind::Bool(test(&first?, &second?)).into())
}

fn two_lists(separator: Result<String, String>, text: Result<String, String>) -> Outcome {
    let (separator, text) = (separator?, text?);
    let parts: Vec<Datum> = if separator.is_empty() {
        text.chars().map(String::from).map(Datum::from_text).collect()
    } else {
        text.split(&separator).take(LIMIT).map(Datum::from_text).collect()
    };
    Ok(Kind::List(parts).into())
}

fn replace(text: Result<String, String>, what: Result<String, String>, with: Result<String, String>) -> Outcome {
    let (text, what, with) = (text?, what?, with?);
    // A pattern between slashes is a regular expression, which is not evaluated.
    if what.len() > 1 && what.starts_with('/') && what.ends_with('/') {
        return Ok(Datum::unknown("replace", "regular expressions are not evaluated"));
    }
    let hits = text.matches(&what).count();
    if text.len().saturating_add(hits.saturating_mul(with.len())) > 1 << 20 {
        return Ok(Datum::unknown("replace", "the text grows beyond a limit"));
    }
    Ok(Datum::from_text(text.replace(&what, &with)))
}

fn substr(text: Result<String, String>, start: Result<i64, String>, length: Result<i64, String>) -> Outcome {
    let (text, start, length) = (text?, start?, length?);
    let count = text.chars().count();
    let start = if start < 0 {
        count.saturating_sub(usize::try_from(start.unsigned_abs()).unwrap_or(count))
    } else {
        usize::try_from(start).unwrap_or(count)
    };
    let length = usize::try_from(length).unwrap_or(count);
    Ok(Datum::from_text(text.chars().skip(start).take(length).collect::<String>()))
}

fn title(text: &str) -> String {
    let mut start = true;
    text.chars()
        .map(|c| {
            let out = if start { c.to_ascii_uppercase() } else { c };
            start = c.is_whitespace() || c == '-';
            out
        })
        .collect()
}

fn product(arguments: &[&Datum]) -> Outcome {
    let mut rows: Vec<Vec<Datum>> = vec![Vec::new()];
    for argument in arguments {
        if rows.len().saturating_mul(argument.items().len()) > LIMIT {
            return Ok(Datum::unknown("setproduct", "the product is too large"));
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                argument.items().iter().map(move |item| row.iter().cloned().chain([item.clone()]).collect())
            })
            .collect();
    }
    Ok(Kind::List(rows.into_iter().map(|row| Kind::List(row).into()).collect()).into())
}

fn decode(name: &str, text: &str) -> Outcome {
    if name == "jsondecode" {
        return serde_json::from_str(text)
            .map(|json| Datum::from_json(&json, None))
            .map_err(|_| "it is not JSON".to_owned());
    }
    match crate::yaml::parse(text, 64) {
        (documents, None) => Ok(documents
            .first()
            .map_or_else(|| Kind::Null.into(), |node| Datum::from_yaml(node, &"".into()).unplaced())),
        (_, Some(_)) => Err("it is not YAML".to_owned()),
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// RFC 3986, with `+` for spaces as Terraform does.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            b' ' => "+".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
