//! Credentials that are written out in settings: under a telling name, or inside a URL.

use std::borrow::Cow;

use aedile_model::{Place, Unknown};

use super::condition::Truth;
use super::datum::{Datum, Kind};

/// Parts of names of settings that hold credentials.
const SECRET_WORDS: [&str; 13] = [
    "access_key",
    "account_key",
    "api_key",
    "apikey",
    "auth_token",
    "credential",
    "passphrase",
    "password",
    "passwd",
    "private_key",
    "pwd",
    "secret",
    "token",
];

/// Ends of names that speak of a credential without holding it.
const HARMLESS_ENDS: [&str; 13] = [
    "_arn", "_dir", "_enabled", "_expiry", "_file", "_id", "_length", "_name", "_path", "_region", "_ttl", "_uri",
    "_url",
];

/// Bytes of a script in base64 that is read; services take less.
const SCRIPT_BYTES: usize = 1 << 20;

/// Whether the setting `name` holds a credential by its name.
pub(crate) fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    SECRET_WORDS.iter().any(|word| name.contains(word)) && !HARMLESS_ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether `value` is one that is looked up elsewhere, or none at all.
fn is_reference(value: &str) -> bool {
    value.is_empty()
        || ["$(", "${", "{{", "arn:", "secret://", "ssm://", "vault:", "AQICAH"]
            .iter()
            .any(|start| value.starts_with(start))
        || value.contains("__")
        || matches!(value, "true" | "false")
}

/// Whether `value` is a URL with a password that is written out: `postgresql://user:password@host`.
pub(crate) fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    let Some((_, password)) = user.split_once(':') else { return false };
    !password.is_empty() && !password.starts_with(['$', '<', '{', '%', '*']) && !password.contains("__")
}

/// Whether `value` is a password that is written out. What is made or handed in elsewhere is not in the source.
pub(super) fn is_written_out(value: &Datum) -> bool {
    matches!(&value.kind, Kind::Text(text) if !is_reference(text))
}

/// Whether `settings` hold a credential that is written out: a map, a list of `name` and `value`, or lines of
/// `NAME=value`. Under a telling name, a value from outside makes it unknown.
pub(super) fn in_settings(settings: &[Datum]) -> Truth {
    let mut result = Truth::False(None);
    for (name, value, place) in settings.iter().flat_map(|datum| pairs(datum, 0)) {
        let written = match &value {
            Setting::Text(text) => (is_telling(&name) && !is_reference(text)) || has_password(text),
            Setting::Outside(_) => false,
        };
        match value {
            _ if written => return Truth::True(place),
            Setting::Outside(why) if is_telling(&name) && matches!(result, Truth::False(_)) => {
                result = Truth::Unknown(why, place);
            }
            _ => {}
        }
    }
    result
}

/// The value of a setting.
enum Setting {
    Text(String),
    /// It is not in the source.
    Outside(Unknown),
}

fn pairs(datum: &Datum, depth: usize) -> Vec<(String, Setting, Option<Place>)> {
    if depth > 4 {
        return Vec::new();
    }
    let datum = datum.decoded();
    let setting = |name: String, value: &Datum| {
        let place = value.place.clone().or_else(|| datum.place.clone());
        match &value.kind {
            // A place of the same configuration where the secret is kept is no secret.
            Kind::Computed { text, why } if !names_store(text) => Some((name, Setting::Outside(why.clone()), place)),
            Kind::Unknown(why) | Kind::Fault(why) => Some((name, Setting::Outside(why.clone()), place)),
            _ => value.text().map(|text| (name, Setting::Text(text), place)),
        }
    };
    match &datum.kind {
        Kind::List(items) => items.iter().flat_map(|item| pairs(item, depth + 1)).collect(),
        Kind::Map(map) => {
            let member = |names: [&str; 2]| names.iter().find_map(|name| map.members.get(*name));
            match (member(["name", "Name"]).and_then(Datum::text), member(["value", "Value"])) {
                (Some(name), Some(value)) => setting(name, value).into_iter().collect(),
                _ => map.members.iter().filter_map(|(name, value)| setting(name.clone(), value)).collect(),
            }
        }
        Kind::Text(text) | Kind::Computed { text, .. } => unwrapped(text)
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("export ").trim_start_matches("ENV ").split_once('='))
            .filter(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
            .map(|(name, value)| {
                let value = value.trim().trim_matches(['"', '\'']).to_owned();
                // What a template or a command fills in is not written out.
                let value = if value.contains(['{', '$', '`']) { String::new() } else { value };
                (name.to_owned(), Setting::Text(value), datum.place.clone())
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The text inside base64, as scripts for machines are handed in; other texts as they are.
fn unwrapped(text: &str) -> Cow<'_, str> {
    let plain = || Cow::Borrowed(text);
    let body = text.trim_end_matches('=');
    if body.len() < 8
        || body.len() > SCRIPT_BYTES
        || !body.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b))
    {
        return plain();
    }
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(body.len()), 0_u32, 0_u32);
    for letter in body.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        held = (held << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap_or_default());
            held &= (1 << bits) - 1;
        }
    }
    String::from_utf8(bytes).map_or_else(|_| plain(), Cow::Owned)
}

/// Whether the value is the name of a store of secrets, not what it holds.
fn names_store(text: &str) -> bool {
    [".arn}", ".id}", ".name}", ".secret_id}", ".version_id}", ".Arn}", ".Ref}"].iter().any(|end| text.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> Truth {
        in_settings(&[Datum::from_json(&serde_json::from_str(json).unwrap(), None)])
    }

    #[test]
    fn credentials_are_found_under_telling_names_and_in_urls() {
        for json in [
            r#"{"DB_PASSWORD": "hunter2"}"#,
            r#"[{"name": "API_KEY", "value": "abc"}]"#,
            r#"{"--db-password": "hunter2"}"#,
            r#"{"DSN": "postgresql://u:p@host/db"}"#,
            r##""#!/bin/sh\nexport MLFLOW_TRACKING_PASSWORD='x'\n""##,
            r#""ZXhwb3J0IEFQSV9UT0tFTj1hYmMxMjMK""#,
        ] {
            assert!(matches!(settings(json), Truth::True(_)), "{json}");
        }
        for json in [
            r#"{"DB_PASSWORD_ARN": "arn:aws:secretsmanager:eu-west-1:1:secret:x"}"#,
            r#"{"DB_PASSWORD": "arn:aws:secretsmanager:eu-west-1:1:secret:x"}"#,
            r#"{"MODE": "fast", "TOKEN_FILE": "/run/token"}"#,
            r#"{"DB_PASSWORD": "{aws_secretsmanager_secret.db.arn}"}"#,
            r##""export PASSWORD=$(aws secretsmanager get-secret-value)""##,
        ] {
            assert!(matches!(settings(json), Truth::False(_)), "{json}");
        }
        assert!(matches!(settings(r#"{"DB_PASSWORD": "{random_password.db.result}"}"#), Truth::Unknown(..)));
    }
}
