//! What only people know of a platform: the part of `aedile.yaml` that becomes facts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Words that `riskClass` may be (AI Act, Art. 5, 6 and 50).
pub(super) const RISK_CLASSES: &[&str] = &["minimal", "limited", "high", "prohibited"];
/// Words that `label` may be.
pub(super) const LABELS: &[&str] =
    &["anonymised", "deidentified", "limited-data-set", "pseudonymised", "published", "synthetic"];
/// Words that `environment` may be.
pub(super) const ENVIRONMENTS: &[&str] = &["production", "staging", "development", "test"];
/// Words that a processor's `role` may be.
pub(super) const ROLES: &[&str] = &[
    "processor",
    "service-provider",
    "contractor",
    "business-associate",
    "controller",
    "joint-controller",
    "third-party",
];

/// What a person declares of assets.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Declaration {
    /// A glob on id, address or name.
    pub asset: String,
    /// Only assets of this kind.
    pub kind: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Why code or a model uses data.
    pub purpose: Option<String>,
    /// What data may be used for.
    pub purposes: Vec<String>,
    /// `consent`, `contract`, `legal-obligation`, `vital-interests`, `public-task`, `legitimate-interests` (GDPR Art. 6).
    pub legal_basis: Option<String>,
    /// Which condition allows special categories (GDPR Art. 9(2)), or the person's authorisation (45 CFR 164.508).
    pub special_condition: Option<String>,
    /// Which law allows data on offences (GDPR Art. 10).
    pub legal_authority: Option<String>,
    /// The column that says who consented or opted out.
    pub consent_column: Option<String>,
    /// The column by which the rows of a person are found.
    pub subject_key: Option<String>,
    /// `anonymised`, `deidentified`, `limited-data-set`, `pseudonymised`, `published`, `synthetic`.
    pub label: Option<String>,
    /// Data use agreement of a limited data set: path or reference.
    pub agreement: Option<String>,
    /// An expert's determination that data is de-identified: path or reference.
    pub expert_determination: Option<String>,
    /// The promise not to re-identify: path or address.
    pub no_reidentification: Option<String>,
    /// Days after which data is deleted.
    pub retention_days: Option<i64>,
    /// The region, or group of regions, that it lies in.
    pub region: Option<String>,
    /// `production`, `staging`, `development`, `test`.
    pub environment: Option<String>,
    /// The last day on which it changed in substance, `YYYY-MM-DD`; its documents must be younger.
    pub changed: Option<String>,
    /// AI Act risk class: `minimal`, `limited`, `high`, `prohibited`.
    pub risk_class: Option<String>,
    /// Why it has that class.
    pub risk_rationale: Option<String>,
    /// The point of Annex III of the AI Act, `5(b)`.
    pub annex_point: Option<String>,
    /// Why a listed use is not of high risk (AI Act Art. 6(3)).
    pub annex_exception: Option<String>,
    /// What a model is for, and for whom.
    pub intended_use: Option<String>,
    /// Who oversees a model, how, and how it is stopped.
    pub human_oversight: Option<String>,
    /// How people are told that they deal with a machine.
    pub transparency_notice: Option<String>,
    /// Its number in the database of systems of high risk.
    pub registration: Option<String>,
    /// Path of the model card.
    pub model_card: Option<String>,
    /// Path of the risk management file.
    pub risk_file: Option<String>,
    /// Path of the technical documentation.
    pub technical_documentation: Option<String>,
    /// Path of the data protection or AI impact assessment.
    pub impact_assessment: Option<String>,
    /// Path of the assessment of effects on fundamental rights.
    pub fundamental_rights_assessment: Option<String>,
    /// Path of the plan to watch it after release.
    pub monitoring_plan: Option<String>,
    /// Column name → data class.
    pub columns: BTreeMap<String, String>,
}

