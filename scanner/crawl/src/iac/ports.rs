//! Which ports the rules of a firewall open to the world, and which ranges of addresses are the world.

use std::collections::BTreeSet;
use std::net::IpAddr;

use aedile_model::{Place, Unknown, Value};
use aedile_rules::OpenRule;

use super::condition::{Found, Truth, View};
use super::datum::Datum;
use super::path::values;

/// The widest range of which every port is listed; of wider ones the known ports are.
const LISTED: i64 = 16;

/// Protocols without ports: ICMP by name and number.
const PORTLESS: [&str; 6] = ["icmp", "icmpv6", "1", "58", "esp", "ah"];

/// Words for every protocol or port.
const ALL: [&str; 4] = ["-1", "all", "any", "*"];

/// The ports that `rules` open, as a list; unknown if a rule that may open one is.
pub(super) fn opened(view: &View<'_, '_>, rules: &[OpenRule]) -> Found {
    let mut open: BTreeSet<i64> = BTreeSet::new();
    let mut place = None;
    let mut unknown: Option<(Unknown, Option<Place>)> = None;
    for rule in rules {
        for item in view.items(rule.from.as_deref(), rule.path.as_deref()) {
            let inner = view.within(&item);
            match inner.holds(&rule.when) {
                Truth::False(_) => continue,
                Truth::Unknown(why, at) => {
                    unknown.get_or_insert((why, at));
                    continue;
                }
                Truth::True(at) => place = place.or(at).or_else(|| item.place.clone()),
            }
            if let Err(why) = ports(view, rule, &item, &mut open) {
                unknown.get_or_insert((why, item.place.clone()));
            }
        }
    }
    match unknown {
        Some((why, at)) => (Value::Unknown(why), at),
        None => (Value::List(open.into_iter().map(Value::Int).collect()), place),
    }
}

fn ports(view: &View<'_, '_>, rule: &OpenRule, item: &Datum, open: &mut BTreeSet<i64>) -> Result<(), Unknown> {
    let known = || view.unit().rules.ports().map(i64::from);
    let protocols: Vec<Datum> = rule.protocol.iter().flat_map(|path| values(item, path)).collect();
    if let Some(why) = protocols.iter().find_map(Datum::why_unknown) {
        return Err(why.clone());
    }
    let words: Vec<String> = protocols.iter().filter_map(Datum::text).map(|word| word.to_ascii_lowercase()).collect();
    if !words.is_empty() && words.iter().all(|word| PORTLESS.contains(&word.as_str())) {
        return Ok(());
    }
    if words.iter().any(|word| ALL.contains(&word.as_str())) && rule.ranges.is_empty() {
        open.extend(known());
        return Ok(());
    }
    let number = |path: &Option<String>| -> Result<Option<i64>, Unknown> {
        let found = path.iter().flat_map(|path| values(item, path)).next();
        match found {
            Some(datum) => match datum.why_unknown() {
                Some(why) => Err(why.clone()),
                None => Ok(datum.int()),
            },
            None => Ok(None),
        }
    };
    let mut spans: Vec<(i64, i64)> = Vec::new();
    match (number(&rule.first)?, number(&rule.last)?) {
        (Some(first), Some(last)) => spans.push((first, last)),
        (Some(port), None) | (None, Some(port)) => spans.push((port, port)),
        (None, None) => {}
    }
    for range in rule.ranges.iter().flat_map(|path| values(item, path)) {
        if let Some(why) = range.why_unknown() {
            return Err(why.clone());
        }
        spans.extend(range.text().and_then(|text: String| span(&text)));
    }
    if spans.is_empty() {
        open.extend(known());
    }
    for (first, last) in spans {
        if first < 0 || (first, last) == (0, 0) {
            open.extend(known());
        } else if last.saturating_sub(first) < LISTED {
            open.extend(first..=last);
        } else {
            open.extend(known().filter(|port| (first..=last).contains(port)));
        }
    }
    Ok(())
}

/// `22`, `8000-9000` or `*` as first and last port.
fn span(text: &str) -> Option<(i64, i64)> {
    let text = text.trim();
    if ALL.contains(&text.to_ascii_lowercase().as_str()) {
        return Some((0, 65535));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

/// Whether `range` lets in the world: a range of more than a two hundred fifty-sixth of all addresses that is not
/// private, or a provider's word for it.
pub(super) fn is_world(range: &str) -> bool {
    let range = range.trim();
    if ["*", "any", "internet", "0.0.0.0"].contains(&range.to_ascii_lowercase().as_str()) {
        return true;
    }
    let Some((address, length)) = range.split_once('/') else { return false };
    let (Ok(address), Ok(length)) = (address.parse::<IpAddr>(), length.parse::<u8>()) else { return false };
    match address {
        IpAddr::V4(address) => length < 8 && !address.is_private(),
        // Unique local addresses begin with fc or fd.
        IpAddr::V6(address) => length < 16 && address.segments()[0] >> 9 != 0x7e,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_public_ranges_are_the_world() {
        for range in ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "2000::/3", "Internet", "*"] {
            assert!(is_world(range), "{range}");
        }
        for range in ["10.0.0.0/8", "172.16.0.0/12", "203.0.113.0/24", "8.0.0.0/8", "fc00::/7", "2001:db8::/32", "x"] {
            assert!(!is_world(range), "{range}");
        }
    }

    #[test]
    fn ranges_are_read() {
        assert_eq!(span("22"), Some((22, 22)));
        assert_eq!(span("8000-9000"), Some((8000, 9000)));
        assert_eq!(span("*"), Some((0, 65535)));
        assert_eq!(span("http"), None);
    }
}
