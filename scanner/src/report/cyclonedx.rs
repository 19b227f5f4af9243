//! A bill of materials of data and models (CycloneDX 1.6, JSON).
//!
//! Datasets and tables with sensitive columns are components of type `data` with their classes; models are
//! `machine-learning-model`s with a model card that names their data; what is made from what are dependencies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::wording::{pretty, uuid};
use super::{Look, RenderError};
use crate::record::{Asset, Dataset, Run};

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let datasets: BTreeMap<&str, &Dataset> =
        run.datasets.iter().map(|dataset| (dataset.asset.as_str(), dataset)).collect();
    let feeds = feeds(run);
    let components: Vec<Value> = run
        .assets
        .iter()
        .filter_map(|asset| match asset.kind.as_str() {
            "Dataset" | "Table" | "FeatureView" => Some(data(asset, datasets.get(asset.id.as_str()).copied())),
            "Model" => Some(model(asset, feeds.get(asset.id.as_str()))),
            _ => None,
        })
        .collect();
    let title = run.run.entity.as_deref().unwrap_or("platform");
    let bom = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid(&format!("{}/bom", run.run.id))),
        "version": 1,
        "metadata": {
            "timestamp": run.run.started,
            "tools": { "components": [{ "type": "application", "name": run.tool.name, "version": run.tool.version }] },
            "component": { "type": "application", "bom-ref": "platform", "name": title },
            "properties": properties(run),
        },
        "components": components,
        "dependencies": dependencies(run, &feeds),
    });
    pretty(&bom, "cyclonedx")
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": format!("aedile:{name}"), "value": value })
}

fn properties(run: &Run) -> Vec<Value> {
    let mut all = vec![
        property("run", &run.run.id),
        property("as-of", &run.run.as_of),
        property("gate", &run.verdict()),
        property("findings", &run.summary.findings.to_string()),
        property("gaps", &run.summary.gaps.to_string()),
    ];
    all.extend(
        run.waivers
            .iter()
            .map(|waiver| property("waiver", &format!("{} {}: {}", waiver.policy, waiver.scope, waiver.told()))),
    );
    all
}

/// What goes into an asset, by the asset's id: what it is derived from, trained with, or serves.
fn feeds(run: &Run) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut feeds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut reads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for relation in &run.relations {
        match relation.kind.as_str() {
            "derived-from" => drop(feeds.entry(&relation.from).or_default().insert(&relation.to)),
            "reads" => drop(reads.entry(&relation.from).or_default().insert(&relation.to)),
            _ => {}
        }
    }
    // A pipeline reads, and trains or writes: what it reads goes into what it makes.
    for relation in run.relations.iter().filter(|relation| matches!(relation.kind.as_str(), "trains" | "writes")) {
        let read = reads.get(relation.from.as_str()).into_iter().flatten();
        feeds.entry(&relation.to).or_default().extend(read);
    }
    feeds
}

fn data(asset: &Asset, dataset: Option<&Dataset>) -> Value {
    let classes: BTreeSet<&str> = dataset
        .into_iter()
        .flat_map(|dataset| &dataset.columns)
        .flat_map(|column| &column.tags)
        .map(|tag| tag.tag.as_str())
        .filter(|class| !class.starts_with("technical"))
        .collect();
    let columns = dataset.map_or(0, |dataset| dataset.columns.len());
    let mut held = json!({
        "type": "dataset",
        "name": asset.name,
        "sensitiveData": classes,
        "description": format!("{} {} with {columns} columns", asset.kind, asset.address),
    });
    if let Some(object) = held.as_object_mut() {
        let list = classes.iter().copied().collect::<Vec<_>>().join(", ");
        let list = if classes.is_empty() { "no sensitive class found".to_owned() } else { list };
        object.insert("classification".to_owned(), json!(list));
        object.extend(governance(asset));
    }
    let mut component = json!({
        "type": "data",
        "bom-ref": asset.id,
        "name": asset.address,
        "data": [held],
    });
    if let (Some(object), false) = (component.as_object_mut(), classes.is_empty()) {
        let columns = dataset.into_iter().flat_map(|dataset| &dataset.columns).filter(|column| !column.tags.is_empty());
        let tagged: Vec<Value> = columns
            .map(|column| {
                let tags: Vec<String> = column
                    .tags
                    .iter()
                    .map(|tag| format!("{} {} % {}", tag.tag, tag.confidence, tag.protection))
                    .collect();
                property(&format!("column:{}", column.name), &tags.join("; "))
            })
            .collect();
        object.insert("properties".to_owned(), json!(tagged));
    }
    component
}

/// Who answers for the data, where that is declared.
fn governance(asset: &Asset) -> Map<String, Value> {
    let owner = asset.attributes.get("owner").and_then(Value::as_str).filter(|owner| !owner.is_empty());
    let owners = owner.map(|owner| json!({ "owners": [{ "organization": { "name": owner } }] }));
    owners.map(|owners| ("governance".to_owned(), owners)).into_iter().collect()
}

fn model(asset: &Asset, feeds: Option<&BTreeSet<&str>>) -> Value {
    let text = |name: &str| asset.attributes.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let refs = feeds.into_iter().flatten().filter(|id| id.starts_with("Dataset:") || id.starts_with("Table:"));
    let datasets: Vec<Value> = refs.map(|id| json!({ "ref": id })).collect();
    let mut card = Map::new();
    if !datasets.is_empty() {
        card.insert("modelParameters".to_owned(), json!({ "datasets": datasets }));
    }
    if let Some(purpose) = text("purpose") {
        card.insert("considerations".to_owned(), json!({ "useCases": [purpose] }));
    }
    let mut component = json!({ "type": "machine-learning-model", "bom-ref": asset.id, "name": asset.name });
    if let Some(object) = component.as_object_mut() {
        if !card.is_empty() {
            object.insert("modelCard".to_owned(), Value::Object(card));
        }
        let facts = ["riskClass", "owner", "modelCard", "environment"];
        let facts: Vec<Value> = facts.into_iter().filter_map(|name| Some(property(name, text(name)?))).collect();
        if !facts.is_empty() {
            object.insert("properties".to_owned(), json!(facts));
        }
    }
    component
}

/// Which component is made from which.
fn dependencies(run: &Run, feeds: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<Value> {
    let listed = |kind: &str| matches!(kind, "Dataset" | "Table" | "FeatureView" | "Model");
    let components: BTreeSet<&str> =
        run.assets.iter().filter(|asset| listed(&asset.kind)).map(|asset| asset.id.as_str()).collect();
    let of = |(id, from): (&&str, &BTreeSet<&str>)| {
        let on: Vec<&str> = from.iter().copied().filter(|other| components.contains(other) && other != id).collect();
        (components.contains(id) && !on.is_empty()).then(|| json!({ "ref": id, "dependsOn": on }))
    };
    feeds.iter().filter_map(of).collect()
}
