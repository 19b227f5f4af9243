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
fn avro_whose_blocks_do_not_end_with_their_objects_is_damaged() {
    let texts = record(r#"{"type": "array", "items": ["null", "string"]}"#);
    let whole = [long(2), long(1), long(1), b"a".to_vec(), long(0), long(0)].concat();
    for table in tables(&avro(&texts, 1, &whole), Kind::Avro) {
        assert_eq!((told(&table), table.rows_read, table.column("f").total()), (Vec::new(), 1, 2));
    }
    let endless = [long(1 << 60), long(1)].concat();
    let number = record(r#""long""#);
    let more_objects = [avro(&texts, 1, &endless), avro(&number, 1 << 60, &[2])];
    // The decoder would wait for ever for the objects of what is left.
    let more_bytes = [avro(&number, 1, &[2, 4]), avro(&number, 0, &[2]), avro(&texts, 1, &[whole, vec![0]].concat())];
    for bytes in more_objects.into_iter().chain(more_bytes) {
        for table in tables(&bytes, Kind::Avro) {
            let why = "the avro file has a block that does not end where its rows do; it was not read";
            assert_eq!((told(&table), table.rows_read), (vec![why], 0));
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
