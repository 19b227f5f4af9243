//! Answers of earlier judgements, so that only what changed is asked again.
//!
//! An answer depends on the policies, the taxonomy, the schema, the residency, and what the policies in question can
//! read of the request. A digest of all that names it: two requests of one digest are the same question, whoever asks.
//! Nothing of the facts themselves is kept.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use aedile_model::Verdict;
use sha2::{Digest, Sha256};

use crate::evaluate::Outcome;
use crate::index::Entry;
use crate::reads::Side;

/// The first line of a written memory.
const HEAD: &str = "aedile answers 1";

/// Answers that are kept at the most.
const MOST: usize = 400_000;

/// 128 bits of a SHA-256: what an answer depends on.
pub(crate) type Key = [u8; 16];

/// Verdicts in the order of an entry's controls, and the attributes that undecided ones depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    verdicts: Box<[Verdict]>,
    unknown: Vec<(usize, Side, String)>,
}

/// What was answered before, and what is being answered now.
#[derive(Debug, Default)]
pub struct Memory {
    before: HashMap<Key, Arc<Answer>>,
    /// What was asked since.
    now: Mutex<BTreeMap<Key, Arc<Answer>>>,
}

impl Memory {
    /// The memory that [`Memory::written`] wrote; one of nothing where `text` is anything else.
    #[must_use]
    pub fn read(text: &str) -> Memory {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Memory::default();
        }
        let before = lines.take(MOST).map(answer).collect::<Option<HashMap<Key, Arc<Answer>>>>();
        Memory { before: before.unwrap_or_default(), now: Mutex::default() }
    }

    /// What was asked since this memory was made, as text: answers that nobody asked for any more are forgotten.
    #[must_use]
    pub fn written(&self) -> String {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = format!("{HEAD}\n");
        for (key, answer) in now.iter().take(MOST) {
            let digits = key.iter().fold(String::with_capacity(32), |mut digits, byte| {
                let _ = write!(digits, "{byte:02x}");
                digits
            });
            text.push_str(&digits);
            text.push(' ');
            text.extend(answer.verdicts.iter().map(|verdict| letter(*verdict)));
            for (at, side, name) in &answer.unknown {
                let _ = write!(text, " {at}{}{name}", sign(*side));
            }
            text.push('\n');
        }
        text
    }

    /// Whether something was asked that was not known, or something known was not asked.
    #[must_use]
    pub fn changed(&self) -> bool {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.len() != self.before.len() || now.keys().any(|key| !self.before.contains_key(key))
    }

    /// How many questions were asked since, and how many of them were known.
    #[must_use]
    pub fn asked(&self) -> (usize, usize) {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        (now.len(), now.keys().filter(|key| self.before.contains_key(*key)).count())
    }

    /// What was answered to the question `key` before.
    pub(crate) fn recall(&self, key: Key, entry: &Entry) -> Option<Vec<Outcome>> {
        let answer = self.before.get(&key).filter(|answer| answer.verdicts.len() == entry.controls.len())?;
        self.now.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(answer));
        let outcome = |(at, (control, verdict)): (usize, (&usize, &Verdict))| {
            let unknown = answer.unknown.iter().filter(|(of, ..)| *of == at);
            Outcome {
                control: *control,
                verdict: *verdict,
                unknown: unknown.map(|(_, side, name)| (*side, name.clone())).collect(),
                fault: None,
            }
        };
        Some(entry.controls.iter().zip(&answer.verdicts).enumerate().map(outcome).collect())
    }

    /// Remembers what was answered to `key`; not where something could not be evaluated.
    pub(crate) fn remember(&self, key: Key, outcomes: &[Outcome]) {
        if outcomes.iter().any(|outcome| outcome.fault.is_some()) {
            return;
        }
        let unknown = outcomes
            .iter()
            .enumerate()
            .flat_map(|(at, outcome)| outcome.unknown.iter().map(move |(side, name)| (at, *side, name.clone())));
        let verdicts = outcomes.iter().map(|outcome| outcome.verdict).collect();
        let answer = Answer { verdicts, unknown: unknown.collect() };
        self.now.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::new(answer));
    }
}

