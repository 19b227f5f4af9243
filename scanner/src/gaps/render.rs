use std::fmt::Write as _;

use aedile_policies::ObligationStatus;

use super::{Action, Control, Finding, Gaps, Obligation, State, word};

/// Findings of one obligation that are listed; the others are counted.
const MOST_FINDINGS: usize = 10;

/// The answer for a terminal.
#[must_use]
pub fn text(gaps: &Gaps) -> String {
    let mut out = format!(
        "{} ({}, {})\nagainst the inventory of {}, recorded {}; obligations as of {}\n",
        gaps.framework.title, gaps.framework.id, gaps.framework.version, gaps.run.id, gaps.run.started, gaps.as_of
    );
    for (title, status) in STATUSES {
        let those: Vec<&Obligation> = gaps.applying(status).collect();
        if those.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title} ({})", those.len());
        for obligation in those {
            obligation_text(&mut out, obligation, gaps);
        }
    }
    let later: Vec<&Obligation> = gaps.obligations.iter().filter(|it| it.later.is_some()).collect();
    if !later.is_empty() {
        let _ = writeln!(out, "\nlater ({})", later.len());
        for (obligation, later) in later.iter().filter_map(|it| Some((it, it.later.as_ref()?))) {
            let _ = writeln!(out, "  {}  {}", obligation.id, obligation.title);
            let _ = writeln!(
                out,
                "      from {}: {} by then as things stand, {}",
                later.from,
                word(later.status),
                later.why
            );
        }
    }
    out.push('\n');
    for (title, state) in STATES {
        let ids: Vec<String> = gaps.in_state(state).map(told).collect();
        if !ids.is_empty() {
            let _ = writeln!(out, "{title}: {}", ids.join(", "));
        }
    }
    let uncovered = gaps.uncovered();
    if !uncovered.is_empty() {
        let _ = writeln!(out, "nothing covers: {}", uncovered.join(", "));
    }
    if !gaps.actions.is_empty() {
        out.push_str("\nto do, the most effective first\n");
        for (at, action) in gaps.actions.iter().enumerate() {
            let _ = writeln!(out, "{:3}. {}", at + 1, action.remedy);
            let _ = writeln!(out, "     {}", effect(action));
        }
    }
    closing(&mut out, gaps);
    out
}

fn obligation_text(out: &mut String, obligation: &Obligation, gaps: &Gaps) {
    let new = if obligation.new { ", new since the run" } else { "" };
    let _ = writeln!(out, "  {}  {}\n      {}{new}", obligation.id, obligation.title, obligation.why);
    if obligation.status == ObligationStatus::Satisfied && !obligation.evidence.is_empty() {
        let _ = writeln!(out, "      evidence: {}", obligation.evidence.trim());
    }
    let findings: Vec<&Finding> = gaps.findings_of(obligation).collect();
    for finding in findings.iter().take(MOST_FINDINGS) {
        let place = finding.place.as_ref().map_or_else(String::new, |place| format!("  ({place})"));
        let waived = finding.waived.as_ref().map_or_else(String::new, |why| format!("  waived: {why}"));
        let _ = writeln!(out, "      {:<8} {}{place}{waived}", finding.severity, finding.title);
    }
    if findings.len() > MOST_FINDINGS {
        let _ = writeln!(out, "      … and {} more", findings.len() - MOST_FINDINGS);
    }
}

fn closing(out: &mut String, gaps: &Gaps) {
    for line in &gaps.not_judged {
        let _ = writeln!(out, "not judged: {line}");
    }
    let count = |word: &str| gaps.summary.get(word).copied().unwrap_or_default();
    let _ = write!(
        out,
        "\n{} satisfied, {} not satisfied, {} not assessed, {} later",
        count("satisfied"),
        count("not-satisfied"),
        count("not-assessed"),
        count("later")
    );
    let _ = match gaps.unread {
        0 => writeln!(out),
        unread => writeln!(out, "; {unread} gaps in the recorded run: what was not read is not judged"),
    };
}

