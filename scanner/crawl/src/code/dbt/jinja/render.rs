//! Templates become text: loops, branches, macros and the functions of dbt, bounded in every way.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};

use super::expression::Expr;
use super::native;
use super::project::{Library, Project};
use super::template::{Kind, Macro, Node};
use super::value::{LARGEST, Value};
use crate::code::origin::{Offsets, Origin};

/// Parts and expressions that one template evaluates.
const STEPS: usize = 400_000;
/// Bytes and items of all values that one template makes.
const WORK: usize = 128 << 20;
/// Bytes of rendered text.
const BYTES: usize = 8 << 20;
/// Macros inside each other.
const CALLS: usize = 40;
/// Gaps of one template that are told; the rest is of the same kind.
const GAPS: usize = 50;

/// What a template gives.
#[derive(Debug, Default)]
pub(in crate::code::dbt) struct Output {
    pub(in crate::code::dbt) text: String,
    /// Where its parts stand.
    pub(in crate::code::dbt) offsets: Offsets,
    /// What `config(…)` said.
    pub(in crate::code::dbt) config: BTreeMap<String, String>,
    /// Privileges that it grants, each with who gets it.
    pub(in crate::code::dbt) grants: Vec<(String, String)>,
    /// Labels that it gives itself.
    pub(in crate::code::dbt) labels: Vec<aedile_model::Label>,
    /// Models and sources that it names.
    pub(in crate::code::dbt) named: Vec<String>,
    /// Snapshots, each a text of its own.
    pub(in crate::code::dbt) snapshots: Vec<(String, Output)>,
    pub(in crate::code::dbt) gaps: Vec<Gap>,
}

/// Renders one file.
pub(super) struct Renderer<'p> {
    pub(super) project: &'p Project,
    pub(super) library: &'p Library,
    /// Columns of tables that are known.
    pub(super) columns: &'p dyn Fn(&str) -> Option<Vec<String>>,
    /// The model that is rendered.
    pub(super) this: String,
    pub(super) output: Output,
    scopes: Vec<BTreeMap<String, Value>>,
    /// The file and text that the current parts stand in.
    source: (Arc<str>, Arc<str>),
    /// The tag that is evaluated.
    pub(super) at: (usize, usize),
    steps: usize,
    work: usize,
    calls: usize,
    /// What a macro returned by `return(…)`.
    returned: Option<Value>,
    stopped: bool,
}

impl<'p> Renderer<'p> {
    /// Where the tag stands that is evaluated.
    pub(super) fn place(&self) -> aedile_model::Place {
        aedile_model::Place::new(&self.source.0, self.at.0, self.at.1)
    }

