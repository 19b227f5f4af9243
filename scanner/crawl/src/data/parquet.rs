//! Parquet: the footer, and rows spread over the row groups.

use std::sync::Arc;

use aedile_model::GapKind;
use aedile_rules::Rules;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
    RowSelector,
};
use parquet::basic::{ConvertedType, Encoding};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use rayon::prelude::*;

use super::arrow::{Batches, Tables, size};
use super::random::{Random, careful, open};
use super::sample::SplitMix;
use super::table::{COLUMNS, Table};
use crate::Limits;

mod form;
#[cfg(test)]
mod hostile;
mod sound;
mod thrift;

/// Stretches of rows that a sample is made of.
const STRETCHES: u64 = 16;

/// How much larger a column may be than its bytes on disk; a greater claim is taken for a bomb.
/// Dictionary and run-length encodings reach some thousands on constant columns.
const EXPANSION: i64 = 1 << 16;

/// Cells that a file may claim, and how many more for each of its bytes: runs and levels take next to nothing for a cell.
const CELLS: u64 = 1 << 28;
const CELLS_A_BYTE: u64 = 1 << 12;

/// Rows that are decoded at a time. Batches of a sample are small so that the limit on bytes is met closely even where rows
/// are long.
const SAMPLED: usize = 256;
const ALL: usize = 8192;

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
    let file = open()?;
    sound::footer(&file)?;
    let loaded = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new().with_encoding_stats_as_mask(true))
        .map_err(|_| Fault::Damaged)?;
    let metadata = Arc::clone(loaded.metadata());
    if metadata.row_groups().iter().any(|group| group.num_rows() < 0) {
        return Err(Fault::Damaged);
    }
    let mut chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    let bomb = chunks.any(|chunk| chunk.uncompressed_size() / EXPANSION > chunk.compressed_size().max(1));
    if bomb || cells(&metadata) > CELLS.saturating_add(file.len().saturating_mul(CELLS_A_BYTE)) {
        return Err(Fault::Bomb);
    }
    let rows = metadata.row_groups().iter().map(rows_of);
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
    let once = apart(&metadata, file.len());
    let source = Source { open, loaded, mask, once, rules };
    match limits.dataset_rows {
        usize::MAX => source.all(&mut table),
        wanted => source.sample((wanted as u64).min(total), total, limits, &mut table)?,
    }
    Ok(table)
}

/// Rows of a row group.
fn rows_of(group: &RowGroupMetaData) -> u64 {
    u64::try_from(group.num_rows()).unwrap_or(0)
}

/// Cells that the row groups claim to have.
fn cells(metadata: &ParquetMetaData) -> u64 {
    metadata.row_groups().iter().fold(0, |sum: u64, group| {
        let rows = rows_of(group);
        let values = group.columns().iter().map(|chunk| u64::try_from(chunk.num_values()).unwrap_or(0).max(rows));
        sum.saturating_add(values.fold(rows, u64::saturating_add))
    })
}

/// The table without rows, with its columns in their order.
fn empty(loaded: &ArrowReaderMetadata, rules: &Rules) -> Table {
    let mut batches = Batches::new(Table::new("parquet"), rules);
    batches.observe(&RecordBatch::new_empty(Arc::clone(loaded.schema())));
    batches.into_table()
}

/// A file that can be opened again and again.
struct Source<'a, R> {
    open: &'a (dyn Fn() -> Result<R, Fault> + Sync),
    loaded: ArrowReaderMetadata,
    mask: ProjectionMask,
    /// Of each row group, whether its bytes are in the file and not claimed by groups before it.
    once: Vec<bool>,
    rules: &'a Rules,
}

