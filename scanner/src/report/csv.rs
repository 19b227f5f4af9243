//! Findings and waivers as CSV (RFC 4180), for a spreadsheet that goes into working papers.
//!
//! A cell that a spreadsheet would take for a formula begins with an apostrophe (OWASP, "CSV Injection").

use super::{Look, RenderError};
use crate::record::{Finding, Run, Waiver};

const COLUMNS: [&str; 22] = [
    "record",
    "fingerprint",
    "state",
    "severity",
    "verdict",
    "policy",
    "title",
    "asset_kind",
    "asset",
    "asset_id",
    "path",
    "line",
    "column",
    "obligations",
    "evidence",
    "remedy",
    "has_patch",
    "waiver_reason",
    "waiver_by",
    "waiver_until",
    "run",
    "as_of",
];

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let mut out = row(&COLUMNS.map(str::to_owned));
    for finding in &run.findings {
        out.push_str(&row(&of_finding(finding, run)));
    }
    for waiver in &run.waivers {
        out.push_str(&row(&of_waiver(waiver, run)));
    }
    Ok(out)
}

fn of_finding(finding: &Finding, run: &Run) -> [String; 22] {
    let place = finding.places.first();
    let waiver = finding.waiver.as_ref();
    let number = |number: Option<u32>| number.map_or_else(String::new, |number| number.to_string());
    let citations: Vec<&str> = finding.citations.iter().map(|citation| citation.obligation.as_str()).collect();
    [
        "finding".to_owned(),
        finding.fingerprint.clone(),
        finding.state().to_owned(),
        finding.severity.clone(),
        finding.verdict.clone(),
        finding.policy.clone(),
        finding.title.clone(),
        finding.asset.kind.clone(),
        finding.asset.address.clone(),
        finding.asset.id.clone(),
        place.map(|place| place.path.clone()).unwrap_or_default(),
        number(place.map(|place| place.start.line)),
        number(place.map(|place| place.start.column)),
        citations.join("; "),
        finding.evidence.join("; "),
        finding.remediation.text.clone(),
        if finding.remediation.patches.is_empty() { "no" } else { "yes" }.to_owned(),
        waiver.and_then(|waiver| waiver.reason.clone()).unwrap_or_default(),
        waiver.and_then(|waiver| waiver.by.clone()).unwrap_or_default(),
        waiver.and_then(|waiver| waiver.until.clone()).unwrap_or_default(),
        run.run.id.clone(),
        run.run.as_of.clone(),
    ]
}

fn of_waiver(waiver: &Waiver, run: &Run) -> [String; 22] {
    let mut cells: [String; 22] = Default::default();
    let place = waiver.place.as_ref();
    let state = match (waiver.in_force, waiver.ends_soon(), waiver.findings) {
        (false, ..) => "not in force",
        (true, true, _) => "ends soon",
        (true, false, 0) => "unused",
        (true, false, _) => "in force",
    };
    let given = [
        ("record", "waiver".to_owned()),
        ("state", state.to_owned()),
        ("policy", waiver.policy.clone()),
        ("title", format!("excuses {} findings", waiver.findings)),
        ("asset", waiver.scope.clone()),
        ("path", place.map(|place| place.path.clone()).unwrap_or_default()),
        ("line", place.map(|place| place.start.line.to_string()).unwrap_or_default()),
        ("waiver_reason", waiver.reason.clone().unwrap_or_default()),
        ("waiver_by", waiver.by.clone().unwrap_or_default()),
        ("waiver_until", waiver.until.clone().unwrap_or_default()),
        ("run", run.run.id.clone()),
        ("as_of", run.run.as_of.clone()),
    ];
    for (name, value) in given {
        if let Some(cell) = COLUMNS.iter().position(|column| *column == name).and_then(|at| cells.get_mut(at)) {
            *cell = value;
        }
    }
    cells
}

/// A line of CSV; every cell that needs it is quoted.
pub(super) fn row(cells: &[String]) -> String {
    let quoted: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    quoted.join(",") + "\r\n"
}

fn quoted(cell: &str) -> String {
    let safe = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(row(&["=1+1".into(), "a,b".into(), "say \"x\"".into()]), "'=1+1,\"a,b\",\"say \"\"x\"\"\"\r\n");
    }
}
