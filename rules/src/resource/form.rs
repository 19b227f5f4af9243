//! The form of `resources/*.yaml`; [the page above](super) tells what each part means.

use std::collections::BTreeMap;

use aedile_model::{Access, AssetKind, RelationKind, Value};
use serde::Deserialize;

/// One pack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pack {
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
}

/// A value that a pack writes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl From<&Literal> for Value {
    fn from(literal: &Literal) -> Value {
        match literal {
            Literal::Bool(truth) => Value::Bool(*truth),
            Literal::Int(number) => Value::Int(*number),
            Literal::Text(text) => Value::Text(text.clone()),
        }
    }
}

/// One way to an attribute's value: a case (`when`, `is`), a reading (`path`), or the default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// The case in which `is` holds; or a condition on the reading.
    pub when: Option<Condition>,
    /// The value in that case.
    pub is: Option<Literal>,
    /// The companion to read in; this resource if absent.
    pub from: Option<String>,
    /// The path to read.
    pub path: Option<String>,
    /// The attribute of the companion to read instead, as its own type reads it.
    pub attribute: Option<String>,
    /// Whether the attribute is left out in that case: nothing of this kind can be said.
    #[serde(default)]
    pub absent: bool,
    /// As what.
    #[serde(rename = "as", default)]
    pub reading: Reading,
    /// Values of ours for the provider's words; a word that is not here is not read.
    #[serde(default)]
    pub map: BTreeMap<String, Literal>,
    /// The value if nothing above decided.
    pub default: Option<Literal>,
    /// Why the value cannot be known, though something is given at the path (or, without a path, in any case).
    pub unknown: Option<String>,
    /// For defaults: since which provider version or date, and where that is written.
    pub since: Option<String>,
    /// The list of ports that rules of a firewall open to the world.
    #[serde(default)]
    pub opens: Vec<OpenRule>,
}

/// Rules of a firewall: where they stand and which of their members say what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRule {
    /// The companion that holds them; this resource if absent.
    pub from: Option<String>,
    /// The path of the rules; the whole body is one rule if absent.
    pub path: Option<String>,
    /// Which of them count: let in, from the world. Asked of each rule.
    pub when: Condition,
    /// The first port.
    pub first: Option<String>,
    /// The last port.
    pub last: Option<String>,
    /// Paths of ports and ranges as text: `22`, `8000-9000`, `*`.
    #[serde(default)]
    pub ranges: Vec<String>,
    /// The protocol; all ports are open where it is `-1`, `all` or `*`, none where it has no ports.
    pub protocol: Option<String>,
}

/// As what a path is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// As it is.
    #[default]
    Value,
    /// A truth value; the words `true` and `false` count.
    Bool,
    /// The opposite of a truth value.
    Not,
    /// A whole number.
    Int,
    /// Text in lower case.
    Lower,
    /// True if anything is given, also what is known only after apply; otherwise not read.
    Given,
    /// True if the text stands in the configuration, false if it is given otherwise.
    Literal,
    /// As `given`, of a key: false for the aliases of the provider's own keys (`alias/aws/s3`).
    OwnKey,
    /// The smallest whole number of all.
    Least,
    /// Seconds, written as a number or with the suffix `s`, as whole minutes rounded up.
    Minutes,
    /// Milliseconds as whole days rounded up.
    Days,
    /// Seconds, written as a number or with the suffix `s`, as whole days rounded up.
    DaysOfSeconds,
    /// Whether a map of settings, or a list of names with values, holds a credential that is written out.
    SecretsIn,
    /// Hours as whole days rounded up.
    HoursDays,
    /// A duration of ISO 8601 (`PT15M`) as whole minutes rounded up.
    DurationMinutes,
    /// A duration of ISO 8601 (`P30D`) as whole days rounded up; a month has 30 days, a year 365.
    DurationDays,
    /// Text in lower case without blanks: `West Europe` is `westeurope`.
    Squeezed,
    /// All values as a list of texts.
    List,
    /// The regions that the values speak of: of a resource its own, of an ARN the one in it, else the text itself.
    Regions,
    /// Whether the value is a password written out in the source. What comes from outside is none.
    Secret,
    /// Whether settings (a map, or a list of name and value, or `NAME=value` lines) hold a credential that is
    /// written out. Under the name of a credential, what comes from outside is unknown.
    Secrets,
    /// Whether all images are named by digest.
    Pinned,
}

