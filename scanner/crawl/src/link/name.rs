//! Names as they are compared: one spelling for each thing.

use aedile_model::AssetKind;

/// `name`, said of something of `kind`, in the spelling under which it is looked up.
///
/// URIs: the scheme and the authority in lower case, `s3a`, `s3n` and S3 ARNs and HTTP endpoints as `s3`, Azure
/// endpoints without their domain, no trailing slash. Table names: lower case, without quotes. Paths: without
/// `.` and resolvable `..`. All other names stay.
pub(super) fn normal(kind: AssetKind, name: &str) -> String {
    let name = name.trim();
    if let Some(s3) = s3_arn(name) {
        return uri("s3", s3);
    }
    if let Some((scheme, rest)) = name.split_once("://") {
        return uri(&scheme.to_ascii_lowercase(), rest);
    }
    if name.starts_with("arn:") || kind.is_principal() {
        return name.to_owned();
    }
    match kind {
        AssetKind::Table | AssetKind::Database => table(name),
        AssetKind::Dataset | AssetKind::Notebook | AssetKind::Pipeline => path(name),
        _ => name.to_owned(),
    }
}

/// What follows `arn:…:s3:::`, in any partition.
fn s3_arn(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("arn:")?;
    let (_, rest) = rest.split_once(':')?;
    rest.strip_prefix("s3:::")
}

fn uri(scheme: &str, rest: &str) -> String {
    let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
    let key = key.trim_matches('/');
    // Holes keep their case: `{var.Env}` is an expression of the source.
    let authority = if authority.contains('{') { authority.to_owned() } else { authority.to_ascii_lowercase() };
    let joined = |scheme: &str, authority: &str, key: &str| {
        if key.is_empty() { format!("{scheme}://{authority}") } else { format!("{scheme}://{authority}/{key}") }
    };
    match scheme {
        "s3" | "s3a" | "s3n" => joined("s3", &authority, key),
        "gs" | "gcs" => joined("gs", &authority, key),
        "abfs" | "abfss" | "wasb" | "wasbs" => {
            let account = authority.split(".dfs.").next().unwrap_or(&authority);
            joined("abfss", account.split(".blob.").next().unwrap_or(account), key)
        }
        "file" => path(rest.strip_prefix("localhost").unwrap_or(rest)),
        "http" | "https" => {
            if let Some((bucket, _)) = authority
                .split_once(".s3.")
                .or_else(|| authority.split_once(".s3-"))
                .filter(|(_, host)| host.ends_with("amazonaws.com"))
            {
                return joined("s3", bucket, key);
            }
            let (bucket, inner) = key.split_once('/').unwrap_or((key, ""));
            if authority.starts_with("s3.") && authority.ends_with("amazonaws.com") && !bucket.is_empty() {
                return joined("s3", bucket, inner);
            }
            if authority == "storage.googleapis.com" && !bucket.is_empty() {
                return joined("gs", bucket, inner);
            }
            joined(scheme, &authority, key)
        }
        _ => joined(scheme, &authority, key),
    }
}

/// A table's name: lower case, quotes and brackets dropped.
pub(super) fn table(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '"' | '`' | '[' | ']')).collect::<String>().to_lowercase()
}

/// A path without `.`, empty parts and resolvable `..`.
pub(super) fn path(name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if name.starts_with('/') { format!("/{joined}") } else { joined }
}

/// The store that a URI lies in: `s3://bucket` of `s3://bucket/key`; `None` for what is no object store's URI.
pub(super) fn store(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once("://")?;
    if !matches!(scheme, "s3" | "gs" | "abfss") {
        return None;
    }
    let authority = rest.split('/').next()?;
    uri.get(..scheme.len() + 3 + authority.len())
}

