//! References become assets: those that others defined, or new ones that are known by reference only.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Inventory, LinkBasis, Place};

use super::index::Index;
use super::{LITERAL, name};
use crate::{Binding, Ref, in_tests};

/// What a reference turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// One asset, or all that a wildcard covers.
    pub(super) ids: Vec<AssetId>,
    /// How it was found.
    pub(super) basis: LinkBasis,
    /// Whether a wildcard covered it.
    pub(super) via_wildcard: bool,
}

impl Found {
    fn one(id: &AssetId, basis: LinkBasis) -> Found {
        Found { ids: vec![id.clone()], basis, via_wildcard: false }
    }
}

/// Looks names up, and keeps what they mean.
pub(super) struct Resolver {
    index: Index,
    /// Normal names that a person declared to mean another name.
    aliases: BTreeMap<String, String>,
}

impl Resolver {
    /// One that knows the assets of `inventory` and the names that `bindings` give them.
    pub(super) fn new(inventory: &mut Inventory, bindings: &[Binding]) -> Resolver {
        let mut resolver = Resolver { index: Index::default(), aliases: BTreeMap::new() };
        for asset in inventory.assets.values() {
            resolver.index.add(asset);
        }
        for binding in bindings {
            resolver.bind(inventory, binding);
        }
        resolver
    }

    /// Gives the asset that one name of `binding` means the other name too. Where both mean assets, both stay;
    /// see [`super::bound`].
    fn bind(&mut self, inventory: &mut Inventory, binding: &Binding) {
        let (name, is) = (spelling(&binding.name), spelling(&binding.is));
        match (self.written(&binding.name), self.written(&binding.is)) {
            (Some(id), None) => {
                self.aliases.insert(is.clone(), name);
                if let Some(asset) = inventory.assets.get_mut(&id) {
                    asset.names.insert(is);
                }
            }
            (None, Some(id)) => {
                self.aliases.insert(name.clone(), is);
                if let Some(asset) = inventory.assets.get_mut(&id) {
                    asset.names.insert(name);
                }
            }
            (None, None) if name != is => {
                self.aliases.insert(name, is);
            }
            _ => {}
        }
    }

    /// The asset that a normal name means, whatever its kind, if it is just one.
    fn known(&self, name: &str) -> Option<AssetId> {
        AssetKind::ALL.iter().find_map(|&kind| match self.index.exact(kind, name).as_slice() {
            [id] => Some((*id).clone()),
            _ => None,
        })
    }

    /// The asset that a person's word for it means: a source's own name (`aws_db_instance.clinical`) or any other.
    pub(super) fn written(&self, written: &str) -> Option<AssetId> {
        self.known(written.trim()).or_else(|| self.known(&spelling(written)))
    }

    /// What `reference`, written at `place`, means; `None` if nothing that is known.
    pub(super) fn find(&self, kind: AssetKind, written: &str, place: Option<&Place>) -> Option<Found> {
        let folder = place.map_or("", |place| place.path.rsplit_once('/').map_or("", |(folder, _)| folder));
        let normal = name::normal(kind, written);
        if let Some(is) = self.aliases.get(&normal) {
            let found = self.known(is).map(|id| Found::one(&id, LinkBasis::Declared));
            return found
                .or_else(|| self.lookup(kind, is, folder).map(|found| Found { basis: LinkBasis::Declared, ..found }));
        }
        self.lookup(kind, &normal, folder)
    }

    fn lookup(&self, kind: AssetKind, normal: &str, folder: &str) -> Option<Found> {
        if normal.contains('*') {
            return self.wildcard(kind, normal, folder);
        }
        self.path(kind, normal, folder)
            .or_else(|| self.exact(kind, normal, folder))
            .or_else(|| self.principal(kind, normal))
            .or_else(|| self.bucket(kind, normal))
            .or_else(|| self.table(kind, normal))
            .or_else(|| self.shape(kind, normal))
    }

    fn exact(&self, kind: AssetKind, normal: &str, folder: &str) -> Option<Found> {
        let mut candidates = self.index.exact(kind, normal);
        if is_vague(normal) {
            // `s3://{var.bucket}` of one module is not that of another.
            candidates.retain(|id| self.index.is_near(id, folder));
        }
        match candidates.as_slice() {
            [] => None,
            [id] => Some(Found::one(id, LinkBasis::Exact)),
            several => {
                let id = self.index.nearest(several, folder)?;
                Some(Found::one(
                    id,
                    LinkBasis::Inferred(format!("the nearest of {} definitions of `{normal}`", several.len())),
                ))
            }
        }
    }

