use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{
    Access, Asset, AssetId, AssetKind, Basis, Class, Columns, Confidence, Flow, Inventory, Protection, Relation,
    RelationKind, Tag,
};
use aedile_rules::{PackSource, Rules};
use proptest::prelude::*;

use super::propagate;

/// The rules in force and one for the name `email`, whatever ours say.
fn rules() -> Rules {
    let pack = "pack: identifiers\nidentifiers:\n  - id: email\n    class: pii.contact.email\n    title: e-mail address\n    source: \"RFC 5322\"\n    \
        names: { en: [email] }\n    name_strength: strong\n    shapes: ['[a-z]{1,20}@[a-z]{1,20}[.][a-z]{2,3}']\n    chance_permille: 1\n    examples:\n      \
        cells: [a@b.org, c@d.org, e@f.org, g@h.com, i@j.com]\n      names: [email]\n    counter_examples:\n      \
        cells: [a, b, c, d, e]\n      names: [acid_level]\n";
    Rules::load(&[PackSource { name: "test.yaml".to_owned(), text: pack.into() }]).unwrap()
}

fn id(kind: AssetKind, name: &str) -> AssetId {
    AssetId::new(kind, "", name)
}

/// A platform under construction.
#[derive(Default, Clone)]
struct Platform(Inventory);

impl Platform {
    fn asset(mut self, kind: AssetKind, name: &str) -> Platform {
        self.0.add(Asset::new(id(kind, name), kind, name, name));
        self
    }

    /// A column of the dataset `of`, with classes that were seen in its values.
    fn column(mut self, of: &str, name: &str, classes: &[&str]) -> Platform {
        let holder = id(AssetKind::Dataset, of);
        let mut column = Asset::new(AssetId::column(&holder, name), AssetKind::Column, format!("{of}/{name}"), name);
        for class in classes {
            column.add_tag(Tag::new(Class::new(class), Basis::Value, Confidence::percent(90)));
        }
        self.0.relate(Relation::new(RelationKind::PartOf, column.id.clone(), holder, None));
        self.0.add(column);
        self
    }

    fn relate(mut self, kind: RelationKind, from: AssetId, to: AssetId, flow: Option<Flow>) -> Platform {
        self.0.relate(Relation { flow, ..Relation::new(kind, from, to, None) });
        self
    }

    fn done(mut self) -> Inventory {
        propagate(&mut self.0, &rules());
        self.0
    }
}

fn flow(columns: Columns, sources: &[&str], dropped: &[&str]) -> Option<Flow> {
    Some(Flow {
        columns,
        sources: sources.iter().map(|name| id(AssetKind::Dataset, name)).collect(),
        dropped: dropped.iter().map(|&name| name.to_owned()).collect(),
        ..Flow::new(Columns::All)
    })
}

fn named(columns: &[(&str, Protection)]) -> Columns {
    Columns::Named(columns.iter().map(|&(name, done)| (name.to_owned(), done)).collect())
}

fn held(inventory: &Inventory, asset: &AssetId) -> BTreeMap<String, Protection> {
    inventory.asset(asset).unwrap().tags.iter().map(|tag| (tag.class.to_string(), tag.protection)).collect()
}

fn carried(inventory: &Inventory, kind: RelationKind) -> BTreeMap<String, Protection> {
    let relation = inventory.relations.iter().find(|relation| relation.kind == kind).unwrap();
    relation.carries.iter().map(|tag| (tag.class.to_string(), tag.protection)).collect()
}

fn holds(pairs: &[(&str, Protection)]) -> BTreeMap<String, Protection> {
    pairs.iter().map(|&(class, protection)| (class.to_owned(), protection)).collect()
}

/// A raw dataset with a record number and an address, in a bucket.
fn raw() -> Platform {
    let dataset = id(AssetKind::Dataset, "raw");
    Platform::default()
        .asset(AssetKind::Dataset, "raw")
        .column("raw", "mrn", &["phi.mrn"])
        .column("raw", "mail", &["pii.contact.email"])
        .asset(AssetKind::Bucket, "bucket")
        .relate(RelationKind::StoredIn, dataset, id(AssetKind::Bucket, "bucket"), None)
}

