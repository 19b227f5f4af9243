//! Parquet: the footer, and rows spread over the row groups.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use aedile_model::GapKind;
use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, LargeListArray, ListArray, MapArray, RecordBatch, StringArray, StringBuilder,
    StructArray,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};
use parquet::file::reader::ChunkReader;

use super::sample::{COLUMNS, Sample, batch};
use crate::{Content, Limits};

/// Stretches of rows that a sample is made of.
const STRETCHES: u64 = 16;

/// How much larger a column may be than its bytes on disk; a greater claim is taken for a bomb.
/// Dictionary and run-length encodings reach some thousands on constant columns.
const EXPANSION: i64 = 1 << 16;

/// A sample of the file with that content, with a gap in it if the file does not parse.
pub(super) fn read(content: &Content, limits: &Limits) -> Sample {
    // The file is hostile and its decoder is not ours: should it panic on a corrupt page, that is a file that
    // does not parse and not the end of the crawl. Nothing of the decoder outlives the call.
    let read = catch_unwind(AssertUnwindSafe(|| match content {
        Content::Disk(path) => try_read(&|| fs::File::open(path).map_err(|_| Fault::Damaged), limits),
        Content::Held(bytes) => try_read(&|| Ok(Bytes::from_owner(Arc::clone(bytes))), limits),
        Content::Missing(_) => Err(Fault::Damaged),
    }));
    let gap =
        |message: String| Sample { format: "parquet", gaps: vec![(GapKind::Unparsed, message)], ..Sample::default() };
    match read {
        Ok(Ok(sample)) => sample,
        Ok(Err(Fault::Damaged)) => gap("the Parquet file is damaged or encrypted".to_owned()),
        Ok(Err(Fault::Bomb)) => Sample {
            format: "parquet",
            gaps: vec![(GapKind::Limit, "the Parquet file claims to expand beyond all measure; not read".to_owned())],
            ..Sample::default()
        },
        Err(_) => gap("the Parquet file is damaged beyond what the decoder bears".to_owned()),
    }
}

enum Fault {
    Damaged,
    Bomb,
}

fn try_read<R: ChunkReader + 'static>(open: &dyn Fn() -> Result<R, Fault>, limits: &Limits) -> Result<Sample, Fault> {
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(open()?).map_err(|_| Fault::Damaged)?;
    let metadata = Arc::clone(builder.metadata());
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    if chunks.into_iter().any(|chunk| chunk.uncompressed_size() / EXPANSION > chunk.compressed_size().max(1)) {
        return Err(Fault::Bomb);
    }
    let total = metadata
        .row_groups()
        .iter()
        .map(|group| u64::try_from(group.num_rows()).unwrap_or(0))
        .fold(0, u64::saturating_add);
    let mut sample = Sample { format: "parquet", rows_total: Some(total), ..Sample::default() };

    let leaves = metadata.file_metadata().schema_descr().num_columns();
    if leaves > COLUMNS {
        sample.gaps.push((GapKind::Limit, format!("{} of {leaves} columns were not read", leaves - COLUMNS)));
        let mask = ProjectionMask::leaves(metadata.file_metadata().schema_descr(), 0..COLUMNS);
        builder = builder.with_projection(mask);
    }
    let wanted = (limits.dataset_rows as u64).min(total);
    // Batches are small so that the limit on bytes is met closely even where rows are long.
    let mut reader =
        builder.with_batch_size(256).with_row_selection(spread(total, wanted)).build().map_err(|_| Fault::Damaged)?;
    let mut bytes = 0_u64;
    let names = reader.next();
    for read in names.into_iter().chain(reader) {
        let Ok(read) = read else {
            sample.gaps.push((
                GapKind::Unparsed,
                format!("the Parquet file cannot be read beyond {} sampled rows", sample.rows_read),
            ));
            break;
        };
        bytes = bytes.saturating_add(read.get_array_memory_size() as u64);
        sample.rows_read += read.num_rows() as u64;
        push_text(&read, &mut sample);
        if bytes > limits.dataset_bytes {
            sample.gaps.push((
                GapKind::Limit,
                format!(
                    "sampled {} of {wanted} rows: they have more than {} bytes",
                    sample.rows_read, limits.dataset_bytes
                ),
            ));
            break;
        }
    }
    if sample.batches.is_empty() {
        let empty = RecordBatch::new_empty(schema(open()?)?);
        push_text(&empty, &mut sample);
    }
    Ok(sample)
}

fn schema<R: ChunkReader + 'static>(file: R) -> Result<arrow::datatypes::SchemaRef, Fault> {
    Ok(Arc::clone(ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| Fault::Damaged)?.schema()))
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

/// Adds every leaf of `read` as text: members of structures by dotted name, items of lists below one another.
fn push_text(read: &RecordBatch, sample: &mut Sample) {
    let mut flat = Vec::new();
    for (field, column) in read.schema().fields().iter().zip(read.columns()) {
        leaves(super::column_name(field.name()), column, 16, &mut flat);
    }
    // Items of lists make columns of other lengths: each length is a batch.
    flat.sort_by_key(|(_, column)| column.len());
    let mut rest = flat.into_iter().peekable();
    while let Some(first) = rest.next() {
        let length = first.1.len();
        let mut columns = vec![first];
        while let Some(next) = rest.next_if(|(_, column)| column.len() == length) {
            columns.push(next);
        }
        sample.batches.extend(batch(columns));
    }
}

