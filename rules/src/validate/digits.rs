//! Digits and check-digit arithmetic that several validators share.

/// Whether `byte` only groups the characters of a number: space, dash, dot, slash.
pub(super) fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/')
}

/// The `N` digits of `cell` as values 0–9, separators dropped; `None` for another length or any
/// other character.
pub(super) fn digits<const N: usize>(cell: &[u8]) -> Option<[u8; N]> {
    let mut out = compact::<N>(cell)?;
    for byte in &mut out {
        *byte = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
    }
    Some(out)
}

/// The `N` ASCII letters and digits of `cell`, upper case, separators dropped; `None` for another
/// length or any other character.
pub(super) fn compact<const N: usize>(cell: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    let mut slots = out.iter_mut();
    for byte in cell.iter().copied().filter(|byte| !is_separator(*byte)) {
        if !byte.is_ascii_alphanumeric() {
            return None;
        }
        *slots.next()? = byte.to_ascii_uppercase();
    }
    slots.next().is_none().then_some(out)
}

/// At most 60 bytes, held in place: a check of a cell costs no allocation.
pub(super) struct Few {
    bytes: [u8; 60],
    length: usize,
}

impl Few {
    /// The bytes as far as there are any; `None` if one of them is `None` or there are more than 60.
    fn of(bytes: impl Iterator<Item = Option<u8>>) -> Option<Few> {
        let mut few = Few { bytes: [0; 60], length: 0 };
        for byte in bytes {
            *few.bytes.get_mut(few.length)? = byte?;
            few.length += 1;
        }
        Some(few)
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl std::ops::Deref for Few {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

/// The digits of `cell` as values 0–9 where their count may vary, separators dropped; `None` for any
/// other character or more than 40 digits.
pub(super) fn any_digits(cell: &[u8]) -> Option<Few> {
    digits_among(cell.iter().copied())
}

/// The same of single bytes.
pub(super) fn digits_among(bytes: impl Iterator<Item = u8>) -> Option<Few> {
    let plain = bytes.filter(|byte| !is_separator(*byte));
    let digits = Few::of(plain.map(|byte| byte.checked_sub(b'0').filter(|digit| *digit < 10)));
    digits.filter(|digits| digits.len() <= 40)
}

/// The ASCII letters and digits of `cell`, upper case, separators dropped; `None` for any other
/// character or more than 60 of them.
pub(super) fn any_compact(cell: &[u8]) -> Option<Few> {
    let plain = cell.iter().copied().filter(|byte| !is_separator(*byte));
    Few::of(plain.map(|byte| byte.is_ascii_alphanumeric().then(|| byte.to_ascii_uppercase())))
}

/// 0–9 for a digit, 10–35 for an upper-case letter; `None` for anything else.
pub(super) fn base36(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(36)
}

/// The place of `byte` in `alphabet`.
pub(super) fn place(alphabet: &[u8], byte: u8) -> Option<u32> {
    alphabet.iter().position(|symbol| *symbol == byte).and_then(|at| u32::try_from(at).ok())
}

/// Whether the character of `alphabet` at `at` is `byte`.
pub(super) fn stands(alphabet: &[u8], at: u32, byte: u8) -> bool {
    usize::try_from(at).ok().and_then(|at| alphabet.get(at)) == Some(&byte)
}

/// The sum of `digits` times `weights`, pair by pair; the longer one's rest is not counted.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

/// `digits` read as a decimal number, most significant first; at most 19 of them.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(*digit)))
}

/// Whether every digit is the same one: never issued, often typed.
pub(super) fn all_equal(digits: &[u8]) -> bool {
    digits.iter().zip(digits.iter().skip(1)).all(|(one, next)| one == next)
}

/// Whether `digits` passes the Luhn check, the last one being the check digit.
///
/// Source: ISO/IEC 7812-1, annex B.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(*digit) << (at % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether `digits` passes the Verhoeff check, the last one being the check digit.
///
/// The dihedral group D5 is computed rather than tabled: 0–4 are rotations, 5–9 reflections.
/// Source: J. Verhoeff, "Error Detecting Decimal Codes", Mathematical Centre Tracts 29, 1969.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let product = |left: u8, right: u8| match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => (left + right - 5) % 5 + 5,
        (false, true) => (left - right) % 5 + 5,
        (false, false) => (left + 5 - right) % 5,
    };
    let mut check = 0;
    for (at, digit) in digits.iter().rev().enumerate() {
        let mut value = *digit;
        for _ in 0..at % 8 {
            value = PERMUTATION.get(usize::from(value)).copied().unwrap_or(0);
        }
        check = product(check, value);
    }
    check == 0
}

/// The remainder by 97 of letters (A = 10 … Z = 35) and digits, one part behind the other, read as one decimal number.
///
/// `None` for any other character. Source: ISO/IEC 7064, MOD 97-10.
pub(super) fn modulo_97(parts: [&[u8]; 2]) -> Option<u32> {
    let mut number = Remainder::default();
    for part in parts {
        let (words, more) = part.as_chunks::<8>();
        for word in words {
            match eight_digits(u64::from_le_bytes(*word)) {
                Some(digits) => number.add(digits, 8),
                None => number.add_all(word)?,
            }
        }
        // What is left as eight digits, with zeros in the place of those before.
        let padded = part.last_chunk().filter(|_| !more.is_empty()).and_then(|last| {
            let before = u64::MAX >> (8 * more.len());
            eight_digits(u64::from_le_bytes(*last) & !before | ZEROS & before)
        });
        match padded {
            Some(digits) => number.add(digits, more.len()),
            None => number.add_all(more)?,
        }
    }
    u32::try_from(number.rest % 97).ok()
}