const MRN: (&str, Protection) = ("phi.mrn", Protection::None);
const MAIL: (&str, Protection) = ("pii.contact.email", Protection::None);

#[test]
fn a_bucket_holds_what_the_columns_of_its_datasets_hold() {
    let mut platform = raw().asset(AssetKind::AnyOne, "anyone");
    let mut grant =
        Relation::new(RelationKind::Grants, id(AssetKind::AnyOne, "anyone"), id(AssetKind::Bucket, "bucket"), None);
    grant.access.insert(Access::Read);
    platform.0.relate(grant);
    let inventory = platform.done();
    let bucket = id(AssetKind::Bucket, "bucket");
    assert_eq!(held(&inventory, &bucket), holds(&[MRN, MAIL]));
    assert_eq!(carried(&inventory, RelationKind::Grants), holds(&[MRN, MAIL]));
    let tag = &inventory.asset(&bucket).unwrap().tags[0];
    assert_eq!(
        (tag.basis, tag.origins.as_slice()),
        (Basis::Lineage, &[AssetId::column(&id(AssetKind::Dataset, "raw"), "mrn")][..])
    );
}

#[test]
fn written_columns_keep_their_class_with_what_was_done_to_them() {
    let pipeline = id(AssetKind::Pipeline, "job");
    let columns = named(&[("mrn", Protection::Hashed), ("mail", Protection::Aggregated)]);
    let inventory = raw()
        .asset(AssetKind::Pipeline, "job")
        .asset(AssetKind::Dataset, "out")
        .relate(RelationKind::Writes, pipeline, id(AssetKind::Dataset, "out"), flow(columns, &["raw"], &[]))
        .done();
    let out = id(AssetKind::Dataset, "out");
    assert_eq!(
        held(&inventory, &out),
        holds(&[("phi.mrn", Protection::Hashed)]),
        "an aggregate is not the data it is made of"
    );
    assert_eq!(held(&inventory, &AssetId::column(&out, "mrn")), holds(&[("phi.mrn", Protection::Hashed)]));
    assert_eq!(carried(&inventory, RelationKind::Writes), holds(&[("phi.mrn", Protection::Hashed)]));
}

#[test]
fn a_copy_of_all_columns_leaves_dropped_ones_behind() {
    let inventory = raw()
        .asset(AssetKind::Dataset, "copy")
        .asset(AssetKind::Dataset, "second")
        .relate(
            RelationKind::DerivedFrom,
            id(AssetKind::Dataset, "copy"),
            id(AssetKind::Dataset, "raw"),
            flow(Columns::All, &[], &["MRN"]),
        )
        .relate(RelationKind::DerivedFrom, id(AssetKind::Dataset, "second"), id(AssetKind::Dataset, "copy"), None)
        .done();
    assert_eq!(held(&inventory, &id(AssetKind::Dataset, "second")), holds(&[MAIL]));
    let tag = &inventory.asset(&id(AssetKind::Dataset, "second")).unwrap().tags[0];
    assert_eq!(
        tag.origins,
        [AssetId::column(&id(AssetKind::Dataset, "raw"), "mail")],
        "the origin is the first column"
    );
}

