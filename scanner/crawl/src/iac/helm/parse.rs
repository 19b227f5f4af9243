//! Actions become a tree: conditions, loops, definitions, pipelines.
//!
//! Source: pkg.go.dev/text/template, its actions and pipelines.

use std::ops::Range;
use std::rc::Rc;

use super::lex::{Broken, Piece, Token, Word, pieces};

/// Blocks in blocks and brackets in brackets.
const DEPTH: usize = 100;

/// What a template does, in order.
pub(super) type Body = Rc<[Node]>;

/// One step of a template.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: Step,
}

/// What a [`Node`] does.
#[derive(Debug)]
pub(super) enum Step {
    Text,
    Show(Pipe),
    If {
        cond: Pipe,
        then: Body,
        other: Body,
    },
    With {
        cond: Pipe,
        then: Body,
        other: Body,
    },
    Range {
        over: Pipe,
        each: Body,
        other: Body,
    },
    /// `template`, and `block` where it stands.
    Template {
        name: String,
        with: Option<Pipe>,
    },
    Break,
    Continue,
}

/// Commands whose results go from one to the next.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) span: Range<usize>,
    /// Variables that get the result, without `$`.
    pub(super) variables: Vec<String>,
    /// Whether they are new.
    pub(super) declares: bool,
    pub(super) commands: Vec<Vec<Term>>,
}

/// An operand.
#[derive(Debug)]
pub(super) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Function(String),
    Field(Vec<String>),
    Variable(String, Vec<String>),
    Nested(Box<Pipe>, Vec<String>),
}

/// A named template.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) body: Body,
}

/// The body of `text` and what it defines.
pub(super) fn parse(text: &str) -> Result<(Body, Vec<Definition>), Broken> {
    let pieces = pieces(text)?;
    let mut parser = Parser { pieces: pieces.into_iter().peekable(), definitions: Vec::new() };
    let (body, end) = parser.block(0)?;
    if let Some((word, at)) = end {
        return Err(Broken { at, message: format!("`{word}` ends nothing") });
    }
    Ok((body, parser.definitions))
}

struct Parser {
    pieces: std::iter::Peekable<std::vec::IntoIter<Piece>>,
    definitions: Vec<Definition>,
}

/// What ended a block: `end` or `else`, the latter with its action.
type Ending = Option<(String, usize)>;

impl Parser {
    /// Nodes up to `end` or `else`, which is left for [`Parser::otherwise`] to take.
    fn block(&mut self, depth: usize) -> Result<(Body, Ending), Broken> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.peek() {
            match piece {
                Piece::Text(range) => {
                    nodes.push(Node { span: range.clone(), kind: Step::Text });
                    self.pieces.next();
                }
                Piece::Action { span, tokens } => {
                    let first = match tokens.first() {
                        Some(Token { kind: Word::Name(name), .. }) => name.clone(),
                        _ => String::new(),
                    };
                    if matches!(first.as_str(), "end" | "else") {
                        return Ok((nodes.into(), Some((first, span.start))));
                    }
                    let (span, tokens) = (span.clone(), tokens.clone());
                    self.pieces.next();
                    if let Some(kind) = self.action(&first, &span, &tokens, depth)? {
                        nodes.push(Node { span, kind });
                    }
                }
            }
        }
        Ok((nodes.into(), None))
    }

    fn action(
        &mut self,
        first: &str,
        span: &Range<usize>,
        tokens: &[Token],
        depth: usize,
    ) -> Result<Option<Step>, Broken> {
        if depth >= DEPTH {
            return Err(Broken { at: span.start, message: format!("nested more than {DEPTH} levels deep") });
        }
        let rest = tokens.get(1..).unwrap_or_default();
        Ok(Some(match first {
            "if" => {
                let cond = pipe(rest, span)?;
                let (then, other) = self.branches("if", span, depth)?;
                Step::If { cond, then, other }
            }
            "with" => {
                let cond = pipe(rest, span)?;
                let (then, other) = self.branches("with", span, depth)?;
                Step::With { cond, then, other }
            }
            "range" => {
                let over = pipe(rest, span)?;
                let (each, other) = self.branches("range", span, depth)?;
                Step::Range { over, each, other }
            }
            "define" | "block" => {
                let Some(Token { kind: Word::Text(name), .. }) = rest.first() else {
                    return Err(Broken { at: span.start, message: format!("`{first}` names nothing") });
                };
                let (body, _) = self.branches(first, span, depth)?;
                self.definitions.push(Definition { name: name.clone(), body });
                if first == "define" {
                    return Ok(None);
                }
                Step::Template { name: name.clone(), with: argument(rest, span)? }
            }
            "template" => {
                let Some(Token { kind: Word::Text(name), .. }) = rest.first() else {
                    return Err(Broken { at: span.start, message: "`template` names nothing".to_owned() });
                };
                Step::Template { name: name.clone(), with: argument(rest, span)? }
            }
            "break" if rest.is_empty() => Step::Break,
            "continue" if rest.is_empty() => Step::Continue,
            _ => Step::Show(pipe(tokens, span)?),
        }))
    }

    /// What stands before and after `else`, up to `end`.
    fn branches(&mut self, word: &str, span: &Range<usize>, depth: usize) -> Result<(Body, Body), Broken> {
        let (then, ending) = self.block(depth + 1)?;
        let open = || Broken { at: span.start, message: format!("`{word}` has no `end`") };
        let (ending, _) = ending.ok_or_else(open)?;
        let Some(Piece::Action { span: at, tokens }) = self.pieces.next() else { return Err(open()) };
        if ending == "end" {
            return Ok((then, Vec::new().into()));
        }
        // `else if` and `else with` share the `end` of the first.
        let chained = match tokens.get(1).map(|token| &token.kind) {
            Some(Word::Name(name)) if matches!(name.as_str(), "if" | "with") => Some(name.clone()),
            Some(_) => return Err(Broken { at: at.start, message: "`else` is followed by something".to_owned() }),
            None => None,
        };
        if let Some(name) = chained {
            let kind = self.action(&name, &at, tokens.get(1..).unwrap_or_default(), depth + 1)?;
            let nodes: Vec<Node> = kind.map(|kind| Node { span: at, kind }).into_iter().collect();
            return Ok((then, nodes.into()));
        }
        let (other, ending) = self.block(depth + 1)?;
        match (ending, self.pieces.next()) {
            (Some((word, _)), Some(_)) if word == "end" => Ok((then, other)),
            _ => Err(open()),
        }
    }
}

