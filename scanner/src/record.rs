//! The recorded run: the one thing that reports read.
//!
//! This type is frozen and versioned by [`SCHEMA`]; its JSON Schema is published as
//! `docs/schema/run-1.schema.json`. Fields may be added, none is renamed or removed within a version.
//! It holds no sampled value: only counts, masked shapes, and source lines with credentials and
//! personal data masked.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// An asset as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Asset {
    /// Identity over all runs.
    pub id: String,
    /// `Bucket`, `Table`, …
    pub kind: String,
    /// The source's own name.
    pub address: String,
    /// The short name.
    pub name: String,
    /// The type in the source's words.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub type_name: String,
    /// Where it is defined.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// Normalised attributes; an unknown one is `{"unknown": expression, "why": …}`.
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// Where the attributes are said, of those that are said somewhere.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub attribute_places: BTreeMap<String, Place>,
    /// What it is or holds.
    pub tags: Vec<Tag>,
    /// Global names by which other facts speak of it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub names: Vec<String>,
    /// Whether it stands among tests, fixtures or examples.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub in_tests: bool,
}

/// The statement that something is or holds data of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tag {
    /// The dotted class.
    pub tag: String,
    /// Whole percent.
    pub confidence: u8,
    /// `name`, `value`, `name and value`, `declared`, `lineage`.
    pub basis: String,
    /// Rung of the protection ladder.
    pub protection: String,
    /// The rule that recognised it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub rule: String,
    /// Cells that matched.
    pub hits: u64,
    /// Cells looked at.
    pub of: u64,
    /// Masked shape of the matching cells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub example_shape: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub reasons: Vec<String>,
    /// The columns it comes from.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub origins: Vec<String>,
}

/// An edge as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Relation {
    /// `reads`, `stored-in`, `grants`, …
    pub kind: String,
    /// Asset id.
    pub from: String,
    /// Asset id.
    pub to: String,
    /// `declared`, `exact`, or `inferred: why`.
    pub basis: String,
    /// For grants: `read`, `write`, `administer`, `share`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub access: Vec<String>,
    /// Classes that travel or are reached.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub carries: Vec<String>,
    /// Columns that travel: names, or `*`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub columns: Vec<String>,
    /// What was done to columns on the way, by name, where anything was: a rung of the protection ladder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub protections: BTreeMap<String, String>,
    /// Where it is said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// The classes of `carries` with what they rest on and how they are protected.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub carried: Vec<Tag>,
    /// Further facts (`viaWildcard`, `purpose`), in the form of an asset's attributes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// Where they are said, of those that are said somewhere.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub attribute_places: BTreeMap<String, Place>,
    /// For movements of data: what travels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flow: Option<Flow>,
}

/// What travels along a movement of data.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// Whether `all` columns travel, those `named` in `protections`, or it is `unknown` which.
    pub columns: String,
    /// Column name → rung of the protection ladder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub protections: BTreeMap<String, String>,
    /// Ids of the datasets or tables it comes from; empty where the other side of the relation is the source.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sources: Vec<String>,
    /// Columns that were dropped on the way.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub dropped: Vec<String>,
    /// Columns of the sources by which rows were chosen on the way; `?` where it is not known by which.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub filters: Vec<String>,
    /// Columns that do not simply keep their name: the arriving column → the columns it is made of → rung of the
    /// protection ladder. A column that is not among the latter arrives under its own name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub made: BTreeMap<String, BTreeMap<String, String>>,
    /// Where the data was read, changed and passed on, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub steps: Vec<Place>,
}

/// A dataset or table with its columns.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Dataset {
    /// The dataset's or table's id.
    pub asset: String,
    /// Its address.
    pub address: String,
    /// Columns by name.
    pub columns: Vec<Column>,
}

/// A column's classes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// What it is.
    pub tags: Vec<Tag>,
}

/// A control in force.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// Policy id.
    pub id: String,
    /// What is wrong when it fails.
    pub title: String,
    /// Theme (`encryption`).
    pub theme: String,
    /// Base severity.
    pub severity: String,
    /// Why it exists, in prose.
    pub rationale: String,
    /// What to do when it fails.
    pub remedy: String,
    /// Ids of other tools' checks that mean the same.
    pub aliases: Vec<String>,
    /// Obligations it gives evidence for.
    pub citations: Vec<String>,
}

