//! Templates as text and actions: `{{ … }}` with trimming of blanks, comments, strings.
//!
//! Source: pkg.go.dev/text/template, its lexical rules.

use std::ops::Range;

/// Why a template does not parse, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) at: usize,
    pub(super) message: String,
}

/// A part of a template.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Text, after trimming.
    Text(Range<usize>),
    /// What stands between the brackets, which `span` includes.
    Action { span: Range<usize>, tokens: Vec<Token> },
}

/// A word of an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Word,
    /// Whether no blank stands before it.
    pub(super) glued: bool,
    pub(super) at: usize,
}

/// What a [`Token`] is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    Dot,
    /// `.Name`
    Field(String),
    /// `$name`
    Variable(String),
    Name(String),
    Text(String),
    Int(i64),
    Float(f64),
    Pipe,
    Open,
    Close,
    Comma,
    Declare,
    Assign,
}

/// The pieces of `text`.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, Broken> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut trim_next = false;
    loop {
        let start = text.get(at..).and_then(|rest| rest.find("{{")).map(|found| at + found);
        let end = start.unwrap_or(text.len());
        let trims_before = start.is_some_and(|start| {
            text.get(start + 2..)
                .is_some_and(|rest| rest.starts_with('-') && rest.get(1..).is_some_and(blank_or_comment))
        });
        let (mut from, mut to) = (at, end);
        let raw = text.get(at..end).unwrap_or_default();
        if trim_next {
            from += raw.len() - raw.trim_start_matches(is_blank).len();
        }
        if trims_before {
            to = (from.min(end)) + text.get(from.min(end)..end).unwrap_or_default().trim_end_matches(is_blank).len();
        }
        if from < to {
            found.push(Piece::Text(from..to));
        }
        let Some(start) = start else { return Ok(found) };
        let inner = start + 2 + usize::from(trims_before);
        let (tokens, close) = match comment(text, inner)? {
            Some(close) => (Vec::new(), close),
            None => tokens(text, inner)?,
        };
        trim_next = close.trims;
        at = close.end;
        if !tokens.is_empty() {
            found.push(Piece::Action { span: start..at, tokens });
        }
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn blank_or_comment(rest: &str) -> bool {
    rest.starts_with(is_blank) || rest.starts_with("/*")
}

/// The end of an action.
struct End {
    end: usize,
    trims: bool,
}

/// Whether a comment stands at `at`, and where its action ends.
fn comment(text: &str, at: usize) -> Result<Option<End>, Broken> {
    let rest = text.get(at..).unwrap_or_default();
    let skipped = rest.len() - rest.trim_start_matches(is_blank).len();
    if !rest.get(skipped..).is_some_and(|rest| rest.starts_with("/*")) {
        return Ok(None);
    }
    let body = at + skipped;
    let broken = || Broken { at, message: "a comment is not closed".to_owned() };
    let close = text.get(body..).and_then(|rest| rest.find("*/")).ok_or_else(broken)? + body + 2;
    let rest = text.get(close..).unwrap_or_default();
    let bare = rest.trim_start_matches(is_blank);
    let gap = rest.len() - bare.len();
    match (bare.strip_prefix("-}}"), bare.strip_prefix("}}")) {
        (Some(_), _) => Ok(Some(End { end: close + gap + 3, trims: true })),
        (_, Some(_)) => Ok(Some(End { end: close + gap + 2, trims: false })),
        _ => Err(broken()),
    }
}

fn tokens(text: &str, from: usize) -> Result<(Vec<Token>, End), Broken> {
    let mut found = Vec::new();
    let mut at = from;
    let mut glued = false;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(c) = rest.chars().next() else {
            return Err(Broken { at: from, message: "an action is not closed".to_owned() });
        };
        if rest.starts_with("}}") {
            return Ok((found, End { end: at + 2, trims: false }));
        }
        if is_blank(c) {
            let bare = rest.trim_start_matches(is_blank);
            if bare.starts_with("-}}") {
                return Ok((found, End { end: at + (rest.len() - bare.len()) + 3, trims: true }));
            }
            at += rest.len() - bare.len();
            glued = false;
            continue;
        }
        let (kind, length) = word(rest).map_err(|message| Broken { at, message })?;
        found.push(Token { kind, glued, at });
        glued = true;
        at += length;
    }
}

