//! Values inside running text: cells of free text, code, outputs of notebooks.

use std::ops::Range;

use aedile_model::Class;

use crate::Identifiers;
use crate::identifier::shape::{LONGEST_CELL, Shapes, Walk, mask};
use signs::Signs;

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
        let hits = self.spans(text).into_iter().filter_map(|found| {
            let rule = self.rule(found.rule)?;
            Some(TextHit {
                rule: rule.spec.id.clone(),
                class: rule.class.clone(),
                validator: rule.spec.validator.clone(),
                shape: mask(text.get(found.span.clone())?),
                span: found.span,
            })
        });
        hits.collect()
    }

    pub(crate) fn spans(&self, text: &str) -> Vec<Found> {
        let bytes = text.as_bytes();
        let mut found: Vec<Found> = Vec::new();
        let (mut all, mut without_at) = (None, None);
        for start in self.text.signs.starts(bytes) {
            // Behind a value the word goes on, up to its end.
            if found.last().is_some_and(|last| start.at <= last.span.end) {
                continue;
            }
            let walk = if start.by_at {
                all.get_or_insert_with(|| self.text.all.walk())
            } else {
                without_at.get_or_insert_with(|| self.text.without_at.walk())
            };
            found.extend(walk.as_mut().and_then(|walk| self.value_at(walk, bytes, start.at)));
        }
        found
    }

    /// The value that begins at `at`.
    fn value_at(&self, walk: &mut Walk<'_>, bytes: &[u8], at: usize) -> Option<Found> {
        let rest = bytes.get(at..)?;
        let rest = rest.get(..rest.len().min(LONGEST_CELL))?;
        let (len, shaped) = walk.prefix(rest)?;
        let value = rest.get(..len).filter(|value| value.len() >= SHORTEST)?;
        let passing =
            shaped.rules().iter().copied().filter(|rule| self.rule(*rule).is_some_and(|rule| rule.passes(value)));
        // Of several rules the one that chance passes least.
        let rule = passing.min_by_key(|number| self.rule(*number).map(|rule| (rule.spec.chance_permille, *number)))?;
        Some(Found { rule, span: at..at + len })
    }
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
        self.all.add(pattern, rule);
        if !signs::holds_at(&hir) {
            self.without_at.add(pattern, rule);
        }
        self.signs.add(&hir);
    }
}

/// Bytes that do not begin a value after one another. `+` begins phone numbers, `.` and `-` join words.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'%' | b'@' | 0x80..)
}
