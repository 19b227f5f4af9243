//! Government numbers of the Americas.

use super::digits::{all_equal, any_compact, base36, compact, digits, is_day, luhn, number, place, stands, weighted};

/// Whether the cell may be a US Social Security number: no area 000, 666 or 900–999, no group 00, no
/// serial 0000, none of the numbers once printed as specimens.
///
/// Source: SSA POMS RM 10201.030–10201.035; 20 CFR 422.103.
pub(super) fn us_ssn(cell: &[u8]) -> bool {
    let Some(ssn) = digits::<9>(cell) else { return false };
    let area = number(&ssn[..3]);
    !matches!(area, 0 | 666 | 900..)
        && number(&ssn[3..5]) != 0
        && number(&ssn[5..]) != 0
        && !matches!(number(&ssn), 78_051_120 | 219_099_999 | 457_555_462 | 123_456_789)
}

/// Whether the cell may be a US Individual Taxpayer Identification Number: 9, then a group in use.
///
/// Source: IRS Publication 4757 (groups 50–65, 70–88, 90–92, 94–99).
pub(super) fn us_itin(cell: &[u8]) -> bool {
    let Some(itin) = digits::<9>(cell) else { return false };
    itin[0] == 9 && matches!(number(&itin[3..5]), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// Whether the cell may be a US Employer Identification Number: a prefix of a campus in use.
///
/// Source: IRS, "How EINs are assigned and valid EIN prefixes".
pub(super) fn us_ein(cell: &[u8]) -> bool {
    let Some(ein) = digits::<9>(cell) else { return false };
    matches!(
        number(&ein[..2]),
        1..=6 | 10..=16 | 20..=27 | 30..=48 | 50..=68 | 71..=77 | 80..=88 | 90..=95 | 98 | 99
    )
}

/// Whether the cell is a Canadian Social Insurance Number: Luhn, first digit not 0 or 8.
///
/// Source: Employment and Social Development Canada, "Code of practice for the SIN".
pub(super) fn ca_sin(cell: &[u8]) -> bool {
    digits::<9>(cell).is_some_and(|sin| !matches!(sin[0], 0 | 8) && luhn(&sin))
}

/// Whether the cell is a Brazilian CPF: two check digits modulo 11, digits not all equal.
///
/// Source: Receita Federal, Instrução Normativa RFB 1548/2015; the all-equal numbers pass the check
/// and are not issued.
pub(super) fn br_cpf(cell: &[u8]) -> bool {
    let Some(cpf) = digits::<11>(cell) else { return false };
    let check = |weights: &[u32]| {
        let rest = weighted(&cpf, weights) * 10 % 11 % 10;
        u8::try_from(rest).ok()
    };
    !all_equal(&cpf)
        && check(&[10, 9, 8, 7, 6, 5, 4, 3, 2]) == Some(cpf[9])
        && check(&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == Some(cpf[10])
}

/// Whether the cell is a Brazilian CNPJ, of digits or (since July 2026) of letters and digits.
///
/// Source: Receita Federal, Instrução Normativa RFB 2229/2024, annex: a character counts its ASCII
/// code minus 48, two check digits modulo 11.
pub(super) fn br_cnpj(cell: &[u8]) -> bool {
    let Some(text) = compact::<14>(cell) else { return false };
    let values = text.map(|byte| byte.wrapping_sub(b'0'));
    let check = |weights: &[u32]| {
        let rest = weighted(&values, weights) % 11;
        u8::try_from(if rest < 2 { 0 } else { 11 - rest }).ok()
    };
    !all_equal(&values)
        && check(&[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == Some(values[12])
        && check(&[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == Some(values[13])
}

/// Whether the cell is a Mexican CURP: letters of the name, birth date, sex, state, check digit.
///
/// Source: Secretaría de Gobernación, "Instructivo normativo para la asignación de la CURP" (2018):
/// weights 18–2 over an alphabet of 37 that has Ñ between N and O, modulo 10.
pub(super) fn mx_curp(cell: &[u8]) -> bool {
    const STATES: &[u8] = b"ASBCBSCCCLCMCSCHDFDGGTGRHGJCMCMNMSNTNLOCPLQTQRSPSLSRTCTSTLVZYNZSNE";
    let Some(curp) = compact::<18>(cell) else { return false };
    let Some(date) = digits::<6>(&curp[4..10]) else { return false };
    let value = |byte: u8| base36(byte).map(|value| value + u32::from(value > 23));
    let sum: Option<u32> =
        curp[..17].iter().zip((2..=18).rev()).map(|(byte, weight)| Some(value(*byte)? * weight)).sum();
    curp[..4].iter().all(u8::is_ascii_uppercase)
        && is_day(number(&date[..2]), number(&date[2..4]), number(&date[4..]))
        && matches!(curp[10], b'H' | b'M' | b'X')
        && STATES.chunks(2).any(|state| state == &curp[11..13])
        && curp[13..16].iter().all(u8::is_ascii_uppercase)
        && sum.is_some_and(|sum| stands(b"0123456789", (10 - sum % 10) % 10, curp[17]))
}

/// Whether the cell is a Mexican RFC of a person (13 characters) or a company (12).
///
/// Source: SAT, "Procedimiento para obtener el dígito verificador del RFC", modulo 11.
pub(super) fn mx_rfc(cell: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ ~";
    let text: Vec<u8> = cell.iter().filter(|byte| !matches!(byte, b' ' | b'-')).map(u8::to_ascii_uppercase).collect();
    let letters = match text.len() {
        13 => 4,
        12 => 3,
        _ => return false,
    };
    let Some((check, body)) = text.split_last() else { return false };
    let Some(date) = body.get(letters..letters + 6).and_then(digits::<6>) else { return false };
    let name = body.get(..letters).unwrap_or_default();
    // A company's number is read with a space in front.
    let start = 13 - u32::from(letters == 3);
    let lead = if letters == 3 { 37 * 13 } else { 0 };
    let sum: Option<u32> =
        body.iter().zip((2..=start).rev()).map(|(byte, weight)| Some(place(ALPHABET, *byte)? * weight)).sum();
    name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'&')
        && is_day(number(&date[..2]), number(&date[2..4]), number(&date[4..]))
        && sum.is_some_and(|sum| stands(b"0123456789A", (11 - (sum + lead) % 11) % 11, *check))
}

/// Whether the cell is an Argentine CUIT or CUIL: type in use, weights 5432765432, modulo 11.
///
/// Source: AFIP, Resolución General 10/1997.
pub(super) fn ar_cuit(cell: &[u8]) -> bool {
    let Some(cuit) = digits::<11>(cell) else { return false };
    let rest = weighted(&cuit, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    matches!(number(&cuit[..2]), 20 | 23 | 24 | 27 | 30 | 33 | 34 | 50 | 51 | 55)
        && stands(&[0, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1], rest, cuit[10])
}

/// Whether the cell is a Chilean RUT or RUN: weights 2–7 from the right, modulo 11, K for ten.
///
/// Source: Servicio de Registro Civil e Identificación; Decreto 18/1969.
pub(super) fn cl_rut(cell: &[u8]) -> bool {
    let Some(text) = any_compact(cell) else { return false };
    let Some((check, body)) = text.split_last() else { return false };
    let weights = [2, 3, 4, 5, 6, 7].into_iter().cycle();
    let sum: Option<u32> = body
        .iter()
        .rev()
        .zip(weights)
        .map(|(byte, weight)| char::from(*byte).to_digit(10).map(|digit| digit * weight))
        .sum();
    (7..=8).contains(&body.len()) && sum.is_some_and(|sum| stands(b"0123456789K", (11 - sum % 11) % 11, *check))
}
