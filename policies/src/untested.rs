use std::collections::BTreeSet;

use aedile_model::Verdict;

use crate::Policies;
use crate::case::Case;
use crate::control::Body;
use crate::reads::Side;

/// Set by ourselves, never by a source: they cannot be missing or unknown.
const OURS: &[&str] = &[
    "name",
    "address",
    "inTests",
    "holds",
    "protection",
    "belowHashed",
    "belowKeyed",
    "belowTruncated",
    "hashed",
    "declaresResidency",
    "residency",
];

impl Policies {
    /// What each policy's cases lack: a Fail; a Pass where something is required; a NotApplicable where it
    /// has conditions; and, where it reads what sources say, one Inconclusive and one with each
    /// required attribute missing.
    pub(crate) fn untested(&self, cases: &[Case]) -> Vec<(String, String)> {
        let mut lacking = BTreeSet::new();
        for control in &self.guardrails.controls {
            let mine: Vec<&Case> = cases.iter().filter(|case| case.expect.contains_key(&control.info.id)).collect();
            let seen: BTreeSet<Verdict> =
                mine.iter().filter_map(|case| case.expect.get(&control.info.id)).copied().collect();
            let Ok(body) = control.body() else { continue };
            for verdict in body.verdicts() {
                if !seen.contains(&verdict) {
                    lacking.insert((control.info.id.clone(), format!("no case expects {verdict}")));
                }
            }
            for (side, name) in body.needed() {
                let missing = |case: &&&Case| case.given(*side).is_none_or(|given| !given.contains_key(name));
                if !mine.iter().any(|case| missing(&case)) {
                    lacking.insert((control.info.id.clone(), format!("no case goes without `{name}`")));
                }
            }
        }
        lacking.into_iter().collect()
    }
}

impl Body {
    /// The verdicts that the policy can give.
    fn verdicts(&self) -> Vec<Verdict> {
        let json = self.policy.to_json().unwrap_or_default();
        let clauses = |kind: &str| {
            let clauses = json.get("conditions").and_then(serde_json::Value::as_array);
            clauses.into_iter().flatten().any(|clause| clause.get("kind").is_some_and(|found| found == kind))
        };
        let mut verdicts = vec![Verdict::Fail];
        if clauses("unless") {
            verdicts.push(Verdict::Pass);
        }
        if clauses("when") {
            verdicts.push(Verdict::NotApplicable);
        }
        if self.reads.attributes.iter().any(|(_, name)| !OURS.contains(&name.as_str())) {
            verdicts.push(Verdict::Inconclusive);
        }
        verdicts
    }

    /// The attributes of sources that only `unless` reads: what is required.
    fn needed(&self) -> impl Iterator<Item = &(Side, String)> {
        let asked = self.reads.attributes.iter().filter(|read| !self.scope_reads.attributes.contains(*read));
        asked.filter(|(_, name)| !OURS.contains(&name.as_str()))
    }
}
