use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aedile_model::{AssetId, AssetKind, Verdict};
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, RestrictedExpression};

use crate::control::Control;
use crate::facts::{Facts, Known, Slice};
use crate::index::Entry;
use crate::question::{Question, World};
use crate::reads::Side;
use crate::schema::entity;
use crate::variants::{Assignment, assignments};

/// What one policy says of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Index into the controls.
    pub(crate) control: usize,
    pub(crate) verdict: Verdict,
    /// The unknown attributes that the verdict depends on.
    pub(crate) unknown: Vec<(Side, String)>,
    /// What went wrong, if something did.
    pub(crate) fault: Option<String>,
}

/// What Cedar answered: the policies that are satisfied and those that could not be evaluated.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    pub(crate) satisfied: BTreeSet<String>,
    pub(crate) errors: BTreeMap<String, String>,
}

/// Asks Cedar.
pub(crate) struct Evaluator<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) authorizer: Authorizer,
}

impl Evaluator<'_> {
    /// What each policy of `entry` says of `question`.
    pub(crate) fn judge(&self, question: &Question<'_>, entry: &Entry, controls: &[Control]) -> Vec<Outcome> {
        let together = entry.together(controls);
        let first = together.and_then(|together| self.ask(question, &together.set, &Assignment::default()));
        let members = entry.controls.iter().filter_map(|at| Some((*at, controls.get(*at)?)));
        members
            .map(|(at, control)| {
                let (verdict, unknown, fault) = match &first {
                    Err(fault) => (Verdict::Inconclusive, Vec::new(), Some(fault.clone())),
                    Ok(answer) => self.weigh(question, control, answer),
                };
                Outcome { control: at, verdict, unknown, fault }
            })
            .collect()
    }

    /// The verdict of `control`, under every value that the unknown attributes it reads could have.
    pub(crate) fn weigh(
        &self,
        question: &Question<'_>,
        control: &Control,
        first: &Answer,
    ) -> (Verdict, Vec<(Side, String)>, Option<String>) {
        let unknown = |reads: &BTreeSet<(Side, String)>| -> Vec<(Side, String)> {
            reads.iter().filter(|(side, name)| question.side(*side).unknown.contains_key(name)).cloned().collect()
        };
        let body = match control.body() {
            Ok(body) => body,
            Err(fault) => return (Verdict::Inconclusive, Vec::new(), Some(fault)),
        };
        let depends = unknown(&body.reads.attributes);
        if depends.is_empty() {
            return match first.verdict(control) {
                Ok(verdict) => (verdict, Vec::new(), None),
                Err(fault) => (Verdict::Inconclusive, Vec::new(), Some(fault)),
            };
        }
        if unknown(&body.scope_reads.attributes).is_empty() && first.verdict(control) == Ok(Verdict::NotApplicable) {
            return (Verdict::NotApplicable, Vec::new(), None);
        }
        let Some(assignments) = assignments(&depends, question, body, self.world) else {
            return (Verdict::Inconclusive, depends, None);
        };
        let mut verdicts = BTreeSet::new();
        for assignment in &assignments {
            let answer = control.alone().and_then(|alone| self.ask(question, alone, assignment));
            match answer.and_then(|answer| answer.verdict(control)) {
                Ok(verdict) => drop(verdicts.insert(verdict)),
                Err(fault) => return (Verdict::Inconclusive, depends, Some(fault)),
            }
        }
        match verdicts.first() {
            Some(verdict) if verdicts.len() == 1 => (*verdict, Vec::new(), None),
            _ => (Verdict::Inconclusive, depends, None),
        }
    }

    /// Cedar's answer to `question` by `set`, with unknown attributes as `assignment` says.
    ///
    /// # Errors
    /// What is wrong with the question: a missing entity, a dangling reference, a breach of the schema.
    /// Cedar itself would answer such a question, and allow.
    pub(crate) fn ask(
        &self,
        question: &Question<'_>,
        set: &PolicySet,
        assignment: &Assignment,
    ) -> Result<Answer, String> {
        let (request, entities) = self.request(question, assignment)?;
        let response = self.authorizer.is_authorized(&request, set, &entities);
        let allowed = response.decision() == Decision::Allow;
        let mut answer = Answer { allowed, ..Answer::default() };
        // On Deny the reasons are all satisfied forbids, on Allow the permits; in no order.
        if !allowed {
            answer.satisfied.extend(response.diagnostics().reason().map(ToString::to_string));
        }
        for error in response.diagnostics().errors() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            answer.errors.insert(error.policy_id().to_string(), error.inner().to_string());
        }
        Ok(answer)
    }

    /// `question` as Cedar is asked it, with every entity that a policy may follow.
    ///
    /// # Errors
    /// As [`Evaluator::ask`].
    pub(crate) fn request(
        &self,
        question: &Question<'_>,
        assignment: &Assignment,
    ) -> Result<(Request, Entities), String> {
        let mut slice = Slice::default();
        let resource = uid(question.resource.kind, &question.resource.id)?;
        let attributes = self.attributes(Side::Resource, question, assignment, &mut slice);
        slice.add(resource.clone(), attributes, HashSet::new());
        // After the resource: who asks about themselves is one entity, and must keep the groups above.
        let principal = self.principal(question, assignment, &mut slice)?;
        let action = entity("Action", question.action).ok_or("the action has no name")?;
        let context = self.context(question, assignment, &mut slice)?;
        let entities = slice.finish(&[&principal, &resource])?;
        let schema = Some(&self.world.contract.schema);
        let entities = Entities::from_entities(entities, schema).map_err(|error| full(&error))?;
        let request = Request::new(principal, action, resource, context, schema).map_err(|error| full(&error))?;
        Ok((request, entities))
    }

    fn principal(
        &self,
        question: &Question<'_>,
        assignment: &Assignment,
        slice: &mut Slice,
    ) -> Result<EntityUid, String> {
        let Some(asset) = question.principal else {
            return self.platform(slice);
        };
        let principal = uid(asset.kind, &asset.id)?;
        let attributes = self.attributes(Side::Principal, question, assignment, slice);
        let above = question.member_of.iter().filter_map(|(kind, id)| entity(kind.as_str(), id.as_str()));
        slice.add(principal.clone(), attributes, above.collect());
        Ok(principal)
    }

    fn platform(&self, slice: &mut Slice) -> Result<EntityUid, String> {
        let world = self.world;
        let platform = entity("Platform", "platform").ok_or("the platform has no name")?;
        let residency: Vec<RestrictedExpression> = world
            .platform
            .residency
            .iter()
            .filter_map(|region| slice.expression(&Known::Region(region.clone()), world.taxonomy))
            .collect();
        let attributes = HashMap::from([
            ("declaresResidency".to_owned(), RestrictedExpression::new_bool(!residency.is_empty())),
            ("residency".to_owned(), RestrictedExpression::new_set(residency)),
        ]);
        slice.add(platform.clone(), attributes, HashSet::new());
        Ok(platform)
    }

    fn attributes(
        &self,
        side: Side,
        question: &Question<'_>,
        assignment: &Assignment,
        slice: &mut Slice,
    ) -> HashMap<String, RestrictedExpression> {
        let facts = question.side(side);
        let assigned = assignment.of(side);
        let values = facts.known.iter().chain(assigned);
        let mut attributes: HashMap<String, RestrictedExpression> = values
            .filter_map(|(name, known)| Some((name.clone(), slice.expression(known, self.world.taxonomy)?)))
            .collect();
        if side != Side::Context {
            let holds = slice.holdings(facts.held.keys().map(String::as_str), self.world.taxonomy);
            attributes.extend(holds.map(|holds| ("holds".to_owned(), holds)));
            self.rungs(side, question, slice, &mut attributes);
        }
        attributes
    }

    /// What data holds on some rungs of the protection ladder, where the schema asks for it.
    fn rungs(
        &self,
        side: Side,
        question: &Question<'_>,
        slice: &mut Slice,
        attributes: &mut HashMap<String, RestrictedExpression>,
    ) {
        let asset = if side == Side::Principal { question.principal } else { Some(question.resource) };
        let Some(kinds) = asset.and_then(|asset| self.world.contract.attributes(asset.kind.as_str())) else { return };
        let held = &question.side(side).held;
        for (name, rungs) in [("belowTruncated", 0..TRUNCATED), ("belowKeyed", 0..KEYED), ("hashed", HASHED..KEYED)] {
            if kinds.contains_key(name) {
                let classes = held.iter().filter(|(_, rung)| rungs.contains(*rung)).map(|(class, _)| class.as_str());
                let holds = slice.holdings(classes, self.world.taxonomy);
                attributes.extend(holds.map(|holds| (name.to_owned(), holds)));
            }
        }
    }

    fn context(&self, question: &Question<'_>, assignment: &Assignment, slice: &mut Slice) -> Result<Context, String> {
        let mut attributes = self.attributes(Side::Context, question, assignment, slice);
        if question.relation.is_some() {
            let carried = &question.context.held;
            let taxonomy = self.world.taxonomy;
            for (name, rung) in [("holds", i64::MAX), ("belowHashed", HASHED), ("belowKeyed", KEYED)] {
                let classes = carried.iter().filter(|(_, held)| **held < rung).map(|(class, _)| class.as_str());
                attributes.extend(slice.holdings(classes, taxonomy).map(|holds| (name.to_owned(), holds)));
            }
            let personal = carried.iter().filter(|(class, _)| taxonomy.is_in(class, "personal"));
            let lowest = personal.map(|(_, rung)| *rung).min().unwrap_or(DROPPED);
            attributes.insert("protection".to_owned(), RestrictedExpression::new_long(lowest));
        }
        Context::from_pairs(attributes).map_err(|error| full(&error))
    }
}

