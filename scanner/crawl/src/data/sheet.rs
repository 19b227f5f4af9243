//! Workbooks: xlsx, xlsb, xls and ods. Every sheet with rows is a table.

use std::io::{BufReader, Read, Seek};

use aedile_model::GapKind;
use aedile_rules::Rules;
use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, Sheets, Xls, Xlsb, Xlsx};

use super::random::{Random, ReadSeek, careful};
use super::rows::{Rows, has_names};
use super::table::Table;
use crate::Limits;

/// Bytes that all parts of a workbook may have together once they are unpacked.
const UNPACKED: u64 = 256 << 20;

/// Bytes of a workbook that cannot be read sheet by sheet and row by row.
const WHOLE: u64 = 64 << 20;

/// Sheets that are read.
const SHEETS: usize = 64;

/// Rows that are looked at to tell whether the first holds names.
const HEAD: usize = 50;

/// The sheets in `bytes`.
pub(super) fn read(bytes: &Random, limits: &Limits, rules: &Rules) -> Vec<Table> {
    careful(|| try_read(bytes, limits, rules))
        .unwrap_or_else(|| vec![Table::unread("spreadsheet", GapKind::Unparsed, "the workbook is damaged")])
}

fn try_read(bytes: &Random, limits: &Limits, rules: &Rules) -> Vec<Table> {
    let refused = |gap, why: &str| vec![Table::unread("spreadsheet", gap, why)];
    let Ok(mut stream) = bytes.open() else { return refused(GapKind::Unreadable, "the workbook cannot be opened") };
    match unpacked(&mut stream) {
        Unpacked::Within => {}
        Unpacked::Beyond => return refused(GapKind::Limit, "the workbook expands beyond 256 MiB; not read"),
        Unpacked::NoZip(size) if size > WHOLE => {
            return refused(GapKind::Limit, "the workbook has more than 64 MiB; not read");
        }
        Unpacked::NoZip(_) if is_protected(&mut stream) => {
            return refused(GapKind::Unparsed, "the workbook is protected by a password; not read");
        }
        Unpacked::NoZip(_) => {}
    }
    let Some(mut book) = opened(bytes) else {
        return refused(GapKind::Unparsed, "the workbook is damaged, or protected by a password");
    };
    let names = book.sheet_names();
    let several = names.len() > 1;
    let mut tables: Vec<Table> = Vec::new();
    for name in names.iter().take(SHEETS) {
        let part = if several { super::column_name(name) } else { String::new() };
        tables.extend(sheet(&mut book, name, &part, limits, rules));
    }
    if names.len() > SHEETS {
        let more = names.len() - SHEETS;
        tables.push(Table::unread("", GapKind::Limit, format!("{more} of {} sheets were not read", names.len())));
    }
    if tables.is_empty() {
        let mut empty = Table::new("spreadsheet");
        empty.rows_total = Some(0);
        tables.push(empty);
    }
    tables
}

type Book = BufReader<Box<dyn ReadSeek>>;

fn opened(bytes: &Random) -> Option<Sheets<Book>> {
    let stream = || bytes.open().ok().map(BufReader::new);
    let xlsx = Xlsx::new(stream()?).ok().map(Sheets::Xlsx);
    xlsx.or_else(|| Xlsb::new(stream()?).ok().map(Sheets::Xlsb))
        .or_else(|| Ods::new(stream()?).ok().map(Sheets::Ods))
        .or_else(|| Xls::new(stream()?).ok().map(Sheets::Xls))
}

/// How large a workbook is.
enum Unpacked {
    Within,
    Beyond,
    NoZip(u64),
}

/// Unpacks every part once without keeping it: what the directory says of sizes may be a lie.
fn unpacked(stream: &mut (impl Read + Seek)) -> Unpacked {
    let size = stream.seek(std::io::SeekFrom::End(0)).unwrap_or(u64::MAX);
    let _ = stream.rewind();
    let Ok(mut archive) = zip::ZipArchive::new(stream) else { return Unpacked::NoZip(size) };
    let mut left = UNPACKED;
    for at in 0..archive.len() {
        let Ok(part) = archive.by_index(at) else { continue };
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).unwrap_or(0);
        if read > left {
            return Unpacked::Beyond;
        }
        left -= read;
    }
    Unpacked::Within
}

