//! JSON lines and JSON arrays of objects; nested members become dotted columns.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use aedile_model::GapKind;
use aedile_rules::Rules;
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

mod cells;
#[cfg(test)]
mod tests;

use cells::Cells;

use super::blocks::{Blocks, Ends};
use super::sample::Reservoir;
use super::source::Stream;
use super::table::Table;
use crate::Limits;

/// Items of one array inside a row that are looked at.
const ITEMS: usize = 64;

/// Nesting at which a member is kept as one cell of JSON text.
const DEPTH: usize = 16;

/// A row: its cells by column; a column inside an array has several.
type Row = BTreeMap<String, Vec<String>>;

/// A stream of one JSON object a line.
pub(super) fn lines(stream: Stream<'_>, limits: &Limits, rules: &Rules) -> Table {
    let mut blocks = Blocks::new(stream, Ends::Lines);
    let (mut table, offered, mut bad) = match limits.dataset_rows {
        usize::MAX => all_lines(&mut blocks, rules),
        _ => sampled_lines(&mut blocks, limits, rules),
    };
    // The last line of a stream that was cut is not whole.
    bad -= u64::from(blocks.stream().cut && bad > 0);
    finish(&mut table, blocks.stream(), blocks.failed, offered);
    if blocks.long > 0 {
        table.gap(GapKind::Limit, format!("{} longer than 16 MiB; not read", super::are(blocks.long, "line")));
    }
    if bad > 0 {
        table.gap(GapKind::Unparsed, format!("{} not JSON objects", super::are(bad, "line")));
    }
    table
}

/// Hands the lines of `block` that are not empty over; gives how many of them are refused.
fn refused(block: &[u8], mut takes: impl FnMut(&[u8]) -> bool) -> u64 {
    let (mut rest, mut refused) = (block, 0);
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default().trim_ascii();
        refused += u64::from(!line.is_empty() && !takes(line));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    refused
}

/// Every line, blocks side by side; with the number of objects and of lines that are none.
fn all_lines(blocks: &mut Blocks<Stream<'_>>, rules: &Rules) -> (Table, u64, u64) {
    let start = || (Table::discovered("jsonl"), 0);
    let (mut table, bad) = blocks
        .par_bridge()
        .fold(
            || (start(), Cells::default()),
            |((mut table, bad), mut cells), block| {
                let fresh = cells.is_fresh();
                let mut more = refused(&block, |line| cells.line(line));
                // What is lost must depend on the block alone, not on those that this thread read before.
                if cells.is_full() && !fresh {
                    cells = Cells::default();
                    more = refused(&block, |line| cells.line(line));
                }
                cells.count(&mut table, rules);
                let cells = if cells.is_full() { Cells::default() } else { cells };
                ((table, bad + more), cells)
            },
        )
        .map(|(counted, _)| counted)
        .reduce(start, |(mut one, bad), (other, more)| {
            one.merge(other);
            (one, bad + more)
        });
    table.sort();
    table.pad();
    let rows = table.rows_read;
    (table, rows, bad)
}

fn sampled_lines(blocks: &mut Blocks<Stream<'_>>, limits: &Limits, rules: &Rules) -> (Table, u64, u64) {
    let mut kept = Reservoir::new(limits.dataset_rows, limits.dataset_seed);
    let mut offer = |line: &[u8]| serde_json::from_slice(line).map(|object| kept.offer(|| flat(object))).is_ok();
    let bad = blocks.map(|block| refused(&block, &mut offer)).sum();
    let offered = kept.offered();
    (whole(&kept.into_kept(), "jsonl", rules), offered, bad)
}

