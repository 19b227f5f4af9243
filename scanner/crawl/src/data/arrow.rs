//! Arrow record batches as columns of cells.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aedile_rules::Rules;
use arrow::array::{
    AnyDictionaryArray, Array, ArrayRef, AsArray, BooleanArray, FixedSizeListArray, Int32Array, LargeListArray,
    ListArray, MapArray, RecordBatch, StructArray,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::hashed::NOTHING;
use super::random::careful;
use super::table::Table;
use numbers::Written;
pub(super) use tables::Tables;

mod numbers;
mod tables;

/// Nesting at which a member is one cell.
const DEPTH: usize = 16;

/// How the cells of a leaf lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cells {
    OneARow,
    /// Items of lists.
    Any,
}

/// Looks at batches of one table, one after the other.
pub(super) struct Batches<'r> {
    table: Table,
    rules: &'r Rules,
    /// Dictionaries by the place of their column.
    open: BTreeMap<usize, Counted>,
}

/// The values of a dictionary, and how often each was met.
struct Counted {
    values: ArrayRef,
    counts: Vec<u64>,
    /// Of each value.
    hashes: Vec<u32>,
}

impl<'r> Batches<'r> {
    /// Batches that are added to `table`.
    pub(super) fn new(table: Table, rules: &'r Rules) -> Batches<'r> {
        Batches { table, rules, open: BTreeMap::new() }
    }

    /// The table with all that was looked at.
    pub(super) fn into_table(mut self) -> Table {
        let places: Vec<usize> = self.open.keys().copied().collect();
        places.into_iter().for_each(|place| self.close(place));
        self.table
    }

    /// As [`Batches::observe`]; says whether it could: a batch of hostile bytes may not be what its decoder takes it for.
    pub(super) fn try_observe(&mut self, batch: &RecordBatch) -> bool {
        let whole = careful(|| self.observe(batch)).is_some();
        if !whole {
            self.table.hashed().forget();
        }
        whole
    }

    /// Looks at every leaf of `batch`: members of structures by dotted name, items of lists as further cells of their column.
    pub(super) fn observe(&mut self, batch: &RecordBatch) {
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            self.leaves(&super::column_name(field.name()), column, (DEPTH, Cells::OneARow));
        }
        self.table.end_rows(batch.num_rows());
    }

    /// Rows that were looked at.
    pub(super) fn rows_read(&self) -> u64 {
        self.table.rows_read
    }

    fn leaves(&mut self, name: &str, column: &ArrayRef, (depth, lie): (usize, Cells)) {
        let any = column.as_any();
        if depth > 0 {
            if let Some(members) = any.downcast_ref::<StructArray>() {
                for (field, member) in members.fields().iter().zip(members.columns()) {
                    let name = format!("{name}.{}", super::column_name(field.name()));
                    self.leaves(&name, member, (depth - 1, lie));
                }
                return;
            }
            // The items that the rows of this batch point to, and no others that share their memory.
            let items = any
                .downcast_ref::<ListArray>()
                .and_then(|list| Some(list.values().slice(at(*list.offsets().first()?), at(span(list.offsets())?))))
                .or_else(|| {
                    let list = any.downcast_ref::<LargeListArray>()?;
                    Some(list.values().slice(at(*list.offsets().first()?), at(span(list.offsets())?)))
                })
                .or_else(|| any.downcast_ref::<FixedSizeListArray>().map(|list| list.values().clone()));
            if let Some(items) = items {
                return self.leaves(name, &items, (depth - 1, Cells::Any));
            }
            if let Some(map) = any.downcast_ref::<MapArray>() {
                self.leaves(&format!("{name}.key"), map.keys(), (depth - 1, Cells::Any));
                return self.leaves(&format!("{name}.value"), map.values(), (depth - 1, Cells::Any));
            }
        }
        let Some(place) = self.table.at(name) else { return };
        match column.as_any_dictionary_opt() {
            Some(dictionary) => self.tally(place, dictionary),
            None => match column.data_type() {
                DataType::Utf8 => self.table.observe(self.rules, place, column.as_string::<i32>()),
                DataType::LargeUtf8 => self.table.observe(self.rules, place, column.as_string::<i64>()),
                DataType::Utf8View => self.table.observe(self.rules, place, column.as_string_view()),
                kind if is_number(kind) => {
                    written(column, |written| self.table.observe_numbers(self.rules, place, written.cells()));
                }
                _ => {
                    if let Some(observe) = self.table.observer(self.rules, place) {
                        cells(column, observe);
                    }
                }
            },
        }
        if lie == Cells::Any {
            self.table.hashed().uneven(place);
        }
    }

