//! RBAC: rules of roles, bindings to subjects, service accounts that act as cloud roles.
//!
//! Source: kubernetes.io/docs/reference/access-authn-authz/rbac.

use std::collections::BTreeSet;

use aedile_model::{Access, Asset, AssetId, AssetKind, Place, RelationKind, Value};

use crate::iac::datum::{Datum, Kind};
use crate::iac::grants::anyone;
use crate::iac::links::all_access;
use crate::iac::path::{texts, values};
use crate::iac::resource::{Resource, Unit};
use crate::{Facts, Link, Ref};

/// Groups that everybody is in.
const EVERYBODY: [&str; 2] = ["system:authenticated", "system:unauthenticated"];

/// Annotations by which a service account acts as a role or account of the cloud.
const CLOUD_IDENTITY: [(&str, AssetKind); 3] = [
    ("eks.amazonaws.com/role-arn", AssetKind::Role),
    ("iam.gke.io/gcp-service-account", AssetKind::ServiceAccount),
    ("azure.workload.identity/client-id", AssetKind::ServiceAccount),
];

/// Writes memberships and what roles say of themselves.
pub(super) fn write(unit: &Unit<'_>, facts: &mut Facts) {
    for (at, object) in unit.resources.iter().enumerate() {
        match object.type_name.as_str() {
            "Role" | "ClusterRole" => {
                let wildcard = values(&object.body, "rules").into_iter().find(is_admin);
                if let Some((_, id)) = unit.asset(at)
                    && let Some(asset) = facts.assets.iter_mut().find(|asset| asset.id == id)
                {
                    asset.set("adminWildcard", wildcard.is_some(), wildcard.and_then(|rule| rule.place));
                }
                if let Some((_, id)) = unit.asset(at) {
                    grants(unit, object, &id, facts);
                }
            }
            "RoleBinding" | "ClusterRoleBinding" => binding(unit, object, facts),
            "ServiceAccount" => {
                if let Some((_, id)) = unit.asset(at) {
                    cloud_identity(object, &id, facts);
                }
            }
            _ => {}
        }
    }
}

fn is_admin(rule: &Datum) -> bool {
    ["apiGroups", "resources", "verbs"].iter().all(|part| texts(rule, part).iter().any(|text| text == "*"))
}

/// Rules over workloads and secrets of the namespace become grants on the assets they are.
fn grants(unit: &Unit<'_>, role: &Resource, id: &AssetId, facts: &mut Facts) {
    for rule in values(&role.body, "rules") {
        let access = access(&texts(&rule, "verbs"));
        let kinds = texts(&rule, "resources");
        let pattern = kinds.iter().any(|kind| kind == "*");
        let names = texts(&rule, "resourceNames");
        if access.is_empty() {
            continue;
        }
        for (at, object) in unit.resources.iter().enumerate() {
            let Some((kind, target)) = unit.asset(at).filter(|(kind, _)| !kind.is_principal()) else {
                continue;
            };
            let plural = plural(&object.type_name);
            let same_space = role.type_name == "ClusterRole" || space(role) == space(object);
            let named =
                names.is_empty() || texts(&object.body, "metadata.name").iter().any(|name| names.contains(name));
            if kind == AssetKind::Network || !same_space || !named || !(pattern || kinds.contains(&plural)) {
                continue;
            }
            let mut link = Link::new(RelationKind::Grants, Ref::Id(id.clone()), Ref::Id(target), rule.place.clone());
            link.access.clone_from(&access);
            for (name, truth) in
                [("viaWildcard", pattern), ("conditioned", false), ("crossAccount", false), ("grantOption", false)]
            {
                let value = Value::Bool(truth);
                link.attributes.insert(name.to_owned(), aedile_model::Attribute { value, place: None });
            }
            facts.links.push(link);
        }
    }
}

fn access(verbs: &[String]) -> BTreeSet<Access> {
    if verbs.iter().any(|verb| verb == "*") {
        return all_access().collect();
    }
    verbs
        .iter()
        .filter_map(|verb| match verb.as_str() {
            "get" | "list" | "watch" => Some(Access::Read),
            "create" | "update" | "patch" | "delete" | "deletecollection" => Some(Access::Write),
            "bind" | "escalate" | "impersonate" => Some(Access::Share),
            _ => None,
        })
        .collect()
}

fn plural(kind: &str) -> String {
    let kind = kind.rsplit('/').next().unwrap_or(kind).to_ascii_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

fn space(object: &Resource) -> Option<String> {
    texts(&object.body, "metadata.namespace").into_iter().next()
}

/// Subjects become members of the role; a binding to `cluster-admin` makes them all-powerful.
fn binding(unit: &Unit<'_>, object: &Resource, facts: &mut Facts) {
    let text = |path: &str| texts(&object.body, path).into_iter().next();
    let (Some(kind), Some(name)) = (text("roleRef.kind"), text("roleRef.name")) else {
        return;
    };
    let own = unit
        .of_type(&kind)
        .iter()
        .filter(|&&at| {
            unit.resource(at).is_some_and(|role| {
                texts(&role.body, "metadata.name").contains(&name)
                    && (kind == "ClusterRole" || space(role) == space(object))
            })
        })
        .find_map(|&at| unit.asset(at));
    let role = own.map_or_else(|| Ref::named(AssetKind::Role, format!("{kind}/{name}")), |(_, id)| Ref::Id(id));
    for subject in values(&object.body, "subjects") {
        let text = |path: &str| texts(&subject, path).into_iter().next();
        let Some(name) = text("name") else { continue };
        let from = match text("kind").as_deref() {
            Some("ServiceAccount") => {
                let space = text("namespace").or_else(|| space(object)).unwrap_or_else(|| "default".to_owned());
                Ref::named(AssetKind::ServiceAccount, format!("{space}/{name}"))
            }
            Some("Group") if EVERYBODY.contains(&name.as_str()) => anyone(),
            Some("Group") => Ref::named(AssetKind::Group, name),
            _ if name == "system:anonymous" => anyone(),
            _ => Ref::named(AssetKind::User, name),
        };
        if text("kind").as_deref() == Some("ServiceAccount")
            && let Ref::Named { name: account, .. } = &from
            && kind == "ClusterRole"
            && texts(&object.body, "roleRef.name").iter().any(|role| role == "cluster-admin")
            && let Some(asset) = facts.assets.iter_mut().find(|asset| is_account(asset, account))
        {
            asset.set("adminWildcard", true, subject.place.clone());
        }
        facts.links.push(Link::new(RelationKind::MemberOf, from, role.clone(), subject.place.clone()));
    }
}

fn is_account(asset: &Asset, name: &str) -> bool {
    asset.kind == AssetKind::ServiceAccount && asset.names.contains(name)
}

fn cloud_identity(object: &Resource, id: &AssetId, facts: &mut Facts) {
    let annotations = object.body.member("metadata").and_then(|metadata| metadata.member("annotations"));
    let Some(Kind::Map(annotations)) = annotations.map(|annotations| &annotations.kind) else {
        return;
    };
    for (key, kind) in CLOUD_IDENTITY {
        if let Some(value) = annotations.members.get(key)
            && let Some(name) = value.text()
        {
            let place: Option<Place> = value.place.clone();
            // The configuration that makes the role knows its name; the account in its ARN only apply knows.
            let name = name.split_once(":role/").map_or(name.clone(), |(_, role)| role.to_owned());
            facts.links.push(Link::new(RelationKind::MemberOf, Ref::Id(id.clone()), Ref::named(kind, name), place));
        }
    }
}
