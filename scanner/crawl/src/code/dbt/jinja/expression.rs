//! Expressions of templates: read by descent, bounded in depth.

/// Brackets inside each other that are read.
const DEPTH: usize = 60;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Text(String),
    Int(i64),
    Number(String),
    Bool(bool),
    None,
    Name(String),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    /// `value.name`
    Member(Box<Expr>, String),
    /// `value[key]`
    Item(Box<Expr>, Box<Expr>),
    /// `value[from:to]`
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    /// Arguments with their names, if they have one.
    Call(Box<Expr>, Vec<(Option<String>, Expr)>),
    Filter(Box<Expr>, String, Vec<(Option<String>, Expr)>),
    /// `value is [not] test(arguments)`
    Test(Box<Expr>, bool, String, Vec<Expr>),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    Binary(Box<Expr>, String, Box<Expr>),
    /// `then if condition else otherwise`
    If(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Text(String),
    Number(String),
    Name(String),
    Sign(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.get(first.len_utf8()..)?;
        } else if first == '\'' || first == '"' {
            let mut value = String::new();
            let mut chars = rest.char_indices().skip(1);
            let end = loop {
                match chars.next()? {
                    (at, c) if c == first => break at + 1,
                    (_, '\\') => match chars.next()?.1 {
                        'n' => value.push('\n'),
                        't' => value.push('\t'),
                        c => value.push(c),
                    },
                    (_, c) => value.push(c),
                }
            };
            tokens.push(Token::Text(value));
            rest = rest.get(end..)?;
        } else if first.is_ascii_digit() {
            let len = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.' || *b == b'_').count();
            tokens.push(Token::Number(rest.get(..len)?.replace('_', "")));
            rest = rest.get(len..)?;
        } else if first.is_alphabetic() || first == '_' {
            let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(Token::Name(rest.get(..len)?.to_owned()));
            rest = rest.get(len..)?;
        } else {
            let two = rest.get(..2).filter(|two| matches!(*two, "==" | "!=" | "<=" | ">=" | "//" | "**"));
            let len = two.map_or(first.len_utf8(), str::len);
            tokens.push(Token::Sign(rest.get(..len)?.to_owned()));
            rest = rest.get(len..)?;
        }
    }
    Some(tokens)
}

/// The expression that `text` is; `None` if it is none.
pub(super) fn read(text: &str) -> Option<Expr> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0, depth: 0 };
    let expr = reader.tuple()?;
    (reader.at == reader.tokens.len()).then_some(expr)
}

/// A parameter of a macro, and what it is if nothing is given for it.
pub(super) type Parameter = (String, Option<Expr>);

