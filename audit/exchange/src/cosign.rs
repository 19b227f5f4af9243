//! Asking the witnesses of a policy to vouch for the ledger's checkpoint.

use std::time::Duration;

use aedile_audit::{Checkpoint, Hash, LedgerError, SignedNote, VerifyingKey};

use crate::http::{Answer, post};
use crate::policy::Policy;
use crate::witness::{PATH, SIZE, Submission};

/// How long one witness may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most bytes of an answer.
const MOST: u64 = 1 << 20;

/// What came of asking.
#[derive(Debug)]
pub struct Cosigned {
    /// The checkpoint with the signatures that it had and those that came.
    pub checkpoint: Checkpoint,
    /// What went wrong with which witness, one line each.
    pub failures: Vec<String>,
}

/// Asks every witness of `policy` that has a URL, the ones that have signed already left out.
///
/// `prove`: the consistency proof from a size to that of `checkpoint`. A witness that has seen another size says so, and
/// is asked once more with the proof from there.
pub fn cosign(
    checkpoint: &Checkpoint,
    policy: &Policy,
    prove: &dyn Fn(u64) -> Result<Vec<Hash>, LedgerError>,
) -> Result<Cosigned, LedgerError> {
    let mut current = checkpoint.clone();
    let mut failures = Vec::new();
    for witness in &policy.witnesses {
        let Some(url) = &witness.url else { continue };
        let keys = std::slice::from_ref(&witness.key);
        if current.signers(keys).is_ok() {
            continue;
        }
        match ask(checkpoint, url, keys, prove) {
            Ok(lines) => match add(&current, &lines, keys) {
                Ok(with) => current = with,
                Err(why) => failures.push(format!("{}: {why}", witness.key.name())),
            },
            Err(why) => failures.push(format!("{}: {why}", witness.key.name())),
        }
    }
    Ok(Cosigned { checkpoint: current, failures })
}

fn ask(
    checkpoint: &Checkpoint,
    url: &str,
    keys: &[VerifyingKey],
    prove: &dyn Fn(u64) -> Result<Vec<Hash>, LedgerError>,
) -> Result<String, String> {
    let url = format!("{}{PATH}", url.trim_end_matches('/'));
    let mut old = 0;
    // The first answer tells the size that the witness has; the second is for the proof from there. A third allows that
    // somebody else has submitted in between.
    for _ in 0..3 {
        let proof = prove(old).map_err(|error| error.to_string())?;
        let submission = Submission { old, proof, checkpoint: checkpoint.clone() };
        let Answer { status, content_type, body } =
            post(&url, "text/plain; charset=utf-8", submission.to_string().as_bytes(), MOST, PATIENCE)?;
        let text = String::from_utf8(body).map_err(|_| "its answer is not text".to_owned())?;
        match status {
            200 => {
                let note = checkpoint.note.as_deref().unwrap_or_default();
                let read = SignedNote::parse(note).and_then(|note| note.with(&text, keys));
                return read.map(|_| text).map_err(|error| format!("its cosignature is refused: {error}"));
            }
            409 if content_type.starts_with(SIZE) => {
                let seen: u64 = text.trim().parse().map_err(|_| "its answer is not a size".to_owned())?;
                if seen > checkpoint.size {
                    return Err(format!(
                        "it has seen {seen} entries, this ledger has {}: the end is missing",
                        checkpoint.size
                    ));
                }
                if seen == old {
                    return Err(format!("it has seen other {seen} entries than these: the log has forked"));
                }
                old = seen;
            }
            422 => return Err(format!("it has seen other {old} entries than these: the log has forked")),
            status => return Err(format!("it answers {status}: {}", aedile_audit::shown(text.trim()))),
        }
    }
    Err("its size changes with every answer".to_owned())
}

fn add(checkpoint: &Checkpoint, lines: &str, keys: &[VerifyingKey]) -> Result<Checkpoint, String> {
    let note = SignedNote::parse(checkpoint.note.as_deref().unwrap_or_default()).map_err(|error| error.to_string())?;
    let with = note.with(lines, keys).map_err(|error| error.to_string())?;
    Ok(Checkpoint { note: Some(with.to_string()), ..checkpoint.clone() })
}
