//! Waivers written in comments, or in the metadata of CloudFormation resources.

use std::sync::Arc;

use aedile_model::{Place, Sources};

mod metadata;

/// Whose notation a waiver is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaiverDialect {
    /// `aedile:allow POLICY reason="…" until=… by=…`: this line or the one below.
    Aedile,
    /// `checkov:skip=ID:reason`: the block it stands in.
    Checkov,
    /// `trivy:ignore:ID`: the block it stands in or above.
    Trivy,
    /// `cfn_nag: {rules_to_suppress: [{id, reason}]}` in the metadata of a CloudFormation resource.
    CfnNag,
    /// `guard: {SuppressedRules: [NAME]}` in the metadata of a CloudFormation resource.
    Guard,
}

/// A waiver beside what it excuses. Whether it holds is judged elsewhere: here is no clock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InlineWaiver {
    /// The file.
    pub path: Arc<str>,
    /// The notebook cell (0-based), if it is in one.
    pub cell: Option<u32>,
    /// 1-based line, within the cell where there is one.
    pub line: u32,
    /// The id it names, ours or another tool's, as written.
    pub policy: String,
    /// Whose notation.
    pub dialect: WaiverDialect,
    /// Why; `None` if it does not say.
    pub reason: Option<String>,
    /// The last day on which it holds, as written.
    pub until: Option<String>,
    /// Who approved it, as written.
    pub by: Option<String>,
    /// The waiver's text.
    pub place: Place,
}

/// What a comment begins with, in any of the languages that are read.
const MARKERS: [&str; 8] = ["#", "//", "--", "/*", "<!--", "{#", ";", "*"];

/// What may end a comment on the same line.
const ENDS: [&str; 4] = ["*/", "-->", "#}", "--%>"];

/// Extensions of prose, in which a waiver is an example.
const PROSE: [&str; 5] = ["adoc", "html", "md", "rst", "txt"];

/// Words that begin a waiver.
const WORDS: [(&str, WaiverDialect); 5] = [
    ("aedile:allow ", WaiverDialect::Aedile),
    ("bridgecrew:skip=", WaiverDialect::Checkov),
    ("checkov:skip=", WaiverDialect::Checkov),
    ("tfsec:ignore:", WaiverDialect::Trivy),
    ("trivy:ignore:", WaiverDialect::Trivy),
];

/// Every waiver in `sources`, sorted by place.
///
/// A line counts if a comment marker stands before the word. Whether the marker itself stands inside a string
/// is not looked at: that would need a parser for every language.
pub(crate) fn waivers(sources: &Sources) -> Vec<InlineWaiver> {
    let mut found = Vec::new();
    for path in sources.paths() {
        let Some(source) = sources.source(path) else { continue };
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        if extension == "ipynb" {
            for (nth, cell) in source.cells.iter().enumerate() {
                in_text(path, &cell.text, Some(nth), &mut found);
            }
        } else if !PROSE.contains(&extension.as_str()) {
            in_text(path, &source.text, None, &mut found);
            if metadata::may(path, &source.text) {
                metadata::waivers(path, &source.text, &mut found);
            }
        }
    }
    found.sort_by(|a, b| (&a.place, &a.policy).cmp(&(&b.place, &b.policy)));
    found
}

fn in_text(path: &Arc<str>, text: &str, cell: Option<usize>, found: &mut Vec<InlineWaiver>) {
    if !WORDS.iter().any(|(word, _)| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some()) {
        return;
    }
    let mut start = 0;
    for (line, content) in (1_u32..).zip(text.split_inclusive('\n')) {
        let content_start = start;
        start += content.len();
        for (word, dialect) in WORDS {
            for (at, _) in content.match_indices(word) {
                let Some(before) = content.get(..at) else { continue };
                let Some(after) = content.get(at + word.len()..) else { continue };
                if !in_comment(before) {
                    continue;
                }
                let after = comment_end(after);
                let place = Place::new(path, content_start + at, content_start + at + word.len() + after.len());
                let place = cell.map_or_else(|| place.clone(), |cell| place.clone().in_cell(cell));
                let waiver = InlineWaiver {
                    path: Arc::clone(path),
                    cell: place.cell,
                    line,
                    policy: String::new(),
                    dialect,
                    reason: None,
                    until: None,
                    by: None,
                    place,
                };
                match dialect {
                    WaiverDialect::Aedile => aedile(after, &waiver, found),
                    WaiverDialect::Checkov => checkov(after, waiver, found),
                    WaiverDialect::Trivy => trivy(after, waiver, found),
                    // These are not written in comments.
                    WaiverDialect::CfnNag | WaiverDialect::Guard => {}
                }
            }
        }
    }
}

