//! What every fuzz target does: a whole crawl over one file in memory.
//!
//! A target passes if the crawl ends, without a panic, an overflow of the stack or of memory. What it finds
//! does not count.

use std::sync::LazyLock;

use aedile_crawl::{Content, File, Limits, Options, classify, crawl_files};
use aedile_rules::Rules;

/// Our own rules.
pub static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::load(&[]).expect("our own packs load"));

/// Crawls `data` as the file at `path`, whose name chooses the reader. What is not UTF-8 is read with
/// replacement characters, as a file of another encoding would be.
pub fn crawl(path: &str, data: &[u8]) {
    let file = File::in_memory(path, &String::from_utf8_lossy(data));
    let _ = crawl_files(&[file], &Options::default(), &RULES);
}

/// As [`crawl`], beside other files that make a whole of it: a chart's metadata, a base of an overlay.
pub fn crawl_beside(path: &str, data: &[u8], others: &[(&str, &str)]) {
    let mut files = vec![File::in_memory(path, &String::from_utf8_lossy(data))];
    files.extend(others.iter().map(|(path, text)| File::in_memory(path, text)));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let _ = crawl_files(&files, &Options::default(), &RULES);
}

/// Classifies `data` as the file at `path`, a sample and every row; the readers of datasets take bytes and not text.
pub fn dataset(path: &str, data: &[u8]) {
    let Ok(file) = File::head_of(path, Content::Held(data.into())) else { return };
    let some = Limits { dataset_rows: 100, dataset_bytes: 1 << 20, ..Limits::default() };
    let all = Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..Limits::default() };
    for limits in [some, all] {
        let _ = classify(&file, &limits, &RULES);
    }
}

/// The same for bytes behind the first ones of a format, so that they reach its reader.
pub fn dataset_after(path: &str, first: &[u8], data: &[u8]) {
    let data = if data.starts_with(first) { data.to_vec() } else { [first, data].concat() };
    dataset(path, &data);
}
