//! A framework held against a recorded inventory: what is satisfied, what is not, what nothing covers, and what to do
//! first. Nothing is scanned.

mod render;

use std::collections::{BTreeMap, BTreeSet};

use aedile_model as model;
use aedile_policies::{Framework, Judgement, ObligationKind, ObligationResult, ObligationStatus, Tally};
use globset::Glob;
use serde::Serialize;
use time::Date;

use crate::config::parse_date;
use crate::gate::Threshold;
use crate::record::{Outcome, Run, Waiver};
use crate::recorded::{Recorded, RecordedError};
use crate::run::Judges;

pub use render::{markdown, text};

/// The form of the answer in JSON.
pub const SCHEMA: &str = "aedile.gaps.v1";

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct Gaps {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What is held against the inventory.
    pub framework: Law,
    /// Whose inventory it is.
    pub run: RunName,
    /// The day that obligations are judged by, `YYYY-MM-DD`.
    pub as_of: String,
    /// How many obligations have which status, by the status's word; `later` counts those that do not apply yet.
    pub summary: BTreeMap<&'static str, usize>,
    /// Every obligation, in the framework's order.
    pub obligations: Vec<Obligation>,
    /// Every control that some obligation names, by id.
    pub controls: Vec<Control>,
    /// What fails or is undecided, most severe first.
    pub findings: Vec<Finding>,
    /// What to do, the most effective first.
    pub actions: Vec<Action>,
    /// What could not be judged, one line each.
    pub not_judged: Vec<String>,
    /// Things that the recorded run did not read and that nobody accepted.
    pub unread: usize,
    /// How the gate ends.
    pub outcome: Outcome,
}

/// A framework's name.
#[derive(Debug, Clone, Serialize)]
pub struct Law {
    /// `gdpr`.
    pub id: String,
    /// Its name.
    pub title: String,
    /// The version that was mapped.
    pub version: String,
    /// Where its text is published.
    pub source: String,
}

/// A run's name.
#[derive(Debug, Clone, Serialize)]
pub struct RunName {
    /// Its id.
    pub id: String,
    /// When it started.
    pub started: String,
    /// The day it was judged by.
    pub as_of: String,
    /// What it scanned.
    pub roots: Vec<String>,
}

/// An obligation as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Obligation {
    /// `gdpr:32(1)(a)`.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// How it can be assessed.
    pub kind: ObligationKind,
    /// Whether it is met on the day.
    pub status: ObligationStatus,
    /// Why.
    pub why: String,
    /// The first day it applies, if it has one.
    pub applies_from: Option<String>,
    /// Whether it did not apply yet when the run was recorded, and does on the day.
    pub new: bool,
    /// If it does not apply yet on the day: how it would stand if it did.
    pub later: Option<Later>,
    /// Subjects that its controls apply to.
    pub population: u64,
    /// Of these, those that fail.
    pub exceptions: u64,
    /// Of these, those that could not be decided.
    pub inconclusive: u64,
    /// What its evidence is, and what that does not show.
    pub evidence: String,
    /// The controls that give evidence.
    pub controls: Vec<String>,
    /// Fingerprints of its findings.
    pub findings: Vec<String>,
    /// What to do where it is not satisfied.
    pub remediation: String,
}

/// How an obligation will stand.
#[derive(Debug, Clone, Serialize)]
pub struct Later {
    /// The first day it applies.
    pub from: String,
    /// How it would stand on that day if nothing changed.
    pub status: ObligationStatus,
    /// Why.
    pub why: String,
}

/// A control's part in the framework.
#[derive(Debug, Clone, Serialize)]
pub struct Control {
    /// Its id.
    pub id: String,
    /// What is wrong when it fails.
    pub title: String,
    /// What it shows.
    pub state: State,
    /// What it was asked about and what came out.
    pub tally: Tally,
    /// Obligations that name it.
    pub obligations: Vec<String>,
}

/// What a control shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It fails somewhere.
    Failing,
    /// It could not be decided somewhere, and fails nowhere.
    Undecided,
    /// It had something to judge and all of it passed.
    Evidence,
    /// There was nothing that it applies to.
    Idle,
}

/// Something that fails or is undecided.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Identity over all runs.
    pub fingerprint: String,
    /// The control.
    pub policy: String,
    /// How much is at stake.
    pub severity: String,
    /// `fail` or `inconclusive`.
    pub verdict: String,
    /// One line.
    pub title: String,
    /// The asset's address.
    pub asset: String,
    /// `path:line`, if it stands somewhere.
    pub place: Option<String>,
    /// Who excuses it, and why.
    pub waived: Option<String>,
}

/// What to do about one control.
#[derive(Debug, Clone, Serialize)]
pub struct Action {
    /// The control.
    pub policy: String,
    /// What to do, in words, for the first of the assets.
    pub remedy: String,
    /// The assets it must be done for, by address.
    pub assets: Vec<String>,
    /// The most severe of the findings that it ends.
    pub severity: String,
    /// Obligations that it brings nearer.
    pub touches: Vec<String>,
    /// Of these, those that nothing else stands against.
    pub settles: Vec<String>,
    /// Findings × rank of their severity (1 low to 4 critical) × obligations touched: the order of the list.
    pub effect: usize,
}

