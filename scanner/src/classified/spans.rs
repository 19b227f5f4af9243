//! Values and credentials inside text.

use std::io::{self, Read};

use aedile_crawl::notebook_texts;
use aedile_model::GapKind;
use aedile_rules::Rules;
use schemars::JsonSchema;
use serde::Serialize;

use super::Unread;

/// The form of this result.
const SCHEMA: &str = "aedile.spans.v1";

/// Bytes that are searched at a time.
const CHUNK: usize = 4 << 20;

/// Bytes at the end of a chunk that are searched again with the next: what goes over lines is shorter.
const OVERLAP: usize = 64 << 10;

/// Spans of one file that are listed; what is beyond is counted in a gap.
const MOST: usize = 100_000;

/// What was found in all texts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Spans {
    /// `aedile.spans.v1`.
    pub schema: &'static str,
    /// In the order of the paths that were given, then by path.
    pub files: Vec<SpanFile>,
    /// What was not read.
    pub gaps: Vec<Unread>,
}

impl Spans {
    /// These files and gaps.
    #[must_use]
    pub fn new(files: Vec<SpanFile>, gaps: Vec<Unread>) -> Spans {
        Spans { schema: SCHEMA, files, gaps }
    }
}

/// What was found in one text.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SpanFile {
    /// The file; `-` for standard input.
    pub path: String,
    /// Bytes that were searched.
    pub bytes: u64,
    /// In the order of the text.
    pub spans: Vec<Span>,
}

/// A value in a text. The value itself is told nowhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Span {
    /// The cell of a notebook, from 1. Places are then those within its source, or within the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<u64>,
    /// The saved output of the cell, from 1; absent for its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
    /// The form of the output: `stream`, `traceback`, `text/plain`, `text/html` ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The first byte, from 0 at the beginning of the text: the file, the source of the cell or the output.
    pub start: u64,
    /// The byte behind the last.
    pub end: u64,
    /// The line, from 1.
    pub line: u64,
    /// The first byte within the line, from 1.
    pub column: u64,
    /// The class (`pii.contact.email`, `credential.token`).
    pub class: String,
    /// The rule that recognised it.
    pub rule: String,
    /// The check that the value passed, if the rule has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validator: Option<String>,
    /// Letters as `a`/`A`, digits as `9`.
    pub shape: String,
    /// Whether it is an example, a template or a variable, and no credential.
    pub placeholder: bool,
    /// `test` for a credential that opens its issuer's sandbox and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
}

/// The spans in `text`, which is called `path`; what was not read goes to `gaps`.
///
/// # Errors
/// Nothing can be read.
pub fn find(path: &str, mut text: impl Read, rules: &Rules, gaps: &mut Vec<Unread>) -> io::Result<SpanFile> {
    let mut found = SpanFile { path: path.to_owned(), bytes: 0, spans: Vec::new() };
    let mut held: Vec<u8> = Vec::new();
    let mut at = Position { offset: 0, line: 1, column: 1 };
    let mut beyond = 0;
    loop {
        let wanted = CHUNK.saturating_sub(held.len()) as u64;
        let read = text.by_ref().take(wanted).read_to_end(&mut held)?;
        found.bytes += read as u64;
        let last = (read as u64) < wanted;
        let chunk = searchable(&held);
        // Spans that begin in the overlap are found again with the next chunk.
        let ours = if last { chunk.len() } else { cut(&held) };
        let (mut here, start) = (at, at.offset);
        for span in search(&chunk, rules).into_iter().filter(|span| span.start < ours as u64) {
            if found.spans.len() >= MOST {
                beyond += 1;
                continue;
            }
            let from = usize::try_from(here.offset - start).unwrap_or(usize::MAX);
            let to = usize::try_from(span.start).unwrap_or(usize::MAX);
            here.pass(held.get(from..to).unwrap_or_default());
            let (line, column) = (here.line, here.column);
            found.spans.push(Span { start: start + span.start, end: start + span.end, line, column, ..span });
        }
        if last {
            break;
        }
        at.pass(held.get(..ours).unwrap_or_default());
        held.drain(..ours);
    }
    if beyond > 0 {
        gaps.push(Unread::new(path, GapKind::Limit, format!("{beyond} spans beyond the first {MOST} are not listed")));
    }
    Ok(found)
}

