//! The recorded run as it is.

use super::{Look, RenderError};
use crate::record::Run;

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    // What the ledger tells of findings over the runs is the ledger's to tell.
    serde_json::to_string_pretty(&Run { history: None, ..run.clone() })
        .map(|text| text + "\n")
        .map_err(|error| RenderError { format: "json", reason: error.to_string() })
}
