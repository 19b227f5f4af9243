//! Findings over a small platform that needs several files to be understood.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{
    Access, Asset, AssetId, AssetKind, Basis, Class, Columns, Confidence, Finding, Flow, Inventory, Place, Protection,
    Relation, RelationKind, Severity, Tag, Value, Verdict,
};
use time::macros::date;

use crate::built_in_tests::built_in;
use crate::{Judgement, Memory, ObligationStatus, Platform, Policies, PolicySource, Tally};

fn place(path: &str, at: usize) -> Place {
    Place::new(&path.into(), at, at + 5)
}

fn asset(kind: AssetKind, unit: &str, address: &str, at: Place) -> Asset {
    let mut asset = Asset::new(AssetId::new(kind, unit, address), kind, address, address);
    asset.place = Some(at);
    asset
}

fn tag(class: &str, origins: &[&AssetId]) -> Tag {
    let mut tag = Tag::new(Class::new(class), Basis::NameAndValue, Confidence::percent(98));
    (tag.hits, tag.of, tag.example_shape) = (412, 412, Some("A99.9".to_owned()));
    tag.origins = origins.iter().map(|id| (*id).clone()).collect();
    tag
}

/// patients.csv(diagnosis) in bucket raw; role analyst reads raw by a wildcard; a job reads it and logs.
fn clinic() -> Inventory {
    let mut inventory = Inventory::default();
    let dataset = asset(AssetKind::Dataset, "", "data/patients.csv", place("data/patients.csv", 0));
    let mut column = asset(AssetKind::Column, "", "diagnosis", place("data/patients.csv", 40));
    column.id = AssetId::column(&dataset.id, "diagnosis");
    column.add_tag(tag("phi.diagnosis", &[]));
    let held = tag("phi.diagnosis", &[&column.id]);
    let mut bucket = asset(AssetKind::Bucket, "infra", "aws_s3_bucket.raw", place("infra/storage.tf", 10));
    bucket.add_tag(held.clone());
    bucket.set("encryptedAtRest", false, Some(place("infra/storage.tf", 90)));
    bucket.set(
        "public",
        Value::unknown("var.public", "the variable has no default"),
        Some(place("infra/storage.tf", 60)),
    );
    let role = asset(AssetKind::Role, "infra", "aws_iam_role.analyst", place("infra/iam.tf", 5));
    let job = asset(AssetKind::Pipeline, "", "jobs/clean.py", place("jobs/clean.py", 0));
    let mut log = Asset::new(AssetId::new(AssetKind::Sink, "", "log"), AssetKind::Sink, "log", "log");
    log.set("sinkKind", "log", None);

    let relate = |kind, from: &Asset, to: &Asset, at| Relation::new(kind, from.id.clone(), to.id.clone(), Some(at));
    inventory.relate(relate(RelationKind::PartOf, &column, &dataset, place("data/patients.csv", 40)));
    inventory.relate(relate(RelationKind::StoredIn, &dataset, &bucket, place("aedile.yaml", 3)));
    inventory.relate(relate(RelationKind::Reads, &job, &dataset, place("jobs/clean.py", 10)));
    for at in [100, 200] {
        let mut sends = relate(RelationKind::SendsTo, &job, &log, place("jobs/clean.py", at));
        sends.carries = vec![held.clone()];
        sends.flow = Some(Flow {
            columns: Columns::Named(BTreeMap::from([("diagnosis".to_owned(), Protection::None)])),
            sources: BTreeSet::from([dataset.id.clone()]),
            steps: vec![place("jobs/clean.py", 10), place("jobs/clean.py", at)],
            ..Flow::new(Columns::All)
        });
        inventory.relate(sends);
    }
    let mut grant = relate(RelationKind::Grants, &role, &bucket, place("infra/iam.tf", 70));
    grant.access = BTreeSet::from([Access::Read, Access::Write]);
    grant.attributes.insert(
        "viaWildcard".to_owned(),
        aedile_model::Attribute { value: Value::Bool(true), place: Some(place("infra/iam.tf", 75)) },
    );
    inventory.relate(grant);
    for one in [dataset, column, bucket, role, job, log] {
        inventory.add(one);
    }
    inventory.settle();
    inventory
}

