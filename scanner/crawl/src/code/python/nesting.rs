//! A look at Python text before it is parsed: whether its tree would be deeper than we walk.
//!
//! The parser grows its stack, but trees are walked and dropped by recursion, so depth is bounded here.

/// Operators in one operand chain (`a + b + c …` gives one level each).
const CHAIN: usize = 1_500;

/// Where and why `text` is too deep to parse: more than `nesting` open brackets, more than `nesting`
/// levels of indentation, or an operator chain beyond 1 500 links.
pub(super) fn too_deep(text: &str, nesting: usize) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut chain) = (0, 0_usize, 0_usize);
    let mut line_start = true;
    while let Some(&byte) = bytes.get(at) {
        if line_start && depth == 0 {
            let indent = bytes.get(at..)?.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            if indent > nesting.saturating_mul(8) {
                return Some((at, format!("indented by more than {} columns", nesting * 8)));
            }
        }
        line_start = byte == b'\n';
        match byte {
            b'#' => {
                at += bytes.get(at..)?.iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'"' | b'\'' => {
                at = string_end(bytes, at);
                continue;
            }
            b'(' | b'[' | b'{' => {
                depth += 1;
                chain += 1;
                if depth > nesting {
                    return Some((at, format!("more than {nesting} brackets are open")));
                }
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' if depth == 0 => chain = 0,
            b',' | b';' => chain = 0,
            b'+' | b'-' | b'*' | b'/' | b'|' | b'&' | b'^' | b'%' | b'~' | b'@' | b'.' | b'<' | b'>' | b'=' | b':' => {
                chain += 1
            }
            b' ' if depth > 0 || !line_start => {
                let word = bytes.get(at + 1..).unwrap_or_default();
                let is = |name: &[u8]| word.starts_with(name);
                chain += usize::from(
                    is(b"and ") || is(b"or ") || is(b"not ") || is(b"if ") || is(b"lambda") || is(b"await "),
                );
            }
            _ => {}
        }
        if chain > CHAIN {
            return Some((at, format!("an expression has more than {CHAIN} operators")));
        }
        at += 1;
    }
    None
}

/// One past the string literal that starts at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let quote = bytes.get(at).copied().unwrap_or_default();
    let triple = bytes.get(at..at + 3).is_some_and(|three| three.iter().all(|b| *b == quote));
    let mut at = at + if triple { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' if !triple => return at,
            _ if byte == quote && !triple => return at + 1,
            _ if byte == quote && bytes.get(at..at + 3).is_some_and(|three| three.iter().all(|b| *b == quote)) => {
                return at + 3;
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_depth_is_refused_before_parsing() {
        assert!(too_deep(&"(".repeat(200), 128).is_some());
        assert!(too_deep(&"1+".repeat(3_000), 128).is_some());
        assert!(too_deep(&"-".repeat(3_000), 128).is_some());
        assert!(too_deep(&format!("{}x", "not ".repeat(3_000)), 128).is_some());
    }

    #[test]
    fn long_lists_and_long_strings_are_not_deep() {
        assert!(too_deep(&format!("x = [{}]", "-1.5, ".repeat(9_000)), 128).is_none());
        assert!(too_deep(&format!("x = '''{}'''", "(a + b) ".repeat(9_000)), 128).is_none());
        assert!(too_deep(&"x = a + b\n".repeat(9_000), 128).is_none());
    }
}
