//! Bindings: principals get roles or privileges on something.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Access, AssetKind, Columns, Flow, GapKind, Place, Protection};
use aedile_rules::{GrantRule, ResourceType};

use super::over::{Covered, covered};
use super::tagged::Part;
use super::{Context, Grants, principal};
use crate::Ref;
use crate::iac::condition::{Around, Truth, View};
use crate::iac::datum::{Datum, Kind};
use crate::iac::links::sides;
use crate::iac::name::fill;
use crate::iac::path::{texts, values};
use crate::iac::policy::{day, overlap};

/// Where roles that a configuration defines list their permissions.
const PERMISSIONS: [&str; 5] = [
    "permissions",
    "permissions.actions",
    "permissions.data_actions",
    "properties.permissions.actions",
    "properties.permissions.dataActions",
];

/// What a role allows, and the types that it reaches.
struct Reach {
    access: BTreeSet<Access>,
    types: Vec<String>,
    /// Whether it is given by permissions, so that it does nothing to other types.
    only: bool,
}

/// What bindings are about.
struct On {
    named: Vec<Part>,
    covered: Vec<Covered>,
}

impl Grants<'_, '_> {
    /// Bindings that sit in a list (`grant { principal, privileges }`) are read item by item, so that one
    /// item's principals do not get another's privileges.
    pub(super) fn binding(&mut self, at: usize, _: &ResourceType, grant: &GrantRule) {
        let Some(resource) = self.own(at) else { return };
        let body = resource.body.clone();
        let around = Around { unit: self.unit, at, companions: BTreeMap::new() };
        let whole = View { around: &around, body: &body };
        if let Some(why) = &grant.gap {
            let holds = whole;
            if grant.when.as_ref().is_some_and(|when| !matches!(holds.holds(when), Truth::False(_))) {
                self.gap(body.place.as_ref(), GapKind::Unsupported, why.clone());
            }
            return;
        }
        let own = self.unit.asset(at).map(|(_, id)| Ref::Id(id));
        let kind = grant.to.unwrap_or(AssetKind::Bucket);
        let covered = covered(self.unit, at, grant);
        let part = |side| Part { side, wildcard: grant.wildcard, flow: limited(&body, grant) };
        let on: Vec<Part> = if let Some(tagged) = &grant.tagged {
            match grant.when.as_ref().map(|when| whole.holds(when)) {
                Some(Truth::False(_)) => Vec::new(),
                _ => self.by_tags(whole, tagged),
            }
        } else if grant.on.is_empty() {
            own.clone().filter(|_| grant.over.is_none()).into_iter().map(part).collect()
        } else {
            let named: Vec<Datum> = grant.on.iter().flat_map(|path| values(&body, path)).collect();
            // Other holes of the name than `{value}` are paths of the resource.
            let hole = |path: &str| match path {
                "value" => Some("{value}".to_owned()),
                path => texts(&body, path).into_iter().next(),
            };
            let names = grant.names.as_deref().and_then(|template| fill(template, hole));
            let on: Vec<Ref> = named.iter().flat_map(|value| self.granted(value, kind, names.as_deref())).collect();
            if let Some(unknown) = named.iter().find(|value| matches!(value.kind, Kind::Unknown(_) | Kind::Fault(_)))
                && on.is_empty()
            {
                let message = "what a grant is on is not known".to_owned();
                self.gap(unknown.place.as_ref().or(body.place.as_ref()), GapKind::Unresolved, message);
            }
            on.into_iter().map(part).collect()
        };
        if on.is_empty() && covered.is_empty() {
            return;
        }
        let on = On { named: on, covered };
        let own = own.filter(|_| grant.principals.is_empty());
        match common_list(grant) {
            Some(list) => {
                for item in values(&body, &list) {
                    let inner =
                        |path: &String| path.strip_prefix(&list).map(|rest| rest.trim_start_matches('.').to_owned());
                    let principals: Vec<String> = grant.principals.iter().filter_map(inner).collect();
                    let roles: Vec<String> = grant.roles.iter().filter_map(inner).collect();
                    self.bind(whole.within(&item), &own, &principals, &roles, &on, grant);
                }
            }
            None => self.bind(whole, &own, &grant.principals, &grant.roles, &on, grant),
        }
    }

