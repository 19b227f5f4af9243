//! The lineage algebra that Python frames and SQL relations share: which columns of which datasets a
//! value holds, under which names, and what was done to them.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Columns, Flow, Place, Protection, SOME};

use crate::Ref;
use crate::shared::{Empty, Shared};

/// How many steps a flow remembers; the first and the last are kept.
const MAX_STEPS: usize = 24;

/// Source columns that one column of a value is made of.
pub(crate) type Origin = BTreeMap<String, Protection>;

/// What a value holds of one dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// Whether columns that are not listed are there under their own name, and on which rung.
    pub(crate) rest: Option<Protection>,
    /// Names that no longer mean the source's column of that name.
    pub(crate) hidden: BTreeSet<String>,
    /// Columns by their present name.
    pub(crate) columns: BTreeMap<String, Origin>,
    /// Whether some columns are there and it is not known which.
    pub(crate) unsure: bool,
    /// The listed columns in the order in which code listed them; empty where it did not.
    pub(crate) order: Vec<String>,
    /// Source columns by which rows were chosen; [`SOME`] where it is not known by which.
    pub(crate) filters: BTreeSet<String>,
    /// The name before the dot by which its columns may be meant (`frame.alias("a")`).
    pub(crate) alias: Option<String>,
}

/// What a value holds of all datasets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Data {
    /// By dataset.
    pub(crate) parts: Shared<BTreeMap<Ref, Part>>,
    /// Where it was read and changed, in order.
    pub(crate) steps: Shared<Vec<Place>>,
    /// The present columns by which its rows are grouped.
    pub(crate) keys: Vec<String>,
}

impl Empty for BTreeMap<Ref, Part> {
    fn empty<'a>() -> &'a Self {
        static EMPTY: BTreeMap<Ref, Part> = BTreeMap::new();
        &EMPTY
    }
}

impl Empty for Vec<Place> {
    fn empty<'a>() -> &'a Self {
        static EMPTY: Vec<Place> = Vec::new();
        &EMPTY
    }
}

/// The weaker of two ways to the same source column stays.
pub(crate) fn merge(into: &mut Origin, other: &Origin) {
    for (column, &protection) in other {
        into.entry(column.clone()).and_modify(|held| *held = (*held).min(protection)).or_insert(protection);
    }
}

impl Part {
    /// Every column, as it is.
    pub(crate) fn all() -> Part {
        Part { rest: Some(Protection::None), ..Part::default() }
    }

    /// Only `names`, as they are.
    pub(crate) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Part {
        let columns = names
            .into_iter()
            .map(|name| (name.to_owned(), Origin::from([(name.to_owned(), Protection::None)])))
            .collect();
        Part { columns, ..Part::default() }
    }

