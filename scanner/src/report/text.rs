//! The report for people at a terminal.

use std::fmt::Write as _;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use self::links::Links;
use super::wording::plural;
use super::{Detail, Look, RenderError};
use crate::record::{Finding, Place, Run};

mod links;

pub(super) fn render(run: &Run, look: Look) -> Result<String, RenderError> {
    let mut out = String::new();
    if look.detail > Detail::Summary {
        findings(&mut out, run, look)?;
    }
    if look.detail > Detail::Quiet {
        compared(&mut out, run, look);
        controls(&mut out, run);
        frameworks(&mut out, run);
        gaps(&mut out, run, look);
        ending(&mut out, run, look);
    }
    closing(&mut out, run, look);
    Ok(out)
}

/// A finding in full.
pub(super) fn told(finding: &Finding, look: Look) -> Result<String, RenderError> {
    let mut out = String::new();
    one(&mut out, finding, look, &Links::default())
        .map_err(|error| RenderError { format: "text", reason: error.to_string() })?;
    Ok(out)
}

/// Writes `text` in lines of at most `width` characters, the first after `first`, the others after as many blanks.
/// A word that is longer is not broken: a path must stay whole to be copied.
fn wrapped(out: &mut String, first: &str, text: &str, width: usize) {
    let indent = first.chars().count();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        let longer = line.chars().count() + usize::from(!empty) + word.chars().count();
        if !empty && longer > width {
            let _ = writeln!(out, "{}", line.trim_end());
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

fn findings(out: &mut String, run: &Run, look: Look) -> Result<(), RenderError> {
    let (open, excused): (Vec<&Finding>, Vec<&Finding>) = run.findings.iter().partition(|finding| finding.is_open());
    let full = |finding: &&Finding| {
        look.detail == Detail::Verbose
            || (finding.verdict == "fail" && matches!(finding.severity.as_str(), "high" | "critical"))
    };
    let (full, brief): (Vec<&Finding>, Vec<&Finding>) = open.into_iter().partition(full);
    let links = Links::new(run, look);
    for finding in full {
        one(out, finding, look, &links).map_err(|error| RenderError { format: "text", reason: error.to_string() })?;
    }
    if !brief.is_empty() {
        out.push_str("Further findings (in full with -v)\n");
        brief_ones(out, &brief, run, &links, look.width);
        out.push('\n');
    }
    excused_ones(out, &excused, look);
    Ok(())
}

/// Waived findings, each with its reason; of those that were there before only the number, unless everything is asked for.
fn excused_ones(out: &mut String, excused: &[&Finding], look: Look) {
    let listed = |finding: &&&Finding| finding.waiver.is_some() || look.detail == Detail::Verbose;
    let (listed, counted): (Vec<&Finding>, Vec<&Finding>) = excused.iter().partition(listed);
    if !listed.is_empty() {
        out.push_str("Excused\n");
        for finding in listed {
            let severity = format!("  {:<9} ", finding.severity);
            wrapped(out, &severity, &format!("{}  [{}]", finding.title, finding.policy), look.width);
            wrapped(out, "            ", &finding.excuse().unwrap_or_default(), look.width);
        }
        out.push('\n');
    }
    if !counted.is_empty() {
        let count = counted.len();
        let _ = writeln!(out, "{} that were there before (all with -v)\n", plural(count, "further finding"));
    }
}

/// What became of the findings of the revision compared with.
fn compared(out: &mut String, run: &Run, look: Look) {
    let Some(diff) = &run.diff else { return };
    let commit = diff.commit.get(..12).unwrap_or(&diff.commit);
    let _ = writeln!(
        out,
        "Against {} ({commit}): {} new, {} unchanged, {} moved, {} fixed",
        crate::snippet::visible(&diff.reference),
        diff.new,
        diff.unchanged,
        diff.moved,
        diff.fixed.len()
    );
    let shown = if look.detail == Detail::Verbose { diff.fixed.len() } else { LISTED };
    for fixed in diff.fixed.iter().take(shown) {
        wrapped(out, "  fixed     ", &format!("{}  [{}]", fixed.title, fixed.policy), look.width);
    }
    if diff.fixed.len() > shown {
        let _ = writeln!(out, "            and {} more", diff.fixed.len() - shown);
    }
    out.push('\n');
}

/// Waivers that end within a month.
fn ending(out: &mut String, run: &Run, look: Look) {
    let lines = run.ending();
    if !lines.is_empty() {
        out.push_str("Waivers that end soon\n");
        lines.iter().for_each(|line| wrapped(out, "  - ", line, look.width));
        out.push('\n');
    }
}

/// How many places of one control are listed; the rest is counted.
const LISTED: usize = 4;

/// Findings in two lines each; those of one control and severity together, in the order of the first.
fn brief_ones(out: &mut String, findings: &[&Finding], run: &Run, links: &Links, width: usize) {
    let mut groups: Vec<(&str, &str, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        let what = if finding.verdict == "fail" { finding.severity.as_str() } else { "undecided" };
        match groups.iter_mut().find(|(severity, policy, _)| *severity == what && *policy == finding.policy) {
            Some((.., group)) => group.push(finding),
            None => groups.push((what, &finding.policy, vec![finding])),
        }
    }
    for (what, policy, group) in groups {
        if let [finding] = group.as_slice() {
            wrapped(out, &format!("  {what:<9} "), &format!("{}  [{policy}]", finding.title), width);
            let _ = writeln!(out, "            {}", place(finding, links));
            continue;
        }
        let title = run.controls.iter().find(|control| control.id == policy).map_or(policy, |control| &control.title);
        let told = format!("{} times: {title}  [{policy}]", group.len());
        wrapped(out, &format!("  {what:<9} "), &told, width);
        for finding in group.iter().take(LISTED) {
            let _ = writeln!(out, "            {}  {}", finding.asset.address, place(finding, links));
        }
        if group.len() > LISTED {
            let _ = writeln!(out, "            and {} more", group.len() - LISTED);
        }
    }
}

fn place(finding: &Finding, links: &Links) -> String {
    finding.places.first().map_or_else(|| finding.asset.address.clone(), |place| links.to(place, at(place)))
}

fn at(place: &Place) -> String {
    let cell = place.cell.map_or_else(String::new, |cell| format!(" cell {cell}"));
    format!("{}{cell}:{}:{}", place.path, place.start.line, place.start.column)
}

fn one(out: &mut String, finding: &Finding, look: Look, links: &Links) -> Result<(), std::fmt::Error> {
    let theme = if look.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(look.width).with_links(false);
    handler.render_report(out, &Shown::new(finding, links))?;
    let mut list = |title: &str, lines: &mut dyn Iterator<Item = String>| -> std::fmt::Result {
        let mut first = true;
        for line in lines {
            if std::mem::take(&mut first) {
                writeln!(out, "  {title}")?;
            }
            if title == "patch" {
                // To be copied as it stands.
                writeln!(out, "    {line}")?;
            } else {
                let (mark, text) = line.split_once(' ').unwrap_or(("", &line));
                let marked = mark == "-" || mark.ends_with('.') && mark.len() < 4;
                let (mark, text) =
                    if marked { (format!("    {mark} "), text) } else { ("    ".to_owned(), line.as_str()) };
                wrapped(out, &mark, text, look.width);
            }
        }
        Ok(())
    };
    let step = |(nth, step): (usize, &crate::record::Step)| {
        let place = step.place.as_ref().map_or_else(String::new, |place| format!("  ({})", at(place)));
        format!("{}. {}{place}", nth + 1, step.text)
    };
    list("how it got there", &mut finding.path.iter().enumerate().map(step))?;
    list("evidence", &mut finding.evidence.iter().map(|line| format!("- {line}")))?;
    list(
        "criteria",
        &mut finding.citations.iter().map(|citation| format!("- {}  {}", citation.obligation, citation.title)),
    )?;
    if let Some(warning) = &finding.remediation.warning {
        list("beware", &mut std::iter::once(warning.clone()))?;
    }
    if let Some(diff) = finding.remediation.diff.as_ref().filter(|_| look.detail == Detail::Verbose) {
        list("patch", &mut diff.lines().map(str::to_owned))?;
    }
    if let Some(why) = finding.remediation.unpatched.as_ref().filter(|_| look.detail == Detail::Verbose) {
        list("no patch", &mut std::iter::once(why.clone()))?;
    }
    out.push('\n');
    Ok(())
}

/// A finding as miette shows it.
#[derive(Debug)]
struct Shown<'a> {
    finding: &'a Finding,
    title: String,
    lines: Option<Lines>,
}

impl<'a> Shown<'a> {
    fn new(finding: &'a Finding, links: &Links) -> Self {
        let word = if finding.verdict == "fail" { finding.severity.as_str() } else { "undecided" };
        Shown {
            finding,
            title: format!("{word}: {}", finding.title),
            lines: finding.places.first().and_then(|place| Lines::new(place, links)),
        }
    }
}

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn std::fmt::Display + 'b>> {
        Some(Box::new(&self.finding.policy))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity.as_str() {
            "critical" | "high" if self.finding.verdict == "fail" => miette::Severity::Error,
            "medium" | "critical" | "high" => miette::Severity::Warning,
            _ => miette::Severity::Advice,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn std::fmt::Display + 'b>> {
        match (&self.lines, self.finding.places.first()) {
            (None, Some(place)) => Some(Box::new(format!("{}\nat {}", self.finding.remediation.text, at(place)))),
            _ => Some(Box::new(&self.finding.remediation.text)),
        }
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.lines.as_ref().map(|lines| lines as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let lines = self.lines.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(
            Some(self.finding.asset.address.clone()),
            lines.span,
        ))))
    }
}

