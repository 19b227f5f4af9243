//! SQLite databases: every table with rows is a table.
//!
//! The file is hostile: it is opened read-only and unchanging, no view, trigger, virtual table or generated column is asked
//! for, and a statement that runs too long is stopped.

use std::path::Path;

use aedile_model::GapKind;
use aedile_rules::Rules;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::random::Random;
use super::rows::Rows;
use super::sample::SplitMix;
use super::table::Table;
use crate::Limits;

/// Tables that are read.
const TABLES: usize = 256;

/// Stretches of rows that a sample is made of.
const STRETCHES: usize = 16;

/// Rows of a table without numbers of rows that are passed over for a spread sample.
const SKIPPED: u64 = 1_000_000;

/// Instructions of SQLite's machine that a sample of one table may take.
const INSTRUCTIONS: u64 = 400_000_000;

/// Instructions between two looks at how many there were.
const STEP: i32 = 100_000;

/// The tables in `bytes`.
pub(super) fn read(bytes: &Random, limits: &Limits, rules: &Rules) -> Vec<Table> {
    let damaged = |_| vec![Table::unread("sqlite", GapKind::Unparsed, "the SQLite database is damaged or encrypted")];
    opened(bytes).and_then(|mut connection| tables(&mut connection, limits, rules)).unwrap_or_else(damaged)
}

fn opened(bytes: &Random) -> rusqlite::Result<Connection> {
    let connection = match bytes {
        Random::Disk(path) => Connection::open_with_flags(
            address(path),
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?,
        Random::Held(bytes) => {
            let mut connection = Connection::open_in_memory()?;
            connection.deserialize_read_exact("main", bytes.as_ref(), bytes.len(), true)?;
            connection
        }
    };
    connection.execute_batch(
        "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA query_only=ON;",
    )?;
    Ok(connection)
}

/// The URI of the file at `path`, which does not change while it is read; no journal beside it is looked at.
fn address(path: &Path) -> String {
    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            other => address.push_str(&format!("%{other:02X}")),
        }
    }
    address + "?immutable=1"
}

/// The first column of what `query` gives.
fn strings(connection: &Connection, query: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(query)?.query_map([], |row| row.get(0))?.collect()
}

