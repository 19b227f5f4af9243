//! Workflow commands of GitHub Actions: annotations on the lines of a pull request.
//!
//! GitHub shows ten annotations of each kind a step and drops the rest without a word; so no more are written, and
//! what is left out is said. Source: GitHub, "Workflow commands for GitHub Actions".

use std::fmt::Write as _;

use super::wording::{plural, sentence};
use super::{Look, RenderError};
use crate::record::{Finding, Run};

/// Annotations of a kind that a step shows.
const MOST: usize = 10;

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let mut out = String::new();
    let open: Vec<&Finding> = run.findings.iter().filter(|finding| finding.is_open()).collect();
    for kind in ["error", "warning", "notice"] {
        let mut messages: Vec<String> =
            open.iter().filter(|finding| of(finding) == kind).map(|finding| annotation(run, kind, finding)).collect();
        if kind == "warning" {
            // Before the findings: a waiver that ends is easily missed and cheap to renew in time.
            let ending = run.ending().into_iter();
            messages.splice(0..0, ending.map(|line| format!("::warning title=waiver ends::{}\n", message(&line))));
        }
        for text in messages.iter().take(MOST) {
            out.push_str(text);
        }
        if messages.len() > MOST {
            let more = plural(messages.len() - MOST, kind);
            let _ = writeln!(out, "{more} more: GitHub shows {MOST} of a kind; the other reports have all");
        }
    }
    excused(&mut out, run);
    let _ =
        writeln!(out, "{} open, {} waived, gate {}", plural(open.len(), "finding"), run.summary.waived, run.verdict());
    Ok(out)
}

/// What does not fail the gate, in a group that is folded away.
fn excused(out: &mut String, run: &Run) {
    let excused: Vec<&Finding> = run.findings.iter().filter(|finding| !finding.is_open()).collect();
    if excused.is_empty() {
        return;
    }
    let _ = writeln!(out, "::group::{} excused", plural(excused.len(), "finding"));
    for finding in excused {
        let why = finding.excuse().unwrap_or_default();
        // A line that begins with `::` would be a command.
        let _ =
            writeln!(out, "  {} {} [{}] {}", finding.severity, message(&finding.title), finding.policy, message(&why));
    }
    out.push_str("::endgroup::\n");
}

fn of(finding: &Finding) -> &'static str {
    match (finding.verdict.as_str(), finding.severity.as_str()) {
        ("fail", "critical" | "high") => "error",
        ("fail", "medium") => "warning",
        _ => "notice",
    }
}

fn annotation(run: &Run, kind: &str, finding: &Finding) -> String {
    let mut out = format!("::{kind} ");
    if let Some(place) = finding.places.first() {
        let _ = write!(out, "file={},line={}", property(&run.in_repository(&place.path)), place.start.line);
        let _ = write!(out, ",endLine={}", place.last_line());
        if place.last_line() == place.start.line && place.end.column > place.start.column {
            let _ = write!(out, ",col={},endColumn={}", place.start.column, place.end.column);
        }
        out.push(',');
    }
    let _ = write!(out, "title={}", property(&format!("{}: {}", finding.word(), finding.policy)));
    let text = format!("{} Remedy: {}", sentence(&finding.title), sentence(&finding.remediation.text));
    let _ = writeln!(out, "::{}", message(&text));
    out
}

/// Text after the `::` of a command.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanned_text_ends_no_command_and_begins_none() {
        assert_eq!(message("a\n::error::b 100%"), "a%0A::error::b 100%25");
        assert_eq!(property("a,line=1:b"), "a%2Cline=1%3Ab");
    }
}
