//! Programs with a page of their own, known by their images: whether they ask who somebody is.

use aedile_model::{Asset, Place, Value};
use aedile_rules::{Interface, InterfaceCase};

use super::expose::Exposure;
use super::pod::{Container, containers};
use crate::iac::datum::Datum;

/// Images of proxies that stand before a program and ask who somebody is.
const PROXIES: [&str; 4] = ["oauth2-proxy", "openshift/oauth-proxy", "pomerium", "keycloak-gatekeeper"];

/// Sets `interfaceAuthenticated` of a workload that is reached from outside and serves a known interface.
pub(super) fn describe(asset: &mut Asset, pods: &[Datum], exposure: &Exposure, interfaces: &[Interface]) {
    let containers = containers(pods);
    let served = containers
        .iter()
        .find_map(|container| interfaces.iter().find(|found| serves(found, container)).map(|found| (found, container)));
    let Some((interface, container)) = served else { return };
    let proxied = containers.iter().find(|container| {
        let image = repository(container);
        PROXIES.iter().any(|proxy| image.contains(proxy))
    });
    let image = || container.body.member("image").and_then(|image| image.place.clone());
    let (value, place): (Value, Option<Place>) = if let Some(proxy) = proxied {
        (Value::Bool(true), proxy.body.place.clone())
    } else if exposure.guarded {
        (Value::Bool(true), exposure.place.clone())
    } else if let Some((is, place)) = interface.cases.iter().find_map(|case| decided(case, container)) {
        (is, place)
    } else {
        (Value::Bool(interface.authenticated), image())
    };
    asset.set("interfaceAuthenticated", value, place);
    asset.set("interface", Value::Text(interface.id.clone()), image());
}

/// As [`describe`], for a container whose port is published at `place`.
pub(crate) fn published(asset: &mut Asset, pods: &[Datum], place: Option<Place>, interfaces: &[Interface]) {
    describe(asset, pods, &Exposure { place, guarded: false }, interfaces);
}

fn serves(interface: &Interface, container: &Container<'_>) -> bool {
    let (image, line) = (repository(container), command_line(container));
    let known = interface.images.iter().any(|part| image.contains(part.as_str()))
        || interface.commands.iter().any(|part| line.contains(part.as_str()));
    known && !interface.unless.iter().any(|word| line.contains(word.as_str()))
}

/// The image without tag and digest, with a slash before it.
fn repository(container: &Container<'_>) -> String {
    let image = container.body.member("image").and_then(Datum::holed).unwrap_or_default().to_ascii_lowercase();
    let image = image.split('@').next().unwrap_or_default();
    let (path, last) = image.rsplit_once('/').unwrap_or(("", image));
    format!("/{path}/{}", last.split(':').next().unwrap_or_default())
}

fn command_line(container: &Container<'_>) -> String {
    let words = ["command", "args"].iter().filter_map(|list| container.body.member(list));
    let words: Vec<String> = words.flat_map(Datum::items).filter_map(Datum::holed).collect();
    format!("{} ", words.join(" ").to_ascii_lowercase())
}

/// What a case says, if it is met.
fn decided(case: &InterfaceCase, container: &Container<'_>) -> Option<(Value, Option<Place>)> {
    if let Some(part) = &case.argument {
        let lists = ["command", "args"].iter().filter_map(|list| container.body.member(list));
        let place = lists
            .flat_map(Datum::items)
            .find(|item| item.holed().is_some_and(|text| text.to_ascii_lowercase().contains(part.trim_end())));
        let met = command_line(container).contains(part.as_str());
        return met.then(|| (Value::Bool(case.is), place.and_then(|item| item.place.clone())));
    }
    let wanted = case.variable.as_ref()?;
    let variables = container.body.member("env").map(Datum::items).unwrap_or_default();
    let variable = variables
        .iter()
        .find(|variable| variable.member("name").and_then(Datum::text).is_some_and(|name| name == *wanted))?;
    if variable.member("valueFrom").is_some() && case.values.is_empty() {
        return Some((Value::Bool(case.is), variable.place.clone()));
    }
    let value = variable.member("value")?;
    if let Some(why) = value.why_unknown() {
        return Some((Value::Unknown(why.clone()), value.place.clone()));
    }
    let text = value.text()?.to_ascii_lowercase();
    let met = if case.values.is_empty() { !text.is_empty() } else { case.values.contains(&text) };
    met.then(|| (Value::Bool(case.is), variable.place.clone()))
}
