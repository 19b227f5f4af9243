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
    "encryption",
}

/// Ids of built-in policies that were removed, with the reason.
pub(crate) const REMOVED: &str = include_str!("../removed.yaml");
