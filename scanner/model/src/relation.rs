use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{AssetId, Attribute, Place, Protection, Tag};

macro_rules! relations {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// How two assets hang together; the documentation says what stands on each side.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum RelationKind { $($(#[$doc])* $name),+ }

        impl RelationKind {
            /// Every kind.
            pub const ALL: &'static [RelationKind] = &[$(RelationKind::$name),+];

            /// The word in reports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(RelationKind::$name => $text),+ }
            }
        }
    };
}

relations! {
    /// Column → the dataset, table or feature view it belongs to.
    PartOf = "part-of",
    /// Dataset or table → the bucket or database it lies in.
    StoredIn = "stored-in",
    /// Derived dataset, table, column or feature view → what it is made from.
    DerivedFrom = "derived-from",
    /// Derived table or column → the column that decides which rows or which value it has (a filter, a join, a
    /// grouping, an order, a condition) without giving it a value.
    DependsOn = "depends-on",
    /// Pipeline or notebook → what it reads.
    Reads = "reads",
    /// Pipeline or notebook → what it writes.
    Writes = "writes",
    /// Pipeline, notebook, workload, endpoint, cluster → the role or account it acts as.
    RunsAs = "runs-as",
    /// Principal → what it may touch; `access` says how.
    Grants = "grants",
    /// User, role or group → a group or role it belongs to or may assume.
    MemberOf = "member-of",
    /// Job or workflow → the code that it runs, or what it deploys.
    Runs = "runs",
    /// Pipeline or notebook → the model it trains.
    Trains = "trains",
    /// Endpoint or workload → the model it serves.
    Serves = "serves",
    /// Pipeline or role → the model, endpoint or feature view it registers, deploys or publishes.
    Releases = "releases",
    /// Monitor or pipeline → what it watches.
    Monitors = "monitors",
    /// Pipeline or notebook → the sink that data goes to; `flow` says which columns.
    SendsTo = "sends-to",
    /// Store, model or endpoint → the key that encrypts it.
    EncryptedWith = "encrypted-with",
    /// Anything → a network rule set that guards it.
    GuardedBy = "guarded-by",
}

/// How a link was made, surest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "basis", content = "because")]
pub enum LinkBasis {
    /// A person bound the two in `aedile.yaml`.
    Declared,
    /// One source names the other, or both use one exact name or URI.
    Exact,
    /// Inferred, with the reason in words.
    Inferred(String),
}

/// What a grant allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// See data.
    Read,
    /// Change data.
    Write,
    /// Change the asset, its policy or its grants.
    Administer,
    /// Pass on to others (grant option, share, assume chain).
    Share,
}

impl Access {
    /// All of them.
    pub const ALL: [Access; 4] = [Access::Read, Access::Write, Access::Administer, Access::Share];

    /// The Cedar action.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::Administer => "administer",
            Access::Share => "share",
        }
    }
}

/// Which columns take part in a flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Columns {
    /// All of them (`SELECT *`, a whole data frame).
    All,
    /// These, with what was done to each on the way.
    Named(BTreeMap<String, Protection>),
    /// Some, and it is not known which.
    Unknown,
}

/// Stands for columns that are not known, among the filters of a [`Flow`].
pub const SOME: &str = "?";

/// What travels along a reads, writes, sends-to, trains or derived-from relation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Flow {
    /// Which columns of the sources.
    pub columns: Columns,
    /// Datasets or tables the data comes from; empty where the other side of the relation is the source.
    pub sources: BTreeSet<AssetId>,
    /// Columns of the sources that were dropped on the way.
    pub dropped: BTreeSet<String>,
    /// Columns of the sources by which rows were chosen on the way; [`SOME`] where it is not known by which.
    pub filters: BTreeSet<String>,
    /// Columns that do not simply keep their name: the arriving column → the columns of the sources that it is made
    /// of, with what was done to each. A source's column that stands here arrives only as is said here, every other
    /// under its own name unless that name is taken.
    pub made: BTreeMap<String, BTreeMap<String, Protection>>,
    /// Where the data was read, changed and passed on, in order.
    pub steps: Vec<Place>,
}

impl Flow {
    /// A flow of `columns` whose source is the other side of the relation.
    #[must_use]
    pub fn new(columns: Columns) -> Flow {
        Flow {
            columns,
            sources: BTreeSet::new(),
            dropped: BTreeSet::new(),
            filters: BTreeSet::new(),
            made: BTreeMap::new(),
            steps: Vec::new(),
        }
    }

    /// Whether what arrives as `column` is made without the source's column of that name, which goes nowhere else.
    #[must_use]
    pub fn replaces(&self, column: &str) -> bool {
        let own = self.made.keys().any(|name| name.eq_ignore_ascii_case(column));
        own && !self.made.values().flat_map(BTreeMap::keys).any(|source| source.eq_ignore_ascii_case(column))
    }

    /// Under which names the source's column `column`, on the rung `done`, arrives, each with its rung.
    pub fn arriving<'a>(
        &'a self,
        column: &'a str,
        done: Protection,
    ) -> impl Iterator<Item = (&'a str, Protection)> + use<'a> {
        let said: Vec<(&str, Protection)> = self
            .made
            .iter()
            .filter_map(|(name, of)| {
                let (_, rung) = of.iter().find(|(source, _)| source.eq_ignore_ascii_case(column))?;
                Some((name.as_str(), *rung))
            })
            .collect();
        let own = said.is_empty().then_some((column, done));
        said.into_iter().chain(own)
    }
}

/// A directed edge of the platform graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    /// What it says.
    pub kind: RelationKind,
    /// The side that acts, contains less, or was made later; see [`RelationKind`].
    pub from: AssetId,
    /// The other side.
    pub to: AssetId,
    /// Where it is said.
    pub place: Option<Place>,
    /// How it was found.
    pub basis: LinkBasis,
    /// For grants: what is allowed.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub access: BTreeSet<Access>,
    /// For movements of data: what travels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flow: Option<Flow>,
    /// The classes that travel or are reached, computed by propagation, sorted by class.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub carries: Vec<Tag>,
    /// Further facts, as the policy schema's contexts name them (`viaWildcard`, `purpose`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub attributes: BTreeMap<String, Attribute>,
}

impl Relation {
    /// An exact relation without flow, access or attributes.
    #[must_use]
    pub fn new(kind: RelationKind, from: AssetId, to: AssetId, place: Option<Place>) -> Self {
        Relation {
            kind,
            from,
            to,
            place,
            basis: LinkBasis::Exact,
            access: BTreeSet::new(),
            flow: None,
            carries: Vec::new(),
            attributes: BTreeMap::new(),
        }
    }
}
