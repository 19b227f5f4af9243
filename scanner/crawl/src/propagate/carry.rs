//! What each relation carries, once it is known what everything holds.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, Columns, Flow, Inventory, Protection, Relation, RelationKind, Tag};

use super::columns::{ColumnIndex, tags};
use super::graph::{inherited, sources, travelling};
use super::observe::ByName;

/// Fills in `carries` of every relation along which data is read, written, sent, trained on, derived or reached.
pub(super) fn carry(inventory: &mut Inventory, columns: &ColumnIndex, names: &ByName) {
    let mut reads: BTreeMap<&AssetId, BTreeSet<&AssetId>> = BTreeMap::new();
    for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::Reads) {
        reads.entry(&relation.from).or_default().insert(&relation.to);
    }
    let carried: Vec<Vec<Tag>> = inventory
        .relations
        .iter()
        .map(|relation| united(carried(relation, inventory, columns, names, &reads)))
        .collect();
    for (relation, carried) in inventory.relations.iter_mut().zip(carried) {
        relation.carries = carried;
    }
}

fn carried(
    relation: &Relation,
    inventory: &Inventory,
    columns: &ColumnIndex,
    names: &ByName,
    reads: &BTreeMap<&AssetId, BTreeSet<&AssetId>>,
) -> Vec<Tag> {
    let all = |id: &AssetId| inherited(tags(inventory, id), id, Protection::None);
    match relation.kind {
        RelationKind::Serves => all(&relation.to),
        // A grant on some columns reaches those alone.
        RelationKind::Grants => match &relation.flow {
            Some(flow) => of_flow(inventory, columns, names, &[&relation.to], flow),
            None => all(&relation.to),
        },
        RelationKind::StoredIn => all(&relation.from),
        RelationKind::Reads | RelationKind::DerivedFrom => match &relation.flow {
            Some(flow) => of_flow(inventory, columns, names, &[&relation.to], flow),
            None => all(&relation.to),
        },
        RelationKind::Writes | RelationKind::Trains => {
            let found = sources(&relation.from, relation.flow.as_ref(), reads);
            match (&relation.flow, found.as_slice()) {
                (Some(flow), []) => of_flow(inventory, columns, names, &[], flow),
                (_, found) => found
                    .iter()
                    .flat_map(|(source, flow)| of_flow(inventory, columns, names, &[source], flow))
                    .collect(),
            }
        }
        RelationKind::SendsTo => match &relation.flow {
            Some(flow) => of_flow(inventory, columns, names, &flow.sources.iter().collect::<Vec<_>>(), flow),
            None => Vec::new(),
        },
        RelationKind::PartOf
        | RelationKind::DependsOn
        | RelationKind::RunsAs
        | RelationKind::MemberOf
        | RelationKind::Releases
        | RelationKind::Monitors
        | RelationKind::EncryptedWith
        | RelationKind::GuardedBy
        | RelationKind::Runs => Vec::new(),
    }
}

/// What `flow` takes from `sources`. A named column that no source has is judged by its name.
fn of_flow(
    inventory: &Inventory,
    columns: &ColumnIndex,
    names: &ByName,
    sources: &[&AssetId],
    flow: &Flow,
) -> Vec<Tag> {
    let mut carried = Vec::new();
    for source in sources {
        for (_, column, done) in travelling(columns, source, flow) {
            carried.extend(inherited(tags(inventory, &column), &column, done));
        }
    }
    match &flow.columns {
        Columns::Named(named) => {
            let is_loose = |name: &str| !sources.iter().any(|source| columns.get(source, name).is_some());
            for (name, done) in named.iter().filter(|(name, done)| **done < Protection::Aggregated && is_loose(name)) {
                let said = names.get(&name.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
                carried.extend(said.iter().map(|tag| Tag { protection: tag.protection.max(*done), ..tag.clone() }));
            }
        }
        Columns::All | Columns::Unknown => {
            // What a source holds beside its columns, or without having any; dropped columns are left out.
            for source in sources {
                let of_columns: BTreeSet<&str> = columns
                    .of(source)
                    .flat_map(|(_, column)| tags(inventory, column))
                    .map(|tag| tag.class.as_str())
                    .collect();
                let held = inherited(tags(inventory, source), source, Protection::None);
                carried.extend(held.into_iter().filter(|tag| !of_columns.contains(tag.class.as_str())));
            }
        }
    }
    carried
}

/// One tag a class, sorted.
fn united(tags: Vec<Tag>) -> Vec<Tag> {
    let mut united: BTreeMap<_, Tag> = BTreeMap::new();
    for tag in tags {
        match united.entry(tag.class.clone()) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(tag);
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => slot.get_mut().join(tag),
        }
    }
    united.into_values().collect()
}