/// A stream that is one JSON array; `None` if it is not an array of objects that look alike.
pub(super) fn array(mut stream: Stream<'_>, limits: &Limits, rules: &Rules) -> Option<Table> {
    let all = limits.dataset_rows == usize::MAX;
    let kept = Reservoir::new(limits.dataset_rows, limits.dataset_seed);
    let mut items =
        Items { rows: kept, others: 0, all, cells: Cells::default(), table: Table::discovered("json"), rules };
    let reader = BufReader::new(stream.by_ref());
    let failed = DeserializeSeed::deserialize(&mut items, &mut serde_json::Deserializer::from_reader(reader)).is_err();
    items.settle();
    let offered = if all { items.table.rows_read } else { items.rows.offered() };
    if items.others > 0 || offered < 2 {
        return None;
    }
    let mut table = match all {
        true => items.table,
        false => whole(&items.rows.into_kept(), "json", rules),
    };
    table.sort();
    table.pad();
    let failed = failed && !stream.cut;
    finish(&mut table, &stream, failed, offered);
    is_table(&table).then_some(table)
}

/// A stream that is one JSON object with arrays of objects in it: a FHIR bundle (HL7 FHIR R4, "Bundle"), whose entries are
/// tables by the type of resource, or an export that wraps its rows. Every array is a table; empty if there is none.
pub(super) fn document(mut stream: Stream<'_>, limits: &Limits, rules: &Rules) -> Vec<Table> {
    let mut document = Document { arrays: BTreeMap::new(), key: String::new(), limits, rules };
    let reader = BufReader::new(stream.by_ref());
    let read = DeserializeSeed::deserialize(&mut document, &mut serde_json::Deserializer::from_reader(reader));
    let failed = read.is_err() && !stream.cut;
    let arrays = std::mem::take(&mut document.arrays);
    let mut tables: Vec<Table> = arrays
        .into_iter()
        .map(|(part, array)| {
            let (mut table, offered) = array.finish(rules);
            table.part = part;
            finish(&mut table, &stream, failed, offered);
            table
        })
        .filter(|table| table.rows_total != Some(1) || table.part.chars().next().is_some_and(char::is_uppercase))
        .collect();
    if let [table] = tables.as_mut_slice() {
        table.part.clear();
    }
    tables
}

/// Tables of one document; what is beyond is not read.
const PARTS: usize = 256;

/// The arrays of a document, by the key or type of resource.
struct Document<'a> {
    arrays: BTreeMap<String, Array>,
    /// The key whose value is read.
    key: String,
    limits: &'a Limits,
    rules: &'a Rules,
}

/// One table of a document: a sample of its rows, or what was counted of all of them and the last few.
enum Array {
    Sampled(Reservoir<Row>),
    All { table: Box<Table>, held: Vec<Row>, bytes: usize },
}

/// Rows, and bytes of their cells, that are held of each table of a document before they are looked at.
const HELD: (usize, usize) = (256, 128 << 10);

impl Array {
    fn new(limits: &Limits) -> Array {
        match limits.dataset_rows {
            usize::MAX => Array::All { table: Box::new(Table::discovered("json")), held: Vec::new(), bytes: 0 },
            rows => Array::Sampled(Reservoir::new(rows, limits.dataset_seed)),
        }
    }

    fn offer(&mut self, object: Map<String, Value>, rules: &Rules) {
        match self {
            Array::Sampled(rows) => rows.offer(|| flat(object)),
            Array::All { table, held, bytes } => {
                let row = flat(object);
                *bytes += row.values().flatten().map(String::len).sum::<usize>();
                held.push(row);
                if held.len() >= HELD.0 || *bytes >= HELD.1 {
                    count(held, table, rules);
                    held.clear();
                    *bytes = 0;
                }
            }
        }
    }

    /// The table, and how many rows were offered.
    fn finish(self, rules: &Rules) -> (Table, u64) {
        match self {
            Array::Sampled(rows) => {
                let offered = rows.offered();
                (whole(&rows.into_kept(), "json", rules), offered)
            }
            Array::All { mut table, held, .. } => {
                count(&held, &mut table, rules);
                table.sort();
                table.pad();
                let offered = table.rows_read;
                (*table, offered)
            }
        }
    }
}

impl Document<'_> {
    fn offer(&mut self, mut object: Map<String, Value>) {
        // An entry of a bundle wraps its resource.
        if let Some(Value::Object(_)) = object.get("resource")
            && let Some(Value::Object(resource)) = object.remove("resource")
        {
            object = resource;
        }
        let part = match object.get("resourceType") {
            Some(Value::String(kind)) => super::column_name(kind),
            _ => super::column_name(&self.key),
        };
        if self.arrays.len() >= PARTS && !self.arrays.contains_key(&part) {
            return;
        }
        self.arrays.entry(part).or_insert_with(|| Array::new(self.limits)).offer(object, self.rules);
    }
}

