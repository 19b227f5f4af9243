//! Instances of resources and modules, and bodies with their nested and `dynamic` blocks.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::GapKind;
use hcl_edit::Span;
use hcl_edit::structure::{Block, Body, Structure};

use super::evaluate::Names;
use super::module::{Declared, label, local_folder};
use super::parse::Origin;
use super::scope::{Evaluator, Instance, Scope, Slot};
use super::typed::each;
use crate::iac::datum::{Datum, Key, Kind, Map};

/// Instances of one resource or module; more become one that stands for all.
const INSTANCES: usize = 1_000;

/// Resources and module calls of one root configuration, all together.
const EXPANDED: usize = 20_000;

/// Modules in modules.
const MODULE_DEPTH: usize = 16;

/// What a block says about Terraform rather than about the resource.
const META: [&str; 7] = ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

impl<'a> Evaluator<'a> {
    /// The instances of a resource or data source.
    pub(super) fn expansion(&mut self, at: usize, data: bool, kind: &'a str, name: &'a str) -> Arc<Vec<Slot>> {
        let key = (at, data, kind, name);
        if let Some(held) = self.expansions.get(&key) {
            return Arc::clone(held);
        }
        // A resource whose number of instances depends on itself is one that stands for all.
        self.expansions.insert(key, Arc::new(vec![any()]));
        let declared =
            self.module(at).and_then(|module| module.resource(data, kind, name)).map(|(.., declared)| declared);
        let slots = Arc::new(declared.map_or_else(Vec::new, |declared| self.slots(at, declared)));
        self.expansions.insert(key, Arc::clone(&slots));
        slots
    }

    fn slots(&mut self, at: usize, declared: Declared<'a>) -> Vec<Slot> {
        if self.expanded > EXPANDED {
            return Vec::new();
        }
        let scope = Scope { instance: at, names: Names::new() };
        let body = &declared.block.body;
        let attribute = |name| body.get_attribute(name).map(|attribute| &attribute.value);
        let slots = if let Some(count) = attribute("count") {
            match self.evaluate(count, declared.origin, &scope).int() {
                Some(count) if count <= 0 => Vec::new(),
                Some(count) if usize::try_from(count).is_ok_and(|count| count <= INSTANCES) => {
                    (0..count).map(|index| counted(Key::Index(index), Kind::Int(index).into())).collect()
                }
                Some(count) => {
                    let message = format!("count is {count}: more than {INSTANCES} instances are read as one");
                    self.gap(declared.header(), GapKind::Limit, message);
                    vec![any()]
                }
                None => vec![any()],
            }
        } else if let Some(collection) = attribute("for_each") {
            let collection = self.evaluate(collection, declared.origin, &scope);
            match each(&collection) {
                Some(pairs) if pairs.len() <= INSTANCES => {
                    pairs.into_iter().map(|(key, value)| keyed(key, value)).collect()
                }
                Some(pairs) => {
                    let message =
                        format!("{} instances by for_each: more than {INSTANCES} are read as one", pairs.len());
                    self.gap(declared.header(), GapKind::Limit, message);
                    vec![any()]
                }
                None => vec![any()],
            }
        } else {
            vec![Slot { key: Key::None, names: Names::new() }]
        };
        self.expanded += slots.len();
        if self.expanded > EXPANDED {
            let message = format!("more than {EXPANDED} resources and modules: the rest is not read");
            self.gap(declared.header(), GapKind::Limit, message);
            return Vec::new();
        }
        slots
    }

    /// The instances of a module call; empty for modules that are not in the sources, which is a gap.
    pub(super) fn children(&mut self, at: usize, call: &'a str) -> Arc<Vec<(Key, usize)>> {
        if let Some(held) = self.children.get(&(at, call)) {
            return Arc::clone(held);
        }
        self.children.insert((at, call), Arc::default());
        let declared = self.module(at).and_then(|module| module.calls.get(call)).copied();
        let children = Arc::new(declared.map_or_else(Vec::new, |declared| self.instantiate(at, call, declared)));
        self.children.insert((at, call), Arc::clone(&children));
        children
    }

