//! What it costs to classify whole datasets, every cell with every rule: CSV, JSON lines and Parquet against the bare decoder.
//!
//! `cargo bench -p aedile-crawl --bench datasets [-- MEGABYTES]`. All figures are in megabytes of the CSV form a second on one
//! thread, and on all. Wanted on one core: CSV 150 MB/s, Parquet 250 MB/s.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails by panicking")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use aedile_crawl::{Content, File, Limits, classify};
use aedile_rules::Rules;
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

const NAMES: [&str; 10] =
    ["id", "name", "email", "phone", "birth_date", "amount", "status", "ip_address", "iban", "created_at"];

/// A row of ten columns as a shop's export has them; all but one column hold many different cells.
fn row(n: u64) -> [String; 10] {
    let random = |salt: u64| {
        let mut x = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x ^ (x >> 27)
    };
    let first = ["Anna", "Ben", "Carla", "David", "Elena", "Felix", "Greta", "Hugo"][(random(1) % 8) as usize];
    let last = ["Smith", "Keller", "Rossi", "Dubois", "Novak", "Jensen", "Garcia", "Sato"][(random(2) % 8) as usize];
    [
        format!("{n}"),
        format!("{first} {last}"),
        format!("{first}.{last}{}@mailbox.org", random(3) % 100_000),
        format!("+49 30 {:07}", random(4) % 10_000_000),
        format!("{}-{:02}-{:02}", 1930 + random(5) % 80, 1 + random(6) % 12, 1 + random(7) % 28),
        format!("{}.{:02}", random(8) % 1000, random(9) % 100),
        ["new", "paid", "shipped", "returned"][(random(10) % 4) as usize].to_owned(),
        format!("10.{}.{}.{}", random(11) % 256, random(12) % 256, random(13) % 256),
        format!("DE{:020}", random(14) % 100_000_000_000_000),
        format!(
            "2024-{:02}-{:02}T{:02}:{:02}:00Z",
            1 + random(15) % 12,
            1 + random(16) % 28,
            random(17) % 24,
            random(18) % 60
        ),
    ]
}

fn main() {
    let megabytes: usize = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(100);
    let folder = tempfile::tempdir().unwrap();
    let (csv, jsonl, parquet) =
        (folder.path().join("a.csv"), folder.path().join("a.jsonl"), folder.path().join("a.parquet"));
    let bytes = write(megabytes << 20, &csv, &jsonl, &parquet);
    let rules = Rules::load(&[]).unwrap();
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{:.0} MB of CSV, ten columns; MB/s of the CSV form", bytes as f64 / 1e6);
    println!("{:<28} {:>9} {:>9} {:>14}", "", "1 thread", "all", "of the decoder");
    for (what, path, bare) in [
        ("CSV", &csv, decode_csv as fn(&Path) -> usize),
        ("JSON lines", &jsonl, decode_jsonl),
        ("Parquet (zstd)", &parquet, decode_parquet),
    ] {
        let speed = |work: &mut dyn FnMut()| {
            let start = Instant::now();
            work();
            bytes as f64 / 1e6 / start.elapsed().as_secs_f64()
        };
        let decoded = speed(&mut || assert!(bare(path) > 0));
        let classified = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let limits = Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..Limits::default() };
            let file = File::head_of(path.to_str().unwrap(), Content::Disk(path.as_path().into())).unwrap();
            speed(&mut || {
                let tables = pool.install(|| classify(&file, &limits, &rules));
                assert!(tables[0].columns.iter().any(|column| !column.decision.tags.is_empty()));
            })
        };
        classified(1);
        let (one, many) = (classified(1), classified(all));
        println!("{:<28} {one:>9.0} {many:>9.0} {:>13.0}%", format!("{what}, every row"), one * 100.0 / decoded);
        println!("{:<28} {decoded:>9.0}", format!("{what}, decoder alone"));
    }
}

/// Writes the same rows in each form; gives the size of the CSV.
fn write(size: usize, csv: &Path, jsonl: &Path, parquet: &Path) -> usize {
    let mut text = NAMES.join(",") + "\n";
    let mut lines = std::io::BufWriter::new(std::fs::File::create(jsonl).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(100_000));
    let mut writer = None;
    let mut batch: Vec<[String; 10]> = Vec::new();
    let mut n = 0;
    while text.len() < size {
        let row = row(n);
        let _ = writeln!(text, "{}", row.join(","));
        let object: serde_json::Map<String, serde_json::Value> =
            NAMES.iter().zip(&row).map(|(name, cell)| ((*name).to_owned(), cell.as_str().into())).collect();
        serde_json::to_writer(&mut lines, &object).unwrap();
        lines.write_all(b"\n").unwrap();
        batch.push(row);
        n += 1;
        if batch.len() == 50_000 || text.len() >= size {
            let columns = NAMES.iter().enumerate().map(|(at, name)| {
                let cells = batch.iter().map(|row| row[at].as_str());
                let array: ArrayRef = match at {
                    0 => Arc::new(Int64Array::from_iter_values(cells.map(|cell| cell.parse::<i64>().unwrap()))),
                    5 => Arc::new(Float64Array::from_iter_values(cells.map(|cell| cell.parse::<f64>().unwrap()))),
                    _ => Arc::new(StringArray::from_iter_values(cells)),
                };
                (*name, array)
            });
            let rows = RecordBatch::try_from_iter(columns).unwrap();
            let writer = writer.get_or_insert_with(|| {
                let file = std::fs::File::create(parquet).unwrap();
                ArrowWriter::try_new(file, rows.schema(), Some(properties.clone().build())).unwrap()
            });
            writer.write(&rows).unwrap();
            batch.clear();
        }
    }
    writer.unwrap().close().unwrap();
    std::fs::write(csv, &text).unwrap();
    text.len()
}

fn decode_csv(path: &Path) -> usize {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let mut record = csv::ByteRecord::new();
    let mut cells = 0;
    while reader.read_byte_record(&mut record).unwrap() {
        cells += record.len();
    }
    cells
}

fn decode_jsonl(path: &Path) -> usize {
    let text = std::fs::read(path).unwrap();
    let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).unwrap().len()).sum()
}

fn decode_parquet(path: &Path) -> usize {
    let builder = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap()).unwrap();
    builder.with_batch_size(2048).build().unwrap().map(|batch| batch.unwrap().num_rows()).sum()
}
