//! dbt projects: models as tables, `ref` and `source` as their lineage, YAML as what a person declared.

mod declared;
mod jinja;
mod manifest;
mod settings;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Access, Asset, AssetId, AssetKind, Gap, Label, Place, RelationKind};

use super::flow::{Data, Part};
use super::origin::{Offsets, Origin};
use super::output::all_columns;
use super::sql::{Run, Schemas, lineage_links, table_asset};
use crate::{Facts, File, Link, Ref};
use yaml::Paths;

pub(crate) use manifest::Manifest;
pub(crate) use settings::Settings;
pub(crate) use yaml::{Yaml, is_dbt_yaml};

/// The dbt projects among the files.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    /// By their folder.
    projects: BTreeMap<String, Project>,
    yaml: Vec<Yaml>,
    manifests: Vec<Manifest>,
}

/// One project: where its parts lie, and what its templates share.
#[derive(Debug, Default)]
struct Project {
    paths: yaml::Paths,
    settings: Vec<settings::Setting>,
    shared: jinja::Project,
    macros: jinja::Library,
}

/// A SQL file after its template is rendered.
#[derive(Debug)]
pub(crate) struct Rendered {
    /// The text.
    pub(crate) text: String,
    /// Where its parts stand.
    pub(crate) offsets: Offsets,
    /// The model's name, if it is one.
    pub(crate) model: Option<String>,
    /// Privileges that it grants, each with who gets it.
    pub(crate) grants: Vec<(String, String)>,
    /// Labels in its `config`.
    pub(crate) labels: Vec<Label>,
}

/// A seed: a file of data that dbt loads into a table.
#[derive(Debug)]
pub(crate) struct Seed {
    path: Arc<str>,
    columns: Vec<String>,
}

impl Seed {
    /// Whether a file may be a seed: a CSV file below a folder that dbt takes for them.
    pub(crate) fn claims(file: &File) -> bool {
        file.extension() == "csv" && file.path.split('/').any(|part| matches!(part, "seeds" | "data"))
    }

    /// The seed that `text` is: its first line names the columns.
    pub(crate) fn parse(file: &File, text: &str) -> Seed {
        let head = text.lines().next().unwrap_or_default();
        let columns =
            head.split(',').map(|name| name.trim().trim_matches('"').to_lowercase()).filter(|name| !name.is_empty());
        Seed { path: Arc::clone(&file.path), columns: columns.take(2_000).collect() }
    }
}

impl Projects {
    /// The projects that `yaml` declares, with what dbt made of them.
    pub(crate) fn new(yaml: Vec<Yaml>, manifests: Vec<Manifest>) -> Projects {
        let mut sources = BTreeMap::new();
        for table in yaml.iter().flat_map(|read| &read.tables) {
            if let Some(source) = &table.source {
                sources.insert((source.clone(), table.name.clone()), table.full_name.clone());
            }
        }
        let mut projects = BTreeMap::new();
        for read in &yaml {
            if let Some((paths, shared)) = &read.project {
                let shared = shared.clone().with_sources(sources.clone());
                let settings = read.settings.clone();
                let project = Project { paths: paths.clone(), settings, shared, macros: jinja::Library::default() };
                projects.insert(read.folder.clone(), project);
            }
        }
        Projects { projects, yaml, manifests }
    }

