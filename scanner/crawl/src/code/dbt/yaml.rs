//! YAML of dbt: `dbt_project.yml`, and `schema.yml` with models, sources, seeds and snapshots.

use std::sync::Arc;

use aedile_model::{Asset, AssetId, AssetKind, Attribute, Gap, GapKind, Label, Place, RelationKind, Value};

use super::declared;
use crate::code::output::table_name;
use crate::code::sql::table_asset;
use crate::yaml::{self, Node};
use crate::{Facts, File, Link, Ref};

/// What a YAML file of a dbt project says.
#[derive(Debug, Default)]
pub(crate) struct Yaml {
    /// Its folder.
    pub(super) folder: String,
    /// Where the project's parts lie and what its templates share, if it is the project file.
    pub(super) project: Option<(Paths, super::jinja::Project)>,
    /// What the project file sets by folder.
    pub(super) settings: Vec<super::settings::Setting>,
    /// Reports and applications that use models.
    pub(super) exposures: Vec<Exposure>,
    /// Tables that it describes.
    pub(super) tables: Vec<TableYaml>,
    /// What did not parse.
    pub(super) gaps: Vec<Gap>,
}

/// What uses models outside of dbt: a dashboard, a notebook, an application.
#[derive(Debug)]
pub(super) struct Exposure {
    pub(super) name: String,
    kind: String,
    owner: Option<String>,
    /// `ref('m')`, `source('s', 't')`
    needs: Vec<String>,
    place: Place,
    in_tests: bool,
}

impl Exposure {
    fn read(file: &File, node: &Node) -> Option<Exposure> {
        let name = node.get("name")?;
        let needs = node.get("depends_on").map(Node::items).unwrap_or_default();
        Some(Exposure {
            name: name.str()?.to_owned(),
            kind: text_of(node, "type").unwrap_or_else(|| "exposure".to_owned()),
            owner: node.at("owner.email").or_else(|| node.at("owner.name")).and_then(Node::str).map(str::to_owned),
            needs: needs.iter().filter_map(Node::str).map(str::to_owned).collect(),
            place: place(file, name),
            in_tests: file.in_tests,
        })
    }

    /// It is a pipeline that reads the models.
    pub(super) fn tell(&self, projects: &super::Projects, facts: &mut Facts) {
        let address = format!("{}#{}", self.place.path, self.name);
        let id = AssetId::new(AssetKind::Pipeline, "", &address);
        let mut asset = Asset::new(id.clone(), AssetKind::Pipeline, &*address, self.name.as_str());
        asset.type_name = format!("dbt {}", self.kind);
        asset.place = Some(self.place.clone());
        asset.in_tests = self.in_tests;
        if let Some(owner) = &self.owner {
            asset.set("owner", owner.as_str(), Some(self.place.clone()));
        }
        for table in self.needs.iter().filter_map(|need| projects.meant(need)) {
            let table = Ref::named(AssetKind::Table, table);
            let mut link = Link::new(RelationKind::Reads, Ref::Id(id.clone()), table, Some(self.place.clone()));
            link.flow = Some(crate::code::output::all_columns(vec![self.place.clone()]));
            facts.links.push(link);
        }
        facts.assets.push(asset);
    }
}

/// Folders of a project.
#[derive(Debug, Clone, Default)]
pub(super) struct Paths {
    pub(super) models: Vec<String>,
    pub(super) macros: Vec<String>,
    pub(super) snapshots: Vec<String>,
    pub(super) seeds: Vec<String>,
}

impl Paths {
    /// The folders that `document` names, or dbt's own.
    fn read(document: &Node) -> Paths {
        let of = |keys: &[&str], default: &[&str]| -> Vec<String> {
            let named = keys.iter().find_map(|key| document.get(key)).map(Node::items).unwrap_or_default();
            let named: Vec<String> =
                named.iter().filter_map(Node::str).map(|path| path.trim_end_matches('/').to_owned()).collect();
            if named.is_empty() { default.iter().map(|path| (*path).to_owned()).collect() } else { named }
        };
        Paths {
            models: of(&["model-paths", "source-paths"], &["models"]),
            macros: of(&["macro-paths"], &["macros"]),
            snapshots: of(&["snapshot-paths"], &["snapshots"]),
            seeds: of(&["seed-paths", "data-paths"], &["seeds"]),
        }
    }
}

