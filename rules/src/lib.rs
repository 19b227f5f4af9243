//! Recognition: what sensitive values and column names look like, what credentials look like, how a
//! provider's resource becomes an asset, and what a library call does with data.
//!
//! Packs are data (`identifiers/`, `secrets/`, `resources/`, `apis/`), this crate compiles and applies
//! them. It gives facts only: no severity and no duty is said here. It walks no file system; packs of
//! the user arrive as text.

mod api;
mod column;
mod dictionary;
mod identifier;
mod listing;
mod pack;
mod resource;
mod secret;
mod text;
mod validate;

pub use api::{Api, ApiCondition, ApiExample, Apis, Argument, Effect, FrameOp, Setting, SettingOf, SinkRule};
pub use column::{ColumnProfile, Decision};
pub use identifier::Identifiers;
pub use listing::{RuleFailure, RuleInfo};
pub use pack::{PackError, PackInfo, PackSource};
pub use resource::{
    Companion, Condition, GrantForm, GrantRule, Literal, ManagedPolicy, ManagedStatement, PolicyTest, Reader, Reading,
    RelationRule, ResourceExample, ResourceSource, ResourceType, Resources, RoleAccess, Service, TagRule,
};
pub use secret::{SecretHit, Secrets};
pub use text::TextHit;

/// Every rule in force, compiled.
#[derive(Debug)]
pub struct Rules {
    /// What columns are.
    pub identifiers: Identifiers,
    /// Credentials in text.
    pub secrets: Secrets,
    /// Resource types of infrastructure as code.
    pub resources: Resources,
    /// Library calls.
    pub apis: Apis,
    /// The packs, in the order of loading, with their digests.
    pub packs: Vec<PackInfo>,
}

impl Rules {
    /// Our packs followed by `user`, where a rule of the user replaces ours of the same id.
    ///
    /// # Errors
    /// The first pack that does not parse, or a rule in it that breaks the pack format.
    pub fn load(user: &[PackSource]) -> Result<Rules, PackError> {
        let mut packs = Vec::new();
        Ok(Rules {
            identifiers: Identifiers::load(user, &mut packs)?,
            secrets: Secrets::load(user, &mut packs)?,
            resources: Resources::load(user, &mut packs)?,
            apis: Apis::load(user, &mut packs)?,
            packs,
        })
    }
}
