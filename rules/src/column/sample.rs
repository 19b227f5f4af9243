//! A sample of a column's distinct cells that does not depend on their order.
//!
//! The cells with the smallest hashes are kept (bottom-k; Cohen and Kaplan 2007). The union of two samples cut to the smallest
//! is the sample of the union, so merging is associative and commutative, and the counts of what is kept are exact. A kept cell
//! is held as text until everything is found out about it, which costs as much as observing a hundred: most that were kept for a
//! while are dropped before.

use std::borrow::Cow;

use super::letters::Reads;
use crate::identifier::cell::Summary;
use crate::identifier::shape::mask;

/// How many distinct cells are kept.
pub(crate) const KEPT: usize = 256;

/// What was found out about a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Of the empty cell until it is found out.
    pub(crate) summary: Summary,
    /// The number in years, if it can be somebody's age.
    pub(crate) years: Option<u8>,
    /// Rules of whose shape it is, and whether the validator passes, as far as it was asked.
    pub(crate) shaped: Vec<(u16, bool)>,
    /// Those of them that pass and speak in text.
    pub(crate) passed: Vec<u16>,
    /// Rules in whose dictionary it is.
    pub(crate) listed: Vec<u16>,
    /// What it reads like, if it was asked.
    pub(crate) reads: Option<Reads>,
    /// Rules of values inside its text.
    pub(crate) spans: Vec<u16>,
}

/// A kept cell.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) hash: u64,
    pub(crate) count: u64,
    /// How many of them are not yet in the counts of the column.
    pending: u64,
    pub(crate) cell: Held,
}

/// What is held of a kept cell.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Held {
    /// All of it, until it is looked at.
    Text(Box<str>),
    /// What it is.
    Known(Box<Known>),
}

/// A cell of which everything was found out.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) facts: Facts,
    pub(crate) mask: Box<str>,
}

impl Held {
    /// The masked shape.
    pub(crate) fn mask(&self) -> Cow<'_, str> {
        match self {
            Held::Text(text) => Cow::Owned(mask(text)),
            Held::Known(known) => Cow::Borrowed(&known.mask),
        }
    }

    /// What was found out, if it was.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        match self {
            Held::Text(_) => None,
            Held::Known(known) => Some(&known.facts),
        }
    }
}

/// The cells with the smallest hashes.
///
/// While cells are observed, up to [`HELD`] are held and found by their hashes; once settled, [`KEPT`] in the order of
/// their hashes, so that the same cells make equal samples.
#[derive(Clone, Default)]
pub(crate) struct Sample {
    kept: Vec<Kept>,
    /// Places in `kept` plus one by the low bits of hashes, 0 where there is none; empty when settled.
    slots: Vec<u16>,
    /// Places of those with pending counts.
    touched: Vec<u16>,
    /// A greater hash need not be looked for; `None` while all are kept.
    bound: Option<u64>,
    /// Whether a distinct cell was ever left out.
    full: bool,
}

/// How many are held before those with the greatest hashes are dropped.
const HELD: usize = 2 * KEPT;

/// Slots are a power of two and mostly empty, so that few places are looked at.
const SLOTS: usize = 4 * HELD;

impl PartialEq for Sample {
    fn eq(&self, other: &Sample) -> bool {
        self.kept == other.kept && self.bound == other.bound && self.full == other.full
    }
}

impl Eq for Sample {}

