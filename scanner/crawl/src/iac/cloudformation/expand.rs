//! Stacks as resources: what is declared under which condition, loops over resources, bodies.

use std::collections::BTreeSet;
use std::sync::Arc;

use aedile_model::{GapKind, Place, Unknown};
use aedile_rules::ResourceSource;

use super::serverless;
use super::stack::{Declared, Evaluator, Scope};
use crate::iac::condition::Truth;
use crate::iac::datum::{Datum, Kind, Map};
use crate::iac::resource::Resource;
use crate::yaml;

/// Resources that all templates together may have.
const RESOURCES: usize = 50_000;

/// What a resource says about its stack rather than about itself, kept beside its properties.
const POLICIES: [&str; 2] = ["DeletionPolicy", "UpdateReplacePolicy"];

/// Macros that are read.
const KNOWN_MACROS: [&str; 4] = [
    "AWS::CodeDeployBlueGreen",
    "AWS::LanguageExtensions",
    "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
];

impl<'a> Evaluator<'a> {
    /// Finds what every stack declares, and the stacks that they nest.
    pub(super) fn expand(&mut self) {
        let mut at = 0;
        while at < self.stacks.len() {
            self.declare(at);
            at += 1;
        }
        // Templates that only nest each other have no beginning; each is read for itself.
        let reached: BTreeSet<&str> = self.stacks.iter().map(|stack| &*stack.template.path).collect();
        let missed: Vec<_> = self.templates.values().copied().filter(|t| !reached.contains(&*t.path)).collect();
        for template in missed {
            if self.stacks.iter().any(|stack| stack.template.path == template.path) {
                continue;
            }
            self.begin(template, String::new(), Arc::clone(&template.path), None, 0);
            while at < self.stacks.len() {
                self.declare(at);
                at += 1;
            }
        }
    }

    fn declare(&mut self, at: usize) {
        let Some(scope) = self.scope(at) else { return };
        self.macros(at, &scope);
        let mut found = Vec::new();
        if let Some(section) = self.section(at, "Resources") {
            self.collect(section, &scope, &mut found);
        }
        // Names must be there before conditions and nested stacks are looked at.
        let by_id = found.iter().enumerate().map(|(nth, declared)| (declared.id.clone(), nth)).collect();
        let found = Arc::new(found);
        if let Some(stack) = self.stacks.get_mut(at) {
            stack.by_id = by_id;
            stack.declared = Arc::clone(&found);
        }
        for declared in found.iter() {
            if !matches!(self.existence(declared), Truth::False(_)) {
                self.nest(at, declared);
            }
        }
    }

    fn collect(&mut self, section: &'a yaml::Node, scope: &Scope, found: &mut Vec<Declared<'a>>) {
        for entry in section.entries() {
            let Some(key) = entry.key.str() else { continue };
            if let Some(name) = key.strip_prefix("Fn::ForEach::") {
                for (key, value, inner) in self.loops(name, &entry.value, scope) {
                    self.take(key, None, value, inner, found);
                }
            } else if key == "Fn::Transform" {
                match self.included(&entry.value, scope) {
                    Some(fragment) if self.enter(|| Place::file(&fragment.path)) => {
                        let inner = Scope { path: Arc::clone(&fragment.path), ..scope.clone() };
                        self.collect(&fragment.root, &inner, found);
                        self.bound.leave();
                    }
                    Some(_) => {}
                    None => {
                        self.transform(&entry.value, scope);
                    }
                }
            } else {
                self.take(key.to_owned(), Some(&entry.key), &entry.value, scope.clone(), found);
            }
        }
    }

    fn take(
        &mut self,
        id: String,
        key: Option<&yaml::Node>,
        node: &'a yaml::Node,
        scope: Scope,
        found: &mut Vec<Declared<'a>>,
    ) {
        let place = header(key, node, &scope.path);
        let Some(type_name) = node.get("Type").and_then(yaml::Node::str) else {
            if !node.entries().is_empty() {
                self.gap(place, GapKind::Unparsed, format!("the resource `{id}` has no type"));
            }
            return;
        };
        self.made += 1;
        if self.made > RESOURCES {
            if self.made == RESOURCES + 1 {
                let message = format!("more than {RESOURCES} resources: the rest is not read");
                self.gap(place, GapKind::Limit, message);
            }
            return;
        }
        found.push(Declared { id, type_name, node, place, scope });
    }

    /// Whether the stack makes the resource.
    pub(super) fn existence(&mut self, declared: &Declared<'a>) -> Truth {
        match declared.node.get("Condition").and_then(yaml::Node::str) {
            Some(name) => self.condition(declared.scope.stack, name),
            None => Truth::True(None),
        }
    }

