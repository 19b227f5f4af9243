//! What a backup plan takes in: resources by reference, by ARN, by pattern, by tag.
//!
//! Source: docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html.

use aedile_rules::Selection;

use super::condition::{Truth, View, any};
use super::datum::{Datum, Kind};
use super::name::fill;
use super::path::{texts, values};
use super::policy::overlap;

/// Whether the selection in `body` takes in the resource of `view`.
pub(super) fn selects(view: &View<'_, '_>, selection: &Selection, body: &Datum) -> Truth {
    let listed = values(body, &selection.resources);
    let tags = values(body, &selection.tags);
    let conditions = values(body, &selection.conditions);
    if listed.is_empty() && tags.is_empty() && conditions.is_empty() {
        return Truth::False(body.place.clone());
    }
    let mut parts = Vec::new();
    if !listed.is_empty() {
        parts.push(any(listed.iter().map(|item| named(view, item))));
    }
    if !tags.is_empty() {
        parts.push(any(tags.iter().map(|tag| tagged(view, tag))));
    }
    parts.extend(conditions.iter().map(|tag| tagged(view, tag)));
    for except in values(body, &selection.except) {
        parts.push(match named(view, &except) {
            Truth::True(place) => Truth::False(place),
            Truth::False(place) => Truth::True(place),
            unknown => unknown,
        });
    }
    let mut result = Truth::True(body.place.clone());
    for part in parts {
        match (part, &result) {
            (part @ Truth::False(_), _) => return part,
            (part @ Truth::Unknown(..), Truth::True(_)) => result = part,
            _ => {}
        }
    }
    result
}

fn named(view: &View<'_, '_>, item: &Datum) -> Truth {
    let (unit, at) = (view.unit(), view.around.at);
    let place = item.place.clone();
    if item.text().as_deref() == Some("*") || unit.referred(item).contains(&at) {
        return Truth::True(place);
    }
    let referred = item.of.is_some() || !unit.referred(item).is_empty();
    let resource = unit.resource(at);
    let template = resource.and_then(|resource| unit.rule(resource)).and_then(|rule| rule.arn.as_ref());
    let (Some(resource), Some(template), false) = (resource, template, referred) else {
        return Truth::False(place);
    };
    let Kind::Text(pattern) = &item.kind else {
        return item.why_unknown().map_or(Truth::False(place.clone()), |why| Truth::Unknown(why.clone(), place));
    };
    let own = fill(template, |path| match path {
        "region" => Some(resource.region.as_ref().and_then(Datum::text).unwrap_or_else(|| "*".to_owned())),
        "account" => Some("*".to_owned()),
        path => Some(texts(&resource.body, path).into_iter().next().unwrap_or_else(|| "*".to_owned())),
    });
    if own.is_some_and(|own| fits(pattern, &own)) { Truth::True(place) } else { Truth::False(place) }
}

/// Whether an ARN fits a pattern: part by part, so that no `*` of an unknown region swallows what follows it.
fn fits(pattern: &str, own: &str) -> bool {
    let (parts, own_parts): (Vec<&str>, Vec<&str>) = (pattern.split(':').collect(), own.split(':').collect());
    if parts.len() == own_parts.len() {
        parts.iter().zip(&own_parts).all(|(part, own)| overlap(part, own))
    } else {
        overlap(pattern, own)
    }
}

fn tagged(view: &View<'_, '_>, tag: &Datum) -> Truth {
    let place = tag.place.clone();
    let text = |names: [&str; 3]| names.iter().find_map(|name| tag.member(name)).and_then(Datum::text);
    let key = text(["key", "Key", "ConditionKey"]);
    let (Some(key), Some(wanted)) = (key, text(["value", "Value", "ConditionValue"])) else {
        let why = tag.why_unknown().cloned();
        return why.map_or(Truth::False(place.clone()), |why| Truth::Unknown(why, place));
    };
    let key = key.trim_start_matches("aws:ResourceTag/").to_owned();
    let Some(resource) = view.unit().resource(view.around.at) else { return Truth::False(place) };
    let own = ["tags", "Tags"].into_iter().find_map(|name| resource.body.member(name));
    let maps = own.into_iter().chain(&resource.default_tags);
    let mut open = None;
    for map in maps {
        match &map.kind {
            Kind::Map(map) => match map.members.get(&key) {
                Some(value) => match value.text() {
                    Some(text) if overlap(&wanted, &text) => return Truth::True(place),
                    Some(_) => return Truth::False(place),
                    None => open = open.or(value.why_unknown().cloned()),
                },
                None => open = open.or(map.open.clone()),
            },
            // Tags of CloudFormation: a list of keys and values.
            Kind::List(items) => {
                let named = items.iter().find(|item| item.member("Key").and_then(Datum::text).as_ref() == Some(&key));
                match named.and_then(|item| item.member("Value")).map(|value| (value.text(), value.why_unknown())) {
                    Some((Some(text), _)) if overlap(&wanted, &text) => return Truth::True(place),
                    Some((Some(_), _)) => return Truth::False(place),
                    Some((None, why)) => open = open.or(why.cloned()),
                    None => {}
                }
            }
            Kind::Unknown(why) | Kind::Fault(why) => open = open.or(Some(why.clone())),
            _ => {}
        }
    }
    open.map_or(Truth::False(place.clone()), |why| Truth::Unknown(why, place))
}
