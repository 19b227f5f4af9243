//! Bytes that are read in any order: Parquet, Arrow files, ORC, workbooks, databases and archives.

use std::cell::Cell;
use std::fs;
use std::io::{self, Cursor, Read, Seek};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;

use aedile_model::GapKind;
use bytes::Bytes;

use super::table::Table;
use crate::Content;

/// Bytes that are held of what cannot be read in any order where it lies: a pipe, a compressed file, a member of an archive.
const HELD: u64 = 128 << 20;

/// Bytes in a file or in memory.
#[derive(Debug, Clone)]
pub(super) enum Random {
    /// In a file.
    Disk(PathBuf),
    /// In memory.
    Held(Bytes),
}

/// Reads and seeks.
pub(super) trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

impl Random {
    /// The bytes of `content`, which are not compressed.
    ///
    /// # Errors
    /// A table that says why they cannot be had.
    pub(super) fn of(content: &Content, format: &'static str) -> Result<Random, Table> {
        match content {
            Content::Disk(path) => Ok(Random::Disk(path.to_path_buf())),
            Content::Held(bytes) => Ok(Random::Held(Bytes::from_owner(std::sync::Arc::clone(bytes)))),
            Content::Piped(_) | Content::Missing(_) => match content.stream() {
                Ok(stream) => Random::from_stream(stream, format),
                Err(error) => Err(unreadable(format, &error)),
            },
        }
    }

    /// All bytes of `stream`, at most [`HELD`].
    ///
    /// # Errors
    /// A table that says why they cannot be had.
    pub(super) fn from_stream(stream: impl Read, format: &'static str) -> Result<Random, Table> {
        let mut bytes = Vec::new();
        match stream.take(HELD + 1).read_to_end(&mut bytes) {
            Err(error) => Err(unreadable(format, &error)),
            Ok(_) if bytes.len() as u64 > HELD => {
                let most = HELD >> 20;
                let why = format!(
                    "{format} of more than {most} MiB inside a pipe, compression or archive is not read; unpack it"
                );
                Err(Table::unread(format, GapKind::Limit, why))
            }
            Ok(_) => Ok(Random::Held(bytes.into())),
        }
    }

    /// The bytes from the start.
    ///
    /// # Errors
    /// The file cannot be opened any more.
    pub(super) fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(match self {
            Random::Disk(path) => Box::new(open(path)?),
            Random::Held(bytes) => Box::new(Cursor::new(bytes.clone())),
        })
    }
}

/// The file at `path`, if it is still a regular one.
///
/// # Errors
/// It is not, or it cannot be opened.
pub(super) fn open(path: &Path) -> io::Result<fs::File> {
    let file = fs::File::open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

fn unreadable(format: &'static str, error: &io::Error) -> Table {
    Table::unread(format, GapKind::Unreadable, format!("cannot be read: {}", error.kind()))
}

thread_local! {
    /// Whether a decoder is at work whose panics are told as damage.
    static CAREFUL: Cell<bool> = const { Cell::new(false) };
}

/// What `read` gives; `None` if it panics. Files are hostile and many decoders are not ours: should one panic on corrupt bytes,
/// that is a file that does not parse and not the end of the crawl. Nothing of the decoder outlives the call, and what it says as
/// it panics, which may be a value of the file, is printed nowhere.
pub(super) fn careful<T>(read: impl FnOnce() -> T) -> Option<T> {
    static SILENT: Once = Once::new();
    SILENT.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CAREFUL.get() {
                before(info);
            }
        }));
    });
    let around = CAREFUL.replace(true);
    let result = catch_unwind(AssertUnwindSafe(read)).ok();
    CAREFUL.set(around);
    result
}