/// The rungs that the schema speaks of.
const TRUNCATED: i64 = aedile_model::Protection::Truncated as i64;
const HASHED: i64 = aedile_model::Protection::Hashed as i64;
const KEYED: i64 = aedile_model::Protection::Keyed as i64;
const DROPPED: i64 = aedile_model::Protection::Dropped as i64;

impl Answer {
    /// The verdict of `control`.
    ///
    /// # Errors
    /// What Cedar could not evaluate. It skips such a policy: without this a silent pass.
    pub(crate) fn verdict(&self, control: &Control) -> Result<Verdict, String> {
        let (id, twin) = (control.info.id.as_str(), Control::twin_id(&control.info.id).to_string());
        if let Some(error) = self.errors.get(id).or_else(|| self.errors.get(&twin)) {
            return Err(error.clone());
        }
        Ok(match (self.satisfied.contains(&twin), self.satisfied.contains(id)) {
            (_, true) => Verdict::Fail,
            (true, false) => Verdict::Pass,
            (false, false) => Verdict::NotApplicable,
        })
    }
}

impl Question<'_> {
    /// The facts of one side.
    pub(crate) fn side(&self, side: Side) -> &Facts {
        match side {
            Side::Principal => &self.principal_facts,
            Side::Resource => &self.resource_facts,
            Side::Context => &self.context,
        }
    }
}

/// The entity of an asset.
pub(crate) fn uid(kind: AssetKind, id: &AssetId) -> Result<EntityUid, String> {
    entity(kind.as_str(), id.as_str()).ok_or_else(|| format!("`{kind}` is no entity type"))
}

/// An error with its causes, on one line.
fn full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