    /// What the present column `name` is made of; empty if it is not of this dataset.
    pub(crate) fn column(&self, name: &str) -> Origin {
        // SQL names ignore case; frames of real code rarely hold two names that differ by case alone.
        let held = self.columns.get(name).or_else(|| {
            self.columns.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, origin)| origin)
        });
        match (held, self.rest) {
            (Some(origin), _) => origin.clone(),
            (None, Some(protection)) if !self.hidden.contains(name) => Origin::from([(name.to_owned(), protection)]),
            _ => Origin::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.rest.is_none() && self.columns.values().all(BTreeMap::is_empty) && !self.unsure
    }

    fn protect(&mut self, least: Protection) {
        self.rest = self.rest.map(|held| held.max(least));
        for held in self.columns.values_mut().flat_map(BTreeMap::values_mut) {
            *held = (*held).max(least);
        }
    }

    fn join(&mut self, other: &Part) {
        let before = self.clone();
        let (mine, theirs) = (self.rest.is_some(), other.rest.is_some());
        self.hidden = match (mine, theirs) {
            (true, true) => self.hidden.intersection(&other.hidden).cloned().collect(),
            (true, false) => std::mem::take(&mut self.hidden),
            _ => other.hidden.clone(),
        };
        // A name that one side lists and the other holds among its rest is both.
        let mut columns = BTreeMap::new();
        for name in before.columns.keys().chain(other.columns.keys()) {
            let mut origin = before.column(name);
            merge(&mut origin, &other.column(name));
            columns.insert(name.clone(), origin);
        }
        self.columns = columns;
        self.rest = match (self.rest, other.rest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.unsure |= other.unsure;
        // What only one of two sides was chosen by does not hold of both.
        self.filters.retain(|column| other.filters.contains(column));
    }

    /// The flows that say this part: one for what travels as it is, one for what is protected.
    fn flows(&self) -> Vec<Flow> {
        let mut flows = self.unfiltered();
        flows.iter_mut().for_each(|flow| flow.filters.clone_from(&self.filters));
        flows
    }

    fn unfiltered(&self) -> Vec<Flow> {
        let (plain, changed) = self.edges();
        let Some(rest) = self.rest else {
            let all = plain.into_iter().chain(changed).fold(Made::new(), |mut all, (name, origin)| {
                merge(all.entry(name).or_default(), &origin);
                all
            });
            return match (all.is_empty(), self.unsure) {
                (true, false) => Vec::new(),
                (true, true) => vec![Flow::new(Columns::Unknown)],
                (false, _) => vec![named(all)],
            };
        };
        let mut flows = Vec::new();
        // The vocabulary has no "all, protected": a flow of unknown columns would lose the rung, so aggregated or
        // hashed whole frames are said by their listed columns alone.
        if rest == Protection::None {
            flows.push(self.unlisted(&plain));
        } else if !plain.is_empty() {
            flows.push(named(plain));
        }
        if !changed.is_empty() {
            flows.push(named(changed));
        }
        flows
    }

    /// The listed columns: those that arrive as they are, and those on a higher rung.
    fn edges(&self) -> (Made, Made) {
        let (mut plain, mut changed) = (Made::new(), Made::new());
        for (name, origin) in &self.columns {
            for (column, &rung) in origin {
                let into = if rung == Protection::None { &mut plain } else { &mut changed };
                into.entry(name.clone()).or_default().insert(column.clone(), rung);
            }
        }
        (plain, changed)
    }

    /// The flow of all columns that are not listed, with the listed ones that arrive as they are.
    fn unlisted(&self, plain: &Made) -> Flow {
        let travels = |name: &String| plain.values().any(|origin| origin.contains_key(name));
        let mut flow = Flow::new(Columns::All);
        // A listed column that is not made of the source's column of its name stands in that one's place.
        let own = self.columns.iter().filter(|(name, origin)| origin.contains_key(*name)).map(|(name, _)| name);
        flow.dropped = self.hidden.iter().chain(own).filter(|name| !travels(name)).cloned().collect();
        flow.made = renamed(plain);
        for name in self.columns.keys() {
            if !plain.contains_key(name) && !flow.dropped.contains(name) {
                flow.made.insert(name.clone(), Origin::new());
            }
        }
        // What arrives under another name and still under its own.
        let sources: BTreeSet<String> = flow.made.values().flat_map(|origin| origin.keys().cloned()).collect();
        for name in sources {
            if !self.hidden.contains(&name) && !self.columns.contains_key(&name) {
                flow.made.insert(name.clone(), Origin::from([(name, Protection::None)]));
            }
        }
        flow
    }
}

/// Arriving columns with what they are made of.
type Made = BTreeMap<String, Origin>;

/// The flow of the columns `made` and no others.
fn named(made: Made) -> Flow {
    let mut origins = Origin::new();
    made.values().for_each(|origin| merge(&mut origins, origin));
    Flow { made: renamed(&made), ..Flow::new(Columns::Named(origins)) }
}

