//! Verifying such a directory, ours or a stranger's, from its first entry to its checkpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use aedile_audit::merkle::{Frontier, TILE_HEIGHT, leaf_hash};
use aedile_audit::{Checkpoint, CheckpointError, Fork, Hash, MAX_NOTE, Statement, Status, VerifyingKey, shown};
use serde::Serialize;

use super::{Row, TilesError, WIDTH, entries, failed, hashes, path};

/// The most bytes a bundle can have: 256 entries of 65 535 bytes and their lengths.
const MAX_BUNDLE: u64 = WIDTH * (65_535 + 2);

/// How many faults are named before they are only counted.
const LISTED: usize = 20;

/// What verification of a directory found; each statement stands for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TilesVerification {
    /// The log's origin, as its checkpoint says.
    pub origin: String,
    /// How many leaves were hashed.
    pub size: u64,
    /// The root recomputed from them.
    pub root: Hash,
    /// Statement 1: entries, tiles of every level and the checkpoint's root agree.
    pub internal: Statement,
    /// Statement 2: the log continues the anchors given.
    pub anchored: Statement,
    /// Statement 3: the keys expected have signed the checkpoint.
    pub signed: Statement,
    /// Contradicting checkpoints signed by one key.
    pub forks: Vec<Fork>,
}

/// The checkpoint of the log in `folder`.
pub fn checkpoint(folder: &Path) -> Result<Checkpoint, TilesError> {
    let path = folder.join("checkpoint");
    let bytes = read(&path, MAX_NOTE as u64).map_err(failed(&path, "read"))?;
    let text = String::from_utf8(bytes).map_err(|error| error.to_string());
    let read = text.and_then(|text| Checkpoint::parse(&text).map_err(|error| error.to_string()));
    read.map_err(|why| TilesError::Checkpoint { path, why })
}

/// Verifies the log in `folder` against `anchors` (checkpoints as text) and `keys`.
///
/// Memory does not grow with the log. A log without `tile/entries` (other logs keep their entries elsewhere) is verified
/// from its leaf hashes on, and the first statement says so.
pub fn verify(folder: &Path, anchors: &[String], keys: &[VerifyingKey]) -> Result<TilesVerification, TilesError> {
    let checkpoint = checkpoint(folder)?;
    let anchors: Vec<_> = anchors.iter().map(|text| Checkpoint::parse(text)).collect();
    let mut walk = Walk {
        folder,
        size: checkpoint.size,
        wanted: anchors.iter().flatten().map(|anchor| anchor.size).collect(),
        roots: BTreeMap::new(),
        has_entries: folder.join("tile/entries").is_dir(),
        edge: Frontier::default(),
        rows: Vec::new(),
        faults: Vec::new(),
        unlisted: 0,
    };
    walk.leaves();
    walk.partial();
    let (size, root) = (walk.edge.size(), walk.edge.root());
    if walk.faults.is_empty() && root != checkpoint.root {
        walk.faults.push("the tiles do not hash to the root in the checkpoint".to_owned());
    }
    let (anchored, forks) = anchored(&checkpoint, &walk.roots, &anchors, keys);
    Ok(TilesVerification {
        internal: walk.statement(),
        anchored,
        signed: signed(&checkpoint, keys),
        origin: checkpoint.origin,
        size,
        root,
        forks,
    })
}

/// What is known after the leaves up to some index.
struct Walk<'f> {
    folder: &'f Path,
    /// The size that the checkpoint says.
    size: u64,
    wanted: BTreeSet<u64>,
    roots: BTreeMap<u64, Hash>,
    has_entries: bool,
    edge: Frontier,
    /// The hashes of the tile of each level above 0 that is not full yet, from level 1 on, and how many full ones were.
    rows: Vec<(u64, Vec<Hash>)>,
    faults: Vec<String>,
    unlisted: u64,
}

