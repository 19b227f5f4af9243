//! What stands beside types of resources in packs: tags, services, managed policies, roles, permissions, interfaces, ports.

use std::collections::BTreeMap;

use aedile_model::{Access, AssetKind};
use serde::Deserialize;

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
