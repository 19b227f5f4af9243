//! The worked example of the README, which a reader may follow with other tools.

use crate::fixture::{AT, Scratch, key, run};
use crate::{EntryFilter, merkle::node_hash};

#[test]
fn the_worked_example_is_what_this_crate_does() {
    let readme = include_str!("../README.md");
    let scratch = Scratch::new();
    let mut ledger = scratch.ledger();
    let appended = ledger.append(&run("nightly-1", 1), AT, Some(&key())).unwrap();
    if let Some(to) = std::env::var_os("AEDILE_AUDIT_EXAMPLE") {
        std::fs::copy(&scratch.path, to).unwrap();
    }
    let says = |text: &str| assert!(readme.contains(text), "the README lacks:\n{text}");
    let entries = ledger.entries(&EntryFilter::default()).unwrap();
    says(std::str::from_utf8(&entries[0].body).unwrap());
    let leaves: Vec<_> = entries.iter().map(|stored| stored.leaf).collect();
    let (left, right) = (node_hash(&leaves[0], &leaves[1]), node_hash(&leaves[2], &leaves[3]));
    for hash in leaves.iter().chain([&left, &right, &appended.checkpoint.root]) {
        says(&hash.hex());
    }
    says(appended.checkpoint.note.as_deref().unwrap());
    says(&key().verifying_key().to_string());
    says(&ledger.prove(2).unwrap().to_string());
}
