//! The guides: every command in them is run, and gives the exit code and the words that the guide says.

use std::path::Path;
use std::process::Command;

use crate::program::root;

const GUIDES: [&str; 6] = ["baseline", "gate", "hand-over", "lineage", "tutorial", "waivers"];

/// A fenced block: its language and its lines.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, text)), None) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The commands of a block with the exit codes that they say; a here-document belongs to its command.
fn commands(block: &str) -> Vec<(String, i32)> {
    let mut commands: Vec<(String, i32)> = Vec::new();
    let mut lines = block.lines();
    while let Some(line) = lines.next() {
        let (command, code) = match line.split_once("# exit ") {
            Some((command, code)) => (command.trim_end(), code.trim().parse().expect("an exit code is a number")),
            None => (line, 0),
        };
        let mut command = command.to_owned();
        if let Some((_, end)) = command.split_once("<<'") {
            let end = end.trim_end_matches('\'').to_owned();
            for line in lines.by_ref() {
                command += &format!("\n{line}");
                if line == end {
                    break;
                }
            }
        }
        commands.push((command, code));
    }
    commands
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("readable");
        let target = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&target).expect("a folder can be made");
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}

fn run(guide: &str) {
    let text =
        std::fs::read_to_string(root().join("docs/guides").join(format!("{guide}.md"))).expect("the guide is there");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let programs = tempfile::tempdir().expect("a temporary folder can be made");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_aedile"), programs.path().join("aedile"))
        .expect("a link can be made");
    copy(&root().join("samples/clinic"), &folder.path().join("samples/clinic"));
    let shell = |script: &str| {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command.args(["-c", script]).current_dir(folder.path()).env("NO_COLOR", "1");
        command.env("PATH", format!("{}:{path}", programs.path().display()));
        command.env("XDG_CACHE_HOME", programs.path().join("cache"));
        for name in ["USER", "AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{name}_NAME"), "a").env(format!("GIT_{name}_EMAIL"), "a@example.org");
        }
        let output = command.output().expect("bash runs");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().expect("it ends by itself"), said)
    };
    let (code, said) =
        shell("git init --quiet --initial-branch main . && git add . && git commit --quiet --message start");
    assert_eq!(code, 0, "{said}");
    let mut last = String::new();
    let mut count = 0;
    for (language, block) in blocks(&text) {
        if language == "sh" {
            last.clear();
            for (command, expected) in commands(&block) {
                let (code, said) = shell(&command);
                let end: String = said.chars().rev().take(1500).collect::<Vec<_>>().into_iter().rev().collect();
                assert_eq!(code, expected, "{guide}: `{command}` said …{end}");
                last += &said;
                count += 1;
            }
        } else if language == "text" {
            // Lines are wrapped to the width of the terminal.
            let flat = last.split_whitespace().collect::<Vec<_>>().join(" ");
            for line in block.lines() {
                assert!(flat.contains(line), "{guide}: `{line}` was not said");
            }
        }
    }
    assert!(count > 2, "{guide} has commands");
}

#[test]
fn every_command_of_the_guides_does_what_they_say() {
    std::thread::scope(|scope| {
        for guide in GUIDES {
            scope.spawn(move || run(guide));
        }
    });
}

#[test]
fn every_guide_is_run() {
    let mut there: Vec<String> = std::fs::read_dir(root().join("docs/guides"))
        .expect("there are guides")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().trim_end_matches(".md").to_owned())
        .collect();
    there.sort();
    assert_eq!(there, GUIDES);
}
