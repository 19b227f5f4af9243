//! Delimited text: CSV, TSV and their relatives.

use std::borrow::Cow;
use std::io;

use aedile_model::GapKind;
use aedile_rules::Rules;
use rayon::prelude::*;

mod dialect;
mod header;
mod split;

pub(crate) use dialect::{Dialect, modal};
pub(crate) use header::{FirstRow, first_row};
use split::Rows;

use super::blocks::{Blocks, Ends};
use super::sample::Reservoir;
use super::source::Stream;
use super::table::{COLUMNS, Table, western};
use crate::Limits;

/// Bytes that are looked at to tell the dialect.
const HEAD: usize = 64 << 10;

/// Rows below the first that are looked at to tell whether it holds names.
const BELOW: usize = 50;

/// Bytes that are looked at for them.
const FIRST: usize = 4 << 20;

/// How the cells of one text are found.
#[derive(Debug, Clone)]
struct Form {
    dialect: Dialect,
    comment: Option<u8>,
    /// Cells of a row.
    width: usize,
    names: Vec<String>,
}

/// The delimited text `stream`, which is `text` if that is held in memory; the part of it that is sampled is as large as `limits` say.
///
/// # Errors
/// Nothing can be read.
pub(super) fn read(text: Option<&str>, mut stream: Stream<'_>, limits: &Limits, rules: &Rules) -> io::Result<Table> {
    let head = stream.peek(HEAD)?;
    let (dialect, counts) = Dialect::sniff(head);
    let commented = head.starts_with(b"#") && counts.first().copied() < Some(modal(&counts));
    let comment = commented.then_some(b'#');
    let format = if dialect.delimiter == b'\t' { "tsv" } else { "csv" };

    let mut blocks = Blocks::new(stream, Ends::Rows(dialect));
    let (mut first, mut split): (Vec<u8>, Rows) = (Vec::new(), Rows::default());
    // A block may hold comments only, or end early before a quote that is never closed.
    while split.len() < BELOW && first.len() < FIRST {
        let Some(block) = blocks.next() else { break };
        first.extend(block);
        split.split(&first, dialect, comment);
    }
    if split.len() == 0 {
        let mut table = Table::new(format);
        finish(&mut table, &blocks, 0, 0, 0);
        return Ok(table);
    }
    let (form, named) = form(&first, &split, dialect, comment, rules);
    let read = Reading { form, limits, rules };
    let from = usize::from(named);
    let (mut table, offered, ragged) = match limits.dataset_rows {
        usize::MAX => read.all(format, &first, from, &mut blocks),
        _ => read.sample(format, &first, &split, from, &mut blocks),
    };
    if let (true, Some(text), None) = (named, text, comment) {
        let line = text.get(..split.end(0).min(text.len())).unwrap_or_default();
        let given: Vec<String> = split.row(&first, 0, dialect).map(|cell| shown(&cell)).collect();
        table.name_spans = spans(line, &given, read.form.names.len());
    }
    let width = read.form.width;
    if width > COLUMNS {
        table.gap(GapKind::Limit, format!("{} of {width} columns were not read", width - COLUMNS));
    }
    finish(&mut table, &blocks, offered, ragged, width);
    Ok(table)
}

/// How the text whose first block is given is formed, and whether its first row holds names.
fn form(block: &[u8], split: &Rows, dialect: Dialect, comment: Option<u8>, rules: &Rules) -> (Form, bool) {
    let row = |nth: usize| split.row(block, nth, dialect).map(|cell| shown(&cell)).collect::<Vec<String>>();
    let first = row(0);
    let below: Vec<Vec<String>> = (1..split.len().min(BELOW)).map(row).collect();
    let named = match first_row(&first, &below) {
        FirstRow::Names => true,
        FirstRow::Data => false,
        FirstRow::Either => super::names_something(rules, &first),
    };
    let width =
        if named { first.len() } else { first.len().max(modal(&below.iter().map(Vec::len).collect::<Vec<_>>())) };
    let names = names(if named { &first } else { &[] }, width.min(COLUMNS));
    (Form { dialect, comment, width, names }, named)
}

/// What a text of known form is read with.
struct Reading<'a> {
    form: Form,
    limits: &'a Limits,
    rules: &'a Rules,
}

