//! One rule against the counts of one column.

use aedile_model::{Basis, Confidence};

use super::super::{ColumnProfile, Reads, surprise_bits};
use super::candidate::{Candidate, name_reason};
use crate::identifier::Rule;
use crate::identifier::form::{Distribution, Strength};
use crate::identifier::name::{NameMatch, Reading};
use crate::identifier::shape::LONGEST_CELL;

/// The counts that rules are held against.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    pub(super) profile: &'a ColumnProfile,
    pub(super) reading: &'a Reading,
    pub(super) filled: u64,
}

/// Counts of one rule. Over all cells, where only kept ones were asked scaled from them; and over the
/// kept distinct cells.
#[derive(Debug, Clone, Copy, Default)]
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

/// Surprise from which a check that passes outweighs how numbers look: points in time, versions.
const BITS_DECISIVE: u32 = 60;

/// Surprise that values need when the name says the same.
const BITS_NAMED: u32 = 6;

/// Distinct cells that must fail a check before it contradicts a name.
const LEAST_FAILURES: u64 = 8;

/// Cells, in percent, that must read like a name or place where nothing else speaks.
const LEAST_READ: u64 = 75;

/// Cells, in percent, that must read like names of people or towns where it is not clear which.
const LEAST_PROPER: u64 = 82;

/// From here on the letters are sure.
const SURE_READ: u64 = 90;

/// Cells, in percent, that must read like what the column's name says.
const LEAST_READ_NAMED: u64 = 50;

/// Distinct cells without which letters alone say nothing.
const LEAST_READ_CELLS: u64 = 20;

/// Cells of which none fits before they refute a name.
pub(super) const LEAST_REFUTING: u64 = 20;

/// Distinct entries of a word list without which cells alone say nothing.
const LEAST_LISTED: u64 = 6;

