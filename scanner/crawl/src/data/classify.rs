//! Columns of a table, decided: the one place where counts of cells meet rules.

use aedile_model::{Gap, GapKind, Place};
use aedile_rules::{ColumnProfile, Decision, Rules};
use rayon::prelude::*;

use super::alike::Alike;
use super::table::{COLUMNS, Table};

/// Columns on either side whose names are told to the classifier as neighbours. Wider tables are joined from several
/// subjects, and looking at all pairs of columns would be quadratic.
const NEIGHBOURS: usize = 32;

/// What one table is.
#[derive(Debug)]
pub struct Classified {
    /// `csv`, `jsonl`, `parquet`, …; empty for a file that is refused: it leaves gaps and is no dataset.
    pub format: &'static str,
    /// The sheet, table or member that it is inside its file; empty if the file is the table.
    pub part: String,
    /// In the order of the table.
    pub columns: Vec<ClassifiedColumn>,
    /// Rows that were looked at.
    pub rows_read: u64,
    /// Rows there are, if that is known.
    pub rows_total: Option<u64>,
    /// Which rows are alike in what others know of a person; absent where no column tells such things.
    pub alike: Option<Alike>,
    /// What was not read, in words.
    pub gaps: Vec<(GapKind, String)>,
}

/// What one column is.
#[derive(Debug)]
pub struct ClassifiedColumn {
    /// Its name; a dotted path for members of nested values.
    pub name: String,
    /// What was decided, and why.
    pub decision: Decision,
    /// What was counted.
    pub profile: ColumnProfile,
    /// Where the name stands in the text, in bytes.
    pub(super) span: Option<(usize, usize)>,
}

impl Classified {
    /// What was not read, as gaps of the file at `path`.
    #[must_use]
    pub fn gaps_of(&self, path: &str) -> Vec<Gap> {
        let place = Place::file(&path.into());
        let gap =
            |(kind, message): &(GapKind, String)| Gap { place: place.clone(), kind: *kind, message: message.clone() };
        self.gaps.iter().map(gap).collect()
    }
}

/// What the columns of `table` are, in the light of one another.
pub(super) fn decided(table: Table, rules: &Rules) -> Classified {
    let (format, part) = (table.format, table.part.clone());
    let (rows_read, rows_total) = (table.rows_read, table.rows_total);
    let (gaps, spans) = (table.gaps.clone(), table.name_spans.clone());
    let (mut columns, rows) = table.into_columns();
    columns.par_iter_mut().for_each(|(_, profile)| rules.identifiers.find_out(profile));
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let decisions: Vec<Decision> = columns
        .par_iter()
        .enumerate()
        .map(|(at, (name, profile))| rules.identifiers.decide(name, Some(profile), &neighbours(&names, at)))
        .collect();
    let columns: Vec<ClassifiedColumn> = columns
        .into_iter()
        .zip(decisions)
        .enumerate()
        .map(|(at, ((name, profile), decision))| ClassifiedColumn {
            name,
            decision,
            profile,
            span: spans.get(at).copied(),
        })
        .collect();
    let alike = Alike::of(&columns, &rows, rows_total);
    Classified { format, part, columns, rows_read, rows_total, alike, gaps }
}

/// The names around the column `at`, without its own.
pub(crate) fn neighbours<'a>(names: &[&'a str], at: usize) -> Vec<&'a str> {
    let from = at.saturating_sub(NEIGHBOURS);
    names
        .iter()
        .enumerate()
        .skip(from)
        .take(2 * NEIGHBOURS + 1)
        .filter(|(nth, _)| *nth != at)
        .map(|(_, name)| *name)
        .collect()
}

/// Whether the rules know one of `names` as the name of a column.
pub(super) fn names_something(rules: &Rules, names: &[String]) -> bool {
    // No more columns are read.
    names.iter().take(COLUMNS).any(|name| {
        let decision = rules.identifiers.decide(name, None, &[]);
        !decision.tags.is_empty() || decision.technical.is_some()
    })
}
