//! Grants on a whole project, group of resources or subscription: what of the configuration lies in it.

use std::collections::BTreeSet;

use aedile_rules::{GrantRule, Over};

use crate::Ref;
use crate::iac::datum::{Datum, Kind};
use crate::iac::path::{texts, values};
use crate::iac::resource::Unit;

/// An asset that a wide grant covers, with its type.
pub(super) struct Covered {
    pub(super) side: Ref,
    pub(super) type_name: String,
}

/// How far a scope reaches.
enum Scope {
    /// The whole.
    All,
    /// What names this in [`Over::within`].
    Named(String),
    /// What refers to that resource in [`Over::within`].
    Group(usize),
    /// One resource, or nothing of the configuration.
    None,
}

/// The resources of the unit in the scope of the grant of the resource at `at`.
pub(super) fn covered(unit: &Unit<'_>, at: usize, grant: &GrantRule) -> Vec<Covered> {
    let (Some(over), Some(resource)) = (&grant.over, unit.resource(at)) else {
        return Vec::new();
    };
    let given = values(&resource.body, &over.scope);
    let scopes: Vec<Scope> =
        if given.is_empty() { vec![Scope::All] } else { given.iter().map(|value| scope(unit, over, value)).collect() };
    let mut found = BTreeSet::new();
    for scope in &scopes {
        for (at, candidate) in unit.resources.iter().enumerate() {
            let provider = |name: &str| name.split(['_', '/']).next().unwrap_or_default().to_owned();
            let same = candidate.source == resource.source
                && (candidate.source != aedile_rules::ResourceSource::Terraform
                    || provider(&candidate.type_name) == provider(&resource.type_name));
            if same && lies_in(unit, over, &candidate.body, scope) {
                found.insert(at);
            }
        }
    }
    found
        .into_iter()
        .filter_map(|at| Some((unit.asset(at)?.1, unit.resource(at)?)))
        .map(|(id, resource)| Covered { side: Ref::Id(id), type_name: resource.type_name.clone() })
        .collect()
}

fn lies_in(unit: &Unit<'_>, over: &Over, body: &Datum, scope: &Scope) -> bool {
    let named = || over.within.iter().flat_map(|path| values(body, path));
    match scope {
        Scope::All => true,
        Scope::None => false,
        Scope::Group(group) => named().any(|value| unit.referred(&value).contains(group)),
        // A resource that does not say where it lies is where its provider is, which nobody said otherwise of.
        Scope::Named(name) => {
            let mut said = named().peekable();
            said.peek().is_none() || said.any(|value| value.text().is_none_or(|text| text == *name))
        }
    }
}

fn scope(unit: &Unit<'_>, over: &Over, value: &Datum) -> Scope {
    let text = value.holed().unwrap_or_default();
    let Some(group_type) = &over.group else {
        return match &value.kind {
            Kind::Text(text) => Scope::Named(text.trim_start_matches("projects/").to_owned()),
            _ => Scope::All,
        };
    };
    if let Some(&at) = unit.referred(value).first() {
        return match unit.resource(at) {
            Some(resource) if resource.type_name == *group_type => Scope::Group(at),
            _ => Scope::None,
        };
    }
    let lower = text.to_ascii_lowercase();
    if let Some((_, rest)) = lower.split_once("/resourcegroups/") {
        if rest.contains('/') {
            return Scope::None;
        }
        let start = text.len() - rest.len();
        let name = text.get(start..).unwrap_or_default().to_owned();
        let group = unit.of_type(group_type).iter().copied();
        let own = group.filter(|&at| unit.resource(at).is_some_and(|held| texts(&held.body, "name").contains(&name)));
        return own.into_iter().next().map_or(Scope::Named(name), Scope::Group);
    }
    let whole = ["/subscriptions/", "/providers/microsoft.management/managementgroups/"];
    let data = ["azurerm_subscription.", "azurerm_management_group.", "azurerm_client_config."];
    if whole.iter().any(|start| lower.starts_with(start)) || data.iter().any(|part| lower.contains(part)) {
        return Scope::All;
    }
    Scope::None
}
