//! The same rows in every format.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::rows::{NAMES, row};

/// A format.
pub(super) struct Format {
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    pub(super) is_workbook: bool,
    write: fn(&Path, Rows),
    /// What reads it and does nothing else.
    pub(super) decode: Option<fn(&Path) -> usize>,
}

const fn format(name: &'static str, file: &'static str, write: fn(&Path, Rows)) -> Format {
    Format { name, file, is_workbook: false, write, decode: None }
}

pub(super) const FORMATS: &[Format] = &[
    Format { decode: Some(super::decode_csv), ..format("csv", "a.csv", csv) },
    format("csv.gz", "a.csv.gz", csv_gz),
    Format { decode: Some(super::decode_jsonl), ..format("jsonl", "a.jsonl", jsonl) },
    format("json-array", "a.json", array),
    format("json-document", "b.json", document),
    Format { decode: Some(super::decode_parquet), ..format("parquet", "a.parquet", parquet) },
    format("arrow", "a.arrow", arrow),
    format("avro", "a.avro", avro),
    format("orc", "a.orc", orc),
    format("sqlite", "a.db", sqlite),
    format("dump", "a.sql", dump),
    Format { is_workbook: true, ..format("xlsx", "a.xlsx", xlsx) },
    Format { is_workbook: true, ..format("ods", "a.ods", ods) },
    format("source code", "a.texts", texts),
];

/// The ending of a file of texts with a zero byte between each two.
pub(super) const TEXTS: &str = "texts";

/// The code of this repository, again and again.
fn texts(path: &Path, rows: Rows) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts = Vec::new();
    ["audit", "policies", "rules/src", "scanner"].iter().for_each(|folder| code(&top.join(folder), &mut texts));
    let (mut out, mut written) = (out(path), 0);
    for text in texts.iter().cycle().take_while(|text| {
        written += text.len() + 1;
        written <= rows.most
    }) {
        write!(out, "{text}\0").unwrap();
    }
}

fn code(folder: &Path, texts: &mut Vec<String>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            code(&path, texts);
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "toml") {
            texts.push(std::fs::read_to_string(path).unwrap().replace('\0', " "));
        }
    }
}

/// Rows up to a size of their CSV form in bytes.
pub(super) struct Rows {
    n: u64,
    bytes: usize,
    most: usize,
}

impl Iterator for Rows {
    type Item = [String; 10];

    fn next(&mut self) -> Option<[String; 10]> {
        if self.bytes >= self.most {
            return None;
        }
        let row = row(self.n);
        self.n += 1;
        self.bytes += row.iter().map(|cell| cell.len() + 1).sum::<usize>();
        Some(row)
    }
}

/// Writes rows; gives the size of their CSV form in bytes.
pub(super) fn write(format: &Format, path: &Path, most: usize) -> usize {
    (format.write)(path, rows(most));
    let mut counted = rows(most);
    counted.by_ref().for_each(drop);
    counted.bytes
}

fn rows(most: usize) -> Rows {
    Rows { n: 0, bytes: 0, most }
}

fn out(path: &Path) -> BufWriter<File> {
    BufWriter::new(File::create(path).unwrap())
}

fn csv(path: &Path, rows: Rows) {
    lines(out(path), rows);
}

fn csv_gz(path: &Path, rows: Rows) {
    lines(flate2::write::GzEncoder::new(out(path), flate2::Compression::fast()), rows);
}

fn lines(mut out: impl Write, rows: Rows) {
    writeln!(out, "{}", NAMES.join(",")).unwrap();
    rows.for_each(|row| writeln!(out, "{}", row.join(",")).unwrap());
}

fn object(row: &[String; 10]) -> String {
    let member = |(name, cell): (&&str, &String)| format!("\"{name}\":\"{cell}\"");
    format!("{{{}}}", NAMES.iter().zip(row).map(member).collect::<Vec<_>>().join(","))
}

fn jsonl(path: &Path, rows: Rows) {
    let mut out = out(path);
    rows.for_each(|row| writeln!(out, "{}", object(&row)).unwrap());
}

fn array(path: &Path, rows: Rows) {
    let mut out = out(path);
    joined(&mut out, rows);
}

fn document(path: &Path, rows: Rows) {
    let mut out = out(path);
    write!(out, "{{\"page\":1,\"data\":").unwrap();
    joined(&mut out, rows);
    write!(out, "}}").unwrap();
}

fn joined(out: &mut impl Write, rows: Rows) {
    for (nth, row) in rows.enumerate() {
        write!(out, "{}{}", if nth == 0 { "[" } else { ",\n" }, object(&row)).unwrap();
    }
    write!(out, "]").unwrap();
}

