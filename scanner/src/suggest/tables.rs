use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Access, Asset, AssetKind};
use askama::Template;

use super::dialect::{Dialects, TableDialect};
use super::inventory::{Map, one_line, unfit};
use super::{Draft, LeftOut};

/// A table as the templates see it; every name is quoted for the dialect.
pub(super) struct Table {
    /// Its whole name.
    name: String,
    /// The name's parts, unquoted: for formats that keep them apart.
    parts: Vec<String>,
    /// An identifier made of its name.
    slug: String,
    /// Columns that hold sensitive classes.
    masked: Vec<Column>,
    /// All other known columns.
    plain: Vec<String>,
    /// A column by which rows can be told apart.
    row_key: Option<String>,
    /// Whoever is granted the whole of it.
    readers: Vec<Reader>,
}

struct Column {
    name: String,
    plain_name: String,
    /// The class that is most at stake.
    class: String,
    /// What it becomes.
    mask: String,
}

struct Reader {
    /// As the dialect writes it.
    name: String,
    /// Why it should not be, if so.
    unfit: Option<&'static str>,
}

/// A class with the name of what protects it.
struct Guard {
    class: String,
    slug: String,
    /// Who sees it in the clear: a role of this name, made for the purpose.
    clear: String,
    mask: String,
}

macro_rules! pages {
    ($($name:ident = $path:literal),+ $(,)?) => { $(
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $name<'a> { tables: &'a [Table], guards: &'a [Guard] }
    )+ };
}

pages! {
    Snowflake = "suggest/snowflake.sql",
    Databricks = "suggest/databricks.sql",
    Bigquery = "suggest/bigquery.tf",
    LakeFormation = "suggest/lake-formation.tf",
    Postgres = "suggest/postgres.sql",
}

fn rendered(dialect: &str, tables: &[Table], guards: &[Guard]) -> Option<String> {
    match dialect {
        "snowflake" => Snowflake { tables, guards }.render().ok(),
        "databricks" => Databricks { tables, guards }.render().ok(),
        "bigquery" => Bigquery { tables, guards }.render().ok(),
        "lake-formation" => LakeFormation { tables, guards }.render().ok(),
        "postgres" => Postgres { tables, guards }.render().ok(),
        _ => None,
    }
}

