//! The worked example of the README, which a reader may follow with other tools.

#![expect(clippy::print_stdout, reason = "a test that is skipped says why")]

use crate::fixture::{AT, Scratch, key, run};
use crate::{EntryFilter, merkle::node_hash};

#[test]
fn the_worked_example_is_what_this_crate_does() {
    let readme = include_str!("../README.md");
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    let appended = ledger.append(&run("nightly-1", 1), AT, &[&key()]).unwrap();
    if let Some(to) = std::env::var_os("AEDILE_AUDIT_EXAMPLE") {
        std::fs::copy(&scratch.path, to).unwrap();
    }
    let says = |text: &str| assert!(readme.contains(text), "the README lacks:\n{text}");
    let entries = ledger.entries(&EntryFilter::default()).unwrap();
    says(std::str::from_utf8(&entries[0].body).unwrap());
    let leaves: Vec<_> = entries.iter().map(|stored| stored.leaf).collect();
    let (left, right) = (node_hash(&leaves[0], &leaves[1]), node_hash(&leaves[2], &leaves[3]));
    for hash in leaves.iter().chain([&left, &right, &appended.checkpoint.root]) {
        says(&hash.hex());
    }
    says(appended.checkpoint.note.as_deref().unwrap());
    says(&key().verifying_key().to_string());
    says(&ledger.prove(2).unwrap().to_string());
}

/// The `sh` blocks of the README after "A worked example", each with the `text` block right after it, if there is one.
fn commands() -> Vec<(String, Option<String>)> {
    let readme = include_str!("../README.md");
    let example = readme.split("## A worked example").nth(1).unwrap().split("## In code").next().unwrap();
    let mut found = Vec::new();
    for part in example.split("```sh\n").skip(1) {
        let (commands, rest) = part.split_once("```\n").unwrap();
        let output = rest.strip_prefix("```text\n").map(|rest| rest.split_once("```").unwrap().0.to_owned());
        found.push((commands.to_owned(), output));
    }
    found
}

#[test]
fn a_reader_can_follow_the_worked_example_with_common_tools() {
    for tool in ["sqlite3", "sha256sum", "xxd", "openssl"] {
        if std::process::Command::new(tool).arg("--version").output().is_err() {
            println!("skipped: {tool} is not installed");
            return;
        }
    }
    let scratch = Scratch::new();
    scratch.ledger().append(&run("nightly-1", 1), AT, &[&key()]).unwrap();
    let commands = commands();
    assert!(commands.len() >= 4, "the blocks of the README are not found");
    let script: String = commands.iter().map(|(block, _)| format!("{block}\nprintf '\\036'\n")).collect();
    let done = std::process::Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(scratch.dir.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let printed = String::from_utf8(done.stdout).unwrap();
    let printed: Vec<&str> = printed.split('\u{1e}').collect();
    for ((block, expected), printed) in commands.iter().zip(printed) {
        if let Some(expected) = expected {
            assert_eq!(printed, expected, "{block}");
        }
    }
}
