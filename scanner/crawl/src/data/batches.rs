//! Arrow files, Avro and ORC: decoders that give record batches one after the other.

mod avro;
mod bound;
mod ipc;
mod orc;
mod proto;
mod runs;

#[cfg(test)]
mod bombs;

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use aedile_model::GapKind;
use aedile_rules::Rules;
use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow_avro::reader::ReaderBuilder;
use orc_rust::ArrowReaderBuilder;
use orc_rust::reader::ChunkReader;

use self::bound::{LARGEST, Refusal};
use super::arrow::{Batches as Observed, Tables, size as size_of};
use super::claims;
use super::random::{Random, careful, open};
use super::sample::Reservoir;
use super::table::Table;
use crate::Limits;

/// Rows of a piece of a sample.
const PIECE: usize = 64;

/// Rows that are decoded at a time when all are read.
const ALL: usize = 2048;

/// A format that gives batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Arrow IPC with a footer; Feather 2.
    Arrow,
    /// Arrow IPC without one.
    ArrowStream,
    /// Avro object container.
    Avro,
    /// Apache ORC.
    Orc,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Arrow | Kind::ArrowStream => "arrow",
            Kind::Avro => "avro",
            Kind::Orc => "orc",
        }
    }
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// The table in `bytes`.
pub(super) fn read(bytes: &Random, kind: Kind, limits: &Limits, rules: &Rules) -> Table {
    let mut table = Table::new(kind.name());
    let rows = if limits.dataset_rows == usize::MAX { ALL } else { PIECE };
    let refusal = Refusal::default();
    let read = careful(|| -> Result<(), ArrowError> {
        claims::check(bytes, kind).map_err(excess)?;
        let (batches, empty, total) = opened(bytes, kind, rows, &refusal)?;
        let mut observed = Observed::new(Table::new(kind.name()), rules);
        observed.observe(&empty);
        table = observed.into_table();
        table.rows_total = total;
        match limits.dataset_rows {
            usize::MAX => all(batches, &mut table, rules),
            wanted => sample(batches, wanted, limits, &mut table, rules),
        }
    });
    match (read, refusal.why()) {
        (Some(Ok(())), _) => {}
        (Some(Err(ArrowError::MemoryError(_))), None) if table.rows_read == 0 => {
            let why = format!("the {} file claims to expand beyond all measure; not read", kind.name());
            table.gap(GapKind::Limit, why);
        }
        (_, Some(why)) => {
            let read = match table.rows_read {
                0 => "it was not read".to_owned(),
                rows => format!("it was not read beyond row {rows}"),
            };
            table.gap(GapKind::Limit, format!("the {} file {why}; {read}", kind.name()));
        }
        _ if table.rows_read == 0 => {
            table.gap(GapKind::Unparsed, format!("the {} file is damaged or encrypted", kind.name()))
        }
        _ => {
            let why = format!("the {} file cannot be read beyond row {}", kind.name(), table.rows_read);
            table.gap(GapKind::Unparsed, why);
        }
    }
    if table.columns_left > 0 {
        let kept = table.columns().len();
        table.gap(GapKind::Limit, format!("columns beyond the first {kept} were not read"));
    }
    table
}

/// The batches, an empty one, and the number of rows if the file says so.
fn opened(
    bytes: &Random,
    kind: Kind,
    rows: usize,
    refusal: &Refusal,
) -> Result<(Batches, RecordBatch, Option<u64>), ArrowError> {
    let reader = || bytes.open().map(BufReader::new);
    Ok(match kind {
        Kind::Arrow => {
            let file = ipc::File::new(bytes.open()?, refusal.clone())?;
            let empty = RecordBatch::new_empty(file.schema());
            (Box::new(file), empty, None)
        }
        Kind::ArrowStream => {
            let reader = StreamReader::try_new(ipc::Messages::new(reader()?, refusal.clone()), None)?;
            let empty = RecordBatch::new_empty(reader.schema());
            (Box::new(reader), empty, None)
        }
        Kind::Avro => {
            let file = avro::Unpacked::new(reader()?, rows, refusal.clone())?;
            let (batch, rows) = (file.batch(), file.rows());
            let mut reader = ReaderBuilder::new().with_batch_size(rows).build(file)?;
            // The decoder takes the end of the bytes for the end of the data, but every block ends with the marker.
            let whole = ends_with(bytes, &reader.avro_header().sync())?;
            let empty = RecordBatch::new_empty(reader.schema());
            let batches = std::iter::from_fn(move || {
                batch.store(0, Ordering::Relaxed);
                reader.next()
            });
            let cut = (!whole).then(|| Err(ArrowError::ParseError("the last block is cut".to_owned())));
            (Box::new(batches.chain(cut)), empty, None)
        }
        Kind::Orc => match bytes {
            Random::Disk(path) => orc_batches(open(path)?, rows, refusal)?,
            Random::Held(bytes) => orc_batches(bytes.clone(), rows, refusal)?,
        },
    })
}

