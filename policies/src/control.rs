use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use aedile_model::{Citation, Severity};
use cedar_policy::{ActionConstraint, EntityUid, Policy, PolicyId, PolicySet};
use serde::Serialize;

use crate::index::set;
use crate::parse::{Written, on_large_stack};
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
    /// What the annotations and the comment of a policy say; `theme` is the stem of its file.
    ///
    /// Of what [`crate::lint`] would refuse, the next best is taken.
    pub(crate) fn of(written: &Written, theme: &str, built_in: bool) -> PolicyInfo {
        let text = |key: &str| written.annotation(key).unwrap_or_default().trim().to_owned();
        let list = |key: &str| -> Vec<String> {
            text(key).split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        };
        let cites = list("cites").into_iter().map(|obligation| Citation {
            framework: obligation.split(':').next().unwrap_or_default().to_owned(),
            obligation,
            title: String::new(),
        });
        let severities = written
            .annotations
            .iter()
            .filter_map(|(key, severity)| Some((key.strip_prefix("severity_")?.to_owned(), severity.parse().ok()?)));
        PolicyInfo {
            id: written.annotation("id").unwrap_or_default().to_owned(),
            title: text("title"),
            severity: text("severity").parse().unwrap_or(Severity::Medium),
            severities: severities.collect(),
            aliases: list("aliases"),
            cites: cites.collect(),
            theme: theme.to_owned(),
            remedy: text("remedy"),
            since: text("since"),
            rationale: written.comment.clone(),
            text: written.text.clone(),
            built_in,
        }
    }

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

/// Types of principal, action and resource, without namespace.
pub(crate) type Types = [Cow<'static, str>; 3];

/// A policy ready to judge.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    pub(crate) info: Arc<PolicyInfo>,
    /// The types for which the twin can be satisfied; none until it is known.
    pub(crate) applies: Vec<Types>,
    /// Entities that the policy names and that are assets: neither classes, regions and purposes, nor actions. Sorted.
    pub(crate) assets_named: Vec<EntityUid>,
    /// Cedar's form of a built-in policy is made when a question needs it: few of them can speak of a small repository.
    body: OnceLock<Result<Body, String>>,
    alone: OnceLock<Result<PolicySet, String>>,
}

/// A policy as Cedar has it, and its applicability twin.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    /// Its Cedar id is its `@id`.
    pub(crate) policy: Policy,
    /// The same without its `unless` clauses: satisfied where the policy applies.
    pub(crate) twin: Policy,
    pub(crate) reads: Reads,
    /// What the twin reads.
    pub(crate) scope_reads: Reads,
}

impl Control {
    /// The control of `policy`, whose id is already its `@id`.
    ///
    /// `json` is the policy's JSON form.
    ///
    /// # Errors
    /// The reason, if Cedar cannot take the JSON form of the twin.
    pub(crate) fn new(info: PolicyInfo, policy: Policy, json: serde_json::Value) -> Result<Control, String> {
        let assets_named = assets_named(&policy);
        let body = OnceLock::from(Ok(Body::new(&info.id, policy, json)?));
        Ok(Control { info: Arc::new(info), applies: Vec::new(), assets_named, body, alone: OnceLock::new() })
    }

    /// A control of ours, of which a test has said where it applies and that it names no asset.
    pub(crate) fn built_in(info: PolicyInfo, applies: Vec<Types>) -> Control {
        let (body, alone) = (OnceLock::new(), OnceLock::new());
        Control { info: Arc::new(info), applies, assets_named: Vec::new(), body, alone }
    }

    /// The id of the twin of the policy `id`. No policy can have it: `#` is in no id.
    pub(crate) fn twin_id(id: &str) -> PolicyId {
        PolicyId::new(format!("{id}#applies"))
    }

    /// Cedar's form of it.
    ///
    /// # Errors
    /// What Cedar says of its text. Only of a built-in policy, and the tests would have to sleep for that.
    pub(crate) fn body(&self) -> Result<&Body, String> {
        let parsed = || on_large_stack(|| Body::parse(&self.info)).unwrap_or_else(|error| Err(error.to_string()));
        self.body.get_or_init(parsed).as_ref().map_err(Clone::clone)
    }

    /// Whether [`Control::body`] still has to parse.
    pub(crate) fn is_unparsed(&self) -> bool {
        self.body.get().is_none()
    }

    /// As [`Control::body`], where the stack is large already.
    pub(crate) fn parse_here(&self) {
        self.body.get_or_init(|| Body::parse(&self.info));
    }

    /// The policy with its twin and the base permit.
    ///
    /// # Errors
    /// As [`Control::body`].
    pub(crate) fn alone(&self) -> Result<&PolicySet, String> {
        self.alone.get_or_init(|| set([self])).as_ref().map_err(Clone::clone)
    }

    /// Whether a verdict can depend on which asset is asked about: by its id, or by the groups above it.
    pub(crate) fn names_assets(&self) -> bool {
        !self.assets_named.is_empty()
    }
}

impl Body {
    fn parse(info: &PolicyInfo) -> Result<Body, String> {
        let policy = Policy::parse(Some(PolicyId::new(&info.id)), &info.text).map_err(|error| error.to_string())?;
        let json = policy.to_json().map_err(|error| error.to_string())?;
        Body::new(&info.id, policy, json)
    }

    fn new(id: &str, policy: Policy, json: serde_json::Value) -> Result<Body, String> {
        let reads = Reads::of(&json);
        let mut scope = json;
        if let Some(conditions) = scope.get_mut("conditions").and_then(serde_json::Value::as_array_mut) {
            conditions.retain(|clause| clause.get("kind").and_then(serde_json::Value::as_str) != Some("unless"));
        }
        // Cedar parses the key of each.
        if let Some(scope) = scope.as_object_mut() {
            scope.remove("annotations");
        }
        let scope_reads = Reads::of(&scope);
        let twin = Policy::from_json(Some(Control::twin_id(id)), scope).map_err(|error| error.to_string())?;
        Ok(Body { policy, twin, reads, scope_reads })
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
}

fn assets_named(policy: &Policy) -> Vec<EntityUid> {
    let vocabulary = ["DataClass", "Region", "Purpose", "Action"];
    let mut named = policy.entity_literals();
    named.retain(|uid| !vocabulary.contains(&uid.type_name().basename()));
    named.sort();
    named.dedup();
    named
}