/// Hands the rows over in batches.
fn batches(rows: Rows, mut hand: impl FnMut(&RecordBatch)) {
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let part: Vec<[String; 10]> = rows.by_ref().take(8_192).collect();
        let columns = NAMES.iter().enumerate().map(|(at, name)| {
            let cells = part.iter().map(|row| row[at].as_str());
            let array: ArrayRef = match at {
                0 => Arc::new(Int64Array::from_iter_values(cells.map(|cell| cell.parse::<i64>().unwrap()))),
                5 => Arc::new(Float64Array::from_iter_values(cells.map(|cell| cell.parse::<f64>().unwrap()))),
                _ => Arc::new(StringArray::from_iter_values(cells)),
            };
            (*name, array)
        });
        hand(&RecordBatch::try_from_iter(columns).unwrap());
    }
}

/// A batch without rows, for its schema.
fn empty() -> RecordBatch {
    let mut batch = None;
    batches(rows(1), |rows| batch = Some(rows.slice(0, 0)));
    batch.unwrap()
}

fn parquet(path: &Path, rows: Rows) {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(100_000))
        .build();
    let mut writer = ArrowWriter::try_new(out(path), empty().schema(), Some(properties)).unwrap();
    batches(rows, |batch| writer.write(batch).unwrap());
    writer.close().unwrap();
}

fn arrow(path: &Path, rows: Rows) {
    let mut writer = arrow::ipc::writer::FileWriter::try_new(out(path), &empty().schema()).unwrap();
    batches(rows, |batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

fn avro(path: &Path, rows: Rows) {
    let mut writer = arrow_avro::writer::AvroWriter::new(out(path), empty().schema().as_ref().clone()).unwrap();
    batches(rows, |batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

fn orc(path: &Path, rows: Rows) {
    let mut writer = orc_rust::ArrowWriterBuilder::new(out(path), empty().schema()).try_build().unwrap();
    batches(rows, |batch| writer.write(batch).unwrap());
    writer.close().unwrap();
}

fn sqlite(path: &Path, rows: Rows) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let columns = NAMES.join(", ");
    connection.execute_batch(&format!("PRAGMA journal_mode=OFF; CREATE TABLE shop ({columns}); BEGIN")).unwrap();
    let mut insert = connection.prepare("INSERT INTO shop VALUES (?,?,?,?,?,?,?,?,?,?)").unwrap();
    for row in rows {
        insert.execute(row).unwrap();
    }
    drop(insert);
    connection.execute_batch("COMMIT").unwrap();
}

fn dump(path: &Path, rows: Rows) {
    let mut out = out(path);
    writeln!(out, "-- PostgreSQL database dump\nCREATE TABLE shop ({} text);", NAMES.join(" text, ")).unwrap();
    for row in rows {
        writeln!(out, "INSERT INTO shop VALUES ('{}');", row.join("', '")).unwrap();
    }
}

fn zipped(path: &Path, parts: &[(&str, &str)], large: &str, write: impl FnOnce(&mut dyn Write)) {
    let mut writer = zip::ZipWriter::new(out(path));
    for (name, text) in parts {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.start_file(large, zip::write::SimpleFileOptions::default().large_file(true)).unwrap();
    write(&mut writer);
    writer.finish().unwrap();
}

/// The least that a workbook must have (ECMA-376, part 1), cells as inline strings.
fn xlsx(path: &Path, rows: Rows) {
    let parts = [
        ("[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"),
        (
            "_rels/.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"shop\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
    ];
    zipped(path, &parts, "xl/worksheets/sheet1.xml", |out| {
        let _ =
            write!(out, "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>");
        let names = NAMES.map(str::to_owned);
        for (nth, row) in std::iter::once(names).chain(rows).enumerate() {
            let mut text = format!("<row r=\"{}\">", nth + 1);
            for (at, cell) in row.iter().enumerate() {
                let column = char::from(b'A' + at as u8);
                let _ = write!(text, "<c r=\"{column}{}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>", nth + 1);
            }
            let _ = write!(out, "{text}</row>");
        }
        let _ = write!(out, "</sheetData></worksheet>");
    });
}

/// OpenDocument 1.3, part 3, 9.1.
fn ods(path: &Path, rows: Rows) {
    let parts = [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
        ),
    ];
    zipped(path, &parts, "content.xml", |out| {
        let _ = write!(
            out,
            "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:spreadsheet><table:table table:name=\"shop\">"
        );
        for row in std::iter::once(NAMES.map(str::to_owned)).chain(rows) {
            let cell = |cell: &String| {
                format!("<table:table-cell office:value-type=\"string\"><text:p>{cell}</text:p></table:table-cell>")
            };
            let _ = write!(out, "<table:table-row>{}</table:table-row>", row.iter().map(cell).collect::<String>());
        }
        let _ = write!(out, "</table:table></office:spreadsheet></office:body></office:document-content>");
    });
}
