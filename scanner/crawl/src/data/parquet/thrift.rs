//! Structures in the compact protocol of Thrift, walked before a decoder counts or allocates by what they claim.
//!
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

/// Nesting of fields that are not known.
const DEPTH: usize = 32;

/// Booleans in lists, sets and maps that are not known: a decoder that passes over them takes no byte for one, so they are counted.
pub(super) const FLAGS: usize = 1024;

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Type {
    Bool,
    Byte,
    /// Of 16, 32 or 64 bits, which are all written alike.
    Number,
    Double,
    Binary,
    Struct(&'static [Field]),
    List(&'static Type),
}

/// A known field by its number.
pub(super) type Field = (i16, Type);

/// Why a structure cannot be walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The bytes end, or what they claim to hold cannot be in those that are left.
    Short,
    /// More bytes would not mend it.
    Wrong,
}

/// What was walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walked {
    /// Bytes of the structure.
    pub(super) length: usize,
    /// Fields and items in it, which are at most its bytes and [`FLAGS`].
    pub(super) steps: usize,
}

/// A field of the structure, or of one that the structure holds itself or in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The field that holds the inner structure; 0 for the outer one.
    pub(super) within: i16,
    /// The field; 0 for the end of the structure.
    pub(super) field: i16,
    /// Its number; 0 if it is none.
    pub(super) number: i64,
}

/// Walks the structure of `fields` that `bytes` begin with. A known field must have its type, since decoders do not ask which
/// one is written; others are passed over as decoders do.
///
/// # Errors
/// The bytes are no such structure.
pub(super) fn walk(bytes: &[u8], fields: &'static [Field], mut see: impl FnMut(Seen)) -> Result<Walked, Fault> {
    let mut walker = Walker { left: bytes, steps: 0, flags: 0, see: &mut see };
    walker.known(fields, 0, 0)?;
    Ok(Walked { length: bytes.len() - walker.left.len(), steps: walker.steps })
}

struct Walker<'a, 'f> {
    left: &'a [u8],
    steps: usize,
    flags: usize,
    see: &'f mut dyn FnMut(Seen),
}

impl Walker<'_, '_> {
    fn known(&mut self, fields: &'static [Field], depth: usize, within: i16) -> Result<(), Fault> {
        let mut last = 0;
        while let Some((field, written)) = self.field(last)? {
            let number = match fields.iter().find(|(known, _)| *known == field) {
                Some((_, kind)) => self.value(*kind, written, depth, field)?,
                None => self.pass(written, DEPTH).map(|()| 0)?,
            };
            if depth < 2 {
                (self.see)(Seen { within, field, number });
            }
            last = field;
        }
        if depth < 2 {
            (self.see)(Seen { within, field: 0, number: 0 });
        }
        Ok(())
    }

    /// A value of `kind`, which is written as the type `written`; the number that it is, else 0.
    fn value(&mut self, kind: Type, written: u8, depth: usize, field: i16) -> Result<i64, Fault> {
        match (kind, written) {
            (Type::Bool, 1 | 2) => {}
            (Type::Byte, 3) => self.take(1)?,
            (Type::Number, 4..=6) => return self.signed(),
            (Type::Double, 7) => self.take(8)?,
            (Type::Binary, 8) => self.binary()?,
            (Type::Struct(fields), 12) => self.known(fields, depth + 1, field)?,
            (Type::List(item), 9) => {
                let (count, written) = self.items()?;
                for _ in 0..self.fitting(count)? {
                    self.steps += 1;
                    self.value(*item, written, depth, field)?;
                }
            }
            _ => return Err(Fault::Wrong),
        }
        Ok(0)
    }

    /// Passes over a value of the type `written`.
    fn pass(&mut self, written: u8, depth: usize) -> Result<(), Fault> {
        let depth = depth.checked_sub(1).ok_or(Fault::Wrong)?;
        match written {
            1 | 2 => Ok(()),
            3 => self.take(1),
            4..=6 => self.unsigned().map(|_| ()),
            7 => self.take(8),
            8 => self.binary(),
            9 | 10 => {
                let (count, item) = self.items()?;
                self.pass_items(count, &[item], depth)
            }
            11 => match self.unsigned()? {
                0 => Ok(()),
                count => {
                    let types = self.byte()?;
                    self.pass_items(count, &[types >> 4, types & 0xf], depth)
                }
            },
            12 => {
                while let Some((_, written)) = self.field(0)? {
                    self.pass(written, depth)?;
                }
                Ok(())
            }
            13 => self.take(16),
            _ => Err(Fault::Wrong),
        }
    }

    /// Passes over `count` items that each have values of these types.
    fn pass_items(&mut self, count: u64, types: &[u8], depth: usize) -> Result<(), Fault> {
        if types.iter().all(|written| matches!(written, 1 | 2)) {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            self.flags = self.flags.saturating_add(count);
            self.steps = self.steps.saturating_add(count);
            return if self.flags > FLAGS { Err(Fault::Wrong) } else { Ok(()) };
        }
        for _ in 0..self.fitting(count)? {
            self.steps += 1;
            for written in types {
                self.pass(*written, depth)?;
            }
        }
        Ok(())
    }

