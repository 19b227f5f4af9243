//! What crawlers found out of files before, kept for the next crawl.
//!
//! An entry lies under the digest of all that it is known to rest on before it is made; what else its making looked at
//! stands in it and is compared before it is used. So an entry is never wrong, only of no use. Nothing is read from disk or
//! written to it here: whoever owns the crawl brings the entries and takes them away.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use aedile_rules::Rules;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

/// A SHA-256.
pub(crate) type Digest = [u8; 32];

/// Entries of earlier crawls, and those that this one adds.
#[derive(Debug, Default)]
pub struct Kept {
    /// What every entry rests on: the program and its rules.
    program: Digest,
    held: BTreeMap<String, String>,
    used: Mutex<BTreeMap<String, Option<String>>>,
    reused: AtomicUsize,
    made: AtomicUsize,
}

impl Kept {
    /// The entries `held` of earlier crawls, by name, for a crawl by `rules`. What other rules or another build of the
    /// program found has other names.
    #[must_use]
    pub fn new(rules: &Rules, held: BTreeMap<String, String>) -> Kept {
        let packs = rules.packs.iter().flat_map(|pack| [pack.name.as_bytes(), pack.sha256.as_bytes()]);
        let build = [env!("CARGO_PKG_VERSION").as_bytes(), env!("AEDILE_SOURCES").as_bytes()];
        let program = digest("aedile.facts.program.v1", build.into_iter().chain(packs));
        Kept { program, held, ..Kept::default() }
    }

    /// How many parts of the result came from entries, and how many were made anew.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.reused.load(Ordering::Relaxed), self.made.load(Ordering::Relaxed))
    }

    /// The entries that the next crawl may need: those that were used or added. `None` if nothing was added and nothing
    /// is left over, so that what was brought is as good.
    #[must_use]
    pub fn into_entries(self) -> Option<BTreeMap<String, String>> {
        let mut held = self.held;
        let used = self.used.into_inner().unwrap_or_else(PoisonError::into_inner);
        if used.len() == held.len() && used.values().all(Option::is_none) {
            return None;
        }
        let entry = |(name, added): (String, Option<String>)| {
            let text = added.or_else(|| held.remove(&name))?;
            Some((name, text))
        };
        Some(used.into_iter().filter_map(entry).collect())
    }

    /// The name of what rests on `parts` and on the program.
    pub(crate) fn name(&self, parts: &[&[u8]]) -> String {
        let mut sha = Sha256::new_with_prefix(b"aedile.facts.v1");
        for part in [&self.program[..]].iter().chain(parts) {
            sha.update((part.len() as u64).to_le_bytes());
            sha.update(part);
        }
        hex(&sha.finalize())
    }

    /// The entry `name`, if there is one that can be read.
    pub(crate) fn find<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.held.get(name)?).ok()
    }

    /// Notes that the entry `name` was used.
    pub(crate) fn reuse(&self, name: String) {
        self.reused.fetch_add(1, Ordering::Relaxed);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(name, None);
    }

    /// Adds the entry `name`; nothing is kept of `None`.
    pub(crate) fn add(&self, name: String, entry: Option<String>) {
        self.made.fetch_add(1, Ordering::Relaxed);
        if let Some(entry) = entry {
            self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Some(entry));
        }
    }
}

/// The entry as text.
pub(crate) fn written(entry: &impl Serialize) -> Option<String> {
    serde_json::to_string(entry).ok()
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The digest of `parts`, each with its length.
pub(crate) fn digest<'a>(domain: &str, parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    let mut sha = Sha256::new_with_prefix(domain.as_bytes());
    for part in parts {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::load(&[]).expect("our packs load"));

    #[test]
    fn what_is_used_or_added_is_kept_and_the_rest_is_not() {
        let held = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let kept = Kept::new(&RULES, held.clone());
        assert_eq!(kept.find::<u8>("a"), Some(1));
        kept.reuse("a".to_owned());
        kept.add("c".to_owned(), written(&3));
        kept.add("d".to_owned(), None);
        assert_eq!(kept.counts(), (1, 2));
        let left = kept.into_entries().expect("something was added");
        assert_eq!(left, BTreeMap::from([("a".to_owned(), "1".to_owned()), ("c".to_owned(), "3".to_owned())]));

        let kept = Kept::new(&RULES, held);
        kept.reuse("a".to_owned());
        kept.reuse("b".to_owned());
        assert_eq!(kept.into_entries(), None, "all of it was used and nothing added");
    }

    #[test]
    fn a_name_rests_on_every_part_and_on_the_rules() {
        let mut more = Rules::load(&[]).expect("our packs load");
        more.packs.push(aedile_rules::PackInfo { name: "own.yaml".to_owned(), sha256: "00".to_owned(), rules: 0 });
        let name = |rules: &Rules, parts: &[&[u8]]| Kept::new(rules, BTreeMap::new()).name(parts);
        let all = [
            name(&RULES, &[b"ab", b"c"]),
            name(&RULES, &[b"a", b"bc"]),
            name(&RULES, &[b"abc"]),
            name(&more, &[b"ab", b"c"]),
        ];
        assert!(all.iter().enumerate().all(|(at, one)| all.iter().skip(at + 1).all(|other| one != other)));
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
    }
}
