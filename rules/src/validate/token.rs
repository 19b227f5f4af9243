//! Structure checks of credentials: what a token says about itself, without any network.

use super::digits::place;

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether the text is an AWS access key id: a known prefix, then sixteen base-32 characters.
///
/// Source: AWS IAM user guide, "IAM identifiers", unique ID prefixes.
pub(super) fn aws_key_id(text: &[u8]) -> bool {
    let Some((prefix, rest)) = text.split_at_checked(4) else { return false };
    matches!(prefix, b"AKIA" | b"ASIA" | b"ABIA" | b"ACCA")
        && rest.len() == 16
        && rest.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
}

/// Whether the text is an AWS secret access key by its look: 40 characters of base 64 that hold upper
/// case, lower case and digits, and are no hexadecimal digest.
pub(super) fn aws_secret(text: &[u8]) -> bool {
    text.len() == 40
        && text.iter().all(|byte| BASE64.contains(byte))
        && text.iter().any(u8::is_ascii_uppercase)
        && text.iter().any(u8::is_ascii_lowercase)
        && text.iter().any(u8::is_ascii_digit)
        && !text.iter().all(u8::is_ascii_hexdigit)
}

/// Whether the last six characters of a GitHub or npm token are the CRC-32 of the thirty after its
/// prefix, in base 62.
///
/// Source: GitHub, "Behind GitHub's new authentication token formats" (2021); IEEE 802.3 CRC-32.
pub(super) fn base62_crc32(text: &[u8]) -> bool {
    let Some(body) = text.iter().rposition(|byte| *byte == b'_').and_then(|at| text.get(at + 1..)) else {
        return false;
    };
    let Some((random, check)) = body.split_at_checked(30) else { return false };
    let stated = check.iter().try_fold(0_u64, |sum, byte| Some(sum * 62 + u64::from(place(BASE62, *byte)?)));
    check.len() == 6 && stated == Some(u64::from(crc32(random)))
}

/// The CRC-32 of `bytes`: polynomial 0xEDB88320, reflected. Source: IEEE 802.3, clause 3.2.9.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

/// The bytes of base 64 or base64url text, padding optional; `None` for any other character.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let body: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let end = body.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let mut bytes = Vec::with_capacity(end);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in body.get(..end)? {
        let plain = match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        };
        bits = bits << 6 | place(BASE64, plain)?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or(0));
        }
    }
    Some(bytes)
}

/// Whether the text is a JSON Web Token: three parts, the first decodes to an object with `alg`, the
/// second to an object.
///
/// Source: RFC 7519 section 3; RFC 7515 section 4.1.1.
pub(super) fn jwt(text: &[u8]) -> bool {
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
    let object = |part: &[u8]| {
        let json: serde_json::Value = serde_json::from_slice(&base64(part)?).ok()?;
        json.as_object().cloned()
    };
    match parts.as_slice() {
        [header, payload, _] => {
            object(header).is_some_and(|header| header.contains_key("alg")) && object(payload).is_some()
        }
        _ => false,
    }
}

/// Whether the text is a PEM block of a private key with a body that decodes: DER begins with the tag
/// of a sequence, OpenSSH keys with their magic.
///
/// `\n` written out, as in JSON, is read as a line break. An encrypted PKCS#1 key has headers before its body.
/// Source: RFC 7468; OpenSSH PROTOCOL.key.
pub(super) fn private_key(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let text = text.replace("\\r", "\n").replace("\\n", "\n");
    let Some((_, rest)) = text.split_once("PRIVATE KEY") else { return false };
    let Some((_, rest)) = rest.split_once("-----") else { return false };
    let body = rest.split("-----").next().unwrap_or(rest);
    let lines = body.lines().map(|line| line.trim_matches(|c: char| c.is_whitespace() || "\"'+,".contains(c)));
    let coded: String = lines.filter(|line| !line.contains(':') && !line.starts_with('=')).collect();
    let headed = body.contains(": ");
    base64(coded.as_bytes()).is_some_and(|bytes| {
        bytes.len() >= 16 && (headed || bytes.starts_with(&[0x30]) || bytes.starts_with(b"openssh-key-v1\0"))
    })
}

