//! How a text separates its cells.

use csv::{ByteRecord, ReaderBuilder};

/// Lines of the head that are looked at.
const LINES: usize = 50;

/// How cells are separated and quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Between cells.
    pub(crate) delimiter: u8,
    /// Around cells that contain delimiters.
    pub(crate) quote: u8,
    /// Before a quote inside a quoted cell; `None` where quotes are doubled.
    pub(crate) escape: Option<u8>,
}

impl Dialect {
    /// The dialect in which the lines of `head` have the most uniform number of cells, more than one; comma
    /// and double quotes where none has. The last line is not looked at, for it may be cut.
    pub(crate) fn sniff(head: &[u8]) -> Dialect {
        let quote = if quoted_by(head, b'\'') > quoted_by(head, b'"') { b'\'' } else { b'"' };
        let escape = memchr::memmem::find(head, &[b'\\', quote]).map(|_| b'\\');
        let candidates = [b',', b'\t', b';', b'|'].map(|delimiter| Dialect { delimiter, quote, escape });
        let scored = candidates.into_iter().map(|dialect| (dialect.score(head), dialect));
        // The first of equals wins: `max_by_key` would take the last.
        let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.filter(|(score, _)| *score > (0, 0))
            .map_or(Dialect { delimiter: b',', quote, escape }, |(_, dialect)| dialect)
    }

    /// Lines of the commonest number of cells in percent of all lines, and that number; zero if it is one.
    fn score(self, head: &[u8]) -> (usize, usize) {
        let counts = self.counts(head);
        let modal = modal(&counts);
        if modal < 2 {
            return (0, 0);
        }
        (counts.iter().filter(|&&count| count == modal).count() * 100 / counts.len().max(1), modal)
    }

    /// Numbers of cells of the first whole lines of `head`.
    pub(crate) fn counts(self, head: &[u8]) -> Vec<usize> {
        self.records(head, None).iter().map(ByteRecord::len).collect()
    }

    /// The first whole records of `head`, lines that begin with `comment` left out.
    pub(crate) fn records(self, head: &[u8], comment: Option<u8>) -> Vec<ByteRecord> {
        let whole = memchr::memrchr(b'\n', head).map_or(head, |at| head.get(..at).unwrap_or(head));
        self.reader(whole, comment).into_byte_records().take(LINES).map_while(Result::ok).collect()
    }

    /// A reader of this dialect that takes the first line as any other and skips those that begin with `comment`.
    pub(crate) fn reader<R: std::io::Read>(self, from: R, comment: Option<u8>) -> csv::Reader<R> {
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .quote(self.quote)
            .escape(self.escape)
            .comment(comment)
            .double_quote(self.escape.is_none())
            .from_reader(from)
    }
}

/// The commonest of `counts`, the greater of equals.
pub(crate) fn modal(counts: &[usize]) -> usize {
    let occurrences = |count: usize| counts.iter().filter(|&&other| other == count).count();
    counts.iter().copied().max_by_key(|&count| (occurrences(count), count)).unwrap_or(0)
}

/// How often a cell seems to begin with `quote`.
fn quoted_by(head: &[u8], quote: u8) -> usize {
    head.windows(2)
        .filter(|pair| matches!(pair, [b',' | b'\t' | b';' | b'|' | b'\n', second] if *second == quote))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_gives_even_rows() {
        let delimiter = |text: &str| Dialect::sniff(text.as_bytes()).delimiter;
        assert_eq!(delimiter("a,b,c\n1,2,3\n4,5,6\n"), b',');
        assert_eq!(delimiter("a;b\n1,5;2\n2,5;3\n"), b';');
        assert_eq!(delimiter("a\tb\n1, 2\t3\n4\t5\n"), b'\t');
        assert_eq!(delimiter("a|b|c\n\"x,y\"|2|3\n"), b'|');
        assert_eq!(delimiter("one\ntwo\n"), b',');
        assert_eq!(delimiter(""), b',');
    }

    #[test]
    fn quotes_and_escapes_are_found() {
        let dialect = Dialect::sniff(b"a,b\n'x, y',2\n'z',3\n");
        assert_eq!((dialect.delimiter, dialect.quote), (b',', b'\''));
        assert_eq!(Dialect::sniff(b"a,b\n\"x\\\"y\",2\n").escape, Some(b'\\'));
    }
}
