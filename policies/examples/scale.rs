//! Measures judging: `cargo run --release -p aedile-policies --example scale -- [ASSETS GRANTS POLICIES]`.
//!
//! Judges invented platforms of growing size by growing numbers of policies, and prints decisions a second, how time grows
//! with assets and with policies, how much memory the process has used at most, and how long the next run takes after a
//! change of one file. With three numbers: that platform alone.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::collections::BTreeSet;
use std::error::Error;
use std::time::Instant;

use aedile_model::{
    Access, Asset, AssetId, AssetKind, Attribute, Basis, Class, Confidence, Inventory, Place, Protection, Relation,
    RelationKind, Tag, Value,
};
use aedile_policies::{Memory, Platform, Policies, PolicySource};
use time::macros::date;

/// Classes that a policy may name; a platform also has columns that are nothing sensitive.
const JUDGED: [&str; 11] = [
    "phi.diagnosis",
    "phi.mrn",
    "pii.contact.email",
    "pii.contact.phone",
    "pii.name.full",
    "pii.demographic.birth_date",
    "pii.government.us_ssn",
    "special.ethnicity",
    "financial.card",
    "financial.iban",
    "pii.online.ip",
];

const SETTINGS: [&str; 16] = [
    "encryptedAtRest",
    "customerManagedKey",
    "public",
    "tlsRequired",
    "versioned",
    "loggingEnabled",
    "objectLocked",
    "tlsVersionCurrent",
    "publicAccessBlocked",
    "networkRestricted",
    "identityAuth",
    "uniformAccess",
    "backupPlanned",
    "privateNetwork",
    "deletionProtected",
    "tagged",
];

const REGIONS: [&str; 4] = ["eu-west-1", "us-east-1", "eu-central-1", "ap-southeast-2"];
const ENVIRONMENTS: [&str; 3] = ["production", "staging", "development"];

/// Numbers without a clock: the same platform every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let at = self.below(all.len());
        all.get(at).copied()
    }
}

fn inventory(assets: usize, grants: usize) -> Inventory {
    let mut dice = Dice(7);
    let mut inventory = Inventory::default();
    let (mut stores, mut principals) = (Vec::new(), Vec::new());
    for at in 0..assets {
        let kind = match at % 10 {
            0 | 1 => AssetKind::Bucket,
            2..=5 => AssetKind::Table,
            6 => AssetKind::Database,
            7 => AssetKind::Pipeline,
            8 => AssetKind::Role,
            _ => AssetKind::Model,
        };
        let name = format!("asset{at}");
        let id = AssetId::new(kind, "infra", &name);
        let mut asset = Asset::new(id.clone(), kind, name.clone(), name);
        asset.place = Some(Place::new(&"infra/main.tf".into(), at, at + 1));
        for setting in SETTINGS {
            match dice.below(20) {
                0..=8 => asset.set(setting, true, None),
                9..=16 => asset.set(setting, false, None),
                17 => asset.set(setting, Value::unknown("var.setting", "the variable has no default"), None),
                _ => {}
            }
        }
        asset.set("retentionDays", dice.below(800) as i64, None);
        if let Some(region) = dice.of(&REGIONS) {
            asset.set("region", region, None);
        }
        if let Some(environment) = dice.of(&ENVIRONMENTS) {
            asset.set("environment", environment, None);
        }
        if kind.holds_data() {
            asset.add_tag(tag("technical.id"));
            for _ in 0..dice.below(4) {
                if let Some(class) = dice.of(&JUDGED) {
                    asset.add_tag(tag(class));
                }
            }
            stores.push(id.clone());
        } else if kind.is_principal() {
            principals.push(id.clone());
        }
        inventory.add(asset);
    }
    let accesses = [Access::Read, Access::Write, Access::Administer, Access::Share];
    for at in 0..grants {
        let (from, to) = (dice.below(principals.len()), dice.below(stores.len()));
        let (Some(from), Some(to)) = (principals.get(from), stores.get(to)) else { continue };
        let place = Place::new(&"infra/iam.tf".into(), at, at + 1);
        let mut relation = Relation::new(RelationKind::Grants, from.clone(), to.clone(), Some(place));
        relation.access = (0..=dice.below(2)).filter_map(|_| dice.of(&accesses)).collect::<BTreeSet<_>>();
        for flag in ["viaWildcard", "conditioned", "crossAccount", "used"] {
            let value = Attribute { value: Value::Bool(dice.below(3) == 0), place: None };
            relation.attributes.insert(flag.to_owned(), value);
        }
        relation.carries = inventory.asset(to).map(|asset| asset.tags.clone()).unwrap_or_default();
        inventory.relate(relation);
    }
    inventory.settle();
    inventory
}

