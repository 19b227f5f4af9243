use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, AssetKind, Finding, Inventory, Verdict};
use cedar_policy::Authorizer;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use time::Date;

use crate::evaluate::{Evaluator, Outcome};
use crate::facts::Known;
use crate::finding::{Judged, Writer};
use crate::graph::Graph;
use crate::judgement::{Decision, JudgeError, Judgement, Platform, Tally};
use crate::memory::{self, Memory};
use crate::policies::{Judges, Policies};
use crate::question::{Question, World};
use crate::reads::Side;
use crate::schema::Contract;
use crate::severity::severity;

/// What verdicts depend on. Questions of one signature get one answer.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Signature<'a> {
    entry: usize,
    action: &'static str,
    facts: Vec<Fact<'a>>,
    held: [Vec<(&'a str, i64)>; 3],
    /// Kinds matter to `is`, also where the sets are shared.
    kinds: [Option<AssetKind>; 2],
    /// Whom the policies may name: the two parties, and what the principal belongs to.
    identity: Option<Identity<'a>>,
}

/// The principal, the resource, and the groups and roles of the principal.
type Identity<'a> = (Option<&'a AssetId>, &'a AssetId, &'a BTreeSet<(AssetKind, AssetId)>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Fact<'a> {
    Absent,
    Known(&'a Known),
    Unknown,
}

/// A question with the outcomes that are its answer.
pub(crate) struct Answered<'a> {
    pub(crate) question: Question<'a>,
    pub(crate) outcomes: std::sync::Arc<Vec<Outcome>>,
}

impl Policies {
    /// Judges every asset and relation of `inventory`.
    ///
    /// The same inventory and platform give the same judgement, whatever the number of threads.
    #[must_use]
    pub fn judge(&self, inventory: &Inventory, platform: &Platform) -> Judgement {
        self.judge_again(inventory, platform, None)
    }

    /// As [`Policies::judge`], with answers taken from `memory` as far as it has them, and left there.
    ///
    /// Gives the same judgement as without.
    #[must_use]
    pub fn judge_again(&self, inventory: &Inventory, platform: &Platform, memory: Option<&Memory>) -> Judgement {
        let platform = Platform { residency: self.residency(&platform.residency), as_of: platform.as_of };
        let mut judgement = Judgement::default();
        let contract = match Contract::built_in() {
            Ok(contract) => contract,
            Err(error) => {
                judgement.errors.push(JudgeError { policy: None, asset: None, message: error.to_string() });
                return judgement;
            }
        };
        let world = World { inventory, contract, taxonomy: &self.taxonomy, platform: &platform };
        let (questions, errors) = world.questions(&self.guardrails.index);
        judgement.errors.extend(errors);
        let memory = memory.map(|memory| (memory, self.digest(&platform)));
        let answered = answer(&self.guardrails, &world, questions, memory.as_ref());
        judgement.tallies = self.tallies(&answered);
        let recorded: Vec<(Vec<Decision>, Vec<JudgeError>)> = answered.par_iter().map(|one| self.record(one)).collect();
        for (decisions, errors) in recorded {
            judgement.decisions.extend(decisions);
            judgement.errors.extend(errors);
        }
        self.dangling(inventory, &mut judgement);
        let (intended, errors) = self.judge_intended(&world);
        if self.intended.is_some() {
            let tally = judgement.tallies.entry(self.as_intended.id.clone()).or_default();
            intended.iter().for_each(|decision| tally.count(decision.verdict));
        }
        judgement.decisions.extend(intended);
        judgement.errors.extend(errors);
        judgement.decisions.par_sort_by(|a, b| key(a).cmp(&key(b)));
        judgement.findings = self.findings(inventory, &judgement.decisions, platform.as_of);
        judgement.errors.sort();
        judgement.errors.dedup();
        judgement
    }

    /// What every answer depends on: the program, its policies and those of the user, the residency. Not the day: what
    /// depends on it is a fact of the question.
    fn digest(&self, platform: &Platform) -> [u8; 32] {
        let mut sha = Sha256::new_with_prefix(concat!("aedile.answers.v1 ", env!("CARGO_PKG_VERSION")));
        let packs = self.packs().iter().flat_map(|(name, digest)| [name, digest]);
        for part in packs.chain(&platform.residency) {
            sha.update((part.len() as u64).to_le_bytes());
            sha.update(part.as_bytes());
        }
        sha.finalize().into()
    }

