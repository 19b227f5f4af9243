//! What leads from one template to another: nested stacks, included fragments, exports and imports.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{GapKind, Place};

use super::function::place;
use super::stack::{Declared, Evaluator, Export, Scope, computed};
use super::template::Template;
use crate::iac::datum::Datum;
use crate::iac::policy::overlap;
use crate::yaml;

/// Stacks in stacks.
const STACK_DEPTH: usize = 16;

/// Stacks of all templates together.
const STACKS: usize = 20_000;

/// The types of resources that are stacks, with the property that names their template.
const NESTING: [(&str, &str); 2] =
    [("AWS::CloudFormation::Stack", "TemplateURL"), ("AWS::Serverless::Application", "Location")];

/// The paths of templates that others nest. A template of tests does not make one of the platform nested.
pub(super) fn called(templates: &BTreeMap<&str, &Template>) -> BTreeSet<String> {
    let mut called = BTreeSet::new();
    for template in templates.values() {
        for entry in template.root.get("Resources").map(yaml::Node::entries).unwrap_or_default() {
            let Some(location) = location(&entry.value).and_then(yaml::Node::str) else { continue };
            if let Some(path) = local(&template.folder, location)
                && let Some(target) = templates.get(path.as_str())
                && path != *template.path
                && (target.in_tests || !template.in_tests)
            {
                called.insert(path);
            }
        }
    }
    called
}

/// Where a nested stack says that its template is: in what the CDK notes beside it, or in its own property.
fn location(node: &yaml::Node) -> Option<&yaml::Node> {
    let type_name = node.get("Type").and_then(yaml::Node::str)?;
    let (_, property) = NESTING.iter().find(|(nesting, _)| *nesting == type_name)?;
    let noted = node.get("Metadata").and_then(|metadata| metadata.get("aws:asset:path"));
    noted.or_else(|| node.get("Properties")?.get(property))
}

