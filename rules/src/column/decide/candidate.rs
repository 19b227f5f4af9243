//! One rule against one column.

use aedile_model::{Basis, Confidence, Protection, Tag};

use super::super::{ColumnProfile, protection, surprise_bits};
use crate::identifier::Rule;
use crate::identifier::cell::Kind;
use crate::identifier::form::{Distribution, Strength};
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
}

/// The counts that rules are held against.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    profile: &'a ColumnProfile,
    reading: &'a Reading,
    filled: u64,
}

/// Counts of one rule: over all cells, and over the kept distinct ones.
#[derive(Debug, Clone, Copy)]
struct Counts {
    shaped: u64,
    valid: u64,
    listed: u64,
    distinct_shaped: u64,
    distinct_valid: u64,
    bits: u32,
}

/// Cells of a column, in percent, that must fit for the column to be of the class.
const LEAST_COVERAGE: u64 = 60;

/// Surprise that values alone need: 2²⁰ is far more columns and rules than a scan holds.
const BITS_ALONE: u32 = 20;

/// Surprise that values need when the name says the same.
const BITS_NAMED: u32 = 6;

/// Distinct cells that must fail a check before it contradicts a name.
const LEAST_FAILURES: u64 = 8;

/// Distinct entries of a word list without which cells alone say nothing.
const LEAST_LISTED: u64 = 20;

impl Strength {
    fn confidence(self) -> u8 {
        match self {
            Strength::Strong => 80,
            Strength::Medium => 60,
            Strength::Weak => 35,
        }
    }
}

pub(super) fn name_reason(text: &str) -> String {
    match text.contains(|c: char| !c.is_alphanumeric()) {
        true => format!("name words `{text}`"),
        false => format!("name token `{text}`"),
    }
}

impl Candidate {
    fn new(rule: &Rule, basis: Basis, confidence: u8) -> Candidate {
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

    fn because(&mut self, reason: String) {
        self.tag.reasons.push(reason);
    }
}

impl<'a> Evidence<'a> {
    pub(super) fn new(profile: &'a ColumnProfile, reading: &'a Reading) -> Evidence<'a> {
        Evidence {
            profile,
            reading,
            filled: profile.filled(),
        }
    }

    fn share(&self, hits: u64) -> u64 {
        u64::try_from(u128::from(hits) * 100 / u128::from(self.filled.max(1))).unwrap_or(0)
    }

    fn counts(&self, at: usize, rule: &Rule) -> Counts {
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        let (mut distinct_shaped, mut distinct_valid) = (0, 0);
        for kept in self.profile.sample().cells() {
            if let Some((_, valid)) = kept
                .facts
                .shaped
                .iter()
                .find(|(shaped, _)| *shaped == number)
            {
                distinct_shaped += 1;
                distinct_valid += u64::from(*valid);
            }
        }
        let of = if rule.spec.validator.is_some() {
            distinct_shaped
        } else {
            self.profile.sample().len()
        };
        Counts {
            shaped: self.profile.shaped(at),
            valid: self.profile.valid(at),
            listed: self.profile.listed(at),
            distinct_shaped,
            distinct_valid,
            bits: surprise_bits(distinct_valid, of, rule.spec.chance_permille),
        }
    }

    /// The rule by values alone.
    pub(super) fn alone(&self, at: usize, rule: &Rule) -> Option<Candidate> {
        if rule.spec.needs_name || (self.profile.shaped(at) == 0 && self.profile.listed(at) == 0) {
            return None;
        }
        let n = self.counts(at, rule);
        if !rule.spec.shapes.is_empty()
            && self.share(n.valid) >= LEAST_COVERAGE
            && n.bits >= BITS_ALONE
            && n.distinct_valid * 10 >= n.distinct_shaped * 9
        {
            let confidence = if self.share(n.valid) >= 90 { 90 } else { 75 };
            return Some(self.with_values(
                Candidate::new(rule, Basis::Value, confidence),
                rule,
                at,
                &n,
            ));
        }
        let distinct = self.profile.distinct();
        if rule.spec.dictionary.is_some()
            && self.share(n.listed) >= 75
            && distinct >= LEAST_LISTED
            && self.share(n.shaped) < LEAST_COVERAGE
        {
            return Some(self.with_list(Candidate::new(rule, Basis::Value, 65), rule, at, &n));
        }
        None
    }

