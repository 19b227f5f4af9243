//! Word lists: given names, surnames, places, diseases and the closed sets of some columns.
//!
//! One entry a line in `dictionaries/*.txt`, lower case, without accents, sorted; `#` begins a comment.
//! The lists are small on purpose: they measure a column by the share of its cells that are known, they
//! do not decide about one cell.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The entries of a dictionary.
#[derive(Debug)]
pub(crate) struct Words {
    entries: BTreeSet<&'static str>,
}

impl Words {
    fn of(texts: &[&'static str]) -> Words {
        let lines = texts.iter().flat_map(|text| text.lines());
        Words { entries: lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect() }
    }

    /// Whether `text` is an entry. `text` is lower case and without accents; an entry may be of several
    /// words separated by one space (`new york`).
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.entries.contains(text)
    }

    /// How many entries there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

const GIVEN_NAMES: &str = include_str!("../dictionaries/given_names.txt");
const SURNAMES: &str = include_str!("../dictionaries/surnames.txt");

/// The texts of every dictionary by the name that packs use, sorted by it.
const TEXTS: &[(&str, &[&str])] = &[
    ("cities", &[include_str!("../dictionaries/cities.txt")]),
    ("diseases", &[include_str!("../dictionaries/diseases.txt")]),
    ("ethnicities", &[include_str!("../dictionaries/ethnicities.txt")]),
    ("genders", &[include_str!("../dictionaries/genders.txt")]),
    ("given_names", &[GIVEN_NAMES]),
    ("marital_statuses", &[include_str!("../dictionaries/marital_statuses.txt")]),
    ("medications", &[include_str!("../dictionaries/medications.txt")]),
    ("nationalities", &[include_str!("../dictionaries/nationalities.txt")]),
    ("occupations", &[include_str!("../dictionaries/occupations.txt")]),
    ("person_names", &[GIVEN_NAMES, SURNAMES]),
    ("religions", &[include_str!("../dictionaries/religions.txt")]),
    ("street_words", &[include_str!("../dictionaries/street_words.txt")]),
    ("surnames", &[SURNAMES]),
];

static DICTIONARIES: LazyLock<Vec<Words>> = LazyLock::new(|| TEXTS.iter().map(|(_, texts)| Words::of(texts)).collect());

/// The dictionary of that name.
pub(crate) fn lookup(name: &str) -> Option<&'static Words> {
    let at = TEXTS.binary_search_by_key(&name, |(name, _)| name).ok()?;
    DICTIONARIES.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_are_sorted_by_name() {
        assert!(TEXTS.is_sorted_by(|(one, _), (next, _)| one < next));
    }

    #[test]
    fn every_entry_is_lower_case_without_accents_and_listed_once() {
        for (name, texts) in TEXTS {
            for text in *texts {
                let entries: Vec<&str> =
                    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
                assert!(entries.is_sorted_by(|one, next| one < next), "{name} is not sorted");
                for entry in entries {
                    assert!(
                        entry.chars().all(|c| !c.is_ascii()
                            || c.is_ascii_lowercase()
                            || c.is_ascii_digit()
                            || " '/+-".contains(c)),
                        "{name}: {entry}"
                    );
                }
            }
        }
    }

    #[test]
    fn names_are_known_in_several_languages() {
        let given = lookup("given_names").unwrap();
        assert!(["mary", "jose", "giulia", "wei", "fatima"].iter().all(|name| given.contains(name)));
        assert!(lookup("person_names").unwrap().len() > 1_000);
        assert!(lookup("nothing").is_none());
    }
}
