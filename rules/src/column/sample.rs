//! A sample of a column's distinct cells that does not depend on their order.
//!
//! The cells with the smallest hashes are kept (bottom-k; Cohen and Kaplan 2007): as hash, masked shape
//! and facts, never as text. The union of two samples cut to the smallest is the sample of the union, so
//! merging is associative and commutative, and the counts of what is kept are exact.

use std::collections::BTreeMap;

use crate::identifier::cell::Kind;

/// How many distinct cells are kept.
pub(crate) const KEPT: usize = 256;

/// What was found out about a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) len: u32,
    pub(crate) int: Option<i64>,
    pub(crate) year: Option<u16>,
    /// Rules of whose shape it is, and whether the validator passes, as far as it was asked.
    pub(crate) shaped: Vec<(u16, bool)>,
    /// Those of them that pass and speak in text.
    pub(crate) passed: Vec<u16>,
    /// Rules in whose dictionary it is.
    pub(crate) listed: Vec<u16>,
    /// Rules of values inside its text.
    pub(crate) spans: Vec<u16>,
}

/// A kept cell.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) count: u64,
    pub(crate) mask: Box<str>,
    pub(crate) facts: Facts,
}

/// The cells with the smallest hashes.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    kept: BTreeMap<u64, Kept>,
    /// The greatest kept hash once no more are kept; a greater one need not be looked for.
    bound: Option<u64>,
    /// Whether a distinct cell was ever left out.
    full: bool,
}

impl Sample {
    /// The facts of a cell seen before, counting it once more.
    pub(crate) fn again(&mut self, hash: u64) -> Option<&Facts> {
        if self.bound.is_some_and(|bound| hash > bound) {
            return None;
        }
        let kept = self.kept.get_mut(&hash)?;
        kept.count += 1;
        Some(&kept.facts)
    }

    /// Whether a cell of that hash, not seen before, is to be kept. Notes that it was left out.
    pub(crate) fn wants(&mut self, hash: u64) -> bool {
        let wanted = self.bound.is_none_or(|bound| hash < bound);
        self.full |= !wanted;
        wanted
    }

    pub(crate) fn keep(&mut self, hash: u64, kept: Kept) {
        self.kept.insert(hash, kept);
        self.cut();
    }

    pub(crate) fn merge(&mut self, other: &Sample) {
        self.full |= other.full;
        for (hash, kept) in &other.kept {
            match self.kept.get_mut(hash) {
                Some(mine) => mine.count += kept.count,
                None => {
                    self.kept.insert(*hash, kept.clone());
                }
            }
        }
        self.cut();
    }

    fn cut(&mut self) {
        while self.kept.len() > KEPT {
            self.kept.pop_last();
            self.full = true;
        }
        if self.kept.len() == KEPT {
            self.bound = self.kept.last_key_value().map(|(last, _)| *last);
        }
    }

    /// The distinct cells of the column: exact while they are few, else estimated from the density of
    /// the kept hashes.
    pub(crate) fn distinct(&self) -> u64 {
        let kept = u64::try_from(self.kept.len()).unwrap_or(u64::MAX);
        match self.kept.last_key_value() {
            Some((last, _)) if self.full => {
                let estimate = u128::from(kept.saturating_sub(1)) * (1_u128 << 64) / u128::from((*last).max(1));
                u64::try_from(estimate).unwrap_or(u64::MAX).max(kept)
            }
            _ => kept,
        }
    }

    /// The kept cells, by hash.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &Kept> {
        self.kept.values()
    }

    /// How many distinct cells are kept.
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.kept.len()).unwrap_or(u64::MAX)
    }
}

/// A fixed hash of a cell, equal on every machine. Not for keeping secrets: it never leaves memory.
pub(crate) fn hash(cell: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = u64::try_from(cell.len()).unwrap_or(0).wrapping_mul(MULTIPLIER);
    let (words, rest) = cell.as_chunks::<8>();
    let mut last = [0_u8; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    for word in words.iter().chain([&last]) {
        state = (state ^ u64::from_le_bytes(*word)).wrapping_mul(MULTIPLIER).rotate_left(29);
    }
    // The finaliser of MurmurHash3 (Appleby 2011, public domain).
    state ^= state >> 33;
    state = state.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    state ^= state >> 33;
    state = state.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    state ^ (state >> 33)
}
