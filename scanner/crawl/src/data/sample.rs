//! A bounded, spread sample of a dataset's rows, as Arrow record batches.

use std::sync::Arc;

use aedile_model::GapKind;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

/// Columns that are read of one dataset; what is beyond is a gap.
pub(super) const COLUMNS: usize = 4096;

/// What was read of a dataset: every column as text. It lives as long as the classifier looks at it.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// `csv`, `jsonl`, `parquet`, …
    pub(super) format: &'static str,
    /// All columns are nullable UTF-8. Batches may have different columns: those of one name belong together.
    pub(super) batches: Vec<RecordBatch>,
    /// Rows that were sampled.
    pub(super) rows_read: u64,
    /// Rows there are, if all of the file was seen or its footer says so.
    pub(super) rows_total: Option<u64>,
    /// Byte spans of the column names in the decoded text, in the order of the columns; empty if names stand nowhere.
    pub(super) name_spans: Vec<(usize, usize)>,
    /// What was not read.
    pub(super) gaps: Vec<(GapKind, String)>,
}

/// A batch of the named columns, all of one length; `None` if there is no column.
pub(super) fn batch(columns: Vec<(String, StringArray)>) -> Option<RecordBatch> {
    let fields: Vec<Field> = columns.iter().map(|(name, _)| Field::new(name, DataType::Utf8, true)).collect();
    let arrays: Vec<ArrayRef> = columns.into_iter().map(|(_, array)| Arc::new(array) as ArrayRef).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).ok().filter(|batch| batch.num_columns() > 0)
}

/// Keeps an evenly spread sample of what is offered: each offered item has the same chance.
///
/// Vitter, "Random Sampling with a Reservoir" (1985), algorithm R; seeded by a constant, so that the same
/// input gives the same sample.
#[derive(Debug)]
pub(super) struct Reservoir<T> {
    limit: usize,
    offered: u64,
    random: SplitMix,
    kept: Vec<(u64, T)>,
}

impl<T> Reservoir<T> {
    /// One that keeps `limit` items, at least one.
    pub(super) fn new(limit: usize) -> Reservoir<T> {
        Reservoir { limit: limit.max(1), offered: 0, random: SplitMix(0x0061_6564_696c_6531), kept: Vec::new() }
    }

    /// Offers an item, which is made only if it is kept.
    pub(super) fn offer(&mut self, make: impl FnOnce() -> T) {
        let nth = self.offered;
        self.offered += 1;
        if self.kept.len() < self.limit {
            self.kept.push((nth, make()));
            return;
        }
        let slot = usize::try_from(self.random.next() % self.offered).unwrap_or(usize::MAX);
        if let Some(slot) = self.kept.get_mut(slot) {
            *slot = (nth, make());
        }
    }

    /// How many were offered.
    pub(super) fn offered(&self) -> u64 {
        self.offered
    }

    /// What was kept, in the order of offering.
    pub(super) fn into_kept(mut self) -> Vec<T> {
        self.kept.sort_by_key(|(nth, _)| *nth);
        self.kept.into_iter().map(|(_, item)| item).collect()
    }
}

/// Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
#[derive(Debug)]
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservoir_is_spread_and_repeatable() {
        let sample = || {
            let mut reservoir = Reservoir::new(100);
            (0..10_000).for_each(|n| reservoir.offer(|| n));
            reservoir.into_kept()
        };
        let kept = sample();
        assert_eq!(kept, sample());
        assert_eq!(kept.len(), 100);
        assert!(kept.is_sorted());
        let late = kept.iter().filter(|&&n| n >= 5_000).count();
        assert!((30..=70).contains(&late), "{late} of 100 from the second half");
    }

    #[test]
    fn a_reservoir_keeps_everything_it_has_room_for() {
        let mut reservoir = Reservoir::new(10);
        (0..7).for_each(|n| reservoir.offer(|| n));
        assert_eq!((reservoir.offered(), reservoir.into_kept().len()), (7, 7));
    }
}
