//! Conditions and readers of packs, applied to a resource and its companions: true, false or unknown.

use std::collections::BTreeMap;

use aedile_model::{Place, Unknown, Value};
use aedile_rules::{Condition, Literal, PolicyTest, Reader, Reading, ResourceType};

use super::datum::{Datum, Kind};
use super::kubernetes::pod;
use super::path::values;
use super::resource::{Joined, Resource, Unit};
use super::{credential, name, policy, ports, region, selection, version};

/// Whether something holds, and where that is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Truth {
    True(Option<Place>),
    False(Option<Place>),
    Unknown(Unknown, Option<Place>),
}

/// A resource with its companions, and a body that paths begin in: its own, or a part that a condition looks at.
#[derive(Clone, Copy)]
pub(crate) struct View<'v, 'a> {
    pub(crate) around: &'v Around<'v, 'a>,
    pub(crate) body: &'v Datum,
}

/// A resource and its companions.
pub(crate) struct Around<'u, 'a> {
    pub(crate) unit: &'u Unit<'a>,
    pub(crate) at: usize,
    pub(crate) companions: BTreeMap<&'a str, Joined>,
}

impl<'u, 'a> Around<'u, 'a> {
    /// The resource at `at` of `unit` with all companions that its type names.
    pub(crate) fn new(unit: &'u Unit<'a>, at: usize, rule: &'a ResourceType) -> Around<'u, 'a> {
        Around { unit, at, companions: unit.companions(at, rule) }
    }
}

/// A value that a reader found and where.
pub(crate) type Found = (Value, Option<Place>);

/// The path of the region that a companion stands in, wherever that is said.
const REGION: &str = "@region";

/// How deep types may read attributes of each other.
const DEPTH: usize = 32;

impl<'v, 'a> View<'v, 'a> {
    pub(super) fn unit(&self) -> &'v Unit<'a> {
        self.around.unit
    }

