//! What a query gives: its columns in order, each with the source columns it is made of and those that decide over it.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Protection, SOME};

use super::name::{Alike, is_apart, plain, same_letters};
use crate::Ref;
use crate::code::flow::{Data, Part, merge};

/// A column of a dataset or table; `*` for the whole row.
pub(crate) type Source = (Ref, String);

/// What stands for the whole row, and for columns that are not known by name.
pub(crate) const STAR: &str = "*";

/// How a value comes from a source column (OpenLineage's subtypes of direct transformations).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Transform {
    /// The value as it is.
    Identity,
    /// The result of a function or operator.
    Transformation,
    /// The result of a function over several rows.
    Aggregation,
}

impl Transform {
    /// The word in reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Transform::Identity => "identity",
            Transform::Transformation => "transformation",
            Transform::Aggregation => "aggregation",
        }
    }
}

/// How a source column decides over a result without giving it a value (OpenLineage's subtypes of indirect
/// transformations).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Influence {
    /// Which rows are there.
    Filter,
    /// Which rows belong together.
    Join,
    /// Which rows are one group.
    GroupBy,
    /// In which order the rows are.
    Sort,
    /// Which rows a window function sees, in which order.
    Window,
    /// Which of several values it is.
    Conditional,
}

impl Influence {
    /// The word in reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Influence::Filter => "filter",
            Influence::Join => "join",
            Influence::GroupBy => "group_by",
            Influence::Sort => "sort",
            Influence::Window => "window",
            Influence::Conditional => "conditional",
        }
    }
}

/// What was done on the way from a source column; the least of several ways counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct How {
    pub(crate) protection: Protection,
    pub(crate) transform: Transform,
}

/// Columns that decide, how they do, and how protected they were when they did.
pub(crate) type Influences = BTreeMap<(Source, Influence), Protection>;

/// What a value is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) direct: BTreeMap<Source, How>,
    pub(crate) indirect: Influences,
}

impl Made {
    /// The column itself.
    pub(crate) fn column(source: Source) -> Made {
        let how = How { protection: Protection::None, transform: Transform::Identity };
        Made { direct: BTreeMap::from([(source, how)]), indirect: Influences::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.direct.is_empty() && self.indirect.is_empty()
    }

    /// Both; of two ways from one column the less protected one stays.
    pub(crate) fn unite(&mut self, other: Made) {
        for (source, how) in other.direct {
            self.direct.entry(source).and_modify(|held| *held = (*held).min(how)).or_insert(how);
        }
        unite(&mut self.indirect, other.indirect);
    }

    /// At least this transformation, on at least this rung.
    #[must_use]
    pub(crate) fn done(mut self, transform: Transform, least: Protection) -> Made {
        for how in self.direct.values_mut() {
            how.transform = how.transform.max(transform);
            how.protection = how.protection.max(least);
        }
        self
    }

    /// Everything in it as what decides in this way.
    pub(crate) fn deciding(self, influence: Influence) -> Influences {
        let mut all = Influences::new();
        for (source, how) in self.direct {
            unite(&mut all, Influences::from([((source, influence), how.protection)]));
        }
        for ((source, _), protection) in self.indirect {
            unite(&mut all, Influences::from([((source, influence), protection)]));
        }
        all
    }

    /// Lets `other` decide over it.
    pub(crate) fn decided_by(&mut self, other: Made, influence: Influence) {
        unite(&mut self.indirect, other.deciding(influence));
    }
}

/// Both; the less protected way stays.
pub(crate) fn unite(into: &mut Influences, more: Influences) {
    for (key, protection) in more {
        into.entry(key).and_modify(|held| *held = (*held).min(protection)).or_insert(protection);
    }
}

/// An entry of a relation's list of columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A column with a name.
    Column { name: String, made: Made },
    /// The columns of a source that nobody lists, but those hidden, on at least this rung.
    Rest { source: Ref, hidden: BTreeSet<String>, least: Protection },
    /// Fields of a value that is unfolded (`UNNEST`, `FLATTEN`): whatever is asked for.
    Any(Made),
}

/// What a query or a table gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Relation {
    pub(crate) items: Vec<Item>,
    /// What decides over its rows.
    pub(crate) influences: Influences,
}

