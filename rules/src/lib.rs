//! Recognition: what sensitive values and column names look like, what credentials look like, how a
//! provider's resource becomes an asset, and what a library call does with data.
//!
//! Packs are data (`identifiers/`, `secrets/`, `resources/`, `apis/`), this crate compiles and applies
//! them. It gives facts only: no severity and no duty is said here. It walks no file system; packs of
//! the user arrive as text.

mod api;
pub mod card;
mod column;
mod dictionary;
mod fix;
mod identifier;
mod label;
mod listing;
pub mod measure;
mod pack;
mod packed;
pub mod quasi;
mod resource;
mod secret;
mod text;
pub mod uses;
mod validate;

pub use api::{
    Api, ApiCondition, ApiExample, Apis, Argument, ColumnPart, Effect, FrameOp, Setting, SettingOf, SinkRule,
};
pub use column::{ColumnProfile, Decision, Number, Observer};
pub use fix::{Content, Expression, Fix, Reference, Repair, Step, Way};
pub use identifier::Identifiers;
pub use label::{Labels, Meaning, OwnLabels};
pub use listing::{RuleFailure, RuleInfo};
pub use pack::{PackError, PackInfo, PackSource};
pub use resource::{
    ColumnMask, ColumnRule, ColumnTags, Companion, Condition, DataActions, Enforced, GrantForm, GrantRule, Interface,
    InterfaceCase, KnownPort, LabelRule, Literal, ManagedPolicy, ManagedStatement, ModuleExample, ModuleRule, OpenRule,
    Outside, Over, Part, Permission, PolicyTest, Reader, Reading, RelationRule, ResourceExample, ResourceSource,
    ResourceType, Resources, RoleAccess, Selection, Service, TagRule, Tagged, Tagging,
};
pub use secret::{SecretHit, Secrets};
pub use text::TextHit;
pub use validate::check;

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
    /// Of two packs that do not hold, the one named first is told.
    ///
    /// # Errors
    /// The first pack that does not parse, or a rule in it that breaks the pack format.
    pub fn load(user: &[PackSource]) -> Result<Rules, PackError> {
        // The four kinds know nothing of each other, and parsing YAML is what loading costs.
        let ((identifiers, mut packs), (secrets, of_secrets), (resources, of_resources), (apis, of_apis)) =
            std::thread::scope(|scope| {
                let secrets = scope.spawn(|| with_packs(|packs| Secrets::load(user, packs)));
                let resources = scope.spawn(|| with_packs(|packs| Resources::load(user, packs)));
                let apis = scope.spawn(|| with_packs(|packs| Apis::load(user, packs)));
                let identifiers = with_packs(|packs| Identifiers::load(user, packs))?;
                Ok((identifiers, joined(secrets)?, joined(resources)?, joined(apis)?))
            })?;
        packs.extend(of_secrets.into_iter().chain(of_resources).chain(of_apis));
        Ok(Rules { identifiers, secrets, resources, apis, packs })
    }
}

/// What `load` gives, with the packs that it noted.
fn with_packs<T>(
    load: impl FnOnce(&mut Vec<PackInfo>) -> Result<T, PackError>,
) -> Result<(T, Vec<PackInfo>), PackError> {
    let mut packs = Vec::new();
    Ok((load(&mut packs)?, packs))
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    // A panic of a loader is one of ours and goes on here.
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
