//! A notebook of Databricks exported as source: the header is given, the cells are the input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut text = b"# Databricks notebook source\n".to_vec();
    text.extend_from_slice(data);
    aedile_fuzz::crawl("notebook.py", &text);
});