impl Reading<'_> {
    /// Every row, blocks side by side; with the number of rows and of ragged ones.
    fn all(
        &self,
        format: &'static str,
        first: &[u8],
        from: usize,
        blocks: &mut Blocks<Stream<'_>>,
    ) -> (Table, u64, u64) {
        let start = || (Table::of(format, &self.form.names), 0_u64);
        let all = std::iter::once((Cow::Borrowed(first), from)).chain(blocks.map(|block| (Cow::Owned(block), 0)));
        let (table, ragged) = all
            .par_bridge()
            .fold(
                || (start(), Rows::default()),
                |(mut counted, mut rows), (block, from)| {
                    rows.split(&block, self.form.dialect, self.form.comment);
                    self.observe(&block, &rows, from, &mut counted);
                    (counted, rows)
                },
            )
            .map(|(counted, _)| counted)
            .reduce(start, |mut one, other| {
                one.0.merge(other.0);
                (one.0, one.1 + other.1)
            });
        let rows = table.rows_read;
        (table, rows, ragged)
    }

    /// Looks at the rows of `block` from `from` on, one column after the other.
    fn observe(&self, block: &[u8], rows: &Rows, from: usize, counted: &mut (Table, u64)) {
        let (table, ragged) = counted;
        // Telling once that all of it is text is cheaper than cell by cell.
        let text = std::str::from_utf8(block).ok();
        for at in 0..self.form.names.len() {
            if let Some(observe) = table.observer(self.rules, at) {
                rows.column((block, text), at, from, self.form.dialect, observe);
            }
        }
        table.end_rows(rows.len().saturating_sub(from));
        *ragged += (from..rows.len()).filter(|&nth| rows.width(nth) != self.form.width).count() as u64;
    }

    /// A spread sample of the rows; with the number of rows that were seen and of ragged ones.
    fn sample(
        &self,
        format: &'static str,
        first: &[u8],
        split: &Rows,
        from: usize,
        blocks: &mut Blocks<Stream<'_>>,
    ) -> (Table, u64, u64) {
        let mut kept: Reservoir<Vec<Cow<'static, [u8]>>> =
            Reservoir::new(self.limits.dataset_rows, self.limits.dataset_seed);
        let mut ragged = 0;
        let mut offer = |block: &[u8], rows: &Rows, from: usize| {
            for nth in from..rows.len() {
                ragged += u64::from(rows.width(nth) != self.form.width);
                kept.offer(|| {
                    let cells = rows.row(block, nth, self.form.dialect);
                    cells.take(self.form.names.len()).map(|cell| Cow::Owned(cell.into_owned())).collect()
                });
            }
        };
        offer(first, split, from);
        let mut rows = Rows::default();
        for block in blocks {
            rows.split(&block, self.form.dialect, self.form.comment);
            offer(&block, &rows, 0);
        }
        let offered = kept.offered();
        let kept = kept.into_kept();
        let mut table = Table::of(format, &self.form.names);
        for at in 0..self.form.names.len() {
            table.observe_bytes(self.rules, at, |each| {
                kept.iter().for_each(|row| each(row.get(at).map(|cell| &**cell)))
            });
        }
        table.end_rows(kept.len());
        (table, offered, ragged)
    }
}

/// Says what of the text was read.
fn finish(table: &mut Table, blocks: &Blocks<Stream<'_>>, offered: u64, ragged: u64, width: usize) {
    let stream = blocks.stream();
    if blocks.failed {
        table.gap(GapKind::Unparsed, format!("the bytes cannot be read beyond row {offered}"));
    } else if stream.cut {
        let why = format!("read up to row {offered}: the dataset has more than {} bytes", stream.limit());
        table.gap(GapKind::Limit, why);
    } else if !stream.spread {
        table.rows_total = Some(offered + blocks.long);
    }
    if blocks.long > 0 {
        let rows = super::are(blocks.long, "row");
        let why = format!("{rows} longer than 16 MiB or in a quote that is never closed; not read");
        table.gap(GapKind::Unparsed, why);
    }
    // Between spread windows a quoted line break may part a row; that is no fault of the file.
    if ragged > 0 && !stream.spread {
        let why = format!(
            "{ragged} of {offered} rows have another number of cells than the {width} columns; what is beyond was not read"
        );
        table.gap(GapKind::Unparsed, why);
    }
}

/// A cell as text; what is not UTF-8 counts as Windows-1252.
fn shown(cell: &[u8]) -> String {
    std::str::from_utf8(cell).map_or_else(|_| western(cell), str::to_owned)
}

