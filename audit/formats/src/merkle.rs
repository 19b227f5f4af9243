//! The Merkle tree over the entries.
//!
//! Source: RFC 6962 §2.1 and RFC 9162 §2.1. A leaf is hashed with a 0x00 before it and an inner node with a 0x01, so that
//! neither can be passed off as the other. A tree of `n` leaves splits at the largest power of two below `n`; a subtree
//! of 2^level leaves that is full never changes again. Those of every eighth level are kept: the hashes that C2SP
//! tlog-tiles cuts its tiles from.

use crate::hash::Hash;

mod verify;

pub use verify::{verify_consistency, verify_inclusion};

/// The hash of a leaf with these bytes: `SHA-256(0x00 ‖ entry)`. Source: RFC 9162 §2.1.1.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of(&[&[0], entry])
}

/// The hash of the node above `left` and `right`: `SHA-256(0x01 ‖ left ‖ right)`. Source: RFC 9162 §2.1.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root of the tree without leaves: `SHA-256("")`. Source: RFC 9162 §2.1.1.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// An index or a size that the tree does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no such index or size")]
pub struct OutOfRange;

/// Where the hashes of full subtrees come from.
pub trait Nodes {
    /// Why a node could not be had.
    type Error: From<OutOfRange>;

    /// The hash over the leaves `position × 2^level` up to `(position + 1) × 2^level`, the end excluded. Level 0 is the
    /// leaf hashes.
    fn node(&self, level: u32, position: u64) -> Result<Hash, Self::Error>;
}

/// The root over the first `size` leaves. Source: RFC 9162 §2.1.1.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    range(nodes, 0, size)
}

/// The audit path of leaf `index` in the tree of `size` leaves, from the leaf's sibling upwards.
/// Source: RFC 9162 §2.1.3.1.
pub fn inclusion_proof<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    if index >= size {
        return Err(OutOfRange.into());
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range(nodes, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `new` leaves begins with the tree of `old` leaves. Source: RFC 9162 §2.1.4.1.
///
/// Empty if the sizes are equal or if `old` is 0 (every tree begins with the empty one; the RFC leaves that case out).
pub fn consistency_proof<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, N::Error> {
    if old > new {
        return Err(OutOfRange.into());
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, new);
    let mut path = Vec::new();
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range(nodes, start, middle)?);
            start = middle;
        }
    }
    // The verifier knows the old root; the subtree that ends at `old` must be told only if it is not the whole old tree.
    if start > 0 {
        path.push(range(nodes, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// The hash over the leaves `start..end`, which is a subtree of some tree: `start` is a multiple of every split in it.
fn range<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Hash, N::Error> {
    let size = end - start;
    if size == 0 {
        return Ok(empty_root());
    }
    if size.is_power_of_two() {
        return nodes.node(size.trailing_zeros(), start / size);
    }
    let middle = start + split(size);
    Ok(node_hash(&range(nodes, start, middle)?, &range(nodes, middle, end)?))
}

/// The levels between two that are kept: a tile is a subtree of this height.
pub const TILE_HEIGHT: u32 = 8;

/// The largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// The full subtrees that a tree of `size` leaves consists of, from the left, as (level, position).
fn peaks(size: u64) -> impl Iterator<Item = (u32, u64)> {
    (0..u64::BITS).rev().filter(move |level| size >> level & 1 == 1).map(move |level| (level, (size >> level) - 1))
}

/// The right edge of a tree: enough to append and to give the root, in at most 64 hashes.
#[derive(Debug, Clone, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The edge of the tree of `size` leaves.
    pub fn of<N: Nodes>(nodes: &N, size: u64) -> Result<Frontier, N::Error> {
        let peaks = peaks(size).map(|(level, position)| nodes.node(level, position)).collect::<Result<_, _>>()?;
        Ok(Frontier { size, peaks })
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf hash. Gives the subtrees that it makes full whose level is a multiple of [`TILE_HEIGHT`], leaves left
    /// out, as (level, position, hash).
    pub fn push(&mut self, leaf: Hash) -> Vec<(u32, u64, Hash)> {
        let mut full = Vec::new();
        let mut hash = leaf;
        for level in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            if level.is_multiple_of(TILE_HEIGHT) {
                full.push((level, self.size >> level, hash));
            }
        }
        self.peaks.push(hash);
        self.size += 1;
        full
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(&last) = peaks.next() else {
            return empty_root();
        };
        peaks.fold(last, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests;
