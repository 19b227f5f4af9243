//! From the recorded form back to the model's vocabulary: a recorded inventory can be judged again, by policies that
//! did not exist when it was recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model as model;
use aedile_policies::Platform;
use serde_json::Value;
use time::Date;

use crate::record::{self, Run};

/// Why a recorded run cannot be judged again.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum RecordedError {
    /// It was recorded by a program that kept less.
    #[error("the run `{run}` does not hold all that policies ask of its inventory")]
    #[diagnostic(
        code(aedile::recorded::revision),
        help("it was recorded by an older version: scan the platform again, once")
    )]
    Revision {
        /// The run's id.
        run: String,
    },
    /// It uses a word that this program does not know.
    #[error("the run holds the {what} `{word}`, which this version does not know")]
    #[diagnostic(code(aedile::recorded::word), help("judge it with the version that recorded it, or a newer one"))]
    Word {
        /// `kind of asset`, `relation`, ….
        what: &'static str,
        /// The word.
        word: String,
    },
}

/// The inventory of a recorded run, with the platform as it was declared.
#[derive(Debug)]
pub struct Recorded {
    /// Assets and relations in the order recorded; gaps stay in the run.
    pub inventory: model::Inventory,
    /// The declared residency, judged as of a day.
    pub platform: Platform,
    places: Vec<record::Place>,
}

impl Recorded {
    /// The inventory of `run`, to be judged as of `as_of`.
    ///
    /// # Errors
    /// The run was recorded by a version that kept less, or that knows words which this one does not.
    pub fn of(run: &Run, as_of: Date) -> Result<Recorded, RecordedError> {
        if run.revision < 1 {
            return Err(RecordedError::Revision { run: run.run.id.clone() });
        }
        let reader = Reader::new(run);
        let mut inventory = model::Inventory::default();
        for asset in &run.assets {
            let asset = reader.asset(asset)?;
            inventory.assets.insert(asset.id.clone(), asset);
        }
        inventory.relations =
            run.relations.iter().map(|relation| reader.relation(relation)).collect::<Result<_, _>>()?;
        let platform = Platform { residency: run.run.residency.iter().cloned().collect(), as_of };
        Ok(Recorded { inventory, platform, places: reader.places.keys().map(|place| (*place).clone()).collect() })
    }

    /// The recorded place that `place` stands for in this inventory.
    #[must_use]
    pub fn place(&self, place: &model::Place) -> Option<&record::Place> {
        self.places.get(place.span.start as usize)
    }
}

/// Reads the recorded form. Spans of bytes are not recorded: a place's span counts in the list of all places instead.
struct Reader<'a> {
    places: BTreeMap<&'a record::Place, model::Place>,
}

