//! A run's result as an in-toto statement, from what the ledger recorded of it.

use aedile_audit::{EntryFilter, Hash, Kind, Ledger, LedgerError};
use aedile_exchange::{anchor, dsse};
use serde_json::{Value, json};

/// The predicate: the result of a test. Source: in-toto attestation framework, "Test Result".
pub const PREDICATE: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// The statement of the run `id` (`latest` for the newest). Nothing if there is no such complete run.
///
/// Subjects: the commit that was scanned, if it is known, and the run's last entry, by the SHA-256 of its bytes. The
/// predicate names the controls that failed and the ones that passed, and carries the checkpoint.
///
/// # Errors
/// The ledger cannot be read.
pub fn statement(ledger: &Ledger, id: &str) -> Result<Option<Value>, LedgerError> {
    let of = |kind| EntryFilter { kind: Some(kind), ..EntryFilter::default() };
    let ends = ledger.entries(&of(Kind::RunEnd))?;
    let Some(end) = ends.iter().rev().find(|end| id == "latest" || end.entry.run == id) else { return Ok(None) };
    let run = &end.entry.run;
    let within = |kind| EntryFilter { run: Some(run.clone()), until: Some(end.index), ..of(kind) };
    let starts = ledger.entries(&within(Kind::RunStart))?;
    let from = starts.last().map(|start| start.index);
    let summaries = ledger.entries(&EntryFilter { from, ..within(Kind::VerdictSummary) })?;
    let (mut passed, mut warned, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let verdicts = summaries.iter().filter_map(|summary| summary.entry.data.get("verdicts")?.as_array()).flatten();
    for verdict in verdicts {
        let count = |nth: usize| verdict.get(nth).and_then(Value::as_u64).unwrap_or(0);
        let Some(policy) = verdict.get(0).and_then(Value::as_str) else { continue };
        match (count(1), count(2), count(4)) {
            (_, 1.., _) => failed.push(policy),
            (_, 0, 1..) => warned.push(policy),
            (1.., 0, 0) => passed.push(policy),
            (0, 0, 0) => {}
        }
    }
    let data = &end.entry.data;
    let result = match data.get("exit_code").and_then(Value::as_u64) {
        Some(0) if warned.is_empty() => "PASSED",
        Some(0) => "WARNED",
        _ => "FAILED",
    };
    let checkpoint = ledger.checkpoint()?.ok_or(LedgerError::NoSuchEntry)?;
    let mut subjects = Vec::new();
    if let Some(commit) = end.entry.subject.get("commit").and_then(Value::as_str).filter(|commit| !commit.is_empty()) {
        subjects.push((text(&end.entry.subject, "repo"), "gitCommit", commit.to_owned()));
    }
    let entry = format!("{}#{}", checkpoint.origin, end.index);
    subjects.push((entry, "sha256", Hash::of(&[&end.body]).hex()));
    let started = starts.last().map(|start| &start.entry.data);
    let predicate = json!({
        "result": result,
        "configuration": [{
            "name": "aedile configuration in force",
            "digest": { "sha256": started.map(|data| text(data, "config_sha256")).unwrap_or_default() },
        }],
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": failed,
        "run": run,
        "outcome": data.get("outcome"),
        "findings": data.get("findings"),
        "gaps": data.get("gaps"),
        "asOf": started.map(|data| text(data, "as_of")),
        "ledger": {
            "origin": checkpoint.origin,
            "entry": end.index,
            "leaf": end.leaf,
            "checkpoint": anchor::line(&checkpoint),
        },
    });
    Ok(Some(dsse::statement(&subjects, PREDICATE, &predicate)))
}

fn text(data: &Value, member: &str) -> String {
    data.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}
