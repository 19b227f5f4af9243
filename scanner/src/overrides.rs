//! What the command line adds to the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use miette::{Report, miette};

use crate::cli::TargetArgs;
use crate::config::Config;

/// What the command line adds to the configuration; paths are absolute.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    rules: Vec<PathBuf>,
    policies: Vec<PathBuf>,
    exclude: Vec<String>,
    frameworks: Vec<String>,
    variables: BTreeMap<String, String>,
}

impl Overrides {
    /// What `target` says; paths there are relative to the working directory.
    ///
    /// # Errors
    /// An exclusion is no glob, or a variable has no value.
    pub fn new(target: &TargetArgs) -> Result<Overrides, Report> {
        let absolute = |paths: &[PathBuf]| -> Vec<PathBuf> {
            paths.iter().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone())).collect()
        };
        for glob in &target.exclude {
            globset::Glob::new(glob).map_err(|error| {
                miette!(
                    code = "aedile::usage",
                    help = "`*` matches within a name, `**` across folders",
                    "`{glob}` is not a glob: {}",
                    error.kind()
                )
            })?;
        }
        let mut variables = BTreeMap::new();
        for variable in &target.variables {
            let (name, value) = variable.split_once('=').ok_or_else(|| {
                miette!(
                    code = "aedile::usage",
                    help = "write `--var region=eu-west-1`",
                    "`{variable}` is not NAME=VALUE"
                )
            })?;
            variables.insert(name.to_owned(), value.to_owned());
        }
        Ok(Overrides {
            rules: absolute(&target.rules),
            policies: absolute(&target.policy),
            exclude: target.exclude.clone(),
            frameworks: target.framework.clone(),
            variables,
        })
    }

    /// Adds them to `config`.
    pub fn apply(&self, config: &mut Config) {
        config.rules.extend(self.rules.iter().cloned());
        config.policies.extend(self.policies.iter().cloned());
        config.exclude.extend(self.exclude.iter().cloned());
        if !self.frameworks.is_empty() {
            config.frameworks.clone_from(&self.frameworks);
        }
        config.variables.extend(self.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
}
