use aedile_model::{Access, Asset, AssetKind, Columns, Flow, LinkBasis, Place, RelationKind, Value};

use super::*;
use crate::Binding;

fn place(path: &str) -> Option<Place> {
    Some(Place::file(&path.into()))
}

fn asset(kind: AssetKind, unit: &str, address: &str, names: &[&str], path: &str) -> Asset {
    let mut asset = Asset::new(AssetId::new(kind, unit, address), kind, address, address);
    asset.names = names.iter().map(|&name| name.to_owned()).collect();
    asset.place = place(path);
    asset
}

fn dataset(path: &str) -> Asset {
    asset(AssetKind::Dataset, "", path, &[path], path)
}

fn column(of: &Asset, name: &str) -> (Asset, Link) {
    let id = AssetId::column(&of.id, name);
    let mut column = Asset::new(id.clone(), AssetKind::Column, format!("{}/{name}", of.address), name);
    column.place.clone_from(&of.place);
    (column, Link::new(RelationKind::PartOf, Ref::Id(id), Ref::Id(of.id.clone()), None))
}

fn reads(path: &str, kind: AssetKind, name: &str) -> Link {
    let pipeline = Ref::Id(AssetId::new(AssetKind::Pipeline, "", path));
    Link::new(RelationKind::Reads, pipeline, Ref::named(kind, name), place(path))
}

fn grants(kind: AssetKind, name: &str) -> Link {
    let mut link = Link::new(
        RelationKind::Grants,
        Ref::named(AssetKind::Role, "reader"),
        Ref::named(kind, name),
        place("iam/main.tf"),
    );
    link.access.insert(Access::Read);
    link
}

fn named(columns: &[&str]) -> Flow {
    let columns = columns.iter().map(|&name| (name.to_owned(), aedile_model::Protection::None)).collect();
    Flow::new(Columns::Named(columns))
}

fn linked(assets: Vec<Asset>, links: Vec<Link>, bindings: &[(&str, &str)]) -> Inventory {
    let bindings =
        bindings.iter().map(|(name, is)| Binding { name: (*name).to_owned(), is: (*is).to_owned() }).collect();
    link(Facts { assets, links, ..Facts::default() }, &Options { bindings, ..Options::default() })
}

/// The targets of all relations of `kind`, with how they were found.
fn targets(inventory: &Inventory, kind: RelationKind) -> Vec<(&str, &LinkBasis)> {
    inventory
        .relations
        .iter()
        .filter(|relation| relation.kind == kind)
        .map(|relation| (relation.to.as_str(), &relation.basis))
        .collect()
}

#[test]
fn a_path_is_looked_up_from_the_file_that_names_it() {
    let files = || vec![dataset("clinic/data/a.csv"), dataset("clinic/jobs/b.csv"), dataset("c.csv")];
    for (name, id, exact) in [
        ("b.csv", "Dataset:clinic/jobs/b.csv", true),
        ("../data/a.csv", "Dataset:clinic/data/a.csv", true),
        ("c.csv", "Dataset:c.csv", true),
        ("data/a.csv", "Dataset:clinic/data/a.csv", false),
        ("./clinic/data/a.csv", "Dataset:clinic/data/a.csv", true),
    ] {
        let inventory = linked(files(), vec![reads("clinic/jobs/x.py", AssetKind::Dataset, name)], &[]);
        let found = targets(&inventory, RelationKind::Reads);
        assert_eq!((found[0].0, *found[0].1 == LinkBasis::Exact), (id, exact), "{name}");
    }
}

#[test]
fn a_folder_and_a_pattern_mean_every_dataset_in_it() {
    for name in ["data", "data/", "data/*.csv"] {
        let files = vec![dataset("data/a.csv"), dataset("data/b.csv"), dataset("datax.csv")];
        let inventory = linked(files, vec![reads("x.py", AssetKind::Dataset, name)], &[]);
        let found: Vec<&str> = targets(&inventory, RelationKind::Reads).iter().map(|(id, _)| *id).collect();
        assert_eq!(found, ["Dataset:data/a.csv", "Dataset:data/b.csv"], "{name}");
    }
}

#[test]
fn what_nobody_defines_is_made_by_reference_once() {
    let links =
        vec![reads("a.py", AssetKind::Dataset, "s3://b/x.csv"), reads("b.py", AssetKind::Dataset, "s3a://B/x.csv")];
    let inventory = linked(vec![], links, &[]);
    let made = inventory.asset(&AssetId::new(AssetKind::Dataset, "", "s3://b/x.csv")).unwrap();
    assert_eq!((made.type_name.as_str(), made.place.is_none(), made.attributes.len()), (REFERENCE, true, 0));
    assert_eq!(inventory.assets.values().filter(|asset| asset.kind == AssetKind::Dataset).count(), 1);
}

