//! Workflows and composite actions of GitHub.
//!
//! Source: docs.github.com/en/actions, workflow syntax, "Security hardening for GitHub Actions" and "Keeping your
//! GitHub Actions and workflows secure": which fields of an event strangers write.

use aedile_model::{AssetKind, GapKind, Value};
use aedile_rules::measure::is_measure;

use super::Workflow;
use crate::File;
use crate::task::{Gate, Task};
use crate::yaml::Node;

/// Jobs of one workflow, and steps of one job, that are read.
const MANY: usize = 1_000;

/// Ends of fields of `github.event` that whoever opens an issue or a pull request writes.
const WRITTEN_BY_STRANGERS: [&str; 17] = [
    ".body",
    ".title",
    ".message",
    ".default_branch",
    ".page_name",
    ".email",
    ".author.name",
    ".committer.name",
    ".head.ref",
    ".head.label",
    ".head_ref",
    ".label",
    ".head_branch",
    ".head_commit",
    ".head_repository.description",
    ".display_title",
    ".description",
];

/// Variables and inputs by which cloud keys that do not expire reach a job.
const KEYS: [&str; 9] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "arm_client_secret",
    "azure_credentials",
    "azure_client_secret",
    "databricks_token",
    "google_application_credentials_json",
    "google_credentials",
    "gcp_sa_key",
];

/// Whether `file` is one, by its path.
pub(super) fn claims(file: &File) -> bool {
    let is_yaml = ["yml", "yaml"].contains(&file.extension().as_str());
    let is_workflow = file.folder() == ".github/workflows" || file.folder().ends_with("/.github/workflows");
    let is_action = matches!(file.name(), "action.yml" | "action.yaml")
        && file.text.as_ref().is_some_and(|text| text.lines().any(|line| line.starts_with("runs:")));
    is_yaml && (is_workflow || is_action)
}

/// Reads `document` into `workflow`.
pub(super) fn read(document: &Node, workflow: &mut Workflow<'_>) {
    let is_action = document.get("runs").is_some() && document.get("jobs").is_none();
    if let Some(name) = document.get("name").and_then(Node::str) {
        name.clone_into(&mut workflow.asset.name);
    }
    if is_action {
        "github action".clone_into(&mut workflow.asset.type_name);
    }
    for attribute in ["longLivedCloudKeys", "scriptInjection", "secretsInEnv"] {
        workflow.set(attribute, false, None);
    }
    workflow.set("actionsPinned", true, None);
    workflow.secrets_of(document);
    let triggers = Triggers::read(document);
    if let Some(schedule) = document.at("on.schedule").and_then(|schedule| schedule.items().first())
        && let Some(cron) = schedule.get("cron").and_then(Node::str)
    {
        workflow.asset.set("schedule", cron, Some(workflow.place(schedule)));
    }
    workflow.environment(document.get("env"));
    let mut env = Env::default().with(document.get("env"));
    if is_action {
        let steps = document.at("runs.steps").map(Node::items).unwrap_or_default();
        steps.iter().take(MANY).for_each(|step| read_step(step, &mut env, "", &triggers, true, workflow));
        return;
    }
    for attribute in ["untrustedCodeRuns", "untrustedOnOwnRunner"] {
        workflow.set(attribute, false, None);
    }
    permissions(document, workflow);
    let folder = document.at("defaults.run.working-directory").and_then(Node::str).unwrap_or_default();
    for entry in document.get("jobs").map(Node::entries).unwrap_or_default().iter().take(MANY) {
        let Some(name) = entry.key.str() else { continue };
        begins(name, &entry.value, workflow);
        job(&entry.value, env.clone(), folder, &triggers, workflow);
        ends(name, workflow);
    }
}

