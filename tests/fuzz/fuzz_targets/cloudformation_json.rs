//! CloudFormation in JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl("stack.template.json", data));
