//! A name as words.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

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

/// The word that an abbreviation in a name stands for, or the word itself: `acct_nbr` is an account number.
pub(super) fn canonical(word: &str) -> &str {
    match word {
        "acct" => "account",
        "addr" => "address",
        "amt" => "amount",
        "cd" => "code",
        "cust" => "customer",
        "dt" => "date",
        "emp" => "employee",
        "nbr" | "no" | "nr" | "nro" | "num" | "numer" | "numero" | "nummer" => "number",
        "nm" => "name",
        "pat" => "patient",
        "yr" => "year",
        word => word,
    }
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
            self.tokens.push(Token { text: text.to_owned(), span });
        }
    }

    /// The words without their places.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.tokens.iter().map(|token| token.text.as_str()).collect()
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
    if name.is_ascii() {
        return name.to_owned();
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn split(name: &str) -> Vec<String> {
        Words::of(name).tokens.into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn a_name_is_split_at_humps_punctuation_and_digits() {
        assert_eq!(split("customerEmailAddress"), ["customer", "email", "address"]);
        assert_eq!(split("patient.name[0].Familienname"), ["patient", "name", "0", "familienname"]);
        assert_eq!(split("HTTPServerIP"), ["http", "server", "ip"]);
        assert_eq!(split("SSNs"), ["ssns"]);
        assert_eq!(split("userIDs_2"), ["user", "ids", "2"]);
        assert_eq!(split("Prénom"), ["prenom"]);
        assert_eq!(split("Straße"), ["strasse"]);
        assert_eq!(split("ICD10Code"), ["icd", "10", "code"]);
        assert!(split("").is_empty());
    }
}
