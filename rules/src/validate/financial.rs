//! Payment cards, bank accounts, bank codes.

use sha2::{Digest, Sha256};

use super::digits::{Few, all_equal, any_compact, any_digits, digits, luhn, modulo_97, number, place, weighted};

/// Whether the cell is a payment card number: length and leading digits of a card scheme, Luhn.
///
/// Source: ISO/IEC 7812-1 (annex B for the check digit); leading digits as the schemes publish them:
/// Visa 4, Mastercard 51–55 and 2221–2720, American Express 34 and 37, Discover 6011, 644–649, 65,
/// Diners 300–305, 36, 38, 39, JCB 3528–3589, UnionPay 62, Maestro 50, 56–58, 6, Mir 2200–2204.
pub(super) fn card_number(cell: &[u8]) -> bool {
    let Some(digits) = any_digits(cell) else {
        return false;
    };
    let Some(first_four) = digits.get(..4).map(number) else {
        return false;
    };
    let length = digits.len();
    let scheme = match first_four {
        4000..=4999 => matches!(length, 13 | 16 | 19),
        2221..=2720 | 5100..=5599 => length == 16,
        3400..=3499 | 3700..=3799 => length == 15,
        3000..=3059 | 3600..=3699 | 3800..=3999 => matches!(length, 14..=19),
        3528..=3589 | 2200..=2204 | 6011 | 6440..=6599 | 6200..=6299 => matches!(length, 16..=19),
        5000..=5099 | 5600..=5899 | 6000..=6999 => matches!(length, 12..=19),
        _ => false,
    };
    scheme && luhn(&digits)
}

/// Length of an IBAN by country code.
///
/// Source: ISO 13616-1 and the SWIFT IBAN registry, release 99.
#[rustfmt::skip]
const IBAN_LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16), (b"BG", 22), (b"BH", 22),
    (b"BI", 27), (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24), (b"DE", 22), (b"DJ", 27),
    (b"DK", 18), (b"DO", 28), (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18), (b"FK", 18), (b"FO", 18), (b"FR", 27),
    (b"GB", 22), (b"GE", 22), (b"GI", 23), (b"GL", 18), (b"GR", 27), (b"GT", 28), (b"HN", 28), (b"HR", 21), (b"HU", 28),
    (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26), (b"IT", 27), (b"JO", 30), (b"KW", 30), (b"KZ", 20), (b"LB", 28),
    (b"LC", 32), (b"LI", 21), (b"LT", 20), (b"LU", 20), (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22),
    (b"MK", 19), (b"MN", 20), (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28), (b"NL", 18), (b"NO", 15), (b"OM", 23),
    (b"PK", 24), (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22), (b"RU", 33), (b"SA", 24),
    (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24), (b"SM", 27), (b"SO", 23), (b"ST", 25), (b"SV", 28),
    (b"TL", 23), (b"TN", 24), (b"TR", 26), (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20), (b"YE", 30),
];

/// Whether the cell is an IBAN: the length of its country, MOD 97-10 leaves 1.
///
/// Source: ISO 13616-1 section 6; ISO/IEC 7064.
pub(super) fn iban(cell: &[u8]) -> bool {
    let held;
    let text = match cell.iter().fold(true, |all, byte| all & (byte.is_ascii_uppercase() | byte.is_ascii_digit())) {
        true => cell,
        false => {
            held = any_compact(cell);
            held.as_ref().map(Few::as_slice).unwrap_or_default()
        }
    };
    let Some((head, tail)) = text.split_at_checked(4) else {
        return false;
    };
    let Some([first, second]) = head.first_chunk::<2>() else { return false };
    let length = IBAN_LENGTH_OF.get(country(*first, *second)).copied().unwrap_or(0);
    length > 0 && usize::from(length) == text.len() && modulo_97([tail, head]) == Some(1)
}

/// [`IBAN_LENGTHS`] by [`country`], 0 where no country has the code.
#[expect(clippy::indexing_slicing, reason = "a constant is computed by the compiler, which sees the bounds")]
static IBAN_LENGTH_OF: [u8; 26 * 26] = {
    let mut lengths = [0; 26 * 26];
    let mut at = 0;
    while at < IBAN_LENGTHS.len() {
        let (code, length) = IBAN_LENGTHS[at];
        lengths[country(code[0], code[1])] = length as u8;
        at += 1;
    }
    lengths
};

