//! Files that claim more than they hold, and all that writers write, which is no such file.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, Float16Array,
    Float64Array, Int32Array, Int64Array, ListBuilder, MapBuilder, NullArray, RecordBatch, StringArray, StringBuilder,
    StructArray, Time64MicrosecondArray, TimestampNanosecondArray, UInt8Array,
};
use arrow::datatypes::{DataType, Field, Int32Type};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::{
    KeyValue, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData, SortingColumn,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::super::RULES;
use super::*;

const ALL_ROWS: Limits = Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..SOME_ROWS };
const SOME_ROWS: Limits = Limits {
    text_bytes: 8 << 20,
    total_bytes: 1 << 30,
    files: 10,
    depth: 10,
    dataset_rows: 400,
    dataset_bytes: 64 << 20,
    dataset_seed: 1,
    nesting: 128,
};

fn table(bytes: &[u8], limits: &Limits) -> Table {
    read(&Random::Held(bytes.to_vec().into()), limits, &RULES)
}

fn written(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Two row groups of ten numbers.
fn plain() -> Vec<u8> {
    let numbers = Arc::new(Int64Array::from_iter_values(0..20)) as ArrayRef;
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(10)).set_dictionary_enabled(false);
    written(&RecordBatch::try_from_iter([("n", numbers)]).unwrap(), properties.build())
}

/// The data of `bytes` behind another footer.
fn with_footer(bytes: &[u8], footer: &[u8]) -> Vec<u8> {
    let length = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize;
    let data = &bytes[..bytes.len() - 8 - length];
    [data, footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat()
}

fn footer_of(bytes: &[u8]) -> Vec<u8> {
    let length = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize;
    bytes[bytes.len() - 8 - length..bytes.len() - 8].to_vec()
}

/// `bytes` with the row groups that `change` makes of those that are there.
fn with_groups(bytes: &[u8], change: impl Fn(Vec<RowGroupMetaData>) -> Vec<RowGroupMetaData>) -> Vec<u8> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(bytes.to_vec())).unwrap();
    let groups = change(metadata.row_groups().to_vec());
    let mut at = 0;
    let groups = groups.into_iter().map(|group| {
        at += 1;
        group.into_builder().set_ordinal(at - 1).build().unwrap()
    });
    let metadata = ParquetMetaData::new(metadata.file_metadata().clone(), groups.collect());
    let mut end = Vec::new();
    ParquetMetaDataWriter::new(&mut end, &metadata).finish().unwrap();
    with_footer(bytes, &footer_of(&end))
}

const DAMAGED: &str = "the Parquet file is damaged or encrypted";
const BOMB: &str = "the Parquet file claims to expand beyond all measure; not read";

fn told(table: &Table) -> Vec<&str> {
    table.gaps.iter().map(|(_, why)| why.as_str()).collect()
}

#[test]
fn a_footer_with_a_thousand_lists_of_endless_booleans_is_not_decoded() {
    let mut footer = footer_of(&plain());
    assert_eq!(footer.pop(), Some(0));
    footer.extend([0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07].repeat(1_000));
    footer.push(0);
    for limits in [ALL_ROWS, SOME_ROWS] {
        assert_eq!(told(&table(&with_footer(&plain(), &footer), &limits)), [DAMAGED]);
    }
}

#[test]
fn a_footer_of_endless_members_or_groups_is_not_decoded() {
    // Version 1, and the head of a schema of the elements that follow.
    let schema = |count: u32| {
        let (low, middle, high) = (count & 0x7f | 0x80, count >> 7 & 0x7f | 0x80, count >> 14);
        vec![0x15, 0x02, 0x19, 0xfc, low as u8, middle as u8, high as u8]
    };
    // Required, named `a`, of one member.
    let nested = [schema(100_000), [0x35, 0x00, 0x18, 0x01, b'a', 0x15, 0x02, 0x00].repeat(100_000)].concat();
    let shallow = [schema(1), vec![0x48, 0x01, b'a', 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x00]].concat();
    let groups = [schema(1), vec![0x48, 0x01, b'a', 0x00, 0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07]].concat();
    for mut footer in [nested, shallow, groups] {
        footer.push(0);
        assert_eq!(told(&table(&with_footer(&plain(), &footer), &ALL_ROWS)), [DAMAGED]);
    }
}

