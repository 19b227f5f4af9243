"""Which class of which package is a type of Azure or a kind of Kubernetes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A package, the files in it that count, and its classes by the type that each of them is."""

    name: str
    inside: str
    classes: dict


def _azure(name, prefix, inside=r"/models/_models", **classes):
    return Package(name, inside, {f"{prefix}/{path.replace('_', '/')}": name for path, name in classes.items()})


ARM = [
    _azure(
        "azure-mgmt-storage==25.3.0",
        "Microsoft.Storage",
        storageAccounts="StorageAccount",
        storageAccounts_blobServices="BlobServiceProperties",
        storageAccounts_blobServices_containers="BlobContainer",
    ),
    _azure(
        "azure-mgmt-sql==4.0.0",
        "Microsoft.Sql",
        servers="Server",
        servers_databases="Database",
        servers_firewallRules="FirewallRule",
        servers_auditingSettings="ServerBlobAuditingPolicy",
        servers_extendedAuditingSettings="ExtendedServerBlobAuditingPolicy",
        servers_azureADOnlyAuthentications="ServerAzureADOnlyAuthentication",
        servers_encryptionProtector="EncryptionProtector",
        servers_databases_auditingSettings="DatabaseBlobAuditingPolicy",
        servers_databases_backupShortTermRetentionPolicies="BackupShortTermRetentionPolicy",
        servers_databases_transparentDataEncryption="LogicalDatabaseTransparentDataEncryption",
    ),
    _azure(
        "azure-mgmt-postgresqlflexibleservers==3.0.0",
        "Microsoft.DBforPostgreSQL",
        flexibleServers="Server",
        flexibleServers_configurations="Configuration",
        flexibleServers_firewallRules="FirewallRule",
    ),
    _azure(
        "azure-mgmt-mysqlflexibleservers==1.0.0",
        "Microsoft.DBforMySQL",
        flexibleServers="Server",
        flexibleServers_configurations="Configuration",
        flexibleServers_firewallRules="FirewallRule",
    ),
    _azure("azure-mgmt-cosmosdb==10.0.0", "Microsoft.DocumentDB", databaseAccounts="DatabaseAccountGetResults"),
    _azure("azure-mgmt-eventhub==12.0.0", "Microsoft.EventHub", namespaces="EHNamespace", namespaces_networkRuleSets="NetworkRuleSet"),
    _azure("azure-mgmt-kusto==4.0.0", "Microsoft.Kusto", clusters="Cluster"),
    _azure("azure-mgmt-search==9.2.0", "Microsoft.Search", searchServices="SearchService"),
    _azure(
        "azure-mgmt-msi==7.1.0",
        "Microsoft.ManagedIdentity",
        r"/v2024_11_30/models/_models",
        userAssignedIdentities="Identity",
        userAssignedIdentities_federatedIdentityCredentials="FederatedIdentityCredential",
    ),
    _azure("azure-mgmt-keyvault==14.1.0", "Microsoft.KeyVault", vaults="Vault", vaults_secrets="Secret", vaults_keys="Key"),
    _azure(
        "azure-mgmt-network==33.1.0",
        "Microsoft.Network",
        networkSecurityGroups="NetworkSecurityGroup",
        networkSecurityGroups_securityRules="SecurityRule",
        privateEndpoints="PrivateEndpoint",
    ),
    _azure(
        "azure-mgmt-monitor==6.0.2",
        "Microsoft.Insights",
        r"/v2021_05_01_preview/models/_models",
        diagnosticSettings="DiagnosticSettingsResource",
    ),
    _azure("azure-mgmt-loganalytics==14.0.0", "Microsoft.OperationalInsights", workspaces="Workspace"),
    _azure(
        "azure-mgmt-authorization==4.0.0",
        "Microsoft.Authorization",
        r"/v2022_04_01/models/_models",
        roleAssignments="RoleAssignment",
        roleDefinitions="RoleDefinition",
    ),
    _azure("azure-mgmt-resource==23.0.1", "Microsoft.Authorization", r"/locks/v2016_09_01/models/_models", locks="ManagementLockObject"),
    _azure(
        "azure-ai-ml==1.35.2",
        "Microsoft.MachineLearningServices",
        r"/_restclient/arm_ml_service/models/_models",
        workspaces="Workspace",
        workspaces_computes="ComputeResource",
        workspaces_onlineEndpoints="OnlineEndpoint",
        workspaces_onlineEndpoints_deployments="OnlineDeployment",
    ),
    _azure("azure-mgmt-cognitiveservices==14.1.0", "Microsoft.CognitiveServices", accounts="Account"),
    _azure("azure-mgmt-databricks==3.0.0", "Microsoft.Databricks", workspaces="Workspace"),
    _azure(
        "azure-mgmt-synapse==2.1.0b7",
        "Microsoft.Synapse",
        workspaces="Workspace",
        workspaces_sqlPools="SqlPool",
        workspaces_firewallRules="IpFirewallRuleInfo",
        workspaces_azureADOnlyAuthentications="AzureADOnlyAuthentication",
        workspaces_auditingSettings="ServerBlobAuditingPolicy",
        workspaces_sqlPools_auditingSettings="SqlPoolBlobAuditingPolicy",
        workspaces_sqlPools_transparentDataEncryption="TransparentDataEncryption",
    ),
    _azure("azure-mgmt-datafactory==10.0.0", "Microsoft.DataFactory", factories="Factory", factories_managedVirtualNetworks="ManagedVirtualNetworkResource"),
    _azure("azure-mgmt-containerservice==41.8.0", "Microsoft.ContainerService", managedClusters="ManagedCluster"),
    _azure("azure-mgmt-containerregistry==15.0.0", "Microsoft.ContainerRegistry", registries="Registry"),
]


