//! A signed note: text, a blank line, and a signature on each line below.
//!
//! Source: C2SP signed-note, <https://c2sp.org/signed-note>. A signature line is `— name base64(key id ‖ signature)`.
//! Signatures by keys that we do not know are ignored; one by a key that we know must be right, or the note is refused.
//! A witness's signature is `timestamp ‖ signature`, over the text with that time before it (C2SP tlog-cosignature).

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::key::{KeyError, KeyType, Signer, VerifyingKey, check_name, cosigned};
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
    /// What holds the secret key did not sign.
    #[error("{0}")]
    Signer(String),
}

impl From<KeyError> for NoteError {
    fn from(error: KeyError) -> NoteError {
        NoteError::Signer(error.to_string())
    }
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
    /// `text` signed by each of `signers`. `text` must end in a newline and have no control characters besides newlines.
    pub fn sign(text: &str, signers: &[&dyn Signer]) -> Result<SignedNote, NoteError> {
        check_text(text)?;
        let signatures = signers.iter().map(|signer| line(*signer, text.as_bytes(), &[], text.as_bytes()));
        Ok(SignedNote { text: text.to_owned(), signatures: signatures.collect::<Result<_, _>>()? })
    }

    /// The line by which the witness `signer` attests the note at `time`, in seconds since 1970.
    pub fn cosignature(&self, signer: &dyn Signer, time: u64) -> Result<String, NoteError> {
        let text = cosigned(self.text.as_bytes(), time);
        line(signer, &text, &time.to_be_bytes(), self.text.as_bytes()).map(|line| line.to_string())
    }

    /// The note with those of these signature `lines` that `keys` have made and that it does not have yet.
    ///
    /// Fails as [`SignedNote::verify`] does for a note with the lines alone.
    pub fn with(&self, lines: &str, keys: &[VerifyingKey]) -> Result<SignedNote, NoteError> {
        let other = SignedNote::parse(&format!("{}\n{lines}", self.text))?;
        let known = other.verify(keys)?;
        let mut note = self.clone();
        for line in other.signatures {
            let by_known = known.iter().any(|key| key.name() == line.name && key.id() == line.id);
            if by_known && !note.signatures.contains(&line) {
                note.signatures.push(line);
            }
        }
        Ok(note)
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

    /// When the witness `key` says that it saw the note, in seconds since 1970; only for a key that
    /// [`SignedNote::verify`] has found good.
    pub fn cosigned_at(&self, key: &VerifyingKey) -> Option<u64> {
        let line = self.signatures.iter().find(|line| key.name() == line.name && key.id() == line.id)?;
        let (time, _) = line.signature.split_first_chunk::<8>()?;
        (key.key_type() == KeyType::Witness).then_some(u64::from_be_bytes(*time))
    }
}

/// The signature line of `signer` over `message`, with `before` in front of the 64 bytes. What `signer` gives is checked
/// for a note with this `text`: a device may err.
fn line(signer: &dyn Signer, message: &[u8], before: &[u8], text: &[u8]) -> Result<NoteSignature, NoteError> {
    let key = signer.verifying_key();
    let (key, timed) =
        if before.is_empty() { (key.clone(), KeyType::Log) } else { (key.as_witness(), KeyType::Witness) };
    let signature = [before, &signer.sign(message)?].concat();
    if key.key_type() != timed || !key.verify(text, &signature) {
        return Err(NoteError::WrongSignature { name: key.name().to_owned() });
    }
    Ok(NoteSignature { name: key.name().to_owned(), id: key.id(), signature })
}

impl std::fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "— {} {}", self.name, STANDARD.encode([self.id.as_slice(), &self.signature].concat()))
    }
}

impl std::fmt::Display for SignedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| write!(f, "{line}"))
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
    use crate::SigningKey;

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
        let note = SignedNote::sign(TEXT, &[&peter()]).unwrap();
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
    fn the_key_of_the_specifications_cosignature_is_recognised() {
        // C2SP tlog-cosignature, the example's second line: key id 8d66cf3c, time 1679315147.
        let note = SignedNote::parse("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n").unwrap();
        let (time, rest) = note.signatures[0].signature.split_first_chunk::<8>().unwrap();
        assert_eq!((u64::from_be_bytes(*time), rest.len()), (1_679_315_147, 64));
    }

    #[test]
    fn a_witness_attests_with_a_time_and_other_types_are_ignored() {
        let log = SigningKey::from_seed("example.org/log", &[1; 32]).unwrap();
        let witness = SigningKey::from_seed("witness.example/w1", &[2; 32]).unwrap();
        let keys = [log.verifying_key().clone(), witness.verifying_key().as_witness()];
        let text = "example.org/log\n1\nAAAA\n";
        let note = SignedNote::sign(text, &[&log]).unwrap();
        let line = note.cosignature(&witness, 1_800_000_000).unwrap();
        let both = note.with(&line, &keys[1..]).unwrap();
        assert_eq!(both.verify(&keys).unwrap(), [&keys[0], &keys[1]]);
        assert_eq!((both.cosigned_at(&keys[1]), both.cosigned_at(&keys[0])), (Some(1_800_000_000), None));
        assert_eq!(both.with(&line, &keys).unwrap(), both);
        assert_eq!(note.with(&line, &keys[..1]), Err(NoteError::Untrusted));
        // The witness's plain key is another key: same bytes, other type, other id.
        assert_eq!(both.verify(&[witness.verifying_key().clone()]), Err(NoteError::Untrusted));
        for at in 0..72 {
            let mut wrong = both.clone();
            wrong.signatures[1].signature[at] ^= 1;
            assert!(matches!(wrong.verify(&keys), Err(NoteError::WrongSignature { .. })), "byte {at}");
        }
        // ML-DSA-44, type 0x06: 2 420 bytes by a key that we cannot know.
        let quantum = format!("{both}— witness.example/w2 {}\n", STANDARD.encode([6; 4 + 8 + 2_420]));
        assert_eq!(SignedNote::parse(&quantum).unwrap().verify(&keys).unwrap().len(), 2);
        let of_six = format!("w+00000000+{}", STANDARD.encode([6; 1_313]));
        assert!(matches!(VerifyingKey::parse(&of_six), Err(KeyError::Type(6))));
        assert_eq!(&VerifyingKey::parse(&keys[1].to_string()).unwrap(), &keys[1]);
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
        assert!(SignedNote::sign("no newline", &[&peter()]).is_err());
    }
}
