//! Kustomize: overlays over bases, built natively.
//!
//! A folder with a kustomization that no other one uses is a deployment of its own. What a kustomization names is a part of
//! the deployments that use it, and is not read for itself: a base is judged as its overlays make it. Remote bases, charts
//! that Kustomize would fetch and plugins are gaps. Source: kubectl.docs.kubernetes.io/references/kustomize.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Gap, GapKind, Place};

mod generate;
mod patch;
mod replace;
#[cfg(test)]
mod tests;
mod transform;

use super::datum::{Datum, Kind};
use super::document::{documents, duplicates};
use crate::{File, Options, yaml};

/// Kustomizations in kustomizations.
const DEPTH: usize = 16;

/// Objects of one deployment.
const OBJECTS: usize = 20_000;

/// Bytes of all bases, each counted as often as it is used.
const BYTES: usize = 256 << 20;

/// Objects of all deployments.
const ALL: usize = 200_000;

/// Keys that are known and not evaluated, with what that means.
const UNSUPPORTED: [(&str, &str); 7] = [
    ("configurations", "its configuration of transformers is not followed"),
    ("generators", "the objects of its generators are missing"),
    ("helmChartInflationGenerator", "the objects of its charts are missing"),
    ("helmCharts", "the objects of its charts are missing"),
    ("transformers", "its transformers are not run"),
    ("validators", "its validators are not run"),
    ("vars", "its variables are not replaced"),
];

/// All kustomizations of the sources.
pub(super) struct Customs<'f> {
    files: BTreeMap<&'f str, &'f File>,
    /// Kustomizations by folder.
    found: BTreeMap<String, Datum>,
    options: &'f Options,
    built: usize,
    /// Bytes that may still be read; a base that many overlays use is read for each.
    left: usize,
    pub(super) gaps: Vec<Gap>,
}

