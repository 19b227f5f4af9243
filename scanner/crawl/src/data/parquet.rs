//! Parquet: the footer, and rows spread over the row groups.

use std::sync::Arc;

use aedile_model::GapKind;
use aedile_rules::Rules;
use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::file::reader::ChunkReader;
use rayon::prelude::*;

use super::random::{Random, careful, open};
use super::table::{COLUMNS, Table};
use crate::Limits;

/// Stretches of rows that a sample is made of.
const STRETCHES: u64 = 16;

/// How much larger a column may be than its bytes on disk; a greater claim is taken for a bomb.
/// Dictionary and run-length encodings reach some thousands on constant columns.
const EXPANSION: i64 = 1 << 16;

/// Rows that are decoded at a time. Batches of a sample are small so that the limit on bytes is met closely even where rows
/// are long.
const SAMPLED: usize = 256;
const ALL: usize = 2048;

/// Bytes that a batch may take once decoded; fewer rows are decoded at a time where they would take more.
const BATCH: i64 = 8 << 20;

/// The table in `bytes`, with a gap in it if they do not parse.
pub(super) fn read(bytes: &Random, limits: &Limits, rules: &Rules) -> Table {
    let read = careful(|| match bytes {
        Random::Disk(path) => try_read(&|| open(path).map_err(|_| Fault::Damaged), limits, rules),
        Random::Held(bytes) => try_read(&|| Ok(bytes.clone()), limits, rules),
    });
    let (gap, why) = match read {
        Some(Ok(table)) => return table,
        Some(Err(Fault::Bomb)) => (GapKind::Limit, "the Parquet file claims to expand beyond all measure; not read"),
        Some(Err(Fault::Damaged)) | None => (GapKind::Unparsed, "the Parquet file is damaged or encrypted"),
    };
    Table::unread("parquet", gap, why)
}

#[derive(Debug)]
enum Fault {
    Damaged,
    Bomb,
}

fn try_read<R: ChunkReader + 'static>(
    open: &(dyn Fn() -> Result<R, Fault> + Sync),
    limits: &Limits,
    rules: &Rules,
) -> Result<Table, Fault> {
    let loaded = ArrowReaderMetadata::load(&open()?, ArrowReaderOptions::new()).map_err(|_| Fault::Damaged)?;
    let metadata = Arc::clone(loaded.metadata());
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    if chunks.into_iter().any(|chunk| chunk.uncompressed_size() / EXPANSION > chunk.compressed_size().max(1)) {
        return Err(Fault::Bomb);
    }
    let rows = metadata.row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0));
    let total = rows.fold(0, u64::saturating_add);
    let schema = metadata.file_metadata().schema_descr();
    let leaves = schema.num_columns();
    let mask = match leaves > COLUMNS {
        true => ProjectionMask::leaves(schema, 0..COLUMNS),
        false => ProjectionMask::all(),
    };
    let mut table = empty(&loaded, rules);
    table.rows_total = Some(total);
    if leaves > COLUMNS {
        table.gap(GapKind::Limit, format!("{} of {leaves} columns were not read", leaves - COLUMNS));
    }
    let source = Source { open, loaded, mask, rules };
    match limits.dataset_rows {
        usize::MAX => source.all(&mut table),
        wanted => source.sample((wanted as u64).min(total), total, limits.dataset_bytes, &mut table)?,
    }
    Ok(table)
}

/// The table without rows, with its columns in their order.
fn empty(loaded: &ArrowReaderMetadata, rules: &Rules) -> Table {
    let mut table = Table::new("parquet");
    super::arrow::observe(&RecordBatch::new_empty(Arc::clone(loaded.schema())), &mut table, rules);
    table
}

/// A file that can be opened again and again.
struct Source<'a, R> {
    open: &'a (dyn Fn() -> Result<R, Fault> + Sync),
    loaded: ArrowReaderMetadata,
    mask: ProjectionMask,
    rules: &'a Rules,
}

