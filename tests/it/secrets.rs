//! Files full of traps with planted credentials: every one is found, by its rule, and nothing else.

use std::collections::BTreeSet;

use aedile::record::Run;
use serde::Deserialize;

use crate::program::{AS_OF, aedile, root, scan, stdout};

/// One file of `tests/secrets`, and what a person marked in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked {
    file: String,
    secrets: Vec<Planted>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planted {
    line: usize,
    rule: String,
}

/// What stands behind the second character of each credential in the files.
const MARK: char = '·';

fn truth() -> Vec<Marked> {
    let text = std::fs::read_to_string(root().join("tests/secrets/truth.yaml")).expect("the truth is readable");
    serde_yaml::from_str(&text).expect("the truth has its form")
}

/// The files without marks in a folder of their own, and every credential in them.
fn unmarked() -> (tempfile::TempDir, BTreeSet<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut values = BTreeSet::new();
    for marked in truth() {
        let text = std::fs::read_to_string(root().join("tests/secrets").join(&marked.file)).expect("it is readable");
        let is_of_it = |c: char| c.is_ascii_alphanumeric() || "+/=_.~-".contains(c) || c == MARK;
        for word in text.split(|c| !is_of_it(c)).filter(|word| word.contains(MARK)) {
            // From the mark on, because a name and an operator may stand before.
            let (_, value) = word.split_once(MARK).expect("it has a mark");
            values.insert(value.to_owned());
        }
        std::fs::write(folder.path().join(&marked.file), text.replace(MARK, "")).expect("files can be written");
    }
    (folder, values)
}

fn found(run: &Run) -> BTreeSet<String> {
    let of_text = run.findings.iter().filter(|finding| finding.policy == "no-secret-in-text");
    let line = |finding: &aedile::record::Finding| {
        let place = finding.places.first().expect("a secret has a place");
        let rule = finding.asset.address.rsplit_once('(').expect("an address ends with the rule").1;
        format!("{}:{} {}", place.path, place.start.line, rule.trim_end_matches(')'))
    };
    of_text.map(line).collect()
}

#[test]
fn every_planted_credential_is_found_and_no_trap() {
    let (folder, _) = unmarked();
    let (run, _) = scan(folder.path(), &[]);
    let lines = |marked: &Marked| {
        let line = |planted: &Planted| format!("{}:{} {}", marked.file, planted.line, planted.rule);
        marked.secrets.iter().map(line).collect::<Vec<_>>()
    };
    let planted: BTreeSet<String> = truth().iter().flat_map(lines).collect();
    let found = found(&run);
    let missed: Vec<_> = planted.difference(&found).collect();
    let extra: Vec<_> = found.difference(&planted).collect();
    assert!(missed.is_empty() && extra.is_empty(), "missed {missed:#?}\nextra {extra:#?}");
    assert!(planted.len() > 30);
}

#[test]
fn no_planted_credential_is_in_any_byte_written() {
    let (folder, values) = unmarked();
    assert!(values.len() > 25 && values.iter().all(|value| value.len() >= 8), "{values:?}");
    let output = aedile(
        folder.path(),
        &["-v", "scan", ".", "--as-of", AS_OF, "--format", "text,json=r.json,html=r.html,sarif=r.sarif"],
    );
    let mut written = vec![stdout(&output).into_bytes(), output.stderr.clone()];
    for file in ["r.json", "r.html", "r.sarif", ".aedile/ledger.db"] {
        written.push(std::fs::read(folder.path().join(file)).expect("the file was written"));
    }
    for value in values {
        for bytes in &written {
            assert!(!String::from_utf8_lossy(bytes).contains(&value), "`{value}` was written");
        }
    }
}
