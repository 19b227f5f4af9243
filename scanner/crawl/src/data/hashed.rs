//! Rows as hashes of their cells, to tell which rows are alike. In memory only: no hash leaves the classifier.

use std::collections::BTreeSet;
use std::ops::Range;

use rayon::prelude::*;

/// Cells of kept rows, in all: 8 MiB of hashes.
const CELLS: usize = 2 << 20;

/// Rows kept at the most.
const ROWS: usize = 100_000;

/// Rows from which on room is made for as many as there may be.
const FEW: usize = 16_384;

/// How many times fewer rows than are held are added one by one, not in order.
const FEWER: usize = 8;

/// The hash of a cell without a value.
pub(super) const NOTHING: u32 = 0;

/// The rows with the smallest hashes (bottom-k; Cohen and Kaplan 2007), each with how often it came. What is kept does not
/// depend on the order of rows, so merging is associative and commutative; a table of fewer than [`ROWS`] rows and
/// [`CELLS`] cells is kept whole. The hash of a row is the sum of those of its cells, each times a number that the name of
/// its column gives (multilinear hashing; Lemire and Kaser 2014): columns may lie in any order, and one without a value adds nothing.
///
/// Up to half as many rows again are held before they are brought into order and those with the greatest hashes are dropped:
/// most rows of a large table are then passed over by one comparison.
#[derive(Debug, Default)]
pub(super) struct HashedRows {
    /// By column: the cells of the rows that are not yet taken.
    fresh: Vec<Vec<u32>>,
    /// Columns with several cells a row.
    uneven: BTreeSet<usize>,
    held: Vec<Held>,
    /// The cells of the held rows, `width` of each, and of those dropped since.
    cells: Vec<u32>,
    /// The places of dropped rows, for others.
    free: Vec<u32>,
    width: usize,
    /// A row with a greater hash is none of the smallest; `None` while all are kept.
    bound: Option<u64>,
}

/// A held row.
#[derive(Debug, Clone, Copy)]
struct Held {
    hash: u64,
    times: u64,
    /// Its place among those whose cells are held.
    at: u32,
}

/// Rows of some columns.
#[derive(Debug)]
pub(super) struct Compared {
    cells: Vec<u32>,
    width: usize,
    times: Vec<u64>,
}

impl Compared {
    /// How many different rows there are.
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    /// The rows by the hashes of their cells, each with how often it came; of no columns there are none.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u32], u64)> {
        self.cells.chunks_exact(self.width.max(1)).zip(self.times.iter().copied())
    }
}

impl HashedRows {
    /// Adds the next cell of the column at `at` by its hash, [`NOTHING`] without a value.
    #[cfg(test)]
    pub(super) fn cell(&mut self, at: usize, hash: u32) {
        if let Some(column) = self.column(at) {
            column.push(hash);
        }
    }

    /// The hashes of the cells of the column at `at` that were added since rows were taken, to add more: [`NOTHING`] without a value.
    pub(super) fn column(&mut self, at: usize) -> Option<&mut Vec<u32>> {
        if self.fresh.len() <= at {
            self.fresh.resize_with(at + 1, Vec::new);
        }
        self.fresh.get_mut(at)
    }

    /// Notes that cells of the column at `at` are no cells of rows.
    pub(super) fn uneven(&mut self, at: usize) {
        self.uneven.insert(at);
    }

