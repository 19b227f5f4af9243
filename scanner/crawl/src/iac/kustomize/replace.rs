//! Replacements: a value of one object is written into fields of others.
//!
//! Source: kubectl.docs.kubernetes.io/references/kustomize/kustomization/replacements.

use crate::iac::datum::{Datum, Kind};

use super::patch::means;

/// Fields that one replacement may write.
const FIELDS: usize = 10_000;

/// A part of the path of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Key(String),
    /// `[name=api]`: the items of a list that have that member.
    With(String, String),
    /// `*`: all items of a list.
    All,
}

/// Makes a replacement; an error says what of it was not made.
pub(super) fn apply(replacement: &Datum, objects: &mut [Datum]) -> Result<(), String> {
    let source = replacement.member("source").ok_or("it has no source")?;
    let mut value = source_of(source, objects)?;
    if let Some(options) = source.member("options") {
        let text = value.text().unwrap_or_default();
        let (delimiter, index) = options_of(options);
        let part = text.split(delimiter.as_str()).nth(index).ok_or("its source has no such part")?;
        value = Datum::from_text(part).at(value.place.clone());
    }
    let mut left = FIELDS;
    for target in replacement.member("targets").map(Datum::items).unwrap_or_default() {
        let select = target.member("select").ok_or("a target selects nothing")?;
        let rejected = target.member("reject").map(Datum::items).unwrap_or_default();
        let paths: Vec<Vec<Part>> = match target.member("fieldPaths").map(Datum::items).unwrap_or_default() {
            [] => vec![parts("metadata.name")],
            paths => paths.iter().filter_map(Datum::text).map(|path| parts(&path)).collect(),
        };
        let options = target.member("options");
        let create = options.and_then(|options| options.member("create")).and_then(Datum::bool) == Some(true);
        let is_meant = |object: &Datum| {
            means(select, object, false) && !rejected.iter().any(|rejected| means(rejected, object, false))
        };
        for object in objects.iter_mut().filter(|object| is_meant(object)) {
            for path in &paths {
                let mut write = |held: &mut Datum| *held = placed(held, &value, options);
                if !walk(object, path, create, &mut left, &mut write) {
                    return Err("a target has no such field".to_owned());
                }
            }
        }
    }
    Ok(())
}

fn source_of(source: &Datum, objects: &[Datum]) -> Result<Datum, String> {
    let path = source.member("fieldPath").and_then(Datum::text).unwrap_or_else(|| "metadata.name".to_owned());
    let mut meant = objects.iter().filter(|object| means(source, object, false));
    let object = meant.next().ok_or("its source means no object of the kustomization")?;
    let (mut object, mut found) = (object.clone(), None);
    let mut take = |held: &mut Datum| {
        found.get_or_insert_with(|| held.clone());
    };
    walk(&mut object, &parts(&path), false, &mut FIELDS.clone(), &mut take);
    found.ok_or_else(|| format!("its source has nothing at `{path}`"))
}

/// The value, or the text that is held with one part of it replaced.
fn placed(held: &Datum, value: &Datum, options: Option<&Datum>) -> Datum {
    let (Some(options), Some(text)) = (options.filter(|options| options.member("delimiter").is_some()), held.text())
    else {
        return value.clone();
    };
    let (delimiter, index) = options_of(options);
    let mut parts: Vec<String> = text.split(delimiter.as_str()).map(str::to_owned).collect();
    let new = value.holed().unwrap_or_default();
    match parts.get_mut(index) {
        Some(part) => *part = new,
        None => parts.push(new),
    }
    Datum::from_text(parts.join(&delimiter)).at(value.place.clone())
}

fn options_of(options: &Datum) -> (String, usize) {
    let delimiter = options.member("delimiter").and_then(Datum::text).filter(|text| !text.is_empty());
    let index = options.member("index").and_then(Datum::int).and_then(|index| usize::try_from(index).ok());
    (delimiter.unwrap_or_else(|| "\u{0}".to_owned()), index.unwrap_or(0))
}

/// The parts of a path: `spec.containers.[name=api].env.0`, with `\.` for a point in a key.
fn parts(path: &str) -> Vec<Part> {
    let (mut found, mut word, mut bracket) = (Vec::new(), String::new(), false);
    let mut chars = path.chars().peekable();
    let mut end = |word: &mut String| {
        let text = std::mem::take(word);
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).map(str::to_owned);
        match inner.as_deref().and_then(|inner| inner.split_once('=')) {
            Some((key, value)) => found.push(Part::With(key.to_owned(), value.to_owned())),
            None if inner.as_deref() == Some("*") || text == "*" => found.push(Part::All),
            None if !text.is_empty() => found.push(Part::Key(inner.unwrap_or(text))),
            None => {}
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.extend(chars.next()),
            '.' if !bracket => end(&mut word),
            c => {
                bracket = c == '[' || (bracket && c != ']');
                word.push(c);
            }
        }
    }
    end(&mut word);
    found
}

/// Gives every field at `path` to `write`, which are made where `create` says so; false if there is none.
fn walk(at: &mut Datum, path: &[Part], create: bool, left: &mut usize, write: &mut dyn FnMut(&mut Datum)) -> bool {
    let Some((part, rest)) = path.split_first() else {
        let Some(less) = left.checked_sub(1) else { return false };
        *left = less;
        write(at);
        return true;
    };
    match (part, &mut at.kind) {
        (Part::Key(key), Kind::Map(map)) => {
            if create && !map.members.contains_key(key) {
                let empty =
                    if rest.is_empty() { Kind::Null.into() } else { Datum::from(std::collections::BTreeMap::new()) };
                map.members.insert(key.clone(), empty);
            }
            map.members.get_mut(key).is_some_and(|member| walk(member, rest, create, left, write))
        }
        (Part::Key(key), Kind::List(items)) => {
            let index = key.parse::<usize>().ok();
            index.and_then(|index| items.get_mut(index)).is_some_and(|item| walk(item, rest, create, left, write))
        }
        (Part::With(key, value), Kind::List(items)) => {
            let mut met = false;
            for item in items {
                if item.member(key).and_then(Datum::text).as_ref() == Some(value) {
                    met |= walk(item, rest, create, left, write);
                }
            }
            met
        }
        (Part::All, Kind::List(items)) => {
            let mut met = false;
            for item in items {
                met |= walk(item, rest, create, left, write);
            }
            met
        }
        (Part::All, Kind::Map(map)) => {
            let mut met = false;
            for item in map.members.values_mut() {
                met |= walk(item, rest, create, left, write);
            }
            met
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_fields_have_keys_selectors_and_stars() {
        let key = |text: &str| Part::Key(text.to_owned());
        let with = Part::With("name".to_owned(), "a.b".to_owned());
        assert_eq!(
            parts("spec.containers.[name=a.b].env.0"),
            [key("spec"), key("containers"), with, key("env"), key("0")]
        );
        assert_eq!(parts("metadata.annotations.a\\.b/c"), [key("metadata"), key("annotations"), key("a.b/c")]);
        assert_eq!(parts("spec.*.x"), [key("spec"), Part::All, key("x")]);
    }
}
