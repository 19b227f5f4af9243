//! Examples and counter-examples of library calls, run through the crawler of code.

use aedile_model::{Columns, Flow, Protection, RelationKind};
use aedile_rules::{RuleFailure, Rules};

use super::Code;
use crate::crawler::{Context, Crawler};
use crate::{Facts, File, Options, Ref};

/// What the examples of library calls must tell and do not: each of an example's lines must be told, and nothing
/// but its lines by a counter-example.
pub(crate) fn failing(rules: &Rules) -> Vec<RuleFailure> {
    let mut failures = Vec::new();
    for rule in rules.apis.rules() {
        let mut fail = |code: &str, expected: String, told: &[String]| {
            let got = if told.is_empty() { "nothing".to_owned() } else { told.join("; ") };
            let example = code.trim().to_owned();
            failures.push(RuleFailure { rule: rule.id.clone(), pack: "apis".to_owned(), example, expected, got });
        };
        for example in &rule.examples {
            let told = told(&facts_by(rules, &[("job.py", &example.code)]));
            let whole = example.gives.iter().all(|line| told.contains(line));
            if !whole || (example.gives.is_empty() && told.is_empty()) {
                fail(&example.code, example.gives.join("; "), &told);
            }
        }
        for example in &rule.counter_examples {
            let told = told(&facts_by(rules, &[("job.py", &example.code)]));
            let mut said = example.gives.clone();
            said.sort();
            if told != said {
                fail(&example.code, format!("nothing but: {}", said.join("; ")), &told);
            }
        }
    }
    failures
}

/// The facts of `files` under `rules`.
pub(super) fn facts_by(rules: &Rules, files: &[(&str, &str)]) -> Facts {
    let options = Options::default();
    let context = Context::new(rules, &options);
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let parsed =
        files.iter().filter(|file| Code::claims(file)).map(|file| (file, Code::parse(file, context))).collect();
    let mut facts = Facts::default();
    Code::resolve(parsed, context, &mut facts);
    facts
}

fn name_of(side: &Ref) -> String {
    match side {
        Ref::Id(id) => id.as_str().to_owned(),
        Ref::Named { name, .. } => name.clone(),
    }
}

fn columns_of(flow: &Flow) -> String {
    match &flow.columns {
        Columns::All if flow.dropped.is_empty() => "*".to_owned(),
        Columns::All => format!("* without {}", flow.dropped.iter().cloned().collect::<Vec<_>>().join(", ")),
        Columns::Unknown => "?".to_owned(),
        Columns::Named(columns) => columns
            .iter()
            .map(
                |(name, rung)| {
                    if *rung == Protection::None { name.clone() } else { format!("{name}:{}", rung.as_str()) }
                },
            )
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// The facts in the words of the catalog's examples, sorted.
pub(crate) fn told(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    for link in &facts.links {
        let flow = link.flow.as_ref().map_or_else(String::new, |flow| {
            let filters = flow.filters.iter().cloned().collect::<Vec<_>>().join(", ");
            let by = if filters.is_empty() { filters } else { format!(" where {filters}") };
            format!(" [{}]{by}", columns_of(flow))
        });
        let extra: String = link
            .attributes
            .iter()
            .map(|(name, attribute)| {
                let shown = match &attribute.value {
                    aedile_model::Value::Bool(truth) => truth.to_string(),
                    other => other.as_text().map_or_else(|| format!("{other:?}"), str::to_owned),
                };
                format!(" {name}={shown}")
            })
            .collect();
        let to = name_of(&link.to);
        let short = |kind: &str| to.strip_prefix(kind).unwrap_or(&to).rsplit('#').next().unwrap_or_default().to_owned();
        lines.push(match link.kind {
            RelationKind::Reads => format!("reads {to}{flow}"),
            RelationKind::Writes => format!("writes {to}{flow}"),
            RelationKind::SendsTo => format!("sends {}{flow}", short("Sink:")),
            RelationKind::Trains => format!("trains {}{flow}{extra}", short("Model:")),
            RelationKind::Releases => format!("releases {}{extra}", short("Model:")),
            RelationKind::RunsAs => format!("runs as {to}"),
            RelationKind::DerivedFrom => format!("{} from {to}{flow}", name_of(&link.from)),
            RelationKind::Grants => {
                let access: Vec<&str> = link.access.iter().map(|access| access.as_str()).collect();
                format!("{} may {} {to}", name_of(&link.from), access.join("+"))
            }
            RelationKind::MemberOf => format!("{} member of {to}", name_of(&link.from)),
            _ => continue,
        });
    }
    for asset in facts.assets.iter().filter(|asset| {
        matches!(
            asset.kind,
            aedile_model::AssetKind::Pipeline
                | aedile_model::AssetKind::Notebook
                | aedile_model::AssetKind::FeatureView
                | aedile_model::AssetKind::Document
        )
    }) {
        if asset.kind == aedile_model::AssetKind::Document {
            let parts = asset.value("written").map(aedile_model::Value::items).unwrap_or_default();
            let parts: Vec<&str> = parts.iter().filter_map(aedile_model::Value::as_text).collect();
            lines.push(format!("writes the card of {} [{}]", asset.address, parts.join(", ")));
            continue;
        }
        for (name, attribute) in &asset.attributes {
            let value = match &attribute.value {
                aedile_model::Value::Bool(truth) => truth.to_string(),
                aedile_model::Value::Int(number) => number.to_string(),
                aedile_model::Value::List(items) => {
                    items.iter().map(|item| item.as_text().unwrap_or("?")).collect::<Vec<_>>().join(", ")
                }
                other => other.as_text().unwrap_or("?").to_owned(),
            };
            lines.push(format!("sets {name} = {value}"));
        }
        if asset.kind == aedile_model::AssetKind::FeatureView {
            lines.push(format!("declares feature view {}", asset.name));
        }
    }
    lines.sort();
    lines.dedup();
    lines
}
