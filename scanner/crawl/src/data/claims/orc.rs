//! Types and stripes of ORC files, and reads that never allocate more than the file has.
//!
//! <https://orc.apache.org/specification/ORCv1/>

use std::io::{self, Read};

use bytes::Bytes;
use orc_rust::compression::Decompressor;
use orc_rust::reader::ChunkReader;
use orc_rust::reader::metadata::{FileMetadata, read_metadata};

use super::{Fault, File, most};

/// Bytes of the longest footer, once unpacked, and of the longest block of compression, whose length has 23 bits.
const FOOTER: u64 = 64 << 20;
const BLOCK: u64 = 1 << 23;

/// Nesting of types.
const DEPTH: usize = 128;

/// Looks at the types in the footer: they must be a tree, numbered from the root on. Decoders follow them wherever they lead.
pub(super) fn types(file: &mut File) -> Result<(), Fault> {
    let footer = footer(file).ok_or(Fault::Damaged)?;
    if footer.len() as u64 > FOOTER {
        return Err(Fault::Excess);
    }
    let mut depths: Vec<usize> = Vec::new();
    let mut at = 0;
    for field in fields(&footer).ok_or(Fault::Damaged)? {
        let (4, Value::Bytes(of)) = field else { continue };
        let depth = match depths.get(at) {
            Some(0) | None if at > 0 => return Err(Fault::Damaged),
            Some(depth) => *depth,
            None => 0,
        };
        for member in members(of).ok_or(Fault::Damaged)? {
            let member = usize::try_from(member).map_err(|_| Fault::Damaged)?;
            // A type has at least two bytes in the footer.
            if member <= at || member > footer.len() || depth >= DEPTH {
                return Err(Fault::Damaged);
            }
            if depths.len() <= member {
                depths.resize(member + 1, 0);
            }
            match depths.get_mut(member) {
                Some(held @ 0) => *held = depth + 1,
                _ => return Err(Fault::Damaged),
            }
        }
        at += 1;
    }
    if at == 0 { Err(Fault::Damaged) } else { Ok(()) }
}

/// The types that a type has as members: numbers, one by one or packed.
fn members(of: &[u8]) -> Option<Vec<u64>> {
    let mut members = Vec::new();
    for field in fields(of)? {
        match field {
            (2, Value::Number(number)) => members.push(number),
            (2, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    members.push(number(&mut packed)?);
                }
            }
            _ => {}
        }
    }
    Some(members)
}

/// The footer, unpacked up to one byte beyond [`FOOTER`].
fn footer(file: &mut File) -> Option<Vec<u8>> {
    let last = file.length.checked_sub(1)?;
    let [length] = file.number::<1>(last)?;
    let start = last.checked_sub(u64::from(length))?;
    let postscript = file.at(start, u64::from(length))?;
    let number = |wanted: u64| {
        let mut numbers = fields(&postscript)?.into_iter().filter_map(|(field, value)| match value {
            Value::Number(number) if field == wanted => Some(number),
            _ => None,
        });
        Some(numbers.next_back().unwrap_or(0))
    };
    let (length, codec, block, statistics) = (number(1)?, number(2)?, number(3)?, number(5)?);
    if block > BLOCK {
        return None;
    }
    let start = start.checked_sub(length)?;
    let packed = file.at(start, length)?;
    let statistics = file.at(start.checked_sub(statistics)?, statistics)?;
    let compression = match codec {
        0 => None,
        _ if !fitting(&packed, codec) || !fitting(&statistics, codec) => return None,
        // The decoder tells its compression of a file alone: of one without rows and columns.
        _ => read_metadata(&mut Bytes::from(bare(codec, block)?)).ok()?.compression(),
    };
    let mut unpacked = Vec::new();
    Decompressor::new(packed.into(), compression, Vec::new()).take(FOOTER + 1).read_to_end(&mut unpacked).ok()?;
    Some(unpacked)
}

