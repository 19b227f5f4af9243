//! What was judged: controls, frameworks and findings with what is to be done about them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Place;

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
