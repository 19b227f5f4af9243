//! CloudFormation in YAML, the serverless model included.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl("template.yaml", data));
