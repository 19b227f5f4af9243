//! Every repair is done in some example and then read again; layouts are shown by hand-written texts.

use std::collections::BTreeSet;

use aedile_model::Value;
use aedile_rules::ResourceSource;

use crate::Options;
use crate::fix::{Offer, Reading, Texts, composed, patched};
use crate::iac::examples::RULES;

fn texts(files: &[(&str, &str)]) -> Texts {
    files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect()
}

fn read(texts: &Texts) -> Reading {
    crate::fix::reread(texts, BTreeSet::new(), &Options::default(), &RULES)
}

/// What is offered for every asset of `texts`.
fn offered(texts: &Texts) -> Vec<Offer> {
    let assets = read(texts).attributes.into_keys().collect();
    crate::fix::reread(texts, assets, &Options::default(), &RULES).offers
}

/// `texts` after `way`.
fn after(texts: &Texts, way: &[aedile_model::Patch]) -> Texts {
    texts.iter().map(|(path, text)| (path.clone(), patched(path, text, way).into())).collect()
}

/// The text of the only file after every repair that makes `attribute` have `value`.
fn repaired(path: &str, text: &str, attribute: &str, value: impl Into<Value>) -> String {
    let texts = texts(&[(path, text)]);
    let value = value.into();
    let all = offered(&texts);
    let held = read(&texts).attributes;
    let open = |offer: &&Offer| held.get(&offer.asset).and_then(|asset| asset.get(attribute)) != Some(&value);
    let wanted: Vec<&Offer> =
        all.iter().filter(|offer| offer.makes.get(attribute) == Some(&value)).filter(open).collect();
    assert!(!wanted.is_empty(), "nothing makes {attribute} {value:?}");
    let ways: Vec<&[aedile_model::Patch]> = wanted
        .iter()
        .map(|offer| offer.ways.first().unwrap_or_else(|| panic!("{:?}", offer.obstacle)).as_slice())
        .collect();
    let (edits, _) = composed(&ways);
    let new = patched(path, text, &edits);
    let now = read(&self::texts(&[(path, &new)]));
    assert_eq!(now.gaps, read(&texts).gaps, "{new}");
    for offer in wanted {
        assert_eq!(now.attributes.get(&offer.asset).and_then(|asset| asset.get(attribute)), Some(&value), "{new}");
    }
    new
}

