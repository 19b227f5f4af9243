//! What is counted of a dataset's columns. Cells pass through here and none stays.

use std::cell::Cell;
use std::collections::BTreeMap;

use aedile_model::GapKind;
use aedile_rules::{ColumnProfile, Number, Rules};

use super::hashed::{HashedRows, NOTHING};

/// Columns that are read of one table; what is beyond is a gap.
pub(super) const COLUMNS: usize = 4096;

/// What was read of a table: counts by column. Merging tables is associative and commutative but for the order of columns,
/// so blocks, row groups and threads share the work.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// `csv`, `jsonl`, `parquet`, …; empty for a file that is refused: it leaves gaps and is no dataset.
    pub(super) format: &'static str,
    /// The sheet, table or member that it is inside its file; empty if the file is the table.
    pub(super) part: String,
    columns: Vec<(String, ColumnProfile)>,
    places: BTreeMap<String, usize>,
    /// Whether rows tell which columns there are. Of too many those with the smallest names are then kept, for which comes first is
    /// another thing on every number of threads.
    by_name: bool,
    /// Which rows are alike.
    hashed: HashedRows,
    /// Rows that were looked at.
    pub(super) rows_read: u64,
    /// Rows there are, if all of the file was seen or its footer says so.
    pub(super) rows_total: Option<u64>,
    /// Byte spans of the column names in the decoded text, in the order of the columns; empty if names stand nowhere.
    pub(super) name_spans: Vec<(usize, usize)>,
    /// Names of further columns, which were not read.
    pub(super) columns_left: u64,
    /// What was not read.
    pub(super) gaps: Vec<(GapKind, String)>,
}

impl Table {
    /// A table without columns.
    pub(super) fn new(format: &'static str) -> Table {
        Table { format, ..Table::default() }
    }

    /// A table whose columns are those that its rows name, wherever they do.
    pub(super) fn discovered(format: &'static str) -> Table {
        Table { by_name: true, ..Table::new(format) }
    }

    /// A table of which nothing was read, and why.
    pub(super) fn unread(format: &'static str, gap: GapKind, why: impl Into<String>) -> Table {
        Table { format, gaps: vec![(gap, why.into())], ..Table::default() }
    }

    /// The same table as a part of its file.
    pub(super) fn named(mut self, part: &str) -> Table {
        part.clone_into(&mut self.part);
        self
    }

    /// A table of those columns.
    pub(super) fn of(format: &'static str, names: &[String]) -> Table {
        let mut table = Table::new(format);
        for name in names {
            table.at(name);
        }
        table
    }

    /// The place of the column `name`, which is made if it is new; `None` if it is one of those beyond [`COLUMNS`].
    pub(super) fn at(&mut self, name: &str) -> Option<usize> {
        if let Some(at) = self.places.get(name) {
            return Some(*at);
        }
        if self.columns.len() >= COLUMNS {
            self.columns_left += 1;
            return if self.by_name { self.displace(name) } else { None };
        }
        self.columns.push((name.to_owned(), ColumnProfile::new()));
        self.places.insert(name.to_owned(), self.columns.len() - 1);
        Some(self.columns.len() - 1)
    }

    /// The place of the column with the greatest name, given to `name` if that is smaller.
    fn displace(&mut self, name: &str) -> Option<usize> {
        let last = self.places.last_entry().filter(|last| last.key().as_str() > name)?;
        let at = last.remove();
        *self.columns.get_mut(at)? = (name.to_owned(), ColumnProfile::new());
        self.places.insert(name.to_owned(), at);
        Some(at)
    }

    /// The counts of the column at `at`.
    pub(super) fn profile(&mut self, at: usize) -> Option<&mut ColumnProfile> {
        self.columns.get_mut(at).map(|(_, profile)| profile)
    }

    /// Looks at cells of the column at `at`, one after the other, one a row.
    pub(super) fn observer<'o>(&'o mut self, rules: &'o Rules, at: usize) -> Option<impl FnMut(Option<&str>) + 'o> {
        let Table { columns, hashed, .. } = self;
        let mut observer = rules.identifiers.observer(columns.get_mut(at).map(|(_, profile)| profile)?);
        let hashes = hashed.column(at)?;
        Some(move |cell: Option<&str>| hashes.push(observer.cell(cell)))
    }

