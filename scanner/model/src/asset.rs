use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Attribute, Label, Place, Tag, Value};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What an asset is. The name is also the Cedar entity type, without its namespace.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum AssetKind { $($(#[$doc])* $name),+ }

        impl AssetKind {
            /// Every kind, in the order of declaration.
            pub const ALL: &'static [AssetKind] = &[$(AssetKind::$name),+];

            /// The name as it stands in ids, packs and policies (`FeatureView`).
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(AssetKind::$name => stringify!($name)),+ }
            }
        }

        impl FromStr for AssetKind {
            type Err = UnknownKind;
            fn from_str(text: &str) -> Result<Self, UnknownKind> {
                match text { $(stringify!($name) => Ok(AssetKind::$name),)+ other => Err(UnknownKind(other.to_owned())) }
            }
        }
    };
}

kinds! {
    /// An object store: S3 bucket, GCS bucket, blob container, volume.
    Bucket,
    /// A database server, warehouse or catalog that holds tables.
    Database,
    /// A set of files read as one: a CSV, a Parquet folder, a URI named by code.
    Dataset,
    /// A relational table, view or dbt model.
    Table,
    /// A column of a dataset, table or feature view.
    Column,
    /// Code that moves or transforms data: a script, a DAG, a job definition, a dbt project.
    Pipeline,
    /// A trained model or its registration.
    Model,
    /// What serves a model.
    Endpoint,
    /// A feature view or feature group.
    FeatureView,
    /// A container workload: Deployment, Job, InferenceService, Pod.
    Workload,
    /// A notebook file or a hosted notebook instance.
    Notebook,
    /// A compute cluster: Spark, Databricks, Ray, Kubernetes.
    Cluster,
    /// An encryption key.
    Key,
    /// A network rule set: security group, firewall, VPC.
    Network,
    /// An assumable role.
    Role,
    /// A machine identity.
    ServiceAccount,
    /// A group of principals or a database role.
    Group,
    /// A human principal.
    User,
    /// Whoever asks: the public, all authenticated users, `*`.
    AnyOne,
    /// Where data leaves governed stores: a log, a tracker, a vendor, an LLM, saved notebook output.
    Sink,
    /// A record of who did what: CloudTrail, a diagnostic setting, an audit log.
    AuditTrail,
    /// A store of secrets, certificates or keys, or one secret in it.
    Vault,
    /// A registry of images, packages or models.
    Registry,
    /// A filter between people and a model.
    Guardrail,
    /// A credential found in text.
    Secret,
    /// A waiver written in code or configuration.
    Waiver,
    /// Who operates the platform.
    Organisation,
    /// Somebody who receives data, as declared.
    Processor,
    /// A document that somebody declared.
    Document,
    /// What `aedile.yaml` says of assets.
    Declaration,
}

/// A word that names no [`AssetKind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of asset")]
pub struct UnknownKind(pub String);

impl fmt::Display for AssetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AssetKind {
    /// Whether assets of this kind can act: be a principal of a grant.
    #[must_use]
    pub fn is_principal(self) -> bool {
        matches!(
            self,
            AssetKind::Role | AssetKind::ServiceAccount | AssetKind::Group | AssetKind::User | AssetKind::AnyOne
        )
    }

    /// Whether assets of this kind hold data, so that classes flow into them.
    #[must_use]
    pub fn holds_data(self) -> bool {
        matches!(
            self,
            AssetKind::Bucket
                | AssetKind::Database
                | AssetKind::Dataset
                | AssetKind::Table
                | AssetKind::Column
                | AssetKind::FeatureView
                | AssetKind::Model
                | AssetKind::Endpoint
        )
    }
}

/// The identity of an asset over all runs: `Kind:unit#address`.
///
/// `unit` is the folder or file (relative to the root, `/` as separator) inside which the address is
/// unique; it is empty for assets named by a global name (a URI, a qualified table name), and then
/// the id is `Kind:address`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssetId(Arc<str>);

impl AssetId {
    /// The id of the asset of `kind` whose `address` is unique within `unit`.
    #[must_use]
    pub fn new(kind: AssetKind, unit: &str, address: &str) -> Self {
        if unit.is_empty() {
            AssetId(format!("{kind}:{address}").into())
        } else {
            AssetId(format!("{kind}:{unit}#{address}").into())
        }
    }

    /// The id of the column `name` of the dataset or table `of`.
    #[must_use]
    pub fn column(of: &AssetId, name: &str) -> Self {
        AssetId(format!("Column:{of}/{name}").into())
    }

    /// The id that was written as `text` by [`AssetId::as_str`].
    #[must_use]
    pub fn written(text: &str) -> Self {
        AssetId(text.into())
    }

    /// The whole id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Anything governed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Identity over all runs.
    pub id: AssetId,
    /// What it is.
    pub kind: AssetKind,
    /// The source's own name for it: `aws_s3_bucket.raw`, `Deployment/serving/api`, `models/stg_users.sql`.
    pub address: String,
    /// The short name a person would use: the bucket's name, the table's name, the file's stem.
    pub name: String,
    /// The type in the source's words: `aws_s3_bucket`, `Deployment`, `csv`, `python`.
    pub type_name: String,
    /// Global names by which other facts may speak of it: `s3://clinic-raw`, `arn:aws:s3:::clinic-raw`,
    /// `warehouse.clinic.patients`. Lower case where the naming system ignores case.
    pub names: BTreeSet<String>,
    /// Where it is defined; `None` for an asset known only by a reference.
    pub place: Option<Place>,
    /// Normalised attributes, as the policy schema names them.
    pub attributes: BTreeMap<String, Attribute>,
    /// What it is or holds, at most one tag a class, sorted by class.
    pub tags: Vec<Tag>,
    /// What people wrote on it, sorted.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub labels: BTreeSet<Label>,
    /// Whether it stands in a folder of tests, fixtures or examples.
    pub in_tests: bool,
}

impl Asset {
    /// An asset without attributes, names or tags.
    #[must_use]
    pub fn new(id: AssetId, kind: AssetKind, address: impl Into<String>, name: impl Into<String>) -> Self {
        Asset {
            id,
            kind,
            address: address.into(),
            name: name.into(),
            type_name: String::new(),
            names: BTreeSet::new(),
            place: None,
            attributes: BTreeMap::new(),
            tags: Vec::new(),
            labels: BTreeSet::new(),
            in_tests: false,
        }
    }

    /// The value of the attribute `name`, if the asset has it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name).map(|attribute| &attribute.value)
    }

    /// Sets the attribute `name`, replacing what was there.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>, place: Option<Place>) {
        self.attributes.insert(name.into(), Attribute { value: value.into(), place });
    }

    /// Adds `tag`; where the class is already there, the two are joined by [`Tag::join`].
    pub fn add_tag(&mut self, tag: Tag) {
        match self.tags.binary_search_by(|held| held.class.cmp(&tag.class)) {
            Ok(at) => {
                if let Some(held) = self.tags.get_mut(at) {
                    held.join(tag);
                }
            }
            Err(at) => self.tags.insert(at, tag),
        }
    }
}