    /// Counts how often each value of a dictionary stands in the column at `place`. The value itself is looked at once, when
    /// another dictionary follows or none.
    fn tally(&mut self, place: usize, dictionary: &dyn AnyDictionaryArray) {
        let (keys, values) = (dictionary.keys(), dictionary.values());
        let same = |counted: &Counted| counted.values.to_data().ptr_eq(&values.to_data());
        if !self.open.get(&place).is_some_and(same) {
            self.close(place);
            let (counts, mut hashes) = (vec![0; values.len()], Vec::with_capacity(values.len()));
            if let Some(profile) = self.table.profile(place) {
                let mut observer = self.rules.identifiers.observer(profile);
                cells(values, |cell| hashes.push(observer.cells(cell, 0)));
            }
            self.open.insert(place, Counted { values: values.clone(), counts, hashes });
        }
        let nulls = keys.null_count() as u64;
        if let Some(profile) = self.table.profile(place).filter(|_| nulls > 0) {
            profile.observe_nulls(nulls);
        }
        let (Some(counted), Some(rows)) = (self.open.get_mut(&place), self.table.hashed().column(place)) else {
            return;
        };
        if let Some(keys) = keys.as_any().downcast_ref::<Int32Array>().filter(|_| nulls == 0) {
            for key in keys.values() {
                let key = usize::try_from(*key).unwrap_or(usize::MAX);
                if let Some(count) = counted.counts.get_mut(key) {
                    *count += 1;
                }
                rows.push(counted.hashes.get(key).copied().unwrap_or(NOTHING));
            }
            return;
        }
        // The keys of a dictionary without values cannot be told, and stand for nothing.
        if counted.counts.is_empty() {
            rows.resize(rows.len() + keys.len(), NOTHING);
            return;
        }
        for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
            let valid = keys.is_valid(row);
            if let Some(count) = counted.counts.get_mut(key).filter(|_| valid) {
                *count += 1;
            }
            rows.push(counted.hashes.get(key).copied().filter(|_| valid).unwrap_or(NOTHING));
        }
    }

    fn close(&mut self, place: usize) {
        let Some(Counted { values, counts, .. }) = self.open.remove(&place) else { return };
        let Some(profile) = self.table.profile(place) else { return };
        let mut observer = self.rules.identifiers.observer(profile);
        let mut counts = counts.into_iter();
        cells(&values, |cell| {
            observer.cells(cell, counts.next().unwrap_or(0));
        });
    }
}

/// Bytes that the cells of `batch` take. Columns of a message share its bytes, so what an array holds says nothing.
pub(super) fn size(batch: &RecordBatch) -> usize {
    let of =
        |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size());
    batch.columns().iter().map(of).sum()
}

fn span<O: Copy + std::ops::Sub<Output = O>>(offsets: &[O]) -> Option<O> {
    Some(*offsets.last()? - *offsets.first()?)
}

fn at(offset: impl TryInto<usize>) -> usize {
    offset.try_into().unwrap_or(0)
}

/// Hands the cells of a leaf over as text; one that cannot be shown is null.
fn cells(column: &ArrayRef, mut hand: impl FnMut(Option<&str>)) {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().iter().for_each(hand),
        DataType::LargeUtf8 => column.as_string::<i64>().iter().for_each(hand),
        DataType::Utf8View => column.as_string_view().iter().for_each(hand),
        DataType::Binary => column.as_binary::<i32>().iter().for_each(|cell| bytes(cell, &mut hand)),
        DataType::LargeBinary => column.as_binary::<i64>().iter().for_each(|cell| bytes(cell, &mut hand)),
        DataType::BinaryView => column.as_binary_view().iter().for_each(|cell| bytes(cell, &mut hand)),
        DataType::Boolean => {
            let words = |truth: bool| if truth { "true" } else { "false" };
            let column: &BooleanArray = column.as_boolean();
            column.iter().for_each(|cell| hand(cell.map(words)));
        }
        kind if is_number(kind) => written(column, |written| written.texts().for_each(&mut hand)),
        _ => shown(column, hand),
    }
}

/// Bytes that are text count as text.
fn bytes(cell: Option<&[u8]>, hand: &mut impl FnMut(Option<&str>)) {
    match cell.map(std::str::from_utf8) {
        None => hand(None),
        Some(Ok(text)) => hand(Some(text)),
        Some(Err(_)) => {
            let mut hex = String::new();
            cell.unwrap_or_default().iter().take(64).for_each(|byte| {
                let _ = write!(hex, "{byte:02x}");
            });
            hand(Some(&hex));
        }
    }
}

fn is_number(kind: &DataType) -> bool {
    kind.is_integer() || *kind == DataType::Float64
}

/// Numbers that are written one behind the other.
const WRITTEN: usize = 8192;

