//! Looks at the bytes behind a keyword that spare the pattern.

/// An operator stands at most so many bytes behind its keyword: the rest of the name, quotes, a bracket.
const TO_OPERATOR: usize = 48;

/// A value begins at most so many bytes behind the operator: white space, a string's prefix, quotes.
const TO_VALUE: usize = 16;

/// The longest user, and the longest password, of a URL.
const AUTHORITY: usize = 210;

/// Whether `rest`, the bytes behind a keyword, hold an operator and then a value of `least` bytes without
/// white space and quotes; if `quoted`, with a quote before it.
pub(super) fn is_assigned(rest: &[u8], least: usize, quoted: bool) -> bool {
    let near = rest.get(..TO_OPERATOR).unwrap_or(rest);
    let Some(operator) = near.iter().position(|byte| matches!(byte, b'=' | b':' | b',' | b' ' | b'\t')) else {
        return false;
    };
    let mut run = 0;
    let mut open = !quoted;
    for (at, &byte) in rest.iter().skip(operator + 1).enumerate() {
        match byte {
            b'\n' => return false,
            b'"' | b'\'' | b'`' => (run, open) = (0, true),
            byte if byte.is_ascii_whitespace() || byte == 0x0b => run = 0,
            _ => run += 1,
        }
        if run >= least && open {
            return true;
        }
        // Behind this point no value begins any more.
        if run == 0 && at > TO_VALUE {
            return false;
        }
    }
    false
}

/// Whether `rest`, the bytes behind `://`, hold `:` and then `@` before white space, quotes or a slash.
pub(super) fn has_userinfo(rest: &[u8]) -> bool {
    let mut colon = false;
    for &byte in rest.iter().take(AUTHORITY) {
        match byte {
            b'@' if colon => return true,
            b':' => colon = true,
            b'/' | b'"' | b'\'' | b'`' | b'<' | b'>' => return false,
            byte if byte.is_ascii_whitespace() => return false,
            _ => {}
        }
    }
    false
}

/// Whether `byte` may stand in a run around a keyword that is a part of its credential.
pub(super) fn is_run(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_near_behind_an_operator() {
        for rest in ["=abcdefgh", "_x\"]  = rb\"abcdefgh\"", " abcdefgh", ": 'abcdefgh'", " => abcdefgh"] {
            assert!(is_assigned(rest.as_bytes(), 8, false), "{rest}");
        }
        for rest in ["", "=", "=abcdefg", "=abcd efgh", "=\nabcdefgh", "abcdefghijkl"] {
            assert!(!is_assigned(rest.as_bytes(), 8, false), "{rest}");
        }
        let far = format!("={}abcdefgh", " ".repeat(TO_VALUE + 2));
        assert!(!is_assigned(far.as_bytes(), 8, false));
        assert!(is_assigned(b"= 'abcdefgh'", 8, true));
        assert!(!is_assigned(b": Option<String>", 8, true));
    }

    #[test]
    fn a_url_with_a_password_has_a_colon_and_an_at() {
        assert!(has_userinfo(b"a:b@c"));
        assert!(has_userinfo(b":b@c"));
        for rest in ["host:80/a@b", "a@b", "a:b c@d", "a:b"] {
            assert!(!has_userinfo(rest.as_bytes()), "{rest}");
        }
    }
}