/// Of `made`, the columns that do not simply keep their name, and those that share a source with one of them.
fn renamed(made: &Made) -> Made {
    let keeps = |name: &String, origin: &Origin| {
        // SQL gives `?` and `*` to results without a name.
        matches!(name.as_str(), "?" | "*") || (origin.len() == 1 && origin.contains_key(name))
    };
    let moved: BTreeSet<&String> =
        made.iter().filter(|(name, origin)| !keeps(name, origin)).flat_map(|(_, origin)| origin.keys()).collect();
    made.iter()
        .filter(|(name, origin)| {
            !matches!(name.as_str(), "?" | "*") && origin.keys().any(|column| moved.contains(column))
        })
        .map(|(name, origin)| (name.clone(), origin.clone()))
        .collect()
}

impl Data {
    /// All of `dataset`, read at `place`.
    pub(crate) fn read(dataset: Ref, part: Part, place: Option<Place>) -> Data {
        let steps = place.map(|place| vec![place].into()).unwrap_or_default();
        Data { parts: BTreeMap::from([(dataset, part)]).into(), steps, keys: Vec::new() }
    }

    /// Whether it holds nothing of any dataset.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.values().all(Part::is_empty)
    }

    /// Remembers that something was done at `place`.
    pub(crate) fn step(&mut self, place: Place) {
        if self.steps.last() == Some(&place) {
            return;
        }
        if self.steps.len() >= MAX_STEPS {
            self.steps.pop();
        }
        self.steps.push(place);
    }

    /// The present column `name` as a value of its own.
    pub(crate) fn column(&self, name: &str) -> Data {
        self.select(&[name.to_owned()])
    }

    /// Only the present columns `names`.
    pub(crate) fn select(&self, names: &[String]) -> Data {
        let mut parts = BTreeMap::new();
        for (dataset, part) in self.parts.iter() {
            let columns: BTreeMap<String, Origin> = names
                .iter()
                .filter_map(|name| self.meant(name, part))
                .map(|name| (name.to_owned(), part.column(name)))
                .filter(|(_, origin)| !origin.is_empty())
                .collect();
            if !columns.is_empty() {
                let filters = part.filters.clone();
                let order = names.iter().filter(|name| columns.contains_key(*name)).cloned().collect();
                parts.insert(dataset.clone(), Part { columns, order, filters, ..Part::default() });
            } else if part.unsure {
                parts.insert(dataset.clone(), Part { unsure: true, filters: part.filters.clone(), ..Part::default() });
            }
        }
        Data { parts: parts.into(), steps: self.steps.clone(), keys: self.keys.clone() }
    }

    /// The column of `part` that is meant by `name`: without the alias before the dot, and none where that is another's.
    fn meant<'a>(&self, name: &'a str, part: &Part) -> Option<&'a str> {
        let Some((alias, column)) = name.rsplit_once('.') else { return Some(name) };
        if part.columns.contains_key(name) {
            return Some(name);
        }
        let is_alias = self.parts.values().any(|part| part.alias.as_deref() == Some(alias));
        (!is_alias || part.alias.as_deref() == Some(alias)).then_some(column)
    }

    /// The columns are meant by this name before the dot.
    pub(crate) fn alias(&mut self, name: &str) {
        self.parts.values_mut().for_each(|part| part.alias = Some(name.to_owned()));
    }

    /// Rows of each group become one: what they are grouped by stays, everything else is counted, summed or averaged.
    pub(crate) fn aggregate(&mut self) {
        for part in self.parts.values_mut() {
            let kept: Vec<(String, Origin)> = self
                .keys
                .iter()
                .map(|key| (key.clone(), part.column(key)))
                .filter(|(_, key)| !key.is_empty())
                .collect();
            part.protect(Protection::Aggregated);
            part.columns.extend(kept);
        }
        self.keys.clear();
    }

    /// Without the present columns `names`.
    pub(crate) fn drop(&mut self, names: &[String]) {
        for part in self.parts.values_mut() {
            for name in names {
                part.columns.remove(name);
                if part.rest.is_some() {
                    part.hidden.insert(name.clone());
                }
            }
        }
    }

    /// Rows are chosen by what `by` holds of the same datasets; by what is not known where it holds nothing.
    pub(crate) fn filter(&mut self, by: &Data) {
        for (dataset, part) in self.parts.iter_mut() {
            let deciding = by.parts.get(dataset).map(Part::everything).unwrap_or_default();
            part.filters.extend(deciding.into_keys());
            if by.is_empty() {
                part.filters.insert(SOME.to_owned());
            }
        }
    }

    /// The present column `old` is called `new`.
    pub(crate) fn rename(&mut self, pairs: &[(String, String)]) {
        for part in self.parts.values_mut() {
            let moved: Vec<(String, Origin)> = pairs
                .iter()
                .map(|(old, new)| (new.clone(), part.column(old)))
                .filter(|(_, origin)| !origin.is_empty())
                .collect();
            for (old, _) in pairs {
                part.columns.remove(old);
                if part.rest.is_some() {
                    part.hidden.insert(old.clone());
                }
            }
            part.columns.extend(moved);
        }
    }

    /// The column `name` is given `value`, replacing what was under that name.
    pub(crate) fn assign(&mut self, name: &str, value: &Data) {
        for part in self.parts.values_mut() {
            // Where all columns are, the new one hides the source's of that name, even if it has nothing of it.
            match part.rest {
                Some(_) => part.columns.insert(name.to_owned(), Origin::new()),
                None => part.columns.remove(name),
            };
        }
        for (dataset, part) in value.parts.iter() {
            let origin = part.everything();
            let made = || Part { filters: part.filters.clone(), ..Part::default() };
            let held = self.parts.entry(dataset.clone()).or_insert_with(made);
            held.unsure |= part.unsure || part.rest.is_some();
            if !origin.is_empty() {
                held.columns.insert(name.to_owned(), origin);
            }
        }
        for place in value.steps.iter() {
            if !self.steps.contains(place) {
                self.step(place.clone());
            }
        }
    }

    /// The listed columns, where all are, are called `names` from now on; which is which is known where each is made of
    /// one column and as many names are given.
    pub(crate) fn name_all(&mut self, names: &[String]) {
        let alone = self.parts.len() == 1;
        for part in self.parts.values_mut() {
            if alone && part.rest.is_none() && part.order.len() == names.len() && part.columns.len() == names.len() {
                let old = std::mem::take(&mut part.columns);
                part.columns = part
                    .order
                    .iter()
                    .zip(names)
                    .filter_map(|(held, name)| Some((name.clone(), old.get(held)?.clone())))
                    .collect();
                part.order = names.to_vec();
                continue;
            }
            // A file without a header is given one; of listed columns it is not known which has which name.
            let everything = part.everything();
            let rest = part.rest.take();
            let origin = |name: &String| match rest {
                Some(rung) => Origin::from([(name.clone(), rung)]),
                None => everything.clone(),
            };
            part.columns = names.iter().map(|name| (name.clone(), origin(name))).collect();
        }
    }

    /// Both together.
    pub(crate) fn join(&mut self, other: &Data) {
        if self.parts.is_empty() {
            self.parts = other.parts.clone();
        }
        // What is joined with itself stays what it is.
        let parts = if self.parts.is(&other.parts) { BTreeMap::empty() } else { &*other.parts };
        for (dataset, part) in parts {
            match self.parts.get_mut(dataset) {
                Some(held) => held.join(part),
                None => {
                    self.parts.insert(dataset.clone(), part.clone());
                }
            }
        }
        if self.steps.is_empty() && other.steps.len() == 1 {
            self.steps = other.steps.clone();
        }
        for place in other.steps.iter() {
            if !self.steps.contains(place) {
                self.step(place.clone());
            }
        }
    }

    /// At least on the rung `least`, every column.
    pub(crate) fn protect(&mut self, least: Protection) {
        for part in self.parts.values_mut() {
            part.protect(least);
        }
    }

    /// The flows of the value, each with its one source.
    pub(crate) fn flows(&self) -> Vec<(Ref, Flow)> {
        self.parts
            .iter()
            .flat_map(|(dataset, part)| {
                part.flows().into_iter().map(|mut flow| {
                    flow.steps.clone_from(&*self.steps);
                    (dataset.clone(), flow)
                })
            })
            .collect()
    }
}

