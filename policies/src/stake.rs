use std::collections::BTreeMap;

use aedile_model::{Asset, Evidence, Inventory, Place, Tag};

use crate::graph::Graph;
use crate::taxonomy::Taxonomy;

/// How many classes evidence is given for, and how many a title names.
const MOST_EVIDENCE: usize = 6;
const MOST_NAMED: usize = 3;

/// The tags that a finding is about, the most telling first.
pub(crate) fn at_stake<'a>(tags: impl IntoIterator<Item = &'a Tag>, taxonomy: &Taxonomy) -> Vec<&'a Tag> {
    let weight = |tag: &Tag| {
        let class = tag.class.as_str();
        ["special", "credential", "direct-identifier", "financial", "personal", "sensitive"]
            .iter()
            .position(|group| taxonomy.is_in(class, group))
            .unwrap_or(usize::MAX)
    };
    let mut tags: Vec<&Tag> = tags
        .into_iter()
        .filter(|tag| taxonomy.counts(tag) && taxonomy.is_in(tag.class.as_str(), "sensitive"))
        .collect();
    tags.sort_by(|a, b| {
        (weight(a), std::cmp::Reverse(a.confidence), &a.class).cmp(&(
            weight(b),
            std::cmp::Reverse(b.confidence),
            &b.class,
        ))
    });
    tags.dedup_by(|a, b| a.class == b.class);
    tags
}

/// The classes of `tags` in words: `phi.diagnosis, phi.mrn and 3 more`.
pub(crate) fn classes(tags: &[&Tag]) -> String {
    if tags.is_empty() {
        return "sensitive data".to_owned();
    }
    let named: Vec<&str> = tags.iter().take(MOST_NAMED).map(|tag| tag.class.as_str()).collect();
    match tags.len() - named.len() {
        0 => match named.split_last() {
            Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
            _ => named.join(", "),
        },
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// What the classes rest on: counts and masked shapes of the columns that they come from.
pub(crate) fn evidence(tags: &[&Tag], asset: &Asset, inventory: &Inventory, graph: &Graph<'_>) -> Vec<Evidence> {
    let mut said: BTreeMap<String, Option<Place>> = BTreeMap::new();
    let mut order = Vec::new();
    for tag in tags.iter().take(MOST_EVIDENCE) {
        let origins: Vec<&Asset> = tag.origins.iter().filter_map(|origin| inventory.asset(origin)).collect();
        let lines: Vec<(String, Option<Place>)> = if origins.is_empty() {
            vec![(statement(tag, None), asset.place.clone())]
        } else {
            let line = |origin: &&Asset| {
                let there = origin.tags.iter().find(|held| held.class == tag.class).unwrap_or(tag);
                (statement(there, Some(&graph.named(origin))), origin.place.clone())
            };
            origins.iter().take(2).map(line).collect()
        };
        for (text, place) in lines {
            if said.insert(text.clone(), place).is_none() {
                order.push(text);
            }
        }
    }
    order.into_iter().map(|text| Evidence { place: said.get(&text).cloned().flatten(), text }).collect()
}

/// `phi.mrn in column `mrn` of `data/patients.csv`: 412 of 412 values, shape `aa999`, 98 % by name and value`.
fn statement(tag: &Tag, at: Option<&str>) -> String {
    let mut text = tag.class.to_string();
    if let Some(at) = at {
        text.push_str(&format!(" in {at}"));
    }
    text.push_str(": ");
    if tag.of > 0 {
        text.push_str(&format!("{} of {} values, ", tag.hits, tag.of));
    }
    if let Some(shape) = &tag.example_shape {
        text.push_str(&format!("shape `{shape}`, "));
    }
    text.push_str(&format!("{} % by {}", tag.confidence.value(), tag.basis.as_str()));
    text
}
