//! All whole-cell patterns in one automaton.
//!
//! One pass over a cell tells every shape that it has. The automaton is dense, so it is shared by all
//! threads without a cache; if the patterns outgrow one table they are spread over several.

use std::sync::OnceLock;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

/// No shape is longer; longer cells are not asked.
pub(crate) const LONGEST_CELL: usize = 256;

/// The greatest table, in bytes, before the patterns are spread over two.
const GREATEST_TABLE: usize = 8 << 20;

/// The shapes of all rules, built when the first cell is asked.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    /// Pattern and rule.
    patterns: Vec<(String, u16)>,
    tables: OnceLock<Vec<Table>>,
}

#[derive(Debug)]
struct Table {
    dfa: dense::DFA<Vec<u32>>,
    /// The rule of each pattern.
    rules: Vec<u16>,
}

/// The rules whose shape a cell has, each once, in the order of the patterns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shaped {
    rules: [u16; Self::MOST],
    count: usize,
}

impl Shaped {
    /// More shapes than this are not told apart: a cell of so many shapes has none that tells.
    const MOST: usize = 48;

    fn none() -> Shaped {
        Shaped {
            rules: [0; Self::MOST],
            count: 0,
        }
    }

    fn push(&mut self, rule: u16) {
        if !self.rules().contains(&rule)
            && let Some(slot) = self.rules.get_mut(self.count)
        {
            *slot = rule;
            self.count += 1;
        }
    }

    pub(crate) fn rules(&self) -> &[u16] {
        self.rules.get(..self.count).unwrap_or_default()
    }
}

impl Shapes {
    /// The shape `pattern` of `rule`.
    pub(crate) fn add(&mut self, pattern: &str, rule: u16) {
        self.patterns.push((pattern.to_owned(), rule));
    }

    /// The rules with a shape that the whole of `cell` has.
    pub(crate) fn of(&self, cell: &[u8]) -> Shaped {
        let mut shaped = Shaped::none();
        if cell.len() <= LONGEST_CELL {
            for table in self.tables() {
                table.whole(cell, &mut shaped);
            }
        }
        shaped
    }

    /// The longest prefix of `text` that has a shape and does not end within a word, with its rules.
    pub(crate) fn prefix(&self, text: &[u8]) -> Option<(usize, Shaped)> {
        let mut best: Option<(usize, Shaped)> = None;
        for table in self.tables() {
            table.prefix(text, &mut best);
        }
        best
    }

    fn tables(&self) -> &[Table] {
        self.tables.get_or_init(|| build(&self.patterns))
    }
}

/// Tables for `patterns`; a pattern that does not build alone is left out (the loader has refused it before).
fn build(patterns: &[(String, u16)]) -> Vec<Table> {
    if patterns.is_empty() {
        return Vec::new();
    }
    let texts: Vec<&str> = patterns
        .iter()
        .map(|(pattern, _)| pattern.as_str())
        .collect();
    match table(&texts) {
        Ok(dfa) => vec![Table {
            dfa,
            rules: patterns.iter().map(|(_, rule)| *rule).collect(),
        }],
        Err(_) if patterns.len() > 1 => {
            let (left, right) = patterns.split_at(patterns.len() / 2);
            let mut tables = build(left);
            tables.extend(build(right));
            tables
        }
        Err(_) => Vec::new(),
    }
}

fn bytes() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// The error of a pattern that the automaton cannot hold, if any. Cheap: nothing is compiled.
pub(crate) fn parse(pattern: &str) -> Result<(), String> {
    let hir = syntax::parse_with(pattern, &bytes()).map_err(|error| error.to_string())?;
    if !hir.properties().look_set().is_empty() {
        return Err("it holds an anchor or a word boundary".into());
    }
    if hir.properties().minimum_len() == Some(0) {
        return Err("it matches the empty cell".into());
    }
    Ok(())
}

fn table(patterns: &[&str]) -> Result<dense::DFA<Vec<u32>>, Box<dense::BuildError>> {
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .match_kind(MatchKind::All)
                .start_kind(StartKind::Anchored)
                .accelerate(false)
                .dfa_size_limit(Some(GREATEST_TABLE))
                .determinize_size_limit(Some(2 * GREATEST_TABLE)),
        )
        .syntax(bytes())
        .thompson(thompson::Config::new().utf8(false).shrink(false))
        .build_many(patterns)
        .map_err(Box::new)
}

impl Table {
    fn whole(&self, cell: &[u8], shaped: &mut Shaped) {
        let Ok(mut state) = self
            .dfa
            .start_state(&start::Config::new().anchored(Anchored::Yes))
        else {
            return;
        };
        for &byte in cell {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_dead_state(state) {
                return;
            }
        }
        // A match is told one step late, so the state after the end holds exactly what ends there.
        let end = self.dfa.next_eoi_state(state);
        self.collect(end, shaped);
    }

