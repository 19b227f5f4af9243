//! What names mean: variables, locals, resources, data sources and modules of one root configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place, Unknown};
use aedile_rules::Resources;
use hcl_edit::Span;
use hcl_edit::expr::TraversalOperator;
use hcl_edit::structure::Block;

use super::evaluate::Names;
use super::module::{Declared, Module};
use super::parse::Origin;
use super::typed;
use crate::iac::datum::{Datum, Handle, Key, Kind, Target, hole_for};

/// Evaluation inside evaluation: expressions in expressions, locals in locals, modules in modules.
const DEPTH: usize = 96;

/// Nodes that one root configuration may evaluate, all together.
const BUDGET: usize = 3_000_000;

/// Everything that is known of one root configuration and its modules.
pub(super) struct Evaluator<'a> {
    pub(super) modules: &'a BTreeMap<String, Module<'a>>,
    pub(super) rules: &'a Resources,
    /// Values given on the command line or in `aedile.yaml`, for the root's variables.
    pub(super) given: &'a BTreeMap<String, String>,
    /// Module instances; the root is the first.
    pub(super) instances: Vec<Instance<'a>>,
    pub(super) gaps: Vec<Gap>,
    pub(super) expansions: Expansions<'a>,
    pub(super) children: Children<'a>,
    /// Resources expanded so far, over all modules.
    pub(super) expanded: usize,
    values: BTreeMap<(usize, Name<'a>), Memo>,
    depth: usize,
    budget: usize,
    /// Whether a bound was reached: some values are unknown for no reason of their own.
    pub(super) limited: bool,
    /// The first expression that reached it.
    pub(super) limited_at: Option<Place>,
}

/// Instances of resources and data sources: module instance, whether it is a data source, type, name.
type Expansions<'a> = BTreeMap<(usize, bool, &'a str, &'a str), Arc<Vec<Slot>>>;

/// Instances of called modules: calling instance, name of the call.
type Children<'a> = BTreeMap<(usize, &'a str), Arc<Vec<(Key, usize)>>>;

/// A module with the inputs of one call.
pub(super) struct Instance<'a> {
    pub(super) module: &'a Module<'a>,
    /// Its address with a dot at the end (`module.lake["a"].`), empty for the root.
    pub(super) prefix: String,
    pub(super) parent: Option<usize>,
    /// Inputs; `None` for the root, whose variables come from files and options.
    pub(super) inputs: Option<Names>,
    /// For the provider configurations that the call passes on: local name → name in the parent.
    pub(super) providers: BTreeMap<String, String>,
}

/// One instance of a resource or module: its key and what `each` and `count` are there.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) key: Key,
    pub(super) names: Names,
}

