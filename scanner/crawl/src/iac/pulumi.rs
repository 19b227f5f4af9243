//! Pulumi programs in YAML: `Pulumi.yaml` with the runtime `yaml`.
//!
//! Providers that are bridged from Terraform keep its types and arguments under names that follow from theirs:
//! `aws:s3:BucketVersioning` is `aws_s3_bucket_versioning`, `forceDestroy` is `force_destroy`. So the packs read them.
//! Where the rule does not lead to a type of the packs (native providers, renamed types), that is a gap.
//! Source: pulumi.com/docs/iac/languages-sdks/yaml/yaml-language-reference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place, Unknown};
use aedile_rules::ResourceSource;

mod name;
#[cfg(test)]
mod tests;

use super::assets;
use super::datum::{Datum, Kind, Map, Target};
use super::document::Document;
use super::interpolate::{Lookup, filled, joined};
use super::resource::{Resource, Unit, with_parts};
use crate::crawler::{Context, Crawler};
use crate::{Facts, File};
use name::{argument, type_name};

/// The crawler of Pulumi programs in YAML.
pub(crate) struct Pulumi;

/// Resources of one program.
const MANY: usize = 10_000;

/// Levels of properties.
const DEPTH: usize = 32;

impl Crawler for Pulumi {
    type Parsed = Document;

    fn claims(file: &File) -> bool {
        let name = file.name();
        let is_pulumi = name.starts_with("Pulumi.") && (name.ends_with(".yaml") || name.ends_with(".yml"));
        is_pulumi && file.text.is_some()
    }

    fn parse(file: &File, context: Context<'_>) -> Document {
        Document::of(file, "the program", context)
    }

    fn resolve(parsed: Vec<(&File, Document)>, context: Context<'_>, facts: &mut Facts) {
        for (file, source) in &parsed {
            facts.gaps.extend(source.gaps.iter().cloned());
            let is_program = matches!(file.name(), "Pulumi.yaml" | "Pulumi.yml");
            if let Some(body) = source.body.as_ref().filter(|_| is_program) {
                let stacks: Vec<&Datum> = parsed
                    .iter()
                    .filter(|(other, _)| other.folder() == file.folder() && other.path != file.path)
                    .filter_map(|(_, source)| source.body.as_ref())
                    .collect();
                program(file, body, &stacks, context, facts);
            }
        }
    }
}

/// Programs in other languages are no YAML: their resources are not read.
fn program(file: &File, body: &Datum, stacks: &[&Datum], context: Context<'_>, facts: &mut Facts) {
    let runtime = body.member("runtime").map(|runtime| runtime.member("name").unwrap_or(runtime));
    let runtime = runtime.and_then(Datum::text).unwrap_or_default();
    if runtime != "yaml" {
        let message = format!("a Pulumi program in `{runtime}` is not read");
        facts.gaps.push(Gap { place: Place::file(&file.path), kind: GapKind::Unsupported, message });
        return;
    }
    let mut names = Names { body, stacks, context, depth: 8 };
    let mut resources = Vec::new();
    let Some(Kind::Map(declared)) = body.member("resources").map(|resources| &resources.kind) else { return };
    for (name, declared) in declared.members.iter().take(MANY) {
        let Some(written) = declared.member("type").and_then(Datum::text) else { continue };
        let place = declared.member("type").and_then(|kind| kind.place.clone()).or_else(|| declared.place.clone());
        if written.starts_with("pulumi:") {
            continue;
        }
        let Some(type_name) = type_name(&written, &context.rules.resources) else {
            let message = format!("resources of the type `{written}` are not read");
            let place = place.unwrap_or_else(|| Place::file(&file.path));
            facts.gaps.push(Gap { place, kind: GapKind::Unsupported, message });
            continue;
        };
        let properties = declared.member("properties").cloned().unwrap_or_else(|| Kind::Map(Map::default()).into());
        let body = arguments(&called(&filled(&properties, &mut names), DEPTH), DEPTH);
        resources.push(Resource {
            source: ResourceSource::Terraform,
            type_name,
            address: name.clone(),
            unit: file.folder().to_owned(),
            body,
            place,
            in_tests: file.in_tests,
            region: written.split(':').next().and_then(|provider| names.setting(&format!("{provider}:region"))),
            default_tags: None,
            doubt: None,
            provider: None,
        });
    }
    let resources = with_parts(&context.rules.resources, resources);
    let unit = Unit::new(&context.rules.resources, &resources, BTreeSet::new());
    assets::describe(&unit, facts);
}

/// What `${…}` means in a program.
struct Names<'a> {
    body: &'a Datum,
    stacks: &'a [&'a Datum],
    context: Context<'a>,
    depth: usize,
}

