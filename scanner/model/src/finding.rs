use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{AssetId, AssetKind, Place, Severity, Verdict};

/// The identity of a finding over all runs: 32 lower-case hex digits.
///
/// SHA-256 over the domain name `aedile.finding.v1` and the length-prefixed parts (policy, asset, and
/// what makes the occurrence distinct), cut to 128 bits. Never a sampled value, never a line number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of `policy` on `asset`, told apart from others of the same pair by `distinct`.
    #[must_use]
    pub fn new(policy: &str, asset: &AssetId, distinct: &[&str]) -> Self {
        let mut sha = Sha256::new_with_prefix(b"aedile.finding.v1");
        for part in [policy, asset.as_str()].iter().chain(distinct) {
            sha.update((part.len() as u64).to_le_bytes());
            sha.update(part.as_bytes());
        }
        let digest = sha.finalize();
        Fingerprint(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The asset a finding is about, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// What it is.
    pub kind: AssetKind,
    /// Its identity.
    pub id: AssetId,
    /// The source's own name for it.
    pub address: String,
}

/// One step of how the data, or the access, got there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    /// What happens here, in words: "read by `dags/train.py`".
    pub text: String,
    /// The asset reached.
    pub asset: Option<AssetId>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A fact that the verdict rests on: counts and masked shapes, never values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// What was observed, in words.
    pub text: String,
    /// Where, if there is one place.
    pub place: Option<Place>,
}

/// The article or control that a finding is judged by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Citation {
    /// Framework id, `gdpr`.
    pub framework: String,
    /// Obligation id, `gdpr:32(1)(a)`.
    pub obligation: String,
    /// What it demands, in our words.
    pub title: String,
}

/// A text replacement in one file: the bytes of `place` become `replacement`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Patch {
    /// What is replaced; an empty span inserts.
    pub place: Place,
    /// The new text.
    pub replacement: String,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remediation {
    /// Advice in words.
    pub text: String,
    /// The replacements that carry it out together, where they can be computed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub patches: Vec<Patch>,
    /// What a person must know before applying them, one sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub warning: Option<String>,
    /// Why there are none, as a clause, where the attributes are among those that can be repaired.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unpatched: Option<String>,
}

impl Remediation {
    /// Advice without patches.
    #[must_use]
    pub fn advice(text: impl Into<String>) -> Remediation {
        Remediation { text: text.into(), patches: Vec::new(), warning: None, unpatched: None }
    }
}

/// A Fail or Inconclusive verdict with everything a person needs to act on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Identity over all runs.
    pub fingerprint: Fingerprint,
    /// The policy's id.
    pub policy: String,
    /// Ids of other tools' checks that mean the same.
    pub aliases: Vec<String>,
    /// What is wrong, one line, with the subject in it.
    pub title: String,
    /// How much is at stake, given what the asset holds.
    pub severity: Severity,
    /// [`Verdict::Fail`] or [`Verdict::Inconclusive`].
    pub verdict: Verdict,
    /// What it is about.
    pub asset: Subject,
    /// Where to look, the most telling first.
    pub places: Vec<Place>,
    /// How the data or the access got there.
    pub path: Vec<Step>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub remediation: Remediation,
    /// Which obligations it touches.
    pub citations: Vec<Citation>,
}
