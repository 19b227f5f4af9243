//! A file as crawlers see it.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aedile_model::{Cell, Place};

/// One file under a root: its name, its bytes, and its text if it is text.
///
/// `parse` functions see this and nothing else of the world.
#[derive(Debug, Clone)]
pub struct File {
    /// Path relative to the root, `/` as separator.
    pub path: Arc<str>,
    /// The head of the file as it lies on disk, at most [`File::HEAD`] bytes: enough to recognise a format.
    pub bytes: Arc<[u8]>,
    /// The decoded text; `None` for binary files and for texts beyond the limits.
    pub text: Option<Arc<str>>,
    /// Total size on disk in bytes.
    pub size: u64,
    /// Whether the path lies in a folder of tests, fixtures or examples, see [`in_tests`].
    pub in_tests: bool,
    /// All the bytes; `None` for a file whose head is all there is.
    pub(crate) content: Option<Content>,
    /// How far a long read is.
    pub read: BytesRead,
}

/// Where the bytes of a file are.
#[derive(Debug, Clone)]
pub enum Content {
    /// In a file.
    Disk(Arc<Path>),
    /// In memory: what an older revision holds and the disk does not.
    Held(Arc<[u8]>),
    /// In a pipe, which is read once.
    Piped(Arc<Pipe>),
    /// Nowhere within reach; why.
    Missing(String),
}

/// Bytes that come once: standard input.
pub struct Pipe(Mutex<Option<Box<dyn Read + Send>>>);

impl Pipe {
    /// What `bytes` will give.
    pub fn new(bytes: impl Read + Send + 'static) -> Pipe {
        Pipe(Mutex::new(Some(Box::new(bytes))))
    }

    /// The bytes, the first time.
    pub(crate) fn take(&self) -> std::io::Result<Box<dyn Read + Send>> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.ok_or_else(|| std::io::Error::other("it was read before"))
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipe")
    }
}

/// Bytes of a file that were read so far, for those who watch.
#[derive(Debug, Clone, Default)]
pub struct BytesRead(Arc<AtomicU64>);

impl BytesRead {
    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Content {
    /// The bytes as a stream, from the start.
    ///
    /// # Errors
    /// There are none, or the file cannot be opened any more.
    pub(crate) fn stream(&self) -> std::io::Result<Box<dyn Read + Send + '_>> {
        match self {
            Content::Disk(path) => {
                let open = std::fs::File::open(path)?;
                // The file may have become something else since the walk; only a regular one is read.
                if !open.metadata()?.is_file() {
                    return Err(std::io::ErrorKind::InvalidInput.into());
                }
                Ok(Box::new(std::io::BufReader::with_capacity(64 << 10, open)))
            }
            Content::Held(bytes) => Ok(Box::new(&**bytes)),
            Content::Piped(pipe) => pipe.take(),
            Content::Missing(_) => Err(std::io::ErrorKind::NotFound.into()),
        }
    }
}

/// Folder names that mark tests and examples, in lower case.
///
/// `spec` is left out: beside Ruby tests it commonly holds deployment specifications. `samples` and `demo`
/// are left out: platforms are often shipped and run from there.
const TEST_FOLDERS: [&str; 9] =
    ["__fixtures__", "__tests__", "example", "examples", "fixtures", "test", "test_data", "testdata", "tests"];

/// Whether a folder of `path` is named like one of tests, fixtures or examples. The file's own name does not count.
#[must_use]
pub fn in_tests(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folders, _)| {
        folders.split('/').any(|folder| TEST_FOLDERS.contains(&folder.to_ascii_lowercase().as_str()))
    })
}

impl File {
    /// Bytes of the head that is kept of every file.
    pub const HEAD: usize = 8 << 10;

    /// A file that exists in memory only: SQL from the command line, a test's input.
    #[must_use]
    pub fn in_memory(path: &str, text: &str) -> File {
        File {
            path: path.into(),
            bytes: text.as_bytes().into(),
            text: Some(text.into()),
            size: text.len() as u64,
            in_tests: in_tests(path),
            content: None,
            read: BytesRead::default(),
        }
    }

    /// The file of that content, of which the head is read. A dataset is read from its content; other readers need the text,
    /// which this file has not. `path` is what the file is called in results.
    ///
    /// # Errors
    /// The bytes cannot be read.
    pub fn head_of(path: &str, content: Content) -> std::io::Result<File> {
        let mut bytes = Vec::new();
        let (content, size) = match content {
            Content::Piped(pipe) => {
                let mut rest = pipe.take()?;
                rest.by_ref().take(File::HEAD as u64).read_to_end(&mut bytes)?;
                (Content::Piped(Arc::new(Pipe::new(std::io::Cursor::new(bytes.clone()).chain(rest)))), 0)
            }
            other => {
                other.stream()?.take(File::HEAD as u64).read_to_end(&mut bytes)?;
                let size = match &other {
                    Content::Disk(path) => std::fs::metadata(path)?.len(),
                    Content::Held(bytes) => bytes.len() as u64,
                    Content::Piped(_) | Content::Missing(_) => 0,
                };
                (other, size)
            }
        };
        Ok(File { bytes: bytes.into(), text: None, size, content: Some(content), ..File::in_memory(path, "") })
    }

    /// The raw bytes as a stream, from the start.
    ///
    /// # Errors
    /// The file cannot be opened any more.
    pub(crate) fn stream(&self) -> std::io::Result<Box<dyn Read + Send + '_>> {
        self.content.as_ref().map_or_else(|| Ok(Box::new(&*self.bytes) as Box<dyn Read + Send>), Content::stream)
    }

    /// The file's extension in lower case, without the dot; empty if there is none.
    #[must_use]
    pub fn extension(&self) -> String {
        let name = self.name();
        name.rsplit_once('.').map_or_else(String::new, |(_, ext)| ext.to_ascii_lowercase())
    }

    /// The last component of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The folder part of the path, empty at the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The bytes `start..end` as a place.
    #[must_use]
    pub fn place(&self, start: usize, end: usize) -> Place {
        Place::new(&self.path, start, end)
    }
}

/// Text that code crawlers read: a file, or one cell of a notebook.
#[derive(Debug, Clone)]
pub struct Snippet {
    /// The file.
    pub path: Arc<str>,
    /// The text.
    pub text: Arc<str>,
    /// The notebook cell (0-based) that it is, if it is one.
    pub cell: Option<u32>,
    /// Byte offset of `text` within the file or cell, for SQL inside a Python string.
    pub offset: u32,
}

/// Cells of notebooks, kept beside the text so that places can be located.
pub type Cells = Vec<Cell>;
