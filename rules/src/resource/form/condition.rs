//! When something holds of a resource.

use serde::Deserialize;

use super::Literal;

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
    /// The same, but false where no constraint settles it: for a version that is not the newest yet.
    pub provider_pinned_from: Option<String>,
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
