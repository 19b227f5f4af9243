//! Government numbers of Latvia, Moldova, Ukraine, Belarus, Russia and Kazakhstan that the other files do not hold.

use super::digits::{digits, is_day, number, weighted, weighted_7_3_1};

/// Whether the cell is a Russian pension insurance number (SNILS): weights 9–1, modulo 101.
///
/// Source: Постановление Правления ПФ РФ 192п (2006), annex.
pub(super) fn ru_snils(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|snils| {
        number(&snils[..9]) > 1_001_998
            && u64::from(weighted(&snils[..9], &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100) == number(&snils[9..])
    })
}

/// Whether the cell is a Ukrainian taxpayer number (РНОКПП) of a person: modulo 11.
///
/// Source: Державна податкова служба, "Порядок формування РНОКПП"; the first weight is −1, here 10.
pub(super) fn ua_rntrc(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|id| {
        number(&id) > 0 && weighted(&id, &[10, 5, 7, 9, 4, 6, 10, 5, 7]) % 11 % 10 == u32::from(id[9])
    })
}

/// Whether the cell is a Belarusian payer number (УНП) of digits: region, modulo 11.
///
/// Source: Министерство по налогам и сборам, Постановление 55/2015.
pub(super) fn by_unp(cell: &[u8]) -> bool {
    digits::<9>(cell).is_some_and(|unp| {
        (1..=7).contains(&unp[0]) && weighted(&unp, &[29, 23, 19, 17, 13, 7, 5, 3]) % 11 == u32::from(unp[8])
    })
}

/// Whether the cell is a Kazakh individual number (ИИН): date, century and sex, check in two stages modulo 11.
///
/// Source: Закон Республики Казахстан 223-III of 2007, Правила формирования ИИН.
pub(super) fn kz_iin(cell: &[u8]) -> bool {
    digits::<12>(cell).is_some_and(|iin| {
        let first = weighted(&iin, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
        let second = weighted(&iin, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
        (1..=6).contains(&iin[6])
            && is_day(number(&iin[..2]), number(&iin[2..4]), number(&iin[4..6]))
            && u32::from(iin[11]) == if first < 10 { first } else { second }
    })
}

/// Whether the cell is a Moldovan IDNP or IDNO: thirteen digits, weights 7-3-1, modulo 10.
///
/// Source: Hotărârea Guvernului 333/2002, Registrul de stat al populației.
pub(super) fn md_idno(cell: &[u8]) -> bool {
    digits::<13>(cell).is_some_and(|id| {
        let check = weighted_7_3_1(id[..12].iter().map(|digit| digit + b'0'));
        id[0] <= 2 && check == Some(u32::from(id[12]))
    })
}

/// Whether the cell is a Latvian personal code of the form issued until 2017: date, century, modulo 11.
///
/// Source: Fizisko personu reģistra likums; the codes since 2017 begin with 32 and carry no check.
pub(super) fn lv_pk(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|id| {
        let sum = 1 + weighted(&id, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
        is_day(number(&id[4..6]), number(&id[2..4]), number(&id[..2]))
            && id[6] <= 2
            && sum % 11 % 10 == u32::from(id[10])
    })
}
