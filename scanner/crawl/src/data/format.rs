//! Which files are datasets, by their first bytes more than by their names.

use aedile_model::GapKind;

use super::csv::{Dialect, modal};
use crate::File;
use crate::read::is_text;

/// A dataset that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) format: Format,
    /// Whether the bytes are compressed.
    pub(super) gzip: bool,
}

/// How rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// CSV, TSV and their relatives.
    Delimited,
    /// One JSON object a line.
    JsonLines,
    /// Perhaps an array of objects; reading tells.
    JsonArray,
    /// Parquet.
    Parquet,
    /// Known and not read; why.
    Known {
        /// The format.
        name: &'static str,
        /// What kind of gap that leaves.
        gap: GapKind,
        /// Why.
        why: String,
    },
    /// No dataset of its own, and not read; a kind of gap and why.
    Refused(GapKind, String),
}

/// Extensions of delimited text.
const DELIMITED: [&str; 4] = ["csv", "psv", "tab", "tsv"];

/// Formats that hold datasets and are not read yet, by their first bytes.
const MAGIC: [(&str, &[u8]); 6] = [
    ("arrow", b"ARROW1"),
    ("avro", b"Obj\x01"),
    ("feather", b"FEA1"),
    ("hdf5", b"\x89HDF\r\n\x1a\n"),
    ("orc", b"ORC"),
    ("sqlite", b"SQLite format 3\0"),
];

/// Compressions that are not read yet, by extension.
const PACKED: [&str; 5] = ["bz2", "lz4", "xz", "zip", "zst"];

/// Archives: what lies in them is not looked at.
const ARCHIVES: [&str; 7] = ["7z", "jar", "rar", "tar", "tgz", "whl", "zip"];

/// Brackets one inside the other at which a JSON text is refused; serde_json's own limit.
const NESTING: usize = 128;

/// Names, or ends of names, of JSON files that configure something.
const CONFIGURATION: [&str; 16] = [
    "appsettings.json",
    "components.json",
    "composer.json",
    "container-definitions.json",
    "devcontainer.json",
    "keybindings.json",
    "launch.json",
    "manifest.json",
    "package-lock.json",
    "package.json",
    "policy.json",
    "schema.json",
    "settings.json",
    "tasks.json",
    "tf.json",
    "tsconfig.json",
];

/// What `file` is, if it is a dataset.
pub(super) fn recognise(file: &File) -> Option<Found> {
    let head = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes);
    let name = file.name().to_ascii_lowercase();
    let extension = file.extension();
    let plain = |format| Some(Found { format, gzip: false });
    let known = |name, gap, why: &str| plain(Format::Known { name, gap, why: why.to_owned() });

    if head.starts_with(&[0x1f, 0x8b]) {
        let inner = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".gzip"))?.rsplit('.').next()?;
        let format = match inner {
            inner if DELIMITED.contains(&inner) => Format::Delimited,
            "jsonl" | "ndjson" => Format::JsonLines,
            "json" => Format::JsonArray,
            _ => return None,
        };
        return Some(Found { format, gzip: true });
    }
    if head.starts_with(b"PAR1") {
        return plain(Format::Parquet);
    }
    if let Some((name, _)) = MAGIC.iter().find(|(_, magic)| head.starts_with(magic)) {
        return known(name, GapKind::Unsupported, &format!("a dataset in a format that is not read yet: {name}"));
    }
    if matches!(extension.as_str(), "xlsx" | "xls" | "ods") {
        return known("spreadsheet", GapKind::Unsupported, "a spreadsheet; not read yet");
    }
    let inner = name.rsplit('.').nth(1).unwrap_or_default();
    if PACKED.contains(&extension.as_str())
        && (DELIMITED.contains(&inner) || matches!(inner, "json" | "jsonl" | "ndjson" | "parquet"))
    {
        return known(
            "compressed",
            GapKind::Unsupported,
            &format!("a dataset in a compression that is not read yet: {extension}"),
        );
    }
    if ARCHIVES.contains(&extension.as_str()) && !head.is_empty() {
        return plain(Format::Refused(GapKind::Unsupported, "an archive; what lies in it is not read yet".to_owned()));
    }
    let is_pointer = head.starts_with(b"version https://git-lfs.github.com/spec/");
    let promised =
        DELIMITED.contains(&extension.as_str()) || matches!(extension.as_str(), "jsonl" | "ndjson" | "parquet");
    if promised && is_pointer {
        return known("pointer", GapKind::Unresolved, "a pointer of Git LFS: the dataset itself is not here");
    }
    if extension == "parquet" {
        return known("parquet", GapKind::Unparsed, "the name promises Parquet, the bytes are something else");
    }
    if !is_text(head) || is_pointer {
        return None;
    }
    if DELIMITED.contains(&extension.as_str()) && head.starts_with(b"PK\x03\x04") {
        return known("zip", GapKind::Unparsed, "the name promises delimited text, the bytes are a zip archive");
    }
    text(file, &extension, &name)
}

