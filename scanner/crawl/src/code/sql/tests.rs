//! Lineage, grants and masks of whole scripts.

use aedile_model::{AssetKind, GapKind};

use crate::code::tests::{facts_of, sql, tells, told};

#[test]
fn a_table_made_from_a_query_knows_its_columns() {
    let told = sql(
        "CREATE TABLE app.users (id INT, email TEXT, born DATE);\nCREATE TABLE mart.users AS SELECT id, sha2(email, 256) AS email, year(born) AS y FROM app.users;",
    );
    tells(
        &told,
        &[
            "mart.users from app.users [born:truncated, email:hashed, id]",
            "Column:Table:mart.users/email from Column:Table:app.users/email [email:hashed]",
            "Column:Table:mart.users/y from Column:Table:app.users/born [born:truncated]",
            "reads app.users [born:truncated, email:hashed, id]",
            "writes mart.users [born:truncated, email:hashed, id]",
        ],
    );
}

#[test]
fn columns_of_a_definition_are_assets_with_places() {
    let code = "CREATE TABLE app.users (\n  id INT,\n  \"E-Mail\" TEXT\n);";
    let facts = facts_of(&[("t.sql", code)]);
    let column = facts.assets.iter().find(|asset| asset.name == "e-mail").unwrap();
    let span = column.place.as_ref().unwrap().span;
    assert_eq!(&code[span.start as usize..span.end as usize], "\"E-Mail\"");
    assert_eq!(column.type_name, "text");
}

#[test]
fn a_star_is_expanded_by_a_known_table() {
    let told = sql(
        "CREATE TABLE app.u (id INT, email TEXT);\nCREATE VIEW v AS SELECT * FROM app.u;\nCREATE VIEW w AS SELECT * FROM other;",
    );
    tells(&told, &["v from app.u [email, id]", "w from other [*]"]);
}

#[test]
fn common_table_expressions_and_aliases_are_followed() {
    let told = sql(
        "INSERT INTO m.t (a, b) WITH c AS (SELECT u.email AS e, u.zip FROM app.u u) SELECT c.e, left(c.zip, 3) FROM c JOIN x ON x.id = c.e;",
    );
    tells(
        &told,
        &[
            "Column:Table:m.t/a from Column:Table:app.u/email [email]",
            "Column:Table:m.t/b from Column:Table:app.u/zip [zip:truncated]",
        ],
    );
}

#[test]
fn a_union_goes_by_position() {
    let told = sql("CREATE TABLE t AS SELECT email AS contact FROM a UNION ALL SELECT phone FROM b;");
    tells(
        &told,
        &[
            "Column:Table:t/contact from Column:Table:a/email [email]",
            "Column:Table:t/contact from Column:Table:b/phone [phone]",
        ],
    );
}

#[test]
fn aggregates_hide_and_extremes_do_not() {
    let told = sql(
        "CREATE TABLE t AS SELECT city, count(email) AS n, max(email) AS m, array_agg(phone) AS p FROM u GROUP BY city;",
    );
    tells(
        &told,
        &[
            "Column:Table:t/n from Column:Table:u/email [email:aggregated]",
            "Column:Table:t/m from Column:Table:u/email [email]",
            "Column:Table:t/p from Column:Table:u/phone [phone]",
        ],
    );
}

#[test]
fn a_filter_on_a_column_is_not_its_value() {
    let told = sql("CREATE TABLE t AS SELECT id FROM u WHERE email = 'x' AND id IN (SELECT uid FROM b);");
    tells(&told, &["t from u [id] where email, id", "reads b"]);
    assert!(!told.iter().any(|line| line.split(" where ").next().is_some_and(|flow| flow.contains("email"))));
}

#[test]
fn merges_and_updates_write() {
    let told = sql(
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET email = s.mail WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.mail);\nUPDATE t SET phone = x.tel FROM x WHERE x.id = t.id;",
    );
    tells(
        &told,
        &["Column:Table:t/email from Column:Table:s/mail [mail]", "Column:Table:t/phone from Column:Table:x/tel [tel]"],
    );
}

#[test]
fn copies_join_tables_and_files() {
    let told = sql(
        "COPY INTO raw.p FROM 's3://land/p/' FILE_FORMAT = (TYPE = CSV);\nUNLOAD ('SELECT email FROM raw.p') TO 's3://out/p' IAM_ROLE 'x';",
    );
    tells(
        &told,
        &["reads s3://land/p/ [*]", "writes raw.p [*]", "raw.p from s3://land/p/ [*]", "writes s3://out/p [email]"],
    );
}

