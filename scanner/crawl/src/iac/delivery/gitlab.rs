//! Pipelines of GitLab: `.gitlab-ci.yml` with local includes, `extends` and `!reference`.
//!
//! Source: docs.gitlab.com/ci/yaml. What is included from elsewhere is a gap.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetKind, GapKind, Value};
use globset::GlobBuilder;

use super::{Source, Workflow, text_of};
use crate::File;
use crate::crawler::{Context, Crawler};
use crate::iac::datum::{Datum, Kind, Map};
use crate::iac::interpolate::merged;
use crate::iac::path::joined;
use crate::task::{Gate, Task};
use crate::yaml::Node;

/// `extends` of `extends`; GitLab's own limit.
const LEVELS: usize = 11;

/// Included files of one pipeline.
const INCLUDES: usize = 100;

/// Levels of a job that are converted.
const DEPTH: usize = 32;

/// Keys at the top that are no jobs.
const GLOBAL: [&str; 11] = [
    "after_script",
    "before_script",
    "cache",
    "default",
    "image",
    "include",
    "services",
    "spec",
    "stages",
    "variables",
    "workflow",
];

/// Variables that whoever pushes a commit or opens a merge request writes.
const WRITTEN_BY_STRANGERS: [&str; 9] = [
    "CI_COMMIT_AUTHOR",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_DESCRIPTION",
    "CI_COMMIT_MESSAGE",
    "CI_COMMIT_REF_NAME",
    "CI_COMMIT_TITLE",
    "CI_MERGE_REQUEST_DESCRIPTION",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_MERGE_REQUEST_TITLE",
];

/// Variables by which cloud keys that do not expire reach a job.
const KEYS: [&str; 6] = [
    "ARM_CLIENT_SECRET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "DATABRICKS_TOKEN",
    "GCP_SERVICE_KEY",
    "GOOGLE_CREDENTIALS",
];

/// Commands that need a cloud's credentials.
const CLOUD: [&str; 7] = ["aws ", "az ", "gcloud ", "terraform apply", "tofu apply", "databricks bundle", "pulumi up"];

/// Whether `file` is a pipeline or, by its name or folder, a part of one.
pub(super) fn claims(file: &File) -> bool {
    let is_yaml = ["yml", "yaml"].contains(&file.extension().as_str());
    let part = file.folder().split('/').any(|folder| matches!(folder, ".gitlab" | ".gitlab-ci" | "gitlab-ci"))
        || file.name().ends_with(".gitlab-ci.yml")
        || file.name().ends_with(".gitlab-ci.yaml");
    is_yaml && (is_root(file) || part)
}

/// Whether `file` is where a pipeline begins.
pub(super) fn is_root(file: &File) -> bool {
    matches!(file.name(), ".gitlab-ci.yml" | ".gitlab-ci.yaml")
}

