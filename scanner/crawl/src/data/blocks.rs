//! A stream in blocks of whole records, which threads can share.

use std::io::Read;

use memchr::{memchr, memchr2, memrchr};

use super::csv::Dialect;

/// Bytes of a block: small enough to stay in a core's cache while its columns are looked at one after the other.
const BLOCK: usize = 256 << 10;

/// Bytes of the longest record; a longer one is passed over.
const LONGEST: usize = 16 << 20;

/// After so many records that are too long, quotes are no guide to where records end.
const MOST_LONG: u64 = 64;

/// What ends a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Every line break.
    Lines,
    /// Line breaks outside the quotes of this dialect.
    Rows(Dialect),
}

/// Whole records of a stream.
pub(super) struct Blocks<R> {
    stream: R,
    ends: Ends,
    /// What was read and not yet given.
    held: Vec<u8>,
    state: State,
    done: bool,
    /// Whether the stream failed before its end.
    pub(super) failed: bool,
    /// Records that were passed over because they are too long or a quote in them is never closed.
    pub(super) long: u64,
}

/// How far the held bytes were looked at.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// Bytes looked at.
    seen: usize,
    /// The byte behind the last line break outside quotes.
    end: usize,
    inside: bool,
    /// The byte behind a quote that closed a cell.
    closed: Option<usize>,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(stream: R, ends: Ends) -> Blocks<R> {
        Blocks { stream, ends, held: Vec::new(), state: State::default(), done: false, failed: false, long: 0 }
    }

    /// Reads on until so many bytes are held or the stream ends.
    fn fill(&mut self, target: usize) {
        let wanted = target.saturating_sub(self.held.len()) as u64;
        if wanted == 0 || self.done {
            return;
        }
        match self.stream.by_ref().take(wanted).read_to_end(&mut self.held) {
            Ok(read) => self.done = (read as u64) < wanted,
            Err(_) => (self.done, self.failed) = (true, true),
        }
    }

    /// Parts the first `at` held bytes from the rest.
    fn cut(&mut self, at: usize) -> Vec<u8> {
        let rest = self.held.split_off(at.min(self.held.len()));
        self.state = State::default();
        std::mem::replace(&mut self.held, rest)
    }

    /// Passes over the record that the held bytes begin with. A quote that is never closed is more likely than a cell of
    /// megabytes, so the next line is a new record.
    fn pass_over(&mut self) {
        self.long += 1;
        if self.long >= MOST_LONG {
            self.ends = Ends::Lines;
        }
        loop {
            if let Some(at) = memchr(b'\n', &self.held) {
                self.cut(at + 1);
                return;
            }
            self.held.clear();
            if self.done {
                return;
            }
            self.fill(BLOCK);
        }
    }

    /// The stream.
    pub(super) fn stream(&self) -> &R {
        &self.stream
    }
}

impl<R: Read> Iterator for Blocks<R> {
    type Item = Vec<u8>;

    /// The next whole records; the last block may end without a line break.
    fn next(&mut self) -> Option<Vec<u8>> {
        let mut target = BLOCK;
        loop {
            self.fill(target);
            self.state.look(&self.held, self.ends);
            if self.state.end > 0 {
                let end = if self.done && !self.state.inside { self.held.len() } else { self.state.end };
                return Some(self.cut(end));
            }
            let unclosed = self.done && self.state.inside && memchr(b'\n', &self.held).is_some();
            if self.held.len() >= LONGEST || unclosed {
                self.pass_over();
                target = BLOCK;
            } else if self.done {
                return (!self.held.is_empty()).then(|| self.cut(usize::MAX));
            } else {
                target = (target * 4).min(LONGEST);
            }
        }
    }
}

impl State {
    /// Looks at the bytes that were not seen yet.
    fn look(&mut self, held: &[u8], ends: Ends) {
        let fresh = held.get(self.seen..).unwrap_or_default();
        match ends {
            Ends::Rows(dialect) if self.inside || memchr(dialect.quote, fresh).is_some() => self.follow(held, dialect),
            _ => {
                if let Some(at) = memrchr(b'\n', fresh) {
                    self.end = self.seen + at + 1;
                }
                self.seen = held.len();
            }
        }
    }

