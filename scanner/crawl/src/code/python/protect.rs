//! Functions that raise what they are given to a higher rung of the protection ladder.

use aedile_model::{Place, Protection};

use super::argument::Arguments;
use super::value::{ColumnExpression, Shape, Value};
use crate::code::flow::Data;

/// The value on at least the rung `least`.
pub(super) fn protect<'w>(
    least: Protection,
    receiver: Value<'w>,
    arguments: &Arguments<'w>,
    place: &Place,
) -> Value<'w> {
    let mut expression = ColumnExpression::default();
    let (mut bound, mut shape) = (Data::default(), None);
    for value in std::iter::once(&receiver).chain(arguments.all()) {
        match value {
            Value::Expression(more) => {
                expression.columns.extend(more.columns.iter().map(|(name, rung)| (name.clone(), (*rung).max(least))));
            }
            Value::Data(held, data) => {
                shape = shape.or(Some(*held));
                bound.join(data);
            }
            other => bound.join(&other.data()),
        }
    }
    bound.protect(least);
    if !bound.parts.is_empty() {
        bound.step(place.clone());
        return Value::holding(shape.unwrap_or(Shape::Scalar), bound);
    }
    // `F.sha2("email", 256)`: a text is a column's name in a column function.
    if expression.columns.is_empty()
        && let Some(Value::Text(name)) = arguments.positional.first()
        && !name.holes
    {
        expression.columns.insert(name.text.clone(), least);
    }
    Value::Expression(expression)
}
