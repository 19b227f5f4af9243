//! Looking into the ledger. Every entry that is given out has been hashed again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rusqlite::{Connection, OptionalExtension, params, params_from_iter, types::Value as Sql};
use time::OffsetDateTime;

use super::append::commitment;
use super::{Ledger, hash_column, number_column, sql};
use crate::error::LedgerError;
use aedile_formats::merkle::{Nodes, TILE_HEIGHT, leaf_hash, node_hash};
use aedile_formats::{Checkpoint, Entry, Hash, Kind};

/// Which entries are wanted; the default wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only those of this run.
    pub run: Option<String>,
    /// Only those of this kind.
    pub kind: Option<Kind>,
    /// Only those with this index or a higher one.
    pub from: Option<u64>,
    /// Only those with a lower index than this.
    pub until: Option<u64>,
}

/// An entry out of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEntry {
    /// Its index.
    pub index: u64,
    /// Its leaf hash, computed from `body` when it was read.
    pub leaf: Hash,
    /// What it says.
    pub entry: Entry,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// A run in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// Its name. A name that was used twice gives two summaries, one from each run-start.
    pub run: String,
    /// Its first entry.
    pub first: u64,
    /// Its last entry.
    pub last: u64,
    /// How many entries it has.
    pub entries: u64,
    /// The time of its first entry.
    pub started: OffsetDateTime,
    /// The time of its run-end; nothing if there is none.
    pub ended: Option<OffsetDateTime>,
    /// Whether a recovery entry says that it was interrupted.
    pub interrupted: bool,
}

impl Ledger {
    /// The entries that `filter` wants, by index. [`Ledger::each`] gives them one by one.
    pub fn entries(&self, filter: &EntryFilter) -> Result<Vec<StoredEntry>, LedgerError> {
        let mut entries = Vec::new();
        self.each(filter, |entry| {
            entries.push(entry);
            Ok(())
        })?;
        Ok(entries)
    }

