//! Policies of users: parsed, checked by the house's rules, validated against the schema.
#![no_main]

use std::sync::LazyLock;

use aedile_policies::{Policies, PolicySource};

static LOADED: LazyLock<Option<Policies>> = LazyLock::new(|| Policies::load(&[], &[]).ok());

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let policies = LOADED.as_ref().expect("the built-in policies load");
    if let Err(error) = policies.check(&PolicySource::new("fuzz.cedar", text)) {
        // A complaint must be printable, with its places inside the text.
        let _ = format!("{:?}", miette::Report::new(error));
    }
});