/// How a name is known in a relation.
pub(crate) enum Found {
    /// It is listed.
    Listed(Made),
    /// It may be one of the columns that are not listed.
    Perhaps(Made),
    /// It may be a field of an unfolded value.
    Field(Made),
}

impl Relation {
    /// All columns of `source`: those listed, or whatever it has.
    pub(crate) fn of(source: &Ref, columns: Option<&[String]>) -> Relation {
        let items = match columns {
            Some(columns) => columns
                .iter()
                .map(|name| Item::Column { name: name.clone(), made: Made::column((source.clone(), name.clone())) })
                .collect(),
            None => {
                vec![Item::Rest { source: source.clone(), hidden: BTreeSet::new(), least: Protection::None }]
            }
        };
        Relation { items, influences: Influences::new() }
    }

    /// `name` as this relation has it: the column of that key, or the one of the same letters.
    pub(crate) fn held(&self, name: &str) -> String {
        let listed = || {
            self.items.iter().filter_map(|item| match item {
                Item::Column { name, .. } => Some(name),
                Item::Rest { .. } | Item::Any(_) => None,
            })
        };
        if listed().any(|held| held == name) {
            return name.to_owned();
        }
        let by_letters = listed().find(|held| (is_apart(name) || is_apart(held)) && same_letters(held, name));
        by_letters.cloned().unwrap_or_else(|| plain(name))
    }

