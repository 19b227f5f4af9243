//! Examples and counter-examples of resource types, run through the crawlers.

use std::collections::BTreeMap;

use aedile_model::{Attribute, Gap, GapKind, RelationKind, Value};
use aedile_rules::{Literal, ModuleExample, ResourceExample, ResourceSource, ResourceType, RuleFailure, Rules};

use super::arm::Arm;
use super::cloudformation::CloudFormation;
use super::compose::Compose;
use super::kubernetes::Kubernetes;
use super::terraform::Terraform;
use crate::crawler::{Context, run};
use crate::{Facts, File, Link, Options, Ref};

/// What the examples of resource types and modules must give and do not.
pub(crate) fn failing(rules: &Rules) -> Vec<RuleFailure> {
    let mut failures = Vec::new();
    for rule in rules.resources.types() {
        for example in rule.examples.iter().chain(&rule.counter_examples) {
            for (expected, got) in faults(rules, rule, example) {
                let example = example.source.trim().to_owned();
                failures.push(RuleFailure {
                    rule: rule.id.clone(),
                    pack: "resources".to_owned(),
                    example,
                    expected,
                    got,
                });
            }
        }
    }
    for module in rules.resources.modules() {
        for example in &module.examples {
            for (expected, got) in module_faults(rules, example) {
                let (rule, pack, example) =
                    (module.source.clone(), "modules".to_owned(), example.source.trim().to_owned());
                failures.push(RuleFailure { rule, pack, example, expected, got });
            }
        }
    }
    failures
}

/// What the crawlers make of one source text under `rules`.
fn crawled_by(rules: &Rules, source: ResourceSource, text: &str) -> Facts {
    let options = Options::default();
    let context = Context::new(rules, &options);
    let mut facts = Facts::default();
    match source {
        ResourceSource::Terraform => run::<Terraform>(&[File::in_memory("main.tf", text)], context, &mut facts),
        ResourceSource::CloudFormation => {
            run::<CloudFormation>(&[File::in_memory("app.yaml", text)], context, &mut facts)
        }
        ResourceSource::Arm => run::<Arm>(&[File::in_memory("main.json", &template(text))], context, &mut facts),
        ResourceSource::Kubernetes => run::<Kubernetes>(&[File::in_memory("app.yaml", text)], context, &mut facts),
        ResourceSource::Compose => run::<Compose>(&[File::in_memory("compose.yaml", text)], context, &mut facts),
        ResourceSource::Dockerfile => run::<Compose>(&[File::in_memory("Dockerfile", text)], context, &mut facts),
    };
    facts
}

/// A template of resources that are written alone, one after the other.
fn template(text: &str) -> String {
    if text.contains("$schema") {
        return text.to_owned();
    }
    let schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
    format!("{{\"$schema\": \"{schema}\", \"resources\": [{text}]}}")
}

/// A link in one line, as `links:` of examples writes it.
pub(super) fn line(link: &Link) -> String {
    let side = |side: &Ref| match side {
        Ref::Id(id) => id.to_string(),
        Ref::Named { kind, name } => format!("{kind}?{name}"),
    };
    let mut text = format!("{} {} -> {}", link.kind.as_str(), side(&link.from), side(&link.to));
    if link.kind == RelationKind::Grants {
        let access: Vec<&str> = link.access.iter().map(|access| access.as_str()).collect();
        text.push_str(&format!(" [{}]", access.join(" ")));
    }
    for (name, attribute) in &link.attributes {
        if attribute.value == Value::Bool(true) {
            text.push_str(&format!(" {name}"));
        }
    }
    text
}

/// What must come out of an example and does not: what is wanted, and what there is.
fn faults(rules: &Rules, rule: &ResourceType, example: &ResourceExample) -> Vec<(String, String)> {
    let facts = crawled_by(rules, rule.source, &example.source);
    let mut faults = Vec::new();
    let empty = BTreeMap::new();
    // A type that becomes no asset is seen by what another one, the first, reads in it.
    let asset = facts.assets.iter().find(|asset| rule.asset.is_none() || asset.type_name == rule.id);
    if asset.is_none() && !example.expect.is_empty() {
        let gaps: Vec<&str> = facts.gaps.iter().map(|gap| gap.message.as_str()).collect();
        faults.push(("an asset".to_owned(), format!("none; gaps: {}", gaps.join("; "))));
    }
    let attributes = asset.map_or(&empty, |asset| &asset.attributes);
    faults.extend(differences(&example.expect, attributes));
    if let Some(wanted) = &example.links {
        let mut found: Vec<String> = facts.links.iter().map(line).collect();
        found.sort();
        let mut wanted = wanted.clone();
        wanted.sort();
        if found != wanted {
            faults.push((format!("links: {}", wanted.join("; ")), found.join("; ")));
        }
    }
    faults
}