    fn prefix(&self, text: &[u8], best: &mut Option<(usize, Shaped)>) {
        let Ok(mut state) = self
            .dfa
            .start_state(&start::Config::new().anchored(Anchored::Yes))
        else {
            return;
        };
        let mut before = 0_u8;
        for (at, &byte) in text.iter().take(LONGEST_CELL).chain(b"\n").enumerate() {
            let ends = !(byte.is_ascii_alphanumeric() && before.is_ascii_alphanumeric());
            let next = if at < text.len() {
                self.dfa.next_state(state, byte)
            } else {
                self.dfa.next_eoi_state(state)
            };
            if ends
                && self.dfa.is_match_state(next)
                && best.as_ref().is_none_or(|(len, _)| *len <= at)
            {
                let mut shaped = best
                    .take()
                    .filter(|(len, _)| *len == at)
                    .map_or_else(Shaped::none, |(_, shaped)| shaped);
                self.collect(next, &mut shaped);
                *best = Some((at, shaped));
            }
            if self.dfa.is_dead_state(next) {
                return;
            }
            before = byte;
            state = next;
        }
    }

    fn collect(&self, state: regex_automata::util::primitives::StateID, shaped: &mut Shaped) {
        if !self.dfa.is_match_state(state) {
            return;
        }
        for at in 0..self.dfa.match_len(state) {
            if let Some(rule) = self.rules.get(self.dfa.match_pattern(state, at).as_usize()) {
                shaped.push(*rule);
            }
        }
    }
}

/// `text` with letters as `a`/`A` and digits as `9`, at most [`LONGEST_MASK`] characters, the rest as `…`.
pub(crate) fn mask(text: &str) -> String {
    let mut masked: String = text
        .chars()
        .take(LONGEST_MASK)
        .map(|c| match c {
            c if c.is_numeric() => '9',
            c if c.is_uppercase() => 'A',
            c if c.is_alphabetic() => 'a',
            c if c.is_ascii_graphic() || c == ' ' || c == '•' => c,
            _ => '?',
        })
        .collect();
    if text.chars().nth(LONGEST_MASK).is_some() {
        masked.push('…');
    }
    masked
}

/// A longer masked shape tells a reader nothing more.
const LONGEST_MASK: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes() -> Shapes {
        let mut shapes = Shapes::default();
        shapes.add(r"\d{3}-\d{2}-\d{4}", 0);
        shapes.add(r"\d{9}", 0);
        shapes.add(r"[a-z.]+@[a-z.]+", 1);
        shapes.add(r"[0-9-]{11}", 2);
        shapes
    }

    #[test]
    fn a_cell_has_every_shape_that_fits_it_whole() {
        let shapes = shapes();
        assert_eq!(shapes.of(b"123-45-6789").rules(), [0, 2]);
        assert_eq!(shapes.of(b"123456789").rules(), [0]);
        assert_eq!(shapes.of(b"a.b@c.de").rules(), [1]);
        assert!(shapes.of(b"a.b@c.de ").rules().is_empty());
        assert!(shapes.of(b"x123-45-6789").rules().is_empty());
        assert!(shapes.of(b"123-45-678").rules().is_empty());
        assert!(shapes.of(b"").rules().is_empty());
    }

    #[test]
    fn a_prefix_ends_at_the_end_of_a_word() {
        let shapes = shapes();
        assert_eq!(
            shapes
                .prefix(b"123-45-6789 is")
                .map(|(len, hit)| (len, hit.rules().to_vec())),
            Some((11, vec![0, 2]))
        );
        assert_eq!(shapes.prefix(b"123-45-6789").map(|(len, _)| len), Some(11));
        assert!(shapes.prefix(b"123-45-67890").is_none());
        assert_eq!(shapes.prefix(b"a@b.c, d").map(|(len, _)| len), Some(5));
    }

    #[test]
    fn patterns_that_need_their_surroundings_are_refused() {
        assert!(parse(r"\bfoo").is_err());
        assert!(parse("^foo$").is_err());
        assert!(parse("a*").is_err());
        assert!(parse("(").is_err());
        assert!(parse(r"\d{3}").is_ok());
    }

    #[test]
    fn a_mask_keeps_no_letter_and_no_digit() {
        assert_eq!(mask("Ann.Lee-7@x.org"), "Aaa.Aaa-9@a.aaa");
        assert_eq!(mask("Žofia Å"), "Aaaaa A");
        assert_eq!(mask(&"x".repeat(50)).chars().count(), 41);
    }
}