    fn findings(&self, inventory: &Inventory, decisions: &[Decision], as_of: Date) -> Vec<Finding> {
        let mut policies: BTreeMap<&str, Judged<'_>> = BTreeMap::new();
        for control in &self.guardrails.controls {
            policies.insert(&control.info.id, Judged { info: &control.info, control: Some(control) });
        }
        policies.insert(&self.as_intended.id, Judged { info: &self.as_intended, control: None });
        let writer = Writer {
            inventory,
            graph: Graph::new(inventory),
            taxonomy: &self.taxonomy,
            frameworks: &self.frameworks,
            as_of,
        };
        crate::repeated::distinct(writer.findings(decisions, &policies))
    }

    /// Group names are upper case, region ids lower case.
    pub(crate) fn residency(&self, declared: &BTreeSet<String>) -> BTreeSet<String> {
        let name = |region: &String| {
            let upper = region.trim().to_ascii_uppercase();
            if self.taxonomy.region(&upper).is_some() { upper } else { region.trim().to_ascii_lowercase() }
        };
        declared.iter().map(name).collect()
    }

    /// How often each guardrail gave which verdict.
    fn tallies(&self, answered: &[Answered<'_>]) -> BTreeMap<String, Tally> {
        let controls = &self.guardrails.controls;
        let mut tallies = vec![Tally::default(); controls.len()];
        for outcome in answered.iter().flat_map(|one| one.outcomes.iter()) {
            if let Some(tally) = tallies.get_mut(outcome.control) {
                tally.count(outcome.verdict);
            }
        }
        controls.iter().map(|control| control.info.id.clone()).zip(tallies).collect()
    }

    /// The verdicts on one question that say something, and what could not be evaluated.
    fn record(&self, answered: &Answered<'_>) -> (Vec<Decision>, Vec<JudgeError>) {
        let question = &answered.question;
        let (mut decisions, mut errors) = (Vec::new(), Vec::new());
        for outcome in answered.outcomes.iter() {
            let Some(control) = self.guardrails.controls.get(outcome.control) else { continue };
            if let Some(fault) = &outcome.fault {
                errors.push(JudgeError {
                    policy: Some(control.info.id.clone()),
                    asset: Some(question.resource.id.clone()),
                    message: format!("could not be evaluated: {fault}"),
                });
            }
            if outcome.verdict == Verdict::NotApplicable {
                continue;
            }
            let severity =
                (outcome.verdict != Verdict::Pass).then(|| severity(&control.info, question, &self.taxonomy));
            decisions.push(Decision {
                policy: control.info.id.clone(),
                principal: question.principal.map(|asset| asset.id.clone()),
                action: question.action.to_owned(),
                resource: question.resource.id.clone(),
                relation: question.relation,
                verdict: outcome.verdict,
                severity,
                unknown: question.unknown(outcome),
            });
        }
        (decisions, errors)
    }

    /// A policy that names an asset which is not there never fires: that is told, and is no pass.
    fn dangling(&self, inventory: &Inventory, judgement: &mut Judgement) {
        for control in &self.guardrails.controls {
            for uid in &control.assets_named {
                let id: &str = uid.id().unescaped();
                if uid.type_name().basename() == "Platform" || inventory.assets.keys().any(|known| known.as_str() == id)
                {
                    continue;
                }
                judgement.tallies.entry(control.info.id.clone()).or_default().count(Verdict::Inconclusive);
                judgement.errors.push(JudgeError {
                    policy: Some(control.info.id.clone()),
                    asset: None,
                    message: format!("the policy names {uid}, which is not in the inventory"),
                });
            }
        }
    }
}

fn key(decision: &Decision) -> (&str, Option<&AssetId>, &AssetId, Option<usize>, &str) {
    (&decision.policy, decision.principal.as_ref(), &decision.resource, decision.relation, &decision.action)
}

/// Answers `questions`, one of each signature, in parallel; in the order given.
pub(crate) fn answer<'a>(
    judges: &Judges,
    world: &World<'a>,
    questions: Vec<Question<'a>>,
    memory: Option<&(&Memory, [u8; 32])>,
) -> Vec<Answered<'a>> {
    judges.parse(questions.iter().map(|question| question.entry).collect());
    let signatures: Vec<Signature<'_>> = questions.par_iter().map(|question| signature(question, judges)).collect();
    let mut first: BTreeMap<&Signature<'_>, usize> = BTreeMap::new();
    for (at, signature) in signatures.iter().enumerate() {
        first.entry(signature).or_insert(at);
    }
    let distinct: Vec<usize> = first.values().copied().collect();
    let evaluator = Evaluator { world, authorizer: Authorizer::new() };
    let memory = memory.map(|(memory, world)| (memory, judges.index.digests(world, &judges.controls)));
    let outcomes: BTreeMap<usize, std::sync::Arc<Vec<Outcome>>> = distinct
        .par_iter()
        .filter_map(|at| {
            let question = questions.get(*at)?;
            let entry = judges.index.at(question.entry)?;
            let asked = || evaluator.judge(question, entry, &judges.controls);
            let Some((memory, digests)) = &memory else { return Some((*at, asked().into())) };
            let key = memory::key(digests.get(question.entry)?, signatures.get(*at)?);
            let outcomes = memory.recall(key, entry).unwrap_or_else(|| {
                let outcomes = asked();
                memory.remember(key, &outcomes);
                outcomes
            });
            Some((*at, outcomes.into()))
        })
        .collect();
    let found: Vec<std::sync::Arc<Vec<Outcome>>> = signatures
        .iter()
        .map(|signature| first.get(signature).and_then(|at| outcomes.get(at)).cloned().unwrap_or_default())
        .collect();
    drop(first);
    drop(signatures);
    questions.into_iter().zip(found).map(|(question, outcomes)| Answered { question, outcomes }).collect()
}

