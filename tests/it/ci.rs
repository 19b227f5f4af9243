//! The files for continuous integration, run as they stand.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_yaml::Value;
use tempfile::TempDir;

use crate::program::{public_bucket, root};

fn yaml(file: &str) -> Value {
    let text = std::fs::read_to_string(root().join(file)).expect("the file is there");
    serde_yaml::from_str(&text).expect("it is YAML")
}

fn git(folder: &Path, args: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(folder)
        .status()
        .expect("git runs");
    assert!(status.success(), "git {args:?}");
}

/// A clone whose branch adds a group that is open to the world to a platform that has findings of its own already.
fn change() -> (TempDir, TempDir) {
    let origin = public_bucket();
    for args in [&["init", "-q"][..], &["add", "-A"], &["commit", "-qm", "start"]] {
        git(origin.path(), args);
    }
    let clone = tempfile::tempdir().expect("a temporary folder can be made");
    git(clone.path(), &["clone", "-q", &origin.path().display().to_string(), "."]);
    git(clone.path(), &["checkout", "-qb", "work"]);
    std::fs::write(
        clone.path().join("infra/other.tf"),
        "resource \"aws_security_group\" \"all\" {\n  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n",
    )
    .expect("writable");
    git(clone.path(), &["add", "-A"]);
    git(clone.path(), &["commit", "-qm", "open"]);
    (origin, clone)
}

/// A folder of programs for the path: ours, and a `gh` that writes down what it is told.
fn programs() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_aedile"), folder.path().join("aedile")).expect("a link can be made");
    let gh = folder.path().join("gh");
    std::fs::write(&gh, "#!/bin/sh\nfor arg in \"$@\"; do printf '%s\\n' \"$arg\"; done >>\"$GH_LOG\"\n")
        .expect("writable");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&gh, mode).expect("it can be made executable");
    folder
}

fn shell(folder: &Path, programs: &Path, script: &str, variables: &[(&str, String)]) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    command.args(["-e", "-o", "pipefail", "-c", script]).current_dir(folder);
    command.env("PATH", format!("{}:{path}", programs.display())).env("NO_COLOR", "1");
    command.env("XDG_CACHE_HOME", programs.join("cache"));
    for name in ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(name);
    }
    for (name, value) in variables {
        command.env(name, value);
    }
    command.output().expect("bash runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn read(folder: &Path, file: &str) -> String {
    std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_workflow_for_github_gates_a_pull_request() {
    let ((_origin, clone), programs) = (change(), programs());
    let (folder, path) = (clone.path(), programs.path());
    let summary = path.join("summary.md");
    let log = path.join("gh.log");
    let variables = [
        ("GITHUB_BASE_REF", "main".to_owned()),
        ("GITHUB_STEP_SUMMARY", summary.display().to_string()),
        ("GITHUB_REPOSITORY", "owner/name".to_owned()),
        ("NUMBER", "7".to_owned()),
        ("GH_LOG", log.display().to_string()),
    ];
    let workflow = yaml("docs/ci/github.yml");
    let steps = workflow["jobs"]["gate"]["steps"].as_sequence().expect("there are steps").clone();
    let mut codes = Vec::new();
    for step in steps.iter().filter(|step| step.get("run").is_some()) {
        let output = shell(folder, path, step["run"].as_str().expect("text"), &variables);
        let name = step["name"].as_str().expect("steps have names");
        codes.push((name.to_owned(), output.status.code()));
        if name == "gate" {
            let text = said(&output);
            assert!(text.contains("::error file=infra/other.tf,line="), "{text}");
            assert!(!text.contains("file=infra/main.tf"), "what was there before is not annotated:\n{text}");
        }
    }
    let expected = [("install", 0), ("gate", 1), ("comment", 0)];
    assert_eq!(codes, expected.map(|(name, code)| (name.to_owned(), Some(code))));
    assert!(read(path, "summary.md").contains("## aedile: gate failed"));
    assert!(read(folder, "aedile.md").starts_with("<!-- aedile -->\n"));
    assert!(read(folder, "aedile.sarif").contains("\"2.1.0\"") && read(folder, "aedile.html").contains("</html>"));
    let told = read(path, "gh.log");
    assert!(told.contains("repos/owner/name/issues/7/comments\n--field\nbody=@aedile.md"), "{told}");

    // A push has no base: everything counts.
    let gate =
        steps.iter().find(|step| step["name"] == "gate").expect("there is a gate")["run"].as_str().expect("text");
    let text = said(&shell(folder, path, gate, &[("GITHUB_BASE_REF", String::new())]));
    assert!(text.contains("file=infra/main.tf") && text.contains("file=infra/other.tf"), "{text}");
}

#[test]
fn every_action_of_the_workflow_is_pinned_and_its_rights_are_few() {
    let workflow = yaml("docs/ci/github.yml");
    assert_eq!(workflow["permissions"], serde_yaml::from_str::<Value>("contents: read").expect("YAML"));
    for step in workflow["jobs"]["gate"]["steps"].as_sequence().expect("there are steps") {
        if let Some(action) = step.get("uses").and_then(Value::as_str) {
            let (_, revision) = action.split_once('@').expect("an action has a revision");
            assert!(revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit()), "{action}");
        }
    }
}

