//! Labelled small configurations, `tests/iac/*.yaml`: what each control must say of each resource.
//!
//! A file is a list of fixtures. The truth is written by hand, from the provider's documentation, before it is run.
//!
//! ```yaml
//! - name: versioning stands in a resource of its own, joined through for_each
//!   docs: https://…                      # where the behaviour is documented; optional
//!   files:                               # path → text
//!     main.tf: |
//!       resource "aws_s3_bucket" "lake" { for_each = toset(["raw"]) … }
//!   variables: {environment: prod}       # optional, as in aedile.yaml
//!   residency: [EEA]                     # optional, as in aedile.yaml
//!   holds: {'aws_s3_bucket.lake["raw"]': phi.diagnosis}      # optional: a class (or list) that it holds
//!   expect:                              # address → control → verdict
//!     'aws_s3_bucket.lake["raw"]': {store-recoverable: pass, store-not-public: inconclusive}
//!     'aws_iam_role.job -> aws_s3_bucket.lake["raw"]': {grant-without-wildcard: fail}     # of a grant or flow
//!   severity: {'aws_s3_bucket.lake["raw"]': {store-not-public: critical}}                 # optional
//!   attributes: {'aws_s3_bucket.lake["raw"]': {versioned: true, public: "?"}}             # optional; null: not there
//!   absent: [aws_s3_bucket.none]         # optional: addresses that must not become assets
//!   gaps: [unresolved]                   # kinds of all gaps, without doubles; none if left out
//! ```
//!
//! Verdicts: `pass`, `fail`, `inconclusive`, `not-applicable`. Where one control speaks of one asset several times (by
//! several grants), the worst counts. A control that a fixture names must not fail, nor stay undecided, at an address that
//! the fixture does not name: an extra is as wrong as a miss. An address that two files share is written `path/of/file.yaml:address`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use aedile::config::{Config, Declaration, Loaded};
use aedile::gate::Threshold;
use aedile::run::{Judged, Packs, Request, judge};
use aedile_model::{Asset, AssetId, Value, Verdict};
use serde::Deserialize;

use crate::program::root;

/// A labelled configuration; [the page above](self) tells what each key means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    pub(crate) name: String,
    #[serde(default, rename = "docs")]
    _docs: Option<String>,
    pub(crate) files: BTreeMap<String, String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    residency: Vec<String>,
    #[serde(default)]
    holds: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    pub(crate) expect: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    severity: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    attributes: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    gaps: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn all(&self) -> &[String] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// Threads as a scan from the command line has them: Cedar's frames are large in debug builds.
static POOL: LazyLock<rayon::ThreadPool> =
    LazyLock::new(|| rayon::ThreadPoolBuilder::new().stack_size(16 << 20).build().expect("threads"));

/// Our packs, loaded once for all fixtures.
pub(crate) static PACKS: LazyLock<Packs> =
    LazyLock::new(|| Packs::load(&loaded(Config::default())).unwrap_or_else(|error| panic!("{error:?}")));

fn loaded(config: Config) -> Loaded {
    Loaded { config, path: None, text: "".into() }
}

/// Every fixture with the file it stands in.
pub(crate) fn fixtures() -> Vec<(String, Fixture)> {
    let mut all = Vec::new();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root().join("tests/iac"))
        .expect("fixtures")
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a fixture file is text");
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let of_file: Vec<Fixture> = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        all.extend(of_file.into_iter().map(|fixture| (file.clone(), fixture)));
    }
    all
}

impl Fixture {
    /// A configuration that nothing is said of.
    pub(crate) fn of(name: &str, files: BTreeMap<String, String>) -> Fixture {
        Fixture {
            name: name.to_owned(),
            _docs: None,
            files,
            variables: BTreeMap::new(),
            residency: Vec::new(),
            holds: BTreeMap::new(),
            expect: BTreeMap::new(),
            severity: BTreeMap::new(),
            attributes: BTreeMap::new(),
            absent: Vec::new(),
            gaps: BTreeSet::new(),
        }
    }

