//! What a condition on how good a model is looks like: a comparison of a value that measures it.

use std::cell::OnceCell;
use std::collections::HashSet;

use aedile_model::Protection;
use aedile_rules::measure::{is_measure, is_measuring};
use ruff_python_ast::comparable::ComparableExpr;
use ruff_python_ast::{CmpOp, Expr, ExprCompare, Number, Stmt};
use ruff_text_size::Ranged;

use super::super::interpret::Interpreter;
use super::super::value::{Object, Shape, Value};
use super::{CONDITION, MEASURE};

impl<'w> Interpreter<'w> {
    /// Whether `test`, which gives `value` and chooses one of `bodies`, asks how good a model is.
    pub(super) fn is_condition(&mut self, test: &Expr, value: &Value<'w>, bodies: &Bodies<'_>) -> bool {
        match test {
            Expr::Compare(_) => self.compares_measure(test, bodies, 0),
            Expr::BoolOp(_) | Expr::UnaryOp(_) => {
                self.compares_measure(test, bodies, 0) || (is_good_enough(value) && has_other_part(test, 0))
            }
            _ => is_good_enough(value),
        }
    }

    /// Whether a part of `test` is a comparison of a measure, or a name that holds one.
    fn compares_measure(&mut self, test: &Expr, bodies: &Bodies<'_>, depth: usize) -> bool {
        match test {
            _ if depth > 8 => false,
            Expr::Compare(compare) => self.is_comparison(compare) && !self.keeps_best(compare, bodies),
            Expr::BoolOp(boolean) => boolean.values.iter().any(|value| self.compares_measure(value, bodies, depth + 1)),
            Expr::UnaryOp(unary) => self.compares_measure(&unary.operand, bodies, depth + 1),
            Expr::Name(name) => self.name(name.id.as_str()).is_some_and(is_good_enough),
            _ => false,
        }
    }

    /// Whether `compare` asks for more than the best so far, which one of `bodies` sets: `if loss < best: best = loss`. The first
    /// model is always better than none. Where the best begins with what another model reached, it is one to be beaten.
    fn keeps_best(&mut self, compare: &ExprCompare, bodies: &Bodies<'_>) -> bool {
        // What it holds in the first round decides.
        let key = (self.module, compare.range().start().to_u32());
        if let Some(known) = self.gates.best.get(&key) {
            return *known;
        }
        let sides = std::iter::once(&*compare.left).chain(&*compare.comparators);
        let kept = sides.filter(|side| bodies.set(side)).any(|side| !self.is_reached(side));
        self.gates.best.insert(key, kept);
        kept
    }

    /// Whether `side` holds what some model reached.
    fn is_reached(&self, side: &Expr) -> bool {
        match side {
            Expr::Name(name) => self.name(name.id.as_str()).is_some_and(is_measured),
            Expr::Subscript(subscript) => self.is_reached(&subscript.value),
            _ => false,
        }
    }