    /// Gives each of the entries that `filter` wants to `see`, by index, until that fails.
    ///
    /// Fails on an entry that does not hash to its stored leaf hash, instead of giving out changed words.
    pub fn each(
        &self,
        filter: &EntryFilter,
        mut see: impl FnMut(StoredEntry) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let conditions: [(&str, Option<Sql>); 4] = [
            ("run = ?", filter.run.clone().map(Sql::Text)),
            ("kind = ?", filter.kind.map(|kind| Sql::Text(kind.name().to_owned()))),
            ("idx >= ?", filter.from.map(|from| Sql::Integer(sql(from)))),
            ("idx < ?", filter.until.map(|until| Sql::Integer(sql(until)))),
        ];
        let (wanted, values): (Vec<&str>, Vec<Sql>) =
            conditions.into_iter().filter_map(|(condition, value)| Some((condition, value?))).unzip();
        let wanted = if wanted.is_empty() { "true".to_owned() } else { wanted.join(" AND ") };
        let query = format!("SELECT idx, leaf, body FROM entries WHERE {wanted} ORDER BY idx");
        let mut statement = self.connection.prepare(&query)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let (index, stored, body) = (number_column(row, 0)?, hash_column(row, 1)?, row.get::<_, Vec<u8>>(2)?);
            let leaf = leaf_hash(&body);
            if leaf != stored {
                return Err(LedgerError::Damaged(format!("entry {index} does not have the hash stored beside it")));
            }
            see(StoredEntry { index, leaf, entry: Entry::parse(&body)?, body })?;
        }
        Ok(())
    }

    /// The signed checkpoint with the largest size, the one with the most recent signatures. Nothing if none is signed.
    pub fn signed_checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError> {
        last_note(&self.connection, u64::MAX)
    }

    /// The proof that the ledger at size `new` continues itself at size `old`, from the cached nodes.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, LedgerError> {
        aedile_formats::merkle::consistency_proof(&StoredNodes::new(&*self.snapshot()?), old, new)
    }

    /// The root at `size`, from the cached nodes.
    pub fn root_at(&self, size: u64) -> Result<Hash, LedgerError> {
        aedile_formats::merkle::root(&StoredNodes::new(&*self.snapshot()?), size)
    }

    /// The hashes of `count` full subtrees of a kept level (0 for leaves) from `start` on, from the cache.
    pub fn hashes(&self, level: u32, start: u64, count: u64) -> Result<Vec<Hash>, LedgerError> {
        let hashes = StoredNodes::new(&self.connection).hashes(level, start, count)?;
        if hashes.len() as u64 == count { Ok(hashes) } else { Err(LedgerError::NoSuchEntry) }
    }

    /// The runs in the order in which they began.
    pub fn runs(&self) -> Result<Vec<RunSummary>, LedgerError> {
        let mut runs: Vec<RunSummary> = Vec::new();
        let mut statement =
            self.connection.prepare("SELECT idx, kind, run, body FROM entries WHERE run <> '' ORDER BY idx")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (index, kind, run) = (number_column(row, 0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?);
            let kind = Kind::named(&kind);
            let time = || -> Result<OffsetDateTime, LedgerError> { Ok(Entry::parse(&row.get::<_, Vec<u8>>(3)?)?.ts) };
            let known = runs.iter_mut().rev().find(|summary| summary.run == run);
            let Some(summary) = known.filter(|_| kind != Some(Kind::RunStart)) else {
                let started = time()?;
                runs.push(RunSummary {
                    run,
                    first: index,
                    last: index,
                    entries: 1,
                    started,
                    ended: None,
                    interrupted: false,
                });
                continue;
            };
            summary.last = index;
            summary.entries += 1;
            match kind {
                Some(Kind::RunEnd) => summary.ended = Some(time()?),
                Some(Kind::Recovery) => summary.interrupted = true,
                _ => {}
            }
        }
        Ok(runs)
    }

    /// The last checkpoint: the tree after the last append, with its note if it was signed. Nothing if there are no entries.
    ///
    /// This is what the ledger says of itself; [`Ledger::verify`] recomputes it.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError> {
        let snapshot = self.snapshot()?;
        let Some(head) = last_head(&snapshot)? else {
            return Ok(None);
        };
        match last_note(&snapshot, head.size)? {
            Some(signed) if (signed.size, signed.root) == (head.size, head.root) => Ok(Some(signed)),
            _ => Ok(Some(head)),
        }
    }

    /// The payload with this commitment; nothing if it is not there or was erased.
    pub fn payload(&self, digest: &Hash) -> Result<Option<Vec<u8>>, LedgerError> {
        let found: Option<(Vec<u8>, Vec<u8>)> = self
            .connection
            .query_row("SELECT salt, bytes FROM payloads WHERE digest = ?1", [digest.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        match found {
            Some((salt, bytes)) if commitment(&salt, &bytes) == *digest => Ok(Some(bytes)),
            Some(_) => Err(LedgerError::Damaged(format!("the payload {digest} does not have that digest"))),
            None => Ok(None),
        }
    }
}

/// The tree's nodes as they are cached in the file. Tiles once read are remembered, so that the proofs of many neighbours
/// cost little more than one; valid within one snapshot.
pub(crate) struct StoredNodes<'c> {
    connection: &'c Connection,
    tiles: RefCell<BTreeMap<(u32, u64), Tile>>,
}

/// The full subtrees between two kept levels, from the kept hashes upwards.
type Tile = Rc<Vec<Vec<Hash>>>;

/// How many tiles are remembered: 16 KiB each.
const REMEMBERED: usize = 256;

