//! Columns of tables that a configuration declares, and which of them are masked.

use std::collections::BTreeSet;

use aedile_model::{Asset, AssetId, AssetKind, RelationKind, Unknown, Value};
use aedile_rules::{ColumnRule, ResourceType};

use super::assets::read;
use super::datum::Datum;
use super::path::{texts, values};
use super::resource::Unit;
use crate::{Facts, Link, Ref};

/// Columns of one table that become assets; a table with more is a gap in no platform we know.
const COLUMNS: usize = 4_096;

/// Writes the columns of the table `of`, which is the resource at `at`.
pub(super) fn write(unit: &Unit<'_>, at: usize, rule: &ResourceType, of: &Asset, facts: &mut Facts) {
    let (Some(columns), Some(resource)) = (&rule.columns, unit.resource(at)) else { return };
    let masks = Masks::read(unit, at, rule, columns);
    let mut seen = BTreeSet::new();
    for column in values(&resource.body, &columns.path).iter().flat_map(listed).take(COLUMNS) {
        let Some(name) = texts(&column, &columns.name).into_iter().next() else { continue };
        let lower = name.to_lowercase();
        let place = values(&column, &columns.name).into_iter().find_map(|name| name.place).or(column.place.clone());
        if !seen.insert(lower.clone()) {
            continue;
        }
        let id = AssetId::column(&of.id, &lower);
        let mut asset = Asset::new(id.clone(), AssetKind::Column, format!("{}/{lower}", of.address), lower);
        asset.type_name = "column".to_owned();
        asset.place.clone_from(&place);
        asset.in_tests = of.in_tests;
        if !columns.masked.is_empty() || !columns.masks.is_empty() {
            let given = columns.masked.iter().flat_map(|path| values(&column, path)).find(|mask| !mask.is_null());
            let (value, at) = match given {
                Some(mask) => match mask.why_unknown().filter(|_| mask.holed().is_none()) {
                    Some(why) => (Value::Unknown(why.clone()), mask.place),
                    None => (Value::Bool(true), mask.place),
                },
                None => masks.of(&asset.name),
            };
            asset.set("masked", value, at.or(place.clone()));
        }
        facts.links.push(Link::new(RelationKind::PartOf, Ref::Id(id), Ref::Id(of.id.clone()), place));
        facts.assets.push(asset);
    }
}

/// The columns in a value: blocks, or a list in JSON text.
fn listed(datum: &Datum) -> Vec<Datum> {
    let json = datum.text().filter(|text| text.trim_start().starts_with('['));
    match json.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok()) {
        Some(json) => Datum::from_json(&json, datum.place.as_ref()).items().to_vec(),
        None => datum.decoded().items().to_vec(),
    }
}

/// Columns that companions mask.
struct Masks {
    named: Vec<(String, Option<aedile_model::Place>)>,
    /// Why it is not known which column one of them masks.
    unknown: Option<Unknown>,
}

impl Masks {
    fn read(unit: &Unit<'_>, at: usize, rule: &ResourceType, columns: &ColumnRule) -> Masks {
        let mut masks = Masks { named: Vec::new(), unknown: None };
        for mask in &columns.masks {
            for column in read(unit, at, rule, Some(&mask.from), &mask.column) {
                match column.text() {
                    Some(name) => masks.named.push((name.trim_matches('"').to_lowercase(), column.place)),
                    None => masks.unknown = masks.unknown.take().or_else(|| column.why_unknown().cloned()),
                }
            }
        }
        masks
    }

    fn of(&self, name: &str) -> (Value, Option<aedile_model::Place>) {
        match (self.named.iter().find(|(masked, _)| masked == name), &self.unknown) {
            (Some((_, place)), _) => (Value::Bool(true), place.clone()),
            (None, Some(why)) => (Value::Unknown(why.clone()), None),
            (None, None) => (Value::Bool(false), None),
        }
    }
}
