//! What the expressions of a plan's `configuration` refer to.

use std::collections::{BTreeMap, BTreeSet};

use super::Planned;
use crate::iac::datum::Target;
use crate::iac::json::Node;

/// References through variables, outputs and `each`.
const HOPS: usize = 16;

/// A resource as `configuration` tells it.
#[derive(Clone, Copy)]
pub(super) struct Configured<'n> {
    pub(super) node: &'n Node,
}

/// The configuration of a plan and the instances that it makes.
pub(super) struct References<'n> {
    root: Option<&'n Node>,
    /// Configured resources by module path without keys, then `type.name`.
    resources: BTreeMap<(String, String), &'n Node>,
    /// Addresses of instances by `module.a["x"].type.name`: key → address.
    instances: BTreeMap<String, BTreeMap<String, String>>,
    /// Instances of called modules by `module.a["x"].module.b`: their keys.
    modules: BTreeMap<String, BTreeSet<String>>,
}

impl<'n> References<'n> {
    pub(super) fn new(root: &'n Node) -> References<'n> {
        let root = root.get("configuration").and_then(|configuration| configuration.get("root_module"));
        let mut references =
            References { root, resources: BTreeMap::new(), instances: BTreeMap::new(), modules: BTreeMap::new() };
        if let Some(root) = root {
            references.index(root, String::new());
        }
        references
    }

    fn index(&mut self, module: &'n Node, path: String) {
        for resource in module.get("resources").map(Node::items).unwrap_or_default() {
            if let Some(address) = resource.get("address").and_then(Node::str) {
                self.resources.insert((path.clone(), address.to_owned()), resource);
            }
        }
        for call in module.get("module_calls").map(Node::members).unwrap_or_default() {
            if let Some(inner) = call.value.get("module") {
                self.index(inner, format!("{path}module.{}.", call.key));
            }
        }
    }

    /// The configuration of a resource of the module instance `prefix`.
    pub(super) fn configured(
        &self,
        prefix: &str,
        is_data: bool,
        type_name: &str,
        name: &str,
    ) -> Option<Configured<'n>> {
        let data = if is_data { "data." } else { "" };
        let key = (without_keys(prefix), format!("{data}{type_name}.{name}"));
        self.resources.get(&key).map(|node| Configured { node })
    }

