//! Patches: each of them does away with its finding and brings nothing new.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aedile::run::Judged;
use aedile_crawl::{parses, patched};
use aedile_model::Finding;
use aedile_rules::ResourceSource;

use crate::iac::{Fixture, PACKS, fixtures};
use crate::program::{AS_OF, aedile, code, platform, root, stderr, stdout};

/// A configuration and where it is from.
struct Case {
    name: String,
    fixture: Fixture,
}

/// Every labelled configuration, and every example of a resource type or a repair as a platform of its own.
fn cases() -> Vec<Case> {
    let labelled =
        fixtures().into_iter().map(|(file, fixture)| Case { name: format!("{file}: {}", fixture.name), fixture });
    let mut cases: Vec<Case> = labelled.collect();
    let resources = &PACKS.rules.resources;
    let mut add = |source: ResourceSource, id: &str, nth: usize, text: &str| {
        let path = match source {
            ResourceSource::Terraform => "main.tf",
            _ if text.trim_start().starts_with('{') => "app.json",
            _ => "app.yaml",
        };
        let name = format!("example {nth} of {id}");
        let fixture = Fixture::of(&name, BTreeMap::from([(path.to_owned(), text.to_owned())]));
        cases.push(Case { name, fixture });
    };
    for rule in resources.types() {
        if !resources.repairs(rule).is_empty() {
            for (nth, example) in rule.examples.iter().chain(&rule.counter_examples).enumerate() {
                add(rule.source, &rule.id, nth, &example.source);
            }
        }
    }
    for block in resources.fixes() {
        for id in &block.types {
            for (nth, example) in block.examples.iter().enumerate() {
                add(block.source, id, 100 + nth, &example.replace("{type}", id));
            }
        }
    }
    cases
}

fn prints(judged: &Judged) -> BTreeSet<String> {
    judged.judgement.findings.iter().map(|finding| finding.fingerprint.to_string()).collect()
}

/// `files` with the patches of `finding`.
fn applied(files: &BTreeMap<String, String>, finding: &Finding) -> BTreeMap<String, String> {
    let patches = &finding.remediation.patches;
    files.iter().map(|(path, text)| (path.clone(), patched(path, text, patches))).collect()
}

/// A patch that some case's finding carries.
struct Carried {
    case: usize,
    finding: Finding,
    /// Policy and type.
    pair: String,
    terraform: bool,
    /// Fingerprints of all findings before.
    held: BTreeSet<String>,
}

/// The patches that the findings of `case` carry.
fn carried(at: usize, case: &Case) -> Vec<Carried> {
    let folder = tempfile::tempdir().expect("a folder");
    let before = case.fixture.judged(&case.fixture.files, folder.path());
    let held = prints(&before);
    let findings = before.judgement.findings.iter().filter(|finding| !finding.remediation.patches.is_empty());
    findings
        .map(|finding| {
            let asset = before.crawl.inventory.asset(&finding.asset.id).expect("the asset is there");
            let terraform = asset.place.as_ref().is_some_and(|place| place.path.ends_with(".tf"));
            let pair = format!("{} {}", finding.policy, asset.type_name);
            Carried { case: at, finding: finding.clone(), pair, terraform, held: held.clone() }
        })
        .collect()
}

/// What is wrong after the patch: the finding is still there, others are new, or a file does not parse any more.
fn faults(case: &Case, patch: &Carried) -> Vec<String> {
    let files = applied(&case.fixture.files, &patch.finding);
    let folder = tempfile::tempdir().expect("a folder");
    let after = case.fixture.judged(&files, folder.path());
    let what = format!("{} at {} ({})", patch.finding.policy, patch.finding.asset.address, case.name);
    let text = files.values().cloned().collect::<Vec<_>>().join("\n----\n");
    let mut faults = Vec::new();
    if prints(&after).contains(patch.finding.fingerprint.as_str()) {
        faults.push(format!("{what} is still there\n{text}"));
    }
    let new = after.judgement.findings.iter().filter(|found| !patch.held.contains(found.fingerprint.as_str()));
    let new: Vec<String> = new.map(|found| format!("{} at {}", found.policy, found.asset.address)).collect();
    if !new.is_empty() {
        faults.push(format!("{what} brings {new:?}\n{text}"));
    }
    let parsed = |path: &String| case.fixture.files.get(path).is_some_and(|text| parses(path, text));
    if files.iter().any(|(path, text)| !parses(path, text) && parsed(path)) {
        faults.push(format!("{what} does not parse\n{text}"));
    }
    faults
}

/// How many patches of one policy and type are judged again; `AEDILE_EVERY_PATCH` judges all of them, which takes minutes.
const TRIED: usize = 2;

#[test]
fn every_patch_does_away_with_its_finding_and_brings_nothing_new() {
    let cases = cases();
    // In threads of their own, as a scan has them: parsers recurse within their limits, and judging uses a pool itself.
    let in_threads = |job: &(dyn Fn(usize) + Sync)| {
        let next = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
                let thread = std::thread::Builder::new().stack_size(32 << 20);
                let work = || loop {
                    match next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                        at if at < cases.len() => job(at),
                        _ => return,
                    }
                };
                thread.spawn_scoped(scope, work).expect("a thread");
            }
        });
    };
    let found = std::sync::Mutex::new(Vec::new());
    in_threads(&|at| {
        let of_case = carried(at, cases.get(at).expect("a case"));
        found.lock().expect("no panic").extend(of_case);
    });
    let mut found = found.into_inner().expect("no panic");
    found.sort_by(|a, b| (a.case, &a.pair).cmp(&(b.case, &b.pair)));
    let mut seen: BTreeMap<(String, bool), usize> = BTreeMap::new();
    let every = std::env::var_os("AEDILE_EVERY_PATCH").is_some();
    found.retain(|patch| {
        let times = seen.entry((patch.pair.clone(), patch.terraform)).or_default();
        *times += 1;
        every || *times <= TRIED
    });
    let wrong = std::sync::Mutex::new(Vec::new());
    in_threads(&|at| {
        for patch in found.iter().filter(|patch| patch.case == at) {
            let faults = faults(cases.get(at).expect("a case"), patch);
            wrong.lock().expect("no panic").extend(faults);
        }
    });
    let mut wrong = wrong.into_inner().expect("no panic");
    wrong.sort();
    let count = |terraform: bool| seen.keys().filter(|(_, of)| *of == terraform).count();
    let told: Vec<&str> = wrong.iter().take(12).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} faults in {} patches\n{}", wrong.len(), found.len(), told.join("\n====\n"));
    let (terraform, others) = (count(true), count(false));
    assert!(terraform >= 60 && others >= 30, "{terraform} in Terraform, {others} elsewhere");
}

