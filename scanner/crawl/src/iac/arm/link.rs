//! Where a linked template lies among the files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::iac::datum::{Datum, Kind};

/// What a link leads to.
pub(super) enum Linked {
    /// A file of the scan.
    Here(String),
    /// Something else, by that name.
    Elsewhere(String),
}

/// What the evaluated `link` (`templateLink`) of the template at `path` leads to.
pub(super) fn linked<T>(link: &Datum, path: &str, files: &BTreeMap<String, T>) -> Linked {
    let relative = link.member("relativePath").and_then(Datum::holed);
    let uri = link.member("uri").and_then(Datum::holed);
    let id = link.member("id").and_then(Datum::holed);
    let found = relative.as_deref().and_then(|relative| beside(path, relative, files)).or_else(|| {
        // `{_artifactsLocation}/nested/store.json`: what follows the hole lies beside the template.
        let uri = uri.as_deref()?;
        let (_, tail) = uri.rsplit_once('}')?;
        beside(path, tail.split('?').next()?.trim_start_matches('/'), files)
    });
    match found {
        Some(found) => Linked::Here(found),
        None => Linked::Elsewhere(relative.or(uri).or(id).unwrap_or_else(|| "unknown".to_owned())),
    }
}

/// The files that the template at `path` links to, as far as its text says: these are no roots.
pub(super) fn called<T>(template: &Datum, path: &str, files: &BTreeMap<String, T>, found: &mut BTreeSet<String>) {
    match &template.kind {
        Kind::Map(map) => {
            for (key, member) in &map.members {
                if let ("relativePath" | "uri", Kind::Text(text)) = (key.as_str(), &member.kind) {
                    let parts = text.split('\'').filter(|part| part.contains(".json"));
                    let tail =
                        |part: &str| part.split('?').next().unwrap_or_default().trim_start_matches('/').to_owned();
                    found.extend(parts.filter_map(|part| beside(path, &tail(part), files)));
                } else {
                    called(member, path, files, found);
                }
            }
        }
        Kind::List(items) => items.iter().for_each(|item| called(item, path, files, found)),
        _ => {}
    }
}

fn beside<T>(path: &str, relative: &str, files: &BTreeMap<String, T>) -> Option<String> {
    let mut parts: Vec<&str> = path.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default();
    for part in relative.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let found = parts.join("/");
    (found != path && files.contains_key(&found)).then_some(found)
}

/// The names under which the template at `path` is deployed, with parameters of the file at `parameters`.
pub(super) fn is_for(parameters: &str, path: &str, templates: usize) -> bool {
    let split = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        (folder.to_owned(), name.trim_end_matches(".json").to_ascii_lowercase())
    };
    let ((folder, name), (own_folder, own_name)) = (split(parameters), split(path));
    if folder != own_folder {
        return false;
    }
    let stem = name.split(".param").next().unwrap_or_default();
    stem == own_name || (templates == 1 && (name.starts_with("param") || stem.starts_with(&format!("{own_name}."))))
}

/// Only for templates that stand in the same folder as one of the parameter files.
pub(super) fn templates_in<T>(folder: &str, files: &BTreeMap<String, Arc<T>>) -> usize {
    files.keys().filter(|path| path.rsplit_once('/').map_or("", |(own, _)| own) == folder).count()
}
