//! Reads bodies: attributes, blocks, and what to do where one does not parse.

use aedile_model::Span;

use super::template::End;
use super::{Attribute, Block, Body, Expression, Form, Part};

/// Brackets, blocks and templates inside each other.
const DEPTH: usize = 100;

/// Why something does not parse, and where that was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(in super::super) span: Span,
    /// Lower case, no final period.
    pub(in super::super) message: String,
    /// Whether it nests deeper than is followed, rather than being wrong.
    pub(in super::super) limit: bool,
}

pub(super) type Parsed<T> = Result<T, Fault>;

/// A position in a text.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// Whether line ends are mere space, as they are inside brackets.
    pub(super) multi: bool,
    depth: usize,
    /// What spans count from.
    base: usize,
    /// The span of everything, where the text is not the file's own.
    fixed: Option<Span>,
    /// Whether faults are kept and the rest is read.
    tolerant: bool,
    faults: Vec<Fault>,
}

/// The whole of `text`, whose first byte stands at `base`.
pub(in super::super) fn parse_body(text: &str, base: usize) -> Parsed<Body> {
    let mut parser = Parser::new(text, base, None);
    parser.file()
}

/// The same, with broken attributes in the tree and a fault for each.
pub(in super::super) fn recovered_body(text: &str, base: usize) -> (Body, Vec<Fault>) {
    let mut parser = Parser { tolerant: true, ..Parser::new(text, base, None) };
    match parser.file() {
        Ok(body) => (body, parser.faults),
        Err(fault) => (Body { broken: Some(fault.message.clone()), ..Body::default() }, vec![fault]),
    }
}

/// `text` as one expression; every span in it is `fixed`, if that is given.
pub(in super::super) fn parse_expression(text: &str, base: usize, fixed: Option<Span>) -> Parsed<Expression> {
    let mut parser = Parser { multi: true, ..Parser::new(text, base, fixed) };
    let expression = parser.expression()?;
    parser.space();
    if parser.at < text.len() { Err(parser.fault("there is more after the expression")) } else { Ok(expression) }
}

/// `text` as a template without quotes around it, as `templatefile` and the JSON form read it.
pub(in super::super) fn parse_template(text: &str, base: usize, fixed: Option<Span>) -> Parsed<Expression> {
    let mut parser = Parser::new(text, base, fixed);
    let parts = parser.whole_template(End::Text { dedent: 0, escapes: false })?;
    Ok(Expression { form: joined(parts), span: parser.span(0) })
}

