//! The files that come with the program. A test holds each table against its folder.

macro_rules! controls {
    ($($theme:literal),+ $(,)?) => {
        /// The built-in guardrails by theme: policies and their cases.
        pub(crate) const CONTROLS: &[(&str, &str, &str)] = &[$((
            concat!("controls/", $theme, ".cedar"),
            include_str!(concat!("../controls/", $theme, ".cedar")),
            include_str!(concat!("../controls/", $theme, ".cases.yaml")),
        )),+];
    };
}

controls! {
    "access",
    "accountability",
    "cost",
    "delivery",
    "encryption",
    "exposure",
    "keys",
    "logging",
    "minimisation",
    "model-governance",
    "monitoring",
    "resilience",
    "retention",
    "secrets",
    "transfer",
    "workloads",
}

/// Ids of built-in policies that were removed, with the reason.
pub(crate) const REMOVED: &str = include_str!("../removed.yaml");

/// The built-in frameworks.
pub(crate) const FRAMEWORKS: &[(&str, &str)] = &[
    ("frameworks/eu-ai-act.yaml", include_str!("../frameworks/eu-ai-act.yaml")),
    ("frameworks/gdpr.yaml", include_str!("../frameworks/gdpr.yaml")),
    ("frameworks/hipaa.yaml", include_str!("../frameworks/hipaa.yaml")),
    ("frameworks/soc2.yaml", include_str!("../frameworks/soc2.yaml")),
];
