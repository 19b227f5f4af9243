//! Plans and states as `terraform show -json` prints them.
//!
//! Source: developer.hashicorp.com/terraform/internals/json-format. Of a plan `planned_values` gives what is
//! known, `resource_changes` what is known only after apply, and `configuration` what refers to what, so that
//! resources find each other although no id is known yet. An attribute that nobody configured and only the provider
//! will fill in is left out: what it is by default the packs say.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place, Span, Unknown};
use aedile_rules::ResourceSource;

mod reference;
#[cfg(test)]
mod tests;

use crate::crawler::Context;
use crate::iac::arm;
use crate::iac::assets;
use crate::iac::datum::{Datum, Kind, Map, Target, hole_for};
use crate::iac::json::{self, Node};
use crate::iac::resource::{Resource, Unit, with_parts};
use crate::{Facts, File};
use reference::{Configured, References};

/// Lists and objects in each other.
const NESTING: usize = 100;

/// Bytes of policy documents that are rendered, each as often as it is referred to.
const RENDERED: usize = 64 << 20;

/// Policy documents in each other.
const DOCUMENTS: usize = 4;

/// Resources of one plan.
const RESOURCES: usize = 50_000;

/// A parsed plan or state, or why it is none.
pub(crate) struct Plan(Result<Node, Gap>);

/// Whether `file` is one, by its content.
pub(super) fn is_plan(file: &File) -> bool {
    if file.extension() != "json" || memchr::memmem::find(&file.bytes, b"\"format_version\"").is_none() {
        return false;
    }
    let holds = |word: &str| {
        file.text.as_ref().is_some_and(|text| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some())
    };
    holds("\"planned_values\"") || holds("\"root_module\"")
}

/// Parses `file`.
pub(super) fn parse(file: &File) -> Plan {
    let text = file.text.clone().unwrap_or_default();
    Plan(json::parse(&text, NESTING).map_err(|error| Gap {
        place: Place { path: Arc::clone(&file.path), span: error.span, cell: None },
        kind: if error.limit { GapKind::Limit } else { GapKind::Unparsed },
        message: format!("the plan is not read: {}", error.message),
    }))
}

/// A resource of a plan.
pub(super) struct Planned<'n> {
    address: &'n str,
    is_data: bool,
    type_name: &'n str,
    /// `module.a["x"].` or nothing.
    prefix: String,
    /// `["x"]`, `[0]` or nothing.
    suffix: String,
    values: Option<&'n Node>,
    unknown: Option<&'n Node>,
    configured: Option<Configured<'n>>,
    span: Span,
}

/// The reader of a plan; a plan that is not read is a gap.
pub(super) fn opened<'n>(file: &'n File, plan: &'n Plan, facts: &mut Facts) -> Option<Reader<'n>> {
    let root = match &plan.0 {
        Ok(root) => root,
        Err(gap) => {
            facts.gaps.push(gap.clone());
            return None;
        }
    };
    let major = root.get("format_version").and_then(Node::str).unwrap_or_default().split('.').next();
    if !matches!(major, Some("0" | "1")) {
        let message = "the format of the plan is newer than what is read".to_owned();
        facts.gaps.push(Gap { place: Place::file(&file.path), kind: GapKind::Unsupported, message });
        return None;
    }
    let reader = Reader::new(file, root);
    if reader.limited {
        let message = format!("more than {RESOURCES} resources: the rest is not read");
        facts.gaps.push(Gap { place: Place::file(&file.path), kind: GapKind::Limit, message });
    }
    Some(reader)
}

/// A plan and what its resources refer to.
pub(super) struct Reader<'n> {
    file: &'n File,
    root: &'n Node,
    planned: Vec<Planned<'n>>,
    references: References<'n>,
    limited: bool,
    /// Bytes of policy documents that may still be rendered.
    rendering: Cell<usize>,
    /// How deep documents may still hold others.
    depth: Cell<usize>,
}

impl<'n> Reader<'n> {
    /// The addresses of its resources.
    pub(super) fn addresses(&self) -> BTreeSet<&str> {
        self.planned.iter().filter(|planned| !planned.is_data).map(|planned| planned.address).collect()
    }

    /// Writes what its resources are, in that unit.
    pub(super) fn describe(&self, unit: &str, context: Context<'_>, facts: &mut Facts) {
        let managed = self.planned.iter().filter(|planned| !planned.is_data);
        let resources: Vec<Resource> = managed.map(|planned| self.resource(planned, unit)).collect();
        let resources = arm::translated(resources, &context.rules.resources);
        let resources = with_parts(&context.rules.resources, resources);
        let unit = Unit::new(&context.rules.resources, &resources, BTreeSet::new());
        assets::describe(&unit, facts);
    }

