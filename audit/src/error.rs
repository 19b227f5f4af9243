//! Why the ledger refused.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use aedile_formats::merkle::OutOfRange;
use aedile_formats::{EntryError, Kind, NoteError, shown};

/// Why something could not be done with a ledger. What verification finds is not an error but a
/// [`Verification`](crate::Verification).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no such file.
    #[error("there is no ledger at `{}`", .0.display())]
    Missing(PathBuf),
    /// The file is something else, or its first page is destroyed.
    #[error("the file `{}` is not an aedile ledger", .0.display())]
    NotALedger(PathBuf),
    /// The file was written by a version of the program that knows more.
    #[error("the ledger `{}` has layout {found}, this version reads layout {known}", path.display())]
    Layout {
        /// The ledger.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Tables, indexes or triggers are not as this version made them.
    #[error("the ledger's tables or triggers have been changed since it was made")]
    SchemaChanged,
    /// The file or its directory cannot be written, or the ledger was opened for reading.
    #[error("the ledger is open for reading only")]
    ReadOnly,
    /// Another process held the lock for longer than we wait.
    #[error("the ledger is locked by another process")]
    Busy,
    /// A process died while it committed, and a reader may not roll its half-written pages back.
    #[error("an append was interrupted and is not rolled back yet")]
    Interrupted,
    /// SQLite cannot make sense of the file, or a row has the wrong form.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    /// The file has fewer entries than a checkpoint in it says.
    #[error("the ledger has {size} entries, but its last checkpoint says {checkpoint}: the end is missing")]
    Behind {
        /// How many there are.
        size: u64,
        /// How many there were.
        checkpoint: u64,
    },
    /// The entries do not hash to what a checkpoint in the file says.
    #[error("the entries do not hash to the ledger's own checkpoint of size {size}")]
    Diverged {
        /// The checkpoint's size.
        size: u64,
    },
    /// There was nothing to append.
    #[error("no entry was given to append")]
    NothingToAppend,
    /// A draft that the ledger does not take.
    #[error("a {kind} entry was refused: {why}")]
    Refused {
        /// The draft's kind.
        kind: Kind,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A draft that cannot be written as an entry.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The entries are committed, but reading them back, hashing them again or signing them failed.
    #[error("entries {first} to {last} are recorded, but not confirmed by a checkpoint: {source}")]
    Unconfirmed {
        /// The first entry of the run.
        first: u64,
        /// The last entry of the run.
        last: u64,
        /// What went wrong.
        source: Box<LedgerError>,
    },
    /// Another key than the log's key entries allow.
    #[error("the key {0} is not in force in this ledger")]
    KeyNotInForce(String),
    /// A legal hold forbids erasing.
    #[error("the run `{}` is under legal hold", shown(.0))]
    Held(String),
    /// There is no payload to erase, or no such run.
    #[error("the run `{}` has no payload that could be erased", shown(.0))]
    NothingToErase(String),
    /// The payload is deleted and the erasure recorded, but a reader kept SQLite from emptying its write-ahead log.
    #[error("the payload is deleted, but its bytes may still stand in the file `-wal` beside the ledger")]
    StillInWal,
    /// No space is left for the file.
    #[error("the disk is full")]
    DiskFull,
    /// The operating system gave no random bytes for a salt.
    #[error("no random bytes could be had from the operating system")]
    Random,
    /// An origin that cannot stand in a checkpoint.
    #[error("the origin was refused: {0}")]
    Origin(&'static str),
    /// A checkpoint that could not be signed.
    #[error("the checkpoint could not be signed: {0}")]
    Note(#[from] NoteError),
    /// An index that the ledger does not have.
    #[error("the ledger has no such entry")]
    NoSuchEntry,
    /// The SQLite library is older than the one that this crate was checked with.
    #[error("sqlite {found} is too old, 3.51.3 is the least")]
    OldSqlite {
        /// Its version.
        found: &'static str,
    },
    /// Anything else that SQLite reports.
    #[error("the database refused: {0}")]
    Sqlite(#[source] rusqlite::Error),
}

impl LedgerError {
    /// What to do next, if there is something to say.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            LedgerError::Missing(_) => Some("a ledger is made by the first scan that records; check the path"),
            LedgerError::NotALedger(_) => Some("name another file; nothing was changed in this one"),
            LedgerError::Layout { found, known, .. } if found < known => Some(
                "`aedile log migrate` verifies it and gives it the tables of this version; so does the next append",
            ),
            LedgerError::Layout { .. } => Some("use the version of aedile that wrote it, or a newer one"),
            LedgerError::KeyNotInForce(_) => {
                Some("nothing was appended; sign with the key in force, or introduce this one: aedile log rotate")
            }
            LedgerError::Held(_) => Some("lift the hold first: aedile log hold RUN --lift"),
            LedgerError::NothingToErase(_) => Some("see what there is: aedile log show --kind run-end"),
            LedgerError::StillInWal => Some("end what reads the ledger, then erase once more"),
            LedgerError::DiskFull => Some("nothing was appended; make room and try again"),
            LedgerError::SchemaChanged | LedgerError::Behind { .. } | LedgerError::Diverged { .. } => {
                Some("nothing was appended; verify the ledger and compare it with a checkpoint kept elsewhere")
            }
            LedgerError::ReadOnly => Some("check who owns the file and its directory, both must be writable"),
            LedgerError::Interrupted => {
                Some("keep the file with the `-journal` beside it; opening the ledger for writing rolls back")
            }
            LedgerError::Busy => Some("wait for the other run to end, or allow a longer wait"),
            LedgerError::Damaged(_) => Some("restore a copy and verify it against a checkpoint kept elsewhere"),
            LedgerError::Refused { .. } | LedgerError::Entry(_) => {
                Some("record large or detailed evidence as a payload; an entry carries its digest")
            }
            LedgerError::Unconfirmed { .. } => {
                Some("do not append them again: the next append confirms and signs them too; verify before that")
            }
            _ => None,
        }
    }

    /// The error of opening `path`, where a code means something more special than later on.
    pub(crate) fn opening(path: &Path, error: rusqlite::Error) -> LedgerError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => LedgerError::NotALedger(path.to_owned()),
            Some(ErrorCode::CannotOpen) if !path.exists() => LedgerError::Missing(path.to_owned()),
            Some(ErrorCode::CannotOpen) if path.is_dir() => LedgerError::NotALedger(path.to_owned()),
            _ => error.into(),
        }
    }
}

/// A journal has to be rolled back, and the connection is read-only. Source: SQLite result code SQLITE_READONLY_ROLLBACK.
const ROLLBACK_NEEDED: i32 = 776;

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> LedgerError {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
        let extended = error.sqlite_error().map(|error| error.extended_code);
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LedgerError::Busy,
            Some(ErrorCode::DiskFull) => LedgerError::DiskFull,
            Some(ErrorCode::ReadOnly) if extended == Some(ROLLBACK_NEEDED) => LedgerError::Interrupted,
            Some(ErrorCode::ReadOnly) => LedgerError::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => LedgerError::Damaged(error.to_string()),
            Some(_) => LedgerError::Sqlite(error),
            None => match error {
                FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..) => {
                    LedgerError::Damaged(error.to_string())
                }
                error => LedgerError::Sqlite(error),
            },
        }
    }
}

impl From<OutOfRange> for LedgerError {
    fn from(_: OutOfRange) -> LedgerError {
        LedgerError::NoSuchEntry
    }
}
