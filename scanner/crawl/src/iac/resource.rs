//! Resources of one configuration as every language gives them, and how they find each other.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, AssetKind, Place};
use aedile_rules::{Companion, Part, ResourceSource, ResourceType, Resources};

use super::datum::{Datum, Kind, hole};
use super::path::{texts, values};

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
    /// Resources by what others may call them: names, ids and ARNs that are known.
    by_identifier: BTreeMap<String, Vec<usize>>,
    /// For each type of companion and its path: resource → companions.
    joined: BTreeMap<(String, String), BTreeMap<usize, Vec<usize>>>,
    absorbed: BTreeSet<usize>,
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
            joined: BTreeMap::new(),
            absorbed: BTreeSet::new(),
        };
        for (at, resource) in resources.iter().enumerate() {
            unit.by_key.insert(resource.key(), at);
            unit.by_address.entry(&resource.address).or_insert(at);
            unit.by_type.entry(&resource.type_name).or_default().push(at);
            if let Some(like) = unit.rule(resource).and_then(|rule| rule.like.as_deref()) {
                unit.by_like.entry(like).or_default().push(at);
            }
            for identifier in unit.identifiers(resource) {
                unit.by_identifier.entry(identifier).or_default().push(at);
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

    /// The asset that the resource at `at` is, unless it belongs to another.
    pub(crate) fn asset(&self, at: usize) -> Option<(AssetKind, AssetId)> {
        let resource = self.resource(at)?;
        let kind = self.rule(resource)?.asset?;
        (!self.absorbed.contains(&at)).then(|| (kind, AssetId::new(kind, &resource.unit, &resource.address)))
    }

    /// What others may call a resource: its name, and what the provider forms from it.
    fn identifiers(&self, resource: &Resource) -> BTreeSet<String> {
        let Some(rule) = self.rule(resource) else {
            return BTreeSet::new();
        };
        let mut found: BTreeSet<String> = rule.name.iter().flat_map(|path| texts(&resource.body, path)).collect();
        for template in rule.exports.values().chain(&rule.names) {
            found.extend(super::name::fill(template, |path| texts(&resource.body, path).into_iter().next()));
        }
        found
    }

    /// The resources that `value` refers to: by reference, or by a known name.
    pub(crate) fn referred(&self, value: &Datum) -> Vec<usize> {
        if let Some(target) = &value.of
            && let Some(&at) = self.by_key.get(target.address.as_str())
        {
            return vec![at];
        }
        match &value.kind {
            Kind::Text(text) => self.by_identifier.get(text).cloned().unwrap_or_default(),
            Kind::Computed { text, .. } => self.in_hole(text).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The resource whose attribute is the first hole of `text`.
    pub(crate) fn in_hole(&self, text: &str) -> Option<usize> {
        let (_, inside, _) = hole(text)?;
        let address = inside.replace('\'', "\"");
        let (address, _) = address.rsplit_once('.')?;
        self.by_address.get(address).copied()
    }

    /// The companions of the resource at `at` under that rule.
    pub(crate) fn companions(&self, at: usize, companion: &Companion) -> Vec<usize> {
        match (&companion.by, &companion.via) {
            (Some(by), _) => {
                let key = (companion.type_name.clone(), by.clone());
                self.joined.get(&key).and_then(|joined| joined.get(&at)).cloned().unwrap_or_default()
            }
            (None, Some(via)) => {
                let Some(resource) = self.resource(at) else {
                    return Vec::new();
                };
                let mut found: Vec<usize> =
                    values(&resource.body, via).iter().flat_map(|value| self.referred(value)).collect();
                found.retain(|&at| self.resource(at).is_some_and(|found| found.type_name == companion.type_name));
                found.dedup();
                found
            }
            (None, None) => self.of_type(&companion.type_name).to_vec(),
        }
    }

    fn join(&mut self) {
        let types: BTreeSet<&str> = self.by_type.keys().copied().collect();
        for type_name in types {
            let Some(first) = self.of_type(type_name).first().and_then(|&at| self.resource(at)) else {
                continue;
            };
            let Some(rule) = self.rule(first) else { continue };
            for companion in rule.companions.values() {
                if let Some(by) = &companion.by {
                    let between = companion.of.as_ref().and_then(|of| rule.companions.get(of));
                    let target = between.map_or(type_name, |between| between.type_name.as_str());
                    self.join_by(target, &companion.type_name, by);
                }
                if companion.absorbs {
                    let own = self.of_type(type_name).to_vec();
                    let absorbed: Vec<usize> = own.iter().flat_map(|&at| self.companions(at, companion)).collect();
                    self.absorbed.extend(absorbed);
                }
            }
        }
    }

    fn join_by(&mut self, type_name: &str, companion: &str, by: &str) {
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for &at in self.of_type(companion) {
            let Some(resource) = self.resource(at) else { continue };
            for value in values(&resource.body, by) {
                for target in self.referred(&value) {
                    if self.resource(target).is_some_and(|target| target.type_name == type_name) {
                        pairs.push((target, at));
                    }
                }
            }
        }
        let joined = self.joined.entry((companion.to_owned(), by.to_owned())).or_default();
        for (target, at) in pairs {
            let held = joined.entry(target).or_default();
            if held.last() != Some(&at) {
                held.push(at);
            }
        }
    }
}
