//! Our packs of identifiers, embedded.

/// Name and text, sorted by name.
pub(crate) const PACKS: &[(&str, &str)] = &[(
    "identifiers/vetoes.yaml",
    include_str!("../../identifiers/vetoes.yaml"),
)];
