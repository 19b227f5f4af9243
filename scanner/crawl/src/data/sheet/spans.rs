//! What the cells of a workbook would take that its reader writes out, told before it does.
//!
//! An OpenDocument sheet says how often a cell and a row are repeated, an old one where its cells lie: a few bytes claim more cells
//! than any memory holds, and the reader makes all of them.

use memchr::memchr;
use memchr::memmem;

/// Cells that all sheets of a workbook may have once repeats and gaps between cells are written out, and bytes of their text.
pub(super) const CELLS: u64 = 4 << 20;
pub(super) const TEXT: u64 = 256 << 20;

/// The most columns and rows of a sheet that the reader makes (OpenDocument names no limit).
const MOST_COLUMNS: u64 = 16_384;
const MOST_ROWS: u64 = 1_048_576;

/// What is written out.
#[derive(Debug, Default, Clone, Copy)]
struct Size {
    cells: u64,
    text: u64,
}

impl Size {
    fn add(&mut self, other: Size, times: u64) {
        self.cells = self.cells.saturating_add(other.cells.saturating_mul(times));
        self.text = self.text.saturating_add(other.text.saturating_mul(times));
    }

    fn is_bounded(self) -> bool {
        self.cells <= CELLS && self.text <= TEXT
    }
}

/// Whether the cells of an OpenDocument workbook, whose `content.xml` is given, are bounded (OpenDocument 1.3, part 3, 19.675 and 19.679).
/// What is empty at the end of a row or of a sheet is not written out.
pub(super) fn is_bounded_document(content: &[u8]) -> bool {
    // Another encoding than those that hold ASCII hides the tags.
    if memchr(0, content).is_some() {
        return false;
    }
    let mut sheets = Size::default();
    let mut sheet = Sheet::default();
    let mut rest = content;
    while let Some(start) = memchr(b'<', rest) {
        rest = rest.get(start..).unwrap_or_default();
        let Some(end) = tag_end(rest) else { break };
        let tag = rest.get(..end).unwrap_or_default();
        rest = rest.get(end..).unwrap_or_default();
        match name(tag) {
            b"table:table-row" => {
                sheet.row_begins(repeats(tag, b"table:number-rows-repeated").min(MOST_ROWS));
                if tag.ends_with(b"/>") {
                    sheet.row_ends();
                }
            }
            b"/table:table-row" => sheet.row_ends(),
            b"table:table-cell" | b"table:covered-table-cell" => {
                // The text of a cell ends before the next tag of a table at the latest.
                let text = memmem::find(rest, b"<table:").unwrap_or(rest.len()) + tag.len();
                let filled = attributes(tag).any(|(key, _)| key.starts_with(b"office:") || key == b"table:formula");
                let repeats = repeats(tag, b"table:number-columns-repeated").min(MOST_COLUMNS);
                sheet.cell(repeats, filled.then_some(text as u64));
            }
            b"/table:table" => sheets.add(std::mem::take(&mut sheet).written_out(), 1),
            _ => {}
        }
        if !sheets.is_bounded() || !sheet.held.is_bounded() {
            return false;
        }
    }
    sheets.add(sheet.written_out(), 1);
    sheets.is_bounded()
}

/// A sheet as far as it was looked at.
#[derive(Debug, Default)]
struct Sheet {
    /// The cells of rows as they are read, each row once.
    held: Size,
    /// The row that is read: its filled cells and those before them, how often it is repeated, empty cells at its end.
    row: Option<(Size, u64)>,
    empty_cells: u64,
    /// Rows up to the last that is filled, repeats written out; the text of all.
    rows: u64,
    text: u64,
    empty_rows: u64,
    width: u64,
}

impl Sheet {
    fn row_begins(&mut self, repeats: u64) {
        if self.row.is_none() {
            self.row = Some((Size::default(), repeats));
            self.empty_cells = 0;
        }
    }

    fn cell(&mut self, repeats: u64, text: Option<u64>) {
        let Some((row, _)) = &mut self.row else { return };
        let Some(text) = text else {
            self.empty_cells = repeats;
            return;
        };
        let fresh = Size { cells: std::mem::take(&mut self.empty_cells) + repeats, text: text.saturating_mul(repeats) };
        row.add(fresh, 1);
        self.held.add(fresh, 1);
    }

