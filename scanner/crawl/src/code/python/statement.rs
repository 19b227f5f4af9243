//! Statements: what they bind, and which of them open a branch or a loop.

use aedile_model::Protection;
use ruff_python_ast::{ExceptHandler, Expr, Stmt, StmtFor, StmtImport, StmtImportFrom};

use super::expression::items_of;
use super::interpret::Interpreter;
use super::value::{Class, Function, Shape, Text, Value};
use crate::code::flow::Data;

impl<'w> Interpreter<'w> {
    /// Walks statements in order.
    pub(super) fn run(&mut self, statements: &'w [Stmt]) {
        self.depth += 1;
        for statement in statements {
            if !self.spend() {
                break;
            }
            self.statement(statement);
        }
        self.depth -= 1;
    }

    fn statement(&mut self, statement: &'w Stmt) {
        match statement {
            Stmt::Import(import) => self.import_names(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::FunctionDef(def) => {
                let (module, block, scope) = (self.module, self.block, self.here());
                let function = Function { def, module, block, receiver: None, owner: None, scope };
                let value = self.decorated(function);
                self.bind(def.name.as_str(), value);
            }
            Stmt::ClassDef(def) => {
                self.bind(def.name.as_str(), Value::Class(Class { def, module: self.module, block: self.block }));
            }
            Stmt::Return(returned) => {
                if let Some(expression) = &returned.value {
                    let value = self.value(expression);
                    let value = self.or_measure(value, expression);
                    let held = std::mem::take(&mut self.returned);
                    self.returned = held.either(value, "returned");
                }
            }
            Stmt::Assign(assign) => {
                if let [Expr::Name(name)] = assign.targets.as_slice() {
                    self.target = Some(name.id.as_str().to_owned());
                }
                let before = self.mark();
                let value = self.value(&assign.value);
                if let ([Expr::Name(name)], Expr::Call(_)) = (assign.targets.as_slice(), &*assign.value) {
                    self.step(Some(name.id.as_str()), before, &value, &assign.value);
                }
                self.target = None;
                let value = self.or_measure(value, &assign.value);
                for target in &assign.targets {
                    self.assign(target, value.clone());
                }
            }
            Stmt::AnnAssign(assign) => {
                let value = assign.value.as_ref().map_or(Value::Unknown, |value| self.value(value));
                self.assign(&assign.target, value);
            }
            Stmt::AugAssign(assign) => {
                let value = self.binary(&assign.target, assign.op, &assign.value);
                self.assign(&assign.target, value);
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    if let Expr::Subscript(subscript) = target {
                        let dropped = self.value(&subscript.slice).words();
                        self.change(&subscript.value, |data| data.drop(&dropped));
                    }
                }
            }
            Stmt::For(each) => self.each(each),
            Stmt::While(repeat) => {
                let met = self.value(&repeat.test);
                self.looped(Some((&repeat.test, met)), |own| own.run(&repeat.body));
                self.run(&repeat.orelse);
            }
            Stmt::If(branch) => {
                let mut branches: Vec<&'w [Stmt]> = Vec::new();
                let (may_hold, met) = self.may_hold(&branch.test);
                if may_hold {
                    branches.push(&branch.body);
                }
                let mut tests = vec![(&*branch.test, met)];
                let mut complete = !branches.is_empty() && self.must_hold(&branch.test);
                let others = if complete { &[][..] } else { branch.elif_else_clauses.as_slice() };
                for clause in others {
                    let may_hold = match &clause.test {
                        Some(test) => {
                            let (may_hold, met) = self.may_hold(test);
                            tests.push((test, met));
                            may_hold
                        }
                        None => {
                            complete = true;
                            true
                        }
                    };
                    if may_hold {
                        branches.push(&clause.body);
                    }
                }
                if !complete {
                    branches.push(&[]);
                }
                let around = self.program;
                self.program |= self.base.is_none() && is_program(&branch.test);
                let clauses = &branch.elif_else_clauses;
                let bodies: Vec<&[Stmt]> =
                    std::iter::once(&*branch.body).chain(clauses.iter().map(|clause| &*clause.body)).collect();
                self.guarded(&tests, &bodies, &branches);
                self.program = around;
            }
            Stmt::With(with) => {
                let mut values = Vec::new();
                for item in &with.items {
                    let value = self.value(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.assign(target, value.clone());
                    }
                    values.push(value);
                }
                self.within(&values, &with.body);
            }
            Stmt::Match(choice) => {
                self.value(&choice.subject);
                let branches: Vec<&'w [Stmt]> = choice.cases.iter().map(|case| &*case.body).collect();
                self.branches(&branches);
            }
            Stmt::Try(attempt) => {
                self.run(&attempt.body);
                for handler in &attempt.handlers {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    self.run(&handler.body);
                }
                self.run(&attempt.orelse);
                self.run(&attempt.finalbody);
            }
            Stmt::Raise(raise) => {
                if let Some(exception) = &raise.exc {
                    // Whoever catches it logs its message; so does whoever does not.
                    let data = self.value(exception).data();
                    if !self.quiet && !data.is_empty() {
                        let place = self.place(&**exception);
                        self.pipeline.sends(&crate::code::output::Destination::log(), &data, &place);
                    }
                }
            }
            Stmt::Assert(assert) => {
                let met = self.value(&assert.test);
                self.asserted(&assert.test, &met);
            }
            // What a program does when it runs gives nothing to those who import it.
            Stmt::Expr(expression) if self.program && self.stack.is_empty() && is_plain_call(&expression.value) => {}
            Stmt::Expr(expression) => {
                self.value(&expression.value);
            }
            Stmt::IpyEscapeCommand(command) => {
                let at = self.at();
                let start = command.range.start().to_usize();
                self.escape(command.kind, &command.value, &at, start);
            }
            Stmt::Global(global) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.globals.extend(global.names.iter().map(ruff_python_ast::Identifier::as_str));
                }
            }
            Stmt::Break(_) => self.leaves_loop(),
            Stmt::TypeAlias(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::Continue(_) => {}
        }
    }

    /// Whether the test is that something is given, and it is.
    fn must_hold(&mut self, test: &'w Expr) -> bool {
        let given = matches!(test, Expr::Name(_) | Expr::Attribute(_));
        given && matches!(self.value(test), Value::Text(text) if !text.holes && !text.text.is_empty())
    }

    /// Whether the test may hold, and what it gives or decides by. What is `None` by default or by a call says that it does
    /// not; any other constant may be set otherwise before the code runs.
    fn may_hold(&mut self, test: &'w Expr) -> (bool, Value<'w>) {
        match test {
            Expr::UnaryOp(unary) if unary.op == ruff_python_ast::UnaryOp::Not => {
                let held = self.value(&unary.operand);
                (!matches!(held, Value::Instance(_)), held)
            }
            Expr::Compare(compare) => {
                let held = self.value(&compare.left);
                let none = matches!(compare.comparators.as_ref(), [Expr::NoneLiteral(_)]);
                let is_data = matches!(held, Value::Instance(_) | Value::Data(Shape::Frame, _) | Value::Text(_));
                let may_hold = match (compare.ops.as_ref(), none) {
                    ([ruff_python_ast::CmpOp::IsNot], true) => !matches!(held, Value::None),
                    ([ruff_python_ast::CmpOp::Is], true) => !is_data,
                    _ => {
                        for other in &compare.comparators {
                            self.value(other);
                        }
                        true
                    }
                };
                (may_hold, Value::Unknown)
            }
            test => {
                let held = self.value(test);
                (!matches!(held, Value::None), held)
            }
        }
    }

    fn each(&mut self, each: &'w StmtFor) {
        let over = self.value(&each.iter);
        self.looped(None, |own| own.rounds_of(each, over));
        self.run(&each.orelse);
    }

    fn rounds_of(&mut self, each: &'w StmtFor, over: Value<'w>) {
        let around = self.rounds;
        match items_of(&over).filter(|items| !items.is_empty() && items.len() * around <= ROUNDS) {
            // Over a known list the body is walked for each item.
            Some(items) => {
                self.rounds = around * items.len();
                for item in items {
                    self.assign(&each.target, item);
                    self.run(&each.body);
                }
                self.rounds = around;
            }
            None => {
                let item = self.item_of(over);
                self.assign(&each.target, item);
                self.run(&each.body);
            }
        }
    }

    /// What a loop over `value` sees.
    pub(super) fn item_of(&mut self, value: Value<'w>) -> Value<'w> {
        match value {
            Value::Data(Shape::IndexedRows, data) => Value::list(vec![Value::Unknown, Value::Data(Shape::Row, data)]),
            Value::Data(Shape::Rows, data) => Value::Data(Shape::Row, data),
            Value::Data(Shape::Column | Shape::Scalar, data) => Value::Data(Shape::Scalar, data),
            Value::Data(Shape::Grouped, data) => Value::list(vec![Value::Unknown, Value::Data(Shape::Frame, data)]),
            // A frame iterates over its column names.
            Value::Data(Shape::Frame, _) => Value::Unknown,
            Value::Data(Shape::Row, data) => Value::Data(Shape::Scalar, data),
            Value::Either(items) => {
                let each: Vec<Value<'w>> = items.into_iter().map(|item| self.item_of(item)).collect();
                each.into_iter().reduce(|a, b| a.either(b, "item")).unwrap_or_default()
            }
            Value::List(items) => items.into_iter().reduce(|a, b| a.either(b, "item")).unwrap_or_default(),
            Value::Map(items) if items.len() == 1 => {
                items.into_iter().next().map_or(Value::Unknown, |(key, _)| Value::text(key))
            }
            Value::Object(object) if !object.data.is_empty() => Value::Data(Shape::Row, object.data),
            _ => Value::Unknown,
        }
    }

    /// Binds `target` to `value`.
    pub(super) fn assign(&mut self, target: &'w Expr, value: Value<'w>) {
        match target {
            Expr::Name(name) => {
                let mut value = value;
                if let Value::Object(object) = &mut value
                    && !object.fields.contains_key("variable")
                {
                    object.fields.insert("variable".to_owned(), Value::text(name.id.as_str()));
                }
                self.bind(name.id.as_str(), value);
            }
            Expr::Tuple(tuple) => self.unpack(&tuple.elts, value),
            Expr::List(list) => self.unpack(&list.elts, value),
            Expr::Starred(starred) => self.assign(&starred.value, value),
            Expr::Attribute(attribute) => {
                let owner = self.value(&attribute.value);
                match owner {
                    Value::Instance(number) => {
                        let name = attribute.attr.as_str().to_owned();
                        let held = self.instance(number).and_then(|instance| instance.fields.get(&name));
                        let same = held.is_some_and(|held| self.same(held, &value));
                        // In a branch the field may keep what it had, or what its class gives it.
                        let value = if self.branching > 0 && !same {
                            match self.member(Value::Instance(number), &name) {
                                Value::Unknown | Value::None | Value::Function(_) => value,
                                before => before.either(value, &name),
                            }
                        } else {
                            value
                        };
                        if let Some(instance) = self.instance_mut(number) {
                            instance.changes += usize::from(!same);
                            instance.fields.insert(name, value);
                        }
                    }
                    // `df.columns = […]` names every column anew, in order.
                    Value::Data(Shape::Frame, _) if attribute.attr.as_str() == "columns" => {
                        let (names, place) = (value.words(), self.place(target));
                        self.change(&attribute.value, |frame| {
                            frame.name_all(&names);
                            frame.step(place);
                        });
                    }
                    Value::Data(Shape::Frame, _) => {
                        let data = value.data();
                        let place = self.place(target);
                        self.change(&attribute.value, |frame| {
                            frame.assign(attribute.attr.as_str(), &data);
                            frame.step(place);
                        });
                    }
                    _ => {}
                }
            }
            Expr::Subscript(subscript) => {
                let keys = self.value(&subscript.slice);
                // `df.loc[rows, "c"] = …` names the column second; the rows that are not chosen keep what they have.
                let located = matches!(&*subscript.value, Expr::Attribute(_));
                let some_rows = located
                    && !matches!(&*subscript.slice, Expr::Tuple(tuple) if matches!(tuple.elts.first(), Some(Expr::Slice(slice)) if slice.lower.is_none() && slice.upper.is_none()));
                let keys = match keys {
                    Value::List(mut items) if located && items.len() == 2 => items.pop().unwrap_or_default(),
                    keys => keys,
                };
                let place = self.place(target);
                let base = match &*subscript.value {
                    Expr::Attribute(attribute) if matches!(attribute.attr.as_str(), "loc" | "at" | "iloc") => {
                        &attribute.value
                    }
                    _ => &subscript.value,
                };
                let words = keys.words();
                let held = self.value(base);
                if let (Value::Map(items), [key]) = (&held, words.as_slice()) {
                    let mut items = items.clone();
                    items.retain(|(name, _)| name != key);
                    items.push((key.clone(), value));
                    self.assign(base, Value::Map(items));
                    return;
                }
                let value = self.bound(value, &held.data());
                self.change(base, |frame| {
                    for word in &words {
                        let mut value = value.clone();
                        if some_rows {
                            value.join(&frame.column(word));
                        }
                        frame.assign(word, &value);
                    }
                    frame.step(place);
                });
            }
            _ => {}
        }
    }

    fn unpack(&mut self, targets: &'w [Expr], value: Value<'w>) {
        match value {
            Value::List(items) if items.len() >= targets.len() => {
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item);
                }
            }
            Value::Data(shape, data) => {
                for target in targets {
                    self.assign(target, Value::Data(shape, data.clone()));
                }
            }
            // `loss, quality = model.evaluate(x, y)`
            value if super::gate::is_measured(&value) => {
                for target in targets {
                    self.assign(target, value.clone());
                }
            }
            _ => {
                for target in targets {
                    self.assign(target, Value::Unknown);
                }
            }
        }
    }

    /// Changes the frame that `expression` names, where it stands in a variable, field or subscript.
    pub(super) fn change(&mut self, expression: &'w Expr, change: impl FnOnce(&mut Data)) {
        let held = self.value(expression);
        if let Value::Data(shape, mut data) = held {
            change(&mut data);
            if matches!(expression, Expr::Name(_) | Expr::Attribute(_)) {
                self.assign_plain(expression, Value::Data(shape, data));
            }
        }
    }

    fn assign_plain(&mut self, target: &'w Expr, value: Value<'w>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), value),
            Expr::Attribute(attribute) => {
                if let Value::Instance(number) = self.value(&attribute.value)
                    && let Some(instance) = self.instance_mut(number)
                {
                    instance.changes += 1;
                    instance.fields.insert(attribute.attr.as_str().to_owned(), value);
                }
            }
            _ => {}
        }
    }

    /// The data of `value`, with a column expression read from the frame `of`.
    pub(super) fn bound(&self, value: Value<'w>, of: &Data) -> Data {
        let Value::Expression(expression) = value else { return value.data() };
        let mut all = expression.data.clone();
        if expression.star {
            let mut rest = of.clone();
            rest.drop(&expression.except);
            all.join(&rest);
        }
        for (column, protection) in &expression.columns {
            let mut one = of.column(column);
            one.protect((*protection).max(Protection::None));
            all.join(&one);
        }
        all
    }

    fn import_names(&mut self, import: &'w StmtImport) {
        for alias in &import.names {
            let dotted = alias.name.as_str();
            let (name, path) = match &alias.asname {
                Some(asname) => (asname.as_str(), dotted),
                // `import a.b` binds `a`.
                None => (dotted.split('.').next().unwrap_or(dotted), dotted.split('.').next().unwrap_or(dotted)),
            };
            let value = match self.find_module(self.module, path, 0) {
                Some(number) if number != self.module => Value::Module(number),
                _ => Value::External(path.to_owned()),
            };
            self.bind(name, value);
        }
    }

    fn import_from(&mut self, import: &'w StmtImportFrom) {
        let dotted = import.module.as_ref().map_or("", |module| module.as_str());
        let module = self.find_module(self.module, dotted, import.level);
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                self.import_all(module, dotted);
                continue;
            }
            let inner = if dotted.is_empty() { name.to_owned() } else { format!("{dotted}.{name}") };
            let value = match (module, self.find_module(self.module, &inner, import.level)) {
                (Some(number), submodule) if number != self.module => match self.name_of(number, name) {
                    Value::Unknown => submodule.map_or(Value::Unknown, Value::Module),
                    known => known,
                },
                (_, Some(submodule)) if submodule != self.module => Value::Module(submodule),
                _ => Value::External(inner),
            };
            self.bind(alias.asname.as_ref().map_or(name, |asname| asname.as_str()), value);
        }
    }

    fn import_all(&mut self, module: Option<usize>, dotted: &str) {
        match module {
            Some(number) if number != self.module => {
                self.import(number);
                let all = self.all_globals(number);
                for (name, value) in all {
                    self.bind(&name, value);
                }
            }
            _ if dotted == "pyspark.sql.functions" => {
                for name in STAR_FUNCTIONS {
                    self.bind(name, Value::External(format!("{dotted}.{name}")));
                }
            }
            _ => {}
        }
    }

    /// What the name of a decorated function means: a function of columns, or the function itself.
    fn decorated(&mut self, function: Function<'w>) -> Value<'w> {
        let mut value = Value::Function(function);
        for decorator in &function.def.decorator_list {
            let callee = match &decorator.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            match (self.value(callee), &decorator.expression) {
                (Value::External(path), expression) if self.makes_function(&path) => {
                    self.value(expression);
                    value = super::column::function(value);
                }
                (callee, Expr::Call(call)) => {
                    let is_option = self.option(call, function);
                    if let (Value::External(path), false) = (callee, is_option) {
                        let arguments = self.arguments(call);
                        self.decoration(&path, arguments, self.place(&decorator.expression));
                    }
                }
                _ => {}
            }
        }
        value
    }

    /// Keeps what a decorator says of parameters: `@click.option("--path", default="…")`.
    fn option(&mut self, call: &'w ruff_python_ast::ExprCall, function: Function<'w>) -> bool {
        let Expr::Attribute(attribute) = &*call.func else { return false };
        if !matches!(attribute.attr.as_str(), "option" | "argument") {
            return false;
        }
        let names: Vec<String> = call.arguments.args.iter().flat_map(|argument| self.value(argument).words()).collect();
        let default =
            call.arguments.find_keyword("default").map_or(Value::Unknown, |keyword| self.value(&keyword.value));
        // A name without dashes is the parameter's own.
        let own = names.iter().find(|name| !name.starts_with('-'));
        let Some(name) = own.or_else(|| names.iter().find(|name| name.starts_with("--"))).or(names.first()) else {
            return true;
        };
        let name = name.trim_start_matches('-').replace('-', "_");
        if !matches!(default, Value::Unknown | Value::None) {
            self.parameters.insert(format!("{}.{name}", function.def.name.as_str()), default);
        }
        true
    }
}

