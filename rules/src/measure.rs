//! Which names say how good a model is: `measures.yaml`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    words: BTreeSet<String>,
    calls: BTreeSet<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests run examples"))]
    examples: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests run examples"))]
    counter_examples: Vec<String>,
}

/// `None` if the embedded file does not parse, which a test holds.
static MEASURES: LazyLock<Option<File>> = LazyLock::new(|| serde_yaml::from_str(include_str!("../measures.yaml")).ok());

/// Whether `name`, of a variable, a key or a path of keys, holds how good a model is.
#[must_use]
pub fn is_measure(name: &str) -> bool {
    let Some(file) = MEASURES.as_ref() else { return false };
    let mut word = String::new();
    let mut lower = false;
    for letter in name.chars().chain(['_']) {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && lower) {
            let bare = word.trim_end_matches(|digit: char| digit.is_ascii_digit());
            if file.words.contains(&word) || (bare.len() > 2 && file.words.contains(bare)) {
                return true;
            }
            word.clear();
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        lower = letter.is_lowercase();
    }
    false
}

/// Whether a function of that name tells how good a model is: `roc_auc_score`, `evaluate_model`.
#[must_use]
pub fn is_measuring(name: &str) -> bool {
    let Some(file) = MEASURES.as_ref() else { return false };
    is_measure(name) || name.split('_').any(|part| file.calls.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_measures_and_counter_examples_are_none() {
        let file = MEASURES.as_ref().expect("the file parses");
        for name in &file.examples {
            assert!(is_measure(name), "{name}");
        }
        for name in &file.counter_examples {
            assert!(!is_measure(name), "{name}");
        }
        for name in ["evaluate", "evaluate_model", "model_evaluate", "f1_score"] {
            assert!(is_measuring(name), "{name}");
        }
        for name in ["evaluator", "cross_join", "train", "promote"] {
            assert!(!is_measuring(name), "{name}");
        }
    }
}
