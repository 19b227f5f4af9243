use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::{OnceLock, PoisonError, RwLock};

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema, SchemaFragment};

use crate::PolicyError;
use crate::parse::STACK_BYTES;

/// The namespace of every entity and action.
pub(crate) const NAMESPACE: &str = "Aedile";

/// The type of an attribute, as far as the schema uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Bool,
    Long,
    Text,
    Longs,
    Region,
    Purpose,
    Purposes,
    /// Set by the engine itself (`holds`), never read from a source.
    Derived,
}

/// The contract between facts and policies: Cedar's schema, and its attributes as a table.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) schema: Schema,
    /// The schema as JSON, of which [`Contract::narrowed`] takes a part.
    json: serde_json::Value,
    entities: BTreeMap<String, BTreeMap<String, Kind>>,
    contexts: BTreeMap<String, BTreeMap<String, Kind>>,
    /// By action: the types that may act, and those that may be acted on.
    parties: BTreeMap<String, [BTreeSet<String>; 2]>,
}

impl Contract {
    /// The contract that is built in, parsed once in the life of the program.
    ///
    /// # Errors
    /// [`PolicyError::BuiltIn`] if Cedar does not read it.
    pub(crate) fn built_in() -> Result<&'static Contract, PolicyError> {
        static PARSED: OnceLock<Result<Contract, String>> = OnceLock::new();
        let parse = || Self::parse(include_str!("../schema.cedarschema")).map_err(|error| error.to_string());
        PARSED.get_or_init(parse).as_ref().map_err(|reason| PolicyError::BuiltIn(reason.clone()))
    }

    /// Begins to parse the contract that is built in beside whoever asks: until something is judged it is not needed,
    /// and it takes Cedar longer than a small crawl.
    pub(crate) fn begin() {
        let parse = || drop(Self::built_in());
        // Without a thread it is parsed where it is needed.
        drop(std::thread::Builder::new().name("contract".to_owned()).stack_size(STACK_BYTES).spawn(parse));
    }

    fn parse(text: &str) -> Result<Self, PolicyError> {
        let broken = |what: String| PolicyError::BuiltIn(format!("schema.cedarschema: {what}"));
        let (fragment, _) =
            SchemaFragment::from_cedarschema_str(text).map_err(|error| broken(format!("{error}: {error:?}")))?;
        let json = fragment.clone().to_json_value().map_err(|error| broken(error.to_string()))?;
        let schema = fragment.try_into().map_err(|error| broken(format!("{error}")))?;
        let space = json.get(NAMESPACE).ok_or_else(|| broken(format!("no namespace {NAMESPACE}")))?;
        let table = |part: &str, path: &[&str]| {
            let members = space.get(part).and_then(serde_json::Value::as_object);
            members
                .into_iter()
                .flatten()
                .map(|(name, body)| {
                    let found = path.iter().try_fold(body, |at, key| at.get(key));
                    let attributes = found.and_then(serde_json::Value::as_object).into_iter().flatten();
                    (name.clone(), attributes.map(|(name, of)| (name.clone(), kind(of))).collect())
                })
                .collect()
        };
        let (entities, contexts) =
            (table("entityTypes", &["shape", "attributes"]), table("actions", &["appliesTo", "context", "attributes"]));
        let actions = space.get("actions").and_then(serde_json::Value::as_object).into_iter().flatten();
        let parties = actions
            .map(|(name, action)| (name.clone(), ["principalTypes", "resourceTypes"].map(|side| types(action, side))));
        let parties = parties.collect();
        Ok(Contract { schema, json, entities, contexts, parties })
    }

    /// The schema with no other actions than `actions`; the whole one if none of them is known.
    ///
    /// Checking a policy costs time for every combination of types that any action allows. What a policy
    /// whose scope names its actions says of other actions is nothing.
    ///
    /// # Errors
    /// [`PolicyError::BuiltIn`] if the part is no schema.
    pub(crate) fn narrowed(&self, actions: &BTreeSet<String>) -> Result<Schema, PolicyError> {
        if !actions.iter().any(|action| self.contexts.contains_key(action)) {
            return Ok(self.schema.clone());
        }
        let mut json = self.json.clone();
        let known = json.get_mut(NAMESPACE).and_then(|space| space.get_mut("actions"));
        if let Some(known) = known.and_then(serde_json::Value::as_object_mut) {
            known.retain(|name, _| actions.contains(name));
        }
        Schema::from_json_value(json).map_err(|error| PolicyError::BuiltIn(format!("schema.cedarschema: {error}")))
    }

    /// The attributes of the entity type `name` (without namespace).
    pub(crate) fn attributes(&self, name: &str) -> Option<&BTreeMap<String, Kind>> {
        self.entities.get(name)
    }

    /// Whether the schema knows the request at all, so that some policy could speak of it.
    pub(crate) fn allows(&self, principal: &str, action: &str, resource: &str) -> bool {
        self.parties
            .get(action)
            .is_some_and(|[principals, resources]| principals.contains(principal) && resources.contains(resource))
    }

    /// The attributes of the context of `action`.
    pub(crate) fn context(&self, action: &str) -> Option<&BTreeMap<String, Kind>> {
        self.contexts.get(action)
    }
}

