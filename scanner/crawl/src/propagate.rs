//! Classes travel along relations: from columns to what holds them, along lineage, into models, and onto the relations
//! over which data leaves or is reached.
//!
//! What travels is weakened by what is done to it and never silently lost: a hashed column keeps its class with the
//! protection it got. Two things end a journey: a dropped column is not there any more, and an aggregate over a group is
//! not the data it was made of.

use aedile_model::{Basis, Inventory};
use aedile_rules::Rules;

mod carry;
mod columns;
mod graph;
mod observe;

use columns::ColumnIndex;

/// Computes the tags of everything that holds data, and what each relation carries.
///
/// Columns without tags are first classified by their names alone, and columns that only code speaks of become assets
/// of the dataset it reads them from or writes them to (`type_name` `observed`). Then tags travel until nothing changes:
/// column → dataset → bucket or database, source → derived, source → written dataset, source → trained model → endpoint.
/// Running it again changes nothing; the order of relations does not matter.
///
/// Where a column was seen by its values or declared, what was seen of its protection stands; lineage adds classes and
/// origins to it.
pub fn propagate(inventory: &mut Inventory, rules: &Rules) {
    forget(inventory);
    let mut columns = ColumnIndex::new(inventory);
    let names = observe::observe(inventory, &mut columns, rules);
    graph::spread(inventory, &mut columns);
    carry::carry(inventory, &columns, &names);
    inventory.settle();
}

/// Removes what an earlier run concluded, so that running again starts from the same facts.
fn forget(inventory: &mut Inventory) {
    for asset in inventory.assets.values_mut() {
        asset.tags.retain(|tag| tag.basis != Basis::Lineage);
        asset.tags.iter_mut().for_each(|tag| tag.origins.clear());
    }
    inventory.relations.iter_mut().for_each(|relation| relation.carries.clear());
}

#[cfg(test)]
mod tests;
