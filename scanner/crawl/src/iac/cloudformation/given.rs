//! Values for parameters that stand in files beside a template: `*.parameters.json`, `samconfig.toml`.
//!
//! Where several files or environments give values, a parameter has a value only if all of them agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::Place;

use crate::{File, yaml};

/// Bytes of a `samconfig.toml`; longer ones are no such file.
const CONFIG_BYTES: usize = 1 << 18;

/// Values of one file, by environment.
#[derive(Debug)]
pub(crate) struct Given {
    pub(super) folder: String,
    /// The file's name up to the word that says it holds parameters; empty if it may be of any template of its folder.
    pub(super) stem: String,
    pub(super) environments: Vec<Environment>,
}

/// One set of values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    pub(super) values: BTreeMap<String, (String, Option<Place>)>,
    pub(super) region: Option<String>,
    pub(super) stack_name: Option<String>,
    /// The template that it says it is for, as written.
    pub(super) template: Option<String>,
}

/// Whether `file` holds values for parameters.
pub(super) fn claims(file: &File, text: &str) -> bool {
    let name = file.name().to_ascii_lowercase();
    if name == "samconfig.toml" {
        return text.len() <= CONFIG_BYTES;
    }
    if !name.contains("param") || file.extension() != "json" {
        return false;
    }
    // Values of Azure templates stand in files of the same name.
    let is_arm = text.contains("deploymentParameters.json");
    !is_arm && (text.contains("\"ParameterKey\"") || text.contains("\"Parameters\"")) && !text.contains("\"Resources\"")
}

/// The values in `file`; nothing if it is of another form.
pub(super) fn parse(file: &File, text: &str, nesting: usize) -> Option<Given> {
    let name = file.name().to_ascii_lowercase();
    let folder = file.folder().to_owned();
    if name == "samconfig.toml" {
        return Some(Given { folder, stem: String::new(), environments: configuration(file, text) });
    }
    let text = text.replace('\t', " ");
    let (documents, _) = yaml::parse(&text, nesting);
    let root = documents.first()?;
    let mut environment = Environment::default();
    let place = |node: &yaml::Node| Some(file.place(node.span.start as usize, node.span.end as usize));
    for item in root.items() {
        if let (Some(key), Some(value)) = (item.get("ParameterKey"), item.get("ParameterValue"))
            && let (Some(key), Some(text)) = (key.str(), value.str())
        {
            environment.values.insert(key.to_owned(), (text.to_owned(), place(value)));
        }
    }
    for entry in root.get("Parameters").map(yaml::Node::entries).unwrap_or_default() {
        if let (Some(key), Some(text)) = (entry.key.str(), entry.value.str()) {
            environment.values.insert(key.to_owned(), (text.to_owned(), place(&entry.value)));
        }
    }
    let stem = name.split("param").next().unwrap_or_default().trim_end_matches(['.', '-', '_']).to_owned();
    // `parameters/storage.json` belongs to `storage.yaml` of the folder above.
    (!environment.values.is_empty()).then(|| Given { folder, stem, environments: vec![environment] })
}