#[test]
fn a_page_header_that_claims_too_much_costs_its_row_group() {
    let bytes = plain();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(bytes.clone())).unwrap();
    let start = metadata.row_group(1).column(0).data_page_offset() as usize;
    // The fields of the header: kind, size unpacked, size, data page (values, …).
    assert_eq!(bytes[start..start + 2], [0x15, 0x00]);
    let endless = [0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07];
    // Statistics of so many bytes would be allocated.
    let statistics = [0x15, 0x00, 0x4c, 0x5c, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    for header in [&endless[..], &statistics, &[0x15, 0x02], &[0x15, 0x00, 0x15, 0x01]] {
        let mut broken = bytes.clone();
        broken[start..start + header.len()].copy_from_slice(header);
        let all = table(&broken, &ALL_ROWS);
        assert_eq!(told(&all), ["row group 2 of the Parquet file is damaged: 0 of its 10 rows were read"]);
        assert_eq!((all.rows_read, all.column("n").total()), (10, 10));
        let some = table(&broken, &SOME_ROWS);
        assert_eq!(told(&some), ["row group 2 of the Parquet file is damaged: none of its 10 sampled rows were read"]);
        assert_eq!((some.rows_read, some.rows_total, some.column("n").total()), (10, Some(20), 10));
    }
}

#[test]
fn row_groups_that_share_their_bytes_are_decoded_as_often_as_the_file_is_long() {
    let bytes = plain();
    let shared = with_groups(&bytes, |groups| groups.into_iter().cycle().take(1_000).collect());
    let claimed: i64 = {
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(shared.clone())).unwrap();
        metadata.row_group(0).column(0).compressed_size()
    };
    let all = table(&shared, &ALL_ROWS);
    let fitting = shared.len() as u64 / claimed as u64;
    assert!(all.rows_read <= fitting * 10 && all.rows_read > 20, "{} {fitting}", all.rows_read);
    assert_eq!(all.gaps.len() as u64, 1_000 - all.rows_read / 10);
}

#[test]
fn claims_of_rows_that_take_no_bytes_are_a_bomb() {
    let claim = |rows: i64| {
        with_groups(&plain(), |mut groups| {
            let last = groups.pop().unwrap();
            vec![last.into_builder().set_num_rows(rows).build().unwrap()]
        })
    };
    for limits in [ALL_ROWS, SOME_ROWS] {
        assert_eq!(told(&table(&claim(1 << 60), &limits)), [BOMB]);
        assert_eq!(told(&table(&claim(i64::MAX), &limits)), [BOMB]);
        assert_eq!(told(&table(&claim(-1), &limits)), [DAMAGED]);
    }
}

