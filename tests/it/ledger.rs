//! Verification says which of its statements fails.

use std::path::Path;

use rusqlite::Connection;

use crate::program::{aedile, code, platform, public_bucket, stderr, stdout};

fn recorded() -> tempfile::TempDir {
    let folder = public_bucket();
    let output = aedile(folder.path(), &["scan", ".", "--format", "json=run.json,html=run.html"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    folder
}

fn verify(folder: &Path, args: &[&str]) -> (i32, String) {
    let mut all = vec!["log", "verify"];
    all.extend(args);
    told(folder, &all)
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
        let edited = if report.ends_with("html") {
            // What is shown; the run inside of the page is compressed.
            text.replacen("data-severity=\"critical\"", "data-severity=\"low\"", 1)
        } else if text.contains(whole) {
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

/// What a command printed on both outputs, and its exit code.
fn told(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = aedile(folder, args);
    (code(&output), stdout(&output) + &flat(&stderr(&output)))
}

/// A message without the line breaks that its frame puts in.
fn flat(message: &str) -> String {
    message.replace("\n  │ ", " ")
}

/// A command that must succeed.
fn done(folder: &Path, args: &[&str]) -> String {
    let (code, said) = told(folder, args);
    assert_eq!(code, 0, "{args:?}: {said}");
    said
}

/// A folder with a signed ledger of one run; the key lies outside the ledger's folder.
fn signed() -> (tempfile::TempDir, String) {
    let folder = public_bucket();
    let said = done(folder.path(), &["log", "init", "--origin", "example.org/clinic", "--key", "clinic.key"]);
    let vkey = said.lines().find_map(|line| line.strip_prefix("key in force: ")).expect("the key is named").to_owned();
    assert_eq!(code(&scan(folder.path(), "clinic.key")), 1);
    (folder, vkey)
}

fn scan(folder: &Path, key: &str) -> std::process::Output {
    aedile(
        folder,
        &["scan", ".", "--key", key, "--format", "json=run.json,html=run.html,markdown=run.md,sarif=run.sarif"],
    )
}

fn latest(folder: &Path) -> String {
    let said = stdout(&aedile(folder, &["log", "show", "--kind", "run-end", "--format", "json"]));
    let entry: serde_json::Value = serde_json::from_str(said.lines().last().expect("there is a run")).expect("JSON");
    entry.get("run").and_then(serde_json::Value::as_str).expect("it has a name").to_owned()
}

#[test]
fn init_makes_a_private_key_but_never_beside_the_ledger() {
    let folder = platform(&[("empty.md", "")]);
    let (code, said) = told(folder.path(), &["log", "init", "--key", ".aedile/secret.key"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("would lie in the ledger's own directory"), "{said}");
    assert!(!folder.path().join(".aedile/secret.key").exists());
    let unsigned = done(folder.path(), &["log", "init"]);
    assert!(unsigned.contains("The ledger is unsigned"), "{unsigned}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let other = platform(&[("empty.md", "")]);
        done(other.path(), &["log", "init", "--key", "secret.key"]);
        let key = other.path().join("secret.key");
        assert_eq!(std::fs::metadata(&key).expect("it is there").permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("it can be changed");
        let (code, said) = told(other.path(), &["scan", ".", "--key", "secret.key"]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("can be read by others than its owner"), "{said}");
    }
}

#[test]
fn a_key_may_lie_in_a_variable_or_behind_a_program() {
    let (folder, vkey) = signed();
    let secret = std::fs::read_to_string(folder.path().join("clinic.key")).expect("the key is there");
    let run = |key: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_aedile"))
            .current_dir(folder.path())
            .env("CLINIC_KEY", secret.trim())
            .args(["scan", ".", "--fail-on", "never", "--key", key])
            .output()
            .expect("the binary runs")
    };
    let output = run("env:CLINIC_KEY");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(flat(&stderr(&run("env:NOT_SET"))).contains("`NOT_SET` is not set"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A device that answers for the key and signs with nonsense: what it gives is checked before it is kept.
        let script =
            format!("#!/bin/sh\nif [ \"$1\" = key ]; then echo '{vkey}'; else head -c 64 /dev/zero | base64 -w0; fi\n");
        let program = folder.path().join("device");
        std::fs::write(&program, script).expect("it can be written");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it can be changed");
        let output = run("exec:./device");
        assert_eq!(code(&output), 2);
        assert!(flat(&stderr(&output)).contains("the checkpoint could not be signed"), "{}", stderr(&output));
        let output = run("exec:./no-such-device");
        assert!(flat(&stderr(&output)).contains("cannot be started"), "{}", stderr(&output));
    }
    // The run was recorded, and says that it is not confirmed; the next append signs it too.
    assert_eq!(code(&scan(folder.path(), "clinic.key")), 1);
    let (code, said) = verify(folder.path(), &["--key", &vkey]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("3 signed by the keys expected: HOLDS"), "{said}");
}

#[test]
fn every_place_that_keeps_a_checkpoint_gives_it_back() {
    let (folder, vkey) = signed();
    let job = scan(folder.path(), "clinic.key");
    let line = stderr(&job).lines().find(|line| line.contains("aedile-checkpoint:")).expect("the line").to_owned();
    std::fs::write(folder.path().join("job.log"), format!("12:00:01 start\n12:00:09 {line}\n")).expect("written");
    let note = done(folder.path(), &["log", "checkpoint"]);
    std::fs::write(folder.path().join("note"), note).expect("written");
    done(folder.path(), &["log", "hold", &latest(folder.path()), "--reason", "audit", "--key", "clinic.key"]);
    for anchor in ["job.log", "note", "run.json", "run.html", "run.md", "run.sarif", line.as_str()] {
        let (code, said) = verify(folder.path(), &["--key", &vkey, "--checkpoint", anchor]);
        assert_eq!(code, 0, "{anchor}: {said}");
        assert!(said.contains("2 consistent with the anchors: HOLDS"), "{anchor}: {said}");
        assert!(said.contains("the 1 entry after them are attested by none"), "{anchor}: {said}");
    }
    let page = std::fs::read_to_string(folder.path().join("run.html")).expect("the page is there");
    let footer = page.split("<footer>").nth(1).expect("it has a footer");
    assert!(footer.contains("aedile-checkpoint: size "), "{footer:.400}");
    let (code, said) = verify(folder.path(), &["--checkpoint", "aedile.yaml"]);
    assert_eq!(code, 2);
    assert!(said.contains("holds no checkpoint"), "{said}");
}

#[test]
fn a_cut_end_a_rollback_and_a_rewrite_are_each_told_by_the_anchor() {
    let (folder, vkey) = signed();
    let ledger = folder.path().join(".aedile/ledger.db");
    let backup = std::fs::read(&ledger).expect("the ledger is there");
    scan(folder.path(), "clinic.key");
    let note = done(folder.path(), &["log", "checkpoint"]);
    std::fs::write(folder.path().join("anchor"), note).expect("written");

    // Rolled back to a backup: everything in the file agrees and is signed.
    std::fs::write(&ledger, &backup).expect("written");
    let (code, said) = verify(folder.path(), &["--key", &vkey, "--checkpoint", "anchor"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("1 internally consistent: HOLDS") && said.contains("3 signed by the keys expected: HOLDS"));
    assert!(said.contains("the end is missing"), "{said}");

    // Written anew from start to end with another key of the same name.
    std::fs::remove_file(&ledger).expect("removed");
    done(folder.path(), &["log", "init", "--origin", "example.org/clinic", "--key", "forger.key"]);
    scan(folder.path(), "forger.key");
    scan(folder.path(), "forger.key");
    let (code, said) = verify(folder.path(), &["--key", &vkey, "--checkpoint", "anchor"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("1 internally consistent: HOLDS"), "{said}");
    assert!(said.contains("2 consistent with the anchors: FAILS"), "{said}");
    assert!(said.contains("unsigned by the keys expected"), "{said}");
}

#[test]
fn a_fork_is_printed_with_both_notes() {
    let (folder, vkey) = signed();
    let ledger = folder.path().join(".aedile/ledger.db");
    let common = std::fs::read(&ledger).expect("the ledger is there");
    let run = latest(folder.path());
    let hold = |reason: &str| done(folder.path(), &["log", "hold", &run, "--reason", reason, "--key", "clinic.key"]);
    hold("one history");
    let one = done(folder.path(), &["log", "checkpoint"]);
    std::fs::write(folder.path().join("one"), &one).expect("written");
    std::fs::write(&ledger, common).expect("written");
    hold("the other history");
    let other = done(folder.path(), &["log", "checkpoint"]);
    let (code, said) = verify(folder.path(), &["--key", &vkey, "--checkpoint", "one"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("proof of a fork") && said.contains(one.trim()) && said.contains(other.trim()), "{said}");
    // An export of one history is not overwritten by the other.
    done(folder.path(), &["log", "export", "tiles"]);
    hold("later");
    done(folder.path(), &["log", "export", "tiles"]);
    let (code, said) =
        told(folder.path(), &["log", "verify", "--tlog", "tiles", "--key", &vkey, "--checkpoint", "one"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("proof of a fork"), "{said}");
}

#[test]
fn dropped_triggers_are_told_and_nothing_is_appended() {
    let (folder, _) = signed();
    let connection = Connection::open(folder.path().join(".aedile/ledger.db")).expect("it opens");
    connection.execute_batch("DROP TRIGGER entries_never_go").expect("it can be dropped");
    drop(connection);
    let (code, said) = verify(folder.path(), &[]);
    assert_eq!(code, 2);
    assert!(said.contains("triggers are not those that the genesis entry names"), "{said}");
    let output = scan(folder.path(), "clinic.key");
    assert!(flat(&stderr(&output)).contains("tables or triggers have been changed"), "{}", stderr(&output));
}

#[test]
fn keys_rotate_with_an_overlap_and_the_first_key_is_enough() {
    let (folder, first) = signed();
    let folder = folder.path();
    let (code, said) = told(folder, &["log", "rotate", "--to", "second.key"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is not in force"), "{said}");
    let said = done(folder, &["log", "rotate", "--to", "second.key", "--key", "clinic.key"]);
    assert_eq!(said.matches("key in force").count(), 2, "{said}");
    let second =
        said.lines().filter_map(|line| line.strip_prefix("key in force: ")).next_back().expect("a key").to_owned();
    done(
        folder,
        &["log", "hold", &latest(folder), "--reason", "overlap", "--key", "clinic.key", "--key", "second.key"],
    );
    done(folder, &["log", "retire", &first, "--reason", "yearly", "--key", "second.key"]);
    let (code, said) =
        told(folder, &["log", "hold", &latest(folder), "--lift", "--reason", "x", "--key", "clinic.key"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is not in force in this ledger"), "{said}");
    scan(folder, "second.key");
    for vkey in [&first, &second] {
        let (code, said) = verify(folder, &["--key", vkey, "--checkpoint", "run.json"]);
        assert_eq!((code, said.matches("HOLDS").count()), (0, 3), "{said}");
    }
    let (_, said) = verify(folder, &["--key", &first]);
    assert!(said.contains("was introduced by") && said.contains("was retired by"), "{said}");
}

#[test]
fn a_run_is_erased_and_held_and_old_proofs_still_verify() {
    let (folder, vkey) = signed();
    let folder = folder.path();
    let run = latest(folder);
    done(folder, &["log", "prove", "--run", "latest", "--output", "proofs"]);
    done(folder, &["log", "hold", &run, "--reason", "litigation", "--key", "clinic.key"]);
    let (code, said) = told(folder, &["log", "erase", &run, "--reason", "request", "--key", "clinic.key"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("under legal hold") && said.contains("--lift"), "{said}");
    done(folder, &["log", "hold", &run, "--lift", "--reason", "settled", "--key", "clinic.key"]);
    done(folder, &["log", "erase", &run, "--reason", "request", "--by", "dpo", "--key", "clinic.key"]);
    let (code, said) = told(folder, &["report", "--run", &run]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("its payload was erased"), "{said}");
    let bytes = std::fs::read(folder.join(".aedile/ledger.db")).expect("the ledger is there");
    assert!(!bytes.windows(16).any(|window| window == b"\"relations\":[{\"k"), "the payload's bytes are still there");
    let (code, said) = verify(folder, &["--key", &vkey, "--checkpoint", "run.json"]);
    assert_eq!((code, said.matches("HOLDS").count()), (0, 3), "{said}");
    let mut proofs = 0;
    for file in std::fs::read_dir(folder.join("proofs")).expect("the proofs are there") {
        let file = file.expect("it can be listed").path();
        if file.extension().is_some_and(|end| end == "tlog-proof") {
            let said = done(folder, &["log", "verify-proof", &file.display().to_string(), "--key", &vkey]);
            assert_eq!(said.matches("HOLDS").count(), 2, "{said}");
            let entry = file.with_extension("entry.json");
            let changed = std::fs::read_to_string(&entry)
                .expect("it is there")
                .replace("\"kind\":\"finding\"", "\"kind\":\"waiver\"");
            std::fs::write(&entry, changed).expect("it can be changed");
            let (code, said) = told(folder, &["log", "verify-proof", &file.display().to_string(), "--key", &vkey]);
            assert!(code == 2 && said.contains("included in the log: FAILS"), "{said}");
            proofs += 1;
        }
    }
    assert!(proofs > 0);
}

#[test]
fn a_log_is_exported_and_verified_as_a_strangers() {
    let (folder, vkey) = signed();
    let folder = folder.path();
    done(folder, &["log", "export", "tiles"]);
    let verify =
        |key: &str| told(folder, &["log", "verify", "--tlog", "tiles", "--key", key, "--checkpoint", "run.json"]);
    let (code, said) = verify(&vkey);
    assert_eq!((code, said.matches("HOLDS").count()), (0, 3), "{said}");
    let stranger = done(folder, &["log", "key", "example.org/clinic", "--output", "other.key"]);
    let (code, said) = verify(stranger.trim());
    assert!(code == 2 && said.contains("3 signed by the keys expected: FAILS"), "{said}");
    let (code, said) = told(folder, &["log", "verify", "--tlog", "data"]);
    assert!(code == 2 && said.contains("checkpoint"), "{said}");
}

#[test]
fn an_attestation_says_what_failed_and_is_refused_when_changed() {
    let (folder, vkey) = signed();
    let folder = folder.path();
    let bare: serde_json::Value =
        serde_json::from_str(&stdout(&aedile(folder, &["log", "statement"]))).expect("the statement is JSON");
    assert_eq!(bare["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(bare["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
    assert_eq!(bare["predicate"]["result"], "FAILED");
    assert!(!bare["predicate"]["failedTests"].as_array().expect("a list").is_empty());
    let shown = stdout(&aedile(folder, &["log", "show", "--kind", "run-end", "--format", "json"]));
    let digest = aedile_audit::Hash::of(&[shown.trim_end().as_bytes()]).hex();
    assert_eq!(bare["subject"][0]["digest"]["sha256"], digest.as_str());

    let envelope = done(folder, &["log", "statement", "--key", "clinic.key"]);
    std::fs::write(folder.join("run.intoto.json"), &envelope).expect("written");
    let said = done(folder, &["log", "verify-proof", "run.intoto.json", "--key", &vkey]);
    assert!(said.contains("FAILED for the run run-"), "{said}");
    let mut changed: serde_json::Value = serde_json::from_str(&envelope).expect("the envelope is JSON");
    let other = changed["payload"].as_str().expect("text").replacen('e', "f", 1);
    changed["payload"] = other.into();
    std::fs::write(folder.join("run.intoto.json"), changed.to_string()).expect("written");
    let (code, said) = told(folder, &["log", "verify-proof", "run.intoto.json", "--key", &vkey]);
    assert_eq!(code, 2, "{said}");
}

#[test]
fn a_witness_on_another_machine_vouches_and_a_rollback_is_told_by_it() {
    let (folder, vkey) = signed();
    let folder = folder.path();
    let wkey = done(folder, &["log", "key", "witness.example/w1", "--witness", "--output", "witness.key"]);
    let mut witness = std::process::Command::new(env!("CARGO_BIN_EXE_aedile"))
        .current_dir(folder)
        .args([
            "log",
            "witness",
            "--listen",
            "127.0.0.1:0",
            "--key",
            "witness.key",
            "--log",
            &vkey,
            "--connections",
            "4",
        ])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the witness starts");
    let mut greeting = String::new();
    let output = witness.stdout.take().expect("it speaks");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut greeting).expect("it speaks");
    let address = greeting.trim().rsplit(' ').next().expect("it names its address").to_owned();
    let policy = format!("log {vkey}\nwitness w1 {} {address}\nquorum w1\n", wkey.trim());
    std::fs::write(folder.join("policy"), policy).expect("written");

    let (code, said) = verify(folder, &["--policy", "policy"]);
    assert!(code == 2 && said.contains("no quorum"), "{said}");
    let backup = std::fs::read(folder.join(".aedile/ledger.db")).expect("the ledger is there");
    scan(folder, "clinic.key");
    let note = stdout(&aedile(folder, &["log", "cosign", "--policy", "policy"]));
    assert!(note.contains("— witness.example/w1 "), "{note}");
    std::fs::write(folder.join("note"), note).expect("written");
    let (code, said) = verify(folder, &["--policy", "policy", "--checkpoint", "note"]);
    assert_eq!((code, said.matches("HOLDS").count()), (0, 4), "{said}");
    assert!(said.contains("the witness witness.example/w1 at 20"), "{said}");

    std::fs::write(folder.join(".aedile/ledger.db"), backup).expect("written");
    let (code, said) = told(folder, &["log", "cosign", "--policy", "policy"]);
    assert!(code == 2 && said.contains("the end is missing"), "{said}");
    scan(folder, "clinic.key");
    scan(folder, "clinic.key");
    let (code, said) = told(folder, &["log", "cosign", "--policy", "policy"]);
    assert!(code == 2 && said.contains("the log has forked"), "{said}");
    // Its connections may not all have been used; it is ours to end.
    let _ = witness.kill();
    let _ = witness.wait();
}

#[test]
fn the_history_of_a_finding_is_told_from_the_ledger_alone() {
    let folder = public_bucket();
    let folder = folder.path();
    let terraform = folder.join("infra/main.tf");
    let public = std::fs::read_to_string(&terraform).expect("it is there");
    let scan = || drop(aedile(folder, &["scan", ".", "--format", "json=run.json"]));
    scan();
    let run: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("run.json")).expect("it is there")).expect("JSON");
    let critical = run["findings"].as_array().expect("a list").iter().find(|finding| finding["severity"] == "critical");
    let critical = critical.expect("there is one");
    let (print, policy) = (critical["fingerprint"].as_str().expect("text"), critical["policy"].as_str().expect("text"));
    let said = || done(folder, &["log", "history", print]);
    assert!(said().contains("open") && said().contains("first-seen"), "{}", said());
    std::fs::write(&terraform, public.replace("public-read", "private")).expect("written");
    scan();
    assert!(said().contains("fixed "), "{}", said());
    std::fs::write(&terraform, &public).expect("written");
    scan();
    assert!(said().contains("reopened "), "{}", said());
    let waiver = format!("# aedile:allow {policy} reason=\"=cmd|'/c calc'!A1\" until=2999-01-01 by=alice\n");
    std::fs::write(&terraform, format!("{waiver}{public}")).expect("written");
    scan();
    let rows = done(folder, &["log", "history", print, "--format", "csv"]);
    let events: Vec<&str> = rows.lines().skip(1).filter_map(|row| row.split(',').nth(5)).collect();
    assert!(events.starts_with(&["first-seen", "fixed", "reopened"]), "{rows}");

    // Queries by kind, policy, asset and day; a spreadsheet sees no formula.
    let shown = done(folder, &["log", "show", "--policy", policy, "--kind", "finding", "--format", "csv"]);
    assert_eq!(shown.lines().count(), 4, "{shown}");
    let asset = critical["asset"]["id"].as_str().expect("text");
    assert!(done(folder, &["log", "show", "--asset", asset]).lines().count() >= 3);
    assert_eq!(done(folder, &["log", "show", "--until", "2001-01-01"]), "");
    assert!(!done(folder, &["log", "show", "--since", "2001-01-01"]).is_empty());
    let waivers = done(folder, &["log", "show", "--kind", "waiver", "--format", "csv"]);
    assert!(waivers.contains("'=cmd|"), "{waivers}");
    let (code, said) = told(folder, &["log", "show", "--since", "yesterday"]);
    assert!(code == 2 && said.contains("is not a date"), "{said}");
}

#[test]
fn a_time_stamp_of_another_authority_is_about_the_checkpoint() {
    let (folder, _) = signed();
    let folder = folder.path();
    done(folder, &["log", "timestamp", "--query", "stamp.tsq"]);
    let config = "[req]\ndistinguished_name=n\nprompt=no\nx509_extensions=e\n[n]\nCN=test\n[e]\nextendedKeyUsage=critical,timeStamping\n\
                  [tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=c.pem\nsigner_key=k.pem\nsigner_digest=sha256\ndefault_policy=1.2.3\ndigests=sha256\n";
    std::fs::write(folder.join("tsa.cnf"), config).expect("written");
    std::fs::write(folder.join("serial"), "01\n").expect("written");
    let openssl = |line: &str| {
        let output = std::process::Command::new("openssl").args(line.split(' ')).current_dir(folder).output();
        output.is_ok_and(|output| output.status.success())
    };
    if !openssl("req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 2 -config tsa.cnf") {
        println!("skipped: openssl cannot be run here");
        return;
    }
    assert!(openssl("ts -reply -queryfile stamp.tsq -out stamp.tsr -config tsa.cnf"));
    let said = done(folder, &["log", "timestamp", "--reply", "stamp.tsr", "--checkpoint", "stamp.checkpoint"]);
    assert!(said.contains("stamped at 20") && said.contains("Not verified: the authority's signature"), "{said}");
    assert!(openssl("ts -verify -data stamp.checkpoint -in stamp.tsr -CAfile c.pem"));
    std::fs::write(folder.join("other"), "another checkpoint").expect("written");
    let (code, said) = told(folder, &["log", "timestamp", "--reply", "stamp.tsr", "--checkpoint", "other"]);
    assert!(code == 2 && said.contains("about other bytes"), "{said}");
}

#[test]
fn hostile_names_are_recorded_whole_and_shown_harmless() {
    let name = "x".repeat(40_000);
    let folder = platform(&[(
        "main.tf",
        &format!("resource \"aws_s3_bucket\" \"a\" {{\n  bucket = \"{name}\"\n  acl = \"public-read\"\n}}\n"),
    )]);
    let output = aedile(folder.path(), &["scan", ".", "--format", "json=run.json"]);
    assert_ne!(code(&output), 2, "{}", stderr(&output));
    assert_eq!(verify(folder.path(), &["--checkpoint", "run.json"]).0, 0);
    done(folder.path(), &["log", "verify-proof", "run.json"]);
}

#[test]
fn other_files_are_named_and_left_alone() {
    let folder = platform(&[("text", "not a database"), ("dir/x", "")]);
    let truncated = recorded();
    let whole = std::fs::read(truncated.path().join(".aedile/ledger.db")).expect("the ledger is there");
    std::fs::write(folder.path().join("cut.db"), &whole[..whole.len() / 2]).expect("written");
    std::fs::write(folder.path().join("head.db"), &whole[..100]).expect("written");
    let newer = folder.path().join("newer.db");
    std::fs::write(&newer, &whole).expect("written");
    Connection::open(&newer).expect("it opens").pragma_update(None, "user_version", 99).expect("it can be set");
    for (file, expected) in [
        ("none.db", "there is no ledger"),
        ("dir", "is not an aedile ledger"),
        ("text", "is not an aedile ledger"),
        ("newer.db", "has layout 99"),
        ("cut.db", "damaged"),
        ("head.db", ""),
    ] {
        let (code, said) = told(folder.path(), &["log", "verify", "--ledger", file]);
        assert_eq!(code, 2, "{file}: {said}");
        assert!(said.contains(expected) && !said.contains("panicked"), "{file}: {said}");
    }
}

#[test]
fn a_full_disk_leaves_the_ledger_as_it_was() {
    let folder = public_bucket();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder can be made");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
        .arg(&disk)
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        println!("skipped: mounting is not permitted here");
        return;
    }
    let scan = || aedile(folder.path(), &["scan", "infra", "data", "--ledger", "disk/ledger.db", "--fail-on", "never"]);
    let mut full = None;
    for _ in 0..40 {
        let output = scan();
        if code(&output) == 2 {
            full = Some(stderr(&output));
            break;
        }
    }
    let (code, said) = told(folder.path(), &["log", "verify", "--ledger", "disk/ledger.db"]);
    let unmounted = std::process::Command::new("umount").arg(&disk).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    let full = flat(&full.expect("the disk becomes full"));
    assert!(full.contains("the disk is full") || full.contains("there is no ledger"), "{full}");
    assert_eq!(code, 0, "{said}");
}
