//! JSON Schemas of the files that aedile reads and writes.

/// The schema `run` (the JSON report) or `config` (`aedile.yaml`), as JSON text.
#[must_use]
pub fn named(name: &str) -> Option<String> {
    let schema = match name {
        "config" => schemars::schema_for!(crate::config::Config),
        "run" => schemars::schema_for!(crate::record::Run),
        _ => return None,
    };
    serde_json::to_string_pretty(&schema).ok().map(|text| text + "\n")
}
