//! What a template deploys: its resources with their children and loops, and those of nested templates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};
use aedile_rules::ResourceSource;

use super::DEPLOYMENTS;
use super::address::hole_free;
use super::evaluate::{Evaluator, Here, Scope, member_of, of};
use super::link::{Linked, linked};
use crate::iac::datum::{Datum, Kind, Map};
use crate::iac::resource::Resource;

/// Deployments within deployments, and children within resources.
const NESTING: usize = 8;
/// Resources and deployments of one template.
const COUNT: usize = 20_000;

/// A template whose resources are made.
struct Deployed {
    template: Arc<Datum>,
    here: Here,
}

/// Makes the resources of one root template.
pub(super) struct Deployment<'e, 'a> {
    pub(super) evaluator: &'e mut Evaluator<'a>,
    /// Every template of the scan by path.
    pub(super) templates: &'a BTreeMap<String, Arc<Datum>>,
    /// Paths of the templates that were reached.
    pub(super) reached: BTreeSet<String>,
    pub(super) resources: Vec<Resource>,
    pub(super) gaps: Vec<Gap>,
    pub(super) unit: String,
    pub(super) in_tests: bool,
    deployed: Vec<Deployed>,
    taken: BTreeSet<String>,
}

/// The parent of a child resource.
#[derive(Clone)]
struct Parent {
    type_name: String,
    name: Datum,
}

impl<'e, 'a> Deployment<'e, 'a> {
    pub(super) fn new(
        evaluator: &'e mut Evaluator<'a>,
        templates: &'a BTreeMap<String, Arc<Datum>>,
        unit: &str,
        in_tests: bool,
    ) -> Deployment<'e, 'a> {
        Deployment {
            evaluator,
            templates,
            reached: BTreeSet::new(),
            resources: Vec::new(),
            gaps: Vec::new(),
            unit: unit.to_owned(),
            in_tests,
            deployed: Vec::new(),
            taken: BTreeSet::new(),
        }
    }

    /// Deploys the template at `path` with those parameters.
    pub(super) fn run(&mut self, path: &str, given: BTreeMap<String, (Datum, Option<Here>)>) {
        let Some(template) = self.templates.get(path) else { return };
        let mut scope = Scope::new(Arc::clone(template), path.into(), given);
        scope.root = true;
        self.evaluator.scopes.push(scope);
        let here = Here { scope: self.evaluator.scopes.len() - 1, ..Here::default() };
        self.open(Arc::clone(template), here, 0);
        let mut at = 0;
        while let Some(Deployed { template, here }) =
            self.deployed.get(at).map(|d| Deployed { template: Arc::clone(&d.template), here: d.here.clone() })
        {
            for (_, raw) in declared(&template) {
                self.resource(raw, &here, None, 0);
            }
            at += 1;
        }
    }

    /// Finds the symbolic names and the nested deployments of `template`, so that the order of resources does not count.
    fn open(&mut self, template: Arc<Datum>, here: Here, depth: usize) {
        let path = self.evaluator.scopes.get(here.scope).map(|scope| Arc::clone(&scope.path)).unwrap_or_default();
        self.reached.insert(path.to_string());
        self.deployed.push(Deployed { template: Arc::clone(&template), here: here.clone() });
        for (symbol, raw) in declared(&template) {
            let Some(type_name) = self.type_of(raw, &here) else { continue };
            let is_deployment = type_name.eq_ignore_ascii_case(DEPLOYMENTS);
            if symbol.is_none() && !is_deployment {
                continue;
            }
            for here in self.instances(raw, &here) {
                let name = raw.member("name").map(|name| self.evaluator.resolve(name, &here)).and_then(|n| n.holed());
                let name = name.unwrap_or_else(|| symbol.unwrap_or("unnamed").to_owned());
                let address = self.evaluator.types.address(&type_name, &name.split('/').collect::<Vec<_>>());
                if let (Some(symbol), Some(scope)) = (symbol, self.evaluator.scopes.get_mut(here.scope)) {
                    scope.symbols.insert(symbol.to_owned(), address.clone());
                }
                if is_deployment && self.condition(raw, &here) != Some(false) {
                    let address = format!("{DEPLOYMENTS}/{}", hole_free(&name));
                    self.nested(raw, &here, &path, &address, depth);
                    if let (Some(symbol), Some(scope)) = (symbol, self.evaluator.scopes.get_mut(here.scope)) {
                        scope.symbols.insert(symbol.to_owned(), address);
                    }
                }
            }
        }
    }