/// Whether a compound file holds an encrypted package ([MS-OFFCRYPTO] 2.3.4.4), by the name of its stream.
fn is_protected(stream: &mut (impl Read + Seek)) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = Vec::new();
    let _ = stream.rewind();
    let _ = stream.take(WHOLE).read_to_end(&mut bytes);
    memchr::memmem::find(&bytes, &name).is_some()
}

/// The rows of one sheet; `None` if it has none.
fn sheet(book: &mut Sheets<Book>, name: &str, part: &str, limits: &Limits, rules: &Rules) -> Option<Table> {
    let mut sheet = Sheet { head: Vec::new(), rows: None, part, limits, rules };
    let failed = match book {
        Sheets::Xlsx(book) => match book.worksheet_cells_reader(name) {
            Err(_) => true,
            Ok(mut cells) => {
                let (mut at, mut row) = (None, Vec::new());
                loop {
                    match cells.next_cell() {
                        Err(_) => break true,
                        Ok(None) => {
                            sheet.offer(row);
                            break false;
                        }
                        Ok(Some(cell)) => {
                            let (line, column) = cell.get_position();
                            if at != Some(line) {
                                sheet.offer(std::mem::take(&mut row));
                                at = Some(line);
                            }
                            put(&mut row, column as usize, shown(cell.get_value()));
                        }
                    }
                }
            }
        },
        other => match other.worksheet_range(name) {
            Err(_) => true,
            Ok(range) => {
                for row in range.rows() {
                    sheet.offer(row.iter().map(shown_whole).collect());
                }
                false
            }
        },
    };
    sheet.finish(failed)
}

/// Columns of a sheet that are read.
const COLUMNS: usize = super::table::COLUMNS;

fn put(row: &mut Vec<Option<String>>, at: usize, cell: Option<String>) {
    if at < COLUMNS {
        if row.len() <= at {
            row.resize(at + 1, None);
        }
        if let Some(slot) = row.get_mut(at) {
            *slot = cell;
        }
    }
}

/// A sheet whose first rows tell whether it has names.
struct Sheet<'a> {
    head: Vec<Vec<Option<String>>>,
    rows: Option<Rows<'a>>,
    part: &'a str,
    limits: &'a Limits,
    rules: &'a Rules,
}

impl Sheet<'_> {
    fn offer(&mut self, row: Vec<Option<String>>) {
        if row.iter().all(Option::is_none) {
            return;
        }
        match &mut self.rows {
            Some(rows) => rows.offer(row),
            None => {
                self.head.push(row);
                if self.head.len() >= HEAD {
                    self.begin();
                }
            }
        }
    }

    fn begin(&mut self) {
        let text = |row: &Vec<Option<String>>| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect();
        let head: Vec<Vec<String>> = self.head.iter().map(text).collect();
        // Titles and notes may stand above the table: it begins where most of the widest row is filled.
        let filled = |row: &Vec<String>| row.iter().filter(|cell| !cell.is_empty()).count();
        let widest = head.iter().map(filled).max().unwrap_or(0);
        let start = head.iter().position(|row| filled(row) * 2 > widest).unwrap_or(0);
        let width = head.iter().map(Vec::len).max().unwrap_or(0);
        let below = head.get(start + 1..).unwrap_or_default();
        let first = head.get(start).cloned().unwrap_or_default();
        let named = has_names(&first, below, self.rules);
        let mut columns = if named { first } else { Vec::new() };
        columns.resize(width, String::new());
        let mut rows = Rows::new("spreadsheet", self.part, &columns, self.limits, self.rules);
        self.head.drain(..).skip(start + usize::from(named)).for_each(|row| rows.offer(row));
        self.rows = Some(rows);
    }

    fn finish(mut self, failed: bool) -> Option<Table> {
        if self.rows.is_none() {
            if self.head.is_empty() {
                let why = "the sheet cannot be read";
                return failed.then(|| Table::unread("spreadsheet", GapKind::Unparsed, why).named(self.part));
            }
            self.begin();
        }
        let rows = self.rows?;
        let seen = rows.seen();
        let mut table = rows.finish();
        match failed {
            true => table.gap(GapKind::Unparsed, format!("the sheet cannot be read beyond row {seen}")),
            false => table.rows_total = Some(seen),
        }
        Some(table)
    }
}

