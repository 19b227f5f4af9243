//! Cells that wait to be counted, so that many are looked at side by side.

use crate::identifier::cell::Summary;
use crate::identifier::shape::LONGEST_CELL;

/// Cells that wait at the most.
const MOST: usize = 96;

/// Cells that wait, wherever their texts are.
pub(super) trait Wait {
    fn len(&self) -> usize;
    /// The cell at `nth` and how often it stands in the column; none behind the last.
    fn cell(&self, nth: usize) -> (&str, u64);
    fn summary(&self, nth: usize) -> Summary;
    /// Orders the cells by their length: those side by side then end together.
    fn order(&mut self);
    fn clear(&mut self);
}

/// Cells one behind the other in one text.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    text: String,
    cells: Ordered<Span>,
}

/// Where a cell begins and ends in the text, and how often it stands in the column.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    end: u32,
    times: u64,
}

impl Waiting {
    /// Adds a cell of at most [`LONGEST_CELL`] bytes; says whether no more should wait.
    pub(super) fn add(&mut self, cell: &str, times: u64) -> bool {
        let start = self.text.len() as u32;
        self.text.push_str(cell);
        self.cells.add(Span { start, end: self.text.len() as u32, times })
    }
}

impl Wait for Waiting {
    fn len(&self) -> usize {
        self.cells.cells.len()
    }

    fn cell(&self, nth: usize) -> (&str, u64) {
        let cell = self.cells.at(nth);
        (self.text.get(cell.start as usize..cell.end as usize).unwrap_or_default(), cell.times)
    }

    fn summary(&self, nth: usize) -> Summary {
        Summary::of(self.cell(nth).0)
    }

    fn order(&mut self) {
        self.cells.order(|cell| (cell.end - cell.start) as usize);
    }

    fn clear(&mut self) {
        self.text.clear();
        self.cells.cells.clear();
    }
}

/// A cell that stays where it is.
pub(super) trait Cell: Copy + Default {
    fn text(&self) -> &str;
    fn summary(&self) -> Summary;
    /// Whether the text is one that can stand for nothing, or have blanks around it.
    fn is_raw(&self) -> bool;
    /// The same without blanks around it.
    fn trimmed(self) -> Self;
}

impl Cell for &str {
    #[inline]
    fn text(&self) -> &str {
        self
    }

    fn summary(&self) -> Summary {
        Summary::of(self)
    }

    #[inline]
    fn is_raw(&self) -> bool {
        true
    }

    #[inline]
    fn trimmed(self) -> Self {
        trimmed(self)
    }
}

/// `cell` without blanks around it.
#[inline]
pub(super) fn trimmed(cell: &str) -> &str {
    let plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = cell.as_bytes();
    if plain(bytes.first()) && plain(bytes.last()) { cell } else { cell.trim() }
}

/// A cell that was a number before it was written.
#[derive(Debug, Clone, Copy)]
pub enum Number<'c> {
    /// The digits of a whole number, behind a minus sign if it is negative.
    Whole(&'c str, i64),
    /// Digits with one point among them, behind a minus sign if it is negative.
    Fraction(&'c str),
    /// Any other text.
    Other(&'c str),
}

impl Default for Number<'_> {
    fn default() -> Self {
        Number::Other("")
    }
}

impl Cell for Number<'_> {
    #[inline]
    fn text(&self) -> &str {
        match self {
            Number::Whole(text, _) | Number::Fraction(text) | Number::Other(text) => text,
        }
    }

    #[inline]
    fn summary(&self) -> Summary {
        match self {
            Number::Whole(text, number) => Summary::whole(text, *number),
            Number::Fraction(text) => Summary::fraction(text),
            Number::Other(text) => Summary::of(text),
        }
    }

    #[inline]
    fn is_raw(&self) -> bool {
        matches!(self, Number::Other(_))
    }

    #[inline]
    fn trimmed(self) -> Self {
        match self {
            Number::Other(text) => Number::Other(trimmed(text)),
            number => number,
        }
    }
}

/// Cells that stay where they are, each once.
#[derive(Debug, Default)]
pub(super) struct Lent<C>(Ordered<C>);

