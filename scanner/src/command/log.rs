//! `aedile log`.

mod exchange;
mod keep;
mod look;
mod verify;

use std::path::Path;

use aedile_audit::key_file::KeyFileError;
use aedile_audit::{Draft, Kind, Ledger, LedgerError, VerifyingKey};
use miette::{IntoDiagnostic, Report, miette};
use serde_json::{Value, json};

use crate::cli::LogCommand;
use crate::signer::{self, AnySigner};
use crate::terminal;

pub(super) fn run(command: &LogCommand) -> Result<u8, Report> {
    match command {
        LogCommand::Init { ledger, sign, origin, journal } => keep::init(&ledger.ledger, sign, origin, journal),
        LogCommand::Verify { ledger, tlog: None, anchors } => verify::ledger(&ledger.ledger, anchors),
        LogCommand::Verify { tlog: Some(folder), anchors, .. } => verify::tiles(folder, anchors),
        LogCommand::VerifyProof { file, entry, key } => verify::proof(file, entry.as_deref(), key),
        LogCommand::Show { ledger, run, kind, policy, asset, since, until, format } => {
            let wanted = look::Wanted {
                run: run.as_deref(),
                kind: kind.as_deref(),
                policy: policy.as_deref(),
                asset: asset.as_deref(),
                since: since.as_deref(),
                until: until.as_deref(),
            };
            look::show(&ledger.ledger, &wanted, format)
        }
        LogCommand::History { ledger, fingerprint, policy, asset, format } => {
            look::history(&ledger.ledger, fingerprint.as_deref(), policy.as_deref(), asset.as_deref(), format)
        }
        LogCommand::Checkpoint { ledger, format } => look::checkpoint(&ledger.ledger, format),
        LogCommand::Prove { index, ledger, run, output } => {
            look::prove(&ledger.ledger, *index, run.as_deref(), output.as_deref())
        }
        LogCommand::Export { dir, ledger } => exchange::export(&ledger.ledger, dir),
        LogCommand::Statement { ledger, run, sign } => exchange::statement(&ledger.ledger, run, sign),
        LogCommand::Key { name, output, witness } => keep::key(name, output, *witness),
        LogCommand::Rotate { to, ledger, sign } => keep::rotate(&ledger.ledger, to, sign),
        LogCommand::Retire { vkey, reason, ledger, sign } => keep::retire(&ledger.ledger, vkey, reason, sign),
        LogCommand::Erase { run, reason, ledger, sign } => keep::erase(&ledger.ledger, run, reason, sign),
        LogCommand::Hold { run, lift, reason, ledger, sign } => keep::hold(&ledger.ledger, run, !lift, reason, sign),
        LogCommand::Witness(args) => exchange::witness(args),
        LogCommand::Cosign { policy, ledger } => exchange::cosign(&ledger.ledger, policy),
        LogCommand::Timestamp { url, query, reply, checkpoint, output, ledger } => {
            let how = match (url, query, reply) {
                (_, Some(query), _) => exchange::Stamping::Query(query),
                (_, _, Some(reply)) => exchange::Stamping::Check(reply, checkpoint.as_deref()),
                (url, None, None) => exchange::Stamping::Ask(url.as_deref().unwrap_or_default(), output),
            };
            exchange::timestamp(&ledger.ledger, &how)
        }
        LogCommand::Migrate { ledger } => keep::migrate(&ledger.ledger),
    }
}

/// `error` with its advice.
pub(super) fn ledger_error(error: LedgerError) -> Report {
    let help = error.help().unwrap_or("name the ledger with `--ledger FILE`; `aedile scan` makes one");
    miette!(code = "aedile::ledger", help = help, "{error}")
}

fn key_error(error: impl Into<KeyFileError>) -> Report {
    let error = error.into();
    let help = error.help().unwrap_or("check what was given with `--key`");
    miette!(code = "aedile::key", help = help, "the signing key cannot be used: {error}")
}

/// The signers that `words` name.
pub(super) fn signers(words: &[String]) -> Result<Vec<AnySigner>, Report> {
    signer::signers(words).map_err(key_error)
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

fn open(path: &Path) -> Result<Ledger, Report> {
    Ledger::open(path).map_err(ledger_error)
}

/// An entry that a person makes by hand. `run`: the run concerned, or nothing.
fn draft(kind: Kind, run: &str, by: &str, data: Value) -> Draft {
    Draft {
        kind,
        run: run.to_owned(),
        actor: by.to_owned(),
        tool: json!({ "version": env!("CARGO_PKG_VERSION"), "packs": 0, "schema": crate::record::SCHEMA }),
        subject: json!({ "repo": "", "commit": "" }),
        data,
        payload: None,
    }
}

fn say(text: &str) -> Result<u8, Report> {
    terminal::print(text).into_diagnostic()?;
    Ok(0)
}

/// Writes a file that somebody asked for.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Report> {
    std::fs::write(path, bytes).map_err(|error| {
        miette!(
            code = "aedile::output",
            help = "check that the folder exists and can be written",
            "`{}` cannot be written: {error}",
            path.display()
        )
    })
}
