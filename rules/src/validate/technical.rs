//! Structures of what is not personal: the negative labels, and numbers of businesses and goods.

use super::digits::{any_compact, any_digits, base36, compact, digits, luhn, modulo_10_1_3, modulo_97, number, stands};

/// Whether the cell is a time in seconds since 1970 from 2001-09-09 to 2039-09-19.
///
/// Source: POSIX.1-2017, XBD 4.16; the range is ours: ten digits, begins with 1 or 2.
pub(super) fn epoch_seconds(cell: &[u8]) -> bool {
    digits::<10>(cell).is_some_and(|time| (1_000_000_000..2_200_000_000).contains(&number(&time)))
}

/// Whether the cell is such a time in milliseconds.
pub(super) fn epoch_millis(cell: &[u8]) -> bool {
    digits::<13>(cell).is_some_and(|time| (1_000_000_000_000..2_200_000_000_000).contains(&number(&time)))
}

/// Whether the cell is a GTIN of 8, 12, 13 or 14 digits (EAN, UPC).
///
/// Source: GS1 General Specifications, section 7.9.
pub(super) fn gtin(cell: &[u8]) -> bool {
    any_digits(cell)
        .is_some_and(|gtin| matches!(gtin.len(), 8 | 12 | 13 | 14) && number(&gtin) > 0 && modulo_10_1_3(&gtin))
}

/// Whether the cell is an ISBN of 10 or 13 digits.
///
/// Source: ISO 2108.
pub(super) fn isbn(cell: &[u8]) -> bool {
    if let Some(isbn) = digits::<13>(cell) {
        return matches!(number(&isbn[..3]), 978 | 979) && modulo_10_1_3(&isbn);
    }
    compact::<10>(cell).is_some_and(|text| {
        let sum: Option<u32> = text[..9]
            .iter()
            .zip((2..=10).rev())
            .map(|(byte, weight)| char::from(*byte).to_digit(10).map(|digit| digit * weight))
            .sum();
        sum.is_some_and(|sum| stands(b"0123456789X", (11 - sum % 11) % 11, text[9]))
    })
}

/// Whether the cell is an ISO 4217 currency code among those traded most.
///
/// Source: ISO 4217 list one.
pub(super) fn currency(cell: &[u8]) -> bool {
    const CODES: &[u8] = b"AEDARSAUDBDTBGNBRLCADCHFCLPCNYCOPCZKDKKEGPEURGBPGHSHKDHRKHUFIDRILSINRISKJPYKESKRWKWDLKRMADMXNMYRNGNNOKNZDPENPHPPKRPLNQARRONRSDRUBSARSEKSGDTHBTNDTRYTWDUAHUSDUYUVNDZAR";
    CODES.chunks(3).any(|code| code == cell)
}

/// Whether the cell is an ISIN: country, nine characters, Luhn over letters read as two digits.
///
/// Source: ISO 6166, annex A.
pub(super) fn isin(cell: &[u8]) -> bool {
    let Some(text) = compact::<12>(cell) else { return false };
    let digits: Vec<u8> = text
        .iter()
        .filter_map(|byte| base36(*byte).and_then(|value| u8::try_from(value).ok()))
        .flat_map(|value| if value > 9 { vec![value / 10, value % 10] } else { vec![value] })
        .collect();
    text[..2].iter().all(u8::is_ascii_uppercase) && text[11].is_ascii_digit() && luhn(&digits)
}

/// Whether the cell is a legal entity identifier: 20 characters, MOD 97-10.
///
/// Source: ISO 17442-1, annex A.
pub(super) fn lei(cell: &[u8]) -> bool {
    compact::<20>(cell)
        .is_some_and(|text| text[18..].iter().all(u8::is_ascii_digit) && modulo_97([&text, &[]]) == Some(1))
}

/// Whether the cell is a business identifier code (SWIFT) of 8 or 11 characters with a country.
///
/// Source: ISO 9362; countries by ISO 3166-1.
pub(super) fn bic(cell: &[u8]) -> bool {
    const COUNTRIES: &[u8] = b"ADAEAFAGAIALAMAOARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGTGUGWGYHKHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";
    any_compact(cell).is_some_and(|text| {
        matches!(text.len(), 8 | 11)
            && text.iter().take(4).all(u8::is_ascii_uppercase)
            && text.get(4..6).is_some_and(|country| COUNTRIES.chunks(2).any(|code| code == country))
    })
}

/// Whether the cell is a version of three parts: numbers without leading zeros, perhaps a suffix.
///
/// Source: Semantic Versioning 2.0.0, rules 2, 9 and 10.
pub(super) fn semantic_version(cell: &[u8]) -> bool {
    let text = cell.strip_prefix(b"v").unwrap_or(cell);
    let end = text.iter().position(|byte| matches!(byte, b'-' | b'+')).unwrap_or(text.len());
    let core: Vec<&[u8]> = text.get(..end).unwrap_or(text).split(|byte| *byte == b'.').collect();
    let plain = |part: &&[u8]| {
        (1..=6).contains(&part.len())
            && part.iter().all(u8::is_ascii_digit)
            && (part.len() == 1 || !part.starts_with(b"0"))
    };
    core.len() == 3 && core.iter().all(plain)
}

/// Whether the cell is `latitude,longitude` in degrees with at least three decimals each.
///
/// Source: ISO 6709, annex H; WGS 84 ranges. Three decimals are about 100 metres.
pub(super) fn coordinates(cell: &[u8]) -> bool {
    let Some((latitude, longitude)) = std::str::from_utf8(cell).ok().and_then(|text| text.split_once([',', ';']))
    else {
        return false;
    };
    degrees(latitude, 90.0) && degrees(longitude, 180.0)
}

/// Whether the cell is a coordinate in degrees with at least three decimals: −180 to 180.
///
/// Source: ISO 6709. Only the column's name tells it from other numbers.
pub(super) fn coordinate(cell: &[u8]) -> bool {
    std::str::from_utf8(cell).is_ok_and(|text| degrees(text, 180.0))
}

fn degrees(text: &str, most: f64) -> bool {
    let text = text.trim();
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    decimals >= 3 && text.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= most)
}

/// Whether the cell is a whole number of years from 0 to 120.
pub(super) fn age(cell: &[u8]) -> bool {
    any_digits(cell).is_some_and(|age| (1..=3).contains(&age.len()) && number(&age) <= 120)
}

/// Whether the cell is a score from 300 to 850.
///
/// Source: FICO, "What is a FICO score"; VantageScore 4.0 has the same range.
pub(super) fn credit_score(cell: &[u8]) -> bool {
    digits::<3>(cell).is_some_and(|score| (300..=850).contains(&number(&score)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_lies_in_our_decades() {
        assert!(epoch_seconds(b"1700000000") && !epoch_seconds(b"4155550132"));
        assert!(epoch_millis(b"1700000000000") && !epoch_millis(b"9780306406157"));
    }

    #[test]
    fn published_numbers_pass() {
        assert!(isbn(b"978-0-306-40615-7") && isbn(b"080442957X") && !isbn(b"0804429570"));
        assert!(isin(b"US0378331005") && !isin(b"US0378331006"));
        assert!(bic(b"DEUTDEFF500") && !bic(b"ABCDZZ2L"));
        assert!(semantic_version(b"v1.20.3-rc.1") && !semantic_version(b"01.2.3") && !semantic_version(b"1.2"));
    }

    #[test]
    fn a_pair_of_coordinates_has_decimals_and_ranges() {
        assert!(coordinates(b"52.5200, 13.4050") && !coordinates(b"95.5200,13.4050") && !coordinates(b"52,13"));
    }
}
