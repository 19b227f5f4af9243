//! Which keys may sign: entries of the log itself say so.
//!
//! The first key is trusted as it stands there; every later one is introduced by a note that a key in force has signed,
//! and until the old key is retired both are in force. Who has verified with the old key can follow to the new one.

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::append::put;
use super::{Appended, Ledger, blob, number_column};
use crate::error::LedgerError;
use aedile_formats::{Draft, Entry, Kind, SignedNote, Signer, VerifyingKey};

/// What a key entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyChange {
    /// The entry's index.
    pub(crate) index: u64,
    /// Whether the key begins to be in force; else it ends.
    pub(crate) introduced: bool,
    /// The key.
    pub(crate) key: VerifyingKey,
    /// The note by which other keys vouch for that.
    pub(crate) note: SignedNote,
}

impl KeyChange {
    /// What the key entry `index` says; nothing if it is not one, or if its note is about something else.
    pub(crate) fn read(index: u64, data: &Value, origin: &str) -> Option<KeyChange> {
        let text = |member: &str| data.get(member).and_then(Value::as_str);
        let key = VerifyingKey::parse(text("key")?).ok()?;
        let (action, note) = (text("action")?, SignedNote::parse(text("note")?).ok()?);
        let known = matches!(action, "introduce" | "retire") && note.text() == vouched(origin, action, &key);
        known.then_some(KeyChange { index, introduced: action == "introduce", key, note })
    }
}

/// The text that keys sign to vouch for a change.
fn vouched(origin: &str, action: &str, key: &VerifyingKey) -> String {
    format!("aedile/key/v1\n{origin}\n{action}\n{key}\n")
}

impl Ledger {
    /// Records that `new` signs from now on, beside the keys already in force. It signs its own introduction and so do
    /// `signers`, of which one must be in force unless no key is yet.
    ///
    /// `model`: who does it; its data is recorded too.
    pub fn introduce(
        &mut self,
        new: &dyn Signer,
        model: &Draft,
        at: OffsetDateTime,
        signers: &[&dyn Signer],
    ) -> Result<Appended, LedgerError> {
        let all: Vec<&dyn Signer> = signers.iter().copied().chain([new]).collect();
        let known = self.keys_in_force()?;
        if !known.is_empty() && !signers.iter().any(|signer| known.contains(signer.verifying_key())) {
            return Err(LedgerError::KeyNotInForce("that vouches for the new one".to_owned()));
        }
        self.change_key("introduce", new.verifying_key(), model, at, &all)
    }

    /// Records that `old` signs no more. One of `signers`, another key in force, vouches for it and signs what follows.
    pub fn retire(
        &mut self,
        old: &VerifyingKey,
        model: &Draft,
        at: OffsetDateTime,
        signers: &[&dyn Signer],
    ) -> Result<Appended, LedgerError> {
        let known = self.keys_in_force()?;
        let other = |signer: &&dyn Signer| signer.verifying_key() != old && known.contains(signer.verifying_key());
        if !known.contains(old) || !signers.iter().any(other) {
            return Err(LedgerError::KeyNotInForce(old.to_string()));
        }
        self.change_key("retire", old, model, at, signers)
    }

    /// The keys that key entries have introduced and not retired; none if there are no such entries.
    pub fn keys_in_force(&self) -> Result<Vec<VerifyingKey>, LedgerError> {
        keys_in_force(&self.connection)
    }

    fn change_key(
        &mut self,
        action: &str,
        key: &VerifyingKey,
        model: &Draft,
        at: OffsetDateTime,
        signers: &[&dyn Signer],
    ) -> Result<Appended, LedgerError> {
        self.transact(model, at, signers, |writer| {
            let note = SignedNote::sign(&vouched(&writer.origin, action, key), signers)?;
            let mut data = model.data.clone();
            for (member, value) in [("action", action), ("key", &key.to_string()), ("note", &note.to_string())] {
                put(&mut data, member, json!(value));
            }
            writer.write(Kind::Key, &model.run, model, &data)
        })
    }
}

/// Refuses signers whose keys are not in force. A log without key entries takes any.
pub(super) fn check_signers(connection: &Connection, signers: &[&dyn Signer]) -> Result<(), LedgerError> {
    let known = if signers.is_empty() { Vec::new() } else { keys_in_force(connection)? };
    let stranger = signers.iter().map(|signer| signer.verifying_key()).find(|key| !known.contains(key));
    match stranger {
        Some(key) if !known.is_empty() => Err(LedgerError::KeyNotInForce(key.to_string())),
        _ => Ok(()),
    }
}

fn keys_in_force(connection: &Connection) -> Result<Vec<VerifyingKey>, LedgerError> {
    let mut known: Vec<VerifyingKey> = Vec::new();
    let Some(origin) = super::read::origin(connection)? else { return Ok(known) };
    let mut statement = connection.prepare_cached("SELECT idx, body FROM entries WHERE kind = ?1 ORDER BY idx")?;
    let mut rows = statement.query(params![Kind::Key.name()])?;
    while let Some(row) = rows.next()? {
        let (index, entry) = (number_column(row, 0)?, Entry::parse(blob(row, 1)?)?);
        match KeyChange::read(index, &entry.data, &origin) {
            Some(change) if change.introduced => known.push(change.key),
            Some(change) => known.retain(|key| *key != change.key),
            None => {}
        }
    }
    Ok(known)
}
