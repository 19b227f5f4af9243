//! What operators make of two values.

use super::syntax::Operator;
use crate::iac::datum::{Datum, Kind};

/// The result of `&&` or `||` if one operand alone tells it.
pub(super) fn decides(operator: Operator, operand: &Datum) -> Option<Datum> {
    match (operator, operand.bool()) {
        (Operator::And, Some(false)) => Some(Kind::Bool(false).into()),
        (Operator::Or, Some(true)) => Some(Kind::Bool(true).into()),
        _ => None,
    }
}

/// `left operator right`; `None` if that is not known or they do not fit.
pub(super) fn compute(operator: Operator, left: &Datum, right: &Datum) -> Option<Datum> {
    match operator {
        Operator::Equal => equal(left, right).map(|same| Kind::Bool(same).into()),
        Operator::Unequal => equal(left, right).map(|same| Kind::Bool(!same).into()),
        Operator::And => Some(Kind::Bool(left.bool()? && right.bool()?).into()),
        Operator::Or => Some(Kind::Bool(left.bool()? || right.bool()?).into()),
        _ => whole(operator, left, right).or_else(|| broken(operator, left, right)),
    }
}

fn whole(operator: Operator, left: &Datum, right: &Datum) -> Option<Datum> {
    let (a, b) = (left.int()?, right.int()?);
    let number = match operator {
        Operator::Plus => a.checked_add(b),
        Operator::Minus => a.checked_sub(b),
        Operator::Times => a.checked_mul(b),
        Operator::Divided if b != 0 && a.checked_rem(b) == Some(0) => a.checked_div(b),
        Operator::Modulo => a.checked_rem(b),
        Operator::Less => return Some(Kind::Bool(a < b).into()),
        Operator::LessEqual => return Some(Kind::Bool(a <= b).into()),
        Operator::Greater => return Some(Kind::Bool(a > b).into()),
        Operator::GreaterEqual => return Some(Kind::Bool(a >= b).into()),
        _ => None,
    };
    number.map(|number| Kind::Int(number).into())
}

fn broken(operator: Operator, left: &Datum, right: &Datum) -> Option<Datum> {
    let (a, b) = (float(left)?, float(right)?);
    Some(match operator {
        Operator::Less => Kind::Bool(a < b).into(),
        Operator::LessEqual => Kind::Bool(a <= b).into(),
        Operator::Greater => Kind::Bool(a > b).into(),
        Operator::GreaterEqual => Kind::Bool(a >= b).into(),
        Operator::Plus => number(a + b),
        Operator::Minus => number(a - b),
        Operator::Times => number(a * b),
        Operator::Divided if b != 0.0 => number(a / b),
        Operator::Modulo if b != 0.0 => number(a % b),
        _ => return None,
    })
}

/// A number, whole if it is.
pub(super) fn number(number: f64) -> Datum {
    match format!("{number:.0}").parse() {
        Ok(whole) if number.fract() == 0.0 => Kind::Int(whole).into(),
        _ => Kind::Float(number).into(),
    }
}

/// Whether two values are equal, if that is known: what is computed is at least not null. Values of different
/// types are never equal, as `"1" == 1` is not.
pub(super) fn equal(left: &Datum, right: &Datum) -> Option<bool> {
    match (&left.kind, &right.kind) {
        (Kind::Null, Kind::Computed { .. }) | (Kind::Computed { .. }, Kind::Null) => Some(false),
        (Kind::Text(text), Kind::Computed { .. }) | (Kind::Computed { .. }, Kind::Text(text)) if text.is_empty() => {
            Some(false)
        }
        (Kind::Null, Kind::List(_) | Kind::Map(_) | Kind::Resource(_) | Kind::Module(_))
        | (Kind::List(_) | Kind::Map(_) | Kind::Resource(_) | Kind::Module(_), Kind::Null) => Some(false),
        (Kind::List(a), Kind::List(b)) if a.len() != b.len() => Some(false),
        (Kind::List(a), Kind::List(b)) => every(a.iter().zip(b)),
        (Kind::Int(_) | Kind::Float(_), Kind::Int(_) | Kind::Float(_)) => Some(float(left) == float(right)),
        (Kind::Bool(a), Kind::Bool(b)) => Some(a == b),
        (Kind::Text(_) | Kind::Json(_), Kind::Text(_) | Kind::Json(_)) => match (left.text(), right.text()) {
            (Some(left), Some(right)) => Some(left == right),
            _ => None,
        },
        _ if left.why_unknown().is_some() || right.why_unknown().is_some() => None,
        (Kind::Map(a), Kind::Map(b)) => Some(
            a.members.len() == b.members.len()
                && a.members
                    .iter()
                    .all(|(key, member)| b.members.get(key).is_some_and(|other| equal(member, other) == Some(true))),
        ),
        (Kind::Null, Kind::Null) => Some(true),
        _ => Some(false),
    }
}

fn every<'d>(pairs: impl Iterator<Item = (&'d Datum, &'d Datum)>) -> Option<bool> {
    let mut known = Some(true);
    for (left, right) in pairs {
        match equal(left, right) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => known = None,
        }
    }
    known
}

/// A number as a fraction.
pub(super) fn float(datum: &Datum) -> Option<f64> {
    match &datum.kind {
        Kind::Int(number) => number.to_string().parse().ok(),
        Kind::Float(number) => Some(*number),
        Kind::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}
