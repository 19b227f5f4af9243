//! The walk over a module: scopes, the heap, and what comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};
use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

use super::value::{Class, Function, Value};
use super::{Body, Module, World};
use crate::Facts;
use crate::code::flow::Data;
use crate::code::origin::{Offsets, Origin};
use crate::code::output::Pipeline;

/// Expressions evaluated for one module before it is given up.
const BUDGET: usize = 150_000;
/// Calls followed inside each other.
pub(super) const CALLS: usize = 12;
/// Expressions and statements inside each other.
pub(super) const DEPTH: usize = 400;

/// The identity of a function: its module and where its definition starts.
pub(crate) type FunctionKey = (usize, usize, u32);

/// What the interpretation of one module gives.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Assets, links, gaps.
    pub(crate) facts: Facts,
    /// Functions that were entered, here and in other modules.
    pub(crate) followed: BTreeSet<FunctionKey>,
    /// Functions of this module that nothing has entered yet.
    pub(crate) waiting: Vec<FunctionKey>,
}

/// An instance of a class of the repository.
pub(super) struct Instance<'w> {
    pub(super) class: Class<'w>,
    pub(super) fields: BTreeMap<String, Value<'w>>,
    /// How often a field was given another value.
    pub(super) changes: usize,
}

/// The state of the walk.
pub(super) struct Interpreter<'w> {
    pub(super) world: &'w World<'w>,
    /// The module whose statement is being read.
    pub(super) module: usize,
    /// Its block.
    pub(super) block: usize,
    /// Whether the module that is interpreted lies among tests.
    pub(super) in_tests: bool,
    /// Local scopes, innermost last; empty at module level.
    pub(super) scopes: Vec<BTreeMap<String, Value<'w>>>,
    pub(super) globals: BTreeMap<usize, BTreeMap<String, Value<'w>>>,
    pub(super) heap: Vec<Instance<'w>>,
    /// Temporary views of Spark and registered frames of DuckDB.
    pub(super) views: BTreeMap<String, Data>,
    /// Widgets and command line arguments by name.
    pub(super) parameters: BTreeMap<String, Value<'w>>,
    pub(super) stack: Vec<FunctionKey>,
    pub(super) returned: Value<'w>,
    /// Calls that were followed, by what they were given; see [`super::recall`].
    pub(super) recalled: BTreeMap<String, super::recall::Recalled<'w>>,
    /// Calls that were not followed because too many were open.
    pub(super) cuts: usize,
    /// The variable that the value being computed is assigned to.
    pub(super) target: Option<String>,
    /// Whether facts are kept: not while a module is only imported.
    pub(super) quiet: bool,
    pub(super) depth: usize,
    budget: usize,
    pub(super) followed: BTreeSet<FunctionKey>,
    pub(super) pipeline: Pipeline,
}

/// Interprets module number `entry`.
///
/// The top level is walked, then functions that nobody mentions; with `cold`, those functions instead,
/// from nowhere, with unknown arguments.
pub(crate) fn evaluate(world: &World<'_>, entry: usize, cold: Option<&[FunctionKey]>) -> Outcome {
    let Some(module) = world.modules.get(entry) else { return Outcome::default() };
    let mut interpreter = Interpreter {
        world,
        module: entry,
        block: 0,
        in_tests: module.in_tests,
        scopes: Vec::new(),
        globals: BTreeMap::new(),
        heap: Vec::new(),
        views: BTreeMap::new(),
        parameters: BTreeMap::new(),
        stack: Vec::new(),
        returned: Value::Unknown,
        recalled: BTreeMap::new(),
        cuts: 0,
        target: None,
        quiet: cold.is_some(),
        depth: 0,
        budget: BUDGET,
        followed: BTreeSet::new(),
        pipeline: Pipeline::of(&module.path, module.notebook, module.in_tests),
    };
    interpreter.walk_module(module);
    interpreter.quiet = false;
    let functions = functions(entry, module);
    let mut waiting = Vec::new();
    for (key, function, class) in functions {
        match cold {
            Some(keys) if keys.contains(&key) => interpreter.enter_cold(function, class),
            Some(_) => {}
            None if interpreter.followed.contains(&key) => {}
            None if world.mentioned.contains(function.def.name.as_str()) => waiting.push(key),
            None => interpreter.enter_cold(function, class),
        }
    }
    waiting.retain(|key| !interpreter.followed.contains(key));
    Outcome { facts: interpreter.pipeline.finish(), followed: interpreter.followed, waiting }
}

/// Every function and method at the top level of a module, in order.
fn functions(number: usize, module: &Module) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for (block, body) in module.blocks.iter().enumerate() {
        if let Body::Python(statements) = &body.body {
            gather(statements, (number, block), None, &mut found);
        }
    }
    found
}

type Found<'w> = (FunctionKey, Function<'w>, Option<Class<'w>>);

