//! `aedile log`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aedile_audit::{
    EntryFilter, InclusionProof, Kind, Ledger, LedgerError, SigningKey, Statement, Status, VerifyingKey,
};
use miette::{IntoDiagnostic, Report, miette};
use serde_json::Value;

use crate::cli::LogCommand;
use crate::{proof, terminal};

pub(super) fn run(command: &LogCommand) -> Result<u8, Report> {
    match command {
        LogCommand::Verify { ledger, checkpoint, key, format } => verify(ledger, checkpoint, key, format),
        LogCommand::VerifyProof { file, entry, key } => verify_proof(file, entry.as_deref(), key),
        LogCommand::Show { ledger, run, kind, format } => show(ledger, run.as_deref(), kind.as_deref(), format),
        LogCommand::Checkpoint { ledger } => {
            let ledger = Ledger::open(ledger).map_err(ledger_error)?;
            let checkpoint =
                ledger.checkpoint().map_err(ledger_error)?.ok_or_else(|| miette!("the ledger is empty"))?;
            terminal::print(&checkpoint.note.clone().unwrap_or_else(|| checkpoint.text())).into_diagnostic()?;
            Ok(0)
        }
        LogCommand::Prove { index, ledger } => {
            let ledger = Ledger::open(ledger).map_err(ledger_error)?;
            let proof = ledger.prove(*index).map_err(ledger_error)?;
            terminal::print(&proof.to_string()).into_diagnostic()?;
            Ok(0)
        }
        LogCommand::Key { name, output } => {
            let refuse = |error: aedile_audit::KeyError| {
                miette!(
                    code = "aedile::key",
                    help = error.help().unwrap_or("choose another name or place"),
                    "the key cannot be made: {error}"
                )
            };
            let key = SigningKey::generate(name).map_err(refuse)?;
            key.write_new(output, None).map_err(refuse)?;
            terminal::print(&format!("{}\n", key.verifying_key())).into_diagnostic()?;
            Ok(0)
        }
    }
}

/// `error` with its advice.
pub(super) fn ledger_error(error: LedgerError) -> Report {
    let help = error.help().unwrap_or("name the ledger with `--ledger FILE`; `aedile scan` makes one");
    miette!(code = "aedile::ledger", help = help, "{error}")
}

fn keys(words: &[String]) -> Result<Vec<VerifyingKey>, Report> {
    words
        .iter()
        .map(|word| {
            let text = std::fs::read_to_string(word).unwrap_or_else(|_| word.clone());
            VerifyingKey::parse(text.trim()).map_err(|error| {
                miette!(
                    code = "aedile::key",
                    help = "give the line that `aedile log key` printed, or a file with it",
                    "`{word}` is not a verifier key: {error}"
                )
            })
        })
        .collect()
}

fn verify(path: &Path, checkpoints: &[PathBuf], words: &[String], format: &str) -> Result<u8, Report> {
    let keys = keys(words)?;
    let anchors = checkpoints.iter().map(|file| proof::checkpoint_in(file)).collect::<Result<Vec<_>, Report>>()?;
    let ledger = Ledger::open(path).map_err(ledger_error)?;
    let verification = ledger.verify(&anchors, &keys).map_err(ledger_error)?;
    let statements = [
        ("1 internally consistent", &verification.internal),
        ("2 consistent with the anchors", &verification.anchored),
        ("3 signed by the keys expected", &verification.signed),
    ];
    let text = if format == "json" {
        serde_json::to_string_pretty(&verification).into_diagnostic()? + "\n"
    } else {
        let mut text = format!(
            "ledger {} of {}: {} entries, root {}\n",
            path.display(),
            verification.origin.as_deref().unwrap_or("unknown origin"),
            verification.size,
            verification.root.hex()
        );
        for (title, statement) in statements {
            told(&mut text, title, statement);
        }
        for fork in &verification.forks {
            let _ = writeln!(
                text,
                "proof of a fork: both are signed and cannot both be true\n---\n{}\n---\n{}",
                fork.one, fork.other
            );
        }
        text
    };
    terminal::print(&text).into_diagnostic()?;
    let failed =
        statements.iter().any(|(_, statement)| statement.status == Status::Fails) || !verification.forks.is_empty();
    Ok(if failed { 2 } else { 0 })
}

