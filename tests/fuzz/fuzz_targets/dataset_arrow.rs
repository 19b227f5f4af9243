//! Arrow files and streams.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::dataset_after("a.arrow", b"ARROW1\0\0", data));