def _kinds(package, inside, prefix, *names, **others):
    return Package(package, inside, {**{name: prefix + name for name in names}, **others})


# Their pods are those of the first package.
KUBERNETES = [
    Package(
        "kubernetes==37.0.2",
        r"^kubernetes/client/models/",
        {
            **{name: f"V1{name}" for name in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod")},
            **{name: f"V1{name}" for name in ("ServiceAccount", "Role", "ClusterRole", "PersistentVolumeClaim", "NetworkPolicy")},
            **{name: f"V1{name}" for name in ("Service", "Ingress", "Secret", "RoleBinding", "ClusterRoleBinding")},
        },
    ),
    _kinds("kubeflow-training==1.9.4", r"/models/", "KubeflowOrgV1", "TFJob", "MPIJob", "PaddleJob", "JAXJob", PyTorchJob="KubeflowOrgV1PyTorchJob", XGBoostJob="KubeflowOrgV1XGBoostJob"),
    _kinds("kubeflow-trainer-api==2.3.0", r"/models/", "TrainerV1alpha1", "TrainingRuntime", "ClusterTrainingRuntime", JobSet="JobsetV1alpha2JobSet"),
    _kinds("kubeflow-katib==0.19.0", r"/models/", "V1beta1", "Experiment"),
    _kinds("kubeflow-spark-api==2.4.0", r"/models/", "SparkV1beta2", "SparkApplication", "ScheduledSparkApplication"),
    _kinds("kserve==0.21.0", r"^kserve/models/", "", InferenceService="V1beta1InferenceService", ServingRuntime="V1alpha1ServingRuntime", ClusterServingRuntime="V1alpha1ClusterServingRuntime", LLMInferenceService="V1alpha1LLMInferenceService"),
    _kinds("hera-workflows==7.1.0", r"^hera/workflows/models/io/(argoproj|k8s)", "", "Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"),
    Package(
        "cloudcoil-models-knative-serving==1.17.0.1",
        r"/serving/v1",
        {"serving.knative.dev/Service": "Service", "serving.knative.dev/Configuration": "Configuration"},
    ),
    Package("cloudcoil-models-cert-manager==1.17.1.0", r"/cert_manager/v1\.py", {"Certificate": "Certificate"}),
]
