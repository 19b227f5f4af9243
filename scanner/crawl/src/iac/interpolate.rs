//! Texts with `${…}` in YAML configurations, and maps laid over each other.

use aedile_model::Unknown;

use super::datum::{Datum, Kind, Map, hole_for};

/// Levels of values in values that are filled.
const DEPTH: usize = 32;

/// Bytes of a text that is filled; what becomes longer is unknown.
const LONGEST: usize = 64 << 10;

/// What stands for the expressions of a configuration.
pub(crate) trait Lookup {
    /// The value of the expression between `${` and `}`.
    fn value(&mut self, expression: &str) -> Datum;
}

/// `datum` with every `${…}` in its texts replaced by what `lookup` gives.
pub(crate) fn filled(datum: &Datum, lookup: &mut dyn Lookup) -> Datum {
    at_depth(datum, lookup, DEPTH)
}

fn at_depth(datum: &Datum, lookup: &mut dyn Lookup, depth: usize) -> Datum {
    if depth == 0 {
        return Datum::unknown("…", "values nest too deeply").at(datum.place.clone());
    }
    let kind = match &datum.kind {
        Kind::Text(text) if text.contains("${") => return text_of(text, lookup).at(datum.place.clone()),
        Kind::List(items) => Kind::List(items.iter().map(|item| at_depth(item, lookup, depth - 1)).collect()),
        Kind::Map(map) => Kind::Map(Map {
            members: map
                .members
                .iter()
                .map(|(key, member)| (key.clone(), at_depth(member, lookup, depth - 1)))
                .collect(),
            open: map.open.clone(),
        }),
        other => other.clone(),
    };
    Datum { kind, place: datum.place.clone(), of: datum.of.clone(), written: datum.written.clone() }
}

fn text_of(text: &str, lookup: &mut dyn Lookup) -> Datum {
    let mut parts: Vec<Datum> = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((expression, behind)) = after.split_once('}') else { break };
        if let Some(escaped) = before.strip_suffix('$') {
            parts.push(Datum::from_text(format!("{escaped}${{{expression}}}")));
        } else {
            if !before.is_empty() {
                parts.push(Datum::from_text(before));
            }
            let mut value = lookup.value(expression.trim());
            // A value keeps the place of its use.
            value.place = None;
            parts.push(value);
        }
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Datum::from_text(rest));
    }
    match parts.as_slice() {
        [one] => one.clone(),
        several => joined(several),
    }
}

/// The texts of `parts` in one, with `{hole}`s for what is not known.
pub(crate) fn joined(parts: &[Datum]) -> Datum {
    let mut text = String::new();
    let mut why: Option<Unknown> = None;
    let mut of = None;
    for part in parts {
        match part.text() {
            Some(known) => text.push_str(&known),
            None => {
                let reason = part.why_unknown().cloned();
                let reason =
                    reason.unwrap_or_else(|| Unknown { expression: "…".to_owned(), why: "it is no text".to_owned() });
                let hole = part.holed().unwrap_or_else(|| hole_for(&reason.expression));
                text.push_str(&hole);
                why.get_or_insert(reason);
            }
        }
        if of.is_none() {
            of.clone_from(&part.of);
        }
        if text.len() > LONGEST {
            return Datum::unknown("…", "the text is too long");
        }
    }
    let kind = match why {
        Some(why) => Kind::Computed { text, why },
        None => Kind::Text(text),
    };
    Datum::from(kind).of(of)
}

/// `base` with the members of `over` laid over it: maps are merged, everything else is replaced.
pub(crate) fn merged(base: &Datum, over: &Datum) -> Datum {
    merged_at(base, over, DEPTH)
}

fn merged_at(base: &Datum, over: &Datum, depth: usize) -> Datum {
    match (&base.kind, &over.kind) {
        (Kind::Map(below), Kind::Map(above)) if depth > 0 => {
            let mut members = below.members.clone();
            for (key, member) in &above.members {
                let value = match members.get(key) {
                    Some(held) => merged_at(held, member, depth - 1),
                    None => member.clone(),
                };
                members.insert(key.clone(), value);
            }
            let kind = Kind::Map(Map { members, open: below.open.clone().or_else(|| above.open.clone()) });
            Datum::new(kind, over.place.clone().or_else(|| base.place.clone()))
        }
        _ => over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names;

    impl Lookup for Names {
        fn value(&mut self, expression: &str) -> Datum {
            match expression {
                "env" => Datum::from_text("prod"),
                other => Datum::unknown(other, "nobody says it"),
            }
        }
    }

    #[test]
    fn known_parts_are_filled_and_unknown_ones_are_holes() {
        let filled = |text: &str| filled(&Datum::from_text(text), &mut Names);
        assert_eq!(filled("s3://${env}-raw").text().as_deref(), Some("s3://prod-raw"));
        assert_eq!(filled("s3://${var.b}-raw").holed().as_deref(), Some("s3://{var.b}-raw"));
        assert!(matches!(filled("${var.b}").kind, Kind::Unknown(_)));
        assert_eq!(filled("$${env}").text().as_deref(), Some("${env}"));
        assert_eq!(filled("a ${open").text().as_deref(), Some("a ${open"));
    }
}
