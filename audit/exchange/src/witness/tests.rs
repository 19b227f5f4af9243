//! What a witness vouches for and what it refuses, over HTTP.

use std::net::TcpListener;
use std::sync::Mutex;

use aedile_audit::merkle::leaf_hash;
use aedile_audit::{Draft, Kind, Ledger, SigningKey, Status};
use serde_json::json;
use time::OffsetDateTime;

use super::*;
use crate::cosign::cosign;
use crate::http::serve;
use crate::policy::Policy;

const ORIGIN: &str = "example.org/log";

fn log() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[1; 32]).unwrap()
}

fn signer() -> SigningKey {
    SigningKey::from_seed("witness.example/w1", &[2; 32]).unwrap()
}

/// A tree over small leaves: roots and proofs by the definitions of RFC 6962 §2.1, written out plainly.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => aedile_audit::merkle::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            aedile_audit::merkle::node_hash(&mth(left), &mth(right))
        }
    }
}

fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut path, other) = if m <= k {
        (subproof(m, &leaves[..k], whole), mth(&leaves[k..]))
    } else {
        (subproof(m - k, &leaves[k..], false), mth(&leaves[..k]))
    };
    path.push(other);
    path
}

fn leaves(size: usize, salt: u8) -> Vec<Hash> {
    (0..size).map(|nth| leaf_hash(&[salt, nth as u8])).collect()
}

fn submission(old: usize, leaves: &[Hash], key: &SigningKey) -> String {
    let proof = if old == 0 { Vec::new() } else { subproof(old, leaves, true) };
    let checkpoint = Checkpoint::new(ORIGIN, leaves.len() as u64, mth(leaves)).signed(&[key]).unwrap();
    Submission { old: old as u64, proof, checkpoint }.to_string()
}

#[test]
fn it_cosigns_what_continues_and_refuses_the_rest_with_the_status_of_the_specification() {
    let dir = tempfile::tempdir().unwrap();
    let (signer, file) = (signer(), dir.path().join("witness.db"));
    let mut witness = Witness::open(&file, &signer, vec![log().verifying_key().clone()]).unwrap();
    let mut say = |body: &str| witness.add_checkpoint(body.as_bytes(), 1_800_000_000);
    let all = leaves(20, 0);

    let first = say(&submission(0, &all[..5], &log()));
    assert_eq!(first.status, 200, "{first:?}");
    let note = Checkpoint::new(ORIGIN, 5, mth(&all[..5])).signed(&[&log()]).unwrap().note.unwrap();
    let vkey = [signer.verifying_key().as_witness()];
    let cosigned = SignedNote::parse(&note).unwrap().with(&first.body, &vkey).unwrap();
    assert_eq!(cosigned.cosigned_at(&vkey[0]), Some(1_800_000_000));

    assert_eq!(say(&submission(5, &all[..5], &log())).status, 200, "the same again");
    assert_eq!(say(&submission(5, &all[..13], &log())).status, 200);
    let stale = say(&submission(5, &all, &log()));
    assert_eq!((stale.status, stale.content_type, stale.body.as_str()), (409, "text/x.tlog.size", "13\n"));
    let back = say(&submission(5, &all[..8], &log()));
    assert_eq!((back.status, back.body.as_str()), (409, "13\n"), "a smaller tree is never cosigned again");
    let other_history = say(&submission(13, &leaves(20, 9), &log()));
    assert_eq!(other_history.status, 422);
    let stranger = SigningKey::from_seed(ORIGIN, &[9; 32]).unwrap();
    assert_eq!(say(&submission(13, &all, &stranger)).status, 403);
    let good = submission(13, &all, &log());
    assert_eq!(say(&good.replacen("old 13", "old 21", 1)).status, 400);
    assert_eq!(say(&good.replace(ORIGIN, "example.org/unknown")).status, 404);
    assert_eq!(say(&good.replacen("\n20\n", "\n19\n", 1)).status, 403, "another text than was signed");
    for bad in [
        "",
        "old 0",
        "old 00\n\n",
        "old -1\n\n",
        &good.replacen("old", "new", 1),
        &good.replacen("old 13\n", "old 13\nx\n", 1),
    ] {
        assert_eq!(say(bad).status, 400, "{bad}");
    }
    let hash = format!("{}\n", Hash::ZERO.base64());
    assert_eq!(say(&good.replacen("old 13\n", &format!("old 13\n{}", hash.repeat(63)), 1)).status, 400);
    assert_eq!(say(&good).status, 200);

    // The same size with another root is a fork: both notes are kept.
    let fork = submission(20, &leaves(20, 9), &log());
    assert_eq!(say(&fork).status, 409);
    let forks = witness.forks().unwrap();
    assert_eq!(forks.len(), 1);
    assert!(forks[0].0.contains(&mth(&all).base64()) && forks[0].1.contains(&mth(&leaves(20, 9)).base64()));

    // It remembers across restarts.
    drop(witness);
    let mut again = Witness::open(&file, &signer, vec![log().verifying_key().clone()]).unwrap();
    assert_eq!(again.add_checkpoint(submission(0, &all[..5], &log()).as_bytes(), 0).body, "20\n");
}

