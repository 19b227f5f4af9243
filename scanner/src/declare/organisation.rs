//! The organisation as an asset: what it declares of itself, and what its stores hold.

use std::collections::BTreeSet;

use aedile_model::{Asset, AssetId, AssetKind, Basis, Inventory, RelationKind, Tag};
use aedile_policies::Taxonomy;

use super::Named;
use crate::config::Config;

/// Adds the organisation. It holds everything that datasets, tables and feature views outside tests hold.
pub(super) fn organisation(config: &Config, named: &Named, taxonomy: &Taxonomy, inventory: &mut Inventory) {
    let name = config.entity.as_deref().unwrap_or("the organisation");
    let id = AssetId::new(AssetKind::Organisation, "", "organisation");
    let mut organisation = Asset::new(id, AssetKind::Organisation, name, name);
    organisation.place = Some(named.place("organisation", "organisation"));
    for (attribute, text) in config.organisation.texts() {
        organisation.set(attribute, text, Some(named.place("organisation", text)));
    }
    let data = |kind| matches!(kind, AssetKind::Dataset | AssetKind::Table | AssetKind::FeatureView);
    for asset in inventory.assets.values().filter(|asset| data(asset.kind) && !asset.in_tests) {
        for tag in &asset.tags {
            organisation.add_tag(Tag { basis: Basis::Lineage, ..tag.clone() });
        }
    }
    let trains = inventory.relations.iter().any(|relation| relation.kind == RelationKind::Trains);
    organisation.set("trains", trains, None);
    let without = without_period(config, &organisation.tags, taxonomy);
    if !without.is_empty() {
        organisation.set("classesWithoutRetention", without.into_iter().collect::<Vec<_>>().join(", "), None);
    }
    inventory.add(organisation);
}

/// The personal classes of `tags` that no period of `retention` covers.
fn without_period<'a>(config: &Config, tags: &'a [Tag], taxonomy: &Taxonomy) -> BTreeSet<&'a str> {
    let counted = tags.iter().filter(|tag| taxonomy.counts(tag)).map(|tag| tag.class.as_str());
    let personal = counted.filter(|class| taxonomy.is_in(class, "personal"));
    personal.filter(|class| !config.retention.keys().any(|covered| taxonomy.is_in(class, covered))).collect()
}
