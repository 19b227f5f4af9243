//! What names say of the use of a model: `uses.yaml`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    uses: Vec<Use>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Use {
    id: String,
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "source")]
    _source: String,
    words: Vec<Vec<String>>,
    not: Vec<String>,
    #[serde(rename = "examples")]
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests run examples"))]
    examples: Vec<String>,
    #[serde(rename = "counter_examples")]
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests run examples"))]
    counter_examples: Vec<String>,
}

/// `None` if the embedded file does not parse, which a test holds.
static USES: LazyLock<Option<File>> = LazyLock::new(|| serde_yaml::from_str(include_str!("../uses.yaml")).ok());

/// The id of the first use that one of `names` suggests, in the order of the file.
#[must_use]
pub fn suggested(names: &[String]) -> Option<&'static str> {
    let named: Vec<BTreeSet<String>> = names.iter().map(|name| words(name)).collect();
    let uses = USES.as_ref()?.uses.iter();
    uses.into_iter().find(|found| named.iter().any(|words| found.is_in(words))).map(|found| found.id.as_str())
}

impl Use {
    fn is_in(&self, words: &BTreeSet<String>) -> bool {
        !self.not.iter().any(|word| words.contains(word))
            && self.words.iter().any(|group| group.iter().all(|word| words.contains(word)))
    }
}

/// The words of a name in lower case: it is cut where letters end, and before a capital after a small letter.
fn words(name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut word = String::new();
    let mut small = false;
    for letter in name.chars() {
        if !letter.is_alphabetic() || (small && letter.is_uppercase()) {
            found.insert(std::mem::take(&mut word));
        }
        if letter.is_alphabetic() {
            word.extend(letter.to_lowercase());
        }
        small = letter.is_lowercase();
    }
    found.insert(word);
    found.remove("");
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_use_is_suggested_by_its_examples_and_by_no_counter_example() {
        let file: File = serde_yaml::from_str(include_str!("../uses.yaml")).unwrap();
        assert!(file.uses.len() >= 8);
        for found in &file.uses {
            assert!(found.examples.len() >= 5 && found.counter_examples.len() >= 5, "{}", found.id);
            for name in &found.examples {
                assert_eq!(suggested(std::slice::from_ref(name)), Some(found.id.as_str()), "{name}");
            }
            for name in &found.counter_examples {
                assert_ne!(suggested(std::slice::from_ref(name)), Some(found.id.as_str()), "{name}");
            }
        }
    }
}