    /// The rule whose name the column has. Reasons against it go to `against`.
    pub(super) fn named(
        &self,
        at: usize,
        rule: &Rule,
        hit: &NameMatch,
        against: &mut Vec<String>,
    ) -> Option<Candidate> {
        let n = self.counts(at, rule);
        let base = hit.strength.confidence();
        let asks = !rule.spec.shapes.is_empty() || rule.spec.dictionary.is_some();
        let fits = !rule.spec.shapes.is_empty() && self.share(n.valid) >= LEAST_COVERAGE;
        let listed = rule.spec.dictionary.is_some() && self.share(n.listed) >= 50;
        let weak = hit.strength == Strength::Weak;
        if listed || (fits && (n.bits >= BITS_NAMED || !weak)) {
            return Some(self.agreed(rule, at, hit, &n, listed));
        }
        if let Some(candidate) = self.protected(rule, hit) {
            return Some(candidate);
        }
        if weak {
            return None;
        }
        if let Some(what) = self.blocking(rule, asks) {
            against.push(format!(
                "{}, but the cells are {what}",
                name_reason(&hit.text)
            ));
            return None;
        }
        let mut candidate = Candidate::by_name(rule, hit, self.reading)?;
        candidate.tag.of = self.filled;
        if !asks {
            return Some(candidate);
        }
        candidate.tag.hits = n.valid.max(n.listed);
        let checked = rule.spec.validator.is_some() && self.share(n.shaped) >= LEAST_COVERAGE;
        if checked
            && n.distinct_shaped >= LEAST_FAILURES
            && n.distinct_valid * 2 < n.distinct_shaped
        {
            candidate.contradicted = true;
            candidate.tag.confidence =
                Confidence::percent(base.saturating_sub(30).max(super::LEAST_CONFIDENCE));
            candidate.tag.example_shape = self.example(at, false);
            candidate.because(format!("{} of {} cells have the shape and {} pass the check: synthetic, masked or another number", n.shaped, self.filled, n.valid));
            return Some(candidate);
        }
        let lower = if self.share(n.valid.max(n.listed)) >= 20 || self.is_unlisted_name(rule) {
            10
        } else {
            25
        };
        candidate.tag.confidence = Confidence::percent(base.saturating_sub(lower));
        candidate.because(format!(
            "{} of {} cells fit",
            n.valid.max(n.listed),
            self.filled
        ));
        Some(candidate)
    }

    /// Name and values agree.
    fn agreed(
        &self,
        rule: &Rule,
        at: usize,
        hit: &NameMatch,
        n: &Counts,
        listed: bool,
    ) -> Candidate {
        let proven = listed || n.bits >= BITS_NAMED;
        let confidence = match (hit.strength, proven) {
            (Strength::Strong, true) => 97,
            (Strength::Medium, true) => 92,
            (Strength::Weak, _) => 75,
            (Strength::Strong, false) => 88,
            (Strength::Medium, false) => 70,
        };
        let mut candidate = Candidate::new(rule, Basis::NameAndValue, confidence);
        candidate.confirmed = true;
        candidate.because(name_reason(&hit.text));
        if rule.spec.distribution == Distribution::BirthDates {
            let (spread, reason) = self.births();
            candidate.because(reason);
            if !spread {
                candidate.tag.confidence =
                    Confidence::percent(hit.strength.confidence().saturating_sub(15));
            }
        }
        match listed && self.share(n.valid) < LEAST_COVERAGE {
            true => self.with_list(candidate, rule, at, n),
            false => self.with_values(candidate, rule, at, n),
        }
    }

    fn with_values(
        &self,
        mut candidate: Candidate,
        rule: &Rule,
        at: usize,
        n: &Counts,
    ) -> Candidate {
        candidate.bits = n.bits;
        candidate.tag.hits = n.valid;
        candidate.tag.of = self.filled;
        candidate.tag.example_shape = self.example(at, true);
        candidate.because(match &rule.spec.validator {
            Some(check) => format!(
                "{} of {} cells pass the check `{check}`",
                n.valid, self.filled
            ),
            None => format!("{} of {} cells have the shape", n.valid, self.filled),
        });
        if rule.spec.validator.is_some() && n.bits > 0 {
            let bits = n.bits.min(64);
            candidate.because(format!(
                "chance would do as well in one of 2^{bits} columns"
            ));
        }
        candidate
    }

    fn with_list(&self, mut candidate: Candidate, rule: &Rule, at: usize, n: &Counts) -> Candidate {
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        let list = rule.spec.dictionary.as_deref().unwrap_or_default();
        candidate.tag.hits = n.listed;
        candidate.tag.of = self.filled;
        candidate.tag.example_shape = self
            .profile
            .masks(|facts| facts.listed.contains(&number))
            .into_iter()
            .next()
            .map(|(mask, _)| mask);
        candidate.because(format!(
            "{} of {} cells are in the word list `{list}`",
            n.listed, self.filled
        ));
        candidate
    }

