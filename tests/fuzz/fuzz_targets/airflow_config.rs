//! Airflow's settings.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl("airflow.cfg", data));