impl<'a> Evidence<'a> {
    pub(super) fn new(profile: &'a ColumnProfile, reading: &'a Reading) -> Evidence<'a> {
        Evidence { profile, reading, filled: profile.filled() }
    }

    /// `hits` of the filled cells, in percent.
    pub(super) fn share(&self, hits: u64) -> u64 {
        u64::try_from(u128::from(hits) * 100 / u128::from(self.filled.max(1))).unwrap_or(0)
    }

    fn counts(&self, at: usize, rule: &Rule) -> Counts {
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        let mut n = Counts { shaped: self.profile.shaped(at), ..Counts::default() };
        let (mut kept, mut shaped, mut valid, mut listed) = (0, 0, 0, 0);
        for cell in self.profile.sample().cells() {
            kept += cell.count;
            let Some(facts) = cell.cell.facts() else { continue };
            if let Some((_, passes)) = facts.shaped.iter().find(|(rule, _)| *rule == number) {
                shaped += cell.count;
                valid += cell.count * u64::from(*passes);
                n.distinct_shaped += 1;
                n.distinct_valid += u64::from(*passes);
            }
            listed += cell.count * u64::from(facts.listed.contains(&number));
        }
        n.listed = scaled(listed, kept, self.filled);
        n.valid = match rule.speaks {
            true => self.profile.valid(at),
            false => scaled(valid, shaped, n.shaped),
        };
        let of = match rule.spec.validator {
            Some(_) => n.distinct_shaped,
            None => self.profile.sample().len(),
        };
        n.bits = surprise_bits(n.distinct_valid, of, rule.spec.chance_permille);
        n
    }

    /// The rule by values alone.
    pub(super) fn alone(&self, at: usize, rule: &Rule) -> Option<Candidate> {
        if let Some(candidate) = self.reads_alone(rule) {
            return Some(candidate);
        }
        if rule.spec.needs_name || (self.profile.shaped(at) == 0 && rule.spec.dictionary.is_none()) {
            return None;
        }
        let n = self.counts(at, rule);
        if !rule.spec.shapes.is_empty()
            && self.share(n.valid) >= LEAST_COVERAGE
            && n.bits >= BITS_ALONE
            && n.distinct_valid * 10 >= n.distinct_shaped * 9
        {
            let confidence = if self.share(n.valid) >= 90 { 90 } else { 75 };
            let mut candidate = self.with_values(Candidate::new(rule, Basis::Value, confidence), rule, at, &n);
            candidate.decisive = n.bits >= BITS_DECISIVE && rule.spec.validator.is_some();
            return Some(candidate);
        }
        let distinct = self.profile.distinct();
        if rule.spec.dictionary.is_some()
            && self.share(n.listed) >= 75
            && distinct >= LEAST_LISTED
            && self.share(n.shaped) < LEAST_COVERAGE
        {
            let mut candidate = self.with_list(Candidate::new(rule, Basis::Value, 65), rule, at, &n);
            candidate.decisive = self.share(n.listed) >= 90;
            return Some(candidate);
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
        let read = rule.spec.reads.is_some_and(|reads| self.reads(reads) >= LEAST_READ_NAMED);
        let weak = hit.strength == Strength::Weak;
        // A name that is not said to be a person's may be a company's.
        let read = read && !(weak && self.reads(Reads::Organisation) >= 20);
        let listed = (rule.spec.dictionary.is_some() && self.share(n.listed) >= 50) || read;
        if let Some(what) = self.no_ages(rule) {
            against.push(format!("{}, but the cells are {what}", name_reason(&hit.text)));
            return None;
        }
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
            against.push(format!("{}, but the cells are {what}", name_reason(&hit.text)));
            return None;
        }
        let mut candidate = Candidate::by_name(rule, hit, self.reading)?;
        candidate.tag.of = self.filled;
        if !asks {
            return Some(candidate);
        }
        candidate.tag.hits = n.valid.max(n.listed);
        if rule.spec.reads.is_some_and(Reads::is_name) && self.reads(Reads::Organisation) >= LEAST_READ_NAMED {
            candidate.because(format!("most cells read like {}", Reads::Organisation.plural()));
            candidate.tag.confidence = Confidence::percent(base.saturating_sub(35));
            return Some(candidate);
        }
        let checked = rule.spec.validator.is_some() && self.share(n.shaped) >= LEAST_COVERAGE;
        if checked && n.distinct_shaped >= LEAST_FAILURES && n.distinct_valid * 2 < n.distinct_shaped {
            candidate.contradicted = true;
            candidate.tag.confidence = Confidence::percent(base.saturating_sub(30).max(super::LEAST_CONFIDENCE));
            candidate.tag.example_shape = self.example(at, false);
            candidate.because(format!(
                "{} of {} cells have the shape and {} pass the check: synthetic, masked or another number",
                n.shaped, self.filled, n.valid
            ));
            return Some(candidate);
        }
        let lower = match () {
            () if self.share(n.valid.max(n.listed)) >= 20 || self.is_unlisted(rule) => 10,
            () if self.refuted(rule, &n) => 35,
            () => 25,
        };
        candidate.tag.confidence = Confidence::percent(base.saturating_sub(lower));
        candidate.because(format!("{} of {} cells fit", n.valid.max(n.listed), self.filled));
        Some(candidate)
    }

    /// Whether the cells of a column of some length are none of what the name says, although all that could be is
    /// known: a check digit's shape, the words of a closed set.
    fn refuted(&self, rule: &Rule, n: &Counts) -> bool {
        const CLOSED: &[&str] = &["ethnicities", "genders", "marital_statuses", "nationalities", "religions"];
        let known = match (&rule.spec.validator, &rule.spec.dictionary) {
            (Some(_), _) => rule.spec.chance_permille < 500,
            (None, Some(list)) => CLOSED.contains(&list.as_str()),
            (None, None) => rule.spec.chance_permille < 100,
        };
        // Codes of a letter stand for words, and what is too long was not asked.
        let (_, longest) = self.profile.lengths().unwrap_or_default();
        let codes = rule.spec.dictionary.is_some() && longest <= 2;
        let asked = !codes && usize::try_from(longest).is_ok_and(|longest| longest <= LONGEST_CELL);
        known && asked && self.filled >= LEAST_REFUTING && self.share(n.shaped.max(n.listed)) < 5
    }

    /// Name and values agree.
    fn agreed(&self, rule: &Rule, at: usize, hit: &NameMatch, n: &Counts, listed: bool) -> Candidate {
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
                candidate.tag.confidence = Confidence::percent(hit.strength.confidence().saturating_sub(15));
            }
        }
        match (rule.spec.reads, listed && self.share(n.valid) < LEAST_COVERAGE) {
            (Some(reads), true) if self.share(n.listed) < 50 => self.with_reading(candidate, reads),
            (_, true) => self.with_list(candidate, rule, at, n),
            (_, false) => self.with_values(candidate, rule, at, n),
        }
    }

    fn with_values(&self, mut candidate: Candidate, rule: &Rule, at: usize, n: &Counts) -> Candidate {
        candidate.bits = n.bits;
        candidate.tag.hits = n.valid;
        candidate.tag.of = self.filled;
        candidate.tag.example_shape = self.example(at, true);
        candidate.because(match &rule.spec.validator {
            Some(check) => format!("{} of {} cells pass the check `{check}`", n.valid, self.filled),
            None => format!("{} of {} cells have the shape", n.valid, self.filled),
        });
        if rule.spec.validator.is_some() && n.bits > 0 {
            let bits = n.bits.min(64);
            candidate.because(format!("chance would do as well in one of 2^{bits} columns"));
        }
        candidate
    }

    fn with_list(&self, mut candidate: Candidate, rule: &Rule, at: usize, n: &Counts) -> Candidate {
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        let list = rule.spec.dictionary.as_deref().unwrap_or_default();
        candidate.tag.hits = n.listed;
        candidate.tag.of = self.filled;
        candidate.tag.example_shape =
            self.profile.masks(|facts| facts.listed.contains(&number)).into_iter().next().map(|(mask, _)| mask);
        candidate.because(format!("{} of {} cells are in the word list `{list}`", n.listed, self.filled));
        candidate
    }

    /// The share of kept cells, in percent, that read like `wanted`; parts of names count as names.
    fn reads(&self, wanted: Reads) -> u64 {
        let (hits, of) = self.read_counts(|reads| reads == wanted || (wanted.is_name() && reads.is_name()));
        hits * 100 / of.max(1)
    }

    fn read_counts(&self, which: impl Fn(Reads) -> bool) -> (u64, u64) {
        let cells = self.profile.sample().cells();
        cells.fold((0, 0), |(hits, of), cell| {
            (
                hits + cell.count * u64::from(cell.cell.facts().and_then(|facts| facts.reads).is_some_and(&which)),
                of + cell.count,
            )
        })
    }

    /// The rule by how the cells read, where nothing else speaks.
    fn reads_alone(&self, rule: &Rule) -> Option<Candidate> {
        let wanted = rule.spec.reads?;
        let share = self.reads(wanted);
        // Towns and families have one another's names: together they are proper names.
        let (proper, of) = self.read_counts(|reads| reads.is_name() || reads == Reads::City);
        let mixed = (wanted.is_name() || wanted == Reads::City) && proper * 100 >= of * LEAST_PROPER;
        if (share < LEAST_READ && !mixed) || self.profile.distinct() < LEAST_READ_CELLS {
            return None;
        }
        // Of those the one that most cells are.
        let own = self.read_counts(|reads| reads == wanted).0;
        let others = [Reads::Person, Reads::Given, Reads::Family, Reads::City];
        let more = |reads: &Reads| *reads != wanted && self.read_counts(|cell| cell == *reads).0 > own;
        if others.contains(&wanted) && others.iter().any(more) {
            return None;
        }
        let confidence = match share {
            SURE_READ.. => 80,
            LEAST_READ.. => 65,
            _ => 55,
        };
        let mut candidate = Candidate::new(rule, Basis::Value, confidence);
        candidate.decisive = share >= SURE_READ;
        Some(self.with_reading(candidate, wanted))
    }

    fn with_reading(&self, mut candidate: Candidate, wanted: Reads) -> Candidate {
        let fits = |reads: Reads| reads == wanted || (wanted.is_name() && reads.is_name());
        let (hits, of) = self.read_counts(fits);
        candidate.tag.hits = scaled(hits, of, self.filled);
        candidate.tag.of = self.filled;
        let masks = self.profile.masks(|facts| facts.reads.is_some_and(fits));
        candidate.tag.example_shape = masks.into_iter().next().map(|(mask, _)| mask);
        candidate.because(format!("{hits} of {of} sampled cells read like {}", wanted.plural()));
        candidate
    }

    fn example(&self, at: usize, valid: bool) -> Option<String> {
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        let shapes = self
            .profile
            .masks(|facts| facts.shaped.iter().any(|(rule, passes)| *rule == number && (*passes || !valid)));
        shapes.into_iter().next().map(|(mask, _)| mask)
    }
}

/// `part` of `whole`, taken over to `all`. Exact where `whole` is all.
fn scaled(part: u64, whole: u64, all: u64) -> u64 {
    let scaled = u128::from(part) * u128::from(all) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}
