//! One cell, summed up in one pass: what kind of thing it is, without any rule.

/// What a cell looks like; each cell is of exactly one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Kind {
    /// `true`, `no`, `t`. `0` and `1` are whole numbers.
    Bool,
    /// A whole number of none of the kinds below.
    Int,
    /// Four digits from 1900 to 2099.
    Year,
    /// Seconds or milliseconds since 1970 between 2001 and 2039.
    Epoch,
    /// A number with a point or an exponent.
    Float,
    /// A number with `%`.
    Percent,
    /// A day, whatever the order.
    Date,
    /// A day with a time.
    Timestamp,
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// 32, 40, 56, 64, 96 or 128 hexadecimal digits, or a crypt string (`$2b$…`).
    Digest,
    /// One long word of many different letters and digits: a token or cipher text.
    Opaque,
    /// Part of it is covered by `*`, `•`, `#` or `x`.
    Masked,
    /// `1.2.3`, `v4.5`.
    Version,
    /// One word.
    Word,
    /// Words and spaces.
    Words,
    /// Anything else.
    #[default]
    Other,
}

impl Kind {
    /// How many kinds there are.
    pub(crate) const COUNT: usize = 16;
}

/// A cell without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    pub(crate) kind: Kind,
    /// In bytes.
    pub(crate) len: u32,
    /// The number, if it is a whole one.
    pub(crate) int: Option<i64>,
    /// The year, if it is a date.
    pub(crate) year: Option<u16>,
    /// Whether it is a day, perhaps with a time of day, and nothing else: `2021-05-06T10:11:12.123Z`.
    moment: bool,
    /// Whether spans of text in it are worth a look.
    pub(crate) text: bool,
    /// Whether it begins as a telephone number in international form does and holds no letter.
    pub(crate) dialled: bool,
}

/// What stands for no value in exports.
pub(crate) fn is_null(cell: &str) -> bool {
    const WORDS: &[&str] =
        &["null", "nan", "none", "n/a", "na", "nil", "<na>", "#n/a", "(null)", "<null>", "undefined", "nat"];
    match cell.as_bytes() {
        [] | [b'-' | b'?'] | [b'\\', b'N'] => true,
        [b'n' | b'N' | b'<' | b'#' | b'(' | b'u' | b'U', ..] if cell.len() <= 9 => {
            WORDS.iter().any(|word| cell.eq_ignore_ascii_case(word))
        }
        _ => false,
    }
}

/// Nobody is older, in years.
const OLDEST: u8 = 130;

/// How many bytes of a cell are of each class.
struct Count<L>(L);

/// Counts, one a class, in the order of [`LANES`].
trait Lanes {
    fn of(&self, class: usize) -> usize;
}

/// Of a cell of at most 255 bytes: as they were added, for taking all of them apart costs as much as adding them.
struct Narrow(Sums);

impl Lanes for Narrow {
    #[inline]
    fn of(&self, class: usize) -> usize {
        let [low, high] = self.0;
        usize::from(if class < 8 { low >> (class * 8) } else { high >> ((class - 8) * 8) } as u8)
    }
}

/// Of any cell.
struct Wide([usize; 16]);

impl Lanes for Wide {
    fn of(&self, class: usize) -> usize {
        self.0.get(class).copied().unwrap_or(0)
    }
}

/// Sixteen lanes of eight bits.
type Sums = [u64; 2];

/// One lane a class, so that one addition counts a byte: digits, small letters, capitals, blanks, dashes, dots, bytes beyond ASCII,
/// colons, slashes, `@`, covers, what encodings use beside letters and digits, and all others.
static LANES: [Sums; 256] = lanes();

#[expect(clippy::indexing_slicing, reason = "a constant is computed by the compiler, which sees the bounds")]
const fn lanes() -> [Sums; 256] {
    let mut lanes = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        let class = match byte as u8 {
            b'0'..=b'9' => 0,
            b'a'..=b'z' => 1,
            b'A'..=b'Z' => 2,
            b' ' | b'\t' | b'\n' | b'\r' => 3,
            b'-' => 4,
            b'.' => 5,
            0x80.. => 6,
            b':' => 7,
            b'/' => 8,
            b'@' => 9,
            b'*' | b'#' => 10,
            b'+' | b'=' | b'_' => 11,
            _ => 12,
        };
        lanes[byte][class / 8] = 1 << (class % 8 * 8);
        byte += 1;
    }
    lanes
}

