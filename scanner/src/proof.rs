//! Checking a report against the proofs that it carries, without the ledger.

use std::io::Read as _;
use std::path::Path;

use aedile_audit::{Checkpoint, Hash, InclusionProof, Statement, Status, VerifyingKey};
use aedile_exchange::anchor;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use miette::{Report, miette};
use serde_json::Value;

use crate::ledger::finding_data;
use crate::record::{Finding, Run};

/// The marks around the recorded run inside an HTML report.
pub const HTML_START: &str = "<script type=\"application/gzip;base64\" id=\"aedile-run\">";
/// The end of the recorded run inside an HTML report.
pub const HTML_END: &str = "</script>";

/// The text of `file`.
///
/// # Errors
/// It cannot be read as text.
pub fn read(file: &Path) -> Result<String, Report> {
    std::fs::read_to_string(file).map_err(|error| {
        miette!(
            code = "aedile::proof::unreadable",
            help = "check the path",
            "`{}` cannot be read: {error}",
            file.display()
        )
    })
}

/// The checkpoints that `word` gives: itself if it is a line of a log, else what the file of that name holds (a note, a
/// job's log, a SARIF, JSON or HTML report).
///
/// # Errors
/// The file cannot be read or holds no checkpoint.
pub fn checkpoints(word: &str) -> Result<Vec<String>, Report> {
    if word.contains(anchor::MARK) {
        let found = anchor::checkpoints(word);
        return if found.is_empty() { Err(no_checkpoint("the line")) } else { Ok(found) };
    }
    let text = read(Path::new(word))?;
    let mut found = anchor::checkpoints(&text);
    if found.is_empty() {
        found.extend(run_in(&text).and_then(|run| run.ledger).map(|ledger| ledger.checkpoint));
    }
    if found.is_empty() {
        found = in_sarif(&text);
    }
    if found.is_empty() { Err(no_checkpoint(&format!("`{word}`"))) } else { Ok(found) }
}

fn no_checkpoint(what: &str) -> Report {
    miette!(
        code = "aedile::proof::anchor",
        help = "give what `aedile log checkpoint` printed, a job's log with the line `aedile-checkpoint: …`, or a SARIF, JSON or HTML report of a recorded run",
        "{what} holds no checkpoint"
    )
}

/// The checkpoints in the properties of a SARIF log's runs.
fn in_sarif(text: &str) -> Vec<String> {
    let log: Option<Value> = serde_json::from_str(text).ok();
    let runs = log.as_ref().and_then(|log| log.get("runs")).and_then(Value::as_array);
    let checkpoint = |run: &Value| Some(run.get("properties")?.get("ledgerCheckpoint")?.as_str()?.to_owned());
    runs.into_iter().flatten().filter_map(checkpoint).filter(|note| Checkpoint::parse(note).is_ok()).collect()
}

/// The recorded run inside a JSON or HTML report.
fn run_in(text: &str) -> Option<Run> {
    match text.split_once(HTML_START) {
        Some((_, rest)) => {
            let packed = STANDARD.decode(rest.split_once(HTML_END)?.0).ok()?;
            // A page that was tampered with must not fill the memory.
            serde_json::from_reader(std::io::BufReader::new(GzDecoder::new(packed.as_slice()).take(LARGEST))).ok()
        }
        None => serde_json::from_str(text).ok(),
    }
}

/// Bytes that the run inside of a page may unpack to.
const LARGEST: u64 = 1 << 30;

