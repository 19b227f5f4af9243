//! Reading a column's name: words, what they say, and what takes it back.

use std::collections::BTreeMap;
use std::ops::Range;

use aedile_model::Protection;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::form::Strength;

/// A word of a name with its byte range in the folded name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// A name as words: folded to lower case without accents, split at punctuation, between letters and
/// digits and at `camelCase` humps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Words {
    /// Lower case, no accents, punctuation kept.
    pub(crate) folded: String,
    pub(crate) tokens: Vec<Token>,
}

impl Words {
    /// The words of `name`.
    pub(crate) fn of(name: &str) -> Words {
        let plain: Vec<char> = unaccented(name).chars().collect();
        let mut words = Words::default();
        let mut start: Option<usize> = None;
        for (at, &c) in plain.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|i| plain.get(i)).copied();
            let after = plain.get(at + 1).copied();
            let later = plain.get(at + 2).copied();
            if let Some(begun) = start
                && (!c.is_alphanumeric() || hump(before, c, after, later))
            {
                words.close(begun);
                start = None;
            }
            if c.is_alphanumeric() && start.is_none() {
                start = Some(words.folded.len());
            }
            words.folded.extend(c.to_lowercase());
        }
        if let Some(begun) = start {
            words.close(begun);
        }
        words
    }

    fn close(&mut self, start: usize) {
        let span = start..self.folded.len();
        if let Some(text) = self.folded.get(span.clone()) {
            self.tokens.push(Token {
                text: text.to_owned(),
                span,
            });
        }
    }

    /// The words without their places.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.tokens
            .iter()
            .map(|token| token.text.as_str())
            .collect()
    }
}

/// Whether a word begins at `c`.
fn hump(before: Option<char>, c: char, after: Option<char>, later: Option<char>) -> bool {
    let Some(before) = before else { return false };
    if before.is_numeric() != c.is_numeric() {
        return true;
    }
    if before.is_lowercase() && c.is_uppercase() {
        return true;
    }
    // `HTTPServer` is two words, but the plural `SSNs` is one.
    let plural = after == Some('s') && !later.is_some_and(char::is_lowercase);
    before.is_uppercase() && c.is_uppercase() && after.is_some_and(char::is_lowercase) && !plural
}

/// Without accents and ligatures, case kept. Syllables that compatibility decomposition took apart (Hangul)
/// are put together again.
fn unaccented(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.nfkd().filter(|c| !is_combining_mark(*c)).nfc() {
        match c {
            'ß' => plain.push_str("ss"),
            'æ' | 'Æ' => plain.push_str("ae"),
            'œ' | 'Œ' => plain.push_str("oe"),
            'ł' => plain.push('l'),
            'Ł' => plain.push('L'),
            'ø' => plain.push('o'),
            'Ø' => plain.push('O'),
            'đ' => plain.push('d'),
            'Đ' => plain.push('D'),
            'ı' => plain.push('i'),
            _ => plain.push(c),
        }
    }
    plain
}

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

#[derive(Debug)]
struct Veto {
    words: Vec<String>,
    at: VetoAt,
    /// The rule it is for; `None` for all.
    rule: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VetoAt {
    Anywhere,
    Start,
    End,
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
        let texts: Vec<String> = words.tokens.into_iter().map(|token| token.text).collect();
        // A column named `id` is never evidence alone: surrogate keys carry that name too.
        if texts == ["id"] {
            return;
        }
        let joined = texts.concat();
        let mut texts = texts.into_iter();
        let Some(first) = texts.next() else { return };
        let rest: Vec<String> = texts.collect();
        if !rest.is_empty() && joined.len() >= LEAST_JOINED {
            self.by_first.entry(joined).or_default().push(Entry {
                rest: Vec::new(),
                rule,
                strength,
            });
        }
        self.by_first.entry(first).or_default().push(Entry {
            rest,
            rule,
            strength,
        });
    }

    /// Adds a veto, for one rule or for all.
    pub(crate) fn veto(&mut self, pattern: &str, rule: Option<usize>) {
        let at = match (pattern.starts_with('*'), pattern.ends_with('*')) {
            (true, false) => VetoAt::End,
            (false, true) => VetoAt::Start,
            _ => VetoAt::Anywhere,
        };
        let words: Vec<String> = Words::of(pattern)
            .tokens
            .into_iter()
            .map(|token| token.text)
            .collect();
        if !words.is_empty() && !words.iter().all(|word| protecting(word).is_some()) {
            self.vetoes.push(Veto { words, at, rule });
        }
    }

