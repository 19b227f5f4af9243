//! Finding credentials in a text.

use std::ops::Range;

use aedile_model::Class;
use memchr::{memchr, memrchr};
use regex_automata::Input;

use super::form::{Guard, Window};
use super::placeholder::is_placeholder;
use super::{BLOCK, Rule, Secrets, WINDOW, guard};
use crate::column::log2_fixed;
use crate::identifier::shape::mask;

/// A credential, or what stands in the place of one, inside a text. Holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHit {
    /// The rule's id (`aws-access-key-id`).
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// `credential.key`, `credential.token` or `credential.password`.
    pub class: Class,
    /// Byte range of the credential in the text.
    pub span: Range<usize>,
    /// Masked shape: letters as `a`/`A`, digits as `9`, at most 40 characters.
    pub shape: String,
    /// Whether it is an example, a template or a variable, and no credential.
    pub placeholder: bool,
    /// Whether it opens its issuer's sandbox and nothing else (`sk_test_…`).
    pub test_mode: bool,
    /// How sure it is, in percent: 0 of a placeholder, else 50 to 100.
    pub confidence: u8,
}

/// A match before overlaps are settled.
#[derive(Debug)]
pub(super) struct Match {
    rule: usize,
    #[cfg(test)]
    whole: Range<usize>,
    span: Range<usize>,
    placeholder: bool,
}

impl Secrets {
    /// The credentials in `text`, in its order, none inside another.
    #[must_use]
    pub fn scan(&self, text: &str) -> Vec<SecretHit> {
        let matches = self.matches(text);
        self.settled(matches).into_iter().filter_map(|hit| self.hit(text, hit)).collect()
    }

    fn matches(&self, text: &str) -> Vec<Match> {
        let mut matches = Vec::new();
        let Some(finder) = self.finder() else {
            return matches;
        };
        let bytes = text.as_bytes();
        // Up to where each rule has looked for what begins with a keyword.
        let mut seen = vec![0; self.rules.len()];
        finder.each(bytes, |keyword, start, end| {
            let rules = self.keywords.get(keyword).map(|(_, rules)| rules.as_slice()).unwrap_or_default();
            for (at, exact) in rules {
                let (Some(rule), Some(seen)) = (self.rules.get(*at), seen.get_mut(*at)) else {
                    continue;
                };
                let is_it = exact.as_ref().is_none_or(|exact| bytes.get(start..end) == Some(exact.as_bytes()));
                if start >= *seen
                    && is_it
                    && rule.is_worth_a_look(bytes, end)
                    && let Some((window, until)) = rule.window(bytes, start, end)
                {
                    rule.matches(*at, text, window, &mut matches);
                    *seen = until;
                }
            }
        });
        matches
    }

    /// What [`Secrets::scan`] gives, found by every pattern over every line: the reference of tests.
    #[cfg(test)]
    pub(super) fn scan_plain(&self, text: &str) -> Vec<SecretHit> {
        let matches = self.rules.iter().enumerate().flat_map(|(at, rule)| self.plain_matches(rule, at, text)).collect();
        self.settled(matches).into_iter().filter_map(|hit| self.hit(text, hit)).collect()
    }

    #[cfg(test)]
    pub(super) fn plain_matches(&self, rule: &Rule, at: usize, text: &str) -> Vec<Match> {
        let mut matches = Vec::new();
        if rule.spec.window == Window::Block {
            rule.matches(at, text, 0..text.len(), &mut matches);
        } else {
            let mut start = 0;
            for line in text.split_inclusive('\n') {
                let end = start + line.trim_end_matches('\n').len();
                rule.matches(at, text, start..end, &mut matches);
                start += line.len();
            }
        }
        matches.retain(|found| rule.holds_keyword(text.as_bytes().get(found.whole.clone()).unwrap_or_default()));
        matches
    }

    /// Of overlapping matches the one of the most specific rule; then the longer, then the first.
    fn settled(&self, mut matches: Vec<Match>) -> Vec<Match> {
        matches.sort_by(|a, b| {
            let rank = |hit: &Match| self.rules.get(hit.rule).map(Rule::specificity);
            rank(b)
                .cmp(&rank(a))
                .then(b.span.len().cmp(&a.span.len()))
                .then(a.span.start.cmp(&b.span.start))
                .then(a.rule.cmp(&b.rule))
        });
        let mut settled: Vec<Match> = Vec::new();
        let mut taken: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
        for hit in matches {
            // INVARIANT: taken spans do not overlap, so the last one that begins before the end decides.
            let overlaps = taken.range(..hit.span.end).next_back().is_some_and(|(_, end)| *end > hit.span.start);
            if !overlaps {
                taken.insert(hit.span.start, hit.span.end);
                settled.push(hit);
            }
        }
        settled.sort_by_key(|hit| hit.span.start);
        settled
    }

    fn hit(&self, text: &str, hit: Match) -> Option<SecretHit> {
        let rule = self.rules.get(hit.rule)?;
        let secret = text.get(hit.span.clone()).unwrap_or_default();
        if rule.spec.generic && self.public.values().any(|public| public.is(secret)) {
            return None;
        }
        Some(SecretHit {
            test_mode: rule.test_mode().is_some_and(|regex| regex.is_match(secret.as_bytes())),
            rule: rule.spec.id.clone(),
            title: rule.spec.title.clone(),
            class: rule.class.clone(),
            shape: mask(secret),
            span: hit.span,
            placeholder: hit.placeholder,
            confidence: if hit.placeholder { 0 } else { rule.spec.confidence.unwrap_or(100) },
        })
    }
}