/// The lines of a snippet, numbered as in their file.
#[derive(Debug)]
struct Lines {
    name: String,
    text: String,
    first_line: usize,
    span: SourceSpan,
}

impl Lines {
    fn new(place: &Place, links: &Links) -> Option<Lines> {
        let text = place.snippet.clone()?;
        let first = text.lines().next().unwrap_or_default();
        let byte = |column: u32| {
            first.char_indices().nth(column.saturating_sub(1) as usize).map_or(first.len(), |(offset, _)| offset)
        };
        let start = byte(place.start.column);
        let end = if place.end.line == place.start.line { byte(place.end.column) } else { first.len() };
        let cell = place.cell.map_or_else(String::new, |cell| format!(" cell {cell}"));
        Some(Lines {
            name: links.to(place, format!("{}{cell}", place.path)),
            first_line: place.start.line as usize,
            span: (start, end.saturating_sub(start).max(1).min(text.len().saturating_sub(start))).into(),
            text,
        })
    }
}

impl SourceCode for Lines {
    /// All lines, whatever is asked for: a snippet is no longer than what should be seen.
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.as_bytes(),
            (0, self.text.len()).into(),
            self.first_line.saturating_sub(1),
            0,
            self.text.lines().count(),
        )))
    }
}

fn controls(out: &mut String, run: &Run) {
    let tested: Vec<_> = run
        .controls
        .iter()
        .filter_map(|control| {
            let tally = run.verdicts.get(&control.id)?;
            let population = tally.pass + tally.fail + tally.inconclusive;
            (population > 0).then_some((control, tally, population))
        })
        .collect();
    if tested.is_empty() {
        return;
    }
    let _ = writeln!(out, "{:<46} {:>7} {:>7} {:>7} {:>7}", "Controls", "tested", "passed", "failed", "open");
    for (control, tally, population) in &tested {
        let _ = writeln!(
            out,
            "  {:<44} {population:>7} {:>7} {:>7} {:>7}",
            control.id, tally.pass, tally.fail, tally.inconclusive
        );
    }
    let without = run.controls.len() - tested.len();
    if without > 0 {
        let _ = writeln!(out, "  and {without} controls to which nothing here is subject");
    }
    out.push('\n');
}