/// What can be said of a report from itself alone: that its checkpoint is about its root, that every
/// finding it shows is an entry under that root, and who signed.
///
/// # Errors
/// The text is no report of a recorded run.
pub fn verify_report(text: &str, keys: &[VerifyingKey]) -> Result<Vec<(String, Statement)>, String> {
    let run = run_in(text).ok_or("it is not a JSON or HTML report of this version")?;
    let ledger = run.ledger.as_ref().ok_or("the run was not recorded in a ledger, so the report carries no proofs")?;
    let checkpoint = Checkpoint::parse(&ledger.checkpoint).map_err(|error| error.to_string())?;
    let mut statements = vec![(
        "1 the checkpoint is the report's".to_owned(),
        head(&checkpoint, ledger.size, &ledger.root, &ledger.origin),
    )];
    let mut faults = Vec::new();
    if ledger.proofs.len() != run.findings.len() {
        faults.push(format!(
            "the report shows {} findings and carries {} proofs",
            run.findings.len(),
            ledger.proofs.len()
        ));
    }
    faults.extend(not_shown(text, &run));
    for (finding, proof) in run.findings.iter().zip(&ledger.proofs) {
        if let Err(reason) = included(finding, proof, &run.run.id, &checkpoint) {
            faults.push(format!("finding {}: {reason}", finding.fingerprint));
        }
    }
    let (status, sentence) = if faults.is_empty() {
        (
            Status::Holds,
            format!("each of the {} findings is an entry of the log at size {}", run.findings.len(), checkpoint.size),
        )
    } else {
        (Status::Fails, "the report does not show what was recorded".to_owned())
    };
    statements.push(("2 every finding is in the log".to_owned(), Statement { status, sentence, details: faults }));
    statements.push(("3 signed by the keys expected".to_owned(), signed(&checkpoint, keys)));
    Ok(statements)
}

/// What an HTML report shows otherwise than the run inside of it; nothing for other reports.
fn not_shown(text: &str, run: &Run) -> Vec<String> {
    if !text.contains(HTML_START) {
        return Vec::new();
    }
    let shown: Vec<&str> = text.split("<details class=\"finding\" ").skip(1).collect();
    if shown.len() != run.findings.len() {
        return vec![format!("the page shows {} findings and carries {}", shown.len(), run.findings.len())];
    }
    let differs = |(finding, shown): (&Finding, &&str)| {
        let marks = format!("id=\"f-{}\" data-severity=\"{}\"", finding.fingerprint, finding.severity);
        let title = format!("<span class=\"title\">{}</span>", crate::report::shown_title(&finding.title));
        let head = shown.split_once("<div class=\"body\">").map_or(*shown, |(head, _)| head);
        let same = head.starts_with(&marks) && head.contains(&title);
        (!same).then(|| format!("finding {}: the page shows another severity or title", finding.fingerprint))
    };
    run.findings.iter().zip(&shown).filter_map(differs).collect()
}

fn head(checkpoint: &Checkpoint, size: u64, root: &str, origin: &str) -> Statement {
    let same = checkpoint.size == size && checkpoint.root.hex() == root && checkpoint.origin == origin;
    let (status, sentence) = if same {
        (Status::Holds, format!("size {size} and root {root} are the checkpoint's"))
    } else {
        (Status::Fails, "the size, root or origin shown is not the checkpoint's".to_owned())
    };
    Statement { status, sentence, details: Vec::new() }
}

fn included(finding: &Finding, proof: &crate::record::Proof, run: &str, checkpoint: &Checkpoint) -> Result<(), String> {
    let path: Option<Vec<Hash>> = proof.hashes.iter().map(|hash| Hash::from_hex(hash)).collect();
    let path = path.ok_or("a hash of its proof is not 64 hex digits")?;
    let inclusion = InclusionProof { index: proof.index, path, checkpoint: checkpoint.clone(), extra: None };
    if inclusion.verify(proof.entry.as_bytes(), &[]).included.status != Status::Holds {
        return Err(format!("the proof does not lead from entry {} to the root", proof.index));
    }
    let entry: Value = serde_json::from_str(&proof.entry).map_err(|_| "its entry is not JSON")?;
    if entry.get("run").and_then(Value::as_str) != Some(run) {
        return Err("its entry belongs to another run".to_owned());
    }
    if entry.get("data") != Some(&finding_data(finding)) {
        return Err(format!("what the report shows is not what entry {} says", proof.index));
    }
    Ok(())
}

fn signed(checkpoint: &Checkpoint, keys: &[VerifyingKey]) -> Statement {
    let (status, sentence) = if keys.is_empty() {
        let unsigned = if checkpoint.note.is_none() { "the checkpoint is unsigned" } else { "no key was given" };
        (Status::NotShown, format!("{unsigned}: whose log it is was not checked"))
    } else {
        match checkpoint.signers(keys) {
            Ok(signers) => {
                let names: Vec<&str> = signers.iter().map(|key| key.name()).collect();
                (Status::Holds, format!("the checkpoint is signed by {}", names.join(", ")))
            }
            Err(error) => (Status::Fails, format!("the checkpoint is not signed by the keys expected: {error}")),
        }
    };
    Statement { status, sentence, details: Vec::new() }
}
