//! Our packs of library calls, embedded, sorted by name.

/// Name and text.
pub(super) const PACKS: &[(&str, &str)] = &[
    ("apis/builtins.yaml", include_str!("../../apis/builtins.yaml")),
    ("apis/frames.yaml", include_str!("../../apis/frames.yaml")),
    ("apis/pandas.yaml", include_str!("../../apis/pandas.yaml")),
    ("apis/polars.yaml", include_str!("../../apis/polars.yaml")),
    ("apis/protection.yaml", include_str!("../../apis/protection.yaml")),
    ("apis/spark.yaml", include_str!("../../apis/spark.yaml")),
];
