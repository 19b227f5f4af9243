//! RBAC: rules of roles, bindings to subjects, service accounts that act as cloud roles.
//!
//! Source: kubernetes.io/docs/reference/access-authn-authz/rbac.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Access, Asset, AssetId, AssetKind, Gap, GapKind, Place, RelationKind, Value};

use super::workload::labels;
use crate::iac::condition::Truth;
use crate::iac::datum::{Datum, Kind};
use crate::iac::grants::anyone;
use crate::iac::links::all_access;
use crate::iac::path::{texts, values};
use crate::iac::resource::{Resource, Unit};
use crate::{Facts, Link, Ref};

/// Groups that everybody is in.
const EVERYBODY: [&str; 2] = ["system:authenticated", "system:unauthenticated"];

/// Relations that one crawl may hold before rules of roles add no more.
const GRANTS: usize = 500_000;

/// Annotations by which a service account acts as a role or account of the cloud.
const CLOUD_IDENTITY: [(&str, AssetKind); 3] = [
    ("eks.amazonaws.com/role-arn", AssetKind::Role),
    ("iam.gke.io/gcp-service-account", AssetKind::ServiceAccount),
    ("azure.workload.identity/client-id", AssetKind::ServiceAccount),
];

/// Cluster roles that every cluster has, and whether they read secrets. That `cluster-admin` may do everything is said of
/// the accounts that are bound to it, or of the role where it is bound to others.
///
/// Source: kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles.
const BUILT_IN: [(&str, Option<bool>); 4] =
    [("admin", Some(true)), ("cluster-admin", None), ("edit", Some(true)), ("view", Some(false))];

