//! Results of revisions, kept so that the next scan against the same one need not judge it again.
//!
//! One JSON file a result, named by the digest of all that it depends on. What cannot be read is judged anew.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Before;

/// Results that are kept; the oldest go first.
const MOST: usize = 64;

/// Bytes of one result.
const LARGEST: u64 = 64 << 20;

fn file(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("before-{key}.json"))
}

/// The result under `key`, if there is one that can be read.
pub(super) fn read(folder: &Path, key: &str) -> Option<Before> {
    let mut text = String::new();
    std::fs::File::open(file(folder, key)).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Keeps `before` under `key`, and of the others the newest.
///
/// # Errors
/// The folder cannot be written.
pub(super) fn write(folder: &Path, key: &str, before: &Before) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    crate::output::replace(&file(folder, key), &serde_json::to_vec(before)?)?;
    let mut kept: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(folder)?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("before-"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    kept.sort();
    for (_, old) in kept.iter().rev().skip(MOST) {
        // Another scan may have removed it.
        let _ = std::fs::remove_file(old);
    }
    Ok(())
}