#[test]
fn grants_are_links_and_a_revoke_takes_them_away() {
    let told = sql(
        "GRANT SELECT, INSERT ON clinic.p TO ROLE analyst;\nGRANT SELECT ON clinic.p TO PUBLIC;\nREVOKE INSERT ON clinic.p FROM ROLE analyst;\nGRANT ROLE analyst TO USER bob;",
    );
    tells(
        &told,
        &["Role:analyst may read clinic.p", "AnyOne:anyone may read clinic.p", "User:bob member of Role:analyst"],
    );
    assert!(!told.iter().any(|line| line.contains("write clinic.p")));
}

#[test]
fn a_revoked_grant_is_gone() {
    assert!(sql("GRANT SELECT ON t TO r;\nREVOKE ALL ON t FROM r;").is_empty());
}

#[test]
fn a_short_name_means_the_one_table_that_ends_with_it() {
    let told = sql(
        "CREATE TABLE clinic.patients (mrn TEXT);\nGRANT SELECT ON patients TO r;\nCREATE VIEW v AS SELECT * FROM patients;",
    );
    tells(&told, &["Role:r may read clinic.patients", "v from clinic.patients [mrn]"]);
}

#[test]
fn a_mask_sets_the_attribute() {
    let facts =
        facts_of(&[("t.sql", "CREATE TABLE p (email TEXT);\nALTER TABLE p ALTER COLUMN email SET MASK mask_email;")]);
    let masked: Vec<AssetKind> = facts
        .assets
        .iter()
        .filter(|asset| asset.value("masked") == Some(&aedile_model::Value::Bool(true)))
        .map(|asset| asset.kind)
        .collect();
    assert!(masked.contains(&AssetKind::Table) && masked.contains(&AssetKind::Column));
}

#[test]
fn one_bad_statement_is_one_gap() {
    let facts = facts_of(&[(
        "t.sql",
        "CREATE TABLE a (x INT);\nSELECT FROM WHERE ((;\nCREATE TABLE b AS SELECT x FROM a;\nVACUUM a;",
    )]);
    assert_eq!(facts.gaps.iter().filter(|gap| gap.kind == GapKind::Unparsed).count(), 1, "{:?}", facts.gaps);
    tells(&told(&facts), &["b from a [x]"]);
}

#[test]
fn hostile_depth_gives_a_gap_and_no_crash() {
    for text in [
        format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT 1{}", " + 1".repeat(20_000)),
        format!("SELECT a{}", " AND a".repeat(20_000)),
    ] {
        let facts = facts_of(&[("t.sql", &text)]);
        assert_eq!(facts.gaps.len(), 1);
    }
}

#[test]
fn dialects_are_tried_in_turn() {
    for text in [
        "SELECT * EXCEPT (ssn) FROM `p.d.t`",
        "SELECT a::text FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY b) = 1",
        "SELECT v:email::string FROM t, LATERAL FLATTEN(input => x)",
        "SELECT TOP 5 [email] FROM [dbo].[users]",
        "INSERT OVERWRITE TABLE t SELECT a FROM b",
    ] {
        let facts = facts_of(&[("t.sql", text)]);
        assert!(facts.gaps.is_empty(), "{text}: {:?}", facts.gaps);
    }
    tells(&sql("SELECT * EXCEPT (ssn) FROM t"), &["reads t [* without ssn]"]);
}

#[test]
fn nesting_is_a_limit_and_not_broken_sql() {
    let selects = format!("{}1{}", "SELECT * FROM (".repeat(1_000), ")".repeat(1_000));
    for text in [format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)), selects] {
        let facts = crate::code::tests::facts_of(&[("deep.sql", &text)]);
        let kinds: Vec<_> = facts.gaps.iter().map(|gap| gap.kind).collect();
        assert_eq!(kinds, [aedile_model::GapKind::Limit]);
    }
}

#[test]
fn a_function_that_is_not_read_is_no_gap() {
    let text = "CREATE OR REPLACE SECURE FUNCTION f(df BINARY) RETURNS BINARY LANGUAGE PYTHON HANDLER = 'm.f' IMPORTS = ('@s/f.zip');";
    assert!(facts_of(&[("udf.sql", text)]).gaps.is_empty());
}

