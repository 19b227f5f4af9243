//! What a person declares of assets in `aedile.yaml`, written into the inventory.

use aedile_model::{Asset, AssetId, AssetKind, Basis, Class, Confidence, Inventory, Relation, RelationKind, Tag};
use globset::{Glob, GlobMatcher};

use crate::config::{Config, Declaration};

/// Applies every declaration of `config` and says which of them matched no asset, by their globs.
///
/// A declared attribute replaces what was found: a person answers for it, and the record says so.
pub(crate) fn declare(config: &Config, inventory: &mut Inventory) -> Vec<String> {
    config
        .declare
        .iter()
        .filter(|declaration| apply(declaration, inventory) == 0)
        .map(|declaration| declaration.asset.clone())
        .collect()
}

fn apply(declaration: &Declaration, inventory: &mut Inventory) -> usize {
    let Ok(glob) = Glob::new(&declaration.asset) else { return 0 };
    let glob = glob.compile_matcher();
    let kind: Option<AssetKind> = declaration.kind.as_deref().and_then(|kind| kind.parse().ok());
    let matched: Vec<AssetId> = inventory
        .assets
        .values()
        .filter(|asset| {
            asset.kind != AssetKind::Column && kind.is_none_or(|kind| asset.kind == kind) && names(asset, &glob)
        })
        .map(|asset| asset.id.clone())
        .collect();
    for id in &matched {
        if let Some(asset) = inventory.assets.get_mut(id) {
            attributes(declaration, asset);
        }
        for (column, class) in &declaration.columns {
            column_class(inventory, id, column, class);
        }
    }
    matched.len()
}

fn names(asset: &Asset, glob: &GlobMatcher) -> bool {
    glob.is_match(asset.id.as_str())
        || glob.is_match(&asset.address)
        || glob.is_match(&asset.name)
        || asset.names.iter().any(|name| glob.is_match(name))
}

fn attributes(declaration: &Declaration, asset: &mut Asset) {
    let texts = [
        ("owner", &declaration.owner),
        ("purpose", &declaration.purpose),
        ("riskClass", &declaration.risk_class),
        ("legalBasis", &declaration.legal_basis),
        ("environment", &declaration.environment),
        ("modelCard", &declaration.model_card),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            asset.set(name, text.as_str(), None);
        }
    }
    if let Some(days) = declaration.retention_days {
        asset.set("retentionDays", days, None);
    }
}

fn column_class(inventory: &mut Inventory, of: &AssetId, name: &str, class: &str) {
    let id = AssetId::column(of, name);
    let mut column = Asset::new(id.clone(), AssetKind::Column, name, name);
    let mut tag = Tag::new(Class::new(class), Basis::Declared, Confidence::CERTAIN);
    tag.reasons.push("declared in the configuration".to_owned());
    column.add_tag(tag);
    let known = inventory.assets.contains_key(&id);
    inventory.add(column);
    if !known {
        inventory.relate(Relation::new(RelationKind::PartOf, id, of.clone(), None));
    }
}