    /// What `value` names: assets of `kind`, or whatever resource it refers to.
    fn granted(&self, value: &Datum, kind: AssetKind, names: Option<&str>) -> Vec<Ref> {
        let found = sides(self.unit, value, kind, names);
        if !found.is_empty() {
            return found;
        }
        let referred = self.unit.referred(value).into_iter().filter_map(|at| self.unit.asset(at));
        referred.filter(|(kind, _)| !kind.is_principal()).map(|(_, id)| Ref::Id(id)).collect()
    }

    /// Binds `own`, which a binding without principals is of, or those of `principals`.
    fn bind(
        &mut self,
        view: View<'_, '_>,
        own: &Option<Ref>,
        principals: &[String],
        roles: &[String],
        on: &On,
        grant: &GrantRule,
    ) {
        let body = view.body;
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
        let mut reaches: Vec<Reach> = Vec::new();
        for role in roles.iter().flat_map(|path| values(body, path)) {
            match self.reach(&role) {
                Some(found) if found.only => reaches.push(found),
                Some(found) => {
                    access.extend(found.access.iter().copied());
                    reaches.push(found);
                }
                None if on.named.is_empty() && self.is_of_no_store(&role) => {}
                None => {
                    let name = role.holed().unwrap_or_else(|| "unknown".to_owned());
                    let message = format!("what the role or privilege `{name}` allows is not in the rules");
                    self.gap(role.place.as_ref(), GapKind::Unresolved, message);
                }
            }
        }
        if access.is_empty() && reaches.iter().all(|reach| reach.access.is_empty()) {
            return;
        }
        let option = grant.option.as_ref().is_some_and(|path| truth(body, path));
        if option {
            access.insert(Access::Share);
        }
        let kind = grant.principal.unwrap_or(AssetKind::Role);
        let conditioned = body.member("condition").is_some_and(|condition| !condition.items().is_empty());
        let valid_until = texts(body, "condition.expression").iter().find_map(|text| ends(text));
        let mut from: Vec<(Ref, Option<Place>)> = own.iter().map(|own| (own.clone(), body.place.clone())).collect();
        for value in principals.iter().flat_map(|path| values(body, path)) {
            let members = principal::member(self.unit, &value, kind, self.facts);
            if members.is_empty() && matches!(value.kind, Kind::Unknown(_) | Kind::Fault(_)) {
                let message = "who gets a grant is not known".to_owned();
                self.gap(value.place.as_ref().or(body.place.as_ref()), GapKind::Unresolved, message);
            }
            from.extend(members.into_iter().map(|member| (member, value.place.clone())));
        }
        for (from, place) in from {
            for to in &on.covered {
                let access = reached(&reaches, &to.type_name, false);
                if !access.is_empty() && !on.named.iter().any(|named| named.side == to.side) {
                    let context = Context {
                        via_wildcard: Some(place.clone()),
                        conditioned,
                        cross_account: grant.cross_account,
                        grant_option: false,
                        valid_until: valid_until.clone(),
                    };
                    self.grant(from.clone(), to.side.clone(), access, &context, place.clone());
                }
            }
            for to in &on.named {
                let mut access = access.clone();
                access.extend(self.type_of(&to.side).iter().flat_map(|name| reached(&reaches, name, true)));
                if access.is_empty() {
                    continue;
                }
                let context = Context {
                    via_wildcard: to.wildcard.then(|| place.clone()),
                    conditioned,
                    cross_account: grant.cross_account,
                    grant_option: option,
                    valid_until: valid_until.clone(),
                };
                self.grant(from.clone(), to.side.clone(), access, &context, place.clone());
                if let Some(link) = self.facts.links.last_mut() {
                    link.flow.clone_from(&to.flow);
                }
            }
        }
    }
}

