//! Reads templates: quoted texts, heredocs and whole files, with `${…}` and `%{…}`.

use super::expression::number_of_digits;
use super::parser::{Parsed, Parser};
use super::{Expression, Form, Part};

/// Where a template ends and how its text is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// At the next quote; with escapes by backslash, on one line.
    Quote,
    /// At the end of the parser's text.
    Text {
        /// Spaces that every line begins with and that do not count.
        dedent: usize,
        /// Whether backslashes escape, as they do in the text of a quoted string.
        escapes: bool,
    },
}

/// What ended a run of parts.
#[derive(Debug, PartialEq)]
enum Stop {
    End,
    Else,
    EndIf,
    EndFor,
}

/// A directive between `%{` and `}`.
enum Directive {
    If(Expression),
    For(Option<String>, String, Expression),
    Stop(Stop),
}

impl Parser<'_> {
    /// All parts up to `end`, which is gone over.
    pub(super) fn whole_template(&mut self, end: End) -> Parsed<Vec<Part>> {
        let mut trim = false;
        match self.parts(end, &mut trim)? {
            (parts, Stop::End) => Ok(parts),
            (_, _) => Err(self.fault("the directive closes nothing")),
        }
    }

    fn parts(&mut self, end: End, trim: &mut bool) -> Parsed<(Vec<Part>, Stop)> {
        let mut parts = Vec::new();
        loop {
            let (mut text, ended) = self.literal(end)?;
            if std::mem::take(trim) {
                text = text.trim_start().to_owned();
                *trim = text.is_empty() && !ended;
            }
            if ended {
                push(&mut parts, text);
                return Ok((parts, Stop::End));
            }
            let directive = self.byte(0) == b'%';
            self.at += 2;
            if self.take("~") {
                text.truncate(text.trim_end().len());
                // What was trimmed before has nothing to trim any more.
            }
            push(&mut parts, text);
            if directive {
                match self.lines(true, Self::directive)? {
                    Directive::Stop(stop) => {
                        *trim = self.close()?;
                        return Ok((parts, stop));
                    }
                    Directive::If(condition) => {
                        *trim = self.close()?;
                        let (then, stop) = self.nested(|parser| parser.parts(end, trim))?;
                        let (otherwise, stop) = match stop {
                            Stop::Else => self.nested(|parser| parser.parts(end, trim))?,
                            other => (Vec::new(), other),
                        };
                        if stop != Stop::EndIf {
                            return Err(self.fault("expected `%{endif}`"));
                        }
                        parts.push(Part::If { condition, then, otherwise });
                    }
                    Directive::For(key, value, collection) => {
                        *trim = self.close()?;
                        let (body, stop) = self.nested(|parser| parser.parts(end, trim))?;
                        if stop != Stop::EndFor {
                            return Err(self.fault("expected `%{endfor}`"));
                        }
                        parts.push(Part::For { key, value, collection, body });
                    }
                }
            } else {
                let value = self.nested(|parser| parser.lines(true, Self::expression))?;
                *trim = self.close()?;
                parts.push(Part::Value(value));
            }
        }
    }

    /// The end of an interpolation or directive; whether it takes the space after it away.
    fn close(&mut self) -> Parsed<bool> {
        self.blank();
        let trim = self.take("~");
        if self.take("}") { Ok(trim) } else { Err(self.fault("expected `}`")) }
    }

    fn directive(&mut self) -> Parsed<Directive> {
        self.space();
        match self.word() {
            Some("if") => Ok(Directive::If(self.nested(Self::expression)?)),
            Some("for") => {
                let (key, value, collection) = self.intro()?;
                Ok(Directive::For(key, value, collection))
            }
            Some("else") => Ok(Directive::Stop(Stop::Else)),
            Some("endif") => Ok(Directive::Stop(Stop::EndIf)),
            Some("endfor") => Ok(Directive::Stop(Stop::EndFor)),
            _ => Err(self.fault("expected `if`, `for`, `else`, `endif` or `endfor`")),
        }
    }

    /// Text up to the next `${` or `%{`, or to the end, which is gone over: then the second is true.
    fn literal(&mut self, end: End) -> Parsed<(String, bool)> {
        let mut out = String::new();
        let (quoted, escapes, dedent) = match end {
            End::Quote => (true, true, 0),
            End::Text { dedent, escapes } => (false, escapes, dedent),
        };
        if dedent > 0 && self.at == 0 {
            self.skip_indent(dedent);
        }
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let plain = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | b'$' | b'%' | b'\n'));
            let length = plain.unwrap_or(rest.len());
            out.push_str(rest.get(..length).unwrap_or_default());
            self.at += length;
            match self.byte(0) {
                0 if self.at >= self.text.len() => {
                    return if quoted { Err(self.fault("the text is not closed")) } else { Ok((out, true)) };
                }
                b'"' if quoted => {
                    self.at += 1;
                    return Ok((out, true));
                }
                b'\n' if quoted => return Err(self.fault("the text is not closed on its line")),
                b'\n' => {
                    out.push('\n');
                    self.at += 1;
                    self.skip_indent(dedent);
                }
                b'\\' if escapes => self.escape(&mut out)?,
                sign @ (b'$' | b'%') if self.byte(1) == b'{' => {
                    debug_assert!(sign == b'$' || sign == b'%');
                    return Ok((out, false));
                }
                sign @ (b'$' | b'%') if self.byte(1) == sign && self.byte(2) == b'{' => {
                    out.push(char::from(sign));
                    out.push('{');
                    self.at += 3;
                }
                other => {
                    out.push(char::from(other));
                    self.at += 1;
                }
            }
        }
    }

    fn skip_indent(&mut self, dedent: usize) {
        let mut left = dedent;
        while left > 0 && matches!(self.byte(0), b' ' | b'\t') {
            self.at += 1;
            left -= 1;
        }
    }

    fn escape(&mut self, out: &mut String) -> Parsed<()> {
        let letter = self.byte(1);
        self.at += 2;
        match letter {
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'"' => out.push('"'),
            b'\\' => out.push('\\'),
            b'u' | b'U' => {
                let digits = if letter == b'u' { 4 } else { 8 };
                let code = self.text.get(self.at..self.at + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                let Some(code) = code else {
                    return Err(self.fault("expected hexadecimal digits"));
                };
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                self.at += digits;
            }
            _ => {
                self.at -= 2;
                return Err(self.fault("there is no such escape"));
            }
        }
        Ok(())
    }

    /// A heredoc whose `<<` stands here.
    pub(super) fn heredoc(&mut self) -> Parsed<Expression> {
        let start = self.at;
        self.at += 2;
        let flush = self.take("-");
        let Some(marker) = self.word() else {
            return Err(self.fault("expected the name of a heredoc"));
        };
        while matches!(self.byte(0), b' ' | b'\t' | b'\r') {
            self.at += 1;
        }
        if self.byte(0) != b'\n' {
            return Err(self.fault("expected the end of the line"));
        }
        let from = self.at + 1;
        let mut line = from;
        let (mut close, mut after) = (None, self.text.len());
        while let Some(rest) = self.text.get(line..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            if rest.get(..length).is_some_and(|text| text.trim() == marker) {
                close = Some(line);
                after = line + length;
                break;
            }
            line += length + 1;
        }
        let Some(close) = close else {
            return Err(self.fault("the heredoc is not closed"));
        };
        let inside = self.text.get(from..close).unwrap_or_default();
        let dedent = if flush { indent(inside) } else { 0 };
        let mut inner = self.part(from, inside);
        let parts = self.nested(|_| inner.whole_template(End::Text { dedent, escapes: false }))?;
        self.at = after;
        Ok(Expression { form: super::parser::joined(parts), span: self.span(start) })
    }
}

