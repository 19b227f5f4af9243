//! `aedile lineage`: where data comes from and goes to, over SQL, dbt and pipelines, and of SQL alone.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::{aedile, code, platform, stderr, stdout};

const TABLES: &str = "CREATE TABLE raw.users (id INT, email TEXT, zip TEXT, plan TEXT);\n";

const MART: &str = "\
CREATE TABLE mart.users AS
SELECT id, sha2(email, 256) AS email_hash, left(zip, 3) AS area FROM raw.users WHERE plan = 'paid';
CREATE VIEW mart.areas AS SELECT area, count(email_hash) AS n FROM mart.users GROUP BY area;
";

const JOB: &str = "\
import pandas as pd
df = pd.read_csv('s3://lake/users.csv')
out = df[['email', 'zip']]
out.to_csv('s3://lake/out.csv')
print(out)
";

fn shop() -> tempfile::TempDir {
    platform(&[("sql/raw.sql", TABLES), ("sql/mart.sql", MART), ("jobs/job.py", JOB)])
}

fn answer(folder: &std::path::Path, args: &[&str]) -> Value {
    let mut all = vec!["lineage"];
    all.extend(args);
    all.extend(["--format", "json"]);
    let output = aedile(folder, &all);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).expect("the answer is JSON")
}

/// The edges in words: `from > to: transform, protection`.
fn said(edges: &Value) -> Vec<String> {
    let end = |end: &Value| match end["column"].as_str() {
        Some(column) => format!("{}.{column}", end["asset"].as_str().expect("an asset")),
        None => end["asset"].as_str().expect("an asset").to_owned(),
    };
    let words = |edge: &Value| {
        let (from, to) = (end(&edge["from"]), end(&edge["to"]));
        format!("{from} > {to}: {} {} {}", edge["type"], edge["transform"], edge["protection"]).replace('"', "")
    };
    let mut said: Vec<String> = edges.as_array().expect("edges").iter().map(words).collect();
    said.sort();
    said
}

#[test]
fn a_column_is_followed_both_ways_with_what_was_done_to_it() {
    let folder = shop();
    let told = answer(folder.path(), &["mart.users.email_hash"]);
    assert_eq!(
        said(&told["upstream"]),
        [
            "raw.users.email > mart.users.email_hash: direct transformation hashed",
            "raw.users.plan > mart.users: indirect filter none",
        ]
    );
    assert_eq!(said(&told["downstream"]), ["mart.users.email_hash > mart.areas.n: direct aggregation aggregated"]);
    assert_eq!(told["upstream"][0]["place"], "sql/mart.sql:1");
    assert_eq!(told["complete"], true);
}

#[test]
fn a_dataset_goes_through_a_pipeline_to_files_and_logs() {
    let told = answer(shop().path(), &["s3://lake/users.csv", "--downstream"]);
    let said = said(&told["downstream"]);
    for line in [
        "s3://lake/users.csv.email > s3://lake/out.csv.email: direct identity none",
        "s3://lake/users.csv.email > log: direct identity none",
    ] {
        assert!(said.iter().any(|held| held == line), "{line}\n{said:#?}");
    }
    assert_eq!(told["downstream"][0]["via"], "jobs/job.py");
    assert_eq!(told["upstream"], serde_json::json!([]));
}