/// Whether no block of `packed` unpacks to more than [`BLOCK`] bytes, which decoders hold whole. Those of LZ4 they bound.
fn fitting(mut packed: &[u8], codec: u64) -> bool {
    let most = |unpacked: &mut dyn Read| {
        io::copy(&mut unpacked.take(BLOCK + 1), &mut io::sink()).is_ok_and(|count| count <= BLOCK)
    };
    while !packed.is_empty() {
        let Some([low, middle, high]) = take(&mut packed, 3).and_then(|head| head.first_chunk().copied()) else {
            return false;
        };
        let head = u32::from_le_bytes([low, middle, high, 0]);
        let Some(mut block) = take(&mut packed, u64::from(head >> 1)) else { return false };
        let fits = match codec {
            _ if head & 1 == 1 => true,
            1 => most(&mut flate2::read::DeflateDecoder::new(block)),
            2 => number(&mut block).is_some_and(|length| length <= BLOCK),
            5 => zstd::Decoder::new(block).is_ok_and(|mut block| most(&mut block)),
            _ => true,
        };
        if !fits {
            return false;
        }
    }
    true
}

/// A file without rows and columns, with this compression and blocks of so many bytes.
fn bare(codec: u64, block: u64) -> Option<Vec<u8>> {
    // A block of four bytes that is not compressed: a type, which is a structure.
    let mut bytes = vec![b'O', b'R', b'C', 4 << 1 | 1, 0, 0, 0x22, 0x02, 0x08, 0x0c];
    let codec = u8::try_from(codec).ok().filter(|codec| *codec < 0x80)?;
    let mut postscript = vec![0x08, 7, 0x10, codec, 0x28, 0];
    if block > 0 {
        postscript.push(0x18);
        postscript
            .extend([0, 7, 14, 21].map(|shift| (block >> shift & 0x7f) as u8 | if shift < 21 { 0x80 } else { 0 }));
    }
    let length = u8::try_from(postscript.len()).ok()?;
    bytes.extend(postscript);
    bytes.push(length);
    Some(bytes)
}

/// What a field of a protocol buffer holds, as far as it is looked at.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

/// The fields of a message by their numbers. <https://protobuf.dev/programming-guides/encoding/>
fn fields(mut left: &[u8]) -> Option<Vec<(u64, Value<'_>)>> {
    let mut fields = Vec::new();
    while !left.is_empty() {
        let key = number(&mut left)?;
        let value = match key & 7 {
            0 => Value::Number(number(&mut left)?),
            1 => take(&mut left, 8).map(|_| Value::Other)?,
            2 => {
                let length = number(&mut left)?;
                Value::Bytes(take(&mut left, length)?)
            }
            5 => take(&mut left, 4).map(|_| Value::Other)?,
            _ => return None,
        };
        fields.push((key >> 3, value));
    }
    Some(fields)
}

fn number(left: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = left.split_first()?;
        *left = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(left: &mut &'a [u8], count: u64) -> Option<&'a [u8]> {
    let (taken, rest) = left.split_at_checked(usize::try_from(count).ok()?)?;
    *left = rest;
    Some(taken)
}

/// Looks at the stripes: together they must fit into the file of `length` bytes and its limit of cells.
///
/// # Errors
/// They do not.
pub(in super::super) fn stripes(metadata: &FileMetadata, length: u64) -> Result<(), Fault> {
    let columns = metadata.root_data_type().children().len().max(1) as u64;
    let (mut bytes, mut rows) = (0_u64, 0_u64);
    for stripe in metadata.stripe_metadatas() {
        for part in [stripe.index_length(), stripe.data_length(), stripe.footer_length()] {
            bytes = bytes.saturating_add(part);
        }
        rows = rows.saturating_add(stripe.number_of_rows());
    }
    if bytes > length || rows.saturating_mul(columns) > most(length) { Err(Fault::Excess) } else { Ok(()) }
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
