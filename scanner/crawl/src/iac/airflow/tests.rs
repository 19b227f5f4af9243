use aedile_model::Value;

use crate::crawler::{Context, run};
use crate::iac::examples::RULES;
use crate::{Facts, File, Options};

fn value(path: &str, text: &str, attribute: &str) -> Option<Value> {
    let options = Options::default();
    let mut facts = Facts::default();
    run::<super::Airflow>(&[File::in_memory(path, text)], Context::new(&RULES, &options), &mut facts);
    facts.assets.first()?.value(attribute).cloned()
}

#[test]
fn files_and_variables_say_the_same() {
    let cfg = "[webserver]\nexpose_config = True\n# [api]\n[api]\nauth_backends = airflow.api.auth.backend.default\n";
    let env =
        "AIRFLOW__WEBSERVER__EXPOSE_CONFIG=True\nAIRFLOW__API__AUTH_BACKENDS=\"airflow.api.auth.backend.default\"\n";
    for (path, text) in [("airflow.cfg", cfg), ("deploy/.env", env)] {
        assert_eq!(value(path, text, "exposesConfiguration"), Some(Value::Bool(true)), "{path}");
        assert_eq!(value(path, text, "anonymousAccess"), Some(Value::Bool(true)), "{path}");
    }
}

#[test]
fn an_empty_key_leaves_connections_in_plain_text() {
    assert_eq!(value("airflow.cfg", "[core]\nfernet_key =\n", "secretsEncrypted"), Some(Value::Bool(false)));
    assert_eq!(value("airflow.cfg", "[core]\n", "secretsEncrypted"), Some(Value::Bool(true)));
    // aedile:allow no-secret-in-text reason="an invented password that the test must recognise" by=maintainers
    let conn = "[database]\nsql_alchemy_conn = postgresql://airflow:hunter-22@db/airflow\n";
    assert_eq!(value("airflow.cfg", conn, "secretsInEnv"), Some(Value::Bool(true)));
}

#[test]
fn other_variables_are_none_of_ours() {
    assert_eq!(value(".env", "FOO=bar\n", "exposesConfiguration"), None);
}
