use aedile_model::Value;

use crate::crawler::{Context, run};
use crate::iac::examples::RULES;
use crate::{Facts, File, Options};

fn facts(text: &str) -> Facts {
    let options = Options::default();
    let mut facts = Facts::default();
    run::<super::Profiles>(&[File::in_memory("profiles.yml", text)], Context::new(&RULES, &options), &mut facts);
    facts
}

fn value(facts: &Facts, address: &str, attribute: &str) -> Option<Value> {
    facts.assets.iter().find(|asset| asset.address == address)?.value(attribute).cloned()
}

#[test]
fn outputs_are_databases_with_their_environment() {
    let facts = facts(
        "clinic:\n  target: prod\n  outputs:\n    prod:\n      type: postgres\n      sslmode: verify-full\n      password: \"{{ env_var('P') }}\"\n    dev:\n      type: postgres\n      pass: swordfish\n",
    );
    assert_eq!(value(&facts, "clinic.prod", "tlsRequired"), Some(Value::Bool(true)));
    assert_eq!(value(&facts, "clinic.prod", "passwordInText"), Some(Value::Bool(false)));
    assert_eq!(value(&facts, "clinic.prod", "environment"), Some("production".into()));
    assert_eq!(value(&facts, "clinic.dev", "passwordInText"), Some(Value::Bool(true)));
    assert_eq!(value(&facts, "clinic.dev", "tlsRequired"), Some(Value::Bool(false)));
    assert!(!format!("{facts:?}").contains("swordfish"));
}

#[test]
fn a_mode_from_the_environment_is_unknown() {
    let facts = facts("p:\n  outputs:\n    x:\n      type: redshift\n      sslmode: \"{{ env_var('MODE') }}\"\n");
    assert!(matches!(value(&facts, "p.x", "tlsRequired"), Some(Value::Unknown(_))));
}
