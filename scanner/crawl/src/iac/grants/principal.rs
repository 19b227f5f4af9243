//! Principals as policies and bindings write them.

use aedile_model::{AssetId, AssetKind, RelationKind};

use crate::iac::datum::{Datum, Kind};
use crate::iac::policy::{Principal, Statement};
use crate::iac::resource::Unit;
use crate::{Facts, Link, Ref};

/// Whoever asks.
pub(crate) fn anyone() -> Ref {
    Ref::Id(AssetId::new(AssetKind::AnyOne, "", "anyone"))
}

/// The asset that a principal of a policy is, and whether it is of another account. Services and identity
/// providers are none.
pub(super) fn side(unit: &Unit<'_>, principal: &Principal) -> Option<(Ref, bool)> {
    let value = match principal {
        Principal::Anyone => return Some((anyone(), false)),
        Principal::Service(_) | Principal::Federated(_) => return None,
        Principal::Aws(value) => value,
    };
    let own = unit.referred(value).into_iter().filter_map(|at| unit.asset(at)).find(|(kind, _)| kind.is_principal());
    if let Some((_, id)) = own {
        return Some((Ref::Id(id), false));
    }
    match &value.kind {
        Kind::Text(text) => {
            let cross = account(text).is_some_and(|account| !unit.accounts.contains(&account));
            let is_number = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
            let name = if is_number { format!("arn:aws:iam::{text}:root") } else { text.clone() };
            let kind = if name.contains(":user/") { AssetKind::User } else { AssetKind::Role };
            Some((Ref::named(kind, name), cross))
        }
        // The account is this configuration's own, or nobody knows which.
        Kind::Computed { text, .. } => Some((Ref::named(AssetKind::Role, text.clone()), false)),
        _ => None,
    }
}

/// The account number in an ARN, or a number alone.
pub(super) fn account(text: &str) -> Option<String> {
    let part = if text.starts_with("arn:") { text.split(':').nth(4)? } else { text };
    (part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.to_owned())
}

/// Kubernetes service accounts (`namespace/name`) that a trust statement lets in by the subject of their tokens.
pub(super) fn service_accounts(statement: &Statement) -> Vec<String> {
    let subjects = statement.conditions.iter().filter(|(_, name, _)| name.ends_with(":sub"));
    subjects
        .flat_map(|(_, _, values)| values)
        .filter_map(Datum::holed)
        .filter_map(|subject| subject.strip_prefix("system:serviceaccount:").map(|rest| rest.replacen(':', "/", 1)))
        .collect()
}

/// The asset that a member of a binding is, by the words that providers use. A resource that is itself no principal
/// acts by the identity that the provider made for it; that it runs as this identity is written to `facts`.
pub(super) fn member(unit: &Unit<'_>, value: &Datum, kind: AssetKind, facts: &mut Facts) -> Vec<Ref> {
    let Some(text) = value.holed() else { return Vec::new() };
    let lower = text.to_ascii_lowercase();
    if matches!(
        lower.as_str(),
        "allusers"
            | "allauthenticatedusers"
            | "public"
            | "iam_allowed_principals"
            | "everyone"
            | "account users"
            | "users"
            | "*"
    ) {
        return vec![anyone()];
    }
    let own: Vec<Ref> = unit
        .referred(value)
        .into_iter()
        .filter_map(|at| unit.asset(at))
        .filter(|(kind, _)| kind.is_principal())
        .map(|(_, id)| Ref::Id(id))
        .collect();
    if !own.is_empty() {
        return own;
    }
    let runs: Vec<AssetId> =
        unit.referred(value).into_iter().filter_map(|at| unit.asset(at)).map(|(_, id)| id).collect();
    if let Some(id) = runs.first() {
        let identity = Ref::named(AssetKind::ServiceAccount, format!("identity of {}", id.as_str()));
        facts.links.push(Link::new(RelationKind::RunsAs, Ref::Id(id.clone()), identity.clone(), value.place.clone()));
        return vec![identity];
    }
    if !matches!(value.kind, Kind::Text(_)) {
        return Vec::new();
    }
    // Members that are gone, and `user-a@example.org` as access controls of buckets write it.
    let text = text.strip_prefix("deleted:").unwrap_or(&text);
    let split = text.split_once(':').or_else(|| text.split_once('-').filter(|(_, name)| name.contains(['@', '.'])));
    let (kind, name) = match split {
        Some(("user", name)) => (AssetKind::User, name),
        Some(("serviceAccount", name)) => (AssetKind::ServiceAccount, name),
        Some(("group" | "domain", name)) => (AssetKind::Group, name),
        Some(("principal", _)) => (AssetKind::ServiceAccount, text),
        Some(("principalSet" | "projectOwner" | "projectEditor" | "projectViewer", _)) => (AssetKind::Group, text),
        // Where one word stands for groups, persons and service principals alike: mail addresses and application ids tell.
        _ if kind == AssetKind::Group && text.contains('@') => (AssetKind::User, text),
        _ if kind == AssetKind::Group && is_uuid(text) => (AssetKind::ServiceAccount, text),
        _ => (kind, text),
    };
    vec![Ref::named(kind, name)]
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
