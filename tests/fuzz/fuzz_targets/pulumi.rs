//! Pulumi programs in YAML.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl("Pulumi.yaml", data));
