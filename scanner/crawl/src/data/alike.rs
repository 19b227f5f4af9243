//! How many rows are alike in what others know of a person: the k of k-anonymity (Sweeney 2002; ISO/IEC 20889:2018, 9.2)
//! over the quasi-identifiers of a table.

use std::collections::BTreeMap;

use aedile_rules::quasi::{is_quasi_identifier, sizes};
use rayon::prelude::*;

use super::classify::ClassifiedColumn;
use super::hashed::{Compared, HashedRows, mixed};

/// Less sure than this is no quasi-identifier.
const LEAST_CONFIDENCE: u8 = 50;

/// Columns among which sets that single out are looked for; those with the most distinct values.
const COMBINED: usize = 12;

/// The greatest set of which all are tried.
const TRIED: usize = 3;

/// Cells looked at for all sets together.
const LOOKS: u64 = 20_000_000;

/// Groups of rows that are alike in all quasi-identifiers of a table. Cells without a value are alike. A row counts as a person:
/// where a person has several rows, groups of persons are smaller than told here.
///
/// Where not all rows of the dataset were compared, a row that is alone here may have its like among the others: groups
/// of the dataset are at least as large as those here, but rows that were not compared may be alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The quasi-identifiers, in the order of the table.
    pub columns: Vec<String>,
    /// Quasi-identifiers with several cells a row, which are left out.
    pub left_out: Vec<String>,
    /// Rows that were compared.
    pub rows: u64,
    /// Whether these are all rows of the dataset.
    pub all_rows: bool,
    /// Groups of rows that are alike.
    pub groups: u64,
    /// Rows of the smallest group.
    pub smallest: u64,
    /// For the sizes of `quasi-identifiers.yaml`, rows in smaller groups.
    pub in_smaller: Vec<(u64, u64)>,
    /// What each column adds: rows that are alone, less those that still are without the column. Of very wide tables the
    /// first columns only.
    pub adds: Vec<(String, u64)>,
    /// The smallest set of columns by which a row is alone, and how many are; of sets of the same size the one by which most
    /// are. Sets of up to three columns are tried; a larger one is found by leaving out columns that are not needed, and may not be the smallest.
    pub alone_by: Option<(Vec<String>, u64)>,
}

impl Alike {
    /// Rows that no other compared row is like.
    #[must_use]
    pub fn alone(&self) -> u64 {
        self.in_smaller.iter().find(|(size, _)| *size == 2).map_or(0, |(_, rows)| *rows)
    }

    /// The groups of `rows`, of which the dataset has `total`; `None` without quasi-identifiers or rows.
    pub(super) fn of(columns: &[ClassifiedColumn], rows: &HashedRows, total: Option<u64>) -> Option<Alike> {
        let quasi: Vec<usize> = (0..columns.len()).filter(|at| columns.get(*at).is_some_and(is_quasi)).collect();
        let name = |at: &usize| columns.get(*at).map(|column| column.name.clone()).unwrap_or_default();
        let (even, uneven): (Vec<usize>, Vec<usize>) = quasi.into_iter().partition(|at| rows.is_even(*at));
        let names: Vec<String> = even.iter().map(name).collect();
        let rows = rows.of(&even);
        if even.is_empty() || rows.len() == 0 {
            return None;
        }
        let all: Vec<usize> = (0..even.len()).collect();
        let groups = groups(&rows, &all);
        let compared: u64 = groups.iter().sum();
        let alone_in_all = groups.iter().filter(|group| **group == 1).count() as u64;
        let known = BTreeMap::from([(all.clone(), alone_in_all), (Vec::new(), u64::from(compared == 1))]);
        let mut search = Search { rows: &rows, left: LOOKS, known: &known };
        let alone_by = search.smallest(&even, columns).filter(|_| alone_in_all > 0);
        let mut search = Search { rows: &rows, left: LOOKS, known: &known };
        let mut adds = Vec::new();
        for (left, name) in names.iter().enumerate() {
            let others: Vec<usize> = all.iter().copied().filter(|at| *at != left).collect();
            let Some(still) = search.alone(&others) else { break };
            adds.push((name.clone(), alone_in_all - still));
        }
        let smaller = |size: u64| groups.iter().filter(|group| **group < size).sum();
        let named = |which: Vec<usize>| which.iter().filter_map(|at| names.get(*at).cloned()).collect();
        Some(Alike {
            left_out: uneven.iter().map(name).collect(),
            rows: compared,
            all_rows: total == Some(compared),
            groups: groups.len() as u64,
            smallest: groups.iter().min().copied().unwrap_or(0),
            in_smaller: sizes().into_iter().map(|size| (size, smaller(size))).collect(),
            adds,
            alone_by: alone_by.map(|(which, rows)| (named(which), rows)),
            columns: names.clone(),
        })
    }
}

