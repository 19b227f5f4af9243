//! Column expressions that no frame is bound to yet: by name, in SQL, by functions of the repository.
//!
//! What an expression takes of a frame to come is found by giving it a frame that has every column, [`THIS`].

use aedile_model::{AssetKind, Protection};
use aedile_rules::{Api, FrameOp};

use super::apply::Fields;
use super::argument::Arguments;
use super::call::Site;
use super::interpret::Interpreter;
use super::value::{ColumnExpression, Object, Shape, Text, Value};
use crate::Ref;
use crate::code::flow::{Data, Part};

/// The type of a function of values that is called with columns.
pub(super) const FUNCTION: &str = "column-function";

/// The frame to come; no table has this name.
const THIS: &str = "aedile_this_frame";

/// A function of values as one of columns.
pub(super) fn function(function: Value<'_>) -> Value<'_> {
    Value::Object(Object {
        kind: FUNCTION.to_owned(),
        fields: [("function".to_owned(), function)].into_iter().collect(),
        ..Object::default()
    })
}

impl<'w> Interpreter<'w> {
    /// Whether `path` makes functions of columns out of functions of values.
    pub(super) fn makes_function(&self, path: &str) -> bool {
        self.world.apis.lookup(path).is_some_and(|api| api.frame == Some(FrameOp::Function))
    }

    /// A call of a function of columns.
    pub(super) fn column_function(
        &mut self,
        object: &Object<'w>,
        arguments: Arguments<'w>,
        site: &Site<'w>,
    ) -> Value<'w> {
        let function = object.fields.get("function").cloned().unwrap_or_default();
        let bound = arguments.positional.iter().any(|value| matches!(value, Value::Data(..)));
        let given = |value: &Value<'w>| match value {
            Value::Expression(expression) => Value::holding(Shape::Scalar, unbound(&expression.columns)),
            Value::Text(name) if !name.holes => Value::holding(Shape::Scalar, unbound(&column(&name.text).columns)),
            Value::Data(_, data) => Value::Data(Shape::Scalar, data.clone()),
            other => other.clone(),
        };
        let positional: Vec<Value<'w>> = arguments.positional.iter().map(given).collect();
        let result = match function {
            Value::Function(_) | Value::Lambda(_) => {
                self.invoke(function, Arguments { positional, ..Arguments::default() }, site).data()
            }
            // A function that is not read may give all that it is given.
            _ => positional.iter().fold(Data::default(), |mut all, value| {
                all.join(&value.data());
                all
            }),
        };
        if bound { Value::holding(Shape::Column, result) } else { Value::Expression(expression_of(result)) }
    }

    /// The column expressions of `text`, SQL as in a `SELECT` list.
    pub(super) fn sql_columns(&mut self, text: &Text, of: Option<&Data>, site: &Site<'w>) -> Data {
        let frame = match of {
            Some(data) => data.clone(),
            None => Data::read(this(), Part::all(), None),
        };
        let before = self.views.insert(THIS.to_owned(), frame);
        let quiet = std::mem::replace(&mut self.quiet, true);
        let data = self.sql_text(&Text::plain(format!("SELECT {} FROM {THIS}", text.text)), &site.place);
        self.quiet = quiet;
        match before {
            Some(before) => self.views.insert(THIS.to_owned(), before),
            None => self.views.remove(THIS),
        };
        data
    }

    /// One expression in SQL of a frame to come.
    pub(super) fn sql_column(&mut self, text: &Text, site: &Site<'w>) -> ColumnExpression {
        let mut data = self.sql_columns(text, None, site);
        let part = data.parts.remove(&this()).unwrap_or_default();
        let name = part.columns.keys().next().filter(|name| part.columns.len() == 1 && *name != "?").cloned();
        ColumnExpression {
            alias: name,
            star: part.rest.is_some(),
            columns: part.everything(),
            data,
            ..ColumnExpression::default()
        }
    }
}

fn this() -> Ref {
    Ref::named(AssetKind::Table, THIS)
}

/// The columns as data of the frame to come.
fn unbound(columns: &std::collections::BTreeMap<String, Protection>) -> Data {
    let columns = columns.iter().map(|(name, rung)| (name.clone(), [(name.clone(), *rung)].into())).collect();
    Data::read(this(), Part { columns, ..Part::default() }, None)
}

/// What `data` has of the frame to come, and beside it.
fn expression_of(mut data: Data) -> ColumnExpression {
    let part = data.parts.remove(&this()).unwrap_or_default();
    ColumnExpression { columns: part.everything(), data, ..ColumnExpression::default() }
}

/// An unbound expression of the column `name`.
pub(super) fn column(name: &str) -> ColumnExpression {
    let star = name == "*" || name.ends_with(".*");
    ColumnExpression { columns: [(name.to_owned(), Protection::None)].into(), star, ..ColumnExpression::default() }
}

/// The name under which an expression arrives: its alias, or that of its first column without what is before the dot.
pub(super) fn name_of(expression: &ColumnExpression) -> Option<String> {
    let first = || expression.columns.keys().next().map(|name| name.rsplit('.').next().unwrap_or(name).to_owned());
    expression.alias.clone().or_else(first)
}

/// `F.col("email")`, `F.max("amount")`: the column that plays the role `name`, or every one that is given. What plays
/// the role `literal` is no column.
pub(super) fn column_expression<'w>(api: &Api, fields: &Fields<'w>, arguments: &Arguments<'w>) -> Value<'w> {
    let mut expression = ColumnExpression::default();
    let literal = api.args.get("literal");
    let literal_at = literal.and_then(|literal| literal.at);
    let given: Vec<&Value<'w>> = match fields.get("name") {
        Some(value) => vec![value],
        None => {
            let positional = arguments.positional.iter().enumerate().filter(|(at, _)| Some(*at) != literal_at);
            let named = |name: &str| literal.is_some_and(|literal| literal.names().iter().any(|held| held == name));
            let keywords = arguments.keywords.iter().filter(|(name, _)| !named(name));
            positional.map(|(_, value)| value).chain(keywords.map(|(_, value)| value)).collect()
        }
    };
    for value in given {
        add(&mut expression, value);
    }
    if expression.columns.is_empty() && !expression.star && !expression.data.is_empty() {
        return Value::Data(Shape::Column, expression.data);
    }
    Value::Expression(expression)
}

fn add(expression: &mut ColumnExpression, value: &Value<'_>) {
    match value {
        Value::Text(text) if !text.holes => {
            let more = column(&text.text);
            expression.star |= more.star;
            if !more.star {
                expression.columns.extend(more.columns);
            }
        }
        Value::Expression(more) => {
            expression.star |= more.star;
            expression.columns.extend(more.columns.iter().map(|(name, rung)| (name.clone(), *rung)));
            expression.data.join(&more.data);
        }
        Value::List(items) => items.iter().for_each(|item| add(expression, item)),
        other => expression.data.join(&other.data()),
    }
}

/// The receiver under the name that the call gives it.
pub(super) fn alias<'w>(receiver: Value<'w>, name: Option<String>) -> Value<'w> {
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
        // A frame by a name before the dot.
        (Value::Data(Shape::Frame, mut data), Some(name)) => {
            data.alias(&name);
            Value::Data(Shape::Frame, data)
        }
        (other, _) => other,
    }
}