    /// The innermost project folder that holds `path`, and the path within it.
    fn project_of<'p>(&self, path: &'p str) -> Option<(&str, &'p str)> {
        let inside = |folder: &str| match folder {
            "" => Some(path),
            folder => path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')),
        };
        self.projects
            .keys()
            .filter_map(|folder| Some((folder.as_str(), inside(folder)?)))
            .max_by_key(|(folder, _)| folder.len())
    }

    /// Takes the macros of a file, if it lies where a project keeps them.
    pub(crate) fn add_macros(&mut self, file: &File) -> bool {
        let Some((folder, inside)) = self.project_of(&file.path) else { return false };
        let folder = folder.to_owned();
        let Some(project) = self.projects.get_mut(&folder) else { return false };
        // Installed packages lie in a folder of their own.
        let packaged = inside.split('/').next().is_some_and(|top| matches!(top, "dbt_packages" | "dbt_modules"));
        if !packaged && !within(inside, &project.paths.macros) {
            return false;
        }
        if let Some(text) = &file.text {
            project.macros.add(&file.path, text);
        }
        true
    }

    /// The model that the SQL file at `path` is: a file under the project's model or snapshot paths.
    fn model_of(&self, path: &str) -> Option<String> {
        let (folder, inside) = self.project_of(path)?;
        let paths = &self.projects.get(folder)?.paths;
        let name = path.rsplit('/').next()?.strip_suffix(".sql")?;
        (within(inside, &paths.models) || within(inside, &paths.snapshots)).then(|| name.to_lowercase())
    }

    /// What the project file sets for the model at `path`.
    pub(crate) fn settings(&self, path: &str) -> Settings {
        let Some((folder, inside)) = self.project_of(path) else { return Settings::default() };
        let Some(project) = self.projects.get(folder) else { return Settings::default() };
        let Paths { models, snapshots, .. } = &project.paths;
        let Some(rest) = models.iter().chain(snapshots).find_map(|top| inside.strip_prefix(&format!("{top}/"))) else {
            return Settings::default();
        };
        let parts = rest.trim_end_matches(".sql").split('/').map(str::to_owned);
        let fqn: Vec<String> = std::iter::once(project.shared.name().to_owned()).chain(parts).collect();
        settings::of(&project.settings, &fqn)
    }

    /// Makes the names of the models among `files` known, so that they are not taken for the ends of longer ones.
    pub(crate) fn name_models(&self, files: &[&File], schemas: &mut Schemas) {
        for file in files {
            if let Some(model) = self.model_of(&file.path) {
                schemas.add(&model, std::iter::empty());
            }
        }
    }

    /// Declares tables and their columns, with what people said of them. `files` are the SQL files of the tree.
    pub(crate) fn declare(&self, files: &[&File], schemas: &mut Schemas, facts: &mut Facts) {
        for yaml in &self.yaml {
            facts.gaps.extend(yaml.gaps.iter().cloned());
            for table in &yaml.tables {
                schemas.add(&table.full_name, std::iter::empty());
                table.tell(facts);
            }
            for exposure in &yaml.exposures {
                exposure.tell(self, facts);
            }
        }
        let texts = files.iter().filter_map(|file| Some((&*file.path, file.text.as_deref()?)));
        let texts: BTreeMap<&str, &str> = texts.collect();
        for manifest in &self.manifests {
            manifest.tell(self, &texts, schemas, facts);
        }
    }

    /// Whether some YAML describes the table of the source.
    fn describes_source(&self, source: &str, table: &str) -> bool {
        self.yaml.iter().flat_map(|read| &read.tables).any(|held| {
            held.source.as_ref().is_some_and(|held| held.eq_ignore_ascii_case(source))
                && held.name.eq_ignore_ascii_case(table)
        })
    }

    /// Whether some YAML has the exposure.
    fn has_exposure(&self, name: &str) -> bool {
        self.yaml.iter().flat_map(|read| &read.exposures).any(|exposure| exposure.name == name)
    }

    /// Tells the seeds that projects load.
    pub(crate) fn seeds(&self, seeds: &[Seed], schemas: &mut Schemas, facts: &mut Facts) {
        for seed in seeds {
            let Some((folder, inside)) = self.project_of(&seed.path) else { continue };
            let known = self.projects.get(folder).is_some_and(|project| within(inside, &project.paths.seeds));
            let Some(name) = seed.path.rsplit('/').next().and_then(|name| name.strip_suffix(".csv")) else { continue };
            if !known {
                continue;
            }
            let name = name.to_lowercase();
            schemas.add(&name, seed.columns.iter().cloned());
            let place = Place::file(&seed.path);
            let mut asset = table_asset(&name, "dbt seed");
            asset.place = Some(place.clone());
            let file = Ref::named(AssetKind::Dataset, &*seed.path);
            let mut link = Link::new(RelationKind::DerivedFrom, Ref::Id(asset.id.clone()), file, Some(place));
            link.flow = Some(all_columns(Vec::new()));
            facts.assets.push(asset);
            facts.links.push(link);
        }
    }

    /// The models whose files name which others, so that columns are known before they are asked for: files in an
    /// order in which what is named comes first, and those that name each other in a circle.
    pub(crate) fn order(&self, files: &[&File]) -> (Vec<Vec<usize>>, BTreeSet<usize>) {
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        for (at, file) in files.iter().enumerate() {
            by_name.extend(self.model_of(&file.path).map(|name| (name, at)));
        }
        let needs: Vec<BTreeSet<usize>> = files
            .iter()
            .enumerate()
            .map(|(at, file)| {
                let text = file.text.as_deref().unwrap_or_default();
                refs(text).filter_map(|name| by_name.get(&name).copied()).filter(|other| *other != at).collect()
            })
            .collect();
        let mut done: BTreeSet<usize> = BTreeSet::new();
        let mut levels = Vec::new();
        loop {
            let ready: Vec<usize> = (0..files.len())
                .filter(|at| !done.contains(at) && needs.get(*at).is_some_and(|needs| needs.is_subset(&done)))
                .collect();
            if ready.is_empty() {
                break;
            }
            done.extend(&ready);
            levels.push(ready);
        }
        let circle: BTreeSet<usize> = (0..files.len()).filter(|at| !done.contains(at)).collect();
        if !circle.is_empty() {
            levels.push(circle.iter().copied().collect());
        }
        (levels, circle)
    }

    /// The table that `ref('m')` or `source('s', 't')` means.
    fn meant(&self, call: &str) -> Option<String> {
        if call.contains("source(") {
            let parts: Vec<String> = call.split(['\'', '"']).skip(1).step_by(2).map(str::to_lowercase).collect();
            let [source, table] = parts.as_slice() else { return None };
            let found = self
                .yaml
                .iter()
                .flat_map(|read| &read.tables)
                .find(|held| held.source.as_ref() == Some(source) && held.name == *table);
            return Some(found.map_or_else(|| format!("{source}.{table}"), |held| held.full_name.clone()));
        }
        refs(call).next()
    }

    /// The texts that the file at `path` gives with its Jinja rendered: one, or one for each snapshot.
    pub(crate) fn render(
        &self,
        path: &Arc<str>,
        text: &Arc<str>,
        schemas: &Schemas,
        gaps: &mut Vec<Gap>,
    ) -> Vec<Rendered> {
        let model = self.model_of(path);
        let plain = !text.contains("{{") && !text.contains("{%") && !text.contains("{#");
        if plain {
            let offsets = Offsets::origin(Origin::file(path));
            let (grants, labels) = (Vec::new(), Vec::new());
            return vec![Rendered { text: text.to_string(), offsets, model, grants, labels }];
        }
        let (shared, macros) = match self.project_of(path).and_then(|(folder, _)| self.projects.get(folder)) {
            Some(project) => (project.shared.clone(), project.macros.clone()),
            None => (jinja::Project::default(), jinja::Library::default()),
        };
        let columns = |name: &str| schemas.columns(&schemas.canonical(name)).map(<[String]>::to_vec);
        let this = model.clone().unwrap_or_else(|| "this".to_owned());
        let mut output = jinja::rendered(&shared, &macros, &columns, &this, path, text);
        if !output.gaps.is_empty()
            && model.is_some()
            && let Some(text) = self.manifests.iter().find_map(|manifest| manifest.compiled(path, text, self))
        {
            // dbt itself knew what the template gives.
            let (grants, labels) = (output.grants, output.labels);
            return vec![Rendered { text, offsets: Offsets::default(), model, grants, labels }];
        }
        gaps.append(&mut output.gaps);
        let mut all: Vec<Rendered> = output
            .snapshots
            .into_iter()
            .map(|(name, inner)| Rendered {
                text: inner.text,
                offsets: inner.offsets,
                model: Some(name),
                grants: inner.grants,
                labels: inner.labels,
            })
            .collect();
        if all.is_empty() {
            let (text, offsets) = (output.text, output.offsets);
            all.push(Rendered { text, offsets, model, grants: output.grants, labels: output.labels });
        }
        all
    }
}

