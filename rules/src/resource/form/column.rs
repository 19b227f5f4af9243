//! Columns of tables that a configuration declares.

use serde::Deserialize;

/// Where a table's columns are declared, and which of them are masked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRule {
    /// The list of columns: blocks, or JSON text.
    pub path: String,
    /// The name within a column.
    pub name: String,
    /// The type within a column.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// In a column, the columns that it consists of.
    pub nested: Option<String>,
    /// Paths within a column; anything given there masks it.
    #[serde(default)]
    pub masked: Vec<String>,
    /// Companions that mask columns.
    #[serde(default)]
    pub masks: Vec<ColumnMask>,
    /// Tags that columns get by name, and with them a mask.
    pub tags: Option<ColumnTags>,
    /// When a tag in a column masks it; without this it always does.
    pub enforced: Option<Enforced>,
}

/// What makes a tag that a column names (a policy tag of BigQuery) mask it, of tags that are in the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enforced {
    /// The path of the tags within a column.
    pub tags: String,
    /// The path in a tag of the group that it belongs to.
    pub group: String,
    /// The path in the group of what is switched on in it.
    pub switches: String,
    /// What must be switched on.
    pub wanted: String,
    /// The type that ties a policy to a tag, which masks too.
    pub policy: String,
    /// Its path of the tag.
    pub by: String,
}

/// A resource that puts a tag on a table or column which it names in full.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelRule {
    /// The path of the full name.
    pub entity: String,
    /// The path of what kind of thing is named.
    pub kind: String,
    /// What it says of tables.
    pub tables: Vec<String>,
    /// What it says of columns, whose name is the last part.
    pub columns: Vec<String>,
    /// The path of the tag.
    pub key: String,
    /// The path of the tag's value.
    pub value: String,
}

/// Resources that put tags on columns; a tag that carries a masking policy masks them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnTags {
    /// The type that ties columns to a tag.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its path of full names of columns, the column last.
    pub columns: String,
    /// Its path of the tag.
    pub tag: String,
    /// Its path of the tag's value.
    pub value: String,
    /// The path of the tag's own policies.
    pub policies: String,
    /// The type that ties a policy to a tag.
    pub attached: String,
    /// Its path of the tag.
    pub by: String,
}

/// A companion that masks one column of a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMask {
    /// The companion.
    pub from: String,
    /// Where it names the column.
    pub column: String,
}
