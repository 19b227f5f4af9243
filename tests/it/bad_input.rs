//! Wrong input: exit code 2, with the place and the remedy.

use crate::program::{aedile, code, platform, public_bucket, scan, stderr, stdout};

fn refused(files: &[(&str, &str)], args: &[&str], expected: &[&str]) {
    let folder = platform(files);
    let output = aedile(folder.path(), args);
    let said = stderr(&output);
    assert_eq!(code(&output), 2, "{said}");
    for words in expected {
        assert!(said.contains(words), "`{words}` is missing in:\n{said}");
    }
}

#[test]
fn an_unknown_key_in_the_configuration_is_named_with_its_place() {
    refused(&[("aedile.yaml", "version: 1\nfail_onn: high\n")], &["scan", "."], &["fail_onn", "aedile.yaml", "2"]);
}

#[test]
fn a_wrong_severity_says_which_ones_there_are() {
    refused(
        &[("aedile.yaml", "fail_on: hihg\n")],
        &["scan", "."],
        &["hihg", "use low, medium, high, critical or never"],
    );
    refused(&[], &["scan", ".", "--fail-on", "hihg"], &["hihg", "use low, medium, high, critical or never"]);
}

#[test]
fn a_wrong_flag_is_named() {
    refused(&[], &["scan", ".", "--fial-on", "high"], &["--fial-on", "--fail-on"]);
}

#[test]
fn a_missing_root_is_named() {
    refused(&[], &["scan", "nowhere"], &["nowhere"]);
}

#[test]
fn an_unknown_format_says_which_ones_there_are() {
    refused(&[], &["scan", ".", "--format", "pdf"], &["pdf", "codequality, csv, cyclonedx, github, gitlab, html"]);
}

#[test]
fn a_broken_pack_is_refused_with_its_place() {
    refused(
        &[("packs/mine.yaml", "pack: identifiers\nidentifiers:\n  - id: badge\n    clas: pii.id.badge\n")],
        &["scan", ".", "--rules", "packs"],
        &["mine.yaml", "clas"],
    );
    refused(
        &[("packs/mine.yaml", "pack: identifiers\nidentifiers:\n  - id: badge\n")],
        &["rules", "check", "packs"],
        &["mine.yaml", "missing"],
    );
}

#[test]
fn a_broken_policy_is_refused_with_its_place() {
    refused(
        &[(
            "controls/mine.cedar",
            "@id(\"mine\")\nforbid (principal, action, resource) when { resource.encrypted };\n",
        )],
        &["scan", ".", "--policy", "controls"],
        &["mine.cedar"],
    );
}

#[test]
fn a_broken_baseline_is_refused() {
    refused(&[("b.json", "{}")], &["scan", ".", "--baseline", "b.json"], &["b.json", "aedile baseline create"]);
}

#[test]
fn a_baseline_of_another_version_says_so() {
    refused(
        &[("b.json", "{\"schema\":\"aedile.baseline.v1\",\"findings\":{}}")],
        &["scan", ".", "--baseline", "b.json"],
        &["b.json", "of the version `aedile.baseline.v1`", "aedile.baseline.v2", "aedile baseline create"],
    );
    refused(
        &[("b.json", "{\"schema\":\"aedile.baseline.v2\",\"findings\":{\"a\":{\"policy\":\"p\"}}}")],
        &["baseline", "prune", ".", "--output", "b.json"],
        &["b.json", "missing field"],
    );
}

#[test]
fn an_unparsable_file_is_a_gap_and_the_rest_is_judged() {
    let folder = public_bucket();
    std::fs::write(folder.path().join("infra/broken.tf"), "resource \"aws_s3_bucket\" {{{\n")
        .expect("a file can be added");
    std::fs::write(folder.path().join("blob.py"), [0u8, 159, 146, 150]).expect("a file can be added");
    let (run, code) = scan(folder.path(), &[]);
    assert_eq!(code, 1);
    let gaps: Vec<(&str, &str)> =
        run.coverage.gaps.iter().map(|gap| (gap.place.path.as_str(), gap.kind.as_str())).collect();
    assert!(gaps.contains(&("infra/broken.tf", "unparsed")), "{gaps:?}");
    assert!(gaps.contains(&("blob.py", "undecodable")), "{gaps:?}");
    assert!(run.findings.iter().any(|finding| finding.policy == "store-not-public"));
}

#[test]
fn the_findings_are_shown_even_if_the_ledger_cannot_be_written() {
    let folder = public_bucket();
    std::fs::write(
        folder.path().join("ledger.db"),
        "this is no database, but it is long enough to be read as one. ".repeat(40),
    )
    .expect("a file can be added");
    let before = std::fs::read(folder.path().join("ledger.db")).expect("it is there");
    let output = aedile(folder.path(), &["scan", ".", "--ledger", "ledger.db"]);
    assert_eq!(code(&output), 2);
    assert!(stdout(&output).contains("store-not-public"));
    assert!(stderr(&output).contains("could not be recorded"), "{}", stderr(&output));
    assert_eq!(std::fs::read(folder.path().join("ledger.db")).expect("it is there"), before);
}

#[test]
fn a_folder_without_anything_to_judge_says_so() {
    let said = |files: &[(&str, &str)]| {
        let folder = platform(files);
        let output = aedile(folder.path(), &["scan", ".", "--ledger", "none"]);
        assert_ne!(code(&output), 2, "{}", stderr(&output));
        stdout(&output).contains("nothing was judged")
    };
    assert!(said(&[]));
    assert!(said(&[("notes.xyz", "just words\n")]));
    assert!(!said(&[("main.tf", "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"a\"\n}\n")]));
}

#[test]
fn what_made_a_decoder_panic_is_told_as_damage_and_nothing_of_the_panic_is_shown() {
    let found = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/found");
    let files: Vec<_> =
        std::fs::read_dir(found).expect("the folder is there").map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 2);
    for file in files {
        let folder = platform(&[]);
        let copy = folder.path().join(file.file_name().unwrap());
        std::fs::copy(&file, copy).expect("it can be copied");
        for args in [&["classify", "--full", "."][..], &["scan", ".", "--ledger", "none"]] {
            let output = aedile(folder.path(), args);
            let said = format!("{}{}", stdout(&output), stderr(&output));
            assert!(code(&output) >= 0 && !said.contains("panicked"), "{}: {said}", file.display());
            assert!(said.contains("damaged") || said.contains("not read"), "{}: {said}", file.display());
        }
    }
}
