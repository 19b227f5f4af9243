//! Which files are datasets, by their first bytes more than by their names.

use std::borrow::Cow;

use aedile_model::GapKind;

use super::batches::Kind;
use super::csv::{Dialect, modal};
use super::dump;
use super::packing::{Packing, unpacked_name};
use crate::File;
use crate::read::is_text;

/// A dataset that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) format: Format,
    /// How the bytes are compressed.
    pub(super) packing: Packing,
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
    /// An object that holds arrays of objects; reading tells.
    JsonDocument,
    /// SQL with the rows of tables.
    Dump,
    /// Parquet.
    Parquet,
    /// Arrow, Avro, ORC.
    Batches(Kind),
    /// A workbook that is no zip archive.
    Workbook,
    /// SQLite.
    Sqlite,
    /// A zip archive, or a workbook in one; reading tells.
    Zip,
    /// A tar archive.
    Tar,
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

/// Formats that hold datasets and are not read, by their first bytes.
const MAGIC: [(&str, &[u8]); 2] = [("feather", b"FEA1"), ("hdf5", b"\x89HDF\r\n\x1a\n")];

/// The first bytes of a compound file ([MS-CFB] 2.2): an old workbook, or a new one behind a password.
const COMPOUND: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// Extensions of workbooks.
const WORKBOOKS: [&str; 5] = ["ods", "xls", "xlsb", "xlsm", "xlsx"];

/// Archives: what lies in them is not looked at.
const ARCHIVES: [&str; 7] = ["7z", "egg", "jar", "nupkg", "rar", "war", "whl"];

/// Zip archives that are documents or programs, and are not taken for archives.
const DOCUMENTS: [&str; 9] = ["apk", "docx", "epub", "ipa", "npz", "odp", "odt", "pptx", "xpi"];

/// Images and documents of pages: listed, never read.
const PICTURES: [&str; 10] = ["bmp", "dcm", "gif", "heic", "jpeg", "jpg", "pdf", "png", "tif", "tiff"];

/// Brackets one inside the other at which a JSON text is refused; serde_json's own limit.
const NESTING: usize = 128;

/// Keys under which exports wrap their rows.
const WRAPPERS: [&str; 8] = ["data", "entry", "hits", "items", "records", "results", "rows", "value"];

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
    let packing = Packing::of(&file.bytes);
    if packing != Packing::None {
        let inner = packing.head(&file.bytes, File::HEAD);
        let format = recognise_bytes(unpacked_name(&tar_name(file.name())), &inner)?;
        return Some(Found { format, packing });
    }
    let head = match &file.text {
        Some(text) => text.as_bytes().get(..File::HEAD).unwrap_or(text.as_bytes()),
        None => &file.bytes,
    };
    recognise_bytes(file.name(), head).map(|format| Found { format, packing })
}

/// `a.tgz` spelt out.
fn tar_name(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, "tgz" | "tbz2" | "txz" | "tzst")) => format!("{stem}.tar.gz"),
        _ => name.to_owned(),
    }
}

/// What the uncompressed bytes that begin with `head` are, in a file of that name.
pub(super) fn recognise_bytes(name: &str, head: &[u8]) -> Option<Format> {
    let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let known = |name, gap, why: &str| Some(Format::Known { name, gap, why: why.to_owned() });
    if let Some(format) = by_magic(head, extension) {
        return format;
    }
    let head = &*narrow(head);
    let is_pointer = head.starts_with(b"version https://git-lfs.github.com/spec/");
    let binary = ["arrow", "avro", "feather", "orc", "parquet"].into_iter().find(|known| *known == extension);
    let promised = DELIMITED.contains(&extension) || matches!(extension, "jsonl" | "ndjson") || binary.is_some();
    if promised && is_pointer {
        return known("pointer", GapKind::Unresolved, "a pointer of Git LFS: the dataset itself is not here");
    }
    if ARCHIVES.contains(&extension) && !head.is_empty() {
        return Some(Format::Refused(GapKind::Unsupported, "an archive; what lies in it is not read".to_owned()));
    }
    if let Some(format) = binary.filter(|format| *format == "parquet" || !head.is_empty()) {
        let shown = if format == "parquet" { "Parquet" } else { format };
        return known(format, GapKind::Unparsed, &format!("the name promises {shown}, the bytes are something else"));
    }
    if (WORKBOOKS.contains(&extension) || extension == "zip") && !head.is_empty() {
        let (format, what) = if extension == "zip" { ("zip", "a zip archive") } else { ("spreadsheet", "a workbook") };
        let bytes = if is_text(head) { "text" } else { "something else" };
        return known(format, GapKind::Unparsed, &format!("the name promises {what}, the bytes are {bytes}"));
    }
    if !is_text(head) || is_pointer {
        return None;
    }
    text(head, extension, &name)
}