    /// The same resource, paths beginning in `body`.
    pub(super) fn within<'w>(&self, body: &'w Datum) -> View<'w, 'a>
    where
        'v: 'w,
    {
        View { around: self.around, body }
    }

    fn joined(&self, from: &str) -> Option<&'v Joined> {
        self.around.companions.get(from)
    }

    fn bodies(&self, from: &str) -> Vec<&'v Datum> {
        let joined = self.joined(from).map(|joined| joined.at.as_slice()).unwrap_or_default();
        joined.iter().filter_map(|&at| self.unit().resource(at)).map(Resource::seen).collect()
    }

    /// What stands at `path` of the companions `from`, or of this resource; without a path, the bodies themselves.
    /// Companions that are not in the sources are an unknown.
    pub(super) fn items(&self, from: Option<&str>, path: Option<&str>) -> Vec<Datum> {
        let inside = |body: &Datum| path.map_or_else(|| vec![body.clone()], |path| values(body, path));
        let Some(from) = from else { return inside(self.body) };
        let missing = self.joined(from).and_then(|joined| joined.missing.clone());
        if path == Some(REGION) {
            let joined = self.joined(from).map(|joined| joined.at.as_slice()).unwrap_or_default();
            let regions = joined.iter().filter_map(|&at| self.unit().resource(at)).map(region::of);
            return regions.chain(missing).collect();
        }
        self.bodies(from).into_iter().flat_map(inside).chain(missing).collect()
    }

    /// The attribute `name` of the companions `from`, as their types read it.
    fn attributes(&self, from: &str, name: &str) -> Vec<Datum> {
        let Some(joined) = self.joined(from) else { return Vec::new() };
        let read = joined.at.iter().filter_map(|&at| {
            // Of one that may not be there nothing is known.
            let doubt = self.unit().resource(at).and_then(|resource| resource.doubt.clone());
            doubt.or_else(|| attribute(self.unit(), at, name).map(|(value, place)| Datum::from_value(&value).at(place)))
        });
        read.chain(joined.missing.clone()).collect()
    }

    /// The attribute's value by the first of `readers` that decides.
    pub(crate) fn read(&self, readers: &[Reader]) -> Option<Found> {
        for (at, reader) in readers.iter().enumerate() {
            if !reader.opens.is_empty() {
                return Some(ports::opened(self, &reader.opens));
            }
            let when = reader.when.as_ref().map(|condition| self.holds(condition));
            let found = match (when, &reader.is) {
                (Some(Truth::False(_)), _) => continue,
                (Some(Truth::True(_)), None) if reader.absent => return None,
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
            let there = reader.path.as_ref().map(|path| self.items(reader.from.as_deref(), Some(path)));
            let first = there.as_ref().map(|found| found.iter().find(|datum| !is_blank(datum)));
            return match (first, &reader.path) {
                (Some(None), _) => None,
                (Some(Some(datum)), path) => {
                    Some((Value::unknown(path.clone().unwrap_or_default(), why), datum.place.clone()))
                }
                (None, _) => Some((Value::unknown("default", why), None)),
            };
        }
        let found = match (&reader.path, &reader.attribute, reader.from.as_deref()) {
            (None, Some(attribute), Some(from)) => self.attributes(from, attribute),
            (Some(path), _, from) => self.items(from, Some(path)),
            _ => return reader.default.as_ref().map(|default| (default.into(), None)),
        };
        match reader.reading {
            Reading::Least => return least(&found),
            Reading::List => return listed(found.iter().filter(|datum| !is_blank(datum)).map(Datum::value), &found),
            Reading::Regions => return listed(region::regions(self.unit(), &found).into_iter(), &found),
            Reading::Pinned => return pinned(&found),
            Reading::Secrets => return decided(credential::in_settings(&found), &found),
            Reading::Secret => {
                let password = found.iter().find(|datum| credential::is_written_out(datum));
                let first = password.or(found.iter().find(|datum| !is_blank(datum)))?;
                return Some((Value::Bool(password.is_some()), first.place.clone()));
            }
            _ => {}
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
            Reading::Given
            | Reading::OwnKey
            | Reading::Least
            | Reading::SecretsIn
            | Reading::Literal
            | Reading::List
            | Reading::Regions
            | Reading::Pinned
            | Reading::Secret
            | Reading::Secrets => return None,
        };
        Some((value, place))
    }

    /// Whether all versions of the provider that are admitted are `wanted` or later.
    fn provider_from(&self, wanted: &str) -> Truth {
        let provider = self.unit().resource(self.around.at).and_then(|resource| resource.provider.as_ref());
        let wanted = version::version(wanted).unwrap_or_default();
        provider.map_or_else(version::unsaid, |bounds| bounds.from(&wanted))
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
        if let Some(wanted) = &condition.provider_from {
            return self.provider_from(wanted);
        }
        if let Some(wanted) = &condition.provider_pinned_from {
            let pinned = self.provider_from(wanted);
            return if matches!(pinned, Truth::Unknown(..)) { Truth::False(None) } else { pinned };
        }
        let from = condition.from.as_deref();
        if let (Some(wanted), Some(joined)) = (condition.complete, from.and_then(|from| self.joined(from))) {
            let complete = !joined.at.is_empty() && joined.missing.is_none() && !joined.bare;
            return if complete == wanted { Truth::True(None) } else { Truth::False(None) };
        }
        if let (Some(selects), Some(from)) = (&condition.selects, from) {
            return any(self.bodies(from).into_iter().map(|body| selection::selects(self, selects, body)));
        }
        let asked = condition.path.is_some() || condition.attribute.is_some() || condition.each.is_some();
        if !asked {
            let first = from.and_then(|from| self.bodies(from).into_iter().next());
            return first.map_or(Truth::False(None), given);
        }
        let items = match (from, &condition.attribute) {
            (Some(from), Some(attribute)) => self.attributes(from, attribute),
            _ => self.items(from, condition.path.as_deref()),
        };
        let found: Vec<Datum> = items.into_iter().filter(|datum| !is_blank(datum)).collect();
        if let Some(inner) = &condition.each {
            let tested = found.iter().map(|datum| self.asked(inner, datum));
            return quantified(condition, &found, tested);
        }
        if condition.exists == Some(false) {
            return match any(found.iter().map(given)) {
                Truth::True(place) => Truth::False(place),
                Truth::False(place) => Truth::True(place),
                unknown => unknown,
            };
        }
        let tested = found.iter().map(|datum| self.test(condition, datum));
        quantified(condition, &found, tested)
    }

    /// Whether `condition` holds of an item; of an unknown one nobody knows. A truth is placed where the item is.
    fn asked(&self, condition: &Condition, item: &Datum) -> Truth {
        if let Kind::Unknown(why) | Kind::Fault(why) = &item.kind {
            return Truth::Unknown(why.clone(), item.place.clone());
        }
        match self.within(item).holds(condition) {
            Truth::True(place) => Truth::True(place.or_else(|| item.place.clone())),
            other => other,
        }
    }

    fn test(&self, condition: &Condition, datum: &Datum) -> Truth {
        if let Some(template) = &condition.covers {
            return self.covers(template, datum);
        }
        if condition.refers.is_empty() {
            return test(condition, datum);
        }
        let place = datum.place.clone();
        let referred = self.unit().referred(datum);
        let of_type = |&at: &usize| condition.refers.iter().any(|name| name == self.unit().type_of(at));
        if referred.iter().any(of_type) {
            return Truth::True(place);
        }
        match datum.why_unknown() {
            Some(why) if referred.is_empty() && datum.of.is_none() => Truth::Unknown(why.clone(), place),
            _ => Truth::False(place),
        }
    }
}

impl View<'_, '_> {
    /// Whether the pattern `datum` takes in what `template` is for this resource.
    fn covers(&self, template: &str, datum: &Datum) -> Truth {
        let place = datum.place.clone();
        let own = self.unit().resource(self.around.at).and_then(|resource| {
            name::fill(template, |path| values(&resource.body, path).iter().find_map(Datum::holed))
        });
        match (datum.holed(), own) {
            (Some(pattern), Some(own)) if policy::overlap(&pattern, &own) => Truth::True(place),
            (Some(_), Some(own)) => match datum.why_unknown() {
                Some(why) if own != template => Truth::Unknown(why.clone(), place),
                _ => Truth::False(place),
            },
            _ => match datum.why_unknown() {
                Some(why) => Truth::Unknown(why.clone(), place),
                None => Truth::False(place),
            },
        }
    }
}