    fn instantiate(&mut self, at: usize, call: &'a str, declared: Declared<'a>) -> Vec<(Key, usize)> {
        let Some(parent) = self.module(at) else {
            return Vec::new();
        };
        let scope = Scope { instance: at, names: Names::new() };
        let body = &declared.block.body;
        let source = match body.get_attribute("source") {
            Some(source) => self.evaluate(&source.value, declared.origin, &scope),
            None => Datum::unknown("source", "it is not given"),
        };
        let Some(source) = source.text() else {
            self.gap(declared.header(), GapKind::Unresolved, format!("the source of module `{call}` is not known"));
            return Vec::new();
        };
        let Some(folder) = local_folder(&parent.folder, &source) else {
            let message = format!("module `{call}` comes from `{source}`, which is not in the sources");
            self.gap(declared.header(), GapKind::Unresolved, message);
            return Vec::new();
        };
        let Some(module) = self.modules.get(&folder) else {
            let message = format!("module `{call}` names the folder `{folder}`, which holds no configuration");
            self.gap(declared.header(), GapKind::Unresolved, message);
            return Vec::new();
        };
        let ancestors: Vec<&str> = std::iter::successors(Some(at), |&at| self.instance(at)?.parent)
            .filter_map(|at| self.module(at).map(|module| module.folder.as_str()))
            .collect();
        if ancestors.contains(&folder.as_str()) {
            self.gap(declared.header(), GapKind::Unresolved, format!("module `{call}` calls itself"));
            return Vec::new();
        }
        if ancestors.len() > MODULE_DEPTH {
            let message = format!("module `{call}` is nested more than {MODULE_DEPTH} deep");
            self.gap(declared.header(), GapKind::Limit, message);
            return Vec::new();
        }
        let providers = providers_of(declared.block);
        let mut children = Vec::new();
        for slot in self.slots(at, declared) {
            let scope = Scope { instance: at, names: slot.names.clone() };
            let mut inputs = Names::new();
            for attribute in body.attributes() {
                let name = attribute.key.as_str();
                if !META.contains(&name) && !["source", "version", "providers"].contains(&name) {
                    inputs.insert(name.to_owned(), self.evaluate(&attribute.value, declared.origin, &scope));
                }
            }
            let parent_prefix = self.instance(at).map_or("", |instance| instance.prefix.as_str());
            let prefix = format!("{parent_prefix}module.{call}{}.", slot.key.suffix());
            children.push((slot.key, self.instances.len()));
            self.instances.push(Instance {
                module,
                prefix,
                parent: Some(at),
                inputs: Some(inputs),
                providers: providers.clone(),
            });
        }
        children
    }

