//! Government numbers of the Americas.

use super::digits::{digits, number};

/// Whether the cell may be a US Social Security number: no area 000, 666 or 900–999, no group 00, no
/// serial 0000, none of the numbers once printed as specimens.
///
/// Source: SSA POMS RM 10201.030–10201.035; 20 CFR 422.103.
pub(super) fn us_ssn(cell: &[u8]) -> bool {
    let Some(ssn) = digits::<9>(cell) else {
        return false;
    };
    let area = number(&ssn[..3]);
    !matches!(area, 0 | 666 | 900..)
        && number(&ssn[3..5]) != 0
        && number(&ssn[5..]) != 0
        && !matches!(
            number(&ssn),
            78_051_120 | 219_099_999 | 457_555_462 | 123_456_789
        )
}
