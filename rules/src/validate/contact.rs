//! Structures of e-mail addresses and telephone numbers.

use super::digits::{Few, digits_among};

/// Whether the cell is an address of the form `local@domain.tld`.
///
/// Stricter than RFC 5321 section 4.1.2, which allows quoted local parts and address literals that
/// data hardly ever holds; a top-level "domain" that is a file extension is refused (`logo@2x.png`).
pub(super) fn email(cell: &[u8]) -> bool {
    let cell = match cell.is_ascii() {
        true => cell.trim_ascii(),
        false => {
            let Ok(text) = std::str::from_utf8(cell) else { return false };
            if !text.trim().chars().all(|c| c.is_ascii() || c.is_alphanumeric()) {
                return false;
            }
            text.trim().as_bytes()
        }
    };
    let Some(at) = memchr::memrchr(b'@', cell) else { return false };
    let (Some(local), Some(domain)) = (cell.get(..at), cell.get(at + 1..)) else { return false };
    (1..=64).contains(&local.len()) && domain.len() <= 253 && is_local(local) && is_domain(domain)
}

/// Whether `local` are words of letters, digits and signs with single dots between them.
fn is_local(local: &[u8]) -> bool {
    let mut before = b'.';
    for &byte in local {
        if in_address(byte) & LOCAL == 0 || (byte == b'.' && before == b'.') {
            return false;
        }
        before = byte;
    }
    before != b'.'
}

/// Whether `domain` are at least two labels, the last of which can be a top-level domain.
fn is_domain(domain: &[u8]) -> bool {
    let (mut start, mut before) = (0, b'.');
    for (end, &byte) in domain.iter().enumerate() {
        let fits = match byte {
            b'.' => before != b'.' && before != b'-' && end - start <= 63,
            b'-' => before != b'.',
            _ => in_address(byte) & LABEL != 0,
        };
        if !fits {
            return false;
        }
        if byte == b'.' {
            start = end + 1;
        }
        before = byte;
    }
    let top = domain.get(start..).unwrap_or_default();
    start > 0 && before != b'-' && is_top(top) && !is_extension(top)
}

/// Whether `top`, of letters, digits and dashes, is a name of at least two letters (RFC 3696 section 2) or one in Punycode.
fn is_top(top: &[u8]) -> bool {
    let letters = match top.is_ascii() {
        true => top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic),
        false => std::str::from_utf8(top)
            .is_ok_and(|top| top.chars().nth(1).is_some() && top.chars().all(char::is_alphabetic)),
    };
    top.len() <= 63 && (letters || top.starts_with(b"xn--"))
}

/// Whether `top` is the ending of a file that pages name beside an `@`: `logo@2x.png`.
fn is_extension(top: &[u8]) -> bool {
    let mut name = [0; 4];
    name.iter_mut().zip(top).for_each(|(to, from)| *to = from.to_ascii_lowercase());
    top.len() <= name.len()
        && matches!(
            &name,
            b"bmp\0"
                | b"css\0"
                | b"csv\0"
                | b"gif\0"
                | b"html"
                | b"jpeg"
                | b"jpg\0"
                | b"js\0\0"
                | b"json"
                | b"pdf\0"
                | b"png\0"
                | b"svg\0"
                | b"webp"
        )
}

/// The parts of an address in which a byte may stand; of bytes beyond ASCII all are letters or digits.
fn in_address(byte: u8) -> u8 {
    IN_ADDRESS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// Letters, digits, the dot and the signs of RFC 5322 section 3.2.3, `atext`.
const LOCAL: u8 = 1;
/// Letters and digits.
const LABEL: u8 = 2;

#[expect(clippy::indexing_slicing, reason = "a constant is computed by the compiler, which sees the bounds")]
static IN_ADDRESS: [u8; 256] = {
    let mut parts = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        parts[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => LOCAL | LABEL,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-'..=b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~' => LOCAL,
            _ => 0,
        };
        byte += 1;
    }
    parts
};

/// Country calling codes of one and two digits, and the leading two digits of those of three.
///
/// Source: ITU-T E.164 annex, "List of ITU-T Recommendation E.164 assigned country codes".
const CODES: [u8; 46] = [
    20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62,
    63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98, 76, 77,
];
const CODES_OF_THREE: [u8; 14] = [21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 59, 67, 85];

