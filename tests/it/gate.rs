//! Exit codes, waivers, baseline.

use crate::program::{AS_OF, aedile, code, platform, public_bucket, scan, stderr, stdout};

#[test]
fn a_critical_finding_gives_exit_code_one_and_never_gives_zero() {
    let folder = public_bucket();
    assert_eq!(scan(folder.path(), &[]).1, 1);
    assert_eq!(scan(folder.path(), &["--fail-on", "never"]).1, 0);
}

#[test]
fn an_empty_folder_is_clean() {
    let folder = platform(&[]);
    let output = aedile(folder.path(), &["scan", ".", "--ledger", "none"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("gate passed"));
}

#[test]
fn severity_depends_on_what_the_bucket_holds() {
    let folder = public_bucket();
    let severity = |folder: &tempfile::TempDir| {
        let (run, _) = scan(folder.path(), &[]);
        run.findings.iter().find(|finding| finding.policy == "store-not-public").map(|finding| finding.severity.clone())
    };
    assert_eq!(severity(&folder).as_deref(), Some("critical"));
    std::fs::remove_file(folder.path().join("data/patients.csv")).expect("the data can be removed");
    std::fs::remove_file(folder.path().join("aedile.yaml")).expect("the binding can be removed");
    assert_eq!(severity(&folder).as_deref(), Some("low"));
}

#[test]
fn an_inline_waiver_with_a_reason_excuses_until_its_date() {
    // Written apart, so that a scan of this repository takes no waiver from here.
    let waived = |comment: &str| {
        let folder = public_bucket();
        let path = folder.path().join("infra/main.tf");
        let text = std::fs::read_to_string(&path).expect("the file is there");
        std::fs::write(
            &path,
            text.replace("  acl    =", &format!("  {}\n  acl    =", comment.replace("aedile-allow", "aedile:allow"))),
        )
        .expect("it can be changed");
        let (run, _) = scan(folder.path(), &[]);
        let finding =
            run.findings.iter().find(|finding| finding.policy == "store-not-public").cloned().expect("it is kept");
        let policies: Vec<String> = run.findings.iter().map(|finding| finding.policy.clone()).collect();
        (finding.waiver.is_some(), policies)
    };
    let (excused, _) = waived("# aedile-allow store-not-public reason=\"open data\" until=2027-03-31 by=dpo");
    assert!(excused);
    let (excused, policies) = waived("# aedile-allow store-not-public reason=\"open data\" until=2026-10-31 by=dpo");
    assert!(!excused && policies.contains(&"waiver-not-expired".to_owned()));
    let (excused, policies) = waived("# aedile-allow store-not-public until=2027-03-31");
    assert!(!excused && policies.contains(&"waiver-has-reason".to_owned()));
}

#[test]
fn a_central_waiver_is_kept_shown_and_counted() {
    let folder = public_bucket();
    let path = folder.path().join("aedile.yaml");
    let text = std::fs::read_to_string(&path).expect("the file is there")
        + "waivers:\n  - policy: store-not-public\n    asset: aws_s3_bucket.raw\n    reason: open data by decision 12\n    by: dpo\n    until: 2027-01-31\n";
    std::fs::write(path, text).expect("it can be changed");
    let (run, _) = scan(folder.path(), &[]);
    let finding = run.findings.iter().find(|finding| finding.policy == "store-not-public").expect("it is kept");
    assert_eq!(finding.waiver.as_ref().and_then(|waiver| waiver.by.as_deref()), Some("dpo"));
    assert_eq!(run.summary.waived, 1);
    assert_eq!(run.waivers.iter().map(|waiver| waiver.findings).sum::<usize>(), 1);
}

#[test]
fn known_findings_do_not_fail_the_gate_and_new_ones_do() {
    let folder = public_bucket();
    let output = aedile(folder.path(), &["baseline", "create", ".", "--as-of", AS_OF, "--output", "known.json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(scan(folder.path(), &["--baseline", "known.json"]).1, 0);
    std::fs::write(
        folder.path().join("infra/other.tf"),
        "resource \"aws_security_group\" \"all\" {\n  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n",
    )
    .expect("a file can be added");
    let (run, code) = scan(folder.path(), &["--baseline", "known.json"]);
    assert_eq!(code, 1);
    let new: Vec<&str> = run
        .findings
        .iter()
        .filter(|finding| finding.baseline_state.as_deref() == Some("new"))
        .map(|finding| finding.policy.as_str())
        .collect();
    assert_eq!(new, ["data-ports-not-open-to-world", "network-not-open-to-world"]);
}

#[test]
fn fingerprints_survive_unrelated_edits() {
    let folder = public_bucket();
    let prints = |folder: &tempfile::TempDir| {
        let (run, _) = scan(folder.path(), &[]);
        run.findings.into_iter().map(|finding| finding.fingerprint).collect::<Vec<_>>()
    };
    let before = prints(&folder);
    let path = folder.path().join("infra/main.tf");
    let text = std::fs::read_to_string(&path).expect("the file is there");
    std::fs::write(path, format!("# a comment\n\n\n{text}")).expect("it can be changed");
    assert_eq!(prints(&folder), before);
}

#[test]
fn strict_turns_gaps_into_exit_code_two_unless_they_are_accepted() {
    let folder = platform(&[("broken.tf", "resource \"aws_s3_bucket\" {{{\n")]);
    assert_eq!(scan(folder.path(), &[]).1, 0);
    assert_eq!(scan(folder.path(), &["--strict"]).1, 2);
    std::fs::write(
        folder.path().join("aedile.yaml"),
        "accept_gaps:\n  - kind: unparsed\n    path: broken.tf\n    reason: generated, removed next month\n",
    )
    .expect("a file can be added");
    assert_eq!(scan(folder.path(), &["--strict"]).1, 0);
}
