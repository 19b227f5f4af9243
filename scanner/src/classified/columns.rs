//! Datasets and their columns.

use aedile_crawl::{Classified, ClassifiedColumn};
use aedile_model::Tag;
use schemars::JsonSchema;
use serde::Serialize;

use super::{QuasiIdentifiers, Unread};

/// The form of this result.
const SCHEMA: &str = "aedile.classify.v1";

/// Masked shapes that are told of a column.
const SHAPES: usize = 5;

/// What the columns of all datasets are.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Columns {
    /// `aedile.classify.v1`.
    pub schema: &'static str,
    /// In the order of the paths that were given, then by path.
    pub datasets: Vec<Dataset>,
    /// What was not read.
    pub gaps: Vec<Unread>,
}

impl Columns {
    /// These datasets and gaps.
    #[must_use]
    pub fn new(datasets: Vec<Dataset>, gaps: Vec<Unread>) -> Columns {
        Columns { schema: SCHEMA, datasets, gaps }
    }
}

/// One table.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Dataset {
    /// The file; `-` for standard input.
    pub path: String,
    /// The sheet, table or archive member inside the file; empty if the file is the table.
    pub part: String,
    /// `csv`, `jsonl`, `parquet`, …
    pub format: String,
    /// Rows that were looked at.
    pub rows_read: u64,
    /// Rows there are; absent if only reading everything would tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_total: Option<u64>,
    /// What of them singles people out together; absent where nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quasi_identifiers: Option<QuasiIdentifiers>,
    /// In the order of the table.
    pub columns: Vec<Column>,
}

/// What one column is. Without `class` and `technical` nothing is known of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Column {
    /// Its name; a dotted path for members of nested values.
    pub name: String,
    /// The surest class (`pii.contact.email`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How sure, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// `none`, `formatted`, `truncated`, `hashed`, `keyed`, `aggregated`, `dropped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protection: Option<String>,
    /// What it is, if it is nothing personal (`technical.uuid`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technical: Option<String>,
    /// Whether the name says a checked kind of value and the values fail the check.
    pub contradicted: bool,
    /// Everything that the column is said to be, surest first.
    pub tags: Vec<Evidence>,
    /// Classes of which some cells, or spans inside cells, are.
    pub holds: Vec<Holding>,
    /// Cells looked at.
    pub cells: u64,
    /// Of them without a value.
    pub nulls: u64,
    /// Distinct values; an estimate beyond 256.
    pub distinct: u64,
    /// The commonest masked shapes (letters as `a`/`A`, digits as `9`) with their share of the sampled values in percent.
    pub shapes: Vec<Shape>,
    /// What spoke for and against, one clause each.
    pub reasons: Vec<String>,
}

/// A masked shape.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Shape {
    /// `aaa@aaa.aa`.
    pub shape: String,
    /// Share in percent.
    pub percent: u64,
}

/// One statement of what a column is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Evidence {
    /// The class.
    pub class: String,
    /// The rule that recognised it.
    pub rule: String,
    /// How sure, in percent.
    pub confidence: u8,
    /// `name`, `value`, `name and value`.
    pub basis: String,
    /// What was done to the values.
    pub protection: String,
    /// Cells that fit.
    pub hits: u64,
    /// Cells with a value.
    pub of: u64,
    /// The commonest masked shape of the fitting cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    /// Why, one clause each.
    pub reasons: Vec<String>,
}

/// A class that is here and there in a column.
pub type Holding = Evidence;

impl Dataset {
    /// The table `found` in the file at `path`.
    #[must_use]
    pub fn new(path: &str, found: &Classified) -> Dataset {
        Dataset {
            path: path.to_owned(),
            part: found.part.clone(),
            format: found.format.to_owned(),
            rows_read: found.rows_read,
            rows_total: found.rows_total,
            quasi_identifiers: found.alike.as_ref().map(QuasiIdentifiers::new),
            columns: found.columns.iter().map(Column::new).collect(),
        }
    }
}

impl Column {
    fn new(column: &ClassifiedColumn) -> Column {
        let (decision, profile) = (&column.decision, &column.profile);
        let first = decision.tags.first();
        Column {
            name: column.name.clone(),
            class: first.map(|tag| tag.class.to_string()),
            confidence: first.map(|tag| tag.confidence.value()),
            protection: first.map(|tag| tag.protection.as_str().to_owned()),
            technical: decision.technical.as_ref().map(ToString::to_string),
            contradicted: decision.contradicted,
            tags: decision.tags.iter().map(evidence).collect(),
            holds: decision.presence.iter().map(evidence).collect(),
            cells: profile.total(),
            nulls: profile.nulls(),
            distinct: profile.distinct(),
            shapes: profile.shapes(SHAPES).into_iter().map(|(shape, percent)| Shape { shape, percent }).collect(),
            reasons: decision.reasons.clone(),
        }
    }
}

fn evidence(tag: &Tag) -> Evidence {
    Evidence {
        class: tag.class.to_string(),
        rule: tag.rule.clone(),
        confidence: tag.confidence.value(),
        basis: tag.basis.as_str().to_owned(),
        protection: tag.protection.as_str().to_owned(),
        hits: tag.hits,
        of: tag.of,
        shape: tag.example_shape.clone(),
        reasons: tag.reasons.clone(),
    }
}