    /// Follows the quotes: one opens a cell where the cell begins, closes it, and opens it again where it is doubled.
    fn follow(&mut self, held: &[u8], dialect: Dialect) {
        let mut at = self.seen;
        let behind = |at: usize| held.get(at..).unwrap_or_default();
        while at < held.len() {
            if self.inside {
                let found = match dialect.escape {
                    Some(escape) => memchr2(dialect.quote, escape, behind(at)),
                    None => memchr(dialect.quote, behind(at)),
                };
                let Some(found) = found else {
                    at = held.len();
                    break;
                };
                at += found + 1;
                if held.get(at - 1) == Some(&dialect.quote) {
                    self.inside = false;
                    self.closed = Some(at);
                } else {
                    at += 1;
                }
                continue;
            }
            let quote = memchr(dialect.quote, behind(at)).map_or(held.len(), |found| at + found);
            if let Some(line) = memrchr(b'\n', held.get(at..quote).unwrap_or_default()) {
                self.end = at + line + 1;
            }
            if quote < held.len() {
                let before = quote.checked_sub(1).and_then(|before| held.get(before)).copied();
                let opens = before.is_none_or(|byte| byte == dialect.delimiter || byte == b'\n');
                let doubled = dialect.escape.is_none() && self.closed == Some(quote);
                self.inside = opens || doubled;
            }
            at = (quote + 1).min(held.len());
        }
        self.seen = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Dialect = Dialect { delimiter: b',', quote: b'"', escape: None };

    fn blocks(text: &[u8], ends: Ends) -> (Vec<Vec<u8>>, u64) {
        let mut blocks = Blocks::new(text, ends);
        let all: Vec<Vec<u8>> = blocks.by_ref().collect();
        (all, blocks.long)
    }

    #[test]
    fn blocks_end_with_records_and_hold_every_byte() {
        let row = b"1,\"two\nlines\",\"say \"\"hi\"\"\n\",5\" pipe\n";
        let text: Vec<u8> = row.repeat(40_000);
        let (all, long) = blocks(&text, Ends::Rows(COMMA));
        assert!(all.len() > 3);
        assert!(all.iter().all(|block| block.len() % row.len() == 0));
        assert_eq!((all.concat() == text, long), (true, 0));
    }

    #[test]
    fn escaped_quotes_do_not_close() {
        let dialect = Dialect { escape: Some(b'\\'), ..COMMA };
        let row = b"1,\"a \\\" b\nc\"\n";
        let text = row.repeat(50_000);
        let (all, _) = blocks(&text, Ends::Rows(dialect));
        assert!(all.iter().all(|block| block.len() % row.len() == 0));
    }

    #[test]
    fn the_last_line_needs_no_break() {
        assert_eq!(blocks(b"a\nb", Ends::Lines).0.concat(), b"a\nb");
        assert_eq!(blocks(b"", Ends::Lines).0.len(), 0);
        assert_eq!(blocks(b"a,\"b", Ends::Rows(COMMA)).0.concat(), b"a,\"b");
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_one_record() {
        let mut text = b"id,note\n1,\"open\n".to_vec();
        text.extend(b"2,fine\n".repeat(3 << 20));
        let (all, long) = blocks(&text, Ends::Rows(COMMA));
        let kept: usize = all.iter().map(Vec::len).sum();
        assert_eq!((kept, long), (text.len() - b"1,\"open\n".len(), 1));
    }

    #[test]
    fn a_quote_that_is_open_at_the_end_costs_one_record() {
        let (all, long) = blocks(b"1,a\n2,\"b\n3,c\n4,d\n", Ends::Rows(COMMA));
        assert_eq!((all.concat().as_slice(), long), (b"1,a\n3,c\n4,d\n".as_slice(), 1));
    }

    #[test]
    fn a_line_of_megabytes_is_passed_over() {
        let mut text = vec![b'x'; 40 << 20];
        text.extend(b"\na\n");
        let (all, long) = blocks(&text, Ends::Lines);
        assert_eq!((all.concat().as_slice(), long), (b"a\n".as_slice(), 1));
    }
}
