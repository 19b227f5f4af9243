//! `target/manifest.json`: what dbt itself made of a project when it last read it.
//!
//! The sources are preferred wherever they are there and say something: the manifest fills in what they do not give away
//! (names in the warehouse, models of packages, templates that only dbt can render). A node whose code is not that of its
//! file any more is older than the sources; it is told and not used.
//!
//! Source: docs.getdbt.com/reference/artifacts/manifest-json, schemas.getdbt.com/dbt/manifest/v10 to v12 (v20 is the same as v12).

mod form;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::{Asset, AssetId, AssetKind, Attribute, Gap, GapKind, Label, Place, RelationKind, Value};
use serde_json::Value as Json;

use super::declared::{META, TAG};
use super::{Projects, grant};
use crate::code::output::all_columns;
use crate::code::sql::{Schemas, table_asset};
use crate::{Facts, File, Link, Ref};
use form::{Column, Document, Exposure, Node, Source, Words};

/// Versions of the schema that are read.
const VERSIONS: [u32; 4] = [10, 11, 12, 20];

/// Nodes of one manifest that are read.
const NODES: usize = 50_000;

/// Tables that compiled code may name, and bytes that it may have, to be used.
const COMPILED: (usize, usize) = (1_000, 4 << 20);

/// A manifest, or why it is not read.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    path: Arc<str>,
    /// The project's name; models of others are those of packages.
    project: Option<String>,
    /// Models, seeds and snapshots by unique id.
    nodes: BTreeMap<String, Node>,
    sources: BTreeMap<String, Source>,
    exposures: Vec<Exposure>,
    gaps: Vec<Gap>,
}

impl Manifest {
    /// Whether a file is a manifest of dbt.
    pub(crate) fn claims(file: &File) -> bool {
        file.name() == "manifest.json"
            && file.text.as_ref().is_some_and(|text| text.contains("schemas.getdbt.com/dbt/manifest/"))
    }