/// The name and parameters of a macro: `name(a, b=1)`.
pub(super) fn signature(text: &str) -> Option<(String, Vec<Parameter>)> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0, depth: 0 };
    let Token::Name(name) = reader.next()? else { return None };
    let mut parameters = Vec::new();
    if reader.sign("(") {
        while !reader.sign(")") {
            let Token::Name(parameter) = reader.next()? else { return None };
            let default = if reader.sign("=") { Some(reader.ternary()?) } else { None };
            parameters.push((parameter, default));
            reader.sign(",");
        }
    }
    Some((name, parameters))
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Sign(held)) if held == sign);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Name(held)) if held == word);
        self.at += usize::from(is);
        is
    }

    /// One expression, or several with commas between them.
    fn tuple(&mut self) -> Option<Expr> {
        let first = self.ternary()?;
        if !matches!(self.tokens.get(self.at), Some(Token::Sign(sign)) if sign == ",") {
            return Some(first);
        }
        let mut items = vec![first];
        while self.sign(",") {
            if self.at == self.tokens.len() {
                break;
            }
            items.push(self.ternary()?);
        }
        Some(Expr::List(items))
    }

    fn ternary(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let mut expr = self.or()?;
        if self.word("if") {
            let condition = self.or()?;
            let otherwise = if self.word("else") { Some(Box::new(self.ternary()?)) } else { None };
            expr = Expr::If(Box::new(expr), Box::new(condition), otherwise);
        }
        self.depth -= 1;
        Some(expr)
    }

    fn or(&mut self) -> Option<Expr> {
        let mut left = self.and()?;
        while self.word("or") {
            left = Expr::Binary(Box::new(left), "or".to_owned(), Box::new(self.and()?));
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Expr> {
        let mut left = self.not()?;
        while self.word("and") {
            left = Expr::Binary(Box::new(left), "and".to_owned(), Box::new(self.not()?));
        }
        Some(left)
    }

    fn not(&mut self) -> Option<Expr> {
        let mut turns = 0_usize;
        while self.word("not") {
            turns += 1;
        }
        let expr = self.comparison()?;
        Some(match turns {
            0 => expr,
            turns if turns % 2 == 1 => Expr::Not(Box::new(expr)),
            _ => Expr::Not(Box::new(Expr::Not(Box::new(expr)))),
        })
    }

    fn comparison(&mut self) -> Option<Expr> {
        let mut left = self.sum()?;
        loop {
            let operator = match self.tokens.get(self.at) {
                Some(Token::Sign(sign)) if matches!(sign.as_str(), "==" | "!=" | "<" | ">" | "<=" | ">=") => {
                    sign.clone()
                }
                Some(Token::Name(word)) if word == "in" => "in".to_owned(),
                Some(Token::Name(word)) if word == "not" => {
                    let next = self.tokens.get(self.at + 1);
                    if !matches!(next, Some(Token::Name(word)) if word == "in") {
                        return Some(left);
                    }
                    self.at += 1;
                    "not in".to_owned()
                }
                Some(Token::Name(word)) if word == "is" => {
                    self.at += 1;
                    let negated = self.word("not");
                    let Token::Name(test) = self.next()? else { return None };
                    let arguments = if self.sign("(") {
                        self.arguments(")")?.into_iter().map(|(_, value)| value).collect()
                    } else {
                        Vec::new()
                    };
                    left = Expr::Test(Box::new(left), negated, test, arguments);
                    continue;
                }
                _ => return Some(left),
            };
            self.at += 1;
            left = Expr::Binary(Box::new(left), operator, Box::new(self.sum()?));
        }
    }

    fn sum(&mut self) -> Option<Expr> {
        let mut left = self.product()?;
        loop {
            let sign = match self.tokens.get(self.at) {
                Some(Token::Sign(sign)) if matches!(sign.as_str(), "+" | "-" | "~") => sign.clone(),
                _ => return Some(left),
            };
            self.at += 1;
            left = Expr::Binary(Box::new(left), sign, Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Option<Expr> {
        let mut left = self.unary()?;
        loop {
            let sign = match self.tokens.get(self.at) {
                Some(Token::Sign(sign)) if matches!(sign.as_str(), "*" | "/" | "//" | "%") => sign.clone(),
                _ => return Some(left),
            };
            self.at += 1;
            left = Expr::Binary(Box::new(left), sign, Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Option<Expr> {
        if self.sign("-") {
            return Some(Expr::Minus(Box::new(self.postfix()?)));
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Option<Expr> {
        let mut expr = self.atom()?;
        loop {
            if self.sign(".") {
                expr = match self.next()? {
                    Token::Name(name) => Expr::Member(Box::new(expr), name),
                    Token::Number(number) => Expr::Item(Box::new(expr), Box::new(Expr::Int(number.parse().ok()?))),
                    _ => return None,
                };
            } else if self.sign("[") {
                let from = if self.sign(":") {
                    self.at -= 1;
                    None
                } else {
                    Some(Box::new(self.ternary()?))
                };
                if self.sign(":") {
                    let to = if self.sign("]") {
                        None
                    } else {
                        let to = self.ternary()?;
                        self.sign("]").then_some(())?;
                        Some(Box::new(to))
                    };
                    expr = Expr::Slice(Box::new(expr), from, to);
                } else {
                    self.sign("]").then_some(())?;
                    expr = Expr::Item(Box::new(expr), from?);
                }
            } else if self.sign("(") {
                expr = Expr::Call(Box::new(expr), self.arguments(")")?);
            } else if self.sign("|") {
                let Token::Name(filter) = self.next()? else { return None };
                let arguments = if self.sign("(") { self.arguments(")")? } else { Vec::new() };
                expr = Expr::Filter(Box::new(expr), filter, arguments);
            } else {
                return Some(expr);
            }
        }
    }

    fn arguments(&mut self, close: &str) -> Option<Vec<(Option<String>, Expr)>> {
        let mut arguments = Vec::new();
        while !self.sign(close) {
            // `*args` and `**kwargs` pass on what was given.
            if self.sign("*") || self.sign("**") {
                arguments.push((Some("*".to_owned()), self.ternary()?));
                self.sign(",");
                continue;
            }
            let named = matches!(
                (self.tokens.get(self.at), self.tokens.get(self.at + 1)),
                (Some(Token::Name(_)), Some(Token::Sign(sign))) if sign == "="
            );
            let name = match (named, self.tokens.get(self.at)) {
                (true, Some(Token::Name(name))) => {
                    let name = name.clone();
                    self.at += 2;
                    Some(name)
                }
                _ => None,
            };
            arguments.push((name, self.ternary()?));
            self.sign(",");
        }
        Some(arguments)
    }

    fn atom(&mut self) -> Option<Expr> {
        Some(match self.next()? {
            Token::Text(mut text) => {
                // Texts beside each other are one.
                while let Some(Token::Text(more)) = self.tokens.get(self.at) {
                    text.push_str(more);
                    self.at += 1;
                }
                Expr::Text(text)
            }
            Token::Number(number) => number.parse().map_or(Expr::Number(number), Expr::Int),
            Token::Name(name) => match name.as_str() {
                "true" | "True" => Expr::Bool(true),
                "false" | "False" => Expr::Bool(false),
                "none" | "None" => Expr::None,
                _ => Expr::Name(name),
            },
            Token::Sign(sign) => match sign.as_str() {
                "(" => {
                    if self.sign(")") {
                        return Some(Expr::List(Vec::new()));
                    }
                    let expr = self.tuple()?;
                    self.sign(")").then_some(())?;
                    expr
                }
                "[" => Expr::List(self.arguments("]")?.into_iter().map(|(_, value)| value).collect()),
                "{" => {
                    let mut entries = Vec::new();
                    while !self.sign("}") {
                        let key = self.ternary()?;
                        self.sign(":").then_some(())?;
                        entries.push((key, self.ternary()?));
                        self.sign(",");
                    }
                    Expr::Map(entries)
                }
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_real_models_are_read() {
        for text in [
            "ref('a', v=2)",
            "dbt_utils.star(from=ref('x'), except=[\"a\", 'b'])",
            "config(materialized='table', meta={'owner': 'x', 'n': [1, 2]})",
            "'a' ~ loop.index ~ \"b\" if not loop.last else ''",
            "x | replace('a', 'b') | upper",
            "columns[0].name",
            "x is not none and y is defined",
            "a not in ['b'] or c == 1.5",
            "items[1:]",
            "var('x', default=none)",
        ] {
            assert!(read(text).is_some(), "{text}");
        }
        for text in ["ref('a'", "a b", "'open", "", "f(,)"] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000))).is_none());
        assert!(read(&"not ".repeat(50_000)).is_none());
    }
}
