//! What a check says: a status and a sentence.

use serde::Serialize;

/// How it stands with a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It was checked and is true.
    Holds,
    /// It was checked and is not true.
    Fails,
    /// There was nothing to check it with, or only for a part of the ledger.
    NotShown,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Whether it holds.
    pub status: Status,
    /// A sentence that a person can read aloud.
    pub sentence: String,
    /// What was found, one line each: first the faults, then remarks. Recorded text is escaped in them.
    pub details: Vec<String>,
}