#[test]
fn of_many_submissions_at_once_none_takes_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let (signer, file) = (signer(), dir.path().join("witness.db"));
    let all = leaves(64, 0);
    Witness::open(&file, &signer, Vec::new()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4usize {
            let (file, all, signer) = (&file, &all, &signer);
            scope.spawn(move || {
                let mut witness = Witness::open(file, signer, vec![log().verifying_key().clone()]).unwrap();
                let (mut old, mut seen) = (0usize, 0usize);
                for new in (thread + 1..=64).step_by(3) {
                    for _ in 0..4 {
                        if old > new {
                            break;
                        }
                        let answer = witness.add_checkpoint(submission(old, &all[..new], &log()).as_bytes(), 0);
                        match answer.status {
                            200 => old = new,
                            409 => old = answer.body.trim().parse().unwrap(),
                            status => panic!("{status}: {}", answer.body),
                        }
                        assert!(old >= seen, "it went back from {seen} to {old}");
                        seen = old;
                    }
                }
            });
        }
    });
    assert!(Witness::open(&file, &signer, Vec::new()).unwrap().forks().unwrap().is_empty());
}

#[test]
fn a_ledger_is_cosigned_by_two_of_three_witnesses_over_http() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open_or_create(&dir.path().join("ledger.db"), ORIGIN).unwrap();
    let grow = |ledger: &mut Ledger, run: &str| {
        let draft = |kind| Draft {
            kind,
            run: run.into(),
            actor: "ci".into(),
            tool: json!({}),
            subject: json!({}),
            data: json!({}),
            payload: None,
        };
        let drafts = [draft(Kind::RunStart), draft(Kind::RunEnd)];
        ledger.append(&drafts, OffsetDateTime::UNIX_EPOCH, &[&log()]).unwrap().checkpoint
    };
    let signers: Vec<SigningKey> =
        (2..4).map(|nth| SigningKey::from_seed(&format!("w{nth}.example"), &[nth; 32]).unwrap()).collect();
    let listeners: Vec<TcpListener> = signers.iter().map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let mut policy = format!("log {}\n", log().verifying_key());
    for (signer, listener) in signers.iter().zip(&listeners) {
        let (vkey, address) = (signer.verifying_key().as_witness(), listener.local_addr().unwrap());
        policy.push_str(&format!("witness {} {vkey} http://{address}/\n", signer.verifying_key().name()));
    }
    let absent = SigningKey::from_seed("w4.example", &[4; 32]).unwrap().verifying_key().as_witness();
    policy.push_str(&format!(
        "witness w4.example {absent} http://127.0.0.1:1\ngroup two 2 w2.example w3.example w4.example\nquorum two\n"
    ));
    let policy = Policy::parse(policy.as_bytes()).unwrap();

    std::thread::scope(|scope| {
        for (nth, (signer, listener)) in signers.iter().zip(&listeners).enumerate() {
            let file = dir.path().join(format!("witness-{nth}.db"));
            scope.spawn(move || {
                let witness = Mutex::new(Witness::open(&file, signer, vec![log().verifying_key().clone()]).unwrap());
                // One submission to a witness that has seen nothing; then two, since it must first tell what it has seen.
                serve(listener, Some(3), &|request| witness.lock().unwrap().answer(request, 1_800_000_000));
            });
        }
        for (run, first) in [("a", true), ("b", false)] {
            let checkpoint = grow(&mut ledger, run);
            assert_eq!(policy.judge(&checkpoint).status, Status::Fails);
            let cosigned = cosign(&checkpoint, &policy, &|old| ledger.consistency(old, checkpoint.size)).unwrap();
            assert_eq!(policy.judge(&cosigned.checkpoint).status, Status::Holds, "{first}: {cosigned:?}");
            assert_eq!(cosigned.failures.len(), 1, "{cosigned:?}");
            ledger.add_note(&cosigned.checkpoint).unwrap();
        }
    });
    let witnesses: Vec<_> = signers.iter().map(|signer| signer.verifying_key().as_witness()).collect();
    let stored = ledger.signed_checkpoint().unwrap().unwrap();
    assert_eq!(stored.signers(&witnesses).unwrap().len(), 2);
    let verified = ledger.verify(&[stored.note.unwrap()], &witnesses).unwrap();
    assert!(
        verified.anchored.details.iter().any(|line| line.contains("the witness w2.example at 2027-01-15T08:00:00Z")),
        "{verified:#?}"
    );
    // What is no state of the ledger is not stored.
    let foreign = Checkpoint::new(ORIGIN, 2, Hash::ZERO).signed(&[&log()]).unwrap();
    assert!(ledger.add_note(&foreign).is_err());
}
