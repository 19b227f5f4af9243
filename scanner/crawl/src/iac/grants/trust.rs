//! What a trust policy says about whom it lets in: other accounts and tokens of identity providers.
//!
//! Source: docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html and
//! id_roles_providers_oidc.html.

use aedile_model::Unknown;

use crate::iac::condition::{Truth, any};
use crate::iac::datum::{Datum, Kind};
use crate::iac::policy::{Principal, Statement};
use crate::iac::resource::Unit;

/// Conditions that make sure that the other account acts for whom it should.
const VOUCHES: [&str; 9] = [
    "sts:ExternalId",
    "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalArn",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
];

/// Whether another account may assume the role without an external id, a second factor, or being of the organisation.
pub(super) fn accounts_freely(unit: &Unit<'_>, statements: &[Statement]) -> Truth {
    any(statements.iter().filter(|statement| !statement.deny).map(|statement| {
        let vouched = statement.conditions.iter().any(|(operator, name, values)| {
            let positive = !operator.contains("Not");
            let known = VOUCHES.iter().any(|vouches| name.eq_ignore_ascii_case(vouches));
            positive && known && !values.iter().any(|value| matches!(value.text().as_deref(), Some("*" | "false")))
        });
        if vouched {
            return Truth::False(statement.place.clone());
        }
        any(statement.principals.iter().map(|principal| match principal {
            Principal::Aws(value) => foreign(unit, value, statement),
            _ => Truth::False(statement.place.clone()),
        }))
    }))
}

fn foreign(unit: &Unit<'_>, value: &Datum, statement: &Statement) -> Truth {
    let place = value.place.clone().or_else(|| statement.place.clone());
    if !unit.referred(value).is_empty() {
        return Truth::False(place);
    }
    match &value.kind {
        Kind::Text(text) => match super::principal::account(text) {
            Some(account) if !unit.accounts.contains(&account) => Truth::True(place),
            _ => Truth::False(place),
        },
        // What the configuration asks its own account for is its own.
        Kind::Computed { text, .. }
            if ["aws_caller_identity", "data.aws_iam_", "AWS::AccountId"].iter().any(|own| text.contains(own)) =>
        {
            Truth::False(place)
        }
        Kind::Computed { text, why } => match super::principal::account(text) {
            Some(account) if !unit.accounts.contains(&account) => Truth::True(place),
            _ => Truth::Unknown(why.clone(), place),
        },
        Kind::Unknown(why) | Kind::Fault(why) => Truth::Unknown(why.clone(), place),
        _ => Truth::False(place),
    }
}

/// Issuers whose tokens are made out to one application: the audience tells whose they are.
const BY_AUDIENCE: [&str; 4] =
    ["cognito-identity.amazonaws.com", "accounts.google.com", "www.amazon.com", "graph.facebook.com"];

/// Claims that say for whom a token was made out.
const SUBJECTS: [&str; 6] = [":sub", ":repository", ":repository_id", ":job_workflow_ref", ":project_path", ":oaud"];

/// Whether tokens of an identity provider are let in without saying whose, or with a pattern that fits strangers.
pub(super) fn subject_open(statements: &[Statement]) -> Truth {
    any(statements.iter().filter(|statement| !statement.deny).map(of_statement))
}

fn of_statement(statement: &Statement) -> Truth {
    let place = statement.place.clone();
    let federated: Vec<String> = statement
        .principals
        .iter()
        .filter_map(|principal| match principal {
            Principal::Federated(value) => Some(value.holed().unwrap_or_default()),
            _ => None,
        })
        .filter(|issuer| !issuer.contains("saml-provider") && !issuer.contains("aws_iam_saml_provider"))
        .collect();
    let web = statement
        .actions
        .iter()
        .any(|action| crate::iac::policy::overlap(&action.pattern, "sts:AssumeRoleWithWebIdentity"));
    if federated.is_empty() || !web {
        return Truth::False(place);
    }
    let named = |ends: &[&str]| {
        let ends: Vec<String> = ends.iter().map(|&end| end.to_owned()).collect();
        statement.conditions.iter().filter(move |(operator, name, _)| {
            !operator.contains("Not") && ends.iter().any(|end| name.to_ascii_lowercase().ends_with(end.as_str()))
        })
    };
    if federated.iter().all(|issuer| BY_AUDIENCE.contains(&issuer.as_str()))
        && named(&[":aud", ":app_id"]).next().is_some()
    {
        return Truth::False(place);
    }
    let mut closed = None;
    for (operator, _, values) in named(&SUBJECTS) {
        let like = operator.contains("Like");
        let open = any(values.iter().map(|value| match (value.holed(), value.why_unknown()) {
            (Some(text), _) if like && names_nobody(&text) => Truth::True(place.clone()),
            (_, Some(why)) => Truth::Unknown(why.clone(), place.clone()),
            _ => Truth::False(place.clone()),
        }));
        match open {
            Truth::False(_) => return Truth::False(place),
            other => closed = Some(other),
        }
    }
    if let Some(open) = closed {
        return open;
    }
    let open_name = statement.conditions.iter().find(|(_, name, _)| name.is_empty());
    match open_name.and_then(|(_, _, values)| values.iter().find_map(Datum::why_unknown)) {
        Some(why) => Truth::Unknown(Unknown::clone(why), place),
        None => Truth::True(place),
    }
}

/// Whether a pattern of subjects leaves open whose they are: the part before its first wildcard names no repository,
/// service account or project as a whole.
fn names_nobody(pattern: &str) -> bool {
    let Some(wild) = pattern.find(['*', '?']) else { return false };
    let fixed = pattern.get(..wild).unwrap_or_default();
    // What stands in a hole may name somebody.
    if fixed.contains('{') {
        return false;
    }
    let ends = fixed.matches([':', '/']).count();
    // `repo:org/repo:`, `system:serviceaccount:namespace:name`, `project_path:group/project:`
    let (needed, whole) = match fixed {
        _ if fixed.starts_with("repo:") || fixed.starts_with("project_path:") => (3, true),
        _ if fixed.starts_with("system:serviceaccount:") => (3, false),
        _ => (2, true),
    };
    ends < needed || (!whole && fixed.ends_with(':'))
}

#[cfg(test)]
mod tests {
    use super::names_nobody;

    #[test]
    fn patterns_of_subjects_must_name_somebody() {
        for open in [
            "*",
            "repo:*",
            "repo:acme*",
            "repo:acme/*",
            "system:serviceaccount:*",
            "system:serviceaccount:ml:*",
            "project_path:acme/*",
        ] {
            assert!(names_nobody(open), "{open}");
        }
        for closed in [
            "repo:acme/lake:*",
            "repo:acme/lake:ref:refs/heads/main",
            "system:serviceaccount:ml:train-*",
            "organization:acme:project:lake:*",
        ] {
            assert!(!names_nobody(closed), "{closed}");
        }
    }
}
