//! Some cells of a class in a column of another: one real card number among a million notes matters.

use aedile_model::{Basis, Confidence, Tag};

use super::super::sample::Facts;
use super::super::{ColumnProfile, surprise_bits, technical};
use super::Decision;
use crate::Identifiers;

/// Surprise that few checked cells need; one pass of a check that chance passes once in ten has it.
const LEAST_BITS: u32 = 3;

/// Adds the classes that some cells, or spans inside them, are of.
pub(super) fn find(identifiers: &Identifiers, profile: &ColumnProfile, decision: &mut Decision) {
    let counted = technical::label(profile).is_some_and(|label| label.class != "technical.category");
    for (at, rule) in identifiers.rules.iter().enumerate() {
        let decided = decision.tags.iter().any(|tag| tag.rule == rule.spec.id || tag.class == rule.class);
        if decided || !rule.speaks {
            continue;
        }
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        let cells = if counted {
            0
        } else {
            whole_cells(profile, at, number, rule.spec.validator.is_some(), rule.spec.chance_permille)
        };
        let spans = profile.spans(at);
        if cells + spans == 0 {
            continue;
        }
        let confidence = if rule.spec.chance_permille <= 20 { 80 } else { 60 };
        let mut tag = Tag::new(rule.class.clone(), Basis::Value, Confidence::percent(confidence));
        tag.rule.clone_from(&rule.spec.id);
        tag.hits = cells + spans;
        tag.of = profile.filled();
        let is_shaped = |facts: &Facts| facts.shaped.contains(&(number, true));
        tag.example_shape = profile.masks(is_shaped).into_iter().next().map(|(mask, _)| mask);
        if cells > 0 {
            tag.reasons.push(format!("{cells} of {} cells are one", profile.filled()));
        }
        if spans > 0 {
            tag.reasons.push(format!("{spans} of {} cells hold one in their text", profile.filled()));
        }
        decision.presence.push(tag);
    }
}

/// Whole cells that pass, if they are more than chance gives.
fn whole_cells(profile: &ColumnProfile, at: usize, number: u16, checked: bool, chance: u32) -> u64 {
    let valid = profile.valid(at);
    if valid == 0 || !checked {
        return valid;
    }
    let (mut shaped, mut passed) = (0, 0);
    for kept in profile.sample().cells() {
        let shape = |facts: &Facts| facts.shaped.iter().find(|(rule, _)| *rule == number).copied();
        if let Some((_, valid)) = kept.cell.facts().and_then(shape) {
            shaped += 1;
            passed += u64::from(valid);
        }
    }
    // Where the sample of distinct cells missed the few, all counts stand for themselves.
    let bits = if shaped == 0 {
        surprise_bits(valid, profile.shaped(at), chance)
    } else {
        surprise_bits(passed, shaped, chance)
    };
    if bits >= LEAST_BITS { valid } else { 0 }
}
