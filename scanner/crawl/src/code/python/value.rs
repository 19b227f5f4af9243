//! Abstract values: what is known of a Python value without running anything.

use std::collections::BTreeMap;

use aedile_model::{Place, Protection};
use ruff_python_ast::{ExprLambda, StmtClassDef, StmtFunctionDef};

use crate::code::flow::Data;
use crate::code::origin::Offsets;
use crate::shared::{Empty, Shared};

/// What is known of a value.
#[derive(Debug, Clone, Default)]
pub(super) enum Value<'w> {
    /// Nothing.
    #[default]
    Unknown,
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A string whose unknown parts are `{hole}`s.
    Text(Text),
    /// One of several texts or paths, at most [`Value::MOST`].
    Either(Vec<Value<'w>>),
    /// A function with some of its arguments.
    Partial(Box<Partial<'w>>),
    /// A list, tuple or set.
    List(Shared<Vec<Value<'w>>>),
    /// A mapping with text keys, in order; unknown keys are left out of the key but keep their value.
    Map(Shared<Vec<(String, Value<'w>)>>),
    /// Something that holds data of datasets.
    Data(Shape, Data),
    /// A column expression that no frame is bound to yet (`F.col("email")`).
    Expression(ColumnExpression),
    /// Something imported that is not of this repository, by its qualified name.
    External(String),
    /// A module of this repository, by its number in the world.
    Module(usize),
    /// A function of this repository.
    Function(Function<'w>),
    /// A lambda.
    Lambda(&'w ExprLambda),
    /// A class of this repository.
    Class(Class<'w>),
    /// An instance of such a class, on the interpreter's heap.
    Instance(usize),
    /// A value of a library's type.
    Object(Object<'w>),
}

/// A function with some of its arguments.
#[derive(Debug, Clone, Default)]
pub(super) struct Partial<'w> {
    /// The function.
    pub(super) function: Value<'w>,
    /// Its first arguments.
    pub(super) positional: Vec<Value<'w>>,
    /// Arguments by keyword.
    pub(super) keywords: Vec<(String, Value<'w>)>,
}

/// In which shape data is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A data frame.
    Frame,
    /// A grouped data frame.
    Grouped,
    /// A column or array of values.
    Column,
    /// One row.
    Row,
    /// Rows, one after another.
    Rows,
    /// Pairs of an index and a row.
    IndexedRows,
    /// A string, number or anything else made from values.
    Scalar,
}

/// A string with what is known of where its text stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    /// The text.
    pub(super) text: String,
    /// Where pieces of it stand in sources.
    pub(super) offsets: Offsets,
    /// Data whose values are in it.
    pub(super) data: Data,
    /// Whether a part is not known.
    pub(super) holes: bool,
}

/// Columns by name, before a frame is known.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnExpression {
    /// The columns it is made of.
    pub(super) columns: BTreeMap<String, Protection>,
    /// The name of the result.
    pub(super) alias: Option<String>,
    /// Whether it is every column.
    pub(super) star: bool,
    /// Columns that it is not, where it is every other.
    pub(super) except: Vec<String>,
    /// Values of other data in it.
    pub(super) data: Data,
}

/// A function and where it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function<'w> {
    /// The definition.
    pub(super) def: &'w StmtFunctionDef,
    /// The module, by its number in the world.
    pub(super) module: usize,
    /// The block of the module.
    pub(super) block: usize,
    /// The instance that it is a method of.
    pub(super) receiver: Option<usize>,
    /// The class that it is a method of.
    pub(super) owner: Option<Class<'w>>,
    /// The scope that it was defined in, by its number; see [`Scope`].
    pub(super) scope: Option<usize>,
}

/// The names of a function that is being walked.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope<'w> {
    /// Its number, never given twice.
    pub(super) number: usize,
    /// The scope around it, for a function that is defined in another.
    pub(super) outer: Option<usize>,
    /// The names.
    pub(super) names: BTreeMap<String, Value<'w>>,
    /// Names that are those of the module.
    pub(super) globals: Vec<&'w str>,
}

/// A class and where it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Class<'w> {
    /// The definition.
    pub(super) def: &'w StmtClassDef,
    /// The module, by its number in the world.
    pub(super) module: usize,
    /// The block of the module.
    pub(super) block: usize,
}

/// A value of a library's type: a session, a client, a model.
#[derive(Debug, Clone, Default)]
pub(super) struct Object<'w> {
    /// The type: a word of the catalog, or the qualified name of the constructor.
    pub(super) kind: String,
    /// What the calls that made it were given, by role.
    pub(super) fields: Shared<BTreeMap<String, Value<'w>>>,
    /// Data in it.
    pub(super) data: Data,
    /// Where it was made.
    pub(super) made: Option<Place>,
}

impl<'w> Empty for Vec<Value<'w>> {
    fn empty<'a>() -> &'a Self
    where
        Self: 'a,
    {
        static EMPTY: Vec<Value<'static>> = Vec::new();
        &EMPTY
    }
}

impl<'w> Empty for Vec<(String, Value<'w>)> {
    fn empty<'a>() -> &'a Self
    where
        Self: 'a,
    {
        static EMPTY: Vec<(String, Value<'static>)> = Vec::new();
        &EMPTY
    }
}

impl<'w> Empty for BTreeMap<String, Value<'w>> {
    fn empty<'a>() -> &'a Self
    where
        Self: 'a,
    {
        static EMPTY: BTreeMap<String, Value<'static>> = BTreeMap::new();
        &EMPTY
    }
}

/// Bytes of a string that is kept; SQL in strings is shorter, and doubling strings must end somewhere.
pub(super) const LONGEST: usize = 256 << 10;

/// Values inside one value that are kept apart; a larger one is only the data in it.
const LARGEST: usize = 4_096;

impl Text {
    /// A text from nowhere.
    pub(super) fn plain(text: impl Into<String>) -> Text {
        Text { text: text.into(), ..Text::default() }
    }

