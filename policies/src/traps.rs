//! The eleven traps of judging by Cedar, each a test under its own name.

use std::collections::BTreeSet;

use aedile_model::{
    Access, Asset, AssetId, AssetKind, Basis, Class, Confidence, Inventory, Place, Relation, RelationKind, Tag, Value,
    Verdict,
};
use time::macros::date;

use crate::built_in_tests::built_in;
use crate::facts::Slice;
use crate::schema::entity;
use crate::{Judgement, Memory, Platform, Policies, PolicyError, PolicySource};

const HEAD: &str = r#"@id("own") @title("t") @severity("low") @remedy("r")"#;

fn platform() -> Platform {
    Platform { residency: BTreeSet::new(), as_of: date!(2026 - 11 - 01) }
}

fn load(text: &str) -> Result<Policies, PolicyError> {
    Policies::load(&[PolicySource::new("own.cedar", text)], &[])
}

/// The faults of a refused file with their advice, as one text.
fn refused(text: &str) -> String {
    fn told(fault: &dyn miette::Diagnostic) -> String {
        let help = fault.help().map(|help| help.to_string()).unwrap_or_default();
        let related = fault.related().into_iter().flatten().map(told).collect::<Vec<_>>().join("\n");
        format!("{fault}\n{help}\n{related}")
    }
    told(&load(text).map(|_| ()).unwrap_err())
}

fn asset(kind: AssetKind, name: &str) -> Asset {
    let mut asset = Asset::new(AssetId::new(kind, "infra", name), kind, name, name);
    asset.place = Some(Place::new(&"infra/main.tf".into(), 10, 20));
    asset
}

fn bucket(name: &str, class: &str) -> Asset {
    let mut bucket = asset(AssetKind::Bucket, name);
    bucket.add_tag(Tag::new(Class::new(class), Basis::Value, Confidence::percent(98)));
    bucket
}

fn of(assets: impl IntoIterator<Item = Asset>) -> Inventory {
    let mut inventory = Inventory::default();
    assets.into_iter().for_each(|asset| inventory.add(asset));
    inventory
}

fn judge(policies: &Policies, inventory: &Inventory) -> Judgement {
    policies.judge(inventory, &platform())
}

#[test]
fn trap_1_a_forbid_that_errors_is_inconclusive_and_not_a_pass() {
    let policies = load(&format!(
        "{HEAD} forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket)
         unless {{ resource has retentionDays && resource.retentionDays * 1000 > 1 }};"
    ))
    .unwrap();
    let mut bucket = asset(AssetKind::Bucket, "b");
    bucket.set("retentionDays", Value::Int(i64::MAX), None);
    let judgement = judge(&policies, &of([bucket]));
    let tally = judgement.tallies["own"];
    assert_eq!((tally.inconclusive, tally.pass, tally.fail), (1, 0, 0));
    assert!(judgement.errors.iter().any(|error| error.policy.as_deref() == Some("own")), "{:?}", judgement.errors);
    let finding = judgement.findings.iter().find(|finding| finding.policy == "own").unwrap();
    assert_eq!(finding.verdict, Verdict::Inconclusive);
}

#[test]
fn trap_2_a_request_without_its_entities_is_refused() {
    let mut slice = Slice::default();
    let (platform, bucket) = (entity("Platform", "platform").unwrap(), entity("Bucket", "gone").unwrap());
    slice.add(platform.clone(), Default::default(), Default::default());
    let fault = slice.finish(&[&platform, &bucket]).unwrap_err();
    assert!(fault.contains("gone") && fault.contains("missing"), "{fault}");

    let policies = built_in();
    let mut inventory = of([bucket_of_mail()]);
    let nobody = AssetId::new(AssetKind::Role, "", "nobody");
    let mut grant = Relation::new(RelationKind::Grants, nobody, bucket_of_mail().id, None);
    grant.access.insert(Access::Read);
    inventory.relate(grant);
    let judgement = judge(policies, &inventory);
    assert_eq!(judgement.tallies["data-not-granted-to-anyone"].population(), 0);
    assert!(judgement.errors.iter().any(|error| error.message.contains("nobody")), "{:?}", judgement.errors);
}

