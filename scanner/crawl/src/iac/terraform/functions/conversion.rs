//! Conversions of types, and what goes on after failures.

use super::super::evaluate::not_known;
use super::super::operator;
use super::super::typed::set;
use super::{Arguments, Outcome};
use crate::iac::datum::{Datum, Kind};

/// Functions that can say something although an argument is not known.
pub(super) fn lenient(name: &str, arguments: &[&Datum], snippet: &dyn Fn() -> String) -> Option<Datum> {
    let first = arguments.first().copied();
    Some(match (name, first) {
        ("try", _) => match arguments.iter().find(|argument| !matches!(argument.kind, Kind::Fault(_))) {
            Some(found) => (*found).clone(),
            None => Datum::fault(snippet(), "no argument can be evaluated"),
        },
        ("can", Some(first)) => match first.kind {
            Kind::Fault(_) => Kind::Bool(false).into(),
            Kind::Unknown(_) => not_known(first, &snippet()),
            _ => Kind::Bool(true).into(),
        },
        ("sensitive" | "nonsensitive" | "ephemeralasnull" | "tomap" | "tolist", Some(first)) => first.clone(),
        ("tostring", Some(first)) if first.of.is_some() => first.clone(),
        ("toset", Some(Datum { kind: Kind::List(items), place, of, .. })) => {
            Datum::new(Kind::List(set(items.clone())), place.clone()).of(of.clone())
        }
        ("toset", Some(first)) if first.of.is_some() => first.clone(),
        ("jsonencode", Some(first)) => match first.kind {
            Kind::Unknown(_) | Kind::Fault(_) => not_known(first, &snippet()),
            _ => Kind::Json(Box::new(first.clone())).into(),
        },
        ("jsondecode", Some(Datum { kind: Kind::Json(inner), .. })) => (**inner).clone(),
        _ => return None,
    })
}

/// Functions of arguments that are all known.
pub(super) fn call(name: &str, arguments: Arguments<'_>) -> Option<Outcome> {
    let first = arguments.at(0);
    Some(match name {
        "tostring" => first.and_then(|first| match first.kind {
            Kind::Null => Ok(Kind::Null.into()),
            _ => arguments.text(0).map(Datum::from_text),
        }),
        "tobool" => first.and_then(|first| match (&first.kind, first.bool()) {
            (Kind::Null, _) => Ok(Kind::Null.into()),
            (_, Some(truth)) => Ok(Kind::Bool(truth).into()),
            _ => Err("it is no truth value".to_owned()),
        }),
        "tonumber" => first.and_then(|first| match (&first.kind, first.int()) {
            (Kind::Null, _) => Ok(Kind::Null.into()),
            (Kind::Bool(_), _) => Err("it is no number".to_owned()),
            (_, Some(number)) => Ok(Kind::Int(number).into()),
            _ => operator::float(first).map(operator::number).ok_or("it is no number".to_owned()),
        }),
        _ => return None,
    })
}
