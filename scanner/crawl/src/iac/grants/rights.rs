//! What the policies of a principal of AWS amount to as a whole: all of them together, its groups' too, as far as
//! its permissions boundary lets them.
//!
//! Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Place, Unknown, Value};
use aedile_rules::Resources;

use super::removed;
use crate::iac::condition::{Truth, any};
use crate::iac::datum::Datum;
use crate::iac::policy::{Statement, covers, overlap};

/// What is known of a principal's policies.
#[derive(Debug, Default)]
pub(super) struct Rights {
    pub(super) statements: Vec<Statement>,
    /// Policies that are not known.
    pub(super) unknown: Vec<Doubt>,
    /// Where a managed policy of full access is attached.
    pub(super) full_access: Option<Option<Place>>,
    /// What the boundary allows at most; nothing if there is none.
    pub(super) boundary: Option<Result<Vec<Statement>, Unknown>>,
}

/// A policy whose statements are not known.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    pub(super) why: Unknown,
    pub(super) place: Option<Place>,
    /// Whether it is one of the provider's that is not for administrators.
    pub(super) harmless: bool,
}

/// Whether the managed policy of that ARN is one of the provider's for everything in a service or account.
pub(super) fn is_full_access(arn: &str) -> bool {
    arn.contains(":iam::aws:policy/") && (arn.ends_with("FullAccess") || is_for_administrators(arn))
}

/// Whether the provider's policy of that ARN is one for administrators.
pub(super) fn is_for_administrators(arn: &str) -> bool {
    ["/AdministratorAccess", "/PowerUserAccess", "/IAMFullAccess"].iter().any(|end| arn.ends_with(end))
}

/// Sets `adminWildcard`, `dataWildcard`, `passesAnyRole` and `fullAccessPolicy` of all principals of AWS.
pub(super) fn describe(
    rights: &BTreeMap<AssetId, Rights>,
    groups: &BTreeMap<AssetId, BTreeSet<AssetId>>,
    rules: &Resources,
    assets: &mut BTreeMap<AssetId, Asset>,
) {
    let of_aws = |asset: &Asset| {
        matches!(asset.kind, AssetKind::Role | AssetKind::User | AssetKind::Group)
            && ["aws_", "AWS::"].iter().any(|start| asset.type_name.starts_with(start))
    };
    for asset in assets.values_mut().filter(|asset| of_aws(asset)) {
        let inherited = groups.get(&asset.id).into_iter().flatten();
        let all: Vec<&Rights> = [&asset.id].into_iter().chain(inherited).filter_map(|id| rights.get(id)).collect();
        let statements: Vec<&Statement> = all.iter().flat_map(|rights| &rights.statements).collect();
        let doubts: Vec<&Doubt> = all.iter().flat_map(|rights| &rights.unknown).collect();
        let boundary = rights.get(&asset.id).and_then(|rights| rights.boundary.as_ref());
        let mut set = |name: &str, test: &dyn Fn(&Statement) -> Truth, doubtful: &dyn Fn(&Doubt) -> bool| {
            let truth = whole(&statements, &doubts, boundary, test, doubtful);
            let (value, place) = match truth {
                Truth::True(place) => (Value::Bool(true), place),
                Truth::False(_) => (Value::Bool(false), None),
                Truth::Unknown(why, place) => (Value::Unknown(why), place),
            };
            asset.set(name, value, place);
        };
        set("adminWildcard", &is_admin, &|doubt| !doubt.harmless);
        set("dataWildcard", &|statement| reaches_data(statement, rules), &|_| true);
        set("passesAnyRole", &passes_any_role, &|_| true);
        let full = all.iter().find_map(|rights| rights.full_access.clone());
        let named = doubts.iter().find(|doubt| !doubt.harmless && doubt.why.expression.starts_with("var."));
        match (full, named) {
            (Some(place), _) => asset.set("fullAccessPolicy", true, place),
            (None, Some(doubt)) => {
                asset.set("fullAccessPolicy", Value::Unknown(doubt.why.clone()), doubt.place.clone());
            }
            (None, None) => asset.set("fullAccessPolicy", false, None),
        }
    }
}

