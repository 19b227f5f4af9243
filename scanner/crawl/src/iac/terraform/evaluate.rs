//! Evaluates expressions: literals, templates, operators, conditionals, `for` and traversals.
//!
//! Nothing here fails: what cannot be known is [`Kind::Unknown`], what Terraform would refuse is
//! [`Kind::Fault`]. Work is bounded by depth and by a budget of nodes; see [`Evaluator`].

use std::collections::BTreeMap;

use aedile_model::Unknown;
use hcl_edit::Span;
use hcl_edit::expr::{
    BinaryOp, BinaryOperator, Conditional, Expression, ForExpr, FuncCall, Object, ObjectKey, Traversal,
    TraversalOperator, UnaryOp, UnaryOperator,
};
use hcl_edit::template::{Directive, Element, Template};

use super::functions;
use super::parse::Origin;
use super::scope::{Evaluator, Scope};
use crate::iac::datum::{Datum, Handle, Key, Kind, Map, hole_for};

/// Bytes of a text that evaluation may make.
const TEXT_BYTES: usize = 1 << 20;

impl<'a> Evaluator<'a> {
    /// The value of `expression` in `scope`, placed at its span.
    pub(super) fn evaluate(&mut self, expression: &'a Expression, origin: &'a Origin, scope: &Scope) -> Datum {
        let place = origin.place(expression.span());
        let datum = if self.enter() {
            let datum = self.expression(expression, origin, scope);
            self.leave();
            datum.at(place.clone())
        } else {
            Datum::unknown(origin.snippet(expression.span()), "evaluating it reaches a limit")
        };
        if self.limited && self.limited_at.is_none() {
            self.limited_at = place;
        }
        datum
    }

    fn expression(&mut self, expression: &'a Expression, origin: &'a Origin, scope: &Scope) -> Datum {
        match expression {
            Expression::Null(_) => Kind::Null.into(),
            Expression::Bool(truth) => Kind::Bool(*truth.value()).into(),
            Expression::Number(number) => match number.value().as_i64() {
                Some(whole) => Kind::Int(whole).into(),
                None => Kind::Float(number.value().as_f64().unwrap_or_default()).into(),
            },
            Expression::String(text) => Datum::from_text(text.value().as_str()),
            Expression::Array(array) => {
                Kind::List(array.iter().map(|item| self.evaluate(item, origin, scope)).collect()).into()
            }
            Expression::Object(object) => self.object(object, origin, scope),
            Expression::StringTemplate(template) => {
                let elements: Vec<&Element> = template.iter().collect();
                self.elements(&elements, origin, scope)
            }
            Expression::HeredocTemplate(heredoc) => {
                let datum = self.template(&heredoc.template, origin, scope);
                match (datum.kind, heredoc.indent()) {
                    (Kind::Text(text), Some(_)) => Datum::from_text(dedent(&text)),
                    (kind, _) => kind.into(),
                }
            }
            Expression::Parenthesis(inner) => self.evaluate(inner.inner(), origin, scope),
            Expression::Variable(name) => match scope.names.get(name.as_str()) {
                Some(value) => value.clone(),
                None => Datum::fault(name.as_str(), "there is nothing of that name"),
            },
            Expression::Conditional(conditional) => self.conditional(conditional, origin, scope),
            Expression::FuncCall(call) => self.call(call, origin, scope),
            Expression::Traversal(traversal) => self.traversal(traversal, origin, scope),
            Expression::UnaryOp(operation) => self.unary(operation, origin, scope),
            Expression::BinaryOp(operation) => self.binary(operation, origin, scope),
            Expression::ForExpr(expression) => self.for_expression(expression, origin, scope),
        }
    }

    fn object(&mut self, object: &'a Object, origin: &'a Origin, scope: &Scope) -> Datum {
        let mut map = Map::default();
        for (key, value) in object {
            let name = match key {
                ObjectKey::Ident(ident) => Some(ident.as_str().to_owned()),
                ObjectKey::Expression(expression) => match expression {
                    // A bare word is a key, not a variable.
                    Expression::Variable(ident) => Some(ident.as_str().to_owned()),
                    other => self.evaluate(other, origin, scope).text(),
                },
            };
            let member = self.evaluate(value.expr(), origin, scope);
            let start = key.span().map_or(0, |span| span.start);
            let place = value.expr().span().and_then(|span| origin.place(Some(start.min(span.start)..span.end)));
            match name {
                Some(name) => {
                    map.members.insert(name, member.at(place));
                }
                None => {
                    let expression = origin.snippet(key.span());
                    map.open = Some(Unknown { expression, why: "the key is not known".to_owned() });
                }
            }
        }
        Kind::Map(map).into()
    }

