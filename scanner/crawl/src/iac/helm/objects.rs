//! Rendered text becomes objects whose parts have their places in templates and values.

use std::collections::BTreeMap;

use aedile_model::{Gap, GapKind, Place, Span, Unknown};

use super::chart::Tree;
use super::lone;
use super::text::{Origin, Rich, has_hole, is_open, told};
use crate::iac::datum::{Datum, Kind, Map, hole_for};
use crate::yaml;

/// The documents of `text` as values; what is no YAML becomes a gap.
pub(super) fn documents(
    text: &Rich,
    tree: &Tree,
    unknowns: &[Unknown],
    nesting: usize,
    gaps: &mut Vec<Gap>,
) -> Vec<Datum> {
    let (mut documents, mut errors) = yaml::parse_all(&text.text, nesting);
    let mended = lone::mended(text).filter(|_| !errors.is_empty());
    if let Some(mended) = &mended {
        (documents, errors) = yaml::parse_all(&mended.text, nesting);
    }
    let text = mended.as_ref().unwrap_or(text);
    let reader = Reader { text, tree, unknowns };
    for error in errors {
        let place = text.at(error.span.start as usize).and_then(|from| tree.place(from));
        let place = place.or_else(|| text.marks.first().and_then(|(_, from)| tree.place(*from)));
        let kind = if error.limit { GapKind::Limit } else { GapKind::Unparsed };
        let message = format!("what the template gives is not YAML: {}", error.message);
        gaps.extend(place.map(|place| Gap {
            place: Place::new(&place.path, place.span.start as usize, place.span.start as usize),
            kind,
            message,
        }));
    }
    documents.iter().map(|document| reader.datum(document)).collect()
}

/// A number with a leading zero, which is octal to Kubernetes: `0400`.
fn octal(node: &yaml::Node, text: &str) -> Option<i64> {
    let digits = text.strip_prefix('0').filter(|digits| !digits.is_empty())?;
    matches!(node.kind, yaml::Kind::Scalar { plain: true, .. }).then(|| i64::from_str_radix(digits, 8).ok())?
}

/// The integer that Go wrote with an exponent, `1.0007e+09`.
fn exponent(node: &yaml::Node, text: &str) -> Option<i64> {
    if !matches!(node.kind, yaml::Kind::Scalar { plain: true, .. }) || !text.contains("e+") {
        return None;
    }
    let number = text.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && number.abs() < 1e15)?;
    format!("{number:.0}").parse().ok()
}

struct Reader<'r> {
    text: &'r Rich,
    tree: &'r Tree,
    unknowns: &'r [Unknown],
}

impl Reader<'_> {
    fn datum(&self, node: &yaml::Node) -> Datum {
        let kind = match &node.kind {
            yaml::Kind::Scalar { text, .. } if has_hole(text) => match told(text, self.unknowns) {
                (text, Some(why)) if text == hole_for(&why.expression) => Kind::Unknown(why),
                (text, Some(why)) => Kind::Computed { text, why },
                (text, None) => Kind::Text(text),
            },
            yaml::Kind::Scalar { .. } => match node.value() {
                aedile_model::Value::Null => Kind::Null,
                aedile_model::Value::Bool(truth) => Kind::Bool(truth),
                aedile_model::Value::Int(number) => {
                    Kind::Int(node.str().and_then(|text| octal(node, text)).unwrap_or(number))
                }
                other => {
                    let text = other.as_text().unwrap_or_default();
                    exponent(node, text).map_or_else(|| Kind::Text(text.to_owned()), Kind::Int)
                }
            },
            yaml::Kind::List(items) => Kind::List(items.iter().map(|item| self.datum(item)).collect()),
            yaml::Kind::Map(entries) => {
                let (mut members, mut open) = (BTreeMap::new(), None);
                for entry in entries {
                    let Some(key) = entry.key.str() else { continue };
                    if is_open(key) && matches!(entry.value.value(), aedile_model::Value::Null) {
                        open = open.or(told(key, self.unknowns).1);
                        continue;
                    }
                    let mut member = self.datum(&entry.value);
                    member.place = self.entry(entry).or(member.place);
                    members.insert(told(key, self.unknowns).0, member);
                }
                Kind::Map(Map { members: members.into(), open })
            }
        };
        Datum::new(kind, self.place(node.span))
    }

    /// A member's place: where its value is decided, if that is not the template; else from its key on.
    fn entry(&self, entry: &yaml::Entry) -> Option<Place> {
        let simple = matches!(entry.value.kind, yaml::Kind::Scalar { .. });
        let from = self.text.at(entry.value.span.start as usize).filter(|from| !from.exact);
        if simple && let Some(from) = from.filter(|from| self.tree.is_values(from.file)) {
            return self.tree.place(from);
        }
        let key = Span::new(entry.key.span.start as usize, entry.key.span.end as usize);
        let whole = self.place(Span::new(entry.key.span.start as usize, entry.value.span.end as usize));
        whole.filter(|whole| whole.span.start < whole.span.end).or_else(|| self.place(key))
    }

    fn place(&self, span: Span) -> Option<Place> {
        let (start, end) = (span.start as usize, span.end as usize);
        let from = self.text.at(start)?;
        if !from.exact {
            return self.tree.place(from);
        }
        // As far as the text goes on in the same file.
        let last = self.text.at(end.saturating_sub(1).max(start)).filter(|last| last.file == from.file);
        let to = last.map_or(from.start, |last| if last.exact { last.start.saturating_add(1) } else { last.end });
        self.tree.place(Origin { end: to.max(from.start), ..from })
    }
}
