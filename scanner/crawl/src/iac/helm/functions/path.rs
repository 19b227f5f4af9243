//! Paths and addresses as Go's `path` and `net/url` take them apart.

use std::collections::BTreeMap;

use crate::iac::helm::value::Val;

/// The shortest path that means the same.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".to_owned(),
        (false, rest) => rest,
    }
}

/// The last part of a path.
pub(super) fn base(path: &str) -> &str {
    let bare = path.trim_end_matches('/');
    match (path.is_empty(), bare.is_empty()) {
        (true, _) => ".",
        (false, true) => "/",
        _ => bare.rsplit('/').next().unwrap_or(bare),
    }
}

/// All but the last part of a path.
pub(super) fn dir(path: &str) -> String {
    match path.rsplit_once('/') {
        None => ".".to_owned(),
        Some(("", _)) => "/".to_owned(),
        Some((before, _)) => clean(before),
    }
}

/// The ending of a path, with its dot.
pub(super) fn ext(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rfind('.').and_then(|at| name.get(at..)).unwrap_or_default()
}

/// The parts of an address, by Sprig's names.
pub(super) fn url(text: &str) -> BTreeMap<String, Val> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    [
        ("scheme", scheme),
        ("host", host),
        ("hostname", name),
        ("path", path),
        ("query", query),
        ("fragment", fragment),
        ("userinfo", user),
        ("opaque", ""),
    ]
    .into_iter()
    .map(|(name, part)| (name.to_owned(), part.into()))
    .collect()
}

/// The address of such parts.
pub(super) fn joined(part: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    for (name, before, after) in [
        ("scheme", "", "://"),
        ("userinfo", "", "@"),
        ("host", "", ""),
        ("path", "", ""),
        ("query", "?", ""),
        ("fragment", "#", ""),
    ] {
        let text = part(name);
        if !text.is_empty() {
            out.extend([before, &text, after]);
        }
    }
    out
}

/// A text as a part of a query: all but letters, digits and `-_.~` in hexadecimal, a blank as `+`.
pub(super) fn query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
