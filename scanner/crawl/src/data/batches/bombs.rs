//! Files that claim or become more than their bytes can hold, made by hand.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_avro::compression::CompressionCodec;
use bytes::Bytes;

use super::super::RULES;
use super::bound::Codec;
use super::bound::tests::packed;
use super::proto::{Value, write, write_varint};
use super::*;

const FULL: fn() -> Limits = || Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..Limits::default() };

fn table(bytes: Vec<u8>, kind: Kind) -> Table {
    super::read(&Random::Held(Bytes::from(bytes)), kind, &FULL(), &RULES)
}

/// The reason why nothing of `bytes` is read.
fn refused(bytes: &[u8], kind: Kind) -> String {
    for limits in [Limits::default(), FULL()] {
        let table = super::read(&Random::Held(Bytes::copy_from_slice(bytes)), kind, &limits, &RULES);
        assert_eq!((table.rows_read, table.gaps.len()), (0, 1), "{:?}", table.gaps);
        if limits.dataset_rows == usize::MAX {
            assert_eq!(table.gaps[0].0, GapKind::Limit, "{:?}", table.gaps);
            return table.gaps[0].1.clone();
        }
    }
    unreachable!()
}

fn rows() -> RecordBatch {
    let email: ArrayRef = Arc::new(StringArray::from_iter_values((0..5_000).map(|n| format!("user{n}@mailbox.org"))));
    let lists = (0..5_000).map(|n| Some(vec![Some(n); n as usize % 5]));
    let lists: ArrayRef =
        Arc::new(arrow::array::ListArray::from_iter_primitive::<arrow::datatypes::Int64Type, _, _>(lists));
    let columns = [
        ("n", Arc::new(Int64Array::from_iter_values((0..5_000).map(|n| n % 3))) as ArrayRef),
        ("email", email),
        ("lists", lists),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn whole(bytes: Vec<u8>, kind: Kind, how: &str) {
    let table = table(bytes, kind);
    assert_eq!((table.rows_read, table.rows_total, &table.gaps), (5_000, Some(5_000), &Vec::new()), "{how}");
    assert_eq!((table.column("email").total(), table.column("email").nulls()), (5_000, 0), "{how}");
    assert_eq!(table.column("email").lengths(), Some((17, 20)), "{how}");
}

#[test]
fn files_of_every_compression_are_read_whole() {
    use CompressionCodec::{Bzip2, Deflate, Snappy, ZStandard};
    use orc_rust::compression::CompressionType as Orc;
    // Its writer has no lists.
    let batch = rows().project(&[0, 1]).unwrap();
    for compression in [Orc::Zlib, Orc::Snappy, Orc::Lz4, Orc::Zstd] {
        let mut bytes = Vec::new();
        let writer = orc_rust::ArrowWriterBuilder::new(&mut bytes, batch.schema()).with_compression(compression);
        let mut writer = writer.with_compression_block_size(4096).try_build().unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        whole(bytes, Kind::Orc, &format!("{compression:?}"));
    }
    let batch = rows();
    for compression in [None, Some(Deflate), Some(Snappy), Some(ZStandard), Some(Bzip2)] {
        let mut bytes = Vec::new();
        let writer = arrow_avro::writer::WriterBuilder::new(batch.schema().as_ref().clone());
        let mut writer = writer
            .with_compression(compression)
            .build::<_, arrow_avro::writer::format::AvroOcfFormat>(&mut bytes)
            .unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        whole(bytes, Kind::Avro, &format!("{compression:?}"));
    }
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        for (kind, bytes) in
            [(Kind::Arrow, arrow_file(&batch, compression)), (Kind::ArrowStream, arrow_stream(&batch, compression))]
        {
            whole(bytes, kind, &format!("{compression:?}"));
        }
    }
}

fn arrow_file(batch: &RecordBatch, compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn arrow_stream(batch: &RecordBatch, compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

/// Every number `from` of eight bytes replaced.
fn replaced(bytes: &[u8], from: u64, to: u64) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let places: Vec<usize> =
        bytes.windows(8).enumerate().filter(|(_, eight)| *eight == from.to_le_bytes()).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| out[at..at + 8].copy_from_slice(&to.to_le_bytes()));
    out
}

#[test]
fn arrow_that_claims_too_much_is_refused() {
    let batch = rows().project(&[0]).unwrap();
    for (compression, to, why) in [
        (CompressionType::ZSTD, 300 << 20, "has a batch of more than 256 MiB"),
        (CompressionType::LZ4_FRAME, 300 << 20, "has a batch of more than 256 MiB"),
        (CompressionType::LZ4_FRAME, 1, "has a buffer that grows beyond what it claims"),
    ] {
        let file = replaced(&arrow_file(&batch, Some(compression)), 40_000, to);
        let stream = replaced(&arrow_stream(&batch, Some(compression)), 40_000, to);
        assert!(refused(&file, Kind::Arrow).contains(why), "{compression:?}");
        assert!(refused(&stream, Kind::ArrowStream).contains(why), "{compression:?}");
    }
    let (file, stream) = (arrow_file(&batch, None), arrow_stream(&batch, None));
    let mut long = file;
    let at = long.len() - 10;
    long[at..at + 4].copy_from_slice(&i32::MAX.to_le_bytes());
    let all = super::read(&Random::Held(long.into()), Kind::Arrow, &FULL(), &RULES);
    assert_eq!((all.rows_read, all.gaps.len()), (0, 1), "{:?}", all.gaps);
    let mut long = stream;
    long[4..8].copy_from_slice(&i32::MAX.to_le_bytes());
    let all = super::read(&Random::Held(long.into()), Kind::ArrowStream, &FULL(), &RULES);
    assert_eq!((all.rows_read, all.gaps.len()), (0, 1), "{:?}", all.gaps);
}

fn long(bytes: &mut Vec<u8>, number: u64) {
    write_varint(bytes, number << 1);
}

/// A container of Avro with `blocks` of rows, length that is told and bytes.
fn avro_file(codec: &str, schema: &str, blocks: &[(u64, u64, &[u8])]) -> Vec<u8> {
    let mut bytes = b"Obj\x01\x04".to_vec();
    for text in ["avro.codec", codec, "avro.schema", schema] {
        long(&mut bytes, text.len() as u64);
        bytes.extend(text.as_bytes());
    }
    bytes.push(0);
    bytes.extend([7; 16]);
    for (rows, length, data) in blocks {
        long(&mut bytes, *rows);
        long(&mut bytes, *length);
        bytes.extend(*data);
        bytes.extend([7; 16]);
    }
    bytes
}

const ONE: &str = r#"{"type":"record","name":"r","fields":[{"name":"a","type":"string"}]}"#;

#[test]
fn avro_that_grows_too_much_is_refused() {
    let zeros = zstd::encode_all(std::io::Read::take(std::io::repeat(0), 65 << 20), 1).unwrap();
    assert!(zeros.len() < 64 << 10);
    let bomb = avro_file("zstandard", ONE, &[(1, zeros.len() as u64, &zeros)]);
    assert!(refused(&bomb, Kind::Avro).contains("has a block that grows to more than 64 MiB; it was not read"));
    // 100 MiB are claimed by five bytes.
    let claimed = [0x80, 0x80, 0x80, 0x32, 0, 0, 0, 0, 0];
    let bomb = avro_file("snappy", ONE, &[(1, claimed.len() as u64, &claimed)]);
    assert!(refused(&bomb, Kind::Avro).contains("grows to more than 64 MiB"));
    let bomb = avro_file("null", ONE, &[(1, 1 << 40, &[])]);
    assert!(refused(&bomb, Kind::Avro).contains("has a block of more than 64 MiB"));
    // Each block is small enough, but not all of them.
    let mut text = Vec::new();
    long(&mut text, 30 << 20);
    text.resize(text.len() + (30 << 20), b'a');
    let text = zstd::encode_all(text.as_slice(), 1).unwrap();
    let block = (1, text.len() as u64, text.as_slice());
    let table = table(avro_file("zstandard", ONE, &[block; 3]), Kind::Avro);
    assert!(table.gaps[0].1.contains("grows too much when it is unpacked"), "{:?}", table.gaps);
}

#[test]
fn avro_of_which_a_byte_stands_for_much_is_held_to_fewer_bytes() {
    // One byte for each of 3 MiB of nulls, and each of them would be 160 kB of zeros.
    let schema = r#"{"type":"record","name":"r","fields":[{"name":"a","type":{"type":"array","items":
        ["null",{"type":"fixed","name":"f","size":160000}]}}]}"#;
    let mut data = Vec::new();
    long(&mut data, 3 << 20);
    data.resize(data.len() + (3 << 20) + 1, 0);
    let bomb = avro_file("null", schema, &[(1, data.len() as u64, &data)]);
    assert!(refused(&bomb, Kind::Avro).contains("has blocks of more than 1 MiB for one batch"));
}

