//! The files of a revision and their bytes.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;

use aedile_crawl::{Content, Leaf, LeafKind};
use rayon::prelude::*;
use sha1::Digest as _;

use super::program::{command, path, unrunnable};
use super::{GitError, Repository, Revision};

/// Bytes of one file of the revision that are held in memory; a larger one that changed is a gap.
const LARGEST: u64 = 64 << 20;

/// Bytes of all of them together.
const ALL: u64 = 1 << 30;

/// The files and links of a revision, each with the id of its blob, and the folders that are repositories of
/// their own.
type Listing = (Vec<(Leaf, String)>, Vec<std::path::PathBuf>);

impl Repository {
    /// What `revision` holds; the contents are not read yet.
    ///
    /// # Errors
    /// The program fails.
    pub fn leaves(&self, revision: &Revision) -> Result<Listing, GitError> {
        let listed = self.says(&["ls-tree", "-r", "-z", "--long", "--full-tree", &revision.tree])?;
        let (mut leaves, mut modules) = (Vec::new(), Vec::new());
        for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else { continue };
            let (facts, name) = entry.split_at(tab);
            let facts = String::from_utf8_lossy(facts);
            let mut facts = facts.split_ascii_whitespace();
            let (Some(mode), Some(_), Some(id), Some(size)) = (facts.next(), facts.next(), facts.next(), facts.next())
            else {
                continue;
            };
            let path = self.top().join(path(name.get(1..).unwrap_or_default()));
            if mode == "160000" {
                modules.push(path);
                continue;
            }
            let kind = if mode == "120000" { LeafKind::Link } else { LeafKind::File };
            let size = size.parse().unwrap_or_default();
            let leaf = Leaf { path, kind, size, content: Content::Missing("not loaded".to_owned()) };
            leaves.push((leaf, id.to_owned()));
        }
        Ok((leaves, modules))
    }
}

/// The bytes of a leaf that [`fill`] filled.
///
/// # Errors
/// Why it has none.
pub fn bytes(leaf: &Leaf) -> Result<Cow<'_, [u8]>, String> {
    match &leaf.content {
        Content::Disk(path) => std::fs::read(path).map(Cow::Owned).map_err(|error| error.to_string()),
        Content::Held(bytes) => Ok(Cow::Borrowed(bytes)),
        Content::Missing(why) => Err(why.clone()),
        Content::Piped(_) => Err("it is read once".to_owned()),
    }
}

/// Gives every one of `leaves` (with the ids of their blobs) its bytes: from the disk where the file there has
/// them, else from the repository.
///
/// # Errors
/// The program fails, or the clone lacks objects.
pub fn fill(repository: &Repository, revision: &Revision, leaves: &mut [(&mut Leaf, &str)]) -> Result<(), GitError> {
    leaves.par_iter_mut().for_each(|(leaf, id)| {
        if unchanged(&leaf.path, leaf.size, id) {
            leaf.content = Content::Disk(leaf.path.as_path().into());
        }
    });
    let mut room = ALL;
    let mut changed: Vec<(&mut Leaf, &str)> = Vec::new();
    for (leaf, id) in leaves.iter_mut().filter(|(leaf, _)| matches!(leaf.content, Content::Missing(_))) {
        if leaf.size > LARGEST || leaf.size > room {
            leaf.content = Content::Missing(format!("the revision has it with {} bytes, which is too much", leaf.size));
        } else {
            room -= leaf.size;
            changed.push((leaf, id));
        }
    }
    load(repository, revision, &mut changed)
}

/// Whether the file at `path` has the bytes of the blob `id`.
fn unchanged(path: &Path, size: u64, id: &str) -> bool {
    let regular = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() == size);
    regular && hashed(path, size, id.len()).is_ok_and(|found| found == id)
}

