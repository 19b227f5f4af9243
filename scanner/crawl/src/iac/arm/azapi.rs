//! `azapi_resource` of Terraform: a resource in the words of deployment templates, whose rules therefore hold for it.

use std::collections::BTreeMap;

use aedile_rules::{ResourceSource, Resources};

use super::address::Types;
use crate::iac::datum::{Datum, Kind, Map};
use crate::iac::resource::Resource;

/// The type of Terraform.
const AZAPI: &str = "azapi_resource";

/// Those of `resources` that write a template's resource as that; the others as they are.
pub(crate) fn translated(resources: Vec<Resource>, rules: &Resources) -> Vec<Resource> {
    if resources.iter().all(|resource| resource.type_name != AZAPI) {
        return resources;
    }
    let types = Types::new(rules);
    let one = |resource: Resource| if resource.type_name == AZAPI { as_template(resource, &types) } else { resource };
    resources.into_iter().map(one).collect()
}

/// `resource` as the template's resource that it stands for. One whose type is not known stays what it is.
fn as_template(mut resource: Resource, types: &Types) -> Resource {
    let Some(text) = resource.body.member("type").and_then(Datum::text) else { return resource };
    let (type_name, version) = text.split_once('@').unwrap_or((&text, ""));
    let mut members: BTreeMap<String, Datum> = BTreeMap::new();
    let body = resource.body.member("body").map(|body| body.decoded().clone());
    let body = match body.as_ref().map(|body| (&body.kind, body.place.clone())) {
        Some((Kind::Text(text) | Kind::Computed { text, .. }, place)) => {
            serde_json::from_str(text).ok().map(|json| Datum::from_json(&json, place.as_ref()))
        }
        _ => body,
    };
    let mut open = None;
    match body.map(|body| body.kind) {
        Some(Kind::Map(map)) => {
            open = map.open;
            members.extend(map.members);
        }
        Some(Kind::Unknown(why) | Kind::Fault(why)) => open = Some(why),
        _ => {}
    }
    for name in ["name", "location", "tags"] {
        if let Some(value) = resource.body.member(name).filter(|value| !value.is_null()) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(identity) = resource.body.member("identity") {
        let first = identity.items().first().cloned().unwrap_or_else(|| Kind::Null.into());
        members.insert("identity".to_owned(), first);
    }
    if let Some(name) = resource.body.member("name") {
        members.insert("shortName".to_owned(), name.clone());
    }
    let parent = resource.body.member("parent_id").filter(|parent| !parent.is_null());
    if let Some(parent) = parent {
        members.insert("ancestors".to_owned(), Kind::List(vec![parent.clone()].into()).into());
        members.insert("scope".to_owned(), parent.clone());
    }
    let date: String = version.chars().take(10).filter(char::is_ascii_digit).collect();
    if let Ok(date) = date.parse() {
        members.insert("apiDate".to_owned(), Kind::Int(date).into());
    }
    resource.type_name = types.canonical(type_name);
    resource.source = ResourceSource::Arm;
    resource.region = members.get("location").map(super::template::region);
    resource.body = Datum::from(Kind::Map(Map { members: members.into(), open })).at(resource.body.place.clone());
    resource
}