/// A statement that is true, false or unknown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// All of these hold.
    #[serde(default)]
    pub all: Vec<Condition>,
    /// Any of these holds.
    #[serde(default)]
    pub any: Vec<Condition>,
    /// This does not hold.
    pub not: Option<Box<Condition>>,
    /// The companion that is meant; this resource if absent. Alone: whether there is one.
    pub from: Option<String>,
    /// The path whose values are tested: true if any passes.
    pub path: Option<String>,
    /// The attribute of the companions, as their own types read it, whose values are tested instead.
    pub attribute: Option<String>,
    /// Asked of each value at the path, or of each companion: its paths begin there.
    #[serde(alias = "item")]
    pub each: Option<Box<Condition>>,
    /// Whether all companions are in the sources: each one that is named, and one for each that it is `of`.
    pub complete: Option<bool>,
    /// Whether the provider's version is this or later in any case.
    pub provider_from: Option<String>,
    /// Whether all values must pass (and there must be one).
    #[serde(default)]
    pub every: bool,
    /// A value is given (not null), or none is.
    pub exists: Option<bool>,
    /// It is this.
    pub equals: Option<Literal>,
    /// It is one of these.
    #[serde(default)]
    pub one_of: Vec<Literal>,
    /// The text begins so.
    pub starts_with: Option<String>,
    /// The text ends so.
    pub ends_with: Option<String>,
    /// The pattern takes in this: a template of this resource's paths (`collection/{name}`).
    pub covers: Option<String>,
    /// The text holds this, ignoring case.
    pub contains: Option<String>,
    /// The number is that or more.
    pub at_least: Option<i64>,
    /// The number is that or less.
    pub at_most: Option<i64>,
    /// The version is that or later, compared part by part.
    pub version_from: Option<String>,
    /// The range of addresses is so wide that it lets in the world.
    pub world: Option<bool>,
    /// It is a resource of one of these types.
    #[serde(default)]
    pub refers: Vec<String>,
    /// The companion, a backup selection, takes in this resource.
    pub selects: Option<Selection>,
    /// What the policy document at the path says.
    pub policy: Option<PolicyTest>,
}

/// A question to a policy document in the language of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyTest {
    /// Some statement allows anyone, without a condition.
    AllowsAnyone,
    /// Some statement denies everyone who does not use TLS (`aws:SecureTransport` is false).
    RequiresTls,
    /// Some statement denies everyone whose TLS is older than 1.2 (`s3:TlsVersion`).
    RequiresTls12,
    /// Some statement allows anyone every action on everything.
    AllowsEverything,
}

/// Where a backup selection says what it takes in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Path of ARNs, also with `*`.
    pub resources: String,
    /// Path of ARNs that are left out.
    pub except: String,
    /// Path of tags with `key` and `value`, any of which takes in.
    pub tags: String,
    /// Path of tags with `key` and `value`, all of which are needed; the key after `aws:ResourceTag/`.
    pub conditions: String,
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

/// Where a table's columns are declared, and which of them are masked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRule {
    /// The list of columns: blocks, or JSON text.
    pub path: String,
    /// The name within a column.
    pub name: String,
    /// The type within a column.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// In a column, the columns that it consists of.
    pub nested: Option<String>,
    /// Paths within a column; anything given there masks it.
    #[serde(default)]
    pub masked: Vec<String>,
    /// Companions that mask columns.
    #[serde(default)]
    pub masks: Vec<ColumnMask>,
    /// Tags that columns get by name, and with them a mask.
    pub tags: Option<ColumnTags>,
}

/// Resources that put tags on columns; a tag that carries a masking policy masks them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnTags {
    /// The type that ties columns to a tag.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its path of full names of columns, the column last.
    pub columns: String,
    /// Its path of the tag.
    pub tag: String,
    /// The path of the tag's own policies.
    pub policies: String,
    /// The type that ties a policy to a tag.
    pub attached: String,
    /// Its path of the tag.
    pub by: String,
}

/// A companion that masks one column of a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMask {
    /// The companion.
    pub from: String,
    /// Where it names the column.
    pub column: String,
}

/// A way to read grants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRule {
    /// In which language the grant is written.
    pub form: GrantForm,
    /// Path of the policy document, or of the ARN of a managed one.
    pub document: Option<String>,
    /// Paths of the principals that the document is attached to.
    #[serde(default)]
    pub principals: Vec<String>,
    /// What kind of principal those are.
    pub principal: Option<AssetKind>,
    /// Paths of what is granted; this resource if empty and the form needs it.
    #[serde(default)]
    pub on: Vec<String>,
    /// What kind of asset that is.
    pub to: Option<AssetKind>,
    /// The name of it if only text is known, `{value}` being the text.
    pub names: Option<String>,
    /// Paths of roles or privileges, looked up under `roles`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Path whose truth or presence means that the grant may be passed on.
    pub option: Option<String>,
    /// The case in which the grant holds, for bindings.
    pub when: Option<Condition>,
    /// What a binding allows whatever it names (ownership, a share).
    #[serde(default)]
    pub access: Vec<Access>,
    /// Path whose truth means every privilege.
    pub everything: Option<String>,
    /// Whether a binding is on all that stands in what is named, also what comes later.
    #[serde(default)]
    pub wildcard: bool,
    /// Whether a binding is to another organisation or account.
    #[serde(default)]
    pub cross_account: bool,
    /// Path of the only columns that a binding is on.
    pub columns: Option<String>,
    /// Path of the columns that it leaves out.
    pub except_columns: Option<String>,
    /// Why such a grant cannot be read; then there is nothing but this gap.
    pub gap: Option<String>,
    /// The grant holds for everything in a project, a group or a subscription.
    pub over: Option<Over>,
}

