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

/// Writes the baseline of `folder` into `known.json`.
fn baseline(folder: &tempfile::TempDir, command: &str) -> String {
    let output = aedile(folder.path(), &["baseline", command, ".", "--as-of", AS_OF, "--output", "known.json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    stderr(&output)
}

fn edit(folder: &tempfile::TempDir, file: &str, from: &str, to: &str) {
    let path = folder.path().join(file);
    let text = std::fs::read_to_string(&path).expect("the file is there");
    assert!(text.contains(from), "{file} holds no `{from}`");
    std::fs::write(path, text.replace(from, to)).expect("it can be changed");
}

fn state_of(run: &aedile::record::Run, policy: &str) -> Option<String> {
    run.findings.iter().find(|finding| finding.policy == policy)?.baseline_state.clone()
}

#[test]
fn a_baseline_excuses_no_longer_once_the_resource_has_changed() {
    let folder = public_bucket();
    baseline(&folder, "create");
    // An unrelated line moves the place and changes nothing else.
    edit(
        &folder,
        "infra/main.tf",
        "resource \"aws_s3_bucket\" \"raw\"",
        "# a remark\n\nresource \"aws_s3_bucket\" \"raw\"",
    );
    let (run, exit) = scan(folder.path(), &["--baseline", "known.json"]);
    assert_eq!((state_of(&run, "store-not-public").as_deref(), exit), (Some("known"), 0));

    // What was accepted was another thing: a bucket that nobody had said to be of research.
    edit(&folder, "infra/main.tf", "\"ward-raw\"\n", "\"ward-raw\"\n  tags   = { classification = \"research\" }\n");
    let (run, exit) = scan(folder.path(), &["--baseline", "known.json"]);
    assert_eq!((state_of(&run, "store-not-public").as_deref(), exit), (Some("changed"), 1));
    let said = baseline(&folder, "update");
    assert!(said.contains("renewed"), "{said}");
    assert_eq!(scan(folder.path(), &["--baseline", "known.json"]).1, 0);
}

#[test]
fn a_baseline_is_kept_up_to_date() {
    let folder = public_bucket();
    baseline(&folder, "create");
    let held = || -> aedile::baseline::Baseline {
        let text = std::fs::read_to_string(folder.path().join("known.json")).expect("it is there");
        serde_json::from_str(&text).expect("it is a baseline")
    };
    let first = held();
    std::fs::write(
        folder.path().join("infra/other.tf"),
        "resource \"aws_security_group\" \"all\" {\n  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n",
    )
    .expect("a file can be added");
    edit(&folder, "infra/main.tf", "public-read", "private");

    // Pruning only takes away.
    let said = baseline(&folder, "prune");
    assert!(said.contains("0 added"), "{said}");
    let pruned = held();
    assert!(pruned.findings.values().all(|known| known.policy != "network-not-open-to-world"));
    assert!(pruned.findings.values().all(|known| known.policy != "store-not-public"), "it is mended");
    assert!(pruned.findings.iter().all(|(print, known)| first.findings.get(print) == Some(known)));

    baseline(&folder, "update");
    assert!(held().findings.values().any(|known| known.policy == "network-not-open-to-world"));
    assert_eq!(scan(folder.path(), &["--baseline", "known.json"]).1, 0);
}

#[test]
fn budgets_bound_what_may_stand_whatever_the_baseline_excuses() {
    let folder = public_bucket();
    baseline(&folder, "create");
    let config = folder.path().join("aedile.yaml");
    let text = std::fs::read_to_string(&config).expect("it is there");
    let (run, _) = scan(folder.path(), &[]);
    let of_gdpr = |severity: &str| {
        run.findings
            .iter()
            .filter(|finding| finding.severity == severity && finding.verdict == "fail")
            .filter(|finding| finding.citations.iter().any(|citation| citation.framework == "gdpr"))
            .count()
    };
    let critical = of_gdpr("critical");
    assert!(critical > 0);
    let with = |allowed: usize| {
        std::fs::write(&config, format!("{text}budgets:\n  gdpr:\n    critical: {allowed}\n")).expect("writable");
        scan(folder.path(), &["--baseline", "known.json"])
    };
    assert_eq!(with(critical).1, 0);
    let (run, exit) = with(critical - 1);
    assert_eq!(exit, 1);
    assert_eq!((run.gate.budgets[0].found, run.gate.budgets[0].allowed), (critical, critical - 1));
    assert!(run.gate.reasons[0].contains("the budget of gdpr allows"), "{:?}", run.gate.reasons);

    std::fs::write(&config, format!("{text}budgets:\n  gdrp:\n    critical: 1\n")).expect("writable");
    let output = aedile(folder.path(), &["scan", ".", "--ledger", "none"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no framework `gdrp`"), "{}", stderr(&output));
}

#[test]
fn new_findings_have_a_threshold_of_their_own() {
    let folder = public_bucket();
    baseline(&folder, "create");
    edit(&folder, "aedile.yaml", "version: 1\n", "version: 1\nfail_on: never\nfail_on_new: low\n");
    assert_eq!(scan(folder.path(), &[]).1, 0, "without a baseline nothing is new");
    assert_eq!(scan(folder.path(), &["--baseline", "known.json"]).1, 0);
    std::fs::write(folder.path().join("infra/b.tf"), "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"b\"\n}\n")
        .expect("a file can be added");
    let (run, exit) = scan(folder.path(), &["--baseline", "known.json"]);
    assert_eq!(exit, 1);
    assert_eq!(run.gate.fail_on_new.as_deref(), Some("low"));
}

#[test]
fn the_end_of_a_waiver_is_announced_a_month_ahead_in_every_format() {
    let folder = public_bucket();
    let waive = |until: &str| {
        edit(
            &folder,
            "aedile.yaml",
            "version: 1\n",
            &format!(
                "version: 1\nwaivers:\n  - policy: store-not-public\n    asset: aws_s3_bucket.raw\n    reason: open data by decision 12\n    by: dpo\n    until: {until}\n"
            ),
        );
    };
    // Thirty days after the date that is judged by.
    waive("2026-12-01");
    let (run, _) = scan(folder.path(), &[]);
    assert!(run.waivers[0].ends_soon() && run.waivers[0].days_left == Some(30));
    for format in aedile::report::FORMATS {
        let output =
            aedile(folder.path(), &["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", format.name]);
        let text = stdout(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        if format.name == "openlineage" {
            continue; // lineage alone: it knows neither findings nor waivers
        }
        if format.name != "sarif" && format.name != "github" {
            let text = text.to_lowercase();
            assert!(text.contains("open data by decision 12"), "{} lists no waiver", format.name);
        }
        if [
            "github",
            "gitlab",
            "html",
            "markdown",
            "sarif",
            "sarif-audit",
            "text",
            "csv",
            "junit",
            "oscal",
            "codequality",
            "cyclonedx",
        ]
        .contains(&format.name)
        {
            let told = ["ends in 30 days", "ends soon", "\"days_left\": 30"];
            assert!(told.iter().any(|told| text.contains(told)), "{} announces nothing", format.name);
        }
    }
    edit(&folder, "aedile.yaml", "2026-12-01", "2026-12-02");
    assert!(!scan(folder.path(), &[]).0.waivers[0].ends_soon());
}