#[test]
fn the_template_for_gitlab_gates_a_merge_request() {
    let ((_origin, clone), programs) = (change(), programs());
    let (folder, path) = (clone.path(), programs.path());
    let job = &yaml("docs/ci/gitlab.yml")["aedile"];
    let script: Vec<&str> =
        job["script"].as_sequence().expect("a script").iter().map(|line| line.as_str().expect("text")).collect();
    let base = Command::new("git").args(["rev-parse", "origin/main"]).current_dir(folder).output().expect("git runs");
    let base = String::from_utf8_lossy(&base.stdout).trim().to_owned();
    let output = shell(folder, path, &script.join("\n"), &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", base)]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let reports = job["artifacts"]["reports"].as_mapping().expect("there are reports");
    assert_eq!(reports.len(), 3);
    for (_, file) in reports {
        assert!(!read(folder, file.as_str().expect("text")).is_empty());
    }
    assert!(read(folder, "aedile.html").contains("</html>"));
}

/// Where `tests/run` puts what is written in Python.
fn tool(name: &str) -> Option<PathBuf> {
    let path = root().join("target/tools/bin").join(name);
    path.exists().then_some(path)
}

#[test]
fn the_hook_stops_a_commit_that_adds_a_finding_and_lets_others_pass() {
    let Some(pre_commit) = tool("pre-commit") else {
        println!("skipped: target/tools/bin/pre-commit is not there; tests/run installs it");
        return;
    };
    let (hooks, programs, folder) = (tempfile::tempdir(), programs(), public_bucket());
    let hooks = hooks.expect("a temporary folder can be made");
    std::fs::copy(root().join(".pre-commit-hooks.yaml"), hooks.path().join(".pre-commit-hooks.yaml")).expect("a copy");
    for args in [&["init", "-q"][..], &["add", "-A"], &["commit", "-qm", "hooks"], &["tag", "v1"]] {
        git(hooks.path(), args);
    }
    git(folder.path(), &["init", "-q"]);
    std::fs::write(
        folder.path().join(".pre-commit-config.yaml"),
        format!("repos:\n  - repo: {}\n    rev: v1\n    hooks:\n      - id: aedile\n", hooks.path().display()),
    )
    .expect("writable");
    let variables = [("PRE_COMMIT_HOME", programs.path().join("home").display().to_string())];
    let run = |script: &str| shell(folder.path(), programs.path(), script, &variables);
    let commit = "git -c user.name=a -c user.email=a@example.org commit -qm change";

    // The findings that are there are taken in before the hook is.
    let output = run(&format!("git add -A && {commit}"));
    assert!(output.status.success(), "{}", said(&output));
    let output = run(&format!("'{}' install", pre_commit.display()));
    assert!(output.status.success(), "{}", said(&output));

    std::fs::write(folder.path().join("README.md"), "nothing to find here\n").expect("writable");
    let output = run(&format!("git add -A && {commit}"));
    assert!(output.status.success(), "{}", said(&output));

    std::fs::write(
        folder.path().join("infra/other.tf"),
        "resource \"aws_security_group\" \"all\" {\n  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n",
    )
    .expect("writable");
    let output = run(&format!("git add -A && {commit}"));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("network-not-open-to-world"), "{}", said(&output));
}
