//! Who may do what: policy documents, their attachments, trust and bindings, as the packs point them out.
//!
//! Rules of reading, on the careful side:
//! - A statement's access is what its action patterns may reach of the service's read, write, administer
//!   and share actions (`services:` in the packs). `NotAction` allows all but what its patterns cover.
//! - `viaWildcard`: the statement names every action of the service (`*`, `s3:*`, `NotAction`), or resources
//!   by a pattern over names (`*`, `arn:aws:s3:::clinic-*`). `bucket/*` is no such pattern.
//! - `conditioned`: there is a condition other than a demand of TLS, or a Deny may take a part of it back.
//! - A Deny of all actions without condition removes the resources that it covers from its own document.
//! - `crossAccount`: the principal's account is written out and is not among the provider's
//!   `allowed_account_ids`.
//! - What cannot be read is a gap.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Access, Asset, AssetId, AssetKind, Attribute, Gap, GapKind, Place, RelationKind, Unknown, Value};
use aedile_rules::{GrantForm, GrantRule, ResourceType};

mod binding;
mod over;
mod principal;
mod target;

pub(crate) use principal::anyone;

use super::assets::read;
use super::datum::Datum;
use super::links::sides;
use super::path::values;
use super::policy::{Action, Principal, Statement, covers, overlap, statements};
use super::resource::{Resource, Unit};
use crate::{Facts, Link, Ref};

/// What is known of a role's rights as a whole.
#[derive(Debug, Default)]
struct Rights {
    admin: Option<Option<Place>>,
    unknown: Option<Unknown>,
}

/// Collects the grants of one unit.
struct Grants<'u, 'a> {
    unit: &'u Unit<'a>,
    facts: &'u mut Facts,
    rights: BTreeMap<AssetId, Rights>,
}

/// Writes the grants of one unit, and what they say of its roles.
pub(super) fn write(unit: &Unit<'_>, assets: &mut BTreeMap<AssetId, Asset>, facts: &mut Facts) {
    let mut grants = Grants { unit, facts, rights: BTreeMap::new() };
    for (at, resource) in unit.resources.iter().enumerate() {
        let Some(rule) = unit.rule(resource) else { continue };
        for grant in &rule.grants {
            match grant.form {
                GrantForm::IdentityPolicy => grants.identity_policy(at, rule, grant),
                GrantForm::Attachment => grants.attachment(at, rule, grant),
                GrantForm::ResourcePolicy => grants.resource_policy(at, rule, grant),
                GrantForm::TrustPolicy => grants.trust_policy(at, grant, assets),
                GrantForm::Binding => grants.binding(at, rule, grant),
                GrantForm::Membership => grants.membership(at, grant),
            }
        }
    }
    let rights = grants.rights;
    for asset in assets.values_mut().filter(|asset| asset.kind == AssetKind::Role && is_aws(&asset.type_name)) {
        let (value, place) = match rights.get(&asset.id) {
            Some(Rights { admin: Some(place), .. }) => (Value::Bool(true), place.clone()),
            Some(Rights { unknown: Some(why), .. }) => (Value::Unknown(why.clone()), None),
            _ => (Value::Bool(false), None),
        };
        asset.set("adminWildcard", value, place);
    }
}

impl Grants<'_, '_> {
    fn identity_policy(&mut self, at: usize, rule: &ResourceType, grant: &GrantRule) {
        let principals = self.principals(at, rule, grant);
        for document in read(self.unit, at, rule, None, grant.document.as_deref().unwrap_or_default()) {
            self.document(&principals, &document);
        }
    }

    fn document(&mut self, principals: &[Ref], document: &Datum) {
        match statements(document) {
            Ok(found) => self.allow(principals, &found),
            Err(why) => {
                for principal in principals {
                    if let Ref::Id(id) = principal {
                        self.rights.entry(id.clone()).or_default().unknown.get_or_insert(why.clone());
                    }
                }
                self.gap(
                    document.place.as_ref(),
                    GapKind::Unresolved,
                    format!("a policy document is not known: {why}"),
                );
            }
        }
    }

