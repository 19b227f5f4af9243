//! Values inside running text: cells of free text, code, outputs of notebooks.

use std::ops::Range;

use aedile_model::Class;

use crate::Identifiers;
use crate::identifier::shape::{LONGEST_CELL, mask};

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
        let mut found = Vec::new();
        let mut at = 0;
        let mut inside = false;
        while let Some(&byte) = bytes.get(at) {
            let word = is_word(byte);
            if !word || inside {
                inside = word;
                at += 1;
                continue;
            }
            match self.value_at(bytes, at) {
                Some(value) => {
                    at = value.span.end;
                    inside = true;
                    found.push(value);
                }
                None => {
                    inside = true;
                    at += 1;
                }
            }
        }
        found
    }

    /// The value that begins at `at`.
    fn value_at(&self, bytes: &[u8], at: usize) -> Option<Found> {
        let rest = bytes.get(at..)?;
        let rest = rest.get(..rest.len().min(LONGEST_CELL))?;
        let (len, shaped) = self.text_shapes.prefix(rest)?;
        let value = rest.get(..len).filter(|value| value.len() >= SHORTEST)?;
        let passing =
            shaped.rules().iter().copied().filter(|rule| self.rule(*rule).is_some_and(|rule| rule.passes(value)));
        // Of several rules the one that chance passes least.
        let rule = passing.min_by_key(|number| self.rule(*number).map(|rule| (rule.spec.chance_permille, *number)))?;
        Some(Found { rule, span: at..at + len })
    }
}

/// Bytes that do not begin a value after one another. `+` begins phone numbers, `.` and `-` join words.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'%' | b'@' | 0x80..)
}
