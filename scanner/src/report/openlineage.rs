//! Column lineage as OpenLineage events (one `JobEvent` a derived dataset), for lineage catalogs.
//!
//! What is read here is code, not a run: so events describe jobs, by the place that the lineage is written at. Whether
//! a value was masked on the way is said of each input field. Source: OpenLineage specification 2.0.2 and its
//! `ColumnLineageDatasetFacet` 1.2.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::wording::pretty;
use super::{Look, RenderError};
use crate::record::{Asset, Relation, Run};

const PRODUCER: &str = "urn:aedile";
const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent";
const FACET: &str =
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet";

/// The inputs of each column of a dataset.
type Fields<'a> = BTreeMap<&'a str, Vec<(&'a Asset, &'a str, &'a Relation)>>;

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let assets: BTreeMap<&str, &Asset> = run.assets.iter().map(|asset| (asset.id.as_str(), asset)).collect();
    let holders: BTreeMap<&str, &str> = run
        .relations
        .iter()
        .filter(|relation| relation.kind == "part-of")
        .map(|relation| (relation.from.as_str(), relation.to.as_str()))
        .collect();
    let mut outputs: BTreeMap<&str, Fields<'_>> = BTreeMap::new();
    for relation in run.relations.iter().filter(|relation| relation.kind == "derived-from") {
        let ends = (assets.get(relation.from.as_str()), assets.get(relation.to.as_str()));
        let (Some(made), Some(source)) = ends else { continue };
        let (Some(holder), Some(from)) = (holders.get(made.id.as_str()), holders.get(source.id.as_str())) else {
            continue;
        };
        if let Some(from) = assets.get(from) {
            outputs.entry(holder).or_default().entry(&made.name).or_default().push((from, &source.name, relation));
        }
    }
    let events = outputs.iter().filter_map(|(id, fields)| Some(event(run, assets.get(id)?, fields)));
    pretty(&Value::Array(events.collect()), "openlineage")
}

fn event(run: &Run, output: &Asset, fields: &Fields<'_>) -> Value {
    let mut inputs: BTreeMap<&str, &Asset> = BTreeMap::new();
    let mut place = None;
    for (asset, _, relation) in fields.values().flatten() {
        inputs.insert(&asset.id, asset);
        place = place.or(relation.place.as_ref());
    }
    let lineage: BTreeMap<&str, Value> = fields
        .iter()
        .map(|(column, from)| (*column, json!({ "inputFields": from.iter().map(input).collect::<Vec<_>>() })))
        .collect();
    let job = place.map_or_else(|| output.address.clone(), |place| run.in_repository(&place.path));
    json!({
        "eventTime": run.run.started,
        "producer": PRODUCER,
        "schemaURL": EVENT,
        "job": { "namespace": namespace(run), "name": job },
        "inputs": inputs.values().map(|asset| dataset(run, asset)).collect::<Vec<_>>(),
        "outputs": [with_facet(dataset(run, output), lineage)],
    })
}

fn with_facet(mut dataset: Value, fields: BTreeMap<&str, Value>) -> Value {
    if let Some(object) = dataset.as_object_mut() {
        let facet = json!({ "_producer": PRODUCER, "_schemaURL": FACET, "fields": fields });
        object.insert("facets".to_owned(), json!({ "columnLineage": facet }));
    }
    dataset
}

fn input((asset, column, relation): &(&Asset, &str, &Relation)) -> Value {
    let protection = relation.protections.get(*column).map(String::as_str);
    let (subtype, masking) = match protection {
        None => ("IDENTITY", false),
        Some("aggregated") => ("AGGREGATION", true),
        Some("formatted") => ("TRANSFORMATION", false),
        Some(_) => ("TRANSFORMATION", true),
    };
    let (namespace, name) = names(&asset.address);
    json!({
        "namespace": namespace,
        "name": name,
        "field": column,
        "transformations": [{
            "type": "DIRECT",
            "subtype": subtype,
            "description": protection.unwrap_or("unchanged"),
            "masking": masking,
        }],
    })
}

fn dataset(_: &Run, asset: &Asset) -> Value {
    let (namespace, name) = names(&asset.address);
    json!({ "namespace": namespace, "name": name })
}

fn namespace(run: &Run) -> String {
    run.run.entity.clone().unwrap_or_else(|| "aedile".to_owned())
}

/// Name space and name of a dataset (OpenLineage, "Naming"): scheme and host of a URI, `file` for a path, `sql` for a table.
fn names(address: &str) -> (String, String) {
    if let Some((scheme, rest)) = address.split_once("://") {
        let (host, path) = rest.split_once('/').unwrap_or((rest, "/"));
        return (format!("{scheme}://{host}"), path.to_owned());
    }
    if address.contains('/') { ("file".to_owned(), address.to_owned()) } else { ("sql".to_owned(), address.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn datasets_are_named_as_the_specification_says() {
        assert_eq!(names("s3://lake/raw/a.csv"), ("s3://lake".into(), "raw/a.csv".into()));
        assert_eq!(names("clinic.patients"), ("sql".into(), "clinic.patients".into()));
    }
}
