//! Columns that only code speaks of, and columns of which nothing but the name is known.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, AssetKind, Basis, Columns, Inventory, Protection, RelationKind, Tag};
use aedile_rules::Rules;

use super::columns::{ColumnIndex, DERIVED, OBSERVED};
use crate::data::neighbours;

/// What names of columns say alone, by name in lower case: for columns of flows whose source is not known.
pub(super) type ByName = BTreeMap<String, Vec<Tag>>;

/// Makes columns of what code reads and writes, classifies columns by name, and tells what the names of all columns in
/// flows say.
pub(super) fn observe(inventory: &mut Inventory, columns: &mut ColumnIndex, rules: &Rules) -> ByName {
    let mut seen: BTreeSet<(AssetId, String)> = BTreeSet::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut written: BTreeMap<(AssetId, String), Protection> = BTreeMap::new();
    for relation in &inventory.relations {
        let Some(flow) = &relation.flow else { continue };
        let Columns::Named(named) = &flow.columns else { continue };
        let source = match relation.kind {
            RelationKind::Reads | RelationKind::DerivedFrom => Some(&relation.to),
            // With several sources it is not known whose column it is.
            _ => flow.sources.first().filter(|_| flow.sources.len() == 1),
        };
        let target = match relation.kind {
            RelationKind::Writes => Some(&relation.to),
            RelationKind::DerivedFrom => Some(&relation.from),
            _ => None,
        };
        for name in named.keys().chain(&flow.dropped) {
            names.insert(name.to_lowercase());
            seen.extend(source.map(|source| (source.clone(), name.clone())));
        }
        let arriving = named.iter().flat_map(|(name, done)| flow.arriving(name, *done));
        for (name, protection) in arriving.filter(|(_, protection)| *protection < Protection::Aggregated) {
            let Some(target) = target else { continue };
            seen.insert((target.clone(), name.to_owned()));
            let least = written.entry((target.clone(), name.to_lowercase())).or_insert(protection);
            *least = (*least).min(protection);
        }
    }
    for (holder, name) in seen {
        columns.get_or_make(inventory, &holder, &name, OBSERVED);
    }
    classify(inventory, columns, rules);
    protect(inventory, columns, &written);
    let decide = |name: String| {
        let tags = rules.identifiers.decide(&name, None, &[]).tags;
        (name, tags)
    };
    names.into_iter().map(decide).collect()
}

/// Gives every column that has no tag, and whose values nobody saw, what its name and its neighbours' names say.
fn classify(inventory: &mut Inventory, columns: &ColumnIndex, rules: &Rules) {
    let holders: Vec<AssetId> = inventory
        .assets
        .values()
        .filter(|asset| matches!(asset.kind, AssetKind::Dataset | AssetKind::Table | AssetKind::FeatureView))
        // Where rows were sampled, values have spoken.
        .filter(|asset| asset.value("rowsRead").and_then(aedile_model::Value::as_int).is_none_or(|rows| rows == 0))
        .map(|asset| asset.id.clone())
        .collect();
    for holder in holders {
        let ids: Vec<&AssetId> = columns.of(&holder).map(|(_, id)| id).collect();
        let names: Vec<String> =
            ids.iter().filter_map(|id| inventory.asset(id)).map(|column| column.name.clone()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for (at, id) in ids.iter().enumerate() {
            let Some(column) =
                inventory.assets.get_mut(*id).filter(|column| column.tags.is_empty() && column.type_name != DERIVED)
            else {
                continue;
            };
            for tag in rules.identifiers.decide(&column.name, None, &neighbours(&names, at)).tags {
                column.add_tag(tag);
            }
        }
    }
}

/// A column that is known by its name alone is as protected as the code that writes it makes it.
fn protect(inventory: &mut Inventory, columns: &ColumnIndex, written: &BTreeMap<(AssetId, String), Protection>) {
    for ((holder, name), protection) in written {
        let Some(column) = columns.get(holder, name).and_then(|id| inventory.assets.get_mut(id)) else { continue };
        for tag in column.tags.iter_mut().filter(|tag| tag.basis == Basis::Name) {
            tag.protection = tag.protection.max(*protection);
        }
    }
}