    /// Crawls and judges `files`, written into `folder`, under the fixture's configuration.
    pub(crate) fn judged(&self, files: &BTreeMap<String, String>, folder: &std::path::Path) -> Judged {
        for (path, text) in files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let declare = self.holds.iter().map(|(address, classes)| {
            let columns = classes.all().iter().enumerate().map(|(at, class)| (format!("held_{at}"), class.clone()));
            Declaration { asset: globset::escape(address), columns: columns.collect(), ..Declaration::default() }
        });
        let config = Config {
            variables: self.variables.clone(),
            residency: self.residency.clone(),
            declare: declare.collect(),
            ..Config::default()
        };
        let as_of = time::macros::date!(2026 - 11 - 01);
        let request = Request {
            roots: vec![folder.to_path_buf()],
            loaded: loaded(config),
            as_of,
            started: as_of.midnight().assume_utc(),
            threshold: Threshold::Never,
            threshold_new: None,
            strict: false,
            baseline: None,
            compare: None,
            facts: None,
        };
        // Loaded before the pool is entered: a thread of it that waits would take on another fixture, and wait for itself.
        let packs = &*PACKS;
        POOL.install(|| judge(packs, &request, &|_| {})).unwrap_or_else(|error| panic!("{}: {error:?}", self.name))
    }

    fn faults(&self) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let judged = self.judged(&self.files, folder.path());
        let mut faults = self.wrong_verdicts(&judged);
        faults.extend(self.wrong_attributes(&judged));
        let inventory = &judged.crawl.inventory;
        let gaps: BTreeSet<String> = inventory.gaps.iter().map(|gap| gap.kind.as_str().to_owned()).collect();
        if gaps != self.gaps {
            let told: Vec<&str> = inventory.gaps.iter().map(|gap| gap.message.as_str()).collect();
            faults.push(format!("gaps: wanted {:?}, found {gaps:?}: {told:?}", self.gaps));
        }
        for address in &self.absent {
            if inventory.assets.values().any(|asset| named(asset, address)) {
                faults.push(format!("{address} must not become an asset"));
            }
        }
        faults
    }

    fn wrong_verdicts(&self, judged: &Judged) -> Vec<String> {
        let assets = &judged.crawl.inventory.assets;
        let mut faults = Vec::new();
        let mut explained: BTreeSet<(&str, Option<&AssetId>, &AssetId)> = BTreeSet::new();
        for (address, controls) in &self.expect {
            let (principal, resource) = match address.split_once(" -> ") {
                Some((principal, resource)) => (Some(principal), resource),
                None => (None, address.as_str()),
            };
            if !assets.values().any(|asset| named(asset, resource)) {
                let all: Vec<&str> = assets.values().map(|asset| asset.address.as_str()).collect();
                faults.push(format!("{resource} is no asset; there are {all:?}"));
                continue;
            }
            for (control, wanted) in controls {
                if !judged.judgement.tallies.contains_key(control) {
                    faults.push(format!("{address}: there is no control `{control}`"));
                    continue;
                }
                let is = |id: &AssetId, address: &str| assets.get(id).is_some_and(|asset| named(asset, address));
                let spoken: Vec<_> = judged
                    .judgement
                    .decisions
                    .iter()
                    .filter(|decision| decision.policy == *control && is(&decision.resource, resource))
                    .filter(|decision| {
                        principal.is_none_or(|wanted| decision.principal.as_ref().is_some_and(|id| is(id, wanted)))
                    })
                    .collect();
                let worst = spoken.iter().max_by_key(|decision| rank(decision.verdict));
                let found = worst.map_or("not-applicable", |decision| word(decision.verdict));
                if found != wanted {
                    let why: Vec<String> =
                        spoken.iter().flat_map(|d| &d.unknown).map(|(name, why)| format!("{name}: {why}")).collect();
                    faults.push(format!("{address}: {control} must be {wanted}, is {found} {why:?}"));
                }
                if let Some(wanted) = self.severity.get(address).and_then(|controls| controls.get(control)) {
                    let found = worst.and_then(|decision| decision.severity).map(|severity| severity.to_string());
                    if found.as_ref() != Some(wanted) {
                        faults.push(format!("{address}: {control} must be {wanted}, is {found:?}"));
                    }
                }
                explained.extend(spoken.iter().map(|d| (d.policy.as_str(), d.principal.as_ref(), &d.resource)));
            }
        }
        let mentioned: BTreeSet<&str> =
            self.expect.values().flat_map(|controls| controls.keys().map(String::as_str)).collect();
        for decision in &judged.judgement.decisions {
            let open = matches!(decision.verdict, Verdict::Fail | Verdict::Inconclusive);
            let key = (decision.policy.as_str(), decision.principal.as_ref(), &decision.resource);
            if open && mentioned.contains(decision.policy.as_str()) && !explained.contains(&key) {
                let (verdict, resource) = (word(decision.verdict), &decision.resource);
                faults.push(format!(
                    "extra: {} is {verdict} at {resource} (by {:?})",
                    decision.policy, decision.principal
                ));
            }
        }
        faults
    }

    fn wrong_attributes(&self, judged: &Judged) -> Vec<String> {
        let assets = &judged.crawl.inventory.assets;
        let mut faults = Vec::new();
        for (address, attributes) in &self.attributes {
            let Some(asset) = assets.values().find(|asset| named(asset, address)) else {
                faults.push(format!("{address} is no asset"));
                continue;
            };
            for (name, wanted) in attributes {
                let found = asset.attributes.get(name).map(|attribute| &attribute.value);
                let fits = match (wanted, found) {
                    (serde_json::Value::Null, None | Some(Value::Null)) => true,
                    (serde_json::Value::String(text), Some(Value::Unknown(_))) => text == "?",
                    (wanted, Some(value)) => json(value).as_ref() == Some(wanted),
                    _ => false,
                };
                if !fits {
                    faults.push(format!("{address}: {name} must be {wanted}, is {found:?}"));
                }
            }
        }
        faults
    }
}

