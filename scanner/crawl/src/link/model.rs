//! Models under one registered name: what code trains is what infrastructure serves.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Inventory, LinkBasis, RelationKind};

use super::contain;

/// A model that nobody here trains is made of the models that code trains and registers under its name. What tests
/// train is served in tests only.
pub(super) fn models(inventory: &mut Inventory) {
    let trains = inventory.relations.iter().filter(|relation| relation.kind == RelationKind::Trains);
    let trained: BTreeSet<&AssetId> = trains.map(|relation| &relation.to).collect();
    let models = || inventory.assets.values().filter(|asset| asset.kind == AssetKind::Model);
    let mut by_name: BTreeMap<&str, Vec<&Asset>> = BTreeMap::new();
    for asset in models().filter(|asset| trained.contains(&asset.id)) {
        for name in asset.names.iter().filter(|name| !name.contains('{')) {
            by_name.entry(name).or_default().push(asset);
        }
    }
    let mut relations = Vec::new();
    for asset in models().filter(|asset| !trained.contains(&asset.id)) {
        for name in &asset.names {
            let sources = by_name.get(name.as_str()).into_iter().flatten();
            for source in sources.filter(|source| asset.in_tests || !source.in_tests) {
                let basis = LinkBasis::Inferred(format!("both models are called `{name}`"));
                relations.push(contain::whole(asset.id.clone(), source.id.clone(), basis));
            }
        }
    }
    inventory.relations.extend(relations);
}
