use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{RelationKind, Severity, Unknown, Verdict};
use cedar_policy::{Authorizer, PolicySet};
use rayon::prelude::*;
use serde::Deserialize;

use crate::PolicyError;
use crate::control::{Body, Control, PolicyInfo};
use crate::evaluate::Evaluator;
use crate::judgement::{Decision, JudgeError};
use crate::policies::Policies;
use crate::question::{Question, World};
use crate::reads::Side;
use crate::severity::severity;
use crate::variants::Assignment;

/// The organisation's intended access: what it permits, apart from the guardrails, because Cedar hides
/// satisfied permits when a forbid fires.
#[derive(Debug)]
pub(crate) struct Intended {
    set: PolicySet,
    /// Its permits and forbids.
    #[cfg(feature = "prove")]
    pub(crate) controls: Vec<Control>,
    reads: BTreeSet<(Side, String)>,
    /// Reads by code are judged only if some permit speaks of them.
    actions: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AsIntended {
    id: String,
    since: String,
    title: String,
    severity: Severity,
    severities: BTreeMap<String, Severity>,
    aliases: Vec<String>,
    theme: String,
    remedy: String,
    rationale: String,
}

/// The control that intended access makes.
///
/// # Errors
/// [`PolicyError::BuiltIn`] if its file does not parse.
pub(crate) fn as_intended() -> Result<PolicyInfo, PolicyError> {
    let text = include_str!("../access/as-intended.yaml");
    let file: AsIntended =
        serde_yaml::from_str(text).map_err(|error| PolicyError::BuiltIn(format!("as-intended.yaml: {error}")))?;
    Ok(PolicyInfo {
        id: file.id,
        title: file.title,
        severity: file.severity,
        severities: file.severities,
        aliases: file.aliases,
        cites: Vec::new(),
        theme: file.theme,
        since: file.since,
        remedy: file.remedy,
        rationale: file.rationale.trim().to_owned(),
        text: String::new(),
        built_in: true,
    })
}

impl Intended {
    /// # Errors
    /// What Cedar says if the set cannot be made.
    pub(crate) fn new(controls: &[Control]) -> Result<Intended, String> {
        let bodies: Vec<&Body> = controls.iter().map(Control::body).collect::<Result<_, _>>()?;
        let set = PolicySet::from_policies(bodies.iter().map(|body| body.policy.clone()));
        let set = set.map_err(|error| error.to_string())?;
        let applies = controls.iter().flat_map(|control| &control.applies);
        Ok(Intended {
            set,
            #[cfg(feature = "prove")]
            controls: controls.to_vec(),
            reads: bodies.iter().flat_map(|body| body.reads.attributes.iter().cloned()).collect(),
            actions: applies.map(|[_, action, _]| action.to_string()).collect(),
        })
    }
}

impl Policies {
    /// A decision for every grant (and read, if the permits speak of reads) of personal data, and what went wrong.
    pub(crate) fn judge_intended(&self, world: &World<'_>) -> (Vec<Decision>, Vec<JudgeError>) {
        let Some(intended) = &self.intended else { return (Vec::new(), Vec::new()) };
        let questions = world.relations(|action, relation| {
            relation.kind == RelationKind::Grants
                || (matches!(action, "process" | "train") && intended.actions.contains(action))
        });
        let evaluator = Evaluator { world, authorizer: Authorizer::new() };
        let personal =
            |question: &&Question<'_>| question.context.held.keys().any(|class| self.taxonomy.is_in(class, "personal"));
        let judged: Vec<(Decision, Option<JudgeError>)> = questions
            .par_iter()
            .filter(personal)
            .map(|question| self.hold_against(question, intended, &evaluator))
            .collect();
        let (decisions, errors): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
        (decisions, errors.into_iter().flatten().collect())
    }

    fn hold_against(
        &self,
        question: &Question<'_>,
        intended: &Intended,
        evaluator: &Evaluator<'_>,
    ) -> (Decision, Option<JudgeError>) {
        let info = &self.as_intended;
        let mut unknown: Vec<(String, Unknown)> = intended
            .reads
            .iter()
            .filter_map(|(side, name)| Some((name.clone(), question.side(*side).unknown.get(name)?.clone())))
            .collect();
        let answer = evaluator.ask(question, &intended.set, &Assignment::default());
        let fault = match &answer {
            Err(fault) => Some(fault.clone()),
            Ok(answer) => answer.errors.values().next().cloned(),
        };
        let verdict = match (&fault, unknown.is_empty(), answer.is_ok_and(|answer| answer.allowed)) {
            (Some(fault), _, _) => {
                unknown.push((
                    "evaluation".to_owned(),
                    Unknown { expression: "the permits".to_owned(), why: fault.clone() },
                ));
                Verdict::Inconclusive
            }
            (None, false, _) => Verdict::Inconclusive,
            (None, true, true) => Verdict::Pass,
            (None, true, false) => Verdict::Fail,
        };
        let decision = Decision {
            policy: info.id.clone(),
            principal: question.principal.map(|asset| asset.id.clone()),
            action: question.action.to_owned(),
            resource: question.resource.id.clone(),
            relation: question.relation,
            verdict,
            severity: (verdict != Verdict::Pass).then(|| severity(info, question, &self.taxonomy)),
            unknown: if verdict == Verdict::Inconclusive { unknown } else { Vec::new() },
        };
        let error = fault.map(|fault| JudgeError {
            policy: Some(info.id.clone()),
            asset: Some(question.resource.id.clone()),
            message: format!("could not be evaluated: {fault}"),
        });
        (decision, error)
    }
}