    fn nested(&mut self, raw: &Datum, here: &Here, path: &Arc<str>, address: &str, depth: usize) {
        let Some(properties) = raw.member("properties") else { return };
        if depth >= NESTING || self.evaluator.scopes.len() + self.deployed.len() >= COUNT {
            self.evaluator.limited.get_or_insert_with(|| raw.place.clone());
            return;
        }
        let scope = properties.member("expressionEvaluationOptions").and_then(|options| options.member("scope"));
        let inner = scope.and_then(Datum::text).is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
        let (template, path) = match (properties.member("template"), properties.member("templateLink")) {
            (Some(template), _) if matches!(template.kind, Kind::Map(_)) => {
                (Arc::new(template.clone()), Arc::clone(path))
            }
            (_, Some(link)) => {
                let link = self.evaluator.resolve(link, here);
                match linked(&link, path, self.templates) {
                    Linked::Here(path) => match self.templates.get(&path) {
                        Some(template) => (Arc::clone(template), path.as_str().into()),
                        None => return,
                    },
                    Linked::Elsewhere(what) => {
                        self.gap(
                            raw,
                            format!("the linked template `{what}` is not among the files: what it deploys is not read"),
                        );
                        return;
                    }
                }
            }
            _ => {
                self.gap(
                    raw,
                    "the template of a nested deployment is not written here: what it deploys is not read".to_owned(),
                );
                return;
            }
        };
        let linked = properties.member("template").is_none();
        if !inner && !linked {
            // Its expressions see the names of the outer template, and only those.
            self.open(template, here.clone(), depth + 1);
            return;
        }
        if properties.member("parametersLink").is_some() {
            self.gap(raw, "the parameters of a nested deployment are linked: they are not known".to_owned());
        }
        let mut given = BTreeMap::new();
        if let Some(Kind::Map(parameters)) = properties.member("parameters").map(|parameters| &parameters.kind) {
            for (name, value) in &parameters.members {
                given.insert(name.to_ascii_lowercase(), (value.clone(), Some(here.clone())));
            }
        }
        self.evaluator.scopes.push(Scope::new(Arc::clone(&template), path, given));
        let scope = self.evaluator.scopes.len() - 1;
        self.evaluator.deployments.insert(address.to_owned(), scope);
        self.open(template, Here { scope, ..Here::default() }, depth + 1);
    }

    /// The turns of the resource's loop; one whose number is not known stands for all.
    fn instances(&mut self, raw: &Datum, here: &Here) -> Vec<Here> {
        let Some(copy) = raw.member("copy").filter(|copy| matches!(copy.kind, Kind::Map(_))) else {
            return vec![here.clone()];
        };
        let name = copy.member("name").and_then(Datum::text).unwrap_or_default();
        match self.evaluator.turns(copy, here) {
            Some(turns) => (0..turns).map(|turn| here.turn(&name, Kind::Int(turn).into())).collect(),
            None => {
                let any = Datum::unknown("copyIndex()", "how often the loop repeats is known at deployment only");
                vec![here.turn(&name, any)]
            }
        }
    }

    fn condition(&mut self, raw: &Datum, here: &Here) -> Option<bool> {
        match raw.member("condition") {
            Some(condition) => self.evaluator.resolve(condition, here).bool(),
            None => Some(true),
        }
    }

    fn type_of(&mut self, raw: &Datum, here: &Here) -> Option<String> {
        self.evaluator.resolve(raw.member("type")?, here).text()
    }

