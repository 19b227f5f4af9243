//! Trials: a branch that may not be taken runs on the mappings that all see, which are put back after it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Fault, Heap, V, Val};

/// Steps that the branches of one condition may take, those of conditions within it included.
const ONE: usize = 400_000;

/// Steps that the branches of all conditions of a chart may take.
pub(super) const ALL: usize = 2_000_000;

/// Mappings by their number.
pub(in super::super) type Changed = BTreeMap<usize, Rc<BTreeMap<String, Val>>>;

/// What a trial that runs has changed: mappings as they were, and the steps that were left.
#[derive(Debug)]
pub(super) struct Trial {
    before: Changed,
    left: usize,
}

impl Trial {
    /// Remembers a mapping as it is, unless it is remembered.
    pub(super) fn remember(&mut self, id: usize, map: &Rc<BTreeMap<String, Val>>) {
        self.before.entry(id).or_insert_with(|| Rc::clone(map));
    }
}

impl Heap {
    /// Trials that run within each other.
    pub(in super::super) fn trials(&self) -> usize {
        self.trials.len()
    }

    /// Begins a trial.
    pub(in super::super) fn begin(&mut self) {
        self.trials.push(Trial { before: BTreeMap::new(), left: self.left });
        if self.trials.len() == 1 {
            self.left = self.left.min(ONE).min(self.trials_left);
        }
    }

    /// Ends the last trial: all mappings are again as they were. Gives those that it changed as it left them.
    pub(in super::super) fn end(&mut self) -> Changed {
        let Some(trial) = self.trials.pop() else { return Changed::new() };
        if self.trials.is_empty() {
            let spent = trial.left.min(ONE).min(self.trials_left).saturating_sub(self.left);
            self.trials_left -= spent;
            self.left = trial.left - spent;
        }
        let mut after = Changed::new();
        for (id, before) in trial.before {
            if let Some(map) = self.maps.get_mut(id) {
                after.insert(id, std::mem::replace(map, before));
            }
        }
        after
    }

    /// Makes the changes of a trial after all.
    pub(in super::super) fn adopt(&mut self, changed: Changed) -> Result<(), Fault> {
        for (id, map) in changed {
            self.spend(map.len())?;
            map.as_ref().clone_into(self.change(id)?);
        }
        Ok(())
    }

    /// Makes the changes that two trials have in common; members on which they differ are `unknown`.
    pub(in super::super) fn reconcile(&mut self, one: &Changed, other: &Changed, unknown: &Val) -> Result<(), Fault> {
        let ids: BTreeSet<usize> = one.keys().chain(other.keys()).copied().collect();
        for id in ids {
            let before = self.members(id);
            let (one, other) = (one.get(&id).unwrap_or(&before), other.get(&id).unwrap_or(&before));
            self.spend(1 + one.len() + other.len())?;
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            let mut members = BTreeMap::new();
            for name in names {
                let value = match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) if self.same(one, other) => one,
                    _ => unknown,
                };
                members.insert(name.clone(), value.clone());
            }
            *self.change(id)? = members;
        }
        Ok(())
    }

    /// Whether two values are certainly one: both the same unknown value, the same thing, or known and equal.
    pub(in super::super) fn same(&self, one: &Val, other: &Val) -> bool {
        match (&one.kind, &other.kind) {
            (V::Unknown(a), V::Unknown(b)) | (V::Files(a), V::Files(b)) => a == b,
            (V::List(a), V::List(b)) | (V::Map(a), V::Map(b)) if a == b => true,
            (V::Text(a), V::Text(b)) => a.text == b.text,
            (V::Versions, V::Versions) | (V::Cluster, V::Cluster) => true,
            _ => self.equal(one, other, 0) == Some(true),
        }
    }
}