    fn row_ends(&mut self) {
        let Some((row, repeats)) = self.row.take() else { return };
        if row.cells == 0 {
            self.empty_rows = self.empty_rows.saturating_add(repeats);
            return;
        }
        let before = std::mem::take(&mut self.empty_rows);
        // What is empty above the first filled row is not written out.
        self.rows = self.rows.saturating_add(repeats).saturating_add(if self.rows > 0 { before } else { 0 });
        self.text = self.text.saturating_add(row.text.saturating_mul(repeats));
        self.width = self.width.max(row.cells);
    }

    fn written_out(mut self) -> Size {
        self.row_ends();
        let mut size = Size { cells: self.rows.saturating_mul(self.width), text: self.text };
        size.add(self.held, 1);
        size
    }
}

/// The place behind the tag, comment or instruction that `text` begins with.
fn tag_end(text: &[u8]) -> Option<usize> {
    for (begin, end) in [(&b"<!--"[..], &b"-->"[..]), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")] {
        if text.starts_with(begin) {
            return Some(memmem::find(text, end)? + end.len());
        }
    }
    let mut quote = None;
    for (at, &byte) in text.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') if !text.starts_with(b"<!") => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    None
}

fn name(tag: &[u8]) -> &[u8] {
    let tag = tag.get(1..).unwrap_or_default();
    let end = tag
        .iter()
        .enumerate()
        .position(|(at, byte)| byte.is_ascii_whitespace() || *byte == b'>' || (*byte == b'/' && at > 0));
    tag.get(..end.unwrap_or(tag.len())).unwrap_or_default()
}

/// The attributes of a tag, with their values as they are written.
fn attributes(tag: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = tag.get(name(tag).len() + 1..).unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let (key, behind) = rest.split_at_checked(memchr(b'=', rest)?)?;
        let behind = behind.get(1..)?.trim_ascii_start();
        let quote = *behind.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let (value, behind) = behind.get(1..)?.split_at_checked(memchr(quote, behind.get(1..)?)?)?;
        rest = behind.get(1..)?;
        Some((key.trim_ascii_end(), value))
    })
}

/// How often the cell or row is repeated; without limit where that cannot be told.
fn repeats(tag: &[u8], key: &[u8]) -> u64 {
    let number =
        |value: &[u8]| std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()).unwrap_or(u64::MAX);
    attributes(tag).filter(|(is, _)| *is == key).map(|(_, value)| number(value)).max().unwrap_or(1)
}

/// Why a workbook is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It has more than [`CELLS`].
    Cells,
    /// The text of its cells is longer than [`TEXT`].
    Text,
    /// The strings that its cells share cannot be told.
    Strings,
}

/// Whether the cells of the workbook stream of an old workbook are bounded ([MS-XLS] 2.1.7 and 2.4): a sheet is a rectangle that
/// holds all its cells, and a record of dimensions says in advance how large it is. The reader makes the cells of all sheets,
/// each with its text.
pub(super) fn bounded_stream(stream: &[u8]) -> Result<(), Refused> {
    let (mut cells, mut text) = (0_u64, 0_u64);
    let strings = strings(stream)?;
    // Sheets that lie in one another are no sheets.
    let mut left = stream.len();
    for (_, data) in records(stream).take_while(|(kind, _)| *kind != END).filter(|(kind, _)| *kind == SHEET) {
        let start = data.first_chunk().map_or(0, |at| u32::from_le_bytes(*at) as usize);
        let (mut places, mut begun, mut inside) = (Places::default(), false, 0_usize);
        for (kind, data) in records(stream.get(start..).unwrap_or_default()) {
            left = left.checked_sub(data.len() + 4).ok_or(Refused::Cells)?;
            // Charts inside a sheet have places of their own.
            match kind {
                BEGIN if begun => inside += 1,
                BEGIN => begun = true,
                END if inside == 0 => break,
                END => inside -= 1,
                _ => {}
            }
            if kind == SHARED && inside == 0 {
                let at = data.get(6..).and_then(|data| data.first_chunk()).map(|at| u32::from_le_bytes(*at) as usize);
                text = text.saturating_add(at.and_then(|at| strings.get(at)).map_or(0, |length| u64::from(*length)));
            }
            match Area::of(kind, data).filter(|_| inside == 0) {
                Some(area) if kind == DIMENSIONS && area.cells() > LARGEST => return Err(Refused::Cells),
                Some(area) if kind != DIMENSIONS => places.add(area),
                _ => {}
            }
        }
        cells = cells.saturating_add(places.cells());
        if cells > CELLS {
            return Err(Refused::Cells);
        }
        if text > TEXT {
            return Err(Refused::Text);
        }
    }
    Ok(())
}

