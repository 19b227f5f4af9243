//! Resources of one configuration as every language gives them, and how they find each other.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, AssetKind, Place, Unknown};
use aedile_rules::{Companion, Outside, Part, ResourceSource, ResourceType, Resources};

use super::condition::Found;
use super::datum::{Datum, Kind, hole};
use super::path::{texts, values};
use super::version::Bounds;

/// A declared resource with everything evaluated.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) source: ResourceSource,
    pub(crate) type_name: String,
    /// Its address within the unit.
    pub(crate) address: String,
    /// The folder or file that the address is unique in.
    pub(crate) unit: String,
    pub(crate) body: Datum,
    /// Its header.
    pub(crate) place: Option<Place>,
    pub(crate) in_tests: bool,
    /// Where the provider puts it.
    pub(crate) region: Option<Datum>,
    /// Tags that the provider adds.
    pub(crate) default_tags: Option<Datum>,
    /// If it may not be there: what stands for its body where others read it.
    pub(crate) doubt: Option<Datum>,
    /// Which versions of its provider are admitted; `None` if nothing says so.
    pub(crate) provider: Option<Bounds>,
}

impl Resource {
    /// Its address in a unit of several templates, where addresses alone are not unique.
    pub(crate) fn key(&self) -> String {
        match self.source {
            ResourceSource::CloudFormation => format!("{}#{}", self.unit, self.address),
            ResourceSource::Arm
            | ResourceSource::Terraform
            | ResourceSource::Kubernetes
            | ResourceSource::Compose
            | ResourceSource::Dockerfile => self.address.clone(),
        }
    }

    /// Its body as others may read it.
    pub(crate) fn seen(&self) -> &Datum {
        self.doubt.as_ref().unwrap_or(&self.body)
    }
}

/// `resources` with the blocks in them that are resources of another type, each right after its own.
pub(crate) fn with_parts(rules: &Resources, resources: Vec<Resource>) -> Vec<Resource> {
    let mut all = Vec::with_capacity(resources.len());
    for resource in resources {
        let parts: Vec<Resource> = rules
            .resource(resource.source, &resource.type_name)
            .map(|rule| rule.parts.iter().flat_map(|part| parts(&resource, part)).collect())
            .unwrap_or_default();
        all.push(resource);
        all.extend(parts);
    }
    all
}

fn parts(resource: &Resource, part: &Part) -> Vec<Resource> {
    let (list, inner) = part.path.split_once('.').unwrap_or((&part.path, ""));
    let mut found = Vec::new();
    for (nth, item) in values(&resource.body, list).iter().enumerate() {
        let key = texts(item, &part.key).into_iter().next().unwrap_or_else(|| nth.to_string());
        let inside = if inner.is_empty() { vec![item.clone()] } else { values(item, inner) };
        for body in inside.into_iter().filter(|body| matches!(body.kind, Kind::Map(_))) {
            found.push(Resource {
                type_name: part.type_name.clone(),
                address: format!("{}.{list}[\"{key}\"]", resource.address),
                place: body.place.clone().or_else(|| resource.place.clone()),
                body,
                ..resource.clone()
            });
        }
    }
    found
}

/// The resources of one unit and what leads from one to the other.
///
/// All tables are built once and are linear in the resources and their references.
pub(crate) struct Unit<'a> {
    pub(crate) rules: &'a Resources,
    pub(crate) resources: &'a [Resource],
    /// Accounts that the configuration says are its own.
    pub(crate) accounts: BTreeSet<String>,
    by_key: BTreeMap<String, usize>,
    /// Addresses that holes in texts name; of equal ones the first.
    by_address: BTreeMap<&'a str, usize>,
    by_type: BTreeMap<&'a str, Vec<usize>>,
    by_like: BTreeMap<&'a str, Vec<usize>>,
    /// Resources by what others may call them (names, ids and ARNs that are known), by type.
    by_identifier: BTreeMap<String, BTreeMap<&'a str, Vec<usize>>>,
    joins: BTreeMap<Join<'a>, Joins>,
    absorbed: BTreeSet<usize>,
    /// Attributes that other resources have asked for.
    pub(super) read: RefCell<BTreeMap<(usize, String), Option<Found>>>,
    /// How deep types read attributes of each other just now.
    pub(super) depth: Cell<usize>,
}

