//! Directories that others read, and that others wrote.

use std::fs;

use aedile_audit::{Checkpoint, Draft, Kind, Ledger, Signer, SigningKey, Status};
use serde_json::json;
use signed_note::{Note, StandardVerifier, VerifierList};
use tempfile::TempDir;
use time::OffsetDateTime;
use tlog_tiles::{HashReader, Tile, TileHashReader, TileReader};

use super::*;

const ORIGIN: &str = "example.org/clinic/ledger";

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[7; 32]).unwrap()
}

fn keys() -> [aedile_audit::VerifyingKey; 1] {
    [key().verifying_key().clone()]
}

/// A ledger in a folder beside which there is room for the tiles.
struct Scratch {
    dir: TempDir,
    ledger: Ledger,
}

impl Scratch {
    fn new() -> Scratch {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open_or_create(&dir.path().join("ledger.db"), ORIGIN).unwrap();
        Scratch { dir, ledger }
    }

    fn tiles(&self) -> PathBuf {
        self.dir.path().join("tiles")
    }

    /// Adds a run so that the ledger has `size` entries.
    fn grow(&mut self, size: u64, signers: &[&dyn Signer]) -> Checkpoint {
        let now = self.ledger.checkpoint().unwrap().map_or(1, |head| head.size);
        let draft = |kind, data| Draft {
            kind,
            run: format!("up to {size}"),
            actor: "ci".into(),
            tool: json!({}),
            subject: json!({}),
            data,
            payload: None,
        };
        let mut drafts = vec![draft(Kind::RunStart, json!({}))];
        drafts.extend((now + 2..size).map(|number| draft(Kind::Finding, json!({"policy": "p", "number": number}))));
        drafts.push(draft(Kind::RunEnd, json!({})));
        self.ledger.append(&drafts, OffsetDateTime::UNIX_EPOCH, signers).unwrap().checkpoint
    }
}