fn frameworks(out: &mut String, run: &Run) {
    if run.frameworks.is_empty() {
        return;
    }
    let _ = writeln!(out, "{:<46} {:>9} {:>9} {:>9}", "Obligations", "satisfied", "not sat.", "not ass.");
    for framework in &run.frameworks {
        let count =
            |status: &str| framework.obligations.iter().filter(|obligation| obligation.status == status).count();
        let _ = writeln!(
            out,
            "  {:<44} {:>9} {:>9} {:>9}",
            framework.title.chars().take(44).collect::<String>(),
            count("satisfied"),
            count("not-satisfied"),
            count("not-assessed")
        );
    }
    out.push('\n');
}

/// How many gaps are listed before the rest is counted.
const GAPS: usize = 12;

fn gaps(out: &mut String, run: &Run, look: Look) {
    let gaps = &run.coverage.gaps;
    if gaps.is_empty() {
        return;
    }
    let shown = if look.detail == Detail::Verbose { gaps.len() } else { GAPS };
    out.push_str("Not read\n");
    for gap in gaps.iter().take(shown) {
        let accepted = gap.accepted.as_deref().map_or_else(String::new, |why| format!(" (accepted: {why})"));
        let told = format!("{}: {}{accepted}", at(&gap.place), gap.message);
        wrapped(out, &format!("  {:<11} ", gap.kind), &told, look.width);
    }
    if gaps.len() > shown {
        let _ = writeln!(out, "  and {} more (all with -v)", gaps.len() - shown);
    }
    out.push('\n');
}