#[test]
fn the_text_fits_eighty_columns_and_names_places() {
    let output = aedile(shop().path(), &["lineage", "mart.users"]);
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for part in ["COMES FROM", "IS DECIDED BY", "GOES TO", "(sql/mart.sql:1)", "hashed", "truncated", "filter"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_recorded_run_answers_as_the_scan_does() {
    let folder = shop();
    let scanned = aedile(folder.path(), &["scan", ".", "--as-of", "2026-11-01", "--fail-on", "never"]);
    assert_eq!(code(&scanned), 0, "{}", stderr(&scanned));
    let fresh = answer(folder.path(), &["mart.areas"]);
    std::fs::remove_dir_all(folder.path().join("sql")).expect("the sources can go");
    let recorded = answer(folder.path(), &["mart.areas", "--run", "latest"]);
    assert_eq!(said(&fresh["upstream"]), said(&recorded["upstream"]));
    assert!(!said(&recorded["upstream"]).is_empty());
}

#[test]
fn pictures_and_catalogs_are_drawn_from_the_same_edges() {
    let folder = shop();
    let drawn = |format: &str| stdout(&aedile(folder.path(), &["lineage", "mart.users", "--format", format]));
    assert!(drawn("dot").contains("\"raw.users\" -> \"mart.users\" [label=\"plan: filter\", style=dashed];"));
    assert!(drawn("mermaid").contains("-.->|\"plan: filter\"|"));
    let events: Value = serde_json::from_str(&drawn("openlineage")).expect("events are JSON");
    let event = events.as_array().expect("events").iter().find(|event| event["outputs"][0]["name"] == "mart.users");
    let facet = &event.expect("the table has an event")["outputs"][0]["facets"]["columnLineage"];
    let input = &facet["fields"]["email_hash"]["inputFields"][0];
    assert_eq!((input["name"].as_str(), input["field"].as_str()), (Some("raw.users"), Some("email")));
    assert_eq!(input["transformations"][0]["masking"], true);
    assert_eq!(facet["dataset"][0]["transformations"][0]["type"], "INDIRECT");
    assert_eq!(facet["dataset"][0]["transformations"][0]["subtype"], "FILTER");
}

#[test]
fn an_unknown_name_is_refused_with_the_near_ones() {
    let output = aedile(shop().path(), &["lineage", "mart.usres"]);
    assert_eq!(code(&output), 2);
    let said = stderr(&output);
    assert!(said.contains("there is no asset or column `mart.usres`") && said.contains("`mart.users`"), "{said}");
    let output = aedile(shop().path(), &["lineage"]);
    assert_eq!(code(&output), 2);
}

#[test]
fn sql_alone_gives_tables_and_columns() {
    let folder = platform(&[
        ("job.sql", "INSERT INTO mart.u SELECT * FROM raw.users;\nSELECT FROM ((;"),
        ("tables.yaml", "raw.users: [id, email]\nmart.u: {uid: int, mail: text}\n"),
    ]);
    let args = ["lineage", "--sql", "job.sql", "--dialect", "snowflake", "--schema", "tables.yaml", "--format", "json"];
    let output = aedile(folder.path(), &args);
    // A statement that is not read makes the answer incomplete.
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("job.sql:2: a sql statement (select) does not parse"), "{}", stderr(&output));
    let told: Value = serde_json::from_str(&stdout(&output)).expect("the answer is JSON");
    assert_eq!(told["sources"], serde_json::json!(["raw.users"]));
    assert_eq!(told["targets"], serde_json::json!(["mart.u"]));
    assert_eq!(
        told["columns"][0],
        serde_json::json!({
            "from": {"table": "raw.users", "column": "email"}, "to": {"table": "mart.u", "column": "mail"},
            "transform": "identity", "protection": "none", "line": 1,
        })
    );
}

#[test]
fn wrong_input_of_sql_is_refused_with_advice() {
    let folder = platform(&[("a.sql", "SELECT 1"), ("bad.yaml", "- a\n")]);
    let refused = |args: &[&str]| {
        let output = aedile(folder.path(), &[&["lineage", "--sql"], args].concat());
        assert_eq!(code(&output), 2, "{args:?}");
        stderr(&output)
    };
    assert!(refused(&["a.sql", "--dialect", "oracle"]).contains("use one of"));
    assert!(refused(&["none.sql"]).contains("cannot be read"));
    assert!(refused(&["a.sql", "--schema", "bad.yaml"]).contains("is no schema"));
}

/// A file of statements with what they do.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Truth {
    dialect: String,
    /// Tables that the statements may know, with their columns in order.
    #[serde(default)]
    schema: BTreeMap<String, Vec<String>>,
    statements: Vec<Statement>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    sql: String,
    /// In the place of the file's.
    schema: Option<BTreeMap<String, Vec<String>>>,
    /// Tables and files, separated by blanks.
    #[serde(default)]
    reads: String,
    #[serde(default)]
    writes: String,
    /// An edge a line: `table.column > table.column : transform protection`, of which `identity` and `none` are left
    /// out. The result of a query has no table; what decides over a whole table has no column after the dot.
    #[serde(default)]
    gives: String,
}

/// Every statement of `tests/lineage/sql` gives exactly what a person wrote beside it, from the documentation.
#[test]
fn statements_of_every_dialect_give_what_was_written_down() {
    let folder = crate::program::root().join("tests/lineage/sql");
    let rules = aedile_rules::Rules::load(&[]).expect("our packs load");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("statements").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let (mut wrong, mut count, mut edges) = (Vec::new(), 0, 0);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file of statements");
        let truth: Truth = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let dialect = aedile_crawl::Dialect::named(&truth.dialect);
        assert!(dialect.is_some(), "{}", truth.dialect);
        for statement in &truth.statements {
            count += 1;
            let schema: Vec<(String, Vec<String>)> =
                statement.schema.as_ref().unwrap_or(&truth.schema).clone().into_iter().collect();
            let told = aedile_crawl::sql_lineage(&statement.sql, "t.sql", dialect, &schema, &rules);
            let got: Vec<String> = told
                .sources
                .iter()
                .map(|name| format!("reads {name}"))
                .chain(told.targets.iter().map(|name| format!("writes {name}")))
                .chain(told.edges.iter().map(|edge| {
                    let (table, column) = (edge.table.as_deref(), edge.column.as_deref());
                    let to = format!("{}.{}", table.unwrap_or_default(), column.unwrap_or_default());
                    let from = format!("{}.{}", edge.from.table, edge.from.column);
                    format!("{from} > {to} : {} {}", edge.transform, edge.protection)
                }))
                .chain(told.gaps.iter().map(|gap| format!("gap {}", gap.message)))
                .collect();
            let want: Vec<String> = statement
                .reads
                .split_whitespace()
                .map(|name| format!("reads {name}"))
                .chain(statement.writes.split_whitespace().map(|name| format!("writes {name}")))
                .chain(statement.gives.lines().filter(|line| !line.trim().is_empty()).map(|line| {
                    let (ends, how) = line.split_once(" : ").unwrap_or((line, ""));
                    let mut words = how.split_whitespace();
                    let transform = words.next().unwrap_or("identity");
                    format!("{} : {transform} {}", ends.trim(), words.next().unwrap_or("none"))
                }))
                .collect();
            edges += want.iter().filter(|line| line.contains(" > ")).count();
            let missing: Vec<&String> = want.iter().filter(|line| !got.contains(line)).collect();
            let extra: Vec<&String> = got.iter().filter(|line| !want.contains(line)).collect();
            if !missing.is_empty() || !extra.is_empty() {
                wrong.push(format!(
                    "{} ({})\n  {}\n  missing: {missing:#?}\n  extra: {extra:#?}",
                    file.file_name().unwrap_or_default().display(),
                    truth.dialect,
                    statement.sql.trim().replace('\n', "\n  ")
                ));
            }
        }
    }
    println!("{count} statements, {edges} edges, {} statements are not as written", wrong.len());
    assert!(wrong.is_empty(), "{} of {count} statements\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 500, "{count} statements");
}
