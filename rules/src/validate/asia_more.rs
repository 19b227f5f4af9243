//! Further numbers of Asia, the Pacific, Africa and the Middle East.

use super::digits::{any_compact, base36, compact, digits, is_date, is_day, luhn, number, place, stands, weighted};

/// Whether the cell is an Indian voter number (EPIC): three letters, seven digits, Luhn over the digits.
///
/// Source: Election Commission of India, "Electors Photo Identity Card", numbering.
pub(super) fn in_epic(cell: &[u8]) -> bool {
    compact::<10>(cell).is_some_and(|epic| {
        epic[..3].iter().all(u8::is_ascii_uppercase) && digits::<7>(&epic[3..]).is_some_and(|body| luhn(&body))
    })
}

/// Whether the cell is an Indian GSTIN: state, PAN, serial, Z, check of Luhn over base 36.
///
/// Source: Goods and Services Tax Network, "GSTIN format".
pub(super) fn in_gstin(cell: &[u8]) -> bool {
    compact::<15>(cell).is_some_and(|gstin| {
        let state = digits::<2>(&gstin[..2]).is_some_and(|state| matches!(number(&state), 1..=38 | 96 | 97 | 99));
        let sum: Option<u32> = gstin
            .iter()
            .rev()
            .enumerate()
            .map(|(at, byte)| {
                base36(*byte).map(|value| if at % 2 == 1 { value * 2 / 36 + value * 2 % 36 } else { value })
            })
            .sum();
        state
            && gstin[2..7].iter().all(u8::is_ascii_uppercase)
            && gstin[13] == b'Z'
            && sum.is_some_and(|sum| sum % 36 == 0)
    })
}

/// Whether the cell is a Chinese unified social credit identifier: 18 characters, modulo 31.
///
/// Source: GB 32100-2015.
pub(super) fn cn_uscc(cell: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    compact::<18>(cell).is_some_and(|id| {
        let sum: Option<u32> =
            id.iter().zip(WEIGHTS).map(|(byte, weight)| Some(place(ALPHABET, *byte)? * weight)).sum();
        id[2..8].iter().all(u8::is_ascii_digit) && sum.is_some_and(|sum| stands(ALPHABET, (31 - sum % 31) % 31, id[17]))
    })
}

/// Whether the cell is a Japanese corporate number: thirteen digits, the first checks the others modulo 9.
///
/// Source: 法人番号の指定等に関する省令, article 2.
pub(super) fn jp_corporate(cell: &[u8]) -> bool {
    digits::<13>(cell).is_some_and(|id| {
        let sum = weighted(&id[1..], &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]);
        9 - sum % 9 == u32::from(id[0])
    })
}

/// Whether the cell is a Korean business number: weights 137137135, modulo 10.
///
/// Source: 국세청, 사업자등록번호 체계.
pub(super) fn kr_brn(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|id| {
        let sum = weighted(&id, &[1, 3, 7, 1, 3, 7, 1, 3, 5]) + u32::from(id[8]) * 5 / 10;
        number(&id[..3]) > 100 && number(&id[3..5]) > 0 && (10 - sum % 10) % 10 == u32::from(id[9])
    })
}

/// Whether the cell is a Singaporean UEN of a business (8 digits and a letter) or a local company (9 and a letter).
///
/// Source: Accounting and Corporate Regulatory Authority, "UEN format"; modulo 11.
pub(super) fn sg_uen(cell: &[u8]) -> bool {
    if let Some(uen) = compact::<9>(cell) {
        return digits::<8>(&uen[..8])
            .is_some_and(|body| stands(b"XMKECAWLJDB", weighted(&body, &[10, 4, 9, 3, 8, 2, 7, 1]) % 11, uen[8]));
    }
    compact::<10>(cell).is_some_and(|uen| {
        digits::<9>(&uen[..9]).is_some_and(|body| {
            matches!(number(&body[..4]), 1850..=2100)
                && stands(b"ZKCMDNERGWH", weighted(&body, &[10, 8, 6, 4, 9, 7, 5, 3, 1]) % 11, uen[9])
        })
    })
}

