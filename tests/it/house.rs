//! The form of the house: who may depend on whom, and where judgement stands.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::program::root;

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(root().join(folder))
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect();
    // Tests may do what the code may not.
    found.retain(|path| {
        !path.to_string_lossy().ends_with("tests.rs") && !path.components().any(|part| part.as_os_str() == "tests")
    });
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a source is readable")
}

#[test]
fn i1_dependencies_run_one_way() {
    let allowed: [(&str, &[&str]); 7] = [
        ("scanner/model", &[]),
        ("audit/formats", &[]),
        ("audit", &["aedile-formats"]),
        ("audit/exchange", &["aedile-audit"]),
        ("rules", &["aedile-model"]),
        ("policies", &["aedile-model"]),
        ("scanner/crawl", &["aedile-model", "aedile-rules"]),
    ];
    for (folder, allowed) in allowed {
        let manifest = read(&root().join(folder).join("Cargo.toml"));
        let own: BTreeSet<&str> = manifest
            .split("[dependencies]")
            .nth(1)
            .unwrap_or_default()
            .split("\n[")
            .next()
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.split('.').next())
            .filter(|name| name.starts_with("aedile"))
            .collect();
        assert_eq!(own, allowed.iter().copied().collect(), "{folder}");
    }
}

#[test]
fn i1_recognition_judgement_and_ledger_walk_no_file_system_and_use_no_network() {
    for folder in ["rules/src", "policies/src", "audit/src"] {
        for path in sources(folder) {
            let text = read(&path);
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for word in ["walkdir", "read_dir", "TcpStream", "UdpSocket", "reqwest"] {
                assert!(!code.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}

#[test]
fn i2_parsing_reads_no_clock_and_no_environment() {
    for path in sources("scanner/crawl/src") {
        let text = read(&path);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in ["SystemTime", "Instant::now", "now_utc", "std::env::var", "env::var("] {
            assert!(!code.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn i4_no_article_number_stands_in_rust() {
    for folder in ["scanner", "rules/src", "audit/src"] {
        for path in sources(folder) {
            for (number, line) in read(&path).lines().enumerate() {
                // Documentation cites sources; code must not.
                let code = line.split("//").next().unwrap_or_default();
                for word in ["gdpr:", "hipaa:", "soc2:", "eu-ai-act:"] {
                    assert!(!code.contains(word), "{}:{} holds {word}", path.display(), number + 1);
                }
            }
        }
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let home = ["/work", "/main"].concat();
    for entry in walkdir::WalkDir::new(root()).into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        !["target", ".git", "node_modules", ".aedile"].contains(&name.as_ref())
    }) {
        let entry = entry.expect("the tree is readable");
        if let Ok(text) = std::fs::read_to_string(entry.path()) {
            assert!(!text.contains(&home), "{} names a path of one machine", entry.path().display());
        }
    }
}

/// The licence terms that `deny.toml` allows.
fn allowed_licences() -> BTreeSet<String> {
    let text = read(&root().join("deny.toml"));
    let list = text.split("allow = [").nth(1).and_then(|rest| rest.split(']').next()).expect("deny.toml has its list");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether the SPDX expression can be met by `allowed`: every part of an AND, one part of an OR.
fn met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let flat = expression.replace('/', " OR ").replace(['(', ')'], "");
    flat.split(" AND ").all(|part| part.split(" OR ").any(|term| allowed.contains(term.trim())))
}

#[test]
fn every_dependency_has_an_allowed_licence_and_comes_from_the_registry() {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo tells its metadata");
    let allowed = allowed_licences();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().expect("there are packages") {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        if !met(licence, &allowed) {
            wrong.push(format!("{name}: `{licence}`"));
        }
        let source = package["source"].as_str().unwrap_or_default();
        if !(source.is_empty() && name.starts_with("aedile") || source.starts_with("registry+")) {
            wrong.push(format!("{name} comes from {source}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
