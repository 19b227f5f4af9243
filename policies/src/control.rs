use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Citation, Severity};
use cedar_policy::{ActionConstraint, Policy, PolicyId};
use serde::Serialize;

use crate::reads::Reads;

/// A policy as lists, explanations and reports show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyInfo {
    /// `store-encrypted-at-rest`: says what should hold, never reused.
    pub id: String,
    /// What is wrong when it fails, one line, without the subject.
    pub title: String,
    /// The base severity.
    pub severity: Severity,
    /// Severities by the word of `@severity_<word>`.
    pub severities: BTreeMap<String, Severity>,
    /// Ids of other tools' checks that mean the same.
    pub aliases: Vec<String>,
    /// Obligations that it gives evidence for.
    pub cites: Vec<Citation>,
    /// The stem of its file, `encryption`.
    pub theme: String,
    /// What to do, with `{asset}` and the like still open.
    pub remedy: String,
    /// The version that it came with, `0.1.0`; empty if it does not say.
    pub since: String,
    /// Why it exists and what an auditor looks for: the comment above it.
    pub rationale: String,
    /// The policy itself.
    pub text: String,
    /// Whether it comes with the program.
    pub built_in: bool,
}

impl PolicyInfo {
    /// The title without a subject, for lists of rules: "an asset holds sensitive data and …".
    #[must_use]
    pub fn summary(&self) -> String {
        let general = [
            ("`{asset}`", "an asset"),
            ("`{principal}`", "a principal"),
            ("`{resource}`", "an asset"),
            ("`{sink}`", "a sink"),
            ("{classes}", "sensitive data"),
            ("{holding}", ""),
        ];
        general.iter().fold(self.title.clone(), |text, (word, instead)| text.replace(word, instead))
    }
}

/// A policy ready to judge, and its applicability twin.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    pub(crate) info: Arc<PolicyInfo>,
    /// Its Cedar id is its `@id`.
    pub(crate) policy: Policy,
    /// The same without its `unless` clauses: satisfied where the policy applies.
    pub(crate) twin: Policy,
    pub(crate) reads: Reads,
    /// What the twin reads.
    pub(crate) scope_reads: Reads,
    /// The types of principal, action and resource for which the twin can be satisfied; none until it is known.
    pub(crate) applies: Vec<[String; 3]>,
}

impl Control {
    /// The id of the twin of the policy `id`. No policy can have it: `#` is in no id.
    pub(crate) fn twin_id(id: &str) -> PolicyId {
        PolicyId::new(format!("{id}#applies"))
    }

    /// The control of `policy`, whose id is already its `@id`.
    ///
    /// `json` is the policy's JSON form.
    ///
    /// # Errors
    /// The reason, if Cedar cannot take the JSON form of the twin.
    pub(crate) fn new(info: PolicyInfo, policy: Policy, json: serde_json::Value) -> Result<Control, String> {
        let mut scope = json.clone();
        if let Some(conditions) = scope.get_mut("conditions").and_then(serde_json::Value::as_array_mut) {
            conditions.retain(|clause| clause.get("kind").and_then(serde_json::Value::as_str) != Some("unless"));
        }
        // Cedar parses the key of each.
        if let Some(scope) = scope.as_object_mut() {
            scope.remove("annotations");
        }
        let (reads, scope_reads) = (Reads::of(&json), Reads::of(&scope));
        let twin = Policy::from_json(Some(Self::twin_id(&info.id)), scope).map_err(|error| error.to_string())?;
        Ok(Control { info: Arc::new(info), policy, twin, reads, scope_reads, applies: Vec::new() })
    }
}

impl Control {
    /// Entities that the policy names and that are assets: neither classes, regions and purposes, nor actions.
    pub(crate) fn assets_named(&self) -> Vec<cedar_policy::EntityUid> {
        let vocabulary = ["DataClass", "Region", "Purpose", "Action"];
        let mut named = self.policy.entity_literals();
        named.retain(|uid| !vocabulary.contains(&uid.type_name().basename()));
        named.sort();
        named.dedup();
        named
    }

    /// The actions that the scope names; none if it leaves them open.
    pub(crate) fn actions(&self) -> BTreeSet<String> {
        let named = match self.policy.action_constraint() {
            ActionConstraint::Any => Vec::new(),
            ActionConstraint::Eq(action) => vec![action],
            ActionConstraint::In(actions) => actions,
        };
        named.iter().map(|action| action.id().unescaped().to_owned()).collect()
    }

    /// Whether a verdict can depend on which asset is asked about: by its id, or by the groups above it.
    pub(crate) fn names_assets(&self) -> bool {
        !self.assets_named().is_empty()
    }
}
