//! The form of `resources/*.yaml`; [the page above](super) tells what each part means.

use std::collections::BTreeMap;

use aedile_model::{AssetKind, RelationKind};
use serde::Deserialize;

mod catalog;
mod column;
mod condition;
mod grant;
mod reader;

pub use catalog::{
    DataActions, Interface, InterfaceCase, KnownPort, ManagedPolicy, ManagedStatement, Permission, RoleAccess, Service,
    TagRule,
};
pub use column::{ColumnMask, ColumnRule, ColumnTags, Enforced, LabelRule};
pub use condition::{Condition, PolicyTest, Selection};
pub use grant::{GrantForm, GrantRule, Over, Tagged, Tagging};
pub use reader::{Literal, OpenRule, Reader, Reading};

/// One pack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pack {
    #[expect(dead_code, reason = "the header, read by `PackSource::is`")]
    pack: String,
    #[serde(default)]
    pub(super) resources: Vec<ResourceType>,
    #[serde(default)]
    pub(super) tags: Vec<TagRule>,
    #[serde(default)]
    pub(super) services: Vec<Service>,
    #[serde(default)]
    pub(super) policies: Vec<ManagedPolicy>,
    #[serde(default)]
    pub(super) roles: Vec<RoleAccess>,
    #[serde(default)]
    pub(super) data: Vec<DataActions>,
    #[serde(default)]
    pub(super) ports: Vec<KnownPort>,
    #[serde(default)]
    pub(super) modules: Vec<ModuleRule>,
    #[serde(default)]
    pub(super) permissions: Vec<Permission>,
    #[serde(default)]
    pub(super) interfaces: Vec<Interface>,
}

/// A module of a registry, told as a short configuration of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleRule {
    /// Its name in the registry, with the inner folder if it is one: `terraform-aws-modules/iam/aws//modules/iam-role`.
    pub source: String,
    /// The versions that are told, as a constraint; all if it is empty.
    #[serde(default)]
    pub versions: String,
    /// The page that inputs, defaults and outputs were read on.
    pub docs: String,
    /// Variables with the module's defaults, the resources that it makes of them, its outputs.
    pub configuration: String,
    /// Calls and what must come out.
    #[serde(default)]
    pub examples: Vec<ModuleExample>,
}

/// A configuration that calls a module, and what must come out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleExample {
    /// The configuration.
    pub source: String,
    /// Attributes by the address of the asset; null where there must be none, `?` for unknown.
    pub expect: BTreeMap<String, BTreeMap<String, Option<Literal>>>,
}

/// Which crawler's resources a type is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceSource {
    /// A `resource` block of Terraform or OpenTofu; the id is its type.
    Terraform,
    /// A resource of an Azure deployment template; the id is its type (`Microsoft.Storage/storageAccounts`).
    Arm,
    /// A Kubernetes object; the id is its `kind`, with the group where two kinds share a name (`serving.kserve.io/InferenceService`).
    Kubernetes,
    /// A resource of a CloudFormation template, or one that the serverless transform makes; the id is its `Type`.
    CloudFormation,
    /// A service of a compose file; the id is `service`.
    Compose,
    /// An image that a Dockerfile builds; the id is `image`.
    Dockerfile,
}

/// How one provider's resource type becomes an asset, grants, or both.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceType {
    /// The type in the source's words.
    pub id: String,
    /// Whose type it is.
    pub source: ResourceSource,
    /// The type of another source that is the same thing (`aws_s3_bucket`): what services say of that holds for it.
    pub like: Option<String>,
    /// Paths of `like` as this source spells them, by the path or its beginning (`name: BucketName`); all others are
    /// spelt in camel case, whatever the case of letters. With it, all that `like` has holds here: companions,
    /// attributes, relations and grants. What stands here comes first; an attribute without readers is left out.
    pub paths: Option<BTreeMap<String, String>>,
    /// The provider's page that the paths and defaults were read on.
    pub docs: String,
    /// Other types with the same attributes: old names of it (`aws_alb` of `aws_lb`).
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What it becomes; nothing for a type that only grants, or that others read attributes of.
    pub asset: Option<AssetKind>,
    /// Whether it can carry tags, so that missing ones are missing.
    #[serde(default)]
    pub taggable: bool,
    /// Template of its ARN, with `{region}` and `{account}`; for selections by pattern.
    pub arn: Option<String>,
    /// Paths of its short name, tried in order.
    #[serde(default)]
    pub name: Vec<String>,
    /// Templates of global names; a name whose holes are not all known is left out.
    #[serde(default)]
    pub names: Vec<String>,
    /// Templates of attributes that only the provider sets, for references by others.
    #[serde(default)]
    pub exports: BTreeMap<String, String>,
    /// Resources that say something about this one, by a name of ours.
    #[serde(default)]
    pub companions: BTreeMap<String, Companion>,
    /// Readers of each normalised attribute, tried in order.
    #[serde(default)]
    pub attributes: BTreeMap<String, Vec<Reader>>,
    /// Relations to other assets.
    #[serde(default)]
    pub relations: Vec<RelationRule>,
    /// Who may do what because of it.
    #[serde(default)]
    pub grants: Vec<GrantRule>,
    /// Blocks in it that are resources of another type.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// The columns that it declares, of a table.
    pub columns: Option<ColumnRule>,
    /// The tag that it puts on a table or column by name.
    pub labels: Option<LabelRule>,
    /// Kubernetes: paths of pod specifications (`*` is any key); the workload attributes are read there.
    #[serde(default)]
    pub pods: Vec<String>,
    /// Sources and what must come out.
    #[serde(default)]
    pub examples: Vec<ResourceExample>,
    /// Sources where the opposite must come out.
    #[serde(default)]
    pub counter_examples: Vec<ResourceExample>,
}

/// A resource of another type that belongs to this one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Path in the companion that names this resource.
    pub by: Option<String>,
    /// Path in this resource that names the companion.
    pub via: Option<String>,
    /// The companion that is joined so instead of this resource: the key of a container's account. That one may
    /// be of another in turn.
    pub of: Option<String>,
    /// Whether the companion stops being an asset of its own.
    #[serde(default)]
    pub absorbs: bool,
    /// What there is in a companion that `via` names and that is not in the sources.
    #[serde(default)]
    pub outside: Outside,
}

/// What is known of a companion outside of the sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outside {
    /// It is there and may say anything: what is read in it is unknown.
    #[default]
    Unknown,
    /// It says nothing that counts, as if none were named.
    Nothing,
}

/// A relation to what a path names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelationRule {
    /// What it says.
    pub kind: RelationKind,
    /// The companion to read in; this resource if absent.
    pub from: Option<String>,
    /// Where the other side is named.
    pub path: String,
    /// What the other side is.
    pub to: AssetKind,
    /// The name of the other side if only text is known, `{value}` being the text.
    pub names: Option<String>,
    /// Whether the other side is where the relation starts.
    #[serde(default)]
    pub reverse: bool,
}

/// A block within a resource that is read as one of another type: the cluster of a job.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The path of the block; its first key is the list.
    pub path: String,
    /// Where an entry of the list is named.
    pub key: String,
}

/// A source text and what must come out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceExample {
    /// HCL or YAML.
    pub source: String,
    /// Attributes of the first asset of the type; `null` is absent, `"?"` is unknown.
    #[serde(default)]
    pub expect: BTreeMap<String, Option<Literal>>,
    /// All grants and relations, each as `kind from -> to`, with accesses and flags for grants.
    pub links: Option<Vec<String>>,
}
