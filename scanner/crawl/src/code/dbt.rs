//! dbt projects: models as tables, `ref` and `source` as their lineage, YAML as what a person declared.

mod jinja;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, AssetKind, Gap, Place, RelationKind};

use super::sql::{Run, Schemas, lineage_links, table_asset};
use crate::{Facts, File, Link, Ref};

pub(crate) use yaml::{Yaml, is_dbt_yaml};

/// The dbt projects among the files.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    /// Folders that hold a `dbt_project.yml`.
    folders: BTreeSet<String>,
    /// Folders of models, seeds and snapshots within them; the default is `models`.
    model_folders: BTreeMap<String, Vec<String>>,
    yaml: Vec<Yaml>,
    /// (source, table) → the table's name.
    sources: BTreeMap<(String, String), String>,
}

/// A SQL file after its template is rendered.
#[derive(Debug)]
pub(crate) struct Rendered {
    /// As long as the file's text, so that places stay.
    pub(crate) text: String,
    /// The model's name, if the file is one.
    pub(crate) model: Option<String>,
}

impl Projects {
    /// The projects that `yaml` declares.
    pub(crate) fn new(yaml: Vec<Yaml>) -> Projects {
        let mut projects = Projects::default();
        for read in &yaml {
            if let Some(paths) = &read.project {
                projects.folders.insert(read.folder.clone());
                projects.model_folders.insert(read.folder.clone(), paths.clone());
            }
            for table in &read.tables {
                if let Some(source) = &table.source {
                    projects.sources.insert((source.clone(), table.name.clone()), table.full_name.clone());
                }
            }
        }
        projects.yaml = yaml;
        projects
    }

    /// The innermost project folder that holds `path`.
    fn project_of(&self, path: &str) -> Option<&str> {
        self.folders
            .iter()
            .filter(|folder| {
                folder.is_empty() || path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
            })
            .max_by_key(|folder| folder.len())
            .map(String::as_str)
    }

    /// The model that the SQL file at `path` is: a file under the project's model paths.
    fn model_of(&self, path: &str) -> Option<String> {
        let folder = self.project_of(path)?;
        let inside = path.strip_prefix(folder)?.trim_start_matches('/');
        let top = inside.split('/').next()?;
        let known = self.model_folders.get(folder)?;
        let is_model = known.iter().any(|held| held == top) || top == "snapshots";
        let name = path.rsplit('/').next()?.strip_suffix(".sql")?;
        is_model.then(|| name.to_lowercase())
    }

    /// Declares tables and their columns, with what people said of them.
    pub(crate) fn declare(&self, schemas: &mut Schemas, facts: &mut Facts) {
        for yaml in &self.yaml {
            facts.gaps.extend(yaml.gaps.iter().cloned());
            for table in &yaml.tables {
                schemas.add(&table.full_name, std::iter::empty());
                table.tell(facts);
            }
        }
    }

    /// `text` with its Jinja replaced by what it stands for, every byte where it was.
    pub(crate) fn render(&self, path: &std::sync::Arc<str>, text: &str, gaps: &mut Vec<Gap>) -> Rendered {
        let model = self.model_of(path);
        if !text.contains("{{") && !text.contains("{%") && !text.contains("{#") {
            return Rendered { text: text.to_owned(), model };
        }
        let text = jinja::mask(text, path, |source, table| self.source(source, table), gaps);
        Rendered { text, model }
    }

    fn source(&self, source: &str, table: &str) -> String {
        let key = (source.to_lowercase(), table.to_lowercase());
        self.sources.get(&key).cloned().unwrap_or_else(|| format!("{}.{}", key.0, key.1))
    }
}

/// The facts of a model: what its query gives goes into the table of its name.
pub(crate) fn model_facts(model: &str, file: &File, mut run: Run) -> Facts {
    let place = Place::file(&file.path);
    let data = std::mem::take(&mut run.result);
    let mut asset = table_asset(model, "dbt model");
    asset.place = Some(place.clone());
    asset.address = file.path.to_string();
    asset.in_tests = file.in_tests;
    if let Some(folder) = file.folder().rsplit('/').next() {
        asset.names.insert(format!("{folder}.{model}"));
    }
    let table = AssetId::new(AssetKind::Table, "", model);
    let relation = std::mem::take(&mut run.relation);
    lineage_links(&mut run, model, &relation, &place);
    // Tables that the query names and takes no column from (a filter, a join) are dependencies all the same.
    for (dataset, part, at) in &run.reads {
        if !data.parts.contains_key(dataset) || *part == super::flow::Part::default() {
            run.links.push(Link::new(
                RelationKind::DerivedFrom,
                Ref::Id(table.clone()),
                dataset.clone(),
                Some(at.clone()),
            ));
        }
    }
    run.assets.push(asset);
    Facts { assets: run.assets, links: run.links, gaps: run.gaps, ..Facts::default() }
}

#[cfg(test)]
mod tests;