    fn new(file: &'n File, root: &'n Node) -> Reader<'n> {
        let unknown: BTreeMap<&str, &Node> = root
            .get("resource_changes")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(|change| Some((change.get("address")?.str()?, change.get("change")?.get("after_unknown")?)))
            .collect();
        let references = References::new(root);
        let mut reader = Reader {
            file,
            root,
            planned: Vec::new(),
            references,
            limited: false,
            rendering: Cell::new(RENDERED),
            depth: Cell::new(DOCUMENTS),
        };
        // What data sources say is known before: it stands in the prior state.
        let prior = root.get("prior_state").and_then(|state| state.get("values")).and_then(|v| v.get("root_module"));
        let values = root.get("planned_values").or_else(|| root.get("values")).and_then(|v| v.get("root_module"));
        if let Some(module) = values {
            reader.collect(module, &unknown, Wanted::All);
        }
        if let Some(module) = prior {
            reader.collect(module, &unknown, Wanted::Data);
        }
        let mut seen = BTreeSet::new();
        reader.planned.retain(|planned| seen.insert(planned.address));
        reader.references.take(&reader.planned);
        reader
    }

    fn collect(&mut self, module: &'n Node, unknown: &BTreeMap<&str, &'n Node>, wanted: Wanted) {
        let prefix = module.get("address").and_then(Node::str).map_or(String::new(), |address| format!("{address}."));
        for resource in module.get("resources").map(Node::items).unwrap_or_default() {
            let text = |name: &str| resource.get(name).and_then(Node::str);
            let (Some(address), Some(type_name), Some(name)) = (text("address"), text("type"), text("name")) else {
                continue;
            };
            let is_data = text("mode") == Some("data");
            if wanted == Wanted::Data && !is_data {
                continue;
            }
            if self.planned.len() >= RESOURCES {
                self.limited = true;
                return;
            }
            let suffix = match resource.get("index").map(|index| &index.kind) {
                Some(json::Kind::Int(index)) => format!("[{index}]"),
                Some(json::Kind::Text(key)) => format!("[{key:?}]"),
                _ => String::new(),
            };
            let configured = self.references.configured(&prefix, is_data, type_name, name);
            let member = resource.members().iter().find(|member| member.key == "address");
            let span = member.map_or(resource.span, |member| member.span());
            self.planned.push(Planned {
                address,
                is_data,
                type_name,
                prefix: prefix.clone(),
                suffix,
                values: resource.get("values"),
                unknown: unknown.get(address).copied(),
                configured,
                span,
            });
        }
        for child in module.get("child_modules").map(Node::items).unwrap_or_default() {
            self.collect(child, unknown, wanted);
        }
    }

    fn place(&self, span: Span) -> Option<Place> {
        Some(Place { path: Arc::clone(&self.file.path), span, cell: None })
    }

    fn resource(&self, planned: &Planned<'n>, unit: &str) -> Resource {
        let place = self.place(planned.span);
        let body = self.body(planned).at(place.clone());
        let region = body.member("region").filter(|region| !region.is_null()).cloned();
        Resource {
            source: ResourceSource::Terraform,
            type_name: planned.type_name.to_owned(),
            address: planned.address.to_owned(),
            unit: unit.to_owned(),
            region: region.or_else(|| self.region(planned)),
            default_tags: body.member("tags_all").or_else(|| body.member("effective_labels")).cloned(),
            doubt: None,
            // The values of a plan have the provider's defaults in them.
            provider: None,
            body,
            place,
            in_tests: self.file.in_tests,
        }
    }

    fn body(&self, planned: &Planned<'n>) -> Datum {
        let expressions = planned.configured.and_then(|configured| configured.node.get("expressions"));
        let known = planned.values.map(|node| &node.kind);
        let (Some(json::Kind::Map(_)) | None) = known else {
            return Datum::unknown(planned.address, "its values are no object");
        };
        self.object(planned, planned.values, planned.unknown, expressions, "")
    }

    /// An object of known and unknown members; `path` is that of the object.
    fn object(
        &self,
        planned: &Planned<'n>,
        values: Option<&Node>,
        unknown: Option<&Node>,
        expressions: Option<&Node>,
        path: &str,
    ) -> Datum {
        let mut map = Map::default();
        for member in values.map(Node::members).unwrap_or_default() {
            let expression = expressions.and_then(|expressions| expressions.get(&member.key));
            let unknown = unknown.and_then(|unknown| unknown.get(&member.key));
            let path = if path.is_empty() { member.key.clone() } else { format!("{path}.{}", member.key) };
            let value = self.value(planned, Some(&member.value), unknown, expression, &path);
            map.members.insert(member.key.clone(), value.at(self.place(member.span())));
        }
        for member in unknown.map(Node::members).unwrap_or_default() {
            if values.is_some_and(|values| values.get(&member.key).is_some_and(|held| held.kind != json::Kind::Null)) {
                continue;
            }
            let expression = expressions.and_then(|expressions| expressions.get(&member.key));
            // Nobody configured it: only the provider will say.
            if planned.configured.is_some() && expression.is_none() {
                map.members.remove(&member.key);
                continue;
            }
            let path = if path.is_empty() { member.key.clone() } else { format!("{path}.{}", member.key) };
            let value = self.value(planned, None, Some(&member.value), expression, &path);
            if !value.is_null() {
                map.members.insert(member.key.clone(), value.at(self.place(planned.span)));
            }
        }
        Kind::Map(map).into()
    }

    fn value(
        &self,
        planned: &Planned<'n>,
        value: Option<&Node>,
        unknown: Option<&Node>,
        expression: Option<&Node>,
        path: &str,
    ) -> Datum {
        let target = expression.and_then(|expression| self.references.target(expression, planned));
        let is_unknown = matches!(unknown.map(|node| &node.kind), Some(json::Kind::Bool(true)));
        if is_unknown {
            return self.later(planned, target, path);
        }
        let mut datum: Datum = match value.map(|node| &node.kind) {
            Some(json::Kind::Map(_)) => self.object(planned, value, unknown, expression, path),
            Some(json::Kind::List(items)) => {
                let unknowns = unknown.map(Node::items).unwrap_or_default();
                let inner = expression.map(Node::items).unwrap_or_default();
                let items = items.iter().enumerate().map(|(at, item)| {
                    // Of a dynamic block there is one expression for all.
                    let expression = inner.get(at).or(inner.first()).or(expression);
                    self.value(planned, Some(item), unknowns.get(at), expression, path).at(self.place(item.span))
                });
                Kind::List(items.collect()).into()
            }
            Some(json::Kind::Bool(truth)) => Kind::Bool(*truth).into(),
            Some(json::Kind::Int(number)) => Kind::Int(*number).into(),
            Some(json::Kind::Float(number)) => Kind::Float(*number).into(),
            Some(json::Kind::Text(text)) => Datum::from_text(text.as_str()),
            Some(json::Kind::Null) => Kind::Null.into(),
            None => match unknown.map(|node| &node.kind) {
                Some(json::Kind::Map(_)) => self.object(planned, None, unknown, expression, path),
                Some(json::Kind::List(items)) => {
                    let inner = expression.map(Node::items).unwrap_or_default();
                    let items = items
                        .iter()
                        .enumerate()
                        .map(|(at, item)| self.value(planned, None, Some(item), inner.get(at).or(expression), path));
                    let items: Vec<Datum> = items.filter(|item| !item.is_null()).collect();
                    if items.is_empty() { Kind::Null.into() } else { Kind::List(items.into()).into() }
                }
                _ => Kind::Null.into(),
            },
        };
        if !datum.is_null() && datum.of.is_none() {
            datum.of = target.map(Arc::new);
        }
        datum
    }

    /// What is known only after apply: the policy that a data source renders, or a hole with what it refers to.
    fn later(&self, planned: &Planned<'n>, target: Option<Target>, path: &str) -> Datum {
        let rendered = target.as_ref().filter(|target| {
            target.attribute == "json"
                && target.address != planned.address
                && target.address.contains("data.aws_iam_policy_document.")
        });
        let document = rendered.and_then(|target| self.planned.iter().find(|other| other.address == target.address));
        if let Some(rendered) = document.and_then(|document| self.rendered(document)) {
            return rendered;
        }
        let expression = match &target {
            Some(target) => format!("{}.{}", target.address, target.attribute),
            None => format!("{}.{path}", planned.address),
        };
        let why = Unknown { expression: expression.clone(), why: "it is known only after apply".to_owned() };
        let kind = Kind::Computed { text: hole_for(&expression), why };
        Datum::from(kind).of(target.map(Arc::new))
    }

    /// What the data source `document` renders; nothing where documents hold each other too deep or too often.
    fn rendered(&self, document: &Planned<'n>) -> Option<Datum> {
        let weight = document.values.map_or(0, |node| node.span.end.saturating_sub(node.span.start)) as usize;
        let left = self.rendering.get().checked_sub(weight + 64)?;
        let depth = self.depth.get().checked_sub(1)?;
        self.rendering.set(left);
        self.depth.set(depth);
        let body = self.body(document);
        self.depth.set(depth + 1);
        Some(Kind::Json(Box::new(super::document::document(&body))).into())
    }

    /// The region of the provider that the resource is of.
    fn region(&self, planned: &Planned<'n>) -> Option<Datum> {
        let key = planned.configured?.node.get("provider_config_key")?.str()?;
        let providers = self.root.get("configuration")?.get("provider_config")?;
        let region = providers.get(key)?.get("expressions")?.get("region")?;
        if let Some(constant) = region.get("constant_value") {
            return Some(Datum::from_text(constant.str()?).at(self.place(constant.span)));
        }
        let name = region.get("references")?.items().iter().find_map(|reference| reference.str()?.strip_prefix("var."));
        let value = name.and_then(|name| self.root.get("variables")?.get(name)?.get("value"));
        Some(match value.and_then(|value| Some((value.str()?, value.span))) {
            Some((text, span)) => Datum::from_text(text).at(self.place(span)),
            None => Datum::unknown(format!("{key}.region"), "the plan does not tell it"),
        })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    All,
    Data,
}