/// The word that `rest` begins with and its length.
fn word(rest: &str) -> Result<(Word, usize), String> {
    let mut chars = rest.chars();
    let c = chars.next().unwrap_or_default();
    let next = chars.next().unwrap_or_default();
    let one = |word: Word| Ok((word, c.len_utf8()));
    match c {
        '|' => one(Word::Pipe),
        '(' => one(Word::Open),
        ')' => one(Word::Close),
        ',' => one(Word::Comma),
        '=' => one(Word::Assign),
        ':' if next == '=' => Ok((Word::Declare, 2)),
        '"' => string(rest),
        '`' => {
            let end = rest.get(1..).and_then(|inner| inner.find('`')).ok_or("a raw string is not closed")?;
            Ok((Word::Text(rest.get(1..end + 1).unwrap_or_default().to_owned()), end + 2))
        }
        '\'' => {
            let inner = rest.get(1..).unwrap_or_default();
            let escaped = inner.starts_with('\\');
            let end = inner.get(usize::from(escaped) * 2..).and_then(|rest| rest.find('\''));
            let end = end.ok_or("a character is not closed")? + usize::from(escaped) * 2;
            let body = inner.get(..end).unwrap_or_default();
            let c = unescaped(body)?.chars().next().unwrap_or_default();
            Ok((Word::Int(i64::from(u32::from(c))), end + 2))
        }
        '.' if is_letter(next) => {
            let length = name_length(rest.get(1..).unwrap_or_default());
            Ok((Word::Field(rest.get(1..=length).unwrap_or_default().to_owned()), length + 1))
        }
        '.' if !next.is_ascii_digit() => one(Word::Dot),
        '$' => {
            let length = name_length(rest.get(1..).unwrap_or_default());
            Ok((Word::Variable(rest.get(1..=length).unwrap_or_default().to_owned()), length + 1))
        }
        _ if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => number(rest),
        _ if is_letter(c) => {
            let length = name_length(rest);
            Ok((Word::Name(rest.get(..length).unwrap_or_default().to_owned()), length))
        }
        _ => Err(format!("`{c}` has no meaning here")),
    }
}

fn is_letter(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(text.len())
}

fn number(rest: &str) -> Result<(Word, usize), String> {
    let sign = usize::from(rest.starts_with(['-', '+']));
    let body = rest.get(sign..).unwrap_or_default();
    let length = body
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_')))
        .map(|end| match body.get(..end) {
            // The sign of an exponent belongs to the number.
            Some(start) if start.ends_with(['e', 'E']) && !start.starts_with("0x") => {
                let more = body.get(end + 1..).unwrap_or_default();
                end + 1 + more.find(|c: char| !c.is_ascii_digit()).unwrap_or(more.len())
            }
            _ => end,
        })
        .unwrap_or(body.len());
    let whole = rest.get(..sign + length).unwrap_or_default().replace('_', "");
    let digits = whole.trim_start_matches(['-', '+']);
    let negative = whole.starts_with('-');
    let prefixed = [("0x", 16), ("0X", 16), ("0b", 2), ("0o", 8)]
        .iter()
        .find_map(|(prefix, base)| i64::from_str_radix(digits.strip_prefix(prefix)?, *base).ok())
        .or_else(|| {
            (digits.len() > 1 && digits.starts_with('0')).then(|| i64::from_str_radix(digits, 8).ok()).flatten()
        });
    let signed = |value: i64| if negative { value.saturating_neg() } else { value };
    let kind = match (prefixed, digits.parse::<i64>(), digits.parse::<f64>()) {
        (Some(value), ..) | (None, Ok(value), _) => Word::Int(signed(value)),
        (None, _, Ok(value)) => Word::Float(if negative { -value } else { value }),
        _ => return Err(format!("`{whole}` is no number")),
    };
    Ok((kind, sign + length))
}

fn string(rest: &str) -> Result<(Word, usize), String> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Ok((Word::Text(unescaped(rest.get(1..at).unwrap_or_default())?), at + 1)),
            '\n' => break,
            _ => {}
        }
    }
    Err("a string is not closed".to_owned())
}

fn unescaped(body: &str) -> Result<String, String> {
    let mut out = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escape = chars.next().unwrap_or_default();
        let code = |digits: usize, base: u32, chars: &mut std::str::Chars<'_>| {
            let text: String = chars.take(digits).collect();
            u32::from_str_radix(&text, base).ok().and_then(char::from_u32).ok_or("an escape is no character")
        };
        out.push(match escape {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'x' => code(2, 16, &mut chars)?,
            'u' => code(4, 16, &mut chars)?,
            'U' => code(8, 16, &mut chars)?,
            '0'..='7' => {
                let text: String = std::iter::once(escape).chain(chars.by_ref().take(2)).collect();
                u32::from_str_radix(&text, 8).ok().and_then(char::from_u32).ok_or("an escape is no character")?
            }
            other => other,
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let found = pieces(text).unwrap();
        found
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(range) => text[range].to_owned(),
                Piece::Action { tokens, .. } => format!("<{}>", tokens.len()),
            })
            .collect()
    }

    #[test]
    fn blanks_are_trimmed_where_a_dash_asks_for_it() {
        assert_eq!(texts("a \n {{- 1 -}} \n b"), ["a", "<1>", "b"]);
        assert_eq!(texts("a {{ -1 }} b"), ["a ", "<1>", " b"]);
        assert_eq!(texts("a {{- /* no */ -}} b"), ["a", "b"]);
        assert_eq!(texts("a {{/* no }} */}} b"), ["a ", " b"]);
    }

    #[test]
    fn brackets_in_strings_do_not_end_an_action() {
        assert_eq!(texts(r#"{{ "}}" }}{{ `}}` }}x"#), ["<1>", "<1>", "x"]);
    }

    #[test]
    fn hostile_texts_do_not_panic() {
        for text in [
            "{{",
            "{{-",
            "{{ \"",
            "{{ ' }}",
            "{{ '\\",
            "{{ `",
            "{{/*",
            "{{ 0x }}",
            "{{ é.ö }}",
            "{{ $é }}",
            "{{ 1e- }}",
            "{{'\\x",
        ] {
            let _ = pieces(text);
        }
    }
}
