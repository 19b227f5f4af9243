//! Names of Pulumi's bridged providers as Terraform writes them.

use aedile_rules::{ResourceSource, Resources};

/// Prefixes of types by provider.
const PROVIDERS: [(&str, &str); 7] = [
    ("aws", "aws"),
    ("azure", "azurerm"),
    ("confluentcloud", "confluent"),
    ("databricks", "databricks"),
    ("gcp", "google"),
    ("kubernetes", "kubernetes"),
    ("snowflake", "snowflake"),
];

/// Modules whose name is not in the type, or another one is.
const MODULES: [(&str, &str); 24] = [
    ("aws:alb", ""),
    ("aws:cfg", "config"),
    ("aws:cloudwatch", "cloudwatch"),
    ("aws:dms", "dms"),
    ("aws:ec2", ""),
    ("aws:elasticache", "elasticache"),
    ("aws:lb", ""),
    ("aws:mskconnect", "mskconnect"),
    ("aws:rds", "db"),
    ("aws:secretsmanager", "secretsmanager"),
    ("azure:containerservice", ""),
    ("azure:core", ""),
    ("azure:cosmosdb", "cosmosdb"),
    ("azure:keyvault", "key_vault"),
    ("azure:machinelearning", "machine_learning"),
    ("azure:mssql", "mssql"),
    ("azure:network", ""),
    ("azure:postgresql", "postgresql"),
    ("gcp:artifactregistry", "artifact_registry"),
    ("gcp:cloudrunv2", "cloud_run_v2"),
    ("gcp:projects", "project"),
    ("gcp:secretmanager", "secret_manager"),
    ("gcp:serviceaccount", ""),
    ("gcp:vertex", "vertex_ai"),
];

/// Types that no rule leads to.
const RENAMED: [(&str, &str); 10] = [
    ("aws:kinesis:Stream", "aws_kinesis_stream"),
    ("aws:lambda:Function", "aws_lambda_function"),
    ("aws:rds:Cluster", "aws_rds_cluster"),
    ("aws:rds:ClusterInstance", "aws_rds_cluster_instance"),
    ("aws:sagemaker:NotebookInstance", "aws_sagemaker_notebook_instance"),
    ("aws:secretsmanager:Secret", "aws_secretsmanager_secret"),
    ("azure:containerservice:KubernetesCluster", "azurerm_kubernetes_cluster"),
    ("gcp:container:Cluster", "google_container_cluster"),
    ("gcp:projects:IAMMember", "google_project_iam_member"),
    ("gcp:serviceaccount:Account", "google_service_account"),
];

/// The type of the packs that `written` (`aws:s3:Bucket`, `aws:s3/bucket:Bucket`) is, if they have it.
pub(super) fn type_name(written: &str, rules: &Resources) -> Option<String> {
    let mut parts = written.split(':');
    let (provider, rest) = (parts.next()?, parts.collect::<Vec<_>>());
    let (module, resource) = match rest.as_slice() {
        [resource] => ("index", *resource),
        [module, resource] => (module.split('/').next().unwrap_or(module), *resource),
        _ => return None,
    };
    let prefix = PROVIDERS.iter().find(|(name, _)| *name == provider)?.1;
    let full = format!("{provider}:{module}:{resource}");
    let known = |name: String| is_known(&name, rules).then_some(name);
    if let Some((_, renamed)) = RENAMED.iter().find(|(from, _)| *from == full) {
        return known((*renamed).to_owned());
    }
    let plain = resource.strip_suffix("V2").unwrap_or(resource);
    let key = format!("{provider}:{}", module.to_lowercase());
    let spoken = MODULES.iter().find(|(from, _)| *from == key).map(|(_, to)| (*to).to_owned());
    let modules = [spoken, Some(argument(module)), Some(module.to_lowercase()), Some(String::new())];
    [resource, plain]
        .iter()
        .flat_map(|resource| modules.iter().flatten().map(move |module| (resource, module)))
        .find_map(|(resource, module)| {
            let resource = argument(resource);
            let name = if module.is_empty() || module == "index" {
                format!("{prefix}_{resource}")
            } else {
                format!("{prefix}_{module}_{resource}")
            };
            known(name)
        })
}

/// Whether the packs read that type of Terraform, alone or beside another one.
fn is_known(name: &str, rules: &Resources) -> bool {
    rules.resource(ResourceSource::Terraform, name).is_some()
        || rules.types().any(|rule| rule.companions.values().any(|companion| companion.type_name == name))
}

/// `kmsKeyId` as `kms_key_id`, `IAMMember` as `iam_member`.
pub(super) fn argument(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begins {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}