impl Walk<'_> {
    /// All leaves, tile by tile. Stops at the first tile that is missing: what follows could not be placed.
    fn leaves(&mut self) {
        self.keep_root();
        while self.edge.size() < self.size {
            let index = self.edge.size() / WIDTH;
            let width = WIDTH.min(self.size - self.edge.size());
            let Some(tile) = self.tile(Row::Hashes(0), index, width, WIDTH * 32).and_then(|bytes| hashes(&bytes))
            else {
                return self.fault(format!("the tile {index} of level 0 is missing or is not one"));
            };
            let tile = tile.get(..width as usize).unwrap_or_default();
            if tile.len() as u64 != width {
                return self.fault(format!("the tile {index} of level 0 has {} hashes of {width}", tile.len()));
            }
            if self.has_entries {
                self.bundle(index, width, tile);
            }
            for leaf in tile {
                for (level, _, hash) in self.edge.push(*leaf) {
                    self.kept(level / TILE_HEIGHT, hash);
                }
                self.keep_root();
            }
        }
    }

    /// Compares the entries of one bundle with their tile.
    fn bundle(&mut self, index: u64, width: u64, tile: &[Hash]) {
        let bytes = self.tile(Row::Entries, index, width, MAX_BUNDLE);
        let Some(found) = bytes.as_deref().and_then(entries) else {
            return self.fault(format!("the bundle {index} of entries is missing or is not one"));
        };
        if (found.len() as u64) < width {
            return self.fault(format!("the bundle {index} has {} entries of {width}", found.len()));
        }
        for (nth, (entry, leaf)) in (index * WIDTH..).zip(found.iter().zip(tile)) {
            if leaf_hash(entry) != *leaf {
                self.fault(format!("entry {nth} does not have the hash that the tile of level 0 says"));
            }
        }
    }

    /// A hash of tile level `level`, which has just become known.
    fn kept(&mut self, level: u32, hash: Hash) {
        let row = level as usize - 1;
        if self.rows.len() <= row {
            self.rows.resize(row + 1, (0, Vec::new()));
        }
        let Some((full, hashes)) = self.rows.get_mut(row) else { return };
        hashes.push(hash);
        if hashes.len() as u64 == WIDTH {
            let (index, hashes) = (*full, std::mem::take(hashes));
            *full += 1;
            self.compare(level, index, &hashes);
        }
    }

    /// The tiles above that are not full at the end.
    fn partial(&mut self) {
        for (row, (index, hashes)) in (1..).zip(std::mem::take(&mut self.rows)) {
            if !hashes.is_empty() {
                self.compare(row, index, &hashes);
            }
        }
    }

    fn compare(&mut self, level: u32, index: u64, expected: &[Hash]) {
        let stored = self.tile(Row::Hashes(level), index, expected.len() as u64, WIDTH * 32);
        let stored = stored.as_deref().and_then(hashes).unwrap_or_default();
        if stored.get(..expected.len()) != Some(expected) {
            self.fault(format!("the tile {index} of level {level} is missing or is not what the leaves below it give"));
        }
    }

    /// The bytes of a tile. A partial one may have become full since the checkpoint was made.
    fn tile(&self, row: Row, index: u64, width: u64, most: u64) -> Option<Vec<u8>> {
        let partial = read(&self.folder.join(path(row, index, width)), most);
        partial.or_else(|_| read(&self.folder.join(path(row, index, WIDTH)), most)).ok()
    }

    fn fault(&mut self, fault: String) {
        if self.faults.len() < LISTED {
            self.faults.push(fault);
        } else {
            self.unlisted += 1;
        }
    }

    fn keep_root(&mut self) {
        if self.wanted.contains(&self.edge.size()) {
            self.roots.insert(self.edge.size(), self.edge.root());
        }
    }

    fn statement(mut self) -> Statement {
        if self.unlisted > 0 {
            self.faults.push(format!("and {} more faults", self.unlisted));
        }
        let size = self.size;
        let (status, sentence) = match (self.faults.first(), self.has_entries) {
            (Some(first), _) => (Status::Fails, format!("the log is not consistent in itself: {first}")),
            (None, true) => (
                Status::Holds,
                format!("the log is consistent in itself: {size} entries, hashed again, give every tile and the root"),
            ),
            (None, false) => (
                Status::Holds,
                format!("the {size} leaf hashes give every tile and the root; there are no entries to hash"),
            ),
        };
        Statement { status, sentence, details: self.faults }
    }
}

/// What the anchors say of a log with these roots.
fn anchored(
    walked: &Checkpoint,
    roots: &BTreeMap<u64, Hash>,
    anchors: &[Result<Checkpoint, CheckpointError>],
    keys: &[VerifyingKey],
) -> (Statement, Vec<Fork>) {
    let (mut details, mut forks, mut furthest) = (Vec::new(), Vec::new(), 0);
    for (number, anchor) in (1..).zip(anchors) {
        let anchor = match anchor {
            Ok(anchor) => anchor,
            Err(error) => {
                details.push(format!("anchor {number} cannot be read: {error}"));
                continue;
            }
        };
        if anchor.origin != walked.origin {
            details.push(format!("anchor {number} is of another log, `{}`", shown(&anchor.origin)));
        } else if anchor.size > walked.size {
            details.push(format!("anchor {number} attests {} leaves, there are only {}", anchor.size, walked.size));
        } else if roots.get(&anchor.size) != Some(&anchor.root) {
            details.push(format!("anchor {number} attests other {} leaves than the first of this log", anchor.size));
            forks.extend(fork(anchor, walked, keys));
        } else {
            furthest = furthest.max(anchor.size);
        }
    }
    let (status, sentence) = match (details.first(), furthest) {
        _ if !forks.is_empty() => (
            Status::Fails,
            "the log has forked: one key has signed two checkpoints that contradict each other".to_owned(),
        ),
        (Some(first), _) => (Status::Fails, format!("the log does not continue the checkpoints given: {first}")),
        (None, 0) => (
            Status::NotShown,
            "no checkpoint from outside was given: it is not excluded that the log was cut or written anew".to_owned(),
        ),
        (None, size) => (Status::Holds, format!("the log continues the checkpoints given, up to its size {size}")),
    };
    (Statement { status, sentence, details }, forks)
}

fn fork(one: &Checkpoint, other: &Checkpoint, keys: &[VerifyingKey]) -> Option<Fork> {
    let (first, second) = (one.signers(keys).ok()?, other.signers(keys).ok()?);
    let common = first.iter().any(|key| second.contains(key));
    Some(Fork { one: one.note.clone()?, other: other.note.clone()? }).filter(|_| common)
}

fn signed(checkpoint: &Checkpoint, keys: &[VerifyingKey]) -> Statement {
    let (status, sentence) = match checkpoint.signers(keys) {
        _ if keys.is_empty() => {
            let unsigned = if checkpoint.note.is_none() { "the checkpoint is unsigned" } else { "no key was given" };
            (Status::NotShown, format!("{unsigned}: whose log it is was not checked"))
        }
        Ok(signers) => {
            let names: Vec<&str> = signers.iter().map(|key| key.name()).collect();
            (Status::Holds, format!("the checkpoint is signed by {}", names.join(", ")))
        }
        Err(error) => (Status::Fails, format!("the checkpoint is not signed by the keys expected: {error}")),
    };
    Statement { status, sentence, details: Vec::new() }
}

/// The file, at most `most` bytes of it.
fn read(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(std::io::Error::other("it is larger than the format allows"));
    }
    Ok(bytes)
}
