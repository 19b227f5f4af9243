//! Expressions: constants, attributes, subscripts, comprehensions.

use aedile_model::Protection;
use ruff_python_ast::{
    Comprehension, Expr, ExprAttribute, ExprSubscript, FStringPart, InterpolatedStringElement, Number, Operator,
    UnaryOp,
};
use ruff_text_size::Ranged;

use super::interpret::Interpreter;
use super::statement::text_or_hole;
use super::value::{Class, Object, Shape, Text, Value};
use crate::code::flow::Data;
use crate::code::origin::{Offsets, Origin};

impl<'w> Interpreter<'w> {
    /// What is known of `expression`.
    pub(super) fn value(&mut self, expression: &'w Expr) -> Value<'w> {
        if !self.spend() {
            return Value::Unknown;
        }
        self.depth += 1;
        let value = match expression {
            // What a name holds was bounded when it was made.
            Expr::Name(_) | Expr::StringLiteral(_) => self.value_within(expression),
            _ => self.value_within(expression).bounded(),
        };
        self.depth -= 1;
        value
    }

    fn value_within(&mut self, expression: &'w Expr) -> Value<'w> {
        match expression {
            Expr::StringLiteral(literal) => {
                let mut text = Text::default();
                for part in &literal.value {
                    text.push(&self.literal(part.as_str(), part.content_range()));
                }
                Value::Text(text)
            }
            Expr::FString(literal) => {
                let mut texts = vec![Text::default()];
                for part in &literal.value {
                    match part {
                        FStringPart::Literal(part) => {
                            let piece = self.literal(part.as_str(), part.content_range());
                            texts.iter_mut().for_each(|text| text.push(&piece));
                        }
                        FStringPart::FString(part) => {
                            for element in &part.elements {
                                let pieces = self.element(element, texts.len());
                                texts = pairs(&texts, &pieces);
                            }
                        }
                    }
                }
                texts.into_iter().map(Value::Text).reduce(|a, b| a.either(b, "value")).unwrap_or_default()
            }
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(number) => number.as_i64().map_or(Value::Unknown, Value::Int),
                Number::Float(_) | Number::Complex { .. } => Value::Unknown,
            },
            Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
            Expr::NoneLiteral(_) => Value::None,
            Expr::Name(name) => match self.name(name.id.as_str()) {
                Some(value) => value.clone(),
                None => predefined(name.id.as_str()),
            },
            Expr::Attribute(attribute) => self.attribute(attribute),
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::Call(call) => self.call(call, expression),
            Expr::BinOp(binary) => self.binary(&binary.left, binary.op, &binary.right),
            Expr::BoolOp(boolean) => {
                boolean.values.iter().map(|value| self.value(value)).fold(Value::Unknown, super::gate::joined)
            }
            Expr::UnaryOp(unary) => match (unary.op, self.value(&unary.operand)) {
                (UnaryOp::USub, Value::Int(number)) => number.checked_neg().map_or(Value::Unknown, Value::Int),
                (UnaryOp::Not, Value::Object(held)) if held.kind == super::gate::CONDITION => Value::Object(held),
                (UnaryOp::Not, _) => Value::Unknown,
                (_, value) => value,
            },
            Expr::If(choice) => {
                let held = self.value(&choice.body);
                let other = self.value(&choice.orelse);
                held.either(other, "value")
            }
            Expr::Named(named) => {
                let value = self.value(&named.value);
                self.assign(&named.target, value.clone());
                value
            }
            Expr::Dict(dict) => {
                let mut items = Vec::new();
                for item in &dict.items {
                    let value = self.value(&item.value);
                    match item.key.as_ref().map(|key| self.value(key)) {
                        Some(Value::Text(key)) => items.push((key.text, value)),
                        Some(_) => items.push((String::new(), value)),
                        // `**other`
                        None => match value {
                            Value::Map(more) => items.extend(more),
                            other => items.push((String::new(), other)),
                        },
                    }
                }
                Value::Map(items.into())
            }
            Expr::List(list) => self.items(&list.elts),
            Expr::Tuple(tuple) => self.items(&tuple.elts),
            Expr::Set(set) => self.items(&set.elts),
            Expr::ListComp(list) => self.comprehension(&list.elt, &list.generators),
            Expr::SetComp(set) => self.comprehension(&set.elt, &set.generators),
            Expr::Generator(generator) => self.comprehension(&generator.elt, &generator.generators),
            Expr::DictComp(dict) => match &dict.key {
                Some(key) => self.mapping(key, &dict.value, &dict.generators),
                None => self.comprehension(&dict.value, &dict.generators),
            },
            Expr::Await(awaited) => self.value(&awaited.value),
            Expr::Yield(given) => {
                let value = given.value.as_ref().map_or(Value::Unknown, |value| self.value(value));
                let held = std::mem::take(&mut self.returned);
                self.returned = held.either(value, "yielded");
                Value::Unknown
            }
            Expr::YieldFrom(given) => self.value(&given.value),
            Expr::Starred(starred) => self.value(&starred.value),
            Expr::Lambda(lambda) => Value::Lambda(lambda),
            // A comparison gives truth values: a filter, not the data.
            Expr::Compare(compare) => self.comparison(compare),
            Expr::IpyEscapeCommand(command) => {
                let at = self.at();
                self.escape(command.kind, &command.value, &at, command.range.start().to_usize())
            }
            Expr::Slice(_) | Expr::TString(_) | Expr::BytesLiteral(_) | Expr::EllipsisLiteral(_) => Value::Unknown,
        }
    }

    /// A piece of a string literal; its offsets are known where it has no escapes.
    fn literal(&self, text: &str, range: ruff_text_size::TextRange) -> Text {
        let (start, len) = (range.start().to_usize(), range.len().to_usize());
        let at = self.at();
        let offsets = if len == text.len() {
            Offsets::piece(Origin { base: at.base + start, ..at }, text.len().max(1))
        } else {
            Offsets::default()
        };
        Text { text: text.to_owned(), offsets, ..Text::default() }
    }

    /// What stands in braces, or between them: the texts that it may be, so few that with `held` others they are at
    /// most [`Value::MOST`].
    fn element(&mut self, element: &'w InterpolatedStringElement, held: usize) -> Vec<Text> {
        match element {
            InterpolatedStringElement::Literal(literal) => {
                let mut text = self.literal(&literal.value, literal.range());
                // `{{` is one brace and shifts what follows it.
                if literal.value.contains(['{', '}']) {
                    text.offsets = Offsets::default();
                }
                vec![text]
            }
            InterpolatedStringElement::Interpolation(interpolation) => {
                let name = self.source(&*interpolation.expression).to_owned();
                let value = self.value(&interpolation.expression);
                match value {
                    Value::Either(items) if items.len() * held <= Value::MOST => {
                        items.into_iter().map(|item| text_or_hole(item, &hole_name(&name))).collect()
                    }
                    value => vec![text_or_hole(value, &hole_name(&name))],
                }
            }
        }
    }

    fn items(&mut self, items: &'w [Expr]) -> Value<'w> {
        let mut values = Vec::new();
        for item in items {
            let value = self.value(item);
            match (item, value) {
                (Expr::Starred(_), Value::List(more)) => values.extend(more),
                (_, value) => values.push(value),
            }
        }
        Value::list(values)
    }

    fn comprehension(&mut self, element: &'w Expr, generators: &'w [Comprehension]) -> Value<'w> {
        self.rounds(generators, |interpreter, known| match (known, interpreter.value(element)) {
            (false, Value::Data(_, data)) => Value::Data(Shape::Rows, data),
            (_, value) => Value::list(vec![value]),
        })
    }

    fn mapping(&mut self, key: &'w Expr, value: &'w Expr, generators: &'w [Comprehension]) -> Value<'w> {
        self.rounds(generators, |interpreter, known| {
            let key = interpreter.value(key);
            match (key, interpreter.value(value)) {
                (Value::Text(key), value) => Value::Map(vec![(key.text, value)].into()),
                (_, Value::Data(_, data)) if !known => Value::Data(Shape::Rows, data),
                (_, value) => Value::list(vec![value]),
            }
        })
    }

    /// What `each` gives for every item of the generators together: over a known list item by item, which `each` is told.
    fn rounds(
        &mut self,
        generators: &'w [Comprehension],
        mut each: impl FnMut(&mut Self, bool) -> Value<'w>,
    ) -> Value<'w> {
        let scope = self.scope(self.here(), std::collections::BTreeMap::new());
        self.scopes.push(scope);
        let value = match generators {
            [generator] => {
                let over = self.value(&generator.iter);
                match items_of(&over).filter(|items| items.len() <= 64) {
                    Some(items) => {
                        let mut all = Vec::new();
                        let mut map = Vec::new();
                        for item in items {
                            self.assign(&generator.target, item);
                            generator.ifs.iter().for_each(|test| {
                                self.value(test);
                            });
                            match each(self, true) {
                                Value::List(more) => all.extend(more),
                                Value::Map(more) => map.extend(more),
                                other => all.push(other),
                            }
                        }
                        if all.is_empty() && !map.is_empty() { Value::Map(map.into()) } else { Value::list(all) }
                    }
                    None => {
                        let item = self.item_of(over);
                        self.assign(&generator.target, item);
                        each(self, false)
                    }
                }
            }
            several => {
                for generator in several {
                    let over = self.value(&generator.iter);
                    let item = self.item_of(over);
                    self.assign(&generator.target, item);
                }
                each(self, false)
            }
        };
        self.scopes.pop();
        value
    }

    pub(super) fn binary(&mut self, left: &'w Expr, op: Operator, right: &'w Expr) -> Value<'w> {
        match op {
            Operator::RShift => return self.follows(left, right),
            Operator::LShift => return self.follows(right, left),
            _ => {}
        }
        let (a, b) = (self.value(left), self.value(right));
        if matches!(a, Value::Either(_)) || matches!(b, Value::Either(_)) {
            let (a, b) = (a.clone().alternatives(), b.clone().alternatives());
            if a.len() * b.len() <= Value::MOST {
                let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a.clone(), b.clone())));
                let pairs: Vec<(Value<'w>, Value<'w>)> = pairs.collect();
                let results = pairs.into_iter().map(|(a, b)| self.operated(op, (left, a), (right, b)));
                return results.reduce(|a, b| a.either(b, "value")).unwrap_or_default();
            }
        }
        self.operated(op, (left, a), (right, b))
    }

    fn operated(&self, op: Operator, (left, a): (&'w Expr, Value<'w>), (right, b): (&'w Expr, Value<'w>)) -> Value<'w> {
        match (op, a, b) {
            (Operator::Add, Value::Int(a), Value::Int(b)) => a.checked_add(b).map_or(Value::Unknown, Value::Int),
            (Operator::Add, Value::List(mut a), Value::List(b)) => {
                a.extend(b);
                Value::List(a)
            }
            (Operator::Add, a @ Value::Text(_), b) | (Operator::Add, a, b @ Value::Text(_)) => {
                let mut text = text_or_hole(a, &hole_name(self.source(left)));
                text.push(&text_or_hole(b, &hole_name(self.source(right))));
                Value::Text(text)
            }
            (Operator::Div, Value::Object(path), b) if path.kind == super::string::PATH => {
                let base = text_or_hole(path.fields.get("path").cloned().unwrap_or_default(), "path");
                let name = text_or_hole(b, &hole_name(self.source(right)));
                super::string::path(super::string::join_path([base, name]))
            }
            (Operator::Mod, Value::Text(format), b) => Value::Text(super::string::percent(&format, b)),
            (Operator::BitOr, Value::Map(mut a), Value::Map(b)) => {
                a.extend(b);
                Value::Map(a)
            }
            // `X + y` over columns, and every other operator on data.
            (_, Value::Expression(mut a), b) | (_, b, Value::Expression(mut a)) => {
                match b {
                    Value::Expression(b) => a.columns.extend(b.columns),
                    b => a.data.join(&b.data()),
                }
                a.alias = None;
                Value::Expression(a)
            }
            (_, a, b) => {
                let mut data = a.data();
                data.join(&b.data());
                let shape = if let Value::Data(shape, _) = &a { *shape } else { Shape::Scalar };
                Value::holding(shape, data)
            }
        }
    }

    fn attribute(&mut self, attribute: &'w ExprAttribute) -> Value<'w> {
        let owner = self.value(&attribute.value);
        let name = attribute.attr.as_str();
        match owner {
            Value::Data(shape, data) => self.data_attribute(shape, data, name, attribute),
            Value::Either(items) => {
                let each = items.into_iter().map(|item| self.member(item, name));
                each.reduce(|a, b| a.either(b, name)).unwrap_or_default()
            }
            other => match self.member(other, name) {
                Value::Function(function)
                    if function.receiver.is_some()
                        && (function.is_marked("property") || function.is_marked("cached_property")) =>
                {
                    self.enter(function, super::argument::Arguments::default())
                }
                value => value,
            },
        }
    }

    fn data_attribute(&mut self, shape: Shape, data: Data, name: &str, attribute: &'w ExprAttribute) -> Value<'w> {
        if METADATA.contains(&name) {
            return Value::Unknown;
        }
        if PASSING.contains(&name) {
            return Value::Data(shape, data);
        }
        if let Some(api) = self.world.apis.lookup(&format!("<{}>.{name}", shape.word()))
            && api.effect == aedile_rules::Effect::Make
            && let Some(kind) = &api.returns
        {
            return Value::Object(Object {
                kind: kind.clone(),
                data,
                made: Some(self.place(attribute)),
                ..Object::default()
            });
        }
        match shape {
            // Parts of a date say less than the date.
            Shape::Column | Shape::Scalar if DATE_PARTS.contains(&name) => {
                let mut data = data;
                data.protect(Protection::Truncated);
                Value::Data(shape, data)
            }
            Shape::Frame | Shape::Row | Shape::Grouped => {
                let column = data.column(name);
                let inner = if shape == Shape::Row { Shape::Scalar } else { Shape::Column };
                Value::holding(inner, column)
            }
            _ => Value::Data(shape, data),
        }
    }

    /// The attribute `name` of `owner`.
    pub(super) fn member(&mut self, owner: Value<'w>, name: &str) -> Value<'w> {
        match owner {
            Value::External(path) => Value::External(format!("{path}.{name}")),
            Value::Module(number) => self.name_of(number, name),
            Value::Class(class) => self.class_member(class, name, None),
            Value::Instance(number) => {
                let Some(instance) = self.instance(number) else { return Value::Unknown };
                match instance.fields.get(name) {
                    Some(value) => value.clone(),
                    None => {
                        let class = instance.class;
                        self.class_member(class, name, Some(number))
                    }
                }
            }
            Value::Object(object) => {
                if object.kind == super::string::PATH {
                    return super::string::path_attribute(&object, name);
                }
                if let Some(api) = self.world.apis.lookup(&format!("<{}>.{name}", object.kind))
                    && api.effect == aedile_rules::Effect::Make
                    && let Some(kind) = &api.returns
                {
                    return Value::Object(Object { kind: kind.clone(), ..object });
                }
                match object.fields.get(name) {
                    Some(value) => value.clone(),
                    None if !object.data.is_empty() => Value::Data(Shape::Scalar, object.data),
                    // A chain of attributes of a client (`client.chat.completions`) is a longer type.
                    None => Value::Object(Object { kind: format!("{}.{name}", object.kind), ..object }),
                }
            }
            Value::Map(items) => {
                items.into_iter().find(|(key, _)| key == name).map_or(Value::Unknown, |(_, value)| value)
            }
            Value::Text(text) => Value::Text(text),
            Value::Expression(mut expression) => {
                if DATE_PARTS.contains(&name) {
                    expression.columns.values_mut().for_each(|rung| *rung = (*rung).max(Protection::Truncated));
                }
                Value::Expression(expression)
            }
            _ => Value::Unknown,
        }
    }

    /// The member `name` of a class: a method, or a constant of its body, of it or its parents.
    fn class_member(&mut self, class: Class<'w>, name: &str, receiver: Option<usize>) -> Value<'w> {
        self.class_member_within(class, name, receiver, 0)
    }

    fn class_member_within(
        &mut self,
        class: Class<'w>,
        name: &str,
        receiver: Option<usize>,
        level: usize,
    ) -> Value<'w> {
        use ruff_python_ast::Stmt;
        let here = (self.module, self.block);
        (self.module, self.block) = (class.module, class.block);
        self.import(class.module);
        self.look(class.module);
        let mut found = Value::Unknown;
        for statement in &class.def.body {
            match statement {
                Stmt::FunctionDef(def) if def.name.as_str() == name => {
                    found = Value::Function(super::value::Function {
                        def,
                        module: class.module,
                        block: class.block,
                        receiver,
                        owner: Some(class),
                        scope: None,
                    });
                }
                Stmt::Assign(assign) if assign.targets.iter().any(|target| is_name(target, name)) => {
                    found = self.value(&assign.value)
                }
                Stmt::AnnAssign(assign) if is_name(&assign.target, name) => {
                    found = assign.value.as_ref().map_or(Value::Unknown, |value| self.value(value));
                }
                _ => {}
            }
        }
        if matches!(found, Value::Unknown) && level < 8 {
            for base in class.def.bases() {
                if let Value::Class(parent) = self.value(base) {
                    found = self.class_member_within(parent, name, receiver, level + 1);
                }
                if !matches!(found, Value::Unknown) {
                    break;
                }
            }
        }
        (self.module, self.block) = here;
        found
    }

    fn subscript(&mut self, subscript: &'w ExprSubscript) -> Value<'w> {
        let owner = self.value(&subscript.value);
        let key = self.value(&subscript.slice);
        // `d["zip"].str[:3]`, `row["zip"][:3]`: a text is cut down.
        if let Expr::Slice(_) = &*subscript.slice {
            let by_text = matches!(&*subscript.value, Expr::Attribute(attribute) if attribute.attr.as_str() == "str");
            match owner {
                Value::Data(shape, mut data) if by_text || shape == Shape::Scalar => {
                    data.protect(Protection::Truncated);
                    return Value::Data(shape, data);
                }
                owner => return self.item(owner, key, subscript),
            }
        }
        let by = match &owner {
            Value::Data(Shape::Frame, data) => self.mask(subscript, &key, data),
            _ => None,
        };
        match (self.item(owner, key, subscript), by) {
            (Value::Data(shape, mut data), Some(by)) => {
                data.filter(&by);
                Value::Data(shape, data)
            }
            (item, _) => item,
        }
    }

    /// The rule of what a value of that type gives for a key.
    fn getter(&self, kind: &str) -> Option<&'w aedile_rules::Api> {
        self.world.apis.lookup(&format!("<{kind}>.__getitem__"))
    }

    fn item(&mut self, owner: Value<'w>, key: Value<'w>, subscript: &'w ExprSubscript) -> Value<'w> {
        match (owner, key) {
            (Value::Data(Shape::Grouped, data), key) if !key.words().is_empty() => {
                let mut names = key.words();
                names.extend(data.keys.iter().cloned());
                Value::holding(Shape::Grouped, data.select(&names))
            }
            (Value::Data(shape @ (Shape::Frame | Shape::Row | Shape::Grouped), data), key) => {
                let mut data = data;
                match key {
                    Value::Text(name) if !name.holes => {
                        let shape = if shape == Shape::Row { Shape::Scalar } else { Shape::Column };
                        Value::holding(shape, data.column(&name.text))
                    }
                    // `df.loc[rows, columns]`, `df[["a", "b"]]`.
                    Value::List(items) if matches!(items.as_slice(), [_, Value::Text(_)]) && located(subscript) => {
                        let names: Vec<String> = items.last().map(Value::words).unwrap_or_default();
                        let inner = if shape == Shape::Row { Shape::Scalar } else { Shape::Column };
                        Value::holding(inner, data.select(&names))
                    }
                    Value::List(items) => {
                        let columns = if located(subscript) {
                            items.last().map(Value::words).unwrap_or_default()
                        } else {
                            items.iter().flat_map(Value::words).collect()
                        };
                        if columns.is_empty() {
                            return Value::Data(shape, data);
                        }
                        data = data.select(&columns);
                        data.step(self.place(subscript));
                        Value::holding(shape, data)
                    }
                    _ => Value::Data(shape, data),
                }
            }
            (Value::Data(Shape::Rows, data), _) => Value::Data(Shape::Row, data),
            (Value::Data(shape, data), _) => Value::Data(shape, data),
            (owner @ Value::Map(_), Value::Text(key)) => {
                owner.member(&key.text).cloned().unwrap_or_else(|| Value::holding(Shape::Scalar, owner.data()))
            }
            (Value::List(items), Value::Int(at)) => {
                let at =
                    if at < 0 { items.len().checked_sub(at.unsigned_abs() as usize) } else { usize::try_from(at).ok() };
                at.and_then(|at| items.into_iter().nth(at)).unwrap_or_default()
            }
            (Value::External(path), Value::Text(key)) if path == "os.environ" => {
                Value::Text(Text::hole(&key.text, Data::default()))
            }
            // `client["database"]["collection"]`
            (Value::Object(object), Value::Text(key)) if self.getter(&object.kind).is_some() => {
                let Some(api) = self.getter(&object.kind) else { return Value::Unknown };
                let site = super::call::Site { place: self.place(subscript), receiver: None };
                let positional = vec![Value::Text(key)];
                let arguments = super::argument::Arguments { positional, ..super::argument::Arguments::default() };
                self.apply(api, Value::Object(object), arguments, &site)
            }
            (Value::Object(object), Value::Text(key)) => match object.fields.get(&key.text) {
                Some(value) => value.clone(),
                None if !object.data.is_empty() => Value::holding(Shape::Scalar, object.data),
                None => Value::Unknown,
            },
            // `F.col("a")["b"]`, `df_unknown["email"]`.
            (Value::Expression(expression), _) => Value::Expression(expression),
            (Value::Text(text), _) if !text.data.is_empty() => Value::Data(Shape::Scalar, text.data),
            (owner, _) => Value::holding(Shape::Scalar, owner.data()),
        }
    }
}

impl Shape {
    /// The word of the shape in the catalog's types.
    pub(super) fn word(self) -> &'static str {
        match self {
            Shape::Frame => "frame",
            Shape::Grouped => "grouped",
            Shape::Column => "column",
            Shape::Row => "row",
            Shape::Rows => "rows",
            Shape::IndexedRows => "rows",
            Shape::Scalar => "scalar",
        }
    }
}

/// A hole's name: the expression if it is short, else a question mark.
pub(super) fn hole_name(source: &str) -> String {
    let plain = source.len() <= 40
        && !source.is_empty()
        && source.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    if plain { source.to_owned() } else { "?".to_owned() }
}

fn is_name(target: &Expr, name: &str) -> bool {
    matches!(target, Expr::Name(held) if held.id.as_str() == name)
}

/// Names that notebooks have without importing them, and builtins.
fn predefined<'w>(name: &str) -> Value<'w> {
    let kind = match name {
        "spark" | "sqlContext" | "sqlc" => "spark",
        "dbutils" | "mssparkutils" => "dbutils",
        _ => return Value::External(format!("builtins.{name}")),
    };
    Value::Object(Object { kind: kind.to_owned(), ..Object::default() })
}

/// Whether the subscript is one of rows and columns.
pub(super) fn located(subscript: &ExprSubscript) -> bool {
    matches!(&*subscript.value, Expr::Attribute(attribute) if matches!(attribute.attr.as_str(), "loc" | "iloc" | "at" | "iat"))
}

/// Every text with every piece behind it.
fn pairs(texts: &[Text], pieces: &[Text]) -> Vec<Text> {
    let with = |text: &Text, piece: &Text| {
        let mut text = text.clone();
        text.push(piece);
        text
    };
    texts.iter().flat_map(|text| pieces.iter().map(move |piece| with(text, piece))).collect()
}

/// The items of a list or the keys of a mapping, where they are known.
pub(super) fn items_of<'w>(value: &Value<'w>) -> Option<Vec<Value<'w>>> {
    match value {
        Value::List(items) => Some(items.to_vec()),
        Value::Map(items) => Some(items.iter().map(|(key, _)| Value::text(key.clone())).collect()),
        _ => None,
    }
}

/// Parts of a date.
const DATE_PARTS: [&str; 9] =
    ["year", "month", "day", "quarter", "week", "weekday", "dayofweek", "day_name", "month_name"];

/// What of a frame says nothing about its values.
const METADATA: [&str; 12] = [
    "columns",
    "dtype",
    "dtypes",
    "empty",
    "index",
    "isStreaming",
    "ndim",
    "nbytes",
    "schema",
    "shape",
    "size",
    "width",
];

/// What of a frame is the frame again.
const PASSING: [&str; 11] = ["T", "at", "cat", "dt", "iat", "iloc", "loc", "na", "rdd", "str", "values"];
