//! GitLab's SAST report, for the vulnerability report and the merge request's widget.
//!
//! Source: GitLab, "Security report format", schema 15 of the SAST report. Waived findings are no vulnerabilities;
//! they are told as messages of the scan, as are gaps and waivers that end soon.

use serde_json::{Map, Value, json};

use super::wording::{cut, plural, pretty, sentence, uuid};
use super::{Look, RenderError};
use crate::record::{Finding, Run};

/// The version of the form.
const VERSION: &str = "15.0.7";

/// Messages of a scan that are written.
const MESSAGES: usize = 200;

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let program = json!({
        "id": run.tool.name,
        "name": run.tool.name,
        "version": run.tool.version,
        "vendor": { "name": run.tool.name },
    });
    // The form wants a time without its zone, which is UTC.
    let time = run.run.started.trim_end_matches('Z');
    let waived = |finding: &&Finding| finding.waiver.is_none();
    let vulnerabilities: Vec<Value> =
        run.findings.iter().filter(waived).map(|finding| vulnerability(run, finding)).collect();
    let report = json!({
        "version": VERSION,
        "scan": {
            "analyzer": program,
            "scanner": program,
            "type": "sast",
            "start_time": time,
            "end_time": time,
            "status": "success",
            "messages": messages(run),
        },
        "vulnerabilities": vulnerabilities,
    });
    pretty(&report, "gitlab")
}

fn messages(run: &Run) -> Vec<Value> {
    let waived = run.findings.iter().filter_map(|finding| {
        let waiver = finding.waiver.as_ref()?;
        Some(("info", format!("waived: {} ({}): {}", finding.title, finding.policy, waiver.told())))
    });
    let ending = run.ending().into_iter().map(|line| ("warn", line));
    let open_gaps = run.coverage.gaps.iter().filter(|gap| gap.accepted.is_none());
    let gaps = open_gaps.map(|gap| ("warn", format!("{} {}: {}", gap.kind, gap.place.at(), gap.message)));
    let all: Vec<(&str, String)> = ending.chain(waived).chain(gaps).collect();
    let left = all.len().saturating_sub(MESSAGES);
    let more = (left > 0).then(|| ("warn", format!("{} more are in the other reports", plural(left, "message"))));
    let shown = all.into_iter().take(MESSAGES).chain(more);
    shown.map(|(level, value)| json!({ "level": level, "value": value })).collect()
}

fn vulnerability(run: &Run, finding: &Finding) -> Value {
    let mut location = Map::new();
    if let Some(place) = finding.places.first() {
        location.insert("file".to_owned(), json!(run.in_repository(&place.path)));
        location.insert("start_line".to_owned(), json!(place.start.line));
        location.insert("end_line".to_owned(), json!(place.last_line()));
    }
    let mut identifiers = vec![json!({ "type": "aedile_policy", "name": finding.policy, "value": finding.policy })];
    identifiers.extend(finding.aliases.iter().map(|alias| json!({ "type": "alias", "name": alias, "value": alias })));
    identifiers.extend(finding.citations.iter().map(
        |citation| json!({ "type": citation.framework, "name": citation.obligation, "value": citation.obligation }),
    ));
    json!({
        "id": uuid(&format!("finding/{}", finding.fingerprint)),
        "name": cut(&finding.title, 255),
        "description": cut(&description(finding), 100_000),
        "severity": if finding.verdict == "fail" { title_case(&finding.severity) } else { "Unknown".to_owned() },
        "solution": cut(&sentence(&finding.remediation.text), 7_000),
        "identifiers": identifiers.into_iter().take(20).collect::<Vec<_>>(),
        "location": location,
    })
}

fn description(finding: &Finding) -> String {
    let mut lines = vec![sentence(&finding.title), format!("Asset: {}.", finding.asset.address)];
    lines.extend(finding.evidence.iter().map(|line| format!("- {line}")));
    if finding.diff_state.as_deref().is_some_and(|state| state != "new") || finding.state() == "known" {
        lines.extend(finding.excuse().map(|why| sentence(&why)));
    }
    lines.join("\n")
}

fn title_case(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
