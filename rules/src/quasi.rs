//! Classes that single people out together: `quasi-identifiers.yaml`.

use std::sync::LazyLock;

use aedile_model::Class;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sizes: Vec<Size>,
    quasi_identifiers: Vec<Quasi>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    size: u64,
    #[serde(rename = "why")]
    _why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quasi {
    class: String,
    #[serde(rename = "why")]
    _why: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "examples")]
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests run examples"))]
    examples: Vec<String>,
    #[serde(rename = "counter_examples")]
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests run examples"))]
    counter_examples: Vec<String>,
}

/// `None` if the embedded file does not parse, which a test holds.
static QUASI: LazyLock<Option<File>> =
    LazyLock::new(|| serde_yaml::from_str(include_str!("../quasi-identifiers.yaml")).ok());

/// Whether a column of `class` is known to others of a person and shared by several: a quasi-identifier (ISO/IEC 20889:2018).
#[must_use]
pub fn is_quasi_identifier(class: &Class) -> bool {
    let is_below = |quasi: &Quasi| {
        class.as_str().strip_prefix(&quasi.class).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    QUASI.as_ref().is_some_and(|file| file.quasi_identifiers.iter().any(is_below))
}

/// The sizes of groups of like rows that are counted, smallest first: how many rows stand in smaller ones.
#[must_use]
pub fn sizes() -> Vec<u64> {
    QUASI.as_ref().map(|file| file.sizes.iter().map(|size| size.size).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quasi_identifier_holds_its_examples_and_no_counter_example() {
        let file: File = serde_yaml::from_str(include_str!("../quasi-identifiers.yaml")).unwrap();
        for quasi in &file.quasi_identifiers {
            assert!(quasi.examples.len() >= 5 && quasi.counter_examples.len() >= 5, "{}", quasi.class);
            for class in &quasi.examples {
                assert!(is_quasi_identifier(&Class::new(class)), "{class}");
            }
            for class in &quasi.counter_examples {
                assert!(!is_quasi_identifier(&Class::new(class)), "{class}");
            }
        }
    }

    #[test]
    fn sizes_ascend_from_two() {
        assert!(sizes().is_sorted() && sizes().first() == Some(&2), "{:?}", sizes());
    }
}
