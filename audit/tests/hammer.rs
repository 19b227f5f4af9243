//! Many processes at one file, killed at random.
//!
//! Eight writers append until each has 200 runs acknowledged, two verify without pause, and writers are killed and started
//! again. No acknowledged run may be missing, and waiting may be the only trouble.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "it tells how many were killed")]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aedile_audit::{Draft, Journal, Kind, Ledger, LedgerError, SigningKey, Status};
use serde_json::json;
use time::OffsetDateTime;

const ORIGIN: &str = "example.org/hammer";
const WRITERS: usize = 8;
/// How long a process waits for the others at most.
const PATIENCE: Duration = Duration::from_secs(120);

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[3; 32]).expect("the name is good")
}

/// The runs that a writer has been told are recorded.
fn acknowledged(folder: &Path, writer: usize) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(format!("acknowledged-{writer}"))).unwrap_or_default();
    // The last line may have been cut by a kill.
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect()
}

fn open(folder: &Path) -> Ledger {
    loop {
        match Ledger::open_or_create(&folder.join("ledger.db"), ORIGIN) {
            Ok(mut ledger) => {
                ledger.set_busy_timeout(PATIENCE).expect("the wait can be set");
                return ledger;
            }
            // Opening waits ten seconds by itself.
            Err(LedgerError::Busy) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
#[ignore = "a process of the test below"]
fn a_writer() {
    let Ok(job) = std::env::var("AEDILE_HAMMER_WRITER") else { return };
    let (folder, writer, runs) = parse(&job);
    let mut ledger = open(&folder);
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(format!("acknowledged-{writer}")))
        .expect("the file can be written");
    for number in acknowledged(&folder, writer).len()..runs {
        let run = format!("{writer}-{number}-{}", std::process::id());
        let draft = |kind| Draft {
            kind,
            run: run.clone(),
            actor: "hammer".to_owned(),
            tool: json!({}),
            subject: json!({}),
            data: json!({}),
            payload: None,
        };
        let drafts = [draft(Kind::RunStart), draft(Kind::Finding), draft(Kind::RunEnd)];
        ledger.append(&drafts, OffsetDateTime::UNIX_EPOCH, &[&key()]).unwrap_or_else(|error| panic!("{error}"));
        file.write_all(format!("{run}\n").as_bytes()).expect("the file can be written");
    }
}

#[test]
#[ignore = "a process of the test below"]
fn a_verifier() {
    let Ok(job) = std::env::var("AEDILE_HAMMER_VERIFIER") else { return };
    let (folder, ..) = parse(&job);
    let keys = [key().verifying_key().clone()];
    let mut size = 0;
    while !folder.join("done").exists() {
        // For writing, so that what a killed writer left is rolled back rather than named.
        let verified = open(&folder).verify(&[], &keys).unwrap_or_else(|error| panic!("{error}"));
        assert_ne!(verified.internal.status, Status::Fails, "{:?}", verified.internal);
        assert!(verified.size >= size, "it shrank from {size} to {}", verified.size);
        size = verified.size;
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn parse(job: &str) -> (PathBuf, usize, usize) {
    let mut words = job.split('|');
    let folder = words.next().map(PathBuf::from).expect("the folder is named");
    let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let writer = number();
    (folder, writer, number())
}

fn child(test: &str, variable: &str, job: &str) -> Child {
    Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--ignored", "--exact", test, "--nocapture"])
        .env(variable, job)
        .stdout(Stdio::null())
        .spawn()
        .expect("this program can be started")
}

fn hammer(journal: Journal, runs: usize, kills: u64) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    open(folder.path()).set_journal(journal).expect("the journal can be set");
    let job = |writer: usize| format!("{}|{writer}|{runs}", folder.path().display());
    let writer = |number: usize| child("a_writer", "AEDILE_HAMMER_WRITER", &job(number));
    let mut writers: Vec<Child> = (0..WRITERS).map(writer).collect();
    let mut verifiers: Vec<Child> = (0..2).map(|_| child("a_verifier", "AEDILE_HAMMER_VERIFIER", &job(0))).collect();
    // A small generator of our own: the same kills in every run, as far as the scheduler lets them be.
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut killed = 0;
    while writers.iter_mut().any(|writer| writer.try_wait().expect("it can be waited for").is_none()) {
        std::thread::sleep(Duration::from_millis(40 + next() % 120));
        let victim = (next() % WRITERS as u64) as usize;
        let running = writers[victim].try_wait().expect("it can be waited for").is_none();
        if killed < kills && running {
            writers[victim].kill().expect("it can be killed");
            writers[victim].wait().expect("it can be waited for");
            writers[victim] = writer(victim);
            killed += 1;
        }
    }
    for writer in &mut writers {
        assert!(writer.wait().expect("it can be waited for").success(), "a writer failed");
    }
    std::fs::write(folder.path().join("done"), "").expect("the file can be written");
    for verifier in &mut verifiers {
        assert!(verifier.wait().expect("it can be waited for").success(), "a verifier failed");
    }
    let ledger = open(folder.path());
    let recorded: BTreeSet<String> = ledger.runs().expect("it can be read").into_iter().map(|run| run.run).collect();
    for number in 0..WRITERS {
        let told = acknowledged(folder.path(), number);
        assert!(told.len() >= runs, "writer {number} has only {} runs acknowledged", told.len());
        for run in told {
            assert!(recorded.contains(&run), "the acknowledged run {run} is missing");
        }
    }
    let verified = ledger.verify(&[], &[key().verifying_key().clone()]).expect("it can be read");
    assert_eq!(verified.internal.status, Status::Holds, "{:?}", verified.internal);
    println!("{journal:?}: {} runs by {WRITERS} processes, {killed} killed", recorded.len());
}

#[test]
fn eight_processes_in_wal_mode_lose_no_acknowledged_run() {
    hammer(Journal::Wal, 200, 40);
}

#[test]
fn eight_processes_with_a_rollback_journal_lose_no_acknowledged_run() {
    // Every commit synchronises the file, the journal and the directory: fewer runs, the same waiting.
    hammer(Journal::Rollback, 200, 20);
}
