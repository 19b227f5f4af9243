//! The platform as recorded: its assets, what relates them, and the columns of its data.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Place;

/// An asset as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Asset {
    /// Identity over all runs.
    pub id: String,
    /// `Bucket`, `Table`, …
    pub kind: String,
    /// The source's own name.
    pub address: String,
    /// The short name.
    pub name: String,
    /// The type in the source's words.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub type_name: String,
    /// Where it is defined.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// Normalised attributes; an unknown one is `{"unknown": expression, "why": …}`.
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// Where the attributes are said, of those that are said somewhere.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub attribute_places: BTreeMap<String, Place>,
    /// What it is or holds.
    pub tags: Vec<Tag>,
    /// Global names by which other facts speak of it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub names: Vec<String>,
    /// Whether it stands among tests, fixtures or examples.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub in_tests: bool,
}

/// The statement that something is or holds data of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tag {
    /// The dotted class.
    pub tag: String,
    /// Whole percent.
    pub confidence: u8,
    /// `name`, `value`, `name and value`, `declared`, `lineage`.
    pub basis: String,
    /// Rung of the protection ladder.
    pub protection: String,
    /// The rule that recognised it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub rule: String,
    /// Cells that matched.
    pub hits: u64,
    /// Cells looked at.
    pub of: u64,
    /// Masked shape of the matching cells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub example_shape: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub reasons: Vec<String>,
    /// The columns it comes from.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub origins: Vec<String>,
}

/// An edge as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Relation {
    /// `reads`, `stored-in`, `grants`, …
    pub kind: String,
    /// Asset id.
    pub from: String,
    /// Asset id.
    pub to: String,
    /// `declared`, `exact`, or `inferred: why`.
    pub basis: String,
    /// For grants: `read`, `write`, `administer`, `share`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub access: Vec<String>,
    /// Classes that travel or are reached.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub carries: Vec<String>,
    /// Columns that travel: names, or `*`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub columns: Vec<String>,
    /// What was done to columns on the way, by name, where anything was: a rung of the protection ladder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub protections: BTreeMap<String, String>,
    /// Where it is said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// The classes of `carries` with what they rest on and how they are protected.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub carried: Vec<Tag>,
    /// Further facts (`viaWildcard`, `purpose`), in the form of an asset's attributes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// Where they are said, of those that are said somewhere.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub attribute_places: BTreeMap<String, Place>,
    /// For movements of data: what travels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flow: Option<Flow>,
}

/// What travels along a movement of data.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// Whether `all` columns travel, those `named` in `protections`, or it is `unknown` which.
    pub columns: String,
    /// Column name → rung of the protection ladder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub protections: BTreeMap<String, String>,
    /// Ids of the datasets or tables it comes from; empty where the other side of the relation is the source.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sources: Vec<String>,
    /// Columns that were dropped on the way.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub dropped: Vec<String>,
    /// Columns of the sources by which rows were chosen on the way; `?` where it is not known by which.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub filters: Vec<String>,
    /// Columns that do not simply keep their name: the arriving column → the columns it is made of → rung of the
    /// protection ladder. A column that is not among the latter arrives under its own name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub made: BTreeMap<String, BTreeMap<String, String>>,
    /// Where the data was read, changed and passed on, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub steps: Vec<Place>,
}

/// A dataset or table with its columns.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Dataset {
    /// The dataset's or table's id.
    pub asset: String,
    /// Its address.
    pub address: String,
    /// Columns by name.
    pub columns: Vec<Column>,
}

/// A column's classes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// What it is.
    pub tags: Vec<Tag>,
}
