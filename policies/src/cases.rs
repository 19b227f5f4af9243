use aedile_model::{AssetId, Severity, Verdict};
use time::Date;
use time::macros::date;

use crate::case::Case;
use crate::packs::CONTROLS;
use crate::{Judgement, Platform, Policies, PolicyError, PolicySource};

/// The day that cases are judged by.
const DAY: Date = date!(2026 - 01 - 01);

/// A case that did not go as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseFailure {
    /// The file.
    pub file: String,
    /// The case's name; empty for what concerns the file or a policy.
    pub case: String,
    /// What was expected and what came.
    pub message: String,
}

/// What became of all cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseReport {
    /// How many expectations were held against a verdict.
    pub checked: usize,
    /// Those that failed, sorted.
    pub failures: Vec<CaseFailure>,
    /// Policies that lack a case they need, sorted: policy and what is missing.
    pub untested: Vec<(String, String)>,
}

impl Policies {
    /// The cases that come with the built-in policies.
    #[must_use]
    pub fn built_in_cases() -> Vec<PolicySource> {
        CONTROLS
            .iter()
            .map(|(name, _, cases)| PolicySource::new(name.replace(".cedar", ".cases.yaml"), *cases))
            .collect()
    }

    /// Runs the cases of `files` (`*.cases.yaml`) through [`Policies::judge`] and tells which policies lack one.
    ///
    /// # Errors
    /// The first file that does not parse.
    pub fn cases(&self, files: &[PolicySource]) -> Result<CaseReport, PolicyError> {
        let mut report = CaseReport::default();
        let mut all: Vec<Case> = Vec::new();
        for file in files {
            let cases: Vec<Case> = serde_yaml::from_str(&file.text).map_err(|error| PolicyError::Unparsed {
                name: file.name.clone(),
                reason: error.to_string(),
                advice: Some("a case has name, assets, request and expect".to_owned()),
                at: error.location().map(|at| (at.index(), 0).into()),
                source_code: file.code(),
            })?;
            for case in &cases {
                report.checked += case.expect.len();
                let failures = self.run(case).into_iter().map(|message| CaseFailure {
                    file: file.name.clone(),
                    case: case.name.clone(),
                    message,
                });
                report.failures.extend(failures);
            }
            all.extend(cases);
        }
        report.failures.sort();
        report.untested = self.untested(&all);
        Ok(report)
    }

    /// The requests of the built-in cases, as [`Policies::export`] gives those of an inventory.
    ///
    /// # Errors
    /// A case that does not parse, or what Cedar says if something has no JSON form.
    pub fn export_cases(&self) -> Result<crate::Export, String> {
        let mut export = self.empty_export()?;
        for file in Self::built_in_cases() {
            let cases: Vec<Case> = serde_yaml::from_str(&file.text).map_err(|error| error.to_string())?;
            for case in cases {
                let platform = Platform { residency: case.residency.clone(), as_of: DAY };
                self.export_into(&mut export, &case.inventory()?, &platform)?;
            }
        }
        Ok(export)
    }

    fn run(&self, case: &Case) -> Vec<String> {
        let inventory = match case.inventory() {
            Ok(inventory) => inventory,
            Err(message) => return vec![message],
        };
        let platform = Platform { residency: case.residency.clone(), as_of: DAY };
        let judgement = self.judge(&inventory, &platform);
        let resource = case.resource();
        let mut failures: Vec<String> = judgement.errors.iter().map(|error| error.message.clone()).collect();
        for (policy, expected) in &case.expect {
            if !judgement.tallies.contains_key(policy) {
                failures.push(format!("there is no policy `{policy}`"));
                continue;
            }
            let (got, severity) = verdict(&judgement, policy, &resource);
            if got != *expected {
                failures.push(format!("`{policy}` gives {got}, expected {expected}"));
            }
            if let Some(wanted) = case.severity.get(policy)
                && severity != Some(*wanted)
            {
                let got = severity.map_or("none", |severity| severity.as_str());
                failures.push(format!("`{policy}` has the severity {got}, expected {wanted}"));
            }
        }
        failures
    }
}

/// The worst verdict of `policy` on `resource`; nothing decided means that it does not apply.
fn verdict(judgement: &Judgement, policy: &str, resource: &AssetId) -> (Verdict, Option<Severity>) {
    let mut found: Vec<_> = judgement
        .decisions
        .iter()
        .filter(|decision| decision.policy == policy && decision.resource == *resource)
        .map(|decision| (decision.verdict, decision.severity))
        .collect();
    found.sort_by_key(|(verdict, _)| match verdict {
        Verdict::Fail => 0,
        Verdict::Inconclusive => 1,
        Verdict::Pass => 2,
        Verdict::NotApplicable => 3,
    });
    found.first().copied().unwrap_or((Verdict::NotApplicable, None))
}
