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
mod rights;
mod tagged;
mod target;
mod trust;

pub(crate) use principal::anyone;

use super::assets::read;
use super::condition::Truth;
use super::datum::Datum;
use super::links::sides;
use super::path::values;
use super::policy::{Action, Principal, Statement, allows_anyone, covers, overlap, statements};
use super::resource::{Resource, Unit};
use crate::{Facts, Link, Ref};
use rights::{Doubt, Rights};

/// Collects the grants of one unit.
struct Grants<'u, 'a> {
    unit: &'u Unit<'a>,
    facts: &'u mut Facts,
    rights: BTreeMap<AssetId, Rights>,
    /// The groups that each principal is a member of.
    groups: BTreeMap<AssetId, BTreeSet<AssetId>>,
}

/// Writes the grants of one unit, and what they say of its roles.
pub(super) fn write(unit: &Unit<'_>, assets: &mut BTreeMap<AssetId, Asset>, facts: &mut Facts) {
    let mut grants = Grants { unit, facts, rights: BTreeMap::new(), groups: BTreeMap::new() };
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
        grants.boundary(at);
    }
    rights::describe(&grants.rights, &grants.groups, unit.rules, assets);
}

/// Where types keep a boundary of permissions.
const BOUNDARIES: [&str; 2] = ["permissions_boundary", "PermissionsBoundary"];

