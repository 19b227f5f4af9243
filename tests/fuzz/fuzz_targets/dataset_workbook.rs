//! Workbooks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::dataset_after("a.xlsx", b"PK\x03\x04", data));
