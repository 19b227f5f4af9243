//! Text that came from outside, made safe to print.

/// `text` with everything escaped that a terminal or an eye could be misled by: control characters, line breaks,
/// invisible and direction-changing characters. At most 200 characters, then `…`.
///
/// Sentences that this crate makes pass recorded text through here; entries keep it as it was recorded.
/// Source of the ranges: Unicode 17, general categories Cc, Cf, Zl and Zp, of the characters below U+E0FFF.
pub fn shown(text: &str) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == 200 {
            out.push('…');
            break;
        }
        if is_misleading(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

fn is_misleading(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_bidi_are_escaped_letters_are_not() {
        assert_eq!(shown("Zoë – 東京"), "Zoë – 東京");
        assert_eq!(shown("\u{1b}[2Jok\r\n"), "\\u{1b}[2Jok\\u{d}\\u{a}");
        assert_eq!(shown("a\u{202e}b\u{2066}"), "a\\u{202e}b\\u{2066}");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), 201);
    }
}
