//! SQLite databases.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::dataset_after("a.sqlite", b"SQLite format 3\0", data));