    fn attachment(&mut self, at: usize, rule: &ResourceType, grant: &GrantRule) {
        let principals = self.principals(at, rule, grant);
        for policy in read(self.unit, at, rule, None, grant.document.as_deref().unwrap_or_default()) {
            let documents: Vec<Datum> = self
                .unit
                .referred(&policy)
                .into_iter()
                .filter_map(|at| self.unit.resource(at))
                .flat_map(|resource| ["policy", "PolicyDocument"].map(|path| values(&resource.body, path)).concat())
                .collect();
            for document in &documents {
                self.document(&principals, document);
            }
            if !documents.is_empty() {
                continue;
            }
            match policy.holed().map(|arn| normal_arn(&arn)) {
                Some(arn) => match self.unit.rules.policy(&arn) {
                    Some(managed) => {
                        let found: Vec<Statement> =
                            managed.statements.iter().map(|statement| managed_statement(statement, &policy)).collect();
                        self.allow(&principals, &found);
                    }
                    None => {
                        let message = format!("what the policy `{arn}` allows is not in the sources or the rules");
                        self.gap(policy.place.as_ref(), GapKind::Unresolved, message);
                    }
                },
                None => self.document(&principals, &policy),
            }
        }
    }

    fn resource_policy(&mut self, at: usize, rule: &ResourceType, grant: &GrantRule) {
        let Some(resource) = self.unit.resource(at) else { return };
        let on: Vec<Ref> = if grant.on.is_empty() {
            self.unit.asset(at).map(|(_, id)| Ref::Id(id)).into_iter().collect()
        } else {
            let kind = grant.to.unwrap_or(AssetKind::Bucket);
            let named = grant.on.iter().flat_map(|path| values(&resource.body, path));
            named.flat_map(|value| sides(self.unit, &value, kind, grant.names.as_deref())).collect()
        };
        for document in read(self.unit, at, rule, None, grant.document.as_deref().unwrap_or_default()) {
            match statements(&document) {
                Ok(found) => {
                    for statement in found.iter().filter(|statement| !statement.deny) {
                        self.allow_on(statement, &on, denied(&found, statement));
                    }
                }
                Err(why) => {
                    let message = format!("a policy document is not known: {why}");
                    self.gap(document.place.as_ref(), GapKind::Unresolved, message);
                }
            }
        }
    }

    /// A statement of a resource's own policy: its principals may do it to the resource.
    fn allow_on(&mut self, statement: &Statement, on: &[Ref], conditioned: bool) {
        for service in self.unit.rules.services() {
            let access = target::access(statement, service);
            if access.is_empty() {
                continue;
            }
            for principal in &statement.principals {
                let Some((from, cross)) = self.principal(principal) else {
                    continue;
                };
                for to in on.iter().filter(|to| kind_of(to) == Some(service.asset)) {
                    let context = Context {
                        via_wildcard: target::all_actions(statement, service),
                        conditioned: conditioned || statement.conditioned(),
                        cross_account: cross,
                        grant_option: false,
                    };
                    self.grant(from.clone(), to.clone(), access.clone(), &context, statement.place.clone());
                }
            }
        }
    }

