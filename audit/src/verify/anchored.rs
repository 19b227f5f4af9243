//! Statement 2: the ledger continues the checkpoints that somebody kept elsewhere.

use super::{Check, Fork, Recomputed, entries};
use aedile_formats::merkle::verify_consistency;
use aedile_formats::{Checkpoint, CheckpointError, NoteError, SignedNote, Statement, Status, VerifyingKey, shown};

const UNANCHORED: &str = "no checkpoint from outside was given: it is not excluded that entries were removed from the end or that \
     the whole ledger was written anew";

const FORKED: &str = "the log has forked: one key has signed two checkpoints that contradict each other";

/// What the anchors say of the ledger. Proofs are written into the details.
pub(super) fn statement(
    recomputed: &Recomputed,
    anchors: &[Result<Checkpoint, CheckpointError>],
    keys: &[VerifyingKey],
) -> (Statement, Vec<Fork>) {
    let mut check = Check::default();
    let mut furthest = 0;
    let mut read = Vec::new();
    for (number, anchor) in (1..).zip(anchors) {
        match anchor {
            Err(error) => check.fault(format!("anchor {number} cannot be read: {error}")),
            Ok(anchor) => {
                if let Some(size) = compare(recomputed, number, anchor, keys, &mut check) {
                    furthest = furthest.max(size);
                }
                read.push(anchor);
            }
        }
    }
    let forks = contradictions(recomputed, &read, keys);
    let (status, sentence) = match check.faults.first() {
        _ if !forks.is_empty() => (Status::Fails, FORKED.to_owned()),
        Some(first) => (Status::Fails, format!("the ledger does not continue the checkpoints given: {first}")),
        None if furthest == 0 => (Status::NotShown, UNANCHORED.to_owned()),
        None => (Status::Holds, holds(recomputed.size, furthest)),
    };
    (Statement { status, sentence, details: check.details() }, forks)
}

fn holds(size: u64, furthest: u64) -> String {
    let covered =
        format!("the ledger continues the checkpoints given: its first {} are those they attest", entries(furthest));
    match size - furthest {
        0 => format!("{covered}, and there are no others"),
        rest => format!("{covered}; the {} after them are attested by none", entries(rest)),
    }
}

/// Compares the ledger with one anchor. Gives its size if the ledger continues it.
fn compare(
    recomputed: &Recomputed,
    number: usize,
    anchor: &Checkpoint,
    keys: &[VerifyingKey],
    check: &mut Check,
) -> Option<u64> {
    match anchor.signers(keys) {
        Ok(signers) => {
            let note = anchor.note.as_deref().and_then(|note| SignedNote::parse(note).ok());
            let names = signers.iter().map(|key| match note.as_ref().and_then(|note| note.cosigned_at(key)) {
                Some(time) => format!("the witness {} at {}", key.name(), seconds(time)),
                None => key.name().to_owned(),
            });
            check.remark(format!("anchor {number} is signed by {}", names.collect::<Vec<_>>().join(", ")));
        }
        Err(NoteError::Untrusted) => {
            check.remark(format!(
                "anchor {number} is not signed by a key given: it is worth as much as the place it was kept"
            ));
        }
        Err(error) => {
            check.fault(format!("anchor {number} is refused: {error}"));
            return None;
        }
    }
    let (size, now) = (anchor.size, recomputed.size);
    if recomputed.origin.as_ref() != Some(&anchor.origin) {
        check.fault(format!("anchor {number} is of another log, `{}`", shown(&anchor.origin)));
        return None;
    }
    if size > now {
        check.fault(format!("anchor {number} attests {}, there are only {now}: the end is missing", entries(size)));
        return None;
    }
    if !recomputed.continues(anchor) {
        check.fault(format!("anchor {number} attests other {} than the first of this ledger", entries(size)));
        return None;
    }
    // The roots at both sizes were recomputed from the bodies; the proof lets somebody without the ledger see the same.
    let proof = recomputed
        .proofs
        .get(&size)
        .filter(|proof| verify_consistency(size, now, proof, &anchor.root, &recomputed.root));
    let Some(proof) = proof else {
        check.fault(format!("anchor {number}: the stored nodes give no proof from size {size} to size {now}"));
        return None;
    };
    let hashes: Vec<String> = proof.iter().map(|hash| hash.base64()).collect();
    let proof = if hashes.is_empty() { "not needed".to_owned() } else { hashes.join(" ") };
    check.remark(format!("anchor {number}, size {size}: consistency proof up to size {now}: {proof}"));
    Some(size)
}

/// Finds pairs of checkpoints signed by one key that cannot both be of one log: two roots for one size, or one that this
/// tree does not go through before one that it does.
fn contradictions(recomputed: &Recomputed, anchors: &[&Checkpoint], keys: &[VerifyingKey]) -> Vec<Fork> {
    let (fitting, others): (Vec<&Checkpoint>, Vec<&Checkpoint>) =
        anchors.iter().copied().chain(&recomputed.notes).partition(|checkpoint| recomputed.continues(checkpoint));
    let mut forks = Vec::new();
    for (i, one) in others.iter().enumerate() {
        let later = fitting.iter().filter(|other| other.size >= one.size);
        let same_size = others.iter().skip(i + 1).filter(|other| other.size == one.size && other.root != one.root);
        let fork = later
            .chain(same_size)
            .filter(|other| other.origin == one.origin)
            .find_map(|other| both_signed(one, other, keys));
        forks.extend(fork);
    }
    forks
}

fn both_signed(one: &Checkpoint, other: &Checkpoint, keys: &[VerifyingKey]) -> Option<Fork> {
    let (first, second) = (one.signers(keys).ok()?, other.signers(keys).ok()?);
    let common = first.iter().any(|key| second.contains(key));
    Some(Fork { one: one.note.clone()?, other: other.note.clone()? }).filter(|_| common)
}

/// A witness's time as RFC 3339 in UTC.
fn seconds(time: u64) -> String {
    let at = i64::try_from(time).ok().and_then(|time| time::OffsetDateTime::from_unix_timestamp(time).ok());
    let text = at.and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok());
    text.unwrap_or_else(|| format!("second {time}"))
}
