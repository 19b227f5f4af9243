//! The commit that a folder stands at, read from git's files; no program is run.

use std::fs;
use std::path::{Path, PathBuf};

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
