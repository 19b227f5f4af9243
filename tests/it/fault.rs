//! Power cuts and failing disks: faults injected into the real program at every single system call.
//!
//! strace makes the n-th call on the ledger's files fail with EIO, or kills the program at it, for every n, call, journal
//! and operation. Afterwards the ledger must verify at the size before or after, and the next append must work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aedile_audit::{Ledger, Status, VerifyingKey};

use crate::program::{aedile, code, platform, stderr, stdout};

/// The calls by which SQLite changes files; those that an operation does not make are left out.
const CALLS: [&str; 7] = ["openat", "pwrite64", "fsync", "fdatasync", "unlink", "ftruncate", "rename"];

const KEY: &str = "clinic.key";

/// A folder with a ledger of one run, its file's bytes, and what is run on it.
struct Bench {
    folder: tempfile::TempDir,
    before: Vec<u8>,
    size: u64,
    key: VerifyingKey,
    run: String,
}

fn bench(journal: &str) -> Bench {
    let folder = platform(&[("main.tf", "resource \"aws_s3_bucket\" \"a\" {\n  acl = \"public-read\"\n}\n")]);
    let init = aedile(folder.path(), &["log", "init", "--journal", journal, "--key", KEY]);
    assert_eq!(code(&init), 0, "{}", stderr(&init));
    let said = stdout(&init);
    let key = said.lines().find_map(|line| line.strip_prefix("key in force: ")).expect("the key is named");
    let key = VerifyingKey::parse(key).expect("it is a key");
    let scan = aedile(folder.path(), &["scan", ".", "--key", KEY, "--fail-on", "never"]);
    assert_eq!(code(&scan), 0, "{}", stderr(&scan));
    let ledger = Ledger::open(&file(folder.path())).expect("the ledger opens");
    let run = ledger.runs().expect("it can be read").pop().expect("there is a run").run;
    let size = ledger.checkpoint().expect("it can be read").expect("it is not empty").size;
    drop(ledger);
    let before = std::fs::read(file(folder.path())).expect("the ledger is there");
    Bench { folder, before, size, key, run }
}

fn file(folder: &Path) -> PathBuf {
    folder.join(".aedile/ledger.db")
}

impl Bench {
    /// The ledger as it was at first.
    fn restore(&self) {
        for end in ["", "-journal", "-wal", "-shm"] {
            let _ = std::fs::remove_file(self.folder.path().join(format!(".aedile/ledger.db{end}")));
        }
        std::fs::write(file(self.folder.path()), &self.before).expect("the ledger can be written");
    }

    /// Runs the operation under strace with these options, watching only the ledger's files.
    fn strace(&self, operation: &[&str], options: &[&str]) -> Output {
        let folder = self.folder.path().join(".aedile").canonicalize().expect("the folder is there");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "trace"]).args(options).arg("-P").arg(&folder);
        for end in ["", "-journal", "-wal"] {
            command.arg("-P").arg(folder.join(format!("ledger.db{end}")));
        }
        command.arg(env!("CARGO_BIN_EXE_aedile")).args(operation).args(["--key", KEY]).current_dir(self.folder.path());
        command.output().expect("strace runs")
    }

    /// How often an undisturbed run makes each call.
    fn counts(&self, operation: &[&str]) -> BTreeMap<&'static str, usize> {
        self.restore();
        let output = self.strace(operation, &["-e", &format!("trace={}", CALLS.join(","))]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let trace = std::fs::read_to_string(self.folder.path().join("trace")).expect("strace writes");
        CALLS.map(|call| (call, trace.matches(&format!(" {call}(")).count())).into_iter().collect()
    }

    /// What a disturbed run must leave.
    fn check(&self, sizes: [u64; 2], fault: &str, erased: bool) {
        let keys = [self.key.clone()];
        let mut ledger =
            Ledger::open_to_append(&file(self.folder.path())).unwrap_or_else(|error| panic!("{fault}: {error}"));
        let verified = ledger.verify(&[], &keys).unwrap_or_else(|error| panic!("{fault}: {error}"));
        assert_eq!(verified.internal.status, Status::Holds, "{fault}: {:?}", verified.internal);
        assert!(sizes.contains(&verified.size), "{fault}: size {} is neither of {sizes:?}", verified.size);
        assert_ne!(verified.signed.status, Status::Fails, "{fault}: {:?}", verified.signed);
        if erased {
            let gone = verified.internal.details.iter().any(|line| line.starts_with("1 of 1 payloads were erased"));
            assert_eq!(gone, verified.size == sizes[1], "{fault}: payload and erasure entry disagree");
        }
        let model = aedile_audit::Draft {
            kind: aedile_audit::Kind::LegalHold,
            run: self.run.clone(),
            actor: "test".to_owned(),
            tool: serde_json::json!({}),
            subject: serde_json::json!({}),
            data: serde_json::json!({}),
            payload: None,
        };
        let key = aedile_audit::key_file::read(&self.folder.path().join(KEY)).expect("the key can be read");
        let next = ledger.hold(true, &model, time::OffsetDateTime::UNIX_EPOCH, &[&key]);
        let next = next.unwrap_or_else(|error| panic!("{fault}: the next append: {error}"));
        assert_eq!(next.checkpoint.size, verified.size + 1, "{fault}");
        let verified = ledger.verify(&[], &keys).unwrap_or_else(|error| panic!("{fault}: {error}"));
        assert_eq!((verified.internal.status, verified.signed.status), (Status::Holds, Status::Holds), "{fault}");
    }
}

fn matrix(journal: &str, operation: impl Fn(&str) -> Vec<String>, adds: u64, erased: bool) {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let bench = bench(journal);
    let operation = operation(&bench.run);
    let operation: Vec<&str> = operation.iter().map(String::as_str).collect();
    let probe = bench.strace(&operation, &["-e", "trace=openat"]);
    if code(&probe) != 0 {
        println!("skipped: tracing is not permitted here: {}", stderr(&probe));
        return;
    }
    let sizes = [bench.size, bench.size + adds];
    let (mut faults, mut disturbed) = (0, 0);
    for (call, count) in bench.counts(&operation) {
        for nth in 1..=count {
            for fault in ["error=EIO", "signal=KILL"] {
                bench.restore();
                let output = bench.strace(
                    &operation,
                    &["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{fault}:when={nth}")],
                );
                let name = format!("{journal}: {call} {nth} of {count}: {fault}");
                let said = stderr(&output);
                assert!(!said.contains("panicked"), "{name}: {said}");
                disturbed += usize::from(!output.status.success());
                faults += 1;
                bench.check(sizes, &name, erased);
            }
        }
    }
    assert!(faults > 10 && disturbed > faults / 3, "only {disturbed} of {faults} faults were felt");
    println!("{journal}, {}: {faults} faults, {disturbed} felt", operation.join(" "));
}

fn hold(run: &str) -> Vec<String> {
    ["log", "hold", run, "--reason", "audit"].map(str::to_owned).to_vec()
}

fn erase(run: &str) -> Vec<String> {
    ["log", "erase", run, "--reason", "request"].map(str::to_owned).to_vec()
}

#[test]
fn an_append_with_a_rollback_journal_survives_every_fault() {
    matrix("rollback", hold, 1, false);
}

#[test]
fn an_append_in_wal_mode_survives_every_fault() {
    matrix("wal", hold, 1, false);
}

#[test]
fn an_erasure_with_a_rollback_journal_survives_every_fault() {
    matrix("rollback", erase, 1, true);
}

#[test]
fn an_erasure_in_wal_mode_survives_every_fault() {
    matrix("wal", erase, 1, true);
}