/// A dialect with the tables that speak it.
type Spoken<'a> = (&'a TableDialect, Vec<(&'a Asset, Table)>);

/// Masks, row filters and column grants for every table with sensitive columns, a file a dialect.
pub(super) fn draft(
    map: &Map<'_>,
    dialects: &Dialects,
    otherwise: Option<&str>,
    left_out: &mut Vec<LeftOut>,
) -> Vec<Draft> {
    let mut found: BTreeMap<&str, Spoken<'_>> = BTreeMap::new();
    for asset in map.inventory.assets.values().filter(|asset| asset.kind == AssetKind::Table) {
        let columns = map.columns(&asset.id);
        if !columns.values().any(|tags| map.any_in(tags, "sensitive")) {
            continue;
        }
        if asset.value("masked").and_then(aedile_model::Value::as_bool) == Some(true) {
            let what = format!("the table {}", asset.address);
            left_out.push(LeftOut { what, why: "it is masked already".to_owned() });
            continue;
        }
        let of_chain = map.chain(&asset.id).into_iter().find_map(|asset| dialects.of(&asset.type_name));
        let Some(dialect) = of_chain.or_else(|| otherwise.and_then(|id| dialects.named(id))) else {
            let why = "no source says which system holds it: bind it to its database in aedile.yaml, or give --dialect";
            left_out.push(LeftOut { what: format!("the table {}", asset.address), why: why.to_owned() });
            continue;
        };
        let table = table(map, dialects, dialect, asset);
        found.entry(&dialect.id).or_insert_with(|| (dialect, Vec::new())).1.push((asset, table));
    }
    found
        .into_values()
        .filter_map(|(dialect, tables)| {
            let about = tables.iter().map(|(asset, _)| asset.address.clone()).collect();
            let tables: Vec<Table> = tables.into_iter().map(|(_, table)| table).collect();
            let text = rendered(&dialect.id, &tables, &guards(&tables))?;
            Some(Draft { path: dialect.file.clone(), dialect: dialect.id.clone(), about, text })
        })
        .collect()
}

fn table(map: &Map<'_>, dialects: &Dialects, dialect: &TableDialect, asset: &Asset) -> Table {
    let name = asset.names.iter().max_by_key(|name| (name.matches('.').count(), name.as_str()));
    let name = name.filter(|name| !name.contains([':', '/'])).unwrap_or(&asset.name);
    let (mut masked, mut plain) = (Vec::new(), Vec::new());
    for (column, tags) in map.columns(&asset.id) {
        let sensitive = tags.iter().filter(|tag| map.counts_in(tag, "sensitive"));
        // Special categories first, then whatever is surest.
        let class = sensitive.max_by_key(|tag| (map.counts_in(tag, "special"), tag.confidence, &tag.class));
        match class.and_then(|tag| Some((tag, dialect.mask(tag.class.as_str(), map.taxonomy)?))) {
            Some((tag, mask)) => masked.push(Column {
                name: dialect.part(column),
                plain_name: column.to_owned(),
                class: tag.class.to_string(),
                mask: mask.replace("{column}", &dialect.part(column)),
            }),
            None => plain.push(dialect.part(column)),
        }
    }
    let row_key = map
        .columns(&asset.id)
        .into_keys()
        .find(|column| dialects.row_keys.iter().any(|key| column.eq_ignore_ascii_case(key)));
    let mut readers = BTreeMap::new();
    for (grant, from, to) in map.grants() {
        if to.id == asset.id && grant.flow.is_none() && grant.access.contains(&Access::Read) {
            let anyone = from.kind == AssetKind::AnyOne;
            let name = if anyone { "PUBLIC".to_owned() } else { dialect.part(&from.name) };
            readers.insert(name, unfit(grant, from));
        }
    }
    Table {
        name: dialect.name(name),
        parts: name.split('.').map(one_line).collect(),
        slug: slug(name),
        masked,
        plain,
        row_key: row_key.map(|column| dialect.part(column)),
        readers: readers.into_iter().map(|(name, unfit)| Reader { name, unfit }).collect(),
    }
}

/// One guard for every class that some column of `tables` holds, in order.
fn guards(tables: &[Table]) -> Vec<Guard> {
    let classes: BTreeMap<&str, &str> = tables
        .iter()
        .flat_map(|table| &table.masked)
        .map(|column| (column.class.as_str(), column.mask.as_str()))
        .collect();
    let guard = |(class, mask): (&str, &str)| Guard {
        class: class.to_owned(),
        slug: slug(class),
        clear: format!("reads_{}", slug(class.split('.').next().unwrap_or(class))),
        mask: mask.to_owned(),
    };
    classes.into_iter().map(guard).collect()
}

/// The roles that see something in the clear, each once.
fn clear_roles(guards: &[Guard]) -> BTreeSet<&str> {
    guards.iter().map(|guard| guard.clear.as_str()).collect()
}

/// Lower-case letters, digits and underscores.
fn slug(text: &str) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' };
    text.chars().map(word).collect()
}

/// A text between the quotes of Terraform's language: nothing in it is interpolated.
fn hcl(text: impl AsRef<str>) -> String {
    text.as_ref()
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("${", "$${")
        .replace("%{", "%%{")
        .replace(char::is_control, " ")
}

impl Table {
    /// The part of the name before the last; empty if there is none.
    fn database(&self) -> &str {
        self.parts.iter().rev().nth(1).map_or("", String::as_str)
    }

    /// The last part of the name.
    fn last(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }
}
