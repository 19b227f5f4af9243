//! What is known of one root configuration: its module instances, and the values of variables, locals, outputs
//! and resources, each computed once.
//!
//! Work is bounded by depth and by a budget of nodes. Where a bound is reached values become unknown.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place, Unknown};
use aedile_rules::Resources;

use super::module::{Declared, Library, Module};
use super::provider::Settings;
use super::scope::{Held, Here, Names, Scope, Slot, slot};
use super::syntax::{Expression, Step};
use super::typed;
use crate::iac::bound::Bound;
use crate::iac::datum::{Datum, Handle, Key, Kind, Target, hole_for};
use crate::iac::version::Bounds;
use crate::shared::Shared;

/// Evaluation inside evaluation: expressions in expressions, locals in locals, modules in modules.
const DEPTH: usize = 96;

/// Nodes that one root configuration may evaluate, all together.
const BUDGET: usize = 12_000_000;

/// Everything that is known of one root configuration and its modules.
pub(super) struct Evaluator<'a> {
    pub(super) library: &'a Library<'a>,
    pub(super) rules: &'a Resources,
    /// Values given on the command line or in `aedile.yaml`, for the root's variables.
    pub(super) given: &'a BTreeMap<String, String>,
    /// Module instances; the root is the first.
    pub(super) instances: Vec<Instance<'a>>,
    pub(super) gaps: Vec<Gap>,
    pub(super) expansions: Expansions<'a>,
    pub(super) children: Children<'a>,
    /// Settings of providers by module instance and name.
    pub(super) settings: HashMap<(usize, String), Arc<Settings>>,
    /// The versions of a provider that a module instance admits.
    pub(super) bounds: HashMap<(usize, String), Option<Bounds>>,
    /// Parsed files of `templatefile`.
    pub(super) templates: HashMap<String, Arc<(super::parse::Origin, Expression)>>,
    /// Resources expanded so far, over all modules.
    pub(super) expanded: usize,
    values: HashMap<(usize, Name<'a>), Memo>,
    attributes: HashMap<Handle, HashMap<String, Datum>>,
    pub(super) bound: Bound,
}

/// Instances of resources and data sources: module instance, whether it is a data source, type, name.
type Expansions<'a> = HashMap<(usize, bool, &'a str, &'a str), Arc<Vec<Slot>>>;

/// Instances of called modules: calling instance, name of the call.
type Children<'a> = HashMap<(usize, &'a str), Arc<Vec<(Key, usize)>>>;

/// A module as one call makes it.
pub(super) struct Instance<'a> {
    pub(super) module: &'a Module<'a>,
    /// Its address with a dot at the end (`module.lake["a"].`), empty for the root.
    pub(super) prefix: String,
    /// The calls that lead to it without keys, as Terraform's list of installed modules names it (`lake.bucket`).
    pub(super) path: String,
    pub(super) call: Option<Call<'a>>,
}

