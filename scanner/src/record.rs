//! The recorded run: the one thing that reports read.
//!
//! This type is frozen and versioned by [`SCHEMA`]; its JSON Schema is published as
//! `docs/schema/run-1.schema.json`. Fields may be added, none is renamed or removed within a version.
//! It holds no sampled value: only counts, masked shapes, and source lines with credentials and
//! personal data masked.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod compared;
mod judged;
mod platform;

pub use compared::{Budget, Diff, Fixed, Gate, History, Ledger, Proof};
pub use judged::{Bytes, Citation, Control, Finding, Framework, Obligation, Patch, Remediation, Step, Subject, Waiver};
pub use platform::{Asset, Column, Dataset, Flow, Relation, Tag};

/// The version of this form.
pub const SCHEMA: &str = "aedile.run.v1";

/// What has been added to the form: since 1 assets and relations hold all that policies ask of them, so that a recorded
/// inventory can be judged again.
pub const REVISION: u32 = 1;

/// Everything one scan saw and judged.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`REVISION`] of the program that recorded it; 0 before revisions were counted.
    #[serde(default)]
    pub revision: u32,
    /// What judged.
    pub tool: Tool,
    /// When, on what, by which configuration.
    pub run: RunInfo,
    /// The counts that every format agrees on.
    pub summary: Summary,
    /// What was read and what was not.
    pub coverage: Coverage,
    /// Every asset, by id.
    pub assets: Vec<Asset>,
    /// Every relation between them.
    pub relations: Vec<Relation>,
    /// Datasets and tables with their columns' classes.
    pub datasets: Vec<Dataset>,
    /// Every control in force, by id, whether or not it found something.
    pub controls: Vec<Control>,
    /// Population and result of every control, by id.
    pub verdicts: BTreeMap<String, Tally>,
    /// The assets that kept a control, by control, as indices into `assets`.
    #[serde(default)]
    pub passed: BTreeMap<String, Vec<usize>>,
    /// Laws and standards, with the state of each obligation.
    pub frameworks: Vec<Framework>,
    /// What is wrong or could not be decided, most severe first.
    pub findings: Vec<Finding>,
    /// Every waiver that was read, used or not.
    pub waivers: Vec<Waiver>,
    /// What the gate asked for and why it failed.
    #[serde(default)]
    pub gate: Gate,
    /// The revision that the findings were compared with; absent without `--diff`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub diff: Option<Diff>,
    /// What the ledger tells of the findings over the runs; absent unless a report shows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub history: Option<History>,
    /// Where the run is recorded; absent with `--ledger none`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ledger: Option<Ledger>,
}

/// The program and every pack in force.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `aedile`.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// Rule packs, policies and frameworks with their digests.
    pub packs: Vec<Pack>,
}

/// A text of rules, policies or obligations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Pack {
    /// Embedded name or path.
    pub name: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

/// The circumstances of a run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RunInfo {
    /// Identity: digest of everything below and of the packs.
    pub id: String,
    /// Start, RFC 3339 UTC; midnight of `as_of` where that was given.
    pub started: String,
    /// The date that expiry and applicability are judged by, `YYYY-MM-DD`.
    pub as_of: String,
    /// The roots as given.
    pub roots: Vec<String>,
    /// SHA-256 of the configuration in force.
    pub config_sha256: String,
    /// The git commit that the first root's repository stands at, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// What the beginnings of shown paths are in the repository: `""` → `infra/` if `infra` alone was scanned.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub below: BTreeMap<String, String>,
    /// The organisation or platform, from the configuration.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entity: Option<String>,
    /// The period that the report is about, from the configuration.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub period: Option<String>,
    /// Who answers for the scan, from the configuration.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operator: Option<String>,
    /// The lowest severity that fails the gate; `never` if none does.
    pub fail_on: String,
    /// Whether undecided verdicts and gaps fail the gate.
    pub strict: bool,
    /// Regions, or groups of them, in which personal data may lie, from the configuration.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub residency: Vec<String>,
}

/// How the gate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing at or above the gate's severity.
    Clean,
    /// Findings at or above it that are neither waived nor in the baseline nor in the revision compared with, or a
    /// budget that is exceeded.
    Findings,
    /// `strict` and something was not read or not decided.
    Undecided,
}

/// The counts that every format agrees on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// How the gate ended.
    pub outcome: Outcome,
    /// The exit code that follows from it.
    pub exit_code: u8,
    /// All findings, waived and old ones included.
    pub findings: usize,
    /// Findings by severity that are neither waived nor in the baseline nor in the revision compared with; all four
    /// severities are listed.
    pub open_by_severity: BTreeMap<String, usize>,
    /// Of all findings, those that a waiver excuses.
    pub waived: usize,
    /// Of all findings, those that the baseline knows.
    pub in_baseline: usize,
    /// Of all findings, those that the revision compared with has too.
    #[serde(default)]
    pub unchanged: usize,
    /// Of all findings, those that could not be decided.
    pub inconclusive: usize,
    /// Things that were not read.
    pub gaps: usize,
    /// Verdicts over all controls.
    pub verdicts: Tally,
    /// Files read.
    pub files: usize,
    /// Assets found.
    pub assets: usize,
}

/// How many subjects a control was asked about and what came out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Applies and is kept.
    pub pass: usize,
    /// Applies and is broken.
    pub fail: usize,
    /// Does not apply.
    pub not_applicable: usize,
    /// Depends on something unknown.
    pub inconclusive: usize,
}

/// What was read.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Files under the roots, less the excluded ones.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files read by each crawler.
    pub parsed: BTreeMap<String, usize>,
    /// Files that no crawler reads, by extension.
    pub unclaimed: BTreeMap<String, usize>,
    /// Rows read of each dataset, and how many there are where that is known.
    pub datasets: BTreeMap<String, Rows>,
    /// Patterns of what was not entered, with the number of entries each kept out.
    pub excluded: BTreeMap<String, usize>,
    /// What was skipped.
    pub gaps: Vec<Gap>,
}

/// How much of a dataset was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rows {
    /// Rows read.
    pub read: u64,
    /// Rows there are, where the format says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub total: Option<u64>,
}

/// Something that was not read, parsed, resolved or decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// `unreadable`, `undecodable`, `unparsed`, `unresolved`, `unsupported`, `limit`, `link`.
    pub kind: String,
    /// Where.
    pub place: Place,
    /// What was not done and why.
    pub message: String,
    /// The reason for which the configuration accepts it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accepted: Option<String>,
}

/// A line and column, 1-based, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Relative to the root, `/` as separator.
    pub path: String,
    /// First character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// Notebook cell, 1-based.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cell: Option<u32>,
    /// The source lines from `start.line` on, credentials and personal data masked; absent for data files.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub snippet: Option<String>,
}
