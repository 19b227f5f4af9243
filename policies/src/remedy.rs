use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, Inventory, Value, Verdict};
use cedar_policy::Authorizer;

use crate::evaluate::Evaluator;
use crate::judgement::Platform;
use crate::policies::Policies;
use crate::question::World;
use crate::reads::Side;
use crate::variants::Assignment;

impl Policies {
    /// Whether the control `policy` would hold of `asset` if its attributes had the values `changed`.
    ///
    /// Only what is asked of a configuration can be answered so; for everything else, and for what remains
    /// undecided, it is false.
    #[must_use]
    pub fn would_hold(
        &self,
        inventory: &Inventory,
        platform: &Platform,
        policy: &str,
        asset: &AssetId,
        changed: &BTreeMap<String, Value>,
    ) -> bool {
        let platform = Platform { residency: self.residency(&platform.residency), as_of: platform.as_of };
        let Some(mut asset) = inventory.asset(asset).cloned() else { return false };
        for (name, value) in changed {
            asset.set(name, value.clone(), None);
        }
        let world = World { inventory, contract: &self.contract, taxonomy: &self.taxonomy, platform: &platform };
        let judges = &self.guardrails;
        let Some(control) = judges.controls.iter().find(|control| control.info.id == policy) else { return false };
        let Ok(alone) = control.alone() else { return false };
        let Some(question) = world.posture(&asset, &judges.index) else { return false };
        let evaluator = Evaluator { world: &world, authorizer: Authorizer::new() };
        let verdict = evaluator.ask(&question, alone, &Assignment::default()).map(|answer| {
            let (verdict, ..) = evaluator.weigh(&question, control, &answer);
            verdict
        });
        verdict == Ok(Verdict::Pass)
    }

    /// The attributes of a resource that the control `policy` reads: others cannot change its verdict.
    #[must_use]
    pub fn reads(&self, policy: &str) -> BTreeSet<&str> {
        let control = self.guardrails.controls.iter().find(|control| control.info.id == policy);
        let body = control.and_then(|control| control.body().ok());
        let read = body.into_iter().flat_map(|body| &body.reads.attributes);
        read.filter(|(side, _)| *side == Side::Resource).map(|(_, name)| name.as_str()).collect()
    }
}