#[test]
fn paths_are_those_of_the_specification() {
    let text = |row, index, width| path(row, index, width).to_str().unwrap().to_owned();
    assert_eq!(text(Row::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(text(Row::Hashes(1), 0, 17), "tile/1/000.p/17");
    assert_eq!(text(Row::Entries, 273, 112), "tile/entries/273.p/112");
    assert_eq!(text(Row::Entries, 1_000, 256), "tile/entries/x001/000");
}

#[test]
fn the_tiles_of_a_tree_of_70_000_are_those_of_the_specification() {
    let mut scratch = Scratch::new();
    scratch.grow(70_000, &[&key()]);
    let exported = export(&scratch.ledger, &scratch.tiles()).unwrap();
    // 273 full and one partial of level 0 and as many bundles, one full and one partial of level 1, one of level 2.
    assert_eq!(exported.files, 2 * 274 + 2 + 1);
    for tile in ["0/272", "0/273.p/112", "1/000", "1/001.p/17", "2/000.p/1", "entries/273.p/112"] {
        assert!(scratch.tiles().join("tile").join(tile).is_file(), "{tile}");
    }
    let verified = verify(&scratch.tiles(), &[], &keys()).unwrap();
    assert_eq!((verified.internal.status, verified.signed.status), (Status::Holds, Status::Holds), "{verified:?}");
}

#[test]
fn an_export_goes_on_where_the_last_one_ended() {
    let mut scratch = Scratch::new();
    let (mut anchors, mut files) = (Vec::new(), Vec::new());
    for size in [5, 254, 256, 258, 600, 1_024] {
        anchors.push(scratch.grow(size, &[&key()]).note.unwrap());
        let exported = export(&scratch.ledger, &scratch.tiles()).unwrap();
        files.push(exported.files);
        assert_eq!(exported.checkpoint.size, size);
        let verified = verify(&scratch.tiles(), &anchors, &keys()).unwrap();
        let statuses = [verified.internal.status, verified.anchored.status, verified.signed.status];
        assert_eq!(statuses, [Status::Holds; 3], "{size}: {verified:?}");
    }
    assert!(files.iter().all(|files| *files <= 7), "all was written again: {files:?}");
    assert!(!scratch.tiles().join("tile/0/000.p").exists(), "a partial tile stays after it has become full");
    let again = export(&scratch.ledger, &scratch.tiles()).unwrap();
    assert_eq!((again.before, again.checkpoint.size), (1_024, 1_024));
}

#[test]
fn the_directory_of_another_log_is_refused() {
    let (mut one, mut other) = (Scratch::new(), Scratch::new());
    one.grow(10, &[&key()]);
    other.grow(11, &[&key()]);
    export(&one.ledger, &one.tiles()).unwrap();
    let before = fs::read(one.tiles().join("checkpoint")).unwrap();
    assert!(matches!(export(&other.ledger, &one.tiles()), Err(TilesError::Other { size: 10, .. })));
    assert_eq!(fs::read(one.tiles().join("checkpoint")).unwrap(), before);
    assert!(matches!(export(&Scratch::new().ledger, &one.tiles()), Err(TilesError::Empty)));
}

#[test]
fn every_changed_byte_and_every_missing_file_is_told() {
    let mut scratch = Scratch::new();
    scratch.grow(520, &[&key()]);
    export(&scratch.ledger, &scratch.tiles()).unwrap();
    let root = scratch.tiles();
    for tile in ["0/000", "0/002.p/8", "1/000.p/2", "entries/001", "entries/002.p/8"] {
        let file = root.join("tile").join(tile);
        let good = fs::read(&file).unwrap();
        let fails = || verify(&root, &[], &keys()).unwrap().internal.status == Status::Fails;
        for at in (0..good.len()).step_by(7) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, bad).unwrap();
            assert!(fails(), "{tile}, byte {at}");
        }
        for bad in [&good[1..], &good[..good.len() - 1], &[]] {
            fs::write(&file, bad).unwrap();
            assert!(fails(), "{tile}");
        }
        fs::remove_file(&file).unwrap();
        assert!(fails(), "{tile}");
        fs::write(&file, good).unwrap();
    }
    let good = fs::read_to_string(root.join("checkpoint")).unwrap();
    fs::write(root.join("checkpoint"), good.replacen("\n520\n", "\n519\n", 1)).unwrap();
    let verified = verify(&root, &[], &keys()).unwrap();
    assert_eq!((verified.internal.status, verified.signed.status), (Status::Fails, Status::Fails));
    fs::write(root.join("checkpoint"), good.replacen("\n520\n", "\n18446744073709551615\n", 1)).unwrap();
    assert_eq!(verify(&root, &[], &keys()).unwrap().internal.status, Status::Fails);
    fs::write(root.join("checkpoint"), "hello").unwrap();
    assert!(matches!(verify(&root, &[], &keys()), Err(TilesError::Checkpoint { .. })));
    assert!(matches!(verify(&root.join("none"), &[], &keys()), Err(TilesError::File { .. })));
}

#[test]
fn a_fork_of_an_exported_log_is_proved_by_both_notes() {
    let (mut one, mut other) = (Scratch::new(), Scratch::new());
    one.grow(10, &[&key()]);
    let anchor = other.grow(9, &[&key()]).note.unwrap();
    export(&one.ledger, &one.tiles()).unwrap();
    let verified = verify(&one.tiles(), std::slice::from_ref(&anchor), &keys()).unwrap();
    assert_eq!((verified.anchored.status, verified.forks.len()), (Status::Fails, 1), "{verified:?}");
    assert_eq!(verified.forks[0].one, anchor);
    let unsigned = verify(&one.tiles(), &[anchor], &[]).unwrap();
    assert_eq!((unsigned.anchored.status, unsigned.forks.len()), (Status::Fails, 0));
}

/// Reads tiles for the other implementation.
struct Files(PathBuf);