    pub(super) fn new(
        project: &'p Project,
        library: &'p Library,
        columns: &'p dyn Fn(&str) -> Option<Vec<String>>,
        this: &str,
        path: &Arc<str>,
        text: &Arc<str>,
    ) -> Renderer<'p> {
        Renderer {
            project,
            library,
            columns,
            this: this.to_owned(),
            output: Output::default(),
            scopes: vec![BTreeMap::new()],
            source: (Arc::clone(path), Arc::clone(text)),
            at: (0, 0),
            steps: 0,
            work: 0,
            calls: 0,
            returned: None,
            stopped: false,
        }
    }

    pub(super) fn gap(&mut self, kind: GapKind, message: &str) {
        let place = Place::new(&self.source.0, self.at.0, self.at.1);
        let gap = Gap { place, kind, message: message.to_owned() };
        if self.output.gaps.len() < GAPS && !self.output.gaps.contains(&gap) {
            self.output.gaps.push(gap);
        }
    }

    /// Whether there is more to do within the bounds.
    fn step(&mut self) -> bool {
        self.steps += 1;
        let bounded = self.steps <= STEPS && self.work <= WORK && self.output.text.len() <= BYTES;
        if !bounded && !self.stopped {
            self.stopped = true;
            self.gap(GapKind::Limit, "a template is rendered in part: it gives too much");
        }
        !self.stopped
    }

    pub(super) fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            if !self.step() || self.returned.is_some() {
                return;
            }
            self.node(node);
        }
    }

    fn node(&mut self, node: &Node) {
        self.at = (node.start, node.end);
        match &node.kind {
            Kind::Text => {
                let (path, text) = (Arc::clone(&self.source.0), Arc::clone(&self.source.1));
                let text = text.get(node.start..node.end).unwrap_or_default();
                let origin = Origin { path, cell: None, base: node.start };
                self.output.offsets.append(self.output.text.len(), &Offsets::piece(origin, text.len()));
                self.output.text.push_str(text);
            }
            Kind::Output(expr) => {
                let value = self.eval(expr);
                self.at = (node.start, node.end);
                let text = match value.shown() {
                    Some(text) => text,
                    None => {
                        let why = if let Value::Unknown(why) = &value { why.clone() } else { "a value".to_owned() };
                        self.gap(GapKind::Unresolved, &format!("a template expression is not rendered: {why}"));
                        "_".to_owned()
                    }
                };
                self.put(&text);
            }
            Kind::If(branches) => {
                for (condition, body) in branches {
                    let holds = match condition {
                        None => Some(true),
                        Some(condition) => self.eval(condition).truth(),
                    };
                    match holds {
                        Some(false) => continue,
                        Some(true) => {}
                        None => {
                            self.at = (node.start, node.end);
                            self.gap(
                                GapKind::Unresolved,
                                "which branch of a template is taken is not known; the first is read",
                            );
                        }
                    }
                    self.nodes(body);
                    return;
                }
            }
            Kind::For(names, over, body, otherwise) => self.each(names, over, body, otherwise),
            Kind::Set(names, value) => {
                let value = self.eval(value);
                self.bind(names, value);
            }
            Kind::SetBlock(name, body) => {
                let text = self.captured(|renderer| renderer.nodes(body));
                self.bind(std::slice::from_ref(name), Value::Text(text));
            }
            Kind::Do(expr) => {
                self.eval(expr);
            }
            // They are in the library already.
            Kind::Macro(_) => {}
            Kind::Call(expr, body) => {
                let text = self.captured(|renderer| renderer.nodes(body));
                self.bind(&["caller".to_owned()], Value::Text(text));
                let value = self.eval(expr);
                let text = value.shown().unwrap_or_default();
                self.put(&text);
            }
            Kind::Snapshot(name, body) => {
                let outer = std::mem::take(&mut self.output);
                let this = std::mem::replace(&mut self.this, name.to_lowercase());
                self.nodes(body);
                self.this = this;
                let mut inner = std::mem::replace(&mut self.output, outer);
                self.output.gaps.append(&mut inner.gaps);
                self.output.snapshots.push((name.to_lowercase(), inner));
            }
            Kind::Unread(why) => {
                self.gap(GapKind::Unparsed, why);
                if why.starts_with("a template expression") {
                    self.put("_");
                }
            }
        }
    }

    fn each(&mut self, names: &[String], over: &Expr, body: &[Node], otherwise: &[Node]) {
        let at = self.at;
        let value = self.eval(over);
        let items = match (&value, value.items()) {
            (Value::Map(map), Some(_)) if names.len() == 2 => {
                map.iter().map(|(key, value)| Value::List(vec![Value::text(key), value.clone()])).collect()
            }
            (_, Some(items)) => items,
            (Value::Unknown(why), None) => {
                self.at = at;
                let message = format!("what a template loops over is not known: {why}");
                self.gap(GapKind::Unresolved, &message);
                return;
            }
            (_, None) => Vec::new(),
        };
        if items.is_empty() {
            self.nodes(otherwise);
            return;
        }
        let count = items.len();
        for (number, item) in items.into_iter().enumerate() {
            if !self.step() || self.returned.is_some() {
                return;
            }
            let int = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
            let position = BTreeMap::from([
                ("index".to_owned(), int(number + 1)),
                ("index0".to_owned(), int(number)),
                ("first".to_owned(), Value::Bool(number == 0)),
                ("last".to_owned(), Value::Bool(number + 1 == count)),
                ("length".to_owned(), int(count)),
            ]);
            self.scopes.push(BTreeMap::from([("loop".to_owned(), Value::Map(position))]));
            self.bind_here(names, item);
            self.nodes(body);
            self.scopes.pop();
        }
    }

    /// Gives names a value: several names the items of a list.
    fn bind(&mut self, names: &[String], value: Value) {
        // `ns.x = …` changes a namespace.
        if let [name] = names
            && let Some((object, key)) = name.split_once('.')
        {
            if let Some(Value::Map(map)) = self.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(object)) {
                map.insert(key.to_owned(), value);
            }
            return;
        }
        self.bind_here(names, value);
    }

    fn bind_here(&mut self, names: &[String], value: Value) {
        let Some(scope) = self.scopes.last_mut() else { return };
        match names {
            [name] => {
                scope.insert(name.clone(), value);
            }
            names => {
                for (at, name) in names.iter().enumerate() {
                    scope.insert(name.clone(), value.member(&Value::Int(i64::try_from(at).unwrap_or(0))));
                }
            }
        }
    }

    /// Text that is made and not put where the output is.
    fn captured(&mut self, make: impl FnOnce(&mut Self)) -> String {
        let text = std::mem::take(&mut self.output.text);
        let offsets = std::mem::take(&mut self.output.offsets);
        make(self);
        self.output.offsets = offsets;
        std::mem::replace(&mut self.output.text, text)
    }

    /// Made text; it stands where its tag does.
    fn put(&mut self, text: &str) {
        let path = Arc::clone(&self.source.0);
        let origin = Origin { path, cell: None, base: self.at.0 };
        let tag = self.at.1.saturating_sub(self.at.0);
        self.output.offsets.append(self.output.text.len(), &Offsets::tag(origin, text.len(), tag));
        self.output.text.push_str(text);
    }

    pub(super) fn eval(&mut self, expr: &Expr) -> Value {
        if !self.step() {
            return Value::Unknown("a template that gives too much".to_owned());
        }
        let value = self.evaluated(expr);
        match value.weight() {
            Some(weight) => {
                self.work += weight;
                value
            }
            None => {
                self.work += LARGEST;
                self.gap(GapKind::Limit, "a value of a template is too large");
                Value::Unknown("a value that is too large".to_owned())
            }
        }
    }

    fn evaluated(&mut self, expr: &Expr) -> Value {
        match expr {
            Expr::Text(text) => Value::text(text),
            Expr::Int(number) => Value::Int(*number),
            Expr::Number(text) => Value::Number(text.clone()),
            Expr::Bool(truth) => Value::Bool(*truth),
            Expr::None => Value::None,
            Expr::Name(name) => self.name(name),
            Expr::List(items) => Value::List(items.iter().map(|item| self.eval(item)).collect()),
            Expr::Map(entries) => Value::Map(
                entries
                    .iter()
                    .filter_map(|(key, value)| {
                        let key = self.eval(key).shown()?;
                        Some((key, self.eval(value)))
                    })
                    .collect(),
            ),
            Expr::Member(value, name) => match native::constant(value, name) {
                Some(value) => value,
                None => self.eval(value).member(&Value::text(name)),
            },
            Expr::Item(value, key) => {
                let (value, key) = (self.eval(value), self.eval(key));
                value.member(&key)
            }
            Expr::Slice(value, from, to) => {
                let value = self.eval(value);
                let mut bound = |bound: &Option<Box<Expr>>| {
                    bound.as_ref().map(|bound| match self.eval(bound) {
                        Value::Int(number) => number,
                        _ => 0,
                    })
                };
                let (from, to) = (bound(from), bound(to));
                native::slice(&value, from, to)
            }
            Expr::Call(callee, arguments) => self.call(callee, arguments),
            Expr::Filter(value, filter, arguments) => {
                let value = self.eval(value);
                let arguments: Vec<Value> = arguments.iter().map(|(_, value)| self.eval(value)).collect();
                native::filter(&value, filter, &arguments)
            }
            Expr::Test(value, negated, test, arguments) => {
                let value = self.eval(value);
                let arguments: Vec<Value> = arguments.iter().map(|value| self.eval(value)).collect();
                match native::test(&value, test, &arguments) {
                    Some(truth) => Value::Bool(truth != *negated),
                    None => Value::Unknown(format!("the test `{test}`")),
                }
            }
            Expr::Not(value) => match self.eval(value).truth() {
                Some(truth) => Value::Bool(!truth),
                None => Value::Unknown("a condition".to_owned()),
            },
            Expr::Minus(value) => match self.eval(value) {
                Value::Int(number) => Value::Int(number.saturating_neg()),
                Value::Number(text) => Value::Number(format!("-{text}")),
                other => other,
            },
            Expr::Binary(left, operator, right) => {
                let left = self.eval(left);
                match (operator.as_str(), left.truth()) {
                    ("or", Some(true)) | ("and", Some(false)) => left,
                    _ => {
                        let right = self.eval(right);
                        native::binary(&left, operator, &right)
                    }
                }
            }
            Expr::If(then, condition, otherwise) => match self.eval(condition).truth() {
                Some(false) => otherwise.as_ref().map(|otherwise| self.eval(otherwise)).unwrap_or_default(),
                Some(true) | None => self.eval(then),
            },
        }
    }

    fn name(&mut self, name: &str) -> Value {
        if let Some(value) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            return value.clone();
        }
        match name {
            "this" => Value::Relation(self.this.clone()),
            // What macros ask before they ask a database: it is not there.
            "execute" => Value::Bool(true),
            "target" | "model" | "graph" | "adapter" | "builtins" | "invocation_id" | "run_started_at" | "flags" => {
                Value::Unknown(format!("`{name}` of the run"))
            }
            _ => Value::Unknown(format!("`{name}`")),
        }
    }

    fn call(&mut self, callee: &Expr, arguments: &[(Option<String>, Expr)]) -> Value {
        let mut path = Vec::new();
        // `adapter.dispatch('f')(…)` calls the macro `f`.
        let dispatched = match callee {
            Expr::Call(inner, named) if dotted(inner, &mut path) && path == ["adapter", "dispatch"] => {
                named.first().map(|(_, name)| self.eval(name)).and_then(|name| name.shown())
            }
            _ => None,
        };
        path.clear();
        match dispatched {
            Some(name) => path.push(name),
            None if dotted(callee, &mut path) => {}
            None => return Value::Unknown("a call".to_owned()),
        }
        // A method of a value.
        if let Expr::Member(object, method) = callee
            && path
                .first()
                .is_some_and(|first| self.scopes.iter().any(|scope| scope.contains_key(first)) || first.is_empty())
        {
            let given: Vec<Value> = arguments.iter().map(|(_, value)| self.eval(value)).collect();
            let value = self.eval(object);
            let (result, changed) = native::method(&value, method, &given);
            if let (Some(changed), Expr::Name(name)) = (changed, &**object)
                && let Some(held) = self.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(name))
            {
                *held = changed;
            }
            return result;
        }
        if path == ["caller"] {
            return self.name("caller");
        }
        let name = path.join(".");
        let mut given: Vec<(Option<String>, Value)> = Vec::new();
        for (name, value) in arguments {
            let value = self.eval(value);
            given.push((name.clone(), value));
        }
        let short = path.last().cloned().unwrap_or_default();
        let own = path.len() == 1 || path.first().is_some_and(|first| *first == self.project.name);
        if own && let Some(found) = self.library.find(&short) {
            return self.expand(&found.0, &found.1, &found.2, &given);
        }
        match native::function(self, &name, &given) {
            Some(value) => value,
            // An installed package's macros are in the library under their own name.
            None => match self.library.find(&short) {
                Some(found) => self.expand(&found.0, &found.1, &found.2, &given),
                None if path.len() > 1 => {
                    Value::Unknown(format!("the macro `{name}`: its package is not among the files"))
                }
                None => Value::Unknown(format!("the macro `{name}`")),
            },
        }
    }

    /// The text or the returned value of a macro.
    fn expand(
        &mut self,
        path: &Arc<str>,
        text: &Arc<str>,
        body: &Arc<Macro>,
        given: &[(Option<String>, Value)],
    ) -> Value {
        if self.calls >= CALLS {
            let message = format!("the macro `{}` calls itself too deep", body.name);
            self.gap(GapKind::Limit, &message);
            return Value::Unknown(message);
        }
        self.calls += 1;
        let mut scope = BTreeMap::new();
        let mut positional = given.iter().filter(|(name, _)| name.is_none()).map(|(_, value)| value.clone());
        for (name, default) in &body.parameters {
            let named = given.iter().find(|(held, _)| held.as_ref() == Some(name)).map(|(_, value)| value.clone());
            let value = match named.or_else(|| positional.next()) {
                Some(value) => value,
                None => default.as_ref().map(|default| self.eval(default)).unwrap_or_default(),
            };
            scope.insert(name.clone(), value);
        }
        scope.insert("varargs".to_owned(), Value::List(positional.collect()));
        let caller = self.scopes.iter().rev().find_map(|scope| scope.get("caller")).cloned();
        self.work += caller.as_ref().and_then(Value::weight).unwrap_or(LARGEST);
        scope.extend(caller.map(|caller| ("caller".to_owned(), caller)));
        // A macro sees its own names and no one else's.
        let scopes = std::mem::replace(&mut self.scopes, vec![scope]);
        let source = std::mem::replace(&mut self.source, (Arc::clone(path), Arc::clone(text)));
        let (at, returned) = (self.at, self.returned.take());
        let text = self.captured(|renderer| renderer.nodes(&body.body));
        let result = self.returned.take();
        self.returned = returned;
        self.at = at;
        self.source = source;
        self.scopes = scopes;
        self.calls -= 1;
        result.unwrap_or(Value::Text(text))
    }

    /// `return(value)` ends the macro.
    pub(super) fn give_back(&mut self, value: Value) {
        if self.calls > 0 {
            self.returned = Some(value);
        }
    }
}

/// The names of `a.b.c`, from the first on; a value that has no name is an empty first one.
fn dotted(expr: &Expr, path: &mut Vec<String>) -> bool {
    match expr {
        Expr::Name(name) => {
            path.push(name.clone());
            true
        }
        Expr::Member(inner, name) => {
            if !dotted(inner, path) {
                path.push(String::new());
            }
            path.push(name.clone());
            true
        }
        _ => false,
    }
}