fn judge_with(intended: &[PolicySource], inventory: &Inventory) -> Judgement {
    let own;
    let policies = if intended.is_empty() {
        built_in()
    } else {
        own = Policies::load(&[], intended).unwrap();
        &own
    };
    policies.judge(inventory, &Platform { residency: BTreeSet::new(), as_of: date!(2026 - 11 - 01) })
}

fn of<'a>(judgement: &'a Judgement, policy: &str) -> &'a Finding {
    let found: Vec<&Finding> = judgement.findings.iter().filter(|finding| finding.policy == policy).collect();
    assert_eq!(found.len(), 1, "{policy}: {found:#?}");
    found[0]
}

#[test]
fn a_store_finding_tells_how_the_data_got_there() {
    let judgement = judge_with(&[], &clinic());
    assert_eq!(judgement.errors, []);
    let finding = of(&judgement, "store-encrypted-at-rest");
    assert_eq!(finding.title, "`aws_s3_bucket.raw`, which holds phi.diagnosis, is not encrypted at rest");
    assert_eq!((finding.severity, finding.verdict), (Severity::Critical, Verdict::Fail));
    let path: Vec<&str> = finding.path.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(
        path,
        [
            "column `diagnosis` of `data/patients.csv` (phi.diagnosis, 98 %, name and value)",
            "stored in bucket `aws_s3_bucket.raw`"
        ]
    );
    assert_eq!(finding.places, [place("infra/storage.tf", 90), place("infra/storage.tf", 10)]);
    let evidence: Vec<&str> = finding.evidence.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(evidence[0], "`encryptedAtRest` is false");
    assert!(evidence[1].contains("412 of 412 values, shape `A99.9`, 98 % by name and value"), "{evidence:?}");
    assert!(finding.aliases.contains(&"CKV_AWS_19".to_owned()));
    assert!(finding.citations.iter().any(|cite| cite.obligation == "gdpr:32(1)(a)"));
    assert!(finding.remediation.text.contains("`aws_s3_bucket.raw`"));
}

#[test]
fn an_unknown_is_named_and_keeps_the_severity() {
    let judgement = judge_with(&[], &clinic());
    let finding = of(&judgement, "store-not-public");
    assert_eq!((finding.severity, finding.verdict), (Severity::Critical, Verdict::Inconclusive));
    assert!(finding.title.starts_with("undecided, depends on `var.public`: "), "{}", finding.title);
    assert!(finding.evidence[0].text.contains("the variable has no default"));
    assert_eq!(finding.places[0], place("infra/storage.tf", 60));
}

#[test]
fn relations_of_one_pair_make_one_finding_about_the_code() {
    let judgement = judge_with(&[], &clinic());
    let finding = of(&judgement, "personal-data-not-logged");
    assert_eq!(finding.asset.address, "jobs/clean.py");
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(finding.places[0], place("jobs/clean.py", 100));
    assert!(finding.places.contains(&place("jobs/clean.py", 200)));
    let path: Vec<&str> = finding.path.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(path[1..], ["read by pipeline `jobs/clean.py`", "sent to sink `log`"]);
    assert_eq!(judgement.tallies["personal-data-not-logged"].fail, 2);
}

#[test]
fn a_grant_finding_names_both_parties_and_every_access() {
    let judgement = judge_with(&[], &clinic());
    let finding = of(&judgement, "grant-without-wildcard");
    assert_eq!(finding.asset.address, "aws_s3_bucket.raw");
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(finding.places[0], place("infra/iam.tf", 70));
    assert_eq!(finding.path.last().unwrap().text, "read, write granted to role `aws_iam_role.analyst`");
}

#[test]
fn a_fingerprint_survives_moved_lines_and_not_new_columns() {
    let before = clinic();
    let mut moved = before.clone();
    for relation in &mut moved.relations {
        relation.place = relation.place.as_ref().map(|at| place(&at.path, at.span.start as usize + 900));
    }
    let mut wider = before.clone();
    for flow in wider.relations.iter_mut().filter_map(|relation| relation.flow.as_mut()) {
        flow.columns = Columns::All;
    }
    let print = |inventory: &Inventory| of(&judge_with(&[], inventory), "personal-data-not-logged").fingerprint.clone();
    assert_eq!(print(&before), print(&moved));
    assert_ne!(print(&before), print(&wider));
}

