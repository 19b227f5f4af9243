//! Baselines: findings that are known and do not fail the gate again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::record::{Asset, Finding, Run};

/// Findings that were there before and do not fail the gate again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The form of the file; [`Baseline::SCHEMA`].
    pub schema: String,
    /// By fingerprint.
    pub findings: BTreeMap<String, Known>,
}

/// A finding of a baseline, told so that a person can review the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Policy id.
    pub policy: String,
    /// The asset's address.
    pub asset: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// SHA-256 over what the asset was, see [`facts`]: the entry no longer holds once that is something else.
    pub facts: String,
    /// When it was taken into the baseline, `YYYY-MM-DD`.
    pub since: String,
}

/// Why a baseline was refused.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the baseline `{path}` cannot be used: {reason}")]
#[diagnostic(code(aedile::baseline))]
pub struct BaselineError {
    path: String,
    reason: String,
    #[help]
    help: String,
}

/// What `update` and `prune` did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Entries added.
    pub added: usize,
    /// Entries whose asset had changed, taken anew.
    pub renewed: usize,
    /// Entries whose finding is gone.
    pub removed: usize,
}

impl Baseline {
    /// The form that this program writes.
    pub const SCHEMA: &str = "aedile.baseline.v2";

    /// The baseline at `path`.
    ///
    /// # Errors
    /// The file cannot be read, is of another version, or is no baseline.
    pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
        let path_shown = path.display().to_string();
        let anew = format!("`aedile baseline create --output {path_shown}` writes a new one");
        let refuse = |reason: String, help: String| BaselineError { path: path_shown.clone(), reason, help };
        let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string(), anew.clone()))?;
        #[derive(Deserialize)]
        struct Form {
            schema: Option<String>,
        }
        let form: Form = serde_json::from_str(&text).map_err(|error| refuse(error.to_string(), anew.clone()))?;
        match form.schema.as_deref() {
            Some(Self::SCHEMA) => {}
            Some(other) if other.starts_with("aedile.baseline.") => {
                return Err(refuse(
                    format!("it is of the version `{other}`, and this program reads `{}`", Self::SCHEMA),
                    format!("look at its entries, then write it anew: `aedile baseline create --output {path_shown}`"),
                ));
            }
            other => {
                let said =
                    other.map_or_else(|| "it names no schema".to_owned(), |other| format!("its schema is `{other}`"));
                return Err(refuse(format!("{said}; a baseline has `{}`", Self::SCHEMA), anew));
            }
        }
        serde_json::from_str(&text).map_err(|error| refuse(error.to_string(), anew))
    }

    /// All findings of `run` that no waiver excuses.
    #[must_use]
    pub fn of(run: &Run) -> Baseline {
        let assets = by_id(&run.assets);
        let findings = run
            .findings
            .iter()
            .filter(|finding| finding.waiver.is_none())
            .map(|finding| {
                let known = Known {
                    policy: finding.policy.clone(),
                    asset: finding.asset.address.clone(),
                    severity: finding.severity.clone(),
                    facts: facts(finding, &assets),
                    since: run.run.as_of.clone(),
                };
                (finding.fingerprint.clone(), known)
            })
            .collect();
        Baseline { schema: Self::SCHEMA.to_owned(), findings }
    }

    /// Says of each finding whether the baseline knows it, and its asset as it is now.
    pub fn mark(&self, findings: &mut [Finding], assets: &[Asset]) {
        let assets = by_id(assets);
        for finding in findings {
            let state = match self.findings.get(&finding.fingerprint) {
                Some(known) if known.facts == facts(finding, &assets) => "known",
                Some(_) => "changed",
                None => "new",
            };
            finding.baseline_state = Some(state.to_owned());
        }
    }

    /// Takes over what `now` has: new findings are added, those on changed assets renewed, those that are gone
    /// removed. Entries that still hold keep their date.
    pub fn update(&mut self, now: Baseline) -> Changes {
        let mut changes = Changes { removed: self.keep_only(&now), ..Changes::default() };
        for (fingerprint, known) in now.findings {
            match self.findings.get(&fingerprint) {
                Some(held) if held.facts == known.facts => continue,
                Some(_) => changes.renewed += 1,
                None => changes.added += 1,
            }
            self.findings.insert(fingerprint, known);
        }
        changes
    }

    /// Removes the entries whose finding `now` no longer has; adds and renews nothing.
    pub fn prune(&mut self, now: &Baseline) -> Changes {
        Changes { removed: self.keep_only(now), ..Changes::default() }
    }

    fn keep_only(&mut self, now: &Baseline) -> usize {
        let gone: BTreeSet<String> =
            self.findings.keys().filter(|fingerprint| !now.findings.contains_key(*fingerprint)).cloned().collect();
        self.findings.retain(|fingerprint, _| !gone.contains(fingerprint));
        gone.len()
    }
}

fn by_id(assets: &[Asset]) -> BTreeMap<&str, &Asset> {
    assets.iter().map(|asset| (asset.id.as_str(), asset)).collect()
}

/// SHA-256 over what a finding rests on: its severity and verdict, and of its asset kind, type, attributes and
/// classes with their protection. Places, counts of rows and confidences are left out: they change with every edit.
fn facts(finding: &Finding, assets: &BTreeMap<&str, &Asset>) -> String {
    let asset = assets.get(finding.asset.id.as_str()).map(|asset| {
        let attributes: BTreeMap<&str, &serde_json::Value> = asset
            .attributes
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "cellsRead" | "rowsRead" | "rowsTotal"))
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let classes: BTreeSet<(&str, &str)> =
            asset.tags.iter().map(|tag| (tag.tag.as_str(), tag.protection.as_str())).collect();
        (asset.kind.as_str(), asset.type_name.as_str(), attributes, classes)
    });
    let said = serde_json::to_vec(&(&finding.severity, &finding.verdict, &finding.asset.id, asset));
    Sha256::digest(said.unwrap_or_default()).iter().map(|byte| format!("{byte:02x}")).collect()
}