fn told(text: &mut String, title: &str, statement: &Statement) {
    let status = match statement.status {
        Status::Holds => "HOLDS",
        Status::Fails => "FAILS",
        Status::NotShown => "NOT SHOWN",
    };
    let _ = writeln!(text, "{title}: {status}\n  {}", statement.sentence);
    for detail in &statement.details {
        let _ = writeln!(text, "  - {detail}");
    }
}

fn verify_proof(file: &Path, entry: Option<&Path>, words: &[String]) -> Result<u8, Report> {
    let keys = keys(words)?;
    let text = proof::read(file)?;
    let verified = match entry {
        None => proof::verify_report(&text, &keys).map_err(|reason| {
            miette!(
                code = "aedile::proof",
                help = "give a JSON or HTML report of a recorded run, or a .tlog-proof with --entry",
                "`{}` cannot be verified: {reason}",
                file.display()
            )
        })?,
        Some(entry) => {
            let proof = InclusionProof::parse(&text).map_err(|error| miette!("`{}`: {error}", file.display()))?;
            let bytes = std::fs::read(entry).into_diagnostic()?;
            let verified = proof.verify(&bytes, &keys);
            vec![
                ("included in the log".to_owned(), verified.included),
                ("signed by the keys expected".to_owned(), verified.signed),
            ]
        }
    };
    let mut out = String::new();
    for (title, statement) in &verified {
        told(&mut out, title, statement);
    }
    terminal::print(&out).into_diagnostic()?;
    Ok(if verified.iter().any(|(_, statement)| statement.status == Status::Fails) { 2 } else { 0 })
}

fn show(path: &Path, run: Option<&str>, kind: Option<&str>, format: &str) -> Result<u8, Report> {
    let kind = kind
        .map(|kind| {
            Kind::named(kind).ok_or_else(|| {
                miette!(code = "aedile::usage", help = "kinds are genesis, run-start, finding, verdict-summary, waiver, sign-off, erasure, key, run-end, recovery", "`{kind}` is not a kind of entry")
            })
        })
        .transpose()?;
    let ledger = Ledger::open(path).map_err(ledger_error)?;
    let run = match run {
        Some("latest") => ledger.runs().map_err(ledger_error)?.pop().map(|run| run.run),
        other => other.map(str::to_owned),
    };
    let entries = ledger.entries(&EntryFilter { run, kind, from: None, until: None }).map_err(ledger_error)?;
    let mut text = String::new();
    for stored in entries {
        if format == "json" {
            text.push_str(&String::from_utf8_lossy(&stored.body));
            text.push('\n');
            continue;
        }
        let entry = &stored.entry;
        let time = entry.ts.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
        let _ = writeln!(text, "{:>6}  {time}  {:<15} {}", stored.index, entry.kind.to_string(), gist(&entry.data));
    }
    terminal::print(&text).into_diagnostic()?;
    Ok(0)
}

/// The telling part of an entry's data, on one line.
fn gist(data: &Value) -> String {
    let field = |name: &str| data.get(name).and_then(Value::as_str).map(crate::snippet::visible);
    match (field("severity"), field("policy"), field("asset"), field("outcome")) {
        (Some(severity), Some(policy), Some(asset), _) => format!("{severity:<9} {policy}  {asset}"),
        (None, Some(policy), _, _) => format!("{policy}  {}", field("reason").unwrap_or_default()),
        (_, _, _, Some(outcome)) => format!("{outcome}, {} findings", data.get("findings").unwrap_or(&Value::Null)),
        _ => field("as_of").map_or_else(String::new, |date| format!("as of {date}")),
    }
}
