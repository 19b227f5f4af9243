//! Who is given what.

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
