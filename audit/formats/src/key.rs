//! The Ed25519 keys that sign checkpoints, and their text forms.
//!
//! Source: C2SP signed-note, <https://c2sp.org/signed-note>; RFC 8032. A verifying key is written
//! `name+hash+base64(type ‖ public key)`, a signing key `PRIVATE+KEY+name+hash+base64(0x01 ‖ seed)`. The hash is the key id
//! in hex: the first four bytes of `SHA-256(name ‖ 0x0A ‖ type ‖ public key)`. Type 0x01 signs a note's text; type 0x04
//! is a witness, which signs that text with a time before it (C2SP tlog-cosignature, <https://c2sp.org/tlog-cosignature>).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _};

use crate::hash::{Hash, hex};

/// What a key's signatures are over. Source: C2SP signed-note, "Signature types".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// The note's text: a log's own signature, type 0x01.
    Log = 0x01,
    /// `cosignature/v1`, a time and the note's text: a witness's signature, type 0x04.
    Witness = 0x04,
}

const PRIVATE: &str = "PRIVATE+KEY+";

/// Why a key was refused. No message repeats key material.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not in the form that the module documentation gives.
    #[error("the text is not a {0} in signed-note form")]
    Malformed(&'static str),
    /// A key name is empty or has a space, a control character or a `+`.
    #[error("a key name must not be empty nor contain spaces, control characters or `+`")]
    Name,
    /// Another signature algorithm than Ed25519, such as ML-DSA-44 (0x06). In a note such signatures are ignored.
    #[error("the key is of signature type {0:#04x}, only Ed25519 (0x01 and 0x04) is supported")]
    Type(u8),
    /// What holds the secret did not sign.
    #[error("the signer failed: {0}")]
    Signer(String),
    /// The hash in the text is not the hash of the key, or the public key is not a sound point.
    #[error("the key does not agree with the hash written beside it, or is not a sound Ed25519 key")]
    Unsound,
    /// The operating system gave no random bytes.
    #[error("no random bytes could be had from the operating system")]
    Random,
}

impl KeyError {
    /// What to do next, if there is something to say.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            KeyError::Malformed("verifying key") => Some("expected `name+hash+base64`"),
            KeyError::Malformed(_) => Some("expected `PRIVATE+KEY+name+hash+base64`"),
            _ => None,
        }
    }
}

/// A public key that checkpoints are checked with: a name and an Ed25519 key, found in a note by name and id together.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    id: [u8; 4],
    of: KeyType,
    key: ed25519_dalek::VerifyingKey,
}

/// Whatever holds a secret key and signs with it: a key in memory, a program, a device.
pub trait Signer {
    /// The public half.
    fn verifying_key(&self) -> &VerifyingKey;

    /// The Ed25519 signature over exactly these bytes.
    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], KeyError>;
}

