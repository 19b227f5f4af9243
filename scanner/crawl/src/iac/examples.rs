//! Runs the examples and counter-examples of every resource type through the crawlers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aedile_model::{GapKind, RelationKind, Value};
use aedile_rules::{Literal, ResourceExample, ResourceSource, ResourceType, Rules};

use super::arm::Arm;
use super::cloudformation::CloudFormation;
use super::compose::Compose;
use super::kubernetes::Kubernetes;
use super::terraform::Terraform;
use crate::crawler::{Context, run};
use crate::{Facts, File, Link, Options, Ref};

/// Our rules, loaded once for all tests of infrastructure code.
pub(super) static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::load(&[]).unwrap_or_else(|error| panic!("{error:?}")));

/// What the crawlers make of one source text.
pub(super) fn crawled(source: ResourceSource, text: &str) -> Facts {
    let options = Options::default();
    let context = Context::new(&RULES, &options);
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

fn faults(rule: &ResourceType, example: &ResourceExample) -> Vec<String> {
    let facts = crawled(rule.source, &example.source);
    let mut faults = Vec::new();
    let empty = BTreeMap::new();
    let asset = facts.assets.iter().find(|asset| asset.type_name == rule.id);
    if asset.is_none() && !example.expect.is_empty() {
        faults.push(format!("no asset; gaps {:?}", facts.gaps));
    }
    let attributes = asset.map_or(&empty, |asset| &asset.attributes);
    faults.extend(differences(&example.expect, attributes));
    if let Some(wanted) = &example.links {
        let mut found: Vec<String> = facts.links.iter().map(line).collect();
        found.sort();
        let mut wanted = wanted.clone();
        wanted.sort();
        if found != wanted {
            faults.push(format!("links: wanted {wanted:#?}, found {found:#?}"));
        }
    }
    faults
}

/// Where the attributes of an asset are not as an example says.
fn differences(
    expect: &BTreeMap<String, Option<Literal>>,
    attributes: &BTreeMap<String, aedile_model::Attribute>,
) -> Vec<String> {
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
            faults.push(format!("{name}: wanted {wanted:?}, found {found:?}"));
        }
    }
    faults
}

#[test]
fn every_resource_type_does_what_its_examples_say() {
    let mut all = Vec::new();
    for rule in RULES.resources.types() {
        for example in rule.examples.iter().chain(&rule.counter_examples) {
            for fault in faults(rule, example) {
                all.push(format!("{}: {fault}\n  in: {}", rule.id, example.source.trim()));
            }
        }
    }
    assert!(all.is_empty(), "{} faults\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_module_does_what_its_examples_say() {
    let mut all = Vec::new();
    for module in RULES.resources.modules() {
        for example in &module.examples {
            let facts = crawled(ResourceSource::Terraform, &example.source);
            let mut faults: Vec<String> = facts
                .gaps
                .iter()
                .filter(|gap| gap.message.contains("module `") || gap.kind != GapKind::Unresolved)
                .map(|gap| format!("{gap:?}"))
                .collect();
            for (address, expect) in &example.expect {
                match facts.assets.iter().find(|asset| asset.address == *address) {
                    Some(asset) => faults.extend(differences(expect, &asset.attributes)),
                    None => faults.push(format!("no asset `{address}`")),
                }
            }
            let source = example.source.trim();
            all.extend(faults.iter().map(|fault| format!("{}: {fault}\n  in: {source}", module.source)));
        }
    }
    assert!(all.is_empty(), "{} faults\n{}", all.len(), all.join("\n"));
    assert!(RULES.resources.modules().len() >= 35);
}

#[test]
fn the_packs_cover_the_platforms() {
    let assets = RULES.resources.types().filter(|rule| rule.asset.is_some()).count();
    assert!(assets >= 40, "{assets} types become assets");
}
