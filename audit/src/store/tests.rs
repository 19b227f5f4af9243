//! Appending, reading, and what the file refuses.

use std::fs;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use time::Duration as Span;

use super::*;
use crate::fixture::{AT, ORIGIN, Scratch, draft, key, keys, run};
use crate::{SigningKey, Status};
use aedile_formats::{Draft, EntryError, Kind};

#[test]
fn the_first_append_writes_genesis_and_every_entry_continues_the_one_before() {
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    assert_eq!(ledger.checkpoint().unwrap(), None);
    let one = ledger.append(&run("a", 1), AT, &[]).unwrap();
    let two = ledger.append(&run("b", 0), AT, &[&key()]).unwrap();
    assert_eq!((one.first, one.last, two.first, two.last), (1, 3, 4, 5));
    assert_eq!((one.recovered, two.recovered), (false, false));
    assert_eq!(one.checkpoint.note, None);
    assert_eq!(two.checkpoint.signers(&keys()).unwrap().len(), 1);

    let entries = ledger.entries(&EntryFilter::default()).unwrap();
    let kinds: Vec<&str> = entries.iter().map(|stored| stored.entry.kind.name()).collect();
    assert_eq!(kinds, ["genesis", "run-start", "finding", "run-end", "run-start", "run-end"]);
    assert_eq!(entries[0].entry.data["origin"], ORIGIN);
    assert_eq!(entries[0].entry.data["schema"], json!(known_fingerprint().unwrap()));
    let mut prev = Hash::ZERO;
    for (index, stored) in entries.iter().enumerate() {
        assert_eq!((stored.entry.idx, stored.entry.prev), (index as u64, prev));
        prev = stored.leaf;
    }
    let counts = json!({"kind": {"run-start": 1, "finding": 1}, "policy": {"store-encrypted-at-rest": 1}});
    assert_eq!(entries[3].entry.data, json!({"exit": 1, "counts": counts}));
    assert_eq!(ledger.checkpoint().unwrap(), Some(two.checkpoint));
}

#[test]
fn same_drafts_same_time_same_bytes() {
    let (one, two) = (Scratch::new(), Scratch::new());
    let append = |scratch: &Scratch| scratch.ledger().append(&run("a", 40), AT, &[&key()]).unwrap();
    assert_eq!(append(&one), append(&two));
}

#[test]
fn an_existing_ledger_keeps_its_origin() {
    let scratch = Scratch::signed(1);
    let mut ledger = Ledger::open_or_create(&scratch.path, "example.org/other").unwrap();
    assert_eq!(ledger.append(&run("b", 0), AT, &[]).unwrap().checkpoint.origin, ORIGIN);
    assert!(matches!(Ledger::open_or_create(&scratch.path, "two\nlines"), Err(LedgerError::Origin(_))));
}

#[test]
fn entries_and_runs_can_be_picked() {
    let scratch = Scratch::signed(3);
    let ledger = Ledger::open(&scratch.path).unwrap();
    let pick = |filter: EntryFilter| -> Vec<u64> {
        ledger.entries(&filter).unwrap().into_iter().map(|stored| stored.index).collect()
    };
    assert_eq!(pick(EntryFilter { run: Some("run-1".into()), ..Default::default() }), [5, 6, 7, 8]);
    assert_eq!(pick(EntryFilter { kind: Some(Kind::RunEnd), ..Default::default() }), [4, 8, 12]);
    assert_eq!(pick(EntryFilter { from: Some(3), until: Some(6), ..Default::default() }), [3, 4, 5]);
    let hostile = "x' OR '1'='1";
    assert!(pick(EntryFilter { run: Some(hostile.into()), ..Default::default() }).is_empty());
    let runs = ledger.runs().unwrap();
    assert_eq!(
        runs.iter().map(|run| (run.run.as_str(), run.first, run.last, run.entries)).collect::<Vec<_>>(),
        [("run-0", 1, 4, 4), ("run-1", 5, 8, 4), ("run-2", 9, 12, 4)]
    );
    assert!(runs.iter().all(|run| run.ended == Some(AT) && !run.interrupted));
}

