//! Protection that a name claims: `email_hash`, `card_last_4`.

use aedile_model::Protection;

use super::Words;

/// The protection that a word of a name claims.
pub(super) fn protecting(word: &str) -> Option<Protection> {
    match word {
        "masked" | "redacted" | "truncated" | "last4" => Some(Protection::Truncated),
        "hash" | "hashed" | "sha1" | "sha256" | "sha512" | "sha" | "md5" | "digest" => Some(Protection::Hashed),
        "encrypted" | "enc" | "cipher" | "ciphertext" | "hmac" | "tokenized" | "tokenised" | "pseudonymized"
        | "pseudonymised" => Some(Protection::Keyed),
        _ => None,
    }
}

/// The protection that a name claims, with the words that do.
pub(super) fn claimed(words: &Words) -> Option<(Protection, String)> {
    let texts = words.texts();
    let last_four = texts.windows(2).find(|pair| matches!(pair, ["last", "4" | "four"] | ["first", "6"]));
    if let Some(pair) = last_four {
        return Some((Protection::Truncated, pair.join(" ")));
    }
    texts.iter().find_map(|text| protecting(text).map(|protection| (protection, (*text).to_owned())))
}
