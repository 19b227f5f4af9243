//! The append-only, hash-chained, Merkle-proved ledger
