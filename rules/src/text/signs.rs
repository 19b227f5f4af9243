//! Where in a text a value may begin: what the shapes themselves say, so that most of a text is passed over.
//!
//! A shape that must hold `@` begins in the run before one; a shape with a digit near its start begins where
//! a word has one; a shape of capitals and digits alone is a long run of them. Any other shape may begin
//! with every word, which is slow but loses nothing.

use regex_syntax::hir::{Class, Hir, HirKind};

/// A set of bytes.
type Bytes = [bool; 256];

/// A digit is near the start if at most so many bytes stand before it.
const NEAR: usize = 8;

/// Runs of capitals and digits are long from here on, in bytes.
const LONG: usize = 10;

/// Bytes that are looked at together for whether they hold a digit.
const BLOCK: usize = 32;

/// What every shape shows, all of them together.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// The bytes of shapes that must hold `@`, if there is one.
    at: Option<Box<Bytes>>,
    /// How far from the start of a value its first digit is at the most, of the shapes known by it.
    lead: Option<usize>,
    /// The bytes of shapes known as runs, and the least length of one.
    run: Option<(Box<Bytes>, usize)>,
    /// The first bytes of all other shapes.
    first: Option<Box<Bytes>>,
}

/// A place where a value may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Start {
    pub(super) at: usize,
    /// Whether it was found by `@`; no other start begins a shape with one.
    pub(super) by_at: bool,
}

/// Whether every match of `hir` holds `@`.
pub(super) fn holds_at(hir: &Hir) -> bool {
    least(hir, &|byte| byte == b'@') > 0
}