/// The job `name` as a task: what it waits for, and who or what decides whether it is done.
///
/// An environment may ask for a person's approval; that is set in the settings of the repository. The job is done when
/// the task `name done` is: of a job that others wait for, that is what they wait for.
fn begins(name: &str, job: &Node, workflow: &mut Workflow<'_>) {
    let needs = job.get("needs");
    let needs =
        needs.into_iter().flat_map(|needs| needs.str().into_iter().chain(needs.items().iter().filter_map(Node::str)));
    let measures = |condition: &str| {
        let words = condition.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        condition.contains("needs.") && words.into_iter().any(is_measure)
    };
    let gate = match (job.get("if").and_then(Node::str), job.get("environment")) {
        (Some(condition), _) if measures(condition) => Some(Gate::Measure),
        (_, Some(_)) => Some(Gate::Person),
        _ => None,
    };
    let unread = job.get("uses").and_then(Node::str).map(|uses| format!("job {name} ({uses})"));
    let after = needs.map(|needed| format!("{needed} done")).collect();
    workflow.tasks.push(Task { key: name.to_owned(), after, gate, unread, ..Task::default() });
}

fn ends(name: &str, workflow: &mut Workflow<'_>) {
    let after = workflow.tasks.last().map(|task| task.key.clone()).into_iter().collect();
    workflow.tasks.push(Task { key: format!("{name} done"), after, ..Task::default() });
}

/// Which events start a workflow.
struct Triggers {
    /// The code of strangers starts it with the rights and secrets of the repository.
    privileged: bool,
    /// The code of strangers starts it.
    pull_request: bool,
}

impl Triggers {
    fn read(document: &Node) -> Triggers {
        // YAML 1.1 would read `on` as true; the key stands as written.
        let on = document.get("on");
        let names: Vec<&str> = on
            .map(|on| match on.str() {
                Some(one) => vec![one],
                None => on
                    .items()
                    .iter()
                    .filter_map(Node::str)
                    .chain(on.entries().iter().filter_map(|entry| entry.key.str()))
                    .collect(),
            })
            .unwrap_or_default();
        let has = |name: &str| names.contains(&name);
        Triggers {
            privileged: has("pull_request_target") || has("workflow_run") || has("issue_comment"),
            pull_request: has("pull_request") || has("pull_request_target"),
        }
    }
}

/// Whether the workflow or every job says what its token may do.
fn permissions(document: &Node, workflow: &mut Workflow<'_>) {
    let limited = |node: &Node| node.str() != Some("write-all");
    if let Some(own) = document.get("permissions") {
        let place = workflow.place(own);
        workflow.set("tokenLimited", limited(own), Some(place));
    }
    let jobs = document.get("jobs").map(Node::entries).unwrap_or_default();
    for entry in jobs {
        match entry.value.get("permissions") {
            Some(own) => {
                let place = workflow.place(own);
                workflow.set("tokenLimited", limited(own), Some(place));
            }
            None if document.get("permissions").is_none() => {
                let place = workflow.place(&entry.key);
                workflow.set("tokenLimited", false, Some(place));
            }
            None => {}
        }
    }
}

/// Variables whose values are known or come from strangers.
#[derive(Debug, Clone, Default)]
struct Env {
    known: Vec<(String, String)>,
}

