//! A file of ORC as its decoder gets it: with a tail of its own, and no stripe of which the decoder would take more memory than it may.
//!
//! The decoder makes room for what a file claims and unpacks chunks without a limit. So the tail is read here and handed on without
//! what is not needed, and before the decoder gets the footer of a stripe every stream of it was unpacked once, chunk by chunk:
//! none grows beyond the size that the file states (ORC specification v1, "Compression"), and lengths of texts and lists that claim
//! more than a batch may take are refused.

use std::collections::BTreeMap;
use std::io::{self, Read};

use bytes::{Bytes, BytesMut};
use orc_rust::reader::ChunkReader;

use super::super::claims::most;
use super::bound::{Codec, Growth, LARGEST, Refusal};
use super::proto::{Value, fields, varint, write};
use super::runs;

/// Bytes of a footer; the length of a chunk has no more bits.
const FOOTER: usize = (8 << 20) - 1;

/// Bytes of a chunk that a file may state.
const CHUNK: u64 = 16 << 20;

/// Bytes of the data of a stripe, all of which are held.
const STRIPE: u64 = 512 << 20;

/// Stripes, columns and how deep they lie in each other.
const STRIPES: usize = 1 << 14;
const COLUMNS: usize = 100_000;
const DEPTH: usize = 64;

/// Rows that one byte can stand for: two bytes are a run of 130, which are 1 040 bits.
const ROWS: u64 = 1_040;

/// Bytes that the decoder takes for a value beside those of a text.
const VALUE: u64 = 24;

/// Memory for a batch and the chunks it is decoded from.
const MOST: u64 = 2 * LARGEST as u64;

/// Kinds of streams and types.
const DATA_KINDS: [u64; 5] = [0, 1, LENGTH, DICTIONARY, 5];
const LENGTH: u64 = 2;
const DICTIONARY: u64 = 3;

#[derive(Debug, Default)]
struct Type {
    kind: u64,
    children: Vec<usize>,
}

#[derive(Debug, Default)]
struct Stripe {
    offset: u64,
    index: u64,
    data: u64,
    footer: u64,
    rows: u64,
}

impl Stripe {
    fn footer_at(&self) -> u64 {
        self.offset.saturating_add(self.index).saturating_add(self.data)
    }

    fn end(&self) -> u64 {
        self.footer_at().saturating_add(self.footer)
    }
}

/// The file.
pub(super) struct Guarded<R> {
    inner: R,
    refusal: Refusal,
    codec: Codec,
    chunk: usize,
    /// Rows of a batch.
    rows: u64,
    types: Vec<Type>,
    stripes: Vec<Stripe>,
    /// Where the tail begins, and the one that the decoder gets.
    body: u64,
    tail: Bytes,
    growth: Growth,
}

