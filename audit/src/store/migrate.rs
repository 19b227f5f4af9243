//! From layout 1 to layout 2, after verifying what is there.
//!
//! Layout 1 kept every node of the tree, knew neither legal holds nor migrations, and payloads had no salt. Not a byte of
//! an entry changes: the old root stays the root of the same entries, and a migration entry names the new tables.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use serde_json::json;

use super::append::Writer;
use super::read::{last_head, origin};
use super::{LAYOUT, SCHEMA, blob, fingerprint, hash_column, number_column, sql};
use crate::error::LedgerError;
use aedile_formats::merkle::{Frontier, leaf_hash};
use aedile_formats::{Checkpoint, Draft, Entry, Hash, Kind};

/// Verifies the ledger and gives it the tables of this version: all of it or nothing.
pub(super) fn from_layout_1(connection: &mut Connection) -> Result<(), LedgerError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if transaction.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? != 1 {
        return Ok(());
    }
    let edge = verified(&transaction)?;
    transaction.execute_batch(&format!("{AWAY}{SCHEMA}{BACK}"))?;
    let mut frontier = Frontier::default();
    let mut leaves = transaction.prepare("SELECT leaf FROM entries ORDER BY idx")?;
    let mut rows = leaves.query([])?;
    while let Some(row) = rows.next()? {
        for (level, position, hash) in frontier.push(hash_column(row, 0)?) {
            let insert = "INSERT INTO nodes (level, position, hash) VALUES (?1, ?2, ?3)";
            transaction.execute(insert, params![level, sql(position), hash.as_bytes()])?;
        }
    }
    drop(rows);
    drop(leaves);
    if let Some(last) = edge {
        let data = json!({"from": 1, "to": LAYOUT, "schema": fingerprint(&transaction)?});
        let model = Draft {
            kind: Kind::Migration,
            run: String::new(),
            actor: "aedile".to_owned(),
            tool: last.tool,
            subject: last.subject,
            data: json!({}),
            payload: None,
        };
        let mut writer = Writer::at_tip(&transaction, last.ts)?;
        writer.write(Kind::Migration, "", &model, &data)?;
        writer.write_head()?;
    }
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    Ok(transaction.commit()?)
}

/// The old tables under other names, without indexes and triggers.
const AWAY: &str = "
    DROP INDEX entries_by_run; DROP INDEX notes_by_size;
    DROP TRIGGER entries_have_no_gaps; DROP TRIGGER heads_only_grow;
    DROP TRIGGER entries_never_change; DROP TRIGGER entries_never_go;
    DROP TRIGGER nodes_never_change; DROP TRIGGER nodes_never_go;
    DROP TRIGGER heads_never_change; DROP TRIGGER heads_never_go;
    DROP TRIGGER notes_never_change; DROP TRIGGER notes_never_go;
    DROP TRIGGER payloads_never_change;
    DROP TABLE nodes;
    ALTER TABLE entries RENAME TO old_entries; ALTER TABLE heads RENAME TO old_heads;
    ALTER TABLE notes RENAME TO old_notes; ALTER TABLE payloads RENAME TO old_payloads;
";

/// What they held, in the new ones.
const BACK: &str = "
    INSERT INTO entries SELECT idx, leaf, kind, run, body FROM old_entries ORDER BY idx;
    INSERT INTO heads SELECT size, root FROM old_heads ORDER BY size;
    INSERT INTO notes SELECT id, size, text FROM old_notes ORDER BY id;
    INSERT INTO payloads SELECT digest, x'', bytes FROM old_payloads;
    DROP TABLE old_entries; DROP TABLE old_heads; DROP TABLE old_notes; DROP TABLE old_payloads;
";

/// Hashes every body again and compares indexes, chain, roots, signed checkpoints and tables. Gives the last entry.
fn verified(connection: &Transaction<'_>) -> Result<Option<Entry>, LedgerError> {
    let damaged = |what: String| LedgerError::Damaged(format!("it was not migrated: {what}"));
    let origin = origin(connection)?.unwrap_or_default();
    let mut states = Vec::new();
    let mut heads = connection.prepare("SELECT size, root FROM heads")?;
    let mut rows = heads.query([])?;
    while let Some(row) = rows.next()? {
        states.push(Checkpoint::new(&origin, number_column(row, 0)?, hash_column(row, 1)?));
    }
    let mut notes = connection.prepare("SELECT text FROM notes")?;
    for text in notes.query_map([], |row| row.get::<_, String>(0))? {
        states.push(Checkpoint::parse(&text?).map_err(|error| damaged(error.to_string()))?);
    }
    states.sort_by_key(|state| state.size);
    let mut states = states.into_iter().peekable();

    let (mut frontier, mut prev, mut last) = (Frontier::default(), Hash::ZERO, None);
    let mut statement = connection.prepare("SELECT idx, leaf, body FROM entries ORDER BY idx")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (index, body) = (number_column(row, 0)?, blob(row, 2)?);
        let (leaf, entry) = (leaf_hash(body), Entry::parse(body)?);
        if index != frontier.size() || entry.idx != index || entry.prev != prev || leaf != hash_column(row, 1)? {
            return Err(damaged(format!("entry {index} does not continue the entry before it or has another hash")));
        }
        let schema = entry.data.get("schema").and_then(|schema| schema.as_str());
        if index == 0 && schema != Some(fingerprint(connection)?.hex().as_str()) {
            return Err(LedgerError::SchemaChanged);
        }
        frontier.push(leaf);
        while let Some(state) = states.next_if(|state| state.size <= frontier.size()) {
            if (state.size, state.root, &state.origin) != (frontier.size(), frontier.root(), &origin) {
                return Err(LedgerError::Diverged { size: state.size });
            }
        }
        (prev, last) = (leaf, Some(entry));
    }
    match (states.next(), last_head(connection)?.map_or(0, |head| head.size)) {
        (Some(state), _) => Err(LedgerError::Behind { size: frontier.size(), checkpoint: state.size }),
        (None, head) if head != frontier.size() => Err(LedgerError::Diverged { size: frontier.size() }),
        (None, _) => Ok(last),
    }
}