impl<R: ChunkReader + 'static> Source<'_, R> {
    fn builder(&self) -> Result<ParquetRecordBatchReaderBuilder<R>, Fault> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata((self.open)()?, self.loaded.clone());
        Ok(builder.with_projection(self.mask.clone()))
    }

    /// Every row, row groups side by side. A group that cannot be read costs its own rows only.
    fn all(&self, table: &mut Table) {
        let groups: Vec<Table> = (0..self.loaded.metadata().num_row_groups())
            .into_par_iter()
            .fold(
                || Table::new("parquet"),
                |mut table, at| {
                    let rows = self.rows_of(at);
                    let before = table.rows_read;
                    let whole = careful(|| self.group(at, &mut table)).unwrap_or(Err(Fault::Damaged));
                    let read = table.rows_read - before;
                    if whole.is_err() || read != rows {
                        table.gap(
                            GapKind::Unparsed,
                            format!(
                                "row group {} of the Parquet file is damaged: {read} of its {rows} rows were read",
                                at + 1
                            ),
                        );
                    }
                    table
                },
            )
            .collect();
        groups.into_iter().for_each(|group| table.merge(group));
        table.gaps.sort();
    }

    fn rows_of(&self, group: usize) -> u64 {
        self.loaded.metadata().row_groups().get(group).map_or(0, |group| u64::try_from(group.num_rows()).unwrap_or(0))
    }

    fn group(&self, at: usize, table: &mut Table) -> Result<(), Fault> {
        let bytes = self.loaded.metadata().row_groups().get(at).map_or(0, |group| group.total_byte_size());
        let rows = i64::try_from(self.rows_of(at)).unwrap_or(i64::MAX).max(1);
        let fitting = usize::try_from(BATCH / (bytes / rows).max(1)).unwrap_or(ALL).clamp(1, ALL);
        let builder = self.builder()?.with_row_groups(vec![at]).with_batch_size(fitting);
        for batch in builder.build().map_err(|_| Fault::Damaged)? {
            super::arrow::observe(&batch.map_err(|_| Fault::Damaged)?, table, self.rules);
        }
        Ok(())
    }

    /// `wanted` of the `total` rows, spread over them.
    fn sample(&self, wanted: u64, total: u64, most: u64, table: &mut Table) -> Result<(), Fault> {
        let builder = self.builder()?.with_batch_size(SAMPLED).with_row_selection(spread(total, wanted));
        let mut bytes = 0_u64;
        for batch in builder.build().map_err(|_| Fault::Damaged)? {
            let Ok(batch) = batch else {
                let why = format!("the Parquet file cannot be read beyond {} sampled rows", table.rows_read);
                table.gap(GapKind::Unparsed, why);
                break;
            };
            bytes = bytes.saturating_add(batch.get_array_memory_size() as u64);
            super::arrow::observe(&batch, table, self.rules);
            if bytes > most {
                let read = table.rows_read;
                table.gap(GapKind::Limit, format!("sampled {read} of {wanted} rows: they have more than {most} bytes"));
                break;
            }
        }
        Ok(())
    }
}

