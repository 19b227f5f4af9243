//! `scan --diff`: findings against a revision, read from git's objects.

use std::path::Path;
use std::process::Command;

use aedile::record::Run;
use tempfile::TempDir;

use crate::program::{AS_OF, PATIENTS, aedile, code, platform, public_bucket, stderr};

/// Runs git in `folder` as a person would, with nobody's own settings.
fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"])
        .args(["-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn commit(folder: &Path, message: &str) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", message]);
}

/// A repository whose first commit, tagged `start`, holds what `folder` holds.
fn repository(folder: TempDir) -> TempDir {
    git(folder.path(), &["init", "--quiet"]);
    commit(folder.path(), "start");
    git(folder.path(), &["tag", "start"]);
    folder
}

fn write(folder: &TempDir, path: &str, text: &str) {
    let path = folder.path().join(path);
    std::fs::create_dir_all(path.parent().expect("files lie in the folder")).expect("folders can be made");
    std::fs::write(path, text).expect("files can be written");
}

fn scan(folder: &Path, args: &[&str]) -> (Run, i32) {
    let mut all = vec!["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--cache", "none", "--format", "json"];
    all.extend(args);
    let output = aedile(folder, &all);
    let run = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{}", stderr(&output)));
    (run, code(&output))
}

fn states(run: &Run) -> Vec<(String, String)> {
    let state = |finding: &aedile::record::Finding| finding.diff_state.clone().expect("every finding has a state");
    let mut all: Vec<_> = run.findings.iter().map(|finding| (finding.policy.clone(), state(finding))).collect();
    all.sort();
    all
}

const OPEN_GROUP: &str = "resource \"aws_security_group\" \"all\" {\n  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n";

#[test]
fn only_what_is_new_fails_the_gate_and_what_is_fixed_is_told() {
    let folder = repository(public_bucket());
    let (run, exit) = scan(folder.path(), &["--diff", "start"]);
    assert_eq!(exit, 0, "nothing has changed: {:?}", run.gate);
    assert!(states(&run).iter().all(|(_, state)| state == "unchanged"), "{:?}", states(&run));

    // Not committed: the work tree is one side.
    write(&folder, "infra/other.tf", OPEN_GROUP);
    let (run, exit) = scan(folder.path(), &["--diff", "start"]);
    let new: Vec<String> =
        states(&run).into_iter().filter(|(_, state)| state == "new").map(|(policy, _)| policy).collect();
    assert_eq!(new, ["data-ports-not-open-to-world", "network-not-open-to-world"]);
    assert_eq!(exit, 1);
    assert_eq!(scan(folder.path(), &["--diff", "start", "--fail-on", "critical"]).1, 0);
    assert_eq!(scan(folder.path(), &["--diff", "start", "--fail-on", "never", "--fail-on-new", "low"]).1, 1);

    commit(folder.path(), "open");
    let text = std::fs::read_to_string(folder.path().join("infra/main.tf")).expect("it is there");
    write(&folder, "infra/main.tf", &text.replace("public-read", "private"));
    let (run, _) = scan(folder.path(), &["--diff", "start"]);
    let diff = run.diff.expect("there is a comparison");
    assert_eq!(diff.commit, git(folder.path(), &["rev-parse", "start"]));
    assert!(diff.fixed.iter().any(|fixed| fixed.policy == "store-not-public" && fixed.severity == "critical"));
    assert_eq!(diff.new + diff.unchanged + diff.moved, run.findings.len());
}

#[test]
fn what_got_worse_is_new_though_its_fingerprint_is_old() {
    let folder = public_bucket();
    let data = folder.path().join("data/patients.csv");
    let config = folder.path().join("aedile.yaml");
    std::fs::remove_file(&data).expect("it is there");
    let binding = std::fs::read_to_string(&config).expect("it is there");
    std::fs::remove_file(&config).expect("it is there");
    let folder = repository(folder);
    write(&folder, "data/patients.csv", PATIENTS);
    write(&folder, "aedile.yaml", &binding);
    let (run, exit) = scan(folder.path(), &["--diff", "start"]);
    let public = run.findings.iter().find(|finding| finding.policy == "store-not-public").expect("it is found");
    assert_eq!((public.severity.as_str(), public.diff_state.as_deref()), ("critical", Some("new")));
    assert_eq!(exit, 1, "the bucket was public before; that patients lie in it is new");
}