/// Whether the cell may be an Indonesian NIK: region, date (40 added to the day of women), serial.
///
/// Source: Undang-Undang 23/2006, article 13; Peraturan Pemerintah 40/2019.
pub(super) fn id_nik(cell: &[u8]) -> bool {
    digits::<16>(cell).is_some_and(|nik| {
        matches!(number(&nik[..2]), 11..=21 | 31..=36 | 51..=53 | 61..=65 | 71..=76 | 81 | 82 | 91..=97)
            && number(&nik[2..4]) > 0
            && is_day(number(&nik[10..12]), number(&nik[8..10]), number(&nik[6..8]) % 40)
            && number(&nik[12..]) > 0
    })
}

/// Whether the cell is an Indonesian tax number (NPWP) of 15 digits: Luhn over the first nine.
///
/// Source: Direktorat Jenderal Pajak, PER-04/PJ/2020.
pub(super) fn id_npwp(cell: &[u8]) -> bool {
    digits::<15>(cell).is_some_and(|id| number(&id[..9]) > 0 && luhn(&id[..9]))
}

/// Whether the cell is a Vietnamese tax number of 10 or 13 digits: prime weights, modulo 11.
///
/// Source: Tổng cục Thuế, Thông tư 105/2020/TT-BTC.
pub(super) fn vn_mst(cell: &[u8]) -> bool {
    let ten = |id: &[u8]| {
        let sum = weighted(id, &[31, 29, 23, 19, 17, 13, 7, 5, 3]);
        number(id.get(2..9).unwrap_or_default()) > 0
            && id.get(9).is_some_and(|check| 10_u32.checked_sub(sum % 11) == Some(u32::from(*check)))
    };
    digits::<13>(cell).is_some_and(|id| ten(&id[..10]) && number(&id[10..]) > 0)
        || digits::<10>(cell).is_some_and(|id| ten(&id))
}

/// Whether the cell is a Taiwanese business number: eight digits, weights 12121241, digit sums modulo 5.
///
/// Source: 財政部, 統一編號檢查邏輯 (2021).
pub(super) fn tw_ubn(cell: &[u8]) -> bool {
    digits::<8>(cell).is_some_and(|id| {
        let sum: u32 = id
            .iter()
            .zip([1, 2, 1, 2, 1, 2, 4, 1])
            .map(|(digit, weight)| u32::from(*digit) * weight)
            .map(|value| value / 10 + value % 10)
            .sum();
        number(&id) > 0 && (sum.is_multiple_of(5) || (id[6] == 7 && (sum + 1).is_multiple_of(5)))
    })
}

/// Whether the cell may be a Pakistani CNIC: province 1–7, thirteen digits, the last one not 0.
///
/// Source: National Database and Registration Authority, "CNIC number".
pub(super) fn pk_cnic(cell: &[u8]) -> bool {
    digits::<13>(cell).is_some_and(|id| (1..=7).contains(&id[0]) && id[12] != 0)
}

/// Whether the cell is a Turkish tax number (VKN): ten digits, powers of two modulo 9.
///
/// Source: Gelir İdaresi Başkanlığı, vergi kimlik numarası algoritması.
pub(super) fn tr_vkn(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|id| {
        let sum: u32 = id[..9]
            .iter()
            .rev()
            .zip(1..)
            .map(|(digit, at)| (u32::from(*digit) + at) % 10)
            .zip(1..)
            .map(|(value, at): (u32, u32)| match value {
                0 => 0,
                9 => 9,
                value => (value << at) % 9,
            })
            .sum();
        number(&id) > 0 && (10 - sum % 10) % 10 == u32::from(id[9])
    })
}

/// Whether the cell is a Saudi national or residence number: begins with 1 or 2, Luhn.
///
/// Source: المركز الوطني للمعلومات (Absher), national and iqama numbers.
pub(super) fn sa_iqama(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|id| matches!(id[0], 1 | 2) && luhn(&id))
}

/// Whether the cell may be an Egyptian national number: century, date, governorate, serial.
///
/// Source: قانون الأحوال المدنية 143/1994, executive regulations. The last digit's check is not published.
pub(super) fn eg_nid(cell: &[u8]) -> bool {
    digits::<14>(cell).is_some_and(|id| {
        matches!(id[0], 2 | 3)
            && is_date(1500 + 200 + u64::from(id[0]) * 100 + number(&id[1..3]), number(&id[3..5]), number(&id[5..7]))
            && matches!(number(&id[7..9]), 1..=35 | 88)
    })
}