impl<R: ChunkReader + 'static> Source<'_, R> {
    fn builder(&self, loaded: ArrowReaderMetadata) -> Result<ParquetRecordBatchReaderBuilder<R>, Fault> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata((self.open)()?, loaded);
        Ok(builder.with_projection(self.mask.clone()))
    }

    /// The metadata by which columns of text stay dictionaries where the row group `at` holds nothing else of them, for each value
    /// is then looked at once, and others stay where their page was unpacked. `None` if there are no such columns.
    fn hinted(&self, at: usize) -> Option<ArrowReaderMetadata> {
        let metadata = self.loaded.metadata();
        let (schema, group) = (metadata.file_metadata().schema_descr(), metadata.row_groups().get(at)?);
        let mut fields: Vec<FieldRef> = self.loaded.schema().fields().iter().cloned().collect();
        let mut any = false;
        for (leaf, chunk) in group.columns().iter().enumerate() {
            let column = chunk.column_descr();
            let whole = column.path().parts().len() == 1 && column.converted_type() == ConvertedType::UTF8;
            if let Some(field) = fields.get_mut(schema.get_column_root_idx(leaf))
                && whole
                && matches!(field.data_type(), DataType::Utf8 | DataType::LargeUtf8)
            {
                let kind = match is_dictionary(chunk) {
                    true => DataType::Dictionary(Box::new(DataType::Int32), Box::new(field.data_type().clone())),
                    false => DataType::Utf8View,
                };
                *field = Arc::new(field.as_ref().clone().with_data_type(kind));
                any = true;
            }
        }
        let hint = Arc::new(Schema::new(fields));
        let options = ArrowReaderOptions::new().with_schema(hint);
        any.then(|| ArrowReaderMetadata::try_new(Arc::clone(metadata), options).ok()).flatten()
    }

    /// Every row, row groups side by side and their batches too. A group that cannot be read costs its own rows only.
    fn all(&self, table: &mut Table) {
        let tables = Tables::new("parquet", self.rules);
        let groups = (0..self.loaded.metadata().num_row_groups()).into_par_iter();
        let gaps = groups.filter_map(|at| {
            let (read, rows) = (self.group(at, &tables).unwrap_or(0), self.rows_of(at));
            (read != rows).then(|| (GapKind::Unparsed, damaged(at, read, rows)))
        });
        table.gaps.extend(gaps.collect::<Vec<_>>());
        tables.add_to(table);
        table.gaps.sort();
    }

    fn rows_of(&self, group: usize) -> u64 {
        self.loaded.metadata().row_groups().get(group).map_or(0, rows_of)
    }

    /// Whether the row group `at` can be decoded in bounds: the headers of all pages that will be read are walked.
    fn sound(&self, file: &R, at: usize) -> bool {
        let group = self.loaded.metadata().row_groups().get(at);
        let Some(group) = group.filter(|_| self.once.get(at) == Some(&true)) else { return false };
        let mut read = group.columns().iter().enumerate().filter(|(leaf, _)| self.mask.leaf_included(*leaf));
        read.all(|(_, chunk)| sound::pages(file, chunk, rows_of(group)))
    }

    /// Looks at the row group `at`; gives how many rows could be read, `None` if none.
    fn group(&self, at: usize, tables: &Tables<'_>) -> Option<u64> {
        let batches = careful(|| self.batches(at))?.ok()?;
        Some(tables.count(batches).rows)
    }

    /// The batches of the row group `at`.
    fn batches(&self, at: usize) -> Result<ParquetRecordBatchReader, Fault> {
        if !self.sound(&(self.open)()?, at) {
            return Err(Fault::Damaged);
        }
        let bytes = self.loaded.metadata().row_groups().get(at).map_or(0, |group| group.total_byte_size());
        let rows = i64::try_from(self.rows_of(at)).unwrap_or(i64::MAX).max(1);
        let fitting = usize::try_from(BATCH / (bytes / rows).max(1)).unwrap_or(ALL).clamp(1, ALL);
        let hinted = self.hinted(at).unwrap_or_else(|| self.loaded.clone());
        let builder = self.builder(hinted)?.with_row_groups(vec![at]).with_batch_size(fitting);
        builder.build().map_err(|_| Fault::Damaged)
    }

    /// `wanted` of the `total` rows, spread over them.
    fn sample(&self, wanted: u64, total: u64, limits: &Limits, table: &mut Table) -> Result<(), Fault> {
        let most = limits.dataset_bytes;
        let rows = spread(total, wanted, limits.dataset_seed);
        let file = (self.open)()?;
        let (groups, rows) = self.touched(&rows, |at, chosen| {
            let sound = careful(|| self.sound(&file, at)).unwrap_or(false);
            if !sound {
                let why = format!(
                    "row group {} of the Parquet file is damaged: none of its {chosen} sampled rows were read",
                    at + 1
                );
                table.gap(GapKind::Unparsed, why);
            }
            sound
        });
        let builder = self.builder(self.loaded.clone())?.with_batch_size(SAMPLED);
        let builder = builder.with_row_groups(groups).with_row_selection(rows);
        let (mut bytes, mut gap) = (0_u64, None);
        let reader = builder.build().map_err(|_| Fault::Damaged)?;
        let mut batches = Batches::new(std::mem::take(table), self.rules);
        for batch in reader {
            let Ok(batch) = batch else {
                let why = format!("the Parquet file cannot be read beyond {} sampled rows", batches.rows_read());
                gap = Some((GapKind::Unparsed, why));
                break;
            };
            bytes = bytes.saturating_add(size(&batch) as u64);
            batches.observe(&batch);
            if bytes > most {
                let read = batches.rows_read();
                let why = format!("sampled {read} of {wanted} rows: they have more than {most} bytes");
                gap = Some((GapKind::Limit, why));
                break;
            }
        }
        *table = batches.into_table();
        table.gaps.extend(gap);
        Ok(())
    }

    /// The row groups that have some of `rows` and that `keep` lets be, given their place and how many of the rows they have;
    /// and which rows of theirs those are.
    fn touched(&self, rows: &RowSelection, mut keep: impl FnMut(usize, usize) -> bool) -> (Vec<usize>, RowSelection) {
        let (mut groups, mut kept) = (Vec::new(), Vec::new());
        let mut left = rows.clone();
        for at in 0..self.loaded.metadata().num_row_groups() {
            let own = left.split_off(usize::try_from(self.rows_of(at)).unwrap_or(usize::MAX));
            let chosen = own.row_count();
            if chosen > 0 && keep(at, chosen) {
                groups.push(at);
                kept.extend(padded(own, self.rows_of(at)));
            }
        }
        (groups, RowSelection::from(kept))
    }
}

