//! `aedile.yaml`: what a platform's owners tell aedile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod declared;

use aedile_crawl::{Binding, Limits};
use aedile_rules::OwnLabels;
use miette::{NamedSource, SourceSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::Date;
use time::macros::format_description;

pub use declared::{Declaration, Organisation, Processor};

/// The names under which a configuration is found.
pub const FILE_NAMES: [&str; 2] = ["aedile.yaml", "aedile.yml"];

/// The contents of `aedile.yaml`. Every key may be left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The form of this file; `1`.
    pub version: Option<u32>,
    /// The organisation or platform, for the cover of reports.
    pub entity: Option<String>,
    /// The period that reports are about, in your words (`2026, third quarter`).
    pub period: Option<String>,
    /// Who answers for the scan, for the cover of reports.
    pub operator: Option<String>,
    /// Days within which a finding is to be mended, by severity, from the day that it was first seen.
    pub due: BTreeMap<String, u16>,
    /// Globs of what is not entered, relative to the root, beside the default ones.
    pub exclude: Vec<String>,
    /// Whether version control, virtual environments, build folders and the like are left out; default true.
    pub default_exclude: Option<bool>,
    /// `low`, `medium`, `high`, `critical` or `never`; default `high`.
    pub fail_on: Option<String>,
    /// The same for findings that are new against a baseline or a revision; default `fail_on`.
    pub fail_on_new: Option<String>,
    /// Framework → how many findings of a severity may stand, waived ones not counted.
    pub budgets: BTreeMap<String, BudgetConfig>,
    /// Whether undecided verdicts and gaps that are not accepted give exit code 2.
    pub strict: bool,
    /// Frameworks that are reported; all if empty.
    pub frameworks: Vec<String>,
    /// Folders or files with further guardrail policies (`.cedar`) and frameworks (`.yaml`), relative to this file.
    pub policies: Vec<PathBuf>,
    /// Folders or files with further rule packs (`.yaml`), relative to this file.
    pub rules: Vec<PathBuf>,
    /// Cedar files or folders with the access that is intended, relative to this file.
    pub access: Vec<PathBuf>,
    /// Bounds on what is read.
    pub limits: LimitsConfig,
    /// Values of infrastructure code's input variables.
    pub variables: BTreeMap<String, String>,
    /// Regions, or groups of them (`EEA`, `US`), in which personal data may lie.
    pub residency: Vec<String>,
    /// Names that mean one thing.
    pub bindings: Vec<BindingConfig>,
    /// Facts that no source gives away.
    pub declare: Vec<Declaration>,
    /// What your own words mean on labels of data.
    pub labels: LabelsConfig,
    /// The organisation's own books and procedures.
    pub organisation: Organisation,
    /// Who receives personal data, with contract and place.
    pub processors: Vec<Processor>,
    /// Data class → days after which data of that class is deleted.
    pub retention: BTreeMap<String, i64>,
    /// Findings that are excused.
    pub waivers: Vec<WaiverConfig>,
    /// Gaps that are known and accepted.
    pub accept_gaps: Vec<AcceptedGap>,
    /// Where runs are recorded, relative to this file; `none` records nowhere.
    pub ledger: Option<String>,
}

/// Bounds; what is left out has its default.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Bytes of one text file.
    pub text_bytes: Option<u64>,
    /// Bytes of all texts together.
    pub total_bytes: Option<u64>,
    /// Files.
    pub files: Option<usize>,
    /// Folders below a root.
    pub depth: Option<usize>,
    /// Rows sampled of a dataset.
    pub dataset_rows: Option<usize>,
    /// Bytes decoded of a dataset.
    pub dataset_bytes: Option<u64>,
    /// Nesting in any parser.
    pub nesting: Option<usize>,
}

/// How many findings that touch a framework may stand; what is left out has no bound.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetConfig {
    /// Critical ones.
    pub critical: Option<usize>,
    /// High ones.
    pub high: Option<usize>,
    /// Medium ones.
    pub medium: Option<usize>,
    /// Low ones.
    pub low: Option<usize>,
}

impl BudgetConfig {
    /// Severity and bound, the gravest first.
    pub fn bounds(self) -> impl Iterator<Item = (&'static str, usize)> {
        [("critical", self.critical), ("high", self.high), ("medium", self.medium), ("low", self.low)]
            .into_iter()
            .filter_map(|(severity, bound)| Some((severity, bound?)))
    }
}

/// Words and keys of labels, beside those that are known anyway.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LabelsConfig {
    /// Word → data class; `none` for a word that says that nothing sensitive is there.
    pub words: BTreeMap<String, String>,
    /// Keys whose value is such a word (`acme_level` in `meta: {acme_level: c3}`).
    pub keys: Vec<String>,
}