    fn resource(&mut self, raw: &Datum, here: &Here, parent: Option<&Parent>, depth: usize) {
        if depth > NESTING || self.resources.len() >= COUNT {
            self.evaluator.limited.get_or_insert_with(|| raw.place.clone());
            return;
        }
        let Some(own_type) = self.type_of(raw, here) else {
            self.gap(raw, "a resource whose type is not known is not read".to_owned());
            return;
        };
        if own_type.eq_ignore_ascii_case(DEPLOYMENTS) {
            return;
        }
        for here in self.instances(raw, here) {
            let there = self.condition(raw, &here);
            if there == Some(false) {
                continue;
            }
            let name = raw.member("name").map(|name| self.evaluator.resolve(name, &here));
            let name = name.unwrap_or_else(|| Datum::unknown("name", "the resource has no name"));
            let (type_name, name) = match parent {
                Some(parent) if !starts_below(&own_type, &parent.type_name) => {
                    (format!("{}/{own_type}", parent.type_name), below(&parent.name, &name))
                }
                _ => (own_type.clone(), name),
            };
            if raw.member("existing").and_then(Datum::bool) != Some(true) {
                self.declare(raw, &here, &type_name, &name, there.is_some());
            }
            let own = Parent { type_name, name };
            let children: Vec<&Datum> = declared(raw).into_iter().map(|(_, child)| child).collect();
            for child in children {
                self.resource(child, &here, Some(&own), depth + 1);
            }
        }
    }

    fn declare(&mut self, raw: &Datum, here: &Here, type_name: &str, name: &Datum, there: bool) {
        let holed = name.holed().unwrap_or_else(|| "{name}".to_owned());
        let names: Vec<&str> = holed.split('/').collect();
        let found = Found::new(self.evaluator, type_name, &names);
        let mut members = BTreeMap::new();
        if let Kind::Map(map) = &raw.kind {
            for (key, value) in &map.members {
                if !["resources", "copy", "condition", "dependsOn"].contains(&key.as_str()) {
                    members.insert(key.clone(), self.evaluator.resolve(value, here));
                }
            }
        }
        let short = match (&name.kind, names.last()) {
            (Kind::Text(_), Some(last)) => Datum::from_text(*last),
            (Kind::Computed { why, .. }, Some(last)) if last.contains('{') => {
                Kind::Computed { text: (*last).to_owned(), why: why.clone() }.into()
            }
            (Kind::Computed { .. }, Some(last)) => Datum::from_text(*last),
            _ => name.clone(),
        };
        members.insert("shortName".to_owned(), short.at(name.place.clone()));
        if let Some(version) = members.get("apiVersion").and_then(Datum::text) {
            let date: String = version.chars().take(10).filter(char::is_ascii_digit).collect();
            if let Ok(date) = date.parse() {
                members.insert("apiDate".to_owned(), Kind::Int(date).into());
            }
        }
        let template = self.evaluator.scopes.get(here.scope).map(|scope| Arc::clone(&scope.template));
        let level = template.as_deref().map_or("resourceGroup", deployment_scope);
        members.insert("deploymentScope".to_owned(), Datum::from_text(level));
        let mut scope = members.remove("scope");
        if let Some(address) = &found.scope {
            scope = Some(of(address, "id"));
        } else if let Some(given) = &scope
            && given.of.is_none()
            && let Some(address) = given.holed().and_then(|text| self.evaluator.types.written(&text))
        {
            scope = Some(of(&address, "id").at(given.place.clone()));
        }
        if let Some(scope) = scope {
            members.insert("scope".to_owned(), scope);
        }
        let ancestors: Vec<Datum> = found.ancestors.iter().map(|address| of(address, "id")).collect();
        members.insert("ancestors".to_owned(), Kind::List(ancestors.into()).into());
        let place = raw.member("type").and_then(|own| own.place.clone()).or_else(|| raw.place.clone());
        let address = self.free(found.address);
        self.resources.push(Resource {
            source: ResourceSource::Arm,
            type_name: found.type_name,
            address,
            unit: self.unit.clone(),
            region: members.get("location").map(region),
            default_tags: None,
            // Whether it is deployed is known at deployment only: others cannot count on it.
            provider: None,
            doubt: (!there).then(|| {
                let condition = raw.member("condition").and_then(Datum::text).unwrap_or_default();
                Datum::unknown(condition, "whether the resource is deployed is known at deployment only")
                    .at(place.clone())
            }),
            body: Datum::from(Kind::Map(Map { members: members.into(), open: None })).at(place.clone()),
            place,
            in_tests: self.in_tests,
        });
    }

