//! Small ledgers for the tests.

use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};

use crate::{Draft, Kind, Ledger, SigningKey, VerifyingKey};

pub(crate) const ORIGIN: &str = "example.org/clinic/ledger";
pub(crate) const AT: OffsetDateTime = datetime!(2026-03-01 10:30:00 UTC);

/// A ledger file of its own, deleted with this value.
pub(crate) struct Scratch {
    pub(crate) dir: TempDir,
    pub(crate) path: PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> Scratch {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        Scratch { dir, path }
    }

    /// A ledger with `runs` runs of two findings each, signed after every run.
    pub(crate) fn signed(runs: usize) -> Scratch {
        let scratch = Scratch::new();
        for number in 0..runs {
            scratch.ledger().append(&run(&format!("run-{number}"), 2), AT, &[&key()]).unwrap();
        }
        scratch
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open_or_create(&self.path, ORIGIN).unwrap()
    }

    /// Changes the file as somebody would who has SQLite and no scruples, then restores the tables' appearance.
    pub(crate) fn tamper(&self, sql: &str) {
        let connection = Connection::open(&self.path).unwrap();
        let triggers: Vec<(String, String)> = connection
            .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for (name, _) in &triggers {
            connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        connection.execute_batch(sql).unwrap();
        for (_, sql) in &triggers {
            connection.execute_batch(sql).unwrap();
        }
    }
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[7; 32]).unwrap()
}

pub(crate) fn keys() -> [VerifyingKey; 1] {
    [key().verifying_key().clone()]
}

pub(crate) fn draft(kind: Kind, run: &str, data: Value) -> Draft {
    Draft {
        kind,
        run: run.to_owned(),
        actor: "ci".to_owned(),
        tool: json!({"version": "0.1.0", "packs": {}, "schema": "1"}),
        subject: json!({"repo": "clinic", "commit": "c0ffee"}),
        data,
        payload: None,
    }
}

/// A run-start, `findings` findings and a run-end.
pub(crate) fn run(name: &str, findings: usize) -> Vec<Draft> {
    let mut drafts = vec![draft(Kind::RunStart, name, json!({}))];
    for number in 0..findings {
        let data = json!({"policy": "store-encrypted-at-rest", "fingerprint": format!("{number:08x}")});
        drafts.push(draft(Kind::Finding, name, data));
    }
    drafts.push(draft(Kind::RunEnd, name, json!({"exit": 1})));
    drafts
}