impl LabelsConfig {
    pub(crate) fn own(&self) -> OwnLabels {
        OwnLabels { words: self.words.clone(), keys: self.keys.clone() }
    }
}

/// Two names for one thing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingConfig {
    /// A path, URI, table or address.
    pub name: String,
    /// Its other name.
    pub is: String,
}

/// A central waiver.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverConfig {
    /// Policy id.
    pub policy: String,
    /// A glob on the asset's id, address or name.
    pub asset: String,
    /// Why; without it the waiver does not hold and is itself a finding.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who approved it.
    #[serde(default)]
    pub by: Option<String>,
    /// The last day on which it holds, `YYYY-MM-DD`.
    #[serde(default)]
    pub until: Option<String>,
}

/// Gaps that strict mode forgives.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptedGap {
    /// `unparsed`, `limit`, …
    pub kind: String,
    /// A glob on the path.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// A configuration and where it came from.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The contents.
    pub config: Config,
    /// The file; `None` if there is none.
    pub path: Option<PathBuf>,
    /// Its text, empty if there is none.
    pub text: Arc<str>,
}

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration `{path}` cannot be read: {reason}")]
    #[diagnostic(code(aedile::config::unreadable), help("check the path given with `--config`"))]
    Unreadable {
        /// The file.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// The file does not parse or has a wrong value.
    #[error("the configuration does not hold: {reason}")]
    #[diagnostic(code(aedile::config::invalid))]
    Invalid {
        /// What is wrong.
        reason: String,
        /// What to do.
        #[help]
        help: String,
        /// The text.
        #[source_code]
        text: NamedSource<Arc<str>>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
}

impl Loaded {
    /// The configuration at `explicit`, else the one in the first of `folders` that has one, else the default.
    ///
    /// # Errors
    /// The file cannot be read, has an unknown key, or a value that is not of its form.
    pub fn find(explicit: Option<&Path>, folders: &[PathBuf]) -> Result<Loaded, ConfigError> {
        let found = explicit.map(Path::to_path_buf).or_else(|| {
            folders.iter().flat_map(|folder| FILE_NAMES.map(|name| folder.join(name))).find(|path| path.is_file())
        });
        let Some(path) = found else { return Ok(Loaded::default()) };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ConfigError::Unreadable { path: path.display().to_string(), reason: error.to_string() })?;
        Loaded::parse(path, text.into())
    }

    /// The configuration `text` that stands at `path`.
    ///
    /// # Errors
    /// As [`Loaded::find`].
    pub fn parse(path: PathBuf, text: Arc<str>) -> Result<Loaded, ConfigError> {
        let config: Config = if text.trim().is_empty() {
            Config::default()
        } else {
            serde_yaml::from_str(&text).map_err(|error| {
                let at = error.location().map_or(0, |location| location.index()).min(text.len());
                ConfigError::Invalid {
                    reason: error.to_string(),
                    help:
                        "`aedile init` writes a commented configuration; the keys are listed in docs/configuration.md"
                            .to_owned(),
                    text: NamedSource::new(path.display().to_string(), Arc::clone(&text)).with_language("yaml"),
                    at: (at, usize::from(at < text.len())).into(),
                }
            })?
        };
        let loaded = Loaded { config, path: Some(path), text };
        loaded.check()?;
        Ok(loaded)
    }

    /// The folder that paths in the configuration are relative to.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.path.as_deref().and_then(Path::parent).map_or_else(PathBuf::new, Path::to_path_buf)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let config = &self.config;
        if config.version.is_some_and(|version| version != 1) {
            return Err(self.invalid("version:", "the version of this file is not 1", "write `version: 1`"));
        }
        for word in config.fail_on.iter().chain(&config.fail_on_new) {
            if crate::gate::Threshold::parse(word).is_none() {
                return Err(self.invalid(
                    word,
                    format!("`{word}` is not a severity"),
                    "use low, medium, high, critical or never",
                ));
            }
        }
        if let Some(word) = config.due.keys().find(|word| word.parse::<aedile_model::Severity>().is_err()) {
            return Err(self.invalid(word, format!("`{word}` is not a severity"), "use low, medium, high or critical"));
        }
        for date in config.waivers.iter().filter_map(|waiver| waiver.until.as_deref()) {
            if parse_date(date).is_none() {
                return Err(self.invalid(date, format!("`{date}` is not a date"), "write it as YYYY-MM-DD"));
            }
        }
        let globs = config
            .exclude
            .iter()
            .chain(config.waivers.iter().map(|waiver| &waiver.asset))
            .chain(config.declare.iter().map(|declaration| &declaration.asset))
            .chain(config.accept_gaps.iter().map(|gap| &gap.path));
        for glob in globs {
            if let Err(error) = globset::Glob::new(glob) {
                return Err(self.invalid(
                    glob,
                    format!("`{glob}` is not a glob: {}", error.kind()),
                    "`*` matches within a name, `**` across folders",
                ));
            }
        }
        self.check_declared()?;
        for declaration in &config.declare {
            if declaration.asset.is_empty() {
                return Err(self.invalid("declare:", "a declaration names no asset", "add `asset: <glob>`"));
            }
            if let Some(kind) = &declaration.kind
                && kind.parse::<aedile_model::AssetKind>().is_err()
            {
                return Err(self.invalid(
                    kind,
                    format!("`{kind}` is not a kind of asset"),
                    "use Bucket, Database, Dataset, Table, Model, Endpoint, …",
                ));
            }
        }
        Ok(())
    }

    /// What the types of declarations do not say.
    fn check_declared(&self) -> Result<(), ConfigError> {
        let config = &self.config;
        let named = [
            ("riskClass", declared::RISK_CLASSES),
            ("label", declared::LABELS),
            ("environment", declared::ENVIRONMENTS),
        ];
        for declaration in &config.declare {
            let given = [&declaration.risk_class, &declaration.label, &declaration.environment];
            for ((key, known), word) in named.iter().zip(given) {
                if let Some(word) = word.as_deref().filter(|word| !known.contains(word)) {
                    return Err(self.invalid(
                        word,
                        format!("`{word}` is no {key}"),
                        format!("use {}", known.join(", ")),
                    ));
                }
            }
            if let Some(day) = declaration.changed.as_deref().filter(|day| parse_date(day).is_none()) {
                return Err(self.invalid(day, format!("`{day}` is not a date"), "write it as YYYY-MM-DD"));
            }
        }
        for processor in &config.processors {
            if processor.name.trim().is_empty() {
                return Err(self.invalid("processors:", "a processor has no name", "add `name:` as findings show it"));
            }
            if let Some(role) = processor.role.as_deref().filter(|role| !declared::ROLES.contains(role)) {
                return Err(self.invalid(
                    role,
                    format!("`{role}` is no role"),
                    format!("use {}", declared::ROLES.join(", ")),
                ));
            }
            for glob in &processor.sinks {
                if let Err(error) = globset::Glob::new(glob) {
                    let reason = format!("`{glob}` is not a glob: {}", error.kind());
                    return Err(self.invalid(glob, reason, "`*` matches within a name, `**` across folders"));
                }
            }
        }
        for (class, days) in &config.retention {
            if *days <= 0 {
                return Err(self.invalid(class, format!("`{class}` is kept {days} days"), "give a number above 0"));
            }
        }
        Ok(())
    }

    /// That the configuration holds `at`, and what is wrong with it.
    pub(crate) fn invalid(&self, at: &str, reason: impl Into<String>, help: impl Into<String>) -> ConfigError {
        let name = self.path.as_deref().unwrap_or(Path::new("aedile.yaml")).display().to_string();
        let start = self.text.find(at).unwrap_or_default();
        ConfigError::Invalid {
            reason: reason.into(),
            help: help.into(),
            text: NamedSource::new(name, Arc::clone(&self.text)).with_language("yaml"),
            at: (start, at.len().min(self.text.len() - start)).into(),
        }
    }
}

impl Config {
    /// The bounds in force.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        let given = &self.limits;
        Limits {
            text_bytes: given.text_bytes.unwrap_or(default.text_bytes),
            total_bytes: given.total_bytes.unwrap_or(default.total_bytes),
            files: given.files.unwrap_or(default.files),
            depth: given.depth.unwrap_or(default.depth),
            dataset_rows: given.dataset_rows.unwrap_or(default.dataset_rows),
            dataset_bytes: given.dataset_bytes.unwrap_or(default.dataset_bytes),
            dataset_seed: default.dataset_seed,
            nesting: given.nesting.unwrap_or(default.nesting),
        }
    }

    /// The declared bindings.
    #[must_use]
    pub fn bindings(&self) -> Vec<Binding> {
        self.bindings.iter().map(|binding| Binding { name: binding.name.clone(), is: binding.is.clone() }).collect()
    }
}

/// `text` as a date, if it is `YYYY-MM-DD`.
#[must_use]
pub fn parse_date(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}
