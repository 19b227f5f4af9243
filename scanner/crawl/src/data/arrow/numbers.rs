//! Numbers as text, without a new text for each.

use aedile_rules::Number;

/// Numbers one behind the other in one text.
#[derive(Debug, Default)]
pub(super) struct Written {
    text: Vec<u8>,
    /// Where each ends, and what it is.
    cells: Vec<(usize, Form)>,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Nothing,
    Whole(i64),
    Fraction,
    Other,
}

impl Written {
    /// Adds a cell without a value.
    pub(super) fn nothing(&mut self) {
        self.end(Form::Nothing);
    }

    /// Adds a whole number of up to 64 bits.
    pub(super) fn whole(&mut self, number: i128) {
        let mut digits = Digits::default();
        digits.put(u64::try_from(number.unsigned_abs()).unwrap_or(u64::MAX), 1);
        self.add(digits, number < 0);
        self.end(i64::try_from(number).map_or(Form::Other, Form::Whole));
    }

    /// Adds a number with a fraction of a few digits, with the fewest digits that tell it from all others and at least one behind
    /// the point; every other as `text` gives it.
    ///
    /// If the nearest float to a decimal of at most fifteen digits is `number`, no other such decimal has the same, so it is the shortest.
    pub(super) fn float(&mut self, number: f64, text: impl FnOnce() -> Option<String>) {
        match Digits::of(number) {
            Some(digits) => {
                self.add(digits, number < 0.0);
                self.end(Form::Fraction);
            }
            None => {
                self.text.extend(text().unwrap_or_default().bytes());
                self.end(Form::Other);
            }
        }
    }

    fn add(&mut self, mut digits: Digits, negative: bool) {
        if negative {
            digits.byte(b'-');
        }
        self.text.extend_from_slice(digits.bytes.get(digits.from..).unwrap_or_default());
    }

    fn end(&mut self, form: Form) {
        self.cells.push((self.text.len(), form));
    }

    /// The cells, in order.
    pub(super) fn cells(&self) -> impl Iterator<Item = Option<Number<'_>>> {
        let all = std::str::from_utf8(&self.text).unwrap_or_default();
        let mut start = 0;
        self.cells.iter().map(move |&(end, form)| {
            let text = all.get(start..end).unwrap_or_default();
            start = end;
            match form {
                Form::Nothing => None,
                Form::Whole(number) => Some(Number::Whole(text, number)),
                Form::Fraction => Some(Number::Fraction(text)),
                Form::Other => Some(Number::Other(text)),
            }
        })
    }

    /// The texts of the cells, in order.
    pub(super) fn texts(&self) -> impl Iterator<Item = Option<&str>> {
        self.cells().map(|cell| {
            cell.map(|cell| match cell {
                Number::Whole(text, _) | Number::Fraction(text) | Number::Other(text) => text,
            })
        })
    }
}

/// One number, written from its end.
struct Digits {
    bytes: [u8; 40],
    /// Where it begins.
    from: usize,
}

impl Default for Digits {
    fn default() -> Digits {
        Digits { bytes: [0; 40], from: 40 }
    }
}

/// Decimal places of a fraction that is written without the shortest-digits search.
const PLACES: usize = 4;
const SCALE: u64 = 10_000;

/// Numbers of at most fifteen digits are told apart by their nearest floats (IEEE 754-2019, 5.12.2; DBL_DIG of C).
const LARGEST: f64 = 1e15;

/// The numbers below a hundred, of two digits each.
#[expect(clippy::indexing_slicing, reason = "a constant is computed by the compiler, which sees the bounds")]
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < pairs.len() {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

impl Digits {
    /// A number with a fraction of at most [`PLACES`] digits, without its sign; `None` for every other.
    fn of(number: f64) -> Option<Digits> {
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
        let mut digits = Digits::default();
        digits.put(fraction, places);
        digits.byte(b'.');
        digits.put(whole, 1);
        Some(digits)
    }

    /// Writes `number` with at least so many digits before what is written.
    fn put(&mut self, mut number: u64, least: usize) {
        let end = self.from;
        while number >= 10 {
            let pair = PAIRS.get((number % 100) as usize).copied().unwrap_or_default();
            self.from -= pair.len();
            if let Some(to) = self.bytes.get_mut(self.from..self.from + pair.len()) {
                to.copy_from_slice(&pair);
            }
            number /= 100;
        }
        if number > 0 {
            self.byte(b'0' + number as u8);
        }
        while end - self.from < least {
            self.byte(b'0');
        }
    }

    fn byte(&mut self, byte: u8) {
        self.from -= 1;
        if let Some(to) = self.bytes.get_mut(self.from) {
            *to = byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Float64Array};
    use arrow::util::display::array_value_to_string;
    use proptest::prelude::*;

    use super::*;

    fn written(number: f64) -> Option<String> {
        let mut written = Written::default();
        written.float(number, || None);
        written.texts().next().flatten().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    #[test]
    fn numbers_are_written_as_numbers() {
        let numbers = [0, 7, -12, 100, 90_071, i128::from(i64::MIN), i128::from(u64::MAX)];
        let mut all = Written::default();
        all.nothing();
        numbers.iter().for_each(|number| all.whole(*number));
        let cells: Vec<Option<String>> = all.texts().map(|cell| cell.map(str::to_owned)).collect();
        assert_eq!(cells.split_first().unwrap(), (&None, &numbers.map(|number| Some(number.to_string()))[..]));
        let is_whole = |cell: Option<Number<'_>>| matches!(cell, Some(Number::Whole(text, n)) if text == n.to_string());
        assert_eq!(all.cells().filter(|cell| is_whole(*cell)).count(), numbers.len() - 1, "one is beyond 63 bits");
        for (number, text) in
            [(1.0, "1.0"), (-0.05, "-0.05"), (1234.5, "1234.5"), (99_999_999_999.999_9, "99999999999.9999")]
        {
            assert_eq!(written(number).as_deref(), Some(text));
        }
        for number in [0.0, -0.0, 1e11, 0.1 + 0.2, 0.000_01, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
            assert_eq!(written(number), None, "{number}");
        }
        let mut other = Written::default();
        other.float(1e300, || Some("1e300".to_owned()));
        assert!(other.texts().eq([Some("1e300")]));
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
                if let Some(text) = written(number) {
                    prop_assert_eq!(text, as_arrow(number));
                }
            }
        }
    }
}
