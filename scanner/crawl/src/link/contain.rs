//! What lies in what: datasets in buckets, tables in databases, files in folders, and the grants that follow.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, AssetKind, Attribute, Columns, Flow, Inventory, LinkBasis, Relation, RelationKind};

use super::name;

/// Datasets and tables that name their store lie in it: `s3://b/k` in the bucket `s3://b`, `db.s.t` in the database `db`.
///
/// Only stores that some source defines: one that is merely named has no facts to be judged by.
pub(super) fn stored(inventory: &mut Inventory) {
    let mut stores: BTreeMap<String, AssetId> = BTreeMap::new();
    for asset in inventory.assets.values().filter(|asset| matches!(asset.kind, AssetKind::Bucket | AssetKind::Database))
    {
        for name in &asset.names {
            stores.entry(name::normal(asset.kind, name)).or_insert_with(|| asset.id.clone());
        }
    }
    let held: BTreeSet<(AssetId, AssetId)> = inventory
        .relations
        .iter()
        .filter(|relation| relation.kind == RelationKind::StoredIn)
        .map(|relation| (relation.from.clone(), relation.to.clone()))
        .collect();
    let mut relations = Vec::new();
    for asset in inventory.assets.values() {
        let found: BTreeSet<(&AssetId, LinkBasis)> = match asset.kind {
            AssetKind::Dataset => {
                asset.names.iter().filter_map(|name| bucket(&name::normal(asset.kind, name), &stores)).collect()
            }
            AssetKind::Table => {
                asset.names.iter().filter_map(|name| database(&name::normal(asset.kind, name), &stores)).collect()
            }
            _ => BTreeSet::new(),
        };
        for (store, basis) in
            found.into_iter().filter(|(store, _)| !held.contains(&(asset.id.clone(), (*store).clone())))
        {
            let relation = Relation::new(RelationKind::StoredIn, asset.id.clone(), store.clone(), asset.place.clone());
            relations.push(Relation { basis, ..relation });
        }
    }
    inventory.relations.extend(relations);
}

fn bucket<'a>(uri: &str, stores: &'a BTreeMap<String, AssetId>) -> Option<(&'a AssetId, LinkBasis)> {
    let store = name::store(uri)?;
    if let Some(id) = stores.get(store) {
        return Some((id, LinkBasis::Exact));
    }
    let patterned = |known: &str| {
        (store.contains('{') && name::literal_length(store) >= super::LITERAL && name::shaped(store, known))
            || (known.contains('{') && name::literal_length(known) >= super::LITERAL && name::shaped(known, store))
            || (store.contains('{') && store == known)
    };
    let fits: BTreeSet<&AssetId> = stores.iter().filter(|(known, _)| patterned(known)).map(|(_, id)| id).collect();
    match fits.into_iter().collect::<Vec<_>>().as_slice() {
        [id] => Some((id, LinkBasis::Inferred(format!("the only bucket of the shape `{store}`")))),
        _ => None,
    }
}

fn database<'a>(table: &str, stores: &'a BTreeMap<String, AssetId>) -> Option<(&'a AssetId, LinkBasis)> {
    if table.contains("://") {
        return None;
    }
    let mut rest = table;
    while let Some((shorter, _)) = rest.rsplit_once('.') {
        if let Some(id) = stores.get(shorter) {
            return Some((id, LinkBasis::Exact));
        }
        rest = shorter;
    }
    None
}

/// A folder that is read as one dataset holds what the files below it hold; a file that nobody is known to write
/// holds what its folder holds.
pub(super) fn folders(inventory: &mut Inventory) {
    let mut uris: BTreeMap<String, AssetId> = BTreeMap::new();
    for asset in inventory.assets.values().filter(|asset| asset.kind == AssetKind::Dataset) {
        for name in asset.names.iter().filter(|name| name.contains("://")) {
            uris.entry(name::normal(asset.kind, name)).or_insert_with(|| asset.id.clone());
        }
    }
    let written: BTreeSet<&AssetId> = inventory
        .relations
        .iter()
        .filter_map(|relation| match relation.kind {
            RelationKind::Writes => Some(&relation.to),
            RelationKind::DerivedFrom => Some(&relation.from),
            _ => None,
        })
        .collect();
    let mut relations = Vec::new();
    for (uri, file) in &uris {
        let mut above = uri.as_str();
        while let Some((shorter, _)) =
            above.rsplit_once('/').filter(|(shorter, _)| shorter.contains("://") && !shorter.ends_with('/'))
        {
            above = shorter;
            let Some(folder) = uris.get(above).filter(|folder| *folder != file) else { continue };
            let is_source = written.contains(file) || inventory.asset(file).is_some_and(|asset| asset.place.is_some());
            let (from, to) = if is_source { (folder, file) } else { (file, folder) };
            let basis = LinkBasis::Inferred(format!("`{uri}` lies in the folder `{above}`"));
            relations.push(whole(from.clone(), to.clone(), basis));
            break;
        }
    }
    inventory.relations.extend(relations);
}

/// `from` is made of all that `to` holds.
pub(super) fn whole(from: AssetId, to: AssetId, basis: LinkBasis) -> Relation {
    let flow = Flow::new(Columns::All);
    Relation { basis, flow: Some(flow), ..Relation::new(RelationKind::DerivedFrom, from, to, None) }
}

/// A grant on a database is a grant on the tables in it. The copies are marked `inherited`: they say
/// who reaches a table, and the grant itself is judged once, where it was made.
pub(super) fn grants(inventory: &mut Inventory) {
    let mut tables: BTreeMap<&AssetId, BTreeSet<&AssetId>> = BTreeMap::new();
    for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::StoredIn) {
        let is = |id: &AssetId, kind: AssetKind| inventory.asset(id).is_some_and(|asset| asset.kind == kind);
        if is(&relation.to, AssetKind::Database) && is(&relation.from, AssetKind::Table) {
            tables.entry(&relation.to).or_default().insert(&relation.from);
        }
    }
    let mut relations = Vec::new();
    for grant in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::Grants) {
        let Some(tables) = tables.get(&grant.to) else { continue };
        let database = inventory.asset(&grant.to).map_or("", |asset| asset.name.as_str());
        for table in tables {
            let basis = LinkBasis::Inferred(format!("the grant on `{database}` covers the tables in it"));
            let mut inherited = Relation { to: (*table).clone(), basis, ..grant.clone() };
            inherited.attributes.insert("inherited".to_owned(), Attribute { value: true.into(), place: None });
            relations.push(inherited);
        }
    }
    inventory.relations.extend(relations);
}
