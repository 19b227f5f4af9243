//! Further numbers of Europe: tax, social insurance, professions, companies.

use super::digits::{
    any_compact, any_digits, base36, compact, digits, is_date, is_day, luhn, modulo_11_10, modulo_97, number, place,
    stands, verhoeff, weighted,
};
use super::{europe_north_east, europe_west};

/// Whether the cell is a Scottish CHI number: date of birth, weights 10–2, modulo 11.
///
/// Source: NHS Scotland, "CHI number" data standard.
pub(super) fn uk_chi(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|chi| {
        is_day(number(&chi[4..6]), number(&chi[2..4]), number(&chi[..2])) && europe_west::uk_nhs(cell)
    })
}

/// Whether the cell has the structure of a British driver number: surname, birth date of which the month of women
/// counts 50 more, initials.
///
/// Source: DVLA, INF1D; the last two letters are a check that is not published.
pub(super) fn uk_driving_licence(cell: &[u8]) -> bool {
    let Some(text) = any_compact(cell).filter(|text| matches!(text.len(), 16 | 18)) else { return false };
    let (Some(name), Some(born), Some(rest)) = (text.get(..5), text.get(5..11).and_then(digits::<6>), text.get(11..))
    else {
        return false;
    };
    let padded = name.iter().skip_while(|byte| byte.is_ascii_uppercase()).all(|byte| *byte == b'9');
    let initial = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'9';
    let year = u64::from(born[0]) * 10 + u64::from(born[5]);
    name.first().is_some_and(u8::is_ascii_uppercase)
        && padded
        && is_day(year, number(&born[1..3]) % 50, number(&born[3..5]))
        && rest.iter().take(2).all(initial)
        && rest.get(3..5).is_some_and(|check| check.iter().all(u8::is_ascii_uppercase))
}

/// Whether the cell is a British VAT number of 9 or 12 digits, with or without `GB`: modulo 97.
///
/// Source: HMRC VAT notice 700, "VAT numbers"; numbers of the second series (from 100 on) are
/// counted with 55 added or taken away.
pub(super) fn uk_vat(cell: &[u8]) -> bool {
    let Some(text) = any_compact(cell) else { return false };
    let Some(vat) = any_digits(text.strip_prefix(b"GB").unwrap_or(&text)) else { return false };
    let rest = weighted(&vat, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
    let second = vat.first().is_some_and(|first| *first > 0) && matches!(rest, 42 | 55);
    matches!(vat.len(), 9 | 12) && (rest == 0 || second)
}

/// Whether the cell is a French tax number (SPI): first digit 0–3, the last three are the rest by 511.
///
/// Source: Direction générale des finances publiques; BOFiP BOI-CF-CPF.
pub(super) fn fr_spi(cell: &[u8]) -> bool {
    digits::<13>(cell).is_some_and(|spi| spi[0] <= 3 && number(&spi[..10]) % 511 == number(&spi[10..]))
}

/// Whether the cell is a French SIRET: a SIREN and an establishment, Luhn over both.
///
/// Source: INSEE, décret 73-314. The establishments of La Poste keep a check of their own: digits sum to a multiple
/// of 5.
pub(super) fn fr_siret(cell: &[u8]) -> bool {
    digits::<14>(cell).is_some_and(|siret| {
        let sum: u32 = siret.iter().map(|digit| u32::from(*digit)).sum();
        let post = number(&siret[..9]) == 356_000_000 && number(&siret[9..]) != 48 && sum.is_multiple_of(5);
        number(&siret) > 0 && luhn(&siret[..9]) && (luhn(&siret) || post)
    })
}

/// Whether the cell is a German lifelong physician number: weights 4 and 9 by turns, modulo 10, two digits of the
/// specialty.
///
/// Source: KBV, Richtlinie nach § 75 Abs. 7 SGB V zur Vergabe der Arzt-Nummern.
pub(super) fn de_lanr(cell: &[u8]) -> bool {
    digits::<9>(cell).is_some_and(|lanr| {
        number(&lanr) > 0 && (10 - weighted(&lanr[..6], &[4, 9, 4, 9, 4, 9]) % 10) % 10 == u32::from(lanr[6])
    })
}

/// Whether the cell is a Luxembourg national number: date, serial, a Luhn and a Verhoeff check digit.
///
/// Source: Règlement grand-ducal of 28 November 2013, art. 1.
pub(super) fn lu_matricule(cell: &[u8]) -> bool {
    digits::<13>(cell).is_some_and(|id| {
        let mut second = id;
        second[11] = id[12];
        is_date(number(&id[..4]), number(&id[4..6]), number(&id[6..8]))
            && matches!(number(&id[..4]), 1850..=2100)
            && luhn(&id[..12])
            && verhoeff(&second[..12])
    })
}

/// Whether the cell is a Spanish company number (CIF): kind of company, seven digits, a check digit or letter.
///
/// Source: Orden EHA/451/2008; the check is Luhn's, as a letter J, A–I.
pub(super) fn es_cif(cell: &[u8]) -> bool {
    let Some(cif) = compact::<9>(cell) else { return false };
    let Some(mut body) = digits::<8>(&[cif[1], cif[2], cif[3], cif[4], cif[5], cif[6], cif[7], b'0']) else {
        return false;
    };
    let Some(check) = (0..10_u8).find(|check| {
        body[7] = *check;
        luhn(&body)
    }) else {
        return false;
    };
    b"ABCDEFGHJNPQRSUVW".contains(&cif[0])
        && (cif[8] == b'0' + check || stands(b"JABCDEFGHI", u32::from(check), cif[8]))
}

/// Whether the cell is a Spanish social security number of twelve digits: province, serial, modulo 97.
///
/// Source: Tesorería General de la Seguridad Social, Orden of 27 October 1992; a serial below ten million counts
/// without its leading zero.
pub(super) fn es_naf(cell: &[u8]) -> bool {
    digits::<12>(cell).is_some_and(|naf| {
        let (province, serial) = (number(&naf[..2]), number(&naf[2..10]));
        let joined = if serial < 10_000_000 { province * 10_000_000 } else { province * 100_000_000 } + serial;
        matches!(province, 1..=53 | 66) && joined % 97 == number(&naf[10..])
    })
}

/// Whether the cell is the number of a Portuguese citizen card: nine digits, two characters of the version, Luhn over
/// base 36.
///
/// Source: Agência para a Modernização Administrativa, "Validação de Número de Documento do Cartão de Cidadão".
pub(super) fn pt_cc(cell: &[u8]) -> bool {
    let Some(card) = compact::<12>(cell) else { return false };
    let sum: Option<u32> = card
        .iter()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let value = base36(*byte)? * if at % 2 == 1 { 2 } else { 1 };
            Some(if at % 2 == 1 && value > 9 { value - 9 } else { value })
        })
        .sum();
    card[..9].iter().all(u8::is_ascii_digit)
        && card[11].is_ascii_digit()
        && sum.is_some_and(|sum| sum.is_multiple_of(10))
}

