//! Appending a run: one transaction, read back and hashed again before anything is signed.

use std::borrow::Cow;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::read::{StoredNodes, last_head, last_note, run_start};
use super::{Counts, Ledger, blob, connect, fingerprint, keys, known_fingerprint, sql};
use crate::error::LedgerError;
use aedile_formats::merkle::{Frontier, leaf_hash};
use aedile_formats::{Checkpoint, Draft, Entry, EntryParts, Hash, Kind, Signer, VERSION};

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The index of the first draft. A genesis or recovery entry that was needed stands before it.
    pub first: u64,
    /// The index of the last draft.
    pub last: u64,
    /// The ledger after it, signed if there was a signer.
    pub checkpoint: Checkpoint,
    /// Whether the run before was interrupted, and is now recorded as such.
    pub recovered: bool,
}

impl Ledger {
    /// Appends `drafts` as one run: all of them or none.
    ///
    /// One transaction. Refuses to append to a file that is behind its own last checkpoint, that does not hash to it, or
    /// whose tables were changed. After the commit the entries are read back through a second connection and hashed
    /// again; only then is the checkpoint signed, by each of `signers`. Without one it stays unsigned.
    ///
    /// `at`: the time that the entries get; it may lie before the last entry's, which verification notes.
    pub fn append(
        &mut self,
        drafts: &[Draft],
        at: OffsetDateTime,
        signers: &[&dyn Signer],
    ) -> Result<Appended, LedgerError> {
        let Some(model) = drafts.first() else {
            return Err(LedgerError::NothingToAppend);
        };
        drafts.iter().try_for_each(check)?;
        self.transact(model, at, signers, |writer| drafts.iter().try_for_each(|draft| writer.write_draft(draft)))
    }