/// The key of a question: a digest of `world`, which is the same for all questions of a judgement, and of `question`.
pub(crate) fn key(world: &[u8; 32], question: &impl Hash) -> Key {
    let mut bytes = Bytes(Sha256::new_with_prefix(world));
    question.hash(&mut bytes);
    let digest: [u8; 32] = bytes.0.finalize().into();
    let mut key = Key::default();
    key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    key
}

/// Gives a digest what `Hash` writes, which tells values of one type apart.
struct Bytes(Sha256);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Not used: the digest is taken instead.
    fn finish(&self) -> u64 {
        0
    }
}

fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => 'p',
        Verdict::Fail => 'f',
        Verdict::NotApplicable => 'n',
        Verdict::Inconclusive => 'i',
    }
}

fn sign(side: Side) -> char {
    match side {
        Side::Principal => '<',
        Side::Resource => '>',
        Side::Context => '=',
    }
}

/// One line of a written memory.
fn answer(line: &str) -> Option<(Key, Arc<Answer>)> {
    let mut words = line.split(' ');
    let digits = words.next().filter(|digits| digits.len() == 32 && digits.is_ascii())?;
    let mut key = Key::default();
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    let verdict = |letter| {
        [Verdict::Pass, Verdict::Fail, Verdict::NotApplicable, Verdict::Inconclusive]
            .into_iter()
            .find(|verdict| self::letter(*verdict) == letter)
    };
    let verdicts = words.next()?.chars().map(verdict).collect::<Option<_>>()?;
    let unknown = |word: &str| {
        let at = word.find(['<', '>', '='])?;
        let (number, rest) = word.split_at(at);
        let side =
            [Side::Principal, Side::Resource, Side::Context].into_iter().find(|side| rest.starts_with(sign(*side)))?;
        Some((number.parse().ok()?, side, rest.get(1..)?.to_owned()))
    };
    Some((key, Arc::new(Answer { verdicts, unknown: words.map(unknown).collect::<Option<_>>()? })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_anything_else_is_nothing() {
        let memory = Memory::default();
        let outcome = |control, verdict, unknown: &[(Side, &str)]| Outcome {
            control,
            verdict,
            unknown: unknown.iter().map(|(side, name)| (*side, (*name).to_owned())).collect(),
            fault: None,
        };
        let outcomes = [
            outcome(3, Verdict::Pass, &[]),
            outcome(4, Verdict::Inconclusive, &[(Side::Resource, "public"), (Side::Context, "used")]),
            outcome(9, Verdict::Fail, &[]),
            outcome(11, Verdict::NotApplicable, &[]),
        ];
        let key = key(&[7; 32], &"question");
        memory.remember(key, &outcomes);
        let mut faulty = outcomes.clone();
        faulty[0].fault = Some("broken".to_owned());
        memory.remember(Key::default(), &faulty);

        let text = memory.written();
        assert_eq!(text.lines().count(), 2, "a fault is not remembered");
        let again = Memory::read(&text);
        let entry = |controls: &[usize]| Entry::new(controls.to_vec(), false);
        assert_eq!(again.recall(key, &entry(&[3, 4, 9, 11])), Some(outcomes.to_vec()));
        assert_eq!(again.recall(key, &entry(&[3, 4])), None, "of another number of controls");
        assert_eq!(again.recall(Key::default(), &entry(&[3, 4, 9, 11])), None);
        assert_eq!(again.written(), text);
        assert!(!again.changed());

        for (from, to) in [("answers 1", "answers 2"), ("pifn", "pixn"), (" 1>", " 1?"), ("\n", "\nzz")] {
            let broken = Memory::read(&text.replacen(from, to, if from == "\n" { 1 } else { 9 }));
            assert_eq!(broken.recall(key, &entry(&[3, 4, 9, 11])), None, "{from}");
        }
        assert!(Memory::read("").before.is_empty());
    }

    #[test]
    fn keys_tell_worlds_and_questions_apart() {
        let one = key(&[1; 32], &("ab", "c"));
        assert_eq!(one, key(&[1; 32], &("ab", "c")));
        assert_ne!(one, key(&[1; 32], &("a", "bc")));
        assert_ne!(one, key(&[2; 32], &("ab", "c")));
    }
}