    /// Reads `text` of `file`.
    pub(crate) fn parse(file: &File, text: &str) -> Manifest {
        let mut manifest = Manifest { path: Arc::clone(&file.path), ..Manifest::default() };
        let document: Document = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(error) => {
                let message = format!("the manifest does not parse: {error}");
                manifest.gaps.push(manifest.gap(GapKind::Unparsed, message));
                return manifest;
            }
        };
        let version = &document.metadata.dbt_schema_version;
        let number =
            version.rsplit('/').next().and_then(|name| name.strip_prefix('v')?.strip_suffix(".json")?.parse().ok());
        if !number.is_some_and(|number: u32| VERSIONS.contains(&number)) {
            let number =
                number.map_or_else(|| "no version that is known".to_owned(), |number| format!("version {number}"));
            let message = format!("the manifest is of {number} and is not read; versions 10 to 12 are");
            manifest.gaps.push(manifest.gap(GapKind::Unsupported, message));
            return manifest;
        }
        manifest.project = document.metadata.project_name;
        let kinds = ["model", "seed", "snapshot"];
        let read = document.nodes.values().filter(|node| kinds.contains(&node.resource_type.as_str())).count();
        let all = read.max(document.sources.len()).max(document.exposures.len());
        manifest.nodes = document
            .nodes
            .into_iter()
            .filter(|(_, node)| kinds.contains(&node.resource_type.as_str()))
            .take(NODES)
            .collect();
        if all > NODES {
            let message = format!("of {all} nodes of one kind in the manifest {NODES} are read");
            manifest.gaps.push(manifest.gap(GapKind::Limit, message));
        }
        manifest.sources = document.sources.into_iter().take(NODES).collect();
        manifest.exposures = document.exposures.into_values().take(NODES).collect();
        manifest
    }

    fn gap(&self, kind: GapKind, message: String) -> Gap {
        Gap { place: Place::file(&self.path), kind, message }
    }

    /// The folder whose project the manifest is of: the one above `target`, or its own.
    pub(super) fn folder(&self) -> &str {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        match folder.rsplit_once('/') {
            Some((above, "target")) => above,
            None if folder == "target" => "",
            _ => folder,
        }
    }

    /// Tells what the manifest has and the sources have not; `texts` are the SQL files of the tree by path.
    pub(super) fn tell(
        &self,
        projects: &Projects,
        texts: &BTreeMap<&str, &str>,
        schemas: &mut Schemas,
        facts: &mut Facts,
    ) {
        facts.gaps.extend(self.gaps.iter().cloned());
        let stale: Vec<&Node> = self.nodes.values().filter(|node| self.is_stale(node, texts)).collect();
        if let Some(first) = stale.first() {
            let message = format!(
                "the manifest is older than {} of its models, such as `{}`: their sources are read instead",
                stale.len(),
                first.original_file_path
            );
            facts.gaps.push(self.gap(GapKind::Unresolved, message));
        }
        for node in self.nodes.values().filter(|node| !self.is_stale(node, texts)) {
            let in_tree = texts.contains_key(self.file_of(node).as_str());
            self.model(node, in_tree, projects, schemas, facts);
        }
        for source in self.sources.values() {
            self.source(source, projects, schemas, facts);
        }
        for exposure in &self.exposures {
            if !projects.has_exposure(&exposure.name) {
                self.exposure(exposure, projects, facts);
            }
        }
    }

    /// The path of the node's file within the tree.
    fn file_of(&self, node: &Node) -> String {
        let own = self.project.as_ref().is_none_or(|name| node.package_name.is_empty() || *name == node.package_name);
        let package = if own { String::new() } else { format!("dbt_packages/{}/", node.package_name) };
        let folder = self.folder();
        let slash = if folder.is_empty() { "" } else { "/" };
        format!("{folder}{slash}{package}{}", node.original_file_path)
    }

    /// Whether the node's file is there and is not what dbt read.
    fn is_stale(&self, node: &Node, texts: &BTreeMap<&str, &str>) -> bool {
        let Some(text) = texts.get(self.file_of(node).as_str()) else { return false };
        match &node.raw_code {
            Some(code) if !code.is_empty() => code.trim() != text.trim(),
            // Seeds have no code; models of a failed run neither. Then the digest tells, of the text as it is or trimmed.
            _ if node.checksum.name == "sha256" => {
                ![text, text.trim()].iter().any(|text| sha256(text) == node.checksum.checksum)
            }
            _ => false,
        }
    }

    /// The text that dbt compiled for the file at `path`, with the tables called as our sources call them.
    pub(super) fn compiled(&self, path: &str, text: &str, projects: &Projects) -> Option<String> {
        let node = self.nodes.values().find(|node| node.resource_type == "model" && self.file_of(node) == path)?;
        if self.is_stale(node, &BTreeMap::from([(path, text)])) {
            return None;
        }
        self.named_as_ours(node, projects)
    }

    fn named_as_ours(&self, node: &Node, projects: &Projects) -> Option<String> {
        let mut code = node.compiled_code.clone().filter(|code| !code.trim().is_empty())?;
        if node.depends_on.nodes.len() > COMPILED.0 {
            return None;
        }
        // The longest names first, for one may be the beginning of another.
        let mut names: Vec<(String, String)> = Vec::new();
        for id in &node.depends_on.nodes {
            names.extend(self.called(id, projects).zip(self.relation_of(id)).map(|(ours, theirs)| (theirs, ours)));
        }
        names.sort_by_key(|(theirs, _)| std::cmp::Reverse(theirs.len()));
        for (theirs, ours) in names.iter().filter(|(theirs, _)| !theirs.is_empty()) {
            // Names are hostile too: one that stands in another would make the code grow with every name.
            let more = code.matches(theirs.as_str()).count().saturating_mul(ours.len());
            if code.len().saturating_add(more) > COMPILED.1 {
                return None;
            }
            code = code.replace(theirs.as_str(), ours);
        }
        Some(code)
    }

    /// What the node or source `id` is called in the warehouse.
    fn relation_of(&self, id: &str) -> Option<String> {
        let of_node = self.nodes.get(id).and_then(|node| node.relation_name.clone());
        of_node.or_else(|| self.sources.get(id).and_then(|source| source.relation_name.clone()))
    }

    /// What the node or source `id` is called here.
    fn called(&self, id: &str, projects: &Projects) -> Option<String> {
        if let Some(node) = self.nodes.get(id) {
            return Some(name_of(node));
        }
        let source = self.sources.get(id)?;
        Some(source_name(source, projects))
    }

    fn model(&self, node: &Node, in_tree: bool, projects: &Projects, schemas: &mut Schemas, facts: &mut Facts) {
        let name = name_of(node);
        let place = Place::file(&self.path);
        let mut asset = table_asset(&name, "dbt model");
        asset.names.extend(node.relation_name.as_deref().map(plain));
        let id = asset.id.clone();
        schemas.add(&name, std::iter::empty());
        if in_tree {
            facts.assets.push(asset);
            return;
        }
        // A model of a package, or one that is generated: nothing else speaks of it.
        asset.place = Some(place.clone());
        labels(&mut asset, &[&node.meta, &node.config.meta], &[&node.tags, &node.config.tags], &place);
        asset.set("described", true, Some(place.clone()));
        let texts = [
            ("visibility", node.access.as_ref().or(node.config.access.as_ref())),
            ("owner", node.group.as_ref().or(node.config.group.as_ref())),
        ];
        for (attribute, word) in texts {
            if let Some(word) = word {
                asset.set(attribute, word.as_str(), Some(place.clone()));
            }
        }
        if let Some(enforced) = node.contract.enforced.or(node.config.contract.enforced) {
            asset.set("contractEnforced", enforced, Some(place.clone()));
        }
        schemas.add(&name, node.columns.values().map(|column| column.name.to_lowercase()));
        columns(&asset, &node.columns, &place, facts);
        let grants: Vec<(String, String)> = node
            .config
            .grants
            .iter()
            .flat_map(|(privilege, names)| names.iter().map(move |name| (privilege.clone(), name.clone())))
            .collect();
        grant(&id, &grants, &place, facts);
        facts.assets.push(asset);
        for other in node.depends_on.nodes.iter().filter_map(|id| self.called(id, projects)) {
            let mut link = Link::new(
                RelationKind::DerivedFrom,
                Ref::Id(id.clone()),
                Ref::named(AssetKind::Table, other),
                Some(place.clone()),
            );
            // Which columns it takes only its code says.
            link.flow = Some(aedile_model::Flow::new(aedile_model::Columns::Unknown));
            facts.links.push(link);
        }
    }

    fn source(&self, source: &Source, projects: &Projects, schemas: &mut Schemas, facts: &mut Facts) {
        let name = source_name(source, projects);
        let place = Place::file(&self.path);
        let mut asset = table_asset(&name, "dbt source");
        asset.names.extend(source.relation_name.as_deref().map(plain));
        schemas.add(&name, std::iter::empty());
        if !projects.describes_source(&source.source_name, &source.name) {
            asset.place = Some(place.clone());
            let own: BTreeMap<String, Json> = source
                .source_meta
                .iter()
                .chain(&source.meta)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            labels(&mut asset, &[&own, &source.config.meta], &[&source.tags, &source.config.tags], &place);
            asset.set("described", true, Some(place.clone()));
            columns(&asset, &source.columns, &place, facts);
        }
        facts.assets.push(asset);
    }

    fn exposure(&self, exposure: &Exposure, projects: &Projects, facts: &mut Facts) {
        let place = Place::file(&self.path);
        let address = format!("{}#{}", self.path, exposure.name);
        let id = AssetId::new(AssetKind::Pipeline, "", &address);
        let mut asset = Asset::new(id.clone(), AssetKind::Pipeline, &*address, exposure.name.as_str());
        asset.type_name = format!("dbt {}", exposure.kind);
        asset.place = Some(place.clone());
        let owner = ["email", "name"].iter().find_map(|key| exposure.owner.get(*key)?.as_str());
        if let Some(owner) = owner {
            asset.set("owner", owner, Some(place.clone()));
        }
        for table in exposure.depends_on.nodes.iter().filter_map(|id| self.called(id, projects)) {
            let table = Ref::named(AssetKind::Table, table);
            let mut link = Link::new(RelationKind::Reads, Ref::Id(id.clone()), table, Some(place.clone()));
            link.flow = Some(all_columns(vec![place.clone()]));
            facts.links.push(link);
        }
        facts.assets.push(asset);
    }
}