    /// Notes which instances there are.
    pub(super) fn take(&mut self, planned: &[Planned<'n>]) {
        for resource in planned {
            let base = resource.address.strip_suffix(&resource.suffix).unwrap_or(resource.address);
            let instances = self.instances.entry(base.to_owned()).or_default();
            instances.insert(resource.suffix.clone(), resource.address.to_owned());
            let mut prefix = resource.prefix.as_str();
            while let Some((outer, call, key)) = last_module(prefix) {
                self.modules.entry(format!("{outer}module.{call}")).or_default().insert(key.to_owned());
                prefix = outer;
            }
        }
    }

    /// The attribute of a resource that `expression` gives, as seen from `planned`.
    pub(super) fn target(&self, expression: &Node, planned: &Planned<'n>) -> Option<Target> {
        let at = At {
            prefix: &planned.prefix,
            suffix: &planned.suffix,
            each: planned.configured.and_then(|configured| configured.node.get("for_each_expression")),
        };
        self.first(expression, at, "", HOPS)
    }

    /// The first reference of `expression` that leads to a resource; `rest` are further attributes.
    fn first(&self, expression: &Node, at: At<'_>, rest: &str, hops: usize) -> Option<Target> {
        let hops = hops.checked_sub(1)?;
        let references = expression.get("references")?.items();
        references.iter().find_map(|reference| self.follow(reference.str()?, at, rest, hops))
    }

    fn follow(&self, reference: &str, at: At<'_>, rest: &str, hops: usize) -> Option<Target> {
        let parts = parts(reference);
        let part = |index: usize| parts.get(index).copied().unwrap_or_default();
        let after = |from: usize| {
            let own = parts.get(from..).unwrap_or_default().iter().map(|part| bare(part)).collect::<Vec<_>>().join(".");
            if own.is_empty() { rest.to_owned() } else { own }
        };
        match part(0) {
            "each" => {
                let each = at.each?;
                self.first(each, at, &after(2), hops)
            }
            "var" => {
                let (outer, call, key) = last_module(at.prefix)?;
                let expressions = self.call(outer, call)?.get("expressions")?;
                let each = self.call(outer, call)?.get("for_each_expression");
                let inner = At { prefix: outer, suffix: key, each };
                self.first(expressions.get(bare(part(1)))?, inner, rest, hops)
            }
            "module" => {
                let (name, key) = (bare(part(1)), keyed(part(1)));
                let outputs = self.call(at.prefix, name)?.get("module")?.get("outputs")?;
                let expression = outputs.get(bare(part(2)))?.get("expression")?;
                let keys = self.modules.get(&format!("{}module.{name}", at.prefix))?;
                let wanted = if key.is_empty() { at.suffix } else { key };
                let only = keys.first().filter(|_| keys.len() == 1);
                let key = keys.get(wanted).or(only)?;
                let prefix = format!("{}module.{name}{key}.", at.prefix);
                self.first(expression, At { prefix: &prefix, suffix: "", each: None }, &after(3), hops)
            }
            "local" | "path" | "terraform" | "count" | "self" => None,
            "data" => self.instance(&format!("{}data.{}.{}", at.prefix, part(1), bare(part(2))), part(2), at, after(3)),
            kind => self.instance(&format!("{}{kind}.{}", at.prefix, bare(part(1))), part(1), at, after(2)),
        }
    }

    /// The instance of `base` by the key that is written, by that of who asks, or the only one.
    fn instance(&self, base: &str, written: &str, at: At<'_>, attribute: String) -> Option<Target> {
        let instances = self.instances.get(base)?;
        let key = keyed(written);
        let wanted = if key.is_empty() { at.suffix } else { key };
        let only = instances.values().next().filter(|_| instances.len() == 1);
        let address = instances.get(wanted).or(only)?;
        Some(Target {
            address: address.clone(),
            attribute: if attribute.is_empty() { "id".to_owned() } else { attribute },
        })
    }

    /// The call `name` in the module instance `prefix`.
    fn call(&self, prefix: &str, name: &str) -> Option<&'n Node> {
        let mut module = self.root?;
        let path = without_keys(prefix);
        for call in path.split("module.").filter(|call| !call.is_empty()) {
            module = module.get("module_calls")?.get(call.trim_end_matches('.'))?.get("module")?;
        }
        module.get("module_calls")?.get(name)
    }
}

/// From where a reference is followed.
#[derive(Clone, Copy)]
struct At<'s> {
    prefix: &'s str,
    /// The key of the resource or call, as it stands after its address.
    suffix: &'s str,
    each: Option<&'s Node>,
}

/// `module.a["x"].module.b.` → (`module.a["x"].`, `b`, ``).
fn last_module(prefix: &str) -> Option<(&str, &str, &str)> {
    let inner = prefix.strip_suffix('.')?;
    let (from, _) = inner.match_indices("module.").filter(|(at, _)| outside(inner, *at)).last()?;
    let (outer, call) = inner.split_at_checked(from)?;
    let call = call.strip_prefix("module.")?;
    Some((outer, bare(call), keyed(call)))
}

/// Whether the offset `at` stands in no brackets.
fn outside(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.matches('[').count() == before.matches(']').count()
}

/// A name without its key.
fn bare(part: &str) -> &str {
    part.split('[').next().unwrap_or(part)
}

/// The key of a name, in brackets.
fn keyed(part: &str) -> &str {
    part.find('[').and_then(|at| part.get(at..)).unwrap_or_default()
}

fn without_keys(prefix: &str) -> String {
    parts(prefix)
        .iter()
        .map(|part| bare(part))
        .filter(|part| !part.is_empty())
        .fold(String::new(), |path, part| path + part + ".")
}

/// The parts between dots that stand in no brackets.
fn parts(reference: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0usize);
    for (at, byte) in reference.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'.' if depth == 0 => {
                parts.extend(reference.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(reference.get(from..));
    parts
}
