//! Rows that are alike in what others know of a person: what `classify` tells of them, and what is judged.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::program::{aedile, code, platform, scan, stderr, stdout};

/// People of two birth years, each `times`; one more is the only one of hers.
fn people(times: usize) -> String {
    let mut text = "birth_date,sex,postcode,diagnosis_code\n".to_owned();
    for _ in 0..times {
        text += "1951-03-02,female,10115,I10\n1964-07-09,male,10117,I50.9\n";
    }
    text + "1988-12-24,female,10119,E11.9\n"
}

fn quasi(folder: &std::path::Path, args: &[&str]) -> Value {
    let mut all = vec!["classify", "--format", "json"];
    all.extend(args);
    let output = aedile(folder, &all);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let found: Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    found.pointer("/datasets/0/quasi_identifiers").cloned().unwrap_or(Value::Null)
}

#[test]
fn who_is_alone_is_counted_and_by_what() {
    let folder = platform(&[("p.csv", &people(12))]);
    let expected = json!({
        "columns": ["birth_date", "sex", "postcode"], "left_out": [],
        "rows_compared": 25, "all_rows": true, "groups": 3, "smallest_group": 1,
        "in_smaller_groups": [
            {"than": 2, "rows": 1, "percent": 4}, {"than": 5, "rows": 1, "percent": 4}, {"than": 11, "rows": 1, "percent": 4}
        ],
        "adds": [{"column": "birth_date", "rows_alone": 0}, {"column": "sex", "rows_alone": 0}, {"column": "postcode", "rows_alone": 0}],
        "alone_by": {"columns": ["birth_date"], "rows": 1}
    });
    assert_eq!(quasi(folder.path(), &["p.csv"]), expected);
    assert_eq!(quasi(folder.path(), &["p.csv", "--full"]), expected);
    let table = stdout(&aedile(folder.path(), &["classify", "p.csv", "--explain"]));
    for line in [
        "  together birth_date, sex, postcode single out: the smallest group of all 25 rows has 1; 1 alone (4 %), 1 in groups below 5 (4 %), 1 in groups below 11 (4 %)\n",
        "    1 rows are alone by birth_date already\n",
    ] {
        assert!(table.contains(line), "{table}");
    }
}

#[test]
fn every_format_gives_the_same_groups() {
    let rows = people(12);
    let cells: Vec<Vec<&str>> = rows.lines().map(|line| line.split(',').collect()).collect();
    let (names, rest) = cells.split_first().expect("there are rows");
    let objects = rest.iter().map(|row| names.iter().zip(row).map(|(name, cell)| (*name, *cell)).collect());
    let objects: Vec<BTreeMap<&str, &str>> = objects.collect();
    let lines: Vec<String> = objects.iter().map(|object| json!(object).to_string()).collect();
    let quoted: Vec<String> = rest.iter().map(|row| format!("('{}')", row.join("','"))).collect();
    let dump = format!("INSERT INTO p ({}) VALUES {};\n", names.join(","), quoted.join(","));
    let folder = platform(&[
        ("p.csv", &rows),
        ("p.jsonl", &lines.join("\n")),
        ("p.json", &json!(objects).to_string()),
        ("p.sql", &dump),
    ]);
    let counts = |file: &str, more: &[&str]| {
        let found = quasi(folder.path(), &[&[file], more].concat());
        let columns: std::collections::BTreeSet<String> = found["columns"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap_or_default().to_owned())
            .collect();
        (columns.len(), found["groups"].clone(), found["smallest_group"].clone(), found["all_rows"].clone())
    };
    for file in ["p.csv", "p.jsonl", "p.json", "p.sql"] {
        for more in [&[][..], &["--full"][..]] {
            assert_eq!(counts(file, more), (3, json!(3), json!(1), json!(true)), "{file} {more:?}");
        }
    }
}

#[test]
fn of_a_sample_it_is_said_that_it_is_one() {
    let folder = platform(&[("p.csv", &people(500))]);
    let found = quasi(folder.path(), &["p.csv", "--rows", "100"]);
    assert_eq!((&found["rows_compared"], &found["all_rows"]), (&json!(100), &json!(false)));
    let table = stdout(&aedile(folder.path(), &["classify", "p.csv", "--rows", "100", "--explain"]));
    assert!(table.contains("the smallest group of a sample of 100 rows"), "{table}");
    assert!(table.contains("rows that were not compared may be alone"), "{table}");
    let full =
        |jobs: &str| aedile(folder.path(), &["classify", "p.csv", "--full", "--format", "json", "--jobs", jobs]).stdout;
    assert_eq!(full("1"), full("4"));
}

#[test]
fn a_column_with_several_values_a_row_is_left_out_and_told() {
    let row = |city: &str| {
        format!("{{\"birth_date\":\"1951-03-02\",\"sex\":\"female\",\"city\":[\"{city}\",\"Hamburg\"]}}\n")
    };
    let folder = platform(&[("p.jsonl", &[row("Berlin"), row("Munich"), row("Dresden")].concat().repeat(4))]);
    let found = quasi(folder.path(), &["p.jsonl"]);
    assert_eq!((&found["columns"], &found["left_out"]), (&json!(["birth_date", "sex"]), &json!(["city"])));
    assert_eq!(found["smallest_group"], json!(12));
}

#[test]
fn what_is_said_to_be_anonymous_is_judged_by_its_groups() {
    let verdict = |label: Option<&str>, rows: &str, limits: &str| {
        let label =
            label.map_or(String::new(), |label| format!("declare:\n  - asset: data/p.csv\n    label: {label}\n"));
        let folder = platform(&[("data/p.csv", rows), ("aedile.yaml", &format!("version: 1\n{limits}{label}"))]);
        let (run, _) = scan(folder.path(), &[]);
        let of = |policy: &str| {
            let found =
                run.findings.iter().find(|finding| finding.policy == policy && finding.asset.address == "data/p.csv");
            found.map_or("none".to_owned(), |finding| finding.verdict.clone())
        };
        (of("anonymised-data-leaves-nobody-alone"), of("published-data-hides-in-groups"))
    };
    let said = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    let (alone, few) = (people(12), people(6).lines().take(13).collect::<Vec<_>>().join("\n"));
    let many = people(12).lines().take(25).collect::<Vec<_>>().join("\n");
    assert_eq!(verdict(None, &alone, ""), said("none", "none"));
    assert_eq!(verdict(Some("anonymised"), &alone, ""), said("fail", "none"));
    assert_eq!(verdict(Some("published"), &few, ""), said("none", "fail"));
    assert_eq!(verdict(Some("published"), &many, ""), said("none", "none"));
    assert_eq!(
        verdict(Some("anonymised"), &people(500), "limits: {dataset_rows: 100}\n"),
        said("inconclusive", "none")
    );
}
