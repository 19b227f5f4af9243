//! Functions on texts. They keep where the parts of a text come from wherever its lines stay lines.

use std::rc::Rc;

use super::{Arguments, like, opaque};
use crate::iac::helm::evaluate::{Call, Machine};
use crate::iac::helm::text::Rich;
use crate::iac::helm::value::{Fault, V, Val};

/// Bytes that one function may give.
const LIMIT: usize = 4 << 20;

/// The value, if the function is one of texts.
pub(super) fn call(machine: &mut Machine<'_>, arguments: &Arguments<'_>, call: &Call) -> Option<Result<Val, Fault>> {
    Some(strings(machine, arguments, call).transpose()?.and_then(|value| {
        if let V::Text(rich) = &value.kind {
            machine.heap.spend(1 + rich.text.len() / 32)?;
        }
        Ok(value)
    }))
}

fn strings(machine: &mut Machine<'_>, arguments: &Arguments<'_>, call: &Call) -> Result<Option<Val>, Fault> {
    let heap = &machine.heap;
    let last = |change: &dyn Fn(&str) -> String| -> Result<Val, Fault> {
        let value = arguments.last()?;
        let rich = heap.rich(value);
        Ok(like(value, &rich, change(&rich.text)))
    };
    let first = || arguments.text(heap, 0);
    Ok(Some(match arguments.name {
        "quote" | "squote" => return quoted(machine, arguments).map(Some),
        "indent" | "nindent" => {
            let width = usize::try_from(arguments.int(0)?).unwrap_or(0).min(200);
            let text = indented(&arguments.rich(heap, 1)?, width, arguments.name == "nindent")?;
            text.into()
        }
        "include" => {
            let name = first()?;
            let data = arguments.get(1).cloned().unwrap_or_else(|_| Val::nil());
            machine.render(&name, &data)?.into()
        }
        "tpl" => {
            let text = Rc::new(arguments.rich(heap, 0)?);
            let data = arguments.get(1)?.clone();
            machine.render_text(&text, &data, call)?.into()
        }
        "print" | "println" | "cat" => joined(machine, arguments),
        "printf" => {
            let format = first()?;
            super::format::formatted(heap, &format, arguments.all().get(1..).unwrap_or_default())?.into()
        }
        "toString" if matches!(arguments.get(0)?.kind, V::Nil) => "<nil>".into(),
        "toString" => arguments.rich(heap, 0)?.into(),
        "trim" => arguments.rich(heap, 0)?.trimmed().into(),
        "trimSuffix" => {
            let suffix = first()?;
            let rich = arguments.rich(heap, 1)?;
            match rich.text.strip_suffix(&suffix) {
                Some(kept) => rich.slice(0, kept.len()).into(),
                None => rich.into(),
            }
        }
        "trimPrefix" => {
            let prefix = first()?;
            let rich = arguments.rich(heap, 1)?;
            if rich.text.starts_with(&prefix) { rich.slice(prefix.len(), rich.text.len()).into() } else { rich.into() }
        }
        "trimAll" | "trimall" => {
            let set: Vec<char> = first()?.chars().collect();
            last(&|text| text.trim_matches(set.as_slice()).to_owned())?
        }
        "trimLeft" => {
            let set: Vec<char> = first()?.chars().collect();
            last(&|text| text.trim_start_matches(set.as_slice()).to_owned())?
        }
        "trimRight" => {
            let set: Vec<char> = first()?.chars().collect();
            last(&|text| text.trim_end_matches(set.as_slice()).to_owned())?
        }
        "upper" => last(&str::to_uppercase)?,
        "lower" => last(&str::to_lowercase)?,
        "title" => last(&|text| capitals(text, true))?,
        "untitle" => last(&|text| capitals(text, false))?,
        "nospace" => last(&|text| text.split_whitespace().collect())?,
        "camelcase" => last(&joined_words)?,
        "snakecase" => last(&|text| humps(text, '_'))?,
        "kebabcase" => last(&|text| humps(text, '-'))?,
        "initials" => last(&|text| text.split_whitespace().filter_map(|word| word.chars().next()).collect())?,
        "repeat" => {
            let times = usize::try_from(arguments.int(0)?).unwrap_or(0);
            let text = arguments.text(heap, 1)?;
            if text.len().saturating_mul(times) > LIMIT {
                return Err(Fault::limit("a text is repeated beyond our bounds"));
            }
            last(&|text| text.repeat(times))?
        }
        "replace" => {
            let (from, to) = (first()?, arguments.text(heap, 1)?);
            let rich = arguments.rich(heap, 2)?;
            if rich.text.len().saturating_mul(to.len().max(1)) > LIMIT * 16
                && rich.text.matches(&from).count() * to.len() > LIMIT
            {
                return Err(Fault::limit("a replacement grows beyond our bounds"));
            }
            if !rich.text.contains(&from) { rich.into() } else { replaced(&rich, &from, &to).into() }
        }
        "trunc" => {
            let length = arguments.int(0)?;
            let value = arguments.get(1)?;
            match opaque(machine, value) {
                Some(unknown) => unknown,
                None => truncated(&heap.rich(value), length).into(),
            }
        }
        "abbrevboth" => {
            let [left, width] = [arguments.int(0)?, arguments.int(1)?].map(|at| usize::try_from(at).unwrap_or(0));
            last(&|text| abbreviated(text, left, width))?
        }
        "abbrev" => {
            let length = usize::try_from(arguments.int(0)?).unwrap_or(0);
            last(&|text| {
                if text.chars().count() <= length || length < 4 {
                    text.to_owned()
                } else {
                    let kept: String = text.chars().take(length - 3).collect();
                    format!("{kept}...")
                }
            })?
        }
        "substr" => {
            let (start, end) = (arguments.int(0)?.max(0), arguments.int(1)?);
            last(&|text| {
                let end = if end < 0 { text.len() } else { usize::try_from(end).unwrap_or(0).min(text.len()) };
                text.get(usize::try_from(start).unwrap_or(0)..end).unwrap_or_default().to_owned()
            })?
        }
        "contains" => {
            let (part, text) = (first()?, arguments.text(heap, 1)?);
            match (text.contains(&part), opaque(machine, arguments.get(1)?)) {
                (false, Some(unknown)) => unknown,
                (held, _) => held.into(),
            }
        }
        "hasPrefix" => arguments.text(heap, 1)?.starts_with(&first()?).into(),
        "hasSuffix" => arguments.text(heap, 1)?.ends_with(&first()?).into(),
        "wrap" | "wrapWith" => {
            let width = usize::try_from(arguments.int(0)?).unwrap_or(0);
            let between = if arguments.name == "wrap" { "\n".to_owned() } else { arguments.text(heap, 1)? };
            last(&|text| wrapped(text, width, &between))?
        }
        "swapcase" => last(&swapped)?,
        "hello" => "Hello!".into(),
        "plural" => {
            let one = arguments.int(2)? == 1;
            arguments.get(usize::from(!one))?.clone()
        }
        "regexMatch" | "mustRegexMatch" => pattern(&first()?)?.is_match(&arguments.text(heap, 1)?).into(),
        "regexFind" | "mustRegexFind" => {
            let text = arguments.text(heap, 1)?;
            pattern(&first()?)?.find(&text).map_or("", |found| found.as_str()).into()
        }
        "regexFindAll" | "mustRegexFindAll" => {
            let text = arguments.text(heap, 1)?;
            let most = usize::try_from(arguments.int(2)?).unwrap_or(usize::MAX);
            let pattern = pattern(&first()?)?;
            let found: Vec<Val> = pattern.find_iter(&text).take(most).map(|found| found.as_str().into()).collect();
            machine.heap.list(found)?
        }
        "regexReplaceAll" | "mustRegexReplaceAll" => {
            let (text, to) = (arguments.text(heap, 1)?, arguments.text(heap, 2)?);
            let value = arguments.get(1)?;
            let result = pattern(&first()?)?.replace_all(&text, braced(&to).as_str()).into_owned();
            like(value, &heap.rich(value), result)
        }
        "regexReplaceAllLiteral" | "mustRegexReplaceAllLiteral" => {
            let (text, to) = (arguments.text(heap, 1)?, arguments.text(heap, 2)?);
            pattern(&first()?)?.replace_all(&text, regex::NoExpand(&to)).into_owned().into()
        }
        "regexSplit" | "mustRegexSplit" => {
            let text = arguments.text(heap, 1)?;
            let most = arguments.int(2)?;
            let pattern = pattern(&first()?)?;
            let parts: Vec<Val> = match usize::try_from(most) {
                // Between all letters, and not before the first.
                _ if pattern.as_str().is_empty() => text.chars().map(|letter| Val::from(letter.to_string())).collect(),
                Ok(0) => Vec::new(),
                Ok(most) => pattern.splitn(&text, most.max(1)).map(Val::from).collect(),
                Err(_) => pattern.split(&text).map(Val::from).collect(),
            };
            machine.heap.list(parts)?
        }
        "regexQuoteMeta" => last(&literal)?,
        "html" => last(&|text| {
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&#34;")
                .replace('\'', "&#39;")
        })?,
        "js" => last(&escaped)?,
        "urlquery" => last(&super::path::query)?,
        _ => return Ok(None),
    }))
}

