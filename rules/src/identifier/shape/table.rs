//! The states of the automaton that cells have met, as one flat table.
//!
//! A step of the lazy automaton looks into a cache, tells kinds of states apart and may make a state. Every byte of every cell
//! takes one, so here a step is an addition and a load; what is not in the table is asked of the automaton once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::DFA;

use super::{LONGEST_CELL, Shaped, Source};

/// The row from which no shape can be reached any more: every step leads back to it.
const DEAD: u32 = 0;

/// A step, or an end, that was not taken yet.
const UNKNOWN: u32 = u32::MAX;

/// Rows that are kept; beyond, all are made anew. A row has some hundred entries of four bytes.
const MOST_ROWS: usize = 8192;

/// Cells that are looked at side by side, and steps until it is asked whether all of them are dead: the bytes of a word.
const ABREAST: usize = 4;
const TOGETHER: usize = 8;

/// The steps of one thread.
pub(super) struct Table {
    /// The class of each byte: those that no shape tells apart have one. The last class is the end of a cell.
    classes: [u8; 256],
    width: usize,
    /// By row and class: where the next row begins; by row and end: the number of the set plus one, 0 if it is no shape.
    next: Vec<u32>,
    /// By row.
    states: Vec<LazyStateID>,
    rows: HashMap<LazyStateID, u32, BuildHasherDefault<StateHasher>>,
    start: Option<u32>,
    /// How often the automaton had made its states anew when the table was begun.
    cleared: usize,
    /// The sets of rules that were met. They keep their numbers when the table is made anew, for somebody counts by them.
    pub(super) sets: Vec<Shaped>,
}

impl Table {
    pub(super) fn new(dfa: &DFA) -> Table {
        let classes = dfa.byte_classes();
        Table {
            classes: std::array::from_fn(|byte| u8::try_from(byte).map_or(0, |byte| classes.get(byte))),
            width: classes.alphabet_len(),
            next: Vec::new(),
            states: Vec::new(),
            rows: HashMap::default(),
            start: None,
            cleared: 0,
            sets: Vec::new(),
        }
    }

    /// The number of the set of rules whose shape the whole of `cell` has.
    pub(super) fn whole(&mut self, source: &mut Source<'_>, cell: &[u8]) -> Option<usize> {
        let mut row = self.first(source)?;
        for &byte in cell {
            row = self.after(source, row, byte)?;
        }
        self.end(source, row)
    }

