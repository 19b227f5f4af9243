//! Files that are written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` beside `path` and renames the result to it: a reader sees the old file or the new one, never half of one.
///
/// What is no regular file (`/dev/stdout`, a pipe) is written to as it is. A link is followed: the file that it leads to is replaced.
///
/// # Errors
/// The folder or the file cannot be written; nothing is left behind.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let found = fs::metadata(path);
    if found.as_ref().is_ok_and(|found| !found.is_file()) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if found.as_ref().is_ok_and(|found| found.permissions().readonly()) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let beside = beside(&target)?;
    let written = write(&beside, bytes, found.ok().map(|found| found.permissions()));
    let renamed = written.and_then(|()| fs::rename(&beside, &target));
    if renamed.is_err() {
        let _ = fs::remove_file(&beside);
    }
    renamed
}

/// The same for a file that only its owner may read, whatever it was before. No link is followed.
///
/// # Errors
/// See [`replace`].
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path)?;
    let renamed = write_private(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if renamed.is_err() {
        let _ = fs::remove_file(&beside);
    }
    renamed
}

/// Makes `folder`, and what is missing above it, for its owner alone.
///
/// # Errors
/// It cannot be made.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let mut made = fs::DirBuilder::new();
    made.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut made, 0o700);
    made.create(folder)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut made = fs::OpenOptions::new();
    made.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut made, 0o600);
    // What is lost with the machine is found again: the disk is not waited for.
    made.open(path)?.write_all(bytes)
}

fn write(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    // Never through a link that somebody placed there.
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()
}

/// A name in the folder of `path` that nothing has.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let process = std::process::id();
    (0..100)
        .map(|nth| path.with_file_name(format!(".{name}.{process}-{nth}.part")))
        .find(|candidate| fs::symlink_metadata(candidate).is_err())
        .ok_or_else(|| io::ErrorKind::AlreadyExists.into())
}