impl VerifyingKey {
    /// Reads `name+hash+base64`.
    pub fn parse(text: &str) -> Result<VerifyingKey, KeyError> {
        let malformed = || KeyError::Malformed("verifying key");
        let (name, id, of, key) = split(text.trim_ascii_end(), malformed)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| KeyError::Unsound)?;
        if key.is_weak() {
            return Err(KeyError::Unsound);
        }
        let key = VerifyingKey::new(name, of, key);
        if hex(&key.id) == id { Ok(key) } else { Err(KeyError::Unsound) }
    }

    fn new(name: &str, of: KeyType, key: ed25519_dalek::VerifyingKey) -> VerifyingKey {
        let hash = Hash::of(&[name.as_bytes(), b"\n", &[of as u8], key.as_bytes()]);
        let [a, b, c, d, ..] = *hash.as_bytes();
        VerifyingKey { name: name.to_owned(), id: [a, b, c, d], of, key }
    }

    /// The same key as a witness's, whose signatures carry a time.
    pub fn as_witness(&self) -> VerifyingKey {
        VerifyingKey::new(&self.name, KeyType::Witness, self.key)
    }

    /// What its signatures are over.
    pub fn key_type(&self) -> KeyType {
        self.of
    }

    /// The key's name, commonly the origin of the log.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes that go before each signature by this key.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The 32 bytes of the public key. Source: RFC 8032 §5.1.5.
    pub fn public_key(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Whether `signature` is this key's over the note with this `text`: 64 bytes, or a witness's time and 64 bytes.
    pub fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        match (self.of, signature.split_first_chunk::<8>()) {
            (KeyType::Log, _) => self.verify_bytes(text, signature),
            (KeyType::Witness, None) => false,
            (KeyType::Witness, Some((time, signature))) => {
                let time = u64::from_be_bytes(*time);
                i64::try_from(time).is_ok() && self.verify_bytes(&cosigned(text, time), signature)
            }
        }
    }

    /// Whether `signature` is this key's over exactly `bytes`. Strict: neither malleable signatures nor keys of small order
    /// pass.
    pub fn verify_bytes(&self, bytes: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify_strict(bytes, &signature).is_ok())
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, hex(&self.id), encode(self.of, self.key.as_bytes()))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The secret that signs checkpoints. Its `Debug` shows the public half only, and the memory is wiped on drop.
#[derive(Clone)]
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    public: VerifyingKey,
}

impl SigningKey {
    /// A new key from the operating system's random source. `name` is commonly the origin of the log.
    pub fn generate(name: &str) -> Result<SigningKey, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| KeyError::Random)?;
        SigningKey::from_seed(name, &seed)
    }

    /// The key that this seed makes. Source: RFC 8032 §5.1.5.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<SigningKey, KeyError> {
        check_name(name)?;
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = VerifyingKey::new(name, KeyType::Log, key.verifying_key());
        Ok(SigningKey { key, public })
    }

    /// Reads `PRIVATE+KEY+name+hash+base64`.
    pub fn parse(text: &str) -> Result<SigningKey, KeyError> {
        let malformed = || KeyError::Malformed("signing key");
        let rest = text.trim_ascii_end().strip_prefix(PRIVATE).ok_or_else(malformed)?;
        let (name, id, of, seed) = split(rest, malformed)?;
        if of != KeyType::Log {
            return Err(KeyError::Type(of as u8));
        }
        let key = SigningKey::from_seed(name, &seed)?;
        if hex(&key.public.id) == id { Ok(key) } else { Err(KeyError::Unsound) }
    }

    /// The secret as text. Whoever has it can sign in this log's name.
    pub fn secret_text(&self) -> String {
        let public = &self.public;
        format!("{PRIVATE}{}+{}+{}", public.name, hex(&public.id), encode(KeyType::Log, self.key.as_bytes()))
    }

    /// The public half.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// The signature over `text`, 64 bytes. Source: RFC 8032 §5.1.6.
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.key.sign(text).to_bytes()
    }
}

impl Signer for SigningKey {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], KeyError> {
        Ok(SigningKey::sign(self, bytes))
    }
}

/// What a witness signs of a note with this text. Source: C2SP tlog-cosignature, "Ed25519 signed message".
pub(crate) fn cosigned(text: &[u8], time: u64) -> Vec<u8> {
    [format!("cosignature/v1\ntime {time}\n").as_bytes(), text].concat()
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public)
    }
}

/// Refuses names that C2SP signed-note refuses; control characters could not stand in a note either.
pub(crate) fn check_name(name: &str) -> Result<(), KeyError> {
    let bad = |c: char| c == '+' || c.is_whitespace() || c.is_control();
    if name.is_empty() || name.contains(bad) { Err(KeyError::Name) } else { Ok(()) }
}

fn encode(of: KeyType, key: &[u8; 32]) -> String {
    STANDARD.encode([&[of as u8], key.as_slice()].concat())
}

