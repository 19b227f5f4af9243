//! Facts of all crawlers become one inventory: names are looked up, and what nobody defined is made by reference.

use std::collections::BTreeMap;

use aedile_model::{Asset, AssetId, AssetKind, Attribute, Inventory, LinkBasis, Place, Relation, RelationKind, Value};

use crate::{Facts, Link, Options, Ref, in_tests};

mod contain;
mod index;
mod model;
mod name;
mod resolve;
mod sample;

use resolve::{Found, Resolver};

/// The `type_name` of assets that are known by a reference only.
pub(crate) const REFERENCE: &str = "reference";

/// Letters and digits that a name with holes must have beside them to mean anything outside its file.
const LITERAL: usize = 3;

/// Joins `facts`: every reference becomes an asset, every link one relation or, for a wildcard, several.
pub(crate) fn link(facts: Facts, options: &Options) -> Inventory {
    let mut inventory = Inventory::default();
    for asset in facts.assets {
        inventory.add(asset);
    }
    let mut resolver = Resolver::new(&mut inventory, &options.bindings);
    let references = || {
        facts.links.iter().flat_map(|link| {
            [&link.from, &link.to]
                .into_iter()
                .chain(&link.sources)
                .map(move |reference| (reference, link.place.as_ref()))
        })
    };
    for (kind, name, place) in resolve::order(references()) {
        if resolver.find(kind, name, place).is_none() {
            resolver.make(kind, name, place, &mut inventory);
        }
    }
    for (reference, place) in references() {
        if let Ref::Id(id) = reference {
            define(id, place, &mut inventory);
        }
    }
    for link in &facts.links {
        relate(link, &resolver, &mut inventory);
    }
    inventory.gaps = facts.gaps;
    bound(&resolver, options, &mut inventory);
    contain::stored(&mut inventory);
    contain::folders(&mut inventory);
    contain::grants(&mut inventory);
    model::models(&mut inventory);
    sample::samples(&mut inventory);
    inventory.settle();
    inventory
}

/// Makes sure that the asset `id` is there: a crawler may speak of one that none defined (a shared sink, anyone).
fn define(id: &AssetId, place: Option<&Place>, inventory: &mut Inventory) {
    if inventory.assets.contains_key(id) {
        return;
    }
    let (kind, rest) = id.as_str().split_once(':').unwrap_or((id.as_str(), ""));
    let Ok(kind) = kind.parse::<AssetKind>() else { return };
    let address = rest.rsplit_once('#').map_or(rest, |(_, address)| address);
    let mut asset = Asset::new(id.clone(), kind, address, address.rsplit('/').next().unwrap_or(address));
    REFERENCE.clone_into(&mut asset.type_name);
    asset.in_tests = place.is_some_and(|place| in_tests(&place.path));
    inventory.add(asset);
}

fn relate(link: &Link, resolver: &Resolver, inventory: &mut Inventory) {
    let place = link.place.as_ref();
    let (from, to) = (found(&link.from, place, resolver), found(&link.to, place, resolver));
    let mut attributes = link.attributes.clone();
    if link.kind == RelationKind::Grants && (from.via_wildcard || to.via_wildcard) {
        let said = attributes.get("viaWildcard").and_then(|said| said.place.clone());
        let place = said.or_else(|| link.place.clone());
        attributes.insert("viaWildcard".to_owned(), Attribute { value: Value::Bool(true), place });
    }
    let mut basis = both(from.basis, to.basis);
    let mut flow = link.flow.clone();
    if let Some(flow) = &mut flow {
        for source in link.sources.iter().map(|source| found(source, place, resolver)) {
            flow.sources.extend(source.ids);
            basis = both(basis, source.basis);
        }
    }
    for from in &from.ids {
        for to in to.ids.iter().filter(|to| *to != from) {
            inventory.relate(Relation {
                basis: basis.clone(),
                access: link.access.clone(),
                flow: flow.clone(),
                attributes: attributes.clone(),
                ..Relation::new(link.kind, from.clone(), to.clone(), link.place.clone())
            });
        }
    }
}

/// How a link was made whose sides were found in two ways: an inferred side makes it inferred, a declared one declared.
fn both(a: LinkBasis, b: LinkBasis) -> LinkBasis {
    match (&a, &b) {
        (LinkBasis::Exact, _) => b,
        (_, LinkBasis::Exact) => a,
        _ => a.max(b),
    }
}

/// What a reference means.
fn found(reference: &Ref, place: Option<&Place>, resolver: &Resolver) -> Found {
    match reference {
        Ref::Id(id) => Found { ids: vec![id.clone()], basis: LinkBasis::Exact, via_wildcard: false },
        Ref::Named { kind, name } => {
            resolver.find(*kind, name, place).unwrap_or_else(|| resolver.made(*kind, name, place))
        }
    }
}

/// Where both names of a binding mean assets, the first is a sample of the second: what it holds, the second holds.
fn bound(resolver: &Resolver, options: &Options, inventory: &mut Inventory) {
    let mut seen: BTreeMap<(AssetId, AssetId), ()> = BTreeMap::new();
    for binding in &options.bindings {
        let (Some(sample), Some(whole)) = (resolver.written(&binding.name), resolver.written(&binding.is)) else {
            continue;
        };
        if sample != whole && seen.insert((whole.clone(), sample.clone()), ()).is_none() {
            inventory.relate(sample::of(whole, sample, LinkBasis::Declared));
        }
    }
}

#[cfg(test)]
mod tests;
