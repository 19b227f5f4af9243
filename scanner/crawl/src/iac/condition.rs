//! Conditions and readers of packs, applied to a resource and its companions: true, false or unknown.

use std::collections::BTreeMap;

use aedile_model::{Place, Unknown, Value};
use aedile_rules::{Condition, Literal, PolicyTest, Reader, Reading};

use super::datum::{Datum, Kind};
use super::kubernetes::pod;
use super::path::values;
use super::policy;

/// Whether something holds, and where that is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Truth {
    True(Option<Place>),
    False(Option<Place>),
    Unknown(Unknown, Option<Place>),
}

/// A resource's body and those of its companions.
pub(crate) struct View<'a> {
    pub(crate) body: &'a Datum,
    pub(crate) companions: BTreeMap<&'a str, Vec<&'a Datum>>,
}

/// A value that a reader found and where.
pub(crate) type Found = (Value, Option<Place>);

impl View<'_> {
    fn values(&self, from: Option<&str>, path: &str) -> Vec<Datum> {
        match from {
            None => values(self.body, path),
            Some(companion) => {
                self.companions.get(companion).into_iter().flatten().flat_map(|body| values(body, path)).collect()
            }
        }
    }

    /// The attribute's value by the first of `readers` that decides.
    pub(crate) fn read(&self, readers: &[Reader]) -> Option<Found> {
        for (at, reader) in readers.iter().enumerate() {
            let when = reader.when.as_ref().map(|condition| self.holds(condition));
            let found = match (when, &reader.is) {
                (Some(Truth::False(_)), _) => continue,
                (Some(Truth::True(place)), Some(is)) => return Some((is.into(), place)),
                (Some(Truth::Unknown(why, place)), is) => {
                    // The same value either way is a known value.
                    let rest = self.read(readers.get(at + 1..).unwrap_or_default());
                    if let (Some(is), Some((value, _))) = (is, &rest)
                        && Value::from(is) == *value
                    {
                        return rest;
                    }
                    return Some((Value::Unknown(why), place));
                }
                (Some(Truth::True(_)) | None, None) => self.reading(reader),
                (None, Some(_)) => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn reading(&self, reader: &Reader) -> Option<Found> {
        if let Some(why) = &reader.unknown {
            let there = reader.path.as_ref().map(|path| self.values(reader.from.as_deref(), path));
            let first = there.as_ref().map(|found| found.iter().find(|datum| !is_blank(datum)));
            return match (first, &reader.path) {
                (Some(None), _) => None,
                (Some(Some(datum)), path) => {
                    Some((Value::unknown(path.clone().unwrap_or_default(), why), datum.place.clone()))
                }
                (None, _) => Some((Value::unknown("default", why), None)),
            };
        }
        let Some(path) = &reader.path else {
            return reader.default.as_ref().map(|default| (default.into(), None));
        };
        let found = self.values(reader.from.as_deref(), path);
        if reader.reading == Reading::Least {
            return least(&found);
        }
        let datum = found.iter().find(|datum| !is_blank(datum))?;
        let place = datum.place.clone();
        if reader.reading == Reading::SecretsIn {
            let secret = found.iter().find_map(secret_in);
            return Some((Value::Bool(secret.is_some()), secret.flatten()));
        }
        if reader.reading == Reading::Literal {
            return Some((Value::Bool(datum.text().is_some()), place));
        }
        if matches!(reader.reading, Reading::Given | Reading::OwnKey) {
            let providers = |text: String| text.contains("alias/aws/");
            let own = reader.reading == Reading::Given || !datum.holed().is_some_and(providers);
            return Some(match &datum.kind {
                Kind::Unknown(why) | Kind::Fault(why) => (Value::Unknown(why.clone()), place),
                _ => (Value::Bool(own), place),
            });
        }
        if let Some(why) = datum.why_unknown() {
            return Some((Value::Unknown(why.clone()), place));
        }
        let text = datum.text();
        if !reader.map.is_empty() {
            let word = text?;
            let mapped = reader.map.iter().find(|(key, _)| key.eq_ignore_ascii_case(&word)).map(|(_, value)| value);
            return mapped.map(|value| (value.into(), place));
        }
        let value = match reader.reading {
            Reading::Value => datum.value(),
            Reading::Bool => Value::Bool(datum.bool()?),
            Reading::Not => Value::Bool(!datum.bool()?),
            Reading::Int => Value::Int(datum.int()?),
            Reading::Lower => Value::Text(text?.to_lowercase()),
            Reading::Minutes => Value::Int(rounded_up(seconds(&text?)?, 60)),
            Reading::Days => Value::Int(rounded_up(datum.int()?, 86_400_000)),
            Reading::DaysOfSeconds => Value::Int(rounded_up(seconds(&text?)?, 86_400)),
            Reading::HoursDays => Value::Int(rounded_up(datum.int()?, 24)),
            Reading::DurationMinutes => Value::Int(rounded_up(duration(&text?)?, 60)),
            Reading::DurationDays => Value::Int(rounded_up(duration(&text?)?, 86_400)),
            Reading::Squeezed => {
                Value::Text(text?.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase())
            }
            Reading::Given | Reading::Least | Reading::Literal | Reading::OwnKey | Reading::SecretsIn => return None,
        };
        Some((value, place))
    }

    /// Whether `condition` holds.
    pub(crate) fn holds(&self, condition: &Condition) -> Truth {
        if !condition.all.is_empty() {
            return all(condition.all.iter().map(|inner| self.holds(inner)));
        }
        if !condition.any.is_empty() {
            return any(condition.any.iter().map(|inner| self.holds(inner)));
        }
        if let Some(inner) = &condition.not {
            return match self.holds(inner) {
                Truth::True(place) => Truth::False(place),
                Truth::False(place) => Truth::True(place),
                unknown => unknown,
            };
        }
        let from = condition.from.as_deref();
        let Some(path) = &condition.path else {
            if let (Some(item), Some(from)) = (&condition.item, from) {
                let bodies = self.companions.get(from).into_iter().flatten();
                let tested: Vec<Truth> = bodies.map(|body| inside(item, body)).collect();
                return many(condition.every, tested);
            }
            let there = from.and_then(|from| self.companions.get(from)).and_then(|bodies| bodies.first());
            return there.map_or(Truth::False(None), |body| given(body));
        };
        let found: Vec<Datum> = self.values(from, path).into_iter().filter(|datum| !is_blank(datum)).collect();
        if condition.exists == Some(false) {
            return match any(found.iter().map(given)) {
                Truth::True(place) => Truth::False(place),
                Truth::False(place) => Truth::True(place),
                unknown => unknown,
            };
        }
        many(condition.every, found.iter().map(|datum| test(condition, datum)).collect())
    }
}

/// All of `tested`, of which there must be one, or any.
fn many(every: bool, tested: Vec<Truth>) -> Truth {
    match (every, tested.is_empty()) {
        (true, true) => Truth::False(None),
        (true, false) => all(tested.into_iter()),
        (false, _) => any(tested.into_iter()),
    }
}

/// Whether `condition` holds of `datum` alone.
fn inside(condition: &Condition, datum: &Datum) -> Truth {
    let truth = View { body: datum, companions: BTreeMap::new() }.holds(condition);
    match truth {
        Truth::True(None) => Truth::True(datum.place.clone()),
        truth => truth,
    }
}

fn test(condition: &Condition, datum: &Datum) -> Truth {
    let place = datum.place.clone();
    if let Some(item) = &condition.item {
        return inside(item, datum);
    }
    if condition.exists == Some(true) {
        return given(datum);
    }
    if let Some(question) = condition.policy {
        return policy_test(question, datum);
    }
    if let Some(why) = datum.why_unknown() {
        // A text with holes is known to begin or to hold what its known parts do.
        let holed = datum.holed().unwrap_or_default();
        let known = condition.starts_with.as_ref().is_some_and(|start| holed.starts_with(start.as_str()))
            || condition.contains.as_ref().is_some_and(|part| holed.to_lowercase().contains(&part.to_lowercase()));
        return if known { Truth::True(place) } else { Truth::Unknown(why.clone(), place) };
    }
    let text = datum.text();
    let is = |literal: &Literal| match literal {
        Literal::Bool(truth) => datum.bool() == Some(*truth),
        Literal::Int(number) => datum.int() == Some(*number),
        Literal::Text(wanted) => text.as_ref() == Some(wanted),
    };
    let holds = if let Some(wanted) = &condition.equals {
        is(wanted)
    } else if !condition.one_of.is_empty() {
        condition.one_of.iter().any(is)
    } else if let Some(start) = &condition.starts_with {
        text.is_some_and(|text| text.starts_with(start.as_str()))
    } else if let Some(part) = &condition.contains {
        text.is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase()))
    } else if let Some(least) = condition.at_least {
        datum.int().is_some_and(|number| number >= least)
    } else if let Some(most) = condition.at_most {
        datum.int().is_some_and(|number| number <= most)
    } else {
        return given(datum);
    };
    if holds { Truth::True(place) } else { Truth::False(place) }
}

