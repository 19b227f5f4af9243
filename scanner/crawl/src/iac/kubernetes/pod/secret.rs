//! Credentials that are written out in the environment or the command line of a container.

use crate::iac::condition::Truth;
use crate::iac::datum::{Datum, Kind};

/// Parts of names of variables that hold credentials.
const SECRET_WORDS: [&str; 13] = [
    "access_key",
    "account_key",
    "api_key",
    "apikey",
    "auth_token",
    "connection_string",
    "credential",
    "passphrase",
    "password",
    "passwd",
    "private_key",
    "secret",
    "token",
];

/// Ends of names that speak of a credential without holding it.
const HARMLESS_ENDS: [&str; 12] =
    ["_arn", "_dir", "_enabled", "_expiry", "_file", "_id", "_key_name", "_length", "_name", "_path", "_ttl", "_url"];

/// Whether a credential is written out in `container`. The place of a false answer is that of a reference to a secret,
/// which is the right way.
pub(super) fn in_container(container: &Datum) -> Truth {
    let mut referred = None;
    let mut unknown = None;
    let variables = container.member("env").map(Datum::items).unwrap_or_default();
    for variable in variables {
        let name = variable.member("name").and_then(Datum::text).unwrap_or_default();
        if let Some(source) = variable.member("valueFrom").filter(|from| from.member("secretKeyRef").is_some()) {
            referred = referred.or_else(|| source.place.clone());
        }
        let Some(value) = variable.member("value") else { continue };
        if let Some(truth) = literal(&name, value) {
            match truth {
                Truth::True(_) => return Truth::True(variable.place.clone().or_else(|| value.place.clone())),
                truth => unknown = Some(truth),
            }
        }
    }
    for list in ["command", "args"] {
        for argument in container.member(list).map(Datum::items).unwrap_or_default() {
            if argument.text().is_some_and(|text| in_text(&text)) {
                return Truth::True(argument.place.clone());
            }
        }
    }
    unknown.unwrap_or(Truth::False(referred))
}

/// Whether a variable of that name holds a credential; `None` if it surely does not.
pub(in crate::iac) fn literal(name: &str, value: &Datum) -> Option<Truth> {
    let named = is_secret_name(name);
    match &value.kind {
        Kind::Unknown(why) | Kind::Fault(why) | Kind::Computed { why, .. } => {
            named.then(|| Truth::Unknown(why.clone(), value.place.clone()))
        }
        _ => {
            let text = value.text().unwrap_or_default();
            ((named && is_literal(&text)) || has_password(&text)).then(|| Truth::True(value.place.clone()))
        }
    }
}

/// Whether a setting called `name` whose literal value is `value` gives a credential away.
pub(in crate::iac) fn is_credential(name: &str, value: &str) -> bool {
    (is_secret_name(name) && is_literal(value)) || has_password(value)
}

/// Whether a name is that of a credential.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['.', '-'], "_");
    SECRET_WORDS.iter().any(|word| name.contains(word)) && !HARMLESS_ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether `value` is written out, rather than a reference or a switch.
fn is_literal(value: &str) -> bool {
    !value.is_empty()
        && !value.starts_with("$(")
        && !value.starts_with("${")
        && !value.starts_with('/')
        && !value.contains("__")
        && !value.bytes().all(|byte| byte.is_ascii_digit())
        && !matches!(value, "true" | "false" | "none" | "None" | "null")
}

/// Whether a command line writes a credential out: `--password=…`, `TOKEN=…`, a URL with a password.
pub(in crate::iac) fn in_text(line: &str) -> bool {
    line.split_whitespace().any(|word| match word.trim_start_matches('-').split_once('=') {
        Some((name, value)) => {
            let value = value.trim_matches(['"', '\'']);
            (is_secret_name(name) && is_literal(value) && !value.starts_with('$')) || has_password(value)
        }
        None => has_password(word),
    })
}

/// Whether `value` is a URL with a password that is written out: `postgresql://user:password@host`.
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    let Some((_, password)) = user.split_once(':') else { return false };
    !password.is_empty() && !password.starts_with(['$', '<', '{', '%', '*']) && !password.contains("__")
}