/// A number that is read from its first digit on and divided by 97 no more often than it must be to fit.
#[derive(Default)]
struct Remainder {
    rest: u64,
    /// Decimal digits of the greatest that it can be.
    digits: usize,
}

impl Remainder {
    /// Appends a number of so many digits, at most sixteen.
    fn add(&mut self, number: u64, digits: usize) {
        if self.digits + digits > 18 {
            (self.rest, self.digits) = (self.rest % 97, 2);
        }
        self.rest = self.rest * TENS.get(digits).copied().unwrap_or(0) + number;
        self.digits += digits;
    }

    /// Appends at most eight letters and digits.
    fn add_all(&mut self, text: &[u8]) -> Option<()> {
        let (mut number, mut digits) = (0, 0);
        for byte in text {
            let value = BASE_36.get(usize::from(*byte)).copied().filter(|value| *value < 36)?;
            let (scale, more) = if value > 9 { (100, 2) } else { (10, 1) };
            (number, digits) = (number * scale + u64::from(value), digits + more);
        }
        self.add(number, digits);
        Some(())
    }
}

/// The values of letters and digits, [`u8::MAX`] of others.
#[expect(clippy::indexing_slicing, reason = "a constant is computed by the compiler, which sees the bounds")]
static BASE_36: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut byte = 0;
    while byte < 256 {
        match byte as u8 {
            digit @ b'0'..=b'9' => values[byte] = digit - b'0',
            letter @ (b'a'..=b'z' | b'A'..=b'Z') => values[byte] = letter.to_ascii_lowercase() - b'a' + 10,
            _ => {}
        }
        byte += 1;
    }
    values
};

/// Powers of ten.
#[expect(clippy::indexing_slicing, reason = "a constant is computed by the compiler, which sees the bounds")]
const TENS: [u64; 17] = {
    let mut powers = [1; 17];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Eight times the digit zero.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Eight digits, the first in the lowest byte, as a number, all at once: neighbours are joined to two, four and eight of them.
fn eight_digits(word: u64) -> Option<u64> {
    const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    // 0x30 to 0x39: those to which six can be added without a change of the upper half.
    if word & HIGH != ZEROS || word.wrapping_add(0x0606_0606_0606_0606) & HIGH != ZEROS {
        return None;
    }
    let ones = word & !HIGH;
    let twos = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (twos.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

/// Whether `digits` passes the hybrid check MOD 11,10, the last one being the check digit.
///
/// Source: ISO/IEC 7064, clause 9.
pub(super) fn modulo_11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else {
        return false;
    };
    let rest = body.iter().fold(10, |rest, digit| {
        let sum = (rest + u32::from(*digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (rest + u32::from(*check)) % 10 == 1
}

/// Whether digits weighted 1 and 3 by turns from the right end in a multiple of ten.
///
/// Source: GS1 General Specifications, section 7.9.1.
pub(super) fn modulo_10_1_3(digits: &[u8]) -> bool {
    let sum: u32 =
        digits.iter().rev().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    sum.is_multiple_of(10)
}

/// The sum of values weighted 7, 3, 1 by turns, modulo 10; letters count A = 10 … Z = 35, the
/// filler `<` counts 0. `None` for any other character.
///
/// Source: ICAO Doc 9303 part 3, section 4.9.
pub(super) fn weighted_7_3_1(text: impl IntoIterator<Item = u8>) -> Option<u32> {
    let mut sum = 0;
    for (byte, weight) in text.into_iter().zip([7, 3, 1].into_iter().cycle()) {
        sum += weight * if byte == b'<' { 0 } else { base36(byte)? };
    }
    Some(sum % 10)
}

/// Whether the Gregorian calendar has that day. `year` has four digits; where a number tells only
/// two of them, pass a leap year's century (see [`is_day`]).
pub(super) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Whether the date exists in some century: a year of two digits that is a multiple of four counts
/// as a leap year.
pub(super) fn is_day(two_digit_year: u64, month: u64, day: u64) -> bool {
    is_date(2000 + two_digit_year % 100, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remainder_by_97_is_that_of_the_number_digit_by_digit() {
        let plain = |text: &str| {
            text.chars().try_fold(0_u32, |rest, c| {
                let value = c.to_digit(36)?;
                Some((rest * if value > 9 { 100 } else { 10 } + value) % 97)
            })
        };
        for text in [
            "",
            "7",
            "12345678",
            "123456789012345678901234567890",
            "GB82WEST12345698765432",
            "9999999999999999Z",
            "12345 78",
        ] {
            for at in 0..=text.len() {
                let (head, tail) = text.split_at(at);
                assert_eq!(modulo_97([head.as_bytes(), tail.as_bytes()]), plain(text), "{text}");
            }
        }
    }

    #[test]
    fn separators_are_dropped_and_letters_are_not_digits() {
        assert_eq!(digits::<4>(b"1-2.3 4"), Some([1, 2, 3, 4]));
        assert_eq!(digits::<4>(b"12345"), None);
        assert_eq!(digits::<4>(b"123"), None);
        assert_eq!(digits::<4>(b"12a4"), None);
    }

    #[test]
    fn verhoeff_accepts_the_check_digit_and_refuses_a_swap() {
        assert!(verhoeff(&[2, 3, 6, 3]));
        assert!(!verhoeff(&[3, 2, 6, 3]));
    }

    #[test]
    fn february_has_29_days_in_leap_years_only() {
        assert!(is_date(2000, 2, 29) && is_date(2024, 2, 29));
        assert!(!is_date(1900, 2, 29) && !is_date(2023, 2, 29));
    }
}
