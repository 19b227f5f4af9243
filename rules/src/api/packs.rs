//! Our packs of library calls, embedded, sorted by name.

/// Name and text.
pub(crate) const PACKS: &[(&str, &str)] = &[
    ("apis/assessment.yaml", include_str!("../../apis/assessment.yaml")),
    ("apis/builtins.yaml", include_str!("../../apis/builtins.yaml")),
    ("apis/cloud.yaml", include_str!("../../apis/cloud.yaml")),
    ("apis/estimators.yaml", include_str!("../../apis/estimators.yaml")),
    ("apis/frames.yaml", include_str!("../../apis/frames.yaml")),
    ("apis/gates.yaml", include_str!("../../apis/gates.yaml")),
    ("apis/llm.yaml", include_str!("../../apis/llm.yaml")),
    ("apis/managed.yaml", include_str!("../../apis/managed.yaml")),
    ("apis/ml.yaml", include_str!("../../apis/ml.yaml")),
    ("apis/models.yaml", include_str!("../../apis/models.yaml")),
    ("apis/orchestration.yaml", include_str!("../../apis/orchestration.yaml")),
    ("apis/pandas.yaml", include_str!("../../apis/pandas.yaml")),
    ("apis/platforms.yaml", include_str!("../../apis/platforms.yaml")),
    ("apis/polars.yaml", include_str!("../../apis/polars.yaml")),
    ("apis/privacy.yaml", include_str!("../../apis/privacy.yaml")),
    ("apis/protection.yaml", include_str!("../../apis/protection.yaml")),
    ("apis/retrieval.yaml", include_str!("../../apis/retrieval.yaml")),
    ("apis/sinks.yaml", include_str!("../../apis/sinks.yaml")),
    ("apis/spark.yaml", include_str!("../../apis/spark.yaml")),
    ("apis/stores.yaml", include_str!("../../apis/stores.yaml")),
    ("apis/trackers.yaml", include_str!("../../apis/trackers.yaml")),
    ("apis/tracking.yaml", include_str!("../../apis/tracking.yaml")),
    ("apis/vendors.yaml", include_str!("../../apis/vendors.yaml")),
    ("apis/warehouse.yaml", include_str!("../../apis/warehouse.yaml")),
];
