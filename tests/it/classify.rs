//! `aedile classify`: what columns are, spans in text, and never a value.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::program::{PATIENTS, aedile, code, platform, root, sample, stderr, stdout};

fn classified(folder: &Path, args: &[&str]) -> Value {
    let mut all = vec!["classify", "--format", "json"];
    all.extend(args);
    let output = aedile(folder, &all);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("the output is JSON")
}

/// The class, or else the technical label, of every column of the first dataset.
fn classes(found: &Value) -> BTreeMap<String, String> {
    let columns = found.pointer("/datasets/0/columns").and_then(Value::as_array).expect("a dataset has columns");
    let word = |column: &Value, key: &str| column.get(key).and_then(Value::as_str).map(str::to_owned);
    let what = |column: &Value| word(column, "class").or_else(|| word(column, "technical")).unwrap_or("-".to_owned());
    columns.iter().map(|column| (word(column, "name").expect("a column has a name"), what(column))).collect()
}

/// Runs `aedile classify` with `input` on standard input.
fn piped(input: &[u8], args: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aedile"))
        .arg("classify")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("it has an input").write_all(input).expect("it reads its input");
    child.wait_with_output().expect("it ends")
}

#[test]
fn the_columns_of_the_samples_are_what_they_are() {
    let clinic = classified(&root(), &["samples/clinic/data/patients.csv"]);
    let classes_of_patients = classes(&clinic);
    let truth = [
        ("mrn", "phi.mrn"),
        ("first_name", "pii.name.first"),
        ("last_name", "pii.name.last"),
        ("birth_date", "pii.demographic.birth_date"),
        ("sex", "pii.demographic.gender"),
        ("email", "pii.contact.email"),
        ("phone", "pii.contact.phone"),
        ("pps_number", "pii.government.ie_pps"),
        ("registered_at", "technical.timestamp"),
    ];
    for (name, class) in truth {
        assert_eq!(classes_of_patients[name], class, "{name}");
    }
    let dataset = &clinic["datasets"][0];
    assert_eq!(dataset["rows_read"], dataset["rows_total"]);

    let payments = classes(&classified(&root(), &["samples/retail/data/payments.csv", "--full"]));
    for (name, class) in [("card_number", "financial.card"), ("iban", "financial.iban"), ("amount", "technical.float")]
    {
        assert!(payments[name].starts_with(class), "{name} is {}", payments[name]);
    }
}

