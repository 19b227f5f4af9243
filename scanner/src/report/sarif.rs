//! SARIF 2.1.0 for code scanning.
//!
//! Every control in force is a rule, whether or not it fired. Waived findings stay, with a
//! `suppressions` entry; findings of the baseline are `unchanged`. Source: OASIS SARIF 2.1.0;
//! limits and `security-severity` as GitHub code scanning documents them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Look, RenderError};
use crate::record::{Control, Finding, Place, Run};

/// How many results GitHub code scanning takes of one run.
const RESULTS: usize = 25_000;

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let rules: Vec<Value> = run.controls.iter().map(rule).collect();
    let results: Vec<Value> = run.findings.iter().take(RESULTS).map(|finding| result(finding, run)).collect();
    let notifications: Vec<Value> = run
        .coverage
        .gaps
        .iter()
        .map(|gap| {
            json!({
                "level": "warning",
                "message": { "text": format!("{}: {}", gap.kind, gap.message) },
                "locations": [location(&gap.place)],
            })
        })
        .collect();
    let mut properties = Map::new();
    properties.insert("run".to_owned(), json!(run.run.id));
    properties.insert("asOf".to_owned(), json!(run.run.as_of));
    properties.insert("findingsOmitted".to_owned(), json!(run.findings.len().saturating_sub(RESULTS)));
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
        "originalUriBaseIds": { "SRCROOT": { "description": { "text": "the scanned root" } } },
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
    serde_json::to_string_pretty(&log)
        .map(|text| text.replace('<', "\\u003c") + "\n")
        .map_err(|error| RenderError { format: "sarif", reason: error.to_string() })
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
            "tags": ["governance", control.theme],
            "aliases": control.aliases,
        },
    })
}

fn result(finding: &Finding, run: &Run) -> Value {
    let index = run.controls.iter().position(|control| control.id == finding.policy);
    let locations: Vec<Value> = finding.places.iter().take(1).map(location).collect();
    let related: Vec<Value> = finding.places.iter().skip(1).map(location).collect();
    let kind = if finding.verdict == "fail" { "fail" } else { "open" };
    let mut value = json!({
        "ruleId": finding.policy,
        "kind": kind,
        // SARIF 3.27.10: the level is `none` unless the kind is `fail`.
        "level": if kind == "fail" { level(&finding.severity) } else { "none" },
        "message": { "text": format!("{} Remedy: {}", sentence(&finding.title), sentence(&finding.remediation.text)) },
        "locations": locations,
        "partialFingerprints": { "aedile/v1": finding.fingerprint },
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
            let mut at = location(step.place.as_ref()?);
            at.as_object_mut()?.insert("message".to_owned(), json!({ "text": step.text }));
            Some(json!({ "location": at }))
        })
        .collect();
    if !steps.is_empty() {
        object.insert("codeFlows".to_owned(), json!([{ "threadFlows": [{ "locations": steps }] }]));
    }
    if !finding.remediation.patches.is_empty() {
        object.insert("fixes".to_owned(), json!([fix(finding)]));
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
    if let Some(state) = &finding.baseline_state {
        object.insert("baselineState".to_owned(), json!(if state == "known" { "unchanged" } else { "new" }));
    }
    value
}

/// The patches of a finding, file by file (SARIF 3.55).
fn fix(finding: &Finding) -> Value {
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
            json!({ "artifactLocation": { "uri": uri(path), "uriBaseId": "SRCROOT" }, "replacements": replacements })
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

fn location(place: &Place) -> Value {
    let mut region = json!({ "startLine": place.start.line, "startColumn": place.start.column });
    // An empty place is the whole file: its first line.
    if place.end > place.start
        && let Some(object) = region.as_object_mut()
    {
        object.insert("endLine".to_owned(), json!(place.end.line));
        object.insert("endColumn".to_owned(), json!(place.end.column));
    }
    let mut value = json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(&place.path), "uriBaseId": "SRCROOT" }, "region": region },
    });
    if let (Some(cell), Some(object)) = (place.cell, value.as_object_mut()) {
        object.insert("logicalLocations".to_owned(), json!([{ "name": format!("cell {cell}"), "kind": "module" }]));
    }
    value
}

/// `path` as a relative URI reference (RFC 3986): all but unreserved characters and `/` in percent form.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
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

/// `text` with a capital at its start and a full stop at its end.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let start = letters.next().map_or_else(String::new, |first| first.to_uppercase().collect());
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{start}{}{stop}", letters.as_str())
}