/// A cell as people see it; `None` for an empty one or an error.
fn shown(cell: &DataRef<'_>) -> Option<String> {
    match cell {
        DataRef::Empty | DataRef::Error(_) => None,
        DataRef::Int(number) => Some(number.to_string()),
        DataRef::Float(number) => Some(number.to_string()),
        DataRef::Bool(truth) => Some(truth.to_string()),
        DataRef::SharedString(text) => Some((*text).to_owned()),
        DataRef::DateTime(time) => dated(time),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Some(text.clone()),
    }
}

/// The same of a cell of a sheet that is held whole.
fn shown_whole(cell: &Data) -> Option<String> {
    match cell {
        Data::Empty | Data::Error(_) => None,
        Data::DateTime(time) => dated(time),
        other => Some(other.to_string()),
    }
}

/// A day, with its time if that is not midnight; a duration as the number that it is.
fn dated(time: &ExcelDateTime) -> Option<String> {
    if !time.is_datetime() {
        return Some(time.as_f64().to_string());
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    Some(match (hour, minute, second) {
        (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::super::RULES;
    use super::*;

    /// A workbook with the least that there must be (ECMA-376, part 1): one sheet, cells as inline strings.
    fn workbook(rows: &[&[&str]]) -> Vec<u8> {
        let mut sheet =
            String::from("<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>");
        for (nth, row) in rows.iter().enumerate() {
            sheet.push_str(&format!("<row r=\"{}\">", nth + 1));
            for (at, cell) in row.iter().enumerate() {
                let column = char::from(b'A' + u8::try_from(at).unwrap());
                let place = format!("{column}{}", nth + 1);
                match cell.parse::<f64>() {
                    Ok(_) => sheet.push_str(&format!("<c r=\"{place}\"><v>{cell}</v></c>")),
                    Err(_) => sheet.push_str(&format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>")),
                }
            }
            sheet.push_str("</row>");
        }
        sheet.push_str("</sheetData></worksheet>");
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in [
            (
                "[Content_Types].xml",
                "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
            ),
            (
                "_rels/.rels",
                format!(
                    "<Relationships xmlns=\"{package}\"><Relationship Id=\"r\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"people\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
                ),
            ),
            ("xl/worksheets/sheet1.xml", sheet),
        ] {
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_sheet_is_a_table_below_its_title() {
        let rows: [&[&str]; 5] = [
            &["Report of March"],
            &["id", "email", "amount"],
            &["1", "ann@mailbox.org", "2.5"],
            &["2", "bob@mailbox.org", "3"],
            &["3", "", "4"],
        ];
        for dataset_rows in [10_000, usize::MAX] {
            let limits = Limits { dataset_rows, ..Limits::default() };
            let tables = super::super::archive::zip(&Random::Held(workbook(&rows).into()), &limits, &RULES);
            assert_eq!((tables.len(), tables[0].rows_read, tables[0].rows_total), (1, 3, Some(3)), "{tables:?}");
            assert_eq!((tables[0].column("email").nulls(), tables[0].column("id").total()), (1, 3));
        }
    }

    #[test]
    fn damaged_and_protected_workbooks_are_told() {
        let whole = workbook(&[&["id", "email"], &["1", "ann@mailbox.org"]]);
        for at in (0..whole.len()).step_by(41) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            read(&Random::Held(bytes.into()), &Limits::default(), &RULES);
        }
        let mut protected = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
        protected.resize(2048, 0);
        protected.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        let tables = read(&Random::Held(protected.into()), &Limits::default(), &RULES);
        assert!(tables[0].gaps[0].1.contains("password"), "{tables:?}");
    }
}