    /// Looks at the `cells` of the column at `at`, one a row.
    pub(super) fn observe<'c>(&mut self, rules: &Rules, at: usize, cells: impl IntoIterator<Item = Option<&'c str>>) {
        let Table { columns, hashed, .. } = self;
        let (Some((_, profile)), Some(hashes)) = (columns.get_mut(at), hashed.column(at)) else { return };
        rules.identifiers.observer(profile).lent(cells, |hash| hashes.push(hash));
    }

    /// Looks at the `cells` of the column at `at`, which are numbers, one a row.
    pub(super) fn observe_numbers<'c>(
        &mut self,
        rules: &Rules,
        at: usize,
        cells: impl IntoIterator<Item = Option<Number<'c>>>,
    ) {
        let Table { columns, hashed, .. } = self;
        let (Some((_, profile)), Some(hashes)) = (columns.get_mut(at), hashed.column(at)) else { return };
        rules.identifiers.observer(profile).numbers(cells, |hash| hashes.push(hash));
    }

    /// Looks at the `cells` of the column at `at`, each with the place of its row among so many `rows` to come, in order. What
    /// is not there is not counted; where a row has several cells, none is one of the row.
    pub(super) fn observe_any<'c>(
        &mut self,
        rules: &Rules,
        at: usize,
        rows: usize,
        cells: impl IntoIterator<Item = (usize, &'c str)>,
    ) {
        let Table { columns, hashed, .. } = self;
        let (Some((_, profile)), Some(hashes)) = (columns.get_mut(at), hashed.column(at)) else { return };
        let (here, mut uneven) = (Cell::new(0), false);
        let cells = cells.into_iter().map(|(row, cell)| {
            here.set(row);
            Some(cell)
        });
        rules.identifiers.observer(profile).lent(cells, |hash| match here.get() < hashes.len() {
            true => uneven = true,
            false => {
                hashes.resize(here.get(), NOTHING);
                hashes.push(hash);
            }
        });
        hashes.resize(rows, NOTHING);
        if uneven {
            hashed.uneven(at);
        }
    }

    /// The rows as hashes.
    pub(super) fn hashed(&mut self) -> &mut HashedRows {
        &mut self.hashed
    }

    /// Counts so many rows, whose cells were looked at before.
    pub(super) fn end_rows(&mut self, count: usize) {
        self.hashed.take(count, self.columns.iter().map(|(name, _)| name.as_str()));
        self.rows_read += count as u64;
    }

    /// Looks at the cells of the column at `at` that `hand` hands over one by one, one a row. Those that are no UTF-8 count as
    /// Windows-1252.
    pub(super) fn observe_bytes(&mut self, rules: &Rules, at: usize, hand: impl FnOnce(&mut dyn FnMut(Option<&[u8]>))) {
        if let Some(mut observe) = self.observer(rules, at) {
            hand(&mut |cell| match cell.map(std::str::from_utf8) {
                None => observe(None),
                Some(Ok(text)) => observe(Some(text)),
                Some(Err(_)) => observe(cell.map(western).as_deref()),
            });
        }
    }

    /// Counts a null in every column that has fewer cells than the table has rows.
    pub(super) fn pad(&mut self) {
        for (_, profile) in &mut self.columns {
            profile.observe_nulls(self.rows_read.saturating_sub(profile.total()));
        }
    }

    /// Orders the columns by name.
    pub(super) fn sort(&mut self) {
        let before: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        self.columns.sort_by(|one, other| one.0.cmp(&other.0));
        self.places = self.columns.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        let places: Vec<Option<usize>> = before.iter().map(|name| self.places.get(name).copied()).collect();
        self.hashed.reorder(&places);
    }

    /// Adds what was counted of other rows of the same table.
    pub(super) fn merge(&mut self, other: Table) {
        self.rows_read += other.rows_read;
        self.by_name |= other.by_name;
        self.columns_left = self.columns_left.max(other.columns_left);
        let mut places = Vec::with_capacity(other.columns.len());
        for (name, profile) in other.columns {
            let place = self.at(&name);
            if let Some((_, mine)) = place.and_then(|at| self.columns.get_mut(at)) {
                mine.merge(&profile);
            }
            places.push(place);
        }
        self.hashed.merge(other.hashed, &places, self.columns.len());
        self.gaps.extend(other.gaps);
    }

    /// The columns, in their order.
    pub(super) fn columns(&self) -> &[(String, ColumnProfile)] {
        &self.columns
    }

    /// The columns, in their order, and the rows as hashes: none if columns were displaced, for rows then hold cells of others.
    pub(super) fn into_columns(self) -> (Vec<(String, ColumnProfile)>, HashedRows) {
        let hashed = match self.by_name && self.columns_left > 0 {
            true => HashedRows::default(),
            false => self.hashed.settled(self.columns.len()),
        };
        (self.columns, hashed)
    }

    /// Notes a gap.
    pub(super) fn gap(&mut self, kind: GapKind, why: impl Into<String>) {
        self.gaps.push((kind, why.into()));
    }

    /// The counts of the column `name`.
    #[cfg(test)]
    pub(super) fn column(&self, name: &str) -> &ColumnProfile {
        &self.columns[self.places[name]].1
    }
}

/// Bytes that are no UTF-8 as text.
pub(super) fn western(cell: &[u8]) -> String {
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::RULES;
    use super::*;

    #[test]
    fn columns_beyond_the_limit_are_counted_and_not_read() {
        let mut table = Table::new("csv");
        for n in 0..COLUMNS + 3 {
            table.at(&format!("c{n}"));
        }
        assert_eq!((table.columns().len(), table.columns_left), (COLUMNS, 3));
    }

    #[test]
    fn which_discovered_columns_are_kept_does_not_depend_on_their_order() {
        let kept = |names: &mut dyn Iterator<Item = usize>| {
            let mut table = Table::discovered("jsonl");
            names.for_each(|n| {
                table.at(&format!("c{n:05}"));
            });
            table.sort();
            table.columns().iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let all = kept(&mut (0..COLUMNS + 9));
        assert_eq!((all.len(), all.last().map(String::as_str)), (COLUMNS, Some("c04095")));
        assert_eq!(all, kept(&mut (0..COLUMNS + 9).rev()));
    }

    #[test]
    fn missing_cells_are_nulls() {
        let rules = &*RULES;
        let mut table = Table::new("json");
        let at = table.at("a").unwrap();
        table.observe(rules, at, [Some("x"), None]);
        table.rows_read = 5;
        table.pad();
        let a = table.column("a");
        assert_eq!((a.total(), a.nulls()), (5, 4));
    }
}
