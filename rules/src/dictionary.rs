//! Word lists: given names, surnames, places, diseases and the closed sets of some columns.
//!
//! One entry a line in `dictionaries/*.txt`, lower case, without accents, sorted; `#` begins a comment.
//! The lists are small on purpose: they measure a column by the share of its cells that are known, they
//! do not decide about one cell.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// Dictionaries, one bit each, by their places among all.
pub(crate) type Lists = u32;

/// Every entry of every dictionary, with the dictionaries that have it: one look tells of all of them.
type Entries = HashMap<&'static str, Lists, BuildHasherDefault<WordHasher>>;

/// Entries are our own and few; nobody chooses them so that they collide.
#[derive(Debug, Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= crate::column::hash(bytes);
    }

    // The end mark of a text tells nothing here.
    fn write_u8(&mut self, _: u8) {}
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

static ENTRIES: LazyLock<Entries> = LazyLock::new(|| {
    let mut entries = Entries::default();
    for (at, (_, texts)) in TEXTS.iter().enumerate() {
        let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            *entries.entry(line).or_default() |= 1 << at;
        }
    }
    entries
});

/// The dictionary of that name, as one bit.
pub(crate) fn lookup(name: &str) -> Option<Lists> {
    TEXTS.binary_search_by_key(&name, |(name, _)| name).ok().map(|at| 1 << at)
}

/// The dictionaries in which `text` is an entry. `text` is lower case and without accents; an entry may be of several
/// words separated by one space (`new york`).
pub(crate) fn lists(text: &str) -> Lists {
    ENTRIES.get(text).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_are_sorted_by_name_and_no_more_than_there_are_bits() {
        assert!(TEXTS.len() <= Lists::BITS as usize);
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
        assert!(["mary", "jose", "giulia", "wei", "fatima"].iter().all(|name| lists(name) & given != 0));
        let person = lookup("person_names").unwrap();
        assert!(ENTRIES.values().filter(|lists| **lists & person != 0).count() > 1_000);
        assert_eq!((lists("mary ") & given, lists("")), (0, 0));
        assert!(lookup("nothing").is_none());
    }
}
