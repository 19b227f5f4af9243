//! One JSON object a line.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::dataset("a.jsonl", data));