/// The answer as a page.
#[must_use]
pub fn markdown(gaps: &Gaps) -> String {
    let mut out = format!(
        "# {}\n\n{} ({}), held against the inventory of `{}`, recorded {}. Obligations as of {}.\n",
        cell(&gaps.framework.title),
        gaps.framework.id,
        cell(&gaps.framework.version),
        gaps.run.id,
        gaps.run.started,
        gaps.as_of
    );
    out.push_str("\n| obligation | status | why | population | exceptions |\n|---|---|---|---|---|\n");
    for obligation in &gaps.obligations {
        let (status, why) = match &obligation.later {
            Some(later) => (format!("from {}: {}", later.from, word(later.status)), &later.why),
            None => (word(obligation.status).to_owned(), &obligation.why),
        };
        let _ = writeln!(
            out,
            "| `{}` {} | {status} | {} | {} | {} |",
            obligation.id,
            cell(&obligation.title),
            cell(why),
            obligation.population,
            obligation.exceptions
        );
    }
    out.push_str(
        "\n## Controls\n\n| control | shows | pass | fail | inconclusive | obligations |\n|---|---|---|---|---|---|\n",
    );
    for (title, state) in STATES {
        for control in gaps.in_state(state) {
            let _ = writeln!(
                out,
                "| `{}` | {title} | {} | {} | {} | {} |",
                control.id,
                control.tally.pass,
                control.tally.fail,
                control.tally.inconclusive,
                control.obligations.join(", ")
            );
        }
    }
    let uncovered = gaps.uncovered();
    if !uncovered.is_empty() {
        let _ = writeln!(out, "\nNothing covers {}.", uncovered.join(", "));
    }
    if !gaps.findings.is_empty() {
        out.push_str("\n## Findings\n\n| severity | finding | place | waived |\n|---|---|---|---|\n");
        for finding in &gaps.findings {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                finding.severity,
                cell(&finding.title),
                cell(finding.place.as_deref().unwrap_or_default()),
                cell(finding.waived.as_deref().unwrap_or_default())
            );
        }
    }
    if !gaps.actions.is_empty() {
        out.push_str("\n## To do, the most effective first\n\n");
        for (at, action) in gaps.actions.iter().enumerate() {
            let _ = writeln!(out, "{}. {} ({})", at + 1, cell(&action.remedy), cell(&effect(action)));
        }
    }
    closing(&mut out, gaps);
    out
}

const STATUSES: [(&str, ObligationStatus); 3] = [
    ("not satisfied", ObligationStatus::NotSatisfied),
    ("not assessed", ObligationStatus::NotAssessed),
    ("satisfied", ObligationStatus::Satisfied),
];

const STATES: [(&str, State); 4] = [
    ("failing", State::Failing),
    ("undecided", State::Undecided),
    ("giving evidence already", State::Evidence),
    ("with nothing to judge", State::Idle),
];

impl Gaps {
    fn applying(&self, status: ObligationStatus) -> impl Iterator<Item = &Obligation> {
        self.obligations.iter().filter(move |it| it.later.is_none() && it.status == status)
    }

    fn in_state(&self, state: State) -> impl Iterator<Item = &Control> {
        self.controls.iter().filter(move |control| control.state == state)
    }

    fn findings_of<'a>(&'a self, obligation: &'a Obligation) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(|finding| obligation.findings.contains(&finding.fingerprint))
    }

    /// Obligations for which no control had anything to judge.
    fn uncovered(&self) -> Vec<&str> {
        self.obligations.iter().filter(|it| it.population == 0).map(|it| it.id.as_str()).collect()
    }
}

fn told(control: &Control) -> String {
    let tally = control.tally;
    match control.state {
        State::Failing => format!("{} ({} of {})", control.id, tally.fail, tally.population()),
        State::Undecided => format!("{} ({} of {})", control.id, tally.inconclusive, tally.population()),
        State::Evidence => format!("{} ({})", control.id, tally.pass),
        State::Idle => control.id.clone(),
    }
}

fn effect(action: &Action) -> String {
    let more = action.assets.len().saturating_sub(1);
    let others = match action.assets.get(1..) {
        Some(others) if more > 0 => format!("also for {}; ", others.join(", ")),
        _ => String::new(),
    };
    let settles = match action.settles.as_slice() {
        [] => String::new(),
        settled => format!(", settles {}", settled.join(", ")),
    };
    format!(
        "{others}{} at most, effect {}, helps with {}{settles}",
        action.severity,
        action.effect,
        action.touches.join(", ")
    )
}

/// Text as it may stand in a table of Markdown: scanned names cannot make markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '|' | '<' | '>' | '[' | ']' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