#[test]
fn what_nobody_intended_is_found_only_if_somebody_said_what_is_intended() {
    assert!(!judge_with(&[], &clinic()).tallies.contains_key("access-as-intended"));
    let permits = |who: &str| {
        PolicySource::new(
            "intended.cedar",
            format!(
                "@id(\"readers\") permit (principal is Aedile::Role, action == Aedile::Action::\"read\", resource)
                 when {{ principal.address == \"{who}\" }};"
            ),
        )
    };
    let judgement = judge_with(&[permits("aws_iam_role.analyst")], &clinic());
    let tally = judgement.tallies["access-as-intended"];
    assert_eq!((tally.pass, tally.fail), (1, 1));
    let finding = of(&judgement, "access-as-intended");
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(finding.path.last().unwrap().text, "write granted to role `aws_iam_role.analyst`");
    assert_eq!(judge_with(&[permits("nobody")], &clinic()).tallies["access-as-intended"].fail, 2);
}

#[test]
fn judging_gives_the_same_whatever_the_number_of_threads() {
    let policies = built_in();
    let platform = Platform { residency: BTreeSet::from(["eea".to_owned()]), as_of: date!(2026 - 11 - 01) };
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let many = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
    let inventory = clinic();
    assert_eq!(
        alone.install(|| policies.judge(&inventory, &platform)),
        many.install(|| policies.judge(&inventory, &platform))
    );
}

#[test]
fn an_obligation_is_never_satisfied_by_absence_nor_before_its_date() {
    let frameworks = crate::Frameworks::load(&[]).unwrap();
    let status = |tallies: &BTreeMap<String, Tally>, obligation: &str, as_of| {
        let results = frameworks.assess(tallies, as_of);
        let found = results.iter().flat_map(|result| &result.obligations).find(|found| found.id == obligation);
        let found = found.unwrap().clone();
        (found.status, found.why)
    };
    let now = date!(2026 - 11 - 01);
    let retention = |pass, fail, inconclusive| {
        let tally = Tally { pass, fail, inconclusive, not_applicable: 9 };
        BTreeMap::from([("personal-data-has-retention".to_owned(), tally)])
    };
    let article = "gdpr:5(1)(e)";
    assert_eq!(status(&retention(0, 0, 0), article, now).0, ObligationStatus::NotAssessed);
    assert_eq!(
        status(&retention(2, 0, 0), article, now),
        (ObligationStatus::Satisfied, "all 2 pass; 1 of 2 controls found nothing to judge".to_owned())
    );
    assert_eq!(status(&retention(2, 1, 1), article, now), (ObligationStatus::NotSatisfied, "1 of 4 fail".to_owned()));
    assert_eq!(status(&retention(2, 0, 1), article, now).0, ObligationStatus::NotAssessed);
    assert_eq!(status(&retention(2, 0, 0), "gdpr:6(1)", now).0, ObligationStatus::NotAssessed);
    let (manual, why) = status(&retention(2, 0, 0), "gdpr:16", now);
    assert!(manual == ObligationStatus::NotAssessed && why.starts_with("only a person can tell: "), "{why}");
    let captured = BTreeMap::from([("endpoint-captures-data".to_owned(), Tally { pass: 1, ..Tally::default() })]);
    assert_eq!(status(&captured, "eu-ai-act:26(5)", now).1, "applies from 2027-12-02");
    assert_eq!(status(&captured, "eu-ai-act:26(5)", date!(2028 - 01 - 01)).0, ObligationStatus::Satisfied);
}

#[test]
fn low_confidence_and_negative_classes_are_not_held() {
    let mut inventory = Inventory::default();
    let mut bucket = asset(AssetKind::Bucket, "infra", "b", place("infra/b.tf", 1));
    bucket.add_tag(Tag::new(Class::new("phi.mrn"), Basis::Name, Confidence::percent(49)));
    bucket.add_tag(Tag::new(Class::new("technical.id"), Basis::Name, Confidence::percent(99)));
    inventory.add(bucket);
    assert_eq!(judge_with(&[], &inventory).tallies["store-encrypted-at-rest"].not_applicable, 1);
}

#[test]
fn an_asset_known_only_by_reference_has_no_configuration_to_judge() {
    let mut inventory = Inventory::default();
    let mut role = asset(AssetKind::Role, "", "cluster-admin", place("k8s/rbac.yaml", 1));
    role.set("adminWildcard", true, None);
    role.place = None;
    inventory.add(role);
    assert_eq!(judge_with(&[], &inventory).tallies["role-without-admin-wildcard"], Tally::default());
}

/// Everything that the answers of a judgement may depend on is changed, one thing after another.
#[test]
fn what_is_remembered_changes_no_judgement() {
    let groups = PolicySource::new(
        "own.cedar",
        "// Interns read nothing, whatever their group is called: a policy that names an asset is asked about each.\n@id(\"own-interns\")\n@title(\"`{principal}` is an intern\")\n@severity(\"high\")\n@remedy(\"take `{principal}` out\")\n@since(\"0.1.0\")\nforbid (principal in Aedile::Group::\"Group:interns\", action == Aedile::Action::\"read\", resource);\n",
    );
    let policies = Policies::load(&[groups], &[]).unwrap();
    let eea = Platform { residency: BTreeSet::from(["EEA".to_owned()]), as_of: date!(2026 - 11 - 01) };
    let anywhere = Platform { residency: BTreeSet::new(), ..eea.clone() };
    let mut clinic = clinic();
    let interns = asset(AssetKind::Group, "", "interns", place("infra/iam.tf", 200));
    clinic.add(interns.clone());
    let ids: Vec<AssetId> = clinic.assets.keys().cloned().collect();
    let role = ids.iter().find(|id| id.as_str().starts_with("Role:")).unwrap();

    let mut worlds = vec![("as it is", clinic.clone(), eea.clone()), ("anywhere", clinic.clone(), anywhere)];
    for id in &ids {
        for (name, value) in [
            ("public", Value::Bool(true)),
            ("public", Value::Bool(false)),
            ("encryptedAtRest", Value::Bool(true)),
            ("region", Value::Text("us-east-1".to_owned())),
            ("retentionDays", Value::Int(30)),
        ] {
            let mut changed = clinic.clone();
            changed.assets.get_mut(id).unwrap().set(name, value, None);
            worlds.push((name, changed, eea.clone()));
        }
        let mut changed = clinic.clone();
        changed.assets.get_mut(id).unwrap().tags.clear();
        worlds.push(("no tags", changed, eea.clone()));
        let mut changed = clinic.clone();
        changed.assets.get_mut(id).unwrap().tags.iter_mut().for_each(|tag| tag.protection = Protection::Keyed);
        worlds.push(("under a key", changed, eea.clone()));
    }
    let mut member = clinic.clone();
    member.relate(Relation::new(RelationKind::MemberOf, role.clone(), interns.id.clone(), None));
    member.settle();
    worlds.push(("an intern", member, eea.clone()));
    let mut alone = clinic.clone();
    alone.relations.retain(|relation| relation.kind != RelationKind::Grants);
    worlds.push(("without grants", alone, eea.clone()));

    let first = Memory::default();
    assert_eq!(policies.judge_again(&clinic, &eea, Some(&first)), policies.judge(&clinic, &eea));
    let (asked, known) = first.asked();
    assert!(asked > 5 && known == 0);
    let written = first.written();
    let again = Memory::read(&written);
    assert_eq!(policies.judge_again(&clinic, &eea, Some(&again)), policies.judge(&clinic, &eea));
    assert_eq!((again.asked(), again.changed()), ((asked, asked), false));
    let fresh: Vec<Judgement> = worlds.iter().map(|(_, world, platform)| policies.judge(world, platform)).collect();
    assert!(fresh.iter().skip(1).filter(|judgement| **judgement != fresh[0]).count() > 5, "the changes count");
    for ((what, world, platform), fresh) in worlds.iter().zip(&fresh) {
        let memory = Memory::read(&written);
        assert_eq!(policies.judge_again(world, platform, Some(&memory)), *fresh, "{what}");
    }
    // Whatever was remembered of all of them together.
    let mut all = written;
    for (_, world, platform) in &worlds {
        let memory = Memory::read(&all);
        let _ = policies.judge_again(world, platform, Some(&memory));
        let more = memory.written();
        all.extend(
            more.lines()
                .skip(1)
                .filter(|line| !all.contains(*line))
                .map(|line| format!("{line}\n"))
                .collect::<Vec<_>>(),
        );
    }
    for ((what, world, platform), fresh) in worlds.iter().zip(&fresh) {
        let memory = Memory::read(&all);
        assert_eq!(policies.judge_again(world, platform, Some(&memory)), *fresh, "{what}");
        assert!(!memory.changed() || memory.asked().0 == memory.asked().1, "all is known: {what}");
    }
}
