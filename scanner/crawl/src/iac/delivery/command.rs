//! Shell commands that run code or deploy a folder, by their words.

use crate::iac::path::joined;

/// What a command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deployment {
    /// A file of code, relative to the root.
    Script(String),
    /// The resources of those types that a folder declares.
    Folder {
        /// Relative to the root.
        path: String,
        /// How their types begin.
        types: &'static [&'static str],
    },
}

/// Types of providers, as they begin.
pub(super) const TERRAFORM: &[&str] =
    &["aws_", "azurerm_", "databricks_", "google_", "kubernetes_", "snowflake_", "helm_", "confluent_"];

/// Types of a bundle.
pub(super) const BUNDLE: &[&str] = &["databricks_"];

/// Models of dbt.
const DBT: &[&str] = &["dbt model"];

/// Kinds of Kubernetes that carry data or serve.
const KUBERNETES: &[&str] = &[
    "CronJob",
    "DaemonSet",
    "Deployment",
    "InferenceService",
    "Job",
    "Pod",
    "RayCluster",
    "SparkApplication",
    "StatefulSet",
];

/// Lines of one script that are looked at.
const LINES: usize = 2_000;

/// What the lines of `script`, run in `folder`, deploy.
pub(crate) fn deployments(script: &str, folder: &str) -> Vec<Deployment> {
    let mut found = Vec::new();
    let mut folder = folder.to_owned();
    let logical = script.replace("\\\n", " ");
    for line in logical.lines().take(LINES) {
        for command in line.split(['|', ';']).flat_map(|part| part.split("&&")) {
            let words: Vec<&str> = command
                .split_whitespace()
                .map(|word| word.trim_matches(['"', '\'']))
                .filter(|word| !word.is_empty())
                .collect();
            // Variables before the command, and `sudo`.
            let start = words.iter().position(|word| !word.contains('=') && *word != "sudo").unwrap_or(words.len());
            let words = words.get(start..).unwrap_or_default();
            if let ["cd", to] = words {
                folder = joined(&folder, to);
                continue;
            }
            found.extend(of(words, &folder));
        }
    }
    found
}

fn of(words: &[&str], folder: &str) -> Vec<Deployment> {
    let has = |word: &str| words.contains(&word);
    let after = |flag: &str| -> Option<&str> {
        let joined = format!("{flag}=");
        words
            .iter()
            .find_map(|word| word.strip_prefix(joined.as_str()))
            .or_else(|| words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1)).copied())
    };
    let within =
        |path: &str, types: &'static [&'static str]| vec![Deployment::Folder { path: joined(folder, path), types }];
    match words {
        ["terraform" | "tofu", ..] if has("apply") => within(after("-chdir").unwrap_or_default(), TERRAFORM),
        ["databricks", "bundle", "deploy" | "run", ..] => within("", BUNDLE),
        ["dbt", command, ..] if matches!(*command, "run" | "build" | "snapshot" | "seed") => {
            within(after("--project-dir").unwrap_or_default(), DBT)
        }
        ["kubectl", ..] if has("apply") => {
            let path = after("-f").or_else(|| after("-k")).or_else(|| after("--filename"));
            path.map_or_else(Vec::new, |path| within(path, KUBERNETES))
        }
        ["helm", "upgrade" | "install", rest @ ..] => {
            let plain: Vec<&&str> = rest.iter().filter(|word| !word.starts_with('-')).collect();
            match plain.get(1) {
                Some(chart) if chart.starts_with('.') || chart.contains('/') => within(chart, KUBERNETES),
                _ => Vec::new(),
            }
        }
        ["python" | "python3", "-m", module, ..] => {
            vec![Deployment::Script(joined(folder, &format!("{}.py", module.replace('.', "/"))))]
        }
        ["python" | "python3" | "spark-submit" | "papermill", rest @ ..] => rest
            .iter()
            .find(|word| word.ends_with(".py") || word.ends_with(".ipynb"))
            .map(|path| Deployment::Script(joined(folder, path)))
            .into_iter()
            .collect(),
        ["uv" | "poetry", "run", rest @ ..] => of(rest, folder),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_folders_and_scripts() {
        let folder = |path: &str, types| Deployment::Folder { path: path.to_owned(), types };
        assert_eq!(deployments("terraform -chdir=infra apply -auto-approve", ""), [folder("infra", TERRAFORM)]);
        assert_eq!(deployments("cd infra\nterraform init && terraform apply", "x"), [folder("x/infra", TERRAFORM)]);
        assert_eq!(deployments("databricks bundle deploy -t prod", "ml"), [folder("ml", BUNDLE)]);
        assert_eq!(deployments("FOO=1 python jobs/train.py --x", ""), [Deployment::Script("jobs/train.py".into())]);
        assert_eq!(deployments("python -m jobs.train --x", ""), [Deployment::Script("jobs/train.py".into())]);
        assert_eq!(deployments("kubectl apply -f k8s/", ""), [folder("k8s", KUBERNETES)]);
        assert!(deployments("terraform plan", "").is_empty());
        assert!(deployments("echo helm upgrade", "").is_empty());
    }
}
