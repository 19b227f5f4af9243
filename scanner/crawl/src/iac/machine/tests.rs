//! Machines with a choice before what they release, and without.

use super::super::datum::Datum;
use super::*;
use aedile_rules::ResourceSource;

/// What the machine releases, each with whether it is gated.
fn released(states: &str) -> Vec<String> {
    let body = serde_json::json!({ "definition": format!("{{\"StartAt\": \"Train\", \"States\": {{{states}}}}}") });
    let resource = Resource {
        source: ResourceSource::Terraform,
        type_name: "aws_sfn_state_machine".to_owned(),
        address: "aws_sfn_state_machine.m".to_owned(),
        unit: String::new(),
        body: Datum::from_json(&body, None),
        place: None,
        in_tests: false,
        region: None,
        default_tags: None,
        doubt: None,
        provider: None,
    };
    let mut facts = Facts::default();
    write(&resource, &AssetId::new(AssetKind::Pipeline, "", "m"), &mut facts);
    let told = |link: &Link| {
        let name = match &link.to {
            Ref::Id(id) => id.as_str().to_owned(),
            Ref::Named { name, .. } => name.clone(),
        };
        match link.attributes.get("gated").map(|gated| &gated.value) {
            Some(Value::Bool(gated)) => format!("{name} {gated}"),
            Some(Value::Unknown(unknown)) => format!("{name} ? {}", unknown.expression),
            _ => name,
        }
    };
    facts.links.iter().map(told).collect()
}

const TRAIN: &str =
    r#""Train": {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync", "Next": "#;
const DEPLOY: &str = r#""Deploy": {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createEndpoint", "Parameters": {"EndpointName": "churn"}, "End": true}"#;

fn choice(rule: &str) -> String {
    format!(
        r#"{TRAIN}"Good"}}, "Good": {{"Type": "Choice", "Choices": [{{{rule}, "Next": "Deploy"}}], "Default": "No"}}, "No": {{"Type": "Fail"}}, {DEPLOY}"#
    )
}

#[test]
fn a_choice_on_a_measure_is_a_gate() {
    for rule in [
        r#""Variable": "$.evaluation.auc", "NumericGreaterThan": 0.8"#,
        r#""Variable": "$.metrics.rmse", "NumericLessThanEqualsPath": "$.limit""#,
        r#""And": [{"Variable": "$.env", "StringEquals": "prod"}, {"Variable": "$.auc", "NumericGreaterThanEquals": 1}]"#,
        r#""Not": {"Variable": "$.auc", "NumericLessThan": 1}"#,
        r#""Condition": "{% $states.input.evaluation.auc > 0.8 %}""#,
    ] {
        assert_eq!(released(&choice(rule)), ["churn true"], "{rule}");
    }
    for rule in [
        r#""Variable": "$.rows", "NumericGreaterThan": 100"#,
        r#""Variable": "$.auc", "IsPresent": true"#,
        r#""Variable": "$.env", "StringEquals": "prod""#,
        r#""Condition": "{% $states.input.day = 'monday' %}""#,
    ] {
        assert_eq!(released(&choice(rule)), ["churn false"], "{rule}");
    }
}

#[test]
fn another_way_to_the_release_leaves_it_open() {
    let around = choice(r#""Variable": "$.auc", "NumericGreaterThan": 0.8"#)
        .replace(r#"createTrainingJob.sync", "#, r#"createTrainingJob.sync", "Catch": [{"Next": "Deploy"}], "#);
    assert_eq!(released(&around), ["churn false"]);
    let beside = format!(
        r#""Train": {{"Type": "Parallel", "Branches": [{{"StartAt": "A", "States": {{"A": {{"Type": "Choice", "Choices": [{{"Variable": "$.auc", "NumericGreaterThan": 1, "Next": "B"}}]}}, "B": {{"Type": "Succeed"}}}}}}], "Next": "Deploy"}}, {DEPLOY}"#
    );
    assert_eq!(released(&beside), ["churn false"]);
}

#[test]
fn code_before_the_release_that_is_not_here_decides_perhaps() {
    let check = r#""Check": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "Deploy"}"#;
    assert_eq!(released(&format!(r#"{TRAIN}"Check"}}, {check}, {DEPLOY}"#)), ["churn ? Check"]);
    assert_eq!(released(&format!(r#"{TRAIN}"Deploy"}}, {check}, {DEPLOY}"#)), ["churn false"]);
}

#[test]
fn what_is_named_when_it_runs_is_known_by_its_state() {
    let late = DEPLOY.replace(r#""EndpointName": "churn""#, r#""EndpointName.$": "$.name""#);
    let told = released(&format!(r#"{TRAIN}"Deploy"}}, {late}"#));
    assert!(matches!(&told[..], [one] if one.ends_with("Deploy false")), "{told:?}");
    assert!(released(&format!(r#"{TRAIN}"Train"}}"#)).is_empty(), "a loop ends");
}
