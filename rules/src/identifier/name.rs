//! Reading a column's name: words, what they say, and what takes it back.

mod claim;
mod veto;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;

use super::form::Strength;
use aedile_model::Protection;
use claim::claimed;
use veto::Veto;
use words::canonical;
pub(crate) use words::{Token, Words};

/// Whether `c` is of a script that writes words without spaces.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0E7F}' | '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// The names of all rules, indexed.
#[derive(Debug, Default)]
pub(crate) struct NameIndex {
    by_first: BTreeMap<String, Vec<Entry>>,
    unspaced: Vec<(String, usize, Strength)>,
    vetoes: Vec<Veto>,
}

#[derive(Debug)]
struct Entry {
    rest: Vec<String>,
    rule: usize,
    strength: Strength,
}

/// Words of a column's name that are a name of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameMatch {
    pub(crate) rule: usize,
    pub(crate) strength: Strength,
    /// Byte range in the folded name.
    pub(crate) span: Range<usize>,
    /// The words, separated by one space.
    pub(crate) text: String,
}

/// What a name says.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) words: Words,
    /// Best first; no match lies inside another.
    pub(crate) matches: Vec<NameMatch>,
    /// What was taken back, with the words that did it.
    pub(crate) vetoed: Vec<(NameMatch, String)>,
    /// A protection that the name claims, with the word that does.
    pub(crate) protection: Option<(Protection, String)>,
}

impl NameIndex {
    /// Adds a name of a rule.
    pub(crate) fn add(&mut self, name: &str, rule: usize, strength: Strength) {
        let words = Words::of(name);
        if words.folded.chars().filter(|c| is_unspaced(*c)).count() >= 2 {
            self.unspaced.push((words.folded, rule, strength));
            return;
        }
        let texts: Vec<String> = words.tokens.iter().map(|token| canonical(&token.text).to_owned()).collect();
        // A column named `id` is never evidence alone: surrogate keys carry that name too.
        if texts == ["id"] {
            return;
        }
        let joined: String = words.tokens.iter().map(|token| token.text.as_str()).collect();
        let mut texts = texts.into_iter();
        let Some(first) = texts.next() else { return };
        let rest: Vec<String> = texts.collect();
        if !rest.is_empty() && joined.len() >= LEAST_JOINED {
            self.by_first.entry(joined).or_default().push(Entry { rest: Vec::new(), rule, strength });
        }
        self.by_first.entry(first).or_default().push(Entry { rest, rule, strength });
    }

    /// Adds a veto, for one rule or for all.
    pub(crate) fn veto(&mut self, pattern: &str, rule: Option<usize>) {
        self.vetoes.extend(Veto::of(pattern, rule));
    }

    /// What `name` says.
    pub(crate) fn read(&self, name: &str) -> Reading {
        let words = Words::of(name);
        let mut found = self.found(&words);
        keep_outermost(&mut found);
        let mut reading = Reading { protection: claimed(&words), ..Reading::default() };
        for hit in found {
            match self.vetoes.iter().find_map(|veto| veto.against(&hit, &words)) {
                Some(by) => reading.vetoed.push((hit, by)),
                None => reading.matches.push(hit),
            }
        }
        // The stronger name first, of equals the later: the head noun comes last in most names.
        reading.matches.sort_by(|a, b| {
            (b.strength, b.span.end, b.span.len())
                .cmp(&(a.strength, a.span.end, a.span.len()))
                .then(a.rule.cmp(&b.rule))
        });
        reading.words = words;
        reading
    }

    fn found(&self, words: &Words) -> Vec<NameMatch> {
        let (mut found, is_plain) = (Vec::new(), words.folded.is_ascii());
        for (at, token) in words.tokens.iter().enumerate() {
            let following = words.tokens.get(at + 1..).unwrap_or_default();
            let spelled = spelled_out(&token.text);
            let plain = spelled.as_deref().filter(|_| !self.by_first.contains_key(token.text.as_str()));
            for (entry, singular) in self.starting(plain.unwrap_or(canonical(&token.text))) {
                let Some(end) = end_of(&entry.rest, token, following) else {
                    continue;
                };
                if singular && entry.strength == Strength::Weak {
                    continue;
                }
                found.push(words.hit(token.span.start..end, entry));
            }
            if let Some(next) = following.first() {
                let joined = format!("{}{}", token.text, next.text);
                if joined.len() >= LEAST_JOINED {
                    let alone = self.by_first.get(&joined).into_iter().flatten().filter(|entry| entry.rest.is_empty());
                    found.extend(alone.map(|entry| words.hit(token.span.start..next.span.end, entry)));
                }
            }
        }
        // None of them is of ASCII letters.
        for (name, rule, strength) in self.unspaced.iter().filter(|_| !is_plain) {
            if let Some(start) = words.folded.find(name.as_str()) {
                found.push(NameMatch {
                    rule: *rule,
                    strength: *strength,
                    span: start..start + name.len(),
                    text: name.clone(),
                });
            }
        }
        found
    }

