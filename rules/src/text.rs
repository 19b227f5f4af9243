//! Values inside running text: cells of free text, code, outputs of notebooks.

use std::ops::Range;

use aedile_model::Class;

use crate::Identifiers;
use crate::identifier::shape::{LONGEST_CELL, Shapes, Walk, mask};
use signs::{Signs, Start};

mod signs;
#[cfg(test)]
mod tests;

/// A value found inside a text. Holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextHit {
    /// The rule's id.
    pub rule: String,
    /// Its class.
    pub class: Class,
    /// Byte range in the text.
    pub span: Range<usize>,
    /// The check that it passed, if the rule has one.
    pub validator: Option<String>,
    /// Masked shape: letters as `a`/`A`, digits as `9`.
    pub shape: String,
}

/// A value inside a text, by the number of its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) rule: u16,
    pub(crate) span: Range<usize>,
}

/// The least length of a value in bytes.
const SHORTEST: usize = 6;

impl Identifiers {
    /// Values in `text` of those rules whose shape and check are evidence without a column's name:
    /// email addresses, card numbers, IBANs. In the order of the text, not overlapping.
    #[must_use]
    pub fn scan_text(&self, text: &str) -> Vec<TextHit> {
        let mut hits = Vec::new();
        self.finder().each(text, |found| {
            if let Some(rule) = self.rule(found.rule)
                && let Some(value) = text.get(found.span.clone())
            {
                hits.push(TextHit {
                    rule: rule.spec.id.clone(),
                    class: rule.class.clone(),
                    validator: rule.spec.validator.clone(),
                    shape: mask(value),
                    span: found.span,
                });
            }
        });
        hits
    }

    /// Finds values in one text after another.
    pub(crate) fn finder(&self) -> Finder<'_> {
        Finder { identifiers: self, all: None, without_at: None, starts: Vec::new() }
    }
}

/// Finds values in one text after another; what it needs for that is made when it is first needed, and kept.
pub(crate) struct Finder<'a> {
    identifiers: &'a Identifiers,
    all: Option<Walk<'a>>,
    without_at: Option<Walk<'a>>,
    starts: Vec<Start>,
}

impl<'a> Finder<'a> {
    /// Hands the values in `text` over, in their order.
    pub(crate) fn each(&mut self, text: &str, mut hand: impl FnMut(Found)) {
        let bytes = text.as_bytes();
        let shapes: &'a TextShapes = &self.identifiers.text;
        self.starts.clear();
        shapes.signs.starts(bytes, &mut self.starts);
        let mut end = None;
        for at in 0..self.starts.len() {
            let Some(start) = self.starts.get(at).copied() else { break };
            // Behind a value the word goes on, up to its end.
            if end.is_some_and(|end| start.at <= end) {
                continue;
            }
            let (walk, shapes) = match start.by_at {
                true => (&mut self.all, &shapes.all),
                false => (&mut self.without_at, &shapes.without_at),
            };
            if walk.is_none() {
                *walk = shapes.walk();
            }
            if let Some(found) = walk.as_mut().and_then(|walk| value_at(self.identifiers, walk, bytes, start.at)) {
                end = Some(found.span.end);
                hand(found);
            }
        }
    }
}

/// The value that begins at `at`.
fn value_at(identifiers: &Identifiers, walk: &mut Walk<'_>, bytes: &[u8], at: usize) -> Option<Found> {
    let rest = bytes.get(at..)?;
    let rest = rest.get(..rest.len().min(LONGEST_CELL))?;
    let (len, set) = walk.prefix(rest)?;
    let value = rest.get(..len).filter(|value| value.len() >= SHORTEST)?;
    let passing = walk.set(set).iter().copied().filter(|rule| identifiers.passes(*rule, value));
    // Of several rules the one that chance passes least.
    let chance = |number: &u16| identifiers.rule(*number).map(|rule| (rule.spec.chance_permille, *number));
    Some(Found { rule: passing.min_by_key(chance)?, span: at..at + len })
}

/// The shapes of those rules that are evidence in running text.
#[derive(Debug, Default)]
pub(crate) struct TextShapes {
    all: Shapes,
    /// Those that need no `@`: the shape of an address goes on through every word.
    without_at: Shapes,
    signs: Signs,
}

impl TextShapes {
    /// The shape `pattern` of `rule`; one that does not parse was refused on loading.
    pub(crate) fn add(&mut self, pattern: &str, rule: u16) {
        let Ok(hir) = crate::identifier::shape::hir(pattern) else { return };
        self.all.add(pattern, rule, true);
        if !signs::holds_at(&hir) {
            self.without_at.add(pattern, rule, true);
        }
        self.signs.add(&hir);
    }
}

/// Bytes that do not begin a value after one another. `+` begins phone numbers, `.` and `-` join words.
fn is_word(byte: u8) -> bool {
    WORDS.get(usize::from(byte)).copied().unwrap_or(false)
}

#[expect(clippy::indexing_slicing, reason = "a constant is computed by the compiler, which sees the bounds")]
static WORDS: [bool; 256] = {
    let mut words = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let is = byte as u8;
        words[byte] = is.is_ascii_alphanumeric() || matches!(is, b'_' | b'-' | b'.' | b'+' | b'%' | b'@' | 0x80..);
        byte += 1;
    }
    words
};
