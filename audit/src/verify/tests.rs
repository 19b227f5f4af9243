//! One test for each way to tamper, naming the statement that tells.

use std::fs;

use rusqlite::Connection;
use time::Duration;

use super::*;
use crate::fixture::{AT, ORIGIN, Scratch, draft, key, keys, run};
use crate::{Kind, SigningKey, Status};
use aedile_formats::merkle::empty_root;

/// The three statuses: internal, anchored, signed.
fn statuses(verification: &Verification) -> (Status, Status, Status) {
    (verification.internal.status, verification.anchored.status, verification.signed.status)
}

fn verify(scratch: &Scratch, anchors: &[String]) -> Verification {
    Ledger::open(&scratch.path).unwrap().verify(anchors, &keys()).unwrap()
}

fn note(scratch: &Scratch) -> String {
    scratch.ledger().checkpoint().unwrap().unwrap().note.unwrap()
}

/// What the first statement says after this was done to a ledger of two runs.
fn after(sql: &str) -> Statement {
    let scratch = Scratch::signed(2);
    scratch.tamper(sql);
    let verification = verify(&scratch, &[]);
    assert_eq!(verification.internal.status, Status::Fails, "{sql}");
    verification.internal
}

#[test]
fn an_untouched_ledger_holds_in_all_three() {
    let scratch = Scratch::signed(1);
    let early = note(&scratch);
    for name in ["b", "c"] {
        scratch.ledger().append(&run(name, 3), AT, &[&key()]).unwrap();
    }
    let verification = verify(&scratch, &[early.clone(), note(&scratch)]);
    assert_eq!(statuses(&verification), (Status::Holds, Status::Holds, Status::Holds), "{verification:#?}");
    assert!(verification.anchored.sentence.ends_with("and there are no others"));
    assert!(verification.anchored.details.iter().any(|line| line.contains("consistency proof up to size 15: ")));
    assert_eq!(verification.origin.as_deref(), Some(ORIGIN));

    let verification = verify(&scratch, &[early]);
    assert!(verification.anchored.sentence.ends_with("the 10 entries after them are attested by none"));
}

#[test]
fn without_anchor_and_key_the_statements_say_so_in_words() {
    let scratch = Scratch::new();
    let empty = scratch.ledger().verify(&[], &[]).unwrap();
    assert_eq!(statuses(&empty), (Status::NotShown, Status::NotShown, Status::NotShown));
    scratch.ledger().append(&run("a", 0), AT, &[]).unwrap();
    let verification = scratch.ledger().verify(&[], &[]).unwrap();
    assert_eq!(statuses(&verification), (Status::Holds, Status::NotShown, Status::NotShown));
    let anchored = &verification.anchored.sentence;
    assert!(anchored.contains("removed from the end") && anchored.contains("written anew"), "{anchored}");
    assert_eq!(verification.signed.sentence, "the ledger is unsigned, and no key was given to check it with");
    assert_eq!(verify(&scratch, &[]).signed.status, Status::Fails);
    let claimed = Scratch::signed(1).ledger().verify(&[], &[]).unwrap().signed.sentence;
    assert!(claimed.ends_with("claim to be by example.org/clinic/ledger were not checked"), "{claimed}");
}

#[test]
fn every_edited_byte_of_a_body_fails_the_first_statement() {
    let scratch = Scratch::signed(1);
    let whole = fs::read(&scratch.path).unwrap();
    let body = scratch.ledger().entries(&Default::default()).unwrap()[2].body.clone();
    let start = whole.windows(body.len()).position(|window| window == body).unwrap();
    for offset in 0..body.len() {
        let mut edited = whole.clone();
        edited[start + offset] ^= 1;
        fs::write(&scratch.path, edited).unwrap();
        let internal = Ledger::open(&scratch.path).unwrap().verify(&[], &[]).unwrap().internal;
        assert_eq!(internal.status, Status::Fails);
        assert!(internal.sentence.contains("entry 2 does not have the hash stored beside it"), "{internal:?}");
    }
}

