//! Local samples of remote datasets: files in the tree that show what a URI holds.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, AssetKind, Columns, Inventory, LinkBasis, Relation, RelationKind};

use super::{REFERENCE, contain};

/// Columns that a URI must be known by before a file can be taken for its sample.
const COLUMNS: usize = 2;

/// `sample` shows what `whole` holds: what is found in it is held by the other.
pub(super) fn of(whole: AssetId, sample: AssetId, basis: LinkBasis) -> Relation {
    contain::whole(whole, sample, basis)
}

/// Names that any file may have a column of.
const COMMONPLACE: [&str; 6] = ["date", "id", "index", "key", "name", "value"];

/// Ties datasets that are known by reference only to the file in the tree that has the same file name and at least half of
/// the columns that code takes from them, one of them telling. Without columns in common a name proves nothing.
pub(super) fn samples(inventory: &mut Inventory) {
    let columns = columns(inventory);
    let mut files: BTreeMap<String, Vec<&AssetId>> = BTreeMap::new();
    for asset in inventory.assets.values().filter(|asset| asset.kind == AssetKind::Dataset && asset.place.is_some()) {
        files.entry(file_name(&asset.address)).or_default().push(&asset.id);
    }
    let derived: BTreeSet<&AssetId> = inventory
        .relations
        .iter()
        .filter(|relation| relation.kind == RelationKind::DerivedFrom)
        .map(|relation| &relation.from)
        .collect();
    let mut relations = Vec::new();
    for asset in
        inventory.assets.values().filter(|asset| asset.kind == AssetKind::Dataset && asset.type_name == REFERENCE)
    {
        let Some(wanted) =
            columns.get(&asset.id).filter(|wanted| wanted.len() >= COLUMNS && !derived.contains(&asset.id))
        else {
            continue;
        };
        let candidates = files.get(&file_name(&asset.address)).into_iter().flatten().filter_map(|file| {
            let shared: Vec<&String> = columns.get(*file)?.intersection(wanted).collect();
            let telling = shared.iter().any(|name| !COMMONPLACE.contains(&name.as_str()));
            (telling && shared.len() * 2 >= wanted.len()).then_some((shared.len(), *file))
        });
        let candidates: Vec<(usize, &AssetId)> = candidates.collect();
        let best = candidates.iter().map(|(common, _)| *common).max().unwrap_or(0);
        let mut best_files = candidates.iter().filter(|(common, _)| *common == best);
        if let (Some((common, file)), None) = (best_files.next(), best_files.next()) {
            let because = format!("same file name and {common} of {} columns", wanted.len());
            relations.push(of(asset.id.clone(), (*file).clone(), LinkBasis::Inferred(because)));
        }
    }
    inventory.relations.extend(relations);
}

/// Column names of every dataset, in lower case: those it has, and those that flows take from it.
fn columns(inventory: &Inventory) -> BTreeMap<AssetId, BTreeSet<String>> {
    let mut columns: BTreeMap<AssetId, BTreeSet<String>> = BTreeMap::new();
    for relation in &inventory.relations {
        if relation.kind == RelationKind::PartOf {
            if let Some(column) = inventory.asset(&relation.from) {
                columns.entry(relation.to.clone()).or_default().insert(column.name.to_lowercase());
            }
            continue;
        }
        let Some(flow) = &relation.flow else { continue };
        let Columns::Named(named) = &flow.columns else { continue };
        let source = (relation.kind == RelationKind::Reads).then_some(&relation.to);
        // With several sources it is not known whose column it is.
        let only = flow.sources.first().filter(|_| flow.sources.len() == 1);
        for dataset in source.into_iter().chain(only) {
            let names = columns.entry(dataset.clone()).or_default();
            names.extend(named.keys().chain(&flow.dropped).map(|name| name.to_lowercase()));
        }
    }
    columns
}

/// The last part of a path or URI, in lower case.
fn file_name(address: &str) -> String {
    address.trim_end_matches('/').rsplit('/').next().unwrap_or(address).to_lowercase()
}
