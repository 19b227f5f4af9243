//! Bindings: principals get roles or privileges on something.

use std::collections::BTreeSet;

use aedile_model::{Access, AssetKind, GapKind};
use aedile_rules::{GrantRule, ResourceType};

use super::{Context, Grants, principal};
use crate::Ref;
use crate::iac::datum::{Datum, Kind};
use crate::iac::links::sides;
use crate::iac::path::values;

impl Grants<'_, '_> {
    /// Bindings that sit in a list (`grant { principal, privileges }`) are read item by item, so that one
    /// item's principals do not get another's privileges.
    pub(super) fn binding(&mut self, at: usize, _: &ResourceType, grant: &GrantRule) {
        let Some(resource) = self.own(at) else { return };
        let body = resource.body.clone();
        let own = self.unit.asset(at).map(|(_, id)| Ref::Id(id));
        let kind = grant.to.unwrap_or(AssetKind::Bucket);
        let on: Vec<Ref> = if grant.on.is_empty() {
            own.into_iter().collect()
        } else {
            let named = grant.on.iter().flat_map(|path| values(&body, path));
            named.flat_map(|value| sides(self.unit, &value, kind, grant.names.as_deref())).collect()
        };
        match common_list(grant) {
            Some(list) => {
                for item in values(&body, &list) {
                    let inner =
                        |path: &String| path.strip_prefix(&list).map(|rest| rest.trim_start_matches('.').to_owned());
                    let principals: Vec<String> = grant.principals.iter().filter_map(inner).collect();
                    let roles: Vec<String> = grant.roles.iter().filter_map(inner).collect();
                    self.bind(&item, &principals, &roles, &on, grant);
                }
            }
            None => self.bind(&body, &grant.principals, &grant.roles, &on, grant),
        }
    }

    fn bind(&mut self, body: &Datum, principals: &[String], roles: &[String], on: &[Ref], grant: &GrantRule) {
        let mut access: BTreeSet<Access> = BTreeSet::new();
        for role in roles.iter().flat_map(|path| values(body, path)) {
            match role.text().and_then(|name| self.unit.rules.role(&name).map(|role| role.access.clone())) {
                Some(found) => access.extend(found),
                None => {
                    let name = role.holed().unwrap_or_else(|| "unknown".to_owned());
                    let message = format!("what the role or privilege `{name}` allows is not in the rules");
                    self.gap(role.place.as_ref(), GapKind::Unresolved, message);
                }
            }
        }
        if access.is_empty() {
            return;
        }
        let option = grant.option.as_ref().is_some_and(|path| {
            values(body, path).iter().any(|value| !matches!(value.kind, Kind::Bool(false)) && !value.is_null())
        });
        if option {
            access.insert(Access::Share);
        }
        let kind = grant.principal.unwrap_or(AssetKind::Role);
        let conditioned = body.member("condition").is_some_and(|condition| !condition.items().is_empty());
        for value in principals.iter().flat_map(|path| values(body, path)) {
            for from in principal::member(self.unit, &value, kind) {
                for to in on {
                    let context =
                        Context { via_wildcard: None, conditioned, cross_account: false, grant_option: option };
                    self.grant(from.clone(), to.clone(), access.clone(), &context, value.place.clone());
                }
            }
        }
    }
}

/// The first key that all paths of principals and roles share, where they have more than one.
fn common_list(grant: &GrantRule) -> Option<String> {
    let first = grant.principals.first()?.split_once('.')?.0.to_owned();
    let start = format!("{first}.");
    grant.principals.iter().chain(&grant.roles).all(|path| path.starts_with(&start)).then_some(first)
}
