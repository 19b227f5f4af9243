//! Datasets: files of rows become Dataset and Column assets, tagged by what their cells look like.
//!
//! Cells are looked at here and nowhere else: what leaves is counts, tags and masked shapes.

use aedile_model::{Asset, AssetId, AssetKind, Gap, GapKind, Place, RelationKind, Tag};

use crate::crawler::{Context, Crawler};
use crate::{Facts, File, Link, Ref};

mod classify;
mod csv;
mod format;
mod json;
mod parquet;
mod sample;
mod stream;

use classify::names_something;
pub(crate) use classify::neighbours;
use format::{Format, recognise};
use sample::Sample;

/// The class of ages, of which the decade is told.
const AGE: &str = "pii.demographic.age";

/// The crawler of datasets.
pub(crate) struct Datasets;

/// What one dataset is.
pub(crate) struct Dataset {
    /// The decade of the oldest person in a column of ages.
    oldest_decade: Option<i64>,
    /// Empty for a file that is refused: it leaves gaps and is no asset.
    format: &'static str,
    columns: Vec<Column>,
    rows_read: u64,
    rows_total: Option<u64>,
    gaps: Vec<(GapKind, String)>,
}

struct Column {
    name: String,
    tags: Vec<Tag>,
    /// Where the name stands in the text.
    span: Option<(usize, usize)>,
}

/// Whether `file` is read as rows of delimited text or lines of JSON. Its text is data: it is not searched for secrets
/// and not kept as a source.
pub(crate) fn is_rows(file: &File) -> bool {
    recognise(file).is_some_and(|found| matches!(found.format, Format::Delimited | Format::JsonLines))
}

impl Crawler for Datasets {
    /// `None` for what looked like a dataset from afar and is none.
    type Parsed = Option<Dataset>;

    fn claims(file: &File) -> bool {
        recognise(file).is_some()
    }

    fn parse(file: &File, context: Context<'_>) -> Option<Dataset> {
        let found = recognise(file)?;
        let limits = &context.options.limits;
        let sample = match found.format {
            Format::Delimited => csv::read(file, found.gzip, limits, context.rules),
            Format::JsonLines => json::lines(file, found.gzip, limits),
            Format::JsonArray => match json::array(file, found.gzip, limits) {
                Ok(sample) => Ok(sample?),
                Err(error) => Err(error),
            },
            Format::Parquet => match &file.content {
                Some(content) => Ok(parquet::read(content, limits)),
                None => return None,
            },
            Format::Refused(gap, ref why) => Ok(Sample { gaps: vec![(gap, why.clone())], ..Sample::default() }),
            Format::Known { name, gap, ref why } => {
                Ok(Sample { format: name, gaps: vec![(gap, why.clone())], ..Sample::default() })
            }
        };
        let sample = sample.unwrap_or_else(|error| Sample {
            format: "unknown",
            gaps: vec![(GapKind::Unreadable, format!("cannot be read: {}", error.kind()))],
            ..Sample::default()
        });
        Some(dataset(sample, context))
    }

    fn resolve(parsed: Vec<(&File, Option<Dataset>)>, _context: Context<'_>, facts: &mut Facts) {
        for (file, dataset) in parsed {
            if let Some(dataset) = dataset {
                write(file, dataset, facts);
            }
        }
    }
}

fn dataset(sample: Sample, context: Context<'_>) -> Dataset {
    let mut spans = sample.name_spans.iter().copied();
    let columns = classify::columns(&sample.batches, context.rules);
    let ages = columns.iter().filter(|(_, tags)| tags.iter().any(|tag| tag.class.as_str() == AGE));
    let oldest_decade = ages.filter_map(|(name, _)| classify::oldest_decade(&sample.batches, name)).max();
    let columns = columns.into_iter().map(|(name, tags)| Column { name, tags, span: spans.next() }).collect();
    Dataset {
        format: sample.format,
        oldest_decade,
        columns,
        rows_read: sample.rows_read,
        rows_total: sample.rows_total,
        gaps: sample.gaps,
    }
}

fn write(file: &File, dataset: Dataset, facts: &mut Facts) {
    let whole = Place::file(&file.path);
    facts.gaps.extend(dataset.gaps.into_iter().map(|(kind, message)| Gap { place: whole.clone(), kind, message }));
    if dataset.format.is_empty() {
        return;
    }
    let id = AssetId::new(AssetKind::Dataset, "", &file.path);
    let stem = file.name().split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(file.name());
    let mut asset = Asset::new(id.clone(), AssetKind::Dataset, &*file.path, stem);
    asset.type_name = dataset.format.to_owned();
    asset.names.insert(file.path.to_string());
    asset.place = Some(whole.clone());
    asset.in_tests = file.in_tests;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    asset.set("format", dataset.format, None);
    if let Some(decade) = dataset.oldest_decade {
        asset.set("oldestDecade", decade, None);
    }
    asset.set("rowsRead", number(dataset.rows_read), None);
    if let Some(total) = dataset.rows_total {
        asset.set("rowsTotal", number(total), None);
    }
    facts.assets.push(asset);
    for column in dataset.columns {
        let place = column.span.map_or_else(|| whole.clone(), |(start, end)| file.place(start, end));
        let mut asset = Asset::new(
            AssetId::column(&id, &column.name),
            AssetKind::Column,
            format!("{}/{}", file.path, column.name),
            &column.name,
        );
        asset.type_name = "column".to_owned();
        asset.place = Some(place.clone());
        asset.in_tests = file.in_tests;
        column.tags.into_iter().for_each(|tag| asset.add_tag(tag));
        facts.links.push(Link::new(RelationKind::PartOf, Ref::Id(asset.id.clone()), Ref::Id(id.clone()), Some(place)));
        facts.assets.push(asset);
    }
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
