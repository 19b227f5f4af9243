//! Government numbers of Asia, Oceania, Africa and the Middle East.

use super::digits::{
    all_equal, any_digits, compact, digits, is_date, is_day, luhn, number, place, stands, verhoeff, weighted,
};

/// Whether the cell is an Indian Aadhaar number: first digit 2–9, Verhoeff, no palindrome.
///
/// Source: UIDAI, "Aadhaar number" (2010), Verhoeff check.
pub(super) fn in_aadhaar(cell: &[u8]) -> bool {
    digits::<12>(cell).is_some_and(|id| id[0] > 1 && !id.iter().eq(id.iter().rev()) && verhoeff(&id))
}

/// Whether the cell may be an Indian PAN: five letters, the fourth a kind of holder, digits, letter.
///
/// Source: Income Tax Department, "Structure of PAN"; Income-tax Rules 1962, rule 114.
pub(super) fn in_pan(cell: &[u8]) -> bool {
    compact::<10>(cell).is_some_and(|pan| {
        pan[..5].iter().all(u8::is_ascii_uppercase)
            && b"ABCFGHJLPT".contains(&pan[3])
            && digits::<4>(&pan[5..9]).is_some_and(|serial| number(&serial) > 0)
            && pan[9].is_ascii_uppercase()
    })
}

