//! GitLab's Code Quality report: what a merge request shows beside the lines.
//!
//! Source: GitLab, "Code Quality report format". It knows findings only; waived ones are listed as `info`, with
//! the reason.

use serde_json::{Value, json};

use super::wording::{pretty, sentence};
use super::{Look, RenderError};
use crate::record::{Finding, Run};

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let entries: Vec<Value> = run.findings.iter().map(|finding| entry(run, finding)).collect();
    pretty(&Value::Array(entries), "codequality")
}

fn entry(run: &Run, finding: &Finding) -> Value {
    let (path, line) = finding.places.first().map_or_else(
        // The format demands a file; a finding without one is about the platform as a whole.
        || ("aedile.yaml".to_owned(), 1),
        |place| (run.in_repository(&place.path), place.start.line),
    );
    let undecided = if finding.verdict == "fail" { "" } else { "undecided: " };
    let waived =
        finding.waiver.as_ref().map_or_else(String::new, |waiver| format!(" Waived: {}", sentence(&waiver.told())));
    json!({
        "description": format!("{undecided}{}{waived}", sentence(&finding.title)),
        "check_name": finding.policy,
        "fingerprint": finding.fingerprint,
        "severity": severity(finding),
        "location": { "path": path, "lines": { "begin": line } },
    })
}

fn severity(finding: &Finding) -> &'static str {
    match finding.severity.as_str() {
        _ if finding.waiver.is_some() => "info",
        "critical" => "blocker",
        "high" => "critical",
        "medium" => "major",
        _ => "minor",
    }
}