impl TileReader for Files {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        Ok(tiles.iter().map(|tile| fs::read(self.0.join(theirs(tile))).unwrap()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// That implementation names tiles as Go's checksum database does, with their height; the specification leaves it out.
fn theirs(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

#[test]
fn an_implementation_that_is_not_ours_reads_what_we_write() {
    let mut scratch = Scratch::new();
    let old = scratch.grow(700, &[&key()]);
    scratch.grow(3_000, &[&key()]);
    export(&scratch.ledger, &scratch.tiles()).unwrap();

    // The note, by another crate's parser and verifier.
    let bytes = fs::read(scratch.tiles().join("checkpoint")).unwrap();
    let verifier = StandardVerifier::new(&key().verifying_key().to_string()).unwrap();
    let note = Note::from_bytes(&bytes).unwrap();
    let (verified, _) = note.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!(verified.len(), 1);
    let head = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((head.origin(), head.size()), (ORIGIN, 3_000));

    // Every tile, by its reader, which checks each against the root; a proof of every 97th entry, and of consistency.
    let files = Files(scratch.tiles());
    let reader = TileHashReader::new(head.size(), *head.hash(), &files);
    for stored in scratch.ledger.entries(&Default::default()).unwrap().iter().step_by(97) {
        let proof = tlog_tiles::prove_record(head.size(), stored.index, &reader).unwrap();
        let leaf = tlog_tiles::record_hash(&stored.body);
        tlog_tiles::check_record(&proof, head.size(), *head.hash(), stored.index, leaf).unwrap();
        // And our proof for the same entry, checked by theirs.
        let ours = scratch.ledger.prove(stored.index).unwrap();
        let ours: Vec<_> = ours.path.iter().map(|hash| tlog_tiles::Hash(*hash.as_bytes())).collect();
        tlog_tiles::check_record(&ours, head.size(), *head.hash(), stored.index, leaf).unwrap();
    }
    let ours: Vec<_> = scratch.ledger.consistency(700, 3_000).unwrap();
    let ours: Vec<_> = ours.iter().map(|hash| tlog_tiles::Hash(*hash.as_bytes())).collect();
    tlog_tiles::check_tree(&ours, 3_000, *head.hash(), 700, tlog_tiles::Hash(*old.root.as_bytes())).unwrap();
}

/// The hashes of a log that the other implementation keeps, in its own order.
#[derive(Default)]
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

#[test]
fn a_log_of_an_implementation_that_is_not_ours_is_verified() {
    let dir = tempfile::tempdir().unwrap();
    let size = 1_000u64;
    let mut stored = Stored::default();
    let entries: Vec<Vec<u8>> = (0..size).map(|nth| format!("entry {nth} of another log").into_bytes()).collect();
    for (nth, entry) in (0..).zip(&entries) {
        let hashes = tlog_tiles::stored_hashes(nth, entry, &stored).unwrap();
        stored.0.extend(hashes);
    }
    for tile in Tile::new_tiles(8, 0, size) {
        let file = dir.path().join(theirs(&tile));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, tile.read_data(&stored).unwrap()).unwrap();
    }
    let root = tlog_tiles::tree_hash(size, &stored).unwrap();
    // Go's `note.GenerateKey` form, signed by the other crate.
    let signer = signed_note::StandardSigner::new(&key().secret_text()).unwrap();
    let text = tlog_tiles::Checkpoint::new(ORIGIN, size, root, "an extension line\n").unwrap().to_bytes();
    let mut note = Note::new(&text, &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    fs::write(dir.path().join("checkpoint"), note.to_bytes()).unwrap();

    let verified = verify(dir.path(), &[], &keys()).unwrap();
    assert_eq!((verified.internal.status, verified.signed.status), (Status::Holds, Status::Holds), "{verified:?}");
    assert!(verified.internal.sentence.contains("there are no entries to hash"));
    for (index, entries) in (0..).zip(entries.chunks(256)) {
        let file = dir.path().join(path(Row::Entries, index, entries.len() as u64));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let framed = entries.iter().flat_map(|entry| [&(entry.len() as u16).to_be_bytes(), entry.as_slice()].concat());
        fs::write(file, framed.collect::<Vec<u8>>()).unwrap();
    }
    let verified = verify(dir.path(), &[], &keys()).unwrap();
    assert!(verified.internal.sentence.contains("1000 entries, hashed again"), "{verified:?}");
}

proptest::proptest! {
    #[test]
    fn no_bytes_are_too_odd_for_the_readers(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2_000)) {
        let _ = (hashes(&bytes), entries(&bytes));
    }
}
