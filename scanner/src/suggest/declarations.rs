//! Missing declarations: a patch of the files that describe tables, and statements for catalogs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aedile_crawl::{Crawl, composed, patched};
use aedile_model::{AssetId, Patch, Place};

use super::dialect::Dialects;
use super::inventory::one_line;
use super::{Draft, LeftOut};
use crate::declare::{Comparison, Missing};
use crate::declaring;
use crate::diff::unified;

/// Where the patch is put.
const PATCH: &str = "declarations.patch";

/// The patch and the statements for everything that is found and not declared.
pub(super) fn draft(
    crawl: &Crawl,
    comparison: &Comparison<'_>,
    dialects: &Dialects,
    left_out: &mut Vec<LeftOut>,
) -> Vec<Draft> {
    let missing = comparison.missing(&crawl.inventory);
    let address =
        |id: &AssetId| crawl.inventory.asset(id).map_or_else(|| id.to_string(), |asset| asset.address.clone());
    let mut leave = |id: &AssetId, why: String| {
        left_out.push(LeftOut { what: format!("declarations for {}", address(id)), why });
    };
    let (catalogs, files): (BTreeMap<AssetId, Missing>, BTreeMap<AssetId, Missing>) =
        missing.into_iter().partition(|(_, missing)| kept_by(missing, crawl).is_some());
    let (made, left) = declaring::all(&files, crawl, comparison);
    left.into_iter().for_each(|(id, why)| leave(&id, why));

    let (ids, patches): (Vec<&AssetId>, Vec<&[Patch]>) = made.iter().map(|(id, edits)| (id, edits.as_slice())).unzip();
    let (edits, taken) = composed(&patches);
    let taken: BTreeSet<usize> = taken.into_iter().collect();
    for (_, &id) in ids.iter().enumerate().filter(|(at, _)| !taken.contains(at)) {
        leave(id, "its edits touch those of another table: run again after this patch".to_owned());
    }
    let paths: BTreeSet<_> = edits.iter().map(|edit| &edit.place.path).collect();
    let mut text = String::new();
    for path in paths {
        if let Some(held) = crawl.sources.text(&Place::file(path)) {
            text.push_str(&unified(path, held, &patched(path, held, &edits)));
        }
    }
    let mut drafts = Vec::new();
    if !text.is_empty() {
        let about = ids.iter().enumerate().filter(|(at, _)| taken.contains(at)).map(|(_, id)| address(id)).collect();
        drafts.push(Draft { path: PATCH.to_owned(), dialect: "patch".to_owned(), about, text });
    }
    drafts.extend(statements(&catalogs, crawl, dialects));
    drafts
}

/// The dialect of the catalog that keeps the labels of a table, by the statement that sets one of them.
fn kept_by(missing: &Missing, crawl: &Crawl) -> Option<&'static str> {
    let place = missing.label.as_ref().filter(|label| label.source == "catalog tag")?.place.as_ref()?;
    let text = crawl.sources.text(place)?;
    let said = text.get(place.span.start as usize..place.span.end as usize)?.to_uppercase();
    let is_databricks = said.contains("SET TAGS") || said.trim_start().starts_with("SET TAG ON");
    Some(if is_databricks { "databricks" } else { "snowflake" })
}

fn statements(catalogs: &BTreeMap<AssetId, Missing>, crawl: &Crawl, dialects: &Dialects) -> Vec<Draft> {
    let mut by_dialect: BTreeMap<&str, (Vec<String>, String)> = BTreeMap::new();
    for (id, missing) in catalogs {
        let (Some(asset), Some(spoken)) = (crawl.inventory.asset(id), kept_by(missing, crawl)) else { continue };
        let Some(dialect) = dialects.named(spoken) else { continue };
        let full = asset.names.iter().max_by_key(|name| (name.matches('.').count(), name.as_str()));
        let name = dialect.name(full.unwrap_or(&asset.name));
        let key =
            missing.label.as_ref().map(|label| label.key.as_str()).filter(|key| !key.is_empty()).unwrap_or("class");
        let (about, text) = by_dialect.entry(spoken).or_default();
        about.push(asset.address.clone());
        for (column, classes) in &missing.wanted {
            // A tag has one value: the first of several stands for them.
            let Some(class) = classes.iter().next() else { continue };
            let (column, class) = (dialect.part(column), one_line(class).replace('\'', "''"));
            let _ = match spoken {
                "databricks" => {
                    let key = one_line(key).replace('\'', "''");
                    writeln!(text, "ALTER TABLE {name} ALTER COLUMN {column} SET TAGS ('{key}' = '{class}');")
                }
                _ => writeln!(
                    text,
                    "ALTER TABLE {name} MODIFY COLUMN {column} SET TAG {} = '{class}';",
                    dialect.name(key)
                ),
            };
        }
    }
    let draft = |(dialect, (about, text)): (&str, (Vec<String>, String))| Draft {
        path: format!("declarations/{dialect}.sql"),
        dialect: dialect.to_owned(),
        about,
        text,
    };
    by_dialect.into_iter().map(draft).collect()
}
