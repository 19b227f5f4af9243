//! Labels of dbt, catalogs, Fides and aedile.yaml are held against what data and lineage show, and what is missing is written.

use std::collections::BTreeSet;
use std::path::Path;

use aedile::record::{Finding, Run};

use crate::program::{AS_OF, aedile, code, platform, scan, stderr, stdout};

/// Thirty customers: number, name, mail, phone, an amount.
fn customers() -> String {
    let names = ["Ada Brandt", "Bruno Keller", "Clara Weiss", "David Lang", "Elena Vogt", "Frank Maier"];
    let mut text = "customer_no,full_name,email,phone,amount\n".to_owned();
    for (nth, name) in names.iter().cycle().take(30).enumerate() {
        let mail = name.to_lowercase().replace(' ', ".");
        text.push_str(&format!(
            "k-{nth},{name},{mail}{nth}@mailbox.example,+353 20 912 {},{}.5\n",
            3000 + nth,
            40 + nth
        ));
    }
    text
}

const PROJECT: &str = "name: wh\nversion: '1.0'\nmodel-paths: [models]\n";
const STAGING: &str = "select customer_no, full_name, email, phone, amount from {{ source('crm', 'customers') }}\n";
const SOURCES: &str = "version: 2

sources:
  - name: crm
    tables:
      - name: customers  # nightly extract
        columns:
          - name: email
            meta: {data_class: pii.contact.email}
          - name: full_name
            meta: {data_class: pii.name}
          - name: phone
            meta: {data_class: pii.contact}
";
const SCHEMA: &str = "version: 2

models:
  - name: stg_customers
    description: One row a customer.
    columns:
      - name: customer_no
        tests: [unique]
      - name: email
";
const CONFIG: &str = "version: 1
entity: Test
bindings:
  - name: data/customers.csv
    is: crm.customers
";

fn warehouse(more: &[(&str, &str)]) -> tempfile::TempDir {
    let data = customers();
    let mut files = vec![
        ("data/customers.csv", data.as_str()),
        ("wh/dbt_project.yml", PROJECT),
        ("wh/models/sources.yml", SOURCES),
        ("wh/models/schema.yml", SCHEMA),
        ("wh/models/stg_customers.sql", STAGING),
        ("aedile.yaml", CONFIG),
    ];
    for (path, text) in more {
        files.retain(|(held, _)| held != path);
        files.push((*path, *text));
    }
    platform(&files)
}

fn all(run: &Run) -> BTreeSet<(String, String)> {
    run.findings.iter().map(|finding| (finding.policy.clone(), finding.asset.address.clone())).collect()
}

#[track_caller]
fn found<'r>(run: &'r Run, policy: &str, address: &str) -> &'r Finding {
    let finding =
        run.findings.iter().find(|finding| finding.policy == policy && finding.asset.address.contains(address));
    finding.unwrap_or_else(|| panic!("no {policy} on {address} in {:#?}", all(run)))
}

fn none(run: &Run, policy: &str, address: &str) -> bool {
    !run.findings.iter().any(|finding| finding.policy == policy && finding.asset.address.contains(address))
}

fn evidence(finding: &Finding) -> String {
    finding.evidence.join("\n")
}

const FOUND: &str = "found-class-is-declared";

#[test]
fn a_label_that_stays_behind_with_the_source_is_missed_in_the_model_and_the_fix_writes_it() {
    let folder = warehouse(&[]);
    let (before, _) = scan(folder.path(), &[]);
    // Everything is declared of the source.
    assert!(none(&before, FOUND, "crm.customers"), "{:#?}", found(&before, FOUND, "crm.customers"));
    let finding = found(&before, FOUND, "stg_customers");
    let told = evidence(finding);
    for part in ["email (pii.contact.email", "full_name (pii.name", "phone (pii.contact", "undeclared"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("customer_no ("), "{told}");
    assert!(finding.places.iter().any(|place| place.path == "wh/models/schema.yml"), "{:?}", finding.places);

    let output = aedile(folder.path(), &["fix", ".", "--as-of", AS_OF, "--only", FOUND, "--write"]);
    assert_eq!(code(&output), 0, "{}\n{}", stdout(&output), stderr(&output));
    let schema = std::fs::read_to_string(folder.path().join("wh/models/schema.yml")).expect("it is there");
    assert!(schema.starts_with(SCHEMA.trim_end()), "what was there stands as it was:\n{schema}");
    assert!(schema.contains("      - name: full_name\n        meta: {class: "), "{schema}");
    closed(folder.path(), &before);
}

