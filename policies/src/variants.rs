use std::collections::{BTreeMap, BTreeSet};

use crate::control::Body;
use crate::facts::Known;
use crate::question::{Question, World};
use crate::reads::Side;
use crate::schema::Kind;

/// How many unknown attributes of one question are judged under every value; with more of them the
/// verdict is inconclusive without trying.
const MOST_UNKNOWN: usize = 3;

/// How many combinations of values are tried at the most.
const MOST_COMBINATIONS: usize = 512;

/// A value for each unknown attribute; an attribute that is left out is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Assignment {
    values: BTreeMap<Side, BTreeMap<String, Known>>,
}

impl Assignment {
    /// The values on one side.
    pub(crate) fn of(&self, side: Side) -> impl Iterator<Item = (&String, &Known)> {
        self.values.get(&side).into_iter().flatten()
    }

    /// Every truth value that is known of `question` and among `reads`, turned round.
    pub(crate) fn flipped(question: &Question<'_>, reads: &BTreeSet<(Side, String)>) -> Assignment {
        reads.iter().fold(Assignment::default(), |flipped, (side, name)| match question.side(*side).known.get(name) {
            Some(Known::Bool(truth)) => flipped.with(*side, name, Some(Known::Bool(!truth))),
            _ => flipped,
        })
    }

    fn with(&self, side: Side, name: &str, value: Option<Known>) -> Assignment {
        let mut next = self.clone();
        if let Some(value) = value {
            next.values.entry(side).or_default().insert(name.to_owned(), value);
        }
        next
    }
}

/// Every combination of values of `unknown` that the policy could tell apart; `None` if there are too many.
pub(crate) fn assignments(
    unknown: &[(Side, String)],
    question: &Question<'_>,
    body: &Body,
    world: &World<'_>,
) -> Option<Vec<Assignment>> {
    if unknown.len() > MOST_UNKNOWN {
        return None;
    }
    let mut combinations = vec![Assignment::default()];
    for (side, name) in unknown {
        let kinds = match side {
            Side::Principal => {
                world.contract.attributes(question.principal.map_or("Platform", |asset| asset.kind.as_str()))
            }
            Side::Resource => world.contract.attributes(question.resource.kind.as_str()),
            Side::Context => world.contract.context(question.action),
        };
        let values = values(*kinds?.get(name)?, body, world, question);
        if values.len().saturating_mul(combinations.len()) > MOST_COMBINATIONS {
            return None;
        }
        combinations = combinations
            .iter()
            .flat_map(|so_far| values.iter().map(|value| so_far.with(*side, name, value.clone())))
            .collect();
    }
    Some(combinations)
}

/// The values that tell apart what the policy can compare an attribute with: both truth values; the
/// numbers in the policy and their neighbours; the texts in the policy and another one; nothing at all.
fn values(kind: Kind, body: &Body, world: &World<'_>, question: &Question<'_>) -> Vec<Option<Known>> {
    let longs = || -> BTreeSet<i64> {
        let near = |number: &i64| [number.saturating_sub(1), *number, number.saturating_add(1)];
        body.reads.longs.iter().flat_map(near).chain([0, 1]).collect()
    };
    let texts = |known: fn(String) -> Known| -> Vec<Option<Known>> {
        let other = "\u{1}another".to_owned();
        let texts = body.reads.texts.iter().cloned().chain([other]);
        texts.map(|text| Some(known(text))).chain([None]).collect()
    };
    match kind {
        Kind::Bool => vec![Some(Known::Bool(true)), Some(Known::Bool(false))],
        Kind::Long => longs().into_iter().map(|number| Some(Known::Long(number))).chain([None]).collect(),
        Kind::Text => texts(Known::Text),
        Kind::Longs => {
            let single = longs().into_iter().map(|number| Some(Known::Longs(BTreeSet::from([number]))));
            single.chain([Some(Known::Longs(BTreeSet::new())), None]).collect()
        }
        Kind::Purpose => named("Purpose", body)
            .chain(["\u{1}another".to_owned()])
            .map(|purpose| Some(Known::Purpose(purpose)))
            .chain([None])
            .collect(),
        Kind::Purposes => {
            let listed: BTreeSet<String> = world.taxonomy.purposes().map(str::to_owned).collect();
            let other = BTreeSet::from(["\u{1}another".to_owned()]);
            vec![Some(Known::Purposes(listed)), Some(Known::Purposes(other)), None]
        }
        // There is a region, whichever it is: one that is declared, of the platform or the asset, one that the policy
        // names, or another.
        Kind::Region => world
            .platform
            .residency
            .iter()
            .cloned()
            .chain(named("Region", body))
            .chain(question.resource_facts.known.values().filter_map(|known| match known {
                Known::Region(region) => Some(region.clone()),
                _ => None,
            }))
            .chain(["\u{1}another".to_owned()])
            .map(|region| Some(Known::Region(region)))
            .collect(),
        Kind::Derived => vec![None],
    }
}

/// The ids of the entities of type `name` that the policy names.
fn named(name: &'static str, body: &Body) -> impl Iterator<Item = String> {
    let literals = body.policy.entity_literals();
    literals
        .into_iter()
        .filter(move |uid| uid.type_name().basename() == name)
        .map(|uid| uid.id().unescaped().to_owned())
}