impl<'c> StoredNodes<'c> {
    pub(crate) fn new(connection: &'c Connection) -> StoredNodes<'c> {
        StoredNodes { connection, tiles: RefCell::default() }
    }

    /// One more than the highest index.
    pub(crate) fn size(&self) -> Result<u64, LedgerError> {
        let query = "SELECT coalesce(max(idx), -1) + 1 FROM entries";
        self.connection.query_row_and_then(query, [], |row| number_column(row, 0))
    }

    pub(crate) fn leaf(&self, index: u64) -> Result<Hash, LedgerError> {
        self.hashes(0, index, 1)?.pop().ok_or(LedgerError::NoSuchEntry)
    }

    /// Up to `count` hashes of a kept level, 0 for the leaves, from `start` on.
    pub(crate) fn hashes(&self, level: u32, start: u64, count: u64) -> Result<Vec<Hash>, LedgerError> {
        let query = match level {
            0 => "SELECT leaf FROM entries WHERE ?1 = 0 AND idx >= ?2 AND idx < ?3 ORDER BY idx",
            _ => "SELECT hash FROM nodes WHERE level = ?1 AND position >= ?2 AND position < ?3 ORDER BY position",
        };
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query(params![level, sql(start), sql(start.saturating_add(count))])?;
        let mut hashes = Vec::new();
        while let Some(row) = rows.next()? {
            hashes.push(hash_column(row, 0)?);
        }
        Ok(hashes)
    }

    fn tile(&self, level: u32, index: u64) -> Result<Tile, LedgerError> {
        if let Some(tile) = self.tiles.borrow().get(&(level, index)) {
            return Ok(Rc::clone(tile));
        }
        let mut rows = vec![self.hashes(level, index << TILE_HEIGHT, 1 << TILE_HEIGHT)?];
        while let Some(row) = rows.last().filter(|row| row.len() > 1) {
            rows.push(row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect());
        }
        let tile = Rc::new(rows);
        let mut tiles = self.tiles.borrow_mut();
        if tiles.len() >= REMEMBERED {
            tiles.clear();
        }
        tiles.insert((level, index), Rc::clone(&tile));
        Ok(tile)
    }
}

impl Nodes for StoredNodes<'_> {
    type Error = LedgerError;

    fn node(&self, level: u32, position: u64) -> Result<Hash, LedgerError> {
        let height = level % TILE_HEIGHT;
        let within = TILE_HEIGHT - height;
        let tile = self.tile(level - height, position >> within)?;
        let found = tile.get(height as usize).and_then(|row| row.get((position & ((1 << within) - 1)) as usize));
        found.copied().ok_or_else(|| LedgerError::Damaged(format!("the node {position} of level {level} is missing")))
    }
}

/// The index of the last run-start of `run`.
pub(crate) fn run_start(connection: &Connection, run: &str) -> Result<Option<u64>, LedgerError> {
    connection.query_row_and_then("SELECT max(idx) FROM entries WHERE run = ?1 AND kind = 'run-start'", [run], |row| {
        Ok(row.get::<_, Option<i64>>(0)?.and_then(|start| u64::try_from(start).ok()))
    })
}

/// The origin in the genesis entry.
pub(crate) fn origin(connection: &Connection) -> Result<Option<String>, LedgerError> {
    let body: Option<Vec<u8>> =
        connection.query_row("SELECT body FROM entries WHERE idx = 0", [], |row| row.get(0)).optional()?;
    let genesis = body.map(|body| Entry::parse(&body)).transpose()?;
    Ok(genesis.and_then(|genesis| Some(genesis.data.get("origin")?.as_str()?.to_owned())))
}

/// The tree's size and root after the last append, as recorded.
pub(crate) fn last_head(connection: &Connection) -> Result<Option<Checkpoint>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT size, root FROM heads ORDER BY size DESC LIMIT 1")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let origin = origin(connection)?
        .ok_or_else(|| LedgerError::Damaged("the genesis entry is missing or names no origin".to_owned()))?;
    Ok(Some(Checkpoint::new(&origin, number_column(row, 0)?, hash_column(row, 1)?)))
}

/// The signed checkpoint with the largest size up to `size`, the newest of them.
pub(crate) fn last_note(connection: &Connection, size: u64) -> Result<Option<Checkpoint>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT text FROM notes WHERE size <= ?1 ORDER BY size DESC, id DESC LIMIT 1")?;
    let text: Option<String> = statement.query_row([sql(size)], |row| row.get(0)).optional()?;
    let parse = |text: String| Checkpoint::parse(&text).map_err(|error| LedgerError::Damaged(error.to_string()));
    text.map(parse).transpose()
}