/// Whether a file is a kustomization, by its name.
pub(super) fn is_kustomization(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

impl<'f> Customs<'f> {
    /// The kustomizations among `files`.
    pub(super) fn of(files: &'f [File], options: &'f Options) -> Customs<'f> {
        let mut customs = Customs {
            files: files.iter().map(|file| (&*file.path, file)).collect(),
            found: BTreeMap::new(),
            options,
            built: 0,
            left: BYTES,
            gaps: Vec::new(),
        };
        for file in files.iter().filter(|file| is_kustomization(file.name())) {
            if let Some(document) = customs.documents(file).into_iter().next() {
                customs.found.insert(file.folder().to_owned(), document);
            }
        }
        customs
    }

    fn documents(&mut self, file: &File) -> Vec<Datum> {
        let Some(text) = &file.text else { return Vec::new() };
        let Some(left) = self.left.checked_sub(text.len()) else {
            let message = "kustomizations use each other so often that we read no more of them".to_owned();
            self.gap(Some(file.place(0, 0)), GapKind::Limit, message);
            return Vec::new();
        };
        self.left = left;
        let (documents, gaps) = documents(file, text, "this document", self.options);
        self.gaps.extend(gaps);
        self.gaps.extend(documents.iter().flat_map(|document| duplicates(file, document)));
        documents.iter().map(|document| Datum::from_yaml(document, &file.path)).collect()
    }

    /// What a kustomization names: folders and files, by path from the root.
    fn named(&self, folder: &str, custom: &Datum) -> Vec<String> {
        let mut found = Vec::new();
        for key in ["resources", "bases", "components", "crds", "patchesStrategicMerge"] {
            let items = custom.member(key).map(Datum::items).unwrap_or_default();
            found.extend(items.iter().filter_map(Datum::text).filter(|text| !is_remote(text) && !text.contains('\n')));
        }
        for key in ["patches", "patchesJson6902", "replacements"] {
            let items = custom.member(key).map(Datum::items).unwrap_or_default();
            found.extend(items.iter().filter_map(|item| item.member("path")?.text()));
        }
        found.iter().filter_map(|path| join(folder, path)).collect()
    }

    /// Paths of files that some kustomization uses, and that are not read for themselves.
    pub(super) fn used(&self) -> BTreeSet<String> {
        self.found.iter().flat_map(|(folder, custom)| self.named(folder, custom)).collect()
    }

    /// The folders that are deployments of their own.
    pub(super) fn roots(&self) -> Vec<String> {
        let used = self.used();
        let component = |custom: &Datum| custom.member("kind").and_then(Datum::text).as_deref() == Some("Component");
        let own = self.found.iter().filter(|(folder, custom)| !used.contains(*folder) && !component(custom));
        let mut roots: Vec<String> = own.map(|(folder, _)| folder.clone()).collect();
        // Kustomizations that only use each other have no root; the first of each circle stands for it.
        let mut reached = BTreeSet::new();
        for root in &roots {
            self.reach(root, &mut reached);
        }
        for (folder, custom) in &self.found {
            if !reached.contains(folder) && !component(custom) {
                roots.push(folder.clone());
                self.reach(folder, &mut reached);
            }
        }
        roots.sort();
        roots
    }

    fn reach(&self, root: &str, reached: &mut BTreeSet<String>) {
        let mut open = vec![root.to_owned()];
        while let Some(folder) = open.pop() {
            let Some(custom) = self.found.get(&folder) else { continue };
            if reached.insert(folder.clone()) {
                open.extend(self.named(&folder, custom));
            }
        }
    }

    /// The objects of the deployment in `folder`.
    pub(super) fn build(&mut self, folder: &str) -> Vec<Datum> {
        let mut objects = Vec::new();
        self.apply(folder, &mut Vec::new(), &mut objects);
        transform::finish(&mut objects);
        objects
    }

    /// Adds what the kustomization in `folder` brings to `objects`, and changes them as it says. A component changes those
    /// that are already there; any other kustomization only its own.
    fn apply(&mut self, folder: &str, stack: &mut Vec<String>, objects: &mut Vec<Datum>) {
        let Some(custom) = self.found.get(folder).cloned() else { return };
        if stack.iter().any(|open| open == folder) {
            self.gap(custom.place.clone(), GapKind::Link, "kustomizations use each other in a circle".to_owned());
            return;
        }
        if stack.len() >= DEPTH {
            let message = format!("kustomizations nest more than {DEPTH} deep");
            self.gap(custom.place.clone(), GapKind::Limit, message);
            return;
        }
        stack.push(folder.to_owned());
        let component = custom.member("kind").and_then(Datum::text).as_deref() == Some("Component");
        let mut own = if component { std::mem::take(objects) } else { Vec::new() };
        for (key, meaning) in UNSUPPORTED {
            if let Some(found) = custom.member(key).filter(|found| !found.items().is_empty()) {
                let message = format!("`{key}` of the kustomization is not evaluated: {meaning}");
                self.gap(found.place.clone(), GapKind::Unsupported, message);
            }
        }
        for key in ["resources", "bases", "components"] {
            for item in custom.member(key).map(Datum::items).unwrap_or_default() {
                self.resource(folder, item, stack, &mut own);
            }
        }
        self.generate(folder, &custom, &mut own);
        self.patches(folder, &custom, "patchesStrategicMerge", &mut own);
        self.patches(folder, &custom, "patches", &mut own);
        transform::apply(&custom, &mut own);
        self.patches(folder, &custom, "patchesJson6902", &mut own);
        transform::replicas(&custom, &mut own);
        transform::images(&custom, &mut own);
        self.replacements(folder, &custom, &mut own);
        self.built += own.len();
        objects.extend(own);
        if objects.len() > OBJECTS || self.built > ALL {
            objects.truncate(OBJECTS);
            self.gap(
                custom.place.clone(),
                GapKind::Limit,
                "the kustomization gives more objects than we read".to_owned(),
            );
        }
        stack.pop();
    }

    fn resource(&mut self, folder: &str, item: &Datum, stack: &mut Vec<String>, own: &mut Vec<Datum>) {
        let Some(text) = item.text() else { return };
        if is_remote(&text) {
            let message = format!("the base `{text}` is not in the sources: its objects are missing");
            self.gap(item.place.clone(), GapKind::Unresolved, message);
            return;
        }
        let Some(path) = join(folder, &text) else {
            self.gap(item.place.clone(), GapKind::Link, format!("`{text}` leads out of the root"));
            return;
        };
        if self.built > ALL {
            return;
        }
        if self.found.contains_key(&path) {
            self.apply(&path, stack, own);
        } else if let Some(file) = self.files.get(path.as_str()).copied() {
            own.extend(self.documents(file));
        } else {
            let message = format!("`{text}` is not in the sources: its objects are missing");
            self.gap(item.place.clone(), GapKind::Unresolved, message);
        }
    }

    /// Adds what the kustomization generates from literals and from files.
    fn generate(&mut self, folder: &str, custom: &Datum, own: &mut Vec<Datum>) {
        let Customs { files, left, gaps, .. } = self;
        let mut read = |path: &str, place: Option<&Place>| {
            let file = join(folder, path).and_then(|path| files.get(path.as_str()).copied());
            let text = file.and_then(|file| file.text.as_ref().map(|text| (file, text)));
            let Some((file, text)) = text.filter(|(_, text)| *left >= text.len()) else {
                let message = format!("`{path}` is not in the sources as text: what is generated from it is missing");
                gaps.extend(place.map(|place| Gap { place: place.clone(), kind: GapKind::Unresolved, message }));
                return None;
            };
            *left -= text.len();
            Some((text.to_string(), file.place(0, text.len())))
        };
        generate::generate(custom, &mut read, own);
    }

    /// Makes the replacements, which stand in the kustomization or in files.
    fn replacements(&mut self, folder: &str, custom: &Datum, own: &mut [Datum]) {
        for item in custom.member("replacements").map(Datum::items).unwrap_or_default() {
            let named = item.member("path").and_then(Datum::text);
            let found: Vec<Datum> = match &named {
                None => vec![item.clone()],
                Some(path) => match join(folder, path).and_then(|path| self.files.get(path.as_str()).copied()) {
                    Some(file) => self.documents(file).iter().flat_map(|document| document.items().to_vec()).collect(),
                    None => {
                        let message = format!("the replacement `{path}` is not in the sources");
                        self.gap(item.place.clone(), GapKind::Unresolved, message);
                        continue;
                    }
                },
            };
            for replacement in &found {
                if let Err(message) = replace::apply(replacement, own) {
                    let place = replacement.place.clone().or_else(|| item.place.clone());
                    self.gap(place, GapKind::Unresolved, format!("a replacement is not made: {message}"));
                }
            }
        }
    }

    /// Applies the patches under `key`.
    fn patches(&mut self, folder: &str, custom: &Datum, key: &str, own: &mut Vec<Datum>) {
        for item in custom.member(key).map(Datum::items).unwrap_or_default() {
            let (named, inline) = match &item.kind {
                Kind::Map(map) => {
                    let text = |name: &str| map.members.get(name).and_then(Datum::text);
                    (text("path"), text("patch"))
                }
                // The old form: a path, or the patch itself.
                _ => match item.text() {
                    Some(text) if text.contains('\n') => (None, Some(text)),
                    text => (text, None),
                },
            };
            let patches: Vec<Datum> = match (named, inline) {
                (_, Some(text)) => {
                    let (documents, error) = yaml::parse(&text, self.options.limits.nesting);
                    if let Some(error) = error {
                        let message = format!("a patch is not read: {}", error.message);
                        self.gap(item.place.clone(), GapKind::Unparsed, message);
                    }
                    // A patch that stands in a text has the place of that text.
                    let Some(place) = item.place.clone() else { continue };
                    documents.iter().map(|document| Datum::from_yaml(document, &place.path).all_at(&place)).collect()
                }
                (Some(path), None) => {
                    let file = join(folder, &path).and_then(|path| self.files.get(path.as_str()).copied());
                    match file {
                        Some(file) => self.documents(file),
                        None => {
                            let message = format!("the patch `{path}` is not in the sources");
                            self.gap(item.place.clone(), GapKind::Unresolved, message);
                            continue;
                        }
                    }
                }
                (None, None) => continue,
            };
            for patch in &patches {
                if let Err(message) = patch::apply(patch, item.member("target"), own) {
                    let place = patch.place.clone().or_else(|| item.place.clone());
                    self.gap(place, GapKind::Unresolved, message);
                }
            }
        }
    }

    fn gap(&mut self, place: Option<Place>, kind: GapKind, message: String) {
        self.gaps.extend(place.map(|place| Gap { place, kind, message }));
    }
}

fn is_remote(text: &str) -> bool {
    text.contains("://")
        || text.starts_with("git@")
        || text.contains("?ref=")
        || text.starts_with("github.com/")
        || text.starts_with("gitlab.com/")
}

/// `folder/relative` without `.` and `..`; `None` if it leads out of the root.
fn join(folder: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
