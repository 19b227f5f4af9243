//! What a statement is about: accesses from actions, assets from resource patterns.

use std::collections::BTreeSet;

use aedile_model::{Access, Place};
use aedile_rules::Service;

use crate::Ref;
use crate::iac::datum::Datum;
use crate::iac::policy::{Action, Statement, covers, overlap};
use crate::iac::resource::Unit;

/// An asset that a statement names.
pub(super) struct Target {
    pub(super) side: Ref,
    /// Whether it was found by a pattern over names.
    pub(super) pattern: bool,
    /// The resource entry that names it.
    pub(super) place: Option<Place>,
}

/// What the actions of `statement` may do to resources of `service`.
pub(super) fn access(statement: &Statement, service: &Service) -> BTreeSet<Access> {
    let graded = [
        (Access::Read, &service.read),
        (Access::Write, &service.write),
        (Access::Administer, &service.administer),
        (Access::Share, &service.share),
    ];
    let reached = |rules: &[String]| {
        rules.iter().any(|rule| {
            if statement.except_actions {
                !statement.actions.iter().any(|except| covers(&except.pattern, rule))
            } else {
                statement.actions.iter().any(|action| overlap(&action.pattern, rule))
            }
        })
    };
    graded.into_iter().filter(|(_, rules)| reached(rules)).map(|(access, _)| access).collect()
}

/// The place of the entry by which the statement names every action of `service`, if it does.
pub(super) fn all_actions(statement: &Statement, service: &Service) -> Option<Option<Place>> {
    let all = format!("{}:*", service.id);
    let whole = |action: &&Action| {
        statement.except_actions || action.pattern == "*" || action.pattern.eq_ignore_ascii_case(&all)
    };
    let found = statement.actions.iter().find(whole);
    match found {
        Some(action) => Some(action.place.clone()),
        None => statement.except_actions.then_some(None),
    }
}

/// The resources of `service` that `statement` names.
pub(super) fn targets(unit: &Unit<'_>, statement: &Statement, service: &Service) -> Vec<Target> {
    let mut found: Vec<Target> = Vec::new();
    for resource in &statement.resources {
        for mut target in of(unit, resource, service) {
            target.place.clone_from(&resource.place);
            if !found.iter().any(|held| held.side == target.side) {
                found.push(target);
            }
        }
    }
    found
}

fn of(unit: &Unit<'_>, resource: &Datum, service: &Service) -> Vec<Target> {
    let Some(text) = resource.holed() else {
        return Vec::new();
    };
    if text == "*" {
        return everything(unit, service);
    }
    if let Some(at) = unit.in_hole(&text).or_else(|| unit.referred(resource).into_iter().next())
        && let Some(target) = unit.resource(at)
    {
        // A reference to a resource of another service gives nothing here.
        if !unit.is_of(target, &service.types) {
            return Vec::new();
        }
        return unit
            .asset(at)
            .map(|(_, id)| Target { side: Ref::Id(id), pattern: false, place: None })
            .into_iter()
            .collect();
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, _, name, _, _, rest] = parts.as_slice() else {
        return Vec::new();
    };
    if *name == "*" {
        return everything(unit, service);
    }
    if *name != service.id {
        return Vec::new();
    }
    named(unit, &text, rest, service)
}

/// Resources that an ARN of the service names, `rest` being what follows region and account.
fn named(unit: &Unit<'_>, text: &str, rest: &str, service: &Service) -> Vec<Target> {
    // In S3 an object's key follows the bucket; elsewhere the kind of resource comes first.
    let name = if service.id == "s3" {
        rest.split('/').next().unwrap_or_default()
    } else {
        rest.split(['/', ':']).nth(1).unwrap_or(rest)
    };
    if rest == "*" || name == "*" {
        return everything(unit, service);
    }
    let pattern = name.contains(['*', '?']);
    let own: Vec<Target> = unit
        .of_types(&service.types)
        .filter(|&at| called(unit, at, name))
        .filter_map(|at| unit.asset(at))
        .map(|(_, id)| Target { side: Ref::Id(id), pattern, place: None })
        .collect();
    if !own.is_empty() && !pattern {
        return own;
    }
    let global = if service.id == "s3" { format!("arn:aws:s3:::{name}") } else { text.to_owned() };
    let mut found = own;
    found.push(Target { side: Ref::named(service.asset, global), pattern, place: None });
    found
}

fn called(unit: &Unit<'_>, at: usize, pattern: &str) -> bool {
    let Some(resource) = unit.resource(at) else {
        return false;
    };
    let Some(rule) = unit.rule(resource) else { return false };
    let mut names = rule.name.iter().flat_map(|path| crate::iac::path::texts(&resource.body, path));
    names.any(|name| overlap(pattern, &name))
}

/// All resources of the service: by its wildcard name, which linking expands, or those of the unit.
fn everything(unit: &Unit<'_>, service: &Service) -> Vec<Target> {
    if let Some(wildcard) = &service.wildcard {
        return vec![Target { side: Ref::named(service.asset, wildcard.clone()), pattern: true, place: None }];
    }
    unit.of_types(&service.types)
        .filter_map(|at| unit.asset(at))
        .map(|(_, id)| Target { side: Ref::Id(id), pattern: true, place: None })
        .collect()
}
