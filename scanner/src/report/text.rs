//! The report for people at a terminal.

use std::fmt::Write as _;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use super::{Detail, Look, RenderError};
use crate::record::{Finding, Outcome, Place, Run};

pub(super) fn render(run: &Run, look: Look) -> Result<String, RenderError> {
    let mut out = String::new();
    if look.detail > Detail::Quiet {
        findings(&mut out, run, look)?;
        controls(&mut out, run);
        frameworks(&mut out, run);
        gaps(&mut out, run, look);
    }
    closing(&mut out, run);
    Ok(out)
}

fn findings(out: &mut String, run: &Run, look: Look) -> Result<(), RenderError> {
    let (open, excused): (Vec<&Finding>, Vec<&Finding>) = run.findings.iter().partition(|finding| finding.is_open());
    let full = |finding: &&Finding| {
        look.detail == Detail::Verbose
            || (finding.verdict == "fail" && matches!(finding.severity.as_str(), "high" | "critical"))
    };
    let (full, brief): (Vec<&Finding>, Vec<&Finding>) = open.into_iter().partition(full);
    for finding in full {
        one(out, finding, look).map_err(|error| RenderError { format: "text", reason: error.to_string() })?;
    }
    if !brief.is_empty() {
        out.push_str("Further findings (in full with -v)\n");
        brief_ones(out, &brief, run);
        out.push('\n');
    }
    if !excused.is_empty() {
        out.push_str("Excused\n");
        for finding in excused {
            let why = finding.waiver.as_ref().map_or_else(
                || "known to the baseline".to_owned(),
                |waiver| {
                    let until = waiver.until.as_deref().map_or_else(String::new, |until| format!(", until {until}"));
                    let by = waiver.by.as_deref().map_or_else(String::new, |by| format!(", by {by}"));
                    format!("waived: {}{by}{until}", waiver.reason.as_deref().unwrap_or_default())
                },
            );
            let _ =
                writeln!(out, "  {:<9} {}  [{}]\n            {why}", finding.severity, finding.title, finding.policy);
        }
        out.push('\n');
    }
    Ok(())
}

/// How many places of one control are listed; the rest is counted.
const LISTED: usize = 4;

/// Findings in two lines each; those of one control and severity together, in the order of the first.
fn brief_ones(out: &mut String, findings: &[&Finding], run: &Run) {
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
            let _ = writeln!(out, "  {what:<9} {}  [{policy}]", finding.title);
            let _ = writeln!(out, "            {}", place(finding));
            continue;
        }
        let title = run.controls.iter().find(|control| control.id == policy).map_or(policy, |control| &control.title);
        let _ = writeln!(out, "  {what:<9} {} times: {title}  [{policy}]", group.len());
        for finding in group.iter().take(LISTED) {
            let _ = writeln!(out, "            {}  {}", finding.asset.address, place(finding));
        }
        if group.len() > LISTED {
            let _ = writeln!(out, "            and {} more", group.len() - LISTED);
        }
    }
}

fn place(finding: &Finding) -> String {
    finding.places.first().map_or_else(|| finding.asset.address.clone(), at)
}

fn at(place: &Place) -> String {
    let cell = place.cell.map_or_else(String::new, |cell| format!(" cell {cell}"));
    format!("{}{cell}:{}:{}", place.path, place.start.line, place.start.column)
}

fn one(out: &mut String, finding: &Finding, look: Look) -> Result<(), std::fmt::Error> {
    let theme = if look.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(look.width).with_links(false);
    handler.render_report(out, &Shown::new(finding))?;
    let mut list = |title: &str, lines: &mut dyn Iterator<Item = String>| -> std::fmt::Result {
        let mut first = true;
        for line in lines {
            if std::mem::take(&mut first) {
                writeln!(out, "  {title}")?;
            }
            writeln!(out, "    {line}")?;
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
    fn new(finding: &'a Finding) -> Self {
        let word = if finding.verdict == "fail" { finding.severity.as_str() } else { "undecided" };
        Shown {
            finding,
            title: format!("{word}: {}", finding.title),
            lines: finding.places.first().and_then(Lines::new),
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
    fn new(place: &Place) -> Option<Lines> {
        let text = place.snippet.clone()?;
        let first = text.lines().next().unwrap_or_default();
        let byte = |column: u32| {
            first.char_indices().nth(column.saturating_sub(1) as usize).map_or(first.len(), |(offset, _)| offset)
        };
        let start = byte(place.start.column);
        let end = if place.end.line == place.start.line { byte(place.end.column) } else { first.len() };
        let cell = place.cell.map_or_else(String::new, |cell| format!(" cell {cell}"));
        Some(Lines {
            name: format!("{}{cell}", place.path),
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
        let _ = writeln!(out, "  {:<11} {}: {}{accepted}", gap.kind, at(&gap.place), gap.message);
    }
    if gaps.len() > shown {
        let _ = writeln!(out, "  and {} more (all with -v)", gaps.len() - shown);
    }
    out.push('\n');
}

fn closing(out: &mut String, run: &Run) {
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
    let _ = writeln!(
        out,
        "{} open{by_severity}, {} of them undecided; {} waived, {} in the baseline",
        plural(open, "finding"),
        run.findings.iter().filter(|finding| finding.is_open() && finding.verdict == "inconclusive").count(),
        summary.waived,
        summary.in_baseline
    );
    let fixable =
        run.findings.iter().filter(|finding| finding.is_open() && !finding.remediation.patches.is_empty()).count();
    if fixable > 0 {
        let verb = if fixable == 1 { "has a patch" } else { "have patches" };
        let _ = writeln!(
            out,
            "{} {verb}: `aedile fix` shows them, `aedile fix --write` applies them",
            plural(fixable, "finding")
        );
    }
    let _ = writeln!(
        out,
        "{} read, {}, {} verdicts: {} passed, {} failed, {} undecided; {}",
        plural(summary.files, "file"),
        plural(summary.assets, "asset"),
        summary.verdicts.pass + summary.verdicts.fail + summary.verdicts.inconclusive,
        summary.verdicts.pass,
        summary.verdicts.fail,
        summary.verdicts.inconclusive,
        plural(summary.gaps, "gap")
    );
    if let Some(ledger) = &run.ledger {
        let signed = if ledger.signed { "signed" } else { "unsigned" };
        let root = ledger.root.get(..16).unwrap_or(&ledger.root);
        let _ = writeln!(
            out,
            "recorded as {} in {}: {} entries, root {root}…, {signed}",
            run.run.id, ledger.origin, ledger.size
        );
    }
    if summary.assets == 0 {
        let _ = writeln!(
            out,
            "nothing to judge was found: no file under the roots is of a kind that aedile reads, or all of them are empty"
        );
    }
    let verdict = match summary.outcome {
        Outcome::Clean => format!("gate passed (fails on {})", run.run.fail_on),
        Outcome::Findings => format!("gate FAILED: findings at or above {}", run.run.fail_on),
        Outcome::Undecided => "gate FAILED: not everything could be judged, and strict was asked for".to_owned(),
    };
    let _ = writeln!(out, "{verdict}");
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
