//! The parts of `manifest.json` that are read (schemas.getdbt.com/dbt/manifest).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) nodes: BTreeMap<String, Node>,
    #[serde(default)]
    pub(super) sources: BTreeMap<String, Source>,
    #[serde(default)]
    pub(super) exposures: BTreeMap<String, Exposure>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) dbt_schema_version: String,
    #[serde(default)]
    pub(super) project_name: Option<String>,
}

/// What holds for models, seeds, snapshots and sources alike.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    pub(super) resource_type: String,
    pub(super) name: String,
    pub(super) package_name: String,
    pub(super) original_file_path: String,
    pub(super) relation_name: Option<String>,
    pub(super) raw_code: Option<String>,
    pub(super) compiled_code: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) checksum: Checksum,
    #[serde(deserialize_with = "or_default")]
    pub(super) depends_on: DependsOn,
    #[serde(deserialize_with = "or_default")]
    pub(super) columns: BTreeMap<String, Column>,
    #[serde(deserialize_with = "or_default")]
    pub(super) config: Settings,
    #[serde(deserialize_with = "or_default")]
    pub(super) meta: BTreeMap<String, Json>,
    pub(super) tags: Words,
    pub(super) access: Option<String>,
    pub(super) group: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) contract: Contract,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Checksum {
    pub(super) name: String,
    pub(super) checksum: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DependsOn {
    pub(super) nodes: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Contract {
    pub(super) enforced: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    #[serde(deserialize_with = "or_default")]
    pub(super) meta: BTreeMap<String, Json>,
    pub(super) tags: Words,
    #[serde(deserialize_with = "or_default")]
    pub(super) grants: BTreeMap<String, Words>,
    #[serde(deserialize_with = "or_default")]
    pub(super) contract: Contract,
    pub(super) access: Option<String>,
    pub(super) group: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Column {
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) meta: BTreeMap<String, Json>,
    pub(super) tags: Words,
    #[serde(deserialize_with = "or_default")]
    pub(super) config: ColumnSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ColumnSettings {
    #[serde(deserialize_with = "or_default")]
    pub(super) meta: BTreeMap<String, Json>,
    pub(super) tags: Words,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Source {
    pub(super) source_name: String,
    pub(super) name: String,
    pub(super) relation_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) columns: BTreeMap<String, Column>,
    /// What is said of all tables of the source.
    #[serde(deserialize_with = "or_default")]
    pub(super) source_meta: BTreeMap<String, Json>,
    #[serde(deserialize_with = "or_default")]
    pub(super) meta: BTreeMap<String, Json>,
    pub(super) tags: Words,
    #[serde(deserialize_with = "or_default")]
    pub(super) config: ColumnSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Exposure {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) owner: BTreeMap<String, Json>,
    #[serde(deserialize_with = "or_default")]
    pub(super) depends_on: DependsOn,
}

/// A value, or the default where there is null.
fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// A word or a list of words.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(super) enum Words {
    Many(Vec<String>),
    One(String),
    #[default]
    None,
}

impl Words {
    pub(super) fn iter(&self) -> impl Iterator<Item = &String> {
        match self {
            Words::Many(words) => words.as_slice(),
            Words::One(word) => std::slice::from_ref(word),
            Words::None => &[],
        }
        .iter()
    }
}
