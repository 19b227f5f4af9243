//! Jinja in SQL files, replaced by text of the same length: `{{ ref('x') }}` becomes the identifier `x`
//! and blanks, so that every place in the result is a place in the file.

use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};

/// Functions of dbt that give nothing to the query.
const SILENT: [&str; 12] = [
    "config",
    "set",
    "do",
    "log",
    "macro",
    "endmacro",
    "snapshot",
    "endsnapshot",
    "docs",
    "test",
    "materialization",
    "import",
];

/// `text` with its Jinja masked. `source` gives the table's name for `source('s', 't')`.
pub(super) fn mask(text: &str, path: &Arc<str>, source: impl Fn(&str, &str) -> String, gaps: &mut Vec<Gap>) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    let mut skipping = 0_usize;
    while let Some(open) = next_open(rest) {
        let (before, tag) = rest.split_at(open);
        push(&mut masked, before, skipping > 0);
        let (open_len, close) = match tag.as_bytes().get(1) {
            Some(b'{') => (2, "}}"),
            Some(b'%') => (2, "%}"),
            _ => (2, "#}"),
        };
        let Some(end) = tag.find(close) else {
            let at = masked.len();
            gaps.push(Gap {
                place: Place::new(path, at, at + 2),
                kind: GapKind::Unparsed,
                message: "a template tag is not closed".to_owned(),
            });
            push(&mut masked, tag, true);
            rest = "";
            break;
        };
        let (tag, after) = tag.split_at(end + close.len());
        let inner = tag.get(open_len..end).unwrap_or_default().trim_matches('-').trim();
        match close {
            "}}" if skipping == 0 => {
                let replacement = expression(inner, &source);
                let at = masked.len();
                match replacement {
                    Some(replacement) => fit(&mut masked, &replacement, tag, after),
                    None => {
                        gaps.push(Gap {
                            place: Place::new(path, at, at + tag.len()),
                            kind: GapKind::Unresolved,
                            message: "a template expression is not rendered".to_owned(),
                        });
                        fit(&mut masked, "_", tag, after);
                    }
                }
            }
            "%}" => {
                skipping = statement(inner, skipping);
                push(&mut masked, tag, true);
            }
            _ => push(&mut masked, tag, true),
        }
        rest = after;
    }
    push(&mut masked, rest, skipping > 0);
    masked
}

fn next_open(text: &str) -> Option<usize> {
    ["{{", "{%", "{#"].iter().filter_map(|open| text.find(open)).min()
}

/// Adds `text`, or blanks of its length; line ends stay.
fn push(masked: &mut String, text: &str, blank: bool) {
    if !blank {
        masked.push_str(text);
        return;
    }
    masked.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

/// Puts `replacement` in the place of `tag`; a longer one is cut by its leading qualifiers, which the
/// name can do without.
fn fit(masked: &mut String, replacement: &str, tag: &str, _after: &str) {
    let mut short = replacement;
    while short.len() > tag.len() {
        match short.split_once('.') {
            Some((_, rest)) => short = rest,
            None => break,
        }
    }
    let short = short.get(..short.len().min(tag.len())).unwrap_or("_");
    masked.push_str(short);
    push(masked, tag.get(short.len()..).unwrap_or_default(), true);
}

/// How many blocks that are not read are open after this statement. The first branch of an `if` is
/// read; `is_incremental()` is its own branch and adds only a filter.
fn statement(inner: &str, skipping: usize) -> usize {
    let word = inner.split_whitespace().next().unwrap_or_default();
    let incremental = inner.contains("is_incremental()");
    match (word, skipping) {
        ("if", 0) if incremental && !inner.contains("not is_incremental") => 1,
        ("if" | "for" | "macro" | "raw" | "call" | "filter", n) if n > 0 => n + 1,
        ("elif" | "else", 0) => 1,
        ("else", 1) => 0,
        ("endif" | "endfor" | "endmacro" | "endraw" | "endcall" | "endfilter", n) => n.saturating_sub(1),
        ("macro" | "call", 0) => 1,
        ("set", 0) if !inner.contains('=') => 1,
        ("endset", n) => n.saturating_sub(1),
        (_, n) => n,
    }
}

/// What an expression stands for; `None` if it is not known.
fn expression(inner: &str, source: &impl Fn(&str, &str) -> String) -> Option<String> {
    let (name, arguments) = match inner.split_once('(') {
        Some((name, rest)) => (name.trim(), literals(rest)),
        None => (inner, Vec::new()),
    };
    match (name, arguments.as_slice()) {
        ("ref", [model]) | ("ref", [_, model]) => Some(model.to_lowercase()),
        ("source", [system, table]) => Some(source(system, table)),
        ("var", [_, default]) | ("env_var", [_, default]) => {
            Some(if is_name(default) { default.clone() } else { format!("'{default}'") })
        }
        ("var" | "env_var", _) => Some("_".to_owned()),
        ("this", _) => Some("_this_".to_owned()),
        (name, _) if SILENT.contains(&name) => Some(String::new()),
        // A value of a loop or a `set`: a name or a part of one.
        (name, []) if is_name(name) => Some("_".to_owned()),
        _ => None,
    }
}

/// The quoted texts in an argument list.
fn literals(arguments: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = arguments;
    while let Some(open) = rest.find(['\'', '"']) {
        let quote = if rest.as_bytes().get(open) == Some(&b'"') { '"' } else { '\'' };
        let Some((text, after)) = rest.get(open + 1..).and_then(|inner| inner.split_once(quote)) else { break };
        found.push(text.to_owned());
        rest = after;
    }
    found
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> (String, usize) {
        let mut gaps = Vec::new();
        let result = mask(text, &"m.sql".into(), |source, table| format!("raw.{source}.{table}"), &mut gaps);
        assert_eq!(result.len(), text.len(), "places must stay");
        (result.split_whitespace().collect::<Vec<_>>().join(" "), gaps.len())
    }

    #[test]
    fn ref_and_source_become_names_of_the_same_length() {
        assert_eq!(masked("select * from {{ ref('stg_users') }} u"), ("select * from stg_users u".into(), 0));
        assert_eq!(masked("select * from {{ source('app', 'users') }}"), ("select * from raw.app.users".into(), 0));
    }

    #[test]
    fn incremental_filters_and_configuration_vanish() {
        let text = "{{ config(materialized='table') }}\nselect a from t {% if is_incremental() %} where x > (select max(x) from {{ this }}) {% endif %}";
        assert_eq!(masked(text), ("select a from t".into(), 0));
    }

    #[test]
    fn of_branches_the_first_is_read() {
        assert_eq!(masked("select {% if x %} a {% else %} b {% endif %} from t"), ("select a from t".into(), 0));
    }

    #[test]
    fn what_is_not_rendered_is_a_gap() {
        assert_eq!(masked("select {{ dbt_utils.star(from=ref('x')) }} from t"), ("select _ from t".into(), 1));
        assert_eq!(masked("select a from t {{ ref('x'").1, 1);
    }
}
