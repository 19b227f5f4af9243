//! The samples against their hand-written truth: a miss fails, an extra fails.

use std::collections::{BTreeMap, BTreeSet};

use aedile::record::{Finding, Run};
use serde::Deserialize;

use crate::program::{sample, samples, scan};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Truth {
    sample: String,
    exit: i32,
    /// Findings below this severity are left out of the comparison: a sample of broken files is no place to list what
    /// every bare bucket lacks.
    #[serde(default)]
    least_severity: Option<String>,
    #[serde(default)]
    pub(crate) findings: Vec<Planted>,
    #[serde(default)]
    waived: Vec<Planted>,
    #[serde(default)]
    gaps: Vec<PlantedGap>,
    /// Dataset or table → column → class.
    #[serde(default)]
    classes: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Planted {
    pub(crate) policy: String,
    asset: String,
    severity: String,
    #[serde(default = "fail")]
    verdict: String,
    /// `path:line` that the finding points to first.
    pub(crate) place: Option<String>,
    /// The principal or sink, where one policy finds several things on one asset.
    other: Option<String>,
    because: String,
    /// The files whose facts it takes.
    #[serde(default)]
    files: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlantedGap {
    path: String,
    kind: String,
    #[serde(default, rename = "because")]
    _because: Option<String>,
}

impl Truth {
    fn compares(&self, finding: &Finding) -> bool {
        let severity = |word: &str| word.parse::<aedile_model::Severity>().ok();
        self.least_severity.as_deref().is_none_or(|least| severity(&finding.severity) >= severity(least))
    }
}

fn fail() -> String {
    "fail".to_owned()
}

pub(crate) fn truth(name: &str) -> Truth {
    let text = std::fs::read_to_string(sample(name).join("planted.yaml")).expect("the truth is readable");
    let truth: Truth = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}/planted.yaml: {error}"));
    assert_eq!(truth.sample, name);
    truth
}

fn line(finding: &Finding) -> String {
    let place =
        finding.places.first().map_or_else(String::new, |place| format!(" at {}:{}", place.path, place.start.line));
    format!("{} · {} · {} · {}{place}", finding.policy, finding.asset.address, finding.severity, finding.verdict)
}

fn matches(planted: &Planted, finding: &Finding) -> bool {
    planted.policy == finding.policy
        && same_asset(&planted.asset, &finding.asset.address)
        && planted.severity == finding.severity
        && planted.verdict == finding.verdict
        && planted.other.as_ref().is_none_or(|other| mentions(finding, other))
        && planted.place.as_ref().is_none_or(|place| {
            finding.places.iter().any(|found| *place == format!("{}:{}", found.path, found.start.line))
        })
}

/// A planted secret leaves open which rule recognises it: `path (*)`.
fn same_asset(planted: &str, found: &str) -> bool {
    match planted.strip_suffix("(*)") {
        Some(path) => found.starts_with(path),
        None => planted == found,
    }
}

/// Whether the finding's path or title names `other`.
fn mentions(finding: &Finding, other: &str) -> bool {
    let steps = finding.path.iter().flat_map(|step| [Some(step.text.as_str()), step.asset.as_deref()]).flatten();
    steps.chain([finding.title.as_str()]).any(|text| text.contains(other))
}

/// Every planted finding takes one found one; what is left on either side is wrong.
fn compare(name: &str, what: &str, planted: &[Planted], found: &[&Finding]) -> Vec<String> {
    let mut left: Vec<&Finding> = found.to_vec();
    let mut wrong = Vec::new();
    // Those that say more are matched first, so that they get theirs.
    let mut order: Vec<&Planted> = planted.iter().collect();
    order.sort_by_key(|planted| (planted.other.is_none(), planted.place.is_none()));
    for planted in order {
        match left.iter().position(|finding| matches(planted, finding)) {
            Some(at) => {
                left.remove(at);
            }
            None => wrong.push(format!(
                "{name}: missed {what}: {} · {} · {} · {}{}{} because {}",
                planted.policy,
                planted.asset,
                planted.severity,
                planted.verdict,
                planted.other.as_ref().map_or_else(String::new, |other| format!(" · {other}")),
                planted.place.as_ref().map_or_else(String::new, |place| format!(" at {place}")),
                planted.because
            )),
        }
    }
    wrong.extend(left.iter().map(|finding| format!("{name}: extra {what}: {}", line(finding))));
    wrong
}

fn compare_gaps(name: &str, truth: &Truth, run: &Run) -> Vec<String> {
    let planted: BTreeSet<(String, String)> =
        truth.gaps.iter().map(|gap| (gap.path.clone(), gap.kind.clone())).collect();
    let found: BTreeSet<(String, String)> =
        run.coverage.gaps.iter().map(|gap| (gap.place.path.clone(), gap.kind.clone())).collect();
    let mut wrong: Vec<String> =
        planted.difference(&found).map(|(path, kind)| format!("{name}: missed gap: {kind} {path}")).collect();
    if name != "hostile" {
        wrong.extend(found.difference(&planted).map(|(path, kind)| format!("{name}: extra gap: {kind} {path}")));
    }
    wrong
}

fn compare_classes(name: &str, truth: &Truth, run: &Run) -> Vec<String> {
    let mut wrong = Vec::new();
    for (address, columns) in &truth.classes {
        let Some(dataset) = run.datasets.iter().find(|dataset| dataset.address == *address) else {
            wrong.push(format!("{name}: no dataset {address}"));
            continue;
        };
        let found: BTreeMap<&str, Vec<&str>> = dataset
            .columns
            .iter()
            .map(|column| {
                let classes =
                    column.tags.iter().map(|tag| tag.tag.as_str()).filter(|class| !class.starts_with("technical"));
                (column.name.as_str(), classes.collect())
            })
            .collect();
        for (column, class) in columns {
            match found.get(column.as_str()) {
                Some(classes) if classes.contains(&class.as_str()) => {}
                Some(classes) => wrong.push(format!("{name}: {address}.{column} is {class}, found {classes:?}")),
                None => wrong.push(format!("{name}: {address} has no column {column}")),
            }
        }
        for (column, classes) in &found {
            if !classes.is_empty() && !columns.contains_key(*column) {
                wrong.push(format!("{name}: {address}.{column} is nothing sensitive, found {classes:?}"));
            }
        }
    }
    wrong
}

fn check(name: &str) {
    let truth = truth(name);
    let (run, code) = scan(&sample(name), &[]);
    let (waived, open): (Vec<&Finding>, Vec<&Finding>) =
        run.findings.iter().filter(|finding| truth.compares(finding)).partition(|finding| finding.waiver.is_some());
    let mut wrong = compare(name, "finding", &truth.findings, &open);
    wrong.extend(compare(name, "waived finding", &truth.waived, &waived));
    wrong.extend(compare_gaps(name, &truth, &run));
    wrong.extend(compare_classes(name, &truth, &run));
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(code, truth.exit);
}

#[test]
fn clean_has_no_finding_and_passes_for_its_controls() {
    check("clean");
    let (run, _) = scan(&sample("clean"), &[]);
    let tested = run.verdicts.values().filter(|tally| tally.pass > 0).count();
    assert!(tested >= 25, "only {tested} controls have a passing population");
}

#[test]
fn clinic_gives_exactly_what_is_planted() {
    check("clinic");
}

#[test]
fn hostile_gives_exactly_what_is_planted() {
    check("hostile");
}

#[test]
fn mlops_gives_exactly_what_is_planted() {
    check("mlops");
}

#[test]
fn retail_gives_exactly_what_is_planted() {
    check("retail");
}

#[test]
fn every_sample_with_a_truth_is_checked_here() {
    assert_eq!(samples(), ["clean", "clinic", "hostile", "mlops", "retail"]);
}

#[test]
fn at_least_six_planted_findings_need_three_files() {
    let joined: usize = samples()
        .iter()
        .map(|name| truth(name).findings.iter().filter(|planted| planted.files.len() >= 3).count())
        .sum();
    assert!(joined >= 6, "{joined} planted findings name three files");
}
