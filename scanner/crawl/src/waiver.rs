//! Waivers written in comments.

use std::sync::Arc;

use aedile_model::{Place, Sources};

/// Whose notation a waiver is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaiverDialect {
    /// `aedile:allow POLICY reason="…" until=… by=…`: this line or the one below.
    Aedile,
    /// `checkov:skip=ID:reason`: the block it stands in.
    Checkov,
    /// `trivy:ignore:ID`: the block it stands in or above.
    Trivy,
}

/// A waiver beside what it excuses. Whether it holds is judged elsewhere: here is no clock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InlineWaiver {
    /// The file.
    pub path: Arc<str>,
    /// The notebook cell (0-based), if it is in one.
    pub cell: Option<u32>,
    /// 1-based line, within the cell where there is one.
    pub line: u32,
    /// The id it names, ours or another tool's, as written.
    pub policy: String,
    /// Whose notation.
    pub dialect: WaiverDialect,
    /// Why; `None` if it does not say.
    pub reason: Option<String>,
    /// The last day on which it holds, as written.
    pub until: Option<String>,
    /// Who approved it, as written.
    pub by: Option<String>,
    /// The waiver's text.
    pub place: Place,
}

/// Every waiver in `sources`, sorted by place.
pub(crate) fn waivers(_sources: &Sources) -> Vec<InlineWaiver> {
    Vec::new()
}
