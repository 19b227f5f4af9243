//! Files that hold a signing key: its text on one line, for its owner alone.

use std::fs::{self, OpenOptions};
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};

use aedile_formats::{KeyError, SigningKey};

/// Why a key file was refused. No message repeats key material.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A secret that others than its owner can read.
    #[error("the key file `{}` can be read by others than its owner", .0.display())]
    Readable(PathBuf),
    /// A secret beside what it protects would be copied along with it.
    #[error("the key file would lie in the ledger's own directory")]
    BesideLedger,
    /// The file could not be read or written; an existing one is never overwritten.
    #[error("the key file `{}` could not be {doing}", path.display())]
    File {
        /// The path as it was given.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// What the operating system said.
        source: Error,
    },
    /// The file's text is not a signing key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl KeyFileError {
    /// What to do next, if there is something to say.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            KeyFileError::BesideLedger => {
                Some("keep the signing key where the ledger's files are not: a secret store, or your home directory")
            }
            KeyFileError::File { source, .. } if source.kind() == ErrorKind::AlreadyExists => {
                Some("a key is never overwritten: choose another file name")
            }
            KeyFileError::Readable(_) => Some("take the permissions of others away: chmod 600"),
            KeyFileError::Key(error) => error.help(),
            KeyFileError::File { .. } => None,
        }
    }
}

/// Reads a key file. Refused if others can read it (on Unix).
pub fn read(path: &Path) -> Result<SigningKey, KeyFileError> {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path)
        && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
    {
        return Err(KeyFileError::Readable(path.to_owned()));
    }
    let text = fs::read_to_string(path).map_err(|source| failed(path, "read", source))?;
    Ok(SigningKey::parse(&text)?)
}

/// Writes a new key file that only its owner can read (mode 0600 on Unix). An existing file is left as it is.
///
/// `ledger`: the ledger that the key will sign. A file in that ledger's directory is refused; `None` allows any place.
pub fn write_new(key: &SigningKey, path: &Path, ledger: Option<&Path>) -> Result<(), KeyFileError> {
    let failed = |source| failed(path, "written", source);
    if let Some(ledger) = ledger
        && directory(path).map_err(failed)? == directory(ledger).map_err(failed)?
    {
        return Err(KeyFileError::BesideLedger);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(format!("{}\n", key.secret_text()).as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

fn failed(path: &Path, doing: &'static str, source: Error) -> KeyFileError {
    KeyFileError::File { path: path.to_owned(), doing, source }
}

/// The directory that `path` lies in, with symbolic links followed.
fn directory(path: &Path) -> Result<PathBuf, Error> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize(),
        _ => Path::new(".").canonicalize(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_private_never_overwritten_and_not_beside_the_ledger() {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::generate("a").unwrap();
        let (path, ledger) = (dir.path().join("key"), dir.path().join("ledger.db"));
        assert!(matches!(write_new(&key, &path, Some(&ledger)), Err(KeyFileError::BesideLedger)));
        write_new(&key, &path, None).unwrap();
        assert_eq!(read(&path).unwrap().secret_text(), key.secret_text());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(matches!(read(&path), Err(KeyFileError::Readable(_))));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let again = write_new(&SigningKey::generate("a").unwrap(), &path, None);
        assert!(again.unwrap_err().help().unwrap().contains("never overwritten"));
        assert_eq!(read(&path).unwrap().secret_text(), key.secret_text());
    }
}