#[test]
fn a_waiver_that_is_taken_away_makes_its_finding_new() {
    let folder = public_bucket();
    let config = std::fs::read_to_string(folder.path().join("aedile.yaml")).expect("it is there");
    let waived = format!(
        "{config}waivers:\n  - policy: store-not-public\n    asset: aws_s3_bucket.raw\n    reason: decision 12\n    until: 2027-01-31\n"
    );
    write(&folder, "aedile.yaml", &waived);
    let folder = repository(folder);
    assert_eq!(scan(folder.path(), &["--diff", "start"]).1, 0);
    write(&folder, "aedile.yaml", &config);
    assert_eq!(scan(folder.path(), &["--diff", "start"]).1, 1);
}

#[test]
fn a_renamed_file_moves_its_findings() {
    let folder = repository(public_bucket());
    git(folder.path(), &["mv", "infra", "terraform"]);
    let (run, exit) = scan(folder.path(), &["--diff", "start"]);
    let all = states(&run);
    assert!(all.iter().all(|(_, state)| state != "new"), "{all:?}");
    assert!(all.contains(&("store-not-public".to_owned(), "moved".to_owned())), "{all:?}");
    assert_eq!(exit, 0);
}

#[test]
fn the_merge_base_is_compared_with_and_not_the_tip() {
    let folder = repository(public_bucket());
    git(folder.path(), &["checkout", "--quiet", "-b", "work"]);
    write(&folder, "infra/other.tf", OPEN_GROUP);
    commit(folder.path(), "open");
    // Meanwhile main has mended what this branch still has.
    git(folder.path(), &["checkout", "--quiet", "main"]);
    std::fs::remove_file(folder.path().join("infra/main.tf")).expect("it is there");
    commit(folder.path(), "mend");
    git(folder.path(), &["checkout", "--quiet", "work"]);
    let (run, _) = scan(folder.path(), &["--diff", "main"]);
    let diff = run.diff.as_ref().expect("there is a comparison");
    assert_eq!(diff.commit, git(folder.path(), &["rev-parse", "start"]));
    assert!(states(&run).contains(&("store-not-public".to_owned(), "unchanged".to_owned())), "{:?}", states(&run));
}

#[test]
fn neither_the_work_tree_nor_the_index_nor_the_repository_is_touched() {
    let folder = repository(public_bucket());
    write(&folder, "infra/other.tf", OPEN_GROUP);
    let state = || {
        let mut all: Vec<(String, Vec<u8>)> = walkdir::WalkDir::new(folder.path())
            .into_iter()
            .flatten()
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| (entry.path().display().to_string(), std::fs::read(entry.path()).expect("readable")))
            .collect();
        all.sort();
        all
    };
    let before = state();
    scan(folder.path(), &["--diff", "start"]);
    assert!(before == state(), "a scan wrote into the repository");
}

#[test]
fn nothing_that_a_repository_configures_is_executed() {
    let folder = repository(public_bucket());
    let mark = folder.path().join("executed");
    let script = folder.path().join(".git/evil.sh");
    std::fs::write(&script, format!("#!/bin/sh\ntouch '{}'\ncat\n", mark.display())).expect("writable");
    let script = script.display().to_string();
    git(folder.path(), &["update-index", "--refresh"]);
    Command::new("chmod").args(["+x", &script]).status().expect("chmod runs");
    let config = folder.path().join(".git/config");
    let mut text = std::fs::read_to_string(&config).expect("readable");
    text.push_str(&format!(
        "[core]\n\tfsmonitor = {script}\n\tpager = {script}\n\tsshCommand = {script}\n\thooksPath = {hooks}\n[filter \"x\"]\n\tclean = {script}\n\tsmudge = {script}\n\tprocess = {script}\n[diff \"x\"]\n\ttextconv = {script}\n\texternal = {script}\n[extensions]\n\tpartialClone = evil\n[remote \"evil\"]\n\turl = ext::{script}\n\tpromisor = true\n[alias]\n\tls-tree = !{script}\n\tcat-file = !{script}\n[protocol \"ext\"]\n\tallow = always\n",
        hooks = folder.path().join(".git").display()
    ));
    std::fs::write(&config, text).expect("writable");
    write(&folder, ".gitattributes", "* filter=x diff=x\n");
    write(&folder, "infra/other.tf", OPEN_GROUP);
    let (run, _) = scan(folder.path(), &["--diff", "start"]);
    assert!(run.diff.is_some());
    assert!(!mark.exists(), "the repository's configuration was executed");
}

