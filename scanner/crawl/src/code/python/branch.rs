//! Branches: each is walked from the same state, and what comes out is joined.
//!
//! The state is not copied. While a branch is walked, every name that is given another value is written down with what it
//! was before; so a branch costs what it changes.

use std::collections::BTreeMap;

use ruff_python_ast::Stmt;

use super::interpret::Interpreter;
use super::value::Value;

/// A name of a scope, or where there is none of a module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    /// The scope's number.
    pub(super) scope: Option<usize>,
    /// The module.
    pub(super) module: usize,
    /// The name.
    pub(super) name: String,
}

/// A name that was given another value, with what it was before.
#[derive(Debug)]
pub(super) struct Change<'w> {
    /// Where.
    pub(super) slot: Slot,
    /// The value before, if it had one.
    pub(super) before: Option<Value<'w>>,
}

impl<'w> Interpreter<'w> {
    /// Walks each branch from the same state and joins what comes out.
    pub(super) fn branches(&mut self, branches: &[&'w [Stmt]]) {
        self.branching += usize::from(branches.len() > 1);
        let start = self.journal.len();
        let mut originals: BTreeMap<Slot, Option<Value<'w>>> = BTreeMap::new();
        let mut outcomes: Vec<BTreeMap<Slot, Value<'w>>> = Vec::new();
        for branch in branches {
            self.journaling += 1;
            self.run(branch);
            self.journaling -= 1;
            let mut outcome = BTreeMap::new();
            for change in self.journal.split_off(start).into_iter().rev() {
                let after = self.put(&change.slot, change.before.clone());
                if let (Some(after), false) = (after, outcome.contains_key(&change.slot)) {
                    outcome.insert(change.slot.clone(), after);
                }
                originals.insert(change.slot, change.before);
            }
            outcomes.push(outcome);
        }
        for (slot, original) in originals {
            let name = slot.name.clone();
            let values = outcomes.iter_mut().filter_map(|outcome| outcome.remove(&slot).or_else(|| original.clone()));
            let joined = values.reduce(|held, value| held.either(value, &name));
            let before = self.put(&slot, joined);
            if self.journaling > 0 {
                self.journal.push(Change { slot, before });
            }
        }
        self.branching -= usize::from(branches.len() > 1);
    }

    /// Puts `value` into `slot`; gives what was there.
    fn put(&mut self, slot: &Slot, value: Option<Value<'w>>) -> Option<Value<'w>> {
        let names = match slot.scope {
            Some(number) => &mut self.scopes.iter_mut().rev().find(|scope| scope.number == number)?.names,
            None => {
                self.recalled.clear();
                self.globals.entry(slot.module).or_default()
            }
        };
        match value {
            Some(value) => names.insert(slot.name.clone(), value),
            None => names.remove(&slot.name),
        }
    }
}
