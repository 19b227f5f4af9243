//! The ledger's file: one SQLite database that only grows.
//!
//! The tables are in `schema.sql`. Nothing here is trusted by verification, which starts again from the bodies; the
//! triggers and checks make accidents and careless hands fail early, and a changed file is found by hashing.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};
use serde_json::json;

use crate::error::LedgerError;
use aedile_formats::{Hash, canonical, check_origin};

mod append;
mod counts;
mod erase;
mod keys;
mod migrate;
mod prove;
mod read;

pub use append::Appended;
pub(crate) use append::commitment;
pub(crate) use counts::Counts;
pub(crate) use keys::KeyChange;
pub use read::{EntryFilter, RunSummary, StoredEntry};
pub(crate) use read::{StoredNodes, last_head, last_note};

/// How long a writer waits for another one, unless told otherwise: a run's transaction takes well under a second.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What makes the file known as ours: `aedi` in ASCII. Source: SQLite file format, offset 68.
const APPLICATION_ID: i64 = 0x6165_6469;

/// The layout of the tables. Source: SQLite file format, offset 60. Layout 1 kept every node of the tree and plain digests.
const LAYOUT: i64 = 2;

/// The oldest SQLite without the known ways to damage a database file that concern us: 3.51.3.
const SQLITE_LEAST: i32 = 3_051_003;

const SCHEMA: &str = include_str!("schema.sql");

/// How SQLite makes a transaction whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// A rollback journal (`DELETE`, synchronous `EXTRA`): one file that can be copied when nobody writes.
    Rollback,
    /// A write-ahead log (`WAL`, synchronous `FULL`): readers and a writer do not wait for each other. For a service.
    Wal,
}

/// A ledger on disk.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    /// The origin that a genesis entry would get.
    origin: String,
    writable: bool,
    busy: Duration,
}

impl Ledger {
    /// Opens an existing ledger for reading.
    pub fn open(path: &Path) -> Result<Ledger, LedgerError> {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, BUSY_TIMEOUT)?;
        check_layout(&connection, path)?;
        Ledger::new(connection, path, "", false)
    }

    /// Opens a ledger for reading and appending, and makes it if there is none. One of an older layout is verified and
    /// migrated.
    ///
    /// `origin`: the log's name on its checkpoints, one line, best a URL without scheme such as
    /// `example.org/platform/ledger`. It goes into the first entry; a ledger that has one keeps its own.
    pub fn open_or_create(path: &Path, origin: &str) -> Result<Ledger, LedgerError> {
        check_origin(origin).map_err(LedgerError::Origin)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = connect(path, flags, BUSY_TIMEOUT)?;
        let opening = |error| LedgerError::opening(path, error);
        let writable = !connection.is_readonly(MAIN_DB).map_err(opening)?;
        if writable && is_empty(&connection).map_err(opening)? {
            create(&mut connection).map_err(opening)?;
        }
        if writable && matches!(check_layout(&connection, path), Err(LedgerError::Layout { found: 1, .. })) {
            migrate::from_layout_1(&mut connection)?;
        }
        check_layout(&connection, path)?;
        Ledger::new(connection, path, origin, writable)
    }

    /// Opens an existing ledger for reading and appending.
    pub fn open_to_append(path: &Path) -> Result<Ledger, LedgerError> {
        if !path.exists() {
            return Err(LedgerError::Missing(path.to_owned()));
        }
        Ledger::open_or_create(path, "unnamed")
    }

    fn new(connection: Connection, path: &Path, origin: &str, writable: bool) -> Result<Ledger, LedgerError> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(Ledger { connection, path, origin: origin.to_owned(), writable, busy: BUSY_TIMEOUT })
    }

    /// Sets how long to wait for another process's lock before [`LedgerError::Busy`].
    pub fn set_busy_timeout(&mut self, busy: Duration) -> Result<(), LedgerError> {
        self.connection.busy_timeout(busy)?;
        self.busy = busy;
        Ok(())
    }

    /// Sets how transactions are made whole, for this file from now on.
    pub fn set_journal(&mut self, journal: Journal) -> Result<(), LedgerError> {
        if !self.writable {
            return Err(LedgerError::ReadOnly);
        }
        let name = if journal == Journal::Wal { "WAL" } else { "DELETE" };
        let now: String = self.connection.pragma_update_and_check(None, "journal_mode", name, |row| row.get(0))?;
        if !now.eq_ignore_ascii_case(name) {
            return Err(LedgerError::Busy);
        }
        Ok(synchronous(&self.connection, journal)?)
    }

    /// How transactions are made whole.
    pub fn journal(&self) -> Result<Journal, LedgerError> {
        Ok(journal(&self.connection)?)
    }

    /// One state of the file, whatever others append meanwhile.
    pub(crate) fn snapshot(&self) -> Result<Transaction<'_>, LedgerError> {
        Ok(self.connection.unchecked_transaction()?)
    }

    /// The file, with symbolic links followed.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A connection with every setting that we rely on. `path` need not be a ledger yet.