/// What the first bytes alone tell.
fn by_magic(head: &[u8], extension: &str) -> Option<Option<Format>> {
    let known = |name, gap, why: String| Some(Some(Format::Known { name, gap, why }));
    let is_picture = [&b"%PDF-"[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM"]
        .iter()
        .any(|magic| head.starts_with(magic));
    match head {
        _ if head.starts_with(b"PAR1") => Some(Some(Format::Parquet)),
        _ if head.starts_with(b"PARE") => {
            known("parquet", GapKind::Unsupported, "Parquet with an encrypted footer; not read".to_owned())
        }
        _ if head.starts_with(b"ARROW1") => Some(Some(Format::Batches(Kind::Arrow))),
        // The first message of a stream is a schema behind its continuation mark.
        [0xff, 0xff, 0xff, 0xff, ..] if matches!(extension, "arrow" | "arrows" | "feather" | "ipc") => {
            Some(Some(Format::Batches(Kind::ArrowStream)))
        }
        _ if head.starts_with(b"Obj\x01") => Some(Some(Format::Batches(Kind::Avro))),
        _ if head.starts_with(b"ORC") && !is_text(head.get(..64).unwrap_or(head)) => {
            Some(Some(Format::Batches(Kind::Orc)))
        }
        _ if head.starts_with(b"SQLite format 3\0") => Some(Some(Format::Sqlite)),
        _ if head.starts_with(COMPOUND) && (WORKBOOKS.contains(&extension) || DELIMITED.contains(&extension)) => {
            Some(Some(Format::Workbook))
        }
        _ if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") => Some(match extension {
            extension if DOCUMENTS.contains(&extension) => None,
            extension if ARCHIVES.contains(&extension) => {
                Some(Format::Refused(GapKind::Unsupported, "an archive; what lies in it is not read".to_owned()))
            }
            _ => Some(Format::Zip),
        }),
        _ if head.get(257..262) == Some(b"ustar") => Some(Some(Format::Tar)),
        _ if is_picture && PICTURES.contains(&extension) => {
            let why = "an image or a document of pages; what it shows is not read".to_owned();
            Some(Some(Format::Refused(GapKind::Unsupported, why)))
        }
        _ => {
            let (name, _) = MAGIC.iter().find(|(_, magic)| head.starts_with(magic))?;
            known(name, GapKind::Unsupported, format!("a dataset in a format that is not read: {name}"))
        }
    }
}

/// What the text that begins with `head` is.
fn text(head: &[u8], extension: &str, name: &str) -> Option<Format> {
    let delimited = DELIMITED.contains(&extension);
    if delimited && is_html(head) {
        let why = "the name promises delimited text, the bytes are a web page".to_owned();
        return Some(Format::Known { name: "html", gap: GapKind::Unparsed, why });
    }
    if matches!(extension, "json" | "jsonl" | "ndjson") && nesting(head) > NESTING {
        let why = format!("not read: JSON that is nested more than {NESTING} deep");
        return Some(Format::Refused(GapKind::Limit, why));
    }
    if matches!(extension, "jsonl" | "ndjson") {
        return Some(Format::JsonLines);
    }
    let speaks_of_data = delimited || matches!(extension, "" | "dat" | "data" | "json" | "log" | "out" | "txt");
    if speaks_of_data && is_json_lines(head) {
        return Some(Format::JsonLines);
    }
    if delimited && is_array_of_objects(head) {
        return Some(Format::JsonArray);
    }
    if delimited && is_document(head) {
        return Some(Format::JsonDocument);
    }
    if delimited {
        return Some(Format::Delimited);
    }
    if extension == "json" {
        let configures = CONFIGURATION.iter().any(|known| name == *known || name.ends_with(&format!(".{known}")))
            || name.starts_with('.');
        return match configures {
            true => None,
            false if is_array_of_objects(head) => Some(Format::JsonArray),
            false => is_document(head).then_some(Format::JsonDocument),
        };
    }
    if extension == "sql" {
        return dump::is_dump(head).then_some(Format::Dump);
    }
    (matches!(extension, "dat" | "data" | "out" | "txt") && is_table(head)).then_some(Format::Delimited)
}