/// `text` cut on both sides to `width` characters: what stands from `left` on. Sprig's rule, which leaves the left side
/// if little of it would go.
fn abbreviated(text: &str, left: usize, width: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= width || width < 4 || (left > 0 && width < 7) {
        return text.to_owned();
    }
    let part = |from: usize, length: usize| letters.iter().skip(from).take(length).collect::<String>();
    let kept = width - 3;
    let from = left.min(letters.len() - kept);
    if from <= 4 {
        format!("{}...", part(0, kept))
    } else if from + kept < letters.len() {
        format!("...{}...", part(from, kept - 3))
    } else {
        format!("...{}", part(letters.len() - kept, kept))
    }
}

/// As Go escapes a text for a script. Source: pkg.go.dev/text/template#JSEscape.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\\' | '\'' | '"' => format!("\\{letter}"),
            '<' | '>' | '&' | '=' => format!("\\u{:04X}", u32::from(letter)),
            letter if letter.is_ascii_control() => format!("\\u{:04X}", u32::from(letter)),
            letter => letter.to_string(),
        })
        .collect()
}

/// A pattern of bounded size; Go's and Rust's languages of patterns are nearly the same.
fn pattern(text: &str) -> Result<regex::Regex, Fault> {
    regex::RegexBuilder::new(text)
        .size_limit(1 << 20)
        .dfa_size_limit(1 << 20)
        .nest_limit(50)
        .build()
        .map_err(|_| Fault::new("a pattern is not read"))
}