/// The environments of a `samconfig.toml`: sections `[name.deploy.parameters]` and `[name.global.parameters]`.
fn configuration(file: &File, text: &str) -> Vec<Environment> {
    let mut environments: BTreeMap<String, Environment> = BTreeMap::new();
    let mut sections: Vec<(String, String, usize)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let header = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        at += line.len();
        match (header, sections.last_mut()) {
            (Some(header), _) if !header.contains(['"', '=', '[']) => {
                sections.push((header.to_owned(), String::new(), at))
            }
            (_, Some((_, body, _))) => body.push_str(line),
            (_, None) => {}
        }
    }
    for (header, body, start) in sections {
        let mut parts = header.split('.');
        let (Some(name), Some(command), Some("parameters")) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if !["deploy", "global"].contains(&command) {
            continue;
        }
        // Keys, texts and lists are written as in HCL.
        let Ok(body) = hcl_edit::parser::parse_body(&body) else { continue };
        let environment = environments.entry(name.to_owned()).or_default();
        let end = start;
        for attribute in body.attributes() {
            let text = attribute.value.as_str().map(str::to_owned);
            match (attribute.key.as_str(), text) {
                ("region", Some(text)) => environment.region = Some(text),
                ("stack_name", Some(text)) => environment.stack_name = Some(text),
                ("template_file" | "template", Some(text)) => environment.template = Some(text),
                ("parameter_overrides", text) => {
                    let list = attribute.value.as_array().map(|items| {
                        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect::<Vec<_>>()
                    });
                    let pairs = list.unwrap_or_else(|| text.as_deref().map(words).unwrap_or_default());
                    for pair in pairs {
                        if let Some((key, value)) = pair.split_once('=') {
                            let value = value.trim_matches('"').to_owned();
                            let place = Some(Place::new(&file.path, start.min(end), end));
                            environment.values.insert(key.trim().to_owned(), (value, place));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    environments.into_values().collect()
}

/// The words of a command line, blanks inside quotes kept.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// What the files beside a template say of it.
#[derive(Debug, Default)]
pub(super) struct Values<'a> {
    environments: Vec<&'a Environment>,
}

impl<'a> Values<'a> {
    /// The environments of `given` that belong to the template at `path`, `alone` being whether it is the only one
    /// of its folder.
    pub(super) fn of(path: &Arc<str>, folder: &str, alone: bool, given: &[&'a Given]) -> Values<'a> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
        let near = |given: &Given| {
            given.folder == folder
                || given.folder.strip_suffix("/parameters").or(given.folder.strip_suffix("/params")) == Some(folder)
                || (folder.is_empty() && ["parameters", "params"].contains(&given.folder.as_str()))
        };
        let mut environments = Vec::new();
        for given in given.iter().filter(|given| near(given)) {
            for environment in &given.environments {
                let meant = match (&environment.template, given.stem.is_empty()) {
                    (Some(template), _) => template.trim_start_matches("./") == name,
                    (None, true) => alone || ["template", "sam"].contains(&stem.as_str()),
                    (None, false) => {
                        given.stem == stem
                            || given.stem.strip_prefix(&stem).is_some_and(|rest| rest.starts_with(['-', '.', '_']))
                            || given.stem.strip_suffix(&stem).is_some_and(|rest| rest.ends_with(['-', '.', '_']))
                    }
                };
                if meant {
                    environments.push(environment);
                }
            }
        }
        Values { environments }
    }

    /// The value of the parameter `name` if all environments give the same one; `Err` if they differ.
    pub(super) fn parameter(&self, name: &str) -> Result<Option<(String, Option<Place>)>, ()> {
        let mut found: Option<&(String, Option<Place>)> = None;
        for environment in &self.environments {
            match (environment.values.get(name), found) {
                (Some(value), Some(held)) if value.0 != held.0 => return Err(()),
                (Some(value), _) => found = Some(value),
                // Another environment keeps the default, whatever it is.
                (None, _) if self.environments.iter().any(|other| other.values.contains_key(name)) => return Err(()),
                (None, _) => {}
            }
        }
        Ok(found.cloned())
    }

    /// The region that all environments name.
    pub(super) fn region(&self) -> Option<&'a str> {
        agreed(self.environments.iter().map(|environment| environment.region.as_deref()))
    }

    /// The stack's name that all environments give.
    pub(super) fn stack_name(&self) -> Option<&'a str> {
        agreed(self.environments.iter().map(|environment| environment.stack_name.as_deref()))
    }
}

fn agreed<'a>(mut values: impl Iterator<Item = Option<&'a str>>) -> Option<&'a str> {
    let first = values.next()??;
    values.all(|value| value == Some(first)).then_some(first)
}
