//! SARIF 2.1.0 for code scanning.
//!
//! Every control in force is a rule, whether or not it fired. Waived findings stand in the file for an audit, with a
//! `suppressions` entry; findings of the baseline are `unchanged`. Source: OASIS SARIF 2.1.0;
//! limits and `security-severity` as GitHub code scanning documents them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::wording::{pretty, sentence, uri};
use super::{Look, RenderError};
use crate::record::{Control, Finding, Place, Run};

/// How many results GitHub code scanning takes of one run.
const RESULTS: usize = 25_000;

/// The file for code scanning, which knows no suppressions: waived findings are left out and counted.
pub(super) fn for_the_gate(run: &Run, _: Look) -> Result<String, RenderError> {
    render(run, "sarif", |finding| finding.waiver.is_none())
}

/// The file for an audit: waived findings are there, with their suppressions.
pub(super) fn for_audit(run: &Run, _: Look) -> Result<String, RenderError> {
    render(run, "sarif-audit", |_| true)
}

fn render(run: &Run, format: &'static str, kept: fn(&Finding) -> bool) -> Result<String, RenderError> {
    let rules: Vec<Value> = run.controls.iter().map(rule).collect();
    let findings: Vec<&Finding> = run.findings.iter().filter(|finding| kept(finding)).collect();
    let results: Vec<Value> = findings.iter().take(RESULTS).map(|finding| result(finding, run)).collect();
    let ending =
        run.ending().into_iter().map(|line| json!({ "level": "warning", "message": { "text": sentence(&line) } }));
    let notifications: Vec<Value> = run
        .coverage
        .gaps
        .iter()
        .map(|gap| {
            json!({
                "level": "warning",
                "message": { "text": format!("{}: {}", gap.kind, gap.message) },
                "locations": [location(&gap.place, run)],
            })
        })
        .chain(ending)
        .collect();
    let mut properties = Map::new();
    properties.insert("run".to_owned(), json!(run.run.id));
    properties.insert("asOf".to_owned(), json!(run.run.as_of));
    properties.insert("findingsOmitted".to_owned(), json!(findings.len().saturating_sub(RESULTS)));
    properties.insert("findingsWaived".to_owned(), json!(run.summary.waived));
    if let Some(ledger) = &run.ledger {
        properties.insert("ledgerCheckpoint".to_owned(), json!(ledger.checkpoint));
    }
    let mut this = json!({
        "tool": { "driver": {
            "name": run.tool.name,
            "semanticVersion": run.tool.version,
            "rules": rules,
        }},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": { "SRCROOT": { "description": { "text": "the top of the repository, or the scanned root outside of one" } } },
        "automationDetails": { "id": "aedile/" },
        "invocations": [{
            "executionSuccessful": true,
            "exitCode": run.summary.exit_code,
            "toolExecutionNotifications": notifications,
        }],
        "results": results,
        "properties": properties,
    });
    if let (Some(commit), Some(object)) = (&run.run.commit, this.as_object_mut()) {
        object.insert("properties".to_owned(), {
            let mut held = object.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            held.insert("commit".to_owned(), json!(commit));
            Value::Object(held)
        });
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [this],
    });
    // In JSON `<` stands in strings only. Escaped it is the same text, and none for a page that shows the file.
    Ok(pretty(&log, format)?.replace('<', "\\u003c"))
}

fn rule(control: &Control) -> Value {
    let citations = if control.citations.is_empty() {
        String::new()
    } else {
        format!("\n\nEvidence for: {}.", control.citations.join(", "))
    };
    json!({
        "id": control.id,
        "name": pascal(&control.id),
        "shortDescription": { "text": sentence(&control.title) },
        "fullDescription": { "text": sentence(if control.rationale.is_empty() { &control.title } else { &control.rationale }) },
        "help": {
            "text": format!("{}{citations}", sentence(&control.remedy)),
            "markdown": format!("**Remedy.** {}{citations}", sentence(&control.remedy)),
        },
        "defaultConfiguration": { "level": level(&control.severity) },
        "properties": {
            "security-severity": score(&control.severity),
            "precision": "high",
            "tags": std::collections::BTreeSet::from(["governance", control.theme.as_str()]),
            "aliases": control.aliases,
        },
    })
}

