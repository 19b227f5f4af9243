//! Finding credentials in a text.

use std::ops::Range;

use aedile_model::Class;
use memchr::{memchr, memrchr};
use regex_automata::Input;

use super::placeholder::is_placeholder;
use super::{Rule, Secrets, WINDOW};
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
}

/// A match before overlaps are settled.
#[derive(Debug)]
struct Match {
    rule: usize,
    span: Range<usize>,
    placeholder: bool,
}

/// Where a rule has looked already.
#[derive(Debug, Clone, Default)]
struct Seen(Range<usize>);

impl Secrets {
    /// The credentials in `text`, in its order, none inside another.
    #[must_use]
    pub fn scan(&self, text: &str) -> Vec<SecretHit> {
        let Some(finder) = self.finder() else {
            return Vec::new();
        };
        let bytes = text.as_bytes();
        let mut matches = Vec::new();
        let mut seen = vec![Seen::default(); self.rules.len()];
        for keyword in finder.find_overlapping_iter(bytes) {
            let rules =
                self.keywords.get(keyword.pattern().as_usize()).map(|(_, rules)| rules.as_slice()).unwrap_or_default();
            for &at in rules {
                let (Some(rule), Some(seen)) = (self.rules.get(at), seen.get_mut(at)) else {
                    continue;
                };
                if seen.0.contains(&keyword.start()) && keyword.end() <= seen.0.end {
                    continue;
                }
                let window = rule.window(bytes, keyword.start(), keyword.end());
                rule.matches(at, text, window.clone(), &mut matches);
                seen.0 = window;
            }
        }
        self.settled(matches).into_iter().filter_map(|hit| self.hit(text, hit)).collect()
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
        Some(SecretHit {
            rule: rule.spec.id.clone(),
            title: rule.spec.title.clone(),
            class: rule.class.clone(),
            shape: mask(text.get(hit.span.clone()).unwrap_or_default()),
            span: hit.span,
            placeholder: hit.placeholder,
        })
    }
}

impl Rule {
    /// The line around a keyword, or more for patterns that go over lines, cut at [`WINDOW`] bytes
    /// on either side.
    fn window(&self, bytes: &[u8], start: usize, end: usize) -> Range<usize> {
        let first = start.saturating_sub(WINDOW);
        let last = end.saturating_add(if self.over_lines { 4 * WINDOW } else { WINDOW }).min(bytes.len());
        let before =
            bytes.get(first..start).and_then(|before| memrchr(b'\n', before)).map_or(first, |at| first + at + 1);
        if self.over_lines {
            return before..last;
        }
        let after = bytes.get(end..last).and_then(|after| memchr(b'\n', after)).map_or(last, |at| end + at);
        before..after
    }

    fn matches(&self, at: usize, text: &str, window: Range<usize>, matches: &mut Vec<Match>) {
        let Some(regex) = self.regex() else { return };
        let mut captures = regex.create_captures();
        let mut from = window.start;
        while from < window.end {
            regex.search_captures(&Input::new(text.as_bytes()).range(from..window.end), &mut captures);
            let Some(whole) = captures.get_match().map(|found| found.range()) else {
                return;
            };
            let span = captures.get_group_by_name("secret").map_or(whole.clone(), |group| group.range());
            let secret = text.get(span.clone()).filter(|secret| !secret.is_empty());
            if let Some(placeholder) = secret.and_then(|secret| self.judge(secret)) {
                matches.push(Match { rule: at, span: span.clone(), placeholder });
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
        !self.spec.ignore_case && !self.is_generic() && self.spec.class() != "credential.password"
    }

    fn is_generic(&self) -> bool {
        self.spec.id.contains("generic")
    }

    /// Greater is more specific.
    fn specificity(&self) -> (bool, bool, bool, usize) {
        let longest = self.spec.keywords.iter().map(String::len).max().unwrap_or(0);
        (!self.is_generic(), self.check.is_some(), !self.spec.ignore_case, longest)
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
