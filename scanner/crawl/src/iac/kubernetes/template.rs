//! Helm templates: `{{ … }}` is masked by filler of the same length, so that the rest reads as YAML and every
//! place stays where it is.

use std::ops::Range;

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
