use aedile_model::{RelationKind, Value};

use crate::crawler::{Context, run};
use crate::iac::examples::RULES;
use crate::{Facts, File, Options, Ref};

fn facts(files: &[(&str, &str)]) -> Facts {
    let options = Options::default();
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let mut facts = Facts::default();
    run::<super::Workflows>(&files, Context::new(&RULES, &options), &mut facts);
    facts
}

fn github(text: &str) -> Facts {
    facts(&[(".github/workflows/ci.yml", text)])
}

fn is(facts: &Facts, attribute: &str) -> Option<Value> {
    facts.assets.first()?.value(attribute).cloned()
}

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn a_careful_workflow() {
    let facts = github(&format!(
        "on: push\npermissions: {{contents: read, id-token: write}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@{COMMIT}\n      - uses: aws-actions/configure-aws-credentials@{COMMIT}\n        with: {{role-to-assume: 'arn:aws:iam::123456789012:role/deploy'}}\n      - uses: ./local\n      - run: python jobs/train.py\n"
    ));
    for (attribute, value) in [
        ("actionsPinned", true),
        ("tokenLimited", true),
        ("longLivedCloudKeys", false),
        ("untrustedCodeRuns", false),
        ("scriptInjection", false),
        ("secretsInEnv", false),
    ] {
        assert_eq!(is(&facts, attribute), Some(Value::Bool(value)), "{attribute}");
    }
    let role = facts.links.iter().find(|link| link.kind == RelationKind::RunsAs).unwrap();
    assert_eq!(role.to, Ref::named(aedile_model::AssetKind::Role, "arn:aws:iam::123456789012:role/deploy"));
}

#[test]
fn a_careless_one() {
    let facts = github(
        "on:\n  pull_request_target:\n    types: [opened]\njobs:\n  a:\n    runs-on: [self-hosted, linux]\n    env:\n      TITLE: ${{ github.event.pull_request.title }}\n      API_TOKEN: swordfish-42\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n      - run: echo \"${{ env.TITLE }}\"\n        env:\n          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_KEY }}\n",
    );
    for attribute in
        ["untrustedCodeRuns", "scriptInjection", "longLivedCloudKeys", "secretsInEnv", "untrustedOnOwnRunner"]
    {
        assert_eq!(is(&facts, attribute), Some(Value::Bool(true)), "{attribute}");
    }
    assert_eq!(is(&facts, "actionsPinned"), Some(Value::Bool(false)));
    assert_eq!(is(&facts, "tokenLimited"), Some(Value::Bool(false)));
    assert_eq!(is(&facts, "secretsUsed"), Some(Value::List(vec!["AWS_KEY".into()])));
    assert!(!format!("{facts:?}").contains("swordfish"));
}

#[test]
fn numbers_and_environment_are_no_injection() {
    let facts = github(
        "on: pull_request\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.number }} ${{ github.sha }}\n      - run: echo \"$TITLE\"\n        env: {TITLE: '${{ github.event.pull_request.title }}'}\n",
    );
    assert_eq!(is(&facts, "scriptInjection"), Some(Value::Bool(false)));
}

#[test]
fn a_role_that_a_secret_names_is_a_gap() {
    let facts = github(
        "on: push\njobs:\n  a:\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v4\n        with: {role-to-assume: '${{ secrets.ROLE }}'}\n",
    );
    assert_eq!(facts.gaps.len(), 1);
}

#[test]
fn gitlab_follows_includes_extends_and_references() {
    let root = "include: [{local: ci/base.gitlab-ci.yml}]\ndeploy:\n  extends: .base\n  script:\n    - !reference [.login, script]\n    - terraform apply\n";
    let base = ".login:\n  script: ['export AWS_SECRET_ACCESS_KEY=$KEY']\n.base:\n  image: x\n";
    let facts = facts(&[(".gitlab-ci.yml", root), ("ci/base.gitlab-ci.yml", base)]);
    assert_eq!(facts.assets.len(), 1);
    assert_eq!(is(&facts, "longLivedCloudKeys"), Some(Value::Bool(true)));
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
}

#[test]
fn gitlab_tokens_are_no_stored_keys() {
    let oidc = "deploy:\n  id_tokens: {AWS: {aud: sts}}\n  script: [terraform apply]\n";
    assert_eq!(is(&facts(&[(".gitlab-ci.yml", oidc)]), "longLivedCloudKeys"), Some(Value::Bool(false)));
    let outside = "deploy:\n  script: [terraform apply]\n";
    assert!(matches!(is(&facts(&[(".gitlab-ci.yml", outside)]), "longLivedCloudKeys"), Some(Value::Unknown(_))));
    let evaluated = "a:\n  script: ['eval \"$CI_MERGE_REQUEST_TITLE\"']\n";
    assert_eq!(is(&facts(&[(".gitlab-ci.yml", evaluated)]), "scriptInjection"), Some(Value::Bool(true)));
}
