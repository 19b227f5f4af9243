//! JSON Schemas of the files that aedile reads and writes.

/// The schema `run` (the JSON report), `config` (`aedile.yaml`), `classify` or `spans` (`aedile classify`), as JSON text.
#[must_use]
pub fn named(name: &str) -> Option<String> {
    let schema = match name {
        "classify" => schemars::schema_for!(crate::classified::Columns),
        "config" => schemars::schema_for!(crate::config::Config),
        "run" => schemars::schema_for!(crate::record::Run),
        "spans" => schemars::schema_for!(crate::classified::Spans),
        _ => return None,
    };
    serde_json::to_string_pretty(&schema).ok().map(|text| text + "\n")
}