    /// As [`Table::whole`] of many cells; the numbers plus one.
    pub(super) fn wholes<'c>(
        &mut self,
        source: &mut Source<'_>,
        count: usize,
        cell: impl Fn(usize) -> &'c [u8],
        numbers: &mut Vec<u32>,
    ) {
        numbers.clear();
        let Some(start) = self.first(source) else { return numbers.resize(count, 0) };
        let cell = |nth: usize| Some(cell(nth)).filter(|cell| cell.len() <= LONGEST_CELL).unwrap_or_default();
        for nth in (0..count).step_by(ABREAST) {
            numbers.extend(self.abreast(start, std::array::from_fn(|more| cell(nth + more))));
        }
        numbers.truncate(count);
        for (nth, number) in numbers.iter_mut().enumerate().filter(|(_, number)| **number == UNKNOWN) {
            *number = self.whole(source, cell(nth)).map_or(0, |set| set as u32 + 1);
        }
    }

    /// The numbers of some cells, plus one, as far as the table knows them. A step waits for the step before and for nothing else,
    /// so cells side by side take little longer than one.
    fn abreast(&self, start: u32, cells: [&[u8]; ABREAST]) -> [u32; ABREAST] {
        let shortest = cells.iter().map(|cell| cell.len()).min().unwrap_or(0) / TOGETHER;
        let parts = cells.map(|cell| cell.as_chunks::<TOGETHER>().0);
        let mut rows = [start; ABREAST];
        for nth in 0..shortest {
            let words = parts.map(|parts| parts.get(nth).map_or(0, |part| u64::from_le_bytes(*part)));
            for shift in (0..u64::BITS).step_by(8) {
                for (row, word) in rows.iter_mut().zip(words) {
                    *row = self.look(*row, (word >> shift) as u8);
                }
            }
            if rows == [DEAD; ABREAST] {
                return [0; ABREAST];
            }
        }
        let mut numbers = [0; ABREAST];
        for ((number, mut row), cell) in numbers.iter_mut().zip(rows).zip(cells) {
            for &byte in cell.get(shortest * TOGETHER..).unwrap_or_default() {
                if row == DEAD {
                    break;
                }
                row = self.look(row, byte);
            }
            *number = self.next.get(row as usize + self.width - 1).copied().unwrap_or(UNKNOWN);
        }
        numbers
    }

    /// The row behind `byte` as far as the table knows it. The unknown and the dead row lead to themselves.
    #[inline]
    fn look(&self, row: u32, byte: u8) -> u32 {
        let class = self.classes.get(usize::from(byte)).copied().unwrap_or(0);
        self.next.get(row as usize + usize::from(class)).copied().unwrap_or(UNKNOWN)
    }

    /// The longest prefix of `text` that has a shape and does not end within a word, with the number of its set.
    pub(super) fn prefix(&mut self, source: &mut Source<'_>, text: &[u8]) -> Option<(usize, usize)> {
        let mut row = self.first(source)?;
        let (mut best, mut before) = (None, 0_u8);
        for at in 0..=text.len() {
            let next = text.get(at).copied();
            let inside = before.is_ascii_alphanumeric() && next.is_some_and(|byte| byte.is_ascii_alphanumeric());
            if !inside {
                best = self.end(source, row).map(|set| (at, set)).or(best);
                if self.start.is_none() {
                    // The states were made anew under our feet: once more, with the new ones.
                    return self.prefix(source, text);
                }
            }
            let Some(after) = next.and_then(|byte| self.after(source, row, byte)) else { break };
            row = after;
            before = next.unwrap_or(0);
        }
        best
    }

    fn first(&mut self, source: &mut Source<'_>) -> Option<u32> {
        match self.start {
            Some(row) => Some(row),
            None => self.begin(source),
        }
    }

    /// The row behind `byte`; `None` if it is dead.
    #[inline]
    fn after(&mut self, source: &mut Source<'_>, row: u32, byte: u8) -> Option<u32> {
        let class = self.classes.get(usize::from(byte)).copied().unwrap_or(0);
        let next = self.next.get(row as usize + usize::from(class)).copied().unwrap_or(UNKNOWN);
        // One branch for both of DEAD and UNKNOWN.
        if next.wrapping_add(1) > 1 {
            return Some(next);
        }
        if next == DEAD { None } else { self.step(source, row, byte) }
    }

    /// The number of the set that `row` ends in.
    #[inline]
    fn end(&mut self, source: &mut Source<'_>, row: u32) -> Option<usize> {
        let set = match self.next.get(row as usize + self.width - 1).copied() {
            Some(set) if set != UNKNOWN => set,
            _ => self.find_end(source, row)?,
        };
        (set as usize).checked_sub(1)
    }

    /// The first row, in a table that is empty.
    fn begin(&mut self, source: &mut Source<'_>) -> Option<u32> {
        self.next.clear();
        self.next.resize(self.width, DEAD);
        self.states.clear();
        self.rows.clear();
        let state = source.start()?;
        // The dead row has no state of its own; nobody asks for it.
        self.states.push(state);
        self.cleared = source.cleared();
        let row = self.row(state)?;
        self.start = Some(row);
        Some(row)
    }

    /// The row of `state`.
    fn row(&mut self, state: LazyStateID) -> Option<u32> {
        if let Some(row) = self.rows.get(&state) {
            return Some(*row);
        }
        let row = u32::try_from(self.next.len()).ok()?;
        self.next.resize(self.next.len() + self.width, UNKNOWN);
        self.states.push(state);
        self.rows.insert(state, row);
        Some(row)
    }

    /// Takes a step that was not taken yet; `None` if it leads nowhere.
    #[cold]
    fn step(&mut self, source: &mut Source<'_>, row: u32, byte: u8) -> Option<u32> {
        let state = *self.states.get(row as usize / self.width)?;
        let next = source.next(state, byte)?;
        let class = usize::from(self.classes.get(usize::from(byte)).copied()?);
        let entry = row as usize + class;
        if next.is_dead() {
            *self.next.get_mut(entry)? = DEAD;
            return None;
        }
        if self.cleared != source.cleared() || self.states.len() >= MOST_ROWS {
            self.begin(source)?;
            return self.row(next);
        }
        let next = self.row(next)?;
        *self.next.get_mut(entry)? = next;
        Some(next)
    }

    /// The number of the set that `row` ends in, plus one.
    #[cold]
    fn find_end(&mut self, source: &mut Source<'_>, row: u32) -> Option<u32> {
        let state = *self.states.get(row as usize / self.width)?;
        let set = match source.end(state) {
            None => 0,
            Some(shaped) => {
                let known = self.sets.iter().position(|set| set.rules == shaped.rules);
                if known.is_none() {
                    self.sets.push(shaped);
                }
                u32::try_from(known.unwrap_or(self.sets.len() - 1)).ok()? + 1
            }
        };
        if self.cleared == source.cleared() {
            *self.next.get_mut(row as usize + self.width - 1)? = set;
        } else {
            self.start = None;
        }
        Some(set)
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("rows", &self.states.len()).finish_non_exhaustive()
    }
}

/// States are few and small numbers.
#[derive(Debug, Default)]
struct StateHasher(u64);

impl Hasher for StateHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, state: u32) {
        self.0 = (self.0 ^ u64::from(state)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
    }
}