impl Signs {
    /// Takes the shape `hir` in.
    pub(super) fn add(&mut self, hir: &Hir) {
        let mut bytes = Box::new([false; 256]);
        alphabet(hir, &mut bytes);
        let length = hir.properties().minimum_len().unwrap_or(0);
        let capitals =
            (0..=u8::MAX).all(|byte| !has(&bytes, byte) || byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if holds_at(hir) {
            join(self.at.get_or_insert_with(|| Box::new([false; 256])), &bytes);
        } else if let Some(lead) = lead(hir).filter(|lead| *lead <= NEAR) {
            self.lead = Some(self.lead.unwrap_or(0).max(lead));
        } else if capitals && length >= LONG {
            let (run, least) = self.run.get_or_insert_with(|| (Box::new([false; 256]), length));
            join(run, &bytes);
            *least = length.min(*least);
        } else {
            // A value that begins with no word is never asked for.
            for byte in (0..=u8::MAX).filter(|byte| super::is_word(*byte) && begins(hir, *byte)) {
                put(self.first.get_or_insert_with(|| Box::new([false; 256])), byte);
            }
        }
    }

    /// Adds every place of `text` where a value may begin to `starts`, which is empty; each once, in order. All are starts of
    /// words.
    pub(super) fn starts(&self, text: &[u8], starts: &mut Vec<Start>) {
        if let Some(lead) = self.lead {
            by_digit(text, lead, starts);
        }
        let by_digit = starts.len();
        if let Some(bytes) = &self.at {
            by_at(text, bytes, starts);
        }
        if let Some((bytes, least)) = &self.run {
            by_run(text, bytes, *least, starts);
        }
        if let Some(first) = &self.first {
            let words = (0..text.len()).filter(|at| is_start(text, *at));
            let fitting = words.filter(|at| text.get(*at).is_some_and(|byte| has(first, *byte)));
            starts.extend(fitting.map(|at| Start { at, by_at: false }));
        }
        if starts.len() > by_digit {
            starts.sort_unstable_by_key(|start| (start.at, !start.by_at));
            starts.dedup_by_key(|start| start.at);
        }
    }
}

/// Whether a word begins at `at`.
fn is_start(text: &[u8], at: usize) -> bool {
    let is_word = |at: usize| text.get(at).is_some_and(|byte| super::is_word(*byte));
    is_word(at) && !at.checked_sub(1).is_some_and(is_word)
}

/// Words with a digit among their first `lead + 1` bytes, or that far behind their start.
fn by_digit(text: &[u8], lead: usize, starts: &mut Vec<Start>) {
    let mut done = 0;
    let mut look = |at: usize, bytes: &[u8]| {
        for (nth, byte) in bytes.iter().enumerate() {
            if byte.is_ascii_digit() {
                let digit = at + nth;
                for at in digit.saturating_sub(lead).max(done)..=digit {
                    if is_start(text, at) {
                        starts.push(Start { at, by_at: false });
                    }
                }
                done = digit + 1;
            }
        }
    };
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for (nth, block) in blocks.iter().enumerate() {
        // Without a branch, so that the block is looked at as a whole.
        if block.iter().fold(false, |any, byte| any | byte.is_ascii_digit()) {
            look(nth * BLOCK, block);
        }
    }
    look(text.len() - rest.len(), rest);
}

/// Words in the run of `bytes` before each `@`, as far as a cell is long.
fn by_at(text: &[u8], bytes: &Bytes, starts: &mut Vec<Start>) {
    let mut done = 0;
    for at in memchr::memchr_iter(b'@', text) {
        let from = at.saturating_sub(crate::identifier::shape::LONGEST_CELL).max(done);
        let before = text.get(from..at).unwrap_or_default();
        let run = before.iter().rposition(|byte| !has(bytes, *byte)).map_or(from, |outside| from + outside + 1);
        let words = (run..=at).filter(|at| is_start(text, *at));
        starts.extend(words.map(|at| Start { at, by_at: true }));
        done = at + 1;
    }
}

/// Words in runs of at least `least` of `bytes`. Every run of that length holds a byte whose place is a
/// multiple of `least`, so only those are looked at.
fn by_run(text: &[u8], bytes: &Bytes, least: usize, starts: &mut Vec<Start>) {
    let inside = |at: usize| text.get(at).is_some_and(|byte| has(bytes, *byte));
    let mut at = 0;
    while at < text.len() {
        if !inside(at) {
            at += least;
            continue;
        }
        let first = (0..at).rev().take_while(|at| inside(*at)).last().unwrap_or(at);
        let end = (at..text.len()).find(|at| !inside(*at)).unwrap_or(text.len());
        if end - first >= least && is_start(text, first) {
            starts.push(Start { at: first, by_at: false });
        }
        at = (end / least + 1) * least;
    }
}

/// How many bytes of every match are at the least in the set.
fn least(hir: &Hir, set: &dyn Fn(u8) -> bool) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.iter().filter(|byte| set(**byte)).count(),
        HirKind::Class(class) => usize::from(members(class).all(set)),
        HirKind::Repetition(repeated) => {
            least(&repeated.sub, set).saturating_mul(usize::try_from(repeated.min).unwrap_or(usize::MAX))
        }
        HirKind::Capture(group) => least(&group.sub, set),
        HirKind::Concat(parts) => parts.iter().map(|part| least(part, set)).sum(),
        HirKind::Alternation(parts) => parts.iter().map(|part| least(part, set)).min().unwrap_or(0),
    }
}

/// The most bytes before the first digit that every match has; `None` if there is none or no limit.
fn lead(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(literal) => literal.0.iter().position(u8::is_ascii_digit),
        HirKind::Class(class) => members(class).all(|byte| byte.is_ascii_digit()).then_some(0),
        HirKind::Repetition(repeated) => lead(&repeated.sub).filter(|_| repeated.min > 0),
        HirKind::Capture(group) => lead(&group.sub),
        HirKind::Concat(parts) => {
            let mut before = 0_usize;
            for part in parts {
                if let Some(lead) = lead(part) {
                    return before.checked_add(lead);
                }
                before = before.checked_add(part.properties().maximum_len()?)?;
            }
            None
        }
        HirKind::Alternation(parts) => parts.iter().map(lead).try_fold(0, |most, lead| Some(lead?.max(most))),
    }
}