    /// A body as a map: attributes by name, nested blocks as lists of maps.
    pub(super) fn body(&mut self, body: &'a Body, origin: &'a Origin, scope: &Scope) -> Datum {
        let mut map = Map::default();
        if !self.enter() {
            return Datum::unknown("body", "evaluating it reaches a limit");
        }
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let name = attribute.key.as_str();
                    if META.contains(&name) {
                        continue;
                    }
                    let value = self.evaluate(&attribute.value, origin, scope);
                    map.members.insert(name.to_owned(), value.at(Self::attribute_place(origin, attribute)));
                }
                Structure::Block(block) if block.ident.as_str() == "dynamic" => {
                    self.dynamic(block, origin, scope, &mut map)
                }
                Structure::Block(block) => {
                    let name = block.ident.as_str();
                    if !META.contains(&name) {
                        let value = self.body(&block.body, origin, scope).at(origin.place(block.span()));
                        push(&mut map.members, name, value);
                    }
                }
            }
        }
        self.leave();
        Kind::Map(map).into()
    }

    fn dynamic(&mut self, block: &'a Block, origin: &'a Origin, scope: &Scope, map: &mut Map) {
        let Some(name) = label(block, 0) else { return };
        let Some(content) = block.body.get_blocks("content").next() else {
            return;
        };
        let iterator = block.body.get_attribute("iterator").and_then(|iterator| iterator.value.as_variable());
        let iterator = iterator.map_or(name, |ident| ident.as_str()).to_owned();
        let place = origin.place(block.span());
        let collection = match block.body.get_attribute("for_each") {
            Some(collection) => self.evaluate(&collection.value, origin, scope),
            None => Datum::unknown(name, "the dynamic block has no for_each"),
        };
        let pairs = match &collection.kind {
            // A tuple keeps its order and its doubles, unlike a set.
            Kind::List(items) => Some(items.iter().map(|item| (item.clone(), item.clone())).collect()),
            _ => each(&collection).map(|pairs| {
                let text = |key: Key| match key {
                    Key::Text(text) => Datum::from_text(text),
                    _ => Kind::Null.into(),
                };
                pairs.into_iter().map(|(key, value)| (text(key), value)).collect::<Vec<_>>()
            }),
        };
        match pairs {
            Some(pairs) if pairs.len() <= INSTANCES => {
                for (key, value) in pairs {
                    let mut inner = scope.clone();
                    inner.names.insert(iterator.clone(), pair(key, value));
                    let value = self.body(&content.body, origin, &inner).at(place.clone());
                    push(&mut map.members, name, value);
                }
            }
            _ => {
                let why = collection.why_unknown().map_or("there are too many".to_owned(), ToString::to_string);
                push(&mut map.members, name, Datum::unknown(format!("dynamic \"{name}\""), why).at(place));
            }
        }
    }
}

fn push(members: &mut BTreeMap<String, Datum>, name: &str, value: Datum) {
    let place = value.place.clone();
    let slot = members.entry(name.to_owned()).or_insert_with(|| Datum::from(Kind::List(Vec::new())).at(place));
    match &mut slot.kind {
        Kind::List(items) => items.push(value),
        // An attribute of the same name: the block form wins, as in providers that take both.
        _ => slot.kind = Kind::List(vec![value]),
    }
}

fn pair(key: Datum, value: Datum) -> Datum {
    BTreeMap::from([("key".to_owned(), key), ("value".to_owned(), value)]).into()
}

fn any() -> Slot {
    let unknown = |what: &str| Datum::unknown(what, "the instances are not known");
    let names = BTreeMap::from([
        ("each".to_owned(), pair(unknown("each.key"), unknown("each.value"))),
        ("count".to_owned(), BTreeMap::from([("index".to_owned(), unknown("count.index"))]).into()),
    ]);
    Slot { key: Key::Any, names }
}

fn counted(key: Key, index: Datum) -> Slot {
    let count = BTreeMap::from([("index".to_owned(), index)]).into();
    Slot { key, names: BTreeMap::from([("count".to_owned(), count)]) }
}

fn keyed(key: Key, value: Datum) -> Slot {
    let text = match &key {
        Key::Text(text) => Datum::from_text(text.clone()),
        _ => Kind::Null.into(),
    };
    Slot { key, names: BTreeMap::from([("each".to_owned(), pair(text, value))]) }
}

/// `providers = { aws = aws.eu }` of a module call.
fn providers_of(block: &Block) -> BTreeMap<String, String> {
    let Some(object) = block.body.get_attribute("providers").and_then(|attribute| attribute.value.as_object()) else {
        return BTreeMap::new();
    };
    object
        .iter()
        .map(|(key, value)| {
            let key = match key {
                hcl_edit::expr::ObjectKey::Ident(ident) => ident.as_str().to_owned(),
                hcl_edit::expr::ObjectKey::Expression(expression) => expression.to_string().trim().to_owned(),
            };
            (key, value.expr().to_string().trim().to_owned())
        })
        .collect()
}
