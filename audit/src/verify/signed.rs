//! Statement 3: the keys expected have signed what is there.

use super::{Check, Recomputed, entries};
use aedile_formats::{NoteError, Statement, Status, VerifyingKey, shown};

/// A key that is believed, because it was given or because one that was given vouches for it.
pub(super) struct Trust {
    pub(super) key: VerifyingKey,
    /// The key entry that retired it.
    retired: Option<u64>,
}

/// The keys given and those that key entries of the log derive from them, with what is to be said of that.
pub(super) fn trusted(recomputed: &Recomputed, keys: &[VerifyingKey]) -> (Vec<Trust>, Check) {
    let mut check = Check::default();
    let mut trusted: Vec<Trust> = keys.iter().map(|key| Trust { key: key.clone(), retired: None }).collect();
    for change in recomputed.keys.iter().filter(|_| !keys.is_empty()) {
        let (index, key) = (change.index, &change.key);
        let in_force: Vec<VerifyingKey> =
            trusted.iter().filter(|trust| trust.retired.is_none()).map(|trust| trust.key.clone()).collect();
        // The new key signs its own introduction, which proves nothing; only another key can vouch for it.
        let vouched = change.note.verify(&in_force).ok().and_then(|by| by.into_iter().find(|by| *by != key));
        match (change.introduced, vouched) {
            (true, Some(by)) => {
                check.remark(format!("the key {key} was introduced by {by} in entry {index}"));
                if !in_force.contains(key) {
                    trusted.push(Trust { key: key.clone(), retired: None });
                }
            }
            (true, None) if in_force.contains(key) => check.remark(format!("the key {key} is that of entry {index}")),
            (false, Some(by)) => {
                check.remark(format!("the key {key} was retired by {by} in entry {index}"));
                let of_it = trusted.iter_mut().filter(|trust| trust.key == *key);
                of_it.for_each(|trust| trust.retired = trust.retired.or(Some(index)));
            }
            (_, None) => {
                check.remark(format!("entry {index} changes the key {key}, for which no key given vouches"));
            }
        }
    }
    (trusted, check)
}

/// What the signatures stored in the ledger say of it.
pub(super) fn statement(recomputed: &Recomputed, trusted: &[Trust], mut check: Check) -> Statement {
    if trusted.is_empty() {
        return Statement { status: Status::NotShown, sentence: unchecked(recomputed), details: Vec::new() };
    }
    let keys: Vec<VerifyingKey> = trusted.iter().map(|trust| trust.key.clone()).collect();
    let retired = |key: &VerifyingKey| trusted.iter().find(|trust| trust.key == *key).and_then(|trust| trust.retired);
    let mut covered = 0;
    let mut seen = Vec::new();
    for note in &recomputed.notes {
        match note.signers(&keys) {
            Ok(signers) if recomputed.continues(note) => {
                match signers.iter().find_map(|key| retired(key).filter(|entry| note.size > entry + 1)) {
                    Some(entry) if signers.iter().all(|key| retired(key).is_some()) => check.fault(format!(
                        "the checkpoint of size {} is signed only by a key that entry {entry} retired",
                        note.size
                    )),
                    _ => covered = covered.max(note.size),
                }
                seen.extend(signers.into_iter().cloned());
            }
            Ok(_) => check.fault(format!(
                "a signed checkpoint of size {} is of other entries than these {}",
                note.size, recomputed.size
            )),
            Err(NoteError::Untrusted) => {}
            Err(error) => check.fault(format!("the checkpoint of size {} is refused: {error}", note.size)),
        }
    }
    for key in &keys {
        let signed = if seen.contains(key) { "has signed" } else { "has signed nothing here" };
        check.remark(format!("the key {key} {signed}"));
    }
    let (status, sentence) = match check.faults.first() {
        Some(first) => (Status::Fails, format!("the signatures do not bear out the ledger: {first}")),
        None if covered == 0 => (
            Status::Fails,
            "the ledger is unsigned by the keys expected: none of them has signed a checkpoint in it".to_owned(),
        ),
        None => covers(recomputed.size, covered),
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