/// Who calls a module, and with what.
#[derive(Clone)]
pub(super) struct Call<'a> {
    pub(super) parent: usize,
    pub(super) declared: Declared<'a>,
    /// `each` and `count` of the call.
    pub(super) names: Names,
    /// For the provider configurations that the call passes on: local name → name in the parent.
    pub(super) providers: Arc<BTreeMap<String, super::provider::Reference>>,
    /// Where resources of a module without a source of its own are shown.
    pub(super) shown: Option<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Name<'a> {
    Variable(&'a str),
    Local(&'a str),
    Output(&'a str),
}

enum Memo {
    Running,
    Known(Arc<Datum>),
}

impl<'a> Evaluator<'a> {
    /// An evaluator for the root configuration `root`.
    pub(super) fn new(
        library: &'a Library<'a>,
        root: &'a Module<'a>,
        rules: &'a Resources,
        given: &'a BTreeMap<String, String>,
    ) -> Evaluator<'a> {
        Evaluator {
            library,
            rules,
            given,
            instances: vec![Instance { module: root, prefix: String::new(), path: String::new(), call: None }],
            gaps: Vec::new(),
            expansions: HashMap::new(),
            children: HashMap::new(),
            settings: HashMap::new(),
            bounds: HashMap::new(),
            templates: HashMap::new(),
            expanded: 0,
            values: HashMap::new(),
            attributes: HashMap::new(),
            bound: Bound::new(DEPTH, BUDGET),
        }
    }

    pub(super) fn gap(&mut self, place: Option<Place>, kind: GapKind, message: impl Into<String>) {
        if let Some(place) = place {
            self.gaps.push(Gap { place, kind, message: message.into() });
        }
    }

    pub(super) fn instance(&self, at: usize) -> Option<&Instance<'a>> {
        self.instances.get(at)
    }

    pub(super) fn module(&self, at: usize) -> Option<&'a Module<'a>> {
        self.instances.get(at).map(|instance| instance.module)
    }

    /// The folder that a configuration is applied in.
    pub(super) fn root_folder(&self) -> &'a str {
        self.module(0).map_or("", |module| module.folder.as_str())
    }

    /// The value of the name that a traversal begins with, and how many steps it takes.
    pub(super) fn named(&mut self, word: &str, steps: &[Step], scope: &Scope, here: Here<'_>) -> (Held, usize) {
        let name = |at: usize| match steps.get(at) {
            Some(Step::Attribute(name)) => Some(name.as_str()),
            Some(Step::Index(expression)) => expression.literal(),
            _ => None,
        };
        match (word, name(0), name(1)) {
            ("var", Some(variable), _) => (self.variable(scope.instance, variable, here), 1),
            ("local", Some(local), _) => (self.local(scope.instance, local, here), 1),
            ("module", Some(call), _) => {
                let key = self.key_after(steps, 1, here, scope);
                let (datum, keyed) = self.called(scope.instance, call, key.as_ref(), here);
                (Held::Own(datum), 1 + usize::from(keyed))
            }
            ("data" | "ephemeral", Some(kind), Some(resource)) => {
                let key = self.key_after(steps, 2, here, scope);
                let (datum, keyed) =
                    self.whole_resource(scope.instance, word == "data", kind, resource, key.as_ref(), here);
                (Held::Own(datum), 2 + usize::from(keyed))
            }
            ("path", Some(which), _) => (Held::Own(self.path(scope.instance, which, here)), 1),
            ("terraform" | "tofu", Some("workspace"), _) => match self.given.get("terraform.workspace") {
                Some(workspace) => (Held::Own(Datum::from_text(workspace.as_str())), 1),
                None => (Held::Own(later(here, "it depends on the workspace it is applied in")), steps.len()),
            },
            ("terraform" | "tofu" | "self", Some(_), _) => {
                (Held::Own(later(here, "it depends on where it is applied")), steps.len())
            }
            ("each" | "count" | "path" | "terraform" | "tofu" | "self", ..) => {
                (Held::Own(Datum::unknown(here.snippet(), "it is not known here")), steps.len())
            }
            (kind, Some(resource), _) => {
                let key = self.key_after(steps, 1, here, scope);
                let (datum, keyed) = self.whole_resource(scope.instance, false, kind, resource, key.as_ref(), here);
                (Held::Own(datum), 1 + usize::from(keyed))
            }
            _ => (Held::Own(Datum::fault(here.snippet(), "there is nothing of that name")), 0),
        }
    }

    /// The key of the index step at `at`, if there is one that is known.
    fn key_after(&mut self, steps: &[Step], at: usize, here: Here<'_>, scope: &Scope) -> Option<Key> {
        let Some(Step::Index(index)) = steps.get(at) else {
            return None;
        };
        match self.evaluate(index, here.origin, scope).kind {
            Kind::Int(index) => Some(Key::Index(index)),
            Kind::Text(text) => Some(Key::Text(text)),
            _ => None,
        }
    }

    /// `path.module`, `path.root` and `path.cwd`, as seen from the root's folder.
    fn path(&mut self, at: usize, which: &str, here: Here<'_>) -> Datum {
        let module = self.module(at).filter(|module| !module.is_listed());
        match (which, module) {
            ("root", _) => Datum::from_text("."),
            ("module", Some(module)) => Datum::from_text(super::files::relative(self.root_folder(), &module.folder)),
            _ => later(here, "it depends on where it is applied"),
        }
    }

    fn variable(&mut self, at: usize, name: &str, here: Here<'_>) -> Held {
        let Some(module) = self.module(at) else {
            return Held::Own(Datum::fault(here.snippet(), "there is no such module"));
        };
        let Some((&name, &declared)) = module.variables.get_key_value(name) else {
            return Held::Own(Datum::fault(here.snippet(), "the variable is not declared"));
        };
        self.memo(at, Name::Variable(name), here, |this| {
            let body = &declared.block.body;
            let value = this.variable_value(at, name, declared);
            let value = match body.attribute("type") {
                Some(type_of) => typed::converted(value, type_of),
                None => value,
            };
            // `nullable = false` takes the default for null.
            let refused =
                body.attribute("nullable").is_some_and(|nullable| typed::constant(nullable).bool() == Some(false));
            match body.attribute("default") {
                Some(default) if refused && value.is_null() => this.evaluate(default, declared.origin, &Scope::of(at)),
                _ => value,
            }
        })
    }

    fn variable_value(&mut self, at: usize, name: &'a str, declared: Declared<'a>) -> Datum {
        match self.instance(at).and_then(|instance| instance.call.clone()) {
            Some(call) => {
                let body = &call.declared.block.body;
                if let Some(attribute) = body.attributes.iter().find(|attribute| attribute.name == name) {
                    let scope = Scope { instance: call.parent, names: call.names };
                    let origin = attribute.home(call.declared.origin);
                    let value = self.evaluate(&attribute.value, origin, &scope);
                    return value.at(origin.place(attribute.span));
                }
            }
            None => {
                if let Some(text) = self.given.get(name) {
                    return typed::given(text, declared.block);
                }
                if let Some(written) = self.module(at).and_then(|module| module.values.get(name)).copied() {
                    return self.evaluate(written.expression, written.origin, &Scope::of(at));
                }
            }
        }
        match declared.block.body.attribute("default") {
            Some(default) => self.evaluate(default, declared.origin, &Scope::of(at)),
            None => Datum::unknown(format!("var.{name}"), "the variable has no default and no value is given"),
        }
    }

    fn local(&mut self, at: usize, name: &str, here: Here<'_>) -> Held {
        let Some(module) = self.module(at) else {
            return Held::Own(Datum::fault(here.snippet(), "there is no such module"));
        };
        let Some((&name, &written)) = module.locals.get_key_value(name) else {
            return Held::Own(Datum::fault(here.snippet(), "the local value is not declared"));
        };
        self.memo(at, Name::Local(name), here, |this| this.evaluate(written.expression, written.origin, &Scope::of(at)))
    }

    /// The output `name` of the module instance `at`.
    pub(super) fn output(&mut self, at: usize, name: &str, here: Here<'_>) -> Held {
        let Some(module) = self.module(at) else {
            return Held::Own(Datum::fault(here.snippet(), "there is no such module"));
        };
        let Some((&name, &declared)) = module.outputs.get_key_value(name) else {
            if module.is_listed() {
                return Held::Own(later(here, "it is known only after apply"));
            }
            return Held::Own(Datum::fault(here.snippet(), format!("the module has no output `{name}`")));
        };
        self.memo(at, Name::Output(name), here, |this| match declared.block.body.attribute("value") {
            Some(value) => this.evaluate(value, declared.origin, &Scope::of(at)),
            None => Kind::Null.into(),
        })
    }

    fn memo(&mut self, at: usize, name: Name<'a>, here: Here<'_>, compute: impl FnOnce(&mut Self) -> Datum) -> Held {
        match self.values.get(&(at, name)) {
            Some(Memo::Known(value)) => return Held::Shared(Arc::clone(value)),
            Some(Memo::Running) => return Held::Own(Datum::unknown(here.snippet(), "it is defined by itself")),
            None => {}
        }
        self.values.insert((at, name), Memo::Running);
        let value = Arc::new(compute(self));
        self.values.insert((at, name), Memo::Known(Arc::clone(&value)));
        Held::Shared(value)
    }

    /// A called module: its instance of `key` if that is given and there is one, else all; and whether the key
    /// was used.
    fn called(&mut self, at: usize, call: &str, key: Option<&Key>, here: Here<'_>) -> (Datum, bool) {
        let Some((&call, _)) = self.module(at).and_then(|module| module.calls.get_key_value(call)) else {
            return (Datum::fault(here.snippet(), "there is no module of that name"), false);
        };
        let children = self.children(at, call);
        if let Some(key) = key
            && let Ok(found) = children.binary_search_by(|(held, _)| held.cmp(key))
            && let Some((_, child)) = children.get(found)
        {
            return (Kind::Module(*child).into(), true);
        }
        let all = match children.as_slice() {
            [] if self.missing(at, call) => Datum::unknown(here.snippet(), "the module is not in the sources"),
            [] => Kind::List(Shared::default()).into(),
            children => collected(children.iter().map(|(key, child)| (key.clone(), Kind::Module(*child).into()))),
        };
        (all, false)
    }

    /// A whole resource: its instance of `key` if that is given and there is one, else itself or all instances
    /// as a list or map; and whether the key was used.
    fn whole_resource(
        &mut self,
        at: usize,
        data: bool,
        kind: &str,
        name: &str,
        key: Option<&Key>,
        here: Here<'_>,
    ) -> (Datum, bool) {
        let Some((kind, name, _)) = self.module(at).and_then(|module| module.resource(data, kind, name)) else {
            let what = if data { "data source" } else { "resource" };
            return (Datum::fault(here.snippet(), format!("there is no {what} of that name")), false);
        };
        let slots = self.expansion(at, data, kind, name);
        let handle = |key: &Key| Handle {
            instance: at,
            data,
            type_name: kind.to_owned(),
            name: name.to_owned(),
            key: key.clone(),
        };
        if let Some(key) = key
            && let Some(found) = slot(&slots, key)
            && found.key != Key::None
        {
            return (Kind::Resource(handle(&found.key)).into(), true);
        }
        if slots.is_empty() {
            return (Kind::List(Shared::default()).into(), false);
        }
        self.bound.spend(slots.len());
        (collected(slots.iter().map(|slot| (slot.key.clone(), Kind::Resource(handle(&slot.key)).into()))), false)
    }

    /// The full address of a resource.
    pub(super) fn address(&self, handle: &Handle) -> String {
        let prefix = self.instance(handle.instance).map_or("", |instance| instance.prefix.as_str());
        let data = if handle.data { "data." } else { "" };
        format!("{prefix}{data}{}.{}{}", handle.type_name, handle.name, handle.key.suffix())
    }

    /// The attribute `name` of a resource: as it is written, as the provider forms it, or computed.
    pub(super) fn resource_attribute(&mut self, handle: &Handle, name: &str) -> Datum {
        if let Some(held) = self.attributes.get(handle).and_then(|held| held.get(name)) {
            return held.clone();
        }
        let address = self.address(handle);
        let target = Arc::new(Target { address: address.clone(), attribute: name.to_owned() });
        let snippet = format!("{address}.{name}");
        if !self.bound.enter() {
            return Datum::unknown(snippet, "evaluating it reaches a limit");
        }
        let written = self.written_attribute(handle, name).filter(|datum| !datum.is_null());
        let formed = written.or_else(|| self.exported(handle, name));
        self.bound.leave();
        let mut datum = match formed {
            // What might be null in the source is something once it is applied only if the provider says so.
            Some(datum) => datum,
            None => {
                let why = Unknown { expression: snippet.clone(), why: "it is known only after apply".to_owned() };
                Kind::Computed { text: hole_for(&snippet), why }.into()
            }
        };
        datum.of = Some(target);
        self.attributes.entry(handle.clone()).or_default().insert(name.to_owned(), datum.clone());
        datum
    }

    fn written_attribute(&mut self, handle: &Handle, name: &str) -> Option<Datum> {
        let module = self.module(handle.instance)?;
        let (_, _, declared) = module.resource(handle.data, &handle.type_name, &handle.name)?;
        let scope = self.resource_scope(handle)?;
        let body = &declared.block.body;
        if handle.data && handle.type_name == "google_iam_policy" && name == "policy_data" {
            let body = self.body(body, declared.origin, &scope);
            return Some(Kind::Json(Box::new(super::document::bindings(&body))).into());
        }
        if handle.data && handle.type_name == "aws_iam_policy_document" && matches!(name, "json" | "minified_json") {
            let body = self.body(body, declared.origin, &scope);
            return Some(Kind::Json(Box::new(super::document::document(&body))).into());
        }
        if handle.data && handle.type_name == "google_iam_policy" && name == "policy_data" {
            let body = self.body(body, declared.origin, &scope);
            return Some(Kind::Json(Box::new(super::document::bindings(&body))).into());
        }
        if let Some(attribute) = body.attributes.iter().find(|attribute| attribute.name == name) {
            return Some(self.evaluate(&attribute.value, attribute.home(declared.origin), &scope));
        }
        let dynamic = body.blocks("dynamic").any(|block| block.label(0) == Some(name));
        if dynamic || body.blocks(name).next().is_some() {
            return self.nested_blocks(body, name, declared.origin, &scope);
        }
        None
    }

    /// The scope of the body of a resource instance.
    pub(super) fn resource_scope(&mut self, handle: &Handle) -> Option<Scope> {
        let module = self.module(handle.instance)?;
        let (kind, name, _) = module.resource(handle.data, &handle.type_name, &handle.name)?;
        let slots = self.expansion(handle.instance, handle.data, kind, name);
        let slot = slot(&slots, &handle.key).or(slots.first())?;
        Some(Scope { instance: handle.instance, names: slot.names.clone() })
    }

    /// What the rules say that the provider forms from what is written.
    fn exported(&mut self, handle: &Handle, name: &str) -> Option<Datum> {
        let resource = self.rules.resource(aedile_rules::ResourceSource::Terraform, &handle.type_name)?;
        let template = resource.exports.get(name)?;
        let text = crate::iac::name::fill(template, |path| {
            self.written_attribute(handle, path).and_then(|datum| datum.text())
        })?;
        Some(Datum::from_text(text))
    }
}

/// Something that is given, though known only later.
pub(super) fn later(here: Here<'_>, why: &str) -> Datum {
    let expression = here.snippet();
    Kind::Computed { text: hole_for(&expression), why: Unknown { expression, why: why.to_owned() } }.into()
}

/// Instances as one value: the only one, a list by index, or a map by key.
fn collected(instances: impl Iterator<Item = (Key, Datum)>) -> Datum {
    let (mut list, mut map) = (Vec::new(), BTreeMap::new());
    for (key, datum) in instances {
        match key {
            Key::None | Key::Any => return datum,
            Key::Index(_) => list.push(datum),
            Key::Text(text) => {
                map.insert(text, datum);
            }
        }
    }
    if map.is_empty() { Kind::List(list.into()).into() } else { map.into() }
}
