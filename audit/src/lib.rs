#![doc = include_str!("../README.md")]

mod error;
#[cfg(test)]
mod fixture;
pub mod key_file;
mod store;
mod verify;

pub use aedile_formats::{
    CanonicalError, Checkpoint, CheckpointError, Draft, Entry, EntryError, Hash, InclusionProof, KeyError, KeyType,
    Kind, MAX_DEPTH, MAX_ENTRY, MAX_INTEGER, MAX_NOTE, MAX_SIGNATURES, NoteError, ProofError, ProofVerification,
    SignedNote, Signer, SigningKey, Statement, Status, VerifyingKey, canonical, merkle, shown,
};
pub use error::LedgerError;
pub use store::{Appended, BUSY_TIMEOUT, EntryFilter, Journal, Ledger, RunSummary, StoredEntry};
pub use verify::{Fork, Verification};

#[cfg(test)]
mod tests;
