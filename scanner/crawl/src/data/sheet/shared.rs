//! The strings that the cells of an old workbook share ([MS-XLS] 2.4.265): how long each is.
//!
//! A cell names its string by number, and the reader copies the string into each such cell: a file of a few hundred KiB gives
//! gigabytes. Here the strings are measured as the reader will find them, none is kept.

use super::spans::CELLS;

/// Records by which a table of strings goes on. Excel writes 8 KiB into each; the reader moves all that follow at each.
const CONTINUED: usize = 16_384;

/// Bytes of each string in UTF-8, in order, of a table that `first` begins and `more` continue. `None` if it is damaged, or has
/// more strings or continuations than any that is written.
pub(super) fn lengths(first: &[u8], more: &[&[u8]]) -> Option<Vec<u32>> {
    if more.len() > CONTINUED {
        return None;
    }
    // How often strings are used, and how many there are: the reader does not look at it.
    let mut table = Table { data: first.get(8..)?, more: more.iter() };
    let mut lengths = Vec::new();
    while !table.data.is_empty() || table.goes_on() {
        if lengths.len() as u64 >= CELLS {
            return None;
        }
        lengths.push(table.string()?);
    }
    Some(lengths)
}

struct Table<'a, 'b> {
    data: &'a [u8],
    more: std::slice::Iter<'b, &'a [u8]>,
}

impl<'a> Table<'a, '_> {
    /// Goes on with the next record, if there is one.
    fn goes_on(&mut self) -> bool {
        match self.more.next() {
            Some(data) => {
                self.data = data;
                true
            }
            None => false,
        }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.data.split_at_checked(length)?;
        self.data = rest;
        Some(taken)
    }

    /// The length of the next string ([MS-XLS] 2.5.293): its head, its characters, and how they look, which is passed over.
    fn string(&mut self) -> Option<u32> {
        let [low, high, flags] = *self.take(3)?.first_chunk()?;
        let mut left = usize::from(u16::from_le_bytes([low, high]));
        let runs = if flags & 8 == 0 { 0 } else { u16::from_le_bytes(*self.take(2)?.first_chunk()?) };
        let extra = if flags & 4 == 0 { 0 } else { u32::from_le_bytes(*self.take(4)?.first_chunk()?) };
        let (mut wide, mut length) = (flags & 1 != 0, 0_u32);
        loop {
            let size = 1 + usize::from(wide);
            let here = left.min(self.data.len() / size);
            length += text(self.take(here * size)?, wide);
            left -= here;
            if left == 0 {
                break;
            }
            // A character does not lie in two records, and where a string goes on it says anew how wide its characters are.
            if !self.data.is_empty() || !self.goes_on() {
                return None;
            }
            wide = self.take(1)?.first()? & 1 != 0;
        }
        self.pass(usize::from(runs) * 4)?;
        self.pass(extra as usize)?;
        Some(length)
    }

    fn pass(&mut self, mut length: usize) -> Option<()> {
        while length > 0 {
            if self.data.is_empty() && !self.goes_on() {
                return None;
            }
            let here = length.min(self.data.len());
            self.take(here)?;
            length -= here;
        }
        Some(())
    }
}

/// Bytes in UTF-8 of characters of one or two bytes each, at the most 65 535.
fn text(characters: &[u8], wide: bool) -> u32 {
    let one = |unit: u16| match unit {
        ..0x80 => 1,
        0x80..0x800 | 0xd800..0xe000 => 2,
        _ => 3,
    };
    match wide {
        false => characters.iter().map(|byte| one(u16::from(*byte))).sum(),
        true => characters.as_chunks::<2>().0.iter().map(|unit| one(u16::from_le_bytes(*unit))).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A string as [MS-XLS] 2.5.293 writes it, with runs of so many characters.
    fn string(text: &str, wide: bool, runs: u16) -> Vec<u8> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut bytes = (units.len() as u16).to_le_bytes().to_vec();
        bytes.push(u8::from(wide) | if runs > 0 { 8 } else { 0 });
        if runs > 0 {
            bytes.extend(runs.to_le_bytes());
        }
        for unit in units {
            bytes.extend(&unit.to_le_bytes()[..1 + usize::from(wide)]);
        }
        bytes.extend(vec![7; usize::from(runs) * 4]);
        bytes
    }

    #[test]
    fn strings_are_measured_as_they_are_written() {
        let table = [
            vec![0; 8],
            string("ann", false, 0),
            string("Zoë €", true, 2),
            string("", false, 0),
            string("bob", true, 0),
        ];
        assert_eq!(lengths(&table.concat(), &[]), Some(vec![3, 8, 0, 3]));
        let mut extended = vec![0; 8];
        extended.extend([2, 0, 4, 5, 0, 0, 0, b'o', b'k', 1, 2, 3, 4, 5]);
        extended.extend(string("x", false, 0));
        assert_eq!(lengths(&extended, &[]), Some(vec![2, 1]));
    }

    #[test]
    fn a_string_goes_on_in_the_next_record_in_characters_of_another_width() {
        let begun = [&[0; 8][..], &[6, 0, 0], b"abc"].concat();
        assert_eq!(lengths(&begun, &[&[1, b'd', 0, 0xac, 0x20, b'f', 0]]), Some(vec![8]));
        assert_eq!(lengths(&begun, &[&[0, b'd', b'e', b'f', 1, 0, 0, b'x']]), Some(vec![6, 1]));
    }

    #[test]
    fn damaged_tables_are_told() {
        let whole = [vec![0; 8], string("ann", false, 1), string("bob", true, 0)].concat();
        for end in 0..whole.len() {
            let cut = whole.get(..end).unwrap_or_default();
            assert!(end == 8 || end == 20 || lengths(cut, &[]).is_none(), "{end}");
        }
        assert_eq!(lengths(&whole, &[&[]]), None, "an empty record continues nothing");
        let many = vec![&[0_u8, 0, 0][..]; CONTINUED + 1];
        assert_eq!(lengths(&whole, &many), None);
        assert!(lengths(&whole, many.get(..9).unwrap_or_default()).is_some());
    }
}
