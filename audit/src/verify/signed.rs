//! Statement 3: the keys expected have signed what is there.

use super::{Check, Recomputed, Statement, Status, entries};
use crate::key::VerifyingKey;
use crate::note::NoteError;
use crate::shown::shown;

/// What the signatures stored in the ledger say of it.
pub(super) fn statement(recomputed: &Recomputed, keys: &[VerifyingKey]) -> Statement {
    let mut check = Check::default();
    if keys.is_empty() {
        return Statement { status: Status::NotShown, sentence: unchecked(recomputed), details: Vec::new() };
    }
    let mut covered = 0;
    let mut seen = Vec::new();
    for note in &recomputed.notes {
        match note.signers(keys) {
            Ok(signers) if recomputed.continues(note) => {
                covered = covered.max(note.size);
                seen.extend(signers);
            }
            Ok(_) => check.fault(format!(
                "a signed checkpoint of size {} is of other entries than these {}",
                note.size,
                recomputed.size()
            )),
            Err(NoteError::Untrusted) => {}
            Err(error) => check.fault(format!("the checkpoint of size {} is refused: {error}", note.size)),
        }
    }
    for key in keys {
        let signed = if seen.contains(&key) { "has signed" } else { "has signed nothing here" };
        check.remark(format!("the key {key} {signed}"));
    }
    let (status, sentence) = match check.faults.first() {
        Some(first) => (Status::Fails, format!("the signatures do not bear out the ledger: {first}")),
        None if covered == 0 => (
            Status::Fails,
            "the ledger is unsigned by the keys expected: none of them has signed a checkpoint in it".to_owned(),
        ),
        None => covers(recomputed.size(), covered),
    };
    Statement { status, sentence, details: check.details() }
}

fn covers(size: u64, covered: u64) -> (Status, String) {
    match size - covered {
        0 => (Status::Holds, format!("the ledger is signed by the keys expected: all {}", entries(size))),
        rest => (
            Status::NotShown,
            format!(
                "the ledger is signed by the keys expected up to its first {}; the {} after them are unsigned",
                entries(covered),
                entries(rest)
            ),
        ),
    }
}

/// The sentence if there is no key to check with.
fn unchecked(recomputed: &Recomputed) -> String {
    let mut names: Vec<String> =
        recomputed.notes.iter().flat_map(|note| note.claimed_names()).map(|name| shown(&name)).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        "the ledger is unsigned, and no key was given to check it with".to_owned()
    } else {
        format!("no key was given: the signatures that claim to be by {} were not checked", names.join(", "))
    }
}
