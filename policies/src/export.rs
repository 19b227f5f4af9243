use std::collections::BTreeMap;

use aedile_model::Inventory;
use cedar_policy::{Authorizer, EntityUid};
use serde::Serialize;
use serde_json::{Value, json};

use crate::evaluate::Evaluator;
use crate::index::BASE;
use crate::policies::Policies;
use crate::question::World;
use crate::schema::Contract;
use crate::variants::Assignment;
use crate::{Platform, control::Control};

/// Requests in Cedar's own JSON, with our answers: for another engine to answer the same.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Export {
    /// Every policy by id: guardrails as the text they were written in, their twins and the base permit in Cedar's JSON.
    pub policies: BTreeMap<String, Value>,
    /// The sets that requests are put to: ids in `policies`.
    pub sets: Vec<Vec<String>>,
    /// The requests, in the order in which judging asks.
    pub requests: Vec<ExportedRequest>,
}

/// One request and its answer.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedRequest {
    /// `{type, id}`.
    pub principal: Value,
    /// `{type, id}`.
    pub action: Value,
    /// `{type, id}`.
    pub resource: Value,
    /// Cedar's JSON.
    pub context: Value,
    /// Every entity that a policy may follow, in Cedar's JSON.
    pub entities: Value,
    /// Which of the sets it was put to.
    pub set: usize,
    /// What came out.
    pub allowed: bool,
    /// On a Deny: the ids of all satisfied forbids, sorted.
    pub reasons: Vec<String>,
    /// The ids of policies that could not be evaluated, sorted.
    pub errors: Vec<String>,
}

impl Policies {
    /// Every question about `inventory` that the guardrails can be asked, as far as it can be asked at all, with what the
    /// authorizer answers; and the same with every truth value turned round. Unknown attributes are left out.
    ///
    /// # Errors
    /// What Cedar says if something has no JSON form.
    pub fn export(&self, inventory: &Inventory, platform: &Platform) -> Result<Export, String> {
        let mut export = self.empty_export()?;
        self.export_into(&mut export, inventory, platform)?;
        Ok(export)
    }

    /// The policies and the sets that they are asked in, without requests.
    pub(crate) fn empty_export(&self) -> Result<Export, String> {
        let mut export = Export::default();
        for control in &self.guardrails.controls {
            export.policies.insert(control.info.id.clone(), json!(control.info.text));
            let twin = control.body()?.twin.to_json().map_err(|error| error.to_string())?;
            export.policies.insert(Control::twin_id(&control.info.id).to_string(), twin);
        }
        let base = crate::index::base()?.to_json().map_err(|error| error.to_string())?;
        export.policies.insert(BASE.to_owned(), base);
        for entry in (0..).map_while(|at| self.guardrails.index.at(at)) {
            let set = &entry.together(&self.guardrails.controls)?.set;
            let mut ids: Vec<String> = set.policies().map(|policy| policy.id().to_string()).collect();
            ids.sort();
            export.sets.push(ids);
        }
        Ok(export)
    }

    /// Adds the questions about `inventory` to `export`.
    pub(crate) fn export_into(
        &self,
        export: &mut Export,
        inventory: &Inventory,
        platform: &Platform,
    ) -> Result<(), String> {
        let platform = Platform { residency: self.residency(&platform.residency), as_of: platform.as_of };
        let contract = Contract::built_in().map_err(|error| error.to_string())?;
        let world = World { inventory, contract, taxonomy: &self.taxonomy, platform: &platform };
        let evaluator = Evaluator { world: &world, authorizer: Authorizer::new() };
        for question in world.questions(&self.guardrails.index).0 {
            let Some(entry) = self.guardrails.index.at(question.entry) else { continue };
            let together = entry.together(&self.guardrails.controls)?;
            for assignment in [Assignment::default(), Assignment::flipped(&question, &together.reads)] {
                // What cannot be asked is inconclusive in a judgement, and nothing that two engines could differ in.
                let Ok((request, entities)) = evaluator.request(&question, &assignment) else { continue };
                let answer = evaluator.ask(&question, &together.set, &assignment)?;
                let context = request.context().map(|context| context.to_json_value()).transpose();
                export.requests.push(ExportedRequest {
                    principal: named(request.principal()),
                    action: named(request.action()),
                    resource: named(request.resource()),
                    context: context.map_err(|error| error.to_string())?.unwrap_or_else(|| json!({})),
                    entities: entities.to_json_value().map_err(|error| error.to_string())?,
                    set: question.entry,
                    allowed: answer.allowed,
                    reasons: answer.satisfied.into_iter().collect(),
                    errors: answer.errors.into_keys().collect(),
                });
            }
        }
        Ok(())
    }
}

fn named(uid: Option<&EntityUid>) -> Value {
    uid.map_or(Value::Null, |uid| json!({ "type": uid.type_name().to_string(), "id": uid.id().unescaped() }))
}
