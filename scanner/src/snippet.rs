//! Source lines for reports, with credentials and personal data masked.

mod rows;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aedile_model::{Place, Sources};
use aedile_rules::Rules;

use crate::fixing::sha256;

/// How many lines a snippet shows at the most.
const LINES: usize = 6;
/// How many characters of a line it shows at the most.
const WIDTH: usize = 200;
/// Bytes of the longest file that is masked as a whole.
const WHOLE: usize = 1 << 20;
/// How far around a place in a longer one text is looked at for what must be masked, in bytes. A credential may begin
/// before the first line shown (a private key) and end after the last.
const CONTEXT: usize = 8 << 10;
/// How far before it the statement that a place is in may begin, in bytes.
const STATEMENT: usize = 256 << 10;

/// The lines that `place` touches, at most [`LINES`], each cut to [`WIDTH`] characters, with every
/// span that a secret rule or a value rule recognises, and every value that SQL inserts, replaced by `*`. Control characters are shown as
/// code points. `None` for data files and places without a text.
#[must_use]
pub(crate) fn snippet(place: &Place, sources: &Sources, rules: &Rules, known: &MaskedTexts) -> Option<String> {
    if place.span.start == place.span.end || is_data(&place.path) {
        return None;
    }
    let text = sources.text(place)?;
    let start = boundary(text, place.span.start as usize);
    let end = boundary(text, (place.span.end as usize).max(start));
    let first = text.get(..start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let last = text.get(end..)?.find('\n').map_or(text.len(), |newline| end + newline);

    let most = boundary(text, last.min(first + 2 * CONTEXT));
    let shown = match place.cell.is_none() && text.len() <= WHOLE {
        // Many places of one file are shown.
        true => known.get(&place.path, text, rules).as_bytes().get(first..most).map(<[u8]>::to_vec),
        false => {
            let from = statement(text, boundary(text, first.saturating_sub(CONTEXT)));
            let to = boundary(text, most + CONTEXT);
            let masked = masked(text.get(from..to)?, rules);
            masked.get(first - from..(most - from).min(masked.len())).map(<[u8]>::to_vec)
        }
    };
    let shown = shown?;
    let text = String::from_utf8_lossy(&shown);
    let cut = |line: &str| visible(&line.chars().take(WIDTH).collect::<String>()).chars().take(WIDTH).collect();
    let lines: Vec<String> = text.lines().take(LINES).map(cut).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The beginning of the statement that `at` is in and of the one before, if they are near: rows that a statement inserts
/// may go on for long.
fn statement(text: &str, at: usize) -> usize {
    let least = boundary(text, at.saturating_sub(STATEMENT));
    let before = |end: usize| text.get(least..end).and_then(|text| text.rfind(";\n")).map(|end| least + end);
    before(at).and_then(before).map_or(least, |end| end + 2)
}

/// Files whose lines are data: their text is never shown.
fn is_data(path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    let file = name.rsplit('/').next().unwrap_or(&name);
    if file.starts_with("requirements") || file.starts_with("constraints") {
        return false;
    }
    // What programs print and people paste holds names that no rule recognises.
    [
        ".csv", ".tsv", ".psv", ".jsonl", ".ndjson", ".json", ".parquet", ".gz", ".avro", ".orc", ".xlsx", ".ods",
        ".log", ".txt", ".out", ".err", ".dat",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}

/// The bytes of `text` with each recognised span replaced by as many `*` as it has bytes, line breaks kept.
fn masked(text: &str, rules: &Rules) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let secrets = rules.secrets.scan(text).into_iter().map(|hit| hit.span);
    let values = rules.identifiers.scan_text(text).into_iter().map(|hit| hit.span);
    for span in secrets.chain(values).chain(rows::values(text)) {
        for byte in bytes.get_mut(span).into_iter().flatten().filter(|byte| **byte != b'\n') {
            *byte = b'*';
        }
    }
    bytes
}

/// Bytes of masked texts that are held at the most; beyond, those held are made anew when they are asked for again.
const HELD: usize = 256 << 20;

/// Whole texts with each recognised span replaced by as many `*`, and the digests of texts, each made once.
#[derive(Debug, Default)]
pub(crate) struct MaskedTexts {
    masked: Mutex<Memo>,
    digests: Mutex<Memo>,
}

/// What was made of files, by their paths.
#[derive(Debug, Default)]
struct Memo {
    made: BTreeMap<Arc<str>, Arc<str>>,
    bytes: usize,
}

fn remembered(memo: &Mutex<Memo>, path: &Arc<str>, make: impl FnOnce() -> Arc<str>) -> Arc<str> {
    let known = || memo.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = known().made.get(path) {
        return Arc::clone(made);
    }
    let made = make();
    let mut known = known();
    if known.bytes.saturating_add(made.len()) > HELD {
        *known = Memo::default();
    }
    if known.made.insert(Arc::clone(path), Arc::clone(&made)).is_none() {
        known.bytes += made.len();
    }
    made
}

impl MaskedTexts {
    /// The text of the file at `path`, masked.
    pub(crate) fn get(&self, path: &Arc<str>, text: &str, rules: &Rules) -> Arc<str> {
        remembered(&self.masked, path, || String::from_utf8_lossy(&masked(text, rules)).into())
    }

    /// The SHA-256 of the text of the file at `path`, in lower-case hex.
    pub(crate) fn digest(&self, path: &Arc<str>, text: &str) -> String {
        remembered(&self.digests, path, || sha256(text).into()).to_string()
    }
}

/// `line` with control, bidirectional and zero-width characters as `<U+XXXX>`; tabs become four spaces.
#[must_use]
pub fn visible(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '\t' => shown.push_str("    "),
            character if character.is_control() || is_invisible(character) => {
                shown.push_str(&format!("<U+{:04X}>", u32::from(character)));
            }
            character => shown.push(character),
        }
    }
    shown
}

/// Characters that change how a line is shown without being seen (Unicode bidirectional controls,
/// zero-width characters, byte order mark, line separators).
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
