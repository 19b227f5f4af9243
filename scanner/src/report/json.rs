//! The recorded run as it is.

use super::{Look, RenderError};
use crate::record::Run;

/// Bytes that a finding, and an asset or a relation, take about: room for them is asked for once.
const A_FINDING: usize = 4_096;
const A_THING: usize = 1_024;

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    // What the ledger tells of findings over the runs is the ledger's to tell.
    let without;
    let shown = match run.history {
        None => run,
        Some(_) => {
            without = Run { history: None, ..run.clone() };
            &without
        }
    };
    let failed = |reason: String| RenderError { format: "json", reason };
    let mut text =
        Vec::with_capacity(A_FINDING * run.findings.len() + A_THING * (run.assets.len() + run.relations.len()));
    serde_json::to_writer_pretty(&mut text, shown).map_err(|error| failed(error.to_string()))?;
    text.push(b'\n');
    String::from_utf8(text).map_err(|error| failed(error.to_string()))
}
