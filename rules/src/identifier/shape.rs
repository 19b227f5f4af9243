//! All whole-cell patterns in one automaton.
//!
//! One pass over a cell tells every shape that it has. The automaton is deterministic and lazy: its states
//! are made when a cell first needs them, because those of all patterns take longer to make (160 ms for
//! 144 patterns, dense) than a scan of a small platform. Each thread has its own states.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::OnceLock;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::pool::{Pool, PoolGuard};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

/// No shape is longer; longer cells are not asked.
pub(crate) const LONGEST_CELL: usize = 256;

/// Bytes of states that a thread keeps; beyond, they are made anew.
const MOST_STATES: usize = 16 << 20;

/// The shapes of all rules, compiled when the first cell is asked.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    /// Pattern and rule.
    patterns: Vec<(String, u16)>,
    automaton: OnceLock<Option<Automaton>>,
}

#[derive(Debug)]
struct Automaton {
    dfa: DFA,
    states: Pool<States, MakeStates>,
    /// The rule of each pattern.
    rules: Vec<u16>,
}

/// What one thread knows of the automaton.
#[derive(Debug)]
struct States {
    cache: Cache,
    /// The sets of rules that were met, and by which state each is told.
    sets: Vec<Shaped>,
    known: HashMap<LazyStateID, usize, BuildHasherDefault<StateHasher>>,
    /// How often the states were made anew when the sets were noted.
    cleared: usize,
}

type MakeStates = Box<dyn Fn() -> States + Send + Sync + UnwindSafe + RefUnwindSafe>;

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
        Shaped { rules: [0; Self::MOST], count: 0 }
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

/// The automaton with the states of one thread.
pub(crate) struct Walk<'a> {
    automaton: &'a Automaton,
    states: PoolGuard<'a, States, MakeStates>,
}

impl Walk<'_> {
    /// The longest prefix of `text` that has a shape and does not end within a word, with its rules.
    pub(crate) fn prefix(&mut self, text: &[u8]) -> Option<(usize, Shaped)> {
        self.automaton.prefix(&mut self.states.cache, text)
    }

    /// The number of the set of rules whose shape the whole of `cell` has; `None` if it has none. Numbers hold as
    /// long as the walk.
    pub(crate) fn whole(&mut self, cell: &[u8]) -> Option<usize> {
        if cell.len() > LONGEST_CELL {
            return None;
        }
        self.automaton.whole(cell, &mut self.states)
    }

    /// The set of that number.
    pub(crate) fn set(&self, number: usize) -> &[u16] {
        self.states.sets.get(number).map(Shaped::rules).unwrap_or_default()
    }
}

impl Shapes {
    /// The shape `pattern` of `rule`.
    pub(crate) fn add(&mut self, pattern: &str, rule: u16) {
        self.patterns.push((unlimited(pattern), rule));
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
    fn of(patterns: &[(String, u16)]) -> Option<Automaton> {
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
        let make: MakeStates = Box::new(move || States {
            cache: maker.create_cache(),
            sets: Vec::new(),
            known: HashMap::default(),
            cleared: 0,
        });
        let rules = patterns.iter().map(|(_, rule)| *rule).collect();
        Some(Automaton { dfa, states: Pool::new(make), rules })
    }

    fn start(&self, states: &mut Cache) -> Option<LazyStateID> {
        self.dfa.start_state(states, &start::Config::new().anchored(Anchored::Yes)).ok()
    }

    /// The number of the set of rules that `cell` ends in. A match is told one step late, so the state after the end holds
    /// exactly what ends there.
    fn whole(&self, cell: &[u8], states: &mut States) -> Option<usize> {
        let cache = &mut states.cache;
        let mut state = self.start(cache)?;
        for &byte in cell {
            state = self.dfa.next_state(cache, state, byte).ok()?;
            if state.is_tagged() && state.is_dead() {
                return None;
            }
        }
        let end = self.dfa.next_eoi_state(cache, state).ok()?;
        if !end.is_match() {
            return None;
        }
        // States that were made anew have other numbers; the sets keep theirs, for somebody counts by them.
        if states.cleared != cache.clear_count() {
            states.cleared = cache.clear_count();
            states.known.clear();
        }
        if let Some(set) = states.known.get(&end) {
            return Some(*set);
        }
        let mut shaped = Shaped::none();
        self.collect(cache, end, &mut shaped);
        let known = states.sets.iter().position(|set| set.rules() == shaped.rules());
        let number = known.unwrap_or(states.sets.len());
        if known.is_none() {
            states.sets.push(shaped);
        }
        states.known.insert(end, number);
        Some(number)
    }

    fn prefix(&self, states: &mut Cache, text: &[u8]) -> Option<(usize, Shaped)> {
        let mut state = self.start(states)?;
        let mut best = None;
        let mut before = 0_u8;
        for at in 0..=text.len().min(LONGEST_CELL) {
            let next = text.get(at).copied();
            state = match next {
                Some(byte) => self.dfa.next_state(states, state, byte).ok()?,
                None => self.dfa.next_eoi_state(states, state).ok()?,
            };
            let inside = before.is_ascii_alphanumeric() && next.is_some_and(|byte| byte.is_ascii_alphanumeric());
            if state.is_match() && !inside {
                let mut shaped = Shaped::none();
                self.collect(states, state, &mut shaped);
                best = Some((at, shaped));
            }
            if state.is_dead() {
                break;
            }
            before = next.unwrap_or(0);
        }
        best
    }

    fn collect(&self, states: &Cache, state: LazyStateID, shaped: &mut Shaped) {
        if !state.is_match() {
            return;
        }
        for at in 0..self.dfa.match_len(states, state) {
            let pattern = self.dfa.match_pattern(states, state, at).as_usize();
            if let Some(rule) = self.rules.get(pattern) {
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
        assert_eq!(
            shapes.walk().unwrap().prefix(b"123-45-6789 is").map(|(len, hit)| (len, hit.rules().to_vec())),
            Some((11, vec![0, 2]))
        );
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