#[test]
fn an_edit_with_its_leaf_hash_adjusted_still_fails() {
    let scratch = Scratch::signed(2);
    let mut body = scratch.ledger().entries(&Default::default()).unwrap()[2].body.clone();
    let at = body.windows(6).position(|window| window == b"clinic").unwrap();
    body[at] = b'C';
    let hex = |bytes: &[u8]| aedile_formats::hash::hex(bytes);
    let leaf = aedile_formats::merkle::leaf_hash(&body);
    scratch.tamper(&format!("UPDATE entries SET body = x'{}', leaf = x'{leaf}' WHERE idx = 2", hex(&body)));
    let verification = verify(&scratch, &[]);
    assert_eq!((verification.internal.status, verification.signed.status), (Status::Fails, Status::Fails));
    assert!(verification.internal.sentence.contains("entry 3 does not continue the entry before it"));
    assert!(verification.internal.details.iter().any(|line| line.contains("checkpoint of size 5 is not a state")));
}

#[test]
fn removed_inserted_and_relabelled_rows_fail_the_first_statement() {
    let removed = after("DELETE FROM entries WHERE idx = 8");
    assert!(
        removed.sentence.contains("an append ended at 9 entries, there are only 8: the end is missing"),
        "{removed:?}"
    );
    let middle = after("DELETE FROM entries WHERE idx = 3");
    assert!(middle.sentence.contains("entry 3 is missing"), "{middle:?}");
    let inserted = after("INSERT INTO entries SELECT 9, leaf, kind, run, body FROM entries WHERE idx = 8");
    assert!(inserted.details.iter().any(|line| line.contains("lie after the last append")), "{inserted:?}");
    let relabelled = after("UPDATE entries SET run = 'other' WHERE idx = 3");
    assert!(relabelled.sentence.contains("another kind or run than its row"), "{relabelled:?}");
    let renumbered = after("UPDATE entries SET idx = 20 WHERE idx = 8");
    assert!(renumbered.sentence.contains("entry 8 is missing"), "{renumbered:?}");
}

#[test]
fn changed_caches_and_checkpoints_fail_the_first_statement() {
    for (sql, expected) in [
        ("UPDATE entries SET leaf = zeroblob(32) WHERE idx = 3", "hash stored beside it"),
        ("INSERT INTO nodes VALUES (8, 0, zeroblob(32))", "stored nodes"),
        ("UPDATE heads SET root = zeroblob(32) WHERE size = 5", "do not hash to the root"),
        ("DELETE FROM heads", "lie after the last append"),
        (
            "UPDATE notes SET text = replace(text, char(10) || '5' || char(10), char(10) || '6' || char(10))",
            "not a state",
        ),
        ("UPDATE notes SET text = 'hello' || id", "cannot be read"),
    ] {
        let statement = after(sql);
        assert!(statement.sentence.contains(expected), "{sql}: {statement:?}");
    }
}

#[test]
fn dropped_or_altered_triggers_fail_the_first_statement() {
    let scratch = Scratch::signed(1);
    let raw = Connection::open(&scratch.path).unwrap();
    raw.execute_batch("DROP TRIGGER entries_never_change").unwrap();
    let internal = verify(&scratch, &[]).internal;
    assert!(internal.sentence.contains("triggers are not those that the genesis entry names"), "{internal:?}");
    raw.execute_batch("CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries BEGIN SELECT 1; END").unwrap();
    assert_eq!(verify(&scratch, &[]).internal.status, Status::Fails);
}

#[test]
fn a_truncated_tail_with_everything_adjusted_is_told_by_the_anchor() {
    let scratch = Scratch::signed(1);
    let backup = fs::read(&scratch.path).unwrap();
    scratch.ledger().append(&run("b", 1), AT, &[&key()]).unwrap();
    let anchor = note(&scratch);
    fs::write(&scratch.path, backup).unwrap();

    let alone = verify(&scratch, &[]);
    assert_eq!(statuses(&alone), (Status::Holds, Status::NotShown, Status::Holds));
    let verification = verify(&scratch, &[anchor]);
    assert_eq!(statuses(&verification), (Status::Holds, Status::Fails, Status::Holds));
    let sentence = &verification.anchored.sentence;
    assert!(sentence.contains("attests 8 entries, there are only 5: the end is missing"), "{sentence}");
}

