use aedile_model::Value;

use crate::crawler::{Context, run};
use crate::iac::examples::RULES;
use crate::{Facts, File, Options};

fn facts(text: &str) -> Facts {
    let options = Options::default();
    let mut facts = Facts::default();
    run::<super::FeatureStores>(
        &[File::in_memory("ml/feature_store.yaml", text)],
        Context::new(&RULES, &options),
        &mut facts,
    );
    facts
}

fn value(facts: &Facts, address: &str, attribute: &str) -> Option<Value> {
    let asset = facts.assets.iter().find(|asset| asset.address == address)?;
    asset.value(attribute).cloned()
}

#[test]
fn stores_have_the_properties_of_their_connections() {
    let facts = facts(
        "project: clinic\nregistry: s3://clinic-features/registry.db\nprovider: aws\nonline_store:\n  type: redis\n  connection_string: redis:6379,ssl=true,password=${REDIS}\noffline_store:\n  type: postgres\n  host: db\n  password: swordfish\n",
    );
    assert_eq!(value(&facts, "clinic.online_store", "tlsRequired"), Some(Value::Bool(true)));
    assert_eq!(value(&facts, "clinic.online_store", "passwordInText"), Some(Value::Bool(false)));
    assert_eq!(value(&facts, "clinic.offline_store", "tlsRequired"), Some(Value::Bool(false)), "prefer is the default");
    assert_eq!(value(&facts, "clinic.offline_store", "passwordInText"), Some(Value::Bool(true)));
    assert_eq!(facts.links.len(), 1, "the registry lies in its bucket");
}

#[test]
fn no_value_of_a_password_is_kept() {
    let facts = facts("project: p\nonline_store:\n  type: redis\n  connection_string: r:6379,password=swordfish\n");
    assert!(!format!("{facts:?}").contains("swordfish"));
}
