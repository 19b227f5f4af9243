//! Feast: `feature_store.yaml` with its registry and its online and offline stores.
//!
//! The feature views that code beside it defines are named by the online store.
//! Source: docs.feast.dev/reference/feature-repository/feature-store-yaml and the pages of the stores.

use aedile_model::{Asset, AssetId, AssetKind, Place, RelationKind, Value};

use super::connection;
use super::datum::{Datum, Kind};
use super::document::Document;
use crate::crawler::{Context, Crawler};
use crate::{Facts, File, Link, Ref};

/// The crawler of feature stores.
pub(crate) struct FeatureStores;

impl Crawler for FeatureStores {
    type Parsed = Document;

    fn claims(file: &File) -> bool {
        matches!(file.name(), "feature_store.yaml" | "feature_store.yml") && file.text.is_some()
    }

    fn parse(file: &File, context: Context<'_>) -> Document {
        Document::of(file, "the feature store", context)
    }

    fn resolve(parsed: Vec<(&File, Document)>, _: Context<'_>, facts: &mut Facts) {
        for (file, source) in parsed {
            facts.gaps.extend(source.gaps);
            if let Some(body) = source.body {
                store(file, &body, facts);
            }
        }
    }
}

/// The stores that one file declares, and the feature views of its folder that are kept in the online one.
fn store(file: &File, body: &Datum, facts: &mut Facts) {
    let project = body.member("project").and_then(Datum::text).unwrap_or_else(|| file.folder().to_owned());
    for part in ["registry", "online_store", "offline_store"] {
        let Some(settings) = body.member(part).filter(|settings| !settings.is_null()) else { continue };
        let address = format!("{project}.{part}");
        let id = AssetId::new(AssetKind::Database, &file.path, &address);
        let mut asset = Asset::new(id.clone(), AssetKind::Database, address, format!("{project} {part}"));
        asset.place = settings.place.clone().or_else(|| Some(Place::file(&file.path)));
        asset.in_tests = file.in_tests;
        let settings = as_map(settings, part);
        let kind = settings.member("type").or_else(|| settings.member("registry_type")).and_then(Datum::text);
        let kind = kind.unwrap_or_else(|| "file".to_owned());
        asset.type_name = format!("feast {kind}");
        describe(&mut asset, &kind, &settings);
        if part == "registry"
            && let Some(auth) = body.member("auth")
        {
            let word = auth.member("type").and_then(Datum::text);
            let value = match word.as_deref() {
                Some("no_auth") => Value::Bool(false),
                Some("oidc" | "kubernetes") => Value::Bool(true),
                _ => Value::unknown("auth.type", "it is not written out"),
            };
            asset.set("identityAuth", value, auth.place.clone());
        }
        let lies_in: Vec<Datum> =
            ["path", "staging_location", "s3_staging_location", "gcs_staging_location", "blob_export_location"]
                .iter()
                .filter_map(|key| settings.member(key).cloned())
                .collect();
        for location in lies_in {
            if let Some(text) = location.text().filter(|text| is_object_store(text)) {
                let link = Link::new(
                    RelationKind::StoredIn,
                    Ref::Id(id.clone()),
                    Ref::named(AssetKind::Bucket, text),
                    location.place.clone(),
                );
                facts.links.push(link);
            }
        }
        if let Some(role) = settings.member("iam_role").and_then(Datum::text).filter(|role| role.starts_with("arn:")) {
            let place = settings.member("iam_role").and_then(|role| role.place.clone());
            facts.links.push(Link::new(
                RelationKind::RunsAs,
                Ref::Id(id.clone()),
                Ref::named(AssetKind::Role, role),
                place,
            ));
        }
        // What a connection leads to is configured elsewhere: it says nothing of how the store keeps what it holds, so the
        // views are named and not taken to be its contents.
        if part == "online_store" {
            let views = views_of(file, facts);
            if !views.is_empty() {
                asset.set("keeps", views, None);
            }
        }
        facts.assets.push(asset);
    }
}

/// Feature views that code below the folder of `file` defines.
fn views_of(file: &File, facts: &Facts) -> Vec<Value> {
    let folder = file.folder();
    facts
        .assets
        .iter()
        .filter(|asset| asset.kind == AssetKind::FeatureView)
        .filter(|asset| {
            asset.place.as_ref().is_some_and(|place| {
                folder.is_empty() || place.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            })
        })
        .map(|asset| Value::Text(asset.name.clone()))
        .collect()
}

/// A registry or store may be written as its path or type alone.
fn as_map(settings: &Datum, part: &str) -> Datum {
    match &settings.kind {
        Kind::Text(_) => {
            let key = if part == "registry" { "path" } else { "type" };
            let members = std::collections::BTreeMap::from([(key.to_owned(), settings.clone())]);
            Datum::from(members).at(settings.place.clone())
        }
        _ => settings.clone(),
    }
}

fn is_object_store(text: &str) -> bool {
    ["s3://", "gs://", "abfss://", "wasbs://"].iter().any(|scheme| text.starts_with(scheme))
}

fn describe(asset: &mut Asset, kind: &str, settings: &Datum) {
    for (name, value, place) in connection::passwords(settings) {
        asset.set(name, value, place);
    }
    if let Some(region) = settings.member("region") {
        asset.set("region", connection::lower(region), region.place.clone());
    }
    let given = |key: &str| settings.member(key).filter(|value| !value.is_null());
    match kind {
        "redis" | "hazelcast" => {
            let text = given("connection_string");
            let value = match text.map(|text| (text.text(), text)) {
                Some((Some(known), _)) => Value::Bool(known.split(',').any(|part| part.trim() == "ssl=true")),
                Some((None, text)) => text.value(),
                None => Value::Bool(false),
            };
            asset.set("tlsRequired", value, text.and_then(|text| text.place.clone()));
        }
        "postgres" | "postgres.offline" | "sql" | "pgvector" => {
            let mode = given("sslmode").cloned().or_else(|| given("path").and_then(connection::mode_in_url));
            let (value, place) = connection::ssl_mode(mode.as_ref(), false);
            asset.set("tlsRequired", value, place);
        }
        "snowflake.offline" | "snowflake.online" | "snowflake.registry" | "bigquery" | "datastore" | "bigtable"
        | "dynamodb" | "redshift" | "athena" => {
            let plain = given("endpoint_url").filter(|url| url.text().is_some_and(|text| text.starts_with("http://")));
            asset.set("tlsRequired", plain.is_none(), plain.and_then(|url| url.place.clone()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
