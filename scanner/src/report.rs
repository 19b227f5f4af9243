//! Reports: the recorded run in each format. One file a format, one line in [`FORMATS`].

mod html;
mod json;
mod markdown;
mod sarif;
mod text;

use crate::record::Run;

/// How a report is to look; only the text for terminals takes notice.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colours and other escapes may be used.
    pub colour: bool,
    /// How much is told.
    pub detail: Detail,
}

/// How much the terminal's text tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The closing lines only.
    Quiet,
    /// High and critical findings in full, the others a line each.
    Normal,
    /// Everything in full.
    Verbose,
}

impl Default for Look {
    fn default() -> Self {
        Look { width: 80, colour: false, detail: Detail::Normal }
    }
}

/// A report format.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The word after `--format`.
    pub name: &'static str,
    /// What it is for, one line.
    pub about: &'static str,
    /// The report as text; the same run gives the same bytes.
    pub render: fn(&Run, Look) -> Result<String, RenderError>,
}

/// Every format, sorted by name. A new one is one file and one line here.
pub const FORMATS: &[Format] = &[
    Format { name: "html", about: "one self-contained page for an auditor", render: html::render },
    Format { name: "json", about: "the whole recorded run (docs/schema/run-1.schema.json)", render: json::render },
    Format { name: "markdown", about: "a comment on a pull request, with patches to apply", render: markdown::render },
    Format { name: "sarif", about: "SARIF 2.1.0 for code scanning", render: sarif::render },
    Format { name: "text", about: "for people at a terminal", render: text::render },
];

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the {format} report cannot be rendered: {reason}")]
#[diagnostic(
    code(aedile::report),
    help("the run itself is recorded; `aedile report --run ID --format json` still gives it")
)]
pub struct RenderError {
    format: &'static str,
    reason: String,
}

impl Format {
    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Format> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

/// The checkpoint of the ledger as one line that `--checkpoint` reads back; empty if the run was not recorded.
fn anchor(run: &Run) -> String {
    let checkpoint = run.ledger.as_ref().and_then(|ledger| aedile_audit::Checkpoint::parse(&ledger.checkpoint).ok());
    checkpoint.map_or_else(String::new, |checkpoint| aedile_exchange::anchor::line(&checkpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_sorted_and_unique() {
        assert!(FORMATS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