#[test]
fn names_of_holes_alone_stay_in_their_file() {
    let links = vec![reads("a.py", AssetKind::Dataset, "{path}"), reads("b.py", AssetKind::Dataset, "{path}")];
    let inventory = linked(vec![], links, &[]);
    assert_eq!(inventory.assets.values().filter(|asset| asset.kind == AssetKind::Dataset).count(), 2);
}

#[test]
fn a_name_with_a_hole_finds_the_only_name_of_its_shape() {
    let bucket = |name: &str| asset(AssetKind::Bucket, "infra", name, &[name], "infra/main.tf");
    let inventory =
        linked(vec![bucket("s3://prod-raw")], vec![grants(AssetKind::Bucket, "arn:aws:s3:::{env}-raw/*")], &[]);
    assert!(matches!(
        targets(&inventory, RelationKind::Grants)[0],
        ("Bucket:infra#s3://prod-raw", LinkBasis::Inferred(_))
    ));
    let several = linked(
        vec![bucket("s3://prod-raw"), bucket("s3://dev-raw")],
        vec![grants(AssetKind::Bucket, "s3://{env}-raw")],
        &[],
    );
    assert_eq!(
        targets(&several, RelationKind::Grants)[0].0,
        "Bucket:s3://{env}-raw",
        "two of the shape: none is taken"
    );
}

#[test]
fn table_names_match_by_their_only_suffix() {
    let table = |name: &str| asset(AssetKind::Table, "", name, &[name], "db.sql");
    let one = linked(vec![table("clinic.patients")], vec![reads("x.py", AssetKind::Table, "\"Patients\"")], &[]);
    assert!(matches!(targets(&one, RelationKind::Reads)[0], ("Table:clinic.patients", LinkBasis::Inferred(_))));
    let longer =
        linked(vec![table("clinic.patients")], vec![reads("x.py", AssetKind::Table, "lake.clinic.patients")], &[]);
    assert_eq!(targets(&longer, RelationKind::Reads)[0].0, "Table:clinic.patients");
    let two = linked(
        vec![table("clinic.patients"), table("retail.patients")],
        vec![reads("x.py", AssetKind::Table, "patients")],
        &[],
    );
    assert_eq!(targets(&two, RelationKind::Reads)[0].0, "Table:patients");
}

#[test]
fn datasets_lie_in_the_bucket_and_tables_in_the_database_they_name() {
    let bucket = asset(
        AssetKind::Bucket,
        "infra",
        "aws_s3_bucket.raw",
        &["s3://clinic-raw", "arn:aws:s3:::clinic-raw"],
        "infra/main.tf",
    );
    let database = asset(AssetKind::Database, "infra", "db", &["warehouse"], "infra/main.tf");
    let table = asset(AssetKind::Table, "", "warehouse.clinic.visits", &["warehouse.clinic.visits"], "db.sql");
    let links = vec![
        reads("x.py", AssetKind::Dataset, "s3://clinic-raw/a/b.csv"),
        reads("x.py", AssetKind::Dataset, "s3://other/b.csv"),
    ];
    let inventory = linked(vec![bucket, database, table], links, &[]);
    let stored: Vec<(&str, &str)> = inventory
        .relations
        .iter()
        .filter(|relation| relation.kind == RelationKind::StoredIn)
        .map(|relation| (relation.from.as_str(), relation.to.as_str()))
        .collect();
    assert_eq!(
        stored,
        [
            ("Dataset:s3://clinic-raw/a/b.csv", "Bucket:infra#aws_s3_bucket.raw"),
            ("Table:warehouse.clinic.visits", "Database:infra#db")
        ]
    );
}

