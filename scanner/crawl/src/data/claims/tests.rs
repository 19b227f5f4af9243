//! Small files by hand that claim more than they hold.

use std::sync::Arc;

use ::arrow::array::{ArrayRef, Int64Array, NullArray, RecordBatch};
use ::arrow::ipc::CompressionType;
use ::arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

use super::super::RULES;
use super::super::batches::read;
use super::super::table::Table;
use super::*;
use crate::Limits;

fn tables(bytes: &[u8], kind: Kind) -> [Table; 2] {
    let all = Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..Limits::default() };
    [all, Limits::default()].map(|limits| read(&Random::Held(bytes.to_vec().into()), kind, &limits, &RULES))
}

fn told(table: &Table) -> Vec<&str> {
    table.gaps.iter().map(|(_, why)| why.as_str()).collect()
}

fn refused(bytes: &[u8], kind: Kind) {
    for table in tables(bytes, kind) {
        let why = format!("the {} file claims to expand beyond all measure; not read", kind.name());
        assert_eq!((told(&table), table.rows_read), (vec![why.as_str()], 0));
    }
}

fn long(number: i64) -> Vec<u8> {
    let mut left = ((number << 1) ^ (number >> 63)) as u64;
    let mut bytes = Vec::new();
    while left > 0x7f {
        bytes.push(left as u8 | 0x80);
        left >>= 7;
    }
    bytes.push(left as u8);
    bytes
}

/// An Avro file of one block that claims `count` objects.
fn avro(schema: &str, count: i64, objects: &[u8]) -> Vec<u8> {
    let text = |text: &[u8]| [long(text.len() as i64), text.to_vec()].concat();
    let header = [b"Obj\x01".to_vec(), long(1), text(b"avro.schema"), text(schema.as_bytes()), long(0)].concat();
    [header, vec![7; 16], long(count), text(objects), vec![7; 16]].concat()
}

