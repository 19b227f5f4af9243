//! Rows and cells of a block of delimited text, as ranges into it.
//!
//! Gives what the `csv` crate gives for the same bytes (RFC 4180 with its usual leniencies), without copying: a quote opens a
//! cell only where the cell begins, what follows the closing quote belongs to the cell, empty lines are no rows.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr2_iter};

use super::{Dialect, western};

/// A cell: where it lies, and whether quotes must be taken out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    start: u32,
    end: u32,
    raw: bool,
}

/// The rows of one block.
#[derive(Debug, Default)]
pub(super) struct Rows {
    cells: Vec<Cell>,
    /// Where the cells of each row end, and the byte behind its line break.
    ends: Vec<(u32, u32)>,
}

impl Rows {
    /// Splits `block`, of less than 4 GB, anew. Lines that begin with `comment` are left out.
    pub(super) fn split(&mut self, block: &[u8], dialect: Dialect, comment: Option<u8>) {
        self.split_first(block, dialect, comment, usize::MAX);
    }

    /// As [`Rows::split`], but of the first `most` rows only.
    pub(super) fn split_first(&mut self, block: &[u8], dialect: Dialect, comment: Option<u8>, most: usize) {
        self.cells.clear();
        self.ends.clear();
        let mut hits = memchr2_iter(dialect.delimiter, b'\n', block).peekable();
        let mut start = 0;
        let mut begins = true;
        while (start < block.len() || !begins) && self.ends.len() < most {
            if begins && comment.is_some() && block.get(start).copied() == comment {
                start = memchr(b'\n', block.get(start..).unwrap_or_default()).map_or(block.len(), |at| start + at + 1);
                while hits.next_if(|&hit| hit < start).is_some() {}
                continue;
            }
            let (mut end, mut raw) = (None, false);
            if block.get(start) == Some(&dialect.quote) {
                let (content, closed) = closing(block, start + 1, dialect);
                while hits.next_if(|&hit| hit < closed).is_some() {}
                let next = hits.peek().copied().unwrap_or(block.len());
                raw = content.is_none() || closed < trimmed(block, closed, next);
                end = content.filter(|_| !raw);
            }
            let hit = hits.next().unwrap_or(block.len());
            let line_ends = block.get(hit) != Some(&dialect.delimiter);
            let quoted = end.is_some();
            let from = if quoted { start + 1 } else { start };
            let to = end.unwrap_or(if line_ends { trimmed(block, start, hit) } else { hit });
            // An empty line is no row.
            if !(begins && line_ends && from == to && !quoted) {
                self.cells.push(Cell { start: narrow(from), end: narrow(to), raw });
                if line_ends {
                    self.ends.push((narrow(self.cells.len()), narrow(hit + 1)));
                }
            }
            begins = line_ends;
            start = hit + 1;
            if line_ends && hit >= block.len() {
                break;
            }
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The byte behind the row `nth`.
    pub(super) fn end(&self, nth: usize) -> usize {
        self.ends.get(nth).map_or(0, |(_, byte)| *byte as usize)
    }

    /// How many cells the row `nth` has.
    pub(super) fn width(&self, nth: usize) -> usize {
        self.cells_of(nth).len()
    }

    /// The cells of the row `nth`.
    pub(super) fn row<'b>(
        &self,
        block: &'b [u8],
        nth: usize,
        dialect: Dialect,
    ) -> impl Iterator<Item = Cow<'b, [u8]>> + use<'_, 'b> {
        self.cells_of(nth).iter().map(move |cell| unquoted(block, *cell, dialect))
    }

    /// Hands the cells of the column `at` of all rows from `first` on to `each`; `None` where a row is too short. `text` is
    /// the block as text if all of it is UTF-8; else cells that are not count as Windows-1252.
    pub(super) fn column(
        &self,
        (block, text): (&[u8], Option<&str>),
        at: usize,
        first: usize,
        dialect: Dialect,
        mut each: impl FnMut(Option<&str>),
    ) {
        let mut from = first.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(end, _)| *end);
        for (to, _) in self.ends.get(first..).unwrap_or_default() {
            let place = from as usize + at;
            match self.cells.get(place).filter(|_| place < *to as usize) {
                None => each(None),
                // Cells end before and after ASCII.
                Some(cell) if !cell.raw && text.is_some() => {
                    each(text.and_then(|text| text.get(cell.start as usize..cell.end as usize)));
                }
                Some(cell) => {
                    let bytes = unquoted(block, *cell, dialect);
                    match std::str::from_utf8(&bytes) {
                        Ok(text) => each(Some(text)),
                        Err(_) => each(Some(&western(&bytes))),
                    }
                }
            }
            from = *to;
        }
    }

    fn cells_of(&self, nth: usize) -> &[Cell] {
        let from = nth.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(end, _)| *end);
        let to = self.ends.get(nth).map_or(from, |(end, _)| *end);
        self.cells.get(from as usize..to as usize).unwrap_or_default()
    }
}

fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// `hit`, or one less if a carriage return stands before it.
fn trimmed(block: &[u8], start: usize, hit: usize) -> usize {
    let returns = hit > start && block.get(hit - 1) == Some(&b'\r');
    if returns { hit - 1 } else { hit }
}

