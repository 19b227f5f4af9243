//! A statement as words: names (with their dots), quoted texts, and single signs.

use super::split::{comment_end, quoted};

/// A word of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As written, identifier quotes removed.
    pub(super) text: String,
    /// In upper case, for keywords.
    pub(super) upper: String,
    /// Whether it is a text in single quotes.
    pub(super) literal: bool,
    /// Where it starts in the statement.
    pub(super) at: usize,
}

/// The words of `text`. A qualified name (`a."b".c`) is one word.
pub(super) fn words(text: &str) -> Vec<Word> {
    let bytes = text.as_bytes();
    let (mut words, mut at) = (Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        if let Some(end) = comment_end(bytes, at) {
            at = end;
        } else if byte.is_ascii_whitespace() {
            at += 1;
        } else if byte == b'\'' {
            let end = quoted(bytes, at, byte);
            let inner = text.get(at + 1..end.saturating_sub(1).max(at + 1)).unwrap_or_default();
            words.push(Word { text: inner.to_owned(), upper: String::new(), literal: true, at });
            at = end;
        } else if is_name(byte) {
            let start = at;
            let mut name = String::new();
            while let Some(&byte) = bytes.get(at) {
                if byte == b'"' || byte == b'`' {
                    let end = quoted(bytes, at, byte);
                    name.push_str(text.get(at + 1..end.saturating_sub(1).max(at + 1)).unwrap_or_default());
                    at = end;
                } else if is_name(byte) || byte == b'.' {
                    let len = text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
                    name.push_str(text.get(at..at + len).unwrap_or_default());
                    at += len;
                } else {
                    break;
                }
            }
            let upper = name.to_uppercase();
            words.push(Word { text: name, upper, literal: false, at: start });
        } else {
            let len = if text.get(at..at + 2) == Some("||") { 2 } else { 1 };
            let sign = text.get(at..at + len).unwrap_or_default().to_owned();
            words.push(Word { text: sign.clone(), upper: sign, literal: false, at });
            at += len;
        }
    }
    words
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'"' | b'`' | b'$' | b'@' | b'#') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qualified_name_is_one_word() {
        let texts: Vec<String> =
            words("GRANT SELECT ON \"Raw\".`t` TO 'x', é -- c").into_iter().map(|word| word.text).collect();
        assert_eq!(texts, ["GRANT", "SELECT", "ON", "Raw.t", "TO", "x", ",", "é"]);
    }
}
