//! Looking into the ledger. Every entry that is given out has been hashed again.

use rusqlite::{Connection, OptionalExtension, params, params_from_iter, types::Value as Sql};
use time::OffsetDateTime;

use super::{Ledger, hash_column, number_column, sql};
use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, Kind};
use crate::error::LedgerError;
use crate::hash::Hash;
use crate::merkle::{Nodes, leaf_hash};

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
    /// The entries that `filter` wants, by index.
    ///
    /// Fails on an entry that does not hash to its stored leaf hash, instead of giving out changed words.
    pub fn entries(&self, filter: &EntryFilter) -> Result<Vec<StoredEntry>, LedgerError> {
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
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let (index, stored, body) = (number_column(row, 0)?, hash_column(row, 1)?, row.get::<_, Vec<u8>>(2)?);
            let leaf = leaf_hash(&body);
            if leaf != stored {
                return Err(LedgerError::Damaged(format!("entry {index} does not have the hash stored beside it")));
            }
            entries.push(StoredEntry { index, leaf, entry: Entry::parse(&body)?, body });
        }
        Ok(entries)
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

    /// The payload with this SHA-256; nothing if it is not there or was deleted.
    pub fn payload(&self, digest: &Hash) -> Result<Option<Vec<u8>>, LedgerError> {
        let bytes: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT bytes FROM payloads WHERE digest = ?1", [digest.as_bytes()], |row| row.get(0))
            .optional()?;
        match bytes {
            Some(bytes) if Hash::of(&[&bytes]) != *digest => {
                Err(LedgerError::Damaged(format!("the payload {digest} does not have that digest")))
            }
            bytes => Ok(bytes),
        }
    }
}

/// The tree's nodes as they are cached in the file.
pub(crate) struct StoredNodes<'c>(pub(crate) &'c Connection);

impl StoredNodes<'_> {
    /// One more than the highest index.
    pub(crate) fn size(&self) -> Result<u64, LedgerError> {
        self.0.query_row_and_then("SELECT coalesce(max(idx), -1) + 1 FROM entries", [], |row| number_column(row, 0))
    }

    pub(crate) fn leaf(&self, index: u64) -> Result<Hash, LedgerError> {
        self.node(0, index)
    }
}

impl Nodes for StoredNodes<'_> {
    type Error = LedgerError;

    fn node(&self, level: u32, position: u64) -> Result<Hash, LedgerError> {
        let query = match level {
            0 => "SELECT leaf FROM entries WHERE idx = ?2 AND ?1 = 0",
            _ => "SELECT hash FROM nodes WHERE level = ?1 AND position = ?2",
        };
        let mut statement = self.0.prepare_cached(query)?;
        let mut rows = statement.query(params![level, sql(position)])?;
        match rows.next()? {
            Some(row) => hash_column(row, 0),
            None => Err(LedgerError::Damaged(format!("the node {position} of level {level} is missing"))),
        }
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