fn json(value: &Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(json).collect::<Option<Vec<_>>>()?.into(),
        Value::Null | Value::Map(_) | Value::Unknown(_) => return None,
    })
}

/// Whether a fixture's `address` means `asset`: its address, with the file before it where two files share one.
fn named(asset: &Asset, address: &str) -> bool {
    asset.address == address
        || address.split_once(':').is_some_and(|(path, rest)| {
            asset.address == rest && asset.place.as_ref().is_some_and(|place| &*place.path == path)
        })
}

pub(crate) fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotApplicable => 0,
        Verdict::Pass => 1,
        Verdict::Inconclusive => 2,
        Verdict::Fail => 3,
    }
}

pub(crate) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "not-applicable",
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Fail => "fail",
    }
}

#[test]
fn every_labelled_configuration_is_judged_as_its_label_says() {
    let fixtures = fixtures();
    let mut names = BTreeSet::new();
    for (file, fixture) in &fixtures {
        assert!(names.insert((file, &fixture.name)), "{file}: `{}` stands twice", fixture.name);
        let says = fixture.expect.len() + fixture.attributes.len() + fixture.absent.len() + fixture.gaps.len();
        assert!(says > 0, "{file}: `{}` expects nothing", fixture.name);
    }
    // In threads of their own: judging uses the pool, and a fixture inside another's wait would use up the stack.
    let share = fixtures.len().div_ceil(4).max(1);
    let faults: Vec<String> = std::thread::scope(|scope| {
        let judge = |part: &[(String, Fixture)]| -> Vec<String> {
            let told = |(file, fixture): &(String, Fixture)| {
                let faults = fixture.faults().into_iter();
                faults.map(|fault| format!("{file}: {}\n    {fault}", fixture.name)).collect::<Vec<_>>()
            };
            part.iter().flat_map(told).collect()
        };
        let threads: Vec<_> = fixtures.chunks(share).map(|part| scope.spawn(move || judge(part))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("fixtures are judged")).collect()
    });
    assert!(faults.is_empty(), "{} faults in {} fixtures\n{}", faults.len(), fixtures.len(), faults.join("\n"));
}
