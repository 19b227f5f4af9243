//! Whether what a Parquet file claims of itself can be, before it is decoded: the footer, and the headers of pages.

use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;

use super::Fault;
use super::form::{CHILDREN, DATA, DATA_V2, DICTIONARY, FOOTER, PAGE, SCHEMA};
use super::thrift::{self, walk};

/// Bytes of the longest footer.
const LONGEST: u64 = 256 << 20;

/// Nesting of a schema; a list takes three levels.
const DEPTH: usize = 128;

/// Bytes that are read at a time where headers are looked for, and of the longest header.
const WINDOW: u64 = 1 << 10;
const HEADER: u64 = 16 << 20;

/// How much larger a page may be than its bytes on disk.
const EXPANSION: i64 = 1 << 16;

/// Walks the footer.
///
/// # Errors
/// It is no footer, or it claims what it cannot hold.
pub(super) fn footer<R: ChunkReader>(file: &R) -> Result<(), Fault> {
    let behind = file.len().checked_sub(8).ok_or(Fault::Damaged)?;
    let tail = file.get_bytes(behind, 8).map_err(|_| Fault::Damaged)?;
    let (Some(length), Some(b"PAR1")) = (tail.first_chunk::<4>(), tail.get(4..)) else { return Err(Fault::Damaged) };
    let length = u64::from(u32::from_le_bytes(*length));
    let start = behind.checked_sub(length).ok_or(Fault::Damaged)?;
    if length > LONGEST {
        return Err(Fault::Bomb);
    }
    let bytes = usize::try_from(length).map_err(|_| Fault::Damaged)?;
    let bytes = file.get_bytes(start, bytes).map_err(|_| Fault::Damaged)?;
    let (mut members, mut count) = (Vec::new(), 0);
    let walked = walk(&bytes, FOOTER, |seen| match (seen.within, seen.field) {
        (SCHEMA, CHILDREN) => count = seen.number,
        (SCHEMA, 0) => members.push(std::mem::take(&mut count)),
        _ => {}
    });
    if walked.is_ok() && nests(&members) { Ok(()) } else { Err(Fault::Damaged) }
}

/// Whether elements of a schema have the members that they claim, one behind the other, and not too deep. Decoders call
/// themselves for each level and allocate by the claim.
fn nests(members: &[i64]) -> bool {
    let mut open: Vec<i64> = Vec::new();
    for &count in members {
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        match count {
            0 => {}
            1.. if open.len() < DEPTH => open.push(count),
            _ => return false,
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    open.is_empty()
}

/// Whether `chunk` of a row group of `rows` rows consists of pages from its first byte to its last, none of which claims more
/// than there is. Where pages are long that is one small read a page.
pub(super) fn pages<R: ChunkReader>(file: &R, chunk: &ColumnChunkMetaData, rows: u64) -> bool {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let (Ok(start), Ok(length)) = (u64::try_from(start), u64::try_from(chunk.compressed_size())) else { return false };
    let Some(end) = start.checked_add(length).filter(|end| *end <= file.len()) else { return false };
    let most = u64::try_from(chunk.num_values()).unwrap_or(0).max(rows);
    let (mut at, mut values) = (start, 0_u64);
    let (mut window, mut begin) = (bytes::Bytes::new(), start);
    while at < end {
        let held = usize::try_from(at - begin).ok().and_then(|skipped| window.get(skipped..)).unwrap_or_default();
        match page(held) {
            Ok(page) => {
                at += page.header + page.data;
                values = values.saturating_add(page.values);
                if at > end || values > most {
                    return false;
                }
            }
            Err(thrift::Fault::Wrong) => return false,
            Err(thrift::Fault::Short) => {
                let wanted = if begin == at { (window.len() as u64).saturating_mul(4) } else { 0 };
                let wanted = wanted.max(WINDOW).min(end - at);
                let stuck = begin == at && wanted <= window.len() as u64;
                if stuck || wanted > HEADER {
                    return false;
                }
                let Ok(bytes) = file.get_bytes(at, usize::try_from(wanted).unwrap_or(0)) else { return false };
                (window, begin) = (bytes, at);
            }
        }
    }
    true
}

/// A page: bytes of its header and behind it, and cells.
struct Page {
    header: u64,
    data: u64,
    values: u64,
}

fn page(bytes: &[u8]) -> Result<Page, thrift::Fault> {
    let (mut kind, mut unpacked, mut data, mut kinds) = (-1, -1, -1, 0_u16);
    let (mut values, mut entries) = (0, 0);
    let walked = walk(bytes, PAGE, |seen| match (seen.within, seen.field) {
        (0, 1) => kind = seen.number,
        (0, 2) => unpacked = seen.number,
        (0, 3) => data = seen.number,
        (0, field @ (DATA | DICTIONARY | DATA_V2)) => kinds |= 1 << field,
        (DATA | DATA_V2, 1) => values = seen.number,
        (DICTIONARY, 1) => entries = seen.number,
        _ => {}
    })?;
    // Of a page of another kind decoders take the data for the next header.
    let of_kind = match kind {
        0 => kinds == 1 << DATA,
        2 => kinds == 1 << DICTIONARY,
        3 => kinds == 1 << DATA_V2,
        _ => false,
    };
    let sizes = 0..=i64::from(i32::MAX);
    let small = sizes.contains(&unpacked) && sizes.contains(&data) && unpacked / EXPANSION <= data;
    let (Ok(data), Ok(values), true, true) =
        (u64::try_from(data), u64::try_from(values), of_kind && small, (0..=unpacked).contains(&entries))
    else {
        return Err(thrift::Fault::Wrong);
    };
    Ok(Page { header: walked.length as u64, data, values })
}
