//! Digests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Arguments, Outcome};
use crate::iac::datum::Datum;

/// Functions of arguments that are all known.
pub(super) fn call(name: &str, arguments: Arguments<'_>) -> Option<Outcome> {
    if name == "uuidv5" {
        return Some(uuid(arguments));
    }
    if !["base64sha256", "base64sha512", "md5", "sha1", "sha256", "sha512"].contains(&name) {
        return None;
    }
    Some(arguments.text(0).and_then(|text| {
        digest(name, text.as_bytes()).map(Datum::from_text).ok_or_else(|| "there is no such digest".to_owned())
    }))
}

/// The digest that the function `name` gives of `bytes`.
pub(in super::super) fn digest(name: &str, bytes: &[u8]) -> Option<String> {
    Some(match name {
        "md5" => hex(&Md5::digest(bytes)),
        "sha1" => hex(&Sha1::digest(bytes)),
        "sha256" => hex(&Sha256::digest(bytes)),
        "sha512" => hex(&Sha512::digest(bytes)),
        "base64sha256" => STANDARD.encode(Sha256::digest(bytes)),
        "base64sha512" => STANDARD.encode(Sha512::digest(bytes)),
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 9562, section 5.5, in one of the name spaces of its section 6.6.
fn uuid(arguments: Arguments<'_>) -> Outcome {
    let space = arguments.text(0)?;
    let space = match space.as_str() {
        "dns" => "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "url" => "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
        "oid" => "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
        "x500" => "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
        other => other,
    };
    let digits = space.replace('-', "");
    let space = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32).ok_or("it is no UUID")?;
    let mut sha = Sha1::new_with_prefix(space.to_be_bytes());
    sha.update(arguments.text(1)?.as_bytes());
    let digest = sha.finalize();
    let first = digest.iter().take(16).fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    let versioned = first & !(0xF << 76) | 5 << 76;
    let bits = versioned & !(0b11 << 62) | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let text = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
    Ok(Datum::from_text(text))
}
