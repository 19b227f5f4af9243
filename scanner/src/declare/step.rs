//! The steps of data from column to column, by the lineage of columns and of whole tables.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Columns, Inventory, Protection, RelationKind};

/// Which columns each column is made of: by lineage of columns, and of whole tables.
pub(super) fn sources(inventory: &Inventory) -> BTreeMap<AssetId, BTreeSet<AssetId>> {
    let mut sources: BTreeMap<AssetId, BTreeSet<AssetId>> = BTreeMap::new();
    for (target, source, _) in steps(inventory) {
        sources.entry(target).or_default().insert(source);
    }
    sources
}

/// Every step from a column to a column: the column that is made, the one that it is made of, and what was done.
pub(super) fn steps(inventory: &Inventory) -> Vec<(AssetId, AssetId, Protection)> {
    // The columns of each table or dataset by their names in small letters.
    let mut columns: BTreeMap<&AssetId, BTreeMap<String, Vec<&Asset>>> = BTreeMap::new();
    for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::PartOf) {
        if let Some(column) = inventory.asset(&relation.from) {
            columns.entry(&relation.to).or_default().entry(column.name.to_ascii_lowercase()).or_default().push(column);
        }
    }
    let column =
        |holder: &AssetId, name: &str| Some(&columns.get(holder)?.get(&name.to_ascii_lowercase())?.first()?.id);
    let mut steps = Vec::new();
    for relation in &inventory.relations {
        let Some(flow) = &relation.flow else { continue };
        let (target, from): (&AssetId, Vec<&AssetId>) = match relation.kind {
            RelationKind::DerivedFrom => (&relation.from, vec![&relation.to]),
            RelationKind::Writes => (&relation.to, flow.sources.iter().collect()),
            _ => continue,
        };
        if relation.kind == RelationKind::DerivedFrom
            && inventory.asset(target).is_some_and(|asset| asset.kind == AssetKind::Column)
        {
            let done = match &flow.columns {
                Columns::Named(named) => named.values().min().copied().unwrap_or_default(),
                Columns::All | Columns::Unknown => Protection::None,
            };
            steps.push((target.clone(), relation.to.clone(), done));
            continue;
        }
        for source in from {
            match &flow.columns {
                Columns::Named(named) => {
                    for (name, done) in named {
                        let Some(of) = column(source, name) else { continue };
                        for (to, done) in flow.arriving(name, *done) {
                            steps.extend(column(target, to).map(|made| (made.clone(), of.clone(), done)));
                        }
                    }
                }
                Columns::All => {
                    for held in columns.get(source).into_iter().flat_map(BTreeMap::values).flatten() {
                        let gone = flow.dropped.iter().any(|name| name.eq_ignore_ascii_case(&held.name));
                        if let Some(made) = column(target, &held.name).filter(|_| !gone && !flow.replaces(&held.name)) {
                            steps.push((made.clone(), held.id.clone(), Protection::None));
                        }
                    }
                }
                Columns::Unknown => {}
            }
        }
    }
    steps.sort();
    steps.dedup();
    steps
}
