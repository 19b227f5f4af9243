//! Grants by tags: on whatever of the configuration carries the tags that an expression asks for.
//!
//! What stands in a container has the container's tags, unless it has another value of the same key itself.
//! Source: docs.aws.amazon.com/lake-formation/latest/dg/tag-based-access-control.html.

use std::collections::BTreeMap;

use aedile_model::{AssetKind, Columns, Flow, GapKind, Protection};
use aedile_rules::{Tagged, Tagging};

use super::Grants;
use crate::Ref;
use crate::iac::condition::{Truth, View};
use crate::iac::datum::Datum;
use crate::iac::links::sides;
use crate::iac::path::{texts, values};
use crate::iac::resource::Unit;

/// What a grant is on, and how much of it.
pub(super) struct Part {
    pub(super) side: Ref,
    /// Whether it is on all that stands in it, also what comes later.
    pub(super) wildcard: bool,
    /// The columns that it is limited to, or leaves out.
    pub(super) flow: Option<Flow>,
}

/// Values by key; `None` for one that is not known.
type Tags = BTreeMap<String, Option<String>>;

/// Something that can carry tags.
struct Carrier {
    side: Ref,
    is_container: bool,
    within: Option<Ref>,
    tags: Tags,
    /// Tags of all that stands in it, whatever its own.
    of_contents: Tags,
    columns: BTreeMap<String, Tags>,
}

impl Grants<'_, '_> {
    /// What the grant of `view` is on.
    pub(super) fn by_tags(&mut self, view: View<'_, '_>, tagged: &Tagged) -> Vec<Part> {
        let place = view.body.place.clone();
        let asked: Vec<(String, Tags)> = values(view.body, &tagged.expression)
            .iter()
            .map(|item| {
                let key = texts(item, &tagged.key).into_iter().next().unwrap_or_default().to_lowercase();
                let values = values(item, &tagged.values);
                (key, values.iter().map(|value| (value.holed().unwrap_or_default(), lower(value))).collect())
            })
            .collect();
        if asked.is_empty() || asked.iter().any(|(key, _)| key.is_empty()) {
            let message = "which tags a grant asks for is not known".to_owned();
            self.gap(place.as_ref(), GapKind::Unresolved, message);
            return Vec::new();
        }
        let carriers = carriers(self.unit, tagged);
        let on_containers = matches!(view.holds(&tagged.on_containers), Truth::True(_));
        let (found, doubtful) = chosen(&carriers, &asked, on_containers);
        if doubtful {
            let message = "what carries the tags of a grant is not known: a value is not in the sources".to_owned();
            self.gap(place.as_ref(), GapKind::Unresolved, message);
        } else if found.is_empty() {
            let message = "nothing in the sources carries the tags of this grant".to_owned();
            self.gap(place.as_ref(), GapKind::Unresolved, message);
        }
        found
    }
}

/// The carriers that have what is `asked`, and whether it is not known of one.
fn chosen(carriers: &[Carrier], asked: &[(String, Tags)], on_containers: bool) -> (Vec<Part>, bool) {
    let (mut found, mut doubtful) = (Vec::new(), false);
    let mut fits = |tags: &Tags| {
        let fits = fitting(asked, tags);
        doubtful |= fits.is_none();
        fits == Some(true)
    };
    if on_containers {
        let fitting = carriers.iter().filter(|carrier| carrier.is_container && fits(&carrier.tags));
        found.extend(fitting.map(|carrier| Part { side: carrier.side.clone(), wildcard: false, flow: None }));
        return (found, doubtful);
    }
    let container = |side: &Option<Ref>| {
        carriers.iter().find(|carrier| carrier.is_container && Some(&carrier.side) == side.as_ref())
    };
    let mut whole: Vec<&Ref> = Vec::new();
    for carrier in carriers.iter().filter(|carrier| carrier.is_container) {
        // Where something in it has a value of its own, what fits is named one by one.
        let own = |inner: &Carrier| {
            let mut tags = inner.tags.keys().chain(inner.columns.values().flat_map(BTreeMap::keys));
            tags.any(|tag| asked.iter().any(|(key, _)| key == tag))
        };
        let apart = carriers.iter().any(|inner| inner.within.as_ref() == Some(&carrier.side) && own(inner));
        if !apart && fits(&over(&carrier.tags, &carrier.of_contents)) {
            whole.push(&carrier.side);
            found.push(Part { side: carrier.side.clone(), wildcard: true, flow: None });
        }
    }
    for carrier in carriers.iter().filter(|carrier| !carrier.is_container) {
        if carrier.within.as_ref().is_some_and(|within| whole.contains(&within)) {
            continue;
        }
        let above = container(&carrier.within).map(|above| over(&above.tags, &above.of_contents)).unwrap_or_default();
        let own = over(&above, &carrier.tags);
        let columns = carrier.columns.iter().map(|(name, tags)| (name.clone(), fits(&over(&own, tags))));
        let columns: Vec<(String, bool)> = columns.collect();
        let named =
            |wanted: bool| columns.iter().filter(move |(_, fits)| *fits == wanted).map(|(name, _)| name.clone());
        let flow = if fits(&own) {
            let except: Vec<String> = named(false).collect();
            (!except.is_empty()).then(|| Flow { dropped: except.into_iter().collect(), ..Flow::new(Columns::All) })
        } else {
            let only: BTreeMap<String, Protection> = named(true).map(|name| (name, Protection::None)).collect();
            if only.is_empty() {
                continue;
            }
            Some(Flow::new(Columns::Named(only)))
        };
        found.push(Part { side: carrier.side.clone(), wildcard: false, flow });
    }
    (found, doubtful)
}

