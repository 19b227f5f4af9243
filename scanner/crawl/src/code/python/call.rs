//! Calls: which rule or which function of the repository a call means, and following the latter.

use aedile_model::Place;
use ruff_python_ast::{Expr, ExprCall, ParameterWithDefault};

use super::argument::Arguments;
use super::interpret::{CALLS, DEPTH, Instance, Interpreter};
use super::string;
use super::value::{Class, Function, Object, Partial, Scope, Shape, Value};

/// A call as the source has it.
#[derive(Debug, Clone)]
pub(super) struct Site<'w> {
    /// Where it stands.
    pub(super) place: Place,
    /// The expression before the dot.
    pub(super) receiver: Option<&'w Expr>,
}

impl<'w> Interpreter<'w> {
    /// The result of a call, and its effects.
    pub(super) fn call(&mut self, call: &'w ExprCall, expression: &'w Expr) -> Value<'w> {
        let place = self.place(expression);
        match &*call.func {
            Expr::Attribute(attribute) => {
                let owner = self.value(&attribute.value);
                let arguments = self.arguments(call);
                let site = Site { place, receiver: Some(&attribute.value) };
                self.method(owner, attribute.attr.as_str(), arguments, &site)
            }
            func => {
                let callee = self.value(func);
                let arguments = self.arguments(call);
                self.invoke(callee, arguments, &Site { place, receiver: None })
            }
        }
    }

    /// Calls `callee`.
    pub(super) fn invoke(&mut self, callee: Value<'w>, arguments: Arguments<'w>, site: &Site<'w>) -> Value<'w> {
        match callee {
            Value::External(path) => self.external(&path, arguments, site),
            Value::Function(function) => self.enter(function, arguments),
            Value::Class(class) => self.instantiate(class, arguments),
            Value::Lambda(lambda) => {
                let Some(parameters) = &lambda.parameters else { return self.value(&lambda.body) };
                let mut names = std::collections::BTreeMap::new();
                let mut given = arguments.positional.into_iter();
                for parameter in parameters.iter_non_variadic_params() {
                    let value = match (given.next(), parameter.default()) {
                        (Some(value), _) => value,
                        (None, Some(default)) => self.value(default),
                        (None, None) => Value::Unknown,
                    };
                    names.insert(parameter.name().as_str().to_owned(), value);
                }
                let scope = self.scope(self.here(), names);
                if self.scopes.len() > DEPTH / 4 {
                    return Value::Unknown;
                }
                self.scopes.push(scope);
                let value = self.value(&lambda.body);
                self.scopes.pop();
                value
            }
            Value::Object(object) if object.kind == super::column::FUNCTION => {
                self.column_function(&object, arguments, site)
            }
            Value::Object(object) => self.method(Value::Object(object), "__call__", arguments, site),
            Value::Partial(partial) => {
                let Partial { function, mut positional, mut keywords } = *partial;
                positional.extend(arguments.positional);
                keywords.extend(arguments.keywords);
                self.invoke(function, Arguments { positional, keywords, ..Arguments::default() }, site)
            }
            _ => Value::holding(Shape::Scalar, arguments.data()),
        }
    }

    fn method(&mut self, owner: Value<'w>, name: &str, arguments: Arguments<'w>, site: &Site<'w>) -> Value<'w> {
        match owner {
            Value::External(path) => self.external(&format!("{path}.{name}"), arguments, site),
            Value::Either(items) => {
                let results: Vec<Value<'w>> =
                    items.into_iter().map(|item| self.method(item, name, arguments.clone(), site)).collect();
                results.into_iter().reduce(|a, b| a.either(b, name)).unwrap_or_default()
            }
            Value::Module(number) => {
                let callee = self.name_of(number, name);
                self.invoke(callee, arguments, site)
            }
            // A task that is submitted, mapped, or run by a worker is called; with other options it is itself.
            Value::Function(function) => match name {
                "submit" | "delay" | "fn" | "__call__" | "expand" | "map" | "apply_async" | "remote" => {
                    self.enter(function, arguments)
                }
                "override" | "with_options" | "options" => Value::Function(function),
                "partial" => Value::Partial(Box::new(Partial {
                    function: Value::Function(function),
                    positional: arguments.positional,
                    keywords: arguments.keywords,
                })),
                _ => Value::holding(Shape::Scalar, arguments.data()),
            },
            Value::Partial(partial) if matches!(name, "expand" | "map" | "submit") => {
                self.invoke(Value::Partial(partial), arguments, site)
            }
            Value::Class(_) | Value::Instance(_) => {
                let callee = self.member(owner.clone(), name);
                match callee {
                    Value::Unknown => self.untyped(owner, name, arguments, site),
                    callee => self.invoke(callee, arguments, site),
                }
            }
            Value::Data(shape, data) => {
                let typed = self.world.apis.lookup(&format!("<{}>.{name}", shape.word()));
                let api = typed.or_else(|| match shape {
                    Shape::Scalar => None,
                    _ => self.world.apis.lookup(&format!("<frame>.{name}")),
                });
                match api.or_else(|| self.world.apis.lookup_method(name)) {
                    Some(api) => self.apply(api, Value::Data(shape, data), arguments, site),
                    None => {
                        let mut data = data;
                        data.join(&arguments.data());
                        Value::Data(shape, data)
                    }
                }
            }
            Value::Object(object) => {
                if object.kind == string::PATH
                    && let Some(value) = string::path_method(&object, name, &arguments)
                {
                    return value;
                }
                if let Some(value) = self.command_line(&object, name, &arguments) {
                    return value;
                }
                match self
                    .world
                    .apis
                    .lookup(&format!("<{}>.{name}", object.kind))
                    .or_else(|| self.world.apis.lookup_method(name))
                {
                    Some(api) => self.apply(api, Value::Object(object), arguments, site),
                    None => {
                        let mut data = object.data.clone();
                        data.join(&arguments.data());
                        // A fluent call gives its own type again, and so does a method of a client that has
                        // no rule: the next call of the chain may have one.
                        Value::Object(Object { data, ..object })
                    }
                }
            }
            Value::Text(text) => string::method(&text, name, &arguments),
            Value::Expression(expression) => match self.world.apis.lookup(&format!("<column>.{name}")) {
                Some(api) => self.apply(api, Value::Expression(expression), arguments, site),
                // What is given beside it may be in the result: `when(…).otherwise(col("name"))`.
                None => {
                    let mut expression = expression;
                    for value in arguments.all() {
                        if let Value::Expression(more) = value {
                            expression.columns.extend(more.columns.iter().map(|(name, rung)| (name.clone(), *rung)));
                        }
                    }
                    Value::Expression(expression)
                }
            },
            Value::List(items) => self.list_method(items.own(), name, arguments, site),
            Value::Map(items) => match name {
                "get" | "pop" | "setdefault" => {
                    let key = arguments
                        .positional
                        .first()
                        .and_then(Value::as_text)
                        .map(|text| text.text.clone())
                        .unwrap_or_default();
                    let held = Value::Map(items).member(&key).cloned();
                    held.or_else(|| arguments.positional.get(1).cloned()).unwrap_or_default()
                }
                "items" => Value::List(
                    items.into_iter().map(|(key, value)| Value::list(vec![Value::text(key), value])).collect(),
                ),
                "values" => Value::List(items.into_iter().map(|(_, value)| value).collect()),
                "keys" => Value::List(items.into_iter().map(|(key, _)| Value::text(key)).collect()),
                _ => Value::Map(items),
            },
            other => self.untyped(other, name, arguments, site),
        }
    }

    /// A method of a value of unknown type.
    fn untyped(&mut self, owner: Value<'w>, name: &str, arguments: Arguments<'w>, site: &Site<'w>) -> Value<'w> {
        match self.world.apis.lookup_method(name) {
            Some(api) => self.apply(api, owner, arguments, site),
            None => Value::holding(Shape::Scalar, arguments.data()),
        }
    }

    fn list_method(
        &mut self,
        mut items: Vec<Value<'w>>,
        name: &str,
        arguments: Arguments<'w>,
        site: &Site<'w>,
    ) -> Value<'w> {
        match name {
            "append" | "add" | "extend" | "insert" => {
                match arguments.positional.into_iter().last() {
                    Some(Value::List(more)) if name == "extend" => items.extend(more),
                    Some(value) => items.push(value),
                    None => {}
                }
                if let Some(Expr::Name(target)) = site.receiver
                    && items.len() < 256
                {
                    self.bind(target.id.as_str(), Value::list(items));
                }
                Value::None
            }
            "copy" => Value::list(items),
            "pop" => items.pop().unwrap_or_default(),
            _ => Value::Unknown,
        }
    }

    fn external(&mut self, path: &str, arguments: Arguments<'w>, site: &Site<'w>) -> Value<'w> {
        if let Some(value) = string::function(path, &arguments) {
            return match arguments.variants() {
                None => value,
                Some(variants) => {
                    let each = variants.iter().filter_map(|arguments| string::function(path, arguments));
                    each.reduce(|a, b| a.either(b, "path")).unwrap_or_default()
                }
            };
        }
        if path == "functools.partial" {
            let mut positional = arguments.positional.into_iter();
            let function = positional.next().unwrap_or_default();
            let partial = Partial { function, positional: positional.collect(), keywords: arguments.keywords };
            return Value::Partial(Box::new(partial));
        }
        if let Some(api) = self.world.apis.lookup(path) {
            // An operator may have a rule for what it decides or runs, and is one like any other beside.
            if matches!(api.returns.as_deref(), Some(super::gate::GATE | "bash-task")) {
                self.enter_references(&arguments);
                self.declared_data(&arguments, site);
            }
            let result = self.apply(api, Value::Unknown, arguments, site);
            return match result {
                Value::Object(object) if object.kind == super::gate::GATE => self.gate_of_steps(object),
                // What is made is of the type that is called.
                Value::Object(object) if api.returns.as_deref() == Some("itself") => {
                    Value::Object(Object { kind: path.to_owned(), ..object })
                }
                result => result,
            };
        }
        // `AutoModel.from_pretrained`: a method of a class that is imported.
        let mut segments = path.rsplit('.');
        if let (Some(method), Some(owner)) = (segments.next(), segments.next())
            && owner.starts_with(char::is_uppercase)
            && let Some(api) = self.world.apis.lookup_method(method)
        {
            return self.apply(api, Value::Unknown, arguments, site);
        }
        match path.strip_prefix("builtins.") {
            Some("len" | "isinstance" | "type" | "range" | "id" | "callable" | "hasattr" | "any" | "all") => {
                Value::Unknown
            }
            Some(
                "list" | "tuple" | "set" | "sorted" | "reversed" | "iter" | "next" | "dict" | "filter" | "frozenset",
            ) => arguments.positional.into_iter().last().unwrap_or(Value::Map(arguments.keywords.into())),
            Some("enumerate") => match arguments.positional.into_iter().next().unwrap_or_default() {
                Value::Data(_, data) => Value::Data(Shape::IndexedRows, data),
                Value::List(items) => {
                    Value::List(items.into_iter().map(|item| Value::list(vec![Value::Unknown, item])).collect())
                }
                _ => Value::Unknown,
            },
            Some("zip") => {
                let items: Vec<Value<'w>> = arguments.positional.into_iter().map(|value| self.item_of(value)).collect();
                Value::list(vec![Value::list(items)])
            }
            Some("map") => {
                let mut given = arguments.positional.into_iter();
                let (function, over) = (given.next().unwrap_or_default(), given.next().unwrap_or_default());
                let item = self.item_of(over);
                let result = self.invoke(function, Arguments { positional: vec![item], ..Arguments::default() }, site);
                Value::list(vec![result])
            }
            Some(_) => Value::holding(Shape::Scalar, arguments.data()),
            None => {
                let data = arguments.data();
                // What a callable reference is given to may run it: `PythonOperator(python_callable=load)`.
                self.enter_references(&arguments);
                self.declared_data(&arguments, site);
                Value::Object(Object {
                    kind: path.to_owned(),
                    data,
                    made: Some(site.place.clone()),
                    ..Object::default()
                })
            }
        }
    }

    /// Enters the functions that a library call is handed and that nothing has entered.
    pub(super) fn enter_references(&mut self, arguments: &Arguments<'w>) {
        let functions: Vec<Function<'w>> = arguments
            .keywords
            .iter()
            .filter(|(name, _)| matches!(name.as_str(), "python_callable" | "target" | "func" | "function"))
            .filter_map(|(_, value)| if let Value::Function(function) = value { Some(*function) } else { None })
            .collect();
        for function in functions {
            let keywords = match arguments.keyword("op_kwargs").or_else(|| arguments.keyword("kwargs")) {
                Some(Value::Map(items)) => items.to_vec(),
                _ => Vec::new(),
            };
            let positional = match arguments.keyword("op_args").or_else(|| arguments.keyword("args")) {
                Some(Value::List(items)) => items.to_vec(),
                _ => Vec::new(),
            };
            // What ends a task does not end those that were written down before it.
            let result =
                self.apart(|own| own.enter(function, Arguments { positional, keywords, ..Arguments::default() }));
            if let Some(task) = arguments.keyword("task_id").and_then(Value::as_text) {
                self.parameters.insert(format!("kept.{}", task.text), result);
            }
        }
    }

    /// Follows a function of the repository; past the bounds, or in recursion, the result holds the data given.
    pub(super) fn enter(&mut self, function: Function<'w>, arguments: Arguments<'w>) -> Value<'w> {
        let key = function.key();
        let open = self.stack.len() >= CALLS || self.depth + 40 > DEPTH;
        if self.stack.contains(&key) || open {
            self.cuts += usize::from(open);
            return Value::holding(Shape::Frame, arguments.data());
        }
        self.import(function.module);
        self.look(function.module);
        let (here, cuts) = ((self.module, self.block, self.quiet), self.cuts);
        // A test calls what it tests with stubs: what happens there is told by the module itself.
        self.quiet |= self.in_tests && self.world.modules.get(function.module).is_some_and(|module| !module.in_tests);
        // What is entered quietly gives no facts, so it does not count as followed.
        if !self.quiet {
            self.followed.insert(key);
        }
        let question = self.question(function, &arguments);
        if let Some(result) = question.as_deref().and_then(|question| self.recall(question)) {
            self.quiet = here.2;
            return result;
        }
        self.stack.push(key);
        let outer = std::mem::take(&mut self.returned);
        (self.module, self.block) = (function.module, function.block);
        let around = (std::mem::replace(&mut self.rounds, 1), std::mem::take(&mut self.branching));
        let gate = self.open_gate();
        let scope = self.parameters(function, arguments);
        self.scopes.push(scope);
        self.run(&function.def.body);
        self.scopes.pop();
        (self.rounds, self.branching) = around;
        self.close_gate(gate);
        let result = std::mem::replace(&mut self.returned, outer);
        self.keep_task_result(function, &result);
        (self.module, self.block, _) = here;
        self.stack.pop();
        if let Some(question) = question {
            self.remember(question, &result, cuts);
        }
        self.quiet = here.2;
        result
    }

    /// Enters a function that nothing calls, with unknown arguments and its defaults.
    pub(super) fn enter_cold(&mut self, function: Function<'w>, class: Option<Class<'w>>) {
        let mut function = function;
        if let Some(class) = class {
            let instance = self.instantiate(class, Arguments::default());
            if let Value::Instance(number) = instance {
                function.receiver = Some(number);
            }
        }
        self.enter(function, Arguments::default());
    }

    fn parameters(&mut self, function: Function<'w>, arguments: Arguments<'w>) -> Scope<'w> {
        let parameters = &function.def.parameters;
        let mut scope = std::collections::BTreeMap::new();
        let is_static = function.is_marked("staticmethod");
        let mut positional = Vec::new();
        match (function.receiver, function.owner) {
            (_, Some(class)) if function.is_marked("classmethod") => positional.push(Value::Class(class)),
            (Some(receiver), _) if !is_static => positional.push(Value::Instance(receiver)),
            _ => {}
        }
        positional.extend(arguments.positional);
        let mut positional = positional.into_iter();
        let mut keywords = arguments.keywords;
        let take = |keywords: &mut Vec<(String, Value<'w>)>, name: &str| {
            keywords.iter().position(|(held, _)| held == name).map(|at| keywords.remove(at).1)
        };
        let by_position: Vec<&'w ParameterWithDefault> =
            parameters.posonlyargs.iter().chain(&parameters.args).collect();
        for parameter in by_position {
            let name = parameter.name().as_str();
            let given = positional.next().or_else(|| take(&mut keywords, name));
            let value = match given {
                Some(value) if !matches!(value, Value::Unknown) => value,
                _ => self.default(function, parameter),
            };
            scope.insert(name.to_owned(), value);
        }
        for parameter in &parameters.kwonlyargs {
            let name = parameter.name().as_str();
            let value = take(&mut keywords, name).unwrap_or_else(|| self.default(function, parameter));
            scope.insert(name.to_owned(), value);
        }
        if let Some(rest) = &parameters.vararg {
            scope.insert(rest.name.as_str().to_owned(), Value::List(positional.collect()));
        }
        if let Some(rest) = &parameters.kwarg {
            scope.insert(rest.name.as_str().to_owned(), Value::Map(keywords.into()));
        }
        self.scope(function.scope, scope)
    }

    fn default(&mut self, function: Function<'w>, parameter: &'w ParameterWithDefault) -> Value<'w> {
        let name = parameter.name().as_str();
        if let Some(value) = self.parameter(&format!("{}.{name}", function.def.name.as_str())) {
            return value.clone();
        }
        if let Some(asset) = self.upstream(function, name, parameter.annotation()) {
            return asset;
        }
        let scopes = std::mem::take(&mut self.scopes);
        let value = match parameter.default() {
            Some(default) => self.value(default),
            None => Value::Unknown,
        };
        self.scopes = scopes;
        match (value, parameter.annotation()) {
            // `def run(spark: SparkSession)`: the annotation is the type.
            (Value::Unknown, Some(annotation)) => match self.value(annotation) {
                Value::External(path) if !path.starts_with("builtins.") && !path.starts_with("typing.") => {
                    self.annotated(&path)
                }
                _ => Value::Unknown,
            },
            (value, _) => value,
        }
    }

    fn annotated(&self, path: &str) -> Value<'w> {
        // A frame from nowhere has no dataset to follow; sessions and clients have methods that do.
        let kind = match path.rsplit('.').next().unwrap_or_default() {
            "SparkSession" => "spark".to_owned(),
            "DataFrame" | "Series" => return Value::Unknown,
            _ => path.to_owned(),
        };
        Value::Object(Object { kind, ..Object::default() })
    }

    fn instantiate(&mut self, class: Class<'w>, arguments: Arguments<'w>) -> Value<'w> {
        let most = if self.base.is_some() { 10_000 } else { 500_000 };
        if self.heap.len() > most {
            return Value::Unknown;
        }
        let (fields, maker) = (std::collections::BTreeMap::new(), self.maker);
        let number = self.add_instance(Instance { class, fields, changes: 0, maker });
        match self.member(Value::Instance(number), "__init__") {
            Value::Function(function) => {
                self.enter(function, arguments);
            }
            // A dataclass, a settings or a pydantic class: keywords are fields.
            _ => {
                let named = self.declared(class).into_iter().zip(arguments.positional);
                if let Some(instance) = self.instance_mut(number) {
                    instance.fields.extend(named.map(|(name, value)| (name.to_owned(), value)));
                    instance.fields.extend(arguments.keywords);
                }
            }
        }
        Value::Instance(number)
    }

    /// The fields that a class declares, its parents' first: what a data class takes in this order.
    fn declared(&mut self, class: Class<'w>) -> Vec<&'w str> {
        let mut parents = vec![class];
        while let Some(last) = parents.last().copied().filter(|_| parents.len() < 8) {
            let here = (self.module, self.block);
            (self.module, self.block) = (last.module, last.block);
            self.look(last.module);
            let parent = last.def.bases().iter().find_map(|base| match self.value(base) {
                Value::Class(parent) => Some(parent),
                _ => None,
            });
            (self.module, self.block) = here;
            match parent {
                Some(parent) => parents.push(parent),
                None => break,
            }
        }
        let fields = parents.iter().rev().flat_map(|class| &class.def.body).filter_map(|statement| match statement {
            ruff_python_ast::Stmt::AnnAssign(assign) => match &*assign.target {
                Expr::Name(name) => Some(name.id.as_str()),
                _ => None,
            },
            _ => None,
        });
        fields.collect()
    }

    /// `argparse` and widgets: defaults of arguments are their values.
    fn command_line(&mut self, object: &Object<'w>, name: &str, arguments: &Arguments<'w>) -> Option<Value<'w>> {
        if object.kind == "dbutils.widgets" && matches!(name, "get" | "getArgument") {
            let widget = arguments.positional.first().and_then(Value::as_text)?;
            let hole = || Value::Text(super::value::Text::hole(&widget.text, Default::default()));
            return Some(self.parameter(&format!("widget.{}", widget.text)).cloned().unwrap_or_else(hole));
        }
        if !object.kind.starts_with("argparse.") {
            return None;
        }
        match name {
            "add_argument" => {
                let names: Vec<String> = arguments.positional.iter().flat_map(Value::words).collect();
                let name = names.iter().find(|name| name.starts_with("--")).or(names.first())?;
                let name = arguments
                    .keyword("dest")
                    .and_then(Value::as_text)
                    .map_or_else(|| name.trim_start_matches('-').replace('-', "_"), |dest| dest.text.clone());
                let value = match arguments.keyword("default") {
                    Some(Value::None | Value::Unknown) | None => {
                        Value::Text(super::value::Text::hole(&name, Default::default()))
                    }
                    Some(value) => value.clone(),
                };
                self.parameters.insert(format!("argparse.{name}"), value);
                Some(Value::None)
            }
            "parse_args" | "parse_known_args" => {
                let fields = self
                    .parameters
                    .iter()
                    .filter_map(|(name, value)| {
                        name.strip_prefix("argparse.").map(|name| (name.to_owned(), value.clone()))
                    })
                    .collect();
                let parsed =
                    Value::Object(Object { kind: "argparse.Namespace".to_owned(), fields, ..Object::default() });
                Some(if name == "parse_args" { parsed } else { Value::list(vec![parsed, Value::Unknown]) })
            }
            "add_argument_group" | "add_mutually_exclusive_group" => Some(Value::Object(object.clone())),
            _ => None,
        }
    }
}

impl Function<'_> {
    /// Whether the plain decorator `name` stands on it.
    pub(super) fn is_marked(&self, name: &str) -> bool {
        self.def.decorator_list.iter().any(|decorator| match &decorator.expression {
            Expr::Name(held) => held.id.as_str() == name,
            Expr::Attribute(held) => held.attr.as_str() == name,
            _ => false,
        })
    }
}
