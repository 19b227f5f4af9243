//! Workflows of GitHub.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl(".github/workflows/ci.yml", data));