#[test]
fn a_model_holds_what_it_was_trained_on_and_an_endpoint_what_its_model_holds() {
    let pipeline = id(AssetKind::Pipeline, "train");
    let inventory = raw()
        .asset(AssetKind::Model, "model")
        .asset(AssetKind::Endpoint, "endpoint")
        .relate(RelationKind::Reads, pipeline.clone(), id(AssetKind::Dataset, "raw"), None)
        .relate(RelationKind::Trains, pipeline, id(AssetKind::Model, "model"), None)
        .relate(RelationKind::Serves, id(AssetKind::Endpoint, "endpoint"), id(AssetKind::Model, "model"), None)
        .done();
    assert_eq!(
        held(&inventory, &id(AssetKind::Endpoint, "endpoint")),
        holds(&[MRN, MAIL]),
        "training on what is read, if nothing else is said"
    );
    assert_eq!(carried(&inventory, RelationKind::Trains), holds(&[MRN, MAIL]));
    assert_eq!(carried(&inventory, RelationKind::Reads), holds(&[MRN, MAIL]));
}

#[test]
fn what_is_sent_is_only_what_the_flow_names() {
    let columns = named(&[("mail", Protection::Keyed)]);
    let inventory = raw()
        .asset(AssetKind::Sink, "log")
        .relate(
            RelationKind::SendsTo,
            id(AssetKind::Pipeline, "job"),
            id(AssetKind::Sink, "log"),
            flow(columns, &["raw"], &[]),
        )
        .done();
    assert_eq!(carried(&inventory, RelationKind::SendsTo), holds(&[("pii.contact.email", Protection::Keyed)]));
    assert!(inventory.asset(&id(AssetKind::Sink, "log")).unwrap().tags.is_empty());
}

#[test]
fn columns_that_only_code_names_are_judged_by_their_names() {
    let pipeline = id(AssetKind::Pipeline, "job");
    let inventory = Platform::default()
        .asset(AssetKind::Dataset, "s3://b/in.csv")
        .asset(AssetKind::Dataset, "s3://b/out.csv")
        .asset(AssetKind::Sink, "llm")
        .relate(
            RelationKind::Reads,
            pipeline.clone(),
            id(AssetKind::Dataset, "s3://b/in.csv"),
            flow(named(&[("email", Protection::None)]), &[], &[]),
        )
        .relate(
            RelationKind::Writes,
            pipeline.clone(),
            id(AssetKind::Dataset, "s3://b/out.csv"),
            flow(named(&[("email", Protection::Hashed)]), &["s3://b/in.csv"], &[]),
        )
        .relate(
            RelationKind::SendsTo,
            pipeline,
            id(AssetKind::Sink, "llm"),
            flow(named(&[("email", Protection::None)]), &[], &[]),
        )
        .done();
    let class = "pii.contact.email";
    assert_eq!(held(&inventory, &id(AssetKind::Dataset, "s3://b/in.csv")), holds(&[(class, Protection::None)]));
    assert_eq!(
        held(&inventory, &id(AssetKind::Dataset, "s3://b/out.csv")),
        holds(&[(class, Protection::Hashed)]),
        "the code says more than the name"
    );
    assert_eq!(carried(&inventory, RelationKind::SendsTo), holds(&[(class, Protection::None)]));
    let column = inventory.asset(&AssetId::column(&id(AssetKind::Dataset, "s3://b/in.csv"), "email")).unwrap();
    assert_eq!((column.type_name.as_str(), column.tags[0].basis), ("observed", Basis::Name));
}

#[test]
fn a_name_waits_for_what_lineage_says_of_protection() {
    let dataset = |name: &str| id(AssetKind::Dataset, name);
    let mut platform = Platform::default()
        .asset(AssetKind::Dataset, "in")
        .asset(AssetKind::Dataset, "mid")
        .asset(AssetKind::Dataset, "end");
    platform = platform
        .relate(
            RelationKind::DerivedFrom,
            dataset("mid"),
            dataset("in"),
            flow(named(&[("email", Protection::Keyed)]), &[], &[]),
        )
        .relate(RelationKind::DerivedFrom, dataset("end"), dataset("mid"), flow(Columns::All, &[], &[]))
        .relate(
            RelationKind::Reads,
            id(AssetKind::Pipeline, "job"),
            dataset("end"),
            flow(named(&[("email", Protection::None)]), &[], &[]),
        );
    assert_eq!(carried(&platform.done(), RelationKind::Reads), holds(&[("pii.contact.email", Protection::Keyed)]));
}

