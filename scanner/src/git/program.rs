//! The `git` program, run so that nothing of a hostile repository is executed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::GitError;

/// A repository with a work tree.
#[derive(Debug, Clone)]
pub struct Repository {
    top: PathBuf,
}

/// Settings that would have git run a program of the repository's choice, or write.
///
/// Only `rev-parse`, `merge-base`, `ls-tree`, `ls-files` and `cat-file` are run. Of these the index readers ask
/// `core.fsmonitor`; a promisor remote would be asked over any protocol, `ext::` included, for objects that the
/// clone lacks. An owner other than the caller is borne, since what that guards against is switched off.
const SETTINGS: [&str; 5] = [
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.hooksPath=/dev/null",
    "protocol.allow=never",
    "safe.directory=*",
];

/// A `git` command in `folder` that reads and nothing else.
pub(super) fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        // A hook's own GIT_DIR or index must not point elsewhere; tracing must not write.
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .arg("--no-optional-locks")
        .arg("--no-pager")
        .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(super) fn unrunnable(error: &io::Error) -> GitError {
    GitError::NoProgram { reason: error.to_string() }
}

impl Repository {
    /// The repository that holds all of `roots`.
    ///
    /// # Errors
    /// There is no `git`, no repository, or more than one.
    pub fn around(roots: &[PathBuf]) -> Result<Repository, GitError> {
        let mut found: Option<(PathBuf, String)> = None;
        for root in roots {
            let shown = root.display().to_string();
            let none = || GitError::NoRepository { path: shown.clone() };
            let disk = std::fs::canonicalize(root).map_err(|_| none())?;
            let folder = if disk.is_dir() { disk.as_path() } else { disk.parent().ok_or_else(none)? };
            let output =
                command(folder).args(["rev-parse", "--show-toplevel"]).output().map_err(|error| unrunnable(&error))?;
            if !output.status.success() {
                return Err(none());
            }
            let top = std::fs::canonicalize(path(output.stdout.trim_ascii_end())).map_err(|_| none())?;
            match &found {
                Some((first_top, first)) if *first_top != top => {
                    return Err(GitError::Several { first: first.clone(), path: shown });
                }
                Some(_) => {}
                None => found = Some((top, shown)),
            }
        }
        found.map(|(top, _)| Repository { top }).ok_or(GitError::Unnamed)
    }

    /// The top of the work tree, canonical.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// What `git ARGS` says.
    pub(super) fn output(&self, args: &[&str]) -> Result<Output, GitError> {
        command(&self.top).args(args).output().map_err(|error| unrunnable(&error))
    }

    /// Standard output of `git ARGS`, which must succeed.
    pub(super) fn says(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        let output = self.output(args)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let reason = String::from_utf8_lossy(&output.stderr);
        let reason = reason.lines().next().unwrap_or("it gave no reason");
        Err(GitError::Failed {
            what: args.first().copied().unwrap_or_default().to_owned(),
            reason: crate::snippet::visible(reason),
        })
    }

    /// One line of `git ARGS`; `None` if it fails or says nothing.
    pub(super) fn word(&self, args: &[&str]) -> Result<Option<String>, GitError> {
        let output = self.output(args)?;
        let word = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !word.is_empty()).then_some(word))
    }

    /// Files and folders that git was told to ignore, absolute.
    ///
    /// # Errors
    /// The program fails.
    pub fn ignored(&self) -> Result<Vec<PathBuf>, GitError> {
        let listed = self.says(&["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"])?;
        let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| self.top.join(path(name.strip_suffix(b"/").unwrap_or(name)))).collect())
    }

    /// Whether the commit that is checked out holds anything at or below `folder`.
    ///
    /// # Errors
    /// The program fails.
    pub fn holds(&self, folder: &Path) -> Result<bool, GitError> {
        let Ok(inner) = folder.strip_prefix(&self.top) else { return Ok(false) };
        let mut command = command(&self.top);
        // A path, not a pattern.
        command.args(["--literal-pathspecs", "ls-files", "-z", "--"]).arg(inner);
        let output = command.output().map_err(|error| unrunnable(&error))?;
        Ok(!output.status.success() || !output.stdout.is_empty())
    }
}

/// Bytes as a path.
#[cfg(unix)]
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// Bytes as a path.
#[cfg(not(unix))]
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
