//! A sampled value never leaves the classifier (invariant I3).

use std::collections::BTreeSet;

use crate::program::{AS_OF, aedile, sample};

/// Cells of the sample's CSV files that identify somebody: long enough not to occur by chance.
fn planted_values(name: &str) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    let data = sample(name).join("data");
    let files = std::fs::read_dir(data).map(|entries| entries.flatten().map(|entry| entry.path()).collect::<Vec<_>>());
    for file in files.unwrap_or_default().iter().filter(|file| file.extension().is_some_and(|end| end == "csv")) {
        let mut reader = csv::Reader::from_path(file).expect("the sample's CSV is readable");
        for record in reader.records().take(300) {
            let record = record.expect("the sample's CSV is well formed");
            let telling = record.iter().filter(|cell| {
                cell.contains('@')
                    || (cell.len() >= 9 && cell.bytes().filter(u8::is_ascii_digit).count() >= 7 && !is_date(cell))
            });
            values.extend(telling.map(str::to_owned));
        }
    }
    values
}

/// Dates occur in reports for other reasons.
fn is_date(cell: &str) -> bool {
    cell.starts_with("19") || cell.starts_with("20")
}

#[test]
fn no_sampled_value_is_in_any_byte_written() {
    for name in ["clinic", "retail"] {
        let values = planted_values(name);
        assert!(values.len() > 100, "{name} has only {} telling values", values.len());
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let target = sample(name);
        let target = target.to_str().expect("the path is text");
        let output = aedile(
            folder.path(),
            &[
                "-v",
                "scan",
                target,
                "--as-of",
                AS_OF,
                "--format",
                "text,json=r.json,html=r.html,sarif=r.sarif",
                "--cache",
                "cache",
            ],
        );
        let mut written = vec![output.stdout, output.stderr];
        for file in ["r.json", "r.html", "r.sarif", ".aedile/ledger.db"] {
            written.push(std::fs::read(folder.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}")));
        }
        let kept = std::fs::read_dir(folder.path().join("cache")).expect("facts are kept").flatten();
        let kept: Vec<Vec<u8>> = kept.map(|entry| std::fs::read(entry.path()).expect("facts are readable")).collect();
        assert!(kept.iter().any(|bytes| bytes.len() > 1_000), "{name}: hardly any facts are kept");
        written.extend(kept);
        hold_none(name, &values, &written);
    }
}

/// Fails if one of `values` is in what was `written`.
fn hold_none(name: &str, values: &BTreeSet<String>, written: &[Vec<u8>]) {
    let search = aho_corasick::AhoCorasick::new(values).expect("the values can be searched");
    let all: Vec<&String> = values.iter().collect();
    for bytes in written {
        if let Some(found) = search.find(bytes) {
            let value = all.get(found.pattern().as_usize()).expect("a pattern is a value");
            let around = bytes.get(found.start().saturating_sub(80)..found.end()).unwrap_or_default();
            panic!("{name}: `{value}` was written: …{}…", String::from_utf8_lossy(around));
        }
    }
}

#[test]
fn classifying_writes_no_value() {
    for name in ["clinic", "retail"] {
        let values = planted_values(name);
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let target = sample(name).join("data");
        let target = target.to_str().expect("the path is text");
        let mut written = Vec::new();
        for args in [
            vec!["classify", target],
            vec!["-v", "classify", target, "--explain"],
            vec!["classify", target, "--format", "json", "--full"],
            vec!["classify", target, "--text"],
            vec!["classify", target, "--text", "--format", "json"],
        ] {
            let output = aedile(folder.path(), &args);
            assert!(output.stdout.len() > 200, "{args:?} wrote {}", String::from_utf8_lossy(&output.stderr));
            written.extend([output.stdout, output.stderr]);
        }
        hold_none(name, &values, &written);
        let left = std::fs::read_dir(folder.path()).expect("the folder is readable").count();
        assert_eq!(left, 0, "classifying leaves no file behind");
    }
}

#[test]
fn errors_of_readers_hold_no_value() {
    let values = BTreeSet::from(["ann.lee@mailbox.example".to_owned(), "4556737586899855".to_owned()]);
    let row = "ann.lee@mailbox.example,4556737586899855";
    for (file, text) in [
        ("a.csv", format!("{row}\n{row},more\n\"{row}\n")),
        ("b.jsonl", format!("{{\"{row}\": 1\n{row}\n{{\"mail\":\"ann.lee@mailbox.example\"}}\n")),
        ("c.json", format!("[{{\"mail\":\"{row}\"}},{{\"mail\":\"{row}\"}},{row}]")),
        ("d.parquet", format!("PAR1{row}PAR1")),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(folder.path().join(file), text).expect("files can be written");
        let mut written = Vec::new();
        for args in [vec!["classify", file, "--explain"], vec!["classify", file, "--format", "json", "--full"]] {
            let output = aedile(folder.path(), &args);
            written.extend([output.stdout, output.stderr]);
        }
        hold_none(file, &values, &written);
    }
}
