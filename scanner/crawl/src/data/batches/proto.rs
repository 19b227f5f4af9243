//! Messages of Protocol Buffers, field by field.

use std::io;

/// A value: a number, or bytes of a text, a message or packed numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(super) fn number(self) -> u64 {
        match self {
            Value::Number(number) => number,
            Value::Bytes(_) => 0,
        }
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        match self {
            Value::Number(_) => &[],
            Value::Bytes(bytes) => bytes,
        }
    }
}

/// Gives every field of `message` to `each`, with its number.
///
/// # Errors
/// The message is damaged, or `each` fails.
pub(super) fn fields<'a>(
    mut message: &'a [u8],
    mut each: impl FnMut(u64, Value<'a>) -> io::Result<()>,
) -> io::Result<()> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let length = match key & 7 {
            0 => {
                each(key >> 3, Value::Number(varint(&mut message)?))?;
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)?).unwrap_or(usize::MAX),
            5 => 4,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let (value, rest) = message.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
        message = rest;
        each(key >> 3, Value::Bytes(value))?;
    }
    Ok(())
}

/// A number at the beginning of `bytes`, which it is taken from: base 128, the lowest bits first.
///
/// # Errors
/// It does not end.
pub(super) fn varint(bytes: &mut &[u8]) -> io::Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(io::ErrorKind::UnexpectedEof)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Appends a field to a message.
pub(super) fn write(message: &mut Vec<u8>, field: u64, value: Value<'_>) {
    match value {
        Value::Number(number) => {
            write_varint(message, field << 3);
            write_varint(message, number);
        }
        Value::Bytes(bytes) => {
            write_varint(message, field << 3 | 2);
            write_varint(message, bytes.len() as u64);
            message.extend_from_slice(bytes);
        }
    }
}

/// Appends a number.
pub(super) fn write_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
