//! The frame algebra: what operations do to the columns that a value holds.

use aedile_model::Protection;
use aedile_rules::{Api, FrameOp};

use super::apply::Fields;
use super::argument::Arguments;
use super::call::Site;
use super::column::{alias, column_expression, name_of};
use super::interpret::Interpreter;
use super::string::text_of;
use super::value::{ColumnExpression, Shape, Text, Value};
use crate::code::flow::{Data, Part};

/// Aggregations that give a value of the group itself, so that nothing is hidden.
const KEEPING: [&str; 13] = [
    "max",
    "min",
    "first",
    "last",
    "any_value",
    "mode",
    "list",
    "unique",
    "collect_list",
    "collect_set",
    "array_agg",
    "nth",
    "sample",
];

impl<'w> Interpreter<'w> {
    /// The frame that the call makes from its receiver.
    pub(super) fn frame(
        &mut self,
        api: &'w Api,
        receiver: Value<'w>,
        arguments: Arguments<'w>,
        fields: Fields<'w>,
        site: &Site<'w>,
    ) -> Value<'w> {
        let Some(op) = api.frame else { return Value::Unknown };
        let (shape, mut data) = match &receiver {
            Value::Data(shape, data) => (*shape, data.clone()),
            Value::Object(object) if !object.data.is_empty() => (Shape::Frame, object.data.clone()),
            _ => (Shape::Frame, Data::default()),
        };
        let words = fields.get("columns").map(Value::words).unwrap_or_default();
        match op {
            FrameOp::Column => return column_expression(api, &fields, &arguments),
            FrameOp::Alias => return alias(receiver, fields.get("name").and_then(text_of).map(|text| text.text)),
            FrameOp::Metadata => return Value::Unknown,
            FrameOp::Literal => return Value::Expression(ColumnExpression::default()),
            FrameOp::Case => {
                let value = fields.get("value").cloned().unwrap_or_default();
                return match (receiver, value) {
                    (Value::Expression(mut held), Value::Expression(more)) => {
                        held.columns.extend(more.columns);
                        Value::Expression(held)
                    }
                    (held @ Value::Expression(_), _) => held,
                    (_, value @ (Value::Expression(_) | Value::Data(..))) => value,
                    _ => Value::Expression(ColumnExpression::default()),
                };
            }
            FrameOp::Except => {
                let mut expression = match receiver {
                    Value::Expression(expression) => expression,
                    _ => ColumnExpression { star: true, ..ColumnExpression::default() },
                };
                expression.except.extend(arguments.all().flat_map(Value::words));
                return Value::Expression(expression);
            }
            FrameOp::Function => {
                return match fields.get("function") {
                    Some(given @ (Value::Function(_) | Value::Lambda(_))) => super::column::function(given.clone()),
                    _ => Value::Unknown,
                };
            }
            FrameOp::Sql => {
                if let Value::Data(..) = receiver {
                    let texts: Vec<String> = arguments.all().flat_map(Value::words).collect();
                    data = self.sql_columns(&Text::plain(texts.join(", ")), Some(&data), site);
                } else {
                    let text = arguments.positional.first().and_then(text_of).unwrap_or_default();
                    return Value::Expression(self.sql_column(&text, site));
                }
            }
            FrameOp::Build => return self.built(&fields, &arguments, site),
            FrameOp::Pop => {
                let name = fields.get("name").map(Value::words).unwrap_or_default();
                if let Some(target) = site.receiver {
                    self.change(target, |held| held.drop(&name));
                }
                return Value::holding(Shape::Column, data.select(&name));
            }
            FrameOp::Insert => {
                if let (Some(name), Some(target)) = (fields.get("name").and_then(text_of), site.receiver) {
                    let value = self.bound(fields.get("value").cloned().unwrap_or_default(), &data);
                    let place = site.place.clone();
                    self.change(target, |held| {
                        held.assign(&name.text, &value);
                        held.step(place);
                    });
                }
                return Value::None;
            }
            FrameOp::Count => {
                let keys = data.keys.clone();
                return match shape {
                    Shape::Grouped => Value::holding(Shape::Frame, stepped(data.select(&keys), site)),
                    _ => Value::Unknown,
                };
            }
            FrameOp::Pipe => {
                let mut given = arguments.positional.into_iter();
                let function = given.next().or_else(|| fields.get("function").cloned()).unwrap_or_default();
                // A list of fields in a tuple: `(function, "name of the frame's argument")`.
                let positional = std::iter::once(Value::Data(shape, data.clone())).chain(given).collect();
                let keywords = arguments.keywords;
                let result = match function {
                    Value::Lambda(_) | Value::Function(_) | Value::Partial(_) => {
                        self.invoke(function, Arguments { positional, keywords, ..Arguments::default() }, site)
                    }
                    _ => return receiver,
                };
                return match (api.returns.as_deref(), result) {
                    // What a sink of a stream gives back is the writer.
                    (Some("same"), _) => receiver,
                    (_, result) => Value::holding(Shape::Frame, stepped(result.data(), site)),
                };
            }
            FrameOp::Filter => {
                let by_list = arguments.keyword("items").or(arguments.positional.first());
                let names =
                    by_list.filter(|value| matches!(value, Value::List(_))).map(Value::words).unwrap_or_default();
                if arguments.keyword("like").is_some() || arguments.keyword("regex").is_some() {
                    data = some_of(&data);
                } else if !names.is_empty() {
                    data = data.select(&names);
                } else if let Value::Expression(_) = receiver {
                    return receiver;
                } else {
                    self.chosen(&mut data, &arguments);
                }
            }
            FrameOp::Where => {
                if let Value::Expression(_) = receiver {
                    return receiver;
                }
                if data.is_empty() {
                    return self.passed(receiver, &arguments);
                }
                match words.is_empty() {
                    true => self.chosen(&mut data, &arguments),
                    false => data.filter(&data.select(&words)),
                }
            }
            FrameOp::Melt => data = melted(&data, &fields),
            FrameOp::Pivot => {
                if data.is_empty() {
                    data = fields.get("frame").map(Value::data).unwrap_or_default();
                }
                let role = |name: &str| fields.get(name).map(Value::words).unwrap_or_default();
                let (mut names, values) = ([role("index"), role("columns")].concat(), role("values"));
                let how = fields.get("function").map(Value::words).unwrap_or_default();
                let rung = match how.iter().any(|how| KEEPING.contains(&how.as_str())) {
                    true => Protection::None,
                    false => api.protection.unwrap_or_default(),
                };
                if !values.is_empty() {
                    names.extend(values);
                    data = data.select(&names);
                }
                data.keys = [role("index"), role("columns")].concat();
                if rung == Protection::None { data.keys.clear() } else { data.aggregate() }
            }
            FrameOp::Pass => {
                return if let Value::Expression(_) = receiver { receiver } else { self.passed(receiver, &arguments) };
            }
            FrameOp::View => {
                if let Some(name) = fields.get("name").and_then(text_of) {
                    data.join(&fields.get("data").map(Value::data).unwrap_or_default());
                    if !data.is_empty() {
                        self.views.insert(name.text.to_lowercase(), data);
                    }
                }
                return Value::None;
            }
            FrameOp::Select => data = self.select(&data, &arguments, &words),
            FrameOp::Drop => {
                // `drop(labels, axis=1)`: without an axis or `columns=`, pandas drops rows.
                let of_rows = match fields.get("axis") {
                    Some(Value::Int(axis)) => *axis == 0,
                    Some(Value::Text(axis)) => matches!(axis.text.as_str(), "index" | "rows"),
                    _ => false,
                };
                if of_rows && arguments.keyword("columns").is_none() {
                    return receiver;
                }
                let mut all = words;
                all.extend(arguments.positional.iter().flat_map(Value::words));
                data.drop(&all);
            }
            FrameOp::Rename => rename(&mut data, &fields),
            FrameOp::Assign => {
                let mut pairs = arguments.keywords.clone();
                for value in &arguments.positional {
                    match value {
                        Value::Map(items) => pairs.extend(items.iter().cloned()),
                        Value::List(items) => pairs.extend(items.iter().filter_map(named)),
                        other => pairs.extend(named(other)),
                    }
                }
                for (name, value) in pairs {
                    let value = self.computed(value, &data, site);
                    data.assign(&name, &value);
                }
            }
            FrameOp::WithColumn => {
                if let (Some(name), Some(value)) = (fields.get("name").and_then(text_of), fields.get("value").cloned())
                {
                    let value = self.computed(value, &data, site);
                    data.assign(&name.text, &value);
                }
            }
            FrameOp::Join => {
                data.join(&fields.get("other").map(Value::data).unwrap_or_default());
            }
            FrameOp::Concat => {
                for role in ["frames", "other"] {
                    data.join(&fields.get(role).map(Value::data).unwrap_or_default());
                }
            }
            FrameOp::Group => {
                // The keys stay as they are; what is aggregated later is the rest.
                let mut keys = fields.get("columns").map(Value::words).unwrap_or_default();
                keys.extend(arguments.positional.iter().skip(1).flat_map(Value::words));
                data.keys.extend(keys);
                return Value::holding(Shape::Grouped, data);
            }
            FrameOp::Aggregate => {
                if let Value::Expression(mut expression) = receiver {
                    expression.columns.values_mut().for_each(|rung| *rung = Protection::Aggregated);
                    expression.data.protect(Protection::Aggregated);
                    return Value::Expression(expression);
                }
                if shape != Shape::Grouped {
                    data.protect(Protection::Aggregated);
                    return Value::holding(Shape::Scalar, data);
                }
                // `grouped.sum("income")`
                let names: Vec<String> = arguments.positional.iter().flat_map(Value::words).collect();
                if !names.is_empty() {
                    data = data.select(&[names, data.keys.clone()].concat());
                }
                data.aggregate();
                return Value::holding(Shape::Frame, data);
            }
            FrameOp::Summarise => data = self.summarise(&data, &arguments),
            FrameOp::Apply => {
                let function = fields.get("function").cloned().unwrap_or_default();
                if let Value::Expression(expression) = receiver {
                    // `pl.col("email").map_elements(hash)`
                    let positional = vec![Value::Expression(expression.clone())];
                    let by = super::column::function(function);
                    let result = self.invoke(by, Arguments { positional, ..Arguments::default() }, site);
                    return match result {
                        Value::Expression(mut result) => {
                            result.alias = super::column::name_of(&expression);
                            Value::Expression(result)
                        }
                        other => other,
                    };
                }
                let inner = match shape {
                    Shape::Frame => Value::Data(Shape::Row, data.clone()),
                    Shape::Column => Value::Data(Shape::Scalar, data.clone()),
                    other => Value::Data(other, data.clone()),
                };
                let result = match function {
                    Value::Lambda(_) | Value::Function(_) => self
                        .invoke(function, Arguments { positional: vec![inner], ..Arguments::default() }, site)
                        .data(),
                    // `.map({…})` and functions of libraries by name.
                    Value::External(path) => match self.world.apis.lookup(&path) {
                        Some(rule)
                            if rule.effect == aedile_rules::Effect::Protect
                                || rule.effect == aedile_rules::Effect::Log =>
                        {
                            let rule_arguments = Arguments { positional: vec![inner], ..Arguments::default() };
                            let result = self.invoke(Value::External(path), rule_arguments, site).data();
                            if result.is_empty() { data } else { result }
                        }
                        _ => data,
                    },
                    _ => data,
                };
                return Value::holding(shape, stepped(result, site));
            }
            FrameOp::Rows => return Value::holding(Shape::Rows, data),
            FrameOp::IndexedRows => return Value::holding(Shape::IndexedRows, data),
            FrameOp::Values => {
                data.join(&fields.get("data").map(Value::data).unwrap_or_default());
                return Value::holding(Shape::Rows, data);
            }
            FrameOp::Derive => {
                let role = |name: &str| fields.get(name).map(Value::words).unwrap_or_default();
                data.join(&fields.get("frames").map(Value::data).unwrap_or_default());
                data = super::part::derived(data, &role("input"), &role("output"));
            }
            FrameOp::Split => {
                let frames: Vec<Value<'w>> = arguments
                    .positional
                    .iter()
                    .flat_map(|value| {
                        let held = Value::holding(
                            if let Value::Data(shape, _) = value { *shape } else { Shape::Frame },
                            value.data(),
                        );
                        [held.clone(), held]
                    })
                    .collect();
                // `frame.randomSplit([…])`: as many as there are weights.
                if !data.is_empty() {
                    return Value::list(vec![Value::Data(shape, data); 4]);
                }
                return Value::list(frames);
            }
        }
        let data = stepped(data, site);
        if matches!(arguments.keyword("inplace"), Some(Value::Bool(true))) {
            if let Some(target) = site.receiver {
                self.change(target, |held| *held = data);
            }
            return Value::None;
        }
        Value::holding(if shape == Shape::Row { Shape::Row } else { Shape::Frame }, data)
    }

    /// The receiver again; a function that is not called before gets the data (`df.pipe(mask)`).
    fn passed(&mut self, receiver: Value<'w>, arguments: &Arguments<'w>) -> Value<'w> {
        match receiver {
            Value::Data(shape, data) => Value::Data(shape, data),
            Value::Unknown => Value::holding(Shape::Frame, arguments.data()),
            other => other,
        }
    }

    fn select(&mut self, data: &Data, arguments: &Arguments<'w>, words: &[String]) -> Data {
        let mut selected = Data { steps: data.steps.clone(), ..Data::default() };
        let mut given: Vec<Value<'w>> = Vec::new();
        for value in arguments.all() {
            match value {
                Value::List(items) => given.extend(items.iter().cloned()),
                other => given.push(other.clone()),
            }
        }
        for value in given {
            match value {
                Value::Expression(expression) if expression.star => {
                    let mut rest = data.clone();
                    rest.drop(&expression.except);
                    selected.join(&rest);
                }
                Value::Expression(expression) => {
                    let name = name_of(&expression);
                    let bound = self.bound(Value::Expression(expression), data);
                    if let Some(name) = name {
                        selected.assign(&name, &bound);
                    }
                }
                Value::Text(text) if text.text == "*" => selected.join(data),
                Value::Text(text) => {
                    selected.join(&data.select(&[text.text]));
                }
                Value::Data(_, column) => selected.join(&column),
                _ => {}
            }
        }
        if selected.parts.is_empty() && !words.is_empty() {
            selected = data.select(words);
        }
        if selected.parts.is_empty() {
            // Columns chosen by something that is not a constant.
            return some_of(data);
        }
        selected
    }

    /// A frame of columns by name, or of rows.
    fn built(&mut self, fields: &Fields<'w>, arguments: &Arguments<'w>, site: &Site<'w>) -> Value<'w> {
        let mut data = Data::default();
        match fields.get("data") {
            Some(Value::Map(items)) => {
                for (name, value) in items.iter() {
                    data.assign(name, &value.data());
                }
            }
            Some(value) => data = value.data(),
            None => {}
        }
        let names = arguments.keyword("columns").map(Value::words).unwrap_or_default();
        let held: Vec<&String> = data.parts.values().flat_map(|part| part.columns.keys()).collect();
        if !names.is_empty() && !data.is_empty() {
            match names.iter().all(|name| held.contains(&name)) {
                true => data = data.select(&names),
                false => data.name_all(&names),
            }
        }
        if data.is_empty() { Value::Unknown } else { Value::Data(Shape::Frame, stepped(data, site)) }
    }

    /// A column's new value: an expression over the frame, a function of it, or data.
    fn computed(&mut self, value: Value<'w>, of: &Data, site: &Site<'w>) -> Data {
        match value {
            Value::Lambda(_) | Value::Function(_) => {
                let arguments =
                    Arguments { positional: vec![Value::Data(Shape::Frame, of.clone())], ..Arguments::default() };
                let result = self.invoke(value, arguments, site);
                self.bound(result, of)
            }
            value => self.bound(value, of),
        }
    }

    /// Named aggregations: `agg(total=("amount", "sum"))`, `agg({"amount": "max"})`, `agg(F.count("id"))`.
    fn summarise(&mut self, data: &Data, arguments: &Arguments<'w>) -> Data {
        let mut result = data.select(&data.keys);
        result.keys.clear();
        let rung = |how: &str| if KEEPING.contains(&how) { Protection::None } else { Protection::Aggregated };
        let add = |result: &mut Data, name: &str, column: &str, how: &str| {
            let mut one = data.column(column);
            one.protect(rung(how));
            result.assign(name, &one);
        };
        for (name, value) in &arguments.keywords {
            if let Value::List(pair) = value
                && let (Some(column), Some(how)) = (pair.first().and_then(text_of), pair.get(1).and_then(text_of))
            {
                add(&mut result, name, &column.text, &how.text);
            }
        }
        for value in &arguments.positional {
            match value {
                Value::Map(items) => {
                    for (column, hows) in items.iter() {
                        let words = hows.words();
                        let weakest = words.iter().find(|how| KEEPING.contains(&how.as_str())).or(words.first());
                        add(&mut result, column, column, weakest.map_or("sum", String::as_str));
                    }
                }
                Value::Expression(expression) => {
                    let name = name_of(expression).unwrap_or_default();
                    let bound = self.bound(Value::Expression(expression.clone()), data);
                    result.assign(&name, &bound);
                }
                Value::Text(how) => {
                    let mut all = data.clone();
                    all.protect(rung(&how.text));
                    result.join(&all);
                }
                Value::List(hows) => {
                    for one in hows.iter() {
                        if let Value::Expression(expression) = one {
                            let name = name_of(expression).unwrap_or_default();
                            let bound = self.bound(one.clone(), data);
                            result.assign(&name, &bound);
                        }
                    }
                }
                _ => {}
            }
        }
        result
    }
}

