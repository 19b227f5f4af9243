//! Which rows of a dataset are alike in what others know of a person.

use std::fmt::Write as _;

use aedile_crawl::Alike;
use schemars::JsonSchema;
use serde::Serialize;

/// Columns that single people out together, and the groups of rows that are alike in all of them (k-anonymity). Where not all rows
/// were compared, groups of the dataset are at least as large as those told here, and rows that were not compared may be
/// alone: small groups are a hint at the risk and no measure of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct QuasiIdentifiers {
    /// Their names, in the order of the table.
    pub columns: Vec<String>,
    /// Those with several values a row, which are left out.
    pub left_out: Vec<String>,
    /// Rows that were compared; one counts as a person.
    pub rows_compared: u64,
    /// Whether these are all rows of the dataset.
    pub all_rows: bool,
    /// Groups of rows that are alike.
    pub groups: u64,
    /// Rows of the smallest group: the k of k-anonymity among the compared rows.
    pub smallest_group: u64,
    /// Rows in groups smaller than some sizes; those in groups smaller than 2 are alone.
    pub in_smaller_groups: Vec<SmallerGroups>,
    /// Rows that are alone only with the column, by column.
    pub adds: Vec<Adds>,
    /// The smallest set of columns by which a row is alone, as far as was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alone_by: Option<AloneBy>,
}

/// Rows in groups smaller than a size.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SmallerGroups {
    /// The size.
    pub than: u64,
    /// Rows.
    pub rows: u64,
    /// Their share in percent, rounded down.
    pub percent: u64,
}

/// What a column adds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Adds {
    /// The column.
    pub column: String,
    /// Rows that are alone and would not be without it.
    pub rows_alone: u64,
}

/// A set of columns by which rows are alone.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AloneBy {
    /// The columns.
    pub columns: Vec<String>,
    /// Rows that no other row is like in them.
    pub rows: u64,
}

impl QuasiIdentifiers {
    pub(super) fn new(found: &Alike) -> QuasiIdentifiers {
        let smaller = |(than, rows): &(u64, u64)| SmallerGroups {
            than: *than,
            rows: *rows,
            percent: rows * 100 / found.rows.max(1),
        };
        let adds = |(column, rows): &(String, u64)| Adds { column: column.clone(), rows_alone: *rows };
        QuasiIdentifiers {
            columns: found.columns.clone(),
            left_out: found.left_out.clone(),
            rows_compared: found.rows,
            all_rows: found.all_rows,
            groups: found.groups,
            smallest_group: found.smallest,
            in_smaller_groups: found.in_smaller.iter().map(smaller).collect(),
            adds: found.adds.iter().map(adds).collect(),
            alone_by: found.alone_by.as_ref().map(|(columns, rows)| AloneBy { columns: columns.clone(), rows: *rows }),
        }
    }

    /// One line, with `explain` what each column adds.
    pub(super) fn write(&self, text: &mut String, explain: bool) {
        let shares: Vec<String> = self
            .in_smaller_groups
            .iter()
            .map(|smaller| match smaller.than {
                2 => format!("{} alone ({} %)", smaller.rows, smaller.percent),
                than => format!("{} in groups below {than} ({} %)", smaller.rows, smaller.percent),
            })
            .collect();
        let of = if self.all_rows { "all" } else { "a sample of" };
        let _ = writeln!(
            text,
            "  together {} single out: the smallest group of {of} {} rows has {}; {}",
            self.columns.join(", "),
            self.rows_compared,
            self.smallest_group,
            shares.join(", ")
        );
        if !self.left_out.is_empty() {
            let _ = writeln!(text, "  left out, as they have several values a row: {}", self.left_out.join(", "));
        }
        if !explain {
            return;
        }
        if !self.all_rows {
            let _ = writeln!(
                text,
                "    groups of the whole dataset are at least as large, and rows that were not compared may be alone"
            );
        }
        if let Some(alone) = &self.alone_by {
            let _ = writeln!(text, "    {} rows are alone by {} already", alone.rows, alone.columns.join(", "));
        }
        for adds in &self.adds {
            let _ = writeln!(text, "    without {} {} rows fewer are alone", adds.column, adds.rows_alone);
        }
    }
}