const OPEN: &str =
    "resource \"aws_db_instance\" \"db\" {\n  identifier          = \"db\" # ours\n  publicly_accessible = true\n}\n";

fn fix(folder: &Path, args: &[&str]) -> std::process::Output {
    let mut all = vec!["fix", ".", "--as-of", AS_OF];
    all.extend(args);
    aedile(folder, &all)
}

#[test]
fn the_diff_is_one_that_git_applies_and_write_gives_the_same() {
    let folder = platform(&[("infra/main.tf", OPEN)]);
    let shown = fix(folder.path(), &["--only", "store-not-public"]);
    assert_eq!(code(&shown), 1, "{}", stderr(&shown));
    let diff = stdout(&shown);
    assert!(diff.contains("-  publicly_accessible = true\n+  publicly_accessible = false\n"), "{diff}");
    assert_eq!(std::fs::read_to_string(folder.path().join("infra/main.tf")).expect("text"), OPEN, "nothing is written");

    std::fs::write(folder.path().join("all.patch"), &diff).expect("a patch");
    let git = std::process::Command::new("git").current_dir(folder.path()).args(["apply", "all.patch"]).output();
    assert!(git.expect("git runs").status.success(), "{diff}");
    let by_git = std::fs::read_to_string(folder.path().join("infra/main.tf")).expect("text");
    std::fs::remove_file(folder.path().join("all.patch")).expect("removed");
    std::fs::write(folder.path().join("infra/main.tf"), OPEN).expect("text");

    let written = fix(folder.path(), &["--only", "store-not-public", "--write"]);
    assert_eq!(code(&written), 0, "{}", stderr(&written));
    assert_eq!(std::fs::read_to_string(folder.path().join("infra/main.tf")).expect("text"), by_git);
    let again = fix(folder.path(), &["--only", "store-not-public"]);
    assert_eq!((code(&again), stdout(&again)), (0, String::new()));
}

#[test]
fn filters_choose_and_what_has_no_patch_is_told() {
    let folder = platform(&[("main.tf", OPEN)]);
    assert_eq!(code(&fix(folder.path(), &["--asset", "aws_db_instance.other"])), 0);
    assert_eq!(code(&fix(folder.path(), &["--only", "no-such-policy"])), 2);
    assert_eq!(code(&fix(folder.path(), &["--severity", "huge"])), 2);
    let all = fix(folder.path(), &["--asset", "aws_db_*"]);
    assert_eq!(code(&all), 1);
    let told = stderr(&all);
    assert!(told.contains("can be fixed") && told.contains("without a patch"), "{told}");
    assert!(stdout(&all).contains("+  storage_encrypted "), "{}", stdout(&all));
}

#[cfg(unix)]
#[test]
fn permissions_marks_and_line_ends_are_kept_and_links_are_not_followed() {
    use std::os::unix::fs::PermissionsExt;
    let text = format!("\u{feff}{}", OPEN.replace('\n', "\r\n"));
    let outside = platform(&[("main.tf", OPEN)]);
    let folder = platform(&[("main.tf", &text)]);
    let file = folder.path().join("main.tf");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    std::os::unix::fs::symlink(outside.path().join("main.tf"), folder.path().join("linked.tf")).expect("a link");
    let written = fix(folder.path(), &["--only", "store-not-public", "--write"]);
    assert_eq!(code(&written), 0, "{}", stderr(&written));
    assert_eq!(std::fs::read_to_string(&file).expect("text"), text.replace("accessible = true", "accessible = false"));
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_to_string(outside.path().join("main.tf")).expect("text"), OPEN);
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("entries").collect();
    assert_eq!(left.len(), 2, "nothing is left beside the files");
}

#[test]
fn reports_carry_the_patch() {
    let folder = platform(&[("main.tf", OPEN)]);
    let report = |format: &str| {
        let args = ["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", format];
        stdout(&aedile(folder.path(), &args))
    };
    let sarif: serde_json::Value = serde_json::from_str(&report("sarif")).expect("SARIF is JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let fixed = results.iter().find(|result| result["ruleId"] == "store-not-public").expect("the finding");
    let change = &fixed["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "main.tf");
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "false");
    assert_eq!(change["replacements"][0]["deletedRegion"]["startLine"], 3);
    let markdown = report("markdown");
    assert!(markdown.contains("```suggestion\n  publicly_accessible = false\n```"), "{markdown}");
    assert!(markdown.len() < 65_000);
    assert!(report("html").contains("+  publicly_accessible = false"));
    assert!(report("text").contains("`aedile fix` shows them"));
    let run = report("json");
    let schema = std::fs::read_to_string(root().join("docs/schema/run-1.schema.json")).expect("it is published");
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).expect("JSON")).expect("a schema");
    assert!(validator.is_valid(&serde_json::from_str(&run).expect("JSON")));
}
