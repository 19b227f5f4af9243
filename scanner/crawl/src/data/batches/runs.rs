//! Unsigned integers as ORC writes them: run length encoding, versions 1 and 2 (ORC specification v1, "Run Length Encoding").

use std::io::{self, Read};

/// Gives every value of `stream` to `each`, in order.
///
/// # Errors
/// The stream is damaged or ends within a run, or `each` fails.
pub(super) fn values(
    stream: &mut impl Read,
    second: bool,
    mut each: impl FnMut(i64) -> io::Result<()>,
) -> io::Result<()> {
    let mut source = Source { stream, held: Vec::new(), at: 0, word: 0, left: 0 };
    while let Some(control) = source.next()? {
        match second {
            true => source.run(control, &mut each)?,
            false => source.first(control, &mut each)?,
        }
    }
    Ok(())
}

struct Source<'a, R> {
    stream: &'a mut R,
    held: Vec<u8>,
    /// What was given of what is held.
    at: usize,
    /// Of bits that were read, so many are not yet given.
    word: u64,
    left: u32,
}

/// Bytes that are read at a time.
const HELD: u64 = 8 << 10;

impl<R: Read> Source<'_, R> {
    #[inline]
    fn next(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.held.len() {
            self.held.clear();
            self.at = 0;
            self.stream.by_ref().take(HELD).read_to_end(&mut self.held)?;
        }
        let byte = self.held.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        Ok(byte)
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.next()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Base 128, the lowest bits first.
    fn varint(&mut self) -> io::Result<i64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value as i64);
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    /// So many bits, the highest first.
    fn bits(&mut self, width: u32) -> io::Result<i64> {
        if let Some(high) = width.checked_sub(32).filter(|high| *high > 0) {
            return Ok(self.bits(high)? << 32 | self.bits(32)?);
        }
        while self.left < width {
            self.word = self.word << 8 | u64::from(self.byte()?);
            self.left += 8;
        }
        self.left -= width;
        Ok((self.word >> self.left & ((1 << width) - 1)) as i64)
    }

    /// A run of version 1.
    fn first(&mut self, control: u8, each: &mut impl FnMut(i64) -> io::Result<()>) -> io::Result<()> {
        let control = i8::from_le_bytes([control]);
        if control < 0 {
            for _ in 0..control.unsigned_abs() {
                each(self.varint()?)?;
            }
            return Ok(());
        }
        let delta = i64::from(i8::from_le_bytes([self.byte()?]));
        let base = self.varint()?;
        (0..i64::from(control) + 3).try_for_each(|nth| each(base.wrapping_add(nth * delta)))
    }

    /// A run of version 2.
    fn run(&mut self, control: u8, each: &mut impl FnMut(i64) -> io::Result<()>) -> io::Result<()> {
        self.left = 0;
        let code = control >> 1 & 0x1f;
        if control >> 6 == 0 {
            let value = self.bits(u32::from(control >> 3 & 7) * 8 + 8)?;
            return (0..(control & 7) + 3).try_for_each(|_| each(value));
        }
        let length = (usize::from(control & 1) << 8 | usize::from(self.byte()?)) + 1;
        match control >> 6 {
            1 => (0..length).try_for_each(|_| each(self.bits(width(code))?)),
            2 => self.patched(width(code), length, each),
            _ => {
                let mut value = self.varint()?;
                let delta = self.varint()?;
                let delta = (delta as u64 >> 1) as i64 ^ -(delta & 1);
                each(value)?;
                for nth in 1..length {
                    let step = match (code, nth) {
                        (0, _) | (_, 1) => delta,
                        _ if delta < 0 => self.bits(width(code))?.wrapping_neg(),
                        _ => self.bits(width(code))?,
                    };
                    value = value.wrapping_add(step);
                    each(value)?;
                }
                Ok(())
            }
        }
    }

    /// Values above a base, of which some have more bits: a list of patches behind them.
    fn patched(&mut self, wide: u32, length: usize, each: &mut impl FnMut(i64) -> io::Result<()>) -> io::Result<()> {
        let (third, fourth) = (self.byte()?, self.byte()?);
        let (patch_width, gap_width) = (width(third & 0x1f), u32::from(fourth >> 5) + 1);
        let base_width = u32::from(third >> 5) * 8 + 8;
        let base = self.bits(base_width)?;
        let sign = 1_i64 << (base_width - 1);
        let base = if base & sign == 0 { base } else { (base & !sign).wrapping_neg() };
        let mut values = (0..length).map(|_| self.bits(wide)).collect::<io::Result<Vec<i64>>>()?;
        self.left = 0;
        let mut at = 0;
        for _ in 0..fourth & 0x1f {
            let entry = self.bits(whole(patch_width + gap_width))? as u64;
            at += usize::try_from(entry.checked_shr(patch_width).unwrap_or(0)).unwrap_or(usize::MAX).min(512);
            let patch = entry & (1_u64.checked_shl(patch_width).unwrap_or(0)).wrapping_sub(1);
            if let Some(value) = values.get_mut(at) {
                *value |= patch.checked_shl(wide).unwrap_or(0) as i64;
            }
        }
        values.into_iter().try_for_each(|value| each(base.wrapping_add(value)))
    }
}

/// The width that five bits stand for.
fn width(code: u8) -> u32 {
    match code {
        0..=23 => u32::from(code) + 1,
        24..=27 => u32::from(code - 24) * 2 + 26,
        _ => u32::from(code.min(31) - 28) * 8 + 40,
    }
}

/// The next width in which values are packed.
fn whole(bits: u32) -> u32 {
    (0..32).map(width).find(|&width| width >= bits).unwrap_or(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], second: bool) -> Vec<i64> {
        let mut all = Vec::new();
        values(&mut &*bytes, second, |value| {
            all.push(value);
            Ok(())
        })
        .unwrap();
        all
    }

    /// The examples of the specification.
    #[test]
    fn runs_of_both_versions_are_read() {
        assert_eq!(read(&[0x61, 0x00, 0x07], false), [7; 100]);
        assert_eq!(read(&[0x61, 0xff, 0x64], false), (1..=100).rev().collect::<Vec<_>>());
        assert_eq!(read(&[0xfb, 0x02, 0x03, 0x06, 0x07, 0xb], false), [2, 3, 6, 7, 11]);
        assert_eq!(read(&[0x0a, 0x27, 0x10], true), [10_000; 5]);
        let direct = [0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef];
        assert_eq!(read(&direct, true), [23713, 43806, 57005, 48879]);
        let patched = [
            0x8e, 0x09, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3c, 0x46, 0x50, 0x5a, 0xfc, 0xe8,
        ];
        assert_eq!(read(&patched, true), [2030, 2000, 2020, 1_000_000, 2040, 2050, 2060, 2070, 2080, 2090]);
        let delta = [0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46];
        assert_eq!(read(&delta, true), [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
        assert!(values(&mut &direct[..5], true, |_| Ok(())).is_err());
    }
}
