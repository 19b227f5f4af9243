//! Rows of cells that come one after the other: sheets, database tables, dumps.

use aedile_rules::Rules;

use super::csv::{FirstRow, first_row, names};
use super::sample::Reservoir;
use super::table::{COLUMNS, Table};
use crate::Limits;

/// Rows that are held before they are looked at.
const HELD: usize = 1024;

/// Bytes of cells that are held before they are looked at.
const BYTES: usize = 4 << 20;

/// Bytes of one cell that are kept.
const CELL: usize = 64 << 10;

/// Rows on their way into a table.
pub(super) struct Rows<'a> {
    table: Table,
    kept: Reservoir<Vec<Option<String>>>,
    all: bool,
    held: Vec<Vec<Option<String>>>,
    bytes: usize,
    seen: u64,
    rules: &'a Rules,
}

impl<'a> Rows<'a> {
    /// Rows of a table with those columns.
    pub(super) fn new(
        format: &'static str,
        part: &str,
        columns: &[String],
        limits: &Limits,
        rules: &'a Rules,
    ) -> Rows<'a> {
        let columns = names(columns, columns.len().min(COLUMNS));
        let mut table = Table::of(format, &columns);
        part.clone_into(&mut table.part);
        let all = limits.dataset_rows == usize::MAX;
        let kept = Reservoir::new(limits.dataset_rows, limits.dataset_seed);
        Rows { table, kept, all, held: Vec::new(), bytes: 0, seen: 0, rules }
    }

    /// Takes a row; missing cells are nulls, and those beyond the columns are not looked at.
    pub(super) fn offer(&mut self, row: Vec<Option<String>>) {
        self.seen += 1;
        let row = row.into_iter().map(|cell| cell.map(cut));
        if !self.all {
            return self.kept.offer(|| row.collect());
        }
        let row: Vec<Option<String>> = row.collect();
        self.bytes += row.iter().flatten().map(String::len).sum::<usize>();
        self.held.push(row);
        if self.held.len() >= HELD || self.bytes >= BYTES {
            self.settle();
        }
    }

    /// How many rows came.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    fn settle(&mut self) {
        let rows = std::mem::take(&mut self.held);
        self.bytes = 0;
        for at in 0..self.table.columns().len() {
            self.table.observe(self.rules, at, rows.iter().map(|row| row.get(at).and_then(Option::as_deref)));
        }
        self.table.end_rows(rows.len());
    }

    /// The table of what came.
    pub(super) fn finish(mut self) -> Table {
        if !self.all {
            let kept = std::mem::replace(&mut self.kept, Reservoir::new(1, 0));
            self.held = kept.into_kept();
        }
        self.settle();
        self.table
    }
}

/// `cell`, at most [`CELL`] bytes of it.
fn cut(mut cell: String) -> String {
    if cell.len() > CELL {
        let mut end = CELL;
        while !cell.is_char_boundary(end) {
            end -= 1;
        }
        cell.truncate(end);
    }
    cell
}

/// Whether the first of some rows holds names, as far as the rows below it and the rules tell.
pub(super) fn has_names(first: &[String], below: &[Vec<String>], rules: &Rules) -> bool {
    match first_row(first, below) {
        FirstRow::Names => true,
        FirstRow::Data => false,
        FirstRow::Either => super::names_something(rules, first),
    }
}