#[test]
fn names_that_wait_for_each_other_speak_after_all() {
    let dataset = |name: &str| id(AssetKind::Dataset, name);
    let copy = || flow(named(&[("email", Protection::None)]), &[], &[]);
    let inventory = Platform::default()
        .asset(AssetKind::Dataset, "a")
        .asset(AssetKind::Dataset, "b")
        .relate(RelationKind::DerivedFrom, dataset("a"), dataset("b"), copy())
        .relate(RelationKind::DerivedFrom, dataset("b"), dataset("a"), copy())
        .done();
    assert_eq!(held(&inventory, &dataset("a")), holds(&[MAIL]));
}

#[test]
fn seen_protection_is_not_weakened_by_lineage() {
    let mut platform = raw().asset(AssetKind::Dataset, "out").column("out", "mail", &["pii.contact.email"]);
    let column = AssetId::column(&id(AssetKind::Dataset, "out"), "mail");
    platform.0.assets.get_mut(&column).unwrap().tags[0].protection = Protection::Hashed;
    let inventory = platform
        .relate(
            RelationKind::DerivedFrom,
            id(AssetKind::Dataset, "out"),
            id(AssetKind::Dataset, "raw"),
            flow(named(&[("mail", Protection::None)]), &[], &[]),
        )
        .done();
    assert_eq!(held(&inventory, &id(AssetKind::Dataset, "out")), holds(&[("pii.contact.email", Protection::Hashed)]));
}

#[test]
fn columns_that_a_schema_does_not_have_reach_the_table_as_a_whole() {
    let inventory = raw()
        .asset(AssetKind::Dataset, "out")
        .column("out", "other", &[])
        .relate(
            RelationKind::DerivedFrom,
            id(AssetKind::Dataset, "out"),
            id(AssetKind::Dataset, "raw"),
            flow(Columns::All, &[], &[]),
        )
        .done();
    let out = id(AssetKind::Dataset, "out");
    assert_eq!(held(&inventory, &out), holds(&[MRN, MAIL]));
    assert!(inventory.asset(&AssetId::column(&out, "mrn")).is_none());
}