/// Hands the cells of a leaf of numbers over as text, many at a time.
fn written(column: &ArrayRef, mut hand: impl FnMut(&Written)) {
    for start in (0..column.len()).step_by(WRITTEN) {
        let column = column.slice(start, WRITTEN.min(column.len() - start));
        hand(&match column.data_type() {
            DataType::Int8 => whole::<Int8Type>(&column),
            DataType::Int16 => whole::<Int16Type>(&column),
            DataType::Int32 => whole::<Int32Type>(&column),
            DataType::Int64 => whole::<Int64Type>(&column),
            DataType::UInt8 => whole::<UInt8Type>(&column),
            DataType::UInt16 => whole::<UInt16Type>(&column),
            DataType::UInt32 => whole::<UInt32Type>(&column),
            DataType::UInt64 => whole::<UInt64Type>(&column),
            _ => floats(&column),
        });
    }
}

fn whole<T: ArrowPrimitiveType>(column: &ArrayRef) -> Written
where
    i128: From<T::Native>,
{
    let mut written = Written::default();
    column.as_primitive::<T>().iter().for_each(|cell| match cell {
        Some(cell) => written.whole(i128::from(cell)),
        None => written.nothing(),
    });
    written
}

fn floats(column: &ArrayRef) -> Written {
    let mut written = Written::default();
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options).ok();
    for (row, cell) in column.as_primitive::<Float64Type>().iter().enumerate() {
        let text = || formatter.as_ref().and_then(|formatter| formatter.value(row).try_to_string().ok());
        match cell {
            Some(cell) => written.float(cell, text),
            None => written.nothing(),
        }
    }
    written
}

fn shown(column: &ArrayRef, mut hand: impl FnMut(Option<&str>)) {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options).ok();
    let mut text = String::new();
    for row in 0..column.len() {
        text.clear();
        let written = column.is_valid(row)
            && formatter.as_ref().is_some_and(|formatter| formatter.value(row).write(&mut text).is_ok());
        hand(written.then_some(&text));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, Int64Array, ListBuilder, StringArray, StringBuilder};
    use arrow::datatypes::Field;

    use super::super::RULES;
    use super::*;

    #[test]
    fn structures_and_lists_are_flattened() {
        let mut list = ListBuilder::new(StringBuilder::new());
        list.append_value([Some("x"), Some("y")]);
        list.append_value([Some("z")]);
        list.append_value([Some("beyond")]);
        let inner: ArrayRef = Arc::new(StringArray::from(vec![Some("Ann"), None, Some("Bob")]));
        let member = StructArray::from(vec![(Arc::new(Field::new("name", DataType::Utf8, true)), inner)]);
        let columns = [
            ("tags", Arc::new(list.finish()) as ArrayRef),
            ("who", Arc::new(member) as ArrayRef),
            ("n", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap().slice(0, 2);
        let mut batches = Batches::new(Table::new("parquet"), &RULES);
        batches.observe(&batch);
        let table = batches.into_table();
        let counts = |name: &str| (table.column(name).total(), table.column(name).nulls());
        assert_eq!((counts("who.name"), counts("tags"), counts("n")), ((2, 1), (3, 0), (2, 0)));
        assert_eq!(table.rows_read, 2);
        let (names, rows) = table.into_columns();
        let even = |name: &str| rows.is_even(names.iter().position(|(column, _)| column == name).unwrap());
        assert_eq!((even("who.name"), even("n"), even("tags")), (true, true, false));
        assert_eq!(rows.of(&[0]).len(), 2);
    }

    #[test]
    fn a_dictionary_counts_as_the_cells_that_it_stands_for() {
        let words = ["ann@mailbox.org", "bob@mailbox.org", "never"];
        let part = |keys: Vec<Option<i32>>| {
            let values: ArrayRef = Arc::new(StringArray::from(words.to_vec()));
            DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys), values).unwrap()
        };
        let (first, second) = (part(vec![Some(0), None, Some(1), Some(0)]), part(vec![Some(1), Some(1)]));
        let mut batches = Batches::new(Table::new("parquet"), &RULES);
        for column in [first.slice(0, 2), first.slice(2, 2), second] {
            batches.observe(&RecordBatch::try_from_iter([("email", Arc::new(column) as ArrayRef)]).unwrap());
        }
        let tallied = batches.into_table();
        let cells = [Some(words[0]), None, Some(words[1]), Some(words[0]), Some(words[1]), Some(words[1])];
        let column = Arc::new(StringArray::from(cells.to_vec())) as ArrayRef;
        let mut batches = Batches::new(Table::new("parquet"), &RULES);
        batches.observe(&RecordBatch::try_from_iter([("email", column)]).unwrap());
        let plain = batches.into_table();
        assert_eq!(tallied.columns(), plain.columns());
        assert_eq!((tallied.column("email").nulls(), tallied.column("email").distinct()), (1, 2));
    }
}
