//! The built-in policies without Cedar: what people wrote of them, and the table of where they apply.
//!
//! Cedar needs half a millisecond to parse a policy and to say of which types it can speak. Ours do not change, so its
//! answers are data, `policies/applies.txt`, that a test holds against Cedar.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::PolicyError;
use crate::control::{Control, PolicyInfo, Types};
use crate::packs::CONTROLS;
use crate::parse::Written;

/// A line `# …` says what it is; then for each policy its id, and below it, indented, `principal action resource…`.
pub(crate) const APPLIES: &str = include_str!("../applies.txt");

/// Every built-in control, in the order of files and texts; where one applies that the table does not have yet is not
/// known.
///
/// # Errors
/// [`PolicyError::BuiltIn`] for a text that is written as only Cedar understands it.
pub(crate) fn controls() -> Result<Vec<Control>, PolicyError> {
    let applies = table(APPLIES);
    let mut controls = Vec::new();
    for (name, text, _) in CONTROLS {
        let theme = name.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or(name);
        let found = outline(text).ok_or_else(|| PolicyError::BuiltIn(format!("{name} cannot be read")))?;
        for (span, annotations) in found {
            let info = PolicyInfo::of(&Written::at(text, &span, annotations), theme, true);
            let applies = applies.get(info.id.as_str()).cloned().unwrap_or_default();
            controls.push(Control::built_in(info, applies));
        }
    }
    Ok(controls)
}

/// The table as text.
#[cfg(test)]
pub(crate) fn written(controls: &[Control]) -> String {
    let mut text =
        "# Where each built-in policy can apply, as Cedar's type checker says: principal, action, resources.\n\
                    # Made by a test: UPDATE_DOCS=1 cargo test -p aedile-policies applies\n"
            .to_owned();
    for control in controls {
        let mut by_scope: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for [principal, action, resource] in &control.applies {
            by_scope.entry((principal, action)).or_default().push(resource);
        }
        text.push_str(&format!("{}\n", control.info.id));
        for ((principal, action), mut resources) in by_scope {
            resources.sort_unstable();
            text.push_str(&format!("  {principal} {action} {}\n", resources.join(" ")));
        }
    }
    text
}

fn table(text: &'static str) -> BTreeMap<&'static str, Vec<Types>> {
    let mut table: BTreeMap<&str, Vec<Types>> = BTreeMap::new();
    let mut id = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            None => {
                id = line;
                table.entry(id).or_default();
            }
            Some(scope) => {
                let mut names = scope.split(' ');
                let (Some(principal), Some(action)) = (names.next(), names.next()) else { continue };
                let types = names.map(|resource| [principal, action, resource].map(Cow::Borrowed));
                table.entry(id).or_default().extend(types);
            }
        }
    }
    table
}

/// Where a policy stands, and its annotations.
type Outlined = (Range<usize>, BTreeMap<String, String>);

/// Where each policy of `text` stands, and its annotations; `None` if it is written in a way that only Cedar understands.
fn outline(text: &str) -> Option<Vec<Outlined>> {
    let mut policies = Vec::new();
    let mut at = 0;
    loop {
        at = skip(text, at)?;
        if at == text.len() {
            return Some(policies);
        }
        let start = at;
        let mut annotations = BTreeMap::new();
        while let Some(rest) = text.get(at..)?.strip_prefix('@') {
            let (key, rest) = rest.split_once("(\"")?;
            let quoted = text.len() - rest.len() - 1;
            let end = string(text, quoted)?;
            let value = text.get(quoted + 1..end - 1)?;
            annotations.insert(key.to_owned(), unescaped(value)?);
            at = skip(text, end)?;
            text.get(at..)?.strip_prefix(')')?;
            at = skip(text, at + 1)?;
        }
        while !text.get(at..)?.starts_with(';') {
            let next = text.get(at..)?.chars().next()?;
            at = skip(text, if next == '"' { string(text, at)? } else { at + next.len_utf8() })?;
        }
        at += 1;
        policies.push((start..at, annotations));
    }
}

/// The first byte from `at` on that is neither space nor comment.
fn skip(text: &str, mut at: usize) -> Option<usize> {
    loop {
        let rest = text.get(at..)?;
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with("//") {
            return Some(at);
        }
        at += trimmed.find('\n').unwrap_or(trimmed.len());
    }
}

/// The end of the string that begins at `at`, behind its quotation mark.
fn string(text: &str, at: usize) -> Option<usize> {
    let mut inside = text.get(at + 1..)?.char_indices();
    while let Some((offset, next)) = inside.next() {
        match next {
            '\\' => drop(inside.next()),
            '"' => return Some(at + 1 + offset + 1),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => plain.push(rest.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            next => plain.push(next),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policies;
    use crate::built_in_tests::built_in;

    #[test]
    fn the_table_of_where_policies_apply_is_what_cedar_says() {
        let text = written(&built_in().guardrails.controls);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("applies.txt");
            std::fs::write(path, &text).unwrap();
        } else {
            assert!(text == APPLIES, "policies/applies.txt is stale: set UPDATE_DOCS=1 and run this test");
        }
    }

    #[test]
    fn what_is_read_without_cedar_is_what_cedar_reads() {
        let (ours, cedars) = (Policies::load(&[], &[]).unwrap(), built_in());
        assert_eq!(ours.info(), cedars.info());
        for (ours, cedars) in ours.guardrails.controls.iter().zip(&cedars.guardrails.controls) {
            let id = &cedars.info.id;
            let sorted = |control: &Control| {
                let mut applies = control.applies.clone();
                applies.sort();
                applies
            };
            assert_eq!(sorted(ours), sorted(cedars), "{id}");
            assert!(ours.is_unparsed() && cedars.assets_named.is_empty(), "{id}");
            let (ours, cedars) = (ours.body().unwrap(), cedars.body().unwrap());
            assert_eq!(ours.policy.to_json().unwrap(), cedars.policy.to_json().unwrap(), "{id}");
            assert_eq!(ours.policy.id(), cedars.policy.id());
            assert_eq!(ours.twin.to_string(), cedars.twin.to_string(), "{id}");
            assert_eq!((&ours.reads, &ours.scope_reads), (&cedars.reads, &cedars.scope_reads), "{id}");
        }
    }

    #[test]
    fn quotation_marks_brackets_and_comments_do_not_end_a_policy() {
        let text = "// a; b\n@id(\"a\") @title(\"say \\\"x\\\"; // no\") // c\nforbid (x) when { y == \";\" }; // d;\n@id(\"b\") permit;";
        let found = outline(text).unwrap();
        let texts: Vec<&str> = found.iter().map(|(span, _)| &text[span.clone()]).collect();
        assert!(texts[0].starts_with("@id(\"a\")") && texts[0].ends_with("\" };"), "{texts:?}");
        assert_eq!(found[0].1["title"], "say \"x\"; // no");
        assert_eq!(texts[1], "@id(\"b\") permit;");
        for broken in ["@id(\"a\")", "forbid", "@id(\"a\\n\") permit;", "@id(\"a) permit;"] {
            assert!(outline(broken).is_none(), "{broken}");
        }
    }
}
