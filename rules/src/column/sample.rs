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
/// While cells are observed, up to [`HELD`] are held and found by their hashes; once settled and ordered, [`KEPT`] in the order of
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

    /// Counts what is not yet counted and drops what is held too much. `count` is given the cells with the number of those not
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
        self.order();
    }

    /// Drops what is held too much.
    fn cut(&mut self) {
        if self.kept.len() > KEPT {
            let (_, last, _) = self.kept.select_nth_unstable_by_key(KEPT - 1, |kept| kept.hash);
            self.bound = Some(last.hash);
            self.kept.truncate(KEPT);
            self.slots.clear();
            self.full = true;
        } else if self.kept.len() == KEPT && self.bound.is_none() {
            self.bound = self.kept.iter().map(|kept| kept.hash).max();
        }
    }

    /// Brings what is held into order, once it is settled.
    pub(crate) fn order(&mut self) {
        if !self.kept.is_sorted_by_key(|kept| kept.hash) {
            self.kept.sort_unstable_by_key(|kept| kept.hash);
            self.slots.clear();
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
///
/// Folded products of 64 bits, two words of the cell a step (the construction of wyhash, Wang Yi 2019, public domain); words at
/// the end overlap those before, so that no cell needs a loop over bytes.
pub(crate) fn hash(cell: &[u8]) -> u64 {
    const SEED: u64 = 0xA076_1D64_78BD_642F;
    const WORDS: [u64; 2] = [0xE703_7ED1_A0B4_28DB, 0x8EBC_6AF0_9C88_C6E3];
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    let mut state = SEED;
    let (mut first, mut rest) = (cell, cell.len());
    while rest > 16
        && let Some((two, more)) = first.split_first_chunk::<16>()
    {
        let [low, high] = [u128::from_le_bytes(*two) as u64, (u128::from_le_bytes(*two) >> 64) as u64];
        state = folded(low ^ WORDS[0], high ^ state);
        (first, rest) = (more, rest - 16);
    }
    let (a, b) = match (first.first_chunk::<8>(), cell.last_chunk::<8>()) {
        (Some(first), Some(last)) => (word(first), word(last)),
        // More than sixteen bytes, of which at most seven are left: with those before them they are two words.
        (None, Some(last)) if cell.len() > 16 => (word(last), rest as u64),
        _ => match (cell.first_chunk::<4>(), cell.last_chunk::<4>(), cell) {
            (Some(first), Some(last), _) => (half(first) << 32 | half(last), 0),
            (_, _, [first, .., last]) => {
                let middle = cell.get(cell.len() / 2).copied().unwrap_or(0);
                (u64::from(*first) << 16 | u64::from(middle) << 8 | u64::from(*last), 0)
            }
            (_, _, [only]) => (u64::from(*only), 1),
            _ => (0, 2),
        },
    };
    folded(WORDS[1] ^ cell.len() as u64, folded(a ^ WORDS[0], b ^ state))
}

/// Both halves of a product, one over the other.
fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}
