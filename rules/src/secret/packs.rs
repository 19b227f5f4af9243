//! Our packs of secrets, embedded.

/// Name and text, sorted by name.
pub(crate) const PACKS: &[(&str, &str)] = &[(
    "secrets/cloud.yaml",
    include_str!("../../secrets/cloud.yaml"),
)];