/// Where the attributes of an asset are not as an example says.
fn differences(
    expect: &BTreeMap<String, Option<Literal>>,
    attributes: &BTreeMap<String, Attribute>,
) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    for (name, wanted) in expect {
        let found = attributes.get(name).map(|attribute| &attribute.value);
        let fits = match (wanted, found) {
            (None, None) => true,
            (Some(Literal::Text(text)), Some(Value::Unknown(_))) => text == "?",
            (Some(literal), Some(value)) => Value::from(literal) == *value,
            _ => false,
        };
        if !fits {
            faults.push((format!("{name}: {}", wanted_text(wanted.as_ref())), found_text(found)));
        }
    }
    faults
}

/// What must come out of a call of a listed module and does not.
fn module_faults(rules: &Rules, example: &ModuleExample) -> Vec<(String, String)> {
    let facts = crawled_by(rules, ResourceSource::Terraform, &example.source);
    let own = |gap: &&Gap| gap.message.contains("module `") || gap.kind != GapKind::Unresolved;
    let mut faults: Vec<(String, String)> =
        facts.gaps.iter().filter(own).map(|gap| ("no gap".to_owned(), gap.message.clone())).collect();
    for (address, expect) in &example.expect {
        match facts.assets.iter().find(|asset| asset.address == *address) {
            Some(asset) => faults.extend(differences(expect, &asset.attributes)),
            None => faults.push((format!("an asset `{address}`"), "none".to_owned())),
        }
    }
    faults
}

fn wanted_text(wanted: Option<&Literal>) -> String {
    match wanted {
        None => "absent".to_owned(),
        Some(Literal::Text(text)) if text == "?" => "unknown".to_owned(),
        Some(literal) => found_text(Some(&Value::from(literal))),
    }
}

fn found_text(found: Option<&Value>) -> String {
    match found {
        None => "absent".to_owned(),
        Some(Value::Unknown(why)) => format!("unknown: {why}"),
        Some(Value::Bool(truth)) => truth.to_string(),
        Some(Value::Int(number)) => number.to_string(),
        Some(value) => value.as_text().map_or_else(|| format!("{value:?}"), str::to_owned),
    }
}

/// Our rules, loaded once for all tests of infrastructure code.
#[cfg(test)]
pub(super) static RULES: std::sync::LazyLock<Rules> =
    std::sync::LazyLock::new(|| Rules::load(&[]).unwrap_or_else(|error| panic!("{error:?}")));

/// What the crawlers make of one source text under our rules.
#[cfg(test)]
pub(super) fn crawled(source: ResourceSource, text: &str) -> Facts {
    crawled_by(&RULES, source, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_type_and_module_does_what_its_examples_say() {
        let all: Vec<String> = failing(&RULES)
            .iter()
            .map(|fault| format!("{}: {}, not {}\n  in: {}", fault.rule, fault.got, fault.expected, fault.example))
            .collect();
        assert!(all.is_empty(), "{} faults\n{}", all.len(), all.join("\n"));
    }

    #[test]
    fn an_example_that_does_not_hold_is_told_with_what_came_out() {
        let pack = "pack: resources
resources:
  - id: acme_store
    source: terraform
    docs: https://example.org
    asset: Bucket
    attributes: {public: [{path: open, as: bool}]}
    examples: [{source: 'resource \"acme_store\" \"s\" { open = false }', expect: {public: true}}]
    counter_examples: [{source: 'resource \"acme_store\" \"s\" {}', expect: {public: null}}]
";
        let source = aedile_rules::PackSource { name: "user.yaml".to_owned(), text: pack.into() };
        let failures = failing(&Rules::load(&[source]).unwrap());
        let own = failures.iter().filter(|failure| failure.rule == "acme_store");
        let told: Vec<(&str, &str, &str)> =
            own.map(|f| (f.rule.as_str(), f.expected.as_str(), f.got.as_str())).collect();
        assert_eq!(told, [("acme_store", "public: true", "false")]);
    }

    #[test]
    fn the_packs_cover_the_platforms() {
        let assets = RULES.resources.types().filter(|rule| rule.asset.is_some()).count();
        assert!(assets >= 40, "{assets} types become assets");
        assert!(RULES.resources.modules().len() >= 35);
    }
}
