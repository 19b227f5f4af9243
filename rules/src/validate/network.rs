//! Addresses of machines, and numbers of devices and vehicles.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::digits::{all_equal, any_digits, compact, digits, luhn, number, stands};

/// Whether the cell is an IPv4 address in dotted decimal form without leading zeros.
///
/// Source: RFC 791; RFC 6943 section 3.1.1 for the strict form.
pub(super) fn ipv4(cell: &[u8]) -> bool {
    parsed::<Ipv4Addr>(cell).is_some_and(|address| address != Ipv4Addr::UNSPECIFIED)
}

/// Whether the cell is an IPv6 address other than `::` and `::1`.
///
/// Source: RFC 4291 section 2.2.
pub(super) fn ipv6(cell: &[u8]) -> bool {
    parsed::<Ipv6Addr>(cell).is_some_and(|address| !address.is_unspecified() && !address.is_loopback())
}

fn parsed<T: std::str::FromStr>(cell: &[u8]) -> Option<T> {
    std::str::from_utf8(cell).ok()?.trim().parse().ok()
}

/// Whether the cell is a MAC address with one kind of separator, neither all zero nor broadcast.
///
/// Source: IEEE 802-2014, clause 8.
pub(super) fn mac(cell: &[u8]) -> bool {
    let hex: Vec<u8> = cell.trim_ascii().iter().copied().filter(u8::is_ascii_hexdigit).collect();
    let separators: Vec<u8> = cell.trim_ascii().iter().copied().filter(|byte| !byte.is_ascii_hexdigit()).collect();
    let one_kind = match separators.as_slice() {
        [first @ (b':' | b'-'), rest @ ..] => rest.len() == 4 && rest.iter().all(|byte| byte == first),
        [b'.', b'.'] => true,
        _ => false,
    };
    hex.len() == 12 && one_kind && !all_equal(&hex)
}

/// Whether the cell is an IMEI: 15 digits, a reporting body in use, Luhn.
///
/// Source: 3GPP TS 23.003, section 6.2 and annex B.
pub(super) fn imei(cell: &[u8]) -> bool {
    digits::<15>(cell).is_some_and(|imei| {
        matches!(number(&imei[..2]), 1 | 10 | 30 | 33 | 35 | 44 | 45 | 49..=54 | 86 | 91 | 97..=99) && luhn(&imei)
    })
}

/// Whether the cell may be an IMSI: 15 digits, a mobile country code of a region in use.
///
/// Source: ITU-T E.212 (geographic codes begin with 2–7; 901 is shared).
pub(super) fn imsi(cell: &[u8]) -> bool {
    digits::<15>(cell).is_some_and(|imsi| matches!(number(&imsi[..3]), 202..=749 | 901) && !all_equal(&imsi[3..]))
}

/// Whether the cell is a SIM card number: 89, 19 or 20 digits, Luhn.
///
/// Source: ITU-T E.118 section 3.
pub(super) fn iccid(cell: &[u8]) -> bool {
    any_digits(cell).is_some_and(|id| id.starts_with(&[8, 9]) && matches!(id.len(), 19 | 20) && luhn(&id))
}

/// Whether the cell is a vehicle identification number with a check digit in the ninth place.
///
/// The check digit is binding in North America and China; elsewhere the place may hold anything.
/// Source: ISO 3779; 49 CFR 565.15(c).
pub(super) fn vin(cell: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |byte: u8| match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'H' => Some(u32::from(byte - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(byte - b'J') + 1),
        b'P' => Some(7),
        b'R' => Some(9),
        b'S'..=b'Z' => Some(u32::from(byte - b'S') + 2),
        _ => None,
    };
    let Some(vin) = compact::<17>(cell) else { return false };
    let sum: Option<u32> = vin.iter().zip(WEIGHTS).map(|(byte, weight)| value(*byte).map(|value| value * weight)).sum();
    sum.is_some_and(|sum| stands(b"0123456789X", sum % 11, vin[8])) && !all_equal(&vin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_strict() {
        assert!(ipv4(b"203.0.113.7") && !ipv4(b"203.0.113.256") && !ipv4(b"1.2.3"));
        assert!(ipv6(b"2001:db8::7334") && !ipv6(b"12:30:45") && !ipv6(b"::1"));
        assert!(mac(b"00:1A:2b:3c:4d:5e") && mac(b"001a.2b3c.4d5e") && !mac(b"00:1a-2b:3c:4d:5e"));
    }

    #[test]
    fn the_ninth_character_of_a_vin_checks_the_others() {
        assert!(vin(b"1M8GDM9AXKP042788"));
        assert!(!vin(b"1M8GDM9A1KP042788"));
    }
}
