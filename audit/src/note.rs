//! A signed note: text, a blank line, and a signature on each line below.
//!
//! Source: C2SP signed-note, <https://c2sp.org/signed-note>. A signature line is `— name base64(key id ‖ signature)`.
//! Signatures by keys that we do not know are ignored; one by a key that we know must be right, or the note is refused.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::key::{SigningKey, VerifyingKey, check_name};
use crate::shown::shown;

/// The most bytes a note may have. Our own limit: 100 post-quantum signatures and a large text fit.
pub const MAX_NOTE: usize = 1 << 20;

/// The most signatures a note may have. Source: the limit of Go's `golang.org/x/mod/sumdb/note`; C2SP asks for at least 16.
pub const MAX_SIGNATURES: usize = 100;

/// Why a note was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Not text, a blank line and signature lines; or too large, or with control characters.
    #[error("the text is not a signed note: {0}")]
    Malformed(&'static str),
    /// A signature that names a key we know, and is not by it.
    #[error("the signature by `{}` is wrong", shown(name))]
    WrongSignature {
        /// The key's name.
        name: String,
    },
    /// No signature is by a key we know.
    #[error("no known key has signed the note")]
    Untrusted,
}

/// A note as it was read: nothing is known about its signatures until [`SignedNote::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl SignedNote {
    /// `text` signed by `key`. `text` must end in a newline and have no control characters besides newlines.
    pub fn sign(text: &str, key: &SigningKey) -> Result<SignedNote, NoteError> {
        check_text(text)?;
        let public = key.verifying_key();
        let signature = NoteSignature {
            name: public.name().to_owned(),
            id: public.id(),
            signature: key.sign(text.as_bytes()).to_vec(),
        };
        Ok(SignedNote { text: text.to_owned(), signatures: vec![signature] })
    }

    /// Reads a note. The last blank line ends the text.
    pub fn parse(note: &str) -> Result<SignedNote, NoteError> {
        if note.len() > MAX_NOTE {
            return Err(NoteError::Malformed("it is too large"));
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed("it has no blank line"))?;
        let (text, rest) = note.split_at(end + 1);
        check_text(text)?;
        let lines = rest
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or(NoteError::Malformed("it has no signature line that ends in a newline"))?;
        let signatures = lines
            .split('\n')
            .map(parse_signature)
            .collect::<Option<Vec<_>>>()
            .ok_or(NoteError::Malformed("a signature line cannot be read"))?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed("it has too many signatures"));
        }
        Ok(SignedNote { text: text.to_owned(), signatures })
    }

    /// The text that is signed, with its final newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names in the signature lines, as claimed.
    pub fn claimed_names(&self) -> Vec<&str> {
        self.signatures.iter().map(|signature| signature.name.as_str()).collect()
    }

    /// Those of `keys` that have signed, in the order of the signature lines.
    ///
    /// Fails if a signature names one of `keys` and is not by it, or if none of `keys` has signed.
    pub fn verify<'k>(&self, keys: &'k [VerifyingKey]) -> Result<Vec<&'k VerifyingKey>, NoteError> {
        let mut signers: Vec<&VerifyingKey> = Vec::new();
        for line in &self.signatures {
            let known = keys.iter().filter(|key| key.name() == line.name && key.id() == line.id);
            for key in known {
                if !key.verify(self.text.as_bytes(), &line.signature) {
                    return Err(NoteError::WrongSignature { name: line.name.clone() });
                }
                if !signers.contains(&key) {
                    signers.push(key);
                }
            }
        }
        if signers.is_empty() { Err(NoteError::Untrusted) } else { Ok(signers) }
    }
}

impl std::fmt::Display for SignedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        for NoteSignature { name, id, signature } in &self.signatures {
            writeln!(f, "— {name} {}", STANDARD.encode([id.as_slice(), signature].concat()))?;
        }
        Ok(())
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed("the text does not end in a newline"));
    }
    if text.contains(|c: char| c < ' ' && c != '\n') {
        return Err(NoteError::Malformed("the text has control characters"));
    }
    Ok(())
}