fn tables(connection: &mut Connection, limits: &Limits, rules: &Rules) -> rusqlite::Result<Vec<Table>> {
    // A virtual table has no page of its own.
    let names = strings(
        connection,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let mut read = Vec::new();
    for name in names.iter().take(TABLES) {
        read.push(table(connection, name, limits, rules).unwrap_or_else(|_| {
            let part = super::column_name(name);
            let why = format!("the table `{part}` cannot be read");
            Table::unread("sqlite", GapKind::Unparsed, why).named(&part)
        }));
    }
    if names.len() > TABLES {
        let why = format!("{} of {} tables were not read", names.len() - TABLES, names.len());
        read.push(Table::unread("", GapKind::Limit, why));
    }
    if read.is_empty() {
        read.push(Table::new("sqlite"));
    }
    Ok(read)
}

fn table(connection: &mut Connection, name: &str, limits: &Limits, rules: &Rules) -> rusqlite::Result<Table> {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    // Generated columns are not among them.
    let columns = strings(connection, &format!("SELECT name FROM pragma_table_info({})", literal(name)))?;
    let listed: Vec<String> =
        columns.iter().take(super::table::COLUMNS).map(|column| format!("t.{}", quoted(column))).collect();
    let from = format!("SELECT {} FROM main.{} AS t", listed.join(", "), quoted(name));
    let part = super::column_name(name);
    let mut rows = Rows::new("sqlite", &part, &columns, limits, rules);

    let all = limits.dataset_rows == usize::MAX;
    let mut spent = 0;
    let watch = move || {
        spent += STEP as u64;
        !all && spent > INSTRUCTIONS
    };
    connection.progress_handler(STEP, Some(watch))?;
    let total: Option<i64> =
        connection.query_row(&format!("SELECT count(*) FROM main.{}", quoted(name)), [], |row| row.get(0)).ok();
    let total = total.and_then(|total| u64::try_from(total).ok());
    let range = connection
        .query_row(&format!("SELECT min(rowid), max(rowid) FROM main.{}", quoted(name)), [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })
        .ok()
        .filter(|_| !columns.iter().any(|column| column.eq_ignore_ascii_case("rowid")));
    let few = total.is_some_and(|total| total <= limits.dataset_rows as u64);
    let complete = match range {
        _ if all || few => take(connection, &from, [], &mut rows).map(drop),
        Some(range) => stretches(connection, &from, range, total, limits, &mut rows),
        None => skipping(connection, &from, total, limits, &mut rows),
    };
    connection.progress_handler(STEP, None::<fn() -> bool>)?;
    let seen = rows.seen();
    let mut table = rows.finish();
    table.rows_total = total;
    if complete.is_err() {
        let name = &table.part;
        let why = format!("the table `{name}` cannot be read beyond {seen} rows");
        table.gap(GapKind::Unparsed, why);
    }
    if columns.len() > super::table::COLUMNS {
        let why = format!("{} of {} columns were not read", columns.len() - super::table::COLUMNS, columns.len());
        table.gap(GapKind::Limit, why);
    }
    Ok(table)
}

/// Rows of a table whose rows have numbers: a stretch in each of [`STRETCHES`] equal parts of their range, the first at its
/// beginning, the others where the seed says. Where numbers are missing behind that place the part is taken from its beginning.
fn stretches(
    connection: &Connection,
    from: &str,
    (first, last): (i64, i64),
    total: Option<u64>,
    limits: &Limits,
    rows: &mut Rows<'_>,
) -> rusqlite::Result<()> {
    let each = limits.dataset_rows.div_ceil(STRETCHES);
    let width = i128::from(last) - i128::from(first) + 1;
    // Numbers that hold as many rows if they lie evenly.
    let needed = width * each as i128 / i128::from(total.unwrap_or(0).max(1)) + 1;
    let query = format!("{from} WHERE t.rowid >= ?1 AND t.rowid < ?2 ORDER BY t.rowid LIMIT ");
    let mut random = SplitMix(limits.dataset_seed);
    for nth in 0..STRETCHES {
        let begin = i128::from(first) + width * nth as i128 / STRETCHES as i128;
        let end = i128::from(first) + width * (nth + 1) as i128 / STRETCHES as i128;
        let room = (end - begin - needed).max(0);
        let offset = if nth == 0 { 0 } else { i128::from(random.next()) % (room + 1) };
        let bound = |at: i128| i64::try_from(at).unwrap_or(i64::MAX);
        let bounds = [bound(begin + offset), bound(end)];
        let taken = take(connection, &format!("{query}{each}"), bounds, rows)?;
        if taken < each {
            take(connection, &format!("{query}{}", each - taken), [bound(begin), bounds[0]], rows)?;
        }
    }
    Ok(())
}

/// Rows of a table whose rows have no numbers: stretches as of those that have, found by passing over what lies before. Of a
/// table that is too long for that, its beginning.
fn skipping(
    connection: &Connection,
    from: &str,
    total: Option<u64>,
    limits: &Limits,
    rows: &mut Rows<'_>,
) -> rusqlite::Result<()> {
    let Some(total) = total.filter(|total| *total <= SKIPPED) else {
        return take(connection, &format!("{from} LIMIT {}", limits.dataset_rows), [], rows).map(drop);
    };
    let each = limits.dataset_rows.div_ceil(STRETCHES) as u64;
    let mut random = SplitMix(limits.dataset_seed);
    for nth in 0..STRETCHES as u64 {
        let part = |nth: u64| total * nth / STRETCHES as u64;
        let room = (part(nth + 1) - part(nth)).saturating_sub(each);
        let offset = part(nth) + if nth == 0 { 0 } else { random.next() % (room + 1) };
        take(connection, &format!("{from} LIMIT {} OFFSET {offset}", each.min(part(nth + 1) - part(nth))), [], rows)?;
    }
    Ok(())
}

/// Offers what `query` gives; says how many rows that were.
fn take<const N: usize>(
    connection: &Connection,
    query: &str,
    bounds: [i64; N],
    rows: &mut Rows<'_>,
) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare(query)?;
    let width = statement.column_count();
    let mut found = statement.query(rusqlite::params_from_iter(bounds))?;
    let mut taken = 0;
    while let Some(row) = found.next()? {
        taken += 1;
        rows.offer((0..width).map(|at| row.get_ref(at).ok().and_then(shown)).collect());
    }
    Ok(taken)
}

