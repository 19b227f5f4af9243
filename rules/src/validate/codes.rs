//! Numbers of securities, works, substances, researchers and devices.

use super::digits::{base36, compact, digits, luhn, place, stands, weighted};

/// Whether the cell is a CUSIP: eight characters and a check digit.
///
/// Source: ANSI X9.6, "modulus 10 double add double".
pub(super) fn cusip(cell: &[u8]) -> bool {
    compact::<9>(cell).is_some_and(|id| {
        let sum: Option<u32> = id[..8]
            .iter()
            .enumerate()
            .map(|(at, byte)| base36(*byte).map(|value| value << (at % 2)).map(|value| value / 10 + value % 10))
            .sum();
        id[..3].iter().any(u8::is_ascii_digit)
            && sum.is_some_and(|sum| stands(b"0123456789", (10 - sum % 10) % 10, id[8]))
    })
}

/// Whether the cell is a SEDOL: six characters without vowels, weights 131739, modulo 10.
///
/// Source: London Stock Exchange, "SEDOL Masterfile technical specification".
pub(super) fn sedol(cell: &[u8]) -> bool {
    compact::<7>(cell).is_some_and(|id| {
        let sum: Option<u32> =
            id[..6].iter().zip([1, 3, 1, 7, 3, 9]).map(|(byte, weight)| Some(base36(*byte)? * weight)).sum();
        !id.iter().any(|byte| b"AEIOU".contains(byte))
            && sum.is_some_and(|sum| stands(b"0123456789", (10 - sum % 10) % 10, id[6]))
    })
}

/// Whether the cell is an ISSN: weights 8–2, modulo 11, X for ten.
///
/// Source: ISO 3297, annex A.
pub(super) fn issn(cell: &[u8]) -> bool {
    compact::<8>(cell).is_some_and(|id| {
        digits::<7>(&id[..7])
            .is_some_and(|body| stands(b"0123456789X", (11 - weighted(&body, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11, id[7]))
    })
}

/// Whether the cell is a CAS registry number: 2–7 digits, 2 digits, a check digit modulo 10.
///
/// Source: Chemical Abstracts Service, "Check digit verification of CAS registry numbers".
pub(super) fn cas_number(cell: &[u8]) -> bool {
    let parts: Vec<&[u8]> = cell.trim_ascii().split(|byte| *byte == b'-').collect();
    let [body, pair, check] = parts.as_slice() else { return false };
    let shaped = (2..=7).contains(&body.len()) && pair.len() == 2 && check.len() == 1 && body.first() != Some(&b'0');
    let sum: Option<u32> = body
        .iter()
        .chain(*pair)
        .rev()
        .zip(1..)
        .map(|(byte, weight)| Some(char::from(*byte).to_digit(10)? * weight))
        .sum();
    shaped && sum.is_some_and(|sum| check.first().is_some_and(|check| stands(b"0123456789", sum % 10, *check)))
}

/// Whether the cell is an ORCID or ISNI: sixteen characters, MOD 11-2.
///
/// Source: ISO 27729; ORCID, "Structure of the ORCID identifier".
pub(super) fn orcid(cell: &[u8]) -> bool {
    let cell = cell.strip_prefix(b"https://orcid.org/").unwrap_or(cell);
    compact::<16>(cell).is_some_and(|id| {
        let rest =
            id[..15].iter().try_fold(0, |rest: u32, byte| Some((rest + char::from(*byte).to_digit(10)?) * 2 % 11));
        rest.is_some_and(|rest| stands(b"0123456789X", (12 - rest) % 11, id[15]))
    })
}

/// Whether the cell is a MEID of 15 characters: manufacturer code A0 or more, Luhn over base 16.
///
/// Source: 3GPP2 S.R0048-A, annex B.
pub(super) fn meid(cell: &[u8]) -> bool {
    compact::<15>(cell).is_some_and(|id| {
        let sum: Option<u32> = id
            .iter()
            .rev()
            .enumerate()
            .map(|(at, byte)| {
                let value = char::from(*byte).to_digit(16)? << (at % 2);
                Some(value / 16 + value % 16)
            })
            .sum();
        matches!(id[0], b'A'..=b'F') && sum.is_some_and(|sum| sum.is_multiple_of(16))
    })
}

/// Whether the cell is track 1 or 2 of a magnetic stripe: a card number that passes Luhn, then what belongs to it.
///
/// Source: ISO/IEC 7813.
pub(super) fn card_track(cell: &[u8]) -> bool {
    let track = cell.strip_prefix(b"%B").or_else(|| cell.strip_prefix(b";")).unwrap_or_default();
    let number: Vec<u8> = track.iter().take_while(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0').collect();
    (12..=19).contains(&number.len()) && luhn(&number) && matches!(track.get(number.len()), Some(b'^' | b'='))
}

/// Whether the cell is a device identifier of the GS1 system: `(01)` and a GTIN-14 with its check digit.
///
/// Source: GS1 General Specifications, section 3; 21 CFR 830.20.
pub(super) fn device_udi(cell: &[u8]) -> bool {
    let rest = cell.strip_prefix(b"(01)").or_else(|| cell.strip_prefix(b"01")).unwrap_or_default();
    rest.get(..14).is_some_and(super::technical::gtin)
}

/// Whether the cell is an open location code of ten characters or more.
///
/// Source: Google, "Open Location Code specification", sections 3 and 5.
pub(super) fn plus_code(cell: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"23456789CFGHJMPQRVWX";
    let Some((area, rest)) = cell.split_at_checked(8) else { return false };
    area.iter().all(|byte| ALPHABET.contains(&byte.to_ascii_uppercase()))
        && area.first().and_then(|byte| place(ALPHABET, byte.to_ascii_uppercase())).is_some_and(|at| at < 9)
        && matches!(rest, [b'+', tail @ ..] if (2..=7).contains(&tail.len()) && tail.iter().all(|byte| ALPHABET.contains(&byte.to_ascii_uppercase())))
}