/// Whether the text decodes to 64 bytes: the key of an Azure storage account or Cosmos DB.
///
/// Source: Microsoft Learn, "Manage storage account access keys": 512 bits, base 64.
pub(super) fn azure_key(text: &[u8]) -> bool {
    text.len() == 88 && base64(text).is_some_and(|bytes| bytes.len() == 64)
}

/// Whether the text decodes to 32 bytes: a Curve25519 key, a shared access key.
///
/// Source: RFC 7748 section 5; Microsoft Learn, "Service Bus access control with Shared Access Signatures".
pub(super) fn key_32_bytes(text: &[u8]) -> bool {
    text.len() == 44 && text.ends_with(b"=") && base64(text).is_some_and(|bytes| bytes.len() == 32)
}

/// Whether the text is a private key in PEM that was coded once more in base 64, as kubeconfigs hold it.
///
/// Source: Kubernetes documentation, kubeconfig (v1), `client-key-data`.
pub(super) fn coded_private_key(text: &[u8]) -> bool {
    base64(text).is_some_and(|bytes| private_key(&bytes))
}

/// Whether the text is a JSON object in base 64, behind a prefix or not.
///
/// Source: RFC 4648 section 4; the tokens that are made so begin with `eyJ`, which is `{"`.
pub(super) fn coded_object(text: &[u8]) -> bool {
    let start = memchr::memmem::find(text, b"eyJ").unwrap_or(0);
    let object = text.get(start..).and_then(base64);
    object.is_some_and(|bytes| serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes).is_ok())
}

/// Whether the text is Bech32 with its checksum, in one case, of at most 90 characters.
///
/// Source: BIP 173, "Bech32".
pub(super) fn bech32(text: &[u8]) -> bool {
    const SYMBOLS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const STEPS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let lower = text.to_ascii_lowercase();
    let one_case = lower == text || text.to_ascii_uppercase() == text;
    let Some(one) = lower.iter().rposition(|byte| *byte == b'1').filter(|at| *at > 0) else { return false };
    let (Some(prefix), Some(data)) = (lower.get(..one), lower.get(one + 1..)) else { return false };
    let high = prefix.iter().map(|byte| Some(u32::from(byte >> 5)));
    let low = prefix.iter().map(|byte| Some(u32::from(byte & 31)));
    let values = data.iter().map(|byte| place(SYMBOLS, *byte));
    let sum = high.chain([Some(0)]).chain(low).chain(values).try_fold(1_u32, |sum, value| {
        let mixed = (sum & 0x1ff_ffff) << 5 ^ value?;
        let steps = STEPS.iter().enumerate().filter(|(bit, _)| sum >> 25 >> bit & 1 == 1);
        Some(steps.fold(mixed, |mixed, (_, step)| mixed ^ step))
    });
    one_case && text.len() <= 90 && data.len() >= 6 && sum == Some(1)
}

/// Whether the text is a Fernet key: 32 bytes in base64url.
///
/// Source: Fernet specification, "Key format".
pub(super) fn fernet_key(text: &[u8]) -> bool {
    text.len() == 44 && text.ends_with(b"=") && base64(text).is_some_and(|bytes| bytes.len() == 32)
}

/// Whether the text is a PyPI token: a macaroon whose location is pypi.org.
///
/// Source: Warehouse documentation, "API tokens"; libmacaroons binary format v2.
pub(super) fn pypi_token(text: &[u8]) -> bool {
    let Some(body) = text.strip_prefix(b"pypi-") else { return false };
    base64(body).is_some_and(|bytes| bytes.windows(8).any(|window| window == b"pypi.org"))
}