#[test]
fn objects_that_a_partial_clone_lacks_are_named_and_not_fetched() {
    let folder = repository(public_bucket());
    let blob = git(folder.path(), &["rev-parse", "start:infra/main.tf"]);
    std::fs::remove_file(folder.path().join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..])))
        .expect("it is loose");
    write(&folder, "infra/main.tf", "# empty now\n");
    let output = aedile(folder.path(), &["scan", ".", "--ledger", "none", "--cache", "none", "--diff", "start"]);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("lacks 1 objects") && stderr(&output).contains("partial clone"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn ignored_files_count_as_unchanged() {
    let folder = public_bucket();
    write(&folder, ".gitignore", "data/\n");
    let folder = repository(folder);
    let (run, exit) = scan(folder.path(), &["--diff", "start"]);
    assert!(run.findings.iter().any(|finding| finding.severity == "critical"), "the ignored data is read");
    assert!(states(&run).iter().all(|(_, state)| state == "unchanged"), "{:?}", states(&run));
    assert_eq!(exit, 0);
}

#[test]
fn names_with_blanks_and_line_feeds_and_a_scan_of_a_folder_below_the_top_are_matched() {
    let folder = platform(&[("a folder/with\nbreak/übung ü.tf", OPEN_GROUP), ("other/x.tf", OPEN_GROUP)]);
    let folder = repository(folder);
    let (run, exit) = scan(&folder.path().join("a folder"), &["--diff", "start"]);
    assert!(
        !run.findings.is_empty() && states(&run).iter().all(|(_, state)| state == "unchanged"),
        "{:?}",
        states(&run)
    );
    assert_eq!(exit, 0);
    assert_eq!(run.run.below.get("").map(String::as_str), Some("a folder/"));
}

fn refused(folder: &Path, args: &[&str], expected: &[&str]) {
    let mut all = vec!["scan", ".", "--ledger", "none", "--cache", "none"];
    all.extend(args);
    let output = aedile(folder, &all);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    for words in expected {
        let said = stderr(&output).replace("\n  │ ", " ").replace("\n        ", " ");
        assert!(said.contains(words), "`{words}` is missing in:\n{said}");
    }
}

#[test]
fn what_cannot_be_compared_with_is_told_with_its_remedy() {
    let folder = repository(public_bucket());
    refused(folder.path(), &["--diff", "nowhere"], &["`nowhere` is not a revision", "git fetch origin nowhere"]);
    refused(folder.path(), &["--diff", "infra"], &["is a path"]);
    refused(folder.path(), &["--diff=--upload-pack=x"], &["is not a revision"]);
    refused(folder.path(), &["--diff"], &["names no revision"]);
    let alone = public_bucket();
    refused(alone.path(), &["--diff", "main"], &["lies in no git repository"]);
    refused(folder.path(), &["--fail-on-new", "low"], &["--diff REF"]);

    write(&folder, "infra/other.tf", OPEN_GROUP);
    commit(folder.path(), "second");
    git(folder.path(), &["branch", "elsewhere", "start"]);
    let clone = tempfile::tempdir().expect("a temporary folder can be made");
    let from = format!("file://{}", folder.path().display());
    git(clone.path(), &["clone", "--quiet", "--depth", "1", "--no-single-branch", &from, "."]);
    refused(clone.path(), &["--diff", "elsewhere"], &["shallow", "git fetch --unshallow", "fetch-depth: 0"]);
}

#[test]
fn a_pull_request_names_its_base_itself() {
    let folder = repository(public_bucket());
    write(&folder, "infra/other.tf", OPEN_GROUP);
    commit(folder.path(), "open");
    let clone = tempfile::tempdir().expect("a temporary folder can be made");
    git(clone.path(), &["clone", "--quiet", &folder.path().display().to_string(), "."]);
    git(clone.path(), &["checkout", "--quiet", "-b", "work"]);
    let scanned = |name: &str, value: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_aedile"))
            .args(["scan", "--as-of", AS_OF, "--ledger", "none", "--cache", "none", "--format", "json", "--diff"])
            .env(name, value)
            .current_dir(clone.path())
            .output()
            .expect("the binary runs");
        let run: Run = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
        run.diff.expect("there is a comparison").commit
    };
    // The clone has no branch `main` of its own beside the remote's.
    git(clone.path(), &["branch", "--quiet", "-D", "main"]);
    assert_eq!(scanned("GITHUB_BASE_REF", "main"), git(clone.path(), &["rev-parse", "origin/main"]));
    let start = git(clone.path(), &["rev-parse", "start"]);
    assert_eq!(scanned("CI_MERGE_REQUEST_DIFF_BASE_SHA", &start), start);
}