/// `rows` with the rest of the `total` passed over.
fn padded(rows: RowSelection, total: u64) -> Vec<RowSelector> {
    let mut rows: Vec<RowSelector> = rows.into();
    let covered: usize = rows.iter().map(|rows| rows.row_count).sum();
    rows.push(RowSelector::skip(usize::try_from(total).unwrap_or(usize::MAX).saturating_sub(covered)));
    rows
}

fn damaged(group: usize, read: u64, rows: u64) -> String {
    format!("row group {} of the Parquet file is damaged: {read} of its {rows} rows were read", group + 1)
}

/// Of each row group, whether it lies in a file of `length` bytes beside the groups before it. Groups that share bytes would
/// have them decoded again and again.
fn apart(metadata: &ParquetMetaData, length: u64) -> Vec<bool> {
    let mut left = length;
    let claims = metadata.row_groups().iter().map(|group| {
        let sizes = group.columns().iter().map(|chunk| u64::try_from(chunk.compressed_size()).unwrap_or(0));
        sizes.fold(0, u64::saturating_add)
    });
    let fits = |claimed: u64| left.checked_sub(claimed).map(|rest| left = rest).is_some();
    claims.map(fits).collect()
}

/// Whether all data of a column in a row group is written as places in a dictionary.
fn is_dictionary(chunk: &ColumnChunkMetaData) -> bool {
    chunk.dictionary_page_offset().is_some()
        && chunk
            .page_encoding_stats_mask()
            .is_some_and(|mask| mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY))
}

