//! Templates of a chart, with values beside them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl_beside(
    "c/templates/t.yaml",
    data,
    &[("c/Chart.yaml", "name: c\nversion: 1.0.0\n"), ("c/values.yaml", "a: {b: [1, c, {d: e}]}\nn: 3\ns: text\n")],
));
