//! Policies of the user: the guide as it stands, and what is said of every mistake.

use std::path::Path;

use crate::program::{aedile, code, platform, root, stderr, stdout};

/// A fenced block of a document: what stands behind the fence, and its lines.
struct Block {
    info: String,
    text: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(info), false) => {
                found.push(Block { info: info.to_owned(), text: String::new() });
                inside = true;
            }
            (Some(_), true) => inside = false,
            (None, true) => {
                let block = found.last_mut().expect("a block is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    found
}

/// Runs `$ aedile …` and looks for each line below it in what it says.
fn run(folder: &Path, console: &str) -> usize {
    let mut commands = 0;
    let mut said = String::new();
    for line in console.lines() {
        if let Some(command) = line.strip_prefix("$ aedile ") {
            let (command, exit) = command.split_once("# exit ").unwrap_or((command, "0"));
            let args: Vec<&str> = command.split_whitespace().collect();
            let output = aedile(folder, &args);
            said = format!("{}{}", stdout(&output), stderr(&output));
            assert_eq!(code(&output).to_string(), exit.trim(), "aedile {command}\n{said}");
            commands += 1;
        } else {
            assert!(said.contains(line), "`{line}` is missing in:\n{said}");
        }
    }
    commands
}

#[test]
fn the_guide_works_as_it_stands() {
    let guide = std::fs::read_to_string(root().join("docs/policies.md")).expect("the guide is there");
    let folder = tempfile::tempdir().expect("a folder");
    let mut commands = 0;
    for block in blocks(&guide) {
        match block.info.split_once(' ') {
            Some((_, path)) => {
                let path = folder.path().join(path);
                std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                std::fs::write(path, block.text).expect("a file");
            }
            None if block.info == "console" => commands += run(folder.path(), &block.text),
            None => panic!("a block of the guide is neither a file nor a command: {}", block.info),
        }
    }
    assert!(commands >= 6, "{commands} commands");
}

const HEAD: &str =
    "// Why this is so, at some length.\n@id(\"own-rule\") @title(\"t\") @severity(\"low\") @remedy(\"r\")\n";

/// `aedile policy check` refuses `policy`, says each of `words`, and points into the file.
fn refused(policy: &str, words: &[&str]) {
    let folder = platform(&[("own/mine.cedar", policy)]);
    let output = aedile(folder.path(), &["policy", "check", "own"]);
    let said = stderr(&output);
    assert_eq!(code(&output), 2, "{said}");
    for word in words.iter().chain(&["mine.cedar:"]) {
        assert!(said.contains(word), "`{word}` is missing in:\n{said}");
    }
}

#[test]
fn every_mistake_in_a_policy_is_explained_with_its_place() {
    let scope = "forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket)";
    let with = |clause: &str| format!("{HEAD}{scope} {clause};\n");
    refused(&with("when { resource.public &&& true }"), &["does not parse"]);
    refused(&format!("@id(\"own-rule\") @titel(\"t\") {scope};\n"), &["@titel", "did you mean `title`?"]);
    refused(&format!("@title(\"t\") @severity(\"low\") @remedy(\"r\") {scope};\n"), &["a policy has no @id"]);
    refused(&format!("{}{}", with(""), with("")), &["two policies have the id `own-rule`"]);
    refused(&with("").replace("own-rule", "store-not-public"), &["two policies have the id", "exposure.cedar"]);
    refused(&with("when { resource has publik && resource.publik }"), &["impossible"]);
    refused(&with("when { resource.public }"), &["public"]);
    refused(&with("when { resource has public && resource.public && false }"), &["impossible"]);
    refused(&with("when { resource.holds in Aedile::DataClass::\"personel\" }"), &["did you mean `personal`?"]);
    refused(&with("").replace("@remedy(\"r\")", "@remedy(\"r\") @since(\"soon\")"), &["`soon` is not a version"]);
    refused(&with(""), &["`own-rule`: no case expects fail", "own-rule"]);
    let deep = format!("when {{ {}true{} }}", "(".repeat(80), ")".repeat(80));
    refused(&with(&deep), &["nests brackets deeper"]);
}

#[test]
fn a_file_too_large_to_be_a_policy_is_refused_before_it_is_parsed() {
    let folder = platform(&[("own/mine.cedar", &"// nothing\n".repeat(40_000))]);
    let output = aedile(folder.path(), &["policy", "check", "own"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("at most 262144 are read"), "{}", stderr(&output));
}

#[test]
fn a_manual_obligation_must_say_why() {
    let framework = "id: own\ntitle: Own\nversion: \"1\"\nsource: https://example.org\njurisdictions: [house]\nobligations:\n  - id: \"own:1\"\n    title: people are kind\n    kind: manual\n";
    let folder = platform(&[("own/own.yaml", framework)]);
    let output = aedile(folder.path(), &["policy", "check", "own"]);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("does not say why") && stderr(&output).contains("own.yaml:7"),
        "{}",
        stderr(&output)
    );
}