fn push(parts: &mut Vec<Part>, text: String) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Literal(held)) => held.push_str(&text),
        _ => parts.push(Part::Literal(text)),
    }
}

/// The indent that all lines but empty ones have.
fn indent(text: &str) -> usize {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| line.len() - line.trim_start_matches([' ', '\t']).len()).min().unwrap_or(0)
}

/// A number without sign, whose first digit stands here.
pub(super) fn number(parser: &mut Parser<'_>) -> Parsed<Form> {
    let start = parser.at;
    parser.at += number_of_digits(parser);
    let mut whole = true;
    if parser.byte(0) == b'.' && parser.byte(1).is_ascii_digit() {
        whole = false;
        parser.at += 1;
        parser.at += number_of_digits(parser);
    }
    if matches!(parser.byte(0), b'e' | b'E') {
        let sign = usize::from(matches!(parser.byte(1), b'+' | b'-'));
        if parser.byte(1 + sign).is_ascii_digit() {
            whole = false;
            parser.at += 1 + sign;
            parser.at += number_of_digits(parser);
        }
    }
    let text = parser.text.get(start..parser.at).unwrap_or_default();
    match text.parse() {
        Ok(number) if whole => Ok(Form::Int(number)),
        _ => text.parse().map(Form::Float).map_err(|_| parser.fault("it is no number")),
    }
}