/// Which type is named by which path of which other type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Join<'a> {
    target: &'a str,
    companion: &'a str,
    by: &'a str,
}

/// Resources and the companions that name them.
#[derive(Debug, Default)]
struct Joins {
    companions: BTreeMap<usize, Vec<usize>>,
    /// A name that is not known, so that it may be of any.
    loose: Option<Unknown>,
}

/// The companions of a resource under one name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Joined {
    pub(crate) at: Vec<usize>,
    /// Why there may be more than these.
    pub(crate) missing: Option<Datum>,
    /// Whether one of those that they are companions of has none.
    pub(crate) bare: bool,
}

impl<'a> Unit<'a> {
    /// Indexes `resources`.
    pub(crate) fn new(rules: &'a Resources, resources: &'a [Resource], accounts: BTreeSet<String>) -> Unit<'a> {
        let mut unit = Unit {
            rules,
            resources,
            accounts,
            by_key: BTreeMap::new(),
            by_address: BTreeMap::new(),
            by_type: BTreeMap::new(),
            by_like: BTreeMap::new(),
            by_identifier: BTreeMap::new(),
            joins: BTreeMap::new(),
            absorbed: BTreeSet::new(),
            read: RefCell::new(BTreeMap::new()),
            depth: Cell::new(0),
        };
        for (at, resource) in resources.iter().enumerate() {
            unit.by_key.insert(resource.key(), at);
            unit.by_address.entry(&resource.address).or_insert(at);
            let type_name = rules.canonical(resource.source, &resource.type_name);
            unit.by_type.entry(type_name).or_default().push(at);
            if let Some(like) = unit.rule(resource).and_then(|rule| rule.like.as_deref()) {
                unit.by_like.entry(like).or_default().push(at);
            }
            for identifier in unit.identifiers(resource) {
                unit.by_identifier.entry(identifier).or_default().entry(type_name).or_default().push(at);
            }
        }
        unit.join();
        unit
    }

    /// The rule for `resource`, if there is one.
    pub(crate) fn rule(&self, resource: &Resource) -> Option<&'a ResourceType> {
        self.rules.resource(resource.source, &resource.type_name)
    }

    pub(crate) fn of_type(&self, type_name: &str) -> &[usize] {
        self.by_type.get(type_name).map_or(&[], Vec::as_slice)
    }

    /// Resources of one of the types, or of types of other sources that are like one of them.
    pub(crate) fn of_types<'t>(&self, types: &'t [String]) -> impl Iterator<Item = usize> + use<'_, 't, 'a> {
        let like = |name: &str| self.by_like.get(name).map_or(&[][..], Vec::as_slice);
        types.iter().flat_map(move |name| self.of_type(name).iter().chain(like(name)).copied())
    }

    /// Whether the resource is of one of the types, or of a type of another source that is like one of them.
    pub(crate) fn is_of(&self, resource: &Resource, types: &[String]) -> bool {
        let like = self.rule(resource).and_then(|rule| rule.like.as_ref());
        types.contains(&resource.type_name) || like.is_some_and(|like| types.contains(like))
    }

    pub(crate) fn resource(&self, at: usize) -> Option<&'a Resource> {
        self.resources.get(at)
    }

    /// The type of the resource at `at` by the name under which the rules know it.
    pub(crate) fn type_of(&self, at: usize) -> &'a str {
        self.resource(at).map_or("", |resource| self.rules.canonical(resource.source, &resource.type_name))
    }

    /// The asset that the resource at `at` is, unless it belongs to another.
    pub(crate) fn asset(&self, at: usize) -> Option<(AssetKind, AssetId)> {
        let resource = self.resource(at)?;
        let kind = self.rule(resource)?.asset?;
        (!self.absorbed.contains(&at)).then(|| (kind, AssetId::new(kind, &resource.unit, &resource.address)))
    }

    /// What others may call a resource: its name, and what the provider forms from it.
    fn identifiers(&self, resource: &Resource) -> BTreeSet<String> {
        // A type without a rule is called by its name all the same: parameter groups, listeners.
        let Some(rule) = self.rule(resource) else {
            return texts(&resource.body, "name").into_iter().collect();
        };
        let mut found: BTreeSet<String> = rule.name.iter().flat_map(|path| texts(&resource.body, path)).collect();
        for template in rule.exports.values().chain(&rule.names) {
            found.extend(super::name::fill(template, |path| texts(&resource.body, path).into_iter().next()));
        }
        found
    }

    /// The resources that `value` refers to: by reference, or by a known name.
    pub(crate) fn referred(&self, value: &Datum) -> Vec<usize> {
        if let Some(at) = self.reference(value) {
            return vec![at];
        }
        match &value.kind {
            Kind::Text(text) => {
                let named = self.by_identifier.get(text).into_iter().flat_map(BTreeMap::values);
                let mut found: Vec<usize> = named.flatten().copied().collect();
                found.sort_unstable();
                found
            }
            _ => Vec::new(),
        }
    }

    /// The resources of type `type_name` that `value` refers to.
    fn referred_of(&self, value: &Datum, type_name: &str) -> Vec<usize> {
        if let Some(at) = self.reference(value) {
            return if self.type_of(at) == type_name { vec![at] } else { Vec::new() };
        }
        let Kind::Text(text) = &value.kind else { return Vec::new() };
        self.by_identifier.get(text).and_then(|named| named.get(type_name)).cloned().unwrap_or_default()
    }

    fn reference(&self, value: &Datum) -> Option<usize> {
        let target = value.of.as_ref().and_then(|target| self.by_key.get(target.address.as_str()));
        let holed = || match &value.kind {
            Kind::Computed { text, .. } => self.in_hole(text),
            _ => None,
        };
        target.copied().or_else(holed)
    }

    /// The resource whose attribute is the first hole of `text`.
    pub(crate) fn in_hole(&self, text: &str) -> Option<usize> {
        let (_, inside, _) = hole(text)?;
        let address = inside.replace('\'', "\"");
        let (address, _) = address.rsplit_once('.')?;
        self.by_address.get(address).copied()
    }

    /// All companions of the resource at `at`, by the names that its type gives them.
    pub(crate) fn companions(&self, at: usize, rule: &'a ResourceType) -> BTreeMap<&'a str, Joined> {
        let mut all: BTreeMap<&'a str, Joined> = BTreeMap::new();
        for name in rule.companions.keys() {
            self.of(at, rule, name, &mut all);
        }
        all
    }

    /// Those of one name.
    pub(crate) fn companion(&self, at: usize, rule: &'a ResourceType, name: &str) -> Joined {
        let mut all = BTreeMap::new();
        let Some((name, _)) = rule.companions.get_key_value(name) else { return Joined::default() };
        self.of(at, rule, name, &mut all);
        all.remove(name.as_str()).unwrap_or_default()
    }

    fn of(&self, at: usize, rule: &'a ResourceType, name: &'a str, all: &mut BTreeMap<&'a str, Joined>) {
        let Some(companion) = rule.companions.get(name).filter(|_| !all.contains_key(name)) else { return };
        let Some(of) = companion.of.as_deref() else {
            let joined = self.joined(at, companion);
            all.insert(name, joined);
            return;
        };
        self.of(at, rule, of, all);
        let Some(between) = all.get(of).cloned() else { return };
        let mut found = Joined { missing: between.missing, bare: between.bare, ..Joined::default() };
        let mut seen = BTreeSet::new();
        for at in between.at {
            let next = self.joined(at, companion);
            found.bare |= next.bare || next.at.is_empty();
            found.missing = found.missing.or(next.missing);
            found.at.extend(next.at.into_iter().filter(|&at| seen.insert(at)));
        }
        all.insert(name, found);
    }

    /// The companions of the resource at `at` under that rule.
    fn joined(&self, at: usize, companion: &'a Companion) -> Joined {
        match (&companion.by, &companion.via) {
            (Some(by), _) => {
                let key = Join { target: self.type_of(at), companion: &companion.type_name, by };
                let joins = self.joins.get(&key);
                let found = joins.and_then(|joins| joins.companions.get(&at)).cloned().unwrap_or_default();
                let loose = joins.and_then(|joins| joins.loose.clone()).filter(|_| found.is_empty());
                Joined { at: found, missing: loose.map(|why| Kind::Unknown(why).into()), bare: false }
            }
            (None, Some(via)) => {
                let named = self.resource(at).map(|resource| values(&resource.body, via)).unwrap_or_default();
                let mut joined = Joined::default();
                for value in &named {
                    let found = self.referred_of(value, &companion.type_name);
                    let outside = found.is_empty() && self.reference(value).is_none();
                    if outside && companion.outside == Outside::Unknown && joined.missing.is_none() {
                        joined.missing = absent(value, &companion.type_name);
                    }
                    joined.at.extend(found);
                }
                let mut seen = BTreeSet::new();
                joined.at.retain(|&at| seen.insert(at));
                joined
            }
            (None, None) => Joined { at: self.of_type(&companion.type_name).to_vec(), ..Joined::default() },
        }
    }

    fn join(&mut self) {
        let types: BTreeSet<&str> = self.by_type.keys().copied().collect();
        let rule_of = |unit: &Unit<'a>, type_name: &str| {
            unit.of_type(type_name).first().and_then(|&at| unit.resource(at)).and_then(|first| unit.rule(first))
        };
        for type_name in &types {
            let Some(rule) = rule_of(self, type_name) else { continue };
            for companion in rule.companions.values() {
                if let Some(by) = &companion.by {
                    let of = companion.of.as_ref().and_then(|of| rule.companions.get(of));
                    let target = of.map_or(*type_name, |of| of.type_name.as_str());
                    self.join_by(Join { target, companion: &companion.type_name, by });
                }
            }
        }
        for type_name in &types {
            let Some(rule) = rule_of(self, type_name) else { continue };
            if rule.companions.values().any(|companion| companion.absorbs) {
                for at in self.of_type(type_name).to_vec() {
                    let mut all = self.companions(at, rule);
                    let absorbing = rule.companions.iter().filter(|(_, companion)| companion.absorbs);
                    let absorbed: Vec<Joined> = absorbing.filter_map(|(name, _)| all.remove(name.as_str())).collect();
                    self.absorbed.extend(absorbed.into_iter().flat_map(|joined| joined.at));
                }
            }
        }
    }

    fn join_by(&mut self, key: Join<'a>) {
        if self.joins.contains_key(&key) {
            return;
        }
        let mut joins = Joins::default();
        for &at in self.of_type(key.companion) {
            let Some(resource) = self.resource(at) else { continue };
            for value in values(&resource.body, key.by) {
                let targets = self.referred_of(&value, key.target);
                if targets.is_empty() && joins.loose.is_none() {
                    joins.loose = loose(&value);
                }
                for target in targets {
                    let held = joins.companions.entry(target).or_default();
                    if held.last() != Some(&at) {
                        held.push(at);
                    }
                }
            }
        }
        self.joins.insert(key, joins);
    }
}

/// Why the companion of `type_name` that `value` names is not there.
fn absent(value: &Datum, type_name: &str) -> Option<Datum> {
    let why = match &value.kind {
        Kind::Text(text) if !text.is_empty() => {
            Unknown { expression: text.clone(), why: format!("no `{type_name}` of that name is in the sources") }
        }
        Kind::Computed { why, .. } | Kind::Unknown(why) | Kind::Fault(why) => why.clone(),
        _ => return None,
    };
    Some(Datum::new(Kind::Unknown(why), value.place.clone()))
}

/// Why `value` may name anything of the unit: a variable that is not known. What other modules and data
/// sources give is something outside of it.
fn loose(value: &Datum) -> Option<Unknown> {
    match &value.kind {
        Kind::Unknown(why) if why.expression.starts_with("var.") => Some(why.clone()),
        _ => None,
    }
}
