//! JSON lines and JSON arrays of objects; nested members become dotted columns.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use aedile_model::GapKind;
use arrow::array::StringArray;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::sample::{COLUMNS, Reservoir, Sample, batch};
use super::stream::Stream;
use crate::{File, Limits};

/// Items of one array inside a row that are looked at.
const ITEMS: usize = 64;

/// Nesting at which a member is kept as one cell of JSON text.
const DEPTH: usize = 16;

/// A row: its cells by column; a column inside an array has several.
type Row = BTreeMap<String, Vec<String>>;

/// A sample of a file of one JSON object a line.
///
/// # Errors
/// The file cannot be opened.
pub(super) fn lines(file: &File, gzip: bool, limits: &Limits) -> io::Result<Sample> {
    let mut reader = BufReader::new(Stream::open(file, gzip, true, limits.dataset_bytes)?);
    let mut rows = Reservoir::new(limits.dataset_rows);
    let mut line = Vec::new();
    let (mut bad, mut failed) = (0_u64, false);
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) if line.trim_ascii().is_empty() => {}
            // The last line of a stream that was cut is not whole; reading on sets the mark.
            Ok(_) => match serde_json::from_slice::<Map<String, Value>>(&line) {
                Ok(object) => rows.offer(|| flat(object)),
                Err(_) => bad += 1,
            },
            Err(_) => {
                failed = true;
                break;
            }
        }
    }
    let stream = reader.into_inner();
    let bad = bad - u64::from(stream.cut && bad > 0);
    let mut sample = finish("jsonl", rows, &stream, failed, limits);
    if bad > 0 {
        sample.gaps.push((GapKind::Unparsed, format!("{bad} lines are not JSON objects")));
    }
    Ok(sample)
}

/// A sample of a file that is one JSON array; `None` if it is not an array of objects that look alike.
///
/// # Errors
/// The file cannot be opened.
pub(super) fn array(file: &File, gzip: bool, limits: &Limits) -> io::Result<Option<Sample>> {
    let mut stream = Stream::open(file, gzip, false, limits.dataset_bytes)?;
    let mut items = Items { rows: Reservoir::new(limits.dataset_rows), others: 0 };
    let failed = match &file.text {
        Some(text) if !gzip && text.len() as u64 <= limits.dataset_bytes => {
            DeserializeSeed::deserialize(&mut items, &mut serde_json::Deserializer::from_str(text)).is_err()
        }
        _ => {
            let reader = BufReader::new(stream.by_ref());
            DeserializeSeed::deserialize(&mut items, &mut serde_json::Deserializer::from_reader(reader)).is_err()
        }
    };
    if items.others > 0 || items.rows.offered() < 2 {
        return Ok(None);
    }
    let failed = failed && !stream.cut;
    let sample = finish("json", items.rows, &stream, failed, limits);
    Ok(is_table(&sample).then_some(sample))
}

/// Whether most cells of most columns are there: objects that look alike.
fn is_table(sample: &Sample) -> bool {
    let cells: usize = sample.batches.first().map_or(0, |batch| batch.num_columns() * batch.num_rows());
    let nulls: usize =
        sample.batches.first().map_or(0, |batch| batch.columns().iter().map(|column| column.null_count()).sum());
    cells > 0 && nulls * 2 <= cells
}

/// The items of an array, offered one after the other.
struct Items {
    rows: Reservoir<Row>,
    /// Items that are no objects.
    others: u64,
}

impl<'de> DeserializeSeed<'de> for &mut Items {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Items {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Value>()? {
            match item {
                Value::Object(object) => self.rows.offer(|| flat(object)),
                _ => self.others += 1,
            }
        }
        Ok(())
    }
}

fn finish(format: &'static str, rows: Reservoir<Row>, stream: &Stream<'_>, failed: bool, limits: &Limits) -> Sample {
    let mut sample = Sample { format, ..Sample::default() };
    let offered = rows.offered();
    if failed {
        sample.gaps.push((GapKind::Unparsed, format!("the bytes cannot be read beyond row {offered}")));
    } else if stream.cut {
        sample.gaps.push((
            GapKind::Limit,
            format!("read up to row {offered}: the dataset has more than {} bytes", limits.dataset_bytes),
        ));
    } else if !stream.spread {
        sample.rows_total = Some(offered);
    }
    let rows = rows.into_kept();
    sample.rows_read = rows.len() as u64;
    fill(&rows, &mut sample);
    sample
}