/// Every byte that a match may hold.
fn alphabet(hir: &Hir, bytes: &mut Bytes) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => literal.0.iter().for_each(|byte| put(bytes, *byte)),
        HirKind::Class(class) => members(class).for_each(|byte| put(bytes, byte)),
        HirKind::Repetition(repeated) => alphabet(&repeated.sub, bytes),
        HirKind::Capture(group) => alphabet(&group.sub, bytes),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| alphabet(part, bytes));
        }
    }
}

/// Whether a match may begin with `byte`.
fn begins(hir: &Hir, byte: u8) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.first() == Some(&byte),
        HirKind::Class(class) => members(class).any(|member| member == byte),
        HirKind::Repetition(repeated) => begins(&repeated.sub, byte),
        HirKind::Capture(group) => begins(&group.sub, byte),
        HirKind::Concat(parts) => {
            for part in parts {
                if begins(part, byte) {
                    return true;
                }
                if part.properties().minimum_len() != Some(0) {
                    return false;
                }
            }
            false
        }
        HirKind::Alternation(parts) => parts.iter().any(|part| begins(part, byte)),
    }
}

/// The bytes of a class; a class of characters, which byte patterns have for ASCII alone, counts as any byte
/// if it goes beyond.
fn members(class: &Class) -> impl Iterator<Item = u8> + '_ {
    let bytes = match class {
        Class::Bytes(bytes) => Some(bytes.clone()),
        Class::Unicode(characters) => characters.to_byte_class(),
    };
    (0..=u8::MAX).filter(move |byte| {
        let known = bytes.as_ref().map(|class| class.iter().any(|range| (range.start()..=range.end()).contains(byte)));
        known.unwrap_or(true)
    })
}

fn has(bytes: &Bytes, byte: u8) -> bool {
    bytes.get(usize::from(byte)).copied().unwrap_or(false)
}

fn put(bytes: &mut Bytes, byte: u8) {
    if let Some(slot) = bytes.get_mut(usize::from(byte)) {
        *slot = true;
    }
}

fn join(bytes: &mut Bytes, others: &Bytes) {
    for (byte, other) in bytes.iter_mut().zip(others) {
        *byte |= other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hir(pattern: &str) -> Hir {
        crate::identifier::shape::hir(pattern).unwrap()
    }

    #[test]
    fn a_shape_says_by_what_it_is_found() {
        assert!(holds_at(&hir("[a-z]+@(?:a|b)")));
        assert!(!holds_at(&hir("[a-z]+(?:@|#)")));
        assert_eq!(lead(&hir("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,}")), Some(2));
        assert_eq!(lead(&hir("(?:[0-9]{2} ?|ab1)x")), Some(2));
        assert_eq!(lead(&hir("[A-Z]+[0-9]")), None);
        assert_eq!(lead(&hir("[A-Z0-9]{9}")), None);
        assert!(begins(&hir("a?[xy]"), b'y') && begins(&hir("a?[xy]"), b'a') && !begins(&hir("a?[xy]"), b'b'));
    }

    #[test]
    fn starts_are_words_that_show_the_sign() {
        let mut signs = Signs::default();
        for shape in ["[a-z.=]+@[a-z.]+", "[A-Z]{2}[0-9]{2,}", "[A-Z]{12}"] {
            signs.add(&hir(shape));
        }
        let starts = |text: &str| -> Vec<usize> {
            let mut starts = Vec::new();
            signs.starts(text.as_bytes(), &mut starts);
            starts.iter().map(|start| start.at).collect()
        };
        assert_eq!(starts("see k=a.b@c.de"), [4, 6]);
        assert_eq!(starts("x AB12 y abc12"), [2]);
        assert_eq!(starts("ABCDEFGHIJKL and ABCDEFGHIJK and (ABCDEFGHIJKLM)"), [0, 34]);
        assert_eq!(starts(&format!("{}7", "word ".repeat(20))), [100]);
        assert!(starts("no sign in here").is_empty());
    }
}
