//! A log as a directory of static files.
//!
//! Source: C2SP tlog-tiles, <https://c2sp.org/tlog-tiles>. `checkpoint` is the signed note; `tile/L/N` are 256 hashes of
//! level 8 × L; `tile/entries/N` are the 256 entries below a tile of level 0, each after its length in two bytes. The
//! last of each row has the width `W` and the suffix `.p/W`.

use std::path::{Path, PathBuf};

use aedile_audit::{Hash, LedgerError, shown};

mod export;
mod verify;

pub use export::{Exported, export};
pub use verify::{TilesVerification, checkpoint, verify};

/// How many hashes or entries a full tile has.
pub const WIDTH: u64 = 256;

/// Why a directory could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TilesError {
    /// A file could not be read or written.
    #[error("`{}` cannot be {doing}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// There is no readable checkpoint.
    #[error("`{}` is not the checkpoint of a log: {why}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The directory has what this ledger never said.
    #[error(
        "the directory holds another log: its checkpoint of `{}` at size {size} is not a state of this ledger",
        shown(origin)
    )]
    Other {
        /// Its origin.
        origin: String,
        /// Its size.
        size: u64,
    },
    /// The ledger has no entries.
    #[error("the ledger is empty")]
    Empty,
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Which row of tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// Hashes of this tile level, 0 to 7 in practice.
    Hashes(u32),
    /// The entries.
    Entries,
}

/// The path of tile `index`, relative to the log's directory; `width` below [`WIDTH`] for a partial one.
pub fn path(row: Row, index: u64, width: u64) -> PathBuf {
    let mut path = PathBuf::from("tile");
    path.push(match row {
        Row::Hashes(level) => level.to_string(),
        Row::Entries => "entries".to_owned(),
    });
    let mut parts = vec![format!("{:03}", index % 1_000)];
    let mut rest = index / 1_000;
    while rest > 0 {
        parts.push(format!("x{:03}", rest % 1_000));
        rest /= 1_000;
    }
    if width < WIDTH
        && let Some(last) = parts.first_mut()
    {
        last.push_str(".p");
    }
    path.extend(parts.into_iter().rev());
    if width < WIDTH {
        path.push(width.to_string());
    }
    path
}

/// The hashes in a tile's bytes; nothing unless they are 1 to 256 whole ones.
pub fn hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (chunks, rest) = bytes.as_chunks::<32>();
    let whole = rest.is_empty() && (1..=WIDTH as usize).contains(&chunks.len());
    whole.then(|| chunks.iter().map(|bytes| Hash::from_bytes(*bytes)).collect())
}

/// The entries in a bundle's bytes; nothing unless they are 1 to 256 whole ones.
pub fn entries(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bytes = rest;
    }
    (1..=WIDTH as usize).contains(&entries.len()).then_some(entries)
}

fn failed(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> TilesError {
    move |source| TilesError::File { path: path.to_owned(), doing, source }
}

#[cfg(test)]
mod tests;
