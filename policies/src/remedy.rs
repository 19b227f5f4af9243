use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use aedile_model::{AssetId, Inventory, Value, Verdict};
use cedar_policy::Authorizer;
use sha2::{Digest, Sha256};

use crate::control::{Body, Control};
use crate::evaluate::Evaluator;
use crate::judge::signature_by;
use crate::judgement::Platform;
use crate::memory::{Key, key};
use crate::policies::Policies;
use crate::question::World;
use crate::reads::Side;
use crate::schema::Contract;
use crate::variants::Assignment;

/// Asks whether controls would hold of assets with other attributes. What is the same question is asked once.
#[derive(Debug)]
pub struct Trials<'a> {
    policies: &'a Policies,
    inventory: &'a Inventory,
    platform: Platform,
    answers: Mutex<HashMap<Key, bool>>,
}

impl Policies {
    /// Trials over `inventory` on `platform`.
    #[must_use]
    pub fn trials<'a>(&'a self, inventory: &'a Inventory, platform: &Platform) -> Trials<'a> {
        let platform = Platform { residency: self.residency(&platform.residency), as_of: platform.as_of };
        Trials { policies: self, inventory, platform, answers: Mutex::default() }
    }

    /// The attributes of a resource that the control `policy` reads: others cannot change its verdict.
    #[must_use]
    pub fn reads(&self, policy: &str) -> BTreeSet<&str> {
        let body = self.guardrail(policy).and_then(|control| control.body().ok());
        let read = body.into_iter().flat_map(|body| &body.reads.attributes);
        read.filter(|(side, _)| *side == Side::Resource).map(|(_, name)| name.as_str()).collect()
    }

    fn guardrail(&self, policy: &str) -> Option<&Control> {
        let controls = &self.guardrails.controls;
        // INVARIANT: controls are sorted by id.
        let at = controls.binary_search_by(|control| control.info.id.as_str().cmp(policy)).ok()?;
        controls.get(at)
    }
}

impl Trials<'_> {
    /// Whether the control `policy` would hold of `asset` if its attributes had the values `changed`.
    ///
    /// Only what is asked of a configuration can be answered so; for everything else, and for what remains
    /// undecided, it is false.
    #[must_use]
    pub fn would_hold(&self, policy: &str, asset: &AssetId, changed: &BTreeMap<String, Value>) -> bool {
        self.asked(policy, asset, changed).unwrap_or(false)
    }

    fn asked(&self, policy: &str, asset: &AssetId, changed: &BTreeMap<String, Value>) -> Option<bool> {
        let mut asset = self.inventory.asset(asset)?.clone();
        for (name, value) in changed {
            asset.set(name, value.clone(), None);
        }
        let (contract, judges) = (Contract::built_in().ok()?, &self.policies.guardrails);
        let (inventory, taxonomy, platform) = (self.inventory, &self.policies.taxonomy, &self.platform);
        let world = World { inventory, contract, taxonomy, platform };
        let control = self.policies.guardrail(policy)?;
        let body: &Body = control.body().ok()?;
        let question = world.posture(&asset, &judges.index)?;
        let reads = body.reads.attributes.union(&body.scope_reads.attributes);
        let key = key(&Sha256::digest(policy).into(), &signature_by(&question, judges, reads));
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = answers().get(&key) {
            return Some(*known);
        }
        let evaluator = Evaluator { world: &world, authorizer: Authorizer::new() };
        let verdict = evaluator.ask(&question, control.alone().ok()?, &Assignment::default()).map(|answer| {
            let (verdict, ..) = evaluator.weigh(&question, control, &answer);
            verdict
        });
        let holds = verdict == Ok(Verdict::Pass);
        answers().insert(key, holds);
        Some(holds)
    }
}