    /// A path, relative to the folder of the file that names it, to the root, or to a folder between them.
    /// A folder means the datasets in it.
    fn path(&self, kind: AssetKind, normal: &str, folder: &str) -> Option<Found> {
        if !matches!(kind, AssetKind::Dataset | AssetKind::Notebook | AssetKind::Pipeline)
            || normal.contains("://")
            || normal.contains('{')
            || normal.starts_with('/')
        {
            return None;
        }
        let mut bases = vec![folder];
        bases.extend((!folder.is_empty()).then_some(""));
        bases.extend(
            folder
                .match_indices('/')
                .map(|(at, _)| folder.get(..at).unwrap_or_default())
                .collect::<Vec<_>>()
                .into_iter()
                .rev(),
        );
        for (nth, base) in bases.iter().enumerate() {
            let full = name::path(&format!("{base}/{normal}"));
            let full = full.trim_start_matches('/');
            let basis = if nth < 2 {
                LinkBasis::Exact
            } else {
                LinkBasis::Inferred(format!("the path is that of a file below `{base}`"))
            };
            let ids: Vec<AssetId> = match self.index.exact(kind, full).as_slice() {
                [] if kind == AssetKind::Dataset && !full.is_empty() => {
                    self.index.by_wildcard(kind, &format!("{full}/*")).into_iter().cloned().collect()
                }
                found => found.iter().map(|id| (*id).clone()).collect(),
            };
            if !ids.is_empty() {
                return Some(Found { ids, basis, via_wildcard: false });
            }
        }
        None
    }

    /// A role or account by the last part of its ARN, or by a provider's prefixed name.
    fn principal(&self, kind: AssetKind, normal: &str) -> Option<Found> {
        if !kind.is_principal() {
            return None;
        }
        let short = if let Some(rest) = normal.strip_prefix("system:serviceaccount:") {
            rest.replacen(':', "/", 1)
        } else if let Some((_, rest)) = normal.split_once(":assumed-role/") {
            rest.split('/').next()?.to_owned()
        } else if normal.starts_with("arn:") {
            normal.rsplit_once('/')?.1.to_owned()
        } else {
            let prefixes = ["serviceAccount:", "user:", "group:"];
            prefixes.iter().find_map(|prefix| normal.strip_prefix(prefix))?.to_owned()
        };
        let short = short.trim_start_matches('/');
        match self.index.exact(kind, short).as_slice() {
            [id] => Some(Found::one(id, LinkBasis::Exact)),
            _ => None,
        }
    }

    /// A bucket by its bare name, or by the ARN of an object in it.
    fn bucket(&self, kind: AssetKind, normal: &str) -> Option<Found> {
        if kind != AssetKind::Bucket {
            return None;
        }
        let names = match name::store(normal) {
            Some(store) => vec![store.to_owned()],
            None => vec![format!("s3://{normal}"), format!("gs://{normal}")],
        };
        match names.iter().flat_map(|name| self.index.exact(kind, name)).collect::<Vec<_>>().as_slice() {
            [id] => Some(Found::one(id, LinkBasis::Exact)),
            _ => None,
        }
    }

    /// A table by the end of its qualified name, or by a longer name than it is known by; only if it is the only one.
    fn table(&self, kind: AssetKind, normal: &str) -> Option<Found> {
        if !matches!(kind, AssetKind::Table | AssetKind::Dataset) || normal.contains(['/', '{', ' ']) {
            return None;
        }
        let lower = name::table(normal);
        if let [id] = self.index.exact(AssetKind::Table, &lower).as_slice() {
            return Some(Found::one(id, LinkBasis::Exact));
        }
        if let [id] = self.index.by_suffix(&lower).as_slice() {
            return Some(Found::one(id, LinkBasis::Inferred(format!("the only table whose name ends in `{lower}`"))));
        }
        let mut rest = lower.as_str();
        while let Some((_, shorter)) = rest.split_once('.') {
            if let [id] = self.index.exact(AssetKind::Table, shorter).as_slice() {
                return Some(Found::one(id, LinkBasis::Inferred(format!("the only table that is called `{shorter}`"))));
            }
            rest = shorter;
        }
        None
    }

    fn shape(&self, kind: AssetKind, normal: &str) -> Option<Found> {
        if is_vague(normal) {
            return None;
        }
        let found = self.index.by_shape(kind, normal);
        let mut ids = found.into_iter();
        let id = ids.next()?;
        ids.next()
            .is_none()
            .then(|| Found::one(id, LinkBasis::Inferred(format!("the only name of the shape `{normal}`"))))
    }

