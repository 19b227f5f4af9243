//! By which columns rows are chosen: conditions in subscripts and calls.

use ruff_python_ast::{Expr, ExprSubscript, Operator};

use super::argument::Arguments;
use super::expression::located;
use super::interpret::Interpreter;
use super::value::Value;
use crate::code::flow::Data;

/// Words of conditions that are no columns, in SQL and in the language of `DataFrame.query`.
const WORDS: [&str; 13] =
    ["and", "or", "not", "in", "is", "null", "like", "between", "true", "false", "none", "index", "case"];

impl<'w> Interpreter<'w> {
    /// Rows of `data` are chosen by the first argument of a call.
    pub(super) fn chosen(&mut self, data: &mut Data, arguments: &Arguments<'w>) {
        let by = match (arguments.positional.first(), arguments.written.first().copied().flatten()) {
            (None, _) => return,
            (Some(Value::Text(condition)), _) => data.select(&names(&condition.text)),
            (Some(_), Some(condition)) => self.condition(condition, data),
            (Some(value), None) => self.bound(value.clone(), data),
        };
        data.filter(&by);
    }

    /// The columns of `data` by which `data[…]` or `data.loc[…]` chooses rows; `None` where it chooses columns, or rows
    /// by their place.
    pub(super) fn mask(&mut self, subscript: &'w ExprSubscript, key: &Value<'w>, data: &Data) -> Option<Data> {
        let written = match (&*subscript.slice, located(subscript)) {
            (Expr::Tuple(tuple), true) => tuple.elts.first()?,
            (written, _) => written,
        };
        let is_key = std::ptr::eq(written, &raw const *subscript.slice);
        let condition = match written {
            Expr::Compare(_) | Expr::BoolOp(_) | Expr::UnaryOp(_) => true,
            Expr::BinOp(binary) => matches!(binary.op, Operator::BitAnd | Operator::BitOr | Operator::BitXor),
            // What is neither a name of a column nor a list of them.
            Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_) | Expr::Call(_) => {
                let value = if is_key { key.clone() } else { self.value(written) };
                matches!(value, Value::Unknown | Value::External(_) | Value::Data(..) | Value::Expression(_))
            }
            _ => false,
        };
        condition.then(|| self.condition(written, data))
    }

    /// The columns of `data` that a condition looks at.
    fn condition(&mut self, condition: &'w Expr, data: &Data) -> Data {
        let mut all = Data::default();
        let mut add = |this: &mut Self, part: &'w Expr| all.join(&this.condition(part, data));
        match condition {
            Expr::Compare(compare) => {
                add(self, &compare.left);
                compare.comparators.iter().for_each(|other| add(self, other));
            }
            Expr::BoolOp(boolean) => boolean.values.iter().for_each(|value| add(self, value)),
            Expr::BinOp(binary) => {
                add(self, &binary.left);
                add(self, &binary.right);
            }
            Expr::UnaryOp(unary) => add(self, &unary.operand),
            // `df["email"].isin(known)`, `F.col("email").isNotNull()`, `F.col("email")`, `has_consent(df)`.
            Expr::Call(call) => match (self.value(condition), &*call.func) {
                (value @ (Value::Expression(_) | Value::Data(..)), _) => all.join(&self.bound(value, data)),
                (_, Expr::Attribute(attribute)) => {
                    add(self, &attribute.value);
                    call.arguments.args.iter().for_each(|argument| add(self, argument));
                }
                _ => {}
            },
            Expr::StringLiteral(_) => {}
            other => {
                let value = self.value(other);
                all.join(&self.bound(value, data));
            }
        }
        all
    }
}

/// The names in a condition that is text.
fn names(condition: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = condition;
    while let Some(start) = rest.find(|c: char| c.is_alphabetic() || matches!(c, '_' | '\'' | '"' | '@' | '`')) {
        let from = rest.get(start..).unwrap_or_default();
        let first = from.chars().next().unwrap_or_default();
        let inner = from.get(first.len_utf8()..).unwrap_or_default();
        if matches!(first, '\'' | '"' | '`') {
            let end = inner.find(first).unwrap_or(inner.len());
            if first == '`' {
                names.extend(inner.get(..end).map(str::to_owned));
            }
            rest = inner.get(end + 1..).unwrap_or_default();
            continue;
        }
        let end = inner.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.')).unwrap_or(inner.len());
        let word = from.get(..first.len_utf8() + end).unwrap_or_default();
        rest = inner.get(end..).unwrap_or_default();
        // `@limit` is a variable, `length(…)` a function.
        if first != '@' && !rest.trim_start().starts_with('(') && !WORDS.contains(&word.to_ascii_lowercase().as_str()) {
            names.push(word.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_condition_in_text() {
        assert_eq!(names("consent == True and age > @limit"), ["consent", "age"]);
        assert_eq!(names("`given on` > '2020' or lower(country) in ('de', \"fr\")"), ["given on", "country"]);
        assert_eq!(names("p.consent IS NOT NULL AND x LIKE 'a''b'"), ["p.consent", "x"]);
        assert_eq!(names("'open"), [""; 0]);
    }
}
