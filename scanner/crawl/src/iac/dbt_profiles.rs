//! dbt's `profiles.yml`: the databases that its models are built in.
//!
//! Source: docs.getdbt.com/docs/core/connect-data-platform, the page of each adapter.

use aedile_model::{Asset, AssetId, AssetKind, Place, RelationKind, Value};

use super::connection;
use super::datum::{Datum, Kind};
use super::document::Document;
use crate::crawler::{Context, Crawler};
use crate::{Facts, File, Link, Ref};

/// The crawler of profiles.
pub(crate) struct Profiles;

impl Crawler for Profiles {
    type Parsed = Document;

    fn claims(file: &File) -> bool {
        let is_profiles = matches!(file.name(), "profiles.yml" | "profiles.yaml" | "profiles.yml.template");
        is_profiles && file.text.as_ref().is_some_and(|text| text.contains("outputs:"))
    }

    fn parse(file: &File, context: Context<'_>) -> Document {
        Document::of(file, "the profile", context)
    }

    fn resolve(parsed: Vec<(&File, Document)>, context: Context<'_>, facts: &mut Facts) {
        for (file, source) in parsed {
            facts.gaps.extend(source.gaps);
            let Some(Kind::Map(profiles)) = source.body.map(|body| body.kind) else { continue };
            for (name, profile) in profiles.members.iter().filter(|(name, _)| *name != "config") {
                read(file, name, profile, context, facts);
            }
        }
    }
}

/// The outputs of one profile; the models of its projects are built in the default one.
fn read(file: &File, name: &str, profile: &Datum, context: Context<'_>, facts: &mut Facts) {
    let Some(Kind::Map(outputs)) = profile.member("outputs").map(|outputs| &outputs.kind) else { return };
    let target = profile.member("target").and_then(Datum::text);
    for (output, settings) in &outputs.members {
        let address = format!("{name}.{output}");
        let id = AssetId::new(AssetKind::Database, &file.path, &address);
        let mut asset = Asset::new(id.clone(), AssetKind::Database, address, format!("{name} {output}"));
        asset.place = settings.place.clone().or_else(|| Some(Place::file(&file.path)));
        asset.in_tests = file.in_tests;
        let kind = settings.member("type").and_then(Datum::text).unwrap_or_else(|| "unknown".to_owned());
        asset.type_name = format!("dbt {kind}");
        if let Some(environment) = environment(output) {
            asset.set("environment", environment, asset.place.clone());
        }
        describe(&mut asset, &kind, settings);
        let within = named(&kind, settings).and_then(|name| defined(&name, facts));
        if let Some(within) = &within {
            let to = Ref::Id(within.clone());
            facts.links.push(Link::new(RelationKind::StoredIn, Ref::Id(id.clone()), to, settings.place.clone()));
        }
        if let Some(role) = settings.member("role").and_then(Datum::text).filter(|role| connection::is_literal(role)) {
            let place = settings.member("role").and_then(|role| role.place.clone());
            facts.links.push(Link::new(
                RelationKind::RunsAs,
                Ref::Id(id.clone()),
                Ref::named(AssetKind::Role, role),
                place,
            ));
        }
        let chosen = target.as_deref().map_or(outputs.members.len() == 1, |target| target == output);
        let models = if chosen { models(name, context, facts) } else { Vec::new() };
        // What a profile leads to is configured elsewhere: only a database that some source defines is judged by what the
        // models hold.
        match &within {
            Some(within) => {
                for (model, _) in &models {
                    let (from, to) = (Ref::Id(model.clone()), Ref::Id(within.clone()));
                    facts.links.push(Link::new(RelationKind::StoredIn, from, to, settings.place.clone()));
                }
            }
            None if !models.is_empty() => {
                let names: Vec<Value> = models.iter().map(|(_, name)| Value::Text(name.clone())).collect();
                asset.set("keeps", names, None);
            }
            None => {}
        }
        facts.assets.push(asset);
    }
}

/// The database of that name that a source defines.
fn defined(name: &str, facts: &Facts) -> Option<AssetId> {
    let is_named = |asset: &&Asset| asset.names.iter().any(|held| held.eq_ignore_ascii_case(name));
    facts.assets.iter().find(|asset| asset.kind == AssetKind::Database && is_named(asset)).map(|asset| asset.id.clone())
}