    /// Takes the `count` rows whose cells were added; `names` are those of all columns. A column without cells has none in these
    /// rows; one with another number of cells than rows is uneven.
    pub(super) fn take<'n>(&mut self, count: usize, names: impl Iterator<Item = &'n str> + Clone) {
        let mut hashes = vec![0_u64; count];
        for (at, (column, name)) in self.fresh.iter_mut().zip(names.clone()).enumerate() {
            if column.len() != count {
                if !column.is_empty() {
                    self.uneven.insert(at);
                }
                column.clear();
                continue;
            }
            let factor = mixed(hash(name.as_bytes())) | 1;
            for (hash, cell) in hashes.iter_mut().zip(&*column) {
                *hash = hash.wrapping_add(factor.wrapping_mul(u64::from(*cell)));
            }
        }
        self.widen(self.fresh.len());
        let most = most(names.count());
        for (nth, hash) in hashes.into_iter().map(mixed).enumerate() {
            if self.wants(hash) {
                let (at, cells) = self.room(most);
                self.held.push(Held { hash, times: 1, at });
                for (to, column) in self.cells.get_mut(cells).unwrap_or_default().iter_mut().zip(&self.fresh) {
                    *to = column.get(nth).copied().unwrap_or(NOTHING);
                }
                self.settle_if_many(most);
            }
        }
        self.forget();
    }

    /// Forgets the cells of rows that are not yet taken.
    pub(super) fn forget(&mut self) {
        self.fresh.iter_mut().for_each(Vec::clear);
    }

    /// Adds rows of the same table. `places` says where each column of `other` is among the `columns` here.
    pub(super) fn merge(&mut self, mut other: HashedRows, places: &[Option<usize>], columns: usize) {
        let place = |at: usize| places.get(at).copied().flatten();
        other.uneven = other.uneven.iter().copied().filter_map(place).collect();
        other.uneven.append(&mut self.uneven);
        let most = most(columns);
        // Rows whose cells need not be moved stay where they are, if they are more.
        if other.held.len() > self.held.len() && places.iter().enumerate().all(|(at, place)| *place == Some(at)) {
            std::mem::swap(self, &mut other);
            let back: Vec<Option<usize>> = (0..columns).map(Some).collect();
            self.widen(columns);
            return self.add(other, &back, most);
        }
        self.uneven = std::mem::take(&mut other.uneven);
        self.widen(columns);
        self.add(other, places, most);
    }

    /// Adds the rows that `other` holds, each column at its place of `places`.
    fn add(&mut self, mut other: HashedRows, places: &[Option<usize>], most: usize) {
        if other.held.len() < self.held.len() / FEWER {
            for row in &other.held {
                if self.wants(row.hash) {
                    let (at, to) = self.room(most);
                    put(other.cells_of(row), places, self.cells.get_mut(to).unwrap_or_default());
                    self.held.push(Held { at, ..*row });
                    self.settle_if_many(most);
                }
            }
            return;
        }
        match other.held.len() < FEW {
            true => (self.settle(most), other.settle(most)),
            false => rayon::join(|| self.settle(most), || other.settle(most)),
        };
        let (mut mine, mut theirs) = (self.held.iter().peekable(), other.held.iter().peekable());
        // Whether the cells of a row are held here.
        let mut merged = Vec::with_capacity(most.min(mine.len() + theirs.len()));
        while merged.len() < most {
            match (mine.peek(), theirs.peek()) {
                (Some(one), Some(row)) if one.hash == row.hash => {
                    merged.push((Held { times: one.times + row.times, ..**one }, true));
                    mine.next();
                    theirs.next();
                }
                (Some(one), row) if row.is_none_or(|row| one.hash < row.hash) => {
                    merged.push((**one, true));
                    mine.next();
                }
                (_, Some(row)) => {
                    merged.push((**row, false));
                    theirs.next();
                }
                _ => break,
            }
        }
        let mut cells = vec![NOTHING; merged.len() * self.width];
        let rows = cells.par_chunks_mut(self.width.max(1)).zip(&merged).with_min_len(FEW / 16);
        rows.for_each(|(to, (row, here))| match here {
            true => to.copy_from_slice(self.cells_of(row)),
            false => put(other.cells_of(row), places, to),
        });
        self.held = merged.into_iter().zip(0..).map(|((row, _), at)| Held { at, ..row }).collect();
        self.cells = cells;
        self.free.clear();
        if self.held.len() == most {
            self.bound = self.held.last().map(|last| last.hash);
        }
    }

    /// Whether a row of that hash may be one of those to keep.
    fn wants(&self, hash: u64) -> bool {
        self.bound.is_none_or(|bound| hash <= bound)
    }

    /// A place for a row of which `most` are kept, and where its cells lie, all of them [`NOTHING`].
    fn room(&mut self, most: usize) -> (u32, Range<usize>) {
        let at = self.free.pop().unwrap_or_else(|| {
            // Asked for once, not by and by, where the table turns out to have many rows.
            if self.held.len() == FEW {
                let more = held(most).saturating_sub(FEW);
                self.held.reserve_exact(more);
                self.cells.reserve_exact(more * self.width);
            }
            self.cells.resize(self.cells.len() + self.width, NOTHING);
            (self.cells.len() / self.width.max(1)).saturating_sub(1) as u32
        });
        let start = at as usize * self.width;
        let cells = start..start + self.width;
        self.cells.get_mut(cells.clone()).unwrap_or_default().fill(NOTHING);
        (at, cells)
    }

    fn cells_of(&self, row: &Held) -> &[u32] {
        let start = row.at as usize * self.width;
        self.cells.get(start..start + self.width).unwrap_or_default()
    }

    /// Gives every held row so many cells.
    fn widen(&mut self, width: usize) {
        if width <= self.width {
            return;
        }
        let mut cells = Vec::with_capacity(self.held.len() * width);
        for row in &self.held {
            cells.extend(self.cells_of(row));
            cells.resize(cells.len() + width - self.width, NOTHING);
        }
        self.held.iter_mut().zip(0..).for_each(|(row, at)| row.at = at);
        self.free.clear();
        (self.cells, self.width) = (cells, width);
    }

    fn settle_if_many(&mut self, most: usize) {
        if self.held.len() >= held(most) {
            self.settle(most);
        }
    }

    /// Holds `most` rows at the most, in the order of their hashes, each once.
    fn settle(&mut self, most: usize) {
        // Stable, for most are in order already.
        self.held.sort_by_key(|row| row.hash);
        let free = &mut self.free;
        self.held.dedup_by(|same, row| {
            let is = same.hash == row.hash;
            if is {
                row.times += same.times;
                free.push(same.at);
            }
            is
        });
        free.extend(self.held.drain(most.min(self.held.len())..).map(|row| row.at));
        if self.held.len() == most {
            self.bound = self.held.last().map(|last| last.hash);
        }
    }

    /// These rows of a table of so many columns, in order.
    pub(super) fn settled(mut self, columns: usize) -> HashedRows {
        self.settle(most(columns));
        self
    }

    /// Whether the column at `at` has at most one cell a row.
    pub(super) fn is_even(&self, at: usize) -> bool {
        !self.uneven.contains(&at)
    }

    /// The kept rows, once settled, of them the columns at `columns`.
    pub(super) fn of(&self, columns: &[usize]) -> Compared {
        let mut cells = Vec::with_capacity(self.held.len() * columns.len());
        for row in &self.held {
            let row = self.cells_of(row);
            cells.extend(columns.iter().map(|at| row.get(*at).copied().unwrap_or(NOTHING)));
        }
        Compared { cells, width: columns.len(), times: self.held.iter().map(|row| row.times).collect() }
    }

    /// The places of columns after they were put into another order: `places` says where each was put.
    pub(super) fn reorder(&mut self, places: &[Option<usize>]) {
        let other = std::mem::take(self);
        self.bound = other.bound;
        self.merge(other, places, places.len());
    }
}