/// Where the content of a quoted cell ends if it needs no unquoting, and the byte behind the closing quote.
fn closing(block: &[u8], start: usize, dialect: Dialect) -> (Option<usize>, usize) {
    let mut plain = true;
    let mut at = start;
    loop {
        let rest = block.get(at..).unwrap_or_default();
        let found = match dialect.escape {
            Some(escape) => memchr2(dialect.quote, escape, rest),
            None => memchr(dialect.quote, rest),
        };
        let Some(found) = found else { return (plain.then_some(block.len()), block.len()) };
        at += found;
        let doubled = dialect.escape.is_none() && block.get(at + 1) == Some(&dialect.quote);
        if block.get(at) == Some(&dialect.quote) && !doubled {
            return (plain.then_some(at), at + 1);
        }
        plain = false;
        at += 2;
    }
}

/// The bytes of the cell.
fn unquoted(block: &[u8], cell: Cell, dialect: Dialect) -> Cow<'_, [u8]> {
    let bytes = block.get(cell.start as usize..cell.end as usize).unwrap_or_default();
    if !cell.raw {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes.get(1..).unwrap_or_default().iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if Some(byte) == dialect.escape {
            plain.extend(rest.next());
        } else if byte == dialect.quote {
            if dialect.escape.is_none() && rest.next_if_eq(&dialect.quote).is_some() {
                plain.push(dialect.quote);
            } else {
                plain.extend(rest.by_ref());
            }
        } else {
            plain.push(byte);
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ours(text: &[u8], dialect: Dialect, comment: Option<u8>) -> Vec<Vec<Vec<u8>>> {
        let mut rows = Rows::default();
        rows.split(text, dialect, comment);
        (0..rows.len()).map(|nth| rows.row(text, nth, dialect).map(Cow::into_owned).collect()).collect()
    }

    fn theirs(text: &[u8], dialect: Dialect, comment: Option<u8>) -> Vec<Vec<Vec<u8>>> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .quote(dialect.quote)
            .escape(dialect.escape)
            .comment(comment)
            .double_quote(dialect.escape.is_none())
            .from_reader(text);
        let records = reader.into_byte_records().map(Result::unwrap);
        records.map(|record| record.iter().map(<[u8]>::to_vec).collect()).collect()
    }

    const COMMA: Dialect = Dialect { delimiter: b',', quote: b'"', escape: None };

    #[test]
    fn rows_are_those_of_the_csv_crate() {
        for text in [
            "a,b\n1,2\n",
            "a,b\r\n1,\"x\r\ny\"\r\n",
            "\"a \"\"b\"\"\",c\n",
            "\n\na\n\n",
            "a,\n,\n",
            "\"\"\n",
            "\"a\"b,c\n",
            "a",
            "a,",
            "\"open\nrest",
            "5\" pipe,\"x\"\n",
            "\"a\",\"b\"",
            "",
        ] {
            assert_eq!(ours(text.as_bytes(), COMMA, None), theirs(text.as_bytes(), COMMA, None), "{text:?}");
        }
        let escaped = Dialect { escape: Some(b'\\'), ..COMMA };
        let text = b"\"a \\\" b\",c\n1,2\n";
        assert_eq!(ours(text, escaped, None), theirs(text, escaped, None));
        assert_eq!(ours(b"#x,\"y\na\n", COMMA, Some(b'#')), theirs(b"#x,\"y\na\n", COMMA, Some(b'#')));
    }

    #[test]
    fn the_first_rows_are_split_alone() {
        let mut rows = Rows::default();
        for (most, width) in [(0, 0), (1, 2), (2, 3), (9, 1)] {
            rows.split_first(b"a,b\n1,2,3\nx\n", COMMA, None, most);
            assert_eq!((rows.len(), rows.width(rows.len().wrapping_sub(1))), (most.min(3), width));
        }
    }

    #[test]
    fn a_column_is_read_down_the_rows() {
        let text = b"a,b\n1\n2,\"x\"\"y\"\n";
        let mut rows = Rows::default();
        rows.split(text, COMMA, None);
        for as_text in [None, std::str::from_utf8(text).ok()] {
            let mut cells = Vec::new();
            rows.column((text, as_text), 1, 1, COMMA, |cell| cells.push(cell.map(str::to_owned)));
            assert_eq!(cells, [None, Some("x\"y".to_owned())]);
        }
        assert_eq!((rows.width(1), rows.end(0)), (1, 4));
    }

    proptest! {
        #[test]
        fn any_bytes_give_the_rows_of_the_csv_crate(text in "[ab,\"\n]{0,40}") {
            prop_assert_eq!(ours(text.as_bytes(), COMMA, None), theirs(text.as_bytes(), COMMA, None));
        }

        #[test]
        fn escapes_too(text in "[ab,\"\\\\\n]{0,40}") {
            let dialect = Dialect { escape: Some(b'\\'), ..COMMA };
            prop_assert_eq!(ours(text.as_bytes(), dialect, None), theirs(text.as_bytes(), dialect, None));
        }
    }
}
