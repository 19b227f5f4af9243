//! The gate: what lets a change through.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::Severity;

use crate::config::BudgetConfig;
use crate::record::{Budget, Finding, Gate, Outcome, Run};

/// The lowest severity that fails the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// This severity and those above.
    At(Severity),
    /// Findings never fail it.
    Never,
}

impl Threshold {
    /// `low`, `medium`, `high`, `critical` or `never`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Threshold> {
        if word == "never" { Some(Threshold::Never) } else { word.parse().ok().map(Threshold::At) }
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Threshold::At(severity) => severity.as_str(),
            Threshold::Never => "never",
        }
    }

    pub(crate) fn fails(self, severity: &str) -> bool {
        match (self, severity.parse::<Severity>()) {
            (Threshold::At(least), Ok(severity)) => severity >= least,
            // An unreadable severity must not open the gate.
            (Threshold::At(_), Err(_)) => true,
            (Threshold::Never, _) => false,
        }
    }
}

impl Finding {
    /// Whether neither a waiver nor the baseline nor the revision compared with excuses it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.waiver.is_none()
            && self.baseline_state.as_deref() != Some("known")
            && !matches!(self.diff_state.as_deref(), Some("unchanged" | "moved"))
    }

    /// What excuses it, in words; `None` if it is open.
    #[must_use]
    pub fn excuse(&self) -> Option<String> {
        if let Some(waiver) = &self.waiver {
            return Some(format!("waived: {}", waiver.told()));
        }
        if self.baseline_state.as_deref() == Some("known") {
            return Some("known to the baseline".to_owned());
        }
        match self.diff_state.as_deref() {
            Some("unchanged") => Some("unchanged: the revision compared with has it too".to_owned()),
            Some("moved") => Some("moved: the revision compared with has it in another file".to_owned()),
            _ => None,
        }
    }
}

/// What fails the gate.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// From this severity on findings fail it.
    pub threshold: Threshold,
    /// The same where a baseline or a revision says what is new.
    pub threshold_new: Option<Threshold>,
    /// Whether undecided verdicts and gaps fail it too.
    pub strict: bool,
    /// How many findings may stand, by framework.
    pub budgets: &'a BTreeMap<String, BudgetConfig>,
}

/// How the gate ends over `findings`, with `gaps` unaccepted gaps.
///
/// Undecided beats findings: who asks for strictness wants to know first that not all was judged.
#[must_use]
pub fn outcome(findings: &[Finding], gaps: usize, terms: &Terms<'_>) -> (Outcome, Gate) {
    let open: Vec<&Finding> = findings.iter().filter(|finding| finding.is_open()).collect();
    let compared = findings.iter().any(|finding| finding.baseline_state.is_some() || finding.diff_state.is_some());
    let threshold = if compared { terms.threshold_new.unwrap_or(terms.threshold) } else { terms.threshold };
    let mut reasons = Vec::new();
    let undecided = open.iter().filter(|finding| finding.verdict == "inconclusive").count();
    if terms.strict && gaps > 0 {
        reasons.push(format!("strict: {}", counted(gaps, "gap is not accepted", "gaps are not accepted")));
    }
    if terms.strict && undecided > 0 {
        reasons.push(format!("strict: {}", counted(undecided, "finding is undecided", "findings are undecided")));
    }
    let is_undecided = !reasons.is_empty();
    let failing = |finding: &&&Finding| finding.verdict == "fail" && threshold.fails(&finding.severity);
    let failing = open.iter().filter(failing).count();
    if failing > 0 {
        let new = if compared { "new " } else { "" };
        let findings = counted(failing, &format!("{new}finding"), &format!("{new}findings"));
        reasons.push(format!("{findings} at or above {}", threshold.as_str()));
    }
    let budgets = budgets(findings, terms.budgets);
    let exceeded = budgets.iter().filter(|budget| budget.found > budget.allowed);
    reasons.extend(exceeded.map(|budget| {
        let Budget { framework, severity, allowed, found } = budget;
        format!("the budget of {framework} allows {allowed} {severity}, {found} stand")
    }));
    let outcome = match (is_undecided, reasons.is_empty()) {
        (true, _) => Outcome::Undecided,
        (false, false) => Outcome::Findings,
        (false, true) => Outcome::Clean,
    };
    let fail_on_new = (compared && terms.threshold_new.is_some()).then(|| threshold.as_str().to_owned());
    (outcome, Gate { fail_on_new, budgets, reasons, ..Gate::default() })
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What stands against each budget. Old findings count: a budget bounds the debt, not the change.
fn budgets(findings: &[Finding], given: &BTreeMap<String, BudgetConfig>) -> Vec<Budget> {
    let found = |framework: &str, severity: &str| {
        findings
            .iter()
            .filter(|finding| finding.verdict == "fail" && finding.waiver.is_none() && finding.severity == severity)
            .filter(|finding| finding.citations.iter().any(|citation| citation.framework == framework))
            .count()
    };
    let of = |(framework, bounds): (&String, &BudgetConfig)| {
        let framework = framework.clone();
        bounds.bounds().map(move |(severity, allowed)| (framework.clone(), severity, allowed)).collect::<Vec<_>>()
    };
    given
        .iter()
        .flat_map(of)
        .map(|(framework, severity, allowed)| Budget {
            found: found(&framework, severity),
            framework,
            severity: severity.to_owned(),
            allowed,
        })
        .collect()
}

impl Run {
    /// Whether and on what terms the gate let this pass, as a clause: `passed: …`, `failed: …`.
    #[must_use]
    pub fn verdict(&self) -> String {
        let terms = self.gate.fail_on_new.as_ref().unwrap_or(&self.run.fail_on);
        match self.summary.outcome {
            Outcome::Clean if terms == "never" => "passed: nothing fails it".to_owned(),
            Outcome::Clean => {
                format!("passed: nothing {}at or above {terms}", if self.compared() { "new " } else { "" })
            }
            // A run that was recorded before reasons were.
            Outcome::Findings if self.gate.reasons.is_empty() => format!("failed: findings at or above {terms}"),
            Outcome::Undecided if self.gate.reasons.is_empty() => "failed: not everything could be judged".to_owned(),
            Outcome::Findings | Outcome::Undecided => format!("failed: {}", self.gate.reasons.join("; ")),
        }
    }

    fn compared(&self) -> bool {
        self.diff.is_some() || self.findings.iter().any(|finding| finding.baseline_state.is_some())
    }
}

impl Outcome {
    /// 0 clean, 1 findings, 2 undecided.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Clean => 0,
            Outcome::Findings => 1,
            Outcome::Undecided => 2,
        }
    }
}

/// The fingerprints of `findings` that stand more than once: two findings of one identity would hide each other.
#[must_use]
pub fn repeated(findings: &[Finding]) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    findings.iter().map(|finding| finding.fingerprint.as_str()).filter(|print| !seen.insert(*print)).collect()
}