    /// What `name` says.
    pub(crate) fn read(&self, name: &str) -> Reading {
        let words = Words::of(name);
        let mut found = self.found(&words);
        keep_outermost(&mut found);
        let mut reading = Reading {
            protection: claimed(&words),
            ..Reading::default()
        };
        for hit in found {
            match self
                .vetoes
                .iter()
                .find_map(|veto| veto.against(&hit, &words))
            {
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
        let mut found = Vec::new();
        for (at, token) in words.tokens.iter().enumerate() {
            let following = words.tokens.get(at + 1..).unwrap_or_default();
            for (entry, singular) in self.starting(&token.text) {
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
                    let alone = self
                        .by_first
                        .get(&joined)
                        .into_iter()
                        .flatten()
                        .filter(|entry| entry.rest.is_empty());
                    found.extend(
                        alone.map(|entry| words.hit(token.span.start..next.span.end, entry)),
                    );
                }
            }
        }
        for (name, rule, strength) in &self.unspaced {
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
        let plural = token
            .strip_suffix('s')
            .filter(|stem| stem.len() >= LEAST_STEM && !stem.ends_with('s'));
        let plural_es = token
            .strip_suffix("es")
            .filter(|stem| stem.ends_with('s') && stem.len() > LEAST_STEM);
        let exact = self
            .by_first
            .get(token)
            .into_iter()
            .flatten()
            .map(|entry| (entry, false));
        let stems = [plural, plural_es].into_iter().flatten();
        let several = stems
            .filter_map(|stem| self.by_first.get(stem))
            .flatten()
            .filter(|entry| entry.rest.is_empty());
        exact.chain(several.map(|entry| (entry, true)))
    }
}

/// Shorter runs of letters are too common inside other words to stand for two.
const LEAST_JOINED: usize = 5;

/// The least letters of a singular: `ssns` is a plural of `ssn`, `is` is none of `i`.
const LEAST_STEM: usize = 3;

impl Words {
    fn hit(&self, span: Range<usize>, entry: &Entry) -> NameMatch {
        let inside = |token: &&Token| span.start <= token.span.start && token.span.end <= span.end;
        let words: Vec<&str> = self.tokens.iter().filter(inside).map(|token| token.text.as_str()).collect();
        let text = words.join(" ");
        NameMatch {
            rule: entry.rule,
            strength: entry.strength,
            span,
            text,
        }
    }
}

/// Where the name ends whose first word is `first` and whose others are `rest`; the last word may be a plural.
fn end_of(rest: &[String], first: &Token, following: &[Token]) -> Option<usize> {
    let mut end = first.span.end;
    for (at, word) in rest.iter().enumerate() {
        let token = following.get(at)?;
        let last = at + 1 == rest.len();
        let plural = last && word.len() >= LEAST_STEM && token.text.strip_suffix('s') == Some(word);
        if token.text != *word && !plural {
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
        !spans.iter().any(|other| {
            other.len() > hit.span.len()
                && other.start <= hit.span.start
                && hit.span.end <= other.end
        })
    });
    found.sort_by(|a, b| (a.rule, a.span.start).cmp(&(b.rule, b.span.start)));
    found.dedup_by(|a, b| a.rule == b.rule && a.span == b.span);
}

impl Veto {
    /// The words that take `hit` back, if this veto stands in the name outside of the match.
    fn against(&self, hit: &NameMatch, words: &Words) -> Option<String> {
        if self.rule.is_some_and(|rule| rule != hit.rule) {
            return None;
        }
        let count = self.words.len();
        let last = words.tokens.len().checked_sub(count)?;
        let places = match self.at {
            VetoAt::Anywhere => 0..=last,
            VetoAt::Start => 0..=0,
            VetoAt::End => last..=last,
        };
        places.into_iter().find_map(|at| {
            let here = words.tokens.get(at..at + count)?;
            let same = here
                .iter()
                .zip(&self.words)
                .all(|(token, word)| token.text == *word);
            let (start, end) = (here.first()?.span.start, here.last()?.span.end);
            // A name of a rule may hold a veto's word, as `is pregnant` does.
            let inside = hit.span.start <= start && end <= hit.span.end;
            (same && !inside).then(|| self.words.join(" "))
        })
    }
}

/// The protection that a word of a name claims.
fn protecting(word: &str) -> Option<Protection> {
    match word {
        "masked" | "redacted" | "truncated" | "last4" => Some(Protection::Truncated),
        "hash" | "hashed" | "sha1" | "sha256" | "sha512" | "sha" | "md5" | "digest" => {
            Some(Protection::Hashed)
        }
        "encrypted" | "enc" | "cipher" | "ciphertext" | "hmac" | "tokenized" | "tokenised"
        | "pseudonymized" | "pseudonymised" => Some(Protection::Keyed),
        _ => None,
    }
}

fn claimed(words: &Words) -> Option<(Protection, String)> {
    let texts = words.texts();
    let last_four = texts
        .windows(2)
        .find(|pair| matches!(pair, ["last", "4" | "four"] | ["first", "6"]));
    if let Some(pair) = last_four {
        return Some((Protection::Truncated, pair.join(" ")));
    }
    texts
        .iter()
        .find_map(|text| protecting(text).map(|protection| (protection, (*text).to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(name: &str) -> Vec<String> {
        Words::of(name)
            .tokens
            .into_iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn a_name_is_split_at_humps_punctuation_and_digits() {
        assert_eq!(
            split("customerEmailAddress"),
            ["customer", "email", "address"]
        );
        assert_eq!(
            split("patient.name[0].Familienname"),
            ["patient", "name", "0", "familienname"]
        );
        assert_eq!(split("HTTPServerIP"), ["http", "server", "ip"]);
        assert_eq!(split("SSNs"), ["ssns"]);
        assert_eq!(split("userIDs_2"), ["user", "ids", "2"]);
        assert_eq!(split("Prénom"), ["prenom"]);
        assert_eq!(split("Straße"), ["strasse"]);
        assert_eq!(split("ICD10Code"), ["icd", "10", "code"]);
        assert!(split("").is_empty());
    }

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
        index()
            .read(name)
            .matches
            .iter()
            .map(|hit| hit.rule)
            .collect()
    }

    #[test]
    fn whole_words_are_matched_and_the_longer_name_wins() {
        assert_eq!(rules("customerEmailAddress"), [0]);
        assert_eq!(rules("client_ip_address"), [2]);
        assert_eq!(rules("birthdate"), [3]);
        assert_eq!(rules("e_mail"), [0]);
        assert_eq!(rules("用户出生日期"), [3]);
        assert_eq!(rules("ssns"), [4]);
        for trap in [
            "page", "usage", "stage", "business", "id", "user_id", "assn",
        ] {
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
        assert_eq!(
            reading.protection,
            Some((Protection::Hashed, "hash".into()))
        );
        assert_eq!(
            index().read("ssn_last_4").protection,
            Some((Protection::Truncated, "last 4".into()))
        );
    }
}