#[test]
fn relations_that_double_are_cut_and_told() {
    // Each step joins the one before with itself: 2 to the power of 40 columns.
    let mut text = "CREATE TABLE t (a INT, b INT);\nCREATE TABLE x AS WITH c0 AS (SELECT * FROM t)".to_owned();
    for n in 1..40 {
        text.push_str(&format!(", c{n} AS (SELECT p.*, q.* FROM c{m} p JOIN c{m} q ON p.a = q.a)", m = n - 1));
    }
    text.push_str(" SELECT * FROM c39;");
    let start = std::time::Instant::now();
    let facts = facts_of(&[("t.sql", &text)]);
    assert!(facts.gaps.iter().any(|gap| gap.kind == GapKind::Limit), "{:?}", facts.gaps);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn a_large_file_is_read_in_time() {
    let statement = "INSERT INTO m.t (a, b) SELECT u.email, left(u.zip, 3) FROM app.u u JOIN app.v v ON u.id = v.id WHERE v.x = 'y';\n";
    let text = statement.repeat(5 * 1024 * 1024 / statement.len());
    let start = std::time::Instant::now();
    let told = sql(&text);
    tells(&told, &["Column:Table:m.t/b from Column:Table:app.u/zip [zip:truncated]"]);
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

#[test]
fn expressions_two_thousand_deep_are_a_limit() {
    for text in [
        format!("SELECT {}a{} FROM t", "coalesce(".repeat(2_000), ", 1)".repeat(2_000)),
        format!("SELECT {}a{} FROM t", "CASE WHEN x THEN ".repeat(2_000), " END".repeat(2_000)),
        format!("SELECT a FROM t WHERE {}", "NOT ".repeat(2_000) + "a"),
        format!(
            "WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT * FROM r){} SELECT 1",
            ", r AS (SELECT * FROM r, r x)".repeat(2_000)
        ),
    ] {
        // It ends, and what is not read is told.
        let facts = facts_of(&[("t.sql", &text)]);
        assert!(facts.gaps.len() <= 2, "{:?}", facts.gaps);
    }
}

#[test]
fn what_only_decides_carries_no_class_and_is_kept_apart() {
    let facts = facts_of(&[("t.sql", "CREATE TABLE t AS SELECT id FROM u WHERE email = 'x';")]);
    let decides: Vec<_> =
        facts.links.iter().filter(|link| link.kind == aedile_model::RelationKind::DependsOn).collect();
    assert_eq!(decides.len(), 1);
    let influence = &decides.first().unwrap().attributes["influence"];
    assert_eq!(influence.value.as_text(), Some("filter"));
}

#[test]
fn views_over_views_of_other_files_know_their_columns() {
    let told = told(&facts_of(&[
        ("c.sql", "CREATE VIEW c AS SELECT * FROM b;"),
        ("b.sql", "CREATE VIEW b AS SELECT * FROM a;"),
        ("a.sql", "CREATE VIEW a AS SELECT id, email AS mail FROM t;"),
    ]));
    tells(&told, &["c from b [id, mail]", "b from a [id, mail]"]);
}

#[test]
fn tags_in_the_definition_of_a_table_are_declarations_too() {
    let facts = facts_of(&[(
        "t.sql",
        "CREATE OR REPLACE TABLE crm.people (
            id INT,
            mail VARCHAR WITH TAG (gov.pii = 'email', gov.level = 'high'),
            phone VARCHAR NOT NULL WITH MASKING POLICY gov.m TAG (pii = 'phone')
        ) WITH TAG (gov.classification = 'confidential');",
    )]);
    let labels = |name: &str| -> Vec<String> {
        let of = facts.assets.iter().filter(|asset| asset.name == name).flat_map(|asset| &asset.labels);
        of.map(|label| format!("{} {}", label.source, label.written())).collect()
    };
    assert_eq!(labels("id"), Vec::<String>::new());
    assert_eq!(labels("mail"), ["catalog tag gov.level: high", "catalog tag gov.pii: email"]);
    assert_eq!(labels("phone"), ["catalog tag pii: phone"]);
    assert_eq!(labels("people"), ["catalog tag gov.classification: confidential"]);
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
}

#[test]
fn tags_of_catalogs_are_declarations() {
    let facts = facts_of(&[(
        "t.sql",
        "ALTER TABLE p ALTER COLUMN mail SET TAGS ('class' = 'pii');\nALTER TABLE p MODIFY COLUMN note SET TAG gov.pii = 'false';",
    )]);
    let labels = |name: &str| -> Vec<String> {
        let column = facts.assets.iter().find(|asset| asset.name == name).unwrap();
        column.labels.iter().map(|label| format!("{} {}", label.source, label.written())).collect()
    };
    assert_eq!(labels("mail"), ["catalog tag class: pii"]);
    assert_eq!(labels("note"), ["catalog tag gov.pii: false"]);
    assert!(!facts.assets.iter().any(|asset| asset.value("masked").is_some()));
}
