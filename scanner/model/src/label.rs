use serde::{Deserialize, Serialize};

use crate::Place;

/// What somebody wrote on an asset to say what it holds, in their own words. What the words mean is told later, by the
/// vocabulary in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Label {
    /// The key under which the word stands (`data_class`, `gov.pii`); empty for a word alone (`tags: [pii]`).
    pub key: String,
    /// The word; empty for a key alone.
    pub word: String,
    /// Which book it stands in: `dbt meta`, `dbt tag`, `catalog tag`, `Feast tag`, `Fides`, `configuration`.
    pub source: String,
    /// Where it stands.
    pub place: Option<Place>,
}

impl Label {
    /// The label `word` under `key`.
    #[must_use]
    pub fn new(source: &str, key: &str, word: &str, place: Option<Place>) -> Self {
        Label { key: key.to_owned(), word: word.to_owned(), source: source.to_owned(), place }
    }

    /// As it is written, for reports: `data_class: c3`, `pii`.
    #[must_use]
    pub fn written(&self) -> String {
        match (self.key.is_empty(), self.word.is_empty()) {
            (true, _) => self.word.clone(),
            (false, true) => self.key.clone(),
            (false, false) => format!("{}: {}", self.key, self.word),
        }
    }
}
