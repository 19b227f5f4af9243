//! What the ledger gives to strangers and takes from them.
//!
//! Everything here is somebody else's format over the ledger's bytes: a directory of tiles that any transparency-log
//! client reads ([`tiles`]), cosignatures by witnesses ([`witness`], [`cosign`], [`policy`]), time stamps ([`timestamp`]),
//! attestations for supply-chain tools ([`dsse`]) and checkpoints in places where they are kept ([`anchor`]). The ledger
//! itself knows nothing of it.

pub mod anchor;
pub mod cosign;
mod der;
pub mod dsse;
pub mod http;
pub mod policy;
pub mod tiles;
pub mod timestamp;
pub mod witness;
