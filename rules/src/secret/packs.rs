//! Our packs of secrets, embedded.

/// Name and text, sorted by name.
pub(crate) const PACKS: &[(&str, &str)] = &[
    ("secrets/cloud.yaml", include_str!("../../secrets/cloud.yaml")),
    ("secrets/database.yaml", include_str!("../../secrets/database.yaml")),
    ("secrets/developer.yaml", include_str!("../../secrets/developer.yaml")),
    ("secrets/generic.yaml", include_str!("../../secrets/generic.yaml")),
    ("secrets/ml.yaml", include_str!("../../secrets/ml.yaml")),
];
