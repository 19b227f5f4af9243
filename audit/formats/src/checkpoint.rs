//! A checkpoint: the size and the root of the tree in three lines, to be signed as a note.
//!
//! Source: C2SP tlog-checkpoint, <https://c2sp.org/tlog-checkpoint>: `origin\nsize\nbase64(root)\n`.

use serde::Serialize;

use crate::hash::Hash;
use crate::key::{Signer, VerifyingKey};
use crate::note::{NoteError, SignedNote};

/// The state of a log: whose it is, how many entries it has and what they hash to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// The log's name, one line, commonly a URL without scheme.
    pub origin: String,
    /// How many entries the tree has.
    pub size: u64,
    /// The root of the tree of that size.
    pub root: Hash,
    /// Lines after those three, each with its newline. Other logs may have some; we write none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extension: String,
    /// The whole signed note; nothing if nobody has signed.
    pub note: Option<String>,
}

/// Why a text is not a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not the three lines.
    #[error("the text is not a checkpoint: {0}")]
    Malformed(&'static str),
    /// The lines below are not signatures.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Checkpoint {
    /// An unsigned checkpoint.
    pub fn new(origin: &str, size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: origin.to_owned(), size, root, extension: String::new(), note: None }
    }

    /// The lines, each with its newline: what is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n{}", self.origin, self.size, self.root.base64(), self.extension)
    }

    /// The same checkpoint with a note signed by each of `signers`.
    pub fn signed(&self, signers: &[&dyn Signer]) -> Result<Checkpoint, NoteError> {
        let note = SignedNote::sign(&self.text(), signers)?.to_string();
        Ok(Checkpoint { note: Some(note), ..self.clone() })
    }

    /// Reads a checkpoint: a signed note, or the bare three lines as a job log may have kept them.
    ///
    /// Signatures are read, not checked: that is [`Checkpoint::signers`].
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let bare = !text.contains("\n\n");
        let note = if bare { None } else { Some(SignedNote::parse(text)?) };
        let body = note.as_ref().map_or(text, |note| note.text());
        let malformed = CheckpointError::Malformed;
        let mut lines = body.strip_suffix('\n').unwrap_or(body).split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(malformed("expected three lines: origin, size, root"));
        };
        let extension: Vec<&str> = lines.collect();
        if extension.contains(&"") {
            return Err(malformed("it has an empty extension line"));
        }
        let extension: String = extension.into_iter().flat_map(|line| [line, "\n"]).collect();
        check_origin(origin).map_err(malformed)?;
        let size = decimal(size).ok_or(malformed("the second line is not a tree size"))?;
        let root = Hash::from_base64(root).ok_or(malformed("the third line is not a root hash"))?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root, extension, note: note.map(|_| text.to_owned()) })
    }

    /// Those of `keys` that have signed this checkpoint.
    ///
    /// Fails if a known key's signature is wrong, if no known key has signed, or if the note is about other lines.
    pub fn signers<'k>(&self, keys: &'k [VerifyingKey]) -> Result<Vec<&'k VerifyingKey>, NoteError> {
        let note = SignedNote::parse(self.note.as_deref().ok_or(NoteError::Untrusted)?)?;
        if note.text() != self.text() {
            return Err(NoteError::Malformed("it is about another checkpoint"));
        }
        note.verify(keys)
    }

    /// The names in the signature lines, as claimed; none if unsigned.
    pub fn claimed_names(&self) -> Vec<String> {
        let note = self.note.as_deref().and_then(|note| SignedNote::parse(note).ok());
        note.map_or_else(Vec::new, |note| note.claimed_names().into_iter().map(str::to_owned).collect())
    }
}

/// Refuses an origin that could not stand on a checkpoint's first line, and says why.
pub fn check_origin(origin: &str) -> Result<(), &'static str> {
    if origin.is_empty() || origin.contains(char::is_control) {
        return Err("an origin must not be empty nor contain control characters");
    }
    Ok(())
}

/// A decimal number in its one spelling: digits only, no leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;

    const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    #[test]
    fn extension_lines_of_other_logs_are_part_of_what_is_signed() {
        let key = SigningKey::from_seed("o", &[1; 32]).unwrap();
        let mut checkpoint = Checkpoint::new("o", 1, Hash::ZERO);
        checkpoint.extension = "more\nlines\n".to_owned();
        let note = checkpoint.signed(&[&key]).unwrap().note.unwrap();
        let read = Checkpoint::parse(&note).unwrap();
        assert_eq!((read.extension.as_str(), read.note.as_ref()), ("more\nlines\n", Some(&note)));
        assert_eq!(read.signers(&[key.verifying_key().clone()]).unwrap().len(), 1);
    }

    #[test]
    fn the_example_of_the_specification_reads() {
        let checkpoint = Checkpoint::parse(EXAMPLE).unwrap();
        assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
        assert_eq!(checkpoint.size, 20852163);
        assert_eq!(checkpoint.text(), EXAMPLE.split("\n\n").next().unwrap().to_owned() + "\n");
        assert_eq!(checkpoint.claimed_names(), ["example.com/behind-the-sofa"]);
        assert_eq!(checkpoint.signers(&[]), Err(NoteError::Untrusted));
    }

    #[test]
    fn signing_and_reading_back() {
        let key = SigningKey::from_seed("example.org/log", &[1; 32]).unwrap();
        let keys = [key.verifying_key().clone()];
        let checkpoint = Checkpoint::new("example.org/log", 3, Hash::of(&[b"x"])).signed(&[&key]).unwrap();
        let read = Checkpoint::parse(checkpoint.note.as_deref().unwrap()).unwrap();
        assert_eq!(read, checkpoint);
        assert_eq!(read.signers(&keys).unwrap(), [&keys[0]]);
        let other = Checkpoint { size: 4, ..read };
        assert!(other.signers(&keys).is_err());
    }

    #[test]
    fn the_bare_lines_are_an_unsigned_checkpoint() {
        let checkpoint = Checkpoint::new("example.org/log", 0, crate::merkle::empty_root());
        assert_eq!(Checkpoint::parse(&checkpoint.text()).unwrap(), checkpoint);
        assert_eq!(Checkpoint::parse(checkpoint.text().trim_end()).unwrap(), checkpoint);
    }

    #[test]
    fn other_texts_are_refused() {
        let text = Checkpoint::new("o", 12, Hash::ZERO).text();
        for bad in [
            String::new(),
            text.replace("12", "012"),
            text.replace("12", "+12"),
            text.replace("12", "-1"),
            text.replace("12", "99999999999999999999"),
            text.replacen('o', "", 1),
            text.replacen('o', "o\u{1b}", 1),
            text.replace("A=", "B="),
            format!("{text}\nextension\n"),
            EXAMPLE.replace("CsUY", "Cs Y"),
        ] {
            assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
        }
    }
}
