//! How compose files and services are laid over each other.
//!
//! Source: github.com/compose-spec/compose-spec/blob/main/13-merge.md: mappings are merged, `command` and `entrypoint`
//! are replaced, other lists are joined.

use aedile_model::{Gap, GapKind};

use super::{Files, folder, join, services};
use crate::Facts;
use crate::iac::datum::{Datum, Kind, Map};

/// Services that extend each other, in a row.
const DEPTH: usize = 16;

/// Lists and mappings in each other.
const NESTING: usize = 32;

/// `above` laid over `below`.
pub(super) fn merged(below: &Datum, above: &Datum) -> Datum {
    layer(below, above, "", 0)
}

fn layer(below: &Datum, above: &Datum, key: &str, depth: usize) -> Datum {
    let kind = match (&below.kind, &above.kind) {
        (Kind::Map(low), Kind::Map(high)) if depth < NESTING => {
            let mut members = low.members.clone();
            for (key, value) in &high.members {
                let value = match low.members.get(key) {
                    Some(held) => layer(held, value, key, depth + 1),
                    None => value.clone(),
                };
                members.insert(key.clone(), value);
            }
            Kind::Map(Map { members, open: None })
        }
        (Kind::List(low), Kind::List(high)) if !matches!(key, "command" | "entrypoint" | "test") => {
            let mut items = low.clone();
            items.extend(high.iter().filter(|item| !low.contains(item)).cloned());
            Kind::List(items)
        }
        // Variables may be written either way; the later ones count.
        (Kind::Map(_) | Kind::List(_), Kind::Map(_) | Kind::List(_)) if key == "environment" => {
            let mut items = super::service::variables(below);
            items.extend(super::service::variables(above));
            Kind::Map(Map { members: items.into_iter().collect(), open: None })
        }
        (_, Kind::Null) if key != "command" => below.kind.clone(),
        _ => above.kind.clone(),
    };
    Datum::new(kind, above.place.clone().or_else(|| below.place.clone()))
}

/// A service with what it extends below it.
pub(super) fn extended(
    files: &Files<'_>,
    path: &str,
    document: &Datum,
    service: Datum,
    depth: usize,
    facts: &mut Facts,
) -> Datum {
    let Some(extends) = service.member("extends").cloned() else { return service };
    let name = extends.text().or_else(|| extends.member("service").and_then(Datum::text));
    let other = extends.member("file").and_then(Datum::text);
    let path = other.map_or_else(|| path.to_owned(), |file| join(folder(path), &file));
    let document = if extends.member("file").is_some() {
        files.projects.get(&path).map(|(_, document)| document)
    } else {
        Some(document)
    };
    let target = document.and_then(|document| {
        services(document).into_iter().find(|(found, _)| Some(found) == name.as_ref()).map(|(_, body)| (document, body))
    });
    let message = match &target {
        _ if depth >= DEPTH => "services extend each other in a circle, or deeper than we follow",
        None => "the service that is extended is not in the sources: its settings are missing",
        Some(_) => "",
    };
    if let (false, Some(place)) = (message.is_empty(), &extends.place) {
        let kind = if depth >= DEPTH { GapKind::Limit } else { GapKind::Unresolved };
        facts.gaps.push(Gap { place: place.clone(), kind, message: message.to_owned() });
        return service;
    }
    let Some((document, below)) = target else { return service };
    let mut below = extended(files, &path, document, below, depth + 1, facts);
    if let Kind::Map(map) = &mut below.kind {
        map.members.remove("extends");
    }
    merged(&below, &service)
}
