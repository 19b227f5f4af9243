//! Our packs of identifiers, embedded.

/// Name and text, sorted by name.
pub(crate) const PACKS: &[(&str, &str)] = &[
    ("identifiers/contact.yaml", include_str!("../../identifiers/contact.yaml")),
    ("identifiers/financial.yaml", include_str!("../../identifiers/financial.yaml")),
    ("identifiers/government-americas.yaml", include_str!("../../identifiers/government-americas.yaml")),
    ("identifiers/government-asia-pacific.yaml", include_str!("../../identifiers/government-asia-pacific.yaml")),
    ("identifiers/government-europe.yaml", include_str!("../../identifiers/government-europe.yaml")),
    ("identifiers/health.yaml", include_str!("../../identifiers/health.yaml")),
    ("identifiers/location.yaml", include_str!("../../identifiers/location.yaml")),
    ("identifiers/online.yaml", include_str!("../../identifiers/online.yaml")),
    ("identifiers/person.yaml", include_str!("../../identifiers/person.yaml")),
    ("identifiers/special.yaml", include_str!("../../identifiers/special.yaml")),
    ("identifiers/technical.yaml", include_str!("../../identifiers/technical.yaml")),
    ("identifiers/vetoes.yaml", include_str!("../../identifiers/vetoes.yaml")),
];
