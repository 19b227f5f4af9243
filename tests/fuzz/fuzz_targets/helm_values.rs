//! Values of a chart, whose template shows all of them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl_beside(
    "c/values.yaml",
    data,
    &[("c/Chart.yaml", "name: c\nversion: 1.0.0\n"), ("c/templates/t.yaml", "a:\n  {{- toYaml .Values | nindent 2 }}\n")],
));