/// The attribute `name` of the resource at `at`, as its type reads it; kept for the next who asks.
fn attribute(unit: &Unit<'_>, at: usize, name: &str) -> Option<Found> {
    let key = (at, name.to_owned());
    if let Some(found) = unit.read.borrow().get(&key) {
        return found.clone();
    }
    let resource = unit.resource(at)?;
    let rule = unit.rule(resource)?;
    let readers = rule.attributes.get(name)?;
    let circle = Value::unknown(name, "types read it of each other");
    let nested = unit.depth.get();
    if nested >= DEPTH {
        return Some((circle, None));
    }
    unit.read.borrow_mut().insert(key.clone(), Some((circle, None)));
    unit.depth.set(nested + 1);
    let around = Around::new(unit, at, rule);
    let found = View { around: &around, body: &resource.body }.read(readers);
    unit.depth.set(nested);
    unit.read.borrow_mut().insert(key, found.clone());
    found
}

fn quantified(condition: &Condition, found: &[Datum], tested: impl Iterator<Item = Truth>) -> Truth {
    match (condition.every, found.is_empty()) {
        (true, true) => Truth::False(None),
        (true, false) => all(tested),
        (false, _) => any(tested),
    }
}

fn test(condition: &Condition, datum: &Datum) -> Truth {
    let place = datum.place.clone();
    if condition.exists == Some(true) {
        return given(datum);
    }
    if let Some(question) = condition.policy {
        return policy_test(question, datum);
    }
    if let Some(why) = datum.why_unknown() {
        // A text with holes is known to begin or to hold what its known parts do.
        let holed = datum.holed().unwrap_or_default();
        if let Some(end) = &condition.ends_with {
            let tail = after_holes(&holed);
            if tail.len() >= end.len() || !end.ends_with(tail) {
                return if tail.ends_with(end.as_str()) { Truth::True(place) } else { Truth::False(place) };
            }
        }
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
    let holds = if condition.world.is_some() {
        text.is_some_and(|text| ports::is_world(&text)) == (condition.world == Some(true))
    } else if let Some(wanted) = &condition.version_from {
        let (wanted, own) = (version::version(wanted), text.as_deref().and_then(version::version));
        own.is_some_and(|own| version::compare(&own, &wanted.unwrap_or_default()).is_ge())
    } else if let Some(end) = &condition.ends_with {
        text.is_some_and(|text| text.ends_with(end.as_str()))
    } else if let Some(wanted) = &condition.equals {
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
        PolicyTest::AllowsAnyone => policy::allows_anyone(&statements),
        PolicyTest::RequiresTls => any(statements.iter().map(policy::Statement::requires_tls)),
        PolicyTest::RequiresTls12 => any(statements.iter().map(policy::Statement::requires_tls_12)),
        PolicyTest::AllowsEverything => any(statements.iter().map(policy::Statement::allows_everything)),
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

/// The text after the last hole.
fn after_holes(text: &str) -> &str {
    text.rsplit_once('}').map_or(text, |(_, after)| after)
}

fn decided(truth: Truth, found: &[Datum]) -> Option<Found> {
    if found.iter().all(is_blank) {
        return None;
    }
    Some(match truth {
        Truth::True(place) => (Value::Bool(true), place),
        Truth::False(place) => (Value::Bool(false), place),
        Truth::Unknown(why, place) => (Value::Unknown(why), place),
    })
}

/// Values as a list; one that is not known makes it unknown.
fn listed(values: impl Iterator<Item = Value>, found: &[Datum]) -> Option<Found> {
    let mut list: Vec<Value> = Vec::new();
    for value in values {
        if matches!(value, Value::Unknown(_)) {
            return Some((value, found.first().and_then(|datum| datum.place.clone())));
        }
        if !list.contains(&value) {
            list.push(value);
        }
    }
    (!list.is_empty()).then(|| (Value::List(list), found.first().and_then(|datum| datum.place.clone())))
}

/// Whether all images are named by digest. One whose tag is written out is not, whatever its repository.
fn pinned(images: &[Datum]) -> Option<Found> {
    let mut result: Option<Found> = None;
    for image in images.iter().filter(|image| !is_blank(image)) {
        let place = image.place.clone();
        let text = image.holed().unwrap_or_default();
        if text.contains("@sha256:") || text.contains("@{") {
            result.get_or_insert((Value::Bool(true), place));
            continue;
        }
        match image.why_unknown() {
            Some(why) if !after_holes(&text).starts_with(':') => {
                result = Some((Value::Unknown(why.clone()), place));
            }
            _ => return Some((Value::Bool(false), place)),
        }
    }
    result
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
