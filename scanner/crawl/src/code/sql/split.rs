//! Splits a text into statements at semicolons that stand outside quotes, comments and dollar quotes.

/// A statement's text, trimmed, comments before it left out, and where it starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    pub(super) start: usize,
    pub(super) text: &'t str,
}

/// The statements of `text`.
pub(super) fn statements(text: &str) -> Vec<Piece<'_>> {
    let bytes = text.as_bytes();
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b';' => {
                push(&mut pieces, text, start, at);
                start = at + 1;
                at += 1;
            }
            b'\n' if go_line(text, at + 1).is_some() => {
                push(&mut pieces, text, start, at);
                start = go_line(text, at + 1).unwrap_or(at + 1);
                at = start;
            }
            b'\'' | b'"' | b'`' => at = quoted(bytes, at, byte),
            b'$' => at = dollar_quoted(text, at),
            _ => at = comment_end(bytes, at).unwrap_or(at + 1),
        }
    }
    push(&mut pieces, text, start, bytes.len());
    pieces
}

/// One past a line that holds `GO` alone, which ends a batch of T-SQL, if one starts at `at`.
fn go_line(text: &str, at: usize) -> Option<usize> {
    let line = text.get(at..)?.split_inclusive('\n').next()?;
    line.trim().eq_ignore_ascii_case("go").then_some(at + line.len())
}

fn push<'t>(pieces: &mut Vec<Piece<'t>>, text: &'t str, start: usize, end: usize) {
    let bytes = text.as_bytes();
    let mut from = start;
    loop {
        while from < end && bytes.get(from).is_some_and(u8::is_ascii_whitespace) {
            from += 1;
        }
        match comment_end(bytes, from) {
            Some(after) if from < end => from = after.min(end),
            _ => break,
        }
    }
    if let Some(piece) = text.get(from..end) {
        let piece = piece.trim_end();
        if !piece.is_empty() {
            pieces.push(Piece { start: from, text: piece });
        }
    }
}

/// One past the comment that starts at `at`, if one does.
pub(super) fn comment_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    if rest.starts_with(b"--") {
        return Some(at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        return Some(
            at + 2 + rest.get(2..)?.windows(2).position(|two| two == b"*/").map_or(rest.len() - 2, |end| end + 2),
        );
    }
    None
}

/// One past the quoted text that starts at `at`; a doubled quote or a backslash does not end it.
pub(super) fn quoted(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut at = at + 1;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && quote == b'\'' && bytes.get(at + 1).is_some() {
            at += 2;
        } else if byte != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    bytes.len()
}

/// One past `$tag$ … $tag$` at `at`, or one past the dollar.
fn dollar_quoted(text: &str, at: usize) -> usize {
    let rest = text.get(at + 1..).unwrap_or_default();
    let tag_len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    if rest.as_bytes().get(tag_len) != Some(&b'$') {
        return at + 1;
    }
    let tag = text.get(at..at + tag_len + 2).unwrap_or("$$");
    let body = at + tag.len();
    text.get(body..).and_then(|body| body.find(tag)).map_or(text.len(), |end| body + end + tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_quotes_and_comments_do_not_split() {
        let text = "-- a; b\nSELECT ';' FROM t; /* ; */ SELECT $$;$$;\n";
        let pieces: Vec<&str> = statements(text).iter().map(|piece| piece.text).collect();
        assert_eq!(pieces, ["SELECT ';' FROM t", "SELECT $$;$$"]);
        let last = &statements(text)[1];
        assert_eq!(&text[last.start..][..6], "SELECT");
    }

    #[test]
    fn an_open_quote_ends_with_the_text() {
        assert_eq!(statements("SELECT 'x").len(), 1);
        assert!(statements("/* open").is_empty());
    }
}
