use aedile_model::{Asset, GapKind, Place, Value};
use aedile_rules::ResourceSource;
use proptest::prelude::*;

use super::*;
use crate::Options;
use crate::crawler::run;
use crate::iac::examples::{RULES, crawled, line};

fn facts(text: &str) -> Facts {
    crawled(ResourceSource::CloudFormation, text)
}

fn project(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Facts {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let options = Options { variables, ..Options::default() };
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let mut facts = Facts::default();
    run::<CloudFormation>(&files, Context { files: &files, ..Context::new(&RULES, &options) }, &mut facts);
    facts
}

fn asset<'f>(facts: &'f Facts, address: &str) -> &'f Asset {
    let all: Vec<&str> = facts.assets.iter().map(|asset| asset.address.as_str()).collect();
    facts.assets.iter().find(|asset| asset.address == address).unwrap_or_else(|| panic!("{address} in {all:?}"))
}

fn value(facts: &Facts, address: &str, attribute: &str) -> Option<Value> {
    asset(facts, address).value(attribute).cloned()
}

fn is_unknown(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Unknown(_)))
}

fn lines(facts: &Facts) -> Vec<String> {
    let mut lines: Vec<String> = facts.links.iter().map(line).collect();
    lines.sort();
    lines
}

fn raw<'t>(text: &'t str, place: Option<&Place>) -> &'t str {
    let span = place.unwrap_or_else(|| panic!("no place")).span;
    &text[span.start as usize..span.end as usize]
}

/// A bucket whose versioning is the value, after `before`.
fn versioned(before: &str, status: &str) -> Option<Value> {
    let text = format!(
        "{before}\nResources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      VersioningConfiguration:\n        Status: {status}\n"
    );
    value(&facts(&text), "B", "versioned")
}

#[test]
fn places_are_the_resource_and_the_property() {
    let text = "Resources:\n  Raw:\n    Type: AWS::S3::Bucket\n    Properties:\n      VersioningConfiguration:\n        Status: Enabled\n";
    let facts = facts(text);
    let bucket = asset(&facts, "Raw");
    assert_eq!(bucket.id.to_string(), "Bucket:app.yaml#Raw");
    assert_eq!(raw(text, bucket.place.as_ref()), "Raw:\n    Type: AWS::S3::Bucket");
    assert_eq!(raw(text, bucket.attributes["versioned"].place.as_ref()), "Status: Enabled");
}

#[test]
fn json_with_tabs_is_read_like_yaml() {
    let text = "{\n\t\"Resources\": {\n\t\t\"Raw\": {\"Type\": \"AWS::S3::Bucket\", \"Properties\": {\"BucketName\": \"r\",\n\t\t\t\"VersioningConfiguration\": {\"Status\": {\"Fn::Join\": [\"\", [\"Ena\", \"bled\"]]}}}}\n\t}\n}\n";
    let facts = project(&[("stack.template.json", text)], &[]);
    assert_eq!(value(&facts, "Raw", "versioned"), Some(Value::Bool(true)));
    assert!(asset(&facts, "Raw").names.contains("s3://r"));
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
}

#[test]
fn intrinsic_functions_give_values() {
    let before = "Parameters:\n  P: {Type: String, Default: Enabled}\n  L: {Type: CommaDelimitedList, Default: 'Suspended, Enabled'}\n\
        Mappings:\n  M: {eu: {status: Enabled}, us: {status: Enabled}}\n\
        Conditions:\n  Yes: !Equals [!Ref P, Enabled]\n  No: !Not [!Condition Yes]\n  Both: !And [!Condition Yes, !Condition No]\n  Any: !Or [!Condition No, !Condition Yes]\n";
    for (status, wanted) in [
        ("!Ref P", true),
        ("{Ref: P}", true),
        ("!Sub '${P}'", true),
        ("!Sub ['${A}abled', {A: En}]", true),
        ("{'Fn::Sub': 'Enable${!d}'}", false),
        ("!Join ['', [En, abled]]", true),
        ("!Select [1, !Ref L]", true),
        ("!Select [0, !Ref L]", false),
        ("!Select ['1', !Split ['/', 'a/Enabled']]", true),
        ("!If [Yes, Enabled, Suspended]", true),
        ("!If [No, Enabled, Suspended]", false),
        ("!If [Both, Enabled, Suspended]", false),
        ("!If [Any, Enabled, !Ref 'AWS::NoValue']", true),
        ("!FindInMap [M, eu, status]", true),
        ("!FindInMap [M, !Ref 'AWS::Region', status]", true),
    ] {
        let found = versioned(before, status);
        let found = match found {
            Some(Value::Bool(found)) => found,
            // What is no word of the provider is not read.
            other => {
                assert_eq!(status, "{'Fn::Sub': 'Enable${!d}'}", "{other:?}");
                false
            }
        };
        assert_eq!(found, wanted, "{status}");
    }
}

