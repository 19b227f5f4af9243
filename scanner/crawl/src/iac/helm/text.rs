//! Text that knows where it comes from: every part of it has an origin in a template or in a file of values.

use aedile_model::Unknown;

/// Bytes of a file of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// The number of the file among those of the rendering.
    pub(super) file: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    /// Whether the text stands there word for word, so that a byte further on is a byte further on there.
    pub(super) exact: bool,
}

/// A text and from where its parts come: each mark holds from its offset to the next one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rich {
    pub(super) text: String,
    pub(super) marks: Vec<(usize, Origin)>,
}

/// Marks that one text keeps; further ones are taken to have the origin of the last.
const MARKS: usize = 2_000_000;

impl Rich {
    /// Text of one origin.
    pub(super) fn of(text: impl Into<String>, from: Option<Origin>) -> Rich {
        Rich { text: text.into(), marks: from.map(|from| (0, from)).into_iter().collect() }
    }

    /// Appends `text` of that origin.
    pub(super) fn push(&mut self, text: &str, from: Option<Origin>) {
        if text.is_empty() {
            return;
        }
        if let Some(from) = from.filter(|_| self.marks.len() < MARKS) {
            self.marks.push((self.text.len(), from));
        }
        self.text.push_str(text);
    }

    /// Appends `other`; parts without an origin get `fallback`.
    pub(super) fn append(&mut self, other: &Rich, fallback: Option<Origin>) {
        let base = self.text.len();
        let first = other.marks.first().map_or(other.text.len(), |(at, _)| *at);
        if first > 0 {
            self.push(other.text.get(..first).unwrap_or_default(), fallback);
        }
        if self.marks.len() + other.marks.len() < MARKS {
            self.marks.extend(other.marks.iter().map(|(at, from)| (base + at, *from)));
        }
        self.text.push_str(other.text.get(first..).unwrap_or_default());
    }

    /// The bytes `start..end`, with their origins.
    pub(super) fn slice(&self, start: usize, end: usize) -> Rich {
        let text = self.text.get(start..end).unwrap_or_default().to_owned();
        let mut marks = Vec::new();
        if let Some(from) = self.at(start) {
            marks.push((0, from));
        }
        let inside = self.marks.iter().filter(|(at, _)| *at > start && *at < end);
        marks.extend(inside.map(|(at, from)| (at - start, *from)));
        Rich { text, marks }
    }

    /// The origin of the byte at `offset`, moved on by as many bytes if it is exact.
    pub(super) fn at(&self, offset: usize) -> Option<Origin> {
        let after = self.marks.partition_point(|(at, _)| *at <= offset);
        let (at, from) = self.marks.get(after.checked_sub(1)?)?;
        let mut from = *from;
        if from.exact {
            let moved = u32::try_from(offset - at).unwrap_or(u32::MAX);
            from.start = from.start.saturating_add(moved).min(from.end);
        }
        Some(from)
    }

    /// The same without blanks at its ends.
    pub(super) fn trimmed(&self) -> Rich {
        let start = self.text.len() - self.text.trim_start().len();
        let end = self.text.trim_end().len().max(start);
        self.slice(start, end)
    }
}

/// What begins and ends the number of an unknown value in a text. They are of the private use area of Unicode, and are
/// replaced where they stand in a source.
pub(super) const HOLE: (char, char) = ('\u{e000}', '\u{e001}');

/// What stands for the unknown value of that number.
pub(super) fn hole(number: usize) -> String {
    format!("{}{number}{}", HOLE.0, HOLE.1)
}

/// Whether a part of `text` is not known.
pub(super) fn has_hole(text: &str) -> bool {
    text.contains(HOLE.0)
}

/// Whether a key is nothing but an unknown value: what stands there may be any members, or none.
pub(super) fn is_open(key: &str) -> bool {
    first_hole(key).is_some_and(|number| hole(number) == key)
}

/// The number of the first unknown value in `text`.
pub(super) fn first_hole(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once(HOLE.0)?;
    rest.split_once(HOLE.1)?.0.parse().ok()
}

/// `text` with `{expression}` for every unknown value, and why the first is unknown.
pub(super) fn told(text: &str, unknowns: &[Unknown]) -> (String, Option<Unknown>) {
    let (mut out, mut first) = (String::new(), None);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(HOLE.0) {
        out.push_str(before);
        let (number, next) = after.split_once(HOLE.1).unwrap_or((after, ""));
        rest = next;
        if let Some(why) = number.parse::<usize>().ok().and_then(|number| unknowns.get(number)) {
            out.push_str(&crate::iac::datum::hole_for(&why.expression));
            first.get_or_insert_with(|| why.clone());
        }
    }
    out.push_str(rest);
    (out, first)
}

/// `text` without the characters that stand for unknown values.
pub(super) fn cleaned(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains([HOLE.0, HOLE.1]) { text.replace([HOLE.0, HOLE.1], "\u{fffd}").into() } else { text.into() }
}