    /// The resources of the stack at `at`; those that a transform makes included.
    pub(super) fn resources(&mut self, at: usize) -> Vec<Resource> {
        let Some(stack) = self.stacks.get(at) else { return Vec::new() };
        let (declared, prefix, unit) = (Arc::clone(&stack.declared), stack.prefix.clone(), Arc::clone(&stack.unit));
        let (in_tests, is_serverless) = (stack.template.in_tests, stack.serverless);
        let region = self.region(at);
        let globals = if is_serverless { self.globals(at) } else { Map::default() };
        let (mut made, mut unread) = (Vec::new(), Vec::new());
        for declared in declared.iter() {
            let doubt = match self.existence(declared) {
                Truth::False(_) => continue,
                Truth::True(_) => None,
                Truth::Unknown(why, _) => Some(why),
            };
            let body = self.body(declared);
            let mut push = |id: &str, type_name: &str, body: Datum| {
                made.push(Resource {
                    source: ResourceSource::CloudFormation,
                    type_name: type_name.to_owned(),
                    address: format!("{prefix}{id}"),
                    unit: unit.to_string(),
                    place: Some(declared.place.clone()),
                    in_tests,
                    region: region.clone(),
                    default_tags: None,
                    provider: None,
                    doubt: doubt.clone().map(|why| unknown(why, &declared.place)),
                    body,
                });
            };
            if let Some(kind) = declared.type_name.strip_prefix("AWS::Serverless::") {
                let inputs = serverless::Inputs { id: &declared.id, prefix: &prefix, unit: &unit, globals: &globals };
                match serverless::expand(kind, &inputs, body, self.rules) {
                    Some(all) => {
                        for made in all {
                            let place = made.body.place.clone().or_else(|| Some(declared.place.clone()));
                            push(&made.id, made.type_name, made.body.at(place));
                        }
                    }
                    None => unread.push(declared),
                }
            } else {
                push(&declared.id, declared.type_name, body);
            }
        }
        if is_serverless {
            serverless::together(&mut made, self.rules);
        }
        for declared in unread {
            let message = format!("what the transform makes of `{}` is not read", declared.type_name);
            self.gap(declared.place.clone(), GapKind::Unsupported, message);
        }
        made
    }

    fn body(&mut self, declared: &Declared<'a>) -> Datum {
        let mut body = match declared.node.get("Properties") {
            Some(properties) => self.evaluate(properties, &declared.scope),
            None => Kind::Map(Map::default()).into(),
        };
        if let Kind::Map(map) = &mut body.kind {
            for name in POLICIES {
                if let Some(policy) = declared.node.get(name) {
                    let value = self.evaluate(policy, &declared.scope);
                    map.members.entry(name.to_owned()).or_insert(value);
                }
            }
        }
        let other = (declared.type_name == "AWS::StepFunctions::StateMachine").then(|| body.member("DefinitionString"));
        if let (Some(text), Kind::Map(map)) = (other.flatten().cloned(), &mut body.kind) {
            // The same as text.
            map.members.entry("Definition".to_owned()).or_insert(text);
        }
        body.place = Some(declared.place.clone());
        body
    }

    fn globals(&mut self, at: usize) -> Map {
        let (Some(section), Some(scope)) = (self.section(at, "Globals"), self.scope(at)) else { return Map::default() };
        match self.evaluate(section, &scope).kind {
            Kind::Map(map) => map,
            _ => Map::default(),
        }
    }

    /// A gap for every macro over the whole template that is not read.
    fn macros(&mut self, at: usize, scope: &Scope) {
        let Some(transform) = self.section(at, "Transform") else { return };
        let single = std::slice::from_ref(transform);
        let all = if transform.items().is_empty() { single } else { transform.items() };
        for node in all {
            let name = node.str().or_else(|| node.get("Name").and_then(yaml::Node::str)).unwrap_or_default();
            let known = KNOWN_MACROS.contains(&name) || name.starts_with("AWS::Serverless-") || name == "AWS::Include";
            if name == "AWS::Include" {
                self.gap(
                    super::function::place(node, &scope.path),
                    GapKind::Unsupported,
                    "an include over the whole template is not read",
                );
            } else if !known {
                let message = format!("the macro `{name}` is not applied: it may change any resource");
                self.gap(super::function::place(node, &scope.path), GapKind::Unsupported, message);
            }
        }
    }
}

fn unknown(why: Unknown, place: &Place) -> Datum {
    Datum::from(Kind::Unknown(why)).at(Some(place.clone()))
}

/// The name of a resource, with its type where that stands first.
fn header(key: Option<&yaml::Node>, node: &yaml::Node, path: &Arc<str>) -> Place {
    let first = node.entries().first().filter(|entry| entry.key.str() == Some("Type"));
    let start = key.map_or(node.span.start, |key| key.span.start);
    let end = first.map_or(key.map_or(node.span.end, |key| key.span.end), |entry| entry.value.span.end);
    Place::new(path, start as usize, end.max(start) as usize)
}
