//! A rule that may be what a column is.

use aedile_model::{Basis, Confidence, Tag};

use crate::identifier::Rule;
use crate::identifier::form::Strength;
use crate::identifier::name::{NameMatch, Reading};

/// A rule that may be what the column is.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) tag: Tag,
    pub(super) technical: bool,
    /// Name and values agree.
    pub(super) confirmed: bool,
    pub(super) contradicted: bool,
    /// Surprise of the values, see [`surprise_bits`].
    pub(super) bits: u32,
    pub(super) chance: u32,
    /// Whether the shape is all but impossible by accident.
    pub(super) precise: bool,
    /// Whether the values settle what the column is, however its cells lie together: a check digit or
    /// structure that chance would not give, or words that nearly all are of a list.
    pub(super) decisive: bool,
}

impl Strength {
    pub(super) fn confidence(self) -> u8 {
        match self {
            Strength::Strong => 80,
            Strength::Medium => 60,
            Strength::Weak => 35,
        }
    }
}

/// The reason that a name was found.
pub(super) fn name_reason(text: &str) -> String {
    match text.contains(|c: char| !c.is_alphanumeric()) {
        true => format!("name words `{text}`"),
        false => format!("name token `{text}`"),
    }
}

impl Candidate {
    pub(super) fn new(rule: &Rule, basis: Basis, confidence: u8) -> Candidate {
        let mut tag = Tag::new(rule.class.clone(), basis, Confidence::percent(confidence));
        tag.rule.clone_from(&rule.spec.id);
        Candidate {
            tag,
            technical: rule.spec.is_technical(),
            confirmed: false,
            contradicted: false,
            bits: 0,
            chance: rule.spec.chance_permille,
            precise: rule.spec.chance_permille <= 5,
            decisive: false,
        }
    }

    /// The candidate of a name alone; a weak name is none.
    pub(super) fn by_name(rule: &Rule, hit: &NameMatch, reading: &Reading) -> Option<Candidate> {
        if hit.strength == Strength::Weak {
            return None;
        }
        let mut candidate = Candidate::new(rule, Basis::Name, hit.strength.confidence());
        candidate.because(name_reason(&hit.text));
        if let Some((protection, word)) = &reading.protection
            && !hit.text.contains(word.as_str())
        {
            candidate.tag.protection = *protection;
            candidate.because(format!("the name says `{word}`"));
        }
        Some(candidate)
    }

    pub(super) fn because(&mut self, reason: String) {
        self.tag.reasons.push(reason);
    }
}
