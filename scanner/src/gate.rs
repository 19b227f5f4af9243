//! The gate: what lets a change through.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aedile_model::Severity;
use serde::{Deserialize, Serialize};

use crate::record::{Finding, Outcome, Run};

/// The lowest severity that fails the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// This severity and those above.
    At(Severity),
    /// Findings never fail it.
    Never,
}

impl Threshold {
    /// `low`, `medium`, `high`, `critical` or `never`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Threshold> {
        if word == "never" { Some(Threshold::Never) } else { word.parse().ok().map(Threshold::At) }
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Threshold::At(severity) => severity.as_str(),
            Threshold::Never => "never",
        }
    }

    pub(crate) fn fails(self, severity: &str) -> bool {
        match (self, severity.parse::<Severity>()) {
            (Threshold::At(least), Ok(severity)) => severity >= least,
            // An unreadable severity must not open the gate.
            (Threshold::At(_), Err(_)) => true,
            (Threshold::Never, _) => false,
        }
    }
}

/// Findings that were there before and do not fail the gate again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The form of the file; `aedile.baseline.v1`.
    pub schema: String,
    /// By fingerprint.
    pub findings: BTreeMap<String, Known>,
}

/// A finding of a baseline, told so that a person can review the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Policy id.
    pub policy: String,
    /// The asset's address.
    pub asset: String,
    /// When it was taken into the baseline, `YYYY-MM-DD`.
    pub since: String,
}

/// Why a baseline was refused.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the baseline `{path}` cannot be used: {reason}")]
#[diagnostic(code(aedile::baseline), help("`aedile baseline create --output {path}` writes a new one"))]
pub struct BaselineError {
    path: String,
    reason: String,
}

impl Baseline {
    /// The form that this program writes.
    pub const SCHEMA: &str = "aedile.baseline.v1";

    /// The baseline at `path`.
    ///
    /// # Errors
    /// The file cannot be read or is not a baseline of this form.
    pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
        let refuse = |reason: String| BaselineError { path: path.display().to_string(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
        let baseline: Baseline = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        if baseline.schema != Self::SCHEMA {
            return Err(refuse(format!("its schema is `{}`, not `{}`", baseline.schema, Self::SCHEMA)));
        }
        Ok(baseline)
    }

    /// All findings of `run` that no waiver excuses.
    #[must_use]
    pub fn of(run: &Run) -> Baseline {
        let findings = run
            .findings
            .iter()
            .filter(|finding| finding.waiver.is_none())
            .map(|finding| {
                let known = Known {
                    policy: finding.policy.clone(),
                    asset: finding.asset.address.clone(),
                    since: run.run.as_of.clone(),
                };
                (finding.fingerprint.clone(), known)
            })
            .collect();
        Baseline { schema: Self::SCHEMA.to_owned(), findings }
    }

    /// Says of each finding whether the baseline knows it.
    pub fn mark(&self, findings: &mut [Finding]) {
        for finding in findings {
            let state = if self.findings.contains_key(&finding.fingerprint) { "known" } else { "new" };
            finding.baseline_state = Some(state.to_owned());
        }
    }
}

impl Finding {
    /// Whether neither a waiver nor the baseline excuses it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.waiver.is_none() && self.baseline_state.as_deref() != Some("known")
    }
}

/// How the gate ends over `findings`, with `gaps` unaccepted gaps.
///
/// Undecided beats findings: who asks for strictness wants to know first that not all was judged.
#[must_use]
pub fn outcome(findings: &[Finding], gaps: usize, threshold: Threshold, strict: bool) -> Outcome {
    let open: Vec<&Finding> = findings.iter().filter(|finding| finding.is_open()).collect();
    if strict && (gaps > 0 || open.iter().any(|finding| finding.verdict == "inconclusive")) {
        Outcome::Undecided
    } else if open.iter().any(|finding| finding.verdict == "fail" && threshold.fails(&finding.severity)) {
        Outcome::Findings
    } else {
        Outcome::Clean
    }
}

impl Outcome {
    /// 0 clean, 1 findings, 2 undecided.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Clean => 0,
            Outcome::Findings => 1,
            Outcome::Undecided => 2,
        }
    }
}

/// The fingerprints of `findings` that stand more than once: two findings of one identity would hide each other.
#[must_use]
pub fn repeated(findings: &[Finding]) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    findings.iter().map(|finding| finding.fingerprint.as_str()).filter(|print| !seen.insert(*print)).collect()
}