#[test]
fn the_result_of_a_revision_is_kept_and_a_change_of_anything_it_rests_on_is_seen() {
    let folder = repository(public_bucket());
    let cache = tempfile::tempdir().expect("a temporary folder can be made");
    let kept = || {
        let files = std::fs::read_dir(cache.path()).expect("readable").flatten();
        files.filter(|file| file.file_name().to_string_lossy().starts_with("before-")).count()
    };
    let scanned = |args: &[&str]| {
        let path = cache.path().display().to_string();
        let mut all = vec!["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", "json", "--diff", "start"];
        all.extend(["--cache", &path]);
        all.extend(args);
        let output = aedile(folder.path(), &all);
        assert!(code(&output) < 2, "{}", stderr(&output));
        output.stdout
    };
    let cold = scanned(&[]);
    assert_eq!(kept(), 1);
    assert!(cold == scanned(&[]), "a kept result gives the same run");
    assert_eq!(kept(), 1);
    scanned(&["--exclude", "data/"]);
    assert_eq!(kept(), 2, "another configuration is another result");

    // What cannot be read is judged anew.
    for entry in std::fs::read_dir(cache.path()).expect("readable") {
        std::fs::write(entry.expect("readable").path(), "{\"findings\":").expect("writable");
    }
    assert!(cold == scanned(&[]));
}

#[test]
fn a_cache_that_a_change_could_have_written_is_refused() {
    let folder = public_bucket();
    write(&folder, "cache/before-0.json", "{}");
    let folder = repository(folder);
    let output = aedile(folder.path(), &["scan", ".", "--ledger", "none", "--diff", "start", "--cache", "cache"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("whoever writes a change"), "{}", stderr(&output));
}

#[test]
fn a_declared_document_is_judged_as_each_side_has_it() {
    let folder = public_bucket();
    write(&folder, "aedile.yaml", "version: 1\norganisation:\n  recordsOfProcessing: docs/register.md\n");
    let folder = repository(folder);
    let missing = |run: &Run| {
        let of = |policy: &str| policy == "declared-document-exists";
        let now = run.findings.iter().filter(|finding| of(&finding.policy)).count();
        (now, run.diff.as_ref().map_or(0, |diff| diff.fixed.iter().filter(|fixed| of(&fixed.policy)).count()))
    };
    assert_eq!(missing(&scan(folder.path(), &["--diff", "start"]).0), (1, 0));
    write(&folder, "docs/register.md", "# Purpose\n\nLast reviewed: 2026-10-01\n");
    assert_eq!(missing(&scan(folder.path(), &["--diff", "start"]).0), (0, 1));
    commit(folder.path(), "the register");
    std::fs::remove_file(folder.path().join("docs/register.md")).expect("it is there");
    let (run, _) = scan(folder.path(), &["--diff", "HEAD"]);
    assert_eq!(missing(&run), (1, 0));
    let state = run.findings.iter().find(|finding| finding.policy == "declared-document-exists");
    assert_eq!(state.and_then(|finding| finding.diff_state.as_deref()), Some("new"));
}
