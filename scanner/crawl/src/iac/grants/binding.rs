//! Bindings: principals get roles or privileges on something.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Access, AssetKind, Columns, Flow, GapKind, Place, Protection};
use aedile_rules::{GrantRule, ResourceType};

use super::{Context, Grants, principal};
use crate::Ref;
use crate::iac::condition::{Truth, View};
use crate::iac::datum::{Datum, Kind};
use crate::iac::links::sides;
use crate::iac::name::fill;
use crate::iac::path::{texts, values};

impl Grants<'_, '_> {
    /// Bindings that sit in a list (`grant { principal, privileges }`) are read item by item, so that one
    /// item's principals do not get another's privileges.
    pub(super) fn binding(&mut self, at: usize, _: &ResourceType, grant: &GrantRule) {
        let Some(resource) = self.own(at) else { return };
        let body = resource.body.clone();
        if let Some(why) = &grant.gap {
            let holds = View { body: &body, companions: BTreeMap::new() };
            if grant.when.as_ref().is_some_and(|when| !matches!(holds.holds(when), Truth::False(_))) {
                self.gap(body.place.as_ref(), GapKind::Unsupported, why.clone());
            }
            return;
        }
        let own = self.unit.asset(at).map(|(_, id)| Ref::Id(id));
        let kind = grant.to.unwrap_or(AssetKind::Bucket);
        let on: Vec<Ref> = if grant.on.is_empty() {
            own.clone().into_iter().collect()
        } else {
            let named: Vec<Datum> = grant.on.iter().flat_map(|path| values(&body, path)).collect();
            // Other holes of the name than `{value}` are paths of the resource.
            let hole = |path: &str| match path {
                "value" => Some("{value}".to_owned()),
                path => texts(&body, path).into_iter().next(),
            };
            let names = grant.names.as_deref().and_then(|template| fill(template, hole));
            let on: Vec<Ref> = named.iter().flat_map(|value| sides(self.unit, value, kind, names.as_deref())).collect();
            if let Some(unknown) = named.iter().find(|value| matches!(value.kind, Kind::Unknown(_) | Kind::Fault(_)))
                && on.is_empty()
            {
                let message = "what a grant is on is not known".to_owned();
                self.gap(unknown.place.as_ref().or(body.place.as_ref()), GapKind::Unresolved, message);
            }
            on
        };
        if on.is_empty() {
            return;
        }
        let own = own.filter(|_| grant.principals.is_empty());
        match common_list(grant) {
            Some(list) => {
                for item in values(&body, &list) {
                    let inner =
                        |path: &String| path.strip_prefix(&list).map(|rest| rest.trim_start_matches('.').to_owned());
                    let principals: Vec<String> = grant.principals.iter().filter_map(inner).collect();
                    let roles: Vec<String> = grant.roles.iter().filter_map(inner).collect();
                    self.bind(&item, &own, &principals, &roles, &on, grant);
                }
            }
            None => self.bind(&body, &own, &grant.principals, &grant.roles, &on, grant),
        }
    }

    /// Binds `own`, which a binding without principals is of, or those of `principals`.
    fn bind(
        &mut self,
        body: &Datum,
        own: &Option<Ref>,
        principals: &[String],
        roles: &[String],
        on: &[Ref],
        grant: &GrantRule,
    ) {
        let view = View { body, companions: BTreeMap::new() };
        match grant.when.as_ref().map(|when| view.holds(when)) {
            Some(Truth::False(_)) => return,
            Some(Truth::Unknown(why, place)) => {
                let message = format!("whether a grant is in force is not known: {why}");
                self.gap(place.as_ref().or(body.place.as_ref()), GapKind::Unresolved, message);
            }
            Some(Truth::True(_)) | None => {}
        }
        let mut access: BTreeSet<Access> = grant.access.iter().copied().collect();
        if grant.everything.as_ref().is_some_and(|path| truth(body, path)) {
            access.extend([Access::Read, Access::Write, Access::Administer]);
        }
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
        let option = grant.option.as_ref().is_some_and(|path| truth(body, path));
        if option {
            access.insert(Access::Share);
        }
        let kind = grant.principal.unwrap_or(AssetKind::Role);
        let conditioned = body.member("condition").is_some_and(|condition| !condition.items().is_empty());
        let flow = limited(body, grant);
        let mut from: Vec<(Ref, Option<Place>)> = own.iter().map(|own| (own.clone(), body.place.clone())).collect();
        for value in principals.iter().flat_map(|path| values(body, path)) {
            let members = principal::member(self.unit, &value, kind);
            if members.is_empty() && matches!(value.kind, Kind::Unknown(_) | Kind::Fault(_)) {
                let message = "who gets a grant is not known".to_owned();
                self.gap(value.place.as_ref().or(body.place.as_ref()), GapKind::Unresolved, message);
            }
            from.extend(members.into_iter().map(|member| (member, value.place.clone())));
        }
        for (from, place) in from {
            for to in on {
                let context = Context {
                    via_wildcard: grant.wildcard.then(|| place.clone()),
                    conditioned,
                    cross_account: grant.cross_account,
                    grant_option: option,
                };
                self.grant(from.clone(), to.clone(), access.clone(), &context, place.clone());
                if let Some(link) = self.facts.links.last_mut() {
                    link.flow.clone_from(&flow);
                }
            }
        }
    }
}

/// Whether anything but `false` is given at `path`.
fn truth(body: &Datum, path: &str) -> bool {
    values(body, path).iter().any(|value| !matches!(value.kind, Kind::Bool(false)) && !value.is_null())
}

/// The columns that a binding is limited to, or leaves out.
fn limited(body: &Datum, grant: &GrantRule) -> Option<Flow> {
    let known = |path: &Option<String>| -> Vec<String> {
        let found = path.as_ref().map(|path| values(body, path)).unwrap_or_default();
        // A name that is not known could be any: then the grant is taken to be on all columns.
        if found.iter().any(|name| name.text().is_none()) {
            return Vec::new();
        }
        found.iter().filter_map(Datum::text).map(|name| name.to_lowercase()).collect()
    };
    let (only, except) = (known(&grant.columns), known(&grant.except_columns));
    if only.is_empty() && except.is_empty() {
        return None;
    }
    let columns = if only.is_empty() {
        Columns::All
    } else {
        Columns::Named(only.into_iter().map(|name| (name, Protection::None)).collect())
    };
    Some(Flow { columns, sources: BTreeSet::new(), dropped: except.into_iter().collect(), steps: Vec::new() })
}

/// The first key that all paths of principals and roles share, where they have more than one.
fn common_list(grant: &GrantRule) -> Option<String> {
    let first = grant.principals.first()?.split_once('.')?.0.to_owned();
    let start = format!("{first}.");
    grant.principals.iter().chain(&grant.roles).all(|path| path.starts_with(&start)).then_some(first)
}