/// Whether a path lies below one of `folders`.
fn within(inside: &str, folders: &[String]) -> bool {
    folders.iter().any(|folder| inside.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')))
}

/// The models that a text names by `ref('…')`, the last text in the brackets.
fn refs(text: &str) -> impl Iterator<Item = String> {
    text.split("ref(").skip(1).filter_map(|rest| {
        let inner = rest.get(..rest.find(')')?)?;
        let last = inner.rsplit(',').find(|part| !part.contains('='))?;
        let name = last.trim().trim_matches(['\'', '"']);
        (!name.is_empty()).then(|| name.to_lowercase())
    })
}

/// The facts of a model: what its query gives goes into the table of its name.
pub(crate) fn model_facts(model: &str, file: &File, mut run: Run, said: &Said) -> Facts {
    let place = Place::file(&file.path);
    let data: Data = std::mem::take(&mut run.result);
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
        if !data.parts.contains_key(dataset) || *part == Part::default() {
            run.links.push(Link::new(
                RelationKind::DerivedFrom,
                Ref::Id(table.clone()),
                dataset.clone(),
                Some(at.clone()),
            ));
        }
    }
    asset.labels.extend(said.labels.iter().cloned());
    said.settings.describe(&mut asset);
    run.assets.push(asset);
    let mut facts = Facts { assets: run.assets, links: run.links, gaps: run.gaps, ..Facts::default() };
    // What a model grants itself replaces what its folder does, privilege by privilege.
    let own = |privilege: &String| said.grants.iter().any(|(held, _)| held == privilege);
    let of_folder = said.settings.grants.iter().filter(|(privilege, _)| !own(privilege));
    let grants: Vec<(String, String)> = said.grants.iter().chain(of_folder).cloned().collect();
    grant(&table, &grants, &place, &mut facts);
    facts
}

