//! Batches of one dataset, looked at by as many threads as are free while further ones are decoded.

use std::iter;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use aedile_rules::Rules;
use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::super::random::careful;
use super::super::table::Table;
use super::Batches;

/// Tables that are counted into, each by one thread at a time: there are no more of them than threads that were ever at work at once,
/// for bringing them together costs more than one that goes on.
pub(in super::super) struct Tables<'r> {
    format: &'static str,
    rules: &'r Rules,
    free: Mutex<Vec<Table>>,
}

/// What was read of some batches.
#[derive(Debug)]
pub(in super::super) struct Read<E> {
    pub(in super::super) rows: u64,
    /// Why no more were read: the error of the decoder, `None` if it or what it gave was not sound at all.
    pub(in super::super) end: Result<(), Option<E>>,
}

impl<'r> Tables<'r> {
    pub(in super::super) fn new(format: &'static str, rules: &'r Rules) -> Tables<'r> {
        Tables { format, rules, free: Mutex::default() }
    }

    /// Looks at all `batches` up to the first that cannot be decoded. They are decoded one after the other, each by whichever thread
    /// is free, and looked at side by side.
    pub(in super::super) fn count<E: Send>(
        &self,
        mut batches: impl Iterator<Item = Result<RecordBatch, E>> + Send,
    ) -> Read<E> {
        let (rows, sound) = (AtomicU64::new(0), AtomicBool::new(true));
        let mut end = Ok(());
        let decoded = iter::from_fn(|| match careful(|| batches.next()) {
            Some(next) => next?.map_err(|error| end = Err(Some(error))).ok(),
            None => {
                end = Err(None);
                None
            }
        });
        decoded
            .fuse()
            .par_bridge()
            .fold(
                || None,
                |held: Option<Batches<'r>>, batch| {
                    let mut held = held.unwrap_or_else(|| Batches::new(self.take(), self.rules));
                    match held.try_observe(&batch) {
                        true => rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed),
                        false => u64::from(sound.swap(false, Ordering::Relaxed)),
                    };
                    Some(held)
                },
            )
            .for_each(|held| {
                if let Some(held) = held {
                    self.give(held.into_table());
                }
            });
        let end = if sound.into_inner() { end } else { end.and(Err(None)) };
        Read { rows: rows.into_inner(), end }
    }

    fn take(&self) -> Table {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(|| Table::new(self.format))
    }

    fn give(&self, table: Table) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(table);
    }

    /// Adds everything that was counted to `table`, which has the columns in their order.
    pub(in super::super) fn add_to(self, table: &mut Table) {
        let counted = self.free.into_inner().unwrap_or_else(PoisonError::into_inner).into_par_iter();
        let all = counted.reduce_with(|mut one, other| {
            one.merge(other);
            one
        });
        all.into_iter().for_each(|all| table.merge(all));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::super::super::RULES;
    use super::*;

    fn batch(from: i64) -> RecordBatch {
        let email: ArrayRef =
            Arc::new(StringArray::from_iter_values((from..from + 100).map(|n| format!("u{n}@mailbox.org"))));
        let n: ArrayRef = Arc::new(Int64Array::from_iter_values(from..from + 100));
        RecordBatch::try_from_iter([("n", n), ("email", email)]).unwrap()
    }

    fn counted<E: Send>(
        threads: usize,
        batches: impl Iterator<Item = Result<RecordBatch, E>> + Send,
    ) -> (Table, Read<E>) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let tables = Tables::new("parquet", &RULES);
            let read = tables.count(batches);
            let mut table = Table::new("parquet");
            tables.add_to(&mut table);
            (table, read)
        })
    }

    #[test]
    fn any_number_of_threads_counts_the_same() {
        let all = |threads| counted::<()>(threads, (0..50).map(|n| Ok(batch(n * 100))));
        let (one, read) = all(1);
        assert_eq!((read.rows, read.end, one.rows_read), (5_000, Ok(()), 5_000));
        for threads in [2, 5] {
            let (many, _) = all(threads);
            assert_eq!(many.columns(), one.columns());
            let rows = |table: Table| {
                let compared = table.into_columns().1.of(&[0, 1]);
                compared.iter().map(|(cells, times)| (cells.to_vec(), times)).collect::<Vec<_>>()
            };
            assert_eq!(rows(many), rows(all(1).0));
        }
    }

    #[test]
    fn what_comes_before_a_fault_is_counted_and_nothing_behind_it() {
        for threads in [1, 3] {
            let fails = (0..9).map(|n| if n == 5 { Err("cut") } else { Ok(batch(n * 100)) });
            let (table, read) = counted(threads, fails);
            assert_eq!((table.rows_read, read.rows, read.end), (500, 500, Err(Some("cut"))));
            let panics = (0..9).map(|n| {
                assert_ne!(n, 4, "as a decoder does on hostile bytes");
                Ok::<_, ()>(batch(n * 100))
            });
            let (table, read) = counted(threads, panics);
            assert_eq!((table.rows_read, read.rows, read.end), (400, 400, Err(None)));
        }
    }
}
