//! Files of values beside a chart's own, one for each environment: `values-prod.yaml`, `prod.values.yaml`,
//! `values/prod.yaml`.

use super::chart::within;
use crate::File;

/// Words that say that a file is there to be copied, or for the tests of the chart.
const EXAMPLES: [&str; 9] = ["ci", "default", "dummy", "example", "examples", "sample", "schema", "template", "test"];

/// Folders of a chart that hold files of values.
const FOLDERS: [&str; 6] = ["", "env", "environments", "envs", "overlays", "values"];

/// The files of values beside a chart's own.
#[derive(Debug, Default)]
pub(in crate::iac) struct Variants {
    /// Those for an environment: what the environment is called, and the path.
    pub(in crate::iac) environments: Vec<(String, String)>,
    /// Paths of those that are called examples, templates or tests.
    pub(in crate::iac) examples: Vec<String>,
}

/// The files of values in the chart in `folder`.
pub(super) fn variants(files: &[File], folder: &str) -> Variants {
    let mut found = Variants::default();
    for file in files {
        let Some(environment) = within(&file.path, folder).and_then(named) else { continue };
        if EXAMPLES.iter().any(|word| environment.split(['-', '_', '.']).any(|part| part == *word)) {
            found.examples.push(file.path.to_string());
        } else {
            found.environments.push((environment.to_owned(), file.path.to_string()));
        }
    }
    found
}

/// The environment that the file at that path within a chart is for.
pub(super) fn named(relative: &str) -> Option<&str> {
    let (inner, name) = relative.rsplit_once('/').unwrap_or(("", relative));
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
    environment(stem, !inner.is_empty()).filter(|_| FOLDERS.contains(&inner))
}

/// The environment that a file of values is for, by its name; in a folder of such files, every name is one.
fn environment(stem: &str, within_folder: bool) -> Option<&str> {
    let marks = ['-', '_', '.'];
    let before = stem.strip_prefix("values").and_then(|rest| rest.strip_prefix(marks));
    let behind = || stem.strip_suffix("values").and_then(|rest| rest.strip_suffix(marks));
    let alone = || (within_folder && stem != "values").then_some(stem);
    before.or_else(behind).or_else(alone).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_known_by_the_names_of_their_files() {
        let paths = [
            "c/Chart.yaml",
            "c/values.yaml",
            "c/values-prod.yaml",
            "c/staging.values.yml",
            "c/values_eu.west.yaml",
            "c/values/dev.yaml",
            "c/values.schema.json",
            "c/values-example.yaml",
            "c/ci/test-values.yaml",
            "c/templates/values-x.yaml",
            "values-out.yaml",
        ];
        let files: Vec<File> = paths.iter().map(|path| File::in_memory(path, "")).collect();
        let found = variants(&files, "c");
        let names: Vec<String> = found.environments.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["prod", "staging", "eu.west", "dev"]);
        assert_eq!(found.examples, ["c/values-example.yaml"]);
    }
}
