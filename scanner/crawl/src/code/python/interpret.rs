//! The walk over a module: scopes, the heap, and what comes out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};
use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

use super::base::Base;
use super::branch::{Change, Slot};
use super::value::{Class, Function, Scope, Value};
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
#[derive(Clone)]
pub(super) struct Instance<'w> {
    pub(super) class: Class<'w>,
    pub(super) fields: BTreeMap<String, Value<'w>>,
    /// How often a field was given another value.
    pub(super) changes: usize,
    /// The module in whose walk it was made.
    pub(super) maker: usize,
}

/// What an interpretation looked at that other modules and files give.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Modules, by number.
    pub(super) modules: BTreeSet<usize>,
    /// Instances of the base, by number.
    pub(super) instances: BTreeSet<usize>,
    /// Parameters of the base.
    pub(super) parameters: BTreeSet<String>,
    /// Files of settings, by the module that asks and what it calls them.
    pub(super) files: BTreeSet<(usize, String)>,
    /// Modules that are imported: by whom, under which name, with how many dots before it.
    pub(super) imports: BTreeSet<(usize, String, u32)>,
    /// Notebooks that are run, by the module that asks and what it calls them.
    pub(super) notebooks: BTreeSet<(usize, String)>,
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
    pub(super) scopes: Vec<Scope<'w>>,
    /// The number of the next scope.
    pub(super) next_scope: usize,
    /// How many times the bodies of the loops around are walked, multiplied.
    pub(super) rounds: usize,
    /// How many branches are open in which a field may or may not be given a value.
    pub(super) branching: usize,
    /// Names that the open branches gave other values.
    pub(super) journal: Vec<Change<'w>>,
    /// How many branches are open.
    pub(super) journaling: usize,
    pub(super) globals: BTreeMap<usize, BTreeMap<String, Value<'w>>>,
    /// What all modules give each other; `None` while that is found.
    pub(super) base: Option<&'w Base<'w>>,
    /// The module whose top level is walked for its facts.
    pub(super) walking: Option<usize>,
    /// Instances made here.
    pub(super) heap: Vec<Instance<'w>>,
    /// Instances of the base that were changed here.
    pub(super) changed: BTreeMap<usize, Instance<'w>>,
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
    /// Whether what is walked is done only when the module is run, while it is only imported.
    pub(super) program: bool,
    /// Whether facts are kept: not while a module is only imported.
    pub(super) quiet: bool,
    pub(super) depth: usize,
    budget: usize,
    pub(super) followed: BTreeSet<FunctionKey>,
    pub(super) pipeline: Pipeline,
    /// The conditions under which the present statement is done.
    pub(super) gates: super::gate::Gates,
    /// The module whose top level is walked, for its facts or for others.
    pub(super) maker: usize,
    pub(super) seen: RefCell<Seen>,
}

/// Interprets module number `entry`.
///
/// The top level is walked, then functions that nobody mentions; with `cold`, those functions instead,
/// from nowhere, with unknown arguments.
pub(crate) fn evaluate<'w>(
    world: &'w World<'w>,
    base: &'w Base<'w>,
    entry: usize,
    cold: Option<&[FunctionKey]>,
) -> (Outcome, Seen) {
    let Some(module) = world.modules.get(entry) else { return Default::default() };
    let mut interpreter = Interpreter::new(world, Some(base), entry);
    if cold.is_none() {
        interpreter.walking = Some(entry);
        interpreter.walk_module(module);
    }
    let functions = functions(entry, module);
    let (mut waiting, mut made) = (Vec::new(), Vec::new());
    for &(key, function, class) in &functions {
        let before = interpreter.pipeline.made();
        match cold {
            Some(keys) if keys.contains(&key) => interpreter.apart(|own| own.enter_cold(function, class)),
            Some(_) => {}
            None if interpreter.followed.contains(&key) => {}
            None if world.mentioned.contains(function.def.name.as_str()) => waiting.push(key),
            None => interpreter.apart(|own| own.enter_cold(function, class)),
        }
        if interpreter.pipeline.made() > before {
            made.push((key, before..interpreter.pipeline.made()));
        }
    }
    waiting.retain(|key| !interpreter.followed.contains(key));
    interpreter.close_gates();
    if !made.is_empty() {
        interpreter.guard_assets(&functions, &made);
    }
    let outcome = Outcome { facts: interpreter.pipeline.finish(), followed: interpreter.followed, waiting };
    (outcome, interpreter.seen.into_inner())
}