/// Models of the projects that use the profile `name`.
fn models(name: &str, context: Context<'_>, facts: &Facts) -> Vec<(AssetId, String)> {
    let folders: Vec<&str> = context
        .files
        .iter()
        .filter(|file| matches!(file.name(), "dbt_project.yml" | "dbt_project.yaml"))
        .filter(|file| file.text.as_deref().is_some_and(|text| profile_of(text) == Some(name)))
        .map(File::folder)
        .collect();
    facts
        .assets
        .iter()
        .filter(|asset| asset.kind == AssetKind::Table && asset.type_name == "dbt model")
        .filter(|asset| {
            asset.place.as_ref().is_some_and(|place| {
                folders.iter().any(|folder| {
                    folder.is_empty() || place.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
                })
            })
        })
        .map(|asset| (asset.id.clone(), asset.name.clone()))
        .collect()
}

/// The `profile:` of a project file.
fn profile_of(text: &str) -> Option<&str> {
    let line = text.lines().find_map(|line| line.strip_prefix("profile:"))?;
    Some(line.split('#').next()?.trim().trim_matches(['"', '\'']))
}

/// The environment that the usual names of outputs mean.
fn environment(output: &str) -> Option<&'static str> {
    match output.to_ascii_lowercase().as_str() {
        "prod" | "production" | "prd" | "live" => Some("production"),
        "dev" | "development" | "local" => Some("development"),
        "stg" | "staging" | "uat" => Some("staging"),
        "test" | "ci" | "qa" => Some("test"),
        _ => None,
    }
}

/// The database by the name that its platform gives it.
fn named(kind: &str, settings: &Datum) -> Option<String> {
    let text = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| settings.member(key).and_then(Datum::text))
            .filter(|text| connection::is_literal(text))
    };
    match kind {
        "snowflake" => text(&["database"]).map(|database| format!("snowflake:{database}")),
        "databricks" => text(&["catalog"]).map(|catalog| format!("databricks:{catalog}")),
        "bigquery" => text(&["dataset", "schema"]).map(|dataset| format!("bigquery:{dataset}")),
        "athena" => text(&["schema"]).map(|schema| format!("glue:{schema}")),
        _ => None,
    }
}

fn describe(asset: &mut Asset, kind: &str, settings: &Datum) {
    for (name, value, place) in connection::passwords(settings) {
        asset.set(name, value, place);
    }
    if let Some(region) =
        settings.member("region_name").or_else(|| settings.member("location")).or_else(|| settings.member("region"))
    {
        asset.set("region", connection::lower(region), region.place.clone());
    }
    let given = |key: &str| settings.member(key).filter(|value| !value.is_null());
    let is = |key: &str| given(key).and_then(Datum::bool);
    let at = |key: &str| given(key).and_then(|value| value.place.clone());
    let (tls, place) = match kind {
        "postgres" | "redshift" | "greenplum" | "materialize" | "alloydb" => {
            connection::ssl_mode(given("sslmode"), false)
        }
        // These answer on TLS alone.
        "snowflake" | "bigquery" | "databricks" | "athena" | "fabric" | "fabricspark" | "synapse" => {
            (Value::Bool(true), None)
        }
        "sqlserver" => (Value::Bool(is("encrypt") != Some(false)), at("encrypt")),
        "mysql" | "mysql5" | "mariadb" => (Value::Bool(is("ssl_disabled") == Some(false)), at("ssl_disabled")),
        "trino" | "starburst" => {
            let scheme = given("http_scheme").and_then(Datum::text);
            (Value::Bool(scheme.as_deref() == Some("https")), at("http_scheme"))
        }
        "clickhouse" => (Value::Bool(is("secure") == Some(true)), at("secure")),
        _ => return,
    };
    asset.set("tlsRequired", tls, place);
    let method = given("method").or_else(|| given("authenticator")).or_else(|| given("authentication"));
    let word = method.and_then(Datum::text).unwrap_or_default().to_lowercase();
    let password = ["password", "pass"].iter().find_map(|key| given(key));
    let identity = match (kind, word.as_str()) {
        (
            _,
            "iam"
            | "iam_role"
            | "oauth"
            | "oauth-secrets"
            | "externalbrowser"
            | "activedirectoryintegrated"
            | "activedirectoryserviceprincipal"
            | "msi"
            | "auto"
            | "cli"
            | "environment",
        ) => Some(true),
        ("bigquery", "service-account" | "service-account-json") => Some(false),
        ("snowflake", _) if given("private_key_path").is_some() || given("private_key").is_some() => Some(true),
        ("databricks", _) if given("auth_type").and_then(Datum::text).as_deref() == Some("oauth") => Some(true),
        ("databricks", _) if given("token").is_some() => Some(false),
        ("athena", _) => given("aws_access_key_id").is_some().then_some(false),
        _ if password.is_some() => Some(false),
        _ => None,
    };
    if let Some(identity) = identity {
        let place = method.or(password).and_then(|said| said.place.clone());
        asset.set("identityAuth", identity, place);
    }
}

#[cfg(test)]
mod tests;
