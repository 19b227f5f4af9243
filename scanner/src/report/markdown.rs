//! Markdown for the comment on a pull request: a summary, a table, and the findings with their patches.
//!
//! A patch that replaces whole lines of one place is a suggestion block, which GitHub and GitLab can apply;
//! any other is a diff. The comment stays below what they accept (65 536 characters); what is left out is counted.

use std::fmt::Write as _;

use super::{Look, RenderError};
use crate::record::{Finding, Run};

/// How many bytes the comment has at the most.
const MOST: usize = 62_000;

/// How many findings the table has at the most.
const ROWS: usize = 100;

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let mut out = String::from("<!-- aedile -->\n");
    let open: Vec<&Finding> = run.findings.iter().filter(|finding| finding.is_open()).collect();
    summary(&mut out, run, &open);
    if !open.is_empty() {
        table(&mut out, &open);
        details(&mut out, &open);
    }
    excused(&mut out, run);
    let anchor = super::anchor(run);
    if !anchor.is_empty() {
        // Whoever keeps this comment can prove later that the ledger was not changed.
        let _ = writeln!(out, "\n```text\n{anchor}\n```");
    }
    Ok(out)
}

fn summary(out: &mut String, run: &Run, open: &[&Finding]) {
    let _ = writeln!(out, "## aedile: gate {}\n", plain(&run.verdict()));
    let counts: Vec<String> = ["critical", "high", "medium", "low"]
        .into_iter()
        .map(|severity| {
            format!("{} {severity}", run.summary.open_by_severity.get(severity).copied().unwrap_or_default())
        })
        .collect();
    if let Some(diff) = &run.diff {
        let commit = diff.commit.get(..12).unwrap_or(&diff.commit);
        let _ = writeln!(
            out,
            "Against {} ({}): **{} new**, {} unchanged, {} moved, {} fixed.\n",
            code(&diff.reference),
            code(commit),
            diff.new,
            diff.unchanged,
            diff.moved,
            diff.fixed.len()
        );
    }
    let fixable = open.iter().filter(|finding| !finding.remediation.patches.is_empty()).count();
    let _ = writeln!(
        out,
        "**{} findings open** ({}), {} waived, {} in the baseline, {} with a patch. {} files, {} assets, {} gaps. Run `{}`.\n",
        open.len(),
        counts.join(", "),
        run.summary.waived,
        run.summary.in_baseline,
        fixable,
        run.summary.files,
        run.summary.assets,
        run.summary.gaps,
        run.run.id
    );
}

/// What waivers excuse, which of them end soon, and what the change has mended; as far as there is room.
fn excused(out: &mut String, run: &Run) {
    let mut list = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        let _ = writeln!(out, "<details><summary>{}: {title}</summary>\n", lines.len());
        let mut left = lines.len();
        for line in &lines {
            if out.len() + line.len() > MOST + 500 {
                break;
            }
            let _ = writeln!(out, "- {line}");
            left -= 1;
        }
        if left > 0 {
            let _ = writeln!(out, "- and {left} more");
        }
        out.push_str("\n</details>\n\n");
    };
    list("waivers that end soon", run.ending().iter().map(|line| plain(line)).collect());
    let waived = run.findings.iter().filter_map(|finding| {
        let waiver = finding.waiver.as_ref()?;
        Some(format!("{}, {}: {}", plain(&finding.title), code(&finding.policy), plain(&waiver.told())))
    });
    list("waived", waived.collect());
    let fixed = run.diff.iter().flat_map(|diff| &diff.fixed);
    list("fixed", fixed.map(|fixed| format!("{}, {}", plain(&fixed.title), code(&fixed.policy))).collect());
}

fn table(out: &mut String, open: &[&Finding]) {
    out.push_str("| severity | finding | where | patch |\n|---|---|---|---|\n");
    for finding in open.iter().take(ROWS) {
        let place = finding.places.first().map_or_else(|| finding.asset.address.clone(), crate::record::Place::at);
        let patch = if finding.remediation.patches.is_empty() { "" } else { "yes" };
        let row = format!("| {} | {} | {} | {patch} |\n", word(finding), cell(&finding.title), code(&place));
        if out.len() + row.len() > MOST / 2 {
            break;
        }
        out.push_str(&row);
    }
    let rows = out.lines().filter(|line| line.starts_with("| ")).count().saturating_sub(1);
    if open.len() > rows {
        let _ = writeln!(out, "\nand {} more", open.len() - rows);
    }
    out.push('\n');
}

fn details(out: &mut String, open: &[&Finding]) {
    for (nth, finding) in open.iter().enumerate() {
        let text = one(finding);
        let rest = format!("{} more findings are left out here; the other reports have them.\n", open.len() - nth);
        if out.len() + text.len() + rest.len() > MOST {
            out.push_str(&rest);
            return;
        }
        out.push_str(&text);
    }
}

