//! Running the binary and reading what it says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aedile::record::Run;

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the project").to_path_buf()
}

/// A sample platform's folder.
pub(crate) fn sample(name: &str) -> PathBuf {
    root().join("samples").join(name)
}

/// The names of all samples with a hand-written truth.
pub(crate) fn samples() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("samples"))
        .expect("samples exist")
        .map(|entry| entry.expect("a sample is readable"))
        .filter(|entry| entry.path().join("planted.yaml").is_file())
        .map(|entry| entry.file_name().into_string().expect("a sample's name is text"))
        .collect();
    names.sort();
    names
}

/// Runs `aedile` with `args` in `folder`, without any of the caller's settings.
pub(crate) fn aedile(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aedile"));
    for (name, _) in std::env::vars() {
        if name.starts_with("AEDILE_") {
            command.env_remove(name);
        }
    }
    // What an earlier test found must not be what this one finds.
    command.env("AEDILE_CACHE", "none");
    command.current_dir(folder).env("NO_COLOR", "1").args(args).output().expect("the binary runs")
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8")
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("standard error is UTF-8")
}

/// The exit code.
pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("the program ended by itself")
}

/// The recorded run of scanning `.` in `folder` as of a fixed date, without a ledger.
pub(crate) fn scan(folder: &Path, args: &[&str]) -> (Run, i32) {
    let mut all = vec!["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", "json"];
    all.extend(args);
    let output = aedile(folder, &all);
    let run = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("no run came out: {error}\n{}\n{}", stdout(&output), stderr(&output)));
    (run, code(&output))
}

/// The date that tests judge by.
pub(crate) const AS_OF: &str = "2026-11-01";

/// A folder with `files`, removed at the end.
pub(crate) fn platform(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("files lie in the folder")).expect("folders can be made");
        std::fs::write(path, text).expect("files can be written");
    }
    folder
}

/// A small platform with one critical finding that needs two files: a public bucket of diagnoses.
pub(crate) fn public_bucket() -> tempfile::TempDir {
    platform(&[
        (
            "infra/main.tf",
            "resource \"aws_s3_bucket\" \"raw\" {\n  bucket = \"ward-raw\"\n}\n\nresource \"aws_s3_bucket_acl\" \"raw\" {\n  bucket = aws_s3_bucket.raw.id\n  acl    = \"public-read\"\n}\n",
        ),
        ("data/patients.csv", PATIENTS),
        ("aedile.yaml", "version: 1\nbindings:\n  - name: data/patients.csv\n    is: s3://ward-raw/patients.csv\n"),
    ])
}

/// Invented people; the last column holds ICD-10 codes.
pub(crate) const PATIENTS: &str = "\
patient_name,email,date_of_birth,diagnosis_code
Ada Brandt,ada.brandt@mailbox.example,1951-03-02,I50.9
Bruno Keller,bruno.keller@mailbox.example,1944-11-23,E11.9
Clara Weiss,clara.weiss@mailbox.example,1968-07-14,J44.1
David Lang,david.lang@mailbox.example,1979-01-30,I10
Elena Vogt,elena.vogt@mailbox.example,1938-05-09,N18.3
Felix Sommer,felix.sommer@mailbox.example,1985-09-17,F32.1
";