fn gather<'w>(
    statements: &'w [Stmt],
    (module, block): (usize, usize),
    class: Option<Class<'w>>,
    found: &mut Vec<Found<'w>>,
) {
    for statement in statements {
        match statement {
            Stmt::FunctionDef(def) => {
                let function = Function { def, module, block, receiver: None };
                found.push((function.key(), function, class));
            }
            Stmt::ClassDef(def) if class.is_none() => {
                gather(&def.body, (module, block), Some(Class { def, module, block }), found);
            }
            // `with DAG(…):` and `if`/`try` at the top level; deeper ones are reached by walking.
            Stmt::With(with) => gather_one_level(&with.body, (module, block), found),
            Stmt::If(branch) => gather_one_level(&branch.body, (module, block), found),
            Stmt::Try(attempt) => gather_one_level(&attempt.body, (module, block), found),
            _ => {}
        }
    }
}

fn gather_one_level<'w>(statements: &'w [Stmt], (module, block): (usize, usize), found: &mut Vec<Found<'w>>) {
    for statement in statements {
        if let Stmt::FunctionDef(def) = statement {
            let function = Function { def, module, block, receiver: None };
            found.push((function.key(), function, None));
        }
    }
}

impl Function<'_> {
    /// The identity over all modules.
    pub(super) fn key(&self) -> FunctionKey {
        (self.module, self.block, self.def.range.start().to_u32())
    }
}

impl<'w> Interpreter<'w> {
    fn walk_module(&mut self, module: &'w Module) {
        for (number, block) in module.blocks.iter().enumerate() {
            self.block = number;
            match &block.body {
                Body::Python(statements) => self.run(statements),
                Body::Sql { script, into } => {
                    let data = self.sql_script(script, &Offsets::origin(block.at.clone()));
                    if let Some(name) = into {
                        self.bind(name, Value::holding(super::value::Shape::Frame, data));
                    }
                }
                Body::Shell => self.shell(&block.text, &block.at.clone()),
            }
        }
    }

    /// The start of the text being read.
    pub(super) fn at(&self) -> Origin {
        self.world
            .modules
            .get(self.module)
            .and_then(|module| module.blocks.get(self.block))
            .map_or_else(|| Origin::file(&Arc::from("")), |block| block.at.clone())
    }

    /// The place of a node of the text being read.
    pub(super) fn place(&self, node: &impl Ranged) -> Place {
        self.at().of(node.range())
    }

    /// The source text of a node.
    pub(super) fn source(&self, node: &impl Ranged) -> &'w str {
        let range = node.range();
        self.world
            .modules
            .get(self.module)
            .and_then(|module| module.blocks.get(self.block))
            .and_then(|block| block.text.get(range.start().to_usize()..range.end().to_usize()))
            .unwrap_or_default()
    }

    /// Counts a step; `false` when the module has used up its budget or is too deep.
    pub(super) fn spend(&mut self) -> bool {
        if self.budget == 0 {
            return false;
        }
        self.budget -= 1;
        if self.budget == 0
            && let Some(module) = self.world.modules.get(self.module)
        {
            self.pipeline.gap(Gap {
                place: module.place(),
                kind: GapKind::Limit,
                message: format!("python not followed to its end: more than {BUDGET} steps"),
            });
        }
        self.depth < DEPTH
    }

    /// Gives `name` the value in the innermost scope.
    pub(super) fn bind(&mut self, name: &str, value: Value<'w>) {
        let module = self.module;
        match self.scopes.last_mut() {
            Some(scope) => scope.insert(name.to_owned(), value),
            None => {
                // A function may read it.
                self.recalled.clear();
                self.globals.entry(module).or_default().insert(name.to_owned(), value)
            }
        };
    }

    /// The value of `name`, from the innermost scope outwards.
    pub(super) fn name(&self, name: &str) -> Option<&Value<'w>> {
        self.scopes
            .last()
            .and_then(|scope| scope.get(name))
            .or_else(|| self.globals.get(&self.module).and_then(|globals| globals.get(name)))
    }

    /// The name `name` of another module, which is imported if it has not been.
    pub(super) fn name_of(&mut self, module: usize, name: &str) -> Value<'w> {
        self.import(module);
        let held = self.globals.get(&module).and_then(|globals| globals.get(name)).cloned();
        held.unwrap_or_else(|| self.world.submodule(module, name).map_or(Value::Unknown, Value::Module))
    }

    /// Walks the top level of `module` without keeping facts, once.
    pub(super) fn import(&mut self, module: usize) {
        if self.globals.contains_key(&module) || self.globals.len() > 400 {
            return;
        }
        self.globals.insert(module, BTreeMap::new());
        let Some(target) = self.world.modules.get(module) else { return };
        if self.depth + 20 > DEPTH {
            return;
        }
        let here = (self.module, self.block, self.quiet, self.depth);
        let scopes = std::mem::take(&mut self.scopes);
        (self.module, self.quiet, self.depth) = (module, true, self.depth + 20);
        self.walk_module(target);
        (self.module, self.block, self.quiet, self.depth) = here;
        self.scopes = scopes;
    }
}

impl World<'_> {
    /// The module `name` inside the package that is module number `package`.
    fn submodule(&self, package: usize, name: &str) -> Option<usize> {
        let module = self.modules.get(package)?;
        module.path.ends_with("__init__.py").then(|| self.module(package, name, 1)).flatten()
    }
}
