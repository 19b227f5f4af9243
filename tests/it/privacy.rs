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

/// People whose every cell is found nowhere else.
const PLANTED: &[[&str; 6]] = &[
    [
        "Quirin Albersdorfer",
        "quirin.albersdorfer@postfach.example",
        "4556737586899855",
        "DE02120300000000202051",
        "1931-05-17",
        "78.94.11.203",
    ],
    [
        "Xaveria Mühlbrandt",
        "xaveria.m@briefkasten.example",
        "4532015112830366",
        "DE02500105170137075030",
        "1944-10-29",
        "91.13.77.52",
    ],
    [
        "Zdenko Hrvatinić",
        "zdenko77@postfach.example",
        "5425233430109903",
        "DE02100500000054540402",
        "1957-02-11",
        "87.166.3.19",
    ],
    [
        "Ottilie Wackernagel",
        "o.wackernagel@briefkasten.example",
        "4916338506082832",
        "DE02300209000106531065",
        "1968-08-08",
        "79.201.44.8",
    ],
    [
        "Leocadie Trautwein",
        "leocadie.t@postfach.example",
        "5105105105105100",
        "DE02200505501015871393",
        "1979-12-03",
        "93.220.9.71",
    ],
];

const COLUMNS: [&str; 6] = ["full_name", "email", "card_number", "iban", "birth_date", "ip_address"];

/// The same people in every form that a test can write, in a repository with a first commit.
fn every_form() -> tempfile::TempDir {
    let row = |joint: &str| PLANTED.iter().map(|row| row.join(joint) + "\n").collect::<String>();
    let csv = format!("{}\n{}", COLUMNS.join(","), row(","));
    let objects: Vec<serde_json::Value> = PLANTED
        .iter()
        .map(|row| {
            COLUMNS
                .iter()
                .zip(row)
                .map(|(name, cell)| ((*name).to_owned(), serde_json::json!(cell)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        })
        .collect();
    let lines: String = objects.iter().map(|object| format!("{object}\n")).collect();
    let quoted: Vec<String> = PLANTED.iter().map(|row| format!("('{}')", row.join("','"))).collect();
    let dump = format!(
        "CREATE TABLE people ({});\nINSERT INTO people VALUES {};\n",
        COLUMNS.join(" text, ") + " text",
        quoted.join(",")
    );
    let printed = serde_json::json!([format!("{}\n", row(" ").trim_end())]);
    let notebook = serde_json::json!({
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": [{"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["import pandas as pd\n", "df = pd.read_csv('data/people.csv')\n", "print(df.head())\n"],
            "outputs": [{"output_type": "stream", "name": "stdout", "text": printed}]}]
    });
    let job = "import pandas as pd\nimport requests\ndf = pd.read_csv('data/people.csv')\nrequests.post('https://api.adreach.example/v1', json=df.to_dict('records'))\ndf.to_parquet('s3://lake/people.parquet')\n";
    let folder = crate::program::platform(&[
        ("data/people.csv", &csv),
        ("data/people.tsv", &csv.replace(',', "\t")),
        ("data/broken.csv", &format!("{csv}\"{}", row(",\""))),
        ("data/people.jsonl", &lines),
        (
            "data/broken.jsonl",
            &format!("{lines}{{\"{}\n", PLANTED.first().map(|row| row.join(" ")).unwrap_or_default()),
        ),
        ("data/people.json", &serde_json::Value::from(objects).to_string()),
        ("data/people.sql", &dump),
        ("logs/app.log", &PLANTED.iter().map(|row| format!("paid by {}\n", row.join(" "))).collect::<String>()),
        ("explore.ipynb", &notebook.to_string()),
        ("jobs/send.py", job),
        ("infra/main.tf", "resource \"aws_s3_bucket\" \"lake\" {\n  bucket = \"lake\"\n}\n"),
        (
            "aedile.yaml",
            "version: 1\ndeclare:\n  - asset: data/people.csv\n    label: anonymised\n    columns: {iban: pii.demographic.gender}\n",
        ),
    ]);
    let database = rusqlite::Connection::open(folder.path().join("data/people.db")).expect("a database can be made");
    database.execute_batch(&dump).expect("the dump holds");
    drop(database);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, csv.as_bytes()).expect("memory can be written");
    std::fs::write(folder.path().join("data/packed.csv.gz"), gzip.finish().expect("memory can be written"))
        .expect("files can be written");
    for args in
        [&["init", "--quiet"][..], &["add", "--all"], &["commit", "--quiet", "--message", "start"], &["tag", "start"]]
    {
        let mut git = std::process::Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]).args(args);
        let done = git.current_dir(folder.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").status().expect("git runs");
        assert!(done.success(), "git {args:?}");
    }
    folder
}

#[test]
fn no_command_and_no_format_writes_a_planted_value() {
    let values: BTreeSet<String> = PLANTED.iter().flatten().map(|cell| (*cell).to_owned()).collect();
    let folder = every_form();
    let before: BTreeSet<std::path::PathBuf> = files(folder.path());
    let formats: Vec<String> =
        aedile::report::FORMATS.iter().map(|format| format!("{0}=out.{0}", format.name)).collect();
    let formats = formats.join(",");
    let mut commands: Vec<Vec<&str>> = vec![
        vec!["-v", "scan", ".", "--as-of", AS_OF, "--format", &formats],
        vec!["-v", "scan", ".", "--as-of", AS_OF, "--ledger", "none", "--diff", "start", "--cache", "kept"],
        vec!["report", "--format", "text"],
        vec!["gaps", "--framework", "gdpr"],
        vec!["log", "show"],
        vec!["log", "history"],
        vec!["log", "export", "tiles"],
        vec!["baseline", "create", "."],
        vec!["lineage", "data/people.csv", "."],
        vec!["access", "."],
        vec!["suggest", "."],
        vec!["fix", "."],
        vec!["explain", "anonymised-data-leaves-nobody-alone"],
        vec!["classify", "--text", "."],
        vec!["classify", "--text", ".", "--format", "json"],
    ];
    for more in [&[][..], &["--explain"], &["--full"], &["--rows", "2"], &["--format", "json"]] {
        commands.push([&["-v", "classify", "data"][..], more].concat());
    }
    let mut written = Vec::new();
    for args in &commands {
        let output = aedile(folder.path(), args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked") && !said.contains("unexpected argument"), "{args:?}: {said}");
        assert!(output.stdout.len() + output.stderr.len() > 20, "{args:?} wrote nothing");
        written.extend([output.stdout, output.stderr]);
    }
    let made: Vec<std::path::PathBuf> = files(folder.path()).difference(&before).cloned().collect();
    for name in ["out.html", "out.sarif", "out.json", "out.csv", ".aedile/ledger.db"] {
        assert!(made.iter().any(|path| path.ends_with(name)), "{name} is not among {made:?}");
    }
    assert!(made.iter().any(|path| path.starts_with(folder.path().join("kept"))), "the cache holds a result");
    written.extend(made.iter().map(|path| std::fs::read(path).expect("what was written is readable")));
    hold_none("every form", &values, &written);
}

/// The files below `folder`, but for git's own.
fn files(folder: &std::path::Path) -> BTreeSet<std::path::PathBuf> {
    let all = walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    all.map(walkdir::DirEntry::into_path)
        .filter(|path| !path.components().any(|part| part.as_os_str() == ".git"))
        .collect()
}
