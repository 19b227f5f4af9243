//! Measures the ledger: `cargo run --release -p aedile-audit --example measure -- ENTRIES FILE`.
//!
//! Appends runs of 100 000 findings each until there are ENTRIES, then proves one entry, verifies, and prints what each
//! took and how much memory the process has used at most.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use aedile_audit::{Draft, Journal, Kind, Ledger, SigningKey, Status};
use serde_json::json;
use time::OffsetDateTime;

/// How many findings a run has.
const RUN: u64 = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let entries: u64 = arguments.next().ok_or("how many entries?")?.parse()?;
    let file = PathBuf::from(arguments.next().ok_or("which file?")?);
    let key = SigningKey::generate("example.org/measure")?;
    let mut ledger = Ledger::open_or_create(&file, "example.org/measure")?;
    ledger.set_journal(if arguments.next().as_deref() == Some("wal") { Journal::Wal } else { Journal::Rollback })?;
    let (mut size, mut number, mut appending) = (0, 0u64, 0.0);
    while size < entries {
        let drafts = drafts(number);
        let start = Instant::now();
        size = ledger.append(&drafts, OffsetDateTime::UNIX_EPOCH, &[&key])?.checkpoint.size;
        let took = start.elapsed().as_secs_f64();
        appending += took;
        if number == 0 {
            println!("the first run: {:.0} entries a second, committed, read back and signed", RUN as f64 / took);
        }
        number += 1;
    }
    println!("all {number} runs: {:.0} entries a second", size as f64 / appending);
    println!("memory after appending: {}", memory());
    let mut slowest = 0.0_f64;
    for index in (0..size).step_by((size / 100).max(1) as usize) {
        let start = Instant::now();
        ledger.prove(index)?;
        slowest = slowest.max(start.elapsed().as_secs_f64());
    }
    println!("a proof among {size} entries: at most {:.2} ms, of 100", slowest * 1_000.0);
    let start = Instant::now();
    let verified = Ledger::open(&file)?.verify(&[], &[key.verifying_key().clone()])?;
    let took = start.elapsed().as_secs_f64();
    assert_eq!(verified.internal.status, Status::Holds);
    println!("verification: {took:.1} s, {:.2} million entries a minute", size as f64 / took * 60.0 / 1e6);
    println!("memory after verifying: {}", memory());
    println!("the file: {:.0} MB", std::fs::metadata(&file)?.len() as f64 / 1e6);
    Ok(())
}

fn drafts(number: u64) -> Vec<Draft> {
    let draft = |kind, data| Draft {
        kind,
        run: format!("run-{number:016x}"),
        actor: "aedile scan".to_owned(),
        tool: json!({"version": "0.1.0", "packs": 12, "schema": "aedile.run.v1"}),
        subject: json!({"repo": ".", "commit": "c0ffee"}),
        data,
        payload: None,
    };
    let finding = |nth: u64| {
        let data = json!({
            "fingerprint": format!("{:016x}", nth ^ number << 32),
            "policy": format!("store-encrypted-at-rest-{}", nth % 40),
            "severity": "high",
            "asset": format!("bucket:aws_s3_bucket.raw_{nth}"),
        });
        draft(Kind::Finding, data)
    };
    let mut drafts = vec![draft(Kind::RunStart, json!({"roots": ["."]}))];
    drafts.extend((0..RUN).map(finding));
    drafts.push(draft(Kind::RunEnd, json!({"outcome": "findings"})));
    drafts
}

/// The most memory that the process has had, as Linux tells it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown").to_owned()
}