fn one(finding: &Finding) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "<details><summary>{}: {}</summary>\n", word(finding), html(&finding.title));
    let place = finding.places.first().map_or_else(String::new, |place| format!(" at {}", code(&place.at())));
    let _ = writeln!(out, "{}{place}, policy {}\n", code(&finding.asset.address), code(&finding.policy));
    for line in finding.evidence.iter().take(8) {
        let _ = writeln!(out, "- {}", plain(line));
    }
    if !finding.evidence.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "**Remedy.** {}\n", plain(&finding.remediation.text));
    if let Some(warning) = &finding.remediation.warning {
        let _ = writeln!(out, "**Beware.** {}\n", plain(warning));
    }
    if let Some(unpatched) = &finding.remediation.unpatched {
        let _ = writeln!(out, "No patch: {}\n", plain(unpatched));
    }
    if let Some(diff) = &finding.remediation.diff {
        match suggestion(diff) {
            Some((path, first, last, lines)) => {
                let _ = writeln!(out, "{} lines {first} to {last}:\n", code(&path));
                fence(&mut out, "suggestion", &lines);
            }
            None => fence(&mut out, "diff", diff),
        }
    }
    if !finding.citations.is_empty() {
        let cited: Vec<String> = finding.citations.iter().map(|citation| code(&citation.obligation)).collect();
        let _ = writeln!(out, "Evidence for {}\n", cited.join(", "));
    }
    out.push_str("</details>\n\n");
    out
}

/// A diff of one place as the lines that replace those from the first to the last: what the hosts' buttons
/// apply. None for changes of several places, and where masked text would be written back.
fn suggestion(diff: &str) -> Option<(String, usize, usize, String)> {
    let mut lines = diff.lines();
    let path = lines.next()?.strip_prefix("--- a/")?;
    lines.next()?;
    let header = lines.next()?.strip_prefix("@@ -")?;
    let start: usize = header.split([',', ' ']).next()?.parse().ok()?;
    let body: Vec<&str> = lines.collect();
    if body.iter().any(|line| line.starts_with("@@ ") || line.starts_with("\\ ") || line.starts_with("--- a/")) {
        return None;
    }
    let changes = |line: &&str| line.starts_with(['+', '-']);
    let (first, last) = (body.iter().position(changes)?, body.iter().rposition(changes)?);
    let mut changed = body.get(first..=last)?.to_vec();
    let mut from = start + body.get(..first)?.iter().filter(|line| !line.starts_with('+')).count();
    // An insertion alone takes the line before it along.
    if !changed.iter().any(|line| !line.starts_with('+')) {
        let before = first.checked_sub(1)?;
        changed.insert(0, body.get(before)?);
        from -= 1;
    }
    let old = changed.iter().filter(|line| !line.starts_with('+')).count();
    let kept: Vec<&str> =
        changed.iter().filter(|line| !line.starts_with('-')).map(|line| line.get(1..).unwrap_or_default()).collect();
    if kept.iter().any(|line| line.contains("***")) {
        return None;
    }
    Some((path.to_owned(), from, from + old.checked_sub(1)?, kept.join("\n") + "\n"))
}

/// A block of code with a fence longer than any in it.
fn fence(out: &mut String, language: &str, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'));
}

fn word(finding: &Finding) -> &str {
    if finding.verdict == "fail" { &finding.severity } else { "undecided" }
}

/// `text` as inline code; a backtick in it becomes an apostrophe.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}

/// Text with its own code marks, on one line, where no tag and no mention can begin outside of them.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for (nth, part) in text.replace('\n', " ").split('`').enumerate() {
        if nth % 2 == 1 {
            out.push_str(&code(part));
        } else {
            for c in part.chars() {
                match c {
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '@' => out.push_str("&#64;"),
                    '[' | ']' | '*' | '_' | '#' | '!' | '\\' | '~' => out.extend(['\\', c]),
                    c => out.push(c),
                }
            }
        }
    }
    out
}

fn cell(text: &str) -> String {
    plain(text).replace("\\|", "|").replace('|', "\\|")
}

/// Text inside of a tag's content, where Markdown does not count.
fn html(text: &str) -> String {
    let mut out = String::new();
    for (nth, part) in text.split('`').enumerate() {
        let part = part.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('@', "&#64;");
        let _ = if nth % 2 == 1 { write!(out, "<code>{part}</code>") } else { write!(out, "{part}") };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_one_place_is_a_suggestion_with_its_lines() {
        let diff = "--- a/main.tf\n+++ b/main.tf\n@@ -3,4 +3,5 @@\n a\n-b\n+B\n+C\n d\n e\n";
        let (path, first, last, lines) = suggestion(diff).expect("it is one place");
        assert_eq!((path.as_str(), first, last, lines.as_str()), ("main.tf", 4, 4, "B\nC\n"));
        let insertion = "--- a/main.tf\n+++ b/main.tf\n@@ -3,3 +3,4 @@\n a\n b\n+c\n d\n";
        let (_, first, last, lines) = suggestion(insertion).expect("it is one place");
        assert_eq!((first, last, lines.as_str()), (4, 4, "b\nc\n"));
    }

    #[test]
    fn changes_of_several_places_and_masked_lines_are_no_suggestion() {
        let two = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-a\n+b\n";
        assert_eq!(suggestion(two), None);
        assert_eq!(suggestion("--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n p = \"********\"\n+b\n c\n"), None);
    }

    #[test]
    fn scanned_text_makes_no_tag_no_mention_and_no_fence() {
        assert_eq!(plain("<img> @all `a|b` [x](y)"), "&lt;img&gt; &#64;all `a\\|b` \\[x\\](y)");
        let mut out = String::new();
        fence(&mut out, "diff", "+```\n");
        assert!(out.starts_with("````diff\n"));
    }
}
