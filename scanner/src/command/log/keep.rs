//! Keeping the ledger: beginning it, its keys, erasure and legal hold.

use std::path::Path;

use aedile_audit::{Journal, Kind, Ledger, LedgerError, SigningKey, VerifyingKey, key_file};
use aedile_exchange::anchor;
use miette::Report;
use serde_json::json;
use time::OffsetDateTime;

use super::{draft, key_error, keys, ledger_error, say, signers};
use crate::cli::SignArgs;
use crate::signer::{AnySigner, borrowed, signer};
use crate::terminal;

/// `aedile log init`.
pub(super) fn init(path: &Path, sign: &SignArgs, origin: &str, journal: &str) -> Result<u8, Report> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // A folder that cannot be made is told by the ledger, which names the path.
        let _ = std::fs::create_dir_all(folder);
    }
    let signers = sign.key.iter().map(|word| made(word, origin, path)).collect::<Result<Vec<_>, Report>>()?;
    let mut ledger = Ledger::open_or_create(path, origin).map_err(ledger_error)?;
    let journal = if journal == "wal" { Journal::Wal } else { Journal::Rollback };
    ledger.set_journal(journal).map_err(ledger_error)?;
    let mut text = format!("ledger {}\n", path.display());
    if let Some((first, others)) = signers.split_first() {
        let known = ledger.keys_in_force().map_err(ledger_error)?;
        if known.is_empty() {
            introduce(&mut ledger, first, &[], sign)?;
            for other in others {
                introduce(&mut ledger, other, &[&**first], sign)?;
            }
        }
        for key in ledger.keys_in_force().map_err(ledger_error)? {
            text.push_str(&format!("key in force: {key}\n"));
        }
        text.push_str("Give the verifier key to whoever is to verify; keep the signing key away from the ledger.\n");
    } else {
        text.push_str(
            "The ledger is unsigned: it shows changes against checkpoints kept elsewhere, not who wrote it.\n",
        );
    }
    if let Some(checkpoint) = ledger.checkpoint().map_err(ledger_error)? {
        text.push_str(&format!("{}\n", anchor::line(&checkpoint)));
    }
    say(&text)
}

/// The signer that `word` names; a key file that is missing is made, with the log's origin as its name.
fn made(word: &str, origin: &str, ledger: &Path) -> Result<AnySigner, Report> {
    let is_file = !word.starts_with("env:") && !word.starts_with("exec:");
    if is_file && !Path::new(word).exists() {
        let key = SigningKey::generate(&name(origin)).map_err(key_error)?;
        key_file::write_new(&key, Path::new(word), Some(ledger)).map_err(key_error)?;
        return Ok(Box::new(key));
    }
    signer(word).map_err(key_error)
}

/// A key name for the log `origin`, which may have spaces and plus signs; a key name may not.
fn name(origin: &str) -> String {
    origin.chars().map(|c| if c.is_whitespace() || c == '+' { '-' } else { c }).collect()
}

fn introduce(
    ledger: &mut Ledger,
    new: &AnySigner,
    by: &[&dyn aedile_audit::Signer],
    sign: &SignArgs,
) -> Result<(), Report> {
    let model = draft(Kind::Key, "", &sign.by, json!({}));
    ledger.introduce(&**new, &model, OffsetDateTime::now_utc(), by).map_err(ledger_error)?;
    Ok(())
}

/// `aedile log key`.
pub(super) fn key(name: &str, output: &Path, witness: bool) -> Result<u8, Report> {
    let key = SigningKey::generate(name).map_err(key_error)?;
    key_file::write_new(&key, output, None).map_err(key_error)?;
    let vkey = if witness { key.verifying_key().as_witness() } else { key.verifying_key().clone() };
    say(&format!("{vkey}\n"))
}

/// `aedile log rotate`.
pub(super) fn rotate(path: &Path, to: &str, sign: &SignArgs) -> Result<u8, Report> {
    let mut ledger = Ledger::open_to_append(path).map_err(ledger_error)?;
    let origin = ledger.checkpoint().map_err(ledger_error)?.map_or_else(String::new, |head| head.origin);
    let old = signers(&sign.key)?;
    let new = made(to, &origin, path)?;
    introduce(&mut ledger, &new, &borrowed(&old), sign)?;
    let keys = ledger.keys_in_force().map_err(ledger_error)?;
    let mut text: String = keys.iter().map(|key| format!("key in force: {key}\n")).collect();
    text.push_str("Both sign until one is retired: aedile log retire VKEY --key NEW\n");
    say(&text)
}

/// `aedile log retire`.
pub(super) fn retire(path: &Path, vkey: &str, reason: &str, sign: &SignArgs) -> Result<u8, Report> {
    let mut ledger = Ledger::open_to_append(path).map_err(ledger_error)?;
    let old: Vec<VerifyingKey> = keys(&[vkey.to_owned()])?;
    let by = signers(&sign.key)?;
    let model = draft(Kind::Key, "", &sign.by, json!({ "reason": reason }));
    for old in &old {
        ledger.retire(old, &model, OffsetDateTime::now_utc(), &borrowed(&by)).map_err(ledger_error)?;
    }
    let keys = ledger.keys_in_force().map_err(ledger_error)?;
    say(&keys.iter().map(|key| format!("key in force: {key}\n")).collect::<String>())
}

/// `aedile log erase`.
pub(super) fn erase(path: &Path, run: &str, reason: &str, sign: &SignArgs) -> Result<u8, Report> {
    let mut ledger = Ledger::open_to_append(path).map_err(ledger_error)?;
    let by = signers(&sign.key)?;
    let model = draft(Kind::Erasure, run, &sign.by, json!({ "reason": reason }));
    let erased = ledger.erase(&model, OffsetDateTime::now_utc(), &borrowed(&by));
    let (count, appended) = erased.map_err(ledger_error)?;
    terminal::note(&anchor::line(&appended.checkpoint));
    say(&format!(
        "{count} sealed payload of the run `{}` was deleted; entry {} records it, all proofs stay valid\n",
        aedile_audit::shown(run),
        appended.last
    ))
}

/// `aedile log hold`.
pub(super) fn hold(path: &Path, run: &str, held: bool, reason: &str, sign: &SignArgs) -> Result<u8, Report> {
    let mut ledger = Ledger::open_to_append(path).map_err(ledger_error)?;
    let by = signers(&sign.key)?;
    let model = draft(Kind::LegalHold, run, &sign.by, json!({ "reason": reason }));
    let appended = ledger.hold(held, &model, OffsetDateTime::now_utc(), &borrowed(&by)).map_err(ledger_error)?;
    terminal::note(&anchor::line(&appended.checkpoint));
    let what = if held { "may not be erased" } else { "may be erased again" };
    say(&format!("the payload of the run `{}` {what}; entry {} records it\n", aedile_audit::shown(run), appended.last))
}

/// `aedile log migrate`.
pub(super) fn migrate(path: &Path) -> Result<u8, Report> {
    match Ledger::open(path) {
        Ok(_) => say("nothing to do: the ledger has the layout of this version\n"),
        Err(LedgerError::Layout { found: 1, .. }) => {
            Ledger::open_to_append(path).map_err(ledger_error)?;
            say("the ledger was verified and migrated; its last entry records it\n")
        }
        Err(error) => Err(ledger_error(error)),
    }
}