/// Whether what stands `before` a word opens a comment. A lone `*` counts only at the start of a line.
fn in_comment(before: &str) -> bool {
    let start = before.trim_start();
    MARKERS.iter().any(|marker| if *marker == "*" { start.starts_with('*') } else { before.contains(marker) })
}

/// `after` without what ends the comment.
fn comment_end(after: &str) -> &str {
    let end = ENDS.iter().filter_map(|end| after.find(end)).min().unwrap_or(after.len());
    after.get(..end).unwrap_or(after).trim_end()
}

/// `ID[,ID] reason="…" until=… by=…`: values in quotes, or up to the next blank.
fn aedile(after: &str, waiver: &InlineWaiver, found: &mut Vec<InlineWaiver>) {
    let after = after.trim_start();
    let (ids, mut rest) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
    let mut waiver = waiver.clone();
    while let Some((key, tail)) = rest.split_once('=') {
        let (value, tail) = match tail.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                tail.get(1..).and_then(|inner| inner.split_once(quote)).unwrap_or((tail.trim_start_matches(quote), ""))
            }
            _ => tail.split_once(char::is_whitespace).unwrap_or((tail, "")),
        };
        match key.trim() {
            "reason" => waiver.reason = Some(value.to_owned()),
            "until" => waiver.until = Some(value.to_owned()),
            "by" => waiver.by = Some(value.to_owned()),
            _ => {}
        }
        rest = tail;
    }
    for id in ids.split(',').filter(|id| !id.is_empty()) {
        found.push(InlineWaiver { policy: id.to_owned(), ..waiver.clone() });
    }
}

/// `ID[,ID]:reason`, the reason up to the end of the line.
fn checkov(after: &str, waiver: InlineWaiver, found: &mut Vec<InlineWaiver>) {
    let end = after.find([':', ' ', '\t', '\r']).unwrap_or(after.len());
    let (ids, rest) = after.split_at_checked(end).unwrap_or((after, ""));
    let reason = rest.strip_prefix(':').map(str::trim).filter(|reason| !reason.is_empty());
    for id in ids.split(',').filter(|id| !id.is_empty()) {
        found.push(InlineWaiver { policy: id.to_owned(), reason: reason.map(str::to_owned), ..waiver.clone() });
    }
}

/// `ID[conditions][:exp:DATE][:ws:NAME]`, without reason.
fn trivy(after: &str, waiver: InlineWaiver, found: &mut Vec<InlineWaiver>) {
    let word = after.split_whitespace().next().unwrap_or_default();
    let mut parts = word.split(':');
    let id = parts.next().unwrap_or_default();
    let id = id.split('[').next().unwrap_or(id);
    let mut until = None;
    while let Some(part) = parts.next() {
        if part == "exp" {
            until = parts.next().map(str::to_owned);
        }
    }
    if !id.is_empty() {
        found.push(InlineWaiver { policy: id.to_owned(), until, ..waiver });
    }
}

#[cfg(test)]
mod tests {
    use aedile_model::{Cell, Source};

    use super::*;

    fn found(path: &str, text: &str) -> Vec<InlineWaiver> {
        let mut sources = Sources::default();
        sources.insert(path.into(), Source { text: text.into(), cells: vec![] });
        waivers(&sources)
    }