#[test]
fn a_run_without_end_is_recorded_as_interrupted_by_the_next() {
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    ledger.append(&run("a", 2)[..2], AT, &[]).unwrap();
    // The same run may go on in a second append.
    assert!(!ledger.append(&run("a", 2)[2..3], AT, &[]).unwrap().recovered);
    let next = ledger.append(&run("b", 0), AT + Span::HOUR, &[&key()]).unwrap();
    assert!(next.recovered);
    assert_eq!(next.first, 5);
    let recovery = &ledger.entries(&EntryFilter { kind: Some(Kind::Recovery), ..Default::default() }).unwrap()[0];
    assert_eq!((recovery.index, recovery.entry.run.as_str()), (4, "a"));
    assert_eq!(recovery.entry.data, json!({"run_start": 1}));
    assert!(!ledger.append(&run("c", 0), AT, &[]).unwrap().recovered);
    assert!(ledger.runs().unwrap()[0].interrupted);
    let verified = ledger.verify(&[], &keys()).unwrap();
    assert_eq!(verified.internal.status, Status::Holds, "{:?}", verified.internal);
}

#[test]
fn a_refused_draft_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    let refused = |bad: Draft, ledger: &mut Ledger| {
        let error = ledger.append(&[run("a", 0)[0].clone(), bad], AT, &[]).unwrap_err();
        assert_eq!(ledger.entries(&EntryFilter::default()).unwrap(), [], "{error}");
        error
    };
    let deep = (0..200).fold(json!(1), |inner, _| json!({"in": inner}));
    for bad in [
        draft(Kind::Genesis, "a", json!({})),
        draft(Kind::Recovery, "a", json!({})),
        draft(Kind::Finding, "", json!({})),
        draft(Kind::Finding, "a", json!([])),
        draft(Kind::Finding, "a", json!({"payload": "x"})),
        draft(Kind::RunEnd, "a", json!({"counts": {}})),
        Draft { tool: Value::Null, ..draft(Kind::Finding, "a", json!({})) },
    ] {
        assert!(matches!(refused(bad, &mut ledger), LedgerError::Refused { .. }));
    }
    for bad in [json!({"rate": 0.5}), json!({"n": u64::MAX}), deep] {
        let error = refused(draft(Kind::Finding, "a", bad), &mut ledger);
        assert!(matches!(error, LedgerError::Entry(EntryError::Canonical { .. })), "{error}");
    }
    let error = refused(draft(Kind::Finding, "a", json!({"text": "x".repeat(70_000)})), &mut ledger);
    assert!(error.to_string().contains("at most 65535"), "{error}");
    assert!(error.help().unwrap().contains("payload"));
    assert!(matches!(ledger.append(&[], AT, &[]), Err(LedgerError::NothingToAppend)));
}

const SEALED: &[u8] = b"a recorded run that names alice@example.org";

/// A ledger of two runs with sealed payloads, signed, and the commitment to the first.
fn sealed(journal: Journal) -> (Scratch, Hash) {
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    ledger.set_journal(journal).unwrap();
    for name in ["a", "b"] {
        let mut drafts = run(name, 1);
        drafts[2].payload = Some([name.as_bytes(), &SEALED.repeat(500)].concat());
        ledger.append(&drafts, AT, &[&key()]).unwrap();
    }
    let end = &ledger.entries(&EntryFilter { kind: Some(Kind::RunEnd), ..Default::default() }).unwrap()[0].entry;
    let digest = Hash::from_hex(end.data["payload"].as_str().unwrap()).unwrap();
    (scratch, digest)
}

fn erasure(run: &str) -> Draft {
    draft(Kind::Erasure, run, json!({"reason": "request of the person concerned"}))
}

