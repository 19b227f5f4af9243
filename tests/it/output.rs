//! Where reports go, and what names in them may do to a terminal or a page.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use aedile::report::FORMATS;

use crate::program::{AS_OF, aedile, code, platform, public_bucket, sample, stderr, stdout};

#[test]
fn a_report_is_written_whole_or_not_at_all() {
    let folder = public_bucket();
    std::fs::write(folder.path().join("report.json"), "the old report").expect("writable");
    let output = aedile(folder.path(), &["scan", ".", "--ledger", "none", "--format", "json=report.json"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let text = std::fs::read_to_string(folder.path().join("report.json")).expect("readable");
    assert!(text.starts_with('{') && text.ends_with("}\n"));
    let left: Vec<String> = std::fs::read_dir(folder.path())
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_output_that_cannot_be_written_is_named_and_the_old_one_stays() {
    let folder = public_bucket();
    let refused = |format: &str, words: &str| {
        let output = aedile(folder.path(), &["scan", ".", "--ledger", "none", "--format", format]);
        assert_eq!(code(&output), 2);
        let said = stderr(&output).replace("\n  │ ", " ");
        assert!(said.contains(words) && said.contains("aedile::output"), "{said}");
    };
    refused("json=nowhere/report.json", "`nowhere/report.json` cannot be written");
    refused("json=data", "`data` cannot be written");
    let file = folder.path().join("kept.json");
    std::fs::write(&file, "the old report").expect("writable");
    let mut mode = std::fs::metadata(&file).expect("there").permissions();
    mode.set_readonly(true);
    std::fs::set_permissions(&file, mode).expect("it can be made read-only");
    refused("json=kept.json", "`kept.json` cannot be written");
    assert_eq!(std::fs::read_to_string(&file).expect("readable"), "the old report");
}

#[test]
fn a_reader_that_leaves_early_changes_nothing_of_the_exit_code() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aedile"))
        .args(["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", "json"])
        .current_dir(sample("clinic"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    BufReader::with_capacity(64, child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(line, "{\n");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("there is one");
    let output = Command::new(env!("CARGO_BIN_EXE_aedile"))
        .args(["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", "json"])
        .current_dir(sample("clinic"))
        .stdout(full)
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("aedile::output"), "{}", stderr(&output));
}

const OPEN_GROUP: &str = "resource \"aws_security_group\" \"all\" {\n  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n";

#[test]
fn names_that_could_deceive_are_shown_as_code_points_in_every_format() {
    let folder = platform(&[
        ("line\nbreak/a.tf", OPEN_GROUP),
        ("right\u{202e}to-left/b.tf", OPEN_GROUP),
        ("<img src=x onerror=alert(1)>/c.tf", OPEN_GROUP),
        ("::error::d/e.tf", OPEN_GROUP),
        ("=1+1/f.tf", OPEN_GROUP),
        ("esc\u{1b}[2J/g.tf", OPEN_GROUP),
    ]);
    for format in FORMATS {
        let output =
            aedile(folder.path(), &["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", format.name]);
        let text = stdout(&output);
        assert!(!text.contains(['\u{202e}', '\u{1b}']), "{} lets a control character through", format.name);
        match format.name {
            "github" => {
                assert!(text.lines().all(|line| !line.starts_with("::error::")), "{text}");
                assert_eq!(text.lines().filter(|line| line.starts_with("::error file=")).count(), 10);
            }
            "html" => assert!(!text.contains("<img"), "markup goes through"),
            "markdown" => {
                // Between backticks it is text.
                let outside: String = text.split('`').step_by(2).collect();
                assert!(!outside.contains("<img"), "{text}");
            }
            "csv" => assert!(!text.contains(",=1+1") && !text.contains("\n=1+1"), "{text}"),
            "json" | "text" => assert!(text.contains("u{202e}") && text.contains("line"), "{text}"),
            _ => {}
        }
        if format.name != "openlineage" && format.name != "cyclonedx" {
            assert!(text.contains("break/a.tf"), "{} shows no path", format.name);
            assert!(!text.contains("line\nbreak"), "{} breaks a line", format.name);
        }
    }
}
