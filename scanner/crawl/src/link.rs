//! Facts of all crawlers become one inventory.

use aedile_model::Inventory;

use crate::{Facts, Options};

/// Joins `facts`.
pub(crate) fn link(facts: Facts, _options: &Options) -> Inventory {
    let mut inventory = Inventory::default();
    for asset in facts.assets {
        inventory.add(asset);
    }
    inventory.gaps = facts.gaps;
    inventory.settle();
    inventory
}
