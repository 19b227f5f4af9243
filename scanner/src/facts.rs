//! Facts of unchanged files and answers to unchanged questions, kept between scans.
//!
//! One file of each for all that is scanned together: a line that says what it is, a line an entry, and a digest of all of
//! that. What an entry is and when it holds, [`Kept`] and [`Memory`] know. A file that is cut off, changed or of another form counts as none
//! and is written anew; it is written beside and renamed, so that scans at the same time see the old or the new one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use aedile_crawl::Kept;
use aedile_policies::Memory;
use aedile_rules::Rules;
use sha2::{Digest, Sha256};

use crate::{output, terminal};

/// The first line of a file.
const FORM: &str = "aedile facts 1";

/// Bytes of one file; of more entries the last by name are left out.
const LARGEST: usize = 128 << 20;

/// Bytes of all files; the oldest go first.
const ALL: u64 = 512 << 20;

/// Where facts of what is scanned, and answers about it, are kept.
#[derive(Debug)]
pub struct FactStore {
    file: PathBuf,
    answers: PathBuf,
    memory: OnceLock<Memory>,
    reused: AtomicUsize,
    made: AtomicUsize,
}

impl FactStore {
    /// The store in `folder` for `roots`. `None` where the folder lies in one of the roots: what is scanned must not bring
    /// its own facts.
    #[must_use]
    pub fn new(folder: &Path, roots: &[PathBuf]) -> Option<FactStore> {
        let folder = real(folder);
        let roots: Vec<PathBuf> = roots.iter().map(|root| real(root)).collect();
        if roots.iter().any(|root| folder.starts_with(root)) {
            return None;
        }
        let mut sha = Sha256::new_with_prefix(b"aedile.facts.roots.v1");
        for root in &roots {
            let root = root.as_os_str().as_encoded_bytes();
            sha.update((root.len() as u64).to_le_bytes());
            sha.update(root);
        }
        let name = hex(&sha.finalize());
        Some(FactStore {
            file: folder.join(format!("facts-{name}")),
            answers: folder.join(format!("answers-{name}")),
            memory: OnceLock::new(),
            reused: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
        })
    }

    /// What earlier scans left, for one by `rules`.
    #[must_use]
    pub fn open(&self, rules: &Rules) -> Kept {
        Kept::new(rules, read(&self.file).unwrap_or_default())
    }

    /// Keeps what the next scan may need. A folder that cannot be written is told and is no error.
    pub fn close(&self, kept: Kept) {
        let (reused, made) = kept.counts();
        self.reused.store(reused, Ordering::Relaxed);
        self.made.store(made, Ordering::Relaxed);
        let Some(entries) = kept.into_entries() else { return };
        if let Err(error) = write(&self.file, &entries) {
            terminal::note(&format!("facts were not kept in {}: {error}", self.file.display()));
        }
    }

    /// What earlier scans were answered, and what this one is.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        self.memory.get_or_init(|| Memory::read(&whole(&self.answers).unwrap_or_default()))
    }

    /// Keeps the answers of this scan, if there are others than before. A folder that cannot be written is told and is no
    /// error.
    pub fn keep_answers(&self) {
        let Some(memory) = self.memory.get().filter(|memory| memory.changed()) else { return };
        let text = memory.written();
        let written = if text.len() > LARGEST { Ok(()) } else { replace(&self.answers, text.trim_end()) };
        if let Err(error) = written {
            terminal::note(&format!("answers were not kept in {}: {error}", self.answers.display()));
        }
    }

    /// How many interpretations of Python were taken from the store, and how many were made.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.reused.load(Ordering::Relaxed), self.made.load(Ordering::Relaxed))
    }
}

/// The path without links and dots.
fn real(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).components() {
        if part == Component::ParentDir {
            found.pop();
        } else {
            found.push(part);
            // What is not there yet has no links.
            found = fs::canonicalize(&found).unwrap_or(found);
        }
    }
    found
}

