//! Splits a file that does not parse into its top-level parts.

use std::ops::Range;

/// Words that begin a top-level block; one at the start of a line ends a part whose brackets do not close.
const BLOCKS: [&str; 14] = [
    "check ",
    "data ",
    "ephemeral ",
    "import ",
    "locals ",
    "locals{",
    "module ",
    "moved ",
    "output ",
    "provider ",
    "removed ",
    "resource ",
    "terraform ",
    "variable ",
];

/// The byte ranges of the top-level parts of `text`, in order, without white space and comments around them.
pub(super) fn split(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let next = skip_space(text, at);
        if next >= bytes.len() {
            break;
        }
        let end = part_end(text, next).max(next + 1);
        parts.push(next..end);
        at = end;
    }
    parts.retain(|part| text.is_char_boundary(part.start) && text.is_char_boundary(part.end));
    parts
}

fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

fn starts(text: &str, at: usize, with: &str) -> bool {
    text.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(with.as_bytes()))
}

fn find(text: &str, from: usize, what: u8) -> usize {
    text.as_bytes().get(from..).and_then(|rest| rest.iter().position(|&b| b == what)).map_or(text.len(), |at| from + at)
}

fn skip_space(text: &str, mut at: usize) -> usize {
    loop {
        match byte(text, at) {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            _ => match comment_end(text, at) {
                Some(end) => at = end,
                None => return at,
            },
        }
    }
}

/// The end of the comment that begins at `at`, if one does.
fn comment_end(text: &str, at: usize) -> Option<usize> {
    if byte(text, at) == b'#' || starts(text, at, "//") {
        Some(find(text, at, b'\n'))
    } else if starts(text, at, "/*") {
        let close = text.get(at + 2..).and_then(|rest| rest.find("*/"));
        Some(close.map_or(text.len(), |close| at + 2 + close + 2))
    } else {
        None
    }
}

/// Where reading can go on after what begins at `start` and does not parse: the end of the line on which its
/// brackets are closed, or the bracket that closes what it stands in.
pub(super) fn rest_end(text: &str, start: usize) -> usize {
    end(text, start, Closer::Stops)
}

/// The end of the part that begins at `start`: the end of the line on which all brackets are closed.
fn part_end(text: &str, start: usize) -> usize {
    end(text, start, Closer::Counts)
}

/// What a closing bracket does that closes nothing.
#[derive(PartialEq)]
enum Closer {
    Stops,
    Counts,
}

fn end(text: &str, start: usize, closer: Closer) -> usize {
    let mut at = start;
    let mut open: Vec<u8> = Vec::new();
    while at < text.len() {
        if let Some(end) = comment_end(text, at) {
            at = end;
            continue;
        }
        match byte(text, at) {
            opener @ (b'{' | b'[' | b'(') => open.push(opener),
            brace @ (b'}' | b']' | b')') => {
                // A brace closes the brackets in it that were forgotten; a bracket closes no brace.
                let opener = if brace == b'}' {
                    b'{'
                } else if brace == b']' {
                    b'['
                } else {
                    b'('
                };
                match open.iter().rposition(|held| *held == opener) {
                    Some(held) if brace == b'}' || open.get(held + 1..).is_none_or(|inner| !inner.contains(&b'{')) => {
                        open.truncate(held);
                    }
                    None if closer == Closer::Stops && brace == b'}' => return at,
                    _ => {}
                }
            }
            b'"' => {
                at = string_end(text, at + 1);
                continue;
            }
            b'<' if starts(text, at, "<<") => {
                at = heredoc_end(text, at).unwrap_or(at + 2);
                continue;
            }
            b'\n' if open.is_empty() => return at,
            b'\n' if BLOCKS.iter().any(|word| starts(text, at + 1, word)) => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// The end of the quoted string whose inside begins at `at`; a string ends at its line's end at the latest.
fn string_end(text: &str, mut at: usize) -> usize {
    let mut depth = 0usize;
    while at < text.len() {
        match byte(text, at) {
            b'\\' => at += 1,
            b'$' | b'%' if byte(text, at + 1) == b'{' => {
                depth += 1;
                at += 1;
            }
            b'{' if depth > 0 => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'"' if depth == 0 => return at + 1,
            b'\n' => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// The end of the heredoc that begins at `at`.
fn heredoc_end(text: &str, at: usize) -> Option<usize> {
    let line_end = find(text, at, b'\n');
    let marker = text.get(at..line_end)?.trim_start_matches('<').trim_start_matches('-').trim();
    if marker.is_empty() || !marker.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
        return None;
    }
    let mut line = line_end + 1;
    while line < text.len() {
        let end = find(text, line, b'\n');
        if text.get(line..end)?.trim() == marker {
            return Some(end);
        }
        line = end + 1;
    }
    Some(text.len())
}