impl<R: ChunkReader> Guarded<R> {
    /// The file `inner`, of which `rows` at most are decoded at a time.
    ///
    /// # Errors
    /// It is damaged or claims too much, which `refusal` then tells.
    pub(super) fn new(inner: R, rows: usize, refusal: Refusal) -> io::Result<Guarded<R>> {
        let length = inner.len();
        let fetch = |end: u64, wanted: u64| match end.checked_sub(wanted) {
            Some(from) => inner.get_bytes(from, wanted),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        };
        let last = u64::from(*fetch(length, 1)?.first().unwrap_or(&0));
        let script_at = length.saturating_sub(1 + last);
        let script = fetch(length - 1, last)?;
        let (mut footer, mut kind, mut chunk, mut metadata, mut version) = (0, 0, 256 << 10, 0, Vec::new());
        fields(&script, |field, value| {
            match field {
                1 => footer = value.number(),
                2 => kind = value.number(),
                3 => chunk = value.number(),
                4 => version.push(value),
                5 => metadata = value.number(),
                _ => {}
            }
            Ok(())
        })?;
        let codec = match kind {
            0 => Codec::None,
            1 => Codec::Deflate,
            2 => Codec::Snappy,
            3 => Codec::Lzo,
            4 => Codec::Lz4,
            5 => Codec::Zstandard,
            _ => return Err(refusal.because("has a compression that is not known")),
        };
        if codec != Codec::None && chunk > CHUNK {
            return Err(refusal.because(format!("claims chunks of more than {} MiB", CHUNK >> 20)));
        }
        if footer > FOOTER as u64 {
            return Err(refusal.because(format!("has a footer of more than {} MiB", FOOTER + 1 >> 20)));
        }
        let packed = fetch(script_at, footer)?;
        let body = script_at
            .checked_sub(footer)
            .and_then(|at| at.checked_sub(metadata))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let chunk = usize::try_from(chunk).unwrap_or(usize::MAX);
        let mut file = Guarded {
            inner,
            refusal,
            codec,
            chunk,
            rows: rows as u64,
            types: Vec::new(),
            stripes: Vec::new(),
            body,
            tail: Bytes::new(),
            growth: Growth::default(),
        };
        let footer = file.footer(&packed)?;
        let kept = file.read_footer(&footer)?;
        file.check_types(0, 0, &mut 0)?;
        file.check_stripes()?;
        file.rows = file.rows.min(LARGEST as u64 / 4 / VALUE / file.types.len().max(1) as u64).max(1);
        let mut tail = Vec::new();
        if codec != Codec::None {
            // A chunk that is not compressed.
            tail.extend_from_slice(&(kept.len() as u32 * 2 + 1).to_le_bytes()[..3]);
        }
        tail.extend_from_slice(&kept);
        let mut script = Vec::new();
        write(&mut script, 1, Value::Number(tail.len() as u64));
        write(&mut script, 2, Value::Number(kind));
        write(&mut script, 3, Value::Number(chunk as u64));
        version.iter().for_each(|&value| write(&mut script, 4, value));
        write(&mut script, 5, Value::Number(0));
        write(&mut script, 8000, Value::Bytes(b"ORC"));
        tail.extend_from_slice(&script);
        tail.push(u8::try_from(script.len()).map_err(|_| io::ErrorKind::InvalidData)?);
        file.tail = tail.into();
        Ok(file)
    }

    /// Rows to be decoded at a time, so that the columns of a wide file fit.
    pub(super) fn rows(&self) -> usize {
        usize::try_from(self.rows).unwrap_or(usize::MAX)
    }

    /// A footer unpacked.
    fn footer(&self, packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut footer = Vec::new();
        let mut chunks = self.chunks(packed);
        chunks.by_ref().take(FOOTER as u64 + 1).read_to_end(&mut footer)?;
        match footer.len() > FOOTER {
            true => Err(self.refusal.because(format!("has a footer of more than {} MiB", FOOTER + 1 >> 20))),
            false => Ok(footer),
        }
    }

