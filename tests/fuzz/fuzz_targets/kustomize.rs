//! Kustomizations, over an object.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl_beside(
    "k/kustomization.yaml",
    data,
    &[("k/app.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n")],
));
