//! Waivers in the metadata of CloudFormation resources.
//!
//! ```yaml
//! Metadata:
//!   checkov: {skip: [{id: CKV_AWS_18, comment: nothing to log}]}
//!   cfn_nag: {rules_to_suppress: [{id: W35, reason: nothing to log}]}
//!   guard: {SuppressedRules: [S3_BUCKET_LOGGING_ENABLED]}
//! ```
//!
//! Such a waiver belongs to its resource: it stands at the line where the resource is named.

use std::sync::Arc;

use aedile_model::Place;

use super::{InlineWaiver, WaiverDialect};
use crate::yaml::{self, Node};

/// Words without which a file has no such waiver.
const WORDS: [&str; 3] = ["SuppressedRules", "rules_to_suppress", "skip"];

/// Levels of sequences and mappings.
const NESTING: usize = 128;

/// Where a tool keeps its waivers below `Metadata`, and what it calls the id and the reason.
const TOOLS: [(&str, &str, WaiverDialect); 3] = [
    ("cfn_nag", "rules_to_suppress", WaiverDialect::CfnNag),
    ("checkov", "skip", WaiverDialect::Checkov),
    ("guard", "SuppressedRules", WaiverDialect::Guard),
];

/// Whether `text` may hold one.
pub(super) fn may(path: &str, text: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    ["cfn", "json", "sam", "template", "yaml", "yml"].contains(&extension.as_str())
        && has("Resources")
        && has("Metadata")
        && WORDS.iter().any(|word| has(word))
}

/// The waivers of all resources in `text`.
pub(super) fn waivers(path: &Arc<str>, text: &str, found: &mut Vec<InlineWaiver>) {
    // Tabs of JSON are blanks.
    let blanks = text.trim_start().starts_with('{').then(|| text.replace('\t', " "));
    let (documents, _) = yaml::parse_all(blanks.as_deref().unwrap_or(text), NESTING);
    for document in &documents {
        let template = document.get("resources").filter(|inner| inner.get("Resources").is_some()).unwrap_or(document);
        for entry in template.get("Resources").map(Node::entries).unwrap_or_default() {
            let Some(metadata) = entry.value.get("Metadata") else { continue };
            let line = line_of(text, entry.key.span.start as usize);
            for (tool, list, dialect) in TOOLS {
                let items = metadata.get(tool).and_then(|tool| tool.get(list)).map(Node::items).unwrap_or_default();
                found.extend(items.iter().filter_map(|item| waiver(path, item, line, dialect)));
            }
        }
    }
}

fn waiver(path: &Arc<str>, item: &Node, line: u32, dialect: WaiverDialect) -> Option<InlineWaiver> {
    let text = |names: [&str; 2]| names.iter().find_map(|name| item.get(name)?.str()).map(str::to_owned);
    let policy = item.str().map(str::to_owned).or_else(|| text(["id", "Id"]))?;
    // Guard has no place for a reason: naming the rule is the decision.
    let unsaid = (dialect == WaiverDialect::Guard).then(|| "suppressed for Guard".to_owned());
    Some(InlineWaiver {
        path: Arc::clone(path),
        cell: None,
        line,
        policy,
        dialect,
        reason: text(["comment", "reason"]).filter(|reason| !reason.trim().is_empty()).or(unsaid),
        until: None,
        by: None,
        place: Place::new(path, item.span.start as usize, item.span.end as usize),
    })
}

fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    u32::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(u32::MAX).saturating_add(1)
}