/// The place of a code of two capitals among all; beyond all of them for anything else.
const fn country(first: u8, second: u8) -> usize {
    if !first.is_ascii_uppercase() || !second.is_ascii_uppercase() {
        return usize::MAX;
    }
    (first - b'A') as usize * 26 + (second - b'A') as usize
}

/// Whether the cell is an ABA routing number: issued range, weights 3-7-1, modulo 10.
///
/// Source: ANSI X9.13 / American Bankers Association, "Routing Number Policy and Procedures".
pub(super) fn aba_routing(cell: &[u8]) -> bool {
    let Some(routing) = digits::<9>(cell) else {
        return false;
    };
    matches!(number(&routing[..2]), 0..=12 | 21..=32 | 61..=72 | 80)
        && !all_equal(&routing)
        && weighted(&routing, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// Whether the cell is a Mexican CLABE: bank, weights 3-7-1 modulo 10.
///
/// Source: Asociación de Bancos de México, "CLABE"; Banco de México, Circular 14/2017.
pub(super) fn mx_clabe(cell: &[u8]) -> bool {
    let Some(clabe) = digits::<18>(cell) else { return false };
    let sum: u32 = clabe[..17]
        .iter()
        .zip([3, 7, 1].into_iter().cycle())
        .map(|(digit, weight)| u32::from(*digit) * weight % 10)
        .sum();
    number(&clabe[..3]) > 0 && u32::from(clabe[17]) == (10 - sum % 10) % 10
}

/// Whether the cell is a Bitcoin address: base 58 with a double SHA-256 check, or bech32 (its
/// polynomial leaves 1, that of bech32m 0x2bc830a3).
///
/// Source: Bitcoin developer reference, "Address conversion"; BIP 173, BIP 350.
pub(super) fn bitcoin_address(cell: &[u8]) -> bool {
    match cell.trim_ascii() {
        text @ [b'1' | b'3', ..] => base58_check(text),
        text @ [b'b', b'c', b'1', ..] => bech32(text),
        _ => false,
    }
}

fn base58_check(text: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0_u8; 25];
    if !(26..=35).contains(&text.len()) {
        return false;
    }
    for byte in text {
        let Some(mut carry) = place(ALPHABET, *byte) else { return false };
        for slot in bytes.iter_mut().rev() {
            carry += u32::from(*slot) * 58;
            *slot = u8::try_from(carry % 256).unwrap_or(0);
            carry /= 256;
        }
        if carry > 0 {
            return false;
        }
    }
    let hash = Sha256::digest(Sha256::digest(&bytes[..21]));
    hash.starts_with(&bytes[21..])
}

fn bech32(text: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut check: u32 = 1;
    let mut push = |value: u32| {
        let top = check >> 25;
        check = (check & 0x01ff_ffff) << 5 ^ value;
        for (bit, generator) in GENERATOR.iter().enumerate() {
            if top >> bit & 1 == 1 {
                check ^= generator;
            }
        }
    };
    // The human-readable part `bc`: high bits, zero, low bits.
    [3, 3, 0, 2, 3].into_iter().for_each(&mut push);
    for byte in text.iter().skip(3) {
        let Some(value) = place(ALPHABET, *byte) else { return false };
        push(value);
    }
    matches!(text.len(), 42 | 62) && matches!(check, 1 | 0x2bc8_30a3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_sorted() {
        assert!(IBAN_LENGTHS.is_sorted_by(|(one, _), (next, _)| one < next));
    }

    #[test]
    fn a_card_number_has_the_length_of_its_scheme() {
        assert!(card_number(b"4539 1488 0343 6467"));
        assert!(!card_number(b"4539 1488 0343 646"));
        assert!(!card_number(b"9999999999999995"));
    }

    #[test]
    fn an_address_of_a_wallet_checks_itself() {
        assert!(bitcoin_address(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"));
        assert!(!bitcoin_address(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"));
        assert!(bitcoin_address(b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"));
        assert!(!bitcoin_address(b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"));
    }

    #[test]
    fn an_iban_has_the_length_of_its_country() {
        assert!(iban(b"DE89 3704 0044 0532 0130 00"));
        assert!(!iban(b"DE88 3704 0044 0532 0130 00"));
        assert!(!iban(b"DE89370400440532013"));
    }
}
