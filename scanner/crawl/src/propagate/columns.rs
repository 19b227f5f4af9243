//! Columns of datasets by name.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Inventory, Relation, RelationKind, Tag};

/// The `type_name` of columns that code speaks of and no source defines.
pub(super) const OBSERVED: &str = "observed";

/// The `type_name` of columns that came along a copy of all columns.
pub(super) const DERIVED: &str = "derived";

/// Which columns each dataset, table and feature view has.
#[derive(Debug)]
pub(super) struct ColumnIndex {
    /// Holder → name in lower case → column.
    columns: BTreeMap<AssetId, BTreeMap<String, AssetId>>,
    /// Column → holder.
    holders: BTreeMap<AssetId, AssetId>,
    /// Holders whose columns a source defines: what is not among those is not in them.
    closed: BTreeSet<AssetId>,
}

impl ColumnIndex {
    pub(super) fn new(inventory: &Inventory) -> ColumnIndex {
        let mut index = ColumnIndex { columns: BTreeMap::new(), holders: BTreeMap::new(), closed: BTreeSet::new() };
        for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::PartOf) {
            let Some(column) = inventory.asset(&relation.from).filter(|asset| asset.kind == AssetKind::Column) else {
                continue;
            };
            if !matches!(column.type_name.as_str(), OBSERVED | DERIVED) {
                index.closed.insert(relation.to.clone());
            }
            index.insert(&relation.to, &column.name, &column.id);
        }
        index
    }

    /// Of several columns whose names differ by case only the one with the least id is found, whatever the order.
    fn insert(&mut self, holder: &AssetId, name: &str, column: &AssetId) {
        let slot = self
            .columns
            .entry(holder.clone())
            .or_default()
            .entry(name.to_lowercase())
            .or_insert_with(|| column.clone());
        if column < slot {
            slot.clone_from(column);
        }
        self.holders.insert(column.clone(), holder.clone());
    }

    /// The columns of `holder`.
    pub(super) fn of(&self, holder: &AssetId) -> impl Iterator<Item = (&str, &AssetId)> {
        self.columns.get(holder).into_iter().flatten().map(|(name, id)| (name.as_str(), id))
    }

    /// The column of `holder` that code calls `name`, perhaps qualified (`patients.mrn`).
    pub(super) fn get(&self, holder: &AssetId, name: &str) -> Option<&AssetId> {
        let columns = self.columns.get(holder)?;
        let lower = name.to_lowercase();
        columns.get(&lower).or_else(|| columns.get(lower.rsplit_once('.')?.1))
    }

    /// What the column `column` belongs to.
    pub(super) fn holder(&self, column: &AssetId) -> Option<&AssetId> {
        self.holders.get(column)
    }

    /// Whether a source defines the columns of `holder`.
    pub(super) fn is_closed(&self, holder: &AssetId) -> bool {
        self.closed.contains(holder)
    }

    /// The column `name` of `holder`, made if it is not there; `None` if it cannot be there.
    pub(super) fn get_or_make(
        &mut self,
        inventory: &mut Inventory,
        holder: &AssetId,
        name: &str,
        type_name: &str,
    ) -> Option<AssetId> {
        if let Some(column) = self.get(holder, name) {
            return Some(column.clone());
        }
        let of = inventory.asset(holder)?;
        if self.is_closed(holder) || !matches!(of.kind, AssetKind::Dataset | AssetKind::Table | AssetKind::FeatureView)
        {
            return None;
        }
        // The spelling of the name must not depend on which of two relations is looked at first.
        let name = name.to_lowercase();
        let mut column =
            Asset::new(AssetId::column(holder, &name), AssetKind::Column, format!("{}/{name}", of.address), &name);
        column.type_name = type_name.to_owned();
        column.in_tests = of.in_tests;
        let id = column.id.clone();
        self.insert(holder, &name, &id);
        inventory.add(column);
        inventory.relate(Relation::new(RelationKind::PartOf, id.clone(), holder.clone(), None));
        Some(id)
    }
}

/// The tags of the asset `id`.
pub(super) fn tags<'a>(inventory: &'a Inventory, id: &AssetId) -> &'a [Tag] {
    inventory.asset(id).map_or(&[], |asset| asset.tags.as_slice())
}
