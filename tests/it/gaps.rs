//! `aedile gaps`: a law that did not exist when the platform was scanned is held against what was recorded.

use std::path::Path;

use serde_json::Value;

use crate::program::{AS_OF, aedile, code, platform, public_bucket, root, sample, stderr, stdout};

/// Copies the sample `name` into a folder of its own.
pub(crate) fn copy(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let from = sample(name);
    for entry in walkdir::WalkDir::new(&from).into_iter().map(|entry| entry.expect("the sample is readable")) {
        let to = folder.path().join(entry.path().strip_prefix(&from).expect("it lies in the sample"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&to).expect("folders can be made");
        } else if entry.file_type().is_file() {
            std::fs::copy(entry.path(), &to).expect("files can be copied");
        }
    }
    folder
}

/// Follows a document: fenced blocks that name a file are written, lines that begin with `$ ` are run in `folder`, and
/// each line below a command must be in its output, in that order; `…` stands for what is left out, `[exit 1]` for the exit code.
fn follow(document: &str, folder: &Path) -> usize {
    let text = std::fs::read_to_string(root().join(document)).expect("the document is there");
    let mut commands = 0;
    for block in text.split("\n```").collect::<Vec<_>>().chunks(2).filter_map(|pair| pair.get(1)) {
        let (info, body) = block.split_once('\n').unwrap_or((block, ""));
        match info.split_once(' ') {
            Some((_, file)) => std::fs::write(folder.join(file), format!("{body}\n")).expect("it can be written"),
            None if info == "console" => {
                for part in body.split("$ aedile ").skip(1) {
                    commands += 1;
                    run(part, folder);
                }
            }
            None => {}
        }
    }
    commands
}

fn run(part: &str, folder: &Path) {
    let (command, shown) = part.split_once('\n').unwrap_or((part, ""));
    let output = aedile(folder, &command.split_whitespace().collect::<Vec<_>>());
    let (said, wanted) = (stdout(&output), shown.lines().map(str::trim_end));
    let mut exit = 0;
    let mut rest = said.as_str();
    for line in wanted.filter(|line| !line.is_empty() && line.trim() != "…") {
        if let Some(code) = line.strip_prefix("[exit ").and_then(|line| line.strip_suffix(']')) {
            exit = code.parse().expect("an exit code");
            continue;
        }
        let at = rest.find(line).unwrap_or_else(|| {
            panic!("`aedile {command}` does not say, or not in this order:\n{line}\n\n{said}\n{}", stderr(&output))
        });
        rest = rest.get(at + line.len()..).unwrap_or_default();
    }
    assert_eq!(code(&output), exit, "aedile {command}\n{said}\n{}", stderr(&output));
}

#[test]
fn the_document_can_be_followed() {
    let folder = copy("clinic");
    assert!(follow("docs/gaps.md", folder.path()) >= 4);
}

fn json(folder: &Path, args: &[&str]) -> (Value, i32) {
    let mut all = vec!["gaps", "--format", "json"];
    all.extend(args);
    let output = aedile(folder, &all);
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{}", stderr(&output)));
    (answer, code(&output))
}

const ACT: &str = "\
id: act
title: An act
version: '1'
source: https://law.example/act
jurisdictions: [EEA]
obligations:
  - {id: 'act:1', title: stores are not public, kind: technical, controls: [store-not-public]}
  - {id: 'act:2', title: stores are encrypted, kind: technical, controls: [store-encrypted-at-rest], evidence: settings of stores}
  - {id: 'act:3', title: later more, kind: technical, applies_from: 2027-06-01, controls: [store-not-public]}
  - {id: 'act:4', title: models are watched, kind: technical, controls: [model-approval-not-automatic]}
  - {id: 'act:5', title: somebody signs, kind: manual, why: a signature is on paper}
";