    /// Entries beginning with `token` or with its singular; the flag says the latter.
    fn starting<'a>(&'a self, token: &'a str) -> impl Iterator<Item = (&'a Entry, bool)> {
        let plural = token.strip_suffix('s').filter(|stem| stem.len() >= LEAST_STEM && !stem.ends_with('s'));
        let plural_es = token.strip_suffix("es").filter(|stem| stem.ends_with('s') && stem.len() > LEAST_STEM);
        let exact = self.by_first.get(token).into_iter().flatten().map(|entry| (entry, false));
        let stems = [plural, plural_es].into_iter().flatten();
        let several = stems.filter_map(|stem| self.by_first.get(stem)).flatten().filter(|entry| entry.rest.is_empty());
        exact.chain(several.map(|entry| (entry, true)))
    }
}

/// The word without the `e` of umlauts that were spelled out: `staatsangehoerigkeit`.
fn spelled_out(word: &str) -> Option<String> {
    let long = word.len() >= LEAST_SPELLED && ["ae", "oe", "ue"].iter().any(|pair| word.contains(pair));
    long.then(|| word.replace("ae", "a").replace("oe", "o").replace("ue", "u"))
}

/// Shorter words have an `ae`, `oe` or `ue` of their own.
const LEAST_SPELLED: usize = 8;

/// Shorter runs of letters are too common inside other words to stand for two.
const LEAST_JOINED: usize = 5;

/// The least letters of a singular: `ssns` is a plural of `ssn`, `is` is none of `i`.
const LEAST_STEM: usize = 3;

impl Words {
    fn hit(&self, span: Range<usize>, entry: &Entry) -> NameMatch {
        let inside = |token: &&Token| span.start <= token.span.start && token.span.end <= span.end;
        let words: Vec<&str> = self.tokens.iter().filter(inside).map(|token| token.text.as_str()).collect();
        let text = words.join(" ");
        NameMatch { rule: entry.rule, strength: entry.strength, span, text }
    }
}

/// Where the name ends whose first word is `first` and whose others are `rest`; the last word may be a plural.
fn end_of(rest: &[String], first: &Token, following: &[Token]) -> Option<usize> {
    let mut end = first.span.end;
    for (at, word) in rest.iter().enumerate() {
        let token = following.get(at)?;
        let last = at + 1 == rest.len();
        let plural = last && word.len() >= LEAST_STEM && token.text.strip_suffix('s') == Some(word);
        if canonical(&token.text) != word && !plural {
            return None;
        }
        end = token.span.end;
    }
    Some(end)
}

/// Drops a match inside a longer one: `ip address` is no `address`.
fn keep_outermost(found: &mut Vec<NameMatch>) {
    let spans: Vec<Range<usize>> = found.iter().map(|hit| hit.span.clone()).collect();
    found.retain(|hit| {
        !spans
            .iter()
            .any(|other| other.len() > hit.span.len() && other.start <= hit.span.start && hit.span.end <= other.end)
    });
    found.sort_by_key(|hit| (hit.rule, hit.span.start));
    found.dedup_by(|a, b| a.rule == b.rule && a.span == b.span);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> NameIndex {
        let mut index = NameIndex::default();
        for (rule, name, strength) in [
            (0, "email", Strength::Strong),
            (0, "email address", Strength::Strong),
            (1, "address", Strength::Medium),
            (2, "ip address", Strength::Strong),
            (3, "birth date", Strength::Strong),
            (3, "出生日期", Strength::Strong),
            (4, "ssn", Strength::Strong),
            (5, "id", Strength::Strong),
            (6, "is pregnant", Strength::Strong),
            (7, "age", Strength::Medium),
        ] {
            index.add(name, rule, strength);
        }
        for veto in ["*_count", "is_*", "verified", "hash"] {
            index.veto(veto, None);
        }
        index
    }

    fn rules(name: &str) -> Vec<usize> {
        index().read(name).matches.iter().map(|hit| hit.rule).collect()
    }

    #[test]
    fn whole_words_are_matched_and_the_longer_name_wins() {
        assert_eq!(rules("customerEmailAddress"), [0]);
        assert_eq!(rules("client_ip_address"), [2]);
        assert_eq!(rules("birthdate"), [3]);
        assert_eq!(rules("e_mail"), [0]);
        assert_eq!(rules("用户出生日期"), [3]);
        assert_eq!(rules("ssns"), [4]);
        for trap in ["page", "usage", "stage", "business", "id", "user_id", "assn"] {
            assert!(rules(trap).is_empty(), "{trap}");
        }
    }

    #[test]
    fn a_veto_takes_a_match_back_unless_it_is_part_of_it() {
        for name in ["email_verified", "is_email", "email_count", "isEmail"] {
            let reading = index().read(name);
            assert!(reading.matches.is_empty(), "{name}");
            assert_eq!(reading.vetoed.len(), 1, "{name}");
        }
        assert_eq!(rules("is_pregnant"), [6]);
        assert_eq!(rules("count_email"), [0], "`*_count` is for the end");
    }

    #[test]
    fn a_word_of_protection_is_a_claim_and_no_veto() {
        let reading = index().read("email_hash");
        assert_eq!(reading.matches.len(), 1);
        assert_eq!(reading.protection, Some((Protection::Hashed, "hash".into())));
        assert_eq!(index().read("ssn_last_4").protection, Some((Protection::Truncated, "last 4".into())));
    }
}
