//! What a crawl is asked to do.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Bounds on what is read. Every limit that is reached becomes a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a text file; a longer one is not read.
    pub text_bytes: u64,
    /// Bytes of all texts together.
    pub total_bytes: u64,
    /// Files under all roots together.
    pub files: usize,
    /// Folders below a root.
    pub depth: usize,
    /// Rows sampled of a dataset; `usize::MAX` for all.
    pub dataset_rows: usize,
    /// Bytes decoded of a dataset, after decompression.
    pub dataset_bytes: u64,
    /// What chooses the sampled rows.
    pub dataset_seed: u64,
    /// Nesting of brackets, mappings and expressions in any parser.
    pub nesting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            text_bytes: 8 << 20,
            total_bytes: 1 << 30,
            files: 200_000,
            depth: 64,
            dataset_rows: 10_000,
            dataset_bytes: 64 << 20,
            dataset_seed: 0x0061_6564_696c_6531,
            nesting: 128,
        }
    }
}

/// A binding that a person wrote into `aedile.yaml`: two names for one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// A path relative to the root, a URI, a table name or an address.
    pub name: String,
    /// The other name of the same thing.
    pub is: String,
}

/// What to crawl and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files or folders. Paths in the result are relative to the single root, or prefixed by the
    /// root's own name where there are several.
    pub roots: Vec<PathBuf>,
    /// Globs of what is not entered, as in `.gitignore`: without `/` (but at the end) on a name at any depth,
    /// with one on the path from the root; `/` at the end means folders only. What each keeps out is counted in
    /// the coverage. [`crate::DEFAULT_EXCLUDE`] by default.
    pub exclude: Vec<String>,
    /// Bounds.
    pub limits: Limits,
    /// Values for input variables of infrastructure code.
    pub variables: BTreeMap<String, String>,
    /// Names that a person declared to mean one thing.
    pub bindings: Vec<Binding>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            roots: Vec::new(),
            exclude: crate::DEFAULT_EXCLUDE.iter().map(|&pattern| pattern.to_owned()).collect(),
            limits: Limits::default(),
            variables: BTreeMap::new(),
            bindings: Vec::new(),
        }
    }
}
