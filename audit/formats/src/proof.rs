//! A proof that one entry is in the log, in a file that can be checked without the log.
//!
//! Source: C2SP tlog-proof, <https://c2sp.org/tlog-proof>. The file lies beside the entry's bytes; it does not hold them.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::checkpoint::{Checkpoint, CheckpointError, decimal};
use crate::hash::Hash;
use crate::key::VerifyingKey;
use crate::merkle::{leaf_hash, verify_inclusion};
use crate::note::NoteError;
use crate::statement::{Statement, Status};

/// The first line of a proof file.
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The most hashes a path can have: one for each bit of a tree size.
const MAX_PATH: usize = 64;

/// That an entry is in the log that a checkpoint describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The entry's index.
    pub index: u64,
    /// The audit path, from the leaf's sibling upwards. Source: RFC 6962 §2.1.1.
    pub path: Vec<Hash>,
    /// The checkpoint whose root the path leads to.
    pub checkpoint: Checkpoint,
    /// Anything the writer put in; authenticated by nothing.
    pub extra: Option<Vec<u8>>,
}

/// Why a text is not a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// A line is not what the format says.
    #[error("the text is not an inclusion proof: {0}")]
    Malformed(&'static str),
    /// The part below the blank line is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// What a proof shows; two separate statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofVerification {
    /// That the entry is at its index in the log that the checkpoint describes.
    pub included: Statement,
    /// That the keys expected have signed the checkpoint.
    pub signed: Statement,
}

impl InclusionProof {
    /// Reads a proof file.
    pub fn parse(text: &str) -> Result<InclusionProof, ProofError> {
        let malformed = ProofError::Malformed;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(malformed("it has no blank line"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("the first line is not `c2sp.org/tlog-proof@v1`"));
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).and_then(|line| line.strip_prefix("extra "));
        let extra = extra.map(|base64| STANDARD.decode(base64)).transpose();
        let extra = extra.map_err(|_| malformed("the extra line is not base64"))?;
        let index = lines.next().and_then(|line| decimal(line.strip_prefix("index ")?));
        let index = index.ok_or(malformed("it has no index line"))?;
        let path: Option<Vec<Hash>> = lines.take(MAX_PATH + 1).map(Hash::from_base64).collect();
        let path = path.filter(|path| path.len() <= MAX_PATH).ok_or(malformed("its hashes cannot be read"))?;
        Ok(InclusionProof { index, path, checkpoint: Checkpoint::parse(checkpoint)?, extra })
    }

    /// Checks the proof for the entry with the bytes `entry`, and the checkpoint's signatures by `keys`.
    pub fn verify(&self, entry: &[u8], keys: &[VerifyingKey]) -> ProofVerification {
        let Checkpoint { origin, size, root, .. } = &self.checkpoint;
        let origin = crate::shown::shown(origin);
        let index = self.index;
        let included = if verify_inclusion(&leaf_hash(entry), index, *size, &self.path, root) {
            statement(Status::Holds, format!("these bytes are entry {index} of the log `{origin}` at size {size}"))
        } else {
            statement(
                Status::Fails,
                format!("it is not shown that these bytes are entry {index} of the log `{origin}`"),
            )
        };
        let signed = match self.checkpoint.signers(keys) {
            Ok(signers) => {
                let names: Vec<&str> = signers.iter().map(|key| key.name()).collect();
                statement(Status::Holds, format!("the checkpoint is signed by {}", names.join(", ")))
            }
            Err(NoteError::Untrusted) if keys.is_empty() => {
                statement(Status::NotShown, "no key was given: whose checkpoint it is was not checked".to_owned())
            }
            Err(NoteError::Untrusted) => {
                statement(Status::Fails, "the checkpoint is unsigned by the keys expected".to_owned())
            }
            Err(error) => statement(Status::Fails, format!("the checkpoint is refused: {error}")),
        };
        ProofVerification { included, signed }
    }
}

impl std::fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", hash.base64())?;
        }
        writeln!(f)?;
        match &self.checkpoint.note {
            Some(note) => f.write_str(note),
            None => f.write_str(&self.checkpoint.text()),
        }
    }
}

fn statement(status: Status, sentence: String) -> Statement {
    Statement { status, sentence, details: Vec::new() }
}
