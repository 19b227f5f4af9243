//! Streams of ORC, chunk by chunk (ORC specification v1, "Compression").

use std::io::{self, Read};

use super::super::bound::{Codec, Refusal};

/// A stream, chunk by chunk.
pub(super) struct Chunks<'a, S> {
    stream: S,
    codec: Codec,
    most: usize,
    refusal: &'a Refusal,
    packed: Vec<u8>,
    /// The one that was unpacked last.
    pub(super) chunk: Vec<u8>,
    at: usize,
}

/// Bytes that are taken for a chunk where there are none.
pub(super) const PIECE: usize = 64 << 10;

impl<'a, S: Read> Chunks<'a, S> {
    /// The stream `stream`, of which no chunk may grow beyond `most` bytes.
    pub(super) fn new(stream: S, codec: Codec, most: usize, refusal: &'a Refusal) -> Chunks<'a, S> {
        Chunks { stream, codec, most, refusal, packed: Vec::new(), chunk: Vec::new(), at: 0 }
    }

    /// Unpacks the next chunk.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.at = 0;
        if self.codec == Codec::None {
            return Ok(fill(&mut self.stream, PIECE, &mut self.chunk)? > 0);
        }
        let (low, middle, high) = match fill(&mut self.stream, 3, &mut self.packed)? {
            0 => {
                self.chunk.clear();
                return Ok(false);
            }
            _ => match self.packed[..] {
                [low, middle, high] => (low, middle, high),
                _ => return Err(io::ErrorKind::UnexpectedEof.into()),
            },
        };
        let header = u32::from_le_bytes([low, middle, high, 0]);
        let (length, is_plain) = (header as usize >> 1, header & 1 == 1);
        let into = if is_plain { &mut self.chunk } else { &mut self.packed };
        if fill(&mut self.stream, length, into)? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !is_plain && !self.codec.unpack(&self.packed, self.most, &mut self.chunk)? {
            return Err(self.refusal.because("has a chunk that grows beyond the size that the file states"));
        }
        Ok(true)
    }
}

/// Reads at most so many bytes to `into`, in the place of what is there; gives how many came.
fn fill(stream: &mut impl Read, most: usize, into: &mut Vec<u8>) -> io::Result<usize> {
    into.clear();
    stream.take(most as u64).read_to_end(into)
}

impl<S: Read> Read for Chunks<'_, S> {
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