impl Declaration {
    /// What is declared in words, by the attribute of the policy schema.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let texts = [
            ("owner", &self.owner),
            ("purpose", &self.purpose),
            ("legalBasis", &self.legal_basis),
            ("specialCondition", &self.special_condition),
            ("legalAuthority", &self.legal_authority),
            ("consentColumn", &self.consent_column),
            ("subjectKey", &self.subject_key),
            ("label", &self.label),
            ("environment", &self.environment),
            ("riskClass", &self.risk_class),
            ("riskRationale", &self.risk_rationale),
            ("annexPoint", &self.annex_point),
            ("annexException", &self.annex_exception),
            ("intendedUse", &self.intended_use),
            ("humanOversight", &self.human_oversight),
            ("transparencyNotice", &self.transparency_notice),
            ("registration", &self.registration),
        ];
        let words = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)));
        words.chain(self.documents().map(|(name, _, path)| (name, path)))
    }

    /// The documents: attribute, kind in `policies/documents.yaml`, path or reference.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let documents = [
            ("agreement", "agreement", &self.agreement),
            ("expertDetermination", "expert-determination", &self.expert_determination),
            ("noReidentification", "commitment", &self.no_reidentification),
            ("modelCard", "model-card", &self.model_card),
            ("riskFile", "risk-file", &self.risk_file),
            ("technicalDocumentation", "technical-documentation", &self.technical_documentation),
            ("impactAssessment", "impact-assessment", &self.impact_assessment),
            ("fundamentalRightsAssessment", "fundamental-rights-assessment", &self.fundamental_rights_assessment),
            ("monitoringPlan", "monitoring-plan", &self.monitoring_plan),
        ];
        documents.into_iter().filter_map(|(name, kind, path)| Some((name, kind, path.as_deref()?)))
    }
}

/// The organisation's books and procedures. A document is a path relative to this file, or a reference elsewhere.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Organisation {
    /// Name and address of whoever answers for the data.
    pub controller: Option<String>,
    /// Where people and authorities write to.
    pub contact: Option<String>,
    /// The register of processing (GDPR Art. 30).
    pub records_of_processing: Option<String>,
    /// What people are told (GDPR Art. 13 and 14).
    pub privacy_notice: Option<String>,
    /// How requests of people are answered.
    pub subject_requests: Option<String>,
    /// The register of breaches (GDPR Art. 33(5)).
    pub incident_register: Option<String>,
    /// The risk analysis (45 CFR 164.308(a)(1)(ii)(A)).
    pub risk_analysis: Option<String>,
    /// The record of the last review of who has access (ISO/IEC 27001 A.5.18, PCI DSS 7.2.4).
    pub access_review: Option<String>,
    /// The contingency plan (45 CFR 164.308(a)(7)).
    pub continuity_plan: Option<String>,
    /// How age is checked, and where the consent of parents is kept.
    pub parental_consent: Option<String>,
    /// The policy on AI (ISO/IEC 42001, 5.2).
    pub ai_policy: Option<String>,
}

impl Organisation {
    /// What is declared, by the attribute of the policy schema.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let own =
            [("controller", &self.controller), ("contact", &self.contact), ("parentalConsent", &self.parental_consent)];
        let own = own.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)));
        own.chain(self.documents().map(|(name, _, path)| (name, path)))
    }

    /// The documents: attribute, kind in `policies/documents.yaml`, path or reference.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let documents = [
            ("recordsOfProcessing", "records-of-processing", &self.records_of_processing),
            ("privacyNotice", "privacy-notice", &self.privacy_notice),
            ("subjectRequests", "subject-requests", &self.subject_requests),
            ("incidentRegister", "incident-register", &self.incident_register),
            ("riskAnalysis", "risk-analysis", &self.risk_analysis),
            ("accessReview", "access-review", &self.access_review),
            ("continuityPlan", "continuity-plan", &self.continuity_plan),
            ("aiPolicy", "ai-policy", &self.ai_policy),
        ];
        documents.into_iter().filter_map(|(name, kind, path)| Some((name, kind, path.as_deref()?)))
    }
}

/// Somebody who receives data.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Processor {
    /// The vendor or host as findings show it (`openai`, `api.example.org`).
    pub name: String,
    /// Globs on addresses of sinks that are this recipient, beside its name.
    pub sinks: Vec<String>,
    /// `processor`, `service-provider`, `contractor`, `business-associate`, `controller`, `joint-controller`, `third-party`.
    pub role: Option<String>,
    /// The agreement: path or reference.
    pub contract: Option<String>,
    /// Whether a business associate agreement is signed (45 CFR 164.504(e)).
    pub business_associate: bool,
    /// Where it processes: a region or a group of regions.
    pub region: Option<String>,
    /// The instrument of a transfer (GDPR Art. 45 to 49).
    pub transfer: Option<String>,
}