fn orc_batches(
    file: impl ChunkReader + Send + Sync + 'static,
    rows: usize,
    refusal: &Refusal,
) -> Result<(Batches, RecordBatch, Option<u64>), ArrowError> {
    let file = orc::Guarded::new(file, rows, refusal.clone())?;
    let (rows, total) = (file.rows(), file.total());
    let mut parts = file.parts(orc::TOGETHER).map(move |part| {
        let reader = ArrowReaderBuilder::try_new(part).map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
        Ok(reader.with_batch_size(rows).build())
    });
    let empty = match parts.next() {
        Some(reader) => RecordBatch::new_empty(reader?.schema()),
        None => RecordBatch::new_empty(Arc::new(Schema::empty())),
    };
    let batches = parts.flat_map(|reader| -> Batches {
        match reader {
            Ok(reader) => Box::new(reader),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    });
    Ok((Box::new(batches), empty, Some(total)))
}

fn excess(fault: claims::Fault) -> ArrowError {
    match fault {
        claims::Fault::Excess => ArrowError::MemoryError("a claim beyond all measure".to_owned()),
    }
}

/// Whether the last of `bytes` are `marker`.
fn ends_with(bytes: &Random, marker: &[u8; 16]) -> std::io::Result<bool> {
    let mut stream = bytes.open()?;
    stream.seek(SeekFrom::End(-16))?;
    let mut last = [0; 16];
    stream.read_exact(&mut last)?;
    Ok(last == *marker)
}

/// Every row.
fn all(batches: Batches, table: &mut Table, rules: &Rules) -> Result<(), ArrowError> {
    let tables = Tables::new(table.format, rules);
    let read = tables.count(batches.map(|batch| batch.and_then(bounded)));
    tables.add_to(table);
    read.end.map_err(|error| error.unwrap_or_else(unsound))?;
    table.rows_total = Some(table.rows_read);
    Ok(())
}

fn unsound() -> ArrowError {
    ArrowError::ParseError("the bytes are not what they say they are".to_owned())
}

/// Pieces of the rows, spread over all of them.
fn sample(
    batches: Batches,
    wanted: usize,
    limits: &Limits,
    table: &mut Table,
    rules: &Rules,
) -> Result<(), ArrowError> {
    let mut kept = Reservoir::new(wanted.div_ceil(PIECE), limits.dataset_seed);
    let (mut rows, mut bytes, mut failed) = (0_u64, 0_u64, None);
    for batch in batches {
        let batch = match batch.and_then(bounded) {
            Ok(batch) => batch,
            Err(error) => {
                failed = Some(error);
                break;
            }
        };
        rows += batch.num_rows() as u64;
        bytes = bytes.saturating_add(size_of(&batch) as u64);
        for start in (0..batch.num_rows()).step_by(PIECE) {
            kept.offer(|| batch.slice(start, PIECE.min(batch.num_rows() - start)));
        }
        if bytes > limits.dataset_bytes {
            let why = format!("read up to row {rows}: the dataset has more than {} bytes", limits.dataset_bytes);
            table.gap(GapKind::Limit, why);
            break;
        }
    }
    let mut left = wanted;
    let mut observed = Observed::new(std::mem::take(table), rules);
    for piece in kept.into_kept() {
        let piece = piece.slice(0, piece.num_rows().min(left));
        left -= piece.num_rows();
        if !observed.try_observe(&piece) {
            failed = Some(unsound());
        }
    }
    *table = observed.into_table();
    match failed {
        Some(error) => Err(error),
        None => {
            if table.gaps.is_empty() && table.rows_total.is_none() {
                table.rows_total = Some(rows);
            }
            Ok(())
        }
    }
}

fn bounded(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    match size_of(&batch) > LARGEST {
        true => Err(ArrowError::MemoryError("a batch beyond all measure".to_owned())),
        false => Ok(batch),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use bytes::Bytes;

    use super::super::RULES;
    use super::*;

    fn rows(count: i64) -> RecordBatch {
        let email: ArrayRef =
            Arc::new(StringArray::from_iter_values((0..count).map(|n| format!("user{n}@mailbox.org"))));
        let columns = [("n", Arc::new(Int64Array::from_iter_values(0..count)) as ArrayRef), ("email", email)];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn written(kind: Kind, count: i64) -> Vec<u8> {
        let batch = rows(count);
        let mut bytes = Vec::new();
        match kind {
            Kind::Arrow => {
                let mut writer = arrow::ipc::writer::FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
                writer.write(&batch).unwrap();
                writer.finish().unwrap();
            }
            Kind::ArrowStream => {
                let mut writer = arrow::ipc::writer::StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
                writer.write(&batch).unwrap();
                writer.finish().unwrap();
            }
            Kind::Avro => {
                let mut writer =
                    arrow_avro::writer::AvroWriter::new(&mut bytes, batch.schema().as_ref().clone()).unwrap();
                writer.write(&batch).unwrap();
                writer.finish().unwrap();
            }
            Kind::Orc => {
                let writer = orc_rust::ArrowWriterBuilder::new(&mut bytes, batch.schema());
                let mut writer = writer.try_build().unwrap();
                writer.write(&batch).unwrap();
                writer.close().unwrap();
            }
        }
        bytes
    }

    #[test]
    fn bytes_that_the_columns_of_a_message_share_count_once() {
        let column = Arc::new(Int64Array::from_iter_values(0..10_000)) as ArrayRef;
        let columns = (0..60).map(|n| (format!("c{n}"), Arc::clone(&column)));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = arrow::ipc::writer::FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        // Sixty times the file is more than a batch may take.
        assert!(bytes.len() < 8 << 20 && bytes.len() * 60 > LARGEST);
        let limits = Limits { dataset_rows: 10_000, ..Limits::default() };
        let table = read(&Random::Held(bytes.into()), Kind::Arrow, &limits, &RULES);
        assert_eq!((table.rows_read, table.rows_total, &table.gaps), (10_000, Some(10_000), &Vec::new()));
    }

    #[test]
    fn stripes_are_read_together_or_alone() {
        let (parts, mut bytes) = (6_i64, Vec::new());
        let writer = orc_rust::ArrowWriterBuilder::new(&mut bytes, rows(0).schema()).with_stripe_byte_size(4_000);
        let mut writer = writer.try_build().unwrap();
        (0..parts).for_each(|_| writer.write(&rows(300)).unwrap());
        writer.close().unwrap();
        let read = |together: u64| {
            let file = orc::Guarded::new(Bytes::from(bytes.clone()), 100, Refusal::default()).unwrap();
            assert_eq!(file.total(), 300 * parts as u64);
            let parts: Vec<orc::Stripes<Bytes>> = file.parts(together).collect();
            let count = parts.len();
            let batches = parts.into_iter().flat_map(|part| ArrowReaderBuilder::try_new(part).unwrap().build());
            let batches: Vec<RecordBatch> = batches.map(Result::unwrap).collect();
            (count, arrow::compute::concat_batches(&rows(0).schema(), &batches).unwrap())
        };
        let (one, all) = read(u64::MAX);
        assert_eq!((one, all.num_rows()), (2, 1_800));
        for (together, least) in [(0, 4), (9_000, 3)] {
            let (count, same) = read(together);
            assert!(count >= least && same == all, "{count} files of at most {together} bytes");
        }
    }

    const KINDS: [Kind; 4] = [Kind::Arrow, Kind::ArrowStream, Kind::Avro, Kind::Orc];

    #[test]
    fn every_format_gives_its_rows_and_a_sample_is_spread() {
        let rules = &*RULES;
        for kind in KINDS {
            let bytes = Random::Held(written(kind, 5_000).into());
            let all = Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..Limits::default() };
            let table = read(&bytes, kind, &all, rules);
            assert_eq!((table.rows_read, table.rows_total, &table.gaps), (5_000, Some(5_000), &Vec::new()), "{kind:?}");
            assert_eq!((table.column("email").total(), table.column("email").nulls()), (5_000, 0), "{kind:?}");
            let some = read(&bytes, kind, &Limits { dataset_rows: 300, ..Limits::default() }, rules);
            assert_eq!((some.rows_read, some.rows_total), (300, Some(5_000)), "{kind:?}");
            let lengths = some.column("n").lengths().unwrap();
            assert_eq!(lengths.1, 4, "{kind:?}");
        }
    }

    #[test]
    fn damaged_bytes_are_a_gap() {
        let rules = &*RULES;
        for kind in KINDS {
            let whole = written(kind, 500);
            for cut in [4, 10, whole.len() / 2] {
                let table = read(&Random::Held(whole[..cut].to_vec().into()), kind, &Limits::default(), rules);
                assert!(!table.gaps.is_empty(), "{kind:?} cut at {cut}");
            }
            for at in (0..whole.len()).step_by(whole.len() / 60) {
                let mut bytes = whole.clone();
                bytes[at] ^= 0xff;
                read(&Random::Held(bytes.into()), kind, &Limits::default(), rules);
            }
        }
    }
}