/// How the framework is held against the inventory.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The day that obligations are judged by.
    pub as_of: Date,
    /// What fails the gate.
    pub threshold: Threshold,
    /// Whether what is undecided or was not judged fails it too.
    pub strict: bool,
}

/// Holds `framework` against the inventory of `run`.
///
/// # Errors
/// The run cannot be judged again.
pub fn gaps(run: &Run, framework: &Framework, judges: &Judges, asked: Asked) -> Result<Gaps, RecordedError> {
    let recorded = Recorded::of(run, asked.as_of)?;
    let judgement = judges.policies.judge(&recorded.inventory, &recorded.platform);
    let named: BTreeSet<&str> = framework.obligations.iter().flat_map(|it| &it.controls).map(String::as_str).collect();
    let findings: Vec<Finding> = judgement
        .findings
        .iter()
        .filter(|finding| named.contains(finding.policy.as_str()))
        .map(|finding| shown(finding, &recorded, run, asked.as_of))
        .collect();
    let results = framework.assess(&judgement.tallies, asked.as_of).obligations;
    let then = parse_date(&run.run.as_of).unwrap_or(asked.as_of);
    let obligations: Vec<Obligation> = results
        .into_iter()
        .map(|result| obligation(result, framework, &judgement, &findings, asked.as_of, then))
        .collect();
    let not_judged: Vec<String> = judgement
        .errors
        .iter()
        .filter(|error| error.policy.as_deref().is_none_or(|policy| named.contains(policy)))
        .map(|error| error.message.clone())
        .collect();
    let in_force: BTreeSet<&str> =
        obligations.iter().filter(|it| it.later.is_none()).flat_map(|it| &it.findings).map(String::as_str).collect();
    let unread = run.coverage.gaps.iter().filter(|gap| gap.accepted.is_none()).count();
    let outcome = outcome(&findings, &in_force, &not_judged, asked);
    Ok(Gaps {
        schema: SCHEMA,
        framework: Law {
            id: framework.id.clone(),
            title: framework.title.clone(),
            version: framework.version.clone(),
            source: framework.source.clone(),
        },
        run: RunName {
            id: run.run.id.clone(),
            started: run.run.started.clone(),
            as_of: run.run.as_of.clone(),
            roots: run.run.roots.clone(),
        },
        as_of: asked.as_of.to_string(),
        summary: summary(&obligations),
        controls: controls(&obligations, &judgement, judges),
        actions: actions(&obligations, &findings, &judgement),
        obligations,
        findings,
        not_judged,
        unread,
        outcome,
    })
}

fn shown(finding: &model::Finding, recorded: &Recorded, run: &Run, as_of: Date) -> Finding {
    let place = finding.places.first().and_then(|place| recorded.place(place));
    Finding {
        fingerprint: finding.fingerprint.to_string(),
        policy: finding.policy.clone(),
        severity: finding.severity.to_string(),
        verdict: finding.verdict.to_string(),
        title: finding.title.clone(),
        asset: finding.asset.address.clone(),
        place: place.map(|place| format!("{}:{}", place.path, place.start.line)),
        waived: waiver(finding, run, as_of).map(|waiver| {
            let by = waiver.by.as_ref().map_or_else(String::new, |by| format!(" ({by})"));
            format!("{}{by}", waiver.reason.as_deref().unwrap_or_default())
        }),
    }
}

/// The recorded waiver that excuses `finding` on the day: the one of the same finding, or a central one.
fn waiver<'a>(finding: &model::Finding, run: &'a Run, as_of: Date) -> Option<&'a Waiver> {
    let own = run.findings.iter().find(|known| known.fingerprint == finding.fingerprint.as_str());
    let central = run.waivers.iter().filter(|waiver| waiver.place.is_none() && waiver.policy == finding.policy);
    let central = central.filter(|waiver| {
        Glob::new(&waiver.scope).is_ok_and(|glob| {
            let glob = glob.compile_matcher();
            glob.is_match(&finding.asset.address) || glob.is_match(finding.asset.id.as_str())
        })
    });
    let holds = |waiver: &&Waiver| {
        let until = waiver.until.as_deref();
        waiver.in_force && until.is_none_or(|until| parse_date(until).is_some_and(|until| until >= as_of))
    };
    own.and_then(|known| known.waiver.as_ref()).into_iter().chain(central).find(holds)
}

fn obligation(
    result: ObligationResult,
    framework: &Framework,
    judgement: &Judgement,
    findings: &[Finding],
    as_of: Date,
    then: Date,
) -> Obligation {
    let source = framework.obligations.iter().find(|obligation| obligation.id == result.id);
    let applies_from = source.and_then(|obligation| obligation.applies_from.clone());
    let from = applies_from.as_deref().and_then(parse_date);
    let later = from.filter(|from| *from > as_of).and_then(|from| {
        let then = framework.assess(&judgement.tallies, from).obligations;
        let then = then.into_iter().find(|then| then.id == result.id)?;
        Some(Later { from: from.to_string(), status: then.status, why: then.why })
    });
    Obligation {
        new: later.is_none() && from.is_some_and(|from| from > then),
        findings: findings
            .iter()
            .filter(|finding| result.controls.contains(&finding.policy))
            .map(|finding| finding.fingerprint.clone())
            .collect(),
        id: result.id,
        title: result.title,
        kind: result.kind,
        status: result.status,
        why: result.why,
        applies_from,
        later,
        population: result.population,
        exceptions: result.exceptions,
        inconclusive: result.inconclusive,
        evidence: result.evidence,
        controls: result.controls,
        remediation: result.remediation,
    }
}

