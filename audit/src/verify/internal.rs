//! Statement 1: the ledger agrees with itself.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row};
use time::OffsetDateTime;

use super::{Check, Recomputed, entries};
use crate::error::LedgerError;
use crate::store::{
    Counts, KeyChange, Ledger, StoredNodes, blob, commitment, fingerprint, hash_column, known_fingerprint,
    number_column, sql,
};
use aedile_formats::merkle::{Frontier, TILE_HEIGHT, consistency_proof, leaf_hash};
use aedile_formats::{Checkpoint, Entry, Hash, Kind, MAX_ENTRY, Statement, Status, VERSION, shown};

/// Reads the whole file in one snapshot and compares everything in it with what the bodies give. The roots at `wanted`
/// sizes are kept. Memory grows with the number of runs, not of entries.
pub(super) fn recompute(ledger: &Ledger, wanted: &[u64]) -> Result<(Recomputed, Check), LedgerError> {
    let snapshot = ledger.snapshot()?;
    let mut walk = Walk::default();
    check_structure(&snapshot, &mut walk.check)?;
    let notes = notes(&snapshot, &mut walk.check)?;
    let heads = heads(&snapshot)?;
    walk.wanted = wanted.iter().copied().chain(notes.iter().map(|note| note.size)).collect();
    walk.wanted.extend(heads.keys());
    walk.wanted.insert(0);
    walk.keep_root();
    walk.rows(&snapshot)?;
    check_schema(&snapshot, &mut walk)?;
    check_nodes(&snapshot, &mut walk)?;
    check_heads(&heads, &mut walk);
    check_payloads(&snapshot, &mut walk)?;
    let (size, root) = (walk.edge.size(), walk.edge.root());
    let reached = wanted.iter().filter(|wanted| **wanted <= size);
    let proofs = reached
        .filter_map(|&old| Some((old, consistency_proof(&StoredNodes::new(&snapshot), old, size).ok()?)))
        .collect();
    let (roots, origin, keys) = (walk.roots, walk.origin, walk.keys);
    let recomputed = Recomputed { size, root, roots, proofs, origin, notes, keys };
    let mut check = walk.check;
    for note in &recomputed.notes {
        if !recomputed.continues(note) {
            check.fault(format!(
                "the stored checkpoint of size {} is not a state of these {}",
                note.size,
                entries(recomputed.size)
            ));
        }
    }
    Ok((recomputed, check))
}

