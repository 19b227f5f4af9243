//! Structures of e-mail addresses and telephone numbers.

use super::digits::{Few, digits_among};

/// Whether the cell is an address of the form `local@domain.tld`.
///
/// Stricter than RFC 5321 section 4.1.2, which allows quoted local parts and address literals that
/// data hardly ever holds; a top-level "domain" that is a file extension is refused (`logo@2x.png`).
pub(super) fn email(cell: &[u8]) -> bool {
    const EXTENSIONS: [&str; 13] =
        ["bmp", "css", "csv", "gif", "html", "jpeg", "jpg", "js", "json", "pdf", "png", "svg", "webp"];
    let Ok(text) = std::str::from_utf8(cell) else {
        return false;
    };
    let text = text.trim();
    let Some(at) = memchr::memrchr(b'@', text.as_bytes()) else { return false };
    let (Some(local), Some(domain)) = (text.get(..at), text.get(at + 1..)) else { return false };
    if !(1..=64).contains(&local.len()) || domain.len() > 253 {
        return false;
    }
    // One pass over each part: `before` is the character in front.
    let mut before = '.';
    for c in local.chars() {
        let doubled = c == '.' && before == '.';
        if doubled || !(c.is_ascii_alphanumeric() || is_sign(c) || c.is_alphanumeric()) {
            return false;
        }
        before = c;
    }
    if before == '.' {
        return false;
    }
    let (mut start, mut before) = (0, '.');
    for (end, c) in domain.char_indices() {
        let fits = match c {
            '.' => before != '.' && before != '-' && end - start <= 63,
            '-' => before != '.',
            c => c.is_ascii_alphanumeric() || c.is_alphanumeric(),
        };
        if !fits {
            return false;
        }
        if c == '.' {
            start = end + 1;
        }
        before = c;
    }
    let top = domain.get(start..).unwrap_or_default();
    start > 0
        && before != '-'
        && top.len() <= 63
        && top.chars().nth(1).is_some()
        && (top.chars().all(char::is_alphabetic) || top.starts_with("xn--"))
        && !(top.len() <= 4 && EXTENSIONS.iter().any(|extension| top.eq_ignore_ascii_case(extension)))
}

/// What may stand in the local part beside letters and digits (RFC 5322 section 3.2.3, `atext`), and the dot.
fn is_sign(c: char) -> bool {
    matches!(c, '!' | '#'..='\'' | '*' | '+' | '-'..='/' | '=' | '?' | '^'..='`' | '{'..='~')
}

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
