//! Avro containers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::dataset_after("a.avro", b"Obj\x01", data));