/// A model is called by its file, as `ref` with a version does; everything else by its name.
fn name_of(node: &Node) -> String {
    let file = node.original_file_path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.strip_suffix(".sql").filter(|_| node.resource_type == "model");
    stem.unwrap_or(&node.name).to_lowercase()
}

fn source_name(source: &Source, projects: &Projects) -> String {
    let call = format!("source('{}', '{}')", source.source_name, source.name);
    projects.meant(&call).unwrap_or_else(|| format!("{}.{}", source.source_name, source.name).to_lowercase())
}

/// `"db"."schema"."t"` without quotes, in lower case.
fn plain(relation: &str) -> String {
    relation.replace(['"', '`', '[', ']'], "").to_lowercase()
}

fn labels(asset: &mut Asset, metas: &[&BTreeMap<String, Json>], tags: &[&Words], place: &Place) {
    for (key, value) in metas.iter().flat_map(|meta| meta.iter()) {
        let words: Vec<String> = match value {
            Json::Array(items) => items.iter().filter_map(word).collect(),
            one => word(one).into_iter().collect(),
        };
        asset.labels.extend(words.iter().map(|word| Label::new(META, key, word, Some(place.clone()))));
    }
    for word in tags.iter().flat_map(|tags| tags.iter()) {
        asset.labels.insert(Label::new(TAG, "", word, Some(place.clone())));
    }
}

fn word(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

fn columns(table: &Asset, columns: &BTreeMap<String, Column>, place: &Place, facts: &mut Facts) {
    for column in columns.values() {
        let name = column.name.to_lowercase();
        let id = AssetId::column(&table.id, &name);
        let mut asset = Asset::new(id.clone(), AssetKind::Column, format!("{}.{name}", table.address), &*name);
        asset.place = Some(place.clone());
        let policy = column.meta.get("masking_policy").or_else(|| column.config.meta.get("masking_policy"));
        if policy.is_some_and(Json::is_string) {
            asset
                .attributes
                .insert("masked".to_owned(), Attribute { value: Value::Bool(true), place: Some(place.clone()) });
        }
        labels(&mut asset, &[&column.meta, &column.config.meta], &[&column.tags, &column.config.tags], place);
        let part = Link::new(RelationKind::PartOf, Ref::Id(id), Ref::Id(table.id.clone()), Some(place.clone()));
        facts.assets.push(asset);
        facts.links.push(part);
    }
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