pub(super) fn statement(recomputed: &Recomputed, check: &mut Check) -> Statement {
    let count = entries(recomputed.size);
    let (status, sentence) = match check.faults.first() {
        Some(first) => (Status::Fails, format!("the ledger is not consistent in itself: {first}")),
        None if recomputed.size == 0 => (Status::NotShown, "the ledger is empty, there is nothing to check".to_owned()),
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
    edge: Frontier,
    /// The sizes at which the root is wanted, and those roots.
    wanted: BTreeSet<u64>,
    roots: BTreeMap<u64, Hash>,
    /// The subtrees that should be kept, and how many of them are not as they should be.
    nodes: u64,
    wrong_nodes: u64,
    origin: Option<String>,
    /// The fingerprint of the tables that the genesis entry or the last migration names.
    schema: Option<String>,
    keys: Vec<KeyChange>,
    prev: Option<Hash>,
    last_time: Option<OffsetDateTime>,
    back: Vec<u64>,
    runs: BTreeMap<String, Counts>,
    payloads: BTreeSet<Hash>,
}

impl Walk {
    fn rows(&mut self, connection: &Connection) -> Result<(), LedgerError> {
        let mut node = connection.prepare("SELECT hash FROM nodes WHERE level = ?1 AND position = ?2")?;
        let mut statement = connection.prepare("SELECT idx, leaf, kind, run, body FROM entries ORDER BY idx")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (index, stored) = (number_column(row, 0)?, hash_column(row, 1)?);
            let (kind, run) = (blob_or_text(row, 2)?, blob_or_text(row, 3)?);
            let body = blob(row, 4)?;
            let expected = self.edge.size();
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
                    if (entry.kind.name().as_bytes(), entry.run.as_bytes()) != (kind, run) {
                        self.check.fault(format!("entry {index} says another kind or run than its row"));
                    }
                    if !entry.to_bytes().is_ok_and(|canonical| canonical == body) {
                        self.check.fault(format!("entry {index} is not in canonical form"));
                    }
                    self.entry(index, entry);
                }
                Err(_) => self.check.fault(format!("entry {index} is not an entry")),
            }
            for (level, position, hash) in self.edge.push(leaf) {
                let stored: Option<Vec<u8>> = node.query_row((level, sql(position)), |row| row.get(0)).optional()?;
                self.nodes += 1;
                self.wrong_nodes += u64::from(stored.as_deref() != Some(hash.as_bytes().as_slice()));
            }
            self.keep_root();
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

    fn keep_root(&mut self) {
        if self.wanted.contains(&self.edge.size()) {
            self.roots.insert(self.edge.size(), self.edge.root());
        }
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
        }
        if index == 0 || entry.kind == Kind::Migration {
            self.schema = text("schema").map(str::to_owned);
        }
        if entry.kind == Kind::Key {
            let change = KeyChange::read(index, &entry.data, self.origin.as_deref().unwrap_or_default());
            match change {
                Some(change) => self.keys.push(change),
                None => self.check.fault(format!("entry {index} is a key entry that cannot be read")),
            }
        }
        self.count(index, entry);
    }

    fn count(&mut self, index: u64, entry: Entry) {
        match entry.kind {
            Kind::Genesis => {}
            Kind::RunStart => {
                let mut counts = Counts::default();
                counts.add(entry.kind, &entry.data);
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
                    counts.add(entry.kind, &entry.data);
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
    if walk.edge.size() > 0 && walk.schema.as_deref() != Some(now.hex().as_str()) {
        walk.check.fault("the tables or triggers are not those that the genesis entry names, or the last migration");
    } else if now != known_fingerprint()? {
        walk.check.fault("the tables or triggers are not those that this version makes");
    }
    Ok(())
}

fn check_nodes(connection: &Connection, walk: &mut Walk) -> Result<(), LedgerError> {
    debug_assert_eq!(walk.edge.size() >> TILE_HEIGHT == 0, walk.nodes == 0);
    let stored: i64 = connection.query_row("SELECT count(*) FROM nodes", [], |row| row.get(0))?;
    if walk.wrong_nodes > 0 || stored != sql(walk.nodes) {
        walk.check.fault("the stored nodes of the tree are not those that the entries give");
    }
    Ok(())
}

/// The sizes and roots recorded after each append.
fn heads(connection: &Connection) -> Result<BTreeMap<u64, Hash>, LedgerError> {
    let mut statement = connection.prepare("SELECT size, root FROM heads")?;
    let mut rows = statement.query([])?;
    let mut heads = BTreeMap::new();
    while let Some(row) = rows.next()? {
        heads.insert(number_column(row, 0)?, hash_column(row, 1)?);
    }
    Ok(heads)
}

fn check_heads(heads: &BTreeMap<u64, Hash>, walk: &mut Walk) {
    let size = walk.edge.size();
    for (&end, root) in heads {
        if end > size {
            walk.check.fault(format!("an append ended at {}, there are only {size}: the end is missing", entries(end)));
        } else if walk.roots.get(&end) != Some(root) {
            walk.check.fault(format!("the first {} do not hash to the root recorded after them", entries(end)));
        }
    }
    let last = heads.keys().last().copied().unwrap_or_default();
    if last < size {
        walk.check.fault(format!("the entries from {last} on lie after the last append that was recorded"));
    }
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
    let mut statement = connection.prepare("SELECT digest, salt, bytes FROM payloads")?;
    let mut rows = statement.query([])?;
    let total = walk.payloads.len();
    let mut unnamed = 0u64;
    while let Some(row) = rows.next()? {
        let digest = hash_column(row, 0)?;
        if commitment(blob(row, 1)?, blob(row, 2)?) != digest {
            walk.check.fault(format!("the payload {digest} does not have that digest"));
        }
        if !walk.payloads.remove(&digest) {
            unnamed += 1;
        }
    }
    if total > 0 {
        let missing = walk.payloads.len();
        walk.check.remark(format!(
            "{missing} of {total} payloads were erased or are missing; entries stay whole without them"
        ));
    }
    if unnamed > 0 {
        walk.check.remark(format!("{unnamed} payloads are named by no entry"));
    }
    Ok(())
}

/// The bytes of a text column, without copying them.
fn blob_or_text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], LedgerError> {
    row.get_ref(column)?.as_bytes().map_err(|error| LedgerError::Damaged(error.to_string()))
}