/// The first cells of every column as one batch, further cells of columns inside arrays as batches of their own.
fn fill(rows: &[Row], sample: &mut Sample) {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, cells) in rows.iter().flatten() {
        let more = names.entry(name).or_default();
        *more += cells.len().saturating_sub(1);
    }
    if names.len() > COLUMNS {
        sample
            .gaps
            .push((GapKind::Limit, format!("{} of {} columns were not read", names.len() - COLUMNS, names.len())));
    }
    let cells = |name: &str, row: &Row| row.get(name).and_then(|cells| cells.first().cloned());
    let firsts = names
        .keys()
        .take(COLUMNS)
        .map(|&name| (name.to_owned(), rows.iter().map(|row| cells(name, row)).collect::<StringArray>()));
    sample.batches.extend(batch(firsts.collect()));
    for (&name, _) in names.iter().take(COLUMNS).filter(|(_, more)| **more > 0) {
        let rest: StringArray =
            rows.iter().filter_map(|row| row.get(name)).flat_map(|cells| cells.iter().skip(1)).map(Some).collect();
        sample.batches.extend(batch(vec![(name.to_owned(), rest)]));
    }
}

/// The cells of `object` by dotted name; `null` gives none.
fn flat(object: Map<String, Value>) -> Row {
    let mut row = Row::new();
    for (name, value) in object {
        put(&mut row, super::column_name(&name), value, DEPTH);
    }
    row
}

fn put(row: &mut Row, name: String, value: Value, depth: usize) {
    match value {
        Value::Null => {}
        Value::Bool(truth) => row.entry(name).or_default().push(truth.to_string()),
        Value::Number(number) => row.entry(name).or_default().push(number.to_string()),
        Value::String(text) => row.entry(name).or_default().push(text),
        Value::Object(object) if depth > 0 => {
            for (member, value) in object {
                put(row, format!("{name}.{}", super::column_name(&member)), value, depth - 1);
            }
        }
        Value::Array(items) if depth > 0 => {
            for item in items.into_iter().take(ITEMS) {
                put(row, name.clone(), item, depth - 1);
            }
        }
        deep @ (Value::Object(_) | Value::Array(_)) => row.entry(name).or_default().push(deep.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(sample: &Sample, name: &str) -> Vec<Option<String>> {
        let columns = sample.batches.iter().filter_map(|batch| batch.column_by_name(name));
        let cells = columns.flat_map(|column| column.as_any().downcast_ref::<StringArray>().unwrap().iter());
        cells.map(|cell| cell.map(str::to_owned)).collect()
    }

    #[test]
    fn nested_members_are_dotted_columns() {
        let file = File::in_memory("a.jsonl", "{\"a\":{\"b\":1},\"tags\":[\"x\",\"y\"]}\n\n{\"a\":null}\nnot json\n");
        let sample = lines(&file, false, &Limits::default()).unwrap();
        assert_eq!(column(&sample, "a.b"), [Some("1".into()), None]);
        assert_eq!(column(&sample, "tags"), [Some("x".into()), None, Some("y".into())]);
        assert_eq!((sample.rows_total, sample.gaps.len()), (Some(2), 1));
    }

    #[test]
    fn only_arrays_of_like_objects_are_tables() {
        let read = |text: &str| array(&File::in_memory("a.json", text), false, &Limits::default()).unwrap();
        assert_eq!(read(r#"[{"a":1,"b":2},{"a":3,"b":null}]"#).unwrap().rows_read, 2);
        assert!(read(r#"[{"a":1}]"#).is_none(), "one object is no table");
        assert!(read(r#"[{"a":1},2]"#).is_none());
        assert!(read(r#"[{"a":1},{"b":1},{"c":1}]"#).is_none());
        assert!(read(r#"{"a":1}"#).is_none());
    }

    #[test]
    fn deep_nesting_is_no_panic() {
        let deep = format!("[{0}{1},{0}{1}]", "{\"a\":".repeat(5_000), "}".repeat(5_000));
        assert!(array(&File::in_memory("a.json", &deep), false, &Limits::default()).unwrap().is_none());
    }
}