/// The spans in the sources and saved outputs of the notebook `bytes`, which is called `path`; `None` if it is no notebook.
#[must_use]
pub fn find_in_notebook(path: &str, bytes: &[u8], rules: &Rules, gaps: &mut Vec<Unread>) -> Option<SpanFile> {
    let texts = notebook_texts(std::str::from_utf8(bytes).ok()?)?;
    let mut found = SpanFile { path: path.to_owned(), bytes: bytes.len() as u64, spans: Vec::new() };
    let mut beyond = 0;
    for part in texts {
        // Memory is always read.
        let inside = find(path, part.text.as_bytes(), rules, gaps).ok()?;
        for span in inside.spans {
            let (cell, output, form) = (Some(part.cell), part.output, part.form.clone());
            match found.spans.len() < MOST {
                true => found.spans.push(Span { cell, output, form, ..span }),
                false => beyond += 1,
            }
        }
    }
    if beyond > 0 {
        gaps.push(Unread::new(path, GapKind::Limit, format!("{beyond} spans beyond the first {MOST} are not listed")));
    }
    Some(found)
}

/// Where the next chunk begins: at a line within the overlap, or anywhere if the line is longer.
fn cut(held: &[u8]) -> usize {
    let from = held.len().saturating_sub(OVERLAP);
    let line = held.get(from..).and_then(|rest| rest.iter().position(|&byte| byte == b'\n'));
    line.map_or(from, |at| from + at + 1).max(1)
}

/// `held` as text in which every byte stands where it stood: what is no UTF-8 becomes `?`.
fn searchable(held: &[u8]) -> String {
    let mut text = String::with_capacity(held.len());
    for chunk in held.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|_| text.push('?'));
    }
    text
}

/// The spans of one chunk, their offsets within it. A credential hides the values inside it.
fn search(text: &str, rules: &Rules) -> Vec<Span> {
    let span = |range: std::ops::Range<usize>| Span {
        cell: None,
        output: None,
        form: None,
        start: range.start as u64,
        end: range.end as u64,
        line: 0,
        column: 0,
        class: String::new(),
        rule: String::new(),
        validator: None,
        shape: String::new(),
        placeholder: false,
        mode: None,
    };
    let mut spans: Vec<Span> = rules
        .secrets
        .scan(text)
        .into_iter()
        .map(|hit| Span {
            class: hit.class.to_string(),
            rule: hit.rule,
            shape: hit.shape,
            placeholder: hit.placeholder,
            mode: hit.test_mode.then_some("test"),
            ..span(hit.span)
        })
        .collect();
    let mut secrets = spans.iter().map(|span| (span.start, span.end)).collect::<Vec<_>>().into_iter().peekable();
    let mut values = Vec::new();
    for hit in rules.identifiers.scan_text(text) {
        let (start, end) = (hit.span.start as u64, hit.span.end as u64);
        while secrets.next_if(|(_, behind)| *behind <= start).is_some() {}
        if secrets.peek().is_none_or(|(first, _)| *first >= end) {
            let (class, rule, validator, shape) = (hit.class.to_string(), hit.rule, hit.validator, hit.shape);
            values.push(Span { class, rule, validator, shape, ..span(hit.span) });
        }
    }
    spans.append(&mut values);
    spans.sort();
    spans
}

/// Where a chunk begins in its file.
#[derive(Debug, Clone, Copy)]
struct Position {
    offset: u64,
    line: u64,
    column: u64,
}

impl Position {
    /// Goes behind `bytes`.
    fn pass(&mut self, bytes: &[u8]) {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            if line.last() == Some(&b'\n') {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += line.len() as u64;
            }
        }
        self.offset += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_found_once_wherever_chunks_end() {
        let rules = Rules::load(&[]).expect("our rules load");
        let line = "order shipped to somebody at the address that was given\n";
        let mut text = line.repeat(2 * CHUNK / line.len() + 10);
        let near = CHUNK - OVERLAP / 2;
        text.insert_str(near, " write to ann.lee@mailbox.org now ");
        let found = find("-", text.as_bytes(), &rules, &mut Vec::new()).expect("it is read");
        let start = text.find("ann.lee").expect("it is there");
        let before = text.get(..start).expect("a boundary");
        let places: Vec<(u64, u64, u64)> = found.spans.iter().map(|span| (span.start, span.end, span.line)).collect();
        let lines = before.matches('\n').count() as u64 + 1;
        assert_eq!(places, [(start as u64, start as u64 + 19, lines)]);
        assert_eq!(found.bytes, text.len() as u64);
    }

    #[test]
    fn bytes_stay_where_they_are_in_any_encoding() {
        let rules = Rules::load(&[]).expect("our rules load");
        let text = b"caf\xe9\n\xff ann@mailbox.org\n";
        let found = find("-", text.as_slice(), &rules, &mut Vec::new()).expect("it is read");
        let span = found.spans.first().expect("the address is found");
        assert_eq!((span.start, span.end, span.line, span.column), (7, 22, 2, 3));
    }
}
