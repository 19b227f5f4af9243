//! JUnit: one test case for each control and each asset that it was asked about, so that passes show.
//!
//! Excused and undecided findings are skipped cases with the reason. Source: the schema that Jenkins, GitLab and
//! GitHub's reporters read (`testsuites`, `testsuite`, `testcase`, `failure`, `skipped`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Look, RenderError};
use crate::record::{Asset, Control, Finding, Run};

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let mut by_control: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &run.findings {
        by_control.entry(&finding.policy).or_default().push(finding);
    }
    let suites: Vec<Suite<'_>> = run
        .controls
        .iter()
        .map(|control| Suite {
            control,
            passed: passed(run, &control.id),
            findings: by_control.remove(control.id.as_str()).unwrap_or_default(),
        })
        .filter(|suite| !suite.passed.is_empty() || !suite.findings.is_empty())
        .collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let tests: usize = suites.iter().map(Suite::tests).sum();
    let failures: usize = suites.iter().map(Suite::failures).sum();
    let skipped: usize = suites.iter().map(Suite::skipped).sum();
    let _ = writeln!(
        out,
        "<testsuites name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"0\">",
        attribute(&run.tool.name)
    );
    for suite in &suites {
        suite.write(&mut out, run);
    }
    out.push_str("</testsuites>\n");
    Ok(out)
}

struct Suite<'a> {
    control: &'a Control,
    passed: Vec<&'a Asset>,
    findings: Vec<&'a Finding>,
}

/// The assets that kept a control.
fn passed<'a>(run: &'a Run, control: &str) -> Vec<&'a Asset> {
    let at = run.passed.get(control).into_iter().flatten();
    at.filter_map(|at| run.assets.get(*at)).collect()
}

fn fails(finding: &Finding) -> bool {
    finding.is_open() && finding.verdict == "fail"
}

impl Suite<'_> {
    fn tests(&self) -> usize {
        self.passed.len() + self.findings.len()
    }

    fn failures(&self) -> usize {
        self.findings.iter().filter(|finding| fails(finding)).count()
    }

    fn skipped(&self) -> usize {
        self.findings.len() - self.failures()
    }

    fn write(&self, out: &mut String, run: &Run) {
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"0\" timestamp=\"{}\">",
            attribute(&self.control.id),
            self.tests(),
            self.failures(),
            self.skipped(),
            attribute(run.run.started.trim_end_matches('Z')),
        );
        let _ = writeln!(
            out,
            "    <properties>\n      <property name=\"severity\" value=\"{}\"/>\n      <property name=\"evidence for\" value=\"{}\"/>\n    </properties>",
            attribute(&self.control.severity),
            attribute(&self.control.citations.join(", "))
        );
        for finding in &self.findings {
            case(out, run, finding);
        }
        for asset in &self.passed {
            let _ = writeln!(
                out,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"0\"/>",
                attribute(&self.control.id),
                attribute(&asset.address)
            );
        }
        out.push_str("  </testsuite>\n");
    }
}

fn case(out: &mut String, run: &Run, finding: &Finding) {
    let place = finding.places.first().map_or_else(String::new, |place| {
        format!(" file=\"{}\" line=\"{}\"", attribute(&run.in_repository(&place.path)), place.start.line)
    });
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\"{place} time=\"0\">",
        attribute(&finding.policy),
        attribute(&finding.asset.address)
    );
    if fails(finding) {
        let _ = writeln!(
            out,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            attribute(&finding.severity),
            attribute(&finding.title),
            text(&told(finding))
        );
    } else {
        let why = finding.excuse().unwrap_or_else(|| format!("undecided: {}", finding.title));
        let _ = writeln!(out, "      <skipped message=\"{}\"/>", attribute(&why));
    }
    out.push_str("    </testcase>\n");
}

fn told(finding: &Finding) -> String {
    let mut lines: Vec<String> = finding.places.iter().map(|place| format!("at {}", place.at())).collect();
    lines.extend(finding.evidence.iter().map(|line| format!("- {line}")));
    lines.push(format!("remedy: {}", finding.remediation.text));
    lines.push(format!("fingerprint: {}", finding.fingerprint));
    lines.join("\n")
}

/// Text of an element. XML 1.0 knows no control characters but tab and line ends.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' => out.push(character),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(out, "U+{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// The value of an attribute, on one line.
fn attribute(value: &str) -> String {
    text(value).replace('"', "&quot;").replace(['\n', '\t'], " ")
}