/// Where an expression stands.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) instance: usize,
    /// `each`, `count`, `self` and the variables of `for`.
    pub(super) names: Names,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name<'a> {
    Variable(&'a str),
    Local(&'a str),
    Output(&'a str),
}

enum Memo {
    Running,
    Known(Datum),
}

impl<'a> Evaluator<'a> {
    /// An evaluator for the root configuration `root`.
    pub(super) fn new(
        modules: &'a BTreeMap<String, Module<'a>>,
        root: &'a Module<'a>,
        rules: &'a Resources,
        given: &'a BTreeMap<String, String>,
    ) -> Evaluator<'a> {
        let instance =
            Instance { module: root, prefix: String::new(), parent: None, inputs: None, providers: BTreeMap::new() };
        Evaluator {
            modules,
            rules,
            given,
            instances: vec![instance],
            gaps: Vec::new(),
            expansions: BTreeMap::new(),
            children: BTreeMap::new(),
            expanded: 0,
            values: BTreeMap::new(),
            depth: 0,
            budget: BUDGET,
            limited: false,
            limited_at: None,
        }
    }

    pub(super) fn enter(&mut self) -> bool {
        if self.depth >= DEPTH || !self.spend(1) {
            self.limited = true;
            return false;
        }
        self.depth += 1;
        true
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Takes `nodes` from the budget; false if there is not as much left.
    pub(super) fn spend(&mut self, nodes: usize) -> bool {
        let left = self.budget.checked_sub(nodes);
        self.budget = left.unwrap_or(0);
        self.limited |= left.is_none();
        left.is_some()
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

    /// The value of the name that a traversal begins with, and the operators that are left.
    pub(super) fn named<'t>(
        &mut self,
        word: &str,
        operators: &'t [&'a TraversalOperator],
        scope: &Scope,
        snippet: &str,
    ) -> (Datum, &'t [&'a TraversalOperator]) {
        let name = |at: usize| match operators.get(at) {
            Some(TraversalOperator::GetAttr(name)) => Some(name.as_str()),
            Some(TraversalOperator::Index(expression)) => expression.as_str(),
            _ => None,
        };
        let rest = |skip: usize| operators.get(skip..).unwrap_or_default();
        match (word, name(0), name(1)) {
            ("var", Some(variable), _) => (self.variable(scope.instance, variable, snippet), rest(1)),
            ("local", Some(local), _) => (self.local(scope.instance, local, snippet), rest(1)),
            ("module", Some(call), _) => (self.called(scope.instance, call, snippet), rest(1)),
            ("data", Some(kind), Some(resource)) => {
                (self.whole_resource(scope.instance, true, kind, resource, snippet), rest(2))
            }
            ("path" | "terraform" | "self", Some(_), _) => {
                let why =
                    Unknown { expression: snippet.to_owned(), why: "it depends on where it is applied".to_owned() };
                (Kind::Computed { text: hole_for(snippet), why }.into(), &[])
            }
            ("each" | "count" | "path" | "terraform" | "self", ..) => {
                (Datum::unknown(snippet, "it is not known here"), &[])
            }
            (kind, Some(resource), _) => (self.whole_resource(scope.instance, false, kind, resource, snippet), rest(1)),
            _ => (Datum::fault(snippet, "there is nothing of that name"), rest(0)),
        }
    }

    fn variable(&mut self, at: usize, name: &str, snippet: &str) -> Datum {
        let Some(module) = self.module(at) else {
            return Datum::fault(snippet, "there is no such module");
        };
        let Some((&name, &declared)) = module.variables.get_key_value(name) else {
            return Datum::fault(snippet, "the variable is not declared");
        };
        self.memo(at, Name::Variable(name), snippet, |this| {
            let type_of = declared.block.body.get_attribute("type").map(|attribute| &attribute.value);
            let value = this.variable_value(at, name, declared);
            match (value, type_of) {
                (value, Some(type_of)) => typed::completed(value, type_of),
                (value, None) => value,
            }
        })
    }

    fn variable_value(&mut self, at: usize, name: &'a str, declared: Declared<'a>) -> Datum {
        let scope = Scope { instance: at, names: Names::new() };
        match self.instance(at).map(|instance| &instance.inputs) {
            Some(Some(inputs)) => {
                if let Some(value) = inputs.get(name) {
                    return value.clone();
                }
            }
            _ => {
                if let Some(text) = self.given.get(name) {
                    return typed::given(text, declared.block);
                }
                if let Some(written) = self.module(at).and_then(|module| module.values.get(name)).copied() {
                    return self.evaluate(written.expression, written.origin, &scope);
                }
            }
        }
        match declared.block.body.get_attribute("default") {
            Some(default) => self.evaluate(&default.value, declared.origin, &scope),
            None => Datum::unknown(format!("var.{name}"), "the variable has no default and no value is given"),
        }
    }

    fn local(&mut self, at: usize, name: &str, snippet: &str) -> Datum {
        let Some(module) = self.module(at) else {
            return Datum::fault(snippet, "there is no such module");
        };
        let Some((&name, &written)) = module.locals.get_key_value(name) else {
            return Datum::fault(snippet, "the local value is not declared");
        };
        self.memo(at, Name::Local(name), snippet, |this| {
            let scope = Scope { instance: at, names: Names::new() };
            this.evaluate(written.expression, written.origin, &scope)
        })
    }

    /// The output `name` of the module instance `at`.
    pub(super) fn output(&mut self, at: usize, name: &str, snippet: &str) -> Datum {
        let Some(module) = self.module(at) else {
            return Datum::fault(snippet, "there is no such module");
        };
        let Some((&name, &declared)) = module.outputs.get_key_value(name) else {
            return Datum::fault(snippet, format!("the module has no output `{name}`"));
        };
        self.memo(at, Name::Output(name), snippet, |this| {
            let scope = Scope { instance: at, names: Names::new() };
            match declared.block.body.get_attribute("value") {
                Some(value) => this.evaluate(&value.value, declared.origin, &scope),
                None => Kind::Null.into(),
            }
        })
    }

    fn memo(&mut self, at: usize, name: Name<'a>, snippet: &str, compute: impl FnOnce(&mut Self) -> Datum) -> Datum {
        match self.values.get(&(at, name)) {
            Some(Memo::Known(value)) => {
                let value = value.clone();
                let weight = value.size();
                return if self.spend(weight) {
                    value
                } else {
                    Datum::unknown(snippet, "evaluating it reaches a limit")
                };
            }
            Some(Memo::Running) => return Datum::unknown(snippet, "it is defined by itself"),
            None => {}
        }
        self.values.insert((at, name), Memo::Running);
        let value = compute(self);
        self.values.insert((at, name), Memo::Known(value.clone()));
        value
    }

    fn called(&mut self, at: usize, call: &str, snippet: &str) -> Datum {
        let Some((&call, _)) = self.module(at).and_then(|module| module.calls.get_key_value(call)) else {
            return Datum::fault(snippet, "there is no module of that name");
        };
        let children = self.children(at, call);
        match children.as_slice() {
            [] => Datum::unknown(snippet, "the module is not in the sources"),
            children => collected(children.iter().map(|(key, child)| (key.clone(), Kind::Module(*child).into()))),
        }
    }

    /// A whole resource: itself, or its instances as a list or map.
    pub(super) fn whole_resource(&mut self, at: usize, data: bool, kind: &str, name: &str, snippet: &str) -> Datum {
        let Some((kind, name, _)) = self.module(at).and_then(|module| module.resource(data, kind, name)) else {
            let what = if data { "data source" } else { "resource" };
            return Datum::fault(snippet, format!("there is no {what} of that name"));
        };
        let slots = self.expansion(at, data, kind, name);
        if slots.is_empty() {
            return Kind::List(Vec::new()).into();
        }
        collected(slots.iter().map(|slot| {
            let handle =
                Handle { instance: at, data, type_name: kind.to_owned(), name: name.to_owned(), key: slot.key.clone() };
            (slot.key.clone(), Kind::Resource(handle).into())
        }))
    }

    /// The full address of a resource.
    pub(super) fn address(&self, handle: &Handle) -> String {
        let prefix = self.instance(handle.instance).map_or("", |instance| instance.prefix.as_str());
        let data = if handle.data { "data." } else { "" };
        format!("{prefix}{data}{}.{}{}", handle.type_name, handle.name, handle.key.suffix())
    }

    /// The attribute `name` of a resource: as it is written, as the provider forms it, or computed.
    pub(super) fn resource_attribute(&mut self, handle: &Handle, name: &str) -> Datum {
        let address = self.address(handle);
        let target = Arc::new(Target { address: address.clone(), attribute: name.to_owned() });
        let snippet = format!("{address}.{name}");
        if !self.enter() {
            return Datum::unknown(snippet, "evaluating it reaches a limit");
        }
        let written = self.written_attribute(handle, name).filter(|datum| !datum.is_null());
        let formed = written.or_else(|| self.exported(handle, name));
        self.leave();
        let mut datum = match formed {
            // What might be null in the source is something once it is applied only if the provider says so.
            Some(datum) => datum,
            None => {
                let why = Unknown { expression: snippet.clone(), why: "it is known only after apply".to_owned() };
                Kind::Computed { text: hole_for(&snippet), why }.into()
            }
        };
        datum.of = Some(target);
        datum
    }

    fn written_attribute(&mut self, handle: &Handle, name: &str) -> Option<Datum> {
        let module = self.module(handle.instance)?;
        let (_, _, declared) = module.resource(handle.data, &handle.type_name, &handle.name)?;
        let scope = self.resource_scope(handle)?;
        if handle.data && handle.type_name == "aws_iam_policy_document" && name == "json" {
            let body = self.body(&declared.block.body, declared.origin, &scope);
            return Some(Kind::Json(Box::new(super::document::document(&body))).into());
        }
        if let Some(attribute) = declared.block.body.get_attribute(name) {
            return Some(self.evaluate(&attribute.value, declared.origin, &scope));
        }
        let blocks: Vec<&'a Block> =
            declared.block.body.blocks().filter(|block| block.ident.as_str() == name).collect();
        if blocks.is_empty() {
            return None;
        }
        Some(
            Kind::List(blocks.into_iter().map(|block| self.body(&block.body, declared.origin, &scope)).collect())
                .into(),
        )
    }

    /// The scope of the body of a resource instance.
    pub(super) fn resource_scope(&mut self, handle: &Handle) -> Option<Scope> {
        let module = self.module(handle.instance)?;
        let (kind, name, _) = module.resource(handle.data, &handle.type_name, &handle.name)?;
        let slots = self.expansion(handle.instance, handle.data, kind, name);
        let slot = slots.iter().find(|slot| slot.key == handle.key).or(slots.first())?;
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

    /// A place of a whole block's header or of an attribute.
    pub(super) fn attribute_place(origin: &Origin, attribute: &hcl_edit::structure::Attribute) -> Option<Place> {
        let start = attribute.key.span()?.start;
        let end = attribute.value.span()?.end;
        origin.place(Some(start..end))
    }
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
    if map.is_empty() { Kind::List(list).into() } else { map.into() }
}
