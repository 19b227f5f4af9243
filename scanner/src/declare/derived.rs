//! What declarations and facts say together of data, flows and models.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Attribute, Columns, Flow, Inventory, RelationKind, SOME, Value};
use aedile_policies::Taxonomy;
use aedile_rules::uses;

use crate::config::Config;

/// Writes what follows from declarations and facts into `inventory`.
pub(super) fn derive(config: &Config, taxonomy: &Taxonomy, inventory: &mut Inventory) {
    let made = made(inventory);
    for asset in inventory.assets.values_mut() {
        if matches!(asset.kind, AssetKind::Dataset | AssetKind::Table) {
            // What a notebook shows is a copy of what it read; rows among tests are nobody's source.
            let shown = asset.place.as_ref().is_some_and(|place| place.path.ends_with(".ipynb"));
            asset.set("original", !shown && !asset.in_tests && !made.contains(&asset.id), None);
            ground(asset);
        }
        period(config, taxonomy, asset);
    }
    consent(inventory);
    suggest(inventory);
}

/// Data that something else makes: derived from other data, or written by code.
fn made(inventory: &Inventory) -> BTreeSet<AssetId> {
    let made = inventory.relations.iter().filter_map(|relation| match relation.kind {
        RelationKind::DerivedFrom => Some(relation.from.clone()),
        RelationKind::Writes => Some(relation.to.clone()),
        _ => None,
    });
    made.collect()
}

/// The words of a legal ground in one spelling, and the one purpose of data among its purposes.
fn ground(asset: &mut Asset) {
    if let Some(attribute) = asset.attributes.get_mut("legalBasis")
        && let Value::Text(text) = &attribute.value
    {
        let plain = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        let plain = if plain.ends_with("-interest") { format!("{plain}s") } else { plain };
        attribute.value = Value::Text(plain);
    }
    if !asset.attributes.contains_key("purposes")
        && let Some(Attribute { value: Value::Text(purpose), place }) = asset.attributes.get("purpose").cloned()
    {
        asset.set("purposes", vec![Value::Text(purpose)], place);
    }
}

/// The shortest period declared for a class that `asset` holds, unless one is declared for the asset itself.
fn period(config: &Config, taxonomy: &Taxonomy, asset: &mut Asset) {
    let keeps = [AssetKind::Bucket, AssetKind::Dataset, AssetKind::Table, AssetKind::FeatureView];
    if !keeps.contains(&asset.kind) || asset.attributes.contains_key("declaredRetentionDays") {
        return;
    }
    let covered = |class: &str| {
        let held = asset.tags.iter().filter(|tag| taxonomy.counts(tag));
        held.map(|tag| tag.class.as_str()).any(|held| taxonomy.is_in(held, class))
    };
    let shortest = config.retention.iter().filter(|(class, _)| covered(class)).map(|(_, days)| *days).min();
    if let Some(days) = shortest {
        asset.set("declaredRetentionDays", days, None);
    }
}

/// Says of every flow out of data that rests on consent whether rows are chosen by the column of consent.
///
/// What code reads is judged by what it passes on: rows may be chosen at any step between the two.
fn consent(inventory: &mut Inventory) {
    let by: BTreeMap<AssetId, String> = inventory
        .assets
        .values()
        .filter_map(|asset| Some((asset.id.clone(), asset.value("consentColumn")?.as_text()?.to_owned())))
        .collect();
    if by.is_empty() {
        return;
    }
    let mut passed_on: BTreeMap<(AssetId, AssetId), BTreeSet<Chosen>> = BTreeMap::new();
    for relation in &inventory.relations {
        let Some(flow) = &relation.flow else { continue };
        if !matches!(relation.kind, RelationKind::Writes | RelationKind::SendsTo | RelationKind::Trains) {
            continue;
        }
        for (source, column) in flow.sources.iter().filter_map(|source| by.get_key_value(source)) {
            let key = (relation.from.clone(), source.clone());
            passed_on.entry(key).or_default().insert(chosen(flow, column));
        }
    }
    for relation in &mut inventory.relations {
        let Some(flow) = &relation.flow else { continue };
        let (column, chosen) = match relation.kind {
            RelationKind::Reads => {
                let Some(column) = by.get(&relation.to) else { continue };
                let onwards = passed_on.get(&(relation.from.clone(), relation.to.clone()));
                // The worst of what is passed on.
                let onwards = onwards.and_then(|all| all.first().copied());
                let chosen = match (chosen(flow, column), onwards) {
                    (Chosen::ByConsent, _) => Chosen::ByConsent,
                    (_, Some(onwards)) => onwards,
                    (Chosen::Otherwise, None) if !reads(flow, column) => Chosen::Otherwise,
                    (_, None) => Chosen::Unknown,
                };
                (column, chosen)
            }
            RelationKind::SendsTo => {
                let sources = flow.sources.iter().filter_map(|source| by.get(source));
                let worst = sources.map(|column| (chosen(flow, column), column)).min();
                let Some((chosen, column)) = worst else { continue };
                (column, chosen)
            }
            _ => continue,
        };
        let value = match chosen {
            Chosen::ByConsent => Value::Bool(true),
            Chosen::Otherwise => Value::Bool(false),
            Chosen::Unknown => Value::unknown(column.as_str(), "whether rows are chosen by it is not seen"),
        };
        relation.attributes.insert("consentRead".to_owned(), Attribute { value, place: relation.place.clone() });
    }
}

/// How the rows of a flow are chosen, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Chosen {
    /// Without looking at the column of consent.
    Otherwise,
    Unknown,
    ByConsent,
}

fn chosen(flow: &Flow, column: &str) -> Chosen {
    if flow.filters.iter().any(|name| name.eq_ignore_ascii_case(column)) {
        Chosen::ByConsent
    } else if flow.filters.contains(SOME) {
        Chosen::Unknown
    } else {
        Chosen::Otherwise
    }
}

/// Whether `column` is among what is read.
fn reads(flow: &Flow, column: &str) -> bool {
    match &flow.columns {
        Columns::Named(named) => named.keys().chain(&flow.dropped).any(|name| name.eq_ignore_ascii_case(column)),
        Columns::All | Columns::Unknown => true,
    }
}

/// What the names of models, of the code that trains them and of the columns that they learn from say of their use.
fn suggest(inventory: &mut Inventory) {
    let mut words: BTreeMap<AssetId, Vec<String>> = BTreeMap::new();
    for asset in inventory.assets.values().filter(|asset| asset.kind == AssetKind::Model) {
        let own = words.entry(asset.id.clone()).or_default();
        own.extend([asset.name.clone(), asset.address.clone()]);
        own.extend(asset.names.iter().cloned());
        own.extend(["intendedUse", "purpose"].iter().filter_map(|key| asset.value(key)?.as_text().map(str::to_owned)));
    }
    for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::Trains) {
        let Some(own) = words.get_mut(&relation.to) else { continue };
        own.extend(inventory.asset(&relation.from).map(|code| code.address.clone()));
        if let Some(Columns::Named(named)) = relation.flow.as_ref().map(|flow| &flow.columns) {
            own.extend(named.keys().cloned());
        }
    }
    for (id, words) in words {
        if let (Some(found), Some(model)) = (uses::suggested(&words), inventory.assets.get_mut(&id)) {
            model.set("suggestedUse", found, None);
        }
    }
}