/// Digits, small letters, capitals and all other bytes.
#[expect(clippy::indexing_slicing, reason = "a constant is computed by the compiler, which sees the bounds")]
static CLASSES: [u8; 256] = {
    let mut classes = [3; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => 0,
            b'a'..=b'z' => 1,
            b'A'..=b'Z' => 2,
            _ => 3,
        };
        byte += 1;
    }
    classes
};

/// The sums over `cell`, of at most 255 bytes.
fn added(cell: &[u8]) -> Sums {
    let and = |[a, b]: Sums, [c, d]: Sums| [a.wrapping_add(c), b.wrapping_add(d)];
    let of = |byte: u8| LANES.get(usize::from(byte)).copied().unwrap_or_default();
    // Two sums side by side: no addition waits for the one before.
    let (fours, rest) = cell.as_chunks::<4>();
    let (mut one, mut other) = ([0; 2], [0; 2]);
    for [a, b, c, d] in fours {
        one = and(one, and(of(*a), of(*b)));
        other = and(other, and(of(*c), of(*d)));
    }
    rest.iter().fold(and(one, other), |sum, byte| and(sum, of(*byte)))
}

/// The sums over `cell`, part by part.
fn added_up(cell: &[u8]) -> Wide {
    let mut sums = [0; 16];
    for part in cell.chunks(LONGEST_NARROW).map(added) {
        let lanes = part.into_iter().flat_map(u64::to_le_bytes);
        sums.iter_mut().zip(lanes).for_each(|(sum, lane)| *sum += usize::from(lane));
    }
    Wide(sums)
}

/// A lane holds no more.
const LONGEST_NARROW: usize = 255;

impl<L: Lanes> Count<L> {
    fn digits(&self) -> usize {
        self.0.of(0)
    }

    fn lower(&self) -> usize {
        self.0.of(1)
    }

    fn upper(&self) -> usize {
        self.0.of(2)
    }

    fn spaces(&self) -> usize {
        self.0.of(3)
    }

    fn dashes(&self) -> usize {
        self.0.of(4)
    }

    fn dots(&self) -> usize {
        self.0.of(5)
    }

    fn high(&self) -> usize {
        self.0.of(6)
    }

    fn colons(&self) -> usize {
        self.0.of(7)
    }

    fn slashes(&self) -> usize {
        self.0.of(8)
    }

    fn at(&self) -> usize {
        self.0.of(9)
    }

    fn covers(&self) -> usize {
        self.0.of(10)
    }

    fn encoding(&self) -> usize {
        self.0.of(11)
    }

    fn other(&self) -> usize {
        self.0.of(12)
    }

    fn letters(&self) -> usize {
        self.lower() + self.upper()
    }
}

impl Summary {
    /// The summary of `cell`, trimmed and not null.
    pub(crate) fn of(cell: &str) -> Summary {
        match cell.len() <= LONGEST_NARROW {
            true => Summary::by(cell, &Count(Narrow(added(cell.as_bytes())))),
            false => Summary::by(cell, &Count(added_up(cell.as_bytes()))),
        }
    }

    /// That of the digits of a whole number, behind a minus sign if it is negative.
    pub(crate) fn whole(cell: &str, number: i64) -> Summary {
        let mut summary = Summary { len: length(cell), int: Some(number), ..Summary::default() };
        summary.kind = summary.kind_of_whole(cell.len() - usize::from(number < 0));
        summary
    }

    /// That of digits with one point among them, behind a minus sign if they are negative.
    pub(crate) fn fraction(cell: &str) -> Summary {
        Summary { kind: Kind::Float, len: length(cell), ..Summary::default() }
    }

    fn by(cell: &str, n: &Count<impl Lanes>) -> Summary {
        let len = cell.len();
        let mut summary = Summary {
            kind: Kind::Other,
            len: length(cell),
            int: None,
            year: None,
            moment: false,
            text: false,
            dialled: cell.starts_with('+') && n.letters() + n.high() + n.at() == 0,
        };
        summary.kind = summary
            .numeric(cell, n)
            .or_else(|| summary.dated(cell, n))
            .or_else(|| coded(cell, n))
            .unwrap_or_else(|| worded(cell, n));
        summary.text = len >= LEAST_TEXT
            && (n.digits() >= LEAST_DIGITS || n.at() > 0)
            && !summary.moment
            && (n.spaces() > 0 || n.other() > 0 || n.colons() > 0 || n.encoding() > 0);
        summary
    }