fn is_quasi(column: &ClassifiedColumn) -> bool {
    let first = column.decision.tags.first();
    first.is_some_and(|tag| tag.confidence.value() >= LEAST_CONFIDENCE && is_quasi_identifier(&tag.class))
}

/// The sizes of the groups of rows that are alike in the columns at `which`.
fn groups(rows: &Compared, which: &[usize]) -> Vec<u64> {
    let key = |cells: &[u32]| {
        let cells = which.iter().filter_map(|at| cells.get(*at));
        cells.fold(0, |key, cell| mixed(key ^ u64::from(*cell)))
    };
    // Rows that came once are the common case, and keys alone are ordered in half the time.
    if rows.iter().all(|(_, times)| times == 1) {
        let mut keys: Vec<u64> = rows.iter().map(|(cells, _)| key(cells)).collect();
        keys.par_sort_unstable();
        return keys.chunk_by(|one, other| one == other).map(|group| group.len() as u64).collect();
    }
    let mut keyed: Vec<(u64, u64)> = rows.iter().map(|(cells, times)| (key(cells), times)).collect();
    keyed.par_sort_unstable();
    keyed.chunk_by(|one, other| one.0 == other.0).map(|group| group.iter().map(|(_, times)| times).sum()).collect()
}

/// How many rows are alone by the columns at `which`.
fn alone(rows: &Compared, which: &[usize]) -> u64 {
    groups(rows, which).into_iter().filter(|group| *group == 1).count() as u64
}

/// The search for the smallest set of columns by which a row is alone.
struct Search<'a> {
    rows: &'a Compared,
    /// Cells that may still be looked at.
    left: u64,
    /// How many rows are alone by some sets.
    known: &'a BTreeMap<Vec<usize>, u64>,
}

impl Search<'_> {
    /// The set, by its places among `quasi`, and how many rows are alone by it.
    fn smallest(&mut self, quasi: &[usize], columns: &[ClassifiedColumn]) -> Option<(Vec<usize>, u64)> {
        let distinct =
            |at: &usize| quasi.get(*at).and_then(|at| columns.get(*at)).map_or(0, |column| column.profile.distinct());
        let mut order: Vec<usize> = (0..quasi.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(distinct(at)));
        order.truncate(COMBINED);
        order.sort_unstable();
        for size in 1..=TRIED.min(order.len()) {
            let mut best: Option<(Vec<usize>, u64)> = None;
            for set in sets(&order, size) {
                let rows = self.alone(&set)?;
                if rows > best.as_ref().map_or(0, |(_, most)| *most) {
                    best = Some((set, rows));
                }
            }
            if best.is_some() {
                return best;
            }
        }
        self.by_leaving_out((0..quasi.len()).collect())
    }

    /// `set` without what is not needed for a row to be alone.
    fn by_leaving_out(&mut self, mut set: Vec<usize>) -> Option<(Vec<usize>, u64)> {
        let mut rows = self.alone(&set).filter(|rows| *rows > 0)?;
        for at in set.clone() {
            let without: Vec<usize> = set.iter().copied().filter(|one| *one != at).collect();
            let Some(still) = self.alone(&without) else { break };
            if still > 0 {
                (set, rows) = (without, still);
            }
        }
        Some((set, rows))
    }

    /// How many rows are alone by `which`; `None` when enough was looked at.
    fn alone(&mut self, which: &[usize]) -> Option<u64> {
        self.left = self.left.checked_sub(self.rows.len() as u64 * (which.len() as u64).max(1))?;
        Some(self.known.get(which).copied().unwrap_or_else(|| alone(self.rows, which)))
    }
}

