use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;
use time::format_description::well_known::Iso8601;

use crate::judgement::Tally;

/// How an obligation can be assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObligationKind {
    /// From artefacts alone.
    Technical,
    /// A declaration must exist and agree with the artefacts.
    Declared,
    /// By a person; never assessed here.
    Manual,
}

/// What a law or standard demands, in our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// `gdpr:32(1)(a)`: the framework's id, a colon, the place in its text.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// How it can be assessed.
    pub kind: ObligationKind,
    /// The first day it applies, `2026-08-02`; from the start if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_from: Option<String>,
    /// The last day it applies; without end if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_to: Option<String>,
    /// Policies that give evidence for it.
    #[serde(default)]
    pub controls: Vec<String>,
    /// Of a manual one: why no artefact and no declaration shows it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What the evidence is, and what it does not show.
    #[serde(default)]
    pub evidence: String,
    /// What to do where it is not satisfied.
    #[serde(default)]
    pub remediation: String,
}

/// Whether an obligation is met, as far as can be told. Never "compliant" by absence of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObligationStatus {
    /// Every control that found something to judge passed.
    Satisfied,
    /// A control failed.
    NotSatisfied,
    /// Nothing was judged, something could not be decided, or only a person can tell.
    NotAssessed,
}

/// An obligation with its status and the numbers behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObligationResult {
    /// The obligation's id.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// How it can be assessed.
    pub kind: ObligationKind,
    /// Whether it is met.
    pub status: ObligationStatus,
    /// Why it has that status, one clause.
    pub why: String,
    /// How many subjects its controls apply to.
    pub population: u64,
    /// How many of them fail.
    pub exceptions: u64,
    /// How many could not be decided.
    pub inconclusive: u64,
    /// The controls that give evidence.
    pub controls: Vec<String>,
    /// What the evidence is.
    pub evidence: String,
    /// What to do where it is not satisfied.
    pub remediation: String,
}

impl Obligation {
    /// Why it does not apply on `as_of`, if so.
    pub(crate) fn out_of_force(&self, as_of: Date) -> Option<String> {
        let day = |text: &Option<String>| text.as_deref().and_then(|text| Date::parse(text, &Iso8601::DATE).ok());
        if let Some(from) = day(&self.applies_from).filter(|from| as_of < *from) {
            return Some(format!("applies from {from}"));
        }
        day(&self.applies_to).filter(|to| as_of > *to).map(|to| format!("applied until {to}"))
    }

    /// A control that nothing was found for is no evidence; how many there are is told beside the passes.
    fn all_pass(&self, population: u64, found: &[&Tally]) -> String {
        let empty = self.controls.len() - found.iter().filter(|tally| tally.population() > 0).count();
        match empty {
            0 => format!("all {population} pass"),
            _ => format!("all {population} pass; {empty} of {} controls found nothing to judge", self.controls.len()),
        }
    }

    pub(crate) fn assess(&self, tallies: &BTreeMap<String, Tally>, as_of: Date) -> ObligationResult {
        let found: Vec<&Tally> = self.controls.iter().filter_map(|control| tallies.get(control)).collect();
        let sum = |count: fn(&Tally) -> u64| found.iter().map(|tally| count(tally)).sum::<u64>();
        let population = sum(Tally::population);
        let (failed, undecided) = (sum(|tally| tally.fail), sum(|tally| tally.inconclusive));
        let (status, why) = if let Some(why) = self.out_of_force(as_of) {
            (ObligationStatus::NotAssessed, why)
        } else if self.kind == ObligationKind::Manual {
            (ObligationStatus::NotAssessed, format!("only a person can tell: {}", self.why))
        } else if failed > 0 {
            (ObligationStatus::NotSatisfied, format!("{failed} of {population} fail"))
        } else if undecided > 0 {
            (ObligationStatus::NotAssessed, format!("{undecided} of {population} depend on something unknown"))
        } else if population == 0 {
            (ObligationStatus::NotAssessed, "nothing that its controls apply to was found".to_owned())
        } else {
            (ObligationStatus::Satisfied, self.all_pass(population, &found))
        };
        ObligationResult {
            id: self.id.clone(),
            title: self.title.clone(),
            kind: self.kind,
            status,
            why,
            population,
            exceptions: failed,
            inconclusive: undecided,
            controls: self.controls.clone(),
            evidence: self.evidence.clone(),
            remediation: self.remediation.clone(),
        }
    }
}
