//! Whatever the first bytes say: compressed, archived, text or binary, under the name of a table.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::dataset("a.csv", data));