/// `wanted` of `total` rows in stretches, one in each of as many equal parts of the file: the first at its beginning, the
/// others where `seed` says.
fn spread(total: u64, wanted: u64, seed: u64) -> RowSelection {
    let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
    if wanted >= total {
        return RowSelection::from(vec![RowSelector::select(size(total))]);
    }
    let stretches = STRETCHES.min(wanted).max(1);
    let part = |of: u64, nth: u64| (u128::from(of) * u128::from(nth) / u128::from(stretches)) as u64;
    let mut random = SplitMix(seed);
    let mut selectors = Vec::new();
    let (mut at, mut left) = (0, wanted);
    for nth in 0..stretches {
        let length = part(wanted, nth + 1) - part(wanted, nth);
        let room = (part(total, nth + 1) - part(total, nth)).saturating_sub(length);
        let offset = if nth == 0 { 0 } else { random.next() % (room + 1) };
        // Never so late that what is left does not fit behind.
        let start = (part(total, nth) + offset).min(total - left).max(at);
        selectors.push(RowSelector::skip(size(start - at)));
        selectors.push(RowSelector::select(size(length)));
        at = start + length;
        left -= length;
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
    fn a_seed_chooses_the_rows_and_all_parts_of_the_file_have_some() {
        let file = write(&numbers(10_000), 1_000);
        let of = |seed| on_disk(file.path(), &Limits { dataset_rows: 160, dataset_seed: seed, ..LIMITS });
        let (one, again, other) = (of(1), of(1), of(2));
        assert_eq!(one.columns(), again.columns());
        assert_ne!(one.columns(), other.columns());
        for (total, wanted) in [(10_000, 160), (17, 16), (31, 30), (5, 3), (1_000_003, 10_000), (10_001, 10_000)] {
            for seed in 0..20 {
                let rows: Vec<RowSelector> = spread(total, wanted, seed).into();
                let taken: usize = rows.iter().filter(|rows| !rows.skip).map(|rows| rows.row_count).sum();
                let end: usize = rows.iter().map(|rows| rows.row_count).sum();
                assert_eq!(taken as u64, wanted, "{total} {wanted} {seed}");
                assert!(end as u64 <= total && end as u64 > total / 16 * 15, "{total} {wanted} {seed}");
            }
        }
    }

    #[test]
    fn dictionaries_count_as_their_cells() {
        let cells: Vec<Option<String>> =
            (0..9_000_u64).map(|n| (n % 7 > 0).then(|| format!("user{}@mailbox.org", n * n % 500))).collect();
        let column = Arc::new(arrow::array::StringArray::from(cells)) as ArrayRef;
        let batch = RecordBatch::try_from_iter([("email", column)]).unwrap();
        let table = |dictionary: bool| {
            let file = tempfile::NamedTempFile::new().unwrap();
            let properties = WriterProperties::builder()
                .set_max_row_group_row_count(Some(2_000))
                .set_dictionary_enabled(dictionary)
                .build();
            let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let options = ArrowReaderOptions::new().with_encoding_stats_as_mask(true);
            let loaded = ArrowReaderMetadata::load(&file.reopen().unwrap(), options).unwrap();
            assert_eq!(is_dictionary(loaded.metadata().row_group(0).column(0)), dictionary);
            on_disk(file.path(), &FULL)
        };
        assert_eq!(table(true).columns(), table(false).columns());
    }

    /// Groups and batches are shared out otherwise on every number of threads, and dictionaries are closed at other batches.
    #[test]
    fn any_number_of_threads_reads_the_same() {
        let rows = 60_000_u64;
        let repeated: ArrayRef = Arc::new(arrow::array::StringArray::from_iter_values(
            (0..rows).map(|n| format!("u{}@a.org", n * n % 5_000)),
        ));
        let other: ArrayRef =
            Arc::new(arrow::array::StringArray::from_iter_values((0..rows).map(|n| format!("+49 30 {}", n * 7_919))));
        let number: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|n| n % 97)));
        let columns = [("email", repeated), ("phone", other), ("age", number)];
        let file = write(&RecordBatch::try_from_iter(columns).unwrap(), 20_000);
        let read = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (columns, hashed) = pool.install(|| on_disk(file.path(), &FULL)).into_columns();
            let compared = hashed.of(&[0, 1, 2]);
            let rows: Vec<(Vec<u32>, u64)> = compared.iter().map(|(cells, times)| (cells.to_vec(), times)).collect();
            assert_eq!(rows.iter().map(|(_, times)| times).sum::<u64>(), 60_000);
            (columns, rows)
        };
        let one = read(1);
        assert!([2, 5].into_iter().all(|threads| read(threads) == one));
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