#[test]
fn a_rewrite_without_the_key_is_told_by_signature_and_anchor() {
    let scratch = Scratch::signed(2);
    let anchor = note(&scratch);
    let forged = Scratch::new();
    let mut ledger = forged.ledger();
    let stranger = SigningKey::generate(ORIGIN).unwrap();
    ledger.append(&run("run-0", 1), AT, &[]).unwrap();
    ledger.append(&run("run-1", 1), AT, &[&stranger]).unwrap();
    let verification = verify(&forged, &[anchor]);
    assert_eq!(statuses(&verification), (Status::Holds, Status::Fails, Status::Fails));
    assert!(verification.signed.sentence.contains("unsigned by the keys expected"), "{:?}", verification.signed);
}

#[test]
fn a_stolen_checkpoint_pasted_into_a_rewrite_fails_the_first_and_third() {
    let scratch = Scratch::signed(2);
    let forged = Scratch::new();
    for name in ["x", "y"] {
        forged.ledger().append(&run(name, 2), AT, &[]).unwrap();
    }
    forged.tamper(&format!("INSERT INTO notes VALUES (1, 9, '{}')", note(&scratch)));
    assert_eq!(statuses(&verify(&forged, &[])), (Status::Fails, Status::NotShown, Status::Fails));
}

#[test]
fn a_fork_is_proved_by_the_two_signed_checkpoints() {
    let (one, other) = (Scratch::signed(1), Scratch::new());
    fs::copy(&one.path, &other.path).unwrap();
    one.ledger().append(&run("b", 1), AT, &[&key()]).unwrap();
    other.ledger().append(&run("c", 1), AT, &[&key()]).unwrap();
    let verification = verify(&one, &[note(&other)]);
    assert_eq!(statuses(&verification), (Status::Holds, Status::Fails, Status::Holds));
    assert!(verification.anchored.sentence.contains("forked"), "{:?}", verification.anchored);
    assert_eq!(verification.forks, [Fork { one: note(&other), other: note(&one) }]);

    // A longer branch contradicts a shorter one only once it can be compared at the shorter one's size.
    one.ledger().append(&run("d", 1), AT, &[&key()]).unwrap();
    assert_eq!(verify(&one, &[note(&other)]).forks.len(), 1);
    let longer = verify(&other, &[note(&one)]);
    assert_eq!((longer.anchored.status, longer.forks.len()), (Status::Fails, 0));
    // Without the key nobody can say who forked.
    assert_eq!(one.ledger().verify(&[note(&other)], &[]).unwrap().forks, []);
}

#[test]
fn a_clock_set_back_is_noted_and_no_fault() {
    let scratch = Scratch::signed(1);
    scratch.ledger().append(&run("b", 0), AT - Duration::days(3), &[&key()]).unwrap();
    let internal = verify(&scratch, &[]).internal;
    assert_eq!(internal.status, Status::Holds);
    assert!(
        internal.details.iter().any(|line| line.starts_with("the clock was set back before 1 entry: 5;")),
        "{internal:?}"
    );
}

#[test]
fn hostile_text_is_kept_as_recorded_and_escaped_when_spoken_of() {
    let hostile = "\u{1b}[2J\u{202e}<script>alert(1)</script>\n'; DROP TABLE entries; --\0";
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    ledger.append(&[draft(Kind::RunStart, hostile, serde_json::json!({hostile: hostile}))], AT, &[]).unwrap();
    ledger.append(&run("b", 0), AT, &[&key()]).unwrap();
    let stored = ledger.entries(&crate::EntryFilter { run: Some(hostile.into()), ..Default::default() }).unwrap();
    assert_eq!(stored[0].entry.data[hostile], hostile);
    let verification = verify(&scratch, &[]);
    assert_eq!(verification.internal.status, Status::Holds, "{:?}", verification.internal);
    let spoken = format!("{} {:?}", verification.internal.sentence, verification.internal.details.join(" "));
    assert!(spoken.contains("interrupted") && !spoken.contains(['\u{1b}', '\u{202e}', '\n', '\0']), "{spoken}");
}