    /// Statements of a policy that is attached to `principals`.
    fn allow(&mut self, principals: &[Ref], found: &[Statement]) {
        for statement in found {
            if let Some(why) = &statement.unknown {
                let message = format!("a statement of a policy is not wholly known: {why}");
                self.gap(statement.place.as_ref(), GapKind::Unresolved, message);
            }
            for principal in principals {
                if let Ref::Id(id) = principal {
                    let rights = self.rights.entry(id.clone()).or_default();
                    if statement.is_admin() {
                        rights.admin.get_or_insert(statement.place.clone());
                    }
                    if rights.unknown.is_none() {
                        rights.unknown.clone_from(&statement.unknown);
                    }
                }
            }
            if statement.deny || removed(found, statement) {
                continue;
            }
            for service in self.unit.rules.services() {
                let access = target::access(statement, service);
                if access.is_empty() {
                    continue;
                }
                for to in target::targets(self.unit, statement, service) {
                    let context = Context {
                        via_wildcard: to
                            .pattern
                            .then(|| to.place.clone())
                            .or_else(|| target::all_actions(statement, service)),
                        conditioned: statement.conditioned() || denied(found, statement),
                        cross_account: false,
                        grant_option: false,
                    };
                    for principal in principals {
                        let place = statement.place.clone();
                        self.grant(principal.clone(), to.side.clone(), access.clone(), &context, place);
                    }
                }
            }
        }
    }

    fn trust_policy(&mut self, at: usize, grant: &GrantRule, assets: &mut BTreeMap<AssetId, Asset>) {
        let (Some(resource), Some((_, id))) = (self.unit.resource(at), self.unit.asset(at)) else {
            return;
        };
        for document in values(&resource.body, grant.document.as_deref().unwrap_or_default()) {
            let found = match statements(&document) {
                Ok(found) => found,
                Err(why) => {
                    if let Some(asset) = assets.get_mut(&id) {
                        asset.set("trustsAnyOne", Value::Unknown(why), document.place.clone());
                    }
                    continue;
                }
            };
            let anyone = super::condition::any(found.iter().map(Statement::allows_anyone));
            let (value, place) = match anyone {
                super::condition::Truth::True(place) => (Value::Bool(true), place),
                super::condition::Truth::False(_) => (Value::Bool(false), document.place.clone()),
                super::condition::Truth::Unknown(why, place) => (Value::Unknown(why), place),
            };
            if let Some(asset) = assets.get_mut(&id) {
                asset.set("trustsAnyOne", value, place);
            }
            for statement in found.iter().filter(|statement| !statement.deny) {
                for account in principal::service_accounts(statement) {
                    self.member(Ref::named(AssetKind::ServiceAccount, account), &id, statement, false);
                }
                for principal in &statement.principals {
                    if let Some((from, cross)) = self.principal(principal) {
                        self.member(from, &id, statement, cross);
                    }
                }
            }
        }
    }

    fn member(&mut self, from: Ref, role: &AssetId, statement: &Statement, cross: bool) {
        let mut link = Link::new(RelationKind::MemberOf, from, Ref::Id(role.clone()), statement.place.clone());
        flag(&mut link, "crossAccount", cross);
        flag(&mut link, "conditioned", statement.conditioned());
        self.facts.links.push(link);
    }

    fn membership(&mut self, at: usize, grant: &GrantRule) {
        let Some(resource) = self.unit.resource(at) else { return };
        let groups: Vec<Ref> = grant
            .on
            .iter()
            .flat_map(|path| values(&resource.body, path))
            .flat_map(|value| sides(self.unit, &value, grant.to.unwrap_or(AssetKind::Group), None))
            .collect();
        let kind = grant.principal.unwrap_or(AssetKind::User);
        for value in grant.principals.iter().flat_map(|path| values(&resource.body, path)) {
            for member in sides(self.unit, &value, kind, None) {
                for group in &groups {
                    let place = value.place.clone();
                    self.facts.links.push(Link::new(RelationKind::MemberOf, member.clone(), group.clone(), place));
                }
            }
        }
    }

    fn principals(&self, at: usize, rule: &ResourceType, grant: &GrantRule) -> Vec<Ref> {
        if grant.principals.is_empty() {
            return self.unit.asset(at).map(|(_, id)| Ref::Id(id)).into_iter().collect();
        }
        let kind = grant.principal.unwrap_or(AssetKind::Role);
        let named = grant.principals.iter().flat_map(|path| read(self.unit, at, rule, None, path));
        named.flat_map(|value| sides(self.unit, &value, kind, None)).collect()
    }

