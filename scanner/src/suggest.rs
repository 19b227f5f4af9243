//! Least privilege, drafted from what was found: permits for the intended access, and statements for the stores'
//! providers. Text for a person to review; nothing is applied.

mod declarations;
mod dialect;
mod iam;
mod inventory;
mod permits;
mod tables;

use aedile_crawl::Crawl;
use aedile_model::Inventory;
use aedile_policies::{PolicyError, Taxonomy};
use serde::Serialize;

use dialect::Dialects;
use inventory::Map;

use crate::declare::Comparison;

/// The form of the answer in JSON.
pub const SCHEMA: &str = "aedile.suggest.v1";

/// Everything that is suggested.
#[derive(Debug, Clone, Serialize)]
pub struct Suggestion {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Files, sorted by path.
    pub files: Vec<Draft>,
    /// What nothing is suggested for, and why, sorted.
    pub left_out: Vec<LeftOut>,
}

/// A file to review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// Where `--write DIR` puts it, relative to the folder.
    pub path: String,
    /// `patch`, `cedar`, `snowflake`, `databricks`, `bigquery`, `lake-formation`, `postgres`, `iam`.
    pub dialect: String,
    /// Addresses of the assets that it is about, sorted.
    pub about: Vec<String>,
    /// Its text.
    pub text: String,
}

/// Something that nothing is suggested for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// In words, with its address.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Drafts least privilege for `inventory`, whose relations say how access is exercised.
///
/// `dialect` is taken for tables whose own cannot be told from the sources.
///
/// # Errors
/// The list of dialects does not parse; a test reads it.
pub fn suggest(inventory: &Inventory, taxonomy: &Taxonomy, dialect: Option<&str>) -> Result<Suggestion, PolicyError> {
    let map = Map::new(inventory, taxonomy);
    let dialects = Dialects::built_in()?;
    let mut left_out = Vec::new();
    let mut files: Vec<Draft> = permits::draft(&map, &mut left_out).into_iter().collect();
    files.extend(tables::draft(&map, &dialects, dialect, &mut left_out));
    files.extend(iam::draft(&map, &dialects, &mut left_out));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    left_out.sort();
    left_out.dedup();
    Ok(Suggestion { schema: SCHEMA, files, left_out })
}

/// Adds what is found and not declared: a patch of the files that describe tables, and statements for catalogs.
///
/// # Errors
/// As [`suggest`].
pub(crate) fn declare(
    suggestion: &mut Suggestion,
    crawl: &Crawl,
    comparison: &Comparison<'_>,
) -> Result<(), PolicyError> {
    let dialects = Dialects::built_in()?;
    suggestion.files.extend(declarations::draft(crawl, comparison, &dialects, &mut suggestion.left_out));
    suggestion.files.sort_by(|a, b| a.path.cmp(&b.path));
    suggestion.left_out.sort();
    suggestion.left_out.dedup();
    Ok(())
}

/// The names of the dialects that `--dialect` takes.
///
/// # Errors
/// As [`suggest`].
pub fn dialects() -> Result<Vec<String>, PolicyError> {
    Ok(Dialects::built_in()?.tables.into_iter().map(|dialect| dialect.id).collect())
}