#[test]
fn a_long_chain_is_quick() {
    let mut platform = raw();
    for n in 0..2_000 {
        let (from, to) =
            if n == 0 { ("raw".to_owned(), "d0".to_owned()) } else { (format!("d{}", n - 1), format!("d{n}")) };
        platform = platform.asset(AssetKind::Dataset, &to).relate(
            RelationKind::DerivedFrom,
            id(AssetKind::Dataset, &to),
            id(AssetKind::Dataset, &from),
            flow(Columns::All, &[], &[]),
        );
    }
    let start = std::time::Instant::now();
    assert_eq!(held(&platform.done(), &id(AssetKind::Dataset, "d1999")), holds(&[MRN, MAIL]));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

const CLASSES: [&str; 3] = ["pii.contact.email", "phi.mrn", "financial.card"];
const NAMES: [&str; 4] = ["a", "b", "c", "email"];

/// A relation of a random platform of six datasets, a bucket, a pipeline, a model and a sink.
fn relation() -> impl Strategy<Value = Relation> {
    let columns = prop_oneof![
        Just(Columns::All),
        Just(Columns::Unknown),
        prop::collection::btree_map(prop::sample::select(&NAMES[..]), 0..7_usize, 1..3).prop_map(|named| {
            let ladder = [
                Protection::None,
                Protection::Formatted,
                Protection::Truncated,
                Protection::Hashed,
                Protection::Keyed,
                Protection::Aggregated,
                Protection::Dropped,
            ];
            Columns::Named(named.into_iter().map(|(name, rung)| (name.to_owned(), ladder[rung])).collect())
        }),
    ];
    let sets = (
        prop::collection::btree_set(0..6_usize, 0..3),
        prop::collection::btree_set(prop::sample::select(&NAMES[..]), 0..2),
    );
    (0..7_usize, 0..6_usize, 0..6_usize, columns, sets).prop_map(|(kind, a, b, columns, (sources, dropped))| {
        let dataset = |n: usize| id(AssetKind::Dataset, &format!("d{n}"));
        let pipeline = id(AssetKind::Pipeline, "job");
        let flow = Some(Flow {
            columns,
            sources: sources.into_iter().map(dataset).collect(),
            dropped: dropped.into_iter().map(str::to_owned).collect(),
            ..Flow::new(Columns::All)
        });
        let (kind, from, to) = match kind {
            0 | 1 => (RelationKind::DerivedFrom, dataset(a), dataset(b)),
            2 => (RelationKind::Writes, pipeline, dataset(a)),
            3 => (RelationKind::Reads, pipeline, dataset(a)),
            4 => (RelationKind::Trains, pipeline, id(AssetKind::Model, "model")),
            5 => (RelationKind::SendsTo, pipeline, id(AssetKind::Sink, "sink")),
            _ => (RelationKind::StoredIn, dataset(a), id(AssetKind::Bucket, "bucket")),
        };
        Relation { flow, ..Relation::new(kind, from, to, None) }
    })
}

fn platform(relations: &[Relation], seeds: &[(usize, usize, usize)]) -> Inventory {
    let mut platform = Platform::default()
        .asset(AssetKind::Bucket, "bucket")
        .asset(AssetKind::Model, "model")
        .asset(AssetKind::Sink, "sink");
    for n in 0..6 {
        platform = platform.asset(AssetKind::Dataset, &format!("d{n}"));
    }
    for (dataset, name, class) in seeds {
        platform = platform.column(&format!("d{dataset}"), NAMES[*name], &[CLASSES[*class]]);
    }
    platform.0.relations.extend(relations.iter().filter(|relation| relation.from != relation.to).cloned());
    platform.0
}

fn seeds() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    prop::collection::vec((0..3_usize, 0..NAMES.len(), 0..CLASSES.len()), 1..6)
}

fn classes(inventory: &Inventory) -> BTreeSet<(AssetId, Class)> {
    inventory
        .assets
        .values()
        .filter(|asset| asset.kind != AssetKind::Column)
        .flat_map(|asset| asset.tags.iter().map(|tag| (asset.id.clone(), tag.class.clone())))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_order_of_relations_does_not_matter(relations in prop::collection::vec(relation(), 0..12), seeds in seeds(), turn in 0..12_usize) {
        let rules = rules();
        let mut forward = platform(&relations, &seeds);
        let mut turned = forward.clone();
        let length = turned.relations.len();
        turned.relations.rotate_left(turn % length.max(1));
        turned.relations.reverse();
        propagate(&mut forward, &rules);
        propagate(&mut turned, &rules);
        forward.settle();
        prop_assert_eq!(&forward.assets, &turned.assets);
        let sorted = |inventory: &Inventory| { let mut shown: Vec<String> = inventory.relations.iter().map(|relation| format!("{relation:?}")).collect(); shown.sort(); shown };
        prop_assert_eq!(sorted(&forward), sorted(&turned));
    }

    #[test]
    fn propagating_again_changes_nothing(relations in prop::collection::vec(relation(), 0..12), seeds in seeds()) {
        let rules = rules();
        let mut once = platform(&relations, &seeds);
        propagate(&mut once, &rules);
        let mut twice = once.clone();
        propagate(&mut twice, &rules);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn a_further_relation_takes_no_class_away(relations in prop::collection::vec(relation(), 1..12), seeds in seeds()) {
        let rules = rules();
        let (mut all, mut fewer) = (platform(&relations, &seeds), platform(&relations[..relations.len() - 1], &seeds));
        propagate(&mut all, &rules);
        propagate(&mut fewer, &rules);
        prop_assert!(classes(&fewer).is_subset(&classes(&all)));
    }
}