/// Reads `document` and what it includes into `workflow`.
pub(super) fn read<'f>(
    document: &Node,
    parsed: &[(&'f File, Source)],
    context: Context<'f>,
    workflow: &mut Workflow<'f>,
) {
    for attribute in ["scriptInjection", "secretsInEnv"] {
        workflow.set(attribute, false, None);
    }
    workflow.set("actionsPinned", true, None);
    let file = workflow.file;
    let mut documents: Vec<(&File, Node)> = vec![(file, document.clone())];
    let mut at = 0;
    while let Some((from, document)) = documents.get(at).cloned() {
        at += 1;
        for include in document.get("include").map(listed).unwrap_or_default() {
            let place = from.place(include.span.start as usize, include.span.end as usize);
            let local = include.get("local").and_then(Node::str);
            let Some(path) = local.or_else(|| include.str().filter(|text| !text.contains("://"))) else {
                workflow.set("actionsPinned", pinned(include), Some(place.clone()));
                workflow.gap(place, GapKind::Unresolved, "a part of the pipeline is kept elsewhere");
                continue;
            };
            let parts = named(&joined(file.folder(), path.trim_start_matches('/')), context.files);
            if parts.is_empty() {
                workflow.gap(place.clone(), GapKind::Unresolved, format!("the included `{path}` is not there"));
            }
            for part in parts.into_iter().filter(|part| part.path != file.path) {
                if documents.iter().any(|(held, _)| held.path == part.path) {
                    continue;
                }
                if documents.len() >= INCLUDES {
                    workflow.gap(place.clone(), GapKind::Limit, "too many files are included");
                    break;
                }
                // A part may have any name: only the include tells what it is.
                let source = match parsed.iter().find(|(held, _)| held.path == part.path) {
                    Some((_, source)) => source.document.clone(),
                    None => {
                        let source = super::Workflows::parse(part, context);
                        workflow.gaps.extend(source.gaps);
                        source.document
                    }
                };
                documents.extend(source.map(|node| (part, node)));
            }
        }
    }
    let roots: Vec<(&File, &Node)> = documents.iter().rev().map(|(file, node)| (*file, node)).collect();
    let whole = roots.iter().fold(Datum::from(Kind::Map(Map::default())), |whole, (from, node)| {
        merged(&whole, &converted(node, from, &roots, DEPTH))
    });
    let Kind::Map(map) = &whole.kind else { return };
    variables(whole.member("variables"), workflow);
    // Hidden jobs are templates: what uses them is read.
    let is_job =
        |name: &str, job: &Datum| !GLOBAL.contains(&name) && !name.starts_with('.') && matches!(job.kind, Kind::Map(_));
    let jobs = map.members.iter().filter(|(name, job)| is_job(name, job));
    let jobs: Vec<(&String, Datum)> = jobs.map(|(name, job)| (name, extended(job, &whole, LEVELS))).collect();
    let stages = Stages::of(&whole);
    for (name, job) in &jobs {
        let gate = job.member("when").and_then(Datum::text).filter(|when| when == "manual").map(|_| Gate::Approval);
        workflow.tasks.push(Task { key: (*name).clone(), after: stages.before(job), gate, ..Task::default() });
        read_job(job, &whole, workflow);
        let after = workflow.tasks.last().map(|task| task.key.clone()).into_iter().collect();
        workflow.tasks.push(Task { key: done(name), after, ..Task::default() });
    }
    workflow.tasks.extend(stages.ends(&jobs));
}

/// The task that ends the job `name`.
fn done(name: &str) -> String {
    format!("{name} done")
}

/// The stages of a pipeline with their places in its order.
struct Stages {
    places: BTreeMap<String, usize>,
}

impl Stages {
    fn of(whole: &Datum) -> Stages {
        let names: Vec<String> = match whole.member("stages") {
            Some(stages) => stages.items().iter().filter_map(Datum::text).collect(),
            None => [".pre", "build", "test", "deploy", ".post"].map(str::to_owned).to_vec(),
        };
        Stages { places: names.into_iter().zip(0..).collect() }
    }

    fn place(&self, job: &Datum) -> Option<usize> {
        let name = job.member("stage").and_then(Datum::text);
        self.places.get(name.as_deref().unwrap_or("test")).copied()
    }

    /// What `job` waits for: the jobs that it needs, or else the end of the stage before its own.
    fn before(&self, job: &Datum) -> BTreeSet<String> {
        if let Some(needs) = job.member("needs") {
            let named = |need: &Datum| need.text().or_else(|| need.member("job")?.text());
            return needs.items().iter().filter_map(named).map(|name| done(&name)).collect();
        }
        self.place(job).and_then(|place| place.checked_sub(1)).map(stage_done).into_iter().collect()
    }

    /// The tasks that end the stages: each waits for its jobs and for the stage before it.
    fn ends(&self, jobs: &[(&String, Datum)]) -> impl Iterator<Item = Task> {
        let mut after: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for place in self.places.values() {
            after.entry(*place).or_default().extend(place.checked_sub(1).map(stage_done));
        }
        for (name, job) in jobs {
            if let Some(jobs) = self.place(job).and_then(|place| after.get_mut(&place)) {
                jobs.insert(done(name));
            }
        }
        after.into_iter().map(|(place, after)| Task { key: stage_done(place), after, ..Task::default() })
    }
}

/// The task that ends the stage at `place`.
fn stage_done(place: usize) -> String {
    format!("stage {} done", place + 1)
}

/// The files that a local include names: one, or those of a pattern.
fn named<'f>(path: &str, files: &'f [File]) -> Vec<&'f File> {
    if !path.contains('*') {
        return files.iter().filter(|file| *file.path == *path).collect();
    }
    let Ok(glob) = GlobBuilder::new(path).literal_separator(true).build() else { return Vec::new() };
    let matcher = glob.compile_matcher();
    files.iter().filter(|file| matcher.is_match(&*file.path)).take(INCLUDES).collect()
}

fn listed(node: &Node) -> Vec<&Node> {
    if node.items().is_empty() { vec![node] } else { node.items().iter().collect() }
}

/// A project at a commit, or a component at one. GitLab's own templates move with the server.
fn pinned(include: &Node) -> bool {
    let is_commit = |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let reference = include.get("ref").and_then(Node::str).is_some_and(is_commit);
    let component = include.get("component").and_then(Node::str).and_then(|name| name.rsplit_once('@'));
    reference
        || component.is_some_and(|(_, at)| is_commit(at))
        || include.get("integrity").is_some()
        || include.get("template").is_some()
}