fn literal(name: &str) -> String {
    format!("'{}'", name.replace('\'', "''"))
}

/// A cell as text. Bytes that are text count as text.
fn shown(cell: ValueRef<'_>) -> Option<String> {
    match cell {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => {
            let head = bytes.get(..64).unwrap_or(bytes);
            Some(match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => head.iter().map(|byte| format!("{byte:02x}")).collect(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::RULES;
    use super::*;

    fn database(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("a b%.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE person(id INTEGER PRIMARY KEY, email TEXT, twice TEXT GENERATED ALWAYS AS (email || email));
                 CREATE TABLE \"od\"\"d\"(\"a b\" TEXT) ; CREATE VIEW v AS SELECT * FROM person;
                 WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000)
                 INSERT INTO person(id, email) SELECT x, 'user' || x || '@mailbox.org' FROM n;
                 INSERT INTO \"od\"\"d\" VALUES ('x'), (NULL);",
            )
            .unwrap();
        path
    }

    #[test]
    fn tables_are_read_and_views_are_not() {
        let rules = &*RULES;
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path());
        let all = Limits { dataset_rows: usize::MAX, ..Limits::default() };
        let held = Random::Held(std::fs::read(&path).unwrap().into());
        for bytes in [Random::Disk(path.clone()), held] {
            let tables = read(&bytes, &all, rules);
            let parts: Vec<&str> = tables.iter().map(|table| table.part.as_str()).collect();
            assert_eq!(parts, ["od\"d", "person"]);
            assert_eq!((tables[1].rows_read, tables[1].rows_total, tables[1].columns().len()), (5_000, Some(5_000), 2));
            assert_eq!(tables[0].column("a b").nulls(), 1);
        }
        let some = read(&Random::Disk(path), &Limits { dataset_rows: 320, ..Limits::default() }, rules);
        assert_eq!((some[1].rows_read, some[1].rows_total), (320, Some(5_000)));
        assert_eq!(some[1].column("id").lengths(), Some((1, 4)));
    }

    #[test]
    fn a_seed_chooses_the_rows_and_gaps_between_their_numbers_cost_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.db");
        let connection = Connection::open(&path).unwrap();
        let numbered = "WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c WHERE n < 6000)";
        connection
            .execute_batch(&format!(
                "CREATE TABLE even (id INTEGER PRIMARY KEY, v TEXT);
                 INSERT INTO even {numbered} SELECT n, 'v' || n FROM c;
                 CREATE TABLE gaps (id INTEGER PRIMARY KEY, v TEXT);
                 INSERT INTO gaps {numbered} SELECT n * n, 'v' || n FROM c;
                 CREATE TABLE keyed (id TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID;
                 INSERT INTO keyed {numbered} SELECT 'k' || n, 'v' || n FROM c;"
            ))
            .unwrap();
        drop(connection);
        let of = |seed| {
            let limits = Limits { dataset_rows: 320, dataset_seed: seed, ..Limits::default() };
            read(&Random::Disk(path.as_path().into()), &limits, &RULES)
        };
        let (one, again, other) = (of(1), of(1), of(2));
        for ((one, again), other) in one.iter().zip(&again).zip(&other) {
            assert_eq!((one.rows_read, one.rows_total), (320, Some(6_000)), "{}", one.part);
            assert_eq!(one.columns(), again.columns());
            assert_ne!(one.columns(), other.columns(), "{}", one.part);
        }
    }

    #[test]
    fn damaged_databases_are_gaps() {
        let rules = &*RULES;
        let folder = tempfile::tempdir().unwrap();
        let whole = std::fs::read(database(folder.path())).unwrap();
        for cut in [16, 100, 5_000] {
            let tables = read(&Random::Held(whole[..cut].to_vec().into()), &Limits::default(), rules);
            assert!(tables.iter().any(|table| !table.gaps.is_empty()), "cut at {cut}");
        }
        for at in (16..whole.len()).step_by(997) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            read(&Random::Held(bytes.into()), &Limits::default(), rules);
        }
    }
}