/// What follows the name of a template.
fn argument(rest: &[Token], span: &Range<usize>) -> Result<Option<Pipe>, Broken> {
    match rest.get(1..).unwrap_or_default() {
        [] => Ok(None),
        tokens => pipe(tokens, span).map(Some),
    }
}

fn pipe(tokens: &[Token], span: &Range<usize>) -> Result<Pipe, Broken> {
    let mut words = Words { tokens, at: 0, span: span.clone() };
    let pipe = words.pipe(0)?;
    match words.peek() {
        None => Ok(pipe),
        Some(token) => Err(Broken { at: token.at, message: "something stands after the pipeline".to_owned() }),
    }
}

struct Words<'t> {
    tokens: &'t [Token],
    at: usize,
    span: Range<usize>,
}

impl<'t> Words<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    fn broken(&self, message: &str) -> Broken {
        let at = self.peek().map_or(self.span.start, |token| token.at);
        Broken { at, message: message.to_owned() }
    }

    fn pipe(&mut self, depth: usize) -> Result<Pipe, Broken> {
        if depth >= DEPTH {
            return Err(self.broken("brackets nest too deep"));
        }
        let (variables, declares) = self.variables();
        let mut commands = Vec::new();
        loop {
            let mut command = Vec::new();
            while let Some(token) = self.peek() {
                if matches!(token.kind, Word::Pipe | Word::Close) {
                    break;
                }
                command.push(self.term(depth)?);
            }
            if command.is_empty() {
                return Err(self.broken("a command is missing"));
            }
            commands.push(command);
            match self.peek() {
                Some(Token { kind: Word::Pipe, .. }) => self.at += 1,
                _ => break,
            }
        }
        Ok(Pipe { span: self.span.clone(), variables, declares, commands })
    }

    /// `$a :=`, `$a =`, `$k, $v :=` at the start.
    fn variables(&mut self) -> (Vec<String>, bool) {
        let kind = |at: usize| self.tokens.get(self.at + at).map(|token| &token.kind);
        let Some(Word::Variable(first)) = kind(0) else { return (Vec::new(), false) };
        let (names, length) = match (kind(1), kind(2)) {
            (Some(Word::Comma), Some(Word::Variable(second))) => (vec![first.clone(), second.clone()], 3),
            _ => (vec![first.clone()], 1),
        };
        match kind(length) {
            Some(Word::Declare) => {
                self.at += length + 1;
                (names, true)
            }
            Some(Word::Assign) => {
                self.at += length + 1;
                (names, false)
            }
            _ => (Vec::new(), false),
        }
    }

    fn term(&mut self, depth: usize) -> Result<Term, Broken> {
        let Some(token) = self.peek() else { return Err(self.broken("an operand is missing")) };
        self.at += 1;
        Ok(match &token.kind {
            Word::Dot => Term::Dot,
            Word::Field(name) => {
                let mut names = vec![name.clone()];
                names.extend(self.fields());
                Term::Field(names)
            }
            Word::Variable(name) => Term::Variable(name.clone(), self.fields()),
            Word::Name(name) => match name.as_str() {
                "nil" => Term::Nil,
                "true" => Term::Bool(true),
                "false" => Term::Bool(false),
                _ => Term::Function(name.clone()),
            },
            Word::Text(text) => Term::Text(text.clone()),
            Word::Int(number) => Term::Int(*number),
            Word::Float(number) => Term::Float(*number),
            Word::Open => {
                let inner = self.pipe(depth + 1)?;
                match self.peek() {
                    Some(Token { kind: Word::Close, .. }) => self.at += 1,
                    _ => return Err(self.broken("a bracket is not closed")),
                }
                Term::Nested(Box::new(inner), self.fields())
            }
            Word::Pipe | Word::Close | Word::Comma | Word::Declare | Word::Assign => {
                self.at -= 1;
                return Err(self.broken("an operand is missing"));
            }
        })
    }

    /// `.a.b` directly after an operand.
    fn fields(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(Token { kind: Word::Field(name), glued: true, .. }) = self.peek() {
            names.push(name.clone());
            self.at += 1;
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_close_and_chains_share_their_end() {
        let (body, defined) =
            parse("{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}{{ define \"x\" }}y{{ end }}").unwrap();
        assert_eq!(body.len(), 1);
        assert_eq!(defined[0].name, "x");
        for text in [
            "{{ end }}",
            "{{ if .a }}",
            "{{ if .a }}{{ else }}",
            "{{ (.a }}",
            "{{ .a | }}",
            "{{ else }}",
            "{{ define x }}{{ end }}",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(parse(&"{{ if 1 }}".repeat(100_000)).is_err());
        assert!(parse(&format!("{{{{ {}1 }}}}", "(".repeat(100_000))).is_err());
        assert!(parse(&format!("{{{{ if 1 }}}}{}{{{{ end }}}}", "{{ else if 1 }}".repeat(100_000))).is_err());
    }
}