    #[test]
    fn a_waiver_is_read_in_every_comment_syntax() {
        for line in [
            "x = 1  # aedile:allow p reason=\"why not\" until=2027-03-31 by=ann",
            "// aedile:allow p reason=\"why not\" until=2027-03-31 by=ann",
            "select 1 -- aedile:allow p by=ann reason='why not' until=2027-03-31",
            "/* aedile:allow p reason=\"why not\" by=ann until=2027-03-31 */",
            " * aedile:allow p reason=\"why not\" by=ann until=2027-03-31",
            "<!-- aedile:allow p reason=\"why not\" by=ann until=2027-03-31 -->",
            "{# aedile:allow p reason=\"why not\" by=ann until=2027-03-31 #}",
            "; aedile:allow p reason=\"why not\" by=ann until=2027-03-31\r",
        ] {
            let waivers = found("a.x", &format!("first\n{line}\n"));
            assert_eq!(waivers.len(), 1, "{line}");
            let waiver = &waivers[0];
            assert_eq!((waiver.line, waiver.policy.as_str()), (2, "p"), "{line}");
            assert_eq!(waiver.reason.as_deref(), Some("why not"), "{line}");
            assert_eq!((waiver.until.as_deref(), waiver.by.as_deref()), (Some("2027-03-31"), Some("ann")), "{line}");
        }
    }

    #[test]
    fn a_waiver_without_reason_is_still_one() {
        let waivers = found("a.py", "# aedile:allow a,b\n");
        assert_eq!(waivers.iter().map(|waiver| waiver.policy.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(waivers.iter().all(|waiver| waiver.reason.is_none()));
    }

    #[test]
    fn other_tools_notations_are_read() {
        let waivers = found(
            "a.tf",
            "#checkov:skip=CKV_AWS_20:public on purpose\n#trivy:ignore:AVD-AWS-0086:exp:2027-01-02 trivy:ignore:x\n",
        );
        assert_eq!(waivers.len(), 3);
        assert_eq!(
            (waivers[0].policy.as_str(), waivers[0].reason.as_deref()),
            ("CKV_AWS_20", Some("public on purpose"))
        );
        assert_eq!((waivers[1].policy.as_str(), waivers[1].until.as_deref()), ("AVD-AWS-0086", Some("2027-01-02")));
        assert_eq!((waivers[2].policy.as_str(), waivers[2].dialect), ("x", WaiverDialect::Trivy));
    }

    #[test]
    fn metadata_of_resources_waives_for_the_resource() {
        let text = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Metadata:\n      checkov: {skip: [{id: CKV_AWS_18, comment: no need}]}\n      cfn_nag:\n        rules_to_suppress:\n          - {id: W35, reason: no need}\n      guard: {SuppressedRules: [S3_BUCKET_LOGGING_ENABLED]}\n";
        let waivers = found("a.yaml", text);
        let all: Vec<_> = waivers.iter().map(|w| (w.line, w.policy.as_str(), w.reason.is_some())).collect();
        assert_eq!(all, [(2, "CKV_AWS_18", true), (2, "W35", true), (2, "S3_BUCKET_LOGGING_ENABLED", true)]);
        assert!(found("a.md", text).is_empty());
        assert_eq!(found("a.yaml", &text.replace(", comment: no need", ""))[0].reason, None);
    }

    #[test]
    fn prose_and_code_outside_comments_waive_nothing() {
        assert!(found("a.md", "# aedile:allow p\n").is_empty());
        assert!(found("a.py", "aedile:allow p\n").is_empty());
    }

    #[test]
    fn a_notebook_is_read_by_cells() {
        let mut sources = Sources::default();
        let cells = vec![Cell { text: "x".into() }, Cell { text: "y\n# aedile:allow p".into() }];
        sources.insert("a.ipynb".into(), Source { text: "# aedile:allow q".into(), cells });
        let waivers = waivers(&sources);
        assert_eq!(waivers.iter().map(|waiver| (waiver.cell, waiver.line)).collect::<Vec<_>>(), [(Some(1), 2)]);
    }
}
