//! Numbers as text, without a new text for each.

/// Room for one number.
#[derive(Debug)]
pub(super) struct Digits([u8; 40]);

impl Default for Digits {
    fn default() -> Digits {
        Digits([0; 40])
    }
}

/// Decimal places of a fraction that is written without the shortest-digits search.
const PLACES: usize = 4;
const SCALE: u64 = 10_000;

/// Numbers of at most fifteen digits are told apart by their nearest floats (IEEE 754-2019, 5.12.2; DBL_DIG of C).
const LARGEST: f64 = 1e15;

impl Digits {
    /// A whole number of up to 64 bits.
    pub(super) fn of(&mut self, number: i128) -> &str {
        let from = self.put(self.0.len(), u64::try_from(number.unsigned_abs()).unwrap_or(u64::MAX), 1);
        self.from(from, number < 0)
    }

    /// A number with a fraction of a few digits, with the fewest digits that tell it from all others and at least one behind the
    /// point; `None` for every other.
    ///
    /// If the nearest float to a decimal of at most fifteen digits is `number`, no other such decimal has the same, so it is the shortest.
    pub(super) fn float(&mut self, number: f64) -> Option<&str> {
        let scaled = number.abs() * SCALE as f64 + 0.5;
        // Neither a number of more digits nor one that is none.
        if number == 0.0 || scaled.is_nan() || scaled >= LARGEST {
            return None;
        }
        let scaled = scaled as u64;
        if scaled as f64 / SCALE as f64 != number.abs() {
            return None;
        }
        let (whole, mut fraction, mut places) = (scaled / SCALE, scaled % SCALE, PLACES);
        while places > 1 && fraction % 10 == 0 {
            (fraction, places) = (fraction / 10, places - 1);
        }
        let point = self.put(self.0.len(), fraction, places) - 1;
        if let Some(byte) = self.0.get_mut(point) {
            *byte = b'.';
        }
        let from = self.put(point, whole, 1);
        Some(self.from(from, number < 0.0))
    }

    /// Writes `number` with at least so many digits before the place `end`; gives the place of the first.
    fn put(&mut self, end: usize, mut number: u64, least: usize) -> usize {
        let mut from = end;
        while number > 0 || end - from < least {
            from -= 1;
            if let Some(digit) = self.0.get_mut(from) {
                *digit = b'0' + (number % 10) as u8;
            }
            number /= 10;
        }
        from
    }

    /// What stands from there on, with a sign before it if it is negative.
    fn from(&mut self, mut from: usize, negative: bool) -> &str {
        if negative {
            from -= 1;
            if let Some(sign) = self.0.get_mut(from) {
                *sign = b'-';
            }
        }
        self.0.get(from..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Float64Array};
    use arrow::util::display::array_value_to_string;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_written_as_numbers() {
        let mut digits = Digits::default();
        for number in [0, 7, -12, i128::from(i64::MIN), i128::from(u64::MAX)] {
            assert_eq!(digits.of(number), number.to_string());
        }
        for (number, text) in
            [(1.0, "1.0"), (-0.05, "-0.05"), (1234.5, "1234.5"), (99_999_999_999.999_9, "99999999999.9999")]
        {
            assert_eq!(digits.float(number), Some(text));
        }
        for number in [0.0, -0.0, 1e11, 0.1 + 0.2, 0.000_01, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
            assert_eq!(digits.float(number), None, "{number}");
        }
    }

    fn as_arrow(number: f64) -> String {
        let array: ArrayRef = std::sync::Arc::new(Float64Array::from(vec![number]));
        array_value_to_string(&array, 0).unwrap()
    }

    proptest! {
        #[test]
        fn fractions_are_written_as_arrow_writes_them(whole in 0_u64..200_000_000, places in 0..7, any: f64, bits: u64) {
            let decimal = whole as f64 / 10_f64.powi(places);
            for number in [decimal, -decimal, any, f64::from_bits(bits), decimal + f64::EPSILON, decimal * 1e6] {
                if let Some(text) = Digits::default().float(number) {
                    prop_assert_eq!(text, as_arrow(number));
                }
            }
        }
    }
}