/// Puts cells of another's row each at its place of `places`.
fn put(cells: &[u32], places: &[Option<usize>], to: &mut [u32]) {
    for (cell, place) in cells.iter().zip(places) {
        if let Some(to) = place.and_then(|place| to.get_mut(place)) {
            *to = *cell;
        }
    }
}

/// How many rows are held where `most` are kept.
fn held(most: usize) -> usize {
    most + most.div_ceil(2)
}

/// How many rows of so many columns are kept.
fn most(columns: usize) -> usize {
    (CELLS / columns.max(1)).clamp(1, ROWS)
}

/// A fixed, seeded hash, equal on every machine.
fn hash(bytes: &[u8]) -> u64 {
    const SEED: u64 = 0xA0F7_6D2C_91B3_5E48;
    let length = u64::try_from(bytes.len()).unwrap_or(0);
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0_u8; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let all = words.iter().chain([&last]);
    all.fold(SEED ^ length, |state, word| mixed(state ^ u64::from_le_bytes(*word)))
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014): every bit depends on every bit.
pub(super) fn mixed(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cell: &[u8]) -> u32 {
        (hash(cell) as u32).max(1)
    }

    /// Rows of two columns in blocks of that many rows.
    fn rows(all: &[(&str, &str)], block: usize) -> Vec<HashedRows> {
        let rows = |block: &[(&str, &str)]| {
            let mut rows = HashedRows::default();
            for (a, b) in block {
                rows.cell(0, of(a.as_bytes()));
                rows.cell(1, of(b.as_bytes()));
            }
            rows.take(block.len(), ["a", "b"].into_iter());
            rows
        };
        all.chunks(block).map(rows).collect()
    }

    fn joined(blocks: Vec<HashedRows>) -> Vec<(Vec<u32>, u64)> {
        let mut whole = HashedRows::default();
        blocks.into_iter().for_each(|block| whole.merge(block, &[Some(0), Some(1)], 2));
        whole.settled(2).of(&[0, 1]).iter().map(|(cells, times)| (cells.to_vec(), times)).collect()
    }

    #[test]
    fn what_is_kept_does_not_depend_on_blocks_and_their_order() {
        let cells: Vec<(String, String)> = (0..500_u32).map(|n| ((n % 90).to_string(), (n % 7).to_string())).collect();
        let all: Vec<(&str, &str)> = cells.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let one = joined(rows(&all, 500));
        assert_eq!(one.iter().map(|(_, times)| times).sum::<u64>(), 500);
        assert_eq!(one, joined(rows(&all, 37)));
        assert_eq!(one, joined(rows(&all, 37).into_iter().rev().collect()));
    }

    /// Enough rows of 64 columns that some are dropped, in blocks of several sizes: added one by one, in order, and to fewer.
    #[test]
    fn merging_many_rows_keeps_the_same_in_any_order() {
        let names: Vec<String> = (0..64).map(|n| n.to_string()).collect();
        let places: Vec<Option<usize>> = (0..64).map(Some).collect();
        let block = |rows: Range<u32>| {
            let mut block = HashedRows::default();
            for n in rows.clone() {
                (0..64).for_each(|at| block.cell(at, mixed(u64::from(n % 60_000) << 8 | at as u64) as u32 | 1));
            }
            block.take(rows.len(), names.iter().map(String::as_str));
            block
        };
        let whole = |blocks: &[Range<u32>]| {
            let mut whole = HashedRows::default();
            blocks.iter().for_each(|rows| whole.merge(block(rows.clone()), &places, 64));
            let kept = whole.settled(64);
            let rows: Vec<(Vec<u32>, u64)> =
                kept.of(&[0, 63]).iter().map(|(cells, times)| (cells.to_vec(), times)).collect();
            (rows, kept.bound)
        };
        let one = whole(std::slice::from_ref(&(0..80_000)));
        assert_eq!(one.0.len(), CELLS / 64);
        assert!(one.0.iter().any(|(_, times)| *times == 2));
        for cut in [100, 30_000, 79_000] {
            assert_eq!(whole(&[0..cut, cut..80_000]), one, "{cut}");
            assert_eq!(whole(&[cut..80_000, 0..cut]), one, "{cut}");
        }
        assert_eq!(whole(&[53_000..80_000, 0..26_000, 26_000..53_000]), one);
    }

    #[test]
    fn columns_that_lie_elsewhere_are_the_same_rows() {
        let rows: Vec<(String, String)> = (0..300_u32).map(|n| ((n % 40).to_string(), (n % 7).to_string())).collect();
        let block = |rows: &[(String, String)], swapped: bool| {
            let mut block = HashedRows::default();
            for (a, b) in rows {
                block.cell(usize::from(swapped), of(a.as_bytes()));
                block.cell(usize::from(!swapped), of(b.as_bytes()));
            }
            block.take(rows.len(), if swapped { ["b", "a"] } else { ["a", "b"] }.into_iter());
            block
        };
        let merged = |swapped: bool| {
            let mut whole = block(&rows[..100], false);
            let places = if swapped { [Some(1), Some(0)] } else { [Some(0), Some(1)] };
            whole.merge(block(&rows[100..], swapped), &places, 2);
            let kept = whole.settled(2).of(&[0, 1]);
            kept.iter().map(|(cells, times)| (cells.to_vec(), times)).collect::<Vec<_>>()
        };
        assert_eq!(merged(true), merged(false));
        assert_eq!(merged(true).iter().map(|(_, times)| times).sum::<u64>(), 300);
    }

    #[test]
    fn rows_are_kept_up_to_the_limit() {
        let mut whole = HashedRows::default();
        let names: Vec<String> = (0..64).map(|n| n.to_string()).collect();
        for n in 0..40_000_u32 {
            (0..64).for_each(|at| whole.cell(at, of(&n.to_le_bytes())));
            whole.take(1, names.iter().map(String::as_str));
        }
        let kept = whole.settled(64).of(&[0]);
        assert_eq!(kept.len(), CELLS / 64);
    }

    #[test]
    fn a_column_with_several_cells_a_row_is_not_compared() {
        let mut rows = HashedRows::default();
        rows.cell(0, 1);
        rows.cell(1, 2);
        rows.cell(1, 3);
        rows.take(1, ["a", "b"].into_iter());
        assert!(rows.is_even(0) && !rows.is_even(1));
    }
}
