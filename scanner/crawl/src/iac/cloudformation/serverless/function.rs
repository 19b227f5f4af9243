//! Functions and state machines, with what invokes them.

use aedile_rules::Resources;

use super::{Inputs, Made, map, member, policy, renamed};
use crate::iac::datum::{Datum, Kind};

/// What the transform attaches to a function's role.
const BASIC: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

/// What it attaches besides, by what the function has or reads.
const MANAGED: [(&str, &str); 7] = [
    ("DocumentDB", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"),
    ("DynamoDB", "arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole"),
    ("Kinesis", "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"),
    ("MSK", "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"),
    ("SQS", "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"),
    ("Tracing", "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"),
    ("VpcConfig", "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"),
];

/// Events that poll what the property names.
const POLLED: [(&str, &str); 6] = [
    ("DocumentDB", "Cluster"),
    ("DynamoDB", "Stream"),
    ("Kinesis", "Stream"),
    ("MQ", "Broker"),
    ("MSK", "Stream"),
    ("SQS", "Queue"),
];

/// A Lambda function with its role, address, asynchronous invocation and events.
pub(super) fn function(inputs: &Inputs<'_>, body: Datum, rules: &Resources) -> Vec<Made> {
    let mut made = Vec::new();
    let events = member(&body, "Events");
    let events: Vec<(String, Datum, Datum)> = match &events.kind {
        Kind::Map(map) => map
            .members
            .values()
            .filter_map(|event| Some((event.member("Type")?.text()?, member(event, "Properties"), event.clone())))
            .collect(),
        _ => Vec::new(),
    };
    let mut managed = vec![BASIC.to_owned()];
    for (what, arn) in MANAGED {
        let has = !member(&body, what).is_null() || events.iter().any(|(kind, ..)| kind == what);
        if has && !managed.iter().any(|held| held == arn) {
            managed.push(arn.to_owned());
        }
    }
    let mut lambda = renamed(body.clone(), &[("DeadLetterQueue.TargetArn", "DeadLetterTarget")]);
    let role = policy::role(inputs, &body, "lambda.amazonaws.com", &managed, rules);
    if let Kind::Map(map) = &mut lambda.kind {
        if role.is_some() {
            map.members.insert("Role".to_owned(), inputs.of(&format!("{}Role", inputs.id), "Arn"));
        }
        if let Some(target) = map.members.remove("DeadLetterTarget") {
            map.members.insert("DeadLetterConfig".to_owned(), super::map([("TargetArn", target)]));
        }
        if let Some(image) = map.members.remove("ImageUri") {
            map.members.insert("Code".to_owned(), super::map([("ImageUri", image)]));
        }
    }
    made.push(Made { id: inputs.id.to_owned(), type_name: "AWS::Lambda::Function", body: lambda });
    made.extend(role);
    let function = || inputs.of(inputs.id, "Arn");
    if let Kind::Map(_) = member(&body, "FunctionUrlConfig").kind {
        let url = member(&body, "FunctionUrlConfig");
        let anyone = member(&url, "AuthType").text().as_deref() == Some("NONE");
        made.push(Made {
            id: format!("{}Url", inputs.id),
            type_name: "AWS::Lambda::Url",
            body: super::with(url.clone(), "TargetFunctionArn", function()),
        });
        if anyone {
            let body = map([
                ("Action", Datum::from_text("lambda:InvokeFunctionUrl")),
                ("FunctionName", function()),
                ("FunctionUrlAuthType", Datum::from_text("NONE")),
                ("Principal", Datum::from_text("*").at(url.place.clone())),
            ]);
            made.push(Made {
                id: format!("{}UrlPublicPermissions", inputs.id),
                type_name: "AWS::Lambda::Permission",
                body,
            });
        }
    }
    if let config @ Datum { kind: Kind::Map(_), .. } = member(&body, "EventInvokeConfig") {
        made.push(Made {
            id: format!("{}EventInvokeConfig", inputs.id),
            type_name: "AWS::Lambda::EventInvokeConfig",
            body: super::with(config, "FunctionName", function()),
        });
    }
    for (nth, (kind, properties, event)) in events.iter().enumerate() {
        if let Some((_, property)) = POLLED.iter().find(|(polled, _)| polled == kind) {
            let body = map([
                ("EventSourceArn", member(properties, property)),
                ("FunctionName", function()),
                ("DestinationConfig", member(properties, "DestinationConfig")),
            ]);
            let body = body.at(event.place.clone());
            made.push(Made {
                id: format!("{}Event{nth}", inputs.id),
                type_name: "AWS::Lambda::EventSourceMapping",
                body,
            });
        }
        made.extend(super::api::event(inputs, nth, kind, properties, event.place.clone()));
    }
    made
}

/// A state machine with its role.
pub(super) fn state_machine(inputs: &Inputs<'_>, body: Datum, rules: &Resources) -> Vec<Made> {
    let mut machine = renamed(
        body.clone(),
        &[
            ("Name", "StateMachineName"),
            ("Logging", "LoggingConfiguration"),
            ("Tracing", "TracingConfiguration"),
            ("Type", "StateMachineType"),
            ("Definition", "Definition"),
        ],
    );
    let role = policy::role(inputs, &body, "states.amazonaws.com", &[], rules);
    if let Kind::Map(map) = &mut machine.kind {
        let role = match role {
            Some(_) => Some(inputs.of(&format!("{}Role", inputs.id), "Arn")),
            None => map.members.get("Role").cloned(),
        };
        map.members.extend(role.map(|role| ("RoleArn".to_owned(), role)));
        if let Some(uri) = map.members.get("DefinitionUri") {
            let place = uri.place.clone();
            let unread = Datum::unknown("DefinitionUri", "the definition stands in a file of its own").at(place);
            map.members.insert("Definition".to_owned(), unread);
        }
    }
    let mut made =
        vec![Made { id: inputs.id.to_owned(), type_name: "AWS::StepFunctions::StateMachine", body: machine }];
    made.extend(role);
    made
}