/// Whether `tags` have one of the values of every key that is `asked`; `None` if that is not known.
fn fitting(asked: &[(String, Tags)], tags: &Tags) -> Option<bool> {
    let each = asked.iter().map(|(key, wanted)| match tags.get(key) {
        None => Some(false),
        Some(Some(value)) if wanted.values().any(|wanted| wanted.as_ref() == Some(value)) => Some(true),
        Some(Some(_)) if wanted.values().all(Option::is_some) => Some(false),
        Some(_) => None,
    });
    let each: Vec<Option<bool>> = each.collect();
    if each.contains(&Some(false)) {
        return Some(false);
    }
    (!each.contains(&None)).then_some(true)
}

fn over(below: &Tags, above: &Tags) -> Tags {
    below.iter().chain(above).map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn carriers(unit: &Unit<'_>, tagged: &Tagged) -> Vec<Carrier> {
    let mut found = Vec::new();
    let container = |value: &Datum| sides(unit, value, AssetKind::Database, tagged.names.as_deref());
    for tagging in &tagged.by {
        for body in unit.of_type(&tagging.type_name).iter().filter_map(|&at| Some(&unit.resource(at)?.body)) {
            let tags = tags(body, tagging);
            for side in values(body, &tagging.container).iter().flat_map(container) {
                carrier(&mut found, side, true).tags.extend(tags.clone());
            }
            let within = tagging.within.iter().flat_map(|path| values(body, path));
            let within = within.flat_map(|value| container(&value)).next();
            let all = tagging.all.as_ref().is_some_and(|path| texts(body, path).iter().any(|text| text == "true"));
            if let (Some(side), true) = (&within, all) {
                carrier(&mut found, side.clone(), true).of_contents.extend(tags.clone());
            }
            let columns = tagging.columns.iter().flat_map(|path| texts(body, path));
            let columns: Vec<String> = columns.map(|name| name.to_lowercase()).collect();
            for value in tagging.contents.iter().flat_map(|path| values(body, path)) {
                for side in sides(unit, &value, AssetKind::Table, None) {
                    let carrier = carrier(&mut found, side, false);
                    carrier.within = carrier.within.take().or_else(|| within.clone());
                    if columns.is_empty() {
                        carrier.tags.extend(tags.clone());
                    }
                    for column in &columns {
                        carrier.columns.entry(column.clone()).or_default().extend(tags.clone());
                    }
                }
            }
        }
    }
    for (type_name, path) in &tagged.inside {
        for &at in unit.of_type(type_name) {
            let (Some((_, id)), Some(resource)) = (unit.asset(at), unit.resource(at)) else { continue };
            let within = values(&resource.body, path).iter().flat_map(container).next();
            let carrier = carrier(&mut found, Ref::Id(id), false);
            carrier.within = carrier.within.take().or(within);
        }
    }
    found
}

/// The carrier `side`, added if it is new.
fn carrier(found: &mut Vec<Carrier>, side: Ref, is_container: bool) -> &mut Carrier {
    let known = found.iter().position(|carrier| carrier.side == side);
    let at = known.unwrap_or(found.len());
    if known.is_none() {
        let (tags, of_contents, columns) = Default::default();
        found.push(Carrier { side, is_container, within: None, tags, of_contents, columns });
    }
    #[expect(clippy::indexing_slicing, reason = "the position was just found or pushed")]
    &mut found[at]
}

/// The tags that a resource puts on things; keys and values are kept in lower case by the service.
fn tags(body: &Datum, tagging: &Tagging) -> Tags {
    let pairs = values(body, &tagging.tags).into_iter().filter_map(|item| {
        let key = texts(&item, &tagging.key).into_iter().next()?;
        let value = values(&item, &tagging.value).first().and_then(lower);
        Some((key.to_lowercase(), value))
    });
    pairs.collect()
}

fn lower(value: &Datum) -> Option<String> {
    value.text().map(|text| text.to_lowercase())
}
