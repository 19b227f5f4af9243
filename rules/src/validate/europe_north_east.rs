//! Government numbers of northern and eastern Europe, and Turkey.

use super::digits::{compact, digits, is_date, is_day, luhn, modulo_11_10, number, stands, weighted};

/// Whether the cell is a Polish PESEL: birth date with the century in the month, weights 1-3-7-9.
///
/// Source: Ustawa o ewidencji ludności of 24 September 2010, art. 15–16.
pub(super) fn pl_pesel(cell: &[u8]) -> bool {
    let Some(pesel) = digits::<11>(cell) else { return false };
    let month = number(&pesel[2..4]);
    let century = match month / 20 {
        0 => 1900,
        1 => 2000,
        2 => 2100,
        3 => 2200,
        _ => 1800,
    };
    is_date(century + number(&pesel[..2]), month % 20, number(&pesel[4..6]))
        && weighted(&pesel, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Whether the cell is a Polish NIP: weights 657234567, modulo 11.
///
/// Source: Ustawa of 13 October 1995 on tax identification; the remainder ten is not issued.
pub(super) fn pl_nip(cell: &[u8]) -> bool {
    digits::<10>(cell)
        .is_some_and(|nip| number(&nip) > 0 && weighted(&nip, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == u32::from(nip[9]))
}

/// Whether the cell is a Swedish personal or coordination number of 10 or 12 digits: date, Luhn.
///
/// Source: Folkbokföringslagen (1991:481) § 18; Skatteverket SKV 704. Coordination numbers add 60 to
/// the day.
pub(super) fn se_personnummer(cell: &[u8]) -> bool {
    let plain: Vec<u8> = cell.iter().copied().filter(|byte| *byte != b'+').collect();
    let full = digits::<12>(&plain);
    let Some(short) = digits::<10>(&plain).or_else(|| full.as_ref().and_then(|full| full.last_chunk().copied())) else {
        return false;
    };
    let (year, month, day) = (number(&short[..2]), number(&short[2..4]), number(&short[4..6]));
    let day = if day > 60 { day - 60 } else { day };
    let dated = match full {
        Some(full) => matches!(number(&full[..2]), 18..=20) && is_date(number(&full[..4]), month, day),
        None => is_day(year, month, day),
    };
    dated && luhn(&short)
}

/// Whether the cell is a Norwegian birth number, D or H number: date, two check digits modulo 11.
///
/// Source: Folkeregisterforskriften § 2-2-1; Skatteetaten.
pub(super) fn no_fnr(cell: &[u8]) -> bool {
    let Some(fnr) = digits::<11>(cell) else { return false };
    let (day, month) = (number(&fnr[..2]) % 40, number(&fnr[2..4]) % 40);
    is_day(number(&fnr[4..6]), month, day)
        && weighted(&fnr, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && weighted(&fnr, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Whether the cell may be a Danish CPR number: a date. The check modulo 11 has not been mandatory
/// since 2007.
///
/// Source: CPR-kontoret, "Personnummeret i CPR".
pub(super) fn dk_cpr(cell: &[u8]) -> bool {
    let Some(cpr) = digits::<10>(cell) else { return false };
    let year = number(&cpr[4..6]);
    let century = match (cpr[6], year) {
        (0..=3, _) => 1900,
        (4 | 9, 37..) => 1900,
        (4 | 9, _) => 2000,
        (_, 58..) => 1800,
        _ => 2000,
    };
    is_date(century + year, number(&cpr[2..4]), number(&cpr[..2]))
}

/// Whether the cell is a Finnish personal identity code: date, century sign, serial, check modulo 31.
///
/// Source: Government Decree 128/2010 as amended by 690/2022 (the new signs), DVV.
pub(super) fn fi_hetu(cell: &[u8]) -> bool {
    const CHECKS: &[u8] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let [date @ .., sign, one, two, three, check] = cell.trim_ascii() else { return false };
    let (Some(date), Some(serial)) = (digits::<6>(date), digits::<3>(&[*one, *two, *three])) else { return false };
    let century = match sign.to_ascii_uppercase() {
        b'+' => 1800,
        b'-' | b'U'..=b'Y' => 1900,
        b'A'..=b'F' => 2000,
        _ => return false,
    };
    let joined = number(&date) * 1000 + number(&serial);
    number(&serial) >= 2
        && is_date(century + number(&date[4..]), number(&date[2..4]), number(&date[..2]))
        && u32::try_from(joined % 31).is_ok_and(|rest| stands(CHECKS, rest, check.to_ascii_uppercase()))
}

/// Whether the cell is an Icelandic kennitala of a person: date, modulo 11, century.
///
/// Source: Þjóðskrá Íslands; Lög nr. 140/2019.
pub(super) fn is_kennitala(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|id| {
        matches!(id[9], 0 | 9)
            && is_day(number(&id[4..6]), number(&id[2..4]), number(&id[..2]) % 40)
            && weighted(&id, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
}

/// Whether the cell is an Estonian or Lithuanian personal code: sex and century, date, check in two
/// stages modulo 11.
///
/// Source: EVS 585:2007; Lithuania, Gyventojų registro įstatymas, art. 8.
pub(super) fn ee_ik(cell: &[u8]) -> bool {
    let Some(id) = digits::<11>(cell) else { return false };
    let century = 1700 + 100 * u64::from(id[0].div_ceil(2));
    let first = weighted(&id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(&id, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
    (1..=8).contains(&id[0])
        && is_date(century + number(&id[1..3]), number(&id[3..5]), number(&id[5..7]))
        && u32::from(id[10]) == if first < 10 { first } else { second }
}

/// Whether the cell is a Czech or Slovak birth number: date (50 added to the month of women), modulo
/// 11 since 1954.
///
/// Source: Zákon č. 133/2000 Sb., § 13; since 2004 20 may be added to the month as well.
pub(super) fn cz_rc(cell: &[u8]) -> bool {
    let month = |id: &[u8]| number(id.get(2..4).unwrap_or_default()) % 50 % 20;
    if let Some(id) = digits::<9>(cell) {
        return number(&id[..2]) < 54
            && is_day(number(&id[..2]), month(&id), number(&id[4..6]))
            && number(&id[6..]) > 0;
    }
    digits::<10>(cell).is_some_and(|id| {
        is_day(number(&id[..2]), month(&id), number(&id[4..6])) && number(&id[..9]) % 11 % 10 == u64::from(id[9])
    })
}

/// Whether the cell is a Romanian CNP: sex and century, date, county, check modulo 11.
///
/// Source: Legea 105/1996; OUG 97/2005.
pub(super) fn ro_cnp(cell: &[u8]) -> bool {
    let Some(cnp) = digits::<13>(cell) else { return false };
    let century = match cnp[0] {
        3 | 4 => 1800,
        5 | 6 => 2000,
        1 | 2 | 7..=9 => 1900,
        _ => return false,
    };
    let rest = weighted(&cnp, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    is_date(century + number(&cnp[1..3]), number(&cnp[3..5]), number(&cnp[5..7]))
        && matches!(number(&cnp[7..9]), 1..=48 | 51 | 52 | 70 | 80..=83)
        && u32::from(cnp[12]) == if rest == 10 { 1 } else { rest }
}

/// Whether the cell is a Bulgarian EGN: date with the century in the month, check modulo 11.
///
/// Source: Закон за гражданската регистрация, чл. 11; ГД ГРАО.
pub(super) fn bg_egn(cell: &[u8]) -> bool {
    let Some(egn) = digits::<10>(cell) else { return false };
    let month = number(&egn[2..4]);
    let century = match month / 20 {
        0 => 1900,
        1 => 1800,
        _ => 2000,
    };
    let rest = weighted(&egn, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    month < 53 && is_date(century + number(&egn[..2]), month % 20, number(&egn[4..6])) && rest == u32::from(egn[9])
}

/// Whether the cell is a Croatian OIB: MOD 11,10.
///
/// Source: Zakon o osobnom identifikacijskom broju (NN 60/2008); ISO/IEC 7064.
pub(super) fn hr_oib(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|oib| modulo_11_10(&oib))
}

/// Whether the cell is a JMBG or EMŠO of the countries of former Yugoslavia: date, modulo 11.
///
/// Source: Zakon o centralnem registru prebivalstva (Slovenia), art. 4–7.
pub(super) fn si_emso(cell: &[u8]) -> bool {
    digits::<13>(cell).is_some_and(|id| {
        let year = number(&id[4..7]);
        let century = if year < 800 { 2000 } else { 1000 };
        is_date(century + year, number(&id[2..4]), number(&id[..2]))
            && weighted(&id, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
}

/// Whether the cell is a Turkish identity number: first digit not 0, two check digits.
///
/// Source: Nüfus ve Vatandaşlık İşleri Genel Müdürlüğü, "T.C. Kimlik No".
pub(super) fn tr_tckn(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|id| {
        let tenth = (weighted(&id, &[7, 0, 7, 0, 7, 0, 7, 0, 7]) + 90 - weighted(&id, &[0, 1, 0, 1, 0, 1, 0, 1])) % 10;
        let eleventh = weighted(&id, &[1; 10]) % 10;
        id[0] != 0 && u32::from(id[9]) == tenth && u32::from(id[10]) == eleventh
    })
}

/// Whether the cell is a Russian INN of a person (12 digits): two check digits modulo 11.
///
/// Source: ФНС, приказ ЕД-7-14/559 of 2020, annex.
pub(super) fn ru_inn(cell: &[u8]) -> bool {
    digits::<12>(cell).is_some_and(|inn| {
        number(&inn) > 0
            && weighted(&inn, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == u32::from(inn[10])
            && weighted(&inn, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == u32::from(inn[11])
    })
}

/// Whether the cell is a Hungarian TAJ number: weights 3 and 7 by turns, modulo 10.
///
/// Source: 1996. évi XX. törvény, annex.
pub(super) fn hu_taj(cell: &[u8]) -> bool {
    digits::<9>(cell)
        .is_some_and(|taj| number(&taj) > 0 && weighted(&taj, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == u32::from(taj[8]))
}

/// Whether the cell is the number of a Polish identity card: three letters, check digit, five digits.
///
/// Source: Rozporządzenie MSWiA; ICAO Doc 9303 weights 7-3-1 in the order letters, serial, check.
pub(super) fn pl_dowod(cell: &[u8]) -> bool {
    let Some(card) = compact::<9>(cell) else { return false };
    let Some(rest) = digits::<6>(&card[3..]) else { return false };
    let letters: u32 = card[..3]
        .iter()
        .zip([7, 3, 1])
        .map(|(byte, weight)| u32::from(byte.wrapping_sub(b'A') % 64 + 10) * weight)
        .sum();
    let serial = weighted(&rest[1..], &[7, 3, 1, 7, 3]);
    card[..3].iter().all(u8::is_ascii_uppercase) && (letters + serial) % 10 == u32::from(rest[0])
}