fn whole(
    statements: &[&Statement],
    doubts: &[&Doubt],
    boundary: Option<&Result<Vec<Statement>, Unknown>>,
    test: &dyn Fn(&Statement) -> Truth,
    doubtful: &dyn Fn(&Doubt) -> bool,
) -> Truth {
    let denies: Vec<Statement> = statements.iter().filter(|s| s.deny).map(|s| (*s).clone()).collect();
    let allowed = statements.iter().filter(|statement| !statement.deny && !removed(&denies, statement));
    let mut truth = any(allowed.map(|statement| test(statement)));
    if let (Truth::False(_), Some(doubt)) = (&truth, doubts.iter().find(|doubt| doubtful(doubt))) {
        truth = Truth::Unknown(doubt.why.clone(), doubt.place.clone());
    }
    match (truth, boundary) {
        (Truth::False(place), _) => Truth::False(place),
        (truth, None) => truth,
        (_, Some(Err(why))) => Truth::Unknown(why.clone(), None),
        (truth, Some(Ok(most))) => match any(most.iter().filter(|s| !s.deny).map(test)) {
            Truth::True(_) => truth,
            limited => limited,
        },
    }
}

/// What a statement reaches, if its actions match: nothing under a condition, everything or unknown.
fn reach(statement: &Statement, matches: bool, broad: impl Fn(&str) -> bool) -> Truth {
    let place = statement.place.clone();
    if statement.deny || statement.conditioned() {
        return Truth::False(place);
    }
    if !matches {
        return match &statement.unknown {
            Some(why) => Truth::Unknown(why.clone(), place),
            None => Truth::False(place),
        };
    }
    if statement.resources.iter().filter_map(Datum::holed).any(|resource| broad(&resource)) {
        return Truth::True(place);
    }
    let open = statement.resources.iter().find(|resource| {
        use crate::iac::datum::Kind;
        matches!(resource.kind, Kind::Unknown(_) | Kind::Fault(_))
    });
    match open.and_then(Datum::why_unknown) {
        Some(why) => Truth::Unknown(why.clone(), place),
        None => Truth::False(place),
    }
}

/// Whether it allows the action, by its patterns or because none excepts it.
fn allows(statement: &Statement, action: &str) -> bool {
    if statement.except_actions {
        !statement.actions.iter().any(|except| covers(&except.pattern, action))
    } else {
        statement.actions.iter().any(|allowed| overlap(&allowed.pattern, action))
    }
}

/// Whether it allows every action, or every action of IAM, on everything.
fn is_admin(statement: &Statement) -> Truth {
    let all = statement.actions.iter().any(|action| matches!(action.pattern.as_str(), "*" | "*:*" | "iam:*"));
    let except = statement.except_actions && allows(statement, "iam:*");
    reach(statement, except || (!statement.except_actions && all), |resource| resource == "*")
}

/// Whether it reaches data of a service wherever it lies.
fn reaches_data(statement: &Statement, rules: &Resources) -> Truth {
    any(rules.data().map(|data| {
        let reached = data.actions.iter().any(|action| allows(statement, action));
        reach(statement, reached, |resource| is_all_of(resource, &data.id))
    }))
}

/// Whether the ARN pattern names everything of the service.
fn is_all_of(resource: &str, service: &str) -> bool {
    if resource == "*" {
        return true;
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let [_, _, name, _, _, rest] = parts.as_slice() else { return false };
    // After the kind of resource, `key/` or `secret:`, nothing but wildcards.
    let inside = rest.split_once(['/', ':']).map_or("", |(_, name)| name);
    let kind_only = !rest.starts_with('*') && service != "s3" && matches!(inside, "*" | "*/*" | "*:*");
    (*name == "*" || *name == service) && (matches!(*rest, "*" | "*/*" | "*:*") || kind_only)
}

/// Whether it lets any role be passed to any service.
fn passes_any_role(statement: &Statement) -> Truth {
    reach(statement, allows(statement, "iam:PassRole"), |resource| {
        resource == "*" || (resource.contains(":iam::") && (resource.ends_with(":role/*") || resource.ends_with(":*")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_name_all_of_a_service() {
        for (resource, service) in [
            ("*", "s3"),
            ("arn:aws:s3:::*", "s3"),
            ("arn:aws:s3:::*/*", "s3"),
            ("arn:aws:kms:*:*:key/*", "kms"),
            ("arn:aws:dynamodb:eu-west-1:111122223333:table/*", "dynamodb"),
            ("arn:aws:secretsmanager:*:*:secret:*", "secretsmanager"),
        ] {
            assert!(is_all_of(resource, service), "{resource}");
        }
        for (resource, service) in [
            ("arn:aws:s3:::lake/*", "s3"),
            ("arn:aws:s3:::lake-*", "s3"),
            ("arn:aws:kms:*:*:key/1", "kms"),
            ("arn:aws:secretsmanager:*:*:secret:db-*", "secretsmanager"),
            ("arn:aws:dynamodb:*:*:table/*", "s3"),
            ("{aws_s3_bucket.b.arn}/*", "s3"),
        ] {
            assert!(!is_all_of(resource, service), "{resource}");
        }
    }
}