/// Whether the cell is a Portuguese social security number: prime weights, modulo 10.
///
/// Source: Instituto da Segurança Social, "Número de Identificação de Segurança Social".
pub(super) fn pt_niss(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|niss| {
        matches!(niss[0], 1 | 2)
            && 9 - weighted(&niss, &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2]) % 10 == u32::from(niss[10])
    })
}

/// Whether the cell is a Greek tax number (AFM): powers of two, modulo 11.
///
/// Source: Ανεξάρτητη Αρχή Δημοσίων Εσόδων; the weights are 256 to 2.
pub(super) fn gr_afm(cell: &[u8]) -> bool {
    digits::<9>(cell).is_some_and(|afm| {
        number(&afm) > 0 && weighted(&afm, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == u32::from(afm[8])
    })
}

/// Whether the cell is a Hungarian tax number of a person: 8, days since 1867, check modulo 11.
///
/// Source: 1996. évi XX. törvény, 4. melléklet.
pub(super) fn hu_tax(cell: &[u8]) -> bool {
    digits::<10>(cell)
        .is_some_and(|id| id[0] == 8 && weighted(&id, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == u32::from(id[9]))
}

/// Whether the cell is a Polish REGON of 9 or 14 digits: modulo 11, ten counts 0.
///
/// Source: Rozporządzenie Rady Ministrów of 27 July 1999, annex.
pub(super) fn pl_regon(cell: &[u8]) -> bool {
    let nine = |id: &[u8]| {
        number(id) > 0
            && id.get(8).is_some_and(|check| weighted(id, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10 == u32::from(*check))
    };
    if let Some(regon) = digits::<14>(cell) {
        let sum = weighted(&regon, &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8]);
        return nine(&regon[..9]) && sum % 11 % 10 == u32::from(regon[13]);
    }
    digits::<9>(cell).is_some_and(|regon| nine(&regon))
}

/// Whether the cell is a Slovenian tax number: weights 8–2, modulo 11.
///
/// Source: Zakon o davčni službi, Pravilnik o davčnem registru.
pub(super) fn si_tax(cell: &[u8]) -> bool {
    digits::<8>(cell).is_some_and(|id| {
        let check = 11 - weighted(&id, &[8, 7, 6, 5, 4, 3, 2]) % 11;
        id[0] != 0 && check != 11 && check % 10 == u32::from(id[7])
    })
}

/// Whether the cell is a Swiss company number (UID): CHE, weights 54327654, modulo 11.
///
/// Source: Bundesgesetz über die Unternehmens-Identifikationsnummer (SR 431.03), UIDV art. 2.
pub(super) fn ch_uid(cell: &[u8]) -> bool {
    let Some(text) = any_compact(cell) else { return false };
    let Some(uid) = text.strip_prefix(b"CHE").and_then(digits::<9>) else { return false };
    u32::from(uid[8]) == (11 - weighted(&uid, &[5, 4, 3, 2, 7, 6, 5, 4]) % 11) % 11
}

/// Whether the cell is a Swedish organisation number: third digit 2 or more, Luhn.
///
/// Source: Lag (1974:174) om identitetsbeteckning för juridiska personer.
pub(super) fn se_orgnr(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|id| id[2] >= 2 && number(&id) > 0 && luhn(&id))
}

/// Whether the cell is a VAT number of the EU: country, then that country's structure, with its check digits where
/// they are known here.
///
/// Source: Council Directive 2006/112/EC art. 215; European Commission, VIES, "VAT number structure".
pub(super) fn eu_vat(cell: &[u8]) -> bool {
    let Some(text) = any_compact(cell) else { return false };
    let Some((country, rest)) = text.split_at_checked(2) else { return false };
    let all_digits =
        |least: usize, most: usize| (least..=most).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit);
    match country {
        b"AT" => rest.first() == Some(&b'U') && rest.len() == 9 && rest.iter().skip(1).all(u8::is_ascii_digit),
        b"BE" => digits::<10>(rest).is_some_and(|id| number(&id[8..]) == 97 - number(&id[..8]) % 97),
        b"DE" => digits::<9>(rest).is_some_and(|id| id[0] != 0 && modulo_11_10(&id)),
        b"EL" => gr_afm(rest),
        b"ES" => es_cif(rest) || europe_west::es_dni(rest) || europe_west::es_nie(rest),
        b"FR" => rest.get(2..).is_some_and(europe_west::fr_siren),
        b"HR" => europe_north_east::hr_oib(rest),
        b"IT" => europe_west::it_iva(rest),
        b"NL" => {
            rest.len() == 12
                && rest.get(9) == Some(&b'B')
                && (rest.get(..9).is_some_and(europe_west::nl_bsn) || modulo_97([&text, &[]]) == Some(1))
        }
        b"PL" => europe_north_east::pl_nip(rest),
        b"PT" => europe_west::pt_nif(rest),
        b"SI" => si_tax(rest),
        b"DK" | b"FI" | b"HU" | b"LU" | b"MT" => all_digits(8, 8),
        b"EE" => all_digits(9, 9),
        b"SK" => all_digits(10, 10),
        b"LV" => all_digits(11, 11),
        b"SE" => all_digits(12, 12),
        b"BG" => all_digits(9, 10),
        b"CZ" => all_digits(8, 10),
        b"LT" => all_digits(9, 9) || all_digits(12, 12),
        b"RO" => all_digits(2, 10),
        b"CY" => rest.len() == 9 && rest.last().is_some_and(u8::is_ascii_uppercase),
        b"IE" => europe_west::ie_pps(rest),
        _ => false,
    }
}