fn result(finding: &Finding, run: &Run) -> Value {
    let index = run.controls.iter().position(|control| control.id == finding.policy);
    let locations: Vec<Value> = finding.places.iter().take(1).map(|place| location(place, run)).collect();
    let related: Vec<Value> = finding.places.iter().skip(1).map(|place| location(place, run)).collect();
    let kind = if finding.verdict == "fail" { "fail" } else { "open" };
    let mut value = json!({
        "ruleId": finding.policy,
        "kind": kind,
        // SARIF 3.27.10: the level is `none` unless the kind is `fail`.
        "level": if kind == "fail" { level(&finding.severity) } else { "none" },
        "message": { "text": format!("{} Remedy: {}", sentence(&finding.title), sentence(&finding.remediation.text)) },
        "locations": locations,
        "partialFingerprints": { "aedile/v1": finding.fingerprint, "primaryLocationLineHash": line_hash(&finding.fingerprint) },
        "properties": {
            "severity": finding.severity,
            "security-severity": score(&finding.severity),
            "asset": finding.asset.id,
            "evidence": finding.evidence,
            "citations": finding.citations.iter().map(|citation| &citation.obligation).collect::<Vec<_>>(),
        },
    });
    let Some(object) = value.as_object_mut() else { return value };
    if let Some(index) = index {
        object.insert("ruleIndex".to_owned(), json!(index));
    }
    if !related.is_empty() {
        object.insert("relatedLocations".to_owned(), json!(related));
    }
    let steps: Vec<Value> = finding
        .path
        .iter()
        .filter_map(|step| {
            let mut at = location(step.place.as_ref()?, run);
            at.as_object_mut()?.insert("message".to_owned(), json!({ "text": step.text }));
            Some(json!({ "location": at }))
        })
        .collect();
    if !steps.is_empty() {
        object.insert("codeFlows".to_owned(), json!([{ "threadFlows": [{ "locations": steps }] }]));
    }
    if !finding.remediation.patches.is_empty() {
        object.insert("fixes".to_owned(), json!([fix(finding, run)]));
    }
    if let Some(waiver) = &finding.waiver {
        object.insert(
            "suppressions".to_owned(),
            json!([{
                "kind": if waiver.place.is_some() { "inSource" } else { "external" },
                "status": "accepted",
                "justification": waiver.reason.clone().unwrap_or_default(),
            }]),
        );
    }
    // SARIF 3.27.24: against the revision if there is one, else against the baseline.
    let state = finding.diff_state.as_deref().or(finding.baseline_state.as_deref());
    if let Some(state) = state {
        let state = match state {
            "known" | "unchanged" => "unchanged",
            "moved" | "changed" => "updated",
            _ => "new",
        };
        object.insert("baselineState".to_owned(), json!(state));
    }
    value
}

/// The patches of a finding, file by file (SARIF 3.55).
fn fix(finding: &Finding, run: &Run) -> Value {
    let mut files: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for patch in &finding.remediation.patches {
        let (start, end) = (patch.place.start, patch.place.end);
        files.entry(&patch.place.path).or_default().push(json!({
            "deletedRegion": {
                "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
            },
            "insertedContent": { "text": patch.replacement },
        }));
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(path, replacements)| {
            json!({ "artifactLocation": { "uri": uri(&run.in_repository(path)), "uriBaseId": "SRCROOT" }, "replacements": replacements })
        })
        .collect();
    let warning = finding
        .remediation
        .warning
        .as_ref()
        .map_or_else(String::new, |warning| format!(" Beware: {}", sentence(warning)));
    let text = format!("{}{warning}", sentence(&finding.remediation.text));
    json!({ "description": { "text": text }, "artifactChanges": changes })
}

fn location(place: &Place, run: &Run) -> Value {
    let mut region = json!({ "startLine": place.start.line, "startColumn": place.start.column });
    // An empty place is the whole file: its first line.
    if place.end > place.start
        && let Some(object) = region.as_object_mut()
    {
        object.insert("endLine".to_owned(), json!(place.end.line));
        object.insert("endColumn".to_owned(), json!(place.end.column));
    }
    let mut value = json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(&run.in_repository(&place.path)), "uriBaseId": "SRCROOT" }, "region": region },
    });
    if let (Some(cell), Some(object)) = (place.cell, value.as_object_mut()) {
        object.insert("logicalLocations".to_owned(), json!([{ "name": format!("cell {cell}"), "kind": "module" }]));
    }
    value
}

/// What code scanning tells alerts apart by: it survives edits of the line, as the fingerprint does.
fn line_hash(fingerprint: &str) -> String {
    format!("{}:1", fingerprint.get(..16).unwrap_or(fingerprint))
}

fn level(severity: &str) -> &'static str {
    match severity {
        "critical" | "high" => "error",
        "medium" => "warning",
        _ => "note",
    }
}

/// The middle of the range that GitHub shows under that word (over 9.0 critical, 7.0–8.9 high, 4.0–6.9 medium).
fn score(severity: &str) -> &'static str {
    match severity {
        "critical" => "9.5",
        "high" => "8.0",
        "medium" => "5.5",
        _ => "2.0",
    }
}

fn pascal(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        })
        .collect()
}