#[test]
fn wildcard_grants_cover_what_they_match() {
    let bucket = |name: &str| asset(AssetKind::Bucket, "infra", name, &[&format!("s3://{name}")], "infra/main.tf");
    let buckets = || vec![bucket("clinic-raw"), bucket("clinic-out"), bucket("logs")];
    let covered = |name: &str| {
        let inventory = linked(buckets(), vec![grants(AssetKind::Bucket, name)], &[]);
        let grants: Vec<(String, bool)> = inventory
            .relations
            .iter()
            .filter(|relation| relation.kind == RelationKind::Grants)
            .map(|grant| {
                (
                    grant.to.to_string(),
                    grant.attributes.get("viaWildcard").map(|attribute| &attribute.value) == Some(&Value::Bool(true)),
                )
            })
            .collect();
        grants
    };
    assert_eq!(
        covered("arn:aws:s3:::clinic-*/*"),
        [("Bucket:infra#clinic-out".into(), true), ("Bucket:infra#clinic-raw".into(), true)]
    );
    assert_eq!(covered("*").len(), 3);
    assert_eq!(
        covered("arn:aws:s3:::clinic-raw/phi/*"),
        [("Bucket:infra#clinic-raw".into(), false)],
        "all keys of one bucket are that bucket"
    );
    assert_eq!(
        covered("arn:aws:s3:::none-*"),
        [("Bucket:s3://none-*".into(), true)],
        "a grant on nothing known is kept"
    );
}

#[test]
fn principals_are_found_by_the_end_of_their_arn() {
    let role = asset(AssetKind::Role, "infra", "aws_iam_role.reader", &["reader"], "infra/main.tf");
    let account = asset(AssetKind::ServiceAccount, "k8s", "ServiceAccount/ns/sa", &["ns/sa"], "k8s/a.yaml");
    let mut link = grants(AssetKind::Bucket, "s3://b");
    link.from = Ref::named(AssetKind::Role, "arn:aws:iam::123456789012:role/team/reader");
    let mut other = grants(AssetKind::Bucket, "s3://b");
    other.from = Ref::named(AssetKind::ServiceAccount, "system:serviceaccount:ns:sa");
    let inventory = linked(vec![role, account], vec![link, other], &[]);
    let from: Vec<&str> = inventory.relations.iter().map(|relation| relation.from.as_str()).collect();
    assert_eq!(from, ["Role:infra#aws_iam_role.reader", "ServiceAccount:k8s#ServiceAccount/ns/sa"]);
}

#[test]
fn a_grant_on_a_database_covers_its_tables() {
    let database = asset(AssetKind::Database, "infra", "db", &["warehouse"], "infra/main.tf");
    let table = asset(AssetKind::Table, "", "warehouse.visits", &["warehouse.visits"], "db.sql");
    let inventory = linked(vec![database, table], vec![grants(AssetKind::Database, "Warehouse")], &[]);
    assert_eq!(targets(&inventory, RelationKind::Grants).len(), 2);
}

#[test]
fn a_binding_gives_a_dataset_its_other_name() {
    let links = || vec![reads("x.py", AssetKind::Dataset, "s3://clinic-raw/patients.csv")];
    let inventory = linked(vec![dataset("data/p.csv")], links(), &[("data/p.csv", "s3://clinic-raw/patients.csv")]);
    assert_eq!(targets(&inventory, RelationKind::Reads), [("Dataset:data/p.csv", &LinkBasis::Declared)]);
    let inventory = linked(vec![dataset("data/p.csv")], links(), &[("s3://clinic-raw/patients.csv", "data/p.csv")]);
    assert_eq!(targets(&inventory, RelationKind::Reads), [("Dataset:data/p.csv", &LinkBasis::Declared)]);
}

#[test]
fn a_binding_of_two_assets_makes_one_the_sample_of_the_other() {
    let table = asset(AssetKind::Table, "", "clinic.patients", &["clinic.patients"], "db.sql");
    let inventory = linked(vec![dataset("data/p.csv"), table], vec![], &[("data/p.csv", "clinic.patients")]);
    let derived = &inventory.relations[0];
    assert_eq!((derived.from.as_str(), derived.to.as_str()), ("Table:clinic.patients", "Dataset:data/p.csv"));
    assert_eq!(derived.basis, LinkBasis::Declared);
}

#[test]
fn a_binding_puts_the_tables_of_a_schema_into_a_database() {
    let database = asset(AssetKind::Database, "infra", "aws_db_instance.Clinical", &[], "infra/main.tf");
    let table = asset(AssetKind::Table, "", "clinic.patients", &["clinic.patients"], "db.sql");
    let inventory = linked(vec![database, table], vec![], &[("clinic", "aws_db_instance.Clinical")]);
    assert_eq!(
        targets(&inventory, RelationKind::StoredIn),
        [("Database:infra#aws_db_instance.Clinical", &LinkBasis::Exact)]
    );
}

