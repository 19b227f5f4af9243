//! What `aedile classify` found, as it is shown and as JSON. The form is frozen: fields are added, never changed.
//!
//! Nothing here holds a value of a cell or of a text: classes, counts and masked shapes only.

mod alike;
mod columns;
mod spans;
mod table;

pub use alike::{Adds, AloneBy, QuasiIdentifiers, SmallerGroups};
pub use columns::{Column, Columns, Dataset, Evidence, Holding};
pub use spans::{Span, SpanFile, Spans, find, find_in_notebook};
pub use table::{columns, spans};

use schemars::JsonSchema;
use serde::Serialize;

/// Something that was not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Unread {
    /// The file or folder, as it is called in this result.
    pub path: String,
    /// `unreadable`, `undecodable`, `unparsed`, `unresolved`, `unsupported`, `limit`, `link`.
    pub kind: String,
    /// What was not done and why.
    pub message: String,
}

impl Unread {
    /// The gap `message` at `path`.
    #[must_use]
    pub fn new(path: &str, kind: aedile_model::GapKind, message: impl Into<String>) -> Unread {
        Unread { path: path.to_owned(), kind: kind.as_str().to_owned(), message: message.into() }
    }
}
