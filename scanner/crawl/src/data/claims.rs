//! What Arrow and Avro files claim of themselves, looked at before decoders count and allocate by it.
//!
//! A file that is merely damaged mostly passes: the decoder says where.

use std::io::{self, Read, Seek, SeekFrom};

use super::batches::Kind;
use super::random::{Random, ReadSeek};

mod arrow;
pub(super) mod avro;

/// Cells that a file may claim, and how many more for each of its bytes: runs and columns of nulls take next to nothing for one.
const CELLS: u64 = 1 << 28;
const CELLS_A_BYTE: u64 = 1 << 12;

/// Bytes that may be allocated beyond those that are there: the last part of a file that was cut.
const SLACK: u64 = 256 << 20;

/// Why a file is not decoded.
#[derive(Debug)]
pub(super) enum Fault {
    /// It claims what it cannot hold.
    Excess,
}

/// Looks at what `bytes` claim.
///
/// # Errors
/// It is beyond all measure, or cannot be.
pub(super) fn check(bytes: &Random, kind: Kind) -> Result<(), Fault> {
    let Ok(mut file) = File::open(bytes) else { return Ok(()) };
    match kind {
        Kind::Arrow => arrow::file(&mut file),
        Kind::ArrowStream => arrow::stream(&mut file),
        Kind::Avro => avro::header(&mut file),
        // Its decoder gets a tail that was read here.
        Kind::Orc => Ok(()),
    }
}

/// Most cells of a file of `length` bytes.
pub(super) fn most(length: u64) -> u64 {
    CELLS.saturating_add(length.saturating_mul(CELLS_A_BYTE))
}

/// Bytes read at places that they say themselves.
struct File {
    bytes: Box<dyn ReadSeek>,
    length: u64,
}

impl File {
    fn open(bytes: &Random) -> io::Result<File> {
        let mut bytes = bytes.open()?;
        let length = bytes.seek(SeekFrom::End(0))?;
        Ok(File { bytes, length })
    }

    /// `count` bytes from `start` on; `None` if they are not there.
    fn at(&mut self, start: u64, count: u64) -> Option<Vec<u8>> {
        start.checked_add(count).filter(|end| *end <= self.length)?;
        self.bytes.seek(SeekFrom::Start(start)).ok()?;
        let mut held = Vec::new();
        let read = self.bytes.by_ref().take(count).read_to_end(&mut held).ok()?;
        (read as u64 == count).then_some(held)
    }

    /// The bytes `at` as many as a number has.
    fn number<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        self.at(at, N as u64)?.try_into().ok()
    }
}

#[cfg(test)]
mod tests;