/// The id of a blob (`blob SIZE NUL BYTES`) with the bytes of the file at `path`, by SHA-1 or, for ids of
/// `length` 64, SHA-256.
fn hashed(path: &Path, size: u64, length: usize) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let head = format!("blob {size}\0");
    let mut buffer = vec![0; 64 << 10];
    let mut feed = |update: &mut dyn FnMut(&[u8])| -> std::io::Result<()> {
        update(head.as_bytes());
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            update(buffer.get(..read).unwrap_or_default());
        }
    };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if length == 64 {
        let mut sha = sha2::Sha256::new();
        feed(&mut |bytes| sha.update(bytes))?;
        Ok(hex(&sha.finalize()))
    } else {
        let mut sha = sha1::Sha1::new();
        feed(&mut |bytes| sha.update(bytes))?;
        Ok(hex(&sha.finalize()))
    }
}

/// Reads the blobs of `leaves` from the repository.
fn load(repository: &Repository, revision: &Revision, leaves: &mut [(&mut Leaf, &str)]) -> Result<(), GitError> {
    if leaves.is_empty() {
        return Ok(());
    }
    let failed = |reason: String| GitError::Failed { what: "cat-file".to_owned(), reason };
    let mut child = command(repository.top())
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| unrunnable(&error))?;
    let (Some(mut ask), Some(answer)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(failed("it has no pipes".to_owned()));
    };
    let mut answer = BufReader::with_capacity(64 << 10, answer);
    let mut missing: Vec<String> = Vec::new();
    for (leaf, id) in leaves.iter_mut() {
        match blob(&mut ask, &mut answer, id).map_err(|error| failed(error.to_string()))? {
            Some(bytes) => {
                leaf.content = match large_file(repository, &bytes) {
                    Some(file) => Content::Disk(file.as_path().into()),
                    None => Content::Held(bytes.into()),
                };
                leaf.size = size_of(&leaf.content);
            }
            None => missing.push(crate::snippet::visible(&leaf.path.display().to_string())),
        }
    }
    drop(ask);
    let _ = child.wait();
    match missing.first() {
        None => Ok(()),
        Some(first) => {
            Err(GitError::Objects { reference: revision.reference.clone(), first: first.clone(), count: missing.len() })
        }
    }
}

/// The bytes of the blob `id`; `None` if the repository does not have it.
fn blob(ask: &mut impl Write, answer: &mut impl BufRead, id: &str) -> std::io::Result<Option<Vec<u8>>> {
    writeln!(ask, "{id}")?;
    ask.flush()?;
    let mut head = String::new();
    answer.read_line(&mut head)?;
    let mut words = head.split_ascii_whitespace();
    let (Some(_), Some("blob"), Some(size)) = (words.next(), words.next(), words.next()) else { return Ok(None) };
    let size: u64 = size.parse().map_err(|_| std::io::ErrorKind::InvalidData)?;
    if size > LARGEST {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    answer.take(size).read_to_end(&mut bytes)?;
    // A line feed follows the bytes.
    answer.read_exact(&mut [0])?;
    Ok(Some(bytes))
}

/// Where Git LFS keeps the file that `bytes` point to (git-lfs spec, version 1), if the clone has it.
fn large_file(repository: &Repository, bytes: &[u8]) -> Option<std::path::PathBuf> {
    if bytes.len() > 1024 || !bytes.starts_with(b"version https://git-lfs.github.com/spec/v1\n") {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let id = text.lines().find_map(|line| line.strip_prefix("oid sha256:"))?;
    if id.len() != 64 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let file = repository.top().join(".git/lfs/objects").join(id.get(..2)?).join(id.get(2..4)?).join(id);
    std::fs::symlink_metadata(&file).ok()?.is_file().then_some(file)
}

fn size_of(content: &Content) -> u64 {
    match content {
        Content::Disk(path) => std::fs::metadata(path).map_or(0, |found| found.len()),
        Content::Held(bytes) => bytes.len() as u64,
        Content::Piped(_) | Content::Missing(_) => 0,
    }
}
