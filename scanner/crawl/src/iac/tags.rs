//! Tags and labels that say who owns a thing, for what environment it is and how it is classified.

use aedile_model::{Asset, Value};
use aedile_rules::TagRule;

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

/// Sets the attributes that the tags of `resource` give by `rules`, where `asset` does not have them yet.
pub(crate) fn describe(asset: &mut Asset, resource: &Resource, rules: &[TagRule]) {
    let own = PATHS.iter().filter_map(|path| path.split('.').try_fold(&resource.body, |body, key| body.member(key)));
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
