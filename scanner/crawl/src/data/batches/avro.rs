//! A container of Avro as its decoder gets it: with its blocks unpacked here, none beyond bounds (Avro specification 1.12, "Object
//! Container Files").

use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::bound::{Codec, Growth, LARGEST, Refusal};
use super::proto::write_varint;
use rows::Rows;

mod rows;

/// Bytes of the header.
const HEADER: usize = 16 << 20;

/// Bytes of a block, packed or not.
const BLOCK: usize = 64 << 20;

/// Bytes of the blocks of which one batch is decoded; fewer where one byte of them stands for many values.
const BATCH: usize = 128 << 20;

/// Bytes that a value takes.
const VALUE: usize = 16;

/// Types that a schema may stand for where names are replaced by what they name.
const TYPES: u64 = 100_000;

/// The container, its blocks unpacked.
pub(super) struct Unpacked<R> {
    stream: R,
    refusal: Refusal,
    codec: Codec,
    marker: [u8; 16],
    /// How rows lie; of a schema that is none no block is made ready.
    lie: Option<Rows>,
    ready: Vec<u8>,
    at: usize,
    growth: Growth,
    batch: Arc<AtomicUsize>,
    /// Bytes of the blocks of which one batch is decoded, and its rows.
    most: usize,
    rows: usize,
}

impl<R: BufRead> Unpacked<R> {
    /// The container in `stream`, of which `rows` at most are decoded at a time.
    ///
    /// # Errors
    /// Its header is damaged or claims too much, which `refusal` then tells.
    pub(super) fn new(stream: R, rows: usize, refusal: Refusal) -> io::Result<Unpacked<R>> {
        let mut file = Unpacked {
            stream,
            refusal,
            codec: Codec::None,
            marker: [0; 16],
            lie: None,
            ready: Vec::new(),
            at: 0,
            growth: Growth::default(),
            batch: Arc::default(),
            most: BATCH,
            rows,
        };
        let (schema, codec) = file.header()?;
        file.codec = match codec.as_deref() {
            None | Some(b"null") => Codec::None,
            Some(b"deflate") => Codec::Deflate,
            Some(b"snappy") => Codec::Snappy,
            Some(b"zstandard") => Codec::Zstandard,
            Some(b"bzip2") => Codec::Bzip2,
            Some(b"xz") => Codec::Xz,
            Some(_) => return Err(file.refusal.because("has a compression that is not known")),
        };
        let value: Value = serde_json::from_slice(&schema)?;
        file.lie = Rows::of(&value);
        let size = size(&value, &mut HashMap::new());
        if size.types > TYPES {
            return Err(file.refusal.because(format!("has a schema that stands for more than {TYPES} types")));
        }
        let null = usize::try_from(size.repeated).unwrap_or(usize::MAX).saturating_mul(VALUE).max(1);
        file.most = (2 * LARGEST / null).clamp(1 << 20, BATCH);
        let types = usize::try_from(size.types).unwrap_or(usize::MAX).saturating_mul(VALUE).max(1);
        file.rows = (LARGEST / 4 / types).clamp(1, rows);
        let mut ready = b"Obj\x01\x02".to_vec();
        write_long(&mut ready, 11);
        ready.extend_from_slice(b"avro.schema");
        write_long(&mut ready, schema.len());
        ready.extend_from_slice(&schema);
        ready.push(0);
        ready.extend_from_slice(&file.marker);
        file.ready = ready;
        Ok(file)
    }

