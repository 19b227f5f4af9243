//! What git knows of the roots. The commit that a folder stands at is read from git's files; the revision that a
//! change is compared with is read by the `git` program, with everything switched off that a repository could
//! have it execute.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

mod error;
mod leaves;
mod program;
mod revision;

pub use error::GitError;
pub use leaves::{bytes, fill};
pub use program::Repository;
pub use revision::{Revision, default_reference};

/// The full hex id of the commit checked out in the repository that holds `path`; `None` outside a
/// repository, before the first commit, or where the files are not as git writes them.
#[must_use]
pub fn commit(path: &Path) -> Option<String> {
    let start = fs::canonicalize(path).ok()?;
    let dot_git = start.ancestors().map(|folder| folder.join(".git")).find(|candidate| candidate.exists())?;
    let git = if dot_git.is_dir() { dot_git } else { linked(&dot_git)? };
    let head = read(&git.join("HEAD"))?;
    let Some(reference) = head.strip_prefix("ref: ") else { return object_id(&head) };
    // A linked work tree keeps its branches in the common folder.
    let common = read(&git.join("commondir")).map_or_else(|| git.clone(), |common| git.join(common));
    [&git, &common]
        .into_iter()
        .find_map(|folder| read(&folder.join(reference)).and_then(|id| object_id(&id)))
        .or_else(|| packed(&common.join("packed-refs"), reference))
}

/// What the beginnings of shown paths are, relative to the top of the repository that holds the roots; empty outside
/// of one.
#[must_use]
pub fn below(roots: &[PathBuf]) -> BTreeMap<String, String> {
    let named = aedile_crawl::prefixes(roots).unwrap_or_default();
    let of = |(disk, prefix): (PathBuf, String)| {
        let folder = if disk.is_dir() { disk.as_path() } else { disk.parent()? };
        let top = folder.ancestors().find(|folder| folder.join(".git").exists())?;
        let mut inner = crate::snippet::visible(&folder.strip_prefix(top).ok()?.to_string_lossy());
        if !inner.is_empty() {
            inner.push('/');
        }
        // The name of a single file is its whole shown path.
        let name = disk.file_name().filter(|_| folder != disk).map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        Some((format!("{prefix}{name}"), format!("{inner}{name}")))
    };
    named.into_iter().filter_map(of).filter(|(shown, real)| shown != real).collect()
}

fn linked(file: &Path) -> Option<PathBuf> {
    let folder = read(file)?.strip_prefix("gitdir: ")?.to_owned();
    Some(file.parent()?.join(folder))
}

fn packed(file: &Path, reference: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (id, name) = line.split_once(' ')?;
        (name == reference).then(|| object_id(id)).flatten()
    })
}

fn read(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok().map(|text| text.trim().to_owned())
}

fn object_id(text: &str) -> Option<String> {
    let hex = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| text.to_owned())
}