    /// The whole years of a number that can be somebody's age.
    pub(crate) fn years(&self, cell: &str) -> Option<u8> {
        let years = match self.kind {
            Kind::Int => self.int?,
            Kind::Float => i64::from(whole_part(cell.as_bytes())?),
            _ => return None,
        };
        u8::try_from(years).ok().filter(|years| *years <= OLDEST)
    }

    fn numeric(&mut self, cell: &str, n: &Count<impl Lanes>) -> Option<Kind> {
        if n.digits() == 0 || n.digits() + n.dashes() + n.dots() + 4 < cell.len() {
            return None;
        }
        let plain = cell.strip_prefix(['-', '+']).unwrap_or(cell);
        if n.digits() == plain.len() {
            self.int = whole_number(cell.as_bytes(), plain.as_bytes());
            return Some(self.kind_of_whole(plain.len()));
        }
        if let Some(number) = plain.strip_suffix('%') {
            return number.trim_end().parse::<f64>().is_ok().then_some(Kind::Percent);
        }
        // Without a letter the counts alone tell; with one it must be an exponent.
        let float = match n.letters() {
            0 => n.dots() <= 1 && n.digits() + n.dots() == plain.len(),
            1 => n.dots() <= 1 && is_float(plain.as_bytes()),
            _ => false,
        };
        float.then_some(Kind::Float)
    }

    /// What a whole number of so many digits is.
    fn kind_of_whole(&self, digits: usize) -> Kind {
        match (digits, self.int) {
            (4, Some(1900..=2099)) => Kind::Year,
            (10, Some(1_000_000_000..=2_200_000_000)) | (13, Some(1_000_000_000_000..=2_200_000_000_000)) => {
                Kind::Epoch
            }
            _ => Kind::Int,
        }
    }

    /// Days as `2001-02-03`, `2001/02/03`, `03.02.2001`, `2/3/2001`, with or without a time.
    fn dated(&mut self, cell: &str, n: &Count<impl Lanes>) -> Option<Kind> {
        if n.digits() < 6 || cell.len() > 35 || (n.dashes().max(n.dots()) < 2 && n.slashes() < 2) {
            return None;
        }
        // Without what stands before a time there are three numbers and what joins them.
        if n.letters() + n.spaces() == 0 && n.digits() + 2 != cell.len() {
            return None;
        }
        let a = Number::of(cell.as_bytes())?;
        if !matches!(a.joint, Some(b'-' | b'/' | b'.')) {
            return None;
        }
        let b = Number::of(a.rest)?;
        let c = Number::of(b.rest)?;
        if a.joint != b.joint || !matches!(c.joint, None | Some(b' ' | b'T' | b't')) {
            return None;
        }
        let (year, one, other) = if a.length == 4 { (a, b, c) } else { (c, a, b) };
        let small = |part: Number<'_>, most: u16| part.length <= 2 && (1..=most).contains(&part.value);
        let days = (small(one, 12) && small(other, 31)) || (small(one, 31) && small(other, 12));
        if year.length != 4 || !days || !(1800..=2199).contains(&year.value) {
            return None;
        }
        let year = year.value;
        self.year = Some(year);
        self.moment = c.joint.is_none() || is_time(c.rest);
        let before = c.rest.iter().take_while(|byte| matches!(byte, b' ' | b'T' | b't')).count();
        let rest = c.rest.get(before..).unwrap_or_default();
        // Exports of a day often carry a midnight that nobody entered.
        let midnight = rest.is_empty()
            || (rest.starts_with(b"00:00") && rest.iter().all(|b| matches!(b, b'0' | b':' | b'.' | b'Z' | b'+')));
        match midnight {
            true => Some(Kind::Date),
            false => rest.first().is_some_and(u8::is_ascii_digit).then_some(Kind::Timestamp),
        }
    }
}

/// In bytes.
fn length(cell: &str) -> u32 {
    u32::try_from(cell.len()).unwrap_or(u32::MAX)
}

