//! Archives: what of their members is a dataset. Archives inside archives are not entered.

use std::io::{self, Read};

use aedile_model::GapKind;
use aedile_rules::Rules;

use super::format::{Format, recognise_bytes};
use super::packing::{Packing, unpacked_name};
use super::random::Random;
use super::source::Stream;
use super::table::Table;
use super::{sheet, shown_name};
use crate::{File, Limits};

/// Members that are looked at.
const MEMBERS: usize = 1_000;

/// Bytes of a name or of an extended header in a tar archive.
const NAME: u64 = 64 << 10;

/// How much larger than its packed bytes a member may be when everything is read, beyond the first bytes; text packs to a
/// hundredth at the best.
pub(super) const EXPANSION: u64 = 256;

/// The datasets in the zip archive `bytes`, or the sheets if it is a workbook.
pub(super) fn zip(bytes: &Random, limits: &Limits, rules: &Rules) -> Vec<Table> {
    let refused = |gap, why: &str| vec![Table::unread("", gap, why)];
    let Ok(stream) = bytes.open() else { return refused(GapKind::Unreadable, "the archive cannot be opened") };
    let Ok(mut archive) = zip::ZipArchive::new(io::BufReader::new(stream)) else {
        return refused(GapKind::Unparsed, "the archive is damaged");
    };
    let workbook = ["xl/workbook.xml", "xl/workbook.bin", "content.xml"];
    if workbook.iter().any(|name| archive.index_for_name(name).is_some()) {
        return sheet::read(bytes, limits, rules);
    }
    let mut found = Members::new(limits, rules);
    for at in 0..archive.len() {
        let Ok(member) = archive.by_index_raw(at) else {
            found.gap(&format!("member {}", at + 1), GapKind::Unparsed, "the archive is damaged there");
            continue;
        };
        let (name, is_file, locked) =
            (shown_name(&member.name().unwrap_or_default()), member.is_file(), member.encrypted());
        let packed = member.compressed_size();
        drop(member);
        if !is_file {
            continue;
        }
        if locked {
            found.locked += 1;
            continue;
        }
        match archive.by_index(at) {
            Ok(member) => found.read(&name, member, packed),
            Err(_) => found.gap(&name, GapKind::Unsupported, "the member cannot be unpacked"),
        }
    }
    found.finish()
}

/// The datasets in the tar archive `stream` (POSIX.1-2001 pax, ustar, GNU).
pub(super) fn tar(mut stream: Stream<'_>, limits: &Limits, rules: &Rules) -> Vec<Table> {
    let mut found = Members::new(limits, rules);
    let mut long: Option<String> = None;
    loop {
        let mut header = [0; 512];
        match stream.read_exact(&mut header) {
            Err(_) if stream.cut => {
                found.end(GapKind::Limit, "the archive was read up to the limit on bytes only");
                break;
            }
            Err(_) => {
                found.end(GapKind::Unparsed, "the archive ends in the middle");
                break;
            }
            Ok(()) if header.iter().all(|&byte| byte == 0) => break,
            Ok(()) => {}
        }
        let Some(member) = Header::of(&header) else {
            found.end(GapKind::Unparsed, "the archive is damaged");
            break;
        };
        let mut content = stream.by_ref().take(member.size);
        match member.kind {
            b'L' => long = text(&mut content).map(|name| name.trim_end_matches('\0').to_owned()),
            b'x' => long = text(&mut content).and_then(|records| path_of(&records)),
            b'0' | 0 | b'7' => {
                let name = shown_name(&long.take().unwrap_or(member.name));
                found.read(&name, &mut content, member.size);
            }
            _ => long = None,
        }
        // A size that no archive has must not overflow.
        let left = content.limit().saturating_add((512 - member.size % 512) % 512);
        let passed = io::copy(&mut stream.by_ref().take(left), &mut io::sink());
        if passed.is_err() {
            found.end(GapKind::Unparsed, "the archive cannot be read to its end");
            break;
        }
        if found.full() {
            break;
        }
    }
    found.finish()
}

/// A header of a tar archive.
struct Header {
    name: String,
    size: u64,
    kind: u8,
}

