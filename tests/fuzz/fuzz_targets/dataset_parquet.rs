//! Parquet.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::dataset_after("a.parquet", b"PAR1", data));
