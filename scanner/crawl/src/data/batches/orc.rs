//! A file of ORC as its decoder gets it: with a tail of its own, and no stripe of which the decoder would take more memory than it may.
//!
//! The decoder makes room for what a file claims and unpacks chunks without a limit. So the tail is read here and handed on without
//! what is not needed, and before the decoder gets the footer of a stripe every stream of it was unpacked once, chunk by chunk:
//! none grows beyond the size that the file states (ORC specification v1, "Compression"), and lengths of texts and lists that claim
//! more than a batch may take are refused.
//!
//! It holds the bytes of a stripe twice, and still when it goes on to the next. So every large stripe is a file of its own to it. What
//! is not compressed it would hold a third time; to it that is a compressed file all of whose chunks are left as they are.

mod chunks;
mod stripe;

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use orc_rust::reader::ChunkReader;

use self::chunks::Chunks;
use super::super::claims::most;
use super::bound::{Codec, Growth, LARGEST, Refusal};
use super::proto::{Value, fields, varint, write};

/// Bytes of a footer; the length of a chunk has no more bits.
const FOOTER: usize = (8 << 20) - 1;

/// Bytes of the versions of a file.
const VERSION: usize = 100;

/// Bytes of a chunk that a file may state.
const CHUNK: u64 = 16 << 20;

/// Bytes of the data of a stripe, all of which are held.
const STRIPE: u64 = 512 << 20;

/// Stripes, columns and how deep they lie in each other.
const STRIPES: usize = 1 << 14;
const COLUMNS: usize = 100_000;
const DEPTH: usize = 64;

/// Bytes that the decoder takes for a value beside those of a text.
const VALUE: u64 = 24;

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
    /// Where the tail begins.
    body: u64,
    /// What the decoder needs of the footer beside stripes, and the versions that the end of the file states.
    kept: Vec<u8>,
    version: Vec<u8>,
    growth: Growth,
}

/// Some stripes of the file, as if there were no others.
pub(super) struct Stripes<R> {
    file: Arc<Guarded<R>>,
    tail: Bytes,
}

/// Bytes of stripes that are handed on as one file; a larger one is alone.
pub(super) const TOGETHER: u64 = 8 << 20;

/// Bytes of a chunk that is left as it is; its length has no more bits.
const PLAIN: usize = (8 << 20) - 1;

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
                4 => write(&mut version, 4, value),
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
            return Err(refusal.because("has a footer of more than 8 MiB"));
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
            kept: Vec::new(),
            version,
            growth: Growth::default(),
        };
        let footer = file.footer(&packed)?;
        file.read_footer(&footer)?;
        file.check_types(0, 0, &mut 0)?;
        file.check_stripes()?;
        file.rows = file.rows.min(LARGEST as u64 / 4 / VALUE / file.types.len().max(1) as u64).max(1);
        Ok(file)
    }

    /// A file of no rows and then the parts of this one, each of which is to be dropped before the next is read: stripes of
    /// `together` bytes in all, a larger one alone.
    pub(super) fn parts(self, together: u64) -> impl Iterator<Item = Stripes<R>> {
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut size = 0_u64;
        for (nth, stripe) in self.stripes.iter().enumerate() {
            let own = stripe.index.saturating_add(stripe.data);
            size = size.saturating_add(own);
            match parts.last_mut().filter(|_| size <= together) {
                Some(last) => last.end = nth + 1,
                None => {
                    parts.push(nth..nth + 1);
                    size = own;
                }
            }
        }
        let file = Arc::new(self);
        std::iter::once(0..0).chain(parts).map(move |stripes| {
            let tail = file.tail(file.stripes.get(stripes).unwrap_or_default());
            Stripes { tail, file: Arc::clone(&file) }
        })
    }

    /// The tail of a file that has these stripes.
    fn tail(&self, stripes: &[Stripe]) -> Bytes {
        let mut footer = self.kept.clone();
        for stripe in stripes {
            let mut message = Vec::new();
            let numbers = [stripe.offset, stripe.index, stripe.data, stripe.footer, stripe.rows];
            (1..).zip(numbers).for_each(|(field, number)| write(&mut message, field, Value::Number(number)));
            write(&mut footer, 3, Value::Bytes(&message));
        }
        write(&mut footer, 6, Value::Number(stripes.iter().fold(0, |rows, stripe| rows.saturating_add(stripe.rows))));
        let mut tail = plain_chunks(&footer);
        let length = tail.len();
        let kind = match self.codec {
            // Any that leaves chunks as they are.
            Codec::None | Codec::Snappy => 2,
            Codec::Lzo => 3,
            Codec::Lz4 => 4,
            Codec::Zstandard => 5,
            _ => 1,
        };
        let mut script = Vec::new();
        write(&mut script, 1, Value::Number(length as u64));
        write(&mut script, 2, Value::Number(kind));
        write(&mut script, 3, Value::Number(self.chunk as u64));
        script.extend_from_slice(&self.version);
        write(&mut script, 5, Value::Number(0));
        write(&mut script, 8000, Value::Bytes(b"ORC"));
        tail.extend_from_slice(&script);
        // Some numbers and the versions, which were checked to be few.
        tail.push(script.len() as u8);
        tail.into()
    }

    /// Rows that the stripes claim to have.
    pub(super) fn total(&self) -> u64 {
        self.stripes.iter().fold(0, |rows, stripe| rows.saturating_add(stripe.rows))
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
            true => Err(self.refusal.because("has a footer of more than 8 MiB")),
            false => Ok(footer),
        }
    }

    /// Takes stripes and types from the file's footer.
    fn read_footer(&mut self, footer: &[u8]) -> io::Result<()> {
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
                    write(&mut kept, field, value);
                }
                _ => {}
            }
            Ok(())
        })?;
        (self.stripes, self.types, self.kept) = (stripes, types, kept);
        match self.kept.len() > FOOTER || self.version.len() > VERSION {
            true => Err(io::ErrorKind::InvalidData.into()),
            false => Ok(()),
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
                return Err(self.refusal.because("has a footer of more than 8 MiB"));
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

    fn chunks<S: Read>(&self, stream: S) -> Chunks<'_, S> {
        Chunks::new(stream, self.codec, self.chunk, &self.refusal)
    }
}