/// All sets of `size` of the `places`, in order.
fn sets(places: &[usize], size: usize) -> Vec<Vec<usize>> {
    let Some(smaller) = size.checked_sub(1) else { return vec![Vec::new()] };
    let with = |(nth, first): (usize, &usize)| {
        let rest = sets(places.get(nth + 1..).unwrap_or_default(), smaller);
        let first = *first;
        rest.into_iter().map(move |rest| [vec![first], rest].concat()).collect::<Vec<_>>()
    };
    places.iter().enumerate().flat_map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::super::RULES;
    use super::super::classify::decided;
    use super::super::table::Table;
    use super::*;

    /// What is alike in a table of those columns, read in blocks of that many rows.
    fn alike(names: &[&str], rows: &[&[&str]], block: usize) -> Option<Alike> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut whole = Table::of("csv", &names);
        for rows in rows.chunks(block) {
            let mut table = Table::of("csv", &names);
            for at in 0..names.len() {
                table.observe(&RULES, at, rows.iter().map(|row| Some(row[at])));
            }
            table.end_rows(rows.len());
            whole.merge(table);
        }
        whole.rows_total = Some(rows.len() as u64);
        decided(whole, &RULES).alike
    }

    const PEOPLE: &[&[&str]] = &[
        &["1", "1951-03-02", "female", "nurse", "I10"],
        &["2", "1951-03-02", "female", "nurse", "I11"],
        &["3", "1951-03-02", "female", "nurse", "I10"],
        &["4", "1951-03-02", "male", "nurse", "I10"],
        &["5", "1964-07-09", "female", "nurse", "I12"],
        &["6", "1964-07-09", "female", "nurse", "I12"],
        &["7", "1964-07-09", "male", "nurse", "I12"],
        &["8", "1964-07-09", "male", "nurse", "I13"],
    ];

    #[test]
    fn groups_contributions_and_the_smallest_set_are_those_counted_by_hand() {
        for block in [1, 3, 8] {
            let found = alike(&["row", "birth_date", "sex", "occupation", "diagnosis"], PEOPLE, block).unwrap();
            assert_eq!(
                found.columns,
                ["birth_date", "sex", "occupation"],
                "the diagnosis is what is learnt, not what is known"
            );
            assert_eq!((found.rows, found.all_rows, found.groups, found.smallest), (8, true, 4, 1));
            assert_eq!(found.in_smaller, [(2, 1), (5, 8), (11, 8)]);
            let adds = |name: &str| found.adds.iter().find(|(column, _)| column == name).map(|(_, rows)| *rows);
            assert_eq!((adds("birth_date"), adds("sex"), adds("occupation")), (Some(1), Some(1), Some(0)));
            assert_eq!(found.alone_by, Some((vec!["birth_date".to_owned(), "sex".to_owned()], 1)));
        }
    }

    #[test]
    fn a_column_by_which_a_row_is_alone_is_the_smallest_set() {
        let rows: Vec<&[&str]> =
            PEOPLE.iter().copied().chain([&["9", "1970-01-01", "female", "nurse", "I10"][..]]).collect();
        let found = alike(&["row", "birth_date", "sex", "occupation", "diagnosis"], &rows, 4).unwrap();
        assert_eq!(found.alone_by, Some((vec!["birth_date".to_owned()], 1)));
        assert_eq!(found.alone(), 2);
    }

    #[test]
    fn nobody_is_alone_among_rows_that_are_alike() {
        let twice = PEOPLE.repeat(11);
        let found = alike(&["row", "birth_date", "sex", "occupation", "diagnosis"], &twice, 5).unwrap();
        assert_eq!((found.smallest, found.alone_by, found.in_smaller), (11, None, vec![(2, 0), (5, 0), (11, 0)]));
    }

    #[test]
    fn rows_of_things_have_no_quasi_identifiers() {
        assert_eq!(alike(&["sku", "price"], &[&["A1", "2.50"], &["A2", "3.50"]], 1), None);
    }
}
