//! Writing the directory, or what has been added since it was last written.

use std::fs;
use std::io::Write;
use std::path::Path;

use aedile_audit::{Checkpoint, EntryFilter, Ledger, LedgerError};

use super::{Row, TilesError, WIDTH, failed, path};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The checkpoint that the directory now has.
    pub checkpoint: Checkpoint,
    /// The size that it had before.
    pub before: u64,
    /// How many tiles and bundles were written.
    pub files: usize,
}

/// Writes the ledger up to its last signed checkpoint (the last one at all if none is signed) into `folder`.
///
/// Full tiles already there are left alone; the checkpoint is replaced last, so that a reader always finds all that the
/// one it has read needs. Refuses a folder whose checkpoint is not a state of this ledger.
pub fn export(ledger: &Ledger, folder: &Path) -> Result<Exported, TilesError> {
    let signed = ledger.signed_checkpoint()?;
    let checkpoint = match signed {
        Some(signed) => signed,
        None => ledger.checkpoint()?.ok_or(TilesError::Empty)?,
    };
    let size = checkpoint.size;
    if ledger.root_at(size)? != checkpoint.root {
        return Err(LedgerError::Diverged { size }.into());
    }
    let before = known(ledger, folder, size)?;
    let mut files = 0;
    for level in 0..8 {
        let (old, new) = (before >> (8 * level), size >> (8 * level));
        if new == 0 {
            break;
        }
        for index in old / WIDTH..new.div_ceil(WIDTH) {
            let width = WIDTH.min(new - index * WIDTH);
            let hashes = ledger.hashes(8 * level, index * WIDTH, width)?;
            let bytes: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
            write(folder, &path(Row::Hashes(level), index, width), &bytes)?;
            files += 1;
            if level == 0 {
                write(folder, &path(Row::Entries, index, width), &bundle(ledger, index * WIDTH, width)?)?;
                files += 1;
            }
        }
    }
    let note = checkpoint.note.clone().unwrap_or_else(|| checkpoint.text());
    write(folder, Path::new("checkpoint"), note.as_bytes())?;
    prune(folder, before, size);
    Ok(Exported { checkpoint, before, files })
}

/// The size of what the folder has; 0 if it has nothing.
fn known(ledger: &Ledger, folder: &Path, size: u64) -> Result<u64, TilesError> {
    let file = folder.join("checkpoint");
    if !file.exists() {
        return Ok(0);
    }
    let old = super::verify::checkpoint(folder)?;
    let origin = ledger.checkpoint()?.map(|head| head.origin);
    if origin.as_ref() != Some(&old.origin) || old.size > size || ledger.root_at(old.size)? != old.root {
        return Err(TilesError::Other { origin: old.origin, size: old.size });
    }
    Ok(old.size)
}

/// The entries from `start` on, each after its length. Every one is hashed again when it is read.
fn bundle(ledger: &Ledger, start: u64, width: u64) -> Result<Vec<u8>, TilesError> {
    let filter = EntryFilter { from: Some(start), until: Some(start + width), ..EntryFilter::default() };
    let mut bytes = Vec::new();
    ledger.each(&filter, |stored| {
        let length = u16::try_from(stored.body.len())
            .map_err(|_| LedgerError::Damaged(format!("entry {} is too large", stored.index)))?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(stored.body);
        Ok(())
    })?;
    Ok(bytes)
}

/// Writes beside the place and moves it there, so that nobody reads half a file.
fn write(folder: &Path, relative: &Path, bytes: &[u8]) -> Result<(), TilesError> {
    let place = folder.join(relative);
    let beside = place.with_extension("new");
    let parent = place.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(failed(parent, "written"))?;
    let mut file = fs::File::create(&beside).map_err(failed(&beside, "written"))?;
    file.write_all(bytes).and_then(|()| file.sync_data()).map_err(failed(&beside, "written"))?;
    fs::rename(&beside, &place).map_err(failed(&place, "written"))
}

/// Removes the partial tiles that have become full. What cannot be removed does no harm.
fn prune(folder: &Path, before: u64, size: u64) {
    for level in 0..8 {
        for index in (before >> (8 * level)) / WIDTH..(size >> (8 * level)) / WIDTH {
            for row in [Row::Hashes(level), Row::Entries] {
                if row != Row::Entries || level == 0 {
                    let partial = path(row, index, 1);
                    let _ = fs::remove_dir_all(folder.join(partial.parent().unwrap_or(&partial)));
                }
            }
        }
    }
}