/// `bytes` as chunks that are left as they are.
fn plain_chunks(bytes: &[u8]) -> Vec<u8> {
    let mut chunks = Vec::with_capacity(bytes.len() + 3 * bytes.len().div_ceil(PLAIN));
    for chunk in bytes.chunks(PLAIN) {
        chunks.extend(plain(chunk.len()));
        chunks.extend_from_slice(chunk);
    }
    chunks
}

/// What stands before a chunk of that length that is left as it is.
fn plain(length: usize) -> [u8; 3] {
    let [low, middle, high, _] = (length as u32 * 2 + 1).to_le_bytes();
    [low, middle, high]
}

impl<R: ChunkReader> Stripes<R> {
    /// So many bytes from there on, with those before every chunk where the file has none.
    fn bytes(&self, from: u64, length: u64) -> io::Result<Bytes> {
        let Guarded { inner, codec, .. } = &*self.file;
        if *codec != Codec::None {
            return inner.get_bytes(from, length);
        }
        let mut stream = inner.get_read(from)?;
        let mut left = usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut chunks = Vec::with_capacity(left + 3 * left.div_ceil(PLAIN));
        while left > 0 {
            let length = left.min(PLAIN);
            chunks.extend(plain(length));
            if stream.by_ref().take(length as u64).read_to_end(&mut chunks)? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= length;
        }
        Ok(chunks.into())
    }
}

impl<R: ChunkReader> ChunkReader for Stripes<R> {
    type T = R::T;

    fn len(&self) -> u64 {
        self.file.body + self.tail.len() as u64
    }

    fn get_read(&self, from: u64) -> io::Result<Self::T> {
        self.file.inner.get_read(from)
    }

    fn get_bytes(&self, from: u64, length: u64) -> io::Result<Bytes> {
        let Guarded { inner, body, stripes, .. } = &*self.file;
        let end = from.checked_add(length).filter(|&end| end <= self.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let tail = |from: u64, to: u64| self.tail.slice((from - body) as usize..(to - body) as usize);
        if from >= *body {
            return Ok(tail(from, end));
        }
        if end > *body {
            let mut both = BytesMut::from(inner.get_bytes(from, body - from)?.as_ref());
            both.extend_from_slice(&tail(*body, end));
            return Ok(both.freeze());
        }
        // Stripes lie one behind the other. Indexes are not asked for anything.
        let at = stripes.partition_point(|stripe| stripe.footer_at() < from);
        if stripes.get(at).is_some_and(|stripe| end <= stripe.offset.saturating_add(stripe.index)) {
            return Ok(Bytes::new());
        }
        let mut here = stripes.iter().skip(at).take_while(|stripe| stripe.footer_at() == from);
        if let Some(stripe) = here.find(|stripe| stripe.footer == length) {
            self.file.check(stripe, &inner.get_bytes(from, length)?)?;
        }
        self.bytes(from, length)
    }
}
