//! Verification: three separate statements, each true or not for itself, never one green word.
//!
//! 1. The ledger is internally consistent ([`internal`]).
//! 2. It is consistent with the anchors given: checkpoints that somebody kept elsewhere ([`anchored`]).
//! 3. It is signed by the keys expected ([`signed`]).
//!
//! The first can hold for a ledger that was truncated or written anew from start to end; only the others exclude that.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::LedgerError;
use crate::store::{KeyChange, Ledger};
use aedile_formats::{Checkpoint, Hash, Statement, VerifyingKey};

mod anchored;
mod internal;
mod signed;

/// Two signed checkpoints that cannot both be of one log that only grew: proof against whoever holds the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fork {
    /// A signed note.
    pub one: String,
    /// Another, signed by the same key, that contradicts it.
    pub other: String,
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// How many entries were hashed.
    pub size: u64,
    /// The root recomputed from their bodies.
    pub root: Hash,
    /// The log's origin as the genesis entry says; nothing if that cannot be read.
    pub origin: Option<String>,
    /// Statement 1: the bodies, hashes, indexes, chain, tables, checkpoints and counts agree with each other.
    pub internal: Statement,
    /// Statement 2: the ledger continues the anchors given.
    pub anchored: Statement,
    /// Statement 3: the keys expected have signed what is there.
    pub signed: Statement,
    /// Forks that were proved on the way.
    pub forks: Vec<Fork>,
}

impl Ledger {
    /// Verifies the whole ledger against `anchors` (checkpoints as text, signed notes or their bare three lines) and
    /// `keys`.
    ///
    /// Everything is computed from the bodies of the entries; what else is stored is compared with that. An error means
    /// that the file could not be read to its end.
    pub fn verify(&self, anchors: &[String], keys: &[VerifyingKey]) -> Result<Verification, LedgerError> {
        let anchors: Vec<_> = anchors.iter().map(|text| Checkpoint::parse(text)).collect();
        let wanted: Vec<u64> = anchors.iter().flatten().map(|anchor| anchor.size).collect();
        let (recomputed, mut check) = internal::recompute(self, &wanted)?;
        let (trusted, rotation) = signed::trusted(&recomputed, keys);
        let current: Vec<VerifyingKey> = trusted.iter().map(|trust| trust.key.clone()).collect();
        let (anchored, forks) = anchored::statement(&recomputed, &anchors, &current);
        Ok(Verification {
            size: recomputed.size,
            root: recomputed.root,
            internal: internal::statement(&recomputed, &mut check),
            anchored,
            signed: signed::statement(&recomputed, &trusted, rotation),
            forks,
            origin: recomputed.origin,
        })
    }
}

/// What the bodies give, and the signed checkpoints that lie beside them.
struct Recomputed {
    size: u64,
    root: Hash,
    /// The roots at the sizes of all anchors and stored checkpoints that the ledger has reached.
    roots: BTreeMap<u64, Hash>,
    /// Consistency proofs from those sizes to the present one.
    proofs: BTreeMap<u64, Vec<Hash>>,
    origin: Option<String>,
    notes: Vec<Checkpoint>,
    keys: Vec<KeyChange>,
}

impl Recomputed {
    /// Whether `checkpoint` is a state that this ledger went through.
    fn continues(&self, checkpoint: &Checkpoint) -> bool {
        self.origin.as_ref() == Some(&checkpoint.origin) && self.roots.get(&checkpoint.size) == Some(&checkpoint.root)
    }
}

/// How many lines of one kind a statement lists before it only counts.
const LISTED: usize = 20;

/// Faults and remarks on the way to a statement.
#[derive(Debug, Default)]
struct Check {
    faults: Vec<String>,
    remarks: Vec<String>,
    unlisted: u64,
}

impl Check {
    fn fault(&mut self, line: impl Into<String>) {
        if self.faults.len() < LISTED {
            self.faults.push(line.into());
        } else {
            self.unlisted += 1;
        }
    }

    fn remark(&mut self, line: impl Into<String>) {
        self.remarks.push(line.into());
    }

    fn details(&mut self) -> Vec<String> {
        let mut details = std::mem::take(&mut self.faults);
        if self.unlisted > 0 {
            details.push(format!("and {} more faults", self.unlisted));
        }
        details.append(&mut self.remarks);
        details
    }
}

/// `1 entry`, `2 entries`.
fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

#[cfg(test)]
mod tests;
