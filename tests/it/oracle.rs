//! Requests for another engine: `tests/oracle` answers them with a build of Cedar that is not ours.

use aedile_policies::Policies;

use crate::program::{root, sample, samples};
use crate::recorded::judged;

#[test]
fn requests_of_samples_and_cases_are_written_for_another_engine() {
    let folder = root().join("target/oracle");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let policies = Policies::load(&[], &[]).expect("the built-in policies load");
    let cases = policies.export_cases().expect("the cases have JSON forms");
    let of_samples = samples().into_iter().map(|name| {
        let (packs, judged, platform) = judged(&sample(&name));
        let export = packs.judges.policies.export(&judged.crawl.inventory, &platform);
        (name, export.expect("requests have JSON forms"))
    });
    let (mut all, mut denied) = (0, 0);
    for (name, export) in of_samples.chain([("cases".to_owned(), cases)]) {
        all += export.requests.len();
        denied += export.requests.iter().filter(|request| !request.allowed).count();
        assert!(export.requests.iter().all(|request| request.allowed || !request.reasons.is_empty()));
        let text = serde_json::to_vec(&export).expect("it is JSON");
        std::fs::write(folder.join(format!("{name}.json")), text).expect("it can be written");
    }
    assert!(all >= 1000, "{all} requests");
    assert!(denied >= 100, "{denied} denials");
}
