//! What every fuzz target does: a whole crawl over one file in memory.
//!
//! A target passes if the crawl ends, without a panic, an overflow of the stack or of memory. What it finds
//! does not count.

use std::sync::LazyLock;

use aedile_crawl::{File, Options, crawl_files};
use aedile_rules::Rules;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::load(&[]).expect("our own packs load"));

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
