//! Verification says which of its statements fails.

use std::path::Path;

use rusqlite::Connection;

use crate::program::{aedile, code, public_bucket, stderr, stdout};

fn recorded() -> tempfile::TempDir {
    let folder = public_bucket();
    let output = aedile(folder.path(), &["scan", ".", "--format", "json=run.json,html=run.html"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    folder
}

fn verify(folder: &Path, args: &[&str]) -> (i32, String) {
    let mut all = vec!["log", "verify"];
    all.extend(args);
    let output = aedile(folder, &all);
    (code(&output), stdout(&output) + &stderr(&output))
}

/// Changes the ledger as somebody with the file and no conscience would.
fn tamper(folder: &Path, statement: &str) {
    let connection = Connection::open(folder.join(".aedile/ledger.db")).expect("the ledger opens");
    let triggers: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .and_then(|mut rows| rows.query_map([], |row| row.get(0))?.collect())
        .expect("triggers can be listed");
    let saved: Vec<String> = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")
        .and_then(|mut rows| rows.query_map([], |row| row.get(0))?.collect())
        .expect("triggers can be read");
    for trigger in triggers {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).expect("a trigger can be dropped");
    }
    connection.execute_batch(statement).expect("the change goes through");
    for sql in saved {
        connection.execute_batch(&sql).expect("a trigger can be made again");
    }
}

#[test]
fn an_untouched_ledger_verifies_and_says_what_is_not_shown() {
    let folder = recorded();
    let (code, said) = verify(folder.path(), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 internally consistent: HOLDS"));
    assert!(said.contains("2 consistent with the anchors: NOT SHOWN"));
    assert!(said.contains("3 signed by the keys expected: NOT SHOWN"));
}

#[test]
fn a_flipped_byte_fails_the_first_statement() {
    let folder = recorded();
    tamper(
        folder.path(),
        "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'critical', 'criticaL') AS BLOB) WHERE kind = 'finding'",
    );
    let (code, said) = verify(folder.path(), &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("1 internally consistent: FAILS"), "{said}");
}

#[test]
fn a_removed_last_row_fails_and_an_anchor_shows_it_too() {
    let folder = recorded();
    tamper(folder.path(), "DELETE FROM entries WHERE idx = (SELECT max(idx) FROM entries)");
    let (code, said) = verify(folder.path(), &["--checkpoint", "run.json"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("FAILS"), "{said}");
    assert!(said.contains("2 consistent with the anchors: FAILS"), "{said}");
}

#[test]
fn a_signed_ledger_names_its_key() {
    let folder = public_bucket();
    let made = aedile(folder.path(), &["log", "key", "audit.example.org", "--output", "secret.key"]);
    assert_eq!(code(&made), 0, "{}", stderr(&made));
    let vkey = stdout(&made).trim().to_owned();
    let output = aedile(folder.path(), &["scan", ".", "--key", "secret.key", "--format", "json=run.json"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let (code, said) = verify(folder.path(), &["--key", &vkey, "--checkpoint", "run.json"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.matches("HOLDS").count(), 3, "{said}");
}

#[test]
fn a_report_shows_its_proofs_and_an_edited_one_is_caught() {
    let folder = recorded();
    for report in ["run.json", "run.html"] {
        let check = || {
            let output = aedile(folder.path(), &["log", "verify-proof", report]);
            (code(&output), stdout(&output) + &stderr(&output))
        };
        let (code, said) = check();
        assert_eq!(code, 0, "{said}");
        let text = std::fs::read_to_string(folder.path().join(report)).expect("the report is there");
        let whole = "\"severity\":\"critical\"";
        let spaced = "\"severity\": \"critical\"";
        let edited = if text.contains(whole) {
            text.replace(whole, "\"severity\":\"low\"")
        } else {
            text.replace(spaced, "\"severity\": \"low\"")
        };
        assert_ne!(edited, text);
        std::fs::write(folder.path().join(report), edited).expect("it can be changed");
        let (code, said) = check();
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("2 every finding is in the log: FAILS"), "{said}");
    }
}

#[test]
fn a_recorded_run_can_be_rendered_again() {
    let folder = recorded();
    let first = std::fs::read(folder.path().join("run.json")).expect("the report is there");
    let output = aedile(folder.path(), &["report", "--format", "json"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert_eq!(output.stdout, first);
}

#[test]
fn the_log_shows_the_kinds_of_a_run() {
    let folder = recorded();
    let output = aedile(folder.path(), &["log", "show", "--run", "latest"]);
    let said = stdout(&output);
    for kind in ["run-start", "finding", "verdict-summary", "run-end"] {
        assert!(said.contains(kind), "{kind} is missing in:\n{said}");
    }
}