/// What `file` holds before its digest; `None` if it is not whole.
fn whole(file: &Path) -> Option<String> {
    let mut text = String::new();
    fs::File::open(file).ok()?.take(2 * LARGEST as u64).read_to_string(&mut text).ok()?;
    let (all, end) = text.trim_end().rsplit_once('\n')?;
    let (length, right) = (all.len(), end == hex(&Sha256::digest(all)));
    text.truncate(length);
    right.then_some(text)
}

/// The entries in `file`; `None` if it is not whole.
fn read(file: &Path) -> Option<BTreeMap<String, String>> {
    let all = whole(file)?;
    let mut lines = all.lines();
    (lines.next()? == FORM).then_some(())?;
    lines.map(|line| line.split_once(' ').map(|(name, entry)| (name.to_owned(), entry.to_owned()))).collect()
}

/// Writes `entries`.
///
/// # Errors
/// As [`replace`].
fn write(file: &Path, entries: &BTreeMap<String, String>) -> io::Result<()> {
    let mut text = FORM.to_owned();
    for (name, entry) in entries {
        if text.len() + name.len() + entry.len() > LARGEST {
            break;
        }
        text.push('\n');
        text.push_str(name);
        text.push(' ');
        text.push_str(entry);
    }
    replace(file, &text)
}

/// Writes `text` and its digest, readable by their owner alone, and removes the oldest files beyond [`ALL`] bytes.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let text = format!("{text}\n{}\n", hex(&Sha256::digest(text)));
    let folder = file.parent().unwrap_or(Path::new("."));
    output::private_folder(folder)?;
    output::replace_private(file, text.as_bytes())?;
    let mut kept: Vec<(SystemTime, u64, PathBuf)> = fs::read_dir(folder)?
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            ["facts-", "answers-"].iter().any(|kind| name.to_string_lossy().starts_with(kind))
        })
        .filter_map(|entry| {
            let found = entry.metadata().ok()?;
            Some((found.modified().ok()?, found.len(), entry.path()))
        })
        .collect();
    kept.sort();
    let mut bytes = 0;
    for (_, size, old) in kept.iter().rev() {
        bytes += size;
        if bytes > ALL {
            // Another scan may have removed it.
            let _ = fs::remove_file(old);
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> BTreeMap<String, String> {
        BTreeMap::from([("aa".to_owned(), "{\"x\":1}".to_owned()), ("bb".to_owned(), "2".to_owned())])
    }

    #[test]
    fn what_is_written_is_read_and_what_is_not_whole_is_not() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("inner/facts-0");
        assert_eq!(read(&file), None);
        write(&file, &entries()).expect("it can be written");
        assert_eq!(read(&file), Some(entries()));
        let whole = fs::read(&file).expect("readable");
        for end in 0..whole.len() - 1 {
            fs::write(&file, &whole[..end]).expect("writable");
            assert_eq!(read(&file), None, "cut off after {end} bytes");
        }
        for at in 0..whole.len() - 1 {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&file, &changed).expect("writable");
            assert_eq!(read(&file), None, "byte {at} changed");
        }
        write(&file, &entries()).expect("it can be written again");
        assert_eq!(read(&file), Some(entries()));
    }

    #[test]
    #[cfg(unix)]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("inner/facts-0");
        write(&file, &entries()).expect("it can be written");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&folder.path().join("inner"))), (0o600, 0o700));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("it can be changed");
        write(&file, &entries()).expect("it can be written");
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn a_store_among_what_is_scanned_is_none() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let root = folder.path().join("root");
        fs::create_dir_all(&root).expect("folders can be made");
        let store = |place: &str| FactStore::new(&folder.path().join(place), std::slice::from_ref(&root));
        assert!(store("root/.cache").is_none() && store("root").is_none() && store("beside/../root/x").is_none());
        assert!(store("root-cache").is_some() && store("cache").is_some());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&root, folder.path().join("link")).expect("links can be made");
            assert!(store("link/cache").is_none());
        }
    }
}
