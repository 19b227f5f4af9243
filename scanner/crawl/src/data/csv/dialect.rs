//! How a text separates its cells.

use super::split::Rows;

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
    /// The dialect in which the lines of `head` have the most uniform number of cells, more than one, with those numbers; comma
    /// and double quotes where none has. The last line is not looked at, for it may be cut.
    pub(crate) fn sniff(head: &[u8]) -> (Dialect, Vec<usize>) {
        let quote = if quoted_by(head, b'\'') > quoted_by(head, b'"') { b'\'' } else { b'"' };
        let escape = memchr::memmem::find(head, &[b'\\', quote]).map(|_| b'\\');
        let mut rows = Rows::default();
        let mut scored = [b',', b'\t', b';', b'|'].into_iter().map(|delimiter| {
            let dialect = Dialect { delimiter, quote, escape };
            let counts = dialect.counts(head, &mut rows);
            (score(&counts), dialect, counts)
        });
        let comma = scored.next().unwrap_or(((0, 0), Dialect { delimiter: b',', quote, escape }, Vec::new()));
        // The first of equals wins: `max_by_key` would take the last.
        let (_, dialect, counts) = scored.fold(comma, |best, next| if next.0 > best.0 { next } else { best });
        (dialect, counts)
    }

    /// Numbers of cells of the first whole lines of `head`.
    fn counts(self, head: &[u8], rows: &mut Rows) -> Vec<usize> {
        let whole = memchr::memrchr(b'\n', head).map_or(head, |at| head.get(..at).unwrap_or(head));
        let whole = whole.strip_prefix(b"\xef\xbb\xbf").unwrap_or(whole);
        rows.split_first(whole, self, None, LINES);
        (0..rows.len()).map(|nth| rows.width(nth)).collect()
    }
}

/// Lines of the commonest number of cells in percent of all lines, and that number; zero if it is one.
fn score(counts: &[usize]) -> (usize, usize) {
    let modal = modal(counts);
    if modal < 2 {
        return (0, 0);
    }
    (counts.iter().filter(|&&count| count == modal).count() * 100 / counts.len().max(1), modal)
}

/// The commonest of `counts`, the greater of equals.
pub(crate) fn modal(counts: &[usize]) -> usize {
    let occurrences = |count: usize| counts.iter().filter(|&&other| other == count).count();
    counts.iter().copied().max_by_key(|&count| (occurrences(count), count)).unwrap_or(0)
}

/// How often a cell seems to begin with `quote`.
fn quoted_by(head: &[u8], quote: u8) -> usize {
    let before = |at: usize| at.checked_sub(1).and_then(|before| head.get(before));
    memchr::memchr_iter(quote, head)
        .filter(|at| matches!(before(*at), Some(b',' | b'\t' | b';' | b'|' | b'\n')))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_gives_even_rows() {
        let delimiter = |text: &str| Dialect::sniff(text.as_bytes()).0.delimiter;
        assert_eq!(delimiter("a,b,c\n1,2,3\n4,5,6\n"), b',');
        assert_eq!(delimiter("a;b\n1,5;2\n2,5;3\n"), b';');
        assert_eq!(delimiter("a\tb\n1, 2\t3\n4\t5\n"), b'\t');
        assert_eq!(delimiter("a|b|c\n\"x,y\"|2|3\n"), b'|');
        assert_eq!(delimiter("one\ntwo\n"), b',');
        assert_eq!(delimiter(""), b',');
    }

    #[test]
    fn quotes_and_escapes_are_found() {
        let (dialect, counts) = Dialect::sniff(b"a,b\n'x, y',2\n'z',3\n");
        assert_eq!((dialect.delimiter, dialect.quote, counts), (b',', b'\'', vec![2, 2, 2]));
        assert_eq!(Dialect::sniff(b"a,b\n\"x\\\"y\",2\n").0.escape, Some(b'\\'));
    }
}
