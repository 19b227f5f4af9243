//! Conditions of three values, and values that depend on one.

use std::collections::BTreeSet;

use aedile_model::Unknown;

use super::stack::{Evaluator, Scope};
use crate::iac::condition::Truth;
use crate::iac::datum::{Datum, Kind, Map};
use crate::yaml;

/// A known truth.
pub(super) fn truth(truth: bool) -> Truth {
    if truth { Truth::True(None) } else { Truth::False(None) }
}

fn datum(truth: Truth) -> Datum {
    match truth {
        Truth::True(_) => Kind::Bool(true).into(),
        Truth::False(_) => Kind::Bool(false).into(),
        Truth::Unknown(why, _) => Kind::Unknown(why).into(),
    }
}

impl<'a> Evaluator<'a> {
    /// The truth that a condition's part is: a function, or `{Condition: Name}`.
    fn part(&mut self, node: &'a yaml::Node, scope: &Scope) -> Truth {
        let value = self.evaluate(node, scope);
        match (value.bool(), value.why_unknown()) {
            (Some(known), _) => truth(known),
            (None, Some(why)) => Truth::Unknown(why.clone(), None),
            (None, None) => Truth::Unknown(
                Unknown { expression: "condition".to_owned(), why: "it is no truth value".to_owned() },
                None,
            ),
        }
    }

    /// `Fn::And` (`wanted` false ends it) and `Fn::Or` (`wanted` true ends it).
    pub(super) fn all_or_any(&mut self, argument: &'a yaml::Node, scope: &Scope, all: Junction) -> Datum {
        let mut doubt = None;
        for item in argument.items() {
            match (self.part(item, scope), all) {
                (Truth::False(_), Junction::All) => return Kind::Bool(false).into(),
                (Truth::True(_), Junction::Any) => return Kind::Bool(true).into(),
                (Truth::Unknown(why, place), _) => {
                    doubt.get_or_insert(Truth::Unknown(why, place));
                }
                _ => {}
            }
        }
        datum(doubt.unwrap_or_else(|| truth(matches!(all, Junction::All))))
    }

    /// `Fn::Not`.
    pub(super) fn not(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let inner = argument.items().first().unwrap_or(argument);
        datum(match self.part(inner, scope) {
            Truth::True(place) => Truth::False(place),
            Truth::False(place) => Truth::True(place),
            unknown => unknown,
        })
    }

    /// `Fn::Equals`. A text with holes differs from one that its known beginning rules out.
    pub(super) fn equals(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let [left, right] = argument.items() else {
            return Datum::unknown("Fn::Equals", "it does not compare two values");
        };
        let (left, right) = (self.evaluate(left, scope), self.evaluate(right, scope));
        match (left.text(), right.text()) {
            (Some(left), Some(right)) => Kind::Bool(left == right).into(),
            _ => match (left.why_unknown().or(right.why_unknown()), &left.kind, &right.kind) {
                (Some(why), ..) => Kind::Unknown(why.clone()).into(),
                (None, one, other) => Kind::Bool(one == other).into(),
            },
        }
    }

    /// `Fn::If`: the branch that holds, or what both have in common.
    pub(super) fn choice(&mut self, argument: &'a yaml::Node, scope: &Scope) -> Datum {
        let [condition, yes, no] = argument.items() else {
            return Datum::unknown("Fn::If", "it has no condition and two values");
        };
        let name = condition.str().filter(|_| condition.tag.is_none());
        let holds = match name {
            Some(name) => self.condition(scope.stack, name),
            None => self.part(condition, scope),
        };
        match holds {
            Truth::True(_) => self.evaluate(yes, scope),
            Truth::False(_) => self.evaluate(no, scope),
            Truth::Unknown(why, _) => {
                let (yes, no) = (self.evaluate(yes, scope), self.evaluate(no, scope));
                common(yes, no, &why)
            }
        }
    }
}

/// Whether all parts of a condition must hold, or any of them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Junction {
    All,
    Any,
}

/// What two values have in common; where they differ it is unknown for that reason.
pub(super) fn common(yes: Datum, no: Datum, why: &Unknown) -> Datum {
    if yes.kind == no.kind || same(&yes, &no) {
        return yes;
    }
    let place = yes.place.clone();
    match (yes.kind, no.kind) {
        (Kind::Map(yes), Kind::Map(no)) => {
            let keys: BTreeSet<&String> = yes.members.keys().chain(no.members.keys()).collect();
            let null = || Datum::from(Kind::Null);
            let members = keys.into_iter().map(|key| {
                let held = |map: &Map| map.members.get(key).cloned().unwrap_or_else(null);
                (key.clone(), common(held(&yes), held(&no), why))
            });
            let members = members.collect();
            Datum::new(Kind::Map(Map { members, open: yes.open.clone().or(no.open.clone()) }), place)
        }
        (Kind::List(yes), Kind::List(no)) if yes.len() == no.len() => {
            let items = yes.into_iter().zip(no).map(|(yes, no)| common(yes, no, why)).collect();
            Datum::new(Kind::List(items), place)
        }
        (yes, no) => {
            let given = |kind: &Kind| !matches!(kind, Kind::Null | Kind::Unknown(_) | Kind::Fault(_));
            let kind = if given(&yes) && given(&no) && !matches!((&yes, &no), (Kind::Map(_), _) | (_, Kind::Map(_))) {
                Kind::Computed { text: crate::iac::datum::hole_for(&why.expression), why: why.clone() }
            } else {
                Kind::Unknown(why.clone())
            };
            Datum::new(kind, place)
        }
    }
}

/// Whether two values are the same but for their places.
fn same(one: &Datum, other: &Datum) -> bool {
    one.of == other.of && one.why_unknown().is_none() && other.why_unknown().is_none() && one.value() == other.value()
}
