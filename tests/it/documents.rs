//! The documents say what is so.

use crate::program::{aedile, root, stdout};

/// Fails if `file` is not `text`; with UPDATE_DOCS set, writes it instead.
pub(crate) fn current(file: &str, text: &str) {
    let path = root().join(file);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().expect("documents lie in a folder")).expect("the folder can be made");
        std::fs::write(&path, text).expect("the document can be written");
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(held == text, "{file} is stale; `UPDATE_DOCS=1 cargo test --test it` writes it anew");
}

#[test]
fn every_path_that_a_document_names_exists() {
    let documents = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "samples/README.md",
        "docs/configuration.md",
        "docs/policies.md",
    ];
    for document in documents {
        let text = std::fs::read_to_string(root().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"));
        let named = text.split('`').skip(1).step_by(2).filter(|word| {
            let first = word.split('/').next().unwrap_or_default();
            word.contains('/')
                && ["scanner", "rules", "policies", "audit", "tests", "samples", "docs", ".ci"].contains(&first)
                && !word.contains(['*', '<', ' ', '…', '{'])
        });
        for path in named {
            let path = path.trim_end_matches('/').split(':').next().unwrap_or_default();
            assert!(root().join(path).exists(), "{document} names `{path}`, which does not exist");
        }
    }
}

#[test]
fn the_list_of_controls_is_current() {
    let output = aedile(&root(), &["policy", "list", "--format", "markdown"]);
    current("docs/controls.md", &stdout(&output));
}

#[test]
fn the_list_of_rules_is_current() {
    let output = aedile(&root(), &["rules", "list", "--format", "markdown"]);
    current("docs/rules.md", &stdout(&output));
}

#[test]
fn the_first_command_of_the_readme_works_as_it_stands() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let line = readme.lines().find(|line| line.starts_with("cargo run")).expect("the README has its first command");
    let args: Vec<&str> = line.split(" -- ").nth(1).expect("it passes arguments").split_whitespace().collect();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let sample = root().join("samples/clinic");
    let args: Vec<&str> =
        args.iter().map(|arg| if *arg == "samples/clinic" { sample.to_str().expect("text") } else { arg }).collect();
    let output = aedile(folder.path(), &args);
    assert_eq!(crate::program::code(&output), 1);
    assert!(stdout(&output).contains("gate FAILED"));
    assert!(folder.path().join("report.html").is_file() && folder.path().join(".aedile/ledger.db").is_file());
}
