//! Connectors: what one resource may do to another, without a policy written out.
//!
//! What each pair of types gives stands in the packs, as managed policies `sam:Connector/<type>/<permission>`.

use aedile_rules::Resources;

use super::{list, map, member, policy};
use crate::iac::datum::{Datum, Kind};
use crate::iac::resource::Resource;

/// Their type, until they become policies.
pub(super) const TYPE: &str = "AWS::Serverless::Connector";

/// Turns connectors into managed policies of the roles of their sources.
pub(super) fn together(made: &mut [Resource], rules: &Resources) {
    let known: Vec<(String, String, Datum)> = made
        .iter()
        .map(|resource| {
            let role = ["Role", "RoleArn"].iter().map(|name| member(&resource.body, name)).find(|role| !role.is_null());
            (resource.address.clone(), resource.type_name.clone(), role.unwrap_or_else(|| Kind::Null.into()))
        })
        .collect();
    for resource in made.iter_mut().filter(|resource| resource.type_name == TYPE) {
        let prefix = resource.address.rsplit_once('.').map_or(String::new(), |(prefix, _)| format!("{prefix}."));
        let side = |name: &str| {
            let id = member(&resource.body, &format!("{name}.Id")).text();
            let address = id.map(|id| format!("{prefix}{id}"));
            known.iter().find(|(known, ..)| Some(known) == address.as_ref())
        };
        let source = side("Source");
        let role = match source {
            Some((.., role)) if !role.is_null() => role.clone(),
            _ => member(&resource.body, "Source.RoleName"),
        };
        let destination = side("Destination");
        let type_name = destination.map(|(_, type_name, _)| type_name.clone());
        let type_name = type_name.or_else(|| member(&resource.body, "Destination.Type").text()).unwrap_or_default();
        let target = match destination {
            Some((address, ..)) => {
                let of = crate::iac::datum::Target {
                    address: format!("{}#{address}", resource.unit),
                    attribute: "Arn".to_owned(),
                };
                let hole = crate::iac::datum::hole_for(&format!("{address}.Arn"));
                let why = "it is known only when the stack is deployed".to_owned();
                let why = aedile_model::Unknown { expression: format!("GetAtt {address}.Arn"), why };
                Datum::from(Kind::Computed { text: hole, why }).of(Some(of.into()))
            }
            None => member(&resource.body, "Destination.Arn"),
        };
        let mut statements = Vec::new();
        for permission in member(&resource.body, "Permissions").items() {
            let Some(word) = permission.text() else { continue };
            match rules.policy(&format!("sam:Connector/{type_name}/{word}")) {
                Some(known) => {
                    let document = policy::document(&known.statements, |_| Some(target.clone()));
                    statements.extend(
                        member(&document, "Statement")
                            .items()
                            .iter()
                            .map(|item| item.clone().at(permission.place.clone())),
                    );
                }
                None => {
                    let why = format!("what it allows on `{type_name}` is not in the rules");
                    statements.push(Datum::unknown(format!("Permissions {word}"), why).at(permission.place.clone()));
                }
            }
        }
        let document = map([("Statement", list(statements))]).at(resource.place.clone());
        resource.body =
            map([("PolicyDocument", document), ("Roles", list(role.items().to_vec()))]).at(resource.place.clone());
        resource.type_name = "AWS::IAM::ManagedPolicy".to_owned();
    }
}
