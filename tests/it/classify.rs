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
    for word in ["pii.contact.email", "99 %", "name and value", "6 of 6"] {
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

/// Whether `classify` with `args` on `bytes` as the file `name` ends with `expected` and says all of `words`.
fn told(name: &str, bytes: &[u8], expected: i32, words: &[&str]) {
    let folder = platform(&[]);
    std::fs::write(folder.path().join(name), bytes).expect("files can be written");
    for args in [vec!["classify", name], vec!["classify", name, "--full"]] {
        let output = aedile(folder.path(), &args);
        let said = format!("{}{}", stdout(&output), stderr(&output)).replace('│', " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(code(&output), expected, "{name}: {said}");
        for word in words {
            assert!(said.contains(word), "{name}: `{word}` is missing: {said}");
        }
    }
}

#[test]
fn bad_datasets_are_read_right_or_told() {
    told("ragged.csv", b"a,b\n1,2\n3\n4,5,6\n", 0, &["3 of 3 rows", "2 of 3 rows have another number of cells"]);
    let mixed = "id,straße,email\n1,Müller,a.lee@mailbox.org\n".as_bytes();
    let mixed = [mixed, b"2,M\xfcller,b.lee@mailbox.org\n"].concat();
    told("mixed.csv", &mixed, 0, &["straße", "pii.contact.email", "2 of 2 rows"]);
    told("twice.csv", b"email,email,,\na@b.org,c@d.org,1,2\n", 0, &["email_2", "column_3", "column_4"]);
    let wide: String = (0..10_000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    let wide = format!("{wide}\n{}\n", vec!["1"; 10_000].join(","));
    told("wide.csv", wide.as_bytes(), 0, &["5904 of 10000 columns were not read", "4096 columns"]);
    told("page.csv", b"<!DOCTYPE html>\n<html></html>\n", 2, &["a web page"]);
    told("empty.csv", b"", 0, &["0 of 0 rows"]);
    told("empty.jsonl", b"", 0, &["0 of 0 rows"]);
    told("empty.parquet", b"", 2, &["the bytes are something else"]);
    let mut protected = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    protected.resize(4096, 0);
    protected.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    told("secret.xlsx", &protected, 2, &["protected by a password"]);
    told("lies.xlsx", b"just text", 2, &["the bytes are text"]);
    told("cut.zip", b"PK\x03\x04 and no more", 2, &["the archive is damaged"]);
    told("open.csv", b"id,note\n1,\"never closed\n2,b\n3,c\n", 0, &["a quote that is never closed", "2 of 3 rows"]);
    told("lines.jsonl", b"{\"a\":1}\n[2]\n{\"a\":3}\nnot json\n", 0, &["2 lines are not JSON objects", "2 of 2 rows"]);
}

#[test]
fn a_line_of_megabytes_is_passed_over_in_bounded_memory() {
    let mut text = b"id,email\n1,a.lee@mailbox.org\n2,".to_vec();
    text.resize(text.len() + (40 << 20), b'x');
    text.extend(b"\n3,c.lee@mailbox.org\n");
    let output = piped(&text, &["-", "--full"]);
    let said = stdout(&output);
    assert!(said.contains("2 of 3 rows") && said.contains("longer than 16 MiB"), "{said}{}", stderr(&output));
}

#[test]
fn archives_compressions_and_dumps_are_read_through_the_program() {
    let dump = "-- MySQL dump\nCREATE TABLE `p` (`id` int, `email` varchar(9));\nINSERT INTO `p` VALUES (1,'a@b.org'),(2,'c@d.org');\n";
    told("shop.sql", dump.as_bytes(), 0, &["shop.sql#p", "pii.contact.email", "2 of 2 rows"]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(PATIENTS.as_bytes()).expect("memory can be written");
    let gzip = gzip.finish().expect("memory can be written");
    told("patients.gz", &gzip, 2, &["it is no dataset"]);
    told("patients.csv.gz", &gzip, 0, &["pii.contact.email", "6 of 6 rows"]);
    let bundle = r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","birthDate":"1980-02-03"}},
        {"resource":{"resourceType":"Patient","birthDate":"1981-03-04"}}]}"#;
    told("bundle.json", bundle.as_bytes(), 0, &["birthDate", "2 of 2 rows"]);
}

#[test]
fn a_notebook_is_searched_by_cell_and_output() {
    let key = ["s", "k_live_", "9fQ2mZx7Lw4Tn8Rb3Vc6Hd1J"].concat();
    let notebook = serde_json::json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["ask ann.lee@mailbox.org\n"]},
        {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": ["import x\n", format!("pay = '{key}'\n")],
         "outputs": [
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo="}},
            {"output_type": "stream", "name": "stdout", "text": ["first\n", "bo.kay@mailbox.org paid\n"]}
         ]}
    ]});
    let folder =
        platform(&[("nb/pay.ipynb", &notebook.to_string()), ("nb/broken.ipynb", "{\"cells\": [ann.lee@mailbox.org")]);
    for target in ["nb/pay.ipynb", "nb"] {
        let text = stdout(&aedile(folder.path(), &["classify", "--text", target]));
        for start in [
            "nb/pay.ipynb:cell 1:1:5: pii.contact.email ",
            "nb/pay.ipynb:cell 2:2:8: credential.key stripe-key ",
            "nb/pay.ipynb:cell 2, output 2 (stream):2:1: pii.contact.email ",
        ] {
            assert!(text.lines().any(|line| line.starts_with(start)), "`{start}` is missing in {text}");
        }
        assert!(!text.contains("ann.lee") && !text.contains(&key), "{text}");
    }
    let found: Value = serde_json::from_slice(
        &aedile(folder.path(), &["classify", "--text", "nb/pay.ipynb", "--format", "json"]).stdout,
    )
    .expect("the output is JSON");
    let last = found.pointer("/files/0/spans/2").expect("three spans");
    assert_eq!((&last["cell"], &last["output"], &last["form"]), (&2.into(), &2.into(), &"stream".into()));
    let all = stdout(&aedile(folder.path(), &["classify", "--text", "nb"]));
    assert!(all.contains("nb/broken.ipynb:1:12: pii.contact.email"), "what is no notebook is searched as it is: {all}");
    assert!(all.contains("cells and outputs are not told apart"), "{all}");
}

#[test]
fn keys_of_sandboxes_are_told_apart_and_publishable_ones_are_none() {
    let join = |parts: [&str; 2]| parts.concat();
    let (live, test) = (join(["sk_li", "ve_9fQ2mZx7Lw4Tn8Rb3Vc6Hd1J"]), join(["sk_te", "st_9fQ2mZx7Lw4Tn8Rb3Vc6Hd1J"]));
    let public = join(["pk_li", "ve_9fQ2mZx7Lw4Tn8Rb3Vc6Hd1J"]);
    let env = format!("A={live}\nB={test}\napi_key = '{public}'\n");
    let folder = platform(&[("pay.env", &env)]);
    let text = stdout(&aedile(folder.path(), &["classify", "--text", "pay.env"]));
    let lines: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(!lines[0].contains("mode") && lines[1].ends_with("(test mode)"), "{text}");
    let (run, _) = crate::program::scan(folder.path(), &[]);
    let found: Vec<(&str, &str)> =
        run.findings.iter().map(|finding| (finding.policy.as_str(), finding.severity.as_str())).collect();
    assert_eq!(found, [("no-secret-in-text", "critical"), ("no-test-secret-in-text", "low")]);
}
