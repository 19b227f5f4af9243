//! Whether the values can be what a name says, where no shape tells.

use aedile_model::{Basis, Protection};

use super::super::protection;
use super::candidate::{Candidate, name_reason};
use super::evidence::{Evidence, LEAST_REFUTING};
use crate::identifier::Rule;
use crate::identifier::cell::Kind;
use crate::identifier::form::{Distribution, Strength};
use crate::identifier::name::NameMatch;

impl Evidence<'_> {
    /// A telling name over values that are already protected.
    pub(super) fn protected(&self, rule: &Rule, hit: &NameMatch) -> Option<Candidate> {
        if hit.strength == Strength::Weak || rule.spec.is_technical() {
            return None;
        }
        let class = rule.spec.class.as_str();
        let opaque_by_nature = ["pii.online", "pii.id", "phi.mrn", "phi.visit", "credential"]
            .iter()
            .any(|prefix| class.starts_with(prefix));
        let claimed = self.reading.protection.as_ref().map(|(protection, _)| *protection);
        let year =
            rule.spec.distribution == Distribution::BirthDates && self.share(self.profile.kind(Kind::Year)) >= 95;
        let (protection, hits, what) = match year {
            true => (Protection::Truncated, self.profile.kind(Kind::Year), "years only"),
            false => protection::of_values(self.profile, claimed, opaque_by_nature)?,
        };
        let mut candidate = Candidate::new(rule, Basis::NameAndValue, hit.strength.confidence());
        candidate.confirmed = true;
        candidate.because(name_reason(&hit.text));
        candidate.because(format!("{hits} of {} cells are {what}", self.filled));
        candidate.tag.protection = protection;
        candidate.tag.hits = hits;
        candidate.tag.of = self.filled;
        candidate.tag.example_shape = self.profile.masks(|_| true).into_iter().next().map(|(mask, _)| mask);
        Some(candidate)
    }

    /// What the cells are that the class cannot be.
    pub(super) fn blocking(&self, rule: &Rule, asks: bool) -> Option<&'static str> {
        if rule.spec.is_technical() {
            return None;
        }
        let class = rule.spec.class.as_str();
        let of = |prefixes: &[&str]| prefixes.iter().any(|prefix| class.starts_with(prefix));
        let states = !asks && of(&["special", "phi", "children", "pii.demographic", "pii.employment"]);
        let measures = !asks && of(&["special", "phi", "financial", "pii.location", "pii.demographic.age"]);
        let ids = !asks && of(&["pii.id", "pii.online", "phi", "credential", "financial.account", "pii.government"]);
        let dates = rule.spec.distribution == Distribution::BirthDates || (!asks && of(&["phi", "pii.employment"]));
        let kinds = [
            (Kind::Bool, states, "truth values"),
            (Kind::Float, measures, "numbers with a fraction"),
            (Kind::Percent, measures, "percentages"),
            (Kind::Epoch, dates, "seconds or milliseconds since 1970"),
            (Kind::Timestamp, dates, "points in time"),
            (Kind::Date, dates || (!asks && of(&["special", "children"])), "days"),
            (Kind::Version, false, "versions"),
            (Kind::Uuid, ids, "UUIDs"),
        ];
        let blocked = kinds
            .into_iter()
            .find(|(kind, allowed, _)| !allowed && self.share(self.profile.kind(*kind)) >= 90)
            .map(|(_, _, what)| what);
        let sentences = class == "pii.contact.username" && self.share(self.profile.kind(Kind::Words)) >= 50;
        let blocked = blocked.or(sentences.then_some("several words"));
        let blocked = blocked.or_else(|| {
            let numbers = self.share(self.profile.kind(Kind::Int) + self.profile.kind(Kind::Float)) >= 90;
            // Codes of a set are few; what is counted or measured is many things.
            let worded = rule.spec.dictionary.is_some() && rule.spec.shapes.is_empty() && self.profile.distinct() > 12;
            (numbers && (worded || class.starts_with("pii.employment"))).then_some("numbers")
        });
        blocked.or_else(|| {
            // 0 and 1 under a name that is no state are flags.
            let states = states && class != "pii.demographic.age";
            let flag = self.profile.range().is_some_and(|(least, most)| least >= 0 && most <= 1);
            (flag && !states && self.share(self.profile.kind(Kind::Int)) >= 95).then_some("flags")
        })
    }

    /// What the cells of a column that is called an age are, if that cannot be ages: whether somebody is old enough (0 and 1),
    /// or distances from an age (some below nought, more than a code for the unknown would be).
    pub(super) fn no_ages(&self, rule: &Rule) -> Option<&'static str> {
        if rule.spec.class != "pii.demographic.age" || self.filled < LEAST_REFUTING {
            return None;
        }
        let (least, most) = self.profile.range()?;
        let (mut all, mut below, mut distinct) = (0, 0, 0);
        for kept in self.profile.sample().cells() {
            let negative = u64::from(kept.cell.mask().starts_with('-'));
            (all, below, distinct) = (all + kept.count, below + kept.count * negative, distinct + negative);
        }
        match () {
            () if least >= 0 && most <= 1 && self.share(self.profile.kind(Kind::Int)) >= 95 => Some("flags"),
            () if below * 10 >= all && distinct > 1 => Some("numbers below nought"),
            () => None,
        }
    }

    /// Names of people, places and jobs that no list knows are still words; addresses are words and numbers.
    pub(super) fn is_unlisted(&self, rule: &Rule) -> bool {
        let class = rule.spec.class.as_str();
        let words = self.profile.kind(Kind::Word) + self.profile.kind(Kind::Words);
        match class {
            "pii.contact.address" => self.share(words + self.profile.kind(Kind::Other)) >= 80,
            "pii.location.city" | "pii.employment.job" => self.share(words) >= 80 && self.profile.distinct() >= 12,
            _ => class.starts_with("pii.name") && self.share(words) >= 80,
        }
    }

    /// Whether dates lie as births do: over three decades or more.
    pub(super) fn births(&self) -> (bool, String) {
        let decades =
            self.profile.decades().iter().filter(|count| u128::from(**count) * 50 >= u128::from(self.filled)).count();
        let few = self.profile.distinct() < 10;
        (few || decades >= 3, format!("the days spread over {decades} decade{}", if decades == 1 { "" } else { "s" }))
    }
}
