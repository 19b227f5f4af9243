//! All formats tell the same run (invariant I5).

use serde_json::Value;

use crate::program::{AS_OF, aedile, code, root, sample, scan, stdout};

fn rendered(format: &str) -> (String, i32) {
    let output = aedile(&sample("clinic"), &["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", format]);
    (stdout(&output), code(&output))
}

#[test]
fn counts_and_exit_codes_agree() {
    let (run, exit) = scan(&sample("clinic"), &[]);
    assert_eq!(run.summary.findings, run.findings.len());
    assert_eq!(i32::from(run.summary.exit_code), exit);

    let (sarif, sarif_exit) = rendered("sarif");
    let sarif: Value = serde_json::from_str(&sarif).expect("SARIF is JSON");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(run.findings.len() - run.summary.waived));
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(run.controls.len()));

    let (html, html_exit) = rendered("html");
    assert_eq!(html.matches("<details class=\"finding\"").count(), run.findings.len());

    let (text, text_exit) = rendered("text");
    let open = run.findings.iter().filter(|finding| finding.is_open()).count();
    assert!(text.contains(&format!("{open} findings open")), "{text}");
    assert_eq!([sarif_exit, html_exit, text_exit], [exit; 3]);
}

#[test]
fn sarif_points_to_one_based_regions_with_relative_uris() {
    let (sarif, _) = rendered("sarif");
    let sarif: Value = serde_json::from_str(&sarif).expect("SARIF is JSON");
    for result in sarif["runs"][0]["results"].as_array().expect("there are results") {
        for location in result["locations"].as_array().expect("a result has locations") {
            let physical = &location["physicalLocation"];
            let uri = physical["artifactLocation"]["uri"].as_str().expect("a location has a uri");
            assert!(!uri.starts_with('/') && !uri.contains("..") && !uri.contains(' '), "{uri}");
            assert!(physical["region"]["startLine"].as_u64() >= Some(1));
        }
    }
}

#[test]
fn the_page_asks_for_nothing_from_outside() {
    let (html, _) = rendered("html");
    assert!(html.contains("Content-Security-Policy") && html.contains("default-src 'none'"));
    for outside in ["src=\"http", "href=\"http", "@import", "url("] {
        assert!(!html.contains(outside), "the page holds `{outside}`");
    }
}

#[test]
fn published_schemas_are_those_of_the_program() {
    for name in ["classify", "config", "run", "spans"] {
        let file = &format!("docs/schema/{name}-1.schema.json");
        let current = aedile::schema::named(name).expect("the schema exists");
        crate::documents::current(file, &current);
    }
}

#[test]
fn published_schema_describes_a_real_run() {
    let schema: Value = serde_json::from_str(
        &std::fs::read_to_string(root().join("docs/schema/run-1.schema.json")).expect("it is published"),
    )
    .expect("it is JSON");
    let (run, _) = scan(&sample("clinic"), &[]);
    let run = serde_json::to_value(run).expect("a run is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let wrong: Vec<String> =
        validator.iter_errors(&run).take(5).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn ten_thousand_findings_fit_on_a_page_of_twelve_megabytes() {
    let folder = crate::program::public_bucket();
    let (mut run, _) = scan(folder.path(), &[]);
    let few = run.findings.clone();
    run.findings = (0..10_000)
        .map(|nth| {
            let mut finding = few[nth % few.len()].clone();
            finding.fingerprint = format!("{nth:032x}");
            finding.title = format!("{} (copy-{nth} of it)", finding.title);
            finding
        })
        .collect();
    let ledger = folder.path().join("ledger.db");
    let at = time::OffsetDateTime::UNIX_EPOCH;
    run.ledger = Some(aedile::ledger::append(&run, &ledger, at, &[]).expect("it is recorded"));
    let html = aedile::report::Format::named("html").expect("there is the page");
    let page = (html.render)(&run, aedile::report::Look::default()).expect("it is rendered");
    assert_eq!(page.matches("<details class=\"finding\"").count(), 10_000);
    assert!(page.len() < 12_000_000, "{}", page.len());
    let in_full = page.matches("<h4>Recommendation</h4>").count();
    assert!(page.contains(&format!("Of 10000 findings the first {in_full} are told in full")), "{in_full}");
    assert!((50..10_000).contains(&in_full), "{in_full}");
    let statements = aedile::proof::verify_report(&page, &[]).expect("it is a report");
    let failed = |statement: &aedile_audit::Statement| matches!(statement.status, aedile_audit::Status::Fails);
    assert!(!statements.iter().any(|(_, statement)| failed(statement)), "{statements:?}");
    // For the test in a browser.
    std::fs::write(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("large.html"), page).expect("writable");
}
