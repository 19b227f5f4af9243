//! A plan beside the configuration that it is of. The plan wins for the addresses that it knows: it has the values of
//! variables, of data sources and of modules from elsewhere. Its resources have the identity and the places of those of
//! the configuration, so that a finding points to the block that decides.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId};

use crate::{Facts, File, Ref};

/// The facts of one root configuration.
pub(super) struct Root {
    pub(super) folder: String,
    pub(super) facts: Facts,
}

/// The root that the plan in `file` is of: the one in its folder or in the nearest above that has an address of the plan,
/// else the one that has most of them.
pub(super) fn root_of(file: &File, addresses: &BTreeSet<&str>, roots: &[Root]) -> Option<usize> {
    let shared = |root: &Root| {
        let known: BTreeSet<String> = root.facts.assets.iter().map(|asset| bare(&asset.address)).collect();
        addresses.iter().filter(|address| known.contains(&bare(address))).count()
    };
    let scored = roots.iter().enumerate().map(|(at, root)| (at, root, shared(root))).filter(|(.., count)| *count > 0);
    let scored: Vec<(usize, &Root, usize)> = scored.collect();
    let above = |root: &Root| {
        let path = file.folder().strip_prefix(root.folder.as_str());
        path.is_some_and(|rest| root.folder.is_empty() || rest.is_empty() || rest.starts_with('/'))
    };
    let nearest = scored.iter().filter(|(_, root, _)| above(root)).max_by_key(|(_, root, _)| root.folder.len());
    let alike = || scored.iter().filter(|(.., count)| *count * 2 > addresses.len()).max_by_key(|(.., count)| *count);
    nearest.or_else(alike).map(|(at, ..)| *at)
}

/// Puts what a plan says in the place of what its configuration says of the same addresses.
pub(super) fn laid_over(root: &mut Root, plan: Facts) {
    let folder = root.folder.clone();
    let held: BTreeMap<&AssetId, &Asset> = root.facts.assets.iter().map(|asset| (&asset.id, asset)).collect();
    let mut replaced: BTreeSet<AssetId> = BTreeSet::new();
    let mut assets = Vec::new();
    for mut asset in plan.assets {
        // Where instances are not known, one address stands for all of them.
        let ids = [asset.address.clone(), any_last(&asset.address), any(&asset.address)]
            .map(|address| AssetId::new(asset.kind, &folder, &address));
        let found = [asset.id.clone()].into_iter().chain(ids).find_map(|id| held.get(&id).copied());
        if let Some(found) = found {
            replaced.insert(found.id.clone());
            placed(&mut asset, found);
        }
        assets.push(asset);
    }
    let is_replaced = |side: &Ref| matches!(side, Ref::Id(id) if replaced.contains(id));
    root.facts.assets.retain(|asset| !replaced.contains(&asset.id));
    root.facts.links.retain(|link| !is_replaced(&link.from));
    root.facts.assets.append(&mut assets);
    root.facts.links.extend(plan.links);
    root.facts.gaps.extend(plan.gaps);
}

/// Gives an asset of a plan the places of the same one of the configuration.
fn placed(asset: &mut Asset, held: &Asset) {
    if held.place.is_none() {
        return;
    }
    asset.place.clone_from(&held.place);
    for (name, attribute) in &mut asset.attributes {
        if attribute.place.is_some() {
            let same = held.attributes.get(name).and_then(|attribute| attribute.place.clone());
            attribute.place = same.or_else(|| held.place.clone());
        }
    }
}

/// An address without its keys.
fn bare(address: &str) -> String {
    replaced(address, "")
}

/// An address with `[*]` for each of its keys.
fn any(address: &str) -> String {
    replaced(address, "[*]")
}

/// An address with `[*]` for the key at its end.
fn any_last(address: &str) -> String {
    let keys = keys(address);
    match keys.last() {
        Some((start, end)) if *end == address.len() => format!("{}[*]", address.get(..*start).unwrap_or_default()),
        _ => address.to_owned(),
    }
}

fn replaced(address: &str, by: &str) -> String {
    let (mut out, mut at) = (String::new(), 0);
    for (start, end) in keys(address) {
        out.push_str(address.get(at..start).unwrap_or_default());
        out.push_str(by);
        at = end;
    }
    out.push_str(address.get(at..).unwrap_or_default());
    out
}

/// Where the keys of an address begin and end; one in quotes may hold brackets.
fn keys(address: &str) -> Vec<(usize, usize)> {
    let (mut found, mut start, mut quoted) = (Vec::new(), None, false);
    for (at, c) in address.char_indices() {
        match (c, start) {
            ('"', Some(_)) => quoted = !quoted,
            ('[', None) => start = Some(at),
            (']', Some(begin)) if !quoted => {
                found.push((begin, at + 1));
                start = None;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_addresses_are_found() {
        let address = "module.a[\"x]\"].aws_s3_bucket.b[0]";
        assert_eq!(bare(address), "module.a.aws_s3_bucket.b");
        assert_eq!(any(address), "module.a[*].aws_s3_bucket.b[*]");
        assert_eq!(any_last(address), "module.a[\"x]\"].aws_s3_bucket.b[*]");
        assert_eq!(any_last("aws_s3_bucket.b"), "aws_s3_bucket.b");
    }
}
