//! Further government numbers of Latin America.

use super::digits::{any_compact, any_digits, compact, digits, is_day, luhn, number, stands, weighted};

/// The sum of `digits` times 2, 3, 4 … from the right.
fn rising(digits: &[u8]) -> u32 {
    digits.iter().rev().zip(2..).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

/// Whether the cell is a Brazilian PIS/PASEP/NIS: weights 3298765432, modulo 11, ten counts 0.
///
/// Source: Caixa Econômica Federal, "Cadastro NIS – leiaute", dígito verificador.
pub(super) fn br_pis(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|pis| {
        let rest = weighted(&pis, &[3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        number(&pis) > 0 && stands(&[0, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1], rest, pis[10])
    })
}

/// Whether the cell is a Brazilian voter number: serial, state 01–28, two check digits modulo 11.
///
/// Source: Tribunal Superior Eleitoral, Resolução 21.538/2003, art. 12.
pub(super) fn br_titulo(cell: &[u8]) -> bool {
    digits::<12>(cell).is_some_and(|titulo| {
        let first = weighted(&titulo, &[2, 3, 4, 5, 6, 7, 8, 9]) % 11 % 10;
        let second = (weighted(&titulo[8..10], &[7, 8]) + first * 9) % 11 % 10;
        (1..=28).contains(&number(&titulo[8..10])) && u32::from(titulo[10]) == first && u32::from(titulo[11]) == second
    })
}

/// Whether the cell is a Mexican social security number (NSS): eleven digits, Luhn.
///
/// Source: IMSS, "Número de Seguridad Social", dígito verificador.
pub(super) fn mx_nss(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|nss| number(&nss[..2]) > 0 && luhn(&nss))
}

/// Whether the cell is a Colombian NIT: 8–15 digits and a check digit of prime weights modulo 11.
///
/// Source: DIAN, Orden Administrativa 4/1989.
pub(super) fn co_nit(cell: &[u8]) -> bool {
    const WEIGHTS: [u32; 15] = [3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71];
    let Some(nit) = any_digits(cell) else { return false };
    let Some((check, body)) = nit.split_last() else { return false };
    let sum: u32 = body.iter().rev().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    (7..=15).contains(&body.len()) && number(body) > 0 && stands(&[0, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1], sum % 11, *check)
}

/// Whether the cell is a Peruvian identity number (CUI) of eight digits with its check character, a digit or a
/// letter.
///
/// Source: RENIEC, "Código Único de Identificación"; weights 32765432, modulo 11.
pub(super) fn pe_dni(cell: &[u8]) -> bool {
    let Some(cui) = compact::<9>(cell) else { return false };
    let Some(body) = digits::<8>(&cui[..8]) else { return false };
    let rest = weighted(&body, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    stands(b"65432110987", rest, cui[8]) || stands(b"KJIHGFEDCBA", rest, cui[8])
}

/// Whether the cell is a Peruvian RUC: taxpayer type, weights 5432765432, modulo 11.
///
/// Source: SUNAT, Resolución 210-2004.
pub(super) fn pe_ruc(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|ruc| {
        let rest = weighted(&ruc, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        matches!(number(&ruc[..2]), 10 | 15..=17 | 20) && u32::from(ruc[10]) == (11 - rest) % 10
    })
}

/// Whether the cell is an Ecuadorian cédula: province, third digit below 6, Luhn.
///
/// Source: Registro Civil del Ecuador, Ley Orgánica de Gestión de la Identidad.
pub(super) fn ec_ci(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|id| matches!(number(&id[..2]), 1..=24 | 30 | 50) && id[2] <= 6 && luhn(&id))
}

/// Whether the cell is a Venezuelan RIF: type of holder, eight digits, check modulo 11.
///
/// Source: SENIAT, Providencia 0048 (2011).
pub(super) fn ve_rif(cell: &[u8]) -> bool {
    let Some(rif) = compact::<10>(cell) else { return false };
    let Some(body) = digits::<9>(&rif[1..]) else { return false };
    let holder = match rif[0] {
        b'V' => 4,
        b'E' => 8,
        b'J' => 12,
        b'P' => 16,
        b'G' => 20,
        _ => return false,
    };
    let rest = (holder + weighted(&body, &[3, 2, 7, 6, 5, 4, 3, 2])) % 11;
    stands(&[0, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1], rest, body[8])
}

/// Whether the cell is a Paraguayan RUC: 5–9 digits, weights rising from the right, modulo 11.
///
/// Source: SET, Decreto 3365/2020 and "Dígito verificador del RUC".
pub(super) fn py_ruc(cell: &[u8]) -> bool {
    let Some(ruc) = any_digits(cell) else { return false };
    let Some((check, body)) = ruc.split_last() else { return false };
    (4..=8).contains(&body.len()) && number(body) > 0 && u32::from(*check) == (11 - rising(body) % 11) % 11 % 10
}

/// Whether the cell is a Dominican cédula: municipality (001–230, 402 for cards since 2014), Luhn.
///
/// Source: Junta Central Electoral, Ley 8-92. Some old cards break the check; they are not known here.
pub(super) fn do_cedula(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|id| matches!(number(&id[..3]), 1..=230 | 402) && luhn(&id))
}

/// Whether the cell is a Guatemalan NIT: weights rising from the right, modulo 11, K for ten.
///
/// Source: SAT Guatemala, "Algoritmo de validación del NIT".
pub(super) fn gt_nit(cell: &[u8]) -> bool {
    let Some(text) = any_compact(cell) else { return false };
    let Some((check, body)) = text.split_last() else { return false };
    let Some(body) = any_digits(body) else { return false };
    (2..=11).contains(&body.len())
        && number(&body) > 0
        && stands(b"0123456789K", (11 - rising(&body) % 11) % 11, *check)
}

/// Whether the cell is an Uruguayan cédula: 7 digits, check of weights 2987634 modulo 10.
///
/// Source: Dirección Nacional de Identificación Civil, Decreto 501/978.
pub(super) fn uy_ci(cell: &[u8]) -> bool {
    digits::<8>(cell)
        .is_some_and(|id| number(&id) > 0 && (10 - weighted(&id, &[2, 9, 8, 7, 6, 3, 4]) % 10) % 10 == u32::from(id[7]))
}

/// Whether the cell may be a Cuban identity number: a date, a century digit, four digits.
///
/// Source: Gaceta Oficial, Resolución 5/2012 of the Dirección de Identificación.
pub(super) fn cu_ni(cell: &[u8]) -> bool {
    digits::<11>(cell).is_some_and(|id| is_day(number(&id[..2]), number(&id[2..4]), number(&id[4..6])))
}