fn kind(of: &serde_json::Value) -> Kind {
    let name = |of: &serde_json::Value| {
        let text = of.get("name").or_else(|| of.get("type")).and_then(serde_json::Value::as_str).unwrap_or_default();
        text.rsplit("::").next().unwrap_or_default().to_owned()
    };
    match name(of).as_str() {
        "Bool" | "Boolean" => Kind::Bool,
        "Long" => Kind::Long,
        "String" => Kind::Text,
        "Region" => Kind::Region,
        "Purpose" => Kind::Purpose,
        "Set" if of.get("element").is_some_and(|element| name(element) == "Long") => Kind::Longs,
        "Set" if of.get("element").is_some_and(|element| name(element) == "Purpose") => Kind::Purposes,
        _ => Kind::Derived,
    }
}

/// The entity types on one side of an action, without namespace.
fn types(action: &serde_json::Value, side: &str) -> BTreeSet<String> {
    let listed = action.get("appliesTo").and_then(|applies| applies.get(side)).and_then(serde_json::Value::as_array);
    let names = listed.into_iter().flatten().filter_map(serde_json::Value::as_str);
    names.map(|name| name.rsplit("::").next().unwrap_or(name).to_owned()).collect()
}

/// The name of an entity type of ours. Cedar parses every name that it is given, and ours are asked for all the time.
pub(crate) fn type_name(name: &str) -> Option<EntityTypeName> {
    static PARSED: RwLock<BTreeMap<String, EntityTypeName>> = RwLock::new(BTreeMap::new());
    if let Some(parsed) = PARSED.read().unwrap_or_else(PoisonError::into_inner).get(name) {
        return Some(parsed.clone());
    }
    let parsed = EntityTypeName::from_str(&format!("{NAMESPACE}::{name}")).ok()?;
    PARSED.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), parsed.clone());
    Some(parsed)
}

