//! What the decoder would take for a stripe.

use std::collections::BTreeMap;
use std::io::{self, Read, Take};

use orc_rust::reader::ChunkReader;

use super::super::bound::LARGEST;
use super::super::proto::fields;
use super::super::runs;
use super::chunks::{Chunks, PIECE};
use super::{Codec, Guarded, Stripe, VALUE};

/// Rows that one byte can stand for: two bytes are a run of 130, which are 1 040 bits.
const ROWS: u64 = 1_040;

/// Memory for a batch and the chunks it is decoded from.
const MOST: u64 = 2 * LARGEST as u64;

/// Kinds of streams and types.
const DATA_KINDS: [u64; 5] = [0, 1, LENGTH, DICTIONARY, 5];
const LENGTH: u64 = 2;
const DICTIONARY: u64 = 3;

impl<R: ChunkReader> Guarded<R> {
    /// Refuses `stripe`, whose footer are the bytes `packed`, if the decoder would take too much memory for it.
    pub(super) fn check(&self, stripe: &Stripe, packed: &[u8]) -> io::Result<()> {
        let footer = self.footer(packed)?;
        let (mut streams, mut encodings, mut at) = (BTreeMap::new(), Vec::new(), stripe.offset);
        fields(&footer, |field, value| {
            let (mut first, mut column, mut length) = (0, 0, 0);
            if field == 1 || field == 2 {
                fields(value.bytes(), |field, value| {
                    match field {
                        1 => first = value.number(),
                        2 => column = value.number(),
                        3 => length = value.number(),
                        _ => {}
                    }
                    Ok(())
                })?;
            }
            match field {
                1 => {
                    streams.insert((column, first), (at, length));
                    at = at.saturating_add(length);
                    if at > stripe.footer_at() {
                        return Err(self.refusal.because("has streams beyond their stripe"));
                    }
                }
                // Of an encoding the second number is the size of the dictionary.
                2 => encodings.push((first, column)),
                _ => {}
            }
            Ok(())
        })?;
        let (mut room, mut unpacked) = (0_u64, 0_u64);
        for (&(_, kind), &(at, length)) in &streams {
            if !DATA_KINDS.contains(&kind) {
                continue;
            }
            if self.codec == Codec::None {
                (unpacked, room) = (unpacked.saturating_add(length), room.saturating_add(length.min(PIECE as u64)));
                continue;
            }
            let mut chunks = self.stream(at, length)?;
            let mut greatest = 0;
            self.growth.add(length, 0);
            while chunks.advance()? {
                let chunk = chunks.chunk.len() as u64;
                greatest = greatest.max(chunk);
                unpacked += chunk;
                if !self.growth.add(0, chunk) {
                    return Err(self.refusal.because("grows too much when it is unpacked"));
                }
            }
            room += greatest;
        }
        if stripe.rows > unpacked.saturating_mul(ROWS) {
            return Err(self.refusal.because("claims more rows than its bytes can hold"));
        }
        let part = Part { file: self, streams, encodings };
        match part.room(0, self.rows.min(stripe.rows))?.saturating_add(room) > MOST {
            true => Err(self.refusal.because(format!("has rows that take more than {} MiB", MOST >> 20))),
            false => Ok(()),
        }
    }
}

impl<R: ChunkReader> Guarded<R> {
    /// A stream, read by and by.
    fn stream(&self, at: u64, length: u64) -> io::Result<Chunks<'_, Take<R::T>>> {
        Ok(self.chunks(self.inner.get_read(at)?.take(length)))
    }
}

/// What is known of a stripe.
struct Part<'a, R> {
    file: &'a Guarded<R>,
    /// Where the streams of a column and kind lie.
    streams: BTreeMap<(u64, u64), (u64, u64)>,
    /// Of every column the encoding and the size of its dictionary.
    encodings: Vec<(u64, u64)>,
}

impl<R: ChunkReader> Part<'_, R> {
    /// Bytes that a batch of `rows` values of the column takes at the most.
    fn room(&self, column: usize, rows: u64) -> io::Result<u64> {
        let Some(kind) = self.file.types.get(column) else { return Ok(0) };
        let own = rows.saturating_mul(VALUE);
        let parts = |rows: u64| {
            let parts = kind.children.iter().map(|&child| self.room(child, rows));
            parts.sum::<io::Result<u64>>()
        };
        let (encoding, dictionary) = self.encodings.get(column).copied().unwrap_or_default();
        let held = match kind.kind {
            12 | 13 => parts(rows)?,
            10 | 11 => parts(self.lengths(column, encoding, rows)?.most)?,
            7 | 16 | 17 if encoding % 2 == 1 => {
                let lengths = self.lengths(column, encoding, u64::MAX)?;
                if dictionary > lengths.count {
                    return Err(self.file.refusal.because("claims a dictionary of more entries than it has"));
                }
                let each = lengths.longest.saturating_mul(rows);
                dictionary.saturating_mul(VALUE).saturating_add(lengths.most).saturating_add(each)
            }
            7 | 8 | 16 | 17 => self.lengths(column, encoding, rows)?.most,
            _ => 0,
        };
        Ok(own.saturating_add(held).min(u64::MAX >> 20))
    }

    /// What the lengths of the column come to in any `window` of them that lie side by side.
    fn lengths(&self, column: usize, encoding: u64, window: u64) -> io::Result<Lengths> {
        let mut lengths = Lengths::default();
        let Some(&(at, length)) = self.streams.get(&(column as u64, LENGTH)) else { return Ok(lengths) };
        let mut stream = self.file.stream(at, length)?;
        // Two pieces side by side hold every window.
        let (mut before, mut piece, mut left) = (0_u64, 0_u64, window);
        runs::values(&mut stream, encoding >= 2, |value| {
            let value = u64::try_from(value).map_err(|_| io::ErrorKind::InvalidData)?;
            if left == 0 {
                (before, piece, left) = (piece, 0, window);
            }
            left = left.saturating_sub(1);
            piece = piece.saturating_add(value);
            lengths.count += 1;
            lengths.longest = lengths.longest.max(value);
            lengths.most = lengths.most.max(before.saturating_add(piece));
            Ok(())
        })?;
        Ok(lengths)
    }
}

/// Lengths of texts or lists.
#[derive(Default)]
struct Lengths {
    count: u64,
    longest: u64,
    most: u64,
}