impl Rule {
    fn is_worth_a_look(&self, bytes: &[u8], end: usize) -> bool {
        let rest = bytes.get(end..).unwrap_or_default();
        match self.spec.guard {
            Guard::None => true,
            Guard::Assigned => guard::is_assigned(rest, self.lengths().secret, false),
            Guard::Quoted => guard::is_assigned(rest, self.lengths().secret, true),
            Guard::At => guard::has_userinfo(rest),
        }
    }

    #[cfg(test)]
    fn holds_keyword(&self, found: &[u8]) -> bool {
        self.spec.keywords.iter().any(|keyword| {
            found.windows(keyword.len()).any(|part| match self.spec.ignore_case {
                true => part.eq_ignore_ascii_case(keyword.as_bytes()),
                false => part == keyword.as_bytes(),
            })
        })
    }

    /// How far a match reaches, in bytes.
    fn reach(&self) -> usize {
        let limit = if self.spec.window == Window::Block { BLOCK } else { WINDOW };
        self.lengths().most.unwrap_or(limit).min(limit)
    }

    /// What matches with the keyword at `start..end` can touch, and the start from which on a keyword has
    /// not been looked at with it. `None` if it is too short for a match.
    ///
    /// A window is as long as several matches, so that of many keywords in one line few ask for their own.
    fn window(&self, bytes: &[u8], start: usize, end: usize) -> Option<(Range<usize>, usize)> {
        let reach = self.reach();
        let first = end.saturating_sub(reach).min(start);
        let last = start.saturating_add(4 * reach).max(end).min(bytes.len());
        let (before, after) = (bytes.get(first..start)?, bytes.get(end..last)?);
        // One byte more on either side of a run, because patterns look at what bounds the credential.
        let (left, right) = match self.spec.window {
            Window::Token => (
                before.iter().rposition(|byte| !guard::is_run(*byte)),
                after.iter().position(|byte| !guard::is_run(*byte)).map(|at| end + at + 1),
            ),
            Window::Line => (memrchr(b'\n', before).map(|at| at + 1), memchr(b'\n', after).map(|at| end + at)),
            Window::Block => (memrchr(b'\n', before).map(|at| at + 1), None),
        };
        let window = left.map_or(first, |at| first + at)..right.unwrap_or(last);
        let whole = right.is_some() || last == bytes.len();
        let until = if whole { window.end } else { window.end.saturating_sub(reach).max(end) };
        (window.len() >= self.lengths().least).then_some((window, until))
    }

    /// Every match of the pattern within `window` of `text`.
    pub(super) fn matches(&self, at: usize, text: &str, window: Range<usize>, matches: &mut Vec<Match>) {
        let Some(regex) = self.regex() else { return };
        let input = Input::new(text.as_bytes()).range(window.clone());
        if !regex.is_match(input.clone()) {
            return;
        }
        let mut captures = regex.create_captures();
        let mut from = window.start;
        while from < window.end {
            regex.search_captures(&input.clone().range(from..window.end), &mut captures);
            let Some(whole) = captures.get_match().map(|found| found.range()) else {
                return;
            };
            let span = captures.get_group_by_name("secret").map_or(whole.clone(), |group| group.range());
            let before = text.as_bytes().get(whole.start..span.start).unwrap_or_default();
            let secret = text.get(span.clone()).filter(|secret| !secret.is_empty());
            if !self.unless().is_some_and(|unless| unless.is_match(before))
                && let Some(placeholder) = secret.and_then(|secret| self.judge(secret))
            {
                matches.push(Match {
                    rule: at,
                    #[cfg(test)]
                    whole: whole.clone(),
                    span: span.clone(),
                    placeholder,
                });
            }
            // A secret may be followed at once by the next keyword, so the search goes on behind the secret.
            from = span.end.max(from + 1);
        }
    }

    /// Whether `secret` is only a placeholder; `None` if it is no match at all.
    fn judge(&self, secret: &str) -> Option<bool> {
        if is_placeholder(secret, self.is_vendor_form()) {
            return Some(true);
        }
        if self.check.is_some_and(|check| !check(secret.as_bytes())) {
            return None;
        }
        let poor =
            self.spec.min_entropy_tenths.is_some_and(|least| entropy_tenths(secret.as_bytes()) < u64::from(least));
        (!poor).then_some(false)
    }

    /// Whether the pattern is the form of one vendor's credential, and not any value under a telling name.
    fn is_vendor_form(&self) -> bool {
        !self.spec.ignore_case && !self.spec.generic && self.spec.class() != "credential.password"
    }

    /// Greater is more specific.
    fn specificity(&self) -> (bool, bool, bool, usize) {
        let longest = self.spec.keywords.iter().map(String::len).max().unwrap_or(0);
        (!self.spec.generic, !self.spec.ignore_case, self.check.is_some(), longest)
    }
}

/// Shannon entropy in tenths of a bit a byte, rounded down.
fn entropy_tenths(secret: &[u8]) -> u64 {
    let mut counts = [0_u64; 256];
    for byte in secret {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let all = u64::try_from(secret.len()).unwrap_or(u64::MAX).max(1);
    let logs: u64 =
        counts.iter().filter(|count| **count > 0).map(|count| count * (log2_fixed(all) - log2_fixed(*count))).sum();
    (logs * 10 / all) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_in_tenths_of_a_bit() {
        assert_eq!(entropy_tenths(b"aaaaaaaa"), 0);
        assert_eq!(entropy_tenths(b"abababab"), 10);
        assert_eq!(entropy_tenths(b"abcdefgh"), 30);
        assert_eq!(entropy_tenths(b""), 0);
    }
}
