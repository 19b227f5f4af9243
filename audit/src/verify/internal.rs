//! Statement 1: the ledger agrees with itself.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use time::OffsetDateTime;

use super::{Check, Recomputed, Statement, Status, entries};
use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, Kind, MAX_ENTRY, VERSION};
use crate::error::LedgerError;
use crate::hash::Hash;
use crate::merkle::{Nodes, Tree, leaf_hash};
use crate::shown::shown;
use crate::store::{Counts, Ledger, blob, fingerprint, hash_column, known_fingerprint, number_column};

/// Reads the whole file in one snapshot and compares everything in it with what the bodies give.
pub(super) fn recompute(ledger: &Ledger) -> Result<(Recomputed, Check), LedgerError> {
    let snapshot = ledger.snapshot()?;
    let mut walk = Walk::default();
    check_structure(&snapshot, &mut walk.check)?;
    walk.rows(&snapshot)?;
    check_schema(&snapshot, &mut walk)?;
    check_nodes(&snapshot, &mut walk)?;
    check_heads(&snapshot, &mut walk)?;
    let notes = notes(&snapshot, &mut walk.check)?;
    check_payloads(&snapshot, &mut walk)?;
    let recomputed = Recomputed { tree: walk.tree, origin: walk.origin, notes };
    let mut check = walk.check;
    for note in &recomputed.notes {
        if !recomputed.continues(note) {
            check.fault(format!(
                "the stored checkpoint of size {} is not a state of these {}",
                note.size,
                entries(recomputed.size())
            ));
        }
    }
    Ok((recomputed, check))
}

pub(super) fn statement(recomputed: &Recomputed, check: &mut Check) -> Statement {
    let count = entries(recomputed.size());
    let (status, sentence) = match check.faults.first() {
        Some(first) => (Status::Fails, format!("the ledger is not consistent in itself: {first}")),
        None if recomputed.size() == 0 => {
            (Status::NotShown, "the ledger is empty, there is nothing to check".to_owned())
        }
        None => (
            Status::Holds,
            format!(
                "the ledger is consistent in itself: {count}, hashed again from their bytes, agree with every hash, index, count and checkpoint stored in it"
            ),
        ),
    };
    Statement { status, sentence, details: check.details() }
}

/// What is known after the entries up to some index.
#[derive(Default)]
struct Walk {
    check: Check,
    tree: Tree,
    origin: Option<String>,
    /// The fingerprint of the tables that the genesis entry names.
    schema: Option<String>,
    prev: Option<Hash>,
    last_time: Option<OffsetDateTime>,
    back: Vec<u64>,
    runs: BTreeMap<String, Counts>,
    payloads: BTreeSet<Hash>,
}

impl Walk {
    fn rows(&mut self, connection: &Connection) -> Result<(), LedgerError> {
        let mut statement = connection.prepare("SELECT idx, leaf, kind, run, body FROM entries ORDER BY idx")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (index, stored) = (number_column(row, 0)?, hash_column(row, 1)?);
            let (kind, run): (String, String) = (row.get(2)?, row.get(3)?);
            let body = blob(row, 4)?;
            let expected = self.tree.size();
            if index != expected {
                self.check.fault(format!("entry {expected} is missing: the next one has index {index}"));
            }
            let leaf = leaf_hash(body);
            if leaf != stored {
                self.check.fault(format!("entry {index} does not have the hash stored beside it"));
            }
            match Entry::parse(body) {
                Ok(_) if body.len() > MAX_ENTRY => self.check.fault(format!("entry {index} is too large")),
                Ok(entry) => {
                    if (entry.kind.name(), entry.run.as_str()) != (kind.as_str(), run.as_str()) {
                        self.check.fault(format!("entry {index} says another kind or run than its row"));
                    }
                    self.entry(index, entry);
                }
                Err(_) => self.check.fault(format!("entry {index} is not an entry")),
            }
            self.tree.push(leaf);
            self.prev = Some(leaf);
        }
        if !self.back.is_empty() {
            let first: Vec<String> = self.back.iter().take(5).map(u64::to_string).collect();
            let (count, first) = (entries(self.back.len() as u64), first.join(", "));
            self.check
                .remark(format!("the clock was set back before {count}: {first}; order is by index, not by time"));
        }
        for run in self.runs.keys() {
            self.check.remark(format!("the run `{}` has no end", shown(run)));
        }
        Ok(())
    }

    fn entry(&mut self, index: u64, entry: Entry) {
        if entry.v != VERSION || entry.idx != index {
            self.check.fault(format!("entry {index} says that it is entry {} of version {}", entry.idx, entry.v));
        }
        if entry.prev != self.prev.unwrap_or(Hash::ZERO) {
            self.check.fault(format!("entry {index} does not continue the entry before it"));
        }
        if (entry.kind == Kind::Genesis) != (index == 0) {
            self.check.fault(format!("entry {index} is a {} entry, only the first is the genesis entry", entry.kind));
        }
        if self.last_time.is_some_and(|last| entry.ts < last) {
            self.back.push(index);
        }
        self.last_time = Some(entry.ts);
        let text = |member: &str| entry.data.get(member).and_then(|value| value.as_str());
        if let Some(digest) = text("payload").and_then(Hash::from_hex) {
            self.payloads.insert(digest);
        }
        if index == 0 {
            self.origin = text("origin").map(str::to_owned);
            self.schema = text("schema").map(str::to_owned);
        }
        self.count(index, entry);
    }

    fn count(&mut self, index: u64, entry: Entry) {
        match entry.kind {
            Kind::Genesis => {}
            Kind::RunStart => {
                let mut counts = Counts::default();
                counts.add(&entry);
                self.runs.insert(entry.run, counts);
            }
            Kind::RunEnd => {
                let counts = self.runs.remove(&entry.run).unwrap_or_default();
                if entry.data.get("counts") != Some(&counts.to_value()) {
                    let run = shown(&entry.run);
                    self.check
                        .fault(format!("entry {index} ends the run `{run}` with other counts than it has entries"));
                }
            }
            Kind::Recovery => {
                self.check.remark(format!("the run `{}` was interrupted", shown(&entry.run)));
                self.runs.remove(&entry.run);
            }
            _ => {
                if let Some(counts) = self.runs.get_mut(&entry.run) {
                    counts.add(&entry);
                }
            }
        }
    }
}

