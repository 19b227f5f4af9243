//! Config maps and secrets that a kustomization generates. Their names keep no hash: what refers to them has none either.
//!
//! Source: kubectl.docs.kubernetes.io/references/kustomize/kustomization/configmapgenerator.

use std::collections::BTreeMap;

use aedile_model::Place;

use crate::iac::datum::{Datum, Kind, Map};

/// Entries of one map.
const ENTRIES: usize = 10_000;

/// Reads the file that a kustomization names: its text and its place.
pub(super) type Read<'r> = &'r mut dyn FnMut(&str, Option<&Place>) -> Option<(String, Place)>;

/// Adds what `custom` generates to `objects`; a generator may change what a base generated.
pub(super) fn generate(custom: &Datum, read: Read<'_>, objects: &mut Vec<Datum>) {
    for (key, kind, data) in [("configMapGenerator", "ConfigMap", "data"), ("secretGenerator", "Secret", "stringData")]
    {
        for item in custom.member(key).map(Datum::items).unwrap_or_default() {
            let entries = entries(item, read);
            let text = |key: &str| item.member(key).and_then(Datum::text);
            let held = objects.iter_mut().find(|object| {
                let named = |key: &str| {
                    object.member("metadata").and_then(|metadata| metadata.member(key)).and_then(Datum::text)
                };
                object.member("kind").and_then(Datum::text).as_deref() == Some(kind) && named("name") == text("name")
            });
            match (text("behavior").as_deref(), held) {
                (Some(behavior @ ("merge" | "replace")), Some(held)) => {
                    change(held, data, entries, behavior == "merge")
                }
                _ => objects.push(made(custom, item, kind, data, entries)),
            }
        }
    }
}

fn change(held: &mut Datum, data: &str, entries: BTreeMap<String, Datum>, merge: bool) {
    let Kind::Map(map) = &mut held.kind else { return };
    let whole = map.members.entry(data.to_owned()).or_insert_with(|| Datum::from(BTreeMap::new()));
    match &mut whole.kind {
        Kind::Map(held) if merge => held.members.extend(entries),
        _ => *whole = Datum::from(entries),
    }
}

fn made(custom: &Datum, item: &Datum, kind: &str, data: &str, entries: BTreeMap<String, Datum>) -> Datum {
    let mut metadata = BTreeMap::new();
    for name in ["name", "namespace"] {
        metadata.extend(item.member(name).map(|value| (name.to_owned(), value.clone())));
    }
    for name in ["labels", "annotations"] {
        let mut added = BTreeMap::new();
        for options in [custom.member("generatorOptions"), item.member("options")].into_iter().flatten() {
            if let Some(Kind::Map(map)) = options.member(name).map(|added| &added.kind) {
                added.extend(map.members.clone());
            }
        }
        if !added.is_empty() {
            metadata.insert(name.to_owned(), Datum::from(added));
        }
    }
    let mut members = BTreeMap::from([
        ("apiVersion".to_owned(), Datum::from_text("v1")),
        ("kind".to_owned(), Datum::from_text(kind).at(item.place.clone())),
        ("metadata".to_owned(), Datum::from(metadata)),
        (data.to_owned(), Datum::from(entries)),
    ]);
    if kind == "Secret" {
        members.extend(item.member("type").map(|value| ("type".to_owned(), value.clone())));
    }
    Datum::from(Kind::Map(Map { members: members.into(), open: None })).at(item.place.clone())
}

fn entries(item: &Datum, read: Read<'_>) -> BTreeMap<String, Datum> {
    let mut found = BTreeMap::new();
    let listed = |key: &str| item.member(key).map(Datum::items).unwrap_or_default().iter().take(ENTRIES);
    for literal in listed("literals") {
        if let Some((key, value)) = literal.text().as_deref().and_then(|text| text.split_once('=')) {
            let value = value.trim_matches(['"', '\'']);
            found.insert(key.to_owned(), Datum::from_text(value).at(literal.place.clone()));
        }
    }
    for named in listed("files") {
        let Some(text) = named.text() else { continue };
        let last = || text.rsplit('/').next().unwrap_or_default().to_owned();
        let (key, path) =
            text.split_once('=').map_or_else(|| (last(), text.as_str()), |(key, path)| (key.to_owned(), path));
        if let Some((text, place)) = read(path, named.place.as_ref()) {
            found.insert(key, Datum::from_text(text).at(Some(place)));
        }
    }
    for named in listed("envs").chain(listed("env")) {
        let Some((text, place)) = named.text().and_then(|path| read(&path, named.place.as_ref())) else { continue };
        let mut at = 0;
        for line in text.split_inclusive('\n').take(ENTRIES) {
            let (start, bare) = (at, line.trim());
            at += line.len();
            if let Some((key, value)) = bare.split_once('=').filter(|_| !bare.starts_with('#')) {
                let place = Place::new(&place.path, start, start + line.trim_end().len());
                found.insert(key.trim().to_owned(), Datum::from_text(value.trim()).at(Some(place)));
            }
        }
    }
    found
}
