//! Brackets in manifests. In a template that belongs to no chart `{{ … }}` is masked by filler of the same length, so
//! that the rest reads as YAML and every place stays where it is. In a workflow `{{inputs.…}}` is filled in when it runs.

use std::ops::Range;

use aedile_model::Unknown;

use crate::iac::datum::{Datum, Kind, Map};

/// What actions of Helm's templates begin with, and values of workflows and alerts do not.
const BEGINS: [&str; 24] = [
    "$.",
    "(",
    "-",
    ".Capabilities",
    ".Chart",
    ".Files",
    ".Release",
    ".Template",
    ".Values",
    "/*",
    "block ",
    "default ",
    "define ",
    "else",
    "end",
    "if ",
    "include ",
    "printf ",
    "quote ",
    "range ",
    "required ",
    "template ",
    "toYaml ",
    "with ",
];

/// Whether `text` is a template of Helm, rather than a manifest with values of its own in brackets.
pub(super) fn is_template(text: &str) -> bool {
    text.match_indices("{{").any(|(at, _)| {
        let inside = text.get(at + 2..).unwrap_or_default().trim_start();
        BEGINS.iter().any(|begin| inside.starts_with(begin))
    })
}

/// `datum` with every text that holds brackets computed: a workflow fills them in when it runs.
pub(super) fn at_run(datum: Datum) -> Datum {
    let kind = match datum.kind {
        Kind::Text(text) if text.contains("{{") && text.contains("}}") => {
            let why = "it is filled in when it runs".to_owned();
            let expression =
                text.split_once("{{").and_then(|(_, rest)| rest.split_once("}}")).map_or("", |(inside, _)| inside);
            let why = Unknown { expression: format!("{{{{{expression}}}}}"), why };
            Kind::Computed { text, why }
        }
        Kind::List(items) => Kind::List(items.into_iter().map(at_run).collect()),
        Kind::Map(map) => Kind::Map(Map {
            members: map.members.into_iter().map(|(key, member)| (key, at_run(member))).collect(),
            open: map.open,
        }),
        kind => kind,
    };
    Datum { kind, ..datum }
}

/// `text` with every action masked, and where the first one is. A line that holds nothing but actions
/// becomes a comment; elsewhere an action becomes underscores.
pub(super) fn masked(text: &str) -> (String, Option<Range<usize>>) {
    let mut first = None;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut at = 0;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest.get(start..).and_then(|inner| inner.find("}}")).map(|end| end + 2) else {
            break;
        };
        first.get_or_insert(at + start..at + start + length);
        out.push_str(rest.get(..start).unwrap_or_default());
        let action = rest.get(start..start + length).unwrap_or_default();
        out.extend(action.bytes().map(|byte| if byte == b'\n' { '\n' } else { '_' }));
        rest = rest.get(start + length..).unwrap_or_default();
        at += start + length;
    }
    out.push_str(rest);
    if first.is_none() {
        return (out, None);
    }
    let lines: Vec<String> = out.split('\n').zip(text.split('\n')).map(|(line, raw)| comment(line, raw)).collect();
    (lines.join("\n"), first)
}

/// A line of nothing but filler as a comment.
fn comment(line: &str, raw: &str) -> String {
    let inner = line.trim();
    let filler = inner.len() > 1 && inner.bytes().all(|byte| matches!(byte, b'_' | b' ')) && raw != line;
    match (filler, line.find('_')) {
        (true, Some(at)) => {
            let (before, after) = line.split_at(at);
            format!("{before}#{}", after.get(1..).unwrap_or_default())
        }
        _ => line.to_owned(),
    }
}