#[test]
fn what_only_a_deployment_knows_is_unknown() {
    let before = "Parameters:\n  P: {Type: String}\n  S: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /x}\nConditions:\n  C: !Equals [!Ref P, prod]\n";
    for status in [
        "!Ref P",
        "!Ref S",
        "!If [C, Enabled, Suspended]",
        "'{{resolve:ssm:/status}}'",
        "!ImportValue status",
        "!Ref Nobody",
        "!GetAtt B.Nothing",
        "!FindInMap [M, a, b]",
        "!Sub '${P}d'",
        "!Unheard x",
    ] {
        assert!(is_unknown(versioned(before, status).as_ref()), "{status}");
    }
    assert_eq!(versioned(before, "!If [C, Enabled, Enabled]"), Some(Value::Bool(true)), "both branches say the same");
}

#[test]
fn values_come_from_the_configuration_and_from_files_beside_the_template() {
    let text = "Parameters:\n  P: {Type: String, Default: Suspended}\nResources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      VersioningConfiguration: {Status: !Ref P}\n";
    let cli = |value: &str| format!("[{{\"ParameterKey\": \"P\", \"ParameterValue\": \"{value}\"}}]");
    let config = "version = 0.1\n[default.deploy.parameters]\nregion = \"eu-west-1\"\nparameter_overrides = \"P=\\\"Enabled\\\" Q=1\"\n";
    let read = |files: &[(&str, &str)], variables: &[(&str, &str)]| value(&project(files, variables), "B", "versioned");
    let on = cli("Enabled");
    let off = cli("Suspended");
    assert_eq!(read(&[("s.yaml", text)], &[]), Some(Value::Bool(false)));
    assert_eq!(read(&[("s.yaml", text)], &[("P", "Enabled")]), Some(Value::Bool(true)));
    assert_eq!(read(&[("s.yaml", text), ("s.parameters.json", &on)], &[]), Some(Value::Bool(true)));
    assert_eq!(read(&[("s.yaml", text), ("parameters/s-prod-params.json", &on)], &[]), Some(Value::Bool(true)));
    assert_eq!(read(&[("s.yaml", text), ("other.parameters.json", &on)], &[]), Some(Value::Bool(false)));
    assert!(is_unknown(
        read(&[("s.yaml", text), ("s-dev.parameters.json", &on), ("s-prod.parameters.json", &off)], &[]).as_ref()
    ));
    assert_eq!(read(&[("template.yaml", text), ("samconfig.toml", config)], &[]), Some(Value::Bool(true)));
    let facts = project(&[("template.yaml", text), ("samconfig.toml", config)], &[]);
    assert_eq!(value(&facts, "B", "region"), Some(Value::from("eu-west-1")));
}

#[test]
fn a_resource_under_a_condition_is_there_absent_or_doubtful() {
    let text = |default: &str| {
        format!(
            "Parameters:\n  E: {{Type: String{default}}}\nConditions:\n  Open: !Equals [!Ref E, open]\nResources:\n  B:\n    Type: AWS::S3::Bucket\n  P:\n    Type: AWS::S3::BucketPolicy\n    Condition: Open\n    Properties:\n      Bucket: !Ref B\n      PolicyDocument: {{Statement: [{{Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}}]}}\n"
        )
    };
    assert_eq!(value(&facts(&text(", Default: open")), "B", "public"), Some(Value::Bool(true)));
    let closed = facts(&text(", Default: closed"));
    assert_eq!(value(&closed, "B", "public"), Some(Value::Bool(false)));
    assert!(lines(&closed).is_empty());
    assert!(is_unknown(value(&facts(&text("")), "B", "public").as_ref()));
}

#[test]
fn nested_stacks_get_parameters_and_give_outputs() {
    let parent = "Resources:\n  Keys:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: ./nested/keys.yaml\n      Parameters: {Rotate: true}\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {KMSMasterKeyID: !GetAtt Keys.Outputs.Arn}}]}\n";
    let child = "Parameters:\n  Rotate: {Type: String, Default: false}\nResources:\n  K:\n    Type: AWS::KMS::Key\n    Properties: {EnableKeyRotation: !Ref Rotate}\nOutputs:\n  Arn: {Value: !GetAtt K.Arn}\n";
    let facts = project(&[("app/main.yaml", parent), ("app/nested/keys.yaml", child)], &[]);
    assert_eq!(value(&facts, "Keys.K", "rotationEnabled"), Some(Value::Bool(true)));
    assert_eq!(lines(&facts), ["encrypted-with Bucket:app/main.yaml#B -> Key:app/main.yaml#Keys.K"]);
    assert_eq!(facts.assets.len(), 2, "the nested template is no stack of its own");
}