fn bucket_of_mail() -> Asset {
    bucket("mail", "pii.contact.email")
}

#[test]
fn trap_3_a_dangling_reference_is_refused() {
    let mut slice = Slice::default();
    slice.name(entity("Holdings", "phi.mrn").unwrap());
    assert!(slice.finish(&[]).unwrap_err().contains("phi.mrn"));

    let said = refused(&format!(
        "{HEAD} forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket)
         when {{ resource.holds in Aedile::DataClass::\"personel\" }};"
    ));
    assert!(said.contains("not in the taxonomy") && said.contains("did you mean `personal`?"), "{said}");

    let named = load(&format!(
        "{HEAD} forbid (principal, action == Aedile::Action::\"read\", resource == Aedile::Bucket::\"Bucket:gone\");"
    ));
    let judgement = judge(&named.unwrap(), &of([bucket_of_mail()]));
    assert_eq!(judgement.tallies["own"].inconclusive, 1);
    assert!(judgement.errors.iter().any(|error| error.message.contains("Bucket:gone")));
}

#[test]
fn trap_4_every_satisfied_forbid_is_reported_and_sorted() {
    let policies = built_in();
    let mut open = bucket("b", "phi.diagnosis");
    open.set("public", true, None);
    let first = judge(policies, &of([open.clone()]));
    let failed: Vec<&str> = first.findings.iter().map(|finding| finding.policy.as_str()).collect();
    assert!(failed.contains(&"store-not-public") && failed.contains(&"store-encrypted-at-rest"), "{failed:?}");
    let keys: Vec<_> = first.decisions.iter().map(|decision| decision.policy.clone()).collect();
    assert!(keys.is_sorted());
    for _ in 0..5 {
        assert_eq!(judge(policies, &of([open.clone()])), first);
    }
}

#[test]
fn trap_5_positional_ids_are_replaced_and_ids_are_unique() {
    let said = refused(
        "@title(\"t\") @severity(\"low\") @remedy(\"r\") forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket);",
    );
    assert!(said.contains("no @id"), "{said}");
    let one = format!("{HEAD} forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket);");
    assert!(refused(&format!("{one}\n{one}")).contains("two policies have the id `own`"));
    let ours = one.replace("own", "store-not-public");
    assert!(refused(&ours).contains("controls/exposure.cedar"));
    assert!(refused(&one.replace("own", "Own_It")).contains("is not an id"));
    assert!(load(&one).unwrap().info().iter().any(|info| info.id == "own" && !info.built_in));
}

#[test]
fn trap_6_annotations_are_checked_by_us() {
    let scope = "forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket);";
    let said = refused(&format!("@id(\"own\") @titel(\"t\") @severity(\"hgih\") @remedy(\"{{aset}}\") {scope}"));
    for part in
        ["no @title", "@titel", "did you mean `title`?", "`hgih` is not a severity", "did you mean `high`?", "{aset}"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    let said = refused(&format!("{HEAD} @severity_spezial(\"low\") {scope}"));
    assert!(said.contains("did you mean `severity_special`?"), "{said}");
    assert!(refused(&format!("{HEAD} {}", scope.replace("forbid", "permit"))).contains("a guardrail permits"));
    assert!(refused(&format!("{HEAD} forbid (principal, action, resource);")).contains("every action"));
}

#[test]
fn trap_7_warnings_and_slices_that_do_not_suffice_are_errors() {
    let when = |clause: &str| {
        format!(
            "{HEAD} forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket) when {{ {clause} }};"
        )
    };
    assert!(refused(&when("resource.name == \"a\" && resource.name has x")).contains("own"));
    assert!(refused(&when("resource has public && !resource.public && false")).contains("policy is impossible"));
    assert!(refused(&when("resource.encryptedAtRest")).contains("encryptedAtRest"));
    assert!(refused(&when("resource has encryptedAtRst && resource.encryptedAtRst")).contains("impossible"));
    assert!(refused(&when("resource.name == \"say\u{202e}hello\"")).contains("own"));
}

#[test]
fn trap_8_long_and_deep_text_is_refused_before_it_is_parsed() {
    assert!(refused(&" ".repeat(PolicySource::MAX_BYTES + 1)).contains("at most 262144 are read"));
    let deep =
        format!("{HEAD} forbid (principal, action, resource) when {{ {}true{} }};", "(".repeat(80), ")".repeat(80));
    assert!(refused(&deep).contains("nests brackets deeper than"));
    let long = format!("{HEAD} forbid (principal, action, resource) when {{ {}true }};", "true && ".repeat(4000));
    assert!(refused(&long).contains("has a statement longer than"));
    // Brackets in strings and comments are no nesting.
    let harmless = format!(
        "// {0}\n{HEAD} forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket) when {{ resource.name == \"{0}\\\"{0}\" }};",
        "(".repeat(80)
    );
    load(&harmless).unwrap();
    // What the limits let through is parsed and judged without a fault of the stack.
    let most = format!(
        "{HEAD} forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket) when {{ {}resource.name == \"b\" }};",
        "resource.name != \"c\" && ".repeat(200)
    );
    let judgement = judge(&load(&most).unwrap(), &of([bucket_of_mail()]));
    assert_eq!(judgement.tallies["own"].population() + judgement.tallies["own"].not_applicable, 1);
}

#[test]
fn trap_9_nothing_rests_on_the_order_of_json_members() {
    let text = |clause: &str| {
        format!(
            "{HEAD} forbid (principal, action == Aedile::Action::\"operate\", resource is Aedile::Bucket) {clause};"
        )
    };
    let a = load(&text("when { resource has owner && resource has account } unless { resource has region }")).unwrap();
    let reads = |policies: &Policies| {
        let control = policies.guardrails.controls.iter().find(|control| control.info.id == "own").unwrap();
        let body = control.body().unwrap();
        (body.reads.clone(), body.scope_reads.attributes.len(), body.twin.to_string())
    };
    let (first, scope, twin) = reads(&a);
    assert_eq!((first.attributes.len(), scope), (3, 2));
    assert!(twin.contains("when") && !twin.contains("unless"), "{twin}");
    let names: Vec<String> = a.packs().iter().map(|(name, _)| name.clone()).collect();
    assert!(names.is_sorted());
}

#[test]
fn trap_10_what_cedar_cannot_compute_comes_as_an_attribute_of_the_right_type() {
    let policies = built_in();
    for (value, expected) in [
        (Value::Text("30.5".to_owned()), Verdict::Inconclusive),
        (Value::Bool(true), Verdict::Inconclusive),
        (Value::Text("30".to_owned()), Verdict::Pass),
        (Value::Null, Verdict::Fail),
    ] {
        let mut bucket = bucket_of_mail();
        bucket.set("retentionDays", value.clone(), None);
        let judgement = judge(policies, &of([bucket]));
        let found =
            judgement.decisions.iter().find(|decision| decision.policy == "personal-data-has-retention").unwrap();
        assert_eq!(found.verdict, expected, "{value:?}");
    }
}

#[test]
fn trap_11_only_policies_that_can_apply_are_asked_and_equal_questions_are_asked_once() {
    let policies = built_in();
    let index = &policies.guardrails.index;
    let keys = index.at(index.entry("Platform", "operate", "Key").unwrap()).unwrap();
    assert_eq!(keys.controls.len(), 5);
    assert!(index.entry("Platform", "operate", "AnyOne").is_none());
    assert!(index.entry("User", "deploy", "Key").is_none());

    let many = of((0..3_000).map(|at| bucket(&format!("b{at}"), "phi.mrn")));
    let memory = Memory::default();
    let judgement = policies.judge_again(&many, &platform(), Some(&memory));
    assert_eq!(judgement.tallies["store-encrypted-at-rest"].fail, 3_000);
    assert_eq!(memory.asked(), (1, 0));
}