/// The number of the `digits`, before which `cell` may have a sign; `None` if it does not fit.
fn whole_number(cell: &[u8], digits: &[u8]) -> Option<i64> {
    // Eighteen digits always fit.
    if digits.len() > 18 {
        return std::str::from_utf8(cell).ok()?.parse().ok();
    }
    let number = digits.iter().fold(0, |number: i64, digit| number * 10 + i64::from(digit.wrapping_sub(b'0')));
    Some(if cell.first() == Some(&b'-') { -number } else { number })
}

/// The digits before the point of a number without a minus sign, if they are few enough for somebody's age.
fn whole_part(cell: &[u8]) -> Option<u16> {
    let cell = cell.strip_prefix(b"+").unwrap_or(cell);
    match cell {
        [a @ b'0'..=b'9', b'.', ..] => Some(u16::from(a - b'0')),
        [a @ b'0'..=b'9', b @ b'0'..=b'9', b'.', ..] => Some(u16::from(a - b'0') * 10 + u16::from(b - b'0')),
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b'.', ..] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

/// Whether `time` is a time of day and nothing else: `10:11`, `10:11:12.123Z`.
fn is_time(time: &[u8]) -> bool {
    let [one, other, rest @ ..] = time else { return false };
    if !one.is_ascii_digit() || !other.is_ascii_digit() {
        return false;
    }
    let Some(rest) = two_digits(rest, b":") else { return false };
    let rest = two_digits(rest, b":").unwrap_or(rest);
    let zone = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if (1..=9).contains(&digits) { fraction.get(digits..).unwrap_or_default() } else { rest }
        }
        _ => rest,
    };
    let is_whole = |rest: &[u8]| rest.is_empty() || two_digits(rest, b":").is_some_and(<[u8]>::is_empty);
    matches!(zone, [] | [b'Z' | b'z']) || two_digits(zone, b"+-").is_some_and(is_whole)
}

/// What follows one of `joints` and two digits at the beginning of `text`.
fn two_digits<'a>(text: &'a [u8], joints: &[u8]) -> Option<&'a [u8]> {
    match text {
        [joint, one, other, rest @ ..] if joints.contains(joint) && one.is_ascii_digit() && other.is_ascii_digit() => {
            Some(rest)
        }
        _ => None,
    }
}

/// The number that a text begins with, and what follows it.
#[derive(Debug, Clone, Copy)]
struct Number<'a> {
    /// Digits, one to four.
    length: usize,
    value: u16,
    /// The byte behind it.
    joint: Option<u8>,
    rest: &'a [u8],
}

impl Number<'_> {
    fn of(text: &[u8]) -> Option<Number<'_>> {
        let (mut length, mut value) = (0, 0_u16);
        while let Some(digit) = text.get(length).filter(|byte| byte.is_ascii_digit()) {
            if length == 4 {
                return None;
            }
            value = value * 10 + u16::from(digit - b'0');
            length += 1;
        }
        if length == 0 {
            return None;
        }
        let rest = text.get(length + 1..).unwrap_or_default();
        Some(Number { length, value, joint: text.get(length).copied(), rest })
    }
}

/// Digits with one point, an exponent or both.
fn is_float(number: &[u8]) -> bool {
    let (mantissa, exponent) = match number.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (number.get(..at), number.get(at + 1..)),
        None => (Some(number), None),
    };
    let mantissa = mantissa.unwrap_or_default();
    let points = mantissa.iter().filter(|byte| **byte == b'.').count();
    let digits = mantissa.iter().filter(|byte| byte.is_ascii_digit()).count();
    let exponent_fits = exponent.is_none_or(|exponent| {
        let plain = exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
        (1..=4).contains(&plain.len()) && plain.iter().all(u8::is_ascii_digit)
    });
    points <= 1 && digits > 0 && points + digits == mantissa.len() && exponent_fits
}

/// The least length of a cell that is looked through for spans.
const LEAST_TEXT: usize = 12;

/// The least digits of a span worth a look.
const LEAST_DIGITS: usize = 7;

fn coded(cell: &str, n: &Count<impl Lanes>) -> Option<Kind> {
    let len = cell.len();
    if len == 36 && n.dashes() == 4 && is_uuid(cell.as_bytes()) {
        return Some(Kind::Uuid);
    }
    if matches!(len, 32 | 40 | 56 | 64 | 96 | 128)
        && n.letters() > 0
        && n.digits() + n.letters() == len
        && cell.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return Some(Kind::Digest);
    }
    if cell.starts_with('$') && len >= 30 && cell.matches('$').count() >= 2 && n.spaces() == 0 {
        return Some(Kind::Digest);
    }
    if is_masked(cell, n) {
        return Some(Kind::Masked);
    }
    if n.spaces() == 0 && n.high() == 0 && is_opaque(cell, n) {
        return Some(Kind::Opaque);
    }
    (n.dots() > 0 && n.digits() >= 2 && n.spaces() == 0 && is_version(cell.as_bytes())).then_some(Kind::Version)
}