fn of_all_types(rows: usize) -> RecordBatch {
    let numbers = || 0..rows as i64;
    let texts = || Arc::new(StringArray::from_iter_values(numbers().map(|n| format!("text {}", n % 50)))) as ArrayRef;
    let (mut list, mut map) =
        (ListBuilder::new(StringBuilder::new()), MapBuilder::new(None, StringBuilder::new(), StringBuilder::new()));
    for n in numbers() {
        list.append_value((0..n % 3).map(|item| Some(item.to_string())));
        map.keys().append_value("key");
        map.values().append_value(n.to_string());
        map.append(n % 7 > 0).unwrap();
    }
    let member = StructArray::from(vec![(Arc::new(Field::new("inner", DataType::Utf8, true)), texts())]);
    let halves = numbers().map(|n| Some(half(n)));
    let decimal = Decimal128Array::from_iter_values(numbers().map(i128::from)).with_precision_and_scale(30, 4).unwrap();
    let keys = Int32Array::from_iter_values(numbers().map(|n| (n % 2) as i32));
    let words: ArrayRef = Arc::new(StringArray::from(vec!["yes", "no"]));
    let ids = FixedSizeBinaryArray::try_from_iter(numbers().map(|n| i128::from(n).to_be_bytes())).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", texts()),
        ("list", Arc::new(list.finish())),
        ("map", Arc::new(map.finish())),
        ("member", Arc::new(member)),
        ("number", Arc::new(Int64Array::from_iter(numbers().map(|n| (n % 5 > 0).then_some(n))))),
        ("small", Arc::new(UInt8Array::from_iter_values(numbers().map(|n| n as u8)))),
        ("float", Arc::new(Float64Array::from_iter_values(numbers().map(|n| n as f64)))),
        ("half", Arc::new(Float16Array::from_iter(halves))),
        ("truth", Arc::new(BooleanArray::from_iter(numbers().map(|n| Some(n % 2 > 0))))),
        ("day", Arc::new(Date32Array::from_iter_values(numbers().map(|n| n as i32)))),
        ("time", Arc::new(Time64MicrosecondArray::from_iter_values(numbers()))),
        ("instant", Arc::new(TimestampNanosecondArray::from_iter_values(numbers()).with_timezone("UTC"))),
        ("decimal", Arc::new(decimal)),
        ("id", Arc::new(ids)),
        ("word", Arc::new(DictionaryArray::<Int32Type>::try_new(keys, words).unwrap())),
        ("nothing", Arc::new(NullArray::new(rows))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn half(n: i64) -> <arrow::datatypes::Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native {
    let bits = (n % 0x7bff) as u16;
    <arrow::datatypes::Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native::from_bits(bits)
}

#[test]
fn what_writers_write_is_sound() {
    let batch = of_all_types(700);
    for (dictionary, version, statistics, compression) in [
        (true, WriterVersion::PARQUET_1_0, EnabledStatistics::Page, Compression::SNAPPY),
        (false, WriterVersion::PARQUET_1_0, EnabledStatistics::Chunk, Compression::UNCOMPRESSED),
        (true, WriterVersion::PARQUET_2_0, EnabledStatistics::None, Compression::ZSTD(Default::default())),
        (false, WriterVersion::PARQUET_2_0, EnabledStatistics::Page, Compression::LZ4_RAW),
    ] {
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(dictionary)
            .set_writer_version(version)
            .set_statistics_enabled(statistics)
            .set_compression(compression)
            .set_write_page_header_statistics(true)
            .set_bloom_filter_enabled(true)
            .set_max_row_group_row_count(Some(300))
            .set_data_page_row_count_limit(50)
            .set_write_batch_size(25)
            .set_sorting_columns(Some(vec![SortingColumn { column_idx: 0, descending: true, nulls_first: false }]))
            .set_key_value_metadata(Some(vec![KeyValue::new("owner".to_owned(), "data office".to_owned())]));
        let bytes = written(&batch, properties.build());
        for (limits, rows) in [(ALL_ROWS, 700), (SOME_ROWS, 400)] {
            let table = table(&bytes, &limits);
            assert_eq!((told(&table), table.rows_read), (Vec::new(), rows), "{dictionary} {version:?}");
        }
    }
}

#[test]
fn every_logical_type_is_sound() {
    let message = "message m {
        required binary a (STRING); required binary b (ENUM); required int32 c (DECIMAL(9, 2)); required int32 d (DATE);
        required int32 e (TIME(MILLIS, true)); required int64 f (TIMESTAMP(NANOS, false)); required int32 g (INTEGER(8, false));
        required binary h (JSON); required binary i (BSON); required fixed_len_byte_array(16) j (UUID);
        required fixed_len_byte_array(2) k (FLOAT16); required int96 l; required fixed_len_byte_array(12) m (INTERVAL);
        optional group n (LIST) { repeated group list { optional binary element (UTF8); } }
        optional group o (MAP) { repeated group key_value { required binary key; optional int32 value; } }
    }";
    let mut bytes = Vec::new();
    let schema = Arc::new(parse_message_type(message).unwrap());
    SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap().close().unwrap();
    assert!(sound::footer(&Bytes::from(bytes)).is_ok());
}

#[test]
fn long_pages_cost_one_small_read_each() {
    use std::sync::atomic::{AtomicU64, Ordering};
    struct Counting(Bytes, AtomicU64, AtomicU64);
    impl parquet::file::reader::Length for Counting {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
    }
    impl ChunkReader for Counting {
        type T = <Bytes as ChunkReader>::T;
        fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
            self.0.get_read(start)
        }
        fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.2.fetch_add(length as u64, Ordering::Relaxed);
            self.0.get_bytes(start, length)
        }
    }
    let numbers =
        Arc::new(Int64Array::from_iter_values((0..400_000).map(|n: i64| n.wrapping_mul(0x9e37_79b9)))) as ArrayRef;
    let properties = WriterProperties::builder().set_dictionary_enabled(false).set_write_batch_size(1_000).build();
    let bytes = Bytes::from(written(&RecordBatch::try_from_iter([("n", numbers)]).unwrap(), properties));
    let metadata =
        ParquetMetaDataReader::new().with_page_index_policy(parquet::file::metadata::PageIndexPolicy::Required);
    let metadata = metadata.parse_and_finish(&bytes).unwrap();
    let count = metadata.offset_index().unwrap()[0][0].page_locations().len() as u64;
    let file = Counting(bytes, AtomicU64::new(0), AtomicU64::new(0));
    assert!(sound::pages(&file, metadata.row_group(0).column(0), 400_000));
    assert!(count >= 4, "{count}");
    assert_eq!((file.1.into_inner(), file.2.into_inner()), (count, count << 10));
}