fn policy_test(question: PolicyTest, datum: &Datum) -> Truth {
    let place = datum.place.clone();
    let statements = match policy::statements(datum) {
        Ok(statements) => statements,
        Err(why) => return Truth::Unknown(why, place),
    };
    match question {
        PolicyTest::AllowsAnyone => any(statements.iter().map(policy::Statement::allows_anyone)),
        PolicyTest::RequiresTls => any(statements.iter().map(policy::Statement::requires_tls)),
    }
}

fn given(datum: &Datum) -> Truth {
    match &datum.kind {
        Kind::Unknown(why) | Kind::Fault(why) => Truth::Unknown(why.clone(), datum.place.clone()),
        _ => Truth::True(datum.place.clone()),
    }
}

/// An empty text is what providers take for "not given".
fn is_blank(datum: &Datum) -> bool {
    datum.is_null() || matches!(&datum.kind, Kind::Text(text) if text.is_empty())
}

/// True if any is true, else unknown if any is, else false.
pub(crate) fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut result = Truth::False(None);
    for truth in truths {
        match (truth, &result) {
            (truth @ Truth::True(_), _) => return truth,
            (truth @ Truth::Unknown(..), Truth::False(_)) => result = truth,
            (truth @ Truth::False(Some(_)), Truth::False(None)) => result = truth,
            _ => {}
        }
    }
    result
}

