//! What a resource type must have beyond the form.

use super::form::{Condition, GrantForm, Interface, ModuleRule, Reader, Reading, ResourceType};
use crate::{PackError, PackSource};

/// Refuses a type that has no examples, names a companion it does not have, or says nothing in a reader.
pub(super) fn check(resource: &ResourceType, source: &PackSource) -> Result<(), PackError> {
    let refuse = |reason: &str, help: &str| Err(source.invalid(&resource.id, reason, help));
    // A type that becomes nothing itself is known only so that companions are found.
    if resource.like.is_some() && resource.asset.is_none() && resource.grants.is_empty() && resource.examples.is_empty()
    {
        return Ok(());
    }
    if resource.examples.is_empty() {
        return refuse("it has no example", "add `examples:` with a source and what must come out");
    }
    if resource.counter_examples.is_empty() {
        return refuse("it has no counter-example", "add `counter_examples:` where the opposite must come out");
    }
    if resource.examples.iter().chain(&resource.counter_examples).any(|e| e.expect.is_empty() && e.links.is_none()) {
        return refuse("an example expects nothing", "give `expect:` or `links:`");
    }
    let inherits = resource.like.is_some() && resource.paths.is_some();
    let says = !resource.grants.is_empty() || !resource.attributes.is_empty() || resource.labels.is_some();
    if !inherits && resource.asset.is_none() && !says {
        return refuse("it becomes nothing", "give `asset:`, `grants:`, `labels:` or attributes that other types read");
    }
    for (name, companion) in &resource.companions {
        if companion.by.is_some() && companion.via.is_some() {
            return refuse(&format!("the companion `{name}` is joined both ways"), "give `by` or `via`, not both");
        }
        let mut between = companion.of.as_ref();
        for _ in 0..=resource.companions.len() {
            let Some(of) = between else { break };
            let Some(next) = resource.companions.get(of) else {
                return refuse(
                    &format!("the companion `{name}` is one of no companion"),
                    "name in `of` a companion of this type",
                );
            };
            between = next.of.as_ref();
        }
        if between.is_some() {
            return refuse(&format!("the companion `{name}` is one of itself"), "let `of` lead to this resource");
        }
    }
    for (attribute, readers) in &resource.attributes {
        for reader in readers {
            if let Some(reason) = reader_fault(reader) {
                return refuse(&format!("a reader of `{attribute}` {reason}"), "give a case, a path or a default");
            }
            let opens = reader.opens.iter();
            let conditions = reader.when.iter().chain(opens.clone().map(|rule| &rule.when)).flat_map(companions_of);
            let named = reader.from.iter().chain(opens.filter_map(|rule| rule.from.as_ref())).map(String::as_str);
            let unknown = conditions.chain(named).find(|name| !resource.companions.contains_key(*name));
            if let Some(unknown) = unknown.filter(|_| !inherits) {
                return refuse(&format!("there is no companion `{unknown}`"), "name it under `companions:`");
            }
        }
    }
    for relation in &resource.relations {
        if !inherits && relation.from.as_ref().is_some_and(|name| !resource.companions.contains_key(name)) {
            return refuse("a relation reads a companion that is not there", "name it under `companions:`");
        }
    }
    let masks = resource.columns.iter().flat_map(|columns| &columns.masks);
    if masks.into_iter().any(|mask| !resource.companions.contains_key(&mask.from)) {
        return refuse("a mask reads a companion that is not there", "name it under `companions:`");
    }
    for grant in &resource.grants {
        let whole = match grant.form {
            GrantForm::IdentityPolicy | GrantForm::Attachment => grant.document.is_some(),
            GrantForm::ResourcePolicy | GrantForm::TrustPolicy => grant.document.is_some(),
            GrantForm::Binding if grant.gap.is_some() => grant.when.is_some(),
            GrantForm::Binding => {
                grant.to.is_some() && !(grant.principals.is_empty() && (grant.on.is_empty() || grant.access.is_empty()))
            }
            GrantForm::Membership => !grant.on.is_empty(),
        };
        if !whole {
            return refuse(
                "a grant lacks what its form needs",
                "policies need `document`, bindings `principals` and `to`",
            );
        }
    }
    Ok(())
}

/// Refuses an interface that nothing recognises, or a case that tests nothing or two things.
pub(super) fn check_interface(interface: &Interface, source: &PackSource) -> Result<(), PackError> {
    if interface.images.is_empty() && interface.commands.is_empty() {
        return Err(source.invalid(&interface.id, "nothing recognises it", "give `images:` or `commands:`"));
    }
    if interface.cases.iter().any(|case| case.argument.is_some() == case.variable.is_some()) {
        return Err(source.invalid(
            &interface.id,
            "a case tests nothing or two things",
            "give `argument` or `variable`",
        ));
    }
    Ok(())
}

fn reader_fault(reader: &Reader) -> Option<&'static str> {
    if reader.unknown.is_some() {
        return (reader.is.is_some() || reader.default.is_some()).then_some("is unknown and known");
    }
    if !reader.opens.is_empty() {
        let alone = reader.when.is_none() && reader.path.is_none() && reader.default.is_none() && reader.is.is_none();
        return (!alone).then_some("opens ports and reads something else");
    }
    if reader.absent {
        let alone = reader.when.is_some() && reader.is.is_none() && reader.path.is_none() && reader.default.is_none();
        return (!alone).then_some("is absent and something else");
    }
    if reader.attribute.is_some() && reader.from.is_none() {
        return Some("reads an attribute of no companion");
    }
    match (&reader.when, &reader.is, reader.path.as_ref().or(reader.attribute.as_ref()), &reader.default) {
        (Some(_), Some(_), None, None) | (_, None, Some(_), None) => None,
        (None, None, None, Some(_)) if reader.since.is_none() => Some("has a default without `since`"),
        (None, None, None, Some(_)) if reader.reading != Reading::Value => Some("reads a default"),
        (None, None, None, Some(_)) => None,
        _ => Some("is neither a case nor a path nor a default"),
    }
}

fn companions_of(condition: &Condition) -> Vec<&str> {
    let inner =
        condition.all.iter().chain(&condition.any).chain(condition.not.as_deref()).chain(condition.each.as_deref());
    inner.flat_map(companions_of).chain(condition.from.as_deref()).collect()
}

/// Refuses a module that has no examples or tells nothing.
pub(super) fn check_module(module: &ModuleRule, source: &PackSource) -> Result<(), PackError> {
    let refuse = |reason: &str, help: &str| Err(source.invalid(&module.source, reason, help));
    if module.examples.is_empty() {
        return refuse("the module has no example", "add `examples:` with a call and what must come out");
    }
    if !module.docs.starts_with("https://") {
        return refuse("the module names no page", "give in `docs:` where its inputs and defaults were read");
    }
    if module.configuration.trim().is_empty() {
        return refuse("the module tells nothing", "give `configuration:` with variables, resources and outputs");
    }
    Ok(())
}