    /// A hole named `name`.
    pub(super) fn hole(name: &str, data: Data) -> Text {
        Text { text: format!("{{{name}}}"), holes: true, data, ..Text::default() }
    }

    /// Whether nothing of it is known.
    pub(super) fn is_hole(&self) -> bool {
        let mut depth = 0_i32;
        self.holes
            && !self.text.chars().any(|c| {
                depth += match c {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                depth == 0 && c.is_alphanumeric()
            })
    }

    /// Adds `other` at the end; beyond [`LONGEST`] bytes it is a hole.
    pub(super) fn push(&mut self, other: &Text) {
        if self.text.len() + other.text.len() > LONGEST {
            self.data.join(&other.data);
            self.holes = true;
            return;
        }
        self.offsets.append(self.text.len(), &other.offsets);
        self.text.push_str(&other.text);
        self.data.join(&other.data);
        self.holes |= other.holes;
    }
}

impl<'w> Value<'w> {
    /// How many texts a value may be one of.
    pub(super) const MOST: usize = 8;

    /// Each of the values that it may be.
    pub(super) fn alternatives(self) -> Vec<Value<'w>> {
        match self {
            Value::Either(items) => items,
            one => vec![one],
        }
    }

    /// A list of `items`.
    pub(super) fn list(items: Vec<Value<'w>>) -> Value<'w> {
        Value::List(items.into())
    }

    /// A text from nowhere.
    pub(super) fn text(text: impl Into<String>) -> Value<'w> {
        Value::Text(Text::plain(text))
    }

    /// `data` in `shape`, or nothing known if there is none.
    pub(super) fn holding(shape: Shape, data: Data) -> Value<'w> {
        if data.parts.is_empty() { Value::Unknown } else { Value::Data(shape, data) }
    }

    /// The text, if it is one with at least one known character.
    pub(super) fn as_text(&self) -> Option<&Text> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The words of a list of texts, or of one text.
    pub(super) fn words(&self) -> Vec<String> {
        match self {
            Value::Text(text) if !text.holes => vec![text.text.clone()],
            Value::Either(items) => items.iter().flat_map(Value::words).collect(),
            Value::List(items) => items.iter().flat_map(Value::words).collect(),
            Value::Map(items) => items.iter().map(|(key, _)| key.clone()).collect(),
            Value::Expression(expression) if !expression.star => match &expression.alias {
                Some(alias) => vec![alias.clone()],
                None => expression.columns.keys().cloned().collect(),
            },
            _ => Vec::new(),
        }
    }

    /// All data in it, at any depth.
    pub(super) fn data(&self) -> Data {
        let mut all = Data::default();
        self.collect(&mut all, 0);
        all
    }

