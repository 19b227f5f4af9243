//! Paths of steps: dotted keys, `=` after a key that is a map, `[]` after one that must be there.

/// One key on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) key: String,
    /// Whether it is a map and no block.
    pub(crate) map: bool,
    /// Whether it is not made if it is missing.
    pub(crate) required: bool,
}

/// The segments of `path`.
pub(crate) fn segments(path: &str) -> Vec<Segment> {
    let segments = path.split('.').filter(|key| !key.is_empty());
    segments
        .map(|key| {
            let (key, required) = key.strip_suffix("[]").map_or((key, false), |key| (key, true));
            let (key, map) = key.strip_suffix('=').map_or((key, false), |key| (key, true));
            Segment { key: key.to_owned(), map, required }
        })
        .collect()
}

/// The path as readers write it.
pub(crate) fn plain(segments: &[Segment]) -> String {
    segments.iter().map(|segment| segment.key.as_str()).collect::<Vec<_>>().join(".")
}
