//! Pipeline code: Python, SQL, notebooks and dbt projects.

pub(crate) mod dbt;
pub(crate) mod examples;
mod flow;
pub(crate) mod notebook;
mod origin;
mod output;
mod python;
pub(crate) mod sql;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::crawler::{Context, Crawler};
use crate::{Facts, File};

/// Reads pipeline code.
pub(crate) struct Code;

/// A file as this crawler sees it.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A script.
    Python(python::Module),
    /// A notebook and its saved outputs.
    Notebook(notebook::Notebook),
    /// A SQL file; rendered later if it belongs to a dbt project.
    Sql,
    /// YAML of a dbt project.
    Dbt(dbt::Yaml),
    /// What dbt made of a project.
    Manifest(dbt::Manifest),
    /// Data that a dbt project may load.
    Seed(dbt::Seed),
    /// No text.
    Unread,
}

/// The stack of a thread that walks trees; expressions may be nested deeply within our limits.
const STACK: usize = 64 << 20;

impl Crawler for Code {
    type Parsed = Parsed;

    fn claims(file: &File) -> bool {
        match file.extension().as_str() {
            "py" | "sql" | "ipynb" => true,
            "yml" | "yaml" => dbt::is_dbt_yaml(file),
            "csv" => dbt::Seed::claims(file),
            "json" => dbt::Manifest::claims(file),
            _ => false,
        }
    }

    fn parse(file: &File, context: Context<'_>) -> Parsed {
        let nesting = context.options.limits.nesting;
        let Some(text) = &file.text else { return Parsed::Unread };
        match file.extension().as_str() {
            "py" => Parsed::Python(python::script(&file.path, text, file.in_tests, nesting)),
            "ipynb" => Parsed::Notebook(notebook::Notebook::parse(file, text, context)),
            "sql" => Parsed::Sql,
            "csv" => Parsed::Seed(dbt::Seed::parse(file, text)),
            "json" => Parsed::Manifest(dbt::Manifest::parse(file, text)),
            _ => Parsed::Dbt(dbt::Yaml::parse(file, text, nesting)),
        }
    }

    fn resolve(parsed: Vec<(&File, Parsed)>, context: Context<'_>, facts: &mut Facts) {
        let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).build();
        match pool {
            Ok(pool) => pool.install(|| resolve(parsed, context, facts)),
            // Without threads of our own the stack is the caller's; the bounds on depth still hold.
            Err(_) => resolve(parsed, context, facts),
        }
    }
}

fn resolve(parsed: Vec<(&File, Parsed)>, context: Context<'_>, facts: &mut Facts) {
    let (mut modules, mut scripts, mut yaml, mut outputs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut seeds, mut manifests) = (Vec::new(), Vec::new());
    for (file, parsed) in parsed {
        match parsed {
            Parsed::Python(module) => modules.push(module),
            Parsed::Notebook(notebook) => {
                outputs.extend(notebook.outputs);
                facts.gaps.extend(notebook.gaps);
                modules.push(notebook.module);
                modules.extend(notebook.written);
            }
            Parsed::Sql => scripts.push(file),
            Parsed::Dbt(read) => yaml.push(read),
            Parsed::Manifest(manifest) => manifests.push(manifest),
            Parsed::Seed(seed) => seeds.push(seed),
            Parsed::Unread => {}
        }
    }
    let mut projects = dbt::Projects::new(yaml, manifests);
    scripts.retain(|file| !projects.add_macros(file));
    let mut schemas = sql::Schemas::new(&context.rules.apis);
    projects.declare(&scripts, &mut schemas, facts);
    projects.seeds(&seeds, &mut schemas, facts);
    statements(&scripts, &projects, &mut schemas, facts);

    for module in &mut modules {
        facts.gaps.append(&mut module.gaps);
    }
    for one in evaluate(&modules, context, &schemas) {
        extend(facts, one);
    }
    for output in outputs {
        extend(facts, output);
    }
    output::without_bound(facts, &context.options.bindings);
}

/// Follows the SQL files, those that others name first, so that the columns of what they make are known.
fn statements(files: &[&File], projects: &dbt::Projects, schemas: &mut sql::Schemas, facts: &mut Facts) {
    projects.name_models(files, schemas);
    let (levels, circle) = projects.order(files);
    for &at in &circle {
        if let Some(file) = files.get(at) {
            facts.gaps.push(aedile_model::Gap {
                place: aedile_model::Place::file(&file.path),
                kind: aedile_model::GapKind::Unresolved,
                message: "models name each other in a circle: their columns are known in part".to_owned(),
            });
        }
    }
    for level in levels {
        let known: &sql::Schemas = schemas;
        let mut scripts: Vec<SqlFile<'_>> = level
            .par_iter()
            .filter_map(|at| files.get(*at).map(|file| SqlFile::parse(file, projects, known)))
            .flatten()
            .collect();
        for script in &mut scripts {
            facts.gaps.append(&mut script.gaps);
            script.declare(schemas);
        }
        // Views over views of other files: what one makes known another may name.
        let mut told: Vec<(Facts, Made)> = Vec::new();
        for _ in 0..VIEWS {
            let known: &sql::Schemas = schemas;
            told = scripts.par_iter().map(|script| script.facts(known)).collect();
            let before = schemas.known();
            for (name, columns) in told.iter().flat_map(|(_, made)| made) {
                schemas.add(name, columns.iter().cloned());
            }
            if schemas.known() == before {
                break;
            }
        }
        for (one, _) in told {
            extend(facts, one);
        }
    }
}