    /// Everything of `kind` that a pattern covers; for an object store the bucket, whatever part of its keys.
    fn wildcard(&self, kind: AssetKind, normal: &str, folder: &str) -> Option<Found> {
        if kind == AssetKind::Dataset && !normal.contains("://") {
            let near = name::path(&format!("{folder}/{normal}"));
            return [near.trim_start_matches('/'), normal].iter().find_map(|pattern| {
                let ids: Vec<AssetId> = self.index.by_wildcard(kind, pattern).into_iter().cloned().collect();
                (!ids.is_empty()).then_some(Found { ids, basis: LinkBasis::Exact, via_wildcard: false })
            });
        }
        let store = if kind == AssetKind::Bucket { name::store(normal).unwrap_or(normal) } else { normal };
        if !store.contains('*') {
            return self.lookup(kind, store, folder);
        }
        let ids: Vec<AssetId> = self.index.by_wildcard(kind, store).into_iter().cloned().collect();
        (!ids.is_empty()).then_some(Found { ids, basis: LinkBasis::Exact, via_wildcard: true })
    }

    /// Makes the asset that `written` names and nobody defined, and knows it from now on.
    pub(super) fn make(&mut self, kind: AssetKind, written: &str, place: Option<&Place>, inventory: &mut Inventory) {
        let Made { id, normal, vague } = self.identity(kind, written, place);
        let short = normal.trim_end_matches('/').rsplit('/').next().unwrap_or(&normal).to_owned();
        let mut asset = Asset::new(id, kind, &normal, short);
        super::REFERENCE.clone_into(&mut asset.type_name);
        asset.in_tests = place.is_some_and(|place| in_tests(&place.path));
        if !vague {
            asset.names.insert(normal);
            self.index.add(&asset);
        }
        inventory.add(asset);
    }

    /// The asset that [`Resolver::make`] made for a name that is not found by the index: a vague or an ambiguous one.
    pub(super) fn made(&self, kind: AssetKind, written: &str, place: Option<&Place>) -> Found {
        Found {
            ids: vec![self.identity(kind, written, place).id],
            basis: LinkBasis::Exact,
            via_wildcard: written.contains('*'),
        }
    }

    fn identity(&self, kind: AssetKind, written: &str, place: Option<&Place>) -> Made {
        let mut normal = name::normal(kind, written);
        if let Some(is) = self.aliases.get(&normal) {
            normal.clone_from(is);
        }
        if kind == AssetKind::Dataset && normal.contains("://") {
            normal = folder_of_pattern(&normal);
        }
        let vague = is_vague(&normal);
        let unit = place.filter(|_| vague).map_or("", |place| &place.path);
        Made { id: AssetId::new(kind, unit, &normal), normal, vague }
    }
}

/// Whether a normal name is little more than holes and so says nothing outside its file: two files' `{path}` are two things.
fn is_vague(normal: &str) -> bool {
    normal.contains('{') && name::literal_length(normal) < LITERAL
}

/// The id of the asset that is made for a name, the name, and whether the name says nothing outside its file.
struct Made {
    id: AssetId,
    normal: String,
    vague: bool,
}

/// `s3://b/x` of `s3://b/x/*.parquet`: a pattern in the last parts of a URI means the folder above.
fn folder_of_pattern(uri: &str) -> String {
    match uri.find('*').and_then(|at| uri.get(..at)).and_then(|before| before.rsplit_once('/')) {
        Some((folder, _)) if !folder.ends_with('/') => folder.to_owned(),
        _ => uri.to_owned(),
    }
}

/// The normal spelling of a name whose kind is not known.
fn spelling(written: &str) -> String {
    let is_table =
        !written.contains('/') && !written.contains("://") && !written.starts_with("arn:") && written.contains('.');
    let is_file = written.rsplit_once('.').is_some_and(|(_, extension)| name::EXTENSIONS.contains(&extension));
    name::normal(if is_table && !is_file { AssetKind::Table } else { AssetKind::Dataset }, written)
}

/// Every distinct name among `references`, in the order in which they are made: long qualified names before the short
/// ones that may mean them, patterns last.
pub(super) fn order<'a>(
    references: impl Iterator<Item = (&'a Ref, Option<&'a Place>)>,
) -> Vec<(AssetKind, &'a str, Option<&'a Place>)> {
    let distinct: BTreeSet<(AssetKind, &str, Option<&Place>)> = references
        .filter_map(|(reference, place)| match reference {
            Ref::Named { kind, name } => Some((*kind, name.as_str(), place)),
            Ref::Id(_) => None,
        })
        .collect();
    let mut ordered: Vec<_> = distinct.into_iter().collect();
    ordered.sort_by_key(|(_, name, _)| {
        (name.contains('*'), name.contains('{'), std::cmp::Reverse(name.matches('.').count()))
    });
    ordered
}