/// `width` distinct names: those given, `column_3` for the empty and missing ones, `name_2` for repeated ones.
pub(super) fn names(given: &[String], width: usize) -> Vec<String> {
    let mut taken = std::collections::BTreeSet::new();
    (0..width)
        .map(|at| {
            let name = given.get(at).map(|name| super::column_name(name)).filter(|name| !name.is_empty());
            let stem = name.unwrap_or_else(|| format!("column_{}", at + 1));
            let mut unique = stem.clone();
            let mut nth = 2;
            while !taken.insert(unique.clone()) {
                unique = format!("{stem}_{nth}");
                nth += 1;
            }
            unique
        })
        .collect()
}

/// Where the names stand in the first line; empty if one of them is not found as written.
fn spans(line: &str, names: &[String], count: usize) -> Vec<(usize, usize)> {
    let mut from = 0;
    let mut spans = Vec::new();
    for name in names.iter().take(count) {
        let Some(at) = line.get(from..).and_then(|rest| rest.find(name.as_str())) else { return Vec::new() };
        spans.push((from + at, from + at + name.len()));
        from += at + name.len();
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::super::RULES;
    use super::super::packing::Packing;
    use super::*;
    use crate::File;

    fn read(text: &str, limits: &Limits) -> Table {
        let file = File::in_memory("a.csv", text);
        let stream = Stream::open(&file, Packing::None, true, limits.dataset_bytes).unwrap();
        super::read(file.text.as_deref(), stream, limits, &RULES).unwrap()
    }

    fn counts(table: &Table, name: &str) -> (u64, u64) {
        (table.column(name).total(), table.column(name).nulls())
    }

    #[test]
    fn cells_are_read_by_name() {
        let table = read("id;name\r\n1;\"Ann; B\"\r\n2;NULL\r\n3\r\n", &Limits::default());
        assert_eq!(counts(&table, "name"), (3, 2));
        assert_eq!(table.column("name").shapes(1), [("Aaa; A".to_owned(), 100)]);
        assert_eq!((table.rows_read, table.rows_total), (3, Some(3)));
        assert_eq!(table.name_spans, [(0, 2), (3, 7)]);
        assert_eq!(table.gaps.len(), 1, "the short row is counted: {:?}", table.gaps);
    }

    #[test]
    fn a_file_without_names_gives_none_away() {
        let table = read("1,ann@x.org\n2,bob@x.org\n", &Limits::default());
        assert_eq!(counts(&table, "column_2"), (2, 0));
        assert!(table.name_spans.is_empty());
    }

    #[test]
    fn repeated_and_empty_names_are_told_apart() {
        assert_eq!(names(&["a".into(), "a".into(), String::new()], 4), ["a", "a_2", "column_3", "column_4"]);
    }

    fn people(count: usize) -> String {
        let row = |n: usize| format!("{n},Ann,\"a{n}\n@x.org\",{}\n", n % 7);
        std::iter::once("id,name,note,kind\n".to_owned()).chain((0..count).map(row)).collect()
    }

    #[test]
    fn rows_beyond_the_limit_are_sampled_and_counted() {
        let table = read(&people(1000), &Limits { dataset_rows: 10, ..Limits::default() });
        assert_eq!((table.rows_read, table.rows_total), (10, Some(1000)));
    }

    #[test]
    fn all_rows_are_the_same_on_any_number_of_threads() {
        let text = people(60_000);
        let limits = Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..Limits::default() };
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| read(&text, &limits))
        };
        let (one, four) = (on(1), on(4));
        assert_eq!((one.rows_read, one.rows_total, one.gaps.len()), (60_000, Some(60_000), 0));
        assert_eq!(one.columns(), four.columns());
        let sampled = read(&text, &Limits { dataset_rows: 60_000, ..Limits::default() });
        assert_eq!(sampled.columns(), one.columns(), "a sample of all rows is all rows");
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_and_the_rest_is_read() {
        let text = people(100).replacen("a50\n@x.org\"", "a50\n@x.org", 1);
        let table = read(&text, &Limits::default());
        assert_eq!(table.rows_read, 100, "the rest of the row after it is a row of its own");
        assert_eq!(table.gaps.len(), 1, "{:?}", table.gaps);
    }

    #[test]
    fn windows_1252_cells_are_decoded() {
        assert_eq!(shown(b"caf\xe9"), "café");
    }
}
