//! What every built-in file must keep: it loads, is tested, is cited, and is in the tables.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::packs::{CONTROLS, FRAMEWORKS};
use crate::{Frameworks, Policies};

/// The built-in policies, validated and loaded once for all tests.
pub(crate) fn built_in() -> &'static Policies {
    static LOADED: LazyLock<Policies> = LazyLock::new(|| {
        Policies::load_validating_all(&[], &[]).unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)))
    });
    &LOADED
}

#[test]
fn every_case_goes_as_written_and_every_policy_has_the_cases_it_needs() {
    let report = built_in().cases(&Policies::built_in_cases()).unwrap();
    let failures: Vec<String> = report
        .failures
        .iter()
        .map(|failure| format!("{}: {}: {}", failure.file, failure.case, failure.message))
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    let untested: Vec<String> = report.untested.iter().map(|(policy, what)| format!("{policy}: {what}")).collect();
    assert!(untested.is_empty(), "\n{}", untested.join("\n"));
    assert!(report.checked >= 150, "{}", report.checked);
}

#[test]
fn every_control_of_a_framework_exists_and_every_control_is_cited() {
    let (policies, frameworks) = (built_in(), Frameworks::load(&[]).unwrap());
    frameworks.check(policies).unwrap();
    for info in policies.info() {
        assert!(!info.cites.is_empty(), "{} is cited by no obligation", info.id);
        assert!(info.cites.iter().all(|cite| !cite.title.is_empty()), "{}", info.id);
    }
}

#[test]
fn every_policy_can_be_explained() {
    for info in built_in().info() {
        let sentences = info.rationale.matches(['.', '?']).count();
        assert!(
            info.rationale.len() > 70 && sentences >= 2,
            "{} does not say why, and what an auditor looks for",
            info.id
        );
        assert!(!info.since.is_empty(), "{} does not say since when it exists", info.id);
        assert!(!info.summary().contains('{'), "{}", info.summary());
        assert!(info.text.is_empty() || info.text.starts_with("@id("), "{}", info.text);
    }
}

#[test]
fn every_file_is_in_its_table() {
    let listed = |folder: &str, extension: &str| -> BTreeSet<String> {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = std::fs::read_dir(here).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        files.filter(|file| file.ends_with(extension)).map(|file| format!("{folder}/{file}")).collect()
    };
    let controls: BTreeSet<String> = CONTROLS.iter().map(|(name, _, _)| (*name).to_owned()).collect();
    assert_eq!(controls, listed("controls", ".cedar"));
    assert_eq!(controls.len(), listed("controls", ".cases.yaml").len());
    let frameworks: BTreeSet<String> = FRAMEWORKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(frameworks, listed("frameworks", ".yaml"));
}

#[test]
fn the_template_of_intended_access_is_valid() {
    let template = crate::PolicySource::new("template.cedar", include_str!("../access/template.cedar"));
    Policies::load(&[], &[template]).unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)));
}

#[test]
fn a_framework_of_a_known_id_adds_and_takes_nothing_away() {
    let text = "id: gdpr\ntitle: Ours\nversion: '1'\nsource: https://example.org\njurisdictions: [EEA]\nobligations:\n  - {id: 'gdpr:33(5)', title: t, kind: technical, controls: [store-not-public]}\n  - {id: 'gdpr:house', title: t, kind: technical, controls: [store-not-public]}\n";
    let more = Frameworks::load(&[crate::PolicySource::new("own.yaml", text)]).unwrap();
    let ours = Frameworks::load(&[]).unwrap();
    let gdpr = |frameworks: &Frameworks| frameworks.iter().find(|framework| framework.id == "gdpr").unwrap().clone();
    let (more, ours) = (gdpr(&more), gdpr(&ours));
    assert_eq!(more.obligations.len(), ours.obligations.len() + 1);
    let of = |framework: &crate::Framework| {
        framework.obligations.iter().find(|found| found.id == "gdpr:33(5)").unwrap().controls.clone()
    };
    assert_eq!(of(&ours), ["incident-register-kept"]);
    assert_eq!(of(&more), ["incident-register-kept", "store-not-public"]);
    let wrong = text.replace("store-not-public", "store-not-pubic");
    let wrong = Frameworks::load(&[crate::PolicySource::new("own.yaml", wrong)]).unwrap();
    assert!(wrong.check(built_in()).is_err());
}