impl<C: Cell> Lent<C> {
    /// Adds a cell of at most [`LONGEST_CELL`] bytes; says whether no more should wait.
    pub(super) fn add(&mut self, cell: C) -> bool {
        self.0.add(cell)
    }
}

impl<C: Cell> Wait for Lent<C> {
    fn len(&self) -> usize {
        self.0.cells.len()
    }

    fn cell(&self, nth: usize) -> (&str, u64) {
        (self.0.cells.get(nth).map(Cell::text).unwrap_or_default(), 1)
    }

    fn summary(&self, nth: usize) -> Summary {
        self.0.at(nth).summary()
    }

    fn order(&mut self) {
        self.0.order(|cell| cell.text().len());
    }

    fn clear(&mut self) {
        self.0.cells.clear();
    }
}

/// Cells that can be ordered by their length.
#[derive(Debug, Default)]
struct Ordered<C> {
    cells: Vec<C>,
    /// Room for [`Ordered::order`].
    ordered: Vec<C>,
}

impl<C: Copy + Default> Ordered<C> {
    fn add(&mut self, cell: C) -> bool {
        self.cells.push(cell);
        self.cells.len() >= MOST
    }

    fn at(&self, nth: usize) -> C {
        self.cells.get(nth).copied().unwrap_or_default()
    }

    fn order(&mut self, length: impl Fn(&C) -> usize) {
        if self.cells.is_sorted_by_key(&length) {
            return;
        }
        // Counted, not compared. Fewer cells than a byte counts wait.
        let mut places = [0_u8; LONGEST_CELL + 2];
        for cell in &self.cells {
            if let Some(place) = places.get_mut(length(cell) + 1) {
                *place += 1;
            }
        }
        let mut before = 0;
        for place in &mut places {
            before += *place;
            *place = before;
        }
        self.ordered.resize(self.cells.len(), C::default());
        for cell in &self.cells {
            if let Some(place) = places.get_mut(length(cell)) {
                if let Some(to) = self.ordered.get_mut(usize::from(*place)) {
                    *to = *cell;
                }
                *place += 1;
            }
        }
        std::mem::swap(&mut self.cells, &mut self.ordered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_ordered_by_length_and_none_is_lost() {
        let mut waiting = Waiting::default();
        let lengths: Vec<usize> = (0..MOST).map(|n| if n == 7 { LONGEST_CELL } else { n * 37 % 23 }).collect();
        for (nth, length) in lengths.iter().enumerate() {
            assert_eq!(waiting.add(&"x".repeat(*length), nth as u64), nth + 1 == MOST);
        }
        waiting.order();
        let ordered: Vec<(usize, u64)> =
            (0..waiting.len()).map(|nth| waiting.cell(nth)).map(|(cell, nth)| (cell.len(), nth)).collect();
        let mut expected: Vec<(usize, u64)> = lengths.iter().copied().zip(0..).collect();
        expected.sort();
        assert_eq!(ordered, expected);
        assert_eq!(waiting.cell(MOST), ("", 0));
        let texts: Vec<String> = lengths.iter().map(|length| "x".repeat(*length)).collect();
        let mut lent = Lent::default();
        for (nth, text) in texts.iter().enumerate() {
            assert_eq!(lent.add(text.as_str()), nth + 1 == MOST);
        }
        lent.order();
        let lengths: Vec<usize> = (0..lent.len()).map(|nth| lent.cell(nth).0.len()).collect();
        assert!(lengths.iter().eq(expected.iter().map(|(length, _)| length)));
    }

    #[test]
    fn what_is_known_of_numbers_is_what_their_texts_tell() {
        let wholes = [0, 7, -7, 1850, 1999, 2001, 99_999, 1_700_000_000, -1_700_000_000, 1_700_000_000_000];
        for number in wholes.into_iter().chain([i64::MIN, i64::MAX, 123_456_789_012_345_678, 1_000_000_000_000_000_000])
        {
            let text = number.to_string();
            assert_eq!(Number::Whole(&text, number).summary(), Summary::of(&text), "{text}");
        }
        for text in ["0.5", "-0.5", "19.0", "123.25", "-99999999999.9999", "20010203.1"] {
            assert_eq!(Number::Fraction(text).summary(), Summary::of(text), "{text}");
        }
        assert_eq!(Number::Other("1e300").summary(), Summary::of("1e300"));
    }
}
