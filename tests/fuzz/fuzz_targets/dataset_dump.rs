//! Dumps of databases as SQL.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::dataset("a.sql", data));
