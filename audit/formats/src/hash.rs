//! A SHA-256 digest and its two text forms.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};

/// A SHA-256 digest: 32 bytes, printed as lowercase hex. Source: FIPS 180-4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The digest of all zero bytes: the `prev` of the first entry, which has nothing before it.
    pub const ZERO: Hash = Hash([0; 32]);

    /// The SHA-256 of `parts` written one after the other, without separators.
    pub fn of(parts: &[&[u8]]) -> Hash {
        let mut sha = Sha256::new();
        for part in parts {
            sha.update(part);
        }
        Hash(sha.finalize().into())
    }

    /// The digest that these 32 bytes are.
    pub const fn from_bytes(bytes: [u8; 32]) -> Hash {
        Hash(bytes)
    }

    /// The digest in `bytes`; nothing unless there are exactly 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Hash> {
        bytes.try_into().ok().map(Hash)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lowercase hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// Adds the 64 digits to `out`.
    pub(crate) fn push_hex(&self, out: &mut String) {
        push_hex(&self.0, out);
    }

    /// Reads 64 lowercase hexadecimal digits; upper case is refused, so that a digest has one spelling.
    pub fn from_hex(text: &str) -> Option<Hash> {
        unhex(text)?.try_into().ok().map(Hash)
    }

    /// The 44 characters of standard base64 that checkpoints and proofs use. Source: RFC 4648 §4.
    pub fn base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads the 44 characters of standard base64; other paddings and stray bits are refused.
    pub fn from_base64(text: &str) -> Option<Hash> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        Hash::from_hex(&text).ok_or_else(|| D::Error::custom("expected 64 lowercase hexadecimal digits"))
    }
}

/// `bytes` as lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    push_hex(bytes, &mut out);
    out
}

fn push_hex(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        out.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit })),
        );
    }
}

/// The bytes that an even number of lowercase hexadecimal digits spell.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_abc_is_the_published_one() {
        let hash = Hash::of(&[b"a", b"bc"]);
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.hex(), text);
        assert_eq!(Hash::from_hex(text), Some(hash));
        assert_eq!(Hash::from_base64(&hash.base64()), Some(hash));
    }

    #[test]
    fn a_digest_has_one_spelling() {
        let hash = Hash::of(&[b"abc"]);
        assert_eq!(Hash::from_hex(&hash.hex().to_uppercase()), None);
        assert_eq!(Hash::from_hex(&hash.hex()[1..]), None);
        assert_eq!(Hash::from_base64(hash.base64().trim_end_matches('=')), None);
        assert_eq!(Hash::from_base64("//////////////////////////////////////////9="), None);
    }
}
