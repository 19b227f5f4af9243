//! Columns of tables that a configuration declares, and which of them are masked.

use std::collections::BTreeSet;

use aedile_model::{Asset, AssetId, AssetKind, Label, RelationKind, Unknown, Value};
use aedile_rules::{ColumnRule, ColumnTags, Enforced, ResourceType};

use super::assets::read;
use super::datum::Datum;
use super::path::{texts, values};
use super::resource::Unit;
use crate::{Facts, Link, Ref};

/// Columns of one table that become assets; a table with more is a gap in no platform we know.
const COLUMNS: usize = 4_096;

/// Levels of columns that consist of columns.
const NESTING: usize = 15;

/// Writes the columns of the table `of`, which is the resource at `at`.
pub(super) fn write<'a>(unit: &Unit<'a>, at: usize, rule: &'a ResourceType, of: &Asset, facts: &mut Facts) {
    let (Some(columns), Some(resource)) = (&rule.columns, unit.resource(at)) else { return };
    let masks = Masks::read(unit, at, rule, columns);
    let mut seen = BTreeSet::new();
    let listed: Vec<Datum> = values(&resource.body, &columns.path).iter().flat_map(listed).collect();
    let mut all = Vec::new();
    nested(&listed, columns, "", NESTING, &mut all);
    for (name, column) in all {
        let lower = name.to_lowercase();
        let place = values(&column, &columns.name).into_iter().find_map(|name| name.place).or(column.place.clone());
        if !seen.insert(lower.clone()) {
            continue;
        }
        let id = AssetId::column(&of.id, &lower);
        let mut asset = Asset::new(id.clone(), AssetKind::Column, format!("{}/{lower}", of.address), lower);
        let type_name = columns.type_name.iter().find_map(|path| texts(&column, path).into_iter().next());
        asset.type_name = type_name.map_or_else(|| "column".to_owned(), |name| name.to_lowercase());
        asset.place.clone_from(&place);
        asset.in_tests = of.in_tests;
        if !columns.masked.is_empty() || !columns.masks.is_empty() {
            let given = columns.masked.iter().flat_map(|path| values(&column, path)).find(|mask| !mask.is_null());
            let (value, at) = match given {
                Some(mask) => match mask.why_unknown().filter(|_| mask.holed().is_none()) {
                    Some(why) => (Value::Unknown(why.clone()), mask.place),
                    None => (Value::Bool(enforced(unit, &column, columns.enforced.as_ref())), mask.place),
                },
                None => masks.of(&asset.name),
            };
            asset.set("masked", value, at.or(place.clone()));
        }
        let own = masks.labels.iter().filter(|(name, _)| *name == asset.name);
        asset.labels.extend(own.map(|(_, label)| label.clone()));
        facts.links.push(Link::new(RelationKind::PartOf, Ref::Id(id), Ref::Id(of.id.clone()), place));
        facts.assets.push(asset);
    }
}

/// Every column of `columns` with its full name, those that consist of others (`address.street`) with them.
fn nested(columns: &[Datum], rule: &ColumnRule, above: &str, depth: usize, all: &mut Vec<(String, Datum)>) {
    for column in columns {
        let Some(name) = texts(column, &rule.name).into_iter().next() else { continue };
        if all.len() >= COLUMNS {
            return;
        }
        let name = format!("{above}{name}");
        all.push((name.clone(), column.clone()));
        if depth > 0
            && let Some(path) = &rule.nested
        {
            nested(&values(column, path), rule, &format!("{name}."), depth - 1, all);
        }
    }
}

/// Whether a mask that a column names masks it. Of a tag that is not in this configuration it is taken to.
fn enforced(unit: &Unit<'_>, column: &Datum, rule: Option<&Enforced>) -> bool {
    let Some(rule) = rule else { return true };
    let tags: Vec<usize> = values(column, &rule.tags)
        .iter()
        .flat_map(|named| match named.holed().and_then(|text| unit.in_hole(&text)) {
            Some(at) => vec![at],
            None => unit.referred(named),
        })
        .collect();
    let switched_on = |tag: usize| {
        let groups = unit.resource(tag).map(|tag| values(&tag.body, &rule.group)).unwrap_or_default();
        let groups: Vec<usize> = groups.iter().flat_map(|group| unit.referred(group)).collect();
        groups.is_empty()
            || groups.iter().filter_map(|&group| unit.resource(group)).any(|group| {
                let switches = values(&group.body, &rule.switches);
                let is_open = |switch: &Datum| switch.text().is_none_or(|text| text == rule.wanted);
                switches
                    .iter()
                    .flat_map(
                        |switch| if switch.items().is_empty() { vec![switch] } else { switch.items().iter().collect() },
                    )
                    .any(is_open)
            })
    };
    let has_policy = |tag: usize| {
        let mut policies = unit.of_type(&rule.policy).iter().filter_map(|&at| unit.resource(at));
        policies.any(|policy| values(&policy.body, &rule.by).iter().any(|named| unit.referred(named).contains(&tag)))
    };
    tags.is_empty() || tags.iter().any(|&tag| switched_on(tag) || has_policy(tag))
}