fn recorded() -> tempfile::TempDir {
    let folder = public_bucket();
    std::fs::write(folder.path().join("act.yaml"), ACT).expect("it can be written");
    let output =
        aedile(folder.path(), &["scan", ".", "--as-of", AS_OF, "--fail-on", "never", "--format", "json=run.json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    folder
}

#[test]
fn each_obligation_has_its_status_its_evidence_or_its_findings() {
    let folder = recorded();
    // The sources are gone: what is judged is the record.
    std::fs::remove_dir_all(folder.path().join("infra")).expect("it can be removed");
    let (answer, exit) = json(folder.path(), &["--framework", "act.yaml", "--as-of", AS_OF]);
    assert_eq!(exit, 1);
    let obligation = |id: &str| {
        let all = answer["obligations"].as_array().expect("a list");
        all.iter().find(|it| it["id"] == id).unwrap_or_else(|| panic!("{id}")).clone()
    };
    assert_eq!(obligation("act:1")["status"], "not-satisfied");
    assert_eq!(obligation("act:1")["findings"].as_array().map(Vec::len), Some(1));
    // Buckets of AWS are encrypted by default.
    assert_eq!(obligation("act:2")["status"], "satisfied");
    assert_eq!(obligation("act:2")["population"], 1);
    assert_eq!(obligation("act:3")["later"]["from"], "2027-06-01");
    assert_eq!(obligation("act:3")["later"]["status"], "not-satisfied");
    assert_eq!(obligation("act:4")["why"], "nothing that its controls apply to was found");
    assert_eq!(obligation("act:5")["why"], "only a person can tell: a signature is on paper");
    let finding = &answer["findings"][0];
    assert_eq!(finding["place"], "infra/main.tf:7", "{finding}");
    assert_eq!(finding["severity"], "critical");
    let state = |id: &str| {
        let all = answer["controls"].as_array().expect("a list");
        all.iter().find(|it| it["id"] == id).unwrap_or_else(|| panic!("{id}"))["state"].clone()
    };
    assert_eq!(state("store-not-public"), "failing");
    assert_eq!(state("store-encrypted-at-rest"), "evidence");
    assert_eq!(state("model-approval-not-automatic"), "idle");
    assert_eq!(answer["actions"][0]["policy"], "store-not-public");
    assert_eq!(answer["actions"][0]["settles"], serde_json::json!(["act:1", "act:3"]));
    // One critical finding (4) that stands against two obligations.
    assert_eq!(answer["actions"][0]["effect"], 8);
}

#[test]
fn a_day_in_the_future_makes_later_obligations_new_ones() {
    let folder = recorded();
    let (answer, _) = json(folder.path(), &["--framework", "act.yaml", "--from", "run.json", "--as-of", "2027-06-01"]);
    let later =
        answer["obligations"].as_array().and_then(|all| all.iter().find(|it| it["id"] == "act:3")).expect("act:3");
    assert_eq!((&later["new"], &later["status"]), (&Value::Bool(true), &Value::from("not-satisfied")));
    assert_eq!(answer["summary"]["later"], 0);
}

#[test]
fn the_gate_is_that_of_a_scan() {
    let folder = recorded();
    for (args, exit) in [(vec![], 1), (vec!["--fail-on", "never"], 0)] {
        let mut all = vec!["gaps", "--framework", "act.yaml", "--as-of", AS_OF];
        all.extend(args);
        for format in ["text", "json", "markdown"] {
            let mut all = all.clone();
            all.extend(["--format", format]);
            assert_eq!(code(&aedile(folder.path(), &all)), exit, "{format}");
        }
    }
}

#[test]
fn a_waiver_past_its_day_does_not_excuse_what_a_later_day_finds() {
    let folder = public_bucket();
    let config = std::fs::read_to_string(folder.path().join("aedile.yaml")).expect("it is there");
    let waiver = "waivers:\n  - {policy: store-not-public, asset: 'aws_s3_bucket.raw', reason: a test, by: dpo, until: 2027-01-31}\n";
    std::fs::write(folder.path().join("aedile.yaml"), config + waiver).expect("it can be written");
    std::fs::write(folder.path().join("act.yaml"), ACT).expect("it can be written");
    aedile(folder.path(), &["scan", ".", "--as-of", AS_OF, "--fail-on", "never"]);
    let (now, exit) = json(folder.path(), &["--framework", "act.yaml", "--as-of", AS_OF]);
    assert_eq!((exit, &now["findings"][0]["waived"]), (0, &Value::from("a test (dpo)")));
    let (then, exit) = json(folder.path(), &["--framework", "act.yaml", "--as-of", "2027-02-01"]);
    assert_eq!((exit, &then["findings"][0]["waived"]), (1, &Value::Null));
}

#[test]
fn wrong_input_says_what_to_do() {
    let folder = recorded();
    let refused = |args: &[&str], words: &[&str]| {
        let mut all = vec!["gaps"];
        all.extend(args);
        let output = aedile(folder.path(), &all);
        assert_eq!(code(&output), 2, "{args:?}");
        words.iter().for_each(|word| assert!(stderr(&output).contains(word), "{args:?}: {}", stderr(&output)));
    };
    refused(&["--framework", "gpdr"], &["gpdr", "gdpr"]);
    refused(&["--framework", "missing.yaml"], &["missing.yaml"]);
    refused(&["--framework", "gdpr", "--run", "run-none"], &["run-none", "aedile log show"]);
    refused(&["--framework", "gdpr", "--from", "act.yaml"], &["act.yaml", "aedile scan"]);
    refused(&["--framework", "gdpr", "--as-of", "tomorrow"], &["tomorrow", "YYYY-MM-DD"]);
    let text = std::fs::read_to_string(folder.path().join("run.json")).expect("it is there");
    let old = text.replacen("\"revision\"", "\"was_not_there\"", 1);
    std::fs::write(folder.path().join("old.json"), old).expect("it can be written");
    refused(&["--framework", "gdpr", "--from", "old.json"], &["older version", "scan"]);
    let empty = platform(&[]);
    let output = aedile(empty.path(), &["gaps", "--framework", "gdpr"]);
    assert_eq!(code(&output), 2);
}