/// False if any is false, else unknown if any is, else true.
pub(crate) fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut result = Truth::True(None);
    for truth in truths {
        match (truth, &result) {
            (truth @ Truth::False(_), _) => return truth,
            (truth @ Truth::Unknown(..), Truth::True(_)) => result = truth,
            (truth @ Truth::True(Some(_)), Truth::True(None)) => result = truth,
            _ => {}
        }
    }
    result
}

/// Where a credential is written out among the settings of `datum`: a map, or a list of names with values. A
/// reference to a store of secrets (`{{secrets/…}}`, `${…}`) and what the configuration does not know are none.
fn secret_in(datum: &Datum) -> Option<Option<Place>> {
    let literal = |name: &str, value: &Datum| match &value.decoded().kind {
        Kind::Text(text) if !text.starts_with("{{") && !text.starts_with("${") => pod::is_credential(name, text),
        _ => false,
    };
    match &datum.decoded().kind {
        Kind::Map(map) => match (map.members.get("name").and_then(Datum::text), map.members.get("value")) {
            (Some(name), Some(value)) => literal(&name, value).then(|| value.place.clone()),
            _ => map.members.iter().find(|(name, value)| literal(name, value)).map(|(_, value)| value.place.clone()),
        },
        Kind::List(items) => items.iter().find_map(secret_in),
        _ => None,
    }
}

fn least(found: &[Datum]) -> Option<Found> {
    let mut best: Option<(i64, Option<Place>)> = None;
    for datum in found.iter().filter(|datum| !is_blank(datum)) {
        if let Some(why) = datum.why_unknown() {
            return Some((Value::Unknown(why.clone()), datum.place.clone()));
        }
        if let Some(number) = datum.int()
            && best.as_ref().is_none_or(|(held, _)| number < *held)
        {
            best = Some((number, datum.place.clone()));
        }
    }
    best.map(|(number, place)| (Value::Int(number), place))
}

fn seconds(text: &str) -> Option<i64> {
    let text = text.strip_suffix('s').unwrap_or(text);
    text.split('.').next()?.parse().ok()
}

/// Seconds of an ISO 8601 duration (`P1DT12H`), or of `hh:mm:ss`.
fn duration(text: &str) -> Option<i64> {
    let Some(rest) = text.strip_prefix('P') else {
        let parts: Vec<i64> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let [hours, minutes, seconds] = parts.as_slice() else { return None };
        return hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(*seconds);
    };
    let (mut total, mut number, mut in_time) = (0_i64, String::new(), false);
    for c in rest.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        if c == 'T' {
            in_time = true;
            continue;
        }
        let unit = match (c, in_time) {
            ('Y', false) => 365 * 86_400,
            ('M', false) => 30 * 86_400,
            ('W', false) => 7 * 86_400,
            ('D', false) => 86_400,
            ('H', true) => 3600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    number.is_empty().then_some(total)
}

fn rounded_up(amount: i64, unit: i64) -> i64 {
    amount.saturating_add(unit - 1).checked_div(unit).unwrap_or(0)
}
