//! One Terraform file: its top-level blocks and attributes with byte spans.
//!
//! A file with a mistake is split into its top-level parts. What does not parse in one of them is a gap and
//! stands in the tree as broken; everything else is read.

use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place, Span};

use super::split::split;
use super::syntax::{Body, Fault, json, parse_body, recovered_body};
use crate::File;

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Source {
    pub(super) body: Body,
    pub(super) origin: Origin,
    pub(super) gaps: Vec<Gap>,
}

/// Whose text expressions stand in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Origin {
    /// The file; `None` for what stands in no scanned one.
    pub(super) path: Option<Arc<str>>,
    pub(super) text: Arc<str>,
}

impl Origin {
    /// The place of a span.
    pub(super) fn place(&self, span: Span) -> Option<Place> {
        self.path.as_ref().map(|path| Place { path: Arc::clone(path), span, cell: None })
    }

    /// The text of a span on one line, cut at 120 characters.
    pub(super) fn snippet(&self, span: Span) -> String {
        let raw = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
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
    let (body, faults) = if file.extension() != "json" {
        native(&text)
    } else if file.text.is_none() {
        (Body::default(), Vec::new())
    } else if file.name().to_ascii_lowercase().ends_with(".tfvars.json") {
        json::values(&text)
    } else {
        json::configuration(&text)
    };
    let what = if file.extension() == "json" { "Terraform in JSON" } else { "HCL" };
    // Why a file has no text is told where it is read.
    let gaps = faults.iter().map(|fault| gap(&file.path, fault, what)).collect();
    Source { body, origin: Origin { path: Some(Arc::clone(&file.path)), text }, gaps }
}

/// The body that `text` is, and what of it does not parse.
pub(super) fn native(text: &str) -> (Body, Vec<Fault>) {
    if let Ok(body) = parse_body(text, 0) {
        return (body, Vec::new());
    }
    let (mut whole, mut faults) = (Body::default(), Vec::new());
    for range in split(text) {
        let part = text.get(range.clone()).unwrap_or_default();
        let (body, found) = recovered_body(part, range.start);
        whole.attributes.extend(body.attributes);
        whole.blocks.extend(body.blocks);
        faults.extend(found);
    }
    (whole, faults)
}

/// A part that does not parse, or that nests deeper than is followed.
fn gap(path: &Arc<str>, fault: &Fault, what: &str) -> Gap {
    let place = Place { path: Arc::clone(path), span: fault.span, cell: None };
    let (kind, message) = if fault.limit {
        (GapKind::Limit, format!("this part of the file is not read: {}", fault.message))
    } else {
        (GapKind::Unparsed, format!("this part of the file is not {what}: {}", fault.message))
    };
    Gap { place, kind, message }
}