impl Header {
    fn of(block: &[u8; 512]) -> Option<Header> {
        let field = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
        let text = |bytes: &[u8]| {
            let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
        };
        let octal = |bytes: &[u8]| {
            let digits = text(bytes);
            u64::from_str_radix(digits.trim_matches([' ', '\0']), 8).ok()
        };
        // The checksum counts its own field as blanks.
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, &byte)| u64::from(if (148..156).contains(&at) { b' ' } else { byte }))
            .sum();
        if octal(field(148, 156))? != sum {
            return None;
        }
        let size = match field(124, 136) {
            [first, rest @ ..] if first & 0x80 != 0 => rest
                .iter()
                .try_fold(u64::from(first & 0x7f), |size, &byte| size.checked_mul(256)?.checked_add(byte.into()))?,
            digits => octal(digits)?,
        };
        let prefix = if field(257, 262) == b"ustar" { text(field(345, 500)) } else { String::new() };
        let name = text(field(0, 100));
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        Some(Header { name, size, kind: *block.get(156)? })
    }
}

fn text(content: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    content.take(NAME).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The path in the records of an extended header: `LENGTH path=VALUE`, a line each.
fn path_of(records: &str) -> Option<String> {
    records.lines().find_map(|record| Some(record.split_once(' ')?.1.strip_prefix("path=")?.to_owned()))
}

/// What was found in an archive.
struct Members<'a> {
    tables: Vec<Table>,
    seen: usize,
    others: usize,
    locked: usize,
    gaps: Vec<(GapKind, String)>,
    limits: &'a Limits,
    rules: &'a Rules,
}