/// How long each of the strings is that cells share. The last table counts.
fn strings(stream: &[u8]) -> Result<Vec<u32>, Refused> {
    let (mut found, mut open) = (Vec::new(), None::<(&[u8], Vec<&[u8]>)>);
    let close = |open: Option<(&[u8], Vec<&[u8]>)>, found: &mut Vec<u32>| {
        if let Some((first, more)) = open {
            *found = super::shared::lengths(first, &more).ok_or(Refused::Strings)?;
        }
        Ok(())
    };
    for (kind, data) in records(stream) {
        match (kind, &mut open) {
            (CONTINUE, Some((_, more))) => {
                more.push(data);
                continue;
            }
            (STRINGS, _) => close(open.replace((data, Vec::new())), &mut found)?,
            _ => close(open.take(), &mut found)?,
        }
        if kind == END {
            break;
        }
    }
    close(open, &mut found)?;
    Ok(found)
}

/// The most cells that a sheet of this format has (65 536 rows of 256).
const LARGEST: u64 = 1 << 24;

const BEGIN: u16 = 0x0809;
const END: u16 = 0x000a;
const SHEET: u16 = 0x0085;
const DIMENSIONS: u16 = 0x0200;
const MANY: u16 = 0x00bd;
const CONTINUE: u16 = 0x003c;
const STRINGS: u16 = 0x00fc;
/// A cell that names a shared string.
const SHARED: u16 = 0x00fd;

/// The records of a stream: a number, a length and data of that length.
fn records(mut stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let [kind @ .., low, high] = *stream.first_chunk::<4>()?;
        let end = usize::from(u16::from_le_bytes([low, high])) + 4;
        let data = stream.get(4..end)?;
        stream = stream.get(end..)?;
        Some((u16::from_le_bytes(kind), data))
    })
}

/// A rectangle of cells: first and last row, first and last column.
#[derive(Debug, Clone, Copy)]
struct Area {
    rows: (u64, u64),
    columns: (u64, u64),
}

impl Area {
    /// Where a record says that cells are.
    fn of(kind: u16, data: &[u8]) -> Option<Area> {
        let short = |at: usize| Some(u64::from(u16::from_le_bytes(*data.get(at..)?.first_chunk()?)));
        let long = |at: usize| Some(u64::from(u32::from_le_bytes(*data.get(at..)?.first_chunk()?)));
        match kind {
            // [MS-XLS] 2.4.90: the last row and column are told plus one.
            DIMENSIONS => {
                let (rows, columns) = match data.len() {
                    ..14 => ((short(0)?, short(2)?), (short(4)?, short(6)?)),
                    _ => ((long(0)?, long(4)?), (short(8)?, short(10)?)),
                };
                let first = if columns.0 > 0xff || columns.1 < columns.0 { 0 } else { columns.0 };
                let (Some(row), Some(column)) = (rows.1.checked_sub(1), columns.1.checked_sub(1)) else {
                    return Some(Area { rows: (0, 0), columns: (0, 0) });
                };
                Some(Area { rows: (rows.0, row), columns: (first, column) })
            }
            // Numbers, labels, truths, formulas, strings by their places.
            0x0006 | 0x00d6 | 0x00fd | 0x0203..=0x0205 | 0x027e => {
                let (row, column) = (short(0)?, short(2)?);
                Some(Area { rows: (row, row), columns: (column, column) })
            }
            MANY => {
                let (row, column) = (short(0)?, short(2)?);
                Some(Area { rows: (row, row), columns: (column, column + data.len() as u64 / 6) })
            }
            _ => None,
        }
    }

    /// None if it ends before it begins, where the reader counts wrong.
    fn cells(&self) -> u64 {
        let length = |(first, last): (u64, u64)| last.checked_sub(first).map_or(u64::MAX, |span| span + 1);
        length(self.rows).saturating_mul(length(self.columns))
    }
}

/// The rectangle that holds all cells of a sheet.
#[derive(Debug, Default)]
struct Places(Option<Area>);

impl Places {
    fn add(&mut self, area: Area) {
        let join = |one: (u64, u64), other: (u64, u64)| (one.0.min(other.0), one.1.max(other.1));
        let all = self
            .0
            .map_or(area, |all| Area { rows: join(all.rows, area.rows), columns: join(all.columns, area.columns) });
        self.0 = Some(all);
    }

    fn cells(&self) -> u64 {
        self.0.map_or(0, |area| area.cells())
    }
}
