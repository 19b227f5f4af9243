//! Who is given what.

use std::collections::BTreeMap;

use aedile_model::{Access, AssetKind};
use serde::Deserialize;

use super::Condition;

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
    /// A binding is on whatever carries tags, instead of `on`.
    pub tagged: Option<Tagged>,
}

/// A grant by tags: an expression, and the types that put tags on things of the same configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tagged {
    /// Path of what is asked for: all of its items must hold.
    pub expression: String,
    /// In an item, the path of the key.
    pub key: String,
    /// In an item, the path of the values, one of which must be there.
    pub values: String,
    /// When the grant is on databases themselves; else it is on what they hold.
    pub on_containers: Condition,
    /// The name of a database of which only text is known, `{value}` being the text.
    pub names: Option<String>,
    /// What puts tags on things.
    pub by: Vec<Tagging>,
    /// Types of tables, each with its path of the database that it stands in.
    pub inside: BTreeMap<String, String>,
}

/// A type whose resources put tags on databases, tables and columns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tagging {
    /// The type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Path of the tags.
    pub tags: String,
    /// In a tag, the path of its key.
    pub key: String,
    /// In a tag, the path of its value.
    pub value: String,
    /// Path of a database that gets them.
    pub container: String,
    /// Paths of tables that get them.
    pub contents: Vec<String>,
    /// Paths of the database that those tables stand in.
    pub within: Vec<String>,
    /// Path of the only columns of a table that get them.
    pub columns: Option<String>,
    /// Path whose truth means that all tables of the database get them.
    pub all: Option<String>,
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
