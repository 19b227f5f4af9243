use aedile_model::{Asset, GapKind, Value};

use super::super::Terraform;
use crate::crawler::{Context, run};
use crate::iac::examples::{RULES, line};
use crate::{Facts, File, Options};

fn facts(text: &str) -> Facts {
    let options = Options::default();
    let mut facts = Facts::default();
    run::<Terraform>(&[File::in_memory("plan.json", text)], Context::new(&RULES, &options), &mut facts);
    facts
}

fn asset<'f>(facts: &'f Facts, address: &str) -> &'f Asset {
    let all: Vec<&str> = facts.assets.iter().map(|asset| asset.address.as_str()).collect();
    facts.assets.iter().find(|asset| asset.address == address).unwrap_or_else(|| panic!("{address} in {all:?}"))
}

const PLAN: &str = r#"{
  "format_version": "1.2", "terraform_version": "1.9.0",
  "variables": {"region": {"value": "eu-west-1"}},
  "planned_values": {"root_module": {
    "resources": [
      {"address": "aws_s3_bucket.raw[\"a\"]", "mode": "managed", "type": "aws_s3_bucket", "name": "raw", "index": "a",
       "values": {"bucket": "clinic-a", "tags": {"team": "lake"}, "tags_all": {"team": "lake", "env": "prod"}}},
      {"address": "aws_s3_bucket.raw[\"b\"]", "mode": "managed", "type": "aws_s3_bucket", "name": "raw", "index": "b",
       "values": {"bucket": null, "tags": null}},
      {"address": "aws_s3_bucket_versioning.raw[\"b\"]", "mode": "managed", "type": "aws_s3_bucket_versioning",
       "name": "raw", "index": "b", "values": {"versioning_configuration": [{"status": "Enabled"}]}},
      {"address": "aws_s3_bucket_acl.raw", "mode": "managed", "type": "aws_s3_bucket_acl", "name": "raw",
       "values": {"acl": "public-read", "bucket": "clinic-a"}}
    ],
    "child_modules": [{"address": "module.lake[\"x\"]", "resources": [
      {"address": "module.lake[\"x\"].aws_s3_bucket_logging.l", "mode": "managed", "type": "aws_s3_bucket_logging",
       "name": "l", "values": {"target_prefix": "log/"}}
    ]}]
  }},
  "resource_changes": [
    {"address": "aws_s3_bucket.raw[\"b\"]", "change": {"actions": ["create"], "after_unknown":
      {"bucket": true, "id": true, "arn": true, "versioning": true}}},
    {"address": "aws_s3_bucket_versioning.raw[\"b\"]", "change": {"after_unknown": {"bucket": true, "id": true}}},
    {"address": "module.lake[\"x\"].aws_s3_bucket_logging.l", "change": {"after_unknown": {"bucket": true, "target_bucket": true}}}
  ],
  "configuration": {
    "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"references": ["var.region"]}}}},
    "root_module": {
      "resources": [
        {"address": "aws_s3_bucket.raw", "mode": "managed", "type": "aws_s3_bucket", "name": "raw", "provider_config_key": "aws",
         "expressions": {"bucket": {"references": ["each.value"]}}, "for_each_expression": {"references": ["local.b"]}},
        {"address": "aws_s3_bucket_versioning.raw", "provider_config_key": "aws",
         "expressions": {"bucket": {"references": ["each.value.id", "each.value"]}},
         "for_each_expression": {"references": ["aws_s3_bucket.raw"]}},
        {"address": "aws_s3_bucket_acl.raw", "provider_config_key": "aws",
         "expressions": {"bucket": {"references": ["aws_s3_bucket.raw[\"a\"].id", "aws_s3_bucket.raw[\"a\"]", "aws_s3_bucket.raw"]}}}
      ],
      "module_calls": {"lake": {"source": "./m",
        "expressions": {"target": {"references": ["aws_s3_bucket.raw[\"b\"].id", "aws_s3_bucket.raw[\"b\"]", "aws_s3_bucket.raw"]}},
        "module": {"resources": [
          {"address": "aws_s3_bucket_logging.l", "provider_config_key": "aws",
           "expressions": {"bucket": {"references": ["var.target"]}, "target_bucket": {"references": ["local.z"]}}}
        ]}}}
    }
  }
}"#;