impl<'a> Grants<'_, 'a> {
    fn identity_policy(&mut self, at: usize, rule: &'a ResourceType, grant: &GrantRule) {
        let principals = self.principals(at, rule, grant);
        for document in read(self.unit, at, rule, None, grant.document.as_deref().unwrap_or_default()) {
            self.document(&principals, &document);
        }
    }

    fn document(&mut self, principals: &[Ref], document: &Datum) {
        match statements(document) {
            Ok(found) => self.allow(principals, &found),
            Err(why) => {
                self.doubt(principals, &why, document.place.as_ref(), false);
                self.gap(
                    document.place.as_ref(),
                    GapKind::Unresolved,
                    format!("a policy document is not known: {why}"),
                );
            }
        }
    }

    fn doubt(&mut self, principals: &[Ref], why: &Unknown, place: Option<&Place>, harmless: bool) {
        self.change(principals, |rights| {
            rights.unknown.push(Doubt { why: why.clone(), place: place.cloned(), harmless });
        });
    }

    /// Changes the rights of those of `principals` that are assets of the unit.
    fn change(&mut self, principals: &[Ref], change: impl Fn(&mut Rights)) {
        for principal in principals {
            if let Ref::Id(id) = principal {
                change(self.rights.entry(id.clone()).or_default());
            }
        }
    }

    /// The documents of the policy that `policy` refers to.
    fn documents(&self, policy: &Datum) -> Vec<Datum> {
        let referred = self.unit.referred(policy).into_iter().filter_map(|at| self.unit.resource(at));
        referred
            .flat_map(|resource| {
                let found = ["policy", "PolicyDocument"].map(|path| values(&resource.body, path));
                found.into_iter().flatten().collect::<Vec<_>>()
            })
            .collect()
    }

    fn attachment(&mut self, at: usize, rule: &'a ResourceType, grant: &GrantRule) {
        let principals = self.principals(at, rule, grant);
        for policy in read(self.unit, at, rule, None, grant.document.as_deref().unwrap_or_default()) {
            let documents = self.documents(&policy);
            for document in &documents {
                self.document(&principals, document);
            }
            if !documents.is_empty() {
                continue;
            }
            match policy.holed().map(|arn| normal_arn(&arn)) {
                Some(arn) => self.managed(&principals, &arn, &policy),
                None => self.document(&principals, &policy),
            }
        }
    }

    /// Attaches the policy called `arn` that no source holds.
    fn managed(&mut self, principals: &[Ref], arn: &str, policy: &Datum) {
        if rights::is_full_access(arn) {
            self.change(principals, |rights| {
                rights.full_access.get_or_insert_with(|| policy.place.clone());
            });
        }
        match self.unit.rules.policy(arn) {
            Some(managed) => {
                let found: Vec<Statement> =
                    managed.statements.iter().map(|statement| managed_statement(statement, policy)).collect();
                self.allow(principals, &found);
            }
            None => {
                let message = format!("what the policy `{arn}` allows is not in the sources or the rules");
                let harmless = arn.contains(":iam::aws:policy/") && !rights::is_for_administrators(arn);
                let why = policy.why_unknown().cloned().unwrap_or_else(|| Unknown {
                    expression: arn.to_owned(),
                    why: "what it allows is not in the sources or the rules".to_owned(),
                });
                self.doubt(principals, &why, policy.place.as_ref(), harmless);
                self.gap(policy.place.as_ref(), GapKind::Unresolved, message);
            }
        }
    }

    /// Notes what the permissions boundary of the principal at `at` allows at most.
    fn boundary(&mut self, at: usize) {
        let (Some(resource), Some((kind, id))) = (self.unit.resource(at), self.unit.asset(at)) else { return };
        if !kind.is_principal() {
            return;
        }
        let Some(policy) = BOUNDARIES.iter().flat_map(|path| values(&resource.body, path)).next() else { return };
        let documents = self.documents(&policy);
        let limit = if documents.is_empty() {
            let arn = policy.holed().map(|arn| normal_arn(&arn)).unwrap_or_default();
            match self.unit.rules.policy(&arn) {
                Some(managed) => Ok(managed.statements.iter().map(|s| managed_statement(s, &policy)).collect()),
                None => Err(Unknown {
                    expression: arn,
                    why: "what the permissions boundary allows is not in the sources or the rules".to_owned(),
                }),
            }
        } else {
            documents
                .iter()
                .map(statements)
                .collect::<Result<Vec<_>, _>>()
                .map(|all| all.into_iter().flatten().collect())
        };
        self.rights.entry(id).or_default().boundary = Some(limit);
    }

    fn resource_policy(&mut self, at: usize, rule: &'a ResourceType, grant: &GrantRule) {
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
                        valid_until: statement.valid_until(),
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
            self.change(principals, |rights| rights.statements.push(statement.clone()));
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
                        valid_until: statement.valid_until(),
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
                        for name in ["trustsAnyOne", "trustsAccountsFreely", "federatedSubjectOpen"] {
                            asset.set(name, Value::Unknown(why.clone()), document.place.clone());
                        }
                    }
                    continue;
                }
            };
            let said = [
                ("trustsAnyOne", allows_anyone(&found)),
                ("trustsAccountsFreely", trust::accounts_freely(self.unit, &found)),
                ("federatedSubjectOpen", trust::subject_open(&found)),
            ];
            for (name, truth) in said {
                let (value, place) = match truth {
                    Truth::True(place) => (Value::Bool(true), place),
                    Truth::False(_) => (Value::Bool(false), document.place.clone()),
                    Truth::Unknown(why, place) => (Value::Unknown(why), place),
                };
                if let Some(asset) = assets.get_mut(&id) {
                    asset.set(name, value, place);
                }
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
        // Without a path of members, the resource itself is one.
        let own = self.unit.asset(at).filter(|_| grant.principals.is_empty());
        let own = own.map(|(_, id)| (Ref::Id(id), resource.place.clone()));
        let named = grant.principals.iter().flat_map(|path| values(&resource.body, path));
        let named = named.flat_map(|value| {
            let members = sides(self.unit, &value, kind, None);
            members.into_iter().map(move |member| (member, value.place.clone())).collect::<Vec<_>>()
        });
        let members: Vec<(Ref, Option<Place>)> = own.into_iter().chain(named).collect();
        for (member, place) in members {
            for group in &groups {
                if let (Ref::Id(member), Ref::Id(group)) = (&member, group) {
                    self.groups.entry(member.clone()).or_default().insert(group.clone());
                }
                let link = Link::new(RelationKind::MemberOf, member.clone(), group.clone(), place.clone());
                self.facts.links.push(link);
            }
        }
    }

    fn principals(&self, at: usize, rule: &'a ResourceType, grant: &GrantRule) -> Vec<Ref> {
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
        if let Some(day) = &context.valid_until {
            link.attributes.insert("validUntil".to_owned(), Attribute { value: day.as_str().into(), place: None });
        }
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
    /// The last day on which it holds, `YYYY-MM-DD`, where it says so.
    valid_until: Option<String>,
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