fn leaves(name: String, column: &ArrayRef, depth: usize, flat: &mut Vec<(String, StringArray)>) {
    let any = column.as_any();
    if depth > 0 {
        if let Some(members) = any.downcast_ref::<StructArray>() {
            for (field, member) in members.fields().iter().zip(members.columns()) {
                leaves(format!("{name}.{}", super::column_name(field.name())), member, depth - 1, flat);
            }
            return;
        }
        let items = any
            .downcast_ref::<ListArray>()
            .map(|list| list.values())
            .or_else(|| any.downcast_ref::<LargeListArray>().map(|list| list.values()))
            .or_else(|| any.downcast_ref::<FixedSizeListArray>().map(|list| list.values()));
        if let Some(items) = items {
            return leaves(name, items, depth - 1, flat);
        }
        if let Some(map) = any.downcast_ref::<MapArray>() {
            leaves(format!("{name}.key"), map.keys(), depth - 1, flat);
            return leaves(format!("{name}.value"), map.values(), depth - 1, flat);
        }
    }
    flat.push((name, texts(column)));
}

/// The cells as text; one that cannot be shown is null.
fn texts(column: &ArrayRef) -> StringArray {
    let mut builder = StringBuilder::new();
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options);
    for row in 0..column.len() {
        let text = formatter
            .as_ref()
            .ok()
            .filter(|_| column.is_valid(row))
            .and_then(|formatter| formatter.value(row).try_to_string().ok());
        builder.append_option(text);
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, ListBuilder};
    use arrow::datatypes::{DataType, Field};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;

    fn on_disk(path: &std::path::Path, limits: &Limits) -> Sample {
        read(&Content::Disk(path.into()), limits)
    }

    #[test]
    fn bytes_in_memory_are_read_as_those_on_disk() {
        let file = write(&numbers(1_000), 100);
        let held = read(&Content::Held(fs::read(file.path()).unwrap().into()), &Limits::default());
        assert_eq!((held.rows_read, cells(&held, "n").len()), (1_000, 1_000));
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

    fn cells(sample: &Sample, name: &str) -> Vec<Option<String>> {
        let columns = sample.batches.iter().filter_map(|batch| batch.column_by_name(name));
        let cells = columns.flat_map(|column| column.as_any().downcast_ref::<StringArray>().unwrap().iter());
        cells.map(|cell| cell.map(str::to_owned)).collect()
    }

    #[test]
    fn rows_are_spread_over_the_row_groups() {
        let file = write(&numbers(10_000), 1_000);
        let sample = on_disk(file.path(), &Limits { dataset_rows: 100, ..Limits::default() });
        assert_eq!((sample.rows_read, sample.rows_total), (100, Some(10_000)));
        let numbers: Vec<u64> = cells(&sample, "n").into_iter().map(|cell| cell.unwrap().parse().unwrap()).collect();
        assert_eq!((numbers[0], numbers[99]), (0, 9_999));
        assert!(numbers.iter().filter(|&&n| n > 5_000).count() > 30);
    }

    #[test]
    fn structures_and_lists_are_flattened() {
        let mut list = ListBuilder::new(StringBuilder::new());
        list.append_value([Some("x"), Some("y")]);
        list.append_value([Some("z")]);
        let inner: ArrayRef = Arc::new(StringArray::from(vec![Some("Ann"), None]));
        let member = StructArray::from(vec![(Arc::new(Field::new("name", DataType::Utf8, true)), inner)]);
        let columns = [("tags", Arc::new(list.finish()) as ArrayRef), ("who", Arc::new(member) as ArrayRef)];
        let file = write(&RecordBatch::try_from_iter(columns).unwrap(), 10);
        let sample = on_disk(file.path(), &Limits::default());
        assert_eq!(cells(&sample, "who.name"), [Some("Ann".into()), None]);
        assert_eq!(cells(&sample, "tags").len(), 3);
        assert_eq!(sample.rows_read, 2);
    }

    #[test]
    fn a_file_without_rows_keeps_its_columns() {
        let file = write(&numbers(0), 10);
        let sample = on_disk(file.path(), &Limits::default());
        assert_eq!((sample.rows_read, sample.rows_total, sample.batches.len()), (0, Some(0), 1));
    }

    #[test]
    fn a_damaged_file_is_a_gap() {
        let file = write(&numbers(5_000), 500);
        let bytes = fs::read(file.path()).unwrap();
        for cut in [3, 4, 100, bytes.len() - 1] {
            fs::write(file.path(), &bytes[..cut]).unwrap();
            assert_eq!(on_disk(file.path(), &Limits::default()).gaps.len(), 1);
        }
        for at in (4..bytes.len()).step_by(97) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0xff;
            fs::write(file.path(), &bytes).unwrap();
            on_disk(file.path(), &Limits::default());
        }
    }
}