#[test]
fn resources_of_a_plan_find_each_other_before_ids_are_known() {
    let facts = facts(PLAN);
    assert_eq!(facts.gaps, []);
    let (a, b) = (asset(&facts, "aws_s3_bucket.raw[\"a\"]"), asset(&facts, "aws_s3_bucket.raw[\"b\"]"));
    assert_eq!(a.value("public"), Some(&Value::Bool(true)));
    assert_eq!(a.value("versioned"), Some(&Value::Bool(false)));
    assert_eq!(a.value("environment"), Some(&Value::from("production")));
    assert_eq!(b.value("versioned"), Some(&Value::Bool(true)));
    assert_eq!(b.value("public"), Some(&Value::Bool(false)));
    // Through the module's input; where it logs to is given.
    assert_eq!(b.value("loggingEnabled"), Some(&Value::Bool(true)));
    assert_eq!(a.value("region"), Some(&Value::from("eu-west-1")));
    let place = a.attributes["public"].place.clone().expect("there is a place");
    assert_eq!(&PLAN[place.span.start as usize..place.span.end as usize], "\"acl\": \"public-read\"");
}

#[test]
fn policies_that_a_data_source_renders_are_read() {
    let facts = facts(
        r#"{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
        {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "values": {"bucket": "b"}},
        {"address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "name": "r", "values": {"name": "r"}},
        {"address": "aws_iam_role_policy.p", "mode": "managed", "type": "aws_iam_role_policy", "name": "p", "values": {"role": "r"}},
        {"address": "data.aws_iam_policy_document.d", "mode": "data", "type": "aws_iam_policy_document", "name": "d",
         "values": {"statement": [{"actions": ["s3:GetObject"], "effect": null, "resources": [null]}]}}]}},
      "resource_changes": [
        {"address": "aws_iam_role_policy.p", "change": {"after_unknown": {"policy": true}}},
        {"address": "data.aws_iam_policy_document.d", "change": {"after_unknown": {"json": true, "statement": [{"actions": [false], "resources": [true]}]}}}],
      "configuration": {"root_module": {"resources": [
        {"address": "aws_s3_bucket.b", "expressions": {}},
        {"address": "aws_iam_role.r", "expressions": {}},
        {"address": "aws_iam_role_policy.p", "expressions": {"policy": {"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]}}},
        {"address": "data.aws_iam_policy_document.d", "expressions": {"statement": [{"actions": {"constant_value": ["s3:GetObject"]}, "resources": {"references": ["aws_s3_bucket.b.arn", "aws_s3_bucket.b"]}}]}}]}}}"#,
    );
    let lines: Vec<String> = facts.links.iter().map(line).collect();
    assert_eq!(lines, ["grants Role:plan.json#aws_iam_role.r -> Bucket:plan.json#aws_s3_bucket.b [read]"]);
}

#[test]
fn states_are_read_and_other_json_is_not_claimed() {
    let state = r#"{"format_version": "1.0", "values": {"root_module": {"resources": [
        {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "values": {"bucket": "x"}}]}}}"#;
    assert_eq!(asset(&facts(state), "aws_s3_bucket.b").name, "x");
    for other in ["{}", "{\"format_version\": 1}", "{\"planned_values\": {}}"] {
        assert!(!super::is_plan(&File::in_memory("a.json", other)), "{other}");
    }
    assert!(!super::is_plan(&File::in_memory("a.txt", state)));
}

#[test]
fn broken_newer_and_deep_plans_are_gaps() {
    let kinds = |text: &str| facts(text).gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>();
    let head = "{\"format_version\": \"1.2\", \"planned_values\": ";
    assert_eq!(kinds(head), [GapKind::Unparsed]);
    assert_eq!(kinds(&format!("{head}{}", "[".repeat(10_000))), [GapKind::Limit]);
    assert_eq!(kinds("{\"format_version\": \"9.0\", \"planned_values\": {}}"), [GapKind::Unsupported]);
    for odd in ["[]", "{\"root_module\": []}", "{\"root_module\": {\"resources\": [1, {}, {\"address\": 3}]}}"] {
        assert_eq!(kinds(&format!("{head}{odd}}}")), [], "{odd}");
    }
}

#[test]
fn mutated_plans_are_crawled_to_the_end() {
    let mut dice = super::super::syntax::tests::Dice(0x1234_5678_9ABC_DEF1);
    for _ in 0..600 {
        let text = super::super::syntax::tests::mutated(PLAN, &mut dice);
        let facts = facts(&text);
        assert!(facts.gaps.iter().all(|gap| gap.place.span.end as usize <= text.len()), "{text}");
    }
}

