//! Government numbers of western and southern Europe.

use super::digits::{
    any_compact, compact, digits, is_date, is_day, modulo_10_1_3, modulo_11_10, number, place, stands, weighted,
    weighted_7_3_1,
};

/// Whether the cell may be a UK National Insurance number: a prefix in use, six digits, A–D.
///
/// Source: HMRC National Insurance Manual NIM39110.
pub(super) fn uk_nino(cell: &[u8]) -> bool {
    let Some(nino) = compact::<9>(cell) else { return false };
    let unused = |byte: &u8| matches!(byte, b'D' | b'F' | b'I' | b'Q' | b'U' | b'V');
    nino[..2].iter().all(|byte| byte.is_ascii_uppercase() && !unused(byte))
        && nino[1] != b'O'
        && !matches!(&nino[..2], b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ")
        && nino[2..8].iter().all(u8::is_ascii_digit)
        && matches!(nino[8], b'A'..=b'D')
}

/// Whether the cell is an NHS number: weights 10–2, modulo 11.
///
/// Source: NHS Data Dictionary, "NHS NUMBER".
pub(super) fn uk_nhs(cell: &[u8]) -> bool {
    digits::<10>(cell)
        .is_some_and(|nhs| number(&nhs) > 0 && weighted(&nhs, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

/// Whether the cell is a UK Unique Taxpayer Reference, whose first digit checks the other nine.
///
/// Source: HMRC, "UTR check digit" (PAYE and CIS online validation specification).
pub(super) fn uk_utr(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|utr| {
        let rest = weighted(&utr[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
        stands(&[2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1], rest, utr[0])
    })
}

/// Whether the cell is an Irish PPS number: seven digits, a check letter, at most one letter more.
///
/// Source: Department of Social Protection, "PPS number format"; modulo 23, the letter after the
/// check letter weighs 9 (since 2013).
pub(super) fn ie_pps(cell: &[u8]) -> bool {
    const LETTERS: &[u8] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let Some(text) = any_compact(cell) else { return false };
    let Some((body, letters)) = text.split_at_checked(7) else { return false };
    let Some(body) = digits::<7>(body) else { return false };
    let sum = weighted(&body, &[8, 7, 6, 5, 4, 3, 2]);
    match letters {
        [check] | [check, b'W' | b'T' | b'X'] => stands(LETTERS, sum % 23, *check),
        [check, last @ b'A'..=b'I'] => stands(LETTERS, (sum + 9 * u32::from(last - b'A' + 1)) % 23, *check),
        _ => false,
    }
}

/// Whether the cell is a French NIR with its key: sex, year, month, department, MOD 97.
///
/// Source: INSEE, décret 82-103; Corsica 2A and 2B count 19 and 18.
pub(super) fn fr_nir(cell: &[u8]) -> bool {
    let Some(mut text) = compact::<15>(cell) else { return false };
    if text[5] == b'2' && matches!(text[6], b'A' | b'B') {
        (text[5], text[6]) = (b'1', if text[6] == b'A' { b'9' } else { b'8' });
    }
    let Some(nir) = digits::<15>(&text) else { return false };
    let month = number(&nir[3..5]);
    matches!(nir[0], 1..=4 | 7 | 8)
        && matches!(month, 1..=12 | 20 | 30..=42 | 50..=99)
        && number(&nir[13..]) == 97 - number(&nir[..13]) % 97
}

/// Whether the cell is a German tax identification number (§ 139b AO): first digit not 0, among the
/// first ten exactly one digit occurs two or three times, MOD 11,10.
///
/// Source: Bundeszentralamt für Steuern, "Aufbau der Identifikationsnummer"; ISO/IEC 7064.
pub(super) fn de_steuer_id(cell: &[u8]) -> bool {
    let Some(id) = digits::<11>(cell) else { return false };
    let mut counts = [0_u8; 10];
    for digit in &id[..10] {
        if let Some(count) = counts.get_mut(usize::from(*digit)) {
            *count += 1;
        }
    }
    let repeated: Vec<u8> = counts.iter().copied().filter(|count| *count > 1).collect();
    id[0] != 0 && matches!(repeated.as_slice(), [2 | 3]) && modulo_11_10(&id)
}

/// Whether the cell is the number of a German identity card or passport with its check digit.
///
/// Source: PAuswV § 2 and annex (letters in use), ICAO Doc 9303 part 3 (7-3-1).
pub(super) fn de_ausweis(cell: &[u8]) -> bool {
    const FIRST: &[u8] = b"CFGHJKLMNPRTVWXYZ";
    let Some(card) = compact::<10>(cell) else { return false };
    FIRST.contains(&card[0])
        && card.iter().all(|byte| byte.is_ascii_digit() || FIRST.contains(byte))
        && weighted_7_3_1(card[..9].iter().copied()).is_some_and(|rest| stands(b"0123456789", rest, card[9]))
}

/// Whether the cell is a German pension insurance number: area, birth date, letter, serial, check.
///
/// Source: § 147 SGB VI; VKVV § 2: weights 2,1,2,5,7,1,2,1,2,1,2,1, digit sums, modulo 10.
pub(super) fn de_rvnr(cell: &[u8]) -> bool {
    let Some(text) = compact::<12>(cell) else { return false };
    if !text[8].is_ascii_uppercase() {
        return false;
    }
    let letter = text[8] - b'A' + 1;
    let (Some(head), Some(tail)) = (digits::<8>(&text[..8]), digits::<3>(&text[9..])) else { return false };
    let values = head.into_iter().chain([letter / 10, letter % 10]).chain([tail[0], tail[1]]);
    let sum: u32 = values
        .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
        .map(|(digit, weight)| u32::from(digit) * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    // Where two people would share a number, 50 is added to the day.
    let day = number(&head[2..4]) % 50;
    is_day(number(&head[6..]), number(&head[4..6]), day) && u32::from(tail[2]) == sum % 10
}

/// Whether the cell is a German health insurance number: letter, nine digits, Luhn-like check.
///
/// Source: § 290 SGB V, GKV-Spitzenverband annex: the letter counts as two digits, weights 1 and 2.
pub(super) fn de_kvnr(cell: &[u8]) -> bool {
    let Some(text) = compact::<10>(cell) else { return false };
    let Some(rest) = digits::<9>(&text[1..]) else { return false };
    if !text[0].is_ascii_uppercase() {
        return false;
    }
    let letter = text[0] - b'A' + 1;
    let sum: u32 = [letter / 10, letter % 10]
        .into_iter()
        .chain(rest[..8].iter().copied())
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit) * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    u32::from(rest[8]) == sum % 10
}

/// Whether the cell is an Austrian social insurance number: check digit in the fourth place, birth date.
///
/// Source: § 31 ASVG; Dachverband der Sozialversicherungsträger. Months 13–15 serve where a day's
/// serials are used up.
pub(super) fn at_svnr(cell: &[u8]) -> bool {
    let Some(svnr) = digits::<10>(cell) else { return false };
    let (day, month) = (number(&svnr[4..6]), number(&svnr[6..8]));
    svnr[0] != 0
        && (1..=31).contains(&day)
        && (1..=15).contains(&month)
        && weighted(&svnr, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == u32::from(svnr[3])
}

/// Whether the cell is a Swiss AHV number: 756, then an EAN-13.
///
/// Source: Art. 50c AHVG; Zentrale Ausgleichsstelle; GS1 check digit.
pub(super) fn ch_ahv(cell: &[u8]) -> bool {
    digits::<13>(cell).is_some_and(|ahv| ahv[..3] == [7, 5, 6] && modulo_10_1_3(&ahv))
}

/// Whether the cell is a Dutch citizen service number: the eleven-test, last weight −1.
///
/// Source: Logisch Ontwerp BSN, RvIG.
pub(super) fn nl_bsn(cell: &[u8]) -> bool {
    digits::<9>(cell).is_some_and(|bsn| {
        number(&bsn) > 9_999_999
            && (weighted(&bsn, &[9, 8, 7, 6, 5, 4, 3, 2]) + 11 - u32::from(bsn[8])).is_multiple_of(11)
    })
}

/// Whether the cell is a Belgian national number: birth date, serial, MOD 97; born from 2000 on with
/// a 2 in front.
///
/// Source: Koninklijk besluit of 3 April 1984; Rijksregister instructions.
pub(super) fn be_nn(cell: &[u8]) -> bool {
    let Some(nn) = digits::<11>(cell) else { return false };
    let (body, check) = (number(&nn[..9]), number(&nn[9..]));
    let century = [(0, 1900), (2_000_000_000, 2000)];
    // Bis numbers add 20 or 40 to the month; unknown days are 00.
    let (month, day) = (number(&nn[2..4]) % 20, number(&nn[4..6]));
    let year = number(&nn[..2]);
    let dated = |first: u64| (day == 0 && month <= 12) || month == 0 || is_date(first + year, month, day);
    // Nobody is born in the second half of this century yet.
    let born = |first: u64| first == 1900 || year < 50;
    century.iter().any(|(prefix, first)| check == 97 - (prefix + body) % 97 && dated(*first) && born(*first))
}

const DNI_LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Whether the cell is a Spanish DNI: eight digits and their letter, modulo 23.
///
/// Source: Real Decreto 1553/2005, art. 11; Ministerio del Interior, "Cálculo del dígito de control".
pub(super) fn es_dni(cell: &[u8]) -> bool {
    let Some(text) = compact::<9>(cell) else { return false };
    digits::<8>(&text[..8])
        .is_some_and(|body| u32::try_from(number(&body) % 23).is_ok_and(|rest| stands(DNI_LETTERS, rest, text[8])))
}

/// Whether the cell is a Spanish NIE: X, Y or Z for 0, 1 or 2, then as the DNI.
///
/// Source: Orden INT/2058/2008.
pub(super) fn es_nie(cell: &[u8]) -> bool {
    let Some(mut text) = compact::<9>(cell) else { return false };
    if !matches!(text[0], b'X' | b'Y' | b'Z') {
        return false;
    }
    text[0] = text[0] - b'X' + b'0';
    es_dni(&text)
}

/// Whether the cell is a Portuguese NIF: a first digit in use, weights 9–2, modulo 11.
///
/// Source: Decreto-Lei 14/2013; Autoridade Tributária. 4 is for 45 only, 7 for 70–79.
pub(super) fn pt_nif(cell: &[u8]) -> bool {
    digits::<9>(cell).is_some_and(|nif| {
        let check = (11 - weighted(&nif, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10;
        nif[0] != 0 && (nif[0] != 4 || nif[1] == 5) && u32::from(nif[8]) == check
    })
}

/// Whether the cell is an Italian fiscal code of a person: letters of the name, birth date with sex,
/// place, check letter. Digits may be replaced by letters where two people would share a code.
///
/// Source: Decreto Ministeriale 23 December 1976, no. 13813.
pub(super) fn it_codice_fiscale(cell: &[u8]) -> bool {
    const OMOCODIA: &[u8] = b"LMNPQRSTUV";
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let Some(code) = compact::<16>(cell) else { return false };
    let digit = |byte: u8| char::from(byte).to_digit(10).or_else(|| place(OMOCODIA, byte)).map(u64::from);
    let pair = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
    let (Some(year), Some(day)) = (pair(code[6], code[7]), pair(code[9], code[10])) else { return false };
    let Some(month) = place(b"ABCDEHLMPRST", code[8]) else { return false };
    let mut sum = 0;
    for (at, byte) in code[..15].iter().enumerate() {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            _ => byte - b'A',
        };
        sum += if at % 2 == 0 { ODD.get(usize::from(value)).copied().unwrap_or(0) } else { u32::from(value) };
    }
    code[..6].iter().all(u8::is_ascii_uppercase)
        && is_day(year, u64::from(month) + 1, if day > 40 { day - 40 } else { day })
        && code[11].is_ascii_uppercase()
        && code[12..15].iter().all(|byte| digit(*byte).is_some())
        && stands(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", sum % 26, code[15])
}

/// Whether the cell is an Italian VAT number (partita IVA): Luhn, province office in use.
///
/// Source: Agenzia delle Entrate; DPR 633/1972, art. 35.
pub(super) fn it_iva(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|iva| {
        number(&iva[..7]) > 0
            && matches!(number(&iva[7..10]), 1..=100 | 120 | 121 | 888 | 999)
            && super::digits::luhn(&iva)
    })
}

/// Whether the cell is a French SIREN (9 digits) or SIRET (14): Luhn.
///
/// Source: décret 97-497; INSEE.
pub(super) fn fr_siren(cell: &[u8]) -> bool {
    digits::<9>(cell).is_some_and(|siren| number(&siren) > 0 && super::digits::luhn(&siren))
        || digits::<14>(cell).is_some_and(|siret| number(&siret) > 0 && super::digits::luhn(&siret))
}

/// Whether the cell is a Greek AMKA: birth date, Luhn.
///
/// Source: Law 3655/2008; ΗΔΙΚΑ.
pub(super) fn gr_amka(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|amka| {
        is_day(number(&amka[4..6]), number(&amka[2..4]), number(&amka[..2])) && super::digits::luhn(&amka)
    })
}
