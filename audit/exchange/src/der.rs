//! Just enough of DER to write a time-stamp request and to read the answer.
//!
//! Source: ITU-T X.690. Definite lengths only, at most four bytes of them; nothing is copied, nothing recurses.

/// SEQUENCE.
pub(crate) const SEQUENCE: u8 = 0x30;
/// INTEGER.
pub(crate) const INTEGER: u8 = 0x02;
/// OCTET STRING.
pub(crate) const OCTETS: u8 = 0x04;
/// OBJECT IDENTIFIER.
pub(crate) const OBJECT: u8 = 0x06;
/// SET.
pub(crate) const SET: u8 = 0x31;
/// GeneralizedTime.
pub(crate) const TIME: u8 = 0x18;
/// `[0]`, constructed.
pub(crate) const ZERO: u8 = 0xa0;

/// The value with this tag and content.
pub(crate) fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let mut out = vec![tag];
    if content.len() < 0x80 {
        out.push(content.len() as u8);
    } else {
        let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | significant.len() as u8);
        out.extend(significant);
    }
    out.extend(content);
    out
}

/// The values in some content, one after the other.
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl<'b> Reader<'b> {
    /// The tag and content of the next value.
    pub(crate) fn any(&mut self) -> Option<(u8, &'b [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        // Tags of more than one byte do not occur here.
        (tag & 0x1f != 0x1f).then_some((tag, content))
    }

    /// The content of the next value, which must have this tag.
    pub(crate) fn next(&mut self, tag: u8) -> Option<&'b [u8]> {
        self.any().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// The values inside the next value, which must have this tag.
    pub(crate) fn inside(&mut self, tag: u8) -> Option<Reader<'b>> {
        self.next(tag).map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_in_both_forms_read_back() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let bytes = write(OCTETS, &[&vec![7; length]]);
            let mut reader = Reader(&bytes);
            assert_eq!(reader.next(OCTETS).unwrap().len(), length);
            assert!(reader.any().is_none());
        }
        for bad in [
            &[][..],
            &[4],
            &[4, 1],
            &[4, 0x80, 0, 0],
            &[4, 0x85, 0, 0, 0, 0, 1, 0],
            &[0x1f, 0],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff, 0],
        ] {
            assert!(Reader(bad).any().is_none(), "{bad:?}");
        }
        assert!(Reader(&[4, 0]).next(SEQUENCE).is_none());
    }
}
