//! Numbers and codes of health care.

use super::digits::{any_compact, any_digits, compact, digits, luhn, number, weighted};

/// Whether the cell is a US National Provider Identifier: first digit 1 or 2, Luhn over 80840 in
/// front of it.
///
/// Source: 45 CFR 162.406; CMS, "Requirements for NPI and NPI check digit".
pub(super) fn us_npi(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|npi| {
        let mut prefixed = [8, 0, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for (slot, digit) in prefixed.iter_mut().skip(5).zip(npi) {
            *slot = digit;
        }
        matches!(npi[0], 1 | 2) && luhn(&prefixed)
    })
}

/// Whether the cell is a US DEA registration number: registrant type, letter, seven digits, check.
///
/// Source: 21 CFR 1301; DEA Diversion Control Division, "DEA number verification".
pub(super) fn us_dea(cell: &[u8]) -> bool {
    compact::<9>(cell).is_some_and(|text| {
        b"ABCDEFGHJKLMPRSTUX".contains(&text[0])
            && (text[1].is_ascii_uppercase() || text[1] == b'9')
            && digits::<7>(&text[2..])
                .is_some_and(|body| weighted(&body, &[1, 2, 1, 2, 1, 2]) % 10 == u32::from(body[6]))
    })
}

/// Whether the cell is a US Medicare Beneficiary Identifier: letters and digits at fixed places,
/// without S, L, O, I, B, Z.
///
/// Source: CMS, "Understanding the Medicare Beneficiary Identifier (MBI) format".
pub(super) fn us_mbi(cell: &[u8]) -> bool {
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"SLOIBZ".contains(&byte);
    compact::<11>(cell).is_some_and(|mbi| {
        matches!(mbi[0], b'1'..=b'9')
            && [mbi[1], mbi[4], mbi[7], mbi[8]].into_iter().all(letter)
            && [mbi[2], mbi[5]].into_iter().all(|byte| letter(byte) || byte.is_ascii_digit())
            && [mbi[3], mbi[6], mbi[9], mbi[10]].iter().all(u8::is_ascii_digit)
    })
}

/// Whether the cell has the structure of an ICD-10 code: a category that chapters I–XXII allocate,
/// up to four characters more.
///
/// Source: WHO ICD-10 (2019), list of blocks; ICD-10-CM Official Guidelines (fiscal year 2026) for
/// letters in the category (`C4A`), placeholders X and the seventh character.
pub(super) fn icd10(cell: &[u8]) -> bool {
    /// The last two-digit category in use, by chapter letter from A.
    const LAST: [u64; 26] =
        [99, 99, 97, 89, 90, 99, 99, 95, 99, 99, 95, 99, 99, 99, 99, 96, 99, 99, 99, 98, 85, 99, 99, 99, 99, 99];
    let Some(code) = any_compact(cell) else { return false };
    let [chapter @ b'A'..=b'Z', tens, ones, rest @ ..] = code.as_slice() else { return false };
    let dotted = cell.iter().position(|byte| *byte == b'.').is_none_or(|at| at == 3 && !rest.is_empty());
    let last = LAST.get(usize::from(chapter - b'A')).copied().unwrap_or(0);
    let category = match (tens, ones) {
        (b'0'..=b'9', b'0'..=b'9') => u64::from(tens - b'0') * 10 + u64::from(ones - b'0') <= last,
        (b'0'..=b'9', b'A' | b'B') => matches!(chapter, b'C' | b'D' | b'M' | b'O' | b'Z'),
        _ => false,
    };
    let extension = match rest {
        [] => true,
        [first, ..] => {
            rest.len() <= 4
                && (first.is_ascii_digit() || matches!(first, b'A' | b'B' | b'C' | b'X'))
                && (rest.len() == 4
                    || rest.iter().filter(|byte| !byte.is_ascii_digit()).all(|byte| matches!(byte, b'A'..=b'K' | b'X')))
        }
    };
    category && dotted && extension
}