/// Views of views over files that do not name them by `ref`.
const VIEWS: usize = 4;

/// Tables that a file makes, with their columns in order.
type Made = std::collections::BTreeMap<String, Vec<String>>;

/// Interprets all modules: first what runs by itself, then functions that nothing entered.
fn evaluate(modules: &[python::Module], context: Context<'_>, schemas: &sql::Schemas) -> Vec<Facts> {
    let world = python::World::new(modules, context.files, &context.rules.apis, schemas);
    let base = python::base(&world);
    let nesting = context.options.limits.nesting;
    let states = context.kept.map(|kept| python::States::new(&world, &base, context.rules, kept, nesting));
    let evaluate = |number: usize, cold: Option<&[_]>| match &states {
        Some(states) => states.evaluate(number, cold),
        None => python::evaluate(&world, &base, number, cold).0,
    };
    let first: Vec<python::Outcome> = (0..modules.len()).into_par_iter().map(|number| evaluate(number, None)).collect();
    let followed: BTreeSet<_> = first.iter().flat_map(|outcome| outcome.followed.iter().copied()).collect();
    let second: Vec<Option<python::Outcome>> = first
        .par_iter()
        .enumerate()
        .map(|(number, outcome)| {
            let waiting: Vec<_> = outcome.waiting.iter().filter(|key| !followed.contains(key)).copied().collect();
            (!waiting.is_empty()).then(|| evaluate(number, Some(&waiting)))
        })
        .collect();
    first
        .into_iter()
        .zip(second)
        .map(|(outcome, more)| {
            let mut facts = outcome.facts;
            if let Some(more) = more {
                extend(&mut facts, more.facts);
            }
            facts
        })
        .collect()
}

fn extend(facts: &mut Facts, more: Facts) {
    facts.assets.extend(more.assets);
    facts.links.extend(more.links);
    facts.gaps.extend(more.gaps);
}

/// A SQL file: a script, or a model of a dbt project.
struct SqlFile<'f> {
    file: &'f File,
    script: sql::Script,
    offsets: origin::Offsets,
    model: Option<String>,
    said: dbt::Said,
    gaps: Vec<aedile_model::Gap>,
}

impl<'f> SqlFile<'f> {
    fn parse(file: &'f File, projects: &dbt::Projects, schemas: &sql::Schemas) -> Vec<SqlFile<'f>> {
        let mut gaps = Vec::new();
        let text: Arc<str> = file.text.clone().unwrap_or_else(|| Arc::from(""));
        let mut files: Vec<SqlFile<'f>> = projects
            .render(&file.path, &text, schemas, &mut gaps)
            .into_iter()
            .map(|rendered| {
                let mut gaps = Vec::new();
                let script = sql::Script::parse(&rendered.text, rendered.offsets.clone(), &mut gaps);
                for gap in &mut gaps {
                    // Made text that stands nowhere.
                    if gap.place.path.is_empty() {
                        gap.place = aedile_model::Place::file(&file.path);
                    }
                }
                SqlFile {
                    file,
                    script,
                    offsets: rendered.offsets,
                    model: rendered.model,
                    said: dbt::Said {
                        grants: rendered.grants,
                        labels: rendered.labels,
                        settings: projects.settings(&file.path),
                    },
                    gaps,
                }
            })
            .collect();
        if let Some(first) = files.first_mut() {
            first.gaps.extend(gaps);
        }
        files
    }

    /// Adds the tables that the file defines to the known schemas.
    fn declare(&self, schemas: &mut sql::Schemas) {
        sql::declare(&self.script, schemas);
    }

    fn facts(&self, schemas: &sql::Schemas) -> (Facts, Made) {
        let fallback = aedile_model::Place::file(&self.file.path);
        let views = &mut std::collections::BTreeMap::new();
        let mut run = sql::run(&self.script, &self.offsets, Some(&fallback), schemas, views);
        let mut made = std::mem::take(&mut run.made);
        match &self.model {
            Some(model) => {
                made.extend(run.relation.names().map(|names| (model.clone(), names)));
                (dbt::model_facts(model, self.file, run, &self.said), made)
            }
            None => {
                let mut pipeline = output::Pipeline::of(&self.file.path, false, self.file.in_tests);
                for asset in &mut run.assets {
                    asset.in_tests = self.file.in_tests;
                }
                run.tell(&mut pipeline);
                (pipeline.finish(), made)
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
