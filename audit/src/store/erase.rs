//! Erasing what may not be kept, and forbidding that while a court or an auditor needs it.
//!
//! An entry holds a salted commitment to its payload. Erasing deletes the payload and the salt and appends an entry that
//! says so; no hash changes, so every proof made before still verifies.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::append::put;
use super::{Appended, Journal, Ledger, blob};
use crate::error::LedgerError;
use aedile_formats::{Draft, Entry, Hash, Kind, Signer};

impl Ledger {
    /// Deletes the payloads of the run that `model` names, unless it is under legal hold, and records that; gives how many
    /// there were. `model.data` says why.
    ///
    /// Afterwards no file of the ledger contains them: deleted pages are overwritten, a write-ahead log is emptied. What
    /// the disk keeps below the file system, and copies made before, are beyond the ledger's reach.
    pub fn erase(
        &mut self,
        model: &Draft,
        at: OffsetDateTime,
        signers: &[&dyn Signer],
    ) -> Result<(usize, Appended), LedgerError> {
        let mut erased = 0;
        let done = self.transact(model, at, signers, |writer| {
            if is_held(writer.transaction, &model.run)? {
                return Err(LedgerError::Held(model.run.clone()));
            }
            let digests = payloads(writer.transaction, &model.run)?;
            if digests.is_empty() {
                return Err(LedgerError::NothingToErase(model.run.clone()));
            }
            for digest in &digests {
                writer.transaction.execute("DELETE FROM payloads WHERE digest = ?1", [digest.as_bytes()])?;
            }
            erased = digests.len();
            let mut data = model.data.clone();
            put(&mut data, "payloads", json!(digests));
            writer.write(Kind::Erasure, &model.run, model, &data)
        });
        // Also if there was nothing to erase: a process that died after its commit may have left the bytes in the WAL.
        if matches!(done, Ok(_) | Err(LedgerError::NothingToErase(_) | LedgerError::Unconfirmed { .. })) {
            self.empty_wal()?;
        }
        Ok((erased, done?))
    }

    /// Forbids erasing the payloads of the run that `model` names (`held`), or allows it again. `model.data` says why.
    pub fn hold(
        &mut self,
        held: bool,
        model: &Draft,
        at: OffsetDateTime,
        signers: &[&dyn Signer],
    ) -> Result<Appended, LedgerError> {
        self.transact(model, at, signers, |writer| {
            if super::read::run_start(writer.transaction, &model.run)?.is_none() {
                return Err(LedgerError::NothingToErase(model.run.clone()));
            }
            let mut data = model.data.clone();
            put(&mut data, "held", json!(held));
            writer.write(Kind::LegalHold, &model.run, model, &data)
        })
    }

    /// Whether `run` is under legal hold.
    pub fn is_held(&self, run: &str) -> Result<bool, LedgerError> {
        is_held(&self.connection, run)
    }

    fn empty_wal(&self) -> Result<(), LedgerError> {
        if self.journal()? == Journal::Rollback {
            return Ok(());
        }
        let busy: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy == 0 { Ok(()) } else { Err(LedgerError::StillInWal) }
    }
}

fn is_held(connection: &Connection, run: &str) -> Result<bool, LedgerError> {
    let last: Option<Vec<u8>> = connection
        .query_row(
            "SELECT body FROM entries WHERE run = ?1 AND kind = 'legal-hold' ORDER BY idx DESC LIMIT 1",
            [run],
            |row| row.get(0),
        )
        .optional()?;
    let last = last.map(|body| Entry::parse(&body)).transpose()?;
    Ok(last.is_some_and(|entry| entry.data.get("held") == Some(&json!(true))))
}

/// The payloads of `run` that are still there.
fn payloads(connection: &Connection, run: &str) -> Result<Vec<Hash>, LedgerError> {
    let mut there = connection.prepare("SELECT EXISTS (SELECT 1 FROM payloads WHERE digest = ?1)")?;
    let mut statement = connection.prepare("SELECT body FROM entries WHERE run = ?1 ORDER BY idx")?;
    let mut rows = statement.query(params![run])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let entry = Entry::parse(blob(row, 0)?)?;
        let digest = entry.data.get("payload").and_then(Value::as_str).and_then(Hash::from_hex);
        if let Some(digest) = digest
            && there.query_row([digest.as_bytes()], |row| row.get(0))?
        {
            found.push(digest);
        }
    }
    Ok(found)
}