    /// The value of a comparison: a condition on a measure, or nothing that is known.
    pub(in crate::code::python) fn comparison(&mut self, compare: &'w ExprCompare) -> Value<'w> {
        let left = self.value(&compare.left);
        let mut rows = of_rows(&left);
        for other in &compare.comparators {
            let value = self.value(other);
            rows |= of_rows(&value);
        }
        if rows || !self.is_comparison(compare) {
            return Value::Unknown;
        }
        self.gates.met[0] += 1;
        let made = Some(self.place(compare));
        Value::Object(Object { kind: CONDITION.to_owned(), made, ..Object::default() })
    }

    pub(super) fn is_comparison(&self, compare: &ExprCompare) -> bool {
        let orders = |op: &CmpOp| matches!(op, CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE);
        let mut sides = std::iter::once(&*compare.left).chain(&*compare.comparators);
        compare.ops.iter().any(orders) && sides.any(|side| self.measures(side, 0))
    }

    /// Whether `expression` names a measure, or is a name that holds one.
    fn measures(&self, expression: &Expr, depth: usize) -> bool {
        if depth > 8 {
            return false;
        }
        let inner = |expression: &Expr| self.measures(expression, depth + 1);
        match expression {
            Expr::Name(name) => is_measure(name.id.as_str()) || self.name(name.id.as_str()).is_some_and(is_measured),
            Expr::Attribute(attribute) => is_measure(attribute.attr.as_str()) || inner(&attribute.value),
            Expr::Subscript(subscript) => inner(&subscript.value) || inner(&subscript.slice),
            Expr::StringLiteral(text) => is_measure(text.value.to_str()),
            Expr::BinOp(binary) => inner(&binary.left) || inner(&binary.right),
            Expr::UnaryOp(unary) => inner(&unary.operand),
            Expr::Named(named) => inner(&named.target) || inner(&named.value),
            Expr::Call(call) => {
                let named = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                measures_by_call(expression) || inner(&call.func) || call.arguments.args.iter().chain(named).any(inner)
            }
            _ => false,
        }
    }

    /// `value`, or a measure where `expression` takes one by its name, or is a call of what measures, and nothing else is
    /// known of it: `client.get_run(id).data.metrics["auc"]`, `quality = evaluate(model)`.
    pub(in crate::code::python) fn or_measure(&self, value: Value<'w>, expression: &Expr) -> Value<'w> {
        let is_measure = match &value {
            Value::Unknown => tells_measure(expression),
            Value::Object(object) => object.data.is_empty() && object.kind != CONDITION && takes_measure(expression),
            _ => false,
        };
        match is_measure {
            true => Value::Object(Object { kind: MEASURE.to_owned(), ..Object::default() }),
            false => value,
        }
    }
}

/// Whether a text in `value` names a measure: `JsonGet(json_path="metrics.auc.value")`.
pub(super) fn says_measure(value: &Value<'_>, depth: usize) -> bool {
    match value {
        _ if depth > 6 => false,
        Value::Text(text) => is_measure(&text.text),
        Value::List(items) => items.iter().any(|item| says_measure(item, depth + 1)),
        Value::Object(object) => {
            object.kind == CONDITION || object.fields.values().any(|value| says_measure(value, depth + 1))
        }
        _ => false,
    }
}

/// Whether `value` says that a model is good enough.
fn is_good_enough(value: &Value<'_>) -> bool {
    matches!(value, Value::Object(object) if object.kind == CONDITION)
}

/// Whether a part of `test` is neither a comparison nor a name.
fn has_other_part(test: &Expr, depth: usize) -> bool {
    match test {
        _ if depth > 8 => false,
        Expr::BoolOp(boolean) => boolean.values.iter().any(|value| has_other_part(value, depth + 1)),
        Expr::UnaryOp(unary) => has_other_part(&unary.operand, depth + 1),
        Expr::Compare(_) | Expr::Name(_) => false,
        _ => true,
    }
}

/// What `one or other` gives: data before a condition, a condition before anything else.
pub(in crate::code::python) fn joined<'w>(one: Value<'w>, other: Value<'w>) -> Value<'w> {
    let is_data = |value: &Value<'w>| matches!(value, Value::Data(..) | Value::Expression(_));
    if is_good_enough(&one) {
        if is_data(&other) { other } else { one }
    } else if is_good_enough(&other) {
        if is_data(&one) { one } else { other }
    } else {
        one.either(other, "value")
    }
}

/// Whether `value` holds rows, so that a comparison with it chooses among them.
fn of_rows(value: &Value<'_>) -> bool {
    matches!(value, Value::Data(..) | Value::Expression(_)) && !is_measured(value)
}

/// Whether the last step of `expression` takes a measure by its name.
fn takes_measure(expression: &Expr) -> bool {
    match expression {
        Expr::Subscript(subscript) => {
            matches!(&*subscript.slice, Expr::StringLiteral(text) if is_measure(text.value.to_str()))
        }
        Expr::Attribute(attribute) => is_measure(attribute.attr.as_str()),
        Expr::Call(call) => {
            let first = call.arguments.args.first();
            match &*call.func {
                Expr::Attribute(attribute) if attribute.attr.as_str() == "get" => {
                    matches!(first, Some(Expr::StringLiteral(text)) if is_measure(text.value.to_str()))
                }
                Expr::Name(name) if matches!(name.id.as_str(), "float" | "round") => first.is_some_and(tells_measure),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether `expression` takes a measure by its name, or is a result of what measures: `model.evaluate(x, y)[1]`.
fn tells_measure(expression: &Expr) -> bool {
    let of = match expression {
        Expr::Subscript(subscript) => &*subscript.value,
        other => other,
    };
    takes_measure(expression) || measures_by_call(of)
}

/// Whether `expression` calls what by its name tells how good a model is: `roc_auc_score(…)`, `model.evaluate(…)`.
fn measures_by_call(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return false };
    match &*call.func {
        Expr::Attribute(attribute) => is_measuring(attribute.attr.as_str()),
        Expr::Name(name) => is_measuring(name.id.as_str()),
        _ => false,
    }
}

/// Whether `value` is a number over data in which no row is left, or the result of a library's function that measures.
pub(in crate::code::python) fn is_measured(value: &Value<'_>) -> bool {
    if let Value::Object(object) = value {
        return object.kind == MEASURE || object.kind.rsplit('.').next().is_some_and(is_measuring);
    }
    let Value::Data(Shape::Scalar, data) = value else { return false };
    let mut rungs = data.parts.values().flat_map(|part| part.rest.into_iter().chain(part.everything().into_values()));
    !data.is_empty() && rungs.all(|rung| rung >= Protection::Aggregated)
}

/// The bodies of which a condition chooses one.
pub(super) struct Bodies<'e> {
    bodies: &'e [&'e [Stmt]],
    /// What their statements give another value, found when it is first asked for: there may be as many conditions as bodies.
    targets: OnceCell<HashSet<ComparableExpr<'e>>>,
}

impl<'e> Bodies<'e> {
    pub(super) fn of(bodies: &'e [&'e [Stmt]]) -> Bodies<'e> {
        Bodies { bodies, targets: OnceCell::new() }
    }

    /// Whether a statement gives `side`, or what it is a part of, another value.
    fn set(&self, side: &Expr) -> bool {
        let whole = match side {
            Expr::Subscript(subscript) => &*subscript.value,
            Expr::Name(_) | Expr::Attribute(_) => side,
            _ => return false,
        };
        let targets = self.targets.get_or_init(|| self.bodies.iter().flat_map(|body| targets(body)).collect());
        targets.contains(&ComparableExpr::from(side)) || targets.contains(&ComparableExpr::from(whole))
    }
}

fn targets(body: &[Stmt]) -> impl Iterator<Item = ComparableExpr<'_>> {
    let targets = body.iter().flat_map(|statement| match statement {
        Stmt::Assign(assign) => assign.targets.as_slice(),
        Stmt::AnnAssign(assign) => std::slice::from_ref(&*assign.target),
        _ => &[],
    });
    let parts = targets.flat_map(|target| match target {
        Expr::Tuple(tuple) => tuple.elts.as_slice(),
        target => std::slice::from_ref(target),
    });
    parts.map(ComparableExpr::from)
}

/// `while True:`
pub(super) fn is_endless(test: &Expr) -> bool {
    match test {
        Expr::BooleanLiteral(truth) => truth.value,
        Expr::NumberLiteral(number) => matches!(&number.value, Number::Int(one) if one.as_u8() == Some(1)),
        _ => false,
    }
}
