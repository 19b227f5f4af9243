//! The whole crawler over small files, and every example of the catalog.

use aedile_rules::Rules;

use super::examples::facts_by;
pub(crate) use super::examples::told;
use crate::Facts;

/// The facts of `files`.
pub(crate) fn facts_of(files: &[(&str, &str)]) -> Facts {
    facts_by(&Rules::load(&[]).unwrap(), files)
}

/// What a Python script tells.
pub(crate) fn python(code: &str) -> Vec<String> {
    told(&facts_of(&[("job.py", code)]))
}

/// What a SQL script tells.
pub(crate) fn sql(code: &str) -> Vec<String> {
    told(&facts_of(&[("job.sql", code)]))
}

/// Asserts that every line is told.
pub(crate) fn tells(told: &[String], lines: &[&str]) {
    for line in lines {
        assert!(told.iter().any(|held| held == line), "not told: {line}\ntold: {told:#?}");
    }
}

#[test]
fn every_example_of_the_catalog_gives_what_it_says() {
    let wrong = super::examples::failing(&Rules::load(&[]).unwrap());
    assert!(wrong.is_empty(), "{} examples\n{wrong:#?}", wrong.len());
}
