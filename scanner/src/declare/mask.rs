//! Masks that hold where they were declared and not where the data goes.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Inventory, Protection, RelationKind, Value};

use super::step::steps;

/// What comes of masked columns in one table or dataset.
#[derive(Debug, Default)]
struct Copies {
    taken: usize,
    bare: BTreeSet<String>,
    unknown: Option<Value>,
}

/// Says of everything that takes a masked column from elsewhere how many it takes (`maskedSources`), and which of them it
/// has neither masked nor hashed, encrypted or aggregated (`unmaskedCopies`).
pub(super) fn follow(inventory: &mut Inventory) {
    let masks = |asset: &Asset| asset.kind == AssetKind::Column && asset.attributes.contains_key("masked");
    if !inventory.assets.values().any(masks) {
        return;
    }
    let holder: BTreeMap<&AssetId, &AssetId> = inventory
        .relations
        .iter()
        .filter(|relation| relation.kind == RelationKind::PartOf)
        .map(|relation| (&relation.from, &relation.to))
        .collect();
    let masked = |id: &AssetId| inventory.asset(id).and_then(|column| column.value("masked"));
    let mut found: BTreeMap<AssetId, Copies> = BTreeMap::new();
    for (made, of, done) in steps(inventory) {
        let mask = match masked(&of) {
            Some(mask @ (Value::Bool(true) | Value::Unknown(_))) => mask.clone(),
            _ => continue,
        };
        let (Some(target), Some(source)) = (holder.get(&made), holder.get(&of)) else { continue };
        if target == source {
            continue;
        }
        let copies = found.entry((*target).clone()).or_default();
        copies.taken += 1;
        if done >= Protection::Hashed || masked(&made) == Some(&Value::Bool(true)) {
            continue;
        }
        let name = |id: &AssetId| inventory.asset(id).map_or("", |asset: &Asset| asset.name.as_str()).to_owned();
        match mask {
            Value::Unknown(_) => copies.unknown = copies.unknown.take().or(Some(mask)),
            _ => {
                let from = inventory.asset(source).map_or("", |asset| asset.address.as_str());
                copies.bare.insert(format!("{} (from `{from}`)", name(&made)));
            }
        }
    }
    for (id, copies) in found {
        let Some(asset) = inventory.assets.get_mut(&id) else { continue };
        asset.set("maskedSources", i64::try_from(copies.taken).unwrap_or(i64::MAX), None);
        if !copies.bare.is_empty() {
            let all: Vec<String> = copies.bare.into_iter().collect();
            asset.set("unmaskedCopies", all.join(", "), None);
        } else if let Some(unknown) = copies.unknown {
            asset.set("unmaskedCopies", unknown, None);
        }
    }
}
