//! Relations that packs read from attributes: runs-as, encrypted-with, guarded-by, serves, stored-in.

use aedile_model::{Access, AssetId, AssetKind};
use aedile_rules::{ResourceSource, ResourceType};

use super::assets::read;
use super::datum::{Datum, Kind};
use super::name::fill;
use super::resource::Unit;
use crate::{Facts, Link, Ref};

/// Writes the relations of the resource at `at`.
pub(super) fn write<'a>(unit: &Unit<'a>, at: usize, rule: &'a ResourceType, facts: &mut Facts) {
    let Some((_, own)) = unit.asset(at) else { return };
    for relation in &rule.relations {
        for mut value in read(unit, at, rule, relation.from.as_deref(), &relation.path) {
            qualify(unit, at, relation.to, &mut value);
            for other in sides(unit, &value, relation.to, relation.names.as_deref()) {
                if other == Ref::Id(own.clone()) {
                    continue;
                }
                let own = Ref::Id(own.clone());
                let (from, to) = if relation.reverse { (other, own) } else { (own, other) };
                facts.links.push(Link::new(relation.kind, from, to, value.place.clone()));
            }
        }
    }
}

/// The assets of `kind` that `value` names: those of the unit it refers to, or one named by its text. Of
/// something unknown there are none.
pub(super) fn sides(unit: &Unit<'_>, value: &Datum, kind: AssetKind, names: Option<&str>) -> Vec<Ref> {
    let referred = unit.referred(value);
    let ids: Vec<AssetId> = referred
        .iter()
        .filter_map(|&at| unit.asset(at))
        .filter(|(found, _)| *found == kind)
        .map(|(_, id)| id)
        .collect();
    if !ids.is_empty() {
        return ids.into_iter().map(Ref::Id).collect();
    }
    // Through a resource that only stands between: an instance profile names its role.
    let through: Vec<Ref> = referred
        .iter()
        .filter_map(|&at| unit.resource(at))
        .filter(|resource| unit.rule(resource).is_none_or(|rule| rule.asset.is_none()) && kind == AssetKind::Role)
        .flat_map(|resource| ["role", "Roles"].map(|path| super::path::values(&resource.body, path)).concat())
        .filter(|role| role.of != value.of)
        .flat_map(|role| unit.referred(&role))
        .filter_map(|at| unit.asset(at))
        .filter(|(found, _)| *found == kind)
        .map(|(_, id)| Ref::Id(id))
        .collect();
    // A text may be the name of something of another kind too.
    let named = matches!(value.kind, Kind::Text(_)) && value.of.is_none();
    if !through.is_empty() || (!referred.is_empty() && !named) {
        return through;
    }
    match &value.kind {
        Kind::Text(text) if !text.is_empty() => {
            let name = names.map_or(Some(text.clone()), |template| fill(template, |_| Some(text.clone())));
            name.map(|name| Ref::named(kind, name)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Service accounts and stores of secrets of Kubernetes are named within the namespace of the object.
fn qualify(unit: &Unit<'_>, at: usize, kind: AssetKind, value: &mut Datum) {
    if let Some(object) = unit.resource(at)
        && object.source == ResourceSource::Kubernetes
        && let AssetKind::ServiceAccount | AssetKind::Vault = kind
        && let Kind::Text(name) = &value.kind
        && let Some(namespace) = super::path::texts(&object.body, "metadata.namespace").into_iter().next()
    {
        let scheme = if kind == AssetKind::Vault { "k8s:" } else { "" };
        value.kind = Kind::Text(format!("{scheme}{namespace}/{name}"));
    }
}

/// Names of accesses in the order of the model.
pub(super) fn all_access() -> impl Iterator<Item = Access> {
    [Access::Read, Access::Write, Access::Administer, Access::Share].into_iter()
}
