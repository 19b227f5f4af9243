//! What a person declares in `aedile.yaml`, written into the inventory.

mod card;
mod compared;
mod derived;
mod document;
mod label;
mod mask;
mod named;
mod organisation;
mod recipient;
mod step;

use aedile_crawl::Crawl;
use aedile_model::{
    Asset, AssetId, AssetKind, Basis, Class, Confidence, Inventory, Label, Place, Relation, RelationKind, Tag, Value,
};
use aedile_policies::Policies;
use globset::{Glob, GlobMatcher};
use time::Date;

use crate::config::{Config, Declaration, Loaded};
pub(crate) use document::{Reader, on_disk};
pub(crate) use label::{Comparison, Missing, read as read_labels};
pub(crate) use named::Named;

/// Applies every declaration of `loaded` to assets, before classes travel. Each becomes an asset itself, which says
/// whether it met anything.
///
/// A declared attribute replaces what was found: a person answers for it, and the record says so. Only where both
/// speak of retention or region, the source's word stands and the declared one beside it, so that they can be held
/// against each other.
pub(crate) fn declare(loaded: &Loaded, named: &Named, inventory: &mut Inventory) {
    for (nth, declaration) in loaded.config.declare.iter().enumerate() {
        let place = named.place("declare", &declaration.asset);
        let matched = apply(declaration, &place, inventory) > 0;
        let id = AssetId::new(AssetKind::Declaration, named.path(), &format!("{}/{nth}", declaration.asset));
        let mut asset = Asset::new(id, AssetKind::Declaration, &*declaration.asset, &*declaration.asset);
        asset.set("matched", matched, Some(place.clone()));
        asset.place = Some(place);
        inventory.add(asset);
    }
}

/// Adds what declarations say together with facts, after classes have travelled: the organisation, recipients,
/// documents, and what follows for data and models.
pub(crate) fn relate(
    loaded: &Loaded,
    named: &Named,
    comparison: &Comparison<'_>,
    policies: &Policies,
    as_of: Date,
    reader: Reader<'_>,
    crawl: &mut Crawl,
) {
    let config = &loaded.config;
    let inventory = &mut crawl.inventory;
    label::compare(comparison, inventory);
    mask::follow(inventory);
    derived::derive(config, policies.taxonomy(), inventory);
    recipient::recipients(config, named, inventory);
    organisation::organisation(config, named, policies.taxonomy(), inventory);
    document::documents(loaded, named, policies.documents(), as_of, reader, inventory);
    compared::compare(policies.taxonomy(), inventory);
}

fn apply(declaration: &Declaration, place: &Place, inventory: &mut Inventory) -> usize {
    let matched = matching(declaration, inventory);
    for id in &matched {
        if let Some(asset) = inventory.assets.get_mut(id) {
            attributes(declaration, place, asset);
        }
        for (column, class) in &declaration.columns {
            column_class(inventory, id, column, class, place);
        }
    }
    matched.len()
}

/// The assets that `declaration` speaks of.
fn matching(declaration: &Declaration, inventory: &Inventory) -> Vec<AssetId> {
    let Ok(glob) = Glob::new(&declaration.asset) else { return Vec::new() };
    let glob = glob.compile_matcher();
    let kind: Option<AssetKind> = declaration.kind.as_deref().and_then(|kind| kind.parse().ok());
    inventory
        .assets
        .values()
        .filter(|asset| !matches!(asset.kind, AssetKind::Column | AssetKind::Declaration))
        .filter(|asset| kind.is_none_or(|kind| asset.kind == kind) && names(asset, &glob))
        .map(|asset| asset.id.clone())
        .collect()
}

fn names(asset: &Asset, glob: &GlobMatcher) -> bool {
    glob.is_match(asset.id.as_str())
        || glob.is_match(&asset.address)
        || glob.is_match(&asset.name)
        || asset.names.iter().any(|name| glob.is_match(name))
}

fn attributes(declaration: &Declaration, place: &Place, asset: &mut Asset) {
    for (name, text) in declaration.texts() {
        asset.set(name, text, Some(place.clone()));
    }
    if !declaration.purposes.is_empty() {
        let purposes: Vec<Value> = declaration.purposes.iter().map(|purpose| purpose.as_str().into()).collect();
        asset.set("purposes", purposes, Some(place.clone()));
    }
    let declared = [
        ("retentionDays", "declaredRetentionDays", declaration.retention_days.map(Value::from)),
        ("region", "declaredRegion", declaration.region.as_deref().map(Value::from)),
    ];
    for (found, beside, value) in declared {
        let Some(value) = value else { continue };
        let name = if asset.value(found).is_some_and(|found| *found != Value::Null) { beside } else { found };
        asset.set(name, value, Some(place.clone()));
    }
}

fn column_class(inventory: &mut Inventory, of: &AssetId, name: &str, class: &str, place: &Place) {
    let id = AssetId::column(of, name);
    let mut column = Asset::new(id.clone(), AssetKind::Column, name, name);
    let mut tag = Tag::new(Class::new(class), Basis::Declared, Confidence::CERTAIN);
    tag.reasons.push("declared in the configuration".to_owned());
    column.add_tag(tag);
    column.labels.insert(Label::new(label::CONFIGURATION, "class", class, Some(place.clone())));
    let known = inventory.assets.contains_key(&id);
    inventory.add(column);
    if !known {
        inventory.relate(Relation::new(RelationKind::PartOf, id, of.clone(), None));
    }
}

/// Every document that `config` names: the kind in `policies/documents.yaml`, the path or reference, and the day on
/// which what it describes last changed, if that is declared.
fn declared_documents(config: &Config) -> Vec<(&'static str, String, Option<Date>)> {
    let own = config.organisation.documents().map(|(_, kind, path)| (kind, path.to_owned(), None));
    let contracts = config.processors.iter().filter_map(|processor| processor.contract.clone());
    let contracts = contracts.map(|path| ("contract", path, None));
    let of_assets = config.declare.iter().flat_map(|declaration| {
        let changed = declaration.changed.as_deref().and_then(crate::config::parse_date);
        declaration.documents().map(move |(_, kind, path)| (kind, path.to_owned(), changed))
    });
    own.chain(contracts).chain(of_assets).collect()
}
