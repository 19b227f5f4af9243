//! Arrow record batches as columns of cells.

use std::fmt::Write as _;

use aedile_rules::{Observer, Rules};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, FixedSizeListArray, LargeListArray, ListArray, MapArray, RecordBatch,
    StructArray,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::table::Table;

/// Nesting at which a member is one cell.
const DEPTH: usize = 16;

/// Looks at every leaf of `batch`: members of structures by dotted name, items of lists as further cells of their column.
pub(super) fn observe(batch: &RecordBatch, table: &mut Table, rules: &Rules) {
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        leaves(&super::column_name(field.name()), column, (DEPTH, Cells::OneARow), table, rules);
    }
    table.end_rows(batch.num_rows());
}

/// How the cells of a leaf lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cells {
    OneARow,
    /// Items of lists.
    Any,
}

fn leaves(name: &str, column: &ArrayRef, (depth, lie): (usize, Cells), table: &mut Table, rules: &Rules) {
    let any = column.as_any();
    if depth > 0 {
        if let Some(members) = any.downcast_ref::<StructArray>() {
            for (field, member) in members.fields().iter().zip(members.columns()) {
                let name = format!("{name}.{}", super::column_name(field.name()));
                leaves(&name, member, (depth - 1, lie), table, rules);
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
            return leaves(name, &items, (depth - 1, Cells::Any), table, rules);
        }
        if let Some(map) = any.downcast_ref::<MapArray>() {
            leaves(&format!("{name}.key"), map.keys(), (depth - 1, Cells::Any), table, rules);
            return leaves(&format!("{name}.value"), map.values(), (depth - 1, Cells::Any), table, rules);
        }
    }
    let Some(at) = table.at(name) else { return };
    if let Some(profile) = table.profile(at) {
        cells(column, &mut rules.identifiers.observer(profile));
    }
    if lie == Cells::Any || hash(at, column, table).is_err() {
        table.hashed().uneven(at);
    }
}

/// Adds the cells of the column at `at`, one a row, to the rows that are compared.
fn hash(at: usize, column: &ArrayRef, table: &mut Table) -> Result<(), ArrowError> {
    let converter = RowConverter::new(vec![SortField::new(column.data_type().clone())])?;
    let rows = converter.convert_columns(std::slice::from_ref(column))?;
    for (nth, row) in rows.iter().enumerate() {
        table.hashed().exact(at, column.is_valid(nth).then(|| row.as_ref()));
    }
    Ok(())
}

fn span<O: Copy + std::ops::Sub<Output = O>>(offsets: &[O]) -> Option<O> {
    Some(*offsets.last()? - *offsets.first()?)
}

fn at(offset: impl TryInto<usize>) -> usize {
    offset.try_into().unwrap_or(0)
}

/// The cells of a leaf as text; one that cannot be shown is null.
fn cells(column: &ArrayRef, observer: &mut Observer<'_>) {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().iter().for_each(|cell| observer.cell(cell)),
        DataType::LargeUtf8 => column.as_string::<i64>().iter().for_each(|cell| observer.cell(cell)),
        DataType::Utf8View => column.as_string_view().iter().for_each(|cell| observer.cell(cell)),
        DataType::Binary => column.as_binary::<i32>().iter().for_each(|cell| bytes(cell, observer)),
        DataType::LargeBinary => column.as_binary::<i64>().iter().for_each(|cell| bytes(cell, observer)),
        DataType::BinaryView => column.as_binary_view().iter().for_each(|cell| bytes(cell, observer)),
        DataType::Boolean => {
            let words = |truth: bool| if truth { "true" } else { "false" };
            let column: &BooleanArray = column.as_boolean();
            column.iter().for_each(|cell| observer.cell(cell.map(words)));
        }
        DataType::Int8 => whole::<Int8Type>(column, observer),
        DataType::Int16 => whole::<Int16Type>(column, observer),
        DataType::Int32 => whole::<Int32Type>(column, observer),
        DataType::Int64 => whole::<Int64Type>(column, observer),
        DataType::UInt8 => whole::<UInt8Type>(column, observer),
        DataType::UInt16 => whole::<UInt16Type>(column, observer),
        DataType::UInt32 => whole::<UInt32Type>(column, observer),
        DataType::UInt64 => whole::<UInt64Type>(column, observer),
        _ => shown(column, observer),
    }
}

/// Bytes that are text count as text.
fn bytes(cell: Option<&[u8]>, observer: &mut Observer<'_>) {
    match cell.map(std::str::from_utf8) {
        None => observer.cell(None),
        Some(Ok(text)) => observer.cell(Some(text)),
        Some(Err(_)) => {
            let mut hex = String::new();
            cell.unwrap_or_default().iter().take(64).for_each(|byte| {
                let _ = write!(hex, "{byte:02x}");
            });
            observer.cell(Some(&hex));
        }
    }
}

fn whole<T: ArrowPrimitiveType>(column: &ArrayRef, observer: &mut Observer<'_>)
where
    i128: From<T::Native>,
{
    let mut digits = Digits::default();
    column.as_primitive::<T>().iter().for_each(|cell| observer.cell(cell.map(|cell| digits.of(i128::from(cell)))));
}

fn shown(column: &ArrayRef, observer: &mut Observer<'_>) {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options).ok();
    let mut text = String::new();
    for row in 0..column.len() {
        text.clear();
        let written = column.is_valid(row)
            && formatter.as_ref().is_some_and(|formatter| write!(text, "{}", formatter.value(row)).is_ok());
        observer.cell(written.then_some(&text));
    }
}

/// Whole numbers of up to 64 bits as text, without a new text for each.
#[derive(Debug)]
struct Digits([u8; 40]);

impl Default for Digits {
    fn default() -> Digits {
        Digits([0; 40])
    }
}

impl Digits {
    fn of(&mut self, number: i128) -> &str {
        let mut rest = u64::try_from(number.unsigned_abs()).unwrap_or(u64::MAX);
        let mut from = self.0.len();
        loop {
            from -= 1;
            if let Some(digit) = self.0.get_mut(from) {
                *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            }
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            from -= 1;
            if let Some(sign) = self.0.get_mut(from) {
                *sign = b'-';
            }
        }
        self.0.get(from..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, ListBuilder, StringArray, StringBuilder};
    use arrow::datatypes::Field;

    use super::super::RULES;
    use super::*;

    #[test]
    fn numbers_are_written_as_numbers() {
        let mut digits = Digits::default();
        for number in [0, 7, -12, i128::from(i64::MIN), i128::from(u64::MAX)] {
            assert_eq!(digits.of(number), number.to_string());
        }
    }

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
        let mut table = Table::new("parquet");
        observe(&batch, &mut table, &RULES);
        let counts = |name: &str| (table.column(name).total(), table.column(name).nulls());
        assert_eq!((counts("who.name"), counts("tags"), counts("n")), ((2, 1), (3, 0), (2, 0)));
        assert_eq!(table.rows_read, 2);
        let rows = |name: &str| table.hashed_rows(name).map(|rows| rows.len());
        assert_eq!((rows("who.name"), rows("n"), rows("tags")), (Some(2), Some(2), None));
    }
}