/// The path that `location` is, seen from `folder`; `None` for addresses.
fn local(folder: &str, location: &str) -> Option<String> {
    if location.contains("://") || location.starts_with('/') || location.is_empty() {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in location.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

impl<'a> Evaluator<'a> {
    /// Makes the stack that `declared` of the stack at `at` nests; a template that is not in the sources is a gap.
    pub(super) fn nest(&mut self, at: usize, declared: &Declared<'a>) {
        let Some(node) = location(declared.node) else {
            if NESTING.iter().any(|(nesting, _)| *nesting == declared.type_name) {
                let message = format!("the template of the stack `{}` is not given", declared.id);
                self.gap(declared.place.clone(), GapKind::Unresolved, message);
            }
            return;
        };
        let Some(stack) = self.stacks.get(at) else { return };
        let (folder, own) = (stack.template.folder.clone(), Arc::clone(&stack.template.path));
        let (prefix, unit) = (format!("{}{}.", stack.prefix, declared.id), Arc::clone(&stack.unit));
        let depth = stack.depth + 1;
        let value = self.evaluate(node, &declared.scope);
        let named = value.text();
        let target = named.as_deref().and_then(|text| local(&folder, text));
        let template = target.as_deref().and_then(|path| self.templates.get(path).copied());
        let Some(template) = template else {
            let what =
                named.map_or("which is not known".to_owned(), |text| format!("`{text}`, which is not in the sources"));
            let message = format!("the stack `{}` has the template {what}", declared.id);
            self.gap(declared.place.clone(), GapKind::Unresolved, message);
            return;
        };
        if self.ancestors(at).any(|path| **path == *template.path) || template.path == own {
            let message = format!("the stack `{}` nests itself", declared.id);
            self.gap(declared.place.clone(), GapKind::Unresolved, message);
            return;
        }
        if depth > STACK_DEPTH || self.stacks.len() >= STACKS {
            let message =
                format!("the stack `{}` is nested too deep, or there are too many: it is not read", declared.id);
            self.gap(declared.place.clone(), GapKind::Limit, message);
            return;
        }
        let inputs = declared.node.get("Properties").and_then(|properties| properties.get("Parameters"));
        let child = self.begin(template, prefix, unit, Some((inputs, declared.scope.clone())), depth);
        if let Some(stack) = self.stacks.get_mut(at) {
            stack.nested.insert(declared.id.clone(), child);
        }
    }

    fn ancestors(&self, at: usize) -> impl Iterator<Item = &Arc<str>> {
        let parent = |&at: &usize| self.stacks.get(at)?.inputs.as_ref().map(|(_, scope)| scope.stack);
        std::iter::successors(Some(at), parent).filter_map(|at| self.stacks.get(at)).map(|stack| &stack.template.path)
    }

    /// `Fn::Transform`: a fragment that is included; what other macros make is not known.
    pub(super) fn transform(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let name = argument.get("Name").and_then(yaml::Node::str).unwrap_or_default();
        let at = place(argument, &scope.path);
        if name != "AWS::Include" {
            let message = format!("the macro `{name}` is not applied");
            self.gap(at, GapKind::Unsupported, message);
            return Datum::unknown(format!("Fn::Transform {name}"), "the macro is not applied");
        }
        match self.included(argument, scope) {
            Some(fragment) => {
                let inner = Scope { path: Arc::clone(&fragment.path), ..scope.clone() };
                self.evaluate(&fragment.root, &inner)
            }
            None => {
                self.gap(at, GapKind::Unresolved, "the included fragment is not in the sources");
                Datum::unknown("Fn::Transform AWS::Include", "the fragment is not in the sources")
            }
        }
    }

    /// The fragment that an `AWS::Include` names.
    pub(super) fn included(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Option<&'a Template> {
        let location = self.evaluate(argument.get("Parameters")?.get("Location")?, scope).text()?;
        let folder = scope.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = local(folder, &location)?;
        let (&path, &fragment) = self.fragments.get_key_value(path.as_str())?;
        self.used_fragments.insert(path);
        Some(fragment)
    }

    /// A gap for every fragment that no template includes.
    pub(super) fn unused_fragments(&mut self) {
        let unused: Vec<Place> = self
            .fragments
            .iter()
            .filter(|(path, _)| !self.used_fragments.contains(*path))
            .map(|(_, fragment)| place(&fragment.root, &fragment.path))
            .collect();
        for place in unused {
            let message = "a part of a template that no template in the sources includes: it is not read";
            self.gap(place, GapKind::Unresolved, message);
        }
    }

    /// `Fn::ImportValue`: the value that the one stack with that export gives.
    pub(super) fn import(&mut self, name: &Datum, scope: &Scope) -> Datum {
        let exports = self.all_exports();
        let expression = name.holed().unwrap_or_else(|| "Fn::ImportValue".to_owned());
        let Some(wanted) = name.holed().map(|text| pattern(&text)) else {
            return computed("Fn::ImportValue", "the name of the export is not known");
        };
        // A pattern of nothing but holes fits everything.
        let exact: Vec<&Export<'_>> = exports.iter().filter(|export| pattern(&export.name) == wanted).collect();
        let fits = |export: &&Export<'_>| {
            let held = pattern(&export.name);
            held.trim_matches('*').len() > 1 && wanted.trim_matches('*').len() > 1 && overlap(&held, &wanted)
        };
        let found = if exact.is_empty() { exports.iter().filter(fits).collect() } else { exact };
        match found.as_slice() {
            [export] => {
                self.join(scope.stack, export.stack);
                self.output(export.stack, export.output)
            }
            [] => computed(&format!("Imports.{expression}"), "no template in the sources exports it"),
            _ => computed(&format!("Imports.{expression}"), "several templates export it"),
        }
    }

    fn all_exports(&mut self) -> Arc<Vec<Export<'a>>> {
        if let Some(held) = &self.exports {
            return Arc::clone(held);
        }
        // Exports whose names are made of imports have none while names are collected.
        self.exports = Some(Arc::default());
        let mut found = Vec::new();
        for at in 0..self.stacks.len() {
            let (Some(section), Some(scope)) = (self.section(at, "Outputs"), self.scope(at)) else { continue };
            for entry in section.entries() {
                let Some(output) = entry.key.str() else { continue };
                let Some(name) = entry.value.get("Export").and_then(|export| export.get("Name")) else { continue };
                if let Some(name) = self.evaluate(name, &scope).holed() {
                    found.push(Export { name, stack: at, output });
                }
            }
        }
        let found = Arc::new(found);
        self.exports = Some(Arc::clone(&found));
        found
    }
}

/// A name with `*` for every hole.
fn pattern(name: &str) -> String {
    let (mut out, mut rest) = (String::new(), name);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push('*');
        rest = after;
    }
    out.push_str(rest);
    out
}