/// A template as simple as it is.
pub(super) fn joined(mut parts: Vec<Part>) -> Form {
    match parts.as_mut_slice() {
        [] => Form::Text(String::new()),
        [Part::Literal(text)] => Form::Text(std::mem::take(text)),
        _ => Form::Template(parts),
    }
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, base: usize, fixed: Option<Span>) -> Parser<'t> {
        Parser { text, at: 0, multi: false, depth: 0, base, fixed, tolerant: false, faults: Vec::new() }
    }

    /// A parser of the part `text` that begins at `from`.
    pub(super) fn part(&self, from: usize, text: &'t str) -> Parser<'t> {
        Parser { base: self.base + from, fixed: self.fixed, depth: self.depth, ..Parser::new(text, 0, None) }
    }

    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn starts(&self, with: &str) -> bool {
        self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(with.as_bytes()))
    }

    /// Goes over `with`, if it stands here.
    pub(super) fn take(&mut self, with: &str) -> bool {
        let there = self.starts(with);
        if there {
            self.at += with.len();
        }
        there
    }

    /// What was read since `start`.
    pub(super) fn span(&self, start: usize) -> Span {
        self.fixed.unwrap_or_else(|| Span::new(self.base + start, self.base + self.at))
    }

    pub(super) fn fault(&self, message: &str) -> Fault {
        let span = self.fixed.unwrap_or_else(|| Span::new(self.base + self.at, self.base + self.at));
        Fault { span, message: message.to_owned(), limit: false }
    }

    /// `read` one level deeper.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH {
            return Err(Fault { limit: true, ..self.fault(&format!("it nests more than {DEPTH} deep")) });
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// `read` with line ends as space, or not.
    pub(super) fn lines<T>(&mut self, multi: bool, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let held = std::mem::replace(&mut self.multi, multi);
        let result = read(self);
        self.multi = held;
        result
    }

    /// Goes over space and comments; over line ends only where they are space.
    pub(super) fn space(&mut self) {
        self.gap(self.multi);
    }

    /// Goes over space, comments and line ends.
    pub(super) fn blank(&mut self) {
        self.gap(true);
    }

    fn gap(&mut self, lines: bool) {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' if lines => self.at += 1,
                b'#' => self.line(),
                b'/' if self.byte(1) == b'/' => self.line(),
                b'/' if self.byte(1) == b'*' => {
                    let close = self.text.get(self.at + 2..).and_then(|rest| rest.find("*/"));
                    self.at = close.map_or(self.text.len(), |close| self.at + 2 + close + 2);
                }
                _ => return,
            }
        }
    }

    /// Goes to the end of the line.
    fn line(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    /// A name: letters, digits, `_` and `-`, a digit or `-` not at the start.
    pub(super) fn word(&mut self) -> Option<&'t str> {
        let rest = self.text.get(self.at..)?;
        let first = rest.chars().next()?;
        if !(first.is_alphabetic() || first == '_') {
            return None;
        }
        let bytes = rest.as_bytes();
        let mut length = 0;
        while bytes.get(length).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-') {
            length += 1;
        }
        if bytes.get(length).is_some_and(|b| *b >= 0x80) {
            length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
        }
        self.at += length;
        rest.get(..length)
    }

    fn file(&mut self) -> Parsed<Body> {
        if self.text.starts_with('\u{feff}') {
            self.at += '\u{feff}'.len_utf8();
        }
        self.body(false)
    }

    /// Attributes and blocks up to the closing brace, which stays, or to the end.
    fn body(&mut self, inner: bool) -> Parsed<Body> {
        let mut body = Body::default();
        loop {
            self.blank();
            if self.at >= self.text.len() {
                if inner {
                    let fault = self.fault("the block is not closed");
                    self.survive(fault, &mut body)?;
                }
                return self.once(body);
            }
            if self.byte(0) == b'}' && inner {
                return self.once(body);
            }
            let start = self.at;
            if let Err(fault) = self.structure(&mut body) {
                self.survive(fault, &mut body)?;
                self.at = self.at.max(start);
                self.resume(start);
            }
        }
    }

    /// `body`, if no attribute stands in it twice; where faults are kept, the first counts.
    fn once(&mut self, body: Body) -> Parsed<Body> {
        let mut names: Vec<(&str, Span)> =
            body.attributes.iter().map(|attribute| (attribute.name.as_str(), attribute.span)).collect();
        names.sort_by_key(|(name, span)| (*name, span.start));
        let double = names.windows(2).find_map(|pair| match pair {
            [(first, _), (second, span)] if first == second => Some((*second, *span)),
            _ => None,
        });
        if let Some((name, span)) = double {
            let message = format!("the attribute `{name}` stands twice");
            let fault = Fault { span, message, limit: false };
            if !self.tolerant {
                return Err(fault);
            }
            self.faults.push(fault);
        }
        Ok(body)
    }

    /// Keeps `fault` and goes on, if that is allowed.
    fn survive(&mut self, fault: Fault, body: &mut Body) -> Parsed<()> {
        if !self.tolerant {
            return Err(fault);
        }
        body.broken.get_or_insert_with(|| fault.message.clone());
        // Of what one mistake leads to at the same place the first is enough.
        if self.faults.last().is_none_or(|last| last.span != fault.span) {
            self.faults.push(fault);
        }
        Ok(())
    }

    fn structure(&mut self, body: &mut Body) -> Parsed<()> {
        let start = self.at;
        let Some(word) = self.word() else {
            return Err(self.fault("expected the name of an attribute or block"));
        };
        self.space();
        if self.byte(0) == b'=' && self.byte(1) != b'=' {
            self.at += 1;
            let value = self.value(start, body)?;
            body.attributes.push(Attribute { name: word.to_owned(), value, span: self.span(start), elsewhere: None });
            return Ok(());
        }
        let mut labels = Vec::new();
        let mut end = start + word.len();
        loop {
            self.space();
            match self.byte(0) {
                b'{' => break,
                b'"' => {
                    self.at += 1;
                    let parts = self.whole_template(End::Quote)?;
                    match joined(parts) {
                        Form::Text(text) => labels.push(text),
                        _ => return Err(self.fault("a label has no interpolation")),
                    }
                }
                _ => match self.word() {
                    Some(label) => labels.push(label.to_owned()),
                    None => return Err(self.fault("expected `=` or a block")),
                },
            }
            end = self.at;
        }
        let header = self.fixed.unwrap_or_else(|| Span::new(self.base + start, self.base + end));
        self.at += 1;
        let inner = self.nested(|parser| parser.lines(false, |parser| parser.body(true)))?;
        self.take("}");
        body.blocks.push(Block {
            word: word.to_owned(),
            labels,
            header,
            span: self.span(start),
            body: inner,
            elsewhere: None,
        });
        Ok(())
    }

    /// The value of an attribute; one that does not parse is broken, where that is allowed.
    fn value(&mut self, start: usize, body: &mut Body) -> Parsed<Expression> {
        let from = self.at;
        let read = self.expression().and_then(|value| {
            self.space();
            match self.byte(0) {
                b'\n' | b'}' | 0 => Ok(value),
                _ => Err(self.fault("expected the end of the line")),
            }
        });
        match read {
            Ok(value) => Ok(value),
            Err(fault) if self.tolerant => {
                let message = fault.message.clone();
                self.survive(fault, body)?;
                self.resume(start);
                let form = Form::Broken(message);
                Ok(Expression { form, span: self.span(from) })
            }
            Err(fault) => Err(fault),
        }
    }

    /// Goes to where reading can go on after what began at `start`: the end of the line on which its brackets are
    /// closed, or the brace that closes the block.
    fn resume(&mut self, start: usize) {
        self.depth = self.depth.min(DEPTH);
        self.at = super::super::split::rest_end(self.text, start).max(start + 1).min(self.text.len());
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }
}
