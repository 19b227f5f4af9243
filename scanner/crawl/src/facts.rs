//! What crawlers say before anything is linked: assets they define and references they cannot resolve alone.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Access, Asset, AssetId, AssetKind, Attribute, Flow, Gap, Place, RelationKind};
use serde::{Deserialize, Serialize};

/// One side of a relation as a crawler sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ref {
    /// An asset that this crawler defined.
    Id(AssetId),
    /// Something named by a global name that another crawler may define: a URI, a path relative to
    /// the root, a qualified table name, an ARN, a principal. Linking finds the asset whose `names`
    /// hold it, or makes one of `kind` that is known only by reference.
    Named {
        /// What it must be if nobody defines it.
        kind: AssetKind,
        /// The name; unresolved parts stand as `{hole}`.
        name: String,
    },
}

impl Ref {
    /// A reference by name.
    pub fn named(kind: AssetKind, name: impl Into<String>) -> Ref {
        Ref::Named { kind, name: name.into() }
    }
}

/// A relation whose sides may still be references.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// What it says.
    pub kind: RelationKind,
    /// See [`RelationKind`] for the direction.
    pub from: Ref,
    /// The other side.
    pub to: Ref,
    /// Where it is said.
    pub place: Option<Place>,
    /// For grants.
    pub access: BTreeSet<Access>,
    /// For movements of data; `flow.sources` is filled by linking from `sources`.
    pub flow: Option<Flow>,
    /// Where the data of a flow comes from, still as references.
    pub sources: Vec<Ref>,
    /// Further facts, as the policy schema's contexts name them.
    pub attributes: BTreeMap<String, Attribute>,
}

impl Link {
    /// A bare link.
    pub fn new(kind: RelationKind, from: Ref, to: Ref, place: Option<Place>) -> Link {
        Link {
            kind,
            from,
            to,
            place,
            access: BTreeSet::new(),
            flow: None,
            sources: Vec::new(),
            attributes: BTreeMap::new(),
        }
    }
}

/// Everything that crawlers found, before linking.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Assets with a definition.
    pub assets: Vec<Asset>,
    /// Relations between them and to what they only name.
    pub links: Vec<Link>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Patches that are asked for, and those that were found.
    #[serde(skip)]
    pub(crate) repairing: crate::fix::Repairing,
    #[serde(skip)]
    pub(crate) charts: Charts,
}

/// The charts of the sources, by folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Charts {
    /// Those that were rendered as they come, for no manifest installs them, with what they and their variants make.
    pub(crate) bare: BTreeMap<String, BTreeSet<AssetId>>,
    /// Those that a configuration in another language installs, with values of its own.
    pub(crate) installed: BTreeSet<String>,
}

impl Facts {
    /// Adds what `more` says. A chart that something installs is no longer what it is as it comes.
    pub(crate) fn append(&mut self, mut more: Facts) {
        self.assets.append(&mut more.assets);
        self.links.append(&mut more.links);
        self.gaps.append(&mut more.gaps);
        self.repairing.offers.append(&mut more.repairing.offers);
        self.charts.bare.append(&mut more.charts.bare);
        self.charts.installed.append(&mut more.charts.installed);
        for folder in &self.charts.installed {
            if let Some(gone) = self.charts.bare.remove(folder) {
                let is_gone = |side: &Ref| matches!(side, Ref::Id(id) if gone.contains(id));
                self.assets.retain(|asset| !gone.contains(&asset.id));
                self.links
                    .retain(|link| !(is_gone(&link.from) || is_gone(&link.to) || link.sources.iter().any(is_gone)));
                self.repairing.offers.retain(|offer| !gone.contains(&offer.asset));
            }
        }
    }
}