#[test]
fn every_repair_does_what_it_says() {
    let (mut faults, mut untried, mut pairs) = (Vec::new(), Vec::new(), [BTreeSet::new(), BTreeSet::new()]);
    for block in RULES.resources.fixes() {
        let mut tried: BTreeSet<usize> = BTreeSet::new();
        let mut told: BTreeSet<String> = BTreeSet::new();
        for id in &block.types {
            let Some(rule) = RULES.resources.resource(block.source, id) else { continue };
            let own = block.examples.iter().map(|example| example.replace("{type}", id));
            let theirs = rule.examples.iter().chain(&rule.counter_examples).map(|example| example.source.clone());
            for source in own.chain(theirs) {
                let path = match block.source {
                    ResourceSource::Terraform => "main.tf",
                    _ if source.trim_start().starts_with('{') => "app.json",
                    _ => "app.yaml",
                };
                let texts = texts(&[(path, &source)]);
                let Reading { attributes: before, gaps, .. } = read(&texts);
                told.extend(before.values().flat_map(|asset| asset.keys().cloned()));
                for offer in offered(&texts) {
                    let held = before.get(&offer.asset);
                    let open = |offer: &Offer| {
                        offer.makes.iter().any(|(name, value)| held.and_then(|h| h.get(name)) != Some(value))
                    };
                    // More days than are asked for are no reason for a repair.
                    let more = offer.makes.iter().any(|(name, value)| {
                        let held = held.and_then(|held| held.get(name)).and_then(Value::as_int);
                        held.zip(value.as_int()).is_some_and(|(held, wanted)| held > wanted)
                    });
                    if more || offer.ways.is_empty() || !open(&offer) || !known(&offer, held) {
                        continue;
                    }
                    // As in a scan, the next way is tried where one does not do.
                    let tries = offer.ways.iter().map(|way| {
                        let new = after(&texts, way);
                        let Reading { attributes, gaps: more, .. } = read(&new);
                        let now = attributes.get(&offer.asset);
                        let done = offer.makes.iter().all(|(name, value)| now.and_then(|n| n.get(name)) == Some(value));
                        (new, done, more)
                    });
                    let mut tries: Vec<_> = tries.collect();
                    let at = tries.iter().position(|(_, done, more)| *done && *more <= gaps).unwrap_or(0);
                    let (new, done, more) = tries.swap_remove(at);
                    if !done || more > gaps {
                        faults.push(format!(
                            "{id} {:?} (gaps {gaps} → {more})\n{}",
                            offer.makes,
                            new.values().next().unwrap()
                        ));
                    }
                    let nth = block.repairs.iter().position(|repair| {
                        let makes: std::collections::BTreeMap<String, Value> =
                            repair.makes.iter().map(|(n, v)| (n.clone(), Value::from(v))).collect();
                        makes == offer.makes
                    });
                    if let Some(nth) = nth.filter(|_| {
                        offer.asset.as_str().contains(id.as_str()) || block.source != ResourceSource::Terraform
                    }) {
                        tried.insert(nth);
                        let list = usize::from(block.source != ResourceSource::Terraform);
                        pairs[list].extend(offer.makes.keys().map(|name| format!("{id}.{name}")));
                    }
                }
            }
        }
        for (nth, repair) in block.repairs.iter().enumerate() {
            let there = repair.makes.keys().all(|name| told.contains(name));
            if !repair.by.is_empty() && there && !tried.contains(&nth) {
                untried.push(format!("{:?} {:?}", block.types, repair.makes));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n----\n"));
    assert!(untried.is_empty(), "no example tries\n{}", untried.join("\n"));
    assert!(pairs[0].len() >= 5, "{} in Terraform, {} elsewhere", pairs[0].len(), pairs[1].len());
}

/// Whether some attribute that the offer changes is known and there.
fn known(offer: &Offer, held: Option<&std::collections::BTreeMap<String, Value>>) -> bool {
    offer.makes.keys().any(|name| held.and_then(|held| held.get(name)).is_some())
}

#[test]
fn attributes_come_under_their_neighbours_and_columns_follow() {
    let text = "# the store\nresource \"aws_db_instance\" \"db\" {\n  identifier = \"db\" # ours\n  engine     = \"postgres\"\n\n  # who may\n  tags = {\n    a = 1\n  }\n}\n";
    let new = repaired("main.tf", text, "backupRetentionDays", 7);
    assert_eq!(
        new,
        "# the store\nresource \"aws_db_instance\" \"db\" {\n  identifier = \"db\" # ours\n  engine     = \"postgres\"\n\n  # who may\n  tags = {\n    a = 1\n  }\n  backup_retention_period = 7\n}\n"
    );
    let text = "resource \"aws_db_instance\" \"db\" {\n  identifier = \"db\"\n  engine     = \"postgres\"\n}\n";
    assert_eq!(
        repaired("main.tf", text, "encryptedAtRest", true),
        "resource \"aws_db_instance\" \"db\" {\n  identifier        = \"db\"\n  engine            = \"postgres\"\n  storage_encrypted = true\n}\n"
    );
}

#[test]
fn blocks_of_one_line_are_opened_and_line_ends_stay() {
    assert_eq!(
        repaired("main.tf", "resource \"aws_db_instance\" \"db\" {}", "encryptedAtRest", true),
        "resource \"aws_db_instance\" \"db\" {\n  storage_encrypted = true\n}"
    );
    assert_eq!(
        repaired("main.tf", "resource \"aws_db_instance\" \"db\" { engine = \"postgres\" }\n", "encryptedAtRest", true),
        "resource \"aws_db_instance\" \"db\" {\n  engine            = \"postgres\"\n  storage_encrypted = true\n}\n"
    );
    assert_eq!(
        repaired(
            "main.tf",
            "resource \"aws_db_instance\" \"db\" {\r\n  engine = \"postgres\"\r\n}\r\n",
            "deletionProtected",
            true
        ),
        "resource \"aws_db_instance\" \"db\" {\r\n  engine              = \"postgres\"\r\n  deletion_protection = true\r\n}\r\n"
    );
}

#[test]
fn a_value_is_edited_where_it_is_written() {
    let text = "variable \"open\" {\n  default = true\n}\n\nresource \"aws_db_instance\" \"db\" {\n  publicly_accessible = var.open\n}\n";
    assert_eq!(repaired("main.tf", text, "public", false), text.replace("default = true", "default = false"));
    let text = "locals {\n  all = {\n    a = { open = true }\n    b = { open = false }\n  }\n}\n\nresource \"aws_db_instance\" \"db\" {\n  for_each            = local.all\n  publicly_accessible = each.value.open\n}\n";
    assert_eq!(repaired("main.tf", text, "public", false), text.replace("open = true", "open = false"));
    let text = "variable \"stage\" { default = \"dev\" }\nresource \"aws_db_instance\" \"db\" {\n  publicly_accessible = var.stage == \"prod\" ? false : true\n}\n";
    let new = repaired("main.tf", text, "public", false);
    assert!(new.ends_with("  publicly_accessible = false\n}\n"), "{new}");
}

#[test]
fn a_companion_repeats_what_multiplies_the_resource() {
    let text = "resource \"aws_s3_bucket\" \"b\" {\n  for_each = toset([\"x\", \"y\"])\n  provider = aws.eu\n  bucket   = each.key\n}\n";
    let new = repaired("main.tf", text, "versioned", true);
    assert!(
        new.contains("resource \"aws_s3_bucket_versioning\" \"b\" {\n  for_each = toset([\"x\", \"y\"])\n  provider = aws.eu\n\n  bucket = aws_s3_bucket.b[each.key].id\n"),
        "{new}"
    );
    let held = "resource \"aws_s3_bucket\" \"b\" {}\nresource \"aws_s3_bucket_versioning\" \"v\" {\n  bucket = aws_s3_bucket.b.id\n  versioning_configuration {\n    status = \"Suspended\" # for now\n  }\n}\n";
    assert_eq!(repaired("main.tf", held, "versioned", true), held.replace("Suspended", "Enabled"));
}

#[test]
fn two_patches_of_one_group_share_its_column() {
    let text = "resource \"aws_db_instance\" \"db\" {\n  engine = \"postgres\"\n}\n";
    let texts = texts(&[("main.tf", text)]);
    let all = offered(&texts);
    let wanted =
        [("backupRetentionDays", Value::Int(7)), ("deletionProtected", true.into()), ("encryptedAtRest", true.into())];
    let chosen =
        |offer: &&Offer| offer.makes.iter().all(|(name, value)| wanted.contains(&(name.as_str(), value.clone())));
    let ways: Vec<&[aedile_model::Patch]> =
        all.iter().filter(chosen).filter_map(|offer| offer.ways.first()).map(Vec::as_slice).collect();
    let (edits, taken) = composed(&ways);
    assert_eq!(taken.len(), ways.len());
    let new = patched("main.tf", text, &edits);
    let columns: BTreeSet<usize> = new.lines().filter_map(|line| line.find(" = ")).collect();
    assert_eq!(columns.len(), 1, "{new}");
}
