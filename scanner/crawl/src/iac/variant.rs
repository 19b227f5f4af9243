//! Variants of one configuration: a target of a bundle, a chart with the values of an environment. What is in a variant
//! as it is without it is said once, of the configuration itself.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, Gap};

use crate::{Facts, Link, Ref};

/// Adds to `facts` what of the variant `other` is not as in `first`: assets with another attribute, or with another
/// relation (an identity, a grant, a store). The ids of the variant have `mark` where those of `first` have `plain`.
pub(super) fn differing(first: &Facts, mut other: Facts, (mark, plain): (&str, &str), facts: &mut Facts) {
    let held: BTreeMap<&str, &Asset> = first.assets.iter().map(|asset| (asset.id.as_str(), asset)).collect();
    let base = |id: &AssetId| id.as_str().replacen(mark, plain, 1);
    let side = |side: &Ref| match side {
        Ref::Id(id) => base(id),
        Ref::Named { kind, name } => format!("{kind}?{name}"),
    };
    let said = |link: &Link| (link.kind, side(&link.from), side(&link.to), link.access.clone());
    let known: BTreeSet<_> = first.links.iter().map(said).collect();
    let mut kept: BTreeSet<AssetId> = other
        .assets
        .iter()
        .filter(|asset| held.get(base(&asset.id).as_str()).is_none_or(|same| !is_same(same, asset)))
        .map(|asset| asset.id.clone())
        .collect();
    for link in other.links.iter().filter(|link| !known.contains(&said(link))) {
        // Whom a grant names is the same; what it is on is not.
        for side in [&link.from, &link.to] {
            if let Ref::Id(id) = side
                && id.as_str().contains(mark)
            {
                kept.insert(id.clone());
            }
        }
    }
    // What stays as it is stands for itself in both.
    let resolved = |side: Ref| match side {
        Ref::Id(id) if !kept.contains(&id) => {
            Ref::Id(held.get(base(&id).as_str()).map_or(id, |asset| asset.id.clone()))
        }
        side => side,
    };
    let is_kept = |side: &Ref| matches!(side, Ref::Id(id) if kept.contains(id));
    for mut link in std::mem::take(&mut other.links) {
        if is_kept(&link.from) || is_kept(&link.to) || !known.contains(&said(&link)) {
            link.from = resolved(link.from);
            link.to = resolved(link.to);
            link.sources = link.sources.into_iter().map(resolved).collect();
            facts.links.push(link);
        }
    }
    let known: BTreeSet<Gap> = facts.gaps.iter().cloned().collect();
    facts.gaps.extend(other.gaps.into_iter().filter(|gap| !known.contains(gap)));
    facts.assets.extend(other.assets.into_iter().filter(|asset| kept.contains(&asset.id)));
    facts.repairing.offers.append(&mut other.repairing.offers);
}

/// Whether two assets say the same, wherever they say it.
fn is_same(one: &Asset, other: &Asset) -> bool {
    one.attributes.len() == other.attributes.len()
        && other.attributes.iter().all(|(key, attribute)| one.value(key) == Some(&attribute.value))
}
