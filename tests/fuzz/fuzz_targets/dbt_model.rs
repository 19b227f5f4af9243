//! Models of dbt: Jinja around SQL, beside a project with a macro and a model to name.
#![no_main]

const OTHERS: &[(&str, &str)] = &[
    ("dbt/dbt_project.yml", "name: x\nversion: '1'\nvars: {a: [b, c]}\n"),
    ("dbt/macros/m.sql", "{% macro f(a, b=1) %}{{ a }} + {{ b }}{% endmacro %}"),
    ("dbt/models/other.sql", "select id, email from {{ source('s', 't') }}"),
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl_beside("dbt/models/m.sql", data, OTHERS));
