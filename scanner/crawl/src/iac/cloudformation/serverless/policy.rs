//! Roles of functions and state machines: managed policies, inline documents and policy templates.
//!
//! What the templates allow stands in the packs, as managed policies `sam:<template>`.

use std::collections::BTreeMap;

use aedile_rules::{ManagedStatement, Resources};

use super::{Inputs, Made, list, map, member};
use crate::iac::datum::{Datum, Kind};

/// The role that the transform makes for a resource whose properties are `body`, unless it names one.
pub(super) fn role(
    inputs: &Inputs<'_>,
    body: &Datum,
    service: &str,
    managed: &[String],
    rules: &Resources,
) -> Option<Made> {
    if !member(body, "Role").is_null() {
        return None;
    }
    let mut arns: Vec<Datum> = managed.iter().map(Datum::from_text).collect();
    let mut inline = Vec::new();
    let policies = member(body, "Policies");
    for policy in policies.items() {
        match &policy.kind {
            Kind::Map(map) if map.members.contains_key("Statement") => inline.push(policy.clone()),
            Kind::Map(map) => {
                let named = map.members.iter().next();
                inline.extend(named.map(|(name, values)| template(name, values, rules).at(policy.place.clone())));
            }
            _ => arns.push(arn(policy)),
        }
    }
    let policies = inline.into_iter().enumerate().map(|(nth, document)| {
        let place = document.place.clone();
        map([("PolicyName", Datum::from_text(format!("{}Policy{nth}", inputs.id))), ("PolicyDocument", document)])
            .at(place)
    });
    let body = map([
        ("AssumeRolePolicyDocument", trust(service)),
        ("ManagedPolicyArns", list(arns)),
        ("Policies", list(policies.collect())),
        ("PermissionsBoundary", member(body, "PermissionsBoundary")),
        ("Tags", member(body, "Tags")),
    ]);
    Some(Made { id: format!("{}Role", inputs.id), type_name: "AWS::IAM::Role", body })
}

/// The ARN of a managed policy that may be given by its name alone.
fn arn(policy: &Datum) -> Datum {
    match &policy.kind {
        Kind::Text(name) if !name.starts_with("arn:") => {
            Datum::from_text(format!("arn:aws:iam::aws:policy/{name}")).at(policy.place.clone())
        }
        _ => policy.clone(),
    }
}

fn trust(service: &str) -> Datum {
    let statement = map([
        ("Effect", Datum::from_text("Allow")),
        ("Principal", map([("Service", Datum::from_text(service))])),
        ("Action", Datum::from_text("sts:AssumeRole")),
    ]);
    map([("Statement", list(vec![statement]))])
}

/// The document that a policy template gives with these values.
fn template(name: &str, values: &Datum, rules: &Resources) -> Datum {
    let Some(known) = rules.policy(&format!("sam:{name}")) else {
        return Datum::unknown(format!("Policies.{name}"), "what this policy template allows is not in the rules");
    };
    let named = |key: &str| values.member(key).cloned();
    document(&known.statements, named)
}

/// Statements whose resources have holes for what `named` gives.
pub(super) fn document(statements: &[ManagedStatement], named: impl Fn(&str) -> Option<Datum>) -> Datum {
    let statement = |statement: &ManagedStatement| {
        let resources = statement.resources.iter().map(|resource| filled(resource, &named));
        map([
            ("Effect", Datum::from_text("Allow")),
            ("Action", list(statement.actions.iter().map(Datum::from_text).collect())),
            ("Resource", list(resources.collect())),
        ])
    };
    map([("Statement", list(statements.iter().map(statement).collect()))])
}

fn filled(resource: &str, named: &impl Fn(&str) -> Option<Datum>) -> Datum {
    let mut found: BTreeMap<String, Datum> = BTreeMap::new();
    let text = crate::iac::name::fill(resource, |key| {
        let value = named(key)?;
        let text = value.holed();
        found.insert(key.to_owned(), value);
        text
    });
    let why = found.values().find_map(Datum::why_unknown).cloned();
    let of = found.values().find_map(|value| value.of.clone());
    let kind = match (text, why) {
        (Some(text), None) => Kind::Text(text),
        (Some(text), Some(why)) => Kind::Computed { text, why },
        (None, _) => return Datum::unknown(resource, "the template's parameter is not given"),
    };
    Datum::from(kind).of(of)
}
