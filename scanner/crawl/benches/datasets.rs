//! What it costs to classify whole datasets, every cell with every rule, in every format that is read, and to search texts for
//! secrets and personal data: the speed on one thread and on two, what the bare decoder does, and the most memory that was held.
//!
//! `cargo bench -p aedile-crawl --bench datasets [-- MEGABYTES [FORMAT…]]`. All speeds are megabytes of the CSV form of the same
//! rows a second, of texts of their own. Every measurement is a process of its own, which reads a file and nothing else. Beside the
//! clock's speed on one thread stands that by the time that a processor spent: on a machine that does other things it is the one to
//! compare.
//!
//! `ratio` is how much faster two threads are by the clock, `at best` how much more two processes of one thread do side by side,
//! which share nothing but the machine: no more is to be had from it. `work` is the processors' time on two threads by that on one,
//! 1.00 if sharing costs nothing.
//! Wanted on one core: CSV 150 MB/s, Parquet and texts 250 MB/s; memory at most 200 MB; of `at best` nine tenths.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails by panicking")]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use aedile_crawl::{Content, File, Limits, classify};
use aedile_rules::Rules;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[path = "datasets/rows.rs"]
mod rows;
#[path = "datasets/write.rs"]
mod write;

/// The word by which a process is told to measure one file.
const ONE: &str = "measure-one";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [one, path, threads] = &words[..]
        && one == ONE
    {
        return measure(Path::new(path), threads.parse().unwrap());
    }
    let megabytes: usize = words.first().and_then(|word| word.parse().ok()).unwrap_or(100);
    let wanted: Vec<&String> = words.iter().skip(1).collect();
    let folder = tempfile::tempdir().unwrap();
    println!("{megabytes} MB of CSV, ten columns; MB/s of the CSV form; memory at the peak in MB");
    println!(
        "{:<22} {:>8} {:>9} {:>9} {:>9} {:>6} {:>8} {:>6} {:>9} {:>7}",
        "", "file MB", "1 thread", "by cpu", "2 threads", "ratio", "at best", "work", "decoder", "memory"
    );
    for format in
        write::FORMATS.iter().filter(|format| wanted.is_empty() || wanted.iter().any(|name| *name == format.name))
    {
        let path = folder.path().join(format.file);
        // Workbooks are unpacked to many times their rows, and refused beyond 64 or 256 MiB.
        let size = if format.is_workbook { megabytes.min(8) } else { megabytes } << 20;
        let bytes = write::write(format, &path, size) as f64 / 1e6;
        let decoded = format.decode.map_or(String::new(), |decode| {
            let start = Instant::now();
            assert!(decode(&path) > 0);
            format!("{:.0}", bytes / start.elapsed().as_secs_f64())
        });
        let (one, two) = (child(&path, 1), child(&path, 2));
        let both = std::thread::scope(|scope| {
            let other = scope.spawn(|| child(&path, 1));
            child(&path, 1).wall.max(other.join().unwrap().wall)
        });
        let file = std::fs::metadata(&path).unwrap().len() as f64 / 1e6;
        println!(
            "{:<22} {file:>8.0} {:>9.0} {:>9.0} {:>9.0} {:>6.2} {:>8.2} {:>6.2} {decoded:>9} {:>7.0}",
            format.name,
            bytes / one.wall,
            bytes / one.processor,
            bytes / two.wall,
            one.wall / two.wall,
            2.0 * one.wall / both,
            two.processor / one.processor,
            one.memory.max(two.memory),
        );
        std::fs::remove_file(&path).unwrap();
    }
}

/// Seconds by the clock, seconds of processors, megabytes.
struct Cost {
    wall: f64,
    processor: f64,
    memory: f64,
}

/// The least of three processes of their own.
fn child(path: &Path, threads: usize) -> Cost {
    let run = |_| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let out = command.args([ONE, path.to_str().unwrap(), &threads.to_string()]).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let text = String::from_utf8(out.stdout).unwrap();
        let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
        Cost { wall: numbers[0], processor: numbers[1], memory: numbers[2] }
    };
    let least = |one: Cost, other: Cost| Cost {
        wall: one.wall.min(other.wall),
        processor: one.processor.min(other.processor),
        memory: one.memory.max(other.memory),
    };
    (0..3).map(run).reduce(least).unwrap()
}

fn measure(path: &Path, threads: usize) {
    let rules = Rules::load(&[]).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let limits = Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..Limits::default() };
    if path.extension().is_some_and(|kind| kind == write::TEXTS) {
        let texts = std::fs::read_to_string(path).unwrap();
        let texts: Vec<&str> = texts.split('\0').collect();
        let search = |text: &&str| rules.secrets.scan(text).len() + rules.identifiers.scan_text(text).len();
        search(&texts[0]);
        let (start, before) = (Instant::now(), processor());
        let found: usize = pool.install(|| texts.par_iter().map(search).sum());
        assert!(found < texts.len());
        println!("{} {} {}", start.elapsed().as_secs_f64(), (processor() - before).max(0.01), peak());
        return;
    }
    let (start, before) = (Instant::now(), processor());
    let file = File::head_of(path.to_str().unwrap(), Content::Disk(path.into())).unwrap();
    let tables = pool.install(|| classify(&file, &limits, &rules));
    let (wall, spent) = (start.elapsed().as_secs_f64(), processor() - before);
    let tags = |table: &aedile_crawl::Classified| {
        table.columns.iter().filter(|column| !column.decision.tags.is_empty()).count()
    };
    let gaps: Vec<_> = tables.iter().flat_map(|table| &table.gaps).collect();
    assert!(tables.iter().map(tags).max() >= Some(5), "{gaps:?}");
    println!("{wall} {} {}", spent.max(0.01), peak());
}

/// Seconds that this process has spent, from proc(5), in ticks of a hundredth.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most megabytes that this process has held, from proc(5).
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
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
