//! A file as a template: who reads it, its tree, its gaps.

use std::sync::Arc;

use aedile_model::Gap;
use memchr::memmem;

use super::given::{self, Given};
use crate::iac::document::{documents, duplicates};
use crate::{File, Options, yaml};

/// What one file gives.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Templates, or fragments that a template includes.
    pub(super) templates: Vec<Template>,
    /// Values for the parameters of a template beside it.
    pub(super) given: Option<Given>,
    pub(super) gaps: Vec<Gap>,
}

/// One template.
#[derive(Debug)]
pub(crate) struct Template {
    pub(super) path: Arc<str>,
    pub(super) folder: String,
    pub(super) in_tests: bool,
    /// The mapping that holds `Resources`, or the whole fragment.
    pub(super) root: yaml::Node,
    /// Whether it is a part of a template, for `AWS::Include`.
    pub(super) fragment: bool,
    /// Whether a framework replaces `${…}` in all its texts before CloudFormation sees them.
    pub(super) framework: bool,
}

/// Extensions of templates.
const EXTENSIONS: [&str; 6] = ["cfn", "json", "sam", "template", "yaml", "yml"];

/// What types of resources begin with.
const TYPES: [&str; 3] = ["AWS::", "Custom::", "Alexa::"];

/// Whether the file looks like a template, a fragment of one, or values for one.
pub(super) fn claims(file: &File) -> bool {
    let Some(text) = &file.text else { return false };
    if given::claims(file, text) {
        return true;
    }
    if !EXTENSIONS.contains(&file.extension().as_str()) {
        return false;
    }
    let has = |word: &str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if !(has("AWSTemplateFormatVersion") || TYPES.iter().any(|start| has(start))) {
        return false;
    }
    if text.trim_start().starts_with('{') {
        return has("\"Resources\"") || has("\"AWSTemplateFormatVersion\"");
    }
    let section = |line: &str| {
        let key = line.split(':').next().unwrap_or_default().trim_matches(['"', '\'']).trim_end();
        ["AWSTemplateFormatVersion", "Resources", "resources", "Transform"].contains(&key)
    };
    text.lines().any(|line| line.contains(':') && section(line)) || looks_like_fragment(text)
}

/// Whether the first member at the margin has a type of CloudFormation below it.
fn looks_like_fragment(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let Some(first) = lines.find(|line| *line != "---") else { return false };
    let named = first.split_once(':').is_some_and(|(key, rest)| {
        rest.trim().is_empty() && !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric())
    });
    let typed = |line: &str| {
        let value = line.trim_start().strip_prefix("Type:").unwrap_or_default();
        TYPES.iter().any(|start| value.trim().trim_matches(['"', '\'']).starts_with(start))
    };
    named && lines.take_while(|line| line.starts_with([' ', '\t'])).any(typed)
}

/// The templates in `file`.
pub(super) fn parse(file: &File, options: &Options) -> Source {
    let mut source = Source::default();
    let Some(text) = &file.text else { return source };
    if given::claims(file, text) {
        source.given = given::parse(file, text, options.limits.nesting);
        return source;
    }
    let json = text.trim_start().starts_with('{');
    let masked = if json { without_tabs(text) } else { None };
    let text = masked.as_deref().unwrap_or(text);
    let (documents, gaps) = documents(file, text, "this template", options);
    source.gaps.extend(gaps);
    for document in documents {
        take(document, file, &mut source);
    }
    source
}

fn take(document: yaml::Node, file: &File, source: &mut Source) {
    let mut found: Vec<(yaml::Node, bool, bool)> = Vec::new();
    if is_template(&document) {
        found.push((document, false, false));
    } else if let Some(inner) = document.get("resources").filter(|_| document.get("provider").is_some()) {
        // The Serverless Framework: one template, or a list of parts.
        let parts = if inner.items().is_empty() { std::slice::from_ref(inner) } else { inner.items() };
        found.extend(parts.iter().filter(|part| is_template(part)).map(|part| (part.clone(), false, true)));
    } else if is_fragment(&document) {
        found.push((document, true, false));
    }
    for (root, fragment, framework) in found {
        source.gaps.extend(duplicates(file, &root));
        let folder = file.folder().to_owned();
        let (path, in_tests) = (Arc::clone(&file.path), file.in_tests);
        source.templates.push(Template { path, folder, in_tests, root, fragment, framework });
    }
}

fn is_template(node: &yaml::Node) -> bool {
    let Some(resources) = node.get("Resources") else { return false };
    node.get("AWSTemplateFormatVersion").is_some()
        || node.get("Transform").is_some()
        || resources.entries().iter().any(|entry| is_resource(&entry.value))
}

fn is_fragment(node: &yaml::Node) -> bool {
    !node.entries().is_empty() && node.entries().iter().all(|entry| is_resource(&entry.value))
}

fn is_resource(node: &yaml::Node) -> bool {
    let type_name = node.get("Type").and_then(yaml::Node::str).unwrap_or_default();
    TYPES.iter().any(|start| type_name.starts_with(start))
}

/// JSON with blanks for its tabs, which YAML refuses between tokens; tabs inside texts are no JSON anyway.
fn without_tabs(text: &str) -> Option<String> {
    text.contains('\t').then(|| text.replace('\t', " "))
}
