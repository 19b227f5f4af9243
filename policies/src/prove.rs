//! Proofs about policies: what holds of every request that the schema allows, not only of those at hand.
//!
//! Cedar's symbolic compiler (`cedar-policy-symcc`, verified in Lean) turns a question into SMT-LIB, and the solver
//! cvc5 answers it. Questions are asked for every combination of principal type, action and resource type.
//!
//! The solver knows the schema, not the taxonomy: it may put a class or a region in any other. What is proved holds
//! nevertheless, since it holds for every hierarchy; an example may show one that never occurs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::PathBuf;
use std::process::Stdio;

use cedar_policy::{Effect, Entity, Policy, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env};
use tokio::process::Command;
use tokio::runtime::Runtime;

use crate::PolicyError;
use crate::control::{Control, Types};
use crate::index::{base, types};
use crate::parse::on_large_stack;
use crate::policies::Policies;
use crate::schema::Contract;

/// The program that answers.
#[derive(Debug, Clone)]
pub struct Solver {
    /// cvc5, or a program that is called like it.
    pub program: PathBuf,
    /// Milliseconds that one question may take.
    pub limit: u32,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// No request makes the policy fail in evaluation.
    NeverErrors,
    /// Some request is met by the policy.
    CanMatch,
    /// No other policy of the same effect meets every request that it meets.
    NotShadowed,
    /// Some request that the permit meets is forbidden by none.
    CanPermit,
    /// The intended access permits nothing that the earlier one did not.
    NoWider,
    /// The guardrails let nothing pass that the earlier ones did not.
    NoWeaker,
}

/// What the solver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It holds of every request.
    Proved,
    /// It does not: what speaks against it.
    Refuted(String),
    /// Nothing is known, and why.
    NotProved(String),
}

/// A claim about a policy, or about all of them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The policy's id; the action for claims about all policies together.
    pub subject: String,
    /// What was asked.
    pub claim: Claim,
    /// What came of it.
    pub answer: Answer,
}

