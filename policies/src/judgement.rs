use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, Finding, Severity, Unknown, Verdict};
use serde::{Deserialize, Serialize};
use time::Date;

/// The organisation as it operates, as far as policies ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// Regions and groups of regions (`EEA`, `us-east-1`) that personal data may lie in; empty if
    /// the organisation declares none. Groups are upper case, region ids lower case.
    pub residency: BTreeSet<String>,
    /// The day that obligations are judged as of. A parameter: nothing here reads a clock.
    pub as_of: Date,
}

/// How often a policy gave which verdict: its population, for an auditor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// It applies and is kept.
    pub pass: u64,
    /// It applies and is broken.
    pub fail: u64,
    /// It could have applied by type, and does not.
    pub not_applicable: u64,
    /// It depends on something unknown.
    pub inconclusive: u64,
}

impl Tally {
    /// Counts `verdict`.
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Fail => self.fail += 1,
            Verdict::NotApplicable => self.not_applicable += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
        }
    }

    /// How many subjects the policy applies to, decided or not.
    #[must_use]
    pub fn population(&self) -> u64 {
        self.pass + self.fail + self.inconclusive
    }
}

/// One verdict of one policy on one request. Requests that a policy does not apply to are only counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The policy.
    pub policy: String,
    /// Who acts; `None` is the platform itself.
    pub principal: Option<AssetId>,
    /// The Cedar action, `operate`, `read`, `send`.
    pub action: String,
    /// What is acted on.
    pub resource: AssetId,
    /// Which of the inventory's relations asked, by index; `None` for questions about configuration.
    pub relation: Option<usize>,
    /// Pass, Fail or Inconclusive.
    pub verdict: Verdict,
    /// What is at stake, given what is really held; `None` on a Pass.
    pub severity: Option<Severity>,
    /// For Inconclusive: the attributes that the verdict depends on, and why they have no value.
    pub unknown: Vec<(String, Unknown)>,
}

/// Something that could not be asked or answered. Never a pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JudgeError {
    /// The policy, if one is at fault.
    pub policy: Option<String>,
    /// The asset, if one is concerned.
    pub asset: Option<AssetId>,
    /// What happened, one line.
    pub message: String,
}

/// What the policies say of an inventory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// Counts by policy, with an entry for every policy in force.
    pub tallies: BTreeMap<String, Tally>,
    /// Every Pass, Fail and Inconclusive, sorted by policy, principal, resource, relation, action.
    pub decisions: Vec<Decision>,
    /// What to act on, sorted by severity (worst first), policy, asset, fingerprint.
    pub findings: Vec<Finding>,
    /// What went wrong while judging, sorted.
    pub errors: Vec<JudgeError>,
}