impl Names<'_> {
    /// A setting by its name: given by the user, the same in every stack, or the program's default.
    fn setting(&mut self, key: &str) -> Option<Datum> {
        if let Some(given) = self.context.options.variables.get(key) {
            return Some(Datum::from_text(given.clone()));
        }
        let project = self.body.member("name").and_then(Datum::text).unwrap_or_default();
        let qualified = format!("{project}:{key}");
        let of = |body: &Datum| {
            let config = body.member("config")?;
            config.member(key).or_else(|| config.member(&qualified)).cloned()
        };
        let given: Vec<Datum> = self.stacks.iter().filter_map(|stack| of(stack)).collect();
        let own = of(self.body).map(|declared| match declared.kind {
            Kind::Map(map) => map.members.get("default").or_else(|| map.members.get("value")).cloned(),
            _ => Some(declared),
        });
        if let Some(first) = given.first() {
            if first.member("secure").is_some() {
                return Some(Datum::unknown(key, "it is kept encrypted"));
            }
            let same = given.iter().all(|other| other.kind == first.kind) && given.len() == self.stacks.len();
            return Some(if same { first.clone() } else { Datum::unknown(key, "the stacks set it differently") });
        }
        own.map(|own| own.unwrap_or_else(|| Datum::unknown(key, "the setting has no default")))
    }
}

impl Lookup for Names<'_> {
    fn value(&mut self, expression: &str) -> Datum {
        let (name, attribute) = expression.split_once(['.', '[']).unwrap_or((expression, "id"));
        let is_resource = self.body.member("resources").and_then(|all| all.member(name)).is_some();
        if is_resource {
            let attribute = argument(attribute.trim_end_matches(']').split(['.', '[']).next().unwrap_or_default());
            let why = Unknown { expression: expression.to_owned(), why: "known after the deployment".to_owned() };
            let target = Target { address: name.to_owned(), attribute };
            let kind = Kind::Computed { text: format!("{{{name}.{}}}", target.attribute), why };
            return Datum::from(kind).of(Some(Arc::new(target)));
        }
        if let Some(variable) = self.body.member("variables").and_then(|all| all.member(expression)).cloned() {
            if self.depth == 0 {
                return Datum::unknown(expression, "variables refer to each other too deeply");
            }
            self.depth -= 1;
            let value = called(&filled(&variable, self), DEPTH);
            self.depth += 1;
            return value;
        }
        match self.setting(expression) {
            Some(value) => value,
            None => Datum::unknown(expression, "it is not in the program"),
        }
    }
}

/// `datum` with its functions called, as far as they are pure.
fn called(datum: &Datum, depth: usize) -> Datum {
    if depth == 0 {
        return Datum::unknown("…", "values nest too deeply").at(datum.place.clone());
    }
    let inner = |datum: &Datum| called(datum, depth - 1);
    match &datum.kind {
        Kind::List(items) => Datum { kind: Kind::List(items.iter().map(inner).collect()), ..datum.clone() },
        Kind::Map(map) => {
            let function = map.members.iter().find(|(key, _)| key.starts_with("fn::"));
            let Some((name, argument)) = function.filter(|_| map.members.len() == 1) else {
                let members = map.members.iter().map(|(key, member)| (key.clone(), inner(member))).collect();
                return Datum { kind: Kind::Map(Map { members, open: map.open.clone() }), ..datum.clone() };
            };
            let argument = inner(argument);
            let value = match name.as_str() {
                "fn::toJSON" => Datum::from(Kind::Json(Box::new(argument))),
                "fn::secret" => argument,
                "fn::join" => match argument.items() {
                    [separator, list] => {
                        let mut parts = Vec::new();
                        for item in list.items() {
                            if !parts.is_empty() {
                                parts.push(separator.clone());
                            }
                            parts.push(item.clone());
                        }
                        joined(&parts)
                    }
                    _ => Datum::unknown("fn::join", "it needs a separator and a list"),
                },
                other => Datum::unknown(other, "the function is not evaluated"),
            };
            value.at(datum.place.clone())
        }
        _ => datum.clone(),
    }
}

/// Arguments whose members are the user's words.
const FREE: [&str; 7] = ["tags", "labels", "user_labels", "variables", "custom_tags", "spark_conf", "spark_env_vars"];

/// Properties as the arguments of the provider. Lists are called by their plural: the singular stands beside it.
fn arguments(properties: &Datum, depth: usize) -> Datum {
    match &properties.kind {
        Kind::Map(map) if depth > 0 => {
            let mut members: BTreeMap<String, Datum> = BTreeMap::new();
            for (key, member) in &map.members {
                let name = argument(key);
                let value = if FREE.contains(&name.as_str()) { member.clone() } else { arguments(member, depth - 1) };
                if let (Some(one), Kind::List(_)) = (name.strip_suffix('s'), &value.kind) {
                    members.entry(one.to_owned()).or_insert_with(|| value.clone());
                }
                members.insert(name, value);
            }
            Datum { kind: Kind::Map(Map { members: members.into(), open: map.open.clone() }), ..properties.clone() }
        }
        Kind::List(items) => {
            let items = items.iter().map(|item| arguments(item, depth.saturating_sub(1))).collect();
            Datum { kind: Kind::List(items), ..properties.clone() }
        }
        _ => properties.clone(),
    }
}
