//! One Terraform file: its top-level blocks and attributes with byte spans.
//!
//! hcl-edit refuses a whole file for one mistake. Such a file is split into its top-level parts, which are
//! parsed one by one; only those that do not parse are lost, each with a gap.

use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Body, Structure};

use super::split::split;
use crate::File;

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Path relative to the root.
    pub(super) path: Arc<str>,
    pub(super) text: Arc<str>,
    /// Top-level blocks and attributes, each with the offset that its spans count from.
    pub(super) parts: Vec<(Structure, Origin)>,
    pub(super) gaps: Vec<Gap>,
}

/// Where the spans of an expression count from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(super) path: Arc<str>,
    pub(super) text: Arc<str>,
    pub(super) base: usize,
}

impl Origin {
    /// The place of a span; the whole file's start if there is none.
    pub(super) fn place(&self, span: Option<std::ops::Range<usize>>) -> Option<Place> {
        span.map(|span| Place::new(&self.path, self.base + span.start, self.base + span.end))
    }

    /// The text of a span on one line, cut at 120 characters.
    pub(super) fn snippet(&self, span: Option<std::ops::Range<usize>>) -> String {
        let raw = span.and_then(|span| self.text.get(self.base + span.start..self.base + span.end)).unwrap_or_default();
        let line = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(120) {
            Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
            None => line,
        }
    }
}

/// Parses `file`; what does not parse is a gap.
pub(super) fn parse(file: &File) -> Source {
    let text = file.text.clone().unwrap_or_default();
    let path = Arc::clone(&file.path);
    let mut source = Source { path, text: Arc::clone(&text), parts: Vec::new(), gaps: Vec::new() };
    if file.text.is_none() {
        return source;
    }
    match parse_body(&text) {
        Ok(body) => source.take(body, 0),
        Err(_) => {
            for range in split(&text) {
                let Some(part) = text.get(range.clone()) else { continue };
                match parse_body(part) {
                    Ok(body) => source.take(body, range.start),
                    Err(error) => {
                        let at = range.start + error.location().offset().min(part.len());
                        let reason = error.message().lines().next().unwrap_or_default().to_lowercase();
                        let place = Place::new(&source.path, at, range.end.max(at));
                        source.gaps.push(unparsed(place, &reason));
                    }
                }
            }
        }
    }
    source
}

/// A part that does not parse, or that nests deeper than the parser follows.
fn unparsed(place: Place, reason: &str) -> Gap {
    let (kind, what) = if reason.contains("nesting depth") {
        (GapKind::Limit, "is not read")
    } else {
        (GapKind::Unparsed, "is not HCL")
    };
    Gap { place, kind, message: format!("this part of the file {what}: {reason}") }
}

impl Source {
    fn take(&mut self, body: Body, base: usize) {
        let origin = Origin { path: Arc::clone(&self.path), text: Arc::clone(&self.text), base };
        self.parts.extend(body.into_iter().map(|structure| (structure, origin.clone())));
    }
}

/// A file in the JSON form of the language, which is not read yet.
pub(super) fn unsupported(file: &File) -> Source {
    let gap = Gap {
        place: Place::file(&file.path),
        kind: GapKind::Unsupported,
        message: "Terraform in JSON is not read yet".to_owned(),
    };
    Source { path: Arc::clone(&file.path), text: "".into(), parts: Vec::new(), gaps: vec![gap] }
}