/// The name, the hash, the type and the 32 bytes of `name+hash+base64`.
fn split(text: &str, malformed: impl Fn() -> KeyError) -> Result<(&str, &str, KeyType, [u8; 32]), KeyError> {
    // Base64 may contain `+` as well, a name and a hash never.
    let (name, rest) = text.split_once('+').ok_or_else(&malformed)?;
    let (id, key) = rest.split_once('+').ok_or_else(&malformed)?;
    check_name(name)?;
    let bytes = STANDARD.decode(key).map_err(|_| malformed())?;
    let (of, key) = match bytes.split_first() {
        Some((0x01, key)) => (KeyType::Log, key),
        Some((0x04, key)) => (KeyType::Witness, key),
        Some((&other, _)) => return Err(KeyError::Type(other)),
        None => return Err(malformed()),
    };
    Ok((name, id, of, key.try_into().map_err(|_| malformed())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::unhex;

    const SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn the_reference_key_reads_and_writes_back() {
        let key = SigningKey::parse(SKEY).unwrap();
        assert_eq!(key.secret_text(), SKEY);
        assert_eq!(key.verifying_key().to_string(), VKEY);
        assert_eq!(&VerifyingKey::parse(VKEY).unwrap(), key.verifying_key());
    }

    #[test]
    fn rfc_8032_test_2() {
        let seed = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let key = SigningKey::from_seed("x", &seed.try_into().unwrap()).unwrap();
        assert_eq!(
            hex(&key.verifying_key().public_key()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        assert_eq!(
            hex(&key.sign(&[0x72])),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
    }

    #[test]
    fn a_mangled_key_is_refused() {
        for (i, _) in VKEY.char_indices() {
            assert!(VerifyingKey::parse(&VKEY[i + 1..]).is_err());
            assert!(VerifyingKey::parse(&VKEY[..i]).is_err());
            let mut bytes = VKEY.as_bytes().to_vec();
            bytes[i] += 1;
            assert!(VerifyingKey::parse(std::str::from_utf8(&bytes).unwrap()).is_err(), "byte {i}");
        }
        for (i, _) in SKEY.char_indices() {
            let mut bytes = SKEY.as_bytes().to_vec();
            bytes[i] += 1;
            assert!(SigningKey::parse(std::str::from_utf8(&bytes).unwrap()).is_err(), "byte {i}");
        }
        // A key that is too long and one of an unknown type, each with the hash adjusted.
        assert!(
            VerifyingKey::parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==").is_err()
        );
        assert!(VerifyingKey::parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").is_err());
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        let mut point = [0; 32];
        point[0] = 1;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&point).unwrap();
        let text = VerifyingKey::new("x", KeyType::Log, key).to_string();
        assert!(matches!(VerifyingKey::parse(&text), Err(KeyError::Unsound)));
    }

    #[test]
    fn a_malleated_signature_is_refused() {
        let key = SigningKey::from_seed("x", &[7; 32]).unwrap();
        let mut signature = key.sign(b"text");
        assert!(key.verifying_key().verify(b"text", &signature));
        // S + L is the same scalar, but no longer the one spelling that RFC 8032 §5.1.7 allows.
        let order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
        let mut carry = 0;
        for (byte, add) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
        assert!(!key.verifying_key().verify(b"text", &signature));
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = SigningKey::parse(SKEY).unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey({VKEY})"));
    }

    #[test]
    fn generated_keys_differ_and_names_are_checked() {
        let (one, two) = (SigningKey::generate("a").unwrap(), SigningKey::generate("a").unwrap());
        assert_ne!(one.secret_text(), two.secret_text());
        assert!(SigningKey::parse(&one.secret_text()).is_ok());
        for name in ["", "a b", "a+b", "a\nb", "a\u{2003}b", "a\u{1b}b"] {
            assert!(matches!(SigningKey::generate(name), Err(KeyError::Name)));
        }
    }
}