    /// Takes stripes and types from the file's footer and gives of it what the decoder needs.
    fn read_footer(&mut self, footer: &[u8]) -> io::Result<Vec<u8>> {
        let (mut stripes, mut types, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let held = |count: usize, most: usize, what: &str| match count > most {
            true => Err(self.refusal.because(format!("has more than {most} {what}"))),
            false => Ok(()),
        };
        fields(footer, |field, value| {
            match field {
                3 => {
                    let mut stripe = Stripe::default();
                    fields(value.bytes(), |field, value| {
                        match field {
                            1 => stripe.offset = value.number(),
                            2 => stripe.index = value.number(),
                            3 => stripe.data = value.number(),
                            4 => stripe.footer = value.number(),
                            5 => stripe.rows = value.number(),
                            _ => {}
                        }
                        Ok(())
                    })?;
                    stripes.push(stripe);
                    held(stripes.len(), STRIPES, "stripes")?;
                }
                4 => {
                    let mut kind = Type::default();
                    fields(value.bytes(), |field, value| {
                        match (field, value) {
                            (1, _) => kind.kind = value.number(),
                            (2, Value::Number(child)) => kind.children.push(child as usize),
                            (2, Value::Bytes(mut packed)) => {
                                while !packed.is_empty() {
                                    kind.children.push(varint(&mut packed)? as usize);
                                }
                            }
                            _ => {}
                        }
                        Ok(())
                    })?;
                    types.push(kind);
                    held(types.len(), COLUMNS, "columns")?;
                }
                6 => {}
                _ => return Ok(()),
            }
            write(&mut kept, field, value);
            Ok(())
        })?;
        (self.stripes, self.types) = (stripes, types);
        match kept.len() > FOOTER {
            true => Err(io::ErrorKind::InvalidData.into()),
            false => Ok(kept),
        }
    }

    /// Types are a tree whose nodes are numbered from the root down: no type is its own part or that of two others.
    fn check_types(&self, at: usize, depth: usize, last: &mut usize) -> io::Result<()> {
        if depth > DEPTH {
            return Err(self.refusal.because(format!("has columns more than {DEPTH} deep")));
        }
        for &child in self.types.get(at).map_or(&[][..], |kind| &kind.children) {
            if child <= *last {
                return Err(self.refusal.because("has columns that contain themselves or each other"));
            }
            *last = child;
            self.check_types(child, depth + 1, last)?;
        }
        Ok(())
    }

    /// Stripes lie one behind the other.
    fn check_stripes(&self) -> io::Result<()> {
        let mut end = 0;
        for stripe in &self.stripes {
            if stripe.offset < end || stripe.end() > self.body {
                return Err(self.refusal.because("has stripes that overlap or lie beyond its end"));
            }
            if stripe.index.saturating_add(stripe.data) > STRIPE {
                return Err(self.refusal.because(format!("has a stripe of more than {} MiB", STRIPE >> 20)));
            }
            if stripe.footer > FOOTER as u64 {
                return Err(self.refusal.because(format!("has a footer of more than {} MiB", FOOTER + 1 >> 20)));
            }
            end = stripe.end();
        }
        let columns = self.types.first().map_or(1, |root| root.children.len().max(1)) as u64;
        let rows = self.stripes.iter().fold(0_u64, |rows, stripe| rows.saturating_add(stripe.rows));
        if rows.saturating_mul(columns) > most(self.inner.len()) {
            return Err(self.refusal.because("claims more cells than its bytes can hold"));
        }
        Ok(())
    }

    /// Refuses `stripe`, whose footer are the bytes `packed`, if the decoder would take too much memory for it.
    fn check(&self, stripe: &Stripe, packed: &[u8]) -> io::Result<()> {
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
            let bytes = self.inner.get_bytes(at, length)?;
            let mut chunks = self.chunks(&bytes);
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

    fn chunks<'a>(&'a self, rest: &'a [u8]) -> Chunks<'a> {
        Chunks { rest, codec: self.codec, most: self.chunk, refusal: &self.refusal, chunk: Vec::new(), at: 0 }
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
        let bytes = self.file.inner.get_bytes(at, length)?;
        // Two pieces side by side hold every window.
        let (mut before, mut piece, mut left) = (0_u64, 0_u64, window);
        runs::values(&mut io::BufReader::new(self.file.chunks(&bytes)), encoding >= 2, |value| {
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

/// A stream, chunk by chunk.
struct Chunks<'a> {
    rest: &'a [u8],
    codec: Codec,
    most: usize,
    refusal: &'a Refusal,
    chunk: Vec<u8>,
    at: usize,
}

impl Chunks<'_> {
    /// Unpacks the next chunk.
    fn advance(&mut self) -> io::Result<bool> {
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

impl<R: ChunkReader> ChunkReader for Guarded<R> {
    type T = R::T;

    fn len(&self) -> u64 {
        self.body + self.tail.len() as u64
    }

    fn get_read(&self, from: u64) -> io::Result<Self::T> {
        self.inner.get_read(from)
    }

    fn get_bytes(&self, from: u64, length: u64) -> io::Result<Bytes> {
        let end = from.checked_add(length).filter(|&end| end <= self.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let tail = |from: u64, to: u64| self.tail.slice((from - self.body) as usize..(to - self.body) as usize);
        if from >= self.body {
            return Ok(tail(from, end));
        }
        let bytes = self.inner.get_bytes(from, end.min(self.body) - from)?;
        if end > self.body {
            let mut both = BytesMut::from(bytes.as_ref());
            both.extend_from_slice(&tail(self.body, end));
            return Ok(both.freeze());
        }
        if let Some(stripe) = self.stripes.iter().find(|stripe| stripe.footer_at() == from && stripe.footer == length) {
            self.check(stripe, &bytes)?;
        }
        Ok(bytes)
    }
}
