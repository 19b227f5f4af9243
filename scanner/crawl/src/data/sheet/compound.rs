//! Streams of a compound file ([MS-CFB]): the file is cut into sectors, and tables say which follows which.

/// A compound file that is held in memory.
pub(super) struct Compound<'a> {
    /// Behind the header.
    sectors: &'a [u8],
    size: usize,
    /// By sector: the next one.
    next: Vec<u32>,
    /// The sectors of 64 bytes in which short streams lie, and which follows which.
    small: Vec<u8>,
    next_small: Vec<u32>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    size: u64,
}

const END: u32 = 0xffff_fffe;
/// Greater numbers are no sectors.
const LAST: u32 = 0xffff_fffa;
/// Streams of fewer bytes lie in small sectors of so many bytes.
const SHORT: u64 = 4096;
const SMALL: usize = 64;

impl<'a> Compound<'a> {
    /// The tables of `file`; `None` if they are damaged: a chain that is longer than the file, for one.
    pub(super) fn of(file: &'a [u8]) -> Option<Compound<'a>> {
        let header = file.get(..512).filter(|header| header.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))?;
        let size = match short(header, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut file = Compound {
            sectors: file.get(size..)?,
            size,
            next: Vec::new(),
            small: Vec::new(),
            next_small: Vec::new(),
            entries: Vec::new(),
        };
        let most = file.sectors.len() / size + 1;
        // Where the table of sectors lies: 109 places in the header, the others in a chain of sectors.
        let mut tables: Vec<u32> = longs(header.get(76..)?).collect();
        let (mut more, mut count) = (long(header, 68)?, 0);
        while more < LAST {
            count += 1;
            tables.extend(longs(file.sector(more)?));
            more = tables.pop().filter(|_| count <= most)?;
        }
        for table in tables.into_iter().filter(|table| *table < LAST) {
            file.next.extend(longs(file.sector(table)?));
            if file.next.len() > most.saturating_add(size) * 2 {
                return None;
            }
        }
        let directory = chain(file.sectors, size, &file.next, long(header, 48)?, u64::MAX)?;
        file.entries = directory.chunks_exact(128).map(|entry| Entry::of(entry, size)).collect::<Option<_>>()?;
        if long(header, 64)? > 0 {
            let root = file.entries.first()?;
            file.small = chain(file.sectors, size, &file.next, root.start, root.size)?;
            let table =
                chain(file.sectors, size, &file.next, long(header, 60)?, u64::from(long(header, 64)?) * size as u64)?;
            file.next_small = longs(&table).collect();
        }
        Some(file)
    }

    /// The streams of that name, whatever its case; `None` if one is damaged.
    pub(super) fn streams(&self, name: &str) -> Option<Vec<Vec<u8>>> {
        let named = self.entries.iter().filter(|entry| entry.name.eq_ignore_ascii_case(name));
        named
            .map(|entry| match entry.size < SHORT {
                true => chain(&self.small, SMALL, &self.next_small, entry.start, entry.size),
                false => chain(self.sectors, self.size, &self.next, entry.start, entry.size),
            })
            .collect()
    }

    fn sector(&self, at: u32) -> Option<&'a [u8]> {
        let start = (at as usize).checked_mul(self.size)?;
        self.sectors.get(start..self.sectors.len().min(start.checked_add(self.size)?))
    }
}

impl Entry {
    fn of(entry: &[u8], size: usize) -> Option<Entry> {
        let units = entry.get(..64)?.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
        let name = char::decode_utf16(units.take_while(|unit| *unit != 0)).map(|c| c.unwrap_or('\u{fffd}')).collect();
        let high = if size == 512 { 0 } else { u64::from(long(entry, 124)?) << 32 };
        Some(Entry { name, start: long(entry, 116)?, size: high | u64::from(long(entry, 120)?) })
    }
}

/// The first `length` bytes of the chain that begins with the sector `at`; `None` if it goes on longer than there are sectors.
fn chain(sectors: &[u8], size: usize, next: &[u32], mut at: u32, length: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut left = sectors.len() / size + 1;
    while at != END && (bytes.len() as u64) < length {
        left = left.checked_sub(1)?;
        let start = (at as usize).checked_mul(size)?;
        bytes.extend(sectors.get(start..sectors.len().min(start.checked_add(size)?))?);
        if bytes.len() as u64 >= length {
            break;
        }
        at = *next.get(at as usize)?;
    }
    bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    Some(bytes)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn longs(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes))
}
