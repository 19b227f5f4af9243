//! All whole-cell patterns in one automaton.
//!
//! One pass over a cell tells every shape that it has. The automaton is deterministic and lazy: its states
//! are made when a cell first needs them, because those of all patterns take longer to make (160 ms for
//! 144 patterns, dense) than a scan of a small platform. Each thread has its own states.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::OnceLock;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::pool::{Pool, PoolGuard};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};
use table::Table;

mod table;

/// No shape is longer; longer cells are not asked.
pub(crate) const LONGEST_CELL: usize = 256;

/// Bytes of states that a thread keeps; beyond, they are made anew.
const MOST_STATES: usize = 16 << 20;

/// The shapes of all rules, compiled when the first cell is asked.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    patterns: Vec<(String, OfPattern)>,
    automaton: OnceLock<Option<Automaton>>,
}

#[derive(Debug)]
struct Automaton {
    dfa: DFA,
    states: Pool<States, MakeStates>,
    /// By pattern.
    rules: Vec<OfPattern>,
}

/// What one thread knows of the automaton.
#[derive(Debug)]
struct States {
    cache: Cache,
    table: Table,
}

type MakeStates = Box<dyn Fn() -> States + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// The rules whose shape a cell has, each once, in the order of the patterns.
#[derive(Debug, Clone, Default)]
struct Shaped {
    rules: Vec<u16>,
    /// Those of them that are evidence for one cell.
    speaking: Vec<u16>,
}

impl Shaped {
    /// More shapes than this are not told apart: a cell of so many shapes has none that tells.
    const MOST: usize = 48;

    /// The rules of the shapes that end in `state`; `patterns` are the rules of each pattern.
    fn at(dfa: &DFA, cache: &Cache, patterns: &[OfPattern], state: LazyStateID) -> Shaped {
        let mut shaped = Shaped::default();
        for at in 0..dfa.match_len(cache, state) {
            if let Some(of) = patterns.get(dfa.match_pattern(cache, state, at).as_usize())
                && !shaped.rules.contains(&of.rule)
                && shaped.rules.len() < Self::MOST
            {
                shaped.rules.push(of.rule);
                shaped.speaking.extend(of.speaks.then_some(of.rule));
            }
        }
        shaped
    }
}

/// The rule of a pattern.
#[derive(Debug, Clone, Copy)]
struct OfPattern {
    rule: u16,
    /// Whether one cell of its shape is evidence.
    speaks: bool,
}

/// The automaton with the states of one thread.
pub(crate) struct Walk<'a> {
    automaton: &'a Automaton,
    states: PoolGuard<'a, States, MakeStates>,
}

impl Walk<'_> {
    /// The longest prefix of `text`, of at most [`LONGEST_CELL`] bytes, that has a shape and does not end within a word; with
    /// the number of its set.
    pub(crate) fn prefix(&mut self, text: &[u8]) -> Option<(usize, usize)> {
        let States { cache, table } = &mut *self.states;
        table.prefix(&mut Source { automaton: self.automaton, cache }, text)
    }

    /// The number of the set of rules whose shape the whole of `cell` has; `None` if it has none. Numbers hold as
    /// long as the walk.
    pub(crate) fn whole(&mut self, cell: &[u8]) -> Option<usize> {
        if cell.len() > LONGEST_CELL {
            return None;
        }
        let States { cache, table } = &mut *self.states;
        table.whole(&mut Source { automaton: self.automaton, cache }, cell)
    }

    /// The numbers of the sets of so many cells, as [`Walk::whole`] gives them; one of each, plus one, 0 if it has none.
    /// `cell` gives the empty cell behind the last. Cells of like length that follow one another take the least time.
    pub(crate) fn wholes<'c>(&mut self, count: usize, cell: impl Fn(usize) -> &'c [u8], numbers: &mut Vec<u32>) {
        let States { cache, table } = &mut *self.states;
        table.wholes(&mut Source { automaton: self.automaton, cache }, count, cell, numbers);
    }

    /// The set of that number.
    pub(crate) fn set(&self, number: usize) -> &[u16] {
        self.states.table.sets.get(number).map(|set| set.rules.as_slice()).unwrap_or_default()
    }

    /// Those of the set of that number that are evidence for one cell.
    pub(crate) fn speaking(&self, number: usize) -> &[u16] {
        self.states.table.sets.get(number).map(|set| set.speaking.as_slice()).unwrap_or_default()
    }
}

/// What steps are made from.
struct Source<'a> {
    automaton: &'a Automaton,
    cache: &'a mut Cache,
}

impl Source<'_> {
    /// The state before the first byte.
    fn start(&mut self) -> Option<LazyStateID> {
        self.automaton.dfa.start_state(self.cache, &start::Config::new().anchored(Anchored::Yes)).ok()
    }

    fn next(&mut self, state: LazyStateID, byte: u8) -> Option<LazyStateID> {
        self.automaton.dfa.next_state(self.cache, state, byte).ok()
    }

    /// The shapes of what ends in `state`, if there are any. A match is told one step late, so the state behind the end holds
    /// exactly what ends there.
    fn end(&mut self, state: LazyStateID) -> Option<Shaped> {
        let end = self.automaton.dfa.next_eoi_state(self.cache, state).ok()?;
        end.is_match().then(|| Shaped::at(&self.automaton.dfa, self.cache, &self.automaton.rules, end))
    }

    /// How often the states were made anew: they have other numbers since.
    fn cleared(&self) -> usize {
        self.cache.clear_count()
    }
}

impl Shapes {
    /// The shape `pattern` of `rule`; `speaks` says whether one cell of it is evidence.
    pub(crate) fn add(&mut self, pattern: &str, rule: u16, speaks: bool) {
        self.patterns.push((unlimited(pattern), OfPattern { rule, speaks }));
    }

