//! Trainings and releases whose evaluation and gate stand in other files, against `tests/platforms/lending/verdicts.yaml`,
//! written by hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::{root, scan};

#[test]
fn evaluations_and_gates_are_found_across_files() {
    let folder = root().join("tests/platforms/lending");
    let truth = std::fs::read_to_string(folder.join("verdicts.yaml")).expect("a truth");
    let truth: BTreeMap<String, BTreeMap<String, String>> = serde_yaml::from_str(&truth).expect("the truth is YAML");
    let (run, _) = scan(&folder, &[]);
    let mut found: BTreeSet<(String, String, String)> = BTreeSet::new();
    for finding in run.findings.iter().filter(|finding| truth.contains_key(&finding.policy)) {
        found.insert((finding.policy.clone(), finding.asset.address.clone(), finding.verdict.clone()));
    }
    let said = truth.iter().flat_map(|(policy, codes)| {
        codes.iter().map(move |(code, verdict)| (policy.clone(), code.clone(), verdict.clone()))
    });
    let (passes, wanted): (BTreeSet<_>, BTreeSet<_>) = said.partition(|(.., verdict)| verdict == "pass");
    let missed: Vec<_> = wanted.difference(&found).collect();
    let extra: Vec<_> = found.difference(&wanted).collect();
    assert!(missed.is_empty() && extra.is_empty(), "missed {missed:#?}\nextra {extra:#?}");
    // What passes was asked.
    for (policy, code, _) in &passes {
        if policy.starts_with("declared") {
            continue;
        }
        let kind = if policy.starts_with("release") { "releases" } else { "trains" };
        let address = |id: &str| run.assets.iter().find(|asset| asset.id == id).map(|asset| asset.address.as_str());
        let asked = run.relations.iter().any(|relation| relation.kind == kind && address(&relation.from) == Some(code));
        assert!(asked, "{code} {kind} nothing");
        assert!(run.verdicts.get(policy).is_some_and(|tally| tally.pass > 0), "{policy} passes nowhere");
    }
    let gated = |code: &str| {
        let own = run.relations.iter().filter(|relation| relation.kind == "releases" && relation.from.ends_with(code));
        own.filter_map(|relation| relation.attributes.get("gated")).cloned().collect::<Vec<_>>()
    };
    for (policy, code, _) in passes.iter().filter(|(policy, ..)| policy.starts_with("release")) {
        assert_eq!(gated(code), [true], "{policy} of {code}");
    }
}
