//! Delimited text: CSV, TSV and their relatives.

use std::io::{self, Read};

use aedile_model::GapKind;
use aedile_rules::Rules;
use arrow::array::{StringArray, StringBuilder};
use csv::ByteRecord;

mod dialect;
mod header;

pub(crate) use dialect::{Dialect, modal};
use header::FirstRow;

use super::sample::{COLUMNS, Reservoir, Sample, batch};
use super::stream::Stream;
use crate::{File, Limits};

/// Words that stand for "no value" in exports of databases and data frames.
const NULLS: [&str; 8] = ["", "NULL", "null", "\\N", "NaN", "nan", "None", "N/A"];

/// A sample of the delimited text `file`.
///
/// # Errors
/// The file cannot be opened.
pub(super) fn read(file: &File, gzip: bool, limits: &Limits, rules: &Rules) -> io::Result<Sample> {
    let head = head(file, gzip)?;
    let dialect = Dialect::sniff(&head);
    let commented =
        head.starts_with(b"#") && dialect.counts(&head).first().copied() < Some(modal(&dialect.counts(&head)));
    let comment = commented.then_some(b'#');
    let mut reader = dialect.reader(Stream::open(file, gzip, true, limits.dataset_bytes)?, comment);
    let mut sample = Sample { format: if dialect.delimiter == b'\t' { "tsv" } else { "csv" }, ..Sample::default() };

    let mut record = ByteRecord::new();
    if !matches!(reader.read_byte_record(&mut record), Ok(true)) {
        sample.rows_total = Some(0);
        return Ok(sample);
    }
    let first: Vec<String> = record.iter().map(|cell| text(strip_mark(cell))).collect();
    let below: Vec<Vec<String>> =
        dialect.records(&head, comment).iter().skip(1).map(|row| row.iter().map(text).collect()).collect();
    let named = match header::first_row(&first, &below) {
        FirstRow::Names => true,
        FirstRow::Data => false,
        FirstRow::Either => super::names_something(rules, &first),
    };
    let width =
        if named { first.len() } else { first.len().max(modal(&below.iter().map(Vec::len).collect::<Vec<_>>())) };
    if width > COLUMNS {
        sample.gaps.push((GapKind::Limit, format!("{} of {width} columns were not read", width - COLUMNS)));
    }
    let names = names(if named { &first } else { &[] }, width.min(COLUMNS));
    if let (true, Some(text), None) = (named, &file.text, comment) {
        let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        sample.name_spans = spans(text.get(..end.min(text.len())).unwrap_or_default(), &first, names.len());
    }

    let mut rows = Reservoir::new(limits.dataset_rows);
    let mut ragged = 0_u64;
    if !named {
        rows.offer(|| record.clone());
    }
    let failed = loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {
                ragged += u64::from(record.len() != width);
                rows.offer(|| record.clone());
            }
            Ok(false) => break false,
            Err(_) => break true,
        }
    };
    let offered = rows.offered();
    let stream = reader.get_ref();
    if failed {
        sample.gaps.push((GapKind::Unparsed, format!("the bytes cannot be read beyond row {offered}")));
    } else if stream.cut {
        sample.gaps.push((
            GapKind::Limit,
            format!("read up to row {offered}: the dataset has more than {} bytes", limits.dataset_bytes),
        ));
    } else if !stream.spread {
        sample.rows_total = Some(offered);
    }
    // Between spread windows a quoted line break may part a row; that is no fault of the file.
    if ragged > 0 && !stream.spread {
        let message = format!(
            "{ragged} of {offered} rows have another number of cells than the {width} columns; what is beyond was not read"
        );
        sample.gaps.push((GapKind::Unparsed, message));
    }
    let rows = rows.into_kept();
    sample.rows_read = rows.len() as u64;
    let columns = names.into_iter().enumerate().map(|(at, name)| (name, column(&rows, at)));
    sample.batches.extend(batch(columns.collect()));
    Ok(sample)
}

/// The first bytes of the text.
pub(super) fn head(file: &File, gzip: bool) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut stream = Stream::open(file, gzip, false, File::HEAD as u64)?;
    match stream.by_ref().read_to_end(&mut head) {
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}

/// The cells of one column; a missing cell is null.
fn column(rows: &[ByteRecord], at: usize) -> StringArray {
    let mut builder = StringBuilder::new();
    for row in rows {
        let cell = row.get(at).map(text);
        builder.append_option(cell.filter(|cell| !NULLS.contains(&cell.trim())));
    }
    builder.finish()
}

/// A cell as text; what is not UTF-8 counts as Windows-1252.
fn text(cell: &[u8]) -> String {
    match std::str::from_utf8(cell) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0.into_owned(),
    }
}

fn strip_mark(cell: &[u8]) -> &[u8] {
    cell.strip_prefix(b"\xef\xbb\xbf").unwrap_or(cell)
}

/// `width` distinct names: those given, `column_3` for the empty and missing ones, `name_2` for repeated ones.
fn names(given: &[String], width: usize) -> Vec<String> {
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
    use super::*;

    fn sample(text: &str, limits: &Limits) -> Sample {
        read(&File::in_memory("a.csv", text), false, limits, &Rules::load(&[]).unwrap()).unwrap()
    }

    fn cells(sample: &Sample, name: &str) -> Vec<Option<String>> {
        let column = sample.batches[0].column_by_name(name).unwrap();
        let column = column.as_any().downcast_ref::<StringArray>().unwrap();
        column.iter().map(|cell| cell.map(str::to_owned)).collect()
    }

    #[test]
    fn cells_are_read_by_name() {
        let sample = sample("id;name\r\n1;\"Ann; B\"\r\n2;NULL\r\n3\r\n", &Limits::default());
        assert_eq!(cells(&sample, "name"), [Some("Ann; B".to_owned()), None, None]);
        assert_eq!((sample.rows_read, sample.rows_total), (3, Some(3)));
        assert_eq!(sample.name_spans, [(0, 2), (3, 7)]);
        assert_eq!(sample.gaps.len(), 1, "the short row is counted: {:?}", sample.gaps);
    }

    #[test]
    fn a_file_without_names_gives_none_away() {
        let sample = sample("1,ann@x.org\n2,bob@x.org\n", &Limits::default());
        assert_eq!(cells(&sample, "column_2").len(), 2);
        assert!(sample.name_spans.is_empty());
    }

    #[test]
    fn repeated_and_empty_names_are_told_apart() {
        assert_eq!(names(&["a".into(), "a".into(), String::new()], 4), ["a", "a_2", "column_3", "column_4"]);
    }

    #[test]
    fn rows_beyond_the_limit_are_sampled_and_counted() {
        let text: String =
            std::iter::once("id,name\n".to_owned()).chain((0..1000).map(|n| format!("{n},Ann\n"))).collect();
        let sample = sample(&text, &Limits { dataset_rows: 10, ..Limits::default() });
        assert_eq!((sample.rows_read, sample.rows_total), (10, Some(1000)));
    }

    #[test]
    fn windows_1252_cells_are_decoded() {
        assert_eq!(text(b"caf\xe9"), "café");
    }
}