impl Policies {
    /// What can be proved of every policy in force, those of the program only if `built_in`; in the order of their ids.
    /// `watch` is told how many of how many policies are done.
    ///
    /// # Errors
    /// [`PolicyError::BuiltIn`] if no thread or runtime can be made. A solver that is missing or gives up is no error:
    /// nothing is then proved.
    pub fn prove(
        &self,
        solver: &Solver,
        built_in: bool,
        watch: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Vec<Proof>, PolicyError> {
        let controls =
            self.guardrails.controls.iter().chain(self.intended.iter().flat_map(|intended| &intended.controls));
        let controls: Vec<&Control> = controls.collect();
        let asked = |control: &Control| built_in || !control.info.built_in;
        // Others only count as what could shadow one that is asked about.
        let near = |control: &Control| {
            let types: BTreeSet<&Types> = control.applies.iter().collect();
            controls.iter().any(|other| {
                asked(other) && effect(other) == effect(control) && other.applies.iter().any(|one| types.contains(one))
            })
        };
        let controls: Vec<&Control> = controls.iter().copied().filter(|control| near(control)).collect();
        on_large_stack(|| {
            let mut prover = Prover::new(self, solver)?;
            let compiled: Vec<Result<Compiled<'_>, String>> =
                controls.iter().map(|control| prover.compiled(control)).collect();
            let others: Vec<&Compiled<'_>> = compiled.iter().flatten().collect();
            let mut proofs = Vec::new();
            let subjects: Vec<_> = controls.iter().zip(&compiled).filter(|(control, _)| asked(control)).collect();
            for (nth, (control, own)) in subjects.iter().enumerate() {
                watch(nth, subjects.len());
                let said = |claim, answer| Proof { subject: control.info.id.clone(), claim, answer };
                match own {
                    Err(why) => proofs.push(said(Claim::NeverErrors, Answer::NotProved(why.clone()))),
                    Ok(own) => {
                        proofs.push(said(Claim::NeverErrors, prover.never_errors(own)));
                        let (can, matching) = prover.can_match(own);
                        let matches = can == Answer::Proved;
                        proofs.push(said(Claim::CanMatch, can));
                        if matches {
                            proofs.push(said(Claim::NotShadowed, prover.not_shadowed(own, &matching, &others)));
                        }
                        if matches && effect(control) == Some(Effect::Permit) {
                            proofs.push(said(Claim::CanPermit, prover.can_permit(own, &others)));
                        }
                    }
                }
            }
            proofs.sort_by(|one, other| (&one.subject, one.claim).cmp(&(&other.subject, other.claim)));
            Ok(proofs)
        })?
    }

    /// Whether these policies let anything happen that those of `before` do not: by the intended access, and by the
    /// user's guardrails, for every action that any of them speaks of.
    ///
    /// # Errors
    /// [`PolicyError::BuiltIn`] if no thread or runtime can be made.
    pub fn prove_no_wider(&self, before: &Policies, solver: &Solver) -> Result<Vec<Proof>, PolicyError> {
        on_large_stack(|| {
            let mut prover = Prover::new(self, solver)?;
            let (old, new) = (before.intended_controls(), self.intended_controls());
            // What no new permit can meet is not permitted.
            let speaking = new.iter().filter(|control| effect(control) == Some(Effect::Permit));
            let mut proofs = prover.no_wider(Claim::NoWider, &set(old, None)?, &set(new, None)?, speaking)?;
            let (old, new) = (before.own_guardrails(), self.own_guardrails());
            let base = Some(base().map_err(PolicyError::BuiltIn)?);
            // What no old guardrail met passed already.
            proofs.extend(prover.no_wider(
                Claim::NoWeaker,
                &set(old.iter().copied(), base.clone())?,
                &set(new.iter().copied(), base)?,
                old.iter().copied(),
            )?);
            Ok(proofs)
        })?
    }

    fn own_guardrails(&self) -> Vec<&Control> {
        self.guardrails.controls.iter().filter(|control| !control.info.built_in).collect()
    }

    fn intended_controls(&self) -> &[Control] {
        self.intended.as_ref().map_or(&[], |intended| &intended.controls)
    }
}

/// A policy in every combination of types that it applies to.
struct Compiled<'a> {
    control: &'a Control,
    by_types: BTreeMap<Types, CompiledPolicy>,
}

struct Prover<'a> {
    policies: &'a Policies,
    contract: &'static Contract,
    program: Solver,
    runtime: Runtime,
    /// A running solver; none before the first question, and after one that it did not survive.
    running: Option<CedarSymCompiler<LocalSolver>>,
}

