//! Workbooks: xlsx, xlsb, xls and ods. Every sheet with rows is a table.

use std::io::{BufReader, Read, Seek};

use aedile_model::GapKind;
use aedile_rules::Rules;
use calamine::{Cell, Data, DataRef, ExcelDateTime, Ods, Reader, Sheets, Xls, Xlsb, Xlsx};

mod compound;
mod shared;
mod spans;
#[cfg(test)]
mod tests;

use compound::Compound;
use spans::Refused;

use super::random::{Random, ReadSeek, careful};
use super::rows::{Rows, has_names};
use super::table::Table;
use crate::Limits;

/// Bytes that all parts of a workbook may have together once they are unpacked.
const UNPACKED: u64 = 256 << 20;

/// Bytes of what is held whole while a workbook is read: the strings that its sheets share, all of an OpenDocument one, all of
/// an old one. Sheets of others are read cell by cell.
const WHOLE: u64 = 64 << 20;

/// The parts of a workbook that are held whole.
const HELD: [&str; 3] = ["content.xml", "xl/sharedStrings.bin", "xl/sharedStrings.xml"];

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
        Unpacked::TooMuchHeld => {
            let why = "the workbook's strings, or all of an OpenDocument one, expand beyond 64 MiB; not read";
            return refused(GapKind::Limit, why);
        }
        Unpacked::NoZip(size) if size > WHOLE => {
            return refused(GapKind::Limit, "the workbook has more than 64 MiB; not read");
        }
        Unpacked::TooManyCells => return refused(GapKind::Limit, &too_many_cells()),
        Unpacked::NoZip(_) => {
            let mut bytes = Vec::new();
            let read = stream.rewind().and_then(|()| stream.take(WHOLE).read_to_end(&mut bytes));
            if read.is_err() {
                return refused(GapKind::Unreadable, "the workbook cannot be read");
            }
            if is_protected(&bytes) {
                return refused(GapKind::Unparsed, "the workbook is protected by a password; not read");
            }
            match bounded(&bytes) {
                None | Some(Err(Refused::Strings)) => {
                    return refused(GapKind::Unparsed, "the workbook is damaged");
                }
                Some(Err(Refused::Cells)) => return refused(GapKind::Limit, &too_many_cells()),
                Some(Err(Refused::Text)) => {
                    let why = format!(
                        "the texts of the workbook's cells, each wherever it stands, are longer than {} MiB; not read",
                        spans::TEXT >> 20
                    );
                    return refused(GapKind::Limit, &why);
                }
                Some(Ok(())) => {}
            }
        }
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
    /// One of [`HELD`] is too large.
    TooMuchHeld,
    /// An OpenDocument one repeats cells too often.
    TooManyCells,
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
        let held = part.name().is_ok_and(|name| HELD.contains(&&*name));
        let is_document = part.name().is_ok_and(|name| name == HELD[0]);
        let mut content = Vec::new();
        let mut part = part.take(left + 1);
        let first =
            if is_document { part.by_ref().take(WHOLE + 1).read_to_end(&mut content).unwrap_or(0) as u64 } else { 0 };
        let read = first + std::io::copy(&mut part, &mut std::io::sink()).unwrap_or(0);
        if held && read > WHOLE {
            return Unpacked::TooMuchHeld;
        }
        if is_document && !spans::is_bounded_document(&content) {
            return Unpacked::TooManyCells;
        }
        if read > left {
            return Unpacked::Beyond;
        }
        left -= read;
    }
    Unpacked::Within
}

/// Whether a compound file holds an encrypted package ([MS-OFFCRYPTO] 2.3.4.4), by the name of its stream.
fn is_protected(file: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    memchr::memmem::find(file, &name).is_some()
}

/// Whether an old workbook's sheets are bounded; `None` if its parts cannot be told, which its reader would follow without end.
fn bounded(file: &[u8]) -> Option<Result<(), Refused>> {
    let file = Compound::of(file)?;
    let [new, old] = ["Workbook", "Book"].map(|name| file.streams(name));
    Some(new?.iter().chain(&old?).try_for_each(|stream| spans::bounded_stream(stream)))
}

fn too_many_cells() -> String {
    format!(
        "the workbook has more than {} cells, those repeated and those between others included; not read",
        spans::CELLS
    )
}

/// The rows of one sheet; `None` if it has none.
fn sheet(book: &mut Sheets<Book>, name: &str, part: &str, limits: &Limits, rules: &Rules) -> Option<Table> {
    let mut sheet = Sheet { head: Vec::new(), rows: None, part, limits, rules };
    let failed = match book {
        Sheets::Xlsx(book) => match book.worksheet_cells_reader(name) {
            Err(_) => true,
            Ok(mut cells) => sheet.stream(|| cells.next_cell().ok()),
        },
        Sheets::Xlsb(book) => match book.worksheet_cells_reader(name) {
            Err(_) => true,
            Ok(mut cells) => sheet.stream(|| cells.next_cell().ok()),
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
    /// Offers the rows of the cells that `next` gives: `None` where the sheet is damaged, `Some(None)` at its end. Says whether
    /// it is damaged.
    fn stream<'c>(&mut self, mut next: impl FnMut() -> Option<Option<Cell<DataRef<'c>>>>) -> bool {
        let (mut at, mut row) = (None, Vec::new());
        while let Some(found) = next() {
            let Some(cell) = found else {
                self.offer(row);
                return false;
            };
            let (line, column) = cell.get_position();
            if at != Some(line) {
                self.offer(std::mem::take(&mut row));
                at = Some(line);
            }
            put(&mut row, column as usize, shown(cell.get_value()));
        }
        true
    }

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
