use aedile_model::{Asset, Evidence, Inventory, Tag};

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
    let line = |tag: &&Tag| {
        let seen = tag.origins.iter().filter_map(|origin| {
            let origin = inventory.asset(origin)?;
            Some((origin, origin.tags.iter().find(|held| held.class == tag.class)?))
        });
        // The origin that was seen most surely; of equals the first.
        match seen.min_by_key(|(_, held)| std::cmp::Reverse((held.confidence, held.hits))) {
            Some((origin, held)) => {
                let others = tag.origins.len().saturating_sub(1);
                Evidence { text: statement(held, Some((&graph.named(origin), others))), place: origin.place.clone() }
            }
            None => Evidence { text: statement(tag, None), place: asset.place.clone() },
        }
    };
    tags.iter().take(MOST_EVIDENCE).map(line).collect()
}

/// `phi.mrn in column `mrn` of `data/patients.csv`: 412 of 412 values, shape `aa999`, 98 % by name and value`.
fn statement(tag: &Tag, at: Option<(&str, usize)>) -> String {
    let mut text = tag.class.to_string();
    match at {
        Some((at, 0)) => text.push_str(&format!(" in {at}")),
        Some((at, others)) => text.push_str(&format!(" in {at} and {others} more")),
        None => {}
    }
    text.push_str(": ");
    if tag.hits > 0 {
        text.push_str(&format!("{} of {} values, ", tag.hits, tag.of));
    }
    if let Some(shape) = &tag.example_shape {
        text.push_str(&format!("shape `{shape}`, "));
    }
    text.push_str(&format!("{} % by {}", tag.confidence.value(), tag.basis.as_str()));
    text
}