/// Whether the cell is a Chinese resident identity number: province, birth date, MOD 11-2.
///
/// Source: GB 11643-1999; ISO/IEC 7064; provinces by GB/T 2260.
pub(super) fn cn_resident_id(cell: &[u8]) -> bool {
    let Some(text) = compact::<18>(cell) else { return false };
    let Some(body) = digits::<17>(&text[..17]) else { return false };
    let rest = weighted(&body, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
    matches!(number(&body[..2]), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
        && (1850..=2099).contains(&number(&body[6..10]))
        && is_date(number(&body[6..10]), number(&body[10..12]), number(&body[12..14]))
        && stands(b"10X98765432", rest, text[17])
}

/// Whether the cell is a Hong Kong identity card number: letters weigh 9 and 8, modulo 11.
///
/// Source: Immigration Department; a missing first letter counts 36.
pub(super) fn hk_hkid(cell: &[u8]) -> bool {
    let plain: Vec<u8> = cell.iter().copied().filter(|byte| !matches!(byte, b'(' | b')')).collect();
    let Some(card) = compact::<9>(&plain).or_else(|| {
        let short = compact::<8>(&plain)?;
        let mut padded = [b' '; 9];
        for (slot, byte) in padded.iter_mut().skip(1).zip(short) {
            *slot = byte;
        }
        Some(padded)
    }) else {
        return false;
    };
    let letter =
        |byte: u8| if byte == b' ' { Some(36) } else { place(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", byte).map(|at| at + 10) };
    let (Some(one), Some(two), Some(body)) = (letter(card[0]), letter(card[1]), digits::<6>(&card[2..8])) else {
        return false;
    };
    let sum = one * 9 + two * 8 + weighted(&body, &[7, 6, 5, 4, 3, 2]);
    stands(b"0123456789A", (11 - sum % 11) % 11, card[8])
}

/// Whether the cell is a Taiwanese identity number: letter of the place, sex, weights, modulo 10.
///
/// Source: 內政部戶政司, 國民身分證統一編號 (since 2021 also 8 and 9 for foreigners).
pub(super) fn tw_id(cell: &[u8]) -> bool {
    const ORDER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let Some(text) = compact::<10>(cell) else { return false };
    let (Some(at), Some(body)) = (place(ORDER, text[0]), digits::<9>(&text[1..])) else { return false };
    let code = at + 10;
    let sum = code / 10 + code % 10 * 9 + weighted(&body, &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(body[0], 1 | 2 | 8 | 9) && sum.is_multiple_of(10)
}

/// Whether the cell is a Japanese individual number (My Number): weights 6-5-4-3-2-7-6-5-4-3-2.
///
/// Source: 総務省令第85号 (2014), art. 5.
pub(super) fn jp_my_number(cell: &[u8]) -> bool {
    digits::<12>(cell).is_some_and(|id| {
        let rest = weighted(&id, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        !all_equal(&id) && u32::from(id[11]) == if rest < 2 { 0 } else { 11 - rest }
    })
}

/// Whether the cell is a Korean resident registration number: date, sex and century, check modulo 11.
/// Numbers given since October 2020 have no check digit: from birth year 2020 on the date suffices.
///
/// Source: 주민등록법 시행규칙, art. 2 (amended 2020).
pub(super) fn kr_rrn(cell: &[u8]) -> bool {
    let Some(rrn) = digits::<13>(cell) else { return false };
    let century = match rrn[6] {
        1 | 2 | 5 | 6 => 1900,
        3 | 4 | 7 | 8 => 2000,
        _ => 1800,
    };
    let year = century + number(&rrn[..2]);
    let check = (11 - weighted(&rrn, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    is_date(year, number(&rrn[2..4]), number(&rrn[4..6]))
        && year < 2040
        && (year >= 2020 || (u32::from(rrn[12]) == check && number(&rrn[7..9]) <= 96))
}

/// Whether the cell is an Australian Tax File Number of 8 or 9 digits: weighted, modulo 11.
///
/// Source: Australian Taxation Office, "TFN validation" (software developers).
pub(super) fn au_tfn(cell: &[u8]) -> bool {
    let valid = |digits: &[u8], weights: &[u32]| number(digits) > 0 && weighted(digits, weights).is_multiple_of(11);
    digits::<9>(cell).is_some_and(|tfn| valid(&tfn, &[1, 4, 3, 7, 5, 8, 6, 9, 10]))
        || digits::<8>(cell).is_some_and(|tfn| valid(&tfn, &[10, 7, 8, 4, 6, 3, 5, 1]))
}

/// Whether the cell is an Australian Medicare card number of 10 or 11 digits: first 2–6, weights
/// 1-3-7-9, an issue number.
///
/// Source: Services Australia; AIHW METeOR 270101.
pub(super) fn au_medicare(cell: &[u8]) -> bool {
    any_digits(cell).is_some_and(|card| match card.as_slice() {
        [2..=6, _, _, _, _, _, _, _, check, 1..=9, rest @ ..] if rest.len() <= 1 => {
            weighted(&card, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(*check)
        }
        _ => false,
    })
}

/// Whether the cell is an Australian Business Number: one off the first digit, modulo 89.
///
/// Source: Australian Business Register, "Format of the ABN".
pub(super) fn au_abn(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|mut abn| {
        let first = abn[0];
        abn[0] = first.wrapping_sub(1);
        first > 0 && weighted(&abn, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]).is_multiple_of(89)
    })
}

/// Whether the cell is a New Zealand IRD number of 8 or 9 digits: weights 32765432, else 74325276.
///
/// Source: Inland Revenue, "RWT and NRWT certificate filing specification", IRD number validation.
pub(super) fn nz_ird(cell: &[u8]) -> bool {
    let Some(ird) = digits::<9>(cell).or_else(|| digits::<9>(&[b"0", cell].concat())) else { return false };
    let check = |weights: &[u32]| (11 - weighted(&ird, weights) % 11) % 11;
    let first = check(&[3, 2, 7, 6, 5, 4, 3, 2]);
    let check = if first == 10 { check(&[7, 4, 3, 2, 5, 2, 7, 6]) } else { first };
    (10_000_000..150_000_000).contains(&number(&ird)) && u32::from(ird[8]) == check
}

/// Whether the cell is a Singaporean NRIC or FIN: weights 2765432, letter by series.
///
/// Source: Immigration and Checkpoints Authority; series M since 2022.
pub(super) fn sg_nric(cell: &[u8]) -> bool {
    let Some(text) = compact::<9>(cell) else { return false };
    let Some(body) = digits::<7>(&text[1..8]) else { return false };
    let sum = weighted(&body, &[2, 7, 6, 5, 4, 3, 2]);
    match text[0] {
        b'S' => stands(b"JZIHGFEDCBA", sum % 11, text[8]),
        b'T' => stands(b"JZIHGFEDCBA", (sum + 4) % 11, text[8]),
        b'F' => stands(b"XWUTRQPNMLK", sum % 11, text[8]),
        b'G' => stands(b"XWUTRQPNMLK", (sum + 4) % 11, text[8]),
        b'M' => stands(b"XWUTRQPNJLK", (sum + 3) % 11, text[8]),
        _ => false,
    }
}

/// Whether the cell may be a Malaysian identity card number: birth date, place of birth in use.
///
/// Source: Jabatan Pendaftaran Negara, "Kod negeri".
pub(super) fn my_nric(cell: &[u8]) -> bool {
    digits::<12>(cell).is_some_and(|id| {
        is_day(number(&id[..2]), number(&id[2..4]), number(&id[4..6]))
            && matches!(number(&id[6..8]), 1..=16 | 21..=68 | 71 | 72 | 74..=79 | 82..=93 | 98 | 99)
    })
}

/// Whether the cell is a Thai personal identification number: weights 13–2, modulo 11.
///
/// Source: Bureau of Registration Administration, Civil Registration Act B.E. 2534.
pub(super) fn th_pin(cell: &[u8]) -> bool {
    digits::<13>(cell).is_some_and(|pin| {
        let check = (11 - weighted(&pin, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10;
        !matches!(pin[0], 0 | 9) && u32::from(pin[12]) == check
    })
}

/// Whether the cell is a South African identity number: birth date, citizenship 0–2, Luhn.
///
/// Source: Department of Home Affairs, Identification Act 68 of 1997.
pub(super) fn za_id(cell: &[u8]) -> bool {
    digits::<13>(cell)
        .is_some_and(|id| is_day(number(&id[..2]), number(&id[2..4]), number(&id[4..6])) && id[10] <= 2 && luhn(&id))
}

/// Whether the cell is an Israeli identity number of up to nine digits: Luhn.
///
/// Source: Population and Immigration Authority, ספרת ביקורת.
pub(super) fn il_id(cell: &[u8]) -> bool {
    any_digits(cell).is_some_and(|id| (8..=9).contains(&id.len()) && number(&id) > 0 && luhn(&id))
}

/// Whether the cell is an Emirates ID: 784, birth year, Luhn.
///
/// Source: Federal Authority for Identity and Citizenship (ICP).
pub(super) fn ae_emirates_id(cell: &[u8]) -> bool {
    digits::<15>(cell).is_some_and(|id| id[..3] == [7, 8, 4] && (1900..=2099).contains(&number(&id[3..7])) && luhn(&id))
}