fn connect(path: &Path, flags: OpenFlags, busy: Duration) -> Result<Connection, LedgerError> {
    if rusqlite::version_number() < SQLITE_LEAST {
        return Err(LedgerError::OldSqlite { found: rusqlite::version() });
    }
    if path.is_dir() {
        return Err(LedgerError::NotALedger(path.to_owned()));
    }
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| LedgerError::opening(path, error))?;
    configure(&connection, busy).map_err(|error| LedgerError::opening(path, error))?;
    Ok(connection)
}

fn configure(connection: &Connection, busy: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(busy)?;
    // The file may be a stranger's: its schema must not run functions, nor may SQL damage the file's structure.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // Without this, `INSERT OR REPLACE` deletes rows behind the back of the DELETE triggers.
    connection.pragma_update(None, "recursive_triggers", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    if connection.is_readonly(MAIN_DB)? {
        return connection.pragma_update(None, "query_only", true);
    }
    // A run of many entries stays in memory until it is committed: 64 MiB at most.
    connection.pragma_update(None, "cache_size", -65_536)?;
    let journal = journal(connection)?;
    if journal == Journal::Rollback {
        connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    }
    synchronous(connection, journal)
}

fn journal(connection: &Connection) -> rusqlite::Result<Journal> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    Ok(if mode == "wal" { Journal::Wal } else { Journal::Rollback })
}

/// Durable in either mode: EXTRA synchronises the directory as well, which a rollback journal needs and a WAL does not.
fn synchronous(connection: &Connection, journal: Journal) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", if journal == Journal::Wal { "FULL" } else { "EXTRA" })
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// Makes the tables, unless another process has just done so.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if is_empty(&transaction)? {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
        transaction.execute_batch(SCHEMA)?;
    }
    transaction.commit()
}

fn check_layout(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let opening = |error| LedgerError::opening(path, error);
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(opening);
    if pragma("application_id")? != APPLICATION_ID {
        return Err(LedgerError::NotALedger(path.to_owned()));
    }
    match pragma("user_version")? {
        LAYOUT => Ok(()),
        found => Err(LedgerError::Layout { path: path.to_owned(), found, known: LAYOUT }),
    }
}

/// The SHA-256 over what SQLite keeps of the statements that made the tables: the canonical JSON array of a name of the
/// format and, sorted, `[type, name, table, statement]`.
pub(crate) fn fingerprint(connection: &Connection) -> Result<Hash, LedgerError> {
    let mut statement = connection
        .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")?;
    let mut rows = statement.query([])?;
    let mut parts = vec![json!("aedile-ledger-schema")];
    while let Some(row) = rows.next()? {
        let columns: [String; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
        parts.push(json!(columns));
    }
    let bytes = canonical(&json!(parts)).map_err(|error| LedgerError::Damaged(error.to_string()))?;
    Ok(Hash::of(&[&bytes]))
}

/// The fingerprint of the tables that this version makes.
pub(crate) fn known_fingerprint() -> Result<Hash, LedgerError> {
    static KNOWN: OnceLock<Hash> = OnceLock::new();
    if let Some(&known) = KNOWN.get() {
        return Ok(known);
    }
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(SCHEMA)?;
    let known = fingerprint(&connection)?;
    Ok(*KNOWN.get_or_init(|| known))
}

/// A number of ours as SQLite's signed integer. Sizes and indexes stay below 2^53.
pub(crate) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The bytes of a column, without copying them.
pub(crate) fn blob<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> Result<&'r [u8], LedgerError> {
    row.get_ref(column)?.as_blob().map_err(|error| LedgerError::Damaged(error.to_string()))
}

/// The 32 bytes of a hash column.
pub(crate) fn hash_column(row: &rusqlite::Row<'_>, column: usize) -> Result<Hash, LedgerError> {
    Hash::from_slice(blob(row, column)?).ok_or_else(|| LedgerError::Damaged("a hash does not have 32 bytes".to_owned()))
}

/// An index or size column, which is never negative.
pub(crate) fn number_column(row: &rusqlite::Row<'_>, column: usize) -> Result<u64, LedgerError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| LedgerError::Damaged("an index or size is negative".to_owned()))
}

#[cfg(test)]
mod tests;