impl<'a> Reader<'a> {
    fn new(run: &'a Run) -> Reader<'a> {
        let of_assets = run.assets.iter().flat_map(|asset| asset.place.iter().chain(asset.attribute_places.values()));
        let of_relations = run.relations.iter().flat_map(|relation| {
            let steps = relation.flow.iter().flat_map(|flow| &flow.steps);
            relation.place.iter().chain(relation.attribute_places.values()).chain(steps)
        });
        let all: BTreeSet<&record::Place> = of_assets.chain(of_relations).collect();
        let mut paths: BTreeMap<&str, Arc<str>> = BTreeMap::new();
        let places = all.into_iter().enumerate().map(|(at, place)| {
            let path = paths.entry(&place.path).or_insert_with(|| Arc::from(place.path.as_str()));
            (place, model::Place::new(path, at, at))
        });
        Reader { places: places.collect() }
    }

    fn place(&self, place: Option<&record::Place>) -> Option<model::Place> {
        place.and_then(|place| self.places.get(place)).cloned()
    }

    fn asset(&self, asset: &record::Asset) -> Result<model::Asset, RecordedError> {
        let kind = asset
            .kind
            .parse::<model::AssetKind>()
            .map_err(|_| RecordedError::Word { what: "kind of asset", word: asset.kind.clone() })?;
        let id = model::AssetId::written(&asset.id);
        let mut read = model::Asset::new(id, kind, asset.address.clone(), asset.name.clone());
        read.type_name.clone_from(&asset.type_name);
        read.names = asset.names.iter().cloned().collect();
        read.place = self.place(asset.place.as_ref());
        read.attributes = self.attributes(&asset.attributes, &asset.attribute_places);
        read.tags = asset.tags.iter().map(tag).collect::<Result<_, _>>()?;
        read.in_tests = asset.in_tests;
        Ok(read)
    }

    fn relation(&self, relation: &record::Relation) -> Result<model::Relation, RecordedError> {
        let kind = known("relation", &relation.kind, model::RelationKind::ALL, |kind| kind.as_str())?;
        let (from, to) = (model::AssetId::written(&relation.from), model::AssetId::written(&relation.to));
        let mut read = model::Relation::new(kind, from, to, self.place(relation.place.as_ref()));
        read.basis = match relation.basis.as_str() {
            "declared" => model::LinkBasis::Declared,
            "exact" => model::LinkBasis::Exact,
            other => model::LinkBasis::Inferred(other.strip_prefix("inferred: ").unwrap_or(other).to_owned()),
        };
        let access = relation.access.iter().map(|word| known("access", word, &model::Access::ALL, |it| it.as_str()));
        read.access = access.collect::<Result<_, _>>()?;
        read.flow = relation.flow.as_ref().map(|flow| self.flow(flow)).transpose()?;
        read.carries = relation.carried.iter().map(tag).collect::<Result<_, _>>()?;
        read.attributes = self.attributes(&relation.attributes, &relation.attribute_places);
        Ok(read)
    }

    fn attributes(
        &self,
        values: &BTreeMap<String, Value>,
        places: &BTreeMap<String, record::Place>,
    ) -> BTreeMap<String, model::Attribute> {
        let read = values.iter().map(|(name, value)| {
            (name.clone(), model::Attribute { value: self::value(value), place: self.place(places.get(name)) })
        });
        read.collect()
    }

    fn flow(&self, flow: &record::Flow) -> Result<model::Flow, RecordedError> {
        let rungs = |of: &BTreeMap<String, String>| {
            of.iter().map(|(name, word)| Ok((name.clone(), protection(word)?))).collect::<Result<BTreeMap<_, _>, _>>()
        };
        let columns = match flow.columns.as_str() {
            "all" => model::Columns::All,
            "unknown" => model::Columns::Unknown,
            "named" => model::Columns::Named(rungs(&flow.protections)?),
            other => return Err(RecordedError::Word { what: "kind of columns", word: other.to_owned() }),
        };
        Ok(model::Flow {
            columns,
            sources: flow.sources.iter().map(|id| model::AssetId::written(id)).collect(),
            dropped: flow.dropped.iter().cloned().collect(),
            filters: flow.filters.iter().cloned().collect(),
            made: flow
                .made
                .iter()
                .map(|(name, of)| Ok((name.clone(), rungs(of)?)))
                .collect::<Result<_, RecordedError>>()?,
            steps: flow.steps.iter().filter_map(|step| self.place(Some(step))).collect(),
        })
    }
}

fn tag(tag: &record::Tag) -> Result<model::Tag, RecordedError> {
    Ok(model::Tag {
        class: model::Class::new(&tag.tag),
        basis: known("basis", &tag.basis, &model::Basis::ALL, |basis| basis.as_str())?,
        confidence: model::Confidence::percent(tag.confidence),
        rule: tag.rule.clone(),
        protection: protection(&tag.protection)?,
        hits: tag.hits,
        of: tag.of,
        example_shape: tag.example_shape.clone(),
        reasons: tag.reasons.clone(),
        origins: tag.origins.iter().map(|id| model::AssetId::written(id)).collect(),
    })
}

fn protection(word: &str) -> Result<model::Protection, RecordedError> {
    known("protection", word, &model::Protection::ALL, |rung| rung.as_str())
}

/// The one of `all` whose word is `word`.
fn known<T: Copy>(
    what: &'static str,
    word: &str,
    all: &[T],
    said: impl Fn(T) -> &'static str,
) -> Result<T, RecordedError> {
    let found = all.iter().copied().find(|one| said(*one) == word);
    found.ok_or_else(|| RecordedError::Word { what, word: word.to_owned() })
}

fn value(of: &Value) -> model::Value {
    match of {
        Value::Null => model::Value::Null,
        Value::Bool(truth) => model::Value::Bool(*truth),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| model::Value::Text(number.to_string()), model::Value::Int)
        }
        Value::String(text) => model::Value::Text(text.clone()),
        Value::Array(items) => model::Value::List(items.iter().map(value).collect()),
        Value::Object(members) => match (members.len(), members.get("unknown"), members.get("why")) {
            (2, Some(Value::String(expression)), Some(Value::String(why))) => model::Value::unknown(expression, why),
            _ => model::Value::Map(members.iter().map(|(key, item)| (key.clone(), value(item))).collect()),
        },
    }
}