/// Whether the text is `user:password` in base 64, as HTTP Basic sends it.
///
/// Source: RFC 7617 section 2.
pub(super) fn basic_auth(text: &[u8]) -> bool {
    let Some(bytes) = base64(text) else { return false };
    let colon = bytes.iter().position(|byte| *byte == b':');
    bytes.iter().all(|byte| byte.is_ascii_graphic()) && colon.is_some_and(|at| at > 0 && bytes.len() > at + 4)
}

/// Whether the text mixes letters and digits, as generated secrets do and words do not.
pub(super) fn mixed(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    digits >= 2 && letters >= 2
}

/// Whether the text looks drawn at random: letters and digits mixed, and neither a UUID nor a name that
/// somebody made of words, years and versions (`all-MiniLM-L6-v2`, `TokenForClinic2024`).
pub(super) fn generated(text: &[u8]) -> bool {
    mixed(text) && !is_uuid(text) && !is_name(text)
}

/// RFC 9562 section 4.
fn is_uuid(text: &[u8]) -> bool {
    let parts: Vec<usize> = text.split(|byte| *byte == b'-').map(<[u8]>::len).collect();
    parts == [8, 4, 4, 4, 12] && text.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
}

/// Whether the text is made of words: in a name, letters of one case and digits stand in runs of four and more
/// on average, three if separators divide it; drawn at random, of two.
fn is_name(text: &[u8]) -> bool {
    let parts: Vec<&[u8]> = text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let long = if parts.len() >= 3 { 3 } else { 4 };
    parts.iter().all(|part| part.len() <= 4 || runs(part) * long <= part.len())
}

/// How often the kind of character changes, and one; a capital and the small letters behind it are one kind.
fn runs(part: &[u8]) -> usize {
    let kind = |byte: &u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    let changes = part
        .iter()
        .zip(part.iter().skip(1))
        .filter(|(one, next)| kind(one) != kind(next) && !(one.is_ascii_uppercase() && next.is_ascii_lowercase()));
    changes.count() + 1
}

/// Whether the text is a password hash in a format that names itself: bcrypt, argon2, scrypt, crypt,
/// PBKDF2 as Django or passlib write it, LDAP.
///
/// Source: PHC string format specification; crypt(5); Django documentation, "Password management".
pub(super) fn password_hash(text: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 15] = [
        b"$2a$",
        b"$2b$",
        b"$2y$",
        b"$argon2i$",
        b"$argon2id$",
        b"$argon2d$",
        b"$scrypt$",
        b"$1$",
        b"$5$",
        b"$6$",
        b"$y$",
        b"pbkdf2_sha256$",
        b"$pbkdf2-sha",
        b"{SSHA}",
        b"$apr1$",
    ];
    text.len() >= 20 && PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_ethernet() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn bech32_holds_its_checksum() {
        // Valid and invalid strings of BIP 173, "Test vectors".
        for text in ["A12UEL5L", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"] {
            assert!(bech32(text.as_bytes()), "{text}");
        }
        for text in ["A12UEL5l", "A12UEL5M", "1pzry9x0s0muk", "x1b4n0q5v", "10a06t8"] {
            assert!(!bech32(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn names_are_not_drawn_at_random() {
        for text in [
            "sentence-transformers/all-MiniLM-L6-v2",
            "eu-west-1-availability-zone-22",
            "TokenForClinic2024",
            "7d44f3a1-02bc-4e5f-9d17-6c0a8e2b41f9",
            "clinic/score/token-2024",
            "onlyletters",
        ] {
            assert!(!generated(text.as_bytes()), "{text}");
        }
        for text in ["ojHVD0sbAUY4Kx2uCYEtK10fEhg7yXHl", "9b74c9897bac770ffc029102a571e3b5", "k3v9-x7Qz_p2Lm8RtW"] {
            assert!(generated(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn base_64_is_read_in_both_alphabets() {
        assert_eq!(base64(b"-_8="), Some(vec![0xfb, 0xff]));
        assert_eq!(base64(b"+/8"), Some(vec![0xfb, 0xff]));
        assert_eq!(base64(b"a b!"), None);
    }
}
