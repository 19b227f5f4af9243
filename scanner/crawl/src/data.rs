//! Datasets: files of rows become Dataset and Column assets, tagged by what their cells look like.
//!
//! Cells are looked at here and nowhere else: what leaves is counts, tags and masked shapes.

use aedile_model::{Asset, AssetId, AssetKind, Gap, GapKind, Place, RelationKind, Value};
use aedile_rules::Rules;

use crate::crawler::{Context, Crawler};
use crate::{Facts, File, Limits, Link, Ref};

mod alike;
mod archive;
mod arrow;
mod batches;
mod blocks;
mod claims;
mod classify;
mod csv;
mod dump;
mod format;
mod hashed;
mod json;
mod packing;
mod parquet;
mod random;
mod rows;
mod sample;
mod sheet;
mod source;
mod sqlite;
mod table;

pub use alike::Alike;
use classify::names_something;
pub(crate) use classify::neighbours;
pub use classify::{Classified, ClassifiedColumn};
use format::{Format, Found, recognise};
use packing::Packing;
use random::Random;
use source::Stream;
use table::Table;

/// The class of ages, of which the decade is told.
const AGE: &str = "pii.demographic.age";

/// Our rules, loaded once for all tests.
#[cfg(test)]
static RULES: std::sync::LazyLock<Rules> = std::sync::LazyLock::new(|| Rules::load(&[]).unwrap());

/// The crawler of datasets.
pub(crate) struct Datasets;

/// Whether `file` is read as rows of delimited text or lines of JSON. Its text is data: it is not searched for secrets
/// and not kept as a source.
pub(crate) fn is_rows(file: &File) -> bool {
    recognise(file).is_some_and(|found| matches!(found.format, Format::Delimited | Format::JsonLines))
}

/// What the tables in `file` are; empty for what is no dataset. What of them is looked at, `limits` say.
///
/// The same bytes, limits and rules give the same result, whatever the number of threads.
#[must_use]
pub fn classify(file: &File, limits: &Limits, rules: &Rules) -> Vec<Classified> {
    tables(file, limits, rules).into_iter().map(|table| classify::decided(table, rules)).collect()
}

/// The tables in `file`, counted.
fn tables(file: &File, limits: &Limits, rules: &Rules) -> Vec<Table> {
    let Some(Found { format, packing }) = recognise(file) else { return Vec::new() };
    let content = file.content.as_ref().filter(|_| packing == Packing::None);
    if let (Some(content), Some(name)) = (content, format.in_any_order()) {
        return match Random::of(content, name) {
            Ok(bytes) => ordered(format, &bytes, limits, rules),
            Err(table) => vec![table],
        };
    }
    let lines = matches!(format, Format::Delimited | Format::JsonLines);
    match Stream::open(file, packing, lines, limits.dataset_bytes) {
        Ok(stream) if format == Format::Delimited && packing == Packing::None => {
            delimited(file.text.as_deref(), stream, limits, rules)
        }
        Ok(stream) => tables_of(file.name(), format, stream, limits, rules),
        Err(error) => vec![unreadable(&error)],
    }
}

/// The tables in `stream`, which is in a file or member of that name.
fn tables_of(name: &str, format: Format, stream: Stream<'_>, limits: &Limits, rules: &Rules) -> Vec<Table> {
    if let Some(name) = format.in_any_order() {
        return match Random::from_stream(stream, name) {
            Ok(bytes) => ordered(format, &bytes, limits, rules),
            Err(table) => vec![table],
        };
    }
    match format {
        Format::Delimited => delimited(None, stream, limits, rules),
        Format::JsonLines => vec![json::lines(stream, limits, rules)],
        Format::JsonArray => json::array(stream, limits, rules).into_iter().collect(),
        Format::JsonDocument => json::document(stream, limits, rules),
        Format::Dump => dump::read(stream, limits, rules),
        Format::Tar => archive::tar(stream, limits, rules),
        Format::Refused(gap, why) => vec![Table::unread("", gap, why)],
        Format::Known { name, gap, why } => vec![Table::unread(name, gap, why)],
        Format::Parquet | Format::Batches(_) | Format::Workbook | Format::Sqlite | Format::Zip => {
            vec![Table::unread("", GapKind::Unsupported, format!("{name} is not read"))]
        }
    }
}

fn delimited(text: Option<&str>, stream: Stream<'_>, limits: &Limits, rules: &Rules) -> Vec<Table> {
    vec![csv::read(text, stream, limits, rules).unwrap_or_else(|error| unreadable(&error))]
}

/// The tables in bytes that are read in any order.
fn ordered(format: Format, bytes: &Random, limits: &Limits, rules: &Rules) -> Vec<Table> {
    match format {
        Format::Parquet => vec![parquet::read(bytes, limits, rules)],
        Format::Batches(kind) => vec![batches::read(bytes, kind, limits, rules)],
        Format::Workbook => sheet::read(bytes, limits, rules),
        Format::Sqlite => sqlite::read(bytes, limits, rules),
        Format::Zip => archive::zip(bytes, limits, rules),
        _ => Vec::new(),
    }
}

fn unreadable(error: &std::io::Error) -> Table {
    Table::unread("unknown", GapKind::Unreadable, format!("cannot be read: {}", error.kind()))
}