/// What a rule may do that says something of the role as a whole.
type Fact = (&'static str, fn(&Datum) -> bool);

const FACTS: [Fact; 5] = [
    ("adminWildcard", is_admin),
    ("dataWildcard", |rule| texts(rule, "resources").iter().any(|kind| kind == "*")),
    ("readsSecrets", reads_secrets),
    ("impersonates", impersonates),
    ("passesAnyRole", |rule| {
        verbs(rule, &["bind", "escalate"]) && resources(rule, &["roles", "clusterroles"]) && unnamed(rule)
    }),
];

/// Writes memberships and what roles say of themselves; the unit's assets are those from `before` on.
pub(super) fn write(unit: &Unit<'_>, facts: &mut Facts, before: usize) {
    let own: BTreeMap<AssetId, usize> =
        facts.assets.iter().enumerate().skip(before).map(|(at, asset)| (asset.id.clone(), at)).collect();
    let targets = Targets::of(unit);
    for (at, object) in unit.resources.iter().enumerate() {
        match object.type_name.as_str() {
            "Role" | "ClusterRole" => {
                let Some((_, id)) = unit.asset(at) else { continue };
                let rules = rules(unit, object);
                if let Some(asset) = own.get(&id).and_then(|&at| facts.assets.get_mut(at)) {
                    describe(asset, &rules);
                }
                targets.grants(object, &rules, &id, facts);
            }
            "RoleBinding" | "ClusterRoleBinding" => binding(unit, object, &own, facts),
            "ServiceAccount" => {
                if let Some((_, id)) = unit.asset(at) {
                    cloud_identity(object, &id, facts);
                }
            }
            _ => {}
        }
    }
    if facts.links.len() > GRANTS
        && let Some(place) = unit.resources.iter().find_map(|object| object.place.clone())
    {
        let message = format!("more than {GRANTS} relations: rules of roles give no more of them");
        facts.gaps.push(Gap { place, kind: GapKind::Limit, message });
    }
}

/// The rules of a role, those that it gathers by labels of other roles included.
fn rules(unit: &Unit<'_>, role: &Resource) -> Vec<Datum> {
    let mut rules = values(&role.body, "rules");
    for selector in values(&role.body, "aggregationRule.clusterRoleSelectors") {
        let wanted = labels(&selector, "matchLabels").unwrap_or_default();
        if wanted.is_empty() {
            continue;
        }
        for other in unit.of_type("ClusterRole").iter().filter_map(|&at| unit.resource(at)) {
            let held = labels(&other.body, "metadata.labels").unwrap_or_default();
            if other.address != role.address && wanted.iter().all(|(key, value)| held.get(key) == Some(value)) {
                rules.extend(values(&other.body, "rules"));
            }
        }
    }
    rules
}

/// What its rules say of a role.
fn describe(asset: &mut Asset, rules: &[Datum]) {
    asset.set("boundToDefault", false, None);
    for (name, holds) in FACTS {
        let truth = crate::iac::condition::any(rules.iter().map(|rule| {
            let place = rule.place.clone();
            match rule.why_unknown() {
                _ if holds(rule) => Truth::True(place),
                Some(why) => Truth::Unknown(why.clone(), place),
                None => Truth::False(None),
            }
        }));
        super::pod::set(asset, name, truth);
    }
}

fn is_admin(rule: &Datum) -> bool {
    ["apiGroups", "resources", "verbs"].iter().all(|part| texts(rule, part).iter().any(|text| text == "*"))
}

fn verbs(rule: &Datum, wanted: &[&str]) -> bool {
    texts(rule, "verbs").iter().any(|verb| verb == "*" || wanted.contains(&verb.as_str()))
}

fn resources(rule: &Datum, wanted: &[&str]) -> bool {
    texts(rule, "resources").iter().any(|kind| kind == "*" || wanted.contains(&kind.as_str()))
}

/// Whether a rule is not limited to objects that it names.
fn unnamed(rule: &Datum) -> bool {
    texts(rule, "resourceNames").is_empty()
}

/// Whether a rule lets all secrets be read. A rule that names the secrets is what one should write.
fn reads_secrets(rule: &Datum) -> bool {
    let core = texts(rule, "apiGroups").iter().any(|group| group == "*")
        || rule
            .member("apiGroups")
            .map(Datum::items)
            .unwrap_or_default()
            .iter()
            .any(|group| group.text().is_some_and(|text| text.is_empty()));
    core && verbs(rule, &["get", "list", "watch"]) && resources(rule, &["secrets"]) && unnamed(rule)
}

fn impersonates(rule: &Datum) -> bool {
    let as_others = verbs(rule, &["impersonate"]) && resources(rule, &["users", "groups", "serviceaccounts"]);
    let mints = verbs(rule, &["create"]) && resources(rule, &["serviceaccounts/token"]);
    (as_others || mints) && unnamed(rule)
}

/// What rules may be about: the assets of a unit by the plural of their kind.
struct Targets<'u> {
    by_plural: BTreeMap<String, Vec<(&'u Resource, AssetId)>>,
}

impl<'u> Targets<'u> {
    fn of(unit: &Unit<'u>) -> Targets<'u> {
        let mut by_plural: BTreeMap<String, Vec<(&Resource, AssetId)>> = BTreeMap::new();
        for (at, object) in unit.resources.iter().enumerate() {
            let Some((kind, id)) = unit.asset(at) else { continue };
            if !kind.is_principal() && kind != AssetKind::Network {
                by_plural.entry(plural(&object.type_name)).or_default().push((object, id));
            }
        }
        Targets { by_plural }
    }

    /// Rules over workloads and volumes of the namespace become grants on the assets they are.
    fn grants(&self, role: &Resource, rules: &[Datum], id: &AssetId, facts: &mut Facts) {
        for rule in rules {
            let access = access(&texts(rule, "verbs"));
            let kinds: BTreeSet<String> = texts(rule, "resources").into_iter().collect();
            let pattern = kinds.contains("*");
            let names = texts(rule, "resourceNames");
            if access.is_empty() {
                continue;
            }
            let fit = self.by_plural.iter().filter(|(plural, _)| pattern || kinds.contains(*plural));
            for (object, target) in fit.flat_map(|(_, found)| found) {
                let same_space = role.type_name == "ClusterRole" || space(role) == space(object);
                let named =
                    names.is_empty() || texts(&object.body, "metadata.name").iter().any(|name| names.contains(name));
                if !same_space || !named || facts.links.len() > GRANTS {
                    continue;
                }
                let from = Ref::Id(id.clone());
                let mut link = Link::new(RelationKind::Grants, from, Ref::Id(target.clone()), rule.place.clone());
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
fn binding(unit: &Unit<'_>, object: &Resource, assets: &BTreeMap<AssetId, usize>, facts: &mut Facts) {
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
    let at_ref = values(&object.body, "roleRef.name").into_iter().next().and_then(|name| name.place);
    let role_id = own.map(|(_, id)| id).or_else(|| built_in(&kind, &name, object, at_ref, facts));
    let role = match &role_id {
        Some(id) => Ref::Id(id.clone()),
        None => Ref::named(AssetKind::Role, format!("{kind}/{name}")),
    };
    if let Some(id) = &role_id {
        let default = values(&object.body, "subjects").into_iter().find(|subject| {
            let is = |key: &str, word: &str| texts(subject, key).iter().any(|text| text == word);
            is("kind", "ServiceAccount") && is("name", "default")
        });
        let known = assets.get(id).copied().or_else(|| facts.assets.iter().position(|asset| asset.id == *id));
        if let Some(asset) = known.and_then(|at| facts.assets.get_mut(at))
            && asset.value("boundToDefault") != Some(&Value::Bool(true))
        {
            asset.set("boundToDefault", default.is_some(), default.and_then(|subject| subject.place));
        }
    }
    let admin = kind == "ClusterRole" && name == "cluster-admin";
    let mut others = None;
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
        if admin {
            let account = match &from {
                Ref::Named { kind: AssetKind::ServiceAccount, name } => {
                    facts.assets.iter_mut().find(|asset| is_account(asset, name))
                }
                _ => None,
            };
            match account {
                Some(asset) => asset.set("adminWildcard", true, subject.place.clone()),
                None => others = others.or_else(|| Some(subject.place.clone())),
            }
        }
        facts.links.push(Link::new(RelationKind::MemberOf, from, role.clone(), subject.place.clone()));
    }
    if let (Some(place), Some(id)) = (others, &role_id)
        && let Some(asset) = facts.assets.iter_mut().find(|asset| asset.id == *id)
    {
        asset.set("adminWildcard", true, place);
    }
}

/// The asset of a cluster role that every cluster has; `None` for other roles.
fn built_in(kind: &str, name: &str, binding: &Resource, place: Option<Place>, facts: &mut Facts) -> Option<AssetId> {
    let (_, secrets) = BUILT_IN.iter().find(|(known, _)| kind == "ClusterRole" && name == *known)?;
    let address = format!("ClusterRole/{name}");
    let id = AssetId::new(AssetKind::Role, "", &address);
    if !facts.assets.iter().any(|asset| asset.id == id) {
        let mut asset = Asset::new(id.clone(), AssetKind::Role, &address, name.to_owned());
        asset.type_name = "ClusterRole".to_owned();
        asset.place.clone_from(&place);
        asset.in_tests = binding.in_tests;
        asset.names.insert(address.clone());
        if let Some(secrets) = secrets {
            asset.set("readsSecrets", *secrets, place);
        }
        facts.assets.push(asset);
    }
    Some(id)
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