    /// One transaction in which `write` adds entries, then the signature. `model` gives the ledger's own entries their
    /// actor, tool and subject.
    pub(super) fn transact(
        &mut self,
        model: &Draft,
        at: OffsetDateTime,
        signers: &[&dyn Signer],
        write: impl FnOnce(&mut Writer<'_>) -> Result<(), LedgerError>,
    ) -> Result<Appended, LedgerError> {
        if !self.writable {
            return Err(LedgerError::ReadOnly);
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut writer = Writer::at_tip(&transaction, at)?;
        if writer.frontier.size() == 0 {
            writer.write_genesis(model, &self.origin)?;
        }
        let recovered = writer.write_recovery(model)?;
        let first = writer.frontier.size();
        write(&mut writer)?;
        keys::check_signers(&transaction, signers)?;
        let (before, head) = (writer.before, writer.write_head()?);
        transaction.commit()?;

        let last = head.size - 1;
        let unconfirmed = |source| LedgerError::Unconfirmed { first, last, source: Box::new(source) };
        let checkpoint = self.confirm(before, head, signers).map_err(unconfirmed)?;
        Ok(Appended { first, last, checkpoint, recovered })
    }

    /// Stores the signed note `checkpoint`, which has further signatures, if it is about a state of this ledger.
    pub fn add_note(&mut self, checkpoint: &Checkpoint) -> Result<(), LedgerError> {
        if !self.writable {
            return Err(LedgerError::ReadOnly);
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        edge_at(&transaction, checkpoint)?;
        write_note(&transaction, checkpoint)?;
        Ok(transaction.commit()?)
    }

    /// Reads back what was committed and signs it if it hashes to `head`.
    ///
    /// Everything since the last signed checkpoint is hashed again, so that a signature never covers an entry that only
    /// an interrupted process has seen; without a signer, everything since the head `before`.
    fn confirm(&mut self, before: u64, head: Checkpoint, signers: &[&dyn Signer]) -> Result<Checkpoint, LedgerError> {
        let reader = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY, self.busy)?;
        let snapshot = reader.unchecked_transaction()?;
        let mut frontier = match last_note(&snapshot, head.size)? {
            _ if signers.is_empty() => Frontier::of(&StoredNodes::new(&snapshot), before)?,
            None => Frontier::default(),
            Some(note) => edge_at(&snapshot, &note)?,
        };
        let mut statement = snapshot.prepare("SELECT body FROM entries WHERE idx >= ?1 AND idx < ?2 ORDER BY idx")?;
        let mut rows = statement.query([sql(frontier.size()), sql(head.size)])?;
        while let Some(row) = rows.next()? {
            frontier.push(leaf_hash(blob(row, 0)?));
        }
        drop(rows);
        drop(statement);
        if frontier.size() != head.size || frontier.root() != head.root {
            return Err(LedgerError::Diverged { size: head.size });
        }
        drop(snapshot);
        if signers.is_empty() {
            return Ok(head);
        }
        let signed = head.signed(signers)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        write_note(&transaction, &signed)?;
        transaction.commit()?;
        Ok(signed)
    }
}

fn write_note(connection: &Connection, signed: &Checkpoint) -> Result<(), LedgerError> {
    connection.execute(
        "INSERT INTO notes (size, text) VALUES (?1, ?2) ON CONFLICT (text) DO NOTHING",
        params![sql(signed.size), signed.note],
    )?;
    Ok(())
}

/// The tree's edge at a checkpoint, from the cached nodes; refused unless they hash to it.
pub(super) fn edge_at(connection: &Connection, checkpoint: &Checkpoint) -> Result<Frontier, LedgerError> {
    let frontier = Frontier::of(&StoredNodes::new(connection), checkpoint.size)?;
    if frontier.root() == checkpoint.root { Ok(frontier) } else { Err(LedgerError::Diverged { size: checkpoint.size }) }
}

/// Refuses drafts that would pass for something that only the ledger writes.
fn check(draft: &Draft) -> Result<(), LedgerError> {
    let refused = |why| Err(LedgerError::Refused { kind: draft.kind, why });
    let Some(data) = draft.data.as_object() else {
        return refused("its data is not an object");
    };
    use Kind::{Erasure, Genesis, Key, LegalHold, Migration, Recovery};
    if matches!(draft.kind, Genesis | Recovery | Migration | Key | LegalHold | Erasure) {
        return refused("only the ledger itself writes this kind");
    }
    if draft.run.is_empty() {
        return refused("it names no run");
    }
    if !draft.tool.is_object() || !draft.subject.is_object() {
        return refused("its tool and subject must be objects");
    }
    if data.contains_key("payload") {
        return refused("the member `payload` of its data is written by the ledger");
    }
    if draft.kind == Kind::RunEnd && data.contains_key("counts") {
        return refused("the member `counts` of its data is written by the ledger");
    }
    Ok(())
}

/// Writes entries at the end of the log, inside one transaction.
pub(super) struct Writer<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    at: OffsetDateTime,
    /// The size at the start.
    before: u64,
    frontier: Frontier,
    prev: Hash,
    pub(super) origin: String,
    /// The run that began in this transaction, and what it has so far.
    run: Option<(String, Counts)>,
}

impl<'t> Writer<'t> {
    /// Reads the tip and refuses if it is not what the last checkpoints say.
    pub(super) fn at_tip(transaction: &'t Transaction<'t>, at: OffsetDateTime) -> Result<Writer<'t>, LedgerError> {
        if fingerprint(transaction)? != known_fingerprint()? {
            return Err(LedgerError::SchemaChanged);
        }
        let nodes = StoredNodes::new(transaction);
        let size = nodes.size()?;
        let head = last_head(transaction)?;
        let mut frontier = Frontier::default();
        // The head last, so that its edge is the one to go on from.
        for known in last_note(transaction, u64::MAX)?.iter().chain(&head) {
            if size < known.size {
                return Err(LedgerError::Behind { size, checkpoint: known.size });
            }
            frontier = edge_at(transaction, known)?;
        }
        if frontier.size() != size {
            // The head is written in the transaction of its entries: what lies beyond came from elsewhere.
            return Err(LedgerError::Diverged { size });
        }
        let prev = if size == 0 { Hash::ZERO } else { nodes.leaf(size - 1)? };
        let origin = head.map_or_else(String::new, |head| head.origin);
        Ok(Writer { transaction, at, before: size, frontier, prev, origin, run: None })
    }

    fn write_genesis(&mut self, model: &Draft, origin: &str) -> Result<(), LedgerError> {
        self.origin = origin.to_owned();
        let data = json!({"origin": origin, "schema": fingerprint(self.transaction)?});
        self.write(Kind::Genesis, "", model, &data)
    }

    /// Closes the run of the last entry if it has no end and `next` does not continue it. Says whether it did.
    fn write_recovery(&mut self, next: &Draft) -> Result<bool, LedgerError> {
        let last: Option<String> = self
            .transaction
            .query_row("SELECT run FROM entries ORDER BY idx DESC LIMIT 1", [], |row| row.get(0))
            .optional()?;
        let Some(run) = last else { return Ok(false) };
        let Some(start) = run_start(self.transaction, &run)? else {
            return Ok(false);
        };
        let ended: bool = self.transaction.query_row(
            "SELECT EXISTS (SELECT 1 FROM entries WHERE run = ?1 AND kind IN ('run-end', 'recovery') AND idx > ?2)",
            params![run, sql(start)],
            |row| row.get(0),
        )?;
        let continued = next.run == run && next.kind != Kind::RunStart;
        if ended || continued {
            return Ok(false);
        }
        self.write(Kind::Recovery, &run, next, &json!({"run_start": start}))?;
        Ok(true)
    }

