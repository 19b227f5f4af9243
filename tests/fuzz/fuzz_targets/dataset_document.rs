//! Arrays, wrapped rows and FHIR bundles.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::dataset("a.json", data));
