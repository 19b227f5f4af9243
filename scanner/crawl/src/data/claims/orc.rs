//! Stripes of ORC files, and reads that never allocate more than the file has.
//!
//! <https://orc.apache.org/specification/ORCv1/>

use std::io;

use bytes::Bytes;
use orc_rust::reader::ChunkReader;
use orc_rust::reader::metadata::FileMetadata;

use super::{Excess, most};

/// Looks at the stripes: together they must fit into the file of `length` bytes and its limit of cells.
///
/// # Errors
/// They do not.
pub(in super::super) fn stripes(metadata: &FileMetadata, length: u64) -> Result<(), Excess> {
    let columns = metadata.root_data_type().children().len().max(1) as u64;
    let (mut bytes, mut rows) = (0_u64, 0_u64);
    for stripe in metadata.stripe_metadatas() {
        for part in [stripe.index_length(), stripe.data_length(), stripe.footer_length()] {
            bytes = bytes.saturating_add(part);
        }
        rows = rows.saturating_add(stripe.number_of_rows());
    }
    if bytes > length || rows.saturating_mul(columns) > most(length) { Err(Excess) } else { Ok(()) }
}

/// Reads that must lie in the file.
pub(in super::super) struct Within<R>(pub(in super::super) R);

impl<R: ChunkReader> Within<R> {
    fn fits(&self, start: u64, count: u64) -> io::Result<()> {
        match start.checked_add(count) {
            Some(end) if end <= self.0.len() => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl<R: ChunkReader> ChunkReader for Within<R> {
    type T = R::T;

    fn len(&self) -> u64 {
        self.0.len()
    }

    fn get_read(&self, start: u64) -> io::Result<R::T> {
        self.fits(start, 0)?;
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, count: u64) -> io::Result<Bytes> {
        self.fits(start, count)?;
        self.0.get_bytes(start, count)
    }
}
