//! Handing over and having vouched for: tiles, attestations, witnesses, time stamps.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use aedile_audit::{Ledger, Status};
use aedile_exchange::cosign::cosign as ask_witnesses;
use aedile_exchange::http::{Response, post, serve};
use aedile_exchange::timestamp as rfc3161;
use aedile_exchange::witness::Witness;
use aedile_exchange::{dsse, tiles};
use miette::{IntoDiagnostic, Report, miette};
use time::OffsetDateTime;

use super::verify::{policy, tiles_error};
use super::{key_error, keys, ledger_error, look, open, say, signers, write};
use crate::cli::{SignArgs, WitnessArgs};
use crate::signer::{borrowed, signer};
use crate::{attest, terminal};

/// `aedile log export`.
pub(super) fn export(path: &Path, folder: &Path) -> Result<u8, Report> {
    let exported = tiles::export(&open(path)?, folder).map_err(tiles_error)?;
    let unsigned = if exported.checkpoint.note.is_none() {
        "\nThe checkpoint is unsigned: other tools want a signature by the log; scan with --key."
    } else {
        ""
    };
    say(&format!(
        "wrote {} tiles into {}: size {} (before: {}){unsigned}\n",
        exported.files,
        folder.display(),
        exported.checkpoint.size,
        exported.before
    ))
}

/// `aedile log statement`.
pub(super) fn statement(path: &Path, run: &str, sign: &SignArgs) -> Result<u8, Report> {
    let by = signers(&sign.key)?;
    let statement = attest::statement(&open(path)?, run).map_err(ledger_error)?.ok_or_else(|| {
        miette!(
            code = "aedile::ledger",
            help = "see what there is: aedile log show --kind run-end",
            "the ledger holds no complete run `{run}`"
        )
    })?;
    if by.is_empty() {
        terminal::note("The statement is unsigned; with --key it comes in a signed DSSE envelope.");
        return say(&(serde_json::to_string_pretty(&statement).into_diagnostic()? + "\n"));
    }
    let envelope = dsse::envelope(&statement, &borrowed(&by)).map_err(key_error)?;
    say(&format!("{envelope}\n"))
}

/// `aedile log witness`.
pub(super) fn witness(args: &WitnessArgs) -> Result<u8, Report> {
    let signer = signer(&args.key).map_err(key_error)?;
    let logs = keys(&args.log)?;
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        miette!(code = "aedile::witness", help = "check --listen and --state", "{what}: {error}")
    };
    let witness = Witness::open(&args.state, &*signer, logs)
        .map_err(|error| failed(&format!("`{}` cannot be used", args.state.display()), &error))?;
    let listener = TcpListener::bind(&args.listen)
        .map_err(|error| failed(&format!("it cannot listen at `{}`", args.listen), &error))?;
    let address = listener.local_addr().into_diagnostic()?;
    terminal::print(&format!("witness {} listens at http://{address}\n", signer.verifying_key().as_witness()))
        .into_diagnostic()?;
    let witness = Mutex::new(witness);
    serve(&listener, args.connections, &|request| {
        let now = u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or(0);
        match witness.lock() {
            Ok(mut witness) => witness.answer(request, now),
            Err(_) => Response::text(500, "the witness has failed\n"),
        }
    });
    Ok(0)
}

/// `aedile log cosign`.
pub(super) fn cosign(path: &Path, file: &Path) -> Result<u8, Report> {
    let policy = policy(file)?;
    let mut ledger = Ledger::open_to_append(path).map_err(ledger_error)?;
    let checkpoint = ledger.signed_checkpoint().map_err(ledger_error)?.ok_or_else(|| {
        miette!(
            code = "aedile::ledger",
            help = "witnesses know a log by its signature: scan with --key",
            "the ledger has no signed checkpoint"
        )
    })?;
    let size = checkpoint.size;
    let asked = ask_witnesses(&checkpoint, &policy, &|old| ledger.consistency(old, size)).map_err(ledger_error)?;
    if asked.checkpoint.note != checkpoint.note {
        ledger.add_note(&asked.checkpoint).map_err(ledger_error)?;
    }
    for failure in &asked.failures {
        terminal::note(&format!("witness {failure}"));
    }
    let judged = policy.judge(&asked.checkpoint);
    terminal::note(&judged.sentence);
    say(asked.checkpoint.note.as_deref().unwrap_or_default())?;
    Ok(if judged.status == Status::Holds { 0 } else { 2 })
}

/// How a time stamp is had.
pub(super) enum Stamping<'a> {
    /// Only write the request.
    Query(&'a Path),
    /// Check an answer against a note.
    Check(&'a Path, Option<&'a Path>),
    /// Ask at this address, and write beside this name.
    Ask(&'a str, &'a Path),
}

/// `aedile log timestamp`.
pub(super) fn timestamp(path: &Path, how: &Stamping<'_>) -> Result<u8, Report> {
    let refused = |error: rfc3161::TimestampError| {
        miette!(
            code = "aedile::timestamp",
            help = "ask another authority, or see the answer with openssl ts",
            "{error}"
        )
    };
    match how {
        Stamping::Query(file) => {
            let checkpoint = look::newest(&open(path)?)?;
            let note = checkpoint.note.clone().unwrap_or_else(|| checkpoint.text());
            write(file, &rfc3161::query(&note).map_err(refused)?.der)?;
            write(&file.with_extension("checkpoint"), note.as_bytes())?;
            say(&format!("wrote {} and the checkpoint it is about beside it\n", file.display()))
        }
        Stamping::Check(file, note) => {
            let note = note.map(crate::proof::read).transpose()?.unwrap_or_default();
            let stamp = rfc3161::read(&std::fs::read(file).into_diagnostic()?, &note, None).map_err(refused)?;
            say(&about(&stamp, file, "CHECKPOINT"))
        }
        Stamping::Ask(url, output) => {
            let checkpoint = look::newest(&open(path)?)?;
            let note = checkpoint.note.clone().unwrap_or_else(|| checkpoint.text());
            let query = rfc3161::query(&note).map_err(refused)?;
            let answer =
                post(url, rfc3161::QUERY, &query.der, rfc3161::MOST, Duration::from_secs(30)).map_err(|why| {
                    miette!(code = "aedile::timestamp", help = "check the address given with --url", "{why}")
                })?;
            if answer.status != 200 {
                return Err(miette!(code = "aedile::timestamp", "`{url}` answers {}", answer.status));
            }
            let stamp = rfc3161::read(&answer.body, &note, Some(&query)).map_err(refused)?;
            let (kept, token) = (output.with_extension("checkpoint"), output.with_extension("tsr"));
            write(&kept, note.as_bytes())?;
            write(&token, &answer.body)?;
            say(&about(&stamp, &token, &kept.display().to_string()))
        }
    }
}

fn about(stamp: &rfc3161::Stamp, token: &Path, note: &str) -> String {
    format!(
        "{token}: stamped at {} (serial {}), about this checkpoint.\n\
         Not verified: the authority's signature and certificates. That does:\n  \
         openssl ts -verify -data {note} -in {token} -CAfile ROOTS.pem\n",
        stamp.time,
        stamp.serial,
        token = token.display()
    )
}