impl Env {
    fn with(mut self, env: Option<&Node>) -> Env {
        for entry in env.map(Node::entries).unwrap_or_default() {
            if let (Some(name), Some(value)) = (entry.key.str(), entry.value.str()) {
                self.known.push((name.to_owned(), value.to_owned()));
            }
        }
        self
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.known.iter().rev().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// `text` with `${{ env.X }}` replaced, once.
    fn filled(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let Some((expression, behind)) = after.split_once("}}") else { break };
            out.push_str(before);
            match expression.trim().strip_prefix("env.").and_then(|name| self.value(name)) {
                Some(value) => out.push_str(value),
                None => out.push_str(&format!("${{{{{expression}}}}}")),
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

fn job(job: &Node, env: Env, folder: &str, triggers: &Triggers, workflow: &mut Workflow<'_>) {
    if let Some(uses) = job.get("uses") {
        pinned(uses, workflow);
        return;
    }
    if let Some(runner) = job.get("runs-on") {
        let labels: Vec<&str> = match runner.str() {
            Some(one) => vec![one],
            None => runner
                .items()
                .iter()
                .chain(runner.get("labels").into_iter().flat_map(Node::items))
                .filter_map(Node::str)
                .collect(),
        };
        let own = labels.contains(&"self-hosted") || runner.get("group").is_some();
        if own && triggers.pull_request {
            let place = workflow.place(runner);
            workflow.set("untrustedOnOwnRunner", true, Some(place));
        } else if triggers.pull_request && labels.iter().any(|label| label.contains("${{")) {
            let value = Value::unknown("runs-on", "an expression chooses the runner");
            let place = workflow.place(runner);
            workflow.set("untrustedOnOwnRunner", value, Some(place));
        }
    }
    workflow.environment(job.get("env"));
    let mut env = env.with(job.get("env"));
    keys(job.get("env"), workflow);
    let folder = job.at("defaults.run.working-directory").and_then(Node::str).unwrap_or(folder);
    for step in job.get("steps").map(Node::items).unwrap_or_default().iter().take(MANY) {
        read_step(step, &mut env, folder, triggers, false, workflow);
    }
}

/// Static keys among the variables of a job or step.
fn keys(env: Option<&Node>, workflow: &mut Workflow<'_>) {
    for entry in env.map(Node::entries).unwrap_or_default() {
        let Some(name) = entry.key.str().map(str::to_ascii_lowercase) else { continue };
        let value = entry.value.str().unwrap_or_default();
        // What an earlier step of the same job gave out is no stored key.
        if KEYS.contains(&name.as_str()) && !value.is_empty() && !value.contains("steps.") {
            let place = workflow.place(&entry.key);
            workflow.set("longLivedCloudKeys", true, Some(place));
        }
    }
}

fn read_step(
    step: &Node,
    env: &mut Env,
    folder: &str,
    triggers: &Triggers,
    in_action: bool,
    workflow: &mut Workflow<'_>,
) {
    workflow.environment(step.get("env"));
    keys(step.get("env"), workflow);
    let own = env.clone().with(step.get("env"));
    if let Some(uses) = step.get("uses") {
        pinned(uses, workflow);
        let name = uses.str().unwrap_or_default().to_ascii_lowercase();
        let name = name.split('@').next().unwrap_or_default();
        action(name, step, &own, triggers, workflow);
    }
    if let Some(run) = step.get("run")
        && let Some(script) = run.str()
    {
        injected(run, script, &own, in_action, workflow);
        let checked_out = ["gh pr checkout", "refs/pull/", "git checkout ${{", "git fetch origin ${{"]
            .iter()
            .any(|command| script.contains(command));
        if triggers.privileged && checked_out {
            let place = workflow.place(run);
            workflow.set("untrustedCodeRuns", true, Some(place));
        }
        let folder = step.get("working-directory").and_then(Node::str).unwrap_or(folder);
        let place = workflow.place(run);
        workflow.commands(script, folder.trim_start_matches("./"), &place);
    }
}

/// `uses` must name a commit; what lies in the same repository moves with it.
fn pinned(uses: &Node, workflow: &mut Workflow<'_>) {
    let Some(text) = uses.str() else { return };
    if text.starts_with("./") {
        return;
    }
    let is_pinned = if text.starts_with("docker://") {
        text.contains("@sha256:")
    } else {
        text.rsplit_once('@').is_some_and(|(_, at)| at.len() == 40 && at.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if !is_pinned {
        let place = workflow.place(uses);
        workflow.set("actionsPinned", false, Some(place));
    }
}

/// What known actions do with identities and code.
fn action(name: &str, step: &Node, env: &Env, triggers: &Triggers, workflow: &mut Workflow<'_>) {
    let Some(with) = step.get("with") else { return };
    let place = |node: &Node, workflow: &Workflow<'_>| workflow.place(node);
    match name {
        "aws-actions/configure-aws-credentials" => {
            if let Some(key) =
                with.get("aws-access-key-id").filter(|key| !key.str().unwrap_or_default().contains("steps."))
            {
                let place = place(key, workflow);
                workflow.set("longLivedCloudKeys", true, Some(place));
            }
            identity(with.get("role-to-assume"), AssetKind::Role, env, workflow);
        }
        "google-github-actions/auth" => {
            if let Some(key) = with.get("credentials_json") {
                let place = place(key, workflow);
                workflow.set("longLivedCloudKeys", true, Some(place));
            }
            identity(with.get("service_account"), AssetKind::ServiceAccount, env, workflow);
        }
        "azure/login" => {
            if let Some(key) = with.get("creds") {
                let place = place(key, workflow);
                workflow.set("longLivedCloudKeys", true, Some(place));
            }
            identity(with.get("client-id"), AssetKind::ServiceAccount, env, workflow);
        }
        "actions/checkout" if triggers.privileged => {
            for key in ["ref", "repository"] {
                let Some(node) = with.get(key) else { continue };
                let text = env.filled(node.str().unwrap_or_default());
                let head = ["pull_request.head", "github.head_ref", "workflow_run.head", "refs/pull/", "issue.number"];
                if head.iter().any(|part| text.contains(part)) {
                    let place = place(node, workflow);
                    workflow.set("untrustedCodeRuns", true, Some(place));
                } else if text.contains("${{") {
                    let value = Value::unknown(key, "it is not known whose code is checked out");
                    let place = place(node, workflow);
                    workflow.set("untrustedCodeRuns", value, Some(place));
                }
            }
        }
        "actions/github-script" => {
            if let Some(script) = with.get("script") {
                injected(script, script.str().unwrap_or_default(), env, false, workflow);
            }
        }
        _ => {}
    }
}

fn identity(node: Option<&Node>, kind: AssetKind, env: &Env, workflow: &mut Workflow<'_>) {
    let Some(node) = node else { return };
    let name = env.filled(node.str().unwrap_or_default());
    let place = workflow.place(node);
    if name.contains("${{") {
        let message = "the identity that the workflow takes is not in the sources";
        workflow.gap(place, GapKind::Unresolved, message);
    } else if !name.is_empty() {
        workflow.acts_as(kind, &name, place);
    }
}

/// Expressions in a script that strangers write: they become a part of its text before it runs.
fn injected(node: &Node, script: &str, env: &Env, in_action: bool, workflow: &mut Workflow<'_>) {
    let mut rest = script;
    while let Some((_, after)) = rest.split_once("${{") {
        let Some((expression, behind)) = after.split_once("}}") else { break };
        let expression = expression.trim();
        let value = expression.strip_prefix("env.").and_then(|name| env.value(name)).unwrap_or_default();
        let through =
            value.split("${{").skip(1).any(|part| is_written_by_strangers(part.split("}}").next().unwrap_or_default()));
        if is_written_by_strangers(expression) || through {
            let place = workflow.place(node);
            workflow.set("scriptInjection", true, Some(place));
        } else if in_action && expression.starts_with("inputs.") {
            let value = Value::unknown(expression, "who calls the action decides what it is");
            let place = workflow.place(node);
            workflow.set("scriptInjection", value, Some(place));
        }
        rest = behind;
    }
}

fn is_written_by_strangers(expression: &str) -> bool {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '*' | '-')));
    words.into_iter().any(|word| {
        word == "github.head_ref"
            || (word.starts_with("github.event.")
                && !word.starts_with("github.event.inputs.")
                && !word.starts_with("github.event.repository.")
                && WRITTEN_BY_STRANGERS.iter().any(|end| word.ends_with(end)))
    })
}
