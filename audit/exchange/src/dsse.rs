//! Attestations that supply-chain tools read: an in-toto Statement in a signed DSSE envelope.
//!
//! Source: in-toto Statement v1, <https://in-toto.io/Statement/v1>; DSSE v1, <https://github.com/secure-systems-lab/dsse>.
//! What is signed is not the JSON but its pre-authentication encoding, `DSSEv1 len type len body`, which no signed note can
//! be: a note's second line is a number and a blank line follows.

use aedile_audit::{KeyError, Signer, VerifyingKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// The payload type of an in-toto Statement.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// Why an envelope was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Not an envelope, or not of an in-toto Statement.
    #[error("the text is not a DSSE envelope of an in-toto statement: {0}")]
    Malformed(&'static str),
    /// A signature by a known key that is wrong.
    #[error("the signature by the key {0} is wrong")]
    WrongSignature(String),
    /// No signature by a known key.
    #[error("no known key has signed the envelope")]
    Untrusted,
}

/// An in-toto Statement: that `predicate` is true of `subjects` (name, digest algorithm, digest).
pub fn statement(subjects: &[(String, &str, String)], predicate_type: &str, predicate: &Value) -> Value {
    let subjects: Vec<Value> =
        subjects.iter().map(|(name, of, digest)| json!({ "name": name, "digest": { *of: digest } })).collect();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": predicate_type,
        "predicate": predicate,
    })
}

/// `statement` in an envelope signed by each of `signers`. The key id is the verifying key in signed-note form.
pub fn envelope(statement: &Value, signers: &[&dyn Signer]) -> Result<Value, KeyError> {
    let body = statement.to_string();
    let bytes = authenticated(IN_TOTO, body.as_bytes());
    let signatures = signers
        .iter()
        .map(|signer| {
            let signature = signer.sign(&bytes)?;
            if !signer.verifying_key().verify_bytes(&bytes, &signature) {
                return Err(KeyError::Signer("its signature is wrong".to_owned()));
            }
            Ok(json!({ "keyid": signer.verifying_key().to_string(), "sig": STANDARD.encode(signature) }))
        })
        .collect::<Result<Vec<Value>, KeyError>>()?;
    Ok(json!({ "payloadType": IN_TOTO, "payload": STANDARD.encode(body), "signatures": signatures }))
}

/// The statement in an envelope, and those of `keys` that have signed it.
///
/// Fails if a known key's signature is wrong or if none of `keys` has signed.
pub fn open<'k>(text: &str, keys: &'k [VerifyingKey]) -> Result<(Value, Vec<&'k VerifyingKey>), EnvelopeError> {
    let malformed = EnvelopeError::Malformed;
    let envelope: Value = serde_json::from_str(text).map_err(|_| malformed("it is not JSON"))?;
    if envelope.get("payloadType").and_then(Value::as_str) != Some(IN_TOTO) {
        return Err(malformed("its payload type is another"));
    }
    let decoded = |value: Option<&Value>| value.and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
    let body = decoded(envelope.get("payload")).ok_or(malformed("its payload is not base64"))?;
    let statement: Value = serde_json::from_slice(&body).map_err(|_| malformed("its payload is not JSON"))?;
    if statement.get("_type").and_then(Value::as_str) != Some("https://in-toto.io/Statement/v1") {
        return Err(malformed("its payload is not an in-toto Statement v1"));
    }
    let bytes = authenticated(IN_TOTO, &body);
    let mut signers = Vec::new();
    for signature in envelope.get("signatures").and_then(Value::as_array).into_iter().flatten().take(100) {
        let id = signature.get("keyid").and_then(Value::as_str);
        // The key id is a hint; a signature that names none of the keys is a stranger's.
        let Some(key) = keys.iter().find(|key| Some(key.to_string().as_str()) == id) else { continue };
        if !decoded(signature.get("sig")).is_some_and(|signature| key.verify_bytes(&bytes, &signature)) {
            return Err(EnvelopeError::WrongSignature(key.to_string()));
        }
        signers.push(key);
    }
    if signers.is_empty() { Err(EnvelopeError::Untrusted) } else { Ok((statement, signers)) }
}

/// Source: DSSE protocol, "PAE(type, body)".
fn authenticated(payload_type: &str, body: &[u8]) -> Vec<u8> {
    [format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len()).as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aedile_audit::SigningKey;

    #[test]
    fn the_encoding_of_the_specification() {
        // DSSE protocol.md: payload "hello world" of type http://example.com/HelloWorld.
        let bytes = authenticated("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_changed_statement_or_signature_is_refused() {
        let key = SigningKey::from_seed("example.org/log", &[1; 32]).unwrap();
        let other = SigningKey::from_seed("example.org/log", &[2; 32]).unwrap();
        let keys = [key.verifying_key().clone()];
        let about = statement(&[("r".into(), "sha256", "00".into())], "https://example.org/p/v1", &json!({"a": 1}));
        let text = envelope(&about, &[&key, &other]).unwrap().to_string();
        assert_eq!(open(&text, &keys).unwrap(), (about.clone(), vec![&keys[0]]));
        assert!(matches!(open(&text, &[]), Err(EnvelopeError::Untrusted)));
        let forged = STANDARD.encode(about.to_string().replace("\"a\":1", "\"a\":2"));
        let mut changed: Value = serde_json::from_str(&text).unwrap();
        changed["payload"] = json!(forged);
        assert!(matches!(open(&changed.to_string(), &keys), Err(EnvelopeError::WrongSignature(_))));
        changed["payloadType"] = json!("text/plain");
        assert!(matches!(open(&changed.to_string(), &keys), Err(EnvelopeError::Malformed(_))));
        for bad in ["", "{}", "[]", "{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"e30=\"}"] {
            assert!(matches!(open(bad, &keys), Err(EnvelopeError::Malformed(_))), "{bad}");
        }
        let unsigned = envelope(&about, &[]).unwrap().to_string();
        assert!(matches!(open(&unsigned, &keys), Err(EnvelopeError::Untrusted)));
    }
}