fn tag(class: &str) -> Tag {
    let mut tag = Tag::new(Class::new(class), Basis::NameAndValue, Confidence::CERTAIN);
    tag.protection = Protection::None;
    tag
}

/// `count` further guardrails, each of which reads two settings and a class.
fn further(count: usize) -> PolicySource {
    let mut dice = Dice(11);
    let mut text = String::new();
    for at in 0..count {
        let (Some(one), Some(class)) = (dice.of(&SETTINGS[..6]), dice.of(&JUDGED)) else { continue };
        let (kind, one) = if at % 2 == 0 { ("Bucket", one) } else { ("Database", "encryptedAtRest") };
        text.push_str(&format!(
            "// A policy of the measurement, so that there are many of them.\n@id(\"measured-{at}\")\n@title(\"`{{asset}}` is measured\")\n@severity(\"low\")\n@remedy(\"leave `{{asset}}` alone\")\nforbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::{kind})\nwhen {{ resource.holds in Aedile::DataClass::\"{class}\" }}\nunless {{ resource has {one} && resource.{one} }};\n"
        ));
    }
    PolicySource::new("measured.cedar", text)
}

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    if let [assets, grants, policies] = numbers.as_slice() {
        return measure(*assets, *grants, *policies);
    }
    println!("growth with assets (two grants an asset)");
    for assets in [1_000, 2_000, 5_000, 10_000, 20_000] {
        measure(assets, assets * 2, 200)?;
    }
    println!("growth with policies");
    for policies in [0, 200, 400, 800] {
        measure(10_000, 20_000, policies)?;
    }
    Ok(())
}

fn measure(assets: usize, grants: usize, policies: usize) -> Result<(), Box<dyn Error>> {
    let built_in = Policies::load(&[], &[])?.info().len();
    let more = policies.saturating_sub(built_in);
    let start = Instant::now();
    let loaded = Policies::load(&[further(more)], &[])?;
    let loading = start.elapsed().as_secs_f64();
    let inventory = inventory(assets, grants);
    let platform = Platform { residency: BTreeSet::from(["EEA".to_owned()]), as_of: date!(2026 - 11 - 01) };
    let start = Instant::now();
    let judgement = loaded.judge(&inventory, &platform);
    let took = start.elapsed().as_secs_f64();
    let memory = most_memory();
    // The next run: one file has changed, and with it ten assets.
    let answers = Memory::default();
    let first = loaded.judge_again(&inventory, &platform, Some(&answers));
    let written = answers.written();
    let mut changed = inventory.clone();
    for asset in changed.assets.values_mut().step_by(assets.div_ceil(10).max(1)) {
        asset.set("encryptedAtRest", !matches!(asset.value("encryptedAtRest"), Some(Value::Bool(true))), None);
    }
    let start = Instant::now();
    let answers = Memory::read(&written);
    let again = loaded.judge_again(&changed, &platform, Some(&answers));
    let took_again = start.elapsed().as_secs_f64();
    let (asked, known) = answers.asked();
    let same = first == judgement && again == loaded.judge(&changed, &platform);
    let decided: u64 = judgement.tallies.values().map(|tally| tally.population() + tally.not_applicable).sum();
    println!(
        "{assets:6} assets {grants:6} grants {:4} policies: loaded in {loading:5.2} s, judged in {took:6.3} s, {:9.0} decisions a second, {} findings, {} errors, {}",
        loaded.info().len(),
        decided as f64 / took,
        judgement.findings.len(),
        judgement.errors.len(),
        memory
    );
    println!(
        "       one file later: judged in {took_again:6.3} s, {} of {asked} questions asked, {} KiB remembered, {}",
        asked - known,
        written.len() >> 10,
        if same { "the same judgement as without" } else { "ANOTHER JUDGEMENT THAN WITHOUT" }
    );
    Ok(())
}

/// The most memory that the process has had, as Linux tells it.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: unknown");
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ") + " at most"
}