impl Part {
    /// The source columns of all listed columns together.
    pub(crate) fn everything(&self) -> Origin {
        let mut origins = Origin::new();
        for origin in self.columns.values() {
            merge(&mut origins, origin);
        }
        origins
    }
}

#[cfg(test)]
mod tests {
    use aedile_model::AssetKind;

    use super::*;

    fn patients() -> Data {
        Data::read(Ref::named(AssetKind::Dataset, "patients.csv"), Part::all(), None)
    }

    fn shown(data: &Data) -> Vec<String> {
        data.flows()
            .into_iter()
            .map(|(_, flow)| match flow.columns {
                Columns::All => format!("* without {:?}", flow.dropped),
                Columns::Named(columns) => format!("{columns:?}"),
                Columns::Unknown => "?".to_owned(),
            })
            .collect()
    }

    #[test]
    fn a_dropped_column_does_not_travel() {
        let mut data = patients();
        data.drop(&["ssn".into()]);
        assert_eq!(shown(&data), ["* without {\"ssn\"}"]);
        assert!(data.column("ssn").is_empty());
    }

    #[test]
    fn a_renamed_column_is_still_the_source_column() {
        let mut data = patients();
        data.rename(&[("email".into(), "contact".into())]);
        assert_eq!(shown(&data.column("contact")), ["{\"email\": None}"]);
        assert_eq!(shown(&data), ["* without {}"]);
    }

