//! A notebook file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl("notebook.ipynb", data));