fn signature<'a>(question: &'a Question<'_>, judges: &'a Judges) -> Signature<'a> {
    // Where the policies cannot be read every question gets the same answer: that.
    let together = judges.index.at(question.entry).and_then(|entry| entry.together(&judges.controls).ok());
    signature_by(question, judges, together.into_iter().flat_map(|together| &together.reads))
}

/// What answers to `question` depend on, of policies that read `reads`.
pub(crate) fn signature_by<'a>(
    question: &'a Question<'_>,
    judges: &Judges,
    reads: impl Iterator<Item = &'a (Side, String)>,
) -> Signature<'a> {
    let fact = |(side, name): &(Side, String)| {
        let facts = question.side(*side);
        match (facts.known.get(name), facts.unknown.contains_key(name)) {
            (Some(known), _) => Fact::Known(known),
            (None, true) => Fact::Unknown,
            (None, false) => Fact::Absent,
        }
    };
    let held =
        |side: Side| question.side(side).held.iter().map(|(class, rung)| (class.as_str(), *rung)).collect::<Vec<_>>();
    Signature {
        entry: question.entry,
        action: question.action,
        facts: reads.map(fact).collect(),
        held: [held(Side::Principal), held(Side::Resource), held(Side::Context)],
        kinds: [question.principal.map(|asset| asset.kind), Some(question.resource.kind)],
        identity: judges
            .index
            .asks_identity(question.entry)
            .then(|| (question.principal.map(|asset| &asset.id), &question.resource.id, &question.member_of)),
    }
}

impl Question<'_> {
    /// The unknown attributes that `outcome` depends on, with the reasons that this question's facts give.
    pub(crate) fn unknown(&self, outcome: &Outcome) -> Vec<(String, aedile_model::Unknown)> {
        let unknown = outcome
            .unknown
            .iter()
            .filter_map(|(side, name)| Some((name.clone(), self.side(*side).unknown.get(name)?.clone())));
        let fault = outcome.fault.iter().map(|fault| {
            let unknown = aedile_model::Unknown { expression: "the policy".to_owned(), why: fault.clone() };
            ("evaluation".to_owned(), unknown)
        });
        unknown.chain(fault).collect()
    }
}
