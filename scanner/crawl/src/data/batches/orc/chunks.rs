//! Streams of ORC, chunk by chunk (ORC specification v1, "Compression").

use std::io::{self, Read};

use super::super::bound::{Codec, Refusal};

/// A stream, chunk by chunk.
pub(super) struct Chunks<'a> {
    rest: &'a [u8],
    codec: Codec,
    most: usize,
    refusal: &'a Refusal,
    /// The one that was unpacked last.
    pub(super) chunk: Vec<u8>,
    at: usize,
}

impl<'a> Chunks<'a> {
    /// The stream `rest`, of which no chunk may grow beyond `most` bytes.
    pub(super) fn new(rest: &'a [u8], codec: Codec, most: usize, refusal: &'a Refusal) -> Chunks<'a> {
        Chunks { rest, codec, most, refusal, chunk: Vec::new(), at: 0 }
    }

    /// Unpacks the next chunk.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.at = 0;
        self.chunk.clear();
        if self.rest.is_empty() {
            return Ok(false);
        }
        if self.codec == Codec::None {
            let (next, rest) = self.rest.split_at(self.rest.len().min(64 << 10));
            self.chunk.extend_from_slice(next);
            self.rest = rest;
            return Ok(true);
        }
        let (&[low, middle, high], rest) = self.rest.split_first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
        let header = u32::from_le_bytes([low, middle, high, 0]);
        let (packed, rest) = rest.split_at_checked(header as usize >> 1).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.rest = rest;
        if header & 1 == 1 {
            self.chunk.extend_from_slice(packed);
        } else if !self.codec.unpack(packed, self.most, &mut self.chunk)? {
            return Err(self.refusal.because("has a chunk that grows beyond the size that the file states"));
        }
        Ok(true)
    }
}

impl Read for Chunks<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            if !self.advance()? {
                return Ok(0);
            }
        }
        let read = self.chunk.get(self.at..).unwrap_or_default().read(into)?;
        self.at += read;
        Ok(read)
    }
}
