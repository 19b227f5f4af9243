//! Settings of Airflow: `airflow.cfg`, and files of variables `AIRFLOW__SECTION__KEY=value`.
//!
//! Source: airflow.apache.org/docs/apache-airflow/stable/configurations-ref.

use std::collections::BTreeMap;

use aedile_model::{Asset, AssetId, AssetKind, Place, Value};

use super::connection;
use crate::crawler::{Context, Crawler};
use crate::{Facts, File};

/// The crawler of Airflow's settings.
pub(crate) struct Airflow;

/// The settings of one file: (section, key) → value and place. Values are looked at and never kept.
pub(crate) type Settings = BTreeMap<(String, String), (String, Place)>;

/// Lines of one file that are read.
const LINES: usize = 20_000;

impl Crawler for Airflow {
    type Parsed = Settings;

    fn claims(file: &File) -> bool {
        let Some(text) = &file.text else { return false };
        let name = file.name();
        let is_variables = name == ".env" || name.starts_with(".env.") || name.ends_with(".env");
        name == "airflow.cfg" || (is_variables && text.lines().any(|line| variable(line).is_some()))
    }

    fn parse(file: &File, _: Context<'_>) -> Settings {
        let text = file.text.as_deref().unwrap_or_default();
        if file.name() == "airflow.cfg" { configuration(file, text) } else { variables(file, text) }
    }

    fn resolve(parsed: Vec<(&File, Settings)>, _: Context<'_>, facts: &mut Facts) {
        for (file, settings) in parsed {
            facts.assets.push(describe(file, &settings));
        }
    }
}

/// Sections of an INI file, as `configparser` reads them: later keys win, comments begin a line.
fn configuration(file: &File, text: &str) -> Settings {
    let mut settings = Settings::new();
    let mut section = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n').take(LINES) {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().to_lowercase();
        } else if !trimmed.starts_with(['#', ';'])
            && !line.starts_with(char::is_whitespace)
            && let Some((key, value)) = trimmed.split_once('=')
        {
            let place = file.place(start, start + line.trim_end().len());
            settings.insert((section.clone(), key.trim().to_lowercase()), (value.trim().to_owned(), place));
        }
    }
    settings
}

fn variables(file: &File, text: &str) -> Settings {
    let mut settings = Settings::new();
    let mut at = 0;
    for line in text.split_inclusive('\n').take(LINES) {
        let start = at;
        at += line.len();
        if let Some((section, key, value)) = variable(line) {
            let place = file.place(start, start + line.trim_end().len());
            settings.insert((section, key), (value, place));
        }
    }
    settings
}

/// `AIRFLOW__CORE__FERNET_KEY=x` as section, key and value.
pub(crate) fn variable(line: &str) -> Option<(String, String, String)> {
    let line = line.trim().trim_start_matches("export ").trim_start();
    let (name, value) = line.split_once('=')?;
    let (section, key) = name.trim().strip_prefix("AIRFLOW__")?.split_once("__")?;
    let value = value.trim().trim_matches(['"', '\'']);
    Some((section.to_lowercase(), key.to_lowercase(), value.to_owned()))
}

fn describe(file: &File, settings: &Settings) -> Asset {
    let id = AssetId::new(AssetKind::Cluster, &file.path, "airflow");
    let mut asset = Asset::new(id, AssetKind::Cluster, format!("{}:airflow", file.path), "airflow");
    asset.type_name = "airflow configuration".to_owned();
    asset.place = Some(Place::file(&file.path));
    asset.in_tests = file.in_tests;
    let get = |section: &str, key: &str| settings.get(&(section.to_owned(), key.to_owned()));
    let any = |places: &[(&str, &str)]| places.iter().find_map(|(section, key)| get(section, key));
    let truth = |said: Option<&(String, Place)>| said.map(|(value, _)| value.eq_ignore_ascii_case("true"));
    let at = |said: Option<&(String, Place)>| said.map(|(_, place)| place.clone());
    // `non-sensitive-only` shows the settings without credentials.
    let expose = any(&[("webserver", "expose_config"), ("api", "expose_config")]);
    asset.set("exposesConfiguration", truth(expose).unwrap_or(false), at(expose));
    let examples = get("core", "load_examples");
    asset.set("examplesLoaded", truth(examples).unwrap_or(true), at(examples));
    let auth = any(&[("api", "auth_backends"), ("api", "auth_backend"), ("fab", "auth_backends")]);
    let everybody = any(&[("core", "simple_auth_manager_all_admins"), ("webserver", "auth_role_public")]);
    let open_api = auth.is_some_and(|(value, _)| value.contains("auth.backend.default"));
    let open = open_api || truth(everybody) == Some(true);
    asset.set("anonymousAccess", open, if open_api { at(auth) } else { at(everybody) });
    let fernet = any(&[("core", "fernet_key"), ("core", "fernet_key_cmd"), ("core", "fernet_key_secret")]);
    // Without the setting a key is made at first start; an empty one means connections in plain text.
    asset.set("secretsEncrypted", fernet.is_none_or(|(value, _)| !value.is_empty()), at(fernet));
    let remote = any(&[("logging", "remote_logging"), ("core", "remote_logging")]);
    asset.set("loggingEnabled", truth(remote).unwrap_or(false), at(remote));
    let certificate =
        any(&[("webserver", "web_server_ssl_cert"), ("api", "ssl_cert")]).filter(|(value, _)| !value.is_empty());
    asset.set("tlsRequired", certificate.is_some(), at(certificate));
    let secret = [
        ("database", "sql_alchemy_conn"),
        ("core", "sql_alchemy_conn"),
        ("celery", "broker_url"),
        ("celery", "result_backend"),
        ("core", "fernet_key"),
        ("webserver", "secret_key"),
        ("api", "secret_key"),
        ("api_auth", "jwt_secret"),
        ("smtp", "smtp_password"),
    ]
    .iter()
    .filter_map(|(section, key)| get(section, key).map(|said| (*key, said)))
    .find(|(key, (value, _))| match *key {
        "sql_alchemy_conn" | "broker_url" | "result_backend" => connection::in_connection(value),
        _ => connection::is_literal(value) && !value.starts_with('{') && value != "temporary_key",
    });
    asset.set("secretsInEnv", secret.is_some(), secret.map(|(_, (_, place))| place.clone()));
    let backend = get("secrets", "backend").filter(|(value, _)| !value.is_empty());
    if let Some((value, place)) = backend {
        asset.set(
            "secretsBackend",
            Value::Text(value.rsplit('.').next().unwrap_or_default().to_owned()),
            Some(place.clone()),
        );
    }
    asset
}

#[cfg(test)]
mod tests;
