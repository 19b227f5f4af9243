//! Feast's feature stores.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl("feature_store.yaml", data));