    fn template(&mut self, template: &'a Template, origin: &'a Origin, scope: &Scope) -> Datum {
        let elements: Vec<&Element> = template.iter().collect();
        self.elements(&elements, origin, scope)
    }

    fn elements(&mut self, elements: &[&'a Element], origin: &'a Origin, scope: &Scope) -> Datum {
        if let [Element::Interpolation(single)] = elements {
            return self.evaluate(&single.expr, origin, scope);
        }
        let (mut text, mut why) = (String::new(), None);
        for element in elements {
            let part = match element {
                Element::Literal(literal) => {
                    text.push_str(literal.as_str());
                    continue;
                }
                Element::Interpolation(interpolation) => self.evaluate(&interpolation.expr, origin, scope),
                Element::Directive(directive) => self.directive(directive, origin, scope),
            };
            match part.text() {
                Some(known) => text.push_str(&known),
                None => {
                    let unknown = part.why_unknown().cloned().unwrap_or_else(|| Unknown {
                        expression: "template".to_owned(),
                        why: "a part of it is no text".to_owned(),
                    });
                    match part.holed() {
                        Some(holed) => text.push_str(&holed),
                        None => text.push_str(&hole_for(&unknown.expression)),
                    }
                    why.get_or_insert(unknown);
                }
            }
            if text.len() > TEXT_BYTES || !self.spend(text.len() / 256) {
                self.limited = true;
                return Datum::unknown("template", "the text grows beyond a limit");
            }
        }
        match why {
            None => Datum::from_text(text),
            Some(why) => Kind::Computed { text, why }.into(),
        }
    }

    fn directive(&mut self, directive: &'a Directive, origin: &'a Origin, scope: &Scope) -> Datum {
        match directive {
            Directive::If(choice) => match self.evaluate(&choice.if_expr.cond_expr, origin, scope).bool() {
                Some(true) => self.template(&choice.if_expr.template, origin, scope),
                Some(false) => match &choice.else_expr {
                    Some(otherwise) => self.template(&otherwise.template, origin, scope),
                    None => Datum::from_text(""),
                },
                None => Datum::unknown(
                    origin.snippet(choice.if_expr.cond_expr.span()),
                    "the condition of the template is not known",
                ),
            },
            Directive::For(each) => {
                let collection = self.evaluate(&each.for_expr.collection_expr, origin, scope);
                let Some(pairs) = pairs(&collection) else {
                    return not_known(&collection, "template");
                };
                let mut parts = Vec::new();
                for (key, value) in pairs {
                    let mut inner = scope.clone();
                    if let Some(name) = &each.for_expr.key_var {
                        inner.names.insert(name.as_str().to_owned(), key);
                    }
                    inner.names.insert(each.for_expr.value_var.as_str().to_owned(), value);
                    parts.push(self.template(&each.for_expr.template, origin, &inner));
                }
                functions::concatenate(&parts)
            }
        }
    }

    fn conditional(&mut self, conditional: &'a Conditional, origin: &'a Origin, scope: &Scope) -> Datum {
        let condition = self.evaluate(&conditional.cond_expr, origin, scope);
        match condition.bool() {
            Some(true) => return self.evaluate(&conditional.true_expr, origin, scope),
            Some(false) => return self.evaluate(&conditional.false_expr, origin, scope),
            None => {}
        }
        let yes = self.evaluate(&conditional.true_expr, origin, scope);
        let no = self.evaluate(&conditional.false_expr, origin, scope);
        if yes.kind == no.kind {
            return yes;
        }
        let expression = origin.snippet(conditional.cond_expr.span());
        let why = condition.why_unknown().map_or("the condition is not known".to_owned(), ToString::to_string);
        let given = |datum: &Datum| !matches!(datum.kind, Kind::Null | Kind::Unknown(_) | Kind::Fault(_));
        if given(&yes) && given(&no) && yes.text().or(no.text()).is_some() {
            let text = hole_for(&expression);
            return Kind::Computed { text, why: Unknown { expression, why } }.into();
        }
        Datum::unknown(expression, why)
    }

    fn call(&mut self, call: &'a FuncCall, origin: &'a Origin, scope: &Scope) -> Datum {
        let name = call.name.name.as_str();
        let snippet = || origin.snippet(call.span());
        if !call.name.namespace.is_empty() {
            return Datum::unknown(snippet(), "functions of providers are not evaluated");
        }
        let mut arguments: Vec<Datum> = Vec::new();
        for argument in call.args.iter() {
            arguments.push(self.evaluate(argument, origin, scope));
        }
        if call.args.expand_final()
            && let Some(last) = arguments.pop()
        {
            match &last.kind {
                Kind::List(items) => arguments.extend(items.iter().cloned()),
                _ => return not_known(&last, &snippet()),
            }
        }
        let weight: usize = arguments.iter().map(Datum::size).sum();
        if !self.spend(weight) {
            return Datum::unknown(snippet(), "evaluating it reaches a limit");
        }
        functions::call(name, arguments, &snippet)
    }

    fn unary(&mut self, operation: &'a UnaryOp, origin: &'a Origin, scope: &Scope) -> Datum {
        let operand = self.evaluate(&operation.expr, origin, scope);
        match (*operation.operator.value(), &operand.kind) {
            (UnaryOperator::Not, _) if operand.bool().is_some() => Kind::Bool(operand.bool() == Some(false)).into(),
            (UnaryOperator::Neg, Kind::Int(number)) => Kind::Int(number.saturating_neg()).into(),
            (UnaryOperator::Neg, Kind::Float(number)) => Kind::Float(-number).into(),
            _ => not_known(&operand, &origin.snippet(operation.span())),
        }
    }

    fn binary(&mut self, operation: &'a BinaryOp, origin: &'a Origin, scope: &Scope) -> Datum {
        let left = self.evaluate(&operation.lhs_expr, origin, scope);
        let operator = *operation.operator.value();
        match (operator, left.bool()) {
            (BinaryOperator::And, Some(false)) => return Kind::Bool(false).into(),
            (BinaryOperator::Or, Some(true)) => return Kind::Bool(true).into(),
            _ => {}
        }
        let right = self.evaluate(&operation.rhs_expr, origin, scope);
        match (operator, right.bool()) {
            (BinaryOperator::And, Some(false)) => return Kind::Bool(false).into(),
            (BinaryOperator::Or, Some(true)) => return Kind::Bool(true).into(),
            _ => {}
        }
        let snippet = origin.snippet(operation.span());
        compute(operator, &left, &right).unwrap_or_else(|| {
            let unknown = if left.why_unknown().is_some() { &left } else { &right };
            not_known(unknown, &snippet)
        })
    }

    fn for_expression(&mut self, expression: &'a ForExpr, origin: &'a Origin, scope: &Scope) -> Datum {
        let collection = self.evaluate(&expression.intro.collection_expr, origin, scope);
        let snippet = || origin.snippet(expression.span());
        let Some(pairs) = pairs(&collection) else {
            return not_known(&collection, &snippet());
        };
        let (mut items, mut map) = (Vec::new(), Map::default());
        for (key, value) in pairs {
            let mut inner = scope.clone();
            if let Some(name) = &expression.intro.key_var {
                inner.names.insert(name.as_str().to_owned(), key);
            }
            inner.names.insert(expression.intro.value_var.as_str().to_owned(), value);
            if let Some(condition) = &expression.cond {
                let condition = self.evaluate(&condition.expr, origin, &inner);
                match condition.bool() {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return not_known(&condition, &snippet()),
                }
            }
            let value = self.evaluate(&expression.value_expr, origin, &inner);
            let Some(key) = &expression.key_expr else {
                items.push(value);
                continue;
            };
            let key = self.evaluate(key, origin, &inner);
            let Some(key) = key.text() else {
                return not_known(&key, &snippet());
            };
            if expression.grouping {
                let group = map.members.entry(key).or_insert_with(|| Kind::List(Vec::new()).into());
                if let Kind::List(group) = &mut group.kind {
                    group.push(value);
                }
            } else {
                map.members.insert(key, value);
            }
        }
        if expression.key_expr.is_some() { Kind::Map(map).into() } else { Kind::List(items).into() }
    }

    fn traversal(&mut self, traversal: &'a Traversal, origin: &'a Origin, scope: &Scope) -> Datum {
        let operators: Vec<&'a TraversalOperator> =
            traversal.operators.iter().map(|operator| operator.value()).collect();
        let snippet = origin.snippet(traversal.span());
        let (start, rest) = match &traversal.expr {
            Expression::Variable(name) if !scope.names.contains_key(name.as_str()) => {
                self.named(name.as_str(), &operators, scope, &snippet)
            }
            other => (self.evaluate(other, origin, scope), operators.as_slice()),
        };
        self.apply(start, rest, origin, scope, &snippet)
    }

    fn apply(
        &mut self,
        mut datum: Datum,
        operators: &[&'a TraversalOperator],
        origin: &'a Origin,
        scope: &Scope,
        snippet: &str,
    ) -> Datum {
        let mut operators = operators.iter();
        while let Some(operator) = operators.next() {
            datum = match operator {
                TraversalOperator::GetAttr(name) => self.attribute(datum, name.as_str(), snippet),
                TraversalOperator::LegacyIndex(index) => {
                    let index = Kind::Int(i64::try_from(*index.value()).unwrap_or(i64::MAX)).into();
                    self.index(datum, &index, snippet)
                }
                TraversalOperator::Index(expression) => {
                    let index = self.evaluate(expression, origin, scope);
                    self.index(datum, &index, snippet)
                }
                TraversalOperator::FullSplat(_) => {
                    let rest: Vec<&TraversalOperator> = operators.copied().collect();
                    return self.splat(datum, &rest, origin, scope, snippet);
                }
                // `list.*.name[0]` takes the first of the names, `list[*].name[0]` the first of every name.
                TraversalOperator::AttrSplat(_) => {
                    let rest: Vec<&TraversalOperator> = operators.copied().collect();
                    let names = rest.iter().take_while(|next| matches!(next, TraversalOperator::GetAttr(_))).count();
                    let (names, rest) = rest.split_at_checked(names).unwrap_or_default();
                    let found = self.splat(datum, names, origin, scope, snippet);
                    return self.apply(found, rest, origin, scope, snippet);
                }
            };
        }
        datum
    }

    fn splat(
        &mut self,
        datum: Datum,
        rest: &[&'a TraversalOperator],
        origin: &'a Origin,
        scope: &Scope,
        snippet: &str,
    ) -> Datum {
        match &datum.kind {
            Kind::Unknown(_) | Kind::Fault(_) => return not_known(&datum, snippet),
            _ => {}
        }
        let items = datum.items().to_vec();
        Kind::List(items.into_iter().map(|item| self.apply(item, rest, origin, scope, snippet)).collect()).into()
    }

    /// `datum.name`.
    pub(super) fn attribute(&mut self, datum: Datum, name: &str, snippet: &str) -> Datum {
        match datum.kind {
            Kind::Resource(handle) => self.resource_attribute(&handle, name),
            Kind::Module(instance) => self.output(instance, name, snippet),
            Kind::Map(map) => match (map.members.get(name), map.open) {
                (Some(member), _) => member.clone(),
                (None, Some(_)) => Datum::unknown(snippet, "the map is not wholly known"),
                (None, None) => Datum::fault(snippet, format!("there is no `{name}` in it")),
            },
            Kind::Computed { text, why } => {
                let text = match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    Some(inner) => format!("{{{inner}.{name}}}"),
                    None => text,
                };
                Datum { kind: Kind::Computed { text, why }, place: None, of: datum.of }
            }
            // Blocks that may stand once are written `x.block.attribute` in old code.
            Kind::List(ref items) if items.len() == 1 => {
                let first = items.first().cloned().unwrap_or_else(|| Kind::Null.into());
                self.attribute(first, name, snippet)
            }
            Kind::Unknown(why) => Datum::unknown(snippet, why.to_string()),
            _ => Datum::fault(snippet, format!("it has no attribute `{name}`")),
        }
    }

    fn index(&mut self, datum: Datum, index: &Datum, snippet: &str) -> Datum {
        if let Kind::Resource(Handle { key: Key::Any, .. }) = datum.kind {
            return datum;
        }
        match (&datum.kind, &index.kind) {
            (Kind::List(items), _) if index.int().is_some() => {
                let at = index.int().and_then(|at| usize::try_from(at).ok());
                match at.and_then(|at| items.get(at)) {
                    Some(item) => item.clone(),
                    None => Datum::fault(snippet, "the index is beyond the list"),
                }
            }
            (Kind::Map(_), _) if index.text().is_some() => {
                self.attribute(datum, &index.text().unwrap_or_default(), snippet)
            }
            (Kind::Resource(_) | Kind::Module(_), Kind::Text(name)) => self.attribute(datum.clone(), name, snippet),
            // Index 0 of what is known to be one.
            (Kind::Resource(_) | Kind::Module(_) | Kind::Computed { .. }, _) => datum,
            (Kind::Unknown(why) | Kind::Fault(why), _) => Datum::unknown(snippet, why.to_string()),
            _ => not_known(index, snippet),
        }
    }
}

/// Unknown because `datum` is, or a fault because it is of the wrong type.
pub(super) fn not_known(datum: &Datum, snippet: &str) -> Datum {
    match (&datum.kind, datum.why_unknown()) {
        (Kind::Fault(why), _) => Datum::fault(snippet, why.to_string()),
        (_, Some(why)) if why.expression == snippet => Kind::Unknown(why.clone()).into(),
        (_, Some(why)) => Datum::unknown(snippet, why.to_string()),
        (_, None) => Datum::fault(snippet, "it is of a type that does not fit"),
    }
}

/// Keys and values of what a `for` runs over; `None` if that is not known.
pub(super) fn pairs(collection: &Datum) -> Option<Vec<(Datum, Datum)>> {
    match &collection.kind {
        Kind::List(items) => Some(
            items
                .iter()
                .enumerate()
                .map(|(at, item)| (Kind::Int(i64::try_from(at).unwrap_or(i64::MAX)).into(), item.clone()))
                .collect(),
        ),
        Kind::Map(Map { members, open: None }) => {
            Some(members.iter().map(|(key, member)| (Datum::from_text(key), member.clone())).collect())
        }
        _ => None,
    }
}

fn compute(operator: BinaryOperator, left: &Datum, right: &Datum) -> Option<Datum> {
    use BinaryOperator as Op;
    match operator {
        Op::Eq | Op::NotEq => {
            let same = equal(left, right)?;
            Some(Kind::Bool(same == (operator == Op::Eq)).into())
        }
        Op::And => Some(Kind::Bool(left.bool()? && right.bool()?).into()),
        Op::Or => Some(Kind::Bool(left.bool()? || right.bool()?).into()),
        _ => {
            if let (Some(a), Some(b)) = (left.int(), right.int()) {
                let whole = |number: Option<i64>| number.map(|number| Kind::Int(number).into());
                let known = match operator {
                    Op::Plus => whole(a.checked_add(b)),
                    Op::Minus => whole(a.checked_sub(b)),
                    Op::Mul => whole(a.checked_mul(b)),
                    Op::Div if b != 0 && a.checked_rem(b) == Some(0) => whole(a.checked_div(b)),
                    Op::Mod => whole(a.checked_rem(b)),
                    _ => None,
                };
                if known.is_some() {
                    return known;
                }
            }
            let (a, b) = (float(left)?, float(right)?);
            Some(match operator {
                Op::Less => Kind::Bool(a < b).into(),
                Op::LessEq => Kind::Bool(a <= b).into(),
                Op::Greater => Kind::Bool(a > b).into(),
                Op::GreaterEq => Kind::Bool(a >= b).into(),
                Op::Plus => Kind::Float(a + b).into(),
                Op::Minus => Kind::Float(a - b).into(),
                Op::Mul => Kind::Float(a * b).into(),
                Op::Div if b != 0.0 => Kind::Float(a / b).into(),
                _ => return None,
            })
        }
    }
}

/// Whether two values are equal, if that is known: what is computed is at least not null.
fn equal(left: &Datum, right: &Datum) -> Option<bool> {
    match (&left.kind, &right.kind) {
        (Kind::Null, Kind::Computed { .. }) | (Kind::Computed { .. }, Kind::Null) => Some(false),
        (Kind::Text(text), Kind::Computed { .. }) | (Kind::Computed { .. }, Kind::Text(text)) if text.is_empty() => {
            Some(false)
        }
        (Kind::Null, Kind::List(_) | Kind::Map(_)) | (Kind::List(_) | Kind::Map(_), Kind::Null) => Some(false),
        _ if left.why_unknown().is_some() || right.why_unknown().is_some() => None,
        _ => match (left.text(), right.text()) {
            (Some(left), Some(right)) => Some(left == right),
            _ => Some(left.value() == right.value()),
        },
    }
}

fn float(datum: &Datum) -> Option<f64> {
    match &datum.kind {
        Kind::Int(number) => number.to_string().parse().ok(),
        Kind::Float(number) => Some(*number),
        Kind::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The lines of `<<-` without the indent that all of them have.
fn dedent(text: &str) -> String {
    let indent = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or(0);
    let lines: Vec<&str> = text.lines().map(|line| line.get(indent..).unwrap_or_default()).collect();
    let mut out = lines.join("\n");
    if text.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// Names that a `for` or an instance brings in, by name.
pub(super) type Names = BTreeMap<String, Datum>;
