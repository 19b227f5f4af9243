//! Assets by their names.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind};

use super::name;

/// Where assets are found by any of their names.
#[derive(Debug, Default)]
pub(super) struct Index {
    names: BTreeMap<String, BTreeSet<(AssetKind, AssetId)>>,
    /// Every proper suffix of a qualified table name: `clinic.patients` and `patients` of `lake.clinic.patients`.
    suffixes: BTreeMap<String, BTreeSet<AssetId>>,
    /// Names with holes, by what stands before the first one's folder.
    holes: BTreeSet<(String, AssetKind, AssetId)>,
    /// Folders of defined assets, for the choice between several of one name.
    folders: BTreeMap<AssetId, String>,
}

impl Index {
    /// Adds all names of `asset`.
    pub(super) fn add(&mut self, asset: &Asset) {
        let address = (!asset.address.is_empty() && asset.kind != AssetKind::Column).then_some(&asset.address);
        for name in asset.names.iter().chain(address) {
            self.add_name(asset, name);
        }
        if let Some(place) = &asset.place {
            self.folders
                .insert(asset.id.clone(), place.path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned());
        }
    }

    fn add_name(&mut self, asset: &Asset, name: &str) {
        let normal = name::normal(asset.kind, name);
        if normal.contains('{') {
            self.holes.insert((normal.clone(), asset.kind, asset.id.clone()));
        }
        if asset.kind == AssetKind::Table && !normal.contains('/') {
            let mut rest = normal.as_str();
            while let Some((_, suffix)) = rest.split_once('.') {
                self.suffixes.entry(suffix.to_owned()).or_default().insert(asset.id.clone());
                rest = suffix;
            }
        }
        self.names.entry(normal).or_default().insert((asset.kind, asset.id.clone()));
    }

    /// The assets that something of `kind` with the normal name `name` may be: those of just that kind, else of its family.
    pub(super) fn exact(&self, kind: AssetKind, name: &str) -> Vec<&AssetId> {
        let Some(found) = self.names.get(name) else { return Vec::new() };
        let same: Vec<&AssetId> = found.iter().filter(|(other, _)| *other == kind).map(|(_, id)| id).collect();
        if !same.is_empty() {
            return same;
        }
        found.iter().filter(|(other, _)| family(*other) == family(kind)).map(|(_, id)| id).collect()
    }

    /// The tables whose qualified name ends in `name`.
    pub(super) fn by_suffix(&self, name: &str) -> Vec<&AssetId> {
        self.suffixes.get(name).map_or_else(Vec::new, |found| found.iter().collect())
    }

    /// The assets of the family of `kind` whose name has the shape of `name`, holes on either side.
    pub(super) fn by_shape<'a>(&'a self, kind: AssetKind, name: &'a str) -> BTreeSet<&'a AssetId> {
        let fits = |other: AssetKind| family(other) == family(kind);
        if name.contains('{') {
            let prefix = name.split('{').next().unwrap_or_default();
            self.under(prefix)
                .filter(|(known, _)| name::shaped(name, known))
                .flat_map(|(_, found)| found.iter().filter(|(other, _)| fits(*other)).map(|(_, id)| id))
                .collect()
        } else {
            self.holes
                .iter()
                .filter(|(pattern, other, _)| {
                    fits(*other) && name::literal_length(pattern) >= super::LITERAL && name::shaped(pattern, name)
                })
                .map(|(_, _, id)| id)
                .collect()
        }
    }

    /// The assets of the family of `kind` whose name matches `pattern`, in which `*` stands for anything.
    pub(super) fn by_wildcard<'a>(&'a self, kind: AssetKind, pattern: &'a str) -> BTreeSet<&'a AssetId> {
        let prefix = pattern.split('*').next().unwrap_or_default();
        self.under(prefix)
            // Another pattern that nothing matched is no asset that this one could cover.
            .filter(|(known, _)| (!known.contains('*') || *known == pattern) && name::wild(pattern, known))
            .flat_map(|(_, found)| found.iter().filter(|(other, _)| *other == kind).map(|(_, id)| id))
            .collect()
    }

    /// Every name that begins with `prefix`.
    fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a String, &'a BTreeSet<(AssetKind, AssetId)>)> {
        self.names.range(prefix.to_owned()..).take_while(move |(known, _)| known.starts_with(prefix))
    }

    /// Whether the definition of `id` lies in `folder`, below it or above it.
    pub(super) fn is_near(&self, id: &AssetId, folder: &str) -> bool {
        self.folders.get(id).is_some_and(|other| {
            let (short, long) =
                if other.len() < folder.len() { (other.as_str(), folder) } else { (folder, other.as_str()) };
            short == long || (!short.is_empty() && long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/')))
        })
    }

    /// The one of `candidates` whose definition lies nearest to `folder`; `None` if several do.
    pub(super) fn nearest<'a>(&self, candidates: &[&'a AssetId], folder: &str) -> Option<&'a AssetId> {
        let common = |id: &AssetId| {
            let other = self.folders.get(id).map_or("", String::as_str);
            folder.split('/').zip(other.split('/')).take_while(|(a, b)| a == b).count()
        };
        let best = candidates.iter().map(|id| common(id)).max()?;
        let mut nearest = candidates.iter().filter(|id| common(id) == best);
        let first = nearest.next()?;
        nearest.next().is_none().then_some(*first)
    }
}

/// Kinds that one name may mean: code calls a table a dataset, a policy calls a user a principal.
fn family(kind: AssetKind) -> u8 {
    match kind {
        AssetKind::Bucket | AssetKind::Database | AssetKind::Dataset | AssetKind::Table | AssetKind::FeatureView => 0,
        AssetKind::Role | AssetKind::ServiceAccount | AssetKind::Group | AssetKind::User | AssetKind::AnyOne => 1,
        AssetKind::Pipeline | AssetKind::Notebook => 2,
        AssetKind::Model => 3,
        AssetKind::Endpoint | AssetKind::Workload => 4,
        AssetKind::Cluster => 5,
        AssetKind::Key => 6,
        AssetKind::Network => 7,
        AssetKind::Sink => 8,
        AssetKind::AuditTrail => 9,
        AssetKind::Column => 10,
        AssetKind::Secret => 11,
        AssetKind::Waiver => 12,
        AssetKind::Vault => 13,
        AssetKind::Registry => 14,
        AssetKind::Guardrail => 15,
        AssetKind::Organisation | AssetKind::Processor | AssetKind::Document | AssetKind::Declaration => 16,
    }
}