    /// Takes columns that case tells apart for those of the same letters where the target, or else the relation itself,
    /// has no other one.
    pub(crate) fn settle(&mut self, known: Option<&[String]>) {
        let names: Vec<String> = self
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Column { name, .. } => Some(name.clone()),
                Item::Rest { .. } | Item::Any(_) => None,
            })
            .collect();
        if !names.iter().any(|name| is_apart(name)) {
            return;
        }
        let alike = Alike::of(&names);
        let known: Option<BTreeSet<&str>> = known.map(|known| known.iter().map(String::as_str).collect());
        for item in &mut self.items {
            let Item::Column { name, .. } = item else { continue };
            let keeps = match &known {
                Some(known) => known.contains(name.as_str()),
                None => !alike.is_alone(name),
            };
            if is_apart(name) && !keeps {
                *name = plain(name);
            }
        }
    }

    /// The column `name`.
    pub(crate) fn find(&self, name: &str) -> Option<Found> {
        let name = self.held(name);
        let (mut perhaps, mut field, mut listed) = (Made::default(), Made::default(), None::<Made>);
        for item in &self.items {
            match item {
                Item::Column { name: held, made } if *held == name => {
                    listed.get_or_insert_with(Made::default).unite(made.clone());
                }
                Item::Column { .. } => {}
                Item::Rest { source, hidden, least } if !hidden.contains(&name) => {
                    let mut made = Made::column((source.clone(), plain(&name)));
                    made = made.done(Transform::Identity, *least);
                    perhaps.unite(made);
                }
                Item::Rest { .. } => {}
                Item::Any(made) => field.unite(made.clone()),
            }
        }
        match (listed, perhaps.is_empty(), field.is_empty()) {
            (Some(made), ..) => Some(Found::Listed(made)),
            (None, false, _) => Some(Found::Perhaps(perhaps)),
            (None, true, false) => Some(Found::Field(field)),
            // An unfolded value that is made of nothing still answers.
            (None, true, true) => {
                self.items.iter().any(|item| matches!(item, Item::Any(_))).then(|| Found::Field(Made::default()))
            }
        }
    }

    /// The row as one value.
    pub(crate) fn row(&self) -> Made {
        let mut made = Made::default();
        for item in &self.items {
            match item {
                Item::Column { made: column, .. } | Item::Any(column) => made.unite(column.clone()),
                Item::Rest { source, .. } => made.unite(Made::column((source.clone(), STAR.to_owned()))),
            }
        }
        made
    }

    /// Gives the first columns these names, as far as it is known which columns they are.
    pub(crate) fn rename_in_order<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        for (item, new) in self.items.iter_mut().zip(names) {
            match item {
                Item::Column { name, .. } => new.clone_into(name),
                Item::Any(made) => *item = Item::Column { name: new.to_owned(), made: std::mem::take(made) },
                Item::Rest { .. } => return,
            }
        }
    }

    /// Takes away the columns `names`.
    pub(crate) fn hide(&mut self, names: &[String]) {
        let names: Vec<String> = names.iter().map(|name| self.held(name)).collect();
        self.items.retain(|item| !matches!(item, Item::Column { name, .. } if names.contains(name)));
        for item in &mut self.items {
            if let Item::Rest { hidden, .. } = item {
                hidden.extend(names.iter().cloned());
            }
        }
    }

    /// The same columns of both, by position as far as both list theirs, else by name.
    pub(crate) fn stack(&mut self, other: Relation, by_name: bool) {
        let plain = |items: &[Item]| items.iter().all(|item| matches!(item, Item::Column { .. }));
        let in_order = !by_name && plain(&self.items) && plain(&other.items);
        for (at, item) in other.items.into_iter().enumerate() {
            let Item::Column { name, made } = item else {
                if !self.items.contains(&item) {
                    self.items.push(item);
                }
                continue;
            };
            let place = if in_order {
                self.items.get_mut(at)
            } else {
                self.items.iter_mut().find(|held| matches!(held, Item::Column { name: held, .. } if *held == name))
            };
            match place {
                Some(Item::Column { made: held, .. }) => held.unite(made),
                _ => self.items.push(Item::Column { name, made }),
            }
        }
        unite(&mut self.influences, other.influences);
    }

    /// The columns' names, if all are listed.
    pub(crate) fn names(&self) -> Option<Vec<String>> {
        self.items
            .iter()
            .map(|item| match item {
                Item::Column { name, .. } => Some(name.clone()),
                Item::Rest { .. } | Item::Any(_) => None,
            })
            .collect()
    }

    /// The columns as the value of a data frame.
    pub(crate) fn data(&self) -> Data {
        let mut data = Data::default();
        let mut add = |name: &str, made: &Made| {
            for ((target, column), how) in &made.direct {
                let part = data.parts.entry(target.clone()).or_default();
                if column == STAR {
                    part.unsure = true;
                } else {
                    merge(
                        part.columns.entry(name.to_owned()).or_default(),
                        &BTreeMap::from([(column.clone(), how.protection)]),
                    );
                }
            }
        };
        for item in &self.items {
            match item {
                Item::Column { name, made } => add(name, made),
                Item::Any(made) => add("?", made),
                Item::Rest { .. } => {}
            }
        }
        for item in &self.items {
            if let Item::Rest { source, hidden, least } = item {
                let part = data.parts.entry(source.clone()).or_default();
                part.hidden = match part.rest {
                    Some(_) => part.hidden.intersection(hidden).cloned().collect(),
                    None => hidden.clone(),
                };
                part.rest = Some(part.rest.map_or(*least, |held| held.min(*least)));
            }
        }
        for ((source, column), influence) in self.influences.keys() {
            if *influence == Influence::Filter
                && let Some(part) = data.parts.get_mut(source)
            {
                part.filters.insert(if column == STAR { SOME.to_owned() } else { column.clone() });
            }
        }
        data
    }

    /// A data frame as a relation, its columns in the order of their names.
    pub(crate) fn from_data(data: &Data) -> Relation {
        let mut columns: BTreeMap<&str, Made> = BTreeMap::new();
        let mut items = Vec::new();
        for (source, Part { rest, hidden, columns: listed, unsure, .. }) in data.parts.iter() {
            for (name, origin) in listed {
                let made = columns.entry(name).or_default();
                for (column, protection) in origin {
                    let transform =
                        if *protection == Protection::None { Transform::Identity } else { Transform::Transformation };
                    made.unite(Made::column((source.clone(), column.clone())).done(transform, *protection));
                }
            }
            if let Some(least) = rest {
                items.push(Item::Rest { source: source.clone(), hidden: hidden.clone(), least: *least });
            } else if *unsure {
                items.push(Item::Any(Made::column((source.clone(), STAR.to_owned()))));
            }
        }
        let mut all: Vec<Item> =
            columns.into_iter().map(|(name, made)| Item::Column { name: name.to_owned(), made }).collect();
        all.extend(items);
        Relation { items: all, influences: Influences::new() }
    }
}