/// The entity of type `name` and identity `id`; `None` only if `name` is no identifier.
pub(crate) fn entity(name: &str, id: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(type_name(name)?, EntityId::new(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every attribute that crawlers may write, kind by kind.
    const NORMALISED: &[(&str, &str)] = &[
        (
            "Bucket",
            "encryptedAtRest:b customerManagedKey:b public:b tlsRequired:b versioned:b loggingEnabled:b retentionDays:i objectLocked:b tlsVersionCurrent:b publicAccessBlocked:b networkRestricted:b identityAuth:b uniformAccess:b receivesLogs:b evidenceLocked:b backupPlanned:b softDeleteDays:i replicasInResidency:b tagged:b declaredRetentionDays:i declaredRegion:r",
        ),
        (
            "Database",
            "encryptedAtRest:b customerManagedKey:b public:b tlsRequired:b loggingEnabled:b deletionProtected:b backupRetentionDays:i tlsVersionCurrent:b encryptedBetweenNodes:b outputEncrypted:b catalogEncrypted:b networkRestricted:b privateNetwork:b publicAddress:b egressRestricted:b identityAuth:b anonymousAccess:b fineGrainedAccess:b defaultGrantsOpen:b pointInTimeRecovery:b backupPlanned:b snapshotPublic:b replicasInResidency:b passwordInText:b versionControlled:b tagged:b declaredRegion:r",
        ),
        (
            "Dataset",
            "format:t legalBasis:t purpose:p retentionDays:i masked:b purposes:ps original:b specialCondition:t legalAuthority:t consentColumn:t subjectKey:t label:t agreement:t expertDetermination:t noReidentification:t declaredColumns:i misdeclaredColumns:t described:b undeclaredColumns:t unfoundColumns:t maskedSources:i unmaskedCopies:t declaredRetentionDays:i oldestDecade:i smallestGroup:i",
        ),
        (
            "Table",
            "format:t legalBasis:t purpose:p retentionDays:i masked:b deletionProtected:b customerManagedKey:b purposes:ps original:b specialCondition:t legalAuthority:t consentColumn:t subjectKey:t label:t agreement:t expertDetermination:t noReidentification:t declaredColumns:i misdeclaredColumns:t described:b undeclaredColumns:t unfoundColumns:t maskedSources:i unmaskedCopies:t declaredRetentionDays:i oldestDecade:i qualityTested:b contractEnforced:b visibility:t",
        ),
        (
            "FeatureView",
            "retentionDays:i online:b encryptedAtRest:b customerManagedKey:b tagged:b label:t agreement:t expertDetermination:t noReidentification:t declaredColumns:i misdeclaredColumns:t described:b undeclaredColumns:t unfoundColumns:t maskedSources:i unmaskedCopies:t declaredRetentionDays:i oldestDecade:i",
        ),
        (
            "Notebook",
            "directInternet:b rootAccess:b encryptedAtRest:b customerManagedKey:b networkIsolated:b idleShutdownMinutes:i outputEncrypted:b privateNetwork:b publicAddress:b public:b identityAuth:b metadataProtected:b secureBoot:b secretsInEnv:b tagged:b loggingEnabled:b evaluated:b evaluatedByGroup:b explained:b dataSplit:b dataRecorded:b pretrainedPinned:b hashesSound:b certificatesVerified:b recognisesFaces:b",
        ),
        (
            "Cluster",
            "encryptedAtRest:b public:b loggingEnabled:b idleShutdownMinutes:i tlsVersionCurrent:b encryptedBetweenNodes:b secretsEncrypted:b outputEncrypted:b networkRestricted:b privateNetwork:b publicAddress:b egressRestricted:b identityAuth:b anonymousAccess:b userIsolation:b metadataProtected:b secureBoot:b secretsInEnv:b minNodes:i spendLimited:b runtimeSupported:b initScriptsGoverned:b monitored:b tagged:b customerManagedKey:b tlsRequired:b exposesConfiguration:b examplesLoaded:b",
        ),
        (
            "Model",
            "networkIsolated:b imagePinned:b customerManagedKey:b riskClass:t modelCard:t privateNetwork:b public:b secretsInEnv:b tagged:b encryptedAtRest:b declaredRegion:r annexPoint:t annexException:t riskRationale:t riskFile:t technicalDocumentation:t intendedUse:t humanOversight:t monitoringPlan:t registration:t fundamentalRightsAssessment:t impactAssessment:t transparencyNotice:t suggestedUse:t",
        ),
        (
            "Endpoint",
            "encryptedAtRest:b customerManagedKey:b dataCaptured:b public:b authenticated:b tlsVersionCurrent:b captureEncrypted:b networkRestricted:b privateNetwork:b egressRestricted:b identityAuth:b anonymousAccess:b loggingEnabled:b instances:i guardrailed:b monitored:b tagged:b tlsRequired:b declaredRegion:r",
        ),
        (
            "Workload",
            "privileged:b runsAsRoot:b imagePinned:b limitsSet:b public:b hostNetwork:b secretsInEnv:b privateNetwork:b publicAddress:b anonymousAccess:b metadataProtected:b backupPlanned:b failureDestination:b allowsEscalation:b capabilitiesDropped:b readOnlyRoot:b hostNamespaces:b seccompConfined:b defaultNamespace:b tokenMounted:b hostPaths:b behindNetworkPolicy:b interfaceAuthenticated:b addsVerified:b encryptedAtRest:b customerManagedKey:b",
        ),
        (
            "Pipeline",
            "unsafeModelLoad:b trustRemoteCode:b networkIsolated:b interContainerEncrypted:b encryptedAtRest:b customerManagedKey:b purpose:p schedule:t outputEncrypted:b privateNetwork:b publicAddress:b loggingEnabled:b failureDestination:b secretsInEnv:b guardrailed:b versionControlled:b public:b actionsPinned:b tokenLimited:b longLivedCloudKeys:b untrustedCodeRuns:b scriptInjection:b untrustedOnOwnRunner:b evaluated:b evaluatedByGroup:b explained:b dataSplit:b dataRecorded:b pretrainedPinned:b hashesSound:b certificatesVerified:b recognisesFaces:b",
        ),
        (
            "Key",
            "rotationEnabled:b rotationDays:i rotationLimitDays:i public:b deletionWindowDays:i deletionProtected:b",
        ),
        ("Network", "openToWorld:b openPorts:l endpointPolicyOpen:b coversDataServices:b loggingEnabled:b"),
        (
            "Role",
            "adminWildcard:b trustsAnyOne:b dataWildcard:b passesAnyRole:b trustsAccountsFreely:b federatedSubjectOpen:b fullAccessPolicy:b primitiveRole:b impersonates:b readsSecrets:b boundToDefault:b",
        ),
        (
            "ServiceAccount",
            "adminWildcard:b trustsAnyOne:b dataWildcard:b passesAnyRole:b federatedSubjectOpen:b fullAccessPolicy:b primitiveRole:b impersonates:b tokenLifetimeDays:i boundToDefault:b",
        ),
        (
            "AuditTrail",
            "enabled:b multiRegion:b logFileValidation:b customerManagedKey:b retentionDays:i deliveredToLogs:b coversEverything:b encryptedAtRest:b",
        ),
        ("Sink", "sinkKind:t vendor:t thirdParty:b region:r registered:b businessAssociate:b recipientRole:t"),
        ("Secret", "secretKind:t placeholder:b mode:t"),
        ("Waiver", "hasReason:b expired:b policy:t approved:b ends:b"),
        (
            "Vault",
            "rotationDays:i deletionProtected:b rotationEnabled:b expires:b networkRestricted:b identityAuth:b loggingEnabled:b softDeleteDays:i encryptedAtRest:b customerManagedKey:b public:b replicasInResidency:b",
        ),
        (
            "Registry",
            "networkRestricted:b public:b immutableTags:b scannedOnPush:b encryptedAtRest:b customerManagedKey:b loggingEnabled:b replicasInResidency:b",
        ),
        ("Group", "dataWildcard:b passesAnyRole:b fullAccessPolicy:b primitiveRole:b impersonates:b"),
        (
            "User",
            "dataWildcard:b passesAnyRole:b fullAccessPolicy:b primitiveRole:b impersonates:b tokenLifetimeDays:i mfaRequired:b passwordLength:i sessionIdleMinutes:i",
        ),
        (
            "Organisation",
            "controller:t contact:t recordsOfProcessing:t privacyNotice:t subjectRequests:t incidentRegister:t riskAnalysis:t accessReview:t continuityPlan:t parentalConsent:t aiPolicy:t classesWithoutRetention:t trains:b",
        ),
        ("Processor", "role:t contract:t businessAssociate:b place:t transferInstrument:t"),
        ("Document", "documentKind:t found:b missing:t dated:b reviewedDaysAgo:i followsChange:b"),
        ("Declaration", "matched:b"),
        ("Guardrail", "filtersPersonalData:b customerManagedKey:b"),
    ];

    #[test]
    fn the_schema_declares_every_normalised_attribute() {
        let contract = Contract::built_in().unwrap();
        for (name, attributes) in NORMALISED {
            let known = contract.attributes(name).unwrap_or_else(|| panic!("{name}"));
            let everywhere = "environment:t owner:t classification:t region:r account:t";
            for attribute in attributes.split(' ').chain(everywhere.split(' ')) {
                let (attribute, kind) = attribute.split_once(':').unwrap();
                let kind = match kind {
                    "b" => Kind::Bool,
                    "i" => Kind::Long,
                    "t" => Kind::Text,
                    "l" => Kind::Longs,
                    "r" => Kind::Region,
                    "p" => Kind::Purpose,
                    "ps" => Kind::Purposes,
                    other => panic!("{other}"),
                };
                assert_eq!(known.get(attribute), Some(&kind), "{name}.{attribute}");
            }
        }
    }

    #[test]
    fn every_kind_of_asset_is_an_entity_type() {
        let contract = Contract::built_in().unwrap();
        for kind in aedile_model::AssetKind::ALL {
            assert!(contract.attributes(kind.as_str()).is_some_and(|found| found.contains_key("holds")), "{kind}");
        }
    }

    #[test]
    fn contexts_are_declared() {
        let contract = Contract::built_in().unwrap();
        assert_eq!(contract.context("read").unwrap().get("viaWildcard"), Some(&Kind::Bool));
        assert_eq!(contract.context("train").unwrap().get("purpose"), Some(&Kind::Purpose));
        assert_eq!(contract.context("deploy").unwrap().get("approval"), Some(&Kind::Text));
    }
}