/// Whether `text` matches `pattern`, in which `*` stands for anything.
pub(super) fn wild(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether `text` has the shape of `pattern`, in which each `{hole}` stands for one or more characters but `/`.
pub(super) fn shaped(pattern: &str, text: &str) -> bool {
    let (mut patterns, mut texts) = (pattern.split('/'), text.split('/'));
    loop {
        match (patterns.next(), texts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(text)) if part_shaped(pattern, text) => {}
            _ => return false,
        }
    }
}

fn part_shaped(pattern: &str, text: &str) -> bool {
    let pieces = literals(pattern);
    let [first, .., last] = pieces.as_slice() else { return pattern == text };
    // At least one character a hole.
    let holes = pieces.len() - 1;
    let literal: usize = pieces.iter().map(|piece| piece.len()).sum();
    text.len() >= literal + holes && text.starts_with(first) && text.ends_with(last) && wild(&pieces.join("*"), text)
}

/// The parts of `pattern` between its holes; one more than there are holes.
fn literals(pattern: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, behind)) = after.split_once('}') else { break };
        pieces.push(before);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}

/// Extensions of files that hold data; other endings are parts of a qualified name.
pub(super) const EXTENSIONS: [&str; 13] =
    ["avro", "csv", "feather", "gz", "json", "jsonl", "ndjson", "orc", "parquet", "pkl", "tsv", "txt", "xlsx"];

/// How many letters and digits of `pattern` are not inside a hole, nor part of the scheme or of the file's extension.
pub(super) fn literal_length(pattern: &str) -> usize {
    let rest = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    let stem =
        rest.rsplit_once('.').filter(|(_, extension)| EXTENSIONS.contains(extension)).map_or(rest, |(stem, _)| stem);
    literals(stem).iter().flat_map(|piece| piece.chars()).filter(|c| c.is_alphanumeric()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_one_spelling() {
        let dataset = |name: &str| normal(AssetKind::Dataset, name);
        assert_eq!(dataset("s3a://Clinic-Raw/x/"), "s3://clinic-raw/x");
        assert_eq!(dataset("arn:aws:s3:::clinic-raw/x"), "s3://clinic-raw/x");
        assert_eq!(dataset("https://clinic-raw.s3.eu-central-1.amazonaws.com/x"), "s3://clinic-raw/x");
        assert_eq!(dataset("https://s3.eu-central-1.amazonaws.com/clinic-raw/x"), "s3://clinic-raw/x");
        assert_eq!(dataset("wasbs://c@acct.blob.core.windows.net/x"), "abfss://c@acct/x");
        assert_eq!(dataset("./data/../data//x.csv"), "data/x.csv");
        assert_eq!(normal(AssetKind::Table, "\"Clinic\".`Patients`"), "clinic.patients");
        assert_eq!(normal(AssetKind::Role, "arn:aws:iam::1:role/X"), "arn:aws:iam::1:role/X");
        assert_eq!(store("s3://b/k/l"), Some("s3://b"));
        assert_eq!(store("https://x.org/y"), None);
    }

    #[test]
    fn holes_stand_for_parts_of_a_name() {
        assert!(shaped("s3://{env}-raw/x.csv", "s3://prod-raw/x.csv"));
        assert!(shaped("{a}{b}/x", "yy/x"));
        assert!(!shaped("s3://{env}-raw/x.csv", "s3://-raw/x.csv"), "a hole is not empty");
        assert!(!shaped("s3://{a}/x.csv", "s3://b/c/x.csv"), "a hole is one part");
        assert_eq!(literal_length("s3://{bucket}/{key}"), 0);
        assert_eq!(literal_length("s3://{env}-raw/x.csv"), 4);
        assert_eq!(literal_length("{name}.csv"), 0);
    }

    #[test]
    fn stars_stand_for_anything() {
        assert!(wild("s3://clinic-*", "s3://clinic-raw"));
        assert!(wild("*", ""));
        assert!(wild("a*b*c", "aXbYc"));
        assert!(!wild("a*b", "aXbY"));
        assert!(!wild("ab*b", "ab"));
    }
}
