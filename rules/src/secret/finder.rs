//! The places of keywords in a text: one Aho-Corasick automaton, run over four parts of the text at once.
//!
//! A step of the automaton waits for the load of the state before, so one walk leaves most of a core idle;
//! four walks in lock step do not wait for each other. Each walk begins as far before its part as the
//! longest keyword reaches, so that none is missed at a seam.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind};

/// Shorter texts are walked in one piece, in bytes.
const SHORT: usize = 512;

/// The automaton of all keywords.
#[derive(Debug)]
pub(super) struct Finder {
    dfa: DFA,
    start: StateID,
    longest: usize,
}

/// A state that the walk reached: keywords end before the byte `end`.
type Reached = (usize, StateID);

impl Finder {
    /// Finds `keywords` in any case. `None` if they are too many to hold.
    pub(super) fn of<'a>(keywords: impl Iterator<Item = &'a str>) -> Option<Finder> {
        let dfa = DFA::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(keywords)
            .ok()?;
        let start = dfa.start_state(Anchored::No).ok()?;
        Some(Finder { start, longest: dfa.max_pattern_len(), dfa })
    }

    /// Calls `found` with number, start and end of every keyword in `text`, sorted by end.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize, usize)) {
        for (end, state) in self.reached(text).into_iter().flatten() {
            for nth in 0..self.dfa.match_len(state) {
                let keyword = self.dfa.match_pattern(state, nth);
                found(keyword.as_usize(), end - self.dfa.pattern_len(keyword), end);
            }
        }
    }

    /// The states with keywords, by the part of the text.
    fn reached(&self, text: &[u8]) -> [Vec<Reached>; 4] {
        let mut reached: [Vec<Reached>; 4] = Default::default();
        let [one, two, three, four] = &mut reached;
        if text.len() < SHORT.max(self.longest * 8) {
            self.walk(text, 0, self.start, one);
            return reached;
        }
        let part = text.len() / 4;
        let at = |nth: usize| text.get(nth * part..(nth + 1) * part).unwrap_or_default();
        let parts = at(0).iter().zip(at(1)).zip(at(2)).zip(at(3));
        let mut states = [0, 1, 2, 3].map(|nth| self.warm(text, nth * part));
        for (step, (((a, b), c), d)) in parts.enumerate() {
            let [s0, s1, s2, s3] = states;
            let (s0, s1, s2, s3) = (self.next(s0, *a), self.next(s1, *b), self.next(s2, *c), self.next(s3, *d));
            if self.dfa.is_special(s0) || self.dfa.is_special(s1) || self.dfa.is_special(s2) || self.dfa.is_special(s3)
            {
                self.note(step + 1, s0, one);
                self.note(part + step + 1, s1, two);
                self.note(2 * part + step + 1, s2, three);
                self.note(3 * part + step + 1, s3, four);
            }
            states = [s0, s1, s2, s3];
        }
        let [.., last] = states;
        self.walk(text, 4 * part, last, four);
        reached
    }

    fn next(&self, state: StateID, byte: u8) -> StateID {
        self.dfa.next_state(Anchored::No, state, byte)
    }

    fn note(&self, end: usize, state: StateID, reached: &mut Vec<Reached>) {
        if self.dfa.is_match(state) {
            reached.push((end, state));
        }
    }

    /// The state before the byte `at`.
    fn warm(&self, text: &[u8], at: usize) -> StateID {
        let before = text.get(at.saturating_sub(self.longest)..at).unwrap_or_default();
        before.iter().fold(self.start, |state, byte| self.next(state, *byte))
    }

    /// One walk, from the byte `from` on.
    fn walk(&self, text: &[u8], from: usize, mut state: StateID, reached: &mut Vec<Reached>) {
        for (step, byte) in text.get(from..).unwrap_or_default().iter().enumerate() {
            state = self.next(state, *byte);
            self.note(from + step + 1, state, reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_walks_find_what_the_library_finds() {
        let keywords = ["key", "monkey", "://", "eyJ", "aa", "aaa"];
        let finder = Finder::of(keywords.into_iter()).unwrap();
        let library = aho_corasick::AhoCorasick::builder().ascii_case_insensitive(true).build(keywords).unwrap();
        let pieces = ["mon", "KEY", "a", "aa", ":", "//", "ey", "J", " ", "\n", "x", "k"];
        let mut seed = 7_u32;
        for length in 0..600 {
            let mut text = String::new();
            for _ in 0..length {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(pieces[seed as usize / 65_536 % pieces.len()]);
            }
            let mut ours = Vec::new();
            finder.each(text.as_bytes(), |keyword, start, end| ours.push((end, keyword, start)));
            let mut theirs: Vec<_> = library
                .find_overlapping_iter(&text)
                .map(|found| (found.end(), found.pattern().as_usize(), found.start()))
                .collect();
            assert!(ours.is_sorted_by_key(|found| found.0));
            ours.sort_unstable();
            theirs.sort_unstable();
            assert_eq!(ours, theirs, "{text}");
        }
    }
}