/// `node` with every `!reference [job, key]` replaced by what stands there.
fn converted(node: &Node, file: &File, roots: &[(&File, &Node)], depth: usize) -> Datum {
    let plain = || Datum::from_yaml(node, &file.path);
    if depth == 0 {
        return Datum::unknown("!reference", "references nest too deeply");
    }
    if node.tag.as_deref() == Some("reference") {
        let keys: Vec<&str> = node.items().iter().filter_map(Node::str).collect();
        let target = roots.iter().rev().find_map(|(from, root)| {
            let found = keys.iter().try_fold(*root, |at, key| at.get(key))?;
            Some((*from, found))
        });
        return match target {
            Some((from, found)) => converted(found, from, roots, depth - 1),
            None => Datum::unknown(keys.join("."), "there is no such part of the pipeline").at(plain().place),
        };
    }
    let mut datum = plain();
    match &mut datum.kind {
        Kind::Map(map) => {
            for entry in node.entries() {
                if let Some(held) = entry.key.str().and_then(|key| map.members.get_mut(key)) {
                    let place = held.place.clone();
                    *held = converted(&entry.value, file, roots, depth - 1).at(place);
                }
            }
        }
        Kind::List(items) => {
            // A reference in a list of commands is the commands.
            *items = node
                .items()
                .iter()
                .flat_map(|item| {
                    let value = converted(item, file, roots, depth - 1);
                    match value.kind {
                        Kind::List(inner) => inner,
                        _ => vec![value].into(),
                    }
                })
                .collect();
        }
        _ => {}
    }
    datum
}

/// `job` laid over what it extends.
fn extended(job: &Datum, whole: &Datum, levels: usize) -> Datum {
    let Some(bases) = job.member("extends").filter(|_| levels > 0) else { return job.clone() };
    let mut base = Datum::from(Kind::Map(Map::default()));
    for name in bases.items().iter().filter_map(Datum::text) {
        if let Some(found) = whole.member(&name) {
            base = merged(&base, &extended(found, whole, levels - 1));
        }
    }
    merged(&base, job)
}

fn variables(variables: Option<&Datum>, workflow: &mut Workflow<'_>) {
    let Some(Kind::Map(map)) = variables.map(|variables| &variables.kind) else { return };
    for (name, value) in &map.members {
        let value = value.member("value").unwrap_or(value);
        let literal = text_of(value).filter(|text| !text.contains('$'));
        if literal.is_some_and(|text| super::pod::is_credential(name, text)) {
            workflow.set("secretsInEnv", true, value.place.clone());
        }
    }
}

fn read_job(job: &Datum, whole: &Datum, workflow: &mut Workflow<'_>) {
    variables(job.member("variables"), workflow);
    let default = whole.member("default");
    let lines: Vec<&Datum> = ["before_script", "script", "after_script"]
        .iter()
        .filter_map(|key| {
            job.member(key).or_else(|| default.and_then(|default| default.member(key))).or_else(|| whole.member(key))
        })
        .flat_map(Datum::items)
        .collect();
    let script: String = lines.iter().filter_map(|line| line.text()).collect::<Vec<_>>().join("\n");
    let place = lines.first().and_then(|line| line.place.clone()).or_else(|| job.place.clone());
    for line in &lines {
        let Some(text) = text_of(line) else { continue };
        let evaluates = ["eval ", "bash -c", "sh -c", "python -c", "python3 -c"].iter().any(|word| text.contains(word));
        if evaluates
            && WRITTEN_BY_STRANGERS
                .iter()
                .any(|name| text.contains(&format!("${name}")) || text.contains(&format!("${{{name}}}")))
        {
            workflow.set("scriptInjection", true, line.place.clone());
        }
    }
    let tokens = job.member("id_tokens").or_else(|| default.and_then(|default| default.member("id_tokens"))).is_some();
    let named = KEYS.iter().any(|key| {
        script.contains(key) && !script.contains("assume-role-with-web-identity")
            || job.member("variables").or_else(|| whole.member("variables")).and_then(|own| own.member(key)).is_some()
    });
    let is_cloud = CLOUD.iter().any(|command| script.contains(command));
    match (named, tokens, is_cloud) {
        (true, _, _) => workflow.set("longLivedCloudKeys", true, place.clone()),
        (false, false, true) => {
            let why = "the credentials of the job are set outside the sources";
            workflow.set("longLivedCloudKeys", Value::unknown("variables", why), place.clone());
        }
        _ => workflow.set("longLivedCloudKeys", false, place.clone()),
    }
    let roles: Vec<String> = script
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '='))
        .filter(|word| word.starts_with("arn:") && word.contains(":role/"))
        .map(ToOwned::to_owned)
        .collect();
    let in_variables = job.member("variables").map(roles_of).unwrap_or_default();
    if let Some(place) = place {
        for role in roles.into_iter().chain(in_variables) {
            workflow.acts_as(AssetKind::Role, &role, place.clone());
        }
        let folder = workflow.file.folder().to_owned();
        workflow.commands(&script, &folder, &place);
    }
}

/// Roles that variables of a job name.
fn roles_of(variables: &Datum) -> Vec<String> {
    let Kind::Map(map) = &variables.kind else { return Vec::new() };
    map.members
        .values()
        .filter_map(Datum::text)
        .filter(|text| text.starts_with("arn:") && text.contains(":role/"))
        .collect()
}
