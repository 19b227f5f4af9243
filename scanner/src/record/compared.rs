//! What the gate made of the findings, what they are against a revision and earlier runs, and their proofs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the gate asked for and why it failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// The lowest severity at which new findings fail it, where that is set apart from `run.fail_on`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fail_on_new: Option<String>,
    /// Days within which a finding is to be mended, by severity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub due: BTreeMap<String, u16>,
    /// Budgets of the configuration with what was found against them.
    pub budgets: Vec<Budget>,
    /// Why it failed, a sentence each; empty if it passed.
    pub reasons: Vec<String>,
}

/// How many findings of a framework may stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    /// `gdpr`.
    pub framework: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// So many may stand.
    pub allowed: usize,
    /// So many do: those of the baseline and of the revision compared with count too, waived ones do not.
    pub found: usize,
}

/// The findings against those of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// The revision as it was asked for.
    pub reference: String,
    /// The commit compared with: where the branch left the reference.
    pub commit: String,
    /// Findings that the revision does not have, or not as grave.
    pub new: usize,
    /// Findings that it has too.
    pub unchanged: usize,
    /// Findings that it has too, in a file of another name.
    pub moved: usize,
    /// Findings that it has and that are gone.
    pub fixed: Vec<Fixed>,
    /// Things that were not read of the revision.
    pub gaps: usize,
}

/// A finding that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fixed {
    /// Identity over all runs.
    pub fingerprint: String,
    /// Policy id.
    pub policy: String,
    /// One line.
    pub title: String,
    /// As in the revision.
    pub severity: String,
    /// The asset's address.
    pub asset: String,
    /// Where it stood.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
}

/// What the ledger tells of the findings over the runs on the same roots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// The run before this one; absent for the first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous: Option<String>,
    /// When that was, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous_at: Option<String>,
    /// Titles of findings that the run before had and this one has not, by fingerprint.
    pub fixed: BTreeMap<String, String>,
    /// What happened to each finding of this run, by fingerprint, oldest first: `2026-11-01 first-seen`.
    pub events: BTreeMap<String, Vec<String>>,
    /// Fingerprints that this run is the first to have, or has again.
    pub new: Vec<String>,
}

/// Where the run stands in the ledger, with a proof for each finding.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Ledger {
    /// The log's name.
    pub origin: String,
    /// Entries in it after this run.
    pub size: u64,
    /// Merkle root over them, lower-case hex.
    pub root: String,
    /// The checkpoint: a signed note, or its unsigned body.
    pub checkpoint: String,
    /// Whether `checkpoint` carries a signature.
    pub signed: bool,
    /// Index of the entry that closes the run.
    pub run_end: u64,
    /// A proof for each finding, in their order.
    pub proofs: Vec<Proof>,
}

/// That the ledger's root covers an entry (RFC 6962 §2.1.1).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The entry's index.
    pub index: u64,
    /// The entry, byte for byte as hashed.
    pub entry: String,
    /// Sibling hashes from the leaf up, lower-case hex.
    pub hashes: Vec<String>,
}
