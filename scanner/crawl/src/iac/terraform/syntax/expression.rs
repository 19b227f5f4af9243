//! Reads expressions, by precedence.

use super::parser::{Parsed, Parser, joined};
use super::template::{End, number};
use super::{Expression, For, Form, Key, Operator, Step};

/// Operators by precedence, the loosest first; of two that begin alike the longer first.
const PRECEDENCE: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or)],
    &[("&&", Operator::And)],
    &[("==", Operator::Equal), ("!=", Operator::Unequal)],
    &[("<=", Operator::LessEqual), (">=", Operator::GreaterEqual), ("<", Operator::Less), (">", Operator::Greater)],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("/", Operator::Divided), ("%", Operator::Modulo)],
];

/// Items of one list, object or chain of operators in a source text.
const ITEMS: usize = 200_000;

pub(super) fn number_of_digits(parser: &Parser<'_>) -> usize {
    let rest = parser.text.as_bytes().get(parser.at..).unwrap_or_default();
    rest.iter().take_while(|b| b.is_ascii_digit()).count()
}

impl<'t> Parser<'t> {
    /// One expression; space around it included.
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.nested(Self::conditional)
    }

    fn conditional(&mut self) -> Parsed<Expression> {
        self.space();
        let start = self.at;
        let condition = self.chain(0)?;
        self.space();
        if self.byte(0) != b'?' {
            return Ok(condition);
        }
        self.at += 1;
        let yes = self.branch()?;
        self.blank();
        if !self.take(":") {
            return Err(self.fault("expected `:`"));
        }
        let no = self.branch()?;
        let form = Form::Conditional(Box::new([condition, yes, no]));
        Ok(Expression { form, span: self.span(start) })
    }

    /// A branch of a conditional; a line end before it does not end the expression.
    fn branch(&mut self) -> Parsed<Expression> {
        self.blank();
        self.nested(Self::conditional)
    }

    /// Operators of `PRECEDENCE[level]` and tighter.
    fn chain(&mut self, level: usize) -> Parsed<Expression> {
        let Some(operators) = PRECEDENCE.get(level) else {
            return self.operand();
        };
        self.space();
        let start = self.at;
        let first = self.chain(level + 1)?;
        let mut rest = Vec::new();
        loop {
            let before = self.at;
            self.space();
            let found = operators.iter().find(|(sign, _)| self.starts(sign));
            let Some((sign, operator)) = found else {
                self.at = before;
                break;
            };
            self.at += sign.len();
            self.blank();
            rest.push((*operator, self.chain(level + 1)?));
            self.few(rest.len())?;
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Expression { form: Form::Chain(Box::new(first), rest), span: self.span(start) })
    }

    fn few(&self, items: usize) -> Parsed<()> {
        if items > ITEMS {
            return Err(super::Fault { limit: true, ..self.fault("it has too many parts") });
        }
        Ok(())
    }

    fn operand(&mut self) -> Parsed<Expression> {
        self.space();
        let start = self.at;
        let sign = self.byte(0);
        if matches!(sign, b'!' | b'-') {
            self.at += 1;
            let inner = Box::new(self.nested(Self::operand)?);
            let form = if sign == b'!' { Form::Not(inner) } else { Form::Negative(inner) };
            return Ok(Expression { form, span: self.span(start) });
        }
        let term = self.term()?;
        let mut steps = Vec::new();
        while let Some(step) = self.step()? {
            steps.push(step);
            self.few(steps.len())?;
        }
        if steps.is_empty() {
            return Ok(term);
        }
        Ok(Expression { form: Form::Traversal(Box::new(term), steps), span: self.span(start) })
    }

    fn step(&mut self) -> Parsed<Option<Step>> {
        let before = self.at;
        if self.multi {
            self.space();
        }
        match (self.byte(0), self.byte(1)) {
            (b'.', b'.') | (b'.', 0) => {}
            (b'.', b'*') => {
                self.at += 2;
                return Ok(Some(Step::AttributeSplat));
            }
            (b'.', b'0'..=b'9') => {
                self.at += 1;
                let start = self.at;
                self.at += number_of_digits(self);
                let digits = self.text.get(start..self.at).unwrap_or_default();
                let index = digits.parse().map_err(|_| self.fault("the index is too large"))?;
                return Ok(Some(Step::Index(Expression { form: Form::Int(index), span: self.span(start) })));
            }
            (b'.', _) => {
                self.at += 1;
                self.space();
                return match self.word() {
                    Some(name) => Ok(Some(Step::Attribute(name.to_owned()))),
                    None => Err(self.fault("expected a name after `.`")),
                };
            }
            (b'[', _) => {
                self.at += 1;
                return self.nested(|parser| parser.lines(true, Self::index)).map(Some);
            }
            _ => {}
        }
        self.at = before;
        Ok(None)
    }

    fn index(&mut self) -> Parsed<Step> {
        self.space();
        let step = if self.byte(0) == b'*' {
            self.at += 1;
            Step::Splat
        } else {
            Step::Index(self.expression()?)
        };
        self.space();
        if self.take("]") { Ok(step) } else { Err(self.fault("expected `]`")) }
    }

    fn term(&mut self) -> Parsed<Expression> {
        let start = self.at;
        let form = match self.byte(0) {
            b'"' => {
                self.at += 1;
                joined(self.nested(|parser| parser.whole_template(End::Quote))?)
            }
            b'<' if self.byte(1) == b'<' => return self.heredoc(),
            b'0'..=b'9' => number(self)?,
            b'(' => {
                self.at += 1;
                let inner = self.lines(true, Self::expression)?;
                self.blank();
                if !self.take(")") {
                    return Err(self.fault("expected `)`"));
                }
                Form::Parenthesis(Box::new(inner))
            }
            b'[' => {
                self.at += 1;
                self.nested(|parser| parser.lines(true, Self::list))?
            }
            b'{' => {
                self.at += 1;
                self.nested(|parser| parser.lines(false, Self::object))?
            }
            _ => match self.word() {
                Some("null") => Form::Null,
                Some("true") => Form::Bool(true),
                Some("false") => Form::Bool(false),
                Some(name) => return self.named(start, name),
                None => return Err(self.fault("expected an expression")),
            },
        };
        Ok(Expression { form, span: self.span(start) })
    }

    /// A variable or a call.
    fn named(&mut self, start: usize, name: &'t str) -> Parsed<Expression> {
        let mut name = name.to_owned();
        while self.take("::") {
            let Some(more) = self.word() else {
                return Err(self.fault("expected a name after `::`"));
            };
            name.push_str("::");
            name.push_str(more);
        }
        if self.byte(0) != b'(' {
            return Ok(Expression { form: Form::Name(name), span: self.span(start) });
        }
        self.at += 1;
        let (arguments, expanded) = self.nested(|parser| parser.lines(true, Self::arguments))?;
        Ok(Expression { form: Form::Call { name, arguments, expanded }, span: self.span(start) })
    }

    fn arguments(&mut self) -> Parsed<(Vec<Expression>, bool)> {
        let mut arguments = Vec::new();
        let mut expanded = false;
        loop {
            self.space();
            if self.take(")") {
                return Ok((arguments, expanded));
            }
            arguments.push(self.expression()?);
            self.few(arguments.len())?;
            self.space();
            expanded = self.take("...");
            self.space();
            if !self.take(",") && self.byte(0) != b')' {
                return Err(self.fault("expected `,` or `)`"));
            }
        }
    }

    /// The word `for`, followed by space.
    fn is_for(&self) -> bool {
        self.starts("for") && matches!(self.byte(3), b' ' | b'\t' | b'\n' | b'\r')
    }

    fn list(&mut self) -> Parsed<Form> {
        self.space();
        if self.is_for() {
            return self.comprehension("]");
        }
        let mut items = Vec::new();
        loop {
            self.space();
            if self.take("]") {
                return Ok(Form::List(items));
            }
            items.push(self.expression()?);
            self.few(items.len())?;
            self.space();
            if !self.take(",") && self.byte(0) != b']' {
                return Err(self.fault("expected `,` or `]`"));
            }
        }
    }

    fn object(&mut self) -> Parsed<Form> {
        self.blank();
        if self.is_for() {
            return self.lines(true, |parser| parser.comprehension("}"));
        }
        let mut members = Vec::new();
        loop {
            self.blank();
            if self.take("}") {
                return Ok(Form::Object(members));
            }
            let key = self.key()?;
            self.space();
            if !self.take("=") && !self.take(":") {
                return Err(self.fault("expected `=` or `:`"));
            }
            self.blank();
            members.push((key, self.expression()?));
            self.few(members.len())?;
            self.space();
            if !self.take(",") && !matches!(self.byte(0), b'\n' | b'}') {
                return Err(self.fault("expected `,`, the end of the line or `}`"));
            }
        }
    }

    fn key(&mut self) -> Parsed<Key> {
        let start = self.at;
        if let Some(word) = self.word() {
            let end = self.at;
            self.space();
            if matches!(self.byte(0), b'=' | b':') && self.byte(1) != b'=' && !self.starts("::") {
                self.at = end;
                return Ok(Key::Word(word.to_owned(), self.span(start)));
            }
            self.at = start;
        }
        Ok(Key::Computed(self.nested(|parser| parser.chain(0))?))
    }

    /// `key, value in collection` of a `for`, whose word is gone over.
    pub(super) fn intro(&mut self) -> Parsed<(Option<String>, String, Expression)> {
        let name = |parser: &mut Self| {
            parser.space();
            parser.word().map(str::to_owned).ok_or_else(|| parser.fault("expected a name"))
        };
        let first = name(self)?;
        self.space();
        let (key, value) = if self.take(",") { (Some(first), name(self)?) } else { (None, first) };
        self.space();
        if self.word() != Some("in") {
            return Err(self.fault("expected `in`"));
        }
        Ok((key, value, self.expression()?))
    }

    fn comprehension(&mut self, close: &str) -> Parsed<Form> {
        self.at += "for".len();
        let (key, value, collection) = self.intro()?;
        self.space();
        if !self.take(":") {
            return Err(self.fault("expected `:`"));
        }
        let mut result = self.expression()?;
        self.space();
        let mut result_key = None;
        if self.take("=>") {
            result_key = Some(std::mem::replace(&mut result, self.expression()?));
            self.space();
        }
        let grouping = self.take("...");
        self.space();
        let mut condition = None;
        if self.starts("if") {
            self.at += "if".len();
            condition = Some(self.expression()?);
            self.space();
        }
        if !self.take(close) {
            return Err(self.fault("expected the end of the `for`"));
        }
        if (close == "}") != result_key.is_some() {
            return Err(self.fault("a `for` in braces gives keys, one in brackets does not"));
        }
        Ok(Form::For(Box::new(For { key, value, collection, result_key, result, grouping, condition })))
    }
}
