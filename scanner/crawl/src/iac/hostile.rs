//! Readers of configuration never panic, whatever is done to their files.

use proptest::prelude::*;

use super::examples::RULES;
use crate::crawler::{Context, Crawler, run};
use crate::{Facts, File, Options};

/// A file of each reader, with what is particular to it.
const SEEDS: [(&str, &str); 8] = [
    (
        "databricks.yml",
        "bundle:\n  name: b\nvariables:\n  c:\n    default: ${var.c}\ntargets:\n  dev:\n    default: true\nresources:\n  jobs:\n    j:\n      name: ${bundle.target}-${var.c}\n      tasks:\n        - task_key: t\n          notebook_task: {notebook_path: ../x}\n      job_clusters:\n        - job_cluster_key: m\n          new_cluster: {spark_version: 15.4.x}\n      permissions: [{level: CAN_VIEW, group_name: users}]\n",
    ),
    (
        ".github/workflows/x.yml",
        "on: [pull_request_target]\npermissions: {contents: read}\njobs:\n  a:\n    runs-on: [self-hosted]\n    env: {X: '${{ github.event.issue.title }}'}\n    steps:\n      - uses: actions/checkout@v4\n        with: {ref: '${{ github.head_ref }}'}\n      - run: echo ${{ env.X }} && terraform apply\n",
    ),
    (
        ".gitlab-ci.yml",
        "include: [{local: x.gitlab-ci.yml}]\n.base: {script: [a], extends: job}\njob:\n  extends: .base\n  script:\n    - !reference [.base, script]\n    - eval \"$CI_COMMIT_MESSAGE\"\n",
    ),
    (
        "feature_store.yaml",
        "project: p\nregistry: s3://b/r\nonline_store:\n  type: redis\n  connection_string: a,ssl=true\n",
    ),
    ("profiles.yml", "p:\n  target: prod\n  outputs:\n    prod: {type: postgres, password: \"{{ env_var('X') }}\"}\n"),
    ("airflow.cfg", "[core]\nfernet_key =\n[webserver]\nexpose_config = True\n"),
    (
        "Pulumi.yaml",
        "name: p\nruntime: yaml\nconfig: {k: {default: 1}}\nvariables: {v: '${v}'}\nresources:\n  raw:\n    type: aws:s3:Bucket\n    properties: {bucket: '${k}-${raw.id}', tags: {fn::toJSON: [1]}}\n",
    ),
    (".env", "AIRFLOW__CORE__FERNET_KEY=x\nexport AIRFLOW__API__AUTH_BACKENDS=airflow.api.auth.backend.default\n"),
];

fn read(path: &str, text: &str) {
    let options = Options::default();
    let context = Context::new(&RULES, &options);
    let files = [File::in_memory(path, text)];
    let mut facts = Facts::default();
    reader::<super::bundle::Bundles>(&files, context, &mut facts);
    reader::<super::delivery::Workflows>(&files, context, &mut facts);
    reader::<super::feast::FeatureStores>(&files, context, &mut facts);
    reader::<super::dbt_profiles::Profiles>(&files, context, &mut facts);
    reader::<super::airflow::Airflow>(&files, context, &mut facts);
    reader::<super::pulumi::Pulumi>(&files, context, &mut facts);
}

fn reader<C: Crawler>(files: &[File], context: Context<'_>, facts: &mut Facts) {
    run::<C>(files, context, facts);
}

#[test]
fn the_seeds_themselves_are_read() {
    for (path, text) in SEEDS {
        read(path, text);
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    for (path, _) in SEEDS {
        read(path, &format!("resources:\n  jobs: {}1{}\n", "[".repeat(5_000), "]".repeat(5_000)));
        read(path, &format!("on: push\njobs: {}\n", "{a: ".repeat(5_000)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn changed_files_are_read_or_refused(
        seed in 0..SEEDS.len(),
        from in 0..600_usize,
        length in 0..40_usize,
        put in "[a-z:{}\\[\\]$!&*\n \"'|#-]{0,12}",
    ) {
        let (path, text) = SEEDS[seed];
        let chars: Vec<char> = text.chars().collect();
        let from = from.min(chars.len());
        let to = (from + length).min(chars.len());
        let changed: String = chars[..from].iter().chain(put.chars().collect::<Vec<_>>().iter()).chain(&chars[to..]).collect();
        read(path, &changed);
    }
}
