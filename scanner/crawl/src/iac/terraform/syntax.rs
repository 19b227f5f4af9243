//! The syntax of Terraform's language as a tree with byte spans: bodies, blocks, expressions, templates.
//!
//! Both forms of the language give this tree: `.tf` by [`parse_body`], `.tf.json` by [`json`]. A part that does
//! not parse stands in the tree as [`Form::Broken`], so that evaluation knows that something is missing there.

use std::sync::Arc;

use aedile_model::Span;

use super::parse::Origin;

mod expression;
pub(super) mod json;
mod parser;
mod template;
#[cfg(test)]
pub(super) mod tests;

pub(super) use parser::{Fault, parse_body, parse_expression, parse_template, recovered_body};

/// Attributes and blocks between braces, or a whole file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Body {
    pub(super) attributes: Vec<Attribute>,
    pub(super) blocks: Vec<Block>,
    /// Why something of it may be missing.
    pub(super) broken: Option<String>,
}

/// `name = value`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attribute {
    pub(super) name: String,
    pub(super) value: Expression,
    /// From the name to the end of the value.
    pub(super) span: Span,
    /// The file it stands in, if that is not its block's: an override.
    pub(super) elsewhere: Option<Arc<Origin>>,
}

/// `word "label" … { body }`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    pub(super) word: String,
    pub(super) labels: Vec<String>,
    /// The word and the labels.
    pub(super) header: Span,
    pub(super) span: Span,
    pub(super) body: Body,
    /// The file it stands in, if that is not the one of what it stands in: an override.
    pub(super) elsewhere: Option<Arc<Origin>>,
}

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression {
    pub(super) form: Form,
    pub(super) span: Span,
}

/// What an [`Expression`] is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Template(Vec<Part>),
    List(Vec<Expression>),
    Object(Vec<(Key, Expression)>),
    Name(String),
    Parenthesis(Box<Expression>),
    Conditional(Box<[Expression; 3]>),
    Call {
        /// With its namespace: `provider::aws::arn_parse`.
        name: String,
        arguments: Vec<Expression>,
        /// Whether the last argument is followed by `...`.
        expanded: bool,
    },
    Traversal(Box<Expression>, Vec<Step>),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    /// Operators of one precedence, from left to right.
    Chain(Box<Expression>, Vec<(Operator, Expression)>),
    For(Box<For>),
    /// It does not parse, for that reason.
    Broken(String),
}

/// The key of an object's member.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    /// A bare word, its span with it.
    Word(String, Span),
    Computed(Expression),
}

/// What follows the start of a traversal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// `.name`
    Attribute(String),
    /// `[expression]` or `.0`
    Index(Expression),
    /// `[*]`
    Splat,
    /// `.*`
    AttributeSplat,
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Plus,
    Minus,
    Times,
    Divided,
    Modulo,
}

/// `[for key, value in collection : result if condition]`, or the same in braces with `result_key =>`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct For {
    pub(super) key: Option<String>,
    pub(super) value: String,
    pub(super) collection: Expression,
    pub(super) result_key: Option<Expression>,
    pub(super) result: Expression,
    /// Whether `...` groups results of the same key.
    pub(super) grouping: bool,
    pub(super) condition: Option<Expression>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Literal(String),
    Value(Expression),
    If { condition: Expression, then: Vec<Part>, otherwise: Vec<Part> },
    For { key: Option<String>, value: String, collection: Expression, body: Vec<Part> },
}

impl Body {
    /// The value of the attribute `name`; of doubles the first.
    pub(super) fn attribute(&self, name: &str) -> Option<&Expression> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.value)
    }

    /// The blocks of that word.
    pub(super) fn blocks<'b>(&'b self, word: &'b str) -> impl Iterator<Item = &'b Block> {
        self.blocks.iter().filter(move |block| block.word == word)
    }
}

impl Attribute {
    /// The file it stands in, where its block stands in `origin`.
    pub(super) fn home<'o>(&'o self, origin: &'o Origin) -> &'o Origin {
        self.elsewhere.as_deref().unwrap_or(origin)
    }
}

impl Block {
    /// The file it stands in, where what it stands in stands in `origin`.
    pub(super) fn home<'o>(&'o self, origin: &'o Origin) -> &'o Origin {
        self.elsewhere.as_deref().unwrap_or(origin)
    }

    /// The label at `index`.
    pub(super) fn label(&self, index: usize) -> Option<&str> {
        self.labels.get(index).map(String::as_str)
    }
}

impl Expression {
    /// The text of a literal without holes.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.form {
            Form::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What a traversal or a text names: `aws.eu` of `aws.eu` and of `"aws.eu"`; indices stay out.
    pub(super) fn path(&self) -> Option<String> {
        match &self.form {
            Form::Text(text) | Form::Name(text) => Some(text.clone()),
            Form::Parenthesis(inner) => inner.path(),
            Form::Traversal(start, steps) => {
                let mut path = start.path()?;
                for step in steps {
                    match step {
                        Step::Attribute(name) => {
                            path.push('.');
                            path.push_str(name);
                        }
                        Step::Index(_) => {}
                        Step::Splat | Step::AttributeSplat => return None,
                    }
                }
                Some(path)
            }
            _ => None,
        }
    }
}