#[test]
fn avro_of_every_compression_is_unpacked() {
    let mut data = Vec::new();
    for n in 0..1_000 {
        let cell = format!("user{n:04}@mailbox.org");
        long(&mut data, cell.len() as u64);
        data.extend(cell.as_bytes());
    }
    for (codec, mut packed) in packed(&data) {
        let name = match codec {
            Codec::None => "null",
            Codec::Deflate => "deflate",
            Codec::Snappy => "snappy",
            Codec::Zstandard => "zstandard",
            Codec::Bzip2 => "bzip2",
            Codec::Xz => "xz",
            Codec::Lz4 | Codec::Lzo => continue,
        };
        if codec == Codec::Snappy {
            let mut sum = flate2::Crc::new();
            sum.update(&data);
            packed.extend(sum.sum().to_be_bytes());
        }
        let file = avro_file(name, ONE, &[(1_000, packed.len() as u64, &packed)]);
        let table = table(file, Kind::Avro);
        assert_eq!((table.rows_read, table.rows_total, table.gaps.len()), (1_000, Some(1_000), 0), "{name}");
        assert_eq!(table.column("a").lengths(), Some((20, 20)), "{name}");
    }
}

#[test]
fn names_in_a_schema_of_avro_that_stand_for_too_much_are_refused() {
    let record = |nth: u32| {
        let of = if nth == 0 { "int".to_owned() } else { format!("r{}", nth - 1) };
        let fields = format!(r#"[{{"name":"a","type":"{of}"}},{{"name":"b","type":"{of}"}}]"#);
        format!(r#"{{"name":"f{nth}","type":{{"type":"record","name":"r{nth}","fields":{fields}}}}}"#)
    };
    let records: Vec<String> = (0..40).map(record).collect();
    let schema = format!(r#"{{"type":"record","name":"all","fields":[{}]}}"#, records.join(","));
    assert!(refused(&avro_file("null", &schema, &[]), Kind::Avro).contains("claims to expand beyond all measure"));
}

/// A file of ORC.
#[derive(Clone)]
struct Orc {
    /// Of the compression, and bytes of a chunk.
    kind: u64,
    chunk: u64,
    /// Kinds and parts.
    types: Vec<(u64, Vec<u64>)>,
    /// Columns, kinds and bytes.
    streams: Vec<(u64, u64, Vec<u8>)>,
    /// Kinds and sizes of dictionaries.
    encodings: Vec<(u64, u64)>,
    rows: u64,
    copies: u64,
}

impl Orc {
    fn message(fields: &[(u64, u64)]) -> Vec<u8> {
        let mut message = Vec::new();
        fields.iter().for_each(|&(field, value)| write(&mut message, field, Value::Number(value)));
        message
    }

    fn framed(&self, bytes: Vec<u8>) -> Vec<u8> {
        if self.kind == 0 {
            return bytes;
        }
        let header = bytes.len() as u32 * 2 + 1;
        [&header.to_le_bytes()[..3], &bytes].concat()
    }

    fn file(&self) -> Vec<u8> {
        let mut file = b"ORC".to_vec();
        let (mut footer, mut data) = (Vec::new(), 0);
        for (column, kind, bytes) in &self.streams {
            let fields = [(1, *kind), (2, *column), (3, bytes.len() as u64)];
            write(&mut footer, 1, Value::Bytes(&Orc::message(&fields)));
            file.extend(bytes);
            data += bytes.len() as u64;
        }
        for &(kind, dictionary) in &self.encodings {
            write(&mut footer, 2, Value::Bytes(&Orc::message(&[(1, kind), (2, dictionary)])));
        }
        let footer = self.framed(footer);
        file.extend(&footer);
        let stripe = Orc::message(&[(1, 3), (2, 0), (3, data), (4, footer.len() as u64), (5, self.rows)]);
        let mut footer = Vec::new();
        for _ in 0..self.copies {
            write(&mut footer, 3, Value::Bytes(&stripe));
        }
        for (kind, parts) in &self.types {
            let mut message = Orc::message(&[(1, *kind)]);
            for (nth, part) in parts.iter().enumerate() {
                write(&mut message, 2, Value::Number(*part));
                write(&mut message, 3, Value::Bytes(format!("c{nth}").as_bytes()));
            }
            write(&mut footer, 4, Value::Bytes(&message));
        }
        write(&mut footer, 6, Value::Number(self.rows));
        let footer = self.framed(footer);
        self.closed(file, &footer)
    }

    fn closed(&self, mut file: Vec<u8>, footer: &[u8]) -> Vec<u8> {
        file.extend(footer);
        let mut script = Orc::message(&[(1, footer.len() as u64), (2, self.kind), (3, self.chunk), (5, 0)]);
        write(&mut script, 8000, Value::Bytes(b"ORC"));
        file.extend(&script);
        file.push(script.len() as u8);
        file
    }

    /// One column of `kind` and what lies below it.
    fn of(types: &[(u64, &[u64])], streams: &[(u64, u64, &[u8])], encoding: u64) -> Orc {
        Orc {
            kind: 0,
            chunk: 256 << 10,
            types: types.iter().map(|(kind, parts)| (*kind, parts.to_vec())).collect(),
            streams: streams.iter().map(|(column, kind, bytes)| (*column, *kind, bytes.to_vec())).collect(),
            encodings: types.iter().map(|_| (encoding, 0)).collect(),
            rows: 5,
            copies: 1,
        }
    }
}

/// Five rows of text by version 2 of the runs: lengths that repeat.
fn texts(length: [u8; 2]) -> Orc {
    let lengths = [0x0a, length[0], length[1]];
    Orc::of(&[(12, &[1]), (7, &[])], &[(1, 2, &lengths), (1, 1, b"aaaaabbbbbcccccdddddeeeee")], 2)
}

#[test]
fn orc_made_by_hand_is_read() {
    let table = table(texts([0, 5]).file(), Kind::Orc);
    assert_eq!(
        (table.rows_read, table.gaps.len(), table.column("c0").lengths()),
        (5, 0, Some((5, 5))),
        "{:?}",
        table.gaps
    );
}

#[test]
fn orc_that_claims_too_much_is_refused() {
    let why = |orc: &Orc| refused(&orc.file(), Kind::Orc);
    // A text of 1 GiB: eight bytes wide.
    let mut large = texts([0, 5]);
    large.streams[0].2 = vec![0x3a, 0, 0, 0, 0, 0x40, 0, 0, 0];
    assert!(why(&large).contains("has rows that take more than 512 MiB"));
    let list = [(12, &[1][..]), (10, &[2]), (4, &[])];
    let lists = Orc::of(&list, &[(1, 2, &[0x3a, 0, 0, 0, 0, 0x40, 0, 0, 0]), (2, 1, &[0x0a, 0, 1])], 2);
    assert!(why(&lists).contains("has rows that take more than 512 MiB"));
    // Version 1: runs of lists, each as long as the last.
    let lists = Orc::of(&list, &[(1, 2, &[0x02, 0, 0xff, 0xff, 0xff, 0xff, 0x01]), (2, 1, &[0x02, 0, 1])], 0);
    assert!(why(&lists).contains("has rows that take more than 512 MiB"));
    let mut dictionary = texts([0, 5]);
    dictionary.encodings[1] = (3, u64::from(u32::MAX));
    assert!(why(&dictionary).contains("claims a dictionary of more entries than it has"));
    let mut rows = Orc::of(&[(12, &[])], &[], 0);
    assert!(why(&rows).contains("claims more rows than its bytes can hold"));
    rows.rows = 1 << 50;
    assert!(why(&rows).contains("claims more cells than its bytes can hold"));
    let mut twice = texts([0, 5]);
    twice.copies = 2;
    assert!(why(&twice).contains("has stripes that overlap"));
    for parts in [&[(12, &[1][..]), (10, &[1])][..], &[(12, &[1, 2]), (12, &[3, 3]), (12, &[3, 3]), (4, &[])]] {
        assert!(why(&Orc::of(parts, &[], 0)).contains("contain themselves or each other"));
    }
    let deep: Vec<(u64, Vec<u64>)> = (1..100).map(|next| (12, vec![next])).collect();
    let deep = Orc { types: deep, ..texts([0, 5]) };
    assert!(why(&deep).contains("more than 64 deep"));
    let mut chunk = Orc { kind: 5, chunk: 1 << 40, ..texts([0, 5]) };
    assert!(why(&chunk).contains("claims chunks of more than 16 MiB"));
    chunk.kind = 9;
    assert!(why(&chunk).contains("compression that is not known"));
}

#[test]
fn chunks_of_orc_that_grow_too_much_are_refused() {
    let zeros = vec![0; (256 << 10) + 1];
    let why = "has a chunk that grows beyond the size that the file states; it was not read";
    for (codec, packed) in packed(&zeros) {
        let kind = match codec {
            Codec::Deflate => 1,
            Codec::Snappy => 2,
            Codec::Lzo => 3,
            Codec::Lz4 => 4,
            Codec::Zstandard => 5,
            Codec::None | Codec::Bzip2 | Codec::Xz => continue,
        };
        let chunk = [&(packed.len() as u32 * 2).to_le_bytes()[..3], &packed].concat();
        let mut orc = Orc { kind, ..texts([0, 5]) };
        assert!(refused(&orc.closed(b"ORC".to_vec(), &chunk), Kind::Orc).contains(why), "{codec:?}");
        orc.streams = vec![(1, 2, orc.framed(vec![0x0a, 0, 5])), (1, 1, chunk.clone())];
        assert!(refused(&orc.file(), Kind::Orc).contains(why), "{codec:?}");
        orc.streams = vec![(1, 2, chunk), (1, 1, orc.framed(b"aaaaa".to_vec()))];
        assert!(refused(&orc.file(), Kind::Orc).contains(why), "{codec:?}");
        // Of the size that is stated they are read.
        orc.chunk = zeros.len() as u64;
        orc.streams[0].2 = orc.framed(vec![0x0a, 0, 1]);
        orc.streams[1].2 = [&(packed.len() as u32 * 2).to_le_bytes()[..3], &packed].concat();
        assert_eq!((table(orc.file(), Kind::Orc).rows_read, codec), (5, codec));
    }
}