#[test]
fn standard_input_folders_and_globs_are_read() {
    let output = piped(PATIENTS.as_bytes(), &["-", "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let found: Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    assert_eq!(classes(&found)["email"], "pii.contact.email");
    assert_eq!(found["datasets"][0]["path"], "-");

    let lines =
        piped(b"{\"email\":\"a.lee@mailbox.org\"}\n{\"email\":\"b.lee@mailbox.org\"}\n", &["-", "--format", "json"]);
    let found: Value = serde_json::from_slice(&lines.stdout).expect("the output is JSON");
    assert_eq!((&found["datasets"][0]["format"], &found["datasets"][0]["rows_total"]), (&"jsonl".into(), &2.into()));

    let folder = platform(&[("a/one.csv", PATIENTS), ("a/b/two.csv", PATIENTS), ("a/notes.md", "# no dataset\n")]);
    let paths = |args: &[&str]| -> Vec<String> {
        let found = classified(folder.path(), args);
        let datasets = found["datasets"].as_array().expect("there are datasets");
        datasets.iter().map(|dataset| dataset["path"].as_str().expect("a path").to_owned()).collect()
    };
    assert_eq!(paths(&["a"]), ["a/b/two.csv", "a/one.csv"]);
    assert_eq!(paths(&["a/*.csv"]), ["a/one.csv"]);
    assert_eq!(paths(&["**/*.csv"]), ["a/b/two.csv", "a/one.csv"]);
    assert_eq!(paths(&["."]), ["a/b/two.csv", "a/one.csv"]);
}

#[test]
fn the_table_says_class_confidence_protection_and_rows() {
    let folder = platform(&[("p.csv", PATIENTS)]);
    let text = stdout(&aedile(folder.path(), &["classify", "p.csv"]));
    assert!(text.starts_with("p.csv  csv, 6 of 6 rows, 4 columns\n"), "{text}");
    let email = text.lines().find(|line| line.trim_start().starts_with("email")).expect("the column is listed");
    for word in ["pii.contact.email", "97 %", "name and value", "6 of 6"] {
        assert!(email.contains(word), "`{word}` is missing in `{email}`");
    }
    assert!(text.ends_with("1 dataset: 4 columns, 4 of them sensitive\n"), "{text}");
    let explained = stdout(&aedile(folder.path(), &["classify", "p.csv", "--explain"]));
    assert!(
        explained.contains("6 filled, 0 empty, 6 distinct") && explained.contains("name token `email`"),
        "{explained}"
    );
}

#[test]
fn a_sample_is_spread_seeded_and_told() {
    let rows: String = (0..5_000).map(|n| format!("{n},user{n}@mailbox.org\n")).collect();
    let folder = platform(&[("p.csv", &format!("id,email\n{rows}"))]);
    let one = aedile(folder.path(), &["classify", "p.csv", "--rows", "100", "--seed", "7", "--explain"]);
    let again = aedile(folder.path(), &["classify", "p.csv", "--rows", "100", "--seed", "7", "--explain"]);
    assert_eq!(one.stdout, again.stdout);
    assert!(stdout(&one).contains("100 of 5000 rows"), "{}", stdout(&one));
    let full = |jobs: &str| aedile(folder.path(), &["classify", "p.csv", "--full", "--format", "json", "--jobs", jobs]);
    assert_eq!(full("1").stdout, full("4").stdout);
    assert!(stdout(&full("2")).contains("\"rows_read\": 5000"));
}

#[test]
fn spans_of_text_are_placed_and_never_shown() {
    let text = "first line\nmail ann.lee@mailbox.org or pay 4111111111111111 today\n";
    let output = piped(text.as_bytes(), &["--text", "-", "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let found: Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    let spans = found["files"][0]["spans"].as_array().expect("there are spans");
    let places: Vec<(&str, u64, u64, u64, u64)> = spans
        .iter()
        .map(|span| {
            let number = |name: &str| span[name].as_u64().expect("a number");
            (span["class"].as_str().expect("a class"), number("line"), number("column"), number("start"), number("end"))
        })
        .collect();
    assert_eq!(places[0], ("pii.contact.email", 2, 6, 16, 35));
    assert!(places[1].0.starts_with("financial.card"));
    assert_eq!((places[1].3, places[1].4), (43, 59));
    assert_eq!(spans[1]["validator"], "card_number");
    let table = piped(text.as_bytes(), &["--text", "-"]);
    assert!(
        stdout(&table).contains("-:2:6: pii.contact.email email bytes 16..35 aaa.aaa@aaaaaaa.aaa"),
        "{}",
        stdout(&table)
    );
}

#[test]
fn wrong_input_is_told_with_its_remedy() {
    let folder = platform(&[
        ("page.csv", "<!DOCTYPE html>\n<html><body>404</body></html>\n"),
        ("notes.md", "just words\n"),
        ("broken.parquet", "PAR1 nothing PAR1"),
        ("empty.csv", ""),
    ]);
    for (args, words) in [
        (vec!["nowhere.csv"], vec!["cannot read `nowhere.csv`", "give a file, a folder, a glob"]),
        (vec!["*.orc"], vec!["no file matches `*.orc`"]),
        (vec!["page.csv"], vec!["nothing of `page.csv` can be classified", "a web page"]),
        (vec!["notes.md"], vec!["it is no dataset", "--text"]),
        (vec!["broken.parquet"], vec!["damaged"]),
        (vec!["-", "-"], vec!["standard input can be read once only"]),
        (vec!["p.csv", "--rows", "0"], vec!["--full"]),
        (vec!["p.csv", "--full", "--rows", "5"], vec!["--full", "--rows"]),
        (vec![], vec!["PATH"]),
        (vec!["page.csv", "--rules", "nowhere.yaml"], vec!["nowhere.yaml"]),
    ] {
        let output = aedile(folder.path(), &[vec!["classify"], args.clone()].concat());
        assert_eq!((code(&output), output.stdout.len()), (2, 0), "{args:?}");
        for word in words {
            let said: Vec<String> = stderr(&output).replace('│', " ").split_whitespace().map(str::to_owned).collect();
            assert!(said.join(" ").contains(word), "`{word}` is missing:\n{}", stderr(&output));
        }
    }
    let output = aedile(folder.path(), &["classify", "empty.csv"]);
    assert!(code(&output) == 0 && stdout(&output).contains("0 of 0 rows"), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn results_are_as_their_published_schemas_say() {
    let columns = classified(&root(), &["samples/clinic/data/patients.csv"]);
    let spans = piped(b"mail ann.lee@mailbox.org\n", &["--text", "-", "--format", "json"]);
    let spans: Value = serde_json::from_slice(&spans.stdout).expect("the output is JSON");
    for (name, found) in [("classify", columns), ("spans", spans)] {
        let schema = aedile::schema::named(name).expect("the schema exists");
        let schema: Value = serde_json::from_str(&schema).expect("it is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let wrong: Vec<String> = validator.iter_errors(&found).take(5).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
}

#[test]
fn help_teaches() {
    let help = stdout(&aedile(&root(), &["classify", "--help"]));
    for word in ["aedile classify --text app.log", "--full", "--explain", "never a value", "Exit codes"] {
        assert!(help.contains(word), "`{word}` is missing:\n{help}");
    }
}

#[test]
fn a_recorded_dataset_and_a_classified_one_agree() {
    let (run, _) = crate::program::scan(&sample("retail"), &[]);
    let found = classified(&root(), &["samples/retail/data/customers.csv"]);
    let recorded = run.datasets.iter().find(|dataset| dataset.asset.contains("customers.csv")).expect("it is recorded");
    for column in &recorded.columns {
        let class = classes(&found)[&column.name].clone();
        let said = column.tags.iter().any(|tag| tag.tag == class);
        assert!(said || column.tags.is_empty() || class.starts_with("technical"), "{}: {class}", column.name);
    }
}
