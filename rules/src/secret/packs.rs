//! Our packs of secrets, embedded.

/// Name and text, sorted by name.
pub(crate) const PACKS: &[(&str, &str)] = &[
    ("secrets/azure.yaml", include_str!("../../secrets/azure.yaml")),
    ("secrets/cloud.yaml", include_str!("../../secrets/cloud.yaml")),
    ("secrets/database.yaml", include_str!("../../secrets/database.yaml")),
    ("secrets/delivery.yaml", include_str!("../../secrets/delivery.yaml")),
    ("secrets/developer.yaml", include_str!("../../secrets/developer.yaml")),
    ("secrets/generic.yaml", include_str!("../../secrets/generic.yaml")),
    ("secrets/hosting.yaml", include_str!("../../secrets/hosting.yaml")),
    ("secrets/ml.yaml", include_str!("../../secrets/ml.yaml")),
    ("secrets/models.yaml", include_str!("../../secrets/models.yaml")),
    ("secrets/observability.yaml", include_str!("../../secrets/observability.yaml")),
    ("secrets/public.yaml", include_str!("../../secrets/public.yaml")),
    ("secrets/services.yaml", include_str!("../../secrets/services.yaml")),
    ("secrets/warehouse.yaml", include_str!("../../secrets/warehouse.yaml")),
];