/// What is said of a model beside its query.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Privileges that its `config` grants, each with who gets it.
    pub(crate) grants: Vec<(String, String)>,
    /// Labels in its `config`.
    pub(crate) labels: Vec<Label>,
    /// What the project file sets for it.
    pub(crate) settings: Settings,
}

/// Tells of `grants` on `table`.
fn grant(table: &AssetId, grants: &[(String, String)], place: &Place, facts: &mut Facts) {
    for (privilege, grantee) in grants {
        let (principal, link) = granted(&Ref::Id(table.clone()), privilege, grantee, place);
        facts.assets.push(principal);
        facts.links.extend(link);
    }
}

/// The principal and the grant that dbt makes for it; no grant where the privilege is none on data.
fn granted(table: &Ref, privilege: &str, grantee: &str, place: &Place) -> (Asset, Option<Link>) {
    let mut principal = Asset::new(AssetId::new(AssetKind::Role, "", grantee), AssetKind::Role, grantee, grantee);
    principal.type_name = "sql".to_owned();
    principal.names.insert(grantee.to_owned());
    principal.place = Some(place.clone());
    let access: BTreeSet<Access> = match privilege.to_lowercase().as_str() {
        "select" | "read" | "roles/bigquery.dataviewer" => [Access::Read].into(),
        "insert" | "update" | "delete" | "modify" | "truncate" => [Access::Write].into(),
        "all" | "all privileges" | "ownership" => [Access::Administer, Access::Read, Access::Write].into(),
        _ => BTreeSet::new(),
    };
    let from = Ref::Id(principal.id.clone());
    let mut link = Link::new(RelationKind::Grants, from, table.clone(), Some(place.clone()));
    let some = !access.is_empty();
    link.access = access;
    (principal, some.then_some(link))
}

#[cfg(test)]
mod tests;