    fn example(&self, at: usize, valid: bool) -> Option<String> {
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        let shapes = self.profile.masks(|facts| {
            facts
                .shaped
                .iter()
                .any(|(rule, passes)| *rule == number && (*passes || !valid))
        });
        shapes.into_iter().next().map(|(mask, _)| mask)
    }

    /// A telling name over values that are already protected.
    fn protected(&self, rule: &Rule, hit: &NameMatch) -> Option<Candidate> {
        if hit.strength == Strength::Weak || rule.spec.is_technical() {
            return None;
        }
        let class = rule.spec.class.as_str();
        let opaque_by_nature = ["pii.online", "pii.id", "phi.mrn", "phi.visit", "credential"]
            .iter()
            .any(|prefix| class.starts_with(prefix));
        let claimed = self
            .reading
            .protection
            .as_ref()
            .map(|(protection, _)| *protection);
        let year = rule.spec.distribution == Distribution::BirthDates
            && self.share(self.profile.kind(Kind::Year)) >= 95;
        let (protection, hits, what) = match year {
            true => (
                Protection::Truncated,
                self.profile.kind(Kind::Year),
                "years only",
            ),
            false => protection::of_values(self.profile, claimed, opaque_by_nature)?,
        };
        let mut candidate = Candidate::new(rule, Basis::NameAndValue, hit.strength.confidence());
        candidate.confirmed = true;
        candidate.because(name_reason(&hit.text));
        candidate.because(format!("{hits} of {} cells are {what}", self.filled));
        candidate.tag.protection = protection;
        candidate.tag.hits = hits;
        candidate.tag.of = self.filled;
        candidate.tag.example_shape = self
            .profile
            .masks(|_| true)
            .into_iter()
            .next()
            .map(|(mask, _)| mask);
        Some(candidate)
    }

    /// What the cells are that the class cannot be.
    fn blocking(&self, rule: &Rule, asks: bool) -> Option<&'static str> {
        if rule.spec.is_technical() {
            return None;
        }
        let class = rule.spec.class.as_str();
        let of = |prefixes: &[&str]| prefixes.iter().any(|prefix| class.starts_with(prefix));
        let states = !asks
            && of(&[
                "special",
                "phi",
                "children",
                "pii.demographic",
                "pii.employment",
            ]);
        let measures = !asks
            && of(&[
                "special",
                "phi",
                "financial",
                "pii.location",
                "pii.demographic.age",
            ]);
        let ids = !asks
            && of(&[
                "pii.id",
                "pii.online",
                "phi",
                "credential",
                "financial.account",
                "pii.government",
            ]);
        let dates = rule.spec.distribution == Distribution::BirthDates
            || (!asks && of(&["phi", "pii.employment"]));
        let kinds = [
            (Kind::Bool, states, "truth values"),
            (Kind::Float, measures, "numbers with a fraction"),
            (Kind::Percent, measures, "percentages"),
            (Kind::Epoch, dates, "seconds or milliseconds since 1970"),
            (Kind::Timestamp, dates, "points in time"),
            (
                Kind::Date,
                dates || (!asks && of(&["special", "children"])),
                "days",
            ),
            (Kind::Version, false, "versions"),
            (Kind::Uuid, ids, "UUIDs"),
        ];
        let blocked = kinds
            .into_iter()
            .find(|(kind, allowed, _)| !allowed && self.share(self.profile.kind(*kind)) >= 90)
            .map(|(_, _, what)| what);
        blocked.or_else(|| {
            // 0 and 1 under a name that is no state are flags.
            let flag = self
                .profile
                .range()
                .is_some_and(|(least, most)| least >= 0 && most <= 1);
            (flag && !states && self.share(self.profile.kind(Kind::Int)) >= 95).then_some("flags")
        })
    }

    /// Names of people that no list knows are still words.
    fn is_unlisted_name(&self, rule: &Rule) -> bool {
        rule.spec.class.starts_with("pii.name")
            && self.share(self.profile.kind(Kind::Word) + self.profile.kind(Kind::Words)) >= 80
    }

    /// Whether dates lie as births do: over three decades or more.
    fn births(&self) -> (bool, String) {
        let decades = self
            .profile
            .decades()
            .iter()
            .filter(|count| u128::from(**count) * 50 >= u128::from(self.filled))
            .count();
        let few = self.profile.distinct() < 10;
        (
            few || decades >= 3,
            format!(
                "the days spread over {decades} decade{}",
                if decades == 1 { "" } else { "s" }
            ),
        )
    }
}