#[test]
fn the_patch_for_the_samples_closes_what_it_is_about_and_opens_nothing() {
    for name in ["retail", "mlops"] {
        let folder = crate::gaps::copy(name);
        let (before, _) = scan(folder.path(), &[]);
        found(&before, FOUND, "");
        let output = aedile(folder.path(), &["suggest", ".", "--as-of", AS_OF, "--write", "out"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let apply = ["apply", "out/declarations.patch"];
        let git = std::process::Command::new("git").current_dir(folder.path()).args(apply).output().expect("git runs");
        assert!(git.status.success(), "{name}: {}", stderr(&git));
        std::fs::remove_dir_all(folder.path().join("out")).expect("it can be removed");
        closed(folder.path(), &before);
    }
}

/// A scan of `folder` has no finding on declarations, and none that `before` has not.
#[track_caller]
fn closed(folder: &Path, before: &Run) {
    let (after, _) = scan(folder, &[]);
    assert!(
        none(&after, FOUND, ""),
        "{:#?}",
        after.findings.iter().filter(|found| found.policy == FOUND).collect::<Vec<_>>()
    );
    let new: Vec<_> = all(&after).difference(&all(before)).cloned().collect();
    assert!(new.is_empty(), "{new:?}");
}

#[test]
fn the_suggested_patch_applies_and_leaves_nothing_to_suggest() {
    let fides = "dataset:\n  - fides_key: crm\n    collections:\n      - name: leads\n        fields:\n          - name: email\n            data_categories: [user.contact.email]\n          - name: phone\n";
    let data = customers();
    let config = format!("{CONFIG}  - name: data/leads.csv\n    is: crm.leads\n");
    let folder = warehouse(&[("fides/crm.yml", fides), ("data/leads.csv", &data), ("aedile.yaml", &config)]);
    let (before, _) = scan(folder.path(), &[]);
    found(&before, FOUND, "crm.leads");
    let output = aedile(folder.path(), &["suggest", ".", "--as-of", AS_OF, "--write", "out"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let git =
        std::process::Command::new("git").current_dir(folder.path()).args(["apply", "out/declarations.patch"]).output();
    let git = git.expect("git runs");
    assert!(git.status.success(), "{}", stderr(&git));
    std::fs::remove_dir_all(folder.path().join("out")).expect("it can be removed");
    let leads = std::fs::read_to_string(folder.path().join("fides/crm.yml")).expect("it is there");
    assert!(
        leads.contains("          - name: phone\n            data_categories: [user.contact.phone_number]\n"),
        "{leads}"
    );
    closed(folder.path(), &before);
}

#[test]
fn tags_of_a_catalog_are_completed_by_statements_of_its_own() {
    for (tag, path, statement) in [
        (
            "SET TAGS ('class' = 'pii.contact.email')",
            "databricks",
            "ALTER TABLE crm.customers ALTER COLUMN phone SET TAGS ('class' = 'pii.contact.phone');",
        ),
        (
            "SET TAG gov.pii = 'email'",
            "snowflake",
            "ALTER TABLE crm.customers MODIFY COLUMN phone SET TAG gov.pii = 'pii.contact.phone';",
        ),
    ] {
        let ddl = format!(
            "CREATE TABLE crm.customers (customer_no TEXT, full_name TEXT, email TEXT, phone TEXT, amount TEXT);\nALTER TABLE crm.customers ALTER COLUMN email {tag};\n"
        );
        let data = customers();
        let folder = platform(&[("data/customers.csv", &data), ("sql/ddl.sql", &ddl), ("aedile.yaml", CONFIG)]);
        let (before, _) = scan(folder.path(), &[]);
        found(&before, FOUND, "crm.customers");
        let output = aedile(folder.path(), &["suggest", ".", "--as-of", AS_OF, "--write", "out"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let written = std::fs::read_to_string(folder.path().join(format!("out/declarations/{path}.sql")))
            .expect("it was written");
        assert!(written.contains(statement), "{written}");
        std::fs::remove_dir_all(folder.path().join("out")).expect("it can be removed");
        std::fs::write(folder.path().join("sql/tags.sql"), written).expect("it can be written");
        closed(folder.path(), &before);
    }
}

#[test]
fn a_label_that_no_cell_bears_out_is_found_and_one_that_cells_bear_out_is_not() {
    let sources = SOURCES.to_owned() + "          - name: amount\n            meta: {data_class: pii.contact.email}\n";
    let (run, _) = scan(warehouse(&[("wh/models/sources.yml", &sources)]).path(), &[]);
    let finding = found(&run, "declared-class-is-found", "crm.customers");
    let told = evidence(finding);
    assert!(told.contains("amount (declared pii.contact.email)") && !told.contains("email (declared"), "{told}");
}

#[test]
fn a_label_is_held_against_all_that_a_column_comes_from() {
    // Nobody looked into the model. Its column comes from cells of which none is a mail address, or from cells of which all
    // are.
    let staging = "select customer_no, email, amount as contact, email as reply_to, coalesce(email, phone) as reach,
        coalesce(amount, other) as both from {{ source('crm', 'customers') }}\n";
    let schema = "version: 2\nmodels:\n  - name: stg_customers\n    columns:\n".to_owned()
        + &["contact", "reply_to", "reach", "both"]
            .map(|name| format!("      - {{name: {name}, meta: {{data_class: pii.contact.email}}}}\n"))
            .concat();
    let more = [("wh/models/stg_customers.sql", staging), ("wh/models/schema.yml", schema.as_str())];
    let (run, _) = scan(warehouse(&more).path(), &[]);
    let told = evidence(found(&run, "declared-class-is-found", "stg_customers"));
    assert!(told.contains("contact (declared pii.contact.email)"), "{told}");
    for silent in ["reply_to (", "reach (", "both ("] {
        assert!(!told.contains(silent), "one of its sources holds the class, or was not looked at: {told}");
    }
}

#[test]
fn what_comes_by_many_ways_is_looked_at_once() {
    // Fourteen models, each of whose columns is made of all three of the model before: five million ways to the source.
    let first = "select amount as a, customer_no as b, amount as c from {{ source('crm', 'customers') }}\n".to_owned();
    let next = |n: usize| {
        let before = n - 1;
        format!(
            "select coalesce(a, b, c) as a, coalesce(b, c, a) as b, coalesce(c, a, b) as c from {{{{ ref('m{before}') }}}}\n"
        )
    };
    let mut models = vec![("wh/models/m0.sql".to_owned(), first)];
    models.extend((1..=14).map(|n| (format!("wh/models/m{n}.sql"), next(n))));
    let schema =
        "version: 2\nmodels:\n  - name: m14\n    columns:\n      - {name: a, meta: {data_class: pii.contact.email}}\n";
    models.push(("wh/models/schema.yml".to_owned(), schema.to_owned()));
    let more: Vec<(&str, &str)> = models.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (run, _) = scan(warehouse(&more).path(), &[]);
    let told = evidence(found(&run, "declared-class-is-found", "m14"));
    assert!(told.contains("a (declared pii.contact.email)"), "{told}");
}

#[test]
fn tags_of_a_source_are_those_of_its_tables() {
    let sources = "version: 2
sources:
  - name: crm
    tags: [contains_pii]
    meta: {sensitivity: restricted}
    config: {meta: {data_class: pii}}
    tables:
      - name: customers
      - name: orders
        meta: {data_class: public}
";
    let (run, _) = scan(warehouse(&[("wh/models/sources.yml", sources)]).path(), &[]);
    assert!(none(&run, FOUND, "crm.customers"), "{:?}", all(&run));
    let bare = sources.replace(
        "    tags: [contains_pii]\n    meta: {sensitivity: restricted}\n    config: {meta: {data_class: pii}}\n",
        "",
    );
    let (run, _) = scan(warehouse(&[("wh/models/sources.yml", &bare)]).path(), &[]);
    found(&run, FOUND, "crm.customers");
    // A table's own word on a key counts.
    let denied = sources.replace("meta: {sensitivity: restricted}", "meta: {sensitivity: public}");
    let denied = denied
        .replace("    tags: [contains_pii]\n", "")
        .replace("customers\n", "customers\n        meta: {data_class: public}\n");
    let (run, _) = scan(warehouse(&[("wh/models/sources.yml", &denied)]).path(), &[]);
    found(&run, FOUND, "crm.customers");
}

#[test]
fn tags_in_sql_and_terraform_declare_what_cells_show() {
    let data = customers();
    let columns = "customer_no TEXT, full_name TEXT, email TEXT {}, phone TEXT {}, amount TEXT";
    let ddl = |email: &str, phone: &str| {
        format!("CREATE TABLE crm.customers ({});\n", columns.replacen("{}", email, 1).replacen("{}", phone, 1))
    };
    let tag = |column: &str, class: &str| {
        format!(
            "resource \"databricks_entity_tag_assignment\" \"{column}\" {{\n  entity_type = \"columns\"\n  entity_name = \"crm.customers.{column}\"\n  tag_key = \"class\"\n  tag_value = \"{class}\"\n}}\n"
        )
    };
    let name = "ALTER TABLE crm.customers ALTER COLUMN full_name SET TAGS ('class' = 'pii.name');\n";
    let bare = ddl("", "") + name;
    let whole = ddl("WITH TAG (gov.class = 'pii.contact.email')", "TAG (class = 'pii.contact.phone')") + name;
    let terraform = tag("email", "pii.contact.email") + &tag("phone", "pii.contact.phone");
    for (sql, tf, wanted) in [(&bare, "", true), (&whole, "", false), (&bare, terraform.as_str(), false)] {
        let files =
            [("data/customers.csv", data.as_str()), ("sql/ddl.sql", sql), ("main.tf", tf), ("aedile.yaml", CONFIG)];
        let (run, _) = scan(platform(&files).path(), &[]);
        assert_eq!(!none(&run, FOUND, "crm.customers"), wanted, "{sql}{tf}: {:?}", all(&run));
    }
}

#[test]
fn a_label_in_unknown_words_is_undecided_until_the_words_are_given_a_meaning() {
    let sources = SOURCES
        .replace("pii.contact.email", "level-3")
        .replace("data_class: pii.name", "data_class: level-3")
        .replace("data_class: pii.contact}", "data_class: level-3}");
    let given =
        |words: &str| warehouse(&[("wh/models/sources.yml", &sources), ("aedile.yaml", &format!("{CONFIG}{words}"))]);
    // What is found is not declared in words that anybody can read.
    let (run, _) = scan(given("").path(), &[]);
    assert_eq!(found(&run, FOUND, "crm.customers").verdict, "fail");
    let (run, _) = scan(given("labels: {words: {level-3: sensitive}}\n").path(), &[]);
    assert!(none(&run, FOUND, "crm.customers"), "{:?}", all(&run));
    // Where nothing is found there is nothing to hold the label against.
    let quiet = "version: 2\nmodels:\n  - name: stg_quiet\n    meta: {classification: level-3}\n";
    let more = [("wh/models/quiet.yml", quiet), ("wh/models/stg_quiet.sql", "select 1 as one\n")];
    let (run, _) = scan(warehouse(&more).path(), &[]);
    let finding = found(&run, FOUND, "stg_quiet");
    assert_eq!(finding.verdict, "inconclusive");
    assert!(finding.title.contains("classification: level-3"), "{}", finding.title);
    let wrong = scan_fails(given("labels: {words: {level-3: no.such.class}}\n").path());
    assert!(wrong.contains("which is no class") && wrong.contains("aedile.yaml"), "{wrong}");
}

fn scan_fails(folder: &Path) -> String {
    let output = aedile(folder, &["scan", ".", "--ledger", "none"]);
    assert_eq!(code(&output), 2);
    stderr(&output)
}

#[test]
fn a_mask_that_ends_at_the_table_is_found_where_the_column_goes_bare() {
    let mask = "ALTER TABLE crm.customers ALTER COLUMN email SET MASK gov.mask_mail;\n";
    let staging = "select customer_no, email, md5(email) as email_key from {{ source('crm', 'customers') }}\n";
    let hashed = "select md5(email) as email_key from {{ source('crm', 'customers') }}\n";
    let folder =
        warehouse(&[("sql/masks.sql", mask), ("wh/models/stg_customers.sql", staging), ("wh/models/keys.sql", hashed)]);
    let (run, _) = scan(folder.path(), &[]);
    let policy = "masked-column-stays-masked";
    let told = evidence(found(&run, policy, "stg_customers"));
    assert!(told.contains("email (from `crm.customers`)") && !told.contains("email_key ("), "{told}");
    assert!(none(&run, policy, "keys"), "{:?}", all(&run));
    let passed = &run.verdicts[policy];
    assert_eq!((passed.pass, passed.fail), (1, 1), "{passed:?}");
}

#[test]
fn a_model_that_is_open_to_all_keeps_a_contract() {
    let open = "version: 2\nmodels:\n  - name: stg_customers\n    access: public\n";
    let policy = "public-model-keeps-contract";
    let (run, _) = scan(warehouse(&[("wh/models/schema.yml", open)]).path(), &[]);
    found(&run, policy, "stg_customers");
    let kept = format!("{open}    config: {{contract: {{enforced: true}}}}\n");
    let (run, _) = scan(warehouse(&[("wh/models/schema.yml", &kept)]).path(), &[]);
    assert!(none(&run, policy, ""), "{:?}", all(&run));
}

#[test]
fn the_manifest_below_target_is_read_although_build_output_is_not() {
    let manifest = r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
      "nodes": {"model.wh.stg_customers": {"resource_type": "model", "name": "stg_customers",
        "original_file_path": "models/stg_customers.sql", "raw_code": "select 1"}}}"#;
    let folder = warehouse(&[("wh/target/manifest.json", manifest), ("wh/target/run/other.sql", "select 1 as x\n")]);
    let (run, _) = scan(folder.path(), &[]);
    let gaps: Vec<&str> = run.coverage.gaps.iter().map(|gap| gap.message.as_str()).collect();
    assert!(
        gaps.iter().any(|gap| gap.contains("older than 1 of its models, such as `models/stg_customers.sql`")),
        "{gaps:?}"
    );
    assert!(!run.assets.iter().any(|asset| asset.address.contains("target/run")), "build output is left out");
}

#[test]
fn every_word_of_the_vocabulary_means_a_class_of_the_taxonomy() {
    let policies = aedile_policies::Policies::load(&[], &[]).expect("our policies load");
    let labels = aedile_rules::Labels::new(&aedile_rules::OwnLabels::default(), std::iter::empty());
    let known = |class: &str| class.starts_with("technical.") || policies.taxonomy().knows_class(class);
    let wrong: Vec<(&str, &str)> = labels
        .words()
        .filter(|(_, class)| !known(class) && !class.rsplit_once('.').is_some_and(|(above, _)| known(above)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