fn stepped(mut data: Data, site: &Site<'_>) -> Data {
    data.step(site.place.clone());
    data
}

fn rename(data: &mut Data, fields: &Fields<'_>) {
    let mut pairs = Vec::new();
    if let Some(Value::Map(items)) = fields.get("columns") {
        for (old, new) in items.iter() {
            if let Some(new) = text_of(new) {
                pairs.push((old.clone(), new.text));
            }
        }
    }
    if let (Some(old), Some(new)) = (fields.get("old").and_then(text_of), fields.get("new").and_then(text_of)) {
        pairs.push((old.text, new.text));
    }
    data.rename(&pairs);
}

/// Some columns of `data`, and it is not known which.
fn some_of(data: &Data) -> Data {
    let mut some = Data { steps: data.steps.clone(), ..Data::default() };
    for (dataset, part) in data.parts.iter() {
        some.parts.insert(dataset.clone(), Part { unsure: true, filters: part.filters.clone(), ..Part::default() });
    }
    some
}

/// `ids` as they are; all of `values` under the name of their values.
fn melted(data: &Data, fields: &Fields<'_>) -> Data {
    let mut data = data.clone();
    data.join(&fields.get("frame").map(Value::data).unwrap_or_default());
    let role = |name: &str| fields.get(name).map(Value::words).unwrap_or_default();
    let (ids, values) = (role("ids"), role("values"));
    let molten = match values.is_empty() {
        false => data.select(&values),
        true => {
            let mut others = data.clone();
            others.drop(&ids);
            others
        }
    };
    let mut result = data.select(&ids);
    let name = fields.get("value_name").and_then(text_of).map_or_else(|| "value".to_owned(), |name| name.text);
    result.assign(&name, &molten);
    result
}

/// An expression as a pair of its name and itself.
fn named<'w>(value: &Value<'w>) -> Option<(String, Value<'w>)> {
    match value {
        Value::Expression(expression) => Some((name_of(expression)?, value.clone())),
        _ => None,
    }
}