/// `wanted` of `total` rows in evenly spread stretches, the first at the beginning, the last at the end.
fn spread(total: u64, wanted: u64) -> RowSelection {
    let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
    if wanted >= total {
        return RowSelection::from(vec![RowSelector::select(size(total))]);
    }
    let stretches = STRETCHES.min(wanted).max(1);
    let mut selectors = Vec::new();
    let mut at = 0;
    for nth in 0..stretches {
        let length = wanted / stretches + u64::from(nth < wanted % stretches);
        let start = (u128::from(total - length) * u128::from(nth) / u128::from((stretches - 1).max(1))) as u64;
        let start = start.max(at);
        let length = length.min(total.saturating_sub(start));
        selectors.push(RowSelector::skip(size(start - at)));
        selectors.push(RowSelector::select(size(length)));
        at = start + length;
    }
    RowSelection::from(selectors)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use arrow::array::{ArrayRef, Int64Array};
    use bytes::Bytes;
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::super::RULES;
    use super::*;

    const FULL: Limits = Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..LIMITS };
    const LIMITS: Limits = Limits {
        text_bytes: 8 << 20,
        total_bytes: 1 << 30,
        files: 10,
        depth: 10,
        dataset_rows: 10_000,
        dataset_bytes: 64 << 20,
        dataset_seed: 1,
        nesting: 128,
    };

    fn on_disk(path: &std::path::Path, limits: &Limits) -> Table {
        read(&Random::Disk(path.into()), limits, &RULES)
    }

    fn write(batch: &RecordBatch, group: usize) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
        let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), Some(properties)).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
        file
    }

    fn numbers(count: i64) -> RecordBatch {
        RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from_iter_values(0..count)) as ArrayRef)]).unwrap()
    }

    #[test]
    fn bytes_in_memory_are_read_as_those_on_disk() {
        let file = write(&numbers(1_000), 100);
        let held = Random::Held(fs::read(file.path()).unwrap().into());
        let held = read(&held, &LIMITS, &RULES);
        assert_eq!((held.rows_read, held.column("n").total()), (1_000, 1_000));
    }

    #[test]
    fn rows_are_spread_over_the_row_groups() {
        let file = write(&numbers(10_000), 1_000);
        let table = on_disk(file.path(), &Limits { dataset_rows: 100, ..LIMITS });
        assert_eq!((table.rows_read, table.rows_total), (100, Some(10_000)));
        let n = table.column("n");
        assert_eq!((n.total(), n.distinct(), n.lengths()), (100, 100, Some((1, 4))));
    }

    #[test]
    fn all_rows_are_all_groups_and_the_same_as_a_sample_of_all() {
        let file = write(&numbers(9_999), 500);
        let all = on_disk(file.path(), &FULL);
        assert_eq!((all.rows_read, all.rows_total, all.gaps.len()), (9_999, Some(9_999), 0));
        assert_eq!(all.columns(), on_disk(file.path(), &LIMITS).columns());
    }

    #[test]
    fn a_file_without_rows_keeps_its_columns() {
        let file = write(&numbers(0), 10);
        for limits in [LIMITS, FULL] {
            let table = on_disk(file.path(), &limits);
            assert_eq!((table.rows_read, table.rows_total, table.columns().len()), (0, Some(0), 1));
        }
    }

    #[test]
    fn a_corrupt_row_group_costs_its_own_rows() {
        let file = write(&numbers(5_000), 1_000);
        let mut bytes = fs::read(file.path()).unwrap();
        let loaded = ArrowReaderMetadata::load(&Bytes::from(bytes.clone()), ArrowReaderOptions::new()).unwrap();
        let (start, length) = loaded.metadata().row_group(2).column(0).byte_range();
        let (start, length) = (usize::try_from(start).unwrap(), usize::try_from(length).unwrap());
        bytes[start..start + length].fill(0xff);
        fs::write(file.path(), &bytes).unwrap();
        let table = on_disk(file.path(), &FULL);
        assert_eq!((table.rows_read, table.column("n").total()), (4_000, 4_000));
        assert_eq!(table.gaps.len(), 1);
        assert!(table.gaps[0].1.contains("row group 3"), "{:?}", table.gaps);
    }

    #[test]
    fn a_damaged_file_is_a_gap() {
        let file = write(&numbers(5_000), 500);
        let bytes = fs::read(file.path()).unwrap();
        for cut in [3, 4, 100, bytes.len() - 1] {
            fs::write(file.path(), &bytes[..cut]).unwrap();
            assert_eq!(on_disk(file.path(), &LIMITS).gaps.len(), 1);
        }
        for at in (4..bytes.len()).step_by(97) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0xff;
            fs::write(file.path(), &bytes).unwrap();
            on_disk(file.path(), &LIMITS);
            on_disk(file.path(), &FULL);
        }
    }
}