impl<'a> Members<'a> {
    fn new(limits: &'a Limits, rules: &'a Rules) -> Members<'a> {
        Members { tables: Vec::new(), seen: 0, others: 0, locked: 0, gaps: Vec::new(), limits, rules }
    }

    fn full(&self) -> bool {
        self.seen >= MEMBERS
    }

    fn gap(&mut self, name: &str, kind: GapKind, why: &str) {
        self.gaps.push((kind, format!("{name}: {why}")));
    }

    fn end(&mut self, kind: GapKind, why: &str) {
        self.gaps.push((kind, why.to_owned()));
    }

    /// Reads the member `name` of so many packed bytes.
    fn read<'m>(&mut self, name: &str, content: impl Read + Send + 'm, packed: u64) {
        self.seen += 1;
        if self.seen > MEMBERS {
            return;
        }
        let limit = self.limits.dataset_bytes.min(packed.saturating_mul(EXPANSION).max(64 << 20));
        let tables = self.member(name, Box::new(content), limit).unwrap_or_else(|error| {
            vec![Table::unread("", GapKind::Unreadable, format!("cannot be read: {}", error.kind()))]
        });
        for mut table in tables {
            if table.format.is_empty() {
                self.gaps.extend(table.gaps.drain(..).map(|(kind, why)| (kind, format!("{name}: {why}"))));
                continue;
            }
            table.part = if table.part.is_empty() { name.to_owned() } else { format!("{name}#{}", table.part) };
            self.tables.push(table);
        }
    }

    fn member<'m>(&mut self, name: &str, content: Box<dyn Read + Send + 'm>, limit: u64) -> io::Result<Vec<Table>> {
        let mut packed = Stream::over(content, u64::MAX)?;
        let packing = Packing::of(packed.peek(File::HEAD)?);
        let (mut stream, name) = match packing {
            Packing::None => (Stream::over(Box::new(packed), limit)?, name),
            packing => (Stream::over(packing.unpacked(Box::new(packed))?, limit)?, unpacked_name(name)),
        };
        let head = stream.peek(File::HEAD)?.to_vec();
        match recognise_bytes(name, &head) {
            None => {
                self.others += usize::from(!head.is_empty());
                Ok(Vec::new())
            }
            Some(Format::Zip | Format::Tar) => {
                Ok(vec![Table::unread("", GapKind::Unsupported, "an archive inside an archive")])
            }
            Some(format) => Ok(super::tables_of(name, format, stream, self.limits, self.rules)),
        }
    }

    fn finish(mut self) -> Vec<Table> {
        if self.others > 0 {
            let why = format!("{} members of the archive are no datasets; not read", self.others);
            self.gaps.push((GapKind::Unsupported, why));
        }
        if self.locked > 0 {
            let why = format!("{} members of the archive are protected by a password; not read", self.locked);
            self.gaps.push((GapKind::Unparsed, why));
        }
        if self.seen > MEMBERS {
            self.gaps.push((
                GapKind::Limit,
                format!("{} members beyond the first {MEMBERS} were not read", self.seen - MEMBERS),
            ));
        } else if self.seen == MEMBERS {
            self.gaps.push((GapKind::Limit, format!("members beyond the first {MEMBERS} were not read")));
        }
        if !self.gaps.is_empty() {
            let mut rest = Table::new("");
            rest.gaps = self.gaps;
            self.tables.push(rest);
        }
        self.tables
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::RULES;
    use super::*;

    const ROWS: &[u8] = b"id,email\n1,ann@mailbox.org\n2,bob@mailbox.org\n";

    fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn tarred(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, content) in members {
            let mut header = [0_u8; 512];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
            header[156] = b'0';
            header[257..262].copy_from_slice(b"ustar");
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
            header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            bytes.extend(header);
            bytes.extend(*content);
            bytes.resize(bytes.len().next_multiple_of(512), 0);
        }
        bytes.extend([0; 1024]);
        bytes
    }

    fn parts(tables: &[Table]) -> Vec<(&str, u64)> {
        tables.iter().map(|table| (table.part.as_str(), table.rows_read)).collect()
    }

    #[test]
    fn members_that_are_datasets_are_tables() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(ROWS).unwrap();
        let gzip = gzip.finish().unwrap();
        let inner = zipped(&[("x.csv", ROWS)]);
        let members: [(&str, &[u8]); 4] =
            [("in/a.csv", ROWS), ("b.csv.gz", &gzip), ("readme.md", b"# words\n"), ("inner.zip", &inner)];
        let zip = zip(&Random::Held(zipped(&members).into()), &Limits::default(), &RULES);
        let tar_bytes = tarred(&members);
        let stream = Stream::over(Box::new(tar_bytes.as_slice()), u64::MAX).unwrap();
        let tar = tar(stream, &Limits::default(), &RULES);
        for tables in [zip, tar] {
            assert_eq!(parts(&tables), [("in/a.csv", 2), ("b.csv.gz", 2), ("", 0)]);
            let gaps: Vec<&str> = tables[2].gaps.iter().map(|(_, why)| why.as_str()).collect();
            assert_eq!(
                gaps,
                ["inner.zip: an archive inside an archive", "1 members of the archive are no datasets; not read"]
            );
        }
    }

    #[test]
    fn damaged_archives_are_gaps() {
        let (zip_bytes, tar_bytes) = (zipped(&[("a.csv", ROWS)]), tarred(&[("a.csv", ROWS)]));
        for at in 0..zip_bytes.len() {
            let mut bytes = zip_bytes.clone();
            bytes[at] ^= 0xff;
            zip(&Random::Held(bytes.into()), &Limits::default(), &RULES);
        }
        for cut in [100, 520, 600] {
            let stream = Stream::over(Box::new(&tar_bytes[..cut]), u64::MAX).unwrap();
            assert!(tar(stream, &Limits::default(), &RULES).iter().any(|table| !table.gaps.is_empty()), "{cut}");
        }
    }

    #[test]
    fn a_size_that_no_archive_has_is_a_gap() {
        let mut bytes = tarred(&[("folder", b"")]);
        bytes[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        bytes[156] = b'5';
        bytes[148..156].fill(b' ');
        let sum: u32 = bytes[..512].iter().map(|&byte| u32::from(byte)).sum();
        bytes[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let stream = Stream::over(Box::new(bytes.as_slice()), u64::MAX).unwrap();
        let tables = tar(stream, &Limits::default(), &RULES);
        assert!(tables.iter().any(|table| !table.gaps.is_empty()), "{tables:?}");
    }

    #[test]
    fn a_bomb_is_cut() {
        let bomb = zipped(&[("a.csv", &vec![b'a'; 80 << 20])]);
        let limits = Limits { dataset_bytes: 1 << 20, ..Limits::default() };
        let tables = zip(&Random::Held(bomb.into()), &limits, &RULES);
        assert!(tables.iter().any(|table| table.gaps.iter().any(|(kind, _)| *kind == GapKind::Limit)), "{tables:?}");
    }
}