/// Whether it is 8-4-4-4-12 hexadecimal digits.
fn is_uuid(cell: &[u8]) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    cell.iter().enumerate().all(|(at, byte)| if dash(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// Two to four numbers of at most five digits, joined by points, perhaps behind a `v` and before a suffix. Four bytes with points
/// are an address as well as a version.
fn is_version(cell: &[u8]) -> bool {
    let cell = cell.strip_prefix(b"v").or_else(|| cell.strip_prefix(b"V")).unwrap_or(cell);
    let (mut parts, mut digits, mut value, mut bytes) = (1, 0, 0_u32, 0);
    let mut close = |digits: usize, value: u32| {
        bytes += usize::from(value <= 255);
        digits > 0
    };
    for &byte in cell {
        match byte {
            // No number of five digits is beyond its bits.
            b'0'..=b'9' if digits < 5 => (digits, value) = (digits + 1, value * 10 + u32::from(byte - b'0')),
            b'.' if parts < 4 && close(digits, value) => (parts, digits, value) = (parts + 1, 0, 0),
            b'-' | b'+' => break,
            _ => return false,
        }
    }
    close(digits, value) && parts >= 2 && !(parts == 4 && bytes == 4)
}

fn is_masked(cell: &str, n: &Count<impl Lanes>) -> bool {
    if n.high() >= 6 && cell.matches(['•', '█', '●']).count() >= 2 {
        return true;
    }
    if n.covers() >= 2 && (cell.contains("**") || cell.contains("##")) {
        return n.letters() + n.digits() + n.covers() + 8 >= cell.len();
    }
    // `xxx-xx-1234`, `XXXXXXXXXXXX4242`: covers and at most a rest of digits.
    n.letters() >= 3
        && (n.letters() >= n.digits() || n.dashes() > 0)
        && cell.bytes().filter(u8::is_ascii_alphabetic).all(|byte| matches!(byte, b'x' | b'X'))
}

/// One run of at least 20 letters and digits that changes between capitals, small letters and digits
/// more often than words and numbers do; also what names itself a token or cipher text.
fn is_opaque(cell: &str, n: &Count<impl Lanes>) -> bool {
    let len = cell.len();
    if matches!(cell.as_bytes().first(), Some(b'v' | b'E' | b'e' | b't' | b'g'))
        && ["vault:v", "ENC[", "enc:", "tok_", "gAAAA"].iter().any(|prefix| cell.starts_with(prefix))
    {
        return true;
    }
    let word = n.letters() + n.digits() + n.encoding() + n.slashes() + n.dashes();
    if len < 20 || word < len || n.slashes() > len / 8 || n.letters() == 0 || n.digits() == 0 {
        return false;
    }
    // A byte that is not of the most frequent class makes two changes at the most.
    let most = n.digits().max(n.lower()).max(n.upper()).max(len - n.letters() - n.digits());
    if 8 * (len - most) < len {
        return false;
    }
    let class = |byte: &u8| CLASSES.get(usize::from(*byte)).copied().unwrap_or(0);
    let bytes = cell.as_bytes();
    let changes = bytes.iter().zip(bytes.iter().skip(1)).filter(|(a, b)| class(a) != class(b)).count();
    changes * 4 >= len && (n.upper() == 0 || n.lower() == 0 || n.digits() * 24 >= len)
}

fn worded(cell: &str, n: &Count<impl Lanes>) -> Kind {
    if n.digits() == 0
        && cell.len() <= 5
        && ["true", "false", "yes", "no", "t", "f", "y", "n"].iter().any(|word| cell.eq_ignore_ascii_case(word))
    {
        return Kind::Bool;
    }
    let letters = n.letters() + n.high();
    match (letters > 0, n.spaces() > 0) {
        (true, true) => Kind::Words,
        (true, false) if n.at() == 0 && letters + n.dashes() + n.encoding() + n.dots() == cell.len() => Kind::Word,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests;