/// The day on which an expression ends a grant: `request.time < timestamp("2026-03-31T00:00:00Z")`.
///
/// Only of an expression that says nothing else: of `a || b` the other part may still hold.
/// Source: cloud.google.com/iam/docs/configuring-temporary-access.
fn ends(expression: &str) -> Option<String> {
    let after = expression.trim().strip_prefix("request.time")?.trim_start();
    let after = after.strip_prefix("<=").or_else(|| after.strip_prefix('<'))?.trim_start();
    let quoted = after.strip_prefix("timestamp(")?.strip_suffix(')')?.trim();
    let time = quoted.trim_matches(['"', '\'']);
    (time.len() + 2 == quoted.len() && !time.contains(['"', '\''])).then(|| day(time)).flatten()
}

impl Grants<'_, '_> {
    /// Whether a role that the rules do not have is of a service of which they have none: on a whole project it
    /// gives nothing of a store.
    fn is_of_no_store(&self, role: &Datum) -> bool {
        let text = role.text().unwrap_or_default();
        text.split_once('.').is_some_and(|(service, _)| !self.unit.rules.has_role_like(&format!("{service}.")))
    }

    fn type_of(&self, side: &Ref) -> Option<String> {
        let Ref::Id(id) = side else { return None };
        let found =
            (0..self.unit.resources.len()).find(|&at| self.unit.asset(at).is_some_and(|(_, own)| own == *id))?;
        self.unit.resource(found).map(|resource| resource.type_name.clone())
    }

    /// What a role allows: one of the provider's by name or id, or one that the configuration defines.
    fn reach(&self, role: &Datum) -> Option<Reach> {
        let own = self.unit.referred(role).into_iter().filter_map(|at| self.unit.resource(at)).find_map(|resource| {
            let permissions: Vec<String> = PERMISSIONS.iter().flat_map(|path| texts(&resource.body, path)).collect();
            (!permissions.is_empty()).then_some(permissions)
        });
        if let Some(permissions) = own {
            let mut reach = Reach { access: BTreeSet::new(), types: Vec::new(), only: true };
            for rule in self.unit.rules.permissions() {
                if permissions.iter().any(|permission| overlap(permission, &rule.id)) {
                    reach.access.extend(rule.access.iter().copied());
                    reach.types.extend(rule.types.iter().cloned());
                }
            }
            return Some(reach);
        }
        let text = role.holed()?;
        let last = text.rsplit('/').next().unwrap_or_default().trim_end_matches(".id}");
        let found = self.unit.rules.role(&text).or_else(|| self.unit.rules.role(last))?;
        Some(Reach { access: found.access.iter().copied().collect(), types: found.types.clone(), only: false })
    }
}

/// What those roles allow of a type: all of them, or only those that the configuration defines.
fn reached(reaches: &[Reach], type_name: &str, only: bool) -> BTreeSet<Access> {
    let fits =
        |reach: &&Reach| (reach.only || !only) && reach.types.iter().any(|start| type_name.starts_with(start.as_str()));
    reaches.iter().filter(fits).flat_map(|reach| reach.access.iter().copied()).collect()
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
    Some(Flow { dropped: except.into_iter().collect(), ..Flow::new(columns) })
}

/// The keys that all paths of principals and roles share at their start, where each goes on after them.
fn common_list(grant: &GrantRule) -> Option<String> {
    let mut paths = grant.principals.iter().chain(&grant.roles).map(|path| path.split('.').collect::<Vec<_>>());
    let mut common = paths.next()?;
    common.pop();
    for path in paths {
        let (_, above) = path.split_last()?;
        let shared = common.iter().zip(above).take_while(|(left, right)| left == right).count();
        common.truncate(shared);
    }
    (!common.is_empty()).then(|| common.join("."))
}
