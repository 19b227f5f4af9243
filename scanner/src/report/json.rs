//! The recorded run as it is.

use super::{Look, RenderError};
use crate::record::Run;

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    serde_json::to_string_pretty(run)
        .map(|text| text + "\n")
        .map_err(|error| RenderError { format: "json", reason: error.to_string() })
}
