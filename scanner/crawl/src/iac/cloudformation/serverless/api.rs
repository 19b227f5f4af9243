//! APIs of the gateway, and the methods and routes that events of functions add.

use aedile_model::Place;

use super::{Inputs, Made, list, map, member, renamed, with};
use crate::iac::datum::{Datum, Kind};
use crate::iac::resource::Resource;

/// The API that functions get without declaring one.
const IMPLICIT: [(&str, &str, &str); 2] = [
    ("Api", "ServerlessRestApi", "AWS::ApiGateway::RestApi"),
    ("HttpApi", "ServerlessHttpApi", "AWS::ApiGatewayV2::Api"),
];

/// A REST API with its stage.
pub(super) fn rest(inputs: &Inputs<'_>, body: Datum) -> Vec<Made> {
    let stage_name = member(&body, "StageName");
    let mut rest =
        renamed(body.clone(), &[("Auth.DefaultAuthorizer", "DefaultAuthorizer"), ("DefinitionBody", "Body")]);
    if let Kind::Map(map) = &mut rest.kind {
        if let Some(endpoint) = map.members.get("EndpointConfiguration") {
            let kind = match &endpoint.kind {
                Kind::Map(_) => member(endpoint, "Type"),
                _ => endpoint.clone(),
            };
            let vpc = member(endpoint, "VPCEndpointIds");
            let place = endpoint.place.clone();
            let value = super::map([("Types", list(kind.items().to_vec())), ("VpcEndpointIds", vpc)]).at(place);
            map.members.insert("EndpointConfiguration".to_owned(), value);
        }
        let policy = member(&body, "Auth.ResourcePolicy");
        if !policy.is_null() {
            let statements = member(&policy, "CustomStatements");
            let document = if statements.is_null() {
                Datum::unknown("Auth.ResourcePolicy", "the transform writes the policy")
            } else {
                super::map([("Statement", statements)])
            };
            map.members.insert("Policy".to_owned(), document.at(policy.place.clone()));
        }
    }
    let name = stage_name.text().unwrap_or_else(|| "Stage".to_owned());
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let stage = with(body, "RestApiId", inputs.of(inputs.id, "Ref"));
    vec![
        Made { id: inputs.id.to_owned(), type_name: "AWS::ApiGateway::RestApi", body: rest },
        Made { id: format!("{}{name}Stage", inputs.id), type_name: "AWS::ApiGateway::Stage", body: stage },
    ]
}

/// An HTTP API with its stage.
pub(super) fn http(inputs: &Inputs<'_>, body: Datum) -> Vec<Made> {
    let api = renamed(body.clone(), &[("Auth.DefaultAuthorizer", "DefaultAuthorizer"), ("DefinitionBody", "Body")]);
    let api = with(api, "ProtocolType", Datum::from_text("HTTP"));
    let stage = with(body, "ApiId", inputs.of(inputs.id, "Ref"));
    vec![
        Made { id: inputs.id.to_owned(), type_name: "AWS::ApiGatewayV2::Api", body: api },
        Made { id: format!("{}ApiGatewayDefaultStage", inputs.id), type_name: "AWS::ApiGatewayV2::Stage", body: stage },
    ]
}

/// The method or route that an event of a function adds, with the API if it names none.
pub(super) fn event(
    inputs: &Inputs<'_>,
    nth: usize,
    kind: &str,
    properties: &Datum,
    place: Option<Place>,
) -> Vec<Made> {
    let Some((_, implicit, implicit_type)) = IMPLICIT.iter().find(|(event, ..)| *event == kind) else {
        return Vec::new();
    };
    let (named, type_name, target) = match kind {
        "Api" => (member(properties, "RestApiId"), "AWS::ApiGateway::Method", "RestApiId"),
        _ => (member(properties, "ApiId"), "AWS::ApiGatewayV2::Route", "ApiId"),
    };
    let mut made = Vec::new();
    let api = if named.is_null() {
        let globals = inputs.globals.members.get(kind).cloned().unwrap_or_else(|| map([]));
        let body = renamed(globals, &[("Auth.DefaultAuthorizer", "DefaultAuthorizer")]);
        made.push(Made { id: (*implicit).to_owned(), type_name: implicit_type, body: body.at(place.clone()) });
        inputs.of(implicit, "Ref")
    } else {
        named
    };
    let authorizer = match member(properties, "Auth.Authorizer") {
        Datum { kind: Kind::Text(word), place, .. } if word != "NONE" && word != "AWS_IAM" => {
            Datum::from_text("CUSTOM").at(place)
        }
        other => other,
    };
    let body = map([
        (target, api),
        ("HttpMethod", member(properties, "Method")),
        ("ApiKeyRequired", member(properties, "Auth.ApiKeyRequired")),
        ("AuthorizationType", authorizer),
    ]);
    made.push(Made { id: format!("{}Event{nth}", inputs.id), type_name, body: body.at(place) });
    made
}

/// Keeps one of each API that several events make, and gives methods and routes the authorizer of their API.
pub(super) fn together(made: &mut Vec<Resource>) {
    for (_, implicit, _) in IMPLICIT {
        let mut seen = false;
        made.retain(|resource| {
            let is = resource.address.rsplit('.').next() == Some(implicit);
            let first = !(is && seen);
            seen |= is;
            first
        });
    }
    let defaults: Vec<(String, Datum)> = made
        .iter()
        .filter(|resource| IMPLICIT.iter().any(|(.., type_name)| *type_name == resource.type_name))
        .map(|api| (api.key(), member(&api.body, "DefaultAuthorizer")))
        .collect();
    for resource in made.iter_mut() {
        let target = match resource.type_name.as_str() {
            "AWS::ApiGateway::Method" => "RestApiId",
            "AWS::ApiGatewayV2::Route" => "ApiId",
            _ => continue,
        };
        let api = member(&resource.body, target).of;
        let default =
            api.and_then(|of| defaults.iter().find(|(key, _)| *key == of.address)).map(|(_, default)| default);
        let Kind::Map(map) = &mut resource.body.kind else { continue };
        if map.members.contains_key("AuthorizationType") {
            continue;
        }
        let value = match default {
            Some(default) if default.is_null() => Datum::from_text("NONE"),
            Some(Datum { kind: Kind::Text(word), .. }) if word != "AWS_IAM" && word != "NONE" => {
                Datum::from_text("CUSTOM")
            }
            Some(default) => default.clone(),
            None => continue,
        };
        map.members.insert("AuthorizationType".to_owned(), value);
    }
}