impl Sample {
    /// Counts a cell that was seen before so many times more.
    pub(crate) fn again(&mut self, hash: u64, times: u64) -> bool {
        if self.kept.is_empty() || self.bound.is_some_and(|bound| hash > bound) {
            return false;
        }
        if self.slots.is_empty() {
            self.index();
        }
        let mut slot = place(hash);
        loop {
            let Some(at) = self.slots.get(slot).copied().unwrap_or(0).checked_sub(1) else { return false };
            if let Some(kept) = self.kept.get_mut(usize::from(at)).filter(|kept| kept.hash == hash) {
                if kept.pending == 0 {
                    self.touched.push(at);
                }
                kept.pending += times;
                return true;
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// Whether a cell of that hash, not seen before, is to be kept. Notes that it was left out.
    pub(crate) fn wants(&mut self, hash: u64) -> bool {
        let wanted = self.bound.is_none_or(|bound| hash < bound);
        self.full |= !wanted;
        wanted
    }

    /// Keeps a cell that was not seen before and is counted already. Says whether the sample is to be settled now.
    pub(crate) fn keep(&mut self, hash: u64, times: u64, cell: Held) -> bool {
        if self.slots.is_empty() {
            self.index();
        }
        self.enter(hash, u16::try_from(self.kept.len()).unwrap_or(u16::MAX));
        self.kept.push(Kept { hash, count: times, pending: 0, cell });
        self.kept.len() >= HELD
    }

    /// Drops what is held too much and brings the rest into order. `count` is given the cells with the number of those not
    /// yet counted.
    pub(crate) fn settle(&mut self, mut count: impl FnMut(&Held, u64)) {
        for at in self.touched.drain(..) {
            if let Some(kept) = self.kept.get_mut(usize::from(at)) {
                count(&kept.cell, kept.pending);
                kept.count += kept.pending;
                kept.pending = 0;
            }
        }
        self.cut();
    }

    /// Holds what `look` finds out in the place of texts.
    pub(crate) fn find_out(&mut self, mut look: impl FnMut(&str) -> Known) {
        for kept in &mut self.kept {
            if let Held::Text(text) = &kept.cell {
                kept.cell = Held::Known(Box::new(look(text)));
            }
        }
    }

    /// Whether everything is found out.
    pub(crate) fn is_known(&self) -> bool {
        self.kept.iter().all(|kept| matches!(kept.cell, Held::Known(_)))
    }

    pub(crate) fn merge(&mut self, other: &Sample) {
        self.full |= other.full;
        let mut merged = Vec::with_capacity(self.kept.len() + other.kept.len());
        let mut theirs = other.kept.iter().peekable();
        for mut kept in self.kept.drain(..) {
            while let Some(one) = theirs.next_if(|one| one.hash < kept.hash) {
                merged.push(one.clone());
            }
            if let Some(same) = theirs.next_if(|one| one.hash == kept.hash) {
                kept.count += same.count;
                if matches!(kept.cell, Held::Text(_)) {
                    kept.cell = same.cell.clone();
                }
            }
            merged.push(kept);
        }
        merged.extend(theirs.cloned());
        self.kept = merged;
        self.slots.clear();
        self.cut();
    }

    fn cut(&mut self) {
        if !self.kept.is_sorted_by_key(|kept| kept.hash) {
            self.kept.sort_unstable_by_key(|kept| kept.hash);
            self.slots.clear();
        }
        if self.kept.len() > KEPT {
            self.kept.truncate(KEPT);
            self.slots.clear();
            self.full = true;
        }
        if self.kept.len() == KEPT {
            self.bound = self.kept.last().map(|last| last.hash);
        }
    }

    fn index(&mut self) {
        self.slots = vec![0; SLOTS];
        for at in 0..self.kept.len() {
            if let (Some(kept), Ok(at)) = (self.kept.get(at), u16::try_from(at)) {
                let hash = kept.hash;
                self.enter(hash, at);
            }
        }
    }

    fn enter(&mut self, hash: u64, at: u16) {
        let mut slot = place(hash);
        while self.slots.get(slot).is_some_and(|at| *at != 0) {
            slot = (slot + 1) % SLOTS;
        }
        if let Some(empty) = self.slots.get_mut(slot) {
            *empty = at + 1;
        }
    }

    /// The distinct cells of the column: exact while they are few, else estimated from the density of
    /// the kept hashes.
    pub(crate) fn distinct(&self) -> u64 {
        let kept = self.len();
        match self.kept.last() {
            Some(last) if self.full => {
                let estimate = u128::from(kept.saturating_sub(1)) * (1_u128 << 64) / u128::from(last.hash.max(1));
                u64::try_from(estimate).unwrap_or(u64::MAX).max(kept)
            }
            _ => kept,
        }
    }

    /// The kept cells, by hash.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    /// How many distinct cells are kept.
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.kept.len()).unwrap_or(u64::MAX)
    }
}

/// The low bits of a hash; its high bits are alike among the smallest.
fn place(hash: u64) -> usize {
    usize::try_from(hash % SLOTS as u64).unwrap_or(0)
}

/// A fixed hash of a cell, equal on every machine. Not for keeping secrets: it never leaves memory.
pub(crate) fn hash(cell: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = u64::try_from(cell.len()).unwrap_or(0).wrapping_mul(MULTIPLIER);
    let (words, rest) = cell.as_chunks::<8>();
    let last = match (cell.last_chunk::<8>(), rest.len()) {
        (_, 0) => 0,
        // The rest without the bytes before it.
        (Some(last), length) => u64::from_le_bytes(*last) >> (64 - 8 * length),
        (None, _) => rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte)),
    };
    for word in words.iter().map(|word| u64::from_le_bytes(*word)).chain([last]) {
        state = (state ^ word).wrapping_mul(MULTIPLIER).rotate_left(29);
    }
    // The finaliser of MurmurHash3 (Appleby 2011, public domain).
    state ^= state >> 33;
    state = state.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    state ^= state >> 33;
    state = state.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    state ^ (state >> 33)
}
