//! Cells that wait to be counted, so that many are looked at side by side.

use crate::identifier::shape::LONGEST_CELL;

/// Cells that wait at the most.
const MOST: usize = 96;

/// Cells one behind the other in one text.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    text: String,
    cells: Vec<Cell>,
    /// Room for [`Waiting::order`].
    ordered: Vec<Cell>,
}

/// Where a cell begins and ends in the text, and how often it stands in the column.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    start: u32,
    end: u32,
    times: u64,
}

impl Cell {
    fn length(self) -> usize {
        (self.end - self.start) as usize
    }
}

impl Waiting {
    /// Adds a cell of at most [`LONGEST_CELL`] bytes; says whether no more should wait.
    pub(super) fn add(&mut self, cell: &str, times: u64) -> bool {
        let start = self.text.len() as u32;
        self.text.push_str(cell);
        self.cells.push(Cell { start, end: self.text.len() as u32, times });
        self.cells.len() >= MOST
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cell at `nth` and how often it stands in the column; none behind the last.
    pub(super) fn cell(&self, nth: usize) -> (&str, u64) {
        let cell = self.cells.get(nth).copied().unwrap_or_default();
        (self.text.get(cell.start as usize..cell.end as usize).unwrap_or_default(), cell.times)
    }

    /// Orders the cells by their length: those side by side then end together.
    pub(super) fn order(&mut self) {
        if self.cells.is_sorted_by_key(|cell| cell.length()) {
            return;
        }
        // Counted, not compared. Fewer cells than a byte counts wait.
        let mut places = [0_u8; LONGEST_CELL + 2];
        for cell in &self.cells {
            if let Some(place) = places.get_mut(cell.length() + 1) {
                *place += 1;
            }
        }
        let mut before = 0;
        for place in &mut places {
            before += *place;
            *place = before;
        }
        self.ordered.resize(self.cells.len(), Cell::default());
        for cell in &self.cells {
            if let Some(place) = places.get_mut(cell.length()) {
                if let Some(to) = self.ordered.get_mut(usize::from(*place)) {
                    *to = *cell;
                }
                *place += 1;
            }
        }
        std::mem::swap(&mut self.cells, &mut self.ordered);
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
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
    }
}