impl Format {
    /// The name of a format that is not read from its beginning to its end.
    fn in_any_order(&self) -> Option<&'static str> {
        match self {
            Format::Parquet => Some("parquet"),
            Format::Batches(kind) => Some(kind.name()),
            Format::Workbook => Some("spreadsheet"),
            Format::Sqlite => Some("sqlite"),
            Format::Zip => Some("zip"),
            _ => None,
        }
    }
}

impl Crawler for Datasets {
    /// Empty for what looked like a dataset from afar and is none.
    type Parsed = Vec<Classified>;

    fn claims(file: &File) -> bool {
        recognise(file).is_some()
    }

    fn parse(file: &File, context: Context<'_>) -> Vec<Classified> {
        classify(file, &context.options.limits, context.rules)
    }

    fn resolve(parsed: Vec<(&File, Vec<Classified>)>, _context: Context<'_>, facts: &mut Facts) {
        for (file, tables) in parsed {
            tables.into_iter().for_each(|table| write(file, table, facts));
        }
    }
}

/// The decade of the oldest person in a column of ages: 90 for 97. Never an age itself.
fn oldest_decade(table: &Classified) -> Option<i64> {
    let ages = table.columns.iter().filter(|column| column.decision.tags.iter().any(|tag| tag.class.as_str() == AGE));
    ages.filter_map(|column| column.profile.oldest_decade()).max().map(i64::from)
}

fn write(file: &File, table: Classified, facts: &mut Facts) {
    let whole = Place::file(&file.path);
    facts.gaps.extend(table.gaps_of(&file.path).into_iter().map(|gap| Gap { place: whole.clone(), ..gap }));
    if table.format.is_empty() {
        return;
    }
    let address = match table.part.as_str() {
        "" => file.path.to_string(),
        part => format!("{}#{part}", file.path),
    };
    let id = AssetId::new(AssetKind::Dataset, "", &address);
    let stem = file.name().split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(file.name());
    let name = if table.part.is_empty() { stem } else { &table.part };
    let mut asset = Asset::new(id.clone(), AssetKind::Dataset, address.as_str(), name);
    asset.type_name = table.format.to_owned();
    asset.names.insert(address.clone());
    asset.place = Some(whole.clone());
    asset.in_tests = file.in_tests;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    asset.set("format", table.format, None);
    if let Some(decade) = oldest_decade(&table) {
        asset.set("oldestDecade", decade, None);
    }
    asset.set("rowsRead", number(table.rows_read), None);
    if let Some(total) = table.rows_total {
        asset.set("rowsTotal", number(total), None);
    }
    if let Some(alike) = &table.alike {
        describe(&mut asset, alike);
    }
    facts.assets.push(asset);
    for column in table.columns {
        let place = column.span.map_or_else(|| whole.clone(), |(start, end)| file.place(start, end));
        let shown = format!("{address}/{}", column.name);
        let mut asset = Asset::new(AssetId::column(&id, &column.name), AssetKind::Column, shown, &column.name);
        asset.type_name = "column".to_owned();
        asset.place = Some(place.clone());
        asset.in_tests = file.in_tests;
        // Of a hash nobody can see what it was made of.
        let is_hash = column.decision.technical.as_ref().is_some_and(|class| class.as_str() == "technical.hash");
        asset.set("cellsRead", if is_hash { 0 } else { number(column.profile.cells()) }, None);
        let tags = column.decision.tags.into_iter().chain(column.decision.presence);
        tags.for_each(|tag| asset.add_tag(tag));
        facts.links.push(Link::new(RelationKind::PartOf, Ref::Id(asset.id.clone()), Ref::Id(id.clone()), Some(place)));
        facts.assets.push(asset);
    }
}

/// Says which columns single people out together, and the smallest group of rows that they leave alike. Of a sample it is
/// unknown: groups of the whole are at least as large, and rows that were not compared may be alone.
fn describe(asset: &mut Asset, alike: &Alike) {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let names = alike.columns.iter().map(|name| Value::Text(name.clone())).collect();
    asset.set("quasiIdentifiers", Value::List(names), None);
    asset.set("rowsCompared", number(alike.rows), None);
    asset.set("rowsAlone", number(alike.alone()), None);
    let why = match alike.left_out.as_slice() {
        [] => format!(
            "{} rows were compared and not all; among them the smallest group has {}",
            alike.rows, alike.smallest
        ),
        [name, ..] => format!("`{name}` has several values a row"),
    };
    let smallest = match alike.all_rows && alike.left_out.is_empty() {
        true => Value::Int(number(alike.smallest)),
        false => Value::unknown("the smallest group of rows that are alike", why),
    };
    asset.set("smallestGroup", smallest, None);
}

/// The name of a member of an archive as it is shown.
fn shown_name(name: &str) -> String {
    name.chars()
        .take(1024)
        .flat_map(|c| if c.is_control() { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}

/// `1 row is`, `3 rows are`.
fn are(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what} is") } else { format!("{count} {what}s are") }
}

/// The longest column name that is kept, in characters.
const NAME: usize = 128;

/// A column's name as it is shown: trimmed, control characters spelt out, cut at [`NAME`] characters.
fn column_name(name: &str) -> String {
    name.trim()
        .chars()
        .take(NAME)
        .flat_map(|c| if c.is_control() { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}
