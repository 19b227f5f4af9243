//! Gates: conditions on how good a model is, and what is done only where they are met.
//!
//! A condition stands around what it guards (`if auc > 0.8:`), or before it: where a branch ends the function or the
//! program, what follows is done only otherwise. A step of an orchestrator that decides guards the steps behind it.

mod asset;
mod condition;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Gap, GapKind, Place, Value as Known};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use super::interpret::Interpreter;
use super::value::{Object, Value};
use crate::iac::delivery::scripts;
use crate::task::{self, Gate, TASKS, Task};
use condition::{Bodies, is_endless, says_measure};

pub(super) use condition::{is_measured, joined};

/// The type of a truth value that says whether a model is good enough.
pub(super) const CONDITION: &str = "measure-condition";

/// The type of a number that says how good a model is, of which nothing else is known.
const MEASURE: &str = "measure";

/// The type that the catalog gives to what decides which steps are done.
pub(super) const GATE: &str = "gate";

/// The same of what is done where the gate before it is not met.
const OTHERWISE: &str = "gate-otherwise";

/// The gates of a walk.
#[derive(Debug, Default)]
pub(super) struct Gates {
    /// The condition under which the present statement is done, until the end of the branch or function.
    open: Option<Place>,
    /// The condition under which everything that follows is done: what does not meet it ends the program.
    passed: Option<Place>,
    /// The condition under which what follows the loops around is done: what does not meet it leaves the function.
    left: Option<Place>,
    /// How many conditions were met, and how many of them end the program.
    met: [usize; 2],
    /// Steps of orchestrators, with the links made while each was made.
    steps: Vec<Step>,
    /// The step that a variable holds.
    named: BTreeMap<String, usize>,
    /// The step that a call is, by its module and where it stands.
    called: BTreeMap<(usize, u32, u32), usize>,
    /// Which step follows which.
    order: Vec<(usize, usize)>,
    /// Whether there is more of it than is kept.
    cut: bool,
    /// The condition of the `with dsl.If(…)` that ended last: what `dsl.Else` and `dsl.Elif` are done without.
    last: Option<Place>,
    /// The ways out of the loops around, each by the condition that it is under.
    exits: Vec<Vec<Option<Place>>>,
    /// Whether a comparison, by its module and where it stands, asks for more than the best so far.
    best: BTreeMap<(usize, u32), bool>,
}

/// Pairs of steps that follow each other in one file.
const ORDER: usize = 100_000;

/// A step of an orchestrator.
#[derive(Debug, Clone)]
struct Step {
    name: String,
    links: std::ops::Range<usize>,
    decides: bool,
    /// The files of code that it runs.
    runs: BTreeSet<String>,
}

/// Steps by the step before or behind them.
type Steps = BTreeMap<usize, BTreeSet<usize>>;

/// How a branch ends.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Goes,
    /// The round of a loop.
    Turns,
    /// The function.
    Leaves,
    /// The program.
    Stops,
}

/// The conditions of a function, while another is walked.
pub(super) struct Around {
    open: Option<Place>,
    left: Option<Place>,
}

impl<'w> Interpreter<'w> {
    /// The condition under which the present statement is done.
    pub(super) fn gate(&self) -> Option<&Place> {
        self.gates.open.as_ref().or(self.gates.passed.as_ref())
    }

    /// Runs over branches, of which one is chosen by `tests`, each with what it gives.
    pub(super) fn guarded(&mut self, tests: &[(&'w Expr, Value<'w>)], bodies: &[&'w [Stmt]], branches: &[&'w [Stmt]]) {
        let (mut met, chosen) = (None, Bodies::of(bodies));
        for (test, value) in tests {
            if met.is_none() && self.is_condition(test, value, &chosen) {
                met = Some(self.place(*test));
            }
        }
        let Some(place) = met else {
            self.branches(branches);
            return;
        };
        self.gates.met[0] += 1;
        let around = self.gates.open.replace(place.clone());
        self.branches(branches);
        self.gates.open = around;
        match bodies.iter().map(|body| end(body)).max() {
            Some(End::Stops) => self.stops(place),
            Some(End::Leaves) => {
                self.gates.left = Some(place.clone());
                self.gates.open = Some(place);
            }
            Some(End::Turns) => self.gates.open = Some(place),
            Some(End::Goes) | None => {}
        }
    }

