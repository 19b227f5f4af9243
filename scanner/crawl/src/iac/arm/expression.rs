//! The grammar of template expressions: `[if(equals(parameters('kind'), 'x'), variables('y').z[0], null())]`.

use std::sync::Arc;

/// Bytes of an expression, the provider's own bound.
/// Source: learn.microsoft.com/azure/azure-resource-manager/templates/best-practices, template limits.
const BYTES: usize = 24_576;
/// Levels of calls.
const DEPTH: usize = 48;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    /// Text in single quotes.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A function with its arguments; a function of the template has its namespace before a dot.
    Call(String, Vec<Expression>),
    /// A member of something.
    Member(Box<Expression>, String),
    /// An element of something.
    Index(Box<Expression>, Box<Expression>),
}

/// The expression inside `text`, if the text is one; the reason where it is one that does not parse.
pub(super) fn parse(text: &str) -> Option<Result<Expression, &'static str>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    if inner.starts_with('[') {
        return None;
    }
    if inner.len() > BYTES {
        return Some(Err("the expression is longer than the provider takes"));
    }
    let mut reader = Reader { text: inner, at: 0 };
    let found = reader.expression(0).and_then(|expression| {
        reader.blank();
        if reader.at == inner.len() { Ok(expression) } else { Err("something follows the expression") }
    });
    Some(found)
}

/// Literal text: `[[` at the start of a text that looks like an expression means `[`.
pub(super) fn literal(text: &str) -> Option<Arc<str>> {
    (text.starts_with("[[") && text.ends_with(']')).then(|| text.get(1..).unwrap_or_default().into())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.blank();
        let there = self.rest().starts_with(wanted);
        self.at += if there { wanted.len_utf8() } else { 0 };
        there
    }

    fn expression(&mut self, depth: usize) -> Result<Expression, &'static str> {
        if depth > DEPTH {
            return Err("the expression nests too deep");
        }
        self.blank();
        let mut found = match self.rest().chars().next() {
            Some('\'') => Expression::Text(self.string()?),
            Some(c) if c == '-' || c.is_ascii_digit() => Expression::Int(self.number()?),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.call(depth)?,
            _ => return Err("a value is expected"),
        };
        let mut links = 0;
        loop {
            links += 1;
            if links > DEPTH {
                return Err("the expression nests too deep");
            }
            if self.takes('.') {
                let name = self.word();
                if name.is_empty() {
                    return Err("a name is expected after `.`");
                }
                found = Expression::Member(Box::new(found), name);
            } else if self.takes('[') {
                let index = self.expression(depth + 1)?;
                if !self.takes(']') {
                    return Err("`]` is expected");
                }
                found = Expression::Index(Box::new(found), Box::new(index));
            } else {
                return Ok(found);
            }
        }
    }

    fn call(&mut self, depth: usize) -> Result<Expression, &'static str> {
        let mut name = self.word();
        // A function of the template: `contoso.uniqueName(…)`.
        if self.rest().starts_with('.') {
            self.at += 1;
            name = format!("{name}.{}", self.word());
        }
        if !self.takes('(') {
            return Err("`(` is expected after a function's name");
        }
        let mut arguments = Vec::new();
        if self.takes(')') {
            return Ok(Expression::Call(name, arguments));
        }
        loop {
            arguments.push(self.expression(depth + 1)?);
            if self.takes(')') {
                return Ok(Expression::Call(name, arguments));
            }
            if !self.takes(',') {
                return Err("`,` or `)` is expected");
            }
        }
    }

    fn word(&mut self) -> String {
        self.blank();
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '-'))).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default().to_owned();
        self.at += end;
        word
    }

    fn string(&mut self) -> Result<String, &'static str> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(end) = self.rest().find('\'') else {
                return Err("a text does not end");
            };
            out.push_str(self.rest().get(..end).unwrap_or_default());
            self.at += end + 1;
            if !self.rest().starts_with('\'') {
                return Ok(out);
            }
            out.push('\'');
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<i64, &'static str> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c == '-' || c.is_ascii_digit())).unwrap_or(rest.len());
        let number = rest.get(..end).and_then(|digits| digits.parse().ok());
        self.at += end;
        number.ok_or("this is no whole number")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_members_and_elements_nest() {
        let parsed = parse("[concat('it''s ', variables('a').b[copyIndex()], my.name(-1))]").unwrap().unwrap();
        let text = |text: &str| Expression::Text(text.to_owned());
        let variable = Expression::Call("variables".into(), vec![text("a")]);
        let member = Expression::Member(Box::new(variable), "b".into());
        let index = Expression::Index(Box::new(member), Box::new(Expression::Call("copyIndex".into(), vec![])));
        let own = Expression::Call("my.name".into(), vec![Expression::Int(-1)]);
        assert_eq!(parsed, Expression::Call("concat".into(), vec![text("it's "), index, own]));
    }

    #[test]
    fn other_texts_are_none_and_broken_ones_say_why() {
        assert!(parse("plain").is_none());
        assert!(parse("[[literal]").is_none());
        assert_eq!(literal("[[literal]").as_deref(), Some("[literal]"));
        for text in ["[a]", "[a(]", "[a(1]", "[a(1)x]", "['x]", "[a().]", "[a()[1]", "[]", "[--1]"] {
            assert!(parse(text).unwrap().is_err(), "{text}");
        }
        assert!(parse(&format!("[{}1{}]", "a(".repeat(60), ")".repeat(60))).unwrap().is_err());
    }
}
