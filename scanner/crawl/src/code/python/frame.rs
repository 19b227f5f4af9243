//! The frame algebra: what operations do to the columns that a value holds.

use aedile_model::Protection;
use aedile_rules::{Api, FrameOp};

use super::apply::Fields;
use super::argument::Arguments;
use super::call::Site;
use super::interpret::Interpreter;
use super::string::text_of;
use super::value::{ColumnExpression, Shape, Value};
use crate::code::flow::Data;

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
            FrameOp::Column => return column_expression(&fields, &arguments),
            FrameOp::Alias => return alias(receiver, &fields),
            FrameOp::Metadata => return Value::Unknown,
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
                let rows = arguments.keyword("columns").is_none()
                    && arguments.keyword("labels").is_none()
                    && fields.contains_key("axis")
                    && !matches!(fields.get("axis"), Some(Value::Int(1)))
                    && !matches!(fields.get("axis").and_then(text_of), Some(axis) if axis.text == "columns");
                if rows {
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
                data.join(&fields.get("frames").map(Value::data).unwrap_or_default());
            }
            FrameOp::Group => {
                // The keys stay as they are; what is aggregated later is the rest.
                return Value::holding(Shape::Grouped, data);
            }
            FrameOp::Aggregate => {
                data.protect(Protection::Aggregated);
                return Value::holding(if shape == Shape::Grouped { Shape::Frame } else { Shape::Scalar }, data);
            }
            FrameOp::Summarise => data = self.summarise(&data, &arguments),
            FrameOp::Apply => {
                let function = fields.get("function").cloned().unwrap_or_default();
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
                    return Value::List(vec![Value::Data(shape, data); 4]);
                }
                return Value::List(frames);
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
                Value::Expression(expression) if expression.star => selected.join(data),
                Value::Expression(expression) => {
                    let name = expression.alias.clone().or_else(|| expression.columns.keys().next().cloned());
                    let bound = self.bound(Value::Expression(expression), data);
                    if let Some(name) = name {
                        selected.assign(&name, &bound);
                    }
                }
                Value::Text(text) if text.text == "*" => selected.join(data),
                Value::Text(text) => {
                    let name = text.text.rsplit('.').next().unwrap_or_default().to_owned();
                    selected.join(&data.select(&[name]));
                }
                Value::Data(_, column) => selected.join(&column),
                _ => {}
            }
        }
        if selected.parts.is_empty() && !words.is_empty() {
            selected = data.select(words);
        }
        if selected.parts.is_empty() {
            // Columns chosen by something that is not a constant: some, unknown which.
            for dataset in data.parts.keys() {
                selected.parts.entry(dataset.clone()).or_default().unsure = true;
            }
        }
        selected
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
        let mut result = Data { steps: data.steps.clone(), ..Data::default() };
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
                    for (column, hows) in items {
                        let words = hows.words();
                        let weakest = words.iter().find(|how| KEEPING.contains(&how.as_str())).or(words.first());
                        add(&mut result, column, column, weakest.map_or("sum", String::as_str));
                    }
                }
                Value::Expression(expression) => {
                    let name = expression
                        .alias
                        .clone()
                        .or_else(|| expression.columns.keys().next().cloned())
                        .unwrap_or_default();
                    let bound = self.bound(Value::Expression(expression.clone()), data);
                    result.assign(&name, &bound);
                }
                Value::Text(how) => {
                    let mut all = data.clone();
                    all.protect(rung(&how.text));
                    result.join(&all);
                }
                Value::List(hows) => {
                    for one in hows {
                        if let Value::Expression(expression) = one {
                            let name = expression
                                .alias
                                .clone()
                                .or_else(|| expression.columns.keys().next().cloned())
                                .unwrap_or_default();
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
        for (old, new) in items {
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

/// `F.col("email")`, `F.max("amount")` with its rung from the rule's `protection`.
fn column_expression<'w>(fields: &Fields<'w>, arguments: &Arguments<'w>) -> Value<'w> {
    let mut expression = ColumnExpression::default();
    let named = fields.get("name");
    let given: Vec<&Value<'w>> = match named {
        Some(value) => vec![value],
        None => arguments.all().collect(),
    };
    for value in given {
        match value {
            Value::Text(text) if !text.holes => {
                let more = super::expression::column(&text.text);
                expression.star |= more.star;
                if !more.star {
                    expression.columns.extend(more.columns);
                }
            }
            Value::Expression(more) => {
                expression.star |= more.star;
                expression.columns.extend(more.columns.iter().map(|(name, rung)| (name.clone(), *rung)));
            }
            Value::List(items) => {
                for name in items.iter().flat_map(Value::words) {
                    expression.columns.insert(name, Protection::None);
                }
            }
            other => expression.data.join(&other.data()),
        }
    }
    if expression.columns.is_empty() && !expression.star && !expression.data.is_empty() {
        return Value::Data(Shape::Column, expression.data);
    }
    Value::Expression(expression)
}

fn alias<'w>(receiver: Value<'w>, fields: &Fields<'w>) -> Value<'w> {
    let name = fields.get("name").and_then(text_of).map(|text| text.text);
    match (receiver, name) {
        (Value::Expression(mut expression), Some(name)) => {
            expression.alias = Some(name);
            Value::Expression(expression)
        }
        // A bound column under a new name: the column's origins under that name.
        (Value::Data(Shape::Column, data), Some(name)) => {
            let mut renamed = Data { steps: data.steps.clone(), ..Data::default() };
            renamed.assign(&name, &data);
            Value::Data(Shape::Column, renamed)
        }
        (other, _) => other,
    }
}

/// An expression as a pair of its name and itself.
fn named<'w>(value: &Value<'w>) -> Option<(String, Value<'w>)> {
    match value {
        Value::Expression(expression) => {
            let name = expression.alias.clone().or_else(|| expression.columns.keys().next().cloned())?;
            Some((name, value.clone()))
        }
        _ => None,
    }
}