    /// What does not meet the condition at `place` ends the program.
    fn stops(&mut self, place: Place) {
        self.gates.met[1] += 1;
        if !self.quiet {
            self.pipeline.set("stopsOnMeasure", Known::Bool(true), &place);
        }
        self.gates.passed = Some(place);
    }

    /// `assert auc > 0.8`, which gives `value`.
    pub(super) fn asserted(&mut self, test: &'w Expr, value: &Value<'w>) {
        if self.is_condition(test, value, &Bodies::of(&[])) {
            let place = self.place(test);
            self.gates.met[0] += 1;
            self.stops(place);
        }
    }

    /// The conditions inside a function end with it: gives what [`Interpreter::close_gate`] puts back.
    pub(super) fn open_gate(&mut self) -> Around {
        Around { open: self.gates.open.clone(), left: self.gates.left.take() }
    }

    /// See [`Interpreter::open_gate`].
    pub(super) fn close_gate(&mut self, around: Around) {
        self.gates.open = around.open;
        self.gates.left = around.left;
    }

    /// Walks something that is started by itself: what ended the program before does not guard it, nor it what comes.
    pub(super) fn apart<T>(&mut self, walk: impl FnOnce(&mut Self) -> T) -> T {
        let around = (self.gates.open.take(), self.gates.passed.take(), self.gates.left.take());
        let result = walk(self);
        (self.gates.open, self.gates.passed, self.gates.left) = around;
        result
    }

