//! What the top level of every module gives to those that import it, found once for all.
//!
//! Every module is walked once, without telling facts, those it imports first. The interpretation of a module then takes
//! the names of others from here instead of walking them again.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::Stmt;

use super::interpret::{Instance, Interpreter};
use super::value::Value;
use super::{Body, World};

/// Names, instances and defaults of parameters of all modules.
#[derive(Default)]
pub(crate) struct Base<'w> {
    /// Names by module.
    pub(super) globals: BTreeMap<usize, BTreeMap<String, Value<'w>>>,
    /// Instances that the names lead to.
    pub(super) heap: Vec<Instance<'w>>,
    /// What decorators say of parameters, and widgets.
    pub(super) parameters: BTreeMap<String, Value<'w>>,
    /// Numbers that were given to scopes.
    pub(super) scopes: usize,
}

/// Walks the top level of every module of `world`.
pub(crate) fn base<'w>(world: &'w World<'w>) -> Base<'w> {
    let mut interpreter = Interpreter::new(world, None, 0);
    interpreter.quiet = true;
    for number in order(world) {
        interpreter.import(number);
    }
    Base {
        globals: interpreter.globals,
        heap: interpreter.heap,
        parameters: interpreter.parameters,
        scopes: interpreter.next_scope,
    }
}

/// The modules, each after those that it imports; in a circle, which is first in the order of paths.
fn order(world: &World<'_>) -> Vec<usize> {
    let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
    for start in 0..world.modules.len() {
        let mut open = vec![(start, None::<Vec<usize>>)];
        while let Some((number, imports)) = open.pop() {
            let mut imports = match imports {
                Some(imports) => imports,
                None if seen.insert(number) => imports_of(world, number),
                None => continue,
            };
            match imports.pop() {
                Some(next) => {
                    open.push((number, Some(imports)));
                    open.push((next, None));
                }
                None => order.push(number),
            }
        }
    }
    order
}

fn imports_of(world: &World<'_>, number: usize) -> Vec<usize> {
    let mut found = BTreeSet::new();
    let Some(module) = world.modules.get(number) else { return Vec::new() };
    for block in &module.blocks {
        let Body::Python(statements) = &block.body else { continue };
        let within = statements.iter().flat_map(|statement| match statement {
            Stmt::Try(attempt) => attempt.body.iter().collect::<Vec<_>>(),
            Stmt::If(branch) => branch.body.iter().collect(),
            other => vec![other],
        });
        for statement in within {
            match statement {
                Stmt::Import(import) => {
                    found.extend(import.names.iter().filter_map(|alias| world.module(number, alias.name.as_str(), 0)));
                }
                Stmt::ImportFrom(import) => {
                    let dotted = import.module.as_ref().map_or("", |module| module.as_str());
                    found.extend(world.module(number, dotted, import.level));
                    for alias in &import.names {
                        let inner = match dotted {
                            "" => alias.name.to_string(),
                            dotted => format!("{dotted}.{}", alias.name),
                        };
                        found.extend(world.module(number, &inner, import.level));
                    }
                }
                _ => {}
            }
        }
    }
    found.remove(&number);
    found.into_iter().rev().collect()
}

impl<'w> Interpreter<'w> {
    /// The instance `number`.
    pub(super) fn instance(&self, number: usize) -> Option<&Instance<'w>> {
        let shared = self.base.map_or(&[][..], |base| base.heap.as_slice());
        match number.checked_sub(shared.len()) {
            Some(own) => self.heap.get(own),
            None => {
                self.seen.borrow_mut().instances.insert(number);
                self.changed.get(&number).or_else(|| shared.get(number))
            }
        }
    }

    /// The same to be changed; one that another module made is copied first.
    pub(super) fn instance_mut(&mut self, number: usize) -> Option<&mut Instance<'w>> {
        let shared = self.base.map_or(&[][..], |base| base.heap.as_slice());
        match number.checked_sub(shared.len()) {
            Some(own) => self.heap.get_mut(own),
            None => {
                self.seen.borrow_mut().instances.insert(number);
                let one = shared.get(number)?;
                Some(self.changed.entry(number).or_insert_with(|| one.clone()))
            }
        }
    }

    /// Adds an instance; gives its number.
    pub(super) fn add_instance(&mut self, instance: Instance<'w>) -> usize {
        self.heap.push(instance);
        self.base.map_or(0, |base| base.heap.len()) + self.heap.len() - 1
    }

    /// The name `name` at the top level of `module`.
    pub(super) fn global(&self, module: usize, name: &str) -> Option<&Value<'w>> {
        self.look(module);
        let own = self.globals.get(&module).and_then(|globals| globals.get(name));
        // Of the module that is being walked only what was walked is there.
        let shared = self.base.filter(|_| self.walking != Some(module));
        own.or_else(|| shared?.globals.get(&module)?.get(name))
    }

    /// Every name at the top level of `module`.
    pub(super) fn all_globals(&self, module: usize) -> BTreeMap<String, Value<'w>> {
        self.look(module);
        let shared = self.base.and_then(|base| base.globals.get(&module)).cloned();
        let mut all = shared.unwrap_or_default();
        all.extend(self.globals.get(&module).cloned().unwrap_or_default());
        all
    }

    /// What a decorator says of a parameter, or a widget.
    pub(super) fn parameter(&self, key: &str) -> Option<&Value<'w>> {
        self.parameters.get(key).or_else(|| {
            let held = self.base?.parameters.get(key)?;
            self.seen.borrow_mut().parameters.insert(key.to_owned());
            Some(held)
        })
    }

    /// Notes that something of `module` is looked at.
    pub(super) fn look(&self, module: usize) {
        self.seen.borrow_mut().modules.insert(module);
    }
}