    /// The rules with a shape that the whole of `cell` has.
    pub(crate) fn of(&self, cell: &[u8]) -> Vec<u16> {
        let mut walk = self.walk();
        walk.as_mut().and_then(|walk| walk.whole(cell).map(|set| walk.set(set).to_vec())).unwrap_or_default()
    }

    /// A walk over one text after another; `None` if there is no pattern.
    pub(crate) fn walk(&self) -> Option<Walk<'_>> {
        let automaton = self.automaton()?;
        Some(Walk { automaton, states: automaton.states.get() })
    }

    /// `None` if there is no pattern; each was parsed on loading.
    fn automaton(&self) -> Option<&Automaton> {
        self.automaton.get_or_init(|| Automaton::of(&self.patterns)).as_ref()
    }
}

/// `pattern` with upper limits of [`LONGEST_COUNT`] and more taken off. The automaton spells a count out
/// state by state, and those of many patterns multiply; cells are short, and validators know lengths.
fn unlimited(pattern: &str) -> String {
    let mut open = String::with_capacity(pattern.len());
    let (mut escaped, mut in_class) = (false, false);
    let mut rest = pattern.char_indices();
    while let Some((at, c)) = rest.next() {
        let count = (c == '{' && !escaped && !in_class).then(|| pattern.get(at + 1..)?.split_once('}')).flatten();
        match count.and_then(|(count, _)| Some((count, count.split_once(',')?))) {
            Some((count, (least, most))) if most.parse().is_ok_and(|most: u32| most >= LONGEST_COUNT) => {
                open.push_str(&format!("{{{least},}}"));
                // Counts are ASCII, so characters are bytes.
                rest.by_ref().take(count.len() + 1).for_each(drop);
            }
            _ => open.push(c),
        }
        in_class = !escaped && (c == '[' || (in_class && c != ']'));
        escaped = c == '\\' && !escaped;
    }
    open
}

/// Counts up to this are kept.
const LONGEST_COUNT: u32 = 16;

fn bytes() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// The error of a pattern that the automaton cannot hold, if any. Cheap: nothing is compiled.
pub(crate) fn parse(pattern: &str) -> Result<(), String> {
    let hir = hir(pattern)?;
    if !hir.properties().look_set().is_empty() {
        return Err("it holds an anchor or a word boundary".into());
    }
    if hir.properties().minimum_len() == Some(0) {
        return Err("it matches the empty cell".into());
    }
    Ok(())
}

/// What `pattern` is made of.
pub(crate) fn hir(pattern: &str) -> Result<regex_syntax::hir::Hir, String> {
    syntax::parse_with(pattern, &bytes()).map_err(|error| error.to_string())
}

impl Automaton {
    fn of(patterns: &[(String, OfPattern)]) -> Option<Automaton> {
        if patterns.is_empty() {
            return None;
        }
        let texts: Vec<&str> = patterns.iter().map(|(pattern, _)| pattern.as_str()).collect();
        let config =
            Config::new().match_kind(MatchKind::All).cache_capacity(MOST_STATES).skip_cache_capacity_check(true);
        let dfa = DFA::builder()
            .configure(config)
            .syntax(bytes())
            .thompson(thompson::Config::new().utf8(false).shrink(false))
            .build_many(&texts)
            .ok()?;
        let maker = dfa.clone();
        let make: MakeStates = Box::new(move || States { cache: maker.create_cache(), table: Table::new(&maker) });
        let rules = patterns.iter().map(|(_, rule)| *rule).collect();
        Some(Automaton { dfa, states: Pool::new(make), rules })
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
        shapes.add(r"\d{3}-\d{2}-\d{4}", 0, true);
        shapes.add(r"\d{9}", 0, true);
        shapes.add(r"[a-z.]+@[a-z.]+", 1, true);
        shapes.add(r"[0-9-]{11}", 2, false);
        shapes
    }

    #[test]
    fn a_cell_has_every_shape_that_fits_it_whole() {
        let shapes = shapes();
        assert_eq!(shapes.of(b"123-45-6789"), [0, 2]);
        assert_eq!(shapes.of(b"123456789"), [0]);
        assert_eq!(shapes.of(b"a.b@c.de"), [1]);
        assert!(shapes.of(b"a.b@c.de ").is_empty());
        assert!(shapes.of(b"x123-45-6789").is_empty());
        assert!(shapes.of(b"123-45-678").is_empty());
        assert!(shapes.of(b"").is_empty());
    }

    #[test]
    fn a_prefix_ends_at_the_end_of_a_word() {
        let shapes = shapes();
        let mut walk = shapes.walk().unwrap();
        let (length, set) = walk.prefix(b"123-45-6789 is").unwrap();
        assert_eq!((length, walk.set(set), walk.speaking(set)), (11, &[0, 2][..], &[0][..]));
        drop(walk);
        assert_eq!(shapes.walk().unwrap().prefix(b"123-45-6789").map(|(len, _)| len), Some(11));
        assert!(shapes.walk().unwrap().prefix(b"123-45-67890").is_none());
        assert_eq!(shapes.walk().unwrap().prefix(b"a@b.c, d").map(|(len, _)| len), Some(5));
    }

    #[test]
    fn long_counts_are_opened() {
        assert_eq!(unlimited(r"[a{1,90}]{1,64}@x{2,24}\{1,90}\d{3}y{2,9}"), r"[a{1,90}]{1,}@x{2,}\{1,90}\d{3}y{2,9}");
        assert_eq!(unlimited("a{"), "a{");
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
