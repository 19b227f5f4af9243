//! What labels mean: `labels.yaml`, and what users add to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    keys: BTreeSet<String>,
    purposes: BTreeSet<String>,
    flags: BTreeMap<String, String>,
    nothing: BTreeSet<String>,
    yes: BTreeSet<String>,
    alone: BTreeSet<String>,
    words: BTreeMap<String, String>,
    fides: BTreeMap<String, String>,
    fides_newer: BTreeMap<String, String>,
    fides_nothing: BTreeSet<String>,
    covers: BTreeMap<String, BTreeSet<String>>,
}

/// `None` if the embedded file does not parse, which a test holds.
static BUILT_IN: LazyLock<Option<File>> = LazyLock::new(|| serde_yaml::from_str(include_str!("../labels.yaml")).ok());

/// The vocabulary of labels in force.
#[derive(Debug, Clone)]
pub struct Labels {
    file: File,
    /// Words that mean themselves: the classes of the taxonomy in force.
    classes: BTreeSet<String>,
}

/// What a label says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// The data is of this class.
    Class(String),
    /// Nothing sensitive is there.
    Nothing,
    /// It is a label on what data is, in words that the vocabulary does not have.
    Unknown,
}

/// Words and keys that users add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnLabels {
    /// Word → class; the class `none` says that nothing sensitive is there.
    pub words: BTreeMap<String, String>,
    /// Keys whose value is a word.
    pub keys: Vec<String>,
}

impl Labels {
    /// Our vocabulary with `own` added, which wins over ours, and with `classes`, dotted classes that may be written out.
    #[must_use]
    pub fn new<'c>(own: &OwnLabels, classes: impl Iterator<Item = &'c str>) -> Labels {
        let mut file = BUILT_IN.clone().unwrap_or_default();
        file.keys.extend(own.keys.iter().map(|key| plain(key)));
        for (word, class) in &own.words {
            let word = plain(word);
            if class == "none" {
                file.words.remove(&word);
                file.nothing.insert(word);
            } else {
                file.nothing.remove(&word);
                file.alone.insert(word.clone());
                file.words.insert(word, class.clone());
            }
        }
        Labels { file, classes: classes.map(str::to_owned).collect() }
    }

    /// What `word` under `key` says of data; `None` where it says nothing of what data is (`owner: crm`, a tag `nightly`).
    ///
    /// An empty `key` means that the word stands alone, an empty `word` that the key does.
    #[must_use]
    pub fn meaning(&self, key: &str, word: &str) -> Option<Meaning> {
        let (full, word) = (plain(key), plain(word));
        let key = full.rsplit('.').next().unwrap_or_default();
        let dotted = || if word.contains('.') { self.dotted(&word) } else { None };
        if key.is_empty() {
            return dotted().or_else(|| self.alone(&word));
        }
        if let Some(class) = self.file.flags.get(key) {
            let flag = Meaning::Class(class.clone());
            return Some(match () {
                () if self.file.nothing.contains(&word) => Meaning::Nothing,
                () if self.file.yes.contains(&word) => flag,
                () => dotted().or_else(|| self.word(&word)).unwrap_or(flag),
            });
        }
        if self.file.keys.contains(key) {
            return Some(match () {
                () if word.is_empty() => Meaning::Unknown,
                () if self.file.nothing.contains(&word) => Meaning::Nothing,
                () => dotted().or_else(|| self.word(&word)).unwrap_or(Meaning::Unknown),
            });
        }
        match word.is_empty() {
            // Key-only tags of catalogs: `class.email_address` is Databricks' own, `pii` is a flag.
            true if full.starts_with("class.") => Some(self.word(key).unwrap_or(Meaning::Unknown)),
            true => self.alone(key),
            // Under any other key only what cannot be meant otherwise.
            false => dotted(),
        }
    }

    /// The purposes of processing that `word` under `key` says; none under any other key.
    #[must_use]
    pub fn purposes(&self, key: &str, word: &str) -> Vec<String> {
        let key = plain(key);
        if !self.file.purposes.contains(key.rsplit('.').next().unwrap_or_default()) {
            return Vec::new();
        }
        word.split(',').map(|one| one.trim().to_lowercase()).filter(|one| !one.is_empty()).collect()
    }

    /// Groups of classes that the label of `class` says enough of, beside what lies in the class itself.
    pub fn covered(&self, class: &str) -> impl Iterator<Item = &str> {
        let above = std::iter::successors(Some(class), |longer| longer.rsplit_once('.').map(|(prefix, _)| prefix));
        above.filter_map(|class| self.file.covers.get(class)).flatten().map(String::as_str)
    }

    /// The category of Fideslang for `class`, or for the nearest class above it; of several the shortest.
    #[must_use]
    pub fn fides(&self, class: &str) -> Option<&str> {
        let mut above = std::iter::successors(Some(class), |longer| longer.rsplit_once('.').map(|(prefix, _)| prefix));
        above.find_map(|class| {
            let same = self.file.fides.iter().filter(|(_, held)| *held == class);
            same.map(|(category, _)| category.as_str()).min_by_key(|category| (category.len(), *category))
        })
    }

    /// Every class that some word means, with the word.
    pub fn words(&self) -> impl Iterator<Item = (&str, &str)> {
        let File { words, flags, fides, fides_newer, .. } = &self.file;
        words.iter().chain(flags).chain(fides).chain(fides_newer).map(|(word, class)| (word.as_str(), class.as_str()))
    }

    fn word(&self, word: &str) -> Option<Meaning> {
        self.file.words.get(word).map(|class| Meaning::Class(class.clone())).or_else(|| self.top(word))
    }

    fn alone(&self, word: &str) -> Option<Meaning> {
        if self.file.alone.contains(word) { self.word(word) } else { self.top(word).filter(|_| word == "user") }
    }

    /// A category of Fideslang without a dot.
    fn top(&self, word: &str) -> Option<Meaning> {
        let held = self.file.fides.get(word).or_else(|| self.file.fides_newer.get(word));
        held.map(|class| Meaning::Class(class.clone()))
            .or_else(|| self.file.fides_nothing.contains(word).then_some(Meaning::Nothing))
    }

    /// A class of ours, or a category of Fideslang: itself or the nearest above it.
    fn dotted(&self, word: &str) -> Option<Meaning> {
        if let Some(class) = self.file.words.get(word) {
            return Some(Meaning::Class(class.clone()));
        }
        let root = word.split('.').next().unwrap_or_default();
        let ours = self.classes.contains(word) || self.classes.contains(root) || root == "technical";
        if ours {
            return Some(if root == "technical" { Meaning::Nothing } else { Meaning::Class(word.to_owned()) });
        }
        let mut above = std::iter::successors(Some(word), |longer| longer.rsplit_once('.').map(|(prefix, _)| prefix));
        above.find_map(|category| self.top(category))
    }
}