    /// A step that decides guards the steps that it is given to choose among, if it asks how good a model is.
    pub(super) fn gate_of_steps(&mut self, gate: Object<'w>) -> Value<'w> {
        if gate.fields.get("condition").is_some_and(|condition| says_measure(condition, 0)) {
            for role in ["then", "otherwise"] {
                if let Some(steps) = gate.fields.get(role) {
                    self.guard_within(steps, 0);
                }
            }
        }
        Value::Object(gate)
    }

    /// Walks the body of a loop whose test, if it has one, gave `met`. What a branch in it stands under ends with it; what
    /// follows is done under a condition only where each way out asks for one.
    pub(super) fn looped(&mut self, test: Option<(&'w Expr, Value<'w>)>, walk: impl FnOnce(&mut Self)) {
        let (around, before) = (self.gates.open.clone(), self.gates.left.take());
        self.gates.exits.push(Vec::new());
        walk(self);
        let mut exits = self.gates.exits.pop().unwrap_or_default();
        match test {
            Some((test, _)) if is_endless(test) => {}
            Some((test, met)) if self.is_condition(test, &met, &Bodies::of(&[])) => exits.push(Some(self.place(test))),
            Some(_) | None => exits.push(None),
        }
        let asked: Option<Vec<Place>> = exits.into_iter().collect();
        let left = self.gates.left.take();
        self.gates.open = asked.and_then(|places| places.into_iter().next()).or_else(|| left.clone()).or(around);
        self.gates.left = left.or(before);
    }

    /// `break`: a way out of the loop around.
    pub(super) fn leaves_loop(&mut self) {
        let under = self.gates.open.clone();
        if let Some(exits) = self.gates.exits.last_mut() {
            exits.push(under);
        }
    }

    /// Walks `body` under the gate that `value` is, if it is one: `with dsl.If(auc.output > 0.8):`.
    pub(super) fn within(&mut self, values: &[Value<'w>], body: &'w [Stmt]) {
        let mut gates = values.iter().filter_map(|value| match value {
            Value::Object(object) if matches!(object.kind.as_str(), GATE | OTHERWISE) => Some(object),
            _ => None,
        });
        let Some(gate) = gates.next_back() else {
            self.run(body);
            return;
        };
        let own = match gate.fields.get("condition") {
            Some(Value::Object(condition)) if condition.kind == CONDITION => condition.made.clone(),
            _ => None,
        };
        let before = self.gates.last.take().filter(|_| gate.kind == OTHERWISE);
        let met = own.or(before);
        let around = self.gates.open.clone();
        if let Some(place) = &met {
            self.gates.met[0] += 1;
            self.gates.open = Some(place.clone());
        }
        self.run(body);
        self.gates.open = around;
        self.gates.last = met;
    }

    /// `value`, the result of a call that made the links from `before` on, is a step that is bound to `name`.
    pub(super) fn step(&mut self, name: Option<&str>, before: Mark, value: &Value<'w>, call: &'w Expr) -> usize {
        let met = [self.gates.met[0] > before.met[0], self.gates.met[1] > before.met[1]];
        let branches = matches!(value, Value::Object(object) if object.kind == GATE) || self.is_branch(call);
        let decides = met[1] || (met[0] && branches);
        let number = self.gates.steps.len();
        let command = match value {
            Value::Object(object) => object.fields.get("command").and_then(super::string::text_of),
            _ => None,
        };
        let runs = command.map(|command| scripts(&command.text).into_iter().collect()).unwrap_or_default();
        let written = name.map_or_else(|| format!("step {}", number + 1), str::to_owned);
        self.gates.steps.push(Step { name: written, links: before.links..self.pipeline.made(), decides, runs });
        if let Some(name) = name {
            self.gates.named.insert(name.to_owned(), number);
        }
        number
    }

    /// Where the walk is, for [`Interpreter::step`].
    pub(super) fn mark(&self) -> Mark {
        Mark { links: self.pipeline.made(), met: self.gates.met }
    }

    /// `check()` of a function that a decorator of Airflow makes a branch.
    fn is_branch(&self, call: &'w Expr) -> bool {
        let Expr::Call(call) = call else { return false };
        let Expr::Name(name) = &*call.func else { return false };
        let Some(Value::Function(function)) = self.name(name.id.as_str()) else { return false };
        function.def.decorator_list.iter().any(|decorator| {
            let callee = match &decorator.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            matches!(callee, Expr::Attribute(held) if matches!(held.attr.as_str(), "branch" | "short_circuit"))
        })
    }

    /// `a >> b`: the steps at the end of the right side follow those of the left.
    pub(super) fn follows(&mut self, first: &'w Expr, then: &'w Expr) -> Value<'w> {
        let (first, then) = (self.steps_of(first, 0), self.steps_of(then, 0));
        let room = ORDER.saturating_sub(self.gates.order.len());
        let pairs = first.iter().flat_map(|before| then.iter().map(|after| (*before, *after)));
        self.gates.order.extend(pairs.take(room));
        if first.len().saturating_mul(then.len()) > room && !self.gates.cut {
            self.gates.cut = true;
            let Some(module) = self.world.modules.get(self.module) else { return Value::Unknown };
            self.pipeline.gap(Gap {
                place: module.place(),
                kind: GapKind::Limit,
                message: format!("more than {ORDER} pairs of tasks that follow each other: the rest is not read"),
            });
        }
        Value::Unknown
    }

    fn steps_of(&mut self, side: &'w Expr, depth: usize) -> Vec<usize> {
        match side {
            _ if depth > 16 => Vec::new(),
            Expr::Name(name) => self.gates.named.get(name.id.as_str()).copied().into_iter().collect(),
            Expr::List(list) => list.elts.iter().flat_map(|item| self.steps_of(item, depth + 1)).collect(),
            Expr::BinOp(chain) => {
                self.value(side);
                let last = if chain.op == ruff_python_ast::Operator::LShift { &chain.left } else { &chain.right };
                self.steps_of(last, depth + 1)
            }
            Expr::Call(call) => {
                // A call in the middle of a chain stands in two pairs and is one step.
                let key = (self.module, call.range().start().to_u32(), call.range().end().to_u32());
                if let Some(step) = self.gates.called.get(&key) {
                    return vec![*step];
                }
                let before = self.mark();
                let value = self.value(side);
                let step = self.step(None, before, &value, side);
                self.gates.called.insert(key, step);
                vec![step]
            }
            other => {
                self.value(other);
                Vec::new()
            }
        }
    }

    /// What steps behind one that decides release is guarded.
    pub(super) fn close_gates(&mut self) {
        let mut open: Vec<usize> =
            (0..).zip(&self.gates.steps).filter(|(_, step)| step.decides).map(|(at, _)| at).collect();
        let order = std::mem::take(&mut self.gates.order);
        let (mut following, mut leading): (Steps, Steps) = (BTreeMap::new(), BTreeMap::new());
        for (first, then) in order {
            following.entry(first).or_default().insert(then);
            leading.entry(then).or_default().insert(first);
        }
        let mut seen = BTreeSet::new();
        while let Some(step) = open.pop() {
            for &after in following.get(&step).into_iter().flatten() {
                if seen.insert(after) {
                    open.push(after);
                    let links = self.gates.steps.get(after).map(|step| step.links.clone()).unwrap_or_default();
                    self.pipeline.guard(links);
                }
            }
        }
        self.tell_tasks(&following, &leading);
    }

    /// The steps that run other files, and those around them, become the tasks of the pipeline.
    fn tell_tasks(&mut self, following: &Steps, leading: &Steps) {
        if self.gates.steps.iter().all(|step| step.runs.is_empty()) {
            return;
        }
        let key = |at: usize, step: &Step| format!("{} ({})", step.name, at + 1);
        let keys: Vec<String> = (0..).zip(&self.gates.steps).map(|(at, step)| key(at, step)).collect();
        let named = |at: usize| keys.get(at).cloned();
        let told = (0..).zip(&self.gates.steps).filter_map(|(at, step)| {
            let before = leading.get(&at).into_iter().flatten();
            let after: BTreeSet<String> = before.filter_map(|first| named(*first)).collect();
            let leads = following.contains_key(&at);
            let gate = step.decides.then_some(Gate::Measure);
            let is_task = !step.runs.is_empty() || !after.is_empty() || leads;
            is_task.then(|| Task {
                key: named(at).unwrap_or_default(),
                after,
                runs: step.runs.clone(),
                gate,
                unread: None,
            })
        });
        let tasks: Vec<Task> = told.collect();
        self.pipeline.asset.set(TASKS, task::value(&tasks), None);
    }

    /// Releases among what `value` was made with are guarded: `ConditionStep(if_steps=[register])`.
    pub(super) fn guard_within(&mut self, value: &Value<'w>, depth: usize) {
        match value {
            _ if depth > 6 => {}
            Value::Object(object) => {
                if let Some(Value::Int(at)) = object.fields.get(RELEASED)
                    && let Ok(at) = usize::try_from(*at)
                {
                    self.pipeline.guard(at..at + 1);
                }
                object.fields.values().for_each(|value| self.guard_within(value, depth + 1));
            }
            Value::List(items) => items.iter().for_each(|item| self.guard_within(item, depth + 1)),
            _ => {}
        }
    }
}

/// The field of an object that says which link released it.
pub(super) const RELEASED: &str = "released link";

/// A point of a walk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    links: usize,
    met: [usize; 2],
}

fn end(body: &[Stmt]) -> End {
    match body.last() {
        Some(Stmt::Raise(_)) => End::Stops,
        Some(Stmt::Return(_)) => End::Leaves,
        Some(Stmt::Continue(_) | Stmt::Break(_)) => End::Turns,
        Some(Stmt::Expr(expression)) if is_exit(&expression.value) => End::Stops,
        _ => End::Goes,
    }
}

/// `sys.exit(1)`, `exit()`
fn is_exit(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return false };
    match &*call.func {
        Expr::Attribute(attribute) => matches!(attribute.attr.as_str(), "exit" | "_exit"),
        Expr::Name(name) => matches!(name.id.as_str(), "exit" | "quit"),
        _ => false,
    }
}