/// What the text `file` is.
fn text(file: &File, extension: &str, name: &str) -> Option<Found> {
    let plain = |format| Some(Found { format, gzip: false });
    let head = match &file.text {
        Some(text) => text.as_bytes().get(..File::HEAD).unwrap_or(text.as_bytes()),
        None => file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes),
    };
    let delimited = DELIMITED.contains(&extension);
    if delimited && is_html(head) {
        let why = "the name promises delimited text, the bytes are a web page".to_owned();
        return plain(Format::Known { name: "html", gap: GapKind::Unparsed, why });
    }
    if file.text.is_none() && !is_ascii_based(head) {
        let why = "UTF-16 beyond the limit on texts is not read".to_owned();
        return delimited
            .then_some(Found { format: Format::Known { name: "csv", gap: GapKind::Limit, why }, gzip: false });
    }
    if matches!(extension, "json" | "jsonl" | "ndjson") && nesting(head) > NESTING {
        return plain(Format::Refused(
            GapKind::Limit,
            format!("not read: JSON that is nested more than {NESTING} deep"),
        ));
    }
    if matches!(extension, "jsonl" | "ndjson") {
        return plain(Format::JsonLines);
    }
    let speaks_of_data = delimited || matches!(extension, "" | "dat" | "data" | "json" | "log" | "out" | "txt");
    if speaks_of_data && is_json_lines(head) {
        return plain(Format::JsonLines);
    }
    if delimited {
        return plain(Format::Delimited);
    }
    if extension == "json" {
        let configures = CONFIGURATION.iter().any(|known| name == *known || name.ends_with(&format!(".{known}")))
            || name.starts_with('.');
        return (!configures && is_array_of_objects(head)).then_some(Found { format: Format::JsonArray, gzip: false });
    }
    (matches!(extension, "dat" | "data" | "out" | "txt") && is_table(head))
        .then_some(Found { format: Format::Delimited, gzip: false })
}

/// How deep brackets outside strings stand one inside the other.
fn nesting(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn is_ascii_based(head: &[u8]) -> bool {
    !head.starts_with(&[0xff, 0xfe]) && !head.starts_with(&[0xfe, 0xff])
}

fn is_html(head: &[u8]) -> bool {
    let start = head.trim_ascii_start().to_ascii_lowercase();
    start.starts_with(b"<!doctype") || start.starts_with(b"<html") || start.starts_with(b"<?xml")
}

/// Whether the first two lines are JSON objects; the second may be cut.
fn is_json_lines(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let first = lines
        .next()
        .is_some_and(|line| line.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok());
    first && lines.next().is_some_and(|line| line.starts_with(b"{\""))
}

fn is_array_of_objects(head: &[u8]) -> bool {
    head.trim_ascii_start().strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
}

/// Whether nothing but a table looks like this: ten lines or more, nearly all of one number of cells, three or more.
/// A file that is named as text must show that much, for prose has commas too.
fn is_table(head: &[u8]) -> bool {
    let counts = Dialect::sniff(head).counts(head);
    let modal = modal(&counts);
    counts.len() >= 10 && modal >= 3 && counts.iter().filter(|&&count| count == modal).count() * 20 >= counts.len() * 19
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(path: &str, text: &str) -> Option<Format> {
        recognise(&File::in_memory(path, text)).map(|found| found.format)
    }

    #[test]
    fn content_tells_more_than_the_name() {
        assert_eq!(format("a.csv", "a,b\n1,2\n"), Some(Format::Delimited));
        assert_eq!(format("a.json", "{\"a\":1}\n{\"a\":2}\n"), Some(Format::JsonLines));
        assert_eq!(format("a.json", " [ {\"a\":1}, {\"a\":2}]"), Some(Format::JsonArray));
        assert_eq!(format("a.bin", "PAR1"), Some(Format::Parquet));
        assert!(matches!(
            format("a.csv", "<!DOCTYPE html>\n<html>"),
            Some(Format::Known { gap: GapKind::Unparsed, .. })
        ));
        assert!(matches!(format("a.parquet", "nothing"), Some(Format::Known { gap: GapKind::Unparsed, .. })));
        assert!(matches!(format("a.avro", "Obj\u{1}x"), Some(Format::Known { gap: GapKind::Unsupported, .. })));
        assert!(matches!(
            format("a.csv", "version https://git-lfs.github.com/spec/v1\n"),
            Some(Format::Known { name: "pointer", .. })
        ));
        let table: String = (0..20).map(|n| format!("{n}|x|y\n")).collect();
        assert_eq!(format("a.txt", &table), Some(Format::Delimited));
    }

    #[test]
    fn configuration_and_prose_are_no_datasets() {
        assert_eq!(format("package.json", "[{\"a\":1},{\"a\":2}]"), None);
        assert_eq!(format("x.json", "{\"a\":[{\"b\":1}]}"), None);
        assert_eq!(format("notes.txt", "Well, this, is\nprose, not, a table\n"), None);
        assert_eq!(format("main.py", "a,b\n1,2\n"), None);
    }

    #[test]
    fn archives_and_deep_nesting_are_refused() {
        assert!(matches!(format("a.zip", "PK\u{3}\u{4}"), Some(Format::Refused(GapKind::Unsupported, _))));
        assert!(matches!(format("a.json", &"[".repeat(200)), Some(Format::Refused(GapKind::Limit, _))));
        assert_eq!(nesting(br#"{"a[[\"[[":[1]}"#), 2);
    }

    #[test]
    fn tables_are_sorted() {
        assert!(ARCHIVES.is_sorted());
        assert!(CONFIGURATION.is_sorted() && DELIMITED.is_sorted() && MAGIC.is_sorted() && PACKED.is_sorted());
    }
}
