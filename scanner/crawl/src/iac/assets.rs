//! Resources become assets with normalised attributes, by the packs.

use std::collections::BTreeMap;

use aedile_model::{Asset, AssetId, AssetKind, Value};
use aedile_rules::ResourceType;

use super::condition::{Around, View};
use super::datum::Datum;
use super::path::{texts, values};
use super::resource::{Resource, Unit};
use super::{fix, grants, links, machine, name, tags};
use crate::Facts;

/// Writes the assets, relations and grants of one unit.
pub(crate) fn describe(unit: &Unit<'_>, facts: &mut Facts) {
    let mut assets: BTreeMap<AssetId, Asset> = BTreeMap::new();
    for (at, resource) in unit.resources.iter().enumerate() {
        if let Some(rule) = unit.rule(resource) {
            super::labels::write(unit, at, rule, facts);
        }
        let (Some(rule), Some((kind, id))) = (unit.rule(resource), unit.asset(at)) else {
            continue;
        };
        let described = asset(unit, at, resource, rule, kind, id.clone());
        super::columns::write(unit, at, rule, &described, facts);
        machine::write(resource, &id, facts);
        assets.insert(id, described);
        links::write(unit, at, rule, facts);
    }
    fix::offer(unit, facts);
    grants::write(unit, &mut assets, facts);
    facts.assets.extend(assets.into_values());
}

fn asset<'a>(
    unit: &Unit<'a>,
    at: usize,
    resource: &Resource,
    rule: &'a ResourceType,
    kind: AssetKind,
    id: AssetId,
) -> Asset {
    let short = rule.name.iter().find_map(|path| texts(&resource.body, path).into_iter().next());
    let short = short.unwrap_or_else(|| resource.address.rsplit(['.', '/']).next().unwrap_or_default().to_owned());
    let mut asset = Asset::new(id, kind, &resource.address, short);
    asset.type_name.clone_from(&resource.type_name);
    asset.place.clone_from(&resource.place);
    asset.in_tests = resource.in_tests;
    let around = Around::new(unit, at, rule);
    let view = View { around: &around, body: &resource.body };
    asset.names.extend(names(resource, rule, &view));
    for (attribute, readers) in &rule.attributes {
        if let Some((value, place)) = view.read(readers) {
            asset.set(attribute, value, place);
        }
    }
    if let Some(region) = &resource.region
        && !asset.attributes.contains_key("region")
    {
        let value = match region.text() {
            Some(text) => Value::Text(text.to_lowercase()),
            None => region.value(),
        };
        if value != Value::Null {
            asset.set("region", value, region.place.clone());
        }
    }
    super::kubernetes::pod::describe(&mut asset, resource, rule);
    tags::describe(&mut asset, resource, rule, unit.rules.tags());
    asset
}

fn names(resource: &Resource, rule: &ResourceType, view: &View<'_, '_>) -> Vec<String> {
    let templates = rule.names.iter();
    templates
        .filter_map(|template| {
            name::fill(template, |path| match path {
                "region" => resource.region.as_ref().and_then(Datum::text),
                path => match path.split_once('.') {
                    Some((from, path)) if rule.companions.contains_key(from) => {
                        view.items(Some(from), Some(path)).iter().find_map(Datum::text).filter(|text| !text.is_empty())
                    }
                    _ => texts(&resource.body, path).into_iter().next(),
                },
            })
        })
        .collect()
}

/// The values at `path` of a resource or of its companion.
pub(crate) fn read<'a>(
    unit: &Unit<'a>,
    at: usize,
    rule: &'a ResourceType,
    from: Option<&str>,
    path: &str,
) -> Vec<Datum> {
    match from {
        Some(from) => {
            let found = unit.companion(at, rule, from).at;
            let found = found.into_iter().filter_map(|at| unit.resource(at));
            found.flat_map(|found| values(&found.body, path)).collect()
        }
        None => unit.resource(at).map(|resource| values(&resource.body, path)).unwrap_or_default(),
    }
}