    fn write_draft(&mut self, draft: &Draft) -> Result<(), LedgerError> {
        let mut data = Cow::Borrowed(&draft.data);
        match (&mut self.run, draft.kind) {
            (_, Kind::RunStart) => self.run = Some((draft.run.clone(), Counts::default())),
            (_, Kind::RunEnd) => put(data.to_mut(), "counts", self.counts(&draft.run)?.to_value()),
            _ => {}
        }
        if let Some((_, counts)) = self.run.as_mut().filter(|(run, _)| *run == draft.run) {
            counts.add(draft.kind, &draft.data);
        }
        if let Some(bytes) = &draft.payload {
            put(data.to_mut(), "payload", json!(self.write_payload(bytes)?));
        }
        self.write(draft.kind, &draft.run, draft, &data)
    }

    pub(super) fn write(&mut self, kind: Kind, run: &str, model: &Draft, data: &Value) -> Result<(), LedgerError> {
        let Draft { actor, tool, subject, .. } = model;
        let idx = self.frontier.size();
        let parts = EntryParts { v: VERSION, idx, prev: self.prev, ts: self.at, kind, run, actor, tool, subject, data };
        let body = parts.to_bytes()?;
        let leaf = leaf_hash(&body);
        let mut insert = self
            .transaction
            .prepare_cached("INSERT INTO entries (idx, leaf, kind, run, body) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        insert.execute(params![sql(idx), leaf.as_bytes(), kind.name(), run, body])?;
        for (level, position, hash) in self.frontier.push(leaf) {
            let insert = "INSERT INTO nodes (level, position, hash) VALUES (?1, ?2, ?3)";
            self.transaction.execute(insert, params![level, sql(position), hash.as_bytes()])?;
        }
        self.prev = leaf;
        Ok(())
    }

    /// Seals `bytes` with a fresh salt and gives the commitment to them.
    fn write_payload(&self, bytes: &[u8]) -> Result<Hash, LedgerError> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|_| LedgerError::Random)?;
        let digest = commitment(&salt, bytes);
        self.transaction.execute(
            "INSERT INTO payloads (digest, salt, bytes) VALUES (?1, ?2, ?3)",
            params![digest.as_bytes(), salt, bytes],
        )?;
        Ok(digest)
    }

    pub(super) fn write_head(&self) -> Result<Checkpoint, LedgerError> {
        let head = Checkpoint::new(&self.origin, self.frontier.size(), self.frontier.root());
        self.transaction
            .execute("INSERT INTO heads (size, root) VALUES (?1, ?2)", params![sql(head.size), head.root.as_bytes()])?;
        Ok(head)
    }

    /// The counts of `run` since it last began.
    fn counts(&self, run: &str) -> Result<Counts, LedgerError> {
        if let Some((_, counts)) = self.run.as_ref().filter(|(known, _)| known == run) {
            return Ok(counts.clone());
        }
        let start = run_start(self.transaction, run)?.unwrap_or(0);
        let mut statement =
            self.transaction.prepare_cached("SELECT body FROM entries WHERE run = ?1 AND idx >= ?2 ORDER BY idx")?;
        let mut rows = statement.query(params![run, sql(start)])?;
        let mut counts = Counts::default();
        while let Some(row) = rows.next()? {
            let entry = Entry::parse(blob(row, 0)?)?;
            counts.add(entry.kind, &entry.data);
        }
        Ok(counts)
    }
}

/// What an entry says of a payload: `SHA-256("aedile/payload/v1\n" ‖ salt ‖ bytes)`. Layout 1 had no salt and no prefix.
pub(crate) fn commitment(salt: &[u8], bytes: &[u8]) -> Hash {
    if salt.is_empty() { Hash::of(&[bytes]) } else { Hash::of(&[b"aedile/payload/v1\n", salt, bytes]) }
}

/// Sets a member of an object; [`check`] has made sure that it is one.
pub(super) fn put(data: &mut Value, member: &str, value: Value) {
    if let Some(members) = data.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{AT, ORIGIN, Scratch, run};

    #[test]
    fn a_run_end_whose_counts_are_not_the_runs_fails_verification() {
        let scratch = Scratch::new();
        let mut ledger = scratch.ledger();
        let drafts = run("a", 1);
        let transaction = ledger.connection.transaction().unwrap();
        let mut writer = Writer::at_tip(&transaction, AT).unwrap();
        writer.write_genesis(&drafts[0], ORIGIN).unwrap();
        writer.write_draft(&drafts[0]).unwrap();
        // The finding is left out; the run-end still counts it.
        let counts = json!({"kind": {"finding": 1, "run-start": 1}, "policy": {"store-encrypted-at-rest": 1}});
        writer.write(Kind::RunEnd, "a", &drafts[2], &json!({"counts": counts})).unwrap();
        writer.write_head().unwrap();
        transaction.commit().unwrap();
        let internal = ledger.verify(&[], &[]).unwrap().internal;
        assert!(internal.sentence.contains("entry 2 ends the run `a` with other counts"), "{internal:?}");
    }
}