#[test]
fn anchors_that_are_no_use_are_named() {
    let scratch = Scratch::signed(1);
    let good = note(&scratch);
    let bare = Checkpoint { note: None, ..scratch.ledger().checkpoint().unwrap().unwrap() }.text();
    assert_eq!(verify(&scratch, &[bare]).anchored.status, Status::Holds);
    let empty = Checkpoint::new(ORIGIN, 0, empty_root()).text();
    assert_eq!(verify(&scratch, &[empty]).anchored.status, Status::NotShown);
    for (bad, expected) in [
        ("hello".to_owned(), "anchor 1 cannot be read"),
        (good.replace("clinic", "retail"), "anchor 1 is of another log"),
        (good.replacen("\n5\n", "\n4\n", 1), "the signature by `example.org/clinic/ledger` is wrong"),
        (Checkpoint::new(ORIGIN, 3, Hash::ZERO).text(), "attests other 3 entries"),
        (Checkpoint::new(ORIGIN, 0, Hash::ZERO).text(), "attests other 0 entries"),
        (Checkpoint::new(ORIGIN, u64::MAX, Hash::ZERO).text(), "the end is missing"),
    ] {
        let anchored = verify(&scratch, std::slice::from_ref(&bad)).anchored;
        assert_eq!(anchored.status, Status::Fails);
        assert!(anchored.sentence.contains(expected), "{anchored:?}");
    }
}

#[test]
fn changed_and_missing_nodes_fail_the_first_statement() {
    for sql in [
        "UPDATE nodes SET hash = zeroblob(32)",
        "DELETE FROM nodes",
        "UPDATE nodes SET position = 1",
        "INSERT INTO nodes VALUES (16, 0, zeroblob(32))",
    ] {
        let scratch = Scratch::new();
        scratch.ledger().append(&run("a", 300), AT, &[&key()]).unwrap();
        assert_eq!(verify(&scratch, &[note(&scratch)]).anchored.status, Status::Holds);
        scratch.tamper(sql);
        let internal = verify(&scratch, &[]).internal;
        assert!(internal.sentence.contains("stored nodes"), "{sql}: {internal:?}");
    }
}

#[test]
fn a_body_in_another_spelling_fails_the_first_statement() {
    // The forger adjusts every hash, but writes the JSON with a space.
    let scratch = Scratch::new();
    scratch.ledger().append(&run("a", 0), AT, &[]).unwrap();
    let mut body = scratch.ledger().entries(&Default::default()).unwrap()[2].body.clone();
    body.insert(1, b' ');
    let leaf = aedile_formats::merkle::leaf_hash(&body);
    scratch.tamper(&format!(
        "UPDATE entries SET body = x'{}', leaf = x'{leaf}' WHERE idx = 2",
        aedile_formats::hash::hex(&body)
    ));
    let internal = verify(&scratch, &[]).internal;
    assert!(internal.sentence.contains("entry 2 is not in canonical form"), "{internal:?}");
}

