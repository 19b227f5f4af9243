//! What a column is: name, shapes, checks, word lists, distribution and neighbours joined.

mod candidate;
mod context;
mod evidence;
mod plausible;
mod presence;

use aedile_model::{Class, Confidence, Tag};

use super::ColumnProfile;
use super::calibration::Looked;
use super::technical::{self, Technical};
use crate::Identifiers;
use crate::identifier::form::Strength;
use crate::identifier::name::Reading;
use candidate::Candidate;
use evidence::Evidence;

/// What was decided about a column, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// What the column is, surest first; at most one tag by name and one by value.
    pub tags: Vec<Tag>,
    /// Classes of which some cells, or spans inside cells, are.
    pub presence: Vec<Tag>,
    /// The label of a column that is not personal (`technical.epoch`).
    pub technical: Option<Class>,
    /// Whether the name says a checked kind of value and the values fail the check: they may be
    /// synthetic, masked or mislabelled. The tag stays, less sure.
    pub contradicted: bool,
    /// What spoke for and against, one clause each, also where nothing was decided.
    pub reasons: Vec<String>,
}

/// Less sure than this is not said.
const LEAST_CONFIDENCE: u8 = 40;

/// With so many bits of surprise the values of a column outweigh how they lie.
const OVERWHELMING_BITS: u32 = 40;

impl Identifiers {
    /// An empty profile for a column.
    #[must_use]
    pub fn profile(&self) -> ColumnProfile {
        ColumnProfile::new()
    }

    /// What the column `name` is. `profile` counts its cells; without one, or with nulls only, the name
    /// decides alone. `neighbours` are the names of the other columns of its table. A profile that still holds cells is
    /// looked at as after [`Identifiers::find_out`].
    #[must_use]
    pub fn decide(&self, name: &str, profile: Option<&ColumnProfile>, neighbours: &[&str]) -> Decision {
        let mut reading = self.names.read(name);
        let mut decision = Decision::default();
        for (hit, by) in &reading.vetoed {
            decision.reasons.push(format!("name words `{}` are taken back by `{by}`", hit.text));
        }
        context::weigh(self, &mut reading, neighbours, &mut decision.reasons);
        let profile = profile.filter(|profile| profile.filled() > 0);
        match profile {
            None => self.by_name(&reading, &mut decision),
            Some(profile) if profile.sample().is_known() => self.by_values(&reading, profile, &mut decision),
            Some(profile) => {
                let mut known = profile.clone();
                self.find_out(&mut known);
                self.by_values(&reading, &known, &mut decision);
            }
        }
        let looked = if profile.is_some() { Looked::AtValues } else { Looked::AtTheName };
        // Everything is decided by points; how often they are right is said last.
        for tag in &mut decision.tags {
            tag.confidence = self.calibration.right(tag.confidence, looked);
        }
        decision
    }

    fn by_name(&self, reading: &Reading, decision: &mut Decision) {
        let Some((hit, rule)) = reading.matches.iter().find_map(|hit| Some((hit, self.rules.get(hit.rule)?))) else {
            return;
        };
        if rule.spec.is_technical() {
            if hit.strength > Strength::Weak {
                decision.reasons.push(candidate::name_reason(&hit.text));
                decision.technical = Some(rule.class.clone());
            }
            return;
        }
        if let Some(candidate) = Candidate::by_name(rule, hit, reading) {
            decision.reasons.extend(candidate.tag.reasons.iter().cloned());
            decision.tags.push(candidate.tag);
        }
    }

    fn by_values(&self, reading: &Reading, profile: &ColumnProfile, decision: &mut Decision) {
        let evidence = Evidence::new(profile, reading);
        let mut named: Vec<Candidate> = Vec::new();
        let mut valued: Vec<Candidate> = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            match reading.matches.iter().find(|hit| hit.rule == at) {
                Some(hit) => named.extend(evidence.named(at, rule, hit, &mut decision.reasons)),
                None => valued.extend(evidence.alone(at, rule)),
            }
        }
        let name = best(named);
        let value = best(valued);
        self.settle(name, value, technical::label(profile), decision);
        for candidate in &decision.tags {
            decision.reasons.extend(candidate.reasons.iter().cloned());
        }
        presence::find(self, profile, decision);
    }

    /// Lets name, values and technical labels compete.
    fn settle(
        &self,
        name: Option<Candidate>,
        value: Option<Candidate>,
        label: Option<Technical>,
        decision: &mut Decision,
    ) {
        if let Some(label) = label {
            decision.reasons.push(format!("{} cells are {}", label.hits, label.what));
        }
        let said = label.map(|label| Class::new(label.class));
        match (name, value) {
            // A harmless name does not hide values that nothing else has.
            (Some(name), Some(value)) if name.technical && !value.technical && value.proves() => value.enter(decision),
            // Name and values agree: nothing competes.
            (Some(name), _) if name.confirmed => name.enter(decision),
            (name, Some(value)) if value.technical => {
                let doubted = name.as_ref().is_none_or(|name| name.contradicted || name.technical);
                match name {
                    Some(name) if !doubted => name.enter(decision),
                    _ => value.enter(decision),
                }
            }
            (name, Some(value)) => {
                let overwhelming = value.bits >= OVERWHELMING_BITS;
                let label_wins = label.is_some_and(|label| (label.of_cells || !overwhelming) && !value.decisive);
                let name_is_technical = name.as_ref().is_some_and(|name| name.technical);
                if label_wins || (name_is_technical && !(overwhelming && value.precise)) {
                    decision.reasons.push(format!("the values alone would fit `{}`", value.tag.class));
                    match name {
                        Some(name) => name.enter(decision),
                        None => decision.technical = said,
                    }
                } else {
                    value.enter(decision);
                    if let Some(name) = name.filter(|name| !name.technical) {
                        name.enter(decision);
                    }
                }
            }
            (Some(name), None) => name.enter(decision),
            (None, None) => decision.technical = said,
        }
        if decision.tags.is_empty() && decision.technical.is_none() {
            decision.technical = label.map(|label| Class::new(label.class));
        }
        decision.tags.sort_by(|a, b| b.confidence.cmp(&a.confidence).then_with(|| a.class.cmp(&b.class)));
        decision.tags.dedup_by(|a, b| a.class == b.class);
    }
}

impl Candidate {
    /// Whether the shape alone is proof: all but impossible by accident, in cells enough.
    fn proves(&self) -> bool {
        self.precise && self.bits >= OVERWHELMING_BITS
    }

    fn enter(self, decision: &mut Decision) {
        if self.technical {
            decision.technical = Some(self.tag.class);
            decision.reasons.extend(self.tag.reasons);
        } else if self.tag.confidence >= Confidence::percent(LEAST_CONFIDENCE) {
            decision.contradicted |= self.contradicted;
            decision.tags.push(self.tag);
        } else {
            decision.reasons.extend(self.tag.reasons);
        }
    }
}

/// The surest; of equals what chance does worse, then what is rarer by chance, then the first id.
fn best(candidates: Vec<Candidate>) -> Option<Candidate> {
    candidates.into_iter().min_by(|a, b| {
        (b.confirmed, b.tag.confidence, b.bits)
            .cmp(&(a.confirmed, a.tag.confidence, a.bits))
            .then_with(|| a.chance.cmp(&b.chance))
            .then_with(|| a.tag.rule.cmp(&b.tag.rule))
    })
}