    /// The number and type of the next field; `None` at the end of the structure.
    fn field(&mut self, last: i16) -> Result<Option<(i16, u8)>, Fault> {
        let header = self.byte()?;
        let (step, written) = (i16::from(header >> 4), header & 0xf);
        if written == 0 {
            return Ok(None);
        }
        self.steps += 1;
        let field = match step {
            0 => i16::try_from(self.signed()?).map_err(|_| Fault::Wrong)?,
            step => last.checked_add(step).ok_or(Fault::Wrong)?,
        };
        Ok(Some((field, written)))
    }

    /// How many items a list has and their type.
    fn items(&mut self) -> Result<(u64, u8), Fault> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => self.unsigned()?,
            count => u64::from(count),
        };
        Ok((count, header & 0xf))
    }

    /// `count`, if so many items of a byte each are left.
    fn fitting(&self, count: u64) -> Result<u64, Fault> {
        if count > self.left.len() as u64 { Err(Fault::Short) } else { Ok(count) }
    }

    fn binary(&mut self) -> Result<(), Fault> {
        let length = self.unsigned()?;
        self.take(length)
    }

    fn take(&mut self, count: u64) -> Result<(), Fault> {
        let count = usize::try_from(count).map_err(|_| Fault::Short)?;
        self.left = self.left.get(count..).ok_or(Fault::Short)?;
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let (first, left) = self.left.split_first().ok_or(Fault::Short)?;
        self.left = left;
        Ok(*first)
    }

    fn unsigned(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::Wrong)
    }

    fn signed(&mut self) -> Result<i64, Fault> {
        let number = self.unsigned()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::form::{FOOTER, PAGE};
    use super::*;

    fn walked(bytes: &[u8]) -> Result<Walked, Fault> {
        walk(bytes, FOOTER, |_| {})
    }

    /// A list header of 2^31 - 1 booleans as field `step` beyond the last.
    const MANY: [u8; 7] = [0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07];

    #[test]
    fn booleans_of_lists_that_are_not_known_are_counted() {
        // Field 15 is not known; the walk ends at the first of a thousand lists.
        let mut bytes = MANY.repeat(1_000);
        bytes.push(0);
        assert_eq!(walked(&bytes), Err(Fault::Wrong));
        // Two lists of 512, a set and a map of none.
        let flags = |count: [u8; 2]| [&[0xf9, 0xf1], &count[..]].concat();
        let mut bytes = [flags([0x80, 0x04]), flags([0x80, 0x04]), vec![0x1a, 0x02, 0x1b, 0x00]].concat();
        bytes.push(0);
        assert_eq!(walked(&bytes), Ok(Walked { length: 13, steps: 4 + FLAGS }));
        // One more of a map from boolean to boolean.
        bytes.pop();
        bytes.extend([0x1b, 0x01, 0x11, 0]);
        assert_eq!(walked(&bytes), Err(Fault::Wrong));
        // Deep inside a structure of a list of a page.
        let deep = [&[0xf9, 0x1c][..], &MANY, &[0, 0]].concat();
        assert_eq!(walk(&deep, PAGE, |_| {}), Err(Fault::Wrong));
    }

    #[test]
    fn a_known_field_has_its_type_and_lists_fit() {
        // version: i32 1; num_rows: i64 2.
        let mut seen = Vec::new();
        let whole = walk(&[0x15, 0x02, 0x26, 0x04, 0], FOOTER, |of| seen.push((of.within, of.field, of.number)));
        assert_eq!((whole, seen), (Ok(Walked { length: 5, steps: 2 }), vec![(0, 1, 1), (0, 3, 2), (0, 0, 0)]));
        for (bytes, fault) in [
            (&[0x18, 0x01, b'a', 0][..], Fault::Wrong),      // version as text
            (&[0x29, 0xfc, 0xff, 0x7f, 0], Fault::Short),    // a schema of 16 383 elements in one byte
            (&[0x29, 0x15, 0x00, 0], Fault::Wrong),          // a schema of numbers
            (&[0x68, 0xff, 0xff, 0xff, 0x7f], Fault::Short), // created by a text of 256 MiB
            (&[0x15, 0x02], Fault::Short),                   // no end
            (&[0x15, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0], Fault::Wrong),
        ] {
            assert_eq!(walked(bytes), Err(fault), "{bytes:x?}");
        }
        let nested = [vec![0xf9], vec![0x19; 100], vec![0x03, 0x00, 0x00]].concat();
        assert_eq!(walked(&nested), Err(Fault::Wrong));
    }

    proptest! {
        #[test]
        fn any_bytes_take_no_more_steps_than_they_are(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for fields in [FOOTER, PAGE] {
                let mut seen = 0;
                if let Ok(walked) = walk(&bytes, fields, |_| seen += 1) {
                    prop_assert!(walked.length <= bytes.len());
                    prop_assert!(walked.steps <= walked.length + FLAGS);
                }
                prop_assert!(seen <= bytes.len());
            }
        }
    }
}