/// Whether the cell is a French bank account (RIB): bank, desk, account, key, modulo 97.
///
/// Source: Comité français d'organisation et de normalisation bancaires; letters count 1–9 in three rows.
pub(super) fn fr_rib(cell: &[u8]) -> bool {
    const ROWS: &[u8] = b"ABCDEFGHIJKLMNOPQR.STUVWXYZ";
    compact::<23>(cell).is_some_and(|rib| {
        let rest = rib.iter().try_fold(0, |rest: u32, byte| {
            let digit = match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                letter => place(ROWS, *letter)? % 9 + 1,
            };
            Some((rest * 10 + digit) % 97)
        });
        rest == Some(0) && rib.iter().filter(|byte| byte.is_ascii_digit()).count() >= 12
    })
}

/// Whether the cell is a Spanish bank account (CCC): bank, branch, two check digits modulo 11, account.
///
/// Source: Consejo Superior Bancario, Norma 43.
pub(super) fn es_ccc(cell: &[u8]) -> bool {
    digits::<20>(cell).is_some_and(|ccc| {
        let check = |digits: &[u8], weights: &[u32]| match 11 - weighted(digits, weights) % 11 {
            11 => 0,
            10 => 1,
            check => check,
        };
        check(&ccc[..8], &[4, 8, 5, 10, 9, 7, 3, 6]) == u32::from(ccc[8])
            && check(&ccc[10..], &[1, 2, 4, 8, 5, 10, 9, 7, 3, 6]) == u32::from(ccc[9])
            && number(&ccc[..8]) > 0
    })
}

/// Whether the cell is a Norwegian bank account: eleven digits, modulo 11.
///
/// Source: Bits AS, "Kontonummer – oppbygning".
pub(super) fn no_kontonr(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|account| {
        number(&account) > 0 && weighted(&account, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
}
