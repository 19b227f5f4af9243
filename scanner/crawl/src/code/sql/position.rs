//! From the parser's lines and characters to bytes of a text.

use sqlparser::tokenizer::Location;

/// Where the lines of a text begin, and the characters of those that are not ASCII. Made once for many places: looking each up
/// from the start would take a long statement as often as it has columns.
#[derive(Debug)]
pub(super) struct Positions {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    start: usize,
    /// Bytes of it.
    length: usize,
    /// By character: its first byte in the line. Empty where characters are bytes.
    characters: Vec<usize>,
}

impl Positions {
    pub(super) fn of(text: &str) -> Positions {
        let mut start = 0;
        let line = |line: &str| {
            let characters =
                if line.is_ascii() { Vec::new() } else { line.char_indices().map(|(at, _)| at).collect::<Vec<_>>() };
            let found = Line { start, length: line.len(), characters };
            start += line.len();
            found
        };
        Positions { lines: text.split_inclusive('\n').map(line).collect() }
    }

    /// The byte at `location`, whose lines and columns count from 1; `None` if it lies in no line.
    pub(super) fn byte(&self, location: Location) -> Option<usize> {
        let line = self.lines.get(usize::try_from(location.line).ok()?.checked_sub(1)?)?;
        let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
        let within = if line.characters.is_empty() {
            column
        } else {
            line.characters.get(column).copied().unwrap_or(line.length)
        };
        Some(line.start + within.min(line.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_bytes_are_given() {
        let positions = Positions::of("ab\nü-x\n\ncd");
        let at = |line, column| positions.byte(Location { line, column });
        assert_eq!([at(1, 1), at(1, 3), at(2, 1), at(2, 2), at(2, 3)], [0, 2, 3, 5, 6].map(Some));
        assert_eq!([at(3, 1), at(4, 2), at(4, 9)], [8, 10, 11].map(Some));
        assert_eq!([at(0, 1), at(1, 0), at(5, 1)], [None; 3]);
    }
}
