//! Column lineage as OpenLineage events (one `JobEvent` a derived dataset), for lineage catalogs.
//!
//! What is read here is code, not a run: so events describe jobs, by the place that the lineage is written at. Whether
//! a value was masked on the way is said of each input field; columns that only decide are indirect transformations.
//! Source: OpenLineage specification 2.0.2 and its `ColumnLineageDatasetFacet` 1.2.0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::wording::pretty;
use super::{Look, RenderError};
use crate::lineage::{Edge, Map, STAR};
use crate::record::Run;

const PRODUCER: &str = "urn:aedile";
const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent";
const FACET: &str =
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet";

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let map = Map::new(run);
    let edges: Vec<Edge> = map
        .edges()
        .filter(|edge| is_dataset(&edge.from.kind) && is_dataset(&edge.to.kind))
        .map(|edge| {
            let place = edge.place.as_deref().map(|place| {
                let (path, line) = place.split_once(':').unwrap_or((place, ""));
                let path = run.in_repository(path);
                if line.is_empty() { path } else { format!("{path}:{line}") }
            });
            Edge { place, ..edge.clone() }
        })
        .collect();
    of_edges(&run.run.started, &namespace(run), &edges)
}

/// `edges` as events of jobs in the name space `namespace`, at the time `started` (RFC 3339).
pub(crate) fn of_edges(started: &str, namespace: &str, edges: &[Edge]) -> Result<String, RenderError> {
    let mut outputs: BTreeMap<&str, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        outputs.entry(&edge.to.asset).or_default().push(edge);
    }
    let events = outputs.iter().map(|(output, edges)| event(started, namespace, output, edges));
    pretty(&Value::Array(events.collect()), "openlineage")
}

/// The name space of the run's jobs: the organisation that it is of.
pub(crate) fn namespace(run: &Run) -> String {
    run.run.entity.clone().unwrap_or_else(|| "aedile".to_owned())
}

fn is_dataset(kind: &str) -> bool {
    matches!(kind, "Dataset" | "Table" | "FeatureView" | "Bucket" | "Database")
}

/// The transformations of each input field: type, subtype, description, masking.
type Inputs<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<(&'static str, String, &'a str, bool)>>;

fn event(started: &str, namespace: &str, output: &str, edges: &[&Edge]) -> Value {
    let inputs: BTreeSet<&str> = edges.iter().map(|edge| edge.from.asset.as_str()).collect();
    let mut fields: BTreeMap<&str, Inputs<'_>> = BTreeMap::new();
    let mut whole = Inputs::new();
    for edge in edges {
        let Some(column) = edge.from.column.as_deref().filter(|column| *column != STAR) else { continue };
        let into = match (edge.to.column.as_deref(), edge.is_direct()) {
            (Some(STAR), true) => continue,
            (Some(output), _) => fields.entry(output).or_default(),
            // A way of which only the source column is known keeps its name.
            (None, true) => fields.entry(column).or_default(),
            (None, false) => &mut whole,
        };
        into.entry((&edge.from.asset, column)).or_default().insert(transformation(edge));
    }
    let fields: BTreeMap<&str, Value> =
        fields.iter().map(|(column, inputs)| (*column, json!({ "inputFields": listed(inputs) }))).collect();
    let mut facet = json!({ "_producer": PRODUCER, "_schemaURL": FACET, "fields": fields });
    if let Some(object) = facet.as_object_mut()
        && !whole.is_empty()
    {
        object.insert("dataset".to_owned(), listed(&whole));
    }
    let job = edges
        .iter()
        .find_map(|edge| edge.place.as_deref())
        .map_or(output, |place| place.split_once(':').map_or(place, |(path, _)| path));
    let (of, name) = names(output);
    json!({
        "eventTime": started,
        "producer": PRODUCER,
        "schemaURL": EVENT,
        "job": { "namespace": namespace, "name": job },
        "inputs": inputs.iter().map(|asset| dataset(asset)).collect::<Vec<_>>(),
        "outputs": [{ "namespace": of, "name": name, "facets": { "columnLineage": facet } }],
    })
}

fn listed(inputs: &Inputs<'_>) -> Value {
    inputs
        .iter()
        .map(|((asset, column), transformations)| {
            let (namespace, name) = names(asset);
            let transformations: Vec<Value> = transformations
                .iter()
                .map(|(class, subtype, description, masking)| {
                    json!({ "type": class, "subtype": subtype, "description": description, "masking": masking })
                })
                .collect();
            json!({ "namespace": namespace, "name": name, "field": column, "transformations": transformations })
        })
        .collect()
}

/// What is done to a value: a count of it masks it, a change of its form alone does not.
fn transformation(edge: &Edge) -> (&'static str, String, &str, bool) {
    let masking = !matches!(edge.protection.as_str(), "none" | "formatted");
    let description = if edge.protection == "none" { "unchanged" } else { edge.protection.as_str() };
    if edge.is_direct() {
        let subtype = match edge.transform.as_str() {
            word @ ("identity" | "transformation" | "aggregation") => word.to_uppercase(),
            _ => "TRANSFORMATION".to_owned(),
        };
        let description = if subtype != "IDENTITY" && edge.protection == "none" { "changed" } else { description };
        return ("DIRECT", subtype, description, masking);
    }
    ("INDIRECT", edge.transform.to_uppercase(), edge.transform.as_str(), masking)
}

fn dataset(address: &str) -> Value {
    let (namespace, name) = names(address);
    json!({ "namespace": namespace, "name": name })
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