fn record(field: &str) -> String {
    format!(r#"{{"type": "record", "name": "r", "fields": [{{"name": "f", "type": {field}}}]}}"#)
}

#[test]
fn avro_that_repeats_what_takes_no_bytes_is_not_read() {
    let empty = r#"{"type": "record", "name": "none", "fields": []}"#;
    refused(&avro(&record(r#""null""#), 1 << 60, &[0]), Kind::Avro);
    refused(&avro(&record(empty), 1 << 60, &[0]), Kind::Avro);
    let endless = [long(i64::from(i32::MAX)), long(0)].concat();
    for items in [r#""null""#, empty, r#"{"type": "fixed", "name": "x", "size": 0}"#] {
        let array = format!(r#"{{"type": "array", "items": {items}}}"#);
        refused(&avro(&record(&array), 1, &endless), Kind::Avro);
        refused(&avro(&record(&format!(r#"["null", {array}]"#)), 1, &endless), Kind::Avro);
    }
    // Each name twice in the next: 2^40 fields in all.
    let mut schema = r#""long""#.to_owned();
    for level in 0..40 {
        let again = if level == 0 { r#""long""#.to_owned() } else { format!(r#""r{}""#, level - 1) };
        schema = format!(
            r#"{{"type": "record", "name": "r{level}", "fields": [{{"name": "a", "type": {schema}}}, {{"name": "b", "type": {again}}}]}}"#
        );
    }
    refused(&avro(&schema, 1, &[0]), Kind::Avro);
}

#[test]
fn avro_that_claims_more_objects_or_items_than_bytes_is_damaged() {
    let texts = record(r#"{"type": "array", "items": ["null", "string"]}"#);
    let whole = [long(2), long(1), long(1), b"a".to_vec(), long(0), long(0)].concat();
    for table in tables(&avro(&texts, 1, &whole), Kind::Avro) {
        assert_eq!((told(&table), table.rows_read, table.column("f").total()), (Vec::new(), 1, 2));
    }
    let endless = [long(1 << 60), long(1)].concat();
    for bytes in [avro(&texts, 1, &endless), avro(&record(r#""long""#), 1 << 60, &[2])] {
        for table in tables(&bytes, Kind::Avro) {
            assert_eq!((told(&table), table.rows_read), (vec!["the avro file is damaged or encrypted"], 0));
        }
    }
}

fn arrow(batch: &RecordBatch, kind: Kind, compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut bytes = Vec::new();
    match kind {
        Kind::Arrow => {
            let mut writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
            writer.write(batch).unwrap();
            writer.finish().unwrap();
        }
        _ => {
            let mut writer = StreamWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
            writer.write(batch).unwrap();
            writer.finish().unwrap();
        }
    }
    bytes
}

/// `bytes` with `claim` wherever there is the number `is`.
fn claiming(bytes: &[u8], is: i64, claim: i64) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let mut found = 0;
    for at in 0..bytes.len() - 7 {
        if bytes[at..at + 8] == is.to_le_bytes() {
            changed[at..at + 8].copy_from_slice(&claim.to_le_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{is}");
    changed
}

#[test]
fn arrow_that_claims_rows_or_bytes_without_end_is_not_read() {
    let nulls = RecordBatch::try_from_iter([("nothing", Arc::new(NullArray::new(7_654)) as ArrayRef)]).unwrap();
    let numbers = Arc::new(Int64Array::from_iter_values((0..100_008).map(|n| n % 3))) as ArrayRef;
    let numbers = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    for kind in [Kind::Arrow, Kind::ArrowStream] {
        let bytes = arrow(&nulls, kind, None);
        assert_eq!(tables(&bytes, kind).map(|table| (table.rows_read, table.gaps.len())), [(7_654, 0), (7_654, 0)]);
        refused(&claiming(&bytes, 7_654, 1 << 60), kind);
        refused(&claiming(&bytes, 7_654, 1 << 30), kind);
        let bytes = arrow(&numbers, kind, None);
        // The body is the numbers alone.
        refused(&claiming(&bytes, 800_064, 1 << 45), kind);
        let bytes = arrow(&numbers, kind, Some(CompressionType::ZSTD));
        assert!(tables(&bytes, kind).iter().all(|table| table.gaps.is_empty()));
        refused(&claiming(&bytes, 800_064, 1 << 45), kind);
    }
}

/// A protocol buffer's field that is a number or bytes.
fn numbered(field: u8, number: u64) -> Vec<u8> {
    let mut bytes = vec![field << 3];
    let mut left = number;
    while left > 0x7f {
        bytes.push(left as u8 | 0x80);
        left >>= 7;
    }
    bytes.push(left as u8);
    bytes
}

fn holding(field: u8, held: &[u8]) -> Vec<u8> {
    [vec![field << 3 | 2, held.len() as u8], held.to_vec()].concat()
}

/// An ORC file whose rows have no columns, with a stripe of so many bytes and rows.
fn orc_file(data: u64, rows: u64) -> Vec<u8> {
    orc_of(data, rows, &holding(4, &numbered(1, 12)))
}

fn orc_of(data: u64, rows: u64, types: &[u8]) -> Vec<u8> {
    let stripe = [numbered(1, 3), numbered(2, 0), numbered(3, data), numbered(4, 0), numbered(5, rows)].concat();
    let footer = [holding(3, &stripe), types.to_vec(), numbered(6, rows)].concat();
    let postscript = [numbered(1, footer.len() as u64), numbered(2, 0), numbered(5, 0)].concat();
    [b"ORC".to_vec(), footer, postscript.clone(), vec![postscript.len() as u8]].concat()
}

#[test]
fn orc_that_claims_rows_or_bytes_without_end_is_not_read() {
    refused(&orc_file(0, 1 << 60), Kind::Orc);
    refused(&orc_file(1 << 45, 10), Kind::Orc);
    for table in tables(&orc_file(0, 10), Kind::Orc) {
        assert!(!told(&table).iter().any(|why| why.contains("beyond all measure")), "{:?}", told(&table));
    }
}

#[test]
fn orc_whose_types_are_no_tree_is_damaged() {
    let list = |of: u64| holding(4, &[numbered(1, 10), numbered(2, of)].concat());
    let root = |of: u64| holding(4, &[numbered(1, 12), numbered(2, of), holding(3, b"a")].concat());
    let pair = |of: u64| holding(4, &[numbered(1, 11), numbered(2, of), numbered(2, of)].concat());
    let deep: Vec<u8> = (2..100_000).flat_map(list).collect();
    for types in [
        [root(1), list(1)].concat(),          // a list of itself
        [root(1), list(0)].concat(),          // a list of what it is in
        [root(1), pair(2), pair(3)].concat(), // each twice
        [root(1), deep].concat(),
    ] {
        for table in tables(&orc_of(0, 10, &types), Kind::Orc) {
            assert_eq!(told(&table), ["the orc file is damaged or encrypted"]);
        }
    }
}

#[test]
fn orc_of_any_compression_passes() {
    use orc_rust::arrow_writer::ArrowWriterBuilder;
    use orc_rust::compression::CompressionType as Codec;
    let numbers = Arc::new(Int64Array::from_iter_values(0..2_000)) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    for codec in [Codec::Zlib, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let mut bytes = Vec::new();
        let mut writer =
            ArrowWriterBuilder::new(&mut bytes, batch.schema()).with_compression(codec).try_build().unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let bytes = Random::Held(bytes.into());
        let table = read(&bytes, Kind::Orc, &Limits { dataset_rows: 100, ..Limits::default() }, &RULES);
        assert_eq!((told(&table), table.rows_total), (Vec::new(), Some(2_000)), "{codec:?}");
    }
}

#[test]
fn a_footer_of_orc_that_unpacks_to_gigabytes_is_damaged() {
    let packed = |codec: u64, block: &[u8]| {
        let head = (block.len() as u32) << 1;
        let footer = [&head.to_le_bytes()[..3], block].concat();
        // As the footer, and as the statistics before an empty one.
        [(footer.len() as u64, 0), (0, footer.len() as u64)].map(|(length, statistics)| {
            let postscript = [numbered(1, length), numbered(2, codec), numbered(5, statistics)].concat();
            [b"ORC".to_vec(), footer.clone(), postscript.clone(), vec![postscript.len() as u8]].concat()
        })
    };
    let zeros = vec![0; 9 << 20];
    let mut deflated = Vec::new();
    let mut reader = flate2::read::DeflateEncoder::new(&zeros[..], flate2::Compression::best());
    reader.read_to_end(&mut deflated).unwrap();
    let snappy = [0xff, 0xff, 0xff, 0xff, 0x0f, 0x00];
    let files = [packed(1, &deflated), packed(2, &snappy), packed(5, &zstd::encode_all(&zeros[..], 3).unwrap())];
    for bytes in files.concat() {
        let mut file = File::open(&Random::Held(bytes.clone().into())).unwrap();
        assert!(matches!(orc::types(&mut file), Err(Fault::Damaged)));
        for table in tables(&bytes, Kind::Orc) {
            assert_eq!(told(&table), ["the orc file is damaged or encrypted"]);
        }
    }
}