    #[test]
    fn a_masked_column_travels_apart_from_the_rest() {
        let mut data = patients();
        let mut hashed = data.column("email");
        hashed.protect(Protection::Hashed);
        data.assign("email", &hashed);
        assert_eq!(shown(&data), ["* without {\"email\"}", "{\"email\": Hashed}"]);
    }

    #[test]
    fn a_hash_beside_the_column_does_not_hide_the_column() {
        let mut data = patients();
        let mut hashed = data.column("email");
        hashed.protect(Protection::Hashed);
        data.assign("email_hash", &hashed);
        assert_eq!(shown(&data), ["* without {}", "{\"email\": Hashed}"]);
        let flows = data.flows();
        assert_eq!(flows[0].1.arriving("email", Protection::None).collect::<Vec<_>>(), [("email", Protection::None)]);
        assert!(flows[0].1.made["email_hash"].is_empty());
        assert_eq!(
            flows[1].1.arriving("email", Protection::Hashed).collect::<Vec<_>>(),
            [("email_hash", Protection::Hashed)]
        );
    }

    #[test]
    fn a_column_made_of_two_arrives_once_under_its_name() {
        let mut data = patients();
        let mut both = data.column("first");
        both.join(&data.column("last"));
        data.assign("name", &both);
        data.drop(&["last".into()]);
        let flows = data.flows();
        assert_eq!(flows.len(), 1);
        let none = Protection::None;
        let arriving = |column| flows[0].1.arriving(column, none).map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(arriving("first"), ["first", "name"]);
        assert_eq!(arriving("last"), ["name"]);
        assert_eq!(arriving("email"), ["email"]);
    }

    #[test]
    fn of_two_branches_the_weaker_protection_stays() {
        let mut masked = patients().column("email");
        masked.protect(Protection::Hashed);
        masked.join(&patients().column("email"));
        assert_eq!(shown(&masked), ["{\"email\": None}"]);
    }

    #[test]
    fn joining_keeps_what_each_side_dropped() {
        let mut left = patients();
        left.drop(&["ssn".into()]);
        left.join(&Data::read(Ref::named(AssetKind::Dataset, "labels.csv"), Part::all(), None));
        assert_eq!(shown(&left), ["* without {}", "* without {\"ssn\"}"]);
    }
}
