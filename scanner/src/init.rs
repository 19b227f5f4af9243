//! A first configuration, drafted from what a scan found. Nothing that is there already is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aedile_model::{Asset, AssetKind, Inventory, RelationKind, Value};
use aedile_policies::{PolicyError, Taxonomy};
use askama::Template;

use crate::suggest::suggest;

/// Assets that one list names at the most; the scan names the others again once these are declared.
const MOST: usize = 40;

/// A file to write, relative to the platform's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// With `/` as separator.
    pub path: &'static str,
    /// Its text.
    pub text: String,
    /// What it is, for the person who ran it.
    pub what: &'static str,
}

#[derive(Template)]
#[template(path = "init/aedile.yaml", escape = "none")]
struct Configuration {
    entity: String,
    access: Option<&'static str>,
    regions: Vec<(String, usize)>,
    vendors: Vec<String>,
    owners: Vec<String>,
    data: Vec<Declared>,
    models: Vec<Declared>,
}

/// An asset that somebody should declare something of.
struct Declared {
    /// Its address as a glob that matches it alone, quoted for YAML.
    glob: String,
    /// Its kind and classes, on one line.
    about: String,
    owner: Option<String>,
}

/// Where the intended access is drafted.
pub(crate) const ACCESS: &str = "access/intended.cedar";

/// The files that a platform without any of them starts with.
///
/// # Errors
/// The permits cannot be drafted.
pub fn start(folder: &Path, inventory: &Inventory, taxonomy: &Taxonomy) -> Result<Vec<Start>, PolicyError> {
    let permits = suggest(inventory, taxonomy, None)?.files.into_iter().find(|draft| draft.dialect == "cedar");
    let has_access = permits.is_some() || folder.join(ACCESS).is_file();
    let configuration = configuration(folder, inventory, taxonomy, has_access.then_some(ACCESS));
    let text = configuration.render().map_err(|error| PolicyError::BuiltIn(format!("init/aedile.yaml: {error}")))?;
    let mut files =
        vec![Start { path: "aedile.yaml", text: text.trim_end().to_owned() + "\n", what: "the configuration" }];
    let permits = permits.map(|draft| draft.text.replace("access/suggested.cedar", ACCESS));
    files.extend(permits.map(|text| Start { path: ACCESS, text, what: "the intended access" }));
    files.push(gate(folder));
    files.push(Start {
        path: ".pre-commit-config.yaml",
        text: include_str!("../templates/init/pre-commit.yaml").to_owned(),
        what: "a hook before a push",
    });
    Ok(files)
}

/// The gate in the CI that the platform uses; GitHub's where nothing tells.
fn gate(folder: &Path) -> Start {
    if folder.join(".gitlab-ci.yml").is_file() {
        return Start {
            path: ".gitlab/aedile.yml",
            text: include_str!("../../docs/ci/gitlab.yml").to_owned(),
            what: "a gate for merge requests; include it in .gitlab-ci.yml",
        };
    }
    Start {
        path: ".github/workflows/aedile.yml",
        text: include_str!("../../docs/ci/github.yml").to_owned(),
        what: "a gate for pull requests",
    }
}

fn configuration(
    folder: &Path,
    inventory: &Inventory,
    taxonomy: &Taxonomy,
    access: Option<&'static str>,
) -> Configuration {
    let mut regions: BTreeMap<String, usize> = BTreeMap::new();
    let (mut owners, mut vendors) = (BTreeSet::new(), BTreeSet::new());
    let assets = inventory.assets.values().filter(|asset| !asset.in_tests);
    for asset in assets.clone() {
        if let Some(region) = text(asset, "region") {
            *regions.entry(region).or_default() += 1;
        }
        owners.extend(text(asset, "owner"));
    }
    for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::SendsTo) {
        let sink = inventory.asset(&relation.to);
        let third = sink.filter(|sink| sink.value("thirdParty") == Some(&Value::Bool(true)));
        vendors.extend(third.map(|sink| quoted(&sink.name)));
    }
    let personal = |asset: &Asset| -> Vec<String> {
        let tags =
            asset.tags.iter().filter(|tag| taxonomy.counts(tag) && taxonomy.is_in(tag.class.as_str(), "personal"));
        tags.map(|tag| tag.class.to_string()).collect()
    };
    let data = assets.clone().filter(|asset| {
        matches!(asset.kind, AssetKind::Dataset | AssetKind::Table | AssetKind::FeatureView)
            && !personal(asset).is_empty()
    });
    let models = assets.filter(|asset| asset.kind == AssetKind::Model && text(asset, "riskClass").is_none());
    let name =
        std::fs::canonicalize(folder).ok().and_then(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()));
    Configuration {
        entity: quoted(&name.unwrap_or_else(|| "our platform".to_owned())),
        access,
        regions: regions.into_iter().collect(),
        vendors: vendors.into_iter().collect(),
        owners: owners.into_iter().collect(),
        data: data.take(MOST).map(|asset| declared(asset, &personal(asset))).collect(),
        models: models.take(MOST).map(|asset| declared(asset, &personal(asset))).collect(),
    }
}

fn declared(asset: &Asset, classes: &[String]) -> Declared {
    let classes = if classes.is_empty() { String::new() } else { format!(": {}", classes.join(", ")) };
    Declared {
        glob: quoted(&globset::escape(&asset.address)),
        about: one_line(&format!("{}{classes}", asset.kind)),
        owner: text(asset, "owner"),
    }
}

fn text(asset: &Asset, name: &str) -> Option<String> {
    asset.value(name).and_then(Value::as_text).filter(|text| !text.trim().is_empty()).map(one_line)
}

/// A scalar of YAML: JSON's form of text is one.
fn quoted(text: &str) -> String {
    serde_json::Value::String(one_line(text)).to_string()
}

/// `text` as it may stand in a comment of one line.
fn one_line(text: &str) -> String {
    text.replace(
        |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{85}'),
        " ",
    )
}
