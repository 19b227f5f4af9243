//! Looking into the ledger: entries, histories, checkpoints, proofs.

use std::fmt::Write as _;
use std::path::Path;

use aedile_audit::{EntryFilter, Kind, Ledger, StoredEntry};
use aedile_exchange::anchor;
use miette::{IntoDiagnostic, Report, miette};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use super::{ledger_error, open, say, write};
use crate::config::parse_date;
use crate::history::{History, histories};
use crate::terminal;

/// Which entries are wanted, as on the command line.
pub(super) struct Wanted<'a> {
    pub(super) run: Option<&'a str>,
    pub(super) kind: Option<&'a str>,
    pub(super) policy: Option<&'a str>,
    pub(super) asset: Option<&'a str>,
    pub(super) since: Option<&'a str>,
    pub(super) until: Option<&'a str>,
}

/// `aedile log show`.
pub(super) fn show(path: &Path, wanted: &Wanted<'_>, format: &str) -> Result<u8, Report> {
    let kind = wanted.kind.map(kind).transpose()?;
    let (since, until) = (wanted.since.map(day).transpose()?, wanted.until.map(day).transpose()?);
    let ledger = open(path)?;
    let run = named(&ledger, wanted.run)?;
    let said = |stored: &StoredEntry, member: &str, wanted: Option<&str>| {
        wanted.is_none() || stored.entry.data.get(member).and_then(Value::as_str) == wanted
    };
    let mut text = String::new();
    if format == "csv" {
        text.push_str("index,time,kind,run,actor,policy,asset,severity,verdict,title,place,reason\r\n");
    }
    let filter = EntryFilter { run, kind, from: None, until: None };
    let mut printed = Ok(());
    ledger
        .each(&filter, |stored| {
            let date = stored.entry.ts.date();
            let in_time = since.is_none_or(|since| date >= since) && until.is_none_or(|until| date <= until);
            if in_time && said(&stored, "policy", wanted.policy) && said(&stored, "asset", wanted.asset) {
                match format {
                    "json" => text.push_str(&(String::from_utf8_lossy(&stored.body) + "\n")),
                    "csv" => text.push_str(&row(&stored)),
                    _ => text.push_str(&line(&stored)),
                }
            }
            // A long log does not have to fit into memory.
            if text.len() > 1 << 16 && printed.is_ok() {
                printed = terminal::print(&std::mem::take(&mut text));
            }
            Ok(())
        })
        .map_err(ledger_error)?;
    printed.into_diagnostic()?;
    say(&text)
}

fn kind(word: &str) -> Result<Kind, Report> {
    Kind::named(word).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        miette!(
            code = "aedile::usage",
            help = format!("kinds are {}", names.join(", ")),
            "`{word}` is not a kind of entry"
        )
    })
}

fn day(word: &str) -> Result<Date, Report> {
    parse_date(word)
        .ok_or_else(|| miette!(code = "aedile::usage", help = "write it as 2026-03-31", "`{word}` is not a date"))
}

/// The run's name; `latest` is the newest.
fn named(ledger: &Ledger, run: Option<&str>) -> Result<Option<String>, Report> {
    match run {
        Some("latest") => Ok(ledger.runs().map_err(ledger_error)?.pop().map(|run| run.run)),
        other => Ok(other.map(str::to_owned)),
    }
}

