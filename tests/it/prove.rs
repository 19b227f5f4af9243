//! `aedile policy prove`, with the real solver: tests run as `cargo test --features prove`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::program::root;

/// The folder of a repository with `files`, committed.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("writable");
    }
    for args in [
        &["init", "-q", "-b", "main"][..],
        &["add", "-A"],
        &["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "first"],
    ] {
        assert!(Command::new("git").args(args).current_dir(folder.path()).status().expect("git runs").success());
    }
    folder
}

/// The command that stands for cvc5: PyPI's library behind a script.
fn solver(folder: &Path) -> PathBuf {
    let python = root().join("target/tools/bin/python");
    assert!(python.exists(), "{} is missing: tests/run installs it", python.display());
    let script = folder.join("cvc5.sh");
    let program = root().join("tests/prove/solver.py");
    let text = format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", python.display(), program.display());
    std::fs::write(&script, text).expect("writable");
    let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    std::fs::set_permissions(&script, mode).expect("it is ours");
    script
}

fn prove(folder: &Path, solver: &Path, args: &[&str]) -> (Output, Vec<[String; 3]>) {
    let output = Command::new(env!("CARGO_BIN_EXE_aedile"))
        .current_dir(folder)
        .args(["policy", "prove", "--format", "json", "--solver"])
        .arg(solver)
        .args(args)
        .output()
        .expect("it runs");
    let proofs: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let word = |proof: &serde_json::Value, key: &str| proof[key].as_str().unwrap_or_default().to_owned();
    let row = |proof| [word(proof, "subject"), word(proof, "claim"), word(proof, "status")];
    let proofs = proofs.as_array().expect("a list").iter().map(row).collect();
    (output, proofs)
}

fn has(proofs: &[[String; 3]], subject: &str, claim: &str, status: &str) -> bool {
    proofs.iter().any(|proof| proof.each_ref().map(String::as_str) == [subject, claim, status])
}

const ACCESS: &str = r#"
@id("analysts-read")
permit (principal, action == Aedile::Action::"read", resource is Aedile::Bucket)
when { principal.name == "analyst" && !(context.holds in Aedile::DataClass::"special") };

@id("analysts-read-twice")
permit (principal is Aedile::Role, action == Aedile::Action::"read", resource is Aedile::Bucket)
when { principal.name == "analyst" && !(context.holds in Aedile::DataClass::"special") };

@id("at-odds-with-itself")
permit (principal is Aedile::Role, action == Aedile::Action::"read", resource is Aedile::Bucket)
when { principal.name == "etl" && principal.name == "other" };

@id("forbidden-at-once")
permit (principal is Aedile::AnyOne, action == Aedile::Action::"read", resource is Aedile::Bucket);

@id("never-anyone")
forbid (principal is Aedile::AnyOne, action == Aedile::Action::"read", resource);
"#;

#[test]
fn what_can_never_match_is_shadowed_or_permits_nothing_is_found() {
    let folder = repository(&[("intended.cedar", ACCESS)]);
    let (output, proofs) = prove(folder.path(), &solver(folder.path()), &["--access", "intended.cedar"]);
    assert_eq!(output.status.code(), Some(1), "{proofs:?}");
    for id in ["analysts-read", "analysts-read-twice", "at-odds-with-itself", "forbidden-at-once", "never-anyone"] {
        assert!(has(&proofs, id, "never-errors", "proved"), "{id}: {proofs:?}");
    }
    assert!(has(&proofs, "analysts-read", "can-match", "proved"), "{proofs:?}");
    assert!(has(&proofs, "analysts-read", "not-shadowed", "proved"), "{proofs:?}");
    assert!(has(&proofs, "analysts-read", "can-permit", "proved"), "{proofs:?}");
    assert!(has(&proofs, "analysts-read-twice", "not-shadowed", "refuted"), "{proofs:?}");
    assert!(has(&proofs, "at-odds-with-itself", "can-match", "refuted"), "{proofs:?}");
    assert!(has(&proofs, "forbidden-at-once", "can-permit", "refuted"), "{proofs:?}");
    assert!(!proofs.iter().any(|[_, _, status]| status == "not proved"), "{proofs:?}");
}

#[test]
fn a_change_that_permits_more_is_shown_with_an_example_and_one_that_permits_less_is_proved() {
    let one = "@id(\"a\")\npermit (principal is Aedile::Role, action == Aedile::Action::\"read\", resource is Aedile::Bucket)\nwhen { principal.name == \"analyst\" };\n";
    let folder = repository(&[("intended.cedar", one)]);
    let solver = solver(folder.path());
    let file = folder.path().join("intended.cedar");
    let args = ["--access", "intended.cedar", "--against", "main"];

    std::fs::write(&file, one.replace("\"analyst\" }", "\"analyst\" && resource.name == \"open\" }"))
        .expect("writable");
    let (output, proofs) = prove(folder.path(), &solver, &args);
    assert_eq!(output.status.code(), Some(0), "{proofs:?}");
    assert!(has(&proofs, "read", "no-wider", "proved"), "{proofs:?}");

    std::fs::write(&file, one.replace("\"analyst\" }", "\"analyst\" || principal.name == \"intern\" }"))
        .expect("writable");
    let (output, proofs) = prove(folder.path(), &solver, &args);
    assert_eq!(output.status.code(), Some(1), "{proofs:?}");
    assert!(has(&proofs, "read", "no-wider", "refuted"), "{proofs:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("intern"), "the example names who gains access");
}

#[test]
fn a_guardrail_that_was_loosened_is_found() {
    let one = "// Buckets have an owner, who answers for them.\n@id(\"own-bucket-owner\")\n@title(\"`{asset}` has no owner\")\n@severity(\"low\")\n@remedy(\"name an owner of `{asset}`\")\nforbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket)\nunless { resource has owner };\n";
    let folder = repository(&[("own.cedar", one)]);
    let solver = solver(folder.path());
    let args = ["own.cedar", "--against", "HEAD"];
    let (output, proofs) = prove(folder.path(), &solver, &args);
    assert!(has(&proofs, "operate", "no-weaker", "proved"), "{proofs:?} {}", String::from_utf8_lossy(&output.stderr));
    let looser = one.replace("resource has owner", "resource has owner || resource has environment");
    std::fs::write(folder.path().join("own.cedar"), looser).expect("writable");
    let (_, proofs) = prove(folder.path(), &solver, &args);
    assert!(has(&proofs, "operate", "no-weaker", "refuted"), "{proofs:?}");
}

#[test]
fn without_a_solver_nothing_is_proved_and_the_exit_code_says_so() {
    let folder = repository(&[("intended.cedar", ACCESS)]);
    let (output, proofs) = prove(folder.path(), Path::new("/nowhere/cvc5"), &["--access", "intended.cedar"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!proofs.is_empty() && proofs.iter().all(|[_, _, status]| status == "not proved"), "{proofs:?}");
}