/// A described table.
#[derive(Debug)]
pub(super) struct TableYaml {
    /// The source that it belongs to.
    pub(super) source: Option<String>,
    /// The name in `ref` or `source`.
    pub(super) name: String,
    /// The table's name in the warehouse.
    pub(super) full_name: String,
    attributes: Vec<(String, Attribute)>,
    labels: Vec<Label>,
    columns: Vec<ColumnYaml>,
    /// Privileges that it grants, each with who gets it.
    grants: Vec<(String, String)>,
    place: Place,
    in_tests: bool,
}

#[derive(Debug)]
struct ColumnYaml {
    name: String,
    labels: Vec<Label>,
    /// Where it is said that the column is masked.
    masked: Option<Place>,
    place: Place,
}

/// Whether a YAML file is dbt's: by its name, or by what stands at its top.
pub(crate) fn is_dbt_yaml(file: &File) -> bool {
    if matches!(file.name(), "dbt_project.yml" | "dbt_project.yaml") {
        return true;
    }
    let Some(text) = &file.text else { return false };
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    let lists = ["models:", "sources:", "seeds:", "snapshots:", "exposures:"].iter().any(|key| has(key));
    lists
        && (has("version: 2") || (has("sources:") && text.contains("tables:")) || text.contains("columns:"))
        && !has("apiVersion:")
}

impl Yaml {
    /// Reads `text` of `file`.
    pub(crate) fn parse(file: &File, text: &str, nesting: usize) -> Yaml {
        let (documents, error) = yaml::parse(text, nesting);
        let mut read = Yaml { folder: file.folder().to_owned(), ..Yaml::default() };
        if let Some(error) = error {
            let mut place = file.place(0, 0);
            place.span = error.span;
            read.gaps.push(Gap { place, kind: GapKind::Unparsed, message: error.message });
        }
        for document in &documents {
            if matches!(file.name(), "dbt_project.yml" | "dbt_project.yaml") {
                read.project = Some((Paths::read(document), super::jinja::Project::read(document)));
                read.settings = super::settings::read(file, document);
                continue;
            }
            for key in ["models", "seeds", "snapshots"] {
                for node in document.get(key).map(Node::items).unwrap_or_default() {
                    read.tables.extend(table(file, node, None, None));
                }
            }
            let exposures = document.get("exposures").map(Node::items).unwrap_or_default();
            read.exposures.extend(exposures.iter().filter_map(|node| Exposure::read(file, node)));
            for source in document.get("sources").map(Node::items).unwrap_or_default() {
                let Some(name) = source.get("name").and_then(Node::str) else { continue };
                let database = text_of(source, "database").filter(|text| !text.contains("{{"));
                let schema =
                    text_of(source, "schema").filter(|text| !text.contains("{{")).unwrap_or_else(|| name.to_owned());
                let prefix = match database {
                    Some(database) => format!("{database}.{schema}"),
                    None => schema,
                };
                let of_all = declared::labels(file, source);
                for node in source.get("tables").map(Node::items).unwrap_or_default() {
                    let mut table = table(file, node, Some(name), Some(&prefix));
                    if let Some(table) = &mut table {
                        table.inherit(&of_all);
                    }
                    read.tables.extend(table);
                }
            }
        }
        read
    }
}

fn text_of(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(Node::str).map(ToOwned::to_owned)
}

pub(super) fn place(file: &File, node: &Node) -> Place {
    let path: &Arc<str> = &file.path;
    Place { path: Arc::clone(path), span: node.span, cell: None }
}