/// What was found, what was read and what not, where it is recorded, and last how the gate ended.
fn closing(out: &mut String, run: &Run, look: Look) {
    let summary = &run.summary;
    let counts: Vec<String> = ["critical", "high", "medium", "low"]
        .into_iter()
        .filter_map(|severity| {
            let count = summary.open_by_severity.get(severity).copied().unwrap_or_default();
            (count > 0).then(|| format!("{count} {severity}"))
        })
        .collect();
    let open: usize = summary.open_by_severity.values().sum();
    let by_severity = if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) };
    let undecided =
        run.findings.iter().filter(|finding| finding.is_open() && finding.verdict == "inconclusive").count();
    let unchanged = if run.diff.is_some() { format!(", {} unchanged", summary.unchanged) } else { String::new() };
    let told = format!(
        "{} open{by_severity}, {undecided} of them undecided; {} waived, {} in the baseline{unchanged}",
        plural(open, "finding"),
        summary.waived,
        summary.in_baseline
    );
    wrapped(out, "", &told, look.width);
    let fixable =
        run.findings.iter().filter(|finding| finding.is_open() && !finding.remediation.patches.is_empty()).count();
    if fixable > 0 {
        let verb = if fixable == 1 { "has a patch" } else { "have patches" };
        let told = format!(
            "{} {verb}: `aedile fix` shows them, `aedile fix --write` applies them",
            plural(fixable, "finding")
        );
        wrapped(out, "", &told, look.width);
    }
    let told = format!(
        "{} read, {}, {} verdicts: {} passed, {} failed, {} undecided; {} not read",
        plural(summary.files, "file"),
        plural(summary.assets, "asset"),
        summary.verdicts.pass + summary.verdicts.fail + summary.verdicts.inconclusive,
        summary.verdicts.pass,
        summary.verdicts.fail,
        summary.verdicts.inconclusive,
        plural(summary.gaps, "thing")
    );
    wrapped(out, "", &told, look.width);
    if summary.verdicts.pass + summary.verdicts.fail + summary.verdicts.inconclusive == 0 {
        let told = "nothing was judged: no file under the roots could be read as a kind that aedile knows, or none holds anything that a control asks about";
        wrapped(out, "", told, look.width);
    }
    for budget in &run.gate.budgets {
        let crate::record::Budget { framework, severity, allowed, found } = budget;
        let _ = writeln!(out, "budget of {framework}: {found} of {allowed} {severity}");
    }
    let recorded = run.ledger.as_ref().map_or_else(
        || "not recorded".to_owned(),
        |ledger| {
            let signed = if ledger.signed { "signed" } else { "unsigned" };
            let root = ledger.root.get(..16).unwrap_or(&ledger.root);
            format!("recorded as {} in {}: {} entries, root {root}…, {signed}", run.run.id, ledger.origin, ledger.size)
        },
    );
    let verdict = run.verdict().replacen("failed", "FAILED", 1);
    wrapped(out, "", &format!("gate {verdict} · {recorded}"), look.width);
}
