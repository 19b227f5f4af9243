//! File names as they are shown.

use std::ffi::OsStr;
use std::fmt::Write;

/// `name` so that no byte of it can move a terminal's cursor, hide text or be mistaken for another name.
///
/// Control characters, the invisible and direction-changing characters of Unicode (Trojan Source,
/// CVE-2021-42574) and bytes that are not UTF-8 become `\u{…}` and `\x..`; a backslash is doubled, so that
/// different names stay different.
pub(super) fn escape(name: impl AsRef<OsStr>) -> String {
    let bytes = name.as_ref().as_encoded_bytes();
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                shown.push_str("\\\\");
            } else if c.is_control() || is_invisible(c) {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            } else {
                shown.push(c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_that_could_deceive_are_spelt_out() {
        assert_eq!(escape("a\u{1b}[2J.csv"), "a\\u{1b}[2J.csv");
        assert_eq!(escape("txt.\u{202e}vsc"), "txt.\\u{202e}vsc");
        assert_eq!(escape("a\\u{1b}"), "a\\\\u{1b}");
        assert_eq!(escape("größe.csv"), "größe.csv");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_utf8_are_spelt_out() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(escape(std::ffi::OsStr::from_bytes(b"a\xff.csv")), "a\\xff.csv");
    }
}