#[test]
fn stacks_that_nest_each_other_end_in_a_gap() {
    let nest = |other: &str| {
        format!(
            "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {other}}}\n  B:\n    Type: AWS::S3::Bucket\n"
        )
    };
    let facts = project(&[("a.yaml", &nest("b.yaml")), ("b.yaml", &nest("a.yaml")), ("c.yaml", &nest("a.yaml"))], &[]);
    assert!(facts.gaps.iter().any(|gap| gap.message.contains("nests itself")), "{:?}", facts.gaps);
    assert!(facts.assets.iter().any(|asset| asset.address == "S.S.B"));
    let alone = project(&[("a.yaml", &nest("b.yaml")), ("b.yaml", &nest("a.yaml"))], &[]);
    assert!(!alone.assets.is_empty(), "a circle without a beginning is read all the same");
}

#[test]
fn exports_are_imported_across_templates() {
    let keys = "Resources:\n  K: {Type: 'AWS::KMS::Key'}\nOutputs:\n  Arn:\n    Value: !GetAtt K.Arn\n    Export: {Name: !Sub '${AWS::StackName}-KeyArn'}\n";
    let lake = "Parameters:\n  KeyStack: {Type: String}\nResources:\n  K:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketEncryption:\n        ServerSideEncryptionConfiguration:\n          - ServerSideEncryptionByDefault: {KMSMasterKeyID: {'Fn::ImportValue': !Sub '${KeyStack}-KeyArn'}}\n";
    let facts = project(&[("keys.yaml", keys), ("lake.yaml", lake)], &[]);
    assert_eq!(
        lines(&facts),
        ["encrypted-with Bucket:lake.yaml#K -> Key:keys.yaml#K"],
        "equal ids in two templates stay apart"
    );
    let other = keys.replace("K: {", "Z: {").replace("K.Arn", "Z.Arn");
    let facts = project(&[("keys.yaml", keys), ("more.yaml", &other), ("lake.yaml", lake)], &[]);
    assert!(lines(&facts).is_empty(), "several fit: none is taken");
    let bucket = facts.assets.iter().find(|asset| asset.type_name == "AWS::S3::Bucket");
    let given = bucket.and_then(|bucket| bucket.value("customerManagedKey"));
    assert_eq!(given, Some(&Value::Bool(true)), "it is given all the same");
}