    fn collect(&self, into: &mut Data, depth: usize) {
        if depth > 16 {
            return;
        }
        match self {
            Value::Data(_, data) => into.join(data),
            Value::Text(text) => into.join(&text.data),
            Value::Object(object) => into.join(&object.data),
            Value::Expression(expression) => into.join(&expression.data),
            Value::List(items) => items.iter().for_each(|item| item.collect(into, depth + 1)),
            Value::Either(items) => items.iter().for_each(|item| item.collect(into, depth + 1)),
            Value::Partial(partial) => partial.positional.iter().for_each(|item| item.collect(into, depth + 1)),
            Value::Map(items) => items.iter().for_each(|(_, item)| item.collect(into, depth + 1)),
            Value::Unknown
            | Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::External(_)
            | Value::Module(_)
            | Value::Function(_)
            | Value::Lambda(_)
            | Value::Class(_)
            | Value::Instance(_) => {}
        }
    }

    /// The value, or where it has more than [`LARGEST`] values in it, what data it holds.
    pub(super) fn bounded(self) -> Value<'w> {
        match &self {
            Value::List(_) | Value::Map(_) if self.weight(LARGEST) >= LARGEST => {
                Value::holding(Shape::Scalar, self.data())
            }
            _ => self,
        }
    }

    /// How many values are in it, counted to `most` at the furthest.
    fn weight(&self, most: usize) -> usize {
        let mut count = 1;
        let mut add = |value: &Value<'w>| {
            if count < most {
                count += value.weight(most - count);
            }
        };
        match self {
            Value::List(items) => items.iter().for_each(&mut add),
            Value::Map(items) => items.iter().for_each(|(_, value)| add(value)),
            Value::Object(object) => object.fields.values().for_each(&mut add),
            _ => {}
        }
        count
    }

    /// The member `key` of a mapping.
    pub(super) fn member(&self, key: &str) -> Option<&Value<'w>> {
        match self {
            Value::Map(items) => items.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text as a setting shows it.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text.text.clone()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Int(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// What is known after two branches: the same where both agree, the data of both, else the one
    /// that is known.
    pub(super) fn either(self, other: Value<'w>, name: &str) -> Value<'w> {
        match (self, other) {
            (Value::Unknown | Value::None, known) | (known, Value::Unknown | Value::None) => known,
            (Value::Data(shape, mut data), Value::Data(_, more)) => {
                data.join(&more);
                Value::Data(shape, data)
            }
            (a @ (Value::Text(_) | Value::Either(_)), b @ (Value::Text(_) | Value::Either(_))) => {
                one_of(a.alternatives().into_iter().chain(b.alternatives()).collect(), name)
            }
            (Value::Object(a), Value::Object(b)) if a.kind == super::string::PATH && b.kind == a.kind => {
                one_of(vec![Value::Object(a), Value::Object(b)], name)
            }
            (Value::Object(mut a), Value::Object(b)) if a.kind == b.kind => {
                a.data.join(&b.data);
                Value::Object(a)
            }
            (Value::Map(mut a), Value::Map(b)) => {
                a.extend(b);
                Value::Map(a).bounded()
            }
            (known, _) => known,
        }
    }
}

/// One of several texts or paths; beyond [`Value::MOST`] a hole called `name`. One of which nothing is known says
/// nothing beside the others.
fn one_of<'w>(values: Vec<Value<'w>>, name: &str) -> Value<'w> {
    let text = |value: &Value<'w>| super::string::text_of(value).unwrap_or_default();
    let mut kept: Vec<Value<'w>> = Vec::new();
    for value in values {
        if !kept.iter().any(|held| text(held).text == text(&value).text) {
            kept.push(value);
        }
    }
    if kept.iter().any(|value| !text(value).is_hole()) {
        let mut lost = Data::default();
        kept.retain(|value| {
            let known = !text(value).is_hole();
            if !known {
                lost.join(&text(value).data);
            }
            known
        });
        if let Some(Value::Text(first)) = kept.first_mut() {
            first.data.join(&lost);
        }
    }
    match kept.len() {
        0 => Value::Unknown,
        1 => kept.remove(0),
        many if many <= Value::MOST => Value::Either(kept),
        _ => {
            let mut data = Data::default();
            kept.iter().for_each(|value| data.join(&value.data()));
            Value::Text(Text::hole(name, data))
        }
    }
}