#[test]
fn a_file_of_the_same_name_and_columns_is_a_sample() {
    let file = dataset("data/patients.csv");
    let (a, part_a) = column(&file, "mrn");
    let (b, part_b) = column(&file, "Name");
    let with = |columns: &[&str]| {
        let read = Link { flow: Some(named(columns)), ..reads("x.py", AssetKind::Dataset, "s3://b/in/patients.csv") };
        linked(vec![file.clone(), a.clone(), b.clone()], vec![part_a.clone(), part_b.clone(), read], &[])
    };
    let inventory = with(&["mrn", "name", "zip"]);
    let found = targets(&inventory, RelationKind::DerivedFrom);
    assert_eq!(
        found,
        [("Dataset:data/patients.csv", &LinkBasis::Inferred("same file name and 2 of 3 columns".into()))]
    );
    assert!(targets(&with(&["id", "total"]), RelationKind::DerivedFrom).is_empty(), "a name alone proves nothing");
}

#[test]
fn a_folder_holds_what_is_written_below_it() {
    let mut write = reads("a.py", AssetKind::Dataset, "s3://b/out/part.parquet");
    write.kind = RelationKind::Writes;
    let inventory = linked(vec![], vec![write, reads("b.py", AssetKind::Dataset, "s3://b/out/")], &[]);
    let derived = inventory.relations.iter().find(|relation| relation.kind == RelationKind::DerivedFrom).unwrap();
    assert_eq!((derived.from.as_str(), derived.to.as_str()), ("Dataset:s3://b/out", "Dataset:s3://b/out/part.parquet"));
}

#[test]
fn a_served_model_is_the_one_that_code_registers_under_its_name() {
    let served = asset(AssetKind::Model, "infra", "aws_sagemaker_model.credit", &["credit-risk"], "infra/ml.tf");
    let trained = asset(AssetKind::Model, "train.py", "model", &["credit-risk"], "train.py");
    let mut tried = asset(AssetKind::Model, "tests/test_train.py", "model", &["credit-risk"], "tests/test_train.py");
    tried.in_tests = true;
    let other = asset(AssetKind::Model, "other.py", "model", &["churn"], "other.py");
    let trains = |model: &Asset| {
        let pipeline = Ref::Id(AssetId::new(AssetKind::Pipeline, "", "train.py"));
        Link::new(RelationKind::Trains, pipeline, Ref::Id(model.id.clone()), place("train.py"))
    };
    let links = vec![trains(&trained), trains(&tried), trains(&other)];
    let inventory = linked(vec![served, trained, tried, other], links, &[]);
    let basis = LinkBasis::Inferred("both models are called `credit-risk`".into());
    assert_eq!(targets(&inventory, RelationKind::DerivedFrom), [("Model:train.py#model", &basis)]);
}

#[test]
fn self_loops_are_dropped_and_sources_resolved() {
    let id = AssetId::new(AssetKind::Pipeline, "", "x.py");
    let own = Link::new(RelationKind::DerivedFrom, Ref::Id(id.clone()), Ref::Id(id), None);
    let mut send = Link::new(
        RelationKind::SendsTo,
        Ref::Id(AssetId::new(AssetKind::Pipeline, "", "x.py")),
        Ref::Id(AssetId::new(AssetKind::Sink, "", "log")),
        place("x.py"),
    );
    send.flow = Some(named(&["mrn"]));
    send.sources.push(Ref::named(AssetKind::Dataset, "p.csv"));
    let inventory = linked(vec![dataset("p.csv")], vec![own, send], &[]);
    assert_eq!(inventory.relations.len(), 1);
    let sources = &inventory.relations[0].flow.as_ref().unwrap().sources;
    assert_eq!(sources.iter().map(AssetId::as_str).collect::<Vec<_>>(), ["Dataset:p.csv"]);
    assert!(
        inventory.asset(&AssetId::new(AssetKind::Sink, "", "log")).is_some(),
        "a shared sink that none defined is there"
    );
}

#[test]
fn the_order_of_facts_leaves_no_trace() {
    let assets =
        vec![dataset("data/a.csv"), asset(AssetKind::Table, "", "clinic.patients", &["clinic.patients"], "db.sql")];
    let links = vec![
        reads("a.py", AssetKind::Table, "patients"),
        reads("b.py", AssetKind::Table, "lake.orders"),
        reads("c.py", AssetKind::Table, "orders"),
        reads("d.py", AssetKind::Dataset, "data/*.csv"),
        grants(AssetKind::Bucket, "*"),
    ];
    let forward = linked(assets.clone(), links.clone(), &[]);
    let backward = linked(assets.into_iter().rev().collect(), links.into_iter().rev().collect(), &[]);
    assert_eq!(forward, backward);
}
