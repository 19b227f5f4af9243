use serde::{Deserialize, Serialize};

use crate::Place;

/// What kind of thing was not read, parsed, resolved or decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// The file could not be opened or read.
    Unreadable,
    /// The bytes are not text in a known encoding, though the name promises text.
    Undecodable,
    /// The file or a part of it claims a format and does not parse.
    Unparsed,
    /// A reference or expression whose value is not in the sources.
    Unresolved,
    /// A format, construct or resource type that is known but not read yet.
    Unsupported,
    /// A limit on bytes, depth, count, expansion or time was reached.
    Limit,
    /// A link that leads out of the root or into itself.
    Link,
}

impl GapKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            GapKind::Unreadable => "unreadable",
            GapKind::Undecodable => "undecodable",
            GapKind::Unparsed => "unparsed",
            GapKind::Unresolved => "unresolved",
            GapKind::Unsupported => "unsupported",
            GapKind::Limit => "limit",
            GapKind::Link => "link",
        }
    }
}

/// Something that was skipped, recorded so that nobody takes silence for a pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// Where; a whole file has the empty span.
    pub place: Place,
    /// What kind.
    pub kind: GapKind,
    /// What was not done and why, one line, lower case, no final period, no sampled value.
    pub message: String,
}