    /// Rows to be decoded at a time, so that the values of a wide schema fit.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The bytes of the blocks that the decoder got; set to nothing before each batch.
    pub(super) fn batch(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.batch)
    }

    /// Reads the header: the schema and the name of the compression.
    fn header(&mut self) -> io::Result<(Vec<u8>, Option<Vec<u8>>)> {
        let mut magic = [0; 4];
        self.stream.read_exact(&mut magic)?;
        if magic != *b"Obj\x01" {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let (mut schema, mut codec, mut left) = (None, None, HEADER);
        loop {
            let mut count = self.long()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if count == 0 {
                break;
            }
            if count < 0 {
                count = count.wrapping_neg();
                self.long()?;
            }
            for _ in 0..count {
                let name = self.text(&mut left)?;
                let value = self.text(&mut left)?;
                match name.as_slice() {
                    b"avro.schema" => schema = schema.or(Some(value)),
                    b"avro.codec" => codec = codec.or(Some(value)),
                    _ => {}
                }
            }
        }
        self.stream.read_exact(&mut self.marker)?;
        Ok((schema.ok_or(io::ErrorKind::InvalidData)?, codec))
    }

    fn text(&mut self, left: &mut usize) -> io::Result<Vec<u8>> {
        let length = self.long()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
        *left = left
            .checked_sub(length.saturating_add(2))
            .ok_or_else(|| self.refusal.because(format!("has a header of more than {} MiB", HEADER >> 20)))?;
        self.bytes(length)
    }

    fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.stream.by_ref().take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
    }

    /// A number; `None` at the end of the file.
    fn long(&mut self) -> io::Result<Option<i64>> {
        if self.stream.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            let byte = u64::from(u8::from_le_bytes(byte));
            value |= (byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(Some((value >> 1) as i64 ^ -((value & 1) as i64)));
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    /// Makes the next block ready, if there is one.
    fn block(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        let Some(count) = self.long()? else { return Ok(()) };
        let length = self.long()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let (Ok(count), Ok(length)) = (usize::try_from(count), usize::try_from(length)) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let most = BLOCK >> 20;
        if length > BLOCK {
            return Err(self.refusal.because(format!("has a block of more than {most} MiB")));
        }
        let packed = self.bytes(length)?;
        let mut marker = [0; 16];
        self.stream.read_exact(&mut marker)?;
        if marker != self.marker {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let (packed, sum) = match self.codec {
            Codec::Snappy => packed.split_last_chunk::<4>().map(|(packed, sum)| (packed, Some(*sum))),
            _ => Some((packed.as_slice(), None)),
        }
        .ok_or(io::ErrorKind::InvalidData)?;
        let mut unpacked = Vec::new();
        if !self.codec.unpack(packed, BLOCK, &mut unpacked)? {
            return Err(self.refusal.because(format!("has a block that grows to more than {most} MiB")));
        }
        if !self.growth.add(length as u64, unpacked.len() as u64) {
            return Err(self.refusal.because("grows too much when it is unpacked"));
        }
        if let Some(sum) = sum {
            let mut own = flate2::Crc::new();
            own.update(&unpacked);
            if own.sum().to_be_bytes() != sum {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        let rows = self.lie.as_ref().ok_or(io::ErrorKind::InvalidData)?;
        if !rows.are(count, &unpacked) {
            return Err(self.refusal.because("has a block that does not end where its rows do"));
        }
        let before = self.batch.fetch_add(unpacked.len(), Ordering::Relaxed);
        if before.saturating_add(unpacked.len()) > self.most {
            return Err(self.refusal.because(format!("has blocks of more than {} MiB for one batch", self.most >> 20)));
        }
        write_long(&mut self.ready, count);
        write_long(&mut self.ready, unpacked.len());
        self.ready.append(&mut unpacked);
        self.ready.extend_from_slice(&self.marker);
        Ok(())
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Unpacked<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.ready.len() {
            self.block()?;
        }
        Ok(self.ready.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

/// Appends a number that is not negative.
fn write_long(bytes: &mut Vec<u8>, number: usize) {
    write_varint(bytes, (number as u64) << 1);
}

/// What a schema stands for where every name is replaced by what it names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    /// Types; sixteen bytes of a fixed length count as one.
    types: u64,
    /// Types of the greatest value for which one byte can say that it is null.
    null: u64,
    /// The same, of values in arrays and maps.
    repeated: u64,
}

impl Size {
    fn and(self, other: Size) -> Size {
        Size {
            types: self.types.saturating_add(other.types),
            null: self.null.max(other.null),
            repeated: self.repeated.max(other.repeated),
        }
    }
}

/// The size of `schema`. `names` are those that were met, without their namespaces.
fn size(schema: &Value, names: &mut HashMap<String, Size>) -> Size {
    let one = Size { types: 1, ..Size::default() };
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    match schema {
        Value::String(name) => names.get(&last(name)).copied().unwrap_or(one),
        Value::Array(branches) => {
            let all = branches.iter().fold(one, |all, branch| all.and(size(branch, names)));
            let nullable = branches.iter().any(|branch| branch == "null");
            Size { null: if nullable { all.types } else { all.null }, ..all }
        }
        Value::Object(parts) => {
            let mut all = one;
            for part in ["items", "values"] {
                if let Some(part) = parts.get(part) {
                    let item = size(part, names);
                    all = all.and(Size { repeated: item.null.max(item.repeated), ..item });
                }
            }
            match parts.get("type") {
                Some(Value::String(kind)) => all = all.and(names.get(&last(kind)).copied().unwrap_or_default()),
                Some(kind) => all = all.and(size(kind, names)),
                None => {}
            }
            for kind in parts
                .get("fields")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|field| field.get("type"))
            {
                all = all.and(size(kind, names));
            }
            let fixed = parts.get("size").and_then(Value::as_u64).unwrap_or(0) / VALUE as u64;
            all.types = all.types.saturating_add(fixed);
            if let Some(Value::String(name)) = parts.get("name") {
                let known = names.entry(last(name)).or_default();
                *known = Size { types: known.types.max(all.types), ..known.and(all) };
            }
            all
        }
        _ => Size::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_counted_where_names_stand_for_them() {
        let of = |text: &str| size(&serde_json::from_str(text).unwrap(), &mut HashMap::new());
        let sizes = |text: &str| (of(text).types, of(text).null, of(text).repeated);
        assert_eq!(sizes(r#""int""#), (1, 0, 0));
        assert_eq!(sizes(r#"["null","int"]"#), (3, 3, 0));
        assert_eq!(sizes(r#"{"type":"fixed","name":"f","size":1600}"#), (101, 0, 0));
        let list = r#"{"type":"array","items":["null",{"type":"fixed","name":"f","size":1600}]}"#;
        assert_eq!(sizes(list), (104, 103, 103));
        // Each record holds the one before it twice, by its name.
        let record = |nth: u32| {
            let of = if nth == 0 { "int".to_owned() } else { format!("r{}", nth - 1) };
            let fields = format!(r#"[{{"name":"a","type":"{of}"}},{{"name":"b","type":"{of}"}}]"#);
            format!(r#"{{"name":"f{nth}","type":{{"type":"record","name":"r{nth}","fields":{fields}}}}}"#)
        };
        let records: Vec<String> = (0..30).map(record).collect();
        let schema = format!(r#"{{"type":"record","name":"all","fields":[{}]}}"#, records.join(","));
        assert!(of(&schema).types > TYPES);
    }
}
