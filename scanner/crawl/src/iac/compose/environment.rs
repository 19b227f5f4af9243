//! Files of variables: `.env` and what `env_file` names.

use std::collections::BTreeMap;

use crate::File;
use crate::iac::datum::Datum;

/// Variables that one file may hold.
const VARIABLES: usize = 10_000;

/// Names of such files.
pub(super) fn is_variables(name: &str) -> bool {
    name == ".env" || name.ends_with(".env")
}

/// The variables of `file`, with their places. Later lines go before earlier ones.
pub(super) fn parse(file: &File, text: &str) -> BTreeMap<String, Datum> {
    let mut found = BTreeMap::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        let bare = line.trim_start().strip_prefix("export ").unwrap_or(line.trim_start());
        let Some((name, value)) = bare.split_once('=') else { continue };
        let name = name.trim();
        if name.is_empty() || name.starts_with('#') || found.len() >= VARIABLES {
            continue;
        }
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.split(*quote).next());
        let value = quoted.unwrap_or_else(|| value.split(" #").next().unwrap_or_default().trim_end());
        found.insert(name.to_owned(), Datum::from_text(value).at(Some(file.place(start, start + line.len()))));
    }
    found
}
