//! Versions, and which ones of a provider a configuration admits.

use std::cmp::Ordering;

use super::condition::Truth;
use aedile_model::Unknown;

/// A dotted version; what follows the numbers (`-beta1`) does not count.
pub(crate) type Version = Vec<u64>;

/// The numbers at the start of `text`; `None` if it begins with none.
pub(crate) fn version(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches('v');
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let parts: Vec<u64> = text.get(..end)?.split('.').map_while(|part| part.parse().ok()).collect();
    (!parts.is_empty()).then_some(parts)
}

/// Compares part by part; parts that are left out are zero.
pub(crate) fn compare(left: &[u64], right: &[u64]) -> Ordering {
    let at = |version: &[u64], part: usize| version.get(part).copied().unwrap_or(0);
    let parts = 0..left.len().max(right.len());
    parts.map(|part| at(left, part).cmp(&at(right, part))).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The versions that constraints admit.
///
/// Source: developer.hashicorp.com/terraform/language/expressions/version-constraints.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bounds {
    /// The lowest one.
    low: Option<Version>,
    /// The one that all are below, or the highest one if `inclusive`.
    high: Option<Version>,
    inclusive: bool,
}

impl Bounds {
    /// Narrows them by `constraints`: `~> 5.0, != 5.1`.
    pub(crate) fn narrow(&mut self, constraints: &str) {
        for constraint in constraints.split(',') {
            let constraint = constraint.trim();
            let operator =
                constraint.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
            let Some(parts) = constraint.get(operator.len()..).and_then(version) else { continue };
            match operator.trim() {
                "" | "=" => {
                    self.raise(parts.clone());
                    self.lower(parts, true);
                }
                ">=" | ">" => self.raise(parts),
                "<" => self.lower(parts, false),
                "<=" => self.lower(parts, true),
                "~>" => {
                    let mut next = parts.get(..parts.len().saturating_sub(1)).unwrap_or_default().to_vec();
                    if let Some(last) = next.last_mut() {
                        *last = last.saturating_add(1);
                        self.lower(next, false);
                    }
                    self.raise(parts);
                }
                _ => {}
            }
        }
    }

    fn raise(&mut self, to: Version) {
        if self.low.as_ref().is_none_or(|low| compare(low, &to).is_lt()) {
            self.low = Some(to);
        }
    }

    fn lower(&mut self, to: Version, inclusive: bool) {
        if self.high.as_ref().is_none_or(|high| compare(high, &to).is_gt()) {
            self.high = Some(to);
            self.inclusive = inclusive;
        }
    }

    /// Whether all of them are `wanted` or later.
    pub(crate) fn from(&self, wanted: &[u64]) -> Truth {
        if self.low.as_ref().is_some_and(|low| compare(low, wanted).is_ge()) {
            return Truth::True(None);
        }
        let below = |high: &Version| match compare(high, wanted) {
            Ordering::Less => true,
            Ordering::Equal => !self.inclusive,
            Ordering::Greater => false,
        };
        if self.high.as_ref().is_some_and(below) { Truth::False(None) } else { unsaid() }
    }
}

/// That nothing says the provider's version.
pub(crate) fn unsaid() -> Truth {
    let why = "its default depends on the provider's version, which no constraint settles";
    Truth::Unknown(Unknown { expression: "required_providers".to_owned(), why: why.to_owned() }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(constraints: &str, wanted: &[u64]) -> Option<bool> {
        let mut bounds = Bounds::default();
        bounds.narrow(constraints);
        match bounds.from(wanted) {
            Truth::True(_) => Some(true),
            Truth::False(_) => Some(false),
            Truth::Unknown(..) => None,
        }
    }

    #[test]
    fn constraints_settle_a_version_or_do_not() {
        for (constraints, wanted) in [
            ("~> 6.0", Some(true)),
            ("6.2.0", Some(true)),
            (">= 6", Some(true)),
            ("~> 5.92", Some(false)),
            ("~> 5.92.1", Some(false)),
            ("< 6.0", Some(false)),
            ("= 5.1, != 5.0", Some(false)),
            (">= 5.0", None),
            ("<= 6.0", None),
            ("> 4, < 7", None),
            ("", None),
        ] {
            assert_eq!(from(constraints, &[6]), wanted, "{constraints}");
        }
    }

    #[test]
    fn versions_are_compared_part_by_part() {
        assert!(compare(&version("15.4").unwrap(), &version("15").unwrap()).is_ge());
        assert!(compare(&version("8.0.35").unwrap(), &version("8.4").unwrap()).is_lt());
        assert!(compare(&version("10.1").unwrap(), &version("9.6-x").unwrap()).is_gt());
        assert_eq!(version("latest"), None);
    }
}