impl<'de> DeserializeSeed<'de> for &mut Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Document<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object with arrays of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<String>()? {
            self.key = key;
            members.next_value_seed(Member { document: self })?;
        }
        Ok(())
    }
}

/// The value of one key of a document.
struct Member<'m, 'a> {
    document: &'m mut Document<'a>,
}

impl<'de> DeserializeSeed<'de> for Member<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Value>()? {
            if let Value::Object(object) = item {
                self.document.offer(object);
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Whether most cells of most columns are there: objects that look alike.
fn is_table(table: &Table) -> bool {
    let count =
        |of: fn(&aedile_rules::ColumnProfile) -> u64| table.columns().iter().map(|(_, column)| of(column)).sum();
    let (cells, nulls): (u64, u64) = (count(|column| column.total()), count(|column| column.nulls()));
    cells > 0 && nulls * 2 <= cells
}

/// The items of an array, offered one after the other.
struct Items<'a> {
    rows: Reservoir<Row>,
    /// Items that are no objects.
    others: u64,
    /// Whether every row is looked at and none is kept.
    all: bool,
    cells: Cells,
    table: Table,
    rules: &'a Rules,
}

/// Objects, and bytes of their cells, that are held before they are looked at.
const BATCH: (usize, usize) = (1024, 1 << 20);

impl Items<'_> {
    /// Looks at the cells that are held.
    fn settle(&mut self) {
        self.cells.count(&mut self.table, self.rules);
    }
}

impl<'de> DeserializeSeed<'de> for &mut Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Items<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Item { of: self })?.is_some() {}
        Ok(())
    }
}

/// One item of an array.
struct Item<'i, 'a> {
    of: &'i mut Items<'a>,
}

impl<'de> DeserializeSeed<'de> for Item<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        let Items { rows, all, cells, .. } = self.of;
        if !*all {
            let object = Map::deserialize(MapAccessDeserializer::new(members))?;
            rows.offer(|| flat(object));
            return Ok(());
        }
        cells.object(members)?;
        if cells.rows() >= BATCH.0 || cells.bytes() >= BATCH.1 {
            self.of.settle();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.of.others += 1;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.of.others += 1;
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.of.others += 1;
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.of.others += 1;
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.of.others += 1;
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.of.others += 1;
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.of.others += 1;
        Ok(())
    }
}

/// Says what of the stream was read.
fn finish(table: &mut Table, stream: &Stream<'_>, failed: bool, offered: u64) {
    if failed {
        table.gap(GapKind::Unparsed, format!("the bytes cannot be read beyond row {offered}"));
    } else if stream.cut {
        let why = format!("read up to row {offered}: the dataset has more than {} bytes", stream.limit());
        table.gap(GapKind::Limit, why);
    } else if !stream.spread {
        table.rows_total = Some(offered);
    }
    if table.columns_left > 0 {
        let kept = table.columns().len();
        let why = format!("columns beyond the first {kept} by name were not read, and rows were not compared");
        table.gap(GapKind::Limit, why);
    }
}

/// The table of `rows` and no other.
fn whole(rows: &[Row], format: &'static str, rules: &Rules) -> Table {
    let mut table = Table::discovered(format);
    count(rows, &mut table, rules);
    table.sort();
    table.pad();
    table
}

/// Counts what `rows` hold into `table`; cells that are not there are not counted.
fn count(rows: &[Row], table: &mut Table, rules: &Rules) {
    let mut columns: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for (nth, row) in rows.iter().enumerate() {
        for (name, cells) in row {
            columns.entry(name).or_default().extend(cells.iter().map(|cell| (nth, cell.as_str())));
        }
    }
    for (name, cells) in columns {
        if let Some(at) = table.at(name) {
            table.observe_any(rules, at, rows.len(), cells);
        }
    }
    table.end_rows(rows.len());
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
