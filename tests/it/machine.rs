//! Formats for machines against the hand-written truth of a sample, and the same bytes each time.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use serde_json::Value;

use crate::planted::truth;
use crate::program::{AS_OF, aedile, sample, stdout};

fn rendered(name: &str, format: &str) -> String {
    stdout(&aedile(&sample(name), &["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", format]))
}

fn json(name: &str, format: &str) -> Value {
    serde_json::from_str(&rendered(name, format)).unwrap_or_else(|error| panic!("{format}: {error}"))
}

/// Policy, file and line of a finding.
type At = (String, String, u64);

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn array(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// The path without the folder of the sample: outside of a repository there is none.
fn inner(path: &str) -> String {
    path.trim_start_matches("samples/clinic/").to_owned()
}

/// What stands in each format that has findings with lines.
fn findings(format: &str) -> Vec<At> {
    match format {
        "sarif" => array(&json("clinic", format)["runs"][0]["results"])
            .iter()
            .map(|result| {
                let place = &result["locations"][0]["physicalLocation"];
                let line = place["region"]["startLine"].as_u64().unwrap_or_default();
                (text(&result["ruleId"]), inner(&text(&place["artifactLocation"]["uri"])), line)
            })
            .collect(),
        "gitlab" => array(&json("clinic", format)["vulnerabilities"])
            .iter()
            .map(|one| {
                let at = &one["location"];
                (
                    text(&one["identifiers"][0]["value"]),
                    inner(&text(&at["file"])),
                    at["start_line"].as_u64().unwrap_or_default(),
                )
            })
            .collect(),
        "codequality" => array(&json("clinic", format))
            .iter()
            .filter(|one| one["severity"] != "info")
            .map(|one| {
                let at = &one["location"];
                (text(&one["check_name"]), inner(&text(&at["path"])), at["lines"]["begin"].as_u64().unwrap_or_default())
            })
            .collect(),
        "csv" => {
            let text = rendered("clinic", format);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let heads = reader.headers().expect("there are heads").clone();
            let at = |name: &str| heads.iter().position(|head| head == name).expect("the column is there");
            let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
            rows.iter()
                .filter(|row| &row[at("record")] == "finding" && &row[at("state")] != "waived")
                .map(|row| {
                    (
                        row[at("policy")].to_owned(),
                        row[at("path")].to_owned(),
                        row[at("line")].parse().unwrap_or_default(),
                    )
                })
                .collect()
        }
        "junit" => rendered("clinic", format)
            .split("<testcase ")
            .skip(1)
            .filter(|case| case.contains("<failure") || case.contains("message=\"undecided"))
            .map(|case| {
                let of = |name: &str| {
                    case.split(&format!("{name}=\""))
                        .nth(1)
                        .and_then(|rest| rest.split('"').next())
                        .unwrap_or_default()
                        .to_owned()
                };
                (of("classname"), inner(&of(" file")), of(" line").parse().unwrap_or_default())
            })
            .collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn every_planted_finding_stands_in_every_format_at_its_line() {
    let truth = truth("clinic");
    for format in ["sarif", "gitlab", "codequality", "csv", "junit"] {
        let found = findings(format);
        assert_eq!(found.len(), truth.findings.len(), "{format}");
        for planted in &truth.findings {
            let Some(place) = &planted.place else { continue };
            let (path, line) = place.rsplit_once(':').expect("path:line");
            let at: At = (planted.policy.clone(), path.to_owned(), line.parse().expect("a line"));
            // A planted place may be the second of a finding: then its policy stands there with another line.
            let named = found.iter().any(|found| found.0 == at.0);
            assert!(found.contains(&at) || named, "{format}: {at:?}");
        }
        let exact = truth.findings.iter().filter(|planted| {
            let place = planted.place.as_deref().and_then(|place| place.rsplit_once(':'));
            place.is_some_and(|(path, line)| {
                found.contains(&(planted.policy.clone(), path.to_owned(), line.parse().unwrap_or_default()))
            })
        });
        let placed = truth.findings.iter().filter(|planted| planted.place.is_some()).count();
        assert!(exact.count() * 10 >= placed * 9, "{format}: most planted places come first");
    }
}

#[test]
fn junit_has_a_case_for_every_verdict() {
    let (run, _) = crate::program::scan(&sample("clinic"), &[]);
    let xml = rendered("clinic", "junit");
    let cases = xml.matches("<testcase ").count();
    let passed: usize = run.passed.values().map(Vec::len).sum();
    assert_eq!(cases, passed + run.findings.len());
    assert!(passed > 50, "passes are evidence too: {passed}");
    assert!(xml.contains(&format!("<testsuites name=\"aedile\" tests=\"{cases}\"")));
    for (control, assets) in &run.passed {
        assert!(assets.len() <= run.verdicts[control].pass, "{control}");
    }
}

#[test]
fn oscal_tells_every_finding_as_observation_and_risk_and_every_assessed_obligation() {
    let (run, _) = crate::program::scan(&sample("clinic"), &[]);
    let oscal = &json("clinic", "oscal")["assessment-results"];
    let result = &oscal["results"][0];
    assert_eq!(array(&result["risks"]).len(), run.findings.len());
    let waived = array(&result["risks"]).iter().filter(|risk| risk["status"] == "deviation-approved").count();
    assert_eq!(waived, run.summary.waived);
    let assessed = run.frameworks.iter().flat_map(|framework| &framework.obligations);
    let assessed = assessed.filter(|obligation| obligation.status != "not-assessed").count();
    assert_eq!(array(&result["findings"]).len(), assessed);
    let known: BTreeSet<String> =
        array(&result["observations"]).iter().map(|observation| text(&observation["uuid"])).collect();
    for finding in array(&result["findings"]) {
        for related in array(&finding["related-observations"]) {
            assert!(known.contains(&text(&related["observation-uuid"])), "{finding}");
        }
    }
}

#[test]
fn the_bill_of_materials_names_the_data_and_what_the_model_is_trained_on() {
    let bom = json("clinic", "cyclonedx");
    let components = array(&bom["components"]);
    let patients = components.iter().find(|one| one["bom-ref"] == "Dataset:data/patients.csv").expect("it is listed");
    let classes: Vec<String> = array(&patients["data"][0]["sensitiveData"]).iter().map(text).collect();
    assert!(classes.contains(&"pii.contact.email".to_owned()), "{classes:?}");
    let models: Vec<&Value> = components.iter().filter(|one| one["type"] == "machine-learning-model").collect();
    assert!(!models.is_empty());
    let refs: BTreeSet<String> = components.iter().map(|one| text(&one["bom-ref"])).collect();
    assert_eq!(refs.len(), components.len(), "every reference is of one component");
    for dependency in array(&bom["dependencies"]) {
        assert!(refs.contains(&text(&dependency["ref"])), "{dependency}");
    }
}

#[test]
fn openlineage_tells_where_a_column_comes_from() {
    let events = array(&json("clinic", "openlineage"));
    let staged = events.iter().find(|event| event["outputs"][0]["name"] == "stg_patients").expect("the model is there");
    let fields = &staged["outputs"][0]["facets"]["columnLineage"]["fields"];
    let input = &fields["age_years"]["inputFields"][0];
    assert_eq!((text(&input["name"]), text(&input["field"])), ("clinic.patients".to_owned(), "birth_date".to_owned()));
    assert_eq!(fields["mrn"]["inputFields"][0]["transformations"][0]["masking"], Value::Bool(false));
}

#[test]
fn waived_findings_stand_in_the_file_for_an_audit_alone() {
    let (run, _) = crate::program::scan(&sample("clinic"), &[]);
    assert!(run.summary.waived > 0, "the sample has a waiver");
    let results = |format: &str| array(&json("clinic", format)["runs"][0]["results"]);
    assert_eq!(results("sarif").len(), run.findings.len() - run.summary.waived);
    assert_eq!(results("sarif-audit").len(), run.findings.len());
    let suppressed = results("sarif-audit").iter().filter(|result| result.get("suppressions").is_some()).count();
    assert_eq!(suppressed, run.summary.waived);
}

#[test]
fn the_same_scan_gives_the_same_bytes_in_every_format() {
    for format in aedile::report::FORMATS {
        assert!(rendered("clinic", format.name) == rendered("clinic", format.name), "{}", format.name);
    }
}
