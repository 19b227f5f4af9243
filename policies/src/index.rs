use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, OnceLock};

use cedar_policy::{Policy, PolicyId, PolicySet, RequestEnv};
use sha2::{Digest, Sha256};

use crate::control::{Control, Types};
use crate::reads::Side;

/// The id of the permit that every guardrail stands against. No policy can have it.
pub(crate) const BASE: &str = "#base";

/// The policies that can apply to one combination of principal type, action and resource type.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Indices into the controls, in order.
    pub(crate) controls: Vec<usize>,
    /// Whether any of them names an asset, so that verdicts depend on who is asked about.
    identity: bool,
    together: OnceLock<Result<Together, String>>,
}

/// The policies of an entry as they are asked.
#[derive(Debug)]
pub(crate) struct Together {
    /// The controls, their twins and the base permit.
    pub(crate) set: PolicySet,
    /// What any of them reads.
    pub(crate) reads: BTreeSet<(Side, String)>,
}

impl Entry {
    pub(crate) fn new(controls: Vec<usize>, identity: bool) -> Entry {
        Entry { controls, identity, together: OnceLock::new() }
    }

    /// Its members in `controls` as they are asked.
    ///
    /// # Errors
    /// What Cedar says if one cannot be parsed or the set cannot be made.
    pub(crate) fn together(&self, controls: &[Control]) -> Result<&Together, String> {
        let made = self.together.get_or_init(|| {
            let chosen: Vec<&Control> = self.controls.iter().filter_map(|at| controls.get(*at)).collect();
            let mut reads = BTreeSet::new();
            for control in &chosen {
                reads.extend(control.body()?.reads.attributes.iter().cloned());
            }
            Ok(Together { set: set(chosen)?, reads })
        });
        made.as_ref().map_err(Clone::clone)
    }
}

/// Policies by what they can apply to: deciding costs time for every policy in a set, applicable or not.
#[derive(Debug)]
pub(crate) struct Index {
    entries: Vec<Entry>,
    by_types: BTreeMap<Types, usize>,
}

impl Index {
    /// The index of `controls`.
    ///
    /// A guardrail is entered where its twin can apply: where the twin can and the guardrail never
    /// fires, there is something that always passes.
    ///
    /// # Errors
    /// Which policy can never apply.
    pub(crate) fn new(controls: &[Control]) -> Result<Index, String> {
        let mut members: BTreeMap<Types, Vec<usize>> = BTreeMap::new();
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
                    index.entries.push(entry(controls, &members));
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
        self.by_types.get(&[principal, action, resource].map(Cow::Borrowed)).copied()
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
pub(crate) fn types(env: RequestEnv) -> Types {
    [env.principal().basename(), env.action().id().unescaped(), env.resource().basename()]
        .map(|name| Cow::Owned(name.to_owned()))
}

fn entry(controls: &[Control], members: &[usize]) -> Entry {
    let identity = members.iter().filter_map(|at| controls.get(*at)).any(Control::names_assets);
    Entry::new(members.to_vec(), identity)
}

/// `controls`, their twins and the base permit as one set.
///
/// # Errors
/// What Cedar says of one of them.
pub(crate) fn set<'a>(controls: impl IntoIterator<Item = &'a Control>) -> Result<PolicySet, String> {
    let mut policies = vec![base()?];
    for control in controls {
        let body = control.body()?;
        policies.extend([body.policy.clone(), body.twin.clone()]);
    }
    PolicySet::from_policies(policies).map_err(|error| error.to_string())
}

/// The permit of everything that guardrails stand against.
///
/// # Errors
/// Never, as long as Cedar reads its own language.
pub(crate) fn base() -> Result<Policy, String> {
    static PARSED: LazyLock<Result<Policy, String>> = LazyLock::new(|| {
        let text = "permit (principal, action, resource);";
        Policy::parse(Some(PolicyId::new(BASE)), text).map_err(|error| error.to_string())
    });
    PARSED.clone()
}
