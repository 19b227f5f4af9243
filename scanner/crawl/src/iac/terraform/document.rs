//! `data.aws_iam_policy_document` and `data.google_iam_policy` as the documents that they render.

use std::collections::BTreeMap;

use crate::iac::datum::{Datum, Kind, Map};
use crate::shared::Shared;

/// The document of a data source's body; statements of `source_policy_documents` come first, those of
/// `override_policy_documents` last. A statement replaces an earlier one of the same `sid`.
///
/// Source: registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document.
pub(super) fn document(body: &Datum) -> Datum {
    let mut statements = Vec::new();
    for name in ["source_json", "source_policy_documents"] {
        included(body, name).into_iter().for_each(|statement| put(&mut statements, statement));
    }
    for block in body.member("statement").map(Datum::items).unwrap_or_default() {
        put(&mut statements, statement(block));
    }
    for name in ["override_json", "override_policy_documents"] {
        included(body, name).into_iter().for_each(|statement| put(&mut statements, statement));
    }
    BTreeMap::from([
        ("Version".to_owned(), Datum::from_text("2012-10-17")),
        ("Statement".to_owned(), Datum::from(Kind::List(statements.into()))),
    ])
    .into()
}

/// The document of a `google_iam_policy`: its bindings and audit configurations.
pub(super) fn bindings(body: &Datum) -> Datum {
    let list =
        |name: &str| Datum::from(Kind::List(body.member(name).map(Datum::items).unwrap_or_default().to_vec().into()));
    BTreeMap::from([("bindings".to_owned(), list("binding")), ("auditConfigs".to_owned(), list("audit_config"))]).into()
}

fn put(statements: &mut Vec<Datum>, new: Datum) {
    let sid = |statement: &Datum| statement.member("Sid").and_then(Datum::text).filter(|sid| !sid.is_empty());
    let own = sid(&new);
    match statements.iter_mut().find(|held| own.is_some() && sid(held) == own) {
        Some(held) => *held = new,
        None => statements.push(new),
    }
}

/// The statements of the documents that the member `name` gives; of one that is not known, that it is not.
fn included(body: &Datum, name: &str) -> Vec<Datum> {
    let sources = body.member(name).map(Datum::items).unwrap_or_default();
    let of = |source: &Datum| match parsed(source) {
        Some(document) => document.member("Statement").map(Datum::items).unwrap_or_default().to_vec(),
        None => vec![source.clone()],
    };
    sources.iter().filter(|source| !source.is_null()).flat_map(of).collect()
}

fn parsed(source: &Datum) -> Option<Datum> {
    match &source.kind {
        Kind::Json(inner) => Some((**inner).clone()),
        _ => {
            let text = source.holed()?;
            let json = serde_json::from_str(&text).ok()?;
            Some(Datum::from_json(&json, source.place.as_ref()))
        }
    }
}

fn statement(block: &Datum) -> Datum {
    if !matches!(block.kind, Kind::Map(_)) {
        return block.clone();
    }
    let mut members: BTreeMap<String, Datum> = BTreeMap::new();
    for (ours, theirs) in [
        ("sid", "Sid"),
        ("effect", "Effect"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        if let Some(value) = block.member(ours).filter(|value| !value.is_null()) {
            members.insert(theirs.to_owned(), value.clone());
        }
    }
    members.entry("Effect".to_owned()).or_insert_with(|| Datum::from_text("Allow"));
    for (ours, theirs) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        let mut principals = Map::default();
        for entry in block.member(ours).map(Datum::items).unwrap_or_default() {
            let kind = entry.member("type").and_then(Datum::text);
            let identifiers = entry.member("identifiers").cloned().unwrap_or_else(|| Kind::Null.into());
            match kind {
                // `*` of any type is everybody; blocks of one type add up.
                Some(kind) => {
                    let kind = if kind == "*" { "AWS".to_owned() } else { kind };
                    let held = principals.members.remove(&kind);
                    let held = held.iter().flat_map(Datum::items).cloned();
                    let all = held.chain(identifiers.items().iter().cloned()).collect();
                    principals.members.insert(kind, Kind::List(all).into());
                }
                None => {
                    principals
                        .members
                        .insert("AWS".to_owned(), Datum::unknown("principals", "their type is not known"));
                }
            }
        }
        if !principals.members.is_empty() {
            members.insert(theirs.to_owned(), Kind::Map(principals).into());
        }
    }
    let mut conditions: BTreeMap<String, BTreeMap<String, Datum>> = BTreeMap::new();
    for entry in block.member("condition").map(Datum::items).unwrap_or_default() {
        let text = |name: &str| entry.member(name).and_then(Datum::holed).unwrap_or_default();
        let values = entry.member("values").cloned().unwrap_or_else(|| Kind::Null.into());
        let held = conditions
            .entry(text("test"))
            .or_default()
            .entry(text("variable"))
            .or_insert_with(|| Kind::List(Shared::default()).into());
        if let Kind::List(all) = &mut held.kind {
            all.extend(values.items().iter().cloned());
        }
    }
    if !conditions.is_empty() {
        let conditions: BTreeMap<String, Datum> =
            conditions.into_iter().map(|(test, variables)| (test, variables.into())).collect();
        members.insert("Condition".to_owned(), conditions.into());
    }
    Datum::from(members).at(block.place.clone())
}
