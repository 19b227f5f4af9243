use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::AssetId;

/// A dotted data class, `pii.contact.email`. Its prefixes are its parents; further parents come
/// from the taxonomy in `policies/taxonomy.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Class(Arc<str>);

impl Class {
    /// The class of that name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Class(name.into())
    }

    /// The dotted name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The class one level up: `pii.contact` of `pii.contact.email`.
    #[must_use]
    pub fn parent(&self) -> Option<Class> {
        self.0.rsplit_once('.').map(|(parent, _)| Class::new(parent))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// On what a tag rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The tag came along a lineage or containment edge.
    Lineage,
    /// The column's name.
    Name,
    /// The sampled values.
    Value,
    /// Name and values together.
    NameAndValue,
    /// A person declared it: dbt meta, catalog tag, `aedile.yaml`.
    Declared,
}

impl Basis {
    /// All, weakest first.
    pub const ALL: [Basis; 5] = [Basis::Lineage, Basis::Name, Basis::Value, Basis::NameAndValue, Basis::Declared];

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Lineage => "lineage",
            Basis::Name => "name",
            Basis::Value => "value",
            Basis::NameAndValue => "name and value",
            Basis::Declared => "declared",
        }
    }
}

/// How sure, in whole percent, 0–100. Never a float: it is hashed and must be the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(u8);

impl Confidence {
    /// Certain.
    pub const CERTAIN: Confidence = Confidence(100);

    /// `percent`, clipped to 100.
    #[must_use]
    pub fn percent(percent: u8) -> Self {
        Confidence(percent.min(100))
    }

    /// The percentage.
    #[must_use]
    pub fn value(self) -> u8 {
        self.0
    }
}

/// What was done to the values on the way, weakest first: the protection ladder.
///
/// A hash without a key is still personal data (45 CFR 164.514(c), PCI DSS 4.0.1 req. 3.5.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// As they are.
    #[default]
    None,
    /// Trimmed or reformatted only.
    Formatted,
    /// Cut down: a year, a three-digit postcode, a partial mask.
    Truncated,
    /// Hashed without a key.
    Hashed,
    /// Hashed with a key, tokenised or encrypted.
    Keyed,
    /// Counted or averaged over a group.
    Aggregated,
    /// Not passed on at all.
    Dropped,
}

impl Protection {
    /// The whole ladder, weakest first.
    pub const ALL: [Protection; 7] = [
        Protection::None,
        Protection::Formatted,
        Protection::Truncated,
        Protection::Hashed,
        Protection::Keyed,
        Protection::Aggregated,
        Protection::Dropped,
    ];

    /// The word in reports and in the policy schema.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Protection::None => "none",
            Protection::Formatted => "formatted",
            Protection::Truncated => "truncated",
            Protection::Hashed => "hashed",
            Protection::Keyed => "keyed",
            Protection::Aggregated => "aggregated",
            Protection::Dropped => "dropped",
        }
    }

    /// The rung as a number, 0 for none, for comparison inside policies.
    #[must_use]
    pub fn rung(self) -> i64 {
        self as i64
    }
}

/// The statement that an asset is, or holds, data of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The class.
    pub class: Class,
    /// On what it rests.
    pub basis: Basis,
    /// How sure.
    pub confidence: Confidence,
    /// The rule that recognised it (`us_ssn`), empty for declared and inherited tags.
    pub rule: String,
    /// What was done to the values on the way here.
    pub protection: Protection,
    /// Cells that matched.
    pub hits: u64,
    /// Cells looked at.
    pub of: u64,
    /// The commonest masked shape of the matching cells (`aaa@aaa.aa`), never a value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub example_shape: Option<String>,
    /// Why, one clause each: "name token `email`", "412 of 412 cells pass the Luhn check".
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub reasons: Vec<String>,
    /// The columns it comes from, sorted, at most [`Tag::MAX_ORIGINS`]; empty on the origin itself.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub origins: Vec<AssetId>,
}

impl Tag {
    /// How many origins a tag names at the most.
    pub const MAX_ORIGINS: usize = 8;

    /// A tag without counts, reasons or origins.
    #[must_use]
    pub fn new(class: Class, basis: Basis, confidence: Confidence) -> Self {
        Tag {
            class,
            basis,
            confidence,
            rule: String::new(),
            protection: Protection::None,
            hits: 0,
            of: 0,
            example_shape: None,
            reasons: Vec::new(),
            origins: Vec::new(),
        }
    }

    /// Joins another statement of the same class: the weaker protection, the surer statement, the larger count of cells
    /// with its rule and shape (a declared class keeps what its values showed), and all origins (sorted, cut at
    /// [`Tag::MAX_ORIGINS`]). Associative and commutative.
    pub fn join(&mut self, other: Tag) {
        self.protection = self.protection.min(other.protection);
        self.origins.extend(other.origins);
        self.origins.sort();
        self.origins.dedup();
        self.origins.truncate(Self::MAX_ORIGINS);
        let (own, seen) = (
            (self.hits, self.of, &self.rule, &self.example_shape),
            (other.hits, other.of, &other.rule, &other.example_shape),
        );
        if seen > own {
            (self.hits, self.of) = (other.hits, other.of);
            (self.rule, self.example_shape) = (other.rule, other.example_shape);
        }
        if (other.confidence, other.basis, &other.reasons) > (self.confidence, self.basis, &self.reasons) {
            (self.confidence, self.basis, self.reasons) = (other.confidence, other.basis, other.reasons);
        }
    }
}