/// A law or standard as judged.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Framework {
    /// `gdpr`.
    pub id: String,
    /// Full name.
    pub title: String,
    /// Version or number of the text.
    pub version: String,
    /// Its obligations.
    pub obligations: Vec<Obligation>,
}

/// An obligation as judged.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Obligation {
    /// `gdpr:32(1)(a)`.
    pub id: String,
    /// What it demands, in our words.
    pub title: String,
    /// `technical`, `declared` or `manual`.
    pub kind: String,
    /// `satisfied`, `not-satisfied` or `not-assessed`.
    pub status: String,
    /// Why, one sentence.
    pub why: String,
    /// Subjects tested by its controls.
    pub population: usize,
    /// Of these, how many broke one.
    pub exceptions: usize,
    /// The controls that give evidence.
    pub controls: Vec<String>,
    /// What the evidence is, and what it does not show.
    #[serde(default)]
    pub evidence: String,
    /// What to do where it is not satisfied.
    pub remediation: String,
}

/// Something wrong or undecided.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Identity over all runs.
    pub fingerprint: String,
    /// Policy id.
    pub policy: String,
    /// Ids of other tools' checks that mean the same.
    pub aliases: Vec<String>,
    /// One line.
    pub title: String,
    /// `low`, `medium`, `high`, `critical`.
    pub severity: String,
    /// `fail` or `inconclusive`.
    pub verdict: String,
    /// What it is about.
    pub asset: Subject,
    /// Where to look, the most telling first.
    pub places: Vec<Place>,
    /// How the data or the access got there.
    pub path: Vec<Step>,
    /// What it rests on.
    pub evidence: Vec<String>,
    /// What to do.
    pub remediation: Remediation,
    /// Obligations it touches.
    pub citations: Vec<Citation>,
    /// The waiver that excuses it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waiver: Option<Waiver>,
    /// `new`, `known` if the baseline holds it, or `changed` if it does and the asset has changed since; absent
    /// without a baseline.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub baseline_state: Option<String>,
    /// `new`, `unchanged`, or `moved` if only its file has another name; absent without `--diff`. What is worse than
    /// in the revision (graver, no longer waived, decided against) is `new`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub diff_state: Option<String>,
}

/// The asset a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// `Bucket`, …
    pub kind: String,
    /// Asset id.
    pub id: String,
    /// The source's own name.
    pub address: String,
}

/// One step of a path.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What happens here.
    pub text: String,
    /// The asset reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asset: Option<String>,
    /// Where it is written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
}

/// What to do about a finding.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Remediation {
    /// Advice.
    pub text: String,
    /// The replacements that carry it out together.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub patches: Vec<Patch>,
    /// The same as a unified diff for people; credentials and personal data in it are masked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub diff: Option<String>,
    /// What a person must know before applying them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub warning: Option<String>,
    /// Why there are no patches, as a clause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unpatched: Option<String>,
}

/// A replacement of text.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Patch {
    /// What is replaced.
    pub place: Place,
    /// By what.
    pub replacement: String,
    /// The same place as bytes of the file's text (UTF-8, a byte order mark left out), end exclusive.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<Bytes>,
    /// SHA-256 of the text that the bytes count in, lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
}

/// A range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bytes {
    /// The first.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// The article or control that a finding is judged by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Citation {
    /// `gdpr`.
    pub framework: String,
    /// `gdpr:32(1)(a)`.
    pub obligation: String,
    /// In our words.
    pub title: String,
}

/// A waiver: who excuses what, why, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    /// The policy, or the other tool's id, as written.
    pub policy: String,
    /// The asset glob of a central waiver, `path:line` of an inline one.
    pub scope: String,
    /// Where it is written.
    pub place: Option<Place>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
    /// The last day on which it holds, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<String>,
    /// Whether it holds on the run's date: it has a reason and is not past its date.
    pub in_force: bool,
    /// How many findings it excuses.
    pub findings: usize,
    /// Days from the run's date to the last day; negative past it, absent without a date.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub days_left: Option<i64>,
}

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
