//! The formats of the ledger, as functions over bytes: nothing here reads a file, a clock or the network.
//!
//! An entry's canonical JSON ([`canonical()`], [`Entry`]), the Merkle tree above the entries ([`merkle`]), signed notes
//! ([`SignedNote`]) and the keys that sign them ([`SigningKey`], [`VerifyingKey`]), checkpoints ([`Checkpoint`]) and proofs
//! that one entry is in a log ([`InclusionProof`]). They are the formats of public transparency logs; each module names the
//! standard and the clause that it follows. With this crate alone a proof can be checked.

mod canonical;
mod checkpoint;
mod entry;
pub mod hash;
mod key;
pub mod merkle;
mod note;
mod proof;
mod shown;
mod statement;

pub use canonical::{CanonicalError, MAX_DEPTH, MAX_INTEGER, canonical};
pub use checkpoint::{Checkpoint, CheckpointError, check_origin};
pub use entry::{Draft, Entry, EntryError, EntryParts, Kind, MAX_ENTRY, VERSION};
pub use hash::Hash;
pub use key::{KeyError, KeyType, Signer, SigningKey, VerifyingKey};
pub use note::{MAX_NOTE, MAX_SIGNATURES, NoteError, SignedNote};
pub use proof::{InclusionProof, ProofError, ProofVerification};
pub use shown::shown;
pub use statement::{Statement, Status};
