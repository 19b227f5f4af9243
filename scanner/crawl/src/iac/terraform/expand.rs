//! Instances of resources and modules.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::GapKind;

use super::evaluator::{Call, Evaluator, Instance};
use super::module::{Declared, Module, local_folder};
use super::scope::{Names, Scope, Slot};
use super::typed::{constant, each};
use crate::iac::datum::{Datum, Key, Kind};

/// Instances of one resource or module; more become one that stands for all.
const INSTANCES: usize = 5_000;

/// Resources and module calls of one root configuration, all together.
const EXPANDED: usize = 50_000;

/// Modules in modules.
const MODULE_DEPTH: usize = 16;

/// What a block says about Terraform rather than about the resource.
pub(super) const META: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

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

    /// The instances that a block makes, sorted by key.
    fn slots(&mut self, at: usize, declared: Declared<'a>) -> Vec<Slot> {
        if self.expanded > EXPANDED {
            return Vec::new();
        }
        let scope = Scope::of(at);
        let body = &declared.block.body;
        let slots = if let Some(count) = body.attribute("count") {
            self.counted(count, declared, &scope)
        } else if let Some(collection) = body.attribute("for_each") {
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
        } else if self.disabled(declared, &scope) {
            Vec::new()
        } else {
            vec![Slot { key: Key::None, names: Names::default() }]
        };
        self.expanded += slots.len();
        if self.expanded > EXPANDED {
            let message = format!("more than {EXPANDED} resources and modules: the rest is not read");
            self.gap(declared.header(), GapKind::Limit, message);
            return Vec::new();
        }
        slots
    }

    fn counted(&mut self, count: &super::syntax::Expression, declared: Declared<'a>, scope: &Scope) -> Vec<Slot> {
        match self.evaluate(count, declared.origin, scope).int() {
            Some(count) if count <= 0 => Vec::new(),
            Some(count) if usize::try_from(count).is_ok_and(|count| count <= INSTANCES) => (0..count)
                .map(|index| {
                    let index_of = BTreeMap::from([("index".to_owned(), Kind::Int(index).into())]);
                    Slot { key: Key::Index(index), names: Names::default().with("count", index_of.into()) }
                })
                .collect(),
            Some(count) => {
                let message = format!("count is {count}: more than {INSTANCES} instances are read as one");
                self.gap(declared.header(), GapKind::Limit, message);
                vec![any()]
            }
            None => vec![any()],
        }
    }

    /// OpenTofu's `lifecycle { enabled = … }`.
    fn disabled(&mut self, declared: Declared<'a>, scope: &Scope) -> bool {
        let enabled = declared.block.body.blocks("lifecycle").find_map(|block| block.body.attribute("enabled"));
        enabled.is_some_and(|enabled| self.evaluate(enabled, declared.origin, scope).bool() == Some(false))
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

    /// Whether the module that `call` names is not in the sources, rather than called no times.
    pub(super) fn missing(&self, at: usize, call: &str) -> bool {
        let declared = self.module(at).and_then(|module| module.calls.get(call));
        declared.is_none_or(|declared| {
            let body = &declared.block.body;
            body.attribute("count").is_none() && body.attribute("for_each").is_none()
        })
    }

    fn instantiate(&mut self, at: usize, call: &'a str, declared: Declared<'a>) -> Vec<(Key, usize)> {
        let parent_path = self.instance(at).map_or("", |instance| instance.path.as_str());
        let path = if parent_path.is_empty() { call.to_owned() } else { format!("{parent_path}.{call}") };
        let Some(module) = self.source_of(at, call, &path, declared) else {
            return Vec::new();
        };
        let shown = match self.instance(at).and_then(|instance| instance.call.as_ref()?.shown.clone()) {
            // What a listed module calls is shown where that is called.
            Some(place) => Some(place),
            None => module.is_listed().then(|| declared.header()).flatten(),
        };
        if module.is_listed() && self.module(at).is_some_and(|parent| !parent.is_listed()) {
            self.untold(call, module, declared);
        }
        let providers = Arc::new(self.passed_providers(at, declared));
        let mut children = Vec::new();
        for slot in self.slots(at, declared) {
            let parent_prefix = self.instance(at).map_or("", |instance| instance.prefix.as_str());
            let prefix = format!("{parent_prefix}module.{call}{}.", slot.key.suffix());
            children.push((slot.key, self.instances.len()));
            let call = Call {
                parent: at,
                declared,
                names: slot.names,
                providers: Arc::clone(&providers),
                shown: shown.clone(),
            };
            self.instances.push(Instance { module, prefix, path: path.clone(), call: Some(call) });
        }
        children
    }

    /// Inputs that the description of a listed module does not know are a gap: what they change is not seen.
    fn untold(&mut self, call: &str, module: &Module<'a>, declared: Declared<'a>) {
        let inputs = declared.block.body.attributes.iter().map(|attribute| attribute.name.as_str());
        let own = |name: &str| META.contains(&name) || ["source", "version", "providers"].contains(&name);
        let unknown: Vec<String> = inputs
            .filter(|name| !own(name) && !module.variables.contains_key(name))
            .map(|name| format!("`{name}`"))
            .collect();
        if !unknown.is_empty() {
            let message = format!("module `{call}`: what {} change is not described", unknown.join(", "));
            self.gap(declared.header(), GapKind::Unsupported, message);
        }
    }

    /// The module that a call names; one that cannot be read is a gap.
    fn source_of(&mut self, at: usize, call: &str, path: &str, declared: Declared<'a>) -> Option<&'a Module<'a>> {
        let parent = self.module(at)?;
        let body = &declared.block.body;
        let source = match body.attribute("source") {
            Some(source) => self.evaluate(source, declared.origin, &Scope::of(at)),
            None => Datum::unknown("source", "it is not given"),
        };
        let library = self.library;
        let refuse = |this: &mut Self, kind, message: String| {
            this.gap(declared.header(), kind, message);
            None
        };
        let Some(source) = source.text() else {
            return refuse(self, GapKind::Unresolved, format!("the source of module `{call}` is not known"));
        };
        let local = if parent.is_listed() { None } else { local_folder(&parent.folder, &source) };
        let folder = local.clone().or_else(|| library.installed(self.root_folder(), path));
        let found = folder.as_ref().and_then(|folder| library.modules.get(folder));
        let module = match (found, local) {
            (Some(module), _) => module,
            (None, Some(folder)) => {
                let message = format!("module `{call}` names the folder `{folder}`, which holds no configuration");
                return refuse(self, GapKind::Unresolved, message);
            }
            (None, None) => {
                let version = body.attribute("version").map(|version| constant(version).text().unwrap_or_default());
                match library.listed.find(&source, version.as_deref()) {
                    Ok(module) => module,
                    Err(why) => {
                        return refuse(
                            self,
                            GapKind::Unresolved,
                            format!("module `{call}` comes from `{source}`, {why}"),
                        );
                    }
                }
            }
        };
        let ancestors = std::iter::successors(Some(at), |&at| Some(self.instance(at)?.call.as_ref()?.parent));
        let ancestors: Vec<&Module<'a>> = ancestors.filter_map(|at| self.module(at)).collect();
        if ancestors.iter().any(|ancestor| std::ptr::eq(*ancestor, module)) {
            return refuse(self, GapKind::Unresolved, format!("module `{call}` calls itself"));
        }
        if ancestors.len() > MODULE_DEPTH {
            let message = format!("module `{call}` is nested more than {MODULE_DEPTH} deep");
            return refuse(self, GapKind::Limit, message);
        }
        Some(module)
    }
}

/// `each` or the iterator of a dynamic block.
pub(super) fn pair(key: Datum, value: Datum) -> Datum {
    BTreeMap::from([("key".to_owned(), key), ("value".to_owned(), value)]).into()
}

fn any() -> Slot {
    let unknown = |what: &str| Datum::unknown(what, "the instances are not known");
    let count = BTreeMap::from([("index".to_owned(), unknown("count.index"))]).into();
    let names = Names::default().with("each", pair(unknown("each.key"), unknown("each.value"))).with("count", count);
    Slot { key: Key::Any, names }
}

fn keyed(key: Key, value: Datum) -> Slot {
    let text = match &key {
        Key::Text(text) => Datum::from_text(text.clone()),
        _ => Kind::Null.into(),
    };
    Slot { key, names: Names::default().with("each", pair(text, value)) }
}