impl<'a> Prover<'a> {
    fn new(policies: &'a Policies, solver: &Solver) -> Result<Prover<'a>, PolicyError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| PolicyError::BuiltIn(format!("the prover cannot run: {error}")))?;
        Ok(Prover { policies, contract: Contract::built_in()?, program: solver.clone(), runtime, running: None })
    }

    /// Where `control` applies. Only the part of the schema that its scope names is looked at: the whole takes long.
    fn envs(&self, control: &Control) -> Result<Vec<RequestEnv>, String> {
        let body = control.body()?;
        let part = self.contract.narrowed(&body.actions()).map_err(|error| error.to_string())?;
        Ok(body.policy.get_valid_request_envs(&part).collect())
    }

    fn compiled<'c>(&self, control: &'c Control) -> Result<Compiled<'c>, String> {
        let mut by_types = BTreeMap::new();
        for env in self.envs(control)? {
            let names = types(env.clone());
            // INVARIANT: one schema for all, or two policies cannot be compared.
            let compiled = CompiledPolicy::compile(&control.body()?.policy, &env, &self.contract.schema)
                .map_err(|error| error.to_string())?;
            by_types.insert(names, compiled);
        }
        Ok(Compiled { control, by_types })
    }

    /// Asks one question of a solver, which is started if none runs.
    fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&mut CedarSymCompiler<LocalSolver>) -> cedar_policy_symcc::err::Result<T>,
    ) -> Result<T, String> {
        let Prover { program, runtime, running, .. } = self;
        let answer = runtime.block_on(async {
            if running.is_none() {
                let mut command = Command::new(&program.program);
                command.args(["--lang", "smt", &format!("--tlimit-per={}", program.limit)]).kill_on_drop(true);
                command.stderr(Stdio::null());
                let started = LocalSolver::from_command(&mut command).map_err(|error| {
                    let reason =
                        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                    format!("`{}` cannot be started: {reason}", program.program.display())
                })?;
                *running = Some(CedarSymCompiler::new(started).map_err(|error| error.to_string())?);
            }
            match running.as_mut() {
                Some(solver) => question(solver).await.map_err(|error| error.to_string()),
                None => Err("no solver runs".to_owned()),
            }
        });
        if answer.is_err() {
            self.running = None;
        }
        answer
    }

    fn never_errors(&mut self, own: &Compiled<'_>) -> Answer {
        for (types, policy) in &own.by_types {
            match self.ask(async |solver| solver.check_never_errors_with_counterexample_opt(policy).await) {
                Ok(None) => {}
                Ok(Some(example)) => return Answer::Refuted(shown(types, &example)),
                Err(why) => return not_proved(types, why),
            }
        }
        Answer::Proved
    }

    /// Whether some request meets `own`, and of which types such requests are.
    fn can_match<'c>(&mut self, own: &'c Compiled<'_>) -> (Answer, Vec<&'c Types>) {
        let (mut matching, mut unknown) = (Vec::new(), None);
        for (types, policy) in &own.by_types {
            match self.ask(async |solver| solver.check_never_matches_opt(policy).await) {
                Ok(false) => matching.push(types),
                Ok(true) => {}
                Err(why) => unknown = Some(not_proved(types, why)),
            }
        }
        let answer = match unknown {
            _ if !matching.is_empty() => Answer::Proved,
            Some(unknown) => unknown,
            None => Answer::Refuted("no request that the schema allows meets its conditions".to_owned()),
        };
        (answer, matching)
    }

    /// `matching` are the types of requests that meet `own`.
    fn not_shadowed(&mut self, own: &Compiled<'_>, matching: &[&Types], others: &[&Compiled<'_>]) -> Answer {
        let mut unknown = None;
        for other in others {
            let same = other.control.info.id == own.control.info.id;
            let alike = effect(other.control) == effect(own.control);
            if same || !alike || !matching.iter().all(|types| other.by_types.contains_key(*types)) {
                continue;
            }
            match self.covers(own, other) {
                // Of two that meet the same, the one that comes later is the one too many.
                Ok(true) if other.control.info.id < own.control.info.id || self.covers(other, own) != Ok(true) => {
                    return Answer::Refuted(format!(
                        "every request that it meets is met by `{}` too",
                        other.control.info.id
                    ));
                }
                Ok(_) => {}
                Err(why) => unknown = Some(why),
            }
        }
        unknown.map_or(Answer::Proved, Answer::NotProved)
    }

    /// Whether `other` meets every request that `own` meets.
    fn covers(&mut self, own: &Compiled<'_>, other: &Compiled<'_>) -> Result<bool, String> {
        for (types, policy) in &own.by_types {
            let covered = match other.by_types.get(types) {
                Some(cover) => self.ask(async |solver| solver.check_matches_implies_opt(policy, cover).await)?,
                None => self.ask(async |solver| solver.check_never_matches_opt(policy).await)?,
            };
            if !covered {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn can_permit(&mut self, own: &Compiled<'_>, others: &[&Compiled<'_>]) -> Answer {
        let forbids = others
            .iter()
            .filter(|other| effect(other.control) == Some(Effect::Forbid) && self.is_intended(other.control));
        let members = forbids.map(|other| other.control).chain([own.control]);
        let set = match set(members, None) {
            Ok(set) => set,
            Err(error) => return Answer::NotProved(error.to_string()),
        };
        let envs = match self.envs(own.control) {
            Ok(envs) => envs,
            Err(why) => return Answer::NotProved(why),
        };
        for env in envs {
            let names = types(env.clone());
            let denied = compile(&set, &env, &self.contract.schema)
                .and_then(|set| self.ask(async |solver| solver.check_always_denies_opt(&set).await));
            match denied {
                Ok(false) => return Answer::Proved,
                Ok(true) => {}
                Err(why) => return not_proved(&names, why),
            }
        }
        Answer::Refuted("whatever it permits is forbidden".to_owned())
    }

    fn is_intended(&self, control: &Control) -> bool {
        self.policies.intended_controls().iter().any(|intended| intended.info.id == control.info.id)
    }

    fn no_wider<'c>(
        &mut self,
        claim: Claim,
        old: &PolicySet,
        new: &PolicySet,
        speaking: impl Iterator<Item = &'c Control>,
    ) -> Result<Vec<Proof>, PolicyError> {
        let schema = &self.contract.schema;
        let mut envs: BTreeMap<Types, RequestEnv> = BTreeMap::new();
        for control in speaking {
            let applies = self.envs(control).map_err(PolicyError::BuiltIn)?;
            envs.extend(applies.into_iter().map(|env| (types(env.clone()), env)));
        }
        let mut by_action: BTreeMap<String, Answer> = BTreeMap::new();
        for (names, env) in envs {
            let [_, action, _] = &names;
            let answer = by_action.entry(action.to_string()).or_insert(Answer::Proved);
            if *answer != Answer::Proved {
                continue;
            }
            let wider = compile(new, &env, schema).and_then(|new| {
                let old = compile(old, &env, schema)?;
                self.ask(async |solver| solver.check_implies_with_counterexample_opt(&new, &old).await)
            });
            *answer = match wider {
                Ok(None) => Answer::Proved,
                Ok(Some(example)) => Answer::Refuted(shown(&names, &example)),
                Err(why) => not_proved(&names, why),
            };
        }
        Ok(by_action.into_iter().map(|(subject, answer)| Proof { subject, claim, answer }).collect())
    }
}