/// The columns in a value: blocks, or a list in JSON text.
fn listed(datum: &Datum) -> Vec<Datum> {
    let json = datum.text().filter(|text| text.trim_start().starts_with('['));
    match json.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok()) {
        Some(json) => Datum::from_json(&json, datum.place.as_ref()).items().to_vec(),
        None => datum.decoded().items().to_vec(),
    }
}

/// Whether the tag that `named` names carries a policy; an error where the tag is not in the unit.
fn carries(unit: &Unit<'_>, named: &Datum, tags: &ColumnTags) -> Option<Result<bool, Unknown>> {
    let found = unit.referred(named);
    let Some(&tag) = found.first() else {
        let expression = named.holed().unwrap_or_else(|| tags.tag.clone());
        return Some(Err(Unknown { expression, why: "the tag is not in this configuration".to_owned() }));
    };
    let own = unit.resource(tag).is_some_and(|tag| !values(&tag.body, &tags.policies).is_empty());
    let mut attached = unit.of_type(&tags.attached).iter().filter_map(|&at| unit.resource(at));
    let by_other =
        attached.any(|one| values(&one.body, &tags.by).iter().any(|named| unit.referred(named).contains(&tag)));
    Some(Ok(own || by_other))
}

/// What the tie at `tie` says with its tag: the tag's name, and the value that it has there.
fn said(unit: &Unit<'_>, tie: &Datum, tags: &ColumnTags) -> Option<Label> {
    let tag = values(tie, &tags.tag).into_iter().next()?;
    let held = unit.referred(&tag).first().and_then(|&at| unit.resource(at));
    let name = held.and_then(|tag| texts(&tag.body, "name").into_iter().next());
    let name = name.or_else(|| tag.holed()?.rsplit('.').next().map(|part| part.trim_matches('"').to_owned()))?;
    let value = values(tie, &tags.value).into_iter().next()?;
    Some(Label::new(super::labels::CATALOG, &name.to_lowercase(), &value.text()?, value.place))
}

/// The table and the column of `"DB"."SCHEMA"."TABLE"."COLUMN"`.
fn of_column(full: &str) -> Option<(String, String)> {
    let (table, column) = full.rsplit_once('.')?;
    Some((table.to_owned(), column.trim_matches('"').to_lowercase()))
}

/// Columns that companions mask.
struct Masks {
    named: Vec<(String, Option<aedile_model::Place>)>,
    /// Tags of columns with their values.
    labels: Vec<(String, Label)>,
    /// Why it is not known which column one of them masks.
    unknown: Option<Unknown>,
}

impl Masks {
    fn read<'a>(unit: &Unit<'a>, at: usize, rule: &'a ResourceType, columns: &ColumnRule) -> Masks {
        let mut masks = Masks { named: Vec::new(), labels: Vec::new(), unknown: None };
        for mask in &columns.masks {
            for column in read(unit, at, rule, Some(&mask.from), &mask.column) {
                match column.text() {
                    Some(name) => masks.named.push((name.trim_matches('"').to_lowercase(), column.place)),
                    None => masks.unknown = masks.unknown.take().or_else(|| column.why_unknown().cloned()),
                }
            }
        }
        if let Some(tags) = &columns.tags {
            masks.tagged(unit, at, tags);
        }
        masks
    }

    /// Adds the columns of the table at `at` whose tag carries a policy.
    fn tagged(&mut self, unit: &Unit<'_>, at: usize, tags: &ColumnTags) {
        let ties = unit.of_type(&tags.type_name).iter().filter_map(|&tie| unit.resource(tie));
        for tie in ties {
            let carried = values(&tie.body, &tags.tag).iter().map(|tag| carries(unit, tag, tags)).find(Option::is_some);
            for column in values(&tie.body, &tags.columns) {
                let Some((table, name)) = column.holed().and_then(|full| of_column(&full)) else { continue };
                let is_ours =
                    unit.referred(&Datum::from_text(table.clone())).contains(&at) || unit.in_hole(&table) == Some(at);
                if is_ours {
                    self.labels.extend(said(unit, &tie.body, tags).map(|label| (name.clone(), label)));
                }
                match (is_ours, carried.clone().flatten()) {
                    (true, Some(Ok(true))) => self.named.push((name, column.place)),
                    (true, Some(Err(why))) => self.unknown = self.unknown.take().or(Some(why)),
                    _ => {}
                }
            }
        }
    }

    fn of(&self, name: &str) -> (Value, Option<aedile_model::Place>) {
        match (self.named.iter().find(|(masked, _)| masked == name), &self.unknown) {
            (Some((_, place)), _) => (Value::Bool(true), place.clone()),
            (None, Some(why)) => (Value::Unknown(why.clone()), None),
            (None, None) => (Value::Bool(false), None),
        }
    }
}
