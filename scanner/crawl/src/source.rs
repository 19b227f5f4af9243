//! A file as crawlers see it.

use std::sync::Arc;

use aedile_model::{Cell, Place};

/// One file under a root: its name, its bytes, and its text if it is text.
///
/// `parse` functions see this and nothing else of the world.
#[derive(Debug, Clone)]
pub struct File {
    /// Path relative to the root, `/` as separator.
    pub path: Arc<str>,
    /// The bytes as they lie on disk; for datasets beyond the text limit a bounded, spread sample is
    /// read through `disk` instead and this is empty.
    pub bytes: Arc<[u8]>,
    /// The decoded text; `None` for binary files.
    pub text: Option<Arc<str>>,
    /// Total size on disk in bytes.
    pub size: u64,
    /// Whether the path lies in a folder of tests, fixtures or examples.
    pub in_tests: bool,
}

impl File {
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