    fn principal(&self, principal: &Principal) -> Option<(Ref, bool)> {
        principal::side(self.unit, principal)
    }

    fn grant(&mut self, from: Ref, to: Ref, access: BTreeSet<Access>, context: &Context, place: Option<Place>) {
        let mut link = Link::new(RelationKind::Grants, from, to, place);
        link.access = access;
        let wildcard = Attribute {
            value: Value::Bool(context.via_wildcard.is_some()),
            place: context.via_wildcard.clone().flatten(),
        };
        link.attributes.insert("viaWildcard".to_owned(), wildcard);
        flag(&mut link, "conditioned", context.conditioned);
        flag(&mut link, "crossAccount", context.cross_account);
        flag(&mut link, "grantOption", context.grant_option);
        self.facts.links.push(link);
    }

    fn gap(&mut self, place: Option<&Place>, kind: GapKind, message: String) {
        if let Some(place) = place {
            self.facts.gaps.push(Gap { place: place.clone(), kind, message });
        }
    }

    fn own(&self, at: usize) -> Option<&Resource> {
        self.unit.resource(at)
    }
}

/// Whether a type is one of AWS, in any language.
fn is_aws(type_name: &str) -> bool {
    type_name.starts_with("aws_") || type_name.starts_with("AWS::")
}

fn kind_of(side: &Ref) -> Option<AssetKind> {
    match side {
        Ref::Named { kind, .. } => Some(*kind),
        Ref::Id(id) => id.as_str().split(':').next().and_then(|kind| kind.parse().ok()),
    }
}

/// The flags of a grant.
struct Context {
    /// The place of the wildcard, where there is one.
    via_wildcard: Option<Option<Place>>,
    conditioned: bool,
    cross_account: bool,
    grant_option: bool,
}

fn flag(link: &mut Link, name: &str, truth: bool) {
    link.attributes.insert(name.to_owned(), Attribute { value: Value::Bool(truth), place: None });
}

/// Whether a Deny of the same document may take a part of `allowed` back.
fn denied(found: &[Statement], allowed: &Statement) -> bool {
    let tls_only = |deny: &Statement| !deny.conditions.is_empty() && !deny.conditioned();
    found.iter().any(|deny| {
        deny.deny
            && !tls_only(deny)
            && (deny.except_actions
                || allowed.except_actions
                || deny.actions.iter().any(|no| allowed.actions.iter().any(|yes| overlap(&no.pattern, &yes.pattern))))
    })
}

/// Whether a Deny of the same document takes all of `allowed` back.
fn removed(found: &[Statement], allowed: &Statement) -> bool {
    let covered = |deny: &Statement, resource: &Datum| {
        let resource = resource.holed().unwrap_or_default();
        deny.resources.iter().filter_map(Datum::text).any(|no| covers(&no, &resource))
    };
    found.iter().any(|deny| {
        deny.deny
            && deny.conditions.is_empty()
            && !deny.except_resources
            && deny.actions.iter().any(|action| action.pattern == "*")
            && allowed.resources.iter().all(|resource| covered(deny, resource))
    })
}

/// `arn:aws-cn:iam::aws:policy/X` is the same policy as in the first partition, as is one whose partition
/// is a hole.
fn normal_arn(arn: &str) -> String {
    match arn.split_once(":iam::aws:policy/") {
        Some((_, name)) => format!("arn:aws:iam::aws:policy/{name}"),
        None => arn.to_owned(),
    }
}

fn managed_statement(statement: &aedile_rules::ManagedStatement, policy: &Datum) -> Statement {
    Statement {
        deny: false,
        actions: statement
            .actions
            .iter()
            .map(|pattern| Action { pattern: pattern.clone(), place: policy.place.clone() })
            .collect(),
        except_actions: false,
        resources: statement.resources.iter().map(Datum::from_text).collect(),
        except_resources: false,
        principals: Vec::new(),
        conditions: Vec::new(),
        unknown: None,
        place: policy.place.clone(),
    }
}