fn summary(obligations: &[Obligation]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::from([("satisfied", 0), ("not-satisfied", 0), ("not-assessed", 0), ("later", 0)]);
    for obligation in obligations {
        let word = if obligation.later.is_some() { "later" } else { word(obligation.status) };
        *counts.entry(word).or_default() += 1;
    }
    counts
}

/// The word of a status in reports.
fn word(status: ObligationStatus) -> &'static str {
    match status {
        ObligationStatus::Satisfied => "satisfied",
        ObligationStatus::NotSatisfied => "not-satisfied",
        ObligationStatus::NotAssessed => "not-assessed",
    }
}

fn controls(obligations: &[Obligation], judgement: &Judgement, judges: &Judges) -> Vec<Control> {
    let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for obligation in obligations {
        for control in &obligation.controls {
            named.entry(control).or_default().push(obligation.id.clone());
        }
    }
    let info = judges.policies.info();
    let control = |(id, obligations): (&str, Vec<String>)| {
        let tally = judgement.tallies.get(id).copied().unwrap_or_default();
        let state = match (tally.fail, tally.inconclusive, tally.pass) {
            (0, 0, 0) => State::Idle,
            (0, 0, _) => State::Evidence,
            (0, _, _) => State::Undecided,
            _ => State::Failing,
        };
        let title = info.iter().find(|info| info.id == id).map_or_else(String::new, |info| info.summary());
        Control { id: id.to_owned(), title, state, tally, obligations }
    };
    named.into_iter().map(control).collect()
}

/// One action for every control with a finding that nobody excuses.
fn actions(obligations: &[Obligation], findings: &[Finding], judgement: &Judgement) -> Vec<Action> {
    let open = findings.iter().filter(|finding| finding.waived.is_none() && finding.verdict == "fail");
    let mut by_policy: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in open {
        by_policy.entry(&finding.policy).or_default().push(finding);
    }
    let failing: BTreeSet<&str> = by_policy.keys().copied().collect();
    let mut actions: Vec<Action> = by_policy
        .iter()
        .map(|(policy, findings)| {
            let touched: Vec<&Obligation> =
                obligations.iter().filter(|obligation| obligation.controls.iter().any(|it| it == policy)).collect();
            let alone = |obligation: &&&Obligation| {
                obligation.controls.iter().all(|control| control == policy || !failing.contains(control.as_str()))
            };
            let ranks: usize = findings.iter().map(|finding| rank(&finding.severity)).sum();
            let first = findings.first();
            let source = first
                .and_then(|first| judgement.findings.iter().find(|it| it.fingerprint.as_str() == first.fingerprint));
            // The remedy speaks of the first; the others follow.
            let others: BTreeSet<&str> = findings.iter().map(|finding| finding.asset.as_str()).collect();
            let own = first.map(|first| first.asset.as_str());
            let assets = own.into_iter().chain(others.into_iter().filter(|asset| Some(*asset) != own));
            Action {
                policy: (*policy).to_owned(),
                remedy: source.map_or_else(String::new, |finding| finding.remediation.text.clone()),
                assets: assets.map(str::to_owned).collect(),
                severity: findings
                    .iter()
                    .map(|finding| finding.severity.clone())
                    .max_by_key(|word| rank(word))
                    .unwrap_or_default(),
                settles: touched.iter().filter(alone).map(|it| it.id.clone()).collect(),
                touches: touched.iter().map(|it| it.id.clone()).collect(),
                effect: ranks * touched.len(),
            }
        })
        .collect();
    actions.sort_by(|a, b| (b.effect, b.settles.len(), &a.policy).cmp(&(a.effect, a.settles.len(), &b.policy)));
    actions
}

/// 1 for the lowest severity, 4 for the highest.
fn rank(severity: &str) -> usize {
    model::Severity::ALL.iter().position(|known| known.as_str() == severity).map_or(0, |at| at + 1)
}

/// As a scan's gate ends, over the findings of obligations that apply on the day.
fn outcome(findings: &[Finding], in_force: &BTreeSet<&str>, not_judged: &[String], asked: Asked) -> Outcome {
    let open: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.waived.is_none() && in_force.contains(finding.fingerprint.as_str()))
        .collect();
    if asked.strict && (!not_judged.is_empty() || open.iter().any(|finding| finding.verdict == "inconclusive")) {
        Outcome::Undecided
    } else if open.iter().any(|finding| finding.verdict == "fail" && asked.threshold.fails(&finding.severity)) {
        Outcome::Findings
    } else {
        Outcome::Clean
    }
}
