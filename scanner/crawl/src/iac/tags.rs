//! Tags and labels that say who owns a thing, for what environment it is and how it is classified.

use aedile_model::{Asset, AssetKind, Value};
use aedile_rules::{ResourceType, TagRule};

use super::datum::{Datum, Kind};
use super::resource::Resource;

/// Where types keep their tags.
const PATHS: [&str; 9] = [
    "tags",
    "labels",
    "user_labels",
    "metadata.labels",
    "metadata.annotations",
    "custom_tags",
    "Tags",
    "FileSystemTags",
    "BackupVaultTags",
];

/// Kinds of assets that must say whose they are and what they hold.
const TAGGED: [AssetKind; 7] = [
    AssetKind::Bucket,
    AssetKind::Database,
    AssetKind::Cluster,
    AssetKind::Endpoint,
    AssetKind::Model,
    AssetKind::FeatureView,
    AssetKind::Notebook,
];

/// Sets the attributes that the tags of `resource` give by `rules`, where `asset` does not have them yet.
pub(crate) fn describe(asset: &mut Asset, resource: &Resource, rule: &ResourceType, rules: &[TagRule]) {
    attributes(asset, resource, rules);
    let has_tags = resource.default_tags.is_some() || PATHS.iter().any(|path| at(&resource.body, path).is_some());
    if TAGGED.contains(&asset.kind) && (rule.taggable || has_tags) {
        tagged(asset);
    }
}

/// Sets `tagged`: whether there is an owner and a classification.
fn tagged(asset: &mut Asset) {
    let wanted = ["owner", "classification"].map(|name| asset.attributes.get(name).cloned());
    let absent = wanted.iter().any(|found| found.as_ref().is_none_or(|found| found.value == Value::Null));
    let unknown = wanted.iter().flatten().find(|found| matches!(found.value, Value::Unknown(_)));
    let first = wanted.iter().flatten().next().and_then(|found| found.place.clone());
    match unknown {
        Some(found) if !absent => asset.set("tagged", found.value.clone(), found.place.clone()),
        // What is missing is missing in the resource itself.
        _ => asset.set("tagged", !absent, first.filter(|_| !absent)),
    }
}

fn at<'d>(body: &'d Datum, path: &str) -> Option<&'d Datum> {
    path.split('.').try_fold(body, |body, key| body.member(key))
}

fn attributes(asset: &mut Asset, resource: &Resource, rules: &[TagRule]) {
    let own = PATHS.iter().filter_map(|path| at(&resource.body, path));
    let maps: Vec<&Datum> = own.chain(&resource.default_tags).collect();
    for rule in rules {
        if asset.attributes.contains_key(&rule.attribute) {
            continue;
        }
        if let Some(found) = rule.keys.iter().find_map(|key| maps.iter().find_map(|map| tag(map, key))) {
            let value = match found.text() {
                Some(text) => {
                    let word = text.to_lowercase();
                    Value::Text(rule.map.get(&word).cloned().unwrap_or(text))
                }
                None if found.is_null() => continue,
                None => found.value(),
            };
            asset.set(&rule.attribute, value, found.place.clone());
        } else if let Some((why, map)) = maps.iter().find_map(|map| open(map).map(|why| (why, map))) {
            asset.set(&rule.attribute, Value::Unknown(why), map.place.clone());
        }
    }
}

fn tag<'d>(map: &'d Datum, wanted: &str) -> Option<&'d Datum> {
    match &map.kind {
        Kind::Map(map) => map.members.iter().find(|(key, _)| normal(key) == wanted).map(|(_, value)| value),
        // Lists of blocks with key and value, as some types have.
        Kind::List(items) => items
            .iter()
            .find(|item| either(item, "key", "Key").and_then(Datum::text).is_some_and(|key| normal(&key) == wanted))
            .and_then(|item| either(item, "value", "Value")),
        _ => None,
    }
}

fn either<'d>(item: &'d Datum, name: &str, other: &str) -> Option<&'d Datum> {
    item.member(name).or_else(|| item.member(other))
}

fn open(map: &Datum) -> Option<aedile_model::Unknown> {
    match &map.kind {
        Kind::Map(map) => map.open.clone(),
        Kind::Unknown(why) | Kind::Fault(why) => Some(why.clone()),
        _ => None,
    }
}

fn normal(key: &str) -> String {
    let name = key.rsplit('/').next().unwrap_or(key);
    let mut out = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c.is_uppercase() && lower {
            out.push('-');
        }
        lower = c.is_lowercase();
        out.extend(if matches!(c, '_' | ':' | ' ' | '.') {
            "-".chars().collect::<Vec<_>>()
        } else {
            c.to_lowercase().collect()
        });
    }
    out
}
