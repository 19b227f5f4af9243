//! Declared documents: whether they are there, what they say, and how old they are.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use aedile_model::{Asset, AssetId, AssetKind, Inventory, Value};
use aedile_policies::{DocumentKind, Documents};
use time::Date;

use super::{Named, declared_documents};
use crate::config::{Loaded, parse_date};

/// Bytes of a document that are read: a register of a large organisation has some hundred thousand.
const MOST_BYTES: u64 = 4 << 20;

/// Endings by which a declared value is a path, not a reference to somewhere else.
const ENDINGS: [&str; 14] =
    ["adoc", "csv", "docx", "htm", "html", "ipynb", "md", "odt", "pdf", "rst", "txt", "xlsx", "yaml", "yml"];

/// Words beside which a date says when a document was looked at.
const DATED: [&str; 9] = ["as of", "checked", "date", "reviewed", "review", "revised", "status", "updated", "version"];

/// Gives the bytes of a document: that of a path below a folder, `None` if there is none.
pub(crate) type Reader<'a> = &'a dyn Fn(&Path, &str) -> Option<Vec<u8>>;

/// Adds every declared document that is a path.
pub(super) fn documents(
    loaded: &Loaded,
    named: &Named,
    kinds: &Documents,
    as_of: Date,
    reader: Reader<'_>,
    inventory: &mut Inventory,
) {
    let folder = loaded.folder();
    for (kind, path, changed) in declared_documents(&loaded.config) {
        if !is_path(&path) {
            continue;
        }
        let id = AssetId::new(AssetKind::Document, kind, &path);
        let place = named.place("", &path);
        let mut asset = Asset::new(id, AssetKind::Document, &*path, kind);
        asset.place = Some(place.clone());
        asset.set("documentKind", kind, None);
        match reader(&folder, &path) {
            None => asset.set("found", false, Some(place)),
            Some(bytes) => {
                asset.set("found", true, Some(place));
                describe(&mut asset, kinds.kind(kind), text(&bytes).as_deref(), as_of, changed);
            }
        }
        inventory.add(asset);
    }
}

fn describe(asset: &mut Asset, kind: Option<&DocumentKind>, text: Option<&str>, as_of: Date, changed: Option<Date>) {
    let Some(text) = text else {
        let unread = || Value::unknown("the text of the document", "it is not plain text");
        if kind.is_some_and(|kind| !kind.parts.is_empty()) {
            asset.set("missing", unread(), None);
        }
        asset.set("dated", unread(), None);
        return;
    };
    let missing = kind.map(|kind| kind.missing(&headings(text)).join(", ")).unwrap_or_default();
    if !missing.is_empty() {
        asset.set("missing", missing, None);
    }
    let reviewed = reviewed(text, as_of);
    asset.set("dated", reviewed.is_some(), None);
    if let Some(day) = reviewed {
        asset.set("reviewedDaysAgo", (as_of - day).whole_days(), None);
        if let Some(changed) = changed {
            asset.set("followsChange", day >= changed, None);
        }
    }
}

fn is_path(text: &str) -> bool {
    let ending = text.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    !text.contains("://") && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The document of `path` below `folder` as it lies on the disk.
pub(crate) fn on_disk(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_path_buf() };
    let folder = fs::canonicalize(folder).ok()?;
    // No link and no `..` leads out of the folder.
    let file = fs::canonicalize(folder.join(path)).ok().filter(|file| file.starts_with(&folder) && file.is_file())?;
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).ok()?;
    // What cannot be read is there all the same, and is no text.
    if opened.take(MOST_BYTES).read_to_end(&mut bytes).is_err() {
        bytes = vec![0];
    }
    Some(bytes)
}

/// The text of a document; `None` if it is not text.
fn text(bytes: &[u8]) -> Option<String> {
    let plain = !bytes.contains(&0) && !bytes.starts_with(b"%PDF");
    plain.then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// The headings of Markdown, AsciiDoc, reStructuredText, HTML and YAML, heads of tables, and lines in bold.
fn headings(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).map_or("", |next| next.trim());
        let underlined = next.len() >= 3
            && ["=", "-", "~", "^"].iter().any(|mark| next.trim_matches(|c| mark.contains(c)).is_empty());
        let plain = line.trim();
        let heading = plain.starts_with('#')
            || (plain.starts_with('=') && plain.trim_start_matches('=').starts_with(' '))
            || (plain.starts_with("**") && plain.trim_end_matches([':', '.']).ends_with("**"))
            || (underlined && !plain.is_empty())
            || plain.to_ascii_lowercase().starts_with("<h")
            || (plain.starts_with('|') && next.starts_with('|') && next.contains("--"))
            || (at == 0 && plain.contains(','))
            || (!line.starts_with([' ', '-', '\t']) && plain.ends_with(':'))
            || is_key(line);
        if heading {
            found.push(plain.to_owned());
        }
    }
    found
}

/// `key: value` at the left margin, as in YAML.
fn is_key(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, rest)| {
        !key.is_empty()
            && rest.starts_with(' ')
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    })
}

/// The last day, not after `as_of`, that stands on a line which says that it is the document's.
fn reviewed(text: &str, as_of: Date) -> Option<Date> {
    let lines = text.lines().filter(|line| {
        let line = line.to_lowercase();
        DATED.iter().any(|word| line.contains(word))
    });
    let days = lines.flat_map(|line| line.split(|c: char| !c.is_ascii_digit() && c != '-')).filter_map(parse_date);
    days.filter(|day| *day <= as_of).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn headings_of_several_forms_are_read() {
        let text = "# Purpose\n\nRetention\n---------\n\n| Recipients | Region |\n| --- | --- |\n**Security**\nowner: us\ntext: is\n";
        let found = headings(text).join(" / ");
        for word in ["Purpose", "Retention", "Recipients", "Security", "owner"] {
            assert!(found.contains(word), "{word} in {found}");
        }
    }

    #[test]
    fn the_last_day_beside_a_word_of_review_counts() {
        let text = "Born 2025-01-01.\nLast reviewed: 2026-03-05\nreviewed 2025-03-05, next review 2027-03-05\n";
        assert_eq!(reviewed(text, date!(2026 - 11 - 01)), Some(date!(2026 - 03 - 05)));
        assert_eq!(reviewed("no day", date!(2026 - 11 - 01)), None);
    }

    #[test]
    fn only_files_below_the_folder_are_documents() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("in")).expect("a folder");
        fs::write(folder.path().join("out.md"), "# out").expect("a file");
        fs::write(folder.path().join("in/a.md"), "# in").expect("a file");
        fs::write(folder.path().join("in/b.pdf"), "%PDF-1.7").expect("a file");
        let inside = folder.path().join("in");
        assert_eq!(on_disk(&inside, "a.md").map(|bytes| text(&bytes)), Some(Some("# in".to_owned())));
        assert_eq!(on_disk(&inside, "b.pdf").map(|bytes| text(&bytes)), Some(None));
        assert_eq!(on_disk(&inside, "../out.md"), None);
        assert!(is_path("docs/a.md") && !is_path("contract 12") && !is_path("https://example.org/a.md"));
    }
}