/// Whether any file of the ledger contains `bytes`.
fn stands_in_a_file(scratch: &Scratch, bytes: &[u8]) -> bool {
    fs::read_dir(scratch.dir.path()).unwrap().any(|file| {
        let read = fs::read(file.unwrap().path()).unwrap();
        read.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
fn payloads_are_sealed_by_a_salted_commitment() {
    let (scratch, digest) = sealed(Journal::Rollback);
    let ledger = scratch.ledger();
    assert_eq!(ledger.payload(&digest).unwrap().unwrap(), [b"a".as_slice(), &SEALED.repeat(500)].concat());
    assert_ne!(digest, Hash::of(&[b"a", &SEALED.repeat(500)]), "the digest alone could be guessed");
    assert_eq!(ledger.payload(&Hash::ZERO).unwrap(), None);
}

#[test]
fn an_erased_payload_is_in_no_file_and_every_older_proof_still_verifies() {
    for journal in [Journal::Rollback, Journal::Wal] {
        let (scratch, digest) = sealed(journal);
        let mut ledger = scratch.ledger();
        assert_eq!(ledger.journal().unwrap(), journal);
        let anchor = ledger.checkpoint().unwrap().unwrap().note.unwrap();
        let proofs: Vec<_> = (0..7).map(|index| ledger.prove(index).unwrap()).collect();
        let bodies: Vec<_> = ledger.entries(&EntryFilter::default()).unwrap();
        assert!(stands_in_a_file(&scratch, SEALED));

        let (erased, appended) = ledger.erase(&erasure("a"), AT, &[&key()]).unwrap();
        ledger.erase(&erasure("b"), AT, &[&key()]).unwrap();
        assert_eq!((erased, appended.first), (1, 7));
        assert!(!stands_in_a_file(&scratch, SEALED) && !stands_in_a_file(&scratch, &SEALED[..16]), "{journal:?}");
        assert_eq!(ledger.payload(&digest).unwrap(), None);
        let entry = &ledger.entries(&EntryFilter { from: Some(7), until: Some(8), ..Default::default() }).unwrap()[0];
        assert_eq!(entry.entry.data, json!({"payloads": [digest], "reason": "request of the person concerned"}));
        for (proof, stored) in proofs.iter().zip(&bodies) {
            assert_eq!(proof.verify(&stored.body, &keys()).included.status, Status::Holds);
        }
        let verified = ledger.verify(&[anchor], &keys()).unwrap();
        assert_eq!((verified.internal.status, verified.anchored.status), (Status::Holds, Status::Holds));
        assert!(verified.internal.details.iter().any(|line| line.starts_with("2 of 2 payloads were erased")));
        assert!(matches!(ledger.erase(&erasure("a"), AT, &[]), Err(LedgerError::NothingToErase(_))));
        assert!(matches!(ledger.erase(&erasure("no such run"), AT, &[]), Err(LedgerError::NothingToErase(_))));
        drop(ledger);
        assert!(!stands_in_a_file(&scratch, SEALED), "{journal:?}");
    }
}

#[test]
fn a_legal_hold_forbids_erasing_until_it_is_lifted() {
    let (scratch, digest) = sealed(Journal::Rollback);
    let mut ledger = scratch.ledger();
    let hold = |held, ledger: &mut Ledger| ledger.hold(held, &draft(Kind::LegalHold, "a", json!({})), AT, &[&key()]);
    hold(true, &mut ledger).unwrap();
    let size = ledger.checkpoint().unwrap().unwrap().size;
    let refused = ledger.erase(&erasure("a"), AT, &[&key()]).unwrap_err();
    assert_eq!(refused.to_string(), "the run `a` is under legal hold");
    assert!(ledger.is_held("a").unwrap() && !ledger.is_held("b").unwrap());
    assert_eq!(ledger.checkpoint().unwrap().unwrap().size, size);
    assert!(ledger.payload(&digest).unwrap().is_some());
    hold(false, &mut ledger).unwrap();
    ledger.erase(&erasure("a"), AT, &[&key()]).unwrap();
    assert_eq!(ledger.verify(&[], &keys()).unwrap().internal.status, Status::Holds);
}

#[test]
fn a_reader_that_keeps_the_wal_is_named_when_it_keeps_erased_bytes() {
    let (scratch, _) = sealed(Journal::Wal);
    let mut ledger = scratch.ledger();
    ledger.set_busy_timeout(Duration::from_millis(50)).unwrap();
    let reader = Connection::open(&scratch.path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entries").unwrap();
    let refused = ledger.erase(&erasure("a"), AT, &[&key()]).unwrap_err();
    assert!(matches!(refused, LedgerError::StillInWal), "{refused}");
    drop(reader);
    ledger.set_busy_timeout(BUSY_TIMEOUT).unwrap();
    // The payload is gone already; what is left to do is the file.
    assert!(matches!(ledger.erase(&erasure("a"), AT, &[&key()]), Err(LedgerError::NothingToErase(_))));
    let only_of_a = [b"a".as_slice(), &SEALED[..20]].concat();
    assert!(!stands_in_a_file(&scratch, &only_of_a));
}

#[test]
fn a_ledger_of_layout_1_is_verified_and_migrated_and_keeps_its_root() {
    let old = layout_1(&run("a", 300));
    assert!(matches!(Ledger::open(&old.path), Err(LedgerError::Layout { found: 1, known: 2, .. })));
    let mut ledger = old.ledger();
    let anchor = note_of_layout_1(&old);
    let entries = ledger.entries(&EntryFilter::default()).unwrap();
    let last = entries.last().unwrap();
    assert_eq!((last.index, last.entry.kind), (303, Kind::Migration));
    assert_eq!(last.entry.data, json!({"from": 1, "to": 2, "schema": known_fingerprint().unwrap()}));
    ledger.append(&run("b", 1), AT, &[&key()]).unwrap();
    let verified = ledger.verify(&[anchor], &keys()).unwrap();
    let statuses = (verified.internal.status, verified.anchored.status, verified.signed.status);
    assert_eq!(statuses, (Status::Holds, Status::Holds, Status::Holds), "{verified:#?}");
    let payload = Hash::of(&[b"unsalted"]);
    assert_eq!(ledger.payload(&payload).unwrap().unwrap(), b"unsalted");
}

#[test]
fn a_ledger_of_layout_1_that_was_tampered_with_is_not_migrated() {
    for sql in [
        "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'clinic', 'cliniq') AS BLOB) WHERE idx = 2",
        "DELETE FROM entries WHERE idx = 303 - 1",
        "UPDATE heads SET root = zeroblob(32)",
        "UPDATE notes SET text = replace(text, char(10) || '303' || char(10), char(10) || '302' || char(10))",
        "CREATE TABLE more (x)",
    ] {
        let old = layout_1(&run("a", 300));
        old.tamper(sql);
        let before = fs::read(&old.path).unwrap();
        let refused = Ledger::open_or_create(&old.path, ORIGIN);
        assert!(refused.is_err(), "{sql}");
        assert_eq!(fs::read(&old.path).unwrap(), before);
    }
}

/// A ledger as the first version of this crate wrote it.
fn layout_1(drafts: &[Draft]) -> Scratch {
    let (old, new) = (Scratch::new(), Scratch::new());
    let connection = Connection::open(&old.path).unwrap();
    connection.execute_batch(include_str!("schema-1.sql")).unwrap();
    connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let schema = fingerprint(&connection).unwrap();
    assert_eq!(schema.hex(), "b3385e27574ec4f708c64de53a0bff348c5577dcd106cbe834aed9633e50c466");
    let mut ledger = new.ledger();
    ledger.append(drafts, AT, &[]).unwrap();
    let (mut prev, mut edge) = (Hash::ZERO, aedile_formats::merkle::Frontier::default());
    for stored in ledger.entries(&EntryFilter::default()).unwrap() {
        let mut entry = stored.entry;
        entry.prev = prev;
        if entry.idx == 0 {
            entry.data["schema"] = json!(schema);
        }
        let body = entry.to_bytes().unwrap();
        prev = aedile_formats::merkle::leaf_hash(&body);
        edge.push(prev);
        let row = rusqlite::params![sql(entry.idx), prev.as_bytes(), entry.kind.name(), entry.run, body];
        connection.execute("INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5)", row).unwrap();
    }
    let root = edge.root();
    connection.execute("INSERT INTO heads VALUES (?1, ?2)", rusqlite::params![303, root.as_bytes()]).unwrap();
    let note = crate::Checkpoint::new(ORIGIN, 303, root).signed(&[&key()]).unwrap().note;
    connection.execute("INSERT INTO notes VALUES (1, 303, ?1)", [note]).unwrap();
    let digest = Hash::of(&[b"unsalted"]);
    let row = rusqlite::params![digest.as_bytes(), b"unsalted"];
    connection.execute("INSERT INTO payloads VALUES (?1, ?2)", row).unwrap();
    old
}

fn note_of_layout_1(scratch: &Scratch) -> String {
    Connection::open(&scratch.path)
        .unwrap()
        .query_row("SELECT text FROM notes WHERE size = 303", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn triggers_refuse_update_delete_and_replace() {
    let scratch = Scratch::signed(2);
    scratch.ledger().append(&run("many", 300), AT, &[&key()]).unwrap();
    let connection = connect(&scratch.path, OpenFlags::SQLITE_OPEN_READ_WRITE, BUSY_TIMEOUT).unwrap();
    for sql in [
        "UPDATE entries SET run = 'x' WHERE idx = 3",
        "DELETE FROM entries WHERE idx = 8",
        "INSERT OR REPLACE INTO entries SELECT idx, leaf, kind, 'x', body FROM entries WHERE idx = 3",
        "INSERT INTO entries SELECT 400, leaf, kind, run, body FROM entries WHERE idx = 8",
        "UPDATE nodes SET hash = zeroblob(32)",
        "DELETE FROM nodes",
        "INSERT OR REPLACE INTO nodes VALUES (8, 0, zeroblob(32))",
        "UPDATE heads SET root = zeroblob(32)",
        "DELETE FROM heads",
        "INSERT OR REPLACE INTO heads VALUES (5, zeroblob(32))",
        "UPDATE notes SET size = 1",
        "DELETE FROM notes",
        "INSERT OR REPLACE INTO notes VALUES (1, 1, 'x')",
        "UPDATE payloads SET bytes = x'00'",
    ] {
        let done = connection.execute(sql, []);
        assert!(done.is_err() || sql.contains("payloads"), "{sql}: {done:?}");
    }
    drop(connection);
    assert_eq!(scratch.ledger().verify(&[], &keys()).unwrap().internal.status, Status::Holds);
}

#[test]
fn a_changed_file_is_not_appended_to() {
    let refusal = |sql: &str| {
        let scratch = Scratch::signed(2);
        scratch.tamper(sql);
        let before = fs::read(&scratch.path).unwrap();
        let error = scratch.ledger().append(&run("z", 0), AT, &[&key()]).unwrap_err();
        assert_eq!(fs::read(&scratch.path).unwrap(), before);
        error
    };
    let behind = refusal("DELETE FROM entries WHERE idx = 8");
    assert!(matches!(behind, LedgerError::Behind { size: 8, checkpoint: 9 }), "{behind}");
    assert!(behind.help().unwrap().contains("nothing was appended"));
    let notes_know = refusal("DELETE FROM entries WHERE idx > 4; DELETE FROM heads WHERE size > 5");
    assert!(matches!(notes_know, LedgerError::Behind { size: 5, checkpoint: 9 }), "{notes_know}");
    for sql in [
        "UPDATE entries SET leaf = zeroblob(32) WHERE idx = 8",
        "UPDATE heads SET root = zeroblob(32) WHERE size = 9",
        "INSERT INTO entries SELECT 9, leaf, kind, run, body FROM entries WHERE idx = 8",
    ] {
        let error = refusal(sql);
        assert!(matches!(error, LedgerError::Diverged { .. }), "{sql}: {error}");
    }
    let scratch = Scratch::signed(1);
    Connection::open(&scratch.path).unwrap().execute_batch("DROP TRIGGER entries_never_go").unwrap();
    let error = scratch.ledger().append(&run("z", 0), AT, &[]).unwrap_err();
    assert!(matches!(error, LedgerError::SchemaChanged), "{error}");
}

#[test]
fn what_cannot_be_read_back_is_not_signed() {
    // A body that changed between the write and the signature: here, one that an unsigned append left behind.
    let scratch = Scratch::signed(1);
    scratch.ledger().append(&run("b", 1), AT, &[]).unwrap();
    scratch.tamper(
        "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'clinic', 'cliniq') AS BLOB) WHERE idx = 6",
    );
    let error = scratch.ledger().append(&run("c", 0), AT, &[&key()]).unwrap_err();
    let LedgerError::Unconfirmed { source, .. } = &error else { unreachable!("{error}") };
    assert!(matches!(**source, LedgerError::Diverged { .. }));
    let notes: i64 =
        Connection::open(&scratch.path).unwrap().query_row("SELECT count(*) FROM notes", [], |row| row.get(0)).unwrap();
    assert_eq!(notes, 1);
}

#[test]
fn a_changed_entry_is_not_given_out() {
    let scratch = Scratch::signed(1);
    scratch.tamper(
        "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'clinic', 'cliniq') AS BLOB) WHERE idx = 2",
    );
    let error = scratch.ledger().entries(&EntryFilter::default()).unwrap_err();
    assert_eq!(error.to_string(), "the ledger is damaged: entry 2 does not have the hash stored beside it");
}

#[test]
fn eight_writers_at_once_lose_nothing() {
    let scratch = Scratch::new();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let path = &scratch.path;
            scope.spawn(move || {
                let mut ledger = Ledger::open_or_create(path, ORIGIN).unwrap();
                ledger.set_busy_timeout(Duration::from_secs(60)).unwrap();
                for number in 0..20 {
                    let name = format!("{thread}-{number}");
                    let appended = ledger.append(&run(&name, 1), AT, &[&key()]).unwrap();
                    assert!(!appended.recovered);
                }
            });
        }
    });
    let ledger = scratch.ledger();
    assert_eq!(ledger.runs().unwrap().len(), 160);
    let verified = ledger.verify(&[], &keys()).unwrap();
    assert_eq!(verified.size, 1 + 160 * 3);
    assert_eq!((verified.internal.status, verified.signed.status), (Status::Holds, Status::Holds), "{verified:?}");
}

#[test]
fn a_commit_cut_short_is_named_to_readers_and_rolled_back_by_writers() {
    let (scratch, crashed) = (Scratch::signed(1), Scratch::new());
    let writer = Connection::open(&scratch.path).unwrap();
    writer.execute_batch("PRAGMA cache_size = 1; BEGIN IMMEDIATE").unwrap();
    writer
        .execute_batch(
            "INSERT INTO payloads SELECT randomblob(32), randomblob(32), randomblob(9000) FROM entries;
             INSERT INTO notes (size, text) SELECT idx + 1, hex(randomblob(4000)) FROM entries",
        )
        .unwrap();
    // What a power cut would leave: pages already written over, and the journal that restores them.
    fs::copy(&scratch.path, &crashed.path).unwrap();
    let journal = |scratch: &Scratch| scratch.dir.path().join("ledger.db-journal");
    fs::copy(journal(&scratch), journal(&crashed)).unwrap();
    drop(writer);

    let found = Ledger::open(&crashed.path).and_then(|ledger| ledger.verify(&[], &keys()));
    assert!(matches!(found, Err(LedgerError::Interrupted)), "{found:?}");
    let verified = crashed.ledger().verify(&[], &keys()).unwrap();
    assert_eq!((verified.internal.status, verified.signed.status), (Status::Holds, Status::Holds));
    assert!(!journal(&crashed).exists());
}

#[test]
fn a_locked_ledger_is_busy_not_stuck() {
    let scratch = Scratch::signed(1);
    let mut ledger = scratch.ledger();
    ledger.set_busy_timeout(Duration::from_millis(50)).unwrap();
    let other = Connection::open(&scratch.path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let start = Instant::now();
    let error = ledger.append(&run("b", 0), AT, &[]).unwrap_err();
    assert!(matches!(error, LedgerError::Busy), "{error}");
    assert!(matches!(ledger.verify(&[], &[]), Err(LedgerError::Busy)));
    assert!(start.elapsed() < Duration::from_secs(5));
    other.execute_batch("ROLLBACK").unwrap();
    ledger.append(&run("b", 0), AT, &[]).unwrap();
}

#[test]
fn a_ledger_opened_for_reading_is_not_written() {
    let scratch = Scratch::signed(1);
    let before = fs::read(&scratch.path).unwrap();
    let mut ledger = Ledger::open(&scratch.path).unwrap();
    assert!(matches!(ledger.append(&run("b", 0), AT, &[]), Err(LedgerError::ReadOnly)));
    assert!(ledger.connection.execute("DELETE FROM payloads", []).is_err());
    drop(ledger);
    let mut permissions = fs::metadata(&scratch.path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&scratch.path, permissions).unwrap();
    let mut ledger = scratch.ledger();
    // The superuser may write all the same, and then nothing is wrong.
    if fs::OpenOptions::new().append(true).open(&scratch.path).is_err() {
        assert!(matches!(ledger.append(&run("b", 0), AT, &[]), Err(LedgerError::ReadOnly)));
        assert_eq!(fs::read(&scratch.path).unwrap(), before);
    }
    assert_eq!(ledger.verify(&[], &keys()).unwrap().internal.status, Status::Holds);
}

#[test]
fn other_files_are_named_as_such_and_left_alone() {
    let scratch = Scratch::new();
    let dir = scratch.dir.path();
    assert!(matches!(Ledger::open(&dir.join("none")), Err(LedgerError::Missing(_))));
    assert!(!dir.join("none").exists());
    assert!(matches!(Ledger::open(dir), Err(LedgerError::NotALedger(_))));
    assert!(matches!(Ledger::open_or_create(&dir.join("no/such/dir"), ORIGIN), Err(LedgerError::Missing(_))));

    let text = dir.join("text");
    fs::write(&text, "not a database ".repeat(400)).unwrap();
    let foreign = dir.join("foreign");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    for path in [&text, &foreign] {
        let before = fs::read(path).unwrap();
        assert!(matches!(Ledger::open(path), Err(LedgerError::NotALedger(_))));
        assert!(matches!(Ledger::open_or_create(path, ORIGIN), Err(LedgerError::NotALedger(_))));
        assert_eq!(fs::read(path).unwrap(), before);
    }
    let empty = dir.join("empty");
    fs::write(&empty, "").unwrap();
    assert!(matches!(Ledger::open(&empty), Err(LedgerError::NotALedger(_))));

    let newer = Scratch::signed(1);
    Connection::open(&newer.path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Ledger::open_or_create(&newer.path, ORIGIN), Err(LedgerError::Layout { found: 99, .. })));
    assert!(matches!(Ledger::open(&newer.path), Err(LedgerError::Layout { found: 99, .. })));
}

#[test]
fn a_destroyed_page_is_an_error_or_a_fault_never_a_panic() {
    let scratch = Scratch::signed(20);
    let whole = fs::read(&scratch.path).unwrap();
    for page in 0..whole.len() / 4096 {
        let mut torn = whole.clone();
        torn[page * 4096..(page + 1) * 4096].fill(0xa5);
        fs::write(&scratch.path, &torn).unwrap();
        let found = Ledger::open(&scratch.path).and_then(|ledger| ledger.verify(&[], &keys()));
        assert!(found.is_err() || found.unwrap().internal.status == Status::Fails, "page {page}");
        fs::write(&scratch.path, &whole[..page * 4096 + 100]).unwrap();
        let found = Ledger::open(&scratch.path).and_then(|ledger| ledger.verify(&[], &keys()));
        assert!(found.is_err() || found.unwrap().internal.status == Status::Fails, "cut in page {page}");
    }
}

#[test]
fn a_signature_covers_everything_since_the_last_one() {
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    ledger.append(&run("a", 3), AT, &[]).unwrap();
    ledger.append(&run("b", 3), AT, &[&key()]).unwrap();
    ledger.append(&run("c", 3), AT, &[]).unwrap();
    let signed = ledger.verify(&[], &keys()).unwrap().signed;
    assert_eq!(signed.status, Status::NotShown);
    assert!(signed.sentence.ends_with("the 5 entries after them are unsigned"), "{}", signed.sentence);
    ledger.append(&run("d", 3), AT, &[&key()]).unwrap();
    assert_eq!(ledger.verify(&[], &keys()).unwrap().signed.status, Status::Holds);
    let stranger = [SigningKey::generate(ORIGIN).unwrap().verifying_key().clone()];
    assert_eq!(ledger.verify(&[], &stranger).unwrap().signed.status, Status::Fails);
}

#[test]
fn the_library_is_new_enough() {
    assert!(rusqlite::version_number() >= SQLITE_LEAST);
}