/// A text as a pattern that finds it. Source: pkg.go.dev/regexp#QuoteMeta.
fn literal(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if "\\.+*?()|[]{}^$".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// `$1x` means the group `1` in Rust only with brackets around it, as Go has it.
fn braced(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
        if end > 0 && !after.starts_with('{') {
            let (name, next) = after.split_at(end);
            out.push_str(&format!("${{{name}}}"));
            rest = next;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn quoted(machine: &Machine<'_>, arguments: &Arguments<'_>) -> Result<Val, Fault> {
    let double = arguments.name == "quote";
    let mut out = Rich::default();
    for value in arguments.all().iter().filter(|value| !matches!(value.kind, V::Nil)) {
        let rich = machine.heap.rich(value);
        if !out.text.is_empty() {
            out.push(" ", None);
        }
        let from = rich.at(0).or(value.from);
        let text = if double { super::format::quoted(&rich.text) } else { format!("'{}'", rich.text) };
        out.push(&text, from);
    }
    Ok(out.into())
}

/// Every line moved right by `width`, after a line break if `broken`.
fn indented(rich: &Rich, width: usize, broken: bool) -> Result<Rich, Fault> {
    let lines = rich.text.matches('\n').count() + 1;
    if rich.text.len() + lines * width > LIMIT {
        return Err(Fault::limit("a text is indented beyond our bounds"));
    }
    let pad = " ".repeat(width);
    let mut out = Rich::default();
    if broken {
        out.push("\n", rich.at(0));
    }
    let mut marks = rich.marks.iter().peekable();
    let mut at = 0;
    for line in rich.text.split_inclusive('\n') {
        let end = at + line.len();
        out.text.push_str(&pad);
        let shift = out.text.len();
        if let Some(from) = rich.at(at) {
            out.marks.push((shift - pad.len(), Origin { exact: false, ..from }));
            out.marks.push((shift, from));
        }
        while let Some((offset, from)) = marks.next_if(|(offset, _)| *offset < end) {
            if *offset > at {
                out.marks.push((shift + offset - at, *from));
            }
        }
        out.text.push_str(line);
        at = end;
    }
    if rich.text.is_empty() || rich.text.ends_with('\n') {
        out.text.push_str(&pad);
    }
    Ok(out)
}

use crate::iac::helm::text::Origin;

/// `print` puts blanks between operands where neither is a text, `println` and `cat` between all.
fn joined(machine: &Machine<'_>, arguments: &Arguments<'_>) -> Val {
    let mut out = Rich::default();
    let mut text_before = true;
    for (at, value) in arguments.all().iter().enumerate() {
        let is_text = matches!(value.kind, V::Text(_));
        let nil = matches!(value.kind, V::Nil);
        if arguments.name == "cat" && nil {
            continue;
        }
        let blank = match arguments.name {
            "print" => !is_text && !text_before,
            _ => true,
        };
        if at > 0 && blank {
            out.push(" ", None);
        }
        if nil {
            out.push("<nil>", None)
        } else {
            out.append(&machine.heap.rich(value), value.from)
        }
        text_before = is_text;
    }
    if arguments.name == "println" {
        out.push("\n", None);
    }
    out.into()
}

fn replaced(rich: &Rich, from: &str, to: &str) -> Rich {
    let mut out = Rich::default();
    let mut at = 0;
    for (found, _) in rich.text.match_indices(from) {
        out.append(&rich.slice(at, found), None);
        out.push(to, rich.at(found).map(|origin| Origin { exact: false, ..origin }));
        at = found + from.len();
    }
    out.append(&rich.slice(at, rich.text.len()), None);
    out
}

/// The first bytes of a text, or the last ones if `length` is negative; a character is not cut.
fn truncated(rich: &Rich, length: i64) -> Rich {
    let size = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    if size >= rich.text.len() {
        return rich.clone();
    }
    let mut at = if length < 0 { rich.text.len() - size } else { size };
    while !rich.text.is_char_boundary(at) {
        at -= 1;
    }
    if length < 0 { rich.slice(at, rich.text.len()) } else { rich.slice(0, at) }
}

fn capitals(text: &str, upper: bool) -> String {
    let mut start = true;
    text.chars()
        .map(|c| {
            let changed = match (start, upper) {
                (true, true) => c.to_uppercase().next().unwrap_or(c),
                (true, false) => c.to_lowercase().next().unwrap_or(c),
                (false, _) => c,
            };
            start = !(c.is_alphanumeric() || c == '_');
            changed
        })
        .collect()
}

/// The words of a text without what stands between them, each with a capital. Connectors at the start stay, and of several
/// in a row only one goes.
fn joined_words(text: &str) -> String {
    let is_between = |c: char| matches!(c, '_' | '-') || c.is_whitespace();
    let (start, rest) = text.split_at(text.find(|c| !is_between(c)).unwrap_or(text.len()));
    let mut out = start.to_owned();
    let mut before = Some(' ');
    for c in rest.chars() {
        match (before.filter(|c| is_between(*c)), is_between(c)) {
            (Some(held), true) => out.push(held),
            (Some(_), false) => out.extend(c.to_uppercase()),
            (None, true) => {}
            (None, false) => out.push(c),
        }
        before = Some(c);
    }
    out
}

/// The words of a text in small letters: a capital begins one, unless it stands between capitals.
fn humps(text: &str, between: char) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    for (at, &c) in letters.iter().enumerate() {
        if matches!(c, '_' | '-' | ' ') {
            out.push(between);
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied().unwrap_or(between);
        let after = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let begins = before.is_lowercase() || before.is_ascii_digit() || (before.is_uppercase() && after);
        if c.is_uppercase() && begins {
            out.push(between);
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Lines of at most `width` characters where blanks allow it.
fn wrapped(text: &str, width: usize, between: &str) -> String {
    let (mut out, mut length) = (String::new(), 0);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let size = word.chars().count();
        if out.is_empty() {
            length = size;
        } else if length + 1 + size > width.max(1) {
            out.push_str(between);
            length = size;
        } else {
            out.push(' ');
            length += 1 + size;
        }
        out.push_str(word);
    }
    out
}

fn swapped(text: &str) -> String {
    let swap =
        |c: char| -> String { if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() } };
    text.chars().map(swap).collect()
}
