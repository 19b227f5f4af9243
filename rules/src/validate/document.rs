//! Dates as people write them, and the machine-readable zone of travel documents.

use super::digits::{is_date, number, place, weighted_7_3_1};

/// Whether the cell is a day of the calendar from 1850 to 2150: `2001-12-31`, `31.12.2001`,
/// `12/31/2001`, `31/12/2001`, `20011231`, with or without a time.
///
/// Source: ISO 8601-1 section 5.2.2 for the first and last; the others are read in either order.
pub(super) fn date(cell: &[u8]) -> bool {
    let end = cell.iter().position(|byte| matches!(byte, b'T' | b' ')).unwrap_or(cell.len());
    let day_part = cell.get(..end).unwrap_or(cell);
    let parts: Option<Vec<(u64, usize)>> = day_part
        .split(|byte| matches!(byte, b'-' | b'/' | b'.'))
        .map(|part| {
            let digits: Option<Vec<u8>> =
                part.iter().map(|byte| byte.checked_sub(b'0').filter(|digit| *digit < 10)).collect();
            digits.filter(|digits| (1..=8).contains(&digits.len())).map(|digits| (number(&digits), digits.len()))
        })
        .collect();
    let exists = |year: u64, month: u64, day: u64| (1850..=2150).contains(&year) && is_date(year, month, day);
    match parts.as_deref() {
        Some([(year, 4), (month, 1 | 2), (day, 1 | 2)]) => exists(*year, *month, *day),
        Some([(one, 1 | 2), (two, 1 | 2), (year, 4)]) => exists(*year, *two, *one) || exists(*year, *one, *two),
        Some([(whole, 8)]) => exists(whole / 10_000, whole / 100 % 100, whole % 100),
        _ => false,
    }
}

/// Whether the cell is the machine-readable zone of a passport (TD3), identity card (TD1) or other
/// document (TD2): check digits of number, birth date and expiry.
///
/// Line breaks are dropped. The second line of a TD3 alone is accepted as well.
/// Source: ICAO Doc 9303 parts 3–6.
pub(super) fn mrz(cell: &[u8]) -> bool {
    let text: Vec<u8> = cell.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    // Where the number, the birth date and the expiry date with their check digits begin.
    let (number, birth, expiry) = match (text.len(), text.first()) {
        (44, Some(first)) if *first != b'P' => (0, 13, 21),
        (88, Some(b'P' | b'V')) => (44, 57, 65),
        (72, _) => (36, 49, 57),
        (90, _) => (5, 30, 38),
        _ => return false,
    };
    let field = |start: usize, length: usize| {
        let Some([body @ .., check]) = text.get(start..=start + length) else { return false };
        let check = if *check == b'<' { Some(0) } else { place(b"0123456789", *check) };
        check.is_some() && weighted_7_3_1(body.iter().copied()) == check
    };
    text.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'<')
        && text.contains(&b'<')
        && field(number, 9)
        && field(birth, 6)
        && field(expiry, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_does_not_exist_is_no_date() {
        assert!(date(b"1984-02-29") && date(b"31.12.1999") && date(b"12/31/1999") && date(b"19991231"));
        assert!(date(b"1999-12-31T23:59:59Z"));
        assert!(!date(b"1985-02-29") && !date(b"31/31/1999") && !date(b"1.2.3") && !date(b"99999999"));
    }

    #[test]
    fn the_specimen_of_the_standard_passes() {
        assert!(mrz(b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"));
        assert!(!mrz(b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408121F1204159ZE184226B<<<<<10"));
    }
}
