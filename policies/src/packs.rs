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
    "access-in-use",
    "accountability",
    "ai-systems",
    "cost",
    "declarations",
    "deidentification",
    "delivery",
    "documents",
    "encryption",
    "exposure",
    "features",
    "governance",
    "keys",
    "lawfulness",
    "logging",
    "minimisation",
    "model-governance",
    "monitoring",
    "recipients",
    "release",
    "resilience",
    "retention",
    "secrets",
    "training",
    "transfer",
    "workloads",
}

/// Ids of built-in policies that were removed, with the reason.
pub(crate) const REMOVED: &str = include_str!("../removed.yaml");

macro_rules! frameworks {
    ($($id:literal),+ $(,)?) => {
        /// The built-in frameworks.
        pub(crate) const FRAMEWORKS: &[(&str, &str)] = &[$((
            concat!("frameworks/", $id, ".yaml"),
            include_str!(concat!("../frameworks/", $id, ".yaml")),
        )),+];
    };
}

frameworks! {
    "ccpa",
    "dpdp",
    "eu-ai-act",
    "gdpr",
    "hipaa",
    "iso-27001",
    "iso-27701",
    "iso-42001",
    "lgpd",
    "nist-800-53",
    "nist-ai-rmf",
    "pci-dss",
    "soc2",
}
