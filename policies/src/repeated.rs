//! Findings of variants: a chart with the values of an environment, a target of a bundle. What a variant has in common with
//! the configuration that it varies is said once, of that.

use std::collections::BTreeSet;

use aedile_model::{Finding, Place};

/// `findings` without those of a variant that the configuration itself has at the same places.
pub(crate) fn distinct(findings: Vec<Finding>) -> Vec<Finding> {
    let varied_from: BTreeSet<String> = findings.iter().flat_map(|one| varied(one.asset.id.as_str())).collect();
    if varied_from.is_empty() {
        return findings;
    }
    let said: BTreeSet<(String, String, Vec<Place>)> = findings
        .iter()
        .filter(|one| varied_from.contains(one.asset.id.as_str()))
        .map(|one| key(one, one.asset.id.as_str()))
        .collect();
    let repeats = |one: &Finding| varied(one.asset.id.as_str()).iter().any(|id| said.contains(&key(one, id)));
    findings.into_iter().filter(|one| !repeats(one)).collect()
}

fn key(finding: &Finding, id: &str) -> (String, String, Vec<Place>) {
    (finding.policy.clone(), id.to_owned(), finding.places.clone())
}

/// The ids that the asset may have without its variant: `Workload:chart@prod#Pod/p`, or `Job:bundle.yml#job.etl@prod`.
fn varied(id: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some((before, address)) = id.split_once('#')
        && let Some((unit, variant)) = before.rsplit_once('@')
        && !variant.contains('/')
    {
        found.push(if unit.ends_with(':') { format!("{unit}{address}") } else { format!("{unit}#{address}") });
    }
    if let Some((before, variant)) = id.rsplit_once('@')
        && !variant.contains(['/', '#'])
    {
        found.push(before.to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &str, path: &str) -> Finding {
        let json = serde_json::json!({
            "fingerprint": "0", "policy": "p", "aliases": [], "title": "t", "severity": "high", "verdict": "fail",
            "asset": {"kind": "Workload", "id": id, "address": id}, "path": [], "evidence": [],
            "places": [{"path": path, "span": {"start": 0, "end": 1}}],
            "remediation": {"text": "x"}, "citations": [],
        });
        serde_json::from_value(json).expect("it is a finding")
    }

    #[test]
    fn what_a_variant_has_in_common_is_said_once() {
        let all = vec![
            finding("Workload:c#Pod/p", "c/templates/p.yaml"),
            finding("Workload:c@prod#Pod/p", "c/templates/p.yaml"),
            finding("Workload:c@prod#Pod/p", "c/values-prod.yaml"),
            finding("Workload:@dev#Pod/p", "templates/p.yaml"),
            finding("Workload:Pod/p", "templates/p.yaml"),
            finding("Job:b.yml#job.etl@dev", "b.yml"),
            finding("Job:b.yml#job.etl", "b.yml"),
            finding("Job:b.yml#job.else@dev", "b.yml"),
        ];
        let left: Vec<String> =
            distinct(all).iter().map(|one| format!("{} {}", one.asset.id, one.places[0].path)).collect();
        assert_eq!(
            left,
            [
                "Workload:c#Pod/p c/templates/p.yaml",
                "Workload:c@prod#Pod/p c/values-prod.yaml",
                "Workload:Pod/p templates/p.yaml",
                "Job:b.yml#job.etl b.yml",
                "Job:b.yml#job.else@dev b.yml",
            ]
        );
    }
}