/// Whether the cell is a Mauritian identity number: letter, date, serial, check modulo 17.
///
/// Source: Civil Status Division, National Identity Card Act 1985.
pub(super) fn mu_nid(cell: &[u8]) -> bool {
    compact::<14>(cell).is_some_and(|id| {
        let sum: Option<u32> = id.iter().zip((2..=14).rev()).map(|(byte, weight)| Some(base36(*byte)? * weight)).sum();
        id[0].is_ascii_uppercase()
            && digits::<6>(&id[1..7])
                .is_some_and(|date| is_day(number(&date[4..]), number(&date[2..4]), number(&date[..2])))
            && sum.is_some_and(|sum| stands(b"0123456789ABCDEFG", (17 - sum % 17) % 17, id[13]))
    })
}

/// Whether the cell is an Australian company number: weights 8–1, modulo 10.
///
/// Source: Australian Securities and Investments Commission, "ACN check digit".
pub(super) fn au_acn(cell: &[u8]) -> bool {
    digits::<9>(cell).is_some_and(|acn| {
        number(&acn) > 0 && (10 - weighted(&acn, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 == u32::from(acn[8])
    })
}

/// Whether the cell is a New Zealand health number: AAANNNC modulo 11, or AAANNAX modulo 23.
///
/// Source: HISO 10046:2023, appendix B.
pub(super) fn nz_nhi(cell: &[u8]) -> bool {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    compact::<7>(cell).is_some_and(|nhi| {
        let value = |byte: u8| match byte {
            b'0'..=b'9' => Some(u32::from(byte - b'0')),
            letter => place(LETTERS, letter).map(|at| at + 1),
        };
        let sum: Option<u32> =
            nhi[..6].iter().zip((2..=7).rev()).map(|(byte, weight)| Some(value(*byte)? * weight)).sum();
        let Some(sum) = sum else { return false };
        let old = nhi[3..].iter().all(u8::is_ascii_digit);
        let letters = nhi[..3].iter().all(u8::is_ascii_uppercase);
        let new = nhi[3..5].iter().all(u8::is_ascii_digit) && nhi[5].is_ascii_uppercase();
        letters
            && match old {
                true => !sum.is_multiple_of(11) && stands(b"0123456789", (11 - sum % 11) % 10, nhi[6]),
                false => new && place(LETTERS, nhi[6]).is_some_and(|at| at + 1 == 23 - sum % 23),
            }
    })
}

/// Whether the cell is a health number of British Columbia (PHN): begins with 9, modulo 11.
///
/// Source: British Columbia Ministry of Health, "Personal Health Number check digit routine".
pub(super) fn ca_phn(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|phn| {
        let sum: u32 = phn[1..9]
            .iter()
            .zip([2, 4, 8, 5, 10, 9, 7, 3])
            .map(|(digit, weight)| u32::from(*digit) * weight % 11)
            .sum();
        phn[0] == 9 && (11 - sum % 11) % 11 == u32::from(phn[9])
    })
}

/// Whether the cell is a health number of Ontario: ten digits, Luhn.
///
/// Source: Ontario Ministry of Health, "Health card validation reference manual", MOD 10.
pub(super) fn ca_ohip(cell: &[u8]) -> bool {
    any_compact(cell).is_some_and(|text| {
        let number = text.get(..10).and_then(digits::<10>);
        let version = text.get(10..).unwrap_or_default();
        number.is_some_and(|id| id[0] != 0 && luhn(&id))
            && version.len() <= 2
            && version.iter().all(u8::is_ascii_uppercase)
    })
}

/// Whether the cell may be a health number of Québec (NAM): four letters, date (50 added to the month of women), two
/// digits.
///
/// Source: Régie de l'assurance maladie du Québec, "Le numéro d'assurance maladie".
pub(super) fn ca_ramq(cell: &[u8]) -> bool {
    compact::<12>(cell).is_some_and(|nam| {
        nam[..4].iter().all(u8::is_ascii_uppercase)
            && digits::<8>(&nam[4..])
                .is_some_and(|date| is_day(number(&date[..2]), number(&date[2..4]) % 50, number(&date[4..6])))
    })
}
