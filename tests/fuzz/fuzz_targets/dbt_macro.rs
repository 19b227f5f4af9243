//! Macros of dbt, with a model that calls one.
#![no_main]

const OTHERS: &[(&str, &str)] = &[
    ("dbt/dbt_project.yml", "name: x\nversion: '1'\n"),
    ("dbt/models/m.sql", "select {{ f('a', b=2) }}, {{ g(['x']) }} from {{ ref('other') }}"),
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl_beside("dbt/macros/f.sql", data, OTHERS));