fn stamp(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

fn line(stored: &StoredEntry) -> String {
    let entry = &stored.entry;
    let mut text = String::new();
    let (time, kind) = (stamp(entry.ts), entry.kind.to_string());
    let _ = writeln!(text, "{:>6}  {time}  {kind:<15} {}", stored.index, gist(&entry.data));
    text
}

/// The telling part of an entry's data, on one line.
fn gist(data: &Value) -> String {
    let field = |name: &str| data.get(name).and_then(Value::as_str).map(crate::snippet::visible);
    let reason = || field("reason").unwrap_or_default();
    match (field("severity"), field("policy"), field("asset"), field("outcome")) {
        (Some(severity), Some(policy), Some(asset), _) => format!("{severity:<9} {policy}  {asset}"),
        (None, Some(policy), _, _) => format!("{policy}  {}", reason()),
        (_, _, _, Some(outcome)) => format!("{outcome}, {} findings", data.get("findings").unwrap_or(&Value::Null)),
        _ => match (field("action"), field("key"), data.get("held"), data.get("payloads")) {
            (Some(action), Some(key), _, _) => format!("{action} {key}"),
            (_, _, Some(held), _) => format!("{}  {}", if held == true { "held" } else { "lifted" }, reason()),
            (_, _, _, Some(_)) => format!("payload erased  {}", reason()),
            _ => field("as_of").map_or_else(reason, |date| format!("as of {date}")),
        },
    }
}

fn row(stored: &StoredEntry) -> String {
    let entry = &stored.entry;
    let field = |name: &str| entry.data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let place = entry.data.get("place").filter(|place| place.is_object()).map_or_else(String::new, |place| {
        let path = place.get("path").and_then(Value::as_str).unwrap_or_default();
        format!("{path}:{}", place.get("line").unwrap_or(&Value::Null))
    });
    csv(&[
        stored.index.to_string(),
        stamp(entry.ts),
        entry.kind.to_string(),
        entry.run.clone(),
        entry.actor.clone(),
        field("policy"),
        field("asset"),
        field("severity"),
        field("verdict"),
        field("title"),
        place,
        field("reason"),
    ])
}

/// One row. Cells that a spreadsheet would take for a formula get a `'` in front; control characters are shown.
/// Source: RFC 4180; OWASP, "CSV Injection".
fn csv(cells: &[String]) -> String {
    let cell = |text: &String| {
        let text = crate::snippet::visible(text);
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let text = if formula { format!("'{text}") } else { text };
        if text.contains(['"', ',', '\n', '\r', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

/// `aedile log history`.
pub(super) fn history(
    path: &Path,
    fingerprint: Option<&str>,
    policy: Option<&str>,
    asset: Option<&str>,
    format: &str,
) -> Result<u8, Report> {
    let ledger = open(path)?;
    let mut found = histories(&ledger).map_err(ledger_error)?;
    found.retain(|history| {
        fingerprint.is_none_or(|start| history.fingerprint.starts_with(start))
            && policy.is_none_or(|policy| history.policy == policy)
            && asset.is_none_or(|asset| history.asset == asset)
    });
    let text = match format {
        "json" => serde_json::to_string_pretty(&found).into_diagnostic()? + "\n",
        "csv" => {
            let head = "fingerprint,policy,asset,severity,state,event,time,run,entry\r\n".to_owned();
            found.iter().flat_map(rows).fold(head, |text, row| text + &row)
        }
        _ => found.iter().map(told).collect(),
    };
    say(&text)
}

fn rows(history: &History) -> Vec<String> {
    let History { fingerprint, policy, asset, severity, state, .. } = history;
    let cells = |event: &crate::history::Event| {
        let of_event = [event.what.to_owned(), event.at.clone(), event.run.clone(), event.entry.to_string()];
        let mut cells = vec![fingerprint.clone(), policy.clone(), asset.clone(), severity.clone(), (*state).to_owned()];
        cells.extend(of_event);
        csv(&cells)
    };
    history.events.iter().map(cells).collect()
}

fn told(history: &History) -> String {
    let visible = crate::snippet::visible;
    let mut text = format!(
        "{}  {:<7} {:<9} {}  {}\n",
        visible(&history.fingerprint),
        history.state,
        visible(&history.severity),
        visible(&history.policy),
        visible(&history.asset)
    );
    for event in &history.events {
        let _ = writeln!(text, "    {:<13} {}  {} (entry {})", event.what, event.at, visible(&event.run), event.entry);
    }
    text
}

/// `aedile log checkpoint`.
pub(super) fn checkpoint(path: &Path, format: &str) -> Result<u8, Report> {
    let checkpoint = newest(&open(path)?)?;
    match format {
        "line" => say(&format!("{}\n", anchor::line(&checkpoint))),
        _ => say(&checkpoint.note.clone().unwrap_or_else(|| checkpoint.text())),
    }
}

/// The newest checkpoint.
pub(super) fn newest(ledger: &Ledger) -> Result<aedile_audit::Checkpoint, Report> {
    ledger.checkpoint().map_err(ledger_error)?.ok_or_else(|| {
        miette!(code = "aedile::ledger", help = "`aedile scan` records the first run", "the ledger is empty")
    })
}

/// `aedile log prove`.
pub(super) fn prove(path: &Path, index: Option<u64>, run: Option<&str>, output: Option<&Path>) -> Result<u8, Report> {
    let ledger = open(path)?;
    let (Some(run), Some(folder)) = (named(&ledger, run)?, output) else {
        let proof = ledger.prove(index.unwrap_or_default()).map_err(ledger_error)?;
        return say(&proof.to_string());
    };
    let filter = EntryFilter { run: Some(run.clone()), kind: Some(Kind::Finding), ..EntryFilter::default() };
    let findings = ledger.entries(&filter).map_err(ledger_error)?;
    let indexes: Vec<u64> = findings.iter().map(|stored| stored.index).collect();
    let proofs = ledger.prove_each(&indexes).map_err(ledger_error)?;
    std::fs::create_dir_all(folder).into_diagnostic()?;
    for (stored, proof) in findings.iter().zip(&proofs) {
        // The name of a file is never taken from recorded text as it is.
        let print = stored.entry.data.get("fingerprint").and_then(Value::as_str).unwrap_or_default();
        let safe =
            !print.is_empty() && print.len() <= 64 && print.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let name = if safe { print.to_owned() } else { format!("entry-{}", stored.index) };
        write(&folder.join(format!("{name}.tlog-proof")), proof.to_string().as_bytes())?;
        write(&folder.join(format!("{name}.entry.json")), &stored.body)?;
    }
    say(&format!("wrote the proofs of {} findings of the run {run} into {}\n", proofs.len(), folder.display()))
}
