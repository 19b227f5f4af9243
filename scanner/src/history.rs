//! What became of findings over the runs, told from the ledger's entries alone.

use std::collections::BTreeMap;

use aedile_audit::{EntryFilter, Kind, Ledger, LedgerError, StoredEntry};
use serde::Serialize;
use serde_json::Value;

use crate::record::{self, Run};

/// A finding over all runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct History {
    /// What it is recognised by.
    pub fingerprint: String,
    /// Its policy.
    pub policy: String,
    /// Its asset.
    pub asset: String,
    /// Its title, as last recorded.
    pub title: String,
    /// Its severity, as last recorded.
    pub severity: String,
    /// `open`, `waived` or `fixed`, as of the last run over the same roots.
    pub state: &'static str,
    /// What happened, in the order of the log.
    pub events: Vec<Event>,
}

/// Something that happened to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// `first-seen`, `waived`, `waiver-ended`, `fixed` or `reopened`.
    pub what: &'static str,
    /// The run that showed it.
    pub run: String,
    /// The time of its entry, RFC 3339.
    pub at: String,
    /// The entry: the finding's, or the run-end of the run that no longer had it.
    pub entry: u64,
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Waived,
    Fixed,
}

/// A run that is being read.
struct Reading {
    roots: Value,
    /// By fingerprint, whether it was waived and what was recorded.
    findings: BTreeMap<String, (bool, StoredEntry)>,
}

/// The history of every finding, by fingerprint.
///
/// A finding is fixed when a complete run over the same roots no longer has it; an interrupted run shows nothing. Runs over
/// other roots say nothing of it.
///
/// # Errors
/// The ledger cannot be read.
pub fn histories(ledger: &Ledger) -> Result<Vec<History>, LedgerError> {
    let mut reading: BTreeMap<String, Reading> = BTreeMap::new();
    let mut known: BTreeMap<(String, String), (State, History)> = BTreeMap::new();
    ledger.each(&EntryFilter::default(), |stored| {
        let run = stored.entry.run.clone();
        match stored.entry.kind {
            Kind::RunStart => {
                let roots = stored.entry.data.get("roots").cloned().unwrap_or(Value::Null);
                reading.insert(run, Reading { roots, findings: BTreeMap::new() });
            }
            Kind::Finding => {
                if let Some(reading) = reading.get_mut(&run) {
                    let waived = stored.entry.data.get("waived") == Some(&Value::Bool(true));
                    reading.findings.insert(text(&stored.entry.data, "fingerprint"), (waived, stored));
                }
            }
            Kind::Recovery => drop(reading.remove(&run)),
            Kind::RunEnd => {
                if let Some(reading) = reading.remove(&run) {
                    close(&mut known, reading, &stored);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    let mut histories: Vec<History> = known.into_values().map(|(_, history)| history).collect();
    histories.sort_by(|one, other| one.fingerprint.cmp(&other.fingerprint));
    Ok(histories)
}

/// What the ledger tells of the findings of `run`, which it holds.
///
/// # Errors
/// The ledger cannot be read.
pub fn of_run(ledger: &Ledger, run: &Run) -> Result<record::History, LedgerError> {
    let id = run.run.id.as_str();
    let mut starts: Vec<(String, Value, String)> = Vec::new();
    ledger.each(&EntryFilter { kind: Some(Kind::RunStart), ..EntryFilter::default() }, |stored| {
        let roots = stored.entry.data.get("roots").cloned().unwrap_or(Value::Null);
        let at = stored.entry.ts.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
        starts.push((stored.entry.run, roots, at));
        Ok(())
    })?;
    let here = starts.iter().rposition(|(run, ..)| run == id);
    let before = here.and_then(|here| {
        let (_, roots, _) = starts.get(here)?;
        starts.get(..here)?.iter().rev().find(|(_, others, _)| others == roots)
    });
    let mut told = record::History {
        previous: before.map(|(run, ..)| run.clone()),
        previous_at: before.map(|(.., at)| at.clone()),
        ..record::History::default()
    };
    let present: std::collections::BTreeSet<&str> =
        run.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    for history in histories(ledger)? {
        let Some(last) = history.events.last() else { continue };
        if present.contains(history.fingerprint.as_str()) {
            if last.run == id && matches!(last.what, "first-seen" | "reopened") {
                told.new.push(history.fingerprint.clone());
            }
            let events = history
                .events
                .iter()
                .map(|event| format!("{} {}", event.at.get(..10).unwrap_or(&event.at), event.what));
            told.events.insert(history.fingerprint, events.collect());
        } else if last.run == id && last.what == "fixed" {
            told.fixed.insert(history.fingerprint, history.title);
        }
    }
    Ok(told)
}

/// Compares what a complete run has with what was known of the same roots.
fn close(known: &mut BTreeMap<(String, String), (State, History)>, mut reading: Reading, end: &StoredEntry) {
    let roots = reading.roots.to_string();
    for ((of, fingerprint), (state, history)) in known.iter_mut().filter(|((of, _), _)| *of == roots) {
        debug_assert_eq!(*of, roots);
        let (next, seen) = match reading.findings.remove(fingerprint) {
            Some((true, stored)) => (State::Waived, stored),
            Some((false, stored)) => (State::Open, stored),
            None => (State::Fixed, end.clone()),
        };
        let what = match (*state, next) {
            (State::Open | State::Waived, State::Fixed) => Some("fixed"),
            (State::Fixed, State::Open | State::Waived) => Some("reopened"),
            (State::Open, State::Waived) => Some("waived"),
            (State::Waived, State::Open) => Some("waiver-ended"),
            (State::Open, State::Open) | (State::Waived, State::Waived) | (State::Fixed, State::Fixed) => None,
        };
        if next != State::Fixed {
            history.title = text(&seen.entry.data, "title");
            history.severity = text(&seen.entry.data, "severity");
        }
        history.events.extend(what.map(|what| event(what, &seen)));
        if what == Some("reopened") && next == State::Waived {
            history.events.push(event("waived", &seen));
        }
        (*state, history.state) = (next, word(next));
    }
    for (fingerprint, (waived, stored)) in reading.findings {
        let state = if waived { State::Waived } else { State::Open };
        let mut events = vec![event("first-seen", &stored)];
        events.extend(waived.then(|| event("waived", &stored)));
        let data = &stored.entry.data;
        let history = History {
            fingerprint: fingerprint.clone(),
            policy: text(data, "policy"),
            asset: text(data, "asset"),
            title: text(data, "title"),
            severity: text(data, "severity"),
            state: word(state),
            events,
        };
        known.insert((roots.clone(), fingerprint), (state, history));
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Waived => "waived",
        State::Fixed => "fixed",
    }
}

fn event(what: &'static str, stored: &StoredEntry) -> Event {
    let at = stored.entry.ts.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
    Event { what, run: stored.entry.run.clone(), at, entry: stored.index }
}

fn text(data: &Value, member: &str) -> String {
    data.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}