/// SQLite's own view of its file: damaged pages, indexes that do not agree with their tables.
fn check_structure(connection: &Connection, check: &mut Check) -> Result<(), LedgerError> {
    let mut statement = connection.prepare("PRAGMA integrity_check(5)")?;
    let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for line in lines.iter().filter(|line| *line != "ok") {
        check.fault(format!("the file is damaged: {}", shown(line)));
    }
    Ok(())
}

fn check_schema(connection: &Connection, walk: &mut Walk) -> Result<(), LedgerError> {
    let now = fingerprint(connection)?;
    if walk.tree.size() > 0 && walk.schema.as_deref() != Some(now.hex().as_str()) {
        walk.check.fault("the tables or triggers are not those that the genesis entry names");
    } else if now != known_fingerprint()? {
        walk.check.fault("the tables or triggers are not those that this version makes");
    }
    Ok(())
}

fn check_nodes(connection: &Connection, walk: &mut Walk) -> Result<(), LedgerError> {
    let mut statement = connection.prepare("SELECT level, position, hash FROM nodes")?;
    let mut rows = statement.query([])?;
    let (mut right, mut wrong) = (0, 0u64);
    while let Some(row) = rows.next()? {
        let (level, position) = (row.get::<_, u32>(0)?, number_column(row, 1)?);
        match walk.tree.node(level, position) {
            Ok(hash) if level > 0 && hash == hash_column(row, 2)? => right += 1,
            _ => wrong += 1,
        }
    }
    if wrong > 0 || right != walk.tree.inner_nodes() {
        walk.check.fault("the stored nodes of the tree are not those that the entries give");
    }
    Ok(())
}

fn check_heads(connection: &Connection, walk: &mut Walk) -> Result<(), LedgerError> {
    let mut statement = connection.prepare("SELECT size, root FROM heads ORDER BY size")?;
    let mut rows = statement.query([])?;
    let size = walk.tree.size();
    let mut last = 0;
    while let Some(row) = rows.next()? {
        last = number_column(row, 0)?;
        if last > size {
            walk.check
                .fault(format!("an append ended at {}, there are only {size}: the end is missing", entries(last)));
        } else if crate::merkle::root(&walk.tree, last) != Ok(hash_column(row, 1)?) {
            walk.check.fault(format!("the first {} do not hash to the root recorded after them", entries(last)));
        }
    }
    if last < size {
        walk.check.fault(format!("the entries from {last} on lie after the last append that was recorded"));
    }
    Ok(())
}

fn notes(connection: &Connection, check: &mut Check) -> Result<Vec<Checkpoint>, LedgerError> {
    let mut statement = connection.prepare("SELECT text FROM notes ORDER BY size, id")?;
    let texts: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut notes = Vec::new();
    for text in texts {
        match Checkpoint::parse(&text) {
            Ok(note) => notes.push(note),
            Err(error) => check.fault(format!("a stored checkpoint cannot be read: {error}")),
        }
    }
    Ok(notes)
}

fn check_payloads(connection: &Connection, walk: &mut Walk) -> Result<(), LedgerError> {
    let mut statement = connection.prepare("SELECT digest, bytes FROM payloads")?;
    let mut rows = statement.query([])?;
    let total = walk.payloads.len();
    let mut unnamed = 0u64;
    while let Some(row) = rows.next()? {
        let digest = hash_column(row, 0)?;
        let bytes = blob(row, 1)?;
        if Hash::of(&[bytes]) != digest {
            walk.check.fault(format!("the payload {digest} does not have that digest"));
        }
        if !walk.payloads.remove(&digest) {
            unnamed += 1;
        }
    }
    if total > 0 {
        let missing = walk.payloads.len();
        walk.check.remark(format!("{missing} of {total} payloads are missing; entries stay whole without them"));
    }
    if unnamed > 0 {
        walk.check.remark(format!("{unnamed} payloads are named by no entry"));
    }
    Ok(())
}