fn table(file: &File, node: &Node, source: Option<&str>, prefix: Option<&str>) -> Option<TableYaml> {
    let name_node = node.get("name")?;
    let name = name_node.str()?.to_lowercase();
    let identifier = text_of(node, "identifier").unwrap_or_else(|| name.clone());
    let full_name = match prefix {
        Some(prefix) => table_name(&format!("{prefix}.{identifier}")),
        None => name.clone(),
    };
    let mut attributes = declared::promises(file, node);
    for meta in [node.get("meta"), node.at("config.meta")] {
        for (key, attribute) in [
            ("owner", "owner"),
            ("legal_basis", "legalBasis"),
            ("purpose", "purpose"),
            ("classification", "classification"),
            ("retention_days", "retentionDays"),
        ] {
            if let Some(found) = meta.and_then(|meta| meta.get(key)) {
                let value = match found.value() {
                    Value::Int(number) => Value::Int(number),
                    other => other.as_text().map_or(Value::Null, Value::from),
                };
                if value != Value::Null {
                    attributes.push((attribute.to_owned(), Attribute { value, place: Some(place(file, found)) }));
                }
            }
        }
    }
    let tested = |node: &Node| {
        ["tests", "data_tests"].iter().any(|key| node.get(key).is_some_and(|list| !list.items().is_empty()))
    };
    let of_columns = node.get("columns").map(Node::items).unwrap_or_default();
    let quality = tested(node) || of_columns.iter().any(tested) || node.get("freshness").is_some();
    attributes.push((
        "qualityTested".to_owned(),
        Attribute { value: Value::Bool(quality), place: Some(place(file, name_node)) },
    ));
    let columns = node
        .get("columns")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|column| {
            let name = column.get("name")?;
            Some(ColumnYaml {
                name: name.str()?.to_lowercase(),
                labels: declared::labels(file, column),
                masked: declared::masked(file, column),
                place: place(file, name),
            })
        })
        .collect();
    Some(TableYaml {
        source: source.map(str::to_lowercase),
        name,
        full_name,
        attributes,
        labels: declared::labels(file, node),
        columns,
        grants: declared::grants(node),
        place: place(file, name_node),
        in_tests: file.in_tests,
    })
}

impl TableYaml {
    /// Takes what is said of all tables of its source: tags add up, of `meta` its own word on a key counts.
    ///
    /// Source: docs.getdbt.com/reference/source-configs and /resource-configs/meta, "Inheritance".
    fn inherit(&mut self, labels: &[Label]) {
        let says = |label: &Label| {
            label.source == declared::META
                && self.labels.iter().any(|own| own.source == label.source && own.key == label.key)
        };
        let more: Vec<Label> = labels.iter().filter(|label| !says(label)).cloned().collect();
        self.labels.extend(more);
    }

    /// Adds the table and its columns.
    pub(super) fn tell(&self, facts: &mut Facts) {
        let type_name = if self.source.is_some() { "dbt source" } else { "dbt model" };
        let mut asset = table_asset(&self.full_name, type_name);
        asset.place = Some(self.place.clone());
        asset.in_tests = self.in_tests;
        asset.attributes = self.attributes.iter().cloned().collect();
        asset.set("described", true, Some(self.place.clone()));
        asset.labels.extend(self.labels.iter().cloned());
        super::grant(&asset.id, &self.grants, &self.place, facts);
        for column in &self.columns {
            let id = AssetId::column(&asset.id, &column.name);
            let mut column_asset =
                Asset::new(id.clone(), AssetKind::Column, format!("{}.{}", self.full_name, column.name), &*column.name);
            column_asset.place = Some(column.place.clone());
            column_asset.in_tests = self.in_tests;
            column_asset.labels.extend(column.labels.iter().cloned());
            if let Some(place) = &column.masked {
                column_asset.set("masked", true, Some(place.clone()));
            }
            facts.assets.push(column_asset);
            facts.links.push(Link::new(
                RelationKind::PartOf,
                Ref::Id(id),
                Ref::Id(asset.id.clone()),
                Some(column.place.clone()),
            ));
        }
        facts.assets.push(asset);
    }
}
