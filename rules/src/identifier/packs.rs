//! Our packs of identifiers, embedded.

/// Name and text, sorted by name.
pub(crate) const PACKS: &[(&str, &str)] = &[
    ("identifiers/bank.yaml", include_str!("../../identifiers/bank.yaml")),
    ("identifiers/business.yaml", include_str!("../../identifiers/business.yaml")),
    ("identifiers/contact.yaml", include_str!("../../identifiers/contact.yaml")),
    ("identifiers/credentials.yaml", include_str!("../../identifiers/credentials.yaml")),
    ("identifiers/financial.yaml", include_str!("../../identifiers/financial.yaml")),
    (
        "identifiers/government-africa-middle-east.yaml",
        include_str!("../../identifiers/government-africa-middle-east.yaml"),
    ),
    ("identifiers/government-americas.yaml", include_str!("../../identifiers/government-americas.yaml")),
    ("identifiers/government-asia-further.yaml", include_str!("../../identifiers/government-asia-further.yaml")),
    ("identifiers/government-asia-pacific.yaml", include_str!("../../identifiers/government-asia-pacific.yaml")),
    ("identifiers/government-eurasia.yaml", include_str!("../../identifiers/government-eurasia.yaml")),
    ("identifiers/government-europe-further.yaml", include_str!("../../identifiers/government-europe-further.yaml")),
    ("identifiers/government-europe.yaml", include_str!("../../identifiers/government-europe.yaml")),
    ("identifiers/government-latin-america.yaml", include_str!("../../identifiers/government-latin-america.yaml")),
    ("identifiers/government-north-america.yaml", include_str!("../../identifiers/government-north-america.yaml")),
    ("identifiers/health-further.yaml", include_str!("../../identifiers/health-further.yaml")),
    ("identifiers/health.yaml", include_str!("../../identifiers/health.yaml")),
    ("identifiers/location.yaml", include_str!("../../identifiers/location.yaml")),
    ("identifiers/online.yaml", include_str!("../../identifiers/online.yaml")),
    ("identifiers/person-further.yaml", include_str!("../../identifiers/person-further.yaml")),
    ("identifiers/person.yaml", include_str!("../../identifiers/person.yaml")),
    ("identifiers/places.yaml", include_str!("../../identifiers/places.yaml")),
    ("identifiers/special.yaml", include_str!("../../identifiers/special.yaml")),
    ("identifiers/technical-further.yaml", include_str!("../../identifiers/technical-further.yaml")),
    ("identifiers/technical.yaml", include_str!("../../identifiers/technical.yaml")),
    ("identifiers/vetoes.yaml", include_str!("../../identifiers/vetoes.yaml")),
];