#[test]
fn names_that_are_formed_are_known_and_join() {
    let text = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: lake}\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies: [{PolicyName: p, PolicyDocument: {Statement: {Effect: Allow, Action: 's3:GetObject', Resource: !Join ['', ['arn:', !Ref 'AWS::Partition', ':s3:::', !Ref B, /*]]}}}]\n";
    assert_eq!(lines(&facts(text)), ["grants Role:app.yaml#R -> Bucket:app.yaml#B [read]"]);
}

#[test]
fn loops_make_resources_members_and_names() {
    let text = "Transform: AWS::LanguageExtensions\nParameters:\n  Names: {Type: CommaDelimitedList, Default: 'raw,curated'}\nResources:\n  Fn::ForEach::Buckets:\n    - Name\n    - !Ref Names\n    - Bucket${Name}:\n        Type: AWS::S3::Bucket\n        Properties: {BucketName: !Sub 'lake-${Name}'}\n";
    let facts = facts(text);
    assert!(asset(&facts, "Bucketraw").names.contains("s3://lake-raw"));
    assert!(asset(&facts, "Bucketcurated").names.contains("s3://lake-curated"));
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
}

#[test]
fn included_fragments_stand_in_their_place() {
    let main = "Resources:\n  Fn::Transform:\n    Name: AWS::Include\n    Parameters: {Location: parts/lake.yaml}\n  K: {Type: 'AWS::KMS::Key'}\n";
    let part = "Raw:\n  Type: AWS::S3::Bucket\n  Properties: {BucketName: raw}\n";
    let facts = project(&[("main.yaml", main), ("parts/lake.yaml", part)], &[]);
    assert_eq!(asset(&facts, "Raw").place.as_ref().map(|place| &*place.path), Some("parts/lake.yaml"));
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
    let alone = project(&[("parts/lake.yaml", part)], &[]);
    assert_eq!(alone.gaps.len(), 1, "a part that nobody includes is told");
}

#[test]
fn macros_that_are_not_read_are_gaps() {
    let facts = facts("Transform: [AWS::LanguageExtensions, MyMacro]\nResources:\n  B: {Type: 'AWS::S3::Bucket'}\n");
    assert_eq!(facts.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [GapKind::Unsupported]);
    assert_eq!(facts.assets.len(), 1);
}

#[test]
fn the_serverless_framework_and_the_cdk_carry_templates() {
    let framework = "service: x\nprovider: {name: aws}\nresources:\n  Resources:\n    B:\n      Type: AWS::S3::Bucket\n      Properties:\n        BucketName: ${self:custom.name}\n        VersioningConfiguration: {Status: '${self:custom.status}'}\n";
    let facts = project(&[("serverless.yml", framework)], &[]);
    assert!(is_unknown(value(&facts, "B", "versioned").as_ref()));
    let cdk = r#"{"Resources": {"N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": {"Fn::Sub": "https://s3/${AWS::Region}/x.json"}}, "Metadata": {"aws:asset:path": "N.nested.template.json"}}}}"#;
    let nested = r#"{"Resources": {"B": {"Type": "AWS::S3::Bucket", "Metadata": {"aws:cdk:path": "a/b"}}}}"#;
    let facts = project(&[("cdk.out/App.template.json", cdk), ("cdk.out/N.nested.template.json", nested)], &[]);
    assert_eq!(asset(&facts, "N.B").id.to_string(), "Bucket:cdk.out/App.template.json#N.B");
}

#[test]
fn other_files_are_not_claimed() {
    for (path, text) in [
        ("a.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {x: 'Type: AWS::S3::Bucket'}\n"),
        ("a.json", r#"{"types": ["AWS::S3::Bucket"]}"#),
        ("a.md", "Resources:\n  B:\n    Type: AWS::S3::Bucket\n"),
        ("p.parameters.json", r#"{"$schema": "https://x/deploymentParameters.json#", "Parameters": {}}"#),
    ] {
        assert!(!CloudFormation::claims(&File::in_memory(path, text)), "{path}");
    }
}

#[test]
fn circles_and_growth_end() {
    let circles = "Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\nResources:\n  X:\n    Type: AWS::S3::Bucket\n    Condition: A\n    Properties: {BucketName: !Ref X}\n";
    assert_eq!(facts(circles).assets.len(), 1);
    let mut grow = String::from("Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: ");
    grow.push_str(&"!Sub\n        - '${A}${A}${A}${A}'\n        - A: ".repeat(20));
    grow.push_str("xxxxxxxxxxxxxxxx\n");
    facts(&grow);
    let mut deep = String::from("Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: ");
    deep.push_str(&"{'Fn::Base64': ".repeat(100));
    deep.push('x');
    deep.push_str(&"}".repeat(100));
    facts(&deep);
    let mut loops = String::from("Transform: AWS::LanguageExtensions\nResources:\n");
    let list = format!("[{}]", (0..200).map(|n| format!("a{n}")).collect::<Vec<_>>().join(","));
    loops.push_str(&format!("  Fn::ForEach::A:\n    - A\n    - {list}\n    - Fn::ForEach::B:\n        - B\n        - {list}\n        - Fn::ForEach::C:\n            - C\n            - {list}\n            - 'X${{A}}${{B}}${{C}}': {{Type: 'AWS::S3::Bucket'}}\n"));
    let facts = facts(&loops);
    assert!(facts.gaps.iter().any(|gap| gap.kind == GapKind::Limit), "{:?}", facts.gaps.first());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Words of templates in any order never panic, and give the same twice.
    #[test]
    fn any_words_are_read(words in proptest::collection::vec(prop_oneof![
        Just("Resources:\n"), Just("  A:\n"), Just("    Type: AWS::S3::Bucket\n"), Just("    Type: AWS::Serverless::Function\n"),
        Just("    Properties:\n"), Just("      BucketName: !Sub '${A}${B'\n"), Just("      X: !Select [9, !Split [a, b]]\n"),
        Just("      Y: !If [C, !Ref A, !GetAtt [A, B]]\n"), Just("Conditions:\n"), Just("  C: !Equals [!Ref P]\n"),
        Just("Parameters:\n"), Just("  P: {Type: Number, Default: x}\n"), Just("Fn::ForEach::Z: [a, [b], {c: d}]\n"),
        Just("  Fn::Transform: {Name: AWS::Include}\n"), Just("Outputs:\n"), Just("&a [*a]\n"), Just("Globals: {Function: [1]}\n"),
        Just("      Policies: [S3ReadPolicy: {BucketName: !Ref A}, {}, 7]\n"), Just("      Events: {E: {Type: Api}, F: {Type: SQS, Properties: x}}\n"),
    ], 0..24)) {
        let text = format!("AWSTemplateFormatVersion: 2010-09-09\nTransform: AWS::Serverless-2016-10-31\n{}", words.concat());
        let once = facts(&text);
        prop_assert_eq!(lines(&once), lines(&facts(&text)));
    }

    /// Any bytes after a header never panic.
    #[test]
    fn any_text_is_read(text in ".{0,400}") {
        facts(&format!("AWSTemplateFormatVersion: 2010-09-09\nResources:\n  A: {{Type: 'AWS::S3::Bucket', Properties: {text}"));
    }
}

#[test]
fn a_serverless_function_becomes_all_that_the_transform_makes() {
    let text = "Transform: AWS::Serverless-2016-10-31\nGlobals:\n  Function:\n    VpcConfig: {SubnetIds: [subnet-1]}\nResources:\n  Data: {Type: 'AWS::S3::Bucket'}\n  Score:\n    Type: AWS::Serverless::Function\n    Properties:\n      FunctionUrlConfig: {AuthType: NONE}\n      DeadLetterQueue: {Type: SQS, TargetArn: arn:aws:sqs:eu-west-1:111122223333:q}\n      Policies:\n        - S3ReadPolicy: {BucketName: !Ref Data}\n        - AmazonDynamoDBReadOnlyAccess\n        - Statement: [{Effect: Allow, Action: 's3:PutObject', Resource: !Sub '${Data.Arn}/*'}]\n";
    let facts = facts(text);
    for (attribute, wanted) in
        [("privateNetwork", true), ("public", true), ("anonymousAccess", true), ("failureDestination", true)]
    {
        assert_eq!(value(&facts, "Score", attribute), Some(Value::Bool(wanted)), "{attribute}");
    }
    assert_eq!(
        lines(&facts),
        [
            "grants Role:app.yaml#ScoreRole -> Bucket:app.yaml#Data [read]",
            "grants Role:app.yaml#ScoreRole -> Bucket:app.yaml#Data [write]",
            "runs-as Workload:app.yaml#Score -> Role:app.yaml#ScoreRole",
        ]
    );
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
}

#[test]
fn serverless_tables_machines_and_connectors_become_their_resources() {
    let text = "Transform: AWS::Serverless-2016-10-31\nResources:\n  T:\n    Type: AWS::Serverless::SimpleTable\n    Properties: {PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}}\n  F:\n    Type: AWS::Serverless::Function\n  C:\n    Type: AWS::Serverless::Connector\n    Properties: {Source: {Id: F}, Destination: {Id: T}, Permissions: [Read]}\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      Definition: {States: {T: {Type: Task, Resource: 'arn:aws:states:::sagemaker:createTrainingJob.sync', Parameters: {EnableNetworkIsolation: true}}}}\n  X: {Type: 'AWS::Serverless::Unheard'}\n";
    let facts = facts(text);
    assert_eq!(value(&facts, "T", "pointInTimeRecovery"), Some(Value::Bool(true)));
    assert_eq!(value(&facts, "M", "networkIsolated"), Some(Value::Bool(true)));
    assert_eq!(
        lines(&facts),
        [
            "grants Role:app.yaml#FRole -> Database:app.yaml#T [read]",
            "runs-as Pipeline:app.yaml#M -> Role:app.yaml#MRole",
            "runs-as Workload:app.yaml#F -> Role:app.yaml#FRole",
        ]
    );
    assert_eq!(facts.gaps.len(), 1, "what is not read is told: {:?}", facts.gaps);
}

/// Both languages say the same of the same thing: every attribute that a type of Terraform gives is one of its twin.
#[test]
fn types_have_the_attributes_of_the_types_they_are_like() {
    for own in RULES.resources.types().filter(|own| own.paths.is_some()) {
        let Some(like) = own.like.as_ref() else { panic!("{} has paths of nothing", own.id) };
        let Some(twin) = RULES.resources.resource(ResourceSource::Terraform, like) else { continue };
        let missing: Vec<&String> = twin.attributes.keys().filter(|name| !own.attributes.contains_key(*name)).collect();
        assert!(missing.is_empty(), "{} has not {missing:?}", own.id);
    }
}
