//! `aedile suggest` and `aedile init`: drafts that hold when they are followed.

use std::collections::BTreeSet;
use std::path::Path;

use aedile::record::Run;
use serde_json::Value;

use crate::gaps::copy;
use crate::program::{AS_OF, aedile, code, platform, samples, scan, stderr, stdout};

fn suggested(folder: &Path, args: &[&str]) -> Value {
    let mut all = vec!["suggest", ".", "--as-of", AS_OF, "--format", "json"];
    all.extend(args);
    let output = aedile(folder, &all);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn file<'a>(suggestion: &'a Value, path: &str) -> &'a str {
    let files = suggestion["files"].as_array().expect("files");
    let found = files.iter().find(|file| file["path"] == path);
    found.unwrap_or_else(|| panic!("no {path} in {files:?}"))["text"].as_str().expect("text")
}

fn fingerprints(run: &Run) -> BTreeSet<String> {
    run.findings.iter().map(|finding| format!("{} {}", finding.policy, finding.asset.address)).collect()
}

#[test]
fn statements_for_the_clinics_database_close_what_they_are_about_and_open_nothing() {
    let folder = copy("clinic");
    let (before, _) = scan(folder.path(), &[]);
    let opened = "data-not-granted-to-anyone clinic.patients";
    assert!(fingerprints(&before).contains(opened));
    let output = aedile(folder.path(), &["suggest", ".", "--as-of", AS_OF, "--write", "sql/suggested"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let statements = std::fs::read_to_string(folder.path().join("sql/suggested/postgres.sql")).expect("it was written");
    assert!(statements.contains("REVOKE SELECT ON clinic.patients FROM PUBLIC;"), "{statements}");
    assert!(statements.contains("GRANT SELECT (registered_at) ON clinic.patients TO PUBLIC;"), "{statements}");
    assert!(statements.contains("GRANT SELECT ON clinic.visits_masked TO reporting;"), "{statements}");
    // Applied where the grants are: after them.
    let grants = folder.path().join("sql/grants.sql");
    let held = std::fs::read_to_string(&grants).expect("the sample has grants");
    std::fs::write(&grants, format!("{held}\n{statements}")).expect("it can be written");
    std::fs::remove_dir_all(folder.path().join("sql/suggested")).expect("it can be removed");
    let (after, _) = scan(folder.path(), &[]);
    let (before, after) = (fingerprints(&before), fingerprints(&after));
    assert!(!after.contains(opened));
    let new: Vec<&String> = after.difference(&before).collect();
    assert!(new.is_empty(), "{new:?}");
}

#[test]
fn permits_cover_what_is_fit_to_stay_and_nothing_else() {
    for name in ["clean", "clinic", "mlops", "retail"] {
        let folder = copy(name);
        let suggestion = suggested(folder.path(), &[]);
        let permits = file(&suggestion, "access/suggested.cedar");
        assert!(!permits.contains("Aedile::AnyOne"), "{permits}");
        let (before, _) = scan(folder.path(), &[]);
        std::fs::create_dir_all(folder.path().join("access")).expect("a folder can be made");
        std::fs::write(folder.path().join("access/suggested.cedar"), permits).expect("it can be written");
        let config = std::fs::read_to_string(folder.path().join("aedile.yaml")).expect("the sample has one");
        let config = config.replace("access: [access/intended.cedar]\n", "");
        std::fs::write(folder.path().join("aedile.yaml"), config + "\naccess: [access/suggested.cedar]\n")
            .expect("it can be written");
        let (after, _) = scan(folder.path(), &[]);
        let (before, after) = (fingerprints(&before), fingerprints(&after));
        let not_intended = "access-as-intended ";
        let new: Vec<&String> = after.difference(&before).filter(|it| !it.starts_with(not_intended)).collect();
        assert!(new.is_empty(), "{name}: {new:?}");
        // What is not intended is what was left out, and each of those has a finding of its own already.
        let left_out: Vec<String> = suggestion["left_out"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| it["what"].as_str().expect("text").to_owned())
            .collect();
        for finding in after.iter().filter_map(|it| it.strip_prefix(not_intended)) {
            assert!(left_out.iter().any(|what| what.ends_with(&format!(" on {finding}"))), "{name}: {finding}");
        }
    }
}

#[test]
fn a_roles_policy_is_narrowed_to_the_objects_that_its_code_reads() {
    let folder = copy("mlops");
    let suggestion = suggested(folder.path(), &[]);
    let narrowed: Value = serde_json::from_str(file(&suggestion, "iam/lend-nightly.json")).expect("a policy document");
    let resources: Vec<&str> = narrowed["Statement"]
        .as_array()
        .expect("statements")
        .iter()
        .flat_map(|statement| statement["Resource"].as_array().expect("resources"))
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(resources, ["arn:aws:s3:::lend-tickets/dump/tickets.jsonl", "arn:aws:s3:::lend-tickets"]);
    assert!(narrowed["Statement"].as_array().is_some_and(|all| all.iter().all(|it| it["Effect"] == "Allow")));

    // Written in place of what the role had, the findings about its rights are gone and nothing is new.
    let (before, _) = scan(folder.path(), &[]);
    let had = std::fs::read_to_string(folder.path().join("infra/iam.tf")).expect("the sample has roles");
    let start = had.find("resource \"aws_iam_role_policy\" \"nightly\"").expect("the role has a policy");
    let end = start + had[start..].find("\n}\n").expect("it ends") + 3;
    let text = serde_json::to_string(&narrowed).expect("it is JSON");
    let policy = format!(
        "resource \"aws_iam_role_policy\" \"nightly\" {{\n  name   = \"nightly\"\n  role   = aws_iam_role.nightly.id\n  policy = <<-JSON\n    {text}\n  JSON\n}}\n"
    );
    std::fs::write(folder.path().join("infra/iam.tf"), format!("{}{policy}{}", &had[..start], &had[end..]))
        .expect("it can be written");
    let (after, _) = scan(folder.path(), &[]);
    let of_role = |run: &Run, policy: &str| {
        let own = run.findings.iter().filter(|finding| finding.policy == policy);
        own.filter(|finding| finding.title.contains("aws_iam_role.nightly")).count()
    };
    for policy in ["grant-in-use", "grant-not-expired", "special-categories-not-read-by-those-who-share"] {
        assert!(of_role(&before, policy) > 0, "{policy} is planted");
        assert_eq!(of_role(&after, policy), 0, "{policy}");
    }
    let (before, after) = (fingerprints(&before), fingerprints(&after));
    let new: Vec<&String> = after.difference(&before).collect();
    assert!(new.is_empty(), "{new:?}");
}

#[test]
fn each_dialect_masks_the_columns_of_a_table_that_no_source_places() {
    let table = "CREATE TABLE ward.people (email TEXT, diagnosis_code TEXT, ward TEXT, beds INT);\nGRANT SELECT ON ward.people TO PUBLIC;\n";
    let folder = platform(&[("schema.sql", table)]);
    let without = suggested(folder.path(), &[]);
    assert!(without["left_out"].to_string().contains("--dialect"), "{without}");
    for (dialect, path, words) in [
        (
            "snowflake",
            "snowflake.sql",
            &["MODIFY COLUMN email SET MASKING POLICY mask_pii_contact_email", "ADD ROW ACCESS POLICY"][..],
        ),
        (
            "databricks",
            "databricks.sql",
            &["ALTER COLUMN email SET MASK mask_pii_contact_email", "SET ROW FILTER", "FROM `account users`"],
        ),
        (
            "bigquery",
            "bigquery.tf",
            &["\"email\" = google_data_catalog_policy_tag.pii_contact_email.name", "EMAIL_MASK"],
        ),
        ("lake-formation", "lake-formation.tf", &["column_names  = [\"email\"]", "aws_lakeformation_lf_tag"]),
        (
            "postgres",
            "postgres.sql",
            &["CREATE OR REPLACE VIEW ward.people_masked AS", "GRANT SELECT (beds, ward) ON ward.people TO PUBLIC;"],
        ),
    ] {
        let suggestion = suggested(folder.path(), &["--dialect", dialect]);
        let text = file(&suggestion, path);
        words.iter().for_each(|word| assert!(text.contains(word), "{dialect}: {word}\n{text}"));
        // For the parsers of others.
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suggested");
        std::fs::create_dir_all(&kept).expect("a folder");
        std::fs::write(kept.join(path), text).expect("writable");
    }
    // A mask of ours is read as one: the table is then masked.
    let suggestion = suggested(folder.path(), &["--dialect", "snowflake"]);
    std::fs::write(folder.path().join("masks.sql"), file(&suggestion, "snowflake.sql")).expect("it can be written");
    let (run, _) = scan(folder.path(), &[]);
    let column = run.assets.iter().find(|asset| asset.id.ends_with("ward.people/email")).expect("the column");
    assert_eq!(column.attributes.get("masked"), Some(&Value::Bool(true)), "{column:?}");
}

#[test]
fn names_of_hostile_tables_stay_names() {
    let table = "CREATE TABLE \"x; DROP TABLE y; --\" (\"email\"\"address\" TEXT, email TEXT);\nGRANT SELECT ON \"x; DROP TABLE y; --\" TO PUBLIC;\n";
    let folder = platform(&[("schema.sql", table)]);
    for dialect in ["snowflake", "databricks", "postgres"] {
        let suggestion = suggested(folder.path(), &["--dialect", dialect]);
        for file in suggestion["files"].as_array().expect("files").iter().filter(|file| file["dialect"] == dialect) {
            let text = file["text"].as_str().expect("text");
            let bare = text.lines().filter(|line| !line.starts_with("--")).any(|line| {
                line.contains("DROP TABLE")
                    && !line.contains("\"x; drop table y; --\"")
                    && !line.contains("`x; drop table y; --`")
            });
            assert!(!bare && !text.lines().any(|line| line.trim_start().starts_with("DROP")), "{text}");
        }
    }
}

#[test]
fn drafts_overwrite_nothing() {
    let folder = copy("clinic");
    std::fs::create_dir(folder.path().join("out")).expect("a folder can be made");
    std::fs::write(folder.path().join("out/postgres.sql"), "-- mine\n").expect("it can be written");
    let output = aedile(folder.path(), &["suggest", ".", "--as-of", AS_OF, "--write", "out"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("out/postgres.sql"), "{}", stderr(&output));
    assert!(!folder.path().join("out/access").exists());
    let wrong = aedile(folder.path(), &["suggest", ".", "--dialect", "oracle"]);
    assert_eq!(code(&wrong), 2);
    assert!(stderr(&wrong).contains("lake-formation"), "{}", stderr(&wrong));
}

#[test]
fn every_sample_can_be_started_and_scanned_with_what_was_written() {
    for name in samples().iter().filter(|name| *name != "hostile") {
        let folder = copy(name);
        std::fs::remove_file(folder.path().join("aedile.yaml")).expect("the sample has a configuration");
        let output = aedile(folder.path(), &["init", ".", "--as-of", AS_OF]);
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        assert!(stdout(&output).contains("aedile baseline create"), "{}", stdout(&output));
        let config = std::fs::read_to_string(folder.path().join("aedile.yaml")).expect("it was written");
        assert!(config.contains("# residency"), "{config}");
        let (run, exit) = scan(folder.path(), &[]);
        assert_ne!(exit, 2, "{name}");
        // The workflow that was written is none to find fault with.
        let faults =
            run.findings.iter().filter(|finding| finding.places.iter().any(|at| at.path.starts_with(".github/")));
        assert_eq!(faults.map(|finding| &finding.title).collect::<Vec<_>>(), Vec::<&String>::new(), "{name}");
        let unread = run.coverage.gaps.iter().filter(|gap| gap.place.path.ends_with("aedile.yaml"));
        assert_eq!(unread.count(), 0, "{name}");

        // Again: everything is kept as it is.
        std::fs::write(folder.path().join("aedile.yaml"), "version: 1\nentity: mine\n").expect("it can be written");
        let again = aedile(folder.path(), &["init", ".", "--as-of", AS_OF]);
        assert_eq!(code(&again), 0);
        assert_eq!(stdout(&again).matches("kept ").count(), 4, "{}", stdout(&again));
        let kept = std::fs::read_to_string(folder.path().join("aedile.yaml")).expect("it is there");
        assert_eq!(kept, "version: 1\nentity: mine\n");
    }
}

#[test]
fn a_declaration_holds_once_its_marks_are_removed() {
    let folder = copy("clinic");
    std::fs::remove_file(folder.path().join("aedile.yaml")).expect("the sample has a configuration");
    aedile(folder.path(), &["init", ".", "--as-of", AS_OF]);
    let path = folder.path().join("aedile.yaml");
    let config = std::fs::read_to_string(&path).expect("it was written");
    assert!(config.contains("# declare:") && config.contains("clinic.patients"), "{config}");
    let start = config.find("# declare:").expect("declarations are drafted");
    let (head, declared) = config.split_at(start);
    // Everything below is a comment of a person's, or a line of YAML behind `# ` or `#   `.
    let lines: Vec<String> = declared
        .lines()
        .filter_map(|line| line.strip_prefix('#').map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned()))
        .filter(|line| line.starts_with("declare:") || line.starts_with("  - asset:") || line.starts_with("    owner:"))
        .map(|line| if line.starts_with("    owner:") { "    owner: somebody".to_owned() } else { line })
        .collect();
    std::fs::write(&path, format!("{head}{}\n", lines.join("\n"))).expect("it can be written");
    let (run, exit) = scan(folder.path(), &[]);
    assert_ne!(exit, 2);
    let unmatched: Vec<&String> = run
        .coverage
        .gaps
        .iter()
        .map(|gap| &gap.message)
        .filter(|message| message.contains("matches no asset"))
        .collect();
    assert!(unmatched.is_empty(), "{unmatched:?}");
}

#[test]
fn a_platform_on_gitlab_gets_gitlabs_gate() {
    let folder = copy("clean");
    std::fs::write(folder.path().join(".gitlab-ci.yml"), "stages: [test]\n").expect("it can be written");
    assert_eq!(code(&aedile(folder.path(), &["init", ".", "--as-of", AS_OF])), 0);
    let gate = std::fs::read_to_string(folder.path().join(".gitlab/aedile.yml")).expect("it was written");
    assert!(gate.contains("gl-sast-report.json"), "{gate}");
    assert!(!folder.path().join(".github").exists());
}

#[test]
fn where_nothing_is_granted_no_access_is_spoken_of() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let output = aedile(folder.path(), &["init", ".", "--as-of", AS_OF]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("  2. `aedile scan .`"), "{}", stdout(&output));
    assert!(!stdout(&output).contains("intended.cedar"), "{}", stdout(&output));
}
