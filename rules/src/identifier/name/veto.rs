//! Words that take a name back: `email_verified` holds no address.

use super::claim::protecting;
use super::{NameMatch, Words};

/// Words, and where they must stand.
#[derive(Debug)]
pub(super) struct Veto {
    words: Vec<String>,
    at: VetoAt,
    /// The rule it is for; `None` for all.
    rule: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VetoAt {
    Anywhere,
    Start,
    End,
}

impl Veto {
    /// The veto of `pattern`: `verified` anywhere, `*_count` at the end, `is_*` at the start. `None` for no
    /// words, and for words of protection: a hashed address is still one.
    pub(super) fn of(pattern: &str, rule: Option<usize>) -> Option<Veto> {
        let at = match (pattern.starts_with('*'), pattern.ends_with('*')) {
            (true, false) => VetoAt::End,
            (false, true) => VetoAt::Start,
            _ => VetoAt::Anywhere,
        };
        let words: Vec<String> = Words::of(pattern).tokens.into_iter().map(|token| token.text).collect();
        let says_protected = words.iter().all(|word| protecting(word).is_some());
        (!says_protected).then_some(Veto { words, at, rule })
    }

    /// The words that take `hit` back, if this veto stands in the name outside of the match.
    pub(super) fn against(&self, hit: &NameMatch, words: &Words) -> Option<String> {
        if self.rule.is_some_and(|rule| rule != hit.rule) {
            return None;
        }
        let count = self.words.len();
        let last = words.tokens.len().checked_sub(count)?;
        let places = match self.at {
            VetoAt::Anywhere => 0..=last,
            VetoAt::Start => 0..=0,
            VetoAt::End => last..=last,
        };
        places.into_iter().find_map(|at| {
            let here = words.tokens.get(at..at + count)?;
            let same = here.iter().zip(&self.words).all(|(token, word)| token.text == *word);
            let (start, end) = (here.first()?.span.start, here.last()?.span.end);
            // A name of a rule may hold a veto's word, as `is pregnant` does.
            let inside = hit.span.start <= start && end <= hit.span.end;
            (same && !inside).then(|| self.words.join(" "))
        })
    }
}