fn parse_signature(line: &str) -> Option<NoteSignature> {
    let (name, base64) = line.strip_prefix("— ")?.split_once(' ')?;
    check_name(name).ok()?;
    let bytes = STANDARD.decode(base64).ok()?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    if signature.is_empty() {
        return None;
    }
    Some(NoteSignature { name: name.to_owned(), id: *id, signature: signature.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
    const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const PETER_LINE: &str =
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const ENOCH_LINE: &str =
        "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

    fn peter() -> SigningKey {
        SigningKey::parse(SKEY).unwrap()
    }

    #[test]
    fn the_reference_note_is_signed_byte_for_byte() {
        let note = SignedNote::sign(TEXT, &peter()).unwrap();
        assert_eq!(note.to_string(), format!("{TEXT}\n{PETER_LINE}"));
        assert_eq!(SignedNote::parse(&note.to_string()).unwrap(), note);
        assert_eq!(note.verify(&[peter().verifying_key().clone()]).unwrap().len(), 1);
    }

    #[test]
    fn two_signers_each_known_or_not() {
        let note = SignedNote::parse(&format!("{TEXT}\n{PETER_LINE}{ENOCH_LINE}")).unwrap();
        let (peter, enoch) = (peter().verifying_key().clone(), VerifyingKey::parse(ENOCH).unwrap());
        assert_eq!(note.verify(&[enoch.clone(), peter.clone()]).unwrap(), [&peter, &enoch]);
        assert_eq!(note.verify(std::slice::from_ref(&enoch)).unwrap(), [&enoch]);
        let stranger = SigningKey::generate("PeterNeumann").unwrap();
        assert_eq!(note.verify(&[stranger.verifying_key().clone()]), Err(NoteError::Untrusted));
        assert_eq!(note.verify(&[]), Err(NoteError::Untrusted));
    }

    #[test]
    fn a_known_key_that_fails_rejects_even_beside_a_good_one() {
        let (peter, enoch) = (peter().verifying_key().clone(), VerifyingKey::parse(ENOCH).unwrap());
        let wrong = ENOCH_LINE.replace("rwz+eBzm", "rwz+eBzn");
        let note = SignedNote::parse(&format!("{TEXT}\n{PETER_LINE}{wrong}")).unwrap();
        assert_eq!(note.verify(std::slice::from_ref(&peter)).unwrap().len(), 1);
        let refused = note.verify(&[peter, enoch]).unwrap_err();
        assert_eq!(refused, NoteError::WrongSignature { name: "EnochRoot".into() });
    }

    #[test]
    fn the_example_of_the_specification_verifies() {
        let note = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        let key = VerifyingKey::parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").unwrap();
        assert_eq!(SignedNote::parse(note).unwrap().verify(std::slice::from_ref(&key)).unwrap(), [&key]);
    }

    #[test]
    fn malformed_notes_are_refused() {
        let good = format!("{TEXT}\n{PETER_LINE}");
        for bad in [
            String::new(),
            "\n\n".into(),
            TEXT.into(),
            format!("{TEXT}\n"),
            good.trim_end().to_owned(),
            format!("{TEXT}{PETER_LINE}"),
            good.replace("— ", "- "),
            good.replace("problem", "prob\u{1b}lem"),
            good.replace("AM=", "AM"),
            format!("{good}junk\n"),
            format!("{TEXT}\n— a+b AAAAAAA=\n"),
            format!("{TEXT}\n— a AAAAAA==\n"),
            format!("{TEXT}\n{}", PETER_LINE.repeat(MAX_SIGNATURES + 1)),
        ] {
            assert!(SignedNote::parse(&bad).is_err(), "{bad:?}");
        }
        assert!(SignedNote::parse(&good).is_ok());
        assert!(SignedNote::sign("no newline", &peter()).is_err());
    }
}