    /// `address`, with a number if another resource has it.
    fn free(&mut self, address: String) -> String {
        let mut wanted = address.clone();
        let mut copy = self.taken.len();
        if self.taken.contains(&wanted) {
            copy = 2;
            wanted = format!("{address}#{copy}");
        }
        while !self.taken.insert(wanted.clone()) {
            copy += 1;
            wanted = format!("{address}#{copy}");
        }
        wanted
    }

    fn gap(&mut self, raw: &Datum, message: String) {
        let place = raw.member("type").and_then(|own| own.place.clone()).or_else(|| raw.place.clone());
        let place = place.unwrap_or_else(|| Place::file(&self.unit.as_str().into()));
        self.gaps.push(Gap { place, kind: GapKind::Unresolved, message });
    }
}

/// A resource's type, address and what it lies in, as the packs write them.
struct Found {
    type_name: String,
    address: String,
    ancestors: Vec<String>,
    /// What an extension of the form `type/providers/extension` extends.
    scope: Option<String>,
}

impl Found {
    fn new(evaluator: &Evaluator<'_>, type_name: &str, names: &[&str]) -> Found {
        let types = evaluator.types;
        let lower = type_name.to_ascii_lowercase();
        let split = lower.find("/providers/").and_then(|at| Some((type_name.get(..at)?, type_name.get(at + 11..)?)));
        if let Some((base, tail)) = split {
            let count = base.split('/').count() - 1;
            let (base_names, rest) = names.split_at_checked(count).unwrap_or((names, &[]));
            if let Some((namespace, own)) = rest.split_first() {
                let scope = types.address(base, base_names);
                let type_name = types.canonical(&format!("{namespace}/{tail}"));
                let address = format!("{scope}/providers/{}", types.address(&type_name, own));
                return Found { type_name, address, ancestors: Vec::new(), scope: Some(scope) };
            }
        }
        let parts: Vec<&str> = type_name.split('/').collect();
        let ancestors = (2..parts.len())
            .filter_map(|length| Some(types.address(&parts.get(..length)?.join("/"), names.get(..length - 1)?)));
        Found {
            ancestors: ancestors.collect(),
            type_name: types.canonical(type_name),
            address: types.address(type_name, names),
            scope: None,
        }
    }
}

/// The resources of a template or of a resource, with symbolic names where they have them.
pub(super) fn declared(template: &Datum) -> Vec<(Option<&str>, &Datum)> {
    match member_of(template, "resources").map(|resources| &resources.kind) {
        Some(Kind::List(items)) => items.iter().map(|item| (None, item)).collect(),
        Some(Kind::Map(map)) => map.members.iter().map(|(symbol, item)| (Some(symbol.as_str()), item)).collect(),
        _ => Vec::new(),
    }
}

/// What the template is deployed to, by its schema.
fn deployment_scope(template: &Datum) -> &'static str {
    let schema = template.member("$schema").and_then(Datum::text).unwrap_or_default().to_ascii_lowercase();
    let levels = [
        ("subscriptiondeployment", "subscription"),
        ("managementgroupdeployment", "managementGroup"),
        ("tenantdeployment", "tenant"),
    ];
    levels.iter().find(|(word, _)| schema.contains(word)).map_or("resourceGroup", |(_, level)| level)
}

fn starts_below(type_name: &str, parent: &str) -> bool {
    let start = format!("{}/", parent.to_ascii_lowercase());
    type_name.to_ascii_lowercase().starts_with(&start)
}

fn below(parent: &Datum, name: &Datum) -> Datum {
    let text = format!("{}/{}", parent.holed().unwrap_or_default(), name.holed().unwrap_or_default());
    match parent.why_unknown().or_else(|| name.why_unknown()) {
        Some(why) => Datum::from(Kind::Computed { text, why: why.clone() }),
        None => Datum::from_text(text),
    }
    .at(name.place.clone())
}

/// The region as the provider's list has it: `West Europe` is `westeurope`.
pub(super) fn region(location: &Datum) -> Datum {
    match &location.kind {
        Kind::Text(text) => Datum {
            kind: Kind::Text(text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()),
            ..location.clone()
        },
        _ => location.clone(),
    }
}