#[test]
fn who_knows_the_first_key_can_follow_to_the_last() {
    let model = || draft(Kind::Key, "", serde_json::json!({"reason": "yearly"}));
    let (old, new) = (key(), SigningKey::from_seed(ORIGIN, &[8; 32]).unwrap());
    let stranger = SigningKey::from_seed(ORIGIN, &[9; 32]).unwrap();
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    ledger.introduce(&old, &model(), AT, &[]).unwrap();
    ledger.append(&run("a", 1), AT, &[&old]).unwrap();
    assert!(matches!(ledger.append(&run("x", 1), AT, &[&new]), Err(LedgerError::KeyNotInForce(_))));
    assert!(matches!(ledger.introduce(&new, &model(), AT, &[]), Err(LedgerError::KeyNotInForce(_))));
    assert!(matches!(ledger.introduce(&new, &model(), AT, &[&stranger]), Err(LedgerError::KeyNotInForce(_))));
    ledger.introduce(&new, &model(), AT, &[&old]).unwrap();
    // The overlap: either signs, or both.
    ledger.append(&run("b", 1), AT, &[&old]).unwrap();
    ledger.append(&run("c", 1), AT, &[&old, &new]).unwrap();
    assert!(matches!(ledger.retire(old.verifying_key(), &model(), AT, &[&old]), Err(LedgerError::KeyNotInForce(_))));
    ledger.retire(old.verifying_key(), &model(), AT, &[&new]).unwrap();
    assert!(matches!(ledger.append(&run("d", 1), AT, &[&old]), Err(LedgerError::KeyNotInForce(_))));
    ledger.append(&run("d", 1), AT, &[&new]).unwrap();
    assert_eq!(ledger.keys_in_force().unwrap(), [new.verifying_key().clone()]);

    for known in [&old, &new] {
        let verified = ledger.verify(&[note(&scratch)], &[known.verifying_key().clone()]).unwrap();
        assert_eq!(statuses(&verified), (Status::Holds, Status::Holds, Status::Holds), "{verified:#?}");
    }
    let verified = ledger.verify(&[], &keys()).unwrap().signed;
    assert!(verified.details.iter().any(|line| line.contains("was introduced by example.org/clinic/ledger+63777c6d")));
    assert!(verified.details.iter().any(|line| line.contains("was retired by")), "{verified:?}");
    let verified = ledger.verify(&[], &[stranger.verifying_key().clone()]).unwrap().signed;
    assert_eq!(verified.status, Status::Fails);
}

#[test]
fn a_retired_key_signs_for_nobody() {
    // Who stole the old key signs what was appended after it was retired.
    let model = || draft(Kind::Key, "", serde_json::json!({}));
    let (old, new) = (key(), SigningKey::from_seed(ORIGIN, &[8; 32]).unwrap());
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    ledger.introduce(&old, &model(), AT, &[]).unwrap();
    ledger.introduce(&new, &model(), AT, &[&old]).unwrap();
    ledger.retire(old.verifying_key(), &model(), AT, &[&new]).unwrap();
    let head = ledger.append(&run("a", 1), AT, &[]).unwrap().checkpoint;
    let forged = head.signed(&[&old]).unwrap();
    scratch.tamper(&format!("INSERT INTO notes (size, text) VALUES ({}, '{}')", forged.size, forged.note.unwrap()));
    let signed = verify(&scratch, &[]).signed;
    assert_eq!(signed.status, Status::Fails);
    assert!(signed.sentence.contains("is signed only by a key that entry 3 retired"), "{signed:?}");
}

#[test]
fn a_key_entry_that_nobody_vouches_for_is_not_believed() {
    let (old, stranger) = (key(), SigningKey::from_seed(ORIGIN, &[9; 32]).unwrap());
    let scratch = Scratch::new();
    let model = draft(Kind::Key, "", serde_json::json!({}));
    scratch.ledger().introduce(&stranger, &model, AT, &[]).unwrap();
    let signed = scratch.ledger().verify(&[], &[old.verifying_key().clone()]).unwrap().signed;
    assert_eq!(signed.status, Status::Fails);
    assert!(signed.details.iter().any(|line| line.contains("for which no key given vouches")), "{signed:?}");
}

#[test]
fn a_changed_payload_fails_the_first_statement() {
    let scratch = Scratch::new();
    let mut drafts = run("a", 0);
    drafts[0].payload = Some(b"recorded".to_vec());
    scratch.ledger().append(&drafts, AT, &[]).unwrap();
    scratch.tamper("UPDATE payloads SET bytes = x'00'");
    let internal = verify(&scratch, &[]).internal;
    assert!(internal.sentence.contains("does not have that digest"), "{internal:?}");
}
