//! What is recorded of an inventory is enough to judge it again.

use std::path::Path;

use aedile::config::Loaded;
use aedile::gate::Threshold;
use aedile::recorded::Recorded;
use aedile::run::{Judged, Packs, Request, judge, scan_with};
use aedile_policies::Platform;
use time::macros::{date, datetime};

use crate::program::{sample, samples};

fn request(folder: &Path) -> Request {
    Request {
        roots: vec![folder.to_path_buf()],
        loaded: Loaded::find(None, &[folder.to_path_buf()]).expect("the configuration holds"),
        as_of: date!(2026 - 11 - 01),
        started: datetime!(2026-11-01 00:00 UTC),
        threshold: Threshold::Never,
        threshold_new: None,
        strict: false,
        baseline: None,
        compare: None,
        facts: None,
    }
}

/// Runs `work` on threads with stacks as large as the program's.
fn roomy<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().stack_size(16 << 20).build().expect("threads can be started");
    pool.install(work)
}

/// The platform in `folder` as a scan judges it.
pub(crate) fn judged(folder: &Path) -> (Packs, Judged, Platform) {
    let request = request(folder);
    let packs = Packs::load(&request.loaded).expect("the packs load");
    let judged = roomy(|| judge(&packs, &request, &|_| {})).expect("the folder can be scanned");
    let residency = request.loaded.config.residency.iter().cloned().collect();
    (packs, judged, Platform { residency, as_of: request.as_of })
}

#[test]
fn judging_the_record_is_judging_the_scan() {
    for name in samples() {
        let request = request(&sample(&name));
        let packs = Packs::load(&request.loaded).expect("the packs load");
        let run = roomy(|| scan_with(&packs, &request, &|_| {})).expect("the sample can be scanned");
        let text = serde_json::to_vec(&run).expect("a run is JSON");
        let read: aedile::record::Run = serde_json::from_slice(&text).expect("and back");
        let recorded = Recorded::of(&read, request.as_of).expect("it can be judged again");
        let again = roomy(|| packs.judges.policies.judge(&recorded.inventory, &recorded.platform));

        for (policy, tally) in &again.tallies {
            let first = run.verdicts[policy];
            let counts = [tally.pass, tally.fail, tally.not_applicable, tally.inconclusive];
            let before = [first.pass, first.fail, first.not_applicable, first.inconclusive];
            assert_eq!(counts.map(|count| count as usize), before, "{name}: {policy}");
        }
        assert_eq!(again.tallies.len(), run.verdicts.len(), "{name}");
        let told = |fingerprint: &str, severity: &str, title: &str, place: Option<String>| {
            format!("{fingerprint} {severity} {title} {place:?}")
        };
        let mut before: Vec<String> = run
            .findings
            .iter()
            .map(|it| {
                let place = it.places.first().map(|place| format!("{}:{}", place.path, place.start.line));
                told(&it.fingerprint, &it.severity, &it.title, place)
            })
            .collect();
        let mut after: Vec<String> = again
            .findings
            .iter()
            .map(|it| {
                let place = it.places.first().and_then(|place| recorded.place(place));
                let place = place.map(|place| format!("{}:{}", place.path, place.start.line));
                told(it.fingerprint.as_str(), it.severity.as_str(), &it.title, place)
            })
            .collect();
        before.sort();
        after.sort();
        assert_eq!(before, after, "{name}");
        assert!(!before.is_empty() || name == "clean", "{name} has findings");
    }
}