/// Whether the cell is an international number: `+`, an assigned country calling code, 8–15 digits.
///
/// Source: ITU-T E.164 (11/2010), section 6.
pub(super) fn phone_e164(cell: &[u8]) -> bool {
    let number = number_part(cell);
    let Some(digits) = number.strip_prefix(b"+").or_else(|| number.strip_prefix(b"00")).and_then(bare_digits) else {
        return false;
    };
    let code = match digits.as_slice() {
        // The North American plan: area and exchange codes begin with 2–9.
        [1, area, _, _, exchange, ..] => return digits.len() == 11 && *area > 1 && *exchange > 1,
        [7, next, ..] => return digits.len() == 11 && *next > 2,
        [tens, ones, ..] => tens * 10 + ones,
        _ => return false,
    };
    let assigned = CODES.contains(&code)
        || CODES_OF_THREE.contains(&code)
        || matches!(code, 50 | 68 | 69 | 80 | 87 | 88 | 96 | 97 | 99);
    (8..=15).contains(&digits.len()) && assigned
}

/// Whether the cell is a telephone number as written at home: separators, and 7–13 digits that begin
/// with a trunk 0, or ten of the North American plan (area and exchange codes begin with 2–9).
///
/// Digits alone are accepted as well: only the column's name can tell them from other numbers.
/// Source: ITU-T E.123 (02/2001); NANPA, "Numbering Plan Area codes".
pub(super) fn phone_national(cell: &[u8]) -> bool {
    let Some(digits) = bare_digits(number_part(cell)) else {
        return false;
    };
    match digits.as_slice() {
        [1, area, _, _, exchange, ..] if digits.len() == 11 => *area > 1 && *exchange > 1,
        [0, next, ..] => (9..=12).contains(&digits.len()) && (*next > 0 || digits.len() > 10),
        [area, _, _, exchange, ..] if digits.len() == 10 => *area > 1 && *exchange > 1,
        [first, ..] => (7..=11).contains(&digits.len()) && *first > 1 && digits.len() != 10,
        [] => false,
    }
}

/// The cell without an extension (`x12`, `ext. 12`).
fn number_part(cell: &[u8]) -> &[u8] {
    let end = cell.iter().position(|byte| matches!(byte, b'x' | b'e' | b'X')).unwrap_or(cell.len());
    cell.get(..end).unwrap_or(cell).trim_ascii()
}

/// The digits, where brackets separate too.
fn bare_digits(number: &[u8]) -> Option<Few> {
    digits_among(number.iter().copied().filter(|byte| !matches!(byte, b'(' | b')')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_name_is_no_address() {
        assert!(email(b"ana.souza@clinica.com.br"));
        assert!(!email(b"logo@2x.png"));
        assert!(!email(b"a..b@mail.com"));
        assert!(!email(b"@mail.com"));
        assert!(!email(b"logo@icons.SVG") && !email(b"main@app.js") && email(b"main@app.jp"));
        assert!(email(b" o'neil+x@mail.example.org ") && !email(b"o'neil@mail.exa'mple"));
        assert!(!email(b"ann@mail") && !email(b"ann@mail.c") && !email(b"ann@mail-.com") && !email(b"ann@-mail.com"));
        assert!(!email(b"ann@mail.c0m") && !email(b"ann.@mail.com") && !email(b"ann@mail.com."));
    }

    #[test]
    fn letters_of_any_script_are_letters() {
        let is = |text: &str| email(text.as_bytes());
        assert!(is("jörg@müller.de") && is("用户@例子.公司") && is("ann@mail.xn--p1ai"));
        assert!(!is("ann@mail.公") && !is("ann@mail.ab²") && !is("ann—lee@mail.com"));
        assert!(!email(b"j\xf6rg@mail.de"));
    }

    #[test]
    fn an_unassigned_country_code_is_no_telephone_number() {
        assert!(phone_e164(b"+49 30 901820"));
        assert!(phone_e164(b"+1 (415) 555-0132"));
        assert!(!phone_e164(b"+1 015 555 0132"));
        assert!(!phone_e164(b"+831234567890"));
    }

    #[test]
    fn the_area_code_of_a_national_number_does_not_begin_with_one() {
        assert!(phone_national(b"(415) 555-0132 x12"));
        assert!(!phone_national(b"115-555-0132"));
    }
}