/// `controls`, and `base` if there is one, as one set.
fn set<'c>(controls: impl IntoIterator<Item = &'c Control>, base: Option<Policy>) -> Result<PolicySet, PolicyError> {
    let bodies = controls.into_iter().map(|control| control.body().map(|body| body.policy.clone()));
    let policies: Vec<Policy> = bodies.chain(base.map(Ok)).collect::<Result<_, _>>().map_err(PolicyError::BuiltIn)?;
    PolicySet::from_policies(policies).map_err(|error| PolicyError::BuiltIn(error.to_string()))
}

fn effect(control: &Control) -> Option<Effect> {
    control.body().ok().map(|body| body.policy.effect())
}

fn compile(set: &PolicySet, env: &RequestEnv, schema: &Schema) -> Result<CompiledPolicySet, String> {
    CompiledPolicySet::compile(set, env, schema).map_err(|error| error.to_string())
}

fn not_proved(types: &Types, why: impl Display) -> Answer {
    Answer::NotProved(format!("{}: {why}", types.join(" ")))
}

/// The request of `example` and what is known of its parties, on lines of their own.
fn shown(types: &Types, example: &Env) -> String {
    let request = &example.request;
    let mut lines = vec![types.join(" ")];
    let parties = [request.principal(), request.action(), request.resource()];
    lines.extend(parties.into_iter().flatten().map(ToString::to_string));
    if let Some(context) = request.context() {
        lines.push(format!("context {context}"));
    }
    // What has neither attributes nor parents says nothing.
    let telling = |entity: &&Entity| entity.uid().type_name().basename() != "Action";
    let mut entities: Vec<String> = example
        .entities
        .iter()
        .filter(telling)
        .filter_map(|entity| entity.to_json_value().ok())
        .filter(|json| ["attrs", "parents"].iter().any(|key| json.get(key).is_some_and(|part| !is_empty(part))))
        .map(|json| json.to_string())
        .collect();
    entities.sort();
    lines.extend(entities);
    lines.join("\n")
}

fn is_empty(part: &serde_json::Value) -> bool {
    part.as_object().is_some_and(serde_json::Map::is_empty) || part.as_array().is_some_and(Vec::is_empty)
}