/// Whether the test is that the module is run as a program: `__name__ == "__main__"`.
fn is_program(test: &Expr) -> bool {
    matches!(test, Expr::Compare(compare) if matches!(&*compare.left, Expr::Name(name) if name.id.as_str() == "__name__"))
}

/// Whether it is a call of a function by its bare name.
fn is_plain_call(expression: &Expr) -> bool {
    matches!(expression, Expr::Call(call) if matches!(&*call.func, Expr::Name(_)))
}

/// Walks of the bodies of loops inside each other.
const ROUNDS: usize = 64;

/// What `from pyspark.sql.functions import *` is used for; the rest of the module has no rule.
const STAR_FUNCTIONS: [&str; 24] = [
    "aes_encrypt",
    "avg",
    "coalesce",
    "col",
    "collect_list",
    "collect_set",
    "concat",
    "concat_ws",
    "count",
    "date_trunc",
    "expr",
    "first",
    "hash",
    "lit",
    "lower",
    "max",
    "md5",
    "min",
    "sha1",
    "sha2",
    "substring",
    "sum",
    "xxhash64",
    "year",
];

/// A text or a hole of that name.
pub(super) fn text_or_hole<'w>(value: Value<'w>, name: &str) -> Text {
    match value {
        Value::Text(text) => text,
        Value::Int(number) => Text::plain(number.to_string()),
        Value::Bool(truth) => Text::plain(truth.to_string()),
        other => Text::hole(name, other.data()),
    }
}