/// As words and keys are compared.
fn plain(text: &str) -> String {
    text.trim().to_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::new(&OwnLabels::default(), ["pii", "pii.contact", "phi", "financial"].into_iter())
    }

    #[track_caller]
    fn says(key: &str, word: &str, class: &str) {
        assert_eq!(labels().meaning(key, word), Some(Meaning::Class(class.to_owned())), "{key}: {word}");
    }

    #[test]
    fn the_embedded_vocabulary_parses_and_words_that_stand_alone_have_a_meaning() {
        let file: File = serde_yaml::from_str(include_str!("../labels.yaml")).unwrap();
        for word in &file.alone {
            assert!(file.words.contains_key(word), "{word}");
        }
        for word in &file.nothing {
            assert!(!file.words.contains_key(word), "{word}");
        }
    }

    #[test]
    fn flags_say_their_class_unless_they_are_taken_back() {
        says("pii", "true", "pii");
        says("contains-PII", "yes", "pii");
        says("governance.tags.PII", "email", "pii.contact.email");
        says("pii", "tier 3", "pii");
        assert_eq!(labels().meaning("pii", "false"), Some(Meaning::Nothing));
        assert_eq!(labels().meaning("pii", "none"), Some(Meaning::Nothing));
    }

    #[test]
    fn words_under_a_key_are_read_or_told_to_be_unknown() {
        says("classification", "gdpr-special", "special");
        says("data_class", "pii.contact.email", "pii.contact.email");
        says("SNOWFLAKE.CORE.SEMANTIC_CATEGORY", "EMAIL", "pii.contact.email");
        says("SNOWFLAKE.CORE.SEMANTIC_CATEGORY", "ADMINISTRATIVE_AREA_1", "pii.location");
        assert_eq!(labels().meaning("classification", "public"), Some(Meaning::Nothing));
        assert_eq!(labels().meaning("classification", "level-3"), Some(Meaning::Unknown));
        assert_eq!(labels().meaning("owner", "crm"), None);
        assert_eq!(labels().meaning("retention", "public"), None);
    }

    #[test]
    fn words_alone_are_labels_only_where_they_cannot_be_topics() {
        says("", "phi", "phi");
        says("class.email_address", "", "pii.contact.email");
        assert_eq!(labels().meaning("", "nightly"), None);
        assert_eq!(labels().meaning("", "city"), None);
        assert_eq!(labels().meaning("class.made_up", ""), Some(Meaning::Unknown));
    }

    #[test]
    fn categories_of_fideslang_are_read_by_the_nearest_known_one() {
        says("data_categories", "user.contact.email", "pii.contact.email");
        says("data_categories", "user.contact.email.work", "pii.contact.email");
        says("data_categories", "user.health.medical_diagnosis", "phi.diagnosis");
        says("data_categories", "user.health.symptoms", "phi");
        says("data_categories", "user.biometrics.voice", "special.biometric");
        says("data_categories", "user.something_new", "pii");
        assert_eq!(labels().meaning("data_categories", "system.operations"), Some(Meaning::Nothing));
        assert_eq!(labels().fides("pii.contact.email"), Some("user.contact.email"));
        assert_eq!(labels().fides("phi.mrn"), Some("user.health_and_medical"));
        assert_eq!(labels().fides("special.biometric"), Some("user.biometric"));
    }

    #[test]
    fn what_users_add_wins() {
        let own = OwnLabels {
            words: [("C3".to_owned(), "phi.diagnosis".to_owned()), ("restricted".to_owned(), "none".to_owned())].into(),
            keys: vec!["Acme-Level".to_owned()],
        };
        let labels = Labels::new(&own, std::iter::empty());
        assert_eq!(labels.meaning("acme_level", "c3"), Some(Meaning::Class("phi.diagnosis".to_owned())));
        assert_eq!(labels.meaning("class", "restricted"), Some(Meaning::Nothing));
    }
}