/// Whether the cell is a LOINC code: up to seven digits, a dash, a Luhn check digit.
///
/// Source: LOINC Users' Guide, appendix C, "Calculating mod 10 check digits".
pub(super) fn loinc(cell: &[u8]) -> bool {
    let shaped = matches!(cell.trim_ascii(), [body @ .., b'-', _] if (1..=7).contains(&body.len()) && body.iter().all(u8::is_ascii_digit));
    shaped && any_digits(cell).is_some_and(|code| number(&code) > 9 && luhn(&code))
}

/// Whether the cell is a US National Drug Code: 4-4-2, 5-3-2, 5-4-1 or 5-4-2 digits with dashes, or
/// eleven digits.
///
/// Source: 21 CFR 207.33; 45 CFR 162.1002 (eleven digits).
pub(super) fn ndc(cell: &[u8]) -> bool {
    let parts: Vec<&[u8]> = cell.trim_ascii().split(|byte| *byte == b'-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    parts.iter().all(|part| part.iter().all(u8::is_ascii_digit))
        && matches!(lengths.as_slice(), [4, 4, 2] | [5, 3, 2] | [5, 4, 1 | 2] | [11])
        && any_digits(cell).is_some_and(|code| number(&code) > 0)
}

/// Whether the cell is a CPT code, a HCPCS level II code (letter and four digits) or an ICD-10-PCS code.
///
/// Source: 45 CFR 162.1002; AMA CPT (category I: 00100–99607, II: F, III: T at the end, PLA: U);
/// CMS HCPCS level II letters; CMS ICD-10-PCS Official Guidelines A1–A3 (seven characters, no I or O,
/// the first one a section).
pub(super) fn procedure_code(cell: &[u8]) -> bool {
    is_pcs(cell.trim_ascii())
        || compact::<5>(cell).is_some_and(|code| match code {
            [letter @ b'A'..=b'V', rest @ ..] => {
                b"ABCDEGHJKLMPQRSTUV".contains(&letter) && rest.iter().all(u8::is_ascii_digit)
            }
            [rest @ .., b'F' | b'T' | b'U' | b'M'] => rest.iter().all(u8::is_ascii_digit),
            _ => digits::<5>(&code).is_some_and(|cpt| (100..=99_607).contains(&number(&cpt))),
        })
}

fn is_pcs(code: &[u8]) -> bool {
    let of_code = |byte: &u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"IO".contains(byte));
    code.len() == 7
        && code.iter().all(of_code)
        && code.first().is_some_and(|section| b"0123456789BCDFGHX".contains(section))
}

/// Whether the cell is a SNOMED CT identifier of a concept: 6–18 digits, Verhoeff, partition 00 or 10.
///
/// Source: SNOMED CT Release File Specifications, section 6.
pub(super) fn snomed(cell: &[u8]) -> bool {
    any_digits(cell).is_some_and(|id| {
        (6..=18).contains(&id.len())
            && id.first() != Some(&0)
            && matches!(id.as_slice(), [.., 0 | 1, 0, _])
            && super::digits::verhoeff(&id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_icd_code_has_its_point_after_the_category() {
        assert!(icd10(b"E11.9") && icd10(b"I10") && icd10(b"S72.001A") && icd10(b"C4A.0") && icd10(b"M80.08XA"));
        assert!(!icd10(b"E1.19") && !icd10(b"E11.") && !icd10(b"U99") && !icd10(b"AB1"));
    }

    #[test]
    fn published_specimens_pass() {
        assert!(us_npi(b"1234567893") && !us_npi(b"1234567890"));
        assert!(us_mbi(b"1EG4-TE5-MK73") && !us_mbi(b"1SG4-TE5-MK73"));
        assert!(loinc(b"2345-7") && !loinc(b"2345-6"));
        assert!(snomed(b"73211009") && !snomed(b"73211008"));
    }
}
