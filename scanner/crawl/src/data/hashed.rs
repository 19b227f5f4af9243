//! Rows as hashes of their cells, to tell which rows are alike. In memory only: no hash leaves the classifier.

use std::collections::{BTreeMap, BTreeSet};

/// Cells of kept rows, in all: 8 MiB of hashes.
const CELLS: usize = 2 << 20;

/// Rows kept at the most.
const ROWS: usize = 100_000;

/// The hash of a cell without a value.
const NOTHING: u32 = 0;

/// The rows with the smallest hashes (bottom-k; Cohen and Kaplan 2007), each with how often it came. What is kept does not
/// depend on the order of rows, so merging is associative and commutative; a table of fewer than [`ROWS`] rows and
/// [`CELLS`] cells is kept whole.
#[derive(Debug, Default)]
pub(super) struct HashedRows {
    /// By column: the cells of the rows that are not yet taken.
    fresh: Vec<Vec<u32>>,
    /// Columns with several cells a row.
    uneven: BTreeSet<usize>,
    kept: BTreeMap<u64, Kept>,
}

/// A kept row.
#[derive(Debug)]
struct Kept {
    times: u64,
    /// By column, as far as columns were known when it came.
    cells: Box<[u32]>,
}

impl HashedRows {
    /// Adds the next cell of the column at `at`: text, whose blanks around it do not count.
    pub(super) fn cell(&mut self, at: usize, cell: Option<&[u8]>) {
        self.exact(at, cell.map(<[u8]>::trim_ascii).filter(|cell| !cell.is_empty()));
    }

    /// Adds the next cell of the column at `at` as it is.
    pub(super) fn exact(&mut self, at: usize, cell: Option<&[u8]>) {
        if self.fresh.len() <= at {
            self.fresh.resize_with(at + 1, Vec::new);
        }
        if let Some(column) = self.fresh.get_mut(at) {
            column.push(cell.map_or(NOTHING, of));
        }
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
            let name = mixed(hash(name.as_bytes()));
            for (hash, cell) in hashes.iter_mut().zip(&*column).filter(|(_, cell)| **cell != NOTHING) {
                *hash = hash.wrapping_add(mixed(name ^ u64::from(*cell)));
            }
        }
        let most = most(names.count());
        for (nth, hash) in hashes.into_iter().map(mixed).enumerate() {
            if let Some(kept) = self.kept.get_mut(&hash) {
                kept.times += 1;
            } else if self.kept.len() < most || self.kept.last_key_value().is_some_and(|(last, _)| hash < *last) {
                let cells = self.fresh.iter().map(|column| column.get(nth).copied().unwrap_or(NOTHING)).collect();
                self.kept.insert(hash, Kept { times: 1, cells });
                self.cut(most);
            }
        }
        self.fresh.iter_mut().for_each(Vec::clear);
    }

    /// Adds rows of the same table. `places` says where each column of `other` is among the `columns` here.
    pub(super) fn merge(&mut self, other: HashedRows, places: &[Option<usize>], columns: usize) {
        let place = |at: usize| places.get(at).copied().flatten();
        self.uneven.extend(other.uneven.into_iter().filter_map(place));
        for (hash, row) in other.kept {
            if let Some(kept) = self.kept.get_mut(&hash) {
                kept.times += row.times;
                continue;
            }
            let mut cells = vec![NOTHING; columns];
            for (at, cell) in row.cells.iter().enumerate() {
                if let Some(to) = place(at).and_then(|at| cells.get_mut(at)) {
                    *to = *cell;
                }
            }
            self.kept.insert(hash, Kept { times: row.times, cells: cells.into() });
        }
        self.cut(most(columns));
    }

    fn cut(&mut self, most: usize) {
        while self.kept.len() > most {
            self.kept.pop_last();
        }
    }

    /// Whether the column at `at` has at most one cell a row.
    pub(super) fn is_even(&self, at: usize) -> bool {
        !self.uneven.contains(&at)
    }

    /// The kept rows, each with the hashes of its cells in the columns at `columns`, and how often it came.
    pub(super) fn of(&self, columns: &[usize]) -> Vec<(Vec<u32>, u64)> {
        let cells = |kept: &Kept| columns.iter().map(|at| kept.cells.get(*at).copied().unwrap_or(NOTHING)).collect();
        self.kept.values().map(|kept| (cells(kept), kept.times)).collect()
    }

    /// The places of columns after they were put into another order: `places` says where each was put.
    pub(super) fn reorder(&mut self, places: &[Option<usize>]) {
        let other = std::mem::take(self);
        self.merge(other, places, places.len());
    }
}

/// How many rows of so many columns are kept.
fn most(columns: usize) -> usize {
    (CELLS / columns.max(1)).clamp(1, ROWS)
}

/// The hash of a cell with a value.
fn of(cell: &[u8]) -> u32 {
    let [a, b, c, d, ..] = hash(cell).to_le_bytes();
    u32::from_le_bytes([a, b, c, d]).max(1)
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

    /// Rows of two columns in blocks of that many rows.
    fn rows(all: &[(&str, &str)], block: usize) -> Vec<HashedRows> {
        let rows = |block: &[(&str, &str)]| {
            let mut rows = HashedRows::default();
            for (a, b) in block {
                rows.cell(0, Some(a.as_bytes()));
                rows.cell(1, Some(b.as_bytes()));
            }
            rows.take(block.len(), ["a", "b"].into_iter());
            rows
        };
        all.chunks(block).map(rows).collect()
    }

    fn joined(blocks: Vec<HashedRows>) -> Vec<(Vec<u32>, u64)> {
        let mut whole = HashedRows::default();
        blocks.into_iter().for_each(|block| whole.merge(block, &[Some(0), Some(1)], 2));
        whole.of(&[0, 1])
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

    #[test]
    fn rows_are_kept_up_to_the_limit() {
        let mut whole = HashedRows::default();
        let names: Vec<String> = (0..64).map(|n| n.to_string()).collect();
        for n in 0..40_000_u32 {
            (0..64).for_each(|at| whole.cell(at, Some(&n.to_le_bytes())));
            whole.take(1, names.iter().map(String::as_str));
        }
        let kept = whole.of(&[0]);
        assert_eq!(kept.len(), CELLS / 64);
    }

    #[test]
    fn a_column_with_several_cells_a_row_is_not_compared() {
        let mut rows = HashedRows::default();
        rows.cell(0, Some(b"x"));
        rows.cell(1, Some(b"y"));
        rows.cell(1, Some(b"z"));
        rows.take(1, ["a", "b"].into_iter());
        assert!(rows.is_even(0) && !rows.is_even(1));
    }
}