/// What a grant on a whole project, group or subscription covers: resources of the same configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Over {
    /// Path of the scope in the grant; nothing there means all.
    pub scope: String,
    /// Path in a resource that names the scope it is in.
    pub within: Option<String>,
    /// The type whose resources are scopes within the whole: groups of resources.
    pub group: Option<String>,
}

/// The language of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantForm {
    /// A policy document attached to principals.
    IdentityPolicy,
    /// The ARN or the resource of a managed policy attached to principals.
    Attachment,
    /// A policy document attached to what it is about.
    ResourcePolicy,
    /// The document that says who may assume this role.
    TrustPolicy,
    /// Principals get roles or privileges on something.
    Binding,
    /// A principal is a member of a group, named by `on`.
    Membership,
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

/// Keys of tags and labels that mean an attribute.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagRule {
    /// The attribute.
    pub attribute: String,
    /// The keys in lower case with `-` for every separator, tried in order.
    pub keys: Vec<String>,
    /// Our words for values, both in lower case; other values stand as they are.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
}

/// What the actions of a service give, in the patterns of IAM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The prefix of its actions.
    pub id: String,
    /// What its resources are.
    pub asset: AssetKind,
    /// The Terraform types of its resources.
    #[serde(default)]
    pub types: Vec<String>,
    /// The name that means all of its resources, where their names do not hold the account.
    pub wildcard: Option<String>,
    /// Actions that see data.
    #[serde(default)]
    pub read: Vec<String>,
    /// Actions that change data.
    #[serde(default)]
    pub write: Vec<String>,
    /// Actions that change the resource, its policy or its keys.
    #[serde(default)]
    pub administer: Vec<String>,
    /// Actions that pass data or rights on to others.
    #[serde(default)]
    pub share: Vec<String>,
    /// The provider's page.
    pub docs: String,
}

/// What a policy kept by the provider allows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedPolicy {
    /// Its ARN.
    pub id: String,
    /// Allowed actions on the resources.
    pub statements: Vec<ManagedStatement>,
    /// The provider's page.
    pub docs: String,
}

/// A statement of a [`ManagedPolicy`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedStatement {
    /// Patterns of actions.
    pub actions: Vec<String>,
    /// Patterns of ARNs.
    pub resources: Vec<String>,
}

/// What a role or privilege of a provider allows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleAccess {
    /// The role or privilege; compared without case.
    pub id: String,
    /// What it allows.
    pub access: Vec<Access>,
    /// Beginnings of the types that it reaches where it is given on a whole project, group or subscription.
    #[serde(default)]
    pub types: Vec<String>,
}

/// What a permission in a role that the configuration defines allows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The permission, `*` for any rest; compared without case.
    pub id: String,
    /// What it allows.
    pub access: Vec<Access>,
    /// Beginnings of the types that it reaches.
    pub types: Vec<String>,
    /// The provider's page.
    pub docs: String,
}

/// A program with a page that people open in a browser, or an interface that answers whoever asks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Its name in lower case.
    pub id: String,
    /// Parts of the image's repository, without registry and tag, in lower case (`jupyter/`, `/mlflow`).
    pub images: Vec<String>,
    /// Parts of the command line that start it, in lower case, for images of other names.
    #[serde(default)]
    pub commands: Vec<String>,
    /// Images that hold the program but run another part of it, by a word of the command line.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Whether it asks who somebody is, as it comes.
    pub authenticated: bool,
    /// Settings that change this, tried in order.
    #[serde(default)]
    pub cases: Vec<InterfaceCase>,
    /// The page on which default and settings are described.
    pub docs: String,
}

/// A setting of an [`Interface`]: an argument or a variable of the environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceCase {
    /// A part of the command line, in lower case.
    pub argument: Option<String>,
    /// The name of a variable.
    pub variable: Option<String>,
    /// The values of the variable that count, in lower case; any value but an empty one if none is given.
    #[serde(default)]
    pub values: Vec<String>,
    /// Whether it then asks who somebody is.
    pub is: bool,
}

/// Actions of a service that reach data, or what leads to it. Source and scope as [`Service`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataActions {
    /// The prefix of its actions.
    pub id: String,
    /// The actions.
    pub actions: Vec<String>,
    /// The provider's page.
    pub docs: String,
}

/// A port on which something of a data platform listens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPort {
    /// The number.
    pub port: u16,
    /// What listens there.
    pub service: String,
}