#[test]
fn policy_documents_that_hold_each_other_end() {
    let document = |name: &str, other: &str| {
        (
            format!(
                "{{\"address\": \"data.aws_iam_policy_document.{name}\", \"mode\": \"data\", \"type\": \"aws_iam_policy_document\", \"name\": \"{name}\", \"values\": {{\"source_policy_documents\": [null]}}}}"
            ),
            format!(
                "{{\"address\": \"data.aws_iam_policy_document.{name}\", \"change\": {{\"after_unknown\": {{\"json\": true, \"source_policy_documents\": [true]}}}}}}"
            ),
            format!(
                "{{\"address\": \"data.aws_iam_policy_document.{name}\", \"expressions\": {{\"source_policy_documents\": {{\"references\": [\"data.aws_iam_policy_document.{other}.json\"]}}}}}}"
            ),
        )
    };
    let (a, b) = (document("a", "b"), document("b", "a"));
    let text = format!(
        r#"{{"format_version": "1.2", "planned_values": {{"root_module": {{"resources": [{}, {},
        {{"address": "aws_s3_bucket_policy.p", "mode": "managed", "type": "aws_s3_bucket_policy", "name": "p", "values": {{}}}},
        {{"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "values": {{}}}}]}}}},
        "resource_changes": [{}, {}, {{"address": "aws_s3_bucket_policy.p", "change": {{"after_unknown": {{"policy": true, "bucket": true}}}}}}],
        "configuration": {{"root_module": {{"resources": [{}, {}, {{"address": "aws_s3_bucket.b", "expressions": {{}}}},
        {{"address": "aws_s3_bucket_policy.p", "expressions": {{"policy": {{"references": ["data.aws_iam_policy_document.a.json"]}}, "bucket": {{"references": ["aws_s3_bucket.b.id"]}}}}}}]}}}}}}"#,
        a.0, b.0, a.1, b.1, a.2, b.2
    );
    let facts = facts(&text);
    assert!(matches!(asset(&facts, "aws_s3_bucket.b").value("public"), Some(Value::Unknown(_))));
}

#[test]
fn a_plan_beside_its_configuration_wins_and_points_to_the_blocks() {
    let main = "variable \"versions\" {}\nvariable \"names\" {}\nresource \"aws_s3_bucket\" \"b\" {\n  bucket = \"clinic\"\n}\nresource \"aws_s3_bucket_versioning\" \"b\" {\n  bucket = aws_s3_bucket.b.id\n  versioning_configuration { status = var.versions }\n}\nresource \"aws_s3_bucket\" \"many\" {\n  for_each = var.names\n}\nresource \"aws_s3_bucket\" \"elsewhere\" {}\n";
    let plan = r#"{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
      {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "values": {"bucket": "clinic"}},
      {"address": "aws_s3_bucket_versioning.b", "mode": "managed", "type": "aws_s3_bucket_versioning", "name": "b",
       "values": {"bucket": "clinic", "versioning_configuration": [{"status": "Enabled"}]}},
      {"address": "aws_s3_bucket.many[\"x\"]", "mode": "managed", "type": "aws_s3_bucket", "name": "many", "index": "x",
       "values": {"bucket": "x"}}
    ]}}}"#;
    let number = |place: &aedile_model::Place| main[..place.span.start as usize].matches('\n').count() + 1;
    let options = Options::default();
    let context = Context::new(&RULES, &options);
    for (folder, at) in [("infra", "infra/plan.json"), ("infra", "infra/out/plan.json"), ("infra", "plans/prod.json")] {
        let files = [File::in_memory(&format!("{folder}/main.tf"), main), File::in_memory(at, plan)];
        let mut facts = Facts::default();
        run::<Terraform>(&files, context, &mut facts);
        let ids: Vec<&str> = facts.assets.iter().map(|asset| asset.id.as_str()).collect();
        let buckets = [
            "Bucket:infra#aws_s3_bucket.elsewhere",
            "Bucket:infra#aws_s3_bucket.b",
            "Bucket:infra#aws_s3_bucket.many[\"x\"]",
        ];
        assert_eq!(ids, buckets, "{at}");
        let bucket = asset(&facts, "aws_s3_bucket.b");
        assert_eq!(bucket.value("versioned"), Some(&Value::Bool(true)), "the plan knows the variable");
        let place = bucket.place.clone().expect("there is a place");
        assert_eq!((&*place.path, number(&place)), ("infra/main.tf", 3));
        let place = bucket.attributes["versioned"].place.clone().expect("there is a place");
        assert_eq!((&*place.path, number(&place)), ("infra/main.tf", 8));
        assert_eq!(
            &*asset(&facts, "aws_s3_bucket.many[\"x\"]").place.clone().expect("there is a place").path,
            "infra/main.tf"
        );
    }
    let other = [
        File::in_memory("infra/main.tf", "resource \"aws_s3_bucket\" \"z\" {}\n"),
        File::in_memory("infra/plan.json", plan),
    ];
    let mut facts = Facts::default();
    run::<Terraform>(&other, context, &mut facts);
    assert_eq!(facts.assets.len(), 3, "a plan of another configuration stands for itself");
}