/// The head of a text without its byte order mark, as UTF-8 where it is UTF-16.
fn narrow(head: &[u8]) -> Cow<'_, [u8]> {
    match encoding_rs::Encoding::for_bom(head) {
        Some((encoding, mark)) if encoding == encoding_rs::UTF_8 => Cow::Borrowed(head.get(mark..).unwrap_or_default()),
        // UTF-32 begins as UTF-16 does.
        Some(_) if head.get(2..4) == Some(&[0, 0]) => Cow::Borrowed(head),
        Some((encoding, _)) => Cow::Owned(encoding.decode_with_bom_removal(head).0.into_owned().into_bytes()),
        None => Cow::Borrowed(head),
    }
}

/// Whether a JSON object wraps rows: a resource of FHIR, or an array of objects under a key that exports use.
fn is_document(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    compact.starts_with('{')
        && (compact.contains("\"resourceType\":\"Bundle\"")
            || WRAPPERS.iter().any(|key| compact.contains(&format!("\"{key}\":[{{"))))
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
    let (_, counts) = Dialect::sniff(head);
    let modal = modal(&counts);
    counts.len() >= 10 && modal >= 3 && counts.iter().filter(|&&count| count == modal).count() * 20 >= counts.len() * 19
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(path: &str, text: &str) -> Option<Format> {
        recognise(&File::in_memory(path, text)).map(|found| found.format)
    }

    fn unparsed(format: Option<Format>) -> bool {
        matches!(format, Some(Format::Known { gap: GapKind::Unparsed, .. }))
    }

    #[test]
    fn content_tells_more_than_the_name() {
        assert_eq!(format("a.csv", "a,b\n1,2\n"), Some(Format::Delimited));
        assert_eq!(format("a.json", "{\"a\":1}\n{\"a\":2}\n"), Some(Format::JsonLines));
        assert_eq!(format("a.json", " [ {\"a\":1}, {\"a\":2}]"), Some(Format::JsonArray));
        assert_eq!(format("a.csv", "[{\"a\":1}, {\"a\":2}]"), Some(Format::JsonArray));
        assert_eq!(format("a.bin", "PAR1"), Some(Format::Parquet));
        assert_eq!(format("a.bin", "Obj\u{1}x"), Some(Format::Batches(Kind::Avro)));
        assert_eq!(format("a.csv", "PK\u{3}\u{4}"), Some(Format::Zip));
        assert!(unparsed(format("a.csv", "<!DOCTYPE html>\n<html>")));
        assert!(unparsed(format("a.parquet", "nothing")));
        assert!(unparsed(format("a.xlsx", "nothing")));
        assert!(unparsed(format("a.xls", "\u{0}\u{1}nothing")));
        assert!(unparsed(format("a.orc", "nothing")));
        assert!(matches!(
            format("a.csv", "version https://git-lfs.github.com/spec/v1\n"),
            Some(Format::Known { name: "pointer", .. })
        ));
        let table: String = (0..20).map(|n| format!("{n}|x|y\n")).collect();
        assert_eq!(format("a.txt", &table), Some(Format::Delimited));
        let bundle = "{\n \"resourceType\" : \"Bundle\", \"entry\": [ {}]}";
        assert_eq!(format("a.json", bundle), Some(Format::JsonDocument));
        assert_eq!(format("a.sql", "insert into a values (1),(2),(3);"), Some(Format::Dump));
    }

    #[test]
    fn configuration_and_prose_are_no_datasets() {
        assert_eq!(format("package.json", "[{\"a\":1},{\"a\":2}]"), None);
        assert_eq!(format("x.json", "{\"a\":[{\"b\":1}]}"), None);
        assert_eq!(format("notes.txt", "Well, this, is\nprose, not, a table\n"), None);
        assert_eq!(format("main.py", "a,b\n1,2\n"), None);
        assert_eq!(format("model.sql", "select * from a"), None);
        assert_eq!(format("report.docx", "PK\u{3}\u{4}"), None);
    }

    #[test]
    fn archives_of_programs_deep_nesting_and_pictures_are_refused() {
        assert!(matches!(format("a.jar", "PK\u{3}\u{4}"), Some(Format::Refused(GapKind::Unsupported, _))));
        assert!(matches!(format("a.json", &"[".repeat(200)), Some(Format::Refused(GapKind::Limit, _))));
        assert!(matches!(format("a.pdf", "%PDF-1.7"), Some(Format::Refused(GapKind::Unsupported, _))));
        assert_eq!(nesting(br#"{"a[[\"[[":[1]}"#), 2);
    }

    #[test]
    fn tables_are_sorted() {
        assert!(ARCHIVES.is_sorted() && DOCUMENTS.is_sorted() && WORKBOOKS.is_sorted() && PICTURES.is_sorted());
        assert!(CONFIGURATION.is_sorted() && DELIMITED.is_sorted() && MAGIC.is_sorted() && WRAPPERS.is_sorted());
    }
}
