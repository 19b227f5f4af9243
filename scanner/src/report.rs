//! Reports: the recorded run in each format. One file a format, one line in [`FORMATS`].

mod codequality;
mod csv;
mod cyclonedx;
mod github;
mod gitlab;
mod html;
mod json;
mod junit;
mod markdown;
pub(crate) mod openlineage;
mod oscal;
mod sarif;
mod text;
mod wording;

use crate::record::Run;

/// How a report is to look; only the text for terminals takes notice.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colours and other escapes may be used.
    pub colour: bool,
    /// Whether the terminal follows links.
    pub links: bool,
    /// How much is told.
    pub detail: Detail,
}

/// How much the terminal's text tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The closing lines only.
    Quiet,
    /// Counts by control, law and severity; no finding is told.
    Summary,
    /// High and critical findings in full, the others a line each.
    Normal,
    /// Everything in full.
    Verbose,
}

impl Default for Look {
    fn default() -> Self {
        Look { width: 80, colour: false, links: false, detail: Detail::Normal }
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
    Format { name: "codequality", about: "GitLab Code Quality", render: codequality::render },
    Format { name: "csv", about: "findings and waivers for a spreadsheet", render: csv::render },
    Format { name: "cyclonedx", about: "CycloneDX 1.6: a bill of data and models", render: cyclonedx::render },
    Format {
        name: "github",
        about: "annotations of GitHub Actions, and the summary of the job",
        render: github::render,
    },
    Format { name: "gitlab", about: "GitLab SAST", render: gitlab::render },
    Format { name: "html", about: "one self-contained page for an auditor", render: html::render },
    Format { name: "json", about: "the whole recorded run (docs/schema/run-1.schema.json)", render: json::render },
    Format { name: "junit", about: "a test case for each control and asset", render: junit::render },
    Format { name: "markdown", about: "a comment on a pull request, with patches to apply", render: markdown::render },
    Format { name: "openlineage", about: "column lineage for catalogs", render: openlineage::render },
    Format { name: "oscal", about: "OSCAL 1.2.1 assessment results", render: oscal::render },
    Format {
        name: "sarif",
        about: "SARIF 2.1.0 for code scanning, waived findings left out",
        render: sarif::for_the_gate,
    },
    Format { name: "sarif-audit", about: "SARIF 2.1.0 with waived findings as suppressions", render: sarif::for_audit },
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

impl Format {
    /// Whether it shows what the ledger tells of findings over the runs.
    #[must_use]
    pub fn shows_history(&self) -> bool {
        self.name == "html"
    }
}

/// A title as the HTML report shows it.
pub(crate) fn shown_title(title: &str) -> String {
    html::marked(title)
}

/// A finding in full, as the text report tells it.
///
/// # Errors
/// It cannot be rendered.
pub fn told(finding: &crate::record::Finding, look: Look) -> Result<String, RenderError> {
    text::told(finding, look)
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
