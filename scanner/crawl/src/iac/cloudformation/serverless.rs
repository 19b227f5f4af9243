//! The Serverless Application Model: the resources that its transform makes.
//!
//! Source: docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-resources-and-properties.html
//! and the page "Generated CloudFormation resources" there.
//!
//! Methods and routes of APIs, which the transform writes into an OpenAPI document, become resources of their
//! own here, so that one pack judges both ways to write them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::Unknown;
use aedile_rules::Resources;

mod api;
mod connector;
mod function;
mod policy;

use super::template::Template;
use crate::iac::datum::{Datum, Kind, Map, Target, hole_for};
use crate::iac::resource::Resource;
use crate::yaml;

/// A resource that the transform makes.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) type_name: &'static str,
    pub(super) body: Datum,
}

/// What a resource of the model is made from beside its own properties.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs<'i> {
    pub(super) id: &'i str,
    pub(super) prefix: &'i str,
    pub(super) unit: &'i str,
    pub(super) globals: &'i Map,
}

impl Inputs<'_> {
    /// What `Ref` or `GetAtt` of the resource `id` is.
    fn of(&self, id: &str, attribute: &str) -> Datum {
        let address = format!("{}#{}{id}", self.unit, self.prefix);
        let text = hole_for(&format!("{}{id}.{attribute}", self.prefix));
        let why = Unknown {
            expression: format!("GetAtt {id}.{attribute}"),
            why: "it is known only when the stack is deployed".to_owned(),
        };
        let of = Some(Arc::new(Target { address, attribute: attribute.to_owned() }));
        Datum::from(Kind::Computed { text, why }).of(of)
    }
}

/// Whether `template` is written in the model.
pub(super) fn is(template: &Template) -> bool {
    let transform = template.root.get("Transform");
    let named = |node: &yaml::Node| node.str().is_some_and(|name| name.starts_with("AWS::Serverless-"));
    let resources = template.root.get("Resources").map(yaml::Node::entries).unwrap_or_default();
    transform.is_some_and(|node| named(node) || node.items().iter().any(named))
        || resources.iter().any(|entry| {
            entry.value.get("Type").and_then(yaml::Node::str).is_some_and(|name| name.starts_with("AWS::Serverless::"))
        })
}

/// The type that a resource of the model mainly becomes; other types are themselves.
pub(super) fn becomes(type_name: &str) -> &str {
    match type_name {
        "AWS::Serverless::Api" => "AWS::ApiGateway::RestApi",
        "AWS::Serverless::Application" => "AWS::CloudFormation::Stack",
        "AWS::Serverless::Function" => "AWS::Lambda::Function",
        "AWS::Serverless::GraphQLApi" => "AWS::AppSync::GraphQLApi",
        "AWS::Serverless::HttpApi" => "AWS::ApiGatewayV2::Api",
        "AWS::Serverless::LayerVersion" => "AWS::Lambda::LayerVersion",
        "AWS::Serverless::SimpleTable" => "AWS::DynamoDB::Table",
        "AWS::Serverless::StateMachine" => "AWS::StepFunctions::StateMachine",
        other => other,
    }
}

/// Whether the transform makes a resource called `id`, `has` telling what the template declares.
pub(super) fn makes(id: &str, has: impl Fn(&str) -> bool) -> bool {
    let id = id.split('.').next().unwrap_or(id);
    let suffixes = ["Role", "Url", "Stage", "Deployment", "Version", "EventInvokeConfig"];
    ["ServerlessRestApi", "ServerlessHttpApi"].contains(&id)
        || suffixes.iter().any(|suffix| id.strip_suffix(suffix).is_some_and(&has))
        || has(id)
}

/// The resources that one of the kind `kind` (`Function`) with the properties `body` becomes; `None` for kinds
/// that are not read.
pub(super) fn expand(kind: &str, inputs: &Inputs<'_>, body: Datum, rules: &Resources) -> Option<Vec<Made>> {
    let body = match inputs.globals.members.get(kind) {
        Some(globals) => merged(globals.clone(), body),
        None => body,
    };
    let only = |type_name, body| Some(vec![Made { id: inputs.id.to_owned(), type_name, body }]);
    match kind {
        "Api" => Some(api::rest(inputs, body)),
        "Application" => Some(Vec::new()),
        "Connector" => only(connector::TYPE, body),
        "Function" => Some(function::function(inputs, body, rules)),
        "GraphQLApi" => only("AWS::AppSync::GraphQLApi", renamed(body, &[("Auth.Type", "AuthenticationType")])),
        "HttpApi" => Some(api::http(inputs, body)),
        "LayerVersion" => only("AWS::Lambda::LayerVersion", body),
        "SimpleTable" => only("AWS::DynamoDB::Table", body),
        "StateMachine" => Some(function::state_machine(inputs, body, rules)),
        _ => None,
    }
}

/// What the transform makes of several resources together: APIs that are nowhere declared, connectors.
pub(super) fn together(made: &mut Vec<Resource>, rules: &Resources) {
    api::together(made);
    connector::together(made, rules);
}

/// A map of these members, those that are null left out.
fn map<const N: usize>(members: [(&str, Datum); N]) -> Datum {
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    Datum::from(members.map(|(key, value)| (key.to_owned(), value)).collect::<BTreeMap<_, _>>())
}

fn list(items: Vec<Datum>) -> Datum {
    Kind::List(items.into()).into()
}

/// The member at a dotted path of maps; null if there is none.
fn member(body: &Datum, path: &str) -> Datum {
    let found = path.split('.').try_fold(body, |body, key| body.member(key));
    found.cloned().unwrap_or_else(|| Kind::Null.into())
}

/// `body` with the members at the paths on the left under the names on the right too.
fn renamed(mut body: Datum, names: &[(&str, &str)]) -> Datum {
    for (from, to) in names {
        let value = member(&body, from);
        if let Kind::Map(map) = &mut body.kind
            && !value.is_null()
        {
            map.members.insert((*to).to_owned(), value);
        }
    }
    body
}

/// `own` over `globals`: maps member by member, lists one after the other, anything else as in `own`.
fn merged(globals: Datum, own: Datum) -> Datum {
    let (place, of) = (own.place.clone(), own.of.clone());
    let kind = match (globals.kind, own.kind) {
        (Kind::Map(mut globals), Kind::Map(own)) => {
            for (key, value) in own.members {
                let value = match globals.members.remove(&key) {
                    Some(global) => merged(global, value),
                    None => value,
                };
                globals.members.insert(key, value);
            }
            Kind::Map(Map { members: globals.members, open: globals.open.or(own.open) })
        }
        (Kind::List(mut globals), Kind::List(own)) => {
            globals.extend(own);
            Kind::List(globals)
        }
        (_, own) => own,
    };
    Datum::new(kind, place).of(of)
}

/// `body` with one more member.
fn with(mut body: Datum, name: &str, value: Datum) -> Datum {
    if let Kind::Map(map) = &mut body.kind {
        map.members.insert(name.to_owned(), value);
    }
    body
}
