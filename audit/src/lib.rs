#![doc = include_str!("../README.md")]

mod canonical;
mod checkpoint;
mod entry;
mod error;
#[cfg(test)]
mod fixture;
mod hash;
mod key;
pub mod merkle;
mod note;
mod proof;
mod shown;
mod store;
mod verify;

pub use canonical::{CanonicalError, MAX_DEPTH, MAX_INTEGER, canonical};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use entry::{Draft, Entry, EntryError, Kind, MAX_ENTRY};
pub use error::LedgerError;
pub use hash::Hash;
pub use key::{KeyError, KeyType, Signer, SigningKey, VerifyingKey};
pub use note::{MAX_NOTE, MAX_SIGNATURES, NoteError, SignedNote};
pub use proof::{InclusionProof, ProofError, ProofVerification};
pub use shown::shown;
pub use store::{Appended, BUSY_TIMEOUT, EntryFilter, Journal, Ledger, RunSummary, StoredEntry};
pub use verify::{Fork, Statement, Status, Verification};

#[cfg(test)]
mod tests;
