use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Policy, PolicyId, PolicySet, RequestEnv};
use sha2::{Digest, Sha256};

use crate::control::Control;
use crate::reads::Side;

/// The id of the permit that every guardrail stands against. No policy can have it.
pub(crate) const BASE: &str = "#base";

/// The policies that can apply to one combination of principal type, action and resource type.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Indices into the controls, in order.
    pub(crate) controls: Vec<usize>,
    /// These controls, their twins and the base permit.
    pub(crate) set: PolicySet,
    /// What any of them reads.
    pub(crate) reads: BTreeSet<(Side, String)>,
    /// Whether any of them names an asset, so that verdicts depend on who is asked about.
    pub(crate) identity: bool,
}

/// Policies by what they can apply to: deciding costs time for every policy in a set, applicable or not.
#[derive(Debug)]
pub(crate) struct Index {
    entries: Vec<Entry>,
    by_types: BTreeMap<[String; 3], usize>,
}

impl Index {
    /// The index of `controls`.
    ///
    /// A guardrail is entered where its twin can apply: where the twin can and the guardrail never
    /// fires, there is something that always passes.
    ///
    /// # Errors
    /// What Cedar says if a set cannot be made.
    pub(crate) fn new(controls: &[Control], base: &Policy) -> Result<Index, String> {
        let mut members: BTreeMap<[String; 3], Vec<usize>> = BTreeMap::new();
        for (at, control) in controls.iter().enumerate() {
            if control.applies.is_empty() {
                return Err(format!("policy `{}` can never apply", control.info.id));
            }
            for types in &control.applies {
                members.entry(types.clone()).or_default().push(at);
            }
        }
        let mut index = Index { entries: Vec::new(), by_types: BTreeMap::new() };
        // Many combinations have the same members: they share an entry.
        let mut by_members: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for (types, members) in members {
            let at = match by_members.get(&members) {
                Some(at) => *at,
                None => {
                    index.entries.push(entry(controls, &members, base)?);
                    by_members.insert(members, index.entries.len() - 1);
                    index.entries.len() - 1
                }
            };
            index.by_types.insert(types, at);
        }
        Ok(index)
    }

    /// The entry for these types, if any policy can apply.
    pub(crate) fn entry(&self, principal: &str, action: &str, resource: &str) -> Option<usize> {
        self.by_types.get(&[principal.to_owned(), action.to_owned(), resource.to_owned()]).copied()
    }

    /// The entry at `at`.
    pub(crate) fn at(&self, at: usize) -> Option<&Entry> {
        self.entries.get(at)
    }

    /// For each entry a digest of `world` and of the ids of its policies.
    pub(crate) fn digests(&self, world: &[u8; 32], controls: &[Control]) -> Vec<[u8; 32]> {
        let digest = |entry: &Entry| {
            let ids =
                entry.controls.iter().filter_map(|at| controls.get(*at)).map(|control| control.info.id.as_bytes());
            let mut sha = Sha256::new_with_prefix(world);
            ids.for_each(|id| sha.update([id, b"\n"].concat()));
            sha.finalize().into()
        };
        self.entries.iter().map(digest).collect()
    }

    /// Whether the policies of the entry `at` name assets.
    pub(crate) fn asks_identity(&self, at: usize) -> bool {
        self.at(at).is_some_and(|entry| entry.identity)
    }
}

/// The types of principal, action and resource of `env`, without namespace.
pub(crate) fn types(env: RequestEnv) -> [String; 3] {
    [
        env.principal().basename().to_owned(),
        env.action().id().unescaped().to_owned(),
        env.resource().basename().to_owned(),
    ]
}

fn entry(controls: &[Control], members: &[usize], base: &Policy) -> Result<Entry, String> {
    let chosen: Vec<&Control> = members.iter().filter_map(|at| controls.get(*at)).collect();
    Ok(Entry {
        controls: members.to_vec(),
        set: set(chosen.iter().copied(), base)?,
        reads: chosen.iter().flat_map(|control| control.reads.attributes.iter().cloned()).collect(),
        identity: chosen.iter().any(|control| control.names_assets()),
    })
}

/// `controls`, their twins and `base` as one set.
pub(crate) fn set<'a>(controls: impl IntoIterator<Item = &'a Control>, base: &Policy) -> Result<PolicySet, String> {
    let policies = controls.into_iter().flat_map(|control| [control.policy.clone(), control.twin.clone()]);
    let mut set = PolicySet::from_policies(policies).map_err(|error| error.to_string())?;
    set.add(base.clone()).map_err(|error| error.to_string())?;
    Ok(set)
}

/// The permit of everything that guardrails stand against.
///
/// # Errors
/// Never, as long as Cedar reads its own language.
pub(crate) fn base() -> Result<Policy, String> {
    Policy::parse(Some(PolicyId::new(BASE)), "permit (principal, action, resource);").map_err(|error| error.to_string())
}