/// Every function and method at the top level of a module, in order.
pub(super) fn functions(number: usize, module: &Module) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for (block, body) in module.blocks.iter().enumerate() {
        if let Body::Python(statements) = &body.body {
            gather(statements, (number, block), None, &mut found);
        }
    }
    found
}

pub(super) type Found<'w> = (FunctionKey, Function<'w>, Option<Class<'w>>);

fn gather<'w>(
    statements: &'w [Stmt],
    (module, block): (usize, usize),
    class: Option<Class<'w>>,
    found: &mut Vec<Found<'w>>,
) {
    for statement in statements {
        match statement {
            Stmt::FunctionDef(def) => {
                let function = Function { def, module, block, receiver: None, owner: class, scope: None };
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
            let function = Function { def, module, block, receiver: None, owner: None, scope: None };
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
    /// One that is about to walk module number `entry`.
    pub(super) fn new(world: &'w World<'w>, base: Option<&'w Base<'w>>, entry: usize) -> Interpreter<'w> {
        let (path, notebook, in_tests) = match world.modules.get(entry) {
            Some(module) => (Arc::clone(&module.path), module.notebook, module.in_tests),
            None => (Arc::from(""), false, false),
        };
        Interpreter {
            world,
            module: entry,
            block: 0,
            in_tests,
            scopes: Vec::new(),
            next_scope: base.map_or(0, |base| base.scopes),
            rounds: 1,
            branching: 0,
            journal: Vec::new(),
            journaling: 0,
            globals: BTreeMap::new(),
            base,
            walking: None,
            heap: Vec::new(),
            changed: BTreeMap::new(),
            views: BTreeMap::new(),
            parameters: BTreeMap::new(),
            stack: Vec::new(),
            returned: Value::Unknown,
            recalled: BTreeMap::new(),
            cuts: 0,
            target: None,
            program: false,
            quiet: false,
            depth: 0,
            budget: BUDGET,
            followed: BTreeSet::new(),
            pipeline: Pipeline::of(&path, notebook, in_tests),
            gates: super::gate::Gates::default(),
            maker: entry,
            seen: RefCell::default(),
        }
    }

    fn walk_module(&mut self, module: &'w Module) {
        for (number, block) in module.blocks.iter().enumerate() {
            self.block = number;
            match &block.body {
                Body::Python(statements) => self.run(statements),
                Body::Sql { script, into } => {
                    let data = self.sql_script(script, &Offsets::origin(block.at.clone()));
                    // Databricks gives the result of a cell in SQL this name.
                    let name = into.as_deref().unwrap_or("_sqldf");
                    self.bind(name, Value::holding(super::value::Shape::Frame, data));
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
        let (scope, before) = match self.scopes.last_mut() {
            Some(scope) if !scope.globals.contains(&name) => {
                (Some(scope.number), scope.names.insert(name.to_owned(), value))
            }
            _ => {
                // A function may read it.
                self.recalled.clear();
                (None, self.globals.entry(module).or_default().insert(name.to_owned(), value))
            }
        };
        if self.journaling > 0 {
            let slot = Slot { scope, module, name: name.to_owned() };
            self.journal.push(Change { slot, before });
        }
    }

    /// The value of `name`, from the innermost scope outwards.
    pub(super) fn name(&self, name: &str) -> Option<&Value<'w>> {
        let mut scope = self.scopes.last();
        while let Some(here) = scope {
            if let Some(value) = here.names.get(name) {
                return Some(value);
            }
            scope = here.outer.and_then(|outer| self.scopes.iter().rev().find(|held| held.number == outer));
        }
        self.global(self.module, name)
    }

    /// A scope inside `outer`, not entered yet.
    pub(super) fn scope(&mut self, outer: Option<usize>, names: BTreeMap<String, Value<'w>>) -> Scope<'w> {
        self.next_scope += 1;
        Scope { number: self.next_scope, outer, names, globals: Vec::new() }
    }

    /// The number of the innermost scope.
    pub(super) fn here(&self) -> Option<usize> {
        self.scopes.last().map(|scope| scope.number)
    }

    /// The name `name` of another module, which is imported if it has not been.
    pub(super) fn name_of(&mut self, module: usize, name: &str) -> Value<'w> {
        self.import(module);
        let held = self.global(module, name).cloned();
        held.unwrap_or_else(|| self.submodule(module, name).map_or(Value::Unknown, Value::Module))
    }

    /// The module `name` inside the package that is module number `package`.
    fn submodule(&self, package: usize, name: &str) -> Option<usize> {
        let module = self.world.modules.get(package)?;
        module.path.ends_with("__init__.py").then(|| self.find_module(package, name, 1)).flatten()
    }

    /// See [`World::module`].
    pub(super) fn find_module(&self, from: usize, dotted: &str, level: u32) -> Option<usize> {
        self.seen.borrow_mut().imports.insert((from, dotted.to_owned(), level));
        self.world.module(from, dotted, level)
    }

    /// The names of the notebook at `path` become names of this one (`%run ./setup`).
    pub(super) fn run_notebook(&mut self, path: &str) {
        let path = path.trim().trim_matches(['"', '\'']).trim_end_matches(".ipynb").trim_end_matches(".py");
        self.seen.borrow_mut().notebooks.insert((self.module, path.to_owned()));
        let Some(number) = self.world.notebook(self.module, path) else { return };
        if number == self.module {
            return;
        }
        self.import(number);
        for (name, value) in self.all_globals(number) {
            self.bind(&name, value);
        }
    }

    /// Walks the top level of `module` without keeping facts, once, while the base is found; then it is there.
    pub(super) fn import(&mut self, module: usize) {
        if self.base.is_some() || self.globals.contains_key(&module) || self.depth + 20 > DEPTH {
            return;
        }
        self.globals.insert(module, BTreeMap::new());
        let Some(target) = self.world.modules.get(module) else { return };
        // What the module finds must not depend on who asked for it first.
        let here = (self.module, self.block, self.quiet, self.depth, self.budget, self.maker);
        let around = (std::mem::take(&mut self.scopes), std::mem::take(&mut self.stack));
        let counts = (std::mem::replace(&mut self.rounds, 1), std::mem::take(&mut self.branching));
        let program = std::mem::take(&mut self.program);
        let result = (std::mem::take(&mut self.returned), self.target.take());
        let journaling = std::mem::take(&mut self.journaling);
        let views = std::mem::take(&mut self.views);
        let parameters = std::mem::take(&mut self.parameters);
        self.recalled.clear();
        (self.module, self.quiet, self.depth, self.budget, self.maker) =
            (module, true, self.depth + 20, BUDGET, module);
        self.walk_module(target);
        self.recalled.clear();
        // Arguments of a command line are those of its own program.
        self.parameters.retain(|name, _| !name.starts_with("argparse."));
        self.parameters.extend(parameters);
        (self.module, self.block, self.quiet, self.depth, self.budget, self.maker) = here;
        (self.scopes, self.stack) = around;
        (self.rounds, self.branching) = counts;
        self.program = program;
        (self.returned, self.target) = result;
        (self.journaling, self.views) = (journaling, views);
    }
}
