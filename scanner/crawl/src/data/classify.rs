//! Columns of a sample, classified: the one place where cells meet rules.

use std::collections::BTreeMap;

use aedile_model::Tag;
use aedile_rules::{ColumnProfile, Rules};
use arrow::array::{RecordBatch, StringArray};

/// Columns on either side whose names are told to the classifier as neighbours. Wider tables are joined from several
/// subjects, and looking at all pairs of columns would be quadratic.
const NEIGHBOURS: usize = 32;

/// The decade of the oldest age among cells that are ages, in years: 90 for 97. Never an age itself.
pub(super) fn oldest_decade(batches: &[RecordBatch], name: &str) -> Option<i64> {
    let columns = batches.iter().filter_map(|batch| batch.column_by_name(name)?.as_any().downcast_ref::<StringArray>());
    let cells = columns.flat_map(|column| column.iter().flatten());
    let years = cells.filter_map(|cell| cell.trim().split('.').next()?.parse::<i64>().ok());
    years.filter(|years| (0..=130).contains(years)).max().map(|years| years / 10 * 10)
}

/// The columns of `batches` in the order of their first batch, each with what it is and what it holds here and there.
pub(super) fn columns(batches: &[RecordBatch], rules: &Rules) -> Vec<(String, Vec<Tag>)> {
    let profiles = profiles(batches, rules);
    let names: Vec<&str> = profiles.iter().map(|(name, _)| name.as_str()).collect();
    let tags: Vec<Vec<Tag>> = profiles
        .iter()
        .enumerate()
        .map(|(at, (name, profile))| {
            let decision = rules.identifiers.decide(name, Some(profile), &neighbours(&names, at));
            decision.tags.into_iter().chain(decision.presence).collect()
        })
        .collect();
    profiles.into_iter().map(|(name, _)| name).zip(tags).collect()
}

fn profiles(batches: &[RecordBatch], rules: &Rules) -> Vec<(String, ColumnProfile)> {
    let mut profiles: Vec<(String, ColumnProfile)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for batch in batches {
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let at = *places.entry(field.name().clone()).or_insert_with(|| {
                profiles.push((field.name().clone(), rules.identifiers.profile()));
                profiles.len() - 1
            });
            if let (Some((_, profile)), Some(cells)) =
                (profiles.get_mut(at), column.as_any().downcast_ref::<StringArray>())
            {
                cells.iter().for_each(|cell| rules.identifiers.observe(profile, cell));
            }
        }
    }
    profiles
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
    names.iter().any(|name| {
        let decision = rules.identifiers.decide(name, None, &[]);
        !decision.tags.is_empty() || decision.technical.is_some()
    })
}
